"""What a panel asks its data source, and the template variables that its questions name.

Azure targets are written out here: grafanalib's own Azure Monitor targets carry only fields that the data source has
since deprecated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from observability.model.alert import Alert, Slo
from observability.model.dashboard import Dashboard, Input, Kind, Mark, Panel, Trace
from observability.model.errors import DefinitionError, Problem
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, PlatformMetric, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.render import durations, kql, promql
from observability.render.grafana_model import core

Json = dict[str, Any]

WORKSPACE = "workspace"
RUNBOOKS = "runbooks"
REF = "A"
# The data source returns ten series of a split metric unless told otherwise, and drops the rest without a word. The
# widest split here is by node or by log table.
MOST_SERIES = "100"

_LABELS: dict[str, Text] = {
    "ds_azure": Text(ko="Azure Monitor 데이터 원본", en="Azure Monitor data source"),
    "ds_prometheus": Text(ko="Prometheus 데이터 원본", en="Prometheus data source"),
    "subscription": Text(ko="구독", en="Subscription"),
    "resource_group": Text(ko="리소스 그룹", en="Resource group"),
    "workspace": Text(ko="Log Analytics 작업 영역", en="Log Analytics workspace"),
    "app_insights": Text(ko="Application Insights", en="Application Insights"),
    "cluster": Text(ko="AKS 클러스터", en="AKS cluster"),
    "monitor_workspace": Text(ko="Azure Monitor 작업 영역", en="Azure Monitor workspace"),
    "postgresql": Text(ko="PostgreSQL 서버", en="PostgreSQL server"),
    "redis": Text(ko="Redis 캐시", en="Redis cache"),
    "service_bus": Text(ko="Service Bus 네임스페이스", en="Service Bus namespace"),
    "gateway": Text(ko="Application Gateway", en="Application Gateway"),
    "front_door": Text(ko="Front Door 프로필", en="Front Door profile"),
    "key_vault": Text(ko="Key Vault", en="Key Vault"),
    "registry": Text(ko="컨테이너 레지스트리", en="Container registry"),
    RUNBOOKS: Text(ko="런북 주소", en="Address of the runbooks"),
}


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


def variables(
    definition: Dashboard,
    resources: Mapping[str, ResourceName],
    lang: Lang,
    marks: tuple[Mark, ...] = (),
    runbooks: str = "",
) -> list[core.Template]:
    """The template variables that the dashboard's targets, events and links name, each after those it depends on."""
    engines = {engine_of(panel) for panel in definition.panels} | ({Engine.LOG} if marks else set())
    azure = engines - {Engine.PROMETHEUS}
    found: list[core.Template] = []
    if azure:
        found.append(_source_variable("ds_azure", Engine.LOG, lang))
    if Engine.PROMETHEUS in engines:
        found.append(_source_variable("ds_prometheus", Engine.PROMETHEUS, lang))
    if azure:
        found.append(_query_variable("subscription", {"queryType": "Azure Subscriptions"}, None, lang))
        group = {"queryType": "Azure Resource Groups", "subscription": "${subscription}"}
        found.append(_query_variable("resource_group", group, resources.get("resource_group"), lang))
    keys = [*([WORKSPACE] if marks else []), *_resource_keys(definition)]
    for key in dict.fromkeys(keys):
        query = {
            "queryType": "Azure Resource Names",
            "subscription": "${subscription}",
            "resourceGroup": "${resource_group}",
            "namespace": resources[key].type.lower(),
        }
        found.append(_query_variable(key, query, resources[key], lang))
    found += [_text_variable(box, "", lang) for box in definition.inputs]
    if any(panel.line_of for panel in definition.panels):
        found.append(_text_variable(Input(name=RUNBOOKS, title=_LABELS[RUNBOOKS]), runbooks, lang))
    return found


def _resource_keys(definition: Dashboard) -> Iterator[str]:
    for panel in definition.panels:
        engine = engine_of(panel)
        if isinstance(panel.shows, Trace):
            yield panel.shows.resource
        elif engine is Engine.LOG and not isinstance(panel.shows, GraphQuery):
            yield WORKSPACE
        elif engine is Engine.METRIC and isinstance(panel.shows, Signal) and panel.shows.metric is not None:
            yield panel.shows.metric.resource


def _text_variable(box: Input, default: str, lang: Lang) -> core.Template:
    return core.Template(name=box.name, label=box.title.get(lang), type="textbox", query=default, default=default)


def _label(name: str, lang: Lang) -> str:
    return _LABELS[name].get(lang) if name in _LABELS else name


def _source_variable(name: str, engine: Engine, lang: Lang) -> core.Template:
    return core.Template(name=name, label=_label(name, lang), type="datasource", query=data_source(engine)["type"])


def _query_variable(name: str, query: Json, resource: ResourceName | None, lang: Lang) -> core.Template:
    """A choice among what Azure has; the design's own resource comes first where there is one."""
    return core.Template(
        name=name,
        label=_label(name, lang),
        query={"refId": REF, **query},
        dataSource=data_source(Engine.LOG),
        default=resource.name if resource else None,
        regex="/tripgen/" if resource and "tripgen" in resource.name else None,
    )
