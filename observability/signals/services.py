"""The four services: the golden signals, from the requests that users make and from synthetic checks."""

from observability.design.services import AI, SERVICES, TRIP
from observability.model.query import Kql
from observability.model.signal import Instrument, InstrumentKind, PlatformMetric, PromQL, Signal, selector
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

NAMESPACE = TRIP.namespace
ROLES = tuple(service.role for service in SERVICES)

# A request that ended in 5xx or got no answer (result code empty or 0). App Insights itself also counts 4xx as
# failed, which would page for somebody's typing errors.
FAILED = 'Success == false and (ResultCode startswith "5" or ResultCode in ("", "0"))'

HTTP_REQUESTS = Instrument(
    name="tripgen_http_requests_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(ko="서비스가 답한 HTTP 요청, 결과별.", en="HTTP requests that the service answered, by outcome."),
    source=Section("3.3.2"),
    labels=("service", "outcome"),
)

HTTP_SECONDS = Instrument(
    name="tripgen_http_request_seconds_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.SECONDS,
    help=Text(
        ko="서비스가 HTTP 요청에 답하는 데 쓴 시간의 합, 결과별.",
        en="Time that the service took to answer HTTP requests, added up, by outcome.",
    ),
    source=Section("3.3.2"),
    labels=("service", "outcome"),
)

CLIENT_REQUESTS = Instrument(
    name="tripgen_http_client_requests_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.COUNT,
    help=Text(
        ko="서비스가 다른 호스트에 보낸 HTTP 요청, 결과별.",
        en="HTTP requests that the service made, by host and outcome.",
    ),
    source=Section("8.2.2"),
    labels=("service", "client", "outcome"),
)

CLIENT_SECONDS = Instrument(
    name="tripgen_http_client_request_seconds_total",
    kind=InstrumentKind.COUNTER,
    unit=Unit.SECONDS,
    help=Text(
        ko="서비스가 다른 호스트의 답을 기다린 시간의 합, 결과별.",
        en="Time that the service waited for other hosts, added up, by host and outcome.",
    ),
    source=Section("8.2.2"),
    labels=("service", "client", "outcome"),
)

ACTIVE_CONNECTIONS = Instrument(
    name="tripgen_active_connections",
    kind=InstrumentKind.GAUGE,
    unit=Unit.CONNECTIONS,
    help=Text(ko="서비스가 처리 중인 연결 수.", en="Connections that the service is working on."),
    source=Section("3.3.2"),
    labels=("service",),
)

SERVICE_UP = Instrument(
    name="tripgen_service_up",
    kind=InstrumentKind.GAUGE,
    unit=Unit.COUNT,
    help=Text(
        ko="서비스의 /actuator/health가 UP이면 1, 아니면 0.", en="1 if the service says UP at /actuator/health, else 0."
    ),
    source=Section("10.1.2"),
    labels=("service",),
)

CLIENT_DURATION = Signal(
    name="http_client_duration",
    title=Text(ko="호출 평균 시간", en="Mean duration of calls"),
    unit=Unit.SECONDS,
    help=Text(
        ko="서비스가 부르는 호스트별 평균 호출 시간. 백분위는 외부 API 지연에 있습니다.",
        en="Mean duration of each service's calls, by host. Percentiles are in the latency of external APIs.",
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr=(
            f"sum by (service, client) (rate({CLIENT_SECONDS.name}[$window]))"
            f" / sum by (service, client) (rate({CLIENT_REQUESTS.name}[$window]))"
        ),
        by=("service", "client"),
    ),
)

AVAILABILITY = Signal(
    name="availability",
    title=Text(ko="가용성", en="Availability"),
    unit=Unit.PERCENT,
    help=Text(
        ko="공개 엔드포인트별 합성 점검 중 성공한 비율.",
        en="Share of the synthetic checks of each public endpoint that succeeded.",
    ),
    source=Section("8.1.2", reading="R4"),
    kql=Kql(
        rows="AppAvailabilityResults",
        summarize="checks = sum(ItemCount), failed = sumif(ItemCount, Success == false)",
        by={"check": "Name"},
        result="""
            | where checks > 0 and failed >= min_failed
            | extend value = 100.0 * (checks - failed) / checks
        """,
        params={"min_failed": 0},
        floors=("min_failed",),
    ),
    metric=PlatformMetric(
        resource="checks_insights",
        metric="availabilityResults/availabilityPercentage",
        aggregation="Average",
        by={"check": "availabilityResult/name"},
    ),
)

