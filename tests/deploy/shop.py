"""A made-up shop's generated folder: a template of each kind, a dashboard, and the values they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TAGS = {"managed-by": "tripgen-observability"}
BELL = "https://bell.example/?key=ding-dong-ding"
GROUP_ID = "[resourceId('Microsoft.Insights/actionGroups', 'ag-bell')]"
VALUES = {"bellUrl": BELL, "host": "shop.example"}
EXAMPLE = {"bellUrl": "<secret>", "host": "door.example.com"}


def template(resources: list[dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "deploymentTemplate.json#", "parameters": parameters, "resources": resources}


ACTION_GROUP: dict[str, Any] = {
    "type": "Microsoft.Insights/actionGroups",
    "apiVersion": "2023-01-01",
    "name": "ag-bell",
    "location": "Global",
    "tags": TAGS,
    "properties": {
        "groupShortName": "bell",
        "enabled": True,
        "webhookReceivers": [{"name": "bell", "serviceUri": "[parameters('bellUrl')]", "useCommonAlertSchema": True}],
    },
}
LOG_RULE: dict[str, Any] = {
    "type": "Microsoft.Insights/scheduledQueryRules",
    "apiVersion": "2023-12-01",
    "name": "alert-queue",
    "location": "[parameters('location')]",
    "tags": TAGS,
    "dependsOn": [GROUP_ID],
    "properties": {
        "severity": 2,
        "enabled": True,
        "scopes": ["[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"],
        "windowSize": "PT1H",
        "skipQueryValidation": True,
        "criteria": {
            "allOf": [
                {
                    "query": "Till\n| count",
                    "threshold": 5,
                    "dimensions": [
                        {"name": "till", "operator": "Include", "values": ["*"]},
                        {"name": "clerk", "operator": "Include", "values": ["*"]},
                    ],
                }
            ]
        },
        "actions": {"actionGroups": [GROUP_ID]},
    },
}
RULES: dict[str, Any] = {
    "type": "Microsoft.AlertsManagement/prometheusRuleGroups",
    "apiVersion": "2023-03-01",
    "name": "alert-oven",
    "location": "[parameters('location')]",
    "tags": TAGS,
    "properties": {
        "enabled": True,
        "scopes": ["[resourceGroup().id]"],
        "interval": "PT1M",
        "rules": [
            {
                "alert": "OvenCold",
                "enabled": True,
                "expression": "oven_celsius < 100",
                "for": "PT5M",
                "actions": [{"actionGroupId": GROUP_ID, "actionProperties": {"door": "[parameters('host')]"}}],
            }
        ],
    },
}
WORKSPACE: list[dict[str, Any]] = [
    {
        "type": "Microsoft.OperationalInsights/workspaces",
        "apiVersion": "2025-07-01",
        "name": "[parameters('workspaceName')]",
        "location": "[parameters('location')]",
        "tags": TAGS,
        "properties": {"retentionInDays": 90},
    },
    {
        "type": "Microsoft.Insights/diagnosticSettings",
        "apiVersion": "2021-05-01-preview",
        "name": "to-log-analytics",
        "scope": "[resourceId('Shop/ovens', 'big')]",
        "properties": {
            "workspaceId": "[resourceId('Microsoft.OperationalInsights/workspaces', parameters('workspaceName'))]"
        },
    },
]
PACK: dict[str, Any] = {
    "type": "Microsoft.OperationalInsights/queryPacks",
    "apiVersion": "2025-07-01",
    "name": "qp-shop",
    "location": "[parameters('location')]",
    "tags": TAGS,
    "properties": {},
}
WORKFLOW_ID = "[resourceId('Microsoft.Logic/workflows', 'la-shop')]"
WORKFLOW: dict[str, Any] = {
    "type": "Microsoft.Logic/workflows",
    "apiVersion": "2017-07-01",
    "name": "la-shop",
    "location": "[parameters('location')]",
    "tags": TAGS,
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "state": "Enabled",
        "definition": {
            "contentVersion": "1.0.0.0",
            "parameters": {"bell": {"type": "SecureString"}, "door": {"type": "String"}},
            "triggers": {"alert": {"type": "Request", "kind": "Http", "inputs": {"method": "POST"}}},
            "actions": {"Ring": {"type": "Http", "inputs": {"method": "POST", "uri": "@parameters('bell')"}}},
        },
        "parameters": {"bell": {"value": "[parameters('bellUrl')]"}, "door": {"value": "[parameters('host')]"}},
    },
}
WORKFLOW_BELL: dict[str, Any] = {
    "type": "Microsoft.Insights/actionGroups",
    "apiVersion": "2023-01-01",
    "name": "ag-workflow",
    "location": "Global",
    "tags": TAGS,
    "properties": {
        "groupShortName": "flow",
        "enabled": True,
        "logicAppReceivers": [
            {
                "name": "flow",
                "resourceId": WORKFLOW_ID,
                "callbackUrl": "[listCallbackUrl(resourceId('Microsoft.Logic/workflows/triggers', 'la-shop', 'alert'), "
                "'2017-07-01').value]",
            }
        ],
    },
}
_ROLE_NAME = "guid(resourceGroup().id, 'bread')"
ROLE: dict[str, Any] = {
    "condition": "[parameters('giveRoles')]",
    "type": "Microsoft.Authorization/roleDefinitions",
    "apiVersion": "2022-04-01",
    "name": f"[{_ROLE_NAME}]",
    "properties": {
        "roleName": "[concat('tripgen ', resourceGroup().name, ': bake bread')]",
        "type": "CustomRole",
        "permissions": [{"actions": ["Shop/ovens/write"], "notActions": []}],
        "assignableScopes": ["[resourceGroup().id]"],
    },
}
ASSIGNMENT: dict[str, Any] = {
    "condition": "[parameters('giveRoles')]",
    "type": "Microsoft.Authorization/roleAssignments",
    "apiVersion": "2022-04-01",
    "name": f"[guid(resourceId('Shop/ovens', 'big'), {WORKFLOW_ID[1:-1]}, {_ROLE_NAME})]",
    "scope": "[resourceId('Shop/ovens', 'big')]",
    "properties": {
        "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {_ROLE_NAME})]",
        "principalId": f"[reference({WORKFLOW_ID[1:-1]}, '2017-07-01', 'full').identity.principalId]",
        "principalType": "ServicePrincipal",
    },
}
_BUDGET: dict[str, Any] = {
    "type": "Microsoft.Consumption/budgets",
    "apiVersion": "2024-08-01",
    "name": "[concat('budget-tripgen-', parameters( 'shop'), '-bread')]",
    "properties": {
        "category": "Cost",
        "amount": 500,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": "[parameters( 'start')]"},
        "filter": {
            "dimensions": {
                "name": "ResourceGroupName",
                "operator": "In",
                "values": ["[parameters( 'shop')]", "rg-flour"],
            }
        },
        "notifications": {
            "spent": {
                "enabled": True,
                "operator": "GreaterThanOrEqualTo",
                "threshold": 100,
                "thresholdType": "Actual",
                "contactEmails": [],
                "contactGroups": ["[parameters( 'told')]"],
            }
        },
    },
}
BUDGET: dict[str, Any] = {
    "condition": "[not(empty(parameters('budgetStart')))]",
    "type": "Microsoft.Resources/deployments",
    "apiVersion": "2022-09-01",
    "name": "budgets",
    "subscriptionId": "[subscription().subscriptionId]",
    "location": "[parameters('location')]",
    "properties": {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": "inner"},
        "parameters": {
            "shop": {"value": "[toLower(resourceGroup().name)]"},
            "start": {"value": "[parameters('budgetStart')]"},
            "told": {"value": "[resourceId('Microsoft.Insights/actionGroups', 'ag-workflow')]"},
        },
        "template": template(
            [_BUDGET], {"shop": {"type": "string"}, "start": {"type": "string"}, "told": {"type": "string"}}
        ),
    },
}
BAKER: dict[str, Any] = {
    "condition": "[not(empty(parameters('bakerId')))]",
    "type": "Microsoft.Authorization/roleAssignments",
    "apiVersion": "2022-04-01",
    "name": "[guid(resourceGroup().id, parameters('bakerId'), 'reader')]",
    "properties": {
        "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'reader')]",
        "principalId": "[parameters('bakerId')]",
    },
}
LOCATION = {"location": {"type": "string", "defaultValue": "koreacentral"}}
NAME = {"workspaceName": {"type": "string", "defaultValue": "law-shop"}}
ADDRESSES = {"bellUrl": {"type": "secureString"}, "host": {"type": "string"}}
DASHBOARD = {"uid": "shop-tills", "title": "Tills", "schemaVersion": 41, "panels": []}


TEMPLATES = {
    "workspace": template(WORKSPACE, {**LOCATION, **NAME}),
    "alerts": template([ACTION_GROUP, LOG_RULE, RULES], {**LOCATION, **NAME, **ADDRESSES}),
    "queries": template([PACK], LOCATION),
    "access": template([BAKER], {"bakerId": {"type": "string", "defaultValue": ""}}),
}
STAFF = template(
    [WORKFLOW, WORKFLOW_BELL, ROLE, ASSIGNMENT, BUDGET],
    {
        **LOCATION,
        **ADDRESSES,
        "giveRoles": {"type": "bool", "defaultValue": True},
        "budgetStart": {"type": "string", "defaultValue": ""},
    },
)
"""A workflow, its rights and a budget, for the tests that are about them."""


def generated(folder: Path) -> Path:
    """The shop's templates and dashboard below ``folder``, and its values beside them in parameters.json."""
    (folder / "azure").mkdir(parents=True)
    for name, body in TEMPLATES.items():
        (folder / "azure" / f"{name}.json").write_text(json.dumps(body))
    (folder / "dashboards").mkdir()
    (folder / "dashboards" / "shop-tills.json").write_text(json.dumps(DASHBOARD))
    for path, values in (("parameters.json", VALUES), ("azure/parameters.example.json", EXAMPLE)):
        given = {name: {"value": value} for name, value in values.items()}
        (folder / path).write_text(json.dumps({"parameters": given}))
    return folder
