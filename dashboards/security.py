"""Security: who was refused, who went where people rarely go, and what is about to expire."""

from kql import security as queries
from observability.azure.limits import KEY_VAULT_NEAR_EXPIRY
from observability.design.security import ROTATION
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, minutes, span
from observability.signals import key_vault, security

# The day of the daily review.
DAY = "24h"
# Refusals are few: a bin of an hour shows when they came in a rush.
FEW = hours(1)


def _nothing(title: Text, why: Text, section: str) -> Goal:
    return Goal(
        title=title,
        value=Quantity(1, Unit.COUNT),
        bound=Bound.BELOW,
        source=Derived(why, (Section(section),)),
    )


NOTHING_DUE = _nothing(
    Text(ko="곧 만료될 것 없음", en="Nothing about to expire"),
    Text(
        ko="교체 주기 안에 바꾸라는 규칙이므로, 만료 알림이 온 것은 곧 바꿔야 할 것입니다.",
        en="The rule is to renew within the rotation: what was announced has to be renewed soon.",
    ),
    "7.4.1",
)
NOBODY_REFUSED = _nothing(
    Text(ko="거절된 호출 없음", en="No call refused"),
    Text(
        ko="서비스의 ID는 필요한 권한만 가지므로, 거절은 권한이 빠졌거나 다른 누군가라는 뜻입니다.",
        en="Services have exactly the rights they need: a refusal is a right that is missing, or somebody else.",
    ),
    "7.2.1",
)
NOBODY_INSIDE = _nothing(
    Text(ko="Pod에 들어간 사람 없음", en="Nobody inside a pod"),
    Text(
        ko="운영 Pod에 손으로 들어갈 일은 장애 때뿐입니다.",
        en="Nobody enters production pods by hand but in an incident.",
    ),
    "7.2.2",
)

