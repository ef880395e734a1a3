"""AKS: containers that crash, nodes that run out."""

from alerts.actions import AUTO_SCALE, AUTO_SCALE_TRIGGER, TEAMS
from kql import triage
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine, selector
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes, percent, restarts
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
