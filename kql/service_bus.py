"""Service Bus: what waits, what was given up, what was refused, who changed something."""

from observability.design import alerting
from observability.design.data import SERVICE_BUS
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.model.verdict import Verdict
from observability.signals.service_bus import MESSAGE_QUEUE_DEPTH

PACK = Pack(title=Text(ko="Service Bus", en="Service Bus"))

_ENTITY = {"entity": "EntityName"}
_EXPORTER_OFF = Text(
    ko="exporter가 Application Insights로 메트릭을 보낼 때만 행이 있습니다.",
    en="Has rows only while the exporter sends its metrics to Application Insights.",
)
_MONITORING = Derived(
    Text(
        ko="문서가 네임스페이스의 메트릭, 진단 로그, 배달 못한 메시지 감시를 켭니다.",
        en="The document turns on the namespace's metrics, its diagnostic logs and the watch over dead letters.",
    ),
    (Section("6.1.1"), Section("6.1.2")),
)
_LEFT_OVER = Derived(
    Text(
        ko="문서는 배달 못한 메시지를 감시하게 하고 수는 정하지 않습니다. 남아 있는 한 건마다 누군가가 보아야 합니다.",
        en="The document has dead letters watched and gives no number: somebody has to look at each that is left.",
    ),
    (Section("6.1.1"), Section("6.1.2")),
)
# Every queue and topic of the document has the same size.
_MAX_SIZE = min(
    [queue.max_size.to(Unit.BYTES) for queue in SERVICE_BUS.queues]
    + [topic.max_size.to(Unit.BYTES) for topic in SERVICE_BUS.topics]
)

# --- what waits, and what was given up --------------------------------------------------------------

DEPTH = Query(
    id="queue-depth",
    title=Text(ko="큐와 구독별 메시지", en="Messages by queue and subscription"),
    source=Section("8.2.2"),
    text="""
        AppMetrics
        | where Name == metric and ItemCount > 0
        | extend entity = tostring(Properties.entity), subscription = tostring(Properties.subscription),
            state = tostring(Properties.state), messages = Sum / ItemCount
        | summarize arg_max(TimeGenerated, messages), most = max(messages) by entity, subscription, state
        | project entity, subscription, state, now_waiting = messages, most, last_seen = TimeGenerated
        | order by entity asc, subscription asc, state asc
    """,
    params={"metric": MESSAGE_QUEUE_DEPTH.name},
    columns={
        "entity": "string",
        "subscription": "string",
        "state": "string",
        "now_waiting": "real",
        "most": "real",
        "last_seen": "datetime",
    },
    caveat=_EXPORTER_OFF,
    look_for=Text(
        ko="쌓이기만 하는 큐는 받는 서비스가 멈췄거나 느린 것입니다.",
        en="A queue that only grows: the service that reads it has stopped, or is slow.",
    ),
)

DEPTH_OVER_TIME = Query(
    id="queue-depth-over-time",
    title=Text(ko="대기 메시지의 흐름", en="Waiting messages over time"),
    source=Section("8.2.2"),
    text="""
        AppMetrics
        | where Name == metric and ItemCount > 0
        | extend entity = tostring(Properties.entity), subscription = tostring(Properties.subscription),
            state = tostring(Properties.state)
        | where state == "active"
        | summarize most = max(Sum / ItemCount) by TimeGenerated = bin(TimeGenerated, bin_size), entity, subscription
        | order by TimeGenerated desc, entity asc, subscription asc
    """,
    params={"metric": MESSAGE_QUEUE_DEPTH.name, "bin_size": minutes(15)},
    columns={"TimeGenerated": "datetime", "entity": "string", "subscription": "string", "most": "real"},
    caveat=_EXPORTER_OFF,
    look_for=Text(ko="언제부터 쌓였는지 봅니다.", en="Since when it has been piling up."),
)

