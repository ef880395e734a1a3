"""How Azure Resource Manager is reached: which addresses a token may go to, the sign-in, tries and waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from observability import __version__
from observability.deploy.address import Place, of_option, place
from observability.model.errors import SourceUnavailable
from observability.query.azure_client import quiet
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient

CLOUDS = ("management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn")
"""Hosts that a token is sent to, theirs below them included: regions answer under names of their own."""

PAUSE = 5.0
"""Seconds between two looks at a long operation where Azure does not say."""

_TRIES, _LONGEST_BACKOFF = 4, 30
_MISSING = "'{name}' is not installed; pip install 'tripgen-observability[deploy]'"
Pause = Callable[[float], None]


def checked(endpoint: str) -> str:
    """The address without a final slash. Raises WrongArgument for one that a token must not go to."""
    todo = f"name one of {', '.join(f'https://{cloud}' for cloud in CLOUDS)}"
    there = of_option("--endpoint", endpoint, todo)
    if not there.local and _cloud(there) is None:
        raise WrongArgument(f"--endpoint '{endpoint}': not https, or not a host of Azure; {todo}")
    return endpoint.rstrip("/")


def _cloud(there: Place | None) -> str | None:
    """The cloud that a server is of: clouds answer over https, on its own port."""
    if there is None or there.scheme != "https" or not there.usual:
        return None
    return next((cloud for cloud in CLOUDS if there.host == cloud or there.host.endswith(f".{cloud}")), None)


def resource_manager(endpoint: str) -> str:
    """The address of the whole cloud that an endpoint is of, as templates of that cloud see it."""
    return f"https://{_cloud(place(endpoint)) or CLOUDS[0]}/"


def connect(
    endpoint: str, subscription: str, *, credential: TokenCredential | None, verify: bool | str, pause: Pause
) -> tuple[DeploymentsMgmtClient, DefaultAzureCredential | None]:
    """A client of one subscription, and the credential that was made for it, if one was.

    Raises: SourceUnavailable where a library is missing.
    """
    try:
        from azure.core.credentials import AccessToken
        from azure.core.exceptions import ServiceRequestError
        from azure.core.pipeline import PipelineRequest, policies
        from azure.core.pipeline.transport import RequestsTransport
        from azure.identity import DefaultAzureCredential
        from azure.mgmt.resource.deployments import DeploymentsMgmtClient
    except ImportError as error:
        raise SourceUnavailable(_MISSING.format(name=error.name)) from error

    quiet()

    class Transport(RequestsTransport):  # type: ignore[misc] # azure-core exports it by a function of the module
        """Every wait of azure-core's policies and pollers is one of its transport."""

        def sleep(self, duration: float) -> None:
            pause(duration)

    own = place(endpoint)

    class OnlyThere(policies.SansIOHTTPPolicy[Any, Any]):
        """Addresses that Azure sends (next page, state of an operation) lead to the same cloud, or nowhere."""

        def on_request(self, request: PipelineRequest[Any]) -> None:
            asked = place(request.http_request.url)
            if asked is None:
                raise ServiceRequestError("an answer leads to an address that clients read in different ways")
            if asked != own and (_cloud(asked) or "?") != _cloud(own):
                raise ServiceRequestError(f"an answer leads away from Azure, to '{asked.base}'")

    class NoSignIn:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            raise SourceUnavailable("a server of this machine is asked without a sign-in")

    agent = policies.UserAgentPolicy(base_user_agent=f"tripobs/{__version__}")
    listed: list[Any] = [policies.RequestIdPolicy(), agent, policies.HeadersPolicy(), OnlyThere()]
    # Not registering resource providers behind anybody's back, not following redirects with the token, no logs.
    listed.append(policies.RetryPolicy(retry_total=_TRIES, retry_backoff_max=_LONGEST_BACKOFF))
    local = own is not None and own.local
    owned = DefaultAzureCredential() if credential is None and not local else None
    credential = credential or owned
    if credential is not None:
        listed.append(policies.BearerTokenCredentialPolicy(credential, f"{resource_manager(endpoint)}.default"))
    # A proxy of the environment is a way out; nothing for this machine goes that way.
    transport = Transport(connection_verify=verify, connection_timeout=20, read_timeout=120, use_env_settings=not local)
    client = DeploymentsMgmtClient(
        credential or NoSignIn(),
        subscription,
        endpoint,
        policies=listed,
        transport=transport,
        polling_interval=int(PAUSE),
    )
    return client, owned
