"""The telemetry pipeline itself: volume against the cap, sampling in effect, delay."""

from dataclasses import replace

from observability.model.query import Kql
from observability.model.signal import PlatformMetric, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

INGESTION_TIME = PlatformMetric(
    resource="workspace", metric="Ingestion Time", aggregation="Maximum", by={"table_name": "Table Name"}
)
FAILED_QUERY_COUNT = PlatformMetric(resource="workspace", metric="Query Failure Count", aggregation="Count")

_BILLED = Kql(
    rows="""
        Usage
        | where IsBillable == true
    """,
    # Quantity is in MB of a million bytes; the cap is in GB of a thousand of those.
    summarize="megabytes = sum(Quantity)",
    result="| extend value = megabytes / 1000.0",
)

VOLUME = Signal(
    name="workspace_volume",
    title=Text(ko="과금 수집량", en="Billable volume"),
    unit=Unit.GIGABYTES,
    help=Text(ko="테이블별 과금 수집량(GB).", en="Billable data by table, in GB."),
    source=Section("8.1.1", reading="R18"),
    kql=replace(_BILLED, by={"table_name": "DataType"}),
)

VOLUME_IN_ALL = Signal(
    name="workspace_volume_in_all",
    title=Text(ko="모든 표의 과금 수집량", en="Billable volume of all tables"),
    unit=Unit.GIGABYTES,
    # The cap's day begins at an hour that Azure picks for each workspace, so no calendar day is the cap's day.
    help=Text(
        ko="구간 전체의 과금 수집량(GB). 하루 구간이면 일일 한도와 견줍니다.",
        en="Billable data of the whole window, in GB; over a day, to hold against the daily cap.",
    ),
    source=Section("8.1.1", reading="R18"),
    kql=_BILLED,
)

CAP_HITS = Signal(
    name="workspace_cap_hits",
    title=Text(ko="일일 한도 도달", en="Daily cap hits"),
    unit=Unit.COUNT,
    help=Text(
        ko="작업 영역이 일일 한도에 닿아 수집을 멈춘 횟수.", en="Times the workspace hit its daily cap and stopped."
    ),
    source=Section("8.1.1", reading="R18"),
    kql=Kql(
        rows="""
            _LogOperation
            | where Category =~ "Ingestion" and Detail contains "OverQuota"
        """,
        summarize="value = count()",
    ),
)

SAMPLING = Signal(
    name="sampling_in_effect",
    title=Text(ko="실제 샘플링 비율", en="Sampling in effect"),
    unit=Unit.PERCENT,
    help=Text(
        ko="서비스별 저장된 요청 행 / 그 행이 대표하는 요청. 설정한 비율과 같아야 합니다.",
        en="Request rows stored / requests they stand for, by service; must equal the configured rate.",
    ),
    source=Section("8.2.2", reading="R1"),
    kql=Kql(
        rows="AppRequests",
        summarize="stored = sum(1), total = sum(ItemCount)",
        by={"service": "AppRoleName"},
        result="""
            | where total > 0
            | extend value = 100.0 * stored / total
        """,
    ),
)

INGESTION_DELAY = Signal(
    name="ingestion_delay",
    title=Text(ko="수집 지연", en="Ingestion delay"),
    unit=Unit.SECONDS,
    help=Text(
        ko="테이블별로 행이 도착해 조회할 수 있을 때까지 걸린 시간.",
        en="Time until a row that has arrived can be queried, by table.",
    ),
    source=Derived(
        Text(
            ko="늦게 보이는 행은 로그 알림을 늦춥니다. 문서에 수치는 없습니다.",
            en="Rows that are visible late make log alerts late. The document gives no number.",
        ),
        (Section("8.1.1"), Section("8.2.1")),
    ),
    metric=INGESTION_TIME,
)

QUERY_FAILURES = Signal(
    name="workspace_query_failures",
    title=Text(ko="실패한 조회", en="Failed queries"),
    unit=Unit.COUNT,
    help=Text(
        ko="작업 영역에서 실패한 조회 수. 로그 알림의 조회도 포함됩니다.",
        en="Queries that failed in the workspace, those of log alerts among them.",
    ),
    source=Derived(
        Text(
            ko="실패하는 알림 조회는 일주일 뒤 Azure가 끕니다.",
            en="Azure turns off an alert whose query keeps failing for a week.",
        ),
        (Section("8.1.1"),),
    ),
    metric=FAILED_QUERY_COUNT,
)
