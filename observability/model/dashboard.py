"""What people look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from observability.model.alert import Slo
from observability.model.place import Definition
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, Signal
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Quantity, Unit


class Kind(Enum):
    TIMESERIES = "timeseries"
    STAT = "stat"
    TABLE = "table"
    GAUGE = "gauge"
    LOGS = "logs"
    TRACE = "traces"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A text box above the dashboard: what is typed there fills a query's parameter; ``at_first`` stands in it before."""

    name: str
    title: Text
    at_first: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that the Application Insights component ``resource`` holds of the operation whose id is in ``operation``."""

    resource: str
    operation: Input


@dataclass(frozen=True, kw_only=True)
class Panel(Definition):
    """One panel: unit, description and data source follow from what it shows.

    ``line_of`` names the alerts whose limit is drawn; ``goals`` draw the document's other numbers. ``engine`` picks
    where a signal that can be read in several places is read. ``last`` overrides the dashboard's range ("30d"),
    ``step`` the shortest time between two points. ``inputs`` fills parameters of a query from the dashboard's text
    boxes. ``big`` paints the whole of a number's panel in the colour of its goal. ``stacked`` draws bars upon each other,
    so that a line is held against their sum.
    """

    title: Text
    shows: Signal | Query | Slo | GraphQuery | Trace
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
    inputs: Mapping[str, Input] = field(default_factory=dict)
    big: bool = False
    stacked: bool = False


@dataclass(frozen=True, kw_only=True)
class Note(Definition):
    """Markdown beside the panels: what cannot be measured here and where it can be seen instead."""

    title: Text
    text: Text
    width: int = 8
    height: int = 8


@dataclass(frozen=True, kw_only=True)
class Mark(Definition):
    """Events drawn as upright lines on every chart of every dashboard.

    ``shows`` has the columns ``TimeGenerated``, ``text`` and ``tags`` (joined by commas).
    """

    title: Text
    shows: Query
    colour: str


@dataclass(frozen=True, kw_only=True)
class Row(Definition):
    """A titled row of panels, laid out left to right on Grafana's 24 columns."""

    title: Text
    panels: tuple[Panel | Note, ...]


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
    inputs: tuple[Input, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Those that ask for data: the notes are left out."""
        return tuple(panel for row in self.rows for panel in row.panels if isinstance(panel, Panel))

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(panel for row in self.rows for panel in row.panels if isinstance(panel, Note))
