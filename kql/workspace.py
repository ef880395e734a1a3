"""The telemetry pipeline: is it complete, is it late, what does it cost."""

from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes

PACK = Pack(title=Text(ko="텔레메트리 파이프라인", en="Telemetry pipeline"))

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
