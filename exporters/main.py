"""The program: settings, collectors, server and signals put together."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporters.config import Config, Secret, load, shown
from exporters.families import Collector, Families
from exporters.rounds import Rounds
from exporters.server import Answer, Route, Server
from exporters.store import Store
from observability import __version__
from observability.model.errors import DefinitionError, Problem, SourceUnavailable
from observability.model.exporter import EVENTS_PATH
from observability.signals.exporter import BUILD_INFO

if TYPE_CHECKING:  # each is loaded only where it is configured
    from exporters.events import Events
    from exporters.push import Push

_LOG = logging.getLogger(__name__)

PROGRAM = "tripgen-exporter"
# Kubernetes updates a ConfigMap's files within a minute or so; looking is one stat().
POLL = 5.0
# Of the 5 s from SIGTERM to the end: the last push may take the first, which a request without an answer and a write
# to disk fit into, after the second that the server's last answers may take; past the other nothing is waited for.
_PUSH_WITHIN = 3.0
_STOP_WITHIN = 4.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# What a running process cannot change: the page's address and the state that counters are kept in.
_FIXED = ("role", "service", "host", "port", "series_limit", "events")

# The source of what the push tells about itself.
_PUSH = "push"

Environ = Mapping[str, str]
FileState = tuple[int, int, int]


@dataclass(frozen=True)
class _Part:
    """A collector to be: the same ``spec`` is the same collector."""

    spec: object
    build: Callable[[], Collector]


async def _not_yet(_headers: Mapping[str, str], _body: bytes) -> Answer:
    """What a sender of events is told while the program starts."""
    return Answer(503, b"starting\n", {"retry-after": "1"})


class CannotListen(Exception):
    """The port is taken, or the address is not this machine's."""


