"""The first ten minutes of an incident that is written down here."""

from __future__ import annotations

from typing import Any

from alerts.services import HIGH_ERROR_RATE
from kql import triage
from tests.kql.stored import Rows, at

Row = dict[str, Any]


def request(minute: float, ok: bool = True, weight: int = 10, **cells: Any) -> Row:
    row = {
        "TimeGenerated": at(minute),
        "AppRoleName": "trip-service",
        "AppRoleInstance": "trip-service-1",
        "Success": ok,
        "ResultCode": "200" if ok else "503",
        "DurationMs": 100.0,
        "ItemCount": weight,
    }
    return {**row, **cells}


def test_what_broke_holds_the_last_ten_minutes_against_those_before(rows: Rows) -> None:
    given = [
        *(request(minute) for minute in range(60)),
        *(request(minute, ok=False) for minute in range(55, 60)),
        *(request(minute, AppRoleName="user-service") for minute in range(40)),
    ]
    found = {row["service"]: row for row in rows(triage.WHAT_BROKE, {"AppRequests": given})}
    # Newest row at minute 59: just now is after minute 49, ten rows and five errors.
    assert found["trip-service"] == {
        "service": "trip-service",
        "total": 150,
        "before_total": 500,
        "minutes_before": 49.0,
        "error_percent": 100 * 50 / 150,
        "before_error_percent": 0.0,
        "p95_ms": 100.0,
    }
    # Fell silent: no share of nothing.
    assert (found["user-service"]["total"], found["user-service"]["error_percent"]) == (0, None)


def test_since_when_is_the_first_minute_above_the_objective(rows: Rows) -> None:
    given = [
        *(request(minute, weight=1000) for minute in range(30)),
        request(5, ok=False, weight=1),  # 0.0999 % of its minute
        request(10, ok=False, weight=50),  # one row is one error of a healthy day
        *(request(minute, ok=False, weight=5) for minute in range(20, 24) for _ in range(2)),
        request(21, ok=False, weight=100),
    ]
    (found,) = rows(triage.SINCE_WHEN, {"AppRequests": given})
    assert (found["first_bad"], found["last_bad"], found["bad_minutes"], found["minutes_seen"]) == (
        at(20),
        at(23),
        4,
        30,
    )
    assert (found["worst_at"], found["errors"]) == (at(21), 191)


def test_one_sampled_error_of_a_quiet_night_is_seen_where_a_page_begins(rows: Rows) -> None:
    # 19 requests that are kept and one error, each one of ten: 5 % of 200, above the alert's 1 % and its floor of 100.
    given = [
        *(request(minute, OperationName="GET /trips") for minute in range(19)),
        request(19, ok=False, OperationName="GET /trips"),
    ]
    first = HIGH_ERROR_RATE.first_steps[0]
    (found,) = rows(first, {"AppRequests": given})
    assert (found["operation"], found["errors"], found["kept"]) == ("GET /trips", 10, 1)
    assert rows(triage.SINCE_WHEN, {"AppRequests": given}) == []
    assert triage.SINCE_WHEN.look_for is not None
    assert first.id in triage.SINCE_WHEN.look_for.en


def test_one_pod_of_several_is_named(rows: Rows) -> None:
    given = [request(1), request(2, ok=False, AppRoleInstance="trip-service-2"), request(3)]
    found = rows(triage.ERRORS_BY_POD, {"AppRequests": given})
    assert [(row["pod"], row["errors"], row["since"]) for row in found] == [
        ("trip-service-2", 10, at(2)),
        ("trip-service-1", 0, None),
    ]


def test_only_pods_of_the_last_inventories_are_broken_now(rows: Rows) -> None:
    def listed(pod: str, minute: float, **cells: Any) -> Row:
        row = {
            "TimeGenerated": at(minute),
            "Namespace": "production",
            "Name": pod,
            "ContainerName": "uid/trip-service",
            "PodStatus": "Running",
            "ContainerStatus": "running",
        }
        return {**row, **cells}

    waiting = {"ContainerStatus": "waiting", "ContainerStatusReason": "CrashLoopBackOff"}
    given = [
        listed("broken", 58, **waiting),
        listed("replaced", 50, **waiting),
        listed("healed", 57, **waiting),
        listed("healed", 58),
    ]
    found = rows(triage.BROKEN_PODS, {"KubePodInventory": given})
    assert [(row["pod"], row["reason"]) for row in found] == [("broken", "CrashLoopBackOff")]


def test_a_new_version_is_seen_by_its_first_request(rows: Rows) -> None:
    given = [request(1, AppVersion="1.0"), request(40, ok=False, AppVersion="1.1"), request(50, AppVersion="1.1")]
    found = rows(triage.NEW_VERSIONS, {"AppRequests": given})
    assert [(row["version"], row["first_seen"], row["error_percent"]) for row in found] == [
        ("1.1", at(40), 50.0),
        ("1.0", at(1), 0.0),
    ]


def test_one_change_in_azure_is_one_line_with_its_last_state(rows: Rows) -> None:
    def activity(minute: float, state: str, **cells: Any) -> Row:
        row = {
            "TimeGenerated": at(minute),
            "CategoryValue": "Administrative",
            "OperationNameValue": "MICROSOFT.CACHE/REDIS/WRITE",
            "_ResourceId": "/redis",
            "Caller": "deployer",
            "CorrelationId": "1",
            "ActivityStatusValue": state,
        }
        return {**row, **cells}

    given = [
        activity(1, "Start"),
        activity(3, "Success"),
        activity(2, "Accept"),
        activity(2, "Success", OperationNameValue="MICROSOFT.CACHE/REDIS/READ"),
    ]
    found = rows(triage.AZURE_CHANGES, {"AzureActivity": given})
    assert [(row["began"], row["state"]) for row in found] == [(at(1), "Success")]


def test_affected_requests_are_weighed_and_users_are_those_that_were_kept(rows: Rows) -> None:
    given = [
        request(1, ok=False, UserId="a", SessionId="1", ClientCountryOrRegion="South Korea"),
        request(2, ok=False, weight=1, UserId="a", SessionId="2", ClientCountryOrRegion="South Korea"),
        request(3, ok=False, UserId="", SessionId="", ClientCountryOrRegion="Japan"),
        request(4, UserId="b", SessionId="3", ClientCountryOrRegion="Japan"),
        request(5, UserId="c", ResultCode="404", Success=False, ClientCountryOrRegion="Vietnam"),
    ]
    (found,) = rows(triage.USERS_AFFECTED, {"AppRequests": given})
    assert found == {
        "service": "trip-service",
        "failed_requests": 21,
        "total": 41,
        "failed_percent": 100 * 21 / 41,
        "users_hit": 1,
        "users_seen": 3,
        "sessions_hit": 2,
    }
    regions = rows(triage.REGIONS_AFFECTED, {"AppRequests": given})
    assert [(row["country"], row["failed_requests"], row["total"]) for row in regions] == [
        ("South Korea", 11, 11),
        ("Japan", 10, 20),
    ]
