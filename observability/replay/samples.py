"""Prometheus samples in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted; without the metric's own name."""


@dataclass(slots=True)
class Series:
    """One series: rising Unix seconds, and a value for each; None marks the moment from which it is gone."""

    labels: Labels
    times: list[float] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)


class Samples:
    """Series by metric name."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[Labels, Series]] = {}

    def add(self, name: str, labels: Mapping[str, str], times: Iterable[float], values: Iterable[float | None]) -> None:
        """Append samples to a series; they have to be newer than those it has."""
        key = tuple(sorted(labels.items()))
        series = self._by_name.setdefault(name, {}).setdefault(key, Series(key))
        series.times.extend(times)
        series.values.extend(values)

    def of(self, name: str) -> list[Series]:
        return list(self._by_name.get(name, {}).values())

    def names(self) -> frozenset[str]:
        return frozenset(self._by_name)
