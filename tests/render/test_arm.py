from __future__ import annotations

import json

import pytest

from observability.render import arm
from observability.render.arm import Parameter

CITY = Parameter("city", "Where the shop is.")
TILLS = Parameter("tills", "How many tills it has.", "int", default=0)
OPEN = Parameter("open", "Whether it is open.", "bool", default=False)
KEY = Parameter("key", "What opens it.", "secureString", example="<secret>")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("shop", "shop"),
        ("shop [old]", "shop [old]"),
        ("[old]", "[[old]"),
        ("[]", "[[]"),
        ("[[old]", "[[[old]"),
        ("[parameters('key')]", "[[parameters('key')]"),
    ],
)
def test_a_literal_text_is_never_an_expression(value: str, written: str) -> None:
    assert arm.text(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [("shop", "'shop'"), ("", "''"), ("it's", "'it''s'"), ("')]", "''')]'"), ('"', "'\"'")]
)
def test_a_literal_inside_an_expression_cannot_leave_its_quotes(value: str, written: str) -> None:
    assert arm.quoted(value) == written


def test_a_parameter_is_an_expression() -> None:
    assert arm.parameter("city") == "[parameters('city')]"


def test_a_resource_id_takes_names_and_expressions_in_their_order() -> None:
    assert arm.resource_id("Shop/tills", "first") == "[resourceId('Shop/tills', 'first')]"
    assert arm.resource_id("Shop/tills", arm.parameter("till")) == "[resourceId('Shop/tills', parameters('till'))]"
    assert arm.resource_id("Shop/tills/drawers", arm.parameter("till"), "the owner's") == (
        "[resourceId('Shop/tills/drawers', parameters('till'), 'the owner''s')]"
    )


def test_a_parameter_declares_its_type_its_default_and_what_it_is() -> None:
    assert CITY.declaration() == {"type": "string", "metadata": {"description": "Where the shop is."}}
    assert KEY.declaration() == {"type": "secureString", "metadata": {"description": "What opens it."}}


def test_a_default_of_zero_or_false_is_a_default() -> None:
    assert TILLS.declaration() == {
        "type": "int",
        "defaultValue": 0,
        "metadata": {"description": "How many tills it has."},
    }
    assert OPEN.declaration() == {
        "type": "bool",
        "defaultValue": False,
        "metadata": {"description": "Whether it is open."},
    }


def test_the_parameters_that_a_text_uses_are_found_in_the_middle_of_expressions() -> None:
    assert arm.used_in("[concat(parameters('city'), '-', parameters('key'), parameters('city'))]") == {"city", "key"}
    assert arm.used_in("the parameters of the city") == set()


def test_a_template_declares_exactly_the_parameters_that_its_resources_use_by_name() -> None:
    resources: list[arm.Resource] = [
        {"type": "Shop/tills", "name": arm.parameter("tills")},
        {"type": "Shop/doors", "name": "front", "properties": {"city": arm.parameter("city")}},
    ]
    tags = {"managed-by": "tripgen-observability"}
    known = {parameter.name: parameter for parameter in (KEY, OPEN, TILLS, CITY)}
    assert arm.template(iter(resources), known, json.dumps, "A made-up shop.") == {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {"description": "A made-up shop."},
        "parameters": {
            "city": {"type": "string", "metadata": {"description": "Where the shop is."}},
            "tills": {"type": "int", "defaultValue": 0, "metadata": {"description": "How many tills it has."}},
        },
        "resources": [
            {"type": "Shop/tills", "name": "[parameters('tills')]", "tags": tags},
            {"type": "Shop/doors", "name": "front", "tags": tags, "properties": {"city": "[parameters('city')]"}},
        ],
    }


def test_the_tag_stands_beside_the_tags_that_a_resource_has() -> None:
    assert arm.tagged({"type": "Shop/doors", "name": "front", "properties": {}, "tags": {"colour": "red"}}) == {
        "type": "Shop/doors",
        "name": "front",
        "tags": {"colour": "red", "managed-by": "tripgen-observability"},
        "properties": {},
    }
    assert arm.tagged({"type": "Shop/doors", "tags": "[createObject(parameters('a'), 'b')]"})["tags"] == (
        "[union(createObject(parameters('a'), 'b'), createObject('managed-by', 'tripgen-observability'))]"
    )


def test_a_type_without_tags_is_left_as_it_is() -> None:
    setting: arm.Resource = {"type": "Microsoft.Insights/diagnosticSettings", "name": "to-log-analytics"}
    assert arm.tagged(setting) is setting


def test_the_parameters_of_a_template_stand_in_the_order_of_their_names() -> None:
    made = arm.template(
        [{"type": "Shop/doors", "a": arm.parameter("tills"), "b": arm.parameter("city")}],
        {"tills": TILLS, "city": CITY},
        json.dumps,
        "",
    )
    assert list(made["parameters"]) == ["city", "tills"]


def test_a_template_cannot_use_a_parameter_that_nobody_declared() -> None:
    with pytest.raises(KeyError, match=r"^'cty'$"):
        arm.template(
            [{"type": "Shop/doors", "name": arm.parameter("cty")}], {"city": CITY}, json.dumps, "A made-up shop."
        )
