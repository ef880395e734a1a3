"""Lines on panels, and the colours on either side: limits from alerts, goals from the document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from observability.model.alert import Alert
from observability.model.dashboard import Bound, Panel
from observability.model.units import Quantity, Unit
from observability.render import promql

RED, ORANGE, YELLOW, GREEN, BLUE = "red", "orange", "yellow", "green", "blue"
# Grafana draws the line between two colours in that of the judged side, and knows that side by this name.
CLEAR = "transparent"
PLAIN = "text"

Step = tuple[float | None, str]
"""From this value upwards, this colour; None is below every other value."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line, in the signal's unit. ``bound`` is the side on which a value is fine."""

    value: float
    bound: Bound
    alert: bool

    def broken(self, value: float) -> bool:
        """Whether ``value``, or one just above it, is on the wrong side."""
        return value >= self.value if self.bound is Bound.BELOW else value < self.value


def lines(panel: Panel, unit: Unit, drawing: tuple[Alert, ...]) -> tuple[Line, ...]:
    """The panel's lines from the lowest up, in the unit in which its numbers come."""
    found = []
    for alert in drawing:
        value = Quantity(promql.limit(alert), alert.watches.unit).to(unit)
        found.append(Line(value, Bound.BELOW if alert.above is not None else Bound.ABOVE, True))
    found += [Line(goal.value.to(unit), goal.bound, False) for goal in panel.goals]
    return tuple(sorted(found, key=lambda line: (line.value, not line.alert)))


def drawn(marks: Iterable[Line]) -> list[Step]:
    """Colours of a chart, where they colour the lines: limits red, goals green, a looser goal orange, others blue.

    An alert hides a goal of the same value. Where it fires below its limit, the red is below.
    """
    marks = list(marks)
    floor = max((m.value for m in marks if m.alert and m.bound is Bound.ABOVE), default=None)
    steps: list[Step] = [(None, CLEAR if floor is None else RED)]
    for value in sorted({m.value for m in marks}):
        here = [m for m in marks if m.value == value]
        if value == floor:
            colour = CLEAR
        elif any(m.alert for m in here):
            colour = RED
        else:
            colour = _goal_colour(here[0], marks)
        steps.append((value, colour))
    return steps


def _goal_colour(goal: Line, marks: list[Line]) -> str:
    if goal.bound is Bound.AROUND:
        return BLUE
    others = [m.value for m in marks if m.bound is goal.bound and not m.alert]
    strictest = min(others) if goal.bound is Bound.BELOW else max(others)
    return GREEN if goal.value == strictest else ORANGE


def bands(marks: Iterable[Line]) -> list[Step]:
    """Colours of a number: red past a limit, orange past every goal, yellow past some, green past none."""
    judged = [m for m in marks if m.bound is not Bound.AROUND]
    if not judged:
        return [(None, PLAIN)]
    edges = [float("-inf"), *sorted({m.value for m in judged})]
    return [(None if edge == float("-inf") else edge, _verdict(edge, judged)) for edge in edges]


def _verdict(value: float, judged: list[Line]) -> str:
    broken = [m for m in judged if m.broken(value)]
    if not broken:
        return GREEN
    if any(m.alert for m in broken):
        return RED
    return ORANGE if len(broken) == sum(not m.alert for m in judged) else YELLOW


def axis(unit: Unit, marks: Iterable[Line]) -> tuple[float, float | None, int | None]:
    """The least and the greatest value that are always in view, and the decimals that tell a value from its line.

    Soft ends: a value beyond them still shows. All lines are in view. A share runs to its whole unless its lines are
    far below, and begins near its lines where they are close to the whole: 99.9 on an axis from 0 tells nothing.
    """
    marks = list(marks)
    low, high, decimals = unit.lowest, unit.highest, None
    values = [m.value for m in marks]
    if high is None or (values and max(values) < low + (high - low) / 2):
        return low, _round(1.25 * max(values)) if values else None, decimals
    floors = [m.value for m in marks if m.bound is Bound.ABOVE]
    if floors and min(floors) > low + 0.95 * (high - low):
        low, decimals = _round(high - 2 * (high - min(floors))), 2
    return low, high, decimals


def _round(value: float) -> float:
    """Without what binary fractions add: 12.5, not 12.500000000000002."""
    return float(f"{value:.12g}")
