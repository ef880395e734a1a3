"""The first ten minutes of an incident: what broke, since when, where. Runbooks begin with these."""

from observability.design.services import AI, TRIP
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import hours, minutes
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="초기 대응", en="Triage"), span=hours(1))

_FIRST_MINUTES = Derived(
    Text(
        ko="장애 대응 절차의 첫 단계(감지와 원인 분석)에 필요한 질문입니다.",
        en="A question that the first steps of incident response, detection and cause, need answered.",
    ),
    (Section("12.2.1"),),
)

FAILED_CHECKS = Query(
    id="failed-checks",
    title=Text(ko="실패한 합성 점검", en="Synthetic checks that failed"),
    source=_FIRST_MINUTES,
    text="""
        AppAvailabilityResults
        | summarize checks = sum(ItemCount), failed = sumif(ItemCount, Success == false),
            first_failure = minif(TimeGenerated, Success == false), message = take_anyif(Message, Success == false)
            by check = Name, location = Location
        | where failed > 0
        | order by failed desc, check asc, location asc
    """,
    columns={
        "check": "string",
        "location": "string",
        "checks": "long",
        "failed": "long",
        "first_failure": "datetime",
        "message": "string",
    },
    look_for=Text(
        ko="모든 위치에서 실패하면 서비스, 한 위치면 그 위치의 경로 문제입니다.",
        en="Failing from every location: the service. From one: the way from there.",
    ),
)

