"""Deployments, new versions and those taken back, on rows that a test writes down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kql import delivery
from observability.model.verdict import Outcome
from tests.kql.stored import NOON, Rows

Row = dict[str, Any]


def minute(at: float) -> datetime:
    return NOON + timedelta(minutes=at)


def request(at: float, version: str, *, service: str = "trip-service", failed: bool = False, weight: int = 10) -> Row:
    return {
        "TimeGenerated": minute(at),
        "AppRoleName": service,
        "AppVersion": version,
        "Success": not failed,
        "ResultCode": "500" if failed else "200",
        "ItemCount": weight,
    }


def audited(at: float, name: str = "trip-service", **more: Any) -> Row:
    objects = {
        "resource": more.pop("resource", "deployments"),
        "namespace": more.pop("space", "production"),
        "name": name,
        "subresource": more.pop("part", ""),
    }
    return {
        "TimeGenerated": minute(at),
        "Verb": more.pop("verb", "patch"),
        "RequestUri": f"/apis/apps/v1/namespaces/{objects['namespace']}/{objects['resource']}/{name}",
        "ObjectRef": objects,
        "User": {"username": more.pop("who", "system:serviceaccount:argocd:argocd-application-controller")},
        "ResponseStatus": {"code": more.pop("code", 200)},
    }


def test_a_deployment_is_marked_once_a_minute_with_who_did_it(rows: Rows) -> None:
    given = [audited(1), audited(1.2), audited(20, who="kim@example.com", verb="update")]
    assert [
        (row["TimeGenerated"], row["text"], row["tags"]) for row in rows(delivery.DEPLOYMENTS, {"AKSAudit": given})
    ] == [
        (minute(20), "trip-service: update, kim@example.com", "deployment,trip-service"),
        (
            minute(1),
            "trip-service: patch, system:serviceaccount:argocd:argocd-application-controller",
            "deployment,trip-service",
        ),
    ]


@pytest.mark.parametrize(
    "row",
    [
        audited(1, part="status"),
        audited(1, part="scale"),
        audited(1, code=409),
        audited(1, space="kube-system"),
        audited(1, resource="replicasets"),
        audited(1, verb="get"),
        audited(1, who="system:serviceaccount:kube-system:deployment-controller"),
    ],
)
def test_what_changes_no_deployment_is_no_mark(rows: Rows, row: Row) -> None:
    assert rows(delivery.DEPLOYMENTS, {"AKSAudit": [row]}) == []


def test_a_version_is_new_only_where_another_was_there_before(rows: Rows) -> None:
    given = [
        request(0, "1.4"),
        request(1, "9", service="ai-service"),
        request(30, "1.5"),
        request(31, "1.4"),
        request(40, "1.5"),
    ]
    assert [
        (row["TimeGenerated"], row["text"], row["tags"]) for row in rows(delivery.NEW_VERSIONS, {"AppRequests": given})
    ] == [(minute(30), "trip-service 1.5", "version,trip-service")]


def test_both_colours_at_the_beginning_of_the_range_are_old(rows: Rows) -> None:
    given = [request(0, "blue"), request(4, "green"), request(50, "green")]
    assert rows(delivery.NEW_VERSIONS, {"AppRequests": given}) == []


def test_a_version_that_an_older_one_outlives_was_taken_back_after_as_long_as_it_served(rows: Rows) -> None:
    given = [
        request(0, "1.4"),
        request(10, "1.5", failed=True, weight=5),
        request(12, "1.5", weight=15),
        request(13, "1.4"),
        request(40, "1.4"),
    ]
    (found,) = rows(delivery.ROLLBACKS, {"AppRequests": given})
    assert (found["service"], found["version"], found["back_to"]) == ("trip-service", "1.5", "1.4")
    assert (found["served_minutes"], found["total"], found["error_percent"]) == (2.0, 20, 25.0)


def test_a_rollback_within_three_minutes_passes_and_a_later_one_fails(rows: Rows) -> None:
    quick = [request(0, "1.4"), request(10, "1.5"), request(12, "1.5"), request(30, "1.4")]
    slow = [
        request(0, "1", service="ai-service"),
        request(10, "2", service="ai-service"),
        request(13.5, "2", service="ai-service"),
        request(40, "1", service="ai-service"),
    ]
    found = rows(delivery.ROLLBACK_TIME, {"AppRequests": quick + slow})
    assert [tuple(row.values()) for row in found] == [("ai-service", 2, 1, 3.5), ("trip-service", 2, 1, 2.0)]
    assert delivery.ROLLBACK_TIME.verdict is not None
    judged = [delivery.ROLLBACK_TIME.verdict.of(row["longest_minutes"]) for row in found]
    assert judged == [Outcome.FAIL, Outcome.PASS]


def test_a_service_without_a_rollback_passes_and_one_without_versions_is_not_there(rows: Rows) -> None:
    given = [request(0, "1.4"), request(30, "1.4"), request(1, "", service="ai-service")]
    found = rows(delivery.ROLLBACK_TIME, {"AppRequests": given})
    assert [tuple(row.values()) for row in found] == [("trip-service", 1, 0, 0.0)]
    assert rows(delivery.ROLLBACK_TIME, {"AppRequests": []}) == []
    assert delivery.ROLLBACK_TIME.verdict is not None
    assert delivery.ROLLBACK_TIME.verdict.empty is Outcome.NO_DATA


def test_a_deployment_that_went_well_and_one_under_way_are_no_rollbacks(rows: Rows) -> None:
    well = [request(0, "1.4"), request(10, "1.5"), request(11, "1.4"), request(50, "1.5")]
    under_way = [
        request(0, "1", service="ai-service"),
        request(49, "2", service="ai-service"),
        request(50, "1", service="ai-service"),
    ]
    assert rows(delivery.ROLLBACKS, {"AppRequests": well + under_way}) == []


def test_requests_without_a_version_say_nothing(rows: Rows) -> None:
    given = [request(0, ""), request(30, ""), request(31, "1.4")]
    assert rows(delivery.ROLLBACKS, {"AppRequests": given}) == []
    assert rows(delivery.NEW_VERSIONS, {"AppRequests": given}) == []
