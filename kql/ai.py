"""The ai service: how long itineraries take, what it waits for, and why it fails."""

from alerts.ai import AI_RESPONSE_TIME_EXCEEDED
from kql.pieces import CALLS_A_SERVICE
from observability.design.data import SERVICE_BUS
from observability.design.objectives import PHASE
from observability.design.operations import AUTO_RECOVERY, HEALTH_CHECK
from observability.design.services import AI
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Param, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit, minutes
from observability.model.verdict import Verdict
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="AI 서비스", en="AI service"))

_BREAKER = next(each for each in AUTO_RECOVERY if each.key == "circuit_breaker")
_QUEUE = next(queue.name for queue in SERVICE_BUS.queues if queue.name.startswith(AI.key))
_LIMIT_SECONDS = float(PHASE.ai_p95.to(Unit.SECONDS))

# Health checks answer in milliseconds, five in a minute, and would hide slow itineraries in any percentile.
_WORK = """AppRequests
        | where AppRoleName == ai_role and not(OperationName contains health_path or Url contains health_path)"""
_PARAMS: dict[str, Param] = {"ai_role": AI.role, "health_path": HEALTH_CHECK.path}

# Calls over HTTP that leave the cluster: the model providers. Stores and the broker are dependencies of other types.
_PROVIDERS = f"""AppDependencies
        | where AppRoleName == ai_role and DependencyType startswith "HTTP" and not({CALLS_A_SERVICE})
        | extend timed_out = Success == false and (ResultCode in ("", "0", "408", "504") or DurationMs >= timeout_ms)"""
_PROVIDER_PARAMS: dict[str, Param] = {
    "ai_role": AI.role,
    # The document gives providers no timeout of their own; longer than an itinerary may take is too long.
    "timeout_ms": PHASE.ai_p95.to(Unit.MILLISECONDS),
}

LATENCY = Query(
    id="ai-latency",
    title=Text(ko="AI 응답시간", en="Response time of the ai service"),
    source=Section("14"),
    text=f"""
        {_WORK}
        | extend seconds = DurationMs / 1000.0
        | summarize total = sum(ItemCount), p50_seconds = percentilew(seconds, tolong(ItemCount), 50),
            p95_seconds = percentilew(seconds, tolong(ItemCount), 95),
            p99_seconds = percentilew(seconds, tolong(ItemCount), 99),
            slow = sumif(ItemCount, seconds > limit_seconds)
            by service = AppRoleName
        | where total > 0
        | project service, total, p50_seconds, p95_seconds, p99_seconds, slow_percent = 100.0 * slow / total
        | order by service asc
    """,
    params={**_PARAMS, "limit_seconds": _LIMIT_SECONDS},
    columns={
        "service": "string",
        "total": "long",
        "p50_seconds": "real",
        "p95_seconds": "real",
        "p99_seconds": "real",
        "slow_percent": "real",
    },
    verdict=Verdict(
        column="p95_seconds", source=Section("8.1.2", reading="R2"), fail_above=AI_RESPONSE_TIME_EXCEEDED.above
    ),
    look_for=Text(
        ko="상태 점검은 빼고 잽니다. 요청이 적으면 느린 한 건이 p95입니다(R33): total을 함께 봅니다.",
        en="Health checks are left out. With few requests one slow one is the p95 (R33): look at total too.",
    ),
)

OVER_TIME = Query(
    id="ai-latency-over-time",
    title=Text(ko="시간대별 AI 응답시간", en="Response time of the ai service over time"),
    source=Section("8.1.2", reading="R2"),
    text=f"""
        {_WORK}
        | extend failed = {FAILED}, seconds = DurationMs / 1000.0
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed),
            p50_seconds = percentilew(seconds, tolong(ItemCount), 50),
            p95_seconds = percentilew(seconds, tolong(ItemCount), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size)
        | order by TimeGenerated desc
    """,
    params={**_PARAMS, "bin_size": minutes(15)},
    columns={
        "TimeGenerated": "datetime",
        "total": "long",
        "errors": "long",
        "p50_seconds": "real",
        "p95_seconds": "real",
    },
    look_for=Text(
        ko="p50과 p95가 함께 오르면 모델 제공자나 대기열, p95만이면 일부 요청입니다.",
        en="p50 and p95 rising together: the provider or the queue. Only p95: some requests.",
    ),
)

