"""What a panel asks its data source.

Azure targets are written out here: grafanalib's own Azure Monitor targets carry only fields that the data source has
since deprecated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from observability.model.alert import Alert, Slo
from observability.model.dashboard import Kind, Mark, Panel, Trace
from observability.model.errors import DefinitionError, Problem
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, PlatformMetric, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang
from observability.render import durations, kql, promql
from observability.render.grafana_model import core

Json = dict[str, Any]

WORKSPACE = "workspace"
RUNBOOKS = "runbooks"
REF = "A"
# The data source returns ten series of a split metric unless told otherwise, and drops the rest without a word. The
# widest split here is by node or by log table.
MOST_SERIES = "100"


def data_source(engine: Engine) -> Json:
    """The data source by variable, so that one dashboard serves every Grafana."""
    if engine is Engine.PROMETHEUS:
        return {"type": "prometheus", "uid": "${ds_prometheus}"}
    return {"type": "grafana-azure-monitor-datasource", "uid": "${ds_azure}"}


def engine_of(panel: Panel) -> Engine:
    """Where the panel is read: a signal has its first engine unless the panel says, all else is asked of Azure."""
    if not isinstance(panel.shows, Signal):
        return Engine.LOG
    engine = panel.engine or panel.shows.engines[0]
    if engine not in panel.shows.engines:
        raise unfit(panel, f"signal '{panel.shows.name}' cannot be read on '{engine.value}'", "drop engine=...")
    return engine


def unfit(panel: Panel | Mark, wrong: str, todo: str) -> DefinitionError:
    return DefinitionError([Problem(str(panel.place), type(panel).__name__.lower(), panel.title.en, wrong, todo)])


def lines_of(panel: Panel, alerts: Mapping[str, Alert]) -> tuple[Alert, ...]:
    """The alerts whose lines the panel draws. Raises DefinitionError for one that does not exist."""
    for ident in panel.line_of:
        if ident not in alerts:
            known = ", ".join(f"'{name}'" for name in sorted(alerts)) or "none"
            raise unfit(panel, f"draws the line of unknown alert '{ident}'", f"there are {known}")
    return tuple(alerts[ident] for ident in panel.line_of)


def target(panel: Panel, alerts: Mapping[str, Alert], resources: Mapping[str, ResourceName], lang: Lang) -> Any:
    """The panel's one target: a grafanalib object for Prometheus, a dict for Azure. Raises ValueError for none."""
    shown, engine = panel.shows, engine_of(panel)
    if isinstance(shown, Trace):
        return _trace(shown, panel, resources)
    if isinstance(shown, GraphQuery):
        return _graph(shown)
    if not isinstance(shown, Signal):
        return logs(_whole(panel), "logs" if panel.kind is Kind.LOGS else "table", panel, resources)
    if engine is Engine.PROMETHEUS:
        return _prometheus(panel, shown, alerts, lang)
    if engine is Engine.METRIC:
        assert shown.metric is not None  # engine_of chose it
        if panel.kind is Kind.TABLE:
            raise ValueError(f"panel '{panel.title.en}': platform metrics are always a time series, not a table")
        return _metric(shown.metric, shown.title.get(lang), panel, resources)
    assert shown.kql is not None  # engine_of chose it
    if panel.kind is Kind.TIMESERIES:
        return logs(kql.chart(shown.kql, "$__interval"), "time_series", panel, resources)
    text = kql.now(shown.kql)
    if re.search(rf"\b{kql.BIN_SIZE}\b", text):
        raise ValueError(
            f"panel '{panel.title.en}': signal '{shown.name}' divides by the length of a time bin ({kql.BIN_SIZE}), "
            f"which a {panel.kind.value} does not have; show it as a timeseries"
        )
    return logs(text, "table", panel, resources)


def _whole(panel: Panel) -> str:
    """The text of a panel that shows a query or an objective."""
    if isinstance(panel.shows, Query):
        if panel.kind not in (Kind.TABLE, Kind.LOGS):
            raise ValueError(f"panel '{panel.title.en}': query '{panel.shows.key}' can only be shown as a table")
        if not panel.shows.runnable:
            raise ValueError(f"panel '{panel.title.en}': query '{panel.shows.key}' does not run")
        return kql.query(panel.shows, {param: f"${{{box.name}}}" for param, box in panel.inputs.items()})
    assert isinstance(panel.shows, Slo)
    if panel.kind not in (Kind.TABLE, Kind.STAT):
        raise ValueError(f"panel '{panel.title.en}': objective '{panel.shows.id}' can be shown as a table or a stat")
    return kql.slo(panel.shows)


