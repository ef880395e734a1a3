"""Security: somebody tries to get in."""

from alerts.actions import TEAMS
from kql import security as pack
from kql import triage
from observability.azure.limits import SIGN_IN_LOCKOUT
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.signals import security

SIGN_INS_FAILING = Alert(
    id="sign-ins-failing",
    title=Text(ko="한 계정의 로그인 실패", en="Sign-ins of an Account Fail"),
    source=Derived(
        Text(
            ko="문서의 보안 쿼리(8.2.1)가 찾는 로그인 실패입니다. 문서에 수가 없으므로 Entra가 계정을 잠그는 횟수를 씁니다.",
            en="The failed sign-ins that the document's security query looks for. It gives no number: the one at which Entra "
            "locks an account is taken.",
        ),
        (Section("7.2.1"), Section("8.2.1", reading="R10")),
    ),
    watches=security.SIGN_INS_OF_ACCOUNT,
    engine=Engine.LOG,
    above=Quantity(SIGN_IN_LOCKOUT, Unit.COUNT),
    window=minutes(15),
    every=minutes(5),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(ko="계정이 잠기므로 들어오지 못합니다.", en="The account is locked, so nobody gets in."),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(
        ko="한 계정의 로그인이 잠금 횟수보다 많이 실패했습니다.",
        en="An account's sign-ins failed more often than it takes to lock it.",
    ),
    impact=Text(
        ko="누군가 암호를 추측하고 있거나, 사람이나 도구가 옛 암호를 쓰고 있습니다.",
        en="Somebody guesses a password, or a person or tool uses an old one.",
    ),
    because=Text(
        ko="한 사람이 이렇게 짧은 동안 이만큼 틀리지는 않습니다. 누가 어디서 시도했는지, 들어왔다면 무엇을 "
        "했는지를 아래 쿼리로 찾습니다.",
        en="Nobody mistypes that often in so short a time. The queries tell who tried "
        "from where, and what they would look for inside.",
    ),
    first_steps=(
        pack.GUESSED_ACCOUNTS,
        pack.SPRAYING_ADDRESSES,
        pack.VAULT_DENIALS,
        pack.COMMANDS_IN_PODS,
        triage.RECENT_CHANGES,
    ),
)
