"""Which small chart a result can have, as data that a template draws: lines over time, or bars by label.

Positions are in a box of WIDTH by HEIGHT that is stretched to its place; every text stays outside of it, so that it
is as large on a telephone as on a screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from observability.model.text import Lang
from observability.model.units import Quantity
from observability.query import cells
from observability.query.answers import Table
from observability.query.report import Step
from observability.query.show.labels import OUTCOMES, State

WIDTH, HEIGHT = 1000, 200
_SERIES, _BARS, _POINTS = 6, 12, 300
_LABELS = frozenset({"string", "guid", "bool"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the verdict; ``at`` is its place, None where it is far outside of the picture."""

    words: str
    fails: bool
    at: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """``parts`` are runs of points without a gap, each as SVG's ``x,y x,y``."""

    label: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """``marks`` are the numbers at the bottom, the middle and the top; ``left_out`` counts series that are not drawn."""

    name: str
    marks: tuple[str, str, str]
    start: str
    end: str
    series: tuple[Series, ...]
    limits: tuple[Limit, ...]
    left_out: int
    description: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: str
    length: float
    state: State | None


@dataclass(frozen=True, slots=True)
class Bars:
    """``length`` and the limits' places are in percent of the width."""

    name: str
    bars: tuple[Bar, ...]
    limits: tuple[Limit, ...]
    left_out: int
    description: str


def chart(step: Step, lang: Lang) -> Lines | Bars | None:
    """The chart of a step's result; None where its columns or values suit none."""
    table = step.answer.table
    if table is None or not step.answered or len(table.rows) < 2:
        return None
    verdict = step.query.verdict
    names = [column.name for column in table.columns]
    if verdict is not None and verdict.column in names:
        number = names.index(verdict.column)
    else:
        wanted = ({"real", "decimal"}, {"int", "long"})
        found = (i for kinds in wanted for i, column in enumerate(table.columns) if column.type in kinds)
        number = next(found, -1)
    if number < 0:
        return None
    return _lines(step, table, number, lang) or _bars(step, table, number, lang)


def _label(table: Table, row: Sequence[Any]) -> str:
    parts = [cells.cell(row[i]) for i, column in enumerate(table.columns) if column.type in _LABELS]
    text = " / ".join(" ".join(part.split()) for part in parts[:3])
    return text if len(text) <= 40 else f"{text[:39]}…"


def _number(cell: Any) -> float | None:
    good = isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell)
    return float(cell) if good else None


def _quantities(step: Step) -> list[tuple[Quantity, bool, bool]]:
    """Each limit of the verdict, whether beyond it is a failure, and whether above is wrong."""
    verdict = step.query.verdict
    if verdict is None:
        return []
    given = (
        (verdict.fail_above, True, True),
        (verdict.fail_below, True, False),
        (verdict.warn_above, False, True),
        (verdict.warn_below, False, False),
    )
    return [(limit, fails, above) for limit, fails, above in given if limit is not None]


def _limit_words(limit: Quantity, fails: bool, lang: Lang, inside: bool) -> str:
    text = cells.quantity(limit.value, limit.unit, lang)
    if lang == "ko":
        return f"{'한도' if fails else '경고 기준'} {text}{'' if inside else ' (그림 밖)'}"
    return f"{'limit' if fails else 'warning limit'} {text}{'' if inside else ' (outside the picture)'}"


def _ticks(low: float, high: float) -> tuple[float, float]:
    """Round numbers around ``low`` and ``high``, four steps apart; from 0 where that wastes little of the picture."""
    if 0 <= low < 0.7 * high or low == high >= 0:
        low = 0.0
    span = (high - low) or abs(high) or 1.0
    magnitude = 10.0 ** (math.floor(math.log10(span)) - 1)
    for size in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        step = size * magnitude
        start = math.floor(low / step + 1e-9) * step
        if start + 4 * step >= high - 1e-9 * span:
            return start, start + 4 * step
    return low, low + span


def _unit(step: Step, name: str, lang: Lang) -> str:
    limits = _quantities(step)
    suffix = limits[0][0].unit.suffix.get(lang).strip() if limits else ""
    return cells.visible(f"{name} ({suffix})" if suffix else name)


