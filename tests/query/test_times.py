"""--since, --from and --to: in Korean time or UTC, and never a guess in a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.query import times
from observability.query.answers import Span
from observability.query.errors import WrongArgument

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def span(since: str | None = None, start: str | None = None, end: str | None = None, attended: bool = False) -> Span:
    return times.span(since, start, end, now=NOW, default=DAY, attended=attended)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, Span(at(3, day=22), NOW)),
        ({"since": "90m"}, Span(at(1, 30), NOW)),
        ({"start": "2026-11-23 09:00 KST"}, Span(at(0), NOW)),
        ({"start": "2026-11-23T00:00Z"}, Span(at(0), NOW)),
        ({"start": "2026-11-23T09:00+09:00", "end": "2026-11-23 01:00 utc"}, Span(at(0), at(1))),
        ({"end": "2026-11-23 02:00 UTC", "since": "1h"}, Span(at(1), at(2))),
        ({"end": "2026-11-23 02:00UTC"}, Span(at(2, day=22), at(2))),
        ({"start": "2026-11-23"} | {"attended": True}, Span(at(15, day=22), NOW)),
    ],
)
def test_the_span_is_what_was_asked_for_in_utc(given: dict[str, str], meant: Span) -> None:
    assert span(**given) == meant


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"since": "6"}, "--since: '6' is not a length of time; write 90m, 6h, 1h30m or 7d"),
        ({"since": "1h", "start": "x"}, "--since and --from: both say where to begin; give one of them"),
        (
            {"start": "2026-11-23 13:00 KST"},
            "--from: 2026-11-23 13:00 KST is not before now, 2026-11-23 12:00 KST; turn them around",
        ),
        (
            {"start": "2026-11-23 10:00 KST", "end": "2026-11-23 00:00 UTC"},
            "--from: 2026-11-23 10:00 KST is not before --to, 2026-11-23 09:00 KST; turn them around",
        ),
        (
            {"start": "2026-11-23 09:00"},
            "--from: '2026-11-23 09:00' has no zone, and a script must not depend on where it runs; write "
            "2026-11-23T09:00+09:00, '2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
        (
            {"end": "yesterday"},
            "--to: 'yesterday' is not a time; write 2026-11-23T09:00+09:00, '2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
        (
            {"start": "2026-11-23T09:00Z KST"},
            "--from: '2026-11-23T09:00Z KST' has two zones; give one: 2026-11-23T09:00+09:00, '2026-11-23 09:00 KST' or "
            "2026-11-23T00:00Z",
        ),
        ({"end": "now"}, "--to: leave it out to mean now"),
        (
            {"end": "0001-01-01T01:00Z"},
            "--to: '0001-01-01T01:00Z' is out of range; give a time from 2000 to 2100: 2026-11-23T09:00+09:00, "
            "'2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
        (
            {"start": "0001-01-01T00:00+09:00"},
            "--from: '0001-01-01T00:00+09:00' is out of range; give a time from 2000 to 2100: 2026-11-23T09:00+09:00, "
            "'2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
        (
            {"end": "9999-12-31T23:59Z"},
            "--to: '9999-12-31T23:59Z' is out of range; give a time from 2000 to 2100: 2026-11-23T09:00+09:00, "
            "'2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(given: dict[str, str], said: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        span(**given)
    assert str(caught.value) == said


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_is_taken_for_a_time_without_being_one_and_none_breaks_the_reader(start: str, end: str) -> None:
    try:
        found = span(start=start, end=end)
    except WrongArgument:
        return
    assert found.start < found.end
