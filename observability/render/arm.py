"""ARM building blocks: expressions, parameters, templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
Resource = dict[str, Json]

_USED = re.compile(r"parameters\('([^']+)'\)")
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
PARAMETERS_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"

NESTED_TYPE, NESTED_API = "Microsoft.Resources/deployments", "2022-09-01"

TAG = ("managed-by", "tripgen-observability")
"""What everything deployed from here carries: by it `tripobs drift` and `tripobs remove` know their own."""

ASSIGNMENT_TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITION_TYPE = "Microsoft.Authorization/roleDefinitions"
AUTHORIZATION_API = "2022-04-01"

UNTAGGABLE: Mapping[str, str] = {
    "Microsoft.Insights/diagnosticSettings": "an extension of the watched resource, which carries its own tags",
    "Microsoft.Insights/dataCollectionRuleAssociations": "an extension of the cluster, which carries its own tags",
    "Microsoft.OperationalInsights/workspaces/tables": "a setting of the workspace, which carries the tag",
    "Microsoft.OperationalInsights/workspaces/savedSearches": "its tags are a list of labels; the workspace has the tag",
    "Microsoft.OperationalInsights/queryPacks/queries": "its tags are labels to search by; the pack carries the tag",
    ASSIGNMENT_TYPE: "a right of an identity on a resource, which carry their own tags",
    DEFINITION_TYPE: "a list of rights, known by its name",
    "Microsoft.Consumption/budgets": "a setting of the subscription, known by its name and by the group that it counts",
}
"""Types that Azure keeps no tags for, and why that is no loss."""


def text(value: str) -> str:
    """A literal text: ARM reads ``[...]`` as an expression unless its ``[`` is doubled, and a lone ``[`` as it stands."""
    return f"[{value}" if value.startswith("[") and value.endswith("]") else value


def quoted(value: str) -> str:
    """A literal inside an expression."""
    return "'" + value.replace("'", "''") + "'"


def parameter(name: str) -> str:
    return f"[parameters('{name}')]"


def inner_parameter(name: str) -> str:
    """A parameter of a nested deployment alone.

    The space tells it from the template's own: those are found by their text (``used_in``).
    """
    return f"[parameters( '{name}')]"


def resource_id(kind: str, *names: str) -> str:
    """The id of a resource in the deployment's own resource group; a name may be an expression in brackets."""
    parts = (name[1:-1] if name.startswith("[") else quoted(name) for name in names)
    return f"[resourceId({', '.join([quoted(kind), *parts])})]"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A deployment parameter. Without a default it must be given; a secureString never has one.

    ``example`` stands in parameters.example.json where there is no default.
    """

    name: str
    description: str
    type: str = "string"
    default: Json = None
    example: Json = None

    def declaration(self) -> Json:
        body: dict[str, Json] = {"type": self.type}
        if self.default is not None:
            body["defaultValue"] = self.default
        body["metadata"] = {"description": self.description}
        return body


def used_in(body: str) -> set[str]:
    """Names of the parameters that a rendered template text uses."""
    return set(_USED.findall(body))


def tagged(resource: Resource) -> Resource:
    """The resource with the tag, beside the tags that it has; as it is where its type takes none."""
    if resource["type"] in UNTAGGABLE:
        return resource
    name, value = TAG
    own = resource.get("tags", {})
    if isinstance(own, str):
        tags: Json = f"[union({own[1:-1]}, createObject({quoted(name)}, {quoted(value)}))]"
    else:
        tags = {**own, name: value}
    # Beside what names the resource, so that a reader of the file finds it before the long properties.
    head = [key for key in ("type", "apiVersion", "name", "location") if key in resource]
    rest = {key: value for key, value in resource.items() if key not in (*head, "tags")}
    return {**{key: resource[key] for key in head}, "tags": tags, **rest}


def template(
    resources: Iterable[Resource], parameters: Mapping[str, Parameter], encode: Any, description: str
) -> dict[str, Json]:
    """A deployment template whose resources are tagged, and that declares exactly the parameters they use.

    Raises KeyError for a parameter that nobody declared.
    """
    listed = [tagged(resource) for resource in resources]
    names = used_in(encode(listed))
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {"description": description},
        "parameters": {name: parameters[name].declaration() for name in sorted(names)},
        "resources": listed,
    }
