"""Workflow definitions before Azure sees them: each expression parses, calls what there is, and reads what has run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observability.azure import limits
from observability.catalog import Catalogue
from observability.checks.expressions import Call, Constant, Node, Unreadable, calls, of_template, parts
from observability.model.alert import Action, Channel
from observability.model.errors import Problem
from observability.model.operations import DatabaseScaling, Escalation, NodeScaling
from observability.model.text import LANGS
from observability.render import arm_actions, arm_workflows

WHERE = "observability/render/arm_workflows.py"
# How many arguments each function takes; None is any number.
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("triggerBody", "triggerOutputs", "item", "listCallbackUrl"), (0, 0)),
    **dict.fromkeys(
        ("actions", "body", "outputs", "parameters", "variables", "empty", "first", "float", "isFloat", "json", "last"),
        (1, 1),
    ),
    **dict.fromkeys(("length", "not", "string", "ticks", "uriComponent", "uriHost"), (1, 1)),
    **dict.fromkeys(("add", "contains", "div", "endsWith", "equals", "greater", "greaterOrEquals", "join"), (2, 2)),
    **dict.fromkeys(("less", "lessOrEquals", "mul", "removeProperty", "split", "startsWith", "sub", "take"), (2, 2)),
    **dict.fromkeys(("if", "replace", "setProperty"), (3, 3)),
    **dict.fromkeys(("coalesce", "concat", "createArray", "max", "min"), (1, None)),
    "addSeconds": (2, 3),
    "substring": (2, 3),
    "and": (2, None),
    "or": (2, None),
    "convertTimeZone": (3, 4),
    "formatNumber": (2, 3),
    "utcNow": (0, 1),
}
TEMPLATE_FUNCTIONS = {"concat", "environment", "listCallbackUrl", "parameters", "resourceId", "substring"}
_READS = ("actions", "body", "outputs")
_STATUSES = {"Succeeded", "Failed", "Skipped", "TimedOut"}

Json = Any
Wrong = tuple[str, str]


def check(
    catalogue: Catalogue, nodes: NodeScaling, database: DatabaseScaling, escalation: Escalation
) -> Iterator[Problem]:
    """Problems of the actions' workflows in both languages; the same one is told once."""
    for action in catalogue.actions:
        for wrong, todo in _called(action):
            yield Problem(str(action.place), "action", action.id, wrong, todo)
    settings = arm_workflows.Settings(catalogue.alerts, catalogue.dashboards, nodes, database, escalation)
    workflows = arm_workflows.used(action for alert in catalogue.alerts for action in alert.actions)
    found = dict.fromkeys(
        Problem(WHERE, "workflow", resource["name"], wrong, todo)
        for lang in LANGS
        for resource in arm_workflows.resources(workflows, settings, lang)
        if resource["type"] == arm_actions.WORKFLOW_TYPE
        for wrong, todo in check_workflow(resource)
    )
    yield from found


def _called(action: Action) -> Iterator[Wrong]:
    if action.channel is Channel.LOGIC_APP and action.workflow is None:
        yield "calls a Logic App and names no workflow", "name one: workflow=Workflow.TEAMS"
    if action.channel is not Channel.LOGIC_APP and action.workflow is not None:
        yield f"names workflow '{action.workflow.value}' and calls none", "drop it, or use channel 'logic_app'"


def check_workflow(resource: Json) -> Iterator[Wrong]:
    """What is wrong with one workflow's resource."""
    definition = resource["properties"]["definition"]
    yield from _Definition(definition).problems()
    given, declared = set(resource["properties"]["parameters"]), set(definition["parameters"])
    for name in sorted(given ^ declared):
        side = "declared and not given" if name in declared else "given and not declared"
        yield f"parameter '{name}' is {side}", "do both or neither"


