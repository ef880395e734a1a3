"""Alert rules as ARM resources: log, metric and Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from observability.model.alert import Alert
from observability.model.place import Place
from observability.model.signal import RECORDED_EVERY, Engine, Signal
from observability.model.source import sections_of
from observability.model.system import ResourceName
from observability.model.text import Lang
from observability.render import durations, kql, promql
from observability.render.arm import Json, Resource, parameter, quoted, resource_id, text
from observability.render.arm_actions import GROUP_TYPE, group_name
from observability.render.words import description, section_list

RULE_TYPES = {
    Engine.LOG: "Microsoft.Insights/scheduledQueryRules",
    Engine.METRIC: "Microsoft.Insights/metricAlerts",
    Engine.PROMETHEUS: "Microsoft.AlertsManagement/prometheusRuleGroups",
}


# How many windows a log rule looks at, and how many of them have to fail: the document knows of one.
PERIODS, NEEDED = 1, 1
# How long a Prometheus rule has to be false before its alert resolves: Azure's own default, written out.
PROMETHEUS_RESOLVES = timedelta(minutes=5)


RULE_PREFIX = "alert-tripgen-"


def rule_name(alert: Alert) -> str:
    return f"{RULE_PREFIX}{alert.id}"


def prometheus_name(alert: Alert) -> str:
    """CamelCase, as Prometheus alerts are named: HighErrorRate."""
    return "".join(part.capitalize() for part in alert.id.split("-"))


def name_parameter(resource: str) -> str:
    """The parameter that holds the name of one of the design's resources: cluster -> clusterName."""
    first, *rest = resource.split("_")
    return first + "".join(part.capitalize() for part in rest) + "Name"


def _properties(alert: Alert) -> dict[str, str]:
    """What every receiver gets along with the alert; all values are texts, as the service wants."""
    causes = {"causes": ", ".join(alert.causes)} if alert.causes else {}
    return {
        "alertId": alert.id,
        "severity": str(int(alert.severity)),
        "category": alert.category.value,
        "runbook": f"[concat(parameters('runbookBaseUrl'), '/{alert.id}.md')]",
        "definition": file_of(alert.place),
        "source": section_list(sections_of(alert.source)),
        **causes,
    }


def file_of(place: Place) -> str:
    """The file alone: a line number would change with every edit above it."""
    return place.file


def _group_id(alert: Alert) -> str:
    return resource_id(GROUP_TYPE, group_name(alert.actions))


def _workspace_scope() -> str:
    return resource_id("Microsoft.OperationalInsights/workspaces", parameter("workspaceName"))


def mute(alert: Alert) -> timedelta | None:
    """For how long nothing more is told of an event that was told: its window, in which it is seen again.

    A rule that is split has none. Azure's pages do not say whether a mute is of one value of a dimension or of the whole
    rule, and if it is of the rule, the event of a second value would be told to nobody: better one twice.
    """
    return None if alert.resolves or alert.watches.by(Engine.LOG) else alert.window


def _dimensions(names: Iterable[str]) -> list[Json]:
    return [{"name": name, "operator": "Include", "values": ["*"]} for name in names]


def log_rule(alert: Alert, lang: Lang) -> Resource:
    """A scheduledQueryRule: one row for each dimension value, so Maximum or Minimum of it is the value itself."""
    muted = mute(alert)
    return {
        "type": RULE_TYPES[Engine.LOG],
        "apiVersion": "2023-12-01",
        "name": rule_name(alert),
        "location": parameter("location"),
        "kind": "LogAlert",
        "properties": {
            "displayName": text(alert.title.get(lang)),
            "description": text(description(alert, lang)),
            "severity": int(alert.severity),
            "enabled": True,
            "scopes": [_workspace_scope()],
            "windowSize": durations.iso(alert.window),
            "evaluationFrequency": durations.iso(alert.every),
            "criteria": {
                "allOf": [
                    {
                        "query": kql.alert(alert),
                        "timeAggregation": "Maximum" if alert.above is not None else "Minimum",
                        "metricMeasureColumn": "value",
                        "dimensions": _dimensions(alert.watches.by(Engine.LOG)),
                        "operator": "GreaterThan" if alert.above is not None else "LessThan",
                        "threshold": promql.limit(alert),
                        "failingPeriods": {"numberOfEvaluationPeriods": PERIODS, "minFailingPeriodsToAlert": NEEDED},
                    }
                ]
            },
            "autoMitigate": alert.resolves,
            **({"muteActionsDuration": durations.iso(muted)} if muted is not None else {}),
            # The queries are bound against the tables' schemas when they are built; a table without rows yet
            # must not stop the first deployment.
            "skipQueryValidation": True,
            "actions": {"actionGroups": [_group_id(alert)], "customProperties": _properties(alert)},
        },
    }


