"""What costs: telemetry by table and container, and nodes against what runs on them. Amounts, no prices."""

from kql.pieces import EXPECTED_SERVICES, NODE_SHARES, POOL_OF_NODE, SERVICE_OF_POD
from observability.design.objectives import PERIOD
from observability.design.operations import COSTS
from observability.design.platform import APPLICATION_POOL
from observability.design.services import TRIP
from observability.design.telemetry import WORKSPACE
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit, days, hours, minutes
from observability.model.verdict import Verdict

# Day and night, working days and the weekend.
PACK = Pack(title=Text(ko="비용", en="Cost"), span=days(7))

_MONITORING = COSTS["monitoring"]
_SIZING = Derived(
    Text(
        ko="Right-sizing(실제 사용량 기반 조정)에 필요한 비교입니다.",
        en="The comparison that right-sizing by actual use needs.",
    ),
    (Section("11.1.2"), Section("3.3.1")),
)
# The month of the objectives.
_DAYS_OF_MONTH = PERIOD / days(1)

VOLUME_MONTH = Query(
    id="volume-month",
    title=Text(ko="테이블별 월간 수집량 추정", en="Volume of a month by table, extrapolated"),
    source=Section("11.1.1", reading="R18"),
    text="""
        let hours_seen = toscalar(Usage | summarize dcount(bin(TimeGenerated, 1h)));
        Usage
        | where IsBillable == true
        | summarize gigabytes = sum(Quantity) / 1000.0 by table_name = DataType
        | extend days_seen = todouble(hours_seen) / 24.0
        | where days_seen > 0
        | project table_name, gigabytes, gigabytes_a_day = gigabytes / days_seen,
            gigabytes_a_month = gigabytes / days_seen * days_of_month
        | order by gigabytes_a_month desc, table_name asc
    """,
    params={"days_of_month": _DAYS_OF_MONTH},
    columns={
        "table_name": "string",
        "gigabytes": "real",
        "gigabytes_a_day": "real",
        "gigabytes_a_month": "real",
    },
    look_for=Text(
        ko="큰 테이블부터 줄입니다. 밤낮이 고르게 들어가도록 시간 범위를 하루의 배수로 둡니다.",
        en="Begin with the largest. Set the time range to whole days, so that day and night are both in it.",
    ),
)

VOLUME_TOTAL = Query(
    id="volume-month-total",
    title=Text(ko="월간 수집량과 한도", en="Volume of a month against what the cap lets in"),
    source=Section("11.1.1", reading="R18"),
    text="""
        let hours_seen = toscalar(Usage | summarize dcount(bin(TimeGenerated, 1h)));
        Usage
        | where IsBillable == true
        | summarize gigabytes = sum(Quantity) / 1000.0
        | extend days_seen = todouble(hours_seen) / 24.0
        | where days_seen > 0 and gigabytes > 0
        | extend gigabytes_a_month = gigabytes / days_seen * days_of_month
        | project days_seen, gigabytes_a_day = gigabytes / days_seen, gigabytes_a_month,
            of_cap_percent = 100.0 * (gigabytes / days_seen) / cap_gigabytes, budget_usd,
            break_even_usd = budget_usd / gigabytes_a_month
    """,
    params={
        "days_of_month": _DAYS_OF_MONTH,
        "cap_gigabytes": float(WORKSPACE.daily_cap.to(Unit.GIGABYTES)),
        "budget_usd": float(_MONITORING.monthly.to(Unit.USD)),
    },
    columns={
        "days_seen": "real",
        "gigabytes_a_day": "real",
        "gigabytes_a_month": "real",
        "of_cap_percent": "real",
        "budget_usd": "real",
        "break_even_usd": "real",
    },
    verdict=Verdict(column="gigabytes_a_day", source=Section("8.1.1", reading="R18"), fail_above=WORKSPACE.daily_cap),
    look_for=Text(
        ko="break_even_usd는 예산이 맞으려면 1 GB가 많아야 얼마여야 하는지입니다. 실제 단가가 더 높으면 예산을 넘습니다.",
        en="break_even_usd is what a GB may cost at most for the budget to hold. A higher price breaks the budget.",
    ),
)

