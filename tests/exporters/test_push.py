"""The push: how the document's metrics are worked out, and what becomes of them when Azure is away.

The sending runs in a process of its own, as Microsoft's libraries are large and keep global state; it speaks to a
server on loopback that takes what App Insights takes.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.events import Events
from exporters.families import Histogram
from exporters.push import METRICS, Metrics, Point, increase, quantile, together
from observability.design.telemetry import CUSTOM_METRICS
from observability.signals.ai import AI_RESPONSE, AI_RESPONSE_TIME, EXTERNAL_API_LATENCY, EXTERNAL_CALL
from observability.signals.business import (
    LOCATION_SEARCH_ACCURACY,
    LOCATION_SEARCHES,
    TRIP_GENERATION_SUCCESS_RATE,
    TRIP_GENERATIONS,
    USER_RATING,
    USER_SATISFACTION_SCORE,
)
from observability.signals.postgresql import (
    CONNECTIONS,
    CONNECTIONS_MAX,
    DATABASE_CONNECTION_POOL,
    POOL_CONNECTIONS,
    POOL_CONNECTIONS_MAX,
)
from observability.signals.redis import CACHE_HIT_RATIO, HITS, MISSES
from observability.signals.service_bus import MESSAGE_QUEUE_DEPTH, MESSAGES

KEY = "00000000-0000-0000-0000-000000000001"
deep = settings(max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200, deadline=None)


# --- working out --------------------------------------------------------------------------------------


def test_the_metrics_are_the_documents_eight() -> None:
    assert tuple(signal.name for signal, _ in METRICS) == CUSTOM_METRICS.business + CUSTOM_METRICS.technical


def test_without_data_there_are_no_points() -> None:
    metrics = Metrics()
    assert metrics.points({}, 0) == {}
    assert metrics.points({}, 60) == {}


def test_an_exporter_without_events_says_nothing_about_them() -> None:
    metrics = Metrics()
    for at in (0, 60):
        assert metrics.points(Events(10).drain(), at) == {}


def test_a_rate_is_the_good_ones_of_the_round_with_the_count_of_all() -> None:
    metrics = Metrics()
    metrics.points({TRIP_GENERATIONS: {("stored",): 100.0, ("failed",): 50.0}}, 0)
    points = metrics.points({TRIP_GENERATIONS: {("stored",): 108.0, ("failed",): 52.0}}, 60)
    assert points == {TRIP_GENERATION_SUCCESS_RATE.name: [Point({}, 8.0, 10, 0.0, 1.0)]}


def test_the_first_round_says_nothing_about_counters() -> None:
    assert Metrics().points({TRIP_GENERATIONS: {("stored",): 100.0, ("failed",): 50.0}}, 0) == {}


def test_a_counter_that_was_reset_counts_from_nothing() -> None:
    metrics = Metrics()
    metrics.points({HITS: {("0",): 1_000.0}, MISSES: {("0",): 400.0}}, 0)
    points = metrics.points({HITS: {("0",): 30.0}, MISSES: {("0",): 10.0}}, 60)
    assert points == {CACHE_HIT_RATIO.name: [Point({}, 30.0, 40, 0.0, 1.0)]}


def test_a_shard_that_appears_does_not_bring_its_lifetime_along() -> None:
    metrics = Metrics()
    metrics.points({HITS: {("0",): 10.0}, MISSES: {("0",): 0.0}}, 0)
    points = metrics.points({HITS: {("0",): 20.0, ("1",): 1e9}, MISSES: {("0",): 0.0, ("1",): 1e9}}, 60)
    assert points == {CACHE_HIT_RATIO.name: [Point({}, 10.0, 10, 1.0, 1.0)]}


def test_a_source_that_was_away_for_a_round_starts_anew() -> None:
    metrics = Metrics()
    for at, hits in enumerate((5.0, None, 900.0, 901.0)):
        points = metrics.points({} if hits is None else {HITS: {("0",): hits}, MISSES: {("0",): 0.0}}, at * 60.0)
    assert points == {CACHE_HIT_RATIO.name: [Point({}, 1.0, 1, 1.0, 1.0)]}


def test_the_mean_rating_comes_with_its_count_and_its_ends() -> None:
    metrics = Metrics()
    metrics.points({USER_RATING: {(): Histogram((0, 0, 0, 0, 0), 0, 0)}}, 0)
    points = metrics.points({USER_RATING: {(): Histogram((0, 1, 1, 1, 3), 3, 12)}}, 60)
    assert points == {USER_SATISFACTION_SCORE.name: [Point({}, 12, 3, 2, 5)]}


def test_search_accuracy_is_the_first_three_of_all_that_were_taken_or_refined() -> None:
    metrics = Metrics()
    metrics.points({LOCATION_SEARCHES: {("top3",): 0.0, ("other",): 0.0, ("refined",): 0.0}}, 0)
    points = metrics.points({LOCATION_SEARCHES: {("top3",): 6.0, ("other",): 1.0, ("refined",): 3.0}}, 60)
    assert points == {LOCATION_SEARCH_ACCURACY.name: [Point({}, 6.0, 10, 0.0, 1.0)]}


def test_percentiles_look_back_five_minutes() -> None:
    metrics = Metrics()

    def round_(at: float, slow: int, fast: int) -> list[Point]:
        state = Histogram((fast, fast, fast, fast, fast, fast, slow + fast, slow + fast), slow + fast, 0)
        return metrics.points({AI_RESPONSE: {(): state}}, at).get(AI_RESPONSE_TIME.name, [])

    assert round_(0, 0, 0) == []
    assert round_(60, 10, 0) == [Point({}, 8 + 5 * 0.95)]
    # Nothing new: the five minutes still hold the ten.
    assert round_(300, 10, 0) == [Point({}, 8 + 5 * 0.95)]
    # They are out of the window, the hundred fast ones are in it.
    assert round_(360, 10, 100) == [Point({}, 0.5 * 0.95)]
    assert round_(700, 10, 100) == []


def test_latency_is_told_for_each_api_over_both_outcomes() -> None:
    none, all_fast = Histogram((0,) * 8, 0, 0), Histogram((10,) * 8, 10, 1)
    slow = Histogram((0, 0, 0, 0, 0, 0, 0, 10), 10, 200)
    metrics = Metrics()
    labels = [("maps", "success"), ("maps", "failure"), ("openai", "success"), ("idle", "success")]
    metrics.points({EXTERNAL_CALL: dict.fromkeys(labels, none)}, 0)
    points = metrics.points({EXTERNAL_CALL: dict(zip(labels, (all_fast, slow, all_fast, none), strict=True))}, 60)
    assert points == {
        EXTERNAL_API_LATENCY.name: [Point({"api": "maps"}, 13 + 17 * 0.9), Point({"api": "openai"}, 0.5 * 0.95)]
    }


def test_pools_are_told_for_each_server_and_each_service() -> None:
    points = Metrics().points(
        {
            CONNECTIONS: {("primary", "active"): 30.0, ("primary", "idle"): 10.0, ("replica_1", "active"): 1.0},
            CONNECTIONS_MAX: {("primary",): 100.0, ("replica_2",): 100.0},
            POOL_CONNECTIONS: {("trip-service", "active"): 5.0, ("trip-service", "idle"): 5.0},
            POOL_CONNECTIONS_MAX: {("trip-service",): 20.0},
        },
        0,
    )
    assert points == {
        DATABASE_CONNECTION_POOL.name: [Point({"role": "primary"}, 0.4), Point({"service": "trip-service"}, 0.25)]
    }


def test_queue_depth_tells_active_and_dead_lettered_apart() -> None:
    series = {("orders", "", "active"): 7.0, ("orders", "", "dead_lettered"): 1.0, ("orders", "", "scheduled"): 9.0}
    assert Metrics().points({MESSAGES: series}, 0) == {
        MESSAGE_QUEUE_DEPTH.name: [
            Point({"entity": "orders", "subscription": "", "state": "active"}, 7.0),
            Point({"entity": "orders", "subscription": "", "state": "dead_lettered"}, 1.0),
        ]
    }


def test_a_percentile_past_all_bounds_is_the_last_bound() -> None:
    assert quantile(0.95, (1.0, 2.0), Histogram((0, 0), 4, 40)) == 2.0


@deep
@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=30))
def test_increases_add_up_to_what_was_counted_between_resets(values: list[int]) -> None:
    grown = sum(
        float(increase({HITS: {("0",): float(a)}}, {HITS: {("0",): float(b)}})[HITS]["0",])  # type: ignore[arg-type]
        for a, b in pairwise(values)
    )
    assert grown == sum(b - a if b >= a else b for a, b in pairwise(values))


@deep
@given(st.lists(st.floats(0, 40), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    bounds = AI_RESPONSE.bounds
    one = Histogram(tuple(float(sum(v <= bound for v in values)) for bound in bounds), len(values), sum(values))
    found = together([one])
    assert found is not None
    value = quantile(share, bounds, found)
    true = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    edges = (0, *bounds, float("inf"))
    upper = next(edge for edge in edges[1:] if true <= edge)
    assert edges[edges.index(upper) - 1] <= value <= min(upper, bounds[-1])


# --- sending ------------------------------------------------------------------------------------------


class Ingestion:
    """Speaks App Insights' ingestion protocol on loopback. ``status`` is what it answers."""

    def __init__(self, port: int = 0) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self.paths: set[str] = set()
        self.refused = 0
        self.unanswered = 0
        self.status = 200
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                outer.paths.add(self.path)
                envelopes = json.loads(body) if body.startswith(b"[") else [*map(json.loads, body.splitlines())]
                self.answer(outer.take(envelopes), len(envelopes))

            def answer(self, status: int, received: int) -> None:
                accepted = received if status == 200 else 0
                errors = [{"index": n, "statusCode": 500, "message": "later"} for n in range(received)]
                content = {
                    "itemsReceived": received,
                    "itemsAccepted": accepted,
                    "errors": errors if status == 206 else [],
                }
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if status in (429, 503):
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def take(self, envelopes: list[dict[str, Any]]) -> int:
        status = self.status
        if status == 0:  # silent
            self.unanswered += 1
            self.release.wait(30)
            return 503
        if status == 200:
            self.envelopes.extend(envelopes)
        else:
            self.refused += 1
        return status

    def stop(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    @property
    def trips(self) -> int:
        """The trip generations that were told of so far."""
        return trips_of(self.envelopes)


def trips_of(envelopes: Iterable[dict[str, Any]]) -> int:
    metrics = [metric for one in envelopes for metric in one["data"]["baseData"]["metrics"]]
    return sum(metric["count"] for metric in metrics if metric["name"] == "trip_generation_success_rate")


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    one = Ingestion()
    yield one
    one.stop()


# One trip generation a round. The connection string is given as it is, or as "@" and its file. Into the pipe it writes
# "c" whenever it asks for the connection string, "r" whenever it reads and "n" whenever it asks a silent name server.
# Prints how many trips there were after the first round, what else it connected to, how long closing took, and what the
# push last showed. CLOSING_IN_ROUND is the round in which the stop comes, after its reading and before its request.
PROGRAM = """
import asyncio, json, logging, os, pathlib, resource, socket, sys, threading, time
outside = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = args[1][0] if event == "socket.connect" else args[0]
        if host != "127.0.0.1":
            outside.append(str(host))
sys.addaudithook(watch)
if "SILENT_NAME_SERVER" in os.environ:
    socket.getaddrinfo = lambda *_: (os.write(int(sys.argv[6]), b"n"), time.sleep(30))
from exporters.config import Secret
from exporters.events import Events
from exporters.push import Push
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
string, folder, size, every, file_limit, pipe = sys.argv[1:]
if int(file_limit) >= 0:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_limit), resource.RLIM_INFINITY))
events = Events(1_000)
rounds = -1
def read():
    global rounds
    rounds += 1
    os.write(int(pipe), b"r")
    asyncio.run(events.handle({}, b'{"event":"trip_generated","outcome":"stored"}'))
    if str(rounds) == os.environ.get("CLOSING_IN_ROUND"):
        threading.Thread(target=push.close).start()
        push._stopping.wait()
    return events.drain()
secret = Secret(file=pathlib.Path(string[1:])) if string.startswith("@") else Secret(string)
def reveal():
    os.write(int(pipe), b"c")
    return secret.reveal()
shown = {}
def show(families):
    shown.clear()
    shown.update({instrument.name: value for instrument, series in families.items() for value in series.values()})
push = Push(
    read, connection_string=reveal, service="trip-service", every=float(every), show=show,
    buffer_dir=pathlib.Path(folder), buffer_bytes=int(size),
)
push.start()
sys.stdin.read()
start = time.monotonic()
push.close()
print(json.dumps({"trips": rounds, "outside": outside, "closed": time.monotonic() - start, "shown": shown}))
"""


def string_for(port: int) -> str:
    return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}/"


