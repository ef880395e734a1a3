"""Rules on telemetry over a stretch of time: what fired, for which one, when, and who was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from observability.checks import series
from observability.model.alert import Action, Alert, Silence, Suppression
from observability.model.errors import SourceUnavailable
from observability.model.signal import RECORDED_EVERY, Engine, Signal
from observability.query.local import engine
from observability.render import durations, promql
from observability.replay import delays, prom, told
from observability.replay.machine import Event, Kind, Machine, Values
from observability.replay.rules import Dims, Rule
from observability.replay.samples import Samples
from observability.replay.windows import RAW, Logs
from observability.simulate import platform, scrapes
from observability.simulate.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1500MB"
_MINUTE = timedelta(minutes=1)


@dataclass
class Telemetry:
    """What rules can read. ``world`` makes the samples and platform metrics, where there are any."""

    logs: Logs
    world: World | None = None
    _samples: Samples | None = None
    _metrics: dict[tuple[str, str], list[tuple[datetime, Dims, float]]] = field(default_factory=dict)

    def samples(self) -> Samples:
        """Raises SourceUnavailable where there are none."""
        if self._samples is None:
            if self.world is None:
                raise SourceUnavailable("there are no Prometheus samples in exported tables; replay a scenario")
            self._samples = Samples()
            for name, labels, times, values in scrapes.scraped(self.world):
                self._samples.add(name, labels, times, values)
        return self._samples

    def record(self, signals: Iterable[Signal]) -> Samples:
        """The samples, with those of these signals' recording rules, which are evaluated once for all who read them."""
        samples = self.samples()
        for signal in signals:
            if signal.record not in samples.names():
                assert self.world is not None, "samples come from a world"
                record(samples, signal, self.world.settings.start, self.world.settings.end)
        return samples

    def platform(self, resource: str, metric: str) -> list[tuple[datetime, Dims, float]]:
        """Raises SourceUnavailable where the metric is not there."""
        if (resource, metric) not in self._metrics:
            if self.world is None:
                raise SourceUnavailable("there are no platform metrics in exported tables; replay a scenario")
            try:
                self._metrics[resource, metric] = list(platform.measured(self.world, resource, metric))
            except KeyError:
                raise SourceUnavailable(f"metric '{metric}' of '{resource}' is not simulated") from None
        return self._metrics[resource, metric]


def record(samples: Samples, signal: Signal, start: datetime, end: datetime) -> None:
    """Add what the signal's recording rule makes of the samples at each evaluation."""
    value_at = prom.compiled(recording(signal), samples)
    at = start
    while (at := at + RECORDED_EVERY) <= end:
        for labels, value in value_at(at.timestamp()).items():
            samples.add(signal.record, dict(labels), [at.timestamp()], [value])


def recording(signal: Signal) -> str:
    """The expression of the signal's recording rule."""
    return promql.over(signal, durations.prometheus(promql.RECORDED_OVER))


def _first(rule: Rule, telemetry: Telemetry) -> datetime | None:
    """From when on there is telemetry of what the rule reads; None where nobody knows."""
    return telemetry.world.settings.start if telemetry.world is not None else telemetry.logs.first(rule)


def _last(telemetry: Telemetry) -> datetime | None:
    """Until when there is telemetry; None where nobody knows."""
    return telemetry.world.settings.end if telemetry.world is not None else telemetry.logs.last()


def connect(memory: str = MEMORY) -> DuckDBPyConnection:
    """A connection of its own in memory. Raises SourceUnavailable where the local engine is not installed."""
    try:
        import duckdb
        import duckdb_kql  # noqa: F401 - said now, not at the first rule
    except ImportError as error:
        raise SourceUnavailable(
            f"the replay needs {error.name}; pip install 'tripgen-observability[replay]'"
        ) from error
    con = duckdb.connect(":memory:", config={"memory_limit": memory})
    con.execute("SET TimeZone = 'UTC'")
    return con


def simulated(world: World, alerts: Iterable[Alert], *, late: bool = True) -> Telemetry:
    """The telemetry of a world, with the tables that the alerts' queries read."""
    from observability.simulate.write import into

    con = connect()
    wanted = sorted({table for alert in alerts for table in tables_of(alert)})
    columns = into(con, world, wanted, RAW)
    return Telemetry(Logs(con, columns, late), world)


def tables_of(alert: Alert) -> tuple[str, ...]:
    """The tables that a log alert reads; none for the others."""
    if alert.engine is not Engine.LOG or alert.watches.kql is None:
        return ()
    return engine.tables_of(alert.watches.kql.rows)


