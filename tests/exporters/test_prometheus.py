"""What a real Prometheus makes of the exporter: its checker, its scrapes, and the generated rules on them."""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.client import Client
from exporters.collectors.actuator import samples
from exporters.collectors.service_bus import FakeReader, QueueState, ServiceBus, SubscriptionState, TopicState
from exporters.demo import Traffic, start_exporter
from exporters.demo_servers import Process, free_port, wait_until
from exporters.page import CLASSIC, OPENMETRICS
from exporters.rounds import Rounds
from exporters.server import Server
from exporters.store import Store
from observability.design.data import SERVICE_BUS
from observability.signals import postgresql

RULES = Path(__file__).parents[2] / "generated" / "prometheus" / "rules.yaml"
NO_PROMTOOL = "promtool (Debian's package 'prometheus') is not installed: the exporter's pages were not checked with it"
NO_PROMETHEUS = "prometheus (Debian's package) is not installed: it did not scrape the exporter nor evaluate the rules"
WITHIN = 30.0
# Names of document 8.2.2, and what their values may be.
RECORDED = {
    "ai_response_time": (0, 30),
    "external_api_latency": (0, 30),
    "trip_generation_success_rate": (0.5, 0.9),
    "user_satisfaction_score": (1, 5),
    "location_search_accuracy": (0.4, 0.6),
    "database_connection_pool": (0, 1.4),
    "cache_hit_ratio": (0.6, 0.8),
    "message_queue_depth": (0, 7),
    # What the objectives look back on, a second.
    "slo_requests_rate": (0, 1e6),
    "slo_requests_bad_rate": (0, 1e6),
    "slo_itineraries_rate": (0.001, 1e6),
    "slo_itineraries_late_rate": (0, 1e6),
    "slo_cache_lookups_rate": (0.001, 1e6),
    "slo_cache_misses_rate": (0, 1e6),
}
ALERT = "DatabaseConnectionPoolExhausted"
CLUSTER = """
[exporter]
role = "cluster"
host = "127.0.0.1"
port = 0
[postgresql]
every = 0.1
timeout = 0.1
[postgresql.servers.primary]
host = "127.0.0.1"
port = {postgresql}
user = "postgres"
sslmode = "disable"
[redis]
host = "127.0.0.1"
port = {redis}
tls = false
cluster = false
every = 0.1
timeout = 0.1
"""
SIDECAR = """
[exporter]
role = "sidecar"
service = "trip-service"
host = "127.0.0.1"
port = 0
[actuator]
url = "http://127.0.0.1:{actuator}"
every = 0.1
timeout = 0.1
[events]
"""


def get(url: str, accept: str = "*/*") -> tuple[str, str]:
    """Type and text."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": accept}), timeout=WITHIN) as answer:  # noqa: S310
        text: bytes = answer.read()
        return answer.headers["content-type"], text.decode()


# --- what is scraped --------------------------------------------------------------------------------


class Actuator(BaseHTTPRequestHandler):
    """A service of a few requests."""

    traffic = Traffic(1)

    def do_GET(self) -> None:
        body = b'{"status": "UP"}' if self.path == "/actuator/health" else self.traffic.meters().encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class ServiceBusPage:
    """The page of a collector whose namespace is a fake, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon, and so is the one below: a test that fails half-way leaves nothing that pytest would wait for.
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port: int = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(WITHIN)

    async def _start(self) -> int:
        topics = SERVICE_BUS.topics
        reader = FakeReader(
            {queue.name: QueueState(active=7, dead_lettered=1, scheduled=0, size=4096) for queue in SERVICE_BUS.queues},
            {topic.name: TopicState(scheduled=0, size=4096) for topic in topics},
            {(topic.name, name): SubscriptionState(2, 0) for topic in topics for name in topic.subscriptions},
        )
        store = Store()
        self._rounds = Rounds(store)
        self._server = Server(store, self._rounds.waiting)
        await self._server.start("127.0.0.1", 0)
        self._rounds.start(ServiceBus(reader, every=0.1, timeout=0.1))
        return self._server.port

    async def _stop(self) -> None:
        await self._server.stop()
        await self._rounds.stop()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN)
        self._loop.close()


