"""The workflows behind the actions, as ARM resources: Logic Apps, their identities' roles, the parameters they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from observability.model.alert import Action, Alert, Workflow
from observability.model.dashboard import Dashboard
from observability.model.operations import DatabaseScaling, Escalation, NodeScaling
from observability.model.text import Lang, Text
from observability.render import (
    wdl,
    workflow_approval,
    workflow_escalation,
    workflow_messages,
    workflow_roles,
    workflow_targets,
)
from observability.render.arm import Json, Parameter, Resource, parameter, quoted
from observability.render.arm_actions import (
    TRIGGER,
    WORKFLOW_API,
    WORKFLOW_TYPE,
    callback_url,
    workflow_id,
    workflow_name,
)
from observability.render.workflow_escalation import AZURE, ESCALATION_URL, MANAGEMENT_URL
from observability.render.workflow_messages import GRAFANA
from observability.render.workflow_roles import GIVE_ROLES, SUBNET
from observability.render.workflow_scaling import ASK_URL, TEAMS_URL
from observability.render.workflow_targets import ASK_DATABASE, ASK_NODES, POOL_NAME

SLACK_URL = "slackWebhookUrl"
ASK, ANSWER = "ask", "answer"
# The part of the common alert schema without which no message can be made; the rest is read where it is there.
ALERT_SCHEMA = {
    "type": "object",
    "required": ["schemaId", "data"],
    "properties": {
        "schemaId": {"type": "string", "enum": ["azureMonitorCommonAlertSchema"]},
        "data": {
            "type": "object",
            "required": ["essentials", "alertContext"],
            "properties": {
                "essentials": {
                    "type": "object",
                    "required": ["alertId", "monitorCondition", "firedDateTime"],
                    "properties": {
                        "alertId": {"type": "string"},
                        # Null in a budget's alert of older days, which fires and never resolves.
                        "monitorCondition": {"type": ["string", "null"], "enum": ["Fired", "Resolved", None]},
                        "firedDateTime": {"type": "string"},
                    },
                },
                "alertContext": {"type": "object"},
            },
        },
    },
}
# A waiting question holds the next runs back; more than so many alerts at once have people on the phone already.
WAITING_RUNS = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """What the workflows are made from."""

    alerts: tuple[Alert, ...]
    dashboards: tuple[Dashboard, ...]
    nodes: NodeScaling
    database: DatabaseScaling
    escalation: Escalation


def parameters(settings: Settings) -> list[Parameter]:
    """What a deployment must or may say about the workflows."""
    pool, server = settings.nodes.pool, settings.database.database
    ask = "Ask in Teams before {what}; nothing is done without an approval."
    return [
        Parameter(TEAMS_URL, "Teams: address of the channel's workflow webhook.", "secureString", example="<secret>"),
        Parameter(SLACK_URL, "Slack: address of the channel's incoming webhook.", "secureString", example="<secret>"),
        Parameter(
            ESCALATION_URL,
            "Teams: webhook of the channel that management reads, for alerts that nobody takes. Empty: the operations channel.",
            "secureString",
            default="",
        ),
        Parameter(
            MANAGEMENT_URL,
            "PagerDuty: integration URL of management's own service, called at once for severity 1. Empty: nobody is called.",
            "secureString",
            default="",
        ),
        Parameter(
            GRAFANA,
            "Where Grafana is, without a final slash. Messages link to the dashboard of their alert.",
            example="https://grafana.example.com",
        ),
        Parameter(POOL_NAME, "The cluster's node pool for applications.", default=pool.key),
        Parameter(
            SUBNET,
            "Subnet of that node pool as 'VNET/SUBNET', in this resource group; changing a pool may need the right to join "
            "it. Empty: no such right is given.",
            default="",
        ),
        Parameter(
            GIVE_ROLES,
            "Give the workflows their roles, which takes an owner or user access administrator. Without them a scaling fails, "
            "and an escalation cannot see whether somebody has taken an alert; both say so in Teams.",
            "bool",
            default=True,
        ),
        Parameter(ASK_NODES, ask.format(what="adding nodes"), "bool", default=settings.nodes.asks),
        Parameter(
            ASK_DATABASE,
            ask.format(what=f"moving {server.resource.name} to {server.next_vm.name}"),
            "bool",
            default=settings.database.asks,
        ),
    ]


def used(actions: Iterable[Action]) -> list[Workflow]:
    """Every workflow that some action or its group calls, once. Teams is always one: the others tell people there."""
    listed = list(actions)
    called = [action.workflow for action in listed if action.workflow is not None]
    called += [Workflow.ESCALATE] if any(action.escalates for action in listed) else []
    return list(dict.fromkeys([Workflow.TEAMS, *called])) if called else []


def resources(workflows: Sequence[Workflow], settings: Settings, lang: Lang) -> Iterator[Resource]:
    """The workflows, and what their identities may do."""
    for workflow in workflows:
        yield _workflow(workflow, settings, lang)
    if not {Workflow.SCALE_NODES, Workflow.SCALE_DATABASE}.isdisjoint(workflows):
        answer = {workflow_approval.ANSWER_URL: callback_url(ANSWER, workflow_approval.TRIGGER)}
        yield _resource(ASK, _ask(lang), own=answer)
        yield _resource(ANSWER, _answer(lang))
    if Workflow.ESCALATE in workflows:
        yield from workflow_roles.escalation()
    if Workflow.SCALE_NODES in workflows:
        yield from workflow_roles.nodes()
    if Workflow.SCALE_DATABASE in workflows:
        yield from workflow_roles.database(settings.database)


def _resource(
    workflow: Workflow | str,
    definition: Json,
    shared: Iterable[str] = (),
    own: dict[str, str] | None = None,
    *,
    identity: bool = False,
) -> Resource:
    """A workflow whose parameters are the template's of the same names, and addresses of other workflows."""
    own = own or {}
    body: Resource = {
        "type": WORKFLOW_TYPE,
        "apiVersion": WORKFLOW_API,
        "name": workflow_name(workflow),
        "location": parameter("location"),
    }
    if identity:
        body["identity"] = {"type": "SystemAssigned"}
    values = {name: {"value": parameter(name)} for name in shared} | {name: {"value": url} for name, url in own.items()}
    body["properties"] = {"state": "Enabled", "definition": definition, "parameters": values}
    if AZURE in definition["parameters"]:
        values[AZURE] = {"value": "[environment().resourceManager]"}
    if own:
        body["dependsOn"] = [workflow_id(ASK if name == ASK_URL else ANSWER) for name in own]
    return body


