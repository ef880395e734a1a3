"""What Azure refused, all of it at once, and what its errors mean for whoever asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from observability.model.errors import SourceUnavailable, TripobsError
from observability.query.azure_errors import SIGN_IN, clean, told
from observability.query.errors import WrongArgument

SOURCE = "Azure Resource Manager"
_NO_ACCESS = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed", "InvalidAuthenticationTokenTenant"})
_NO_PLACE = frozenset({"ResourceGroupNotFound", "SubscriptionNotFound", "InvalidSubscriptionId"})
_DEEPEST = 16
Hidden = Callable[[str], str]
"""Takes the secrets that somebody gave out of a text of Azure's."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that was refused. ``target`` is the resource, or what was asked for."""

    target: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.target}: {self.code}: {self.message}"


class Refused(TripobsError):
    """Azure understood and said no; somebody has to mend something."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class NotAllowed(SourceUnavailable):
    """This sign-in lacks a right."""


class NotFound(Refused):
    """There is no such resource, or this sign-in cannot see it."""


def faults(error: Any, target: str, hidden: Hidden = str) -> tuple[Fault, ...]:
    """Every reason in an error answer: the innermost ones, as the outer ones only say that there is a reason."""
    return tuple(dict.fromkeys(_leaves(error, target, hidden, 0))) or (Fault(target, "Unknown", "no reason was given"),)


def _leaves(error: Any, target: str, hidden: Hidden, depth: int) -> Iterator[Fault]:
    if not isinstance(error, Mapping) or depth > _DEEPEST:
        return
    if isinstance(error.get("error"), Mapping):
        yield from _leaves(error["error"], target, hidden, depth + 1)
        return
    if isinstance(named := error.get("target"), str) and named:
        named = clean(named, hidden)
        target = named if named.startswith("/") else f"{target} ({named})"
    details = error.get("details")
    inner = [*(details if isinstance(details, list) else ()), error.get("innererror"), _nested(error.get("message"))]
    found = [fault for one in inner for fault in _leaves(one, target, hidden, depth + 1)]
    if found:
        yield from found
    elif error.get("code") or error.get("message"):
        code, message = error.get("code") or "Unknown", error.get("message") or "no reason was given"
        yield Fault(target, clean(code, hidden), clean(message, hidden))


def _nested(message: Any) -> Any:
    """A resource provider's own error, which arrives as text inside the message of the deployment's."""
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return None
    try:
        return json.loads(message)
    except ValueError:
        return None


def refusal(status: int, body: Any, what: str, hidden: Hidden = str) -> TripobsError:
    """What an answer that is no success means: the error to raise. ``what`` was asked for, in words."""
    found = faults(body, what, hidden)
    said = "; ".join(f"{fault.code}: {fault.message}" for fault in found)
    codes = {fault.code for fault in found}
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        codes.add(str(body["error"].get("code")))
    if status == 401:
        return SourceUnavailable(told(f"{SOURCE}: {what}: does not accept the sign-in: {said}", SIGN_IN))
    if status == 403 and (not isinstance(body, Mapping) or codes & _NO_ACCESS):
        return NotAllowed(
            told(
                f"{SOURCE}: {what}: this sign-in may not do that: {said}",
                f"have the role {_role(said.lower())} given to it",
            )
        )
    if status == 404 and codes & _NO_PLACE:
        return WrongArgument(told(f"{what}: {said}", "check --subscription and --resource-group"))
    if status == 404:
        return NotFound(found)
    if status in (408, 429) or status >= 500:
        busy = "too many requests" if status == 429 else f"HTTP {status}"
        return SourceUnavailable(told(f"{SOURCE}: {what}: {busy}: {said}", "try again later"))
    return Refused(found)


def _role(said: str) -> str:
    # To give roles, and to take them, is what a Contributor may not do; budgets stand above the resource group.
    if "microsoft.authorization/role" in said:
        return "'User Access Administrator'"
    return "'Cost Management Contributor' on the subscription" if "microsoft.consumption/" in said else "'Contributor'"


def unreadable(what: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{SOURCE}: {what}: the answer is no JSON, or not as the service documents it; look for a proxy in between"
    )
