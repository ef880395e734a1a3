"""PostgreSQL: who is refused, what is slow, what holds locks, how far the replicas are behind, how full it is."""

from observability.azure.limits import POSTGRESQL_READ_ONLY_STORAGE
from observability.design import alerting
from observability.design.data import POSTGRESQL
from observability.design.objectives import PHASE
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent, seconds_of
from observability.model.verdict import Verdict
from observability.signals import recovery
from observability.signals.postgresql import DATABASE_CONNECTION_POOL

PACK = Pack(title=Text(ko="PostgreSQL", en="PostgreSQL"))

_SERVERS = (POSTGRESQL.resource.name, *(replica.resource.name for replica in POSTGRESQL.replicas))
_REPLICAS = tuple(replica.resource.name for replica in POSTGRESQL.replicas)
_STANDBY = tuple(
    replica.resource.name for replica in POSTGRESQL.replicas if replica.region == POSTGRESQL.backup.geo_region
)
_LOGS_OFF = Text(
    ko="서버의 진단 설정이 PostgreSQLLogs를 이 작업 영역으로 보낼 때만 행이 있습니다.",
    en="Has rows only while the server's diagnostic setting sends PostgreSQLLogs to this workspace.",
)
_SESSIONS_OFF = Text(
    ko="진단 설정이 PostgreSQLFlexSessions를 보낼 때만 행이 있고, 5분마다 찍은 세션만 보입니다.",
    en="Has rows only while the diagnostic setting sends PostgreSQLFlexSessions, and sees the sessions of every fifth "
    "minute only.",
)
_EXPORTER_OFF = Text(
    ko="exporter가 Application Insights로 메트릭을 보낼 때만 행이 있습니다.",
    en="Has rows only while the exporter sends its metrics to Application Insights.",
)
_COLLECTOR_OFF = Text(
    ko="서버 매개변수 metrics.collector_database_activity가 ON일 때만 값이 있습니다.",
    en="Has values only while server parameter metrics.collector_database_activity is ON.",
)
_DAILY = Derived(
    Text(
        ko="일일 점검의 에러 로그 검토와 성능 메트릭 확인에 필요한 질문입니다.",
        en="Asked by the daily review of error logs and the daily look at performance.",
    ),
    (Section("12.1.1"), Section("5.1.1")),
)

# --- what goes wrong --------------------------------------------------------------------------------

SERVER_ERRORS = Query(
    id="server-errors",
    title=Text(ko="서버 오류", en="Server errors"),
    source=_DAILY,
    text="""
        PGSQLServerLogs
        | where ErrorLevel in ("ERROR", "FATAL", "PANIC")
        | summarize times = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(Message)
            by server = LogicalServerName, level = ErrorLevel, code = SqlErrorCode
        | order by times desc, server asc, level asc, code asc
    """,
    columns={
        "server": "string",
        "level": "string",
        "code": "string",
        "times": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
    },
    caveat=_LOGS_OFF,
    look_for=Text(
        ko="PANIC과 FATAL 먼저, 그다음 오늘 처음 나타난 코드를 봅니다.",
        en="PANIC and FATAL first, then codes that were not there before today.",
    ),
)

REFUSED_CONNECTIONS = Query(
    id="refused-connections",
    title=Text(ko="거절된 연결", en="Refused connections"),
    source=Section("8.1.2", reading="R7"),
    text="""
        PGSQLServerLogs
        // A server that refuses nobody still has a row: it logs its checkpoints, and silence would prove nothing.
        | summarize log_lines = count(), no_slot = countif(SqlErrorCode == "53300"),
            wrong_password = countif(SqlErrorCode == "28P01"),
            not_allowed = countif(SqlErrorCode == "28000"), not_ready = countif(SqlErrorCode == "57P03"),
            last_refusal = maxif(TimeGenerated, SqlErrorCode in ("53300", "28P01", "28000", "57P03"))
            by server = LogicalServerName
        | project server, log_lines, no_slot, wrong_password, not_allowed, not_ready, last_refusal
        | order by no_slot desc, wrong_password desc, server asc
    """,
    columns={
        "server": "string",
        "log_lines": "long",
        "no_slot": "long",
        "wrong_password": "long",
        "not_allowed": "long",
        "not_ready": "long",
        "last_refusal": "datetime",
    },
    verdict=Verdict(
        column="no_slot",
        fail_above=Quantity(0, Unit.COUNT),
        source=Derived(
            Text(
                ko="연결이 모자라 거절했다면 문서의 80 %를 이미 넘은 것입니다.",
                en="A connection refused for want of slots means that the document's 80 % was passed long ago.",
            ),
            (Section("8.1.2", reading="R7"),),
        ),
    ),
    caveat=_LOGS_OFF,
    look_for=Text(
        ko="no_slot이 있으면 사용자가 실패했습니다. wrong_password가 늘면 비밀번호 교체를 놓친 서비스를 찾습니다.",
        en="no_slot: users have failed. A growing wrong_password: a service that missed the rotation of its password.",
    ),
)