class Exporter:
    """The running exporter. ``run`` ends with a clean stop after ``stop`` was called.

    ``config`` and ``seen`` are what ``read`` gave for ``path``.
    """

    def __init__(
        self, path: Path, config: Config, environ: Environ, *, seen: FileState | None, poll: float = POLL
    ) -> None:
        self.config = config
        self.store = Store(config.series_limit)
        self.rounds = Rounds(self.store)
        self.server = Server(self.store, self.waiting)
        self._path = path
        self._environ = environ
        self._poll = poll
        self._starting = True
        self._parts: dict[str, _Part] = {}
        self._names: dict[str, str] = {}
        self._collectors: dict[str, Collector] = {}
        self._events: Events | None = None
        self._push: Push | None = None
        self._warming = False
        self._ended = asyncio.Event()
        self._reload = asyncio.Event()
        self._file = seen

    def waiting(self) -> list[str]:
        """Why it is not ready."""
        if self._starting:
            return ["starting"]
        return [f"collector '{name}' has not finished a round" for name in self.rounds.waiting()]

    def stop(self) -> None:
        self._ended.set()

    def reload(self) -> None:
        self._reload.set()

    async def run(self) -> None:
        """Raises CannotListen, DefinitionError where a collector cannot be built, SourceUnavailable."""
        loop = asyncio.get_running_loop()
        # First of all sources, so that it has its place on the page.
        self.store.put("build", {BUILD_INFO: {(__version__, self.config.role): 1.0}})
        self.store.on_change = lambda: self._warm_soon(loop)
        if self.config.events is not None:
            # The page is there before what counts events is loaded, and a 404 would make a sender drop them.
            self.server.routes = {("POST", EVENTS_PATH): _not_yet}
        try:
            await self.server.start(self.config.host, self.config.port)
        except OSError as error:
            where = f"{self.config.host} port {self.config.port}"
            raise CannotListen(f"cannot listen on {where}: {error.strerror or type(error).__name__}") from error
        _LOG.info("listening on %s port %d as %s", self.config.host, self.server.port, self.config.role)
        watching: list[asyncio.Task[None]] = []
        try:
            await self._apply(self.config)
            self._starting = False
            # Not before: a reload in the middle of the start would build everything twice.
            watching += [asyncio.create_task(self._watch()), asyncio.create_task(self._reload_often())]
            # What was loaded stays loaded: the collector of cycles need not look through it again.
            gc.collect()
            gc.freeze()
            await self._ended.wait()
        finally:
            for task in watching:
                task.cancel()
            await self._stop()

    async def _stop(self) -> None:
        """Take no more events, count those that were taken, push what is known, and give everything back."""
        _LOG.info("stopping")
        self.server.stopping = True
        if self._events is not None:
            self._events.stop()
        await self.server.stop()
        if self._events is not None:
            self.store.put(self._events.name, self._events.drain())
        if self._push is not None:
            # In a thread: the push reads the store through this loop.
            await asyncio.to_thread(self._push.close, _PUSH_WITHIN)
        await self.rounds.stop()
        _LOG.info("stopped")

    # --- settings -------------------------------------------------------------------------------------

    async def _apply(self, config: Config) -> None:
        """Run what ``config`` says and no longer what it does not; nothing is stopped if something cannot be built."""
        parts = dict(_parts(config))
        changed = {key: part for key, part in parts.items() if self._spec(key) != part.spec}
        # Loading a driver takes a tenth of a second or more; in a thread it holds no scrape up.
        built = await asyncio.to_thread(self._build, changed)
        push = self._push_of(config) if self._push is None or config.push != self.config.push else self._push
        gone = [key for key in self._parts if key not in parts or key in built]
        await self.rounds.stop([self._names.pop(key) for key in gone])
        for key in self._collectors.keys() - parts.keys():
            del self._collectors[key]
        self._parts = parts
        if config.events is not None and self._events is None:
            from exporters.events import Events

            self._events = Events(config.events.queue_limit)
            self.server.routes = {("POST", EVENTS_PATH): Route(self._events.handle, self._events.too_large)}
            self.rounds.start(self._events)
        for key, collector in built.items():
            if (old := self._collectors.get(key)) is not None:
                _hand_over(old, collector)
            self._names[key] = collector.name
            self._collectors[key] = collector
            self.rounds.start(collector)
        if push is not self._push:
            if self._push is not None:
                await asyncio.to_thread(self._push.close, _PUSH_WITHIN)
                self.store.drop(_PUSH)
            self._push = push
            if push is not None:
                push.start()
        self.config = config

    def _spec(self, key: str) -> object:
        return self._parts[key].spec if key in self._parts else None

    def _build(self, parts: Mapping[str, _Part]) -> dict[str, Collector]:
        built, problems = {}, []
        for key, part in parts.items():
            try:
                built[key] = part.build()
            except ImportError as error:
                wrong = f"cannot load '{error.name}'"
                problems.append(Problem(str(self._path), "section", key, wrong, f"install '{PROGRAM}' with its extras"))
        if problems:
            raise DefinitionError(problems)
        return built

    def _push_of(self, config: Config) -> Push | None:
        if config.push is None:
            return None
        from exporters.push import Push

        loop = asyncio.get_running_loop()

        async def read() -> Families:
            return self.store.families()

        def show(families: Families) -> None:
            # What an old push says while it ends is not the new one's state.
            if self._push is push:
                self.store.put(_PUSH, families)

        def tell(families: Families) -> None:
            loop.call_soon_threadsafe(show, families)

        push = Push(
            lambda: asyncio.run_coroutine_threadsafe(read(), loop).result(_PUSH_WITHIN),
            connection_string=config.push.connection_string.reveal,
            service=config.service or PROGRAM,
            every=config.push.every,
            buffer_dir=config.push.buffer_dir,
            buffer_bytes=config.push.buffer_bytes,
            show=tell,
        )
        return push

    async def _watch(self) -> None:
        """Reload when the file has changed, through a link too, as a ConfigMap's files are."""
        while True:
            await asyncio.sleep(self._poll)
            if (now := _state(self._path)) != self._file:
                self._file = now
                self._reload.set()

    async def _reload_often(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            await self.take(self._path, self._environ)

    async def take(self, path: Path, environ: Environ) -> bool:
        """Take the settings of ``path``, or log why not and stay as it is."""
        try:
            config = load(path, environ)
            _refuse_fixed(path, self.config, config)
            same = config == self.config
            if not same:
                await self._apply(config)
        except (DefinitionError, SourceUnavailable) as error:
            reasons = error.problems if isinstance(error, DefinitionError) else (error,)
            for reason in reasons:
                _LOG.error("%s", reason)
            _LOG.error("the settings of %s are refused; the old ones stay", path)
            return False
        except Exception as error:
            _LOG.error("the settings of %s cannot be applied: %s", path, type(error).__name__)
            return False
        hide(config)
        _LOG.info("settings read again: %s", "nothing has changed" if same else "changes are in force")
        return True

    def _warm_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Encode once for all sources that change within a moment."""
        if not self._warming:
            self._warming = True
            loop.call_later(0.02, self._warm)

    def _warm(self) -> None:
        self._warming = False
        self.server.warm()


def _parts(config: Config) -> Iterator[tuple[str, _Part]]:
    """The collectors of ``config``. Each module is loaded when its collector is built, and not before."""
    postgresql, redis, service_bus, actuator = config.postgresql, config.redis, config.service_bus, config.actuator
    if postgresql is not None:
        clocks = {"every": postgresql.every, "slow_every": postgresql.slow_every, "timeout": postgresql.timeout}
        for server in postgresql.servers:

            def build_postgresql(server: Any = server) -> Collector:
                from exporters.collectors.postgresql import Postgresql

                return Postgresql.of(server, **clocks)

            yield f"postgresql.servers.{server.role}", _Part((server, tuple(clocks.items())), build_postgresql)
    if redis is not None:

        def build_redis() -> Collector:
            from exporters.collectors.redis import Redis

            return Redis.of(redis)

        yield "redis", _Part(redis, build_redis)
    if service_bus is not None:

        def build_service_bus() -> Collector:
            from exporters.collectors.service_bus import ServiceBus

            return ServiceBus.of(service_bus)

        yield "service_bus", _Part(service_bus, build_service_bus)
    if actuator is not None:

        def build_actuator() -> Collector:
            from exporters.collectors.actuator import Actuator

            return Actuator.of(actuator)

        yield "actuator", _Part(actuator, build_actuator)


def _hand_over(old: Collector, new: Collector) -> None:
    """What a collector of the same source has added up so far goes on in the next one; most add nothing up."""
    differences = getattr(old, "differences", None)
    if differences is not None and hasattr(new, "differences"):
        new.differences = differences


def _refuse_fixed(path: Path, old: Config, new: Config) -> None:
    problems = [
        Problem(
            str(path),
            "section" if name == "events" else "key",
            name if name == "events" else f"exporter.{name}",
            "cannot change while the exporter runs",
            "set it back or restart the exporter",
        )
        for name in _FIXED
        if getattr(old, name) != getattr(new, name)
    ]
    if problems:
        raise DefinitionError(problems)


def read(path: Path, environ: Environ) -> tuple[Config, FileState | None]:
    """The settings, and the state that their file had before: a change right after they were read is still noticed.

    Raises DefinitionError, SourceUnavailable.
    """
    seen = _state(path)
    return load(path, environ), seen


def _state(path: Path) -> FileState | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


# --- log --------------------------------------------------------------------------------------------


class JsonLines(logging.Formatter):
    """One JSON object a line. Tracebacks are left out: they show the arguments of drivers."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: tuple[Secret, ...] = ()

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text} ({record.exc_info[0].__name__})"
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {"level": record.levelname.lower(), "ts": f"{at}.{int(record.msecs):03}Z", "msg": self._hidden(text)}
        return json.dumps(line, ensure_ascii=False)

    def _hidden(self, text: str) -> str:
        """``text`` with every configured secret struck out, whoever wrote it there."""
        for secret in self.secrets:
            try:
                value = secret.reveal()
            except SourceUnavailable:
                continue
            # A secret of a character or two would strike out half of every line and hide nothing.
            if len(value) >= 4:
                text = text.replace(value, "***")
        return text


