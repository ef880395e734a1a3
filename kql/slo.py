"""Good and total events behind each objective, by service and weighed with ItemCount."""

from observability.design.objectives import AVAILABILITY_SOURCE, PERIOD, PHASE, RESPONSE_PERCENTILE, standstill
from observability.design.services import AI
from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, number, percent, span_words
from observability.model.verdict import Verdict
from observability.signals.services import FAILED

# A budget is that of the whole period: over a day it says nothing about the objective.
PACK = Pack(title=Text(ko="서비스 수준 목표", en="Service level objectives"), span=PERIOD)

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
    source=PHASE.source,
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
    params={"ai_role": AI.role, "limit_ms": PHASE.api_p95.to(Unit.MILLISECONDS)},
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
    params={"ai_role": AI.role, "limit_ms": PHASE.ai_p95.to(Unit.MILLISECONDS)},
    columns=_COLUMNS,
)


def _percent(ratio: float) -> float:
    return Quantity(ratio, Unit.RATIO).to(Unit.PERCENT)


def _budget(events: Query) -> str:
    """How much of the error budget of the span is left, from good and total events."""
    return f"""
        {events.text.strip()}
        | where total > 0
        | extend sli_percent = 100.0 * good / total
        | extend budget_left_percent = 100.0 - 100.0 * (100.0 - sli_percent) / (100.0 - objective_percent)
        | project service, sli_percent, objective_percent, budget_left_percent, bad = total - good, total
        | order by budget_left_percent asc, service asc
    """


_BUDGET_COLUMNS = {
    "service": "string",
    "sli_percent": "real",
    "objective_percent": "real",
    "budget_left_percent": "real",
    "bad": "long",
    "total": "long",
}
_STANDSTILL = number(standstill(PHASE.availability).value)
_ONE_OF = f"{round(1 / PHASE.error_rate):,}"
_LATE = number(100 - RESPONSE_PERCENTILE.value.to(Unit.PERCENT))
# Nothing left is a budget used up exactly, so that the objective is just kept.
_USED_UP = percent(0)

AVAILABILITY_BUDGET = Query(
    id="availability-budget",
    title=Text(ko="가용성 목표와 남은 예산", en="Availability objective and the budget left"),
    source=AVAILABILITY_SOURCE,
    text=_budget(CHECKS),
    params={"objective_percent": _percent(PHASE.availability)},
    columns=_BUDGET_COLUMNS,
    verdict=Verdict(column="budget_left_percent", source=AVAILABILITY_SOURCE, fail_below=_USED_UP),
    look_for=Text(
        ko=f"예산은 {span_words(PERIOD, 'ko')}에 {_STANDSTILL}분의 중단입니다. budget_left_percent가 음수면 목표를 어긴 것입니다.",
        en=f"The budget is {_STANDSTILL} minutes of downtime in {span_words(PERIOD, 'en')}. A budget_left_percent below 0: the "
        "objective is broken.",
    ),
)

ERROR_BUDGET = Query(
    id="error-budget",
    title=Text(ko="오류율 목표와 남은 예산", en="Error objective and the budget left"),
    source=PHASE.source,
    text=_budget(REQUESTS),
    params={"objective_percent": _percent(1 - PHASE.error_rate)},
    columns=_BUDGET_COLUMNS,
    verdict=Verdict(column="budget_left_percent", source=PHASE.source, fail_below=_USED_UP),
    look_for=Text(
        ko=f"예산은 요청 {_ONE_OF}건 중 1건의 오류입니다. budget_left_percent가 음수면 목표를 어긴 것입니다.",
        en=f"The budget is one error in {_ONE_OF} requests. A budget_left_percent below 0: the objective is broken.",
    ),
)

LATENCY_BUDGET = Query(
    id="latency-budget",
    title=Text(ko="API 응답시간 목표와 남은 예산", en="API latency objective and the budget left"),
    source=Section("14"),
    text=_budget(FAST_REQUESTS),
    params={**FAST_REQUESTS.params, "objective_percent": float(RESPONSE_PERCENTILE.value.to(Unit.PERCENT))},
    columns=_BUDGET_COLUMNS,
    verdict=Verdict(column="budget_left_percent", source=Section("14"), fail_below=_USED_UP),
    look_for=Text(
        ko=f"예산은 {PHASE.api_p95.words('ko')}보다 느린 요청 {_LATE}%입니다. budget_left_percent가 음수면 목표를 어긴 것입니다.",
        en=f"The budget is {_LATE} % of requests slower than {PHASE.api_p95.words('en')}. A budget_left_percent below 0: the "
        "objective is broken.",
    ),
)
