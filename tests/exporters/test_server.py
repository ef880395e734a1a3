"""The server over loopback: what a scraper, a prober, a service and a stranger get."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from exporters import server as module
from exporters.http_messages import (
    BODY_LIMIT,
    HEAD_LIMIT,
    BadRequest,
    Chunks,
    parse,
    wants_gzip,
    wants_openmetrics,
)
from exporters.page import CLASSIC, OPENMETRICS
from exporters.server import (
    IDLE_TIMEOUT,
    READ_TIMEOUT,
    Answer,
    Response,
    Route,
    Routes,
    Server,
    is_loopback,
)
from exporters.store import Store
from observability.model.signal import Instrument, InstrumentKind
from observability.model.text import Text
from observability.model.units import Unit

DEPTH = Instrument(
    name="depth", kind=InstrumentKind.GAUGE, unit=Unit.COUNT, help=Text(ko="깊이.", en="Depth."), labels=("queue",)
)
WITHIN = 10.0
GET = "GET {} HTTP/1.1\r\nhost: x\r\n\r\n"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: str | bytes) -> None:
        self.writer.write(data.encode() if isinstance(data, str) else data)

    async def reply(self, *, body: bool = True) -> Reply:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head[:-4].split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0")) if body else 0
        return Reply(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def ask(self, data: str | bytes, **how: bool) -> Reply:
        self.send(data)
        return await self.reply(**how)

    async def get(self, path: str, **headers: str) -> Reply:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return await self.ask(f"GET {path} HTTP/1.1\r\nhost: x\r\n{lines}\r\n")

    async def ended(self) -> bytes:
        """What still comes until the server closes."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""


class Stage:
    """A server on a free port, its clock and its clients."""

    def __init__(self, routes: Routes | None, reasons: Sequence[str]) -> None:
        self.time = 0.0
        self.store = Store()
        self.reasons = list(reasons)
        self.server = Server(self.store, lambda: self.reasons, routes, clock=lambda: self.time)
        self.clients: list[Client] = []

    async def client(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.server.port))
        self.clients.append(client)
        return client


def play(
    scene: Callable[[Stage], Awaitable[None]], *, routes: Routes | None = None, reasons: Sequence[str] = ()
) -> None:
    async def whole() -> None:
        async with asyncio.timeout(WITHIN):
            stage = Stage(routes, reasons)
            await stage.server.start("127.0.0.1", 0)
            try:
                await scene(stage)
            finally:
                for client in stage.clients:
                    client.writer.close()
                await stage.server.stop()

    asyncio.run(whole())


async def until(check: Callable[[], bool]) -> None:
    """Let the event loop turn until ``check`` holds; ``play`` bounds it."""
    while not check():
        await asyncio.sleep(0)


def echo(seen: list[tuple[Mapping[str, str], bytes]]) -> Routes:
    async def handle(headers: Mapping[str, str], body: bytes) -> Response:
        seen.append((headers, body))
        return Answer(202, b"taken\n", {"content-type": "text/plain"})

    return {("POST", "/v1/events"): handle}


# --- the page ---------------------------------------------------------------------------------------


def test_the_page_is_served_in_the_classic_text() -> None:
    async def scene(stage: Stage) -> None:
        stage.store.put("s", {DEPTH: {("mail",): 3.0}})
        reply = await (await stage.client()).get("/metrics")
        assert reply.status == 200
        assert reply.headers["content-type"] == CLASSIC
        assert reply.headers["vary"] == "Accept, Accept-Encoding"
        assert "connection" not in reply.headers
        assert b'depth{queue="mail"} 3\n' in reply.body

    play(scene)


def test_openmetrics_and_gzip_are_served_to_whom_asks_for_them() -> None:
    async def scene(stage: Stage) -> None:
        stage.store.put("s", {DEPTH: {("mail",): 3.0}})
        client = await stage.client()
        reply = await client.get(
            "/metrics", accept="application/openmetrics-text; version=1.0.0", accept_encoding="gzip"
        )
        assert (reply.headers["content-type"], reply.headers["content-encoding"]) == (OPENMETRICS, "gzip")
        assert gzip.decompress(reply.body) == stage.store.pages().openmetrics
        reply = await client.get("/metrics", accept_encoding="gzip;q=0")
        assert "content-encoding" not in reply.headers

    play(scene)


