"""A Redis server and a cluster of six, read while they are well and while they are not."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from exporters.collectors.redis import Facts, FakeReader, NodesReader, Redis, Shard
from exporters.config import RedisConfig, Secret
from exporters.families import Families, Partial
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals import redis as signals

WITHIN = 60.0
# A round that is cancelled ends at once, on a busy machine too; one that waited for the server would take the collector's
# own time for an answer, three tenths of its patience.
SOON, PATIENT = 5.0, 100.0
Until = Callable[..., Awaitable[Any]]
# A key for each of the six shards.
KEYS = [next(f"key-{n}" for n in range(1_000) if key_slot(f"key-{n}".encode()) * 6 // 16384 == s) for s in range(6)]
ALL = {str(number) for number in range(6)}


@contextlib.asynccontextmanager
async def collecting(port: int, **options: Any) -> AsyncIterator[Redis]:
    made = Redis.of(RedisConfig(**{"host": "127.0.0.1", "port": port, "tls": False, "cluster": False, **options}))
    try:
        yield made
    finally:
        await made.close()


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        # The collectors leave the bound of a whole round to who runs them.
        async with asyncio.timeout(WITHIN):
            await scenario()

    asyncio.run(bounded())


def read(told: Families | Partial) -> Families:
    """What was read, whether it is all or not."""
    return told.families if isinstance(told, Partial) else told


def of(told: Families | Partial, instrument: Instrument, shard: int = 0) -> float:
    value = read(told)[instrument][(str(shard),)]
    assert isinstance(value, float)
    return value


def shards(told: Families | Partial) -> set[str]:
    found = {frozenset(shard for (shard,) in series) for series in read(told).values()}
    assert len(found) == 1
    return set(found.pop())


# --- what is made of facts --------------------------------------------------------------------------


def shard(run_id: str = "a", uptime: float = 1_000, hits: float = 0, **other: Any) -> Shard:
    told = {"misses": 0, "evicted": 0, "memory_used": 5e6, "memory_max": 26e9, "clients": 3, "replicas": 1}
    return Shard(run_id=run_id, uptime=uptime, hits=hits, **{**told, "last_save": 1.7e9, **other})


def hits(*rounds: tuple[float, Facts]) -> list[float | None]:
    """Shard 0's hits after each round, which is at the given second."""

    async def scenario() -> None:
        for now, facts in rounds:
            clock[0] = now
            reader.facts = facts
            value = read(await made.collect()).get(signals.HITS, {}).get(("0",))
            assert value is None or isinstance(value, float)
            seen.append(value)

    clock, seen = [0.0], list[float | None]()
    reader = FakeReader(SourceUnavailable("not told yet"))
    made = Redis(reader, every=15, timeout=5, clock=lambda: clock[0])
    run(scenario)
    return seen


def one(**told: Any) -> Facts:
    return Facts(count=1, shards={0: shard(**told)})


def test_everything_a_shard_says_is_under_its_number() -> None:
    async def scenario() -> None:
        reader = FakeReader(Facts(count=1, shards={0: shard(memory_max=None)}))
        made = Redis(reader, every=15, timeout=5)
        label = ("0",)

        # No limit is no series: a share of it means nothing.
        assert await made.collect() == {
            signals.HITS: {label: 0},
            signals.MISSES: {label: 0},
            signals.EVICTED_KEYS: {label: 0},
            signals.MEMORY_USED: {label: 5e6},
            signals.CONNECTED_CLIENTS: {label: 3},
            signals.CONNECTED_REPLICAS: {label: 1},
            signals.LAST_SAVE: {label: 1.7e9},
        }
        await made.close()
        assert reader.closed

    run(scenario)


def test_statistics_that_are_reset_go_on_from_the_total() -> None:
    assert hits((0, one(hits=10)), (15, one(hits=30)), (30, one(hits=4))) == [0, 20, 24]


