from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.web_tests import CHECKS
from observability.design.services import SERVICES
from observability.model.alert import Action, Alert, Category, Channel, Severity, Suppression, WebTest, Workflow
from observability.model.signal import Engine, Signal
from observability.model.text import LANGS, Text
from observability.model.units import Unit, minutes, percent
from observability.render import arm_actions
from observability.render.arm import Parameter

WORDS = Text("주문", "Orders")


def _action(ident: str, channel: Channel, code: str) -> Action:
    workflow = Workflow.SCALE_NODES if channel is Channel.LOGIC_APP else None
    title = Text(f"{ident} 알림", f"Tell {ident}")
    return Action(id=ident, title=title, channel=channel, code=code, does=WORDS, workflow=workflow)


BELL = _action("night-bell", Channel.WEBHOOK, "nb")
BAKER = _action("call-the-baker", Channel.LOGIC_APP, "cb")
OWNER = _action("owner", Channel.SMS, "ow")


def _alert(*actions: Action) -> Alert:
    return Alert(
        id="too-late",
        title=WORDS,
        watches=Signal(name="late", title=WORDS, unit=Unit.PERCENT, help=WORDS),
        engine=Engine.LOG,
        above=percent(3),
        window=minutes(5),
        severity=Severity.TWO,
        category=Category.CRITICAL,
        actions=actions,
        meaning=WORDS,
        impact=WORDS,
        because=WORDS,
        first_steps=(),
    )


# --- action groups ------------------------------------------------------------------------------------------


def test_an_action_group_with_a_webhook_a_logic_app_and_an_sms() -> None:
    assert arm_actions.group((BELL, BAKER, OWNER)) == {
        "type": "Microsoft.Insights/actionGroups",
        "apiVersion": "2023-01-01",
        "name": "ag-tripgen-nb-cb-ow",
        "location": "Global",
        "properties": {
            "groupShortName": "tg-nb-cb-ow",
            "enabled": True,
            "webhookReceivers": [
                {
                    "name": "night-bell",
                    "serviceUri": "[parameters('nightBellUrl')]",
                    "useCommonAlertSchema": "[parameters('nightBellCommonSchema')]",
                }
            ],
            "logicAppReceivers": [
                {
                    "name": "call-the-baker",
                    "resourceId": "[resourceId('Microsoft.Logic/workflows', 'la-tripgen-scale-nodes')]",
                    "callbackUrl": (
                        "[listCallbackUrl(resourceId('Microsoft.Logic/workflows/triggers', 'la-tripgen-scale-nodes', "
                        "'alert'), '2017-07-01').value]"
                    ),
                    "useCommonAlertSchema": True,
                }
            ],
            "smsReceivers": [{"name": "owner", "countryCode": "82", "phoneNumber": "[parameters('ownerPhoneNumber')]"}],
        },
        "dependsOn": ["[resourceId('Microsoft.Logic/workflows', 'la-tripgen-scale-nodes')]"],
    }


def test_an_action_group_lists_only_the_kinds_of_receivers_it_has() -> None:
    baker, other = BAKER, _action("other-baker", Channel.LOGIC_APP, "ob")
    properties = arm_actions.group((baker, other))["properties"]
    assert list(properties) == ["groupShortName", "enabled", "logicAppReceivers"]
    assert [receiver["name"] for receiver in properties["logicAppReceivers"]] == ["call-the-baker", "other-baker"]


def test_a_group_whose_actions_share_a_workflow_waits_for_it_once_and_one_without_waits_for_nothing() -> None:
    other = _action("other-baker", Channel.LOGIC_APP, "ob")
    assert arm_actions.group((BAKER, other))["dependsOn"] == [
        "[resourceId('Microsoft.Logic/workflows', 'la-tripgen-scale-nodes')]"
    ]
    assert "dependsOn" not in arm_actions.group((BELL, OWNER))


def test_a_group_that_calls_somebody_calls_the_escalation_too_under_the_same_name() -> None:
    made = arm_actions.group((replace(BELL, escalates=True), OWNER))
    assert made["name"] == "ag-tripgen-nb-ow"
    assert made["properties"]["logicAppReceivers"] == [
        {
            "name": "escalate",
            "resourceId": "[resourceId('Microsoft.Logic/workflows', 'la-tripgen-escalate')]",
            "callbackUrl": (
                "[listCallbackUrl(resourceId('Microsoft.Logic/workflows/triggers', 'la-tripgen-escalate', "
                "'alert'), '2017-07-01').value]"
            ),
            "useCommonAlertSchema": True,
        }
    ]
    assert made["dependsOn"] == ["[resourceId('Microsoft.Logic/workflows', 'la-tripgen-escalate')]"]


def test_the_names_of_a_group_are_made_of_the_codes_of_its_actions() -> None:
    assert arm_actions.group_name((OWNER, BELL)) == "ag-tripgen-ow-nb"
    assert arm_actions.short_name((OWNER, BELL)) == "tg-ow-nb"


def test_every_combination_of_actions_is_one_group_in_the_order_of_the_alerts() -> None:
    alerts = (_alert(BELL, OWNER), _alert(OWNER), _alert(BELL, OWNER), _alert(), _alert(OWNER, BELL))
    assert arm_actions.groups(alerts) == [(BELL, OWNER), (OWNER,), (OWNER, BELL)]


# --- parameters ---------------------------------------------------------------------------------------------


