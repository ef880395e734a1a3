"""Redis: the cluster's six shards taken together."""

from observability.model.signal import Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

HITS = Instrument(
    name="tripgen_redis_keyspace_hits_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(ko="샤드별 캐시 적중 수.", en="Cache hits of each shard."),
    source=Section("8.2.2"),
    labels=("shard",),
)

MISSES = Instrument(
    name="tripgen_redis_keyspace_misses_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(ko="샤드별 캐시 실패 수.", en="Cache misses of each shard."),
    source=Section("8.2.2"),
    labels=("shard",),
)

MEMORY_USED = Instrument(
    name="tripgen_redis_memory_used_bytes",
    kind=InstrumentKind.GAUGE,
    unit=Unit.BYTES,
    help=Text(ko="샤드별 사용 메모리.", en="Memory in use, by shard."),
    source=Section("5.2.1"),
    labels=("shard",),
)

MEMORY_MAX = Instrument(
    name="tripgen_redis_memory_max_bytes",
    kind=InstrumentKind.GAUGE,
    unit=Unit.BYTES,
    help=Text(ko="샤드별 최대 메모리.", en="Memory that the shard may use."),
    source=Section("5.2.1"),
    labels=("shard",),
)

EVICTED_KEYS = Instrument(
    name="tripgen_redis_evicted_keys_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(ko="샤드별 메모리가 모자라 밀려난 키.", en="Keys evicted for want of memory, by shard."),
    source=Section("12.1.1"),
    labels=("shard",),
)

CONNECTED_CLIENTS = Instrument(
    name="tripgen_redis_connected_clients",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="샤드별 클라이언트 연결 수.", en="Clients connected, by shard."),
    source=Section("12.1.1"),
    labels=("shard",),
)

CONNECTED_REPLICAS = Instrument(
    name="tripgen_redis_connected_replicas",
    kind=InstrumentKind.GAUGE,
    unit=Unit.COUNT,
    help=Text(ko="샤드별 연결된 복제본 수.", en="Replicas connected, by shard."),
    source=Section("5.2.1"),
    labels=("shard",),
)

LAST_SAVE = Instrument(
    name="tripgen_redis_last_save_timestamp_seconds",
    kind=InstrumentKind.GAUGE,
    unit=Unit.SECONDS,
    help=Text(ko="샤드별 마지막 RDB 저장 시각(Unix 초).", en="When the shard last saved its RDB, in Unix seconds."),
    source=Section("5.2.1"),
    labels=("shard",),
)

CACHE_HIT_RATIO = Signal(
    name="cache_hit_ratio",
    title=Text(ko="캐시 히트율", en="Cache hit ratio"),
    unit=Unit.RATIO,
    help=Text(
        ko="구간 동안의 적중 / (적중 + 실패), 모든 샤드 합산.",
        en="Hits / (hits + misses) over the interval, summed over all shards.",
    ),
    source=Section("8.2.2", reading="R20"),
    promql=PromQL(
        expr=(
            "sum(rate(tripgen_redis_keyspace_hits_total[$window]))"
            " / (sum(rate(tripgen_redis_keyspace_hits_total[$window]))"
            " + sum(rate(tripgen_redis_keyspace_misses_total[$window])))"
        )
    ),
    recorded=True,
)

SAVE_AGE = Signal(
    name="redis_last_save_age",
    title=Text(ko="마지막 RDB 저장 이후", en="Since the last RDB save"),
    unit=Unit.SECONDS,
    help=Text(ko="샤드별 마지막 RDB 저장 이후의 시간.", en="Time since each shard last saved its RDB."),
    source=Section("5.2.1"),
    promql=PromQL(expr=f"time() - max by (shard) ({LAST_SAVE.name})", by=("shard",)),
)

_HEALTH = Derived(
    Text(
        ko="캐시의 용량과 지속성을 보는 값입니다. 용량은 바이트가 아니라 비율로 봅니다(R15).",
        en="Shows the cache's capacity; as a share, never in bytes (R15).",
    ),
    (Section("5.2.1", reading="R15"), Section("12.1.1")),
)

MEMORY = Signal(
    name="redis_memory",
    title=Text(ko="Redis 메모리", en="Redis memory"),
    unit=Unit.PERCENT,
    help=Text(ko="샤드별 메모리 사용률.", en="Memory in use, by shard."),
    source=_HEALTH,
    metric=PlatformMetric(
        resource="redis", metric="usedmemorypercentage", aggregation="Maximum", by={"shard": "ShardId"}
    ),
)

SERVER_LOAD = Signal(
    name="redis_server_load",
    title=Text(ko="Redis 서버 부하", en="Redis server load"),
    unit=Unit.PERCENT,
    help=Text(ko="샤드별 서버 부하.", en="Server load, by shard."),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="serverLoad", aggregation="Maximum", by={"shard": "ShardId"}),
)

EVICTIONS = Signal(
    name="redis_evicted_keys",
    title=Text(ko="밀려난 키", en="Evicted keys"),
    unit=Unit.COUNT,
    help=Text(ko="메모리가 모자라 밀려난 키의 수.", en="Keys evicted for want of memory."),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="evictedkeys", aggregation="Total", by={"shard": "ShardId"}),
)
