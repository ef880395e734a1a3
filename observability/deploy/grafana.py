"""Grafana's HTTP API, as far as dashboards and folders need it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from ssl import SSLContext
from typing import IO, Any
from urllib.parse import quote, urlencode

from observability import __version__
from observability.deploy.address import of_option, place
from observability.deploy.client import Pause
from observability.model.errors import SourceUnavailable
from observability.query.azure_errors import clean, retry_after
from observability.query.errors import WrongArgument

_TRIES = 4
_LONGEST = 64 * 1024 * 1024
_FOLDERS = 1000
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token along to wherever it leads."""

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> None:
        """Left to whoever asked, unread: the handler's own look at it can itself be an error."""

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class Grafana:
    """One Grafana. Raises WrongArgument for an address that a token must not go to, or a token that cannot be one."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        pause: Pause = time.sleep,
        tls: SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        there = of_option("--url", url, "write https://HOST, and the token in its own place")
        if there.scheme == "http" and not there.local:
            raise WrongArgument(f"--url '{url}': a token is sent over https only; write https://HOST")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise WrongArgument("the token is empty, or holds what no token holds")
        self.url, self._token, self._pause, self._timeout = url.rstrip("/"), token, pause, timeout
        handlers: list[Any] = [_NoRedirect()]
        if there.local:
            # A proxy of the environment is a way out; nothing for this machine goes that way, the token least.
            handlers.append(urllib.request.ProxyHandler({}))
        if tls is not None:
            handlers.append(urllib.request.HTTPSHandler(context=tls))
        self._open = urllib.request.build_opener(*handlers).open

    def dashboard(self, uid: str) -> Mapping[str, Any] | None:
        """The ``dashboard`` with its ``meta``, None where there is none."""
        answer = self._ask("GET", f"/api/dashboards/uid/{quote(uid, safe='')}", also=(404,))
        if answer.status == 404:
            return None
        body = answer.body
        if not isinstance(body, Mapping) or not all(
            isinstance(body.get(part), Mapping) for part in ("meta", "dashboard")
        ):
            raise self._unreadable()
        return body

    def newest_version(self, uid: str) -> Mapping[str, Any] | None:
        """Who saved the dashboard last, when, and with which message."""
        body = self._ask("GET", f"/api/dashboards/uid/{quote(uid, safe='')}/versions", query={"limit": "1"}).body
        # A list, and since Grafana 11 an object with the list in it.
        listed = body.get("versions") if isinstance(body, Mapping) else body
        if not isinstance(listed, list):
            return None
        known = [one for one in listed if isinstance(one, Mapping) and isinstance(one.get("version"), int)]
        return max(known, key=lambda one: int(one["version"]), default=None)

    def folder(self, title: str) -> str | None:
        """The uid of a folder at the top, by its title or uid."""
        page = 1
        while True:
            query = {"limit": str(_FOLDERS), "page": str(page)}
            listed = self._ask("GET", "/api/folders", query=query).body
            if not isinstance(listed, list) or not all(isinstance(one, Mapping) and one.get("uid") for one in listed):
                raise self._unreadable()
            for one in listed:
                if title in (one.get("title"), one["uid"]):
                    return str(one["uid"])
            if len(listed) < _FOLDERS:
                return None
            page += 1

    def make_folder(self, title: str) -> str:
        """The uid of a new folder; of the old one, where somebody else made it meanwhile."""
        answer = self._ask("POST", "/api/folders", {"title": title}, also=(409, 412))
        if answer.status in (409, 412):
            known = self.folder(title)
            if known is None:
                raise SourceUnavailable(
                    f"{self.url}: folder '{title}': Grafana has it and does not show it to this token"
                )
            return known
        if not isinstance(answer.body, Mapping) or not answer.body.get("uid"):
            raise self._unreadable()
        return str(answer.body["uid"])

    def save(self, body: Mapping[str, Any]) -> Answer:
        """Save a dashboard and tell its ``version``; 400 and 412 are answers too, with a ``status`` and a ``message``."""
        answer = self._ask("POST", "/api/dashboards/db", body, also=(400, 412))
        told = answer.body if isinstance(answer.body, Mapping) else {}
        if answer.status < 300 and not isinstance(told.get("version"), int):
            raise self._unreadable()
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        also: tuple[int, ...] = (),
    ) -> Answer:
        """The answer; statuses in ``also`` are answers too. Raises SourceUnavailable."""
        address = self.url + path + (f"?{urlencode(query)}" if query else "")
        for tried in range(1, _TRIES + 1):
            status, data, headers = self._once(method, address, body)
            # A second save of what the first one saved would only be told that the version has moved on.
            again = status == 429 or status == 503 or (status >= 500 and method == "GET")
            if not again or tried == _TRIES:
                break
            seconds = retry_after(headers)
            self._pause(min(60.0, 2.0**tried if seconds is None else seconds))
        try:
            said = json.loads(data) if data.strip() else None
        except ValueError:
            if status < 400:
                raise self._unreadable() from None
            said = None
        if status < 300 or status in also:
            return Answer(status, said)
        raise self._refused(status, said, headers)

    def _once(self, method: str, address: str, body: Mapping[str, Any] | None) -> tuple[int, bytes, Mapping[str, str]]:
        request = urllib.request.Request(  # noqa: S310 - the address was looked at when it was given
            address,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": f"tripobs/{__version__}",
            },
        )
        try:
            with self._open(request, timeout=self._timeout) as response:
                return int(response.status), response.read(_LONGEST), dict(response.headers.items())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(_LONGEST), dict(error.headers.items())
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise SourceUnavailable(
                f"{self.url}: the connection failed ({clean(reason)}); check --url and the network"
            ) from error

    def _refused(self, status: int, said: Any, headers: Mapping[str, str]) -> SourceUnavailable:
        message = (
            clean((said or {}).get("message") or "no reason was given") if isinstance(said, Mapping | None) else "?"
        )
        if status == 401:
            todo = "the token is not accepted; make one for a service account with the role Editor"
        elif status == 403:
            todo = "this token may not do that; its service account needs the role Editor"
        elif 300 <= status < 400:
            to = {name.lower(): value for name, value in headers.items()}.get("location", "")
            there = place(to)
            todo = f"it leads elsewhere; give --url as '{there.base}' if that is yours" if there else "check --url"
        elif status == 429 or status >= 500:
            todo = "try again later"
        else:
            todo = "check --url"
        return SourceUnavailable(f"{self.url}: HTTP {status}: {message}; {todo}")

    def _unreadable(self) -> SourceUnavailable:
        return SourceUnavailable(f"{self.url}: the answer is no JSON, or not Grafana's; check --url")
