"""Redis: the primaries of a cluster's shards, or one server, each read over a kept connection."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from exporters.counters import Differences
from exporters.credentials import Token, entra_token, struck_out
from exporters.families import Families, Labels, Partial, Value
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals import redis as signals

if TYPE_CHECKING:
    from redis.asyncio.connection import Connection

    from exporters.config import RedisConfig

Address = tuple[str, int]

CLIENT_NAME = "tripgen-exporter"
_SCOPE = "https://redis.azure.com/.default"
# Of the round's time, what one node may take: asking two for the slots and then all for their state fits in.
_STEP = 0.3

_SLOTS = ("CLUSTER", "SLOTS")
_INFO = ("INFO",)
_WANTED = {
    name: f"\n{name}:".encode()
    for name in (
        "role",
        "run_id",
        "uptime_in_seconds",
        "keyspace_hits",
        "keyspace_misses",
        "evicted_keys",
        "used_memory",
        "maxmemory",
        "connected_clients",
        "connected_slaves",
        "rdb_last_save_time",
    )
}


@dataclass(frozen=True, slots=True)
class Shard:
    """What a shard's primary says. ``memory_max`` is None where no limit is set.

    ``run_id`` names the process: another one after a restart and after a failover, with counters of its own.
    ``uptime`` is its age in seconds.
    """

    run_id: str
    uptime: float
    hits: float
    misses: float
    evicted: float
    memory_used: float
    memory_max: float | None
    clients: float
    replicas: float
    last_save: float


@dataclass(frozen=True, slots=True)
class Facts:
    """The shards that answered, by number in the order of their slots, of all ``count`` there are; and why others
    did not."""

    count: int
    shards: Mapping[int, Shard]
    failed: Mapping[int, str] = field(default_factory=dict)


class Reader(Protocol):
    async def read(self) -> Facts:
        """Raises SourceUnavailable when no shard answers."""

    async def close(self) -> None: ...


class FakeReader:
    """Says what it is told to; an exception in place of facts is raised."""

    def __init__(self, facts: Facts | Exception) -> None:
        self.facts = facts
        self.closed = False

    async def read(self) -> Facts:
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts

    async def close(self) -> None:
        self.closed = True


_COUNTERS: tuple[tuple[Instrument, Callable[[Shard], float]], ...] = (
    (signals.HITS, lambda shard: shard.hits),
    (signals.MISSES, lambda shard: shard.misses),
    (signals.EVICTED_KEYS, lambda shard: shard.evicted),
)
_GAUGES: tuple[tuple[Instrument, Callable[[Shard], float | None]], ...] = (
    (signals.MEMORY_USED, lambda shard: shard.memory_used),
    (signals.MEMORY_MAX, lambda shard: shard.memory_max),
    (signals.CONNECTED_CLIENTS, lambda shard: shard.clients),
    (signals.CONNECTED_REPLICAS, lambda shard: shard.replicas),
    # A server that has not saved yet gives its own start: the time to the next save is due from there.
    (signals.LAST_SAVE, lambda shard: shard.last_save),
)


class Counts:
    """Totals of our own for each shard, whichever node serves it."""

    def __init__(self) -> None:
        self._totals: Differences[tuple[int, Instrument]] = Differences()
        # By shard: which process was read last, and when.
        self.last: dict[int, tuple[str, float]] = {}

    def forget(self, count: int) -> None:
        """Shards from ``count`` on are no more and lose their totals; those that did not answer keep them."""
        self._totals.forget({(n, counter) for n in range(count) for counter, _ in _COUNTERS})
        self.last = {n: last for n, last in self.last.items() if n < count}

    def take(self, number: int, shard: Shard, asked: float) -> dict[Instrument, float]:
        """The shard's totals. Another process begins at its own counts, without a jump: a replica that took over has
        counted before, for itself. A process younger than the last reading has not, so all it has counted is new."""
        before = self.last.get(number)
        if before is not None and before[0] != shard.run_id:
            newborn = shard.uptime < asked - before[1]
            for counter, of in _COUNTERS:
                self._totals.rebase((number, counter), 0 if newborn else of(shard))
        self.last[number] = (shard.run_id, asked)
        return {counter: self._totals.advance((number, counter), of(shard)) for counter, of in _COUNTERS}


class Redis:
    """A round without some of the shards is partial.

    ``differences`` are the totals, which a collector that takes this one's place can be given: the processes' names
    are in them, so other servers bring no jump.
    """

    name = "redis"

    def __init__(
        self, reader: Reader, *, every: float, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.every = every
        self.timeout = timeout
        self._reader = reader
        self._clock = clock
        self.differences = Counts()

    @classmethod
    def of(cls, config: RedisConfig) -> Redis:
        """The collector of the configured cluster or server. Raises ImportError where the driver is missing."""
        load_driver()
        reader = NodesReader(config, token=entra_token(_SCOPE) if config.entra else None)
        return cls(reader, every=config.every, timeout=config.timeout)

    async def collect(self) -> Families | Partial:
        asked = self._clock()
        facts = await self._reader.read()
        self.differences.forget(facts.count)
        families: dict[Instrument, dict[Labels, Value]] = {}
        for number, shard in sorted(facts.shards.items()):
            label = (str(number),)
            for counter, total in self.differences.take(number, shard, asked).items():
                families.setdefault(counter, {})[label] = total
            for gauge, of in _GAUGES:
                value = of(shard)
                if value is not None:
                    families.setdefault(gauge, {})[label] = value
        silent = [number for number in range(facts.count) if number not in facts.shards]
        problems = tuple(f"shard {number}: {facts.failed.get(number, 'no answer')}" for number in silent)
        return Partial(families, problems) if problems else families

    async def close(self) -> None:
        await self._reader.close()


class NodesReader:
    """Reads real servers: in a cluster every shard's primary, found anew in each round, else the one server.

    ``config.timeout`` is the round's; a node that takes longer than its part of it counts as not answering.
    """

    def __init__(self, config: RedisConfig, *, token: Token | None = None) -> None:
        self._config = config
        self._token = token
        self._within = config.timeout * _STEP
        self._seed: Address = (config.host, config.port)
        self._primaries: tuple[Address, ...] = () if config.cluster else (self._seed,)
        # Asked first for the slots: the node that answered last.
        self._knows = self._seed
        self._connections: dict[Address, Connection] = {}
        # Kept only to be struck out of error texts.
        self._secret = ""

    async def read(self) -> Facts:
        if self._config.cluster:
            self._primaries = await self._find_primaries()
            await self._drop(set(self._connections) - {*self._primaries, self._knows})
        answers = await asyncio.gather(*(self._ask(address, _INFO) for address in self._primaries))
        shards: dict[int, Shard] = {}
        failed: dict[int, SourceUnavailable] = {}
        for number, answer in enumerate(answers):
            try:
                shards[number] = self._shard(answer, self._primaries[number])
            except SourceUnavailable as error:
                failed[number] = error
        if not shards:
            raise failed[0]
        return Facts(
            count=len(self._primaries), shards=shards, failed={number: str(why) for number, why in failed.items()}
        )

    async def close(self) -> None:
        await self._drop(set(self._connections))

    def _shard(self, answer: Any, address: Address) -> Shard:
        if isinstance(answer, SourceUnavailable):
            raise answer
        info = _fields(answer)
        if self._config.cluster and info.get("role") != "master":
            # It has been replaced since the slots were asked for; its counters are not the shard's.
            raise self._unavailable(address, "is no primary any more")
        try:
            return _shard(info)
        except (KeyError, ValueError) as error:
            raise self._unavailable(address, f"INFO lacks {error}") from None

    async def _find_primaries(self) -> tuple[Address, ...]:
        """The shards' primaries in slot order, as the node that answered last sees them, else as any other does."""
        answer = await self._ask(self._knows, _SLOTS)
        others = {self._seed, *self._primaries} - {self._knows}
        asked = [asyncio.ensure_future(self._from(other)) for other in others if _failed(answer)]
        try:
            for first in asyncio.as_completed(asked):
                address, answer = await first
                if not _failed(answer):
                    self._knows = address
                    break
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        if isinstance(answer, SourceUnavailable):
            raise answer
        primaries = self._in_slot_order(answer)
        if not primaries:
            raise self._unavailable(self._knows, "the cluster has no slots yet")
        return primaries

    async def _from(self, address: Address) -> tuple[Address, Any]:
        return address, await self._ask(address, _SLOTS)

    def _in_slot_order(self, slots: Sequence[Any]) -> tuple[Address, ...]:
        # A shard may hold several ranges; its first one gives its place.
        found: dict[Address, None] = {}
        for _, _, primary, *_ in sorted(slots, key=lambda entry: int(entry[0])):
            found[self._reachable(primary[0], int(primary[1]))] = None
        return tuple(found)

    def _reachable(self, announced: bytes | None, port: int) -> Address:
        """Where to find a node. A certificate names a host: with TLS, a node that announces an address is looked for
        under the configured name, as Azure has it, where all shards share one address and differ in the port."""
        host = (announced or b"").decode()
        if host in ("", "?") or (self._config.tls and _is_address(host)):
            return (self._knows[0] if not self._config.tls else self._config.host, port)
        return (host, port)

    async def _ask(self, address: Address, command: tuple[str, ...]) -> Any:
        """The answer, or SourceUnavailable as a value: a node that does not answer hides no other."""
        from redis.exceptions import ConnectionError as Lost
        from redis.exceptions import RedisError
        from redis.exceptions import TimeoutError as Late

        try:
            async with asyncio.timeout(self._within):
                kept = address in self._connections
                try:
                    return await self._exchange(address, command)
                except Lost:
                    # A server that has been restarted since the last round costs no round.
                    if not kept:
                        raise
                    return await self._exchange(address, command)
        except (TimeoutError, Late):
            return self._unavailable(address, f"no answer within {self._within:g} s")
        except (RedisError, OSError) as error:
            return self._unavailable(address, str(error))
        except SourceUnavailable as error:
            return error

    async def _exchange(self, address: Address, command: tuple[str, ...]) -> Any:
        from redis.exceptions import ResponseError

        connection = self._connections.get(address)
        try:
            if connection is None:
                connection = self._connections[address] = await self._connection(address)
            # Connects and signs in where that has not been done.
            await connection.send_command(*command)
            return await connection.read_response()
        except BaseException as error:
            # After a refusal the connection is as good as before, unless it is the sign-in that was refused. After
            # anything else half an answer may be under way, which would be taken for the next one.
            if connection is not None and not (isinstance(error, ResponseError) and connection.is_connected):
                await self._drop({address})
            raise

    async def _connection(self, address: Address) -> Connection:
        from redis.asyncio.connection import Connection, SSLConnection
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        config = self._config
        if self._token is not None:
            self._secret = await self._sign_in(self._token, address)
        elif config.password is not None:
            self._secret = config.password.reveal()
        options: dict[str, Any] = {
            "host": address[0],
            "port": address[1],
            "username": config.user,
            "password": self._secret or None,
            "client_name": CLIENT_NAME,
            "driver_info": None,
            "protocol": 2,
            # Ours are the only limits and the only second try.
            "socket_timeout": None,
            "socket_connect_timeout": self._within,
            "retry": Retry(NoBackoff(), 0),
        }
        if not config.tls:
            return Connection(**options)
        ca_file = None if config.ca_file is None else str(config.ca_file)
        return SSLConnection(**options, ssl_ca_certs=ca_file, ssl_check_hostname=True)

    async def _sign_in(self, token: Token, address: Address) -> str:
        try:
            return await token()
        except Exception as error:
            raise self._unavailable(address, f"no token: {type(error).__name__}") from None

    async def _drop(self, addresses: set[Address]) -> None:
        for address in addresses:
            connection = self._connections.pop(address, None)
            if connection is not None:
                await connection.disconnect(nowait=True)

    def _unavailable(self, address: Address, why: str) -> SourceUnavailable:
        return SourceUnavailable(f"redis {address[0]}:{address[1]}: {struck_out(self._secret, why)}")


