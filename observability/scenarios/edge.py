"""What comes from outside."""

from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

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
    expects=(Expected(alert="firewall-blocking", by=(), count=1, within=minutes(4), resolved=minutes(5)),),
)

CRAWLER = Scenario(
    id="busy-crawler",
    title=Text(ko="한도를 조금 넘는 크롤러", en="A crawler a little over the limit"),
    happens=Text(
        ko="한 주소가 분당 1,200건을 요청합니다. WAF가 200건을 막고, 아무에게도 알리지 않습니다.",
        en="One address asks for 1,200 a minute. The firewall blocks 200 of them, and nobody is told.",
    ),
    source=Section("4.2.2"),
    begins=kst("2026-11-24 16:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Attack(start=begin, end=end, address="203.0.113.78", per_minute=1200),),
)
