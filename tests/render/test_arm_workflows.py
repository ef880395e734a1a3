"""The workflows' resources: names, identities, the least of rights, and no secret in what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from observability.artefacts.azure import workflow_settings
from observability.catalog import load
from observability.model.alert import Action, Channel, Workflow
from observability.model.text import LANGS, Text
from observability.render import arm_workflows, wdl, workflow_messages
from observability.render.arm import Parameter

SETTINGS = workflow_settings(load())
WORDS = Text(ko="말", en="words")
BUILT = list(arm_workflows.resources(tuple(Workflow), SETTINGS, "ko"))
WORKFLOWS = {r["name"]: r for r in BUILT if r["type"] == "Microsoft.Logic/workflows"}
ROLES = {r["properties"]["description"]: r for r in BUILT if r["type"].endswith("/roleDefinitions")}
ASSIGNMENTS = [r for r in BUILT if r["type"].endswith("/roleAssignments")]
POOL = "resourceId('Microsoft.ContainerService/managedClusters/agentPools', parameters('clusterName'), parameters('applicationPoolName'))"


def action(workflow: Workflow | None, channel: Channel = Channel.LOGIC_APP) -> Action:
    return Action(id="a", title=WORDS, channel=channel, code="aa", does=WORDS, workflow=workflow)


def test_there_are_those_that_actions_and_groups_call_and_the_two_behind_a_question() -> None:
    assert list(WORKFLOWS) == [
        "la-tripgen-teams",
        "la-tripgen-slack",
        "la-tripgen-scale-nodes",
        "la-tripgen-scale-database",
        "la-tripgen-escalate",
        "la-tripgen-ask",
        "la-tripgen-answer",
    ]


def test_only_what_is_called_is_made_and_teams_with_it_for_it_is_where_failures_are_told() -> None:
    assert arm_workflows.used([action(Workflow.SLACK), action(None, Channel.SMS)]) == [Workflow.TEAMS, Workflow.SLACK]
    assert arm_workflows.used([action(None, Channel.SMS)]) == []
    pager = replace(action(None, Channel.WEBHOOK), escalates=True)
    assert arm_workflows.used([pager]) == [Workflow.TEAMS, Workflow.ESCALATE]
    made = arm_workflows.resources((Workflow.TEAMS, Workflow.SLACK), SETTINGS, "ko")
    assert [resource["name"] for resource in made] == ["la-tripgen-teams", "la-tripgen-slack"]


def test_only_what_asks_azure_has_an_identity() -> None:
    assert [name for name, resource in WORKFLOWS.items() if "identity" in resource] == [
        "la-tripgen-scale-nodes",
        "la-tripgen-scale-database",
        "la-tripgen-escalate",
    ]


@pytest.mark.parametrize(
    ("description", "actions"),
    [
        (
            "For the identity of la-tripgen-scale-nodes alone: read and change the application node pool.",
            [
                "Microsoft.ContainerService/managedClusters/agentPools/read",
                "Microsoft.ContainerService/managedClusters/agentPools/write",
            ],
        ),
        (
            "For the identity of la-tripgen-scale-nodes alone: join the subnet of the application nodes.",
            ["Microsoft.Network/virtualNetworks/subnets/join/action"],
        ),
        (
            "For the identity of la-tripgen-scale-database alone: read and change the primary database server.",
            ["Microsoft.DBforPostgreSQL/flexibleServers/read", "Microsoft.DBforPostgreSQL/flexibleServers/write"],
        ),
        (
            "For the identity of la-tripgen-escalate alone: read alerts.",
            ["Microsoft.AlertsManagement/alerts/read"],
        ),
    ],
)
def test_a_role_allows_what_the_workflow_asks_azure_for_and_no_more(description: str, actions: list[str]) -> None:
    role = ROLES[description]
    assert role["properties"]["permissions"] == [{"actions": actions, "notActions": []}]
    assert role["properties"]["assignableScopes"] == ["[resourceGroup().id]"]


def test_each_role_is_given_on_one_resource_and_that_to_read_alerts_on_the_group_that_they_are_about() -> None:
    assert [assignment.get("scope") for assignment in ASSIGNMENTS] == [
        None,
        f"[{POOL}]",
        "[resourceId('Microsoft.Network/virtualNetworks/subnets', "
        "split(if(empty(parameters('applicationPoolSubnet')), 'none/none', parameters('applicationPoolSubnet')), '/')[0], "
        "split(if(empty(parameters('applicationPoolSubnet')), 'none/none', parameters('applicationPoolSubnet')), '/')[1])]",
        "[resourceId('Microsoft.DBforPostgreSQL/flexibleServers', parameters('postgresqlName'))]",
    ]
    assert [assignment["condition"] for assignment in ASSIGNMENTS] == [
        "[parameters('giveRoles')]",
        "[parameters('giveRoles')]",
        "[and(parameters('giveRoles'), not(empty(parameters('applicationPoolSubnet'))))]",
        "[parameters('giveRoles')]",
    ]


def test_whoever_may_not_give_roles_can_deploy_the_rest() -> None:
    assert {role["condition"] for role in ROLES.values()} == {"[parameters('giveRoles')]"}
    for resource in BUILT:
        if resource["type"] == "Microsoft.Logic/workflows":
            assert not any("Authorization" in name for name in resource.get("dependsOn", ()))


def test_an_assignment_has_the_same_name_each_time_and_waits_for_its_identity_and_its_role() -> None:
    workflow = "resourceId('Microsoft.Logic/workflows', 'la-tripgen-scale-nodes')"
    role = "guid(resourceGroup().id, 'la-tripgen-scale-nodes')"
    assert ASSIGNMENTS[1] == {
        "condition": "[parameters('giveRoles')]",
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": f"[guid({POOL}, {workflow}, {role})]",
        "scope": f"[{POOL}]",
        "properties": {
            "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {role})]",
            "principalId": f"[reference({workflow}, '2017-07-01', 'full').identity.principalId]",
            "principalType": "ServicePrincipal",
        },
        "dependsOn": [f"[{workflow}]", f"[resourceId('Microsoft.Authorization/roleDefinitions', {role})]"],
    }


def test_addresses_of_other_workflows_are_read_while_deploying_and_after_those_are_there() -> None:
    asking = WORKFLOWS["la-tripgen-scale-nodes"]
    url = "[listCallbackUrl(resourceId('Microsoft.Logic/workflows/triggers', 'la-tripgen-ask', 'open'), '2017-07-01').value]"
    assert asking["properties"]["parameters"]["askUrl"] == {"value": url}
    assert asking["dependsOn"] == ["[resourceId('Microsoft.Logic/workflows', 'la-tripgen-ask')]"]
    assert WORKFLOWS["la-tripgen-ask"]["dependsOn"] == [
        "[resourceId('Microsoft.Logic/workflows', 'la-tripgen-answer')]"
    ]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_address_is_a_secure_string_and_every_request_to_one_is_secured(name: str) -> None:
    definition = WORKFLOWS[name]["properties"]["definition"]
    for parameter, declared in definition["parameters"].items():
        assert "defaultValue" not in declared
        if parameter.endswith("Url") and parameter != "grafanaBaseUrl":
            assert declared["type"] == "SecureString"
    for inner in requests(definition["actions"]):
        if inner["type"] == "HttpWebhook" or "authentication" not in inner["inputs"]:
            assert inner["runtimeConfiguration"]["secureData"]["properties"] == ["inputs", "outputs"]


def requests(actions: Any) -> list[Any]:
    found = []
    for inner in actions.values():
        found += [inner] if inner["type"] in ("Http", "HttpWebhook") else []
        found += requests(inner.get("actions", {})) + requests(inner.get("else", {}).get("actions", {}))
    return found


def test_what_a_deployment_says_about_the_workflows() -> None:
    said = {parameter.name: parameter for parameter in arm_workflows.parameters(SETTINGS)}
    assert {name: (parameter.type, parameter.default) for name, parameter in said.items()} == {
        "teamsWebhookUrl": ("secureString", None),
        "slackWebhookUrl": ("secureString", None),
        "escalationTeamsUrl": ("secureString", ""),
        "managementPagerDutyUrl": ("secureString", ""),
        "grafanaBaseUrl": ("string", None),
        "applicationPoolName": ("string", "application"),
        "applicationPoolSubnet": ("string", ""),
        "giveRoles": ("bool", True),
        "askBeforeScalingNodes": ("bool", False),
        "askBeforeScalingDatabase": ("bool", True),
    }


def test_a_switch_that_is_off_is_written_as_such() -> None:
    assert Parameter("p", "d", "bool", default=False).declaration()["defaultValue"] is False


@pytest.mark.parametrize("lang", LANGS)
def test_every_text_is_in_the_language_asked_for(lang: Any) -> None:
    made = json.dumps(list(arm_workflows.resources(tuple(Workflow), SETTINGS, lang)), ensure_ascii=False)
    assert ("늘렸습니다" in made) is (lang == "ko")
    assert ("scaled up" in made) is (lang == "en")


def test_a_text_in_a_template_stays_one_json_value_whatever_it_holds() -> None:
    hostile = '"},{"type":"Image"}\\ {{ x }} {% x %} \n'
    made = workflow_messages.teams(hostile, "good", [(hostile, hostile)], [])
    content = made["attachments"][0]["content"]
    assert content["body"][0]["items"][0]["inlines"][0]["text"] == hostile
    assert [run["text"] for run in content["body"][1]["inlines"]] == [f"{hostile}  ", hostile]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("@home", "@@home"),
        ("a@b.example", "a@b.example"),
        ("say @{x}", "say @@{x}"),
        ("@{x}", "@@{x}"),
        ("[list]", "[[list]"),
        ({"a": ["@x", 1, None]}, {"a": ["@@x", 1, None]}),
    ],
)
def test_a_literal_stays_one_in_both_languages(value: Any, written: Any) -> None:
    assert wdl.literal(value) == written
