"""Alert rules as Azure's machine reads them: a test holds each against the resource that is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from observability.model.alert import Alert
from observability.model.signal import Engine
from observability.render import arm_alerts, durations, kql, promql

Dims = tuple[tuple[str, str], ...]
"""Which one of the alerts that a rule splits into: names and values, sorted."""
SOON = timedelta(minutes=10)
"""How long a log alert that is evaluated every minute has to be clean before it resolves."""
METRIC_CLEAN = 3
"""Clean evaluations after which a metric alert resolves."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``value`` compared with ``limit``."""

    above: bool
    limit: float

    def holds(self, value: float) -> bool:
        return value > self.limit if self.above else value < self.limit


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``periods`` and ``needed`` are a log rule's failing periods.

    One that is not ``stateful`` tells at each failing evaluation and never resolves; for as long as its ``mute`` after it
    told, it tells nothing more.

    ``clean`` is how long (log, Prometheus) or for how many evaluations (metric) it has to be clean to resolve.
    """

    alert: Alert
    window: timedelta
    every: timedelta
    condition: Condition
    periods: int = arm_alerts.PERIODS
    needed: int = arm_alerts.NEEDED
    stateful: bool = True
    mute: timedelta | None = None
    pending: timedelta = timedelta(0)
    clean: timedelta | int = SOON

    @property
    def text(self) -> str:
        """What is evaluated: KQL or PromQL."""
        if self.alert.engine is Engine.LOG:
            return kql.alert(self.alert)
        return promql.over(self.alert.watches, durations.prometheus(self.window)) if self.alert.watches.promql else ""


def of(alert: Alert) -> Rule:
    """The rule of an alert. Raises ValueError where it has no limit."""
    limit = promql.limit(alert)
    condition = Condition(alert.above is not None, limit)
    clean: Mapping[Engine, timedelta | int] = {
        Engine.LOG: log_clean(alert.every),
        Engine.METRIC: METRIC_CLEAN,
        Engine.PROMETHEUS: arm_alerts.PROMETHEUS_RESOLVES,
    }
    return Rule(
        alert=alert,
        window=alert.window,
        every=alert.every,
        condition=condition,
        stateful=alert.resolves,
        mute=arm_alerts.mute(alert),
        pending=alert.pending or timedelta(0),
        clean=clean[alert.engine],
    )


def log_clean(every: timedelta) -> timedelta:
    """How long a stateful log alert has to be clean before it resolves (Azure's page of alert types, 2025-05)."""
    if every < timedelta(minutes=5):
        return SOON
    if every <= timedelta(minutes=15):
        return 3 * every
    return 2 * every if every < timedelta(hours=11) else every