DEAD_LETTERS = Query(
    id="dead-letters",
    title=Text(ko="배달 못한 메시지", en="Dead letters"),
    source=Section("6.1.1"),
    text="""
        AppMetrics
        | where Name == metric and ItemCount > 0
        | extend entity = tostring(Properties.entity), subscription = tostring(Properties.subscription),
            state = tostring(Properties.state), messages = Sum / ItemCount
        | where state == "dead_lettered"
        | summarize arg_max(TimeGenerated, messages), least = min(messages), most = max(messages)
            by entity, subscription
        | project entity, subscription, dead_letters = messages, least, most, last_seen = TimeGenerated
        | order by dead_letters desc, entity asc, subscription asc
    """,
    params={"metric": MESSAGE_QUEUE_DEPTH.name},
    columns={
        "entity": "string",
        "subscription": "string",
        "dead_letters": "real",
        "least": "real",
        "most": "real",
        "last_seen": "datetime",
    },
    verdict=Verdict(
        column="dead_letters",
        warn_above=Quantity(0, Unit.MESSAGES),
        source=_LEFT_OVER,
    ),
    caveat=_EXPORTER_OFF,
    look_for=Text(
        ko="DeadLetterReason을 읽고, 고친 뒤 다시 보낼지 버릴지 정합니다.",
        en="Read their DeadLetterReason, and decide whether to send them again or drop them once it is mended.",
    ),
)

ACTIVE = MetricQuery(
    id="active-messages",
    title=Text(ko="큐와 토픽별 활성 메시지", en="Active messages by queue and topic"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="ActiveMessages", aggregation="Maximum", by=_ENTITY),
    grain=minutes(5),
    look_for=Text(
        ko="Azure는 구독을 나누지 않습니다. 구독별은 queue-depth에서 봅니다.",
        en="Azure does not split a topic by subscription; for that see queue-depth.",
    ),
)

DEAD_LETTERED = MetricQuery(
    id="dead-lettered-messages",
    title=Text(ko="큐와 토픽별 배달 못한 메시지", en="Dead-lettered messages by queue and topic"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="DeadletteredMessages", aggregation="Maximum", by=_ENTITY),
    grain=minutes(5),
    verdict=Verdict(column="latest", warn_above=Quantity(0, Unit.MESSAGES), source=_LEFT_OVER),
    look_for=Text(
        ko="어느 큐나 토픽인지 봅니다. 구독은 dead-letters가 알려 주고, 메시지의 DeadLetterReason에 까닭이 있습니다.",
        en="Which queue or topic. dead-letters tells the subscription, and the reason is in a message's DeadLetterReason.",
    ),
)

SIZE = MetricQuery(
    id="size",
    title=Text(ko="큐와 토픽의 크기", en="Size of queues and topics"),
    source=Section("6.1.2"),
    metric=PlatformMetric(resource="service_bus", metric="Size", aggregation="Maximum", by=_ENTITY),
    grain=minutes(60),
    verdict=Verdict(
        column="latest",
        warn_above=Quantity(_MAX_SIZE * alerting.DATABASE_CONNECTIONS.limit.to(Unit.RATIO), Unit.BYTES),
        fail_above=Quantity(_MAX_SIZE, Unit.BYTES),
        source=Derived(
            Text(
                ko="80 GB에서 보내기가 거절됩니다. 그 전의 기준은 문서에 없으므로, 한정된 자원인 DB 연결의 80 %를 씁니다.",
                en="At 80 GB sending is refused. The document gives no line before that, so the 80 % is taken that it draws "
                "for database connections, which run out as well.",
            ),
            (Section("6.1.2"), Section("8.1.2")),
        ),
    ),
    look_for=Text(
        ko="크기만 늘고 메시지 수가 그대로면 메시지가 커진 것입니다.",
        en="Larger with as many messages: the messages grew.",
    ),
)

# --- what was refused -------------------------------------------------------------------------------

ERRORS = Query(
    id="errors",
    title=Text(ko="오류", en="Errors"),
    source=_MONITORING,
    text="""
        AZMSDiagnosticErrorLogs
        | where Provider =~ "ServiceBus"
        | summarize errors = sum(tolong(ErrorCount)), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(ErrorMessage)
            by entity = EntityName, activity = ActivityName, result = OperationResult
        | order by errors desc, entity asc, activity asc, result asc
    """,
    columns={
        "entity": "string",
        "activity": "string",
        "result": "string",
        "errors": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
    },
    caveat=Text(
        ko="진단 설정이 DiagnosticErrorLogs를 보낼 때만 행이 있습니다.",
        en="Has rows only while the diagnostic setting sends DiagnosticErrorLogs.",
    ),
    look_for=Text(
        ko="ServerBusy면 용량, QuotaExceeded면 크기, 나머지는 클라이언트의 잘못입니다.",
        en="ServerBusy: capacity. QuotaExceeded: size. The rest: the client's own mistakes.",
    ),
)