def _lines(step: Step, table: Table, number: int, lang: Lang) -> Lines | None:
    time = next((i for i, column in enumerate(table.columns) if column.type == "datetime"), None)
    if time is None:
        return None
    points: dict[str, dict[datetime, float | None]] = {}
    for row in table.rows:
        if isinstance(row[time], datetime):
            series = points.setdefault(_label(table, row), {})
            if row[time] in series:
                return None  # Two values at one moment: there is a further key, and a line would jump between them.
            series[row[time]] = _number(row[number])
    moments = [moment for series in points.values() for moment in series]
    values = [value for series in points.values() for value in series.values() if value is not None]
    if not values or max(map(len, points.values())) < 3:
        return None
    start, end = min(moments), max(moments)
    limits = _quantities(step)
    high = max(abs(value) for value in values) or 1.0
    near = [limit.value for limit, _, _ in limits if abs(limit.value) <= 3 * high]
    bottom, top = _ticks(min([*values, *near]), max([*values, *near]))

    def x(moment: datetime) -> float:
        return WIDTH * ((moment - start) / (end - start))

    def y(value: float) -> float:
        return HEIGHT * (top - value) / (top - bottom)

    below = any(not above for _, _, above in limits)
    ranked = sorted(points, key=lambda name: _extreme(points[name].values(), below), reverse=True)[:_SERIES]
    drawn = tuple(Series(name, _runs(points[name], x, y)) for name in points if name in ranked)
    days = cells.calendar(table.columns[time].name, moments)
    marks = tuple(cells.figure(float(f"{value:.10g}")) for value in (bottom, (bottom + top) / 2, top))
    first, last = (cells.day(at).isoformat() if days else f"{cells.kst(at, zone=False)[5:16]}" for at in (start, end))
    name = _unit(step, table.columns[number].name, lang)
    return Lines(
        name=name,
        marks=(marks[0], marks[1], marks[2]),
        start=first,
        end=last if days else f"{last} KST",
        series=drawn,
        limits=tuple(
            Limit(
                _limit_words(limit, fails, lang, limit.value in near),
                fails,
                y(limit.value) if limit.value in near else None,
            )
            for limit, fails, _ in limits
        ),
        left_out=len(points) - len(drawn),
        description=_described(name, values, f"{first} – {last}", limits, lang),
    )


def _extreme(values: Iterable[float | None], below: bool) -> float:
    known = [value for value in values if value is not None]
    if not known:
        return -math.inf
    return -min(known) if below else max(known)


def _runs(series: dict[datetime, float | None], x: Any, y: Any) -> tuple[str, ...]:
    runs: list[list[tuple[float, float]]] = [[]]
    for moment in sorted(series):
        value = series[moment]
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x(moment), y(value)))
    # A single point is a line to itself: round ends make it a dot.
    thinned = (_thin(run) if len(run) > 1 else run * 2 for run in runs if run)
    return tuple(" ".join(f"{px:.1f},{py:.1f}" for px, py in run) for run in thinned)


def _thin(run: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most a few hundred points: of each stretch the highest and the lowest, so that no peak is lost."""
    if len(run) <= 2 * _POINTS:
        return run
    size = math.ceil(len(run) / _POINTS)
    kept: list[tuple[float, float]] = [run[0]]
    for begin in range(0, len(run), size):
        part = run[begin : begin + size]
        kept += sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])})
    return [*kept, run[-1]]


def _described(
    name: str, values: Sequence[float], where: str, limits: list[tuple[Quantity, bool, bool]], lang: Lang
) -> str:
    low, high = cells.figure(min(values)), cells.figure(max(values))
    lines = "".join(f", {_limit_words(limit, fails, lang, True)}" for limit, fails, _ in limits)
    if lang == "ko":
        return f"{name}, {where}: 최소 {low}, 최대 {high}{lines}"
    return f"{name}, {where}: lowest {low}, highest {high}{lines}"


def _bars(step: Step, table: Table, number: int, lang: Lang) -> Bars | None:
    if not any(column.type in _LABELS for column in table.columns):
        return None
    values = [_number(row[number]) for row in table.rows]
    known = [value for value in values if value is not None]
    if not known or min(known) < 0 or max(known) == 0:
        return None
    limits = _quantities(step)
    near = [limit.value for limit, _, _ in limits if limit.value <= 3 * max(known)]
    top = max([*known, *near]) * 1.02
    outcomes = step.judged.rows if step.judged is not None and len(step.judged.rows) == len(values) else None
    rows = [index for index, value in enumerate(values) if value is not None]
    worst_first = any(not above for _, _, above in limits)
    rows = sorted(rows, key=lambda index: values[index] or 0.0, reverse=not worst_first)
    shared = cells.decimals(known)
    whole = table.columns[number].type in ("int", "long")
    bars = tuple(
        Bar(
            label=_label(table, table.rows[index]) or cells.NOTHING,
            value=cells.cell(table.rows[index][number], None if whole else shared),
            length=round(100 * (values[index] or 0.0) / top, 2),
            state=OUTCOMES[outcomes[index]] if outcomes is not None else None,
        )
        for index in rows[:_BARS]
    )
    name = _unit(step, table.columns[number].name, lang)
    shown = f"{len(bars)}개 막대" if lang == "ko" else f"{len(bars)} bars"
    return Bars(
        name=name,
        bars=bars,
        limits=tuple(
            Limit(
                _limit_words(limit, fails, lang, limit.value in near),
                fails,
                round(100 * limit.value / top, 2) if limit.value in near else None,
            )
            for limit, fails, _ in limits
        ),
        left_out=len(rows) - len(bars),
        description=_described(name, known, shown, limits, lang),
    )
