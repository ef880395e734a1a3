"""The HTTP/1.1 server of the exporter: the page, its health, and the routes that others add.

Written on asyncio's protocols: a scrape of a ready page is a look-up of the request's bytes and one write.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporters.http_messages import (
    BODY_LIMIT,
    HEAD_LIMIT,
    BadRequest,
    Request,
    TooLarge,
    exactly,
    head,
    parse,
    plausible,
    wants_gzip,
    wants_openmetrics,
)
from exporters.page import CLASSIC, OPENMETRICS, Page
from exporters.store import Store

_LOG = logging.getLogger(__name__)

BACKLOG = 1024
CONNECTIONS = 512
# A request that has begun must be whole by then, and its answer taken by then.
READ_TIMEOUT = 10.0
# Longer than a scrape interval of a minute, so that a scraper keeps its connection.
IDLE_TIMEOUT = 65.0
# How long what still comes after a refusal is read and thrown away: closing at once would cost the client the answer.
# Bytes are no bound for it, a client that sends first and reads then would get no answer past them.
_LINGER_TIMEOUT = 2.0
# Requests whose bytes are remembered. Scrapers repeat theirs exactly.
_REMEMBERED = 64
# OpenMetrics or classic, compressed or not.
_Form = tuple[bool, bool]
_TEXT = {"content-type": "text/plain; charset=utf-8"}


class Response(Protocol):
    """What a handler answers; a length and the connection's fate are added here."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _TEXT)


Handler = Callable[[Mapping[str, str], bytes], Awaitable[Response]]
"""Gets the headers, names in lower case, and the whole body."""


@dataclass(frozen=True, slots=True)
class Route:
    """``too_large`` answers for a body that is refused unread, being longer than ``BODY_LIMIT``."""

    handler: Handler
    too_large: Callable[[], Response] | None = None


Routes = Mapping[tuple[str, str], Handler | Route]
"""By method and path, such as ``("POST", "/v1/events")``. Only peers on the same host reach them."""


