"""How Azure is reached: sign-in, addresses, and connections that another thread can close."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from observability import __version__
from observability.model.errors import SourceUnavailable
from observability.query import azure_errors
from observability.query.answers import Answer, Failure, Status
from observability.query.azure_errors import Place
from observability.query.lanes import Again, Closed

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.transport import RequestsTransport

LOGS = "https://api.loganalytics.io"
METRICS = "https://{region}.metrics.monitor.azure.com"
METRICS_AUDIENCE = "https://metrics.monitor.azure.com"
MANAGEMENT = "https://management.azure.com"
T = TypeVar("T")
_MISSING = "'{name}' is not installed; pip install 'tripgen-observability[kql]'"


def quiet() -> None:
    """Nothing of Azure's libraries is printed: a credential that fails writes a page to the log, and with no handler Python
    prints it. What it says is in our error."""
    logging.getLogger("azure").addHandler(logging.NullHandler())


class Access:
    """Sign-in and addresses of one cloud.

    ``credential`` is DefaultAzureCredential where None, made at the first query. ``authentication_policy`` takes its
    place in the pipeline where an address is plain http: a token is never sent over one. ``connection_verify`` is a file
    of certificates to trust. ``metrics`` has ``{region}`` where the region's name goes.

    Raises: SourceUnavailable where the client libraries are missing.
    """

    def __init__(
        self,
        credential: TokenCredential | None = None,
        *,
        logs: str = LOGS,
        metrics: str = METRICS,
        management: str = MANAGEMENT,
        authentication_policy: object | None = None,
        connection_verify: bool | str = True,
    ) -> None:
        try:
            import azure.identity
            import azure.monitor.query
            import azure.monitor.querymetrics  # noqa: F401 - said now, not at the first query
        except ImportError as error:
            raise SourceUnavailable(_MISSING.format(name=error.name)) from error
        quiet()
        if authentication_policy is None:
            for address in (logs, metrics, management):
                if not address.startswith("https://"):
                    raise ValueError(f"'{address}': a token is sent over https only; pass an authentication_policy")
        self.logs, self.management = logs.rstrip("/"), management.rstrip("/")
        self._metrics = metrics.rstrip("/")
        self._credential = credential
        self._owned = credential is None
        self._policy = authentication_policy
        self._verify = connection_verify

    def metrics(self, region: str) -> str:
        """The address of a region's metrics service."""
        return self._metrics.replace("{region}", region)

    @property
    def credential(self) -> TokenCredential:
        if self._credential is None:
            from azure.identity import DefaultAzureCredential

            self._credential = DefaultAzureCredential()
        return self._credential

    def options(self, audience: str, connection: Connection) -> dict[str, Any]:
        """What every client takes: its credential, policies and transport.

        The policies are our own: those of azure-core repeat a request with waits that nobody can cancel, follow
        redirects with the token, and hold every answer twice in memory.
        """
        from azure.core.exceptions import HttpResponseError
        from azure.core.pipeline import PipelineRequest, PipelineResponse, policies

        class Refused(policies.SansIOHTTPPolicy[Any, Any]):
            """Before the client reads the answer, which it takes for JSON even where a proxy wrote it."""

            def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
                if response.http_response.status_code != 200:
                    raise HttpResponseError("refused", response=response.http_response)

        sign_in = self._policy or policies.BearerTokenCredentialPolicy(self.credential, f"{audience}/.default")
        agent = policies.UserAgentPolicy(base_user_agent=f"tripobs/{__version__}")
        return {
            "policies": [policies.RequestIdPolicy(), agent, Refused(), sign_in],
            "transport": connection.transport(self._verify),
        }

    def close(self) -> None:
        if self._owned and self._credential is not None and hasattr(self._credential, "close"):
            self._credential.close()


