"""The page's text: what Prometheus reads out of it is what was put in."""

from __future__ import annotations

import gzip
import math
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from exporters.families import Families, Histogram, Labels, Value
from exporters.page import LABEL_LENGTH, clean, encode, number
from observability.model.signal import Instrument, InstrumentKind
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals import (
    ai,
    business,
    exporter,
    postgresql,
    redis,
    service_bus,
    services,
)


def instrument(
    name: str, kind: InstrumentKind, *labels: str, bounds: tuple[float, ...] = (), en: str = "Help."
) -> Instrument:
    return Instrument(
        name=name, kind=kind, unit=Unit.COUNT, help=Text(ko="도움말.", en=en), labels=labels, bounds=bounds
    )


JOBS = instrument("jobs_total", InstrumentKind.COUNTER, "queue", "outcome", en='Jobs, "done" or not.\nBy \\ queue.')
DEPTH = instrument("depth", InstrumentKind.GAUGE, "queue", en="Messages waiting.")
TOOK = instrument("took_seconds", InstrumentKind.HISTOGRAM, "queue", bounds=(0.5, 1, 10), en="How long it took.")
UP = instrument("up_now", InstrumentKind.GAUGE, en="1 if it is up.")
KINDS = (JOBS, DEPTH, TOOK, UP)

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def meant(families: Families) -> Series:
    """The series that ``families`` stand for, as a reader of the page should find them."""
    found: Series = {}
    for one, sets in families.items():
        for labels, value in sets.items():
            named = list(zip(one.labels, labels, strict=True))
            if not isinstance(value, Histogram):
                found[one.name, frozenset(named)] = value
                continue
            for bound, below in zip(
                (*map(str, map(float, one.bounds)), "+Inf"), (*value.buckets, value.count), strict=True
            ):
                found[f"{one.name}_bucket", frozenset([*named, ("le", bound)])] = below
            found[f"{one.name}_sum", frozenset(named)] = value.total
            found[f"{one.name}_count", frozenset(named)] = value.count
    return found


def read(text: str, parse: Callable[[str], object]) -> Series:
    samples = [sample for family in parse(text) for sample in family.samples]  # type: ignore[attr-defined]
    found = {(sample.name, frozenset(sample.labels.items())): float(sample.value) for sample in samples}
    assert len(found) == len(samples), "a series is there twice"
    return found


def alike(one: Series, two: Series) -> bool:
    return one.keys() == two.keys() and all(
        value == two[key] or (math.isnan(value) and math.isnan(two[key])) for key, value in one.items()
    )


def test_a_page_in_the_classic_text() -> None:
    page = encode({JOBS: {("mail", "done"): 3.0}, TOOK: {("mail",): Histogram((1, 2, 2), 3, 21.5)}, UP: {(): 1.0}})
    assert page.classic.decode() == (
        '# HELP jobs_total Jobs, "done" or not.\\nBy \\\\ queue.\n'
        "# TYPE jobs_total counter\n"
        'jobs_total{queue="mail",outcome="done"} 3\n'
        "# HELP took_seconds How long it took.\n"
        "# TYPE took_seconds histogram\n"
        'took_seconds_bucket{queue="mail",le="0.5"} 1\n'
        'took_seconds_bucket{queue="mail",le="1.0"} 2\n'
        'took_seconds_bucket{queue="mail",le="10.0"} 2\n'
        'took_seconds_bucket{queue="mail",le="+Inf"} 3\n'
        'took_seconds_sum{queue="mail"} 21.5\n'
        'took_seconds_count{queue="mail"} 3\n'
        "# HELP up_now 1 if it is up.\n"
        "# TYPE up_now gauge\n"
        "up_now 1\n"
    )
    assert page.series == 8


def test_openmetrics_names_a_counters_family_without_total_and_ends_with_eof() -> None:
    page = encode({JOBS: {("mail", "done"): 0.5}})
    assert page.openmetrics.decode() == (
        '# HELP jobs Jobs, \\"done\\" or not.\\nBy \\\\ queue.\n'
        "# TYPE jobs counter\n"
        'jobs_total{queue="mail",outcome="done"} 0.5\n'
        "# EOF\n"
    )


def test_a_page_of_nothing_is_empty_and_in_openmetrics_only_its_end() -> None:
    assert (encode({}).classic, encode({}).openmetrics) == (b"", b"# EOF\n")
    assert encode({UP: {}}).classic == b""


