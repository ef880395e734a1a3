"""Expressions of workflows and of templates, which share a grammar: calls, indexes, texts, numbers.

Shape: ``Call('concat', (Text('a'), Index(Call('item', ()), Text('name'), True)))``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\?\[|[\[\](),.]))"
)
_CLOSING = re.compile(r"\s*\}")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """``of[key]``; with ``safe`` (``?[``) what is null has every property, and each is null."""

    of: Node
    key: Node
    safe: bool


Node = Constant | Call | Index


class Unreadable(ValueError):
    """A text that is no expression; says where it stops being one."""


class _Reader:
    def __init__(self, text: str, start: int) -> None:
        self.text, self.at = text, start

    def peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def take(self, sign: str) -> bool:
        found = self.peek()
        if found is None or found["sign"] != sign:
            return False
        self.at = found.end()
        return True

    def wrong(self, wanted: str) -> Unreadable:
        return Unreadable(
            f"{wanted} is missing at character {self.at + 1}, before '{self.text[self.at : self.at + 20]}'"
        )

    def expression(self) -> Node:
        node = self.primary()
        while True:
            if self.take("."):
                found = self.peek()
                if found is None or found["name"] is None:
                    raise self.wrong("a name")
                self.at = found.end()
                node = Index(node, Constant(found["name"]), False)
            elif (safe := self.take("?[")) or self.take("["):
                node = Index(node, self.expression(), safe)
                if not self.take("]"):
                    raise self.wrong("']'")
            else:
                return node

    def primary(self) -> Node:
        found = self.peek()
        if found is None or found["sign"] is not None:
            raise self.wrong("a value")
        self.at = found.end()
        if found["text"] is not None:
            return Constant(found["text"][1:-1].replace("''", "'"))
        if found["number"] is not None:
            return Constant(float(found["number"]) if "." in found["number"] else int(found["number"]))
        if not self.take("("):
            if found["name"] not in _CONSTANTS:
                raise self.wrong("'('")
            return Constant(_CONSTANTS[found["name"]])
        arguments: list[Node] = []
        while not self.take(")"):
            if arguments and not self.take(","):
                raise self.wrong("',' or ')'")
            arguments.append(self.expression())
        return Call(found["name"], tuple(arguments))


def parse(text: str) -> Node:
    """The whole text as one expression. Raises Unreadable."""
    reader = _Reader(text, 0)
    node = reader.expression()
    if text[reader.at :].strip():
        raise reader.wrong("the end")
    return node


@functools.cache
def parts(text: str) -> str | Node | tuple[str | Node, ...]:
    """A text of a workflow: literal, one expression (``@...``), or pieces of both (``a @{...} b``). Raises Unreadable."""
    if "@" not in text:
        return text
    if text.startswith("@") and not text.startswith(("@@", "@{")):
        return parse(text[1:])
    pieces: list[str | Node] = []
    plain, at = "", 0
    while at < len(text):
        if text.startswith("@@", at) and (at == 0 or text.startswith("@@{", at)):
            plain, at = plain + "@", at + 2
        elif text.startswith("@{", at):
            reader = _Reader(text, at + 2)
            node = reader.expression()
            end = _CLOSING.match(text, reader.at)
            if end is None:
                raise reader.wrong("'}'")
            pieces, plain, at = [*pieces, plain, node], "", end.end()
        else:
            following = text.find("@", at + 1)
            stop = following if following != -1 else len(text)
            plain, at = plain + text[at:stop], stop
    return (*pieces, plain) if pieces else plain


def of_template(text: str) -> Node | None:
    """The expression of a deployment template (``[...]``), or None where the text stands for itself."""
    if text.startswith("[") and text.endswith("]") and not text.startswith("[["):
        return parse(text[1:-1])
    return None


def calls(node: Node) -> Iterator[Call]:
    """Every call in it, outermost first."""
    if isinstance(node, Call):
        yield node
        for argument in node.arguments:
            yield from calls(argument)
    elif isinstance(node, Index):
        yield from calls(node.of)
        yield from calls(node.key)
