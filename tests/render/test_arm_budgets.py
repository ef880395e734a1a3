"""The two budgets of document 11.1.1 tell Teams before and when they are spent."""

from __future__ import annotations

from alerts.actions import TEAMS
from observability.design.operations import BUDGET
from observability.render import arm_budgets


def test_the_document_s_two_amounts_are_budgets_of_a_month() -> None:
    # 5,600 USD a month, 4,200 after optimisation.
    defaults = {each.name: each.default for each in arm_budgets.parameters(BUDGET)}
    assert defaults == {"budgetStart": "", "statedMonthlyBudget": 5600, "optimisedMonthlyBudget": 4200}
    stated, optimised = arm_budgets.budgets(BUDGET, (TEAMS,))
    assert (stated["name"], optimised["name"]) == ("budget-tripgen-stated", "budget-tripgen-optimised")
    assert stated["properties"]["amount"] == "[parameters('statedMonthlyBudget')]"
    assert stated["properties"]["timeGrain"] == "Monthly"


def test_a_budget_tells_at_80_and_100_percent_and_when_100_is_expected() -> None:
    notices = arm_budgets.budgets(BUDGET, (TEAMS,))[0]["properties"]["notifications"]
    told = {(each["thresholdType"], each["threshold"]) for each in notices.values()}
    assert told == {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    group = "[resourceId('Microsoft.Insights/actionGroups', 'ag-tripgen-tm')]"
    assert all(each["contactGroups"] == [group] for each in notices.values())


def test_without_a_first_month_there_are_none() -> None:
    assert {each["condition"] for each in arm_budgets.budgets(BUDGET, (TEAMS,))} == {
        "[not(empty(parameters('budgetStart')))]"
    }
