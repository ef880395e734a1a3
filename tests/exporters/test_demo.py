"""The demo as it is started by hand, and what it leaves behind: nothing."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from exporters import demo
from exporters.collectors.actuator import samples
from exporters.demo_servers import CannotStart, Process, postgresql_binaries, redis_binary, unprivileged, wait_until
from observability.model.signal import Instrument, InstrumentKind
from observability.signals import ai, business, exporter, postgresql, redis, services

WITHIN = 30.0
LIVE = re.compile(
    rb"connections \d+ of 15 \| cache hits \d+ % \| trips \d+, stored \d+ % \| rating \d\.\d \| itinerary \d+\.\d s"
)
OWN = {
    exporter.BUILD_INFO, exporter.COLLECTOR_SUCCESS, exporter.COLLECTOR_DURATION, exporter.COLLECTOR_LAST_SUCCESS,
    exporter.SERIES, exporter.SERIES_FOLDED,
}  # fmt: skip
# There is no replica and no Service Bus here, so their instruments are absent.
CLUSTER = OWN | {
    postgresql.CONNECTIONS, postgresql.CONNECTIONS_MAX, postgresql.LONGEST_TRANSACTION, postgresql.DATABASE_SIZE,
    redis.HITS, redis.MISSES, redis.EVICTED_KEYS, redis.MEMORY_USED, redis.MEMORY_MAX, redis.CONNECTED_CLIENTS,
    redis.CONNECTED_REPLICAS, redis.LAST_SAVE,
}  # fmt: skip
SIDECAR = OWN | {
    exporter.EVENTS_ACCEPTED, exporter.EVENTS_REFUSED, exporter.QUEUE_LENGTH,
    ai.AI_RESPONSE, ai.EXTERNAL_CALL, business.TRIP_GENERATIONS, business.USER_RATING, business.LOCATION_SEARCHES,
    postgresql.POOL_CONNECTIONS, postgresql.POOL_CONNECTIONS_MAX,
    services.HTTP_REQUESTS, services.HTTP_SECONDS, services.ACTIVE_CONNECTIONS, services.SERVICE_UP,
}  # fmt: skip


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo puts its temporary folders. Every user may enter it, as is so with the system's own."""
    try:
        postgresql_binaries(), redis_binary(), unprivileged()
    except CannotStart as reason:
        pytest.skip(str(reason))
    path = Path(tempfile.mkdtemp(prefix="demo-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Demo:
    """A running demo, with what it has printed."""

    def __init__(self, folder: Path, *arguments: str, output: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "exporters.demo", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(folder), "TRIPGEN_REDIS_PASSWORD": "of another server"},
        )
        self._folder = folder
        self._family: set[psutil.Process] = set()

    def look(self) -> None:
        """Remember who belongs to it now."""
        self._family.update(psutil.Process(self.process.pid).children(recursive=True))

    def ends(self) -> int:
        return self.process.wait(WITHIN)

    def left_behind(self) -> list[str]:
        _, alive = psutil.wait_procs(self._family, timeout=0)
        return [*map(str, alive), *(path.name for path in self._folder.iterdir())]


@contextmanager
def running(folder: Path, *arguments: str, output: int) -> Iterator[Demo]:
    started = Demo(folder, *arguments, output=output)
    # Whoever reads its output waits no longer than this.
    deadline = threading.Timer(2 * WITHIN, started.process.kill)
    deadline.start()
    try:
        yield started
    finally:
        deadline.cancel()
        if started.process.poll() is None:
            started.process.terminate()
            started.ends()


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=WITHIN) as answer:  # noqa: S310
        text: bytes = answer.read()
    return text.decode()