VOLUME_GROWTH = Query(
    id="volume-growth",
    title=Text(ko="늘어난 테이블", en="Tables that grew"),
    source=Section("11.1.2"),
    text="""
        let newest = toscalar(Usage | summarize max(TimeGenerated));
        let oldest = toscalar(Usage | summarize min(TimeGenerated));
        Usage
        | where IsBillable == true
        | extend later = TimeGenerated > newest - recent
        | summarize recent_gigabytes = sumif(Quantity, later) / 1000.0, before_gigabytes = sumif(Quantity, not(later)) / 1000.0
            by table_name = DataType
        | extend recent_days = recent / 1d, before_days = (newest - recent - oldest) / 1d
        | where before_days > 0
        | extend recent_a_day = recent_gigabytes / recent_days, before_a_day = before_gigabytes / before_days
        | project table_name, before_a_day, recent_a_day, grown_a_day = recent_a_day - before_a_day
        | order by grown_a_day desc, table_name asc
    """,
    params={"recent": hours(24)},
    columns={
        "table_name": "string",
        "before_a_day": "real",
        "recent_a_day": "real",
        "grown_a_day": "real",
    },
    span=days(8),
    caveat=Text(
        ko="시간 범위가 recent보다 길어야 합니다. 아니면 견줄 옛 행이 없어 행이 나오지 않습니다.",
        en="The time range has to be longer than `recent`: otherwise there is nothing older to compare with, and no "
        "row is returned.",
    ),
    look_for=Text(
        ko="배포나 설정 변경 뒤에 늘어난 테이블을 찾습니다. 단위는 하루 GB입니다.",
        en="A table that grew after a deployment or a changed setting. In GB a day.",
    ),
)

LOGGING_CONTAINERS = Query(
    id="log-lines-by-container",
    title=Text(ko="로그를 많이 쓰는 컨테이너", en="Containers that write most logs"),
    source=Section("11.1.2"),
    text="""
        ContainerLogV2
        | extend length = strlen(tostring(LogMessage))
        | summarize lines = count(), characters = sum(length), debug_lines = countif(LogLevel in~ ("debug", "trace"))
            by namespace_name = PodNamespace, container = ContainerName
        | where lines > 0
        | project namespace_name, container, lines, debug_lines, megabytes = characters / 1000000.0,
            characters_a_line = todouble(characters) / lines
        | order by megabytes desc, namespace_name asc, container asc
    """,
    columns={
        "namespace_name": "string",
        "container": "string",
        "lines": "long",
        "debug_lines": "long",
        "megabytes": "real",
        "characters_a_line": "real",
    },
    look_for=Text(
        ko="운영에서 debug_lines가 있으면 로그 수준을 낮춥니다. megabytes는 줄의 글자만 세므로 과금보다 작습니다.",
        en="debug_lines in production: raise the level. megabytes counts the lines' characters only, less than is billed.",
    ),
)

REQUESTS_PER_NODE = Query(
    id="requests-per-node",
    title=Text(ko="노드당 요청", en="Requests per node"),
    source=_SIZING,
    text=f"""
        let nodes = KubeNodeInventory
            | extend pool = {POOL_OF_NODE}
            | where pool == pool_name
            | summarize nodes = dcount(Computer) by TimeGenerated = bin(TimeGenerated, bin_size);
        AppRequests
        | summarize total = sum(ItemCount) by TimeGenerated = bin(TimeGenerated, bin_size)
        | join kind=inner nodes on TimeGenerated
        | where nodes > 0
        | project TimeGenerated, nodes, per_second = total / (bin_size / 1s),
            per_second_a_node = total / (bin_size / 1s) / nodes
        | order by TimeGenerated desc
    """,
    params={"pool_name": APPLICATION_POOL.key, "bin_size": hours(1)},
    columns={
        "TimeGenerated": "datetime",
        "nodes": "long",
        "per_second": "real",
        "per_second_a_node": "real",
    },
    look_for=Text(
        ko="밤에 노드당 요청이 크게 줄면 노드가 함께 줄지 않는 것입니다(최소 6개까지).",
        en="Far fewer requests a node at night: the nodes do not shrink with them (down to their minimum).",
    ),
)

