"""The first ten minutes of an incident: what broke, since when, where. Runbooks begin with these."""

from kql.pieces import CONTAINER_WORKS, POOL_OF_NODE
from observability.design.objectives import PHASE
from observability.design.operations import AUTO_RECOVERY
from observability.design.services import AI, TRIP
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, minutes
from observability.model.verdict import Verdict
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="초기 대응", en="Triage"), span=hours(1))

_FIRST_MINUTES = Derived(
    Text(
        ko="장애 대응 절차의 첫 단계(감지와 원인 분석)에 필요한 질문입니다.",
        en="A question that the first steps of incident response, detection and cause, need answered.",
    ),
    (Section("12.2.1"),),
)

_NOT_READY_FOR = next(each.lasting for each in AUTO_RECOVERY if each.key == "node_replacement" and each.lasting)

# The newest row is the end of what is known: at three in the morning now() is a few late minutes after it, and for an
# incident of last week it would be days.
_NEWEST = "let newest = toscalar(AppRequests | summarize max(TimeGenerated));"

WHAT_BROKE = Query(
    id="what-broke",
    title=Text(ko="무엇이 고장났나: 방금과 그 전", en="What broke: just now against before"),
    source=_FIRST_MINUTES,
    text=f"""
        {_NEWEST}
        let marked = AppRequests
            | extend failed = {FAILED}, later = TimeGenerated > newest - recent;
        let now_rows = marked
            | where later
            | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed),
                p95_ms = percentilew(DurationMs, tolong(ItemCount), 95) by service = AppRoleName;
        marked
        | summarize before_total = sumif(ItemCount, not(later)), before_errors = sumif(ItemCount, failed and not(later)),
            first_row = min(TimeGenerated) by service = AppRoleName
        // A service without a request just now is the one that fell silent.
        | join kind=leftouter now_rows on service
        | extend minutes_before = (newest - recent - first_row) / 1m, total = coalesce(total, 0), errors = coalesce(errors, 0)
        | project service, total, before_total, minutes_before,
            error_percent = iff(total > 0, 100.0 * errors / total, real(null)),
            before_error_percent = iff(before_total > 0, 100.0 * before_errors / before_total, real(null)), p95_ms
        | order by error_percent desc, service asc
    """,
    params={"recent": minutes(10)},
    columns={
        "service": "string",
        "total": "long",
        "before_total": "long",
        "minutes_before": "real",
        "error_percent": "real",
        "before_error_percent": "real",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="error_percent가 before보다 큰 서비스, 그리고 total이 0인 서비스(조용해진 것)를 봅니다.",
        en="A service whose error_percent is above the one before, and one whose total is 0: it fell silent.",
    ),
)

SINCE_WHEN = Query(
    id="since-when",
    title=Text(ko="언제부터", en="Since when"),
    source=_FIRST_MINUTES,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), kept = sumif(1, failed)
            by service = AppRoleName, minute = bin(TimeGenerated, 1m)
        | where total > 0
        | extend error_percent = 100.0 * errors / total
        // A single row may be one error of a healthy day, however many it stands for (R32).
        | extend bad = error_percent > limit_percent and kept > 1
        | summarize minutes_seen = count(), bad_minutes = countif(bad), first_bad = minif(minute, bad),
            last_bad = maxif(minute, bad), errors = sum(errors), arg_max(error_percent, minute) by service
        | where bad_minutes > 0
        | project service, first_bad, last_bad, bad_minutes, minutes_seen, errors, worst_percent = error_percent,
            worst_at = minute
        | order by bad_minutes desc, service asc
    """,
    # The goal and not the alert's limit: what is above it is where the trouble begins.
    params={"limit_percent": Quantity(PHASE.error_rate, Unit.RATIO).to(Unit.PERCENT)},
    columns={
        "service": "string",
        "first_bad": "datetime",
        "last_bad": "datetime",
        "bad_minutes": "long",
        "minutes_seen": "long",
        "errors": "long",
        "worst_percent": "real",
        "worst_at": "datetime",
    },
    look_for=Text(
        ko="먼저 시작된 서비스가 원인에 가깝습니다. bad_minutes가 한둘뿐이면 지나간 오류일 수 있습니다. 남은 오류 행이 하나뿐인 분은 "
        "세지 않으므로, 비어 있으면 errors-by-operation을 봅니다.",
        en="The service that began first is nearest the cause. One or two bad_minutes may be errors that have passed. A minute "
        "with a single kept error does not count: where nothing is returned, see errors-by-operation.",
    ),
)

TIMELINE = Query(
    id="incident-timeline",
    title=Text(ko="분 단위 흐름", en="The incident by the minute"),
    source=_FIRST_MINUTES,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), service = AppRoleName
        | where total > 0
        | project TimeGenerated, service, total, errors, error_percent = 100.0 * errors / total, p95_ms
        | order by TimeGenerated desc, service asc
    """,
    params={"bin_size": minutes(1)},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "total": "long",
        "errors": "long",
        "error_percent": "real",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="요청이 줄었는지, 오류가 늘었는지, 느려졌는지 순서를 봅니다.",
        en="The order: fewer requests, more errors, or slower first.",
    ),
)

