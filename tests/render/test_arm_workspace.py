from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from observability.azure import tables
from observability.design.telemetry import APP_INSIGHTS, CHECKS_INSIGHTS, RESOURCES, RETENTION, WORKSPACE
from observability.model.source import Section
from observability.model.system import AppInsights, ResourceName, RetentionClass, Workspace
from observability.model.text import Text
from observability.model.units import gigabytes, percent
from observability.render import arm, arm_workspace

LAW = "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"
CLUSTER = "[resourceId('Microsoft.ContainerService/managedClusters', parameters('clusterName'))]"
SOURCE = Section("1.2")
SHOP = Workspace(
    name="law-shop", retention=timedelta(days=60), daily_cap=gigabytes(2.5), location="mars", source=SOURCE
)
SHOP_INSIGHTS = AppInsights(key="app_insights", name="appi-shop", sampling=percent(50), source=SOURCE)


def _name(key: str, name: str, kind: str) -> ResourceName:
    return ResourceName(key=key, name=name, type=kind, source=SOURCE)


def _class(key: str, azure_days: int, *names: str) -> RetentionClass:
    return RetentionClass(
        key=key,
        title=Text("가", "a"),
        period=timedelta(days=azure_days),
        azure_days=azure_days,
        tables=names,
        source=SOURCE,
    )


def _of(kind: str, resources: list[arm.Resource]) -> list[Any]:
    return [resource for resource in resources if resource["type"] == kind]


def test_the_workspace_has_the_designs_retention_and_cap() -> None:
    assert arm_workspace.log_workspace(SHOP) == {
        "type": "Microsoft.OperationalInsights/workspaces",
        "apiVersion": "2025-07-01",
        "name": "[parameters('workspaceName')]",
        "location": "[parameters('location')]",
        "properties": {
            "sku": {"name": "PerGB2018"},
            "retentionInDays": 60,
            "workspaceCapping": {"dailyQuotaGb": 2.5},
        },
    }


def test_the_component_writes_into_the_workspace_and_still_takes_connection_strings() -> None:
    assert arm_workspace.component(SHOP_INSIGHTS) == {
        "type": "Microsoft.Insights/components",
        "apiVersion": "2020-02-02",
        "name": "[parameters('appInsightsName')]",
        "location": "[parameters('location')]",
        "kind": "web",
        "dependsOn": [LAW],
        "properties": {
            "Application_Type": "web",
            "WorkspaceResourceId": LAW,
            "IngestionMode": "LogAnalytics",
            "SamplingPercentage": 50,
            "DisableLocalAuth": False,
        },
    }


def test_each_table_of_each_class_is_kept_in_its_own_time_and_can_be_left_out() -> None:
    first, second, third = arm_workspace.tables(
        SHOP, [_class("long", 400, "Syslog", "Perf"), _class("short", 30, "KubeEvents")]
    )
    assert first == {
        "type": "Microsoft.OperationalInsights/workspaces/tables",
        "apiVersion": "2025-07-01",
        "name": "[concat(parameters('workspaceName'), '/Syslog')]",
        "condition": "[not(contains(parameters('tablesToSkip'), 'Syslog'))]",
        "dependsOn": [LAW],
        "properties": {"plan": "Analytics", "retentionInDays": 60, "totalRetentionInDays": 400},
    }
    assert second["name"] == "[concat(parameters('workspaceName'), '/Perf')]"
    # A class shorter than the workspace's retention is not kept longer than it says.
    assert third["properties"] == {"plan": "Analytics", "retentionInDays": 30, "totalRetentionInDays": 30}


def test_a_basic_table_keeps_the_interactive_days_that_azure_fixes() -> None:
    cheap = RetentionClass(
        key="cheap",
        title=Text("가", "a"),
        period=timedelta(days=400),
        azure_days=400,
        tables=("Syslog",),
        plan="Basic",
        source=SOURCE,
    )
    [table] = arm_workspace.tables(SHOP, [cheap])
    assert table["properties"] == {"plan": "Basic", "totalRetentionInDays": 400}


def test_a_function_over_tables_has_no_retention() -> None:
    with pytest.raises(ValueError, match="retention class 'odd': '_LogOperation' is a function"):
        arm_workspace.tables(SHOP, [_class("odd", 90, "_LogOperation")])


