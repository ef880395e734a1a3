"""The small evaluator of PromQL gives what Prometheus gives."""

from __future__ import annotations

import json
import math
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from observability.model.alert import Alert
from observability.model.signal import Engine
from observability.replay import prom, rules, run
from observability.replay.prom import NotKnown
from observability.replay.samples import Samples
from observability.simulate import faults, scrapes
from observability.simulate.settings import Settings
from observability.simulate.world import World
from tests.replay import notation, openmetrics

T0 = datetime(2026, 11, 24, tzinfo=UTC)
NO_PROMETHEUS = "prometheus (Debian's package) is not installed: the replay's own evaluator was not held against it"


def made(**series: str) -> Samples:
    samples = Samples()
    for name, values in series.items():
        notation.add(samples, name, values)
    return samples


def at(expression: str, samples: Samples, minute: float) -> dict[str, float]:
    found = prom.compiled(expression, samples)(60 * minute)
    return {",".join(value for _, value in labels): value for labels, value in found.items()}


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_series_stands_for_five_minutes_and_not_after_it_is_stale() -> None:
    samples = made(x="1 2 3")
    assert [at("x", samples, minute) for minute in (0, 1.5, 2, 7, 7.1)] == [{"": 1}, {"": 2}, {"": 3}, {"": 3}, {}]
    assert at("x", made(x="1 2 stale"), 3) == {}


def test_an_increase_is_carried_to_the_ends_of_its_range_but_not_below_0() -> None:
    # One a minute from 1 on: four minutes between the first and last sample, and one missing at the start.
    assert at("increase(x[5m])", made(x="_ 1+1x10"), 5) == {"": 5.0}
    assert at("rate(x[5m])", made(x="0+60x10"), 10) == {"": 1.0}


def test_a_counter_that_falls_has_been_reset() -> None:
    assert at("increase(x[4m])", made(x="10 20 5 6 7"), 4) == {"": 17.0}


def test_one_sample_has_no_rate() -> None:
    assert at("rate(x[1m])", made(x="_ _ _ 4"), 3) == {}


def test_a_quantile_lies_between_the_bounds_of_its_bucket() -> None:
    samples = made(**{'b{le="1"}': "50x5", 'b{le="2"}': "90x5", 'b{le="+Inf"}': "100x5"})
    assert at("histogram_quantile(0.5, b)", samples, 1) == {"": 1.0}
    assert at("histogram_quantile(0.7, b)", samples, 1) == {"": 1.5}
    assert at("histogram_quantile(0.95, b)", samples, 1) == {"": 2.0}


def test_a_quantile_of_nothing_is_not_a_number_and_fires_nothing() -> None:
    samples = made(**{'b{le="1"}': "0x5", 'b{le="+Inf"}': "0x5"})
    assert math.isnan(at("histogram_quantile(0.5, b)", samples, 1)[""])
    assert at("histogram_quantile(0.5, b) > 0", samples, 1) == {}


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("topk(3, x)", "topk"),
        ("x * on (a) group_left (b) y", "group_left"),
        ("predict_linear(x[5m], 60)", "predict_linear"),
        ("x @ 5", "@"),
        ('{__name__="x"}', "selector"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_name(expression: str, named: str) -> None:
    with pytest.raises(NotKnown, match=named):
        prom.compiled(expression, made(x="1"))


REFUSED = {
    'max by (a) (g) / on (a) g': "two series on its right match {a=\"x\"}",
    'g / on (a) max by (a) (g)': "two series on its left match {a=\"x\"}",
    'g - ignoring (b) max by (a) (g)': "two series on its left match {a=\"x\"}",
    'label_replace(g, "b", "", "", "")': "label_replace to 'b': makes two series the same, {a=\"x\"}",
}  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_series_that_nothing_tells_apart_are_refused_and_none_is_taken(expression: str) -> None:
    samples = made(**{'g{a="x",b="1"}': "1x5", 'g{a="x",b="2"}': "3x5"})
    value_at = prom.compiled(expression, samples)
    with pytest.raises(NotKnown) as refused:
        value_at(60)
    assert str(refused.value).endswith(REFUSED[expression])


def test_a_comparison_refuses_two_only_where_both_hold() -> None:
    samples = made(**{'g{a="x",b="1"}': "1x5", 'g{a="x",b="2"}': "3x5", 'limit{a="x"}': "2x5"})
    assert at("g > on (a) limit", samples, 1) == {"x": 3}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(-1) ^ 0.5", math.nan), ("0 ^ -1", math.inf), ("(-0) ^ -1", -math.inf), ("(-0) ^ -2", math.inf),
        ("10 ^ 400", math.inf), ("(-10) ^ 401", -math.inf), ("(-10) ^ 400", math.inf), ("1 / 0", math.inf),
        ("-1 / 0", -math.inf), ("1 / -0", -math.inf), ("0 / 0", math.nan), ("(0 / 0) ^ 0", 1.0),
    ],
)  # fmt: skip
def test_arithmetic_has_no_errors_and_the_results_of_ieee(expression: str, value: float) -> None:
    assert at(expression, Samples(), 1)[""] == pytest.approx(value, nan_ok=True)


