"""Queries for other readers of KQL: Kusto Explorer (csl), Azure Workbooks, Microsoft Sentinel's hunting."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from observability.model.query import Pack, Query
from observability.model.text import Lang, Text
from observability.render import arm, arm_queries, kql
from observability.render.words import words_of

Json = Any
SEARCH_TYPE = "Microsoft.OperationalInsights/workspaces/savedSearches"
_SEARCH_VERSION = "2025-07-01"
_WORKSPACE = arm.Parameter("workspaceName", "Name of the workspace whose hunting page shows the queries.")
_WORKSPACES = "microsoft.operationalinsights/workspaces"
_TIME_RANGE = "TimeRange"
_RANGES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), timedelta(days=30))
_TEXT, _QUERY, _PARAMETERS, _LINKS, _GROUP = 1, 3, 9, 11, 12
_CHOOSE = Text(
    ko="팩을 고르세요. 고른 팩의 쿼리만 실행됩니다. 워크스페이스의 통합 문서에서 여세요.",
    en="Choose a pack: only its queries run. Open it from the workspace's own workbooks.",
)
_RANGE = Text(ko="기간", en="Time range")


def csl(queries: Iterable[Query], lang: Lang) -> str:
    """One script: a comment and a text each, with a blank line between, where Kusto Explorer parts them.

    A text itself therefore has no blank line.
    """
    return "\n".join(_script(query, lang) for query in queries)


def _script(query: Query, lang: Lang) -> str:
    notes = tuple(note.get(lang) for note in (query.look_for, query.caveat) if note is not None)
    source = words_of(query.source).get(lang)
    head = kql.header(f"{query.key}: {query.title.get(lang)}", source, query.place.file, notes)
    return head + "".join(f"{line}\n" for line in kql.query(query).splitlines() if line.strip())


def sentinel(queries: Iterable[Query], lang: Lang, encode: Any) -> dict[str, Json]:
    """A deployment template that saves the queries as hunting queries of a workspace.

    They name no tactics: ours look for faults, and which attack a fault may belong to is the hunter's to say.
    """
    return arm.template(
        (_search(arm_queries.from_query(query), lang) for query in queries),
        {_WORKSPACE.name: _WORKSPACE},
        encode,
        "tripgen: hunting queries",
    )


def _search(entry: arm_queries.PackEntry, lang: Lang) -> arm.Resource:
    tags = {"description": entry.description.get(lang), **{name: ",".join(of) for name, of in entry.tags.items()}}
    return {
        "type": SEARCH_TYPE,
        "apiVersion": _SEARCH_VERSION,
        "name": f"[concat(parameters('{_WORKSPACE.name}'), '/{arm_queries.query_name(entry.key)}')]",
        "properties": {
            "category": "Hunting Queries",
            "displayName": arm.text(f"{entry.title.get(lang)} ({entry.key})"),
            "query": arm.text(entry.body),
            "version": 2,
            "tags": [{"name": name, "value": arm.text(value)} for name, value in tags.items() if value],
        },
    }


def workbook(packs: Sequence[Pack], queries: Sequence[Query], lang: Lang) -> dict[str, Json]:
    """A workbook in the JSON of its advanced editor: a tab for each pack, a table for each query."""
    shown = [pack for pack in packs if any(query.pack == pack.id for query in queries)]
    tabs = {pack.id: [query for query in queries if query.pack == pack.id] for pack in shown}
    return {
        "version": "Notebook/1.0",
        "items": [
            {"type": _TEXT, "content": {"json": _CHOOSE.get(lang)}, "name": "how"},
            _time_range(max((pack.span for pack in shown), default=_RANGES[2]), lang),
            _tabs(shown, lang),
            *(_tab(pack, tabs[pack.id], lang) for pack in shown),
        ],
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }


def _time_range(span: timedelta, lang: Lang) -> Json:
    ranges = sorted({*_RANGES, span})
    parameter = {
        "id": _guid("workbook", _TIME_RANGE),
        "version": "KqlParameterItem/1.0",
        "name": _TIME_RANGE,
        "label": _RANGE.get(lang),
        "type": 4,  # a time range
        "isRequired": True,
        "value": {"durationMs": _milliseconds(span)},
        "typeSettings": {
            "selectableValues": [{"durationMs": _milliseconds(each)} for each in ranges],
            "allowCustom": True,
        },
    }
    content = {"version": "KqlParameterItem/1.0", "parameters": [parameter], "style": "pills"}
    return {"type": _PARAMETERS, "content": content, "name": "parameters"}


def _tabs(packs: Sequence[Pack], lang: Lang) -> Json:
    links = [
        {
            "id": _guid("tab", pack.id),
            "cellValue": "pack",
            "linkTarget": "parameter",
            "linkLabel": pack.title.get(lang),
            "subTarget": pack.id,
            "style": "link",
        }
        for pack in packs
    ]
    return {"type": _LINKS, "content": {"version": "LinkItem/1.0", "style": "tabs", "links": links}, "name": "packs"}


def _tab(pack: Pack, queries: Sequence[Query], lang: Lang) -> Json:
    return {
        "type": _GROUP,
        "content": {
            "version": "NotebookGroup/1.0",
            "groupType": "editable",
            "items": [item for query in queries for item in _table(query, lang)],
        },
        "conditionalVisibility": {"parameterName": "pack", "comparison": "isEqualTo", "value": pack.id},
        "name": f"pack {pack.id}",
    }


def _table(query: Query, lang: Lang) -> list[Json]:
    """What to look for, and the query's table."""
    content = {
        "version": "KqlItem/1.0",
        "query": kql.query(query),
        "size": 0,
        "title": query.title.get(lang),
        "timeContext": {"durationMs": 0},
        "timeContextFromParameter": _TIME_RANGE,
        "queryType": 0,
        "resourceType": _WORKSPACES,
        "visualization": "table",
    }
    table = {"type": _QUERY, "content": content, "name": query.key}
    if query.look_for is None:
        return [table]
    return [{"type": _TEXT, "content": {"json": query.look_for.get(lang)}, "name": f"{query.key} how"}, table]


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _guid(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "tripgen-observability/" + "/".join(names)))
