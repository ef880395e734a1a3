"""What a pack found: items, their steps, and a verdict on each. Data only; the printers are in show/."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from observability.model.checklist import Item, MetricQuery
from observability.model.query import Query
from observability.model.text import Text
from observability.model.verdict import Outcome
from observability.query.answers import Answer, Span, Status


@dataclass(frozen=True, slots=True)
class Judged:
    """``rows`` has the outcome of each row of the table; ``reason`` says in one line what decided, with its numbers."""

    outcome: Outcome
    reason: Text
    rows: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One query that was run. ``judged`` is None where the definition has no verdict."""

    query: Query | MetricQuery
    text: str
    answer: Answer
    judged: Judged | None = None

    @property
    def answered(self) -> bool:
        return self.answer.status in (Status.COMPLETE, Status.PARTIAL)


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a checklist with its steps, or the queries of a pack that has no checklist (``item`` is None).

    ``outcome`` is the worst of its steps'; None where nothing judges and somebody must look.
    """

    item: Item | None
    steps: tuple[Step, ...]

    @property
    def outcome(self) -> Outcome | None:
        return worst(step.judged.outcome for step in self.steps if step.judged is not None)


@dataclass(frozen=True, slots=True)
class Report:
    """A pack that was run. ``source`` names the backend; ``made`` is when, in UTC."""

    pack: str
    title: Text
    span: Span
    source: str
    made: datetime
    parts: tuple[Part, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many judged steps ended how."""
        return Counter(step.judged.outcome for step in self.steps if step.judged is not None)

    @property
    def unanswered(self) -> tuple[Step, ...]:
        """Steps that no source answered."""
        return tuple(step for step in self.steps if not step.answered)


# From the worst: what failed is known to be wrong, what has no data may be.
_ORDER = (Outcome.FAIL, Outcome.NO_DATA, Outcome.WARN, Outcome.PASS)


def worst(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The worst of them; None where there are none."""
    found = set(outcomes)
    return next((outcome for outcome in _ORDER if outcome in found), None)
