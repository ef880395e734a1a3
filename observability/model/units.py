"""Units of measure, and quantities that know theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from observability.model.text import Lang, Text


class Unit(Enum):
    """What a number counts.

    Each member holds (dimension, factor to the dimension's base, lowest value, highest value or None, suffix in
    English, suffix in Korean).
    """

    PERCENT = ("share", 0.01, 0.0, 100.0, "%", "%")
    RATIO = ("share", 1.0, 0.0, 1.0, "", "")
    SECONDS = ("time", 1.0, 0.0, None, " s", "초")
    MILLISECONDS = ("time", 0.001, 0.0, None, " ms", " ms")
    MINUTES = ("time", 60.0, 0.0, None, " min", "분")
    HOURS = ("time", 3600.0, 0.0, None, " h", "시간")
    DAYS = ("time", 86400.0, 0.0, None, " days", "일")
    BYTES = ("size", 1.0, 0.0, None, " B", " B")
    MEGABYTES = ("size", 1e6, 0.0, None, " MB", " MB")
    GIGABYTES = ("size", 1e9, 0.0, None, " GB", " GB")
    COUNT = ("count", 1.0, 0.0, None, "", "")
    RESTARTS = ("restarts", 1.0, 0.0, None, " restarts", "회")
    MESSAGES = ("messages", 1.0, 0.0, None, " messages", "건")
    CONNECTIONS = ("connections", 1.0, 0.0, None, " connections", "개")
    PER_SECOND = ("rate", 1.0, 0.0, None, "/s", "/s")
    PER_MINUTE = ("rate", 1 / 60, 0.0, None, "/min", "/분")
    SCORE = ("score", 1.0, 1.0, 5.0, "", "점")
    TIMES = ("times", 1.0, 0.0, None, "x", "배")
    USD = ("money", 1.0, 0.0, None, " USD", " USD")

    dimension: str
    factor: float
    lowest: float
    highest: float | None
    suffix: Text

    def __init__(
        self, dimension: str, factor: float, lowest: float, highest: float | None, english: str, korean: str
    ) -> None:
        self.dimension = dimension
        self.factor = factor
        self.lowest = lowest
        self.highest = highest
        self.suffix = Text(ko=korean, en=english)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: ``percent(1)``, ``seconds(5)``."""

    value: float
    unit: Unit

    def to(self, unit: Unit) -> float:
        """The same quantity counted in ``unit``. Raises ValueError across dimensions."""
        if unit is self.unit:
            return self.value
        if unit.dimension != self.unit.dimension:
            raise ValueError(f"{self.unit.name.lower()} cannot be given in {unit.name.lower()}")
        # 12 significant digits take back what the factors' binary fractions add (0.1 % as 0.001, not 0.0010000000000000002).
        return float(f"{self.value * self.unit.factor / unit.factor:.12g}")

    def words(self, lang: Lang) -> str:
        """``5초``, ``5 s``: for people."""
        suffix = self.unit.suffix.get(lang)
        if lang == "en" and self.value == 1 and suffix.endswith("s") and len(suffix) > len(" ms"):
            suffix = suffix.removesuffix("s")
        return f"{number(self.value)}{suffix}"

    def __str__(self) -> str:
        return self.words("en")


def number(value: float) -> str:
    """The shortest decimal text of ``value``: 5, 99.9, 0.001; never an exponent for everyday sizes."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def percent(value: float) -> Quantity:
    return Quantity(value, Unit.PERCENT)


def seconds_of(value: float) -> Quantity:
    return Quantity(value, Unit.SECONDS)


def milliseconds(value: float) -> Quantity:
    return Quantity(value, Unit.MILLISECONDS)


def gigabytes(value: float) -> Quantity:
    return Quantity(value, Unit.GIGABYTES)


def restarts(value: float) -> Quantity:
    return Quantity(value, Unit.RESTARTS)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def hours(value: float) -> timedelta:
    return timedelta(hours=value)


def days(value: float) -> timedelta:
    return timedelta(days=value)


_SPANS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
SPAN_WORDS: dict[Lang, dict[str, str]] = {
    "ko": {"d": "일", "h": "시간", "m": "분", "s": "초"},
    "en": {"d": "day", "h": "hour", "m": "minute", "s": "second"},
}


def span(value: timedelta) -> str:
    """A time in one unit, the largest that is exact: ``5m``, ``90m``, ``1d``; KQL and PromQL both read it.

    Raises ValueError for what is not a whole number of seconds above zero.
    """
    total = int(value.total_seconds())
    if total <= 0 or value != timedelta(seconds=total):
        raise ValueError(f"{value!r} is not a whole number of seconds above zero")
    return next(f"{total // size}{unit}" for unit, size in _SPANS if total % size == 0)


def span_parts(value: timedelta) -> list[tuple[int, str]]:
    """``[(1, "h"), (30, "m")]``. Raises ValueError for what is not a whole number of seconds above zero."""
    left = int(value.total_seconds())
    if left <= 0 or value != timedelta(seconds=left):
        raise ValueError(f"{value!r} is not a whole number of seconds above zero")
    parts = []
    for unit, size in _SPANS:
        count, left = divmod(left, size)
        if count:
            parts.append((count, unit))
    return parts


def span_words(value: timedelta, lang: Lang) -> str:
    """``5분``, ``1 hour 30 minutes``; a day is ``24 hours``, as response times are given."""
    names = SPAN_WORDS[lang]
    parts = [(24, "h")] if value == timedelta(days=1) else span_parts(value)
    if lang == "ko":
        return " ".join(f"{count}{names[unit]}" for count, unit in parts)
    return " ".join(f"{count} {names[unit]}{'s' if count != 1 else ''}" for count, unit in parts)
