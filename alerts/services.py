"""Services: reachable from outside, and answering without errors."""

from alerts.actions import PAGERDUTY, SMS, TEAMS
from kql import triage
from observability.design.objectives import PHASE
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent
from observability.signals import services

_GOAL = percent(Quantity(PHASE.error_rate, Unit.RATIO).to(Unit.PERCENT))
MIN_FAILED = 2
"""Failed checks below which nobody is told, over any window: one lost probe is no failure (R4)."""

SERVICE_UNAVAILABLE = Alert(
    id="service-unavailable",
    title=Text(ko="서비스 중단", en="Service Unavailable"),
    source=Section("8.1.2", reading="R4"),
    watches=services.AVAILABILITY,
    engine=Engine.LOG,
    below=percent(99.9),
    window=minutes(5),
    # One lost probe of five is 80 %: without a floor every hiccup of one location would page.
    params={"min_failed": MIN_FAILED},
    # Rows arrive minutes late; looking every minute sees each of them once it is there and still in the window.
    every=minutes(1),
    severity=Severity.ONE,
    severity_source=Derived(
        Text(
            ko="공개 엔드포인트가 답하지 않으면 서비스 완전 중단입니다.",
            en="A public endpoint that does not answer is a full outage.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS, SMS),
    meaning=Text(
        ko="밖에서 공개 엔드포인트를 점검한 결과가 목표에 미치지 못합니다.",
        en="Checks of a public endpoint from outside succeed less often than the objective.",
    ),
    impact=Text(
        ko="사용자가 이 서비스에 접속하지 못하거나 오류 화면을 봅니다.",
        en="Users cannot reach this service, or see an error page.",
    ),
    because=Text(
        ko="문서의 가용성 목표입니다. 사용자 요청이 아니라 합성 점검으로 재며, 점검 하나가 실패해서 울리지 않도록 "
        f"구간 안의 실패가 {MIN_FAILED}건 이상이어야 합니다.",
        en="The document's availability objective. It is measured on synthetic checks, not on user requests, and needs at "
        f"least {MIN_FAILED} failed checks in the window so that one lost probe does not page.",
    ),
    first_steps=(
        triage.FAILED_CHECKS,
        triage.WHAT_BROKE,
        triage.ERRORS_BY_OPERATION,
        triage.BROKEN_PODS,
        triage.RECENT_CHANGES,
        triage.USERS_AFFECTED,
    ),
    causes=("pods-below-pdb",),
)

HIGH_ERROR_RATE = Alert(
    id="high-error-rate",
    title=Text(ko="높은 오류율", en="High Error Rate"),
    source=Section("8.1.2", reading="R5"),
    watches=services.ERROR_RATE,
    engine=Engine.LOG,
    above=percent(1),
    window=minutes(5),
    params={"floor": 100},
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(ko="일부 요청이 실패하는 부분 장애입니다.", en="Some requests fail: a partial outage."),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="한 서비스의 요청 중 5xx로 끝나거나 응답이 없는 비율이 한계를 넘었습니다.",
        en="The share of a service's requests that end in 5xx or without an answer is above the limit.",
    ),
    impact=Text(ko="사용자 요청의 일부가 실패합니다.", en="Some user requests fail."),
    because=Text(
        ko=f"문서의 알림 값입니다(목표 {_GOAL}는 SLO로 따로 봅니다, R19). 4xx는 사용자의 실수이므로 세지 않고, "
        "구간 안의 요청이 하한보다 적으면 비율을 믿지 않습니다(R32).",
        en=f"The document's alert value (the goal of {_GOAL} is the SLO, R19). 4xx is not counted, being the client's mistake, "
        "and below the floor of requests in the window the ratio is not trusted (R32).",
    ),
    first_steps=(
        triage.ERRORS_BY_OPERATION,
        triage.SINCE_WHEN,
        triage.FAILING_DEPENDENCIES,
        triage.EXCEPTIONS_BY_TYPE,
        triage.NEW_VERSIONS,
        triage.RECENT_CHANGES,
        triage.USERS_AFFECTED,
    ),
    causes=("database-connection-pool-exhausted", "external-api-failing"),
)
