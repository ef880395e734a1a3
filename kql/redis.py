"""Redis: does it hit, is there room, who is connected, does it save."""

from observability.design import alerting
from observability.design.data import REDIS
from observability.design.objectives import CACHE_HIT_GOAL, CACHE_HIT_MINIMUM
from observability.design.platform import VNET
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent
from observability.model.verdict import Outcome, Verdict
from observability.signals import recovery
from observability.signals.redis import CACHE_HIT_RATIO

PACK = Pack(title=Text(ko="Redis", en="Redis"))

_SHARD = {"shard": "ShardId"}
_EXPORTER_OFF = Text(
    ko="exporter가 Application Insights로 메트릭을 보낼 때만 행이 있습니다.",
    en="Has rows only while the exporter sends its metrics to Application Insights.",
)
_HEALTH = Derived(
    Text(
        ko="일일 점검의 성능 메트릭 확인과 주간 용량 검토에 필요한 질문입니다. 용량은 바이트가 아니라 비율로 봅니다(R15).",
        en="Asked by the daily look at performance and the weekly capacity review; capacity as a share, never in bytes (R15).",
    ),
    (Section("5.2.1", reading="R15"), Section("12.1.1")),
)
_LINES = Derived(
    Text(
        ko="문서의 자원 알림 기준을 캐시에도 댑니다. 문서는 캐시의 기준을 따로 주지 않습니다.",
        en="The document's line for its resource alerts, held against the cache too, for which it gives none of its own.",
    ),
    (Section("8.1.2"), Section("5.2.1", reading="R15")),
)

# --- does it hit ------------------------------------------------------------------------------------

HIT_RATIO = Query(
    id="hit-ratio",
    title=Text(ko="캐시 히트율", en="Cache hit ratio"),
    source=Section("14", reading="R20"),
    text="""
        AppMetrics
        | where Name == metric
        // A row is the hits (Sum) of so many lookups (ItemCount): the quiet hours weigh less, as they should.
        | summarize hits = sum(Sum), lookups = sum(tolong(ItemCount)), last_seen = max(TimeGenerated)
        | where lookups > 0
        | project hits, lookups, hit_percent = 100.0 * hits / lookups, last_seen
    """,
    params={"metric": CACHE_HIT_RATIO.name},
    columns={"hits": "real", "lookups": "long", "hit_percent": "real", "last_seen": "datetime"},
    verdict=Verdict(
        column="hit_percent",
        fail_below=percent(CACHE_HIT_MINIMUM.value.to(Unit.PERCENT)),
        warn_below=percent(CACHE_HIT_GOAL.value.to(Unit.PERCENT)),
        source=Section("14", reading="R20"),
    ),
    caveat=_EXPORTER_OFF,
    look_for=Text(
        ko="80 % 아래면 PostgreSQL이 그만큼 더 읽습니다. 배포로 키가 바뀌었는지, 키가 밀려났는지(evictions) 봅니다.",
        en="Below 80 %: PostgreSQL reads that much more. Did a deployment change the keys, or were keys evicted?",
    ),
)

HIT_RATIO_OVER_TIME = Query(
    id="hit-ratio-over-time",
    title=Text(ko="캐시 히트율의 흐름", en="Cache hit ratio over time"),
    source=Section("8.2.2", reading="R20"),
    text="""
        AppMetrics
        | where Name == metric
        | summarize hits = sum(Sum), lookups = sum(tolong(ItemCount)) by TimeGenerated = bin(TimeGenerated, bin_size)
        | where lookups > 0
        | project TimeGenerated, lookups, hit_percent = 100.0 * hits / lookups
        | order by TimeGenerated desc
    """,
    params={"metric": CACHE_HIT_RATIO.name, "bin_size": minutes(15)},
    columns={"TimeGenerated": "datetime", "lookups": "long", "hit_percent": "real"},
    caveat=_EXPORTER_OFF,
    look_for=Text(ko="언제부터 떨어졌는지 봅니다.", en="Since when it has been falling."),
)

HITS_BY_SHARD = MetricQuery(
    id="hits-by-shard",
    title=Text(ko="샤드별 적중", en="Hits by shard"),
    source=Section("8.2.2", reading="R20"),
    metric=PlatformMetric(resource="redis", metric="cachehits", aggregation="Total", by=_SHARD),
    grain=minutes(5),
    look_for=Text(ko="한 샤드에 몰린 키가 있는지 봅니다.", en="Whether one shard holds keys that everybody asks for."),
)

MISSES_BY_SHARD = MetricQuery(
    id="misses-by-shard",
    title=Text(ko="샤드별 실패", en="Misses by shard"),
    source=Section("8.2.2", reading="R20"),
    metric=PlatformMetric(resource="redis", metric="cachemisses", aggregation="Total", by=_SHARD),
    grain=minutes(5),
    look_for=Text(ko="장애조치로 비워진 샤드는 실패만 납니다.", en="A shard that a failover emptied only misses."),
)

# --- is there room ----------------------------------------------------------------------------------

