"""What was deployed against the definitions: missing, extra, edited, disabled, telling nobody, watching nothing.

A right of somebody, and a list of rights, are asked for one by one: a list of theirs holds everybody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from observability.deploy import budgets, normal
from observability.deploy.arm import Arm
from observability.deploy.errors import NotFound, unreadable
from observability.deploy.expressions import AtAzure
from observability.deploy.hide import Hide
from observability.deploy.normal import UNSET, Difference
from observability.deploy.there import There, ours
from observability.render.arm import ASSIGNMENT_TYPE, DEFINITION_TYPE
from observability.render.arm_actions import WORKFLOW_TYPE
from observability.render.arm_budgets import BUDGET_TYPE

COMPARED = ("alerts", "access")
"""Templates whose resources somebody may edit, and whose loss nobody sees."""

_ALONE = frozenset({ASSIGNMENT_TYPE, DEFINITION_TYPE})


class Kind(StrEnum):
    MISSING = "missing"
    EXTRA = "extra"
    EDITED = "edited"
    DISABLED = "disabled"
    NO_ACTION_GROUP = "no action group"
    DEAD_SCOPE = "dead scope"


MEANING: Mapping[Kind, str] = {
    Kind.MISSING: "defined, and not there",
    Kind.EXTRA: "there with our tag, and not defined",
    Kind.EDITED: "not what the definition says",
    Kind.DISABLED: "switched off",
    Kind.NO_ACTION_GROUP: "fires and tells nobody",
    Kind.DEAD_SCOPE: "watches something that is no longer there",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it is defined. ``path`` is empty where it is about the whole resource."""

    kind: Kind
    id: str
    path: str = ""
    expected: Any = UNSET
    live: Any = UNSET


@dataclass(frozen=True, slots=True)
class Drift:
    """``unknown`` counts the properties that could not be compared, by the parameter whose value nobody gave.

    ``at_azure`` counts those that only Azure knows, by the function that reads them while deploying.
    """

    findings: tuple[Finding, ...]
    defined: int
    live: int
    unknown: Mapping[str, int]
    at_azure: Mapping[str, int]


def compare(
    arm: Arm,
    defined: Sequence[Mapping[str, Any]],
    hide: Hide,
    said: Callable[[str], None],
    *,
    made: Iterable[str],
) -> Drift:
    """Compare the defined resources with those of their types in the group, and with what else carries our tag there.

    ``made`` are the types of all templates, those that are not compared included. Raises SourceUnavailable, Refused,
    WrongArgument.
    """
    versions = {one["type"]: one["apiVersion"] for one in defined}
    there: dict[str, Mapping[str, Any]] = {}
    for kind, version in versions.items():
        said(f"reading {kind}")
        if kind in _ALONE:
            found = [live for one in defined if one["type"] == kind for live in _alone(arm, one)]
        elif kind == BUDGET_TYPE:
            found = [live for place in budgets.places(arm) for live in budgets.listed(arm, place)]
        else:
            found = arm.listed(f"{arm.path}/providers/{kind}", version, what=f"list of {kind}")
        there.update((_key(kind, str(one.get("id", ""))), one) for one in found)
    said("looking for what the rules watch, and what carries the tag")
    exists = There(arm)
    # A type that no template has any more is known by the tag alone.
    kinds = {kind.lower() for kind in (*versions, *made)}
    for one in exists.all():
        if str(one.get("type")).lower() not in kinds:
            there.setdefault(_key(str(one.get("type")), str(one.get("id", ""))), one)
    expected = {_key(one["type"], one["id"]): one for one in defined}
    findings: list[Finding] = []
    for key, one in expected.items():
        live = there.get(key)
        if live is None:
            findings.append(Finding(Kind.MISSING, one["id"]))
        else:
            findings += _of_one(one, live, exists, hide)
    extra = [one for key, one in there.items() if key not in expected and ours(one)]
    for one in extra:
        findings.append(Finding(Kind.EXTRA, str(one["id"])))
        findings += _dead(one, exists)
    order = list(Kind)
    findings.sort(key=lambda finding: (order.index(finding.kind), finding.id.lower(), finding.path))
    known = sum(1 for key in there if key in expected) + len(extra)
    unknown = [each for one in defined for each in normal.unknowns(one)]
    not_given = Counter(one.name for one in unknown if not isinstance(one, AtAzure))
    at_azure = Counter(one.name for one in unknown if isinstance(one, AtAzure))
    return Drift(tuple(findings), len(defined), known, dict(sorted(not_given.items())), dict(sorted(at_azure.items())))