def test_a_replica_that_takes_over_brings_no_jump() -> None:
    rounds = (
        (0, one(run_id="a", hits=10)),
        (15, one(run_id="a", hits=30)),
        (30, one(run_id="b", hits=7_000)),
        (45, one(run_id="b", hits=7_005)),
        (60, one(run_id="a", hits=900)),
        (75, one(run_id="a", hits=901)),
    )

    assert hits(*rounds) == [0, 20, 20, 25, 25, 26]


def test_all_that_a_restarted_server_has_counted_is_new() -> None:
    rounds = ((0, one(run_id="a", hits=10)), (15, one(run_id="b", uptime=9, hits=40)))

    assert hits(*rounds) == [0, 40]


def test_a_shard_that_does_not_answer_keeps_its_total_and_one_that_is_gone_does_not() -> None:
    silent, gone = Facts(count=1, shards={}), Facts(count=0, shards={})
    rounds = ((0, one(hits=1)), (15, one(hits=3)), (30, silent), (45, one(hits=5)), (60, gone), (75, one(hits=9)))

    assert hits(*rounds) == [0, 2, None, 4, None, 0]


def test_a_shard_that_does_not_answer_is_a_problem_under_its_number() -> None:
    async def scenario() -> None:
        reader = FakeReader(Facts(count=3, shards={1: shard()}, failed={2: "redis cache:15002: refused"}))
        told = await Redis(reader, every=15, timeout=5).collect()

        assert isinstance(told, Partial)
        assert shards(told) == {"1"}
        assert told.problems == ("shard 0: no answer", "shard 2: redis cache:15002: refused")

    run(scenario)


@pytest.mark.parametrize(("successor", "expected"), [("a", 25.0), ("b", 20.0)], ids=["the same", "another server"])
def test_a_collector_that_replaces_another_goes_on_from_its_totals(successor: str, expected: float) -> None:
    async def scenario() -> None:
        clock = [0.0]
        reader = FakeReader(one(hits=10))
        old, new = (Redis(reader, every=15, timeout=5, clock=lambda: clock[0]) for _ in range(2))
        await old.collect()
        clock[0], reader.facts = 15, one(hits=30)
        assert of(await old.collect(), signals.HITS) == 20

        new.differences = old.differences

        clock[0], reader.facts = 16, one(run_id=successor, hits=35)
        assert of(await new.collect(), signals.HITS) == expected
        clock[0], reader.facts = 31, one(run_id=successor, hits=36)
        assert of(await new.collect(), signals.HITS) == expected + 1

    run(scenario)


# --- one server -------------------------------------------------------------------------------------


def test_a_server_s_state_is_told_as_it_is(redis_server: Any) -> None:
    async def scenario() -> None:
        redis_server.do("CONFIG", "SET", "maxmemory", 64 * 2**20)
        redis_server.do("SAVE")
        async with collecting(redis_server.port) as made:
            families = await made.collect()

        assert of(families, signals.MEMORY_MAX) == 64 * 2**20
        assert of(families, signals.LAST_SAVE) == redis_server.do("LASTSAVE").timestamp()
        assert of(families, signals.CONNECTED_CLIENTS) == 1
        assert of(families, signals.CONNECTED_REPLICAS) == 0
        used = redis_server.do("INFO", "memory")["used_memory"]
        assert of(families, signals.MEMORY_USED) == pytest.approx(used, rel=0.1)

    run(scenario)


def test_counters_count_from_the_first_reading(redis_server: Any) -> None:
    async def scenario() -> None:
        redis_server.do("SET", "key", "value")
        redis_server.do("GET", "key")
        async with collecting(redis_server.port) as made, collecting(redis_server.port) as other:
            families = await made.collect()
            assert (of(families, signals.HITS), of(families, signals.MISSES)) == (0, 0)

            for _ in range(3):
                redis_server.do("GET", "key")
            # A second reader changes nothing.
            await other.collect()
            redis_server.do("GET", "nothing")

            families = await made.collect()
            assert (of(families, signals.HITS), of(families, signals.MISSES)) == (3, 1)
            families = await made.collect()
            assert (of(families, signals.HITS), of(families, signals.MISSES)) == (3, 1)

            redis_server.do("CONFIG", "RESETSTAT")
            redis_server.do("GET", "key")
            families = await made.collect()
            assert (of(families, signals.HITS), of(families, signals.MISSES)) == (4, 1)

    run(scenario)