# --- evaluations ------------------------------------------------------------------------------------------------------


def evaluations(rule: Rule, telemetry: Telemetry, start: datetime, end: datetime) -> Iterator[tuple[datetime, Values]]:
    """The rule's values at each of its evaluations from ``start``, excluded, to ``end``, included."""
    if rule.alert.engine is Engine.LOG:
        return telemetry.logs.evaluate(rule, start, end)
    if rule.alert.engine is Engine.METRIC:
        return _of_metric(rule, telemetry, start, end)
    return _of_prometheus(rule, telemetry, start, end)


def _of_metric(rule: Rule, telemetry: Telemetry, start: datetime, end: datetime) -> Iterator[tuple[datetime, Values]]:
    metric = rule.alert.watches.metric
    assert metric is not None, "a metric rule has a platform metric"
    names = {azure: ours for ours, azure in metric.by.items()}
    measured: dict[Dims, list[tuple[datetime, float]]] = {}
    for moment, dims, value in telemetry.platform(metric.resource, metric.metric):
        pairs = dict(dims)
        if all(pairs.get(name) == wanted for name, wanted in metric.only.items()):
            key = tuple(sorted((names[name], found) for name, found in dims if name in names))
            measured.setdefault(key, []).append((moment, value))
    combine = _COMBINED[metric.aggregation]
    at = start
    while (at := at + rule.every) <= end:
        # A minute's number is complete when the minute is over, and there a little later.
        newest = at - _MINUTE - delays.METRIC if telemetry.logs.late else at - _MINUTE
        found: dict[Dims, tuple[float, ...]] = {}
        for key, points in measured.items():
            inside = [value for moment, value in _between(points, at - rule.window, newest)]
            if inside:
                found[key] = (combine(inside),)
        yield at, found


