"""One operation by its id, and the operations worth looking at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kql import trace
from observability.model.query import Query
from tests.kql.stored import NOON, Rows

Row = dict[str, Any]
ONE = {"operation_id": "op-1"}


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def request(second: float, operation: str, took: float, **more: Any) -> Row:
    return {
        "TimeGenerated": at(second),
        "AppRoleName": "trip-service",
        "Name": "GET /trips",
        "ResultCode": "200",
        "Success": True,
        "DurationMs": took,
        "ItemCount": 10,
        "OperationId": operation,
        "Id": f"r{second}",
        **more,
    }


def call(second: float, operation: str) -> Row:
    return {
        "TimeGenerated": at(second),
        "AppRoleName": "trip-service",
        "DependencyType": "SQL",
        "Name": "select",
        "Target": "tripgen-prod",
        "ResultCode": "0",
        "Success": True,
        "DurationMs": 4.0,
        "OperationId": operation,
        "Id": f"d{second}",
        "ItemCount": 10,
    }


def test_the_steps_of_an_operation_are_its_requests_and_calls_in_order(rows: Rows) -> None:
    given = {
        "AppRequests": [request(1, "op-1", 50.0), request(2, "op-2", 50.0)],
        "AppDependencies": [call(1.5, "op-1"), call(0.5, "op-2")],
    }
    assert [(row["type"], row["target"], row["span"]) for row in rows(trace.STEPS, given, params=ONE)] == [
        ("request", "", "r1"),
        ("SQL", "tripgen-prod", "d1.5"),
    ]


def test_its_exceptions_and_logs_come_in_order(rows: Rows) -> None:
    exceptions = [
        {"TimeGenerated": at(2), "OperationId": "op-1", "ExceptionType": "Timeout", "AppRoleName": "a", "ItemCount": 1},
        {"TimeGenerated": at(1), "OperationId": "op-1", "ExceptionType": "Refused", "AppRoleName": "a", "ItemCount": 1},
        {"TimeGenerated": at(0), "OperationId": "op-2", "ExceptionType": "Other", "AppRoleName": "a", "ItemCount": 1},
    ]
    assert [row["type"] for row in rows(trace.EXCEPTIONS, {"AppExceptions": exceptions}, params=ONE)] == [
        "Refused",
        "Timeout",
    ]
    lines = [
        {"TimeGenerated": at(n), "OperationId": "op-1", "Message": f"m{n}", "SeverityLevel": level, "ItemCount": 1}
        for n, level in enumerate((1, 3, 2, 0, 4))
    ]
    assert [(row["Message"], row["level"]) for row in rows(trace.LOGS, {"AppTraces": lines}, params=ONE)] == [
        ("m0", "info"),
        ("m1", "error"),
        ("m2", "warning"),
        ("m3", "debug"),
        ("m4", "critical"),
    ]


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        (trace.STEPS, {"AppRequests": [request(1, "", 1.0)], "AppDependencies": [call(1, "")]}),
        (trace.EXCEPTIONS, {"AppExceptions": [{"TimeGenerated": at(1), "OperationId": "", "ItemCount": 1}]}),
        (trace.LOGS, {"AppTraces": [{"TimeGenerated": at(1), "OperationId": "", "ItemCount": 1}]}),
    ],
    ids=["steps", "exceptions", "logs"],
)
def test_without_an_id_nothing_is_shown_not_all_rows_that_have_none(
    rows: Rows, query: Query, tables: dict[str, list[Row]]
) -> None:
    assert rows(query, tables) == []


def test_failed_requests_come_first_then_the_slowest_with_what_each_stands_for(rows: Rows) -> None:
    given = [
        request(1, "fast", 199.0),
        request(2, "slow", 900.0),
        request(3, "failed", 20.0, Success=False, ResultCode="503"),
        request(4, "slower", 1500.0, ItemCount=20),
        request(5, "typing-error", 10.0, Success=False, ResultCode="404"),
    ]
    assert [
        (row["operation_id"], row["failed"], row["stands_for"])
        for row in rows(trace.TO_LOOK_AT, {"AppRequests": given})
    ] == [
        ("failed", True, 10),
        ("slower", False, 20),
        ("slow", False, 10),
    ]


def test_the_ai_service_is_held_to_its_own_goal(rows: Rows) -> None:
    given = [
        request(1, "in-time", 4900.0, AppRoleName="ai-service"),
        request(2, "late", 5100.0, AppRoleName="ai-service"),
    ]
    assert [row["operation_id"] for row in rows(trace.TO_LOOK_AT, {"AppRequests": given})] == ["late"]
