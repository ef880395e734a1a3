"""Which rows of a long result are shown, and how a step that has none explains itself."""

from __future__ import annotations

from dataclasses import dataclass

from observability.model.text import Lang
from observability.model.verdict import Outcome
from observability.query import cells
from observability.query.answers import Status
from observability.query.report import Step
from observability.query.show.labels import LINE, NO_ROWS, OUTCOMES, STATUSES, TODO, State

ROWS = 20
"""Rows of one table that a reader is shown where nobody asks for more."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows that are shown, as texts; ``numbers`` says which columns are right aligned.

    ``states`` has a state for each row, or is empty where no row was judged. ``note`` says what is missing.
    """

    head: tuple[str, ...]
    numbers: tuple[bool, ...]
    indexes: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    states: tuple[State, ...]
    note: str


def grid(step: Step, lang: Lang, limit: int = ROWS) -> Grid | None:
    """The table of a step; None where there is none or it has no rows, and `explained` says why."""
    table = step.answer.table
    if table is None or not table.rows or not step.answered:
        return None
    chosen = _chosen(step, limit)
    columns = [
        cells.column(column.name, [table.rows[index][position] for index in chosen])
        for position, column in enumerate(table.columns)
    ]
    judged = step.judged.rows if step.judged is not None and len(step.judged.rows) == len(table.rows) else ()
    return Grid(
        head=tuple(cells.visible(column.name) for column in table.columns),
        numbers=tuple(column.type in cells.NUMBERS for column in table.columns),
        indexes=chosen,
        rows=tuple(zip(*columns, strict=True)),
        states=tuple(OUTCOMES[judged[index]] for index in chosen) if judged else (),
        note=_note(step, len(chosen), len(table.rows), lang),
    )


def _chosen(step: Step, limit: int) -> tuple[int, ...]:
    """The first rows; those that failed come before those that passed, all in the query's order."""
    assert step.answer.table is not None
    every = range(len(step.answer.table.rows))
    if len(every) <= limit:
        return tuple(every)
    judged = step.judged.rows if step.judged is not None else ()
    rank = {Outcome.FAIL: 0, Outcome.NO_DATA: 1, Outcome.WARN: 2, Outcome.PASS: 3}
    ordered = sorted(every, key=lambda index: rank[judged[index]]) if len(judged) == len(every) else every
    return tuple(sorted(ordered[:limit]))


def _note(step: Step, shown: int, total: int, lang: Lang) -> str:
    if shown == total:
        return ""
    judged = step.judged is not None and len(step.judged.rows) == total and set(step.judged.rows) != {Outcome.PASS}
    if lang == "ko":
        return f"{total:,}행 중 {shown:,}행, {total - shown:,}행 더 있음{' (판정이 나쁜 행 먼저)' if judged else ''}"
    return f"{shown:,} of {total:,} rows, {total - shown:,} more{' (worst rows kept)' if judged else ''}"


def explained(step: Step, lang: Lang) -> list[str]:
    """Why there is no table, or not the whole one, and the way out; empty where nothing has to be said."""
    answer = step.answer
    if answer.status is Status.COMPLETE:
        if answer.table is not None and answer.table.rows:
            return []
        verdict = step.query.verdict
        because = verdict.empty_because.get(lang) if verdict is not None and verdict.empty_because is not None else ""
        return [" ".join(part for part in (NO_ROWS.get(lang), because) if part)]
    said = STATUSES[answer.status].get(lang)
    empty = [NO_ROWS.get(lang)] if answer.status is Status.PARTIAL and not (answer.table and answer.table.rows) else []
    failure = answer.failure
    if failure is None:
        return [f"{said}.", *empty]
    line = f" ({LINE.get(lang)} {failure.line})" if failure.line is not None else ""
    lines = [f"{said}: {failure.words.get(lang) or failure.code}{line} [{failure.code}]", *empty]
    return [*lines, f"{TODO.get(lang)}: {failure.way_out.get(lang)}"] if failure.todo else lines