def test_addresses_are_secrets_without_a_default_and_the_rest_has_one() -> None:
    assert arm_actions.parameters((BELL, BAKER, OWNER)) == [
        Parameter(
            name="nightBellUrl",
            description="Tell night-bell: Integration URL, with its key.",
            type="secureString",
            default=None,
            example="<secret>",
        ),
        Parameter(
            name="nightBellCommonSchema",
            description="Tell night-bell: send the common alert schema.",
            type="bool",
            default=True,
        ),
        Parameter(
            name="ownerPhoneNumber",
            description="Tell owner: National number without the leading 0.",
            type="secureString",
            default=None,
            example="<secret>",
        ),
    ]


@pytest.mark.parametrize("channel", [Channel.WEBHOOK, Channel.SMS])
def test_the_address_of_every_channel_is_declared_as_a_secret_without_a_value(channel: Channel) -> None:
    action = _action("made-up", channel, "mu")
    declared = {parameter.name: parameter.declaration() for parameter in arm_actions.parameters((action,))}
    address = declared[arm_actions.address_parameter(action)]
    assert address["type"] == "secureString"
    assert "defaultValue" not in address


@pytest.mark.parametrize("channel", Channel)
def test_a_group_uses_exactly_the_parameters_of_its_actions(channel: Channel) -> None:
    action = _action("made-up", channel, "mu")
    used = str(arm_actions.group((action,)))
    assert [name for name in ("Url", "PhoneNumber", "CommonSchema") if f"madeUp{name}'" in used] == [
        parameter.name.removeprefix("madeUp") for parameter in arm_actions.parameters((action,))
    ]


# --- suppression --------------------------------------------------------------------------------------------

HOLIDAY = Suppression(
    id="holiday",
    title=Text("[쉬는 날]", "[Holiday]"),
    weekday="Monday",
    start="01:30:00",
    end="02:45:00",
    time_zone="Mars Standard Time",
    severities=(Severity.TWO, Severity.THREE),
)


def test_a_suppression_silences_its_severities_only_on_its_weekly_schedule() -> None:
    assert arm_actions.suppression(HOLIDAY, "en") == {
        "type": "Microsoft.AlertsManagement/actionRules",
        "apiVersion": "2021-08-08",
        "name": "apr-tripgen-holiday",
        "location": "Global",
        "properties": {
            "enabled": True,
            "description": "[[Holiday]",
            "scopes": ["[resourceGroup().id]"],
            "conditions": [{"field": "Severity", "operator": "Equals", "values": ["Sev2", "Sev3"]}],
            "schedule": {
                "timeZone": "Mars Standard Time",
                "recurrences": [
                    {
                        "recurrenceType": "Weekly",
                        "daysOfWeek": ["Monday"],
                        "startTime": "01:30:00",
                        "endTime": "02:45:00",
                    }
                ],
            },
            "actions": [{"actionType": "RemoveAllActionGroups"}],
        },
    }


def test_a_suppression_differs_between_the_languages_in_its_description_alone() -> None:
    korean, english = (arm_actions.suppression(HOLIDAY, lang) for lang in LANGS)
    assert korean["properties"].pop("description") == "[[쉬는 날]"
    del english["properties"]["description"]
    assert korean == english


# --- web tests ----------------------------------------------------------------------------------------------

DOOR = WebTest(
    id="check-door",
    title=Text("가게 문 점검", "Check of the shop's door"),
    service="door",
    path="/knock",
    every=minutes(10),
    locations=("mars-north", "mars-south"),
)


def test_a_web_test_asks_its_path_from_its_locations() -> None:
    assert arm_actions.web_test(DOOR, "ko") == {
        "type": "Microsoft.Insights/webtests",
        "apiVersion": "2022-06-15",
        "name": "wt-tripgen-check-door",
        "location": "[parameters('location')]",
        "kind": "standard",
        "tags": (
            "[createObject(concat('hidden-link:', "
            "resourceId('Microsoft.Insights/components', parameters('checksInsightsName'))), 'Resource')]"
        ),
        "properties": {
            "SyntheticMonitorId": "wt-tripgen-check-door",
            "Name": "door",
            "Description": "가게 문 점검",
            "Enabled": True,
            "Kind": "standard",
            "Frequency": 600,
            "Timeout": 30,
            "RetryEnabled": True,
            "Locations": [{"Id": "mars-north"}, {"Id": "mars-south"}],
            "Request": {
                "RequestUrl": "[concat('https://', parameters('publicHost'), parameters('checkDoorPath'))]",
                "HttpVerb": "GET",
                "FollowRedirects": False,
                "ParseDependentRequests": False,
            },
            "ValidationRules": {
                "ExpectedHttpStatusCode": 200,
                "SSLCheck": True,
            },
        },
    }


def test_a_web_test_describes_itself_in_the_language_of_the_deployment() -> None:
    assert arm_actions.web_test(DOOR, "en")["properties"]["Description"] == "Check of the shop's door"


def test_the_path_of_a_web_test_is_a_parameter_that_can_be_changed_when_deploying() -> None:
    window = replace(DOOR, id="check-window", service="window", path="/look")
    assert arm_actions.web_test_parameters((DOOR, window)) == [
        Parameter("checkDoorPath", "Public path that the synthetic check of door asks for.", default="/knock"),
        Parameter("checkWindowPath", "Public path that the synthetic check of window asks for.", default="/look"),
    ]


def test_each_of_the_four_services_is_checked_from_five_places_every_five_minutes() -> None:
    made = [arm_actions.web_test(test, "en")["properties"] for test in CHECKS]
    assert [check["Name"] for check in made] == ["user", "trip", "ai", "location"]
    assert [check["Name"] for check in made] == [service.key for service in SERVICES]
    for check in made:
        assert (check["Kind"], check["Frequency"], len(check["Locations"])) == ("standard", 300, 5)
