"""The telemetry pipeline as ARM resources: workspace, component, table retention, collection, diagnostic settings.

The cluster itself is deployed elsewhere: its two monitoring add-ons (Container Insights with managed identity, managed
Prometheus) have to be on, or the rules made here find nobody to collect for them. Two kinds of setting cannot stand in
a template of one resource group: the subscription's activity log (AzureActivity) and Entra's sign-ins (SigninLogs,
AuditLogs); only their retention is set here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from observability.azure.tables import FUNCTIONS
from observability.model.system import AppInsights, ResourceName, RetentionClass, Workspace
from observability.model.units import Unit
from observability.render.arm import Parameter, Resource, parameter, quoted, resource_id
from observability.render.arm_alerts import name_parameter
from observability.render.arm_diagnostics import (
    ACCOUNT_TYPE,
    CLUSTER_AUDIT_LOGS,
    CLUSTER_TYPE,
    EDGE_ACCESS_LOGS,
    FIREWALL_RULE_LOGS,
    LOGS,
    RULE_TYPE,
    SKIP_SETTINGS,
    WORKSPACE,
    WORKSPACE_TYPE,
    setting,
    settings,
)

COMPONENT_TYPE = "Microsoft.Insights/components"
ENDPOINT_TYPE = "Microsoft.Insights/dataCollectionEndpoints"
_COLLECTION_VERSION = "2024-03-11"

SKIP_TABLES = "tablesToSkip"

_WORKSPACE_NAME = parameter(name_parameter("workspace"))
_ACCOUNT_NAME = parameter(name_parameter("monitor_workspace"))
_CLUSTER_NAME = parameter(name_parameter("cluster"))
_ACCOUNT = resource_id(ACCOUNT_TYPE, _ACCOUNT_NAME)
_CLUSTER = resource_id(CLUSTER_TYPE, _CLUSTER_NAME)

# The names Microsoft's own onboarding gives: enabling an add-on by hand then updates these rules instead of making
# a second set beside them, which would store every row twice.
# Azure cuts the first of them at 44 characters, the length of a collection endpoint's name.
_LONG_NAME = f"concat('MSProm-', parameters('location'), '-', parameters('{name_parameter('cluster')}'))"
_PROMETHEUS_NAME = f"[substring({_LONG_NAME}, 0, min(44, length({_LONG_NAME})))]"
_CONTAINERS_NAME = f"[concat('MSCI-', parameters('location'), '-', parameters('{name_parameter('cluster')}'))]"

# A new workspace has every other table of the design from the start, rows or not (seen in exports of 2026).
LATER_TABLES = ("AzureDiagnostics", "SecurityAlert", "SecurityIncident")
CONTAINER_TABLES = (
    "ContainerLogV2",
    "KubeEvents",
    "KubePodInventory",
    "KubeNodeInventory",
    "KubePVInventory",
    "KubeServices",
    "KubeMonAgentEvents",
    "InsightsMetrics",
    "Perf",
)
"""What Container Insights collects; each stream is named after its table.

ContainerInventory and ContainerNodeInventory are left out: no query reads them, they add a row a container and minute,
and the first stores the containers' environment variables. The portal's own Container Insights pages want every stream;
people look at Grafana here.
"""

# Perf alone is eight rows a container and minute, and most containers of a cluster this size are AKS's own. Managed
# Prometheus still watches them; rows about nodes have no namespace and stay.
SYSTEM_NAMESPACES = ("kube-system", "gatekeeper-system", "azure-arc")


def _plain(value: float) -> float:
    """10, not 10.0: JSON people read."""
    return int(value) if float(value).is_integer() else value


def collected() -> set[str]:
    """Every table that this template fills, Application Insights' own apart."""
    return {log.table for logs in LOGS.values() for log in logs} | set(CONTAINER_TABLES) | {"Syslog"}


