"""The telemetry pipeline: is it complete, is it late, what does it cost."""

from kql import pieces
from observability.design.telemetry import TRACING_SAMPLING, WORKSPACE
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, gigabytes, hours, minutes
from observability.model.verdict import Outcome, Verdict
from observability.signals import workspace as measured

PACK = Pack(title=Text(ko="텔레메트리 파이프라인", en="Telemetry pipeline"))

_CAP = WORKSPACE.daily_cap
# Reading R18: the cap stops ingestion, so people hear of it before it is reached.
_NEAR_CAP = gigabytes(0.8 * _CAP.to(Unit.GIGABYTES))
_RATE = TRACING_SAMPLING.rate
_PIPELINE = Derived(
    Text(
        ko="알림과 점검은 도착한 행에만 기댈 수 있습니다.",
        en="Alerts and checks can lean only on rows that have arrived.",
    ),
    (Section("8.1.1"), Section("8.2.1")),
)
# What section 8 has collected and what never stops while the system runs; others have rows only when something happens.
_ALWAYS = pieces.table(
    ("table_name",),
    (
        (name,)
        for name in (
            "AppRequests",
            "AppDependencies",
            "AppAvailabilityResults",
            "ContainerLogV2",
            "KubePodInventory",
            "KubeNodeInventory",
            "Perf",
        )
    ),
)

VOLUME_BY_TABLE = Query(
    id="volume-by-table",
    title=Text(ko="테이블별 수집량", en="Volume by table"),
    source=Section("8.1.1", reading="R18"),
    text="""
        Usage
        | where IsBillable == true
        | summarize gigabytes = sum(Quantity) / 1000.0 by table_name = DataType, day = startofday(TimeGenerated + 9h)
        | order by day desc, gigabytes desc, table_name asc
    """,
    columns={"table_name": "string", "day": "datetime", "gigabytes": "real"},
    look_for=Text(
        ko="한국 시간 하루(day)의 합을 일일 한도와 견줍니다.",
        en="Hold the sum of a day in Korea against the daily cap.",
    ),
)

CAP_EVENTS = Query(
    id="cap-events",
    title=Text(ko="한도와 수집 문제", en="Cap and ingestion events"),
    source=Section("8.1.1", reading="R18"),
    text="""
        _LogOperation
        | where Category =~ "Ingestion"
        | summarize times = count(), last_seen = max(TimeGenerated) by Operation, Level, Detail
        | order by last_seen desc, Operation asc, Detail asc
    """,
    columns={"Operation": "string", "Level": "string", "Detail": "string", "times": "long", "last_seen": "datetime"},
    look_for=Text(
        ko="'OverQuota'가 있으면 수집이 멈췄고 로그 알림은 눈이 먼 상태입니다.",
        en="'OverQuota': ingestion has stopped, and log alerts are blind.",
    ),
)

SAMPLING_BY_SERVICE = Query(
    id="sampling-by-service",
    title=Text(ko="서비스별 실제 샘플링", en="Sampling in effect by service"),
    source=Section("8.2.2", reading="R1"),
    # Rows are summed as 1 on purpose: the question is how many rows are stored for the requests they stand for.
    text="""
        AppRequests
        | summarize stored = sum(1), total = sum(ItemCount)
            by service = AppRoleName, TimeGenerated = bin(TimeGenerated, bin_size)
        | where total > 0
        | project TimeGenerated, service, stored, total, kept_percent = 100.0 * stored / total
        | order by TimeGenerated desc, service asc
    """,
    params={"bin_size": minutes(60)},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "stored": "long",
        "total": "long",
        "kept_percent": "real",
    },
    look_for=Text(
        ko="설정한 비율에서 벗어난 서비스는 설정 파일을 읽지 못한 것입니다.",
        en="A service off the configured rate has not read its settings.",
    ),
)

