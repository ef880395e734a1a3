from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from observability.model.alert import Action, Alert, Category, Channel, Severity
from observability.model.place import Place
from observability.model.query import Kql
from observability.model.signal import Engine, PlatformMetric, PromQL, Signal
from observability.model.source import Section
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.model.units import Unit, minutes, percent, seconds_of
from observability.render import arm_alerts
from observability.render.arm import Resource

WORDS = Text("주문", "Orders")
HERE = "tests/render/test_arm_alerts.py"
GROUP = "[resourceId('Microsoft.Insights/actionGroups', 'ag-tripgen-ow')]"
OWNER = Action(id="owner", title=WORDS, channel=Channel.SMS, code="ow", does=WORDS)
TILL = ResourceName(key="old_till", name="till-1", type="Shop/tills", source=Section("1"))
LATE = Signal(
    name="late_share",
    title=Text("늦은 비율", "Late share"),
    unit=Unit.RATIO,
    help=WORDS,
    kql=Kql(
        rows="Orders",
        summarize="total = count(), late = countif(Late)",
        by={"shop": "ShopName", "city": "City"},
        result="""
            | where total >= floor
            | extend value = 1.0 * late / total
        """,
        params={"floor": 1},
    ),
    metric=PlatformMetric(
        resource="old_till",
        metric="LateShare",
        aggregation="Average",
        by={"till": "TillId", "city": "City"},
        only={"Kind": "Order"},
    ),
    promql=PromQL(expr="late_total[$window]", by=("shop", "city")),
)
TOO_LATE = Alert(
    id="too-late",
    title=Text("너무 늦음", "Too late"),
    watches=LATE,
    engine=Engine.LOG,
    above=percent(0.5),
    window=minutes(10),
    every=minutes(5),
    severity=Severity.TWO,
    category=Category.RESOURCE,
    actions=(OWNER,),
    meaning=Text("주문이 늦습니다.", "Orders are late."),
    impact=WORDS,
    because=WORDS,
    first_steps=(),
    params={"floor": 20},
    source=Section("7.1", reading="R9"),
)
TOLD = {
    "alertId": "too-late",
    "severity": "2",
    "category": "resource",
    "runbook": "[concat(parameters('runbookBaseUrl'), '/too-late.md')]",
    "definition": HERE,
    "source": "7.1 (R9)",
}


# --- log rules ----------------------------------------------------------------------------------------------


def test_a_log_rule_fires_above_the_limit_for_each_place_apart() -> None:
    assert arm_alerts.log_rule(TOO_LATE, "en") == {
        "type": "Microsoft.Insights/scheduledQueryRules",
        "apiVersion": "2023-12-01",
        "name": "alert-tripgen-too-late",
        "location": "[parameters('location')]",
        "kind": "LogAlert",
        "properties": {
            "displayName": "Too late",
            "description": "Late share above 0.5%, over 10 minutes. Orders are late. Design document 7.1 (R9).",
            "severity": 2,
            "enabled": True,
            "scopes": ["[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"],
            "windowSize": "PT10M",
            "evaluationFrequency": "PT5M",
            "criteria": {
                "allOf": [
                    {
                        "query": (
                            "let floor = 20;\n"
                            "Orders\n"
                            "| summarize total = count(), late = countif(Late) by shop = ShopName, city = City\n"
                            "| where total >= floor\n"
                            "| extend value = 1.0 * late / total\n"
                            "| project shop, city, value"
                        ),
                        "timeAggregation": "Maximum",
                        "metricMeasureColumn": "value",
                        "dimensions": [
                            {"name": "shop", "operator": "Include", "values": ["*"]},
                            {"name": "city", "operator": "Include", "values": ["*"]},
                        ],
                        "operator": "GreaterThan",
                        "threshold": 0.005,
                        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
                    }
                ]
            },
            "autoMitigate": True,
            "skipQueryValidation": True,
            "actions": {"actionGroups": [GROUP], "customProperties": TOLD},
        },
    }


