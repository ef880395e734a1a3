"""Where our Azure backend goes: workspaces by name, resources, the metrics service, and connections that break."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from observability.design.telemetry import RESOURCES
from observability.model.checklist import MetricQuery
from observability.model.errors import SourceUnavailable
from observability.model.signal import PlatformMetric
from observability.model.source import Section
from observability.model.text import Text
from observability.query.answers import Answer, Ask, Status
from observability.query.azure import AzureBackend
from observability.query.azure_client import Access
from observability.query.lanes import Patience
from observability.query.service import Handler
from tests.query.served import DAY, GUID, NOON, TOKEN, Canned, Clock, SignIn, asked, client, served, table

SUBSCRIPTION = "99999999-8888-7777-6666-555555555555"
Reply = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
ONE = Canned({"Q": table((1,), n="long")})


class Management(BaseHTTPRequestHandler):
    """Azure Resource Manager and the metrics service, as far as a test's ``reply`` says what they say."""

    reply: Reply

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Mapping[str, Any]) -> None:
        status, said = type(self).reply(self.path, body)
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None: ...


@contextmanager
def managed(reply: Reply) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Replies", (Management,), {"reply": staticmethod(reply)}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def named(workspace: str, logs: str, management: str) -> AzureBackend:
    access = Access(logs=f"{logs}/v1", management=management, metrics=management, authentication_policy=SignIn())
    clock = Clock()
    return AzureBackend(workspace, subscription=SUBSCRIPTION, access=access, clock=clock.now, wait=clock.wait)


def workspace(name: str, group: str = "rg", guid: str = GUID) -> dict[str, Any]:
    return {"name": name, "id": f"/subscriptions/s/resourceGroups/{group}", "properties": {"customerId": guid}}


# --- workspaces -------------------------------------------------------------------------------------


def test_a_name_is_looked_up_in_the_subscription_over_all_pages_and_asked_by_its_guid() -> None:
    paths, seen = [], []

    def reply(path: str, _body: Mapping[str, Any]) -> tuple[int, Any]:
        paths.append(path)
        if "page=2" in path:
            return 200, {"value": [workspace("LAW-tripgen-prod")]}
        return 200, {"value": [workspace("law-other", guid="0" * 8)], "nextLink": f"{address}{path}&page=2"}

    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        seen.append(handler.path)
        return False

    with managed(reply) as address, served(ONE, before) as logs:
        (found,) = asked(named("law-tripgen-prod", logs, address), "Q")
    assert found.status is Status.COMPLETE, found.failure
    wanted = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.OperationalInsights/workspaces?api-version=2025-07-01"
    assert paths == [wanted, f"{wanted}&page=2"]
    assert seen == ["/v1/$batch"]


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (200, {"value": [workspace("law-other")]}, f"is not in subscription '{SUBSCRIPTION}', which shows 'law-other'"),
        (200, {"value": []}, "which shows none at all"),
        (200, {"value": [workspace("law", "a"), workspace("law", "b")]}, "exists 2 times in subscription"),
        (200, {"value": [], "nextLink": "https://elsewhere.example/"}, "goes on at another address"),
        (403, {"error": {"code": "AuthorizationFailed", "message": "no"}}, "have the role 'Reader' given to it"),
        (404, {"error": {"code": "SubscriptionNotFound", "message": "no"}}, "there is no such thing, or this sign-in"),
        (200, ["no object"], "the answer is no JSON, or not as the service documents it"),
    ],
)
def test_a_name_that_cannot_be_found_says_why_and_the_way_out(status: int, said: Any, told: str) -> None:
    with managed(lambda *_: (status, said)) as address, pytest.raises(SourceUnavailable) as caught:
        asked(named("law", "http://127.0.0.1:9", address), "Q")
    assert told in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_workspace_that_is_not_there_is_no_source() -> None:
    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        handler.say(404, {"error": {"code": "PathNotFoundError", "message": "The requested path does not exist"}})
        return True

    with served(ONE, before) as address, pytest.raises(SourceUnavailable, match="check --workspace and --subscription"):
        asked(client(address, Clock()), "Q")


