"""The objectives of the chosen phase as SLOs over a month, and who is told when a budget burns too fast.

Availability has no page of its own: service-unavailable is stricter than any burn that a handful of checks can show.
"""

from collections.abc import Callable

from alerts.actions import PAGERDUTY, TEAMS
from alerts.burn_rate import (
    LEAST,
    LEAST_OF_SAMPLED,
    PAGE,
    TICKET,
    TICKET_OF_LOGS,
    Pair,
    budget,
    budget_left,
    examples,
    on_logs,
    on_prometheus,
    reachable,
)
from alerts.services import MIN_FAILED
from alerts.web_tests import EVERY
from kql import redis, triage
from kql import slo as pack
from observability.azure.limits import WEB_TEST_LOCATIONS
from observability.design.objectives import (
    AVAILABILITY_SOURCE,
    CACHE_HIT_MINIMUM,
    PERIOD,
    PHASE,
    RESPONSE_PERCENTILE,
)
from observability.model.alert import Action, Alert, Category, Example, Severity, Slo
from observability.model.checklist import MetricQuery
from observability.model.query import Param, Query
from observability.model.signal import Engine, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, number, percent, span_words
from observability.signals import slo

# "95%ile within" is an objective of 95 % of requests in time.
P95 = RESPONSE_PERCENTILE.value.to(Unit.RATIO)


def _within(limit: Quantity, what: Text) -> Text:
    return Text(ko=f"{limit.words('ko')} 안에 {what.ko}", en=f"{what.en} within {limit.words('en')}")


AVAILABILITY = Slo(
    id="slo-availability",
    title=Text(ko="가용성", en="Availability"),
    objective=PHASE.availability,
    period=PERIOD,
    good=Text(ko="성공한 합성 점검", en="synthetic checks that succeed"),
    watches=pack.CHECKS,
    source=AVAILABILITY_SOURCE,
)

ERRORS = Slo(
    id="slo-errors",
    title=Text(ko="오류 없는 요청", en="Requests without error"),
    objective=round(1 - PHASE.error_rate, 12),
    period=PERIOD,
    good=Text(ko="5xx가 아닌 응답을 받은 요청", en="requests that get an answer other than 5xx"),
    watches=pack.REQUESTS,
    source=PHASE.source,
)

API_LATENCY = Slo(
    id="slo-api-latency",
    title=Text(ko="제때 끝난 API 요청", en="API requests in time"),
    objective=P95,
    period=PERIOD,
    good=_within(PHASE.api_p95, Text(ko="끝난 API 요청", en="API requests that end")),
    watches=pack.FAST_REQUESTS,
    source=Section("14"),
)

AI_LATENCY = Slo(
    id="slo-ai-latency",
    title=Text(ko="제때 끝난 AI 서비스 HTTP 요청", en="HTTP requests of the ai service in time"),
    objective=P95,
    period=PERIOD,
    good=_within(PHASE.ai_p95, Text(ko="끝난 AI 서비스 HTTP 요청", en="HTTP requests of the ai service that end")),
    watches=pack.FAST_ITINERARIES,
    source=Section("14"),
)

ITINERARIES = Slo(
    id="slo-itineraries",
    title=Text(ko="제때 완성된 AI 일정", en="AI itineraries in time"),
    objective=P95,
    period=PERIOD,
    good=_within(PHASE.ai_p95, Text(ko="완성된 AI 일정", en="AI itineraries that are finished")),
    source=Section("14"),
)

CACHE = Slo(
    id="slo-cache",
    title=Text(ko="캐시 적중", en="Cache hits"),
    objective=CACHE_HIT_MINIMUM.value.value,
    period=PERIOD,
    good=Text(ko="캐시에서 값을 찾은 조회", en="lookups that the cache has the value of"),
    source=CACHE_HIT_MINIMUM.source,
)

