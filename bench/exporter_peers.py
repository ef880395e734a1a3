"""What watching a PostgreSQL and a Redis costs: the exporter against Debian's two Go exporters, in turn.

usage: python bench/exporter_peers.py [--rounds 5] [--scrapes 200]
One PostgreSQL (3 databases, 100 tables) and one Redis (4 databases of 5,000 keys) on loopback, every exporter scraped at
the same pace. The Go exporters read their sources at each scrape; ours reads on its own clock, once for each scrape, and
its slow clock keeps its share of the fast one: sizes every 20 rounds, as 300 s stand to 15 s. In the second part the
PostgreSQL exporter's own metrics are switched off and it is given our statements; the Redis one cannot be narrowed.
Theirs is the sum of both, as one needs both. Database CPU is that of both servers with their children, less what they
use unwatched. Each figure is the median of the rounds, lowest to highest.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import exporter as bench
import psutil

from exporters.collectors import postgresql
from exporters.config import PostgresqlConfig
from exporters.demo import EVERY, cluster_settings, sidecar_settings, start_servers

POSTGRES, REDIS = "prometheus-postgres-exporter", "prometheus-redis-exporter"
BATCH = 1_000
PACE = 0.1
"""Seconds between two scrapes, and two rounds of ours; 15 in the cluster."""
QUERIES = f"""\
tripgen_activity:
  query: "SELECT coalesce(state, 'other') AS state, count(*) AS connections FROM pg_stat_get_activity(null) \
WHERE backend_type = 'client backend' GROUP BY 1"
  metrics:
    - state: {{usage: LABEL, description: state}}
    - connections: {{usage: GAUGE, description: connections}}
tripgen_longest:
  query: "SELECT coalesce(extract(epoch from clock_timestamp() - min(xact_start)), 0)::float8 AS seconds, \
current_setting('max_connections')::int AS connections_max FROM pg_stat_get_activity(null)"
  metrics:
    - seconds: {{usage: GAUGE, description: longest transaction}}
    - connections_max: {{usage: GAUGE, description: most connections}}
tripgen_size:
  query: "{postgresql.SIZES.strip()}"
  metrics:
    - datname: {{usage: LABEL, description: database}}
    - pg_database_size: {{usage: GAUGE, description: bytes}}
"""


@dataclass
class Turn:
    """One measured run; CPU in seconds for 1,000 scrapes, latency in ms."""

    p50: float
    p99: float
    own: float
    database: float
    series: int
    resident: float


@dataclass
class Sources:
    """The two servers and what they use."""

    postgresql: Any
    redis: Any
    password: dict[str, str] = field(default_factory=dict)

    def cpu(self) -> float:
        """Seconds of both, their children and those of their children that have ended."""
        total = 0.0
        for process in (self.postgresql, self.redis):
            parent = psutil.Process(process.running.pid)
            ended = parent.cpu_times()
            total += ended.children_user + ended.children_system
            for one in (parent, *parent.children(recursive=True)):
                with contextlib.suppress(OSError):
                    total += bench.cpu(one.pid)
        return total


def seed(sources: Sources) -> None:
    for name in ("shop", "billing"):
        sources.postgresql.sql(f"create database {name}")
    with sources.postgresql.connect() as connection:
        for number in range(100):
            connection.execute(f"create table t{number} (id bigserial primary key, k int, v text)")
            connection.execute(
                f"insert into t{number} (k, v) select g % 100, md5(g::text) from generate_series(1, 1000) g"
            )
    import redis

    for database in range(4):
        with redis.Redis(port=sources.redis.port, db=database, password=sources.password["redis"]) as client:
            client.mset({f"key:{number}": f"value-{number}" for number in range(5_000)})


@contextlib.contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[int]:
    """The process id of an exporter that has a page."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | environment
    with subprocess.Popen(
        command, cwd=bench.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=kept
    ) as process:
        try:
            yield_at = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError):
                    if bench.count(port):
                        break
                if process.poll() is not None or time.monotonic() > yield_at:
                    raise SystemExit(f"{command[0]} did not start")
            yield process.pid
        finally:
            process.kill()