ERRORS_BY_OPERATION = Query(
    id="errors-by-operation",
    title=Text(ko="작업별 오류", en="Errors by operation"),
    source=_FIRST_MINUTES,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), since = minif(TimeGenerated, failed)
            by service = AppRoleName, operation = OperationName, version = AppVersion
        | where errors > 0
        | extend error_percent = 100.0 * errors / total
        | order by errors desc, service asc, operation asc, version asc
    """,
    columns={
        "service": "string",
        "operation": "string",
        "version": "string",
        "total": "long",
        "errors": "long",
        "since": "datetime",
        "error_percent": "real",
    },
    look_for=Text(
        ko="한 작업만인지, 한 버전만인지(배포 직후), 모두인지 봅니다.",
        en="One operation, one version (just deployed), or all of them.",
    ),
)

FAILING_DEPENDENCIES = Query(
    id="failing-dependencies",
    title=Text(ko="실패하는 의존성", en="Dependencies that fail"),
    source=_FIRST_MINUTES,
    text="""
        AppDependencies
        | summarize calls = sum(ItemCount), failures = sumif(ItemCount, Success == false),
            since = minif(TimeGenerated, Success == false),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by service = AppRoleName, type = DependencyType, target = Target, code = ResultCode
        | where failures > 0
        | order by failures desc, service asc, target asc, code asc
    """,
    columns={
        "service": "string",
        "type": "string",
        "target": "string",
        "code": "string",
        "calls": "long",
        "failures": "long",
        "since": "datetime",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="여러 서비스가 같은 대상에서 실패하면 그 대상이 원인입니다.",
        en="Several services failing on one target: that target is the cause.",
    ),
)

EXCEPTIONS_BY_TYPE = Query(
    id="exceptions-by-type",
    title=Text(ko="종류별 예외", en="Exceptions by type"),
    source=_FIRST_MINUTES,
    text="""
        AppExceptions
        | summarize exceptions = sum(ItemCount), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(OuterMessage)
            by service = AppRoleName, type = ExceptionType, problem = ProblemId
        | order by exceptions desc, service asc, type asc, problem asc
    """,
    columns={
        "service": "string",
        "type": "string",
        "problem": "string",
        "exceptions": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
    },
    look_for=Text(ko="장애와 같은 시각에 시작된 종류를 찾습니다.", en="The type that began when the incident began."),
)

SLOW_OPERATIONS = Query(
    id="slow-operations",
    title=Text(ko="느린 작업", en="Slow operations"),
    source=_FIRST_MINUTES,
    text="""
        AppRequests
        | summarize total = sum(ItemCount), p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95), slowest_ms = max(DurationMs)
            by service = AppRoleName, operation = OperationName
        | order by p95_ms desc, service asc, operation asc
    """,
    columns={
        "service": "string",
        "operation": "string",
        "total": "long",
        "p50_ms": "real",
        "p95_ms": "real",
        "slowest_ms": "real",
    },
    look_for=Text(
        ko="p50도 느리면 모두가, p95만 느리면 일부가 기다립니다.", en="A slow p50: everybody waits. Only p95: some do."
    ),
)

AI_DEPENDENCIES = Query(
    id="ai-dependencies",
    title=Text(ko="AI 서비스가 기다리는 곳", en="What the ai service waits for"),
    source=_FIRST_MINUTES,
    text="""
        AppDependencies
        | where AppRoleName == ai_role
        | summarize calls = sum(ItemCount), failures = sumif(ItemCount, Success == false),
            p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by type = DependencyType, target = Target
        | order by p95_ms desc, target asc
    """,
    params={"ai_role": AI.role},
    columns={
        "type": "string",
        "target": "string",
        "calls": "long",
        "failures": "long",
        "p50_ms": "real",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="모델 제공자만 느린지, PostgreSQL이나 Redis도 느린지 봅니다.",
        en="Whether only the model provider is slow, or PostgreSQL and Redis too.",
    ),
)

RESTARTING_CONTAINERS = Query(
    id="restarting-containers",
    title=Text(ko="재시작하는 컨테이너", en="Containers that restart"),
    source=Section("8.1.2", reading="R6"),
    text="""
        KubePodInventory
        | where Namespace == namespace
        | summarize restarts = max(ContainerRestartCount) - min(ContainerRestartCount),
            last_seen = max(TimeGenerated), arg_max(TimeGenerated, ContainerStatus, ContainerStatusReason, PodStatus)
            by pod = Name, container = tostring(split(ContainerName, "/")[-1]), node = Computer
        | where restarts > 0 or ContainerStatusReason has "CrashLoopBackOff"
        | project pod, container, node, restarts, state = ContainerStatus, reason = ContainerStatusReason,
            pod_state = PodStatus, last_seen
        | order by restarts desc, pod asc, container asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "pod": "string",
        "container": "string",
        "node": "string",
        "restarts": "long",
        "state": "string",
        "reason": "string",
        "pod_state": "string",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="CrashLoopBackOff로 기다리는 컨테이너도 함께 나옵니다. 재시작 간격이 길어지면 횟수만으로는 보이지 않습니다(R25).",
        en="Containers waiting in CrashLoopBackOff are listed too: as the back-off grows, the count alone hides them (R25).",
    ),
)

CONTAINER_ERRORS = Query(
    id="container-errors",
    title=Text(ko="컨테이너의 마지막 오류 줄", en="Last error lines of the containers"),
    source=_FIRST_MINUTES,
    text="""
        ContainerLogV2
        | where PodNamespace == namespace
        | where LogSource == "stderr" or LogLevel in~ ("error", "critical")
        | project TimeGenerated, pod = PodName, container = ContainerName, level = LogLevel, line = tostring(LogMessage)
        | order by TimeGenerated desc, pod asc
        | take most
    """,
    params={"namespace": TRIP.namespace, "most": 200},
    columns={
        "TimeGenerated": "datetime",
        "pod": "string",
        "container": "string",
        "level": "string",
        "line": "string",
    },
    look_for=Text(ko="재시작 직전의 마지막 줄을 읽습니다.", en="Read the last line before a restart."),
)

