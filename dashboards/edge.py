"""The edge: Front Door, the gateway and their firewalls. What comes in, what fails, what is turned away."""

from dashboards.services import ERRORS
from kql import edge as queries
from observability.design.objectives import AVAILABILITY_SOURCE, PHASE
from observability.design.platform import GATEWAY, RATE_RULE
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Derived, Section, sections_of
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, number, percent
from observability.signals import edge

_BEHIND_ANSWERS = Derived(
    Text(
        ko="프로브는 합성 점검이므로 가용성의 목표를 댑니다.",
        en="A probe is a synthetic check: the objective of availability is held against it.",
    ),
    (*sections_of(AVAILABILITY_SOURCE), Section("10.1.2")),
)
ORIGIN_ANSWERS = Goal(
    title=Text(ko="가용성 목표", en="Objective of availability"),
    value=percent(Quantity(PHASE.availability, Unit.RATIO).to(Unit.PERCENT)),
    bound=Bound.ABOVE,
    source=_BEHIND_ANSWERS,
)
NONE_UNHEALTHY = Goal(
    title=Text(ko="비정상 백엔드 없음", en="No unhealthy backend"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="상태 확인에 실패한 백엔드에서는 트래픽이 곧바로 빠지므로 남은 백엔드가 더 받습니다.",
            en="A backend that fails its health check loses its traffic at once, and the others carry it.",
        ),
        (Section("12.2.2"),),
    ),
)
ONE_BACKEND = Goal(
    title=Text(ko="받을 백엔드가 있음", en="A backend to take the traffic"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.ABOVE,
    source=GATEWAY.source,
)
_LIMIT = number(RATE_RULE.limit.value) if RATE_RULE.limit is not None else ""

DASHBOARD = Dashboard(
    id="tripgen-edge",
    title=Text(ko="tripgen · 엣지", en="tripgen · Edge"),
    description=Text(
        ko="Front Door와 Application Gateway의 트래픽, 지연, 오류, 백엔드 상태, 그리고 WAF가 막은 것. 오류가 엣지에서 나는지 뒤에서 "
        "나는지 여기서 가릅니다.",
        en="Traffic, latency, errors and backends of Front Door and Application Gateway, and what the firewall blocked. "
        "Tells whether errors come from the edge or from behind it.",
    ),
    source=Section("4.2.1"),
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="Front Door 5xx", en="Front Door 5xx"),
                    shows=edge.FRONT_DOOR_ERRORS,
                    kind=Kind.STAT,
                    goals=(ERRORS,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="원본 상태", en="Health of the origin"),
                    shows=edge.ORIGIN_HEALTH,
                    kind=Kind.STAT,
                    line_of=("origin-unhealthy",),
                    goals=(ORIGIN_ANSWERS,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="비정상 백엔드", en="Unhealthy backends"),
                    shows=edge.UNHEALTHY_BACKENDS,
                    kind=Kind.STAT,
                    goals=(NONE_UNHEALTHY,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="지난 1시간 WAF 차단", en="Blocked by the WAF, last hour"),
                    shows=edge.WAF_BLOCKED,
                    kind=Kind.STAT,
                    last="1h",
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="Front Door", en="Front Door"),
            panels=(
                Panel(title=Text(ko="상태 코드별 요청", en="Requests by status"), shows=edge.FRONT_DOOR_REQUESTS),
                Panel(title=Text(ko="5xx 비율", en="Share of 5xx"), shows=edge.FRONT_DOOR_ERRORS, goals=(ERRORS,)),
                Panel(
                    title=Text(ko="원본 상태", en="Health of the origin"),
                    shows=edge.ORIGIN_HEALTH,
                    line_of=("origin-unhealthy",),
                    goals=(ORIGIN_ANSWERS,),
                ),
                Panel(
                    title=Text(ko="사용자까지의 전체 시간", en="Total time, to the user"),
                    shows=edge.FRONT_DOOR_LATENCY,
                    width=12,
                ),
                Panel(
                    title=Text(ko="원본을 기다린 시간", en="Time waited for the origin"),
                    shows=edge.ORIGIN_LATENCY,
                    width=12,
                ),
            ),
        ),
        Row(
            title=Text(ko="Application Gateway", en="Application Gateway"),
            panels=(
                Panel(title=Text(ko="게이트웨이 응답", en="Responses of the gateway"), shows=edge.GATEWAY_RESPONSES),
                Panel(title=Text(ko="백엔드 응답", en="Responses of the backends"), shows=edge.BACKEND_RESPONSES),
                Panel(title=Text(ko="게이트웨이 시간", en="Time at the gateway"), shows=edge.GATEWAY_LATENCY),
                Panel(
                    title=Text(ko="정상 백엔드", en="Healthy backends"),
                    shows=edge.HEALTHY_BACKENDS,
                    goals=(ONE_BACKEND,),
                ),
                Panel(
                    title=Text(ko="비정상 백엔드", en="Unhealthy backends"),
                    shows=edge.UNHEALTHY_BACKENDS,
                    goals=(NONE_UNHEALTHY,),
                ),
                Panel(title=Text(ko="용량 단위", en="Capacity units"), shows=edge.GATEWAY_CAPACITY),
            ),
        ),
        Row(
            title=Text(ko="WAF", en="WAF"),
            panels=(
                Panel(
                    title=Text(ko="5분마다 막은 요청", en="Requests blocked, every 5 minutes"),
                    shows=edge.WAF_BLOCKED,
                    line_of=("firewall-blocking",),
                    step=minutes(5),
                    width=24,
                ),
                Panel(
                    title=Text(ko="규칙과 처리별 요청 (Front Door)", en="Requests by rule and action (Front Door)"),
                    shows=edge.WAF_BY_RULE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="빈도, 나라, 봇 규칙이 한 일", en="What the rate, geography and bot rules did"),
                    shows=queries.CUSTOM_RULES,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="관리형 규칙 (게이트웨이)", en="Managed rules (gateway)"),
                    shows=edge.GATEWAY_MANAGED_RULES,
                    width=12,
                ),
                Panel(
                    title=Text(ko="봇 규칙 (게이트웨이)", en="Bot rules (gateway)"),
                    shows=edge.GATEWAY_BOT_RULES,
                    width=12,
                ),
                Panel(
                    title=Text(ko="WAF가 막은 주소", en="Addresses that the WAF blocked"),
                    shows=queries.WAF_BY_ADDRESS,
                    kind=Kind.TABLE,
                    width=16,
                ),
                Note(
                    title=Text(ko="여기서 볼 수 없는 것", en="What is not seen here"),
                    text=Text(
                        ko="**접근 로그**는 하루 한도를 몇 시간 만에 채우므로 꺼져 있습니다. 주소별 표, 주소마다 분당 "
                        f"{_LIMIT}건 규칙의 점검(`tripobs kql run edge/rate-by-address`), 느린 경로는 배포 매개변수로 접근 로그를 켠 뒤에 "
                        "나옵니다.\n\n**게이트웨이의 WAF**는 SKU가 WAF_v2일 때만 있습니다. 설계서의 Standard_v2에는 없습니다(R14).\n\n"
                        "**막을 나라**는 설계서에 아직 없으므로 GeoBlocking 줄은 비어 있는 것이 맞습니다.",
                        en="**Access logs** fill the daily cap within hours, so they are off. The table of addresses, the check "
                        f"of the rule of {_LIMIT} requests a minute and address (`tripobs kql run edge/rate-by-address`) and slow "
                        "paths have data once a deployment parameter turns them on.\n\n**The gateway's WAF** exists only with "
                        "the SKU WAF_v2; the document's Standard_v2 has none (R14).\n\n**Countries to block** are not listed in "
                        "the document yet: no line for GeoBlocking is as it should be.",
                    ),
                ),
            ),
        ),
    ),
)
