from __future__ import annotations

from collections import Counter

import pytest

from observability.azure import tables
from observability.design.telemetry import RESOURCES
from observability.model.source import Section
from observability.model.system import ResourceName
from observability.render import arm_diagnostics
from observability.render.arm_diagnostics import LOGS, WITHOUT_LOGS, Log, setting, settings

LAW = "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"


def named(key: str, kind: str) -> ResourceName:
    return ResourceName(key=key, name="shop", type=kind, source=Section("1.2"))


def test_a_resource_sends_its_logs_into_tables_of_their_own_and_no_metrics() -> None:
    assert settings([named("redis_east", "Microsoft.Cache/redis")]) == [
        {
            "condition": "[not(contains(parameters('settingsToSkip'), 'redis_east'))]",
            "type": "Microsoft.Insights/diagnosticSettings",
            "apiVersion": "2021-05-01-preview",
            "name": "to-log-analytics",
            "scope": "[resourceId('Microsoft.Cache/redis', parameters('redisEastName'))]",
            "dependsOn": [LAW],
            "properties": {
                "workspaceId": LAW,
                "logs": [{"category": "MSEntraAuthenticationAuditLog", "enabled": True}],
                "logAnalyticsDestinationType": "Dedicated",
            },
        }
    ]


def test_front_door_stays_in_azure_diagnostics_where_its_queries_read() -> None:
    [found] = settings([named("front_door", "Microsoft.Cdn/profiles")])
    assert found["properties"] == {
        "workspaceId": LAW,
        "logs": [
            {"category": "FrontDoorWebApplicationFirewallLog", "enabled": True},
            {"category": "FrontDoorHealthProbeLog", "enabled": True},
            {"category": "FrontDoorAccessLog", "enabled": "[parameters('edgeAccessLogs')]"},
        ],
    }


def test_the_firewall_has_a_table_for_each_kind_of_rule_and_a_switch_for_the_large_two() -> None:
    [found] = settings([named("firewall", "Microsoft.Network/azureFirewalls")])
    assert found["properties"] == {
        "workspaceId": LAW,
        "logs": [
            {"category": "AZFWNetworkRule", "enabled": "[parameters('firewallRuleLogs')]"},
            {"category": "AZFWApplicationRule", "enabled": "[parameters('firewallRuleLogs')]"},
            {"category": "AZFWNatRule", "enabled": True},
            {"category": "AZFWIdpsSignature", "enabled": True},
            {"category": "AZFWThreatIntel", "enabled": True},
            {"category": "AZFWFqdnResolveFailure", "enabled": True},
        ],
        "logAnalyticsDestinationType": "Dedicated",
    }


def test_a_storage_account_logs_through_its_blob_service() -> None:
    [found] = settings([named("storage", "Microsoft.Storage/storageAccounts")])
    assert found["scope"] == (
        "[resourceId('Microsoft.Storage/storageAccounts/blobServices', parameters('storageName'), 'default')]"
    )
    assert [log["category"] for log in found["properties"]["logs"]] == ["StorageWrite", "StorageDelete"]


def test_a_setting_waits_for_what_its_own_template_makes() -> None:
    assert setting("[id]", [Log("Odd", "Syslog")], ["[id]"])["dependsOn"] == [LAW, "[id]"]
    [found] = settings([named("monitor_workspace", "Microsoft.Monitor/accounts")])
    assert found["dependsOn"] == [LAW, found["scope"]]


def test_a_resource_without_logs_gets_no_setting_and_one_of_an_unknown_type_is_refused() -> None:
    assert settings([named("group", "Microsoft.Resources/resourceGroups")]) == []
    with pytest.raises(ValueError, match="resource 'cdn': type 'a/b' has no logs; say why in WITHOUT_LOGS"):
        settings([named("cdn", "a/b")])


def test_every_resource_of_the_design_sends_its_logs_or_has_a_reason() -> None:
    types = {resource.type for resource in RESOURCES.values()}
    assert types - LOGS.keys() == set(WITHOUT_LOGS)
    scopes = Counter(found["scope"] for found in settings(RESOURCES.values()))
    assert set(scopes.values()) == {1}
    for key in (
        "cluster",
        "postgresql",
        "postgresqlReplica1",
        "postgresqlReplica2",
        "redis",
        "serviceBus",
        "gateway",
        "frontDoor",
        "keyVault",
        "registry",
        "storage",
        "firewall",
        "gatewayNsg",
        "aksNsg",
        "workspace",
        "monitorWorkspace",
    ):
        assert sum(f"parameters('{key}Name')" in scope for scope in scopes) == 1, key
    assert len(scopes) == 16


def test_no_category_is_asked_for_twice_and_each_arrives_in_a_table_that_is_known() -> None:
    for kind, logs in LOGS.items():
        assert Counter(log.category for log in logs).most_common(1)[0][1] == 1, kind
        assert {log.table for log in logs} <= tables.load().keys(), kind


def test_every_switch_of_a_category_is_one_of_the_templates() -> None:
    switches = {log.switch for logs in LOGS.values() for log in logs if log.switch}
    assert switches == {
        arm_diagnostics.EDGE_ACCESS_LOGS,
        arm_diagnostics.CLUSTER_AUDIT_LOGS,
        arm_diagnostics.FIREWALL_RULE_LOGS,
    }
