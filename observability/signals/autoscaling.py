"""What the autoscaler reads: one custom metric for each service (document 3.3.2)."""

from observability.design.services import AI, LOCATION, TRIP, USER
from observability.model.signal import PromQL, Signal, selector
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

_CUSTOM = Section("3.3.2")

REQUESTS_PER_SECOND = Signal(
    name="requests_per_second",
    title=Text(ko="초당 요청", en="Requests a second"),
    unit=Unit.PER_SECOND,
    help=Text(ko="사용자 서비스가 받은 초당 요청.", en="Requests a second of the user service."),
    source=_CUSTOM,
    promql=PromQL(expr=f"sum(rate({selector('tripgen_http_requests_total', service=USER.role)}[$window]))"),
)

ACTIVE_CONNECTIONS = Signal(
    name="active_connections",
    title=Text(ko="활성 연결", en="Active connections"),
    unit=Unit.CONNECTIONS,
    help=Text(ko="여행 서비스가 처리 중인 연결.", en="Connections that the trip service is working on."),
    source=_CUSTOM,
    promql=PromQL(expr=f"sum({selector('tripgen_active_connections', service=TRIP.role)})"),
)

QUEUE_LENGTH = Signal(
    name="queue_length",
    title=Text(ko="대기 중인 일정 생성", en="Itineraries waiting"),
    unit=Unit.MESSAGES,
    help=Text(
        ko="AI 서비스가 아직 받지 않은 일정 생성 요청.",
        en="Requests for an itinerary that the ai service has not taken yet.",
    ),
    source=_CUSTOM,
    promql=PromQL(
        expr=f"max({selector('tripgen_service_bus_messages', entity='ai_schedule_generation', state='active')})"
    ),
)

SEARCH_REQUESTS = Signal(
    name="search_requests",
    title=Text(ko="검색 요청", en="Search requests"),
    unit=Unit.PER_SECOND,
    help=Text(ko="위치 서비스가 받은 초당 요청.", en="Requests a second of the location service."),
    source=_CUSTOM,
    promql=PromQL(expr=f"sum(rate({selector('tripgen_http_requests_total', service=LOCATION.role)}[$window]))"),
)

# Which signal scales which service, with the service's own bounds and target.
SCALES = {
    USER.key: REQUESTS_PER_SECOND,
    TRIP.key: ACTIVE_CONNECTIONS,
    AI.key: QUEUE_LENGTH,
    LOCATION.key: SEARCH_REQUESTS,
}
