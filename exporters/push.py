"""Sends the document's eight metrics (8.2.2) to Azure Monitor, under exactly its names.

Prometheus holds counters and histograms and divides them when it is asked; Azure Monitor takes finished numbers. So
each round works out what happened since the last one. A ratio or a mean is sent as a sum with a count (an attempt
counts 1 if it was stored, else 0), because Azure divides the two: then the average over an hour, or over the pods of
a service, weighs each attempt alike. What has no count (a percentile, a length) is sent as a plain value.

What Azure does not take is kept on disk by Microsoft's exporter and sent after the next success. All of it happens in
a thread of its own; the page never waits for it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exporters.families import Families, Histogram, Labels
from observability.model.errors import SourceUnavailable
from observability.model.exporter import STORED, TOP_THREE
from observability.model.signal import Instrument, InstrumentKind, Signal
from observability.model.units import minutes, seconds
from observability.signals.ai import AI_RESPONSE, AI_RESPONSE_TIME, EXTERNAL_API_LATENCY, EXTERNAL_CALL
from observability.signals.business import (
    LOCATION_SEARCH_ACCURACY,
    LOCATION_SEARCHES,
    TRIP_GENERATION_SUCCESS_RATE,
    TRIP_GENERATIONS,
    USER_RATING,
    USER_SATISFACTION_SCORE,
)
from observability.signals.exporter import PUSH_BUFFER, PUSH_LAST_SUCCESS, PUSH_SUCCESS
from observability.signals.postgresql import (
    CONNECTIONS,
    CONNECTIONS_MAX,
    DATABASE_CONNECTION_POOL,
    POOL_CONNECTIONS,
    POOL_CONNECTIONS_MAX,
)
from observability.signals.redis import CACHE_HIT_RATIO, HITS, MISSES
from observability.signals.service_bus import MESSAGE_QUEUE_DEPTH, MESSAGES

if TYPE_CHECKING:
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
    from opentelemetry.sdk.metrics.export import MetricsData

_log = logging.getLogger(__name__)

# Percentiles look back as far as the recording rules of the same names, so that both engines show one number.
PERCENTILE_WINDOW: Final = minutes(5)
# Azure refuses what is older.
RETENTION: Final = timedelta(hours=48)
# A request that takes longer is kept and sent again. On SIGTERM the last round must have failed, and be on disk,
# before the five seconds of the whole exporter are over.
REQUEST_TIMEOUT: Final = seconds(2)
# Working a round out and writing it to disk, in seconds, with room to spare.
_KEEPING: Final = 0.5


def phone_home_off() -> None:
    """Microsoft's libraries talk to nobody but the resource of the connection string. Call before they are imported.

    Left to themselves they send statistics about their own use to Microsoft (statsbeat), for which they ask the
    machine's metadata address who it is, and fetch remote settings that can turn the buffer on disk off. A cluster
    whose way out is a list of allowed hosts sees these as blocked connections, on some networks as a ten-second wait
    at the start; and nobody here decided to send them.
    """
    os.environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] = "true"
    os.environ["APPLICATIONINSIGHTS_SDKSTATS_DISABLED"] = "true"
    os.environ["APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED"] = "true"
    # The detectors for virtual machines and App Service ask the metadata address; neither is where we run.
    os.environ["OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"] = "otel"


# --- what happened between two readings -------------------------------------------------------------


def increase(before: Families, now: Families) -> dict[Instrument, dict[Labels, float | Histogram]]:
    """How much the counters and histograms of ``now`` grew. A series that was not there before is left out, as
    nobody knows how long it took to grow; one that shrank was started anew and grew from 0."""
    grown: dict[Instrument, dict[Labels, float | Histogram]] = {}
    for instrument, series in now.items():
        if instrument.kind is InstrumentKind.GAUGE:
            continue
        earlier = before.get(instrument, {})
        grown[instrument] = {
            labels: _grown(earlier[labels], value) for labels, value in series.items() if labels in earlier
        }
    return grown


def _grown(before: float | Histogram, now: float | Histogram) -> float | Histogram:
    if isinstance(now, Histogram):
        if not isinstance(before, Histogram) or now.count < before.count:
            return now
        buckets = tuple(later - earlier for earlier, later in zip(before.buckets, now.buckets, strict=True))
        return Histogram(buckets, now.count - before.count, now.total - before.total)
    return now - before if not isinstance(before, Histogram) and now >= before else now


def together(histograms: Iterable[Histogram]) -> Histogram | None:
    """One histogram of all their observations; None without any."""
    found = [one for one in histograms if one.count > 0]
    if not found:
        return None
    return Histogram(
        tuple(map(sum, zip(*(one.buckets for one in found), strict=True))),
        sum(one.count for one in found),
        sum(one.total for one in found),
    )


def quantile(share: float, bounds: tuple[float, ...], histogram: Histogram) -> float:
    """As PromQL's histogram_quantile: straight between the bounds, and the last bound for what lies past it."""
    wanted = share * histogram.count
    below, lower = 0.0, 0.0
    for bound, count in zip(bounds, histogram.buckets, strict=True):
        if count >= wanted:
            return lower + (bound - lower) * ((wanted - below) / (count - below) if count > below else 1.0)
        below, lower = count, bound
    return bounds[-1]