class Running:
    """The program above, until it is closed."""

    def __init__(
        self,
        to: int | str,
        folder: Path,
        size: int = 2**20,
        every: float = 0.1,
        file_limit: int = -1,
        **environ: str,
    ) -> None:
        self.folder = folder
        string = string_for(to) if isinstance(to, int) else to
        self._pipe, writing = os.pipe()
        arguments = map(str, (string, folder, size, every, file_limit, writing))
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, *arguments],
            env={**os.environ, **environ},
            pass_fds=(writing,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(writing)

    def does(self, what: str, times: int) -> None:
        """Returns when it has done so, as the pipe tells, so many times."""
        for _ in range(times):
            while (done := os.read(self._pipe, 1)) != what.encode():
                assert done, "it has ended"

    def close(self) -> tuple[dict[str, Any], list[str]]:
        """What it printed, and its log lines."""
        out, err = self.process.communicate(timeout=30)
        os.close(self._pipe)
        assert self.process.returncode == 0, err
        return json.loads(out), err.splitlines()

    @property
    def kept(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if path.name.endswith((".blob", ".lock"))]

    @property
    def kept_trips(self) -> int:
        """The trip generations on disk. Once it is closed: before, files come and go."""
        return trips_of(json.loads(line) for path in self.kept for line in path.read_text().splitlines())


def wait_until(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_metrics_arrive_under_the_documents_names_with_the_services_name(
    ingestion: Ingestion, tmp_path: Path
) -> None:
    running = Running(ingestion.port, tmp_path)
    wait_until(lambda: ingestion.trips >= 3)
    said, lines = running.close()
    assert ingestion.paths == {"/v2.1/track"}
    first = ingestion.envelopes[0]
    assert first["iKey"] == KEY
    assert first["tags"]["ai.cloud.role"] == "trip-service"
    assert first["data"]["baseData"]["metrics"] == [
        {"name": "trip_generation_success_rate", "value": 1.0, "count": 1, "min": 1.0, "max": 1.0}
    ]
    # Nothing is lost at the end: the last round is sent when it stops.
    assert ingestion.trips == said["trips"]
    assert said["outside"] == []
    assert lines == []


@pytest.mark.parametrize("status", [503, 429, 500, 206])
def test_what_azure_does_not_take_is_kept_on_disk_and_sent_later(
    ingestion: Ingestion, tmp_path: Path, status: int
) -> None:
    ingestion.status = status
    running = Running(ingestion.port, tmp_path)
    wait_until(lambda: len(running.kept) >= 5)
    assert ingestion.trips == 0
    ingestion.status = 200
    wait_until(lambda: ingestion.trips > 5 and not running.kept)
    said, lines = running.close()
    # Each round once: nothing lost, nothing doubled.
    assert ingestion.trips == said["trips"]
    assert [line.partition(" ")[0] for line in lines] == ["WARNING", "INFO"]


def test_what_was_kept_survives_a_restart(tmp_path: Path) -> None:
    port = free_port()
    first = Running(port, tmp_path)
    wait_until(lambda: len(first.kept) >= 3)
    said, lines = first.close()
    assert said["outside"] == []
    assert len(first.kept) == said["trips"]
    assert len(lines) == 1
    ingestion = Ingestion(port)
    second = Running(port, tmp_path)
    wait_until(lambda: ingestion.trips > said["trips"] and not second.kept)
    said_later, _ = second.close()
    ingestion.stop()
    assert ingestion.trips == said["trips"] + said_later["trips"]
    assert second.kept_trips == 0


def test_a_round_that_the_stop_finds_under_way_is_sent_and_so_is_the_last(ingestion: Ingestion, tmp_path: Path) -> None:
    running = Running(ingestion.port, tmp_path, CLOSING_IN_ROUND="3")
    running.does("r", times=5)
    said, lines = running.close()
    # The first reading has no growth; the fourth was under way; the fifth is the last.
    assert said["trips"] == 4
    assert (ingestion.trips, running.kept_trips) == (4, 0)
    assert lines == []


def test_a_round_under_way_is_kept_and_so_is_the_last_when_azure_was_away(ingestion: Ingestion, tmp_path: Path) -> None:
    ingestion.status = 503
    running = Running(ingestion.port, tmp_path, CLOSING_IN_ROUND="3")
    running.does("r", times=5)
    said, _ = running.close()
    assert said["trips"] == 4
    assert (ingestion.refused, running.kept_trips) == (2, 4)


def test_the_buffer_is_bounded_and_one_line_says_that_it_is_full(ingestion: Ingestion, tmp_path: Path) -> None:
    ingestion.status = 503
    running = Running(ingestion.port, tmp_path, size=1_500)
    wait_until(lambda: ingestion.refused >= 12)
    size = sum(path.stat().st_size for path in running.kept)
    assert 0 < len(running.kept) < 6
    # The bound and one round.
    assert size < 1_500 + 1_000
    ingestion.status = 200
    wait_until(lambda: not running.kept and ingestion.trips > 3)
    _, lines = running.close()
    assert lines == [
        f"WARNING push: Azure Monitor does not take metrics; they are kept in {tmp_path}",
        f"WARNING push: {tmp_path} takes no more; metrics are lost until Azure is back",
        "INFO push: Azure Monitor takes metrics again",
    ]


def test_a_full_disk_costs_the_kept_rounds_and_no_more(ingestion: Ingestion, tmp_path: Path) -> None:
    ingestion.status = 503
    running = Running(ingestion.port, tmp_path, file_limit=0)
    wait_until(lambda: ingestion.refused >= 5)
    assert running.kept == []
    ingestion.status = 200
    wait_until(lambda: ingestion.trips >= 3)
    _, lines = running.close()
    assert len(lines) == 3
    assert "takes no more" in lines[1]


def test_a_folder_that_cannot_be_made_leaves_the_sending_alone(ingestion: Ingestion, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    running = Running(ingestion.port, tmp_path / "file" / "folder")
    wait_until(lambda: ingestion.trips >= 3)
    said, lines = running.close()
    assert ingestion.trips == said["trips"]
    assert len(lines) == 1


def test_closing_does_not_wait_for_a_server_that_is_silent(ingestion: Ingestion, tmp_path: Path) -> None:
    ingestion.status = 0
    running = Running(ingestion.port, tmp_path, every=60)
    running.does("r", 1)
    said, _ = running.close()
    # The last round timed out and lies on disk.
    assert said["closed"] < 3
    assert len(running.kept) == 1


def test_a_round_under_way_to_a_silent_server_and_the_last_one_are_both_kept(
    ingestion: Ingestion, tmp_path: Path
) -> None:
    running = Running(ingestion.port, tmp_path)
    wait_until(lambda: ingestion.trips >= 2)
    ingestion.status = 0
    wait_until(lambda: ingestion.unanswered)
    said, _ = running.close()
    assert said["closed"] < 3
    # No round is lost: those that were not taken lie on disk, one file each.
    assert ingestion.trips + len(running.kept) == said["trips"]
    assert ingestion.unanswered == 1


def test_the_last_round_is_kept_even_while_a_name_server_is_silent(tmp_path: Path) -> None:
    running = Running(string_for(1).replace("127.0.0.1", "localhost"), tmp_path, SILENT_NAME_SERVER="1")
    running.does("n", 1)
    said, _ = running.close()
    assert said["closed"] < 5
    # The one under way cannot be told from one that arrived; the last one can.
    assert said["trips"] >= 1
    assert len(running.kept) == 1


def test_a_rotated_connection_string_is_taken_at_the_next_round(ingestion: Ingestion, tmp_path: Path) -> None:
    file = tmp_path / "connection"
    file.write_text(f"{string_for(ingestion.port)}\n")
    running = Running(f"@{file}", tmp_path / "buffer")
    wait_until(lambda: ingestion.trips >= 2)
    other = Ingestion()
    file.write_text(f"{string_for(other.port)}\n")
    wait_until(lambda: other.trips >= 2)
    said, lines = running.close()
    other.stop()
    assert ingestion.trips + other.trips == said["trips"]
    assert lines == ["INFO push: another connection string is in force"]


def test_while_a_new_connection_string_is_no_good_the_old_one_serves_on(ingestion: Ingestion, tmp_path: Path) -> None:
    file = tmp_path / "connection"
    new = tmp_path / "new"

    def write(text: str) -> None:
        new.write_text(text)
        new.rename(file)
        more = ingestion.trips + 3
        wait_until(lambda: ingestion.trips >= more)

    file.write_text(string_for(ingestion.port))
    running = Running(f"@{file}", tmp_path / "buffer")
    wait_until(lambda: ingestion.trips)
    write("hunter2")
    write("InstrumentationKey=hunter2")
    write("")
    write(string_for(ingestion.port))
    said, lines = running.close()
    assert ingestion.trips == said["trips"]
    assert [line.partition(";")[0] for line in lines] == [
        "ERROR push: the connection string is not 'name=value' parts with '",
        "ERROR push: the connection string has no 'InstrumentationKey=' with a UUID in lower case",
        "WARNING push: the connection string is empty",
        "INFO push: another connection string is in force",
    ]
    assert lines[1].endswith("the one before serves on")
    assert "hunter2" not in "".join(lines)


def test_a_connection_string_may_come_later(ingestion: Ingestion, tmp_path: Path) -> None:
    file = tmp_path / "connection"
    running = Running(f"@{file}", tmp_path / "buffer")
    running.does("c", 2)
    file.write_text(string_for(ingestion.port))
    wait_until(lambda: ingestion.trips >= 2)
    said, lines = running.close()
    assert said["shown"]["tripgen_exporter_push_success"] == 1
    assert lines == [
        f"WARNING push: cannot read the secret's file {file}: FileNotFoundError; nothing goes to Azure Monitor",
        "INFO push: there is a connection string now",
    ]


def test_without_a_connection_string_it_shows_that_nothing_goes(tmp_path: Path) -> None:
    running = Running(f"@{tmp_path}/none", tmp_path / "buffer")
    running.does("c", 2)
    said, lines = running.close()
    assert said["shown"] == {"tripgen_exporter_push_success": 0, "tripgen_exporter_push_buffer_bytes": 0}
    assert len(lines) == 1


def test_it_shows_whether_azure_takes_metrics_and_what_is_kept(ingestion: Ingestion, tmp_path: Path) -> None:
    running = Running(ingestion.port, tmp_path)
    wait_until(lambda: ingestion.trips >= 2)
    ingestion.status = 503
    wait_until(lambda: len(running.kept) >= 2)
    said, _ = running.close()
    size = sum(path.stat().st_size for path in running.kept)
    at = said["shown"].pop("tripgen_exporter_push_last_success_timestamp_seconds")
    assert 0 < time.time() - at < 20
    assert said["shown"] == {"tripgen_exporter_push_success": 0, "tripgen_exporter_push_buffer_bytes": size}


def test_a_wrong_connection_string_is_said_once_and_not_repeated() -> None:
    program = """
import logging, pathlib, threading
from exporters.push import Push
logging.basicConfig()
asked = threading.Semaphore(0)
def string():
    asked.release()
    return "InstrumentationKey=hunter2"
push = Push(
    dict, connection_string=string, service="s", every=0.1, buffer_dir=pathlib.Path("/nowhere"), buffer_bytes=1,
)
push.start()
for _ in range(3):
    assert asked.acquire(timeout=20)
push.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.strip() == (
        "ERROR:exporters.push:push: the connection string has no 'InstrumentationKey=' with a UUID in lower case; "
        "copy it again from the resource; nothing goes to Azure Monitor"
    )


def test_importing_the_push_brings_no_azure_library() -> None:
    program = "import sys, exporters.push; print([m for m in sys.modules if m.startswith(('azure', 'opentelemetry'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
