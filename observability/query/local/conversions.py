"""`toint`, `tolong` and `todouble` of a column whose type is known, in the form of that type alone.

duckdb-kql asks the type of every cell, because it does not know the columns' types. That question costs more than the
rest of a query over a day's requests.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from observability.query.local.tokens import tokens_of

# A number as it is usually written needs no look at its form; TRY_CAST alone would also take 1.5 and 1e3.
_WHOLE = (
    r"CASE WHEN CAST(TRY_CAST({{0}} AS {0}) AS VARCHAR) = {{0}} THEN TRY_CAST({{0}} AS {0}) "
    r"WHEN regexp_matches({{0}}, '^\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*$') THEN TRY_CAST(trim({{0}}) AS {0}) END"
)
# What duckdb-kql makes of such a cell, by what it is converted to and what the column is.
FORMS = {
    ("tolong", "int"): "CAST({0} AS BIGINT)",
    ("tolong", "long"): "CAST({0} AS BIGINT)",
    ("tolong", "string"): _WHOLE.format("BIGINT"),
    ("toint", "int"): "CAST({0} AS INTEGER)",
    ("toint", "string"): _WHOLE.format("INTEGER"),
    ("todouble", "int"): "CAST({0} AS DOUBLE)",
    ("todouble", "long"): "CAST({0} AS DOUBLE)",
    ("todouble", "real"): "CAST({0} AS DOUBLE)",
    ("todouble", "string"): "TRY_CAST({0} AS DOUBLE)",
}
_SAME = {"toreal": "todouble"}


def _name(function: str, kind: str) -> str:
    return f"tripobs_{function}_of_{kind}"


@functools.cache
def register() -> None:
    """Add the forms to duckdb-kql's functions, once a process."""
    from duckdb_kql.translate import functions

    for (function, kind), form in FORMS.items():
        name = _name(function, kind)
        functions.SCALAR_FUNCTIONS.setdefault(name, functions.FunctionSpec(name, "template", form, (1,)))


def typed(text: str, kinds: Mapping[str, str]) -> str:
    """The text with each conversion of a bare column named after the column's type.

    ``kinds`` are KQL's types by the columns of the tables that the text reads. A name that the text itself gives
    a value is left alone: it is no longer the table's.
    """
    tokens = tokens_of(text)
    words = [token.text for token in tokens]
    given = {word for word, *after in zip(words, words[1:], words[2:], strict=False) if after[0] == "=" != after[1]}
    changes = []
    for at in range(len(tokens) - 3):
        call, opening, column, closing = tokens[at : at + 4]
        function = _SAME.get(call.text, call.text)
        kind = kinds.get(column.text, "")
        if opening.text == "(" and closing.text == ")" and (function, kind) in FORMS and column.text not in given:
            changes.append((call.start, call.end, _name(function, kind)))
    for start, end, new in reversed(changes):
        text = text[:start] + new + text[end:]
    return text
