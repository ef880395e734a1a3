from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from observability.artefacts.build import build
from observability.catalog import load as catalogue
from observability.cli.main import parser
from observability.deploy import templates
from observability.deploy.expressions import Secret, Unknown
from observability.deploy.hide import Hide
from observability.deploy.templates import Template, Values
from observability.model.place import ROOT
from observability.query.errors import WrongArgument
from tests.deploy import shop

ALERTS = Template("alerts", shop.TEMPLATES["alerts"])
EXAMPLES: Values = {name: {"value": value} for name, value in shop.EXAMPLE.items()}
GIVEN: Values = {name: {"value": value} for name, value in shop.VALUES.items()}
KNOWN = [Template(name, body) for name, body in shop.TEMPLATES.items()]


def test_templates_come_in_the_order_of_deployment(tmp_path: Path) -> None:
    folder = shop.generated(tmp_path / "generated")
    assert [one.name for one in templates.load(folder, ("queries", "workspace"))] == ["workspace", "queries"]
    assert templates.load(folder)[1] == ALERTS


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (None, "No such file or directory; `make generate` writes the templates"),
        ("{", "is not JSON"),
        ("[]", "has no 'resources' as Azure writes them"),
        ('{"resources": {}}', "has no 'resources' as Azure writes them"),
    ],
)
def test_a_template_that_is_none_is_told_with_its_file(text: str | None, wrong: str, tmp_path: Path) -> None:
    (tmp_path / "azure").mkdir()
    if text is not None:
        (tmp_path / "azure" / "alerts.json").write_text(text)
    with pytest.raises(WrongArgument, match=rf"alerts\.json: .*{wrong}"):
        templates.load(tmp_path, ["alerts"])


def test_a_parameters_file_without_values_is_told_all_at_once(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps({"parameters": {"a": 1, "b": {}, "c": {"reference": {}}}}))
    with pytest.raises(WrongArgument) as caught:
        templates.values(file)
    assert str(caught.value).splitlines() == [
        f"{file}: parameter 'a': has neither a value nor a reference",
        f"{file}: parameter 'b': has neither a value nor a reference",
    ]


def test_everything_wrong_with_the_values_is_told_and_no_value_is() -> None:
    given: Values = {"hots": {"value": "x"}, "bellUrl": {"value": 5}, "location": {"value": "<region>"}}
    assert templates.problems([ALERTS], given, KNOWN, EXAMPLES) == [
        "parameter 'hots': no template has it; did you mean 'host'",
        "alerts: parameter 'location': still holds the example's '<region>'; write the real value there",
        "alerts: parameter 'bellUrl': is no secureString",
        "alerts: parameter 'host': has no value and no default; give it one with --parameters FILE",
    ]
    assert templates.problems([ALERTS], GIVEN, KNOWN, EXAMPLES) == []
    assert templates.problems([ALERTS], {}, KNOWN, EXAMPLES, whole=False) == []


@pytest.mark.parametrize("value", ["door.example.com", "Door.Example.com", " door.example.com/"])
def test_an_address_that_is_still_the_examples_is_told_with_the_rest(value: str) -> None:
    given: Values = {"bellUrl": {"value": "<secret>"}, "host": {"value": value}}
    assert templates.problems([ALERTS], given, KNOWN, EXAMPLES) == [
        "alerts: parameter 'bellUrl': still holds the example's '<secret>'; write the real value there",
        f"alerts: parameter 'host': still holds the example's '{value}'; write the real value there",
    ]
    assert templates.problems([ALERTS], {**given, **GIVEN}, KNOWN, EXAMPLES) == []
    # One of the same host is not the example's.
    other: Values = {**GIVEN, "host": {"value": "back.door.example.com"}}
    assert templates.problems([ALERTS], other, KNOWN, EXAMPLES) == []


def test_the_committed_example_is_refused_as_it_is_in_every_parameter() -> None:
    folder = ROOT / "generated"
    known, example = templates.load(folder), templates.examples(folder)
    assert {"publicHost", "runbookBaseUrl", "grafanaBaseUrl", "pagerdutyUrl"} <= example.keys()
    told = templates.problems(known, example, known, example)
    assert [line.split(": ")[1] for line in told] == [f"parameter '{name}'" for name in sorted(example)]
    assert all("still holds the example's" in line for line in told)


def test_without_the_example_nothing_could_be_told_from_it(tmp_path: Path) -> None:
    with pytest.raises(WrongArgument, match=r"parameters\.example\.json: No such file.*`make generate` writes"):
        templates.examples(tmp_path)


def test_true_is_no_number() -> None:
    counted = Template("t", {"parameters": {"n": {"type": "int"}}, "resources": []})
    assert templates.problems([counted], {"n": {"value": True}}, [counted], {}) == ["t: parameter 'n': is no int"]


def test_a_template_gets_only_the_values_it_declares() -> None:
    pack = Template("queries", shop.TEMPLATES["queries"])
    assert templates.for_template(pack, {**GIVEN, "location": {"value": "mars"}}) == {"location": {"value": "mars"}}


def test_resources_have_their_ids_and_values() -> None:
    group, rule, oven = templates.resources(ALERTS, GIVEN, "s-1", "rg")
    root = "/subscriptions/s-1/resourceGroups/rg"
    assert group["id"] == f"{root}/providers/Microsoft.Insights/actionGroups/ag-bell"
    assert isinstance(group["properties"]["webhookReceivers"][0]["serviceUri"], Secret)
    assert rule["properties"]["scopes"] == [f"{root}/providers/Microsoft.OperationalInsights/workspaces/law-shop"]
    assert oven["properties"]["rules"][0]["actions"][0]["actionProperties"] == {"door": "shop.example"}
    assert "dependsOn" not in rule


