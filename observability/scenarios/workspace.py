"""The telemetry itself fails."""

from observability.design.services import TRIP
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import days, hours, minutes
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
    expects=(Expected(alert="daily-cap-reached", by=(), count=1, within=minutes(15), stays=True),),
)

CAP_NEAR = Scenario(
    id="daily-cap-near",
    title=Text(ko="수집량이 세 배가 됨", en="Three times the volume"),
    happens=Text(
        ko="어느 서비스의 디버그 로그가 켜져, 하루치의 80%가 오후에 찹니다.",
        en="A service's debug log is on, and 80 % of a day's volume is there in the afternoon.",
    ),
    source=Section("8.1.1", reading="R18"),
    begins=kst("2026-11-24 09:00"),
    lasts=hours(10),
    history=days(1),
    faults=lambda begin, end: (faults.Volume(start=begin, end=end, factor=3),),
    expects=(Expected(alert="daily-cap-near", by=(), count=1, within=hours(8)),),
)

EXPORTER_GONE = Scenario(
    id="exporter-gone",
    title=Text(ko="공용 exporter가 사라짐", en="The shared exporter is gone"),
    happens=Text(
        ko="exporter의 Pod가 다시 뜨지 못해 20분 동안 아무 값도 없습니다. 그것을 읽는 알림은 모두 조용합니다.",
        en="The exporter's pod does not come back, and there is no value for 20 minutes: every alert on it is quiet.",
    ),
    source=Section("8.1.1"),
    begins=kst("2026-11-24 11:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Unscraped(start=begin, end=end),),
    expects=(Expected(alert="metrics-missing", by=("role",), count=1, within=minutes(8), resolved=minutes(8)),),
)
