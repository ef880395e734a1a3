"""The ai service is slow."""

from observability.design.services import AI
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

PROVIDER_SLOW = Scenario(
    id="ai-slow",
    title=Text(ko="일정 생성이 6초 걸림", en="Itineraries take 6 s"),
    happens=Text(
        ko="모델 제공자가 느려져 모든 일정이 6초 안팎 걸립니다.",
        en="The model provider is slow, and every itinerary takes about 6 s.",
    ),
    source=Section("8.1.2", reading="R2"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (
        faults.Slow(start=begin, end=end, role=AI.role, floor_ms=6000, operation="POST /api/ai/schedules"),
    ),
    expects=(Expected(alert="ai-response-time-exceeded", by=(), count=1, within=minutes(3), resolved=minutes(8)),),
)

PROVIDER_ALMOST_SLOW = Scenario(
    id="ai-almost-slow",
    title=Text(ko="일정 생성이 4.8초 안에 끝남", en="Itineraries take up to 4.8 s"),
    happens=Text(
        ko="모든 일정이 3.2초에서 4.8초 걸립니다. 기준(5초) 아래입니다.",
        en="Every itinerary takes 3.2 to 4.8 s, below the line of 5 s.",
    ),
    source=Section("8.1.2", reading="R2"),
    begins=kst("2026-11-24 04:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (
        faults.Slow(start=begin, end=end, role=AI.role, factor=0.4, floor_ms=4000, operation="POST /api/ai/schedules"),
    ),
)
