"""Taking away what was deployed: what carries our tag, and what we put on resources that are not ours.

What holds data stays unless somebody asks for it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from observability.deploy import budgets, normal
from observability.deploy.arm import RESOURCES_VERSION, Arm
from observability.deploy.errors import Fault, NotAllowed, NotFound, Refused
from observability.deploy.there import listed, ours
from observability.render.arm import ASSIGNMENT_TYPE, AUTHORIZATION_API, DEFINITION_TYPE
from observability.render.arm_budgets import BUDGET_API, BUDGET_TYPE
from observability.render.workflow_roles import ROLE_PREFIX

ORDER = (
    "microsoft.insights/scheduledqueryrules",
    "microsoft.insights/metricalerts",
    "microsoft.alertsmanagement/prometheusrulegroups",
    "microsoft.alertsmanagement/actionrules",
    "microsoft.insights/webtests",
    "microsoft.consumption/budgets",
    "microsoft.insights/actiongroups",
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/roledefinitions",
    "microsoft.logic/workflows",
    "microsoft.operationalinsights/querypacks",
    "microsoft.insights/diagnosticsettings",
    "microsoft.insights/datacollectionruleassociations",
    "microsoft.insights/datacollectionrules",
    "microsoft.insights/datacollectionendpoints",
    "microsoft.insights/components",
    "microsoft.monitor/accounts",
    "microsoft.operationalinsights/workspaces",
)
"""Who refers to another goes before it. A type that is not here goes first: it is of a version that had it.

A workflow's right goes before the workflow: one that is left behind still names the identity that went with it, and the
next deployment cannot give it to another.
"""

DATA: Mapping[str, str] = {
    "microsoft.operationalinsights/workspaces": "holds every log",
    "microsoft.insights/components": "what sends to it knows its connection string",
    "microsoft.monitor/accounts": "holds every Prometheus metric",
}

_POINTS_AT = {
    "microsoft.insights/diagnosticsettings": "workspaceId",
    "microsoft.insights/datacollectionruleassociations": "dataCollectionRuleId",
    "microsoft.authorization/roleassignments": "roleDefinitionId",
}
"""What carries no tag is ours where it has our name and this property of it leads where the template says."""

_MORE_RIGHTS = frozenset({ASSIGNMENT_TYPE.lower(), DEFINITION_TYPE.lower(), BUDGET_TYPE.lower()})
"""Who may delete everything else need not be allowed to take rights away, nor anything from the subscription."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something of ours. ``why`` it is kept, empty where it goes; what it is ``called`` where its id does not say it."""

    id: str
    type: str
    version: str
    why: str = ""
    called: str = ""


@dataclass(slots=True)
class Removal:
    """How far a removal has come; true at any moment, an interrupt included."""

    left: list[Item]
    deleted: list[Item] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def plan(
    arm: Arm, defined: Sequence[Mapping[str, Any]], *, with_data: bool, said: Callable[[str], None]
) -> tuple[list[Item], list[Item]]:
    """What goes, in this order, and what is kept. ``defined`` are the resources of all templates.

    Raises SourceUnavailable, Refused, WrongArgument.
    """
    said("listing what carries the tag")
    versions = {one["type"].lower(): str(one["apiVersion"]) for one in defined}
    found = []
    for one in listed(arm, arm.path):
        if ours(one):
            kind = str(one["type"])
            version = versions.get(kind.lower()) or _newest(arm, kind)
            found.append(Item(str(one["id"]), kind, version, "" if with_data else DATA.get(kind.lower(), "")))
    for one in defined:
        if one["type"].lower() in _POINTS_AT:
            said(f"looking at {one.get('scope', arm.path).rpartition('/')[2]}")
            found += _named(arm, one)
    said("looking for budgets and roles")
    found += _budgets(arm, defined, said)
    found += _roles(arm, defined)
    found.sort(key=lambda item: (_rank(item.type), item.id.lower()))
    return [item for item in found if not item.why], [item for item in found if item.why]


def _rank(kind: str) -> int:
    return ORDER.index(kind.lower()) if kind.lower() in ORDER else -1


