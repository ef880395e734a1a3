"""The ai service: itineraries in time, and the models and queues behind it."""

from alerts import slo
from kql import triage
from observability.design.objectives import NEXT_PHASE, PHASE
from observability.design.operations import AUTO_RECOVERY
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.signal import Engine
from observability.model.source import Section
from observability.model.text import Text
from observability.signals import ai, business, service_bus, services

AI_P95 = Goal(
    title=Text(ko="AI 응답시간 목표", en="AI response time goal"),
    value=PHASE.ai_p95,
    bound=Bound.BELOW,
    source=PHASE.source,
)
AI_P95_NEXT = Goal(
    title=Text(ko=f"{NEXT_PHASE.number}단계 AI 응답시간 목표", en=f"AI response time, phase {NEXT_PHASE.number} goal"),
    value=NEXT_PHASE.ai_p95,
    bound=Bound.BELOW,
    source=NEXT_PHASE.source,
)
_BREAKER = next(recovery for recovery in AUTO_RECOVERY if recovery.key == "circuit_breaker")
assert _BREAKER.threshold is not None  # the document gives it
BREAKER = Goal(
    title=Text(ko="서킷 브레이커가 열리는 실패율", en="Failure rate at which the circuit breaker opens"),
    value=_BREAKER.threshold,
    bound=Bound.BELOW,
    source=_BREAKER.source,
)

DASHBOARD = Dashboard(
    id="tripgen-ai",
    title=Text(ko="tripgen · AI 서비스", en="tripgen · AI service"),
    description=Text(
        ko="AI 일정 생성의 응답시간과 생성량, 외부 API와 큐의 상태.",
        en="How long itineraries take and how many are made, and the state of external APIs and queues.",
    ),
    source=Section("8.2.2"),
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="AI 응답시간 p95", en="AI response time p95"),
                    shows=ai.AI_RESPONSE_TIME,
                    kind=Kind.STAT,
                    line_of=("ai-response-time-exceeded",),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="남은 오류 예산", en="Error budget left"),
                    shows=slo.AI_LATENCY,
                    kind=Kind.STAT,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="외부 API 실패율", en="External API failure rate"),
                    shows=ai.EXTERNAL_API_FAILURES,
                    kind=Kind.STAT,
                    goals=(BREAKER,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="초당 완성된 일정", en="Itineraries a second"),
                    shows=ai.AI_RESPONSE_RATE,
                    kind=Kind.STAT,
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="일정 생성", en="Making itineraries"),
            panels=(
                Panel(
                    title=Text(ko="AI 응답시간 p95", en="AI response time p95"),
                    shows=ai.AI_RESPONSE_TIME,
                    line_of=("ai-response-time-exceeded",),
                    goals=(AI_P95, AI_P95_NEXT) if NEXT_PHASE.ai_p95 != PHASE.ai_p95 else (AI_P95,),
                ),
                Panel(title=Text(ko="초당 완성된 일정", en="Itineraries a second"), shows=ai.AI_RESPONSE_RATE),
                Panel(
                    title=Text(ko="결과별 생성 시도", en="Attempts by outcome"),
                    shows=business.TRIP_GENERATIONS_PER_SECOND,
                ),
                Panel(
                    title=Text(
                        ko="제때 끝난 AI 서비스 HTTP 요청 (SLO)", en="HTTP requests of the ai service in time (SLO)"
                    ),
                    shows=slo.AI_LATENCY,
                    kind=Kind.TABLE,
                    width=24,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="기다리는 곳", en="What it waits for"),
            panels=(
                Panel(
                    title=Text(ko="외부 API 지연 p95", en="External API latency p95"),
                    shows=ai.EXTERNAL_API_LATENCY,
                ),
                Panel(
                    title=Text(ko="외부 API 실패율", en="External API failure rate"),
                    shows=ai.EXTERNAL_API_FAILURES,
                    line_of=("external-api-failing",),
                ),
                Panel(
                    title=Text(ko="큐에서 기다리는 메시지", en="Messages waiting in queues"),
                    shows=service_bus.MESSAGE_QUEUE_DEPTH,
                    engine=Engine.PROMETHEUS,
                ),
                Panel(
                    title=Text(ko="AI 서비스의 의존성", en="Dependencies of the ai service"),
                    shows=triage.AI_DEPENDENCIES,
                    kind=Kind.TABLE,
                    width=16,
                ),
                Panel(title=Text(ko="호출 평균 시간", en="Mean duration of calls"), shows=services.CLIENT_DURATION),
            ),
        ),
    ),
)
