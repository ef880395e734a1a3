"""The whole system in a few numbers: all services taken together, for people who do not run them.

Each has no row where nothing was measured, so that a silent system is never shown as one without errors.
"""

from observability.design.services import AI
from observability.model.exporter import STORED
from observability.model.query import Kql
from observability.model.signal import PromQL, Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit
from observability.signals.business import TRIP_GENERATIONS
from observability.signals.services import FAILED

AVAILABILITY = Signal(
    name="availability_whole",
    title=Text(ko="가용성, 전체", en="Availability, all in all"),
    unit=Unit.PERCENT,
    help=Text(
        ko="모든 공개 주소의 합성 점검 중 성공한 비율.",
        en="Share of the synthetic checks of all public addresses that succeeded.",
    ),
    source=Section("2.1", reading="R4"),
    kql=Kql(
        rows="AppAvailabilityResults",
        summarize="checks = sum(ItemCount), failed = sumif(ItemCount, Success == false)",
        result="""
            | where checks > 0
            | extend value = 100.0 * (checks - failed) / checks
        """,
    ),
)

REQUESTS = Signal(
    name="requests_whole",
    title=Text(ko="처리한 요청", en="Requests answered"),
    unit=Unit.COUNT,
    help=Text(ko="모든 서비스가 받은 요청 수(샘플링 보정).", en="Requests to all services, corrected for sampling."),
    source=Section("13.1.1"),
    kql=Kql(
        rows="AppRequests",
        summarize="total = sum(ItemCount)",
        result="""
            | where total > 0
            | extend value = total
        """,
    ),
)

ERROR_RATE = Signal(
    name="error_rate_whole",
    title=Text(ko="오류율, 전체", en="Error rate, all in all"),
    unit=Unit.PERCENT,
    help=Text(
        ko="모든 서비스의 요청 가운데 5xx로 끝났거나 응답이 없는 비율(샘플링 보정).",
        en="Share of all requests that ended in 5xx or without an answer, corrected for sampling.",
    ),
    source=Section("13.1.1", reading="R5"),
    kql=Kql(
        rows=f"""
            AppRequests
            | extend failed = {FAILED}
        """,
        summarize="total = sum(ItemCount), bad = sumif(ItemCount, failed)",
        result="""
            | where total > 0
            | extend value = 100.0 * bad / total
        """,
    ),
)

API_P95 = Signal(
    name="api_duration_p95_whole",
    title=Text(ko="API 응답시간 p95, 전체", en="API response time p95, all in all"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="AI 서비스를 뺀 모든 요청의 95 %가 이 시간 안에 끝났습니다(샘플링 보정).",
        en="95 % of all requests but those of the ai service ended within this time, corrected for sampling.",
    ),
    source=Section("14"),
    kql=Kql(
        rows="""
            AppRequests
            | where AppRoleName != ai_role
        """,
        summarize="total = sum(ItemCount), p95 = percentilew(DurationMs, tolong(ItemCount), 95)",
        result="""
            | where total > 0
            | extend value = p95
        """,
        params={"ai_role": AI.role},
    ),
)

TRIPS = Signal(
    name="trips_generated",
    title=Text(ko="만들어진 여행 일정", en="Trips generated"),
    unit=Unit.COUNT,
    help=Text(
        ko="구간 동안 저장되며 끝난 일정 생성의 수.",
        en="Trip generations of the window that ended with a stored itinerary.",
    ),
    source=Section("8.2.2"),
    promql=PromQL(expr=f'sum(increase({TRIP_GENERATIONS.name}{{outcome="{STORED}"}}[$window]))'),
)
