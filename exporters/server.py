"""The HTTP/1.1 server of the exporter: the page, its health, and the routes that others add.

Written on asyncio's protocols: a scrape of a ready page is a look-up of the request's bytes and one write.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from exporters.page import CLASSIC, OPENMETRICS, Page
from exporters.store import Store

_LOG = logging.getLogger(__name__)

HEAD_LIMIT = 8 * 2**10
BODY_LIMIT = 2**20
BACKLOG = 1024
CONNECTIONS = 512
# A request that has begun must be whole by then, and its answer taken by then.
READ_TIMEOUT = 10.0
# Longer than any scrape interval in use, so that a scraper keeps its connection.
IDLE_TIMEOUT = 150.0
# What is still read and thrown away after a refusal: closing at once would cost the client the answer.
_LINGER_BYTES = 8 * 2**20
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
Routes = Mapping[tuple[str, str], Handler]
"""By method and path, such as ``("POST", "/v1/events")``. Only peers on the same host reach them."""


class BadRequest(Exception):
    """What came cannot be answered but with ``status``; the connection ends."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    keep: bool
    # None where the body comes in chunks, which ``chunks`` gathers.
    length: int | None
    chunks: Chunks


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
        self._lingering: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.deadline = server.clock() + READ_TIMEOUT

    # --- asyncio calls these --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)
        peer = transport.get_extra_info("peername")
        self._local = isinstance(peer, tuple) and is_loopback(str(peer[0]))
        if len(self._server.connections) > CONNECTIONS or self._server.stopping:
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
        self.deadline = self._server.clock() + READ_TIMEOUT

    def resume_writing(self) -> None:
        self._held = False
        self._idle()
        self._read_on()

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering -= len(data)
            if self._lingering <= 0:
                self.end()
            return
        if not self._buffer and self._request is None and self.task is None and not self._held:
            answer = self._server.repeated(data)
            if answer is not None and not self._server.stopping:
                assert self._transport is not None
                self._idle()
                self._transport.write(answer)
                return
            # The time for a request runs from its first byte, so dripping does not prolong it.
            self.deadline = self._server.clock() + READ_TIMEOUT
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
            while self._transport is not None and self.task is None and not self._held and self._lingering is None:
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
        body = request.chunks.take(self._buffer) if request.length is None else exactly(self._buffer, request.length)
        if body is None:
            return False
        self._request = None
        handler = self._server.routes[request.method, request.path]
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
            raise BadRequest(413, f"the body is longer than {BODY_LIMIT} bytes")
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
        self.deadline = self._server.clock() + IDLE_TIMEOUT

    def _refuse(self, status: int, reason: str) -> None:
        self._refuse_with(Answer(status, f"{reason}\n".encode()))

    def _refuse_with(self, answer: Answer) -> None:
        """Answer and end the connection, reading for a moment what the client is still sending."""
        if self._transport is None or self._transport.is_closing():
            return
        self._buffer.clear()
        self._request = None
        self._lingering = _LINGER_BYTES
        self.deadline = self._server.clock() + _LINGER_TIMEOUT
        self._transport.write(head(answer.status, answer.headers, len(answer.body), keep=False) + answer.body)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()

    def time_up(self) -> None:
        """End a connection that took too long, telling a client in the middle of a request why."""
        if (self._buffer or self._request is not None) and self._lingering is None and not self._held:
            self._refuse(408, "the request took too long")
        elif self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        if self._transport is not None:
            self._transport.close()


# --- HTTP -------------------------------------------------------------------------------------------


def head(status: int, headers: Mapping[str, str], length: int, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"date: {_date(time.time())}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {length}")
    if not keep:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _date(at: float) -> str:
    """In HTTP's form, whatever the locale."""
    t = time.gmtime(at)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[t.tm_wday]
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * t.tm_mon - 3 : 3 * t.tm_mon]
    return f"{day}, {t.tm_mday:02} {month} {t.tm_year} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def plausible(buffer: bytes | bytearray) -> bool:
    """Whether an unfinished head may become one: it begins with a method."""
    method = bytes(buffer[:32]).partition(b" ")[0]
    return bool(method) and len(method) < 32 and _TOKEN.issuperset(method.rstrip(b"\r\n"))


def parse(raw: bytes) -> Request:
    """The request of a whole head. Raises BadRequest."""
    first, *lines = raw[:-4].split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or not parts[0] or not _TOKEN.issuperset(parts[0]):
        raise BadRequest(400, "the request line is not HTTP")
    method, target, version = parts
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        if version.startswith(b"HTTP/"):
            raise BadRequest(505, "HTTP/1.1 is spoken here")
        raise BadRequest(400, "the request line is not HTTP")
    if not target.startswith(b"/") or not target.isascii() or any(byte <= 32 for byte in target):
        raise BadRequest(400, "the target is not a path")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or not _TOKEN.issuperset(name) or b"\0" in value or b"\n" in value or b"\r" in value:
            raise BadRequest(400, "a header is not HTTP")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in headers and key in ("host", "content-length", "transfer-encoding"):
            raise BadRequest(400, f"{key} is given twice")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    if version == b"HTTP/1.1" and "host" not in headers:
        raise BadRequest(400, "host is missing")
    options = [option.strip().lower() for option in headers.get("connection", "").split(",")]
    # A client of HTTP/1.0 gets one answer for each connection, which is what it expects.
    keep = version == b"HTTP/1.1" and "close" not in options
    path = target.partition(b"?")[0].decode("ascii")
    return Request(method.decode("ascii"), path, headers, keep, _length(headers), Chunks())


