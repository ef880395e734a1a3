"""The cluster: nodes, pods, and how far they can still grow."""

from dashboards.services import NO_POD_MISSING
from kql import triage
from observability.design.services import SERVICES
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit
from observability.signals import aks, services

ALL_READY = Goal(
    title=Text(ko="모든 노드가 준비됨", en="All nodes ready"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="NotReady인 노드가 있으면 새 노드로 바꾸는 자동 복구가 시작됩니다.",
            en="A node that is not ready starts the automatic replacement by a new one.",
        ),
        (Section("12.2.2"),),
    ),
)
HPA_CEILING = Goal(
    title=Text(ko="HPA 상한", en="The autoscaler's ceiling"),
    value=Quantity(1, Unit.RATIO),
    bound=Bound.BELOW,
    source=Section("3.3.2"),
)


def _pdb(minimum: int) -> Goal:
    held = [service for service in SERVICES if service.pdb_minimum == minimum]
    names = ", ".join(service.key for service in held)
    return Goal(
        title=Text(ko=f"PDB 최소 Pod ({names})", en=f"PDB minimum ({names})"),
        value=Quantity(minimum, Unit.COUNT),
        # One chart holds services of different minimums, so a line is good for some series and not for others.
        bound=Bound.AROUND,
        source=Section("3.2.1", reading="R17"),
    )


PDB = tuple(_pdb(minimum) for minimum in sorted({service.pdb_minimum for service in SERVICES}))

DASHBOARD = Dashboard(
    id="tripgen-aks",
    title=Text(ko="tripgen · AKS", en="tripgen · AKS"),
    description=Text(
        ko="노드의 CPU와 메모리, Pod의 재시작과 대기, 자동 확장의 여유.",
        en="CPU and memory of nodes, restarting and waiting pods, and the room that scaling has left.",
    ),
    source=Section("12.1.1"),
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="준비되지 않은 노드", en="Nodes not ready"),
                    shows=aks.NODES_NOT_READY,
                    kind=Kind.STAT,
                    goals=(ALL_READY,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="모자란 Pod", en="Pods missing"),
                    shows=aks.PODS_MISSING,
                    kind=Kind.STAT,
                    goals=(NO_POD_MISSING,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="대기 중인 컨테이너", en="Containers waiting"),
                    shows=aks.PODS_WAITING,
                    kind=Kind.STAT,
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="HPA 상한 대비", en="Autoscaler against its ceiling"),
                    shows=aks.HPA_OF_MAX,
                    kind=Kind.STAT,
                    goals=(HPA_CEILING,),
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="노드", en="Nodes"),
            panels=(
                Panel(
                    title=Text(ko="노드 CPU 사용률", en="Node CPU utilisation"),
                    shows=aks.CPU_UTILIZATION,
                    line_of=("high-cpu-usage",),
                ),
                Panel(
                    title=Text(ko="노드 메모리 사용률", en="Node memory utilisation"),
                    shows=aks.MEMORY_UTILIZATION,
                    line_of=("high-memory-usage",),
                ),
                Panel(
                    title=Text(ko="준비되지 않은 노드", en="Nodes not ready"),
                    shows=aks.NODES_NOT_READY,
                    line_of=("node-not-ready",),
                ),
            ),
        ),
        Row(
            title=Text(ko="Pod", en="Pods"),
            panels=(
                Panel(
                    title=Text(ko="컨테이너 재시작", en="Container restarts"),
                    shows=aks.POD_RESTARTS,
                    line_of=("pod-crash-loop",),
                ),
                Panel(title=Text(ko="대기 중인 컨테이너", en="Containers waiting"), shows=aks.PODS_WAITING),
                Panel(title=Text(ko="사용 가능한 Pod", en="Pods available"), shows=aks.PODS_AVAILABLE, goals=PDB),
            ),
        ),
        Row(
            title=Text(ko="확장의 여유", en="Room to scale"),
            panels=(
                Panel(
                    title=Text(ko="HPA 상한 대비", en="Autoscaler against its ceiling"),
                    shows=aks.HPA_OF_MAX,
                    goals=(HPA_CEILING,),
                ),
                Panel(title=Text(ko="CPU / 제한", en="CPU of limit"), shows=services.CPU_OF_LIMIT),
                Panel(title=Text(ko="메모리 / 제한", en="Memory of limit"), shows=services.MEMORY_OF_LIMIT),
            ),
        ),
        Row(
            title=Text(ko="어디서", en="Where"),
            panels=(
                Panel(
                    title=Text(ko="재시작하는 컨테이너", en="Containers that restart"),
                    shows=triage.RESTARTING_CONTAINERS,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="Kubernetes 경고 이벤트", en="Kubernetes warnings"),
                    shows=triage.POD_EVENTS,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(
                    title=Text(ko="CPU와 메모리를 많이 쓰는 컨테이너", en="Containers that use most CPU and memory"),
                    shows=triage.HEAVY_CONTAINERS,
                    kind=Kind.TABLE,
                    width=24,
                ),
            ),
        ),
    ),
)
