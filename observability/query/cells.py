"""One cell of a result as people read it: grouped numbers, Korean time, and nothing that hides or moves text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from observability.model.clock import KST
from observability.model.text import Lang
from observability.model.units import Quantity, Unit, number

NOTHING = "–"
"""What stands where there is no value: never 0, never an empty cell that could be a text."""

NUMBERS = frozenset({"int", "long", "real", "decimal"})
_SIGNIFICANT = 5
_DECIMALS = 3

# Control characters (a terminal obeys them), marks that turn the direction of text, separators and spaces without
# width, tags, and halves of characters that no UTF-8 can hold. Tab and line feed are the formats' own business.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """``text`` with every character that would act instead of being read as its escape, ``\\u202e``."""
    return _UNSEEN.sub(lambda found: _escape(ord(found.group())), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def figure(value: float, decimals: int | None = None, apart_from: Iterable[float] = ()) -> str:
    """``1,234,567``, ``99.953``: five significant digits, or ``decimals``; more where that would show another number.

    A value that is not 0 is never shown as 0, and never as one of ``apart_from`` (limits) unless it is that.
    """
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15 and not decimals):
        return f"{int(value):,}"
    if abs(value) >= 1e15 or not math.isfinite(value):
        return f"{value:.6g}"
    places = decimals if decimals is not None else _needed(value)
    others = {0.0, *map(float, apart_from)} - {float(value)}
    while places < 17 and float(f"{value:.{places}f}") in others:
        places += 1
    return f"{value:,.{places}f}"


def _needed(value: float) -> int:
    exponent = Decimal(f"{value:.{_SIGNIFICANT}g}").normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def decimals(values: Iterable[Any]) -> int:
    """How many decimals the numbers of one column share, so that they stand under each other."""
    found = (_needed(value) for value in values if isinstance(value, float) and math.isfinite(value))
    return min(max(found, default=0), _DECIMALS)


def quantity(value: float, unit: Unit, lang: Lang, apart_from: Iterable[float] = ()) -> str:
    """``1,234.5 ms``, ``2.35%``: a figure with its unit."""
    suffix = Quantity(value, unit).words(lang).removeprefix(number(value))
    return figure(value, apart_from=apart_from) + suffix


def kst(moment: datetime, *, zone: bool = True) -> str:
    """``2026-11-26 08:00:05 KST``, to the second."""
    return f"{moment.astimezone(KST):%Y-%m-%d %H:%M:%S}{' KST' if zone else ''}"


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z``, microseconds only where there are some."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def timespan(value: timedelta) -> str:
    """As KQL prints a timespan: ``00:05:00``, ``1.02:00:00``, ``-00:00:00.5000000``."""
    ticks = abs(value) // timedelta(microseconds=1) * 10
    seconds, rest = divmod(ticks, 10_000_000)
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{'-' if value < timedelta(0) else ''}{f'{days}.' if days else ''}{clock}{f'.{rest:07}' if rest else ''}"


def calendar(name: str, values: Iterable[Any]) -> bool:
    """Whether a datetime column holds days in Korea and not moments.

    The packs make such a column with ``startofday(TimeGenerated + 9h)`` and call it ``day``, ``week`` or ``month``:
    a date that happens to be written as midnight, which must not be moved by nine hours once more.
    """
    moments = [value for value in values if isinstance(value, datetime)]
    midnight = all(moment.astimezone(UTC).time() == time() for moment in moments)
    return name.lower().rsplit("_", 1)[-1] in ("day", "week", "month") and midnight


def day(moment: datetime) -> date:
    """The date in a column of days."""
    return moment.astimezone(UTC).date()


def column(name: str, values: Sequence[Any]) -> list[str]:
    """The cells of one column for people, times in KST without the zone's name."""
    shared = decimals(values)
    days = calendar(name, values)
    return [cell(value, shared, days=days) for value in values]


def cell(value: Any, shared: int | None = None, *, days: bool = False, zone: bool = False) -> str:
    """One cell for people; ``shared`` are its column's decimals."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return figure(value)
    if isinstance(value, float):
        return figure(value, shared)
    if isinstance(value, datetime):
        return day(value).isoformat() if days else kst(value, zone=zone)
    return visible(plain(value))


def plain(value: Any) -> str:
    """One cell for programs: numbers as they are, times in UTC, dynamic as JSON; empty where there is no value."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, timedelta):
        return timespan(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
