"""Who is told, as ARM resources: action groups, the maintenance rule, web tests."""

from __future__ import annotations

from collections.abc import Iterable

from observability.model.alert import Action, Alert, Channel, Severity, Suppression, WebTest, Workflow
from observability.model.text import Lang
from observability.render.arm import Json, Parameter, Resource, parameter, quoted, resource_id, text

GROUP_TYPE = "Microsoft.Insights/actionGroups"
PROCESSING_RULE_TYPE = "Microsoft.AlertsManagement/actionRules"
WORKFLOW_TYPE, WORKFLOW_API = "Microsoft.Logic/workflows", "2017-07-01"
# The name of the trigger by which an action group calls a workflow.
TRIGGER = "alert"
# Korea, where the on-call numbers are (reading R22).
COUNTRY_CODE = "82"


def _camel(slug: str) -> str:
    first, *rest = slug.split("-")
    return first + "".join(part.capitalize() for part in rest)


_ADDRESSES = {
    Channel.WEBHOOK: ("Url", "Integration URL, with its key."),
    Channel.SMS: ("PhoneNumber", "National number without the leading 0."),
}


def address_parameter(action: Action) -> str:
    """The secureString that holds the receiver's address. A workflow's is read while deploying: KeyError."""
    return _camel(action.id) + _ADDRESSES[action.channel][0]


def parameters(actions: tuple[Action, ...]) -> list[Parameter]:
    """What a deployment must or may say about the receivers."""
    found = []
    for action in actions:
        if action.channel not in _ADDRESSES:
            continue
        said = f"{action.title.en}: {_ADDRESSES[action.channel][1]}"
        found.append(Parameter(address_parameter(action), said, "secureString", example="<secret>"))
        if action.channel is Channel.WEBHOOK:
            found.append(
                Parameter(
                    f"{_camel(action.id)}CommonSchema",
                    f"{action.title.en}: send the common alert schema.",
                    "bool",
                    default=True,
                )
            )
    return found


def workflow_name(workflow: Workflow | str) -> str:
    """``la-tripgen-teams``; workflows that no action calls go by their text."""
    return f"la-tripgen-{workflow.value if isinstance(workflow, Workflow) else workflow}"


def workflow_id(workflow: Workflow | str) -> str:
    return resource_id(WORKFLOW_TYPE, workflow_name(workflow))


def callback_url(workflow: Workflow | str, trigger: str = TRIGGER) -> str:
    """The address of a workflow's trigger, with its signature: read while deploying, written nowhere."""
    trigger_id = resource_id(f"{WORKFLOW_TYPE}/triggers", workflow_name(workflow), trigger)[1:-1]
    return f"[listCallbackUrl({trigger_id}, {quoted(WORKFLOW_API)}).value]"


def group_name(actions: tuple[Action, ...]) -> str:
    return f"ag-tripgen-{'-'.join(action.code for action in actions)}"


def short_name(actions: tuple[Action, ...]) -> str:
    """What an SMS begins with; Azure allows 12 characters (checks/azure.py)."""
    return f"tg-{'-'.join(action.code for action in actions)}"


def groups(alerts: tuple[Alert, ...]) -> list[tuple[Action, ...]]:
    """Every combination of actions that some alert uses, once, in the order of the alerts."""
    return list(dict.fromkeys(alert.actions for alert in alerts if alert.actions))


def group(actions: tuple[Action, ...]) -> Resource:
    """One action group."""
    hooks, apps, phones = [], [], []
    for action in actions:
        if action.channel is Channel.WEBHOOK:
            common, address = parameter(f"{_camel(action.id)}CommonSchema"), parameter(address_parameter(action))
            hooks.append({"name": action.id, "serviceUri": address, "useCommonAlertSchema": common})
        elif action.channel is Channel.LOGIC_APP:
            apps.append(_called_by(action))
        else:
            address = parameter(address_parameter(action))
            phones.append({"name": action.id, "countryCode": COUNTRY_CODE, "phoneNumber": address})
    if any(action.escalates for action in actions):
        apps.append(_workflow_receiver(Workflow.ESCALATE.value, Workflow.ESCALATE))
    receivers = {"webhookReceivers": hooks, "logicAppReceivers": apps, "smsReceivers": phones}
    body: Resource = {
        "type": GROUP_TYPE,
        "apiVersion": "2023-01-01",
        "name": group_name(actions),
        "location": "Global",
        "properties": {
            "groupShortName": short_name(actions),
            "enabled": True,
            **{name: items for name, items in receivers.items() if items},
        },
    }
    if apps:
        body["dependsOn"] = list(dict.fromkeys(app["resourceId"] for app in apps))
    return body


