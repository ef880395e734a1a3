"""Whether what a query returned is fine, from numbers that the document gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Quantity


class Outcome(Enum):
    """What a check says. ``NO_DATA``: nothing came back that could be judged, which is never taken for fine."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Judges every row by one numeric column; the worst row decides.

    Units: the column counts in the unit of the limits, which is the same for all of them. A limit itself is still fine.
    A row without a value, and a result without rows, is ``NO_DATA``; ``empty`` says otherwise where a table has rows
    only when something is wrong, and ``empty_because`` why that is so.
    """

    column: str
    source: Source
    fail_above: Quantity | None = None
    warn_above: Quantity | None = None
    fail_below: Quantity | None = None
    warn_below: Quantity | None = None
    empty: Outcome = Outcome.NO_DATA
    empty_because: Text | None = None

    @property
    def limits(self) -> tuple[Quantity, ...]:
        given = (self.fail_above, self.warn_above, self.fail_below, self.warn_below)
        return tuple(limit for limit in given if limit is not None)

    def of(self, value: float | None) -> Outcome:
        """The outcome of one value."""
        if value is None or value != value:
            return Outcome.NO_DATA
        if _above(value, self.fail_above) or _below(value, self.fail_below):
            return Outcome.FAIL
        if _above(value, self.warn_above) or _below(value, self.warn_below):
            return Outcome.WARN
        return Outcome.PASS


def _above(value: float, limit: Quantity | None) -> bool:
    return limit is not None and value > limit.value


def _below(value: float, limit: Quantity | None) -> bool:
    return limit is not None and value < limit.value