DASHBOARD = Dashboard(
    id="tripgen-security",
    title=Text(ko="tripgen · 보안", en="tripgen · Security"),
    description=Text(
        ko="로그인 실패, Key Vault의 거절과 만료, Kubernetes 감사, 방화벽과 네트워크가 막은 것. 매일의 보안 알림 검토(12.1.1)를 여기서 "
        "합니다.",
        en="Failed sign-ins, refusals and expiry of Key Vault, the Kubernetes audit, and what firewall and network denied. The "
        "daily review of security alerts (12.1.1) is done here.",
    ),
    source=Section("7.1.1"),
    last=DAY,
    refresh="15m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="로그인 실패", en="Failed sign-ins"),
                    shows=security.SIGN_IN_FAILURES,
                    kind=Kind.STAT,
                    width=5,
                    height=5,
                ),
                Panel(
                    title=Text(ko="Key Vault 거절", en="Refused by Key Vault"),
                    shows=key_vault.REFUSED_CALLS,
                    kind=Kind.STAT,
                    goals=(NOBODY_REFUSED,),
                    width=5,
                    height=5,
                ),
                Panel(
                    title=Text(ko=f"{key_vault.AHEAD.ko} 안에 만료", en=f"Expire within {key_vault.AHEAD.en}"),
                    shows=key_vault.DUE,
                    kind=Kind.STAT,
                    goals=(NOTHING_DUE,),
                    last=span(KEY_VAULT_NEAR_EXPIRY),
                    width=5,
                    height=5,
                ),
                Panel(
                    title=Text(ko="Pod 안에서 실행된 명령", en="Commands inside pods"),
                    shows=security.POD_COMMANDS,
                    kind=Kind.STAT,
                    goals=(NOBODY_INSIDE,),
                    width=5,
                    height=5,
                ),
                Panel(
                    title=Text(ko="Kubernetes API 거절", en="Refused by the Kubernetes API"),
                    shows=security.REFUSED_API_CALLS,
                    kind=Kind.STAT,
                    width=4,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="로그인", en="Sign-ins"),
            panels=(
                Panel(
                    title=Text(ko="15분마다 계정별 실패", en="Failures of each account, every 15 minutes"),
                    shows=security.SIGN_INS_OF_ACCOUNT,
                    line_of=("sign-ins-failing",),
                    step=minutes(15),
                    width=24,
                ),
                Panel(
                    title=Text(ko="로그인 실패", en="Failed sign-ins"),
                    shows=security.SIGN_IN_FAILURES,
                    step=FEW,
                    width=8,
                ),
                Panel(
                    title=Text(ko="실패한 계정", en="Accounts that failed"),
                    shows=queries.GUESSED_ACCOUNTS,
                    kind=Kind.TABLE,
                    width=8,
                ),
                Panel(
                    title=Text(ko="여러 계정을 시도한 주소", en="Addresses that tried several accounts"),
                    shows=queries.SPRAYING_ADDRESSES,
                    kind=Kind.TABLE,
                    width=8,
                ),
            ),
        ),
        Row(
            title=Text(ko="Key Vault", en="Key Vault"),
            panels=(
                Panel(title=Text(ko="결과별 호출", en="Calls by result"), shows=key_vault.RESULTS, width=8),
                Panel(
                    title=Text(ko="거절된 호출", en="Calls refused"),
                    shows=queries.VAULT_DENIALS,
                    kind=Kind.TABLE,
                    width=16,
                ),
                Panel(
                    title=Text(ko="나이와 교체 주기", en="Age against rotation"),
                    shows=queries.RENEWAL_AGE,
                    kind=Kind.TABLE,
                    # The longest rotation, and what was not renewed within it is missing from the table.
                    last=f"{ROTATION['certificates'].every.days + 5}d",
                    width=16,
                ),
                Panel(
                    title=Text(ko="만료된 것", en="Expired"),
                    shows=queries.VAULT_EXPIRED,
                    kind=Kind.TABLE,
                    last="30d",
                    width=8,
                ),
            ),
        ),
        Row(
            title=Text(ko="Kubernetes 감사", en="Kubernetes audit"),
            panels=(
                Panel(
                    title=Text(ko="거절된 API 호출", en="API calls refused"),
                    shows=security.REFUSED_API_CALLS,
                    step=FEW,
                    width=8,
                ),
                Panel(
                    title=Text(ko="Pod에 들어간 사람", en="Who entered pods"),
                    shows=queries.COMMANDS_IN_PODS,
                    kind=Kind.TABLE,
                    width=8,
                ),
                Panel(
                    title=Text(ko="비밀을 읽은 사람", en="Who read secrets"),
                    shows=queries.SECRETS_READ,
                    kind=Kind.TABLE,
                    width=8,
                ),
            ),
        ),
        Row(
            title=Text(ko="네트워크, 이미지, Defender", en="Network, images, Defender"),
            panels=(
                Panel(
                    title=Text(ko="방화벽이 막은 연결", en="Denied by the firewall"),
                    shows=queries.FIREWALL_DENIALS,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="NSG가 막은 흐름", en="Denied by network security groups"),
                    shows=queries.DENIED_FLOWS,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="이미지를 올린 사람", en="Who pushed images"),
                    shows=queries.IMAGE_PUSHES,
                    kind=Kind.TABLE,
                    last="7d",
                    width=9,
                ),
                Panel(
                    title=Text(ko="Defender 알림", en="Alerts of Defender"),
                    shows=queries.SECURITY_ALERTS,
                    kind=Kind.TABLE,
                    width=7,
                ),
                Note(
                    title=Text(ko="여기서 볼 수 없는 것", en="What is not seen here"),
                    text=Text(
                        ko="**이미지 스캔**: Trivy와 Snyk의 결과는 GitHub Actions의 실행 기록과 Snyk에만 있고 작업 영역으로 오지 않습니다.\n\n"
                        "**Pod 사이의 차단**: Azure Network Policy는 막은 패킷을 기록하지 않습니다. 서브넷 경계의 NSG만 흐름 로그가 있습니다.\n\n"
                        "**빈 표**: 로그인, 방화벽, 흐름 로그는 그 진단 설정을 켜야 옵니다. 데이터 없음은 아무 일도 없었다는 뜻이 아닙니다.",
                        en="**Image scans**: what Trivy and Snyk find is in the runs of GitHub Actions and in Snyk, and does not "
                        "come to the workspace.\n\n**Denials between pods**: Azure's network policies log no dropped packet; only "
                        "the security groups around subnets have flow logs.\n\n**Empty tables**: sign-ins, firewall and flow logs "
                        "come once their diagnostic settings are on. No data does not mean that nothing happened.",
                    ),
                ),
            ),
        ),
    ),
)
