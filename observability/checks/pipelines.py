"""A KQL text as pipelines: which tables they read, in which order their operators stand, what counts rows.

Shapes, not meanings: enough for opinions that every `tripobs generate` can afford, in time linear in the text. Names
and types, and functions that take tables, are left to Microsoft's language service (checks/kusto.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from observability.checks.kql_tokens import Call, Group, Item, Items, calls, flat, is_text, split, tokens_of, tree

WEIGHT = "ItemCount"
# The aggregates that kusto.js knows, and the sums: of anything but the weight they add up stored rows only.
COUNTS_ROWS = frozenset(
    {
        *("count", "cnt", "countif", "avg", "avgif", "percentile", "percentiles", "percentiles_array"),
        *("stdev", "stdevif", "stdevp", "variance", "varianceif", "variancep", "variancepif"),
    }
)
SUMS = frozenset({"sum", "sumif"})

_SETTINGS = frozenset({"set", "declare", "alias", "pattern", "restrict"})
_OTHER_SOURCES = frozenset({"print", "range", "datatable", "externaldata", "search", "find"})
# What gives whole rows back, one of a group: `arg_max(TimeGenerated, *)`.
_PICKS_ROWS = frozenset({"arg_max", "arg_min", "take_any", "any"})
_ELSEWHERE = frozenset({"workspace", "app", "resource", "database", "cluster"})
_GROUPS_ANEW = frozenset({"summarize", "make-series", "makeseries", "top-nested", "top-hitters", "getschema"})
_KEEPS_ORDER = frozenset(
    {"where", "filter", "extend", "serialize", "as", "render", "parse", "mv-expand", "take", "limit"}
)


class Rows(NamedTuple):
    """What flows through a pipeline. ``sampled`` names the sampled table whose stored rows these still are."""

    sampled: str | None = None
    weights: frozenset[str] = frozenset({WEIGHT})
    ordered: bool = False


class Shape:
    """What was seen in one text. ``unweighted`` are (aggregate, sampled table); ``patterns`` the unions over names."""

    def __init__(self, tokens: list[str], called: list[Call]) -> None:
        self.tokens = tokens
        self.calls = called
        self.tables: set[str] = set()
        self.unweighted: dict[tuple[str, str], None] = {}
        self.operators: set[str] = set()
        self.patterns: list[str] = []
        self.timespans: dict[str, str] = {}
        self.vague_sorts = self.unordered_takes = self.kindless_joins = self.untyped_expansions = 0


def read(text: str, known: AbstractSet[str], sampled: AbstractSet[str]) -> Shape:
    """The shape of a text; ``known`` are the tables there are, ``sampled`` those whose rows stand for several."""
    tokens = tokens_of(text)
    items = tree(tokens)
    shape = Shape(tokens, list(calls(items)))
    _Reader(shape, known, sampled).statements(items, {})
    return shape


def _name(stage: Items) -> str | None:
    """The name that a stage consists of: ``T``, ``['T']``, ``table("T")``, ``workspace("w").T``."""
    if len(stage) > 2 and stage[0] in _ELSEWHERE and "." in stage:
        return _name(stage[len(stage) - list(reversed(stage)).index(".") :])
    if len(stage) == 2 and stage[0] == "table" and isinstance(stage[1], Group):
        stage = [stage[1]]
    if len(stage) != 1:
        return None
    if isinstance(stage[0], str):
        return stage[0] if stage[0].isidentifier() else None
    inner = stage[0].items
    quoted = len(inner) == 1 and isinstance(inner[0], str) and is_text(inner[0])
    return str(inner[0]).strip("'\"") if quoted else None


class _Reader:
    """Walks the statements; ``scope`` holds what `let`, `as` and functions name."""

    def __init__(self, shape: Shape, known: AbstractSet[str], sampled: AbstractSet[str]) -> None:
        self.shape, self.known, self.sampled = shape, known, sampled
        self.special = {
            "summarize": self.summarize, "make-series": self.summarize, "top-nested": self.summarize,
            "count": self.count, "join": self.join, "lookup": self.join, "union": self.union,
            "order": self.order, "sort": self.order, "top": self.top, "take": self.take, "limit": self.take,
            "extend": self.extend, "project": self.extend, "project-rename": self.extend, "as": self.remember,
            "mv-apply": self.inner, "fork": self.inner, "facet": self.inner, "partition": self.inner,
            "mv-expand": self.expand, "distinct": self.distinct,
        }  # fmt: skip

    def statements(self, items: Iterable[Item], scope: dict[str, Rows]) -> Rows:
        last = Rows()
        for statement in split(items, ";"):
            if len(statement) > 3 and statement[0] == "let" and statement[2] == "=":
                name = _name(statement[1:2]) or ""
                scope[name] = self.value(name, statement[3:], scope)
            elif statement and statement[0] not in _SETTINGS:
                last = self.pipeline(statement, scope, sure=True)
        return last

    def value(self, name: str, value: Items, scope: dict[str, Rows]) -> Rows:
        if isinstance(value[-1], Group) and value[-1].bracket == "{":
            parameters = [token for group in value[:-1] if isinstance(group, Group) for token in flat(group.items)]
            return self.statements(value[-1].items, {**scope, **dict.fromkeys(parameters, Rows())})
        if len(value) == 1 and isinstance(value[0], str) and value[0][0].isdigit():
            self.shape.timespans[name] = value[0]
        return self.pipeline(value, scope, sure=False)

    def pipeline(self, items: Iterable[Item], scope: dict[str, Rows], *, sure: bool) -> Rows:
        """``sure``: a single name here is a table, not a value."""
        first, *rest = split(items, "|")
        return self.stages(rest, self.source(first, scope, sure or bool(rest)), scope)

    def stages(self, stages: Iterable[Items], rows: Rows, scope: dict[str, Rows]) -> Rows:
        for stage in stages:
            if stage and isinstance(stage[0], str):
                self.shape.operators.add(stage[0])
                handle = self.special.get(stage[0])
                if handle is not None:
                    rows = handle(stage, rows, scope)
                    continue
                self.nested(stage, scope)
                if stage[0] in _GROUPS_ANEW:
                    rows = Rows()
                elif stage[0] not in _KEEPS_ORDER and not stage[0].startswith(("project", "parse")):
                    rows = rows._replace(ordered=False)
        return rows

    def source(self, stage: Items, scope: dict[str, Rows], sure: bool) -> Rows:
        name = _name(stage)
        if name is not None:
            if name in scope:
                return scope[name]
            if sure or name in self.known:
                self.shape.tables.add(name)
            return Rows(name if name in self.sampled else None)
        head = stage[0] if stage else ""
        if isinstance(head, Group):
            if len(stage) == 1 and head.bracket == "(":
                return self.pipeline(head.items, scope, sure=sure)
        elif head == "union":
            return self.union(stage, Rows(), scope)
        elif head in _OTHER_SOURCES:
            self.shape.operators.add(str(head))
            if len(stage) > 2 and stage[1] == "in" and isinstance(stage[2], Group):
                return self.union(["union", *stage[2].items], Rows(), scope)
        elif len(stage) == 2 and isinstance(stage[1], Group) and head in ("materialize", "view"):
            return self.pipeline(stage[1].items, scope, sure=True)
        self.nested(stage, scope)
        return scope.get(head, Rows()) if isinstance(head, str) else Rows()

    def nested(self, items: Iterable[Item], scope: dict[str, Rows]) -> None:
        """Pipelines in brackets: toscalar(...), in (...), materialize(...)."""
        for item in items:
            if isinstance(item, Group):
                if "|" in item.items:
                    self.pipeline(item.items, scope, sure=True)
                else:
                    self.nested(item.items, scope)

    def summarize(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        if rows.sampled is not None:
            until = list(stage).index("by") if "by" in stage and stage[0] == "summarize" else len(stage)
            for name, arguments in calls(stage[:until]):
                words = [token for argument in arguments for token in flat(argument)]
                # sum(1) counts rows on purpose: it is how the rate of sampling itself is measured.
                literal = name in SUMS and all(token[0].isdigit() for token in flat(arguments[0]))
                if name in COUNTS_ROWS | SUMS and not literal and rows.weights.isdisjoint(words):
                    self.shape.unweighted[name, rows.sampled] = None
                if name in _PICKS_ROWS and "*" in words:
                    return rows._replace(ordered=False)
        return Rows()

    def distinct(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        return rows._replace(ordered=False) if "*" in stage else Rows()

    def count(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        if rows.sampled is not None:
            self.shape.unweighted["count", rows.sampled] = None
        return Rows()

    def join(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        options, operand = _options(stage[1:])
        if stage[0] == "join" and "kind" not in options:
            self.shape.kindless_joins += 1
        until = list(operand).index("on") if "on" in operand else len(operand)
        right = self.source(operand[:until], scope, True)
        self.nested(operand[until:], scope)
        kind = options.get("kind", "")
        if kind.startswith(("leftsemi", "leftanti", "anti")):
            return rows._replace(ordered=False)
        if kind.startswith(("rightsemi", "rightanti")):
            return right
        return Rows(rows.sampled or right.sampled, rows.weights | right.weights)

    def union(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.shape.operators.add("union")
        found = [rows]
        for operand in split(_options(stage[1:])[1], ","):
            if "*" in operand:
                pattern = "".join(flat(operand))
                self.shape.patterns.append(pattern)
                fits = re.compile(re.escape(pattern).replace(r"\*", r"\w*"))
                found += [Rows(name) for name in sorted(self.sampled) if fits.fullmatch(name)]
            else:
                found.append(self.source(operand, scope, True))
        sampled = next((each.sampled for each in found if each.sampled is not None), None)
        return Rows(sampled, frozenset().union(*(each.weights for each in found)))

    def order(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        keys = split(stage[2:], ",")
        self.shape.vague_sorts += any("asc" not in key and "desc" not in key for key in keys)
        return rows._replace(ordered=True)

    def top(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        return rows._replace(ordered=True)

    def take(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.shape.unordered_takes += not rows.ordered
        return rows

    def extend(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        named = [part for part in split(stage[1:], ",") if len(part) > 2 and part[1] == "="]
        copies = {str(part[0]) for part in named if not rows.weights.isdisjoint(flat(part[2:]))}
        return rows._replace(weights=rows.weights | copies) if copies else rows

    def expand(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        self.nested(stage, scope)
        self.shape.untyped_expansions += "typeof" not in stage
        return rows

    def remember(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        scope[_name(stage[-1:]) or ""] = rows
        return rows

    def inner(self, stage: Items, rows: Rows, scope: dict[str, Rows]) -> Rows:
        """Operators over the same rows, in brackets; mv-apply's are over the elements of one row."""
        elements = stage[0] == "mv-apply"
        inside = [group for group in stage if isinstance(group, Group) and group.bracket == "("]
        ends = [self.stages(split(group.items, "|"), Rows() if elements else rows, scope) for group in inside]
        return ends[-1] if ends and stage[0] == "partition" else rows._replace(ordered=False)


def _options(items: Items) -> tuple[dict[str, str], Items]:
    """Leading ``kind = inner hint.strategy = shuffle``, and what follows."""
    found: dict[str, str] = {}
    while len(items) > 2:
        at = 3 if items[0] == "hint" and items[1] == "." else 1
        if len(items) <= at + 1 or items[at] != "=":
            break
        found[str(items[0])] = str(items[at + 1])
        items = items[at + 2 :]
    return found, items
