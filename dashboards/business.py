"""The business metrics of document 8.2.2: itineraries made, satisfaction, search quality."""

from observability.model.dashboard import Dashboard, Kind, Panel, Row
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import hours, minutes
from observability.signals import ai, business

# Ratings and searches are few: over a few minutes their shares jump, over an hour they tell something.
FEW = hours(1)
MANY = minutes(15)

DASHBOARD = Dashboard(
    id="tripgen-business",
    title=Text(ko="tripgen · 비즈니스", en="tripgen · Business"),
    description=Text(
        ko="설계서 8.2.2의 비즈니스 메트릭: 일정 생성 성공률, 사용자 만족도, AI 응답시간, 위치 검색 정확도.",
        en="The business metrics of design document 8.2.2: trip generation success, user satisfaction, AI response "
        "time and location search accuracy.",
    ),
    source=Section("8.2.2"),
    last="24h",
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="일정 생성 성공률", en="Trip generation success rate"),
                    shows=business.TRIP_GENERATION_SUCCESS_RATE,
                    kind=Kind.STAT,
                    step=FEW,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="사용자 만족도", en="User satisfaction"),
                    shows=business.USER_SATISFACTION_SCORE,
                    kind=Kind.STAT,
                    step=FEW,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="위치 검색 정확도", en="Location search accuracy"),
                    shows=business.LOCATION_SEARCH_ACCURACY,
                    kind=Kind.STAT,
                    step=FEW,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="AI 응답시간 p95", en="AI response time p95"),
                    shows=ai.AI_RESPONSE_TIME,
                    kind=Kind.STAT,
                    line_of=("ai-response-time-exceeded",),
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="일정 생성", en="Trip generation"),
            panels=(
                Panel(
                    title=Text(ko="일정 생성 성공률", en="Trip generation success rate"),
                    shows=business.TRIP_GENERATION_SUCCESS_RATE,
                    step=MANY,
                ),
                Panel(
                    title=Text(ko="결과별 생성 시도", en="Attempts by outcome"),
                    shows=business.TRIP_GENERATIONS_PER_SECOND,
                    step=MANY,
                ),
                Panel(
                    title=Text(ko="AI 응답시간 p95", en="AI response time p95"),
                    shows=ai.AI_RESPONSE_TIME,
                    line_of=("ai-response-time-exceeded",),
                ),
            ),
        ),
        Row(
            title=Text(ko="만족도와 검색", en="Satisfaction and search"),
            panels=(
                Panel(
                    title=Text(ko="사용자 만족도", en="User satisfaction"),
                    shows=business.USER_SATISFACTION_SCORE,
                    step=FEW,
                ),
                Panel(
                    title=Text(ko="평점 수", en="Ratings received"),
                    shows=business.USER_RATINGS,
                    step=FEW,
                    description=Text(
                        ko="점마다 그 앞 구간(적어도 한 시간)에 받은 평점의 수. 적으면 평균을 믿을 수 없습니다.",
                        en="Ratings received in the stretch before each point, an hour or more. With few of them the "
                        "mean is worth little.",
                    ),
                ),
                Panel(
                    title=Text(ko="위치 검색 정확도", en="Location search accuracy"),
                    shows=business.LOCATION_SEARCH_ACCURACY,
                    step=FEW,
                ),
            ),
        ),
    ),
)