POOL_IDLE = Query(
    id="node-pool-idle",
    title=Text(ko="노드 풀의 놀고 있는 용량", en="Idle capacity of node pools"),
    source=Section("11.2.1"),
    text=f"""{NODE_SHARES}
        | summarize nodes = dcount(node), cpu_used = sum(cpu_used), cpu = sum(cpu), memory_used = sum(memory_used),
            memory = sum(memory) by TimeGenerated, pool
        | summarize mean_nodes = avg(nodes), cpu_used = sum(cpu_used), cpu = sum(cpu), memory_used = sum(memory_used),
            memory = sum(memory) by pool
        | extend cpu_percent = 100.0 * cpu_used / cpu, memory_percent = 100.0 * memory_used / memory
        | project pool, mean_nodes, cpu_percent, memory_percent,
            idle_nodes = mean_nodes * (100.0 - iff(cpu_percent > memory_percent, cpu_percent, memory_percent)) / 100.0
        | order by idle_nodes desc, pool asc
    """,
    params={"bin_size": hours(1)},
    columns={
        "pool": "string",
        "mean_nodes": "real",
        "cpu_percent": "real",
        "memory_percent": "real",
        "idle_nodes": "real",
    },
    look_for=Text(
        ko="비피크 시간의 목표는 85% 활용입니다. idle_nodes는 CPU와 메모리 중 더 찬 쪽으로 센 노는 노드 수입니다.",
        en="The goal off-peak is 85 % in use. idle_nodes counts by whichever of CPU and memory is fuller.",
    ),
)

OVER_REQUESTED = Query(
    id="requested-and-used",
    title=Text(ko="요청한 CPU와 메모리, 쓴 것", en="CPU and memory requested and used"),
    source=_SIZING,
    text="""
        Perf
        | where ObjectName == "K8SContainer" and CounterName in ("cpuUsageNanoCores", "cpuRequestNanoCores",
            "memoryWorkingSetBytes", "memoryRequestBytes")
        // An instance is cluster id / pod uid / container name.
        | extend container = tostring(split(InstanceName, "/")[-1])
        | summarize mean = avg(CounterValue), p95 = percentile(CounterValue, 95), pods = dcount(InstanceName)
            by container, CounterName
        | summarize pods = max(pods), cpu_mean = sumif(mean, CounterName == "cpuUsageNanoCores"),
            cpu_p95 = sumif(p95, CounterName == "cpuUsageNanoCores"),
            cpu_requested = sumif(mean, CounterName == "cpuRequestNanoCores"),
            memory_p95 = sumif(p95, CounterName == "memoryWorkingSetBytes"),
            memory_requested = sumif(mean, CounterName == "memoryRequestBytes")
            by container
        | where cpu_requested > 0 and memory_requested > 0
        | project container, pods, cpu_requested_cores = cpu_requested / 1000000000.0,
            cpu_mean_percent = 100.0 * cpu_mean / cpu_requested, cpu_p95_percent = 100.0 * cpu_p95 / cpu_requested,
            memory_requested_mib = memory_requested / 1048576.0,
            memory_p95_percent = 100.0 * memory_p95 / memory_requested
        | order by cpu_p95_percent asc, container asc
    """,
    columns={
        "container": "string",
        "pods": "long",
        "cpu_requested_cores": "real",
        "cpu_mean_percent": "real",
        "cpu_p95_percent": "real",
        "memory_requested_mib": "real",
        "memory_p95_percent": "real",
    },
    look_for=Text(
        ko="p95가 요청보다 훨씬 작으면 요청을 줄입니다. 100%를 넘으면 이웃에게서 빌려 쓰는 것입니다.",
        en="p95 far below the request: lower it. Above 100 %: it lives on what its neighbours leave.",
    ),
)

PODS_ABOVE_MINIMUM = Query(
    id="pods-above-minimum",
    title=Text(ko="최소보다 많은 Pod 시간", en="Pod hours above the minimum"),
    source=Section("3.3.2"),
    text=f"""
        let pods = KubePodInventory
            | where Namespace == namespace and PodStatus == "Running"
            | extend service = {SERVICE_OF_POD}
            | summarize pods = dcount(Name) by service, TimeGenerated = bin(TimeGenerated, bin_size);
        {EXPECTED_SERVICES}
        | join kind=inner pods on service
        | extend bin_hours = bin_size / 1h
        | summarize pod_hours = sum(pods * bin_hours), hours_seen = sum(bin_hours), minimum_hours = sum(replicas * bin_hours),
            most_pods = max(pods) by service, replicas
        | project service, replicas, most_pods, pod_hours, mean_pods = pod_hours / hours_seen,
            extra_pod_hours = pod_hours - minimum_hours
        | order by extra_pod_hours desc, service asc
    """,
    params={"namespace": TRIP.namespace, "bin_size": minutes(5)},
    columns={
        "service": "string",
        "replicas": "long",
        "most_pods": "long",
        "pod_hours": "real",
        "mean_pods": "real",
        "extra_pod_hours": "real",
    },
    look_for=Text(
        ko="자동 확장이 더한 Pod 시간입니다. 언제나 많으면 최소값이 작거나 HPA 목표가 낮습니다.",
        en="Pod hours that scaling added. Always many: the minimum is too small, or the target too low.",
    ),
)