VOLUME_AGAINST_CAP = Query(
    id="volume-against-cap",
    title=Text(ko="하루 수집량과 일일 한도", en="Volume of 24 hours against the daily cap"),
    source=Section("8.1.1", reading="R18"),
    text="""
        let hourly = Usage
            | where IsBillable == true
            | summarize hour_gigabytes = sum(Quantity) / 1000.0 by hour = bin(TimeGenerated, 1h)
            | extend one = 1;
        // The cap's day begins at an hour that Azure picks, so every 24 hours are looked at and not calendar days.
        hourly
        | project until = hour, one
        | join kind=inner hourly on one
        | where hour > until - 24h and hour <= until
        | summarize gigabytes = sum(hour_gigabytes), hours_seen = count() by until
        // Fewer hours than these say nothing about a day.
        | where hours_seen >= min_hours
        | summarize arg_max(gigabytes, until, hours_seen) by day = startofday(until + 9h)
        | project day, gigabytes, until = until + 1h, hours_seen, cap_gigabytes, of_cap_percent = 100.0 * gigabytes / cap_gigabytes
        | order by day desc
    """,
    params={"cap_gigabytes": float(_CAP.to(Unit.GIGABYTES)), "min_hours": 22},
    columns={
        "day": "datetime",
        "gigabytes": "real",
        "until": "datetime",
        "hours_seen": "long",
        "cap_gigabytes": "real",
        "of_cap_percent": "real",
    },
    verdict=Verdict(column="gigabytes", source=Section("8.1.1", reading="R18"), fail_above=_CAP, warn_above=_NEAR_CAP),
    # The newest hours come late: a single day may hold fewer of them than it takes.
    span=days(2),
    look_for=Text(
        ko="한국 시간 하루(day)에 끝난 24시간 중 가장 많았던 것입니다. 시간 범위가 하루보다 짧으면 행이 없습니다.",
        en="The fullest 24 hours that ended on that day in Korea. With a time range of less than a day there is no row.",
    ),
)

SAMPLING = Query(
    id="sampling-in-effect",
    title=Text(ko="실제 샘플링과 설정", en="Sampling in effect against the setting"),
    source=Section("8.2.2", reading="R1"),
    # Rows are summed as 1 on purpose: the question is how many rows are stored for what they stand for.
    text="""
        union
            (AppRequests | summarize stored = sum(1), total = sum(ItemCount)
                by service = AppRoleName, table_name = "AppRequests"),
            (AppDependencies | summarize stored = sum(1), total = sum(ItemCount)
                by service = AppRoleName, table_name = "AppDependencies")
        | where total > 0
        | project service, table_name, stored, total, kept_percent = round(100.0 * stored / total, 1)
        | order by kept_percent desc, service asc, table_name asc
    """,
    columns={
        "service": "string",
        "table_name": "string",
        "stored": "long",
        "total": "long",
        "kept_percent": "real",
    },
    verdict=Verdict(column="kept_percent", source=Section("8.2.2", reading="R1"), fail_above=_RATE, fail_below=_RATE),
    look_for=Text(
        ko="100%면 에이전트가 설정을 읽지 못해 비용이 열 배입니다. 더 낮으면 수집 샘플링이 한 번 더 걸렸습니다(R1).",
        en="100 %: the agent has not read its settings, at ten times the cost. Lower: ingestion sampled once more (R1).",
    ),
)

TABLES_SEEN = Query(
    id="tables-seen",
    title=Text(ko="언제나 있어야 하는 테이블", en="Tables that must never be silent"),
    source=_PIPELINE,
    text=f"""
        let newest = toscalar(Usage | summarize max(TimeGenerated));
        let seen = Usage
            | where Quantity > 0
            | summarize last_hour = max(TimeGenerated), megabytes = sum(Quantity) by table_name = DataType;
        {_ALWAYS}
        | extend newest_hour = newest
        // Without any row of Usage nothing can be said, and there is no row.
        | where isnotnull(newest_hour)
        | join kind=leftouter seen on table_name
        // Never seen in the whole span leaves the hours empty, which is no data and not fine.
        | project table_name, last_hour, megabytes = coalesce(megabytes, 0.0),
            hours_silent = (newest_hour - last_hour) / 1h
        | order by hours_silent desc, table_name asc
    """,
    columns={
        "table_name": "string",
        "last_hour": "datetime",
        "megabytes": "real",
        "hours_silent": "real",
    },
    verdict=Verdict(
        column="hours_silent",
        source=Derived(
            Text(
                ko="Usage는 한 시간에 한 번 쓰이므로 두 시간을 거르면 우연이 아닙니다. 문서에 수치는 없습니다.",
                en="Usage is written once an hour: two missing hours are no accident. The document gives no number.",
            ),
            (Section("8.1.1"), Section("8.2.1")),
        ),
        fail_above=Quantity(2, Unit.HOURS),
    ),
    look_for=Text(
        ko="빈 값은 기간 내내 행이 없었다는 뜻입니다. 에이전트나 진단 설정을 봅니다.",
        en="An empty value: not one row in the whole span. Look at the agent or the diagnostic setting.",
    ),
)

