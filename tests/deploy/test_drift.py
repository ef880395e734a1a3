"""The shop's rules on the local server, as services tell of them, edited by hand in every way that counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from observability.artefacts.build import build
from observability.catalog import load as catalogue
from observability.deploy import drift, templates
from observability.deploy.drift import Drift, Finding, Kind
from observability.deploy.hide import Hide
from observability.deploy.normal import UNSET
from observability.deploy.templates import Template, Values
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument
from tests.deploy import shop
from tests.deploy.served import GROUP, ROOT, SUBSCRIPTION, Cloud, connected, served
from tests.nested import every

ALERTS = Template("alerts", shop.TEMPLATES["alerts"])
GIVEN: Values = {name: {"value": value} for name, value in shop.VALUES.items()}
BELL = f"{ROOT}/providers/Microsoft.Insights/actionGroups/ag-bell"
QUEUE = f"{ROOT}/providers/Microsoft.Insights/scheduledQueryRules/alert-queue"
OVEN = f"{ROOT}/providers/Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven"
WORKSPACE = f"{ROOT}/providers/Microsoft.OperationalInsights/workspaces/law-shop"
TYPES = {one["type"] for body in shop.TEMPLATES.values() for one in body["resources"]}
Properties = dict[str, Any]


def deployed() -> Cloud:
    cloud = Cloud(rewrites=True)
    for name, body in shop.TEMPLATES.items():
        for one in templates.resources(Template(name, body), GIVEN, SUBSCRIPTION, GROUP):
            cloud.put(one)
    return cloud


def compared(cloud: Cloud, given: Values = GIVEN) -> Drift:
    with served(cloud), connected(cloud) as arm:
        defined = templates.resources(ALERTS, given, SUBSCRIPTION, GROUP)
        return drift.compare(arm, defined, Hide([ALERTS], given), lambda _: None, made=TYPES)


def properties(cloud: Cloud, resource: str) -> Properties:
    found: Properties = cloud.resources[resource.lower()]["properties"]
    return found


def test_what_was_deployed_and_left_alone_has_not_drifted() -> None:
    assert compared(deployed()) == Drift((), 3, 3, {}, {})


def test_everything_generated_comes_back_from_a_service_that_rewrites_it_without_drift() -> None:
    known = [
        Template(made.path.partition("/")[2].removesuffix(".json"), json.loads(made.body))
        for made in build(catalogue(), "ko")
        if made.kind == "deployment template"
    ]
    cloud = Cloud(rewrites=True)
    example = {name: "x" for one in known for name, each in one.parameters.items() if "defaultValue" not in each}
    more = ("exporterPrincipalId", "grafanaPrincipalId", "kedaPrincipalId")
    given: Values = {
        **{name: {"value": f"https://{value}.example"} for name, value in example.items()},
        **{name: {"value": f"{name}-1"} for name in more},
        "applicationPoolSubnet": {"value": "vnet-tripgen/snet-aks"},
        "budgetStart": {"value": "2026-12-01"},
    }
    made = {one.name: templates.resources(one, given, SUBSCRIPTION, GROUP) for one in known}
    for resource in (one for each in made.values() for one in each):
        cloud.put(resource)
    rules = [one for one in known if one.name in drift.COMPARED]
    defined = [one for each in rules for one in made[each.name]]
    # What the rules watch and this project does not make.
    for scope in {scope for one in defined for scope in one["properties"].get("scopes", ())} - {ROOT}:
        if scope.lower() not in cloud.resources:
            kind, _, name = scope.removeprefix(f"{ROOT}/providers/").rpartition("/")
            cloud.put({"id": scope, "type": kind, "name": name})
    with served(cloud), connected(cloud) as arm:
        types = {one["type"] for each in made.values() for one in each}
        found = drift.compare(arm, defined, Hide(known, given), lambda _: None, made=types)
    at_azure = {
        "listCallbackUrl": json.dumps([one.body for one in rules]).count("[listCallbackUrl("),
        "reference": json.dumps([one.body for one in rules]).count("[reference("),
    }
    assert at_azure["listCallbackUrl"] > 0 < at_azure["reference"]
    assert found == Drift((), len(defined), len(defined), {}, at_azure)
    everything = sum(1 for one in rules for _ in every(dict(one.body)))
    assert len(defined) == everything


def _missing(cloud: Cloud) -> None:
    del cloud.resources[QUEUE.lower()]


def _threshold(cloud: Cloud) -> None:
    properties(cloud, QUEUE)["criteria"]["allOf"][0]["threshold"] = 50.0


def _muted(cloud: Cloud) -> None:
    properties(cloud, QUEUE)["muteActionsDuration"] = "PT1H"


def _dimension(cloud: Cloud) -> None:
    properties(cloud, QUEUE)["criteria"]["allOf"][0]["dimensions"].pop(0)


def _disabled(cloud: Cloud) -> None:
    properties(cloud, OVEN)["rules"][0]["enabled"] = False


def _untagged(cloud: Cloud) -> None:
    cloud.resources[QUEUE.lower()]["tags"] = {"team": "night"}


def _tells_nobody(cloud: Cloud) -> None:
    properties(cloud, QUEUE)["actions"]["actionGroups"] = []


def _tells_a_stranger(cloud: Cloud) -> None:
    properties(cloud, OVEN)["rules"][0]["actions"][0]["actionGroupId"] = f"{BELL}-gone"


def _address(cloud: Cloud) -> None:
    properties(cloud, BELL)["webhookReceivers"][0]["serviceUri"] = "https://elsewhere.example/?key=secret"


def _receiver(cloud: Cloud) -> None:
    properties(cloud, BELL)["webhookReceivers"].append({"name": "mine", "serviceUri": "https://mine.example/key"})


def _nothing_watched(cloud: Cloud) -> None:
    del cloud.resources[WORKSPACE.lower()]


CLERK = {"name": "clerk", "operator": "Include", "values": ["*"]}
ONE = "properties.criteria.allOf[0]"


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (_missing, Finding(Kind.MISSING, QUEUE)),
        (_threshold, Finding(Kind.EDITED, QUEUE, f"{ONE}.threshold", 5, 50.0)),
        (_muted, Finding(Kind.EDITED, QUEUE, "properties.muteActionsDuration", UNSET, "PT1H")),
        (_dimension, Finding(Kind.EDITED, QUEUE, f"{ONE}.dimensions[clerk]", CLERK, UNSET)),
        (_disabled, Finding(Kind.DISABLED, OVEN, "properties.rules[OvenCold].enabled", True, False)),
        (_untagged, Finding(Kind.EDITED, QUEUE, "tags.managed-by", "tripgen-observability", UNSET)),
        (_tells_nobody, Finding(Kind.NO_ACTION_GROUP, QUEUE, "properties.actions")),
        (_tells_a_stranger, Finding(Kind.NO_ACTION_GROUP, OVEN, "properties.rules[OvenCold].actions")),
        (_address, Finding(Kind.EDITED, BELL, "properties.webhookReceivers[bell].serviceUri", "***", "***")),
        (
            _receiver,
            Finding(
                Kind.EDITED,
                BELL,
                "properties.webhookReceivers[mine]",
                UNSET,
                {"name": "mine", "serviceUri": "***"},
            ),
        ),
    ],
)
def test_one_change_is_one_finding(edit: Callable[[Cloud], None], found: Finding) -> None:
    cloud = deployed()
    edit(cloud)
    assert compared(cloud).findings == (found,)


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ([], ()),
        ([BELL], (Finding(Kind.EDITED, QUEUE, "properties.actions.actionGroups", UNSET, [BELL]),)),
        ([f"{BELL}-gone"], (Finding(Kind.EDITED, QUEUE, "properties.actions.actionGroups", UNSET, [f"{BELL}-gone"]),)),
    ],
)
def test_a_rule_that_is_to_tell_nobody_may_tell_nobody(groups: list[str], found: tuple[Finding, ...]) -> None:
    cloud = deployed()
    properties(cloud, QUEUE)["actions"] = {"actionGroups": groups}
    quiet = {**shop.LOG_RULE, "properties": {**shop.LOG_RULE["properties"], "actions": {}}}
    parameters = shop.TEMPLATES["alerts"]["parameters"]
    alerts = Template("alerts", shop.template([shop.ACTION_GROUP, quiet, shop.RULES], parameters))
    with served(cloud), connected(cloud) as arm:
        defined = templates.resources(alerts, GIVEN, SUBSCRIPTION, GROUP)
        assert drift.compare(arm, defined, Hide([alerts], GIVEN), lambda _: None, made=TYPES).findings == found


def test_a_rule_whose_scope_is_gone_watches_nothing() -> None:
    cloud = deployed()
    _nothing_watched(cloud)
    told = WORKSPACE.replace("/resourceGroups/", "/resourcegroups/").replace("Microsoft.", "microsoft.")
    assert compared(cloud).findings == (Finding(Kind.DEAD_SCOPE, QUEUE, "properties.scopes", UNSET, told),)


def test_a_scope_in_a_resource_group_that_is_gone_is_dead_and_edited() -> None:
    cloud = deployed()
    elsewhere = WORKSPACE.replace(GROUP, "rg-burnt-down")
    properties(cloud, QUEUE)["scopes"] = [elsewhere]
    assert compared(cloud).findings == (
        Finding(Kind.EDITED, QUEUE, "properties.scopes", [WORKSPACE], [elsewhere]),
        Finding(Kind.DEAD_SCOPE, QUEUE, "properties.scopes", UNSET, elsewhere),
    )


def test_a_scope_below_a_resource_lives_as_long_as_that_one_and_a_subscription_always() -> None:
    cloud = deployed()
    scopes = [f"{WORKSPACE}/tables/Till", f"/subscriptions/{SUBSCRIPTION}"]
    properties(cloud, QUEUE)["scopes"] = scopes
    assert compared(cloud).findings == (Finding(Kind.EDITED, QUEUE, "properties.scopes", [WORKSPACE], scopes),)


def test_what_carries_our_tag_and_is_not_defined_is_extra_and_what_does_not_is_somebody_elses() -> None:
    cloud = deployed()
    kind = "Microsoft.Insights/scheduledQueryRules"
    for name, tags in (("old", {"Managed-By": "tripgen-observability"}), ("theirs", {"managed-by": "terraform"})):
        one = {"id": f"{ROOT}/providers/{kind}/{name}", "type": kind, "name": name, "tags": tags, "properties": {}}
        cloud.put(one)
    found = compared(cloud)
    assert found.findings == (Finding(Kind.EXTRA, f"{ROOT}/providers/{kind}/old"),)
    assert (found.defined, found.live) == (3, 4)


def test_what_carries_our_tag_and_is_of_a_type_that_no_template_has_any_more_is_extra() -> None:
    cloud = deployed()
    kind = "Microsoft.Insights/activityLogAlerts"
    for name, tags in (("old", shop.TAGS), ("theirs", {"managed-by": "terraform"})):
        cloud.put({"id": f"{ROOT}/providers/{kind}/{name}", "type": kind, "name": name, "tags": tags, "properties": {}})
    found = compared(cloud)
    assert found.findings == (Finding(Kind.EXTRA, f"{ROOT}/providers/{kind}/old"),)
    assert (found.defined, found.live) == (3, 4)


def test_a_rule_switched_off_that_was_not_sent_a_switch_is_disabled() -> None:
    cloud = deployed()
    sent = {name: item for name, item in shop.LOG_RULE["properties"].items() if name != "enabled"}
    quiet = {**shop.LOG_RULE, "properties": sent}
    properties(cloud, QUEUE)["enabled"] = False
    alerts = Template(
        "alerts", shop.template([shop.ACTION_GROUP, quiet, shop.RULES], shop.TEMPLATES["alerts"]["parameters"])
    )
    with served(cloud), connected(cloud) as arm:
        defined = templates.resources(alerts, GIVEN, SUBSCRIPTION, GROUP)
        found = drift.compare(arm, defined, Hide([alerts], GIVEN), lambda _: None, made=TYPES).findings
    assert found == (Finding(Kind.DISABLED, QUEUE, "properties.enabled", UNSET, False),)


def test_without_the_values_the_rest_is_compared_and_what_was_not_is_counted() -> None:
    cloud = deployed()
    _address(cloud)
    _threshold(cloud)
    found = compared(cloud, {})
    assert [one.path for one in found.findings] == [f"{ONE}.threshold"]
    assert found.unknown == {"bellUrl": 1, "host": 1}


def test_nothing_deployed_is_everything_missing() -> None:
    found = compared(Cloud())
    assert [one.kind for one in found.findings] == [Kind.MISSING] * 3


def test_a_group_that_is_not_there_is_a_wrong_argument_and_no_drift() -> None:
    cloud = Cloud()
    cloud.order("GET", "providers", 404, {"error": {"code": "ResourceGroupNotFound", "message": "no such group"}})
    with pytest.raises(WrongArgument, match="no such group"):
        compared(cloud)


@pytest.mark.parametrize(("status", "words"), [(401, "does not accept the sign-in"), (403, "may not do that")])
def test_a_list_that_may_not_be_read_is_no_drift(status: int, words: str) -> None:
    cloud = deployed()
    cloud.order("GET", "prometheusRuleGroups", status, {"error": {"code": "AuthorizationFailed", "message": "m"}})
    with pytest.raises(SourceUnavailable, match=words):
        compared(cloud)