ERRORS_FAST = on_logs(ERRORS, slo.REQUESTS_FAILED, PAGE)
ERRORS_SLOW = on_prometheus(ERRORS, slo.REQUESTS_BAD_RATE, slo.REQUESTS_RATE, TICKET)
API_FAST = on_logs(API_LATENCY, slo.API_REQUESTS_LATE, PAGE)
# A day has enough requests to need no floor.
API_SLOW = on_logs(API_LATENCY, slo.API_REQUESTS_LATE, TICKET_OF_LOGS, floor=False)
ITINERARIES_FAST = on_prometheus(ITINERARIES, slo.ITINERARIES_LATE_RATE, slo.ITINERARIES_RATE, PAGE)
ITINERARIES_SLOW = on_prometheus(ITINERARIES, slo.ITINERARIES_LATE_RATE, slo.ITINERARIES_RATE, TICKET)
CACHE_SLOW = on_prometheus(CACHE, slo.CACHE_MISSES_RATE, slo.CACHE_LOOKUPS_RATE, TICKET)
# In a day there are so many checks of an endpoint that one lost probe is below the line of phase 1 anyway.
_CHECKS = len(WEB_TEST_LOCATIONS) * (TICKET_OF_LOGS[0].long / EVERY)
_ONE_IS_ENOUGH = _CHECKS * budget(AVAILABILITY) * TICKET_OF_LOGS[0].factor(PERIOD) < 1
CHECKS_SLOW = on_logs(AVAILABILITY, slo.CHECKS_FAILED, TICKET_OF_LOGS, floor=_ONE_IS_ENOUGH)

BUDGETS = tuple(
    budget_left(objective, bad, total)
    for objective, bad, total in (
        (ERRORS, slo.REQUESTS_BAD_RATE, slo.REQUESTS_RATE),
        (ITINERARIES, slo.ITINERARIES_LATE_RATE, slo.ITINERARIES_RATE),
        (CACHE, slo.CACHE_MISSES_RATE, slo.CACHE_LOOKUPS_RATE),
    )
)

_SOON = Derived(
    Text(
        ko="이 속도로는 며칠 안에 한 달 예산이 없어집니다: 성능 저하 또는 부분 장애입니다.",
        en="At this rate the month's budget is gone in days: degraded performance or a partial outage.",
    ),
    (Section("10.2.1"),),
)
_IN_TIME = Derived(
    Text(
        ko="천천히 새는 것이므로 호출하지 않고 다음 업무 시간에 봅니다.",
        en="A slow leak: nobody is woken, it is looked at in the next working hours.",
    ),
    (Section("10.2.1"),),
)

BUDGET_POLICY = Text(
    ko="예산이 남아 있으면 계획대로 배포합니다. 절반 아래로 내려가면 위험이 큰 변경을 미루고 원인을 다음 릴리스에서 고칩니다. "
    "다 쓰면 예산이 다시 찰 때까지 안정화와 보안 수정만 배포하며, 예외는 변경 관리 승인자가 정합니다(10.2.1).",
    en="With budget left, releases go on as planned. Below half of it, risky changes wait and the cause is mended in the next "
    "release. With none left, only fixes of stability and security are released until it has filled again; exceptions are for "
    "whoever approves changes (10.2.1).",
)


def _share(ratio: float) -> Quantity:
    return percent(round(100 * ratio, 9))


def _factor(pair: Pair) -> str:
    return number(pair.factor(PERIOD))


def _condition(objective: Slo, pairs: tuple[Pair, ...], least: Param | None) -> Text:
    """When it fires, in burn rates: the limit itself is 1 for all of them."""
    ko = ", 또는 ".join(
        f"{span_words(each.long, 'ko')}과 {span_words(each.short, 'ko')} 모두 {_factor(each)}배 초과" for each in pairs
    )
    en = ", or ".join(
        f"above {_factor(each)}x over both {span_words(each.long, 'en')} and {span_words(each.short, 'en')}"
        for each in pairs
    )
    whole = max(each.long for each in pairs)
    some = Text(ko="", en="")
    if least is not None:
        some = Text(
            ko=f". {span_words(whole, 'ko')}에 실패가 {least}건 이상일 때만",
            en=f"; only with {least} bad events or more in {span_words(whole, 'en')}",
        )
    return Text(
        ko=f"{objective.title.ko}: 오류 예산의 소진 속도가 {ko}(값으로는 1배 초과){some.ko}",
        en=f"{objective.title.en}: error budget burn {en} (a value above 1x){some.en}",
    )


