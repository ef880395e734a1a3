"""The telemetry itself fails."""

from observability.design.services import TRIP
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

CAP_REACHED = Scenario(
    id="daily-cap",
    title=Text(ko="일일 한도에 닿아 로그가 멈춤", en="The daily cap stops the logs"),
    happens=Text(
        ko="한도에 닿은 뒤 trip 서비스 요청의 5%가 실패합니다. 로그 알림은 볼 수 없습니다.",
        en="After the cap is hit, 5 % of the trip service's requests fail. Log alerts cannot see it.",
    ),
    source=Section("8.1.1", reading="R18"),
    begins=kst("2026-11-24 21:00"),
    lasts=minutes(60),
    faults=lambda begin, end: (
        faults.CapReached(start=begin, end=end),
        faults.Errors(start=begin, end=end, role=TRIP.role, share=0.05),
    ),
    expects=(Expected(alert="daily-cap-reached", by=(), count=1, within=minutes(15), resolved=minutes(-25)),),
)
