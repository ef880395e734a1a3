from __future__ import annotations

import json
import uuid

from observability.design.telemetry import RESOURCES, WORKSPACE
from observability.render import arm, arm_access, arm_workspace

AMW = "[resourceId('Microsoft.Monitor/accounts', parameters('monitorWorkspaceName'))]"
BUS = "resourceId('Microsoft.ServiceBus/namespaces', parameters('serviceBusName'))"
QUEUES = "guid(resourceGroup().id, 'tripgen-queue-reader')"
READER, DATA_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05", "b0d8363b-8ddd-447d-831f-62ca05bff136"


def assignments() -> list[arm.Resource]:
    return [found for found in arm_access.access_resources() if found["type"].endswith("/roleAssignments")]


def test_grafana_reads_the_whole_group() -> None:
    assert assignments()[0] == {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": f"[guid(resourceGroup().id, parameters('grafanaPrincipalId'), '{READER}')]",
        "condition": "[not(empty(parameters('grafanaPrincipalId')))]",
        "properties": {
            "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{READER}')]",
            "principalId": "[parameters('grafanaPrincipalId')]",
            "principalType": "ServicePrincipal",
            "description": "Grafana reads metrics and logs of the group.",
        },
    }


def test_grafana_and_keda_read_managed_prometheus_and_nothing_of_it_more() -> None:
    asked = [found for found in assignments() if found.get("scope") == AMW]
    assert [(found["properties"]["principalId"], found["name"]) for found in asked] == [
        (
            "[parameters('grafanaPrincipalId')]",
            f"[guid({AMW[1:-1]}, parameters('grafanaPrincipalId'), '{DATA_READER}')]",
        ),
        ("[parameters('kedaPrincipalId')]", f"[guid({AMW[1:-1]}, parameters('kedaPrincipalId'), '{DATA_READER}')]"),
    ]


def test_the_exporter_sees_counts_of_messages_and_can_neither_take_one_nor_delete_a_queue() -> None:
    [role] = [found for found in arm_access.access_resources() if found["type"].endswith("/roleDefinitions")]
    assert role["name"] == f"[{QUEUES}]"
    assert role["properties"]["permissions"] == [
        {
            "actions": [
                "Microsoft.ServiceBus/namespaces/queues/read",
                "Microsoft.ServiceBus/namespaces/topics/read",
                "Microsoft.ServiceBus/namespaces/topics/subscriptions/read",
            ],
            "notActions": [],
            "dataActions": [],
            "notDataActions": [],
        }
    ]
    assert role["properties"]["assignableScopes"] == ["[resourceGroup().id]"]
    given = assignments()[-1]
    assert given["name"] == f"[guid({BUS}, parameters('exporterPrincipalId'), {QUEUES})]"
    assert given["scope"] == f"[{BUS}]"
    assert given["dependsOn"] == [f"[resourceId('Microsoft.Authorization/roleDefinitions', {QUEUES})]"]


def test_nothing_is_made_for_an_identity_that_is_not_given() -> None:
    for found in arm_access.access_resources():
        assert found["condition"].startswith("[not(empty(parameters('"), found["name"]
    assert {item.name: item.default for item in arm_access.parameters()} == {
        "grafanaPrincipalId": "",
        "exporterPrincipalId": "",
        "kedaPrincipalId": "",
    }


def test_no_two_assignments_have_the_same_name_and_every_role_has_an_id() -> None:
    names = [found["name"] for found in assignments()]
    assert len(names) == len(set(names)) == 4
    for role in (arm_access.MONITORING_READER, arm_access.MONITORING_DATA_READER):
        assert str(uuid.UUID(role)) == role


def test_the_template_asks_for_identities_and_names_and_has_a_default_for_each() -> None:
    declared = {item.name: item for item in (*arm_workspace.parameters(WORKSPACE, RESOURCES), *arm_access.parameters())}
    template = arm.template(arm_access.access_resources(), declared, json.dumps, "Access.")
    assert {name: body["defaultValue"] for name, body in template["parameters"].items()} == {
        "exporterPrincipalId": "",
        "grafanaPrincipalId": "",
        "kedaPrincipalId": "",
        "monitorWorkspaceName": "amw-tripgen-prod",
        "serviceBusName": "sb-tripgen-prod",
    }