MEMORY = MetricQuery(
    id="memory",
    title=Text(ko="메모리 사용률 (가장 찬 샤드)", en="Memory in use (fullest shard)"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="usedmemorypercentage", aggregation="Maximum"),
    grain=alerting.MEMORY.window,
    verdict=Verdict(column="maximum", warn_above=alerting.MEMORY.limit, source=_LINES),
    look_for=Text(ko="어느 샤드인지는 memory-by-shard에서 봅니다.", en="For which shard it is see memory-by-shard."),
)

MEMORY_BY_SHARD = MetricQuery(
    id="memory-by-shard",
    title=Text(ko="샤드별 메모리 사용률", en="Memory in use by shard"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="usedmemorypercentage", aggregation="Maximum", by=_SHARD),
    grain=minutes(5),
    look_for=Text(ko="한 샤드만 차면 큰 키가 있습니다.", en="One shard alone fills up: it holds a large key."),
)

EVICTIONS = MetricQuery(
    id="evictions",
    title=Text(ko="밀려난 키", en="Evicted keys"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="evictedkeys", aggregation="Total"),
    grain=minutes(5),
    verdict=Verdict(
        column="maximum",
        warn_above=Quantity(0, Unit.COUNT),
        source=Derived(
            Text(
                ko="문서는 키의 종류마다 수명을 정합니다. 수명이 남은 키가 밀려나면 메모리가 모자란 것입니다.",
                en="The document gives each kind of key its lifetime: a key evicted before its end means too little memory.",
            ),
            (Section("5.2.2"),),
        ),
    ),
    look_for=Text(ko="히트율이 함께 떨어졌는지 봅니다.", en="Whether the hit ratio fell with it."),
)

SERVER_LOAD = MetricQuery(
    id="server-load",
    title=Text(ko="서버 부하 (가장 바쁜 샤드)", en="Server load (busiest shard)"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="serverLoad", aggregation="Maximum"),
    grain=minutes(5),
    verdict=Verdict(
        column="maximum",
        warn_above=alerting.CPU.limit,
        source=Derived(
            Text(
                ko="CPU의 기준을 부하에도 댑니다. 명령은 한 스레드가 하나씩 처리하므로 부하가 차면 클라이언트가 시간 초과됩니다.",
                en="The CPU line, held against the load: one thread runs all commands, and once it never rests, clients time "
                "out.",
            ),
            (Section("8.1.2", reading="R3"), Section("5.2.1")),
        ),
    ),
    look_for=Text(
        ko="어느 샤드인지는 server-load-by-shard에서 봅니다.", en="For which shard it is see server-load-by-shard."
    ),
)

SERVER_LOAD_BY_SHARD = MetricQuery(
    id="server-load-by-shard",
    title=Text(ko="샤드별 서버 부하", en="Server load by shard"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="serverLoad", aggregation="Maximum", by=_SHARD),
    grain=minutes(5),
    look_for=Text(ko="한 샤드만 바쁘면 몰린 키를 나눕니다.", en="One shard alone is busy: spread the key it holds."),
)

OPERATIONS = MetricQuery(
    id="operations",
    title=Text(ko="초당 명령", en="Commands a second"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="operationsPerSecond", aggregation="Maximum"),
    grain=minutes(5),
    look_for=Text(ko="부하와 함께 늘었는지 봅니다.", en="Whether it grew with the load."),
)

# --- who is connected -------------------------------------------------------------------------------

CLIENTS = MetricQuery(
    id="clients",
    title=Text(ko="연결된 클라이언트 수", en="Clients connected"),
    source=_HEALTH,
    metric=PlatformMetric(resource="redis", metric="connectedclients", aggregation="Maximum"),
    grain=minutes(5),
    look_for=Text(
        ko="Pod 수보다 빨리 늘면 연결을 닫지 않는 서비스가 있습니다.",
        en="Growing faster than the pods: a service does not close its connections.",
    ),
)