class Server:
    """``ready`` gives the reasons for not being ready yet. ``clock`` is monotonic, for timeouts alone."""

    def __init__(
        self,
        store: Store,
        ready: Callable[[], Sequence[str]],
        routes: Routes | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.routes: Routes = routes or {}
        self.clock = clock
        self.stopping = False
        self.connections: set[Connection] = set()
        self._store = store
        self._ready = ready
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        # The form of the page that a request's bytes ask for, when each form was asked for last, and the whole answer
        # in each form, of one page and one second.
        self._seen: dict[bytes, _Form] = {}
        self._asked: dict[_Form, float] = {}
        self._answers: dict[_Form, bytes] = {}
        self._page: Page | None = None
        self._second = 0

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=BACKLOG)
        self._sweeper = asyncio.create_task(self._sweep_often())

    async def stop(self, grace: float = 1.0) -> None:
        """Listen no more; requests that are being handled get ``grace`` seconds for their answers."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        busy = [connection.task for connection in self.connections if connection.task is not None]
        if busy:
            await asyncio.wait(busy, timeout=grace)
        for connection in list(self.connections):
            connection.end()

    async def _sweep_often(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.sweep()

    def sweep(self) -> None:
        """End every connection whose time is up. One timer for all: one for each request would cost more than it."""
        now = self.clock()
        for connection in list(self.connections):
            if now >= connection.deadline:
                connection.time_up()

    def make_room(self, newest: Connection) -> bool:
        """End one connection for ``newest``; False where all others are being answered.

        Whoever holds many connections open, be it by mistake, must not keep a probe or a scrape out.
        """
        others = [one for one in self.connections if one is not newest and one.task is None]
        if not others:
            return False
        longest = min(others, key=lambda one: (not one.idle, one.since))
        # It is counted no more from now on: asyncio tells of its end later, and more may come until then.
        self.connections.discard(longest)
        longest.abort()
        return True

    # --- the page -------------------------------------------------------------------------------------

    def repeated(self, head: bytes) -> bytes | None:
        """The answer to a request whose very bytes have been answered with the page before."""
        form = self._seen.get(head)
        return None if form is None else self._answer(form)

    def warm(self) -> None:
        """Encode the page in the forms that were asked for lately, so that no scrape waits for it."""
        page, since = self._store.pages(), self.clock() - IDLE_TIMEOUT
        for form, at in self._asked.items():
            if at >= since:
                page.body(*form)

    def metrics(self, request: Request, raw: bytes | None) -> bytes:
        """The page as ``request`` wants it; ``raw`` are its bytes where they may be remembered."""
        headers = request.headers
        form = (wants_openmetrics(headers.get("accept", "")), wants_gzip(headers.get("accept-encoding", "")))
        if raw is not None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[raw] = form
        return self._answer(form)

    def _answer(self, form: _Form) -> bytes:
        self._asked[form] = self.clock()
        page, second = self._store.pages(), int(time.time())
        if page is not self._page or second != self._second:
            self._page, self._second, self._answers = page, second, {}
        answer = self._answers.get(form)
        if answer is None:
            openmetrics, gzipped = form
            body = page.body(openmetrics, gzipped)
            headers = {"content-type": OPENMETRICS if openmetrics else CLASSIC, "vary": "Accept, Accept-Encoding"}
            if gzipped:
                headers["content-encoding"] = "gzip"
            answer = self._answers[form] = head(200, headers, len(body), keep=True) + body
        return answer

    # --- the rest -------------------------------------------------------------------------------------

    def allowed(self, path: str) -> list[str]:
        """The methods of ``path``; none where there is no such path."""
        own = ["GET", "HEAD"] if path in ("/metrics", "/healthz", "/readyz", "/") else []
        return own + sorted(method for method, at in self.routes if at == path and method not in own)

    def page_of(self, path: str) -> Answer:
        if path == "/healthz":
            return Answer(200, b"ok\n")
        if path == "/readyz":
            reasons = ["stopping"] if self.stopping else list(self._ready())
            return Answer(503 if reasons else 200, ("\n".join(reasons or ["ok"]) + "\n").encode())
        return Answer(200, self._front(), {"content-type": "text/html; charset=utf-8"})

    def _front(self) -> bytes:
        rows = "".join(
            f"<tr><td>{_escaped(source)}<td>{age:.0f} s\n" for source, age in sorted(self._store.ages().items())
        )
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><title>tripgen exporter</title>\n"
            "<h1>tripgen exporter</h1>\n"
            '<p><a href="/metrics">metrics</a> <a href="/healthz">healthz</a> <a href="/readyz">readyz</a>\n'
            f"<table><tr><th>source<th>age\n{rows}</table></html>\n"
        ).encode()


class Connection(asyncio.Protocol):
    """One client: requests are answered one after the other, in the order they came."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._request: Request | None = None
        self._local = False
        self._held = False
        self._ended = False
        self._lingering = False
        self.task: asyncio.Task[None] | None = None
        # When it began to do what it does: to be silent, to send a request, not to take an answer.
        self.since = server.clock()
        self.deadline = self.since + READ_TIMEOUT

    @property
    def idle(self) -> bool:
        """Nothing of a request has come and no answer is under way."""
        busy = self._buffer or self._request is not None or self.task is not None or self._held or self._lingering
        return not busy

    # --- asyncio calls these --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)
        ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._local = all(isinstance(end, tuple) and is_loopback(str(end[0])) for end in ends)
        if self._server.stopping:
            self._refuse(503, "stopping")
        elif len(self._server.connections) > CONNECTIONS and not self._server.make_room(self):
            self._refuse(503, "too many connections")

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)
        self._transport = None
        # A handler that has begun goes on to its end: what it took in must be counted, with or without its client.

    def eof_received(self) -> bool:
        # A client that closed its half still gets the answer that is being made.
        self._ended = True
        return self.task is not None

    def pause_writing(self) -> None:
        self._held = True
        self._busy()

    def resume_writing(self) -> None:
        self._held = False
        self._idle()
        self._read_on()

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        if not self._buffer and self._request is None and self.task is None and not self._held:
            answer = self._server.repeated(data)
            if answer is not None and not self._server.stopping:
                assert self._transport is not None
                self._idle()
                self._transport.write(answer)
                return
            # The time for a request runs from its first byte, so dripping does not prolong it.
            self._busy()
        self._buffer += data
        if self.task is not None or self._held:
            # A client that sends on without waiting for answers is read again when it has got them.
            if len(self._buffer) > HEAD_LIMIT and self._transport is not None:
                self._transport.pause_reading()
            return
        self._read_on()

    # --- reading --------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Answer what the buffer holds."""
        try:
            while self._transport is not None and self.task is None and not self._held and not self._lingering:
                if not self._next():
                    if self._buffer or self._request is not None:
                        # A request that began behind another one; what has less time left keeps that.
                        self.deadline = min(self.deadline, self._server.clock() + READ_TIMEOUT)
                    break
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()
        except BadRequest as error:
            self._refuse(error.status, str(error))

    def _next(self) -> bool:
        """Take one request from the buffer; False where it is not whole yet."""
        if self._request is None:
            # An empty line before a request is let pass, as RFC 9112 asks.
            while self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            end = self._buffer.find(b"\r\n\r\n", 0, HEAD_LIMIT)
            if end < 0:
                if len(self._buffer) >= HEAD_LIMIT:
                    raise BadRequest(431, f"the head is longer than {HEAD_LIMIT} bytes")
                if self._buffer and not plausible(self._buffer):
                    raise BadRequest(400, "this is not HTTP")
                return False
            raw = bytes(self._buffer[: end + 4])
            del self._buffer[: end + 4]
            self._request = parse(raw)
            if self._early(self._request, raw):
                return True
        request = self._request
        route = self._server.routes[request.method, request.path]
        try:
            buffer = self._buffer
            body = request.chunks.take(buffer) if request.length is None else exactly(buffer, request.length)
        except TooLarge as error:
            self._refuse_with(_too_large(route, error))
            return True
        if body is None:
            return False
        self._request = None
        handler = route.handler if isinstance(route, Route) else route
        self.deadline = float("inf")
        self.task = asyncio.create_task(self._handle(handler, request, body))
        return True

    def _early(self, request: Request, raw: bytes) -> bool:
        """Answer what needs no body; False where a route is to get it."""
        server = self._server
        allowed = server.allowed(request.path)
        own = request.method in ("GET", "HEAD") and (request.method, request.path) not in server.routes
        if not allowed:
            self._plain(request, Answer(404, b"not found\n"))
        elif request.method not in allowed:
            self._plain(request, Answer(405, b"method not allowed\n", {**_TEXT, "allow": ", ".join(allowed)}))
        elif own and request.path == "/metrics":
            simple = request.method == "GET" and request.keep and not request.length
            self._page(request, server.metrics(request, raw if simple else None))
        elif own:
            self._plain(request, server.page_of(request.path))
        elif not self._local:
            self._plain(request, Answer(403, b"only from the same host\n"))
        elif server.stopping:
            self._plain(request, Answer(503, b"stopping\n", {**_TEXT, "retry-after": "1"}))
        elif request.length is not None and request.length > BODY_LIMIT:
            self._refuse_with(_too_large(server.routes[request.method, request.path], TooLarge()))
        else:
            if request.headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return False
        self._request = None
        return True

    async def _handle(self, handler: Handler, request: Request, body: bytes) -> None:
        try:
            response = await handler(request.headers, body)
            self._send(request, response)
        except Exception as error:
            _LOG.error("%s %s: %s", request.method, request.path, type(error).__name__)
            self._send(request, Answer(500, b"failed\n"))
        finally:
            self.task = None
        self._read_on()

    # --- writing --------------------------------------------------------------------------------------

    def _page(self, request: Request, answer: bytes) -> None:
        if request.length != 0:
            self._plain(request, Answer(400, b"no body is taken here\n"))
        elif request.method == "HEAD" or not request.keep:
            top, _, body = answer.partition(b"\r\n\r\n")
            if not request.keep:
                top += b"\r\nconnection: close"
            self._write(top + b"\r\n\r\n" + (b"" if request.method == "HEAD" else body), request.keep)
        else:
            self._write(answer, keep=True)

    def _plain(self, request: Request, answer: Answer) -> None:
        """Answer without having read the body: where there is one, the connection cannot go on."""
        if request.length != 0:
            self._refuse_with(answer)
        else:
            self._send(request, answer)

    def _send(self, request: Request, response: Response) -> None:
        keep = request.keep and not self._server.stopping and not self._ended
        top = head(response.status, response.headers, len(response.body), keep)
        self._write(top if request.method == "HEAD" else top + response.body, keep)

    def _write(self, data: bytes, keep: bool) -> None:
        if self._transport is None:
            return
        self._idle()
        self._transport.write(data)
        if not keep:
            self._transport.close()

    def _idle(self) -> None:
        self.since = self._server.clock()
        self.deadline = self.since + IDLE_TIMEOUT

    def _busy(self) -> None:
        self.since = self._server.clock()
        self.deadline = self.since + READ_TIMEOUT

    def _refuse(self, status: int, reason: str) -> None:
        self._refuse_with(Answer(status, f"{reason}\n".encode()))

    def _refuse_with(self, answer: Response) -> None:
        """Answer and end the connection, reading for a while what the client is still sending."""
        if self._transport is None or self._transport.is_closing():
            return
        self._buffer.clear()
        self._request = None
        self._lingering = True
        self.since = self._server.clock()
        self.deadline = self.since + _LINGER_TIMEOUT
        self._transport.write(head(answer.status, answer.headers, len(answer.body), keep=False) + answer.body)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()

    def time_up(self) -> None:
        """End a connection that took too long, telling a client in the middle of a request why."""
        if (self._buffer or self._request is not None) and not self._lingering and not self._held:
            self._refuse(408, "the request took too long")
        else:
            self.abort()

    def abort(self) -> None:
        """End at once, also where an answer has not been taken."""
        if self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _too_large(route: Handler | Route, error: TooLarge) -> Response:
    """What the route says of a body over the limit, or else what the server does."""
    if isinstance(route, Route) and route.too_large is not None:
        try:
            return route.too_large()
        except Exception as failure:
            _LOG.error("too_large: %s", type(failure).__name__)
    return Answer(error.status, f"{error}\n".encode())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


_LOOPBACK = ("127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """``host`` as a socket names one of its ends; ``::ffff:`` is how IPv4 looks to a socket of both kinds.

    Not all of 127.0.0.0/8: a service mesh's proxy hands on what comes from other hosts from 127.0.0.6.
    """
    return host.removeprefix("::ffff:") in _LOOPBACK
