"""What Grafana reads at its start: valid, without a secret, and pointing where the dashboards are."""

import re

import yaml

from observability.render import grafana_provisioning as provisioning


def test_the_dashboards_come_from_a_folder_and_cannot_be_changed_by_hand() -> None:
    assert yaml.safe_load(provisioning.dashboards()) == {
        "apiVersion": 1,
        "providers": [
            {
                "name": "tripgen",
                "orgId": 1,
                "folder": "tripgen",
                "type": "file",
                "allowUiUpdates": False,
                "disableDeletion": False,
                "updateIntervalSeconds": 30,
                "options": {"path": "/var/lib/grafana/dashboards/tripgen"},
            }
        ],
    }


def test_both_sources_sign_in_as_the_managed_identity_and_take_the_rest_from_the_environment() -> None:
    azure, prometheus = yaml.safe_load(provisioning.data_sources())["datasources"]

    assert azure["jsonData"] == {
        "cloudName": "azuremonitor",
        "azureAuthType": "msi",
        "subscriptionId": "${AZURE_SUBSCRIPTION_ID}",
    }
    assert (prometheus["type"], prometheus["url"]) == (
        "grafana-azureprometheus-datasource",
        "${AZURE_MONITOR_QUERY_ENDPOINT}",
    )
    assert prometheus["jsonData"]["azureCredentials"] == {"authType": "msi"}


def test_no_secret_and_no_subscription_of_anybody_is_in_it() -> None:
    text = provisioning.data_sources()

    assert not re.search("secureJsonData|secret:|password|token", text, re.IGNORECASE)
    assert not re.search("[0-9a-f]{8}-[0-9a-f]{4}-", text)


def test_every_variable_of_the_environment_is_said_above() -> None:
    text = provisioning.data_sources()
    header = "".join(line for line in text.splitlines() if line.startswith("#"))

    assert set(re.findall(r"\$\{(\w+)\}", text)) == {"AZURE_SUBSCRIPTION_ID", "AZURE_MONITOR_QUERY_ENDPOINT"}
    assert all(name in header for name in ("AZURE_SUBSCRIPTION_ID", "AZURE_MONITOR_QUERY_ENDPOINT"))
