"""Key Vault: secrets, keys and certificates that come to their end."""

from observability.model.query import Kql
from observability.model.signal import Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

NEAR_EXPIRY = Signal(
    name="key_vault_near_expiry",
    title=Text(ko="만료가 가까운 비밀과 인증서", en="Secrets and certificates near their end"),
    unit=Unit.COUNT,
    help=Text(
        ko="Key Vault가 만료 30일 전에 남기는 기록, 대상별.",
        en="What Key Vault logs thirty days before an object expires, for each object.",
    ),
    source=Section("7.4.1"),
    kql=Kql(
        rows="""
            AZKVAuditLogs
            | where OperationName endswith "NearExpiryEventGridNotification"
        """,
        summarize="value = count()",
        by={"object": "Id"},
    ),
)