def test_a_log_rule_fires_below_the_limit() -> None:
    low = replace(
        TOO_LATE,
        above=None,
        below=percent(99.9),
        watches=replace(LATE, kql=Kql(rows="Orders", summarize="value = avg(OnTime)")),
    )
    assert arm_alerts.log_rule(low, "ko") == {
        "type": "Microsoft.Insights/scheduledQueryRules",
        "apiVersion": "2023-12-01",
        "name": "alert-tripgen-too-late",
        "location": "[parameters('location')]",
        "kind": "LogAlert",
        "properties": {
            "displayName": "너무 늦음",
            "description": "늦은 비율 99.9% 미만, 10분 구간. 주문이 늦습니다. 설계서 7.1 (R9).",
            "severity": 2,
            "enabled": True,
            "scopes": ["[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"],
            "windowSize": "PT10M",
            "evaluationFrequency": "PT5M",
            "criteria": {
                "allOf": [
                    {
                        "query": "Orders\n| summarize value = avg(OnTime)\n| project value",
                        "timeAggregation": "Minimum",
                        "metricMeasureColumn": "value",
                        "dimensions": [],
                        "operator": "LessThan",
                        "threshold": 0.999,
                        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
                    }
                ]
            },
            "autoMitigate": True,
            "skipQueryValidation": True,
            "actions": {"actionGroups": [GROUP], "customProperties": TOLD},
        },
    }


CLOSED = Text("치운 뒤", "the till is empty")


def test_a_rule_on_an_event_does_not_resolve_and_tells_it_once_in_its_window() -> None:
    whole = replace(LATE, kql=Kql(rows="Orders", summarize="value = count()"))
    properties = arm_alerts.log_rule(replace(TOO_LATE, watches=whole, closed_when=CLOSED), "en")["properties"]
    assert (properties["autoMitigate"], properties["muteActionsDuration"]) == (False, "PT10M")
    assert properties["description"] == (
        "Late share above 0.5%, over 10 minutes. Orders are late. It does not resolve by itself: close it once the till is "
        "empty. Design document 7.1 (R9)."
    )


def test_a_rule_on_an_event_that_is_split_is_not_muted_so_that_a_second_place_is_told() -> None:
    properties = arm_alerts.log_rule(replace(TOO_LATE, closed_when=CLOSED), "en")["properties"]
    assert properties["autoMitigate"] is False
    assert "muteActionsDuration" not in properties


# --- metric rules -------------------------------------------------------------------------------------------


def test_a_metric_rule_is_split_by_every_dimension_and_keeps_one_value_of_another() -> None:
    assert arm_alerts.metric_rule(replace(TOO_LATE, engine=Engine.METRIC), TILL, "en") == {
        "type": "Microsoft.Insights/metricAlerts",
        "apiVersion": "2026-01-01",
        "name": "alert-tripgen-too-late",
        "location": "global",
        "properties": {
            "description": "Late share above 0.5%, over 10 minutes. Orders are late. Design document 7.1 (R9).",
            "severity": 2,
            "enabled": True,
            "scopes": ["[resourceId('Shop/tills', parameters('oldTillName'))]"],
            "windowSize": "PT10M",
            "evaluationFrequency": "PT5M",
            "targetResourceType": "Shop/tills",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "LateShare",
                        "metricNamespace": "Shop/tills",
                        "metricName": "LateShare",
                        "timeAggregation": "Average",
                        "operator": "GreaterThan",
                        "threshold": 0.005,
                        "dimensions": [
                            {"name": "TillId", "operator": "Include", "values": ["*"]},
                            {"name": "City", "operator": "Include", "values": ["*"]},
                            {"name": "Kind", "operator": "Include", "values": ["Order"]},
                        ],
                    }
                ],
            },
            "autoMitigate": True,
            "actions": [{"actionGroupId": GROUP, "webHookProperties": TOLD}],
        },
    }


