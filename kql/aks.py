"""The cluster: pods against their minimum, restarts, nodes, and how much room is left to grow."""

from alerts.aks import HIGH_CPU_USAGE, HIGH_MEMORY_USAGE, POD_CRASH_LOOP
from kql.pieces import (
    CONTAINER_WORKS,
    EXPECTED_POOLS,
    EXPECTED_SERVICES,
    NODE_SHARES,
    POOL_OF_NODE,
    SERVICE_OF_POD,
)
from observability.design.operations import AUTO_RECOVERY
from observability.design.services import TRIP
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.model.verdict import Verdict

PACK = Pack(title=Text(ko="AKS", en="AKS"))

_SCALING_WITHIN = next(each.within for each in AUTO_RECOVERY if each.key == "auto_scaling")
_NONE_OF = Quantity(1, Unit.COUNT)
_STATE = Derived(
    Text(
        ko="서비스 상태를 보는 일일 점검과 장애 대응의 첫 질문입니다.",
        en="A first question of the daily check of service state, and of an incident.",
    ),
    (Section("12.1.1"), Section("12.2.1")),
)

PODS = Query(
    id="pods-against-minimum",
    title=Text(ko="PDB 최소값과 사용 가능한 Pod", en="Pods available against the PDB minimum"),
    source=Section("3.2.1", reading="R17"),
    text=f"""
        // Every bin in which the inventory reported at all, for every service: no pod left is the worst case, not no row.
        let bins = KubePodInventory
            | summarize snapshots = dcount(TimeGenerated) by TimeGenerated = bin(TimeGenerated, bin_size)
            | extend one = 1;
        let available = KubePodInventory
            | where Namespace == namespace
            | extend service = {SERVICE_OF_POD}
            | where isnotempty(service)
            | summarize broken = countif(not({CONTAINER_WORKS})), running = countif(PodStatus == "Running")
                by service, Name, snapshot = bin(TimeGenerated, 1m)
            | summarize pods = countif(running > 0 and broken == 0)
                by service, snapshot
            // The best snapshot of a bin: short for the whole bin, and not while one pod was replaced.
            | summarize best = max(pods) by service, TimeGenerated = bin(snapshot, bin_size);
        {EXPECTED_SERVICES}
        | extend one = 1
        | join kind=inner bins on one
        | join kind=leftouter available on service, TimeGenerated
        | extend pods = coalesce(best, 0)
        | extend spare = pods - minimum
        | extend short_minutes = iff(spare < 0, bin_size / 1m, 0.0)
        | summarize short_minutes = sum(short_minutes), arg_min(spare, TimeGenerated, pods) by service, minimum, replicas
        | project service, minimum, replicas, lowest = pods, lowest_at = TimeGenerated, spare, short_minutes
        | order by spare asc, service asc
    """,
    params={"namespace": TRIP.namespace, "bin_size": minutes(5)},
    columns={
        "service": "string",
        "minimum": "long",
        "replicas": "long",
        "lowest": "long",
        "lowest_at": "datetime",
        "spare": "long",
        "short_minutes": "real",
    },
    verdict=Verdict(column="spare", source=Section("3.2.1", reading="R17"), fail_below=Quantity(0, Unit.COUNT)),
    look_for=Text(
        ko="5분 내내 최소값보다 적었던 서비스입니다. 최소값과 복제본 수가 같으면(R17) 롤아웃만으로 여유가 0이 됩니다.",
        en="A service that was below its minimum for five whole minutes. Where minimum and replicas are equal (R17) a "
        "rollout alone leaves no spare pod.",
    ),
)

