"""The faster forms mean what duckdb-kql's own mean: both are run on the same cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb_kql
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from observability.query.local import conversions
from observability.query.local.faster import faster

NOW = datetime(2026, 1, 1)
SQL_TYPES = {"string": "VARCHAR", "int": "INTEGER", "long": "BIGINT", "real": "DOUBLE", "datetime": "TIMESTAMP"}
WORDS = st.text("0159+-.eExX_ af", max_size=7) | st.text(max_size=5) | st.integers().map(str)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "string": WORDS,
    "int": st.none() | st.integers(-(2**31), 2**31 - 1),
    "long": st.none() | st.integers(-(2**63), 2**63 - 1),
    "real": st.none() | st.floats(allow_nan=False),
}


def both(text: str, kind: str, cells: Sequence[Any]) -> tuple[list[Any], list[Any], bool]:
    """The answers of the text as duckdb-kql has it and in our form, and whether the two SQL texts differ."""
    conversions.register()
    with duckdb_kql.connect() as con:
        con.execute(f"CREATE TABLE T (n INTEGER, c {SQL_TYPES[kind]})")
        con.executemany("INSERT INTO T VALUES (?, ?)", list(enumerate(cells)))
        found, written = [], []
        for asked, change in ((text, str), (conversions.typed(text, {"c": kind}), faster)):
            made = duckdb_kql.to_sql(asked, schema={"T": ["n", "c"]}, query_now=NOW, allow_write=False)
            written.append(change(str(made)))
            found.append(con.execute(written[-1], dict(made.parameters)).fetchall())
    return found[0], found[1], written[0] != written[1]


@pytest.mark.parametrize(("function", "kind"), list(conversions.FORMS))
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_a_conversion_of_a_known_column_gives_what_the_general_one_gives(
    function: str, kind: str, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(CELLS[kind], min_size=1, max_size=20))
    general, ours, changed = both(f"T | project n, v = {function}(c) | order by n asc", kind, cells)
    assert changed
    assert same(ours) == same(general)


def same(rows: Sequence[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """The rows with a word for what is no number (of a text such as ``NAN``), which equals nothing, not even itself."""
    return [(number, "nan" if isinstance(value, float) and math.isnan(value) else value) for number, value in rows]


NUMBERS = ["7", "-7", "+7", " 7 ", "007", "0x1F", "1.5", "1e3", "1_000", "", " ", "9223372036854775808", "2147483648"]


def test_only_whole_numbers_are_read_as_whole_numbers() -> None:
    _, ours, _ = both("T | project n, v = tolong(c) | order by n asc", "string", NUMBERS)
    assert dict(zip(NUMBERS, [value for _, value in ours], strict=True)) == {
        "7": 7,
        "-7": -7,
        "+7": 7,
        " 7 ": 7,
        "007": 7,
        "0x1F": 31,
        "1.5": None,
        "1e3": None,
        "1_000": None,
        "": None,
        " ": None,
        "9223372036854775808": None,
        "2147483648": 2147483648,
    }


@pytest.mark.parametrize(
    "operator", ["startswith", "endswith", "contains", "startswith_cs", "endswith_cs", "contains_cs"]
)
@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.text("5aAéÉ%_\\'", max_size=4), min_size=1, max_size=12), st.text("5aAéÉ%_'", min_size=1, max_size=2)
)
@example(["50%", "5"], "5%")
def test_a_pattern_finds_what_the_escaped_one_finds(operator: str, cells: list[str], sought: str) -> None:
    general, ours, _ = both(f'T | where c {operator} "{sought}" | project n | order by n asc', "string", cells)
    assert ours == general


@pytest.mark.parametrize(
    ("sought", "sql"),
    [('startswith "5"', "LIKE '5%'"), ('contains "err"', "ILIKE '%err%'"), ('endswith "or"', "ILIKE '%or'")],
)
def test_a_pattern_without_special_characters_is_a_plain_one(sought: str, sql: str) -> None:
    made = duckdb_kql.to_sql(f"T | where c {sought}", schema={"T": ["n", "c"]}, query_now=NOW, allow_write=False)
    assert sql in faster(str(made))
    assert "ESCAPE" not in faster(str(made))


@pytest.mark.parametrize("size", ["1m", "5m", "1h", "6h", "1d"])
def test_a_bin_is_the_same_hour_before_and_after_the_epoch(size: str) -> None:
    times = [datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(2026, 11, 23, 14, 59, 59), datetime(1970, 1, 1)]
    general, ours, changed = both(f"T | project n, b = bin(c, {size}) | order by n asc", "datetime", times)
    assert changed
    assert ours == general


@pytest.mark.parametrize(
    "text",
    [
        "T | extend c = strcat(c, '1') | project n, v = tolong(c)",
        "let c = '5'; T | project n, v = tolong(c)",
        "T | project n, v = tolong(strcat(c, '1'))",
        "T | project n, v = tolong(other)",
    ],
)
def test_a_name_that_the_text_gives_a_value_is_not_taken_for_the_column(text: str) -> None:
    assert conversions.typed(text, {"c": "long"}) == text


def test_a_comparison_gives_a_name_no_value() -> None:
    assert conversions.typed("T | where c == 5 | project v = tolong(c)", {"c": "long"}) == (
        "T | where c == 5 | project v = tripobs_tolong_of_long(c)"
    )
