"""What a Grafana reads at its start: where the dashboards lie and how the two data sources are reached.

No secret is in here: Grafana signs in with the managed identity of what it runs on, and what differs between
installations comes from its environment.
"""

from __future__ import annotations

from observability.render import yaml

FOLDER = "tripgen"
DASHBOARDS_PATH = "/var/lib/grafana/dashboards/tripgen"
"""Where the JSON files are mounted; a folder of Grafana's own image."""
SUBSCRIPTION = "AZURE_SUBSCRIPTION_ID"
QUERY_ENDPOINT = "AZURE_MONITOR_QUERY_ENDPOINT"

_PROVIDER_HEADER = f"""\
Dashboards from files. Mount generated/dashboards at {DASHBOARDS_PATH}.
With the sidecar of the Helm chart leave this file out and apply kubernetes/dashboards.yaml; for the folder set the
chart's sidecar.dashboards.folderAnnotation to grafana_folder and provider.foldersFromFilesStructure to true."""
_SOURCES_HEADER = f"""\
The two data sources, with Grafana's managed identity. Set for Grafana's process:
  {SUBSCRIPTION}         the subscription that the drop-downs begin with
  {QUERY_ENDPOINT}  query endpoint of the Azure Monitor workspace (its Overview in the portal)
and [azure] managed_identity_enabled = true in grafana.ini. The identity needs Monitoring Reader on the subscription
(logs, metrics, Resource Graph) and Monitoring Data Reader on the Azure Monitor workspace (Prometheus).
Prometheus is read by the plug-in grafana-azureprometheus-datasource, to which Grafana 13 moves every Prometheus source
that signs in to Azure. Azure Managed Grafana brings both sources along and reads no such files."""


def dashboards() -> str:
    provider = {
        "name": FOLDER,
        "orgId": 1,
        "folder": FOLDER,
        "type": "file",
        # What is changed by hand would be lost at the next deployment without a word.
        "allowUiUpdates": False,
        "disableDeletion": False,
        "updateIntervalSeconds": 30,
        "options": {"path": DASHBOARDS_PATH},
    }
    return yaml.documents([{"apiVersion": 1, "providers": [provider]}], _PROVIDER_HEADER)


def data_sources() -> str:
    azure = {
        "name": "Azure Monitor (tripgen)",
        "uid": "tripgen-azure-monitor",
        "type": "grafana-azure-monitor-datasource",
        "access": "proxy",
        "jsonData": {"cloudName": "azuremonitor", "azureAuthType": "msi", "subscriptionId": f"${{{SUBSCRIPTION}}}"},
    }
    prometheus = {
        "name": "Prometheus (tripgen)",
        "uid": "tripgen-prometheus",
        "type": "grafana-azureprometheus-datasource",
        "access": "proxy",
        "url": f"${{{QUERY_ENDPOINT}}}",
        # $__rate_interval is four of the scrape interval at least.
        "jsonData": {"httpMethod": "POST", "timeInterval": "30s", "azureCredentials": {"authType": "msi"}},
    }
    return yaml.documents([{"apiVersion": 1, "datasources": [azure, prometheus]}], _SOURCES_HEADER)
