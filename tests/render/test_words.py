from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine, PlatformMetric, Signal
from observability.model.source import Derived, Section, Source
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent, seconds_of
from observability.render import words

WORDS = Text("주문", "Orders")
TOO_LATE = Alert(
    id="too-late",
    title=Text("너무 늦음", "Too late"),
    watches=Signal(name="late_share", title=Text("늦은 비율", "Late share"), unit=Unit.PERCENT, help=WORDS),
    engine=Engine.LOG,
    above=percent(0.5),
    window=minutes(90),
    severity=Severity.TWO,
    category=Category.RESOURCE,
    actions=(),
    meaning=Text("주문이 늦습니다.", "Orders are late."),
    impact=WORDS,
    because=WORDS,
    first_steps=(),
    source=Section("7.1", reading="R9"),
)
WHY = Text("문서에 없습니다.", "The document is silent.")


@pytest.mark.parametrize(
    ("above", "below", "korean", "english"),
    [
        (percent(1), None, "늦은 비율 1% 초과, 1시간 30분 구간", "Late share above 1%, over 1 hour 30 minutes"),
        (
            None,
            percent(99.9),
            "늦은 비율 99.9% 미만, 1시간 30분 구간",
            "Late share below 99.9%, over 1 hour 30 minutes",
        ),
        (
            seconds_of(2.5),
            None,
            "늦은 비율 2.5초 초과, 1시간 30분 구간",
            "Late share above 2.5 s, over 1 hour 30 minutes",
        ),
        (percent(0), None, "늦은 비율 0% 초과, 1시간 30분 구간", "Late share above 0%, over 1 hour 30 minutes"),
    ],
)
def test_a_rule_in_one_line_takes_its_numbers_from_the_definition(
    above: Quantity | None, below: Quantity | None, korean: str, english: str
) -> None:
    alert = replace(TOO_LATE, above=above, below=below)
    assert (words.condition_words(alert, "ko"), words.condition_words(alert, "en")) == (korean, english)


def test_a_rule_that_looks_at_now_and_waits_says_for_how_long() -> None:
    alert = replace(TOO_LATE, window=minutes(1), every=minutes(1), pending=minutes(5))
    assert words.condition_words(alert, "ko") == "늦은 비율 0.5% 초과, 5분 동안"
    assert words.condition_words(alert, "en") == "Late share above 0.5% for 5 minutes"


def test_an_alert_that_does_not_resolve_says_when_somebody_may_close_it() -> None:
    closed = replace(TOO_LATE, closed_when=Text(ko="가게가 비는 것을 본 뒤", en="the shop is empty"))
    assert words.closed_by_hand(closed, "ko") == "저절로 해소되지 않으므로 가게가 비는 것을 본 뒤 직접 닫습니다."
    assert words.closed_by_hand(closed, "en") == "It does not resolve by itself: close it once the shop is empty."
    assert words.closed_by_hand(TOO_LATE, "en") == ""


def test_a_rule_whose_limit_says_too_little_says_when_it_fires_itself() -> None:
    alert = replace(TOO_LATE, condition=Text("한 시간에 세 번", "three times in an hour"))
    assert words.condition_words(alert, "ko") == "한 시간에 세 번"
    assert words.description(alert, "en") == "three times in an hour. Orders are late. Design document 7.1 (R9)."


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("10분", "10분으로"),
        ("3일", "3일로"),
        ("5시간", "5시간으로"),
        ("30초", "30초로"),
        ("서울", "서울로"),
        ("값", "값으로"),
    ],
)
def test_the_particle_follows_the_last_consonant(word: str, said: str) -> None:
    assert words.toward(word) == said


@pytest.mark.parametrize("word", ["5m", ""])
def test_a_word_whose_end_is_no_hangul_has_no_particle(word: str) -> None:
    with pytest.raises(ValueError, match="does not end in Hangul"):
        words.toward(word)


def test_a_platform_metric_says_what_it_keeps_and_is_split_by() -> None:
    metric = PlatformMetric(
        resource="till", metric="Errors", aggregation="Maximum", only={"Kind": "Jam"}, by={"t": "Till"}
    )
    assert words.platform_metric(metric) == "till: Maximum(Errors) where Kind = Jam by Till"
    assert words.platform_metric(replace(metric, only={}, by={})) == "till: Maximum(Errors)"


def test_a_description_is_the_rule_its_meaning_and_its_sections() -> None:
    derived = replace(TOO_LATE, source=Derived(WHY, (Section("7.1"), Section("8", reading="R1"))))
    assert words.description(TOO_LATE, "ko") == (
        "늦은 비율 0.5% 초과, 1시간 30분 구간. 주문이 늦습니다. 설계서 7.1 (R9)."
    )
    assert words.description(derived, "en") == (
        "Late share above 0.5%, over 1 hour 30 minutes. Orders are late. Design document 7.1, 8 (R1)."
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Section("7.1"), Text("설계서 7.1", "design document 7.1")),
        (Section("7.1", reading="R9"), Text("설계서 7.1 (R9)", "design document 7.1 (R9)")),
        (
            Derived(WHY, (Section("7.1"), Section("8", reading="R1"))),
            Text("문서에 없습니다. (7.1, 8 (R1))", "The document is silent. (7.1, 8 (R1))"),
        ),
    ],
)
def test_a_source_says_the_sections_and_the_reason_where_the_document_is_silent(source: Source, expected: Text) -> None:
    assert words.words_of(source) == expected


def test_the_findings_behind_an_alert_are_those_its_sources_and_its_reason_name() -> None:
    cited = replace(
        TOO_LATE,
        watches=replace(TOO_LATE.watches, source=Derived(WHY, (Section("8", reading="R1"), Section("9")))),
        because=Text("까닭", "The goal is elsewhere (R19); neither R2D2 nor AR5 is a finding."),
    )
    assert words.cited_findings(cited) == {"R9", "R1", "R19"}
    assert words.cited_findings(replace(TOO_LATE, source=None)) == set()


def test_a_query_that_needs_more_than_a_day_says_which_time_range() -> None:
    assert words.looks_back(timedelta(days=1)) is None
    assert words.looks_back(timedelta(days=3)) == Text("시간 범위를 3일로 둡니다.", "Set the time range to 3 days.")
