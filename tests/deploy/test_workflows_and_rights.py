"""What carries no tag or runs by itself: a workflow, its right and its role, a budget. Compared, and taken away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import pytest

from observability.deploy import drift, remove, templates
from observability.deploy.drift import Drift, Finding, Kind
from observability.deploy.errors import NotAllowed, Refused
from observability.deploy.hide import Hide
from observability.deploy.normal import UNSET
from observability.deploy.remove import Removal
from observability.deploy.templates import Template, Values
from observability.model.errors import SourceUnavailable
from tests.deploy import shop
from tests.deploy.served import ABOVE, GROUP, ROOT, SUBSCRIPTION, Cloud, connected, served

STAFF = Template("alerts", shop.STAFF)
ACCESS = Template("access", shop.TEMPLATES["access"])
GIVEN: Values = {
    **{name: {"value": value} for name, value in shop.VALUES.items()},
    "budgetStart": {"value": "2026-12-01"},
    "bakerId": {"value": "baker-1"},
}
NAMESPACE = UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
OVEN = f"{ROOT}/providers/Shop/ovens/big"
FLOW = f"{ROOT}/providers/Microsoft.Logic/workflows/la-shop"
BELL = f"{ROOT}/providers/Microsoft.Insights/actionGroups/ag-workflow"
BREAD = str(uuid5(NAMESPACE, f"{ROOT}-bread"))
ROLE = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/{BREAD}"
RIGHT = f"{OVEN}/providers/Microsoft.Authorization/roleAssignments/{uuid5(NAMESPACE, '-'.join((OVEN, FLOW, BREAD)))}"
BAKER = f"{ROOT}/providers/Microsoft.Authorization/roleAssignments/{uuid5(NAMESPACE, f'{ROOT}-baker-1-reader')}"
BUDGET = f"{ABOVE}/providers/Microsoft.Consumption/budgets/budget-tripgen-rg-shop-bread"
SPENT = "properties.notifications.spent"


def defined(given: Values = GIVEN) -> list[dict[str, Any]]:
    return [one for each in (STAFF, ACCESS) for one in templates.resources(each, given, SUBSCRIPTION, GROUP)]


def deployed() -> Cloud:
    cloud = Cloud(rewrites=True)
    for one in defined():
        cloud.put(one)
    cloud.put({"id": OVEN, "type": "Shop/ovens", "name": "big"})
    return cloud


def compared(cloud: Cloud, given: Values = GIVEN) -> Drift:
    with served(cloud), connected(cloud) as arm:
        return drift.compare(arm, defined(given), Hide([STAFF, ACCESS], given), lambda _: None, made=())


def properties(cloud: Cloud, resource: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.resources[resource.lower()]["properties"]
    return found


def planned(cloud: Cloud, given: Values = GIVEN) -> list[str]:
    with served(cloud), connected(cloud) as arm:
        goes, _ = remove.plan(arm, defined(given), with_data=False, said=lambda _: None)
    return [item.id for item in goes]


def removed(cloud: Cloud) -> Removal:
    with served(cloud), connected(cloud) as arm:
        goes, _ = remove.plan(arm, defined(), with_data=False, said=lambda _: None)
        *_, removal = remove.remove(arm, goes, lambda *_: None)
    return removal


# --- drift ---------------------------------------------------------------------------------------------------


def test_what_the_services_add_and_keep_for_themselves_is_no_drift() -> None:
    # A callback address in the action group, and whose right it is.
    assert compared(deployed()) == Drift((), 6, 6, {}, {"listCallbackUrl": 1, "reference": 1})


def test_what_a_condition_leaves_out_is_not_expected() -> None:
    cloud = deployed()
    for one in (ROLE, RIGHT, BUDGET, BAKER):
        del cloud.resources[one.lower()]
    given: Values = {name: GIVEN[name] for name in shop.VALUES} | {"giveRoles": {"value": False}}
    assert compared(cloud, given) == Drift((), 2, 2, {}, {"listCallbackUrl": 1})


@pytest.mark.parametrize("gone", [FLOW, ROLE, RIGHT, BAKER, BUDGET])
def test_what_is_gone_is_missing(gone: str) -> None:
    cloud = deployed()
    del cloud.resources[gone.lower()]
    assert compared(cloud).findings == (Finding(Kind.MISSING, gone),)


def _action(cloud: Cloud) -> None:
    properties(cloud, FLOW)["definition"]["actions"]["Ring"]["inputs"]["uri"] = "https://elsewhere.example"


def _more_actions(cloud: Cloud) -> None:
    properties(cloud, FLOW)["definition"]["actions"]["Sleep"] = {"type": "Wait"}


def _stopped(cloud: Cloud) -> None:
    properties(cloud, FLOW)["state"] = "Disabled"


def _told_secret(cloud: Cloud) -> None:
    properties(cloud, FLOW)["parameters"]["bell"]["value"] = "https://elsewhere.example/?key=secret"


def _door(cloud: Cloud) -> None:
    properties(cloud, FLOW)["parameters"]["door"]["value"] = "elsewhere.example"


def _nobody(cloud: Cloud) -> None:
    cloud.resources[FLOW.lower()]["identity"] = {"type": "None"}


def _more_rights(cloud: Cloud) -> None:
    properties(cloud, ROLE)["permissions"][0]["actions"] = ["*"]


def _amount(cloud: Cloud) -> None:
    properties(cloud, BUDGET)["amount"] = 9000.0


def _ends(cloud: Cloud) -> None:
    properties(cloud, BUDGET)["timePeriod"]["endDate"] = "2027-01-01T00:00:00Z"


def _quiet(cloud: Cloud) -> None:
    properties(cloud, BUDGET)["notifications"]["spent"]["enabled"] = False


def _tells_nobody(cloud: Cloud) -> None:
    properties(cloud, BUDGET)["notifications"]["spent"]["contactGroups"] = []


ACTION = "properties.definition.actions"


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (
            _action,
            Finding(Kind.EDITED, FLOW, f"{ACTION}.Ring.inputs.uri", "@parameters('bell')", "https://elsewhere.example"),
        ),
        (_more_actions, Finding(Kind.EDITED, FLOW, f"{ACTION}.Sleep", UNSET, {"type": "Wait"})),
        (_stopped, Finding(Kind.DISABLED, FLOW, "properties.state", "Enabled", "Disabled")),
        (_told_secret, Finding(Kind.EDITED, FLOW, "properties.parameters.bell.value", "***", "***")),
        (
            _door,
            Finding(Kind.EDITED, FLOW, "properties.parameters.door.value", "shop.example", "elsewhere.example"),
        ),
        (_nobody, Finding(Kind.EDITED, FLOW, "identity.type", "SystemAssigned", "None")),
        (_more_rights, Finding(Kind.EDITED, ROLE, "properties.permissions[0].actions", ["Shop/ovens/write"], ["*"])),
        (_amount, Finding(Kind.EDITED, BUDGET, "properties.amount", 500, 9000.0)),
        (_ends, Finding(Kind.EDITED, BUDGET, "properties.timePeriod.endDate", UNSET, "2027-01-01T00:00:00Z")),
        (_quiet, Finding(Kind.DISABLED, BUDGET, f"{SPENT}.enabled", True, False)),
        (_tells_nobody, Finding(Kind.NO_ACTION_GROUP, BUDGET, f"{SPENT}.contactGroups")),
    ],
)
def test_one_change_is_one_finding(edit: Callable[[Cloud], None], found: Finding) -> None:
    cloud = deployed()
    edit(cloud)
    assert compared(cloud).findings == (found,)


def test_a_receiver_that_somebody_took_away_is_told_without_its_address() -> None:
    cloud = deployed()
    properties(cloud, BELL)["logicAppReceivers"] = []
    (found,) = compared(cloud).findings
    assert found.expected == {"name": "flow", "resourceId": FLOW, "callbackUrl": "***"}
    assert json.dumps(found.expected)


BUDGETS = BUDGET.rpartition("/")[0]
OLD = f"{ROOT}/providers/Microsoft.Consumption/budgets/budget-tripgen-bread"


def budget(cloud: Cloud, resource: str, *counted: str) -> None:
    """Another budget like ours, which counts the cost of these groups."""
    one = json.loads(json.dumps(cloud.resources[BUDGET.lower()]))
    one |= {"id": resource, "name": resource.rpartition("/")[2]}
    one["properties"]["filter"]["dimensions"]["values"] = list(counted)
    cloud.resources[resource.lower()] = one


def test_an_old_budget_of_ours_is_extra_and_one_of_others_is_not() -> None:
    cloud = deployed()
    budget(cloud, f"{BUDGETS}/budget-tripgen-old", "RG-Shop")
    budget(cloud, f"{BUDGETS}/budget-of-others", "rg-shop")
    budget(cloud, f"{BUDGETS}/budget-tripgen-rg-shop-2-bread", "rg-shop-2", "rg-flour")
    # As versions before made it, which counted one group.
    budget(cloud, OLD)
    assert compared(cloud).findings == (
        Finding(Kind.EXTRA, f"{BUDGETS}/budget-tripgen-old"),
        Finding(Kind.EXTRA, OLD),
    )


def _one_group(cloud: Cloud) -> None:
    properties(cloud, BUDGET)["filter"]["dimensions"]["values"].remove("rg-flour")


def test_a_budget_that_another_group_has_by_our_name_is_not_ours_and_ours_is_missing() -> None:
    cloud = deployed()
    budget(cloud, BUDGET, "rg-other")
    assert compared(cloud).findings == (Finding(Kind.MISSING, BUDGET),)
    assert BUDGET not in planned(cloud)


def test_a_budget_that_counts_less_than_it_should_is_edited() -> None:
    cloud = deployed()
    _one_group(cloud)
    (found,) = compared(cloud).findings
    assert (found.kind, found.path) == (Kind.EDITED, "properties.filter.dimensions.values")
    assert (found.expected, found.live) == (["rg-shop", "rg-flour"], ["rg-shop"])


def test_a_budget_without_a_filter_is_of_the_whole_subscription_and_not_ours() -> None:
    cloud = deployed()
    del properties(cloud, BUDGET)["filter"]
    assert BUDGET not in planned(cloud)


# --- remove --------------------------------------------------------------------------------------------------


def test_rights_go_before_their_role_and_both_before_the_workflow_and_its_callers_first_of_all() -> None:
    assert planned(deployed()) == [BUDGET, BELL, BAKER, RIGHT, ROLE, FLOW]


def test_rights_are_found_in_a_group_whose_name_an_address_does_not_hold_as_it_is() -> None:
    cloud = Cloud(rewrites=True, group="rg-상점(prod)")
    made = [one for each in (STAFF, ACCESS) for one in templates.resources(each, GIVEN, SUBSCRIPTION, cloud.group)]
    for one in made:
        cloud.put(one)
    with served(cloud), connected(cloud) as arm:
        goes, _ = remove.plan(arm, made, with_data=False, said=lambda _: None)
        *_, removal = remove.remove(arm, goes, lambda *_: None)
    assert sorted(item.id for item in removal.deleted) == sorted(one["id"] for one in made)
    assert cloud.resources == {}


def test_nothing_of_ours_is_left_and_everything_of_others_is() -> None:
    cloud = deployed()
    theirs = _of_others(cloud)
    assert removed(cloud).faults == []
    assert set(cloud.resources) == {OVEN.lower(), *theirs}


def _of_others(cloud: Cloud) -> set[str]:
    """Near misses: each is like one of ours in all but one thing."""
    ours = {name: cloud.resources[name.lower()] for name in (RIGHT, ROLE, BUDGET)}
    made = {
        # Our role, given to somebody else.
        f"{RIGHT[:-4]}0000": ours[RIGHT],
        # The name of our assignment, somewhere else.
        RIGHT.replace("ovens/big", "ovens/small"): ours[RIGHT],
        # A role of our name for more than this group, and one of this group with another name.
        f"{ROLE[:-4]}0001": {
            **ours[ROLE],
            "properties": {**ours[ROLE]["properties"], "assignableScopes": [ROOT, f"{ROOT}-2"]},
        },
        f"{ROLE[:-4]}0002": {**ours[ROLE], "properties": {**ours[ROLE]["properties"], "roleName": "bake bread"}},
        # A role of another project whose group's name begins like ours.
        f"{ROLE[:-4]}0003": {
            **ours[ROLE],
            "properties": {**ours[ROLE]["properties"], "roleName": f"tripgen {GROUP}-2: bake bread"},
        },
        f"{BUDGETS}/budget-bread": ours[BUDGET],
        f"{BUDGETS}/budget-tripgen-rg-shop-2-bread": {
            **ours[BUDGET],
            "properties": {
                **ours[BUDGET]["properties"],
                "filter": {"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": ["rg-shop-2"]}},
            },
        },
    }
    for name, body in made.items():
        cloud.resources[name.lower()] = {**body, "id": name, "name": name.rpartition("/")[2]}
    return {name.lower() for name in made}


def test_an_assignment_of_our_name_that_gives_another_role_is_somebody_elses() -> None:
    cloud = deployed()
    properties(cloud, RIGHT)["roleDefinitionId"] = "/providers/Microsoft.Authorization/roleDefinitions/owner"
    assert RIGHT not in planned(cloud)


def test_an_assignment_of_our_name_from_further_up_is_somebody_elses() -> None:
    cloud = deployed()
    properties(cloud, BAKER)["scope"] = f"/subscriptions/{SUBSCRIPTION}"
    assert BAKER not in planned(cloud)


def test_without_parameters_what_has_a_name_of_ours_is_found_and_rights_of_unknown_identities_are_not() -> None:
    given: Values = {"giveRoles": {"value": False}}
    assert planned(deployed(), given) == [BUDGET, BELL, ROLE, FLOW]


def test_a_role_of_an_older_version_goes_by_its_name() -> None:
    cloud = deployed()
    old = f"{ROLE[:-4]}0000"
    cloud.resources[old.lower()] = {**cloud.resources[ROLE.lower()], "id": old, "name": old.rpartition("/")[2]}
    assert old in planned(cloud)


def test_who_may_not_take_rights_away_is_told_so_and_the_rest_goes() -> None:
    cloud = deployed()
    words = "no right to 'Microsoft.Authorization/roleAssignments/delete'"
    cloud.order("DELETE", "roleAssignments", 403, {"error": {"code": "AuthorizationFailed", "message": words}}, 2)
    removal = removed(cloud)
    assert [item.id for item in removal.left] == [BAKER, RIGHT]
    assert [fault.target for fault in removal.faults] == [BAKER, RIGHT]
    assert "have the role 'User Access Administrator' given to it" in removal.faults[0].message
    assert FLOW.lower() not in cloud.resources


def test_who_may_not_delete_a_workflow_may_delete_nothing() -> None:
    cloud = deployed()
    cloud.order("DELETE", "workflows", 403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
    with pytest.raises(SourceUnavailable, match="role 'Contributor'"):
        removed(cloud)


@pytest.mark.parametrize("started", [True, False])
def test_a_subscription_without_budgets_is_no_obstacle_unless_there_should_be_one(started: bool) -> None:
    cloud = deployed()
    cloud.order("GET", "budgets", 400, {"error": {"code": "InvalidSubscription", "message": "has no budgets"}}, 2)
    given: Values = GIVEN if started else {**GIVEN, "budgetStart": {"value": ""}}
    if started:
        with pytest.raises(Refused, match="has no budgets"):
            planned(cloud, given)
    else:
        assert planned(cloud, given) == [BELL, BAKER, RIGHT, ROLE, FLOW]


def test_a_budget_of_an_older_version_goes_from_the_resource_group() -> None:
    cloud = deployed()
    budget(cloud, OLD)
    assert planned(cloud)[:2] == [BUDGET, OLD]


NO_RIGHT = {
    "error": {
        "code": "AuthorizationFailed",
        "message": "no authorization to perform action 'Microsoft.Consumption/budgets/read' over the subscription",
    }
}


@pytest.mark.parametrize("started", [True, False])
def test_without_rights_on_the_subscription_the_rest_goes_unless_there_should_be_a_budget(started: bool) -> None:
    cloud = deployed()
    cloud.order("GET", BUDGETS, 403, NO_RIGHT)
    given: Values = GIVEN if started else {**GIVEN, "budgetStart": {"value": ""}}
    told: list[str] = []
    with served(cloud), connected(cloud) as arm:
        if started:
            with pytest.raises(NotAllowed, match="role 'Cost Management Contributor' on the subscription given to it"):
                remove.plan(arm, defined(given), with_data=False, said=told.append)
            return
        goes, _ = remove.plan(arm, defined(given), with_data=False, said=told.append)
    assert [item.id for item in goes] == [BELL, BAKER, RIGHT, ROLE, FLOW]
    assert any(line.startswith("no budgets are looked for at the subscription: ") for line in told)


def test_who_may_not_delete_at_the_subscription_is_told_so_and_the_rest_goes() -> None:
    cloud = deployed()
    cloud.order("DELETE", "budgets", 403, NO_RIGHT)
    removal = removed(cloud)
    assert [item.id for item in removal.left] == [BUDGET]
    assert FLOW.lower() not in cloud.resources


def test_drift_says_which_right_is_missing_at_the_subscription() -> None:
    cloud = deployed()
    cloud.order("GET", BUDGETS, 403, NO_RIGHT)
    with pytest.raises(NotAllowed, match="Cost Management Contributor"):
        compared(cloud)
