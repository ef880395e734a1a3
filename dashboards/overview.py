"""The front page: how the service is, in ten seconds and without a word of jargon."""

from dashboards.ai import AI_P95
from dashboards.cost import BUDGETS
from dashboards.edge import ORIGIN_ANSWERS
from dashboards.services import API_P95, ERRORS
from dashboards.workspace import CAP
from kql import inventory
from observability.design.objectives import PHASE, RESPONSE_PERCENTILE, standstill
from observability.design.operations import BUDGET
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, number
from observability.signals import ai, business, cost, overview, workspace

DAY = hours(24)
STATED, OPTIMISED = number(BUDGET.stated.to(Unit.USD)), number(BUDGET.optimised.to(Unit.USD))
AVAILABLE = ORIGIN_ANSWERS
# The texts take their numbers from the goals beside them: other phases promise something else.
PROMISED = str(AVAILABLE.value)
STANDSTILL = number(standstill(PHASE.availability).value)
OF_100 = number(RESPONSE_PERCENTILE.value.to(Unit.PERCENT))
AI_SECONDS, API_SECONDS = number(AI_P95.value.to(Unit.SECONDS)), number(API_P95.value.to(Unit.SECONDS))
NO_ALERT = Goal(
    title=Text(ko="열린 경보 없음", en="No open alarm"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="알림은 사람이 봐야 할 때만 울리므로 하나라도 열려 있으면 누군가 보고 있어야 합니다.",
            en="Alerts ring only where somebody has to look: while one is open, somebody should be at it.",
        ),
        (Section("8.1.2"),),
    ),
)


def _plain(ko: str, en: str) -> Text:
    return Text(ko=ko, en=en)


