"""The four application services (sections 3.2.1, 3.3.1, 3.3.2 and 4.4)."""

from __future__ import annotations

from observability.design.platform import APPLICATION_PORT
from observability.model.source import Section
from observability.model.system import (
    GIB,
    Autoscaling,
    DisruptionBudget,
    Resources,
    ScalingMetric,
    Service,
    ServiceAddress,
)
from observability.model.text import Text
from observability.model.units import Quantity, Unit, percent

NAMESPACE = "production"


def _service(
    key: str,
    *,
    title: Text,
    purpose: Text,
    pods: tuple[int, int],
    cpu: tuple[float, float],
    memory_gib: tuple[int, int],
    cpu_target: float,
    memory_target: float,
    scales_on: ScalingMetric,
    pdb: int,
    pdb_reason: Text,
) -> Service:
    """One service. Pairs are (minimum, maximum) pods and (request, limit).

    Section 3.3.1 repeats the autoscaler's minimum as the replica count and its CPU target; both are
    written once here, in ``pods`` and ``cpu_target``.
    """
    return Service(
        key=key,
        title=title,
        address=ServiceAddress(
            role=f"{key}-service", namespace=NAMESPACE, port=APPLICATION_PORT, purpose=purpose, source=Section("4.4")
        ),
        resources=Resources(
            replicas=pods[0],
            cpu_request=cpu[0],
            cpu_limit=cpu[1],
            memory_request=memory_gib[0] * GIB,
            memory_limit=memory_gib[1] * GIB,
            source=Section("3.3.1"),
        ),
        hpa=Autoscaling(
            minimum=pods[0],
            maximum=pods[1],
            cpu=percent(cpu_target),
            memory=percent(memory_target),
            custom=scales_on,
            source=Section("3.3.2"),
        ),
        pdb=DisruptionBudget(
            minimum=pdb,
            reason=pdb_reason,
            # R17 is about budgets that leave no pod to spare.
            source=Section("3.2.1", reading="R17" if pdb >= pods[0] else None),
        ),
    )


USER = _service(
    "user",
    title=Text(ko="사용자 서비스", en="User service"),
    purpose=Text(ko="사용자 관리 API", en="User management API"),
    pods=(3, 10),
    cpu=(0.5, 2.0),
    memory_gib=(1, 2),
    cpu_target=70,
    memory_target=80,
    scales_on=ScalingMetric(name="requests_per_second", above=Quantity(100, Unit.PER_SECOND)),
    pdb=2,
    pdb_reason=Text(ko="사용자 인증 연속성", en="Sign-in keeps working"),
)
TRIP = _service(
    "trip",
    title=Text(ko="여행 서비스", en="Trip service"),
    purpose=Text(ko="여행 계획 API", en="Trip planning API"),
    pods=(3, 15),
    cpu=(1.0, 4.0),
    memory_gib=(2, 4),
    cpu_target=70,
    memory_target=80,
    scales_on=ScalingMetric(name="active_connections", above=Quantity(50, Unit.CONNECTIONS)),
    pdb=3,
    pdb_reason=Text(ko="핵심 여행 서비스", en="Core trip service"),
)
AI = _service(
    "ai",
    title=Text(ko="AI 서비스", en="AI service"),
    purpose=Text(ko="AI 일정 생성 API", en="AI itinerary generation API"),
    pods=(2, 8),
    cpu=(2.0, 8.0),
    memory_gib=(4, 8),
    cpu_target=80,
    memory_target=85,
    scales_on=ScalingMetric(name="queue_length", above=Quantity(10, Unit.MESSAGES)),
    pdb=2,
    pdb_reason=Text(ko="AI 처리 최소 보장", en="A minimum of AI processing"),
)
LOCATION = _service(
    "location",
    title=Text(ko="위치 서비스", en="Location service"),
    purpose=Text(ko="위치 정보 API", en="Location information API"),
    pods=(2, 10),
    cpu=(0.5, 2.0),
    memory_gib=(1, 2),
    cpu_target=70,
    memory_target=80,
    # The document gives no time base for this one, so it stays a plain count.
    scales_on=ScalingMetric(name="search_requests", above=Quantity(200, Unit.COUNT)),
    pdb=2,
    pdb_reason=Text(ko="위치 서비스 최소 보장", en="A minimum of location lookups"),
)
SERVICES: tuple[Service, ...] = (USER, TRIP, AI, LOCATION)