def test_prometheus_metrics_go_from_the_cluster_into_the_monitor_workspace() -> None:
    long = "concat('MSProm-', parameters('location'), '-', parameters('clusterName'))"
    name = f"[substring({long}, 0, min(44, length({long})))]"
    inner = name[1:-1]
    account = "[resourceId('Microsoft.Monitor/accounts', parameters('monitorWorkspaceName'))]"
    endpoint = f"[resourceId('Microsoft.Insights/dataCollectionEndpoints', {inner})]"
    rule = f"[resourceId('Microsoft.Insights/dataCollectionRules', {inner})]"
    assert arm_workspace.prometheus() == [
        {
            "type": "Microsoft.Monitor/accounts",
            "apiVersion": "2025-10-03",
            "name": "[parameters('monitorWorkspaceName')]",
            "location": "[parameters('location')]",
            "properties": {},
        },
        {
            "type": "Microsoft.Insights/dataCollectionEndpoints",
            "apiVersion": "2024-03-11",
            "name": name,
            "location": "[parameters('location')]",
            "kind": "Linux",
            "properties": {"networkAcls": {"publicNetworkAccess": "Enabled"}},
        },
        {
            "type": "Microsoft.Insights/dataCollectionRules",
            "apiVersion": "2024-03-11",
            "name": name,
            "location": "[parameters('location')]",
            "kind": "Linux",
            "dependsOn": [account, endpoint],
            "properties": {
                "dataCollectionEndpointId": endpoint,
                "dataSources": {
                    "prometheusForwarder": [
                        {
                            "name": "PrometheusDataSource",
                            "streams": ["Microsoft-PrometheusMetrics"],
                            "labelIncludeFilter": {},
                        }
                    ]
                },
                "destinations": {"monitoringAccounts": [{"name": "MonitoringAccount1", "accountResourceId": account}]},
                "dataFlows": [
                    {
                        "streams": "[createArray('Microsoft-PrometheusMetrics')]",
                        "destinations": ["MonitoringAccount1"],
                    }
                ],
            },
        },
        {
            "type": "Microsoft.Insights/dataCollectionRuleAssociations",
            "apiVersion": "2024-03-11",
            "name": name,
            "scope": CLUSTER,
            "dependsOn": [rule],
            "properties": {
                "description": "Without it no Prometheus metric of the cluster is stored.",
                "dataCollectionRuleId": rule,
            },
        },
        {
            "type": "Microsoft.Insights/diagnosticSettings",
            "apiVersion": "2021-05-01-preview",
            "name": "to-log-analytics",
            "scope": rule,
            "dependsOn": [LAW, rule],
            "properties": {
                "workspaceId": LAW,
                "logs": [{"category": "LogErrors", "enabled": True}],
                "logAnalyticsDestinationType": "Dedicated",
            },
        },
    ]


def test_container_insights_sends_the_applications_logs_and_the_nodes_logins() -> None:
    name = "[concat('MSCI-', parameters('location'), '-', parameters('clusterName'))]"
    rule = f"[resourceId('Microsoft.Insights/dataCollectionRules', {name[1:-1]})]"
    streams = (
        "[createArray('Microsoft-ContainerLogV2', 'Microsoft-KubeEvents', 'Microsoft-KubePodInventory', "
        "'Microsoft-KubeNodeInventory', 'Microsoft-KubePVInventory', 'Microsoft-KubeServices', "
        "'Microsoft-KubeMonAgentEvents', 'Microsoft-InsightsMetrics', 'Microsoft-Perf')]"
    )
    assert arm_workspace.containers() == [
        {
            "type": "Microsoft.Insights/dataCollectionRules",
            "apiVersion": "2024-03-11",
            "name": name,
            "location": "[parameters('location')]",
            "kind": "Linux",
            "dependsOn": [LAW],
            "properties": {
                "dataSources": {
                    "extensions": [
                        {
                            "name": "ContainerInsightsExtension",
                            "extensionName": "ContainerInsights",
                            "streams": streams,
                            "extensionSettings": {
                                "dataCollectionSettings": {
                                    "interval": "1m",
                                    "namespaceFilteringMode": "Exclude",
                                    "namespaces": ["kube-system", "gatekeeper-system", "azure-arc"],
                                    "enableContainerLogV2": True,
                                }
                            },
                        }
                    ],
                    "syslog": [
                        {
                            "name": "NodeLogins",
                            "streams": ["Microsoft-Syslog"],
                            "facilityNames": ["audit", "auth", "authpriv"],
                            "logLevels": ["Info", "Notice", "Warning", "Error", "Critical", "Alert", "Emergency"],
                        }
                    ],
                },
                "destinations": {"logAnalytics": [{"name": "ciworkspace", "workspaceResourceId": LAW}]},
                "dataFlows": [
                    {"streams": streams, "destinations": ["ciworkspace"]},
                    {"streams": ["Microsoft-Syslog"], "destinations": ["ciworkspace"]},
                ],
            },
        },
        {
            "type": "Microsoft.Insights/dataCollectionRuleAssociations",
            "apiVersion": "2024-03-11",
            "name": "ContainerInsightsExtension",
            "scope": CLUSTER,
            "dependsOn": [rule],
            "properties": {
                "description": "Without it no log or event of the cluster is stored.",
                "dataCollectionRuleId": rule,
            },
        },
        {
            "type": "Microsoft.Insights/diagnosticSettings",
            "apiVersion": "2021-05-01-preview",
            "name": "to-log-analytics",
            "scope": rule,
            "dependsOn": [LAW, rule],
            "properties": {
                "workspaceId": LAW,
                "logs": [{"category": "LogErrors", "enabled": True}],
                "logAnalyticsDestinationType": "Dedicated",
            },
        },
    ]


