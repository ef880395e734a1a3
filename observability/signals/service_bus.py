"""Service Bus: the three queues and the topic's three subscriptions."""

from observability.model.signal import Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

MESSAGES = Instrument(
    name="tripgen_service_bus_messages",
    kind=InstrumentKind.GAUGE,
    unit=Unit.MESSAGES,
    help=Text(ko="큐와 구독별, 상태별 메시지 수.", en="Messages in each queue and each subscription, by state."),
    source=Section("8.2.2"),
    labels=("entity", "subscription", "state"),
)

ENTITY_SIZE = Instrument(
    name="tripgen_service_bus_size_bytes",
    kind=InstrumentKind.GAUGE,
    unit=Unit.BYTES,
    help=Text(ko="큐와 토픽별 크기.", en="Size of each queue and topic."),
    source=Section("6.1.2"),
    labels=("entity",),
)

MESSAGE_QUEUE_DEPTH = Signal(
    name="message_queue_depth",
    title=Text(ko="대기 메시지", en="Queue depth"),
    unit=Unit.MESSAGES,
    help=Text(
        ko="큐와 구독별 활성 메시지 수와 배달 못한 메시지 수.",
        en="Active messages, and dead-lettered ones apart, in each queue and subscription.",
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr='max by (entity, subscription, state) (tripgen_service_bus_messages{state=~"active|dead_lettered"})',
        by=("entity", "subscription", "state"),
    ),
    recorded=True,
    metric=PlatformMetric(
        resource="service_bus", metric="ActiveMessages", aggregation="Maximum", by={"entity": "EntityName"}
    ),
)

_MONITORING = Derived(
    Text(
        ko="문서가 네임스페이스의 메트릭과 배달 못한 메시지 감시를 켭니다.",
        en="The document turns on the namespace's metrics and the watch over dead letters.",
    ),
    (Section("6.1.1"), Section("6.1.2")),
)

DEAD_LETTERS = Signal(
    name="service_bus_dead_letters",
    title=Text(ko="배달 못한 메시지", en="Dead letters"),
    unit=Unit.MESSAGES,
    help=Text(ko="큐와 토픽별 배달 못한 메시지 수.", en="Dead-lettered messages in each queue and topic."),
    source=_MONITORING,
    metric=PlatformMetric(
        resource="service_bus", metric="DeadletteredMessages", aggregation="Maximum", by={"entity": "EntityName"}
    ),
)

SIZE = Signal(
    name="service_bus_size",
    title=Text(ko="큐 크기", en="Queue size"),
    unit=Unit.BYTES,
    help=Text(ko="큐와 토픽별 크기.", en="Size of each queue and topic."),
    source=_MONITORING,
    metric=PlatformMetric(resource="service_bus", metric="Size", aggregation="Maximum", by={"entity": "EntityName"}),
)

THROTTLED = Signal(
    name="service_bus_throttled_requests",
    title=Text(ko="제한된 요청", en="Throttled requests"),
    unit=Unit.COUNT,
    help=Text(
        ko="용량(메시징 단위)이 모자라 거절된 요청.", en="Requests refused because the messaging units were not enough."
    ),
    source=_MONITORING,
    metric=PlatformMetric(
        resource="service_bus", metric="ThrottledRequests", aggregation="Total", by={"entity": "EntityName"}
    ),
)
