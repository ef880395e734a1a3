"""The Python client: what it sends, and that a service never notices an exporter that is slow, full or away."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from exporters.client import BATCH, Client
from exporters.events import Events, Response

WITHIN = 30.0
# What waits for nothing is done by then on any machine, and what waits for an answer within WITHIN is not.
SOON = 10.0


class Exporter:
    """A server on loopback with the real queue behind it; ``answer`` may stand in for the queue."""

    def __init__(self, port: int = 0) -> None:
        self.events = Events(100_000)
        self.bodies: list[bytes] = []
        self.connections = 0
        self.answer: Callable[[bytes], Response] = self.take
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(body)
                response = outer.answer(body)
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def take(self, body: bytes) -> Response:
        return asyncio.run(self.events.handle({}, body))

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for body in self.bodies for line in body.splitlines()]


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    one = Exporter()
    yield one
    one.stop()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_each_call_becomes_one_event_that_the_exporter_takes(exporter: Exporter) -> None:
    with Client(exporter.port) as events:
        events.trip_generated(stored=True)
        events.trip_generated(stored=False)
        events.itinerary_finished(2.5)
        events.rating_given(5)
        events.search_finished(accepted_rank=2)
        events.search_finished(refined=True)
        events.external_call("openai", 0.3, ok=True)
        events.external_call("openai", 0.4, ok=False)
    assert exporter.lines == [
        {"event": "trip_generated", "outcome": "stored"},
        {"event": "trip_generated", "outcome": "failed"},
        {"event": "itinerary_finished", "seconds": 2.5},
        {"event": "rating_given", "rating": 5},
        {"event": "search_finished", "accepted_rank": 2, "refined": False},
        {"event": "search_finished", "accepted_rank": None, "refined": True},
        {"event": "external_call", "api": "openai", "seconds": 0.3, "outcome": "success"},
        {"event": "external_call", "api": "openai", "seconds": 0.4, "outcome": "failure"},
    ]
    assert events.dropped == 0
    assert exporter.events.drain()


def test_a_timed_call_measures_and_lets_the_exception_through(exporter: Exporter) -> None:
    with Client(exporter.port) as events:
        with events.timed_call("kakao-map"):
            time.sleep(0.01)
        with pytest.raises(LookupError), events.timed_call("kakao-map"):
            raise LookupError
    first, second = exporter.lines
    assert (first["outcome"], second["outcome"]) == ("success", "failure")
    assert first["seconds"] >= 0.01


def test_events_go_in_batches_over_one_connection(exporter: Exporter) -> None:
    with Client(exporter.port, every=0.02) as events:
        for _ in range(4 * BATCH):
            events.rating_given(4)
    assert len(exporter.lines) == 4 * BATCH
    assert max(len(body.splitlines()) for body in exporter.bodies) <= BATCH
    assert exporter.connections == 1


def test_without_close_events_are_sent_within_the_interval(exporter: Exporter) -> None:
    events = Client(exporter.port, every=0.02)
    events.rating_given(4)
    wait_until(lambda: len(exporter.lines) == 1)
    events.close()


def test_an_exporter_that_comes_back_gets_what_waited(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    events = Client(port, every=0.02)
    with caplog.at_level(logging.WARNING):
        events.rating_given(1)
        wait_until(lambda: "events wait" in caplog.text)
        events.rating_given(2)
        exporter = Exporter(port)
        events.close(timeout=5)
    exporter.stop()
    assert [line["rating"] for line in exporter.lines] == [1, 2]
    assert len(caplog.records) == 1


def test_without_an_exporter_the_buffer_is_bounded_and_close_ends_in_time(caplog: pytest.LogCaptureFixture) -> None:
    # A close that took no heed of its own timeout would wait for the request's.
    events = Client(free_port(), buffer=100, every=0.02, timeout=WITHIN)
    for _ in range(5_000):
        events.rating_given(3)
    start = time.monotonic()
    events.close(timeout=0.3)
    assert time.monotonic() - start < SOON
    assert events.dropped == 5_000


def test_a_call_never_waits_for_an_exporter_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(WITHIN)
        events = Client(silent.getsockname()[1], every=0.01, timeout=WITHIN)
        events.rating_given(3)
        connection, _ = silent.accept()
        # From here on a request is under way that nobody answers.
        start = time.monotonic()
        for _ in range(2_000):
            events.rating_given(3)
        assert time.monotonic() - start < SOON
        connection.close()
    events.close(timeout=0.1)


def test_a_full_queue_is_tried_again_until_it_takes_the_events(exporter: Exporter) -> None:
    full = Response(429, {"retry-after": "0"}, b'{"accepted": 0}')
    answers = iter([full, full])
    exporter.answer = lambda body: next(answers, None) or exporter.take(body)
    with Client(exporter.port, every=0.02) as events:
        events.rating_given(3)
    assert len(exporter.bodies) == 3
    assert events.dropped == 0


def test_a_queue_smaller_than_a_batch_gets_smaller_batches(exporter: Exporter) -> None:
    exporter.events = Events(10)

    def accept_and_count(body: bytes) -> Response:
        response = exporter.take(body)
        exporter.events.drain()
        return response

    exporter.answer = accept_and_count
    events = Client(exporter.port, every=0.02)
    for _ in range(35):
        events.rating_given(3)
    events.close(timeout=5)
    assert [len(body.splitlines()) for body in exporter.bodies][-4:] == [10, 10, 10, 5]
    assert events.dropped == 0


def test_a_batch_that_is_too_large_for_another_reason_is_dropped_and_not_sent_for_ever(exporter: Exporter) -> None:
    exporter.answer = lambda body: Response(413, {}, b'{"accepted": 0, "reason": "body_too_large", "limit": 1}')
    with Client(exporter.port, every=0.02) as events:
        events.rating_given(3)
    assert len(exporter.bodies) == 1
    assert events.dropped == 1


def test_a_bad_value_costs_one_event_and_one_log_line(exporter: Exporter, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Client(exporter.port) as events:
        events.itinerary_finished(float("nan"))
        events.external_call(object(), 1.0)  # type: ignore[arg-type]
        events.rating_given(9)
        events.rating_given(5)
    assert [line["rating"] for line in exporter.lines] == [9, 5]
    assert events.dropped == 3
    assert len(caplog.records) == 1


def test_an_answer_that_makes_no_sense_is_survived(exporter: Exporter) -> None:
    exporter.answer = lambda body: Response(500, {}, b"<html>")
    with Client(exporter.port) as events:
        events.rating_given(5)
    assert events.dropped == 1


def test_after_close_nothing_is_sent_and_nothing_raised(exporter: Exporter) -> None:
    events = Client(exporter.port)
    events.close()
    events.rating_given(5)
    events.close()
    assert exporter.bodies == []
    assert events.dropped == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_worker_sends_its_own_events_and_not_its_parents(exporter: Exporter) -> None:
    program = """
import os, sys, time
from exporters.client import Client
events = Client(int(sys.argv[1]), every=0.3)
events.rating_given(1)
child = os.fork()
if child == 0:
    events.rating_given(2)
    events.close()
    os._exit(0)
os.waitpid(child, 0)
events.close()
"""
    subprocess.run([sys.executable, "-c", program, str(exporter.port)], check=True, timeout=20)
    assert sorted(line["rating"] for line in exporter.lines) == [1, 2]


def test_a_service_that_forgets_to_close_loses_nothing_when_it_ends(exporter: Exporter) -> None:
    program = "import sys; from exporters.client import Client; c = Client(int(sys.argv[1])); c.rating_given(4)"
    subprocess.run([sys.executable, "-c", program, str(exporter.port)], check=True, timeout=20)
    assert [line["rating"] for line in exporter.lines] == [4]


def test_the_client_needs_the_standard_library_only() -> None:
    program = """
import sys
import exporters.client
outside = {m.split(".")[0] for m in sys.modules} - set(sys.stdlib_module_names) - {"exporters", "__main__"}
print(sorted(name for name in outside if "site-packages" in str(getattr(sys.modules[name], "__file__", ""))))
"""
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
