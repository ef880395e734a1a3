"""The service itself: its pool, its requests and whether it is up, from Spring Boot's actuator.

HTTP client timers give what each host answered and for how long. They are no ``external_api_latency``: Spring Boot
publishes them without buckets unless told to, and the services report these calls as business events, with buckets.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from exporters.counters import Differences
from exporters.families import Collector, Families, Labels, Partial, Value
from exporters.http import Answer, get
from observability.design.operations import HEALTH_CHECK
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals.postgresql import POOL_CONNECTIONS, POOL_CONNECTIONS_MAX
from observability.signals.services import (
    ACTIVE_CONNECTIONS,
    CLIENT_REQUESTS,
    CLIENT_SECONDS,
    HTTP_REQUESTS,
    HTTP_SECONDS,
    SERVICE_UP,
)

if TYPE_CHECKING:
    from exporters.config import ActuatorConfig

METRICS_PATH = "/actuator/prometheus"
_TEXT = "text/plain;version=0.0.4"
# Both pages within a round with some of it to spare: when one is slow, the other is still reported.
_STEP = 0.45

_POOL = {
    "hikaricp_connections_active": "active",
    "hikaricp_connections_idle": "idle",
    "hikaricp_connections_pending": "pending",
}
_POOL_MAX = "hikaricp_connections_max"
_SERVER = {"http_server_requests_seconds_count": HTTP_REQUESTS, "http_server_requests_seconds_sum": HTTP_SECONDS}
_CLIENT = {"http_client_requests_seconds_count": CLIENT_REQUESTS, "http_client_requests_seconds_sum": CLIENT_SECONDS}
_STARTED = "process_start_time_seconds"
# The first that the page has. Requests in flight are what "working on" means: Micrometer's long task timer, which
# changed its suffix twice. Tomcat's connections are the next best, too many rather than too few: they count idle
# keep-alive connections too, and are published with server.tomcat.mbeanregistry.enabled only. Both count the reading
# of this very page as one.
_ACTIVE = (
    "http_server_requests_active_seconds_gcount",
    "http_server_requests_active_seconds_count",
    "http_server_requests_active_seconds_active_count",
    "tomcat_connections_current_connections",
)
_WANTED = (*_POOL, _POOL_MAX, *_SERVER, *_CLIENT, _STARTED, *_ACTIVE)

# Redirections and interim answers are neither success nor failure, and UNKNOWN is a client that went away.
_OUTCOMES = {"SUCCESS": "success", "CLIENT_ERROR": "client_error", "SERVER_ERROR": "server_error"}
OUTCOMES = (*_OUTCOMES.values(), "other")
# What Spring calls the host of a call whose address could not be read.
_NO_CLIENT = "none"


class Reader(Protocol):
    async def read(self, path: str) -> Answer:
        """What the service answers at ``path``, whatever the status. Raises SourceUnavailable."""


class HttpReader:
    """Reads a service at ``url``; ``within`` seconds is the longest wait for one answer."""

    def __init__(self, url: str, *, within: float) -> None:
        self._url = url.rstrip("/")
        self._within = within

    async def read(self, path: str) -> Answer:
        accept = _TEXT if path == METRICS_PATH else "application/json"
        return await get(self._url + path, timeout=self._within, accept=accept)


@dataclass
class FakeReader:
    """Answers what it is told to; an exception in place of an answer is raised."""

    answers: dict[str, Answer | Exception] = field(default_factory=dict)

    async def read(self, path: str) -> Answer:
        answer = self.answers.get(path, Answer(404, b""))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Actuator(Collector):
    """Reports one service. Either page alone is reported too: a service that is down may still say so, and one whose
    health check hangs still has requests. Either alone is a partial round.

    ``differences`` are the totals, which a collector that takes this one's place can be given.
    """

    name = "actuator"

    def __init__(self, reader: Reader, *, service: str, every: float, timeout: float) -> None:
        self.every = every
        self.timeout = timeout
        self._reader = reader
        self._service = service
        self._requests = Requests()

    @classmethod
    def of(cls, config: ActuatorConfig) -> Actuator:
        """The collector of the configured service."""
        reader = HttpReader(config.url, within=config.timeout * _STEP)
        return cls(reader, service=config.service, every=config.every, timeout=config.timeout)

    @property
    def differences(self) -> Requests:
        return self._requests

    @differences.setter
    def differences(self, requests: Requests) -> None:
        # The settings have changed, so this may be another service under the same name.
        requests.move()
        self._requests = requests

    async def collect(self) -> Families | Partial:
        families: dict[Instrument, dict[Labels, Value]] = {}
        failed: dict[str, str] = {}
        # One after the other, so that the health check is not among the requests in flight.
        for path, read in ((HEALTH_CHECK.path, self._health), (METRICS_PATH, self._metrics)):
            try:
                families.update(await read())
            except SourceUnavailable as problem:
                failed[path] = str(problem)
        if not families:
            raise SourceUnavailable(
                "; ".join(failed.values()) or "the service publishes none of the meters that are read"
            )
        if failed:
            # Some reasons begin with the path already, others with the address before it.
            return Partial(families, tuple(f"{path}: {why.rpartition(f'{path}: ')[2]}" for path, why in failed.items()))
        return families

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _health(self) -> dict[Instrument, dict[Labels, Value]]:
        return {SERVICE_UP: {(self._service,): up(await self._reader.read(HEALTH_CHECK.path))}}

    async def _metrics(self) -> dict[Instrument, dict[Labels, Value]]:
        answer = await self._reader.read(METRICS_PATH)
        if answer.status != 200:
            raise SourceUnavailable(f"{METRICS_PATH}: answered {answer.status}")
        page = _page(answer.body.decode("utf-8", "replace"))
        mine = (self._service,)
        families: dict[Instrument, dict[Labels, Value]] = {}
        for name, state in _POOL.items():
            if name in page:
                families.setdefault(POOL_CONNECTIONS, {})[self._service, state] = _sum(page[name])
        if _POOL_MAX in page:
            families[POOL_CONNECTIONS_MAX] = {mine: _sum(page[_POOL_MAX])}
        if active := next((page[name] for name in _ACTIVE if name in page), None):
            families[ACTIVE_CONNECTIONS] = {mine: _sum(one for one in active if not _ours(one))}
        started = next((one.value for one in page.get(_STARTED, ())), None)
        for instrument, totals in self._requests.take(page, started).items():
            families[instrument] = {(self._service, *key): total for key, total in totals.items()}
        return families


def up(answer: Answer) -> float:
    """1 if the service says UP, 0 if it says anything else; DOWN comes with 503.

    Raises SourceUnavailable when it does not say: a proxy's error page is not the service's word.
    """
    try:
        told = json.loads(answer.body)
        status = told["status"]
    except (ValueError, TypeError, KeyError, RecursionError):
        status = None
    if not isinstance(status, str) or answer.status not in (200, 503):
        raise SourceUnavailable(f"{HEALTH_CHECK.path}: answered {answer.status} without a health status")
    return float(status == "UP")


# --- requests ---------------------------------------------------------------------------------------


class Requests:
    """Requests that the service answered, by outcome, and those it made, by host and outcome: how many, how long."""

    def __init__(self) -> None:
        answered = [(outcome,) for outcome in OUTCOMES]
        self._timers = {name: (instrument, _Totals(_answered, answered)) for name, instrument in _SERVER.items()}
        self._timers |= {name: (instrument, _Totals(_made)) for name, instrument in _CLIENT.items()}

    def move(self) -> None:
        """The next page may be of another service. The totals stay; what that one counted before is not new."""
        for _, totals in self._timers.values():
            totals.move()

    def take(self, page: Mapping[str, list[Sample]], started: float | None) -> dict[Instrument, dict[Labels, float]]:
        """The totals with this page in them; without those of meters that no page has had yet."""
        taken = {
            instrument: totals.take(page.get(name, ()), started) for name, (instrument, totals) in self._timers.items()
        }
        return {instrument: totals for instrument, totals in taken.items() if totals}


class _Totals:
    """One meter, added up from what each of the service's series has gained, by what ``key`` says of its labels."""

    def __init__(self, key: Callable[[Mapping[str, str]], Labels], known: Iterable[Labels] = ()) -> None:
        self._key = key
        self._gains: Differences[Labels] = Differences()
        self._now: dict[Labels, tuple[Labels, float]] = {}
        # What processes that are no more have gained.
        self._before = dict.fromkeys(known, 0.0)
        self._started: float | None = None
        self._pages = 0
        self._moved = False

    def move(self) -> None:
        self._moved = True

    def take(self, samples: Iterable[Sample], started: float | None) -> dict[Labels, float]:
        if self._moved and (started is None or started != self._started):
            self._begin()
            self._started, self._pages = None, 0
        elif None not in (started, self._started) and started != self._started:
            # Another process: everything it has counted is new, even where it has passed the old one's count.
            self._begin()
        self._moved = False
        self._started = self._started if started is None else started
        raws: dict[Labels, tuple[Labels, float]] = {}
        for sample in samples:
            if not _ours(sample):
                series = tuple(map("=".join, sorted(sample.labels.items())))
                key, raw = raws.get(series, (self._key(sample.labels), 0.0))
                raws[series] = key, raw + sample.value
        for series, (key, raw) in raws.items():
            if series not in self._now and self._pages:
                # Series come with their first request, so one that was not on the last page stood at 0 there.
                self._gains.advance(series, 0.0)
            self._now[series] = key, self._gains.advance(series, raw)
        self._pages += 1
        return self._totals() if self._now or any(self._before.values()) else {}

    def _begin(self) -> None:
        self._before = self._totals()
        self._now.clear()
        self._gains = Differences()

    def _totals(self) -> dict[Labels, float]:
        totals = dict(self._before)
        for key, gained in self._now.values():
            totals[key] = totals.get(key, 0.0) + gained
        return totals


