"""PostgreSQL: one server of a role (the primary or a replica), read over one kept connection."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from exporters.credentials import Token, entra_token, struck_out
from exporters.families import Families, Labels, Partial, Value
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals import postgresql as signals

if TYPE_CHECKING:
    import psycopg

    from exporters.config import PostgresqlServer

# Label value -> PostgreSQL's name. All of them are always there, so that no series comes and goes with the traffic.
STATES = {
    "active": "active",
    "idle": "idle",
    "idle in transaction": "idle in transaction",
    "idle in transaction (aborted)": "idle in transaction (aborted)",
    "fastpath": "fastpath function call",
    "disabled": "disabled",
}
# Sessions that are still signing in have no state; newer versions name states that older ones do not.
OTHER = "other"

APPLICATION_NAME = "tripgen-exporter"
_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
# Of the round's time, what one step may take: connecting and two statements fit in.
_STEP = 0.3
_MISSED_ROUNDS = 3
# Where Debian, and images made from it, keep the public certificate authorities.
_DEBIAN_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")

# Everything but the sizes, in one statement: one round trip, one plan, one snapshot of the activity.
#
# - pg_stat_get_activity is what the view pg_stat_activity reads, without the names of databases and roles: cheaper,
#   and not held up by a lock on their catalogues.
# - Allowed to clients is max_connections without the places kept for superusers and, from version 16, for the
#   reserved role: services are refused when the others are taken, so used / allowed is 1 exactly then.
# - The longest transaction leaves out the one that this statement is.
# - `known` is the end of the WAL that the replica has, or has been told of by the primary.
# - Everything known is replayed: no lag, however long ago the last transaction was. That holds only while the
#   replica is connected to its primary. Otherwise it does not know what it lacks, so the seconds count from the last
#   transaction it has seen and the bytes are unknown.
_ROUND = """
with sessions as materialized (
    select state, xact_start, pid from pg_stat_get_activity(null) where backend_type = 'client backend'
), wal as materialized (
    select
        pg_is_in_recovery() as replica,
        pg_last_wal_replay_lsn() as replayed,
        case when receiver.pid is not null
            then greatest(pg_last_wal_receive_lsn(), receiver.latest_end_lsn) end as known
    from (values (1)) as one left join pg_stat_wal_receiver as receiver on true
)
select
    pg_has_role('pg_read_all_stats', 'usage'),
    array(select state from sessions),
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
    (select coalesce(extract(epoch from clock_timestamp() - min(xact_start)), 0)::float8
        from sessions where pid <> pg_backend_pid()),
    case
        when not replica then null
        when replayed >= known then 0
        else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8
    end,
    case when replica then pg_wal_lsn_diff(known, replayed)::float8 end
