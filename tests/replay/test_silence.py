"""A scenario replayed with an ad-hoc window: the alert fires as before, and nobody is called."""

from __future__ import annotations

from datetime import timedelta

from observability import scenarios
from observability.catalog import load
from observability.model.alert import Severity, Silence
from observability.replay import incident


def test_an_incident_in_the_window_of_its_service_fires_and_calls_nobody() -> None:
    scenario = next(each for each in scenarios.load() if each.id == "errors-above-line")
    alerts = [alert for alert in load().alerts if alert.id == "high-error-rate"]
    held = incident.telemetry(scenario, alerts)
    silence = Silence(
        begins=scenario.begins - timedelta(hours=1), ends=scenario.ends + timedelta(hours=1),
        time_zone="Korea Standard Time", severities=(Severity.TWO, Severity.THREE), why="x", services=("location-service",),
    )  # fmt: skip
    (paged,) = incident.play(scenario, alerts, held, []).alarms
    (silent,) = incident.play(scenario, alerts, held, [silence]).alarms
    assert paged.actions == ("pagerduty", "teams")
    assert silent.actions == ()
    assert silent.fired_at == paged.fired_at
