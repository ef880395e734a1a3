"""A small HTTP/1.1 client for sources in the same pod: one GET on one connection, bounded in time and in size."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from observability.model.errors import SourceUnavailable

# Ten times the page of a service with every meter of Spring Boot turned on; more is a mistake at the other end.
BODY_LIMIT = 8 * 2**20
# What Tomcat itself sends at most, eight times over.
HEAD_LIMIT = 64 * 2**10

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


async def get(url: str, *, timeout: float, accept: str = "*/*", limit: int = BODY_LIMIT) -> Answer:
    """The answer to one GET; redirects are not followed.

    ``timeout`` is for everything together, from connecting to the last byte, so a source that drips costs no more
    than one that is silent. Raises SourceUnavailable, with a reason that names the place and no query.
    """
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("an http or https address with a host is needed")
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    path = parts.path or "/"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = f"{host}:{port}{path}"
    # No compression: the source is on the same machine, and inflating would need a bound of its own.
    request = (
        f"GET {path}{'?' + parts.query if parts.query else ''} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: {accept}\r\n"
        "Accept-Encoding: identity\r\nUser-Agent: tripgen-exporter\r\nConnection: close\r\n\r\n"
    ).encode("ascii")
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls, limit=HEAD_LIMIT)
            try:
                writer.write(request)
                return await _answer(reader, limit)
            finally:
                # Not close(): that waits for a peer which may never read, and here nothing is left to be said.
                writer.transport.abort()
    except TimeoutError:
        raise SourceUnavailable(f"{where}: no complete answer within {timeout:g} s") from None
    except _Broken as broken:
        raise SourceUnavailable(f"{where}: {broken}") from None
    except asyncio.IncompleteReadError:
        raise SourceUnavailable(f"{where}: the connection was cut before the answer was complete") from None
    except OSError as error:
        raise SourceUnavailable(f"{where}: {type(error).__name__}") from None


class _Broken(Exception):
    """The answer is not HTTP/1.1 as it is understood here, or too large."""


async def _answer(reader: asyncio.StreamReader, limit: int) -> Answer:
    status, headers = await _head(reader)
    while 100 <= status < 200:  # interim answers, which a client gets unasked
        status, headers = await _head(reader)
    if (encoding := headers.get("content-encoding", "identity")) != "identity":
        raise _Broken(f"the body is encoded as '{encoding[:40]}', which was not asked for")
    return Answer(status, await _body(reader, status, headers, limit), headers)


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _Broken(f"the headers are over {HEAD_LIMIT} bytes, or this is not HTTP") from None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not (_digits(rest[:3]) and len(rest[:3]) == 3):
        raise _Broken("the answer is not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise _Broken("a header has no colon")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(rest[:3]), headers


async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str], limit: int) -> bytes:
    if status in (204, 304):
        return b""
    coding = headers.get("transfer-encoding", "").lower()
    if coding == "chunked":
        return await _chunks(reader, limit)
    if coding:
        raise _Broken(f"the transfer encoding '{coding[:40]}' is not known here")
    if (length := headers.get("content-length")) is not None:
        if not _digits(length):
            raise _Broken("the content length is not a number")
        return await reader.readexactly(_within(int(length), limit))
    return await _until_end(reader, limit)


async def _chunks(reader: asyncio.StreamReader, limit: int) -> bytes:
    body = bytearray()
    while True:
        size = (await _line(reader)).partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):  # int() takes signs, underscores and 0x as well
            raise _Broken("a chunk has no size")
        if (length := int(size, 16)) == 0:
            break
        _within(len(body) + length, limit)
        body += await reader.readexactly(length)
        if await reader.readexactly(2) != b"\r\n":
            raise _Broken("a chunk is longer than its size says")
    while await _line(reader):  # trailers mean nothing here, but an answer cut inside them is not complete
        pass
    return bytes(body)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n"))[:-2]
    except asyncio.LimitOverrunError:
        raise _Broken("a chunk has no size") from None


async def _until_end(reader: asyncio.StreamReader, limit: int) -> bytes:
    body = bytearray()
    while part := await reader.read(HEAD_LIMIT):
        body += part
        _within(len(body), limit)
    return bytes(body)


def _within(length: int, limit: int) -> int:
    if length > limit:
        raise _Broken(f"the body is over {limit} bytes")
    return length


def _digits(text: str) -> bool:
    # isdigit() alone takes other scripts' digits and superscripts; eighteen digits are more than any body has.
    return text.isascii() and text.isdigit() and len(text) <= 18
