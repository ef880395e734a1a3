"""Whether what a service tells of a resource is what was sent to it: services rewrite, order and add.

Ids, regions and names of types change case, durations their unit (PT1H, PT60M), whole numbers their dot, lists their
order, and properties that nobody sent come back with the service's default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from observability.deploy.expressions import Secret, Unknown
from observability.render.arm import ASSIGNMENT_TYPE, DEFINITION_TYPE
from observability.render.arm_actions import WORKFLOW_TYPE
from observability.render.arm_budgets import BUDGET_TYPE

_READ_ONLY = frozenset(
    {
        "createdwithapiversion",
        "islegacyloganalyticsrule",
        "isworkspacealertsstorageconfigured",
        "lastupdatedtime",
        "ismigrated",
        "provisioningstate",
        "etag",
        "status",  # of a receiver: whether its owner has unsubscribed
        # The service reads these off the scopes.
        "targetresourcetypes",
        "targetresourceregion",
    }
)
"""Told by the service, set by nobody."""

_WHO_AND_WHEN = tuple(f"properties.{name}" for name in ("createdon", "createdby", "updatedon", "updatedby"))
_ADDED: Mapping[str, tuple[str, ...]] = {
    WORKFLOW_TYPE: (
        "identity.principalid",
        "identity.tenantid",
        "properties.accessendpoint",
        "properties.changedtime",
        "properties.createdtime",
        "properties.endpointsconfiguration",
        "properties.parameters.*.type",
        "properties.sku",
        "properties.version",
    ),
    # The language of the mail is that of whoever made the budget.
    BUDGET_TYPE: ("properties.currentspend", "properties.forecastspend", "properties.notifications.*.locale"),
    ASSIGNMENT_TYPE: ("properties.scope", *_WHO_AND_WHEN),
    DEFINITION_TYPE: _WHO_AND_WHEN,
}
"""By type, what else its service tells: paths in small letters, ``*`` for any name."""

_ENDLESS = 9
"""Years. A budget for which nobody named an end runs ten years."""

_ONLY_SENT = frozenset({"skipqueryvalidation"})
"""Means something while deploying alone, so it may come back or not."""

_DEFAULTS: Mapping[str, Any] = {"enabled": True}
"""Values that come back unasked for. Of other properties, those that say nothing do: false, an empty text, an empty list."""

_CASELESS = frozenset({"location", "targetresourcetype", "metricnamespace", "kind", "odata.type"})
_KEYS = ("name", "id", "actiongroupid", "alert", "record", "field")
"""What tells the items of a list apart, the first that all of them have."""

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class _Unset:
    def __repr__(self) -> str:
        return "(not set)"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that is not as it was sent."""

    path: str
    expected: Any
    live: Any


def differences(expected: Any, live: Any, path: str = "") -> Iterator[Difference]:
    """Every innermost property in which ``live`` is not ``expected``."""
    if isinstance(expected, Unknown):
        return
    if isinstance(expected, Mapping) and isinstance(live, Mapping):
        yield from _objects(expected, live, path)
    elif isinstance(expected, list) and isinstance(live, list):
        yield from _lists(expected, live, path)
    elif not _same(expected, live, _last(path)):
        yield Difference(path, expected, live)


