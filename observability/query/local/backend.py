"""The local backend: a folder of exports that answers like a workspace."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observability.model.errors import SourceUnavailable
from observability.query.answers import Answer, Ask, Failure, Said, Span, Status, Table
from observability.query.local import engine, files, metrics

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1200MB"
"""What DuckDB may use before it writes to disk; a page at night is answered from a laptop."""
_WORKERS = 2
_LOOK = 0.05


class LocalBackend:
    """Answers from the exports in ``folder``. ``clock`` gives seconds and is only used to say how long a query took.

    Raises: SourceUnavailable where duckdb is not installed, or the folder is not there.
    """

    def __init__(
        self, folder: Path, *, memory: str = MEMORY, clock: Callable[[], float] = time.monotonic, name: str = ""
    ) -> None:
        try:
            import duckdb
            import duckdb_kql  # noqa: F401 - said now, not at the first query
        except ImportError as error:
            raise SourceUnavailable(
                f"the local engine needs {error.name}; pip install 'tripgen-observability[replay]'"
            ) from error
        self._connect: Callable[..., DuckDBPyConnection] = duckdb.connect
        self._interrupted = duckdb.InterruptException
        self._folder = files.scan(folder)
        self._shapes = files.Shapes()
        self._memory = memory
        self._clock = clock
        self._name = name or str(folder)

    @property
    def name(self) -> str:
        return self._name

    @property
    def folder(self) -> files.Folder:
        return self._folder

    def end(self) -> datetime:
        """When the exported time ends: what "now" means here."""
        if self._folder.end is not None:
            return self._folder.end
        with self._open() as con:
            return files.newest(con, self._folder)

    def _open(self) -> DuckDBPyConnection:
        settings = {
            "memory_limit": self._memory,
            "preserve_insertion_order": False,
            # Otherwise it spills into a folder of whatever directory somebody stands in.
            "temp_directory": str(Path(tempfile.gettempdir()) / f"tripobs-{os.getpid()}"),
        }
        con = self._connect(":memory:", config=settings)
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET allowed_directories = $folders", {"folders": [str(self._folder.path.resolve())]})
        con.execute("SET enable_external_access = false")
        return con

    def ask(self, asks: Sequence[Ask], span: Span, *, said: Said, stop: threading.Event) -> list[Answer]:
        with self._open() as con:
            views: dict[str, files.View] = {}
            broken: dict[str, files.Unreadable] = {}
            for table in sorted({table for ask in asks for table in tables_of(ask)}):
                try:
                    views |= files.make_views(con, self._folder, [table], span, self._shapes)
                except files.Unreadable as error:
                    broken[table] = error
            con.execute("SET lock_configuration = true")
            return self._all(con, asks, views, broken, span, said, stop)

    def _all(
        self,
        con: DuckDBPyConnection,
        asks: Sequence[Ask],
        views: Mapping[str, files.View],
        broken: Mapping[str, files.Unreadable],
        span: Span,
        said: Said,
        stop: threading.Event,
    ) -> list[Answer]:
        cursors: set[Any] = set()
        answers: dict[int, Answer] = {}

        def one(ask: Ask) -> Answer:
            began = self._clock()
            if stop.is_set():
                return Answer(Status.CANCELLED)
            cursor = con.cursor()
            cursors.add(cursor)
            try:
                status, table, failure = self._one(cursor, ask, views, broken, span)
            except self._interrupted:
                status, table, failure = Status.CANCELLED, None, None
            finally:
                cursors.discard(cursor)
                cursor.close()
            return Answer(status, table, failure, self._clock() - began)

        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="kql") as pool:
            waiting: dict[Future[Answer], int] = {pool.submit(one, ask): index for index, ask in enumerate(asks)}
            while waiting:
                done, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    index = waiting.pop(future)
                    answers[index] = future.result()
                    said(asks[index], answers[index])
                if stop.is_set():
                    for cursor in list(cursors):
                        cursor.interrupt()
        return [answers[index] for index in range(len(asks))]

    def _one(
        self,
        cursor: Any,
        ask: Ask,
        views: Mapping[str, files.View],
        broken: Mapping[str, files.Unreadable],
        span: Span,
    ) -> tuple[Status, Table | None, Failure | None]:
        for table in tables_of(ask):
            if table in broken:
                return Status.REFUSED, None, _failure(broken[table])
            if table not in views:
                missing = Failure("no-table", self._folder.missing(table), None, files.Folder.how_to_export(table))
                return Status.REFUSED, None, missing
            # A column that is not there would read as empty, and a sum of nothing as 0.
            if absent := sorted(views[table].absent & set(re.findall(r"\w+", ask.text))):
                wrong = (
                    f"the file of table '{table}' has no column {', '.join(map(repr, absent))}, which the query reads"
                )
                return Status.REFUSED, None, Failure("no-column", wrong, None, files.Folder.how_to_export(table))
        schema = {table: view.columns for table, view in views.items()}
        try:
            if ask.metric is not None:
                return Status.COMPLETE, metrics.run(cursor, ask.metric), None
            return Status.COMPLETE, engine.run(cursor, ask.text, schema, span.end, ask.columns), None
        except engine.Refused as refused:
            status = Status.FAILED if refused.failure.ours else Status.REFUSED
            return status, None, self._blamed(cursor, ask, refused.failure)

    def _blamed(self, cursor: Any, ask: Ask, failure: Failure) -> Failure:
        """The failure with the file that is to blame, where one of those that the query reads is."""
        for table in tables_of(ask) if failure.code == engine.DATA else ():
            if found := files.unreadable(cursor, table, self._folder.files[table]):
                return _failure(found)
        return failure

    def close(self) -> None:
        """Nothing is kept open between two calls."""


def _failure(error: files.Unreadable) -> Failure:
    return Failure(engine.DATA, error.wrong, None, error.todo)


def tables_of(ask: Ask) -> tuple[str, ...]:
    return (metrics.TABLE,) if ask.metric is not None else engine.tables_of(ask.text)


def last(backend: LocalBackend, length: timedelta) -> Span:
    """The last ``length`` of what was exported."""
    end = backend.end()
    return Span(end - length, end)
