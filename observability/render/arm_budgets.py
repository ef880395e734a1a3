"""The monthly budgets: who is told when money is spent, or will be.

They stand at the subscription. One of the resource group would count that group's cost alone, and AKS is billed for its
nodes, disks and load balancer in a group of its own.
"""

from __future__ import annotations

from observability.model.alert import Action
from observability.model.operations import Budget
from observability.model.units import Unit
from observability.render.arm import (
    NESTED_API,
    NESTED_TYPE,
    SUBSCRIPTION_SCHEMA,
    Json,
    Parameter,
    Resource,
    inner_parameter,
    parameter,
    quoted,
    resource_id,
)
from observability.render.arm_actions import GROUP_TYPE, group_name

BUDGET_TYPE, BUDGET_API = "Microsoft.Consumption/budgets", "2024-08-01"
BUDGET_PREFIX = "budget-tripgen-"
# What Azure takes of a budget's name, and of a deployment's; of the name that AKS gives to its own group.
_LONGEST, _LONGEST_DEPLOYMENT, _LONGEST_NODE_GROUP = 63, 64, 80
_START, _NODE_GROUP = "budgetStart", "nodeResourceGroup"
# In percent of the amount: time to act, spent, and what Azure expects of the month.
_NOTICES: tuple[tuple[str, str, int], ...] = (
    ("near", "Actual", 80),
    ("spent", "Actual", 100),
    ("expected", "Forecasted", 100),
)


def _amounts(budget: Budget) -> dict[str, int]:
    """The document's two amounts by the name of their resource."""
    return {
        "stated": round(budget.stated.to(Unit.USD)),
        "optimised": round(budget.optimised.to(Unit.USD)),
    }


def _amount_parameter(name: str) -> str:
    return f"{name}MonthlyBudget"


def parameters(budget: Budget) -> list[Parameter]:
    """What a deployment says: the month from which on it counts, whose cost, and the amounts."""
    return [
        Parameter(
            _START,
            "First day of the month from which on budgets count: not in the past when they are made, and never changed "
            "afterwards. Budgets stand at the subscription, where making them takes Cost Management Contributor and the right "
            "to deploy. Empty: no budgets.",
            default="",
        ),
        Parameter(
            _NODE_GROUP,
            "Resource group in which AKS is billed for nodes, disks and load balancer: the budgets count it beside this one. "
            "Empty: the name that AKS gives it by itself, MC_GROUP_CLUSTER_LOCATION.",
            default="",
        ),
        *(
            Parameter(
                _amount_parameter(name),
                f"Monthly budget '{name}' of the document, {amount} USD, in the currency that the subscription is billed in.",
                type="int",
                default=amount,
            )
            for name, amount in _amounts(budget).items()
        ),
    ]


def _group_part(longest_end: int) -> str:
    """What tells the resource group in a name that is its own in the subscription: its name where Azure takes that in a
    budget's, or else as much of it as there is room for, and a mark of the whole."""
    name, room = "resourceGroup().name", _LONGEST - len(BUDGET_PREFIX) - longest_end
    plain = name
    for sign in ".()":
        plain = f"replace({plain}, {quoted(sign)}, '-')"
    mark = "substring(guid(resourceGroup().id), 0, 8)"
    return f"if(equals(take({plain}, {room}), {name}), {name}, concat(take({plain}, {room - 9}), '-', {mark}))"


def _node_group() -> str:
    given = f"parameters({quoted(_NODE_GROUP)})"
    made = "concat('MC_', resourceGroup().name, '_', parameters('clusterName'), '_', parameters('location'))"
    return f"if(empty({given}), take({made}, {_LONGEST_NODE_GROUP}), {given})"


def budgets(budget: Budget, told: tuple[Action, ...]) -> Resource:
    """A deployment at the subscription of a budget for each amount, which tells the action group of ``told``."""
    group, names = resource_id(GROUP_TYPE, group_name(told)), list(_amounts(budget))
    # Cost Management writes groups in small letters.
    counted = f"[createArray(toLower(resourceGroup().name), toLower({_node_group()}))]"
    given: dict[str, tuple[str, str]] = {
        "group": ("string", f"[{_group_part(max(len(name) + 1 for name in names))}]"),
        "counted": ("array", counted),
        "told": ("string", group),
        "start": ("string", parameter(_START)),
        **{name: ("int", parameter(_amount_parameter(name))) for name in names},
    }
    return {
        "condition": f"[not(empty(parameters({quoted(_START)})))]",
        "type": NESTED_TYPE,
        "apiVersion": NESTED_API,
        "name": f"[take(concat('tripobs-budgets-', resourceGroup().name), {_LONGEST_DEPLOYMENT})]",
        "subscriptionId": "[subscription().subscriptionId]",
        "location": parameter("location"),
        "dependsOn": [group],
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {name: {"value": value} for name, (_, value) in given.items()},
            "template": {
                "$schema": SUBSCRIPTION_SCHEMA,
                "contentVersion": "1.0.0.0",
                "parameters": {name: {"type": kind} for name, (kind, _) in given.items()},
                "resources": [_budget(name) for name in names],
            },
        },
    }


def _budget(name: str) -> Resource:
    return {
        "type": BUDGET_TYPE,
        "apiVersion": BUDGET_API,
        "name": f"[concat({quoted(BUDGET_PREFIX)}, {inner_parameter('group')[1:-1]}, {quoted(f'-{name}')})]",
        "properties": {
            "category": "Cost",
            "amount": inner_parameter(name),
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": inner_parameter("start")},
            "filter": {
                "dimensions": {"name": "ResourceGroupName", "operator": "In", "values": inner_parameter("counted")}
            },
            "notifications": {notice: _notice(kind, share) for notice, kind, share in _NOTICES},
        },
    }


def _notice(kind: str, share: int) -> dict[str, Json]:
    return {
        "enabled": True,
        "operator": "GreaterThanOrEqualTo",
        "threshold": share,
        "thresholdType": kind,
        "contactEmails": [],
        "contactGroups": [inner_parameter("told")],
    }
