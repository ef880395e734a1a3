"""An incident as data: what breaks, and which alerts have to fire for it, by when, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from observability.design.objectives import PHASE_1
from observability.model.clock import KST
from observability.model.place import Definition
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Unit
from observability.simulate.faults import Fault

DOCUMENT_TPS = PHASE_1.throughput.to(Unit.PER_SECOND)
"""Requests a second of phase 1; the tables hold them condensed."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """An alert that has to fire ``count`` times, for ``which`` labels, at most ``within`` after the scenario's beginning.

    It has to have resolved at most ``resolved`` after the end of what breaks, where that is given, or never where it
    ``stays`` until somebody closes it. ``told`` are the
    actions that reach somebody, those of the alert where nothing else is said; ``by`` names all labels of the alert,
    where ``which`` does not name them.
    """

    alert: str
    which: Mapping[str, str] = field(default_factory=dict)
    count: int
    within: timedelta
    resolved: timedelta | None = None
    stays: bool = False
    told: tuple[str, ...] | None = None
    by: tuple[str, ...] | None = None


def burns(role: str, *, within: timedelta, told: tuple[str, ...] | None = None) -> Expected:
    """A service's errors that also use up its month's budget many times too fast."""
    return Expected(alert="error-budget-burning", which={"service": role}, count=1, within=within, told=told)


Faults = Callable[[datetime, datetime], tuple[Fault, ...]]


@dataclass(frozen=True, kw_only=True)
class Scenario(Definition):
    """From ``begins`` on, for ``lasts``, the ``faults`` are there; the replay looks ``before`` and ``after`` too.

    All that ``expects`` does not name has to stay quiet.
    ``history`` is how far back telemetry goes before that, on which nothing happened: an alert that looks back further
    is not evaluated.
    """

    id: str
    title: Text
    happens: Text
    source: Source
    begins: datetime
    lasts: timedelta
    faults: Faults = lambda _begin, _end: ()
    expects: tuple[Expected, ...] = ()
    before: timedelta = timedelta(minutes=30)
    history: timedelta = timedelta(hours=6)
    after: timedelta = timedelta(hours=1)
    tps: float = DOCUMENT_TPS

    @property
    def ends(self) -> datetime:
        return self.begins + self.lasts

    @property
    def quiet(self) -> bool:
        """Whether nothing is allowed to fire."""
        return not self.expects


def kst(text: str) -> datetime:
    """A time in Korea: ``2026-11-24 14:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=KST)
