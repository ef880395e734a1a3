"""Secrets and certificates come to their end."""

from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import hours, minutes
from observability.signals.key_vault import AHEAD
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

CERTIFICATE_NEAR_END = Scenario(
    id="certificate-near-end",
    title=Text(ko=f"만료 {AHEAD.ko} 전의 인증서", en=f"A certificate {AHEAD.en} from its end"),
    happens=Text(
        ko="Key Vault가 인증서 하나의 만료가 가깝다고 한 번 기록합니다. Teams에 두 번 알리고, 아무도 호출되지 않아야 합니다.",
        en="Key Vault logs once that a certificate is near its end. Teams hears of it twice, and nobody may be called out of bed.",
    ),
    source=Section("7.4.1"),
    begins=kst("2026-11-24 03:00"),
    lasts=hours(2),
    faults=lambda begin, end: (faults.NearExpiry(start=begin, end=end, path="certificates/client-certificates"),),
    expects=(
        Expected(
            alert="secret-near-expiry",
            which={"object": "client-certificates"},
            count=2, within=minutes(60), stays=True, told=("teams",),
        ),
    ),
)  # fmt: skip
