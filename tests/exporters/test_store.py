"""What the store holds: last values by source, within a limit, with nothing lost from the sums."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.families import Families, Histogram, Labels, Value
from exporters.store import OWN, Store
from observability.model.signal import Instrument, InstrumentKind
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals.exporter import SERIES_FOLDED

deep = settings(max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200, deadline=None)


def instrument(name: str, kind: InstrumentKind, *labels: str, bounds: tuple[float, ...] = ()) -> Instrument:
    return Instrument(
        name=name, kind=kind, unit=Unit.COUNT, help=Text(ko="도움말.", en="Help."), labels=labels, bounds=bounds
    )


CALLS = instrument("calls_total", InstrumentKind.COUNTER, "api")
DEPTH = instrument("depth", InstrumentKind.GAUGE, "queue")
TOOK = instrument("took_seconds", InstrumentKind.HISTOGRAM, "api", bounds=(1.0, 2.0))
ENDED = instrument("ended_total", InstrumentKind.COUNTER, "api", "outcome")
REFUSED = instrument("refused_total", InstrumentKind.COUNTER, "reason")
UP = instrument("up_now", InstrumentKind.GAUGE)

SERIES, FOLDED = "tripgen_exporter_series", "tripgen_exporter_series_folded_total"


def shown(store: Store) -> dict[tuple[str, ...], float]:
    """Every series of the page by its name and label values."""
    samples = [one for f in text_string_to_metric_families(store.pages().classic.decode()) for one in f.samples]
    found = {(one.name, *one.labels.values()): one.value for one in samples}
    assert len(found) == len(samples), "a series is there twice"
    return found


def of(store: Store, name: str) -> dict[tuple[str, ...], float]:
    return {key[1:]: value for key, value in shown(store).items() if key[0] == name}


def calls(**values: float) -> Families:
    return {CALLS: {(api,): value for api, value in values.items()}}


def test_the_page_shows_the_last_values_of_every_source() -> None:
    store = Store()
    store.put("a", {DEPTH: {("mail",): 1.0}, UP: {(): 1.0}})
    store.put("b", {DEPTH: {("jobs",): 2.0}})
    store.put("a", {DEPTH: {("mail",): 5.0}})
    assert shown(store) == {("depth", "mail"): 5.0, ("depth", "jobs"): 2.0, (SERIES,): 4.0, (FOLDED,): 0.0}


def test_a_source_that_is_dropped_is_absent_and_not_zero() -> None:
    store = Store()
    store.put("a", calls(pay=3.0))
    store.drop("a")
    store.drop("never there")
    assert shown(store) == {(SERIES,): 2.0, (FOLDED,): 0.0}


def test_a_page_is_encoded_once_for_each_change() -> None:
    store = Store()
    store.put("a", calls(pay=3.0))
    first = store.pages()
    assert store.pages() is first
    assert first.body(True, True) is store.pages().body(True, True)
    store.put("a", calls(pay=3.0))
    assert store.pages() is not first


def test_a_change_is_told() -> None:
    store, told = Store(), []
    store.on_change = lambda: told.append(1)
    store.put("a", calls(pay=3.0))
    store.drop("a")
    store.drop("a")
    assert len(told) == 2


def test_label_sets_that_come_and_go_are_followed() -> None:
    store = Store()
    for names in (("a", "b"), ("b",), ("c", "b", "a"), ("a", "b", "c")):
        store.put("s", calls(**{name: float(ord(name)) for name in names}))
        assert of(store, "calls_total") == {(name,): float(ord(name)) for name in names}


def test_label_sets_past_the_limit_become_one_series_that_holds_their_sum() -> None:
    store = Store(limit=6)
    store.put("s", calls(a=1.0, b=2.0, c=3.0, d=4.0, e=5.0))
    # Two series about the store itself, one kept for "other", so three are left.
    assert of(store, "calls_total") == {("a",): 1.0, ("b",): 2.0, ("c",): 3.0, ("other",): 9.0}
    assert (of(store, SERIES), of(store, FOLDED)) == ({(): 6.0}, {(): 2.0})


def test_folded_gauges_and_histograms_are_added_up_too() -> None:
    store = Store(limit=4)
    store.put("s", {DEPTH: {("a",): 1.0, ("b",): 2.0, ("c",): 4.0}})
    assert of(store, "depth") == {("a",): 1.0, ("other",): 6.0}
    store = Store(limit=7)
    store.put("s", {TOOK: {("a",): Histogram((1, 2), 3, 4.5), ("b",): Histogram((0, 1), 1, 1.5)}})
    assert of(store, "took_seconds_bucket") == {("other", "1.0"): 1.0, ("other", "2.0"): 3.0, ("other", "+Inf"): 4.0}
    assert of(store, "took_seconds_sum") == {("other",): 6.0}
    assert store.families()[TOOK] == {("other",): Histogram((1, 3), 4, 6.0)}


def test_a_label_set_is_counted_as_folded_once() -> None:
    store = Store(limit=4)
    for _ in range(3):
        store.put("s", calls(a=1.0, b=2.0))
        store.put("s", calls(a=1.0, b=2.0, c=3.0))
    assert of(store, FOLDED) == {(): 2.0}


def test_what_was_folded_stays_folded_when_there_is_room_again() -> None:
    store = Store(limit=5)
    store.put("s", calls(a=1.0, b=2.0, c=3.0))
    store.put("s", calls(b=2.0, c=4.0))
    assert of(store, "calls_total") == {("b",): 2.0, ("other",): 4.0}
    # but a new label set gets the room
    store.put("s", calls(b=2.0, c=4.0, d=5.0))
    assert of(store, "calls_total") == {("b",): 2.0, ("d",): 5.0, ("other",): 4.0}


def test_other_never_goes_backwards_when_a_member_restarts_or_goes() -> None:
    store = Store(limit=4)
    store.put("s", calls(a=1.0, b=100.0, c=10.0))
    assert of(store, "calls_total")["other",] == 110.0
    store.put("s", calls(a=1.0, b=3.0, c=10.0))
    assert of(store, "calls_total")["other",] == 113.0
    store.put("s", calls(a=1.0, c=12.0))
    assert of(store, "calls_total")["other",] == 115.0
    store.put("s", calls(a=1.0, b=3.0, c=12.0))
    assert of(store, "calls_total")["other",] == 115.0
    store.put("s", calls(a=1.0, b=4.0, c=12.0))
    assert of(store, "calls_total")["other",] == 116.0


def test_other_is_absent_with_its_last_source_and_goes_on_where_it_was() -> None:
    store = Store(limit=4)
    store.put("s", calls(a=1.0, b=100.0))
    store.put("t", calls(c=10.0))
    store.drop("s")
    assert of(store, "calls_total") == {("other",): 110.0}
    store.drop("t")
    assert of(store, "calls_total") == {}
    store.put("t", calls(c=11.0))
    assert of(store, "calls_total") == {("other",): 111.0}


def test_a_gauge_that_goes_leaves_the_sum() -> None:
    store = Store(limit=4)
    store.put("s", {DEPTH: {("a",): 1.0, ("b",): 2.0, ("c",): 4.0}})
    store.put("s", {DEPTH: {("a",): 1.0, ("c",): 4.0}})
    assert of(store, "depth") == {("a",): 1.0, ("other",): 4.0}


def test_what_a_source_calls_other_itself_joins_the_fold() -> None:
    store = Store(limit=5)
    store.put("s", calls(other=7.0))
    assert of(store, "calls_total") == {("other",): 7.0}
    store.put("s", calls(other=7.0, a=1.0, b=2.0, c=3.0))
    assert of(store, "calls_total") == {("a",): 1.0, ("b",): 2.0, ("other",): 10.0}
    assert of(store, FOLDED) == {(): 1.0}


def test_folding_keeps_closed_labels_so_that_failures_stay_failures() -> None:
    store = Store(limit=8)
    ended = {(api, outcome): 1.0 for api in "abcde" for outcome in ("success", "failure")}
    store.put("s", {ENDED: ended})
    # Two series about the store itself, two kept for "other" of each outcome, so four are left.
    assert of(store, "ended_total") == {
        **dict.fromkeys(list(ended)[:4], 1.0), ("other", "success"): 3.0, ("other", "failure"): 3.0,
    }  # fmt: skip
    assert (of(store, SERIES), of(store, FOLDED)) == ({(): 8.0}, {(): 6.0})
    del ended["e", "failure"]
    store.put("s", {ENDED: {**ended, ("d", "failure"): 5.0}})
    assert of(store, "ended_total")["other", "failure"] == 7.0


def test_a_family_of_closed_labels_alone_is_never_folded() -> None:
    store = Store(limit=4)
    store.put("s", {REFUSED: {("a",): 1.0, ("other",): 2.0}})
    assert of(store, "refused_total") == {("a",): 1.0, ("other",): 2.0}
    # What has no place is left out and counted.
    store.put("s", {REFUSED: {("a",): 1.0, ("other",): 2.0, ("b",): 3.0}})
    assert of(store, "refused_total") == {("a",): 1.0, ("other",): 2.0}
    assert of(store, FOLDED) == {(): 1.0}


def test_what_a_source_folded_itself_is_added_to_the_stores_count() -> None:
    store = Store(limit=4)
    for elsewhere in (3.0, 5.0, 5.0):
        store.put("s", {**calls(a=1.0, b=2.0), SERIES_FOLDED: {(): elsewhere}})
    store.put("t", {SERIES_FOLDED: {(): 1.0}})
    assert of(store, FOLDED) == {(): 7.0}
    store.drop("t")
    assert of(store, FOLDED) == {(): 7.0}
    store.put("t", {SERIES_FOLDED: {(): 2.0}})
    assert of(store, FOLDED) == {(): 8.0}
    # It began anew.
    store.put("t", {SERIES_FOLDED: {(): 1.0}})
    assert of(store, FOLDED) == {(): 9.0}
    with pytest.raises(ValueError, match=FOLDED):
        store.put("t", {SERIES_FOLDED: {(): -1.0}})


def test_label_values_that_become_the_same_are_added_up() -> None:
    store = Store()
    store.put("s", {CALLS: {("a\x01",): 1.0, ("a\x02",): 2.0}})
    assert of(store, "calls_total") == {("a?",): 3.0}


def test_a_family_that_comes_when_nothing_fits_is_left_out_and_counted() -> None:
    store = Store(limit=4)
    store.put("s", calls(a=1.0, b=2.0))
    store.put("t", {DEPTH: {("q",): 1.0}, UP: {(): 1.0}})
    store.put("t", {DEPTH: {("q",): 2.0}, UP: {(): 1.0}})
    assert "depth" not in {key[0] for key in shown(store)}
    assert (of(store, SERIES), of(store, FOLDED)) == ({(): 4.0}, {(): 3.0})
    store.drop("s")
    store.put("t", {DEPTH: {("q",): 3.0}})
    assert of(store, "depth") == {("q",): 3.0}


def test_a_flood_leaves_room_for_the_exporters_own_state() -> None:
    store = Store(limit=100)
    store.put("flood", {CALLS: {(f"api{n}",): 1.0 for n in range(1_000)}})
    store.put(OWN, {DEPTH: {("own",): 1.0}})
    assert of(store, "depth") == {("own",): 1.0}


def test_a_flood_in_one_family_leaves_room_for_the_next_ones() -> None:
    store = Store(limit=100)
    store.put("flood", {CALLS: {(f"api{n}",): 1.0 for n in range(1_000)}})
    store.put("s", {DEPTH: {("a",): 1.0, ("b",): 2.0}, UP: {(): 1.0}, TOOK: {("a",): Histogram((1, 2), 3, 4.5)}})
    assert sum(of(store, "depth").values()) == 3.0
    assert of(store, "up_now") == {(): 1.0}
    assert of(store, "took_seconds_sum") == {("other",): 4.5}


def test_two_sources_cannot_give_the_same_series() -> None:
    store = Store()
    store.put("a", calls(pay=1.0))
    with pytest.raises(ValueError, match="calls_total: 'a' gives a series of the same labels"):
        store.put("b", calls(pay=2.0))
    assert of(store, "calls_total") == {("pay",): 1.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {CALLS: {("a",): -1.0}},
        {CALLS: {("a", "b"): 1.0}},
        {CALLS: {(1,): 1.0}},
        {CALLS: {("a",): "hunter2"}},
        {CALLS: {("a",): Histogram((1,), 1, 1)}},
        {TOOK: {("a",): 1.0}},
    ],
)
def test_what_an_instrument_cannot_hold_is_refused_without_its_value_and_changes_nothing(wrong: Families) -> None:
    store = Store()
    store.put("s", calls(a=1.0))
    with pytest.raises(ValueError, match=r"_total|_seconds") as raised:
        store.put("s", wrong)
    assert "hunter2" not in str(raised.value)
    assert of(store, "calls_total") == {("a",): 1.0}


def test_ages_are_told_by_the_clock_that_is_passed_in() -> None:
    time = 10.0
    store = Store(clock=lambda: time)
    store.put("s", calls(a=1.0))
    time = 12.5
    assert store.ages() == {"s": 2.5}


# --- properties -------------------------------------------------------------------------------------

apis = st.sampled_from([f"api{n}" for n in range(12)] + ["other", "a\n", "b\n"])
outcomes = st.sampled_from(["success", "failure", "other"])
rounds = st.lists(
    st.tuples(
        st.sampled_from(["s", "t", OWN]),
        st.one_of(
            st.none(),  # dropped
            st.fixed_dictionaries(
                {
                    "calls": st.dictionaries(apis, st.integers(0, 1000)),
                    "depth": st.dictionaries(apis, st.integers(-5, 1000)),
                    "took": st.dictionaries(apis, st.integers(0, 50), max_size=3),
                    "ended": st.dictionaries(st.tuples(apis, outcomes), st.integers(0, 1000)),
                    "refused": st.dictionaries(outcomes, st.integers(0, 1000)),
                }
            ),
        ),
    ),
    max_size=12,
)


def built(source: str, made: Mapping[str, Mapping[Any, int]]) -> dict[Instrument, dict[Labels, Value]]:
    """Each source has label values of its own, as ours have."""
    prefix = "" if source == "s" else f"{source}-"

    def named(name: str) -> Labels:
        return (name if name == "other" else prefix + name,)

    return {
        CALLS: {named(name): float(value) for name, value in made["calls"].items()},
        DEPTH: {named(name): float(value) for name, value in made["depth"].items()},
        TOOK: {
            named(name): Histogram((float(n), float(n)), float(2 * n), float(n)) for name, n in made["took"].items()
        },
        ENDED: {(*named(name), outcome): float(value) for (name, outcome), value in made["ended"].items()},
        # A closed label alone is never folded, so two sources that give it would give the same series.
        REFUSED: {(outcome,): float(value) for outcome, value in made["refused"].items() if source == "s"},
    }


@deep
@given(limit=st.integers(3, 40), steps=rounds)
def test_the_limit_is_never_exceeded_and_no_series_is_there_twice(
    limit: int, steps: list[tuple[str, dict[str, dict[Any, int]] | None]]
) -> None:
    store, folded = Store(limit=limit), 0.0
    for source, made in steps:
        if made is None:
            store.drop(source)
        else:
            store.put(source, built(source, made))
        page = shown(store)
        assert len(page) <= limit
        assert page[SERIES,] == len(page) == store.pages().series
        assert page[FOLDED,] >= folded
        folded = page[FOLDED,]


@deep
@given(
    # A fifth of the page is kept for families that have not come yet, and these five need 13 places there.
    limit=st.integers(70, 100),
    made=st.dictionaries(st.sampled_from(["s", "t"]), rounds.map(lambda r: [m for _, m in r])),
)
def test_folding_keeps_the_sums(limit: int, made: dict[str, list[dict[str, dict[Any, int]] | None]]) -> None:
    """With room for one ``other`` of each family, what the page adds up to is what was given."""
    last = {source: next((one for one in many if one is not None), None) for source, many in made.items()}
    store = Store(limit=limit)
    given_families = {source: built(source, one) for source, one in last.items() if one is not None}
    for source, one in given_families.items():
        store.put(source, one)
    for kind in (CALLS, DEPTH, REFUSED):
        values = [value for one in given_families.values() for value in one[kind].values()]
        assert sum(of(store, kind.name).values()) == sum(it for it in values if not isinstance(it, Histogram))
    for outcome in ("success", "failure", "other"):
        values = [it for one in given_families.values() for key, it in one[ENDED].items() if key[1] == outcome]
        shown_values = [it for key, it in of(store, "ended_total").items() if key[1] == outcome]
        assert sum(shown_values) == sum(it for it in values if not isinstance(it, Histogram))
    took = [it for one in given_families.values() for it in one[TOOK].values() if isinstance(it, Histogram)]
    assert sum(of(store, "took_seconds_count").values()) == sum(it.count for it in took)
    assert sum(of(store, "took_seconds_sum").values()) == sum(it.total for it in took)


@deep
@given(limit=st.integers(4, 12), steps=st.lists(st.dictionaries(apis, st.integers(0, 100), min_size=1), max_size=12))
def test_other_never_goes_backwards_whatever_its_members_do(limit: int, steps: list[dict[str, int]]) -> None:
    store, before = Store(limit=limit), 0.0
    for values in steps:
        store.put("s", {CALLS: {(name,): float(value) for name, value in values.items()}})
        now = of(store, "calls_total").get(("other",))
        if now is not None:
            assert now >= before
            before = now


@deep
@given(steps=rounds)
def test_values_put_again_and_again_are_encoded_as_if_they_were_new(
    steps: list[tuple[str, dict[str, dict[Any, int]] | None]],
) -> None:
    """Kept label text and taken-over numbers make the page that a fresh store makes."""
    store = Store()
    last: dict[str, Families] = {}
    for source, made in steps:
        if made is not None:
            last[source] = built(source, made)
            store.put(source, last[source])
    if all(name[0] != "other" for families in last.values() for sets in families.values() for name in sets):
        fresh = Store()
        for source, families in last.items():
            fresh.put(source, families)
        assert shown(store) == shown(fresh)
        assert store.families() == fresh.families()
