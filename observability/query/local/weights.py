"""Aggregates that duckdb-kql does not know: of rows that meet a condition, and percentiles of weighted rows.

They are rows of its private registry, which is why its version is pinned; a test holds each against plain Python.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from observability.query.local.tokens import CLOSES, Token, tokens_of

WEIGHTED = "percentilew"
_REACHED = "tripobs_reached"
_TOGETHER = "tripobs_percentiles"
_UNEQUAL = "tripobs: the weights of a group differ"


def is_unequal(error: Exception) -> bool:
    """Whether the short form of a weighted percentile met rows of different weights in one group."""
    return _UNEQUAL in str(error)


@functools.cache
def register() -> None:
    """Add the rows, once a process."""
    from duckdb_kql.translate import functions

    class Reached(functions.FunctionSpec):
        """``tripobs_reached(value, weight, percentile, key, ...)``: do the weights up to this value make the share?

        A window over the rows of one group, so it stands in an `extend` in front of the `summarize`.
        """

        def render(self, args: list[str]) -> str:
            value, weight, percentile, *keys = args
            group = f"PARTITION BY {', '.join(keys)}" if keys else ""
            held = f"sum(CASE WHEN {value} IS NOT NULL AND {weight} > 0 THEN {weight} END)"
            return f"({held} OVER ({group} ORDER BY {value}) >= {percentile} / 100.0 * {held} OVER ({group}))"

    class Percentiles(functions.AggregateSpec):
        """``tripobs_percentiles(value, weight, which, percentile, ...)``: one of several, read from one sorting.

        Where all weights of a group are one number, as a fixed sampling rate makes them, weighing changes nothing and
        the plain percentile is ten times as fast. Where they are not, the query is run again in the long form.
        """

        def render(self, args: list[str]) -> str:
            value, weight, which, *percentiles = args
            counted = f"CASE WHEN {weight} > 0 THEN {value} END"
            held = f"CASE WHEN {value} IS NOT NULL AND {weight} > 0 THEN {weight} END"
            shares = ", ".join(f"{percentile} / 100.0" for percentile in percentiles)
            return (
                f"CASE WHEN min({held}) IS NULL THEN NULL WHEN min({held}) = max({held}) "
                f"THEN quantile_disc({counted}, [{shares}])[{which}] ELSE error('{_UNEQUAL}') END"
            )

    def add(name: str, template: str, arity: int) -> None:
        functions.AGGREGATE_FUNCTIONS.setdefault(name, functions.AggregateSpec(name, template, (arity,)))

    add("maxif", "max({0}) FILTER (WHERE {1})", 2)
    add("minif", "min({0}) FILTER (WHERE {1})", 2)
    add("take_anyif", "any_value({0}) FILTER (WHERE {1})", 2)
    functions.AGGREGATE_FUNCTIONS.setdefault(_TOGETHER, Percentiles(_TOGETHER, ""))
    functions.SCALAR_FUNCTIONS.setdefault(_REACHED, Reached(_REACHED, "template", ""))


def together(text: str) -> str:
    """The text with the ``percentilew`` of a ``summarize`` over the same values read from one sorting of them."""
    tokens = tokens_of(text)
    changes: list[tuple[int, int, str]] = []
    for _, calls in _summaries(tokens):
        read = {index: _arguments(text, tokens, index) for index in calls}
        several: dict[tuple[str, str], list[str]] = {}
        for value, weight, percentile in read.values():
            asked = several.setdefault((value, weight), [])
            if percentile not in asked:
                asked.append(percentile)
        for index, (value, weight, percentile) in read.items():
            asked = several[value, weight]
            new = ", ".join([value, weight, str(asked.index(percentile) + 1), *asked])
            close = _closing(tokens, index + 1)
            changes.append((tokens[index].start, tokens[close].end, f"{_TOGETHER}({new})"))
    return _changed(text, changes)


def lengthen(text: str) -> str:
    """The text with each ``percentilew`` of a ``summarize`` written out as running sums, exact for any weights."""
    tokens = tokens_of(text)
    changes: list[tuple[int, int, str]] = []
    number = 0
    for at, calls in _summaries(tokens):
        token = tokens[at]
        keys = _keys(text, tokens[at : _stage(tokens, at)], token.depth)
        reached = []
        for index in calls:
            value, weight, percentile = _arguments(text, tokens, index)
            name = f"reached_{number}"
            number += 1
            reached.append(f"{name} = {_REACHED}({', '.join([value, weight, percentile, *keys])})")
            close = _closing(tokens, index + 1)
            changes.append((tokens[index].start, tokens[close].end, f"minif({value}, {name})"))
        changes.append((token.start, token.start, f"extend {', '.join(reached)} | "))
    return _changed(text, changes)


def _changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _summaries(tokens: list[Token]) -> Iterator[tuple[int, list[int]]]:
    """Each `summarize` that weighs: its place, and those of its calls."""
    for at, token in enumerate(tokens):
        if token.text == "summarize" and (
            calls := [index for index in range(at, _stage(tokens, at)) if tokens[index].text == WEIGHTED]
        ):
            yield at, calls


def _stage(tokens: list[Token], at: int) -> int:
    """Where the stage that begins at ``at`` ends."""
    depth = tokens[at].depth
    for index in range(at + 1, len(tokens)):
        token = tokens[index]
        if token.depth < depth or (token.depth == depth and token.text in ("|", ";")):
            return index
    return len(tokens)


def _closing(tokens: list[Token], opening: int) -> int:
    return next(
        index
        for index in range(opening + 1, len(tokens))
        if tokens[index].depth == tokens[opening].depth and tokens[index].text in CLOSES
    )


def _parts(text: str, tokens: list[Token], depth: int) -> list[str]:
    """The texts between the commas of ``depth``."""
    parts, start = [], 0
    for index in [*(i for i, token in enumerate(tokens) if token.depth == depth and token.text == ","), len(tokens)]:
        if index > start:
            parts.append(text[tokens[start].start : tokens[index - 1].end])
        start = index + 1
    return parts


def _arguments(text: str, tokens: list[Token], call: int) -> list[str]:
    inside = tokens[call + 2 : _closing(tokens, call + 1)]
    return _parts(text, inside, tokens[call].depth + 1)


def _keys(text: str, stage: list[Token], depth: int) -> list[str]:
    """The expressions that the stage groups by, without their new names."""
    by = next((i for i, token in enumerate(stage) if token.depth == depth and token.text == "by"), None)
    if by is None:
        return []
    keys = []
    for part in _parts(text, stage[by + 1 :], depth):
        inner = tokens_of(part)
        named = len(inner) > 2 and inner[1].text == "=" and inner[2].text != "=" and inner[2].start > inner[1].start
        keys.append(part[inner[2].start :] if named else part)
    return keys
