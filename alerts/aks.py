"""AKS: containers that crash, nodes that run out."""

from alerts.actions import AUTO_SCALE, AUTO_SCALE_TRIGGER, PAGERDUTY, TEAMS
from kql import triage
from observability.design.operations import AUTO_RECOVERY
from observability.design.services import TRIP, USER
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine, selector
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent, restarts
from observability.signals import aks


def _restarting(times: int, pod: str = "trip-service-1") -> Series:
    """A container that restarts ``times`` times, once a minute, within the ten minutes before minute 20."""
    return Series(
        selector(
            "kube_pod_container_status_restarts_total", namespace=aks.NAMESPACE, pod=pod, container="trip-service"
        ),
        f"3x10 {' '.join(str(3 + min(minute, times)) for minute in range(1, 11))}",
    )


def _examples(limit: float) -> tuple[Example, ...]:
    allowed = int(limit)
    told = {"namespace": aks.NAMESPACE, "pod": "trip-service-1", "container": "trip-service"}
    return (
        Example("one restart more than allowed", (_restarting(allowed + 1),), at=20, fires=(told,)),
        Example("as many restarts as allowed", (_restarting(allowed),), at=20),
        Example(
            "the allowed number in each of two pods is not added up",
            (_restarting(allowed), _restarting(allowed, pod="trip-service-2")),
            at=20,
        ),
        Example(
            "a high count from long ago",
            (Series(_restarting(0).series, f"{allowed * 20}x30"),),
            at=20,
        ),
        Example("the pod is gone", (Series(_restarting(0).series, "3 9 stale _x20"),), at=20),
    )


POD_CRASH_LOOP = Alert(
    id="pod-crash-loop",
    title=Text(ko="Pod 반복 재시작", en="Pod Crash Loop"),
    source=Section("8.1.2", reading="R6"),
    watches=aks.POD_RESTARTS,
    engine=Engine.PROMETHEUS,
    above=restarts(5),
    window=minutes(10),
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="서비스의 일부 Pod가 일하지 못하는 부분 장애입니다.",
            en="Part of a service's pods do not work: a partial outage.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(AUTO_SCALE, TEAMS),
    meaning=Text(
        ko="한 컨테이너가 짧은 시간에 여러 번 다시 시작했습니다.",
        en="One container restarted many times in a short while.",
    ),
    impact=Text(
        ko="남은 Pod가 요청을 나눠 받아 느려지고, 모두 죽으면 서비스가 멈춥니다.",
        en="The other pods share the load and slow down; if all crash, the service is down.",
    ),
    because=Text(
        ko="문서의 값입니다. 재시작 수는 누적값이므로 컨테이너별 카운터의 증가분을 봅니다. kubelet의 재시작 간격이 "
        "5분까지 늘어나므로 오래된 반복 재시작은 횟수로 잡히지 않을 수 있습니다(R25).",
        en="The document's value. Restart counts are cumulative, so the increase of each container's counter is taken. As "
        "kubelet's back-off grows to five minutes, an old crash loop may not show in the count (R25).",
    ),
    first_steps=(triage.RESTARTING_CONTAINERS, triage.CONTAINER_ERRORS, triage.POD_EVENTS, triage.RECENT_CHANGES),
    examples=_examples,
)

HIGH_CPU_USAGE = Alert(
    id="high-cpu-usage",
    title=Text(ko="높은 CPU 사용률", en="High CPU Usage"),
    source=Section("8.1.2", reading="R3"),
    watches=aks.CPU_UTILIZATION,
    engine=Engine.LOG,
    above=percent(80),
    window=minutes(10),
    # Node counters arrive within two minutes, so each row is seen by at least one evaluation every five.
    every=minutes(5),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="자동 확장이 먼저 처리하며 사용자는 아직 느끼지 못합니다.",
            en="Scaling out comes first, and users do not feel it yet.",
        ),
        (Section("10.2.1"), Section("12.2.2")),
    ),
    category=Category.RESOURCE,
    actions=(AUTO_SCALE_TRIGGER,),
    meaning=Text(ko="한 노드의 평균 CPU 사용률이 한계를 넘었습니다.", en="A node's mean CPU use is above the limit."),
    impact=Text(
        ko="그 노드의 Pod가 느려질 수 있습니다. 자동 확장이 노드를 늘립니다.",
        en="Pods on that node may slow down. The scaling workflow adds nodes.",
    ),
    because=Text(
        ko="문서의 값입니다. 이 길이의 구간은 메트릭 알림에 없고 로그 알림에는 있습니다.",
        en="The document's value. Metric alerts have no window of this length, log alerts do.",
    ),
    first_steps=(triage.NODE_PRESSURE, triage.HEAVY_CONTAINERS),
)