DEADLOCKS = Query(
    id="deadlocks",
    title=Text(ko="교착 상태", en="Deadlocks"),
    source=_DAILY,
    text="""
        PGSQLServerLogs
        | summarize log_lines = count(), deadlocks = countif(SqlErrorCode == "40P01"),
            lock_timeouts = countif(SqlErrorCode == "55P03"),
            last_seen = maxif(TimeGenerated, SqlErrorCode in ("40P01", "55P03")),
            detail = take_anyif(Detail, SqlErrorCode == "40P01")
            by server = LogicalServerName
        | project server, log_lines, deadlocks, lock_timeouts, last_seen, detail
        | order by deadlocks desc, server asc
    """,
    columns={
        "server": "string",
        "log_lines": "long",
        "deadlocks": "long",
        "lock_timeouts": "long",
        "last_seen": "datetime",
        "detail": "string",
    },
    caveat=_LOGS_OFF,
    look_for=Text(
        ko="배포 뒤에 늘었다면 두 트랜잭션이 같은 행을 다른 순서로 잠그는 코드를 찾습니다.",
        en="More since a deployment: look for code in which two transactions lock the same rows in another order.",
    ),
)

SLOW_QUERIES = Query(
    id="slow-queries",
    title=Text(ko="느린 쿼리 (쿼리 저장소)", en="Slow queries (query store)"),
    source=_DAILY,
    text="""
        PGSQLQueryStoreRuntime
        | where IsSystemQuery == false
        | extend server = tostring(split(_ResourceId, "/")[-1])
        | summarize calls = sum(Calls), total_ms = sum(TotalExecDurationMs), slowest_ms = max(MaxExecDurationMs)
            by server, database_id = DatabaseId, query_id = QueryId, query_type = QueryType
        | where calls > 0
        | extend mean_ms = total_ms / calls
        | project server, database_id, query_id, query_type, calls, mean_ms, slowest_ms, total_ms
        | order by total_ms desc, server asc, query_id asc
        | take most
    """,
    params={"most": 50},
    columns={
        "server": "string",
        "database_id": "int",
        "query_id": "string",
        "query_type": "string",
        "calls": "long",
        "mean_ms": "real",
        "slowest_ms": "real",
        "total_ms": "real",
    },
    verdict=Verdict(
        column="mean_ms",
        warn_above=PHASE.api_p95,
        source=Derived(
            Text(
                ko="API가 끝나야 할 시간보다 평균이 긴 쿼리를 기다리는 요청은 목표를 지킬 수 없습니다.",
                en="A request that waits for a query slower on average than the API's own goal cannot meet that goal.",
            ),
            (Section("14"), Section("13.1.1")),
        ),
    ),
    caveat=Text(
        ko="서버 매개변수 pg_qs.query_capture_mode가 TOP이나 ALL이고 진단 설정이 PostgreSQLFlexQueryStoreRuntime을 보낼 때만 "
        "행이 있습니다. 쿼리의 문장은 서버의 query_store.query_texts_view에 있습니다.",
        en="Has rows only while server parameter pg_qs.query_capture_mode is TOP or ALL and the diagnostic setting sends "
        "PostgreSQLFlexQueryStoreRuntime. The query's text is in the server's query_store.query_texts_view.",
    ),
    look_for=Text(
        ko="총 시간이 가장 많은 쿼리부터 봅니다. 배치 작업의 쿼리는 느려도 됩니다.",
        en="Begin with the query that takes most time in all. Queries of batch jobs may be slow.",
    ),
)

