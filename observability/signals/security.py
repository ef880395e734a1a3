"""Who was refused: sign-ins, the cluster's API, the firewall. A count of none needs somebody who did come."""

from observability.model.query import Kql
from observability.model.signal import Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

SIGN_IN_FAILURES = Signal(
    name="sign_in_failures",
    title=Text(ko="로그인 실패", en="Failed sign-ins"),
    unit=Unit.COUNT,
    help=Text(
        ko="Entra 로그인 실패 수. 테넌트의 진단 설정이 이 작업 영역으로 보낼 때만 데이터가 있습니다.",
        en="Sign-ins to Entra that failed. Has data only once the tenant's diagnostic setting sends them here.",
    ),
    source=Section("8.2.1", reading="R10"),
    kql=Kql(
        rows="SigninLogs",
        summarize='attempts = count(), failures = countif(ResultType != "0")',
        result="""
            | where attempts > 0
            | extend value = failures
        """,
    ),
)

SIGN_INS_OF_ACCOUNT = Signal(
    name="sign_in_failures_of_account",
    title=Text(ko="계정별 로그인 실패", en="Failed sign-ins by account"),
    unit=Unit.COUNT,
    help=Text(ko="계정마다 Entra 로그인 실패 수.", en="Sign-ins to Entra that failed, by account."),
    source=Section("8.2.1", reading="R10"),
    kql=Kql(
        rows="SigninLogs",
        summarize='value = countif(ResultType != "0")',
        by={"account": "UserPrincipalName"},
    ),
)

REFUSED_API_CALLS = Signal(
    name="kubernetes_refused_calls",
    title=Text(ko="Kubernetes API가 거절한 호출", en="Calls that the Kubernetes API refused"),
    unit=Unit.COUNT,
    help=Text(
        ko="권한이 없어 거절된(401, 403) Kubernetes API 호출 수.",
        en="Calls of the Kubernetes API refused for want of rights (401, 403).",
    ),
    source=Section("7.2.2"),
    kql=Kql(
        rows="""
            AKSAudit
            | extend code = toint(ResponseStatus.code)
        """,
        summarize="calls = count(), refused = countif(code in (401, 403))",
        result="""
            | where calls > 0
            | extend value = refused
        """,
    ),
)

POD_COMMANDS = Signal(
    name="commands_in_pods",
    title=Text(ko="Pod 안에서 실행된 명령", en="Commands run inside pods"),
    unit=Unit.COUNT,
    help=Text(
        ko="exec, attach, port-forward로 Pod에 들어간 횟수.",
        en="Times somebody entered a pod with exec, attach or port-forward.",
    ),
    source=Section("7.2.2"),
    kql=Kql(
        rows="""
            AKSAudit
            | extend part = tostring(ObjectRef.subresource)
        """,
        summarize='calls = count(), entered = countif(part in ("exec", "attach", "portforward"))',
        result="""
            | where calls > 0
            | extend value = entered
        """,
    ),
)

FIREWALL_DENIED = Signal(
    name="firewall_denied",
    title=Text(ko="방화벽이 막은 연결", en="Connections that the firewall denied"),
    unit=Unit.COUNT,
    help=Text(
        ko="Azure Firewall이 막은 연결 수. 방화벽의 진단 설정이 전용 표로 보낼 때만 데이터가 있습니다.",
        en="Connections that Azure Firewall denied. Has data only once the firewall's diagnostic setting sends them to "
        "tables of their own.",
    ),
    source=Section("7.1.1"),
    kql=Kql(
        rows="AZFWNetworkRule",
        summarize='connections = count(), denied = countif(Action == "Deny")',
        result="""
            | where connections > 0
            | extend value = denied
        """,
    ),
)
