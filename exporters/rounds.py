"""Runs each collector on its own clock and keeps what is known about it up to date."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from exporters.families import Collector, Families, Labels, Partial, Value
from exporters.store import OWN, Store
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals.exporter import COLLECTOR_DURATION, COLLECTOR_LAST_SUCCESS, COLLECTOR_SUCCESS

_LOG = logging.getLogger(__name__)

# After so many rounds in a row without an answer, or without a series, the last values are no longer news of the source.
MISSES = 3
# How long a cancelled round may take to end before it is left behind.
_GRACE = 1.0


class Condition(Enum):
    """What the log says about a collector, each time it changes."""

    NEW = "new"
    OK = "ok"
    PARTIAL = "partial"
    FAILING = "failing"
    GONE = "gone"


class _Runner:
    """One collector: its task and what is known about its rounds."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.task: asyncio.Task[None] | None = None
        self.round: asyncio.Task[Families | Partial] | None = None
        self.condition = Condition.NEW
        self.misses = 0
        # What is on the page, and in how many rounds in a row the source has not told each series of it.
        self.families: Families = {}
        self.untold: Mapping[tuple[Instrument, Labels], int] = {}
        # The parts of the source that the log has last said are failing.
        self.failing: frozenset[str] = frozenset()
        self.success = False
        self.duration: float | None = None
        self.succeeded_at: float | None = None