def parameters(
    workspace: Workspace,
    resources: Mapping[str, ResourceName],
    region: str | None = None,
) -> list[Parameter]:
    """The region, the workspace's own where none is given, the names of the design's resources and the choices a deployment has."""
    return [
        Parameter(
            "location",
            "Region of the workspace and of everything made beside it.",
            default=region or workspace.location,
        ),
        *(
            Parameter(name_parameter(key), f"Name of the {resource.type} '{key}'.", default=resource.name)
            for key, resource in resources.items()
        ),
        Parameter(
            SKIP_TABLES,
            "Tables whose retention this deployment leaves alone. Azure refuses the retention of a table that is not "
            "there yet: AzureDiagnostics appears with its first row, a solution's tables with the solution. Deploy again "
            "with a list without those that have rows by then. Until then the workspace's retention applies to them.",
            "array",
            default=list(LATER_TABLES),
        ),
        Parameter(
            CLUSTER_AUDIT_LOGS,
            "Collect the cluster's audit log (kube-audit), usually its largest. Without it nothing tells who changed or "
            "was refused what.",
            "bool",
            default=True,
        ),
        Parameter(
            FIREWALL_RULE_LOGS,
            "Collect a row for each connection that a network or application rule of the firewall let through or "
            "denied. Without it nothing tells what was denied.",
            "bool",
            default=True,
        ),
        Parameter(
            SKIP_SETTINGS,
            "Resources whose logs this deployment leaves alone, by the beginning of their name parameter ('firewall' "
            "for firewallName, 'aks_nsg' for aksNsgName): those that are not there, or stand in another resource group.",
            "array",
            default=[],
        ),
        Parameter(
            EDGE_ACCESS_LOGS,
            "Collect the access logs of Front Door and Application Gateway: a row a request, never sampled, enough to "
            "fill the daily cap. For an investigation.",
            "bool",
            default=False,
        ),
    ]


def log_workspace(workspace: Workspace) -> Resource:
    return {
        "type": WORKSPACE_TYPE,
        "apiVersion": "2025-07-01",
        "name": _WORKSPACE_NAME,
        "location": parameter("location"),
        "properties": {
            "sku": {"name": "PerGB2018"},
            "retentionInDays": workspace.retention.days,
            "workspaceCapping": {"dailyQuotaGb": _plain(workspace.daily_cap.to(Unit.GIGABYTES))},
        },
    }


def component(insights: AppInsights) -> Resource:
    """A workspace-based Application Insights component.

    Local authentication stays on: agents know nothing but the connection string, and the services' identity has no
    role to publish telemetry with. Turned off, everything they send would be refused without a word.
    """
    return {
        "type": COMPONENT_TYPE,
        "apiVersion": "2020-02-02",
        "name": parameter(name_parameter(insights.key)),
        "location": parameter("location"),
        "kind": "web",
        "dependsOn": [WORKSPACE],
        "properties": {
            "Application_Type": "web",
            "WorkspaceResourceId": WORKSPACE,
            "IngestionMode": "LogAnalytics",
            "SamplingPercentage": _plain(insights.sampling.to(Unit.PERCENT)),
            "DisableLocalAuth": False,
        },
    }


def table(name: str, interactive: int, kind: RetentionClass, after: Sequence[str] = ()) -> Resource:
    """How long one table is kept: ``interactive`` days to query, then out of reach of queries up to the class's days.

    ``after`` are ids of slower resources. A workspace that is made this very moment refuses its tables ("Workspace not
    active"), and they give it time.
    """
    total = kind.azure_days
    # Azure fixes the interactive days of every other plan.
    days = {"retentionInDays": min(interactive, total)} if kind.plan == "Analytics" else {}
    return {
        "type": f"{WORKSPACE_TYPE}/tables",
        "apiVersion": "2025-07-01",
        "name": f"[concat(parameters('{name_parameter('workspace')}'), {quoted(f'/{name}')})]",
        "condition": f"[not(contains(parameters('{SKIP_TABLES}'), {quoted(name)}))]",
        "dependsOn": [WORKSPACE, *after],
        "properties": {"plan": kind.plan, **days, "totalRetentionInDays": total},
    }


def tables(workspace: Workspace, retention: Iterable[RetentionClass], after: Sequence[str] = ()) -> list[Resource]:
    """One resource for each table of each class. Raises ValueError for a name that is a function, not a table."""
    found = []
    for group in retention:
        for name in group.tables:
            if name in FUNCTIONS:
                raise ValueError(f"retention class '{group.key}': '{name}' is a function over tables and keeps nothing")
            found.append(table(name, workspace.retention.days, group, after))
    return found


def _streams(*names: str) -> str:
    """A list of streams as an expression: the published schema names five of the streams the service takes."""
    return f"[createArray({', '.join(quoted(f'Microsoft-{name}') for name in names)})]"


