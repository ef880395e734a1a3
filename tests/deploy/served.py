"""An Azure Resource Manager of this machine: one resource group in memory, with the published shapes and faults to order."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from observability.deploy import templates
from observability.deploy.arm import Arm

SUBSCRIPTION = "99999999-8888-7777-6666-555555555555"
GROUP = "rg-shop"
ABOVE = f"/subscriptions/{SUBSCRIPTION}"
ROOT = f"{ABOVE}/resourceGroups/{GROUP}"
PAGE = 2
Answer = tuple[int, Any, Mapping[str, str]]


@dataclass
class Order:
    """A fault that was ordered: the next ``times`` requests that fit get this answer."""

    method: str
    part: str
    answer: Answer
    times: int = 1


@dataclass
class Cloud:
    """What the server knows, and what it was asked."""

    group: str = GROUP
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    deployments: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    running: int = 0
    """How often a deployment or an operation is still running when it is asked for."""
    wrong: dict[str, Any] = field(default_factory=dict)
    """By deployment: what its failed operations say."""
    slow: frozenset[str] = frozenset()
    """Types whose resources go by a long operation."""
    state_of: str = "Azure-AsyncOperation"
    wait: str = "0"
    """What Retry-After says while an operation is running."""
    stays: Callable[[str], bool] = lambda _: False
    rewrites: bool = False
    """Tell of a resource as services do: see ``as_told``."""
    address: str = ""
    looked: threading.Event = field(default_factory=threading.Event)
    """Somebody has asked how far a deployment or an operation is, and was told that it is running."""
    polls: dict[str, int] = field(default_factory=dict)

    def order(self, method: str, part: str, status: int, body: Any = None, times: int = 1, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.orders.append(Order(method, part, (status, body, named), times))

    def put(self, resource: Mapping[str, Any]) -> None:
        named = {**resource, "name": resource["name"].rpartition("/")[2]}
        plain = json.loads(json.dumps(named, default=lambda unknown: f"{unknown.name} of Azure"))
        if self.rewrites:
            plain = {**as_told(with_additions(plain)), "type": plain["type"].lower()}
        self.resources[resource["id"].lower()] = plain

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Answer:
        for order in self.orders:
            if order.times and order.method == method and order.part.lower() in path.lower():
                order.times -= 1
                return order.answer
        low = path.lower()
        if low.endswith("/providers/microsoft.consumption/budgets"):
            return self._budgets(path, query)
        if low.startswith(f"{ABOVE}/providers/".lower()):
            return self._one(method, low)
        if low.startswith("/operations/"):
            return self._operation(path)
        if "/deployments/" in low:
            return self._deployment(method, path, body)
        root = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{self.group}".lower()
        if not f"{low}/".startswith(f"{root}/"):
            code = "ResourceGroupNotFound"
            return 404, {"error": {"code": code, "message": f"Resource group '{path.split('/')[4]}' is not there."}}, {}
        if method == "GET" and low == f"{root}/resources":
            top = [one for one in self.resources.values() if _is_resource(one)]
            keep = ("id", "name", "type", "location", "tags")
            return self._page(path, query, [{key: one[key] for key in keep if key in one} for one in top])
        if method == "GET" and low.removeprefix(root).count("/") == 3:
            kind = low.removeprefix(f"{root}/providers/")
            return self._page(path, query, [one for one in self.resources.values() if one["type"].lower() == kind])
        return self._one(method, low)

    def _budgets(self, path: str, query: Mapping[str, str]) -> Answer:
        """Those of one place; of the subscription, not those of its groups. This service leaves the first slash out."""
        found = [one for key, one in self.resources.items() if key.startswith(f"{path}/".lower())]
        return self._page(path, query, [{**one, "id": one["id"][1:]} for one in found])

    def _page(self, path: str, query: Mapping[str, str], found: list[Any]) -> Answer:
        start = int(query.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": found[start : start + PAGE]}
        if start + PAGE < len(found):
            page["nextLink"] = f"{self.address}{path}?api-version={query['api-version']}&$skiptoken={start + PAGE}"
        return 200, page, {}

    def _one(self, method: str, low: str) -> Answer:
        there = self.resources.get(low)
        if there is None:
            gone = {"error": {"code": "ResourceNotFound", "message": "The resource was not found."}}
            return (204, None, {}) if method == "DELETE" else (404, gone, {})
        if method == "GET":
            return 200, there, {}
        if not self.stays(low):
            del self.resources[low]
        if there["type"].lower() in {kind.lower() for kind in self.slow}:
            operation = f"/operations/delete-{len(self.asked)}"
            self.polls[operation] = self.running
            return 202, None, {self.state_of: f"{self.address}{operation}", "Retry-After": self.wait}
        return 200, None, {}

    def _operation(self, path: str) -> Answer:
        if self.polls[path]:
            self.polls[path] -= 1
            self.looked.set()
            running = None if self.state_of == "Location" or "what-if" in path else {"status": "InProgress"}
            return (
                (202 if running is None else 200),
                running,
                {"Location": self.address + path, "Retry-After": self.wait},
            )
        if "what-if" in path:
            name = path.rpartition("what-if-")[2]
            return 200, self.changes.get(name, {"status": "Succeeded", "properties": {"changes": []}}), {}
        return 200, {"status": "Succeeded"}, {}

    def _deployment(self, method: str, path: str, body: Any) -> Answer:
        name = path.split("/deployments/")[1].split("/")[0]
        if path.endswith("/whatIf"):
            self.bodies.append(body)
            self.polls[f"/operations/what-if-{name}"] = self.running
            return 202, None, {"Location": f"{self.address}/operations/what-if-{name}", "Retry-After": self.wait}
        if method == "PUT":
            self.bodies.append(body)
            self._deploy(name, body)
            return (
                201,
                {"name": name, "properties": {"provisioningState": "Accepted", "correlationId": "today"}},
                {"Azure-AsyncOperation": f"{self.address}/operations/deploy-{name}"},
            )
        one = self.deployments[name]
        if path.endswith("/operations"):
            return 200, {"value": one["operations"]}, {}
        if one["running"]:
            one["running"] -= 1
            self.looked.set()
            return 200, {"name": name, "properties": {"provisioningState": "Running"}}, {}
        return 200, {"name": name, "properties": one["properties"]}, {}

    def _deploy(self, name: str, body: Any) -> None:
        template = templates.Template(name, body["properties"]["template"])
        made = templates.resources(template, body["properties"]["parameters"], SUBSCRIPTION, self.group)
        wrong = self.wrong.get(name, {})
        operations = []
        for one in made:
            target = {"id": one["id"], "resourceType": one["type"], "resourceName": one["name"]}
            short = one["name"].rpartition("/")[2]
            state = "Failed" if short in wrong else "Succeeded"
            properties: dict[str, Any] = {"provisioningState": state, "targetResource": target}
            if short in wrong:
                properties |= {"statusCode": "BadRequest", "statusMessage": wrong[short]}
            else:
                self.put(one)
            operations.append({"id": f"{one['id']}/o", "operationId": "O", "properties": properties})
        # The last operation of every deployment is about the outputs, and has no target.
        operations.append({"id": "last", "operationId": "L", "properties": {"provisioningState": "Succeeded"}})
        ended: dict[str, Any] = {"provisioningState": "Failed" if wrong else "Succeeded", "correlationId": "today"}
        if wrong:
            words = "At least one resource deployment operation failed."
            ended["error"] = {"code": "DeploymentFailed", "message": words}
        self.deployments[name] = {"running": self.running, "operations": operations, "properties": ended}


def _is_resource(one: Mapping[str, Any]) -> bool:
    """Rights, lists of rights and budgets are settings of a group and not in its list of resources."""
    provider = one["type"].lower().partition("/")[0]
    settings = ("microsoft.authorization", "microsoft.consumption")
    return provider not in settings and one["id"].lower().count("/providers/") == 1


def with_additions(resource: dict[str, Any]) -> dict[str, Any]:
    """What the service of a type tells beside what was sent, and what it keeps for itself."""
    kind, own = resource["type"].lower(), resource.get("properties", {})
    if kind == "microsoft.logic/workflows":
        types = {name: one["type"] for name, one in own["definition"]["parameters"].items()}
        given = {
            name: {"type": types[name]} if types[name] == "SecureString" else {"type": types[name], **value}
            for name, value in own["parameters"].items()
        }
        more: dict[str, Any] = {
            "createdTime": "2026-11-01T00:00:00Z",
            "changedTime": "2026-11-02T00:00:00Z",
            "version": "08586677515911718341",
            "accessEndpoint": "https://prod-00.example/workflows/1",
            "endpointsConfiguration": {"connector": {"outgoingIpAddresses": [{"address": "192.0.2.1"}]}},
            "parameters": given,
        }
        if "identity" in resource:
            resource = {**resource, "identity": {**resource["identity"], "principalId": "p-1", "tenantId": "t-1"}}
    elif kind == "microsoft.consumption/budgets":
        start = own["timePeriod"]["startDate"][:10]
        more = {
            "currentSpend": {"amount": 12.5, "unit": "KRW"},
            "timePeriod": {"startDate": f"{start}T00:00:00Z", "endDate": f"{int(start[:4]) + 10}{start[4:]}T00:00:00Z"},
            "notifications": {name: {**one, "locale": "en-us"} for name, one in own["notifications"].items()},
        }
    elif kind.startswith("microsoft.authorization/"):
        more = {"createdOn": "2026-11-01T00:00:00Z", "createdBy": "u-1", "updatedOn": "2026-11-01T00:00:00Z"}
        if kind.endswith("/roleassignments"):
            more |= {"scope": resource["id"].rpartition("/providers/")[0], "condition": None}
        else:
            role = f"/subscriptions/{SUBSCRIPTION}/providers/{resource['type']}/{resource['name']}"
            return {**resource, "id": role, "properties": {**own, **more}}
    else:
        return resource
    return {**resource, "properties": {**own, **more}}


def as_told(part: Any, key: str = "") -> Any:
    """What a service makes of what was sent to it: other case, other units, other order, its own additions."""
    if isinstance(part, dict):
        told = {name: as_told(item, name) for name, item in reversed(part.items())}
        if key == "properties":
            told |= {"provisioningState": "Succeeded", "createdWithApiVersion": "2023-12-01"}
            told.setdefault("muteActionsDuration", None)
            if not any(name.lower() == "enabled" for name in told):
                told["enabled"] = True
        return told
    if isinstance(part, list):
        return [as_told(item) for item in reversed(part)]
    if isinstance(part, str):
        if part.startswith("/subscriptions/") and key != "id":
            return part.replace("/resourceGroups/", "/resourcegroups/").replace("Microsoft.", "microsoft.")
        if key == "location":
            return part.capitalize()
        return {"PT1H": "PT60M", "PT5M": "PT300S"}.get(part, part)
    return float(part) if isinstance(part, int) and not isinstance(part, bool) else part


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def _go(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        split = urlsplit(self.path)
        path = unquote(split.path)
        self.cloud.asked.append(f"{self.command} {path}")
        self.cloud.headers.append(dict(self.headers.items()))
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        status, said, headers = self.cloud.answer(self.command, path, query, body)
        data = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _go

    def log_message(self, format: str, *arguments: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate, or was interrupted, is part of the tests."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def served(cloud: Cloud | None = None, certificate: Path | None = None) -> Iterator[Cloud]:
    """The server on loopback, with TLS where there is a file with its certificate and key."""
    cloud = cloud or Cloud()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": cloud}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    cloud.address = f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class Pauses:
    """Seconds that pass only where somebody waits for them."""

    def __init__(self) -> None:
        self.all: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.all.append(seconds)

    def now(self) -> float:
        return sum(self.all)


@contextmanager
def connected(cloud: Cloud, pauses: Pauses | None = None) -> Iterator[Arm]:
    arm = Arm(SUBSCRIPTION, cloud.group, endpoint=cloud.address, pause=pauses or Pauses())
    try:
        yield arm
    finally:
        arm.close()