THROTTLED = MetricQuery(
    id="throttled-requests",
    title=Text(ko="제한된 요청", en="Throttled requests"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="ThrottledRequests", aggregation="Total", by=_ENTITY),
    grain=minutes(5),
    verdict=Verdict(
        column="maximum",
        warn_above=Quantity(0, Unit.COUNT),
        source=Derived(
            Text(
                ko="요청을 거절했다면 문서의 메시징 단위 4개가 모자란 것입니다.",
                en="A request refused means that the document's four messaging units are not enough.",
            ),
            (Section("6.1.1"),),
        ),
    ),
    look_for=Text(ko="한 시각에 몰렸는지, 계속되는지 봅니다.", en="All at one moment, or all the time."),
)

SERVER_ERRORS = MetricQuery(
    id="server-errors",
    title=Text(ko="서버 오류 수", en="Server errors"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="ServerErrors", aggregation="Total", by=_ENTITY),
    grain=minutes(5),
    look_for=Text(ko="Azure의 상태 페이지와 견줍니다.", en="Hold it against Azure's status page."),
)

USER_ERRORS = MetricQuery(
    id="user-errors",
    title=Text(ko="클라이언트 오류 수", en="User errors"),
    source=_MONITORING,
    metric=PlatformMetric(
        resource="service_bus", metric="UserErrors", aggregation="Total", by={**_ENTITY, "result": "OperationResult"}
    ),
    grain=minutes(5),
    look_for=Text(
        ko="MessageLockLost가 늘면 처리가 잠금 시간보다 오래 걸립니다.",
        en="More MessageLockLost: a message takes longer than its lock lasts.",
    ),
)

CPU = MetricQuery(
    id="namespace-cpu",
    title=Text(ko="네임스페이스 CPU", en="CPU of the namespace"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="NamespaceCpuUsage", aggregation="Maximum"),
    grain=minutes(15),
    verdict=Verdict(
        column="average",
        warn_above=alerting.CPU.limit,
        source=Derived(
            Text(
                ko="문서의 CPU 기준을 네임스페이스에도 댑니다. 짧은 정점은 정상이므로 평균을 봅니다.",
                en="The document's CPU line, held against the namespace too; on the average, as short peaks are normal.",
            ),
            (Section("8.1.2", reading="R3"), Section("6.1.1")),
        ),
    ),
    look_for=Text(ko="메시징 단위를 늘릴 때인지 봅니다.", en="Whether it is time for more messaging units."),
)

MEMORY = MetricQuery(
    id="namespace-memory",
    title=Text(ko="네임스페이스 메모리", en="Memory of the namespace"),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="NamespaceMemoryUsage", aggregation="Maximum"),
    grain=alerting.MEMORY.window,
    verdict=Verdict(
        column="maximum",
        warn_above=alerting.MEMORY.limit,
        source=Derived(
            Text(
                ko="문서의 메모리 기준을 네임스페이스에도 댑니다.",
                en="The document's memory line, held against the namespace too.",
            ),
            (Section("8.1.2"), Section("6.1.1")),
        ),
    ),
    look_for=Text(ko="대기 메시지와 함께 늘었는지 봅니다.", en="Whether it grew with the messages that wait."),
)

# --- who did what -----------------------------------------------------------------------------------

