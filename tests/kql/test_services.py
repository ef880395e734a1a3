"""The services pack and the log alerts of the services, on rows whose answer can be counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.services import HIGH_ERROR_RATE, SERVICE_UNAVAILABLE
from kql import services
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from tests.kql.stored import Rows, at, checks, failed, outcomes, requests

# --- error rate -------------------------------------------------------------------------------------


def test_the_error_rate_weighs_each_row_and_counts_no_4xx(rows: Rows) -> None:
    given = [
        *requests(97),  # 970 requests
        *failed(1),  # 10 errors
        *failed(10, ItemCount=1),  # 10 errors, kept whole
        *failed(1, code="0", ItemCount=5),  # 5 without an answer
        *failed(1, code="", ItemCount=5),  # 5 without an answer
        *failed(3, code="404"),  # 30 mistakes of clients
    ]
    found = rows(services.ERROR_RATE, {"AppRequests": given})
    # 30 of 970 + 30 + 30
    assert found == [
        {
            "service": "user-service",
            "total": 1030,
            "errors": 30,
            "client_errors": 30,
            "error_percent": pytest.approx(100 * 30 / 1030),
        }
    ]
    assert outcomes(services.ERROR_RATE, found) == [Outcome.FAIL]


@pytest.mark.parametrize(
    ("errors", "says"),
    [(0, Outcome.PASS), (1, Outcome.PASS), (2, Outcome.WARN), (10, Outcome.WARN), (11, Outcome.FAIL)],
)
def test_an_error_rate_at_its_limit_is_still_fine(rows: Rows, errors: int, says: Outcome) -> None:
    given = [*requests(1000 - errors, ItemCount=1), *failed(errors, ItemCount=1)]
    assert outcomes(services.ERROR_RATE, rows(services.ERROR_RATE, {"AppRequests": given})) == [says]


@pytest.mark.parametrize(("total", "services_judged"), [(99, 0), (100, 1)])
def test_below_the_floor_of_requests_a_service_is_not_judged(rows: Rows, total: int, services_judged: int) -> None:
    given = failed(total, ItemCount=1)
    assert len(rows(services.ERROR_RATE, {"AppRequests": given})) == services_judged


def test_requests_outside_the_span_are_left_out(rows: Rows) -> None:
    given = [*requests(100), *failed(100, minute=-0.1), *failed(100, minute=60)]
    (found,) = rows(services.ERROR_RATE, {"AppRequests": given})
    assert (found["total"], found["errors"]) == (1000, 0)


@pytest.mark.parametrize(
    "query",
    [
        services.ERROR_RATE,
        services.ERROR_PEAKS,
        services.API_LATENCY,
        services.SEEN,
        services.THROUGHPUT,
    ],
    ids=lambda query: query.id,
)
def test_no_requests_at_all_are_no_row_and_never_fine(rows: Rows, query: Query) -> None:
    assert rows(query, {"AppRequests": []}) == []
    assert query.verdict is not None
    assert query.verdict.empty is Outcome.NO_DATA


def test_the_peak_is_the_worst_five_minutes_of_each_service(rows: Rows) -> None:
    given = [
        *requests(99, minute=1),
        *failed(1, minute=1),  # 1 % exactly
        *requests(97, minute=5),
        *failed(3, minute=9.9),  # 3 %, the first second of a bin belongs to it and the last too
        *failed(1, minute=11),  # 5 %, but one kept error in 200 requests proves nothing
        *requests(19, minute=11),
        *requests(200, minute=31, AppRoleName="trip-service"),
    ]
    found = rows(services.ERROR_PEAKS, {"AppRequests": given})
    assert found == [
        {
            "service": "user-service",
            "error_percent": 3.0,
            "at": at(5),
            "total": 1000,
            "errors": 30,
            "windows_above": 2,
            "windows": 2,
        },
        {
            "service": "trip-service",
            "error_percent": 0.0,
            "at": at(30),
            "total": 2000,
            "errors": 0,
            "windows_above": 0,
            "windows": 1,
        },
    ]
    assert outcomes(services.ERROR_PEAKS, found) == [Outcome.FAIL, Outcome.PASS]


def test_a_peak_of_exactly_one_percent_is_still_fine(rows: Rows) -> None:
    found = rows(services.ERROR_PEAKS, {"AppRequests": [*requests(99), *failed(1)]})
    assert outcomes(services.ERROR_PEAKS, found) == [Outcome.PASS]


def test_the_rule_of_the_error_alert_returns_the_share_of_each_service(rows: Rows) -> None:
    window = Span(at(0), at(5))
    given = [
        *requests(98),
        *failed(2),
        *failed(5, code="499"),
        *requests(100, AppRoleName="trip-service", ItemCount=1),
        *failed(99, AppRoleName="ai-service", ItemCount=1),
        *failed(100, minute=5),
    ]
    found = rows(HIGH_ERROR_RATE, {"AppRequests": given}, window)
    # 20 of 1,050; 0 of 100; 99 are below the floor of 100.
    expected = {"user-service": pytest.approx(100 * 20 / 1050), "trip-service": 0.0}
    assert {row["service"]: row["value"] for row in found} == expected


# --- availability -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "value"),
    [
        (5, 0, None),  # the rule returns only what failed at least twice
        (4, 1, None),
        (3, 2, 60.0),
        (0, 5, 0.0),
    ],
)
def test_the_rule_of_the_availability_alert_needs_two_failed_checks(
    rows: Rows, good: int, bad: int, value: float | None
) -> None:
    given = [*checks(good), *checks(bad, ok=False)]
    found = rows(SERVICE_UNAVAILABLE, {"AppAvailabilityResults": given}, Span(at(0), at(5)))
    assert [row["value"] for row in found] == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        (1999, 1, Outcome.PASS),
        (4, 1, Outcome.PASS),  # 80 %, but one lost probe is no outage
        (1998, 2, Outcome.PASS),  # 99.9 % exactly
        (1997, 3, Outcome.FAIL),
    ],
)
def test_a_check_is_judged_by_the_availability_objective(rows: Rows, good: int, bad: int, says: Outcome) -> None:
    given = [
        *checks(1, ItemCount=good),
        *checks(1, ok=False, ItemCount=bad),
    ]
    found = rows(services.AVAILABILITY_BY_CHECK, {"AppAvailabilityResults": given})
    assert found[0]["availability_percent"] == pytest.approx(100 * good / (good + bad))
    assert outcomes(services.AVAILABILITY_BY_CHECK, found) == [says]


@pytest.mark.parametrize(
    "query",
    [services.AVAILABILITY_BY_CHECK, SERVICE_UNAVAILABLE],
    ids=lambda asked: asked.id,
)
def test_no_check_at_all_is_no_row(rows: Rows, query: Query) -> None:
    assert rows(query, {"AppAvailabilityResults": []}) == []


# --- latency ----------------------------------------------------------------------------------------


def weighted_percentile(values: list[tuple[float, int]], percentile: float) -> float:
    """The smallest value whose weights, with those of all smaller ones, make the share."""
    ordered = sorted(values)
    reached, wanted = 0, percentile / 100 * sum(weight for _, weight in values)
    return next(value for value, weight in ordered if (reached := reached + weight) >= wanted)


def test_percentiles_weigh_rows_that_stand_for_one_and_for_ten(rows: Rows) -> None:
    took = [(10.0 * (n % 37), 1 if n % 3 else 10) for n in range(200)]
    given = [row for ms, weight in took for row in requests(1, DurationMs=ms, ItemCount=weight)]
    (found,) = rows(services.API_LATENCY, {"AppRequests": given})
    total = sum(weight for _, weight in took)
    assert found == {
        "service": "user-service",
        "total": total,
        "p50_ms": weighted_percentile(took, 50),
        "p95_ms": weighted_percentile(took, 95),
        "p99_ms": weighted_percentile(took, 99),
        "slow_percent": pytest.approx(100 * sum(weight for ms, weight in took if ms > 200) / total),
    }


@pytest.mark.parametrize(("ms", "says"), [(200.0, Outcome.PASS), (200.5, Outcome.FAIL)])
def test_an_api_may_take_exactly_200_ms(rows: Rows, ms: float, says: Outcome) -> None:
    given = [*requests(90), *requests(10, DurationMs=ms)]
    assert outcomes(services.API_LATENCY, rows(services.API_LATENCY, {"AppRequests": given})) == [says]


def test_five_slow_requests_in_a_hundred_are_inside_the_95th_percentile(rows: Rows) -> None:
    given = [*requests(95), *requests(5, DurationMs=9000.0)]
    assert outcomes(services.API_LATENCY, rows(services.API_LATENCY, {"AppRequests": given})) == [Outcome.PASS]


def test_the_ai_service_is_not_held_to_the_api_objective(rows: Rows) -> None:
    given = requests(10, AppRoleName="ai-service", DurationMs=4000.0)
    assert rows(services.API_LATENCY, {"AppRequests": given}) == []


def test_slow_operations_are_held_to_the_objective_of_their_service(rows: Rows) -> None:
    given = [
        *requests(3, DurationMs=250.0),
        *requests(2, AppRoleName="ai-service", OperationName="POST /api/ai/schedules", DurationMs=4000.0),
        *requests(1, AppRoleName="ai-service", OperationName="POST /api/ai/schedules", DurationMs=6000.0, ItemCount=1),
    ]
    found = rows(services.SLOWEST, {"AppRequests": given})
    assert [(row["service"], row["limit_ms"], row["slow"], row["total"]) for row in found] == [
        ("user-service", 200.0, 30, 30),
        ("ai-service", 5000.0, 1, 21),
    ]


# --- the rest ---------------------------------------------------------------------------------------


def test_a_service_without_requests_is_seen_as_soon_as_another_has_some(rows: Rows) -> None:
    found = rows(services.SEEN, {"AppRequests": [*requests(2), *requests(1, AppRoleName="ai-service", minute=30)]})
    assert {row["service"]: (row["total"], row["last_seen"]) for row in found} == {
        "user-service": (20, at(1)),
        "trip-service": (0, None),
        "ai-service": (10, at(30)),
        "location-service": (0, None),
    }
    assert sorted(outcome.value for outcome in outcomes(services.SEEN, found)) == ["fail", "fail", "pass", "pass"]


@pytest.mark.parametrize(("weight", "says"), [(300_000, Outcome.PASS), (300_001, Outcome.WARN)])
def test_the_busiest_five_minutes_are_held_against_1000_a_second(rows: Rows, weight: int, says: Outcome) -> None:
    given = [*requests(1, ItemCount=150_000), *requests(1, minute=6, ItemCount=weight)]
    (found,) = rows(services.THROUGHPUT, {"AppRequests": given})
    assert found["peak_per_second"] == pytest.approx(weight / 300)
    assert found["mean_per_second"] == pytest.approx((weight + 150_000) / 600)
    assert found["at"] == at(5)
    assert outcomes(services.THROUGHPUT, [found]) == [says]


def test_error_lines_are_held_against_the_requests_they_belong_to(rows: Rows) -> None:
    line = {"TimeGenerated": at(1), "PodNamespace": "production", "ContainerName": "trip-service", "LogLevel": "info"}
    given = {
        "AppRequests": requests(100),
        "ContainerLogV2": [
            *[line] * 50,
            {**line, "LogLevel": "error"},
            {**line, "LogLevel": "CRITICAL"},
            {**line, "LogLevel": "error", "PodNamespace": "kube-system"},
            {**line, "LogLevel": "error", "TimeGenerated": at(60)},
        ],
    }
    found = rows(services.ERROR_LOGS, given)
    assert found == [
        {"container": "trip-service", "errors": 2, "lines": 52, "requests": 1000, "error_percent": pytest.approx(0.2)}
    ]
    assert outcomes(services.ERROR_LOGS, found) == [Outcome.WARN]
    assert rows(services.ERROR_LOGS, {**given, "AppRequests": []}) == []


def test_an_exception_is_new_when_the_day_before_did_not_have_it(rows: Rows) -> None:
    def thrown(kind: str, hour: float, weight: int = 10) -> dict[str, Any]:
        return {
            "TimeGenerated": at(60 * hour),
            "AppRoleName": "trip-service",
            "ExceptionType": kind,
            "ProblemId": kind,
            "ItemCount": weight,
        }

    span = Span(at(0), at(60 * 72))
    given = [thrown("Old", 1), thrown("Old", 60), thrown("New", 50), thrown("New", 60, 1), thrown("Gone", 2)]
    found = rows(services.NEW_EXCEPTIONS, {"AppExceptions": given}, span)
    assert [(row["type"], row["exceptions"], row["first_seen"]) for row in found] == [("New", 11, at(60 * 50))]
    # The newest row is at hour 60, so a day before it 35 older hours were seen.
    assert found[0]["hours_before"] == pytest.approx(35.0)
    assert rows(services.NEW_EXCEPTIONS, {"AppExceptions": [thrown("New", 1), thrown("Other", 2)]}, span) == []