def _named(arm: Arm, one: Mapping[str, Any]) -> Iterator[Item]:
    """What has this name on this scope, if it is the one that the template makes."""
    try:
        body = arm.ask("GET", one["id"], one["apiVersion"], what=f"{one['type']} {one['name']}").body
    except NotFound:
        return
    name = _POINTS_AT[one["type"].lower()]
    live = (body.get("properties") or {}) if isinstance(body, Mapping) else {}
    scope = str(one.get("scope", arm.path)).lower()
    # An assignment says where it applies; it is asked for below that, and must not be one of further up.
    if str(live.get("scope", scope)).lower() == scope and not any(
        normal.differences(one["properties"][name], live.get(name), name)
    ):
        yield Item(one["id"], one["type"], one["apiVersion"])


def _budgets(arm: Arm, defined: Sequence[Mapping[str, Any]], said: Callable[[str], None]) -> Iterator[Item]:
    """The budgets that count this group and have a name of ours, in whatever version they were defined."""
    expected = any(one["type"] == BUDGET_TYPE for one in defined)
    for place in budgets.places(arm):
        try:
            there = budgets.listed(arm, place)
        except Refused:
            # Some kinds of subscriptions have no budgets; one with ours is told about.
            if expected:
                raise
            continue
        except NotAllowed as error:
            # Whoever has rights on the group alone, and has made no budgets, can take the rest away.
            if expected or place == arm.path:
                raise
            said(f"no budgets are looked for at the subscription: {error}")
            continue
        yield from (Item(str(one["id"]), BUDGET_TYPE, BUDGET_API) for one in there if ours(one))


def _roles(arm: Arm, defined: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    """The roles for this group alone that have the id or the name of one of ours."""
    path = f"{arm.path}/providers/{DEFINITION_TYPE}"
    there = arm.listed(path, AUTHORIZATION_API, what="list of roles", query={"$filter": "type eq 'CustomRole'"})
    ids = {str(one["name"]).lower() for one in defined if one["type"] == DEFINITION_TYPE}
    for one in there:
        role = one.get("properties") or {}
        alone = [str(scope).lower() for scope in role.get("assignableScopes") or ()] == [arm.path.lower()]
        known = str(role.get("roleName")).lower().startswith(f"{ROLE_PREFIX}{arm.group}: ".lower())
        name = str(one.get("name"))
        if alone and (known or name.lower() in ids):
            yield Item(f"{path}/{name}", DEFINITION_TYPE, AUTHORIZATION_API, called=str(role.get("roleName") or ""))


def _newest(arm: Arm, kind: str) -> str:
    """The newest released API version of a type that no template has any more."""
    provider, _, rest = kind.partition("/")
    path = f"/subscriptions/{arm.subscription}/providers/{provider}"
    body = arm.ask("GET", path, RESOURCES_VERSION, what=f"API versions of {kind}").body
    for one in (body.get("resourceTypes") if isinstance(body, Mapping) else None) or ():
        if str(one.get("resourceType")).lower() == rest.lower():
            versions = sorted((str(v) for v in one.get("apiVersions") or ()), key=lambda v: ("preview" in v, v))
            released = [version for version in versions if "preview" not in version] or versions
            if released:
                return released[-1]
    raise Refused([Fault(kind, "NoApiVersion", "Azure names no API version for this type; delete it in the portal")])


def remove(arm: Arm, items: Iterable[Item], said: Callable[[Removal, Item], None]) -> Iterator[Removal]:
    """Delete one item after the other; yields how far it is before the first and after each.

    One that is refused is told at the end, and the rest goes on. Raises SourceUnavailable.
    """
    removal = Removal(list(items))
    yield removal
    for item in list(removal.left):
        said(removal, item)
        try:
            there = arm.delete(item.id, item.version, what=item.id)
        except Refused as error:
            removal.faults += error.faults
        except NotAllowed as error:
            if item.type.lower() not in _MORE_RIGHTS:
                raise
            removal.faults.append(Fault(item.id, "NotAllowed", str(error)))
        else:
            removal.left.remove(item)
            (removal.deleted if there else removal.gone).append(item)
        yield removal
