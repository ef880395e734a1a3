"""Tables, colours and JSON on the terminal; colours only where somebody looks at one."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import IO, Any

from observability.query import cells

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def colour(text: str, name: str, stream: IO[str] | None = None) -> str:
    """``text`` in a colour, if the stream is a terminal and NO_COLOR is not set."""
    if not inked(stream or sys.stdout):
        return text
    return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m"


def inked(stream: IO[str]) -> bool:
    """Whether the stream is a terminal that shows colours and nobody asked for none."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(text: str) -> int:
    """Columns that ``text`` takes: Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def seen(text: str) -> str:
    """``text`` in one line, each character that would act on the terminal as its escape: services hold what anybody wrote."""
    return cells.visible(text).replace("\n", "\\n").replace("\t", "\\t")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under a header, padded; the last one is left as long as it is."""
    return "\n".join(lines(head, rows))


def lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The table's header and its rows, a line each whatever their cells hold."""
    shown = [[seen(cell) for cell in line] for line in (head, *rows)]
    widths = [max(width(line[column]) for line in shown) for column in range(len(head))]
    out = []
    for index, line in enumerate(shown):
        padded = [cell + " " * (widths[column] - width(cell)) for column, cell in enumerate(line[:-1])]
        text = "  ".join([*padded, line[-1]]).rstrip()
        out.append(colour(text, "bold") if index == 0 else text)
    return out


def show_json(value: Any) -> None:
    """Print ``value`` as JSON with two spaces."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))


def problems(found: Sequence[object]) -> None:
    """Print problems, one a line, and how many there are, to the error stream."""
    for problem in found:
        print(colour(str(problem), "red", sys.stderr), file=sys.stderr)
    print(f"{len(found)} problem{'s' if len(found) != 1 else ''}", file=sys.stderr)


def progress(words: str) -> None:
    """What is at work, in place of what was before, where somebody looks; no words take it away."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{seen(words)}", end="", file=sys.stderr, flush=True)
