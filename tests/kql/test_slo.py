"""What is left of each error budget, on rows whose answer can be counted by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.slo import ERRORS_PAGE
from kql import slo
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from observability.render import kql
from tests.kql.conftest import Answer
from tests.kql.stored import NOON, Rows, at, checks, failed, outcomes, requests


@pytest.mark.parametrize(
    ("bad", "left", "says"), [(0, 100.0, Outcome.PASS), (1, 0.0, Outcome.PASS), (2, -100.0, Outcome.FAIL)]
)
def test_the_budget_of_a_thousand_checks_is_one_failure(rows: Rows, bad: int, left: float, says: Outcome) -> None:
    given = [*checks(1, ItemCount=1000 - bad), *checks(bad, ok=False)]
    found = rows(slo.AVAILABILITY_BUDGET, {"AppAvailabilityResults": given})
    assert found[0]["budget_left_percent"] == pytest.approx(left, abs=1e-9)
    assert outcomes(slo.AVAILABILITY_BUDGET, found) == [says]


def test_the_error_budget_is_one_error_in_a_thousand_requests(rows: Rows) -> None:
    given = [*requests(199), *failed(1, ItemCount=1), *failed(1, code="404", ItemCount=9)]
    found = rows(slo.ERROR_BUDGET, {"AppRequests": given})
    # One of 2,000 is half of what 99.9 % allows.
    assert found[0]["budget_left_percent"] == pytest.approx(50.0)
    assert (found[0]["bad"], found[0]["total"]) == (1, 2000)


def test_the_latency_budget_is_used_up_when_one_request_in_twenty_is_slow(rows: Rows) -> None:
    given = [*requests(95), *requests(5, DurationMs=201.0)]
    found = rows(slo.LATENCY_BUDGET, {"AppRequests": given})
    assert found[0]["budget_left_percent"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "query", [slo.AVAILABILITY_BUDGET, slo.ERROR_BUDGET, slo.LATENCY_BUDGET], ids=lambda asked: asked.id
)
def test_without_events_there_is_no_budget_to_judge(rows: Rows, query: Query) -> None:
    assert rows(query, {"AppRequests": [], "AppAvailabilityResults": []}) == []


def test_the_ai_service_has_no_part_in_the_api_budget(rows: Rows) -> None:
    given = requests(10, AppRoleName="ai-service", DurationMs=4000.0)
    assert rows(slo.LATENCY_BUDGET, {"AppRequests": given}) == []


def test_a_burn_is_the_same_whether_azure_gives_the_rule_its_window_or_two_days(answer: Answer) -> None:
    # 2 % fail in the six hours of the window, and nothing failed in the 42 before.
    given = [
        *requests(1, -47 * 60, ItemCount=1_000_000),
        *(row for minute in range(-359, 0, 10) for row in (*requests(49, minute), *failed(1, minute=minute))),
    ]
    window, two_days = (
        answer(ERRORS_PAGE, {"AppRequests": given}, Span(NOON - length, NOON))
        for length in (ERRORS_PAGE.window, timedelta(days=2))
    )
    # 0.02 of 0.001 is 20 times as fast as allowed: 3.33 of the six that the six hours may.
    assert [round(value, 2) for _, value in window.rows] == [3.33]
    assert two_days.rows == window.rows


def _as_it_fired(fired_at: str) -> Query:
    text = kql.as_it_fired(ERRORS_PAGE).replace("fired_at = now()", f"fired_at = {fired_at}")
    return Query(id="as-it-fired", title=ERRORS_PAGE.title, text=text, columns={"service": "string", "value": "real"})


# The end of the errors, as it is told in Korea and in UTC.
@pytest.mark.parametrize("fired_at", ["datetime(2026-11-23 21:05) - 9h", "datetime(2026-11-23T12:05Z)"])
def test_what_the_alert_saw_is_seen_again_ten_minutes_later(rows: Rows, fired_at: str) -> None:
    # One error in ten for five minutes, nothing since, and one in a hundred over the six hours before.
    given = {"AppRequests": [*requests(900, -180), *requests(90, 3), *failed(10, minute=4)]}
    later = Span(at(-360), at(15))
    (seen,) = rows(_as_it_fired(fired_at), given, later)
    assert seen == {"service": "user-service", "value": pytest.approx(0.1 / (0.001 * 14.4))}
    # As of now the five minutes of that pair are empty, and only the slower one is left.
    (now,) = rows(_as_it_fired("now()"), given, later)
    assert now["value"] == pytest.approx(0.01 / (0.001 * 6))
