"""Budgets as Azure has them, which are in no list of resources: those that count the cost of our resource group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from observability.deploy.arm import Arm
from observability.render.arm_budgets import BUDGET_API, BUDGET_TYPE


def places(arm: Arm) -> tuple[str, str]:
    """Where budgets of ours stand: at the subscription, and at the resource group those of an older version."""
    return arm.path, f"/subscriptions/{arm.subscription}"


def listed(arm: Arm, place: str) -> list[Mapping[str, Any]]:
    """The budgets of one of the places that count our resource group, each with its whole id and type.

    Another group's budget may have a name like ours, and stands at the same subscription.
    """
    found = arm.listed(f"{place}/providers/{BUDGET_TYPE}", BUDGET_API, what=f"list of budgets of {place}")
    return [
        {**one, "id": f"{place}/providers/{BUDGET_TYPE}/{one.get('name')}", "type": BUDGET_TYPE}
        for one in found
        if place == arm.path or arm.group.lower() in _counted(one)
    ]


def _counted(budget: Mapping[str, Any]) -> set[str]:
    """The resource groups whose cost it counts, in small letters."""
    dimension = ((budget.get("properties") or {}).get("filter") or {}).get("dimensions") or {}
    if str(dimension.get("name")).lower() != "resourcegroupname":
        return set()
    return {str(value).lower() for value in dimension.get("values") or ()}
