"""The four services every morning: traffic, errors, latency, dependencies, exceptions, availability, budgets."""

from alerts.services import HIGH_ERROR_RATE, SERVICE_UNAVAILABLE
from kql.pieces import EXPECTED_SERVICES
from observability.design.objectives import NEXT_PHASE, PHASE
from observability.design.services import AI, TRIP
from observability.design.telemetry import TRACING_SAMPLING
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, minutes, percent
from observability.model.verdict import Verdict
from observability.signals.services import FAILED

# Today, and yesterday to hold it against.
PACK = Pack(title=Text(ko="서비스", en="Services"), span=days(2))

# The alert has an upper limit; an alert of the model may have a lower one instead.
_ALERT_LINE = HIGH_ERROR_RATE.above or percent(100)
_GOAL = percent(Quantity(PHASE.error_rate, Unit.RATIO).to(Unit.PERCENT))
# One kept error stands for ten. In a window of fewer requests than this it would be above the alert's limit all alone
# (R32), and a morning report would fail on every quiet night.
_ONE_ERROR_IS_FINE = round(1 / TRACING_SAMPLING.rate.to(Unit.RATIO) / _ALERT_LINE.to(Unit.RATIO))
_API_LIMIT = float(PHASE.api_p95.to(Unit.MILLISECONDS))
_DAILY = Derived(
    Text(
        ko="서비스 상태와 성능 메트릭을 보는 일일 점검의 질문입니다.",
        en="A question of the daily checks of service state and performance metrics.",
    ),
    (Section("12.1.1"),),
)

TRAFFIC = Query(
    id="traffic-by-service",
    title=Text(ko="서비스별 요청량", en="Traffic by service"),
    source=_DAILY,
    text=f"""
        AppRequests
        | extend failed = {FAILED}, refused = ResultCode startswith "4"
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), client_errors = sumif(ItemCount, refused),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), service = AppRoleName
        | project TimeGenerated, service, total, per_second = total / (bin_size / 1s), errors, client_errors, p95_ms
        | order by TimeGenerated desc, service asc
    """,
    params={"bin_size": minutes(60)},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "total": "long",
        "per_second": "real",
        "errors": "long",
        "client_errors": "long",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="밤낮의 모양에서 벗어난 시간대를 찾습니다. client_errors(4xx)만 늘면 클라이언트나 배포의 변경입니다.",
        en="Hours that break the shape of day and night. Only client_errors (4xx) growing: a client, or a changed API.",
    ),
)

SEEN = Query(
    id="services-seen",
    title=Text(ko="요청이 있는 서비스", en="Services that receive requests"),
    source=Section("4.4"),
    text=f"""
        let seen = AppRequests
            | summarize requests = sum(ItemCount), last_seen = max(TimeGenerated) by service = AppRoleName;
        // Without any request of any service there is no row: then telemetry is missing, and not one service.
        let anything = AppRequests | summarize all_requests = sum(ItemCount) | where all_requests > 0 | extend one = 1;
        {EXPECTED_SERVICES}
        | extend one = 1
        | join kind=inner anything on one
        | join kind=leftouter seen on service
        | project service, total = coalesce(requests, 0), last_seen
        | order by total asc, service asc
    """,
    columns={"service": "string", "total": "long", "last_seen": "datetime"},
    verdict=Verdict(
        column="total",
        source=Derived(
            Text(
                ko="합성 점검만으로도 모든 서비스에 요청이 있어야 합니다.",
                en="The synthetic checks alone give every service requests.",
            ),
            (Section("4.4"), Section("8.1.2", reading="R4")),
        ),
        fail_below=Quantity(1, Unit.COUNT),
    ),
    look_for=Text(
        ko="0인 서비스는 멈췄거나 에이전트가 붙지 않은 것입니다.",
        en="A service at 0 is down, or its agent is not attached.",
    ),
)