LOGGED_STATEMENTS = Query(
    id="logged-slow-statements",
    title=Text(ko="로그에 남은 느린 문장", en="Slow statements in the log"),
    source=_DAILY,
    text="""
        PGSQLServerLogs
        | where Message startswith "duration:"
        | extend duration_ms = todouble(extract("^duration: ([0-9.]+) ms", 1, Message))
        | where isnotnull(duration_ms)
        | project TimeGenerated, server = LogicalServerName, process = ProcessId, duration_ms, message = Message
        | order by duration_ms desc, TimeGenerated desc, server asc
        | take most
    """,
    params={"most": 100},
    columns={
        "TimeGenerated": "datetime",
        "server": "string",
        "process": "int",
        "duration_ms": "real",
        "message": "string",
    },
    caveat=Text(
        ko="서버 매개변수 log_min_duration_statement가 켜져 있을 때만 행이 있습니다.",
        en="Has rows only while server parameter log_min_duration_statement is set.",
    ),
    look_for=Text(ko="장애와 같은 시각의 문장을 찾습니다.", en="Statements of the incident's own minutes."),
)

# --- sessions and connections -----------------------------------------------------------------------

SESSIONS_BY_STATE = Query(
    id="sessions-by-state",
    title=Text(ko="상태별 세션의 흐름", en="Sessions by state over time"),
    source=Section("8.2.2", reading="R7"),
    text="""
        PGSQLPgStatActivitySessions
        | where BackendType == "client backend"
        | summarize sessions = dcount(ProcessId)
            by server = LogicalServerName, state = State, CollectionTime
        | summarize most_sessions = max(sessions) by TimeGenerated = bin(CollectionTime, bin_size), server, state
        | order by TimeGenerated desc, server asc, state asc
    """,
    params={"bin_size": minutes(15)},
    columns={"TimeGenerated": "datetime", "server": "string", "state": "string", "most_sessions": "long"},
    caveat=_SESSIONS_OFF,
    look_for=Text(
        ko="'idle in transaction'이 늘어나는 시각을 봅니다.", en="The time from which 'idle in transaction' grows."
    ),
)

LONG_TRANSACTIONS = Query(
    id="long-transactions",
    title=Text(ko="오래 열린 트랜잭션", en="Transactions open for long"),
    source=_DAILY,
    text="""
        PGSQLPgStatActivitySessions
        | where BackendType == "client backend" and isnotnull(TransactionStartTime)
        | extend open_seconds = datetime_diff("second", CollectionTime, TransactionStartTime)
        | summarize open_seconds = max(open_seconds), last_seen = max(CollectionTime),
            states = make_set(State), client = take_any(ClientIpAddress)
            by server = LogicalServerName, database = DatabaseName, application = ApplicationName,
                process = ProcessId, began = TransactionStartTime
        | project server, database, application, process, began, open_seconds, last_seen,
            states = tostring(states), client
        | order by open_seconds desc, server asc, process asc
        | take most
    """,
    params={"most": 100},
    columns={
        "server": "string",
        "database": "string",
        "application": "string",
        "process": "int",
        "began": "datetime",
        "open_seconds": "long",
        "last_seen": "datetime",
        "states": "string",
        "client": "string",
    },
    caveat=_SESSIONS_OFF,
    look_for=Text(
        ko="오래 열린 트랜잭션은 잠금을 쥐고 청소(vacuum)를 막습니다. 어느 애플리케이션인지 봅니다.",
        en="A transaction open for long keeps its locks and holds up vacuum: see which application it is.",
    ),
)

