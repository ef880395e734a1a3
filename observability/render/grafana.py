"""Grafana dashboards: built with grafanalib, then brought to the model that today's Grafana reads.

grafanalib's last release writes nulls, keys that Grafana has dropped and none of those that came since. What it
builds is therefore cut down to the keys of the current schemas (``_current``), and what it cannot say goes in as
``extraJson``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from observability.model.alert import Alert
from observability.model.clock import IANA_ZONE
from observability.model.dashboard import Dashboard, Mark, Note
from observability.model.system import ResourceName
from observability.model.text import Lang
from observability.render import grafana_links, grafana_panels, kql
from observability.render.grafana_links import TAG
from observability.render.grafana_model import core
from observability.render.grafana_variables import variables

Json = dict[str, Any]

SCHEMA_VERSION = 41
COLUMNS = 24


def dashboard(
    definition: Dashboard,
    alerts: Mapping[str, Alert],
    resources: Mapping[str, ResourceName],
    lang: Lang,
    *,
    marks: tuple[Mark, ...] = (),
    runbooks: str = "",
) -> Json:
    """The dashboard as Grafana reads it; ``runbooks`` is what stands in the text box of their address at first.

    Raises DefinitionError for an unknown alert or resource and ValueError for a panel that cannot be drawn.
    """
    panels = list(_laid_out(definition, alerts, resources, lang))
    built = core.Dashboard(
        uid=definition.id,
        title=definition.title.get(lang),
        description=definition.description.get(lang),
        tags=[TAG, definition.id.removeprefix(f"{TAG}-")],
        timezone=IANA_ZONE,
        schemaVersion=SCHEMA_VERSION,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        time=core.Time(f"now-{definition.last}", "now"),
        refresh=definition.refresh,
        links=grafana_links.between_dashboards(definition, lang),
        annotations=core.Annotations(
            list=[grafana_links.annotation(mark, kql.query(mark.shows), resources, lang) for mark in marks]
        ),
        templating=core.Templating(list=variables(definition, resources, lang, marks, runbooks)),
        panels=panels,
    )
    return _current(built)


def _laid_out(
    definition: Dashboard, alerts: Mapping[str, Alert], resources: Mapping[str, ResourceName], lang: Lang
) -> Iterator[Any]:
    """Rows and their panels from left to right, a new line where the 24 columns are full."""
    ident = y = 0
    for row in definition.rows:
        ident += 1
        yield core.RowPanel(id=ident, title=row.title.get(lang), gridPos=core.GridPos(h=1, w=COLUMNS, x=0, y=y))
        y, x, tallest = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                y, x, tallest = y + tallest, 0, 0
            ident += 1
            place = core.GridPos(h=panel.height, w=panel.width, x=x, y=y)
            if isinstance(panel, Note):
                yield grafana_panels.note(panel, ident, place, lang)
            else:
                yield grafana_panels.panel(panel, ident, place, alerts, resources, lang)
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest


# --- from grafanalib's model to today's -------------------------------------------------------------


def _keys(names: str) -> tuple[str, ...]:
    return tuple(names.split())


# The keys of the current schemas that these dashboards use, in the order in which the JSON reads best.
_DASHBOARD = _keys(
    "uid title description tags timezone editable graphTooltip time refresh schemaVersion links annotations templating "
    "panels"
)
_VARIABLE = _keys(
    "name label type datasource query regex refresh sort hide multi includeAll current options allValue skipUrlSync"
)
_PANEL = _keys(
    "id type title description links gridPos datasource targets interval timeFrom transformations fieldConfig options"
)
_ROW = _keys("id type title gridPos collapsed panels")
_FIELD = _keys("displayName unit decimals min max color thresholds links custom")
# Written out in today's model already.
_AS_IT_IS = ("text", "logs", "traces")
_CUSTOM = {
    "timeseries": _keys(
        "drawStyle lineInterpolation lineWidth fillOpacity gradientMode spanNulls showPoints pointSize stacking "
        "scaleDistribution barAlignment axisPlacement axisLabel axisSoftMin axisSoftMax hideFrom thresholdsStyle"
    ),
    "table": _keys("align inspect filterable"),
}
_PROMETHEUS = _keys("refId datasource expr legendFormat format instant")


def _plain(value: Any) -> Any:
    """grafanalib's objects as dicts and lists, without nulls and with whole numbers written as such."""
    # Most of tens of thousands of values are texts and numbers: they go first.
    kind = type(value)
    if kind is str or kind is bool or kind is int:
        return value
    if kind is float:
        return int(value) if value.is_integer() else value
    if hasattr(value, "to_json_data"):
        value = value.to_json_data()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _only(values: Json, keys: Iterable[str]) -> Json:
    return {key: values[key] for key in keys if key in values}


def _current(built: core.Dashboard) -> Json:
    values = _only(_plain(built), _DASHBOARD)
    values["templating"]["list"] = [_variable(item) for item in values["templating"]["list"]]
    values["panels"] = [_panel(panel) for panel in values["panels"]]
    return values


def _panel(values: Json) -> Json:
    if values["type"] in _AS_IT_IS:
        return values
    return _only(values, _ROW) if values["type"] == "row" else _data_panel(values)


def _variable(values: Json) -> Json:
    kept = _only(values, _VARIABLE)
    # A variable without a default takes the first of its options; an empty choice would select nothing.
    current = _only(kept.pop("current"), ("selected", "text", "value"))
    return kept | ({"current": current} if "value" in current else {})


def _data_panel(values: Json) -> Json:
    kept = _only(values, _PANEL)
    for name in ("transformations", "links"):
        if not kept[name]:
            del kept[name]
    kept["targets"] = [item if "queryType" in item else _prometheus(item) for item in kept["targets"]]
    config = kept["fieldConfig"]
    kept["fieldConfig"] = {"defaults": _field(config["defaults"], kept["type"]), "overrides": config["overrides"]}
    return kept


def _prometheus(values: Json) -> Json:
    return _only(values, _PROMETHEUS) | {"range": not values["instant"], "editorMode": "code"}


def _field(values: Json, kind: str) -> Json:
    kept = _only(values, _FIELD)
    kept["thresholds"] = {"mode": "absolute", "steps": [_step_of(step) for step in values["thresholds"]["steps"]]}
    custom = _only(kept.pop("custom", {}), _CUSTOM.get(kind, ()))
    if "scaleDistribution" in custom:
        custom["scaleDistribution"] = {"type": "linear"}  # grafanalib adds the base of a logarithm that is not taken
    for name in ("unit", "links"):
        if not kept.get(name):
            kept.pop(name, None)
    return kept | ({"custom": custom} if custom else {})


def _step_of(step: Json) -> Json:
    return {"value": None if step["index"] == 0 else step["value"], "color": step["color"]}