def test_a_metric_rule_fires_below_the_limit() -> None:
    low = replace(TOO_LATE, engine=Engine.METRIC, above=None, below=percent(20))
    (criterion,) = arm_alerts.metric_rule(low, TILL, "ko")["properties"]["criteria"]["allOf"]
    assert (criterion["operator"], criterion["threshold"]) == ("LessThan", 0.2)


# --- Prometheus rules ---------------------------------------------------------------------------------------


def test_a_prometheus_alert_is_a_rule_group_of_its_own() -> None:
    pending = replace(TOO_LATE, engine=Engine.PROMETHEUS, pending=minutes(3))
    assert arm_alerts.prometheus_rule(pending, "en") == {
        "type": "Microsoft.AlertsManagement/prometheusRuleGroups",
        "apiVersion": "2023-03-01",
        "name": "alert-tripgen-too-late",
        "location": "[parameters('location')]",
        "properties": {
            "description": "Late share above 0.5%, over 10 minutes. Orders are late. Design document 7.1 (R9).",
            "enabled": True,
            "clusterName": "[parameters('clusterName')]",
            "scopes": [
                "[resourceId('Microsoft.Monitor/accounts', parameters('monitorWorkspaceName'))]",
                "[resourceId('Microsoft.ContainerService/managedClusters', parameters('clusterName'))]",
            ],
            "interval": "PT5M",
            "rules": [
                {
                    "alert": "TooLate",
                    "enabled": True,
                    "expression": "late_total[10m] > 0.005",
                    "severity": 2,
                    "labels": {"alert_id": "too-late", "category": "resource", "severity": "2"},
                    "annotations": {
                        "summary": "Too late: shop={{ $labels.shop }}, city={{ $labels.city }}",
                        "description": (
                            "Late share above 0.5%, over 10 minutes. Orders are late. Design document 7.1 (R9)."
                        ),
                        "runbook_url": "[concat(parameters('runbookBaseUrl'), '/too-late.md')]",
                    },
                    "resolveConfiguration": {"autoResolved": True, "timeToResolve": "PT5M"},
                    "actions": [{"actionGroupId": GROUP, "actionProperties": TOLD}],
                    "for": "PT3M",
                }
            ],
        },
    }


def test_a_prometheus_alert_that_need_not_stay_true_has_no_pending_period() -> None:
    (rule,) = arm_alerts.prometheus_rule(TOO_LATE, "ko")["properties"]["rules"]
    assert "for" not in rule


def test_a_prometheus_alert_that_is_not_split_has_no_labels_in_its_summary() -> None:
    whole = replace(TOO_LATE, watches=replace(LATE, promql=PromQL(expr="late_total[$window]")))
    assert arm_alerts.annotations_of(whole, "ko") == {
        "summary": "너무 늦음",
        "description": "늦은 비율 0.5% 초과, 10분 구간. 주문이 늦습니다. 설계서 7.1 (R9).",
    }


def test_recording_rules_are_split_into_groups_that_azure_accepts() -> None:
    signals = tuple(replace(LATE, name=name, promql=PromQL(expr=f"{name}_total[$window]")) for name in ("a", "b", "c"))
    made = arm_alerts.recording_rules(signals, 2)
    # Azure limits a group to a cluster by this label, those that read what is recorded too.
    cluster = {"cluster": "[parameters('clusterName')]"}
    assert [group["name"] for group in made] == ["record-tripgen-1", "record-tripgen-2"]
    assert [group["properties"]["rules"] for group in made] == [
        [
            {"record": "a", "enabled": True, "expression": "a_total[5m]", "labels": cluster},
            {"record": "b", "enabled": True, "expression": "b_total[5m]", "labels": cluster},
        ],
        [{"record": "c", "enabled": True, "expression": "c_total[5m]", "labels": cluster}],
    ]
    assert {group["properties"]["interval"] for group in made} == {"PT1M"}
    assert [len(arm_alerts.recording_rules(signals, size)) for size in (1, 3, 20)] == [3, 1, 1]
    assert arm_alerts.recording_rules((), 2) == []


