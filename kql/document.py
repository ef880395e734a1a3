"""The three queries of document 8.2.1 word for word, and beside each the one that works here today."""

from observability.design.services import TRIP
from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes

PACK = Pack(title=Text(ko="설계서 쿼리", en="Queries of the design document"))

ERROR_ANALYSIS = Query(
    id="error-analysis-document",
    title=Text(ko="오류 분석 (설계서 원문)", en="Error analysis (the document's text)"),
    source=Section("8.2.1", reading="R8"),
    text="""
        ContainerLog
        | where LogEntry contains "ERROR"
        | summarize count() by Computer, ContainerName, bin(TimeGenerated, 5m)
        | order by TimeGenerated desc
    """,
    verbatim=True,
    runnable=False,
    caveat=Text(
        ko="실행되지 않습니다: ContainerLog는 2026-09-30에 폐기되었고 ContainerName 열이 있었던 적이 없습니다(KS142). "
        "error-analysis를 쓰십시오.",
        en="Does not run: ContainerLog was retired on 2026-09-30 and never had a column ContainerName (KS142). "
        "Use error-analysis.",
    ),
)

ERRORS = Query(
    id="error-analysis",
    title=Text(ko="오류 분석", en="Error analysis"),
    source=Section("8.2.1", reading="R8"),
    text="""
        ContainerLogV2
        | where PodNamespace == namespace
        | where LogLevel in~ ("error", "critical") or tostring(LogMessage) contains "ERROR"
        | summarize errors = count() by Computer, ContainerName, TimeGenerated = bin(TimeGenerated, bin_size)
        | order by TimeGenerated desc, errors desc, Computer asc, ContainerName asc
    """,
    params={"namespace": TRIP.namespace, "bin_size": minutes(5)},
    columns={"Computer": "string", "ContainerName": "string", "TimeGenerated": "datetime", "errors": "long"},
    look_for=Text(
        ko="한 컨테이너의 오류가 갑자기 늘어난 시각과 그 노드를 봅니다.",
        en="The time at which one container's errors jump, and its node.",
    ),
)

PERFORMANCE_ANALYSIS = Query(
    id="performance-analysis-document",
    title=Text(
        ko="성능 분석 (설계서 원문, 여기서는 행이 없음)", en="Performance analysis (the document's text, no rows here)"
    ),
    source=Section("8.2.1", reading="R9"),
    text="""
        Perf
        | where CounterName == "% Processor Time"
        | summarize avg(CounterValue) by Computer, bin(TimeGenerated, 5m)
    """,
    verbatim=True,
    columns={"Computer": "string", "TimeGenerated": "datetime", "avg_CounterValue": "real"},
    caveat=Text(
        ko="행이 없습니다: Linux AKS 노드는 이 카운터를 쓰지 않습니다. performance-analysis를 쓰십시오.",
        en="Returns no rows: Linux AKS nodes do not write this counter. Use performance-analysis.",
    ),
)

PERFORMANCE = Query(
    id="performance-analysis",
    title=Text(ko="성능 분석", en="Performance analysis"),
    source=Section("8.2.1", reading="R9"),
    text="""
        Perf
        | where ObjectName == "K8SNode" and CounterName in ("cpuUsageNanoCores", "cpuCapacityNanoCores")
        | extend is_usage = CounterName == "cpuUsageNanoCores"
        | summarize usage_rows = countif(is_usage), used = sumif(CounterValue, is_usage),
            capacity_rows = countif(not(is_usage)), capacity = sumif(CounterValue, not(is_usage))
            by Computer, TimeGenerated = bin(TimeGenerated, bin_size)
        | where usage_rows > 0 and capacity_rows > 0 and capacity > 0
        | project TimeGenerated, Computer, cpu_percent = 100.0 * (used / usage_rows) / (capacity / capacity_rows)
        | order by TimeGenerated desc, Computer asc
    """,
    params={"bin_size": minutes(5)},
    columns={"TimeGenerated": "datetime", "Computer": "string", "cpu_percent": "real"},
    look_for=Text(ko="한 노드만 높은지, 모든 노드가 높은지 봅니다.", en="Whether one node is high, or all of them."),
)

