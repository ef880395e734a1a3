"""Taking away exactly what is ours, in an order that works, and going on after whatever came in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from observability.artefacts.build import build
from observability.catalog import load as catalogue
from observability.deploy import remove, templates
from observability.deploy.errors import Fault, Refused
from observability.deploy.remove import Item, Removal
from observability.deploy.templates import Template, Values
from observability.model.errors import SourceUnavailable
from tests.deploy import shop
from tests.deploy.served import GROUP, ROOT, SUBSCRIPTION, Cloud, connected, served
from tests.nested import every

GIVEN: Values = {name: {"value": value} for name, value in shop.VALUES.items()}
DEFINED = [
    one
    for name, body in shop.TEMPLATES.items()
    for one in templates.resources(Template(name, body), GIVEN, SUBSCRIPTION, GROUP)
]
SETTING = f"{ROOT}/providers/Shop/ovens/big/providers/Microsoft.Insights/diagnosticSettings/to-log-analytics"
WORKSPACE = "Microsoft.OperationalInsights/workspaces/law-shop"
RULE, GROUP_OF_ACTIONS = "Microsoft.Insights/scheduledQueryRules/alert-queue", "Microsoft.Insights/actionGroups/ag-bell"
OVEN = "Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven"
PACK = "Microsoft.OperationalInsights/queryPacks/qp-shop"
ALL = [RULE, OVEN, GROUP_OF_ACTIONS, PACK, SETTING.removeprefix(f"{ROOT}/providers/")]


def deployed(**more: Any) -> Cloud:
    cloud = Cloud(**more)
    for one in DEFINED:
        cloud.put(one)
    cloud.put(
        {"id": f"{ROOT}/providers/Shop/ovens/big", "type": "Shop/ovens", "name": "big", "tags": {"team": "night"}}
    )
    return cloud


def short(items: list[Item]) -> list[str]:
    return [item.id.removeprefix(f"{ROOT}/providers/") for item in items]


def planned(cloud: Cloud, *, with_data: bool = False) -> tuple[list[Item], list[Item]]:
    with served(cloud), connected(cloud) as arm:
        return remove.plan(arm, DEFINED, with_data=with_data, said=lambda _: None)


def removed(cloud: Cloud) -> Removal:
    with served(cloud), connected(cloud) as arm:
        goes, _ = remove.plan(arm, DEFINED, with_data=False, said=lambda _: None)
        removal = Removal(goes)
        for removal in remove.remove(arm, goes, lambda *_: None):
            assert len(removal.left) + len(removal.deleted) + len(removal.gone) == len(goes)
        return removal


def test_what_carries_the_tag_goes_rules_first_and_what_holds_data_is_kept() -> None:
    cloud = deployed()
    goes, kept = planned(cloud)
    assert short(goes) == ALL
    assert short(kept) == [WORKSPACE]
    assert kept[0].why == "holds every log"
    assert not [line for line in cloud.asked if not line.startswith("GET ")]


def test_with_data_the_workspace_goes_last() -> None:
    goes, kept = planned(deployed(), with_data=True)
    assert short(goes) == [*ALL, WORKSPACE]
    assert kept == []


def test_each_goes_by_the_version_it_was_deployed_with() -> None:
    goes, _ = planned(deployed())
    assert [item.version for item in goes] == [
        "2023-12-01",
        "2023-03-01",
        "2023-01-01",
        "2025-07-01",
        "2021-05-01-preview",
    ]


def test_every_type_that_is_deployed_has_its_place_in_the_order() -> None:
    deployed_types = {
        resource["type"].lower()
        for made in build(catalogue(), "en")
        if made.kind == "deployment template"
        for resource in every(json.loads(made.body))
        # What lies inside another resource goes with it.
        if resource["type"].count("/") == 1
    }
    assert deployed_types == set(remove.ORDER)
    assert set(remove.DATA) < set(remove.ORDER)


def test_what_others_have_there_stays() -> None:
    cloud = deployed()
    cloud.resources[f"{ROOT}/providers/{RULE}".lower()]["tags"] = {"managed-by": "terraform"}
    removal = removed(cloud)
    assert short(removal.deleted) == [name for name in ALL if name != RULE]
    left = sorted(one["name"] for one in cloud.resources.values())
    assert left == ["alert-queue", "big", "law-shop"]


def test_a_setting_of_the_same_name_that_leads_elsewhere_is_somebody_elses() -> None:
    cloud = deployed()
    cloud.resources[SETTING.lower()]["properties"]["workspaceId"] = f"{ROOT}/providers/{WORKSPACE}-of-others"
    goes, _ = planned(cloud)
    assert short(goes) == ALL[:-1]


def test_a_type_of_an_older_version_goes_first_by_the_newest_released_api() -> None:
    cloud = deployed()
    old = {"id": f"{ROOT}/providers/Shop/lamps/red", "type": "Shop/lamps", "name": "red", "tags": shop.TAGS}
    cloud.put(old)
    versions = ["2026-09-01-preview", "2024-01-01", "2025-02-02"]
    answer = {"resourceTypes": [{"resourceType": "Lamps", "apiVersions": versions}]}
    cloud.order("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Shop", 200, answer)
    goes, _ = planned(cloud)
    assert goes[0] == Item(old["id"], "Shop/lamps", "2025-02-02")


def test_a_type_that_azure_does_not_know_is_told() -> None:
    cloud = deployed()
    cloud.put({"id": f"{ROOT}/providers/Shop/lamps/red", "type": "Shop/lamps", "name": "red", "tags": shop.TAGS})
    cloud.order("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Shop", 200, {"resourceTypes": []})
    with pytest.raises(Refused, match=r"Shop/lamps: NoApiVersion: .*delete it in the portal"):
        planned(cloud)


def test_everything_is_deleted_long_operations_included_and_a_second_run_has_nothing_to_do() -> None:
    cloud = deployed(slow=frozenset({"Microsoft.Insights/actionGroups"}), running=2)
    removal = removed(cloud)
    assert short(removal.deleted) == ALL
    assert (removal.left, removal.gone, removal.faults) == ([], [], [])
    assert short(removed(cloud).deleted) == []


def test_what_went_meanwhile_is_no_trouble() -> None:
    cloud = deployed()
    cloud.order("DELETE", RULE, 404, {"error": {"code": "ResourceNotFound", "message": "gone"}})
    removal = removed(cloud)
    assert (short(removal.gone), short(removal.deleted)) == ([RULE], ALL[1:])


def test_what_is_refused_is_told_and_the_rest_goes_on() -> None:
    cloud = deployed()
    cloud.order("DELETE", GROUP_OF_ACTIONS, 409, {"error": {"code": "ScopeLocked", "message": "a lock is on it"}})
    removal = removed(cloud)
    assert short(removal.left) == [GROUP_OF_ACTIONS]
    assert len(removal.deleted) == len(ALL) - 1
    assert removal.faults == [Fault(f"{ROOT}/providers/{GROUP_OF_ACTIONS}", "ScopeLocked", "a lock is on it")]
    assert short(removed(cloud).deleted) == [GROUP_OF_ACTIONS]


def test_when_azure_stops_answering_it_is_known_what_is_left() -> None:
    cloud = deployed()
    cloud.order("DELETE", GROUP_OF_ACTIONS, 500, None, times=99)
    seen: list[Removal] = []
    with served(cloud), connected(cloud) as arm:
        goes, _ = remove.plan(arm, DEFINED, with_data=False, said=lambda _: None)
        with pytest.raises(SourceUnavailable, match="HTTP 500"):
            seen.extend(remove.remove(arm, goes, lambda *_: None))
    assert short(seen[-1].deleted) == [RULE, OVEN]
    assert short(seen[-1].left) == ALL[2:]
