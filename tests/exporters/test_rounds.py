"""The rounds run on an event loop whose time is made up: it jumps to the next timer, so nothing here waits."""

from __future__ import annotations

import asyncio
import logging
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from exporters.families import Families, Partial
from exporters.rounds import Condition, Rounds
from exporters.store import OWN, Store
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument, InstrumentKind
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals.exporter import COLLECTOR_DURATION, COLLECTOR_LAST_SUCCESS, COLLECTOR_SUCCESS

DEPTH = Instrument(
    name="depth", kind=InstrumentKind.GAUGE, unit=Unit.COUNT, help=Text(ko="깊이.", en="Depth."), labels=("queue",)
)
EPOCH = 1_700_000_000.0


class Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everything waits and no timer is set"
        self.time += timeout
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.time


def play(scene: Callable[[Rounds, Store], Coroutine[Any, Any, None]]) -> None:
    """Run ``scene`` in made-up time, then stop the rounds."""
    loop = Loop()

    async def whole() -> None:
        store = Store(clock=loop.time)
        rounds = Rounds(store, clock=loop.time, now=lambda: EPOCH + loop.time())
        try:
            await scene(rounds, store)
        finally:
            await rounds.stop()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(whole())


class Source:
    """A collector whose every round is a function of its number, from 1."""

    def __init__(
        self,
        what: Callable[[int], Awaitable[Families | Partial]],
        name: str = "source",
        every: float = 10.0,
        timeout: float = 4.0,
    ) -> None:
        self.name, self.every, self.timeout = name, every, timeout
        self.begun: list[float] = []
        self.closed = 0
        self._what = what

    async def collect(self) -> Families | Partial:
        self.begun.append(asyncio.get_running_loop().time())
        return await self._what(len(self.begun))

    async def close(self) -> None:
        self.closed += 1


async def good(number: int) -> Families:
    return {DEPTH: {("mail",): float(number)}}


async def hanging(number: int) -> Families:
    await asyncio.Event().wait()
    raise AssertionError


def failing(*numbers: int) -> Callable[[int], Awaitable[Families]]:
    async def what(number: int) -> Families:
        if number in numbers:
            raise SourceUnavailable("nobody there")
        return await good(number)

    return what


def state(store: Store, instrument: Instrument) -> dict[str, float]:
    return {labels[0]: value for labels, value in store.families().get(instrument, {}).items()}  # type: ignore[misc]


def test_a_source_is_asked_at_once_and_then_on_its_own_beat() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        async def slow(number: int) -> Families:
            await asyncio.sleep(3)
            return await good(number)

        source, quick = Source(slow), Source(good, "quick", every=4)
        rounds.start(source)
        rounds.start(quick)
        await asyncio.sleep(25)
        # The time that a round takes does not push the next one.
        assert source.begun == [0, 10, 20]
        assert quick.begun == [0, 4, 8, 12, 16, 20, 24]

    play(scene)


def test_the_page_shows_what_the_last_round_read() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(good))
        for number in (1, 2, 3):
            await asyncio.sleep(1)
            assert store.families()[DEPTH] == {("mail",): float(number)}
            await asyncio.sleep(9)

    play(scene)


def test_success_is_0_until_a_round_succeeds_and_its_time_is_absent_until_then() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(failing(1)))
        assert state(store, COLLECTOR_SUCCESS) == {"source": 0.0}
        assert state(store, COLLECTOR_DURATION) == {}
        await asyncio.sleep(1)
        assert state(store, COLLECTOR_SUCCESS) == {"source": 0.0}
        assert state(store, COLLECTOR_DURATION) == {"source": 0.0}
        assert state(store, COLLECTOR_LAST_SUCCESS) == {}
        await asyncio.sleep(10)
        assert state(store, COLLECTOR_SUCCESS) == {"source": 1.0}
        assert state(store, COLLECTOR_LAST_SUCCESS) == {"source": EPOCH + 10}

    play(scene)


