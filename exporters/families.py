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


@dataclass(frozen=True, slots=True)
class Partial:
    """What a source says of which a part could not be read.

    Each of ``problems`` begins with the part's name and ": ". The name stays the same whatever the reason is, so that
    a part that fails in another way each time is not news each time.
    """

    families: Families
    problems: tuple[str, ...]


class Collector(Protocol):
    """Reads one source. The scheduler runs each on its own clock, so a slow one delays nobody.

    ``name`` is the label value under which its state is shown; ``every`` and ``timeout`` are seconds.
    """

    name: str
    every: float
    timeout: float

    async def collect(self) -> Families | Partial:
        """Everything the source says now, not changed afterwards. Raises SourceUnavailable when it says nothing at
        all; may be cancelled at any await."""

    async def close(self) -> None:
        """Give connections back; never raises."""
