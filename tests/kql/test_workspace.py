"""Volume, sampling and silent tables, on rows whose answer can be counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kql import cost, workspace
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from tests.kql.stored import NOON, Rows

MIDNIGHT_IN_KOREA = datetime(2026, 11, 22, 15, tzinfo=UTC)
Row = dict[str, Any]


def usage(table: str, first: int, last: int, megabytes: float, billable: bool = True) -> list[Row]:
    """A row of Usage for each hour after midnight in Korea, at the end of the hour's minutes."""
    return [
        {
            "TimeGenerated": MIDNIGHT_IN_KOREA + timedelta(hours=hour, minutes=30),
            "DataType": table,
            "Quantity": megabytes,
            "IsBillable": billable,
        }
        for hour in range(first, last)
    ]


def hours(number: int) -> Span:
    return Span(MIDNIGHT_IN_KOREA, MIDNIGHT_IN_KOREA + timedelta(hours=number))


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


# --- volume -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gigabytes", "says"),
    [(8.0, Outcome.PASS), (8.4, Outcome.WARN), (10.0, Outcome.WARN), (10.4, Outcome.FAIL)],
)
def test_a_day_is_held_against_the_cap_and_what_is_free_does_not_count(
    rows: Rows, gigabytes: float, says: Outcome
) -> None:
    given = [
        *usage("AppRequests", 0, 24, 125.0),  # 3 GB
        *usage("ContainerLogV2", 0, 20, (gigabytes - 3) * 50),
        *usage("AzureActivity", 0, 24, 5000.0, billable=False),
    ]
    found = rows(workspace.VOLUME_AGAINST_CAP, {"Usage": given}, hours(24))
    assert [row["gigabytes"] for row in found] == [pytest.approx(gigabytes)]
    assert found[0]["of_cap_percent"] == pytest.approx(10 * gigabytes)
    assert outcomes(workspace.VOLUME_AGAINST_CAP, found) == [says]


def test_the_fullest_24_hours_are_found_wherever_they_begin(rows: Rows) -> None:
    # 12 GB from noon to noon, and 6 GB in each calendar day.
    given = [
        *usage("AppRequests", 0, 12, 1.0),
        *usage("AppRequests", 12, 36, 500.0),
        *usage("AppRequests", 36, 48, 1.0),
    ]
    found = rows(workspace.VOLUME_AGAINST_CAP, {"Usage": given}, hours(48))
    worst = max(found, key=lambda row: row["gigabytes"])
    assert worst["gigabytes"] == pytest.approx(12.0)
    assert worst["until"] == MIDNIGHT_IN_KOREA + timedelta(hours=36)
    assert outcomes(workspace.VOLUME_AGAINST_CAP, [worst]) == [Outcome.FAIL]


@pytest.mark.parametrize(("seen", "days"), [(0, 0), (21, 0), (22, 1)])
def test_a_few_hours_say_nothing_about_a_day(rows: Rows, seen: int, days: int) -> None:
    found = rows(workspace.VOLUME_AGAINST_CAP, {"Usage": usage("AppRequests", 0, seen, 100.0)}, hours(24))
    assert len(found) == days


def test_the_month_is_extrapolated_from_the_hours_that_were_seen(rows: Rows) -> None:
    given = [*usage("AppRequests", 0, 48, 250.0), *usage("Perf", 0, 12, 100.0)]
    found = {row["table_name"]: row for row in rows(cost.VOLUME_MONTH, {"Usage": given}, hours(48))}
    # 12 GB in two days, 1.2 GB in two days.
    assert found["AppRequests"]["gigabytes_a_month"] == pytest.approx(12 / 2 * 30)
    assert found["Perf"]["gigabytes_a_day"] == pytest.approx(0.6)


