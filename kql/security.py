"""Security: who came in, who was refused, what was read and changed, and what is due for renewal."""

from observability.design.security import ROTATION
from observability.design.services import TRIP
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, percent
from observability.model.verdict import Outcome, Verdict
from observability.signals.key_vault import AHEAD, OBJECT

PACK = Pack(title=Text(ko="보안", en="Security"))

_TENANT = Text(
    ko="Entra 테넌트의 진단 설정이 이 작업 영역으로 보낼 때만 행이 있습니다. 빈 결과는 아무 일도 없었다는 뜻이 아닐 수 있습니다.",
    en="Has rows only once the Entra tenant's diagnostic setting sends them to this workspace: an empty result may not mean "
    "that nothing happened.",
)
_VAULT = Section("7.4.1")
# As deep as it stands in a query's text.
_OBJECT = OBJECT.replace("\n", "\n        ")
_ALERTS_REVIEW = Derived(
    Text(
        ko="매일의 '보안 알림 검토'(12.1.1)에 답하는 질문입니다.",
        en="A question of the daily review of security alerts (12.1.1).",
    ),
    (Section("12.1.1"), Section("7.1.1")),
)
_NONE = Quantity(0, Unit.COUNT)

# --- sign-ins -------------------------------------------------------------------------------------------------------

GUESSED_ACCOUNTS = Query(
    id="guessed-accounts",
    title=Text(ko="계정별 로그인 실패", en="Failed sign-ins by account"),
    source=Section("8.2.1", reading="R10"),
    text="""
        SigninLogs
        | summarize attempts = count(), failures = countif(ResultType != "0"),
            addresses = dcountif(IPAddress, ResultType != "0"), last_failure = maxif(TimeGenerated, ResultType != "0"),
            last_success = maxif(TimeGenerated, ResultType == "0")
            by account = UserPrincipalName
        | where failures > 0
        | order by failures desc, account asc
    """,
    columns={
        "account": "string",
        "attempts": "long",
        "failures": "long",
        "addresses": "long",
        "last_failure": "datetime",
        "last_success": "datetime",
    },
    caveat=_TENANT,
    look_for=Text(
        ko="실패가 이어진 뒤 성공했다면 그 계정은 이미 넘어간 것일 수 있습니다.",
        en="A success after many failures: that account may be lost already.",
    ),
)

