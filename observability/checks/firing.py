"""Can it fire: every metric has somebody who emits it, with the aggregation, dimension and grain that are asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from observability.azure import metrics, prometheus
from observability.catalog import Catalogue
from observability.checks import series
from observability.model.alert import Alert
from observability.model.errors import Problem
from observability.model.signal import Engine, Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.system import ResourceName
from observability.model.units import Unit, number
from observability.render import durations

# What every scraped series carries from its target, whatever the exporter says.
_TARGET_LABELS = frozenset({"cluster", "container", "endpoint", "instance", "job", "namespace", "pod"})
_OF_COUNTERS = frozenset({"rate", "irate", "increase", "resets"})
_COUNTS = frozenset({Unit.COUNT, Unit.CONNECTIONS, Unit.MESSAGES, Unit.RESTARTS, Unit.SCORE})
_UNITS: dict[str, frozenset[Unit]] = {
    "count": _COUNTS,
    "percent": frozenset({Unit.PERCENT}),
    "bytes": frozenset({Unit.BYTES}),
    "seconds": frozenset({Unit.SECONDS}),
    "milliseconds": frozenset({Unit.MILLISECONDS}),
    "countpersecond": frozenset({Unit.PER_SECOND}),
    "bytespersecond": frozenset({Unit.PER_SECOND}),
}


class _Emitted(NamedTuple):
    """Every series that there is, with the labels of those that this project itself emits."""

    names: frozenset[str]
    labels: Mapping[str, frozenset[str]]
    gauges: frozenset[str]
    histograms: frozenset[str]


def check(catalogue: Catalogue, resources: Mapping[str, ResourceName]) -> Iterator[Problem]:
    """Problems of instruments and signals, and of alerts whose window their metric cannot serve."""
    for instrument in catalogue.instruments:
        yield from _instrument(instrument)
    yield from _twice(catalogue)
    emitted = _emitted(catalogue)
    for signal in catalogue.signals:
        for wrong, todo in _signal(signal, emitted, resources):
            yield Problem(str(signal.place), "signal", signal.name, wrong, todo)
    highest = {f"{i.name}_bucket": max(i.bounds) for i in catalogue.instruments if i.bounds}
    for alert in catalogue.alerts:
        for wrong, todo in (*_alert(alert, resources), *_quantile(alert, highest), *_examples(alert)):
            yield Problem(str(alert.place), "alert", alert.id, wrong, todo)


def _emitted(catalogue: Catalogue) -> _Emitted:
    labels: dict[str, frozenset[str]] = {}
    for instrument in catalogue.instruments:
        for name in instrument.series:
            labels[name] = frozenset(instrument.labels) | ({"le"} if name.endswith("_bucket") else set())
    for signal in catalogue.signals:
        if signal.recorded and signal.promql is not None:
            labels[signal.record] = labels.get(signal.record, frozenset()) | frozenset(signal.promql.by)
    of_kind = {kind: {i.name for i in catalogue.instruments if i.kind is kind} for kind in InstrumentKind}
    return _Emitted(
        names=prometheus.OFFERED | labels.keys(),
        labels=labels,
        gauges=frozenset(of_kind[InstrumentKind.GAUGE]),
        histograms=frozenset(of_kind[InstrumentKind.HISTOGRAM]),
    )


def _instrument(instrument: Instrument) -> Iterator[Problem]:
    def wrong(what: str, todo: str) -> Problem:
        return Problem(str(instrument.place), "instrument", instrument.name, what, todo)

    if (instrument.kind is InstrumentKind.COUNTER) != instrument.name.endswith("_total"):
        yield wrong(f"is a {instrument.kind.value}", "let the names of counters, and of no others, end in '_total'")
    if (instrument.kind is InstrumentKind.HISTOGRAM) != bool(instrument.bounds):
        yield wrong(f"is a {instrument.kind.value} with {len(instrument.bounds)} bounds", "give a histogram its bounds")
    if list(instrument.bounds) != sorted(set(instrument.bounds)):
        yield wrong("its bounds do not rise", "sort them and name each once")


def _twice(catalogue: Catalogue) -> Iterator[Problem]:
    """A series under one name from two sources: queries would add apples to pears."""
    named = [(name, "instrument", each.name, each.place) for each in catalogue.instruments for name in each.series]
    recorded = [each for each in catalogue.signals if each.recorded]
    named += [(each.record, "signal", each.name, each.place) for each in recorded]
    times = Counter(name for name, *_ in named)
    # Signals that are split by different labels may be recorded under one name: their series never meet.
    splits = {(each.record, each.by(Engine.PROMETHEUS)) for each in recorded}
    times.subtract(Counter(name for name, _ in splits) - Counter({each.record for each in recorded}))
    for name, kind, own, place in named:
        if times[name] > 1 or name in prometheus.OFFERED:
            yield Problem(
                str(place), kind, own, f"series '{name}' is emitted twice", "give one of the two another name"
            )


def _signal(signal: Signal, emitted: _Emitted, resources: Mapping[str, ResourceName]) -> Iterator[tuple[str, str]]:
    if not signal.engines:
        yield "can be read on no engine", "give kql=, promql= or metric="
    if signal.recorded and signal.promql is None:
        yield "is recorded and has no PromQL", "give promql=, or drop recorded"
    if signal.promql is not None:
        found = series.read(signal.promql.expr)
        if signal.recorded and signal.record in found.names:
            yield f"records '{signal.record}' from itself", "read the metrics behind it"
        yield from _names(found, emitted)
        yield from _labels(found, signal.promql, emitted)
        yield from _use(found, emitted)
    if signal.metric is not None:
        yield from platform(signal.metric, resources)
        yield from _unit(signal, signal.metric, resources)


def _names(found: series.Reading, emitted: _Emitted) -> Iterator[tuple[str, str]]:
    for name in sorted(found.names - emitted.names):
        if name in emitted.histograms:
            todo = f"a histogram is read as '{name}_bucket', '{name}_count' and '{name}_sum'"
        else:
            todo = (
                "add an Instrument for the exporter, or the name to observability/azure/prometheus.py if a "
                "target of the agent shows it"
            )
        yield f"nobody emits metric '{name}'", todo
    for pattern in sorted(selector.name for selector in found.selectors if selector.pattern):
        yield f"picks its metrics by pattern '{pattern}'", "name the metrics"
    for variable in sorted(found.variables - {"$window"}):
        yield f"names variable '{variable}', which no dashboard defines", "use $window, or write the value"


def _labels(found: series.Reading, promql: PromQL, emitted: _Emitted) -> Iterator[tuple[str, str]]:
    """Labels that nobody sets: a matcher on one finds nothing, a grouping by one makes a single group."""
    for selector in found.selectors:
        if selector.name in emitted.labels:
            for label in selector.labels:
                if label not in emitted.labels[selector.name] | _TARGET_LABELS:
                    yield f"metric '{selector.name}' has no label '{label}'", _has(emitted.labels[selector.name])
    if found.calls & series.MAKES_LABELS:
        return
    grouped = {label for word, labels in found.groupings if word == "by" for label in labels}
    if found.names and found.names <= emitted.labels.keys():
        known = frozenset().union(*(emitted.labels[name] for name in found.names))
        named = {label for _, labels in found.groupings for label in labels}
        for label in sorted(named - known - _TARGET_LABELS):
            yield f"groups by label '{label}', which none of its metrics has", _has(known)
        if not found.calls & series.AGGREGATORS:
            grouped |= known | _TARGET_LABELS
    elif not found.calls & series.AGGREGATORS:
        return
    if not any(word == "without" for word, _ in found.groupings):
        for label in promql.by:
            if label not in grouped:
                yield f"says it is split by '{label}', which its expression does not keep", _has(frozenset(grouped))


def _has(labels: frozenset[str]) -> str:
    return "its labels are " + (", ".join(f"'{name}'" for name in sorted(labels)) or "none")


def _use(found: series.Reading, emitted: _Emitted) -> Iterator[tuple[str, str]]:
    for function, name in dict.fromkeys(found.applied):
        if function in _OF_COUNTERS and name in emitted.gauges:
            yield f"takes the {function} of gauge '{name}'", "use delta or avg_over_time, or make it a counter"
    kept = {label for word, labels in found.groupings if word in ("by", "without") for label in labels}
    without = any(word == "without" for word, _ in found.groupings)
    buckets = "histogram_quantile" in found.calls and found.calls & series.AGGREGATORS
    if buckets and ("le" in kept) == without:
        yield "aggregates label 'le' away, so histogram_quantile has no buckets", "add le to the grouping"


def platform(metric: PlatformMetric, resources: Mapping[str, ResourceName]) -> Iterator[tuple[str, str]]:
    """Problems of a platform metric that its resource does not emit so."""
    resource = resources.get(metric.resource)
    if resource is None:
        known = ", ".join(f"'{name}'" for name in sorted(resources))
        yield f"there is no resource '{metric.resource}'", f"use one of {known}"
        return
    every = metrics.load().get(resource.type, {})
    facts = every.get(metric.metric)
    if facts is None:
        close = [name for name in every if name.lower() == metric.metric.lower()]
        todo = f"Azure spells it '{close[0]}'" if close else "look it up in observability/azure/platform_metrics.json"
        yield f"'{resource.type}' emits no metric '{metric.metric}'", todo
        return
    if metric.aggregation not in facts["aggregations"]:
        has = ", ".join(f"'{name}'" for name in facts["aggregations"])
        yield f"'{metric.metric}' has no aggregation '{metric.aggregation}'", f"it has {has}"
    for dimension in dict.fromkeys((*metric.by.values(), *metric.only)):
        if dimension not in facts["dimensions"]:
            has = ", ".join(f"'{name}'" for name in facts["dimensions"]) or "none"
            yield f"'{metric.metric}' has no dimension '{dimension}'", f"it has {has}"


def _unit(signal: Signal, metric: PlatformMetric, resources: Mapping[str, ResourceName]) -> Iterator[tuple[str, str]]:
    resource = resources.get(metric.resource)
    facts = metrics.load().get(resource.type, {}).get(metric.metric) if resource else None
    if facts is None:
        return
    comes_in = "count" if metric.aggregation == "Count" else facts["unit"].lower()
    if signal.unit not in _UNITS.get(comes_in, {signal.unit}):
        yield (
            f"is in {signal.unit.name.lower()}, and '{metric.metric}' comes in {comes_in}",
            "give the signal the metric's unit: Azure does not convert a limit",
        )


def _alert(alert: Alert, resources: Mapping[str, ResourceName]) -> Iterator[tuple[str, str]]:
    if alert.engine is Engine.METRIC and alert.watches.metric is not None:
        grain = finest(alert.watches.metric, resources)
        # A window that is no whole number of seconds has a problem of its own (checks/azure.py).
        if grain is not None and timedelta() < alert.window < grain and not alert.window % timedelta(seconds=1):
            yield (
                f"window '{durations.iso(alert.window)}' is finer than its metric's grain '{durations.iso(grain)}'",
                "measure it on another engine",
            )
    if alert.engine is Engine.PROMETHEUS and alert.watches.promql is not None:
        found = series.read(alert.watches.promql.expr)
        if found.loose is not None:
            yield f"its comparison would bind closer than '{found.loose}'", "put the signal's PromQL in parentheses"
        if "$window" not in found.variables and alert.window > alert.every:
            yield "its signal's PromQL has no '$window', so no window is looked at", "use pending= and window=every"


def _limit(alert: Alert) -> float | None:
    """The limit in the signal's unit; None where it has a problem of its own (checks/definitions.py)."""
    limit, unit = alert.limit, alert.watches.unit
    return limit.to(unit) if limit is not None and limit.unit.dimension == unit.dimension else None


