"""Error budgets that go too fast, or leak."""

from observability.azure.limits import WEB_TEST_LOCATIONS
from observability.design.services import AI, LOCATION, TRIP, USER
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import days, hours, minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, burns, kst

_BUDGETS = Derived(
    Text(
        ko="목표의 오류 예산이 한 달보다 먼저 없어지는 속도로 줄어드는 상황입니다.",
        en="The budget of an objective burns so fast that it is gone before the month is.",
    ),
    (Section("2.1"), Section("13.1.1"), Section("14")),
)

ERRORS_FOR_HOURS = Scenario(
    id="errors-for-hours",
    title=Text(ko="알림 기준 아래의 오류가 몇 시간 계속됨", en="Errors below the line, for hours"),
    happens=Text(
        ko="trip 서비스 요청의 0.7%가 여섯 시간 실패합니다. 1% 알림은 울리지 않지만 예산은 일곱 배로 줄어듭니다.",
        en="0.7 % of the trip service's requests fail for six hours. The 1 % alert is quiet, and the budget burns sevenfold.",
    ),
    source=_BUDGETS,
    begins=kst("2026-11-24 09:00"),
    lasts=hours(6),
    faults=lambda begin, end: (faults.Errors(start=begin, end=end, role=TRIP.role, share=0.007),),
    expects=(
        Expected(
            alert="error-budget-burning",
            which={"service": TRIP.role},
            count=1,
            within=hours(5) + minutes(30),
            resolved=minutes(45),
        ),
    ),
)

API_SLOW = Scenario(
    id="api-slow-for-an-hour",
    title=Text(ko="위치 API가 한 시간 넘게 느림", en="The location API is slow for more than an hour"),
    happens=Text(
        ko="초당 20건의 한가한 시간에 location 서비스의 모든 응답이 0.3초를 넘습니다. 오류는 없습니다.",
        en="At a quiet 20 requests a second every answer of the location service takes more than 0.3 s. Nothing fails.",
    ),
    source=_BUDGETS,
    begins=kst("2026-11-24 12:00"),
    lasts=minutes(75),
    faults=lambda begin, end: (faults.Slow(start=begin, end=end, role=LOCATION.role, floor_ms=300),),
    expects=(
        Expected(
            alert="api-latency-budget-burning",
            which={"service": LOCATION.role},
            count=1,
            within=minutes(55),
            resolved=minutes(45),
        ),
    ),
    tps=20,
)

AI_SLOW = Scenario(
    id="ai-slow-for-an-hour",
    title=Text(ko="일정 생성이 한 시간 넘게 6초 걸림", en="Itineraries take 6 s for more than an hour"),
    happens=Text(
        ko="모델 제공자가 느려 모든 일정이 목표보다 늦습니다.",
        en="The model provider is slow, and every itinerary is later than the objective.",
    ),
    source=_BUDGETS,
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(75),
    faults=lambda begin, end: (
        faults.Slow(start=begin, end=end, role=AI.role, floor_ms=6000, operation="POST /api/ai/schedules"),
    ),
    expects=(
        Expected(alert="ai-response-time-exceeded", by=(), count=1, within=minutes(3), resolved=minutes(8)),
        Expected(alert="ai-latency-budget-burning", by=(), count=1, within=minutes(60), resolved=minutes(45)),
    ),
)

LEAK = Scenario(
    id="slow-leak",
    title=Text(ko="모든 예산이 천천히 샘", en="Every budget leaks"),
    happens=Text(
        ko="하루 가까이 trip 요청의 0.45%가 실패하고, user의 API와 AI 일정이 느리고, 캐시가 열에 일곱을 놓치고, location의 점검이 "
        "두 시간마다 하나씩 실패합니다. 이틀 앞까지는 아무 일도 없었습니다.",
        en="For most of a day 0.45 % of trip's requests fail, user's API and AI itineraries are slow, the cache misses seven in "
        "ten, and one check of location fails every two hours. Nothing was wrong in the days before.",
    ),
    source=_BUDGETS,
    begins=kst("2026-11-24 00:00"),
    lasts=hours(20),
    history=days(3),
    faults=lambda begin, end: (
        faults.Errors(start=begin, end=end, role=TRIP.role, share=0.0045),
        faults.Slow(start=begin, end=end, role=USER.role, factor=6.0),
        faults.Slow(start=begin, end=end, role=LOCATION.role, factor=2.0),
        faults.Slow(start=begin, end=end, role=AI.role, factor=2.0, operation="POST /api/ai/schedules"),
        faults.Cache(start=begin, end=end, hits=0.28),
        *(
            faults.ChecksFail(
                start=begin + hours(each),
                end=begin + hours(each) + minutes(5),
                role=LOCATION.role,
                locations=(min(WEB_TEST_LOCATIONS),),
                once=True,
            )
            for each in range(0, 20, 2)
        ),
    ),
    expects=(
        Expected(alert="error-budget-leaking", which={"service": TRIP.role}, count=1, within=hours(17)),
        Expected(alert="api-latency-budget-leaking", which={"service": USER.role}, count=1, within=hours(19)),
        Expected(alert="ai-response-time-exceeded", by=(), count=1, within=minutes(5)),
        Expected(alert="ai-latency-budget-leaking", by=(), count=1, within=hours(14)),
        Expected(alert="cache-hit-ratio-low", by=(), count=1, within=minutes(12)),
        Expected(alert="cache-hit-budget-leaking", by=(), count=1, within=hours(20)),
        Expected(alert="availability-budget-leaking", which={"check": LOCATION.key}, count=1, within=hours(9)),
    ),
)

HANDFUL = Scenario(
    id="a-handful-at-night",
    title=Text(ko="새벽의 요청 몇 건이 실패하고 느림", en="A handful of requests at night fail, slowly"),
    happens=Text(
        ko="요청이 거의 없는 새벽 한 시간 반 동안 location 서비스가 모두 느리게 실패합니다. 몇 건으로는 예산을 말하지 않습니다.",
        en="For an hour and a half of a night with hardly a request the location service fails them all, slowly. A handful says nothing "
        "about a budget.",
    ),
    source=_BUDGETS,
    begins=kst("2026-11-24 02:00"),
    lasts=minutes(90),
    faults=lambda begin, end: (
        faults.Errors(start=begin, end=end, role=LOCATION.role, share=1.0),
        faults.Slow(start=begin, end=end, role=LOCATION.role, floor_ms=500),
    ),
    tps=0.1,
)

LOW_NIGHT = Scenario(
    id="low-night-traffic",
    title=Text(ko="요청이 거의 없는 밤", en="A night with hardly a request"),
    happens=Text(
        ko="5분 구간의 요청이 하한보다 적고 그중 절반이 실패합니다. 그 비율은 믿지 않지만 한 시간의 예산이 말해 줍니다.",
        en="Fewer requests in five minutes than the floor, and half of them fail: that ratio is not trusted, but over an hour the budget tells.",
    ),
    source=Section("8.1.2", reading="R5"),
    begins=kst("2026-11-24 03:00"),
    lasts=hours(2),
    faults=lambda begin, end: (faults.Errors(start=begin, end=end, role=TRIP.role, share=0.5),),
    tps=1.0,
    expects=(burns(TRIP.role, within=minutes(30)),),
)