def test_a_resource_is_asked_at_its_own_address() -> None:
    seen = []

    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        seen.append(handler.path)
        return False

    resource = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/a"
    with served(ONE, before) as address:
        access = Access(logs=f"{address}/v1", metrics=address, management=address, authentication_policy=SignIn())
        found = asked(AzureBackend(resource, access=access), "Q", "Q")
    assert [answer.status for answer in found] == [Status.COMPLETE] * 2
    assert seen == [f"/v1{resource}/query"] * 2


# --- patience ---------------------------------------------------------------------------------------


def test_of_a_batch_only_the_query_that_was_throttled_is_asked_again() -> None:
    asked_for: list[list[str]] = []

    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        requests = body["requests"]
        asked_for.append([each["body"]["query"] for each in requests])
        if len(asked_for) > 1:
            return False
        refused = {"error": {"code": "ThrottledError", "message": "slow down"}}
        fine = {"tables": [{"name": "PrimaryResult", "columns": [{"name": "n", "type": "long"}], "rows": [[1]]}]}
        responses = [
            {"id": each["id"], "status": status, "headers": {"Retry-After": "3"}, "body": body}
            for each, status, body in zip(requests, (200, 429, 200), (fine, refused, fine), strict=True)
        ]
        handler.say(200, {"responses": responses})
        return True

    clock = Clock()
    answers = {text: table((1,), n="long") for text in "ABC"}
    with served(Canned(answers), before) as address:
        found = asked(client(address, clock), "A", "B", "C")
    assert [answer.status for answer in found] == [Status.COMPLETE] * 3
    assert asked_for == [["A", "B", "C"], ["B"]]
    assert clock.seconds >= 3


def test_no_more_than_five_queries_are_in_flight_at_once() -> None:
    lock, both = threading.Lock(), threading.Barrier(2, timeout=10)
    running, most, requests = 0, 0, 0

    def before(_handler: Handler, body: Mapping[str, Any]) -> bool:
        nonlocal running, most, requests
        with lock:
            running += len(body["requests"])
            most, requests = max(most, running), requests + 1
            first_two = requests <= 2
        if first_two:
            both.wait()  # two batches are here, or nobody would ever get on
        with lock:
            running -= len(body["requests"])
        return False

    with served(ONE, before) as address:
        found = asked(client(address), *["Q"] * 23)
    assert [answer.status for answer in found] == [Status.COMPLETE] * 23
    assert most == 5


def test_azure_is_told_how_long_it_may_take() -> None:
    waits = []

    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        waits.append(body["requests"][0]["headers"]["Prefer"])
        return False

    with served(ONE, before) as address:
        access = Access(logs=f"{address}/v1", metrics=address, management=address, authentication_policy=SignIn())
        asked(AzureBackend(GUID, access=access, server_timeout=timedelta(seconds=45)), "Q")
    assert waits == ["wait=45,include-statistics=true"]


def test_a_query_that_azure_gave_up_is_told_with_the_way_out_and_is_not_asked_again() -> None:
    times = []

    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        times.append(1)
        handler.say(504, {"error": {"code": "GatewayTimeout", "message": "the service took too long"}})
        return True

    with served(ONE, before) as address:
        (found,) = asked(client(address, Clock()), "Q")
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert found.failure.todo == "ask for a shorter span with --since, or raise --timeout (10m at most)"
    assert len(times) == 1


def test_a_connection_that_breaks_is_tried_again() -> None:
    times = []

    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        times.append(1)
        if len(times) == 1:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return True
        return False

    with served(ONE, before) as address:
        (found,) = asked(client(address, Clock()), "Q")
    assert (found.status, len(times)) == (Status.COMPLETE, 2)


def test_nobody_at_the_address_is_said_without_a_token() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    (found,) = asked(client(address, Clock()), "Q")
    assert found.failure is not None
    assert (found.status, found.failure.code) == (Status.FAILED, "unreachable")
    assert "check the network, the proxy and the address" in found.failure.todo
    assert TOKEN not in repr(found)


def test_an_error_that_repeats_the_sign_in_is_told_without_it() -> None:
    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        said = f"could not read {handler.headers['Authorization']}"
        handler.say(400, {"error": {"code": "BadArgumentError", "message": said}})
        return True

    with served(ONE, before) as address:
        (found,) = asked(client(address, Clock()), "Q")
    assert found.failure is not None
    assert "could not read ***" in found.failure.message
    assert TOKEN not in repr(found)