SECURITY_ANALYSIS = Query(
    id="security-analysis-document",
    title=Text(
        ko="보안 분석 (설계서 원문, 여기서는 행이 없음)", en="Security analysis (the document's text, no rows here)"
    ),
    source=Section("8.2.1", reading="R10"),
    text="""
        SecurityEvent
        | where EventID in (4625, 4648, 4719)
        | summarize count() by Account, Computer
    """,
    verbatim=True,
    columns={"Account": "string", "Computer": "string", "count_": "long"},
    caveat=Text(
        ko="행이 없습니다: SecurityEvent는 Windows 전용입니다. failed-sign-ins, cluster-denials, node-logins를 쓰십시오.",
        en="Returns no rows: SecurityEvent is for Windows only. Use failed-sign-ins, cluster-denials and node-logins.",
    ),
)

FAILED_SIGN_INS = Query(
    id="failed-sign-ins",
    title=Text(ko="실패한 로그인 (4625)", en="Failed sign-ins (4625)"),
    source=Section("8.2.1", reading="R10"),
    text="""
        SigninLogs
        | where ResultType != "0"
        | summarize failures = count(), addresses = dcount(IPAddress), last_seen = max(TimeGenerated)
            by UserPrincipalName, AppDisplayName, ResultType, ResultDescription
        | order by failures desc, UserPrincipalName asc
    """,
    columns={
        "UserPrincipalName": "string",
        "AppDisplayName": "string",
        "ResultType": "string",
        "ResultDescription": "string",
        "failures": "long",
        "addresses": "long",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="Entra 테넌트의 진단 설정이 SigninLogs를 이 작업 영역으로 보낼 때만 행이 있습니다. 빈 결과는 실패가 없다는 뜻이 아닐 수 "
        "있습니다.",
        en="Has rows only once the Entra tenant's diagnostic setting sends SigninLogs to this workspace: an empty result "
        "may not mean that nobody failed.",
    ),
    look_for=Text(
        ko="한 계정에 실패가 많으면 추측, 여러 계정에 주소 하나면 살포 공격입니다.",
        en="Many failures on one account are guessing; one address over many accounts is spraying.",
    ),
)

CLUSTER_DENIALS = Query(
    id="cluster-denials",
    title=Text(
        ko="클러스터가 거절한 호출과 권한 변경 (4648, 4719)",
        en="Calls the cluster refused, and changed rights (4648, 4719)",
    ),
    source=Section("8.2.1", reading="R10"),
    text="""
        AKSAudit
        | extend code = toint(ResponseStatus.code), account = tostring(User.username),
            resource = tostring(ObjectRef.resource), name = tostring(ObjectRef.name)
        | where code in (401, 403)
            or (Verb in ("create", "update", "patch", "delete")
                and resource in ("roles", "rolebindings", "clusterroles", "clusterrolebindings"))
        | summarize calls = count(), last_seen = max(TimeGenerated) by user = account, Verb, resource, name, code
        | order by calls desc, user asc, resource asc, name asc
    """,
    columns={
        "user": "string",
        "Verb": "string",
        "resource": "string",
        "name": "string",
        "code": "int",
        "calls": "long",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="모르는 사용자, 그리고 권한 바인딩의 변경을 봅니다.",
        en="Users you do not know, and changes to role bindings.",
    ),
)

NODE_LOGINS = Query(
    id="node-logins",
    title=Text(ko="노드 로그인 실패", en="Failed logins on nodes"),
    source=Section("8.2.1", reading="R10"),
    text="""
        Syslog
        | where Facility in ("auth", "authpriv")
        | where SyslogMessage has "Failed password" or SyslogMessage has "authentication failure"
            or SyslogMessage has "Invalid user"
        | summarize failures = count(), last_seen = max(TimeGenerated) by Computer, ProcessName
        | order by failures desc, Computer asc
    """,
    columns={"Computer": "string", "ProcessName": "string", "failures": "long", "last_seen": "datetime"},
    look_for=Text(
        ko="AKS 노드에는 로그인할 일이 없습니다. 한 건이라도 확인합니다.",
        en="Nobody has to log in to an AKS node: look at every single one.",
    ),
)
