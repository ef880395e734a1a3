"""Numbers as Prometheus counts with them: infinite or no number at all where Python raises an error."""

from __future__ import annotations

import math


def divided(this: float, that: float) -> float:
    """Infinite where something is divided by 0, in the sign of both; no number where nothing is."""
    if that == 0:
        return math.nan if this == 0 or math.isnan(this) else math.copysign(math.inf, this) * math.copysign(1, that)
    return this / that


def power(this: float, that: float) -> float:
    """``this`` to the power of ``that``."""
    try:
        return math.pow(this, that)
    except (OverflowError, ValueError):
        # Beyond the largest number, a power below 0 of 0, or a root of what is below 0: numbers to IEEE, errors to Python.
        if this < 0 and not that.is_integer():
            return math.nan
        return math.copysign(math.inf, this) if that % 2 == 1 else math.inf


def total(values: list[float]) -> float:
    """The sum, as exact as it can be."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        # Infinities of both signs, which have no sum, or sums beyond the largest number.
        return sum(values)


def largest(values: list[float]) -> float:
    """The largest; what is not a number counts only where nothing else is there."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def smallest(values: list[float]) -> float:
    """The smallest, in the same way."""
    return min((value for value in values if not math.isnan(value)), default=math.nan)