def metric_rule(alert: Alert, resource: ResourceName, lang: Lang) -> Resource:
    """A metric alert on one resource, split by every dimension of the signal.

    It names no region: the service wants one only for several resources, and refuses a rule whose resource is not
    in the region that is named, as Front Door (global) and the replica in Korea South are not in the cluster's.
    """
    metric = alert.watches.metric
    if metric is None:
        raise ValueError(f"signal '{alert.watches.name}' has no platform metric")
    dimensions = _dimensions(metric.by.values())
    dimensions += [{"name": name, "operator": "Include", "values": [value]} for name, value in metric.only.items()]
    return {
        "type": RULE_TYPES[Engine.METRIC],
        "apiVersion": "2026-01-01",
        "name": rule_name(alert),
        "location": "global",
        "properties": {
            "description": text(description(alert, lang)),
            "severity": int(alert.severity),
            "enabled": True,
            "scopes": [resource_id(resource.type, parameter(name_parameter(resource.key)))],
            "windowSize": durations.iso(alert.window),
            "evaluationFrequency": durations.iso(alert.every),
            "targetResourceType": resource.type,
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": metric.metric,
                        "metricNamespace": resource.type,
                        "metricName": metric.metric,
                        "timeAggregation": metric.aggregation,
                        "operator": "GreaterThan" if alert.above is not None else "LessThan",
                        "threshold": promql.limit(alert),
                        "dimensions": dimensions,
                    }
                ],
            },
            "autoMitigate": True,
            "actions": [{"actionGroupId": _group_id(alert), "webHookProperties": _properties(alert)}],
        },
    }


def annotations_of(alert: Alert, lang: Lang) -> dict[str, str]:
    """What a Prometheus alert says; the labels tell which one of several it is."""
    labels = alert.watches.by(Engine.PROMETHEUS)
    which = ", ".join(f"{name}={{{{ $labels.{name} }}}}" for name in labels)
    return {
        "summary": f"{alert.title.get(lang)}: {which}" if which else alert.title.get(lang),
        "description": description(alert, lang),
    }


def labels_of(alert: Alert) -> dict[str, str]:
    return {"alert_id": alert.id, "category": alert.category.value, "severity": str(int(alert.severity))}


def _rule_group(name: str, rules: list[Json], every: str, words: str) -> Resource:
    return {
        "type": RULE_TYPES[Engine.PROMETHEUS],
        "apiVersion": "2023-03-01",
        "name": name,
        "location": parameter("location"),
        "properties": {
            "description": text(words),
            "enabled": True,
            "clusterName": parameter("clusterName"),
            "scopes": [
                resource_id("Microsoft.Monitor/accounts", parameter("monitorWorkspaceName")),
                resource_id("Microsoft.ContainerService/managedClusters", parameter("clusterName")),
            ],
            "interval": every,
            "rules": rules,
        },
    }


def prometheus_rule(alert: Alert, lang: Lang) -> Resource:
    """A rule group of this one alert, so that it can be deployed alone."""
    runbook = f"[concat(parameters('runbookBaseUrl'), {quoted(f'/{alert.id}.md')})]"
    said = {name: text(words) for name, words in annotations_of(alert, lang).items()}
    rule: dict[str, Json] = {
        "alert": prometheus_name(alert),
        "enabled": True,
        "expression": promql.condition(alert),
        "severity": int(alert.severity),
        "labels": labels_of(alert),
        "annotations": {**said, "runbook_url": runbook},
        "resolveConfiguration": {"autoResolved": True, "timeToResolve": durations.iso(PROMETHEUS_RESOLVES)},
        "actions": [{"actionGroupId": _group_id(alert), "actionProperties": _properties(alert)}],
    }
    if alert.pending is not None:
        rule["for"] = durations.iso(alert.pending)
    return _rule_group(rule_name(alert), [rule], durations.iso(alert.every), description(alert, lang))


def recording_rules(signals: tuple[Signal, ...], per_group: int) -> list[Resource]:
    """The document's metric names as recording rules, in groups that Azure accepts.

    Each carries the cluster's name: the groups that read it are limited to one cluster, which means to series with that
    label, and a sum keeps no label of its own.
    """
    cluster = {"cluster": parameter(name_parameter("cluster"))}
    rules = [
        {"record": name, "enabled": True, "expression": expr, "labels": cluster}
        for name, expr in promql.recorded(signals).items()
    ]
    return [
        _rule_group(
            f"record-tripgen-{start // per_group + 1}",
            rules[start : start + per_group],
            durations.iso(RECORDED_EVERY),
            "Metrics of document 8.2.2.",
        )
        for start in range(0, len(rules), per_group)
    ]


def rule(alert: Alert, resources: dict[str, ResourceName], lang: Lang) -> Resource:
    """The rule on the alert's engine."""
    if alert.engine is Engine.LOG:
        return log_rule(alert, lang)
    if alert.engine is Engine.METRIC:
        metric = alert.watches.metric
        if metric is None:
            raise ValueError(f"signal '{alert.watches.name}' has no platform metric")
        return metric_rule(alert, resources[metric.resource], lang)
    return prometheus_rule(alert, lang)