def _alone(arm: Arm, one: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The resource if it is there."""
    what = f"{one['type']} {one['name']}"
    try:
        live = arm.ask("GET", one["id"], one["apiVersion"], what=what).body
    except NotFound:
        return
    if not isinstance(live, Mapping):
        raise unreadable(what)
    yield live


def _of_one(expected: Mapping[str, Any], live: Mapping[str, Any], exists: There, hide: Hide) -> Iterator[Finding]:
    name = str(expected["id"])
    kind = str(expected["type"])
    wanted = {path for path, groups in _told(kind, expected) if groups}
    silent = [path for path, groups in _told(kind, live) if path in wanted and not any(map(exists.has, groups))]
    for path in silent:
        yield Finding(Kind.NO_ACTION_GROUP, name, path)
    yield from _dead(live, exists)
    for one in _differences(expected, live):
        if any(one.path.startswith(path) for path in silent):
            continue
        off = one.path.rpartition(".")[2].lower() == "enabled" and one.live is False
        off = off or (kind == WORKFLOW_TYPE and one.path == "properties.state")
        shown = (value if value is UNSET else hide.value(value, one.path) for value in (one.expected, one.live))
        yield Finding(Kind.DISABLED if off else Kind.EDITED, name, one.path, *shown)


def _differences(expected: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    told = normal.sent(str(expected["type"]), live)
    for part in ("location", "identity", "properties"):
        if part in expected:
            yield from normal.differences(expected[part], told.get(part, UNSET), part)
    # Others may put tags of their own beside ours.
    tags = live.get("tags") or {}
    for key, value in (expected.get("tags") or {}).items():
        has = next((text for own, text in tags.items() if own.lower() == key.lower()), UNSET)
        if has != value:
            yield Difference(f"tags.{key}", value, has)


def _dead(live: Mapping[str, Any], exists: There) -> Iterator[Finding]:
    for scope in (live.get("properties") or {}).get("scopes") or ():
        if not exists.has(str(scope)):
            yield Finding(Kind.DEAD_SCOPE, str(live["id"]), "properties.scopes", live=scope)


def _key(kind: str, resource: str) -> str:
    """One resource of a type in the group, by its name: the services differ in how they write the rest of an id."""
    return f"{kind}/{resource.rpartition('/')[2]}".lower()


def _told(kind: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Where a rule or budget names its action groups, and which: a path for each thing that can fire."""
    properties = resource.get("properties") or {}
    kind = kind.rpartition("/")[2].lower()
    if kind == "scheduledqueryrules":
        actions = properties.get("actions") or {}
        yield "properties.actions", [str(one) for one in actions.get("actionGroups") or ()]
    elif kind == "metricalerts":
        yield "properties.actions", _ids(properties.get("actions"))
    elif kind == "prometheusrulegroups":
        for rule in properties.get("rules") or ():
            if "alert" in rule:
                yield f"properties.rules[{rule['alert']}].actions", _ids(rule.get("actions"))
    elif kind == "budgets":
        for name, notice in (properties.get("notifications") or {}).items():
            yield (
                f"properties.notifications.{name}.contactGroups",
                [str(one) for one in notice.get("contactGroups") or ()],
            )


def _ids(actions: Any) -> list[str]:
    return [str(one.get("actionGroupId")) for one in actions or ()]
