"""A Log Analytics of this machine: its query API on loopback, answered by a backend, for any client of the real one."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from observability.query.answers import Answer, Ask, Backend, Failure, Span, Status, Table

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LARGEST_BODY = 4 * 1024 * 1024
_WORKSPACE = re.compile(r"/v1/workspaces/(?P<id>[^/]+)/query")
_RESOURCE = re.compile(r"/v1/(?P<id>subscriptions/.+)/query")
_BATCH = "/v1/$batch"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_ROWS_AT_ONCE = 1000
_MOST_DAYS = 12 * 366  # the longest retention that a workspace offers
Clock = Callable[[], datetime]


class BadRequest(ValueError):
    """What the API refuses before anything is run."""


def timespan(text: str | None, now: datetime) -> Span:
    """``PT1H``, ``start/end``, ``start/PT1H``, ``PT1H/end``; a day up to now where none is given. Raises BadRequest."""
    if not text:
        return Span(now - timedelta(days=1), now)
    try:
        return _asked(text, now)
    except OverflowError:
        raise BadRequest(f"'{text:.60}' is out of range") from None


def _asked(text: str, now: datetime) -> Span:
    first, slash, second = text.partition("/")
    if not slash:
        return Span(now - _duration(first), now)
    if first.startswith("P"):
        end = _moment(second)
        return Span(end - _duration(first), end)
    start = _moment(first)
    return Span(start, start + _duration(second) if second.startswith("P") else _moment(second))


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise BadRequest(f"'{text:.60}' is not a timespan")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    if days > _MOST_DAYS or hours > _MOST_DAYS * 24 or max(minutes, seconds) > _MOST_DAYS * 86400:
        raise BadRequest(f"'{text:.60}' is longer than anything is kept")
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"'{text:.60}' is not a time") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def encoded(answer: Answer) -> tuple[int, Iterator[str]]:
    """Status and body of an answer, the body in pieces: a large result is never one text."""
    if answer.table is None:
        failure = answer.failure or Failure("Cancelled", "the query was cancelled")
        return (400 if failure.ours or answer.status is Status.REFUSED else 504), iter([json.dumps(error(failure))])
    return 200, _tables(answer.table, answer.failure if answer.status is Status.PARTIAL else None)


def error(failure: Failure) -> dict[str, Any]:
    """Azure's shape of an error."""
    inner: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.line is not None:
        inner |= {"line": failure.line, "pos": 0}
    message = "The request had some invalid properties" if failure.ours else failure.message
    code = "BadArgumentError" if failure.ours else failure.code
    return {"error": {"code": code, "message": message, "innererror": inner}}


def _tables(table: Table, partial: Failure | None) -> Iterator[str]:
    columns = [{"name": column.name, "type": column.type} for column in table.columns]
    yield f'{{"tables":[{{"name":"PrimaryResult","columns":{json.dumps(columns)},"rows":['
    for begin in range(0, len(table.rows), _ROWS_AT_ONCE):
        rows = [[_cell(cell) for cell in row] for row in table.rows[begin : begin + _ROWS_AT_ONCE]]
        yield ("," if begin else "") + json.dumps(rows, ensure_ascii=False)[1:-1]
    yield "]}]"
    if partial is not None:
        said: dict[str, Any] = {"code": "PartialError", "message": "There were some errors when processing your query."}
        said |= {"innererror": {"code": partial.code, "message": partial.message}}
        yield f',"error":{json.dumps(said, ensure_ascii=False)}'
    yield "}"


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        sign, left = ("-", -value) if value < timedelta() else ("", value)
        hours, rest = divmod(left.seconds, 3600)
        days = f"{left.days}." if left.days else ""
        return f"{sign}{days}{hours:02}:{rest // 60:02}:{rest % 60:02}.{left.microseconds:06}0"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