_LIST_OFF = Text(
    ko="진단 설정이 ConnectedClientList를 보낼 때만 행이 있습니다.",
    en="Has rows only while the diagnostic setting sends ConnectedClientList.",
)
CLIENTS_BY_ADDRESS = Query(
    id="clients-by-address",
    title=Text(ko="주소별 클라이언트", en="Clients by address"),
    source=Section("5.2.1"),
    text="""
        ACRConnectedClientList
        | summarize most_clients = max(ClientCount), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated)
            by cache = CacheName, address = ClientIp
        | extend inside = address startswith network
        | project cache, address, inside, most_clients, first_seen, last_seen
        | order by inside asc, most_clients desc, address asc
    """,
    params={"network": VNET.prefix},
    columns={
        "cache": "string",
        "address": "string",
        "inside": "bool",
        "most_clients": "int",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    caveat=_LIST_OFF,
    look_for=Text(
        ko="한 주소의 연결이 계속 늘면 그 Pod가 연결을 닫지 않습니다.",
        en="One address with ever more connections: that pod does not close them.",
    ),
)

CLIENTS_FROM_OUTSIDE = Query(
    id="clients-from-outside",
    title=Text(ko="가상 네트워크 밖의 클라이언트", en="Clients from outside the virtual network"),
    source=Section("5.2.1"),
    text="""
        ACRConnectedClientList
        // A private link is inside whatever address the client shows.
        | extend is_outside = not(ClientIp startswith network) and isempty(PrivateLinkIpv6)
        | summarize addresses = dcount(ClientIp), outside = dcountif(ClientIp, is_outside),
            last_outside = maxif(TimeGenerated, is_outside)
            by cache = CacheName
        | project cache, addresses, outside, last_outside
        | order by outside desc, cache asc
    """,
    params={"network": VNET.prefix},
    columns={"cache": "string", "addresses": "long", "outside": "long", "last_outside": "datetime"},
    verdict=Verdict(column="outside", fail_above=Quantity(0, Unit.COUNT), source=Section("5.2.1")),
    caveat=_LIST_OFF,
    look_for=Text(
        ko="문서는 가상 네트워크 안에서만 접근하게 합니다. 한 주소라도 확인합니다.",
        en="The document lets nobody in from outside the virtual network: look at every single address.",
    ),
)

ENTRA_SIGN_INS = Query(
    id="entra-sign-ins",
    title=Text(ko="Entra 인증", en="Sign-ins with Entra"),
    source=Section("5.2.1"),
    text="""
        ACREntraAuthenticationAuditLog
        | summarize times = count(), addresses = dcount(IpAddress), last_seen = max(TimeGenerated)
            by cache = CacheName, user = Username, result = Authentication, message = Message
        | order by times desc, user asc, result asc, message asc
    """,
    columns={
        "cache": "string",
        "user": "string",
        "result": "string",
        "message": "string",
        "times": "long",
        "addresses": "long",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="캐시가 Entra 인증을 쓰고 진단 설정이 MSEntraAuthenticationAuditLog를 보낼 때만 행이 있습니다. 접근 키로 들어온 "
        "클라이언트는 여기 없습니다.",
        en="Has rows only where the cache uses Entra authentication and the diagnostic setting sends "
        "MSEntraAuthenticationAuditLog. Clients that come with an access key are not in it.",
    ),
    look_for=Text(ko="모르는 사용자와 거절된 인증을 봅니다.", en="Users you do not know, and sign-ins refused."),
)

# --- does it save -----------------------------------------------------------------------------------

_ONLY_ERRORS = Text(
    ko="Azure는 그 종류의 오류가 난 때에만 이 차원의 값을 씁니다.",
    en="Azure writes this value of the dimension only when an error of its kind happens.",
)
_NOT_THE_AGE = Text(
    ko="저장이 실패했는지만 말합니다. 마지막 RDB의 나이는 exporter의 tripgen_redis_last_save_timestamp_seconds에 있고, 이 작업 "
    "영역에는 없습니다.",
    en="Says only whether saving failed. How old the last RDB is, is told by the exporter's "
    "tripgen_redis_last_save_timestamp_seconds, which is not in this workspace.",
)
RDB_ERRORS = MetricQuery(
    id="rdb-errors",
    title=Text(ko="RDB 저장 오류", en="Errors saving the RDB"),
    source=REDIS.backup.source,
    metric=recovery.RDB_ERRORS_METRIC,
    grain=minutes(60),
    verdict=Verdict(
        column="maximum",
        fail_above=Quantity(0, Unit.COUNT),
        source=Section("5.3.1"),
        empty=Outcome.PASS,
        empty_because=_ONLY_ERRORS,
    ),
    caveat=_NOT_THE_AGE,
    look_for=Text(ko="스토리지 계정에 닿지 못하는지 봅니다.", en="Whether the storage account cannot be reached."),
)

AOF_ERRORS = MetricQuery(
    id="aof-errors",
    title=Text(ko="AOF 저장 오류", en="Errors writing the AOF"),
    source=REDIS.backup.source,
    metric=recovery.AOF_ERRORS_METRIC,
    grain=minutes(60),
    verdict=Verdict(
        column="maximum",
        fail_above=Quantity(0, Unit.COUNT),
        source=Section("5.3.1"),
        empty=Outcome.PASS,
        empty_because=_ONLY_ERRORS,
    ),
    caveat=_NOT_THE_AGE,
    look_for=Text(
        ko="오류가 이어지는 동안에는 장애조치가 데이터를 잃습니다.", en="While errors go on, a failover loses data."
    ),
)

ERRORS = MetricQuery(
    id="errors",
    title=Text(ko="종류별 오류", en="Errors by type"),
    source=Section("10.1.2"),
    metric=PlatformMetric(
        resource="redis", metric="errors", aggregation="Maximum", by={"shard": "ShardId", "error": "ErrorType"}
    ),
    grain=minutes(5),
    look_for=Text(
        ko="Failover와 Dataloss의 시각을 서비스의 오류와 견줍니다.",
        en="The times of Failover and Dataloss, against the errors of the services.",
    ),
)