@dataclass
class Scraped:
    """Both roles as real programs, and the Service Bus beside them."""

    cluster: str
    sidecar: str
    service_bus: str
    client: Client
    redis: Any

    def happen(self) -> None:
        """Half of the trips fail, half of the searches find, two in three look-ups hit."""
        for stored, rank, api in ((True, 2, "openai"), (False, 5, "kakao-map")):
            self.client.trip_generated(stored=stored)
            self.client.itinerary_finished(2.5)
            self.client.rating_given(3 + rank // 3)
            self.client.search_finished(rank)
            self.client.external_call(api, 0.7)
        self.client.trip_generated()
        for key in ("there", "there", "nowhere"):
            self.redis.do("GET", key)


@pytest.fixture(scope="module")
def scraped(postgresql_server: Any, start_redis: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A database whose 15 connections for clients are taken, and a cache."""
    with ExitStack() as undo:
        folder = tmp_path_factory.mktemp("exporters")
        cache = start_redis()
        undo.callback(cache.end)
        cache.do("SET", "there", 1)
        service = ThreadingHTTPServer(("127.0.0.1", 0), Actuator)
        serving = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        undo.callback(service.server_close)
        undo.callback(serving.join, WITHIN)
        undo.callback(service.shutdown)
        cluster = start_exporter(
            folder / "cluster", CLUSTER.format(postgresql=postgresql_server.port, redis=cache.port)
        )
        undo.callback(cluster.end)
        sidecar = start_exporter(folder / "sidecar", SIDECAR.format(actuator=service.server_port))
        undo.callback(sidecar.end)
        service_bus = ServiceBusPage()
        undo.callback(service_bus.stop)
        client = undo.enter_context(Client(sidecar.port, every=0.02))
        ports = (cluster.port, sidecar.port, service_bus.port)
        made = Scraped(*(f"http://127.0.0.1:{port}" for port in ports), client, cache)
        for address in (made.cluster, made.sidecar):
            wait_until(lambda address=address: _ready(address), WITHIN)
        # One more is the exporter's own.
        for _ in range(14):
            undo.enter_context(postgresql_server.connect())
        yield made


def _ready(address: str) -> bool:
    try:
        return get(f"{address}/readyz")[1] == "ok\n"
    except urllib.error.HTTPError as error:
        error.close()
        return False


# --- Prometheus -------------------------------------------------------------------------------------


class Prometheus(Process):
    def ready(self) -> bool:
        try:
            return "Ready" in self.get("/-/ready")
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except urllib.error.URLError:
            return False

    def get(self, path: str) -> str:
        return get(f"http://127.0.0.1:{self.port}{path}")[1]

    def data(self, path: str) -> Any:
        return json.loads(self.get(path))["data"]

    def values(self, expression: str) -> dict[str, float]:
        """The value of each series, by its labels without its name."""
        found = self.data(f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}")["result"]
        return {
            ",".join(value for name, value in sorted(one["metric"].items()) if name != "__name__"): float(
                one["value"][1]
            )
            for one in found
        }


@pytest.fixture(scope="module")
def prometheus(scraped: Scraped, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus | None]:
    """It scrapes all three pages and evaluates the rules. Their windows are the generated ones; only the clocks are
    quicker: each group's, and the step in which the past five minutes are looked at."""
    binary = shutil.which("prometheus")
    if binary is None:
        yield None
        return
    folder = tmp_path_factory.mktemp("prometheus")
    rules = RULES.read_text(encoding="utf-8")
    quick = re.sub(r"interval: \d+m\b", "interval: 1s", rules).replace("[5m:30s]", "[5m:1s]")
    assert quick.count("interval: 1s") == len(yaml.safe_load(rules)["groups"])
    (folder / "rules.yaml").write_text(quick, encoding="utf-8")
    targets = [address.removeprefix("http://") for address in (scraped.cluster, scraped.sidecar, scraped.service_bus)]
    settings = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
        "rule_files": [str(folder / "rules.yaml")],
        "scrape_configs": [{"job_name": "tripgen", "static_configs": [{"targets": targets}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    port = free_port()
    command = [
        *(binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--scrape.discovery-reload-interval=100ms"),
    ]
    server = Prometheus(command, port, folder)
    try:
        server.start()
        yield server
    finally:
        server.end()


# --- tests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["cluster", "sidecar"])
def test_promtool_accepts_the_page(
    role: str, scraped: Scraped, promtool: str | None, leave_out: Callable[[str], None]
) -> None:
    if promtool is None:
        leave_out(NO_PROMTOOL)
        return
    scraped.happen()

    def full() -> str:
        kind, text = get(f"{getattr(scraped, role)}/metrics")
        assert kind == CLASSIC
        has = {one.name for one in samples(text, ("tripgen_user_rating_count", "tripgen_postgresql_connections"))}
        return text if has else ""

    # It reads the classic text alone. The other one is read by Prometheus itself, below.
    text = wait_until(full, WITHIN)
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=WITHIN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_refuses_a_page_that_is_not_well_named(promtool: str | None, leave_out: Callable[[str], None]) -> None:
    if promtool is None:
        leave_out(NO_PROMTOOL)
        return
    text = "# TYPE tripgen_trips counter\ntripgen_trips 1\n"
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=WITHIN)
    assert done.returncode != 0
    assert "_total" in done.stderr


def test_prometheus_reads_every_page_as_openmetrics(
    scraped: Scraped, prometheus: Prometheus | None, leave_out: Callable[[str], None]
) -> None:
    if prometheus is None:
        leave_out(NO_PROMETHEUS)
        return

    def targets() -> list[Any] | None:
        found = prometheus.data("/api/v1/targets")["activeTargets"]
        return found if len(found) == 3 and all(one["health"] != "unknown" for one in found) else None

    assert [(one["health"], one["lastError"]) for one in wait_until(targets, WITHIN)] == 3 * [("up", "")]
    # What it asks for, it gets; and what it got has the types that OpenMetrics names.
    accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    assert get(f"{scraped.cluster}/metrics", accept)[0] == OPENMETRICS
    known = prometheus.data("/api/v1/targets/metadata?metric=tripgen_redis_keyspace_hits")
    assert {one["type"] for one in known} == {"counter"}


def test_the_documents_eight_metrics_and_the_objectives_rates_have_values_from_their_rules(
    scraped: Scraped, prometheus: Prometheus | None, leave_out: Callable[[str], None]
) -> None:
    if prometheus is None:
        leave_out(NO_PROMETHEUS)
        return
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    assert {rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule} == set(RECORDED)

    def recorded() -> dict[str, dict[str, float]] | None:
        scraped.happen()
        found = {name: prometheus.values(name) for name in RECORDED}
        # A rate of nothing over nothing is not a number yet.
        whole = all(values and all(map(math.isfinite, values.values())) for values in found.values())
        return found if whole else None

    values = wait_until(recorded, WITHIN)
    outside = {
        name: values[name]
        for name, (lowest, highest) in RECORDED.items()
        if not all(lowest <= value <= highest for value in values[name].values())
    }
    assert not outside
    assert values["external_api_latency"].keys() == {"kakao-map", "openai"}
    # The server's connections are taken, the service's pool is idle: both under the one name of the document.
    assert values["database_connection_pool"].keys() == {"primary", "trip-service"}
    assert values["database_connection_pool"]["primary"] > 0.8
    assert values["database_connection_pool"]["trip-service"] == 0
    assert {key.split(",")[0] for key in values["message_queue_depth"]} == {
        *(queue.name for queue in SERVICE_BUS.queues),
        *(topic.name for topic in SERVICE_BUS.topics),
    }


def test_a_database_without_free_connections_fires_its_alert(
    scraped: Scraped, prometheus: Prometheus | None, leave_out: Callable[[str], None]
) -> None:
    if prometheus is None:
        leave_out(NO_PROMETHEUS)
        return

    def firing() -> list[Any]:
        alerts = prometheus.data("/api/v1/alerts")["alerts"]
        return [one for one in alerts if one["labels"]["alertname"] == ALERT and one["state"] == "firing"]

    (alert,) = wait_until(firing, WITHIN)
    assert alert["labels"]["role"] == "primary"
    assert float(alert["value"]) > 0.8
    used, most = (
        prometheus.values(f"sum({one.name})")[""] for one in (postgresql.CONNECTIONS, postgresql.CONNECTIONS_MAX)
    )
    assert used / most > 0.8
    # Its other alerts have no reason.
    groups = prometheus.data("/api/v1/rules?type=alert")["groups"]
    states = {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}
    active = {name for name, state in states.items() if state != "inactive"}
    # Two look-ups in three hit: below the cache's line, and it uses its budget up, as soon as their windows have readings.
    assert active - {"CacheHitRatioLow", "CacheHitBudgetLeaking"} == {ALERT}
    assert states.keys() >= {"AiResponseTimeExceeded", "PodCrashLoop", "ReplicaLag", "CacheHitRatioLow"}
    assert all(rule["health"] == "ok" for group in groups for rule in group["rules"])
