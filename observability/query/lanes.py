"""Many queries through a few lanes: at most so many in flight, refused ones again, overdue and cancelled ones cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Protocol

from observability.query.answers import Answer, Ask, Failure, Said, Span, Status

# How soon a cancelled run is over, and an overdue query noticed.
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Again:
    """No answer yet. ``wait``: seconds the source asked for, None where it did not. ``all``: the source asks everybody
    to wait, not only this query."""

    failure: Failure
    wait: float | None = None
    all: bool = False


class Closed(Exception):
    """The source answers nobody: what is still to be asked fails with the same ``failure``."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Sender(Protocol):
    """Asks one source on one connection; used by one thread at a time, but for ``cut``."""

    def send(self, asks: Sequence[Ask], span: Span) -> Sequence[Answer | Again]:
        """An answer or a refusal for each, in order. Raises Closed."""

    def cut(self) -> None:
        """From another thread: end what is running by closing its connection."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a query is asked, and how long all waiting for it may take, in seconds; waits double from ``first``."""

    tries: int = 5
    total: float = 300.0
    first: float = 1.0
    longest: float = 60.0


@dataclass(eq=False)
class Source:
    """Where some of the queries go. ``widths``: a lane each, with as many queries as it sends at once.

    ``limit`` is how many seconds one sending may take before it is cut.
    """

    takes: Callable[[Ask], bool]
    make: Callable[[], Sender]
    widths: tuple[int, ...]
    limit: float
    idle: list[Sender] = field(default_factory=list)

    def sender(self) -> Sender:
        return self.idle.pop() if self.idle else self.make()

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()


@dataclass(eq=False, slots=True)
class _Pending:
    index: int
    ask: Ask
    source: Source
    tries: int = 0
    ready: float = 0.0
    began: float | None = None


class _Lane:
    """One thread with one sender. ``dead`` means that nobody waits for it any more."""

    def __init__(self, source: Source, width: int, span: Span, ended: SimpleQueue[tuple[_Lane, object]]) -> None:
        self.source = source
        self.width = width
        self.busy: list[_Pending] = []
        self.until = 0.0
        self.dead = False
        self._inbox: SimpleQueue[list[Ask] | None] = SimpleQueue()
        self.sender = source.sender()
        # A daemon: an abandoned query must not keep the process from ending.
        Thread(target=self._work, args=(span, ended), name="query-lane", daemon=True).start()

    def give(self, batch: list[_Pending], until: float) -> None:
        self.busy, self.until = batch, until
        self._inbox.put([pending.ask for pending in batch])

    def end(self) -> None:
        """Free the sender for the next run, or cut it where it is still busy."""
        if self.busy:
            self.dead = True
            self.sender.cut()
        else:
            self.source.idle.append(self.sender)
        self._inbox.put(None)

    def _work(self, span: Span, ended: SimpleQueue[tuple[_Lane, object]]) -> None:
        while (asks := self._inbox.get()) is not None:
            try:
                ended.put((self, self.sender.send(asks, span)))
            except Exception as error:  # told to whoever waits, in its thread
                ended.put((self, error))
        if self.dead:
            self.sender.close()


