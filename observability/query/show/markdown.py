"""A report for a ticket, a wiki page or a chat: GitHub's Markdown, in which no cell can be more than text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
    VERDICT,
    State,
)

_CELL = 300
# What Markdown reads as markup inside a line; `<`, `>` and `&` as entities, since HTML passes through.
_MARKUP = re.compile(r"[\\`*_\[\]|~#$!]")


def report(found: Report, *, lang: Lang = "ko", limit: int = tables.ROWS) -> str:
    """The whole report."""
    return "\n".join(_report(found, lang, limit)) + "\n"


def step(one: Step, *, lang: Lang = "ko", limit: int = tables.ROWS) -> str:
    """One query's result."""
    return "\n".join(_step(one, lang, limit, 2)) + "\n"


def escape(text: str) -> str:
    """``text`` as one line of Markdown that shows just it. A web address stays one, and some readers link it."""
    safe = cells.visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\g<0>", safe).replace("\n", "<br>").replace("\t", " ")


def _report(found: Report, lang: Lang, limit: int) -> Iterator[str]:
    lines = summary.lines(found)
    yield f"# {escape(found.title.get(lang))}"
    yield ""
    yield f"- {SPAN.get(lang)}: {cells.kst(found.span.start, zone=False)} – {cells.kst(found.span.end)}"
    yield f"- {SOURCE.get(lang)}: {escape(found.source)}"
    yield f"- {MADE.get(lang)}: {cells.kst(found.made)}"
    yield "- " + ", ".join(f"**{_label(state, lang)} {times}**" for state, times in summary.counts(lines).items())
    yield ""
    head = (VERDICT, REASON)
    yield from _table(
        (head[0].get(lang), "항목" if lang == "ko" else "item", head[1].get(lang)),
        (False, False, False),
        [
            (
                _label(line.state, lang),
                escape(line.title.get(lang)),
                escape(line.reason.get(lang)) if line.reason is not None else "",
            )
            for line in lines
        ],
    )
    for line in lines:
        yield ""
        yield f"## {_label(line.state, lang)} · {escape(line.title.get(lang))}"
        if line.by_hand is not None:
            yield ""
            yield f"**{BY_HAND.get(lang)}**: {escape(line.by_hand.get(lang))}"
        for one in line.steps:
            yield ""
            yield from _step(one, lang, limit, 3, titled=one.query.key != line.key)


def _step(one: Step, lang: Lang, limit: int, level: int, *, titled: bool = True) -> Iterator[str]:
    if titled:
        yield f"{'#' * level} {escape(one.query.title.get(lang))}"
        yield ""
    line = summary.of_step(one)
    badge = f"**{_label(line.state, lang)}** " if one.judged is not None or not one.answered else ""
    yield f"{badge}{escape(one.query.key)}, {summary.scale(one, lang)}"
    reason = one.judged.reason if one.judged is not None else None
    for label, words in ((REASON, reason), (LOOK_FOR, one.query.look_for), (CAVEAT, one.query.caveat)):
        if words is not None:
            yield ""
            yield f"{label.get(lang)}: {escape(words.get(lang))}"
    for sentence in tables.explained(one, lang):
        yield ""
        yield escape(sentence)
    shown = tables.grid(one, lang, limit)
    if shown is not None:
        yield ""
        yield from _grid(shown, lang)


def _grid(shown: tables.Grid, lang: Lang) -> Iterator[str]:
    rows: list[Sequence[str]] = [[escape(_cut(cell)) for cell in row] for row in shown.rows]
    head: Sequence[str] = [escape(name) for name in shown.head]
    numbers = shown.numbers
    if shown.states:
        head = [VERDICT.get(lang), *head]
        rows = [[_label(state, lang), *row] for state, row in zip(shown.states, rows, strict=True)]
        numbers = (False, *numbers)
    yield from _table(head, numbers, rows)
    if shown.note:
        yield ""
        yield f"… {shown.note}"


def _table(head: Sequence[str], numbers: Sequence[bool], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---:' if number else '---' for number in numbers)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _CELL else f"{cell[: _CELL - 1]}…"


def _label(state: State, lang: Lang) -> str:
    return f"{ICONS[state]} {STATES[state].get(lang)}"
