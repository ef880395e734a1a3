"""What the business asks about: itineraries made, satisfaction, search quality (document 8.2.2)."""

from observability.model.exporter import STORED, TOP_THREE
from observability.model.signal import Instrument, InstrumentKind, PromQL, Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

TRIP_GENERATIONS = Instrument(
    name="tripgen_trip_generations_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(ko="여행 일정 생성 시도.", en="Attempts to generate a trip, by how they ended."),
    source=Section("8.2.2"),
    labels=("outcome",),
)

USER_RATING = Instrument(
    name="tripgen_user_rating",
    kind=InstrumentKind.HISTOGRAM,
    unit=Unit.SCORE,
    help=Text(ko="사용자 평점(1~5).", en="Ratings that users gave, 1 to 5."),
    source=Section("8.2.2"),
    bounds=(1, 2, 3, 4, 5),
)

LOCATION_SEARCHES = Instrument(
    name="tripgen_location_searches_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(
        ko="결과를 고르거나 다시 찾은 위치 검색.",
        en="Location searches where the user took a result or refined the search, by what happened.",
    ),
    source=Section("8.2.2"),
    labels=("outcome",),
)

TRIP_GENERATION_SUCCESS_RATE = Signal(
    name="trip_generation_success_rate",
    title=Text(ko="일정 생성 성공률", en="Trip generation success rate"),
    unit=Unit.RATIO,
    help=Text(
        ko="일정이 저장되며 끝난 생성 / 모든 시도.",
        en="Trip generations that ended with a stored itinerary / all attempts.",
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr=(
            f'sum(rate(tripgen_trip_generations_total{{outcome="{STORED}"}}[$window]))'
            " / sum(rate(tripgen_trip_generations_total[$window]))"
        )
    ),
    recorded=True,
)

TRIP_GENERATIONS_PER_SECOND = Signal(
    name="trip_generations_per_second",
    title=Text(ko="일정 생성 시도", en="Trip generations a second"),
    unit=Unit.PER_SECOND,
    help=Text(ko="결과별 초당 일정 생성 시도.", en="Attempts to generate a trip a second, by how they ended."),
    source=Section("8.2.2"),
    promql=PromQL(expr="sum by (outcome) (rate(tripgen_trip_generations_total[$window]))", by=("outcome",)),
)

USER_SATISFACTION_SCORE = Signal(
    name="user_satisfaction_score",
    title=Text(ko="사용자 만족도", en="User satisfaction"),
    unit=Unit.SCORE,
    help=Text(ko="평점(1~5)의 평균.", en="Mean of the ratings from 1 to 5."),
    source=Section("8.2.2"),
    promql=PromQL(expr="sum(rate(tripgen_user_rating_sum[$window])) / sum(rate(tripgen_user_rating_count[$window]))"),
    recorded=True,
)

USER_RATINGS = Signal(
    name="user_rating_count",
    title=Text(ko="평점 수", en="Ratings"),
    unit=Unit.COUNT,
    help=Text(ko="구간 안에 받은 평점 수.", en="Ratings received in the window: how much the mean is worth."),
    source=Section("8.2.2"),
    promql=PromQL(expr="sum(increase(tripgen_user_rating_count[$window]))"),
)

LOCATION_SEARCH_ACCURACY = Signal(
    name="location_search_accuracy",
    title=Text(ko="위치 검색 정확도", en="Location search accuracy"),
    unit=Unit.RATIO,
    help=Text(
        ko="처음 세 결과 중 하나를 고른 검색 / 결과를 고르거나 다시 찾은 검색.",
        en="Searches where one of the first three results was taken / searches with any result taken or refined.",
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr=(
            f'sum(rate(tripgen_location_searches_total{{outcome="{TOP_THREE}"}}[$window]))'
            " / sum(rate(tripgen_location_searches_total[$window]))"
        )
    ),
    recorded=True,
)
