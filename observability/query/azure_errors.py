"""Azure's errors, in words that say what is wrong and the way out, and never hold a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from observability.query.answers import Failure

NOT_SIGNED_IN, NOT_ALLOWED, NOT_FOUND = "not-signed-in", "not-allowed", "not-found"
THROTTLED, TIMEOUT, UNREACHABLE, UNREADABLE = "throttled", "timeout", "unreachable", "unreadable"
ACCESS = frozenset({NOT_SIGNED_IN, NOT_ALLOWED, NOT_FOUND})
"""Codes of failures that no other query of the same source would escape."""

SIGN_IN = "sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate"
_NARROW = "ask for a shorter span with --since, or raise --timeout (10m at most)"
_SECRETS = re.compile(r"(?i)\b(bearer|sharedaccesssignature|sig=|secret=|password=)\s*\S+|\beyJ[\w-]+(?:\.[\w-]*)+")
_POSITION = re.compile(r"on line \[(\d+),\s*(\d+)\]")
_OURS = re.compile(r"SYN\d+|SEM\d+|KS\d+|SyntaxError|SemanticError|QueryValidationError|BadArgumentError")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked: ``source`` in words, and the ``role`` that may read it."""

    source: str
    role: str


def clean(text: object, hidden: Callable[[str], str] = str) -> str:
    """One line without anything that looks like a token, a signature or a password, and without what ``hidden`` takes out.

    What is too long is cut last: nothing could find the half of a secret.
    """
    return _SECRETS.sub("***", " ".join(hidden(str(text)).split()))[:_LONGEST]


def tried(error: Exception) -> str:
    """What the credentials of a chain say, out of a page of azure-identity's; its first line where there is no chain."""
    words = str(error)
    each = [line.strip().rstrip(".") for line in words.splitlines() if line.startswith("\t")]
    return clean("; ".join(each) or words.partition("\n")[0])


def told(message: str, todo: str) -> str:
    """An error and the way out in one line: Azure's sentences end in a full stop, ours go on."""
    return f"{message.rstrip('.')}; {todo}"


def failure(status: int | None, error: Any, place: Place, key: str = "") -> Failure:
    """What an error answer says.

    ``error`` is the object below "error" of Azure's answer, or None where there was none; ``status`` the HTTP status,
    None where the item of a batch has none. ``key`` names the query it belongs to, empty where it belongs to all.
    """
    chain = list(_chain(error))
    code = next((str(one["code"]) for one in reversed(chain) if one.get("code")), f"HTTP {status}")
    said = clean(next((one["message"] for one in reversed(chain) if one.get("message")), "no reason was given"))
    known = _known(status, {str(one.get("code")) for one in chain}, said, place)
    if known is not None:
        return known
    line, position = _position(chain)
    ours = status in (None, 400) and any(_OURS.fullmatch(str(one.get("code"))) for one in chain)
    where = f"line {line}, position {position}: " if position else f"line {line}: " if line else ""
    named = f"query '{key}': " if key else ""
    todo = "mend the query" if ours else "try again later" if (status or 500) >= 500 else _NARROW
    return Failure(code, f"{named}{where}{said}", line, todo, ours)


def _known(status: int | None, codes: set[str], said: str, place: Place) -> Failure | None:
    if status == 401:
        return Failure(NOT_SIGNED_IN, f"{place.source}: Azure does not accept the sign-in: {said}", todo=SIGN_IN)
    if status == 403 or codes & {"InsufficientAccessError", "AuthorizationFailed"}:
        wrong = f"{place.source}: this sign-in may not read it: {said}"
        return Failure(NOT_ALLOWED, wrong, todo=f"have the role '{place.role}' given to it")
    if status == 404 or codes & {"WorkspaceNotFoundError", "PathNotFoundError", "ResourceNotFound"}:
        wrong = f"{place.source}: there is no such thing, or this sign-in cannot see it: {said}"
        return Failure(NOT_FOUND, wrong, todo="check --workspace and --subscription ('az account show' tells yours)")
    if status == 429 or "ThrottledError" in codes:
        return Failure(THROTTLED, f"{place.source}: too many queries: {said}", todo="ask again in a few minutes")
    if status in (408, 504) or codes & {"GatewayTimeout", "QueryTimeout"}:
        return Failure(TIMEOUT, f"{place.source}: the query took longer than it may: {said}", todo=_NARROW)
    if status == 204:
        return Failure("empty", f"{place.source}: nothing has ever been written to it", todo="check --workspace")
    return None


def partial(error: Any, key: str) -> Failure:
    """Why an answer is not whole; Azure has the reason in the details."""
    details = error.get("details") if isinstance(error, Mapping) else None
    reasons = []
    for detail in details if isinstance(details, list) else []:
        chain = list(_chain(detail))
        reasons.append(next((str(one["message"]) for one in reversed(chain) if one.get("message")), ""))
    chain = list(_chain(error))
    reasons = [reason for reason in reasons if reason] or [str(chain[-1].get("message", "")) if chain else ""]
    said = clean("; ".join(reasons)) or "no reason was given"
    todo = "take these rows for a part only; ask for a shorter span with --since"
    return Failure("PartialError", f"query '{key}': not the whole answer: {said}", None, todo)


def _chain(error: Any) -> Iterator[Mapping[str, Any]]:
    """The error and what is inside it, outermost first."""
    for _ in range(16):
        if not isinstance(error, Mapping):
            return
        yield error
        error = error.get("innererror")


def _position(chain: list[Mapping[str, Any]]) -> tuple[int | None, int | None]:
    for one in reversed(chain):
        line, position = one.get("line"), one.get("pos")
        if isinstance(line, int) and not isinstance(line, bool):
            return line, position if isinstance(position, int) else None
        if match := _POSITION.search(str(one.get("message", ""))):
            return int(match[1]), int(match[2])
    return None, None


def retry_after(headers: Any, now: datetime | None = None) -> float | None:
    """Seconds that Azure asks to wait; None where it does not say, or not in a form that HTTP knows."""
    if not isinstance(headers, Mapping):
        return None
    by_name = {str(name).lower(): str(value).strip() for name, value in headers.items()}
    if (millis := by_name.get("x-ms-retry-after-ms", "")).isdecimal():
        return int(millis) / 1000
    value = by_name.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
