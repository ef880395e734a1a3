"""Key Vault: what has to be renewed."""

from alerts.actions import TEAMS
from kql import security as pack
from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, minutes
from observability.signals import key_vault

NEAR_EXPIRY = Alert(
    id="secret-near-expiry",
    title=Text(ko="만료가 가까운 비밀 또는 인증서", en="Secret or Certificate Near Expiry"),
    source=Derived(
        Text(
            ko=f"문서의 교체 주기보다 늦게까지 바뀌지 않아 만료 {key_vault.AHEAD.ko} 전이 된 것입니다.",
            en=f"It was not renewed within the document's rotation, and is {key_vault.AHEAD.en} from its end.",
        ),
        (Section("7.4.1"),),
    ),
    watches=key_vault.NEAR_EXPIRY,
    engine=Engine.LOG,
    above=Quantity(0, Unit.COUNT),
    window=hours(1),
    # The log arrives up to ten minutes late. An event is in one or two windows, so it is told once or twice and never
    # missed: evaluated once an hour, one of the hour's last minutes would be too late for its window and lie before the
    # next. There are weeks.
    every=minutes(30),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(ko=f"만료까지 {key_vault.AHEAD.ko}이 남았습니다.", en=f"There are {key_vault.AHEAD.en} left."),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(
        ko=f"Key Vault의 비밀, 키 또는 인증서 하나가 {key_vault.AHEAD.ko} 안에 만료됩니다.",
        en=f"A secret, key or certificate in Key Vault expires within {key_vault.AHEAD.en}.",
    ),
    impact=Text(
        ko="지금은 없습니다. 바꾸지 않으면 만료되는 날 서비스가 데이터베이스나 외부 API에 접속하지 못합니다.",
        en="None yet. Unless it is renewed, services lose their database or an external API on the day it expires.",
    ),
    because=Text(
        ko=f"Key Vault는 만료 {key_vault.AHEAD.ko} 전에 한 번 기록합니다. 한 건이면 충분하고, 같은 기록이 두 번까지 전해집니다.",
        en=f"Key Vault logs it once, {key_vault.AHEAD.en} ahead: one is enough, and is told twice at most.",
    ),
    closed_when=Text(
        ko="새 버전이 만들어지고 서비스가 그것을 쓰는 것을 확인한 뒤",
        en="there is a new version and the services use it",
    ),
    first_steps=(pack.VAULT_NEAR_EXPIRY, pack.VAULT_EXPIRED, pack.RENEWAL_AGE),
)