class _Definition:
    def __init__(self, definition: Json) -> None:
        self.definition = definition
        self.parameters = set(definition["parameters"])
        self.variables = {
            variable["name"]
            for action in definition["actions"].values()
            if action["type"] == "InitializeVariable"
            for variable in action["inputs"]["variables"]
        }
        self.used: set[str] = set()
        self.count = 0

    def problems(self) -> Iterator[Wrong]:
        for trigger in self.definition["triggers"].values():
            yield from self._texts("trigger", trigger, set(), "Request")
        yield from self._level(self.definition["actions"], set(), 1)
        if self.count > limits.WORKFLOW_ACTIONS:
            yield f"has {self.count} actions", f"Azure takes {limits.WORKFLOW_ACTIONS}"
        for name in sorted(self.parameters - self.used):
            yield f"parameter '{name}' is declared and not used", "drop it"

    def _level(self, actions: Json, before: set[str], depth: int) -> Iterator[Wrong]:
        """Actions that stand beside each other; ``before`` has run by the time the first of them does."""
        if depth == limits.WORKFLOW_DEPTH + 1 and actions:
            yield f"nests actions {depth} deep", f"Azure takes {limits.WORKFLOW_DEPTH}"
        for name, action in actions.items():
            self.count += 1
            for other, statuses in action["runAfter"].items():
                if other not in actions:
                    yield f"'{name}' runs after '{other}', which is not beside it", "name an action of the same level"
                if not statuses or not set(statuses) <= _STATUSES:
                    yield f"'{name}' runs after statuses {statuses}", f"use {', '.join(sorted(_STATUSES))}"
            earlier = _earlier(actions, name)
            if name in earlier:
                yield f"'{name}' runs after itself", "break the circle"
            known = before.union(*(_names(actions[other], other) for other in earlier - {name}))
            yield from self._action(name, action, known, depth)

    def _action(self, name: str, action: Json, known: set[str], depth: int) -> Iterator[Wrong]:
        kind = action["type"]
        if kind == "SetVariable" and action["inputs"]["name"] not in self.variables:
            yield f"'{name}' sets unknown variable '{action['inputs']['name']}'", "initialize it"
        if kind == "InitializeVariable" and len(action["inputs"]["variables"]) != 1:
            made = ", ".join(f"'{variable['name']}'" for variable in action["inputs"]["variables"])
            yield f"'{name}' makes the variables {made}", "an action makes one: use wdl.variables()"
        nested = [action.get("actions", {}), action.get("else", {}).get("actions", {})]
        own = {key: value for key, value in action.items() if key not in ("actions", "else", "runAfter")}
        # A loop's condition is read after its actions.
        inside = known.union(*(_names({"actions": level}, "") for level in nested)) if kind == "Until" else known
        yield from self._texts(name, own, inside, kind)
        for level in nested:
            yield from self._level(level, known, depth + 1)

    def _texts(self, name: str, value: Json, known: set[str], kind: str) -> Iterator[Wrong]:
        if isinstance(value, dict):
            for item in value.values():
                yield from self._texts(name, item, known, kind)
        elif isinstance(value, list):
            for item in value:
                yield from self._texts(name, item, known, kind)
        elif isinstance(value, str) and ("@" in value or value.startswith("[")):
            yield from self._text(name, value, known, kind)

    def _text(self, name: str, text: str, known: set[str], kind: str) -> Iterator[Wrong]:
        try:
            template = of_template(text)
            if template is not None:
                for call in calls(template):
                    if call.name not in TEMPLATE_FUNCTIONS:
                        yield f"'{name}' calls unknown template function '{call.name}'", "add it to TEMPLATE_FUNCTIONS"
                return
            found = parts(text)
        except Unreadable as error:
            yield f"'{name}' has an expression that cannot be read: {error}", "mend it"
            return
        nodes = found if isinstance(found, tuple) else (found,)
        expressions = [node for node in nodes if not isinstance(node, str)]
        if expressions and len(text) > limits.WORKFLOW_EXPRESSION:
            yield f"'{name}' has an expression of {len(text)} characters", f"Azure takes {limits.WORKFLOW_EXPRESSION}"
        for node in expressions:
            yield from self._calls(name, node, known, kind)

    def _calls(self, name: str, node: Node, known: set[str], kind: str) -> Iterator[Wrong]:
        for call in calls(node):
            low, high = FUNCTIONS.get(call.name, (0, -1))
            if high == -1:
                yield f"'{name}' calls unknown function '{call.name}'", "use one of FUNCTIONS, or add it there"
            elif len(call.arguments) < low or (high is not None and len(call.arguments) > high):
                yield (
                    f"'{name}' calls '{call.name}' with {len(call.arguments)} arguments",
                    f"give it {low} to {high or 'any'}",
                )
            elif call.name in (*_READS, "parameters", "variables"):
                yield from self._reads(name, call, known)
            if call.name == "item" and kind not in ("Query", "Select"):
                yield f"'{name}' asks for item() outside of a list", "use it in Query or Select"
            if call.name == "listCallbackUrl" and kind != "HttpWebhook":
                yield f"'{name}' asks for listCallbackUrl() and waits for nothing", "use it in HttpWebhook"

    def _reads(self, name: str, call: Call, known: set[str]) -> Iterator[Wrong]:
        (argument,) = call.arguments
        if not isinstance(argument, Constant):
            yield f"'{name}' reads {call.name}() by a computed name", "write the name"
            return
        read = str(argument.value)
        if call.name == "parameters":
            self.used.add(read)
            if read not in self.parameters:
                yield f"'{name}' reads unknown parameter '{read}'", "declare it"
        elif call.name == "variables":
            if read not in self.variables:
                yield f"'{name}' reads unknown variable '{read}'", "initialize it"
        elif read not in known:
            yield f"'{name}' reads '{read}', which has not run by then", "let it run after that"


def _earlier(actions: Json, name: str) -> set[str]:
    """All that has ended before the action begins."""
    found: set[str] = set()
    open_ = list(actions[name]["runAfter"])
    while open_:
        other = open_.pop()
        if other not in found and other in actions:
            found.add(other)
            open_ += actions[other]["runAfter"]
    return found


def _names(action: Json, name: str) -> set[str]:
    """The action and all inside of it."""
    found = {name}
    for level in (action.get("actions", {}), action.get("else", {}).get("actions", {})):
        for inner, nested in level.items():
            found |= _names(nested, inner)
    return found