SPRAYING_ADDRESSES = Query(
    id="spraying-addresses",
    title=Text(ko="여러 계정에 실패한 주소", en="Addresses that failed on several accounts"),
    source=Section("8.2.1", reading="R10"),
    text="""
        SigninLogs
        | where ResultType != "0"
        | summarize failures = count(), accounts = dcount(UserPrincipalName), first_seen = min(TimeGenerated),
            last_seen = max(TimeGenerated)
            by address = IPAddress, country = Location
        | where accounts > 1
        | order by accounts desc, failures desc, address asc, country asc
    """,
    columns={
        "address": "string",
        "country": "string",
        "failures": "long",
        "accounts": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    caveat=_TENANT,
    look_for=Text(
        ko="한 주소가 많은 계정을 조금씩 시도하면 살포 공격입니다.",
        en="One address, many accounts, few tries each: password spraying.",
    ),
)

IDENTITY_FAILURES = Query(
    id="identity-failures",
    title=Text(ko="관리 ID 로그인 실패", en="Managed identities that could not sign in"),
    source=Section("7.2.1"),
    text="""
        AADManagedIdentitySignInLogs
        | summarize attempts = count(), failures = countif(ResultType != "0"),
            last_failure = maxif(TimeGenerated, ResultType != "0")
            by identity = ServicePrincipalName, resource = ResourceDisplayName
        | order by failures desc, identity asc, resource asc
    """,
    columns={
        "identity": "string",
        "resource": "string",
        "attempts": "long",
        "failures": "long",
        "last_failure": "datetime",
    },
    caveat=_TENANT,
    look_for=Text(
        ko="서비스의 ID가 실패하면 곧 그 서비스가 비밀이나 큐에 닿지 못합니다.",
        en="When a service's identity fails, the service is about to lose its secrets or queues.",
    ),
)

DIRECTORY_CHANGES = Query(
    id="directory-changes",
    title=Text(ko="디렉터리의 권한 변경", en="Changed rights in the directory"),
    source=Section("7.2.1"),
    text="""
        AuditLogs
        | where Category in ("RoleManagement", "ApplicationManagement", "GroupManagement", "Policy")
        | summarize changes = count(), last_seen = max(TimeGenerated)
            by operation = OperationName, category = Category, outcome = Result
        | order by last_seen desc, operation asc, category asc, outcome asc
    """,
    columns={
        "operation": "string",
        "category": "string",
        "outcome": "string",
        "changes": "long",
        "last_seen": "datetime",
    },
    caveat=_TENANT,
    look_for=Text(
        ko="아무도 계획하지 않은 역할 부여와 앱 비밀 추가를 봅니다.",
        en="Role assignments and app secrets that nobody planned.",
    ),
)

# --- cluster --------------------------------------------------------------------------------------------------------

COMMANDS_IN_PODS = Query(
    id="commands-in-pods",
    title=Text(ko="Pod 안에서 실행된 명령", en="Commands run inside pods"),
    source=Section("7.2.2"),
    text="""
        AKSAudit
        | extend who = tostring(User.username), part = tostring(ObjectRef.subresource),
            space = tostring(ObjectRef.namespace), pod = tostring(ObjectRef.name)
        | where part in ("exec", "attach", "portforward")
        | summarize times = count(), last_seen = max(TimeGenerated) by who, part, space, pod
        | order by last_seen desc, who asc, part asc, space asc, pod asc
    """,
    columns={
        "who": "string",
        "part": "string",
        "space": "string",
        "pod": "string",
        "times": "long",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="운영 Pod에 들어갈 일은 장애 때뿐입니다. 작업 기록이 없으면 물어봅니다.",
        en="Nobody enters production pods but in an incident: without a record of one, ask.",
    ),
)

SECRETS_READ = Query(
    id="cluster-secrets-read",
    title=Text(ko="클러스터 비밀을 읽은 사용자", en="Who read secrets of the cluster"),
    source=Section("7.2.2"),
    text="""
        AKSAudit
        | extend who = tostring(User.username), resource = tostring(ObjectRef.resource),
            space = tostring(ObjectRef.namespace), name = tostring(ObjectRef.name), code = toint(ResponseStatus.code)
        | where resource == "secrets" and Verb in ("get", "list", "watch") and space == namespace
        // The cluster's own controllers read secrets all day.
        | where not(who startswith "system:serviceaccount:kube-system:") and not(who startswith "system:node:")
        | summarize times = count(), refused = countif(code in (401, 403)), last_seen = max(TimeGenerated) by who, Verb, name
        | order by times desc, who asc, Verb asc, name asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "who": "string",
        "Verb": "string",
        "name": "string",
        "times": "long",
        "refused": "long",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="사람이 직접 읽었거나, 'list'로 한꺼번에 읽은 것을 봅니다.",
        en="People who read by hand, and anyone who read them all with 'list'.",
    ),
)

# --- Key Vault ------------------------------------------------------------------------------------------------------

VAULT_DENIALS = Query(
    id="vault-denials",
    title=Text(ko="Key Vault가 거절한 호출", en="Calls that Key Vault refused"),
    source=_VAULT,
    text="""
        AZKVAuditLogs
        | extend who = coalesce(tostring(Identity.claim.upn), tostring(Identity.claim.appid))
        | summarize calls = count(), refused = countif(HttpStatusCode in (401, 403)),
            last_refusal = maxif(TimeGenerated, HttpStatusCode in (401, 403))
            by who, address = CallerIpAddress, operation = OperationName
        | where refused > 0
        | order by refused desc, who asc, address asc, operation asc
    """,
    columns={
        "who": "string",
        "address": "string",
        "operation": "string",
        "calls": "long",
        "refused": "long",
        "last_refusal": "datetime",
    },
    look_for=Text(
        ko="서비스의 ID가 거절되면 권한이, 모르는 ID나 주소면 침입을 의심합니다.",
        en="A service's identity refused: its rights. One you do not know, or an address: somebody else.",
    ),
)

VAULT_EXPIRED = Query(
    id="vault-expired",
    title=Text(ko="만료된 비밀, 키, 인증서", en="Secrets, keys and certificates that expired"),
    source=_VAULT,
    text=f"""
        AZKVAuditLogs
        | extend object = {_OBJECT}
        | summarize calls = count(), expired = dcountif(object, OperationName endswith "ExpiredEventGridNotification"),
            last_expired = maxif(TimeGenerated, OperationName endswith "ExpiredEventGridNotification"),
            example = take_anyif(object, OperationName endswith "ExpiredEventGridNotification")
        | where calls > 0
        | project calls, expired, last_expired, example
    """,
    columns={"calls": "long", "expired": "long", "last_expired": "datetime", "example": "string"},
    verdict=Verdict(
        column="expired",
        fail_above=_NONE,
        source=Derived(
            Text(
                ko="교체 주기가 지나기 전에 바꾸라는 규칙이므로 만료된 것은 하나도 없어야 합니다.",
                en="The rule is to renew before the rotation is over, so nothing may ever have expired.",
            ),
            (_VAULT,),
        ),
    ),
    look_for=Text(ko="무엇이 만료되었고 누가 그것을 쓰는지 봅니다.", en="What expired, and who uses it."),
)

VAULT_NEAR_EXPIRY = Query(
    id="vault-near-expiry",
    title=Text(ko="만료가 가까운 비밀, 키, 인증서", en="Secrets, keys and certificates near their end"),
    source=_VAULT,
    # Key Vault announces an object some time before it expires, and logs that it did.
    text=f"""
        AZKVAuditLogs
        | extend object = {_OBJECT}
        | summarize calls = count(), due = dcountif(object, OperationName endswith "NearExpiryEventGridNotification"),
            announced = maxif(TimeGenerated, OperationName endswith "NearExpiryEventGridNotification"),
            example = take_anyif(object, OperationName endswith "NearExpiryEventGridNotification")
        | where calls > 0
        | project calls, due, announced, example
    """,
    columns={"calls": "long", "due": "long", "announced": "datetime", "example": "string"},
    verdict=Verdict(
        column="due",
        warn_above=_NONE,
        source=Derived(
            Text(
                ko=f"만료 {AHEAD.ko} 전 알림이 온 것은 교체 주기 안에 바꿔야 할 것입니다.",
                en=f"What was announced {AHEAD.en} before its end has to be renewed within its rotation.",
            ),
            (_VAULT,),
        ),
    ),
    look_for=Text(ko="누가 언제 교체할지 정합니다.", en="Decide who renews it, and when."),
)

RENEWAL_AGE = Query(
    id="renewal-age",
    title=Text(ko="비밀과 인증서의 나이와 교체 주기", en="Age of secrets and certificates against their rotation"),
    source=_VAULT,
    # The vault's names cannot hold the document's underscores.
    text="""
        AZKVAuditLogs
        | where OperationName in ("SecretSet", "SecretRotate", "KeyCreate", "KeyRotate", "CertificateCreate",
            "CertificateImport", "CertificateRenew") and HttpStatusCode between (200 .. 299)
        | extend object_kind = tostring(split(Id, "/")[3]), name = tostring(split(Id, "/")[4])
        | where isnotempty(name)
        | summarize renewed = max(TimeGenerated) by object_kind, name
        | extend limit_days = case(
            object_kind == "certificates", certificate_days,
            name in (api_key_1, api_key_2), api_key_days,
            secret_days)
        | extend age_days = (now() - renewed) / 1d
        | project object_kind, name, renewed, age_days, limit_days, used_percent = 100.0 * age_days / limit_days
        | order by used_percent desc, object_kind asc, name asc
    """,
    params={
        "secret_days": ROTATION["secrets"].every.days,
        "api_key_days": ROTATION["api_keys"].every.days,
        "certificate_days": ROTATION["certificates"].every.days,
        "api_key_1": ROTATION["api_keys"].names[0].replace("_", "-"),
        "api_key_2": ROTATION["api_keys"].names[-1].replace("_", "-"),
    },
    columns={
        "object_kind": "string",
        "name": "string",
        "renewed": "datetime",
        "age_days": "real",
        "limit_days": "long",
        "used_percent": "real",
    },
    verdict=Verdict(
        column="used_percent",
        fail_above=percent(100),
        warn_above=percent(90),
        source=Derived(
            Text(
                ko="주기(비밀 90일, API 키 180일, 인증서 365일)를 다 쓰면 실패, 마지막 10분의 1이면 경고입니다.",
                en="Past its rotation (90 days for secrets, 180 for API keys, 365 for certificates) it fails; in the last "
                "tenth of it, it warns.",
            ),
            (_VAULT,),
        ),
    ),
    # A little more than the longest rotation.
    span=max(each.every for each in ROTATION.values()) + days(5),
    caveat=Text(ko="시간 범위 안에 교체된 것만 보입니다.", en="Shows only what was renewed within the time range."),
    look_for=Text(
        ko="목록에 없는 비밀은 그 기간에 한 번도 교체되지 않은 것입니다.",
        en="A secret that is missing from the list was not renewed at all in that time.",
    ),
)

# --- alerts, network, images ----------------------------------------------------------------------------------------

SECURITY_ALERTS = Query(
    id="security-alerts",
    title=Text(ko="Defender 보안 알림", en="Security alerts of Defender"),
    source=_ALERTS_REVIEW,
    text="""
        SecurityAlert
        | summarize arg_max(TimeGenerated, AlertName, AlertSeverity, Status, CompromisedEntity, ProductName) by SystemAlertId
        | summarize alerts = count(), high = countif(AlertSeverity == "High" and Status != "Resolved"),
            medium = countif(AlertSeverity == "Medium" and Status != "Resolved"), last_seen = max(TimeGenerated),
            example = take_any(AlertName)
        | where alerts > 0
        | project alerts, high, medium, last_seen, example
    """,
    columns={"alerts": "long", "high": "long", "medium": "long", "last_seen": "datetime", "example": "string"},
    verdict=Verdict(
        column="high",
        fail_above=_NONE,
        source=_ALERTS_REVIEW,
        empty=Outcome.PASS,
        empty_because=Text(
            ko="이 표에는 알림이 있을 때만 행이 생깁니다",
            en="the table has rows only where there was an alert",
        ),
    ),
    caveat=Text(
        ko="Defender for Cloud가 이 작업 영역으로 내보낼 때만 행이 있습니다.",
        en="Has rows only where Defender for Cloud exports to this workspace.",
    ),
    look_for=Text(ko="High가 하나라도 열려 있으면 지금 봅니다.", en="One open High alert: look now."),
)

FIREWALL_DENIALS = Query(
    id="firewall-denials",
    title=Text(ko="Azure Firewall이 막은 연결", en="Connections that Azure Firewall denied"),
    source=Section("7.1.1"),
    text="""
        AZFWNetworkRule
        | summarize connections = count(), denied = countif(Action == "Deny"), last_denied = maxif(TimeGenerated, Action == "Deny")
            by source_ip = SourceIp, destination_ip = DestinationIp, port = DestinationPort, protocol = Protocol
        | where denied > 0
        | order by denied desc, source_ip asc, destination_ip asc, port asc, protocol asc
    """,
    columns={
        "source_ip": "string",
        "destination_ip": "string",
        "port": "int",
        "protocol": "string",
        "connections": "long",
        "denied": "long",
        "last_denied": "datetime",
    },
    look_for=Text(
        ko="서비스가 새 대상에 나가려 한 것인지, 아무도 모르는 연결인지 봅니다.",
        en="A service that wants a new destination, or a connection nobody knows.",
    ),
)

DENIED_FLOWS = Query(
    id="denied-flows",
    title=Text(ko="네트워크 보안 그룹이 막은 흐름", en="Flows that network security groups denied"),
    source=Section("4.1.2"),
    text="""
        NTANetAnalytics
        | summarize denied_in = sum(DeniedInFlows), denied_out = sum(DeniedOutFlows), last_seen = max(TimeGenerated)
            by rule = AclRule, source_ip = SrcIp, destination_ip = DestIp, port = DestPort
        | where denied_in + denied_out > 0
        | order by denied_in desc, denied_out desc, rule asc, source_ip asc, destination_ip asc, port asc
    """,
    columns={
        "rule": "string",
        "source_ip": "string",
        "destination_ip": "string",
        "port": "int",
        "denied_in": "long",
        "denied_out": "long",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="VNet 흐름 로그와 트래픽 분석을 켰을 때만 행이 있습니다.",
        en="Has rows only where virtual network flow logs and traffic analytics are on.",
    ),
    look_for=Text(
        ko="막혀야 할 것이 막혔는지, 막히면 안 될 것이 막혔는지 봅니다.",
        en="Whether it was meant to be denied, or not.",
    ),
)

IMAGE_PUSHES = Query(
    id="image-pushes",
    title=Text(ko="누가 이미지를 올렸는가", en="Who pushed images"),
    source=Section("9"),
    text="""
        ContainerRegistryRepositoryEvents
        | where OperationName in~ ("Push", "Delete", "Untag")
        | summarize times = count(), last_seen = max(TimeGenerated)
            by who = Identity, address = CallerIpAddress, operation = OperationName, repository = Repository
        | order by last_seen desc, who asc, address asc, operation asc, repository asc
    """,
    columns={
        "who": "string",
        "address": "string",
        "operation": "string",
        "repository": "string",
        "times": "long",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="이미지는 파이프라인만 올립니다. 다른 이름이면 무엇을 올렸는지 봅니다.",
        en="Only the pipeline pushes images: anybody else, and what it was.",
    ),
)