def _answered(labels: Mapping[str, str]) -> Labels:
    return (_OUTCOMES.get(labels.get("outcome", ""), "other"),)


def _made(labels: Mapping[str, str]) -> Labels:
    """Host and outcome. Spring's ``uri`` is left out: it is a template only where the caller used one."""
    return (labels.get("client_name") or labels.get("client.name") or _NO_CLIENT, *_answered(labels))


# --- Prometheus text --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    labels: Mapping[str, str]
    value: float


# Possessive, so that a broken line costs one pass. Timestamps and exemplars may follow and are not looked at.
_LINE = re.compile(
    r"""([a-zA-Z_:][a-zA-Z0-9_:]*+)
        [ \t]*+(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*+")*+)\})?
        [ \t]*+([^ \t]++)""",
    re.VERBOSE,
)
_LABEL = re.compile(r'[ \t,]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"((?:[^"\\]|\\.)*+)"[ \t]*+(?=,|$)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n"}


def samples(text: str, wanted: tuple[str, ...]) -> Iterator[Sample]:
    """The samples of ``wanted`` names in a page of Prometheus text.

    Lines that cannot be read are passed over, and so are values that are no numbers: Micrometer writes NaN for a
    gauge whose object is gone, and Tomcat -1 for what it does not know.
    """
    # Not splitlines(): a label value may hold what Unicode takes for a line's end.
    for line in text.split("\n"):
        # Nine lines in ten are of other meters; this look at their beginnings spares them the expression.
        if not line.startswith(wanted) or not (match := _LINE.match(line)) or match[1] not in wanted:
            continue
        labels, value = _labels(match[2] or ""), _number(match[3])
        if labels is not None and value is not None and 0 <= value < math.inf:
            yield Sample(match[1], labels, value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _labels(text: str) -> dict[str, str] | None:
    labels: dict[str, str] = {}
    at = 0
    while match := _LABEL.match(text, at):
        labels[match[1]] = _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), match[2])
        at = match.end()
    return labels if not text[at:].strip(" \t,") else None


def _page(text: str) -> dict[str, list[Sample]]:
    """The samples that are read, by name. Raises SourceUnavailable when this is no page of metrics."""
    matches = (_LINE.match(line) for line in text.split("\n"))
    if not any(match and _number(match[3]) is not None for match in matches):
        raise SourceUnavailable(f"{METRICS_PATH}: the answer is not Prometheus text")
    page: dict[str, list[Sample]] = {}
    for sample in samples(text, _WANTED):
        page.setdefault(sample.name, []).append(sample)
    return page


def _sum(of: Iterable[Sample]) -> float:
    return math.fsum(sample.value for sample in of)


def _ours(sample: Sample) -> bool:
    """Whether these are requests to the actuator: probes and scrapes are no traffic."""
    uri = sample.labels.get("uri", "")
    return uri == "/actuator" or uri.startswith("/actuator/")