def test_evicted_keys_are_those_the_server_lacks(redis_server: Any) -> None:
    async def scenario() -> None:
        redis_server.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        async with collecting(redis_server.port) as made:
            await made.collect()
            redis_server.do("CONFIG", "SET", "maxmemory", redis_server.do("INFO", "memory")["used_memory"] + 200_000)
            for number in range(60):
                redis_server.do("SET", f"key-{number}", "x" * 10_000)
            # From here on nothing more is evicted, whatever memory the next commands want.
            redis_server.do("CONFIG", "SET", "maxmemory", 0)
            left = redis_server.do("DBSIZE")

            assert 0 < left < 60
            assert of(await made.collect(), signals.EVICTED_KEYS) == 60 - left

    run(scenario)


def test_one_connection_is_kept_under_our_name(redis_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(redis_server.port) as made:
            await made.collect()
            for _ in range(10):
                await made.collect()
            # Ours, and the one that asks.
            assert redis_server.do("INFO", "stats")["total_connections_received"] <= 4
            assert "name=tripgen-exporter" in str(redis_server.do("CLIENT", "LIST"))

    run(scenario)


def test_counters_survive_kill_9_and_the_restart_costs_no_round(redis_server: Any, until: Until) -> None:
    async def scenario() -> None:
        async with collecting(redis_server.port) as made:
            await made.collect()
            redis_server.do("SET", "key", "value")
            redis_server.do("GET", "key")
            assert of(await made.collect(), signals.HITS) == 1

            redis_server.kill()
            with pytest.raises(SourceUnavailable, match=rf"^redis 127.0.0.1:{redis_server.port}: "):
                await made.collect()

            redis_server.start()
            assert of(await made.collect(), signals.HITS) == 1
            redis_server.do("SET", "key", "value")
            redis_server.do("GET", "key")
            assert of(await made.collect(), signals.HITS) == 2

            redis_server.kill()
            redis_server.start()
            assert of(await made.collect(), signals.HITS) == 2

    run(scenario)


@pytest.mark.parametrize("connected", [True, False])
def test_a_frozen_server_holds_no_round_longer_than_its_time(redis_server: Any, connected: bool) -> None:
    async def scenario() -> None:
        async with collecting(redis_server.port, timeout=PATIENT) as made:
            if connected:
                await made.collect()
            redis_server.pause()
            try:
                for _ in range(2):
                    began = time.monotonic()
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.2):
                            await made.collect()
                    assert time.monotonic() - began < SOON
            finally:
                redis_server.resume()

            assert of(await made.collect(), signals.HITS) == 0

    run(scenario)


