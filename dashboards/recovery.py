"""Recovery: what a disaster would lose (RPO), how long it would last (RTO), and whether the copies are there."""

from dashboards.data import LAG, RDB_SAVED
from kql import inventory
from kql import postgresql as database_queries
from kql import service_bus as broker_queries
from observability.design.data import REDIS
from observability.design.operations import RECOVERY
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, minutes
from observability.signals import postgresql, recovery, redis

# A primary's silence is over within seconds, so its chart looks at every minute.
A_MINUTE = minutes(1)
AN_HOUR = hours(1)

RPO = Goal(
    title=Text(ko="RPO (잃어도 되는 시간)", en="RPO (time that may be lost)"),
    value=Quantity(RECOVERY.rpo.total_seconds() / 60, Unit.MINUTES),
    bound=Bound.BELOW,
    source=RECOVERY.source,
)
RTO = Goal(
    title=Text(ko="RTO (복구까지의 시간)", en="RTO (time to recover)"),
    value=Quantity(RECOVERY.rto.total_seconds() / 60, Unit.MINUTES),
    bound=Bound.BELOW,
    source=RECOVERY.source,
)
ANSWERS = Goal(
    title=Text(ko="주 서버가 응답함", en="The primary answers"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.ABOVE,
    source=Section("10.1.2"),
)
EVERY_REPLICA = Goal(
    title=Text(ko="샤드별 복제본", en="Replicas of each shard"),
    value=Quantity(REDIS.replicas_per_shard, Unit.COUNT),
    bound=Bound.ABOVE,
    source=REDIS.source,
)
DASHBOARD = Dashboard(
    id="tripgen-recovery",
    title=Text(ko="tripgen · 복구 준비", en="tripgen · Recovery"),
    description=Text(
        ko="지금 재해가 나면 얼마를 잃고(RPO 15분) 얼마나 멈추는가(RTO 30분). 복제 지연, 백업, 고가용성 상태, Redis의 저장, 메시지.",
        en="What a disaster would lose (RPO 15 minutes) and how long it would last (RTO 30 minutes): replication lag, "
        "backups, high availability, what Redis saves, messages.",
    ),
    source=Section("10.1.1"),
    last="24h",
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="지금 재해라면 잃을 데이터", en="A disaster now would lose"),
                    shows=postgresql.REPLICA_LAG,
                    kind=Kind.STAT,
                    goals=(LAG, RPO),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="마지막으로 접속에 성공한 뒤", en="Since a visit last got through"),
                    shows=recovery.SINCE_SUCCESS,
                    kind=Kind.STAT,
                    goals=(RTO,),
                    last="24h",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="주 데이터베이스 응답", en="Primary database answers"),
                    shows=recovery.PRIMARY_ALIVE,
                    kind=Kind.STAT,
                    goals=(ANSWERS,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="마지막 RDB 저장 이후", en="Since the last RDB save"),
                    shows=redis.SAVE_AGE,
                    kind=Kind.STAT,
                    goals=(RDB_SAVED,),
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="PostgreSQL: 복제와 고가용성", en="PostgreSQL: replicas and high availability"),
            panels=(
                Panel(
                    title=Text(ko="복제본별 지연 (replica_1, replica_2)", en="Lag by replica (replica_1, replica_2)"),
                    shows=postgresql.REPLICA_LAG,
                    line_of=("replica-lag",),
                    goals=(RPO,),
                    width=12,
                ),
                Panel(
                    title=Text(ko="주 서버의 응답", en="Answers of the primary"),
                    shows=recovery.PRIMARY_ALIVE,
                    goals=(ANSWERS,),
                    step=A_MINUTE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="서버의 구성과 고가용성 상태", en="Servers and the state of their HA"),
                    shows=inventory.DATABASE_SERVERS,
                    kind=Kind.TABLE,
                    width=24,
                    height=7,
                ),
                Panel(
                    title=Text(ko="재시작과 장애조치", en="Restarts and failovers"),
                    shows=database_queries.RESTARTS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=12,
                ),
                Panel(
                    title=Text(ko="Azure가 알린 서버 상태", en="Server health as Azure told it"),
                    shows=database_queries.HEALTH_EVENTS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=12,
                ),
            ),
        ),
        Row(
            title=Text(ko="PostgreSQL: 백업", en="PostgreSQL: backups"),
            panels=(
                Panel(
                    title=Text(ko="백업 스토리지", en="Backup storage"),
                    shows=recovery.BACKUP_STORAGE,
                    last="7d",
                    step=AN_HOUR,
                    width=8,
                ),
                Panel(
                    title=Text(ko="백업 자격 증명 모음의 백업", en="Backups in a backup vault"),
                    shows=database_queries.VAULT_BACKUPS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=8,
                ),
                Note(
                    title=Text(ko="마지막 백업의 시각은", en="When the last backup was made"),
                    text=Text(
                        ko="서버의 자동 백업(매일 02:00)은 **어떤 표에도 메트릭에도 기록되지 않습니다**. 포털의 서버 > Backup and restore에서 "
                        "봅니다. 위의 표의 oldest_restore_point는 가장 이른 복원 시점일 뿐입니다.\n\n지역 백업의 나이도 알려 주는 값이 "
                        "없으므로, RPO는 다른 지역에 있는 복제본(replica_1, 한국 남부)의 지연으로 잽니다.\n\n복원에 걸리는 시간(RTO)은 "
                        "**해 보아야 압니다**: 월간 재해복구 테스트(12.1.1)의 기록을 봅니다.",
                        en="The server's own backup (02:00 each day) is **in no table and no metric**: look at the server's "
                        "Backup and restore in the portal. oldest_restore_point above is only how far back one can go.\n\nNor "
                        "does any value tell how old the geo backup is, so the RPO is measured by the lag of the replica in the "
                        "other region (replica_1, Korea South).\n\nHow long a restore takes (RTO) is **known from doing it**: "
                        "see the records of the monthly recovery test (12.1.1).",
                    ),
                ),
            ),
        ),
        Row(
            title=Text(ko="Redis: 지속성과 복제", en="Redis: what is saved, and replicas"),
            panels=(
                Panel(
                    title=Text(ko="마지막 RDB 저장 이후", en="Since the last RDB save"),
                    shows=redis.SAVE_AGE,
                    goals=(RDB_SAVED,),
                    width=6,
                ),
                Panel(
                    title=Text(ko="RDB 저장 오류", en="Errors saving the RDB"),
                    shows=recovery.RDB_ERRORS,
                    line_of=("redis-rdb-failing",),
                    width=6,
                ),
                Panel(
                    title=Text(ko="AOF 저장 오류", en="Errors writing the AOF"),
                    shows=recovery.AOF_ERRORS,
                    line_of=("redis-aof-failing",),
                    width=6,
                ),
                Panel(
                    title=Text(ko="샤드의 복제본", en="Replicas of the shards"),
                    shows=recovery.REDIS_REPLICAS,
                    goals=(EVERY_REPLICA,),
                    width=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="Service Bus와 구성", en="Service Bus, and how it is set up"),
            panels=(
                Panel(title=Text(ko="지역 복제 지연", en="Geo-replication lag"), shows=recovery.GEO_LAG, width=8),
                Panel(
                    title=Text(ko="관리 작업과 장애조치", en="Management operations and failovers"),
                    shows=broker_queries.CHANGES,
                    kind=Kind.TABLE,
                    last="7d",
                    width=8,
                ),
                Panel(
                    title=Text(ko="Redis와 Service Bus의 구성", en="How Redis and Service Bus are set up"),
                    shows=inventory.BACKING_SERVICES,
                    kind=Kind.TABLE,
                    width=8,
                ),
            ),
        ),
    ),
)
