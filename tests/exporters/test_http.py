"""The small HTTP client, against servers on loopback that answer with exact bytes."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporters.http import Answer, get
from observability.model.errors import SourceUnavailable
from tests.certificates import loopback_certificate

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def saying(answer: bytes, asked: list[bytes] | None = None) -> Handler:
    """Answers any request with ``answer`` and hangs up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(head)
        writer.write(answer)
        await writer.drain()

    return handler


def ask(handler: Handler, path: str = "/page", *, timeout: float = 5.0, limit: int = 1000) -> Answer:
    async def main() -> Answer:
        async with serving(handler) as address:
            return await get(f"http://{address}{path}", timeout=timeout, limit=limit)

    return asyncio.run(main())


def reason(handler: Handler, *, timeout: float = 5.0, limit: int = 1000) -> str:
    """Why there is no answer, without the place, which each test of a reason would repeat."""
    with pytest.raises(SourceUnavailable, match=r"^127\.0\.0\.1:\d+/page: ") as caught:
        ask(handler, "/page?key=hidden", timeout=timeout, limit=limit)
    assert "hidden" not in str(caught.value)
    return str(caught.value).partition(": ")[2]


def test_the_request_is_one_plain_get() -> None:
    asked: list[bytes] = []

    async def main() -> str:
        async with serving(saying(b"HTTP/1.1 204 No Content\r\n\r\n", asked)) as address:
            await get(f"http://{address}/a/b?c=d", timeout=5, accept="text/plain")
            await get(f"http://{address}", timeout=5)
            return address

    address = asyncio.run(main())
    rest = f" HTTP/1.1\r\nHost: {address}\r\nAccept: %s\r\nAccept-Encoding: identity\r\nUser-Agent: tripgen-exporter\r\nConnection: close\r\n\r\n"
    assert asked == [
        ("GET /a/b?c=d" + rest % "text/plain").encode(),
        ("GET /" + rest % "*/*").encode(),
    ]


