"""The words of HTTP/1.1 as the server reads and writes them: heads, bodies in chunks, what a client wants.

Nothing here knows of a socket, so all of it is tested by bytes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

HEAD_LIMIT = 8 * 2**10
BODY_LIMIT = 2**20


class BadRequest(Exception):
    """What came cannot be answered but with ``status``; the connection ends."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


class TooLarge(BadRequest):
    """The body is over the limit: who is to get it may have a better answer than this one."""

    def __init__(self) -> None:
        super().__init__(413, f"the body is longer than {BODY_LIMIT} bytes")


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    keep: bool
    # None where the body comes in chunks, which ``chunks`` gathers.
    length: int | None
    chunks: Chunks


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
    path = path_of(target)
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
    return Request(method.decode("ascii"), path, headers, keep, _length(headers), Chunks())


def path_of(target: bytes) -> str:
    """The path of a request target, without the query. Raises BadRequest."""
    if not target.isascii() or any(byte <= 32 for byte in target):
        raise BadRequest(400, "the target is not a path")
    # RFC 9112 wants the form that is meant for proxies taken by every server. Whose host it names is all one here.
    if target[:7].lower() == b"http://":
        host, slash, rest = target[7:].partition(b"?")[0].partition(b"/")
        if not host:
            raise BadRequest(400, "the target names no host")
        return (slash + rest).decode("ascii") or "/"
    if not target.startswith(b"/"):
        raise BadRequest(400, "the target is not a path")
    return target.partition(b"?")[0].decode("ascii")


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
                raise TooLarge
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
