"""The data stores and the broker: PostgreSQL, Redis and Service Bus."""

from kql import triage
from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.objectives import CACHE_HIT_GOAL, CACHE_HIT_MINIMUM
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, seconds_of
from observability.signals import exporter, postgresql, redis, service_bus

LAG = Goal(
    title=Text(ko="허용하는 복제 지연", en="Replication lag allowed"),
    value=seconds_of(POSTGRESQL.replication.lag.total_seconds()),
    bound=Bound.BELOW,
    source=POSTGRESQL.replication.source,
)
CACHE_HITS = tuple(
    Goal(title=wanted.title, value=wanted.value, bound=Bound.ABOVE, source=wanted.source)
    for wanted in (CACHE_HIT_MINIMUM, CACHE_HIT_GOAL)
)
RDB_SAVED = Goal(
    title=Text(ko="RDB 저장 주기", en="RDB saved every"),
    value=seconds_of(REDIS.backup.every.total_seconds()),
    bound=Bound.BELOW,
    source=REDIS.backup.source,
)
# The document gives every queue and topic the same size.
QUEUE_SIZE = Goal(
    title=Text(ko="큐의 최대 크기", en="Largest size of a queue"),
    value=SERVICE_BUS.queues[0].max_size,
    bound=Bound.BELOW,
    source=SERVICE_BUS.queues[0].source,
)
NO_DEAD_LETTER = Goal(
    title=Text(ko="배달 못한 메시지 없음", en="No dead letter"),
    value=Quantity(1, Unit.MESSAGES),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="배달 못한 메시지는 저절로 다시 배달되지 않으므로 한 건이라도 사람이 보아야 합니다.",
            en="Nothing delivers a dead letter again by itself, so somebody has to look at a single one.",
        ),
        (Section("6.1.2"),),
    ),
)

DASHBOARD = Dashboard(
    id="tripgen-data",
    title=Text(ko="tripgen · 데이터 계층", en="tripgen · Data stores"),
    description=Text(
        ko="PostgreSQL 주 서버와 복제본, Redis 클러스터, Service Bus의 상태와 용량.",
        en="State and capacity of PostgreSQL with its replicas, the Redis cluster and Service Bus.",
    ),
    source=Section("12.1.1"),
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="DB 연결 사용률", en="Database connections in use"),
                    shows=postgresql.DATABASE_CONNECTION_POOL,
                    kind=Kind.STAT,
                    line_of=("database-connection-pool-exhausted",),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="복제 지연", en="Replication lag"),
                    shows=postgresql.REPLICA_LAG,
                    kind=Kind.STAT,
                    goals=(LAG,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="캐시 히트율", en="Cache hit ratio"),
                    shows=redis.CACHE_HIT_RATIO,
                    kind=Kind.STAT,
                    goals=CACHE_HITS,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="배달 못한 메시지", en="Dead letters"),
                    shows=service_bus.DEAD_LETTERS,
                    kind=Kind.STAT,
                    goals=(NO_DEAD_LETTER,),
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="저장소가 답하는가", en="Do the stores answer?"),
            panels=(
                Panel(
                    title=Text(ko="읽기에 성공한 비율", en="Reads that succeeded"),
                    shows=exporter.STORE_READ,
                    line_of=("data-store-unreadable",),
                    width=24,
                ),
            ),
        ),
        Row(
            title=Text(ko="PostgreSQL", en="PostgreSQL"),
            panels=(
                Panel(
                    title=Text(ko="서버별 연결 사용률", en="Connections in use by server"),
                    shows=postgresql.DATABASE_CONNECTION_POOL,
                    line_of=("database-connection-pool-exhausted",),
                    width=12,
                ),
                Panel(
                    title=Text(ko="복제 지연", en="Replication lag"),
                    shows=postgresql.REPLICA_LAG,
                    line_of=("replica-lag",),
                    width=12,
                ),
                Panel(title=Text(ko="CPU", en="CPU"), shows=postgresql.CPU, width=6),
                Panel(title=Text(ko="메모리", en="Memory"), shows=postgresql.MEMORY, width=6),
                Panel(title=Text(ko="스토리지", en="Storage"), shows=postgresql.STORAGE, width=6),
                Panel(
                    title=Text(ko="실패한 연결", en="Failed connections"),
                    shows=postgresql.FAILED_CONNECTIONS,
                    width=6,
                ),
                Panel(
                    title=Text(ko="상태별 세션", en="Sessions by state"),
                    shows=triage.DATABASE_SESSIONS,
                    kind=Kind.TABLE,
                    width=24,
                    height=7,
                ),
            ),
        ),
        Row(
            title=Text(ko="Redis", en="Redis"),
            panels=(
                Panel(
                    title=Text(ko="캐시 히트율", en="Cache hit ratio"),
                    shows=redis.CACHE_HIT_RATIO,
                    line_of=("cache-hit-ratio-low",),
                    goals=CACHE_HITS[1:],
                    width=6,
                ),
                Panel(
                    title=Text(ko="샤드별 메모리", en="Memory by shard"),
                    shows=redis.MEMORY,
                    line_of=("redis-memory-high",),
                    width=6,
                ),
                Panel(title=Text(ko="샤드별 서버 부하", en="Server load by shard"), shows=redis.SERVER_LOAD, width=6),
                Panel(title=Text(ko="밀려난 키", en="Evicted keys"), shows=redis.EVICTIONS, width=6),
                Panel(
                    title=Text(ko="마지막 RDB 저장 이후", en="Since the last RDB save"),
                    shows=redis.SAVE_AGE,
                    goals=(RDB_SAVED,),
                    width=24,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="Service Bus", en="Service Bus"),
            panels=(
                Panel(
                    title=Text(ko="큐와 구독의 메시지", en="Messages by queue and subscription"),
                    shows=service_bus.MESSAGE_QUEUE_DEPTH,
                    engine=Engine.PROMETHEUS,
                    width=6,
                ),
                Panel(
                    title=Text(ko="배달 못한 메시지", en="Dead letters"),
                    shows=service_bus.DEAD_LETTERS,
                    line_of=("service-bus-dead-letters",),
                    width=6,
                ),
                Panel(title=Text(ko="큐 크기", en="Queue size"), shows=service_bus.SIZE, goals=(QUEUE_SIZE,), width=6),
                Panel(title=Text(ko="제한된 요청", en="Throttled requests"), shows=service_bus.THROTTLED, width=6),
            ),
        ),
    ),
)
