"""Results for spreadsheets and scripts, as RFC 4180 has it: CRLF, quotes doubled, UTF-8 without a mark in front.

One query: its columns and rows, nothing else, so that ``csv`` and ``cut`` take it as it is; a query without an answer
has no rows to give and is refused. A pack: long form, because its queries have different columns. One line a cell:
pack, item, query, status, outcome, reason, then row (from 1), row_outcome, column and value. That is one filter away
from each query's table, and an item without rows, unanswered or by hand, keeps one line with the last four empty.

Times are UTC. A text that a spreadsheet would run as a formula gets ``'`` in front; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from observability.model.text import Lang
from observability.query.cells import plain
from observability.query.report import Part, Report, Step
from observability.query.show.rows import explained

HEAD = ("pack", "item", "query", "status", "outcome", "reason", "row", "row_outcome", "column", "value")
# Also a text that begins with our own mark and then with one of these, so that the mark can be taken off again.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def report(found: Report, *, lang: Lang = "ko") -> str:
    """The whole report in long form; ``lang`` is that of the reasons."""
    return _written([HEAD, *(line for part in found.parts for line in _part(found.pack, part, lang))])


def step(one: Step) -> str:
    """One query's rows under its columns. Raises ValueError where there is no table: an empty file would look fine."""
    table = one.answer.table
    if table is None or not one.answered:
        raise ValueError(f"query '{one.query.key}' has no rows to write: " + " ".join(explained(one, "en")))
    return _written([[column.name for column in table.columns], *table.rows])


def _written(lines: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for line in lines:
        writer.writerow([safe(plain(value)) if not _is_number(value) else plain(value) for value in line])
    return out.getvalue()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def safe(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _part(pack: str, part: Part, lang: Lang) -> Iterator[tuple[Any, ...]]:
    item = part.item.id if part.item is not None else ""
    by_hand = part.item.by_hand if part.item is not None else None
    if by_hand is not None:
        yield (pack, item, "", "by hand", "", by_hand.get(lang), None, "", "", None)
    for one in part.steps:
        yield from _step((pack, item, one.query.key), one, lang)


def _step(key: tuple[str, str, str], one: Step, lang: Lang) -> Iterator[tuple[Any, ...]]:
    judged = one.judged
    reason = judged.reason.get(lang) if judged is not None else " ".join(explained(one, lang))
    known = (*key, one.answer.status.value, judged.outcome.value if judged is not None else "", reason)
    table = one.answer.table
    if table is None or not table.rows or not one.answered:
        yield (*known, None, "", "", None)
        return
    outcomes = judged.rows if judged is not None and len(judged.rows) == len(table.rows) else None
    for index, row in enumerate(table.rows):
        outcome = outcomes[index].value if outcomes is not None else ""
        for column, value in zip(table.columns, row, strict=True):
            yield (*known, index + 1, outcome, column.name, value)