CONNECTIONS_USED = Query(
    id="connections-used",
    title=Text(ko="연결 사용률", en="Connections in use"),
    source=Section("8.1.2", reading="R7"),
    text="""
        AppMetrics
        | where Name == metric and ItemCount > 0
        | extend role = tostring(Properties.role)
        | where isnotempty(role)
        // The alert's own window: a spike that is gone within it is nobody's trouble.
        | summarize mean = sum(Sum) / sum(tolong(ItemCount)) by role, at = bin(TimeGenerated, window)
        | summarize worst_percent = 100.0 * max(mean), mean_percent = 100.0 * avg(mean), last_seen = max(at) by role
        | order by worst_percent desc, role asc
    """,
    params={"metric": DATABASE_CONNECTION_POOL.name, "window": alerting.DATABASE_CONNECTIONS.window},
    columns={"role": "string", "worst_percent": "real", "mean_percent": "real", "last_seen": "datetime"},
    verdict=Verdict(
        column="worst_percent",
        fail_above=alerting.DATABASE_CONNECTIONS.limit,
        source=Section("8.1.2", reading="R7"),
    ),
    caveat=_EXPORTER_OFF,
    look_for=Text(
        ko="주 서버(primary)와 복제본 중 어디가 차는지 봅니다.", en="Whether the primary fills up, or a replica."
    ),
)

SERVICE_POOLS = Query(
    id="service-pools",
    title=Text(ko="서비스 연결 풀 사용률", en="Service pools in use"),
    source=Section("8.2.2"),
    text="""
        AppMetrics
        | where Name == metric and ItemCount > 0
        | extend service = tostring(Properties.service)
        | where isnotempty(service)
        | summarize mean = sum(Sum) / sum(tolong(ItemCount)) by service, at = bin(TimeGenerated, window)
        | summarize worst_percent = 100.0 * max(mean), mean_percent = 100.0 * avg(mean), last_seen = max(at) by service
        | order by worst_percent desc, service asc
    """,
    params={"metric": DATABASE_CONNECTION_POOL.name, "window": alerting.DATABASE_CONNECTIONS.window},
    columns={"service": "string", "worst_percent": "real", "mean_percent": "real", "last_seen": "datetime"},
    caveat=_EXPORTER_OFF,
    look_for=Text(
        ko="100 %에 머무는 서비스는 연결을 기다리고 있습니다.",
        en="A service that stays at 100 % waits for connections.",
    ),
)

RESTARTS = Query(
    id="restarts-and-failovers",
    title=Text(ko="재시작과 장애조치", en="Restarts and failovers"),
    source=Section("10.1.2"),
    text="""
        PGSQLServerLogs
        | where Message has "database system" or Message has "promote request" or Message has "new timeline ID"
        | extend event = case(
            Message has "is ready to accept connections", "ready",
            Message has "is ready to accept read", "ready to read",
            Message has "was not properly shut down", "crash recovery",
            Message has "was interrupted", "interrupted",
            Message has "shutting down" or Message has "is shut down", "shut down",
            Message has "promote request" or Message has "new timeline ID", "promoted",
            "other")
        | where event != "other"
        | project TimeGenerated, server = LogicalServerName, role = ReplicaRole, event, message = Message
        | order by TimeGenerated desc, server asc, event asc
    """,
    columns={
        "TimeGenerated": "datetime",
        "server": "string",
        "role": "string",
        "event": "string",
        "message": "string",
    },
    caveat=_LOGS_OFF,
    look_for=Text(
        ko="'shut down'이나 'interrupted'에서 다음 'ready'까지가 장애조치 시간입니다. 문서는 30초 안을 약속합니다.",
        en="From 'shut down' or 'interrupted' to the next 'ready' is the failover; the document promises less than 30 s.",
    ),
)

HEALTH_EVENTS = Query(
    id="health-events",
    title=Text(ko="Azure가 알린 서버 상태", en="Server health as Azure told it"),
    source=Section("10.1.2"),
    text="""
        AzureActivity
        | where CategoryValue == "ResourceHealth" and ResourceProviderValue =~ "Microsoft.DBforPostgreSQL"
        | extend server = tostring(split(_ResourceId, "/")[-1])
        | project TimeGenerated, server, level = Level, operation = OperationNameValue,
            status = ActivityStatusValue, detail = Properties
        | order by TimeGenerated desc, server asc, status asc
    """,
    columns={
        "TimeGenerated": "datetime",
        "server": "string",
        "level": "string",
        "operation": "string",
        "status": "string",
        "detail": "string",
    },
    caveat=Text(
        ko="구독의 활동 로그를 이 작업 영역으로 보낼 때만 행이 있습니다.",
        en="Has rows only while the subscription's activity log is sent to this workspace.",
    ),
    look_for=Text(
        ko="계획에 없던 장애조치와 그 이유를 봅니다.", en="Failovers that nobody planned, and the reason given."
    ),
)

