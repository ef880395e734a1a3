"""The edge: Front Door and the gateway behind it, what they turn away, and whether what is behind answers.

Platform metrics, which are always there: the access logs are off until somebody turns them on.
"""

from observability.model.signal import PlatformMetric, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

ORIGIN_HEALTH_METRIC = PlatformMetric(resource="front_door", metric="OriginHealthPercentage", aggregation="Average")
TOTAL_LATENCY_METRIC = PlatformMetric(resource="front_door", metric="TotalLatency", aggregation="Average")
ORIGIN_LATENCY_METRIC = PlatformMetric(resource="front_door", metric="OriginLatency", aggregation="Average")
HEALTHY_METRIC = PlatformMetric(resource="gateway", metric="HealthyHostCount", aggregation="Average")
UNHEALTHY_METRIC = PlatformMetric(resource="gateway", metric="UnhealthyHostCount", aggregation="Average")
GATEWAY_TIME_METRIC = PlatformMetric(resource="gateway", metric="ApplicationGatewayTotalTime", aggregation="Average")
CAPACITY_METRIC = PlatformMetric(resource="gateway", metric="CapacityUnits", aggregation="Average")

_FIRST_LOOK = Derived(
    Text(
        ko="장애 대응의 첫 질문(오류가 엣지에서 나는가, 뒤에서 나는가)에 답합니다.",
        en="Answers the first question of an incident: do the errors come from the edge, or from behind it.",
    ),
    (Section("12.2.1"), Section("4.2.1")),
)
_WAF = Section("4.2.2", reading="R14")

# --- Front Door -------------------------------------------------------------------------------------

FRONT_DOOR_REQUESTS = Signal(
    name="front_door_requests",
    title=Text(ko="Front Door 요청", en="Front Door requests"),
    unit=Unit.COUNT,
    help=Text(ko="상태 코드 묶음별 Front Door의 요청 수.", en="Requests at Front Door by class of status code."),
    source=_FIRST_LOOK,
    metric=PlatformMetric(
        resource="front_door", metric="RequestCount", aggregation="Total", by={"status": "HttpStatusGroup"}
    ),
)

FRONT_DOOR_ERRORS = Signal(
    name="front_door_errors",
    title=Text(ko="Front Door 5xx 비율", en="Front Door 5xx share"),
    unit=Unit.PERCENT,
    help=Text(
        ko="사용자가 Front Door에서 5xx를 받은 요청의 비율.", en="Share of requests that Front Door answered with 5xx."
    ),
    source=_FIRST_LOOK,
    metric=PlatformMetric(resource="front_door", metric="Percentage5XX", aggregation="Average"),
)

FRONT_DOOR_LATENCY = Signal(
    name="front_door_latency",
    title=Text(ko="Front Door 전체 시간", en="Front Door total time"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="요청을 받고 사용자에게 마지막 바이트를 보낼 때까지의 평균 시간.",
        en="Mean time from the request until the user has the last byte.",
    ),
    source=_FIRST_LOOK,
    metric=TOTAL_LATENCY_METRIC,
)

ORIGIN_LATENCY = Signal(
    name="front_door_origin_latency",
    title=Text(ko="원본의 시간", en="Time at the origin"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="Front Door가 게이트웨이의 답을 기다린 평균 시간. 전체 시간과의 차이가 사용자까지의 길입니다.",
        en="Mean time that Front Door waits for the gateway. What the total has over it is the way to the user.",
    ),
    source=_FIRST_LOOK,
    metric=ORIGIN_LATENCY_METRIC,
)

ORIGIN_HEALTH = Signal(
    name="front_door_origin_health",
    title=Text(ko="원본 상태", en="Health of the origin"),
    unit=Unit.PERCENT,
    help=Text(
        ko="Front Door의 상태 프로브에 게이트웨이가 답한 비율.",
        en="Share of Front Door's health probes that the gateway answered.",
    ),
    source=Section("10.1.2"),
    metric=ORIGIN_HEALTH_METRIC,
)

# --- Application Gateway ----------------------------------------------------------------------------

GATEWAY_RESPONSES = Signal(
    name="gateway_responses",
    title=Text(ko="게이트웨이 응답", en="Gateway responses"),
    unit=Unit.COUNT,
    help=Text(ko="상태 코드 묶음별 게이트웨이의 응답 수.", en="The gateway's responses by class of status code."),
    source=_FIRST_LOOK,
    metric=PlatformMetric(
        resource="gateway", metric="ResponseStatus", aggregation="Total", by={"status": "HttpStatusGroup"}
    ),
)

BACKEND_RESPONSES = Signal(
    name="gateway_backend_responses",
    title=Text(ko="백엔드 응답", en="Backend responses"),
    unit=Unit.COUNT,
    help=Text(
        ko="백엔드가 준 상태 코드 묶음별 응답 수. 게이트웨이의 5xx가 이보다 많으면 백엔드에 닿지 못한 것입니다.",
        en="What the backends answered, by class of status code. More 5xx at the gateway than here: it did not reach them.",
    ),
    source=_FIRST_LOOK,
    metric=PlatformMetric(
        resource="gateway", metric="BackendResponseStatus", aggregation="Total", by={"status": "HttpStatusGroup"}
    ),
)