ERRORS_BY_POD = Query(
    id="errors-by-pod",
    title=Text(ko="Pod별 오류", en="Errors by pod"),
    source=_FIRST_MINUTES,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), since = minif(TimeGenerated, failed),
            last_seen = max(TimeGenerated), p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by service = AppRoleName, pod = AppRoleInstance, version = AppVersion
        | where total > 0
        | project service, pod, version, total, errors, error_percent = 100.0 * errors / total, p95_ms, since, last_seen
        | order by errors desc, service asc, pod asc, version asc
    """,
    columns={
        "service": "string",
        "pod": "string",
        "version": "string",
        "total": "long",
        "errors": "long",
        "error_percent": "real",
        "p95_ms": "real",
        "since": "datetime",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="한 Pod만이면 그 Pod를 다시 시작하고, 모두면 공통의 원인을 찾습니다. last_seen이 멈춘 Pod는 죽은 것입니다.",
        en="One pod: restart it. All of them: what they share. A pod whose last_seen stands still is gone.",
    ),
)

BROKEN_PODS = Query(
    id="broken-pods",
    title=Text(ko="일하지 못하는 Pod", en="Pods that do not work"),
    source=_FIRST_MINUTES,
    text=f"""
        let newest = toscalar(KubePodInventory | summarize max(TimeGenerated));
        KubePodInventory
        | where Namespace == namespace
        | summarize arg_max(TimeGenerated, PodStatus, ContainerStatus, ContainerStatusReason, ContainerRestartCount,
            PodCreationTimeStamp) by pod = Name, container = tostring(split(ContainerName, "/")[-1]), node = Computer
        // What the last inventories do not list any more has been replaced.
        | where TimeGenerated > newest - recent
        | where PodStatus != "Running" or not({CONTAINER_WORKS})
        | project pod, container, node, pod_state = PodStatus, state = ContainerStatus, reason = ContainerStatusReason,
            restarts = ContainerRestartCount, created = PodCreationTimeStamp, last_seen = TimeGenerated
        | order by pod asc, container asc, node asc
    """,
    params={"namespace": TRIP.namespace, "recent": minutes(5)},
    columns={
        "pod": "string",
        "container": "string",
        "node": "string",
        "pod_state": "string",
        "state": "string",
        "reason": "string",
        "restarts": "int",
        "created": "datetime",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="한 노드에 몰려 있으면 노드, 한 서비스에 몰려 있으면 그 배포입니다.",
        en="All on one node: the node. All of one service: its deployment.",
    ),
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
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), kept = sumif(1, failed),
            since = minif(TimeGenerated, failed)
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
        "kept": "long",
        "since": "datetime",
        "error_percent": "real",
    },
    look_for=Text(
        ko="한 작업만인지, 한 버전만인지(배포 직후), 모두인지 봅니다. kept는 남은 오류 행의 수입니다: 1이면 표본 하나가 errors만큼 "
        "세어진 것이고, 실제 오류는 한 건일 수 있습니다(R32).",
        en="One operation, one version (just deployed), or all of them. kept is how many rows of errors were kept: at 1 a single "
        "sample stands for all the errors, and there may have been one (R32).",
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
        | extend account = tostring(User.username), resource = tostring(ObjectRef.resource),
            part = tostring(ObjectRef.subresource), namespace_name = tostring(ObjectRef.namespace),
            name = tostring(ObjectRef.name), code = toint(ResponseStatus.code)
        | where namespace_name == namespace and Verb in ("create", "update", "patch", "delete")
        | where resource in ("deployments", "configmaps", "secrets", "horizontalpodautoscalers", "services")
        // Controllers write status without end, and refused or conflicting calls changed nothing.
        | where part in ("", "scale") and code between (200 .. 299) and not(account startswith "system:serviceaccount:kube-system:")
        | summarize changes = count(), last_seen = max(TimeGenerated) by user = account, Verb, resource, name
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

NEW_VERSIONS = Query(
    id="new-versions",
    title=Text(ko="버전별 첫 요청", en="First request of each version"),
    source=_FIRST_MINUTES,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize first_seen = min(TimeGenerated), last_seen = max(TimeGenerated), pods = dcount(AppRoleInstance),
            total = sum(ItemCount), errors = sumif(ItemCount, failed) by service = AppRoleName, version = AppVersion
        | where total > 0
        | project service, version, first_seen, last_seen, pods, total, error_percent = 100.0 * errors / total
        | order by first_seen desc, service asc, version asc
    """,
    columns={
        "service": "string",
        "version": "string",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "pods": "long",
        "total": "long",
        "error_percent": "real",
    },
    look_for=Text(
        ko="first_seen이 장애의 시작과 같으면 그 버전을 되돌립니다.",
        en="A first_seen at the time the incident began: roll that version back.",
    ),
)

