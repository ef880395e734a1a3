"""Rows of requests and checks as the agents store them, and what a query's verdict says of its answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from observability.model.query import Query
from observability.model.verdict import Outcome

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Rows = Callable[..., list[dict[str, Any]]]


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def requests(number: int, minute: float = 1, **cells: Any) -> list[dict[str, Any]]:
    """So many stored rows of a request that was answered in 100 ms and stands for ten."""
    ok = {
        "TimeGenerated": at(minute),
        "AppRoleName": "user-service",
        "OperationName": "GET /api/user/me",
        "Success": True,
        "ResultCode": "200",
        "DurationMs": 100.0,
        "ItemCount": 10,
    }
    return [{**ok, **cells}] * number


def failed(number: int, code: str = "500", minute: float = 1, **cells: Any) -> list[dict[str, Any]]:
    return requests(number, minute, Success=False, ResultCode=code, **cells)


def checks(
    number: int, ok: bool = True, minute: float = 1, name: str = "check-user", **cells: Any
) -> list[dict[str, Any]]:
    row = {"TimeGenerated": at(minute), "Name": name, "Location": "Japan East", "Success": ok, "ItemCount": 1}
    return [{**row, **cells}] * number


def outcomes(query: Query, found: list[dict[str, Any]]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]
