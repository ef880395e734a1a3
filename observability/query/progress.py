"""How far a pack is, on the error stream: one line that moves on a terminal, a line a query for whoever asks."""

from __future__ import annotations

import sys
from threading import Lock
from typing import IO

from observability.query.answers import Answer, Ask


class Progress:
    """Told of each query as it ends, from any thread. ``verbose`` writes lines where nobody sits at a terminal too."""

    def __init__(self, total: int, stream: IO[str] = sys.stderr, *, verbose: bool = False) -> None:
        self._total, self._stream, self._verbose = total, stream, verbose
        self._moving = stream.isatty() and not verbose
        self._done = 0
        self._lock = Lock()

    def said(self, ask: Ask, answer: Answer) -> None:
        with self._lock:
            self._done += 1
            line = f"{self._done}/{self._total} {ask.key}: {answer.status.value}, {answer.seconds:.1f} s"
            if self._moving:
                self._stream.write(f"\r\x1b[K{line}")
            elif self._verbose:
                self._stream.write(f"{line}\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        with self._lock:
            if self._moving:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