OPERATIONS = Query(
    id="ai-operations",
    title=Text(ko="AI 서비스의 작업", en="Operations of the ai service"),
    source=Section("8.2.2"),
    text=f"""
        {_WORK}
        | extend failed = {FAILED}, seconds = DurationMs / 1000.0
        | summarize total = sum(ItemCount), errors = sumif(ItemCount, failed),
            p50_seconds = percentilew(seconds, tolong(ItemCount), 50),
            p95_seconds = percentilew(seconds, tolong(ItemCount), 95), slowest_seconds = max(seconds)
            by operation = OperationName
        | where total > 0
        | project operation, total, errors, error_percent = 100.0 * errors / total, p50_seconds, p95_seconds,
            slowest_seconds
        | order by p95_seconds desc, operation asc
    """,
    params=_PARAMS,
    columns={
        "operation": "string",
        "total": "long",
        "errors": "long",
        "error_percent": "real",
        "p50_seconds": "real",
        "p95_seconds": "real",
        "slowest_seconds": "real",
    },
    look_for=Text(
        ko="일정 생성만 느린지, 조회도 느린지 봅니다.",
        en="Whether only making itineraries is slow, or reading them too.",
    ),
)

ITINERARY_METRIC = Query(
    id="itinerary-time",
    title=Text(ko="일정이 완성될 때까지의 시간", en="Time to the finished itinerary"),
    source=Section("8.2.2"),
    text="""
        AppMetrics
        | where Name == metric_name
        // Here ItemCount is how many measurements a row holds, and no sampling weight.
        | summarize itineraries = sum(ItemCount), seconds = sum(Sum), slowest = max(Max)
            by TimeGenerated = bin(TimeGenerated, bin_size)
        | where itineraries > 0
        | project TimeGenerated, itineraries, mean_seconds = seconds / itineraries, slowest_seconds = slowest
        | order by TimeGenerated desc
    """,
    params={"metric_name": "ai_response_time", "bin_size": minutes(15)},
    columns={
        "TimeGenerated": "datetime",
        "itineraries": "long",
        "mean_seconds": "real",
        "slowest_seconds": "real",
    },
    caveat=Text(
        ko="exporter가 사용자 지정 메트릭을 이 구성 요소로 보낼 때만 행이 있습니다. p95는 Prometheus가 갖고 있습니다(R2).",
        en="Has rows only once the exporter sends custom metrics to this component. Prometheus has the p95 (R2).",
    ),
    look_for=Text(
        ko="HTTP 응답시간과 달리 대기열에서 기다린 시간도 들어 있습니다. 샘플링되지 않습니다.",
        en="Unlike the HTTP duration it holds the wait in the queue too, and is not sampled.",
    ),
)

PROVIDERS = Query(
    id="model-providers",
    title=Text(ko="모델 제공자 호출", en="Calls to model providers"),
    source=Section("12.2.2"),
    text=f"""
        {_PROVIDERS}
        | summarize calls = sum(ItemCount), failures = sumif(ItemCount, Success == false),
            timeouts = sumif(ItemCount, timed_out), throttled = sumif(ItemCount, ResultCode == "429"),
            p50_ms = percentilew(DurationMs, tolong(ItemCount), 50),
            p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by target = Target
        | where calls > 0
        | project target, calls, failures, failure_percent = 100.0 * failures / calls, timeouts, throttled, p50_ms, p95_ms
        | order by failure_percent desc, target asc
    """,
    params=_PROVIDER_PARAMS,
    columns={
        "target": "string",
        "calls": "long",
        "failures": "long",
        "failure_percent": "real",
        "timeouts": "long",
        "throttled": "long",
        "p50_ms": "real",
        "p95_ms": "real",
    },
    verdict=Verdict(column="failure_percent", source=Section("12.2.2"), fail_above=_BREAKER.threshold),
    look_for=Text(
        ko="실패율이 이 한계를 넘으면 서킷 브레이커가 호출을 막습니다. throttled(429)는 할당량입니다.",
        en="Above this limit the circuit breaker stops the calls. throttled (429) is the quota.",
    ),
)

TIMEOUTS = Query(
    id="model-timeouts",
    title=Text(ko="시간대별 모델 호출 시간 초과", en="Timeouts of model calls over time"),
    source=Section("8.2.2"),
    text=f"""
        {_PROVIDERS}
        | summarize calls = sum(ItemCount), timeouts = sumif(ItemCount, timed_out),
            throttled = sumif(ItemCount, ResultCode == "429"), p95_ms = percentilew(DurationMs, tolong(ItemCount), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), target = Target
        | where timeouts > 0 or throttled > 0
        | project TimeGenerated, target, calls, timeouts, throttled, timeout_percent = 100.0 * timeouts / calls, p95_ms
        | order by TimeGenerated desc, target asc
    """,
    params={**_PROVIDER_PARAMS, "bin_size": minutes(5)},
    columns={
        "TimeGenerated": "datetime",
        "target": "string",
        "calls": "long",
        "timeouts": "long",
        "throttled": "long",
        "timeout_percent": "real",
        "p95_ms": "real",
    },
    look_for=Text(
        ko="언제 시작되었는지, 한 제공자만인지 봅니다. 성공한 느린 호출은 시간 초과로 세지 않습니다.",
        en="Since when, and whether one provider only. A slow call that succeeded is no timeout.",
    ),
)

