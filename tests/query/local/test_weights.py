"""Percentiles of weighted rows, and aggregates of rows that meet a condition, held against plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb
import duckdb_kql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.query.local import engine, weights

NOW = datetime(2026, 1, 1)
COLUMNS = {"T": ["k", "x", "w"]}


def ran(text: str, rows: Sequence[tuple[str, float | None, int]]) -> list[tuple[object, ...]]:
    with duckdb_kql.connect() as con:
        con.execute("CREATE TABLE T (k VARCHAR, x DOUBLE, w BIGINT)")
        if rows:
            con.executemany("INSERT INTO T VALUES (?, ?, ?)", rows)
        sql, parameters = engine.translate(text, COLUMNS, NOW)
        return con.execute(sql, parameters).fetchall()


def percentile(rows: Sequence[tuple[float | None, int]], share: float) -> float | None:
    """The smallest value up to which the weights make the share: what percentilew means."""
    held = sorted((value, weight) for value, weight in rows if value is not None and weight > 0)
    total, reached = sum(weight for _, weight in held), 0
    for value, weight in held:
        reached += weight
        if reached >= share / 100.0 * total:
            return value
    return None


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 20).map(float), st.sampled_from([0, 1, 3, 10])),
    max_size=40,
)
TEXT = "T | summarize p = percentilew(x, w, SHARE) by k | order by k asc"


@settings(deadline=None, max_examples=150)
@given(ROWS, st.sampled_from([1, 25, 50, 90, 95, 99, 100]))
def test_the_long_form_is_exact_for_any_weights(rows: list[tuple[str, float | None, int]], share: int) -> None:
    weights.register()
    expected = [
        (key, percentile([(value, weight) for k, value, weight in rows if k == key], share))
        for key in sorted({k for k, _, _ in rows})
    ]
    assert ran(weights.lengthen(TEXT.replace("SHARE", str(share))), rows) == expected


@settings(deadline=None, max_examples=100)
@given(ROWS, st.sampled_from([1, 50, 95, 100]), st.sampled_from([1, 10]))
def test_the_short_form_is_exact_where_all_weights_are_one_number(
    rows: list[tuple[str, float | None, int]], share: int, weight: int
) -> None:
    weights.register()
    same = [(key, value, weight) for key, value, _ in rows]
    expected = [
        (key, percentile([(value, weight) for k, value, _ in same if k == key], share))
        for key in sorted({k for k, _, _ in rows})
    ]
    assert ran(weights.together(TEXT.replace("SHARE", str(share))), same) == expected


def test_percentiles_of_the_same_values_come_from_one_sorting_each_in_its_own_column() -> None:
    weights.register()
    text = "T | summarize a = percentilew(x, w, 50), b = percentilew(x, w, 90), c = percentilew(w, w, 50), d = percentilew(x, w, 50)"
    together = weights.together(text)
    assert together == (
        "T | summarize a = tripobs_percentiles(x, w, 1, 50, 90), b = tripobs_percentiles(x, w, 2, 50, 90), "
        "c = tripobs_percentiles(w, w, 1, 50), d = tripobs_percentiles(x, w, 1, 50, 90)"
    )
    assert ran(together, [("k", float(x), 10) for x in range(1, 101)]) == [(50.0, 90.0, 10, 50.0)]


def test_the_short_form_says_where_it_does_not_hold() -> None:
    weights.register()
    with pytest.raises(duckdb.Error) as caught:
        ran(weights.together(TEXT.replace("SHARE", "95")), [("a", 1.0, 1), ("a", 2.0, 10)])
    assert weights.is_unequal(caught.value)


def test_the_long_form_keeps_the_rest_of_the_text() -> None:
    text = """T
| extend y = x * 2 // percentilew(x, w, 1) of a comment
| summarize n = sum(w), p50 = round(percentilew(x, tolong(w), 50), 1), p95 = percentilew(y, w, 95)
    by k, part = bin(x, 10)
| where n > 0"""
    assert weights.lengthen(text) == (
        """T
| extend y = x * 2 // percentilew(x, w, 1) of a comment
| extend reached_0 = tripobs_reached(x, tolong(w), 50, k, bin(x, 10)), """
        """reached_1 = tripobs_reached(y, w, 95, k, bin(x, 10)) | summarize n = sum(w), """
        """p50 = round(minif(x, reached_0), 1), p95 = minif(y, reached_1)
    by k, part = bin(x, 10)
| where n > 0"""
    )


def test_a_text_without_weights_is_left_alone() -> None:
    assert weights.lengthen("T | summarize n = count() by k") == "T | summarize n = count() by k"


def test_maxif_minif_and_take_anyif_look_only_at_rows_that_meet_the_condition() -> None:
    weights.register()
    rows = [("a", 1.0, 1), ("a", 5.0, 2), ("a", 9.0, 3), ("b", 4.0, 1)]
    text = "T | summarize most = maxif(x, w < 3), least = minif(x, w > 1), one = take_anyif(x, w == 2) by k | order by k asc"
    assert ran(text, rows) == [("a", 5.0, 5.0, 5.0), ("b", 4.0, None, None)]