ERROR_RATE = Signal(
    name="error_rate",
    title=Text(ko="오류율", en="Error rate"),
    unit=Unit.PERCENT,
    help=Text(
        ko="5xx로 끝났거나 응답이 없는 요청의 비율(샘플링 가중치 ItemCount 적용).",
        en="Share of requests that ended in 5xx or without an answer, weighed with ItemCount.",
    ),
    source=Section("8.1.2", reading="R5"),
    kql=Kql(
        rows=f"""
            AppRequests
            | extend failed = {FAILED}
        """,
        summarize="total = sum(ItemCount), bad = sumif(ItemCount, failed)",
        by={"service": "AppRoleName"},
        result="""
            | where total >= floor
            | extend value = 100.0 * bad / total
        """,
        params={"floor": 1},
        floors=("floor",),
    ),
)

REQUEST_RATE = Signal(
    name="request_rate",
    title=Text(ko="요청량", en="Request rate"),
    unit=Unit.PER_SECOND,
    help=Text(ko="서비스별 초당 요청 수(샘플링 보정).", en="Requests a second by service, corrected for sampling."),
    source=Section("13.1.1"),
    kql=Kql(
        rows="AppRequests",
        summarize="total = sum(ItemCount)",
        by={"service": "AppRoleName"},
        result="| extend value = todouble(total) / (bin_size / 1s)",
    ),
)

LATENCY_P95 = Signal(
    name="request_duration_p95",
    title=Text(ko="응답시간 p95", en="Response time p95"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="서비스별 요청 응답시간의 95 백분위(샘플링 보정).",
        en="95th percentile of request duration by service, corrected for sampling.",
    ),
    source=Section("14"),
    kql=Kql(
        rows="AppRequests",
        summarize="value = percentilew(DurationMs, tolong(ItemCount), 95)",
        by={"service": "AppRoleName"},
    ),
)

API_LATENCY_P95 = Signal(
    name="api_duration_p95",
    title=Text(ko="API 응답시간 p95", en="API response time p95"),
    unit=Unit.MILLISECONDS,
    help=Text(
        ko="AI 서비스를 뺀 서비스별 요청 응답시간의 95 백분위(샘플링 보정). AI 일정 생성은 목표가 따로 있습니다.",
        en="95th percentile of request duration by service without the ai service, which has an objective of its own; "
        "corrected for sampling.",
    ),
    source=Section("14"),
    kql=Kql(
        rows="""
            AppRequests
            | where AppRoleName != ai_role
        """,
        summarize="value = percentilew(DurationMs, tolong(ItemCount), 95)",
        by={"service": "AppRoleName"},
        params={"ai_role": AI.role},
    ),
)

# cadvisor also reports the pod's own cgroup (no container name) and the pause container.
_REAL = {"container": ""}
_CPU = selector("container_cpu_usage_seconds_total", but=_REAL, namespace=NAMESPACE)
_CPU_LIMIT = selector("kube_pod_container_resource_limits", namespace=NAMESPACE, resource="cpu")
_MEMORY = selector("container_memory_working_set_bytes", but=_REAL, namespace=NAMESPACE)
_MEMORY_LIMIT = selector("kube_pod_container_resource_limits", namespace=NAMESPACE, resource="memory")

CPU_OF_LIMIT = Signal(
    name="service_cpu_of_limit",
    title=Text(ko="CPU 포화도", en="CPU saturation"),
    unit=Unit.PERCENT,
    help=Text(
        ko="컨테이너별 CPU 사용량 / CPU 제한, 가장 높은 Pod 기준.",
        en="CPU used of the CPU limit, the worst pod of each container.",
    ),
    source=Section("3.3.1"),
    promql=PromQL(
        expr=(
            f"100 * max by (container) (sum by (pod, container) (rate({_CPU}[$window]))"
            f" / sum by (pod, container) ({_CPU_LIMIT}))"
        ),
        by=("container",),
    ),
)

MEMORY_OF_LIMIT = Signal(
    name="service_memory_of_limit",
    title=Text(ko="메모리 포화도", en="Memory saturation"),
    unit=Unit.PERCENT,
    help=Text(
        ko="컨테이너별 메모리 사용량 / 메모리 제한, 가장 높은 Pod 기준.",
        en="Memory used of the memory limit, the worst pod of each container.",
    ),
    source=Section("3.3.1"),
    promql=PromQL(
        expr=(
            f"100 * max by (container) (sum by (pod, container) ({_MEMORY})"
            f" / sum by (pod, container) ({_MEMORY_LIMIT}))"
        ),
        by=("container",),
    ),
)

EXCEPTIONS = Signal(
    name="exception_count",
    title=Text(ko="예외", en="Exceptions"),
    unit=Unit.COUNT,
    help=Text(ko="서비스별 예외 수(샘플링 보정).", en="Exceptions by service, corrected for sampling."),
    source=Derived(
        Text(ko="오류 로그 검토(일일 점검)를 그래프로 봅니다.", en="Shows the daily review of error logs as a chart."),
        (Section("12.1.1"),),
    ),
    kql=Kql(
        rows="AppExceptions",
        summarize="total = sum(ItemCount)",
        by={"service": "AppRoleName"},
        result="| extend value = todouble(total)",
    ),
)
