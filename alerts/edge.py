"""The edge: what Front Door cannot reach, and what its firewall turns away."""

from alerts.actions import TEAMS
from kql import edge as pack
from kql import triage
from observability.design.platform import FRONT_DOOR, RATE_RULE
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent
from observability.signals import edge

_LONG = minutes(5)
assert RATE_RULE.limit is not None and RATE_RULE.every is not None  # the document gives both
_ONE_ADDRESS = RATE_RULE.limit.value * (_LONG / RATE_RULE.every)

ORIGIN_UNHEALTHY = Alert(
    id="origin-unhealthy",
    title=Text(ko="Front Door의 원본 이상", en="Front Door's Origin Unhealthy"),
    source=Derived(
        Text(
            ko=f"문서는 프로브가 {FRONT_DOOR.failures}번 연속 실패하면 장애조치합니다. 구간의 절반 넘게 실패했다면 그보다 오래입니다.",
            en=f"The document fails over after {FRONT_DOOR.failures} failed probes in a row. More than half of the window is longer.",
        ),
        (Section("10.1.2"),),
    ),
    watches=edge.ORIGIN_HEALTH,
    engine=Engine.METRIC,
    below=percent(50),
    window=_LONG,
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="사용자 쪽 중단은 service-unavailable이 호출합니다. 이 알림은 어디가 끊겼는지 알려 줍니다.",
            en="service-unavailable calls for what users feel. This one says where it is cut.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(TEAMS,),
    meaning=Text(
        ko="Front Door의 상태 프로브 절반 이상에 게이트웨이가 답하지 않습니다.",
        en="The gateway leaves more than half of Front Door's health probes without an answer.",
    ),
    impact=Text(ko="대부분의 사용자가 오류 화면을 봅니다.", en="Most users see an error page."),
    because=Text(
        ko="원본이 하나이므로 절반은 지역 몇 곳의 잡음이 아닙니다. 1분의 실패로는 울리지 않도록 구간은 그보다 깁니다.",
        en="There is one origin, so half of the probes is no noise of a few places; the window is longer than one bad minute.",
    ),
    first_steps=(
        pack.ORIGIN_HEALTH,
        pack.UNHEALTHY_BACKENDS,
        triage.FAILED_CHECKS,
        triage.WHAT_BROKE,
        triage.BROKEN_PODS,
        triage.RECENT_CHANGES,
    ),
)

WAF_BLOCKING = Alert(
    id="firewall-blocking",
    title=Text(ko="WAF가 많은 요청을 막음", en="Firewall Blocks Many Requests"),
    source=Derived(
        Text(
            ko="한 주소가 낼 수 있는 요청(빈도 규칙)보다 많이 막았다면 누군가 계속 두드리는 것입니다.",
            en="More is blocked than one address may ask for (the rate rule): somebody keeps at it.",
        ),
        (Section("4.2.2", reading="R14"),),
    ),
    watches=edge.WAF_BLOCKED,
    engine=Engine.METRIC,
    above=Quantity(_ONE_ADDRESS, Unit.COUNT),
    window=_LONG,
    every=minutes(1),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(ko="막고 있으므로 사용자는 느끼지 못합니다.", en="It is being blocked, and users do not feel it."),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(
        ko="Front Door의 WAF가 빈도, 나라, 봇 또는 관리형 규칙으로 많은 요청을 막고 있습니다.",
        en="Front Door's firewall blocks many requests by its rate, geography, bot or managed rules.",
    ),
    impact=Text(
        ko="공격이거나, 정상 사용자를 막는 규칙입니다.", en="An attack, or a rule that stops people who mean well."
    ),
    because=Text(
        ko="빈도 규칙의 분당 한도를 구간 전체로 늘린 값입니다. 규칙마다 몇 건인지는 아래 쿼리와 엣지 대시보드가 보여 주고, 주소는 접근 로그를 켰을 때만 나옵니다.",
        en="The rate rule's limit a minute, over the whole window. The queries and the edge board show how many each rule stopped; addresses are told only with the access logs on.",
    ),
    first_steps=(pack.WAF_REQUESTS, pack.WAF_BY_RULE, pack.WAF_BY_ADDRESS, triage.WHAT_BROKE),
)