HIGH_MEMORY_USAGE = Alert(
    id="high-memory-usage",
    title=Text(ko="높은 메모리 사용률", en="High Memory Usage"),
    source=Section("8.1.2"),
    watches=aks.MEMORY_UTILIZATION,
    engine=Engine.METRIC,
    above=percent(85),
    window=minutes(5),
    every=minutes(1),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="아직 Pod가 쫓겨나지 않았고 사용자는 느끼지 못합니다.",
            en="No pod has been evicted yet, and users do not feel it.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(
        ko="한 노드의 평균 메모리 사용률이 한계를 넘었습니다.", en="A node's mean memory use is above the limit."
    ),
    impact=Text(ko="메모리가 다 차면 kubelet이 Pod를 내쫓습니다.", en="When memory runs out, kubelet evicts pods."),
    because=Text(
        ko="문서의 값입니다. AKS가 스스로 내는 메트릭이라 가장 빠르고 다른 것에 기대지 않습니다.",
        en="The document's value. AKS emits this metric itself: the fastest way, and one that leans on nothing else.",
    ),
    first_steps=(triage.NODE_PRESSURE, triage.HEAVY_CONTAINERS, triage.POD_EVENTS),
)


def _available(service: str, values: str) -> Series:
    return Series(
        selector("kube_deployment_status_replicas_available", namespace=aks.NAMESPACE, deployment=service), values
    )


def _below_pdb(_limit: float) -> tuple[Example, ...]:
    least = TRIP.pdb.minimum
    return (
        Example(
            "one pod fewer than the minimum for longer than a rollout takes",
            (_available(TRIP.role, f"{least}x5 {least - 1}x10"), _available(USER.role, f"{USER.pdb.minimum}x20")),
            at=13,
            fires=({"deployment": TRIP.role},),
        ),
        Example("the minimum itself", (_available(TRIP.role, f"{least}x20"),), at=15),
        Example(
            "a rollout takes one pod for three minutes",
            (_available(TRIP.role, f"{least}x5 {least - 1}x2 {least}x9"),),
            at=9,
        ),
        Example("nobody counts the pods", (_available("other-service", "0x20"),), at=15),
    )


PODS_BELOW_PDB = Alert(
    id="pods-below-pdb",
    title=Text(ko="PDB 최소 미만의 Pod", en="Pods Below PDB Minimum"),
    source=Section("3.2.1", reading="R17"),
    watches=aks.PODS_LACKING,
    engine=Engine.PROMETHEUS,
    above=Quantity(0, Unit.COUNT),
    window=minutes(1),
    every=minutes(1),
    pending=minutes(5),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="남은 Pod가 요청을 나눠 받으므로 부분 장애입니다.",
            en="The other pods take the requests: a partial outage.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="한 서비스의 사용 가능한 Pod가 PDB 최소값보다 적습니다.",
        en="A service has fewer pods available than its PDB minimum.",
    ),
    impact=Text(
        ko="남은 Pod에 부하가 몰리고, 하나가 더 죽으면 서비스가 멈출 수 있습니다.",
        en="The rest carries the load, and one more loss may stop the service.",
    ),
    because=Text(
        ko="문서의 PDB 최소값입니다. 최소값이 Pod 수와 같은 서비스(R17)는 순차 배포 중에도 하나가 모자라므로 그보다 오래 기다립니다.",
        en="The document's PDB minimum. Where it is as many as there are pods (R17), a rollout lacks one too, so it waits "
        "for longer than that.",
    ),
    first_steps=(triage.BROKEN_PODS, triage.POD_EVENTS, triage.RESTARTING_CONTAINERS, triage.RECENT_CHANGES),
    causes=("node-not-ready",),
    examples=_below_pdb,
)

_REPLACED = next(recovery for recovery in AUTO_RECOVERY if recovery.key == "node_replacement")
assert _REPLACED.lasting is not None  # the document gives it


def _condition(node: str, status: str, values: str) -> Series:
    return Series(selector("kube_node_status_condition", condition="Ready", node=node, status=status), values)


def _not_ready(_limit: float) -> tuple[Example, ...]:
    return (
        Example(
            "a node is lost and stays lost",
            (_condition("a", "unknown", "0x5 1x15"), _condition("b", "unknown", "0x20")),
            at=13,
            fires=({},),
        ),
        Example("all nodes are ready", (_condition("a", "unknown", "0x20"), _condition("a", "false", "0x20")), at=15),
        Example("a node is away for three minutes", (_condition("a", "false", "0x5 1x2 0x12"),), at=9),
    )


NODE_NOT_READY = Alert(
    id="node-not-ready",
    title=Text(ko="준비되지 않은 노드", en="Node Not Ready"),
    source=_REPLACED.source,
    watches=aks.NODES_NOT_READY,
    engine=Engine.PROMETHEUS,
    above=Quantity(0, Unit.COUNT),
    window=minutes(1),
    every=minutes(1),
    pending=_REPLACED.lasting,
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="문서가 노드를 자동으로 교체하며, Pod가 모자라면 다른 알림이 호출합니다.",
            en="The document has the node replaced by itself; where pods lack, another alert pages.",
        ),
        (Section("12.2.2"), Section("10.2.1")),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(ko="한 노드 이상이 Ready가 아닙니다.", en="At least one node is not ready."),
    impact=Text(
        ko="그 노드의 Pod가 다른 노드로 옮겨질 때까지 용량이 줄어듭니다.",
        en="Less capacity until the node's pods have moved.",
    ),
    because=Text(
        ko="문서가 노드를 교체하기로 한 시간입니다. 이때까지 돌아오지 않으면 교체가 시작됐어야 합니다.",
        en="The time after which the document has a node replaced: by now the replacement should have begun.",
    ),
    first_steps=(triage.NODES, triage.NODE_PRESSURE, triage.POD_EVENTS, triage.BROKEN_PODS),
    examples=_not_ready,
)