def test_a_deployment_may_rename_resources_and_has_five_choices() -> None:
    found = arm_workspace.parameters(SHOP, {"app_insights": _name("app_insights", "appi-shop", "a/b")})
    assert [(item.name, item.type, item.default) for item in found] == [
        ("location", "string", "mars"),
        ("appInsightsName", "string", "appi-shop"),
        ("tablesToSkip", "array", found[2].default),
        ("clusterAuditLogs", "bool", True),
        ("firewallRuleLogs", "bool", True),
        ("settingsToSkip", "array", []),
        ("edgeAccessLogs", "bool", False),
    ]


def test_a_first_deployment_leaves_alone_what_comes_with_its_first_row_or_with_a_solution_and_nothing_else() -> None:
    skipped = arm_workspace.parameters(SHOP, {})[1].default
    assert skipped == ["AzureDiagnostics", "SecurityAlert", "SecurityIncident"]


def test_the_design_keeps_90_days_10_gb_5_percent_and_four_retentions() -> None:
    found = arm_workspace.workspace_resources(WORKSPACE, (APP_INSIGHTS, CHECKS_INSIGHTS), RETENTION, RESOURCES)
    [workspace] = _of("Microsoft.OperationalInsights/workspaces", found)
    assert workspace["properties"]["retentionInDays"] == 90
    assert workspace["properties"]["workspaceCapping"]["dailyQuotaGb"] == 10
    components = _of("Microsoft.Insights/components", found)
    # Nobody has sampled the results of checks before they arrive: the 5 % would drop them.
    assert [(each["name"], each["properties"]["SamplingPercentage"]) for each in components] == [
        ("[parameters('appInsightsName')]", 5), ("[parameters('checksInsightsName')]", 100),
    ]  # fmt: skip
    kept = _of("Microsoft.OperationalInsights/workspaces/tables", found)
    assert {item["properties"]["retentionInDays"] for item in kept} == {90}
    assert {item["properties"]["totalRetentionInDays"] for item in kept} == {90, 180, 365, 2556}
    days = {item["name"]: item["properties"]["totalRetentionInDays"] for item in kept}
    for name, total in {"AppRequests": 90, "KubeEvents": 180, "AZKVAuditLogs": 365, "AKSAudit": 2556}.items():
        assert days[f"[concat(parameters('workspaceName'), '/{name}')]"] == total


def test_whatever_is_collected_arrives_in_a_known_table_with_a_retention() -> None:
    kept = {name for group in RETENTION for name in group.tables}
    assert {"AppRequests", "AKSAudit", "Syslog", "ContainerLogV2", "AZFWNetworkRule"} - kept == set()
    assert arm_workspace.collected() - kept == set()
    assert arm_workspace.collected() - set(tables.load()) == set()


def test_the_template_declares_every_name_it_uses_and_defaults_to_the_designs() -> None:
    declared = {item.name: item for item in arm_workspace.parameters(WORKSPACE, RESOURCES)}
    found = arm_workspace.workspace_resources(WORKSPACE, (APP_INSIGHTS, CHECKS_INSIGHTS), RETENTION, RESOURCES)
    template = arm.template(found, declared, json.dumps, "Telemetry.")
    assert {name: body["defaultValue"] for name, body in template["parameters"].items()} == {
        "aksNsgName": "nsg-aks-tripgen-prod",
        "appInsightsName": "appi-tripgen-prod",
        "checksInsightsName": "appi-tripgen-prod-checks",
        "clusterName": "aks-tripgen-prod",
        "clusterAuditLogs": True,
        "edgeAccessLogs": False,
        "firewallName": "afw-tripgen-prod",
        "firewallRuleLogs": True,
        "frontDoorName": "afd-tripgen-prod",
        "gatewayName": "agw-tripgen-prod",
        "gatewayNsgName": "nsg-agw-tripgen-prod",
        "keyVaultName": "kv-tripgen-prod",
        "location": "koreacentral",
        "monitorWorkspaceName": "amw-tripgen-prod",
        "postgresqlName": "tripgen-prod",
        "postgresqlReplica1Name": "tripgen-prod-replica-1",
        "postgresqlReplica2Name": "tripgen-prod-replica-2",
        "redisName": "tripgen-prod",
        "registryName": "tripgenprod",
        "serviceBusName": "sb-tripgen-prod",
        "settingsToSkip": [],
        "storageName": "sttripgenprod",
        "tablesToSkip": declared["tablesToSkip"].default,
        "workspaceName": "law-tripgen-prod",
    }
