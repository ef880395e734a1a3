"""`tripobs coverage`: what watches each system of the document, and why a cell is empty."""

from __future__ import annotations

import argparse
import sys

from observability.catalog import load
from observability.checks import coverage as rule
from observability.cli import main, terminal
from observability.coverage import ROWS
from observability.design.systems import SYSTEMS
from observability.model.coverage import By, Row
from observability.model.source import sections_of
from observability.model.text import Lang
from observability.render.words import section_list

_HEAD: dict[Lang, tuple[str, ...]] = {
    "ko": ("시스템", "절", "알림", "쿼리", "패널", "비운 까닭"),
    "en": ("system", "section", "alerts", "queries", "panels", "why a cell is empty"),
}


def coverage(arguments: argparse.Namespace) -> int:
    """The table; one system in full where it is named. Exits with 1 where a cell is empty without a reason."""
    rows = {row.system: row for row in ROWS}
    lang: Lang = arguments.lang
    if arguments.system is not None and arguments.system not in rows:
        print(f"tripobs: there is no system '{arguments.system}'; `tripobs coverage` lists them", file=sys.stderr)
        return main.USAGE
    shown = [system for system in SYSTEMS if arguments.system in (None, system.key)]
    if arguments.json:
        terminal.show_json([_plain(system.key, rows.get(system.key)) for system in shown])
    elif arguments.system is not None:
        print(_in_full(rows[arguments.system], lang))
    else:
        lines = [
            (
                system.title.get(lang),
                section_list(sections_of(system.source)),
                *(_count(rows.get(system.key), by) for by in By),
                _why(rows.get(system.key), lang),
            )
            for system in shown
        ]
        print(terminal.table(_HEAD[lang], lines))
    problems = list(rule.check(load(), SYSTEMS, ROWS))
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


def _count(row: Row | None, by: By) -> str:
    return "-" if row is None or not row.names(by) else str(len(row.names(by)))


def _why(row: Row | None, lang: Lang) -> str:
    return "; ".join(dict.fromkeys(why.get(lang) for why in row.without.values())) if row is not None else ""


def _in_full(row: Row, lang: Lang) -> str:
    lines = [terminal.colour(row.system, "bold"), str(row.place)]
    for by, title in zip(By, _HEAD[lang][2:5], strict=True):
        names = row.names(by) or (f"- {row.without[by].get(lang)}" if by in row.without else "-",)
        lines += [f"{title}:", *(f"  {name}" for name in names)]
    return "\n".join(lines)


def _plain(key: str, row: Row | None) -> dict[str, object]:
    if row is None:
        return {"system": key}
    why = {by.value: {"ko": text.ko, "en": text.en} for by, text in row.without.items()}
    return {"system": key, **{by.value: list(row.names(by)) for by in By}, "without": why}