class Peers:
    """Commands of the three exporters on these sources."""

    def __init__(self, sources: Sources, files: Any, folder: Path) -> None:
        self.sources, self.files, self.folder = sources, files, folder
        (folder / "queries.yaml").write_text(QUERIES)

    def postgres(self, port: int, *, narrow: bool) -> tuple[list[str], dict[str, str]]:
        command = [POSTGRES, f"--web.listen-address=127.0.0.1:{port}"]
        if narrow:
            command += [
                "--disable-default-metrics",
                "--disable-settings-metrics",
                "--no-collector.database",
                "--no-collector.bgwriter",
                f"--extend.query-path={self.folder / 'queries.yaml'}",
            ]
        address = f"127.0.0.1:{self.sources.postgresql.port}/postgres?sslmode=disable"
        return command, {"DATA_SOURCE_NAME": f"postgresql://monitor:{self.sources.password['postgresql']}@{address}"}

    def redis(self, port: int) -> tuple[list[str], dict[str, str]]:
        command = [REDIS, "-redis.addr", f"redis://127.0.0.1:{self.sources.redis.port}"]
        return [*command, "-web.listen-address", f"127.0.0.1:{port}"], {
            "REDIS_PASSWORD": self.sources.password["redis"]
        }

    def ours(self, port: int) -> list[str]:
        slow = PACE * PostgresqlConfig.slow_every / PostgresqlConfig.every
        settings = cluster_settings(self.sources.postgresql.port, self.sources.redis.port, self.files)
        settings = settings.replace(f"every = {EVERY}", f"every = {PACE}").replace("port = 0", f"port = {port}")
        settings = settings.replace("[postgresql]\n", f"[postgresql]\nslow_every = {slow}\n")
        config = self.folder / "exporter.toml"
        config.write_text(settings)
        return [sys.executable, "-m", "exporters", "--config", str(config)]


def turn(pid: int, port: int, sources: Sources, scrapes: int) -> Turn:
    """One scrape every ``PACE`` seconds: caches are as cold for one as for the other, as between Prometheus's scrapes."""
    client = bench.Client(port)
    for _ in range(5):
        bench.once(client)
    own, database = bench.cpu(pid), sources.cpu()
    took = []
    due = time.perf_counter()
    for _ in range(scrapes):
        took.append(bench.once(client))
        due += PACE
        time.sleep(max(0.0, due - time.perf_counter()))
    own, database = bench.cpu(pid) - own, sources.cpu() - database
    client.close()
    many = 1000 / scrapes
    p50, p99 = bench.quantile(took, 0.5), bench.quantile(took, 0.99)
    return Turn(p50, p99, own * many, database * many, bench.count(port), bench.resident(pid))


def theirs_turn(command: list[str], environment: dict[str, str], port: int, sources: Sources, scrapes: int) -> Turn:
    with running(command, port, **environment) as pid:
        return turn(pid, port, sources, scrapes)


def ours_turn(peers: Peers, scrapes: int) -> Turn:
    port = bench.free_port()
    command = peers.ours(port)
    with running(command, port) as pid:
        while bench.count(port) < 27:  # both sources were read
            time.sleep(PACE)
        return turn(pid, port, peers.sources, scrapes)


def idle(sources: Sources, seconds: float) -> float:
    """CPU seconds a second that the servers use unwatched."""
    before = sources.cpu()
    time.sleep(seconds)
    return (sources.cpu() - before) / seconds


def compare(peers: Peers, rounds: int, scrapes: int) -> None:
    unwatched = idle(peers.sources, 5)
    print(f"servers unwatched: {1000 * unwatched:.2f} ms of CPU a second, taken away below")
    for narrow in (False, True):
        ours: list[Turn] = []
        go: list[tuple[Turn, Turn]] = []
        for _ in range(rounds):
            ports = bench.free_port(), bench.free_port()
            one = theirs_turn(*peers.postgres(ports[0], narrow=narrow), ports[0], peers.sources, scrapes)
            two = theirs_turn(*peers.redis(ports[1]), ports[1], peers.sources, scrapes)
            mine = ours_turn(peers, scrapes)
            for measured in (one, two, mine):
                measured.database = max(0.0, measured.database - unwatched * PACE * 1000)
            go.append((one, two))
            ours.append(mine)
        what = "the PostgreSQL one narrowed to our statements" if narrow else "as Debian starts them"
        lines = f"{ours[-1].series} lines of ours, {go[-1][0].series} + {go[-1][1].series} of theirs"
        print(f"\nGo exporters {what}, {rounds} rounds in turn of {scrapes} scrapes; {lines}")
        print(f"  {'':<34}{'tripgen-exporter':<26}{'the two Go exporters':<26}{'ratio':<10}aim")
        both = {
            name: [getattr(one, name) + getattr(two, name) for one, two in go]
            for name in ("p50", "p99", "own", "database", "resident")
        }
        bench.tell("scrape p50 ms", [turn.p50 for turn in ours], both["p50"], "<= 0.3 ms")
        bench.tell("scrape p99 ms", [turn.p99 for turn in ours], both["p99"])
        bench.tell("own CPU s per 1,000", [turn.own for turn in ours], both["own"], "<= 0.25")
        bench.tell("database CPU s per 1,000", [turn.database for turn in ours], both["database"], "<= 0.1")
        bench.tell("resident MiB", [turn.resident for turn in ours], both["resident"], "<= 48 MiB")