FAILURES = Query(
    id="ai-failures-by-reason",
    title=Text(ko="AI 서비스의 실패 이유", en="Why requests of the ai service fail"),
    source=Section("12.2.1"),
    text=f"""
        let broken_calls = AppDependencies
            | where AppRoleName == ai_role and Success == false
            // Of several failed calls of one request, the one that took longest.
            | summarize arg_max(DurationMs, Target, DependencyType, ResultCode) by OperationId
            | project OperationId, target = Target, call_type = DependencyType, code = ResultCode, call_ms = DurationMs;
        {_WORK}
        | extend failed = {FAILED}
        | where failed
        | project TimeGenerated, OperationId, ItemCount, request_code = ResultCode
        | join kind=leftouter broken_calls on OperationId
        | extend reason = case(
            isempty(target), "the service itself",
            code == "429", "provider quota",
            call_type startswith "HTTP" and (code in ("", "0", "408", "504") or call_ms >= timeout_ms), "provider timeout",
            call_type startswith "HTTP", "provider error",
            call_type has "SQL" or call_type has "postgresql", "database",
            call_type has "redis", "cache",
            call_type contains "bus", "queue",
            "other dependency")
        | summarize failures = sum(ItemCount), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated)
            by reason, target, code, request_code
        | order by failures desc, reason asc, target asc, code asc, request_code asc
    """,
    params={**_PARAMS, "timeout_ms": PHASE.ai_p95.to(Unit.MILLISECONDS)},
    columns={
        "reason": "string",
        "target": "string",
        "code": "string",
        "request_code": "string",
        "failures": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="'the service itself'는 실패한 호출이 없는 요청입니다: ai-service의 예외와 로그를 봅니다.",
        en="'the service itself' had no failed call: look at the exceptions and logs of ai-service.",
    ),
)

QUEUE_WAIT = Query(
    id="ai-queue-wait",
    title=Text(ko="대기열에서 기다린 시간", en="Time spent in the queue"),
    source=Section("6.1.2"),
    text="""
        AppRequests
        | where AppRoleName == ai_role
        // The agent measures how long a message lay in the queue before it was taken.
        | extend waited_seconds = todouble(Measurements.timeSinceEnqueued) / 1000.0
        | where isnotnull(waited_seconds)
        | summarize messages = sum(ItemCount), p50_seconds = percentilew(waited_seconds, tolong(ItemCount), 50),
            p95_seconds = percentilew(waited_seconds, tolong(ItemCount), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), operation = OperationName
        | order by TimeGenerated desc, operation asc
    """,
    params={"ai_role": AI.role, "bin_size": minutes(15)},
    columns={
        "TimeGenerated": "datetime",
        "operation": "string",
        "messages": "long",
        "p50_seconds": "real",
        "p95_seconds": "real",
    },
    caveat=Text(
        ko="에이전트가 메시지 처리에 timeSinceEnqueued를 적을 때만 행이 있습니다. 대기열의 길이는 ai-queue-length가 봅니다.",
        en="Has rows only where the agent writes timeSinceEnqueued for messages it takes. ai-queue-length has the length.",
    ),
    look_for=Text(
        ko="기다린 시간이 늘면 Pod가 모자라거나 모델이 느린 것입니다.",
        en="A growing wait: too few pods, or a slow model.",
    ),
)

QUEUE_LENGTH = MetricQuery(
    id="ai-queue-length",
    title=Text(ko="일정 생성 대기열의 길이", en="Length of the itinerary queue"),
    metric=PlatformMetric(
        resource="service_bus",
        metric="ActiveMessages",
        aggregation="Average",
        by={"entity": "EntityName"},
        only={"EntityName": _QUEUE},
    ),
    grain=minutes(5),
    source=Section("3.3.2"),
    verdict=Verdict(
        column="average",
        source=Derived(
            Text(
                ko="이 길이부터 HPA가 Pod를 늘립니다. 평균이 그보다 길면 늘려도 따라잡지 못한 것입니다.",
                en="Above this length the autoscaler adds pods. A longer mean says that adding did not catch up.",
            ),
            (Section("3.3.2"),),
        ),
        warn_above=AI.hpa.custom.above,
    ),
    look_for=Text(
        ko="평균이 길면 AI 서비스가 처리하는 것보다 많이 들어오고 있습니다.",
        en="A long mean: more comes in than the ai service can take.",
    ),
)