REPLICAS = Query(
    id="pod-count",
    title=Text(ko="서비스별 Pod 수", en="Pods by service over time"),
    source=Section("3.3.2"),
    text=f"""
        KubePodInventory
        | where Namespace == namespace
        | extend service = {SERVICE_OF_POD}
        | where isnotempty(service)
        | summarize broken = countif(not({CONTAINER_WORKS})), running = countif(PodStatus == "Running")
            by service, Name, snapshot = bin(TimeGenerated, 1m)
        | summarize available = countif(running > 0 and broken == 0), pods = count() by service, snapshot
        | summarize lowest = min(available), highest = max(available), pods = max(pods)
            by TimeGenerated = bin(snapshot, bin_size), service
        | order by TimeGenerated desc, service asc
    """,
    params={"namespace": TRIP.namespace, "bin_size": minutes(15)},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "lowest": "long",
        "highest": "long",
        "pods": "long",
    },
    look_for=Text(
        ko="pods가 highest보다 오래 크면 준비되지 못하는 Pod가 있습니다.",
        en="pods above highest for long: some pod does not become ready.",
    ),
)

HPA = Query(
    id="hpa-at-maximum",
    title=Text(ko="HPA 상한까지 남은 Pod", en="Pods left to the autoscaler's maximum"),
    source=Section("3.3.2"),
    text=f"""
        let reported = KubePodInventory | summarize inventory = count() | where inventory > 0 | extend one = 1;
        let pods = KubePodInventory
            | where Namespace == namespace and PodStatus in ("Running", "Pending")
            | extend service = {SERVICE_OF_POD}
            | where isnotempty(service)
            | summarize pods = dcount(Name) by service, snapshot = bin(TimeGenerated, 1m)
            | summarize arg_max(pods, snapshot), mean = avg(pods) by service;
        {EXPECTED_SERVICES}
        | extend one = 1
        | join kind=inner reported on one
        | join kind=leftouter pods on service
        | extend peak = coalesce(pods, 0)
        | project service, maximum = most, peak, peak_at = snapshot, mean_pods = coalesce(mean, 0.0), room = most - peak
        | order by room asc, service asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "service": "string",
        "maximum": "long",
        "peak": "long",
        "peak_at": "datetime",
        "mean_pods": "real",
        "room": "long",
    },
    verdict=Verdict(
        column="room",
        # At its maximum a service still answers; it cannot take more.
        source=Section("3.3.2"),
        warn_below=_NONE_OF,
    ),
    look_for=Text(
        ko="room이 0이면 상한에 닿았습니다. 그 시각의 응답시간과 함께 봅니다. Blue-Green 배포 중에는 두 배로 보입니다.",
        en="room 0: it reached the maximum; look at the latency of that time. During a blue-green rollout it shows twice.",
    ),
)

RESTARTS = Query(
    id="container-restarts",
    title=Text(ko="컨테이너 재시작", en="Restarts of containers"),
    source=Section("8.1.2", reading="R6"),
    text="""
        let counts = KubePodInventory
            | where Namespace == namespace
            | summarize restarts = max(ContainerRestartCount)
                by PodUid, Name, container = tostring(split(ContainerName, "/")[-1]), minute = bin(TimeGenerated, 1m);
        let earlier = counts
            | project PodUid, container, minute = minute + window, before = restarts;
        // Inventories drift, so that now and then a minute has none: then the one before it is compared with.
        let still_earlier = counts
            | project PodUid, container, minute = minute + window + 1m, long_before = restarts;
        let beginnings = counts
            | summarize at_first = min(restarts), first_minute = min(minute) by PodUid, container;
        counts
        | join kind=leftouter earlier on PodUid, container, minute
        | join kind=leftouter still_earlier on PodUid, container, minute
        | join kind=inner beginnings on PodUid, container
        // A container younger than the window counts from its first row; after a longer gap nothing is said.
        | extend young = iff(minute - first_minute < window, at_first, long(null))
        | extend in_window = restarts - coalesce(before, long_before, young)
        | where isnotnull(in_window)
        | summarize restarts = max(restarts) - min(restarts), arg_max(in_window, minute)
            by pod = Name, container, PodUid
        | project pod, container, restarts, worst_window = in_window, worst_until = minute
        | order by worst_window desc, restarts desc, pod asc, container asc
    """,
    params={"namespace": TRIP.namespace, "window": POD_CRASH_LOOP.window},
    columns={
        "pod": "string",
        "container": "string",
        "restarts": "long",
        "worst_window": "long",
        "worst_until": "datetime",
    },
    verdict=Verdict(column="worst_window", source=Section("8.1.2", reading="R6"), fail_above=POD_CRASH_LOOP.above),
    look_for=Text(
        ko="worst_window는 가장 나쁜 window 동안의 재시작 수입니다. 오래된 반복 재시작은 간격이 길어 적게 보입니다(R25).",
        en="worst_window counts the restarts of the worst window. An old crash loop restarts rarely (R25).",
    ),
)

OOM = Query(
    id="oom-kills",
    title=Text(ko="메모리 부족으로 종료된 컨테이너", en="Containers killed for lack of memory"),
    source=Section("3.3.1"),
    text="""
        let begins = toscalar(KubePodInventory | summarize min(TimeGenerated));
        KubePodInventory
        | where Namespace == namespace
        | where ContainerStatusReason == "OOMKilled" or ContainerLastStatus has "OOMKilled"
        | extend ended = todatetime(parse_json(ContainerLastStatus).finishedAt)
        // The last state is kept until the next restart: a kill of last week is still shown.
        | where isnull(ended) or ended >= begins
        | summarize kills = max(ContainerRestartCount) - min(ContainerRestartCount) + 1, last_killed = max(ended),
            last_seen = max(TimeGenerated)
            by pod = Name, container = tostring(split(ContainerName, "/")[-1]), node = Computer
        | order by last_seen desc, pod asc, container asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "pod": "string",
        "container": "string",
        "node": "string",
        "kills": "long",
        "last_killed": "datetime",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="같은 컨테이너가 되풀이되면 메모리 제한(3.3.1)이 작거나 누수입니다. kills는 적어도 그만큼입니다.",
        en="The same container again and again: its limit (3.3.1) is too small, or it leaks. kills is at least that many.",
    ),
)

