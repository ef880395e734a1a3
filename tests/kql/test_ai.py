"""The ai service's pack, on requests and calls that are written down here."""

from __future__ import annotations

from typing import Any

import pytest

from kql import ai
from observability.model.query import Query
from observability.model.verdict import Outcome
from tests.kql.stored import Rows, at

Row = dict[str, Any]


def itineraries(number: int, seconds: float, weight: int = 10, **cells: Any) -> list[Row]:
    row = {
        "TimeGenerated": at(1),
        "AppRoleName": "ai-service",
        "OperationName": "POST /api/ai/schedules",
        "Success": True,
        "ResultCode": "200",
        "DurationMs": seconds * 1000,
        "ItemCount": weight,
    }
    return [{**row, **cells}] * number


def health_checks(number: int) -> list[Row]:
    return itineraries(number, 0.002, OperationName="GET /actuator/health")


def calls(number: int, code: str = "200", weight: int = 10, **cells: Any) -> list[Row]:
    row = {
        "TimeGenerated": at(1),
        "AppRoleName": "ai-service",
        "DependencyType": "HTTP",
        "Target": "api.openai.com",
        "Success": code == "200",
        "ResultCode": code,
        "DurationMs": 900.0,
        "ItemCount": weight,
    }
    return [{**row, **cells}] * number


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


@pytest.mark.parametrize(("seconds", "says"), [(5.0, Outcome.PASS), (5.5, Outcome.FAIL)])
def test_an_itinerary_may_take_exactly_five_seconds_and_health_checks_hide_nothing(
    rows: Rows, seconds: float, says: Outcome
) -> None:
    given = [*itineraries(9, 1.0), *itineraries(1, seconds), *health_checks(500)]
    (found,) = rows(ai.LATENCY, {"AppRequests": given})
    assert (found["total"], found["p50_seconds"], found["p95_seconds"]) == (100, 1.0, seconds)
    assert outcomes(ai.LATENCY, [found]) == [says]


def test_a_slow_itinerary_of_weight_one_counts_once(rows: Rows) -> None:
    given = [*itineraries(10, 1.0), *itineraries(5, 9.0, weight=1)]
    (found,) = rows(ai.LATENCY, {"AppRequests": given})
    # 5 of 105 are inside the 95th percentile.
    assert found["p95_seconds"] == 1.0
    assert found["slow_percent"] == pytest.approx(100 * 5 / 105)


def test_only_health_checks_are_no_itinerary(rows: Rows) -> None:
    assert rows(ai.LATENCY, {"AppRequests": health_checks(10)}) == []
    assert rows(ai.LATENCY, {"AppRequests": itineraries(3, 1.0, TimeGenerated=at(60))}) == []


@pytest.mark.parametrize(("bad", "says"), [(10, Outcome.PASS), (11, Outcome.FAIL)])
def test_a_provider_fails_where_its_circuit_breaker_opens(rows: Rows, bad: int, says: Outcome) -> None:
    given = [
        *calls(20 - bad),
        *calls(bad, code="503"),
        *calls(50, code="500", Target="tripgen-prod.redis.cache.windows.net", DependencyType="Redis"),
        *calls(50, code="500", Target="trip-service.production.svc.cluster.local"),
        *calls(50, code="500", Target="location-service:8080"),
        *calls(50, code="500", AppRoleName="trip-service"),
    ]
    found = rows(ai.PROVIDERS, {"AppDependencies": given})
    assert [(row["target"], row["calls"], row["failures"]) for row in found] == [("api.openai.com", 200, bad * 10)]
    assert outcomes(ai.PROVIDERS, found) == [says]


def test_timeouts_are_failed_calls_without_an_answer_or_too_long(rows: Rows) -> None:
    given = [
        *calls(2),
        *calls(1, code="0"),
        *calls(1, code="504", weight=1),
        *calls(1, code="500"),
        *calls(1, code="500", DurationMs=5000.0),
        *calls(3, DurationMs=9000.0),  # slow, and it came
        *calls(2, code="429", weight=1),
    ]
    (found,) = rows(ai.PROVIDERS, {"AppDependencies": given})
    assert (found["calls"], found["timeouts"], found["throttled"]) == (83, 21, 2)
    (by_time,) = rows(ai.TIMEOUTS, {"AppDependencies": given})
    assert (by_time["TimeGenerated"], by_time["timeouts"]) == (at(0), 21)


def test_no_call_to_a_provider_is_no_row(rows: Rows) -> None:
    assert rows(ai.PROVIDERS, {"AppDependencies": []}) == []


def test_a_failed_request_has_the_reason_of_its_longest_failed_call(rows: Rows) -> None:
    def broken(operation: str, weight: int = 10) -> list[Row]:
        return itineraries(1, 6.0, weight, Success=False, ResultCode="500", OperationId=operation)

    requests = [
        *broken("quota"),
        *broken("late"),
        *broken("database", 1),
        *broken("itself"),
        *itineraries(1, 1.0, OperationId="fine"),
        *itineraries(1, 1.0, OperationId="typo", Success=False, ResultCode="404"),
    ]
    dependencies = [
        *calls(1, code="429", OperationId="quota"),
        *calls(1, code="503", DurationMs=10.0, OperationId="late"),
        *calls(1, code="0", DurationMs=5000.0, OperationId="late"),
        *calls(1, code="08006", OperationId="database", DependencyType="SQL", Target="tripgen-prod"),
        *calls(1, OperationId="itself"),
        *calls(1, code="500", OperationId="fine"),
    ]
    found = rows(ai.FAILURES, {"AppRequests": requests, "AppDependencies": dependencies})
    assert {(row["reason"], row["target"], row["code"]): row["failures"] for row in found} == {
        ("provider quota", "api.openai.com", "429"): 10,
        ("provider timeout", "api.openai.com", "0"): 10,
        ("database", "tripgen-prod", "08006"): 1,
        ("the service itself", "", ""): 10,
    }


def test_the_metric_s_mean_is_its_sum_over_its_count(rows: Rows) -> None:
    measured = {"TimeGenerated": at(1), "Name": "ai_response_time", "Sum": 12.0, "ItemCount": 4, "Max": 6.0}
    given = [measured, {**measured, "Sum": 2.0, "ItemCount": 3, "Max": 1.0}, {**measured, "Name": "other"}]
    (found,) = rows(ai.ITINERARY_METRIC, {"AppMetrics": given})
    assert (found["itineraries"], found["mean_seconds"], found["slowest_seconds"]) == (7, 2.0, 6.0)


def test_the_wait_in_the_queue_is_what_the_agent_measured(rows: Rows) -> None:
    given = [
        *itineraries(3, 1.0, Measurements={"timeSinceEnqueued": 500}),
        *itineraries(1, 1.0, 1, Measurements={"timeSinceEnqueued": 8000}),
        *itineraries(5, 1.0),
    ]
    (found,) = rows(ai.QUEUE_WAIT, {"AppRequests": given})
    assert (found["messages"], found["p50_seconds"], found["p95_seconds"]) == (31, 0.5, 0.5)
