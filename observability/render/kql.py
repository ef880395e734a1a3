"""KQL texts: parameters become ``let`` lines, so that the text can be pasted and no value is spliced into it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from textwrap import dedent

from observability.model.alert import Alert, Slo
from observability.model.query import GraphQuery, Kql, Param, Query
from observability.render import durations

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Controls, line ends of Unicode that some readers end a string at, and halves of a character.
_UNWRITABLE = frozenset({"Cc", "Zl", "Zp", "Cs"})
BIN_SIZE = "bin_size"
AGE = "age"
FIRED_AT = "fired_at"
# How a rule's text says "so long before now".
_AGO = re.compile(r"\bago\s*\(([^()]*)\)")
_NEXT = ",\n    "
# An aggregate that can be added up: a day is the sum of its hours.
_AGGREGATE = re.compile(r"(\w+) = (?:sum|sumif|count|countif)\(")


def literal(value: Param) -> str:
    """One KQL literal.

    Raises ValueError for a text with a control character other than tab and line ends or half a character, for a whole
    number that does not fit a long, and for infinity and NaN.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return durations.kql(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{value!r} does not fit a long")
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is not a number that KQL can write")
        return repr(value)
    if any(char not in _ESCAPES and unicodedata.category(char) in _UNWRITABLE for char in value):
        raise ValueError(f"{value!r} holds a control character")
    return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"'


def _let(params: Mapping[str, str]) -> str:
    return "".join(f"let {name} = {text};\n" for name, text in params.items())


@cache  # asked for by the checks, the file, the query pack and the runbook
def _body(text: str) -> str:
    return dedent(text).strip()


def query(definition: Query, given: Mapping[str, Param] | None = None) -> str:
    """The query as people run it; ``given`` replaces defaults of its parameters."""
    values = {
        **definition.params,
        **{name: value for name, value in (given or {}).items() if name in definition.params},
    }
    return _let({name: literal(value) for name, value in values.items()}) + _body(definition.text)


def aggregates(kql: Kql) -> list[str]:
    """The names of a measure's aggregates; those that can be added up where it has ``recent`` windows."""
    return _AGGREGATE.findall(kql.summarize)


def recent_name(aggregate: str, window: timedelta) -> str:
    """``bad_5m``: an aggregate over one of the shorter windows."""
    return f"{aggregate}_{durations.kql(window)}"


def _recently(kql: Kql) -> tuple[str, str]:
    """How a row's age is told, in steps, and the sums over the rows of each age and below."""
    windows = [(step, durations.kql(window)) for step, window in enumerate(kql.recent, 1)]
    age = "".join(f"TimeGenerated >= ago({window}), {step}, " for step, window in windows)
    sums = [
        f"{recent_name(name, window)} = sumif({name}, {AGE} <= {step})"
        for step, window in enumerate(kql.recent, 1)
        for name in aggregates(kql)
    ]
    sums += [f"{name} = sum({name})" for name in aggregates(kql)]
    return f"{AGE} = case({age}{len(windows) + 1})", f"| summarize {_NEXT.join(sums)}"


def graph(definition: GraphQuery) -> str:
    """The question as Azure Resource Graph takes it."""
    return _body(definition.text)


def looks_from_now(kql: Kql) -> bool:
    """Whether its text says ``ago()``, and so has other values whenever somebody runs it."""
    return bool(kql.recent) or any(
        _AGO.search(piece) for piece in (kql.rows, kql.summarize, *kql.by.values(), kql.result)
    )


def _measure(kql: Kql, params: Mapping[str, str], time: bool, since: timedelta | None = None) -> str:
    rows = _body(kql.rows) + (f"\n| where TimeGenerated >= ago({durations.kql(since)})" if since is not None else "")
    by = [f"{name} = {expression}" for name, expression in kql.by.items()]
    names = list(kql.by)
    if time:
        if kql.recent:
            raise ValueError("a measure of several windows has no chart")
        by.append(f"TimeGenerated = bin(TimeGenerated, {BIN_SIZE})")
        names.insert(0, "TimeGenerated")
    if kql.recent:
        age, sums = _recently(kql)
        lines = [rows, f"| summarize {kql.summarize}\n    by {_NEXT.join([*by, age])}"]
        lines.append(f"{sums}\n    by {', '.join(kql.by)}" if kql.by else sums)
    else:
        lines = [rows, f"| summarize {kql.summarize}{' by ' + ', '.join(by) if by else ''}"]
    if kql.result:
        lines.append(_body(kql.result))
    lines.append(f"| project {', '.join([*names, 'value'])}")
    if time:
        lines.append(f"| order by {', '.join(f'{name} asc' for name in names)}")
    body = "\n".join(lines)
    used = {name: text for name, text in params.items() if re.search(rf"\b{name}\b", body)}
    return _let(used) + body


def window(kql: Kql, span: timedelta, params: Mapping[str, Param] | None = None) -> str:
    """The measure over the whole window: one row for each value of ``by``, no time column.

    A rule whose query says ``ago()`` is given two days of rows instead of its window (Microsoft's page on log alert rules,
    'Override query time range'), or its window where that is not so: such a query cuts its rows to the window itself, and
    means the same either way.
    """
    values = {BIN_SIZE: span, **kql.params, **(params or {})}
    given = {name: literal(value) for name, value in values.items()}
    return _measure(kql, given, False, span if looks_from_now(kql) else None)


def chart(kql: Kql, bin_size: str) -> str:
    """The measure over time, in bins of ``bin_size`` (a KQL timespan, or Grafana's ``$__interval``)."""
    return _measure(kql, {BIN_SIZE: bin_size, **{name: literal(value) for name, value in kql.params.items()}}, True)


def now(kql: Kql) -> str:
    """The measure over all rows in the reader's time range, for a single number or a table."""
    return _measure(kql, {name: literal(value) for name, value in kql.params.items()}, False)


def alert(definition: Alert) -> str:
    """The query of a log alert rule. Raises ValueError where the signal has no KQL."""
    if definition.watches.kql is None:
        raise ValueError(f"signal '{definition.watches.name}' has no KQL")
    return window(definition.watches.kql, definition.window, definition.params)


def as_it_fired(definition: Alert) -> str:
    """The rule's own query for people: back from ``fired_at`` in its first line, and not from when somebody runs it.

    It holds its whole window, so that no time range has to be chosen. Raises ValueError where the signal has no KQL.
    """
    text = alert(definition)
    rows = _body(definition.watches.kql.rows) if definition.watches.kql is not None else ""
    table, line, filters = rows.partition("\n")
    window = durations.kql(definition.window)
    span = f"| where TimeGenerated between (({FIRED_AT} - {window}) .. {FIRED_AT})"
    text = text.replace(rows, f"{table}\n{span}{line}{filters}", 1)
    # A rule may cut its rows to its window itself: once is enough.
    text = text.replace(f"\n| where TimeGenerated >= ago({window})\n", "\n")
    return _let({FIRED_AT: "now()"}) + _AGO.sub(rf"{FIRED_AT} - \1", text)


def slo(definition: Slo) -> str:
    """Where an objective stands: one row a service with SLI, objective and the error budget left, in percent.

    Raises ValueError where no log knows.
    """
    if definition.watches is None:
        raise ValueError(f"slo '{definition.id}' has no query")
    params = {name: literal(value) for name, value in definition.watches.params.items()}
    params["objective"] = literal(float(definition.objective))
    return f"""{_let(params)}{_body(definition.watches.text)}
| where total > 0
| extend sli_percent = 100.0 * good / total, objective_percent = 100.0 * objective,
    budget_left_percent = 100.0 * (1.0 - (1.0 - todouble(good) / total) / (1.0 - objective))
| project service, sli_percent, objective_percent, budget_left_percent, good, total
| order by budget_left_percent asc, service asc"""


SLO_COLUMNS = {
    "service": "string",
    "sli_percent": "real",
    "objective_percent": "real",
    "budget_left_percent": "real",
    "good": "long",
    "total": "long",
}


def header(title: str, source: str, place: str, notes: tuple[str, ...] = ()) -> str:
    """The comment above a generated query; every line of it is a comment whatever the texts hold."""
    lines = [title, source, place, *notes]
    return "".join(f"// {line}\n" for text in lines for line in text.splitlines())