PENDING = Query(
    id="pending-pods",
    title=Text(ko="자리를 기다리는 Pod", en="Pods waiting for a place"),
    source=Section("12.2.2"),
    text=f"""
        let reported = KubePodInventory | summarize inventory = count() | where inventory > 0 | extend one = 1;
        let waiting = KubePodInventory
            | where Namespace == namespace and PodStatus == "Pending"
            | extend service = {SERVICE_OF_POD}
            | where isnotempty(service)
            | summarize last_pending = max(TimeGenerated), created = min(PodCreationTimeStamp) by service, Name
            | extend waited = (last_pending - created) / 1m
            | summarize pods = count(), arg_max(waited, Name, last_pending) by service;
        {EXPECTED_SERVICES}
        | extend one = 1
        | join kind=inner reported on one
        | join kind=leftouter waiting on service
        | project service, pods = coalesce(pods, 0), longest_minutes = coalesce(waited, 0.0), pod = Name,
            last_pending
        | order by longest_minutes desc, service asc
    """,
    params={"namespace": TRIP.namespace},
    columns={
        "service": "string",
        "pods": "long",
        "longest_minutes": "real",
        "pod": "string",
        "last_pending": "datetime",
    },
    verdict=Verdict(
        column="longest_minutes",
        source=Section("12.2.2"),
        fail_above=Quantity(_SCALING_WITHIN.total_seconds() / 60, Unit.MINUTES),
    ),
    look_for=Text(
        ko="자동 확장이 끝나야 할 시간보다 오래 기다린 Pod입니다. pod-events의 FailedScheduling이 이유를 말합니다.",
        en="A pod that waited longer than scaling may take. FailedScheduling in pod-events says why.",
    ),
)

