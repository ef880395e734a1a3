"""Grafana's names for the model's units, and colours as grafanalib's thresholds."""

from __future__ import annotations

from collections.abc import Iterable

from observability.model.dashboard import Panel
from observability.model.query import GraphQuery
from observability.model.signal import Signal
from observability.model.units import Unit
from observability.render.grafana_lines import Step
from observability.render.grafana_model import core

UNITS: dict[Unit, str] = {
    Unit.PERCENT: "percent",
    Unit.RATIO: "percentunit",
    Unit.SECONDS: "s",
    Unit.MILLISECONDS: "ms",
    Unit.MINUTES: "m",
    Unit.HOURS: "h",
    Unit.DAYS: "d",
    Unit.BYTES: "decbytes",
    Unit.MEGABYTES: "decmbytes",
    Unit.GIGABYTES: "decgbytes",
    Unit.COUNT: "short",
    Unit.RESTARTS: "short",
    Unit.MESSAGES: "short",
    Unit.CONNECTIONS: "short",
    Unit.PER_SECOND: "reqps",
    Unit.PER_MINUTE: "reqpm",
    Unit.SCORE: "short",
    Unit.USD: "currencyUSD",
    Unit.TIMES: "none",
}


def unit_of(panel: Panel, signal: Signal | GraphQuery) -> str:
    if signal.unit is None or isinstance(signal, GraphQuery):
        return UNITS[signal.unit or Unit.COUNT]
    unit = panel.unit or signal.unit
    if (unit.dimension, unit.factor) != (signal.unit.dimension, signal.unit.factor):
        raise ValueError(
            f"panel '{panel.title.en}': signal '{signal.name}' comes in {signal.unit.name.lower()} and cannot be "
            f"labelled {unit.name.lower()}"
        )
    return UNITS[unit]


def thresholds(steps: Iterable[Step]) -> list[core.Threshold]:
    """grafanalib writes the first value, the one below all others, as the text "null"; grafana.py mends it."""
    return [
        core.Threshold(colour, index, 0.0 if value is None else float(value))
        for index, (value, colour) in enumerate(steps)
    ]
