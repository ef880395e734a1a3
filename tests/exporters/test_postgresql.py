"""One PostgreSQL server, read while it is well and while it is not."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from exporters import credentials
from exporters.collectors.postgresql import Facts, FakeReader, Postgresql, PsycopgReader
from exporters.config import PostgresqlServer, Secret
from exporters.families import Families, Partial
from observability.model.errors import SourceUnavailable
from observability.signals import postgresql as signals

PASSWORD = "correct horse battery"  # noqa: S105 - of a server that lives as long as the test
QUIET = {
    "active": 0,
    "idle": 0,
    "idle in transaction": 0,
    "idle in transaction (aborted)": 0,
    "fastpath": 0,
    "disabled": 0,
    "other": 0,
}
WITHIN = 60.0
Until = Callable[..., Awaitable[Any]]


def collector(port: int, role: str = "primary", **options: Any) -> Postgresql:
    every = {"every": 15, "slow_every": 300, "timeout": options.pop("timeout", 5)}
    server = PostgresqlServer(**{"role": role, "host": "localhost", "port": port, **_monitor(), **options})
    return Postgresql.of(server, **every)


def _monitor() -> dict[str, Any]:
    return {"user": "monitor", "password": Secret(PASSWORD), "sslmode": "disable"}


@contextlib.asynccontextmanager
async def collecting(port: int, role: str = "primary", **options: Any) -> AsyncIterator[Postgresql]:
    made = collector(port, role, **options)
    try:
        yield made
    finally:
        await made.close()


def read(told: Families | Partial) -> Families:
    """What was read, whether it is all or not."""
    return told.families if isinstance(told, Partial) else told


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        # The collectors leave the bound of a whole round to who runs them.
        async with asyncio.timeout(WITHIN):
            await scenario()

    asyncio.run(bounded())


@contextlib.contextmanager
def session(server: Any, *statements: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of another client, after ``statements``."""
    with contextlib.closing(server.connect()) as connection:
        for statement in statements:
            with contextlib.suppress(psycopg.errors.DivisionByZero):
                connection.execute(statement.encode())
        yield connection


# --- what is made of facts --------------------------------------------------------------------------

FACTS = Facts(connections={"active": 3, "idle": 4}, connections_max=15, longest_transaction=2.5)


def test_a_primary_has_no_lag() -> None:
    async def scenario() -> None:
        made = Postgresql("primary", FakeReader(FACTS), every=15, slow_every=300, timeout=5)

        assert await made.collect() == {
            signals.CONNECTIONS: {("primary", "active"): 3, ("primary", "idle"): 4},
            signals.CONNECTIONS_MAX: {("primary",): 15},
            signals.LONGEST_TRANSACTION: {("primary",): 2.5},
        }
        assert made.name == "postgresql_primary"

    run(scenario)


def test_a_replica_has_both_lags() -> None:
    async def scenario() -> None:
        facts = Facts(connections={}, connections_max=15, longest_transaction=0, lag_seconds=1.5, lag_bytes=80)
        families = read(await Postgresql("replica_1", FakeReader(facts), every=15, slow_every=300, timeout=5).collect())

        assert families[signals.REPLICATION_LAG] == {("replica_1",): 1.5}
        assert families[signals.REPLICATION_LAG_BYTES] == {("replica_1",): 80}

    run(scenario)


def test_sizes_have_a_longer_clock_and_are_gone_after_three_missed_rounds_of_it() -> None:
    async def scenario() -> None:
        now = 0.0
        reader = FakeReader(FACTS, {"trips": 100})
        made = Postgresql("primary", reader, every=15, slow_every=300, timeout=5, clock=lambda: now)

        async def size_at(at: float) -> float | None:
            nonlocal now
            now = at
            size = read(await made.collect()).get(signals.DATABASE_SIZE, {}).get(("primary", "trips"))
            assert size is None or isinstance(size, float)
            return size

        assert await size_at(0) == 100
        reader.sizes = {"trips": 200}
        assert await size_at(299) == 100
        assert await size_at(300) == 200
        reader.sizes = SourceUnavailable("canceled")
        assert await size_at(600) == 200
        assert await size_at(1_199) == 200
        assert await size_at(1_200) is None
        reader.sizes = {"trips": 300}
        assert await size_at(1_498) is None
        assert await size_at(1_499) == 300

    run(scenario)