def test_a_connection_is_kept_and_every_scrape_sees_the_values_of_its_time() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        for value in (1.0, 2.0, 3.0):
            stage.store.put("s", {DEPTH: {("mail",): value}})
            for _ in range(2):
                assert f'depth{{queue="mail"}} {value:g}\n'.encode() in (await client.get("/metrics")).body

    play(scene)


def test_head_gets_the_head_alone() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        full = await client.get("/metrics")
        reply = await client.ask("HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n", body=False)
        assert (reply.status, reply.headers["content-length"]) == (200, str(len(full.body)))
        reply = await client.ask("HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n", body=False)
        assert (reply.status, reply.headers["content-length"]) == (200, "3")
        assert (await client.get("/healthz")).body == b"ok\n"

    play(scene)


def test_requests_sent_without_waiting_are_answered_in_order() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        client.send("".join(GET.format(path) for path in ("/healthz", "/nowhere", "/metrics", "/healthz")))
        assert [(await client.reply()).status for _ in range(4)] == [200, 404, 200, 200]

    play(scene)


def test_a_request_that_comes_byte_by_byte_is_answered() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        for byte in GET.format("/metrics").encode():
            client.send(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.reply()).status == 200

    play(scene)


@pytest.mark.parametrize(
    "line", ["GET /metrics HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]
)
def test_a_client_that_wants_one_answer_gets_it_and_the_end(line: str) -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask(line)
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert b"tripgen_exporter_series" in reply.body
        assert await client.ended() == b""

    play(scene)


def test_only_forms_that_were_asked_for_lately_are_encoded_ahead() -> None:
    async def scene(stage: Stage) -> None:
        await (await stage.client()).get("/metrics", accept_encoding="gzip")
        stage.store.put("s", {DEPTH: {("mail",): 1.0}})
        stage.server.warm()
        assert set(stage.store.pages()._made) == {(False, True), (False, False)}
        stage.time = IDLE_TIMEOUT + 1
        stage.store.put("s", {DEPTH: {("mail",): 2.0}})
        stage.server.warm()
        assert set(stage.store.pages()._made) == set()

    play(scene)


# --- the rest ---------------------------------------------------------------------------------------


def test_ready_says_what_it_waits_for() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.get("/readyz")
        assert (reply.status, reply.body) == (503, b"collector 'redis' has not finished a round\n")
        assert (await client.get("/healthz")).status == 200
        stage.reasons.clear()
        reply = await client.get("/readyz")
        assert (reply.status, reply.body) == (200, b"ok\n")

    play(scene, reasons=["collector 'redis' has not finished a round"])


def test_the_front_page_links_to_the_others_and_escapes_names() -> None:
    async def scene(stage: Stage) -> None:
        stage.store.put("<s>", {})
        reply = await (await stage.client()).get("/?x=1")
        assert reply.headers["content-type"].startswith("text/html")
        for part in (b'href="/metrics"', b'href="/healthz"', b'href="/readyz"', b"&lt;s>"):
            assert part in reply.body

    play(scene)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/metrics?x=1", "/metrics"), ("http://exporter:9464/metrics", "/metrics"), ("HTTP://x/healthz?a=/b", "/healthz"),
        ("http://x", "/"), ("http://x?a=/metrics", "/"), ("http://x//a", "//a"),
    ],
)  # fmt: skip
def test_a_target_may_name_the_host_as_a_proxy_is_asked(target: str, path: str) -> None:
    assert parse(f"GET {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode()).path == path


def test_a_scrape_in_the_form_for_proxies_gets_the_page() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        for _ in range(2):
            reply = await client.get("http://exporter:9464/metrics")
            assert (reply.status, reply.headers["content-type"]) == (200, CLASSIC)

    play(scene)


def test_unknown_paths_and_methods_are_told_apart() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        assert (await client.get("/nowhere")).status == 404
        reply = await client.ask("DELETE /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
        reply = await client.get("/v1/events")
        assert (reply.status, reply.headers["allow"]) == (405, "POST")

    play(scene, routes=echo([]))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("hello\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01", 400),
        ("GET /metrics\r\n\r\n", 400),
        ("GET /metrics HTTP/2.0\r\nhost: x\r\n\r\n", 505),
        ("GET metrics HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("GET http:///metrics HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("GET https://x/metrics HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nhost : x\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nhost: x\r\n folded: x\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody", 400),
        ("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: +4\r\n\r\nbody", 400),
        ("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nbody", 400),
        ("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\nbody", 400),
        ("POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nbody", 501),
        ("POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 400),
        (f"GET /{'x' * HEAD_LIMIT}", 431),
        (f"GET / HTTP/1.1\r\nhost: x\r\nlong: {'x' * HEAD_LIMIT}\r\n\r\n", 431),
    ],
)  # fmt: skip
def test_what_is_not_http_is_refused_and_the_connection_ends(data: str, status: int) -> None:
    seen: list[Any] = []

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask(data)
        assert (reply.status, reply.headers["connection"]) == (status, "close")
        assert await client.ended() == b""

    play(scene, routes=echo(seen))
    assert seen == []


# --- routes -----------------------------------------------------------------------------------------


def test_a_route_gets_headers_and_the_whole_body_and_the_connection_goes_on() -> None:
    seen: list[tuple[Mapping[str, str], bytes]] = []

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        for body in (b"one", b"", b"x" * BODY_LIMIT):
            head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Id: 7\r\nContent-Length: {len(body)}\r\n\r\n"
            reply = await client.ask(head.encode() + body)
            assert (reply.status, reply.body) == (202, b"taken\n")

    play(scene, routes=echo(seen))
    assert [len(body) for _, body in seen] == [3, 0, BODY_LIMIT]
    assert seen[0][0]["x-id"] == "7"


def test_a_body_in_chunks_is_put_together() -> None:
    seen: list[tuple[Mapping[str, str], bytes]] = []

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        parts = [head, b"4;name=x\r\nab", b"cd\r\n", b"1\r\ne\r\n0\r\n", b"trailer: x\r\n", b"\r\n"]
        for part in parts:
            client.send(part)
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.reply()).status == 202
        assert (await client.get("/healthz")).status == 200

    play(scene, routes=echo(seen))
    assert [body for _, body in seen] == [b"abcde"]


def test_a_body_that_is_too_long_is_refused_before_it_is_read() -> None:
    seen: list[Any] = []

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask(f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {BODY_LIMIT + 1}\r\n\r\n")
        assert reply.status == 413
        # What the client is still sending does not cost it the answer.
        client = await stage.client()
        size = BODY_LIMIT + 2**18
        client.send(f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n".encode() + b"x" * size)
        assert (await client.reply()).status == 413
        client = await stage.client()
        chunk = b"%x\r\n%s\r\n" % (2**19, b"x" * 2**19)
        client.send(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + 3 * chunk)
        assert (await client.reply()).status == 413

    play(scene, routes=echo(seen))
    assert seen == []


@pytest.mark.parametrize("size", [2 * BODY_LIMIT, 64 * BODY_LIMIT])
def test_a_client_that_sends_a_long_body_to_its_end_still_gets_the_answer(size: int) -> None:
    async def scene(stage: Stage) -> None:
        chunk = b"%x\r\n%s\r\n" % (2**16, b"x" * 2**16)
        for coding, part in ((f"content-length: {size}", b"x" * 2**16), ("transfer-encoding: chunked", chunk)):
            client = await stage.client()
            client.send(f"POST /v1/events HTTP/1.1\r\nhost: x\r\n{coding}\r\n\r\n")
            for _ in range(size // 2**16):
                client.send(part)
                await client.writer.drain()
            assert (await client.reply()).status == 413

    play(scene, routes=echo([]))


def test_after_a_refusal_a_client_that_sends_on_is_borne_for_a_while_only() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask(f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {2**40}\r\n\r\n")
        assert reply.status == 413
        stage.server.sweep()
        assert len(stage.server.connections) == 1
        stage.time = READ_TIMEOUT
        stage.server.sweep()
        await until(lambda: not stage.server.connections)

    play(scene, routes=echo([]))


@pytest.mark.parametrize(
    "body",
    [
        f"content-length: {BODY_LIMIT + 1}\r\n\r\n",
        f"transfer-encoding: chunked\r\n\r\n{BODY_LIMIT + 1:x}\r\n",
        f"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n{BODY_LIMIT:x}\r\n",
    ],
)
def test_a_route_answers_itself_for_a_body_that_is_too_long(body: str) -> None:
    seen: list[Any] = []
    refused = []

    def too_large() -> Response:
        refused.append(1)
        return Answer(413, b'{"reason":"body_too_large"}\n', {"content-type": "application/json"})

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask("POST /v1/events HTTP/1.1\r\nhost: x\r\n" + body)
        assert (reply.status, reply.body) == (413, b'{"reason":"body_too_large"}\n')
        assert (reply.headers["content-type"], reply.headers["connection"]) == ("application/json", "close")
        assert await client.ended() == b""
        # The next body, of a length that is taken, goes to the handler.
        reply = await (await stage.client()).ask("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na")
        assert reply.status == 202

    handler = echo(seen)["POST", "/v1/events"]
    assert not isinstance(handler, Route)
    play(scene, routes={("POST", "/v1/events"): Route(handler, too_large)})
    assert (refused, [got for _, got in seen]) == ([1], [b"a"])


def test_a_route_that_fails_to_refuse_leaves_it_to_the_server() -> None:
    def too_large() -> Response:
        raise RuntimeError("hunter2")

    async def scene(stage: Stage) -> None:
        head = f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {BODY_LIMIT + 1}\r\n\r\n"
        reply = await (await stage.client()).ask(head)
        assert (reply.status, reply.body) == (413, b"the body is longer than 1048576 bytes\n")

    handler = echo([])["POST", "/v1/events"]
    assert not isinstance(handler, Route)
    play(scene, routes={("POST", "/v1/events"): Route(handler, too_large)})


def test_a_client_that_asks_before_sending_is_told_to_go_on() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        head = "POST /v1/events HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
        assert (await client.ask(head)).status == 100
        assert (await client.ask("abc")).status == 202

    play(scene, routes=echo([]))


def test_only_peers_of_the_same_host_reach_a_route(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(module, "is_loopback", lambda host: False)
        client = await stage.client()
        reply = await client.ask("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody")
        assert reply.status == 403
        assert (await (await stage.client()).get("/metrics")).status == 200

    play(scene, routes=echo(seen))
    assert seen == []


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.0.0.6", False), ("127.0.0.11", False), ("::1", True), ("::6", False), ("::ffff:127.0.0.1", True), ("10.1.2.3", False), ("::ffff:10.1.2.3", False), ("fe80::1", False), ("1270.example", False)],
)  # fmt: skip
def test_loopback_is_known_in_both_families(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only one of its network")
@pytest.mark.parametrize(
    ("own", "peer", "status"),
    [("127.0.0.1", "127.0.0.1", 202), ("127.0.0.1", "127.0.0.6", 403), ("127.0.0.2", "127.0.0.1", 403)],
)
def test_both_ends_must_be_of_the_same_host(own: str, peer: str, status: int) -> None:
    async def whole() -> None:
        server = Server(Store(), list, echo([]))
        await server.start("0.0.0.0", 0)  # noqa: S104
        try:
            client = Client(*await asyncio.open_connection(own, server.port, local_addr=(peer, 0)))
            reply = await client.ask("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody")
            assert reply.status == status
            client.writer.close()
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(whole(), WITHIN))


def test_a_handler_that_fails_is_a_500_and_the_next_request_is_answered() -> None:
    async def handle(headers: Mapping[str, str], body: bytes) -> Response:
        raise RuntimeError("hunter2")

    async def scene(stage: Stage) -> None:
        client = await stage.client()
        reply = await client.ask("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert (reply.status, reply.body) == (500, b"failed\n")
        assert (await client.get("/healthz")).status == 200

    play(scene, routes={("POST", "/v1/events"): handle})


def test_a_request_behind_one_that_is_being_handled_waits_for_it() -> None:
    async def scene(stage: Stage) -> None:
        go = asyncio.Event()
        bodies: list[bytes] = []

        async def handle(headers: Mapping[str, str], body: bytes) -> Response:
            bodies.append(body)
            await go.wait()
            return Answer(202, body)

        stage.server.routes = {("POST", "/v1/events"): handle}
        client, other = await stage.client(), await stage.client()
        post = "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n{}"
        client.send(post.format("a") + GET.format("/healthz") + post.format("b"))
        await until(lambda: bool(bodies))
        # Another client's scrape does not wait.
        assert (await other.get("/metrics")).status == 200
        assert bodies == [b"a"]
        go.set()
        assert [(await client.reply()).body for _ in range(3)] == [b"a", b"ok\n", b"b"]

    play(scene)


# --- time and limits --------------------------------------------------------------------------------


def test_a_request_that_is_not_whole_in_time_gets_a_408() -> None:
    async def scene(stage: Stage) -> None:
        client = await stage.client()
        client.send("GET /metrics HTTP/1.1\r\nho")
        await until(lambda: any(connection._buffer for connection in stage.server.connections))
        stage.time = READ_TIMEOUT - 1
        client.send("s")
        stage.server.sweep()
        assert len(stage.server.connections) == 1
        # Another byte has not bought more time.
        stage.time = READ_TIMEOUT
        stage.server.sweep()
        assert (await client.reply()).status == 408
        assert await client.ended() == b""

    play(scene)


def test_a_silent_and_an_idle_connection_end() -> None:
    async def scene(stage: Stage) -> None:
        silent, idle = await stage.client(), await stage.client()
        await idle.get("/metrics")
        await until(lambda: len(stage.server.connections) == 2)
        stage.time = READ_TIMEOUT
        stage.server.sweep()
        assert await silent.ended() == b""
        await idle.get("/metrics")
        stage.time += IDLE_TIMEOUT - 1
        stage.server.sweep()
        assert (await idle.get("/metrics")).status == 200
        stage.time += IDLE_TIMEOUT
        stage.server.sweep()
        assert await idle.ended() == b""

    play(scene)


def test_a_client_that_reads_nothing_is_given_up_and_holds_no_answers() -> None:
    async def scene(stage: Stage) -> None:
        stage.store.put("s", {DEPTH: {(f"q{n}" + "x" * 80,): float(n) for n in range(4_000)}})
        client, other = await stage.client(), await stage.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.send(GET.format("/metrics") * 500)
        await until(lambda: any(connection._held for connection in stage.server.connections))
        for _ in range(50):
            await asyncio.sleep(0)
        held = next(connection for connection in stage.server.connections if connection._held)
        assert held._transport is not None
        page = len(stage.store.pages().classic)
        assert held._transport.get_write_buffer_size() < 2 * page + 2**17
        assert (await other.get("/metrics")).status == 200
        stage.time = READ_TIMEOUT
        stage.server.sweep()
        await until(lambda: held not in stage.server.connections)

    play(scene)


def test_at_the_limit_the_connection_that_is_idle_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(module, "CONNECTIONS", 3)
        first, second, third = [await stage.client() for _ in range(3)]
        for client in (third, first, second):
            stage.time += 1
            assert (await client.get("/metrics")).status == 200
        stage.time += 1
        # One after the other and two at once: as many as come, and the page for each of them.
        newest = await stage.client()
        assert (await newest.get("/healthz")).status == 200
        assert await third.ended() == b""
        stage.time += 1
        newer = await asyncio.gather(stage.client(), stage.client())
        for client in (*newer, newest):
            assert (await client.get("/healthz")).status == 200
        assert (await first.ended(), await second.ended()) == (b"", b"")
        assert len(stage.server.connections) == 3

    play(scene)


def test_a_probe_is_answered_however_many_connections_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(module, "CONNECTIONS", 4)
        for client in [await stage.client() for _ in range(2)]:
            client.send("GET /metrics HTTP/1.1\r\nho")
        await until(lambda: sum(bool(connection._buffer) for connection in stage.server.connections) == 2)
        for _ in range(20):
            await stage.client()
            assert (await (await stage.client()).get("/healthz")).status == 200
            assert len(stage.server.connections) <= 4
        # Requests that have begun go on while there is anything idle to be closed.
        assert sum(bool(connection._buffer) for connection in stage.server.connections) == 2

    play(scene)


def test_half_requests_make_room_where_nothing_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(module, "CONNECTIONS", 2)
        clients = []
        for number in range(2):
            clients.append(await stage.client())
            clients[-1].send("GET /healthz HTTP/1.1\r\nhost: x\r\n")
            await until(lambda n=number: sum(bool(one._buffer) for one in stage.server.connections) > n)  # type: ignore[misc]
            stage.time += 1
        assert (await (await stage.client()).get("/healthz")).status == 200
        assert await clients[0].ended() == b""
        assert (await clients[1].ask("\r\n")).status == 200

    play(scene)


def test_what_is_being_handled_makes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(module, "CONNECTIONS", 1)
        begun, go = asyncio.Event(), asyncio.Event()

        async def handle(headers: Mapping[str, str], body: bytes) -> Response:
            begun.set()
            await go.wait()
            return Answer(202, b"taken\n")

        stage.server.routes = {("POST", "/v1/events"): handle}
        busy = await stage.client()
        busy.send("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na")
        await begun.wait()
        assert (await (await stage.client()).reply()).status == 503
        go.set()
        assert (await busy.reply()).body == b"taken\n"

    play(scene)


def test_stopping_answers_what_is_being_handled_and_takes_no_more() -> None:
    async def scene(stage: Stage) -> None:
        begun, go = asyncio.Event(), asyncio.Event()

        async def handle(headers: Mapping[str, str], body: bytes) -> Response:
            begun.set()
            await go.wait()
            return Answer(202, b"taken\n")

        stage.server.routes = {("POST", "/v1/events"): handle}
        busy, late = await stage.client(), await stage.client()
        busy.send("POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na")
        await begun.wait()
        stage.server.stopping = True
        assert (await late.get("/readyz")).body == b"stopping\n"
        late = await stage.client()
        assert (await late.reply()).status == 503
        stopped = asyncio.create_task(stage.server.stop())
        await asyncio.sleep(0)
        go.set()
        assert (await busy.reply()).body == b"taken\n"
        await stopped
        assert await busy.ended() == b""

    play(scene)


# --- words of HTTP ----------------------------------------------------------------------------------

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        (PROMETHEUS_2, True),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;q=0, text/plain", False),
        ("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;q=0.5", False),
        ("*/*", False),
        ("text/html,*/*;q=0.8", False),
        ("", False),
        ("application/openmetrics-text;q=much", False),
        ("application/openmetrics-text;q=nan", False),
    ],
)  # fmt: skip
def test_the_form_follows_the_accept_header(accept: str, openmetrics: bool) -> None:
    assert wants_openmetrics(accept) is openmetrics


@pytest.mark.parametrize(
    ("accept", "zipped"),
    [
        ("gzip", True), ("deflate, gzip;q=1.0, *;q=0.5", True), ("GZIP", True), ("*", True), ("br", False), ("", False),
        ("gzip;q=0", False), ("gzip;q=0.000", False), ("*, gzip;q=0", False), ("identity, gzip;q=0.5", False),
        ("*;q=0", False),
    ],
)  # fmt: skip
def test_compression_follows_the_accept_encoding_header(accept: str, zipped: bool) -> None:
    assert wants_gzip(accept) is zipped


def test_a_request_is_read_into_its_parts() -> None:
    request = parse(
        b"POST /v1/events?x=1 HTTP/1.1\r\nHost: a\r\nAccept: x\r\naccept:  y \r\nContent-Length: 12\r\n\r\n"
    )
    assert (request.method, request.path, request.length, request.keep) == ("POST", "/v1/events", 12, True)
    assert request.headers["accept"] == "x, y"


@pytest.mark.parametrize("size", [b"-1", b"0x4", b"1_0", b"", b" ", b"fffffffff", b"g"])
def test_a_chunk_size_is_hexadecimal_and_nothing_else(size: bytes) -> None:
    with pytest.raises(BadRequest):
        Chunks().take(bytearray(size + b"\r\nabcd\r\n0\r\n\r\n"))