POD_EVENTS = Query(
    id="pod-events",
    title=Text(ko="Kubernetes 경고 이벤트", en="Kubernetes warnings"),
    source=_FIRST_MINUTES,
    text="""
        KubeEvents
        // What happens to a node, memory running out above all, is an event of the node and not of a namespace.
        | where Namespace == namespace or ObjectKind == "Node"
        | summarize times = sum(Count), last_seen = max(TimeGenerated), message = take_any(Message)
            by reason = Reason, object_kind = ObjectKind, name = Name
        | order by last_seen desc, reason asc, name asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "reason": "string",
        "object_kind": "string",
        "name": "string",
        "times": "real",
        "last_seen": "datetime",
        "message": "string",
    },
    look_for=Text(
        ko="OOMKilling, FailedScheduling, Unhealthy, FailedMount를 찾습니다.",
        en="OOMKilling, FailedScheduling, Unhealthy, FailedMount.",
    ),
)

RECENT_CHANGES = Query(
    id="recent-changes",
    title=Text(ko="방금 바뀐 것", en="What was just changed"),
    source=_FIRST_MINUTES,
    text="""
        AKSAudit
        | extend user = tostring(User.username), resource = tostring(ObjectRef.resource),
            part = tostring(ObjectRef.subresource), namespace_name = tostring(ObjectRef.namespace),
            name = tostring(ObjectRef.name), code = toint(ResponseStatus.code)
        | where namespace_name == namespace and Verb in ("create", "update", "patch", "delete")
        | where resource in ("deployments", "configmaps", "secrets", "horizontalpodautoscalers", "services")
        // Controllers write status without end, and refused or conflicting calls changed nothing.
        | where part in ("", "scale") and code between (200 .. 299) and not(user startswith "system:serviceaccount:kube-system:")
        | summarize changes = count(), last_seen = max(TimeGenerated) by user, Verb, resource, name
        | order by last_seen desc, resource asc, name asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "user": "string",
        "Verb": "string",
        "resource": "string",
        "name": "string",
        "changes": "long",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="장애 직전의 배포나 설정 변경을 찾습니다. Argo CD면 되돌리기를 확인합니다.",
        en="A deployment or setting changed just before. If Argo CD did it, check its rollback.",
    ),
)

NODE_PRESSURE = Query(
    id="node-pressure",
    title=Text(ko="노드별 CPU와 메모리", en="CPU and memory by node"),
    source=_FIRST_MINUTES,
    text="""
        Perf
        | where ObjectName == "K8SNode" and CounterName in ("cpuUsageNanoCores", "cpuCapacityNanoCores",
            "memoryWorkingSetBytes", "memoryCapacityBytes")
        | summarize mean = avg(CounterValue) by Computer, CounterName, TimeGenerated = bin(TimeGenerated, bin_size)
        | summarize cpu_used = sumif(mean, CounterName == "cpuUsageNanoCores"),
            cpu = sumif(mean, CounterName == "cpuCapacityNanoCores"),
            memory_used = sumif(mean, CounterName == "memoryWorkingSetBytes"),
            memory = sumif(mean, CounterName == "memoryCapacityBytes")
            by TimeGenerated, node = Computer
        | where cpu > 0 and memory > 0
        | project TimeGenerated, node, cpu_percent = 100.0 * cpu_used / cpu, memory_percent = 100.0 * memory_used / memory
        | order by TimeGenerated desc, cpu_percent desc, node asc
    """,
    params={"bin_size": minutes(5)},
    columns={"TimeGenerated": "datetime", "node": "string", "cpu_percent": "real", "memory_percent": "real"},
    look_for=Text(ko="한 노드면 Pod 배치, 모두면 용량 문제입니다.", en="One node: where the pods went. All: capacity."),
)

