"""PostgreSQL, Redis and Service Bus."""

from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.services import AI, TRIP, USER
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, burns, kst

_NEED_DATABASE = (USER, TRIP, AI)

CONNECTIONS_HIGH = Scenario(
    id="connections-high",
    title=Text(ko="DB 연결 90% 사용", en="90 % of the database's connections in use"),
    happens=Text(ko="연결이 새지만 아직 거절은 없습니다.", en="Connections leak, and none is refused yet."),
    source=Section("8.1.2", reading="R7"),
    begins=kst("2026-11-24 21:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Connections(start=begin, end=end, percent=90),),
    expects=(
        Expected(
            alert="database-connection-pool-exhausted", which={"role": "primary"}, count=1, within=minutes(6),
            resolved=minutes(7),
        ),
    ),
)  # fmt: skip

CONNECTIONS_GONE = Scenario(
    id="connections-gone",
    title=Text(ko="DB 연결 소진", en="No connection left"),
    happens=Text(
        ko="새 연결이 거절되어 DB가 필요한 요청의 일부가 실패합니다.",
        en="New connections are refused, and some requests that need the database fail.",
    ),
    source=Section("8.1.2", reading="R7"),
    begins=kst("2026-11-24 21:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Connections(start=begin, end=end, percent=100),),
    expects=(
        Expected(
            alert="database-connection-pool-exhausted", which={"role": "primary"}, count=1, within=minutes(6),
            resolved=minutes(7),
        ),
        *(
            Expected(
                alert="high-error-rate", which={"service": service.role}, count=1, within=minutes(4),
                resolved=minutes(16),
            )
            for service in _NEED_DATABASE
        ),
        *(burns(service.role, within=minutes(15)) for service in _NEED_DATABASE),
    ),
)  # fmt: skip


_UNREADABLE = Expected(
    alert="data-store-unreadable", which={"collector": "postgresql"}, count=1, within=minutes(2), resolved=minutes(8)
)


def _database_down(id: str, title: Text, happens: Text, lasts: int, *, budget: bool) -> Scenario:
    return Scenario(
        id=id,
        title=title,
        happens=happens,
        source=Section("10.1.2"),
        begins=kst("2026-11-24 16:00"),
        lasts=minutes(lasts),
        faults=lambda begin, end: (faults.DatabaseDown(start=begin, end=end),),
        expects=(
            *(
                Expected(
                    alert="high-error-rate", which={"service": service.role}, count=1, within=minutes(5),
                    resolved=minutes(16),
                )
                for service in _NEED_DATABASE
            ),
            *(burns(service.role, within=minutes(10)) for service in _NEED_DATABASE if budget),
            *((_UNREADABLE,) if budget else ()),
        ),
    )  # fmt: skip


FAILOVER = _database_down(
    "postgresql-failover",
    Text(ko="PostgreSQL 장애 조치", en="A failover of PostgreSQL"),
    Text(
        ko="문서의 30초를 1분으로 셉니다. 그 1분의 오류만으로 5분 오류율이 1%를 넘어 호출됩니다.",
        en="The document's 30 s, counted as a whole minute. That minute's errors alone are above 1 % of five minutes.",
    ),
    1,
    budget=False,
)
LONG_FAILOVER = _database_down(
    "postgresql-failover-long",
    Text(ko="10분 걸리는 PostgreSQL 장애 조치", en="A failover of PostgreSQL that takes 10 minutes"),
    Text(
        ko="DB가 필요한 요청이 10분 동안 실패하고, exporter는 서버를 읽지 못합니다.",
        en="What needs the database fails for 10 minutes, and the exporter cannot read the server.",
    ),
    10,
    budget=True,
)
REPLICA_LAG = Scenario(
    id="replica-lag",
    title=Text(ko="복제본이 10분 뒤처짐", en="A replica is 10 minutes behind"),
    happens=Text(ko="문서가 허용하는 5분을 넘습니다.", en="More than the 5 minutes that the document allows."),
    source=Section("10.1.1"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (
        faults.ReplicaLag(start=begin, end=end, replica=POSTGRESQL.replicas[0].key, seconds=600),
    ),
    expects=(
        Expected(
            alert="replica-lag",
            which={"role": POSTGRESQL.replicas[0].key},
            count=1,
            within=minutes(1),
            resolved=minutes(7),
        ),
    ),
)
REDIS_DOWN = Scenario(
    id="redis-failover",
    title=Text(ko="Redis 장애 조치", en="A failover of Redis"),
    happens=Text(
        ko="캐시가 문서가 허용하는 1분 동안 답하지 않습니다.",
        en="The cache answers nobody for the minute that the document allows.",
    ),
    source=Section("10.1.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(1),
    faults=lambda begin, end: (faults.Cache(start=begin, end=end, down=True),),
)
REDIS_GONE = Scenario(
    id="redis-gone",
    title=Text(ko="Redis가 10분 동안 답하지 않음", en="Redis does not answer for 10 minutes"),
    happens=Text(
        ko="장애 조치가 끝나지 않습니다. 서비스는 데이터베이스로 대신하고 느려집니다.",
        en="The failover does not end. The services fall back on the database, and are slow.",
    ),
    source=Section("10.1.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(10),
    faults=lambda begin, end: (faults.Cache(start=begin, end=end, down=True),),
    expects=(
        Expected(
            alert="data-store-unreadable", which={"collector": "redis"}, count=1, within=minutes(2), resolved=minutes(8)
        ),
    ),
)


def _not_saving(kind: str, ko: str, en: str) -> Scenario:
    return Scenario(
        id=f"redis-{kind.lower()}-not-written",
        title=Text(ko=f"Redis가 {kind}를 쓰지 못함", en=f"Redis cannot write its {kind}"),
        happens=Text(ko=ko, en=en),
        source=Section("5.3.1"),
        begins=kst("2026-11-24 16:00"),
        lasts=minutes(40),
        faults=lambda begin, end: (faults.NotSaved(start=begin, end=end, kind=kind),),
        # Without errors there are no values, and without values a metric alert does not resolve.
        expects=(Expected(alert=f"redis-{kind.lower()}-failing", by=(), count=1, within=minutes(7)),),
    )


RDB_NOT_WRITTEN = _not_saving(
    "RDB",
    "저장 계정의 네트워크 규칙이 바뀌어 매시간의 스냅숏이 저장되지 않습니다.",
    "A network rule of the storage account changed, and the hourly snapshot is not saved.",
)
AOF_NOT_WRITTEN = _not_saving(
    "AOF", "디스크가 느려 명령 로그가 밀립니다.", "The disk is slow, and the log of commands falls behind."
)
REDIS_COLD = Scenario(
    id="redis-low-hits",
    title=Text(ko="캐시 히트율 55%, 메모리 95%", en="55 % cache hits at 95 % memory"),
    happens=Text(
        ko="메모리가 차서 키가 밀려나고 히트율이 떨어집니다.", en="Memory is full, keys are evicted, hits fall."
    ),
    source=Section("8.2.2", reading="R20"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(40),
    faults=lambda begin, end: (faults.Cache(start=begin, end=end, hits=0.55, memory_percent=95),),
    expects=(
        Expected(alert="cache-hit-ratio-low", by=(), count=1, within=minutes(12), resolved=minutes(12)),
        Expected(alert="redis-memory-high", by=("shard",), count=REDIS.shards, within=minutes(4), resolved=minutes(8)),
    ),
)
BACKLOG = Scenario(
    id="service-bus-backlog",
    title=Text(ko="Service Bus에 메시지가 쌓임", en="Messages pile up in Service Bus"),
    happens=Text(
        ko="큐 하나에 5만 건이 쌓이고 200건이 배달되지 못했습니다.",
        en="50,000 messages wait in one queue, and 200 are dead letters.",
    ),
    source=Section("6.1.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (
        faults.Backlog(start=begin, end=end, entity=SERVICE_BUS.queues[0].name, waiting=50_000, dead=200),
    ),
    expects=(
        Expected(
            alert="service-bus-dead-letters",
            which={"entity": SERVICE_BUS.queues[0].name},
            count=1,
            within=minutes(10),
            resolved=minutes(15),
        ),
    ),
)

REPLICA_A_LITTLE_BEHIND = Scenario(
    id="replica-a-little-behind",
    title=Text(ko="복제본이 2분 뒤처짐", en="A replica is 2 minutes behind"),
    happens=Text(
        ko="문서가 허용하는 5분 안이므로 한 시간을 가도 조용합니다.",
        en="Within the 5 minutes that the document allows, so it stays quiet for an hour.",
    ),
    source=Section("10.1.1"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(60),
    faults=lambda begin, end: (
        faults.ReplicaLag(start=begin, end=end, replica=POSTGRESQL.replicas[0].key, seconds=120),
    ),
)
SINGLE_DEAD_LETTER = Scenario(
    id="single-dead-letter",
    title=Text(ko="배달 못한 메시지 한 건", en="A single dead letter"),
    happens=Text(
        ko="알림 큐의 메시지 하나를 배달하지 못했습니다.", en="One message of the notification queue was given up."
    ),
    source=Section("6.1.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (faults.Backlog(start=begin, end=end, entity="notification", dead=1),),
    expects=(
        Expected(
            alert="service-bus-dead-letters",
            which={"entity": "notification"},
            count=1,
            within=minutes(10),
            resolved=minutes(15),
        ),
    ),
)
