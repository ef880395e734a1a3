"""A log rule over all of its windows at once, with the same answers as its query has when it runs at each evaluation.

Where the rule's aggregates can be added up, its rows become sums by minute of event and minute of arrival first, and
each sum is counted into the windows that it lies in; where they cannot (percentiles, distinct counts), each row is.
Both the sums and what the rule makes of them are the rule's own KQL, translated by the local engine. Windows are
[t - length, t), and hold what had arrived by t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from observability.model.query import Kql, Param
from observability.query.local import engine
from observability.query.local.files import quoted
from observability.query.local.tokens import CLOSES, OPENS, Token, tokens_of
from observability.render import kql as kql_render
from observability.replay import delays
from observability.replay.machine import Values
from observability.replay.rules import Dims, Rule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RAW = "raw"
"""The schema in which the tables lie; the views that queries read stand in the main one."""
BIN, SEEN = "tripobs_bin", "tripobs_seen"
"""The minute in which a row happened, and the one from which on it could be read."""
_AT, _PERIOD = "tripobs_at", "tripobs_period"
_WINDOWS, _RECENT = "tripobs_windows", "tripobs_recent"
_MINUTE = timedelta(minutes=1)
_SHARED = timedelta(hours=1)
_ADDED = {"sum": "sum", "sumif": "sum", "count": "sum", "countif": "sum"} | {
    name: name.removesuffix("if") for name in ("min", "minif", "max", "maxif")
}
# Operators that look at one row at a time, so that it does not matter when they see it.
_ROWWISE = frozenset({"where", "extend", "parse", "mv-expand", "project-rename"})
_NOW = frozenset({"now", "ago", "ingestion_time"})


@dataclass
class Logs:
    """Tables of one connection, each with its delay. What several rules share is worked out once."""

    con: DuckDBPyConnection
    columns: Mapping[str, Sequence[str]]
    late: bool = True
    _sums: dict[tuple[str, datetime, datetime], str] = field(default_factory=dict)
    _known: dict[tuple[object, ...], dict[datetime, Values]] = field(default_factory=dict)
    _judges: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def delay(self, table: str) -> delays.Delay:
        return delays.of(table) if self.late else delays.NONE

    def first(self, rule: Rule) -> datetime | None:
        """From when on there are rows of what the rule reads; None where nobody knows."""
        return None

    def last(self) -> datetime | None:
        """Until when there are rows; None where nobody knows."""
        return None

    # --- what is asked ------------------------------------------------------------------------------------------

    def evaluate(self, rule: Rule, start: datetime, end: datetime) -> Iterator[tuple[datetime, Values]]:
        """The rule's values at each evaluation from ``start``, excluded, to ``end``, included.

        Raises Refused where the local engine cannot answer its query.
        """
        found = self.values(rule, start, end)
        at = start
        while (at := at + rule.every) <= end:
            yield at, found.get(at, {})

    def values(self, rule: Rule, start: datetime, end: datetime) -> dict[datetime, Values]:
        """The values at the evaluations that have any."""
        measure = rule.alert.watches.kql
        assert measure is not None, "a log rule has a KQL measure"
        # Rules that differ in their limit alone have the same values.
        asked = (rule.text, rule.window, rule.every, rule.periods, start, end)
        if asked not in self._known:
            self._known[asked] = self._worked_out(rule, measure, start, end)
        return self._known[asked]

    def _worked_out(self, rule: Rule, measure: Kql, start: datetime, end: datetime) -> dict[datetime, Values]:
        form = how(measure)
        if form == "sums":
            rows = self._from_sums(rule, measure, start, end)
        elif form == "rows":
            rows = self._from_rows(rule, measure, start, end)
        else:
            rows = self._one_by_one(rule, start, end)
        return _by_time(rows, tuple(measure.by), rule.periods)

    def first_seen(self, rule: Rule, dims: Dims, since: datetime) -> datetime | None:
        """When the first minute of ``dims`` from ``since`` on could be read; None where single minutes are not kept."""
        for (text, *_), table in self._sums.items():
            measure = rule.alert.watches.kql
            if measure is not None and text == self._sums_text(measure, rule):
                same = " AND ".join(f"{quoted(name)} = ${index}" for index, (name, _) in enumerate(dims, 1)) or "true"
                found = self.con.execute(
                    f"SELECT min({quoted(SEEN)}) FROM {table} WHERE {quoted(BIN)} >= {_moment(since)} AND {same}",  # noqa: S608
                    [value for _, value in dims],
                ).fetchone()
                return datetime.fromtimestamp(found[0] * 60, UTC) if found and found[0] is not None else None
        return None

    # --- the three ways -----------------------------------------------------------------------------------------

    def _from_sums(self, rule: Rule, measure: Kql, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
        sums = self._minutes(measure, rule, first_minute(rule, start), end)
        parts = _aggregates(measure.summarize)
        by = [quoted(name) for name in measure.by]
        names = [part.name for part in parts]
        self._windows(_WINDOWS, sums, parts, by, rule, start, end)
        if not by:
            self._with_empty(rule, parts, start, end)
        for window in measure.recent:
            names += self._with_recent(window, sums, parts, by, rule, start, end)
        return self._judged(measure, rule, names)

    def _windows(
        self,
        name: str,
        sums: str,
        parts: Sequence[_Part],
        by: Sequence[str],
        rule: Rule,
        start: datetime,
        end: datetime,
        length: timedelta | None = None,
    ) -> None:
        """The sums of each of the rule's windows, or of the last ``length`` of them, from those of the minutes."""
        first, last = _first_last(
            quoted(BIN), f"{quoted(BIN)} + INTERVAL 1 MINUTE", _at_minute(quoted(SEEN)), rule, start, end, length
        )
        together = ", ".join(f"{_ADDED[part.function]}({quoted(part.name)}) AS {quoted(part.name)}" for part in parts)
        keys = ", ".join([_AT, _PERIOD, *by])
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {keys}, {together} FROM ("  # noqa: S608 - our own names
            f"SELECT * EXCLUDE (tripobs_first, tripobs_last), unnest(generate_series(tripobs_first, tripobs_last, "
            f"{_interval(rule.every)})) AS {_AT} FROM (SELECT *, {first} AS tripobs_first, {last} AS tripobs_last FROM {sums}, "
            f"(SELECT unnest(range({rule.periods})) AS {_PERIOD})) WHERE tripobs_first <= tripobs_last) GROUP BY {keys}"
        )

    def _with_recent(
        self,
        window: timedelta,
        sums: str,
        parts: Sequence[_Part],
        by: Sequence[str],
        rule: Rule,
        start: datetime,
        end: datetime,
    ) -> list[str]:
        """Put the sums of a shorter window beside those of the whole one; nothing in it is a sum of 0."""
        self._windows(_RECENT, sums, parts, by, rule, start, end, min(window, rule.window))
        named = {part.name: kql_render.recent_name(part.name, window) for part in parts}
        beside = ", ".join(
            f"coalesce({_RECENT}.{quoted(name)}, 0) AS {quoted(recent)}" for name, recent in named.items()
        )
        keys = ", ".join([_AT, _PERIOD, *by])
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_WINDOWS} AS SELECT {_WINDOWS}.*, {beside} FROM {_WINDOWS} "  # noqa: S608
            f"LEFT JOIN {_RECENT} USING ({keys})"
        )
        return list(named.values())

    def _with_empty(self, rule: Rule, parts: Sequence[_Part], start: datetime, end: datetime) -> None:
        """An aggregate that is not grouped has a row even where there is nothing: a count of 0, a maximum of null."""
        nothing = ", ".join(
            f"coalesce({quoted(part.name)}, 0) AS {quoted(part.name)}" if _ADDED[part.function] == "sum"
            else quoted(part.name)
            for part in parts
        )  # fmt: skip
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_WINDOWS} AS SELECT {_AT}, {_PERIOD}, {nothing} FROM (SELECT * FROM ("  # noqa: S608
            f"SELECT unnest(generate_series({_moment(start + rule.every)}, {_moment(end)}, {_interval(rule.every)})) AS {_AT}), "
            f"(SELECT unnest(range({rule.periods})) AS {_PERIOD})) LEFT JOIN {_WINDOWS} USING ({_AT}, {_PERIOD})"
        )

    def _minutes(self, measure: Kql, rule: Rule, start: datetime, end: datetime) -> str:
        """The table of sums by minute; rules on the same measure share it."""
        text = self._sums_text(measure, rule)
        key = (text, start, end)
        if key not in self._sums:
            (table,) = engine.tables_of(text)
            self._view_of(table, start, end)
            sql, parameters = engine.translate(text, {table: [*self.columns[table], SEEN]}, end)
            name = f"tripobs_sums_{len(self._sums)}"
            self.con.execute(f"CREATE TEMP TABLE {name} AS {sql}", parameters)
            self._plain(name)
            self._sums[key] = name
        return self._sums[key]

    def _sums_text(self, measure: Kql, rule: Rule) -> str:
        return sums_text(measure, rule, f"{SEEN} = {SEEN}")

    def _from_rows(self, rule: Rule, measure: Kql, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
        by = [f"{name} = {expression}" for name, expression in measure.by.items()]
        by += [f"{_AT} = {_AT}", f"{_PERIOD} = {_PERIOD}"]
        stages = [_body(measure.rows), f"| summarize {measure.summarize} by {', '.join(by)}"]
        if measure.result:
            stages.append(_body(measure.result))
        stages.append(f"| project {', '.join([_AT, _PERIOD, *measure.by, 'value'])}")
        text = _with_lets("\n".join(stages), rule, measure)
        table = next(iter(engine.tables_of(text)))
        time = quoted("TimeGenerated")
        seen = _at_minute(self.delay(table).minute(time))
        first, last = _first_last(time, f"{time} + INTERVAL 1 MICROSECOND", seen, rule, start, end)
        begin = _moment(start - rule.window * rule.periods)
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS SELECT * EXCLUDE (tripobs_first, tripobs_last), "  # noqa: S608
            f"unnest(generate_series(tripobs_first, tripobs_last, {_interval(rule.every)})) AS {_AT} FROM (SELECT *, "
            f"{first} AS tripobs_first, {last} AS tripobs_last FROM {RAW}.{quoted(table)}, "
            f"(SELECT unnest(range({rule.periods})) AS {_PERIOD}) WHERE {time} >= {begin} AND {time} < {_moment(end)}) "
            "WHERE tripobs_first <= tripobs_last"
        )
        found = engine.run(self.con, text, {table: [*self.columns[table], _AT, _PERIOD]}, end, {})
        return list(found.rows)

    def _one_by_one(self, rule: Rule, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
        """The query itself, at each evaluation, on what it could have read then."""
        rows: list[tuple[Any, ...]] = []
        at = start
        while (at := at + rule.every) <= end:
            for period in range(rule.periods):
                upto = at - period * rule.window
                for table in engine.tables_of(rule.text):
                    self._view_of(table, upto - rule.window, upto, f"{SEEN} <= {int(at.timestamp()) // 60}")
                schema = {table: [*self.columns[table], SEEN] for table in engine.tables_of(rule.text)}
                found = engine.run(self.con, rule.text, schema, upto, {})
                rows += [(at, period, *row) for row in found.rows]
        return rows

    # --- pieces -------------------------------------------------------------------------------------------------

    def _view_of(self, table: str, start: datetime, end: datetime, only: str = "true") -> None:
        time = quoted("TimeGenerated")
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(table)} AS SELECT * FROM (SELECT *, {self.delay(table).minute(time)} AS {SEEN} "  # noqa: S608
            f"FROM {RAW}.{quoted(table)} WHERE {time} >= {_moment(start)} AND {time} < {_moment(end)}) WHERE {only}"
        )

    def _plain(self, table: str) -> None:
        """Sums of whole numbers are whole numbers of 128 bits in DuckDB; in Kusto they are longs."""
        for name, kind, *_ in self.con.execute(f"DESCRIBE {table}").fetchall():
            if kind == "HUGEINT":
                self.con.execute(f"ALTER TABLE {table} ALTER {quoted(name)} TYPE BIGINT")

    def _judged(self, measure: Kql, rule: Rule, aggregates: Sequence[str]) -> list[tuple[Any, ...]]:
        """What the measure makes of each window's sums."""
        self._plain(_WINDOWS)
        names = [_AT, _PERIOD, *measure.by]
        stages = [_WINDOWS]
        if measure.result:
            stages.append(_body(measure.result))
        stages.append(f"| project {', '.join([*names, 'value'])}")
        text = _with_lets("\n".join(stages), rule, measure)
        if text not in self._judges:
            # What a measure makes of its sums knows no time: see `how`.
            self._judges[text] = engine.translate(text, {_WINDOWS: [*names, *aggregates]}, datetime.now(UTC))
        sql, parameters = self._judges[text]
        return list(self.con.execute(sql, parameters).fetchall())


def first_minute(rule: Rule, start: datetime) -> datetime:
    """From when on a rule needs sums: at least an hour back, so that rules with shorter windows share them."""
    return start - max(_SHARED, rule.window * rule.periods)


def sums_text(measure: Kql, rule: Rule, *more: str) -> str:
    """The measure's sums by minute; ``more`` is what else they are split by."""
    by = [f"{name} = {expression}" for name, expression in measure.by.items()]
    by += [f"{BIN} = bin(TimeGenerated, 1m)", *more]
    return _with_lets(f"{_body(measure.rows)}\n| summarize {measure.summarize} by {', '.join(by)}", rule, measure)


def naive(logs: Logs, rule: Rule, start: datetime, end: datetime) -> dict[datetime, Values]:
    """The values the slow way: one query an evaluation. What the quick ways are held against."""
    measure = rule.alert.watches.kql
    assert measure is not None
    return _by_time(logs._one_by_one(rule, start, end), tuple(measure.by), rule.periods)


def how(measure: Kql) -> str:
    """Which way a measure goes: ``sums``, ``rows`` or ``one by one``."""
    tokens = tokens_of(_body(measure.rows))
    stages = [tokens[at + 1].text for at, token in enumerate(tokens[:-1]) if token.text == "|" and token.depth == 0]
    words = {token.text for token in [*tokens, *tokens_of(measure.result or ""), *tokens_of(measure.summarize)]}
    if words & _NOW or not all(stage in _ROWWISE for stage in stages) or "join" in words or "TimeGenerated" in words:
        return "one by one"
    if all(part.function in _ADDED for part in _aggregates(measure.summarize)):
        return "sums"
    return "rows" if measure.by and not measure.recent else "one by one"


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    function: str


def _aggregates(summarize: str) -> list[_Part]:
    """The name of each aggregate and its function, empty where it is an expression of several."""
    parts = []
    tokens = tokens_of(summarize)
    for piece in _split(tokens):
        named = len(piece) > 2 and piece[1].text == "="
        inside = piece[2:] if named else piece
        alone = len(inside) > 2 and inside[1].text == "(" and _closes(inside)
        parts.append(_Part(piece[0].text if named else "", inside[0].text if alone and named else ""))
    return parts


def _closes(tokens: Sequence[Token]) -> bool:
    """Whether the first bracket of a call closes at its end."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text in OPENS) - (token.text in CLOSES)
        if depth == 0 and at > 0:
            return at == len(tokens) - 1
    return False


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    piece: list[Token] = []
    for token in tokens:
        if token.text == "," and token.depth == 0:
            yield piece
            piece = []
        else:
            piece.append(token)
    if piece:
        yield piece


def _with_lets(text: str, rule: Rule, measure: Kql) -> str:
    given: dict[str, Param] = {kql_render.BIN_SIZE: rule.window, **measure.params, **rule.alert.params}
    words = {token.text for token in tokens_of(text)}
    lets = "".join(f"let {name} = {kql_render.literal(value)};\n" for name, value in given.items() if name in words)
    return lets + text


def _body(text: str) -> str:
    return dedent(text).strip()


def _first_last(
    begin: str, over: str, seen: str, rule: Rule, start: datetime, end: datetime, length: timedelta | None = None
) -> tuple[str, str]:
    """The first and the last evaluation that a row counts in: SQL, for rows or minutes from ``begin`` up to ``over``.

    Not before it has arrived and its time is over, nor after its window has passed; periods lie further back.
    """
    shift = f"{_PERIOD} * {_interval(rule.window)}"
    earliest = f"greatest({seen}, {over} + {shift}, {_moment(start + rule.every)})"
    latest = f"least({begin} + {shift} + {_interval(length or rule.window)}, {_moment(end)})"
    origin, every = _moment(start), _interval(rule.every)
    first = f"time_bucket({every}, {earliest} - INTERVAL 1 MICROSECOND, {origin}) + {every}"
    return first, f"time_bucket({every}, {latest}, {origin})"


def _at_minute(minute: str) -> str:
    return f"make_timestamp({minute} * {delays.MINUTE})"


def _interval(length: timedelta) -> str:
    return f"to_microseconds({length // timedelta(microseconds=1)})"


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _by_time(rows: Sequence[tuple[Any, ...]], names: Sequence[str], periods: int) -> dict[datetime, Values]:
    found: dict[datetime, dict[Dims, list[float | None]]] = {}
    for at, period, *rest in rows:
        *dims, value = rest
        moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        key = tuple(sorted(zip(names, map(str, dims), strict=True)))
        values = found.setdefault(moment, {}).setdefault(key, [None] * periods)
        values[period] = None if value is None else float(value)
    return dict(found)
