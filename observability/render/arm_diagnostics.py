"""Which logs of which resource go to the workspace, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from observability.model.system import ResourceName
from observability.render.arm import Resource, parameter, quoted, resource_id
from observability.render.arm_alerts import name_parameter

WORKSPACE_TYPE = "Microsoft.OperationalInsights/workspaces"
ACCOUNT_TYPE = "Microsoft.Monitor/accounts"
CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
RULE_TYPE = "Microsoft.Insights/dataCollectionRules"
STORAGE_TYPE = "Microsoft.Storage/storageAccounts"
WORKSPACE = resource_id(WORKSPACE_TYPE, parameter(name_parameter("workspace")))

SKIP_SETTINGS = "settingsToSkip"
EDGE_ACCESS_LOGS = "edgeAccessLogs"
CLUSTER_AUDIT_LOGS = "clusterAuditLogs"
FIREWALL_RULE_LOGS = "firewallRuleLogs"


@dataclass(frozen=True, slots=True)
class Log:
    """One log category of a resource type, and the table its rows arrive in; ``switch`` names a bool parameter."""

    category: str
    table: str
    switch: str | None = None


# Access logs are a row a request and nobody samples them: at the design's throughput one of the two fills the daily
# cap within hours, and a full cap blinds every log alert (R18). Requests are already in AppRequests and in the
# platform metrics, so the logs are for an investigation and off until somebody sets the parameter.
#
# Categories and tables are those of Microsoft's lists of supported logs (2024 to 2026).
LOGS: Mapping[str, tuple[Log, ...]] = {
    # QueryStoreRuntime has rows once the server parameter pg_qs.query_capture_mode is on.
    "Microsoft.DBforPostgreSQL/flexibleServers": (
        Log("PostgreSQLLogs", "PGSQLServerLogs"),
        Log("PostgreSQLFlexSessions", "PGSQLPgStatActivitySessions"),
        Log("PostgreSQLFlexQueryStoreRuntime", "PGSQLQueryStoreRuntime"),
    ),
    # Without ConnectedClientList: a snapshot of all clients every ten seconds, that costs the cache some speed too;
    # the exporter counts clients.
    "Microsoft.Cache/redis": (Log("MSEntraAuthenticationAuditLog", "ACREntraAuthenticationAuditLog"),),
    # Without ApplicationMetricsLogs: the exporter measures queues and subscriptions.
    "Microsoft.ServiceBus/namespaces": (
        Log("OperationalLogs", "AZMSOperationalLogs"),
        Log("RuntimeAuditLogs", "AZMSRunTimeAuditLogs"),
        Log("DiagnosticErrorLogs", "AZMSDiagnosticErrorLogs"),
        Log("VNetAndIPFilteringLogs", "AZMSVnetConnectionEvents"),
    ),
    # Without ApplicationGatewayPerformanceLog: the v1 tier's.
    "Microsoft.Network/applicationGateways": (
        Log("ApplicationGatewayFirewallLog", "AGWFirewallLogs"),
        Log("ApplicationGatewayAccessLog", "AGWAccessLogs", EDGE_ACCESS_LOGS),
    ),
    "Microsoft.Cdn/profiles": (
        Log("FrontDoorWebApplicationFirewallLog", "AzureDiagnostics"),
        Log("FrontDoorHealthProbeLog", "AzureDiagnostics"),
        Log("FrontDoorAccessLog", "AzureDiagnostics", EDGE_ACCESS_LOGS),
    ),
    "Microsoft.KeyVault/vaults": (
        Log("AuditEvent", "AZKVAuditLogs"),
        Log("AzurePolicyEvaluationDetails", "AZKVPolicyEvaluationDetailsLogs"),
    ),
    # kube-audit holds reads and refusals, the evidence for R10. It is the cluster's largest category, so it can be
    # switched off when the daily cap is near; kube-audit-admin, its part that changes something, would store those
    # rows twice. Without kube-apiserver, scheduler and controller manager: what they decide about pods is in KubeEvents.
    CLUSTER_TYPE: (
        Log("kube-audit", "AKSAudit", CLUSTER_AUDIT_LOGS),
        Log("cluster-autoscaler", "AKSControlPlane"),
        Log("guard", "AKSControlPlane"),
    ),
    "Microsoft.ContainerRegistry/registries": (
        Log("ContainerRegistryLoginEvents", "ContainerRegistryLoginEvents"),
        Log("ContainerRegistryRepositoryEvents", "ContainerRegistryRepositoryEvents"),
    ),
    # Who read the logs.
    WORKSPACE_TYPE: (Log("Audit", "LAQueryLogs"),),
    # A row a metric and day: what is stored, and how long nobody has asked for it.
    ACCOUNT_TYPE: (Log("MetricsUsageDetails", "AMWMetricsUsageDetails"),),
    # Rows that a rule could not deliver, which nobody else tells of.
    RULE_TYPE: (Log("LogErrors", "DCRLogErrors"),),
    # Network and application rules write a row a connection, allowed or denied, and the denied ones are what the
    # document's firewall is for. Without DNS queries (a row a lookup), flow traces and fat flows (switched on at the
    # firewall for an investigation) and the aggregations of Policy Analytics.
    "Microsoft.Network/azureFirewalls": (
        Log("AZFWNetworkRule", "AZFWNetworkRule", FIREWALL_RULE_LOGS),
        Log("AZFWApplicationRule", "AZFWApplicationRule", FIREWALL_RULE_LOGS),
        Log("AZFWNatRule", "AZFWNatRule"),
        Log("AZFWIdpsSignature", "AZFWIdpsSignature"),
        Log("AZFWThreatIntel", "AZFWThreatIntel"),
        Log("AZFWFqdnResolveFailure", "AZFWInternalFqdnResolutionFailure"),
    ),
    # Which rules stand and how often each let through or denied. The flows themselves (NTANetAnalytics) are the log of
    # another resource: a virtual network flow log with traffic analytics, of the Network Watcher in its own group.
    "Microsoft.Network/networkSecurityGroups": (
        Log("NetworkSecurityGroupEvent", "AzureDiagnostics"),
        Log("NetworkSecurityGroupRuleCounter", "AzureDiagnostics"),
    ),
    # Backups written and deleted. Without reads: the services may read the account too (7.2.1), a row a call.
    STORAGE_TYPE: (
        Log("StorageWrite", "StorageBlobLogs"),
        Log("StorageDelete", "StorageBlobLogs"),
    ),
}

WITHOUT_LOGS: Mapping[str, str] = {
    "Microsoft.Resources/resourceGroups": "what is done to it is in the subscription's activity log",
    "Microsoft.Insights/components": "its tables are the workspace's own, a setting would store every row twice",
    "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies": "the gateway writes what the policy decides",
    "Microsoft.Network/publicIPAddresses": "it has rows only under a DDoS protection plan, and the document's protection "
    "is Front Door's",
}
"""Why a type of resource sends no logs."""


def setting(scope: str, logs: Sequence[Log], depends: Sequence[str] = ()) -> Resource:
    """Sends the named logs of the resource whose id is ``scope`` to the workspace.

    No metrics: Azure keeps platform metrics for 93 days by itself and alerts and panels read them there, while a copy
    in the workspace costs money and room under the daily cap. Names are not category groups ("allLogs"), which would
    grow with whatever Azure adds to them.
    """
    properties = {
        "workspaceId": WORKSPACE,
        "logs": [{"category": log.category, "enabled": parameter(log.switch) if log.switch else True} for log in logs],
    }
    # Front Door and network security groups have no tables of their own, and every query reads AzureDiagnostics: should
    # they get some one day, "Dedicated" would move the rows away from under the queries.
    if any(log.table != "AzureDiagnostics" for log in logs):
        properties["logAnalyticsDestinationType"] = "Dedicated"
    return {
        "type": "Microsoft.Insights/diagnosticSettings",
        "apiVersion": "2021-05-01-preview",
        "name": "to-log-analytics",
        "scope": scope,
        "dependsOn": [WORKSPACE, *depends],
        "properties": properties,
    }


def settings(resources: Iterable[ResourceName]) -> list[Resource]:
    """One setting for each resource whose type has logs to collect, so a new replica is collected like the first.

    Raises ValueError for a type that has neither logs nor a reason to have none.
    """
    found = []
    for resource in resources:
        if resource.type in LOGS:
            skipped = f"[not(contains(parameters('{SKIP_SETTINGS}'), {quoted(resource.key)}))]"
            scope = _scope(resource)
            made_here = [scope] if resource.type == ACCOUNT_TYPE else []
            found.append({"condition": skipped, **setting(scope, LOGS[resource.type], made_here)})
        elif resource.type not in WITHOUT_LOGS:
            raise ValueError(f"resource '{resource.key}': type '{resource.type}' has no logs; say why in WITHOUT_LOGS")
    return found


def _scope(resource: ResourceName) -> str:
    name = parameter(name_parameter(resource.key))
    if resource.type == STORAGE_TYPE:  # its services log, not the account
        return resource_id(f"{STORAGE_TYPE}/blobServices", name, "default")
    return resource_id(resource.type, name)