def load_driver() -> None:
    """Import redis-py without OpenTelemetry's SDK, which it loads where it finds it and we do not use it for.

    That is 3 MiB and a third of its import's time, in an image that has the SDK for the push.
    """
    unwanted = "opentelemetry"
    if unwanted in sys.modules:
        import_module("redis.asyncio")
        return
    # Python finds nothing under a name that stands for None, and redis-py does without.
    sys.modules[unwanted] = None  # type: ignore[assignment]
    try:
        import_module("redis.asyncio")
    finally:
        del sys.modules[unwanted]


def _failed(answer: Any) -> bool:
    return isinstance(answer, SourceUnavailable)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _fields(info: bytes) -> dict[str, str]:
    """The few of some 200 lines that are wanted: looking for each takes a third of the time of reading all."""
    found = {}
    for name, mark in _WANTED.items():
        start = info.find(mark)
        if start >= 0:
            start += len(mark)
            found[name] = info[start : info.find(b"\r", start)].decode("utf-8", "replace")
    return found


def _shard(info: Mapping[str, str]) -> Shard:
    return Shard(
        run_id=info["run_id"],
        uptime=float(info["uptime_in_seconds"]),
        hits=float(info["keyspace_hits"]),
        misses=float(info["keyspace_misses"]),
        evicted=float(info["evicted_keys"]),
        memory_used=float(info["used_memory"]),
        memory_max=float(info["maxmemory"]) or None,
        clients=float(info["connected_clients"]),
        replicas=float(info["connected_slaves"]),
        last_save=float(info["rdb_last_save_time"]),
    )