# --- the eight metrics --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One number for Azure: a value, or the sum of ``count`` values between ``lowest`` and ``highest``."""

    attributes: Mapping[str, str]
    value: float
    count: int | None = None
    lowest: float | None = None
    highest: float | None = None


def _part(good: float, count: int) -> Point:
    """``good`` of ``count`` that each weigh 1 if good, else 0."""
    return Point({}, good, count, lowest=float(good >= count), highest=float(good > 0))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric is worked out from: the values now, their growth since the last round and over the window."""

    now: Families
    step: Families
    window: Families


def _numbers(families: Families, instrument: Instrument) -> dict[Labels, float]:
    return {labels: value for labels, value in families.get(instrument, {}).items() if not isinstance(value, Histogram)}


def _histograms(families: Families, instrument: Instrument) -> dict[Labels, Histogram]:
    return {labels: value for labels, value in families.get(instrument, {}).items() if isinstance(value, Histogram)}


def _share(instrument: Instrument, good: str) -> Callable[[Reading], Iterator[Point]]:
    """Of a counter with the one label ``outcome``: the share that ended as ``good``."""

    def points(reading: Reading) -> Iterator[Point]:
        ended = _numbers(reading.step, instrument)
        if (count := round(sum(ended.values()))) > 0:
            yield _part(ended.get((good,), 0.0), count)

    return points


def _mean_rating(reading: Reading) -> Iterator[Point]:
    if (ratings := together(_histograms(reading.step, USER_RATING).values())) is not None:
        given = [
            bound
            for bound, (below, upto) in zip(USER_RATING.bounds, pairwise((0.0, *ratings.buckets)), strict=True)
            if upto > below
        ]
        yield Point({}, ratings.total, round(ratings.count), min(given), max(given))


def _ai_p95(reading: Reading) -> Iterator[Point]:
    responses = together(_histograms(reading.window, AI_RESPONSE).values())
    if responses is not None:
        yield Point({}, quantile(0.95, AI_RESPONSE.bounds, responses))


def _api_p95(reading: Reading) -> Iterator[Point]:
    by_api: dict[str, list[Histogram]] = {}
    for (api, _), calls in _histograms(reading.window, EXTERNAL_CALL).items():
        by_api.setdefault(api, []).append(calls)
    for api, calls_of_all_outcomes in by_api.items():
        if (all_calls := together(calls_of_all_outcomes)) is not None:
            yield Point({"api": api}, quantile(0.95, EXTERNAL_CALL.bounds, all_calls))


def _hit_ratio(reading: Reading) -> Iterator[Point]:
    hits = sum(_numbers(reading.step, HITS).values())
    if (lookups := round(hits + sum(_numbers(reading.step, MISSES).values()))) > 0:
        yield _part(hits, lookups)


def _pools(reading: Reading) -> Iterator[Point]:
    """Each server role, whatever its connections do, and each service's own pool, where those in use count."""
    servers: dict[str, float] = {}
    for (role, _), used in _numbers(reading.now, CONNECTIONS).items():
        servers[role] = servers.get(role, 0.0) + used
    for (role,), most in _numbers(reading.now, CONNECTIONS_MAX).items():
        if role in servers and most > 0:
            yield Point({"role": role}, servers[role] / most)
    active = {
        service: n for (service, state), n in _numbers(reading.now, POOL_CONNECTIONS).items() if state == "active"
    }
    for (service,), most in _numbers(reading.now, POOL_CONNECTIONS_MAX).items():
        if service in active and most > 0:
            yield Point({"service": service}, active[service] / most)