def test_after_three_missed_rounds_the_series_are_absent_and_success_stays_0() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(failing(2, 3, 4)))
        await asyncio.sleep(21)
        # Two rounds missed: the last values still stand, and success says that they are old.
        assert store.families()[DEPTH] == {("mail",): 1.0}
        assert state(store, COLLECTOR_SUCCESS) == {"source": 0.0}
        await asyncio.sleep(10)
        assert DEPTH not in store.families()
        assert state(store, COLLECTOR_SUCCESS) == {"source": 0.0}
        assert state(store, COLLECTOR_LAST_SUCCESS) == {"source": EPOCH}
        await asyncio.sleep(10)
        assert store.families()[DEPTH] == {("mail",): 5.0}
        assert state(store, COLLECTOR_SUCCESS) == {"source": 1.0}

    play(scene)


def parted(**rounds: str) -> Callable[[int], Awaitable[Families | Partial]]:
    """In each round a letter for each queue that is told; a queue that is not in ``all`` of them is a problem. A round
    of "-" fails. Each value is the round's number."""

    async def what(number: int) -> Families | Partial:
        told = rounds["told"].split()[number - 1]
        if told == "-":
            raise SourceUnavailable("nobody there")
        families: Families = {DEPTH: {(queue,): float(number) for queue in told}}
        problems = tuple(f"queue {queue}: answered {400 + number}" for queue in rounds["all"] if queue not in told)
        return Partial(families, problems) if problems else families

    return what


def test_what_a_partial_round_lacks_keeps_its_last_value_for_two_rounds_and_success_is_0() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(parted(all="ab", told="ab a a a ab")))
        seen = []
        for _ in range(5):
            await asyncio.sleep(1)
            last = state(store, COLLECTOR_LAST_SUCCESS)["source"] - EPOCH
            seen.append((state(store, DEPTH), state(store, COLLECTOR_SUCCESS)["source"], last))
            await asyncio.sleep(9)
        assert seen == [
            ({"a": 1, "b": 1}, 1, 0),
            ({"a": 2, "b": 1}, 0, 0),
            ({"a": 3, "b": 1}, 0, 0),
            ({"a": 4}, 0, 0),
            ({"a": 5, "b": 5}, 1, 40),
        ]
        assert state(store, COLLECTOR_DURATION) == {"source": 0.0}

    play(scene)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        # Each series has its own count, and a round that failed counts for all of them.
        ("ab a b a b", ["ab", "ab", "ab", "ab", "ab"]),
        ("ab a - a", ["ab", "ab", "ab", "a"]),
        ("ab a - - a", ["ab", "ab", "ab", "a", "a"]),
        ("ab - - a", ["ab", "ab", "ab", "a"]),
        ("ab a - - - a", ["ab", "ab", "ab", "a", "", "a"]),
        # What the source has said whole is all there is.
        ("abc ab", ["abc", "ab"]),
    ],
)
def test_a_series_is_gone_after_three_rounds_in_a_row_without_it(told: str, expected: list[str]) -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(parted(all="ab", told=told)))
        seen = []
        for _ in expected:
            await asyncio.sleep(1)
            seen.append("".join(sorted(state(store, DEPTH))))
            await asyncio.sleep(8.99)
        assert seen == expected

    play(scene)


def test_a_collector_that_is_started_again_keeps_nothing_of_the_one_before() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(parted(all="ab", told="ab a")))
        await asyncio.sleep(11)
        assert set(state(store, DEPTH)) == {"a", "b"}
        await rounds.stop(["source"])
        assert DEPTH not in store.families()
        rounds.start(Source(parted(all="ab", told="a")))
        await asyncio.sleep(1)
        assert set(state(store, DEPTH)) == {"a"}

    play(scene)


def test_a_part_that_fails_is_logged_once_whatever_the_reason_of_each_round(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(parted(all="abc", told="abc ab ab a a abc - ab")))
        await asyncio.sleep(75)
        assert rounds.conditions() == {"source": Condition.PARTIAL}

    with caplog.at_level(logging.INFO):
        play(scene)
    assert [record.getMessage() for record in caplog.records] == [
        "collector 'source': ok",
        "collector 'source': failing in part: queue c: answered 402",
        "collector 'source': failing in part: queue b: answered 404",
        "collector 'source': ok",
        "collector 'source': failing: nobody there",
        "collector 'source': failing in part: queue c: answered 408",
    ]