CHANGES = Query(
    id="operational-changes",
    title=Text(ko="관리 작업", en="Management operations"),
    source=Section("10.2.1"),
    text="""
        AZMSOperationalLogs
        | where Provider =~ "ServiceBus"
        | summarize times = count(), last_seen = max(TimeGenerated)
            by event = EventName, status = Status, caller = Caller, detail = tostring(EventProperties)
        | order by last_seen desc, event asc, caller asc, detail asc
    """,
    columns={
        "event": "string",
        "status": "string",
        "caller": "string",
        "detail": "string",
        "times": "long",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="진단 설정이 OperationalLogs를 보낼 때만 행이 있습니다.",
        en="Has rows only while the diagnostic setting sends OperationalLogs.",
    ),
    look_for=Text(
        ko="운영 변경은 승인이 필요합니다. 승인 없이 바뀐 큐나 규칙을 찾습니다.",
        en="Changes in production need approval: look for queues or rules changed without one.",
    ),
)

_AUDIT_OFF = Text(
    ko="Premium 네임스페이스의 진단 설정이 RuntimeAuditLogs를 보낼 때만 행이 있습니다.",
    en="Has rows only while the diagnostic setting of the Premium namespace sends RuntimeAuditLogs.",
)
ACCESS = Query(
    id="access",
    title=Text(ko="누가 어디서 접속하는가", en="Who comes from where"),
    source=Section("6.1.1"),
    text="""
        AZMSRunTimeAuditLogs
        | where Provider =~ "ServiceBus"
        | summarize calls = sum(tolong(Count)), last_seen = max(TimeGenerated)
            by auth = AuthType, principal = AuthKey, network = NetworkType, address = ClientIp, activity = ActivityName,
                status = Status
        | order by calls desc, principal asc, address asc, activity asc, status asc
    """,
    columns={
        "auth": "string",
        "principal": "string",
        "network": "string",
        "address": "string",
        "activity": "string",
        "status": "string",
        "calls": "long",
        "last_seen": "datetime",
    },
    caveat=_AUDIT_OFF,
    look_for=Text(
        ko="서비스는 관리 ID로 들어옵니다. SAS 키를 쓰는 곳과 실패한 접속을 봅니다.",
        en="Services come with a managed identity: look for whoever uses a SAS key, and for calls that failed.",
    ),
)

PUBLIC_ACCESS = Query(
    id="public-access",
    title=Text(ko="공용 네트워크에서 온 호출", en="Calls from the public network"),
    source=Section("6.1.1"),
    text="""
        AZMSRunTimeAuditLogs
        | where Provider =~ "ServiceBus"
        | summarize calls = sum(tolong(Count)), from_public = sumif(tolong(Count), NetworkType =~ "Public"),
            with_sas = sumif(tolong(Count), AuthType =~ "SAS"),
            refused = sumif(tolong(Count), Status =~ "Failure"), last_public = maxif(TimeGenerated, NetworkType =~ "Public")
        | where calls > 0
    """,
    columns={
        "calls": "long",
        "from_public": "long",
        "with_sas": "long",
        "refused": "long",
        "last_public": "datetime",
    },
    verdict=Verdict(column="from_public", fail_above=Quantity(0, Unit.COUNT), source=Section("6.1.1")),
    caveat=_AUDIT_OFF,
    look_for=Text(
        ko="문서는 가상 네트워크에서만 접근하게 합니다. 누구인지는 access에서 봅니다.",
        en="The document lets only the virtual network in; for who it is see access.",
    ),
)

DENIED_CONNECTIONS = Query(
    id="denied-connections",
    title=Text(ko="네트워크 규칙이 거절한 접속", en="Connections that the network rules denied"),
    source=Section("6.1.1"),
    text="""
        AZMSVnetConnectionEvents
        | where Provider =~ "ServiceBus" and Action has "Deny"
        | summarize times = sum(tolong(Count)), last_seen = max(TimeGenerated), message = take_any(Message)
            by address = AddressIp
        | order by times desc, address asc
    """,
    columns={"address": "string", "times": "long", "last_seen": "datetime", "message": "string"},
    caveat=Text(
        ko="진단 설정이 VNetAndIPFilteringLogs를 보낼 때만 행이 있습니다.",
        en="Has rows only while the diagnostic setting sends VNetAndIPFilteringLogs.",
    ),
    look_for=Text(
        ko="우리 주소면 규칙이 틀렸고, 모르는 주소면 규칙이 일한 것입니다.",
        en="One of our addresses: the rule is wrong. One you do not know: the rule did its work.",
    ),
)
