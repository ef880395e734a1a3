"""Taking away what was deployed: what carries our tag, and what we put on resources that are not ours.

What holds data stays unless somebody asks for it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from observability.deploy.arm import RESOURCES_VERSION, Arm
from observability.deploy.errors import Fault, NotFound, Refused
from observability.deploy.there import listed, ours

ORDER = (
    "microsoft.insights/scheduledqueryrules",
    "microsoft.insights/metricalerts",
    "microsoft.alertsmanagement/prometheusrulegroups",
    "microsoft.alertsmanagement/actionrules",
    "microsoft.insights/webtests",
    "microsoft.insights/actiongroups",
    "microsoft.operationalinsights/querypacks",
    "microsoft.insights/diagnosticsettings",
    "microsoft.insights/datacollectionruleassociations",
    "microsoft.insights/datacollectionrules",
    "microsoft.insights/datacollectionendpoints",
    "microsoft.insights/components",
    "microsoft.monitor/accounts",
    "microsoft.operationalinsights/workspaces",
)
"""Who refers to another goes before it. A type that is not here goes first: it is of a version that had it."""

DATA: Mapping[str, str] = {
    "microsoft.operationalinsights/workspaces": "holds every log",
    "microsoft.insights/components": "holds the connection string that the services send to",
    "microsoft.monitor/accounts": "holds every Prometheus metric",
}

_POINTS_AT = {
    "microsoft.insights/diagnosticsettings": "workspaceId",
    "microsoft.insights/datacollectionruleassociations": "dataCollectionRuleId",
}
"""Extensions that carry no tag are ours where this property of theirs leads to a resource of ours."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something of ours. ``why`` it is kept, empty where it goes."""

    id: str
    type: str
    version: str
    why: str = ""


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
        if "scope" in one:
            said(f"looking at {one['scope'].rpartition('/')[2]}")
            found += _extension(arm, one)
    found.sort(key=lambda item: (_rank(item.type), item.id.lower()))
    return [item for item in found if not item.why], [item for item in found if item.why]


def _rank(kind: str) -> int:
    return ORDER.index(kind.lower()) if kind.lower() in ORDER else -1


def _extension(arm: Arm, one: Mapping[str, Any]) -> Iterator[Item]:
    """The extension if it is there, and if it is the one that the template makes."""
    try:
        body = arm.ask("GET", one["id"], one["apiVersion"], what=f"{one['type']} {one['name']}").body
    except NotFound:
        return
    name = _POINTS_AT[one["type"].lower()]
    live = (body.get("properties") or {}).get(name) if isinstance(body, Mapping) else None
    if str(live).lower() == str(one["properties"][name]).lower():
        yield Item(one["id"], one["type"], one["apiVersion"])


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
        else:
            removal.left.remove(item)
            (removal.deleted if there else removal.gone).append(item)
        yield removal
