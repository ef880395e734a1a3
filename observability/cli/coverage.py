"""`tripobs coverage`: what watches each system of the document, and why a cell is empty."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator

from observability.catalog import Catalogue, load
from observability.checks import coverage as rule
from observability.cli import main, terminal
from observability.coverage import ROWS
from observability.design.systems import SYSTEMS
from observability.model.coverage import By, Row, System
from observability.model.source import sections_of
from observability.model.text import Lang
from observability.query.show.widths import cut, fold
from observability.render.words import section_list

_HEAD: dict[Lang, tuple[str, ...]] = {
    "ko": ("ID", "시스템", "알림", "쿼리", "패널"),
    "en": ("id", "system", "alerts", "queries", "panels"),
}
# The table fits into WIDTH with the longest id; a title that does not is whole where its system is named alone.
_WIDTH, _TITLE = 100, 37


def coverage(arguments: argparse.Namespace) -> int:
    """The table; one system in full where it is named. Exits with 1 where a cell is empty without a reason."""
    rows = {row.system: row for row in ROWS}
    lang: Lang = arguments.lang
    shown = [system for system in SYSTEMS if arguments.system in (None, system.key)]
    if not shown:
        print(f"tripobs: {_unknown(arguments.system)}", file=sys.stderr)
        return main.USAGE
    catalogue = load()
    if arguments.json:
        terminal.show_json([_plain(system, rows.get(system.key)) for system in shown])
    elif arguments.system is not None:
        print("\n".join(_in_full(shown[0], rows.get(arguments.system), catalogue, lang)))
    else:
        print("\n".join(_table(shown, rows, lang)))
    problems = list(rule.check(catalogue, SYSTEMS, ROWS))
    if problems:
        terminal.problems(problems)
        return main.PROBLEMS
    if not arguments.json:
        empty = sum(len(row.without) for row in ROWS)
        print(
            f"시스템 {len(SYSTEMS)}개, 이유가 있는 빈 칸 {empty}개, 이유 없는 빈 칸 0개"
            if lang == "ko"
            else f"{len(SYSTEMS)} systems; {empty} cells are empty for a reason, none without"
        )
    return main.OK


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, [system.key for system in SYSTEMS], 3)
    way = f"did you mean {', '.join(close)}?" if close else "`tripobs coverage` lists them"
    return f"there is no system '{name:.60}'; {way}"


def _table(shown: list[System], rows: dict[str, Row], lang: Lang) -> Iterator[str]:
    """A line a system, and below it why a cell is empty."""
    cells = [
        (system.key, cut(system.title.get(lang), _TITLE), *(_count(rows.get(system.key), by) for by in By))
        for system in shown
    ]
    head, *lines = terminal.table(_HEAD[lang], cells).splitlines()
    yield head
    for system, line in zip(shown, lines, strict=True):
        yield line
        yield from (f"    {part}" for part in fold(_why(rows.get(system.key), lang), _WIDTH - 4) if part)


def _count(row: Row | None, by: By) -> str:
    return "-" if row is None or not row.names(by) else str(len(row.names(by)))


def _why(row: Row | None, lang: Lang) -> str:
    return "; ".join(dict.fromkeys(why.get(lang) for why in row.without.values())) if row is not None else ""


def _in_full(system: System, row: Row | None, catalogue: Catalogue, lang: Lang) -> Iterator[str]:
    yield terminal.colour(f"{system.title.get(lang)} ({system.key})", "bold")
    yield f"{'설계서' if lang == 'ko' else 'design document'} {section_list(sections_of(system.source))}"
    if row is None:
        return
    yield str(row.place)
    # Rows name panels by their English titles; people read them as their dashboards show them.
    panels = {f"{board.id}: {panel.title.en}": panel.title for board in catalogue.dashboards for panel in board.panels}
    for by, head in zip(By, _HEAD[lang][2:], strict=True):
        yield f"{head}:"
        for name in row.names(by):
            shown = f"{name.partition(': ')[0]}: {panels[name].get(lang)}" if name in panels else name
            yield f"  {shown}"
        if not row.names(by):
            yield f"  - {row.without[by].get(lang)}" if by in row.without else "  -"


def _plain(system: System, row: Row | None) -> dict[str, object]:
    said: dict[str, object] = {
        "system": system.key,
        "title": {"ko": system.title.ko, "en": system.title.en},
        "sections": [section.number for section in sections_of(system.source)],
    }
    if row is None:
        return said
    why = {by.value: {"ko": text.ko, "en": text.en} for by, text in row.without.items()}
    return {**said, **{by.value: list(row.names(by)) for by in By}, "without": why}
