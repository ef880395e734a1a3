"""When somebody is told, who, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from observability.model.checklist import MetricQuery
from observability.model.place import Definition
from observability.model.query import Param, Query
from observability.model.signal import Engine, Signal
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Quantity


class Severity(IntEnum):
    """The document's three severities; severity N is Azure's Sev N (reading R21)."""

    ONE = 1
    TWO = 2
    THREE = 3


class Category(Enum):
    """The two lists of document 8.1.2."""

    CRITICAL = "critical"
    RESOURCE = "resource"


class Channel(Enum):
    """How an action group reaches the receiver."""

    WEBHOOK = "webhook"
    LOGIC_APP = "logic_app"
    SMS = "sms"


class Workflow(Enum):
    """The Logic App workflows that an action may call (render/arm_workflows.py)."""

    TEAMS = "teams"
    SLACK = "slack"
    SCALE_NODES = "scale-nodes"
    SCALE_DATABASE = "scale-database"
    ESCALATE = "escalate"


@dataclass(frozen=True, kw_only=True)
class Action(Definition):
    """Somebody or something that an alert tells.

    ``code`` is two letters for the group's short name, which Azure limits to 12 characters. The address itself
    is a secureString parameter of the deployment, named after ``id``; an action of a Logic App names the ``workflow``
    instead, and two may share one. ``escalates``: it calls somebody who has to acknowledge, so its action groups call the
    escalation workflow besides.
    """

    id: str
    title: Text
    channel: Channel
    code: str
    does: Text
    workflow: Workflow | None = None
    escalates: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Samples of one series in promtool's notation, one a minute: ``Series('up{job="x"}', "1x10 0x5")``."""

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class Example:
    """Input that proves a Prometheus rule: at minute ``at`` it fires for each label set in ``fires``, or stays quiet."""

    name: str
    series: tuple[Series, ...]
    at: int
    fires: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Alert(Definition):
    """One alert rule.

    Fires when ``watches``, read on ``engine`` over ``window``, is above or below the limit. ``every`` is the
    evaluation frequency, ``pending`` how long a Prometheus rule must stay true. ``params`` sets parameters of the
    signal's query, such as the floor of requests. ``condition`` says in words when it fires, where the signal's name and
    the limit do not: a value that is itself a share of several limits. ``because`` gives the reason for the number and the
    engine; ``severity_source`` that of the severity. ``policy`` says what follows beyond the incident. ``causes`` are ids of
    alerts that explain this one when they fire too. ``examples`` builds proofs for promtool from the limit.

    ``closed_when`` is for an alert on an event that is written once: that no second one follows does not mean that it is
    over, so the rule never resolves by itself, and this says when somebody may close it: a clause that follows "once".
    """

    id: str
    title: Text
    watches: Signal
    engine: Engine
    window: timedelta
    severity: Severity
    category: Category
    actions: tuple[Action, ...]
    meaning: Text
    impact: Text
    because: Text
    first_steps: tuple[Query | MetricQuery, ...]
    above: Quantity | None = None
    below: Quantity | None = None
    every: timedelta = timedelta(minutes=1)
    pending: timedelta | None = None
    condition: Text | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    source: Source | None = None
    severity_source: Source | None = None
    policy: Text | None = None
    causes: tuple[str, ...] = ()
    closed_when: Text | None = None
    examples: Callable[[float], tuple[Example, ...]] | None = None

    @property
    def limit(self) -> Quantity | None:
        return self.above if self.above is not None else self.below

    @property
    def resolves(self) -> bool:
        """Whether Azure says that it is over; else somebody closes it."""
        return self.closed_when is None


@dataclass(frozen=True, kw_only=True)
class Slo(Definition):
    """An objective: the share of good events, ``objective`` of 1, over ``period``.

    ``good`` says which events those are, of which: "requests that end without an error".
    ``watches`` yields one row a service with the columns ``good`` and ``total`` (weighed with ItemCount); None where
    only Prometheus knows.
    """

    id: str
    title: Text
    objective: float
    period: timedelta
    good: Text
    watches: Query | None = None
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class Suppression(Definition):
    """An alert processing rule that removes the action groups on a weekly schedule, for these severities only."""

    id: str
    title: Text
    weekday: str
    start: str
    end: str
    time_zone: str
    severities: tuple[Severity, ...]
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A window of its own in which nobody is told: an emergency maintenance that somebody approved.

    It covers alerts of ``severities``, of those rules in ``alerts`` that are named, about those ``services`` (by role) that
    are named; nothing named means all. ``begins`` and ``ends`` are in the zone that Azure calls ``time_zone``.
    """

    begins: datetime
    ends: datetime
    time_zone: str
    severities: tuple[Severity, ...]
    why: str
    by: str = ""
    alerts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WebTest(Definition):
    """A synthetic check of one public endpoint from five locations.

    ``path`` is the default of a deployment parameter: the document names the health check but not its public path.
    """

    id: str
    title: Text
    service: str
    path: str
    every: timedelta
    locations: tuple[str, ...]
    source: Source | None = None