# --- backup -----------------------------------------------------------------------------------------

VAULT_BACKUPS = Query(
    id="vault-backups",
    title=Text(ko="백업 자격 증명 모음의 백업", en="Backups in a backup vault"),
    source=Section("5.3.1"),
    text="""
        AddonAzureBackupJobs
        | where JobOperation == "Backup" and DatasourceType has "DBforPostgreSQL"
        // A job is written again whenever its state changes.
        | summarize arg_max(TimeGenerated, JobStatus, JobStartDateTime, JobFailureCode) by JobUniqueId,
            server = DatasourceFriendlyName
        | summarize jobs = count(), failed = countif(JobStatus == "Failed"),
            last_success = maxif(JobStartDateTime, JobStatus == "Completed"), last_job = max(JobStartDateTime)
            by server
        | extend hours_since = todouble(datetime_diff("minute", now(), last_success)) / 60.0
        | project server, jobs, failed, last_success, last_job, hours_since
        | order by hours_since desc, server asc
    """,
    columns={
        "server": "string",
        "jobs": "long",
        "failed": "long",
        "last_success": "datetime",
        "last_job": "datetime",
        "hours_since": "real",
    },
    verdict=Verdict(
        column="hours_since",
        fail_above=Quantity(POSTGRESQL.backup.every.total_seconds() / 3600, Unit.HOURS),
        source=Section("5.3.1"),
    ),
    caveat=Text(
        ko="Azure Backup의 자격 증명 모음에 서버를 등록했을 때만 행이 있습니다. 서버 자체의 자동 백업(매일 02:00)은 어떤 표에도 "
        "기록되지 않습니다. 포털의 백업 목록에서 봅니다.",
        en="Has rows only where the server is protected by an Azure Backup vault. The server's own automatic backup (02:00 "
        "each day) is written to no table: look at the list of backups in the portal.",
    ),
    look_for=Text(
        ko="마지막 성공이 하루를 넘지 않는지, 실패가 이어지는지 봅니다.",
        en="Whether the last success is less than a day old, and whether failures go on.",
    ),
)

BACKUP_STORAGE = MetricQuery(
    id="backup-storage",
    title=Text(ko="백업 스토리지", en="Backup storage"),
    source=Section("5.3.1"),
    metric=recovery.BACKUP_STORAGE_METRIC,
    grain=minutes(60),
    verdict=Verdict(
        column="latest",
        fail_below=Quantity(1, Unit.BYTES),
        source=Derived(
            Text(
                ko="35일 동안 보관하는 백업이 있다면 그 스토리지가 0일 수 없습니다.",
                en="Where backups are kept for 35 days their storage cannot be empty.",
            ),
            (Section("5.3.1"),),
        ),
    ),
    caveat=Text(
        ko="백업이 있다는 것만 말하고, 마지막 백업의 시각과 복원할 수 있는지는 말하지 않습니다.",
        en="Says that there are backups, and neither when the last one was made nor whether it can be restored.",
    ),
    look_for=Text(
        ko="매일 조금씩 변해야 합니다. 며칠째 같다면 포털에서 백업 목록을 봅니다.",
        en="Should change a little each day. The same for days: look at the list of backups in the portal.",
    ),
)

# --- replicas ---------------------------------------------------------------------------------------

