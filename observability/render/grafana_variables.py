"""The drop-downs and text boxes above a dashboard: what its questions, events and links name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from observability.model.dashboard import Dashboard, Input, Mark, Trace
from observability.model.query import GraphQuery
from observability.model.signal import Engine, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.render.grafana_model import core
from observability.render.grafana_targets import REF, RUNBOOKS, WORKSPACE, data_source, engine_of

Json = dict[str, Any]

_LABELS: dict[str, Text] = {
    "ds_azure": Text(ko="Azure Monitor 데이터 원본", en="Azure Monitor data source"),
    "ds_prometheus": Text(ko="Prometheus 데이터 원본", en="Prometheus data source"),
    "subscription": Text(ko="구독", en="Subscription"),
    "resource_group": Text(ko="리소스 그룹", en="Resource group"),
    "workspace": Text(ko="Log Analytics 작업 영역", en="Log Analytics workspace"),
    "app_insights": Text(ko="Application Insights", en="Application Insights"),
    "checks_insights": Text(ko="합성 점검의 Application Insights", en="Application Insights of the synthetic checks"),
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
    found += [_text_variable(box, lang) for box in definition.inputs]
    if any(panel.line_of for panel in definition.panels):
        found.append(_text_variable(Input(name=RUNBOOKS, title=_LABELS[RUNBOOKS], at_first=runbooks), lang))
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


def _text_variable(box: Input, lang: Lang) -> core.Template:
    return core.Template(
        name=box.name, label=box.title.get(lang), type="textbox", query=box.at_first, default=box.at_first
    )


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
