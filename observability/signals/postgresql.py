"""PostgreSQL: the primary, its two replicas, and each service's own pool."""

from observability.model.signal import Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

CONNECTIONS = Instrument(
    name="tripgen_postgresql_connections",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="서버 역할과 상태별 연결 수.", en="Connections by server role and state."),
    source=Section("8.2.2", reading="R7"),
    labels=("role", "state"),
)

CONNECTIONS_MAX = Instrument(
    name="tripgen_postgresql_connections_max",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="서버 역할별 최대 연결 수.", en="Connections that the server allows, by role."),
    source=Section("8.2.2", reading="R7"),
    labels=("role",),
)

POOL_CONNECTIONS = Instrument(
    name="tripgen_pool_connections",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="서비스 연결 풀의 상태별 연결 수.", en="Connections in each service's own pool, by state."),
    source=Section("8.2.2"),
    labels=("service", "state"),
)

POOL_CONNECTIONS_MAX = Instrument(
    name="tripgen_pool_connections_max",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="서비스 연결 풀의 최대 크기.", en="Size of each service's own pool."),
    source=Section("8.2.2"),
    labels=("service",),
)

REPLICATION_LAG = Instrument(
    name="tripgen_postgresql_replication_lag_seconds",
    kind=InstrumentKind.GAUGE,
    unit=Unit.SECONDS,
    help=Text(ko="복제본별 복제 지연.", en="Replication lag of each replica."),
    source=Section("10.1.1"),
    labels=("role",),
)

REPLICATION_LAG_BYTES = Instrument(
    name="tripgen_postgresql_replication_lag_bytes",
    kind=InstrumentKind.GAUGE,
    unit=Unit.BYTES,
    help=Text(ko="복제본별로 아직 반영하지 않은 WAL의 크기.", en="WAL that each replica has not replayed yet."),
    source=Section("10.1.1"),
    labels=("role",),
)

LONGEST_TRANSACTION = Instrument(
    name="tripgen_postgresql_longest_transaction_seconds",
    kind=InstrumentKind.GAUGE,
    unit=Unit.SECONDS,
    help=Text(
        ko="서버 역할별로 가장 오래 열린 트랜잭션의 나이.", en="Age of the oldest open transaction, by server role."
    ),
    source=Section("12.1.1"),
    labels=("role",),
)

DATABASE_SIZE = Instrument(
    name="tripgen_postgresql_database_size_bytes",
    kind=InstrumentKind.GAUGE,
    unit=Unit.BYTES,
    help=Text(ko="데이터베이스별 크기.", en="Size of each database."),
    source=Section("12.1.1"),
    labels=("role", "database"),
)

DATABASE_CONNECTION_POOL = Signal(
    name="database_connection_pool",
    title=Text(ko="DB 연결 사용률", en="Database connections in use"),
    unit=Unit.RATIO,
    help=Text(
        ko="서버 역할별 사용 중인 연결 / 최대 연결.",
        en="Connections in use / connections allowed, for each server role.",
    ),
    source=Section("8.2.2", reading="R7"),
    promql=PromQL(
        # The sum is taken at each moment and then averaged: averages of single series would still hold those of a
        # pod, or of a state, that has gone meanwhile, and count its connections twice.
        expr=(
            "avg_over_time((sum by (role) (max by (role, state) (tripgen_postgresql_connections)))[$window:30s])"
            " / max by (role) (max_over_time(tripgen_postgresql_connections_max[$window]))"
        ),
        by=("role",),
    ),
    recorded=True,
)

SERVICE_POOL = Signal(
    name="service_connection_pool",
    title=Text(ko="서비스 연결 풀 사용률", en="Service pools in use"),
    unit=Unit.RATIO,
    help=Text(
        ko="서비스별 연결 풀에서 사용 중인 연결 / 풀 크기.", en="Active connections of each service's pool / its size."
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr=(
            'avg_over_time((sum by (service) (tripgen_pool_connections{state="active"})'
            " / sum by (service) (tripgen_pool_connections_max))[$window:30s])"
        ),
        by=("service",),
    ),
    recorded=True,
    recorded_as=DATABASE_CONNECTION_POOL.name,
)

REPLICA_LAG = Signal(
    name="postgresql_replica_lag",
    title=Text(ko="복제 지연", en="Replication lag"),
    unit=Unit.SECONDS,
    help=Text(ko="복제본별 복제 지연.", en="Lag of each replica behind the primary."),
    source=Section("10.1.1"),
    promql=PromQL(expr="max by (role) (tripgen_postgresql_replication_lag_seconds)", by=("role",)),
)

_HEALTH = Derived(
    Text(
        ko="일일 점검의 성능 메트릭 확인과 용량 계획 검토에 필요한 값입니다.",
        en="Needed for the daily look at performance metrics and the weekly capacity review.",
    ),
    (Section("12.1.1"), Section("5.1.1")),
)

CPU = Signal(
    name="postgresql_cpu",
    title=Text(ko="PostgreSQL CPU", en="PostgreSQL CPU"),
    unit=Unit.PERCENT,
    help=Text(ko="주 서버의 CPU 사용률.", en="CPU of the primary."),
    source=_HEALTH,
    metric=PlatformMetric(resource="postgresql", metric="cpu_percent", aggregation="Average"),
)

STORAGE = Signal(
    name="postgresql_storage",
    title=Text(ko="PostgreSQL 스토리지", en="PostgreSQL storage"),
    unit=Unit.PERCENT,
    help=Text(ko="할당된 스토리지 중 사용한 비율.", en="Share of the provisioned storage in use."),
    source=_HEALTH,
    metric=PlatformMetric(resource="postgresql", metric="storage_percent", aggregation="Average"),
)

MEMORY = Signal(
    name="postgresql_memory",
    title=Text(ko="PostgreSQL 메모리", en="PostgreSQL memory"),
    unit=Unit.PERCENT,
    help=Text(ko="주 서버의 메모리 사용률.", en="Memory of the primary."),
    source=_HEALTH,
    metric=PlatformMetric(resource="postgresql", metric="memory_percent", aggregation="Average"),
)

FAILED_CONNECTIONS = Signal(
    name="postgresql_connections_failed",
    title=Text(ko="실패한 연결", en="Failed connections"),
    unit=Unit.COUNT,
    help=Text(ko="주 서버가 거절한 연결 수.", en="Connections that the primary refused."),
    source=_HEALTH,
    metric=PlatformMetric(resource="postgresql", metric="connections_failed", aggregation="Total"),
)
