"""Measures behind single numbers: what they count, and that nothing measured is no number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from observability.model.query import Query
from observability.model.signal import Signal
from observability.render import kql
from observability.signals import delivery, key_vault, overview, recovery, security
from tests.kql.stored import NOON, Rows

Row = dict[str, Any]


def now(signal: Signal, *names: str) -> Query:
    """The measure as a single number reads it."""
    assert signal.kql is not None
    # Whole numbers and shares alike, so that one type fits all.
    text = f"{kql.now(signal.kql)}\n| extend value = todouble(value)"
    columns = {**dict.fromkeys(names, "string"), "value": "real"}
    return Query(id="measure", title=signal.title, text=text, columns=columns)


def check(minute: float, success: bool, name: str = "check-trip") -> Row:
    return {"TimeGenerated": NOON + timedelta(minutes=minute), "Name": name, "Success": success, "ItemCount": 1}


def request(took: float, *, code: str = "200", weight: int = 10, role: str = "trip-service", version: str = "1") -> Row:
    return {
        "TimeGenerated": NOON + timedelta(minutes=1),
        "AppRoleName": role,
        "AppVersion": version,
        "Success": code < "400",
        "ResultCode": code,
        "DurationMs": took,
        "ItemCount": weight,
    }


@pytest.mark.parametrize(
    ("signal", "tables"),
    [
        (overview.AVAILABILITY, ("AppAvailabilityResults",)),
        (overview.REQUESTS, ("AppRequests",)),
        (overview.ERROR_RATE, ("AppRequests",)),
        (overview.API_P95, ("AppRequests",)),
        (recovery.SINCE_SUCCESS, ("AppAvailabilityResults",)),
        (security.SIGN_IN_FAILURES, ("SigninLogs",)),
        (security.REFUSED_API_CALLS, ("AKSAudit",)),
        (security.POD_COMMANDS, ("AKSAudit",)),
        (security.FIREWALL_DENIED, ("AZFWNetworkRule",)),
        (key_vault.DUE, ("AZKVAuditLogs",)),
        (key_vault.REFUSED_CALLS, ("AZKVAuditLogs",)),
        (delivery.VERSIONS_SERVING, ("AppRequests",)),
    ],
    ids=lambda value: value.name if isinstance(value, Signal) else "",
)
def test_nothing_measured_is_no_number_and_never_none_of_it(
    rows: Rows, signal: Signal, tables: tuple[str, ...]
) -> None:
    assert signal.kql is not None
    assert rows(now(signal, *signal.kql.by), {table: [] for table in tables}) == []


def test_all_in_all_each_request_counts_as_many_as_it_stands_for(rows: Rows) -> None:
    given = {
        "AppRequests": [request(100.0, weight=30), request(500.0, code="500", weight=10), request(90.0, code="404")]
    }

    (total,) = rows(now(overview.REQUESTS), given)
    (errors,) = rows(now(overview.ERROR_RATE), given)
    assert (total["value"], errors["value"]) == (50, 20.0)


def test_the_ai_service_does_not_slow_the_others_down(rows: Rows) -> None:
    given = [request(100.0, weight=95), request(300.0, weight=1), request(9000.0, weight=50, role="ai-service")]
    (found,) = rows(now(overview.API_P95), {"AppRequests": given})
    assert found["value"] == 100.0


def test_availability_all_in_all_is_the_share_of_all_checks(rows: Rows) -> None:
    given = [check(n, n != 3, f"check-{n % 2}") for n in range(8)]
    (found,) = rows(now(overview.AVAILABILITY), {"AppAvailabilityResults": given})
    assert found["value"] == 87.5


def test_time_away_counts_from_the_last_success_and_without_one_from_the_first_check(rows: Rows) -> None:
    given = [
        check(0, True),
        check(20, False),
        check(30, False),
        check(10, False, "check-ai"),
        check(25, False, "check-ai"),
    ]
    found = {
        row["check"]: row["value"]
        for row in rows(now(recovery.SINCE_SUCCESS, "check"), {"AppAvailabilityResults": given})
    }
    # Ten minutes apart, whatever the time is now.
    assert found["check-trip"] - found["check-ai"] == pytest.approx(10, abs=0.1)


def test_sign_ins_that_all_worked_are_no_failures(rows: Rows) -> None:
    worked = {"TimeGenerated": NOON, "ResultType": "0"}
    (none,) = rows(now(security.SIGN_IN_FAILURES), {"SigninLogs": [worked]})
    (one,) = rows(now(security.SIGN_IN_FAILURES), {"SigninLogs": [worked, {**worked, "ResultType": "50126"}]})
    assert (none["value"], one["value"]) == (0, 1)


def test_entering_a_pod_and_being_refused_are_counted_apart(rows: Rows) -> None:
    def audited(part: str, code: int) -> Row:
        return {"TimeGenerated": NOON, "ObjectRef": {"subresource": part}, "ResponseStatus": {"code": code}}

    given = {"AKSAudit": [audited("exec", 101), audited("status", 403), audited("", 200), audited("portforward", 401)]}
    (entered,) = rows(now(security.POD_COMMANDS), given)
    (refused,) = rows(now(security.REFUSED_API_CALLS), given)
    assert (entered["value"], refused["value"]) == (2, 2)


def test_what_is_due_is_counted_by_object_and_not_by_announcement(rows: Rows) -> None:
    def said(name: str, operation: str) -> Row:
        return {
            "TimeGenerated": NOON,
            "Id": "",
            "OperationName": operation,
            "HttpStatusCode": 200,
            "Properties": {"eventGridEventProperties": {"data": {"ObjectName": name}}},
        }

    given = [
        said("a", "SecretNearExpiryEventGridNotification"),
        said("a", "SecretNearExpiryEventGridNotification"),
        said("b", "SecretNearExpiryEventGridNotification"),
        said("c", "SecretGet"),
    ]
    (found,) = rows(now(key_vault.DUE), {"AZKVAuditLogs": given})
    assert found["value"] == 2


def test_two_versions_of_a_service_serve_while_it_is_deployed(rows: Rows) -> None:
    given = [request(1.0), request(1.0, version="2"), request(1.0, role="ai-service"), request(1.0, version="")]
    found = rows(now(delivery.VERSIONS_SERVING, "service"), {"AppRequests": given})
    assert {row["service"]: row["value"] for row in found} == {"trip-service": 2, "ai-service": 1}