def _quantile(alert: Alert, highest: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    if alert.engine is not Engine.PROMETHEUS or alert.watches.promql is None or alert.above is None:
        return
    found, limit = series.read(alert.watches.promql.expr), _limit(alert)
    if limit is None or "histogram_quantile" not in found.calls:
        return
    for name in sorted(found.names & highest.keys()):
        if limit >= highest[name]:
            yield (
                f"limit '{alert.limit}' can never be passed: a quantile ends at '{name}'s largest bound "
                f"'{number(highest[name])}'",
                "choose a lower limit, or give the instrument a higher bound",
            )


def _examples(alert: Alert) -> Iterator[tuple[str, str]]:
    limit = _limit(alert)
    if alert.examples is None or limit is None:
        return
    try:
        examples = alert.examples(limit)
    except Exception as error:  # whatever somebody's own function raises is theirs to mend
        yield f"its examples cannot be built for limit '{alert.limit}': {error}", "mend the function behind examples="
        return
    for wanted, words in ((True, "fires"), (False, "stays quiet")):
        if not any(bool(example.fires) is wanted for example in examples):
            yield f"has no example that {words}", "add one to examples="


def finest(metric: PlatformMetric, resources: Mapping[str, ResourceName]) -> timedelta | None:
    """The finest grain in which Azure keeps the metric; None where there is no such metric."""
    resource = resources.get(metric.resource)
    facts = metrics.load().get(resource.type, {}).get(metric.metric) if resource else None
    return min(_duration(grain) for grain in facts["grains"]) if facts is not None else None


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text)
    if match is None:
        raise ValueError(f"{text!r} is not a grain")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
