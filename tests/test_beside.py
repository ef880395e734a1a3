"""Work in a process beside this one gives what it gives here, and its errors are raised here."""

from __future__ import annotations

import os
import threading

import pytest

from observability.beside import beside


def test_the_result_comes_from_another_process() -> None:
    found = beside(os.getpid)()
    assert (found != os.getpid()) == (
        hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1
    )


def test_a_result_larger_than_a_pipe_comes_whole() -> None:
    assert beside(lambda: b"x" * 3_000_000)() == b"x" * 3_000_000


def test_an_error_is_raised_here() -> None:
    def broken() -> int:
        raise ValueError("a definition is wrong")

    result = beside(broken)
    with pytest.raises(ValueError, match="a definition is wrong"):
        result()


def test_a_process_that_is_killed_leaves_the_work_to_this_one() -> None:
    here = os.getpid()

    def mortal() -> str:
        if os.getpid() != here:
            os._exit(9)
        return "done here"

    assert beside(mortal)() == "done here"


def test_beside_other_threads_nothing_is_forked() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert beside(os.getpid)() == os.getpid()
    finally:
        stop.set()
        thread.join()
