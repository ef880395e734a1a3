"""Good and total events behind each objective, by service and weighed with ItemCount."""

from observability.design.objectives import PHASE_1
from observability.design.services import AI
from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="서비스 수준 목표", en="Service level objectives"))

_COLUMNS = {"service": "string", "good": "long", "total": "long"}

CHECKS = Query(
    id="availability-events",
    title=Text(ko="성공한 점검과 모든 점검", en="Checks that succeeded, and all"),
    source=Section("8.1.2", reading="R4"),
    text="""
        AppAvailabilityResults
        | summarize good = sumif(ItemCount, Success == true), total = sum(ItemCount) by service = Name
    """,
    columns=_COLUMNS,
)

REQUESTS = Query(
    id="request-events",
    title=Text(ko="오류 없는 요청과 모든 요청", en="Requests without error, and all"),
    source=Section("13.1.1", reading="R19"),
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize good = sumif(ItemCount, not(failed)), total = sum(ItemCount) by service = AppRoleName
    """,
    columns=_COLUMNS,
)

FAST_REQUESTS = Query(
    id="api-latency-events",
    title=Text(ko="제때 끝난 API 요청과 모든 API 요청", en="API requests in time, and all"),
    source=Section("14"),
    text="""
        AppRequests
        | where AppRoleName != ai_role
        | summarize good = sumif(ItemCount, DurationMs <= limit_ms), total = sum(ItemCount) by service = AppRoleName
    """,
    params={"ai_role": AI.role, "limit_ms": PHASE_1.api_p95.to(Unit.MILLISECONDS)},
    columns=_COLUMNS,
)

FAST_ITINERARIES = Query(
    id="ai-latency-events",
    title=Text(ko="제때 끝난 AI 서비스 HTTP 요청과 전체", en="HTTP requests of the ai service in time, and all"),
    source=Section("14"),
    text="""
        AppRequests
        | where AppRoleName == ai_role
        | summarize good = sumif(ItemCount, DurationMs <= limit_ms), total = sum(ItemCount) by service = AppRoleName
    """,
    params={"ai_role": AI.role, "limit_ms": PHASE_1.ai_p95.to(Unit.MILLISECONDS)},
    columns=_COLUMNS,
)
