"""Ways out of a panel and what is drawn across all of them: runbooks, the portal, other dashboards, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from observability.model.alert import Alert
from observability.model.dashboard import Dashboard, Mark, Panel, Trace
from observability.model.query import GraphQuery
from observability.model.signal import Engine, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.render.grafana_targets import RUNBOOKS, WORKSPACE, data_source, engine_of, logs, resource_path

Json = dict[str, Any]

TAG = "tripgen"
OVERVIEW = f"{TAG}-overview"
TRACE = f"{TAG}-trace"
OPERATION = "operationId"
"""The text box of the trace dashboard that says which operation it shows."""
OPERATION_COLUMN = "operation_id"
"""A query's column of this name leads to the trace dashboard."""

_PORTAL = "https://portal.azure.com/#resource"
# What the trace dashboard cannot do without, as it is chosen here; its own text box must not come along a second time.
_CHOSEN = "".join(f"&${{{name}:queryparam}}" for name in ("ds_azure", "subscription", "resource_group"))
_OVERVIEW_LINK = Text(ko="한눈에 보기", en="Overview")
_OTHERS = Text(ko="다른 대시보드", en="Other dashboards")
_RUNBOOK = Text(ko="런북", en="Runbook")
_IN_PORTAL = Text(ko="Azure 포털에서 보기", en="See it in the Azure portal")
_TRACED = Text(ko="이 작업의 추적 보기", en="See the trace of this operation")


def _link(title: str, url: str, *, icon: str, new_tab: bool) -> Json:
    """A link as dashboards, panels and fields all take it."""
    return {
        "asDropdown": False,
        "icon": icon,
        "includeVars": not new_tab,
        "keepTime": not new_tab,
        "tags": [],
        "targetBlank": new_tab,
        "title": title,
        "tooltip": "",
        "type": "link",
        "url": url,
    }


def between_dashboards(definition: Dashboard, lang: Lang) -> list[Json]:
    """The way to the front page, then all dashboards: in a row on the front page, in a drop-down elsewhere."""
    front = definition.id == OVERVIEW
    others = _link(_OTHERS.get(lang), "", icon="external link", new_tab=False)
    others |= {"type": "dashboards", "tags": [TAG], "asDropdown": not front}
    home = _link(_OVERVIEW_LINK.get(lang), f"/d/{OVERVIEW}", icon="dashboard", new_tab=False)
    return [others] if front else [home, others]


def of_panel(panel: Panel, drawing: Iterable[Alert], resources: Mapping[str, ResourceName], lang: Lang) -> list[Json]:
    """The runbook of each alert whose line is drawn, then the resource in the portal."""
    found = [
        _link(
            f"{_RUNBOOK.get(lang)}: {alert.title.get(lang)}",
            f"${{{RUNBOOKS}}}/{alert.id}.md",
            icon="doc",
            new_tab=True,
        )
        for alert in drawing
    ]
    path = _portal_path(panel, resources)
    if path is not None:
        found.append(_link(_IN_PORTAL.get(lang), f"{_PORTAL}{path}", icon="external link", new_tab=True))
    return found


def _portal_path(panel: Panel, resources: Mapping[str, ResourceName]) -> str | None:
    """The resource behind the panel, named by the drop-downs; Prometheus has none, and Resource Graph has them all."""
    shown = panel.shows
    if isinstance(shown, GraphQuery | Trace) or engine_of(panel) is Engine.PROMETHEUS:
        return None
    if isinstance(shown, Signal) and engine_of(panel) is Engine.METRIC and shown.metric is not None:
        return resource_path(shown.metric.resource, panel, resources) + "/metrics"
    return resource_path(WORKSPACE, panel, resources) + "/logs"


def to_trace(lang: Lang) -> Json:
    """What makes the cells of a column lead to the trace dashboard."""
    url = f"/d/{TRACE}?var-{OPERATION}=${{__value.raw}}{_CHOSEN}&${{__url_time_range}}"
    return {"links": [{"title": _TRACED.get(lang), "url": url, "targetBlank": True}]}


def annotation(mark: Mark, text: str, resources: Mapping[str, ResourceName], lang: Lang) -> Json:
    """Events over every chart. The data source takes log queries alone for this, so open alerts cannot be drawn."""
    return {
        "name": mark.title.get(lang),
        "datasource": data_source(Engine.LOG),
        "enable": True,
        "hide": False,
        "iconColor": mark.colour,
        "target": logs(text, "table", mark, resources),
    }