class Rounds:
    """Every collector has a task of its own: it is asked at its start and then every ``every`` seconds, counted from
    the start and not from the end of the last round, so rounds do not drift.

    ``clock`` is the event loop's own time; ``now`` is Unix time.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._runners: dict[str, _Runner] = {}
        # Rounds that would not end: kept so that nothing loses sight of them.
        self._left_behind: set[asyncio.Task[Families | Partial]] = set()

    def start(self, collector: Collector) -> None:
        """Begin its rounds. Raises ValueError if there is one of this name."""
        if collector.name in self._runners or collector.name == OWN:
            raise ValueError(f"two collectors are called '{collector.name}'")
        runner = self._runners[collector.name] = _Runner(collector)
        self._show()
        runner.task = asyncio.create_task(self._run(runner), name=f"rounds of {collector.name}")

    async def stop(self, names: Iterable[str] | None = None) -> None:
        """End the rounds of ``names``, of all by default, close the collectors and make their series absent."""
        runners = [self._runners.pop(name) for name in (list(self._runners) if names is None else names)]
        for runner in runners:
            if runner.task is not None:
                runner.task.cancel()
        await asyncio.gather(*(self._end(runner) for runner in runners))
        self._show()

    def waiting(self) -> list[str]:
        """The collectors that have not finished a first round, well or badly."""
        return [name for name, runner in self._runners.items() if runner.condition is Condition.NEW]

    def conditions(self) -> dict[str, Condition]:
        return {name: runner.condition for name, runner in self._runners.items()}

    async def _end(self, runner: _Runner) -> None:
        if runner.task is not None:
            await asyncio.wait([runner.task])
        if runner.round is not None:
            await self._cancel(runner.round)
        try:
            async with asyncio.timeout(_GRACE):
                await runner.collector.close()
        except Exception as error:
            _LOG.warning("collector '%s': did not close: %s", runner.collector.name, type(error).__name__)
        self._store.drop(runner.collector.name)

    async def _run(self, runner: _Runner) -> None:
        every = runner.collector.every
        start = self._clock()
        while True:
            await self._once(runner)
            # The next beat that has not passed; beats that an overlong round ran over are left out.
            beat = math.floor((self._clock() - start) / every) + 1
            await asyncio.sleep(max(0.0, start + beat * every - self._clock()))

    async def _once(self, runner: _Runner) -> None:
        collector = runner.collector
        begun = self._clock()
        try:
            told = await self._collect(runner)
            families, untold = _kept(runner, told.families) if isinstance(told, Partial) else (told, {})
            self._put(collector.name, families)
        except Exception as error:
            self._missed(runner, self._clock() - begun, error)
        else:
            runner.families, runner.untold = families, untold
            runner.misses, runner.duration = 0, self._clock() - begun
            runner.success = not isinstance(told, Partial)
            if isinstance(told, Partial):
                self._tell_parts(runner, told.problems)
            else:
                runner.succeeded_at = self._now()
                self._tell(runner, Condition.OK, "")
        self._show()

    def _put(self, name: str, families: Families) -> None:
        try:
            self._store.put(name, families)
        except ValueError as error:  # the store's words name the instrument and no value, so they may be shown
            raise SourceUnavailable(str(error)) from error

    async def _collect(self, runner: _Runner) -> Families | Partial:
        """One round, given up after the timeout even if it would not be cancelled."""
        if runner.round is not None and not runner.round.done():
            # A second one beside it would pile up on a source that is in trouble already.
            raise SourceUnavailable("the round before this one has not ended")
        runner.round = asyncio.ensure_future(runner.collector.collect())
        done, _ = await asyncio.wait([runner.round], timeout=runner.collector.timeout)
        if not done:
            await self._cancel(runner.round)
            raise TimeoutError
        if runner.round.cancelled():
            raise SourceUnavailable("the round was cancelled")
        return runner.round.result()

    async def _cancel(self, task: asyncio.Task[Families | Partial]) -> None:
        task.cancel()
        _, running = await asyncio.wait([task], timeout=_GRACE)
        if running:
            self._left_behind.add(task)
            task.add_done_callback(self._left_behind.discard)
        task.add_done_callback(_seen)

    def _missed(self, runner: _Runner, took: float, error: Exception) -> None:
        runner.misses += 1
        runner.success, runner.duration = False, took
        before = _count(runner.families)
        # Series that partial rounds did not tell either may have come to their end before the others.
        runner.families, runner.untold = _kept(runner, {}) if runner.misses < MISSES else ({}, {})
        if not runner.families:
            self._store.drop(runner.collector.name)
        elif _count(runner.families) < before:
            try:
                self._store.put(runner.collector.name, runner.families)
            except ValueError:  # another source gives them by now
                self._store.drop(runner.collector.name)
                runner.families, runner.untold = {}, {}
        self._tell(runner, Condition.GONE if runner.misses >= MISSES else Condition.FAILING, _reason(runner, error))

    def _tell(self, runner: _Runner, condition: Condition, reason: str) -> None:
        """Log ``condition`` if it is another one than before."""
        before, runner.condition = runner.condition, condition
        runner.failing = frozenset()
        if before is condition:
            return
        name = runner.collector.name
        if condition is Condition.OK:
            _LOG.info("collector '%s': ok", name)
        elif condition is Condition.FAILING:
            _LOG.warning("collector '%s': failing: %s", name, reason)
        else:
            _LOG.error("collector '%s': %d rounds missed, its series are gone: %s", name, runner.misses, reason)

    def _tell_parts(self, runner: _Runner, problems: tuple[str, ...]) -> None:
        """Log each part that fails and did not before, whatever the reason is now."""
        runner.condition = Condition.PARTIAL
        parts = {problem.partition(": ")[0]: problem for problem in problems}
        for part, problem in parts.items():
            if part not in runner.failing:
                _LOG.warning("collector '%s': failing in part: %s", runner.collector.name, _line(problem))
        runner.failing = frozenset(parts)

    def _show(self) -> None:
        """Put the state of every collector on the page."""
        success: dict[Labels, Value] = {}
        duration: dict[Labels, Value] = {}
        last: dict[Labels, Value] = {}
        for name, runner in self._runners.items():
            success[(name,)] = float(runner.success)
            if runner.duration is not None:
                duration[(name,)] = runner.duration
            if runner.succeeded_at is not None:
                last[(name,)] = runner.succeeded_at
        families: dict[Instrument, dict[Labels, Value]] = {
            COLLECTOR_SUCCESS: success,
            COLLECTOR_DURATION: duration,
            COLLECTOR_LAST_SUCCESS: last,
        }
        self._store.put(OWN, families)


def _reason(runner: _Runner, error: Exception) -> str:
    """Why a round failed, in one line. Only our own errors are worded to be shown; the text of any other may hold a
    password or a query."""
    if isinstance(error, TimeoutError):
        return f"no answer within {runner.collector.timeout:g} s"
    if isinstance(error, SourceUnavailable):
        return _line(str(error)) or type(error).__name__
    return type(error).__name__


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _kept(runner: _Runner, told: Families) -> tuple[Families, Mapping[tuple[Instrument, Labels], int]]:
    """``told`` and, as they last were, the series on the page that are not in it, each until MISSES rounds in a row
    have gone without it; and in how many rounds those have not been told.

    Which series a part that fails would have told is not known, so one that has ended meanwhile is kept as well.
    """
    families = {instrument: dict(series) for instrument, series in told.items()}
    untold: dict[tuple[Instrument, Labels], int] = {}
    for instrument, series in runner.families.items():
        fresh = told.get(instrument, {})
        for labels, value in series.items():
            rounds = runner.untold.get((instrument, labels), 0) + 1
            if labels not in fresh and rounds < MISSES:
                families.setdefault(instrument, {})[labels] = value
                untold[instrument, labels] = rounds
    return families, untold


def _count(families: Families) -> int:
    return sum(map(len, families.values()))


def _seen(task: asyncio.Task[Families | Partial]) -> None:
    """Take the error of a round that was given up, which asyncio would complain about otherwise."""
    if not task.cancelled():
        task.exception()