def starts(peers: Peers, rounds: int) -> None:
    """From the process's start to its first whole answer."""

    def one(command: list[str], port: int, environment: dict[str, str]) -> float:
        begun = time.perf_counter()
        with running(command, port, **environment):
            return 1e3 * (time.perf_counter() - begun)

    compiled = {"PYTHONPYCACHEPREFIX": str(peers.folder / "compiled")}  # as an image holds its modules
    took: dict[str, list[float]] = {"ours": [], POSTGRES: [], REDIS: []}
    for turn in range(rounds + 1):
        for name in took:
            port = bench.free_port()
            if name == "ours":
                command, environment = peers.ours(port), compiled
            else:
                command, environment = peers.redis(port) if name == REDIS else peers.postgres(port, narrow=False)
            found = one(command, port, environment)
            if turn:
                took[name].append(found)
    print(f"\nstart to first scrape, ms: tripgen-exporter {bench.spread(took['ours'])}, aim <= 300; ", end="")
    print(f"{POSTGRES} {bench.spread(took[POSTGRES])}; {REDIS} {bench.spread(took[REDIS])}")


def events(folder: Path, rounds: int, seconds: float = 2.0) -> None:
    """Events a second of one core: batches of 1,000 lines over one kept connection, refused ones not counted."""
    lines = "".join(
        json.dumps(event) + "\n"
        for event in (
            {"event": "trip_generated", "outcome": "stored"},
            {"event": "itinerary_finished", "seconds": 2.5},
            {"event": "rating_given", "rating": 5},
            {"event": "external_call", "api": "openai", "seconds": 0.7, "outcome": "success"},
        )
        * (BATCH // 4)
    ).encode()
    rates, cores = [], []
    for _ in range(rounds):
        port = bench.free_port()
        config = folder / "sidecar.toml"
        config.write_text(sidecar_settings(9).replace("port = 0", f"port = {port}"))
        with running([sys.executable, "-m", "exporters", "--config", str(config)], port) as pid:
            accepted, before, end = 0, bench.cpu(pid), time.perf_counter() + seconds
            head = f"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {len(lines)}\r\n\r\n".encode()
            with socket.create_connection(("127.0.0.1", port)) as connection:
                while time.perf_counter() < end:
                    connection.sendall(head + lines)
                    accepted += _accepted(connection)
            used = bench.cpu(pid) - before
            rates.append(accepted / seconds)
            cores.append(accepted / used)
    print(f"\nevents accepted: {_many(rates)} a second over one connection, {_many(cores)} a CPU second, aim >= 20,000")


def _many(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def _accepted(connection: socket.socket) -> int:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    if b" 503 " in head[:16]:  # it starts
        return 0
    found = json.loads(body)
    if found["refused"]:
        raise SystemExit(f"the exporter refuses what this measures with: {found['refused'][:1]}")
    return int(found["accepted"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scrapes", type=int, default=200)
    given = parser.parse_args()
    with contextlib.ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="tripgen-bench-")))
        events(folder, given.rounds)
        if missing := [name for name in (POSTGRES, REDIS) if shutil.which(name) is None]:
            print(f"left out: {' and '.join(missing)} not installed (Debian has them); no comparison")
            return
        database, cache, files = start_servers(undo, folder)
        words = {name: Path(file).read_text(encoding="utf-8") for name, file in files.items()}
        sources = Sources(database, cache, words)
        seed(sources)
        peers = Peers(sources, files, folder)
        compare(peers, given.rounds, given.scrapes)
        starts(peers, given.rounds)


if __name__ == "__main__":
    main()