GATEWAY_LATENCY = Signal(
    name="gateway_latency",
    title=Text(ko="게이트웨이 시간", en="Time at the gateway"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="게이트웨이가 요청을 받고 답을 다 보낼 때까지의 평균 시간.",
        en="Mean time from the request at the gateway until its answer is sent.",
    ),
    source=_FIRST_LOOK,
    metric=GATEWAY_TIME_METRIC,
)

HEALTHY_BACKENDS = Signal(
    name="gateway_healthy_backends",
    title=Text(ko="정상 백엔드", en="Healthy backends"),
    unit=Unit.COUNT,
    help=Text(ko="상태 확인을 통과한 백엔드 수.", en="Backends that pass the gateway's health check."),
    source=Section("12.2.2"),
    metric=HEALTHY_METRIC,
)

UNHEALTHY_BACKENDS = Signal(
    name="gateway_unhealthy_backends",
    title=Text(ko="비정상 백엔드", en="Unhealthy backends"),
    unit=Unit.COUNT,
    help=Text(ko="상태 확인에 실패해 트래픽이 빠진 백엔드 수.", en="Backends that fail it and get no traffic."),
    source=Section("12.2.2"),
    metric=UNHEALTHY_METRIC,
)

GATEWAY_CAPACITY = Signal(
    name="gateway_capacity",
    title=Text(ko="용량 단위", en="Capacity units"),
    unit=Unit.COUNT,
    help=Text(
        ko="게이트웨이가 쓰는 용량 단위. 인스턴스 하나가 열 단위쯤을 감당합니다.",
        en="Capacity units in use; one instance carries about ten.",
    ),
    source=Section("4.2.1"),
    metric=CAPACITY_METRIC,
)

# --- WAF --------------------------------------------------------------------------------------------

WAF_BY_RULE_METRIC = PlatformMetric(
    resource="front_door",
    metric="WebApplicationFirewallRequestCount",
    aggregation="Total",
    by={"rule": "RuleName", "action": "Action"},
)

WAF_BY_RULE = Signal(
    name="front_door_waf_by_rule",
    title=Text(ko="규칙별 WAF", en="WAF by rule"),
    unit=Unit.COUNT,
    help=Text(
        ko="Front Door의 WAF 규칙에 걸린 요청 수, 규칙과 처리별. 빈도, 나라, 봇 규칙이 저마다 한 줄입니다.",
        en="Requests that a rule of Front Door's firewall matched, by rule and action: the rate, geography and bot rules "
        "have a line each.",
    ),
    source=_WAF,
    metric=WAF_BY_RULE_METRIC,
)

WAF_BLOCKED = Signal(
    name="front_door_waf_blocked",
    title=Text(ko="WAF가 막은 요청", en="Requests that the WAF blocked"),
    unit=Unit.COUNT,
    help=Text(
        ko="Front Door의 WAF가 막은 요청 수. 막은 것이 없으면 데이터가 없습니다.",
        en="Requests that Front Door's firewall blocked; no data where it blocked none.",
    ),
    source=_WAF,
    metric=PlatformMetric(
        resource="front_door",
        metric="WebApplicationFirewallRequestCount",
        aggregation="Total",
        only={"Action": "Block"},
    ),
)

GATEWAY_MANAGED_RULES = Signal(
    name="gateway_waf_managed_rules",
    title=Text(ko="게이트웨이 WAF의 관리형 규칙", en="Managed rules of the gateway's WAF"),
    unit=Unit.COUNT,
    help=Text(
        ko="관리형 규칙 그룹에 걸린 요청 수. SKU가 WAF_v2일 때만 데이터가 있습니다(R14).",
        en="Requests that managed rules matched, by group. Has data only where the SKU is WAF_v2 (R14).",
    ),
    source=_WAF,
    metric=PlatformMetric(
        resource="gateway", metric="AzwafSecRule", aggregation="Total", by={"group": "RuleGroupID", "action": "Action"}
    ),
)

GATEWAY_BOT_RULES = Signal(
    name="gateway_waf_bots",
    title=Text(ko="게이트웨이 WAF의 봇 규칙", en="Bot rules of the gateway's WAF"),
    unit=Unit.COUNT,
    help=Text(
        ko="봇 규칙에 걸린 요청 수, 봇의 종류와 처리별. SKU가 WAF_v2일 때만 데이터가 있습니다(R14).",
        en="Requests that bot rules matched, by kind of bot and action. Has data only where the SKU is WAF_v2 (R14).",
    ),
    source=_WAF,
    metric=PlatformMetric(
        resource="gateway", metric="AzwafBotProtection", aggregation="Total", by={"bot": "Category", "action": "Action"}
    ),
)
