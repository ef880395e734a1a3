"""Totals from counters that are reset."""

import os
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.counters import Differences

# What a counter gains between two readings, or None: the source begins again at 0.
GAIN = st.integers(min_value=0, max_value=10**9)
STEPS = st.lists(st.one_of(GAIN, st.none()), max_size=40)
# As for the other properties of the exporter: HYPOTHESIS_PROFILE=deep looks at 10,000.
EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200


def test_a_total_begins_at_zero_and_grows_by_what_the_counter_gains() -> None:
    totals = Differences[str]()

    assert [totals.advance("hits", raw) for raw in (1_000, 1_000, 1_007)] == [0, 0, 7]


def test_after_a_reset_all_that_is_counted_is_new() -> None:
    totals = Differences[str]()

    assert [totals.advance("hits", raw) for raw in (100, 130, 5, 5, 9, 0, 2)] == [0, 30, 35, 35, 39, 39, 41]


def test_keys_do_not_mix() -> None:
    totals = Differences[str]()
    totals.advance("a", 10)
    totals.advance("b", 1)

    assert totals.advance("a", 12) == 2
    assert totals.advance("b", 2) == 1


def test_another_counter_goes_on_from_the_total_without_a_jump() -> None:
    totals = Differences[str]()
    totals.advance("hits", 100)
    totals.advance("hits", 110)

    totals.rebase("hits", 5_000)

    assert totals.advance("hits", 5_000) == 10
    assert totals.advance("hits", 5_003) == 13


def test_what_is_forgotten_begins_anew_and_the_rest_stays() -> None:
    totals = Differences[str]()
    for raw in (1, 5):
        totals.advance("gone", raw)
        totals.advance("kept", raw)

    totals.forget({"kept"})

    assert totals.advance("gone", 9) == 0
    assert totals.advance("kept", 9) == 8


def test_forgetting_a_key_that_was_only_rebased() -> None:
    totals = Differences[str]()
    totals.rebase("hits", 5)

    totals.forget(set())

    assert totals.advance("hits", 9) == 0


@pytest.mark.parametrize("raw", [-1, float("nan"), float("inf")])
def test_what_is_no_counter_is_refused_and_changes_nothing(raw: float) -> None:
    totals = Differences[str]()
    totals.advance("hits", 5)

    with pytest.raises(ValueError, match="is not the value of a counter"):
        totals.advance("hits", raw)

    assert totals.advance("hits", 6) == 1


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.floats(min_value=0, allow_infinity=False, allow_nan=False, max_value=1e15), max_size=40))
def test_no_total_ever_goes_backwards(raws: list[float]) -> None:
    totals = Differences[str]()

    read = [totals.advance("hits", raw) for raw in raws]

    assert all(before <= after for before, after in pairwise(read))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(min_value=0, max_value=10**9), STEPS)
def test_a_total_is_the_true_sum_over_resets(start: int, steps: list[int | None]) -> None:
    totals = Differences[str]()
    raw, true = start, 0
    totals.advance("hits", raw)

    for step in steps:
        if step is None:
            raw = 0
        else:
            raw, true = raw + step, true + step
        # Read after each step, so a reset is never grown over before it is seen.
        assert totals.advance("hits", raw) == true


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(min_value=0, max_value=10**9), STEPS, st.data())
def test_a_second_reader_changes_nothing(start: int, steps: list[int | None], data: st.DataObject) -> None:
    alone, first, second = Differences[str](), Differences[str](), Differences[str]()
    raw = start

    for step in [0, *steps]:
        raw = 0 if step is None else raw + step
        expected = alone.advance("hits", raw)
        for _ in range(data.draw(st.integers(0, 2))):
            second.advance("hits", raw)
        assert first.advance("hits", raw) == expected
        # Nor does the same reader's second look.
        assert first.advance("hits", raw) == expected


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), GAIN), max_size=40))
def test_other_runs_count_from_where_they_are_met(readings: list[tuple[int, int]]) -> None:
    totals = Differences[str]()
    raw = dict.fromkeys(range(4), 0)
    running, before, true = None, {}, 0

    for run, gain in readings:
        raw[run] += gain
        if run == running:
            true += raw[run] - before[run]
        elif running is not None:
            totals.rebase("hits", raw[run])
        running, before = run, dict(raw)
        assert totals.advance("hits", raw[run]) == true
