"""Who may read what is measured: role assignments of the three identities that this project's parts sign in with.

Log alert rules need none. A rule without an identity of its own asks with the rights of whoever deployed it last, and
every query here stays inside its own workspace; an identity is for queries that reach into others (Azure Data Explorer,
Resource Graph). The exporter pushes to Azure Monitor with a connection string and is a user of PostgreSQL and Redis
inside those, which no role of Azure gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from observability.render.arm import (
    ASSIGNMENT_TYPE,
    AUTHORIZATION_API,
    DEFINITION_TYPE,
    Parameter,
    Resource,
    parameter,
    quoted,
    resource_id,
)
from observability.render.arm_alerts import name_parameter
from observability.render.arm_diagnostics import ACCOUNT_TYPE

GRAFANA, EXPORTER, KEDA = "grafanaPrincipalId", "exporterPrincipalId", "kedaPrincipalId"

# Ids of Azure's own roles, the same in every tenant.
MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
MONITORING_DATA_READER = "b0d8363b-8ddd-447d-831f-62ca05bff136"

# Counts of messages are properties of an entity. Of the roles that Azure has, Data Owner may also delete the queue, and
# Data Receiver take the messages out of it: neither is for somebody who only counts.
QUEUE_READ = (
    "Microsoft.ServiceBus/namespaces/queues/read",
    "Microsoft.ServiceBus/namespaces/topics/read",
    "Microsoft.ServiceBus/namespaces/topics/subscriptions/read",
)
_QUEUE_READER = "guid(resourceGroup().id, 'tripgen-queue-reader')"

_GROUP = "resourceGroup().id"
_ACCOUNT = resource_id(ACCOUNT_TYPE, parameter(name_parameter("monitor_workspace")))
_NAMESPACE = resource_id("Microsoft.ServiceBus/namespaces", parameter(name_parameter("service_bus")))


@dataclass(frozen=True, slots=True)
class Grant:
    """``role`` is an expression for the role's id, ``scope`` one for a resource's; without it, the whole group."""

    principal: str
    role: str
    why: str
    scope: str | None = None


GRANTS = (
    Grant(GRAFANA, quoted(MONITORING_READER), "Grafana reads metrics and logs of the group."),
    Grant(GRAFANA, quoted(MONITORING_DATA_READER), "Grafana asks managed Prometheus.", _ACCOUNT),
    Grant(KEDA, quoted(MONITORING_DATA_READER), "KEDA asks managed Prometheus how to scale.", _ACCOUNT),
    Grant(EXPORTER, _QUEUE_READER, "The exporter counts messages.", _NAMESPACE),
)


def parameters() -> Iterator[Parameter]:
    """The object id of each identity; none by default, and then nothing is assigned to it."""
    whose = {GRAFANA: "Managed Grafana", EXPORTER: "the exporter (tripgen-exporter)", KEDA: "KEDA's operator"}
    for name, who in whose.items():
        yield Parameter(
            name,
            f"Object (principal) id of the managed identity of {who}. Empty: nothing is assigned.",
            default="",
        )


def access_resources() -> list[Resource]:
    """The exporter's own role, and every assignment."""
    return [_queue_reader(), *map(_assignment, GRANTS)]


def _given(principal: str) -> str:
    return f"[not(empty(parameters('{principal}')))]"


def _queue_reader() -> Resource:
    return {
        "type": DEFINITION_TYPE,
        "apiVersion": AUTHORIZATION_API,
        "name": f"[{_QUEUE_READER}]",
        "condition": _given(EXPORTER),
        "properties": {
            # A tenant has one role of a name.
            "roleName": f"[concat('Service Bus queue reader (', parameters('{name_parameter('service_bus')}'), ')')]",
            "description": "Sees queues, topics and subscriptions with their counts, and no message.",
            "type": "CustomRole",
            "permissions": [{"actions": list(QUEUE_READ), "notActions": [], "dataActions": [], "notDataActions": []}],
            "assignableScopes": [f"[{_GROUP}]"],
        },
    }


def _assignment(grant: Grant) -> Resource:
    scope = _GROUP if grant.scope is None else grant.scope[1:-1]
    resource: Resource = {
        "type": ASSIGNMENT_TYPE,
        "apiVersion": AUTHORIZATION_API,
        # The same three always make the same name, so that deploying again finds the assignment instead of a second.
        "name": f"[guid({scope}, parameters('{grant.principal}'), {grant.role})]",
        "condition": _given(grant.principal),
        "properties": {
            "roleDefinitionId": f"[subscriptionResourceId({quoted(DEFINITION_TYPE)}, {grant.role})]",
            "principalId": parameter(grant.principal),
            # Without it, an identity made a moment ago is looked for in Entra before it has arrived there.
            "principalType": "ServicePrincipal",
            "description": grant.why,
        },
    }
    if grant.scope is not None:
        resource["scope"] = grant.scope
    if grant.role == _QUEUE_READER:
        resource["dependsOn"] = [f"[resourceId({quoted(DEFINITION_TYPE)}, {_QUEUE_READER})]"]
    return resource
