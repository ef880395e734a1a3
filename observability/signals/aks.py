"""AKS: nodes, pods, autoscaling."""

from observability.design.services import SERVICES, TRIP
from observability.model.query import Kql
from observability.model.signal import PlatformMetric, PromQL, Signal, selector
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

NAMESPACE = TRIP.namespace
_RESTARTS = selector("kube_pod_container_status_restarts_total", namespace=NAMESPACE)
_DEPLOYMENT_AVAILABLE = selector("kube_deployment_status_replicas_available", namespace=NAMESPACE)
_DEPLOYMENT_WANTED = selector("kube_deployment_spec_replicas", namespace=NAMESPACE)
_HPA_NOW = selector("kube_horizontalpodautoscaler_status_current_replicas", namespace=NAMESPACE)
_HPA_MAX = selector("kube_horizontalpodautoscaler_spec_max_replicas", namespace=NAMESPACE)
_WAITING = selector("kube_pod_container_status_waiting_reason", namespace=NAMESPACE)

CPU_UTILIZATION = Signal(
    name="cpu_utilization",
    title=Text(ko="노드 CPU 사용률", en="Node CPU utilisation"),
    unit=Unit.PERCENT,
    help=Text(ko="노드별 평균 CPU 사용량 / CPU 용량.", en="Mean CPU used / CPU capacity of each node."),
    source=Section("8.1.2", reading="R3"),
    kql=Kql(
        # Container Insights writes usage and capacity as two counters of the same node, once a minute each.
        rows="""
            Perf
            | where ObjectName == "K8SNode" and CounterName in ("cpuUsageNanoCores", "cpuCapacityNanoCores")
            | extend is_usage = CounterName == "cpuUsageNanoCores"
        """,
        summarize=(
            "usage_rows = countif(is_usage), used = sumif(CounterValue, is_usage), "
            "capacity_rows = countif(not(is_usage)), capacity = sumif(CounterValue, not(is_usage))"
        ),
        by={"node": "Computer"},
        result="""
            | where usage_rows > 0 and capacity_rows > 0 and capacity > 0
            | extend value = 100.0 * (used / usage_rows) / (capacity / capacity_rows)
        """,
    ),
    metric=PlatformMetric(
        resource="cluster", metric="node_cpu_usage_percentage", aggregation="Average", by={"node": "node"}
    ),
)

MEMORY_UTILIZATION = Signal(
    name="memory_utilization",
    title=Text(ko="노드 메모리 사용률", en="Node memory utilisation"),
    unit=Unit.PERCENT,
    help=Text(ko="노드별 평균 메모리 작업 집합 / 메모리.", en="Mean working set / memory of each node."),
    source=Section("8.1.2"),
    metric=PlatformMetric(
        resource="cluster",
        metric="node_memory_working_set_percentage",
        aggregation="Average",
        by={"node": "node", "nodepool": "nodepool"},
    ),
)

POD_RESTARTS = Signal(
    name="pod_restarts",
    title=Text(ko="컨테이너 재시작", en="Restarts of a container"),
    unit=Unit.RESTARTS,
    help=Text(ko="컨테이너별 재시작 카운터의 증가분.", en="Increase of the restart counter of each container."),
    source=Section("8.1.2", reading="R6"),
    promql=PromQL(
        # increase() stretches what it saw to the whole window, at most by one scrape interval in twenty; floor()
        # takes that back, so that "more than five" means six restarts and not five and a half.
        expr=f"max by (namespace, pod, container) (floor(increase({_RESTARTS}[$window])))",
        by=("namespace", "pod", "container"),
    ),
)

_PDB = Derived(
    Text(
        ko="PDB 최소값과 HPA 상한에 얼마나 가까운지 보는 값입니다.",
        en="Shows how near a service is to its PDB minimum and its HPA ceiling.",
    ),
    (Section("3.2.1", reading="R17"), Section("3.3.2")),
)

PODS_AVAILABLE = Signal(
    name="pods_available",
    title=Text(ko="사용 가능한 Pod", en="Pods available"),
    unit=Unit.COUNT,
    help=Text(ko="서비스별 사용 가능한 Pod 수.", en="Pods of each service that can take requests."),
    source=_PDB,
    promql=PromQL(expr=f"max by (deployment) ({_DEPLOYMENT_AVAILABLE})", by=("deployment",)),
)

PODS_MISSING = Signal(
    name="pods_missing",
    title=Text(ko="모자란 Pod", en="Pods missing"),
    unit=Unit.COUNT,
    help=Text(
        ko="서비스별 원하는 Pod 수 - 사용 가능한 Pod 수.", en="Pods wanted less pods available, for each service."
    ),
    source=_PDB,
    promql=PromQL(
        expr=f"max by (deployment) ({_DEPLOYMENT_WANTED}) - max by (deployment) ({_DEPLOYMENT_AVAILABLE})",
        by=("deployment",),
    ),
)

PODS_LACKING = Signal(
    name="pods_below_pdb",
    title=Text(ko="PDB 최소에 모자란 Pod", en="Pods below the PDB minimum"),
    unit=Unit.COUNT,
    help=Text(
        ko="서비스별 PDB 최소값 - 사용 가능한 Pod 수. 남으면 음수입니다.",
        en="The PDB minimum less the pods available, for each service; negative where there are more.",
    ),
    source=Section("3.2.1", reading="R17"),
    promql=PromQL(
        expr="("
        + " or ".join(
            f"{service.pdb.minimum} - max by (deployment) "
            f"({selector('kube_deployment_status_replicas_available', namespace=NAMESPACE, deployment=service.role)})"
            for service in SERVICES
        )
        + ")",
        by=("deployment",),
    ),
)

HPA_OF_MAX = Signal(
    name="hpa_of_max",
    title=Text(ko="HPA 상한 대비", en="Autoscaler against its ceiling"),
    unit=Unit.RATIO,
    help=Text(ko="서비스별 현재 Pod 수 / HPA 상한.", en="Pods now / the autoscaler's maximum, for each service."),
    source=_PDB,
    promql=PromQL(
        expr=(f"max by (horizontalpodautoscaler) ({_HPA_NOW}) / max by (horizontalpodautoscaler) ({_HPA_MAX})"),
        by=("horizontalpodautoscaler",),
    ),
)

NODES_NOT_READY = Signal(
    name="nodes_not_ready",
    title=Text(ko="준비되지 않은 노드", en="Nodes not ready"),
    unit=Unit.COUNT,
    help=Text(ko="Ready 상태가 아닌 노드의 수.", en="Nodes whose Ready condition is not true."),
    source=Section("12.2.2"),
    promql=PromQL(
        expr='sum(max by (node) (kube_node_status_condition{condition="Ready",status=~"false|unknown"}))',
    ),
)

PODS_WAITING = Signal(
    name="containers_waiting",
    title=Text(ko="대기 중인 컨테이너", en="Containers waiting"),
    unit=Unit.COUNT,
    help=Text(
        ko="이유별 대기 중인 컨테이너(CrashLoopBackOff, ImagePullBackOff 등).",
        en="Containers that wait to start, by reason (CrashLoopBackOff, ImagePullBackOff, ...).",
    ),
    source=Section("8.1.2", reading="R25"),
    promql=PromQL(expr=f"sum by (reason) ({_WAITING})", by=("reason",)),
)
