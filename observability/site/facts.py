"""What the pages show of each definition, worked out once for both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from observability.catalog import Catalogue
from observability.coverage import ROWS
from observability.design.systems import SYSTEMS
from observability.model.alert import Alert
from observability.model.coverage import Row, System
from observability.model.place import Definition
from observability.model.signal import Engine, Signal
from observability.replay import incident, rules, verdict
from observability.replay.run import Alarm, Timeline
from observability.simulate.scenario import Scenario


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
    """Every scenario that has to fire something, replayed with the alerts that it has to fire: that no other does is for
    its test. Raises SourceUnavailable without the local engine.
    """
    played: list[Played] = []
    for scenario in scenarios:
        if not scenario.expects:
            continue
        said(scenario.id)
        expected = {each.alert for each in scenario.expects}
        alerts = [alert for alert in catalogue.alerts if alert.id in expected]
        held = incident.telemetry(scenario, alerts)
        timeline = incident.play(scenario, alerts, held, catalogue.suppressions, charted=True)
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


def coverage() -> list[tuple[System, Row]]:
    """Each system of the document with its row."""
    rows = {row.system: row for row in ROWS}
    return [(system, rows[system.key]) for system in SYSTEMS]


def engines_of(signal: Signal) -> str:
    return ", ".join(engine.value for engine in signal.engines)


def cost_class(alert: Alert) -> str:
    """How Azure charges for it: by kind and, for log rules, by how often it is evaluated."""
    if alert.engine is not Engine.LOG:
        return str(alert.engine.value)
    return f"log, {alert.every // timedelta(minutes=1)} min"
