"""The ai service: itineraries in time."""

from alerts.actions import PAGERDUTY, SLACK, TEAMS
from kql import triage
from observability.design.operations import AUTO_RECOVERY
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes, seconds_of
from observability.signals import ai


def _histogram(per_minute: dict[float, int]) -> tuple[Series, ...]:
    """The histogram's buckets when, each minute, so many itineraries take at most so many seconds."""
    rows = []
    for bound in (*ai.AI_RESPONSE.bounds, float("inf")):
        upto = sum(count for took, count in per_minute.items() if took <= bound)
        le = "+Inf" if bound == float("inf") else f"{bound:g}"
        rows.append(Series(f'tripgen_ai_response_seconds_bucket{{le="{le}"}}', f"0+{upto}x10"))
    return tuple(rows)


def _examples(limit: float) -> tuple[Example, ...]:
    bounds = ai.AI_RESPONSE.bounds
    # Outside the bounds nothing can be shown, and the checks say why such a limit is none.
    slower = next((bound for bound in bounds if bound > limit), bounds[-1])
    in_time = next((bound for bound in reversed(bounds) if bound <= limit), bounds[0])
    return (
        Example("one itinerary in ten is too slow", _histogram({in_time: 90, slower: 10}), at=5, fires=({},)),
        Example("every itinerary takes exactly as long as allowed", _histogram({in_time: 100}), at=5),
        Example("one itinerary in fifty is too slow", _histogram({in_time: 98, slower: 2}), at=5),
        Example("nobody asks for an itinerary", _histogram({in_time: 0}), at=5),
    )


AI_RESPONSE_TIME_EXCEEDED = Alert(
    id="ai-response-time-exceeded",
    title=Text(ko="AI 응답시간 초과", en="AI Response Time Exceeded"),
    source=Section("8.1.2", reading="R2"),
    watches=ai.AI_RESPONSE_TIME,
    engine=Engine.PROMETHEUS,
    above=seconds_of(5),
    window=minutes(2),
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="일정은 만들어지지만 느립니다: 성능 저하입니다.",
            en="Itineraries are made, but slowly: degraded performance.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(TEAMS, SLACK),
    meaning=Text(
        ko="AI 일정 생성 응답시간의 95 백분위가 한계를 넘었습니다.",
        en="The 95th percentile of the time for an itinerary is above the limit.",
    ),
    impact=Text(
        ko="일정을 기다리는 사용자가 느린 화면을 보고, 시간 초과로 실패할 수 있습니다.",
        en="Users wait for their itinerary, and some give up or time out.",
    ),
    because=Text(
        ko="문서의 값입니다. Azure의 로그 알림과 메트릭 알림에는 이 구간이 없어서 Prometheus 규칙으로 1분마다 평가합니다(R33).",
        en="The document's value. Azure's log and metric alerts have no such window, so a Prometheus rule is evaluated "
        "every minute (R33).",
    ),
    first_steps=(triage.AI_DEPENDENCIES, triage.SLOW_OPERATIONS, triage.FAILING_DEPENDENCIES),
    examples=_examples,
)


_BREAKER = next(recovery for recovery in AUTO_RECOVERY if recovery.key == "circuit_breaker")
assert _BREAKER.threshold is not None  # the document gives it


def _calls(api: str, failed: float, fine: float) -> tuple[Series, ...]:
    """So many calls a minute that failed, and that did not."""
    return tuple(
        Series(f'tripgen_external_call_seconds_count{{api="{api}",outcome="{outcome}"}}', f"0+{each:g}x20")
        for outcome, each in (("failure", failed), ("success", fine))
    )


def _failing(limit: float) -> tuple[Example, ...]:
    return (
        Example(
            "one API fails more often than not, another does not",
            _calls("openai", limit + 10, 90 - limit) + _calls("maps", 1, 99),
            at=10,
            fires=({"api": "openai"},),
        ),
        Example("exactly as often as the breaker allows", _calls("openai", limit, 100 - limit), at=10),
        Example("nobody calls", _calls("openai", 0, 0), at=10),
    )


EXTERNAL_API_FAILING = Alert(
    id="external-api-failing",
    title=Text(ko="외부 API 장애", en="External API Failing"),
    source=_BREAKER.source,
    watches=ai.EXTERNAL_API_FAILURES,
    engine=Engine.PROMETHEUS,
    above=_BREAKER.threshold,
    window=minutes(5),
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="일정 생성이나 검색의 일부가 대체 로직으로 답합니다: 부분 장애입니다.",
            en="Some itineraries or searches are answered by a fallback: a partial outage.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="외부 API 하나의 호출이 서킷 브레이커의 기준보다 자주 실패합니다.",
        en="Calls to an external API fail more often than the circuit breaker allows.",
    ),
    impact=Text(
        ko="서킷 브레이커가 열려 대체 응답이 나갑니다. 일정이 만들어지지 않을 수 있습니다.",
        en="The breaker opens and a fallback answers; itineraries may not be made.",
    ),
    because=Text(
        ko="문서의 서킷 브레이커 기준입니다. 같은 값이라 알림은 브레이커가 열릴 만할 때 울립니다.",
        en="The document's threshold of the circuit breaker: the alert fires when the breaker has reason to open.",
    ),
    first_steps=(triage.FAILING_DEPENDENCIES, triage.AI_DEPENDENCIES, triage.ERRORS_BY_OPERATION),
    examples=_failing,
)
