"""What is asked of a backend, and what comes back: the only shapes that backends, verdicts and printers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from threading import Event
from typing import Any, Protocol

from observability.model.checklist import MetricQuery
from observability.model.text import Text


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start``, included, to ``end``, excluded; both with a zone, UTC inside."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """``type`` is a KQL type: string, bool, int, long, real, decimal, datetime, timespan, dynamic, guid."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a result, every cell in Python's own type.

    Shape: str, bool, int, float (never NaN or infinite), datetime in UTC, timedelta; for dynamic what its JSON holds;
    None where there is no value.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, name: str) -> list[Any]:
        """The cells of one column. Raises KeyError where there is none of that name."""
        for index, column in enumerate(self.columns):
            if column.name == name:
                return [row[index] for row in self.rows]
        raise KeyError(name)


class Status(Enum):
    """How a query ended. A PARTIAL answer has a table and a failure; REFUSED means that this backend cannot run it."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    REFUSED = "not runnable here"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, or not the whole one.

    ``line`` counts from 1 in the text that was sent. ``todo`` is the way out. ``ours`` is True where the query is
    wrong, False where the source did not answer. A source speaks English alone; ``ko`` and ``todo_ko`` are message and
    way out in Korean where the words are ours.
    """

    code: str
    message: str
    line: int | None = None
    todo: str = ""
    ours: bool = False
    ko: str = ""
    todo_ko: str = ""

    @property
    def words(self) -> Text:
        """The message for people."""
        return Text(ko=self.ko or self.message, en=self.message)

    @property
    def way_out(self) -> Text:
        return Text(ko=self.todo_ko or self.todo, en=self.todo)


@dataclass(frozen=True, slots=True)
class Answer:
    """``seconds`` is how long the caller waited for it; ``scanned`` the rows that were read, where known."""

    status: Status
    table: Table | None = None
    failure: Failure | None = None
    seconds: float = 0.0
    scanned: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One query, its parameters bound as ``let`` lines already, or one platform metric.

    ``columns`` are those the definition declares (name to KQL type, in order), empty where nobody said.
    """

    key: str
    text: str = ""
    metric: MetricQuery | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


Said = Callable[[Ask, Answer], None]
"""Called once for each ask as soon as it has ended, from whichever thread ended it."""


class Backend(Protocol):
    """Something that answers. Nothing it does raises for one bad query: that query's answer says what is wrong.

    Raises: SourceUnavailable when it cannot answer anything at all (no sign-in, no such workspace, no such folder).
    """

    @property
    def name(self) -> str:
        """Where the answers come from, in words for a report's head; never a secret."""

    def ask(self, asks: Sequence[Ask], span: Span, *, said: Said, stop: Event) -> list[Answer]:
        """An answer for each ask, in their order. Once ``stop`` is set what runs is cancelled, and what has not ended
        is CANCELLED."""

    def close(self) -> None: ...
