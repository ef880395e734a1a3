"""What a collector hands over: values of instruments, by label values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from observability.model.signal import Instrument

Labels = tuple[str, ...]
"""Label values, in the order of the instrument's labels."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram's state: cumulative counts up to each of the instrument's bounds, all observations, their sum."""

    buckets: tuple[float, ...]
    count: float
    total: float


Value = float | Histogram
Families = Mapping[Instrument, Mapping[Labels, Value]]
"""All series of one source. A series that is not in it is absent: never 0, never its last value."""


class Collector(Protocol):
    """Reads one source. The scheduler runs each on its own clock, so a slow one delays nobody.

    ``name`` is the label value under which its state is shown; ``every`` and ``timeout`` are seconds.
    """

    name: str
    every: float
    timeout: float

    async def collect(self) -> Families:
        """Everything the source says now. Raises SourceUnavailable; may be cancelled at any await."""

    async def close(self) -> None:
        """Give connections back; never raises."""