ERROR_RATE = Query(
    id="error-rate-by-service",
    title=Text(ko="서비스별 오류율", en="Error rate by service"),
    source=Section("13.1.1", reading="R19"),
    text=f"""
        AppRequests
        | extend failed = {FAILED}, refused = ResultCode startswith "4"
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), client_errors = sumif(ItemCount, refused)
            by service = AppRoleName
        | where total >= floor
        | extend error_percent = 100.0 * errors / total
        | order by error_percent desc, service asc
    """,
    params={"floor": HIGH_ERROR_RATE.params["floor"]},
    columns={
        "service": "string",
        "total": "long",
        "errors": "long",
        "client_errors": "long",
        "error_percent": "real",
    },
    verdict=Verdict(
        column="error_percent",
        source=Section("8.1.2", reading="R19"),
        fail_above=HIGH_ERROR_RATE.above,
        warn_above=_GOAL,
    ),
    look_for=Text(
        ko="4xx는 오류로 세지 않습니다(R5). 기간 전체의 평균이므로 짧은 장애는 error-rate-peaks에서 봅니다.",
        en="4xx is not an error (R5). It is the mean of the whole span: error-rate-peaks shows a short incident.",
    ),
)

ERROR_PEAKS = Query(
    id="error-rate-peaks",
    title=Text(ko="오류율이 가장 높았던 구간", en="Window with the highest error rate"),
    source=Section("8.1.2", reading="R5"),
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed)
            by service = AppRoleName, TimeGenerated = bin(TimeGenerated, bin_size)
        | where total >= floor
        | extend error_percent = 100.0 * errors / total, above = 100.0 * errors / total > limit_percent
        | summarize windows = count(), windows_above = countif(above),
            arg_max(error_percent, TimeGenerated, total, errors) by service
        | project service, error_percent, at = TimeGenerated, total, errors, windows_above, windows
        | order by error_percent desc, service asc
    """,
    params={
        "bin_size": HIGH_ERROR_RATE.window,
        "floor": _ONE_ERROR_IS_FINE,
        "limit_percent": _GOAL.value,
    },
    columns={
        "service": "string",
        "error_percent": "real",
        "at": "datetime",
        "total": "long",
        "errors": "long",
        "windows_above": "long",
        "windows": "long",
    },
    verdict=Verdict(
        column="error_percent",
        source=Section("8.1.2", reading="R32"),
        fail_above=HIGH_ERROR_RATE.above,
    ),
    look_for=Text(
        ko="at에 알림이 울렸어야 합니다. 요청이 floor보다 적은 구간은 남은 오류 하나로 한계를 넘으므로 보지 않습니다(R32).",
        en="The alert should have fired at `at`. Windows with fewer requests than floor are left out: there a single kept "
        "error is above the limit (R32).",
    ),
)

API_LATENCY = Query(
    id="api-latency",
    title=Text(ko="API 응답시간", en="API response time"),
    source=Section("14"),
    text="""
        AppRequests
        | where AppRoleName != ai_role
        | summarize total = sum(ItemCount), p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95),
            p99_ms = percentilew(DurationMs, tolong(ItemCount), 99),
            slow = sumif(ItemCount, DurationMs > limit_ms)
            by service = AppRoleName
        | where total > 0
        | project service, total, p50_ms, p95_ms, p99_ms, slow_percent = 100.0 * slow / total
        | order by p95_ms desc, service asc
    """,
    params={"ai_role": AI.role, "limit_ms": _API_LIMIT},
    columns={
        "service": "string",
        "total": "long",
        "p50_ms": "real",
        "p95_ms": "real",
        "p99_ms": "real",
        "slow_percent": "real",
    },
    verdict=Verdict(column="p95_ms", source=Section("14"), fail_above=PHASE.api_p95),
    look_for=Text(
        ko="AI 서비스는 목표가 따로 있습니다(ai-latency). slow_percent는 목표보다 오래 걸린 요청의 비율입니다.",
        en="The ai service has an objective of its own (ai-latency). slow_percent is the share above the objective.",
    ),
)

OPERATIONS = Query(
    id="operations",
    title=Text(ko="작업별 요청, 오류, 응답시간", en="Traffic, errors and latency by operation"),
    source=_DAILY,
    text=f"""
        AppRequests
        | extend failed = {FAILED}
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed), busy = sum(DurationMs * ItemCount),
            p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95),
            p99_ms = percentilew(DurationMs, tolong(ItemCount), 99)
            by service = AppRoleName, operation = OperationName
        | where total > 0
        | project service, operation, total, errors, error_percent = 100.0 * errors / total, p50_ms, p95_ms, p99_ms,
            busy_seconds = busy / 1000.0
        | order by total desc, service asc, operation asc
    """,
    columns={
        "service": "string",
        "operation": "string",
        "total": "long",
        "errors": "long",
        "error_percent": "real",
        "p50_ms": "real",
        "p95_ms": "real",
        "p99_ms": "real",
        "busy_seconds": "real",
    },
    look_for=Text(
        ko="busy_seconds가 큰 작업을 빠르게 하면 모두가 빨라집니다.",
        en="The operation with the most busy_seconds is the one whose tuning everybody feels.",
    ),
)

SLOWEST = Query(
    id="slowest-operations",
    title=Text(ko="목표보다 느린 작업", en="Operations slower than the objective"),
    source=Section("14"),
    text="""
        AppRequests
        | extend limit_ms = iff(AppRoleName == ai_role, ai_limit_ms, api_limit_ms)
        | summarize total = sum(ItemCount), slow = sumif(ItemCount, DurationMs > limit_ms), limit_ms = max(limit_ms),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95), slowest_ms = max(DurationMs)
            by service = AppRoleName, operation = OperationName
        | where slow > 0
        | project service, operation, limit_ms, p95_ms, slowest_ms, slow, total, slow_percent = 100.0 * slow / total
        | order by slow desc, service asc, operation asc
        | take most
    """,
    params={
        "ai_role": AI.role,
        "api_limit_ms": _API_LIMIT,
        "ai_limit_ms": PHASE.ai_p95.to(Unit.MILLISECONDS),
        "most": 20,
    },
    columns={
        "service": "string",
        "operation": "string",
        "limit_ms": "real",
        "p95_ms": "real",
        "slowest_ms": "real",
        "slow": "long",
        "total": "long",
        "slow_percent": "real",
    },
    look_for=Text(
        ko="slow가 큰 작업부터 봅니다. 목표는 서비스의 것이며, 문서는 작업별 목표를 두지 않습니다.",
        en="Begin with the most slow requests. The limit is the service's: the document has none for single operations.",
    ),
)

DEPENDENCIES = Query(
    id="dependencies",
    title=Text(ko="의존성", en="Dependencies"),
    source=Section("8.2.2"),
    text="""
        AppDependencies
        | summarize calls = sum(ItemCount), failures = sumif(ItemCount, Success == false),
            busy = sum(DurationMs * ItemCount), p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by service = AppRoleName, type = DependencyType, target = Target
        | where calls > 0
        | project service, type, target, calls, failures, failure_percent = 100.0 * failures / calls, p50_ms, p95_ms,
            busy_seconds = busy / 1000.0
        | order by busy_seconds desc, service asc, type asc, target asc
    """,
    columns={
        "service": "string",
        "type": "string",
        "target": "string",
        "calls": "long",
        "failures": "long",
        "failure_percent": "real",
        "p50_ms": "real",
        "p95_ms": "real",
        "busy_seconds": "real",
    },
    look_for=Text(
        ko="서비스가 가장 오래 기다리는 곳과, 실패율이 0이 아닌 곳을 봅니다.",
        en="Where a service waits longest, and where failures are not 0.",
    ),
)

NEW_EXCEPTIONS = Query(
    id="new-exceptions",
    title=Text(ko="어제부터 새로 나타난 예외", en="Exceptions new since yesterday"),
    source=Derived(
        Text(
            ko="에러 로그 검토(일일 점검)에서 먼저 볼 것은 어제 없던 오류입니다.",
            en="What the daily review of error logs looks at first are errors that were not there yesterday.",
        ),
        (Section("12.1.1"),),
    ),
    text="""
        // Counted from the newest row, so that it means the same for a span of last week.
        let newest = toscalar(AppExceptions | summarize max(TimeGenerated));
        let oldest = toscalar(AppExceptions | summarize min(TimeGenerated));
        AppExceptions
        | summarize exceptions = sum(ItemCount), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(OuterMessage)
            by service = AppRoleName, type = ExceptionType, problem = ProblemId
        | where first_seen > newest - recent
        | extend hours_before = (newest - recent - oldest) / 1h
        // Without older rows everything would be new.
        | where hours_before > 0
        | project service, type, problem, exceptions, first_seen, last_seen, message, hours_before
        | order by exceptions desc, service asc, type asc, problem asc
    """,
    params={"recent": days(1)},
    columns={
        "service": "string",
        "type": "string",
        "problem": "string",
        "exceptions": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
        "hours_before": "real",
    },
    span=days(3),
    caveat=Text(
        ko="시간 범위가 recent보다 길어야 합니다. 아니면 견줄 옛 행이 없어 행이 나오지 않습니다.",
        en="The time range has to be longer than `recent`: otherwise there is nothing older to compare with, and no "
        "row is returned.",
    ),
    look_for=Text(
        ko="hours_before는 견준 옛 시간의 길이입니다. 배포와 같은 시각의 first_seen을 찾습니다.",
        en="hours_before is how much older time it was compared with. A first_seen at the time of a deployment.",
    ),
)

# A lost probe is not an outage (R4): fewer failed checks than the alert asks for count as none.
_CHECKED = """
            | where checks > 0
            | extend availability_percent = 100.0 * (checks - failed) / checks
            | extend counted_percent = iff(failed >= min_failed, availability_percent, 100.0)"""

AVAILABILITY_BY_CHECK = Query(
    id="availability-by-check",
    title=Text(ko="점검별 가용성", en="Availability by check"),
    source=Section("8.1.2", reading="R4"),
    text=f"""
        AppAvailabilityResults
        | summarize checks = sum(ItemCount), failed = sumif(ItemCount, Success == false),
            last_failure = maxif(TimeGenerated, Success == false) by check = Name
{_CHECKED}
        | project check, checks, failed, availability_percent, counted_percent, last_failure
        | order by availability_percent asc, check asc
    """,
    params={"min_failed": SERVICE_UNAVAILABLE.params["min_failed"]},
    columns={
        "check": "string",
        "checks": "long",
        "failed": "long",
        "availability_percent": "real",
        "counted_percent": "real",
        "last_failure": "datetime",
    },
    verdict=Verdict(
        column="counted_percent", source=Section("8.1.2", reading="R4"), fail_below=SERVICE_UNAVAILABLE.below
    ),
    look_for=Text(
        ko="counted_percent는 실패가 min_failed보다 적으면 100입니다. 점검 하나를 잃은 것은 장애가 아닙니다(R4).",
        en="counted_percent is 100 below min_failed failures: one lost probe is no outage (R4).",
    ),
)

AVAILABILITY_BY_LOCATION = Query(
    id="availability-by-location",
    title=Text(ko="위치별 가용성", en="Availability by location"),
    source=Section("8.1.2", reading="R4"),
    text="""
        AppAvailabilityResults
        | summarize checks = sum(ItemCount), failed = sumif(ItemCount, Success == false),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95), last_failure = maxif(TimeGenerated, Success == false)
            by check = Name, location = Location
        | where checks > 0
        | project check, location, checks, failed, availability_percent = 100.0 * (checks - failed) / checks, p95_ms,
            last_failure
        | order by availability_percent asc, check asc, location asc
    """,
    columns={
        "check": "string",
        "location": "string",
        "checks": "long",
        "failed": "long",
        "availability_percent": "real",
        "p95_ms": "real",
        "last_failure": "datetime",
    },
    look_for=Text(
        ko="한 위치만 낮으면 그 위치에서 오는 길, 모두 낮으면 서비스입니다.",
        en="One location low: the way from there. All of them: the service.",
    ),
)

THROUGHPUT = Query(
    id="throughput",
    title=Text(ko="처리량과 목표", en="Throughput against the goals"),
    source=Section("13.1.1"),
    text="""
        AppRequests
        | summarize total = sum(ItemCount) by TimeGenerated = bin(TimeGenerated, bin_size)
        | where total > 0
        | extend per_second = total / (bin_size / 1s)
        | summarize bins = count(), sum_per_second = sum(per_second), arg_max(per_second, TimeGenerated)
        | where bins > 0
        | extend mean_per_second = sum_per_second / bins
        | project peak_per_second = per_second, at = TimeGenerated, mean_per_second, goal_per_second, next_per_second,
            of_goal_percent = 100.0 * per_second / goal_per_second
    """,
    params={
        "bin_size": minutes(5),
        "goal_per_second": float(PHASE.throughput.to(Unit.PER_SECOND)),
        "next_per_second": float(NEXT_PHASE.throughput.to(Unit.PER_SECOND)),
    },
    columns={
        "peak_per_second": "real",
        "at": "datetime",
        "mean_per_second": "real",
        "goal_per_second": "real",
        "next_per_second": "real",
        "of_goal_percent": "real",
    },
    verdict=Verdict(
        column="of_goal_percent",
        source=Derived(
            Text(
                ko=f"{PHASE.number}단계는 이 처리량까지 설계되었습니다. 그보다 많으면 용량 계획을 앞당깁니다.",
                en=f"Phase {PHASE.number} is built for this much. Above it the capacity plan is due earlier.",
            ),
            (Section("13.1.1"),),
        ),
        warn_above=percent(100),
    ),
    look_for=Text(
        ko="가장 바쁜 5분의 초당 요청입니다. 목표보다 적은 것은 문제가 아닙니다.",
        en="Requests a second in the busiest five minutes. Fewer than the goal is no problem.",
    ),
)

ERROR_LOGS = Query(
    id="error-log-volume",
    title=Text(ko="에러 로그의 양", en="Volume of error logs"),
    source=Section("12.1.1"),
    text="""
        let requests = toscalar(AppRequests | summarize sum(ItemCount));
        ContainerLogV2
        | where PodNamespace == namespace
        | summarize lines = count(), errors = countif(LogLevel in~ ("error", "critical")) by container = ContainerName
        | extend requests = coalesce(tolong(requests), 0)
        | where requests > 0
        | project container, errors, lines, requests, error_percent = 100.0 * errors / requests
        | order by errors desc, container asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "container": "string",
        "errors": "long",
        "lines": "long",
        "requests": "long",
        "error_percent": "real",
    },
    verdict=Verdict(
        column="error_percent",
        source=Derived(
            Text(
                ko="문서에 로그의 한계는 없습니다. 요청에 대한 에러 로그의 비율을 오류율 목표와 견줍니다.",
                en="The document has no limit for logs: error lines per request are held against the error objective.",
            ),
            (Section("12.1.1"), Section("13.1.1", reading="R19")),
        ),
        warn_above=_GOAL,
    ),
    look_for=Text(
        ko="에러 로그는 샘플링되지 않습니다. 요청 오류율보다 크면 사용자가 보지 못한 오류나 시끄러운 로그입니다.",
        en="Container logs are not sampled. More error lines than failed requests: hidden errors, or noise.",
    ),
)

ERROR_MESSAGES = Query(
    id="error-messages",
    title=Text(ko="가장 많은 에러 로그", en="Most frequent error lines"),
    source=Section("12.1.1"),
    text="""
        ContainerLogV2
        | where PodNamespace == namespace and LogLevel in~ ("error", "critical")
        | extend line = tostring(LogMessage)
        // Numbers and ids differ in each line; what is left is the kind of line.
        | extend pattern = substring(replace_regex(line, @"[0-9a-fA-F]*[0-9][0-9a-fA-F-]*", "#"), 0, 160)
        | summarize times = count(), pods = dcount(PodName), first_seen = min(TimeGenerated),
            last_seen = max(TimeGenerated), example = take_any(line) by container = ContainerName, pattern
        | order by times desc, container asc, pattern asc
        | take most
    """,
    params={"namespace": TRIP.namespace, "most": 30},
    columns={
        "container": "string",
        "pattern": "string",
        "times": "long",
        "pods": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "example": "string",
    },
    look_for=Text(ko="새로 나타난 종류와 갑자기 늘어난 종류를 봅니다.", en="Kinds that are new, or suddenly many."),
)