@pytest.mark.parametrize(("megabytes", "says"), [(10_000 / 24, Outcome.PASS), (10_100 / 24, Outcome.FAIL)])
def test_the_budget_says_what_a_gigabyte_may_cost(rows: Rows, megabytes: float, says: Outcome) -> None:
    (found,) = rows(cost.VOLUME_TOTAL, {"Usage": usage("AppRequests", 0, 24, megabytes)}, hours(24))
    a_day = megabytes * 24 / 1000
    assert found["gigabytes_a_day"] == pytest.approx(a_day)
    assert found["break_even_usd"] == pytest.approx(200 / (a_day * 30))
    # Sums of floats may end a breath above the cap, so the line itself is tested with a margin.
    assert outcomes(cost.VOLUME_TOTAL, [{**found, "gigabytes_a_day": round(found["gigabytes_a_day"], 9)}]) == [says]


def test_no_usage_is_no_volume_and_not_a_small_one(rows: Rows) -> None:
    for query in (workspace.VOLUME_AGAINST_CAP, workspace.TABLES_SEEN, cost.VOLUME_MONTH, cost.VOLUME_TOTAL):
        assert rows(query, {"Usage": []}, hours(24)) == [], query.key


# --- sampling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "kept", "says"),
    [
        ([10] * 30, 10.0, Outcome.PASS),
        ([1] * 30, 100.0, Outcome.FAIL),  # the agent has not read its settings
        ([20] * 30, 5.0, Outcome.FAIL),  # ingestion sampled instead
        ([10] * 20 + [1] * 10, 14.3, Outcome.FAIL),  # 30 of 210
    ],
)
def test_sampling_is_the_rows_stored_of_what_they_stand_for(
    rows: Rows, weights: list[int], kept: float, says: Outcome
) -> None:
    given = [{"TimeGenerated": NOON, "AppRoleName": "ai-service", "ItemCount": weight} for weight in weights]
    found = rows(workspace.SAMPLING, {"AppRequests": given, "AppDependencies": given[:1] * 0})
    assert [(row["table_name"], row["kept_percent"]) for row in found] == [("AppRequests", kept)]
    assert outcomes(workspace.SAMPLING, found) == [says]


# --- silence ----------------------------------------------------------------------------------------


def test_a_table_that_must_never_be_silent_is_told_after_two_hours_and_when_it_never_came(rows: Rows) -> None:
    given = [
        *usage("AppRequests", 0, 24, 1.0),
        *usage("Perf", 0, 22, 1.0),
        *usage("ContainerLogV2", 0, 21, 1.0),
        *usage("ContainerLogV2", 23, 24, 0.0),
        *usage("AppExceptions", 0, 2, 1.0),
    ]
    found = {row["table_name"]: row["hours_silent"] for row in rows(workspace.TABLES_SEEN, {"Usage": given}, hours(24))}
    assert found == {
        "AppRequests": 0.0,
        "Perf": 2.0,
        "ContainerLogV2": 3.0,
        "AppDependencies": None,
        "AppAvailabilityResults": None,
        "KubePodInventory": None,
        "KubeNodeInventory": None,
    }
    assert workspace.TABLES_SEEN.verdict is not None
    of = workspace.TABLES_SEEN.verdict.of
    assert [of(value) for value in (0.0, 2.0, 3.0, None)] == [
        Outcome.PASS,
        Outcome.PASS,
        Outcome.FAIL,
        Outcome.NO_DATA,
    ]


def test_a_hit_cap_fails_and_a_quiet_log_is_fine_because_it_is_written_only_then(rows: Rows) -> None:
    hit = {
        "TimeGenerated": NOON,
        "Category": "Ingestion",
        "Operation": "Data collection Status",
        "Level": "Warning",
        "Detail": "Data collection stopped due to daily limit of free data reached. Ingestion status = OverQuota",
    }
    assert rows(workspace.CAP_HITS, {"_LogOperation": [{**hit, "Detail": "resumed"}]}) == []
    found = rows(workspace.CAP_HITS, {"_LogOperation": [hit]})
    assert outcomes(workspace.CAP_HITS, found) == [Outcome.FAIL]
    assert workspace.CAP_HITS.verdict is not None
    assert workspace.CAP_HITS.verdict.empty is Outcome.PASS