NEW_PODS = Query(
    id="new-pods",
    title=Text(ko="새로 만들어진 Pod", en="Pods that were created"),
    source=_FIRST_MINUTES,
    text="""
        let begins = toscalar(KubePodInventory | summarize min(TimeGenerated));
        KubePodInventory
        | where Namespace == namespace and PodCreationTimeStamp >= begins
        | summarize pods = dcount(Name), first_created = min(PodCreationTimeStamp), last_created = max(PodCreationTimeStamp)
            by controller = ControllerName, controller_kind = ControllerKind
        | order by last_created desc, controller asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "controller": "string",
        "controller_kind": "string",
        "pods": "long",
        "first_created": "datetime",
        "last_created": "datetime",
    },
    look_for=Text(
        ko="새 ReplicaSet이면 배포, 같은 ReplicaSet이면 확장이나 재배치입니다.",
        en="A new ReplicaSet is a deployment; the same one is scaling, or pods that moved.",
    ),
)

IMAGES_PUSHED = Query(
    id="images-pushed",
    title=Text(ko="레지스트리에 올라간 이미지", en="Images pushed to the registry"),
    source=Section("9"),
    text="""
        ContainerRegistryRepositoryEvents
        | where OperationName =~ "Push"
        | summarize pushed_at = max(TimeGenerated), pushes = count() by repository = Repository, tag = Tag, who = Identity,
            result = ResultDescription
        | order by pushed_at desc, repository asc, tag asc
    """,
    columns={
        "repository": "string",
        "tag": "string",
        "who": "string",
        "result": "string",
        "pushed_at": "datetime",
        "pushes": "long",
    },
    caveat=Text(
        ko="레지스트리의 진단 설정이 있을 때만 행이 있습니다.",
        en="Has rows only once the registry has a diagnostic setting.",
    ),
    look_for=Text(
        ko="장애 직전의 태그와, 같은 태그에 다시 올린 이미지(pushes > 1)를 봅니다.",
        en="A tag from just before, and one that was pushed over (pushes above 1).",
    ),
)

AZURE_CHANGES = Query(
    id="azure-changes",
    title=Text(ko="Azure 리소스의 변경", en="Changes to Azure resources"),
    source=_FIRST_MINUTES,
    text="""
        AzureActivity
        | where CategoryValue == "Administrative"
        | where OperationNameValue endswith "/write" or OperationNameValue endswith "/delete"
            or OperationNameValue endswith "/action"
        // One change has a row for its start, its acceptance and its end.
        | summarize arg_max(TimeGenerated, ActivityStatusValue), began = min(TimeGenerated)
            by CorrelationId, operation = OperationNameValue, resource = _ResourceId, who = Caller
        | project began, operation, resource, who, state = ActivityStatusValue
        | order by began desc, operation asc, resource asc
    """,
    columns={
        "began": "datetime",
        "operation": "string",
        "resource": "string",
        "who": "string",
        "state": "string",
    },
    caveat=Text(
        ko="구독의 활동 로그를 작업 영역으로 보내는 진단 설정이 있을 때만 행이 있습니다.",
        en="Has rows only once the subscription's activity log is sent to the workspace.",
    ),
    look_for=Text(
        ko="네트워크, 데이터베이스, Key Vault, 게이트웨이의 write와 delete를 찾습니다.",
        en="A write or delete on the network, the database, the vault or the gateway.",
    ),
)

USERS_AFFECTED = Query(
    id="users-affected",
    title=Text(ko="영향받은 사용자", en="Users affected"),
    source=Section("12.2.1"),
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        // Users and sessions are counted in the rows that sampling kept, so there are at least as many.
        | summarize total = sum(ItemCount), failed_requests = sumif(ItemCount, failed),
            users_seen = dcountif(UserId, isnotempty(UserId)),
            users_hit = dcountif(UserId, failed and isnotempty(UserId)),
            sessions_hit = dcountif(SessionId, failed and isnotempty(SessionId)) by service = AppRoleName
        | where failed_requests > 0
        | project service, failed_requests, total, failed_percent = 100.0 * failed_requests / total, users_hit, users_seen,
            sessions_hit
        | order by failed_requests desc, service asc
    """,
    columns={
        "service": "string",
        "failed_requests": "long",
        "total": "long",
        "failed_percent": "real",
        "users_hit": "long",
        "users_seen": "long",
        "sessions_hit": "long",
    },
    look_for=Text(
        ko="요청 수는 샘플링을 보정한 것이고, 사용자 수는 적어도 그만큼이라는 뜻입니다. 고객 공지의 근거입니다.",
        en="Requests are corrected for sampling; users are at least that many. What a notice to customers leans on.",
    ),
)

