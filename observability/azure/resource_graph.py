"""The tables of Azure Resource Graph that the dashboards ask, and what its dialect of KQL lacks.

Source: Azure Resource Graph's table reference; every table holds the same columns, and what differs by resource type
lies in the dynamic ``properties``.
"""

from __future__ import annotations

_COLUMNS = {
    "id": "string",
    "name": "string",
    "type": "string",
    "tenantId": "string",
    "kind": "string",
    "location": "string",
    "resourceGroup": "string",
    "subscriptionId": "string",
    "managedBy": "string",
    "sku": "dynamic",
    "plan": "dynamic",
    "properties": "dynamic",
    "tags": "dynamic",
    "identity": "dynamic",
    "zones": "dynamic",
    "extendedLocation": "dynamic",
}
TABLES: dict[str, dict[str, str]] = {"resources": _COLUMNS, "alertsmanagementresources": _COLUMNS}

NOT_IN_DIALECT = ("let", "materialize", "toscalar")
"""What Log Analytics takes and Resource Graph refuses."""
