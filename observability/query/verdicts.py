"""What a query's answer says: fine, or not, and which row decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from observability.model.checklist import MetricQuery
from observability.model.query import Query
from observability.model.source import Derived, Source, sections_of
from observability.model.text import Lang, Text
from observability.model.units import Quantity
from observability.model.verdict import Outcome, Verdict
from observability.query import cells
from observability.query.answers import Answer, Status, Table
from observability.query.report import Judged, worst
from observability.render.words import section_list

_UNANSWERED = {
    Status.FAILED: Text(ko="답을 받지 못했습니다", en="there was no answer"),
    Status.REFUSED: Text(ko="여기서는 실행할 수 없습니다", en="it cannot be run here"),
    Status.CANCELLED: Text(ko="취소되어 끝나지 않았습니다", en="it was cancelled before it ended"),
}
_KEYS = 4
_KEY_LENGTH = 60


def judge(query: Query | MetricQuery, answer: Answer) -> Judged | None:
    """What the definition's verdict says to ``answer``; None where it has none.

    The worst row decides, and among equals the one that is farthest beyond its limit. Rows of a PARTIAL answer count
    as far as they say that something is wrong; they cannot say that all is well, as what is missing may be what fails.
    """
    verdict = query.verdict
    if verdict is None:
        return None
    if answer.table is None or answer.status in _UNANSWERED:
        return Judged(Outcome.NO_DATA, _unanswered(answer))
    if verdict.column not in {column.name for column in answer.table.columns}:
        return Judged(Outcome.NO_DATA, _no_column(verdict, answer.table))
    judged = _rows(verdict, answer.table) if answer.table.rows else _empty(verdict)
    if answer.status is Status.PARTIAL:
        return _partial(judged, answer)
    return judged


def _unanswered(answer: Answer) -> Text:
    words = _UNANSWERED.get(answer.status, _UNANSWERED[Status.FAILED])
    if answer.failure is None or not answer.failure.message:
        return words
    why = answer.failure.words
    return Text(ko=f"{words.ko}: {why.ko}", en=f"{words.en}: {why.en}")


def _no_column(verdict: Verdict, table: Table) -> Text:
    there = ", ".join(column.name for column in table.columns)
    return Text(
        ko=f"판정할 열 '{verdict.column}'이(가) 결과에 없습니다: {there}",
        en=f"the result has no column '{verdict.column}' to judge by: {there}",
    )


def _empty(verdict: Verdict) -> Judged:
    reason = verdict.empty_because or Text(ko="결과에 행이 없습니다", en="the result has no rows")
    return Judged(verdict.empty, reason)


def _partial(judged: Judged, answer: Answer) -> Judged:
    why = f" ({answer.failure.message})" if answer.failure is not None and answer.failure.message else ""
    if judged.outcome is Outcome.PASS:
        return Judged(
            Outcome.NO_DATA,
            Text(
                ko=f"결과의 일부만 왔습니다{why}. 온 부분은 이상이 없습니다: {judged.reason.ko}",
                en=f"only a part of the result came{why}; nothing is wrong in it: {judged.reason.en}",
            ),
            judged.rows,
        )
    return Judged(
        judged.outcome,
        Text(ko=f"{judged.reason.ko}. 결과의 일부만 왔습니다{why}", en=f"{judged.reason.en}; only a part came{why}"),
        judged.rows,
    )


def _rows(verdict: Verdict, table: Table) -> Judged:
    values = [_value(cell) for cell in table.column(verdict.column)]
    outcomes = tuple(verdict.of(value) for value in values)
    outcome = worst(outcomes) or Outcome.NO_DATA
    deciding = [index for index, found in enumerate(outcomes) if found is outcome]
    first = max(deciding, key=lambda index: (_beyond(verdict, outcome, values[index]), -index))
    return Judged(outcome, _reason(verdict, table, first, outcome, len(deciding)), outcomes)


def _value(cell: Any) -> float | None:
    """A number as it is; what is none cannot be held against a limit."""
    return cell if isinstance(cell, int | float) and not isinstance(cell, bool) else None


def _limits(verdict: Verdict, outcome: Outcome) -> list[tuple[Quantity, int]]:
    """The limits that can decide for ``outcome``, each with the side that is wrong: 1 above, -1 below."""
    fail = [(verdict.fail_above, 1), (verdict.fail_below, -1)]
    warn = [(verdict.warn_above, 1), (verdict.warn_below, -1)]
    chosen = {Outcome.FAIL: fail, Outcome.WARN: warn}.get(outcome, [*warn, *fail])
    return [(limit, side) for limit, side in chosen if limit is not None]


def _beyond(verdict: Verdict, outcome: Outcome, value: float | None) -> float:
    """How far ``value`` is beyond the limit it is nearest to, in parts of the limit; below 0 inside."""
    if value is None or value != value:
        return 0.0
    return max((value - limit.value) * side / (abs(limit.value) or 1.0) for limit, side in _limits(verdict, outcome))


def _reason(verdict: Verdict, table: Table, index: int, outcome: Outcome, times: int) -> Text:
    return Text(
        ko=_sentence(verdict, table, index, outcome, times, "ko"),
        en=_sentence(verdict, table, index, outcome, times, "en"),
    )


def _sentence(verdict: Verdict, table: Table, index: int, outcome: Outcome, times: int, lang: Lang) -> str:
    korean = lang == "ko"
    value = _value(table.column(verdict.column)[index])
    keys = _key(verdict, table, table.rows[index])
    where = f"{keys}: " if keys else ""
    rows = len(table.rows)
    share = (f" ({rows:,}행 중 {times:,}행)" if korean else f" ({times:,} of {rows:,} rows)") if rows > 1 else ""
    if outcome is Outcome.NO_DATA or value is None:
        return (
            f"{where}{verdict.column} 값이 없습니다{share}"
            if korean
            else f"{where}{verdict.column} has no value{share}"
        )
    limit, side = max(
        _limits(verdict, outcome), key=lambda given: (value - given[0].value) * given[1] / (abs(given[0].value) or 1.0)
    )
    shown = cells.quantity(value, limit.unit, lang, [other.value for other in verdict.limits])
    against = cells.quantity(limit.value, limit.unit, lang)
    cited = _cited(verdict.source, lang)
    if outcome is Outcome.PASS:
        if korean:
            worst_row = "한도에 가장 가까운 행은 " if rows > 1 else ""
            edge = "이하" if side > 0 else "이상"
            return f"{worst_row}{where}{verdict.column} {shown}, 한도 {against} {edge} ({cited})"
        worst_row = "nearest to its limit: " if rows > 1 else ""
        edge = "at most" if side > 0 else "at least"
        return f"{worst_row}{where}{verdict.column} {shown}, {edge} {against} is fine ({cited})"
    if korean:
        name = "한도" if outcome is Outcome.FAIL else "경고 기준"
        return f"{where}{verdict.column} {shown}, {name} {against} {'초과' if side > 0 else '미만'} ({cited}){share}"
    name = "the limit" if outcome is Outcome.FAIL else "the warning limit"
    return f"{where}{verdict.column} {shown}, {'above' if side > 0 else 'below'} {name} {against} ({cited}){share}"


def _key(verdict: Verdict, table: Table, row: Sequence[Any]) -> str:
    """Which row it is: its columns that are no measure, the first few, each as ``name=value``."""
    parts = []
    for position, column in enumerate(table.columns):
        if column.type in ("string", "guid", "bool", "datetime") and column.name != verdict.column:
            days = cells.calendar(column.name, [row[position]])
            text = " ".join(cells.cell(row[position], days=days, zone=True).split())
            parts.append(f"{column.name}={text if len(text) <= _KEY_LENGTH else text[: _KEY_LENGTH - 1] + '…'}")
    return ", ".join(parts[:_KEYS])


def _cited(source: Source, lang: Lang) -> str:
    sections = section_list(sections_of(source))
    if isinstance(source, Derived):
        if not sections:
            return "설계서에 없는 값" if lang == "ko" else "not in the design document"
        return f"설계서 {sections}에서 도출" if lang == "ko" else f"derived from design document {sections}"
    return f"설계서 {sections}" if lang == "ko" else f"design document {sections}"