# --- the engine of an alert ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        (Engine.LOG, "Microsoft.Insights/scheduledQueryRules"),
        (Engine.METRIC, "Microsoft.Insights/metricAlerts"),
        (Engine.PROMETHEUS, "Microsoft.AlertsManagement/prometheusRuleGroups"),
    ],
)
def test_an_alert_becomes_the_rule_of_its_engine(engine: Engine, kind: str) -> None:
    rule = arm_alerts.rule(replace(TOO_LATE, engine=engine), {"old_till": TILL}, "ko")
    assert rule["type"] == kind


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (Engine.LOG, "signal 'late_share' has no KQL"),
        (Engine.METRIC, "signal 'late_share' has no platform metric"),
        (Engine.PROMETHEUS, "signal 'late_share' has no PromQL"),
    ],
)
def test_an_alert_cannot_be_a_rule_of_an_engine_that_does_not_read_its_signal(engine: Engine, words: str) -> None:
    unread = replace(TOO_LATE, engine=engine, watches=replace(LATE, kql=None, metric=None, promql=None))
    with pytest.raises(ValueError, match=f"^{words}$"):
        arm_alerts.rule(unread, {"old_till": TILL}, "ko")


def test_a_metric_rule_needs_a_platform_metric() -> None:
    with pytest.raises(ValueError, match=r"^signal 'late_share' has no platform metric$"):
        arm_alerts.metric_rule(replace(TOO_LATE, watches=replace(LATE, metric=None)), TILL, "ko")


def _metric_rule(alert: Alert, lang: Lang) -> Resource:
    return arm_alerts.metric_rule(alert, TILL, lang)


@pytest.mark.parametrize("make", [arm_alerts.log_rule, _metric_rule, arm_alerts.prometheus_rule])
def test_a_limit_of_another_dimension_makes_no_rule(make: Callable[[Alert, Lang], Resource]) -> None:
    with pytest.raises(ValueError, match=r"^seconds cannot be given in ratio$"):
        make(replace(TOO_LATE, above=seconds_of(1)), "ko")


# --- names and texts ---------------------------------------------------------------------------------------


def test_texts_in_brackets_are_no_expressions() -> None:
    bracketed = replace(TOO_LATE, title=Text("[늦음]", "[late]"))
    assert arm_alerts.log_rule(bracketed, "en")["properties"]["displayName"] == "[[late]"
    whole = replace(bracketed, watches=replace(LATE, promql=PromQL(expr="late_total[$window]")))
    (rule,) = arm_alerts.prometheus_rule(whole, "ko")["properties"]["rules"]
    assert rule["annotations"]["summary"] == "[[늦음]"


def test_a_resource_is_named_by_a_parameter() -> None:
    assert arm_alerts.name_parameter("cluster") == "clusterName"
    assert arm_alerts.name_parameter("old_front_till") == "oldFrontTillName"


def test_a_prometheus_alert_is_named_in_camel_case() -> None:
    assert arm_alerts.prometheus_name(replace(TOO_LATE, id="ai-response-2-slow")) == "AiResponse2Slow"


def test_receivers_are_told_the_file_of_the_definition_and_no_line() -> None:
    assert arm_alerts.file_of(Place("alerts/orders.py", 12)) == "alerts/orders.py"


def test_receivers_are_told_the_likely_causes_where_there_are_any() -> None:
    made = arm_alerts.log_rule(replace(TOO_LATE, causes=("oven-cold", "flour-out")), "ko")
    assert made["properties"]["actions"]["customProperties"] == {**TOLD, "causes": "oven-cold, flour-out"}
