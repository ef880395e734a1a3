"""No system of the document is unwatched without a reason, and every name in a row is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from observability.catalog import Catalogue
from observability.model.coverage import By, Row, System
from observability.model.errors import Problem


def check(catalogue: Catalogue, systems: Iterable[System], rows: Iterable[Row]) -> Iterator[Problem]:
    """Problems of the table: systems without a row, rows without a system, names of nothing, cells without a reason."""
    rows = tuple(rows)
    counted = Counter(row.system for row in rows)
    keys = {system.key for system in systems}
    for key in sorted(keys - counted.keys()):
        todo = "say what watches it there, or why nothing does"
        yield Problem("observability/coverage.py", "system", key, "the document names it and it has no row", todo)
    known = names(catalogue)
    for row in rows:
        for wrong, todo in _row(row, keys, known):
            yield Problem(str(row.place), "row", row.system, wrong, todo)
        if counted[row.system] > 1:
            yield Problem(str(row.place), "row", row.system, "is there twice", "make one of them")


def names(catalogue: Catalogue) -> dict[By, frozenset[str]]:
    """What a row can name, by column."""
    panels = (f"{board.id}: {panel.title.en}" for board in catalogue.dashboards for panel in board.panels)
    queries = [query.key for query in catalogue.queries] + [query.key for query in catalogue.metric_queries]
    return {
        By.ALERT: frozenset(alert.id for alert in catalogue.alerts),
        By.QUERY: frozenset(queries),
        By.PANEL: frozenset(panels),
    }


def _row(row: Row, keys: set[str], known: dict[By, frozenset[str]]) -> Iterator[tuple[str, str]]:
    if row.system not in keys:
        yield "the document names no such system", "add it to observability/design/systems.py, or drop the row"
    for by in By:
        for name in row.names(by):
            if name not in known[by]:
                yield f"names '{name}', and there is none of that name among the {by.value}", "see `tripobs list`"
        if not row.names(by) and by not in row.without:
            yield f"has no {by.value}", f"name some, or give the reason: without={{By.{by.name}: Text(...)}}"
        if row.names(by) and by in row.without:
            yield f"gives a reason for having no {by.value}, and has some", "drop the reason"
        if by in row.without and not (row.without[by].ko.strip() and row.without[by].en.strip()):
            yield f"its reason for having no {by.value} is empty in a language", "say it in both"
