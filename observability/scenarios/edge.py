"""What comes from outside."""

from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Scenario, kst

WAF_ATTACK = Scenario(
    id="waf-attack",
    title=Text(ko="한 주소에서 분당 3,000건", en="3,000 requests a minute from one address"),
    happens=Text(
        ko="WAF가 분당 1,000건을 넘는 요청을 막습니다.", en="The firewall blocks what is over 1,000 a minute."
    ),
    source=Section("4.2.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Attack(start=begin, end=end, address="203.0.113.77", per_minute=3000),),
    unwatched=Text(ko="WAF의 알림이 아직 없습니다.", en="There is no alert on the firewall yet."),
)
