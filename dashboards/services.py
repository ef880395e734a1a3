"""The four services at a glance: traffic, errors, latency, saturation, and what is left of each objective."""

from alerts import slo
from dashboards.ai import AI_P95
from kql import trace, triage
from observability.design.objectives import PHASE
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, percent
from observability.signals import aks, postgresql, services

API_P95 = Goal(
    title=Text(ko="API 응답시간 목표", en="API response time goal"),
    value=PHASE.api_p95,
    bound=Bound.BELOW,
    source=PHASE.source,
)
ERRORS = Goal(
    title=Text(ko="오류율 목표", en="Error rate goal"),
    value=percent(Quantity(PHASE.error_rate, Unit.RATIO).to(Unit.PERCENT)),
    bound=Bound.BELOW,
    source=PHASE.source,
)
NO_POD_MISSING = Goal(
    title=Text(ko="모자란 Pod 없음", en="No pod missing"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="PDB가 Pod를 하나도 남기지 않는 서비스가 있어서 하나만 모자라도 여유가 없습니다.",
            en="Some services have a PDB with no pod to spare, so one missing pod already matters.",
        ),
        (Section("3.2.1", reading="R17"),),
    ),
)

DASHBOARD = Dashboard(
    id="tripgen-services",
    title=Text(ko="tripgen · 서비스 개요", en="tripgen · Service overview"),
    description=Text(
        ko="사용자, 여행, AI, 위치 서비스의 네 가지 핵심 신호(트래픽, 오류, 지연, 포화도)와 SLO 상태.",
        en="The golden signals of the user, trip, ai and location services, and where their SLOs stand.",
    ),
    source=Section("12.1.1"),
    # Four objectives over thirty days are too much to ask every minute of a workspace that runs five queries at once.
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="가용성", en="Availability"),
                    shows=services.AVAILABILITY,
                    kind=Kind.STAT,
                    line_of=("service-unavailable",),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="오류율", en="Error rate"),
                    shows=services.ERROR_RATE,
                    kind=Kind.STAT,
                    line_of=("high-error-rate",),
                    goals=(ERRORS,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="API 응답시간 p95", en="API response time p95"),
                    shows=services.API_LATENCY_P95,
                    kind=Kind.STAT,
                    goals=(API_P95,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="모자란 Pod", en="Pods missing"),
                    shows=aks.PODS_MISSING,
                    kind=Kind.STAT,
                    goals=(NO_POD_MISSING,),
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="SLO와 남은 오류 예산", en="SLOs and error budgets left"),
            panels=tuple(
                Panel(title=objective.title, shows=objective, kind=Kind.TABLE, width=12, height=6)
                for objective in (slo.AVAILABILITY, slo.ERRORS, slo.API_LATENCY, slo.AI_LATENCY)
            ),
        ),
        Row(
            title=Text(ko="트래픽과 오류", en="Traffic and errors"),
            panels=(
                Panel(title=Text(ko="요청량", en="Request rate"), shows=services.REQUEST_RATE),
                Panel(
                    title=Text(ko="오류율", en="Error rate"),
                    shows=services.ERROR_RATE,
                    line_of=("high-error-rate",),
                    goals=(ERRORS,),
                ),
                Panel(title=Text(ko="예외", en="Exceptions"), shows=services.EXCEPTIONS),
            ),
        ),
        Row(
            title=Text(ko="지연과 가용성", en="Latency and availability"),
            panels=(
                Panel(
                    title=Text(ko="API 응답시간 p95", en="API response time p95"),
                    shows=services.API_LATENCY_P95,
                    goals=(API_P95,),
                ),
                Panel(
                    title=Text(ko="모든 서비스의 응답시간 p95", en="Response time p95, all services"),
                    shows=services.LATENCY_P95,
                    goals=(AI_P95,),
                ),
                Panel(
                    title=Text(ko="가용성", en="Availability"),
                    shows=services.AVAILABILITY,
                    line_of=("service-unavailable",),
                ),
            ),
        ),
        Row(
            title=Text(ko="포화도", en="Saturation"),
            panels=(
                Panel(title=Text(ko="CPU / 제한", en="CPU of limit"), shows=services.CPU_OF_LIMIT),
                Panel(title=Text(ko="메모리 / 제한", en="Memory of limit"), shows=services.MEMORY_OF_LIMIT),
                Panel(title=Text(ko="서비스 연결 풀", en="Service connection pools"), shows=postgresql.SERVICE_POOL),
            ),
        ),
        Row(
            title=Text(ko="어디서", en="Where"),
            panels=(
                Panel(
                    title=Text(ko="작업별 오류", en="Errors by operation"),
                    shows=triage.ERRORS_BY_OPERATION,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="느린 작업", en="Slow operations"),
                    shows=triage.SLOW_OPERATIONS,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="실패하는 의존성", en="Failing dependencies"),
                    shows=triage.FAILING_DEPENDENCIES,
                    kind=Kind.TABLE,
                    width=24,
                ),
                Panel(
                    title=Text(ko="실패했거나 느린 요청, 한 건씩", en="Requests that failed or were slow, one by one"),
                    shows=trace.TO_LOOK_AT,
                    kind=Kind.TABLE,
                    width=24,
                ),
            ),
        ),
    ),
)