_SECRET, _TEXT, _SWITCH = {"type": "SecureString"}, {"type": "String"}, {"type": "Bool"}


def _workflow(workflow: Workflow, settings: Settings, lang: Lang) -> Resource:
    if workflow is Workflow.TEAMS:
        return _resource(workflow, notification(settings, lang, slack=False), (TEAMS_URL, GRAFANA))
    if workflow is Workflow.SLACK:
        return _resource(workflow, notification(settings, lang, slack=True), (TEAMS_URL, SLACK_URL, GRAFANA))
    if workflow is Workflow.ESCALATE:
        shared = (TEAMS_URL, ESCALATION_URL, MANAGEMENT_URL, GRAFANA)
        return _resource(workflow, _escalation(settings, lang), shared, identity=True)
    nodes = workflow is Workflow.SCALE_NODES
    actions = (
        workflow_targets.nodes(settings.nodes, lang) if nodes else workflow_targets.database(settings.database, lang)
    )
    switch = ASK_NODES if nodes else ASK_DATABASE
    given = {TEAMS_URL: _SECRET, GRAFANA: _TEXT, switch: _SWITCH, ASK_URL: _SECRET}
    trigger = _fired()
    # One after the other: a second alert has to see what the first one did.
    trigger["runtimeConfiguration"] = {"concurrency": {"runs": 1, "maximumWaitingRuns": WAITING_RUNS}}
    # What has resolved needs nothing more.
    trigger["conditions"] = [{"expression": f"@equals({workflow_messages.ESSENTIALS}?['monitorCondition'],'Fired')"}]
    definition = wdl.definition(TRIGGER, trigger, {**_read(settings, lang), **actions}, given)
    own = {ASK_URL: callback_url(ASK, workflow_approval.TRIGGER)}
    return _resource(workflow, definition, (TEAMS_URL, GRAFANA, switch), own, identity=True)