def _queue_depth(reading: Reading) -> Iterator[Point]:
    for labels, messages in _numbers(reading.now, MESSAGES).items():
        attributes = dict(zip(MESSAGES.labels, labels, strict=True))
        if attributes["state"] in ("active", "dead_lettered"):
            yield Point(attributes, messages)


METRICS: Final[tuple[tuple[Signal, Callable[[Reading], Iterator[Point]]], ...]] = (
    (TRIP_GENERATION_SUCCESS_RATE, _share(TRIP_GENERATIONS, STORED)),
    (USER_SATISFACTION_SCORE, _mean_rating),
    (AI_RESPONSE_TIME, _ai_p95),
    (LOCATION_SEARCH_ACCURACY, _share(LOCATION_SEARCHES, TOP_THREE)),
    (DATABASE_CONNECTION_POOL, _pools),
    (CACHE_HIT_RATIO, _hit_ratio),
    (MESSAGE_QUEUE_DEPTH, _queue_depth),
    (EXTERNAL_API_LATENCY, _api_p95),
)


class Metrics:
    """The document's metrics, round after round. A metric without data in a round has no point in it."""

    def __init__(self) -> None:
        self._last: Families | None = None
        self._steps: deque[tuple[float, Families]] = deque()

    def points(self, now: Families, at: float) -> dict[str, list[Point]]:
        """What there is to say at ``at`` (monotonic seconds), by metric name. The first round has values only, and
        nothing that grew."""
        if self._last is not None:
            self._steps.append((at, increase(self._last, now)))
        step: Families = self._steps[-1][1] if self._last is not None else {}
        self._last = now
        while self._steps and self._steps[0][0] <= at - PERCENTILE_WINDOW.total_seconds():
            self._steps.popleft()
        reading = Reading(now, step, _total(families for _, families in self._steps))
        return {signal.name: points for signal, work_out in METRICS if (points := list(work_out(reading)))}


def _total(steps: Iterable[Families]) -> Families:
    """The histograms of all steps taken together: only percentiles look back further than one step."""
    found: dict[Instrument, dict[Labels, list[Histogram]]] = {}
    for families in steps:
        for instrument in (AI_RESPONSE, EXTERNAL_CALL):
            for labels, value in _histograms(families, instrument).items():
                found.setdefault(instrument, {}).setdefault(labels, []).append(value)
    return {
        instrument: {labels: sum_ for labels, parts in series.items() if (sum_ := together(parts)) is not None}
        for instrument, series in found.items()
    }


# --- sending ------------------------------------------------------------------------------------------


