"""KQL that is right under sampling, inside what Azure's rules allow, and inside what also runs locally.

These read the text alone, so that `tripobs generate` can afford them; names, types and columns are bound by
Microsoft's language service (checks/kusto.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import timedelta

from observability.azure import limits, tables
from observability.catalog import Catalogue
from observability.checks import pipelines
from observability.checks.kql_tokens import Group, Item, is_text
from observability.checks.pipelines import Shape
from observability.checks.texts import Text, texts
from observability.model.errors import Problem
from observability.model.system import RetentionClass

# What the local engine refuses, or answers otherwise than Azure does, and what to write instead.
_NOT_PORTABLE_OPERATORS = {
    "make-series": "use range, a left outer join and coalesce",
    "evaluate": "use countif columns for a pivot",
    "externaldata": "read nothing outside the workspace",
}
_NOT_PORTABLE_CALLS = {
    "prev": "join a shifted bin",
    "next": "join a shifted bin",
    "bag_unpack": "extend the properties you need",
    "row_cumsum": "sum over a join",
    "bin_at": "use bin of a size that divides a day",
    "percentiles": "use one percentile or percentilew a column",
    "percentilesw": "use one percentile or percentilew a column",
    "percentiles_array": "use one percentile or percentilew a column",
    "range": "use the range operator",
}
_NOT_PORTABLE_FAMILIES = {
    "series_": "compute a z-score with toscalar",
    "hll": "use dcount",
}
_TIMESPAN = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "micros": 1}
# KQL spells a unit in many ways; the beginning tells which it is, longest first.
_UNITS = (("micro", "micros"), ("milli", "ms"), ("ms", "ms"), ("d", "d"), ("h", "h"), ("m", "m"), ("s", "s"))
# In a string a capital is left alone: `$Default` and `$DeadLetterQueue` are Azure's own names.
_VARIABLE = re.compile(r"\$\{\w+\}?|\$[a-z_]\w*")
_SIDES = frozenset({"$left", "$right"})
_NUMBERS = frozenset({"real", "long", "int", "decimal"})
_SPLITTABLE = frozenset({"string", "int", "long", "real"})


def check(catalogue: Catalogue, retention: Iterable[RetentionClass]) -> Iterator[Problem]:
    """Problems that the texts alone show, and tables that are not kept as the texts need them."""
    known = tables.load().keys() | tables.FUNCTIONS
    plans = {table: kind.plan for kind in retention for table in kind.tables}
    for text in texts(catalogue):
        if isinstance(text, Problem):
            yield text
            continue
        for wrong, todo in _problems(text, known, plans):
            yield Problem(str(text.definition.place), text.kind, text.name, wrong, todo)


def portable(text: str) -> Iterator[tuple[str, str]]:
    """What the local engine would refuse, or answer otherwise than Azure, and the way out."""
    yield from _portable(pipelines.read(text, tables.load().keys() | tables.FUNCTIONS, tables.SAMPLED))


def bin_size(literal: str) -> Iterator[tuple[str, str]]:
    """Problems of a timespan that rows are binned by."""
    microseconds = _microseconds(literal)
    if microseconds is None:
        return
    if microseconds < _MICROSECONDS["s"]:
        yield f"bins by '{literal}', which is shorter than a second", "use '1s' or more"
    elif _MICROSECONDS["d"] % microseconds:
        yield f"bins by '{literal}', which does not divide a day", "use a size that does"


def _problems(text: Text, known: Set[str], plans: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    shape = pipelines.read(text.text, known, tables.SAMPLED)
    if text.runnable:
        for name in sorted(shape.tables - known):
            yield f"reads unknown table '{name}'", _spelling(name, known)
    if text.verbatim:
        return  # the document's own words, tables that nothing fills included
    yield from _kept(text, shape.tables & known, plans)
    for name, table in shape.unweighted:
        better = "percentilew(column, tolong(ItemCount), n)" if name.startswith("perc") else "sum(ItemCount)"
        yield f"'{name}' counts stored rows of sampled table '{table}'", f"weigh them: {better}"
    yield from _portable(shape)
    for variable in sorted(_variables(shape.tokens)):
        yield f"names variable '{variable}', which no dashboard defines", "make it a parameter"
    if text.every is not None:
        yield from _rule(shape, text.every)


def _kept(text: Text, read: Set[str], plans: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Tables whose retention nobody decided, and those whose plan hides them from an alert."""
    for name in sorted(read - plans.keys() - tables.FUNCTIONS - tables.OF_THE_WORKSPACE):
        yield f"reads table '{name}', which no retention class keeps", "name it in observability/design/telemetry.py"
    if text.kind != "query":  # alerts never see a Basic table, and panels only with a setting that none of them has
        for name in sorted(read & plans.keys()):
            if plans[name] != "Analytics":
                yield f"reads table '{name}', which is on the {plans[name]} plan", "keep it on the Analytics plan"


