"""The telemetry pipeline itself: an alert that says when the others are blind."""

from alerts.actions import PAGERDUTY, TEAMS
from kql import workspace as pack
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.signals import workspace

DAILY_CAP_REACHED = Alert(
    id="daily-cap-reached",
    title=Text(ko="로그 일일 한도 도달", en="Daily Cap Reached"),
    source=Section("8.1.1", reading="R18"),
    watches=workspace.CAP_HITS,
    engine=Engine.LOG,
    above=Quantity(0, Unit.COUNT),
    window=minutes(15),
    # The table is a function over others, which Azure does not evaluate every minute.
    every=minutes(5),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="사용자는 느끼지 못하지만 로그 알림이 초기화 시각까지 울리지 못합니다.",
            en="Users do not feel it, but no log alert can fire until the reset hour.",
        ),
        (Section("8.1.1"), Section("10.2.1")),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="작업 영역이 일일 한도에 닿아 수집을 멈췄습니다.",
        en="The workspace hit its daily cap and has stopped taking data.",
    ),
    impact=Text(
        ko="오류율과 가용성 알림이 눈이 멉니다. Prometheus와 메트릭 알림은 그대로입니다.",
        en="The error-rate and availability alerts are blind. Prometheus and metric alerts go on.",
    ),
    because=Text(
        ko="한 번이면 멈춘 것입니다. 한도 자체는 문서의 값이고, 이 알림은 그 사건을 봅니다(R18).",
        en="Once means stopped. The cap is the document's value; this alert looks at the event of it (R18).",
    ),
    first_steps=(pack.CAP_HITS, pack.VOLUME_BY_TABLE, pack.VOLUME_AGAINST_CAP),
)