IMAGE_PULLS = Query(
    id="image-pull-failures",
    title=Text(ko="이미지를 받지 못한 컨테이너", en="Containers whose image could not be pulled"),
    source=Section("9"),
    text="""
        KubePodInventory
        | where ContainerStatusReason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
            "ImageInspectError", "RegistryUnavailable")
        | summarize first_seen = min(TimeGenerated), last_seen = max(TimeGenerated), reasons = make_set(ContainerStatusReason)
            by namespace_name = Namespace, pod = Name, container = tostring(split(ContainerName, "/")[-1]), node = Computer
        | project namespace_name, pod, container, node, reasons = strcat_array(array_sort_asc(reasons), ", "), first_seen,
            last_seen
        | order by last_seen desc, pod asc, container asc
    """,
    columns={
        "namespace_name": "string",
        "pod": "string",
        "container": "string",
        "node": "string",
        "reasons": "string",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    look_for=Text(
        ko="한 이미지면 태그, 한 노드면 그 노드의 길, 모두면 레지스트리나 권한입니다.",
        en="One image: its tag. One node: its way out. All of them: the registry, or the right to pull.",
    ),
)

NODE_COUNT = Query(
    id="node-count",
    title=Text(ko="노드 수와 노드 풀의 한계", en="Nodes against the limits of their pool"),
    source=Section("3.1.2"),
    text=f"""
        let reported = KubeNodeInventory | summarize inventory = count() | where inventory > 0 | extend one = 1;
        let nodes = KubeNodeInventory
            | extend pool = {POOL_OF_NODE}
            | summarize nodes = dcountif(Computer, Status has "Ready")
                by pool, TimeGenerated = bin(TimeGenerated, bin_size)
            | summarize lowest = min(nodes), arg_max(nodes, TimeGenerated) by pool;
        {EXPECTED_POOLS}
        | extend one = 1
        | join kind=inner reported on one
        | join kind=leftouter nodes on pool
        | extend peak = coalesce(nodes, 0), lowest = coalesce(lowest, 0)
        | project pool, minimum, lowest, peak, peak_at = TimeGenerated, maximum = most, above_minimum = lowest - minimum,
            room = most - peak
        | order by room asc, pool asc
    """,
    params={"bin_size": minutes(5)},
    columns={
        "pool": "string",
        "minimum": "long",
        "lowest": "long",
        "peak": "long",
        "peak_at": "datetime",
        "maximum": "long",
        "above_minimum": "long",
        "room": "long",
    },
    verdict=Verdict(column="room", source=Section("3.1.2"), fail_below=_NONE_OF),
    look_for=Text(
        ko="room이 0이면 더 늘릴 노드가 없습니다. 노드 풀의 최대값이나 요청량을 바꿔야 합니다.",
        en="room 0: no node can be added. The pool's maximum, or what the pods request, has to change.",
    ),
)

NODE_MINIMUM = Query(
    id="node-minimum",
    title=Text(ko="최소 노드 수", en="Nodes against their minimum"),
    source=Section("3.1.2"),
    text=NODE_COUNT.text,
    params=NODE_COUNT.params,
    columns=NODE_COUNT.columns,
    verdict=Verdict(column="above_minimum", source=Section("3.1.2"), fail_below=Quantity(0, Unit.COUNT)),
    look_for=Text(
        ko="음수면 Ready인 노드가 보장된 최소값보다 적은 5분이 있었습니다.",
        en="Below 0: there were five minutes with fewer ready nodes than are guaranteed.",
    ),
)


def _worst(share: str) -> str:
    return f"""{NODE_SHARES}
        | extend percent_used = 100.0 * {share}_used / {share}
        | summarize mean_percent = avg(percent_used), arg_max(percent_used, TimeGenerated) by node, pool
        | project node, pool, worst_percent = percent_used, worst_at = TimeGenerated, mean_percent
        | order by worst_percent desc, node asc
    """


_WORST_COLUMNS = {
    "node": "string",
    "pool": "string",
    "worst_percent": "real",
    "worst_at": "datetime",
    "mean_percent": "real",
}

NODE_CPU = Query(
    id="node-cpu",
    title=Text(ko="노드 CPU", en="CPU of nodes"),
    source=Section("8.1.2", reading="R3"),
    text=_worst("cpu"),
    params={"bin_size": HIGH_CPU_USAGE.window},
    columns=_WORST_COLUMNS,
    verdict=Verdict(column="worst_percent", source=Section("8.1.2", reading="R3"), fail_above=HIGH_CPU_USAGE.above),
    look_for=Text(
        ko="가장 바쁜 구간의 평균입니다. 한 노드만 높으면 Pod가 몰린 것입니다.",
        en="The mean of the busiest window. One node alone: its pods should be spread.",
    ),
)

NODE_MEMORY = Query(
    id="node-memory",
    title=Text(ko="노드 메모리", en="Memory of nodes"),
    source=Section("8.1.2"),
    text=_worst("memory"),
    params={"bin_size": HIGH_MEMORY_USAGE.window},
    columns=_WORST_COLUMNS,
    verdict=Verdict(column="worst_percent", source=Section("8.1.2"), fail_above=HIGH_MEMORY_USAGE.above),
    look_for=Text(
        ko="작업 집합의 비율입니다. 100%에 가까우면 kubelet이 Pod를 내쫓습니다.",
        en="Share of the working set. Near 100 % kubelet evicts pods.",
    ),
)

POOL_USAGE = Query(
    id="node-pool-usage",
    title=Text(ko="노드 풀별 CPU와 메모리", en="CPU and memory by node pool"),
    source=Section("3.1.2"),
    text=f"""{NODE_SHARES}
        | summarize nodes = dcount(node), cpu_used = sum(cpu_used), cpu = sum(cpu), memory_used = sum(memory_used),
            memory = sum(memory) by TimeGenerated, pool
        | project TimeGenerated, pool, nodes, cpu_percent = 100.0 * cpu_used / cpu,
            memory_percent = 100.0 * memory_used / memory
        | order by TimeGenerated desc, pool asc
    """,
    params={"bin_size": minutes(15)},
    columns={
        "TimeGenerated": "datetime",
        "pool": "string",
        "nodes": "long",
        "cpu_percent": "real",
        "memory_percent": "real",
    },
    look_for=Text(
        ko="노드 수가 사용률을 따라 오르내리는지, 한쪽만 오르는지 봅니다.",
        en="Whether the number of nodes follows the usage, or only one of them rises.",
    ),
)

WARNINGS = Query(
    id="cluster-warnings",
    title=Text(ko="클러스터 경고의 종류", en="Kinds of warnings of the cluster"),
    source=_STATE,
    text="""
        KubeEvents
        | where KubeEventType != "Normal"
        | summarize times = sum(Count), objects = dcount(Name), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(Message) by reason = Reason, object_kind = ObjectKind, namespace_name = Namespace
        | order by times desc, reason asc, object_kind asc, namespace_name asc
    """,
    columns={
        "reason": "string",
        "object_kind": "string",
        "namespace_name": "string",
        "times": "real",
        "objects": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
    },
    look_for=Text(
        ko="objects가 많은 종류부터 봅니다. 정상 이벤트는 수집되지 않습니다.",
        en="Begin with the kind that has many objects. Normal events are not collected.",
    ),
)

NODE_DISK = MetricQuery(
    id="node-disk",
    title=Text(ko="노드 디스크 사용률", en="Disk of nodes"),
    metric=PlatformMetric(
        resource="cluster",
        metric="node_disk_usage_percentage",
        aggregation="Maximum",
        by={"node": "node", "device": "device"},
    ),
    grain=minutes(60),
    source=Section("8.1.1"),
    verdict=Verdict(
        column="maximum",
        source=Derived(
            Text(
                ko="문서에 노드 디스크의 한계가 없어 노드 CPU의 알림 값을 경고로 씁니다.",
                en="The document has no limit for disks of nodes; the alert value of their CPU serves as a warning.",
            ),
            (Section("8.1.2"),),
        ),
        warn_above=HIGH_CPU_USAGE.above,
    ),
    look_for=Text(
        ko="차오르는 디스크는 이미지 정리와 컨테이너 로그를 봅니다.",
        en="A disk that fills up: look at image garbage and container logs.",
    ),
)

UNSCHEDULABLE = MetricQuery(
    id="unschedulable-pods",
    title=Text(ko="오토스케일러가 자리를 못 찾은 Pod", en="Pods the autoscaler found no place for"),
    metric=PlatformMetric(
        resource="cluster", metric="cluster_autoscaler_unschedulable_pods_count", aggregation="Total"
    ),
    grain=minutes(5),
    source=Section("12.2.2"),
    look_for=Text(
        ko="0이 아니면 노드 풀이 최대이거나 Pod의 조건에 맞는 노드가 없습니다.",
        en="Not 0: the pool is at its maximum, or no node fits what the pods ask for.",
    ),
)