def on(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


def total(text: str, instrument: Instrument, part: str = "", **labels: str) -> float:
    name = instrument.name + part
    found = [one for one in samples(text, (name,)) if labels.items() <= one.labels.items()]
    assert found, f"{name} {labels} is not on the page"
    return sum(one.value for one in found)


def moved(text: str, *instruments: Instrument) -> bool:
    """Whether these have counted something."""
    parts = ["_count" if one.kind is InstrumentKind.HISTOGRAM else "" for one in instruments]
    names = [one.name + part for one, part in zip(instruments, parts, strict=True)]
    return all(sum(one.value for one in samples(text, (name,))) > 0 for name in names)


def fetched(url: str, enough: Callable[[str], bool]) -> str:
    """The first page that is enough."""

    def look() -> str:
        text = page(url)
        return text if enough(text) else ""

    return wait_until(look, WITHIN)


def test_both_pages_fill_with_sensible_values_and_ctrl_c_leaves_nothing_behind(folder: Path) -> None:
    with running(folder, output=subprocess.PIPE) as started:
        assert started.process.stdout is not None
        with started.process.stdout as output:
            lines = [output.readline().decode()]
            while "Ctrl-C" not in lines[-1] and lines[-1]:
                lines.append(output.readline().decode())
            said = "".join(lines)
            urls = re.findall(r"http://127\.0\.0\.1:\d+/\S*", said)
            assert [url.rpartition("/")[2] for url in urls] == [*2 * ["metrics", "", "readyz"], "events"], said
            started.look()
            assert [page(url) for url in urls if url.endswith("readyz")] == ["ok\n", "ok\n"]
            assert "<h1>tripgen exporter</h1>" in page(urls[1])

            cluster = fetched(urls[0], lambda text: moved(text, redis.HITS, redis.MISSES, postgresql.CONNECTIONS))
            counted = (
                *(ai.AI_RESPONSE, ai.EXTERNAL_CALL, services.HTTP_REQUESTS),
                *(business.TRIP_GENERATIONS, business.USER_RATING, business.LOCATION_SEARCHES),
            )
            sidecar = fetched(urls[3], lambda text: moved(text, *counted))

            started.process.send_signal(signal.SIGINT)
            assert started.ends() == 0
            assert output.read().decode() == "removing everything\n"
    assert started.left_behind() == []

    assert on(cluster) == {one.name for one in CLUSTER}
    assert 1 <= total(cluster, postgresql.CONNECTIONS) <= 1 + demo.SESSIONS
    assert total(cluster, postgresql.CONNECTIONS_MAX) == 15
    assert total(cluster, postgresql.DATABASE_SIZE) > 2**20
    assert 0 <= total(cluster, postgresql.LONGEST_TRANSACTION) < WITHIN
    assert 0 < total(cluster, redis.MEMORY_USED) < total(cluster, redis.MEMORY_MAX) == 64 * 2**20
    assert abs(total(cluster, redis.LAST_SAVE) - time.time()) < 2 * WITHIN
    assert total(cluster, exporter.COLLECTOR_SUCCESS) == 2

    assert on(sidecar) == {one.name for one in SIDECAR}
    assert 0 < total(sidecar, ai.AI_RESPONSE, "_sum") / total(sidecar, ai.AI_RESPONSE, "_count") < 30
    assert 1 <= total(sidecar, business.USER_RATING, "_sum") / total(sidecar, business.USER_RATING, "_count") <= 5
    assert total(sidecar, business.TRIP_GENERATIONS, outcome="stored") >= 1
    assert total(sidecar, services.SERVICE_UP, service="trip-service") == 1
    assert total(sidecar, postgresql.POOL_CONNECTIONS) == total(sidecar, postgresql.POOL_CONNECTIONS_MAX) == demo.POOL
    assert total(sidecar, exporter.EVENTS_REFUSED) == 0
    assert total(sidecar, exporter.COLLECTOR_SUCCESS) == 2


def test_on_a_terminal_it_prints_values_and_ends_after_its_seconds(folder: Path) -> None:
    master, terminal = pty.openpty()
    with running(folder, "--seconds", str(demo.LIVE + 0.5), output=terminal) as started:
        os.close(terminal)
        said = b""
        while not LIVE.search(said):
            said += os.read(master, 4096)
        started.look()
        assert started.ends() == 0
    os.close(master)
    assert started.left_behind() == []


def test_a_server_that_dies_ends_the_demo_with_the_reason(folder: Path) -> None:
    with running(folder, output=subprocess.PIPE) as started:
        assert started.process.stdout is not None
        with started.process.stdout as output:
            while b"Ctrl-C" not in (line := output.readline()) and line:
                pass
            started.look()
            (valkey,) = (one for one in started._family if "valkey" in one.name())
            valkey.kill()
            assert started.ends() == 1
            said = output.read().decode()
    assert "removing everything" in said
    assert re.search(r"^demo: (Redis|the traffic) has ended: ", said, re.MULTILINE), said
    assert "never retrieved" not in said
    assert started.left_behind() == []


def test_packages_that_are_missing_are_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "PACKAGES", ("json", "valkey_light", "pgserver_light"))
    assert demo.main([]) == 1
    said: Any = capsys.readouterr()
    assert said.err == "demo: 'valkey_light', 'pgserver_light' cannot be found; run 'make setup'\n"


def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    class NeverReady(Process):
        def ready(self) -> bool:
            return False

    process = NeverReady([sys.executable, "-c", "raise SystemExit('no room')"], 0, tmp_path)
    with pytest.raises(CannotStart, match="no room"):
        process.start()