from wal
"""
# 6 ms for each database, against 0.4 ms for everything above.
SIZES = """
select datname, pg_database_size(oid) from pg_database where datallowconn and not datistemplate
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one server says. ``lag_*`` is None on a server that is no replica, or where it is not known."""

    connections: Mapping[str, int]
    connections_max: int
    longest_transaction: float
    lag_seconds: float | None = None
    lag_bytes: float | None = None


class Reader(Protocol):
    """Reads one server. Both raise SourceUnavailable."""

    async def read(self) -> Facts: ...

    async def read_sizes(self) -> Mapping[str, int]:
        """Bytes by database."""

    async def close(self) -> None: ...


class FakeReader:
    """Says what it is told to; an exception in place of facts is raised."""

    def __init__(self, facts: Facts | Exception, sizes: Mapping[str, int] | Exception | None = None) -> None:
        self.facts = facts
        self.sizes = {} if sizes is None else sizes
        self.closed = False

    async def read(self) -> Facts:
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts

    async def read_sizes(self) -> Mapping[str, int]:
        if isinstance(self.sizes, Exception):
            raise self.sizes
        return self.sizes

    async def close(self) -> None:
        self.closed = True


class Postgresql:
    """One collector for each server, so that one that is down hides no other and each has its own success series.

    A round is partial from a failed reading of the sizes to the next one that succeeds.
    """

    def __init__(
        self,
        role: str,
        reader: Reader,
        *,
        every: float,
        slow_every: float,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = f"postgresql_{role}"
        self.every = every
        self.timeout = timeout
        self._role = role
        self._reader = reader
        self._slow_every = slow_every
        self._clock = clock
        self._sizes: Mapping[str, int] = {}
        self._sizes_due = clock()
        self._sizes_end = clock()
        self._sizes_problem = ""

    @classmethod
    def of(cls, server: PostgresqlServer, *, every: float, slow_every: float, timeout: float) -> Postgresql:
        """The collector of a configured server. Raises ImportError where the driver is missing."""
        import psycopg  # noqa: F401 - here, in the thread that builds, and not in the first round

        reader = PsycopgReader(server, timeout=timeout, token=entra_token(_SCOPE) if server.entra else None)
        return cls(server.role, reader, every=every, slow_every=slow_every, timeout=timeout)

    async def collect(self) -> Families | Partial:
        facts = await self._reader.read()
        await self._read_sizes()
        role = (self._role,)
        families: dict[Instrument, dict[Labels, Value]] = {
            signals.CONNECTIONS: {(self._role, state): float(n) for state, n in facts.connections.items()},
            signals.CONNECTIONS_MAX: {role: float(facts.connections_max)},
            signals.LONGEST_TRANSACTION: {role: facts.longest_transaction},
        }
        if facts.lag_seconds is not None:
            families[signals.REPLICATION_LAG] = {role: facts.lag_seconds}
        if facts.lag_bytes is not None:
            families[signals.REPLICATION_LAG_BYTES] = {role: facts.lag_bytes}
        if self._sizes:
            families[signals.DATABASE_SIZE] = {(self._role, name): float(size) for name, size in self._sizes.items()}
        return Partial(families, (f"sizes: {self._sizes_problem}",)) if self._sizes_problem else families

    async def close(self) -> None:
        await self._reader.close()

    async def _read_sizes(self) -> None:
        """Sizes are at most three of their own rounds old, and what keeps them from being read hides nothing else."""
        now = self._clock()
        if now >= self._sizes_due:
            # Set before reading: when the sizes take the round's whole time, the next round does without them.
            self._sizes_due = now + self._slow_every
            self._sizes_problem = "not read within the round"
            try:
                self._sizes = await self._reader.read_sizes()
            except SourceUnavailable as problem:
                self._sizes_problem = str(problem)
            else:
                self._sizes_problem = ""
                self._sizes_end = now + _MISSED_ROUNDS * self._slow_every
        if now >= self._sizes_end:
            self._sizes = {}


class PsycopgReader:
    """Reads a real server: one connection, opened when first needed and kept.

    ``timeout`` is the round's; what the server may take for one statement follows from it.
    """

    def __init__(self, server: PostgresqlServer, *, timeout: float, token: Token | None = None) -> None:
        self._server = server
        self._timeout = timeout
        self._token = token
        self._connection: psycopg.AsyncConnection[Any] | None = None
        # Kept only to be struck out of error texts.
        self._secret = ""

    async def read(self) -> Facts:
        ((allowed, states, most, longest, lag, behind),) = await self._rows(_ROUND)
        if not allowed:
            # Without it the server shows only the role's own sessions, and the counts would look right.
            raise self._unavailable("the user may not see others' sessions; grant it pg_monitor")
        return Facts(
            connections=_by_state(states),
            connections_max=most,
            longest_transaction=max(0.0, longest),
            # The replica's clock may be behind the primary's.
            lag_seconds=None if lag is None else max(0.0, lag),
            lag_bytes=None if behind is None else max(0.0, behind),
        )

    async def read_sizes(self) -> Mapping[str, int]:
        return {name: size for name, size in await self._rows(SIZES) if size is not None}

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            try:
                kept = self._connection is not None
                return await self._execute(statement)
            except psycopg.errors.QueryCanceled:
                raise
            except psycopg.OperationalError:
                # A server that has been restarted since the last round costs no round.
                if not kept:
                    raise
                return await self._execute(statement)
        except psycopg.Error as error:
            raise self._unavailable(str(error)) from None

    async def _execute(self, statement: str) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = await self._connect()
        connection = self._connection
        query = asyncio.ensure_future(_fetch(connection, statement))
        try:
            return await asyncio.shield(query)
        except asyncio.CancelledError:
            # Cancelled itself, psycopg would ask the server to stop and wait for it, ten seconds when the server is
            # frozen. The query ends at once when its socket does.
            _cut(connection)
            await asyncio.wait([query], timeout=1)
            if query.done() and not query.cancelled():
                query.exception()
            await self.close()
            raise
        except BaseException:
            await self.close()
            raise

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        import psycopg

        server, step = self._server, self._timeout * _STEP
        if self._token is not None:
            self._secret = await self._sign_in(self._token)
        elif server.password is not None:
            self._secret = server.password.reveal()
        return await psycopg.AsyncConnection.connect(
            host=server.host,
            port=server.port,
            dbname=server.database,
            user=server.user,
            password=self._secret or None,
            sslmode=server.sslmode,
            sslrootcert=_authorities(server.ca_file, server.sslmode),
            connect_timeout=max(2, round(step)),
            application_name=APPLICATION_NAME,
            options=f"-c default_transaction_read_only=on -c statement_timeout={max(1, round(step * 1000))}",
            autocommit=True,
            # The same two statements for ever: planned once.
            prepare_threshold=0,
        )

    async def _sign_in(self, token: Token) -> str:
        try:
            return await token()
        except Exception as error:
            raise self._unavailable(f"no token: {type(error).__name__}") from None

    def _unavailable(self, why: str) -> SourceUnavailable:
        return SourceUnavailable(f"postgresql {self._server.role}: {struck_out(self._secret, why)}")


async def _fetch(connection: psycopg.AsyncConnection[Any], statement: str) -> list[tuple[Any, ...]]:
    # Bytes, because psycopg's type keeps texts that are not literals out.
    return await (await connection.execute(statement.encode())).fetchall()


def _cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """Ends the connection's traffic in both directions. The descriptor stays open, so none of the loop's watches can
    fall on another connection that was given the same number."""
    if connection.closed:
        return
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as double:
        try:
            double.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _by_state(states: list[str | None]) -> dict[str, int]:
    counts = {label: states.count(name) for label, name in STATES.items()}
    counts[OTHER] = len(states) - sum(counts.values())
    return counts


def _authorities(ca_file: Path | None, sslmode: str) -> str | None:
    """Whom to trust: the given file, else the system's authorities. libpq alone would look in the home directory."""
    if ca_file is not None:
        return str(ca_file)
    if not sslmode.startswith("verify"):
        return None
    found = ssl.get_default_verify_paths().cafile
    if found is None and _DEBIAN_AUTHORITIES.exists():
        return str(_DEBIAN_AUTHORITIES)
    return found or "system"
