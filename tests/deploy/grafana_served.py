"""A Grafana of this machine: dashboards with versions, folders, and the answers its HTTP API documents."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glsa_a-token-that-nobody-may-see"  # noqa: S105 - of this test alone


@dataclass
class Board:
    body: dict[str, Any]
    folder: str
    versions: list[dict[str, Any]]
    provisioned: bool = False


@dataclass
class Served:
    boards: dict[str, Board] = field(default_factory=dict)
    folders: list[dict[str, Any]] = field(default_factory=list)
    orders: list[tuple[str, int, Any, Mapping[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    since_11: bool = True
    address: str = ""

    def order(self, asked: str, status: int, body: Any = None, times: int = 1, **headers: str) -> None:
        """The next ``times`` requests that begin so get this answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.orders += [(asked, status, body, named)] * times

    def save(self, body: Mapping[str, Any], message: str, folder: str = "", by: str = "kim") -> int:
        """Somebody saves a dashboard, in whatever way."""
        uid = str(body["uid"])
        before = self.boards.get(uid)
        number = before.versions[0]["version"] + 1 if before else 1
        version = {"version": number, "createdBy": by, "created": "2026-11-23T09:00:00Z", "message": message}
        stored = {**body, "id": 7, "version": number}
        self.boards[uid] = Board(stored, folder, [version, *(before.versions if before else [])])
        return number

    def answer(self, asked: str, query: Mapping[str, str], body: Any) -> tuple[int, Any, Mapping[str, str]]:
        for order in self.orders:
            if asked.startswith(order[0]):
                self.orders.remove(order)
                return order[1:]
        method, _, path = asked.partition(" ")
        if path == "/api/folders":
            if method == "POST":
                if any(one["title"] == body["title"] for one in self.folders):
                    return 409, {"message": "a folder with the same name already exists"}, {}
                self.folders.append({"id": 1, "uid": f"f{len(self.folders)}", "title": body["title"]})
                return 200, self.folders[-1], {}
            start = (int(query["page"]) - 1) * int(query["limit"])
            return 200, self.folders[start : start + int(query["limit"])], {}
        if path == "/api/dashboards/db":
            return self._save(body)
        board = self.boards.get(path.split("/")[4])
        if board is None:
            return 404, {"message": "Dashboard not found"}, {}
        if path.endswith("/versions"):
            newest = board.versions[: int(query["limit"])]
            return 200, {"continueToken": "", "versions": newest} if self.since_11 else newest, {}
        return 200, {"dashboard": board.body, "meta": {"folderUid": board.folder, "provisioned": board.provisioned}}, {}

    def _save(self, body: Any) -> tuple[int, Any, Mapping[str, str]]:
        asked = body["dashboard"]
        before = self.boards.get(asked["uid"])
        if before is not None and not body["overwrite"] and asked.get("version") != before.body["version"]:
            words = "The dashboard has been changed by someone else"
            return 412, {"message": words, "status": "version-mismatch"}, {}
        number = self.save(asked, body["message"], body["folderUid"], by="sa-tripobs")
        return 200, {"id": 7, "uid": asked["uid"], "status": "success", "version": number}, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    grafana: Served

    def _go(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        split = urlsplit(self.path)
        asked = f"{self.command} {split.path}"
        self.grafana.asked.append(asked)
        self.grafana.tokens.add(self.headers["Authorization"])
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        status, said, headers = self.grafana.answer(asked, query, body)
        data = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _go

    def log_message(self, format: str, *arguments: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate is part of the tests."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def served(certificate: Path | None = None) -> Iterator[Served]:
    grafana = Served()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"grafana": grafana}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    grafana.address = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield grafana
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