REPLICA_LAG = MetricQuery(
    id="replica-lag",
    title=Text(ko="복제 지연", en="Replication lag"),
    source=Section("10.1.1"),
    metric=PlatformMetric(
        resource="postgresql_replica_1", metric="physical_replication_delay_in_seconds", aggregation="Maximum"
    ),
    grain=minutes(5),
    resources=_REPLICAS,
    verdict=Verdict(
        column="maximum",
        fail_above=seconds_of(POSTGRESQL.replication.lag.total_seconds()),
        source=Section("10.1.1"),
    ),
    look_for=Text(
        ko="한 복제본만이면 그 서버나 리전, 둘 다면 주 서버의 쓰기 부하를 봅니다.",
        en="One replica: that server or its region. Both: how much the primary writes.",
    ),
)

RECOVERY_POINT = MetricQuery(
    id="recovery-point",
    title=Text(ko="재해 때 잃을 데이터 (복구 시점)", en="What a disaster would lose (recovery point)"),
    source=Section("5.3.1"),
    metric=PlatformMetric(
        resource="postgresql_replica_1", metric="physical_replication_delay_in_seconds", aggregation="Maximum"
    ),
    grain=minutes(5),
    resources=_STANDBY,
    verdict=Verdict(
        column="maximum",
        warn_above=seconds_of(POSTGRESQL.replication.lag.total_seconds()),
        fail_above=seconds_of(POSTGRESQL.backup.geo_rpo.total_seconds()),
        source=Derived(
            Text(
                ko="한국 중부를 잃으면 한국 남부의 복제본이 뒤처진 만큼을 잃습니다. 지역 백업의 나이를 알려 주는 값은 없습니다.",
                en="Were Korea Central lost, what the replica in Korea South lags behind would be lost. No value tells how "
                "old the geo backup is.",
            ),
            (Section("5.3.1"), Section("10.1.1"), Section("5.1.2")),
        ),
    ),
    look_for=Text(
        ko="RPO 15분을 넘은 적이 있는지 봅니다.",
        en="Whether the recovery point objective of 15 minutes was ever missed.",
    ),
)

REPLICA_LAG_BYTES = MetricQuery(
    id="replica-lag-bytes",
    title=Text(ko="복제하지 못한 WAL", en="WAL not replicated yet"),
    source=Section("10.1.1"),
    metric=PlatformMetric(resource="postgresql", metric="physical_replication_delay_in_bytes", aggregation="Maximum"),
    grain=minutes(5),
    look_for=Text(
        ko="계속 늘기만 하면 끊긴 복제본이 WAL을 붙잡아 스토리지가 찹니다.",
        en="Growing without end: a replica that is gone holds WAL back, and storage fills up.",
    ),
)

# --- load and room ----------------------------------------------------------------------------------

_RESOURCE_LINES = Text(
    ko="문서의 자원 알림 기준을 데이터베이스에도 댑니다. 문서는 데이터베이스의 기준을 따로 주지 않습니다.",
    en="The document's line for its resource alerts, held against the database too, for which it gives none of its own.",
)

ALIVE = MetricQuery(
    id="alive",
    title=Text(ko="서버가 응답하는가", en="Whether the servers answer"),
    source=_DAILY,
    metric=recovery.ALIVE_METRIC,
    grain=minutes(1),
    resources=_SERVERS,
    verdict=Verdict(
        column="minimum",
        fail_below=Quantity(1, Unit.COUNT),
        source=Derived(
            Text(
                ko="장애조치는 30초 안에 끝나므로 1분 내내 응답이 없어서는 안 됩니다.",
                en="A failover ends within 30 s, so no whole minute may pass without an answer.",
            ),
            (Section("10.1.2"), Section("12.1.1")),
        ),
    ),
    look_for=Text(ko="0인 분이 있으면 그 시각의 로그를 봅니다.", en="A minute at 0: read the log of that minute."),
)

CPU = MetricQuery(
    id="cpu",
    title=Text(ko="CPU 사용률", en="CPU in use"),
    source=_DAILY,
    metric=PlatformMetric(resource="postgresql", metric="cpu_percent", aggregation="Average"),
    # The document's ten minutes are no grain of Azure's: what holds for fifteen has held for ten.
    grain=minutes(15),
    resources=_SERVERS,
    verdict=Verdict(
        column="maximum",
        warn_above=alerting.CPU.limit,
        source=Derived(_RESOURCE_LINES, (Section("8.1.2", reading="R3"),)),
    ),
    look_for=Text(ko="한 시간대만 높은지, 하루 종일 높은지 봅니다.", en="High at one time of day, or all day."),
)