def _between(
    points: Sequence[tuple[datetime, float]], first: datetime, last: datetime
) -> Sequence[tuple[datetime, float]]:
    """The points from ``first`` to ``last``, both included; points are a minute apart."""
    if not points or last < first:
        return ()
    begin = points[0][0]
    low = max(0, -((begin - first) // _MINUTE))
    high = (last - begin) // _MINUTE + 1
    return points[low : max(low, high)]


_COMBINED: dict[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "Total": sum,
    "Count": lambda values: float(len(values)),
}


def _of_prometheus(
    rule: Rule, telemetry: Telemetry, start: datetime, end: datetime
) -> Iterator[tuple[datetime, Values]]:
    watched = rule.alert.watches.promql
    samples = telemetry.record(watched.reads if watched is not None else ())
    # A series that nobody simulates would read as one that is not there, and the alert as quiet.
    if missing := series.read(rule.text).names - samples.names():
        raise SourceUnavailable(f"no samples of {', '.join(sorted(missing))}")
    value_at = prom.compiled(rule.text, samples)
    at = start
    while (at := at + rule.every) <= end:
        yield at, {labels: (value,) for labels, value in value_at(at.timestamp()).items()}


# --- what came of it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert from firing to resolving. ``value`` is what was measured when it fired."""

    rule: Rule
    dims: Dims
    true_at: datetime
    fired_at: datetime
    value: float | None
    resolved_at: datetime | None
    told: tuple[told.Delivery, ...]
    visible_at: datetime | None = None
    """When the first of what is measured from the incident on could be read, where somebody said when it began."""

    @property
    def actions(self) -> tuple[str, ...]:
        """Those that were really told that it fired."""
        return tuple(each.action.id for each in self.told if each.event.kind is Kind.FIRED and not each.kept_back)


@dataclass(frozen=True, slots=True)
class Timeline:
    """``alarms`` in the order of firing; ``unread`` are alerts that could not be evaluated, with the reason.

    ``end`` is where telemetry ends, where that is before the end that was ``asked`` for: nothing says what came then.
    ``beyond`` are those that were left out, as they look back further than there is telemetry, with how far.
    ``charts`` holds the values of those that fired, where they were asked for: by alert and labels, at each evaluation.
    """

    start: datetime
    end: datetime
    alarms: tuple[Alarm, ...]
    unread: tuple[tuple[str, str], ...] = ()
    beyond: tuple[tuple[str, timedelta], ...] = ()
    evaluations: int = 0
    asked: datetime | None = None
    charts: Mapping[str, Mapping[Dims, tuple[tuple[datetime, float], ...]]] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How often the pager called for something that fired; one incident should be one."""
        return sum(action.escalates for action in self._heard())

    @property
    def calls(self) -> int:
        """How often somebody's telephone rang: pages, and text messages."""
        return sum(told.rings(action) for action in self._heard())

    @property
    def messages(self) -> int:
        """What waits until somebody looks: messages to channels, and calls of workflows."""
        return sum(not told.rings(action) for action in self._heard())

    def _heard(self) -> Iterator[Action]:
        for alarm in self.alarms:
            for each in alarm.told:
                if each.event.kind is Kind.FIRED and not each.kept_back:
                    yield each.action


def replay(
    rules: Iterable[Rule],
    telemetry: Telemetry,
    start: datetime,
    end: datetime,
    suppressions: Sequence[Suppression | Silence] = (),
    *,
    began: datetime | None = None,
    charted: bool = False,
    said: Callable[[Rule], None] = lambda _rule: None,
) -> Timeline:
    """Evaluate the rules from ``start`` to ``end`` or to where telemetry ends, and deliver what fires.

    ``began`` is when an incident did, to tell from when on it could be seen; ``charted`` keeps the values.
    """
    events: list[Event] = []
    charts: dict[str, Mapping[Dims, tuple[tuple[datetime, float], ...]]] = {}
    unread: list[tuple[str, str]] = []
    beyond: list[tuple[str, timedelta]] = []
    count = 0
    last, asked = _last(telemetry), None
    if last is not None and start < last < end:
        end, asked = last, end
    for rule in rules:
        said(rule)
        # Over a part of its window an average is another one, and a burn rate would fire long before Azure's.
        reach, first = rule.window * rule.periods, _first(rule, telemetry)
        if first is not None and first < end < first + reach:
            beyond.append((rule.alert.id, reach))
            continue
        try:
            evaluated = [
                (at, values)
                for at, values in evaluations(rule, telemetry, start, end)
                if first is None or at >= first + reach
            ]
            found = Machine(rule).run(evaluated)
        except engine.Refused as refused:
            unread.append((rule.alert.id, refused.failure.message))
            continue
        except (SourceUnavailable, prom.NotKnown) as error:
            unread.append((rule.alert.id, str(error)))
            continue
        events += found
        if charted and any(event.kind is Kind.FIRED for event in found):
            charts[rule.alert.id] = _series(evaluated)
        count += len(evaluated)
    events.sort(key=lambda event: (event.at, event.rule.alert.id, event.dims))
    alarms = tuple(_alarms(events, told.deliver(events, suppressions)))
    if began is not None:
        alarms = tuple(replace(alarm, visible_at=_visible(alarm, telemetry, began)) for alarm in alarms)
    return Timeline(start, end, alarms, tuple(unread), tuple(beyond), count, asked, charts)


def _series(evaluated: Iterable[tuple[datetime, Values]]) -> dict[Dims, tuple[tuple[datetime, float], ...]]:
    """The newest period's value at each evaluation that has one, in the order of the labels."""
    found: dict[Dims, list[tuple[datetime, float]]] = {}
    for at, values in evaluated:
        for dims, periods in values.items():
            if periods[0] is not None:
                found.setdefault(dims, []).append((at, periods[0]))
    # The engine's threads give rows in any order.
    return {dims: tuple(points) for dims, points in sorted(found.items())}


def _visible(alarm: Alarm, telemetry: Telemetry, began: datetime) -> datetime | None:
    if alarm.rule.alert.engine is Engine.LOG:
        return telemetry.logs.first_seen(alarm.rule, alarm.dims, began)
    if alarm.rule.alert.engine is Engine.METRIC:
        return began + _MINUTE + delays.METRIC
    # The first scrape after it began.
    return began + scrapes.EVERY


def _alarms(events: Sequence[Event], deliveries: Sequence[told.Delivery]) -> Iterator[Alarm]:
    by_event: dict[int, list[told.Delivery]] = {}
    for delivery in deliveries:
        by_event.setdefault(id(delivery.event), []).append(delivery)
    for index, fired in enumerate(events):
        if fired.kind is not Kind.FIRED:
            continue
        same = [each for each in events if each.rule is fired.rule and each.dims == fired.dims]
        true = next(each for each in reversed(same) if each.kind is Kind.TRUE and each.at <= fired.at)
        resolved = next((each for each in same if each.kind is Kind.RESOLVED and each.at > fired.at), None)
        heard = [*by_event.get(id(fired), ()), *(by_event.get(id(resolved), ()) if resolved else ())]
        yield Alarm(
            fired.rule,
            fired.dims,
            true.at,
            events[index].at,
            fired.value,
            resolved.at if resolved else None,
            tuple(heard),
        )
