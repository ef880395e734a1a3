from __future__ import annotations

from typing import Any

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.model.query import Kql
from observability.model.signal import Engine, Instrument, InstrumentKind, PlatformMetric, PromQL, Signal, selector
from observability.model.text import Text
from observability.model.units import Unit

KQL = Kql(rows="Orders", summarize="value = count()", by={"shop": "ShopName", "city": "City"})
METRIC = PlatformMetric(resource="till", metric="Orders", aggregation="Total", by={"till": "TillId"})
PROMQL = PromQL(expr="sum by (lane) (rate(orders_total[$window]))", by=("lane",))


def _signal(*, kql: Kql | None = None, promql: PromQL | None = None, metric: PlatformMetric | None = None) -> Signal:
    words = Text("주문", "Orders")
    return Signal(name="orders", title=words, unit=Unit.COUNT, help=words, kql=kql, promql=promql, metric=metric)


# --- selectors ----------------------------------------------------------------------------------------------


def test_a_selector_without_labels_is_the_bare_name() -> None:
    assert selector("up") == "up"
    assert selector("up", but={}) == "up"


def test_a_selector_lists_what_must_match_then_what_must_not_each_by_name() -> None:
    assert selector("up", but={"state": "idle", "container": ""}, pod="a", job="till") == (
        'up{job="till",pod="a",container!="",state!="idle"}'
    )


def test_a_label_may_be_called_metric() -> None:
    assert selector("up", metric="a") == 'up{metric="a"}'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('say "hi"', r'up{job="say \"hi\""}'),
        ("C:\\till", r'up{job="C:\\till"}'),
        ('\\"', r'up{job="\\\""}'),
        ("one\ntwo", r'up{job="one\ntwo"}'),
        ("it's", 'up{job="it\'s"}'),
        ("계산대", 'up{job="계산대"}'),
        ('"} or vector(1) or up{job="', r'up{job="\"} or vector(1) or up{job=\""}'),
    ],
)
def test_a_value_cannot_leave_its_quotes(value: str, written: str) -> None:
    assert selector("up", job=value) == written


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_whatever_the_value_a_promql_parser_reads_it_back(value: str) -> None:
    read: Any = promql_parser.parse(selector("up", job=value))
    (matcher,) = read.matchers.matchers
    assert (matcher.name, matcher.value) == ("job", value)


# --- engines ------------------------------------------------------------------------------------------------


def test_a_signal_can_be_read_where_it_says_how() -> None:
    assert _signal().engines == ()
    assert _signal(promql=PROMQL).engines == (Engine.PROMETHEUS,)
    assert _signal(promql=PROMQL, metric=METRIC, kql=KQL).engines == (Engine.LOG, Engine.METRIC, Engine.PROMETHEUS)


@pytest.mark.parametrize(
    ("engine", "names"), [(Engine.LOG, ("shop", "city")), (Engine.METRIC, ("till",)), (Engine.PROMETHEUS, ("lane",))]
)
def test_a_signal_is_split_by_our_own_names_on_each_engine(engine: Engine, names: tuple[str, ...]) -> None:
    assert _signal(kql=KQL, promql=PROMQL, metric=METRIC).by(engine) == names
    assert _signal().by(engine) == ()


# --- instruments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "series"),
    [
        ("orders_total", InstrumentKind.COUNTER, ("orders_total",)),
        ("orders_open", InstrumentKind.GAUGE, ("orders_open",)),
        (
            "order_seconds",
            InstrumentKind.HISTOGRAM,
            ("order_seconds_bucket", "order_seconds_count", "order_seconds_sum"),
        ),
    ],
)
def test_an_instrument_names_the_series_that_queries_use(
    name: str, kind: InstrumentKind, series: tuple[str, ...]
) -> None:
    instrument = Instrument(name=name, kind=kind, unit=Unit.SECONDS, help=Text("주문", "Orders"), bounds=(1, 5))
    assert instrument.series == series
