"""The estimate of the month and the note beside it: the document's prices, and nothing that it does not say."""

from dashboards.cost import BUDGETS, DASHBOARD
from observability.design.operations import COSTS
from observability.design.platform import APPLICATION_POOL
from observability.model.dashboard import Bound
from observability.model.units import Unit
from observability.signals import cost


def test_at_the_documents_number_of_nodes_the_month_is_the_sum_of_its_table() -> None:
    assert (cost.A_NODE, cost.FIXED, APPLICATION_POOL.minimum) == (400, 3100, 6)
    assert cost.A_NODE * APPLICATION_POOL.minimum + cost.FIXED == 5500
    assert sum(item.monthly.to(Unit.USD) for item in COSTS.values()) == 5500


def test_the_estimate_counts_each_application_node_once_and_says_that_it_is_not_the_bill() -> None:
    signal = cost.MONTH_AT_LIST_PRICES
    assert signal.promql is not None
    assert signal.promql.expr == ('count(max by (node) (kube_node_info{node=~"aks-application-.+"})) * 400 + 3100')
    assert "not the bill" in signal.help.en and "청구서가 아닙니다" in signal.help.ko


def test_the_budgets_are_the_documents_two() -> None:
    assert [(goal.value.to(Unit.USD), goal.bound) for goal in BUDGETS] == [(4200, Bound.BELOW), (5600, Bound.BELOW)]


def test_the_note_lists_every_item_of_the_document_the_dearest_first() -> None:
    (note,) = DASHBOARD.notes
    rows = [line.split(" | ") for line in note.text.en.splitlines() if line.startswith("| ") and "USD" not in line]

    assert [row[0].removeprefix("| ") for row in rows][:3] == ["AKS nodes", "PostgreSQL", "Redis"]
    amounts = [int(row[1]) for row in rows]
    assert len(amounts) == len(COSTS) and amounts == sorted(amounts, reverse=True)