def _called_by(action: Action) -> Resource:
    if action.workflow is None:
        raise ValueError(f"action '{action.id}' calls no workflow")
    return _workflow_receiver(action.id, action.workflow)


def _workflow_receiver(name: str, workflow: Workflow) -> Resource:
    return {
        "name": name,
        "resourceId": workflow_id(workflow),
        "callbackUrl": callback_url(workflow),
        "useCommonAlertSchema": True,
    }


def of_severities(severities: Iterable[Severity]) -> Json:
    """A processing rule's condition."""
    return {"field": "Severity", "operator": "Equals", "values": [f"Sev{int(severity)}" for severity in severities]}


def processing_rule(name: str, words: str, conditions: list[Json], schedule: Json) -> Resource:
    """An alert processing rule that takes the action groups from what meets all conditions, while its schedule runs."""
    return {
        "type": PROCESSING_RULE_TYPE,
        "apiVersion": "2021-08-08",
        "name": f"apr-tripgen-{name}",
        "location": "Global",
        "properties": {
            "enabled": True,
            "description": text(words),
            "scopes": ["[resourceGroup().id]"],
            "conditions": conditions,
            "schedule": schedule,
            "actions": [{"actionType": "RemoveAllActionGroups"}],
        },
    }


def suppression(rule: Suppression, lang: Lang) -> Resource:
    """The rule that silences the named severities every week; more severe ones still page."""
    weekly = {
        "recurrenceType": "Weekly",
        "daysOfWeek": [rule.weekday],
        "startTime": rule.start,
        "endTime": rule.end,
    }
    schedule = {"timeZone": rule.time_zone, "recurrences": [weekly]}
    return processing_rule(rule.id, rule.title.get(lang), [of_severities(rule.severities)], schedule)


def path_parameter(test: WebTest) -> str:
    return f"{_camel(test.id)}Path"


def web_test_parameters(tests: tuple[WebTest, ...]) -> list[Parameter]:
    return [
        Parameter(
            path_parameter(test), f"Public path that the synthetic check of {test.service} asks for.", default=test.path
        )
        for test in tests
    ]


def web_test(test: WebTest, lang: Lang) -> Resource:
    """One availability test of a public endpoint."""
    name = f"wt-tripgen-{test.id}"
    component = "resourceId('Microsoft.Insights/components', parameters('checksInsightsName'))"
    return {
        "type": "Microsoft.Insights/webtests",
        "apiVersion": "2022-06-15",
        "name": name,
        "location": parameter("location"),
        "kind": "standard",
        # The portal and the component find a test by this tag, whose key holds the component's id.
        "tags": f"[createObject(concat('hidden-link:', {component}), 'Resource')]",
        "properties": {
            "SyntheticMonitorId": name,
            "Name": test.service,
            "Description": text(test.title.get(lang)),
            "Enabled": True,
            "Kind": "standard",
            "Frequency": int(test.every.total_seconds()),
            "Timeout": 30,
            "RetryEnabled": True,
            "Locations": [{"Id": location} for location in test.locations],
            "Request": {
                "RequestUrl": f"[concat('https://', parameters('publicHost'), parameters('{path_parameter(test)}'))]",
                "HttpVerb": "GET",
                "FollowRedirects": False,
                "ParseDependentRequests": False,
            },
            "ValidationRules": {
                "ExpectedHttpStatusCode": 200,
                # Not the certificate's remaining life: thirty days ahead of its end every check would fail, and page as
                # a full outage. Key Vault tells of it (alerts/key_vault.py).
                "SSLCheck": True,
            },
        },
    }