def _association(name: str, rule: str, words: str) -> Resource:
    """Ties a collection rule to the cluster."""
    return {
        "type": "Microsoft.Insights/dataCollectionRuleAssociations",
        "apiVersion": _COLLECTION_VERSION,
        "name": name,
        "scope": _CLUSTER,
        "dependsOn": [rule],
        "properties": {"description": words, "dataCollectionRuleId": rule},
    }


def prometheus() -> list[Resource]:
    """Managed Prometheus: the Azure Monitor workspace, and the way from the cluster into it.

    The endpoint is public: the design's private endpoints (7.3.1) have none for Azure Monitor.
    """
    endpoint, rule = resource_id(ENDPOINT_TYPE, _PROMETHEUS_NAME), resource_id(RULE_TYPE, _PROMETHEUS_NAME)
    return [
        {
            "type": ACCOUNT_TYPE,
            "apiVersion": "2025-10-03",
            "name": _ACCOUNT_NAME,
            "location": parameter("location"),
            "properties": {},
        },
        {
            "type": ENDPOINT_TYPE,
            "apiVersion": _COLLECTION_VERSION,
            "name": _PROMETHEUS_NAME,
            "location": parameter("location"),
            "kind": "Linux",
            "properties": {"networkAcls": {"publicNetworkAccess": "Enabled"}},
        },
        {
            "type": RULE_TYPE,
            "apiVersion": _COLLECTION_VERSION,
            "name": _PROMETHEUS_NAME,
            "location": parameter("location"),
            "kind": "Linux",
            "dependsOn": [_ACCOUNT, endpoint],
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
                "destinations": {"monitoringAccounts": [{"name": "MonitoringAccount1", "accountResourceId": _ACCOUNT}]},
                "dataFlows": [{"streams": _streams("PrometheusMetrics"), "destinations": ["MonitoringAccount1"]}],
            },
        },
        _association(_PROMETHEUS_NAME, rule, "Without it no Prometheus metric of the cluster is stored."),
        setting(rule, LOGS[RULE_TYPE], [rule]),
    ]


def containers() -> list[Resource]:
    """Container Insights and the nodes' logins, in one rule: the agent reads Syslog only beside its own extension."""
    rule = resource_id(RULE_TYPE, _CONTAINERS_NAME)
    streams = _streams(*CONTAINER_TABLES)
    return [
        {
            "type": RULE_TYPE,
            "apiVersion": _COLLECTION_VERSION,
            "name": _CONTAINERS_NAME,
            "location": parameter("location"),
            "kind": "Linux",
            "dependsOn": [WORKSPACE],
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
                                    "namespaces": list(SYSTEM_NAMESPACES),
                                    "enableContainerLogV2": True,
                                }
                            },
                        }
                    ],
                    "syslog": [
                        {
                            "name": "NodeLogins",
                            "streams": ["Microsoft-Syslog"],
                            # audit: where a node's auditd hands its records on.
                            "facilityNames": ["audit", "auth", "authpriv"],
                            # sshd writes a successful login, and most failed ones, as Info.
                            "logLevels": ["Info", "Notice", "Warning", "Error", "Critical", "Alert", "Emergency"],
                        }
                    ],
                },
                "destinations": {"logAnalytics": [{"name": "ciworkspace", "workspaceResourceId": WORKSPACE}]},
                "dataFlows": [
                    {"streams": streams, "destinations": ["ciworkspace"]},
                    {"streams": ["Microsoft-Syslog"], "destinations": ["ciworkspace"]},
                ],
            },
        },
        # The agent and the portal look for this very name.
        _association("ContainerInsightsExtension", rule, "Without it no log or event of the cluster is stored."),
        setting(rule, LOGS[RULE_TYPE], [rule]),
    ]


def workspace_resources(
    workspace: Workspace,
    insights: Sequence[AppInsights],
    retention: Iterable[RetentionClass],
    resources: Mapping[str, ResourceName],
) -> list[Resource]:
    """Everything in azure/workspace.json, in the order a reader wants it; dependsOn gives the order of deployment."""
    return [
        log_workspace(workspace),
        *map(component, insights),
        *prometheus(),
        *containers(),
        *settings(resources.values()),
        *tables(
            workspace,
            retention,
            after=[resource_id(COMPONENT_TYPE, parameter(name_parameter(each.key))) for each in insights],
        ),
    ]
