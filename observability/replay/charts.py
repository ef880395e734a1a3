"""What an alert measured over time, as one SVG: its lines, its limit, the incident and when it was firing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from observability.model.alert import Alert
from observability.model.clock import KST
from observability.model.text import Lang
from observability.replay.rules import Dims
from observability.replay.run import Alarm
from observability.replay.show import limit_of, value_of

WIDTH, HEIGHT = 860, 190
_LINES = 6


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything in the drawing's own units; ``fault`` and ``firing`` are left and right."""

    lines: tuple[Line, ...]
    left_out: int
    limit: float
    limit_words: str
    marks: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    fault: tuple[float, float] | None
    firing: tuple[tuple[float, float], ...]
    description: str


def chart(
    alert: Alert,
    series: Mapping[Dims, Sequence[tuple[datetime, float]]],
    alarms: Sequence[Alarm],
    span: tuple[datetime, datetime],
    fault: tuple[datetime, datetime] | None,
    lang: Lang,
) -> Chart:
    """The values of one alert. Those that fired come first; more than six are left out and counted."""
    start, end = span
    limit = alert.limit.to(alert.watches.unit) if alert.limit is not None else 0.0
    fired = list(dict.fromkeys(alarm.dims for alarm in alarms))
    order = [*(dims for dims in fired if dims in series), *(dims for dims in series if dims not in fired)]
    drawn = order[:_LINES]
    values = [value for dims in drawn for _, value in series[dims] if math.isfinite(value)]
    low, high = min([0.0, limit, *values]), max([limit, *values])
    if alert.above is None:
        low, high = min([limit, *values]), max([limit, *values])
    room = (high - low) * 0.06 or 1.0
    most = alert.watches.unit.highest
    low, high = (
        (low if low == 0 else low - room),
        (high + room if most is None or high > most else min(most, high + room)),
    )

    def x(moment: datetime) -> float:
        return round(WIDTH * ((moment - start) / (end - start)), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - (value - low) / (high - low)), 1)

    lines = tuple(
        Line(", ".join(value for _, value in dims), tuple(_parts(series[dims], alert.every, x, y))) for dims in drawn
    )
    step = (end - start) / 6
    long = end - start > timedelta(days=1)
    ticks = tuple(
        (x(at), f"{at.astimezone(KST):{'%m-%d' if long else '%H:%M'}}")
        for at in (start + step * part for part in range(7))
    )
    words = ", ".join(
        f"{', '.join(value for _, value in alarm.dims)} {alarm.fired_at.astimezone(KST):%H:%M}" for alarm in alarms
    )
    return Chart(
        lines=lines,
        left_out=len(order) - len(drawn),
        limit=y(limit),
        limit_words=limit_of(alert, lang),
        marks=tuple(
            (y(value), value_of(alert, value, lang)) for value in (low + (high - low) * part / 2 for part in range(3))
        ),
        ticks=ticks,
        fault=(x(fault[0]), x(fault[1])) if fault is not None else None,
        firing=tuple((x(alarm.fired_at), x(alarm.resolved_at or end)) for alarm in alarms),
        description=f"{alert.title.get(lang)} {limit_of(alert, lang)}: {words}",
    )


def _parts(points: Sequence[tuple[datetime, float]], every: timedelta, x: object, y: object) -> list[str]:
    """Runs of points without a gap; a week is thinned to what the drawing can show."""
    keep = max(1, len(points) // 900)
    parts: list[list[str]] = []
    before: datetime | None = None
    for index, (at, value) in enumerate(points):
        if not math.isfinite(value):
            continue
        if before is None or at - before > every * (keep + 1):
            parts.append([])
        if index % keep == 0 or not parts[-1]:
            parts[-1].append(f"{x(at)},{y(value)}")  # type: ignore[operator]
            before = at
    return [" ".join(part) for part in parts]