class Run:
    """One call of Backend.ask.

    ``clock`` counts seconds; ``wait(stop, seconds)`` returns early where ``stop`` is set. Both are passed in so that
    tests do not wait.
    """

    def __init__(
        self,
        asks: Sequence[Ask],
        span: Span,
        sources: Sequence[Source],
        *,
        said: Said,
        stop: Event,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        self._asks, self._span, self._said, self._stop = asks, span, said, stop
        self._patience, self._clock, self._wait = patience, clock, wait
        self._ended: SimpleQueue[tuple[_Lane, object]] = SimpleQueue()
        self._lanes: list[_Lane] = []
        self._gates: dict[Source, float] = {}
        self._answers: dict[int, Answer] = {}
        self._pending = [
            _Pending(index, ask, next(source for source in sources if source.takes(ask)))
            for index, ask in enumerate(asks)
        ]

    def answers(self) -> list[Answer]:
        """An answer for each ask, in their order."""
        self._started = self._clock()
        try:
            while len(self._answers) < len(self._asks) and not self._stop.is_set():
                self._dispatch()
                self._cut_overdue()
                self._collect()
        finally:
            for lane in self._lanes:
                lane.end()
        for index in range(len(self._asks)):
            if index not in self._answers:
                self._answer(index, Answer(Status.CANCELLED))
        return [self._answers[index] for index in range(len(self._asks))]

    def _answer(self, index: int, answer: Answer) -> None:
        self._answers[index] = answer
        self._said(self._asks[index], answer)

    def _finish(self, pending: _Pending, answer: Answer) -> None:
        began = self._started if pending.began is None else pending.began
        seconds = self._clock() - began
        self._answer(
            pending.index, Answer(answer.status, answer.table, answer.failure, max(0.0, seconds), answer.scanned)
        )

    # --- out ----------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        now = self._clock()
        for source in {pending.source: None for pending in self._pending}:
            for width in source.widths[sum(lane.source is source for lane in self._lanes) :]:
                self._lanes.append(_Lane(source, width, self._span, self._ended))
            if self._gates.get(source, now) > now:
                continue
            for lane in self._lanes:
                if lane.source is source and not lane.busy:
                    self._give(lane, now)

    def _give(self, lane: _Lane, now: float) -> None:
        batch = [one for one in self._pending if one.source is lane.source and one.ready <= now][: lane.width]
        if not batch:
            return
        for pending in batch:
            self._pending.remove(pending)
            pending.tries += 1
            pending.began = now if pending.began is None else pending.began
        lane.give(batch, now + lane.source.limit)

    def _cut_overdue(self) -> None:
        now = self._clock()
        for lane in [lane for lane in self._lanes if lane.busy and now > lane.until]:
            self._lanes.remove(lane)
            wrong = f"no answer within {lane.source.limit:g} s; the connection was closed"
            for pending in lane.busy:
                self._finish(pending, Answer(Status.FAILED, None, Failure("timeout", wrong, todo=_TODO)))
            lane.end()

    # --- back ---------------------------------------------------------------------------------------

    def _collect(self) -> None:
        if not any(lane.busy for lane in self._lanes):
            if self._pending:
                now = self._clock()
                at = min(max(one.ready, self._gates.get(one.source, 0.0)) for one in self._pending)
                if at > now:
                    self._wait(self._stop, at - now)
            return
        try:
            lane, replies = self._ended.get(timeout=_LOOK)
        except Empty:
            return
        if lane.dead:
            return
        batch, lane.busy = lane.busy, []
        if isinstance(replies, Closed):
            self._close(lane.source, batch, replies.failure)
        elif isinstance(replies, Exception):
            raise replies
        elif isinstance(replies, Sequence):
            for pending, reply in zip(batch, replies, strict=True):
                if isinstance(reply, Again):
                    self._again(pending, reply)
                else:
                    self._finish(pending, reply)

    def _close(self, source: Source, batch: list[_Pending], failure: Failure) -> None:
        rest = [one for one in self._pending if one.source is source]
        self._pending = [one for one in self._pending if one.source is not source]
        for pending in [*batch, *rest]:
            self._finish(pending, Answer(Status.FAILED, None, failure))

    def _again(self, pending: _Pending, again: Again) -> None:
        doubled = min(self._patience.first * 2 ** (pending.tries - 1), self._patience.longest)
        wait = doubled if again.wait is None else again.wait
        now = self._clock()
        asked = f"after {pending.tries} tries" if pending.tries > 1 else "after one try"
        if pending.tries >= self._patience.tries or now + wait - self._started > self._patience.total:
            failure = again.failure
            todo = f"ask again in {wait:g} s" if again.wait else failure.todo
            told = Failure(failure.code, f"{failure.message} ({asked})", failure.line, todo, failure.ours)
            self._finish(pending, Answer(Status.FAILED, None, told))
            return
        pending.ready = now + wait
        if again.all:
            self._gates[pending.source] = max(self._gates.get(pending.source, 0.0), now + wait)
        self._pending.append(pending)


_TODO = "ask for a shorter span with --since, or raise --timeout"