def test_a_body_of_a_given_length_ends_there() -> None:
    answer = ask(saying(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello, and more"))
    assert answer == Answer(200, b"hello", {"content-type": "text/plain", "content-length": "5"})


def test_chunks_are_put_together_and_extensions_and_trailers_left_out() -> None:
    told = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;name=x\r\nhello\r\nA\r\n, chunks\r\n\r\n0\r\nTrailer: 1\r\n\r\n"
    assert ask(saying(told)) == Answer(200, b"hello, chunks\r\n", {"transfer-encoding": "Chunked"})


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    assert ask(saying(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")) == Answer(200, b"until the end", {})


def test_any_status_is_an_answer_and_redirects_are_not_followed() -> None:
    assert ask(saying(b"HTTP/1.1 503 \r\nContent-Length: 4\r\n\r\nDOWN")).status == 503
    assert ask(saying(b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n")) == Answer(
        302, b"", {"location": "http://example.com/", "content-length": "0"}
    )
    assert ask(saying(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")).body == b""


def test_interim_answers_are_passed_over() -> None:
    told = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert ask(saying(told)) == Answer(200, b"ok", {"content-length": "2"})


def test_a_header_that_comes_twice_is_joined() -> None:
    told = b"HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nContent-Length: 0\r\n\r\n"
    assert ask(saying(told)).headers == {"x": "1, 2", "content-length": "0"}


def test_a_body_as_large_as_the_limit_is_taken() -> None:
    assert len(ask(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)).body) == 1000
    assert len(ask(saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000)).body) == 1000
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert len(ask(saying(chunked + b"3E8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n")).body) == 1000


_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_CUT = "the connection was cut before the answer was complete"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (_OK + b"Content-Length: 1001\r\n\r\n", "the body is over 1000 bytes"),
        (_OK + b"\r\n" + b"x" * 1001, "the body is over 1000 bytes"),
        (_CHUNKED + b"3E9\r\n", "the body is over 1000 bytes"),
        (_CHUNKED + b"1\r\nx\r\n" * 1001, "the body is over 1000 bytes"),
        (_CHUNKED + b"FFFFFFFFFFFFFFFF\r\n", "the body is over 1000 bytes"),
        (b"", _CUT),
        (b"HTTP/1.1 200 OK\r\nContent-", _CUT),
        (_OK + b"Content-Length: 10\r\n\r\nhello", _CUT),
        (_CHUNKED + b"5\r\nhel", _CUT),
        (_CHUNKED + b"5\r\nhello\r\n", _CUT),
        (_CHUNKED + b"0\r\n", _CUT),
        (_CHUNKED + b"5\r\nhello world\r\n", "a chunk is longer than its size says"),
        (_CHUNKED + b"-5\r\nhello\r\n", "a chunk has no size"),
        (_CHUNKED + b"0x5\r\nhello\r\n", "a chunk has no size"),
        (_CHUNKED + b"1_0\r\nhello\r\n", "a chunk has no size"),
        (_CHUNKED + b"\r\nhello\r\n", "a chunk has no size"),
        (_CHUNKED + b"1" * 70_000, "a chunk has no size"),
        (_OK + b"Content-Length: -1\r\n\r\n", "the content length is not a number"),
        (_OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "the content length is not a number"),
        (_OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "the transfer encoding 'gzip, chunked' is not known here"),
        (_OK + b"Content-Encoding: gzip\r\n\r\n", "the body is encoded as 'gzip', which was not asked for"),
        (_OK + b"no colon\r\n\r\n", "a header has no colon"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP/1.1"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "the answer is not HTTP/1.1"),
        (b"HTTP/2 200\r\n\r\n", "the answer is not HTTP/1.1"),
        (b"x" * 70_000, "the headers are over 65536 bytes, or this is not HTTP"),
    ],
)
def test_what_is_not_a_whole_answer_of_http_is_a_reason(told: bytes, expected: str) -> None:
    assert reason(saying(told)) == expected


def test_a_body_that_never_ends_is_given_up_at_the_limit() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_OK + b"\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    assert reason(endless) == "the body is over 1000 bytes"


@pytest.mark.parametrize("told", [b"", _OK, _OK + b"Content-Length: 10\r\n\r\nhello", _CHUNKED + b"5\r\nhello\r\n"])
def test_a_server_that_falls_silent_is_given_up_in_time(told: bytes) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(told)
        await reader.read()  # the request
        await reader.read()  # until the client hangs up

    begun = time.monotonic()
    assert reason(silent, timeout=0.05) == "no complete answer within 0.05 s"
    assert time.monotonic() - begun < 3


def test_a_server_that_drips_is_given_up_as_soon_as_a_silent_one() -> None:
    async def dripping(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_OK + b"\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.001)  # the drip itself; nothing waits for it

    assert reason(dripping, timeout=0.05, limit=10**9) == "no complete answer within 0.05 s"


def test_the_caller_s_own_cancellation_is_not_taken_for_a_timeout() -> None:
    async def main() -> None:
        asked = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            assert await reader.read() == b""  # the connection is given back

        async with serving(silent) as address:
            task = asyncio.create_task(get(f"http://{address}/page", timeout=5))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


def test_a_port_where_nobody_listens_is_a_reason() -> None:
    async def main() -> None:
        async with serving(saying(b"")) as address:
            pass
        with pytest.raises(SourceUnavailable) as caught:
            await get(f"http://{address}/page", timeout=5)
        assert str(caught.value) == f"{address}/page: ConnectionRefusedError"

    asyncio.run(main())


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1:8080", "http:///page", "unix:/run/x"])
def test_only_http_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match=r"^an http or https address with a host is needed$"):
        asyncio.run(get(url, timeout=5))


def test_https_is_spoken_with_those_who_can_prove_who_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = loopback_certificate(tmp_path / "server.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    async def main() -> Answer:
        async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), tls) as address:
            with pytest.raises(SourceUnavailable, match=r"/page: SSLCertVerificationError$"):
                await get(f"https://{address}/page", timeout=5)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            return await get(f"https://{address}/page", timeout=5)

    assert asyncio.run(main()).body == b"ok"