def test_the_compressed_page_is_the_same_page() -> None:
    page = encode({DEPTH: {(f"q{n}",): float(n) for n in range(100)}})
    assert gzip.decompress(page.body(openmetrics=False, gzipped=True)) == page.classic
    assert gzip.decompress(page.body(openmetrics=True, gzipped=True)) == page.openmetrics


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (0.5, "0.5"), (-3.0, "-3"), (1e16, "1e+16"), (0.1 + 0.2, "0.30000000000000004"),
        (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (100.0, "100"), (1.05, "1.05"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_prometheus_writes_them(value: float, text: str) -> None:
    assert number(value) == text
    page = encode({DEPTH: {("first",): value, ("a 1.0",): 2.0, ("last",): value}})
    lines = [line for line in page.classic.decode().splitlines() if not line.startswith("#")]
    assert lines == [f'depth{{queue="first"}} {text}', 'depth{queue="a 1.0"} 2', f'depth{{queue="last"}} {text}']


def test_labels_are_escaped() -> None:
    page = encode({DEPTH: {('C:\\a "b"',): 1.0}})
    assert 'depth{queue="C:\\\\a \\"b\\""} 1\n' in page.classic.decode()


def test_control_characters_and_halves_of_characters_are_replaced_and_long_values_cut() -> None:
    assert clean(("a\nb\x00\x7f\ud800", "길이", "x" * 500)) == ("a?b???", "길이", "x" * LABEL_LENGTH)
    assert clean(("plain", "한국어 값")) == ("plain", "한국어 값")


def test_a_counter_that_is_negative_or_no_number_is_refused() -> None:
    for value in (-1.0, math.nan):
        with pytest.raises(ValueError, match="counter"):
            encode({JOBS: {("mail", "done"): value}})


def test_a_histogram_of_other_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bounds"):
        encode({TOOK: {("mail",): Histogram((1,), 1, 1)}})


counts = st.floats(min_value=0, max_value=1e300)
anything = st.floats()
names = st.text(max_size=12) | st.sampled_from(["", "\\", '"', "\\n", "a\nb", "} 1.0", " inf", ",", "값", "other"])


@st.composite
def families(draw: st.DrawFn) -> dict[Instrument, dict[Labels, Value]]:
    found: dict[Instrument, dict[Labels, Value]] = {}
    for one in draw(st.lists(st.sampled_from(KINDS), unique_by=lambda kind: kind.name)):
        value: st.SearchStrategy[Value] = anything
        if one.kind is InstrumentKind.COUNTER:
            value = counts
        elif one.kind is InstrumentKind.HISTOGRAM:
            whole = st.integers(0, 2**40)
            value = st.tuples(st.lists(whole, min_size=4, max_size=4), counts).map(
                lambda it: Histogram(tuple(sorted(it[0])[:3]), sorted(it[0])[3], it[1])
            )
        labels = st.tuples(*[names.map(lambda name: clean((name,))[0])] * len(one.labels))
        found[one] = draw(st.dictionaries(labels, value, max_size=6))
    return found


@settings(deadline=None)
@given(families())
def test_prometheus_clients_parsers_read_from_both_texts_what_was_put_in(given_families: Families) -> None:
    page = encode(given_families)
    wanted = meant(given_families)
    assert alike(read(page.classic.decode(), parse_classic), wanted)
    assert alike(read(page.openmetrics.decode(), parse_openmetrics), wanted)
    assert page.series == len(wanted)


def test_promtool_accepts_a_page_of_every_instrument(promtool: str | None, leave_out: Callable[[str], None]) -> None:
    if promtool is None:
        leave_out("promtool check metrics on a page of every instrument: no promtool here")
        return
    modules = (ai, business, exporter, postgresql, redis, service_bus, services)
    found = {one for module in modules for one in vars(module).values() if isinstance(one, Instrument)}
    assert len(found) > 25
    page = encode({one: {tuple(f"{label} 1" for label in one.labels): sample(one)} for one in found})
    done = subprocess.run(
        [promtool, "check", "metrics"], input=page.classic, capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def sample(one: Instrument) -> Value:
    if one.kind is InstrumentKind.HISTOGRAM:
        return Histogram(tuple(float(n) for n in range(len(one.bounds))), float(len(one.bounds)), 2.5)
    return 1.0
