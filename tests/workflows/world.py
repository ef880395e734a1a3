"""A real server on loopback that is Teams, Slack, Azure Resource Manager and the front of Logic Apps, and its people."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from observability.artefacts.azure import workflow_settings
from observability.catalog import load
from observability.model.alert import Workflow
from observability.model.text import Lang
from observability.render import arm_workflows
from tests.workflows.language import deployed, when
from tests.workflows.machine import Answer, Clock, Machine, Run
from tests.workflows.payloads import FIRED, SUBSCRIPTION

TEAMS = "https://teams.example/workflows/hook?sig=teams-secret"
ESCALATION = "https://escalation.example/workflows/hook?sig=escalation-secret"
MANAGEMENT = "https://pager.example/integration/management-secret/enqueue"
SLACK = "https://hooks.slack.example/services/slack-secret"
ARM = "https://management.azure.com/"
LOGIC = "https://prod-07.koreacentral.logic.azure.com"
SETTINGS = workflow_settings(load())
GIVEN = {
    "location": "koreacentral",
    "teamsWebhookUrl": TEAMS,
    "slackWebhookUrl": SLACK,
    "escalationTeamsUrl": ESCALATION,
    "managementPagerDutyUrl": MANAGEMENT,
    "grafanaBaseUrl": "https://grafana.example.com",
    "clusterName": "aks-tripgen-prod",
    "postgresqlName": "tripgen-prod",
}


def pool(count: int = 6, minimum: int = 6, **more: Any) -> Any:
    """The application node pool, as Azure returns it."""
    properties = {
        "count": count,
        "vmSize": "Standard_D8s_v3",
        "osDiskSizeGB": 128,
        "type": "VirtualMachineScaleSets",
        "availabilityZones": ["1", "2", "3"],
        "minCount": minimum,
        "maxCount": 20,
        "enableAutoScaling": True,
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "orchestratorVersion": "1.33",
        "currentOrchestratorVersion": "1.33.2",
        "nodeTaints": ["application-workload=true:NoSchedule"],
        "mode": "User",
        "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202611.01.0",
        "eTag": "etag-1",
        "tags": {"team": "trip"},
        **more,
    }
    return {"id": "...", "name": "application", "properties": {k: v for k, v in properties.items() if v is not None}}


def server(size: str = "Standard_D8s_v3", state: str = "Ready") -> Any:
    return {
        "name": "tripgen-prod",
        "location": "Korea Central",
        "tags": {"team": "trip"},
        "sku": {"name": size, "tier": "GeneralPurpose"},
        "properties": {"state": state, "version": "16"},
    }


class World:
    """What everybody outside of a workflow knows and does.

    ``faults`` answers a method of Azure with a status instead, ``teams_status`` and ``slack_status`` those two.
    ``alert`` is an alert's state and condition so many minutes after it fired, as Azure would tell them.
    ``people`` is what somebody says to a question: ``approve``, ``reject``, or None for nothing.
    """

    def __init__(self, lang: Lang = "ko", **parameters: Any) -> None:
        self.pool, self.server = pool(), server()
        self.cards: list[Any] = []
        self.escalated: list[tuple[float, Any]] = []
        self.called: list[tuple[float, Any]] = []
        self.escalation_status, self.management_status = 202, 202
        self.alert: Callable[[float], tuple[str, str]] = lambda _minutes: ("New", "Fired")
        self.slack: list[Any] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.faults: dict[str, list[tuple[int, Any]]] = {}
        self.teams_status, self.slack_status = 202, 200
        self.people: str | None = None
        self.meanwhile = lambda: None
        self.callbacks: dict[str, Any] = {}
        self.settling, self.never_settles, self.pool_ends_as = 0, False, "Succeeded"
        self.clock = Clock(FIRED)
        self.port = 0
        defaults = {item.name: item.default for item in arm_workflows.parameters(SETTINGS)}
        values = {**defaults, **GIVEN, **parameters}
        functions = {
            "parameters": lambda name: values[name],
            "concat": lambda *texts: "".join(texts),
            "substring": lambda text, start: text[start:],
            "environment": lambda: {"resourceManager": ARM},
            "resourceId": _resource_id,
            "listCallbackUrl": lambda ident, _: {"value": _address(ident)},
        }
        built = arm_workflows.resources(tuple(Workflow), SETTINGS, lang)
        self.workflows = {
            resource["name"].removeprefix("la-tripgen-"): deployed(resource["properties"], functions)
            for resource in built
            if resource["type"] == "Microsoft.Logic/workflows"
        }

    def machine(self, name: str) -> Machine:
        return Machine(self.workflows[name], self.send, self.clock, self.waits)

    def call(self, name: str, payload: Any) -> Run | None:
        return self.machine(name).call(payload)

    def send(self, method: str, url: str, headers: dict[str, str], body: Any) -> Answer:
        """A request to the address's host, which is a path of the server here."""
        found = urlsplit(url)
        assert found.scheme == "https"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            target = f"/{found.hostname}{found.path}" + (f"?{found.query}" if found.query else "")
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        kind = answer.headers.get("Content-Type", "")
        return Answer(answer.status, dict(answer.headers), json.loads(text) if "json" in kind and text else text)

    def waits(self, callback: str) -> Any:
        """Somebody sees the card, presses its button, reads the page, and presses one of its links."""
        self.meanwhile()
        if self.people is not None:
            page = self.send("GET", buttons(self.cards[-1])[0]["url"], {}, None)
            assert callback not in self.callbacks, "the page alone must not answer"
            links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.body)]
            link = next(link for link in links if f"answer={self.people}" in link)
            self.said = self.send("GET", link, {}, None)
        return self.callbacks.get(callback)

    def minutes(self) -> float:
        """Since the alert fired."""
        return round((self.clock.time - when(FIRED)).total_seconds() / 60, 2)

    # --- what the server answers ----------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        host, _, rest = path.lstrip("/").partition("/")
        found = urlsplit(f"/{rest}")
        if host == "teams.example":
            self.cards.append(body)
            return self.teams_status, "", {}
        if host == "escalation.example":
            self.escalated.append((self.minutes(), body))
            return self.escalation_status, "", {}
        if host == "pager.example":
            self.called.append((self.minutes(), body))
            return self.management_status, "", {}
        if host == "hooks.slack.example":
            self.slack.append(body)
            return self.slack_status, "invalid_blocks" if self.slack_status >= 400 else "ok", {}
        if host.endswith(".logic.azure.com"):
            return self._logic(found.path, found.query, body)
        assert host == "management.azure.com", host
        self.requests.append((method, found.path, body))
        return self._azure(method, found.path, headers, body)

    def _logic(self, path: str, query: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if path.startswith("/runs/"):
            callback = f"{LOGIC}{path}?{query}"
            if callback in self.callbacks:
                return 404, {"error": {"code": "WorkflowRunActionNotWaiting"}}, {}
            self.callbacks[callback] = body
            return 202, "", {}
        name = path.split("/")[2].removeprefix("la-tripgen-")
        run = self.machine(name).call(None, dict(parse_qsl(query)))
        assert run is not None
        if run.response is None:
            return 502, "no response", {}
        return run.response.status, run.response.body, run.response.headers

    def _azure(self, method: str, path: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        if headers["Authorization"] != f"Bearer for {ARM}":
            return 401, {"error": {"code": "AuthenticationFailed"}}, {}
        if self.faults.get(method):
            status, said = self.faults[method].pop(0)
            return status, said, {}
        if "/providers/Microsoft.AlertsManagement/alerts/" in path:
            state, condition = self.alert(self.minutes())
            return 200, {"properties": {"essentials": {"alertState": state, "monitorCondition": condition}}}, {}
        if path.endswith("/agentPools/application"):
            return self._pool(method, headers, body)
        assert path.endswith("/Microsoft.DBforPostgreSQL/flexibleServers/tripgen-prod"), path
        return self._server(method, body)

    def _pool(self, method: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        properties = self.pool["properties"]
        if method == "PUT":
            if headers["If-Match"] not in ("*", properties["eTag"]):
                return 412, {"error": {"code": "PreconditionFailed"}}, {}
            new = body["properties"]
            assert not {"provisioningState", "nodeImageVersion", "eTag", "currentOrchestratorVersion"} & set(new)
            kept = {key: properties[key] for key in ("nodeImageVersion", "currentOrchestratorVersion")}
            self.pool["properties"] = {**new, **kept, "provisioningState": "Scaling", "eTag": "etag-2"}
            self.settling = 3
            return 200, self.pool, {}
        self._settle(properties, "provisioningState", self.pool_ends_as)
        return 200, self.pool, {}

    def _server(self, method: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if method == "PATCH":
            self.server["tags"], self.server["sku"] = body["tags"], body["sku"]
            self.server["properties"]["state"] = "Updating"
            self.settling = 3
            return 202, "", {"Location": f"{ARM}operations/1"}
        self._settle(self.server["properties"], "state", "Ready")
        return 200, self.server, {}

    def _settle(self, properties: Any, name: str, end: str) -> None:
        if self.settling and not self.never_settles:
            self.settling -= 1
            if not self.settling:
                properties[name] = end


def _resource_id(kind: str, *names: str) -> str:
    provider, *types = kind.split("/")
    inner = "/".join(f"{part}/{name}" for part, name in zip(types, names, strict=True))
    return f"{SUBSCRIPTION}/resourceGroups/rg-tripgen-prod/providers/{provider}/{inner}"


def _address(trigger: str) -> str:
    name, trigger_name = re.fullmatch(r".*/workflows/([^/]+)/triggers/([^/]+)", trigger).groups()  # type: ignore[union-attr]
    return f"{LOGIC}/workflows/{name}/triggers/{trigger_name}/paths/invoke?api-version=2016-10-01&sp=%2Frun&sv=1.0&sig=of-{name}"


@contextmanager
def world(lang: Lang = "ko", **parameters: Any) -> Iterator[World]:
    """A world with its server, which is gone afterwards."""
    here = World(lang, **parameters)

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, headers = here.answer(
                self.command, self.path, self.headers, json.loads(data) if data else None
            )
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            given = {"Content-Type": "text/plain" if isinstance(body, str) else "application/json", **headers}
            for name, value in {**given, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _any

        def log_message(self, format: str, *args: object) -> None: ...

    service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=service.serve_forever, args=(0.01,))
    serving.start()
    here.port = service.server_address[1]
    try:
        yield here
    finally:
        service.shutdown()
        serving.join(10)
        service.server_close()


def card(message: Any) -> Any:
    (attachment,) = message["attachments"]
    return attachment["content"]


def title(message: Any) -> str:
    return card(message)["body"][0]["items"][0]["inlines"][0]["text"]


def lines(message: Any) -> dict[str, str]:
    """Label -> text of the card."""
    blocks = card(message)["body"][1:]
    return {block["inlines"][0]["text"].strip(): block["inlines"][1]["text"] for block in blocks}


def buttons(message: Any) -> list[Any]:
    return list(card(message)["actions"])
