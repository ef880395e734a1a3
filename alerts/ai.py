"""The ai service: itineraries in time."""

from alerts.actions import SLACK, TEAMS
from kql import triage
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
