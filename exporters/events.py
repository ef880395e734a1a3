"""Business events: JSON lines that the service beside us posts to /v1/events, checked, queued and counted.

The schema is published as events.schema.json; the validator here is written by hand because a general one is some
hundred times slower, and a property test holds the two to the same verdicts.

``accept`` and ``handle`` take bodies into a bounded queue, ``collect`` counts what waits there. An event that was
answered with an accepted count is counted, whatever comes after, short of a kill.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from threading import Lock
from typing import Any, Final, NamedTuple

import orjson

from exporters.families import Families, Histogram, Labels, Value
from observability.model.signal import Instrument
from observability.signals.ai import AI_RESPONSE, EXTERNAL_CALL
from observability.signals.business import LOCATION_SEARCHES, TRIP_GENERATIONS, USER_RATING
from observability.signals.exporter import EVENTS_ACCEPTED, EVENTS_REFUSED, QUEUE_LENGTH

BODY_LIMIT: Final = 1024 * 1024
# A page of refusals tells what is wrong with a batch; all of them would be longer than the batch itself.
REFUSALS_SHOWN: Final = 20
LONGEST_SECONDS: Final = 86_400
# One round of the collector later the queue is empty again, unless more comes in than one core can count.
RETRY_AFTER: Final = 1
# Lines checked, and events counted, between two turns of the event loop: about a millisecond, which is what a scrape
# may wait.
STRIDE: Final = 500
# The page folds the values of a label long before this; it bounds our own memory against a service that puts
# something unbounded there.
API_LIMIT: Final = 500
FOLDED: Final = "other"

_API = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Reason(StrEnum):
    """Why something was refused: the values of a label, so the set is closed."""

    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NOT_ALLOWED = "not_allowed"
    # These refuse a whole body.
    BODY_TOO_LARGE = "body_too_large"
    ENCODED_BODY = "encoded_body"
    QUEUE_FULL = "queue_full"
    STOPPING = "stopping"


class Event(NamedTuple):
    """What is counted of one line: one more for these labels or, in a histogram, an observation of ``value``."""

    kind: str
    labels: Labels
    value: float


class Refusal(NamedTuple):
    """``line`` counts from 1; ``field`` is empty where the line as a whole is wrong."""

    line: int
    field: str
    reason: Reason
    detail: str


class Response(NamedTuple):
    """What the server answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# --- checking -----------------------------------------------------------------------------------------


class _Refused(Exception):
    def __init__(self, field: str, reason: Reason, detail: str) -> None:
        self.field = field
        self.reason = reason
        self.detail = detail


def _outcome(line: dict[str, Any], allowed: tuple[str, ...]) -> str:
    outcome = line["outcome"]
    if type(outcome) is not str:
        raise _Refused("outcome", Reason.WRONG_TYPE, f"must be {_either(allowed)}")
    if outcome not in allowed:
        raise _Refused("outcome", Reason.NOT_ALLOWED, f"must be {_either(allowed)}")
    return outcome


def _seconds(line: dict[str, Any]) -> float:
    seconds = line["seconds"]
    # type() and not isinstance(): True is an int for the latter, and no number for JSON.
    if type(seconds) is not float and type(seconds) is not int:
        raise _Refused("seconds", Reason.WRONG_TYPE, "must be a number of seconds")
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise _Refused("seconds", Reason.OUT_OF_RANGE, f"must be from 0 to {LONGEST_SECONDS}")
    return seconds


