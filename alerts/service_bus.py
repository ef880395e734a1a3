"""Service Bus: messages that nothing delivers any more."""

from alerts.actions import TEAMS
from kql import service_bus as pack
from kql import triage
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.signals import service_bus

DEAD_LETTERS = Alert(
    id="service-bus-dead-letters",
    title=Text(ko="배달 못한 메시지", en="Dead Letters"),
    source=Derived(
        Text(
            ko="배달 못한 메시지는 저절로 다시 배달되지 않으므로 한 건이라도 사람이 보아야 합니다.",
            en="Nothing delivers a dead letter again by itself, so somebody has to look at a single one.",
        ),
        (Section("6.1.2"),),
    ),
    watches=service_bus.DEAD_LETTERS,
    engine=Engine.METRIC,
    above=Quantity(0, Unit.MESSAGES),
    window=minutes(5),
    every=minutes(5),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="일부 요청의 뒷일이 끝나지 않았지만 서비스는 답합니다.",
            en="Some requests' later work is not done, but the services answer.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(ko="큐나 토픽에 배달하지 못한 메시지가 있습니다.", en="A queue or topic has messages it gave up on."),
    impact=Text(
        ko="그 메시지의 일정 생성이나 알림이 일어나지 않았습니다.",
        en="The itinerary or the notification behind that message did not happen.",
    ),
    because=Text(
        ko="한 건부터 알립니다. 사람이 비울 때까지 남아 있으므로 매분 볼 까닭이 없습니다.",
        en="It tells from the first one on. They stay until somebody empties the queue, so there is no need to look every minute.",
    ),
    first_steps=(
        pack.DEAD_LETTERED,
        pack.DEAD_LETTERS,
        triage.EXCEPTIONS_BY_TYPE,
        triage.FAILING_DEPENDENCIES,
        triage.RECENT_CHANGES,
    ),
)