def _alert(
    id: str,
    objective: Slo,
    burn: Signal,
    pairs: tuple[Pair, ...],
    impact: Text,
    first_steps: tuple[Query | MetricQuery, ...],
    *,
    page: bool,
    calls: bool = True,
    params: dict[str, Param] | None = None,
    proofs: Callable[[float], tuple[Example, ...]] | None = None,
    causes: tuple[str, ...] = (),
) -> Alert:
    """A page or a ticket for one objective. The limit is always 1: the table of burn rates is in the signal.

    ``calls`` is False where another alert calls for the same: one incident is one call.
    """
    pairs = reachable(objective, pairs)
    actions: tuple[Action, ...] = (PAGERDUTY, TEAMS) if page and calls else (TEAMS,)
    left = _share(budget(objective))
    period = Text(ko=span_words(PERIOD, "ko"), en=span_words(PERIOD, "en"))
    spent = Text(
        ko=", ".join(f"{_factor(each)}배로 {span_words(each.long, 'ko')}이면 예산의 {each.share}" for each in pairs),
        en=", ".join(
            f"{_factor(each)}x for {span_words(each.long, 'en')} is {each.share} of the budget" for each in pairs
        ),
    )
    return Alert(
        id=id,
        title=Text(
            ko=f"{objective.title.ko}: 오류 예산이 {'빠르게' if page else '천천히'} 소진됨",
            en=f"{objective.title.en}: error budget burns {'fast' if page else 'slowly'}",
        ),
        source=objective.source,
        watches=burn,
        engine=Engine.LOG if burn.kql is not None else Engine.PROMETHEUS,
        above=Quantity(1, Unit.TIMES),
        condition=_condition(objective, pairs, LEAST if burn.kql is None else (params or {}).get("min_failed")),
        window=max(each.long for each in pairs),
        # A twelfth of the long window is the short one; a third of that is soon enough, and no rule group takes more
        # than a quarter of an hour.
        every=minutes(5) if page else minutes(15),
        severity=Severity.TWO if page else Severity.THREE,
        severity_source=_SOON if page else _IN_TIME,
        category=Category.CRITICAL,
        actions=actions,
        meaning=Text(
            ko=f"목표는 {period.ko} 동안 {objective.good.ko}의 비율 {_share(objective.objective)}이고, 나머지 {left}가 오류 예산입니다. "
            f"그 예산이 너무 빠르게 줄고 있습니다: {spent.ko}가 없어집니다. 알림의 값은 소진 속도를 그 구간의 배수로 나눈 것이므로, "
            "1.3배라면 한 쌍의 두 구간이 모두 그 배수의 1.3배 이상으로 줄고 있습니다.",
            en=f"The objective is {_share(objective.objective)} over {period.en}: {objective.good.en}. The other {left} is the error "
            f"budget, and it goes too fast: {spent.en}. The alert's value is the burn rate divided by the pair's factor, so "
            "1.3x means that both windows of a pair burn at 1.3 times its factor or more.",
        ),
        impact=impact,
        because=Text(
            ko="SRE 워크북의 방식으로, 구간이 끝날 때 없어질 예산의 몫을 그 구간이 한 달에서 차지하는 몫으로 나눈 것이 한계입니다. "
            "긴 구간은 중요함을, 짧은 구간은 아직 계속됨을 뜻합니다.",
            en="The SRE workbook's arithmetic: the share of the budget that would be gone, over the share of the month that the "
            "window is. The long window says that it matters, the short one that it goes on.",
        ),
        policy=BUDGET_POLICY,
        first_steps=first_steps,
        params=params or {},
        causes=causes,
        examples=proofs,
    )


