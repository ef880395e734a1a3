from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.render import durations

SIZES = {"D": 86400, "H": 3600, "M": 60, "S": 1}


@pytest.mark.parametrize(
    ("duration", "iso", "prometheus", "kql", "korean", "english"),
    [
        (timedelta(seconds=1), "PT1S", "1s", "1s", "1초", "1 second"),
        (timedelta(seconds=90), "PT1M30S", "1m30s", "90s", "1분 30초", "1 minute 30 seconds"),
        (timedelta(minutes=5), "PT5M", "5m", "5m", "5분", "5 minutes"),
        (timedelta(minutes=60), "PT1H", "1h", "1h", "1시간", "1 hour"),
        (timedelta(minutes=90), "PT1H30M", "1h30m", "90m", "1시간 30분", "1 hour 30 minutes"),
        (timedelta(hours=24), "P1D", "1d", "1d", "24시간", "24 hours"),
        (timedelta(days=30), "P30D", "30d", "30d", "30일", "30 days"),
        (
            timedelta(days=2, hours=3, minutes=4, seconds=5),
            "P2DT3H4M5S",
            "2d3h4m5s",
            "183845s",
            "2일 3시간 4분 5초",
            "2 days 3 hours 4 minutes 5 seconds",
        ),
    ],
)
def test_a_duration_in_every_dialect(
    duration: timedelta, iso: str, prometheus: str, kql: str, korean: str, english: str
) -> None:
    assert durations.iso(duration) == iso
    assert durations.prometheus(duration) == prometheus
    assert durations.kql(duration) == kql
    assert durations.words(duration, "ko") == korean
    assert durations.words(duration, "en") == english


@pytest.mark.parametrize("write", [durations.iso, durations.prometheus, durations.kql])
@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(0), "datetime.timedelta(0)"),
        (timedelta(minutes=-5), "datetime.timedelta(days=-1, seconds=86100)"),
        (timedelta(seconds=-0.5), "datetime.timedelta(days=-1, seconds=86399, microseconds=500000)"),
        (timedelta(milliseconds=500), "datetime.timedelta(microseconds=500000)"),
        (timedelta(seconds=1, microseconds=1), "datetime.timedelta(seconds=1, microseconds=1)"),
    ],
)
def test_what_is_not_a_whole_number_of_seconds_above_zero_is_refused(
    write: Callable[[timedelta], str], duration: timedelta, words: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)} is not a whole number of seconds above zero$"):
        write(duration)


def test_no_words_for_what_no_dialect_can_write() -> None:
    with pytest.raises(ValueError, match="not a whole number of seconds above zero"):
        durations.words(timedelta(0), "ko")


durations_of_whole_seconds = st.integers(min_value=1, max_value=10**9).map(lambda count: timedelta(seconds=count))


def _sum(text: str) -> timedelta:
    """The length of counts with their units: ``1H30M``."""
    return timedelta(
        seconds=sum(int(count) * SIZES[unit.upper()] for count, unit in re.findall(r"(\d+)([a-zA-Z])", text))
    )


@settings(deadline=None, derandomize=True)
@given(durations_of_whole_seconds)
def test_an_iso_text_read_back_is_the_duration(duration: timedelta) -> None:
    text = durations.iso(duration)
    assert re.fullmatch(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", text)
    assert _sum(text.replace("P", "").replace("T", "")) == duration


@settings(deadline=None, derandomize=True)
@given(durations_of_whole_seconds)
def test_a_prometheus_text_read_back_is_the_duration(duration: timedelta) -> None:
    text = durations.prometheus(duration)
    assert re.fullmatch(r"(\d+d)?(\d+h)?(\d+m)?(\d+s)?", text)
    assert _sum(text) == duration


@settings(deadline=None, derandomize=True)
@given(durations_of_whole_seconds)
def test_a_kql_text_has_one_unit_and_read_back_is_the_duration(duration: timedelta) -> None:
    text = durations.kql(duration)
    assert re.fullmatch(r"\d+[dhms]", text)
    assert _sum(text) == duration


@pytest.mark.parametrize(
    ("duration", "english", "korean"),
    [
        (timedelta(0), "0 min", "0분"),
        (timedelta(minutes=7), "7 min", "7분"),
        (timedelta(minutes=8, seconds=30), "8 min 30 s", "8분 30초"),
        (timedelta(hours=14, minutes=45), "14 h 45 min", "14시간 45분"),
        (timedelta(days=1), "1 d", "1일"),
        (timedelta(seconds=-90), "1 min 30 s", "1분 30초"),
        (timedelta(seconds=29, milliseconds=600), "30 s", "30초"),
    ],
)
def test_a_short_text_is_to_the_second_whatever_the_sign(duration: timedelta, english: str, korean: str) -> None:
    assert (durations.short(duration, "en"), durations.short(duration, "ko")) == (english, korean)
