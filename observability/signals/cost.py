"""What the month will come to: amounts that can be measured, at the prices that the document gives."""

from observability.design.operations import BUDGET, COSTS
from observability.design.platform import APPLICATION_POOL, NODE_POOLS
from observability.model.signal import PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit, number

# The document's row is six nodes of the application pool; its other rows do not follow the load.
_NODES = COSTS["aks_nodes"].monthly.to(Unit.USD)
A_NODE = _NODES / APPLICATION_POOL.minimum
FIXED = sum(item.monthly.to(Unit.USD) for item in COSTS.values()) - _NODES


def _nodes(pool: str) -> str:
    # By name: while kube-state-metrics is replaced, two of them tell of the same node.
    return f'count(max by (node) (kube_node_info{{node=~"aks-{pool}-.+"}}))'


MONTH_AT_LIST_PRICES = Signal(
    name="month_at_list_prices",
    title=Text(ko="설계서 단가로 본 한 달 비용", en="The month at the document's prices"),
    unit=Unit.USD,
    help=Text(
        ko=f"애플리케이션 노드 수 × {number(A_NODE)} USD + 나머지 {number(FIXED)} USD. 노드 수만 실제로 잰 값이고 단가는 설계서의 "
        "것이므로 청구서가 아닙니다. 실제 비용은 Cost Management에만 있고 Grafana는 그것을 읽지 못합니다.",
        en=f"Application nodes x {number(A_NODE)} USD + {number(FIXED)} USD for all else. The nodes are counted, the prices "
        "are the document's: this is not the bill. What was really spent is in Cost Management alone, which Grafana does "
        "not read.",
    ),
    source=Derived(
        Text(
            ko="표의 항목 가운데 노드만 트래픽을 따라 변하므로 노드 하나의 값으로 나눕니다.",
            en="Of the table's rows only the nodes follow the traffic, so their row is divided by its nodes.",
        ),
        (*((BUDGET.source,) if isinstance(BUDGET.source, Section) else ()), Section("3.1.2")),
    ),
    promql=PromQL(expr=f"{_nodes(APPLICATION_POOL.key)} * {number(A_NODE)} + {number(FIXED)}"),
)

NODES = Signal(
    name="nodes_by_pool",
    title=Text(ko="노드 수", en="Nodes"),
    unit=Unit.COUNT,
    help=Text(ko="노드 풀별 노드 수.", en="Nodes by node pool."),
    source=Section("3.1.2"),
    promql=PromQL(
        expr=" or ".join(f'label_replace({_nodes(pool.key)}, "pool", "{pool.key}", "", "")' for pool in NODE_POOLS),
        by=("pool",),
    ),
)
