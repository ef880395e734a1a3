"""Totals of our own, made from counters that a source may reset."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Differences(Generic[K]):
    """For each key a total of what its raw counter has gained since it was first read; no total ever goes backwards.

    The total begins at 0, not at the first raw value. A total that has lived through a reset of its source is larger
    than the raw value, so beginning at the raw value would make a restart of the exporter look to Prometheus like a
    reset down to that value, and ``increase()`` would then count the source's whole past as new. Beginning at 0 can
    only miss what happens while nobody reads.

    A reset that has grown past the last raw value before it is read cannot be seen in the numbers; where the source
    says that it is another (a run id), use ``rebase``.
    """

    def __init__(self) -> None:
        self._raw: dict[K, float] = {}
        self._total: dict[K, float] = {}

    def advance(self, key: K, raw: float) -> float:
        """The total with this reading in it. A raw value below the last one is a reset: all of it is new.

        Raises ValueError when ``raw`` cannot be a counter's value.
        """
        _check(raw)
        last = self._raw.get(key, raw)
        self._raw[key] = raw
        total = self._total.get(key, 0.0) + (raw - last if raw >= last else raw)
        self._total[key] = total
        return total

    def rebase(self, key: K, raw: float) -> None:
        """From now on the key is another counter, which stands at ``raw``: the total stays as it is."""
        _check(raw)
        self._raw[key] = raw

    def forget(self, seen: Collection[K]) -> None:
        """Keep only the keys in ``seen``: a key that comes back later begins anew.

        Not for a source that merely did not answer: its total would go backwards when it does.
        """
        for key in [key for key in self._raw if key not in seen]:
            del self._raw[key]
            self._total.pop(key, None)


def _check(raw: float) -> None:
    if not 0 <= raw < math.inf:
        raise ValueError(f"'{raw}' is not the value of a counter")
