"""KQL tokens with their places, for the few changes that the local engine needs in a text."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from observability.checks.kql_tokens import TOKEN

OPENS, CLOSES = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """``depth`` counts the brackets around it."""

    text: str
    start: int
    end: int
    depth: int


def tokens_of(text: str) -> list[Token]:
    found, depth = [], 0
    for match in TOKEN.finditer(text):
        token = match.group(1)
        if not token:
            continue
        if token in CLOSES:
            depth -= 1
        found.append(Token(token, match.start(1), match.end(1), depth))
        if token in OPENS:
            depth += 1
    return found


def literal_takes(text: str) -> str:
    """The text with the number in place of each `let` name that says how many rows to take.

    Azure takes the name; duckdb-kql wants the number itself.
    """
    tokens = tokens_of(text)
    named = {
        tokens[at + 1].text: tokens[at + 3].text
        for at, token in enumerate(tokens[:-3])
        if token.text == "let" and tokens[at + 2].text == "=" and tokens[at + 3].text.isdigit()
    }
    for before, token in reversed(list(pairwise(tokens))):
        if before.text in ("take", "limit", "top") and token.text in named:
            text = text[: token.start] + named[token.text] + text[token.end :]
    return text