class Handler(BaseHTTPRequestHandler):
    """One request. ``before`` may answer it first: tests put their faults there."""

    protocol_version = "HTTP/1.1"
    server: Service

    def before(self, body: Mapping[str, Any]) -> bool:
        """True where the request has been answered already."""
        return False

    def do_POST(self) -> None:
        length = self._length()
        if length is None or length > LARGEST_BODY:
            self.close_connection = True
            wrong = f"a body over {LARGEST_BODY:,} bytes, or of unknown length, is not read"
            return self.say(413, error(Failure("TooLarge", wrong)))
        try:
            body = json.loads(self.rfile.read(length) or b"{}")
            if not isinstance(body, dict):
                raise BadRequest("the body is no object")
        except ValueError as wrong:
            return self.say(400, error(Failure("BadArgumentError", str(wrong), ours=True)))
        if self.before(body):
            return None
        path = self.path.partition("?")[0]
        return self._batch(body) if path == _BATCH else self._query(path, body)

    def do_GET(self) -> None:
        """The same query in the address: ``?query=...&timespan=...``."""
        split = urlsplit(self.path)
        body = {name: values[0] for name, values in parse_qs(split.query).items()}
        if not self.before(body):
            self._query(split.path, body)

    def _length(self) -> int | None:
        """Of the body, where the request says so in a way that can be believed."""
        said = self.headers.get("Content-Length")
        if said is None and self.headers.get("Transfer-Encoding") is None:
            return 0
        return int(said) if said is not None and said.isascii() and said.isdecimal() else None

    def _query(self, path: str, body: Mapping[str, Any]) -> None:
        if not (_WORKSPACE.fullmatch(path) or _RESOURCE.fullmatch(path)):
            return self.say(404, error(Failure("PathNotFoundError", f"there is nothing at {path:.200}")))
        return self.pieces(*encoded(self._asked([body])[0]))

    def _asked(self, bodies: list[Mapping[str, Any]]) -> list[Answer]:
        answers = []
        for body in bodies:
            try:
                text, given = body.get("query"), body.get("timespan")
                if not isinstance(text, str) or not text.strip():
                    raise BadRequest("there is no query")
                if given is not None and not isinstance(given, str):
                    raise BadRequest("the timespan is no text")
                span = timespan(given, self.server.now())
                ask = Ask("query", text)
                answers += self.server.backend.ask([ask], span, said=lambda *_: None, stop=self.server.stopping)
            except BadRequest as wrong:
                answers.append(Answer(Status.FAILED, None, Failure("BadArgumentError", str(wrong), ours=True)))
        return answers

    def _batch(self, body: Mapping[str, Any]) -> None:
        requests = body.get("requests")
        if not isinstance(requests, list) or not all(
            isinstance(each, dict) and isinstance(each.get("body", {}), dict) for each in requests
        ):
            return self.say(400, error(Failure("BadArgumentError", "'requests' is no list of requests", ours=True)))
        answers = self._asked([request.get("body", {}) for request in requests])

        def written() -> Iterator[str]:
            yield '{"responses":['
            for index, (request, answer) in enumerate(zip(requests, answers, strict=True)):
                status, pieces = encoded(answer)
                yield f'{"," if index else ""}{{"id":{json.dumps(request.get("id"))},"status":{status},"headers":{{}},"body":'
                yield from pieces
                yield "}"
            yield "]}"

        return self.pieces(200, written())

    def say(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.pieces(status, iter([json.dumps(body, ensure_ascii=False)]), headers)

    def pieces(self, status: int, pieces: Iterator[str], headers: Mapping[str, str] | None = None) -> None:
        """A body of unknown length, in chunks."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        for piece in pieces:
            data = piece.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: a query's text is nobody's log line."""


class Service(ThreadingHTTPServer):
    """The server. ``now`` is where a timespan without an end ends. Raises ValueError for a host off this machine."""

    daemon_threads = True

    def __init__(
        self, backend: Backend, *, now: Clock, host: str = "127.0.0.1", port: int = 0, handler: type[Handler] = Handler
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"'{host}' is not of this machine; use one of {', '.join(sorted(LOOPBACK))}")
        self.backend, self.now = backend, now
        self.stopping = threading.Event()
        super().__init__((host, port), handler)

    @property
    def address(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left before its answer was written is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def shutdown(self) -> None:
        self.stopping.set()
        super().shutdown()