def sent(kind: str, live: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource without what the service of its type adds."""
    for path in _ADDED.get(kind, ()):
        live = _without(live, path.split("."))
    return _without(live, ["properties", "timeperiod", "enddate"]) if kind == BUDGET_TYPE and _runs_on(live) else live


def _without(part: Any, path: Sequence[str]) -> Any:
    if not isinstance(part, Mapping):
        return part
    first, *rest = path
    if not rest:
        return {key: item for key, item in part.items() if key.lower() != first}
    return {key: _without(item, rest) if first in ("*", key.lower()) else item for key, item in part.items()}


def _runs_on(budget: Mapping[str, Any]) -> bool:
    period = (budget.get("properties") or {}).get("timePeriod") or {}
    start, end = (str(period.get(name) or "")[:4] for name in ("startDate", "endDate"))
    return start.isdecimal() and end.isdecimal() and int(end) - int(start) >= _ENDLESS


def unknowns(expected: Any) -> Iterator[Unknown]:
    """What parts of ``expected`` are made of that has no value here, as often as they are."""
    if isinstance(expected, Unknown):
        yield expected
    elif isinstance(expected, Mapping | list):
        for item in expected.values() if isinstance(expected, Mapping) else expected:
            yield from unknowns(item)


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _objects(expected: Mapping[str, Any], live: Mapping[str, Any], path: str) -> Iterator[Difference]:
    there = {key.lower(): (key, value) for key, value in live.items()}
    for key, value in expected.items():
        below = f"{path}.{key}" if path else key
        if key.lower() in there:
            yield from differences(value, there.pop(key.lower())[1], below)
        elif not (key.lower() in _ONLY_SENT or _says_nothing(key, value)):
            yield Difference(below, value, UNSET)
    for low, (key, value) in there.items():
        if low not in _READ_ONLY and not _says_nothing(low, value):
            yield Difference(f"{path}.{key}" if path else key, UNSET, value)


def _says_nothing(key: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_says_nothing(name, item) for name, item in value.items())
    # Services keep secrets for themselves.
    if isinstance(value, Unknown | Secret):
        return True
    if value is None:
        return True
    if key.lower() in _DEFAULTS:
        return value is _DEFAULTS[key.lower()]
    return value is False or value == "" or value == []


def _lists(expected: list[Any], live: list[Any], path: str) -> Iterator[Difference]:
    key = _key([*expected, *live])
    if key is not None:
        mine, theirs = _by(key, expected), _by(key, live)
        for name, value in mine.items():
            yield from differences(value, theirs.get(name, UNSET), f"{path}[{name}]")
        for name, value in theirs.items():
            if name not in mine:
                yield Difference(f"{path}[{name}]", UNSET, value)
        return
    left = list(live)
    missing = []
    for item in expected:
        same = next((one for one in left if not any(differences(item, one, path))), UNSET)
        if same is UNSET:
            missing.append(item)
        else:
            left.remove(same)
    if len(missing) == len(left) == len(expected) and all(isinstance(one, Mapping) for one in (*missing, *left)):
        for number, (item, one) in enumerate(zip(missing, left, strict=True)):
            yield from differences(item, one, f"{path}[{number}]")
    elif missing or left:
        yield Difference(path, expected, live)


def _key(items: Sequence[Any]) -> str | None:
    """The property that all items have and that tells them apart."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for key in _KEYS:
        if all(any(name.lower() == key and isinstance(item[name], str) for name in item) for item in items):
            return key
    return None


def _by(key: str, items: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = next(value for own, value in item.items() if own.lower() == key)
        short = str(name)
        if short.startswith("/subscriptions/"):
            short = short.rpartition("/")[2].lower()
        while short in found:
            short += "'"
        found[short] = item
    return found


def _same(expected: Any, live: Any, key: str) -> bool:
    if isinstance(expected, bool) or isinstance(live, bool):
        return expected is live
    if not (isinstance(expected, str) and isinstance(live, str)):
        return type(expected) is not type(UNSET) and bool(expected == live)
    if key == "roledefinitionid":  # a role of Azure's own has an id in every subscription, and one in none
        return expected.rpartition("/")[2].lower() == live.rpartition("/")[2].lower()
    if key == "startdate":  # a day, or its first moment
        return expected[:10] == live[:10]
    if expected.lower().startswith("/subscriptions/"):
        return expected.lower() == live.lower()
    if key in _CASELESS:
        return expected.replace(" ", "").lower() == live.replace(" ", "").lower()
    seconds = _seconds(expected)
    if seconds is not None:
        return seconds == _seconds(live)
    return expected.replace("\r\n", "\n").rstrip() == live.replace("\r\n", "\n").rstrip()


def _seconds(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