def _whole(value: object) -> bool:
    """JSON Schema's integer: 5.0 is one."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _trip_generated(line: dict[str, Any]) -> Event:
    return Event("trip_generated", (_outcome(line, ("stored", "failed")),), 1)


def _itinerary_finished(line: dict[str, Any]) -> Event:
    return Event("itinerary_finished", (), _seconds(line))


def _rating_given(line: dict[str, Any]) -> Event:
    rating = line["rating"]
    if not _whole(rating):
        raise _Refused("rating", Reason.WRONG_TYPE, "must be an integer from 1 to 5")
    if not 1 <= rating <= 5:
        raise _Refused("rating", Reason.OUT_OF_RANGE, "must be an integer from 1 to 5")
    return Event("rating_given", (), rating)


def _search_finished(line: dict[str, Any]) -> Event:
    rank, refined = line["accepted_rank"], line["refined"]
    if rank is not None:
        if not _whole(rank):
            raise _Refused("accepted_rank", Reason.WRONG_TYPE, "must be an integer from 1 or null")
        if rank < 1:
            raise _Refused("accepted_rank", Reason.OUT_OF_RANGE, "must be an integer from 1 or null")
    if type(refined) is not bool:
        raise _Refused("refined", Reason.WRONG_TYPE, "must be true or false")
    return Event("search_finished", (_search_outcome(rank, refined),), 1)


def _search_outcome(rank: float | None, refined: bool) -> str:
    """A result that was taken decides, also when the user searched again before."""
    if rank is not None:
        return "top3" if rank <= 3 else "other"
    return "refined" if refined else _NOT_COUNTED


def _external_call(line: dict[str, Any]) -> Event:
    api = line["api"]
    if type(api) is not str:
        raise _Refused("api", Reason.WRONG_TYPE, "must be a short name")
    if not _API.fullmatch(api):
        raise _Refused("api", Reason.NOT_ALLOWED, "must be 1 to 64 of a-z, 0-9, '.', '_', '-'")
    return Event("external_call", (api, _outcome(line, ("success", "failure"))), _seconds(line))


# A search that was left with neither: not a label value, it must not enter the denominator.
_NOT_COUNTED = "none"

# For each event: the keys it has and its checks.
_KINDS: Final[dict[str, tuple[frozenset[str], Callable[[dict[str, Any]], Event]]]] = {
    "trip_generated": (frozenset({"event", "outcome"}), _trip_generated),
    "itinerary_finished": (frozenset({"event", "seconds"}), _itinerary_finished),
    "rating_given": (frozenset({"event", "rating"}), _rating_given),
    "search_finished": (frozenset({"event", "accepted_rank", "refined"}), _search_finished),
    "external_call": (frozenset({"event", "api", "seconds", "outcome"}), _external_call),
}


def check(line: object) -> Event:
    """The event of one decoded line. Raises what ``parse`` turns into a Refusal."""
    if type(line) is not dict:
        raise _Refused("", Reason.NOT_AN_OBJECT, "a line must be one JSON object")
    kind = line.get("event")
    known = _KINDS.get(kind) if type(kind) is str else None
    if known is None:
        if "event" not in line:
            raise _Refused("event", Reason.MISSING_FIELD, f"must be {_either(_KINDS)}")
        raise _Refused("event", Reason.UNKNOWN_EVENT, f"must be {_either(_KINDS)}")
    keys, read = known
    if line.keys() != keys:
        _keys_differ(line, keys)
    return read(line)


def _keys_differ(line: dict[str, Any], keys: frozenset[str]) -> None:
    for key in sorted(keys - line.keys()):
        raise _Refused(key, Reason.MISSING_FIELD, f"{line['event']} needs it")
    for key in sorted(line.keys() - keys):
        # The name comes from outside and goes back to where it came from, in a length that fits a log line.
        raise _Refused(key[:64], Reason.UNKNOWN_FIELD, f"{line['event']} has {_either(sorted(keys))}")


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


@dataclass(slots=True)
class _Reading:
    """What a body turned out to hold. Of the refusals the first ``keep`` are kept, all of them counted."""

    keep: int | None
    events: list[Event] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: Counter[Reason] = field(default_factory=Counter)

    def refuse(self, number: int, where: str, reason: Reason, detail: str) -> None:
        self.refused[reason] += 1
        if self.keep is None or len(self.refusals) < self.keep:
            self.refusals.append(Refusal(number, where, reason, detail))


def _read(body: bytes, reading: _Reading) -> Generator[None]:
    """Fills ``reading``; yields now and then, so that a caller on an event loop can let others have a turn."""
    loads, add = orjson.loads, reading.events.append
    for number, line in enumerate(body.split(b"\n"), 1):
        try:
            add(check(loads(line)))
        except _Refused as refused:
            reading.refuse(number, refused.field, refused.reason, refused.detail)
        except orjson.JSONDecodeError:
            if line and not line.isspace():
                reading.refuse(number, "", Reason.INVALID_JSON, "a line must be one JSON object, in UTF-8")
        if number % STRIDE == 0:
            yield


def parse(body: bytes) -> tuple[list[Event], list[Refusal]]:
    """The events of a body and what was refused, both in the order of the lines; empty lines are passed over."""
    reading = _Reading(keep=None)
    for _ in _read(body, reading):
        pass
    return reading.events, reading.refusals


# --- counting -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Observations:
    """One histogram series; ``buckets`` are not cumulative and the last one is past all bounds."""

    bounds: tuple[float, ...]
    buckets: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.buckets = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        # A bound belongs to its bucket: le means less or equal.
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.total += value

    def histogram(self) -> Histogram:
        *cumulative, count = accumulate(self.buckets)
        return Histogram(tuple(map(float, cumulative)), float(count), self.total)


class Totals:
    """What was counted since the start. Series whose labels are known beforehand stand at 0 from the start, so that
    the first event is an increase too: rate() does not see a series appear."""

    def __init__(self) -> None:
        self._trips: dict[Labels, int] = {(outcome,): 0 for outcome in ("stored", "failed")}
        self._searches: dict[Labels, int] = {(outcome,): 0 for outcome in ("top3", "other", "refined")}
        self._accepted: dict[Labels, int] = {(kind,): 0 for kind in _KINDS}
        self._refused: dict[Labels, int] = {(reason.value,): 0 for reason in Reason}
        self._responses = _Observations(AI_RESPONSE.bounds)
        self._ratings = _Observations(USER_RATING.bounds)
        self._calls: dict[Labels, _Observations] = {}
        self._apis: set[str] = set()
        self._count: dict[str, Callable[[Labels, float], None]] = {
            "trip_generated": self._trip,
            "itinerary_finished": lambda _, seconds: self._responses.add(seconds),
            "rating_given": lambda _, rating: self._ratings.add(rating),
            "search_finished": self._search,
            "external_call": self._call,
        }

    def add(self, events: Iterable[Event]) -> None:
        count, accepted = self._count, self._accepted
        for kind, labels, value in events:
            count[kind](labels, value)
            accepted[kind,] += 1

    def _trip(self, labels: Labels, value: float) -> None:
        self._trips[labels] += 1

    def _search(self, labels: Labels, value: float) -> None:
        if labels != (_NOT_COUNTED,):
            self._searches[labels] += 1

    def _call(self, labels: Labels, seconds: float) -> None:
        series = self._calls.get(labels)
        if series is None:
            labels = self._bounded(labels)
            series = self._calls.setdefault(labels, _Observations(EXTERNAL_CALL.bounds))
        series.add(seconds)

    def refuse(self, reason: Reason, number: int = 1) -> None:
        self._refused[reason.value,] += number

    def _bounded(self, labels: Labels) -> Labels:
        api, outcome = labels
        if api not in self._apis:
            if len(self._apis) >= API_LIMIT:
                return (FOLDED, outcome)
            self._apis.add(api)
        return labels

    def families(self) -> dict[Instrument, dict[Labels, Value]]:
        counted = (
            (TRIP_GENERATIONS, self._trips),
            (LOCATION_SEARCHES, self._searches),
            (EVENTS_ACCEPTED, self._accepted),
            (EVENTS_REFUSED, self._refused),
        )
        observed = (
            (AI_RESPONSE, {(): self._responses}),
            (USER_RATING, {(): self._ratings}),
            (EXTERNAL_CALL, self._calls),
        )
        families: dict[Instrument, dict[Labels, Value]] = {
            instrument: {labels: float(count) for labels, count in series.items()} for instrument, series in counted
        }
        for instrument, histograms in observed:
            if histograms:
                families[instrument] = {labels: series.histogram() for labels, series in histograms.items()}
        return families


# --- taking -------------------------------------------------------------------------------------------


class Events:
    """The queue between the server and the page, and the collector named ``events`` that empties it.

    A lock makes it safe from any thread; it is held for one stride at most.
    """

    name = "events"
    every = 1.0
    timeout = 5.0

    def __init__(self, queue_limit: int) -> None:
        self._limit = queue_limit
        self._queue: deque[list[Event]] = deque()
        self._waiting = 0
        self._totals = Totals()
        self._stopped = False
        self._lock = Lock()

    def accept(self, headers: Mapping[str, str], body: bytes) -> Response:
        """Take a body: 202, or 400 with the good lines taken, or one of 413, 415, 429 and 503 with nothing taken."""
        refused = self._refuse_unread(headers, body)
        if refused is not None:
            return refused
        reading = _Reading(keep=REFUSALS_SHOWN)
        for _ in _read(body, reading):
            pass
        return self._take(reading)

    async def handle(self, headers: Mapping[str, str], body: bytes) -> Response:
        """As ``accept``, letting others on the event loop have a turn every few hundred lines: a large body would
        hold a scrape up otherwise."""
        refused = self._refuse_unread(headers, body)
        if refused is not None:
            return refused
        reading = _Reading(keep=REFUSALS_SHOWN)
        for _ in _read(body, reading):
            await asyncio.sleep(0)
        return self._take(reading)

    def stop(self) -> None:
        """Take no more. What was taken is counted by the next ``collect``, or by ``drain``."""
        with self._lock:
            self._stopped = True

    def drain(self) -> Families:
        """Count all that waits, at once, and say what there is: for the end of the process."""
        while self._count_some():
            pass
        return self._families()

    async def collect(self) -> Families:
        # A batch is off the queue only when it is counted, so being cancelled here loses nothing.
        while self._count_some():
            await asyncio.sleep(0)
        return self._families()

    async def close(self) -> None:
        self.stop()

    def _refuse_unread(self, headers: Mapping[str, str], body: bytes) -> Response | None:
        """What can be refused without looking into the body."""
        if len(body) > BODY_LIMIT:
            return self._refuse(413, Reason.BODY_TOO_LARGE, 1, limit=BODY_LIMIT)
        encoding = next((value for name, value in headers.items() if name.lower() == "content-encoding"), "identity")
        if encoding.strip().lower() not in ("", "identity"):
            return self._refuse(415, Reason.ENCODED_BODY, 1)
        if self._stopped:
            return self._refuse(503, Reason.STOPPING, _lines(body))
        # Under a flood, not to read what cannot be taken is most of the relief.
        if self._waiting >= self._limit:
            return self._refuse_full(_lines(body))
        return None

    def _take(self, reading: _Reading) -> Response:
        events = reading.events
        with self._lock:
            stopped, room = self._stopped, self._limit - self._waiting
            if not stopped and len(events) <= room:
                for reason, number in reading.refused.items():
                    self._totals.refuse(reason, number)
                self._queue.extend(events[start : start + STRIDE] for start in range(0, len(events), STRIDE))
                self._waiting += len(events)
                return _taken(reading)
        # All or nothing: a sender that repeats the body counts nothing twice. Its bad lines are refused when the
        # good ones are taken, or they would be counted with each attempt.
        if stopped:
            return self._refuse(503, Reason.STOPPING, len(events))
        return self._refuse_full(len(events))

    def _refuse_full(self, number: int) -> Response:
        return self._refuse(429, Reason.QUEUE_FULL, number, {"retry-after": str(RETRY_AFTER)}, queue_limit=self._limit)

    def _refuse(
        self, status: int, reason: Reason, number: int, headers: Mapping[str, str] | None = None, **facts: int
    ) -> Response:
        with self._lock:
            self._totals.refuse(reason, number)
        return _answer(status, {"accepted": 0, "refused": [], "reason": reason.value, **facts}, headers)

    def _count_some(self) -> bool:
        with self._lock:
            if not self._queue:
                return False
            batch = self._queue[0]
            self._totals.add(batch)
            self._queue.popleft()
            self._waiting -= len(batch)
            return True

    def _families(self) -> Families:
        with self._lock:
            families = self._totals.families()
            families[QUEUE_LENGTH] = {(): float(self._waiting)}
        return families


def _lines(body: bytes) -> int:
    return sum(1 for line in body.split(b"\n") if line and not line.isspace())


def _taken(reading: _Reading) -> Response:
    count = reading.refused.total()
    shown = [
        {"line": line, "field": where, "reason": reason.value, "detail": detail}
        for line, where, reason, detail in reading.refusals
    ]
    # Every line that is not refused was taken.
    answer = {"accepted": len(reading.events), "refused": shown, "refused_count": count}
    return _answer(400 if count else 202, answer)


def _answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, {"content-type": "application/json", **(headers or {})}, orjson.dumps(content) + b"\n")
