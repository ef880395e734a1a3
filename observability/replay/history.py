"""Real history in place of a simulated incident: exported tables, or sums that a workspace works out where the rows lie."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from observability.model.alert import Alert
from observability.model.errors import SourceUnavailable
from observability.model.query import Kql
from observability.model.signal import Engine
from observability.query.answers import Answer, Ask, Failure, Span, Status, Table
from observability.query.local import files
from observability.query.local.engine import DATA, Refused, refusing, tables_of
from observability.query.local.files import quoted
from observability.query.times import kst
from observability.replay import delays, run, windows
from observability.replay.machine import Values
from observability.replay.rules import Rule
from observability.replay.run import Telemetry
from observability.replay.windows import RAW, Logs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from observability.query.answers import Backend

DAY = timedelta(days=1)
_TYPES = files.DUCKDB_TYPES


def exported(folder: Path, alerts: Iterable[Alert]) -> tuple[Telemetry, Span]:
    """What the alerts' queries read of a folder of exported tables, and from when to when it reaches.

    Raises SourceUnavailable where the folder has none of those tables, or one that cannot be read.
    """
    con = run.connect()
    found = files.scan(folder)
    wanted = sorted({table for alert in alerts for table in run.tables_of(alert)})
    there = [table for table in wanted if table in found.files]
    if not there:
        raise SourceUnavailable(
            f"{found.missing(', '.join(wanted) or 'any')}; {found.how_to_export(wanted[0]) if wanted else ''}"
        )
    con.execute(f"CREATE SCHEMA {RAW}")
    con.execute(f"SET schema = '{RAW}'")
    views = files.make_views(con, found, there, None)
    con.execute("SET schema = 'main'")
    columns = {table: view.columns for table, view in views.items()}
    reach = _reach(con, found, there)
    return Telemetry(Exported(con, columns, reach=reach, folder=found)), reach


@dataclass
class Exported(Logs):
    """Tables of which some may not be there, or not in that time: nobody is told that nothing happened then.

    ``reach`` is from the first row of any of them to the last, between which they are taken to be whole: a table of rare
    events says nothing of when its own export began and ended.
    """

    reach: Span | None = None
    folder: files.Folder | None = None
    _broken: dict[str, files.Unreadable | None] = field(default_factory=dict)

    def first(self, rule: Rule) -> datetime | None:
        return self.reach.start if self.reach is not None else None

    def last(self) -> datetime | None:
        return self.reach.end if self.reach is not None else None

    def values(self, rule: Rule, start: datetime, end: datetime) -> dict[datetime, Values]:
        for table in run.tables_of(rule.alert):
            if table not in self.columns:
                raise SourceUnavailable(f"no file for table '{table}'; {files.Folder.how_to_export(table)}")
            if not self._any(table, start, end):
                raise SourceUnavailable(f"table '{table}' has no row from {kst(start)} to {kst(end)}")
        try:
            with refusing():
                return super().values(rule, start, end)
        except Refused as refused:
            if refused.failure.code == DATA and (broken := self._blamed(rule)) is not None:
                raise broken from refused
            raise

    def _blamed(self, rule: Rule) -> files.Unreadable | None:
        """The file that cannot be read, of those that the rule reads."""
        there = self.folder.files if self.folder is not None else {}
        for table in run.tables_of(rule.alert):
            if table not in self._broken:
                self._broken[table] = files.unreadable(self.con, table, there.get(table, ()))
            if (found := self._broken[table]) is not None:
                return found
        return None

    def _any(self, table: str, start: datetime, end: datetime) -> bool:
        found = self.con.execute(
            f"SELECT 1 FROM {RAW}.{quoted(table)} WHERE TimeGenerated >= $start AND TimeGenerated < $end LIMIT 1",  # noqa: S608
            {"start": _naive(start), "end": _naive(end)},
        )
        return found.fetchone() is not None


def _reach(con: DuckDBPyConnection, folder: files.Folder, tables: Iterable[str]) -> Span:
    """From the first row to where the export says that it ended, or to the last row; in whole minutes."""
    import duckdb

    moments = []
    for table in tables:
        try:
            row = con.execute(f"SELECT min(TimeGenerated), max(TimeGenerated) FROM {RAW}.{quoted(table)}").fetchone()  # noqa: S608
        except duckdb.Error as error:
            raise files.blamed(con, table, folder.files[table], error) from error
        moments += [moment for moment in row or () if moment is not None]
    if not moments:
        raise SourceUnavailable("none of the tables that the alerts read has a row; export some")
    first, last = min(moments), max(moments)
    start = first.replace(second=0, microsecond=0, tzinfo=UTC)
    return Span(start, folder.end or last.replace(second=0, microsecond=0, tzinfo=UTC) + timedelta(minutes=1))


# --- a workspace ------------------------------------------------------------------------------------------------------


class Workspace(Logs):
    """The sums by minute are worked out by the workspace, a day a query; only they come here.

    Arrival is not known row by row then: a minute is taken to be there after the middle of its table's delays.
    """

    def __init__(
        self, con: DuckDBPyConnection, backend: Backend, said: Callable[[str], None], stop: threading.Event
    ) -> None:
        super().__init__(con, {})
        self._backend = backend
        self._said = said
        self._stop = stop
        self._refused: dict[str, Failure] = {}

    def prepare(self, rules: Iterable[Rule], start: datetime, end: datetime) -> None:
        """Ask for the sums of all rules together, each measure once, each day as one batch.

        Raises SourceUnavailable where the workspace cannot be asked at all. What it refuses is said where the rule is
        evaluated.
        """
        wanted: dict[datetime, dict[str, str]] = {}
        for rule in rules:
            measure = rule.alert.watches.kql
            if rule.alert.engine is Engine.LOG and measure is not None and windows.how(measure) == "sums":
                texts = wanted.setdefault(windows.first_minute(rule, start), {})
                texts.setdefault(windows.sums_text(measure, rule), self._sums_text(measure, rule))
        for first, texts in wanted.items():
            for span in _days(first, end):
                self._said(f"{len(texts)} measures: {span.start:%Y-%m-%d}")
                asks = [Ask(f"sums-{number}", text) for number, text in enumerate(texts)]
                answers = self._backend.ask(asks, span, said=lambda _ask, _answer: None, stop=self._stop)
                for ask, answer in zip(asks, answers, strict=True):
                    if answer.status is Status.COMPLETE and answer.table is not None:
                        self._keep(ask.text, (texts[ask.text], first, end), answer.table)
                    else:
                        self._refused[texts[ask.text]] = answer.failure or _incomplete(answer)

    def values(self, rule: Rule, start: datetime, end: datetime) -> dict[datetime, Values]:
        measure = rule.alert.watches.kql
        if measure is not None and windows.how(measure) != "sums":
            raise SourceUnavailable("its measure cannot be added up from minutes, so its rows would have to come here")
        return super().values(rule, start, end)

    def _minutes(self, measure: Kql, rule: Rule, start: datetime, end: datetime) -> str:
        key = (self._sums_text(measure, rule), start, end)
        if key[0] in self._refused:
            raise Refused(self._refused[key[0]])
        return self._sums[key]

    def _keep(self, text: str, key: tuple[str, datetime, datetime], table: Table) -> None:
        """Add a day's sums to those that are there."""
        if key not in self._sums:
            name = self._sums[key] = f"tripobs_sums_{len(self._sums)}"
            listed = ", ".join(f"{quoted(column.name)} {_TYPES[column.type]}" for column in table.columns)
            self.con.execute(f"CREATE TEMP TABLE {name} ({listed}, {windows.SEEN} BIGINT)")
        (read,) = tables_of(text)
        late = (delays.of(read).low + delays.of(read).high) / 2
        at = [column.name for column in table.columns].index(windows.BIN)
        rows = [_stored((*row, _minute(row[at] + timedelta(minutes=1) + late))) for row in table.rows]
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            self.con.executemany(f"INSERT INTO {self._sums[key]} VALUES ({marks})", rows)  # noqa: S608


def _incomplete(answer: Answer) -> Failure:
    return Failure("incomplete", f"the workspace's answer is {answer.status.value}")


def _minute(moment: datetime) -> int:
    """The first whole minute from then on, counted from 1970."""
    return -int(-moment.timestamp() // 60)


def _naive(moment: datetime) -> datetime:
    """In UTC and without saying so, as the tables hold it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _stored(row: tuple[object, ...]) -> list[object]:
    return [_naive(cell) if isinstance(cell, datetime) else cell for cell in row]


def _days(start: datetime, end: datetime) -> Iterator[Span]:
    at = start
    while at < end:
        upto = min(end, at + DAY)
        yield Span(at, upto)
        at = upto
