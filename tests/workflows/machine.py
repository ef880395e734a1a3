"""Runs a workflow's definition as Logic Apps documents it: order, statuses, scopes, loops, retries, waiting.

Nothing of a workflow is repeated here. Time passes only where a workflow waits, and requests go where the caller says.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jsonschema

from tests.workflows.language import PURE, Invalid, Scope, resolved, when, written

OK, FAILED, SKIPPED, LATE = "Succeeded", "Failed", "Skipped", "TimedOut"
_RUNS = itertools.count(8585)
_AGAIN = {408, 429, 500, 502, 503, 504}


class Clock:
    """The time of a run."""

    def __init__(self, start: str) -> None:
        self.time: datetime = when(start)

    def now(self) -> str:
        return written(self.time)

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


Send = Callable[[str, str, dict[str, str], Any], Answer]


@dataclass
class Run:
    """What one run did. ``history`` is what the portal would show: secured inputs and outputs are not in it."""

    status: str = OK
    results: dict[str, Any] = field(default_factory=dict)
    history: list[Any] = field(default_factory=list)
    response: Answer | None = None

    def ran(self) -> list[str]:
        return [name for name, result in self.results.items() if result["status"] != SKIPPED]


class _Ended(Exception):
    pass


class Machine:
    """One deployed workflow.

    ``waits(callback)`` is called while an HttpWebhook action waits; what it returns is what was posted to the callback, None
    when nothing was. ``limits_fail``: a loop that ran out fails, as an option of the service has it; otherwise it just ends.
    """

    limits_fail = False

    def __init__(self, properties: Any, send: Send, clock: Clock, waits: Callable[[str], Any] | None = None) -> None:
        self.definition = properties["definition"]
        self.given = {name: item["value"] for name, item in properties["parameters"].items()}
        self.send, self.clock, self.waits = send, clock, waits
        ((self.trigger_name, self.trigger),) = self.definition["triggers"].items()

    def call(self, body: Any = None, queries: dict[str, str] | None = None) -> Run | None:
        """A run; None where the trigger takes the request and its condition does not hold.

        Raises jsonschema.ValidationError where the service would answer 400.
        """
        if self.trigger.get("operationOptions") == "EnableSchemaValidation":
            jsonschema.validate(body, self.trigger["inputs"]["schema"])
        self.run = Run()
        self.variables: dict[str, Any] = {}
        self.outputs = {"body": body, "queries": queries or {}, "headers": {}}
        conditions = [resolved(item["expression"], self._scope()) for item in self.trigger.get("conditions", ())]
        if not all(conditions):
            return None
        try:
            self.run.status = self._level(self.definition["actions"])
        except _Ended:
            self.run.status = FAILED
        return self.run

    def _scope(self, item: Any = None, callback: str | None = None) -> Scope:
        def outputs(name: str) -> Any:
            return self.run.results.get(name, {}).get("outputs")

        def body(name: str) -> Any:
            found = outputs(name)
            return found.get("body") if isinstance(found, dict) and "statusCode" in found else found

        def call_back() -> str:
            assert callback is not None
            return callback

        return {
            **PURE,
            "triggerBody": lambda: self.outputs["body"],
            "triggerOutputs": lambda: self.outputs,
            "parameters": lambda name: self.given[name],
            "variables": lambda name: self.variables[name],
            "outputs": outputs,
            "body": body,
            "actions": lambda name: self.run.results.get(name),
            "item": lambda: item,
            "utcNow": self.clock.now,
            "listCallbackUrl": call_back,
        }

    # --- order and statuses ---------------------------------------------------------------------------------

    def _level(self, actions: Any) -> str:
        """Runs actions that stand beside each other; the status that their ends make together."""
        statuses: dict[str, str] = {}
        while len(statuses) < len(actions):
            name = next(
                name
                for name in actions
                if name not in statuses and all(n in statuses for n in actions[name]["runAfter"])
            )
            wanted = actions[name]["runAfter"]
            if all(statuses[other] in allowed for other, allowed in wanted.items()):
                statuses[name] = self._run(name, actions[name])
            else:
                statuses[name] = SKIPPED
                self.run.results[name] = {"name": name, "status": SKIPPED}
        followed = {other for action in actions.values() for other in action["runAfter"]}
        ends = [self._end(name, actions, statuses) for name in actions if name not in followed]
        return next((status for status in (FAILED, LATE) if status in ends), OK)

    def _end(self, name: str, actions: Any, statuses: dict[str, str]) -> str:
        """A skipped end counts as what it was skipped for."""
        if statuses[name] != SKIPPED:
            return statuses[name]
        before = [self._end(other, actions, statuses) for other in actions[name]["runAfter"]]
        return next((status for status in (FAILED, LATE) if status in before), OK)

    def _run(self, name: str, action: Any) -> str:
        before = self.clock.now()
        inputs, outputs = None, None
        try:
            status, inputs, outputs = getattr(self, f"do_{action['type'].lower()}")(name, action)
        except Invalid as error:
            status, outputs = FAILED, {"code": "InvalidTemplate", "message": str(error)}
        self.run.results[name] = {"name": name, "status": status, "outputs": outputs}
        hidden = action.get("runtimeConfiguration", {}).get("secureData", {}).get("properties", ())
        shown = {"name": name, "status": status, "from": before}
        shown |= {} if "inputs" in hidden else {"inputs": copy.deepcopy(inputs)}
        shown |= {} if "outputs" in hidden else {"outputs": copy.deepcopy(outputs)}
        self.run.history.append(shown)
        return status

    # --- actions --------------------------------------------------------------------------------------------

    def do_compose(self, name: str, action: Any) -> tuple[str, Any, Any]:
        value = resolved(action["inputs"], self._scope())
        return OK, value, value

    def do_initializevariable(self, name: str, action: Any) -> tuple[str, Any, Any]:
        # The service refuses an action that makes several.
        (variable,) = action["inputs"]["variables"]
        self.variables[variable["name"]] = resolved(variable["value"], self._scope())
        return OK, action["inputs"], None

    def do_setvariable(self, name: str, action: Any) -> tuple[str, Any, Any]:
        assert action["inputs"]["name"] in self.variables
        self.variables[action["inputs"]["name"]] = resolved(action["inputs"]["value"], self._scope())
        return OK, action["inputs"], None

    def do_select(self, name: str, action: Any) -> tuple[str, Any, Any]:
        listed = resolved(action["inputs"]["from"], self._scope())
        found = [resolved(action["inputs"]["select"], self._scope(item)) for item in listed]
        return OK, listed, found

    def do_query(self, name: str, action: Any) -> tuple[str, Any, Any]:
        listed = resolved(action["inputs"]["from"], self._scope())
        return OK, listed, [item for item in listed if resolved(action["inputs"]["where"], self._scope(item)) is True]

    def do_if(self, name: str, action: Any) -> tuple[str, Any, Any]:
        one, other = (resolved(side, self._scope()) for side in action["expression"]["equals"])
        return self._level(action["actions"] if one == other else action["else"]["actions"]), one, None

    def do_scope(self, name: str, action: Any) -> tuple[str, Any, Any]:
        return self._level(action["actions"]), None, None

    def do_until(self, name: str, action: Any) -> tuple[str, Any, Any]:
        for _ in range(action["limit"]["count"]):
            if self._level(action["actions"]) != OK:
                return FAILED, None, None
            if resolved(action["expression"], self._scope()) is True:
                return OK, None, None
        return FAILED if self.limits_fail else OK, None, None

    def do_wait(self, name: str, action: Any) -> tuple[str, Any, Any]:
        inputs = resolved(action["inputs"], self._scope())
        assert inputs["interval"]["unit"] == "Second"
        self.clock.wait(inputs["interval"]["count"])
        return OK, inputs, None

    def do_http(self, name: str, action: Any) -> tuple[str, Any, Any]:
        inputs = resolved(action["inputs"], self._scope())
        headers = dict(inputs.get("headers", {}))
        if "authentication" in inputs:
            assert inputs["authentication"]["type"] == "ManagedServiceIdentity"
            headers["Authorization"] = f"Bearer for {inputs['authentication']['audience']}"
        policy = inputs["retryPolicy"]
        pause = int(policy["interval"].removeprefix("PT").removesuffix("S"))
        for attempt in range(policy["count"] + 1):
            answer = self.send(inputs["method"], inputs["uri"], headers, inputs.get("body"))
            if answer.status not in _AGAIN:
                break
            self.clock.wait(pause * 2**attempt)
        outputs = {"statusCode": answer.status, "headers": answer.headers, "body": answer.body}
        return OK if answer.status < 400 else FAILED, inputs, outputs

    def do_httpwebhook(self, name: str, action: Any) -> tuple[str, Any, Any]:
        callback = f"https://prod-07.koreacentral.logic.azure.com/runs/{next(_RUNS)}/actions/{name}/run?sig=waiting-run"
        subscribe = resolved(action["inputs"]["subscribe"], self._scope(callback=callback))
        answer = self.send(subscribe["method"], subscribe["uri"], subscribe["headers"], subscribe["body"])
        if answer.status >= 400:
            return FAILED, subscribe, {"statusCode": answer.status, "headers": {}, "body": answer.body}
        assert self.waits is not None
        posted = self.waits(callback)
        if posted is None:
            assert action["limit"]["timeout"] == "PT1H"
            self.clock.wait(3600)
            return LATE, subscribe, None
        return OK, subscribe, {"statusCode": 200, "headers": {}, "body": posted}

    def do_response(self, name: str, action: Any) -> tuple[str, Any, Any]:
        inputs = resolved(action["inputs"], self._scope())
        self.run.response = Answer(inputs["statusCode"], inputs["headers"], inputs["body"])
        return OK, inputs, None

    def do_terminate(self, name: str, action: Any) -> tuple[str, Any, Any]:
        inputs = resolved(action["inputs"], self._scope())
        assert inputs["runStatus"] == FAILED
        self.run.results[name] = {"name": name, "status": OK, "outputs": inputs["runError"]}
        raise _Ended
