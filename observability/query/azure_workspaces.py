"""Which workspace a name, a GUID or a resource id means."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from observability.model.errors import SourceUnavailable
from observability.query import azure_errors
from observability.query.answers import Answer
from observability.query.azure_client import Access, Connection, attempt
from observability.query.azure_errors import Place
from observability.query.azure_logs import Target
from observability.query.errors import WrongArgument
from observability.query.lanes import Again, Closed

API_VERSION = "2025-07-01"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RESOURCE = re.compile(
    r"(?i)/subscriptions/(?P<subscription>[^/]+)/resourceGroups/[^/]+/providers/[^/]+(?:/[^/]+/[^/]+)+"
)
_PAGES = 50


def subscription_of(workspace: str) -> str:
    """The subscription in a resource id; empty where the text is none."""
    match = _RESOURCE.fullmatch(workspace)
    return match["subscription"] if match else ""


def resolve(access: Access, workspace: str, subscription: str) -> Target:
    """What to query for ``workspace``. Only a name asks Azure.

    Raises: SourceUnavailable for a name that no workspace of the subscription has, or several; WrongArgument for what is
    none, or a name without a subscription.
    """
    if _GUID.fullmatch(workspace) or _RESOURCE.fullmatch(workspace):
        return Target(workspace)
    if not workspace or workspace.startswith("/"):
        raise WrongArgument(
            f"workspace '{workspace}' is no name, no GUID and no resource id; "
            "pass --workspace with one of them ('az monitor log-analytics workspace list' shows yours)"
        )
    if not subscription:
        raise WrongArgument(
            f"workspace '{workspace}' is a name, and no subscription is known to look it up in; "
            "pass --subscription or set AZURE_SUBSCRIPTION_ID, or pass the workspace's GUID"
        )
    seen = _listed(access, subscription)
    found = [one for one in seen if str(one.get("name", "")).lower() == workspace.lower()]
    if len(found) == 1:
        return Target(str(found[0]["properties"]["customerId"]))
    if found:
        groups = ", ".join(sorted(f"'{one.get('id', '?')}'" for one in found))
        raise SourceUnavailable(
            f"workspace '{workspace}' exists {len(found)} times in subscription '{subscription}': {groups}; "
            "pass the GUID or the resource id of the one you mean"
        )
    names = ", ".join(sorted(f"'{one.get('name')}'" for one in seen)) or "none at all"
    raise SourceUnavailable(
        f"workspace '{workspace}' is not in subscription '{subscription}', which shows {names}; "
        "check --workspace and --subscription"
    )


def _listed(access: Access, subscription: str) -> list[dict[str, Any]]:
    """The workspaces of a subscription, as Azure Resource Manager describes them. Raises SourceUnavailable."""
    from azure.core import PipelineClient

    place = Place(f"subscription '{subscription}'", "Reader")
    connection = Connection()
    path = f"/subscriptions/{quote(subscription, safe='')}/providers/Microsoft.OperationalInsights/workspaces"
    url = f"{access.management}{path}?api-version={API_VERSION}"
    found: list[dict[str, Any]] = []
    client: PipelineClient[Any, Any] = PipelineClient(
        access.management, **access.options(access.management, connection)
    )
    with client:
        for _ in range(_PAGES):
            page = _page(client, url, place)
            found += page.get("value") or ()
            following = page.get("nextLink")
            if not following:
                break
            # A link to another host would be sent our token.
            if urlsplit(following)[:2] != urlsplit(access.management)[:2]:
                raise SourceUnavailable(f"{place.source}: Azure's list of workspaces goes on at another address")
            url = following
    return found


def _page(client: Any, url: str, place: Place) -> dict[str, Any]:
    from azure.core.rest import HttpRequest

    def get() -> dict[str, Any]:
        page = client.send_request(HttpRequest("GET", url)).json()
        if not isinstance(page, dict):
            raise ValueError(page)
        return page

    try:
        for _ in range(3):
            page = attempt(get, place)
            if not isinstance(page, Again):
                break
    except Closed as closed:
        raise SourceUnavailable(azure_errors.told(closed.failure.message, closed.failure.todo)) from closed
    if isinstance(page, Answer | Again):
        failure = page.failure
        assert failure is not None
        raise SourceUnavailable(azure_errors.told(azure_errors.clean(failure.message), failure.todo))
    return page
