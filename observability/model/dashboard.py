"""What people look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from observability.model.alert import Slo
from observability.model.place import Definition
from observability.model.query import Query
from observability.model.signal import Engine, Signal
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Quantity, Unit


class Kind(Enum):
    TIMESERIES = "timeseries"
    STAT = "stat"
    TABLE = "table"
    GAUGE = "gauge"


class Bound(Enum):
    """On which side of its line a value is fine; AROUND is a line to compare with, and judges nothing."""

    BELOW = "below"
    ABOVE = "above"
    AROUND = "around"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A line that no alert watches: an objective, a capacity or a setting, from the document's facts."""

    title: Text
    value: Quantity
    bound: Bound
    source: Source


@dataclass(frozen=True, kw_only=True)
class Panel(Definition):
    """One panel: unit, description and data source follow from what it shows.

    ``line_of`` names the alerts whose limit is drawn; ``goals`` draw the document's other numbers. ``engine`` picks
    where a signal that can be read in several places is read. ``last`` overrides the dashboard's range ("30d"),
    ``step`` the shortest time between two points.
    """

    title: Text
    shows: Signal | Query | Slo
    kind: Kind = Kind.TIMESERIES
    engine: Engine | None = None
    line_of: tuple[str, ...] = ()
    goals: tuple[Goal, ...] = ()
    unit: Unit | None = None
    description: Text | None = None
    width: int = 8
    height: int = 8
    last: str | None = None
    step: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Row(Definition):
    """A titled row of panels, laid out left to right on Grafana's 24 columns."""

    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class Dashboard(Definition):
    """One dashboard; ``id`` is its Grafana uid."""

    id: str
    title: Text
    description: Text
    rows: tuple[Row, ...]
    source: Source | None = None
    last: str = "6h"
    refresh: str = "1m"

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)
