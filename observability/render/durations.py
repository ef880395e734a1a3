"""A timedelta in each dialect: ISO 8601 for ARM, Prometheus, KQL, and words for people."""

from __future__ import annotations

from datetime import timedelta

from observability.model.text import Lang
from observability.model.units import SPAN_WORDS, span, span_parts, span_words


def iso(duration: timedelta) -> str:
    """``PT5M``, ``PT1H30M``, ``P1D``."""
    parts = span_parts(duration)
    days = "".join(f"{count}D" for count, unit in parts if unit == "d")
    rest = "".join(f"{count}{unit.upper()}" for count, unit in parts if unit != "d")
    return f"P{days}{'T' + rest if rest else ''}"


def prometheus(duration: timedelta) -> str:
    """``5m``, ``1h30m``."""
    return "".join(f"{count}{unit}" for count, unit in span_parts(duration))


def kql(duration: timedelta) -> str:
    """A KQL timespan literal of one unit: ``5m``, ``90m``, ``1d``."""
    return span(duration)


def words(duration: timedelta, lang: Lang) -> str:
    """``5분``, ``1 hour 30 minutes``; a day is ``24 hours``, as response times are given."""
    return span_words(duration, lang)


_SHORT: dict[Lang, dict[str, str]] = {
    "ko": SPAN_WORDS["ko"],
    "en": {"d": " d", "h": " h", "m": " min", "s": " s"},
}


def short(duration: timedelta, lang: Lang) -> str:
    """``7분``, ``8 min 30 s``, ``0 min``: for tables and lines of time; whatever the sign, to the second."""
    whole = timedelta(seconds=round(abs(duration.total_seconds())))
    parts = span_parts(whole) if whole else [(0, "m")]
    return " ".join(f"{count}{_SHORT[lang][unit]}" for count, unit in parts)
