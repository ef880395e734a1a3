"""What every format says first: one line for each item in the document's order, and how many of which kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from observability.model.text import Lang, Text
from observability.model.verdict import Outcome
from observability.query.cells import figure
from observability.query.report import Part, Report, Step
from observability.query.show.labels import OUTCOMES, STATUSES, State


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a checklist with its steps, or one query of a pack that has none."""

    key: str
    title: Text
    steps: tuple[Step, ...]
    outcome: Outcome | None
    by_hand: Text | None = None
    takes: timedelta | None = None

    @property
    def unanswered(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if not step.answered)

    @property
    def state(self) -> State:
        """Its verdict; where nothing judges, whether a source is silent or a person is needed."""
        if self.outcome is not None:
            return OUTCOMES[self.outcome]
        if self.unanswered:
            return State.UNANSWERED
        return State.HAND if self.by_hand is not None else State.INFO

    @property
    def reason(self) -> Text | None:
        """Why: the reason of the first step that decided, then what else has to be known."""
        said = [step.judged.reason for step in self.steps if step.judged and step.judged.outcome is self.outcome]
        parts = said[:1]
        if len(said) > 1 and self.outcome is not Outcome.PASS:
            parts.append(Text(ko=f"같은 판정 {len(said) - 1}건 더", en=f"{len(said) - 1} more like it"))
        silent = [step for step in self.unanswered if step.judged is None]
        parts += [_silent(step) for step in silent]
        if self.by_hand is not None:
            parts.append(self.by_hand)
        if not parts:
            return None
        return Text(ko=" · ".join(part.ko for part in parts), en=" · ".join(part.en for part in parts))


def _silent(step: Step) -> Text:
    words, failure = STATUSES[step.answer.status], step.answer.failure
    why = failure.words if failure is not None else Text(ko="", en="")
    title = step.query.title
    return Text(
        ko=f"{title.ko}: {words.ko}" + (f" ({why.ko})" if why.ko else ""),
        en=f"{title.en}: {words.en}" + (f" ({why.en})" if why.en else ""),
    )


def lines(report: Report) -> tuple[Line, ...]:
    """The summary in document order."""
    return tuple(line for part in report.parts for line in _of(part))


def _of(part: Part) -> tuple[Line, ...]:
    if part.item is None:
        return tuple(of_step(step) for step in part.steps)
    item = part.item
    return (Line(item.key, item.title, part.steps, part.outcome, item.by_hand, item.takes),)


def of_step(step: Step) -> Line:
    """One query as a line of its own."""
    return Line(step.query.key, step.query.title, (step,), step.judged.outcome if step.judged else None)


def counts(found: tuple[Line, ...]) -> dict[State, int]:
    """How many lines are in which state, worst first, only states that occur."""
    counted = Counter(line.state for line in found)
    return {state: counted[state] for state in State if counted[state]}


def scale(step: Step, lang: Lang) -> str:
    """``812행, 1.2초``: how much came and how long it took."""
    parts = []
    table = step.answer.table
    if table is not None:
        rows = len(table.rows)
        parts.append(f"{rows:,}행" if lang == "ko" else f"{rows:,} row{'s' if rows != 1 else ''}")
    seconds = figure(round(step.answer.seconds, 1 if step.answer.seconds >= 1 else 3))
    parts.append(f"{seconds}초" if lang == "ko" else f"{seconds} s")
    if step.answer.scanned is not None:
        parts.append(f"{step.answer.scanned:,}행 읽음" if lang == "ko" else f"{step.answer.scanned:,} rows read")
    return ", ".join(parts)