HEAVY_CONTAINERS = Query(
    id="heavy-containers",
    title=Text(ko="CPU와 메모리를 많이 쓰는 컨테이너", en="Containers that use most CPU and memory"),
    source=_FIRST_MINUTES,
    text="""
        Perf
        | where ObjectName == "K8SContainer" and CounterName in ("cpuUsageNanoCores", "cpuLimitNanoCores",
            "memoryWorkingSetBytes", "memoryLimitBytes")
        // An instance is cluster id / pod uid / container name.
        | extend container = tostring(split(InstanceName, "/")[-1]), pod_uid = tostring(split(InstanceName, "/")[-2])
        | summarize cpu = maxif(CounterValue, CounterName == "cpuUsageNanoCores"),
            cpu_limit = maxif(CounterValue, CounterName == "cpuLimitNanoCores"),
            memory = maxif(CounterValue, CounterName == "memoryWorkingSetBytes"),
            memory_limit = maxif(CounterValue, CounterName == "memoryLimitBytes")
            by node = Computer, pod_uid, container
        | where cpu_limit > 0 and memory_limit > 0
        | project node, container, pod_uid, cpu_cores = cpu / 1000000000.0, cpu_percent = 100.0 * cpu / cpu_limit,
            memory_mib = memory / 1048576.0, memory_percent = 100.0 * memory / memory_limit
        | order by memory_percent desc, cpu_percent desc, container asc, pod_uid asc
    """,
    columns={
        "node": "string",
        "container": "string",
        "pod_uid": "string",
        "cpu_cores": "real",
        "cpu_percent": "real",
        "memory_mib": "real",
        "memory_percent": "real",
    },
    look_for=Text(
        ko="제한의 100 %에 가까운 컨테이너와, 예상 밖으로 많이 쓰는 컨테이너를 봅니다.",
        en="Containers near 100 % of their limit, and those that use more than they should.",
    ),
)

DATABASE_REFUSALS = Query(
    id="database-refusals",
    title=Text(ko="PostgreSQL이 거절한 연결과 오류", en="Connections PostgreSQL refused, and its errors"),
    source=Section("8.1.2", reading="R7"),
    text="""
        PGSQLServerLogs
        | where ErrorLevel in ("FATAL", "PANIC", "ERROR")
        | extend problem = case(
            Message has "remaining connection slots" or Message has "too many clients", "no connection left",
            Message has "deadlock detected", "deadlock",
            Message has "password authentication failed", "wrong password",
            Message has "canceling statement", "cancelled",
            "other")
        | summarize times = count(), last_seen = max(TimeGenerated), message = take_any(Message)
            by server = LogicalServerName, problem, code = SqlErrorCode
        | order by times desc, server asc, code asc
    """,
    columns={
        "server": "string",
        "problem": "string",
        "code": "string",
        "times": "long",
        "last_seen": "datetime",
        "message": "string",
    },
    look_for=Text(
        ko="'no connection left'가 있으면 사용자가 이미 실패하고 있습니다.",
        en="'no connection left' means that users are failing already.",
    ),
)

DATABASE_SESSIONS = Query(
    id="database-sessions",
    title=Text(ko="상태별 PostgreSQL 세션", en="PostgreSQL sessions by state"),
    source=Section("8.1.2", reading="R7"),
    text="""
        let newest = PGSQLPgStatActivitySessions
            | summarize CollectionTime = max(CollectionTime) by LogicalServerName;
        PGSQLPgStatActivitySessions
        | where BackendType == "client backend"
        // Only each server's last snapshot: states that have gone since are not there any more.
        | join kind=inner newest on LogicalServerName, CollectionTime
        | summarize sessions = dcount(ProcessId), oldest_query = min(QueryStartTime)
            by CollectionTime, server = LogicalServerName, application = ApplicationName, State
        | project CollectionTime, server, application, State, sessions, oldest_query
        | order by sessions desc, server asc, application asc, State asc
    """,
    columns={
        "CollectionTime": "datetime",
        "server": "string",
        "application": "string",
        "State": "string",
        "sessions": "long",
        "oldest_query": "datetime",
    },
    look_for=Text(
        ko="'idle in transaction'이 많으면 그 애플리케이션이 연결을 놓지 않는 것입니다.",
        en="Many 'idle in transaction': that application does not give connections back.",
    ),
)
