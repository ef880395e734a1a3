"""Who hears of an alert: the maintenance window in Korean time, and one text message in five minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from observability.model.alert import Severity, Silence, Suppression
from observability.replay import rules
from observability.replay.machine import Event, Kind
from observability.replay.told import deliver, silences
from tests.replay.made import PAGER, SAID, SMS, alert

WINDOW = Suppression(
    id="weekly", title=SAID, weekday="Sunday", start="02:00:00", end="04:00:00", time_zone="Korea Standard Time",
    severities=(Severity.TWO, Severity.THREE),
)  # fmt: skip
# 02:00 on Sunday 2026-11-29 in Korea is 17:00 UTC on Saturday.
OPENS = datetime(2026, 11, 28, 17, tzinfo=UTC)


def event(at: datetime, kind: Kind = Kind.FIRED, severity: Severity = Severity.TWO, *actions: object) -> Event:
    made = alert(severity=severity, actions=actions or (PAGER,))
    return Event(at, kind, rules.of(made), (), 3.0)


@pytest.mark.parametrize(
    ("at", "silent"),
    [
        (OPENS - timedelta(seconds=1), False),
        (OPENS, True),
        (OPENS + timedelta(minutes=119), True),
        (OPENS + timedelta(hours=2), False),
        (OPENS + timedelta(days=1), False),
        (OPENS + timedelta(days=7), True),
        # 02:30 on Sunday by UTC is 11:30 in Korea.
        (datetime(2026, 11, 29, 2, 30, tzinfo=UTC), False),
    ],
)
def test_the_window_is_sunday_from_two_to_four_in_korea(at: datetime, silent: bool) -> None:
    assert silences(WINDOW, event(at)) is silent


def test_severity_1_is_told_in_the_window_too() -> None:
    (one,) = deliver([event(OPENS, Kind.FIRED, Severity.ONE)], [WINDOW])
    assert one.kept_back == ""


def test_an_alert_silenced_when_it_fires_is_not_told_when_the_window_ends() -> None:
    fired = event(OPENS + timedelta(minutes=115))
    resolved = replace(fired, at=OPENS + timedelta(minutes=130), kind=Kind.RESOLVED)
    told = deliver([fired, resolved], [WINDOW])
    assert [(each.event.kind, each.kept_back) for each in told] == [
        (Kind.FIRED, "silenced by weekly"),
        (Kind.RESOLVED, ""),
    ]


def test_a_number_gets_one_text_message_in_five_minutes_and_the_pager_all() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    events = [event(at + timedelta(minutes=minute), Kind.FIRED, Severity.ONE, PAGER, SMS) for minute in (0, 1, 4, 5, 9)]
    told = deliver(events, [])
    assert [each.kept_back for each in told if each.action is PAGER] == [""] * 5
    assert [bool(each.kept_back) for each in told if each.action is SMS] == [False, True, True, False, True]
    assert told[3].kept_back == "one text message in 5 minutes"


def test_that_a_rule_is_true_tells_nobody() -> None:
    assert deliver([event(OPENS, Kind.TRUE)], []) == []


def test_a_zone_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="'weekly': time zone 'Elsewhere'"):
        silences(replace(WINDOW, time_zone="Elsewhere"), event(OPENS))


def test_a_window_over_midnight_is_refused_and_does_not_silence_nothing() -> None:
    with pytest.raises(ValueError, match="'weekly': ends at '03:00:00', not after '23:00:00'"):
        silences(replace(WINDOW, start="23:00:00", end="03:00:00"), event(OPENS))


# --- an ad-hoc window ---------------------------------------------------------------------------------------

QUIET = Silence(
    begins=OPENS, ends=OPENS + timedelta(hours=2), time_zone="Korea Standard Time",
    severities=(Severity.TWO, Severity.THREE), why="database migration", services=("trip-service",),
)  # fmt: skip


def of_service(at: datetime, role: str, severity: Severity = Severity.TWO) -> Event:
    return replace(event(at, Kind.FIRED, severity), dims=(("service", role),))


@pytest.mark.parametrize(
    ("fired", "silent"),
    [
        (of_service(OPENS, "trip-service"), True),
        (of_service(OPENS - timedelta(seconds=1), "trip-service"), False),
        (of_service(OPENS + timedelta(hours=2), "trip-service"), False),
        (of_service(OPENS, "ai-service"), False),
        (of_service(OPENS, "trip-service", Severity.ONE), False),
        (event(OPENS), False),
    ],
)
def test_an_ad_hoc_window_silences_its_services_and_severities_until_it_ends(fired: Event, silent: bool) -> None:
    (told,) = deliver([fired], [QUIET])
    assert told.kept_back == ("silenced by database migration" if silent else "")


def test_an_ad_hoc_window_of_some_alerts_silences_no_other() -> None:
    fired = event(OPENS)
    named = replace(QUIET, services=(), alerts=(fired.rule.alert.id,))
    assert silences(named, fired)
    assert not silences(replace(named, alerts=("another",)), fired)
