"""What a scrape of the exporter costs, against prometheus_client's own server in paired runs.

usage: python bench/exporter.py [--rounds 5] [--seconds 1.5]
The two serve the same families (60 % gauges, 20 % counters, 20 % histogram lines, three labels); ours changes every
value once a second as collectors do, prometheus_client encodes at each scrape. They take turns, so that a change of the
machine's speed falls on both; each figure is the median of the rounds, with the lowest and the highest, and the ratio is
the median of the rounds' ratios. Every load is bounded by time. Clients are raw sockets on loopback in this process,
which shares the machine with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # each process loads what it measures and nothing else
    from exporters.families import Families, Labels, Value
    from exporters.store import Store
    from observability.model.signal import Instrument

ROOT = Path(__file__).resolve().parents[1]
SIZES = (200, 2_000, 5_000)
CLIENTS = (1, 8)
LABELS = ("service", "name", "database")
BOUNDS = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
OURS, THEIRS = "tripgen-exporter", "prometheus_client"


def plan(series: int) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Kind, family and label sets."""
    chance = random.Random(7)  # noqa: S311
    for kind, share, lines in (("gauge", 0.6, 1), ("counter", 0.2, 1), ("histogram", 0.2, len(BOUNDS) + 3)):
        children = max(1, round(series * share / lines))
        families = max(1, min(60, children // 10))
        for number in range(families):
            sets = [(f"svc{n % 7}", f"queue-{n}", f"db{chance.randrange(5)}") for n in range(children // families)]
            yield kind, f"app_{kind}_{number}{'_total' if kind == 'counter' else ''}", sets


def made(series: int) -> Callable[[float], Families]:
    """Families as collectors give them, with values of a moment."""
    from exporters.families import Histogram
    from observability.model.signal import Instrument, InstrumentKind
    from observability.model.text import Text
    from observability.model.units import Unit

    instruments = [
        (
            Instrument(
                name=name,
                kind=InstrumentKind(kind),
                unit=Unit.COUNT,
                help=Text(ko=name, en=f"Help of {name}."),
                labels=LABELS,
                bounds=BOUNDS if kind == "histogram" else (),
            ),
            sets,
        )
        for kind, name, sets in plan(series)
    ]

    def at(moment: float) -> Families:
        found: dict[Instrument, dict[Labels, Value]] = {}
        for instrument, sets in instruments:
            if instrument.bounds:
                counts = tuple(float(n) + moment // 1 for n in range(len(BOUNDS)))
                found[instrument] = {labels: Histogram(counts, counts[-1] + 1, moment * 0.7) for labels in sets}
            else:
                found[instrument] = {labels: moment * 1.37 + n for n, labels in enumerate(sets)}
        return found

    return at


def registry(series: int) -> Any:
    import prometheus_client

    client: Any = prometheus_client
    client.disable_created_metrics()
    found = client.CollectorRegistry()
    chance = random.Random(11)  # noqa: S311
    for kind, name, sets in plan(series):
        if kind == "histogram":
            metric = client.Histogram(name, f"Help of {name}.", LABELS, buckets=BOUNDS, registry=found)
        else:
            of = client.Gauge if kind == "gauge" else client.Counter
            metric = of(name, f"Help of {name}.", LABELS, registry=found)
        for labels in sets:
            child = metric.labels(*labels)
            value = chance.random() * 1000
            child.set(value) if kind == "gauge" else child.inc(value) if kind == "counter" else child.observe(
                value / 500
            )
    return found


# --- the servers, each in a process of its own ------------------------------------------------------


def serve_ours(series: int) -> None:
    """The exporter's store, rounds and server, with one collector whose values change every second."""
    from exporters.rounds import Rounds
    from exporters.server import Server
    from exporters.store import Store

    class Changing:
        name, every, timeout = "bench", 1.0, 0.5

        def __init__(self) -> None:
            self._at = made(series)

        async def collect(self) -> Families:
            return self._at(time.monotonic())

        async def close(self) -> None: ...

    async def whole() -> None:
        # The limit of 5,000 keeps room for what is folded; here the series themselves are what is measured.
        store = Store(limit=2 * max(SIZES))
        rounds = Rounds(store)
        server = Server(store, rounds.waiting)
        loop = asyncio.get_running_loop()

        def changed() -> None:
            loop.call_later(0.02, server.warm)

        store.on_change = changed
        await server.start("127.0.0.1", 0)
        rounds.start(Changing())
        print(server.port, flush=True)
        await asyncio.Event().wait()

    asyncio.run(whole())


def serve_theirs(series: int) -> None:
    import prometheus_client

    server, thread = prometheus_client.start_http_server(0, addr="127.0.0.1", registry=registry(series))
    print(server.server_port, flush=True)
    thread.join()


@contextlib.contextmanager
def served(whose: str, series: int) -> Iterator[tuple[int, int]]:
    """The process id and the port of a server that has a whole page."""
    command = [sys.executable, __file__, "--serve", whose, "--series", str(series)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            deadline = time.monotonic() + 10
            while count(port) < 0.9 * series:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{whose} shows no page of {series} series")
            yield process.pid, port
        finally:
            process.kill()


# --- the clients ------------------------------------------------------------------------------------


class Client:
    """One scraper, which keeps its connection where the server does."""

    def __init__(self, port: int, gzip: bool = False) -> None:
        self._address = ("127.0.0.1", port)
        encoding = b"gzip" if gzip else b"identity"
        self._request = b"GET /metrics HTTP/1.1\r\nhost: x\r\naccept-encoding: " + encoding + b"\r\n\r\n"
        self.socket: socket.socket | None = None
        self.body = b""

    def begin(self) -> None:
        self.begun = time.perf_counter()
        self._parts: list[bytes] = []
        self._left: int | None = None
        self._chunked = False
        self._asked = self.socket is not None
        if self.socket is None:
            self.socket = socket.socket()
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.setblocking(False)
            self.socket.connect_ex(self._address)
        else:
            self.socket.sendall(self._request)

    @property
    def wants(self) -> int:
        return selectors.EVENT_READ if self._asked else selectors.EVENT_WRITE

    def step(self) -> bool:
        """One event; True once the answer is whole."""
        assert self.socket is not None
        if not self._asked:
            self._asked = True
            self.socket.sendall(self._request)
            return False
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return False
        self._parts.append(data)
        if len(self._parts) == 1:
            # Heads come whole in these servers' first segment; the length is wherever the server puts it.
            top, _, body = data.partition(b"\r\n\r\n")
            _, _, rest = top.lower().partition(b"content-length: ")
            self._keep = top.startswith(b"HTTP/1.1")
            self._left = int(rest.split(b"\r\n")[0]) - len(body) if rest else None
            self._chunked = b"transfer-encoding: chunked" in top.lower()
        elif self._left is not None:
            self._left -= len(data)
        whole = b"".join(self._parts[-2:]).endswith(b"0\r\n\r\n") if self._chunked else self._left == 0
        if (whole and self._keep) or not data:
            self.body = b"".join(self._parts).partition(b"\r\n\r\n")[2]
            if not data or not self._keep:
                self.close()
            return True
        return False

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def once(client: Client) -> float:
    """Milliseconds of one scrape of a client, which keeps its connection where the server does."""
    with selectors.DefaultSelector() as selector:
        client.begin()
        done = False
        while not done:
            assert client.socket is not None
            selector.register(client.socket, client.wants)
            selector.select()
            selector.unregister(client.socket)
            done = client.step()
    return 1e3 * (time.perf_counter() - client.begun)


def scrape(
    port: int, clients: int, *, seconds: float = 30.0, at_most: int = 1 << 30, gzip: bool = False
) -> list[float]:
    """Milliseconds of each scrape, from the connect or the request's first byte to the answer's last."""
    took: list[float] = []
    many = [Client(port, gzip) for _ in range(clients)]
    end = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        left = at_most - len(many)
        for client in many:
            client.begin()
            assert client.socket is not None
            selector.register(client.socket, client.wants, client)
        while selector.get_map():
            for key, _ in selector.select():
                client = key.data
                before, old = client.wants, client.socket
                done = client.step()
                if not done:
                    if client.wants != before:
                        selector.modify(old, client.wants, client)
                    continue
                took.append(1e3 * (time.perf_counter() - client.begun))
                if client.socket is None or left <= 0 or time.perf_counter() >= end:
                    selector.unregister(old)
                    if left <= 0 or time.perf_counter() >= end:
                        client.close()
                        continue
                    left -= 1
                    client.begin()
                    selector.register(client.socket, client.wants, client)
                else:
                    left -= 1
                    client.begin()
    return took


def count(port: int) -> int:
    client = Client(port)
    once(client)
    client.close()
    return sum(1 for line in client.body.splitlines() if b" " in line and not line.startswith(b"#"))


def cpu(pid: int) -> float:
    """Seconds that the threads of the process have run, to the microsecond; those of threads that ended are lost."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid: int) -> float:
    """MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


# --- what is printed --------------------------------------------------------------------------------


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"


def tell(what: str, ours: Sequence[float], theirs: Sequence[float], goal: str = "") -> None:
    ratios = [one / two for one, two in zip(ours, theirs, strict=True)]
    print(f"  {what:<34}{spread(ours):<26}{spread(theirs):<26}{f'{statistics.median(ratios):.4f}':<10}{goal}")


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def latency(rounds: int, seconds: float) -> None:
    print(f"scrapes, {rounds} rounds in turn of {seconds:g} s      {OURS:<26}{THEIRS:<26}{'ratio':<10}goal")
    for series in SIZES:
        for clients in CLIENTS:
            p50: dict[str, list[float]] = {OURS: [], THEIRS: []}
            p99: dict[str, list[float]] = {OURS: [], THEIRS: []}
            per_1000: dict[str, list[float]] = {OURS: [], THEIRS: []}
            for _ in range(rounds):
                for whose in (OURS, THEIRS):
                    with served(whose, series) as (pid, port):
                        scrape(port, clients, at_most=20)
                        before = cpu(pid)
                        took = scrape(port, clients, seconds=seconds)
                        per_1000[whose].append((cpu(pid) - before) * 1000 / len(took))
                        p50[whose].append(quantile(took, 0.5))
                        p99[whose].append(quantile(took, 0.99))
            goal = {200: "<= 1.5 ms", 2_000: "<= 3.3 ms"}.get(series, "") if clients == 8 else ""
            name = f"{series:,} series, {clients} client{'s' * (clients > 1)}"
            tell(f"{name}: p50 ms", p50[OURS], p50[THEIRS], "<= 0.3 ms" if clients == 1 and series == 200 else "")
            tell("  p99 ms", p99[OURS], p99[THEIRS], goal)
            tell("  CPU s per 1,000", per_1000[OURS], per_1000[THEIRS])


def compressed(rounds: int, seconds: float) -> None:
    plain: list[float] = []
    zipped: list[float] = []
    for _ in range(rounds):
        with served(OURS, 2_000) as (_, port):
            for gzip, into in ((False, plain), (True, zipped)):
                scrape(port, 1, at_most=20, gzip=gzip)
                into.append(quantile(scrape(port, 1, seconds=seconds, gzip=gzip), 0.5))
    print("compressed against plain, 2,000 series          gzip                      plain")
    tell("p50 ms", zipped, plain, "<= 1.1")


def encoding(rounds: int) -> None:
    """In this process: what making the page costs."""
    import prometheus_client

    from exporters.page import encode
    from exporters.store import Store

    def timed(work: Callable[[], object]) -> float:
        took: list[float] = []
        end = time.perf_counter() + 0.25
        while time.perf_counter() < end or len(took) < 3:
            begun = time.perf_counter()
            work()
            took.append(1e6 * (time.perf_counter() - begun))
        return statistics.median(took)

    print(f"encoding, us a series                     {OURS:<26}{'generate_latest':<26}{'ratio':<10}goal")
    for series in SIZES:
        at = made(series)
        moments = (at(100.5), at(101.25))
        lines = encode(moments[0]).series
        anew = partial(lambda families: encode(families).classic, moments[0])
        kept = partial(_put, Store(limit=2 * max(SIZES)), cycle(moments))
        theirs = partial(prometheus_client.generate_latest, registry(series))
        their_lines = sum(1 for line in theirs().splitlines() if not line.startswith(b"#"))
        took = [(timed(anew) / lines, timed(kept) / lines, timed(theirs) / their_lines) for _ in range(rounds)]
        tell(f"{series:,} series, labels anew", [one[0] for one in took], [one[2] for one in took], "<= 0.2")
        tell("  label text kept, with put()", [one[1] for one in took], [one[2] for one in took], "<= 0.1")


def _put(store: Store, moments: Iterator[Families]) -> bytes:
    store.put("bench", next(moments))
    return store.pages().classic


def memory() -> None:
    print("resident MiB, 2,000 series                at rest     after 10,000 scrapes")
    for whose in (OURS, THEIRS):
        with served(whose, 2_000) as (pid, port):
            rest = resident(pid)
            done = len(scrape(port, 1, at_most=10_000, seconds=40))
            print(f"  {whose:<40}{rest:<12.1f}{resident(pid):.1f} ({done:,} scrapes)")


def program(rounds: int, folder: Path) -> None:
    """The real program with no source configured: its own floor."""
    config = folder / "exporter.toml"
    ours: list[float] = []
    theirs: list[float] = []
    rest = 0.0
    # Both start from compiled modules, as an image holds them, wherever this checkout may not be written to.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    code = "import sys, prometheus_client as c; c.start_http_server(int(sys.argv[1]), addr='127.0.0.1')[1].join()"
    for turn in range(rounds + 1):
        for whose, into in ((OURS, ours), (THEIRS, theirs)):
            port = free_port()
            config.write_text(f'[exporter]\nrole = "cluster"\nhost = "127.0.0.1"\nport = {port}\n')
            command = [sys.executable, "-m", "exporters", "--config", str(config)]
            if whose == THEIRS:
                command = [sys.executable, "-c", code, str(port)]
            begun = time.perf_counter()
            with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, env=environ) as process:
                while True:
                    with contextlib.suppress(OSError):
                        if count(port):
                            break
                    if time.perf_counter() - begun > 20:
                        raise SystemExit(f"{whose} did not start")
                if turn:  # the first one compiles
                    into.append(1e3 * (time.perf_counter() - begun))
                if whose == OURS:
                    rest = resident(process.pid)
                process.kill()
    print(f"the program                               {OURS:<26}{THEIRS:<26}{'ratio':<10}goal")
    tell("start to first scrape, ms", ours, theirs, "<= 300 ms")
    print(f"  {'resident MiB at rest, no source':<34}{rest:.1f}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--serve", choices=(OURS, THEIRS), help=argparse.SUPPRESS)
    parser.add_argument("--series", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        (serve_ours if given.serve == OURS else serve_theirs)(given.series)
        return
    import prometheus_client  # noqa: F401  # said now, not after a minute, where it is missing

    with tempfile.TemporaryDirectory() as folder:
        program(given.rounds, Path(folder))
    encoding(given.rounds)
    latency(given.rounds, given.seconds)
    compressed(given.rounds, given.seconds)
    memory()


if __name__ == "__main__":
    main()