# --- platform metrics -------------------------------------------------------------------------------

CPU = MetricQuery(
    id="cpu",
    title=Text(ko="CPU", en="CPU"),
    source=Section("8.1.1"),
    metric=PlatformMetric(resource="postgresql", metric="cpu_percent", aggregation="Maximum"),
    grain=timedelta(minutes=5),
)


def series(*values: float | None) -> dict[str, Any]:
    points = [
        {"timeStamp": f"2026-11-23T{hour:02}:00:00Z", **({} if value is None else {"maximum": value})}
        for hour, value in enumerate(values)
    ]
    return {"metadatavalues": [], "data": points}


def measured(reply: Reply, patience: Patience | None = None) -> Answer:
    with managed(reply) as address:
        access = Access(logs=address, management=address, metrics=address, authentication_policy=SignIn())
        clock = Clock()
        backend = AzureBackend(
            GUID, subscription=SUBSCRIPTION, access=access, patience=patience, clock=clock.now, wait=clock.wait
        )
        ask = Ask(CPU.key, metric=CPU, columns=CPU.columns)
        (found,) = backend.ask([ask], DAY, said=lambda *_: None, stop=threading.Event())
        return found


def answered(resource: str, *of: Mapping[str, Any]) -> dict[str, Any]:
    metric = {
        "id": f"{resource}/providers/Microsoft.Insights/metrics/cpu_percent",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": "cpu_percent", "localizedValue": "CPU percent"},
        "unit": "Percent",
        "timeseries": list(of),
    }
    return {
        "starttime": "2026-11-22T12:00:00Z",
        "endtime": "2026-11-23T12:00:00Z",
        "interval": "PT5M",
        "resourceid": resource,
        "resourceregion": "koreacentral",
        "namespace": "Microsoft.DBforPostgreSQL/flexibleServers",
        "value": [metric],
    }


def test_a_metric_is_one_row_a_resource_with_its_lowest_mean_highest_and_latest_value() -> None:
    paths = []

    def reply(path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        paths.append(path)
        (resource,) = body["resourceids"]
        return 200, {"values": [answered(resource, series(10.0, None, 30.0, 20.0))]}

    found = measured(reply)
    assert found.status is Status.COMPLETE, found.failure
    assert found.table is not None
    name = RESOURCES["postgresql"].name
    assert found.table.rows == ((name, 10.0, 20.0, 30.0, 20.0, NOON.replace(hour=3)),)
    split = urlsplit(paths[0])
    asked_for = {key: value[0] for key, value in parse_qs(split.query).items()}
    assert split.path == f"/subscriptions/{SUBSCRIPTION}/metrics:getBatch"
    assert (asked_for["metricnames"], asked_for["interval"], asked_for["aggregation"]) == (
        "cpu_percent",
        "PT5M",
        "Maximum",
    )


def test_a_resource_that_said_nothing_has_a_row_without_values_and_none_is_0() -> None:
    found = measured(lambda _path, body: (200, {"values": [answered(body["resourceids"][0])]}))
    assert found.table is not None
    assert found.table.rows == ((RESOURCES["postgresql"].name, None, None, None, None, None),)


def test_an_answer_about_another_resource_is_not_taken() -> None:
    found = measured(lambda *_: (200, {"values": [answered("/subscriptions/x/other", series(1.0))]}))
    assert found.failure is not None
    assert "which was not asked for" in found.failure.message


def test_the_metrics_service_without_the_right_to_ask_says_the_role() -> None:
    with pytest.raises(SourceUnavailable, match="have the role 'Monitoring Reader' given to it"):
        measured(lambda *_: (403, {"error": {"code": "AuthorizationFailed", "message": "no"}}))


def test_a_throttled_metric_is_asked_again_and_given_up_after_so_many_times() -> None:
    times = []

    def reply(*_: object) -> tuple[int, Any]:
        times.append(1)
        return 429, {"error": {"code": "TooManyRequests", "message": "slow down"}}

    found = measured(reply, Patience(tries=3))
    assert (found.status, len(times)) == (Status.FAILED, 3)