def test_two_misses_apart_are_not_three_in_a_row() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(failing(2, 3, 5, 6)))
        for _ in range(7):
            await asyncio.sleep(10)
            assert DEPTH in store.families()

    play(scene)


def test_a_hanging_a_raising_and_an_unclosable_source_delay_no_other() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        async def raising(number: int) -> Families:
            raise RuntimeError("a bug")

        well = Source(good, "well", every=1)
        for source in (Source(hanging, "hanging"), Source(raising, "raising"), well):
            rounds.start(source)
        await asyncio.sleep(30.5)
        assert well.begun == [float(n) for n in range(31)]
        assert state(store, COLLECTOR_SUCCESS) == {"hanging": 0.0, "raising": 0.0, "well": 1.0}
        assert state(store, COLLECTOR_DURATION)["hanging"] == 4.0

    play(scene)


def test_a_round_that_will_not_be_cancelled_is_left_and_no_second_one_joins_it() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        let_go = asyncio.Event()

        async def stubborn(number: int) -> Families:
            while not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    continue
            return await good(number)

        source = Source(stubborn)
        rounds.start(source)
        await asyncio.sleep(35)
        assert source.begun == [0]
        assert rounds.conditions() == {"source": Condition.GONE}
        let_go.set()
        await asyncio.sleep(10)
        assert source.begun == [0, 40]
        assert rounds.conditions() == {"source": Condition.OK}

    play(scene)


def test_values_that_an_instrument_cannot_hold_are_a_missed_round() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        async def wrong(number: int) -> Families:
            return {DEPTH: {("a", "b"): 1.0}}

        rounds.start(Source(wrong))
        await asyncio.sleep(1)
        assert rounds.conditions() == {"source": Condition.FAILING}

    play(scene)


def test_a_line_is_logged_for_each_change_and_none_for_a_round(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(failing(3, 4, 5, 6, 7, 9)))
        await asyncio.sleep(95)

    with caplog.at_level(logging.INFO):
        play(scene)
    assert [record.getMessage() for record in caplog.records] == [
        "collector 'source': ok",
        "collector 'source': failing: nobody there",
        "collector 'source': 3 rounds missed, its series are gone: nobody there",
        "collector 'source': ok",
        "collector 'source': failing: nobody there",
        "collector 'source': ok",
    ]


def test_the_text_of_a_strange_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        async def leaking(number: int) -> Families:
            raise RuntimeError("select secret from users -- hunter2")

        rounds.start(Source(leaking))
        await asyncio.sleep(25)

    with caplog.at_level(logging.DEBUG, logger="exporters"):
        play(scene)
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_timeout_says_how_long_was_waited(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(hanging))
        await asyncio.sleep(5)

    with caplog.at_level(logging.INFO):
        play(scene)
    assert [record.getMessage() for record in caplog.records] == ["collector 'source': failing: no answer within 4 s"]


def test_a_collector_waits_until_its_first_round_has_ended_well_or_badly() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(hanging, "hanging"))
        rounds.start(Source(good, "good"))
        assert rounds.waiting() == ["hanging", "good"]
        await asyncio.sleep(1)
        assert rounds.waiting() == ["hanging"]
        await asyncio.sleep(5)
        assert rounds.waiting() == []

    play(scene)


def test_a_stopped_collector_is_closed_and_its_series_and_state_are_gone() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        source, stays = Source(good), Source(hanging, "stays")
        rounds.start(source)
        rounds.start(stays)
        await asyncio.sleep(1)
        await rounds.stop(["source"])
        assert source.closed == 1
        assert DEPTH not in store.families()
        assert state(store, COLLECTOR_SUCCESS) == {"stays": 0.0}
        await rounds.stop()
        assert stays.closed == 1

    play(scene)


def test_two_collectors_of_one_name_are_refused() -> None:
    async def scene(rounds: Rounds, store: Store) -> None:
        rounds.start(Source(good))
        for name in ("source", OWN):
            with pytest.raises(ValueError, match="two collectors"):
                rounds.start(Source(good, name))

    play(scene)