def _resource(key: str, panel: Panel | Mark, resources: Mapping[str, ResourceName]) -> ResourceName:
    if key not in resources:
        known = ", ".join(f"'{name}'" for name in sorted(resources))
        raise unfit(panel, f"reads unknown resource '{key}'", f"there are {known}")
    return resources[key]


def resource_path(key: str, panel: Panel | Mark, resources: Mapping[str, ResourceName]) -> str:
    """A resource's id with the drop-downs' choices in it."""
    kind = _resource(key, panel, resources).type
    return f"/subscriptions/${{subscription}}/resourceGroups/${{resource_group}}/providers/{kind}/${{{key}}}"


def logs(text: str, result: str, panel: Panel | Mark, resources: Mapping[str, ResourceName]) -> Json:
    return {
        "refId": REF,
        "datasource": data_source(Engine.LOG),
        "queryType": "Azure Log Analytics",
        "azureLogAnalytics": {
            "query": text,
            "resources": [resource_path(WORKSPACE, panel, resources)],
            "resultFormat": result,
            "dashboardTime": True,
            "timeColumn": "TimeGenerated",
            "basicLogsQuery": False,
        },
    }


def _graph(query: GraphQuery) -> Json:
    return {
        "refId": REF,
        "datasource": data_source(Engine.LOG),
        "queryType": "Azure Resource Graph",
        "subscriptions": ["${subscription}"],
        "azureResourceGraph": {"query": kql.graph(query), "resultFormat": "table"},
    }


def _trace(trace: Trace, panel: Panel, resources: Mapping[str, ResourceName]) -> Json:
    return {
        "refId": REF,
        "datasource": data_source(Engine.LOG),
        "queryType": "Azure Traces",
        "azureTraces": {
            "resources": [resource_path(trace.resource, panel, resources)],
            "resultFormat": "trace",
            "operationId": f"${{{trace.operation.name}}}",
            "traceTypes": [],
            "filters": [],
        },
    }


def _metric(metric: PlatformMetric, title: str, panel: Panel, resources: Mapping[str, ResourceName]) -> Json:
    namespace = _resource(metric.resource, panel, resources).type.lower()
    split = [dimension for dimension in metric.by.values() if dimension not in metric.only]
    filters = [{"dimension": name, "operator": "eq", "filters": []} for name in split]
    filters += [{"dimension": name, "operator": "eq", "filters": [value]} for name, value in metric.only.items()]
    query: Json = {
        "resources": [
            {
                "subscription": "${subscription}",
                "resourceGroup": "${resource_group}",
                "resourceName": f"${{{metric.resource}}}",
                "metricNamespace": namespace,
            }
        ],
        "metricNamespace": namespace,
        "metricName": metric.metric,
        "aggregation": metric.aggregation,
        "timeGrain": "auto",
        "dimensionFilters": filters,
        "alias": " ".join(f"{{{{ {name} }}}}" for name in split) or title,
    }
    if split:
        query["top"] = MOST_SERIES
    return {
        "refId": REF,
        "datasource": data_source(Engine.METRIC),
        "queryType": "Azure Monitor",
        "subscription": "${subscription}",
        "azureMonitor": query,
    }


def _prometheus(panel: Panel, signal: Signal, alerts: Mapping[str, Alert], lang: Lang) -> core.Target:
    # A line only means something to the expression that the alert itself evaluates: five restarts in ten minutes are
    # not five in whatever window the zoom level gives.
    windows = [alert.window for alert in lines_of(panel, alerts) if alert.engine is Engine.PROMETHEUS]
    window = durations.prometheus(max(windows)) if windows else "$__rate_interval"
    return core.Target(
        refId=REF,
        datasource=data_source(Engine.PROMETHEUS),
        expr=promql.over(signal, window),
        legendFormat=" ".join(f"{{{{{name}}}}}" for name in signal.by(Engine.PROMETHEUS)) or signal.title.get(lang),
        format="table" if panel.kind is Kind.TABLE else "time_series",
        instant=panel.kind is not Kind.TIMESERIES,
    )
