"""Alerts and sources in words, for rules, pages and the terminal; every number comes from the definition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from observability.model.alert import Alert
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section, Source, sections_of
from observability.model.text import Lang, Text
from observability.render import durations

_AGAINST = {"ko": ("초과", "미만"), "en": ("above", "below")}
_FINDING = re.compile(r"\bR\d+\b")


def condition_words(alert: Alert, lang: Lang) -> str:
    """``오류율 1% 초과, 5분 구간``: the rule in one line, numbers from the definition."""
    if alert.condition is not None:
        return alert.condition.get(lang)
    side = _AGAINST[lang][0 if alert.above is not None else 1]
    window = durations.words(alert.window, lang)
    title = alert.watches.title.get(lang)
    limit = alert.limit.words(lang) if alert.limit else "?"
    if alert.pending is not None and alert.window == alert.every:
        # Looked at as it is now, and it has to stay so.
        lasting = durations.words(alert.pending, lang)
        return f"{title} {limit} {side}, {lasting} 동안" if lang == "ko" else f"{title} {side} {limit} for {lasting}"
    if lang == "ko":
        return f"{title} {limit} {side}, {window} 구간"
    return f"{title} {side} {limit}, over {window}"


def platform_metric(metric: PlatformMetric) -> str:
    """``redis: Maximum(errors) where ErrorType = RDB by ShardId``."""
    only = " and ".join(f"{name} = {value}" for name, value in metric.only.items())
    by = ", ".join(metric.by.values())
    return (
        f"{metric.resource}: {metric.aggregation}({metric.metric})"
        f"{f' where {only}' if only else ''}{f' by {by}' if by else ''}"
    )


def toward(word: str) -> str:
    """``3일로``, ``10분으로``: 으로 behind a consonant other than ㄹ. Raises ValueError for what does not end in Hangul."""
    syllable = ord(word[-1:] or " ") - ord("가")
    if not 0 <= syllable <= ord("힣") - ord("가"):
        raise ValueError(f"'{word}' does not end in Hangul")
    # A block of 28 holds a vowel with each final consonant, none first; ㄹ is the eighth.
    return f"{word}{'로' if syllable % 28 in (0, 8) else '으로'}"


def looks_back(back: timedelta) -> Text | None:
    """What to set a time range to; None where the day that is chosen for everybody is enough."""
    if back <= timedelta(days=1):
        return None
    return Text(
        ko=f"시간 범위를 {toward(durations.words(back, 'ko'))} 둡니다.",
        en=f"Set the time range to {durations.words(back, 'en')}.",
    )


def section_list(sections: Iterable[Section]) -> str:
    return ", ".join(
        f"{section.number} ({section.reading})" if section.reading else section.number for section in sections
    )


def description(alert: Alert, lang: Lang) -> str:
    source = section_list(sections_of(alert.source))
    closing = f"설계서 {source}." if lang == "ko" else f"Design document {source}."
    by_hand = "" if alert.resolves else f" {closed_by_hand(alert, lang)}"
    return f"{condition_words(alert, lang)}. {alert.meaning.get(lang)}{by_hand} {closing}"


def closed_by_hand(alert: Alert, lang: Lang) -> str:
    """When somebody may close an alert that does not resolve; empty for one that does."""
    if alert.closed_when is None:
        return ""
    when = alert.closed_when.get(lang)
    if lang == "ko":
        return f"저절로 해소되지 않으므로 {when} 직접 닫습니다."
    return f"It does not resolve by itself: close it once {when}."


def words_of(source: Source | None) -> Text:
    """Where a number comes from, in words."""
    sections = section_list(sections_of(source))
    if isinstance(source, Derived):
        return Text(ko=f"{source.why.ko} ({sections})", en=f"{source.why.en} ({sections})")
    return Text(ko=f"설계서 {sections}", en=f"design document {sections}")


def cited_findings(alert: Alert) -> set[str]:
    """Ids of the findings behind an alert: those its sources name, and those its reason mentions."""
    sources = (*sections_of(alert.source), *sections_of(alert.watches.source))
    return {section.reading for section in sources if section.reading} | set(_FINDING.findall(alert.because.en))