def _length(headers: Mapping[str, str]) -> int | None:
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        # Both together is how one request is smuggled inside another.
        if length is not None:
            raise BadRequest(400, "content-length and transfer-encoding exclude each other")
        if coding.lower() != "chunked":
            raise BadRequest(501, "no transfer encoding but chunked is known")
        return None
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise BadRequest(400, "content-length is not a number")
    return int(length)


def exactly(buffer: bytearray, length: int) -> bytes | None:
    """Take ``length`` bytes from the front; None where they are not all there."""
    if len(buffer) < length:
        return None
    body = bytes(buffer[:length])
    del buffer[:length]
    return body


_HEX = frozenset(b"0123456789abcdefABCDEF")


class Chunks:
    """A body that comes in chunks."""

    __slots__ = ("_body", "_trailing")

    def __init__(self) -> None:
        self._body = bytearray()
        self._trailing = 0

    def take(self, buffer: bytearray) -> bytes | None:
        """Take whole chunks from the front; the body once the last one came. Raises BadRequest."""
        while not self._trailing:
            end = buffer.find(b"\r\n", 0, 256)
            if end < 0:
                if len(buffer) >= 256:
                    raise BadRequest(400, "a chunk has no size")
                return None
            size = bytes(buffer[:end]).partition(b";")[0].strip(b" \t")
            if not size or len(size) > 8 or not _HEX.issuperset(size):
                raise BadRequest(400, "a chunk has no size")
            length = int(size, 16)
            if len(self._body) + length > BODY_LIMIT:
                raise BadRequest(413, f"the body is longer than {BODY_LIMIT} bytes")
            if length == 0:
                self._trailing = 1
                del buffer[: end + 2]
                break
            start, stop = end + 2, end + 2 + length
            if len(buffer) < stop + 2:
                return None
            if buffer[stop : stop + 2] != b"\r\n":
                raise BadRequest(400, "a chunk is longer than its size")
            self._body += buffer[start:stop]
            del buffer[: stop + 2]
        return self._end(buffer)

    def _end(self, buffer: bytearray) -> bytes | None:
        """Trailers mean nothing here; they end with an empty line."""
        while (end := buffer.find(b"\r\n")) >= 0:
            del buffer[: end + 2]
            if end == 0:
                return bytes(self._body)
            self._trailing += end
            if self._trailing > HEAD_LIMIT:
                break
        if self._trailing + len(buffer) > HEAD_LIMIT:
            raise BadRequest(431, "the trailers are too long")
        return None


def is_loopback(host: str) -> bool:
    """``host`` as the socket names its peer; ``::ffff:`` is how IPv4 looks to a socket of both kinds."""
    return host == "::1" or host.removeprefix("::ffff:").startswith("127.")


def _qualities(header: str) -> list[tuple[str, dict[str, str], float]]:
    """What an Accept header lists: value, its parameters, its weight. What cannot be read weighs nothing."""
    found = []
    for item in header.split(","):
        value, *rest = (part.strip().lower() for part in item.split(";"))
        parameters = {name.strip(): text.strip().strip('"') for name, _, text in (part.partition("=") for part in rest)}
        try:
            weight = min(1.0, max(0.0, float(parameters.pop("q", "1"))))
        except ValueError:
            weight = 0.0
        if value:
            found.append((value, parameters, weight if weight == weight else 0.0))
    return found


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics 1.0.0 is liked better than the classic text, or as well by name."""
    openmetrics = classic = anything = 0.0
    for value, parameters, weight in _qualities(accept):
        if value == "application/openmetrics-text":
            # Without a version any is meant; 0.0.1 is the same text under its draft's name, but not what we say.
            if parameters.get("version", "1.0.0") == "1.0.0":
                openmetrics = max(openmetrics, weight)
        elif value == "text/plain":
            classic = max(classic, weight)
        elif value in ("*/*", "text/*"):
            anything = max(anything, weight)
    return openmetrics > 0 and openmetrics >= max(classic, anything)


def wants_gzip(accept: str) -> bool:
    gzip = star = identity = None
    for value, _, weight in _qualities(accept):
        if value in ("gzip", "x-gzip"):
            gzip = weight
        elif value == "*":
            star = weight
        elif value == "identity":
            identity = weight
    chosen = gzip if gzip is not None else star
    return chosen is not None and chosen > 0 and chosen >= (identity or 0.0)
