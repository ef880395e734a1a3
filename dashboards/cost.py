"""Cost: what is written against the daily cap, nodes against what they do, and the month against its budget."""

from dashboards.workspace import CAP
from kql import cost as queries
from kql import workspace as workspace_queries
from observability.design.operations import BUDGET, COSTS
from observability.design.platform import APPLICATION_POOL
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Section
from observability.model.text import Lang, Text
from observability.model.units import Quantity, Unit, hours, number
from observability.signals import cost, workspace

# Working days and the weekend, day and night.
WEEK = "7d"
AN_HOUR = hours(1)

STATED = Goal(
    title=Text(ko="월 예산", en="Monthly budget"),
    value=BUDGET.stated,
    bound=Bound.BELOW,
    source=BUDGET.source,
)
OPTIMISED = Goal(
    title=Text(ko="최적화 후 월 예산", en="Monthly budget after optimisation"),
    value=BUDGET.optimised,
    bound=Bound.BELOW,
    source=BUDGET.source,
)
BUDGETS = (OPTIMISED, STATED)
FEWEST_NODES = Goal(
    title=Text(ko="애플리케이션 노드의 기본 수", en="Application nodes that are always there"),
    value=Quantity(APPLICATION_POOL.minimum, Unit.COUNT),
    bound=Bound.AROUND,
    source=Section("3.1.2"),
)


def _table(lang: Lang) -> str:
    """The document's prices, the dearest first, with what it proposes against each."""
    head = "| 항목 | USD/월 | 줄이는 법 |" if lang == "ko" else "| item | USD a month | what to do |"
    dearest = sorted(COSTS.values(), key=lambda item: -item.monthly.value)
    rows = [
        f"| {item.title.get(lang)} | {number(item.monthly.to(Unit.USD))} | {item.saving.get(lang)} |"
        for item in dearest
    ]
    return "\n".join([head, "|---|---:|---|", *rows])


DASHBOARD = Dashboard(
    id="tripgen-cost",
    title=Text(ko="tripgen · 비용", en="tripgen · Cost"),
    description=Text(
        ko="하루 수집량과 10 GB 한도, 한 달 예상, 노드와 그것이 하는 일, 예산 5,600 USD와 최적화 후 4,200 USD. 금액은 설계서의 단가이고 "
        "청구서가 아닙니다.",
        en="Volume a day against the cap of 10 GB, what the month will come to, nodes against what they do, and the budgets of "
        "5,600 USD and, optimised, 4,200 USD. Amounts are at the document's prices and not the bill.",
    ),
    source=Section("11.1.1"),
    last=WEEK,
    refresh="15m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="지난 24시간 수집량", en="Volume of the last 24 hours"),
                    shows=workspace.VOLUME_IN_ALL,
                    kind=Kind.GAUGE,
                    line_of=("daily-cap-near",),
                    goals=(CAP,),
                    last="24h",
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="이대로면 한 달에", en="The month, at this rate"),
                    shows=cost.MONTH_AT_LIST_PRICES,
                    kind=Kind.STAT,
                    goals=BUDGETS,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="한 달 수집량 예상과 한도", en="Volume of the month, extrapolated"),
                    shows=queries.VOLUME_TOTAL,
                    kind=Kind.TABLE,
                    width=12,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="예산", en="Budget"),
            panels=(
                Panel(
                    title=Text(ko="설계서 단가로 본 한 달 비용", en="The month at the document's prices"),
                    shows=cost.MONTH_AT_LIST_PRICES,
                    goals=BUDGETS,
                    step=AN_HOUR,
                    width=12,
                    height=10,
                ),
                Note(
                    title=Text(ko="무엇이 가장 비싼가 (설계서)", en="What is dearest (design document)"),
                    text=Text(
                        ko=f"{_table('ko')}\n\n**실제 비용**은 Azure의 Cost Management에만 있고, 작업 영역도 Grafana도 그것을 읽지 않습니다: "
                        "[포털에서 보기](https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis).",
                        en=f"{_table('en')}\n\n**What was really spent** is in Azure's Cost Management alone; neither the workspace "
                        "nor Grafana reads it: [see it in the portal]"
                        "(https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis).",
                    ),
                    width=12,
                    height=10,
                ),
            ),
        ),
        Row(
            title=Text(ko="수집량", en="Volume"),
            panels=(
                Panel(
                    title=Text(ko="하루 수집량, 테이블별", en="Volume a day, by table"),
                    shows=workspace.VOLUME,
                    goals=(CAP,),
                    step=hours(24),
                    stacked=True,
                    description=Text(
                        ko="하루와 테이블별 과금 수집량을 쌓은 것. 모두 더한 높이가 한도에 닿으면 수집이 멈춥니다. 막대의 하루는 UTC이고 한도의 "
                        "하루는 Azure가 정한 시각에 시작합니다.",
                        en="Billable data by day and table, one upon the other. When they reach the line together, collection "
                        "stops. A bar's day is UTC's; the cap's begins at an hour that Azure picks.",
                    ),
                    last="30d",
                    width=12,
                ),
                Panel(
                    title=Text(ko="하루 수집량과 한도", en="Volume of a day against the cap"),
                    shows=workspace_queries.VOLUME_AGAINST_CAP,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="한 달에 가장 많이 쓸 테이블", en="Tables that will write most in a month"),
                    shows=queries.VOLUME_MONTH,
                    kind=Kind.TABLE,
                    width=8,
                ),
                Panel(
                    title=Text(ko="늘어난 테이블", en="Tables that grew"),
                    shows=queries.VOLUME_GROWTH,
                    kind=Kind.TABLE,
                    last="8d",
                    width=8,
                ),
                Panel(
                    title=Text(ko="로그를 많이 쓰는 컨테이너", en="Containers that write most logs"),
                    shows=queries.LOGGING_CONTAINERS,
                    kind=Kind.TABLE,
                    last="24h",
                    width=8,
                ),
            ),
        ),
        Row(
            title=Text(ko="노드와 Pod", en="Nodes and pods"),
            panels=(
                Panel(title=Text(ko="노드 수", en="Nodes"), shows=cost.NODES, goals=(FEWEST_NODES,), width=8),
                Panel(
                    title=Text(ko="노는 용량", en="Idle capacity"),
                    shows=queries.POOL_IDLE,
                    kind=Kind.TABLE,
                    last="24h",
                    width=8,
                ),
                Panel(
                    title=Text(ko="최소보다 많은 Pod 시간", en="Pod hours above the minimum"),
                    shows=queries.PODS_ABOVE_MINIMUM,
                    kind=Kind.TABLE,
                    last="24h",
                    width=8,
                ),
                Panel(
                    title=Text(ko="요청한 것과 쓴 것", en="Requested and used"),
                    shows=queries.OVER_REQUESTED,
                    kind=Kind.TABLE,
                    last="24h",
                    width=24,
                    height=7,
                ),
            ),
        ),
    ),
)