def test_a_round_is_partial_until_the_sizes_are_read_again() -> None:
    async def scenario() -> None:
        now = 0.0
        reader = FakeReader(FACTS, SourceUnavailable("permission denied"))
        made = Postgresql("primary", reader, every=15, slow_every=300, timeout=5, clock=lambda: now)

        for at in (0.0, 15.0):
            now = at
            told = await made.collect()
            assert isinstance(told, Partial)
            assert told.problems == ("sizes: permission denied",)
            assert signals.CONNECTIONS in told.families
        reader.sizes = {"trips": 100}
        now = 300.0
        assert signals.DATABASE_SIZE in read(told := await made.collect())
        assert not isinstance(told, Partial)

    run(scenario)


def test_tokens_of_all_collectors_come_from_one_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    came = threading.Semaphore(0)

    class Door:
        """The lock, which counts who comes to it."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            came.release()
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    class Credential:
        def __init__(self) -> None:
            # The others come while the first one makes it.
            if not made:
                assert all(came.acquire(timeout=WITHIN) for _ in range(3))
            made.append(self)

        def get_token(self, scope: str) -> Any:
            return types.SimpleNamespace(token=f"for {scope}")

    async def scenario() -> None:
        tokens = [credentials.entra_token(scope)() for scope in ("redis", "postgresql", "redis")]
        assert await asyncio.gather(*tokens) == ["for redis", "for postgresql", "for redis"]
        assert len(made) == 1

    monkeypatch.setattr(credentials, "_LOCK", Door())
    monkeypatch.setattr(credentials, "_credential", None)
    monkeypatch.setitem(sys.modules, "azure.identity", types.SimpleNamespace(DefaultAzureCredential=Credential))
    run(scenario)


def test_the_azure_library_is_loaded_by_who_signs_in_with_it_only() -> None:
    program = (
        "import sys\n"
        "import exporters.collectors.postgresql, exporters.collectors.redis\n"
        "from exporters.credentials import entra_token\n"
        "entra_token('scope')\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'azure'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_a_secret_with_white_space_is_struck_out_too() -> None:
    assert credentials.struck_out("two  words", 'refused\n  "two  words"') == 'refused "***"'
    assert credentials.struck_out("", "no secret\n") == "no secret"


def test_a_server_that_does_not_answer_says_nothing() -> None:
    async def scenario() -> None:
        reader = FakeReader(SourceUnavailable("away"))
        made = Postgresql("primary", reader, every=15, slow_every=300, timeout=5)

        with pytest.raises(SourceUnavailable, match="away"):
            await made.collect()
        await made.close()
        assert reader.closed

    run(scenario)


# --- a real server ----------------------------------------------------------------------------------


def test_every_state_is_counted_and_the_places_are_those_open_to_clients(postgresql_server: Any, until: Until) -> None:
    with contextlib.ExitStack() as others:
        for statements in (
            ["select 1"],
            ["select 1"],
            ["begin"],
            ["begin", "select 1/0"],
            ["set track_activities = off"],
        ):
            others.enter_context(session(postgresql_server, *statements))

        async def scenario() -> None:
            async with collecting(postgresql_server.port) as made:
                busy = await psycopg.AsyncConnection.connect(
                    host="localhost", port=postgresql_server.port, user="postgres", dbname="postgres"
                )
                task = asyncio.ensure_future(busy.execute("select pg_sleep(30)"))
                expected = {
                    **QUIET,
                    "active": 2,  # the one that sleeps, and the exporter's own
                    "idle": 2,
                    "idle in transaction": 1,
                    "idle in transaction (aborted)": 1,
                    "disabled": 1,
                }

                async def seen() -> bool:
                    families = read(await made.collect())
                    return families[signals.CONNECTIONS] == {("primary", state): n for state, n in expected.items()}

                await until(seen)
                families = read(await made.collect())
                # 20, without 3 for superusers and 2 for the reserved role
                assert families[signals.CONNECTIONS_MAX] == {("primary",): 15}
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await busy.close()

        run(scenario)


def test_the_oldest_open_transaction_is_aged_and_none_is_0(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port) as made:
            assert read(await made.collect())[signals.LONGEST_TRANSACTION] == {("primary",): 0}

            age = "select extract(epoch from clock_timestamp() - now())::float8"
            with session(postgresql_server, "begin") as older, session(postgresql_server, "begin"):
                low = older.execute(age).fetchone()
                measured = read(await made.collect())[signals.LONGEST_TRANSACTION][("primary",)]
                high = older.execute(age).fetchone()
                assert low and high
                assert low[0] <= measured <= high[0]

    run(scenario)


def test_sizes_are_those_of_the_databases(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port) as made:
            sizes = read(await made.collect())[signals.DATABASE_SIZE]

        assert sizes == {("primary", "postgres"): postgresql_server.sql("select pg_database_size('postgres')")}

    run(scenario)


def test_one_connection_is_kept_under_our_name_and_reads_only(postgresql_server: Any) -> None:
    ours = "select array_agg(pid) from pg_stat_activity where application_name = 'tripgen-exporter'"

    async def scenario() -> None:
        async with collecting(postgresql_server.port) as made:
            await made.collect()
            first = postgresql_server.sql(ours)
            for _ in range(10):
                await made.collect()
            assert postgresql_server.sql(ours) == first
            assert len(first) == 1

            reader = made._reader
            assert isinstance(reader, PsycopgReader)
            with pytest.raises(SourceUnavailable, match="read-only transaction"):
                await reader._rows("create table t ()")

    run(scenario)


def test_a_statement_that_takes_too_long_hides_nothing_else(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port, timeout=4) as made:
            # Connected first: whoever connects reads pg_database too.
            made._sizes_due = float("inf")
            await made.collect()
            made._sizes_due = 0
            with session(postgresql_server, "begin", "lock table pg_database in access exclusive mode"):
                async with asyncio.timeout(4):
                    families = read(await made.collect())
            assert families[signals.CONNECTIONS_MAX] == {("primary",): 15}
            assert signals.DATABASE_SIZE not in families

            reader = made._reader
            assert isinstance(reader, PsycopgReader)
            with pytest.raises(SourceUnavailable, match="statement timeout"):
                await reader._rows("select pg_sleep(30)")

    run(scenario)


# --- signing in -------------------------------------------------------------------------------------


def test_a_wrong_password_is_told_without_the_password(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port, password=Secret("monitor-swordfish")) as made:
            with pytest.raises(SourceUnavailable, match=r"^postgresql primary: .*authentication failed") as caught:
                await made.collect()

        assert "swordfish" not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is None

    run(scenario)


def test_a_user_that_may_not_see_others_is_refused_with_what_to_do(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port, user="stranger", password=None) as made:
            with pytest.raises(SourceUnavailable, match="grant it pg_monitor"):
                await made.collect()

    run(scenario)


def test_a_token_is_asked_for_at_each_new_connection(postgresql_server: Any, proxy: Any) -> None:
    async def scenario() -> None:
        asked: list[str] = []

        async def token() -> str:
            asked.append(PASSWORD)
            return PASSWORD

        async with proxy(postgresql_server.port) as network:
            server = PostgresqlServer(
                role="primary", host="localhost", port=network.port, user="monitor", entra=True, sslmode="disable"
            )
            reader = PsycopgReader(server, timeout=5, token=token)
            await reader.read()
            await reader.read()
            assert len(asked) == 1
            await network.cut()
            await reader.read()
            assert len(asked) == 2
            await reader.close()

    run(scenario)


def test_no_token_is_an_unavailable_source(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async def token() -> str:
            raise LookupError("tenant secret")

        server = PostgresqlServer(role="primary", host="localhost", port=postgresql_server.port, user="monitor")
        with pytest.raises(SourceUnavailable, match=r"^postgresql primary: no token: LookupError$"):
            await PsycopgReader(server, timeout=5, token=token).read()

    run(scenario)


def test_a_secret_is_struck_out_wherever_a_server_repeats_it(postgresql_server: Any) -> None:
    async def scenario() -> None:
        # A role named like the password: PostgreSQL repeats the name.
        async with collecting(postgresql_server.port, user="no_such_swordfish", password=Secret("swordfish")) as made:
            with pytest.raises(SourceUnavailable, match=r'role "no_such_\*\*\*" does not exist'):
                await made.collect()

    run(scenario)


def test_tls_is_verified_against_the_given_authority_and_the_name(
    postgresql_server: Any, proxy: Any, authority: Any
) -> None:
    async def scenario() -> None:
        async with proxy(postgresql_server.port, tls=authority.server, postgresql=True) as network:
            secure = {"sslmode": "verify-full", "ca_file": authority.ca_file}
            async with collecting(network.port, **secure) as made:
                assert read(await made.collect())[signals.CONNECTIONS_MAX] == {("primary",): 15}
            async with collecting(network.port, host="127.0.0.1", **secure) as made:
                with pytest.raises(SourceUnavailable, match="does not match host name"):
                    await made.collect()
            async with collecting(network.port, sslmode="verify-full") as made:
                with pytest.raises(SourceUnavailable, match="certificate verify failed"):
                    await made.collect()

    run(scenario)


def test_a_server_without_tls_is_not_talked_to_when_it_is_asked_for(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port, sslmode="verify-full") as made:
            with pytest.raises(SourceUnavailable, match="does not support SSL"):
                await made.collect()

    run(scenario)


# --- replication ------------------------------------------------------------------------------------


def test_lag_is_what_is_not_replayed(postgresql_server: Any, postgresql_replica: Any, until: Until) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_replica.port, "replica_1") as made:

            async def lag() -> tuple[Any, Any]:
                families = read(await made.collect())
                return (
                    families.get(signals.REPLICATION_LAG, {}).get(("replica_1",)),
                    families.get(signals.REPLICATION_LAG_BYTES, {}).get(("replica_1",)),
                )

            async def none() -> bool:
                return await lag() == (0, 0)

            postgresql_server.sql("create table if not exists lagging (n int)")
            await until(none)
            postgresql_replica.sql("select pg_wal_replay_pause()")
            postgresql_server.sql("insert into lagging select generate_series(1, 1000)")
            end = postgresql_server.sql("select pg_current_wal_flush_lsn()")
            behind = postgresql_replica.sql(f"select '{end}'::pg_lsn - pg_last_wal_replay_lsn()")

            async def all_of_it() -> bool:
                seconds, size = await lag()
                return bool(size >= behind and seconds)

            await until(all_of_it)
            first, _ = await lag()
            assert (await lag())[0] > first

            postgresql_replica.sql("select pg_wal_replay_resume()")
            await until(none)

    run(scenario)


def test_nothing_to_replay_is_no_lag_however_old_the_last_transaction_is(
    postgresql_server: Any, postgresql_replica: Any, until: Until
) -> None:
    age = "select extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())"

    async def scenario() -> None:
        async with collecting(postgresql_replica.port, "replica_1") as made:
            postgresql_server.sql("create table if not exists old (n int)")
            postgresql_server.sql("insert into old values (1)")

            async def old_and_no_lag() -> bool:
                families = read(await made.collect())
                return postgresql_replica.sql(age) > 0.5 and families[signals.REPLICATION_LAG] == {("replica_1",): 0}

            await until(old_and_no_lag)

    run(scenario)


def test_a_replica_that_lost_its_primary_does_not_claim_to_have_caught_up(
    postgresql_server: Any, postgresql_replica: Any, until: Until
) -> None:
    async def scenario() -> None:
        async with (
            collecting(postgresql_server.port) as primary,
            collecting(postgresql_replica.port, "replica_1") as replica,
        ):
            await primary.collect()
            postgresql_server.sql("create table if not exists lost (n int)")
            postgresql_server.kill()
            try:

                async def lost() -> bool:
                    families = read(await replica.collect())
                    lag = families[signals.REPLICATION_LAG][("replica_1",)]
                    assert isinstance(lag, float)
                    return lag > 0 and signals.REPLICATION_LAG_BYTES not in families

                await until(lost)
                with pytest.raises(SourceUnavailable, match=r"^postgresql primary: .*refused"):
                    await primary.collect()
            finally:
                postgresql_server.start()

            async def well() -> bool:
                families = read(await replica.collect())
                return families[signals.REPLICATION_LAG] == {("replica_1",): 0}

            assert read(await primary.collect())[signals.CONNECTIONS_MAX] == {("primary",): 15}
            await until(well)

    run(scenario)


# --- when it goes wrong -----------------------------------------------------------------------------


def test_a_server_that_was_killed_and_restarted_between_two_rounds_costs_no_round(postgresql_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port) as made:
            await made.collect()
            postgresql_server.kill()
            postgresql_server.start()

            # The session that waited for the server may still be listed as idle.
            found = read(await made.collect())[signals.CONNECTIONS]
            assert {labels: n for labels, n in found.items() if labels != ("primary", "idle")} == {
                ("primary", state): n for state, n in {**QUIET, "active": 1}.items() if state != "idle"
            }

    run(scenario)


@pytest.mark.parametrize("connected", [True, False])
def test_a_frozen_server_holds_no_round_longer_than_its_time(
    postgresql_server: Any, until: Until, connected: bool
) -> None:
    async def scenario() -> None:
        async with collecting(postgresql_server.port) as made:
            if connected:
                await made.collect()
            postgresql_server.pause()
            try:
                for _ in range(2):
                    began = time.monotonic()
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.3):
                            await made.collect()
                    # Psycopg's own way out of a query waits ten seconds for a frozen server.
                    assert time.monotonic() - began < 5
            finally:
                postgresql_server.resume()

            assert read(await made.collect())[signals.CONNECTIONS_MAX] == {("primary",): 15}

            async def alone() -> bool:
                # The connections that were given up are gone on the server too.
                return read(await made.collect())[signals.CONNECTIONS] == {
                    ("primary", state): n for state, n in {**QUIET, "active": 1}.items()
                }

            await until(alone)

    run(scenario)


def test_a_slow_network_is_waited_for_and_a_cut_one_is_tried_again(postgresql_server: Any, proxy: Any) -> None:
    async def scenario() -> None:
        async with proxy(postgresql_server.port) as network, collecting(network.port) as made:
            network.delay = 0.05
            assert read(await made.collect())[signals.CONNECTIONS_MAX] == {("primary",): 15}

            round_ = asyncio.ensure_future(made.collect())
            await asyncio.sleep(0)
            await network.cut()
            assert read(await round_)[signals.CONNECTIONS_MAX] == {("primary",): 15}
            assert network.accepted == 2

            network.swallows = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await made.collect()
            network.swallows = False
            assert read(await made.collect())[signals.CONNECTIONS_MAX] == {("primary",): 15}

    run(scenario)


def test_a_host_that_is_not_there_is_an_unavailable_source() -> None:
    async def scenario() -> None:
        async with collecting(1) as made:
            with pytest.raises(SourceUnavailable, match=r"^postgresql primary: .*refused"):
                await made.collect()

    run(scenario)


def test_a_password_file_that_is_gone_is_an_unavailable_source(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with collecting(1, password=Secret(file=tmp_path / "gone")) as made:
            with pytest.raises(SourceUnavailable, match="cannot read the secret's file"):
                await made.collect()

    run(scenario)
