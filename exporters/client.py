"""Tells the exporter beside a service in Python what happened in it; standard library only.

    events = Client()
    events.trip_generated(stored=True)
    with events.timed_call("openai"):
        answer = ask_the_model()

A call puts one event into a bounded buffer and returns; a background thread sends. Nothing here blocks the service
or raises into it: without an exporter events are lost, and a log line says so once. A batch whose answer was lost is
sent again, so after a broken connection an event can count twice.
"""

from __future__ import annotations

import atexit
import http.client
import json
import logging
import math
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from observability.model.exporter import EVENTS_PATH, FAILED, FAILURE, PORT, STORED, SUCCESS

_log = logging.getLogger("tripgen.events")

# Some hundred bytes a line keep a batch far below the exporter's limit of 1 MiB.
BATCH: Final = 500
BUFFER: Final = 10_000
EVERY: Final = 0.5
TIMEOUT: Final = 2.0
LONGEST_PAUSE: Final = 5.0


class Client:
    """Sends to the exporter at ``host``:``port``. Call ``close`` at the end, or use it in a ``with``.

    ``buffer`` events wait at most; past it new ones are dropped and counted in ``dropped``. ``every`` is how many
    seconds an event waits for company, ``timeout`` how many one request may take.
    """

    def __init__(
        self,
        port: int = PORT,
        *,
        host: str = "127.0.0.1",
        buffer: int = BUFFER,
        every: float = EVERY,
        timeout: float = TIMEOUT,
    ) -> None:
        self._address = (host, port)
        self._limit = buffer
        self._every = every
        self._timeout = timeout
        self._closed = False
        self._deadline = math.inf
        self.dropped = 0
        self._reset()
        _CLIENTS.add(self)

    def _reset(self) -> None:
        """A state without a thread: at the start, and in the child of a fork, which has the parent's events and
        locks but none of its threads."""
        # append and popleft are atomic, so no lock stands between a request and its event.
        self._buffer: deque[dict[str, Any]] = deque()
        self._batch: list[bytes] = []
        self._wake = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._complained = False
        self._most = BATCH

    # --- what happened --------------------------------------------------------------------------------

    def trip_generated(self, stored: bool = True) -> None:
        """A trip generation ended, with a stored itinerary or without."""
        self._put({"event": "trip_generated", "outcome": STORED if stored else FAILED})

    def itinerary_finished(self, seconds: float) -> None:
        """An itinerary is finished, ``seconds`` after the request was accepted."""
        self._put({"event": "itinerary_finished", "seconds": seconds})

    def rating_given(self, rating: int) -> None:
        """A user gave a rating from 1 to 5."""
        self._put({"event": "rating_given", "rating": rating})

    def search_finished(self, accepted_rank: int | None = None, refined: bool = False) -> None:
        """A location search ended: the rank that was taken, 1 for the first result, and whether it was refined."""
        self._put({"event": "search_finished", "accepted_rank": accepted_rank, "refined": refined})

    def external_call(self, api: str, seconds: float, ok: bool = True) -> None:
        """A call to an external API ended. ``api`` is a short fixed name, never an address."""
        outcome = SUCCESS if ok else FAILURE
        self._put({"event": "external_call", "api": api, "seconds": seconds, "outcome": outcome})

    @contextmanager
    def timed_call(self, api: str) -> Iterator[None]:
        """An ``external_call`` around the block; it failed if the block raised, and the exception goes on."""
        start = time.perf_counter()
        ok = False
        try:
            yield
            ok = True
        finally:
            self.external_call(api, time.perf_counter() - start, ok)

    # --- the end --------------------------------------------------------------------------------------

    def close(self, timeout: float = 3.0) -> None:
        """Send what waits, for ``timeout`` seconds at most, and stop. Never raises; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._deadline = time.monotonic() + timeout
        _CLIENTS.discard(self)
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        self._wake.set()
        thread.join(timeout + self._timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- in the service's thread ----------------------------------------------------------------------

    def _put(self, event: dict[str, Any]) -> None:
        try:
            if self._closed or len(self._buffer) >= self._limit:
                self.dropped += 1
                return
            self._buffer.append(event)
            if self._thread is None or not self._thread.is_alive():
                self._start()
            if len(self._buffer) >= BATCH and not self._wake.is_set():
                self._wake.set()
        except Exception:  # the service's request matters more than its event
            self.dropped += 1

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                # A daemon, so that a service that forgets close() can end; atexit flushes for it.
                self._thread = threading.Thread(target=self._run, name="tripgen-events", daemon=True)
                self._thread.start()

    # --- in our own thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        pause = self._every
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            try:
                pause = self._send_all()
            except Exception as error:  # whatever it was, the next batch gets its try
                self._give_up(type(error).__name__)
                pause = self._every
            if self._closed and (self._empty() or time.monotonic() >= self._deadline):
                break
            if self._closed:
                # A queue that is full now may have room before the deadline.
                pause = min(pause, 0.1)
        self.dropped += len(self._batch) + len(self._buffer)
        self._disconnect()

    def _empty(self) -> bool:
        return not self._batch and not self._buffer

    def _send_all(self) -> float:
        """Send until nothing waits or the exporter does not take it; the seconds to wait before the next try."""
        pause = self._every
        while not self._empty() and (not self._closed or time.monotonic() < self._deadline):
            while self._buffer and len(self._batch) < self._most:
                self._encode(self._buffer.popleft())
            sent = self._batch[: self._most]
            if not sent:
                continue
            try:
                status, retry_after, answer = self._post(b"\n".join(sent))
            except (OSError, http.client.HTTPException) as error:
                self._disconnect()
                self._complain(f"{type(error).__name__}: events wait, up to {self._limit}")
                return min(LONGEST_PAUSE, max(pause * 2, 1.0))
            if status == 413 and self._smaller(answer) < len(sent):
                self._most = self._smaller(answer)
                continue
            if status in (429, 503):
                self._complain(f"answered {status}: events wait, up to {self._limit}")
                # 0 would be a busy loop.
                return min(LONGEST_PAUSE, max(retry_after, 0.05))
            del self._batch[: len(sent)]
            self._judge(status, answer, len(sent))
        return pause

    def _smaller(self, answer: dict[str, Any]) -> int:
        """The most that a batch may hold, where the queue is smaller than one of ours."""
        limit = answer.get("queue_limit")
        return max(1, min(self._most, limit)) if isinstance(limit, int) else self._most

    def _judge(self, status: int, answer: dict[str, Any], sent: int) -> None:
        if status in (200, 202):
            self._complained = False
        elif status == 400:
            # Its good lines were taken; the bad ones would be refused again.
            self.dropped += int(answer.get("refused_count", 0))
            first: dict[str, Any] = next(iter(answer.get("refused") or ()), {})
            self._complain(f"events refused: {first.get('field')} {first.get('reason')}: {first.get('detail')}")
        else:
            self.dropped += sent
            self._complain(f"answered {status}: events dropped")

    def _encode(self, event: dict[str, Any]) -> None:
        try:
            self._batch.append(json.dumps(event, allow_nan=False, separators=(",", ":")).encode())
        except (TypeError, ValueError):
            # Something that is no JSON value was given for a field.
            self.dropped += 1
            self._complain(f"event refused: {event['event']} holds a value that is no number or text")

    def _post(self, body: bytes) -> tuple[int, float, dict[str, Any]]:
        for fresh in (False, True):
            if fresh or self._connection is None:
                self._disconnect()
                fresh = True
                self._connection = http.client.HTTPConnection(*self._address, timeout=self._timeout)
            try:
                self._connection.request("POST", EVENTS_PATH, body, {"Content-Type": "application/x-ndjson"})
                response = self._connection.getresponse()
                content = response.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # An idle connection that the exporter closed in between; a new one is worth one try.
                if fresh:
                    raise
        retry_after = response.headers.get("Retry-After", "1")
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        seconds = float(retry_after) if retry_after.isdecimal() else 1.0
        return response.status, seconds, answer if isinstance(answer, dict) else {}

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _give_up(self, why: str) -> None:
        self.dropped += len(self._batch)
        self._batch.clear()
        self._disconnect()
        self._complain(f"{why}: events dropped")

    def _complain(self, what: str) -> None:
        """One line until sending works again, not one for each batch."""
        if not self._complained:
            self._complained = True
            _log.warning("exporter at %s:%d: %s", *self._address, what)


_CLIENTS: weakref.WeakSet[Client] = weakref.WeakSet()


def _close_all() -> None:
    for client in list(_CLIENTS):
        client.close()


def _after_fork() -> None:
    for client in list(_CLIENTS):
        client._reset()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
