"""What the workflows' identities may do, as ARM resources: roles of their own, each given on one resource."""

from __future__ import annotations

from collections.abc import Iterator

from observability.model.alert import Workflow
from observability.model.operations import DatabaseScaling
from observability.render.arm import (
    ASSIGNMENT_TYPE,
    AUTHORIZATION_API,
    DEFINITION_TYPE,
    Resource,
    parameter,
    quoted,
    resource_id,
)
from observability.render.arm_actions import WORKFLOW_API, workflow_id, workflow_name
from observability.render.arm_alerts import name_parameter
from observability.render.workflow_targets import AGENT_POOLS, POOL_NAME

SUBNET, GIVE_ROLES = "applicationPoolSubnet", "giveRoles"
ROLE_PREFIX = "tripgen "
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
ALERTS = "Microsoft.AlertsManagement/alerts"


def _role(workflow: Workflow, key: str, what: str, actions: list[str]) -> Resource:
    """A role of this resource group. Names of roles are unique in a tenant, so its name carries the group's."""
    return {
        "condition": parameter(GIVE_ROLES),
        "type": DEFINITION_TYPE,
        "apiVersion": AUTHORIZATION_API,
        "name": f"[{_role_name(key)}]",
        "properties": {
            "roleName": f"[concat({quoted(ROLE_PREFIX)}, resourceGroup().name, ': ', {quoted(what)})]",
            "description": f"For the identity of {workflow_name(workflow)} alone: {what}.",
            "type": "CustomRole",
            "permissions": [{"actions": actions, "notActions": []}],
            "assignableScopes": ["[resourceGroup().id]"],
        },
    }


def _role_name(key: str) -> str:
    return f"guid(resourceGroup().id, {quoted(workflow_name(key))})"


def _assignment(workflow: Workflow, key: str, scope: str | None, condition: str = parameter(GIVE_ROLES)) -> Resource:
    """The workflow's identity gets the role on one resource alone; without a scope, on the resource group."""
    who = workflow_id(workflow)[1:-1]
    role = f"subscriptionResourceId({quoted(DEFINITION_TYPE)}, {_role_name(key)})"
    body: Resource = {
        "condition": condition,
        "type": ASSIGNMENT_TYPE,
        "apiVersion": AUTHORIZATION_API,
        "name": f"[guid({scope or 'resourceGroup().id'}, {who}, {_role_name(key)})]",
    }
    if scope is not None:
        body["scope"] = f"[{scope}]"
    return {
        **body,
        "properties": {
            "roleDefinitionId": f"[{role}]",
            "principalId": f"[reference({who}, {quoted(WORKFLOW_API)}, 'full').identity.principalId]",
            # Without it a new identity may not be found yet, and the deployment fails.
            "principalType": "ServicePrincipal",
        },
        "dependsOn": [f"[{who}]", f"[resourceId({quoted(DEFINITION_TYPE)}, {_role_name(key)})]"],
    }


def escalation() -> Iterator[Resource]:
    """An alert is read at the resource that it is about, and those lie in the deployment's group."""
    workflow = Workflow.ESCALATE
    yield _role(workflow, workflow.value, "read alerts", [f"{ALERTS}/read"])
    yield _assignment(workflow, workflow.value, None)


def nodes() -> Iterator[Resource]:
    workflow, join = Workflow.SCALE_NODES, "scale-nodes-join"
    pool = resource_id(AGENT_POOLS, parameter("clusterName"), parameter(POOL_NAME))[1:-1]
    kind = AGENT_POOLS
    yield _role(
        workflow, workflow.value, "read and change the application node pool", [f"{kind}/read", f"{kind}/write"]
    )
    yield _assignment(workflow, workflow.value, pool)
    # Azure may ask whoever changes a pool for the right to put its nodes into their subnet.
    given = f"parameters({quoted(SUBNET)})"
    named = f"split(if(empty({given}), 'none/none', {given}), '/')"
    network, subnet = f"{named}[0]", f"{named}[1]"
    yield _role(workflow, join, "join the subnet of the application nodes", [f"{SUBNETS}/join/action"])
    yield _assignment(
        workflow,
        join,
        f"resourceId({quoted(SUBNETS)}, {network}, {subnet})",
        f"[and(parameters({quoted(GIVE_ROLES)}), not(empty({given})))]",
    )


def database(scaling: DatabaseScaling) -> Iterator[Resource]:
    workflow, kind = Workflow.SCALE_DATABASE, scaling.database.resource.type
    server = resource_id(kind, parameter(name_parameter(scaling.database.resource.key)))[1:-1]
    yield _role(
        workflow, workflow.value, "read and change the primary database server", [f"{kind}/read", f"{kind}/write"]
    )
    yield _assignment(workflow, workflow.value, server)
