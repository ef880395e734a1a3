"""Columns that a text takes on a terminal, and texts cut and padded to them."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """Columns that ``text`` takes: Korean letters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_of, text))


def _of(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` columns, with ``…`` at its end where something is missing."""
    if width(text) <= limit:
        return text
    taken, used = [], 0
    for char in text:
        used += _of(char)
        if used > limit - 1:
            break
        taken.append(char)
    return "".join(taken) + "…"


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled up with spaces, in front of it where it stands on the right."""
    spaces = " " * (columns - width(text))
    return spaces + text if right else text + spaces


def fold(text: str, limit: int) -> list[str]:
    """``text`` in lines of at most ``limit`` columns, broken at spaces where there are some."""
    lines, line = [], ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= limit:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while width(line) > limit:
            head = cut(line, limit + 1).removesuffix("…") or line[0]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line or not lines else lines
