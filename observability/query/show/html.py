"""The morning report: one HTML file that opens anywhere, asks nothing of any server and runs no script.

The page's own policy forbids everything but the one style sheet in it, which is named by its hash. Every text is
escaped, and what would act instead of being read is written as its escape.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from observability.model.query import Query
from observability.model.text import Lang
from observability.query import cells
from observability.query.report import Report, Step
from observability.query.show import labels, summary
from observability.query.show import rows as tables
from observability.query.show.charts import HEIGHT, WIDTH, Bars, Lines, chart
from observability.render import durations
from observability.render.words import words_of

_TEMPLATES = Path(__file__).with_name("templates")
_CELL = 300


@dataclass(frozen=True, slots=True)
class _Cell:
    """``utc`` is set where the text is a moment; ``more`` counts the characters that are not shown."""

    text: str
    number: bool = False
    utc: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class _Shown:
    """One step as the template reads it."""

    step: Step
    line: summary.Line
    titled: bool
    head: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[labels.State | None, tuple[_Cell, ...]], ...]
    note: str
    said: tuple[str, ...]
    lines: Lines | None
    bars: Bars | None


@dataclass(frozen=True, slots=True)
class _Section:
    line: summary.Line
    steps: tuple[_Shown, ...]


def report(found: Report, *, lang: Lang = "ko", limit: int = tables.ROWS) -> str:
    """The whole report; ``limit`` is how many rows of each table are shown."""
    lines = summary.lines(found)
    sections = tuple(
        _Section(line, tuple(_shown(one, lang, limit, one.query.key != line.key) for one in line.steps))
        for line in lines
    )
    return _page(lang, title=found.title.get(lang), found=found, sections=sections)


def step(one: Step, *, lang: Lang = "ko", limit: int = tables.ROWS) -> str:
    """One query's result, as a page of its own."""
    section = _Section(summary.of_step(one), (_shown(one, lang, limit, False),))
    return _page(lang, title=one.query.title.get(lang), found=None, sections=(section,))


def _page(lang: Lang, *, title: str, found: Report | None, sections: tuple[_Section, ...]) -> str:
    lines = tuple(section.line for section in sections)
    text: str = _template().render(
        lang=lang,
        title=title,
        found=found,
        sections=sections,
        counts=summary.counts(lines),
        style=Markup(style()),  # noqa: S704 - our own file
        policy=policy(style()),
        height=HEIGHT,
        width=WIDTH,
    )
    return text


def _shown(one: Step, lang: Lang, limit: int, titled: bool) -> _Shown:
    grid = tables.grid(one, lang, limit)
    drawn = chart(one, lang)
    return _Shown(
        step=one,
        line=summary.of_step(one),
        titled=titled,
        head=_head(one, grid, lang) if grid is not None else (),
        rows=_rows(one, grid) if grid is not None else (),
        note=grid.note if grid is not None else "",
        said=tuple(tables.explained(one, lang)),
        lines=drawn if isinstance(drawn, Lines) else None,
        bars=drawn if isinstance(drawn, Bars) else None,
    )


def _head(one: Step, grid: tables.Grid, lang: Lang) -> tuple[tuple[str, bool], ...]:
    verdict = one.query.verdict
    names = list(grid.head)
    if verdict is not None and verdict.limits and verdict.column in names:
        suffix = verdict.limits[0].unit.suffix.get(lang).strip()
        names[names.index(verdict.column)] += f" ({suffix})" if suffix else ""
    return tuple(zip(names, grid.numbers, strict=True))


def _rows(one: Step, grid: tables.Grid) -> tuple[tuple[labels.State | None, tuple[_Cell, ...]], ...]:
    assert one.answer.table is not None
    rows = []
    for place, index in enumerate(grid.indexes):
        texts, values = grid.rows[place], one.answer.table.rows[index]
        line = tuple(
            _cell(text, value, number) for text, value, number in zip(texts, values, grid.numbers, strict=True)
        )
        rows.append((grid.states[place] if grid.states else None, line))
    return tuple(rows)


def _cell(text: str, value: Any, number: bool) -> _Cell:
    # A day is ten characters long and no moment: it has no other reading in UTC.
    utc = cells.utc(value) if isinstance(value, datetime) and len(text) > 10 else ""
    return _Cell(text[:_CELL], number, utc, max(0, len(text) - _CELL))


@cache
def style() -> str:
    """The style sheet that pages of this project share."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


def policy(sheet: str, script: str = "") -> str:
    """What a page of ours may do: show this style sheet, run this script, and nothing else."""

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    runs = f" script-src {hashed(script)};" if script else ""
    return f"default-src 'none'; style-src {hashed(sheet)};{runs} img-src data:; base-uri 'none'; form-action 'none'"


def environment(*folders: Path) -> jinja2.Environment:
    """Templates of these folders: every text is escaped, and what would act instead of being read is written out."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: cells.visible(value) if type(value) is str else value,
    )


@cache
def _template() -> jinja2.Template:
    made = environment(_TEMPLATES)
    made.globals.update(
        L=labels,
        State=labels.State,
        kst=cells.kst,
        utc=cells.utc,
        scale=summary.scale,
        took=durations.words,
        words_of=words_of,
        is_query=lambda query: isinstance(query, Query),
    )
    made.filters["grouped"] = lambda value: f"{value:,}"
    return made.get_template("report.html.j2")
