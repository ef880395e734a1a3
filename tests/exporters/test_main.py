"""The real program in a process of its own: signals, reloading, and what it says about bad settings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from exporters import main as module
from exporters.config import Config, Secret, load
from exporters.families import Histogram
from exporters.main import Exporter, JsonLines, read
from exporters.server import Route
from observability.model.place import ROOT
from observability.signals.business import USER_RATING
from observability.signals.exporter import PUSH_SUCCESS

WITHIN = 20.0
# The program's own five seconds, on a machine that is busy with other things as well.
SOON = 10.0
EXAMPLE = ROOT / "exporters" / "exporter.example.toml"
SIDECAR = '[exporter]\nrole = "sidecar"\nservice = "trip-service"\nhost = "127.0.0.1"\nport = 0\n'
CLUSTER = '[exporter]\nrole = "cluster"\nhost = "127.0.0.1"\nport = 0\n'
RATING = b'{"event": "rating_given", "rating": 4}\n'


class Program:
    """The program, with the lines of its log as they come."""

    def __init__(self, config: Path, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "exporters", "--config", str(config)],
            stderr=subprocess.PIPE,
            env={**os.environ, **environ},
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = int(self.says("listening on").split()[4])
        except BaseException:
            self.process.kill()
            self.ends()
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._waiting.put(json.loads(line))

    def says(self, text: str) -> str:
        """Wait for a line that holds ``text``."""
        deadline = time.monotonic() + WITHIN
        while True:
            try:
                self.lines.append(self._waiting.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                pytest.fail(f"no line with '{text}' in {self.lines}")
            message: str = self.lines[-1]["msg"]
            if text in message:
                return message

    def get(self, path: str = "/metrics") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=WITHIN) as answer:
            text: bytes = answer.read()
        return text.decode()

    def shows(self, text: str) -> None:
        """Scrape until the page holds ``text``."""
        deadline = time.monotonic() + WITHIN
        while text not in (page := self.get()):
            assert time.monotonic() < deadline, page

    def post(self, body: bytes) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/events", data=body, headers={"content-type": "application/x-ndjson"}
        )
        with urllib.request.urlopen(request, timeout=WITHIN) as answer:  # noqa: S310
            return int(answer.status)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ends(self) -> tuple[int, float]:
        """Its exit code, and how long was waited for it."""
        begun = time.monotonic()
        code = self.process.wait(timeout=WITHIN)
        took = time.monotonic() - begun
        self._reader.join(WITHIN)
        while not self._waiting.empty():
            self.lines.append(self._waiting.get())
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code, took


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def start(text: str, **environ: str) -> Program:
        config = tmp_path / "exporter.toml"
        config.write_text(text)
        programs.append(Program(config, environ))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.ends()


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "exporters", *arguments],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, **environ},
        timeout=WITHIN,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_within_5_seconds(start: Callable[..., Program], number: int) -> None:
    program = start(SIDECAR)
    assert 'tripgen_exporter_build_info{version="0.1.0",role="sidecar"} 1' in program.get()
    program.signal(number)
    code, took = program.ends()
    assert code == 0
    assert took < SOON
    assert [line["msg"] for line in program.lines][-2:] == ["stopping", "stopped"]


def test_events_are_taken_and_counted(start: Callable[..., Program]) -> None:
    program = start(f"{SIDECAR}[events]\n")
    program.shows("tripgen_exporter_collector_last_success")
    assert program.post(2 * RATING) == 202
    program.shows("tripgen_user_rating_count 2\n")
    program.signal(signal.SIGTERM)
    assert program.ends()[0] == 0


def test_a_source_that_hangs_does_not_hold_the_end_up(start: Callable[..., Program], tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(WITHIN)
        port = silent.getsockname()[1]
        program = start(
            f'{CLUSTER}[redis]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
            f'[postgresql.servers.primary]\nhost = "127.0.0.1"\nport = {port}\nuser = "x"\nsslmode = "disable"\n'
        )
        connection, _ = silent.accept()
        assert 'collector_success{collector="redis"} 0' in program.get()
        program.signal(signal.SIGTERM)
        code, took = program.ends()
        connection.close()
    assert code == 0
    assert took < SOON


def test_a_log_that_nobody_reads_holds_the_end_up_no_longer_than_5_seconds(tmp_path: Path) -> None:
    config = tmp_path / "exporter.toml"
    config.write_text(SIDECAR)
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", "exporters", "--config", str(config)], stderr=writing)
    said = b""
    while b"listening on" not in said:
        said += os.read(reading, 4096)
    # An open file of its own: that of the program goes on to block.
    filling = os.open(f"/proc/self/fd/{writing}", os.O_WRONLY | os.O_NONBLOCK)
    for piece in (b"x" * 4096, b"x"):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(filling, piece)
    try:
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN) == 0
        assert time.monotonic() - begun < SOON
    finally:
        process.kill()
        process.wait(WITHIN)
        for one in (reading, writing, filling):
            os.close(one)


@pytest.mark.parametrize("text", [SIDECAR, CLUSTER])
def test_a_missing_connection_string_keeps_nothing_from_starting(
    start: Callable[..., Program], tmp_path: Path, text: str
) -> None:
    program = start(
        f'{text}[push]\nconnection_string_file = "{tmp_path}/none"\nbuffer_dir = "{tmp_path}/b"\nevery = 0.1\n'
    )
    program.shows("tripgen_exporter_push_success 0\n")
    assert program.get("/readyz") == "ok\n"
    program.signal(signal.SIGTERM)
    assert program.ends()[0] == 0
    said = [line["msg"] for line in program.lines if line["msg"].startswith("push:")]
    assert said == [
        f"push: cannot read the secret's file {tmp_path}/none: FileNotFoundError; nothing goes to Azure Monitor"
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_it_runs_ends_it_with_0(tmp_path: Path, number: int) -> None:
    config = tmp_path / "exporter.toml"
    os.mkfifo(config)
    process = subprocess.Popen([sys.executable, "-m", "exporters", "--config", str(config)], stderr=subprocess.PIPE)
    # Opening waits for the program to read its settings, which go on for as long as this is open.
    with config.open("w"):
        process.send_signal(signal.SIGHUP)
        process.send_signal(number)
        assert process.wait(timeout=WITHIN) == 0
    assert process.communicate()[1] == b""


def test_log_lines_are_json_with_level_time_and_message(start: Callable[..., Program]) -> None:
    program = start(SIDECAR)
    program.signal(signal.SIGTERM)
    program.ends()
    for line in program.lines:
        assert line.keys() == {"level", "ts", "msg"}
        assert line["ts"].endswith("Z")


def test_hangup_reloads_and_a_bad_file_is_refused_while_the_old_settings_stay(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    config = tmp_path / "exporter.toml"
    program = start(f'{SIDECAR}[actuator]\nurl = "http://127.0.0.1:1"\nevery = 0.2\n')
    program.says("'actuator': failing")
    config.write_text(f"{SIDECAR}[actuator]\nurl = 1\nevry = 2\n")
    program.signal(signal.SIGHUP)
    program.says("actuator.evry': is not known; did you mean 'every'?")
    program.says("actuator.url': is a number or a date")
    program.says("refused; the old ones stay")
    assert 'collector_success{collector="actuator"} 0' in program.get()
    config.write_text(SIDECAR)
    program.signal(signal.SIGHUP)
    program.says("changes are in force")
    assert "collector_success" not in program.get()
    program.signal(signal.SIGHUP)
    program.says("nothing has changed")
    config.write_text(SIDECAR.replace("port = 0", "port = 1"))
    program.signal(signal.SIGHUP)
    program.says("key 'exporter.port': cannot change while the exporter runs; set it back or restart the exporter")
    program.signal(signal.SIGTERM)
    assert program.ends()[0] == 0


def test_a_secret_is_in_no_line_and_on_no_page(start: Callable[..., Program]) -> None:
    secret = "hunter2" * 2
    program = start(
        f'{CLUSTER}[redis]\nhost = "localhost"\nport = 1\ntls = false\ncluster = false\nevery = 0.1\n',
        TRIPGEN_REDIS_PASSWORD=secret,
    )
    program.says("its series are gone")
    pages = "".join(program.get(path) for path in ("/metrics", "/", "/healthz", "/readyz"))
    program.signal(signal.SIGTERM)
    program.ends()
    assert secret not in pages + json.dumps(program.lines)


def test_a_port_that_is_taken_is_said_and_ends_it_with_1(start: Callable[..., Program], tmp_path: Path) -> None:
    program = start(SIDECAR)
    other = tmp_path / "other.toml"
    other.write_text(SIDECAR.replace("port = 0", f"port = {program.port}"))
    done = run("--config", str(other))
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1 port" in done.stderr


@pytest.mark.parametrize("more", [(), ("--check-config",), ("--print-config",)])
def test_bad_settings_end_it_with_2_and_every_problem(tmp_path: Path, more: tuple[str, ...]) -> None:
    config = tmp_path / "exporter.toml"
    config.write_text('[exporter]\nrole = "x"\n[rdis]\n')
    done = run("--config", str(config), *more)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{config}: key 'exporter.role': 'x' is not known; give 'sidecar' or 'cluster'",
        f"{config}: section 'rdis': is not known; did you mean 'redis'?",
    ]


def test_good_settings_are_checked_and_shown_without_secrets(tmp_path: Path) -> None:
    config = tmp_path / "exporter.toml"
    config.write_text(f'{CLUSTER}[redis]\nhost = "cache.example"\n')
    environ = {"TRIPGEN_REDIS_PASSWORD": "hunter2"}
    assert run("--config", str(config), "--check-config", **environ).stdout == f"{config}: ok\n"
    done = run("--config", str(config), "--print-config", **environ)
    assert done.returncode == 0
    assert '"password": "***"' in done.stdout
    assert json.loads(done.stdout)["redis"]["host"] == "cache.example"


def test_the_settings_to_start_from_are_good_with_the_variables_that_they_name(tmp_path: Path) -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    named = dict.fromkeys(re.findall(r"\bTRIPGEN_\w+", example), "hunter2")
    assert set(named) == {"TRIPGEN_POSTGRESQL_PASSWORD", "TRIPGEN_REDIS_PASSWORD"}
    assert run("--config", str(EXAMPLE), "--check-config", **named).stdout == f"{EXAMPLE}: ok\n"
    assert run("--config", str(EXAMPLE), "--check-config").returncode == 2, "no password stands in the file"
    # The part that is commented out, with the variable that its comment names.
    pushing = tmp_path / "exporter.toml"
    pushing.write_text(example.replace("# [push]", "[push]").replace("# buffer_dir", "buffer_dir"))
    key = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
    done = run("--config", str(pushing), "--print-config", **named, APPLICATIONINSIGHTS_CONNECTION_STRING=key)
    assert json.loads(done.stdout)["push"]["connection_string"] == "***"


def test_what_is_not_configured_is_not_loaded(tmp_path: Path) -> None:
    code = (
        "import sys, exporters.main\n"
        "heavy = ('psycopg', 'redis', 'azure', 'opentelemetry', 'orjson', 'prometheus_client', 'exporters.collectors.redis')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=WITHIN)
    assert done.stdout == "[]\n"


# --- in this process --------------------------------------------------------------------------------


def play(path: Path, scene: Callable[[Exporter], Any], poll: float = 60.0) -> None:
    async def whole() -> None:
        config, seen = read(path, {})
        exporter = Exporter(path, config, {}, seen=seen, poll=poll)
        running = asyncio.create_task(exporter.run())
        async with asyncio.timeout(WITHIN):
            while exporter.waiting() == ["starting"]:
                await asyncio.sleep(0)
            await scene(exporter)
            exporter.stop()
            await running

    asyncio.run(whole())


def test_a_changed_file_is_noticed_without_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(SIDECAR)

    async def scene(exporter: Exporter) -> None:
        other = tmp_path / "other"
        other.write_text(f"{SIDECAR}[actuator]\n")
        # As a ConfigMap is changed: another file under the same name.
        other.rename(path)
        while exporter.config.actuator is None:
            await asyncio.sleep(0)

    play(path, scene, poll=0.01)


def test_a_change_between_the_reading_of_the_file_and_the_start_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(SIDECAR)

    def load_just_before_the_change(path: Path, environ: Mapping[str, str]) -> Config:
        config = load(path, environ)
        path.write_text(f"{SIDECAR}[actuator]\n")
        monkeypatch.setattr(module, "load", load)
        return config

    async def scene(exporter: Exporter) -> None:
        while exporter.config.actuator is None:
            await asyncio.sleep(0)

    monkeypatch.setattr(module, "load", load_just_before_the_change)
    play(path, scene, poll=0.01)


def test_only_a_collector_whose_settings_changed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    server = '[postgresql.servers.{}]\nhost = "127.0.0.1"\nport = 1\nuser = "{}"\nsslmode = "disable"\n'
    path.write_text(CLUSTER + server.format("primary", "a") + server.format("replica_1", "a"))

    async def scene(exporter: Exporter) -> None:
        before = {name: runner.collector for name, runner in exporter.rounds._runners.items()}
        path.write_text(CLUSTER + server.format("primary", "a") + server.format("replica_1", "b"))
        assert await exporter.take(path, {})
        after = {name: runner.collector for name, runner in exporter.rounds._runners.items()}
        assert before["postgresql_primary"] is after["postgresql_primary"]
        assert before["postgresql_replica_1"] is not after["postgresql_replica_1"]

    play(path, scene)


def test_a_push_that_is_no_longer_configured_leaves_the_page(tmp_path: Path) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(f'{CLUSTER}[push]\nconnection_string_file = "{tmp_path}/none"\nbuffer_dir = "{tmp_path}/b"\n')

    async def scene(exporter: Exporter) -> None:
        while (found := exporter.store.families().get(PUSH_SUCCESS)) is None:
            await asyncio.sleep(0)
        assert found == {(): 0.0}
        path.write_text(CLUSTER)
        assert await exporter.take(path, {})
        for _ in range(100):  # whatever the old push still has to do, it does now
            await asyncio.sleep(0)
        assert PUSH_SUCCESS not in exporter.store.families()

    play(path, scene)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f'{CLUSTER}[redis]\nhost = "localhost"\nport = 1\ntls = false\ncluster = false\n', "redis"),
        (f'{SIDECAR}[actuator]\nurl = "http://127.0.0.1:1"\n', "actuator"),
    ],
)
def test_what_a_collector_has_added_up_goes_on_in_the_one_that_replaces_it(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(text)

    async def scene(exporter: Exporter) -> None:
        old: Any = exporter._collectors[key]
        path.write_text(f"{text}every = 20\n")
        assert await exporter.take(path, {})
        new: Any = exporter._collectors[key]
        assert new is not old
        assert new.differences is old.differences

    play(path, scene)


def test_a_driver_that_is_not_installed_is_a_problem_and_the_old_settings_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(CLUSTER)

    async def scene(exporter: Exporter) -> None:
        monkeypatch.setitem(sys.modules, "exporters.collectors.redis", None)
        path.write_text(f'{CLUSTER}[redis]\nhost = "localhost"\n')
        assert not await exporter.take(path, {})
        assert exporter.config.redis is None

    play(path, scene)
    assert "section 'redis': cannot load 'exporters.collectors.redis'; install" in caplog.text


def test_events_that_were_taken_are_counted_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(f"{SIDECAR}[events]\n")
    counted: list[float] = []

    async def scene(exporter: Exporter) -> None:
        route = exporter.server.routes["POST", "/v1/events"]
        assert isinstance(route, Route)
        for _ in range(3):
            assert (await route.handler({}, 1000 * RATING)).status == 202
        # The store outlives the run, but its series do not: the last page of the events is looked at as it is put.
        put = exporter.store.put

        def noted(source: str, families: Any) -> None:
            put(source, families)
            found = exporter.store.families().get(USER_RATING, {}).get(())
            counted.append(found.count if isinstance(found, Histogram) else 0)

        monkeypatch.setattr(exporter.store, "put", noted)

    play(path, scene)
    assert max(counted) == 3000


def test_an_event_that_comes_while_it_starts_waits_and_is_not_told_to_go_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exporter.toml"
    path.write_text(f"{SIDECAR}[events]\n")
    go_on = threading.Event()
    building, build = threading.Event(), Exporter._build

    def held_up(*given: Any) -> Any:
        building.set()
        go_on.wait(WITHIN)
        return build(*given)

    monkeypatch.setattr(Exporter, "_build", held_up)

    def posted(port: int) -> tuple[int, str | None]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/events", data=RATING, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=WITHIN) as answer:  # noqa: S310 - loopback
                return answer.status, None
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Retry-After"]

    async def whole() -> tuple[tuple[int, str | None], tuple[int, str | None]]:
        config, seen = read(path, {})
        exporter = Exporter(path, config, {}, seen=seen, poll=60.0)
        running = asyncio.create_task(exporter.run())
        async with asyncio.timeout(WITHIN):
            await asyncio.to_thread(building.wait, WITHIN)
            early = await asyncio.to_thread(posted, exporter.server.port)
            go_on.set()
            while exporter.waiting() == ["starting"]:
                await asyncio.sleep(0)
            late = await asyncio.to_thread(posted, exporter.server.port)
            exporter.stop()
            await running
        return early, late

    assert asyncio.run(whole()) == ((503, "1"), (202, None))


def test_a_line_of_the_log_shows_neither_a_secret_nor_a_traceback(tmp_path: Path) -> None:
    import logging

    lines = JsonLines()
    lines.secrets = tuple(module._secrets((Secret("hunter2"), Secret("ab"))))
    try:
        raise RuntimeError("hunter2")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "no %s: ab", ("hunter2",), sys.exc_info())
    record.created = 0.0
    record.msecs = 7
    assert json.loads(lines.format(record)) == {
        "level": "error", "ts": "1970-01-01T00:00:00.007Z", "msg": "no ***: ab (RuntimeError)",
    }  # fmt: skip