REGIONS_AFFECTED = Query(
    id="regions-affected",
    title=Text(ko="영향받은 지역", en="Regions affected"),
    source=Section("12.2.1"),
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), failed_requests = sumif(ItemCount, failed),
            users_hit = dcountif(UserId, failed and isnotempty(UserId))
            by country = ClientCountryOrRegion, province = ClientStateOrProvince
        | where failed_requests > 0
        | project country, province, failed_requests, total, failed_percent = 100.0 * failed_requests / total, users_hit
        | order by failed_requests desc, country asc, province asc
    """,
    columns={
        "country": "string",
        "province": "string",
        "failed_requests": "long",
        "total": "long",
        "failed_percent": "real",
        "users_hit": "long",
    },
    look_for=Text(
        ko="모든 지역의 비율이 같으면 서비스, 한 지역만 높으면 그 지역의 길입니다.",
        en="The same share everywhere: the service. One region high: the way from there.",
    ),
)

NODES = Query(
    id="nodes-ready",
    title=Text(ko="노드의 준비 상태", en="Nodes ready"),
    source=Section("12.2.2"),
    text=f"""
        KubeNodeInventory
        // A node's Status lists the conditions that are true: "Ready", or "Ready,MemoryPressure", or "Unknown".
        | extend ready = Status has "Ready", pressed = Status contains "Pressure"
        | summarize good = countif(ready), bad = countif(not(ready)), pressed = countif(pressed),
            arg_max(TimeGenerated, Status) by node = Computer, pool = {POOL_OF_NODE}, bin_start = bin(TimeGenerated, bin_size)
        | extend lost_minutes = iff(good == 0, bin_size / 1m, 0.0), pressed_minutes = iff(pressed > 0, bin_size / 1m, 0.0)
        | summarize not_ready_minutes = sum(lost_minutes), pressure_minutes = sum(pressed_minutes),
            arg_max(TimeGenerated, Status) by node, pool
        | project node, pool, state = Status, not_ready_minutes, pressure_minutes, last_seen = TimeGenerated
        | order by not_ready_minutes desc, pressure_minutes desc, node asc
    """,
    params={"bin_size": _NOT_READY_FOR},
    columns={
        "node": "string",
        "pool": "string",
        "state": "string",
        "not_ready_minutes": "real",
        "pressure_minutes": "real",
        "last_seen": "datetime",
    },
    verdict=Verdict(column="not_ready_minutes", source=Section("12.2.2"), fail_above=Quantity(0, Unit.MINUTES)),
    look_for=Text(
        ko="NotReady가 5분 내내 이어진 구간만 셉니다. 그때 노드가 교체되어야 합니다. last_seen이 오래되면 사라진 노드입니다.",
        en="Only whole five minutes without Ready count, after which the node is to be replaced. An old last_seen: it is "
        "gone.",
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
