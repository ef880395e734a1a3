"""A piece of work in a process beside this one, where the system can fork."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begin ``work`` at once; what the block is given waits for its result, and may be called once.

    Where nothing can be forked, or the other process does not come to an end of its own, the work is done here when the
    result is asked for: so an error is raised here too. When the block ends, nothing of the other process is left: one
    that nobody has waited for is ended.
    """
    begun = _begin(work)
    if begun is None:
        yield work
        return
    reading, child = begun
    waited = False

    def result() -> T:
        nonlocal waited
        made = pipe.read()
        _, status = os.waitpid(child, 0)
        waited = True
        if status != 0:
            return work()
        found: T = pickle.loads(made)  # noqa: S301 - written by our own process, a moment ago
        return found

    with os.fdopen(reading, "rb") as pipe:
        try:
            yield result
        finally:
            if not waited:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _begin(work: Callable[[], object]) -> tuple[int, int] | None:
    """Where the result can be read and who writes it; None where there is no other process."""
    # A fork in a process with threads may hold their locks for ever.
    if not hasattr(os, "fork") or threading.active_count() > 1 or (os.cpu_count() or 1) < 2:
        return None
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:  # too many processes, or too little memory for one more
        os.close(reading)
        os.close(writing)
        return None
    if child == 0:
        _do(work, reading, writing)
    os.close(writing)
    return reading, child


def _do(work: Callable[[], object], reading: int, writing: int) -> None:
    """The other process: it writes its result and ends without the cleaning up that is this one's to do."""
    status = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(work(), pickle.HIGHEST_PROTOCOL))
        status = 0
    except BaseException:
        status = 1
    finally:
        os._exit(status)
