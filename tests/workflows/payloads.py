"""Alerts in the common alert schema, in the shapes of the three kinds of rules."""

from __future__ import annotations

import copy
import json
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

from observability.catalog import load
from observability.render import promql, words

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-tripgen-prod/providers"
FIRED, RESOLVED = "2026-11-24T11:05:12.4567891Z", "2026-11-24T11:52:40.1Z"
QUERY = "https://portal.azure.com#@tenant/blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/q/aBc%2F1/timespan/PT5M"
RUNBOOKS = "https://runbooks.example.com"

ALERTS = {alert.id: alert for alert in load().alerts}

Payload = dict[str, Any]


def _alert(ident: str, service: str, signal: str, context: Any, properties: Any) -> Payload:
    name = properties["alertId"]
    rule = f"alert-tripgen-{name}"
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{ident}",
                "alertRule": rule,
                "severity": f"Sev{properties['severity']}",
                "signalType": signal,
                "monitorCondition": "Fired",
                "monitoringService": service,
                "alertTargetIDs": [f"{GROUP.lower()}/microsoft.operationalinsights/workspaces/law-tripgen-prod"],
                "configurationItems": ["law-tripgen-prod"],
                "originAlertId": "b1b2",
                "firedDateTime": FIRED,
                "description": words.description(ALERTS[name], "ko"),
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": context,
            "customProperties": properties,
        },
    }


def properties(ident: str, severity: int) -> dict[str, str]:
    return {"alertId": ident, "severity": str(severity), "category": "critical", "runbook": f"{RUNBOOKS}/{ident}.md"}


def log(ident: str = "high-error-rate", severity: int = 2, value: Any = 1.634, **dimensions: str) -> Payload:
    own = properties(ident, severity)
    condition = {
        "searchQuery": "AppRequests | ...",
        "metricMeasureColumn": "value",
        "targetResourceTypes": "['Microsoft.OperationalInsights/workspaces']",
        "operator": "GreaterThan",
        "threshold": "1",
        "timeAggregation": "Maximum",
        "dimensions": [{"name": n, "value": v} for n, v in (dimensions or {"service": "location-service"}).items()],
        "metricValue": value,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        "linkToSearchResultsUI": QUERY,
        "linkToFilteredSearchResultsUI": QUERY,
        "linkToSearchResultsAPI": "https://api.loganalytics.io/v1/workspaces/a/query",
        "linkToFilteredSearchResultsAPI": "https://api.loganalytics.io/v1/workspaces/a/query",
    }
    context = {
        "properties": own,
        "conditionType": "LogQueryCriteria",
        "condition": {"windowSize": "PT5M", "allOf": [condition], "windowStartTime": FIRED, "windowEndTime": FIRED},
    }
    return _alert("log-1", "Log Alerts V2", "Log", context, own)


def metric(ident: str = "high-memory-usage", severity: int = 3) -> Payload:
    own = properties(ident, severity)
    condition = {
        "metricName": "node_memory_working_set_percentage",
        "metricNamespace": "Microsoft.ContainerService/managedClusters",
        "operator": "GreaterThan",
        "threshold": "85",
        "timeAggregation": "Average",
        "dimensions": [
            {"name": "node", "value": "aks-application-1"},
            {"name": "nodepool", "value": "application"},
        ],
        "metricValue": 91.25,
        "webTestName": None,
    }
    context = {
        "properties": own,
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": {"windowSize": "PT5M", "allOf": [condition], "windowStartTime": FIRED, "windowEndTime": FIRED},
    }
    return _alert("metric-1", "Platform", "Metric", context, own)


