"""Somebody tries to get in."""

from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

_ACCOUNT = "admin@tripgen.example"

GUESSED_PASSWORD = Scenario(
    id="guessed-password",
    title=Text(ko="한 계정의 암호를 추측함", en="Somebody guesses an account's password"),
    happens=Text(
        ko="한 주소에서 관리자 계정에 1분에 네 번씩 로그인하려다 실패합니다.",
        en="From one address, sign-ins to an administrator's account fail four times a minute.",
    ),
    source=Section("8.2.1", reading="R10"),
    begins=kst("2026-11-24 04:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (faults.SignInsFail(start=begin, end=end, account=_ACCOUNT, per_minute=4),),
    expects=(
        Expected(
            alert="sign-ins-failing", which={"account": _ACCOUNT}, count=1, within=minutes(15), resolved=minutes(30)
        ),
    ),
)

FORGOTTEN_PASSWORD = Scenario(
    id="forgotten-password",
    title=Text(ko="암호를 잊은 사람", en="Somebody forgot a password"),
    happens=Text(
        ko="한 사람이 여덟 번 틀리고 그만둡니다. 잠기지 않으므로 아무에게도 알리지 않습니다.",
        en="A person gets it wrong eight times and gives up. Nothing is locked, and nobody is told.",
    ),
    source=Section("8.2.1", reading="R10"),
    begins=kst("2026-11-24 09:00"),
    lasts=minutes(4),
    faults=lambda begin, end: (faults.SignInsFail(start=begin, end=end, account="new@tripgen.example", per_minute=2),),
)