def test_an_extension_has_the_id_of_what_it_hangs_on_and_a_child_that_of_its_parent() -> None:
    body = shop.template(
        [
            {"type": "A/x/y", "name": "p/c", "apiVersion": "1"},
            {"type": "A/x", "name": "no", "condition": "[not(contains(createArray('a'), 'a'))]"},
        ],
        {},
    )
    (child,) = templates.resources(Template("t", body), {}, "s", "g")
    assert child["id"] == "/subscriptions/s/resourceGroups/g/providers/A/x/p/y/c"
    setting = templates.resources(KNOWN[0], {}, "s", "g")[1]
    assert setting["id"] == (
        "/subscriptions/s/resourceGroups/g/providers/Shop/ovens/big/providers/"
        "Microsoft.Insights/diagnosticSettings/to-log-analytics"
    )


def _nested(amount: str, inside: str) -> Template:
    """A deployment at the subscription that is given ``amount`` and makes one resource of ``inside``."""
    resource = {"type": "A/x", "name": "y", "apiVersion": "1", "properties": {"amount": inside}}
    deployment = {
        "type": "Microsoft.Resources/deployments",
        "name": "above",
        "condition": "[not(empty(parameters('on')))]",
        "properties": {
            "parameters": {"amount": {"value": amount}},
            "template": shop.template([resource], {"amount": {"type": "int"}}),
        },
    }
    declared = {"on": {"type": "string", "defaultValue": ""}, "tills": {"type": "int"}}
    return Template("t", shop.template([deployment], declared))


def test_a_nested_deployment_stands_for_what_it_deploys_at_the_subscription() -> None:
    template = _nested("[parameters('tills')]", "[parameters( 'amount')]")
    given: Values = {"on": {"value": "x"}, "tills": {"value": 3}}
    assert templates.resources(template, given, "s", "g") == [
        {
            "id": "/subscriptions/s/providers/A/x/y",
            "type": "A/x",
            "name": "y",
            "apiVersion": "1",
            "properties": {"amount": 3},
            "scope": "/subscriptions/s",
        }
    ]
    assert templates.resources(template, {}, "s", "g") == []
    (unknown,) = templates.resources(template, {"on": {"value": "x"}}, "s", "g")
    assert isinstance(unknown["properties"]["amount"], Unknown)


def test_a_nested_deployment_knows_its_own_parameters_and_no_others() -> None:
    with pytest.raises(WrongArgument, match=r"^t: resource 'y': parameter 'tills' is not declared$"):
        templates.resources(_nested("1", "[parameters( 'tills')]"), {"on": {"value": "x"}}, "s", "g")


def test_a_key_vault_reference_and_a_missing_value_are_unknown() -> None:
    group, _, oven = templates.resources(ALERTS, {"bellUrl": {"reference": {"keyVault": {}}}}, "s", "g")
    assert isinstance(group["properties"]["webhookReceivers"][0]["serviceUri"], Unknown)
    assert isinstance(oven["properties"]["rules"][0]["actions"][0]["actionProperties"]["door"], Unknown)


def test_a_condition_that_is_not_known_is_told() -> None:
    secret = {"n": {"type": "secureString"}}
    odd = Template("t", shop.template([{"type": "A/x", "name": "y", "condition": "[empty(parameters('n'))]"}], secret))
    with pytest.raises(WrongArgument, match=r"^t: resource 'y': its condition is not known$"):
        templates.resources(odd, {}, "s", "g")


def test_a_function_that_is_not_known_here_is_told_with_its_resource() -> None:
    odd = Template("t", shop.template([{"type": "A/x", "name": "[newGuid()]"}], {}))
    with pytest.raises(WrongArgument, match=r"^t: resource '\[newGuid\(\)\]': function 'newGuid' is not known here$"):
        templates.resources(odd, {}, "s", "g")


def test_every_expression_of_every_generated_template_can_be_worked_out() -> None:
    known = [
        Template(made.path.partition("/")[2].removesuffix(".json"), json.loads(made.body))
        for made in build(catalogue(), "en")
        if made.kind == "deployment template"
    ]
    assert sorted(one.name for one in known) == sorted(templates.ORDER)
    for one in known:
        made = templates.resources(one, {}, "s", "g")
        assert len({resource["id"].lower() for resource in made}) == len(made)
        assert "[" not in "".join(str(resource["id"]) for resource in made)


def test_the_command_offers_the_templates_there_are() -> None:
    (deploy,) = (
        commands.choices["deploy"] for commands in parser()._actions if isinstance(commands, argparse._SubParsersAction)
    )
    offered = next(action.choices for action in deploy._actions if "--template" in action.option_strings)
    assert tuple(offered or ()) == templates.ORDER


def test_nothing_secret_is_shown() -> None:
    hide = Hide(KNOWN, GIVEN)
    assert ALERTS.secret_properties == {"serviceuri"}
    workflow = Template("alerts", shop.STAFF)
    assert workflow.secret_properties == {"callbackurl", "bell.value"}
    assert Hide([workflow], GIVEN).value({"bell": {"value": "old"}, "door": {"value": "x"}}, "properties") == {
        "bell": {"value": "***"},
        "door": {"value": "x"},
    }
    assert hide.text(f"cannot reach {shop.BELL}") == "cannot reach ***"
    assert hide.value("https://old.example", "properties.webhookReceivers[bell].serviceUri") == "***"
    assert hide.value({"name": "x", "ServiceUri": "https://old"}) == {"name": "x", "ServiceUri": "***"}
    assert hide.value([shop.BELL, 5], "properties.other") == ["***", 5]
    assert hide.value(None, "properties.serviceUri") is None
