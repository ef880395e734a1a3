"""Whether made-up signals can ever have a value, and what is said where they cannot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from observability.catalog import Catalogue
from observability.checks import firing, series
from observability.model.alert import Alert, Category, Severity
from observability.model.errors import Problem
from observability.model.signal import Engine, Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.source import Section
from observability.model.system import ResourceName
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, minutes

WORDS = Text(ko="말", en="words")
SOURCE = Section("1")
HERE = "tests/checks/test_firing.py"
SIGNAL = f"{HERE}: signal 's': "
ALERT = f"{HERE}: alert 'a': "


def resource(key: str, kind: str) -> ResourceName:
    return ResourceName(key=key, name=f"{key}-1", type=kind, source=SOURCE)


RESOURCES = {
    "postgresql": resource("postgresql", "Microsoft.DBforPostgreSQL/flexibleServers"),
    "redis": resource("redis", "Microsoft.Cache/redis"),
}


def said(problems: Iterable[Problem]) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


def instrument(name: str, kind: InstrumentKind, *labels: str, bounds: tuple[float, ...] = ()) -> Instrument:
    return Instrument(name=name, kind=kind, unit=Unit.COUNT, help=WORDS, labels=labels, bounds=bounds)


TRIPS = instrument("trips_total", InstrumentKind.COUNTER, "outcome")
QUEUE = instrument("queue_messages", InstrumentKind.GAUGE, "entity", "state")
TOOK = instrument("took_seconds", InstrumentKind.HISTOGRAM, "api", bounds=(1, 5))
INSTRUMENTS = (TRIPS, QUEUE, TOOK)


def signal(unit: Unit = Unit.COUNT, **given: Any) -> Signal:
    return Signal(**{"name": "s", "title": WORDS, "unit": unit, "help": WORDS, **given})


def wrongs(*signals: Signal, instruments: tuple[Instrument, ...] = INSTRUMENTS) -> list[str]:
    return said(firing.check(Catalogue(signals=signals, instruments=instruments), RESOURCES))


def of_promql(expr: str, *by: str, **given: Any) -> list[str]:
    return wrongs(signal(promql=PromQL(expr=expr, by=by), **given))


# --- PromQL: names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("foo", {"foo"}),
        ("foo:bar:rate5m > 1e5", {"foo:bar:rate5m"}),
        ("foo > 0x1F and foo < 1e-5 + .5 - Inf or NaN", {"foo"}),
        ("foo offset 5m", {"foo"}),
        ("foo offset -1h30m", {"foo"}),
        ("rate(foo[5m:30s])", {"foo"}),
        ("max_over_time(rate(foo[$window])[1h:])", {"foo"}),
        ("sum by (a) (foo)", {"foo"}),
        ("sum(foo) by (a, b)", {"foo"}),
        ("SUM BY(a)(foo) AND ON(b) bar OR bar UNLESS foo", {"foo", "bar"}),
        ("foo * on (a) group_left (b) bar / ignoring(c) group_right baz", {"foo", "bar", "baz"}),
        ('foo{a=~"x{2}",b!="}"}', {"foo"}),
        ("foo{a='}'} + bar{b=`}`}", {"foo", "bar"}),
        ('foo{a="bar baz \\" qux"}', {"foo"}),
        ('{__name__="foo",a="b"}', {"foo"}),
        ('{"foo.bar", a="b"}', {"foo.bar"}),
        ("foo == bool 1", {"foo"}),
        ("foo @ end() - foo @ 1609746000", {"foo"}),
        ("topk(5, foo) + quantile by (a) (0.9, bar)", {"foo", "bar"}),
        ('count_values("version", foo)', {"foo"}),
        ("time() - foo # bar\n + baz", {"foo", "baz"}),
        ("foo atan2 bar", {"foo", "bar"}),
        ("vector(1)", set()),
        ("-foo ^ 2 % 3", {"foo"}),
    ],
)
def test_the_metrics_of_an_expression_are_found_and_nothing_else(expr: str, names: set[str]) -> None:
    assert series.read(expr).names == names


@pytest.mark.parametrize(
    "expr", ["", "(", ")", "{", "}", "[", "x{", "x{a", "x{a=", "sum by (", "sum by", "x[", '"', "$", "by"]
)
def test_a_broken_expression_breaks_no_check(expr: str) -> None:
    of_promql(expr)


def test_a_metric_that_nobody_emits_is_wrong() -> None:
    assert of_promql("sum(rate(trips_totals[$window]))") == [
        SIGNAL + "nobody emits metric 'trips_totals'; add an Instrument for the exporter, or the name to "
        "observability/azure/prometheus.py if a target of the agent shows it"
    ]


@pytest.mark.parametrize(
    "expr",
    [
        "sum(rate(trips_total[$window]))",
        "queue_messages",
        "up",
        "kube_pod_info",
        "sum(rate(took_seconds_sum[5m])) / sum(rate(took_seconds_count[5m]))",
        "histogram_quantile(0.95, sum by (le) (rate(took_seconds_bucket[$window])))",
    ],
)
def test_metrics_of_the_exporter_and_of_the_agent_are_there(expr: str) -> None:
    assert of_promql(expr) == []


def test_a_histogram_is_read_by_its_parts() -> None:
    assert of_promql("rate(took_seconds[5m])") == [
        SIGNAL + "nobody emits metric 'took_seconds'; a histogram is read as 'took_seconds_bucket', "
        "'took_seconds_count' and 'took_seconds_sum'"
    ]
    for name in ("trips_total_bucket", "queue_messages_count", "trips"):
        assert len(of_promql(name)) == 1


def test_a_recorded_signal_can_be_read_and_not_by_itself() -> None:
    recorded = signal(
        name="trip_rate",
        promql=PromQL(expr="sum by (outcome) (rate(trips_total[$window]))", by=("outcome",)),
        recorded=True,
    )
    assert wrongs(recorded, signal(promql=PromQL(expr='trip_rate{outcome="stored"}'))) == []
    assert wrongs(recorded, signal(promql=PromQL(expr='trip_rate{api="a"}'))) == [
        SIGNAL + "metric 'trip_rate' has no label 'api'; its labels are 'outcome'"
    ]
    assert of_promql("s > 1", recorded=True) == [SIGNAL + "records 's' from itself; read the metrics behind it"]
    assert wrongs(signal(recorded=True)) == [
        SIGNAL + "can be read on no engine; give kql=, promql= or metric=",
        SIGNAL + "is recorded and has no PromQL; give promql=, or drop recorded",
    ]


def test_two_signals_are_one_recorded_metric_where_their_labels_tell_them_apart() -> None:
    mine = signal(name="a", promql=PromQL(expr="sum by (outcome) (trips_total)", by=("outcome",)), recorded=True)
    other = signal(promql=PromQL(expr="sum(queue_messages)"), recorded=True, recorded_as="a")
    assert wrongs(mine, other) == []
    same = signal(promql=mine.promql, recorded=True, recorded_as="a")
    assert wrongs(mine, same) == [
        f"{HERE}: signal 'a': series 'a' is emitted twice; give one of the two another name",
        SIGNAL + "series 'a' is emitted twice; give one of the two another name",
    ]


def test_metrics_picked_by_pattern_cannot_be_looked_up() -> None:
    assert of_promql('sum({__name__=~"trips_.*"})') == [
        SIGNAL + "picks its metrics by pattern 'trips_.*'; name the metrics"
    ]
    assert of_promql('sum({job="x"})') == [SIGNAL + "picks its metrics by pattern '.*'; name the metrics"]


@pytest.mark.parametrize("variable", ["$pod", "${pod}", "$__rate_interval"])
def test_a_variable_that_no_dashboard_defines_is_wrong(variable: str) -> None:
    wrong = [SIGNAL + f"names variable '{variable}', which no dashboard defines; use $window, or write the value"]
    assert of_promql(f'queue_messages{{pod=~"{variable}"}}') == wrong
    assert of_promql('queue_messages{pod=~"a$"}') == []


# --- PromQL: labels -------------------------------------------------------------------------------------------


def test_a_label_that_an_instrument_does_not_have_is_wrong() -> None:
    assert of_promql('queue_messages{queue="trips"}') == [
        SIGNAL + "metric 'queue_messages' has no label 'queue'; its labels are 'entity', 'state'"
    ]
    assert of_promql('queue_messages{entity=~"x{2}",state!="}"}') == []


def test_labels_of_a_histogram_s_parts() -> None:
    assert of_promql('took_seconds_bucket{le="5",api="maps"}') == []
    assert of_promql('took_seconds_count{le="5"}') == [
        SIGNAL + "metric 'took_seconds_count' has no label 'le'; its labels are 'api'"
    ]


def test_every_scraped_series_has_the_labels_of_its_target() -> None:
    assert of_promql('sum by (instance) (queue_messages{job="exporter",namespace="a"})') == []


def test_labels_of_the_agent_s_metrics_are_not_known_here() -> None:
    assert of_promql('sum by (anything) (kube_pod_info{whatever="x"})', "anything") == []


def test_a_grouping_by_a_label_that_nobody_sets_is_wrong() -> None:
    assert of_promql("sum by (queue) (queue_messages)") == [
        SIGNAL + "groups by label 'queue', which none of its metrics has; its labels are 'entity', 'state'"
    ]


def test_a_made_label_may_be_grouped_by() -> None:
    assert of_promql('sum by (new) (label_replace(queue_messages, "new", "x", "entity", "a"))', "new") == []


def test_a_signal_keeps_the_labels_it_says_it_is_split_by() -> None:
    assert of_promql("sum by (entity, state) (queue_messages)", "entity") == []
    assert of_promql("queue_messages", "entity", "pod") == []
    assert of_promql("sum without (state) (queue_messages)", "entity") == []
    assert of_promql("sum by (state) (queue_messages)", "entity") == [
        SIGNAL + "says it is split by 'entity', which its expression does not keep; its labels are 'state'"
    ]
    assert of_promql("sum(kube_pod_info)", "pod") == [
        SIGNAL + "says it is split by 'pod', which its expression does not keep; its labels are none"
    ]


# --- PromQL: use ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["rate", "irate", "increase", "resets"])
def test_a_gauge_has_no_rate(function: str) -> None:
    assert of_promql(f"{function}(queue_messages[$window])") == [
        SIGNAL + f"takes the {function} of gauge 'queue_messages'; use delta or avg_over_time, or make it a counter"
    ]
    assert of_promql(f"{function}(trips_total[$window])") == []
    assert of_promql("avg_over_time(queue_messages[$window])") == []


def test_a_quantile_needs_its_buckets() -> None:
    wrong = [SIGNAL + "aggregates label 'le' away, so histogram_quantile has no buckets; add le to the grouping"]
    for inner in ("sum({})", "sum by (api) ({})", "sum without (le) ({})"):
        assert of_promql(f"histogram_quantile(0.9, {inner.format('rate(took_seconds_bucket[5m])')})") == wrong
    for inner in ("{}", "sum by (le, api) ({})", "sum without (api) ({})"):
        assert of_promql(f"histogram_quantile(0.9, {inner.format('rate(took_seconds_bucket[5m])')})") == []


# --- instruments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        (
            instrument("trips", InstrumentKind.COUNTER),
            "'trips': is a counter; let the names of counters, and of no others, end in '_total'",
        ),
        (
            instrument("queue_total", InstrumentKind.GAUGE),
            "'queue_total': is a gauge; let the names of counters, and of no others, end in '_total'",
        ),
        (
            instrument("took", InstrumentKind.HISTOGRAM),
            "'took': is a histogram with 0 bounds; give a histogram its bounds",
        ),
        (
            instrument("took", InstrumentKind.GAUGE, bounds=(1, 2)),
            "'took': is a gauge with 2 bounds; give a histogram its bounds",
        ),
        (
            instrument("took", InstrumentKind.HISTOGRAM, bounds=(1, 5, 3)),
            "'took': its bounds do not rise; sort them and name each once",
        ),
        (
            instrument("up", InstrumentKind.GAUGE),
            "'up': series 'up' is emitted twice; give one of the two another name",
        ),
    ],
)
def test_an_instrument_is_what_its_name_says(broken: Instrument, wrong: str) -> None:
    assert wrongs(instruments=(broken,)) == [f"{HERE}: instrument {wrong}"]


def test_two_sources_of_one_series_are_wrong() -> None:
    other = instrument("took_seconds_count", InstrumentKind.GAUGE)
    assert wrongs(instruments=(TOOK, other)) == [
        f"{HERE}: instrument 'took_seconds': series 'took_seconds_count' is emitted twice; "
        "give one of the two another name",
        f"{HERE}: instrument 'took_seconds_count': series 'took_seconds_count' is emitted twice; "
        "give one of the two another name",
    ]


# --- platform metrics -----------------------------------------------------------------------------------------


def of_metric(unit: Unit = Unit.COUNT, **given: Any) -> list[str]:
    fields = {"resource": "postgresql", "metric": "active_connections", "aggregation": "Average", **given}
    return wrongs(signal(unit, metric=PlatformMetric(**fields)))


def test_a_platform_metric_that_azure_emits_is_fine() -> None:
    assert of_metric() == []
    assert of_metric(Unit.PERCENT, metric="cpu_percent", aggregation="Maximum") == []
    assert (
        of_metric(
            Unit.PERCENT,
            resource="redis",
            metric="usedmemorypercentage",
            aggregation="Maximum",
            by={"shard": "ShardId"},
        )
        == []
    )


def test_a_name_in_another_case_is_not_the_metric() -> None:
    assert of_metric(metric="Active_Connections") == [
        SIGNAL + "'Microsoft.DBforPostgreSQL/flexibleServers' emits no metric 'Active_Connections'; "
        "Azure spells it 'active_connections'"
    ]


def test_an_unknown_platform_metric_is_wrong() -> None:
    assert of_metric(metric="connections_in_use") == [
        SIGNAL + "'Microsoft.DBforPostgreSQL/flexibleServers' emits no metric 'connections_in_use'; "
        "look it up in observability/azure/platform_metrics.json"
    ]


def test_an_aggregation_that_the_metric_does_not_have_is_wrong() -> None:
    assert of_metric(metric="max_connections", aggregation="Average") == [
        SIGNAL + "'max_connections' has no aggregation 'Average'; it has 'Maximum'"
    ]


def test_a_dimension_that_the_metric_does_not_have_is_wrong() -> None:
    assert of_metric(by={"database": "DatabaseName"}) == [
        SIGNAL + "'active_connections' has no dimension 'DatabaseName'; it has none"
    ]
    shards = {"resource": "redis", "metric": "usedmemorypercentage", "aggregation": "Maximum"}
    assert of_metric(Unit.PERCENT, **shards, by={"shard": "shardid"}, only={"shardid": "0"}) == [
        SIGNAL + "'usedmemorypercentage' has no dimension 'shardid'; it has 'ShardId'"
    ]


def test_a_resource_that_the_design_does_not_have_is_wrong() -> None:
    assert of_metric(resource="mysql") == [SIGNAL + "there is no resource 'mysql'; use one of 'postgresql', 'redis'"]


def test_a_signal_has_its_metric_s_unit() -> None:
    todo = "give the signal the metric's unit: Azure does not convert a limit"
    assert of_metric(Unit.RATIO, metric="cpu_percent") == [
        SIGNAL + f"is in ratio, and 'cpu_percent' comes in percent; {todo}"
    ]
    assert of_metric(Unit.GIGABYTES, metric="backup_storage_used") == [
        SIGNAL + f"is in gigabytes, and 'backup_storage_used' comes in bytes; {todo}"
    ]
    assert of_metric(Unit.BYTES, metric="backup_storage_used") == []
    assert of_metric(Unit.CONNECTIONS) == []


# --- alerts on them -------------------------------------------------------------------------------------------


def of_alert(watches: Signal, engine: Engine, window: timedelta, every: timedelta) -> list[str]:
    one = Alert(
        id="a",
        title=WORDS,
        watches=watches,
        engine=engine,
        above=Quantity(1, watches.unit),
        window=window,
        every=every,
        severity=Severity.TWO,
        category=Category.RESOURCE,
        actions=(),
        meaning=WORDS,
        impact=WORDS,
        because=WORDS,
        first_steps=(),
    )
    return said(firing.check(Catalogue(alerts=(one,), signals=(watches,), instruments=INSTRUMENTS), RESOURCES))


def test_a_window_finer_than_the_metric_s_grain_sees_nothing() -> None:
    most = signal(metric=PlatformMetric(resource="postgresql", metric="max_connections", aggregation="Maximum"))
    assert of_alert(most, Engine.METRIC, minutes(5), minutes(5)) == [
        ALERT + "window 'PT5M' is finer than its metric's grain 'PT30M'; measure it on another engine"
    ]
    assert of_alert(most, Engine.METRIC, minutes(30), minutes(30)) == []
    assert of_alert(most, Engine.METRIC, timedelta(seconds=0.5), minutes(1)) == []


def test_a_window_that_the_expression_does_not_look_at_is_wrong() -> None:
    now = signal(promql=PromQL(expr="sum(queue_messages)"))
    assert of_alert(now, Engine.PROMETHEUS, minutes(5), minutes(1)) == [
        ALERT + "its signal's PromQL has no '$window', so no window is looked at; use pending= and window=every"
    ]
    assert of_alert(now, Engine.PROMETHEUS, minutes(1), minutes(1)) == []
    over = signal(promql=PromQL(expr="sum(avg_over_time(queue_messages[$window]))"))
    assert of_alert(over, Engine.PROMETHEUS, hours(1), minutes(1)) == []


@pytest.mark.parametrize("operator", ["or", "and", "unless"])
def test_a_comparison_would_bind_closer_than_a_set_operator(operator: str) -> None:
    loose = signal(promql=PromQL(expr=f"sum(queue_messages) {operator} sum(up)"))
    assert of_alert(loose, Engine.PROMETHEUS, minutes(1), minutes(1)) == [
        ALERT + f"its comparison would bind closer than '{operator}'; put the signal's PromQL in parentheses"
    ]
    tight = signal(promql=PromQL(expr=f"(sum(queue_messages) {operator} sum(up))"))
    assert of_alert(tight, Engine.PROMETHEUS, minutes(1), minutes(1)) == []