def _escalation(settings: Settings, lang: Lang) -> Json:
    """Runs of several alerts wait side by side; what has resolved, or escalates by no machine, starts none."""
    trigger = _fired()
    severity = f"string({workflow_messages.ESSENTIALS}?['severity'])"
    known = ",".join(quoted(level) for level in workflow_escalation.levels(settings.escalation))
    fired = f"equals({workflow_messages.ESSENTIALS}?['monitorCondition'],'Fired')"
    trigger["conditions"] = [{"expression": f"@and({fired},contains(createArray({known}),{severity}))"}]
    given = dict.fromkeys((TEAMS_URL, ESCALATION_URL, MANAGEMENT_URL), _SECRET) | dict.fromkeys((GRAFANA, AZURE), _TEXT)
    actions = {**_read(settings, lang), **workflow_escalation.actions(settings.escalation, lang)}
    return wdl.definition(TRIGGER, trigger, actions, given)


def _fired() -> wdl.Action:
    """Called by an action group; anything but the common alert schema is refused."""
    return {
        "type": "Request",
        "kind": "Http",
        "inputs": {"method": "POST", "schema": ALERT_SCHEMA},
        "operationOptions": "EnableSchemaValidation",
    }


def _read(settings: Settings, lang: Lang) -> wdl.Actions:
    buttons, _ = workflow_messages.teams_alert(lang)
    return {**workflow_messages.read(settings.alerts, settings.dashboards, lang), **buttons}


def notification(settings: Settings, lang: Lang, *, slack: bool) -> Json:
    """Posts what an alert says, or that it could not be read. When Slack cannot be reached, Teams is told so."""
    buttons, message = workflow_messages.slack_alert(lang) if slack else workflow_messages.teams_alert(lang)
    unread = workflow_messages.slack_unread if slack else workflow_messages.unread
    address = wdl.parameter(SLACK_URL if slack else TEAMS_URL)
    actions = {
        **workflow_messages.read(settings.alerts, settings.dashboards, lang),
        **buttons,
        "Post": wdl.post(address, message, wdl.after("Buttons")),
        "Post_unread": wdl.post(address, unread(lang), wdl.after("Post", when=[wdl.SKIPPED])),
    }
    given = {TEAMS_URL: _SECRET, GRAFANA: _TEXT}
    if slack:
        given[SLACK_URL] = _SECRET
        actions |= _slack_failed(lang)
    return wdl.definition(TRIGGER, _fired(), actions, given)


def _slack_failed(lang: Lang) -> wdl.Actions:
    alert = workflow_messages.ALERT
    title = Text(ko="Slack에 알리지 못했습니다", en="Slack could not be told")
    what, reason = Text(ko="알림", en="Alert"), Text(ko="이유", en="Reason")
    code = "@{actions('Post')?['status']} @{string(coalesce(actions('Post')?['outputs']?['statusCode'],''))}"
    lines = [
        (what.get(lang), f"@{{{alert}['state']}} · @{{{alert}['title']}}"),
        (reason.get(lang), code),
    ]
    # The last address is that of the alert itself, which is always there.
    link = f"@{{last({workflow_messages.LINKS})['url']}}"
    button = {"type": "Action.OpenUrl", "title": workflow_messages.WORDS["open"].get(lang), "url": link}
    card = workflow_messages.teams(title.get(lang), "warning", lines, [button])
    return {
        "Tell_failure": wdl.post(wdl.parameter(TEAMS_URL), card, wdl.after("Post", when=[wdl.FAILED, wdl.LATE])),
        "Mark_failed": wdl.failed("ActionFailed", code, wdl.after("Tell_failure", when=wdl.ENDED)),
    }


def _ask(lang: Lang) -> Json:
    given = {workflow_approval.ANSWER_URL: _SECRET}
    return wdl.definition(workflow_approval.TRIGGER, workflow_approval.opened(), workflow_approval.page(lang), given)


def _answer(lang: Lang) -> Json:
    return wdl.definition(workflow_approval.TRIGGER, workflow_approval.opened(), workflow_approval.answer(lang), {})
