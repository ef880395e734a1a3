"""KQL as nested tokens: comments gone, strings whole, brackets as groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

TOKEN = re.compile(
    r"""\s+|//[^\n]*|(
    [hH]?@"(?:[^"\n]|"")*" | [hH]?@'(?:[^'\n]|'')*' | [hH]?"(?:[^"\\\n]|\\.)*" | [hH]?'(?:[^'\\\n]|\\.)*'
    | ```.*?``` | ~~~.*?~~~
    | \d[\w.]*
    | (?:make-series|mv-expand|mv-apply|project-\w+|top-\w+|sample-distinct|parse-\w+)\b
    | [A-Za-z_$]\w* | [^\w\s]
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 50  # brackets deeper than any query goes are read flat, so that no text can exhaust the stack


class Group:
    """What stands in one pair of brackets."""

    __slots__ = ("bracket", "items")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.items: list[Item] = []


Item = str | Group
Items = Sequence[Item]
Call = tuple[str, list[list[Item]]]
"""A name in front of parentheses, and its arguments."""


def tokens_of(text: str) -> list[str]:
    return [token for token in TOKEN.findall(text) if token]


def split(items: Iterable[Item], separator: str) -> list[list[Item]]:
    """The runs of items between separators that stand in no bracket."""
    parts: list[list[Item]] = [[]]
    for item in items:
        if item == separator:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def is_text(token: str) -> bool:
    return token.lstrip("hH@")[:1] in ("'", '"') or token[:3] in ("```", "~~~")


def tree(tokens: list[str]) -> list[Item]:
    top: list[Item] = []
    open_: list[tuple[str, list[Item]]] = [("", top)]
    for token in tokens:
        if token in _CLOSES and len(open_) < _DEEPEST:
            group = Group(token)
            open_[-1][1].append(group)
            open_.append((_CLOSES[token], group.items))
        elif token == open_[-1][0]:
            open_.pop()
        else:
            open_[-1][1].append(token)
    return top


def flat(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Group):
            yield from flat(item.items)
        else:
            yield item


def calls(items: Iterable[Item]) -> Iterator[Call]:
    """Every ``name(...)`` with its arguments."""
    before: Item = ""
    for item in items:
        if isinstance(item, Group):
            if item.bracket == "(" and isinstance(before, str) and before[:1].isidentifier():
                yield before, split(item.items, ",")
            yield from calls(item.items)
        before = item
