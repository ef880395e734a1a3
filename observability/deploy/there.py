"""Which resources there are, and which of them carry our tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from observability.deploy.arm import RESOURCES_VERSION, Arm
from observability.query.errors import WrongArgument
from observability.render.arm import TAG
from observability.render.arm_budgets import BUDGET_PREFIX, BUDGET_TYPE

_IN_GROUP = re.compile(r"(/subscriptions/[^/]+/resourcegroups/[^/]+)(?:/providers/([^/]+/[^/]+/[^/]+).*)?")


def ours(resource: Mapping[str, Any]) -> bool:
    """Whether it carries the tag: names of tags know no case, values do. A budget carries none and is known by its name."""
    if str(resource.get("type")).lower() == BUDGET_TYPE.lower():
        return str(resource.get("name")).lower().startswith(BUDGET_PREFIX)
    name, value = TAG
    tags = resource.get("tags")
    return isinstance(tags, Mapping) and any(key.lower() == name and text == value for key, text in tags.items())


def listed(arm: Arm, group_path: str) -> list[Any]:
    """Every resource of a resource group with its tags, those below another resource left out.

    Not by a filter on the tag: Azure leaves the tags out of such an answer, and nobody could look before deleting.
    """
    return arm.listed(f"{group_path}/resources", RESOURCES_VERSION, what="list of resources")


class There:
    """Answers whether a resource exists, from one list for each resource group."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._groups: dict[str, Mapping[str, Mapping[str, Any]] | None] = {}

    def all(self) -> Iterable[Mapping[str, Any]]:
        """Every resource of the group that is looked at, with its tags. Raises WrongArgument where there is no such group."""
        group = self._arm.path.lower()
        found = self._groups[group] = _by_id(listed(self._arm, group))
        return found.values()

    def has(self, resource: str) -> bool:
        """Of a resource below another one, whether that other one exists. What lies in no group is taken for alive."""
        match = _IN_GROUP.fullmatch(resource.lower().rstrip("/"))
        if match is None:
            return True
        group, below = match.groups()
        known = self._group(group)
        if known is None:
            return False
        return below is None or f"{group}/providers/{below}" in known

    def _group(self, group: str) -> Mapping[str, Mapping[str, Any]] | None:
        """Its resources by their ids, None where there is no such group."""
        if group not in self._groups:
            try:
                self._groups[group] = _by_id(listed(self._arm, group))
            except WrongArgument:
                self._groups[group] = None
        return self._groups[group]


def _by_id(resources: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return {str(one.get("id", "")).lower(): one for one in resources}
