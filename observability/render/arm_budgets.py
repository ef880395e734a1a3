"""The monthly budgets of the resource group: who is told when money is spent, or will be."""

from __future__ import annotations

from observability.model.alert import Action
from observability.model.operations import Budget
from observability.model.units import Unit
from observability.render.arm import Json, Parameter, Resource, parameter, resource_id
from observability.render.arm_actions import GROUP_TYPE, group_name

BUDGET_TYPE, BUDGET_API = "Microsoft.Consumption/budgets", "2024-08-01"
BUDGET_PREFIX = "budget-tripgen-"
_START = "budgetStart"
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
    """What a deployment says: the month from which on it counts, and the amounts in the subscription's currency."""
    return [
        Parameter(
            _START,
            "First day of the month from which on budgets count: not in the past when they are made, and never changed "
            "afterwards. Empty: no budgets.",
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


def budgets(budget: Budget, told: tuple[Action, ...]) -> list[Resource]:
    """A budget for each amount, which tells the action group of ``told``."""
    group = resource_id(GROUP_TYPE, group_name(told))
    return [
        {
            "type": BUDGET_TYPE,
            "apiVersion": BUDGET_API,
            "name": f"{BUDGET_PREFIX}{name}",
            "condition": f"[not(empty(parameters('{_START}')))]",
            "dependsOn": [group],
            "properties": {
                "category": "Cost",
                "amount": parameter(_amount_parameter(name)),
                "timeGrain": "Monthly",
                "timePeriod": {"startDate": parameter(_START)},
                "notifications": {notice: _notice(kind, share, group) for notice, kind, share in _NOTICES},
            },
        }
        for name in _amounts(budget)
    ]


def _notice(kind: str, share: int, group: str) -> dict[str, Json]:
    return {
        "enabled": True,
        "operator": "GreaterThanOrEqualTo",
        "threshold": share,
        "thresholdType": kind,
        "contactEmails": [],
        "contactGroups": [group],
    }
