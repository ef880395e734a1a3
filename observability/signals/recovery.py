"""How far back a disaster would throw the system, and how long it would stay away (document 5.3 and 10.1)."""

from observability.model.query import Kql
from observability.model.signal import PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals.redis import CONNECTED_REPLICAS

BACKUP_STORAGE_METRIC = PlatformMetric(resource="postgresql", metric="backup_storage_used", aggregation="Maximum")
RDB_ERRORS_METRIC = PlatformMetric(resource="redis", metric="errors", aggregation="Maximum", only={"ErrorType": "RDB"})
AOF_ERRORS_METRIC = PlatformMetric(resource="redis", metric="errors", aggregation="Maximum", only={"ErrorType": "AOF"})
ALIVE_METRIC = PlatformMetric(resource="postgresql", metric="is_db_alive", aggregation="Maximum")

SINCE_SUCCESS = Signal(
    name="minutes_since_check_succeeded",
    title=Text(ko="마지막으로 성공한 점검 이후", en="Since a check last succeeded"),
    unit=Unit.MINUTES,
    help=Text(
        ko="공개 주소별로 합성 점검이 마지막으로 성공한 뒤 지난 시간. 한 번도 성공하지 않았으면 보이는 구간의 첫 점검부터 셉니다.",
        en="Time since the synthetic check of each public address last succeeded; where none did, since the first one in view.",
    ),
    source=Derived(
        Text(
            ko="사용자가 서비스를 쓰지 못한 시간이 곧 복구에 걸린 시간입니다.",
            en="The time in which users cannot reach the service is the time that recovery takes.",
        ),
        (Section("10.1.1"), Section("8.1.2", reading="R4")),
    ),
    kql=Kql(
        rows="AppAvailabilityResults",
        summarize="first_check = min(TimeGenerated), succeeded = maxif(TimeGenerated, Success == true)",
        by={"check": "Name"},
        result="| extend value = (now() - coalesce(succeeded, first_check)) / 1m",
    ),
)

PRIMARY_ALIVE = Signal(
    name="postgresql_alive",
    title=Text(ko="주 데이터베이스 응답", en="Primary database answers"),
    unit=Unit.COUNT,
    help=Text(
        ko="주 서버가 답하면 1, 아니면 0. 장애조치는 30초 안에 끝나므로 1분 내내 0이어서는 안 됩니다.",
        en="1 while the primary answers, else 0. A failover ends within 30 s, so no whole minute may be at 0.",
    ),
    source=Section("10.1.2"),
    metric=ALIVE_METRIC,
)

BACKUP_STORAGE = Signal(
    name="postgresql_backup_storage",
    title=Text(ko="백업 스토리지", en="Backup storage"),
    unit=Unit.BYTES,
    help=Text(
        ko="주 서버의 백업이 차지한 용량. 매일 조금씩 변해야 합니다. 마지막 백업의 시각은 어떤 메트릭에도 없습니다.",
        en="What the primary's backups take up. It should change a little each day. No metric tells when the last one was "
        "made.",
    ),
    source=Section("5.3.1"),
    metric=BACKUP_STORAGE_METRIC,
)

RDB_ERRORS = Signal(
    name="redis_rdb_errors",
    title=Text(ko="RDB 저장 오류", en="Errors saving the RDB"),
    unit=Unit.COUNT,
    help=Text(
        ko="RDB를 저장하지 못한 오류. Azure는 오류가 있을 때만 값을 씁니다.",
        en="Errors while saving the RDB. Azure writes values only when there are any.",
    ),
    source=Section("5.3.1"),
    metric=RDB_ERRORS_METRIC,
)

AOF_ERRORS = Signal(
    name="redis_aof_errors",
    title=Text(ko="AOF 저장 오류", en="Errors writing the AOF"),
    unit=Unit.COUNT,
    help=Text(
        ko="AOF를 쓰지 못한 오류. 이어지는 동안에는 장애조치가 데이터를 잃습니다. Azure는 오류가 있을 때만 값을 씁니다.",
        en="Errors while writing the AOF; while they go on a failover loses data. Azure writes values only when there are "
        "any.",
    ),
    source=Section("5.3.1"),
    metric=AOF_ERRORS_METRIC,
)

REDIS_REPLICAS = Signal(
    name="redis_replicas_connected",
    title=Text(ko="샤드의 복제본", en="Replicas of the shards"),
    unit=Unit.COUNT,
    help=Text(ko="샤드별로 연결된 복제본 수.", en="Replicas connected to each shard."),
    source=Section("5.2.1"),
    promql=PromQL(expr=f"max by (shard) ({CONNECTED_REPLICAS.name})", by=("shard",)),
)

GEO_LAG = Signal(
    name="service_bus_geo_lag",
    title=Text(ko="Service Bus 지역 복제 지연", en="Service Bus geo-replication lag"),
    unit=Unit.SECONDS,
    help=Text(
        ko="다른 지역으로 복제되지 못한 시간. 네임스페이스의 Geo-Replication을 켰을 때만 데이터가 있습니다. Geo-DR 별칭은 설정만 "
        "복제하고 메시지는 복제하지 않으므로 지연이 없습니다.",
        en="How far the other region is behind. Has data only with the namespace's Geo-Replication: a Geo-DR alias copies "
        "settings and no messages, so it has no lag.",
    ),
    source=Section("6.1.1"),
    metric=PlatformMetric(
        resource="service_bus", metric="ReplicationLagDuration", aggregation="Maximum", by={"entity": "EntityName"}
    ),
)
