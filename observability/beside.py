"""A piece of work in a process beside this one, where the system can fork."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin ``work`` at once; what is returned waits for its result.

    Where nothing can be forked, or the other process does not come to an end of its own, the work is done here when the
    result is asked for: so an error is raised here too, and a result that nobody asks for costs nobody anything.
    """
    # A fork in a process with threads may hold their locks for ever.
    if not hasattr(os, "fork") or threading.active_count() > 1 or (os.cpu_count() or 1) < 2:
        return work
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _do(work, reading, writing)
    os.close(writing)

    def result() -> T:
        with os.fdopen(reading, "rb") as pipe:
            made = pipe.read()
        _, status = os.waitpid(child, 0)
        if status != 0:
            return work()
        found: T = pickle.loads(made)  # noqa: S301 - written by our own process, a moment ago
        return found

    return result


def _do(work: Callable[[], T], reading: int, writing: int) -> None:
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
