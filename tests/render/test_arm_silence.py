"""An ad-hoc window as processing rules: the whole resource, its filters, and names that come of its content."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from observability.catalog import load
from observability.design.services import SERVICES
from observability.design.telemetry import RESOURCES
from observability.model.alert import Severity, Silence
from observability.render import arm_silence

KST = timezone(timedelta(hours=9))
ALERTS = {alert.id: alert for alert in load().alerts}
MADE = Silence(
    begins=datetime(2026, 11, 28, 16, 0, tzinfo=KST),
    ends=datetime(2026, 11, 28, 18, 0, tzinfo=KST),
    time_zone="Korea Standard Time",
    severities=(Severity.TWO, Severity.THREE),
    why="DB 이전",
    by="Kim",
    alerts=("high-error-rate",),
    services=("trip-service",),
)


def test_a_window_is_a_rule_that_begins_and_ends_by_itself_in_korean_time() -> None:
    (rule,) = arm_silence.rules(MADE)
    assert rule == {
        "type": "Microsoft.AlertsManagement/actionRules",
        "apiVersion": "2021-08-08",
        "name": rule["name"],
        "location": "Global",
        "properties": {
            "enabled": True,
            "description": "DB 이전 (Kim)",
            "scopes": ["[resourceGroup().id]"],
            "conditions": [
                {"field": "Severity", "operator": "Equals", "values": ["Sev2", "Sev3"]},
                {"field": "AlertRuleName", "operator": "Contains", "values": ["alert-tripgen-high-error-rate"]},
                {"field": "AlertContext", "operator": "Contains", "values": ["trip-service"]},
            ],
            "schedule": {
                "effectiveFrom": "2026-11-28T16:00:00",
                "effectiveUntil": "2026-11-28T18:00:00",
                "timeZone": "Korea Standard Time",
            },
            "actions": [{"actionType": "RemoveAllActionGroups"}],
        },
    }


def conditions(**changed: Any) -> list[dict[str, Any]]:
    return [rule["properties"]["conditions"] for rule in arm_silence.rules(replace(MADE, **changed))]


def test_what_is_not_named_is_no_condition() -> None:
    assert conditions(alerts=(), services=()) == [
        [{"field": "Severity", "operator": "Equals", "values": ["Sev2", "Sev3"]}]
    ]


def test_more_alerts_than_a_condition_has_values_are_several_rules_of_one_name() -> None:
    six = tuple(f"alert-{number}" for number in range(6))
    made = arm_silence.rules(replace(MADE, alerts=six))
    assert [len(rule["properties"]["conditions"][1]["values"]) for rule in made] == [5, 1]
    first, second = (rule["name"] for rule in made)
    assert (first[:-1], first[-1], second[-1]) == (second[:-1], "1", "2")


@pytest.mark.parametrize(
    "changed",
    [
        {"why": "something else"},
        {"by": ""},
        {"ends": MADE.ends + timedelta(minutes=1)},
        {"begins": MADE.begins + timedelta(minutes=1)},
        {"severities": (Severity.TWO,)},
        {"alerts": ()},
        {"services": ()},
    ],
)
def test_the_same_window_has_the_same_name_and_another_has_another(changed: Any) -> None:
    (one,), (again,) = arm_silence.rules(MADE), arm_silence.rules(replace(MADE))
    other = arm_silence.rules(replace(MADE, **changed))[0]
    assert one["name"] == again["name"] != other["name"]
    assert one["name"].startswith("apr-tripgen-silence-")


def test_a_reason_that_looks_like_an_expression_stays_a_text() -> None:
    (rule,) = arm_silence.rules(replace(MADE, why="[concat('a')]", by=""))
    assert rule["properties"]["description"] == "[[concat('a')]"


# --- what can be told apart ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ident", "service", "apart"),
    [
        ("high-error-rate", "trip-service", True),
        ("pod-crash-loop", "trip-service", True),
        # Its query names the ai service, to leave it out: every alert of it would hold that name.
        ("api-latency-budget-burning", "ai-service", False),
        ("api-latency-budget-burning", "trip-service", True),
        # Its expression names all four.
        ("pods-below-pdb", "trip-service", False),
        # Its label is "trip", which "tripgen" holds too.
        ("service-unavailable", "trip-service", False),
        ("node-not-ready", "trip-service", False),
    ],
)
def test_an_alert_is_told_apart_by_what_only_that_services_alert_says(ident: str, service: str, apart: bool) -> None:
    assert arm_silence.tells_apart(ALERTS[ident], [service], RESOURCES) is apart


def test_no_service_has_a_name_that_is_part_of_anothers() -> None:
    roles = [service.role for service in SERVICES]
    assert [(one, other) for one in roles for other in roles if one != other and one in other] == []


def test_what_is_covered_is_of_the_severities_and_of_rules_whose_name_begins_with_one_that_was_named() -> None:
    named = replace(MADE, alerts=("high-error-rate", "service-unavailable"))
    longer = replace(ALERTS["high-error-rate"], id="high-error-rate-at-night")
    alerts = [*ALERTS.values(), longer]
    assert [alert.id for alert in arm_silence.covered(named, alerts)] == ["high-error-rate", "high-error-rate-at-night"]
    every = arm_silence.covered(replace(MADE, alerts=(), severities=(Severity.ONE,)), alerts)
    assert [alert.id for alert in every] == ["service-unavailable"]
