"""Aggregates that duckdb-kql does not know: of rows that meet a condition, and percentiles of weighted rows.

They are rows of its private registry, which is why its version is pinned; a test holds each against plain Python.
"""

from __future__ import annotations

import functools

from observability.query.local.tokens import CLOSES, Token, tokens_of

WEIGHTED = "percentilew"
_REACHED = "tripobs_reached"
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

    def add(name: str, template: str, arity: int) -> None:
        functions.AGGREGATE_FUNCTIONS.setdefault(name, functions.AggregateSpec(name, template, (arity,)))

    add("maxif", "max({0}) FILTER (WHERE {1})", 2)
    add("minif", "min({0}) FILTER (WHERE {1})", 2)
    add("take_anyif", "any_value({0}) FILTER (WHERE {1})", 2)
    # Where all weights of a group are one number, as a fixed sampling rate makes them, weighing changes nothing and
    # the plain percentile is ten times as fast. Where they are not, the query is run again in the long form.
    held = "FILTER (WHERE {0} IS NOT NULL AND {1} > 0)"
    add(
        WEIGHTED,
        f"CASE WHEN count(*) {held} = 0 THEN NULL WHEN min({{1}}) {held} = max({{1}}) {held} "
        f"THEN quantile_disc({{0}}, {{2}} / 100.0) {held} ELSE error('{_UNEQUAL}') END",
        3,
    )
    functions.SCALAR_FUNCTIONS.setdefault(_REACHED, Reached(_REACHED, "template", ""))


def lengthen(text: str) -> str:
    """The text with each ``percentilew`` of a ``summarize`` written out as running sums, exact for any weights."""
    tokens = tokens_of(text)
    changes: list[tuple[int, int, str]] = []
    number = 0
    for at, token in enumerate(tokens):
        if token.text != "summarize":
            continue
        stage = _stage(tokens, at)
        calls = [index for index in range(at, stage) if tokens[index].text == WEIGHTED]
        if not calls:
            continue
        keys = _keys(text, tokens[at:stage], token.depth)
        reached = []
        for index in calls:
            value, weight, percentile = _arguments(text, tokens, index)
            name = f"reached_{number}"
            number += 1
            reached.append(f"{name} = {_REACHED}({', '.join([value, weight, percentile, *keys])})")
            close = _closing(tokens, index + 1)
            changes.append((tokens[index].start, tokens[close].end, f"minif({value}, {name})"))
        changes.append((token.start, token.start, f"extend {', '.join(reached)} | "))
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text


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
