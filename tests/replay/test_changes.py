"""Another number for one replay, and what it makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from observability.model.alert import Alert
from observability.model.units import minutes, percent
from observability.replay.changes import WrongChange, changed


def one(own_alerts: tuple[Alert, ...], *changes: str) -> Alert:
    return next(alert for alert in changed(own_alerts, changes) if alert.id == changes[0].split(".")[0])


def test_a_threshold_is_read_in_the_alert_s_own_unit(own_alerts: tuple[Alert, ...]) -> None:
    assert one(own_alerts, "high-error-rate.above=2.5").above == percent(2.5)
    assert one(own_alerts, "service-unavailable.below=99").below == percent(99)
    assert one(own_alerts, "database-connection-pool-exhausted.above=90").above == percent(90)


def test_window_frequency_pending_and_parameters_change_too(own_alerts: tuple[Alert, ...]) -> None:
    made = one(own_alerts, "high-error-rate.window=10m", "high-error-rate.every=5m", "high-error-rate.floor=500")
    assert (made.window, made.every, made.params) == (minutes(10), minutes(5), {"floor": 500})
    assert one(own_alerts, "pod-crash-loop.pending=3m").pending == timedelta(minutes=3)


def test_the_other_alerts_and_the_given_ones_stay_as_they_are(own_alerts: tuple[Alert, ...]) -> None:
    found = changed(own_alerts, ["high-error-rate.above=2"])
    assert [alert.id for alert in found] == [alert.id for alert in own_alerts]
    assert sum(a is b for a, b in zip(found, own_alerts, strict=True)) == len(own_alerts) - 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("high-error-rate", "write ALERT.SETTING=VALUE, such as high-error-rate.above=2"),
        ("high-error-rate.above", "write ALERT.SETTING=VALUE"),
        ("high-eror-rate.above=2", "there is no alert 'high-eror-rate'; did you mean 'high-error-rate'?"),
        ("nothing.above=2", "there is no alert 'nothing'; there are "),
        ("high-error-rate.below=2", "the alert has 'above', not 'below'"),
        ("high-error-rate.above=much", "'much' is not a number"),
        ("high-error-rate.above=nan", "'nan' is not a number"),
        ("high-error-rate.above=inf", "'inf' is not a number"),
        ("high-error-rate.window=soon", "write 90s, 5m or 1h"),
        ("high-error-rate.window=90s", "give whole minutes, one or more"),
        (
            "high-error-rate.severity=1",
            "there is no setting 'severity'; there are above, window, every, pending, floor",
        ),
    ],
)
def test_a_wrong_change_says_what_would_be_taken(own_alerts: tuple[Alert, ...], change: str, said: str) -> None:
    with pytest.raises(WrongChange) as raised:
        changed(own_alerts, [change])
    assert said in str(raised.value)
