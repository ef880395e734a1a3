"""Key Vault: secrets, keys and certificates that come to their end."""

from observability.azure.limits import KEY_VAULT_NEAR_EXPIRY
from observability.model.query import Kql
from observability.model.signal import PlatformMetric, Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit, span_words

AHEAD = Text(ko=span_words(KEY_VAULT_NEAR_EXPIRY, "ko"), en=span_words(KEY_VAULT_NEAR_EXPIRY, "en"))
"""How long before an object's end Key Vault announces it."""
# Which object a row is about. A call names it in Id; a row of an announcement holds the event itself, whose data and subject
# name it. Where the event lies was read from rules that others published on AzureDiagnostics and not seen on a real vault, so
# what is missing there falls back to Id, and to the vault itself: an announcement is never without an object.
_EVENT = "Properties.eventGridEventProperties"
OBJECT = f"""case(
    isnotempty(tostring({_EVENT}.data.ObjectName)), tostring({_EVENT}.data.ObjectName),
    isnotempty(tostring({_EVENT}.subject)), tostring({_EVENT}.subject),
    isnotempty(Id), Id,
    _ResourceId)"""

NEAR_EXPIRY = Signal(
    name="key_vault_near_expiry",
    title=Text(ko="만료가 가까운 비밀과 인증서", en="Secrets and certificates near their end"),
    unit=Unit.COUNT,
    help=Text(
        ko=f"Key Vault가 만료 {AHEAD.ko} 전에 남기는 기록, 대상별.",
        en=f"What Key Vault logs {AHEAD.en} before an object expires, for each object.",
    ),
    source=Section("7.4.1"),
    kql=Kql(
        rows="""
            AZKVAuditLogs
            | where OperationName endswith "NearExpiryEventGridNotification"
        """,
        summarize="value = count()",
        by={"object": OBJECT},
    ),
)

DUE = Signal(
    name="key_vault_due",
    title=Text(ko="곧 만료될 비밀과 인증서", en="Secrets and certificates soon to expire"),
    unit=Unit.COUNT,
    help=Text(
        ko=f"구간 동안 만료 {AHEAD.ko} 전 알림이 온 비밀, 키, 인증서의 수.",
        en=f"Secrets, keys and certificates that were announced {AHEAD.en} before their end.",
    ),
    source=Section("7.4.1"),
    kql=Kql(
        rows=f"AZKVAuditLogs\n| extend object = {OBJECT}",
        summarize="""
            calls = count(), due = dcountif(object, OperationName endswith "NearExpiryEventGridNotification")
        """.strip(),
        result="""
            | where calls > 0
            | extend value = due
        """,
    ),
)

REFUSED_CALLS = Signal(
    name="key_vault_refused_calls",
    title=Text(ko="Key Vault가 거절한 호출", en="Calls that Key Vault refused"),
    unit=Unit.COUNT,
    help=Text(ko="권한이 없어 거절된(401, 403) 호출 수.", en="Calls refused for want of rights (401, 403)."),
    source=Section("7.4.1"),
    kql=Kql(
        rows="AZKVAuditLogs",
        summarize="calls = count(), refused = countif(HttpStatusCode in (401, 403))",
        result="""
            | where calls > 0
            | extend value = refused
        """,
    ),
)

RESULTS = Signal(
    name="key_vault_results",
    title=Text(ko="Key Vault 호출의 결과", en="Results of calls to Key Vault"),
    unit=Unit.COUNT,
    help=Text(
        ko="상태 코드별 호출 수. 429는 한도를 넘어 거절된 것입니다.",
        en="Calls by status code; 429 are calls beyond the limit.",
    ),
    source=Section("7.4.1"),
    metric=PlatformMetric(
        resource="key_vault", metric="ServiceApiResult", aggregation="Count", by={"status": "StatusCode"}
    ),
)