DASHBOARD = Dashboard(
    id="tripgen-overview",
    title=Text(ko="tripgen · 한눈에 보기", en="tripgen · Overview"),
    description=Text(
        ko="초록이면 약속을 지키고 있고, 빨강이나 주황이면 누군가 보고 있어야 합니다. 자세한 것은 위의 링크에 있습니다.",
        en="Green: we keep our promises. Red or orange: somebody should be looking at it. The links above lead to the details.",
    ),
    source=Section("14"),
    last="24h",
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="지금 접속되는가 (15분)", en="Can people reach us now? (15 min)"),
                    shows=overview.AVAILABILITY,
                    kind=Kind.STAT,
                    goals=(AVAILABLE,),
                    description=_plain(
                        f"지난 15분 동안 세계 여러 곳에서 시험 삼아 접속해 성공한 비율. 약속은 {PROMISED}입니다.",
                        f"Of the test visits of the last 15 minutes from around the world, how many got through. Promised: {PROMISED}.",
                    ),
                    last="15m",
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="최근 30일 동안 접속된 비율", en="Reachable over the last 30 days"),
                    shows=overview.AVAILABILITY,
                    kind=Kind.STAT,
                    goals=(AVAILABLE,),
                    description=_plain(
                        f"지난 30일의 같은 비율. {PROMISED}는 한 달에 {STANDSTILL}분까지 멈춰도 된다는 뜻입니다.",
                        f"The same over 30 days. {PROMISED} allows {STANDSTILL} minutes of standstill a month.",
                    ),
                    last="30d",
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="지금 열린 경보", en="Alarms open now"),
                    shows=inventory.OPEN_ALERTS,
                    kind=Kind.STAT,
                    goals=(NO_ALERT,),
                    description=_plain(
                        "울리고 있고 아직 아무도 닫지 않은 경보의 수. 아래 목록에 이름이 있습니다.",
                        "Alarms that ring and that nobody closed yet. The list below names them.",
                    ),
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="실패한 요청 (1시간)", en="Requests that failed (1 hour)"),
                    shows=overview.ERROR_RATE,
                    kind=Kind.STAT,
                    goals=(ERRORS,),
                    description=_plain(
                        f"지난 한 시간 동안 사용자의 요청 가운데 우리 잘못으로 실패한 비율. 목표는 {ERRORS.value} 미만입니다.",
                        f"Of all that users asked for in the last hour, how much failed through our fault. Goal: below {ERRORS.value}.",
                    ),
                    last="1h",
                    big=True,
                    width=6,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="사용자가 느끼는 것", en="What users feel"),
            panels=(
                Panel(
                    title=Text(ko="AI 일정이 나오기까지", en="Wait for an AI itinerary"),
                    shows=ai.AI_RESPONSE_TIME,
                    kind=Kind.STAT,
                    goals=(AI_P95,),
                    description=_plain(
                        f"100명 가운데 {OF_100}명은 이 시간 안에 일정을 받습니다. 목표는 {AI_SECONDS}초 안입니다.",
                        f"{OF_100} of 100 users have their itinerary within this time. Goal: within {AI_SECONDS} seconds.",
                    ),
                    step=hours(1),
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="화면이 열리기까지 (1시간)", en="Wait for everything else (1 hour)"),
                    shows=overview.API_P95,
                    kind=Kind.STAT,
                    goals=(API_P95,),
                    description=_plain(
                        f"AI를 뺀 나머지 요청 100건 가운데 {OF_100}건은 이 시간 안에 끝납니다. 목표는 {API_SECONDS}초({API_P95.value}) 안입니다.",
                        f"{OF_100} of 100 other requests end within this time. Goal: within {API_SECONDS} seconds ({API_P95.value}).",
                    ),
                    last="1h",
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="하루 동안 만들어진 일정", en="Itineraries made in a day"),
                    shows=overview.TRIPS,
                    kind=Kind.STAT,
                    description=_plain(
                        "지난 24시간 동안 완성된 여행 일정의 수.", "Trips planned in the last 24 hours."
                    ),
                    step=DAY,
                    width=4,
                    height=6,
                ),
                Panel(
                    title=Text(ko="일정 생성 성공률", en="Itineraries that worked out"),
                    shows=business.TRIP_GENERATION_SUCCESS_RATE,
                    kind=Kind.STAT,
                    description=_plain(
                        "지난 24시간 동안 시작한 일정 가운데 끝까지 만들어진 비율.",
                        "Of all itineraries begun in the last 24 hours, how many were finished.",
                    ),
                    step=DAY,
                    width=4,
                    height=6,
                ),
                Panel(
                    title=Text(ko="하루 동안의 요청", en="Requests in a day"),
                    shows=overview.REQUESTS,
                    kind=Kind.STAT,
                    description=_plain("지난 24시간 동안 처리한 요청의 수.", "Requests answered in the last 24 hours."),
                    last="24h",
                    width=4,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="돈", en="Money"),
            panels=(
                Panel(
                    title=Text(ko="이대로면 한 달에 (추정)", en="The month, at this rate (estimate)"),
                    shows=cost.MONTH_AT_LIST_PRICES,
                    kind=Kind.STAT,
                    goals=BUDGETS,
                    description=_plain(
                        "지금 켜져 있는 서버의 수에 설계서의 값을 곱한 추정이며 청구서가 아닙니다.",
                        "The servers that run now, times the prices that the plan assumed: an estimate and not the bill.",
                    ),
                    big=True,
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="하루치 기록의 양", en="Records written in a day"),
                    shows=workspace.VOLUME_IN_ALL,
                    kind=Kind.GAUGE,
                    line_of=("daily-cap-near",),
                    goals=(CAP,),
                    description=_plain(
                        "서비스를 지켜보려고 남기는 기록의 양. 한도에 닿으면 그날은 더 볼 수 없습니다.",
                        "What is written down to watch the service. At the limit we are blind for the rest of the day.",
                    ),
                    last="24h",
                    width=6,
                    height=6,
                ),
                Note(
                    title=Text(ko="실제로 쓴 돈", en="What was really spent"),
                    text=Text(
                        ko=f"예산은 한 달 **{STATED} USD**, 절약 후 목표는 **{OPTIMISED} USD**입니다.\n\n이번 달에 실제로 쓴 돈은 이 화면이 읽을 수 "
                        "없습니다. [Azure 비용 관리](https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis)에서 봅니다.",
                        en=f"The budget is **{STATED} USD** a month; after savings it is to be **{OPTIMISED} USD**.\n\nThis page "
                        "cannot read what was really spent this month: see "
                        "[Azure Cost Management](https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis).",
                    ),
                    width=12,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="자세히", en="More"),
            panels=(
                Panel(
                    title=Text(ko="열린 경보", en="Open alarms"),
                    shows=inventory.OPEN_ALERT_LIST,
                    kind=Kind.TABLE,
                    width=12,
                    height=7,
                ),
                Panel(
                    title=Text(ko="접속된 비율의 흐름", en="Reachable, over time"),
                    shows=overview.AVAILABILITY,
                    goals=(AVAILABLE,),
                    description=_plain(
                        "시간마다 시험 접속이 성공한 비율. 파란 세로선은 새 버전을 배포한 때입니다.",
                        "Share of test visits that got through, by the hour. Upright blue lines are new versions.",
                    ),
                    last="7d",
                    step=hours(1),
                    width=12,
                    height=7,
                ),
            ),
        ),
    ),
)
