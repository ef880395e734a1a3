"""A report on a terminal: what is wrong first, then each item with its rows, cut to the terminal's width."""

from __future__ import annotations

from collections.abc import Iterator

from observability.model.text import Lang
from observability.query import cells
from observability.query.report import Report, Step
from observability.query.show import rows as tables
from observability.query.show import summary
from observability.query.show.labels import (
    BY_HAND,
    CAVEAT,
    ICONS,
    LOOK_FOR,
    MADE,
    REASON,
    SOURCE,
    SPAN,
    STATES,
    State,
)
from observability.query.show.widths import cut, fold, pad, width

_CELL = 48
_COLOURS = {
    State.FAIL: "31",
    State.NO_DATA: "35",
    State.UNANSWERED: "35",
    State.WARN: "33",
    State.HAND: "36",
    State.PASS: "32",
    State.INFO: "2",
}
_BOLD, _DIM = "1", "2"


def report(
    found: Report, *, lang: Lang = "ko", columns: int = 120, limit: int = tables.ROWS, colours: bool = False
) -> str:
    """The whole report; ``columns`` is the terminal's width, ``limit`` the rows of one table."""
    return "\n".join(_Printer(lang, columns, limit, colours).report(found)) + "\n"


def step(one: Step, *, lang: Lang = "ko", columns: int = 120, limit: int = tables.ROWS, colours: bool = False) -> str:
    """One query's result."""
    return "\n".join(_Printer(lang, columns, limit, colours).step(one)) + "\n"


class _Printer:
    def __init__(self, lang: Lang, columns: int, limit: int, colours: bool) -> None:
        self.lang = lang
        self.columns = max(columns, 40)
        self.limit = limit
        self.colours = colours

    def report(self, found: Report) -> Iterator[str]:
        lines = summary.lines(found)
        yield self._ink(cells.visible(found.title.get(self.lang)), _BOLD)
        yield f"{SPAN.get(self.lang)} {cells.kst(found.span.start, zone=False)} – {cells.kst(found.span.end)}"
        yield f"{SOURCE.get(self.lang)} {cells.visible(found.source)}, {MADE.get(self.lang)} {cells.kst(found.made)}"
        yield "  ".join(self._badge(state, f" {times}") for state, times in summary.counts(lines).items())
        yield ""
        yield from self._summary(lines)
        for line in lines:
            yield ""
            yield self._ink(cells.visible(line.title.get(self.lang)), _BOLD) + f"  {line.key}"
            if line.by_hand is not None:
                yield from self._folded(BY_HAND.get(self.lang), line.by_hand.get(self.lang))
            for one in line.steps:
                yield ""
                yield from self.step(one, titled=one.query.key != line.key)

    def _summary(self, lines: tuple[summary.Line, ...]) -> Iterator[str]:
        badges = max((width(self._label(line.state)) for line in lines), default=0)
        titles = max((width(cells.visible(line.title.get(self.lang))) for line in lines), default=0)
        titles = min(titles, self.columns // 3)
        for line in lines:
            label = self._label(line.state)
            badge = self._badge(line.state, " " * (badges - width(label)))
            title = pad(cut(cells.visible(line.title.get(self.lang)), titles), titles)
            room = self.columns - badges - titles - 4
            reason = fold(cells.visible(line.reason.get(self.lang)), room) if line.reason is not None else [""]
            yield f"{badge}  {title}  {reason[0]}".rstrip()
            for more in reason[1:]:
                yield " " * (badges + titles + 4) + more

    def step(self, one: Step, *, titled: bool = True) -> Iterator[str]:
        line = summary.of_step(one)
        head = [self._badge(line.state)] if one.judged is not None or not one.answered else []
        if titled:
            head += [self._ink(cells.visible(one.query.title.get(self.lang)), _BOLD), one.query.key]
        yield "  ".join([*head, self._ink(summary.scale(one, self.lang), _DIM)])
        if one.judged is not None:
            yield from self._folded(REASON.get(self.lang), one.judged.reason.get(self.lang))
        for label, words in ((LOOK_FOR, one.query.look_for), (CAVEAT, one.query.caveat)):
            if words is not None:
                yield from self._folded(label.get(self.lang), words.get(self.lang))
        for sentence in tables.explained(one, self.lang):
            yield from (f"  {part}" for part in fold(cells.visible(sentence), self.columns - 2))
        shown = tables.grid(one, self.lang, self.limit)
        if shown is not None:
            yield from self._table(shown)

    def _folded(self, label: str, words: str) -> Iterator[str]:
        first, *rest = fold(f"{label}: {cells.visible(words)}", self.columns - 4)
        yield f"  {first}"
        yield from (f"    {part}" for part in rest)

    def _table(self, shown: tables.Grid) -> Iterator[str]:
        lines = [shown.head, *shown.rows]
        flat = [[cut(_flat(cell), _CELL) for cell in line] for line in lines]
        wide = [max(width(line[position]) for line in flat) for position in range(len(shown.head))]
        fits, used = 0, 2 + (2 if shown.states else 0)
        while fits < len(wide) and used + wide[fits] <= self.columns:
            used += wide[fits] + 2
            fits += 1
        fits = max(fits, 1)
        for number, line in enumerate(flat):
            text = "  ".join(
                pad(cell, wide[position], right=shown.numbers[position]) for position, cell in enumerate(line[:fits])
            ).rstrip()
            if shown.states:
                text = f"{self._sign(shown.states[number - 1]) if number else ' '} {text}"
            yield "  " + (self._ink(text, _BOLD) if number == 0 else text)
        left_out = shown.head[fits:]
        notes = [shown.note] if shown.note else []
        if left_out:
            more = cut(", ".join(left_out), self.columns // 2)
            notes.append(
                f"열 {len(left_out)}개 더: {more}" if self.lang == "ko" else f"{len(left_out)} more columns: {more}"
            )
        yield from (self._ink(f"  … {note}", _DIM) for note in notes)

    def _label(self, state: State) -> str:
        return f"{ICONS[state]} {STATES[state].get(self.lang)}"

    def _badge(self, state: State, behind: str = "") -> str:
        return self._ink(self._label(state), _COLOURS[state]) + behind

    def _sign(self, state: State) -> str:
        return self._ink(ICONS[state], _COLOURS[state])

    def _ink(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text


def _flat(cell: str) -> str:
    """A cell on one line."""
    return cell.replace("\n", "↵").replace("\t", " ")
