"""Queries as HTML with their words coloured; every text is escaped first."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_KQL = re.compile(
    r"(?P<comment>//[^\n]*)|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<number>\b\d+(?:\.\d+)?(?:[a-z]+)?\b)|(?P<word>[A-Za-z_][\w-]*)|(?P<pipe>\|)",
)
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
    return _marked(text, _PROMQL)


def _marked(text: str, keywords: frozenset[str]) -> Markup:
    parts: list[Markup] = []
    at = 0
    for match in _KQL.finditer(text):
        parts.append(escape(text[at : match.start()]))
        kind = match.lastgroup or ""
        found = escape(match[0])
        if kind == "word":
            kind = "key" if match[0] in keywords else "call" if text[match.end() : match.end() + 1] == "(" else ""
        parts.append(Markup('<span class="h-{}">{}</span>').format(kind, found) if kind else found)
        at = match.end()
    parts.append(escape(text[at:]))
    return Markup("").join(parts)
