"""Work in a process beside this one gives what it gives here, and its errors are raised here."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from observability.beside import beside


def forks() -> bool:
    return hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1


def descriptors() -> list[str]:
    return sorted(os.listdir("/dev/fd"))  # noqa: PTH208 - names alone: the listing's own descriptor is gone by then


def test_the_result_comes_from_another_process() -> None:
    with beside(os.getpid) as result:
        found = result()
    assert (found != os.getpid()) == forks()


def test_a_result_larger_than_a_pipe_comes_whole() -> None:
    with beside(lambda: b"x" * 3_000_000) as result:
        assert result() == b"x" * 3_000_000


def test_an_error_is_raised_here() -> None:
    def broken() -> int:
        raise ValueError("a definition is wrong")

    with beside(broken) as result, pytest.raises(ValueError, match="a definition is wrong"):
        result()


def test_a_process_that_is_killed_leaves_the_work_to_this_one() -> None:
    here = os.getpid()

    def mortal() -> str:
        if os.getpid() != here:
            os._exit(9)
        return "done here"

    with beside(mortal) as result:
        assert result() == "done here"


def test_where_no_process_can_be_made_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", none_left)
    before = descriptors()
    with beside(os.getpid) as result:
        assert result() == os.getpid()
    assert descriptors() == before


@pytest.mark.parametrize("work", [os.getpid, lambda: b"x" * 3_000_000, threading.Event().wait])
def test_what_nobody_asks_for_leaves_no_descriptor_and_no_process(
    work: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    forked: list[int] = []

    def fork() -> int:
        forked.append(child := real())
        return child

    real = os.fork
    monkeypatch.setattr(os, "fork", fork)
    before = descriptors()
    with suppress(KeyError), beside(work):
        raise KeyError("a definition is wrong")
    assert descriptors() == before
    assert len(forked) == forks()
    for child in forked:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_beside_other_threads_nothing_is_forked() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with beside(os.getpid) as result:
            assert result() == os.getpid()
    finally:
        stop.set()
        thread.join()
