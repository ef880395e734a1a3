"""Real servers on loopback for the exporter's tests: each is a process of its own that can be killed and paused."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exporters import demo_servers
from exporters.demo_servers import (
    DEADLINE,
    CannotStart,
    PostgresqlProcess,
    RedisProcess,
    make_postgresql,
    postgresql_binaries,
    postgresql_directory,
    redis_binary,
    run_postgresql,
    start_postgresql,
    unprivileged,
    wait_until,
)

MONITOR_PASSWORD = "correct horse battery"  # noqa: S105 - of a server that lives as long as the test


# --- waiting ----------------------------------------------------------------------------------------


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


def _needs(*what: Callable[[], object]) -> None:
    try:
        for one in what:
            one()
    except CannotStart as reason:
        pytest.skip(str(reason))


# --- PostgreSQL -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlProcess]:
    """A primary of 20 connections, 15 of them for clients. ``monitor`` signs in with a password and is pg_monitor;
    ``stranger`` signs in without and may see nothing."""
    _needs(postgresql_binaries, unprivileged)
    with postgresql_directory() as directory:
        make_postgresql(directory)
        hba = "host all monitor 127.0.0.1/32 scram-sha-256\nhost all,replication all 127.0.0.1/32 trust\n"
        (directory / "data" / "pg_hba.conf").write_text(hba, encoding="utf-8")
        server = start_postgresql(directory, {"wal_sender_timeout": "2s"})
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
    with postgresql_directory() as directory:
        backup = ["-D", str(directory / "data"), "-R", "-c", "fast", "-X", "stream", "--no-sync"]
        backup += ["-h", "127.0.0.1", "-p", str(postgresql_server.port), "-U", "postgres"]
        run_postgresql("pg_basebackup", *backup, directory=directory)
        extra = {"wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms"}
        server = start_postgresql(directory, extra)
        try:
            wait_until(lambda: server.sql("select count(*) from pg_stat_wal_receiver"))
            yield server
        finally:
            server.end()


# --- Redis ------------------------------------------------------------------------------------------


StartRedis = Callable[..., RedisProcess]


@pytest.fixture(scope="session")
def start_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRedis]:
    """``start_redis(maxmemory="2mb")``: a server of its own, with the given settings."""
    _needs(redis_binary)
    started: list[RedisProcess] = []

    def start(port: int | None = None, **settings: str) -> RedisProcess:
        started.append(demo_servers.start_redis(tmp_path_factory.mktemp("redis"), settings, port=port))
        return started[-1]

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
