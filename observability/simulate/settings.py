"""How much telemetry, of which time, from which seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from observability.design.telemetry import TRACING_SAMPLING
from observability.model.clock import EARLIEST, KST, LATEST
from observability.model.units import Unit

# A midnight in Korea and no more than that: the same call makes the same bytes on any day.
DEFAULT_END = datetime(2026, 11, 24, tzinfo=KST).astimezone(UTC)
DEFAULT_TPS = 20.0
MOST_HOURS = 24 * 31
MOST_TPS = 20_000.0
# One row in the file for so many requests of the system: the agents' sampling (R1).
ITEM_COUNT = round(1 / TRACING_SAMPLING.rate.to(Unit.RATIO))


class WrongSettings(ValueError):
    """Settings that cannot be simulated, each with what would be taken."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``tps`` is the mean of all requests a second over a day in Korea; a file holds one row for ITEM_COUNT of them.

    ``end`` is excluded and a whole minute. ``kept`` is the share of the document's telemetry of requests that ``Usage``
    counts. Raises WrongSettings.
    """

    hours: float = 24
    seed: int = 7
    tps: float = DEFAULT_TPS
    end: datetime = DEFAULT_END
    kept: float = 1.0

    def __post_init__(self) -> None:
        wrong = []
        if not 1 / 60 <= self.hours <= MOST_HOURS:
            wrong.append(f"hours '{self.hours:g}': give a minute (0.017) to {MOST_HOURS}, a month")
        if not 0.1 <= self.tps <= MOST_TPS:
            wrong.append(f"tps '{self.tps:g}': give 0.1 to {MOST_TPS:,.0f} requests a second")
        if not 0 <= self.seed < 2**31:
            wrong.append(f"seed '{self.seed}': give 0 to {2**31 - 1}")
        if self.end.tzinfo is None:
            wrong.append(f"end '{self.end}': has no zone; write 2026-11-24T00:00+09:00")
        elif self.end.second or self.end.microsecond:
            wrong.append(f"end '{self.end}': is no whole minute")
        elif not EARLIEST <= self.end <= LATEST:
            wrong.append(f"end '{self.end}': is out of range; give a time from {EARLIEST.year} to {LATEST.year}")
        if wrong:
            raise WrongSettings("; ".join(wrong))

    @property
    def minutes(self) -> int:
        return max(1, round(self.hours * 60))

    @property
    def start(self) -> datetime:
        return self.end.astimezone(UTC) - timedelta(minutes=self.minutes)

    def at(self, minute: int) -> datetime:
        """The beginning of a minute, counted from the start."""
        return self.start + timedelta(minutes=minute)
