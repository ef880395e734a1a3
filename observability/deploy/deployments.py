"""Deployments of a resource group: what one would change, starting it, watching it, and why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from observability.deploy.arm import Arm, asking
from observability.deploy.client import PAUSE
from observability.deploy.errors import SOURCE, Fault, Refused, faults, unreadable
from observability.deploy.hide import Hide
from observability.deploy.templates import Template, Values, for_template
from observability.model.errors import SourceUnavailable
from observability.query.azure_errors import clean

_OVER = frozenset({"succeeded", "failed", "canceled"})
_KINDS = ("Create", "Modify", "Delete", "Deploy", "NoChange", "NoEffect", "Ignore", "Unsupported")
_OTHERS = 12
"""How often in a row Azure may tell of another deployment of the name: the one before, in the first moments."""

WAKES = 60.0
"""Seconds to wait for a workspace that was just made and takes no tables yet. Azure names no time: a guess, which costs a
minute of a first deployment where it is wrong."""

_ASLEEP = "workspace not active"
Clock = Callable[[], float]
Said = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Edit:
    """A property before and after."""

    path: str
    kind: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one resource."""

    id: str
    kind: str
    edits: tuple[Edit, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A deployment that is over."""

    state: str
    seconds: float
    resources: int
    faults: tuple[Fault, ...] = ()

    @property
    def well(self) -> bool:
        return self.state == "Succeeded"


class Taken(SourceUnavailable):
    """Another deployment has the name now; Azure tells no more of the one that was begun, which is over."""


def deployment_name(template: Template) -> str:
    """The same for every deployment of a template: two of them at once are refused by Azure, not mixed."""
    return f"tripobs-{template.name}"


def _body(template: Template, given: Values) -> Any:
    return {
        "properties": {
            "mode": "Incremental",
            "template": template.body,
            "parameters": for_template(template, given),
        }
    }


def _raw(response: Any, *_: Any) -> Any:
    """The answer as it came: the client's models drop what they do not know."""
    return response.http_response.json()


def what_if(arm: Arm, template: Template, given: Values, hide: Hide) -> tuple[Change, ...]:
    """What deploying the template would change. Raises Refused, SourceUnavailable, WrongArgument."""
    what = f"what-if of {template.name}"
    body = _body(template, given)
    body["properties"]["whatIfSettings"] = {"resultFormat": "FullResourcePayloads"}
    with asking(what, hide.text):
        poller = arm.client.deployments.begin_what_if(
            arm.group,
            deployment_name(template),
            body,
            cls=_raw,
        )
        answer = poller.result()
        if answer.get("error") or str(answer.get("status", "")).lower() == "failed":
            raise Refused(faults(answer, template.name, hide.text))
        changes = answer["properties"]["changes"]
        if not isinstance(changes, list):
            raise unreadable(what)
        return tuple(_change(change, hide) for change in changes)


def _change(change: Mapping[str, Any], hide: Hide) -> Change:
    edits = tuple(_edits(change.get("delta") or (), "", hide))
    kind = str(change.get("changeType"))
    reason = clean(change.get("unsupportedReason") or "", hide.text)
    return Change(str(change.get("resourceId", "")), kind, edits, reason)


def _edits(delta: Iterable[Mapping[str, Any]], above: str, hide: Hide) -> list[Edit]:
    """The innermost changes, each with its whole path."""
    found: list[Edit] = []
    for one in delta:
        name = str(one.get("path", ""))
        path = f"{above}[{name}]" if name.isdecimal() else f"{above}.{name}" if above else name
        if children := one.get("children"):
            found += _edits(children, path, hide)
        else:
            kind = str(one.get("propertyChangeType"))
            found.append(Edit(path, kind, hide.value(one.get("before"), path), hide.value(one.get("after"), path)))
    return found


def by_kind(changes: Iterable[Change]) -> dict[str, int]:
    """How many resources there are of each kind of change, the weighty ones first."""
    kinds = [change.kind for change in changes]
    return {kind: kinds.count(kind) for kind in (*_KINDS, *sorted(set(kinds) - set(_KINDS))) if kind in kinds}


def start(arm: Arm, template: Template, given: Values, hide: Hide) -> str:
    """Begin the deployment, and return the mark by which Azure tells it from earlier ones of its name.

    Raises Refused where Azure does not take the template, all reasons at once.
    """
    with asking(f"deployment of {template.name}", hide.text):
        begun = arm.client.deployments.begin_create_or_update(
            arm.group,
            deployment_name(template),
            _body(template, given),
            polling=False,
            cls=_raw,
        )
    try:
        return str(begun.result()["properties"]["correlationId"])
    except (ValueError, LookupError, TypeError):
        # It has begun all the same, whatever the answer looks like.
        return ""


def watch(arm: Arm, template: Template, mark: str, hide: Hide, said: Said, clock: Clock = time.monotonic) -> Ended:
    """Wait until the deployment that was begun is over; ``said`` is told how far it is.

    ``mark`` is what ``start`` returned: right after it Azure may still tell of the deployment before.
    Raises SourceUnavailable where Azure no longer answers; the deployment goes on then. Raises Taken.
    """
    name, begun = deployment_name(template), clock()
    what = f"deployment of {template.name}"
    others = 0
    while True:
        with asking(what, hide.text):
            answer = arm.client.deployments.get(arm.group, name, cls=_raw)
            state = str(answer["properties"]["provisioningState"] or "")
            another = bool(mark) and str(answer["properties"].get("correlationId") or mark) != mark
        if not state:
            raise unreadable(what)
        operations = _operations(arm, name, what, hide)
        done = [one for one in operations if str(one.get("provisioningState")).lower() == "succeeded"]
        seconds = clock() - begun
        if state.lower() in _OVER and not another:
            wrong = _wrong(answer["properties"], operations, template, hide) if state != "Succeeded" else ()
            return Ended(state, seconds, len(done), wrong)
        others = others + 1 if another else 0
        if others > _OTHERS:
            raise Taken(
                f"{SOURCE}: {what}: another deployment has taken the name '{name}', and how this one ended is not told; "
                "look at the resource group's deployments in the portal"
            )
        said(f"{template.name}: {'begins' if another else state}, {len(done)} resources, {seconds:.0f} s")
        arm.pause(PAUSE)


def too_early(ended: Ended) -> bool:
    """Whether it failed for this alone: the workspace that it made did not take tables yet, which the same again mends.

    Source: hashicorp/terraform-provider-azurerm#30069, 404 "ResourceNotFound: Workspace not active, WorkspaceId=...".
    """
    return bool(ended.faults) and all(
        fault.code == "ResourceNotFound" and fault.message.lower().startswith(_ASLEEP) for fault in ended.faults
    )


def _operations(arm: Arm, name: str, what: str, hide: Hide) -> list[Mapping[str, Any]]:
    """What the deployment does to single resources; its last entry, which is about no resource, left out."""
    with asking(what, hide.text):
        listed = list(
            arm.client.deployment_operations.list(arm.group, name, cls=lambda items: [one.as_dict() for one in items])
        )
    found = [one.get("properties") or {} for one in listed]
    return [one for one in found if one.get("targetResource")]


def _wrong(
    properties: Mapping[str, Any], operations: Iterable[Mapping[str, Any]], template: Template, hide: Hide
) -> tuple[Fault, ...]:
    """Why it failed: what each failed resource says, and what the deployment says itself where they say nothing."""
    found: list[Fault] = []
    for one in operations:
        if str(one.get("provisioningState")).lower() == "failed":
            target = str(one["targetResource"].get("id") or one["targetResource"].get("resourceName"))
            message = one.get("statusMessage")
            if isinstance(message, Mapping):
                found += faults(message, target, hide.text)
            else:
                code = clean(one.get("statusCode") or "Unknown", hide.text)
                found.append(Fault(target, code, clean(message or "gave no reason", hide.text)))
    return tuple(dict.fromkeys(found)) or faults(properties.get("error"), template.name, hide.text)