SILENT_TABLES = Query(
    id="silent-tables",
    title=Text(ko="조용해진 테이블", en="Tables that went silent"),
    source=_PIPELINE,
    text="""
        let newest = toscalar(Usage | summarize max(TimeGenerated));
        Usage
        | where Quantity > 0
        | summarize last_hour = max(TimeGenerated), hours_seen = dcount(bin(TimeGenerated, 1h)), megabytes = sum(Quantity)
            by table_name = DataType
        | extend hours_silent = (newest - last_hour) / 1h
        | where hours_silent > silent_for / 1h
        | project table_name, last_hour, hours_silent, hours_seen, megabytes
        | order by hours_seen desc, table_name asc
    """,
    params={"silent_for": hours(2)},
    columns={
        "table_name": "string",
        "last_hour": "datetime",
        "hours_silent": "real",
        "hours_seen": "long",
        "megabytes": "real",
    },
    look_for=Text(
        ko="hours_seen이 많았던 테이블이 조용해졌으면 수집이 끊긴 것입니다. 예외나 이벤트는 일이 없으면 조용합니다.",
        en="One that had rows in many hours: collection has stopped. Exceptions and events are silent when all is well.",
    ),
)

CAP_HITS = Query(
    id="cap-hits",
    title=Text(ko="일일 한도에 닿은 기록", en="Times the daily cap was hit"),
    source=Section("8.1.1", reading="R18"),
    text="""
        _LogOperation
        | where Category =~ "Ingestion" and Detail contains "OverQuota"
        | summarize times = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated) by Operation, Detail
        | order by last_seen desc, Operation asc, Detail asc
    """,
    columns={
        "Operation": "string",
        "Detail": "string",
        "times": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    verdict=Verdict(
        column="times",
        source=Section("8.1.1", reading="R18"),
        fail_above=Quantity(0, Unit.COUNT),
        empty=Outcome.PASS,
        empty_because=Text(
            ko="작업 영역은 한도에 닿았을 때만 이 행을 씁니다.",
            en="The workspace writes this row only when the cap is hit.",
        ),
    ),
    look_for=Text(
        ko="first_seen부터 초기화 시각까지의 로그는 없습니다. 그동안 로그 알림은 울리지 않았습니다.",
        en="There are no logs from first_seen until the reset hour, and log alerts were blind.",
    ),
)

COLLECTION_ERRORS = Query(
    id="collection-errors",
    title=Text(ko="버려지거나 실패한 수집", en="Collection that failed or dropped rows"),
    source=_PIPELINE,
    text="""
        union
            (_LogOperation
            | where Level in ("Warning", "Error")
            | project TimeGenerated, origin = "workspace", what = Operation, message = Detail),
            (DCRLogErrors
            | project TimeGenerated, origin = "data collection rule", what = strcat(OperationName, " ", InputStreamId),
                message = Message),
            (KubeMonAgentEvents
            | where Level == "Error"
            | project TimeGenerated, origin = "cluster agent", what = Category, message = Message)
        | summarize times = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated)
            by origin, what, message
        | order by times desc, origin asc, what asc, message asc
        | take most
    """,
    params={"most": 100},
    columns={
        "origin": "string",
        "what": "string",
        "message": "string",
        "times": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="DCRLogErrors는 데이터 수집 규칙의 진단 설정이 있을 때만 행이 있습니다.",
        en="DCRLogErrors has rows only once data collection rules have a diagnostic setting.",
    ),
    look_for=Text(
        ko="변환이 실패한 행은 어디에도 남지 않습니다. message의 스트림을 고칩니다.",
        en="Rows whose transformation failed are gone. Mend the stream that the message names.",
    ),
)

INGESTION_DELAY = MetricQuery(
    id="ingestion-delay",
    title=measured.INGESTION_DELAY.title,
    metric=measured.INGESTION_TIME,
    grain=minutes(1),
    source=_PIPELINE,
    verdict=Verdict(
        column="average",
        source=Derived(
            Text(
                ko="로그 알림의 구간은 5분입니다. 행이 그보다 늦으면 구간이 지난 뒤에 보입니다.",
                en="Log alerts look at windows of five minutes: rows later than that arrive after their window.",
            ),
            (Section("8.1.2"),),
        ),
        warn_above=Quantity(minutes(5).total_seconds(), Unit.SECONDS),
    ),
    look_for=Text(
        ko="테이블별 값입니다. 한 테이블만 늦으면 그 에이전트, 모두 늦으면 작업 영역입니다.",
        en="One value a table. One of them late: its agent. All of them: the workspace.",
    ),
)

FAILED_QUERIES = MetricQuery(
    id="failed-queries",
    title=measured.QUERY_FAILURES.title,
    metric=measured.FAILED_QUERY_COUNT,
    grain=minutes(1),
    source=measured.QUERY_FAILURES.source,
    look_for=Text(
        ko="계속 실패하는 알림 조회는 일주일 뒤 Azure가 끕니다.",
        en="Azure turns off an alert whose query keeps failing for a week.",
    ),
)
