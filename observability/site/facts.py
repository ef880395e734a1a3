"""What the pages show of each definition, worked out once for both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from observability.catalog import Catalogue
from observability.model.alert import Alert
from observability.model.place import Definition
from observability.model.signal import Engine, Signal
from observability.replay import incident, rules, verdict
from observability.replay.run import Alarm, Timeline
from observability.simulate.scenario import Scenario

# The document's systems in its order; what a file does not name stands under the others.
SYSTEMS = (
    "services", "ai", "business", "aks", "postgresql", "redis", "service_bus", "edge", "key_vault", "security",
    "workspace", "recovery", "delivery", "cost", "exporter", "autoscaling", "overview",
)  # fmt: skip


def system_of(definition: Definition) -> str:
    """The system that a definition belongs to: the name of its file."""
    return definition.place.file.rsplit("/", 1)[-1].removesuffix(".py")


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario in which the alert fired, and the alerts of that one."""

    scenario: Scenario
    timeline: Timeline
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """How an alert did: the scenarios that fire it, the slowest detection, the one whose chart is shown."""

    fires: tuple[str, ...]
    slowest: timedelta | None
    allowed: timedelta
    shown: Played | None


def measured(
    catalogue: Catalogue, scenarios: Sequence[Scenario], said: Callable[[str], None] = lambda _name: None
) -> dict[str, Measured]:
    """Every scenario that has to fire something, replayed. Raises SourceUnavailable without the local engine."""
    played: list[Played] = []
    for scenario in scenarios:
        if not scenario.expects:
            continue
        said(scenario.id)
        held = incident.telemetry(scenario, catalogue.alerts)
        timeline = incident.play(scenario, catalogue.alerts, held, catalogue.suppressions, charted=True)
        played.append(Played(scenario, timeline, timeline.alarms))
    return {alert.id: _one(alert, played) for alert in catalogue.alerts}


def _one(alert: Alert, played: Iterable[Played]) -> Measured:
    mine = []
    for each in played:
        alarms = tuple(alarm for alarm in each.alarms if alarm.rule.alert.id == alert.id)
        if alarms:
            mine.append(replace(each, alarms=alarms))
    took = [alarm.fired_at - each.scenario.begins for each in mine for alarm in each.alarms]
    return Measured(
        fires=tuple(each.scenario.id for each in mine),
        slowest=max(took, default=None),
        allowed=verdict.longest(rules.of(alert)),
        # The first in which few alerts fire shows it best.
        shown=min(mine, key=_busy, default=None),
    )


def _busy(played: Played) -> tuple[int, int]:
    return len({alarm.rule.alert.id for alarm in played.timeline.alarms}), len(played.alarms)


# --- coverage ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Covered:
    """What there is for one system."""

    system: str
    alerts: tuple[str, ...]
    queries: tuple[str, ...]
    panels: tuple[str, ...]
    instruments: tuple[str, ...]


def coverage(catalogue: Catalogue) -> list[Covered]:
    """A row for each system that anything names."""
    rows = []
    signal_system = {signal.name: system_of(signal) for signal in catalogue.signals}
    for system in SYSTEMS:
        alerts = [a.id for a in catalogue.alerts if signal_system.get(a.watches.name) == system]
        queries = [q.key for q in catalogue.queries if system_of(q) == system]
        panels = [
            f"{board.id}: {panel.title.en}"
            for board in catalogue.dashboards
            for panel in board.panels
            if isinstance(panel.shows, Definition) and system_of(panel.shows) == system
        ]
        instruments = [each.name for each in catalogue.instruments if system_of(each) == system]
        rows.append(Covered(system, tuple(alerts), tuple(queries), tuple(panels), tuple(instruments)))
    return rows


def engines_of(signal: Signal) -> str:
    return ", ".join(engine.value for engine in signal.engines)


def cost_class(alert: Alert) -> str:
    """How Azure charges for it: by kind and, for log rules, by how often it is evaluated."""
    if alert.engine is not Engine.LOG:
        return str(alert.engine.value)
    return f"log, {alert.every // timedelta(minutes=1)} min"