_FAILURES = Text(ko="일부 사용자의 요청이 실패합니다.", en="Some users' requests fail.")
_LATE = Text(ko="일부 사용자가 목표보다 오래 기다립니다.", en="Some users wait longer than the objective allows.")
_ERROR_STEPS = (triage.ERRORS_BY_OPERATION, triage.SINCE_WHEN, triage.FAILING_DEPENDENCIES)
_LATE_STEPS = (triage.SLOW_OPERATIONS, triage.FAILING_DEPENDENCIES)
_AI_STEPS = (triage.AI_DEPENDENCIES, *_LATE_STEPS)
_FLOOR: dict[str, Param] = {"min_failed": LEAST_OF_SAMPLED}

# high-error-rate calls for whatever burns this budget fastest.
ERRORS_PAGE = _alert(
    "error-budget-burning", ERRORS, ERRORS_FAST, PAGE, _FAILURES, (*_ERROR_STEPS, pack.ERROR_BUDGET), page=True, calls=False,
    params=_FLOOR,
    causes=("high-error-rate", "database-connection-pool-exhausted", "external-api-failing"),
)  # fmt: skip
ERRORS_TICKET = _alert(
    "error-budget-leaking", ERRORS, ERRORS_SLOW, TICKET, _FAILURES, (pack.ERROR_BUDGET, *_ERROR_STEPS), page=False,
    proofs=lambda _limit: examples(ERRORS, slo.REQUESTS_BAD_RATE, slo.REQUESTS_RATE, TICKET, "service=trip-service"),
)  # fmt: skip
API_PAGE = _alert(
    "api-latency-budget-burning",
    API_LATENCY,
    API_FAST,
    PAGE,
    _LATE,
    (*_LATE_STEPS, pack.LATENCY_BUDGET),
    page=True,
    params=_FLOOR,
)
API_TICKET = _alert(
    "api-latency-budget-leaking",
    API_LATENCY,
    API_SLOW,
    TICKET_OF_LOGS,
    _LATE,
    (pack.LATENCY_BUDGET, *_LATE_STEPS),
    page=False,
)
ITINERARIES_PAGE = _alert(
    "ai-latency-budget-burning", ITINERARIES, ITINERARIES_FAST, PAGE, _LATE, _AI_STEPS,
    page=True, proofs=lambda _limit: examples(ITINERARIES, slo.ITINERARIES_LATE_RATE, slo.ITINERARIES_RATE, PAGE),
    causes=("ai-response-time-exceeded",),
)  # fmt: skip
ITINERARIES_TICKET = _alert(
    "ai-latency-budget-leaking", ITINERARIES, ITINERARIES_SLOW, TICKET, _LATE, _AI_STEPS,
    page=False, proofs=lambda _limit: examples(ITINERARIES, slo.ITINERARIES_LATE_RATE, slo.ITINERARIES_RATE, TICKET),
)  # fmt: skip
CACHE_TICKET = _alert(
    "cache-hit-budget-leaking", CACHE, CACHE_SLOW, TICKET,
    Text(ko="응답이 느려지고 데이터베이스의 부하가 늘어납니다.", en="Answers are slower, and the database has more to do."),
    (redis.MISSES_BY_SHARD, redis.HITS_BY_SHARD, redis.EVICTIONS, triage.SLOW_OPERATIONS), page=False,
    proofs=lambda _limit: examples(CACHE, slo.CACHE_MISSES_RATE, slo.CACHE_LOOKUPS_RATE, TICKET),
)  # fmt: skip
AVAILABILITY_TICKET = _alert(
    "availability-budget-leaking", AVAILABILITY, CHECKS_SLOW, TICKET_OF_LOGS,
    Text(ko="밖에서 가끔 접속되지 않습니다.", en="Now and then the service cannot be reached from outside."),
    (pack.AVAILABILITY_BUDGET, triage.FAILED_CHECKS, triage.WHAT_BROKE), page=False,
    params={"min_failed": MIN_FAILED} if _ONE_IS_ENOUGH else None,
)  # fmt: skip
