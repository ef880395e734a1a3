"""A timedelta in each dialect: ISO 8601 for ARM, Prometheus, KQL, and words for people."""

from __future__ import annotations

from datetime import timedelta

from observability.model.text import Lang
from observability.model.units import span

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_WORDS: dict[Lang, dict[str, str]] = {
    "ko": {"d": "일", "h": "시간", "m": "분", "s": "초"},
    "en": {"d": "day", "h": "hour", "m": "minute", "s": "second"},
}


def _parts(duration: timedelta) -> list[tuple[int, str]]:
    left = int(duration.total_seconds())
    if left <= 0 or duration != timedelta(seconds=left):
        raise ValueError(f"{duration!r} is not a whole number of seconds above zero")
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append((count, unit))
    return parts


def iso(duration: timedelta) -> str:
    """``PT5M``, ``PT1H30M``, ``P1D``."""
    parts = _parts(duration)
    days = "".join(f"{count}D" for count, unit in parts if unit == "d")
    rest = "".join(f"{count}{unit.upper()}" for count, unit in parts if unit != "d")
    return f"P{days}{'T' + rest if rest else ''}"


def prometheus(duration: timedelta) -> str:
    """``5m``, ``1h30m``."""
    return "".join(f"{count}{unit}" for count, unit in _parts(duration))


def kql(duration: timedelta) -> str:
    """A KQL timespan literal of one unit: ``5m``, ``90m``, ``1d``."""
    return span(duration)


def words(duration: timedelta, lang: Lang) -> str:
    """``5분``, ``1 hour 30 minutes``; a day is ``24 hours``, as response times are given."""
    names = _WORDS[lang]
    parts = [(24, "h")] if duration == timedelta(days=1) else _parts(duration)
    if lang == "ko":
        return " ".join(f"{count}{names[unit]}" for count, unit in parts)
    return " ".join(f"{count} {names[unit]}{'s' if count != 1 else ''}" for count, unit in parts)


_SHORT: dict[Lang, dict[str, str]] = {
    "ko": _WORDS["ko"],
    "en": {"d": " d", "h": " h", "m": " min", "s": " s"},
}


def short(duration: timedelta, lang: Lang) -> str:
    """``7분``, ``8 min 30 s``, ``0 min``: for tables and lines of time; whatever the sign, to the second."""
    whole = timedelta(seconds=round(abs(duration.total_seconds())))
    parts = _parts(whole) if whole else [(0, "m")]
    return " ".join(f"{count}{_SHORT[lang][unit]}" for count, unit in parts)