def _spelling(name: str, known: Set[str]) -> str:
    from difflib import get_close_matches  # a tenth of the checks' time to import, and only a mistake needs it

    close = get_close_matches(name, sorted(known), n=1)
    add = "add its columns to observability/azure/tables.json"
    return f"write '{close[0]}', or {add}" if close else add


def _portable(shape: Shape) -> Iterator[tuple[str, str]]:
    found = {name: _NOT_PORTABLE_OPERATORS[name] for name in shape.operators & _NOT_PORTABLE_OPERATORS.keys()}
    for name, arguments in shape.calls:
        families = (todo for family, todo in _NOT_PORTABLE_FAMILIES.items() if name.startswith(family))
        todo = _NOT_PORTABLE_CALLS.get(name) or next(families, None)
        if todo is not None:
            found[f"{name}()"] = todo
        if name == "datetime_diff" and "".join(map(str, arguments[0])).strip("'\"").lower() == "week":
            found["datetime_diff by week"] = "divide the days by 7"
    if any(token[0] in "hH" and is_text(token) for token in shape.tokens):
        found["an h'...' string"] = "write a plain one"
    for name, todo in sorted(found.items()):
        yield f"uses {name}, which does not run alike on Azure and locally", todo
    if shape.kindless_joins:
        yield "joins without kind, and the default drops repeated rows", "say kind=inner or another"
    if shape.untyped_expansions:
        yield "expands without saying the type", "add `to typeof(...)` to mv-expand"
    if shape.vague_sorts:
        yield "sorts without saying asc or desc", "say it for every column"
    if shape.unordered_takes:
        yield "takes rows of no particular order", "put `order by` in front of `take`"
    for name, arguments in shape.calls:
        if name in ("bin", "floor") and len(arguments) == 2:
            yield from _bin(arguments[1], shape.timespans)


def _bin(size: list[Item], timespans: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The size may be a literal or a parameter; what is computed stays unread."""
    written = _literal(size)
    yield from bin_size(timespans.get(written, written))


def _literal(items: list[Item]) -> str:
    """``7m`` of ``7m`` and of ``timespan(7m)``; empty for what is computed."""
    if len(items) == 2 and items[0] in ("timespan", "time") and isinstance(items[1], Group):
        items = items[1].items
    return items[0] if len(items) == 1 and isinstance(items[0], str) else ""


def _microseconds(literal: str) -> int | None:
    match = _TIMESPAN.fullmatch(literal)
    unit = next((unit for begins, unit in _UNITS if match[2].startswith(begins)), None) if match else None
    return round(float(match[1]) * _MICROSECONDS[unit]) if match and unit else None


def _variables(tokens: list[str]) -> set[str]:
    """What Grafana would put a value in for: `$name` in the text, `$name` and `${name}` in its strings."""
    return {name for token in tokens if "$" in token for name in _VARIABLE.findall(token)} - _SIDES


def _rule(shape: Shape, every: timedelta) -> Iterator[tuple[str, str]]:
    used = shape.operators | {name for name, _ in shape.calls}
    for word in limits.LOG_RULE_FORBIDDEN:
        if word in used:
            yield f"uses '{word}', which an alert rule may not", "write the query without it"
    for pattern in shape.patterns:
        yield f"unions every table like '{pattern}', which an alert rule may not", "name the tables it needs"
    if any(name == "ago" and not _is_literal(arguments) for name, arguments in shape.calls):
        yield "'ago' of something else than a literal, which an alert rule may not", "write it as ago(5m)"
    if every == timedelta(minutes=1):
        for word in limits.LOG_MINUTE_FORBIDDEN:
            if word in used:
                yield f"uses '{word}', which a rule run every minute may not", "evaluate it every five minutes"
        for name in sorted(shape.tables & tables.FUNCTIONS):
            yield f"reads function '{name}', which a rule run every minute may not", "evaluate it every five minutes"


def _is_literal(arguments: list[list[Item]]) -> bool:
    return len(arguments) == 1 and _microseconds(_literal(arguments[0])) is not None


def check_columns(text: Text, columns: tuple[tuple[str, str], ...] | None) -> Iterator[Problem]:
    """Problems of what a bound query returns: its declared columns, and for an alert a numeric ``value``."""
    if columns is None:
        return
    found = dict(columns)

    def wrong(what: str, todo: str) -> Problem:
        return Problem(str(text.definition.place), text.kind, text.name, what, todo)

    if text.columns is not None and text.columns != columns:
        yield wrong(f"returns {_row(columns)}", f"declares {_row(text.columns)}: make them the same")
    if text.kind in ("alert", "signal") and found.get("value") not in _NUMBERS:
        yield wrong(f"its column 'value' is '{found.get('value')}'", "make it a number in `result`")
    if text.kind == "alert":
        for name, kind in columns:
            if name != "value" and kind not in _SPLITTABLE:
                yield wrong(f"splits by '{name}' of type '{kind}'", "log alerts split by texts and numbers")


def _row(columns: tuple[tuple[str, str], ...]) -> str:
    return "'" + ", ".join(f"{name}:{kind}" for name, kind in columns) + "'"
