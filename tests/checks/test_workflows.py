"""Each mistake in a workflow is one line with a way out; the project's own workflows have none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from observability.catalog import Catalogue, load
from observability.checks import workflows
from observability.design.operations import ESCALATION
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from observability.model.alert import Action, Channel, Workflow
from observability.model.text import Text
from observability.render import wdl

WORDS = Text(ko="말", en="words")


def workflow(**actions: Any) -> Any:
    """A workflow of one parameter and one variable, with these actions after its own two."""
    own = {
        **wdl.variables({}, count=("integer", 0)),
        "First": wdl.compose("@parameters('where')", wdl.after("Begin_count")),
    }
    trigger = {"type": "Request", "kind": "Http", "inputs": {"schema": {}}}
    definition = wdl.definition("called", trigger, {**own, **actions}, {"where": {"type": "String"}})
    return {"properties": {"definition": definition, "parameters": {"where": {"value": "[parameters('where')]"}}}}


def said(resource: Any) -> list[str]:
    return [f"{wrong}; {todo}" for wrong, todo in workflows.check_workflow(resource)]


def second(text: Any) -> Any:
    return {"Second": wdl.compose(text, wdl.after("First"))}


def test_a_workflow_without_a_mistake() -> None:
    assert said(workflow(**second("@concat(outputs('First'), triggerBody()?['a'], variables('count'))"))) == []


def test_the_projects_own_have_none() -> None:
    assert list(workflows.check(load(), NODE_SCALING, DATABASE_SCALING, ESCALATION)) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@outputs('Frist')", "'Second' reads 'Frist', which has not run by then; let it run after that"),
        ("@outputs('Second')", "'Second' reads 'Second', which has not run by then; let it run after that"),
        ("@variables('cuont')", "'Second' reads unknown variable 'cuont'; initialize it"),
        ("@parameters('wehre')", "'Second' reads unknown parameter 'wehre'; declare it"),
        ("@outputs(item())", "'Second' reads outputs() by a computed name; write the name"),
        ("@cocnat('a')", "'Second' calls unknown function 'cocnat'; use one of FUNCTIONS, or add it there"),
        ("@if(true,1)", "'Second' calls 'if' with 2 arguments; give it 3 to 3"),
        ("@item()", "'Second' asks for item() outside of a list; use it in Query or Select"),
        ("@listCallbackUrl()", "'Second' asks for listCallbackUrl() and waits for nothing; use it in HttpWebhook"),
        ("[unknown('a')]", "'Second' calls unknown template function 'unknown'; add it to TEMPLATE_FUNCTIONS"),
        (
            {"deep": ["@{not(1)"]},
            "'Second' has an expression that cannot be read: '}' is missing at character 9, before ''; mend it",
        ),
        ("@string('" + "x" * 8200 + "')", "'Second' has an expression of 8211 characters; Azure takes 8192"),
    ],
)
def test_a_mistake_in_an_expression(text: Any, line: str) -> None:
    assert line in said(workflow(**second(text)))


def test_what_runs_beside_an_action_has_not_run_before_it() -> None:
    beside = wdl.compose("@outputs('Second')", wdl.after("First"))
    assert said(workflow(**second(1), Beside=beside)) == [
        "'Beside' reads 'Second', which has not run by then; let it run after that"
    ]


def test_what_ran_inside_of_an_earlier_action_can_be_read_and_what_comes_after_cannot() -> None:
    inside = {"Deep": wdl.compose("@outputs('Late')", {})}
    actions = {
        "Fork": wdl.branch("equals(1,1)", inside, wdl.after("First")),
        "Late": wdl.compose("@outputs('Deep')", wdl.after("Fork")),
    }
    assert said(workflow(**actions)) == ["'Deep' reads 'Late', which has not run by then; let it run after that"]


def test_actions_in_a_circle_after_nothing_or_after_no_status() -> None:
    actions = {
        "One": wdl.compose(1, wdl.after("Two")),
        "Two": wdl.compose(1, wdl.after("One")),
        "Three": wdl.compose(1, wdl.after("Nobody")),
        "Four": wdl.compose(1, {"First": ["Succeded"]}),
    }
    assert said(workflow(**actions)) == [
        "'One' runs after itself; break the circle",
        "'Two' runs after itself; break the circle",
        "'Three' runs after 'Nobody', which is not beside it; name an action of the same level",
        "'Four' runs after statuses ['Succeded']; use Failed, Skipped, Succeeded, TimedOut",
    ]


def test_a_parameter_that_nobody_reads_gives_or_declares() -> None:
    made = workflow()
    made["properties"]["definition"]["parameters"]["idle"] = {"type": "String"}
    made["properties"]["parameters"]["extra"] = {"value": 1}
    assert said(made) == [
        "parameter 'idle' is declared and not used; drop it",
        "parameter 'extra' is given and not declared; do both or neither",
        "parameter 'idle' is declared and not given; do both or neither",
    ]


def test_actions_nested_too_deep_or_too_many() -> None:
    actions: Any = {"Core": wdl.compose(1, {})}
    for depth in range(8):
        actions = {f"Level{depth}": wdl.branch("equals(1,1)", actions, wdl.after("First") if depth == 7 else {})}
    assert said(workflow(**actions)) == ["nests actions 9 deep; Azure takes 8"]
    many = {f"A{index}": wdl.compose(1, wdl.after("First")) for index in range(499)}
    assert said(workflow(**many)) == ["has 501 actions; Azure takes 500"]


def test_an_unknown_variable_is_not_set() -> None:
    assert said(workflow(Set=wdl.set_variable("cuont", 1, wdl.after("First")))) == [
        "'Set' sets unknown variable 'cuont'; initialize it"
    ]


def test_an_action_that_makes_two_variables_is_told_as_the_service_refuses_it() -> None:
    made = workflow()
    start = made["properties"]["definition"]["actions"]["Begin_count"]
    start["inputs"]["variables"].append({"name": "more", "type": "integer", "value": 0})
    assert said(made) == [
        "'Begin_count' makes the variables 'count', 'more'; an action makes one: use wdl.variables()",
    ]


def test_an_action_that_calls_a_logic_app_names_it_and_others_name_none() -> None:
    app = Action(id="a", title=WORDS, channel=Channel.LOGIC_APP, code="aa", does=WORDS)
    text = Action(id="b", title=WORDS, channel=Channel.SMS, code="bb", does=WORDS, workflow=Workflow.TEAMS)
    found = workflows.check(Catalogue(actions=(app, text)), NODE_SCALING, DATABASE_SCALING, ESCALATION)
    assert [f"{problem.name}: {problem.wrong}; {problem.todo}" for problem in found] == [
        "a: calls a Logic App and names no workflow; name one: workflow=Workflow.TEAMS",
        "b: names workflow 'teams' and calls none; drop it, or use channel 'logic_app'",
    ]


def test_every_text_of_the_projects_workflows_survives_a_title_that_looks_like_an_expression() -> None:
    catalogue = load()
    for words in ("@{broken", "@broken(", "[broken(]", "it's @@{x}"):
        alerts = tuple(replace(alert, title=Text(ko=words, en=words)) for alert in catalogue.alerts)
        assert (
            list(workflows.check(replace(catalogue, alerts=alerts), NODE_SCALING, DATABASE_SCALING, ESCALATION)) == []
        )