class Connection:
    """The sockets of one client, so that ``cut`` ends a request that another thread waits for.

    Through a proxy nothing is cut: the request is left behind and ends by its own timeout.
    """

    def __init__(self) -> None:
        self._open: WeakSet[Any] = WeakSet()
        self._cut = False

    def transport(self, verify: bool | str) -> RequestsTransport:
        from azure.core.pipeline.transport import RequestsTransport
        from requests import Session
        from requests.adapters import HTTPAdapter
        from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
        from urllib3.connection import HTTPConnection, HTTPSConnection

        opened = self._opened

        class Http(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened(self)

        class Https(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened(self)

        class HttpPool(HTTPConnectionPool):
            ConnectionCls = Http

        class HttpsPool(HTTPSConnectionPool):
            ConnectionCls = Https

        class Adapter(HTTPAdapter):
            def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
                super().init_poolmanager(*arguments, **options)
                self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}

        session = Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter())
        return RequestsTransport(session=session, connection_verify=verify)

    def _opened(self, connection: Any) -> None:
        self._open.add(connection)
        if self._cut:
            connection.close()
            raise ConnectionAbortedError("cut before it was open")

    def cut(self) -> None:
        """End what is running; whoever waits gets an error of the connection."""
        self._cut = True
        for connection in list(self._open):
            sock = connection.sock
            if isinstance(sock, socket.socket):
                with suppress(OSError):
                    # Not the method of a TLS socket: that one forgets its state while another thread reads with it.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def attempt(call: Callable[[], T], place: Place, key: str = "") -> T | Answer | Again:
    """What ``call`` returns, or what its error means: an answer, or to be asked again.

    Raises Closed where nobody gets an answer.
    """
    from azure.core.exceptions import AzureError

    try:
        return call()
    except AzureError as error:
        return refusal(error, place, key)
    except ValueError:
        wrong = f"{place.source}: the answer is no JSON, or not as the service documents it"
        return Again(Failure(azure_errors.UNREADABLE, wrong, todo="try again later; look for a proxy in between"))


def refusal(error: AzureError, place: Place, key: str) -> Answer | Again:
    """What an error of a whole request means. Raises Closed."""
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestTimeoutError,
        ServiceResponseTimeoutError,
    )

    response: Any = error.response if isinstance(error, HttpResponseError) else None
    if response is not None and response.status_code is not None:
        failure = azure_errors.failure(response.status_code, error_of(response), place, key)
        if failure.code in (azure_errors.NOT_SIGNED_IN, azure_errors.NOT_ALLOWED):
            raise Closed(failure) from error
        return reply(failure, response.status_code, response.headers)
    if isinstance(error, ClientAuthenticationError):
        wrong = f"{place.source}: no sign-in: {azure_errors.tried(error)}"
        raise Closed(Failure(azure_errors.NOT_SIGNED_IN, wrong, todo=azure_errors.SIGN_IN)) from error
    if isinstance(error, ServiceResponseTimeoutError):
        wrong = f"{place.source}: connected, but no answer came"
        return Answer(Status.FAILED, None, Failure(azure_errors.TIMEOUT, wrong, todo="try again later"))
    what = "no connection in time" if isinstance(error, ServiceRequestTimeoutError) else "the connection failed"
    wrong = f"{place.source}: {what} ({type(error).__name__})"
    return Again(Failure(azure_errors.UNREACHABLE, wrong, todo="check the network, the proxy and the address"))


def reply(failure: Failure, status: int | None, headers: object) -> Answer | Again:
    """A failure with the status it came with: final, or to be asked again."""
    if failure.code == azure_errors.THROTTLED:
        return Again(failure, azure_errors.retry_after(headers), all=True)
    # A query that ran out of time (504) would do so again.
    if status is not None and status >= 500 and failure.code != azure_errors.TIMEOUT:
        return Again(failure, azure_errors.retry_after(headers))
    return Answer(Status.FAILED, None, failure)


def error_of(response: Any) -> Any:
    """The object below "error" in an answer, the whole of it where there is none below, None where it is no JSON."""
    try:
        body = json.loads(response.text())
    except ValueError:
        return None
    return body.get("error", body) if isinstance(body, dict) else None
