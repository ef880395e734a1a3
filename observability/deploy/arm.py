"""Azure Resource Manager: one resource group of it, and every request this package makes there."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from observability.deploy import client
from observability.deploy.client import PAUSE, Pause
from observability.deploy.errors import SOURCE, Hidden, NotFound, Refused, faults, refusal, unreadable
from observability.model.errors import SourceUnavailable
from observability.query.azure_client import MANAGEMENT
from observability.query.azure_errors import SIGN_IN, clean, retry_after, told, tried
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import AzureError

RESOURCES_VERSION = "2025-04-01"
"""Of the list of resources, resource groups and providers themselves."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONGEST_WAIT = 3600.0
_NAME_KINDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
"""Unicode's kinds of letters and digits that the name of a resource group may hold, beside ``_NAME_MARKS``."""
_NAME_MARKS = "_-.()"
_LONGEST_NAME = 90


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was a success."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Arm:
    """A resource group of a subscription.

    ``credential`` is DefaultAzureCredential where None; a server of this machine is asked without a sign-in then.
    ``connection_verify`` is a file of certificates to trust. ``pause`` waits between tries and polls.

    Raises: WrongArgument for a wrong address or subscription, SourceUnavailable where the client library is missing.
    """

    def __init__(
        self,
        subscription: str,
        group: str,
        *,
        endpoint: str = MANAGEMENT,
        credential: TokenCredential | None = None,
        connection_verify: bool | str = True,
        pause: Pause = time.sleep,
    ) -> None:
        if not _GUID.fullmatch(subscription):
            raise WrongArgument(f"--subscription '{subscription}': is not an id; 'az account show' tells yours")
        if not _is_group(group):
            raise WrongArgument(
                f"--resource-group '{group}': is not the name of one, which has letters, digits, '_', '-', '.', '(' and ')', "
                f"{_LONGEST_NAME} at most, and does not end in '.'; 'az group list --query [].name' tells yours"
            )
        self.subscription, self.group, self.pause = subscription, group, pause
        self.endpoint = client.checked(endpoint)
        self.path = f"/subscriptions/{subscription}/resourceGroups/{group}"
        self.client, self._credential = client.connect(
            self.endpoint, subscription, credential=credential, verify=connection_verify, pause=pause
        )

    def close(self) -> None:
        self.client.close()
        if self._credential is not None:
            self._credential.close()

    def ask(
        self, method: str, path: str, version: str = "", *, what: str, query: Mapping[str, str] | None = None
    ) -> Reply:
        """The answer to one request. ``path`` is an id as Azure writes it, or a whole address that Azure gave.

        Raises: SourceUnavailable, Refused, WrongArgument.
        """
        from azure.core.rest import HttpRequest

        whole = path.startswith(("https://", "http://"))
        if not whole and not {".", ".."}.isdisjoint(path.split("/")):
            # The client would take a part of the path away, and ask about something else.
            raise WrongArgument(f"{what}: '{path}': a part of it is '.' or '..'; mend that name in the parameters")
        url = path if whole else self.endpoint + quote(path)
        given = {**({"api-version": version} if version else {}), **(query or {})}
        with asking(what):
            response = self.client.send_request(HttpRequest(method, url, params=given))
            body = _json(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code >= 400:
            raise refusal(response.status_code, body, what)
        if response.status_code >= 300 or (body is None and response.text().strip()):
            raise unreadable(what)
        return Reply(response.status_code, body, headers)

    def listed(self, path: str, version: str, *, what: str, query: Mapping[str, str] | None = None) -> list[Any]:
        """Every page of a list."""
        found: list[Any] = []
        reply = self.ask("GET", path, version, what=what, query=query)
        seen = set()
        while True:
            page = reply.body.get("value") if isinstance(reply.body, Mapping) else None
            if not isinstance(page, list) or not all(isinstance(item, Mapping) for item in page):
                raise unreadable(what)
            found += page
            following = reply.body.get("nextLink")
            if not following:
                return found
            if not isinstance(following, str) or following in seen:
                raise unreadable(what)
            seen.add(following)
            reply = self.ask("GET", following, what=what)

    def delete(self, path: str, version: str, *, what: str) -> bool:
        """Delete a resource and wait until it is gone. False where it was gone already."""
        try:
            reply = self.ask("DELETE", path, version, what=what)
        except NotFound:
            return False
        self._ended(reply, what)
        # Nothing to delete is 204.
        return reply.status != 204

    def _ended(self, reply: Reply, what: str) -> None:
        """Wait for the end of an operation that was accepted. Raises Refused where it failed."""
        watched, where = reply.headers.get("azure-asyncoperation"), reply.headers.get("location")
        if reply.status not in (201, 202) and not watched:
            return
        address = watched or where
        if not address:
            raise unreadable(what)
        waited = 0.0
        while waited < _LONGEST_WAIT:
            seconds = retry_after(reply.headers)
            seconds = PAUSE if seconds is None else min(seconds, 60.0)
            self.pause(seconds)
            # A service that says "at once" must not be asked for ever.
            waited += max(seconds, 1.0)
            try:
                reply = self.ask("GET", address, what=what)
            except NotFound:
                return
            if not watched:
                if reply.status != 202:
                    return
                continue
            state = str(reply.body.get("status", "")).lower() if isinstance(reply.body, Mapping) else ""
            if state == "succeeded":
                return
            if state in ("failed", "canceled"):
                raise Refused(faults(reply.body, what))
        raise SourceUnavailable(f"{SOURCE}: {what}: has not ended within an hour; look in the portal")


def _is_group(name: str) -> bool:
    """Whether a resource group can have this name: '..' would lead to somebody else's."""
    allowed = all(char in _NAME_MARKS or unicodedata.category(char) in _NAME_KINDS for char in name)
    return allowed and 0 < len(name) <= _LONGEST_NAME and not name.endswith(".")


def _json(response: Any) -> Any:
    try:
        return response.json() if response.text().strip() else None
    except ValueError:
        return None


@contextmanager
def asking(what: str, hidden: Hidden = str) -> Iterator[None]:
    """Azure's exceptions in our words. ``what`` was asked for; ``hidden`` takes out what nobody may see."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise _meant(error, what, hidden) from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        # The client takes an answer for what it should be.
        raise unreadable(what) from error


def _meant(error: AzureError, what: str, hidden: Hidden) -> Exception:
    from azure.core.exceptions import ClientAuthenticationError, DecodeError, HttpResponseError

    if isinstance(error, DecodeError):
        return unreadable(what)
    if isinstance(error, HttpResponseError) and error.response is not None:
        response: Any = error.response
        status = response.status_code or 500
        body = _json(response)
        # A long operation that failed: the answer about it is itself a success.
        return refusal(status, body, what, hidden) if status >= 400 else Refused(faults(body, what, hidden))
    if isinstance(error, ClientAuthenticationError):
        return SourceUnavailable(told(f"{SOURCE}: no sign-in: {tried(error)}", SIGN_IN))
    reason = clean(hidden(str(error)).partition("\n")[0])
    return SourceUnavailable(
        f"{SOURCE}: {what}: the connection failed ({type(error).__name__}: {reason}); check the network and the address"
    )