class Push:
    """Every ``every`` seconds reads all families and sends the metrics, in a thread of its own.

    ``connection_string`` is asked at each round, so a rotated one is taken without a restart; it may raise
    SourceUnavailable. ``service`` becomes the role name in Azure. ``read`` returns what the page shows, ``show`` gets
    what is to be told about the push itself; both are called in that thread. ``buffer_dir`` holds at most
    ``buffer_bytes`` of what Azure has not taken, plus one round (the exporter looks at the size before it writes).
    """

    def __init__(
        self,
        read: Callable[[], Families],
        *,
        connection_string: Callable[[], str],
        service: str,
        every: float,
        buffer_dir: Path,
        buffer_bytes: int,
        show: Callable[[Families], None] = lambda families: None,
    ) -> None:
        self._read = read
        self._show = show
        self._connection_string = connection_string
        self._service = service
        self._every = every
        self._buffer_dir = buffer_dir
        self._buffer_bytes = buffer_bytes
        self._metrics = Metrics()
        self._exporter: AzureMonitorMetricExporter | None = None
        # The last text there was, good or not.
        self._text: str | None = None
        # None until something was sent, or could not be.
        self._success: bool | None = None
        self._succeeded_at: float | None = None
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._last_round = threading.Lock()
        self._requests_left = 0
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._said: set[str] = set()

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 3.0) -> None:
        """Send what happened since the last round and stop, within ``timeout`` seconds; never raises.

        What could not be sent by then is on disk, and goes when the exporter has started again."""
        if not self._thread.is_alive():
            return
        self._deadline = time.monotonic() + timeout
        self._stopping.set()
        self._thread.join(max(0.0, timeout - _KEEPING))
        if self._thread.is_alive():
            # Something holds the thread up for longer than a request may take, such as a silent name server.
            self._finish(send=False)
            self._thread.join(max(0.0, self._deadline - time.monotonic()))

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            # A round that the stop finds under way goes too, unless it would use up the time of the last one.
            self._requests_left = int(self._success is not False)
            self.push()
            # A round that took long is not made up for.
            due = max(due + self._every, time.monotonic())
        # To an Azure that did not answer a moment ago it is not sent: the time would run out, and the round with it.
        enough = time.monotonic() + REQUEST_TIMEOUT.total_seconds() + _KEEPING <= self._deadline
        self._finish(send=enough and self._success is not False)
        if self._exporter is not None:
            self._exporter.shutdown()

    def _finish(self, *, send: bool) -> None:
        """The last round, once: sent, or put on disk as it is."""
        if self._last_round.acquire(blocking=False):
            self._requests_left = int(send)
            self.push()

    def _before_request(self, request: object) -> None:
        """Once stopping, a round's own request may go. What lies on disk can wait for the next start."""
        if self._stopping.is_set() and self._requests_left <= 0:
            from azure.core.exceptions import ServiceRequestError

            # As if the server could not be reached, so what was to be sent is kept.
            raise ServiceRequestError("stopping")
        self._requests_left -= 1

    def push(self) -> None:
        """One round. Never raises."""
        try:
            self._renew()
            if self._exporter is not None:
                points = self._metrics.points(self._read(), time.monotonic())
                if points:
                    self._send(points)
        except Exception as error:
            self._success = False
            self._say("broken", f"push: a round failed ({type(error).__name__}: {error})")
        self._tell()

    def _tell(self) -> None:
        families: dict[Instrument, dict[Labels, float | Histogram]] = {PUSH_BUFFER: {(): float(self._kept_bytes())}}
        if self._success is not None:
            families[PUSH_SUCCESS] = {(): float(self._success)}
        if self._succeeded_at is not None:
            families[PUSH_LAST_SUCCESS] = {(): self._succeeded_at}
        try:
            self._show(families)
        except Exception as error:
            self._say("unseen", f"push: cannot show its state ({type(error).__name__})")

    def _renew(self) -> None:
        """Take the connection string if it is another one than before. While the new one is no good, the old one
        serves on, as Azure may take it for as long as people need to mend the new one."""
        # Not above: services import this module for what it says about Microsoft's libraries alone.
        from exporters.config import connection_string_fault

        try:
            text, why = self._connection_string(), "the connection string is empty"
        except SourceUnavailable as error:
            text, why = "", str(error)
        if not text.strip():
            self._refuse("missing", why)
            return
        self._said.discard("missing")
        if text == self._text:
            return
        self._text = text
        fault = connection_string_fault(text)
        if fault is not None:
            self._refuse(None, f"the connection string {fault[0]}; {fault[1]}")
            return
        try:
            exporter = self._build(text)
        except Exception as error:  # a push that cannot start must not take the page with it
            # Only the kind of error: a connection string may stand in its text.
            self._refuse(None, f"cannot start ({type(error).__name__})")
            return
        if self._exporter is not None:
            self._exporter.shutdown()
            _log.info("push: another connection string is in force")
        elif self._success is False:
            # It was held up for want of a connection string and goes on as if it began now.
            _log.info("push: there is a connection string now")
            self._success = None
        self._exporter = exporter

    def _refuse(self, once: str | None, why: str) -> None:
        """Say that a connection string is no good: each time, or ``once`` until there is another."""
        serving = self._exporter is not None
        line = f"push: {why}; {'the one before serves on' if serving else 'nothing goes to Azure Monitor'}"
        if once is not None:
            self._say(once, line)
        else:
            _log.error(line)
        if not serving:
            self._success = False

    def _send(self, points: Mapping[str, list[Point]]) -> None:
        from opentelemetry.sdk.metrics.export import MetricExportResult

        assert self._exporter is not None
        before = self._files()
        self._success = self._exporter.export(self._data(points)) is MetricExportResult.SUCCESS
        if self._success:
            self._succeeded_at = time.time()
            if self._said - {"missing"}:
                _log.info("push: Azure Monitor takes metrics again")
                self._said &= {"missing"}
            return
        self._say("away", f"push: Azure Monitor does not take metrics; they are kept in {self._buffer_dir}")
        # The exporter drops in silence what it cannot write, so the folder itself is asked.
        if not self._files() - before:
            self._say("full", f"push: {self._buffer_dir} takes no more; metrics are lost until Azure is back")

    def _kept_bytes(self) -> int:
        kept = 0
        try:
            for entry in os.scandir(self._buffer_dir):
                # A file may be sent and gone between being listed and being looked at.
                with suppress(FileNotFoundError):
                    kept += entry.stat().st_size if entry.name.endswith((".blob", ".lock")) else 0
        except OSError:
            return 0
        return kept

    def _files(self) -> set[str]:
        try:
            # A file is renamed when it is leased; what stays is the part before the '@'.
            names = [path.name for path in self._buffer_dir.iterdir()]
        except OSError:
            return set()
        return {name.partition("@")[0] for name in names if name.endswith((".blob", ".lock"))}

    def _say(self, what: str, line: str) -> None:
        """One line until metrics go through again, not one a minute."""
        if what not in self._said:
            self._said.add(what)
            _log.warning(line)

    def _build(self, text: str) -> AzureMonitorMetricExporter:
        phone_home_off()
        # Their own lines repeat each round; the two that matter are said above, once. Errors still come through.
        for name in ("azure.monitor.opentelemetry.exporter", "azure.core.pipeline"):
            if logging.getLogger(name).level == logging.NOTSET:
                logging.getLogger(name).setLevel(logging.ERROR)
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter

        return AzureMonitorMetricExporter(
            connection_string=text,
            storage_directory=str(self._buffer_dir),
            storage_max_size=self._buffer_bytes,
            storage_retention_period=int(RETENTION.total_seconds()),
            # How long a kept round rests before it is tried again: our own rounds are the clock.
            storage_min_retry_interval=max(1, int(self._every)),
            # The next round is the retry. The library's own would sleep through several rounds, and through SIGTERM.
            retry_total=0,
            timeout=REQUEST_TIMEOUT.total_seconds(),
            read_timeout=REQUEST_TIMEOUT.total_seconds(),
            raw_request_hook=self._before_request,
        )

    def _data(self, points: Mapping[str, list[Point]]) -> MetricsData:
        from opentelemetry.sdk.metrics.export import (
            AggregationTemporality,
            Gauge,
            HistogramDataPoint,
            Metric,
            MetricsData,
            NumberDataPoint,
            ResourceMetrics,
            ScopeMetrics,
        )
        from opentelemetry.sdk.metrics.export import Histogram as OTelHistogram
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        at = time.time_ns()

        def number(point: Point) -> NumberDataPoint:
            return NumberDataPoint(dict(point.attributes), at, at, point.value)

        def sum_and_count(point: Point) -> HistogramDataPoint:
            count = point.count or 0
            return HistogramDataPoint(
                attributes=dict(point.attributes),
                start_time_unix_nano=at,
                time_unix_nano=at,
                count=count,
                sum=point.value,
                bucket_counts=(count,),
                explicit_bounds=(),
                min=point.lowest or 0.0,
                max=point.highest or 0.0,
            )

        def metric(name: str, of: list[Point]) -> Metric:
            data: Gauge | OTelHistogram
            if of[0].count is None:
                data = Gauge([number(point) for point in of])
            else:
                data = OTelHistogram([sum_and_count(point) for point in of], AggregationTemporality.DELTA)
            return Metric(name, "", "", data)

        resource = Resource({SERVICE_NAME: self._service})
        scope = InstrumentationScope("tripgen-exporter")
        metrics = [metric(name, of) for name, of in points.items()]
        return MetricsData([ResourceMetrics(resource, [ScopeMetrics(scope, metrics, "")], "")])
