"""Business events: JSON lines that the service beside us posts to /v1/events, queued and counted.

``handle`` takes bodies into a bounded queue, ``collect`` counts what waits there. An event that was answered with an
accepted count is counted, whatever comes after, short of a kill.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from threading import Lock
from typing import Final, NamedTuple

import orjson

from exporters.event_lines import (
    CALL_OUTCOMES,
    KINDS,
    NOT_COUNTED,
    SEARCH_OUTCOMES,
    STRIDE,
    TRIP_OUTCOMES,
    Event,
    Reading,
    Reason,
    read,
)
from exporters.families import Families, Histogram, Labels, Value
from exporters.http_messages import BODY_LIMIT
from observability.model.signal import Instrument
from observability.signals.ai import AI_RESPONSE, EXTERNAL_CALL
from observability.signals.business import LOCATION_SEARCHES, TRIP_GENERATIONS, USER_RATING
from observability.signals.exporter import EVENTS_ACCEPTED, EVENTS_REFUSED, QUEUE_LENGTH, SERIES_FOLDED

# A page of refusals tells what is wrong with a batch; all of them would be longer than the batch itself.
REFUSALS_SHOWN: Final = 20
# One round of the collector later the queue is empty again, unless more comes in than one core can count.
RETRY_AFTER: Final = 1
# The system calls a handful of APIs. Past this many the names are somebody's data, whatever they look like.
API_LIMIT: Final = 30
FOLDED: Final = "other"
# Folded label sets that are known as such, so that each counts once; past it they are forgotten and count again, as
# memory is bounded and a counter that stands still would say that the folding has ended.
_FOLDS_KNOWN: Final = 1_000


class Response(NamedTuple):
    """What the server answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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
        self._trips: dict[Labels, int] = {(outcome,): 0 for outcome in TRIP_OUTCOMES}
        self._searches: dict[Labels, int] = {(outcome,): 0 for outcome in SEARCH_OUTCOMES}
        self._accepted: dict[Labels, int] = {(kind,): 0 for kind in KINDS}
        self._refused: dict[Labels, int] = {(reason.value,): 0 for reason in Reason}
        self._responses = _Observations(AI_RESPONSE.bounds)
        self._ratings = _Observations(USER_RATING.bounds)
        self._calls: dict[Labels, _Observations] = {}
        self._apis: set[str] = set()
        # Series that no page has shown yet.
        self._unseen: set[Labels] = set()
        self._folds_known: set[Labels] = set()
        self._folded = 0
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
        if labels != (NOT_COUNTED,):
            self._searches[labels] += 1

    def _call(self, labels: Labels, seconds: float) -> None:
        series = self._calls.get(labels)
        if series is None:
            series = self._calls[self._bounded(labels)]
        series.add(seconds)

    def refuse(self, reason: Reason, number: int = 1) -> None:
        self._refused[reason.value,] += number

    def _bounded(self, labels: Labels) -> Labels:
        """``labels``, or what takes them once there are too many APIs; there is a series for it afterwards."""
        api, outcome = labels
        if api != FOLDED and len(self._apis) >= API_LIMIT:
            api = FOLDED
            if labels not in self._folds_known:
                if len(self._folds_known) >= _FOLDS_KNOWN:
                    self._folds_known.clear()
                self._folds_known.add(labels)
                self._folded += 1
        elif api != FOLDED:
            self._apis.add(api)
        if (api, outcome) not in self._calls:
            # Both outcomes at once: the first failure of an API that has worked so far must be an increase.
            for one in CALL_OUTCOMES:
                self._calls[api, one] = _Observations(EXTERNAL_CALL.bounds)
                self._unseen.add((api, one))
        return api, outcome

    def families(self, *, last: bool = False) -> dict[Instrument, dict[Labels, Value]]:
        """All series. One that is new stands at 0 this time and at what it holds the next, so that its first values
        are an increase to whoever looks each time; rate() does not see a series appear. The ``last`` time there is
        no next one, so everything is told."""
        unseen = set() if last else self._unseen
        empty = _Observations(EXTERNAL_CALL.bounds)
        calls = {labels: empty if labels in unseen else series for labels, series in self._calls.items()}
        self._unseen = set()
        counted = (
            (TRIP_GENERATIONS, self._trips),
            (LOCATION_SEARCHES, self._searches),
            (EVENTS_ACCEPTED, self._accepted),
            (EVENTS_REFUSED, self._refused),
        )
        observed = (
            (AI_RESPONSE, {(): self._responses}),
            (USER_RATING, {(): self._ratings}),
            (EXTERNAL_CALL, calls),
        )
        families: dict[Instrument, dict[Labels, Value]] = {
            instrument: {labels: float(count) for labels, count in series.items()} for instrument, series in counted
        }
        for instrument, histograms in observed:
            if histograms:
                families[instrument] = {labels: series.histogram() for labels, series in histograms.items()}
        # The store adds it to its own; there it is one counter.
        families[SERIES_FOLDED] = {(): float(self._folded)}
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

    async def handle(self, headers: Mapping[str, str], body: bytes) -> Response:
        """Take a body: 202, or 400 with the good lines taken, or one of 413, 415, 429 and 503 with nothing taken.

        Others on the event loop get a turn every few hundred lines: a large body would hold a scrape up otherwise."""
        refused = self._refuse_unread(headers, body)
        if refused is not None:
            return refused
        reading = Reading(keep=REFUSALS_SHOWN)
        for _ in read(body, reading):
            await asyncio.sleep(0)
        return self._take(reading)

    def too_large(self) -> Response:
        """What the server answers for a body over its limit, which it does not read and nobody counts otherwise."""
        return self._refuse(413, Reason.BODY_TOO_LARGE, 1, limit=BODY_LIMIT)

    def stop(self) -> None:
        """Take no more. What was taken is counted by the next ``collect``, or by ``drain``."""
        with self._lock:
            self._stopped = True

    def drain(self) -> Families:
        """Count all that waits, at once, and say what there is: for the end of the process."""
        while self._count_some():
            pass
        return self._families(last=True)

    async def collect(self) -> Families:
        # What comes in meanwhile is for the next round, and what would take too long as well: under a flood the queue
        # is never empty, and a round that waited for that would be cancelled before it says anything. Between two
        # batches every open connection may have a stride of its own checked, so time is looked at, not only numbers.
        # A batch is off the queue only when it is counted, so being cancelled here loses nothing.
        enough = time.monotonic() + self.timeout / 2
        for _ in range(len(self._queue)):
            if not self._count_some() or time.monotonic() >= enough:
                break
            await asyncio.sleep(0)
        return self._families()

    async def close(self) -> None:
        self.stop()

    def _refuse_unread(self, headers: Mapping[str, str], body: bytes) -> Response | None:
        """What can be refused without looking into the body."""
        if len(body) > BODY_LIMIT:
            return self.too_large()
        encoding = next((value for name, value in headers.items() if name.lower() == "content-encoding"), "identity")
        if encoding.strip().lower() not in ("", "identity"):
            return self._refuse(415, Reason.ENCODED_BODY, 1)
        if self._stopped:
            return self._refuse(503, Reason.STOPPING, _lines(body))
        # Under a flood, not to read what cannot be taken is most of the relief.
        if self._waiting >= self._limit:
            return self._refuse_full(_lines(body))
        return None

    def _take(self, reading: Reading) -> Response:
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
        if len(events) > self._limit:
            # Not 429: no waiting makes it fit, and whoever sends it again would do so for ever.
            return self._refuse(413, Reason.BATCH_TOO_LARGE, len(events), queue_limit=self._limit)
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

    def _families(self, *, last: bool = False) -> Families:
        with self._lock:
            families = self._totals.families(last=last)
            families[QUEUE_LENGTH] = {(): float(self._waiting)}
        return families


def _lines(body: bytes) -> int:
    return sum(1 for line in body.split(b"\n") if line and not line.isspace())


def _taken(reading: Reading) -> Response:
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