def test_the_lowest_quantile_of_an_empty_first_bucket_is_not_a_number() -> None:
    samples = made(**{'b{le="1"}': "0x5", 'b{le="2"}': "4x5", 'b{le="+Inf"}': "4x5"})
    assert math.isnan(at("histogram_quantile(0, b)", samples, 1)[""])


def test_the_examples_of_every_alert_hold(own_alerts: tuple[Alert, ...]) -> None:
    tried = 0
    for alert in own_alerts:
        if alert.engine is not Engine.PROMETHEUS or alert.examples is None:
            continue
        rule = rules.of(alert)
        for example in alert.examples(rule.condition.limit):
            samples = Samples()
            for series in example.series:
                notation.add(samples, series.series, series.values)
            found = prom.compiled(rule.text, samples)(60.0 * example.at)
            firing = [dict(labels) for labels, value in found.items() if rule.condition.holds(value)]
            assert firing == [dict(each) for each in example.fires], f"{alert.id}: {example.name}"
            tried += 1
    assert tried >= 10


# --- against the real one ---------------------------------------------------------------------------------------------


class Server:
    """A Prometheus on loopback with these samples in its store."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        (folder / "page.om").write_text(openmetrics.page(samples), encoding="utf-8")
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "page.om"), str(folder / "data")],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        (folder / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self._port}", "--storage.tsdb.retention.time=100y",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while not self._ready():
            assert time.monotonic() < deadline
            assert self._process.poll() is None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def range(
        self, expression: str, start: float, end: float, step: float
    ) -> dict[tuple[Any, ...], dict[float, float]]:
        query = urllib.parse.urlencode({"query": expression, "start": start, "end": end, "step": step})
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/query_range?{query}", timeout=30) as answer:
            found = json.load(answer)["data"]["result"]
        return {
            tuple(sorted((k, v) for k, v in one["metric"].items() if k != "__name__")): {
                float(moment): float(value) for moment, value in one["values"]
            }
            for one in found
        }

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Samples], Server] | None]:
    started: list[Server] = []

    def start(samples: Samples) -> Server:
        started.append(Server(tmp_path, samples))
        return started[-1]

    yield start if shutil.which("prometheus") and shutil.which("promtool") else None
    for server in started:
        server.end()


def agree(server: Server, samples: Samples, expression: str, start: float, end: float) -> int:
    """How many values were compared."""
    theirs = server.range(expression, start, end, 60)
    value_at = prom.compiled(expression, samples)
    compared, moment = 0, start
    while moment <= end:
        ours = value_at(moment)
        expected = {labels: values[moment] for labels, values in theirs.items() if moment in values}
        assert ours.keys() == expected.keys(), f"{expression} at {moment}"
        for labels, value in ours.items():
            assert value == pytest.approx(expected[labels], rel=1e-9, abs=1e-12, nan_ok=True), (
                f"{expression} at {moment}"
            )
            compared += 1
        moment += 60
    return compared


FORMS = (
    "c", "sum by (a) (c)", "sum without (a) (c)", "max by (a) (g)", "min(g)", "avg(g)", "count by (b) (g)",
    "rate(c[2m])", "rate(c[5m])", "increase(c[10m])", "floor(increase(c[10m]))", "increase(c[3m] offset 2m)",
    "sum by (a) (rate(c[5m])) / sum by (a) (g)", "g > 50", "g > bool 50", "50 < g", "-g", "100 * g / 3 - 1",
    "avg_over_time(g[5m])", "max_over_time(g[7m])", "min_over_time(g[3m])", "count_over_time(g[4m])",
    "last_over_time(g[4m])", "sum_over_time(g[5m])",
    "avg_over_time((sum by (a) (max by (a, b) (g)))[5m:30s])", "max_over_time(rate(c[2m])[10m:1m])",
    "histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m])))", "histogram_quantile(0.5, h_bucket)",
    'g{a="x"} or g{a="y"}', 'g and on (a) g{a="x"}', 'g unless g{b=~"2|3"}', 'g{a!~"x.*"}', "time() - max by (a) (g)",
    # The edges of arithmetic, and labels that a comparison keeps.
    "(g - 50) ^ 0.5", "(g - g) ^ -1", "g ^ 1000", "(0 - g) ^ 1001", "g / (g - g)", "(g - g) / (g - g)", "g / -(g - g)",
    "max by (a) ((g - 50) ^ 0.5)", "min by (b) ((g - 50) ^ 0.5)", "sum((g - 50) / (g - g))",
    "max_over_time(((g - 50) ^ 0.5)[5m:30s])", "sum_over_time(((g - 50) / (g - g))[5m:1m])",
    "histogram_quantile(0, h_bucket)", "histogram_quantile(0, e_bucket)", "histogram_quantile(1, e_bucket)",
    "histogram_quantile(0 / 0, h_bucket)", "histogram_quantile(0.5, w_bucket)",
    'g{b="1"} > on (a) min by (a) (g)', 'g{b="1"} > bool on (a) min by (a) (g)', 'g{b="1"} - ignoring (b) min by (a) (g)',
    "absent(nothing)", 'absent(g{a="x"})', "abs(g - 50)", "ceil(g / 7)",
)  # fmt: skip


def random_samples(seed: int) -> Samples:
    """Counters that are reset, gauges with gaps longer than the lookback, a histogram."""
    chance = random.Random(seed)
    samples = Samples()
    for a in ("x", "y"):
        for b in ("1", "2", "3"):
            offset = chance.choice([0.0, 7.25, 13.5])
            times = [T0.timestamp() + offset + 15 * step for step in range(240)]
            gap = chance.randrange(240)
            kept = [index for index in range(240) if not gap <= index < gap + 30]
            total, counter, gauge = 0.0, [], []
            for _ in times:
                total = 0.0 if chance.random() < 0.02 else total + chance.choice([0, 0, 1, 5.5])
                counter.append(total)
                gauge.append(round(chance.uniform(0, 100), 3))
            labels = {"a": a, "b": b}
            samples.add("c", labels, [times[i] for i in kept], [counter[i] for i in kept])
            samples.add("g", labels, [times[i] for i in kept], [gauge[i] for i in kept])
    times = [T0.timestamp() + 15 * step for step in range(240)]
    for share, le in ((0.2, "1"), (0.7, "2"), (0.9, "5"), (1.0, "+Inf")):
        samples.add("h_bucket", {"le": le}, times, [round(step * 4 * share) for step in range(240)])
        # One without a row below its second bound, and one that writes a bound in two ways.
        samples.add("e_bucket", {"le": le}, times, [0.0 if le == "1" else 10.0] * 240)
        samples.add("w_bucket", {"le": le}, times, [share * 100] * 240)
    samples.add("w_bucket", {"le": "2.0"}, times, [15.0] * 240)
    return samples


@pytest.mark.parametrize("seed", [1, 2])
def test_every_form_gives_what_prometheus_gives(
    seed: int, serve: Callable[[Samples], Server] | None, leave_out: Callable[[str], None]
) -> None:
    if serve is None:
        leave_out(NO_PROMETHEUS)
        return
    samples = random_samples(seed)
    server = serve(samples)
    start = T0.timestamp()
    counts = {form: agree(server, samples, form, start, start + 3900) for form in FORMS}
    assert sum(counts.values()) > 3000
    for expression in REFUSED:
        with pytest.raises(urllib.error.HTTPError, match="422"):
            server.range(expression, start + 600, start + 600, 60)
        with pytest.raises(NotKnown):
            prom.compiled(expression, samples)(start + 600)
    # The one that is there only where nothing else is, and everything else is there.
    assert {form for form, count in counts.items() if not count} <= {'absent(g{a="x"})'}


def test_the_rules_on_an_incident_give_what_prometheus_gives(
    own_alerts: tuple[Alert, ...], serve: Callable[[Samples], Server] | None, leave_out: Callable[[str], None]
) -> None:
    if serve is None:
        leave_out(NO_PROMETHEUS)
        return
    settings = Settings(hours=2, tps=1000, end=T0 + timedelta(hours=2))
    begin, end = T0 + timedelta(minutes=30), T0 + timedelta(minutes=50)
    world = World(
        settings,
        [
            faults.Slow(start=begin, end=end, role="ai-service", floor_ms=6000),
            faults.CrashLoop(start=begin, end=end, role="user-service", restarts=6),
            faults.Connections(start=begin, end=end, percent=90),
            # From the beginning: what is read back from a file has no mark of where a series ended.
            faults.Unscraped(start=settings.start, end=end),
        ],
    )
    samples = Samples()
    for series in scrapes.scraped(world):
        samples.add(*series)
    reads = {
        signal.record: signal
        for alert in own_alerts
        for signal in (alert.watches.promql.reads if alert.watches.promql is not None else ())
    }
    server = serve(samples)
    span = settings.start.timestamp(), settings.end.timestamp()
    for signal in reads.values():
        assert agree(server, samples, run.recording(signal), *span) > 100
        run.record(samples, signal, settings.start, settings.end)
    server = serve(samples)
    firing = {}
    for alert in own_alerts:
        if alert.engine is Engine.PROMETHEUS:
            rule = rules.of(alert)
            assert agree(server, samples, rule.text, *span) >= 50
            value_at = prom.compiled(rule.text, samples)
            firing[alert.id] = any(
                rule.condition.holds(value)
                for minute in range(120)
                for value in value_at(settings.start.timestamp() + 60 * minute).values()
            )
    assert {name for name, fires in firing.items() if fires} == {
        "ai-response-time-exceeded", "pod-crash-loop", "database-connection-pool-exhausted", "metrics-missing",
        # Two hours of samples stand for the hours and days that they look at.
        "ai-latency-budget-burning", "ai-latency-budget-leaking",
    }  # fmt: skip
    assert len(firing) >= 8