MEMORY = MetricQuery(
    id="memory",
    title=Text(ko="메모리 사용률", en="Memory in use"),
    source=_DAILY,
    metric=PlatformMetric(resource="postgresql", metric="memory_percent", aggregation="Average"),
    grain=alerting.MEMORY.window,
    resources=_SERVERS,
    verdict=Verdict(
        column="maximum",
        warn_above=alerting.MEMORY.limit,
        source=Derived(_RESOURCE_LINES, (Section("8.1.2"),)),
    ),
    look_for=Text(ko="연결 수와 함께 늘었는지 봅니다.", en="Whether it grew together with the connections."),
)

STORAGE = MetricQuery(
    id="storage",
    title=Text(ko="스토리지 사용률", en="Storage in use"),
    source=Section("5.1.1"),
    metric=PlatformMetric(resource="postgresql", metric="storage_percent", aggregation="Maximum"),
    grain=minutes(60),
    resources=_SERVERS,
    verdict=Verdict(
        column="latest",
        warn_above=alerting.DATABASE_CONNECTIONS.limit,
        fail_above=percent(POSTGRESQL_READ_ONLY_STORAGE),
        source=Derived(
            Text(
                ko="문서는 512 GB만 주고 기준을 주지 않으므로 데이터베이스의 다른 한정된 자원인 연결의 80 %를 씁니다. 95 %에서 Azure는 "
                "서버를 읽기 전용으로 바꿉니다.",
                en="The document gives 512 GB and no line, so the 80 % it draws for the database's other finite resource, its "
                "connections, is taken. At 95 % Azure makes the server read-only.",
            ),
            (Section("5.1.1"), Section("8.1.2")),
        ),
    ),
    look_for=Text(
        ko="언제 80 %에 닿을지 한 주의 기울기로 봅니다.", en="From a week's slope, when 80 % will be reached."
    ),
)

CONNECTIONS = MetricQuery(
    id="connections",
    title=Text(ko="연결 수", en="Connections"),
    source=Section("8.2.2", reading="R7"),
    metric=PlatformMetric(resource="postgresql", metric="active_connections", aggregation="Maximum"),
    grain=minutes(5),
    resources=_SERVERS,
    look_for=Text(
        ko="모든 상태의 연결입니다. 비율은 connections-used에서 봅니다.",
        en="Connections in every state; for the share of those allowed see connections-used.",
    ),
)

FAILED_CONNECTIONS = MetricQuery(
    id="failed-connections",
    title=Text(ko="실패한 연결 수", en="Failed connections"),
    source=_DAILY,
    metric=PlatformMetric(resource="postgresql", metric="connections_failed", aggregation="Total"),
    grain=minutes(5),
    resources=_SERVERS,
    look_for=Text(ko="이유는 refused-connections에서 봅니다.", en="For the reasons see refused-connections."),
)

LONGEST_TRANSACTION = MetricQuery(
    id="longest-transaction",
    title=Text(ko="가장 오래 열린 트랜잭션", en="Longest open transaction"),
    source=_DAILY,
    metric=PlatformMetric(resource="postgresql", metric="longest_transaction_time_sec", aggregation="Maximum"),
    grain=minutes(5),
    resources=_SERVERS,
    caveat=_COLLECTOR_OFF,
    look_for=Text(ko="누가 열었는지는 long-transactions에서 봅니다.", en="For who opened it see long-transactions."),
)

TRANSACTION_IDS = MetricQuery(
    id="transaction-ids",
    title=Text(ko="쓴 트랜잭션 ID", en="Transaction ids used"),
    source=_DAILY,
    metric=PlatformMetric(resource="postgresql", metric="maximum_used_transactionIDs", aggregation="Maximum"),
    grain=minutes(60),
    resources=_SERVERS,
    look_for=Text(
        ko="20억에 가까워지면 서버가 쓰기를 멈춥니다. 청소(vacuum)가 끝나지 못하는 표를 찾습니다.",
        en="Near two thousand million the server stops writing: find the table that vacuum cannot finish.",
    ),
)
