"""The quarterly checks of document section 12.1.1, line for line."""

from kql import ai, postgresql, redis, services, slo
from observability.design.operations import checklist
from observability.model.checklist import Item
from observability.model.query import Pack
from observability.model.text import Text
from observability.model.units import days

_LIST = checklist("quarter")
_PERFORMANCE, _DEBT, _SCALING, _PENETRATION = _LIST.items

PACK = Pack(title=_LIST.title, span=days(90))

PERFORMANCE = Item(
    id="system-performance",
    title=_PERFORMANCE.text,
    takes=_PERFORMANCE.takes,
    source=_LIST.source,
    steps=(
        slo.AVAILABILITY_BUDGET,
        slo.ERROR_BUDGET,
        slo.LATENCY_BUDGET,
        services.API_LATENCY,
        ai.LATENCY,
        redis.HIT_RATIO,
        postgresql.CPU,
    ),
)

DEBT = Item(
    id="technical-debt",
    title=_DEBT.text,
    takes=_DEBT.takes,
    source=_LIST.source,
    by_hand=Text(
        ko="어떤 데이터로도 답할 수 없습니다. 팀이 tripobs findings와 배포 이력을 놓고 정합니다.",
        en="No data source answers this: the team decides, with tripobs findings and the record of releases.",
    ),
)

SCALING = Item(
    id="scalability-test",
    title=_SCALING.text,
    takes=_SCALING.takes,
    source=_LIST.source,
    steps=(services.THROUGHPUT,),
    by_hand=Text(
        ko="부하 시험은 사람이 합니다. 플랫폼 담당이 운영이 아닌 환경에서 목표 처리량까지 올려 봅니다.",
        en="People make the load test: the platform engineer raises it to the goal, outside production.",
    ),
)

PENETRATION = Item(
    id="penetration-test",
    title=_PENETRATION.text,
    takes=_PENETRATION.takes,
    source=_LIST.source,
    by_hand=Text(
        ko="어떤 데이터로도 답할 수 없습니다. 보안 담당이 외부 업체의 침투 시험을 의뢰하고 결과를 보관합니다.",
        en="No data source answers this: the security owner orders the penetration test and keeps its report.",
    ),
)
