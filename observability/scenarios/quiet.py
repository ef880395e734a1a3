"""Days on which nobody is called."""

from observability.azure.limits import WEB_TEST_LOCATIONS
from observability.design.services import TRIP, USER
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import days, minutes
from observability.simulate import faults
from observability.simulate.scenario import Scenario, kst

WEEK = Scenario(
    id="quiet-week",
    title=Text(ko="아무 일 없는 한 주", en="A week on which nothing happens"),
    happens=Text(
        ko="월요일부터 일요일까지, 1단계의 부하(초당 1,000건)로.",
        en="Monday to Sunday at phase 1's 1,000 requests a second.",
    ),
    source=Section("13.1.1"),
    begins=kst("2026-11-16 00:00"),
    lasts=days(7),
    # Every alert is evaluated, those that look three days back too.
    history=days(3),
    before=minutes(0),
    after=minutes(0),
)
WEEKDAY = Scenario(
    id="quiet-weekday",
    title=Text(ko="평일 하루", en="A normal weekday"),
    happens=Text(ko="화요일 하루.", en="A Tuesday."),
    source=Section("13.1.1"),
    begins=kst("2026-11-24 00:00"),
    lasts=days(1),
    before=minutes(0),
    after=minutes(0),
)
WEEKEND = Scenario(
    id="quiet-weekend",
    title=Text(ko="주말", en="A normal weekend"),
    happens=Text(ko="토요일과 일요일.", en="Saturday and Sunday."),
    source=Section("13.1.1"),
    begins=kst("2026-11-28 00:00"),
    lasts=days(2),
    before=minutes(0),
    after=minutes(0),
)
PEAK = Scenario(
    id="tenfold-peak",
    title=Text(ko="열 배의 트래픽", en="Ten times the traffic"),
    happens=Text(
        ko="확장이 따라가 느려지기는 해도 기준을 넘지 않습니다.",
        en="Scaling keeps up: everything is slower, nothing is over its line.",
    ),
    source=Section("13.1.1"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(45),
    faults=lambda begin, end: (faults.Traffic(start=begin, end=end, factor=10),),
)
LOST_PROBE = Scenario(
    id="lost-probe",
    title=Text(ko="점검 하나 실패", en="One lost probe"),
    happens=Text(ko="한 지역의 점검 하나가 실패합니다.", en="A single check from one location fails."),
    source=Section("8.1.2", reading="R4"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(10),
    faults=lambda begin, end: (
        faults.ChecksFail(start=begin, end=end, role=TRIP.role, locations=(min(WEB_TEST_LOCATIONS),), once=True),
    ),
    # So that the alert that counts the lost probes of a day is evaluated too.
    history=days(1),
)
ROLLING_UPDATE = Scenario(
    id="rolling-update",
    title=Text(ko="순차 배포", en="A rolling update"),
    happens=Text(
        ko="Pod가 하나씩 바뀝니다. 새 Pod의 재시작 수는 0부터 셉니다.",
        en="Pods are replaced one after the other; the restart counts of the new ones begin at 0.",
    ),
    source=Section("9.2.1"),
    begins=kst("2026-11-24 10:00"),
    lasts=minutes(10),
    faults=lambda begin, end: (faults.Deployment(start=begin, end=end, role=USER.role, version="2.5.0"),),
)
