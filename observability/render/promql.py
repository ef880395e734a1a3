"""PromQL texts from signals and alerts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from observability.model.alert import Alert
from observability.model.signal import Signal
from observability.model.units import number
from observability.render import durations

RECORDED_OVER = timedelta(minutes=5)
"""Recording rules under the document's names look back this far (readings, metric definitions)."""


def over(signal: Signal, window: str) -> str:
    """The signal's expression with its range set, e.g. ``5m`` or Grafana's ``$__rate_interval``."""
    if signal.promql is None:
        raise ValueError(f"signal '{signal.name}' has no PromQL")
    return signal.promql.expr.replace("$window", window)


def recorded(signals: Iterable[Signal]) -> dict[str, str]:
    """Recording rules: name and expression. Signals of one name, told apart by their labels, are one rule."""
    window = durations.prometheus(RECORDED_OVER)
    found: dict[str, list[str]] = {}
    for signal in signals:
        found.setdefault(signal.record, []).append(over(signal, window))
    return {
        name: exprs[0] if len(exprs) == 1 else " or ".join(f"({expr})" for expr in exprs)
        for name, exprs in found.items()
    }


def limit(alert: Alert) -> float:
    """The alert's limit, counted in its signal's unit. Raises ValueError where there is none or units differ."""
    if alert.limit is None:
        raise ValueError(f"alert '{alert.id}' has no limit")
    return alert.limit.to(alert.watches.unit)


def condition(alert: Alert) -> str:
    """``<expression> > <limit>``, true while the alert's rule is."""
    sign = ">" if alert.above is not None else "<"
    return f"{over(alert.watches, durations.prometheus(alert.window))} {sign} {number(limit(alert))}"
