"""Which series a PromQL expression reads, and which labels it keeps: from the text alone.

Generating must not need a parser, so this reads tokens; whether the text parses is for checks/promql.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Strings are whole tokens, so that a brace in one closes nothing; a number takes its unit or exponent along, so that
# `5m` and `1e5` hold no name.
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(
    "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*`
    | \$\{?\w+\}?
    | (?:\d[\w.]*|\.\d+) (?:(?<=[eE])[+-]\d+)?
    | [A-Za-z_:][\w:]*
    | =~|!~|!=|==|[^\w\s]
    )""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*\}?")
_GROUPS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_SETS = frozenset({"and", "or", "unless"})
_OTHERS = frozenset({"bool", "offset", "atan2", "inf", "nan"})
_COMPARES = frozenset({"=", "!=", "=~", "!~"})
AGGREGATORS = frozenset(
    {
        *("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "count_values"),
        *("topk", "bottomk", "quantile", "limitk", "limit_ratio"),
    }
)
MAKES_LABELS = frozenset({"label_replace", "label_join", "count_values"})
"""What gives a series labels that its metric does not have."""


class Selector(NamedTuple):
    """``name{label="value"}``; ``pattern`` where the name is given as a regular expression."""

    name: str
    labels: tuple[str, ...] = ()
    pattern: bool = False


class Reading:
    """What stands in one expression.

    ``groupings`` are (word, labels), ``applied`` (function, metric under it). ``loose`` is a set operator outside of
    all parentheses: a comparison appended to the text would bind closer.
    """

    def __init__(self) -> None:
        self.selectors: list[Selector] = []
        self.groupings: list[tuple[str, tuple[str, ...]]] = []
        self.calls: set[str] = set()
        self.applied: list[tuple[str, str]] = []
        self.variables: set[str] = set()
        self.loose: str | None = None

    @property
    def names(self) -> set[str]:
        return {selector.name for selector in self.selectors if not selector.pattern}


def read(expr: str) -> Reading:
    """The series, labels, functions and variables of an expression."""
    found = Reading()
    tokens = [part for part in _TOKEN.findall(expr) if part]
    # A variable in a string is Grafana's and stays a text for everybody else; a lone $ ends a regular expression.
    found.variables = {name for part in tokens if "$" in part for name in _VARIABLE.findall(part)}
    at, depth = 0, 0
    while at < len(tokens):
        part, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        word = part.lower()
        at += 1
        if part in "()":
            depth += 1 if part == "(" else -1
        elif part == "[":
            at = _after(tokens, at, "]")
        elif part == "{":
            end = _after(tokens, at, "}")
            found.selectors.append(_nameless(tokens[at : end - 1]))
            at = end
        elif word in _GROUPS:
            if following == "(":
                end = _after(tokens, at + 1, ")")
                found.groupings.append((word, tuple(label for label in tokens[at + 1 : end - 1] if label != ",")))
                at = end
        elif word in _SETS:
            found.loose = found.loose or (word if depth == 0 else None)
        elif not (part[0].isalpha() or part[0] in "_:") or word in _OTHERS:
            continue
        elif following == "(" or (word in AGGREGATORS and following.lower() in ("by", "without")):
            found.calls.add(word)
        else:
            end = _after(tokens, at + 1, "}") if following == "{" else at
            labels = tuple(name for name, _, _ in _matchers(tokens[at + 1 : end - 1]))
            found.selectors.append(Selector(part, labels))
            if at >= 3 and tokens[at - 2] == "(":
                found.applied.append((tokens[at - 3].lower(), part))
            at = end
    return found


def _after(tokens: list[str], at: int, closing: str) -> int:
    """The place after the next closing bracket, or the end."""
    while at < len(tokens) and tokens[at] != closing:
        at += 1
    return min(at + 1, len(tokens))


def _matchers(tokens: list[str]) -> Iterator[tuple[str, str, str]]:
    for name, compare, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if compare in _COMPARES:
            yield name.strip("\"'`"), compare, value.strip("\"'`")


def _nameless(tokens: list[str]) -> Selector:
    """``{__name__="up"}`` and ``{"up"}``."""
    matchers = list(_matchers(tokens))
    labels = tuple(name for name, _, _ in matchers if name != "__name__")
    for name, compare, value in matchers:
        if name == "__name__" and compare in ("=", "=~"):
            return Selector(value, labels, compare == "=~")
    padded = [",", *tokens, ","]
    around = zip(padded, padded[1:], padded[2:], strict=False)
    named = [token for before, token, after in around if before == after == "," and token[0] in "\"'`"]
    return Selector(named[0].strip("\"'`"), labels) if named else Selector(".*", labels, True)
