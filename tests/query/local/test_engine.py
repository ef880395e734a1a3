"""What the local engine answers is what Azure would, or it says that it cannot answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from observability.query.answers import Answer, Column, Span, Status
from tests.query.local.conftest import DAY, NOON

Answerer = Callable[..., Answer]


def request(minutes_ago: float, **given: Any) -> dict[str, Any]:
    at = NOON - timedelta(minutes=minutes_ago)
    return {"TimeGenerated": at, "AppRoleName": "trip-service", "ItemCount": 10, "Success": True, **given}


def test_rows_are_those_of_the_span_its_begin_included_and_its_end_not(answer: Answerer) -> None:
    span = Span(NOON - timedelta(minutes=10), NOON)
    rows = [request(minutes, Name=str(minutes)) for minutes in (11, 10, 5, 0)]
    found = answer("AppRequests | project Name | order by Name asc", span, AppRequests=rows)
    assert found.table is not None
    assert found.table.rows == (("10",), ("5",))


def test_ago_and_now_count_from_the_end_of_the_span(answer: Answerer) -> None:
    rows = [request(minutes) for minutes in (1, 4, 6)]
    found = answer(
        "AppRequests | where TimeGenerated > ago(5m) | summarize n = count(), t = max(now())", AppRequests=rows
    )
    assert found.table is not None
    assert found.table.rows == ((2, NOON),)


def test_every_type_of_kql_comes_back_as_pythons_own(answer: Answerer) -> None:
    row = request(1, Name="이름", DurationMs=1.5, Properties='{"a": [1, "b"], "c": null}')
    found = answer(
        "AppRequests | project TimeGenerated, Name, Success, ItemCount, total = tolong(ItemCount), DurationMs, Properties, "
        "since = now() - TimeGenerated, Url, Measurements",
        AppRequests=[row],
    )
    assert found.table is not None
    assert found.table.columns == (
        Column("TimeGenerated", "datetime"),
        Column("Name", "string"),
        Column("Success", "bool"),
        Column("ItemCount", "int"),
        Column("total", "long"),
        Column("DurationMs", "real"),
        Column("Properties", "dynamic"),
        Column("since", "timespan"),
        Column("Url", "string"),
        Column("Measurements", "dynamic"),
    )
    at = datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
    assert found.table.rows == (
        (at, "이름", True, 10, 10, 1.5, {"a": [1, "b"], "c": None}, timedelta(minutes=1), "", None),
    )


def test_a_string_that_was_not_exported_is_empty_and_not_null(answer: Answerer) -> None:
    found = answer('AppRequests | where Url == "" and isempty(Url) | count', AppRequests=[request(1)])
    assert found.table is not None
    assert found.table.rows == ((1,),)


def test_a_column_that_differs_from_the_declared_ones_is_said(answer: Answerer) -> None:
    text = "AppRequests | summarize n = count() by AppRoleName"
    wrong = answer(text, columns={"AppRoleName": "string", "m": "long"}, AppRequests=[request(1)])
    assert wrong.status is Status.REFUSED
    assert wrong.failure is not None
    assert wrong.failure.message == "the local engine returns AppRoleName, n where Azure returns AppRoleName, m"
    wrong = answer(text, columns={"AppRoleName": "string", "n": "real"}, AppRequests=[request(1)])
    assert wrong.table is not None
    wrong = answer(text, columns={"AppRoleName": "long", "n": "long"}, AppRequests=[request(1)])
    assert wrong.failure is not None
    assert wrong.failure.message == "column 'AppRoleName' is string in the local engine and long on Azure"


def test_a_result_that_is_no_number_is_refused_because_azure_compares_it_otherwise(answer: Answerer) -> None:
    found = answer("AppRequests | summarize mean = avgif(DurationMs, Success == false)", AppRequests=[request(1)])
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.message == "the local engine returned nan, which Azure's comparisons treat otherwise"
    assert found.failure.todo == "guard the divisor in the query"


@pytest.mark.parametrize(
    ("text", "said", "todo"),
    [
        (
            "AppRequests | make-series n = count() on TimeGenerated step 1h",
            "uses make-series, which does not run alike on Azure and locally",
            "use range, a left outer join and coalesce",
        ),
        (
            "AppRequests | extend late = ingestion_time() - TimeGenerated",
            "the local engine has no function:ingestion_time",
            "run it on Azure: --workspace",
        ),
        (
            "AppRequests | summarize n = count() by bin(TimeGenerated, 7m)",
            "bins by '7m', which does not divide a day",
            "use a size that does",
        ),
    ],
)
def test_what_would_be_answered_otherwise_is_refused_and_never_empty(
    answer: Answerer, text: str, said: str, todo: str
) -> None:
    found = answer(text, AppRequests=[request(1)])
    assert (found.status, found.table) == (Status.REFUSED, None)
    assert found.failure is not None
    assert (found.failure.message, found.failure.todo, found.failure.ours) == (said, todo, False)


def test_a_text_that_is_wrong_is_a_failure_of_ours_with_its_line(answer: Answerer) -> None:
    found = answer("AppRequests\n| where (", AppRequests=[request(1)])
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert (found.failure.code, found.failure.line, found.failure.ours) == ("syntax", 2, True)
    found = answer("AppRequests | where NoSuchColumn == 1", AppRequests=[request(1)])
    assert found.failure is not None
    assert (found.failure.code, found.failure.ours) == ("semantic", True)
    assert "NoSuchColumn" in found.failure.message


def test_bins_are_the_hours_and_minutes_that_azure_has(answer: Answerer) -> None:
    rows = [request(minutes) for minutes in (0.5, 4.9, 5, 61)]
    text = "AppRequests | summarize n = sum(ItemCount) by TimeGenerated = bin(TimeGenerated, SIZE) | order by TimeGenerated asc"
    five = answer(text.replace("SIZE", "5m"), DAY, AppRequests=rows)
    assert five.table is not None
    assert [(f"{at:%H:%M}", n) for at, n in five.table.rows] == [("10:55", 10), ("11:55", 30)]
    day = answer(text.replace("SIZE", "1d"), DAY, AppRequests=rows)
    assert day.table is not None
    assert day.table.rows == ((datetime(2026, 11, 23, tzinfo=UTC), 40),)


def test_a_parameter_may_say_how_many_rows_to_take(answer: Answerer) -> None:
    rows = [request(minutes, Name=str(minutes)) for minutes in (1, 2, 3)]
    found = answer("let most = 2;\nAppRequests | project Name | order by Name asc | take most", AppRequests=rows)
    assert found.table is not None
    assert found.table.rows == (("1",), ("2",))
