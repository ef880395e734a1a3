"""Workflow Definition Language: expressions as texts, literals that stay literals, the actions that workflows are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from observability.render import durations
from observability.render.arm import Json, quoted, text

Action = dict[str, Json]
Actions = dict[str, Action]

SCHEMA = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"
OK, FAILED, LATE, SKIPPED = "Succeeded", "Failed", "TimedOut", "Skipped"
ENDED = (OK, FAILED, LATE)
# Requests that fail for a moment are tried again over about two minutes; what is refused (4xx) is not.
RETRY = {"type": "exponential", "count": 4, "interval": "PT10S"}


def literal(value: Json) -> Json:
    """The value with its texts read as they stand: a leading ``@`` and every ``@{`` would begin an expression.

    A text in brackets is doubled its bracket besides, for the template's own language.
    """
    if isinstance(value, str):
        escaped = value.replace("@{", "@@{")
        return text(f"@{escaped}" if escaped.startswith("@") and not escaped.startswith("@@{") else escaped)
    if isinstance(value, dict):
        return {name: literal(item) for name, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list) else value


def parameter(name: str) -> str:
    """A workflow parameter that has the name of the template's parameter behind it."""
    return f"parameters({quoted(name)})"


def own_parameter(name: str) -> str:
    """A parameter of the workflow alone.

    The space tells it from a template's: those are found by their text (render/arm.py), in expressions of both languages.
    """
    return f"parameters( {quoted(name)})"


def chosen(*cases: tuple[str, str], otherwise: str) -> str:
    """The value of the first condition that holds; all are evaluated, so none may fail."""
    found = otherwise
    for condition, value in reversed(cases):
        found = f"if({condition},{value},{found})"
    return found


def after(*names: str, when: Iterable[str] = (OK,)) -> Json:
    return {name: list(when) for name in names}


def secured(action: Action, *sides: str) -> Action:
    """The action, with its inputs and outputs kept out of the run history."""
    return {**action, "runtimeConfiguration": {"secureData": {"properties": list(sides)}}}


def compose(value: Json, run_after: Json) -> Action:
    return {"type": "Compose", "inputs": value, "runAfter": run_after}


def set_variable(name: str, value: Json, run_after: Json) -> Action:
    return {"type": "SetVariable", "inputs": {"name": name, "value": value}, "runAfter": run_after}


def variables(run_after: Json, **values: tuple[str, Json]) -> Actions:
    """Variables with their types and first values: ``Begin_<name>`` for each, as an action makes one; in this order."""
    made: Actions = {}
    for name, (kind, value) in values.items():
        variable = {"name": name, "type": kind, "value": value}
        made[f"Begin_{name}"] = {
            "type": "InitializeVariable",
            "inputs": {"variables": [variable]},
            "runAfter": after(*list(made)[-1:]) or run_after,
        }
    return made


def branch(condition: str, actions: Actions, run_after: Json, otherwise: Actions | None = None) -> Action:
    return {
        "type": "If",
        "expression": {"equals": [f"@{condition}", True]},
        "actions": actions,
        "else": {"actions": otherwise or {}},
        "runAfter": run_after,
    }


def post(url: str, body: Json, run_after: Json) -> Action:
    """A request to a secret address: neither it nor the answer is shown in the run history."""
    inputs = {
        "method": "POST",
        "uri": f"@{{{url}}}",
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "body": body,
        "retryPolicy": RETRY,
    }
    return secured({"type": "Http", "inputs": inputs, "runAfter": run_after}, "inputs", "outputs")


def ask_azure(method: str, url: str, run_after: Json, body: Json = None, headers: Json = None) -> Action:
    """A request to Azure Resource Manager with the workflow's own identity.

    The URL is a template's expression. Not waited for by the service: what it would poll needs rights on the subscription.
    """
    inputs: dict[str, Json] = {"method": method, "uri": url}
    inputs |= {"headers": headers} if headers else {}
    inputs |= {"body": body} if body is not None else {}
    inputs["authentication"] = {"type": "ManagedServiceIdentity", "audience": "[environment().resourceManager]"}
    inputs["retryPolicy"] = RETRY
    return {"type": "Http", "inputs": inputs, "operationOptions": "DisableAsyncPattern", "runAfter": run_after}


def failed(code: str, message: str, run_after: Json) -> Action:
    """The run's end, marked as failed in the history although people were told."""
    error = {"code": code, "message": message}
    return {"type": "Terminate", "inputs": {"runStatus": "Failed", "runError": error}, "runAfter": run_after}


def repeat(done: str, actions: Actions, every: timedelta, within: timedelta, run_after: Json) -> Action:
    """The actions, again and again after a pause, until the condition holds or the time is up."""
    seconds = int(every.total_seconds())
    pause = {"type": "Wait", "inputs": {"interval": {"count": seconds, "unit": "Second"}}, "runAfter": {}}
    return {
        "type": "Until",
        "expression": f"@{done}",
        "limit": {"count": int(within / every), "timeout": durations.iso(within)},
        "actions": {"Pause": pause, **actions},
        "runAfter": run_after,
    }


def definition(trigger: str, request: Action, actions: Actions, parameters: Json) -> Json:
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": parameters,
        "triggers": {trigger: request},
        "actions": actions,
        "outputs": {},
    }
