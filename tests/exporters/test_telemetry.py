"""Telemetry of a service: what reaches App Insights, with which weight, name and correlation id.

Each scenario is a process of its own, as OpenTelemetry's providers are set once in a process.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

KEY = "00000000-0000-0000-0000-000000000002"


class Ingestion:
    """Takes what App Insights takes, on loopback; a GET stands for another service and keeps its headers."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                envelopes = json.loads(body)
                if outer.status == 200:
                    outer.envelopes.extend(envelopes)
                self.answer({"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes), "errors": []})

            def do_GET(self) -> None:
                outer.asked.append({name.lower(): value for name, value in self.headers.items()})
                self.answer({})

            def answer(self, content: object) -> None:
                text = json.dumps(content).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.envelopes if one["data"]["baseType"] == kind]

    def metrics(self) -> dict[str, dict[str, Any]]:
        return {
            metric["name"]: {**metric, **one["data"]["baseData"]["properties"]}
            for one in self.of("MetricData")
            for metric in one["data"]["baseData"]["metrics"]
        }


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    one = Ingestion()
    yield one
    one.stop()


# Notes every address that the process looks up or connects to.
WATCH = """
import sys
outside = []
def watch(event, args):
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1":
        outside.append(str(args[1]))
    if event == "socket.getaddrinfo" and args[0] != "127.0.0.1":
        outside.append(str(args[0]))
sys.addaudithook(watch)
"""


def run(program: str, ingestion: Ingestion | None, tmp_path: Path, **environ: str) -> tuple[Any, str]:
    """What the program printed as JSON, and what it logged. It finds ``telemetry`` configured for trip-service."""
    text = "None"
    if ingestion is not None:
        text = repr(f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{ingestion.port}/")
    head = f"""
import json, logging, pathlib, random, time
from exporters.telemetry import configure, correlation_id
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
# Trace ids come from here, and with them which tenth is kept.
random.seed(7)
telemetry = configure("trip-service", {text}, buffer_dir=pathlib.Path({str(tmp_path)!r}))
"""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "APPLICATIONIN"))}
    done = subprocess.run(
        [sys.executable, "-c", WATCH + head + program],
        capture_output=True,
        text=True,
        env=inherited | environ,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


THREE_HUNDRED = """
for _ in range(300):
    with telemetry.span("generate trip"):
        pass
telemetry.shutdown()
print(json.dumps(outside))
"""


def test_a_tenth_of_the_traces_is_kept_and_each_stands_for_ten(ingestion: Ingestion, tmp_path: Path) -> None:
    outside, _ = run(THREE_HUNDRED, ingestion, tmp_path)
    spans = ingestion.of("RemoteDependencyData")
    # 30 are expected, with a standard deviation of 5.
    assert 15 <= len(spans) <= 45
    assert {one["sampleRate"] for one in spans} == {10.0}
    assert {one["tags"]["ai.cloud.role"] for one in spans} == {"trip-service"}
    assert {one["iKey"] for one in spans} == {KEY}
    assert outside == []


def test_a_sampler_in_the_environment_does_not_change_the_documents(ingestion: Ingestion, tmp_path: Path) -> None:
    _, log = run(
        THREE_HUNDRED, ingestion, tmp_path, OTEL_TRACES_SAMPLER="trace_id_ratio", OTEL_TRACES_SAMPLER_ARG="1.0"
    )
    spans = ingestion.of("RemoteDependencyData")
    assert 15 <= len(spans) <= 45
    assert {one["sampleRate"] for one in spans} == {10.0}
    assert "OTEL_TRACES_SAMPLER is 'trace_id_ratio', the document's sampling is used" in log


def test_the_generated_environment_agrees(ingestion: Ingestion, tmp_path: Path) -> None:
    environ = {
        "OTEL_SERVICE_NAME": "another-name",
        "OTEL_TRACES_SAMPLER": "microsoft.fixed_percentage",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
    }
    _, log = run(THREE_HUNDRED, ingestion, tmp_path, **environ)
    assert {one["tags"]["ai.cloud.role"] for one in ingestion.of("RemoteDependencyData")} == {"trip-service"}
    assert "sampling is used" not in log


def test_the_correlation_id_of_a_request_is_on_its_spans_and_log_records(ingestion: Ingestion, tmp_path: Path) -> None:
    program = """
for number in range(100):
    with telemetry.incoming({"X-Correlation-Id": f"request-{number}"}) as given:
        assert given == f"request-{number}"
        with telemetry.span("generate trip", number=number):
            logging.getLogger("trip").warning("number %d", number)
logging.getLogger("trip").warning("outside")
telemetry.shutdown()
print("null")
"""
    run(program, ingestion, tmp_path)
    spans = [one["data"]["baseData"]["properties"] for one in ingestion.of("RemoteDependencyData")]
    assert spans
    assert all(properties["correlation_id"] == f"request-{properties['number']}" for properties in spans)
    records = [one["data"]["baseData"] for one in ingestion.of("MessageData")]
    ids = {record["message"]: record["properties"].get("correlation_id", "") for record in records}
    # Log records are not sampled.
    assert ids == {**{f"number {number}": f"request-{number}" for number in range(100)}, "outside": ""}


def test_what_the_sending_libraries_log_is_not_sent(ingestion: Ingestion, tmp_path: Path) -> None:
    program = """
logging.getLogger("azure.monitor.opentelemetry.exporter.export._base").warning("about sending")
logging.getLogger("trip").warning("about trips")
telemetry.shutdown()
print("null")
"""
    _, log = run(program, ingestion, tmp_path)
    assert [one["data"]["baseData"]["message"] for one in ingestion.of("MessageData")] == ["about trips"]
    assert "about sending" in log


def test_a_call_to_another_service_carries_trace_and_correlation_id(ingestion: Ingestion, tmp_path: Path) -> None:
    program = f"""
import urllib.request
headers = {{"x-correlation-id": "abc", "TraceParent": "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"}}
with telemetry.incoming(headers), telemetry.span("ask"):
    urllib.request.urlopen("http://127.0.0.1:{ingestion.port}/other").read()
    by_hand = telemetry.headers()
telemetry.shutdown()
print(json.dumps(by_hand))
"""
    by_hand, _ = run(program, ingestion, tmp_path)
    [by_library] = ingestion.asked
    for headers in (by_library, {name.lower(): value for name, value in by_hand.items()}):
        assert headers["x-correlation-id"] == "abc"
        assert headers["baggage"] == "correlation_id=abc"
        assert headers["traceparent"].split("-")[1] == "a1" * 16


def test_the_business_measurements_have_the_documents_names(ingestion: Ingestion, tmp_path: Path) -> None:
    program = """
b = telemetry.business
b.trip_generated(stored=True); b.trip_generated(stored=True); b.trip_generated(stored=False)
b.itinerary_finished(4.0)
b.rating_given(5); b.rating_given(2); b.rating_given(9)
b.search_finished(accepted_rank=1); b.search_finished(accepted_rank=7)
b.search_finished(refined=True); b.search_finished()
b.external_call("openai", 0.5, ok=False)
telemetry.shutdown()
print("null")
"""
    run(program, ingestion, tmp_path)
    metrics = ingestion.metrics()
    told = {name: (metrics[name]["value"], metrics[name]["count"]) for name in metrics if not name.startswith("_")}
    assert told == {
        "trip_generation_success_rate": (2, 3),
        "ai_response_time": (4.0, 1),
        "user_satisfaction_score": (7, 2),
        "location_search_accuracy": (1, 3),
        "external_api_latency": (0.5, 1),
    }
    assert metrics["external_api_latency"]["api"] == "openai"
    assert metrics["external_api_latency"]["outcome"] == "failure"


def test_an_exception_is_on_the_span_and_goes_on(ingestion: Ingestion, tmp_path: Path) -> None:
    program = """
raised = 0
for _ in range(100):
    try:
        with telemetry.span("generate trip"):
            raise LookupError("no such place")
    except LookupError:
        raised += 1
telemetry.shutdown()
print(raised)
"""
    raised, _ = run(program, ingestion, tmp_path)
    assert raised == 100
    assert {one["data"]["baseData"]["success"] for one in ingestion.of("RemoteDependencyData")} == {False}
    exceptions = ingestion.of("ExceptionData")
    assert {one["data"]["baseData"]["exceptions"][0]["message"] for one in exceptions} == {"no such place"}
    assert {one["sampleRate"] for one in exceptions} == {10.0}


@pytest.mark.parametrize("status", [503, None])
def test_with_azure_away_data_is_on_disk_and_the_end_is_quick(
    ingestion: Ingestion, tmp_path: Path, status: int | None
) -> None:
    if status is None:
        ingestion.stop()
    else:
        ingestion.status = status
    program = """
for _ in range(100):
    with telemetry.span("generate trip"):
        pass
start = time.monotonic()
telemetry.shutdown()
telemetry.shutdown()
print(json.dumps([time.monotonic() - start, outside]))
"""
    (took, outside), _ = run(program, ingestion, tmp_path)
    if status is None:
        ingestion.server.socket.close()
    assert took < 5
    assert outside == []
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert kept.count('"generate trip"') > 0
    assert ingestion.envelopes == []


LOCAL = """
with telemetry.incoming({}) as made:
    with telemetry.span("generate trip") as span:
        headers = telemetry.headers()
        attributes = dict(span.attributes)
    telemetry.business.trip_generated()
with telemetry.span("by itself"):
    own = correlation_id()
telemetry.shutdown()
azure = [name for name in sys.modules if name.startswith("azure")]
print(json.dumps([telemetry.local, made, headers, attributes, own, correlation_id(), azure, outside]))
"""


def test_without_a_connection_string_everything_works_and_nothing_leaves(tmp_path: Path) -> None:
    (local, made, headers, attributes, own, after, azure, outside), log = run(LOCAL, None, tmp_path)
    assert local is True
    assert len(made) == 32
    assert headers["X-Correlation-Id"] == made
    assert headers["traceparent"].startswith("00-")
    assert attributes == {"correlation_id": made}
    assert own not in (None, made)
    assert after is None
    assert azure == []
    assert outside == []
    assert log.splitlines() == [
        "WARNING exporters.telemetry telemetry: no connection string for trip-service: nothing leaves this process"
    ]


def test_the_connection_string_comes_from_the_environment(ingestion: Ingestion, tmp_path: Path) -> None:
    text = f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{ingestion.port}/"
    program = "telemetry.business.trip_generated(); telemetry.shutdown(); print(json.dumps(telemetry.local))"
    local, _ = run(program, None, tmp_path, APPLICATIONINSIGHTS_CONNECTION_STRING=text)
    assert local is False
    assert "trip_generation_success_rate" in ingestion.metrics()


@pytest.mark.parametrize("bad", ["a b", "a\nb", "x" * 65, "", "한국"])
def test_an_id_from_outside_that_is_none_is_replaced(tmp_path: Path, bad: str) -> None:
    program = f"""
with telemetry.incoming({{"X-Correlation-Id": {bad!r}}}) as one:
    pass
with telemetry.incoming({{"baggage": "correlation_id=" + "y" * 70}}) as two:
    pass
with telemetry.incoming({{"baggage": "correlation_id=good"}}) as three:
    pass
print(json.dumps([one, two, three]))
"""
    (one, two, three), _ = run(program, None, tmp_path)
    assert len(one) == len(two) == 32
    assert three == "good"


def test_a_connection_string_that_is_none_is_named_and_not_repeated(tmp_path: Path) -> None:
    program = """
import exporters.telemetry as t
t._configured = None
from observability.model.errors import DefinitionError
try:
    t.configure("trip-service", "InstrumentationKey=hunter2")
except DefinitionError as error:
    print(json.dumps([str(error), error.__cause__ is None, error.__suppress_context__]))
"""
    (said, *clean), log = run(program, None, tmp_path)
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in said
    assert "hunter2" not in said + log
    assert clean == [True, True]


def test_a_second_call_returns_the_first(tmp_path: Path) -> None:
    same, log = run("print(json.dumps(configure('other') is telemetry))", None, tmp_path)
    assert same is True
    assert "already configured for trip-service" in log