def prometheus(
    ident: str = "database-connection-pool-exhausted", severity: int = 2, value: str = "0.8342", **labels: str
) -> Payload:
    context = {
        "interval": "PT1M",
        "expression": promql.condition(ALERTS[ident]),
        "expressionValue": value,
        "for": None,
        "labels": {"alertname": "A", "alert_id": ident, "severity": str(severity), **(labels or {"role": "primary"})},
        "annotations": {
            "summary": ALERTS[ident].title.ko,
            "description": words.description(ALERTS[ident], "ko"),
            "runbook_url": f"{RUNBOOKS}/{ident}.md",
        },
        "ruleGroup": f"{GROUP}/Microsoft.AlertsManagement/prometheusRuleGroups/alert-tripgen-{ident}",
    }
    return _alert("prom-1", "Prometheus", "Metric", context, properties(ident, severity))


def crash_loop() -> Payload:
    return prometheus("pod-crash-loop", 2, "7", namespace="production", pod="trip-1", container="trip-service")


def spending(spent: str = "$4,480.12", expected: str | None = None, *, old: bool = False) -> Payload:
    """What a budget sends: no rule, no severity, and in the ``old`` shape not even a condition.

    Source: the samples of test actions in Azure Monitor's page on alert payloads, of 2022 and of 2025.
    """
    name = "budget-tripgen-rg-tripgen-prod-stated"
    data = {
        "Scope": f"{SUBSCRIPTION}/",
        "ThresholdType": "Forecasted" if expected else "Actual",
        "BudgetType": "Cost",
        "BudgetThreshold": "$5,600.00",
        "NotificationThresholdAmount": "$5,600.00" if expected else "$4,480.00",
        "BudgetName": name,
        "BudgetId": f"{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/{name}",
        "BudgetStartDate": "2026-12-01",
        "BudgetCreator": "deployer@example.com",
        "Unit": "USD",
        "SpentAmount": spent,
    }
    data |= {"ForecastedTotalForPeriod": expected} if expected else {}
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "monitoringService": "CostAlerts",
                "firedDateTime": FIRED,
                "description": f"Your spend for budget {name} is now {spent}.",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
                "alertId": f"{SUBSCRIPTION}/providers/Microsoft.CostManagement/alerts/cost-1",
                "alertRule": None,
                "severity": None,
                "signalType": None,
                "monitorCondition": None if old else "Fired",
                "alertTargetIDs": None,
                "configurationItems": ["budgets"],
                "originAlertId": None,
            },
            "alertContext": {"AlertCategory": "budgets", "AlertData": data},
        },
    }


def resolved(payload: Payload) -> Payload:
    after = copy.deepcopy(payload)
    after["data"]["essentials"] |= {"monitorCondition": "Resolved", "resolvedDateTime": RESOLVED}
    return after


def another(payload: Payload, ident: str, fired: str = FIRED) -> Payload:
    """The same alert as a new instance."""
    after = copy.deepcopy(payload)
    essentials = after["data"]["essentials"]
    essentials |= {"alertId": essentials["alertId"].rsplit("/", 1)[0] + f"/{ident}", "firedDateTime": fired}
    return after


def in_english(payload: Payload) -> Payload:
    """As a template in English has its rules say it."""
    after = copy.deepcopy(payload)
    said = words.description(ALERTS[after["data"]["customProperties"]["alertId"]], "en")
    after["data"]["essentials"]["description"] = said
    after["data"]["alertContext"].get("annotations", {})["description"] = said
    return after


def main(arguments: list[str]) -> int:
    """Prints an alert that fires now, for trying a workflow (docs/actions.md)."""
    kinds = {"log": log, "metric": metric, "prometheus": prometheus, "crash-loop": crash_loop, "budget": spending}
    if not arguments or arguments[0] not in kinds or arguments[1:] not in ([], ["resolved"]):
        print(f"payloads: name one of {', '.join(kinds)}, then 'resolved' or nothing", file=sys.stderr)
        return 2
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    made = another(kinds[arguments[0]](), str(uuid.uuid4()), now)
    made = resolved(made) if arguments[1:] else made
    if arguments[1:]:
        made["data"]["essentials"]["resolvedDateTime"] = now
    print(json.dumps(made, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