def test_a_server_that_takes_too_long_is_left_before_the_round_ends(redis_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(redis_server.port, timeout=4) as made:
            redis_server.pause()
            try:
                with pytest.raises(SourceUnavailable, match=r"no answer within 1\.2 s$"):
                    async with asyncio.timeout(4):
                        await made.collect()
            finally:
                redis_server.resume()

    run(scenario)


def test_a_slow_network_is_waited_for_and_a_cut_one_is_tried_again(redis_server: Any, proxy: Any) -> None:
    async def scenario() -> None:
        async with proxy(redis_server.port) as network, collecting(network.port) as made:
            network.delay = 0.05
            assert of(await made.collect(), signals.HITS) == 0

            round_ = asyncio.ensure_future(made.collect())
            await asyncio.sleep(0)
            await network.cut()
            assert of(await round_, signals.HITS) == 0
            assert network.accepted == 2

            network.swallows = True
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await made.collect()
            network.swallows = False
            # The answer that was given up is not taken for this one's.
            assert of(await made.collect(), signals.HITS) == 0

    run(scenario)


def test_a_wrong_password_is_told_without_the_password(start_redis: Any) -> None:
    async def scenario() -> None:
        server = start_redis(requirepass="right")
        async with collecting(server.port, password=Secret("swordfish")) as made:
            for _ in range(2):
                with pytest.raises(SourceUnavailable, match=r"^redis 127.0.0.1:\d+: .*invalid username") as caught:
                    await made.collect()
                assert "swordfish" not in str(caught.value)
                assert caught.value.__cause__ is None
        async with collecting(server.port) as made:
            with pytest.raises(SourceUnavailable, match="Authentication required"):
                await made.collect()
        async with collecting(server.port, password=Secret("right")) as made:
            assert of(await made.collect(), signals.HITS) == 0
        server.end()

    run(scenario)


def test_a_rotated_password_is_taken_at_the_next_connection(start_redis: Any, tmp_path: Path) -> None:
    async def scenario() -> None:
        old, new = "first", "second"
        file = tmp_path / "password"
        file.write_text(f"{old}\n", encoding="utf-8")
        server = start_redis(requirepass=old)
        async with collecting(server.port, password=Secret(file=file)) as made:
            await made.collect()
            server.do("CONFIG", "SET", "requirepass", new, password=old)
            server.do("CLIENT", "KILL", "TYPE", "normal", password=new)
            with pytest.raises(SourceUnavailable, match="invalid username"):
                await made.collect()
            file.write_text(f"{new}\n", encoding="utf-8")
            assert of(await made.collect(), signals.HITS) == 0
        server.end()

    run(scenario)


def test_a_token_signs_in_at_each_new_connection(start_redis: Any) -> None:
    async def scenario() -> None:
        server = start_redis()
        user = "0000-object-id"
        tokens = iter(("first", "second"))

        async def token() -> str:
            current = next(tokens)
            server.do("ACL", "SETUSER", user, "on", "resetpass", f">{current}", "+info", "+client", "+ping")
            return current

        config = RedisConfig(host="127.0.0.1", port=server.port, tls=False, cluster=False, user=user, entra=True)
        reader = NodesReader(config, token=token)
        await reader.read()
        await reader.read()
        # As Azure does when a token has run out.
        server.do("CLIENT", "KILL", "USER", user)
        await reader.read()
        await reader.close()
        assert list(tokens) == []
        server.end()

    run(scenario)


def test_no_token_is_an_unavailable_source(redis_server: Any) -> None:
    async def scenario() -> None:
        async def token() -> str:
            raise LookupError("tenant secret")

        config = RedisConfig(host="127.0.0.1", port=redis_server.port, tls=False, cluster=False, user="x", entra=True)
        with pytest.raises(SourceUnavailable, match=r": no token: LookupError$"):
            await NodesReader(config, token=token).read()

    run(scenario)


def test_tls_is_verified_against_the_given_authority_and_the_name(
    redis_server: Any, proxy: Any, authority: Any
) -> None:
    async def scenario() -> None:
        async with proxy(redis_server.port, tls=authority.server) as network:
            secure = {"tls": True, "ca_file": authority.ca_file}
            async with collecting(network.port, host="localhost", timeout=PATIENT, **secure) as made:
                assert of(await made.collect(), signals.HITS) == 0
                began = time.monotonic()
                with pytest.raises(TimeoutError):
                    redis_server.pause()
                    async with asyncio.timeout(0.2):
                        await made.collect()
                assert time.monotonic() - began < SOON
                redis_server.resume()
                assert of(await made.collect(), signals.HITS) == 0
            async with collecting(network.port, **secure) as made:
                with pytest.raises(SourceUnavailable, match=r"certificate is not valid for '127\.0\.0\.1'"):
                    await made.collect()
            async with collecting(network.port, host="localhost", tls=True) as made:
                with pytest.raises(SourceUnavailable, match="certificate verify failed"):
                    await made.collect()

    run(scenario)


# --- a cluster --------------------------------------------------------------------------------------


def test_each_shard_counts_for_itself_in_the_order_of_the_slots(redis_cluster: list[Any]) -> None:
    async def scenario() -> None:
        # Any node will do to ask.
        async with collecting(redis_cluster[4].port, cluster=True) as made:
            assert shards(await made.collect()) == ALL
            for number, node in enumerate(redis_cluster):
                node.do("SET", KEYS[number], "value")
                for _ in range(number + 1):
                    node.do("GET", KEYS[number])
            redis_cluster[2].do("GET", f"{{{KEYS[2]}}}-missing")

            families = await made.collect()

        assert [of(families, signals.HITS, number) for number in range(6)] == [1, 2, 3, 4, 5, 6]
        assert [of(families, signals.MISSES, number) for number in range(6)] == [0, 0, 1, 0, 0, 0]

    run(scenario)


def test_a_killed_shard_is_absent_alone_and_comes_back_with_its_total(redis_cluster: list[Any], until: Until) -> None:
    killed = 3

    async def scenario() -> None:
        async with collecting(redis_cluster[0].port, cluster=True) as made:
            node = redis_cluster[killed]
            await made.collect()
            node.do("SET", KEYS[killed], "value")
            node.do("GET", KEYS[killed])
            before = of(await made.collect(), signals.HITS, killed)
            assert before == 1

            node.kill()
            told = await made.collect()
            assert isinstance(told, Partial)
            assert shards(told) == ALL - {str(killed)}
            (problem,) = told.problems
            assert problem.startswith(f"shard {killed}: redis 127.0.0.1:{node.port}: ")

            node.start()
            assert shards(await made.collect()) == ALL
            assert of(await made.collect(), signals.HITS, killed) == before

            async def well() -> bool:
                return all(node.do("CLUSTER INFO")["cluster_state"] == "ok" for node in redis_cluster)

            await until(well)
            node.do("SET", KEYS[killed], "value")
            node.do("GET", KEYS[killed])
            assert of(await made.collect(), signals.HITS, killed) == before + 1

    run(scenario)


@pytest.mark.parametrize("frozen", [0, 5])
@pytest.mark.parametrize("connected", [True, False])
def test_a_frozen_shard_is_absent_alone_even_if_it_is_the_one_that_is_asked(
    redis_cluster: list[Any], frozen: int, connected: bool
) -> None:
    async def scenario() -> None:
        # At the start the configured node is the only one that is known.
        expected = None if frozen == 0 and not connected else ALL - {str(frozen)}
        async with collecting(redis_cluster[0].port, cluster=True, timeout=1) as made:
            if connected:
                await made.collect()
            redis_cluster[frozen].pause()
            try:
                for _ in range(2):
                    async with asyncio.timeout(1):
                        if expected is None:
                            with pytest.raises(SourceUnavailable, match="no answer"):
                                await made.collect()
                        else:
                            assert shards(await made.collect()) == expected
            finally:
                redis_cluster[frozen].resume()
            assert shards(await made.collect()) == ALL

    run(scenario)


def test_a_failover_brings_no_jump_and_no_step_back(start_redis: Any, until: Until) -> None:
    async def scenario() -> None:
        old, new = (start_redis(cluster_enabled="yes", cluster_node_timeout="1000") for _ in range(2))
        old.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        old.do("CLUSTER", "MEET", "127.0.0.1", new.port, new.command[new.command.index("--cluster-port") + 1])

        async def replicates() -> bool:
            with contextlib.suppress(redis.ResponseError):
                # Refused until the two have met.
                new.do("CLUSTER", "REPLICATE", old.do("CLUSTER", "MYID"))
            return bool(new.do("INFO", "replication").get("master_link_status") == "up")

        async with collecting(old.port, cluster=True) as made:
            await until(replicates)
            old.do("SET", "key", "value")
            families = await made.collect()
            assert of(families, signals.CONNECTED_REPLICAS) == 1
            for _ in range(5):
                old.do("GET", "key")
            # The replica has a past of its own.
            with redis.Redis("127.0.0.1", new.port, single_connection_client=True) as reader:
                reader.execute_command("READONLY")
                for _ in range(50):
                    reader.get("key")
            assert new.do("INFO", "stats")["keyspace_hits"] >= 50
            assert of(await made.collect(), signals.HITS) == 5

            new.do("CLUSTER", "FAILOVER", "TAKEOVER")
            seen = [5.0]

            async def taken_over() -> bool:
                families = await made.collect()
                seen.append(of(families, signals.HITS))
                return bool(made.differences.last[0][0] == new.do("INFO", "server")["run_id"])

            await until(taken_over)
            assert seen == [5] * len(seen)
            for _ in range(3):
                new.do("GET", "key")
            assert of(await made.collect(), signals.HITS) == 8

            old.kill()
            # The node that was asked for the slots is gone, the shard is not.
            new.do("GET", "key")
            assert of(await made.collect(), signals.HITS) == 9
        old.end()
        new.end()

    run(scenario)


def test_nodes_that_announce_addresses_are_reached_under_the_name_that_the_certificate_has(
    start_redis: Any, proxy: Any, authority: Any
) -> None:
    async def scenario() -> None:
        async with proxy(0, tls=authority.server) as network:
            server = start_redis(
                cluster_enabled="yes", cluster_announce_ip="127.0.0.1", cluster_announce_port=str(network.port)
            )
            network.target = server.port
            server.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            async with collecting(
                network.port, host="localhost", cluster=True, tls=True, ca_file=authority.ca_file
            ) as made:
                assert shards(await made.collect()) == {"0"}
            server.end()

    run(scenario)


def test_shards_are_numbered_by_slot_whatever_the_order_and_the_number_of_ranges() -> None:
    reader = NodesReader(RedisConfig(host="cache.example", tls=True))
    answer = [
        [5_000, 11_999, [b"10.0.0.1", 15_001, b"id-b"], [b"10.0.0.1", 15_009, b"id-replica"]],
        [12_000, 16_383, [b"10.0.0.1", 15_000, b"id-a"]],
        [0, 4_999, [b"10.0.0.1", 15_000, b"id-a"]],
    ]

    assert reader._in_slot_order(answer) == (("cache.example", 15_000), ("cache.example", 15_001))


def test_a_node_that_was_replaced_since_the_slots_were_read_is_not_taken_for_the_shard() -> None:
    reader = NodesReader(RedisConfig(host="cache.example"))

    with pytest.raises(SourceUnavailable, match="is no primary any more"):
        reader._shard(b"# Replication\r\nrole:slave\r\n", ("cache.example", 15_000))
    with pytest.raises(SourceUnavailable, match="INFO lacks 'run_id'"):
        reader._shard(b"# Replication\r\nrole:master\r\n", ("cache.example", 15_000))


def test_a_server_that_is_no_cluster_says_so(redis_server: Any) -> None:
    async def scenario() -> None:
        async with collecting(redis_server.port, cluster=True) as made:
            with pytest.raises(SourceUnavailable, match="cluster support disabled"):
                await made.collect()

    run(scenario)


def test_a_cluster_without_slots_is_unavailable(start_redis: Any) -> None:
    async def scenario() -> None:
        server = start_redis(cluster_enabled="yes")
        async with collecting(server.port, cluster=True) as made:
            with pytest.raises(SourceUnavailable, match="no slots yet"):
                await made.collect()
        server.end()

    run(scenario)


def test_a_host_that_is_not_there_is_an_unavailable_source() -> None:
    async def scenario() -> None:
        for cluster in (True, False):
            async with collecting(1, cluster=cluster) as made:
                with pytest.raises(SourceUnavailable, match=r"^redis 127.0.0.1:1: "):
                    await made.collect()

    run(scenario)


def test_the_driver_comes_without_a_telemetry_sdk_that_nobody_asked_for_and_leaves_it_loadable() -> None:
    code = (
        "import sys\n"
        "from exporters.collectors.redis import load_driver\n"
        "load_driver()\n"
        "print('redis.asyncio' in sys.modules, [name for name in sys.modules if name.startswith('opentelemetry')])\n"
        "import opentelemetry.sdk.metrics\n"
        "load_driver()\n"
        "print('opentelemetry.sdk.metrics' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout == "True []\nTrue\n"
