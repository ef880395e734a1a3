"""Queries as HTML with their words coloured; every text is escaped first."""

from __future__ import annotations

from markupsafe import Markup, escape

from observability.checks.kql_tokens import TOKEN

_OPERATORS = frozenset(
    {
        "let", "where", "extend", "summarize", "project", "by", "on", "join", "kind", "union", "order", "asc", "desc", "take",
        "top", "distinct", "mv-expand", "parse", "with", "lookup", "render", "datatable", "range", "from", "to", "step", "in",
        "and", "or", "not", "has", "contains", "startswith", "endswith", "between", "has_any", "matches", "regex", "true",
        "false", "project-away", "project-rename", "search", "count", "sort", "typeof",
    }
)  # fmt: skip
_PROMQL = frozenset(
    {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}
)


def kql(text: str) -> Markup:
    return _marked(text, _OPERATORS)


def promql(text: str) -> Markup:
    """PromQL has KQL's strings, numbers and names."""
    return _marked(text, _PROMQL)


def _marked(text: str, keywords: frozenset[str]) -> Markup:
    parts: list[Markup] = []
    for match in TOKEN.finditer(text):
        kind = _kind(match[0], text[match.end() : match.end() + 1], keywords)
        found = escape(match[0])
        parts.append(Markup('<span class="h-{}">{}</span>').format(kind, found) if kind else found)
    return Markup("").join(parts)


def _kind(word: str, following: str, keywords: frozenset[str]) -> str:
    if word.startswith("//"):
        return "comment"
    if word == "|":
        return "pipe"
    if word[-1] in "\"'" and len(word) > 1:
        return "string"
    if word[0].isdigit():
        return "number"
    if word in keywords:
        return "key"
    return "call" if following == "(" and word[0].isalpha() else ""
