"""Log rules over all windows at once give what the rule's own query gives at each evaluation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.model.query import Kql
from observability.model.units import minutes
from observability.replay import delays, rules, run, windows
from observability.replay.rules import Rule
from observability.replay.windows import RAW, Logs
from tests.replay.made import ERRORS, alert

T0 = datetime(2026, 11, 24, tzinfo=UTC)
COLUMNS = ("TimeGenerated", "AppRoleName", "ItemCount", "Success", "DurationMs")
Row = tuple[float, str, int, bool, float]
"""Seconds after T0, service, weight, success, duration."""


def logs(rows: list[Row], *, late: bool = True) -> Logs:
    con = run.connect()
    con.execute(f"CREATE SCHEMA {RAW}")
    con.execute(
        f"CREATE TABLE {RAW}.AppRequests (TimeGenerated TIMESTAMP, AppRoleName VARCHAR, ItemCount INTEGER, Success BOOLEAN, "
        "DurationMs DOUBLE)"
    )
    for seconds, *rest in rows:
        con.execute(
            f"INSERT INTO {RAW}.AppRequests VALUES (?, ?, ?, ?, ?)",
            [(T0 + timedelta(seconds=seconds)).replace(tzinfo=None), *rest],
        )
    return Logs(con, {"AppRequests": COLUMNS}, late)


def rule(kql: Kql = ERRORS, **changes: Any) -> Rule:
    return rules.of(alert(kql=kql, **changes))


def at(minute: int) -> datetime:
    return T0 + minutes(minute)


def test_a_row_counts_in_the_windows_it_lies_in_from_its_arrival_on() -> None:
    # Without delay: it happened in minute 0, so it is in the windows that end at 1, 2, 3, 4 and 5.
    found = logs([(20, "a", 10, False, 1)], late=False).values(rule(), T0, at(10))
    assert {moment: values[("service", "a"),][0] for moment, values in found.items()} == {
        at(minute): 100.0 for minute in (1, 2, 3, 4, 5)
    }


def test_a_row_that_arrives_late_is_missing_from_the_windows_before() -> None:
    on_time = logs([(50, "a", 10, False, 1)], late=False).values(rule(), T0, at(10))
    late = logs([(50, "a", 10, False, 1)]).values(rule(), T0, at(10))
    assert late.keys() < on_time.keys()
    assert max(late) == max(on_time) == at(5)
    # 50 s after the minute began, and 30 to 150 s late.
    assert at(2) <= min(late) <= at(4)


def test_the_end_of_a_window_is_not_in_it() -> None:
    found = logs([(60, "a", 10, False, 1)], late=False).values(rule(), T0, at(10))
    assert (min(found), max(found)) == (at(2), at(6))


def test_the_floor_is_applied_to_the_whole_window() -> None:
    rows: list[Row] = [(20, "a", 10, False, 1), (80, "a", 10, True, 1)]
    found = logs(rows, late=False).values(rule(params={"floor": 20}), T0, at(10))
    assert {moment: values[("service", "a"),] for moment, values in found.items()} == {
        at(minute): [50.0] for minute in (2, 3, 4, 5)
    }


def test_nothing_to_count_is_no_row_and_not_0() -> None:
    assert logs([]).values(rule(), T0, at(10)) == {}


COUNT = Kql(rows="AppRequests | where Success == false", summarize="value = count()")
LARGEST = Kql(rows="AppRequests", summarize="value = max(DurationMs)", by={"service": "AppRoleName"})
SMALLEST_IF = Kql(rows="AppRequests", summarize="value = minif(DurationMs, Success)", by={"service": "AppRoleName"})
P95 = Kql(
    rows="AppRequests",
    summarize="value = percentilew(DurationMs, tolong(ItemCount), 95)",
    by={"service": "AppRoleName"},
)
DISTINCT = Kql(rows="AppRequests", summarize="value = dcount(AppRoleName)", by={"ok": "tostring(Success)"})
RATE = Kql(
    rows="AppRequests", summarize="total = sum(ItemCount)", by={"service": "AppRoleName"},
    result="| extend value = todouble(total) / (bin_size / 1s)",
)  # fmt: skip
BURN = Kql(
    rows="AppRequests", summarize="total = sum(ItemCount), bad = sumif(ItemCount, Success == false), seen = count()",
    by={"service": "AppRoleName"}, recent=(minutes(1), minutes(3)),
    result="| extend value = 100.0 * min_of(todouble(bad) / total, todouble(bad_1m) / total_1m) + bad_3m + 0.01 * seen",
)  # fmt: skip
NOW = Kql(
    rows="AppRequests | where TimeGenerated > now() - 2m", summarize="value = count()", by={"service": "AppRoleName"}
)
MEAN = Kql(
    rows="AppRequests", summarize="total = sum(DurationMs), many = count(), spread = max(DurationMs) - min(DurationMs)",
    by={"service": "AppRoleName"}, result="| extend value = total / many + spread",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kql", "expected"),
    [
        (ERRORS, "sums"), (COUNT, "sums"), (LARGEST, "sums"), (SMALLEST_IF, "sums"), (RATE, "sums"), (BURN, "sums"),
        (P95, "rows"), (DISTINCT, "rows"), (MEAN, "rows"), (NOW, "one by one"),
    ],
)  # fmt: skip
def test_the_way_follows_from_the_aggregates(kql: Kql, expected: str) -> None:
    assert windows.how(kql) == expected


def test_an_ungrouped_count_of_nothing_is_0() -> None:
    found = logs([], late=False).values(rule(COUNT), T0, at(3))
    assert found == {at(minute): {(): [0.0]} for minute in (1, 2, 3)}


row = st.tuples(
    st.floats(-400, 700).map(lambda seconds: round(seconds, 3)),
    st.sampled_from(["a", "b"]),
    st.sampled_from([10, 10, 20]),
    st.booleans(),
    st.integers(1, 400).map(float),
)


@pytest.mark.parametrize(
    "kql", [ERRORS, COUNT, LARGEST, SMALLEST_IF, RATE, BURN, P95, DISTINCT, MEAN], ids=lambda kql: kql.summarize
)
@settings(max_examples=5, deadline=None)
@given(
    rows=st.lists(row, max_size=25), every=st.sampled_from([1, 5]), window=st.sampled_from([1, 5, 10]),
    periods=st.sampled_from([1, 3]), late=st.booleans(),
)  # fmt: skip
def test_all_windows_at_once_equal_one_query_an_evaluation(
    kql: Kql, rows: list[Row], every: int, window: int, periods: int, late: bool
) -> None:
    one = replace(rule(kql, every=minutes(every), window=minutes(window)), periods=periods, needed=1)
    held = logs(rows, late=late)
    quick = held.values(one, T0, at(10))
    slow = windows.naive(held, one, T0, at(10))
    assert rounded(quick) == rounded(slow)


def rounded(values: Any) -> Any:
    return {
        moment: {
            dims: [None if value is None else float(f"{value:.9g}") for value in periods]
            for dims, periods in found.items()
            if any(value is not None for value in periods)
        }
        for moment, found in values.items()
        if any(value is not None for periods in found.values() for value in periods)
    }


def test_a_shorter_window_holds_what_happened_last() -> None:
    rows: list[Row] = [(20, "a", 10, False, 1), (80, "a", 10, True, 1), (140, "a", 10, False, 1)]
    measure = replace(BURN, result="| extend value = todouble(bad) * 100 + bad_1m")
    found = logs(rows, late=False).values(rule(measure), T0, at(4))
    assert {moment: values[("service", "a"),] for moment, values in found.items()} == {
        at(1): [1010.0], at(2): [1000.0], at(3): [2010.0], at(4): [2000.0],
    }  # fmt: skip


def test_rules_on_one_measure_share_its_sums() -> None:
    held = logs([(20, "a", 10, False, 1)])
    held.values(rule(), T0, at(20))
    held.values(rule(params={"floor": 50}, window=minutes(5)), T0, at(20))
    assert len(held._sums) == 1


def test_delays_stay_within_what_is_published() -> None:
    con = run.connect()
    for table, (low, high) in {
        "AppRequests": (30, 150), "Perf": (30, 120), "AGWAccessLogs": (180, 600), "AzureActivity": (180, 1200),
        "AzureMetrics": (180, 240),
    }.items():  # fmt: skip
        late = f"({delays.of(table).minute('t')} * 60 - epoch(t))"
        found = con.execute(
            f"SELECT min({late}), max({late}) FROM (SELECT TIMESTAMP '2026-11-24' + to_milliseconds(i * 977) "
            "AS t FROM range(20000) r(i))"
        ).fetchone()
        assert found is not None
        # Counted in whole minutes from which on a row is there.
        assert low <= found[0] < low + 5
        assert high + 55 < found[1] <= high + 60
