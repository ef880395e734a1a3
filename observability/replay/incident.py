"""A scenario played: its telemetry made, its rules evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from observability.model.alert import Alert, Silence, Suppression
from observability.replay import rules, run
from observability.replay.rules import Rule
from observability.replay.run import Telemetry, Timeline
from observability.simulate.scenario import Scenario
from observability.simulate.settings import Settings
from observability.simulate.world import World

# With the document's sampling a day of 1,000 requests a second writes twice the daily cap, and no day would be quiet
# (`tripobs forecast`, finding R18): scenarios take it that somebody samples so much less that two thirds of it are used.
KEPT = 0.3


def span(scenario: Scenario) -> tuple[datetime, datetime]:
    """What is replayed: some time before it, and long enough after it for alerts to resolve."""
    return scenario.begins - scenario.before, scenario.ends + scenario.after


def telemetry(scenario: Scenario, alerts: Iterable[Alert]) -> Telemetry:
    """What Azure would hold of it. Raises SourceUnavailable where the local engine is not installed."""
    start, end = span(scenario)
    start -= scenario.history
    settings = Settings(hours=(end - start) / timedelta(hours=1), tps=scenario.tps, end=end, kept=KEPT)
    return run.simulated(World(settings, scenario.faults(scenario.begins, scenario.ends)), alerts)


def play(
    scenario: Scenario,
    alerts: Iterable[Alert],
    held: Telemetry,
    suppressions: Sequence[Suppression | Silence],
    *,
    charted: bool = False,
    said: Callable[[Rule], None] = lambda _rule: None,
) -> Timeline:
    """What the alerts make of its telemetry."""
    start, end = span(scenario)
    return run.replay(
        [rules.of(alert) for alert in alerts], held, start, end, suppressions,
        began=scenario.begins, charted=charted, said=said,
    )  # fmt: skip
