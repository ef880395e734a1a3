"""The two budgets of document 11.1.1 count what AKS is billed for too, and tell Teams before and when they are spent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from alerts.actions import TEAMS
from observability.deploy import templates
from observability.deploy.templates import Template
from observability.design.operations import BUDGET
from observability.render import arm_budgets

SUBSCRIPTION = "99999999-8888-7777-6666-555555555555"
GROUP_OF_TEAMS = "providers/Microsoft.Insights/actionGroups/ag-tripgen-tm"


def made(group: str = "rg-tripgen-prod", **given: Any) -> list[dict[str, Any]]:
    """The budgets as they are after a deployment into this resource group."""
    declared = {each.name: each.declaration() for each in arm_budgets.parameters(BUDGET)}
    named = {"clusterName": "aks-tripgen-prod", "location": "koreacentral"}
    declared |= {name: {"type": "string", "defaultValue": value} for name, value in named.items()}
    template = Template("alerts", {"parameters": declared, "resources": [arm_budgets.budgets(BUDGET, (TEAMS,))]})
    values = {name: {"value": value} for name, value in {"budgetStart": "2026-12-01", **given}.items()}
    return templates.resources(template, values, SUBSCRIPTION, group)


def test_the_document_s_two_amounts_are_budgets_of_a_month() -> None:
    # 5,600 USD a month, 4,200 after optimisation.
    defaults = {each.name: each.default for each in arm_budgets.parameters(BUDGET)}
    assert defaults == {
        "budgetStart": "",
        "nodeResourceGroup": "",
        "statedMonthlyBudget": 5600,
        "optimisedMonthlyBudget": 4200,
    }
    assert [(one["properties"]["amount"], one["properties"]["timeGrain"]) for one in made()] == [
        (5600, "Monthly"),
        (4200, "Monthly"),
    ]


def test_they_stand_at_the_subscription_under_names_with_the_group_s() -> None:
    above = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets"
    assert [one["id"] for one in made()] == [
        f"{above}/budget-tripgen-rg-tripgen-prod-stated",
        f"{above}/budget-tripgen-rg-tripgen-prod-optimised",
    ]


def test_they_count_the_group_and_the_one_that_aks_is_billed_in() -> None:
    counted = [one["properties"]["filter"]["dimensions"] for one in made()]
    groups = ["rg-tripgen-prod", "mc_rg-tripgen-prod_aks-tripgen-prod_koreacentral"]
    assert counted == [{"name": "ResourceGroupName", "operator": "In", "values": groups}] * 2


def test_a_cluster_whose_nodes_have_a_group_of_another_name_says_so() -> None:
    (one, _) = made(nodeResourceGroup="rg-Nodes")
    assert one["properties"]["filter"]["dimensions"]["values"] == ["rg-tripgen-prod", "rg-nodes"]


def test_aks_cuts_the_name_that_it_gives_at_80_characters() -> None:
    long = "g" * 80
    (one, _) = made(long)
    assert one["properties"]["filter"]["dimensions"]["values"] == [long, f"mc_{long}"[:80]]


@pytest.mark.parametrize("group", ["g" * 38, "g" * 39, "g" * 90, "rg.tripgen(prod)", "rg-tripgen-prod"])
def test_names_are_such_as_azure_takes_whatever_the_group_is_called(group: str) -> None:
    for one in made(group):
        assert re.fullmatch(r"budget-tripgen-[A-Za-z0-9_-]+-(stated|optimised)", one["name"])
        assert len(one["name"]) <= 63


def test_groups_whose_names_are_cut_or_changed_alike_have_budgets_of_their_own() -> None:
    groups = ("g" * 39, "g" * 40, "rg-a", "rg.a", "rg(a", "rg)a")
    assert len({one["name"] for group in groups for one in made(group)}) == 2 * len(groups)


def test_a_budget_tells_at_80_and_100_percent_and_when_100_is_expected() -> None:
    notices = made()[0]["properties"]["notifications"]
    told = {(each["thresholdType"], each["threshold"]) for each in notices.values()}
    assert told == {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tripgen-prod/{GROUP_OF_TEAMS}"
    assert all(each["contactGroups"] == [group] for each in notices.values())


def test_without_a_first_month_there_are_none() -> None:
    assert made(budgetStart="") == []


def test_the_deployment_at_the_subscription_gives_each_parameter_that_it_declares_and_reads_no_other() -> None:
    deployment = arm_budgets.budgets(BUDGET, (TEAMS,))
    assert deployment["subscriptionId"] == "[subscription().subscriptionId]"
    assert deployment["properties"]["expressionEvaluationOptions"] == {"scope": "inner"}
    inner = deployment["properties"]["template"]
    assert set(deployment["properties"]["parameters"]) == set(inner["parameters"])
    assert set(re.findall(r"parameters\( ?'([^']+)'", str(inner["resources"]))) == set(inner["parameters"])