_LINES = JsonLines()


def _log_lines() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LINES)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("exporters").setLevel(logging.INFO)
    logging.captureWarnings(True)


def hide(value: object) -> None:
    """Strike the secrets of ``value`` out of every line of the log from now on; those of before stay struck out."""
    found = tuple(_secrets(value))
    _LINES.secrets = (*found, *(one for one in _LINES.secrets if one not in found))


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _secrets(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _secrets(one)


# --- command ----------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after a clean stop, 1 where it cannot run, 2 for settings that people can mend."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Measures the metrics of the running system.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings, TOML")
    parser.add_argument("--check-config", action="store_true", help="say what is wrong with the settings, and end")
    parser.add_argument("--print-config", action="store_true", help="show all settings without secrets, and end")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    given = parser.parse_args(arguments)
    path = given.config.absolute()
    if not (given.print_config or given.check_config):
        _end_at_once()
    try:
        config, seen = read(path, os.environ)
        if given.print_config:
            print(json.dumps(shown(config), indent=2, ensure_ascii=False))
        elif given.check_config:
            print(f"{path}: ok")
        if given.print_config or given.check_config:
            return 0
        _log_lines()
        hide(config)
        asyncio.run(_run(path, config, seen))
    except DefinitionError as error:
        print(error, file=sys.stderr)
        return 2
    except (CannotListen, SourceUnavailable) as error:
        _LOG.error("%s", error)
        return 1
    _end(0)
    return 0


async def _run(path: Path, config: Config, seen: FileState | None) -> None:
    exporter = Exporter(path, config, os.environ, seen=seen)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unexpected)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=_take_signals, args=(exporter, loop), name="signals", daemon=True).start()
    await exporter.run()


def _end_at_once() -> None:
    """Until the exporter runs there is nothing to be finished, so a signal ends it. Without a handler SIGTERM would
    not: for the first process of a container the kernel ignores it. A hangup asks for settings that are read now."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(0))
    # Not SIG_IGN: an ignored signal need not be kept for the thread that waits for it later.
    signal.signal(signal.SIGHUP, lambda *_: None)


def _take_signals(exporter: Exporter, loop: asyncio.AbstractEventLoop) -> None:
    """Reload and stop; and end even if something holds the stop up.

    In a thread of its own: a handler in the main thread does not run while that thread waits for something, such as a
    log that nobody reads any more. For the same reason the end here says nothing and takes no lock."""
    # A loop that is closed belongs to an exporter that is ending already.
    with contextlib.suppress(RuntimeError):
        while signal.sigwait(_SIGNALS) == signal.SIGHUP:
            loop.call_soon_threadsafe(exporter.reload)
        loop.call_soon_threadsafe(exporter.stop)
    time.sleep(_STOP_WITHIN)
    os._exit(0)


def _end(code: int) -> None:
    """End now. Threads of drivers may be waiting for a network, and the interpreter would wait for them."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


def _unexpected(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    _LOG.error("%s: %s", context.get("message", "unexpected"), type(error).__name__ if error else "no exception")
