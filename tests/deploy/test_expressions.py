from __future__ import annotations

from typing import Any

import pytest

from observability.deploy.expressions import AtAzure, Evaluator, ExpressionError, Secret, Unknown

EVALUATOR = Evaluator(
    {"city": "Seoul", "tills": 3, "skip": ["a", "b"], "key": Secret("hush"), "door": Unknown("door")}, "s-1", "rg"
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("[[not an expression]", "[not an expression]"),
        ("a [b]", "a [b]"),
        (5, 5),
        (True, True),
        (None, None),
        ("[parameters('city')]", "Seoul"),
        ("[ parameters( 'city' ) ]", "Seoul"),
        ("[Parameters('tills')]", 3),
        ("[concat('it''s ', parameters('city'))]", "it's Seoul"),
        ("[concat('till-', parameters('tills'))]", "till-3"),
        ("[resourceGroup().id]", "/subscriptions/s-1/resourceGroups/rg"),
        ("[resourceId('Shop/tills', 'one')]", "/subscriptions/s-1/resourceGroups/rg/providers/Shop/tills/one"),
        (
            "[resourceId('Shop/tills/drawers', 'one', parameters('city'))]",
            "/subscriptions/s-1/resourceGroups/rg/providers/Shop/tills/one/drawers/Seoul",
        ),
        ("[createArray('a', 2)]", ["a", 2]),
        ("[createArray()]", []),
        ("[union(createObject('a', 'b'), createObject('c', 1))]", {"a": "b", "c": 1}),
        ("[not(contains(parameters('skip'), 'a'))]", False),
        ("[substring(concat('abc', 'def'), 0, min(4, length('abcdef')))]", "abcd"),
        ("[substring('/abc', 1)]", "abc"),
        ("[split('vnet/subnet', '/')[1]]", "subnet"),
        ("[createObject('a', createArray('b', 'c')).a[0]]", "b"),
        ("[if(empty(''), 'none', 'some')]", "none"),
        ("[if(empty(parameters('city')), 'none', parameters('city'))]", "Seoul"),
        ("[if(empty(parameters('city')), parameters('door'), 'known')]", "known"),
        ("[and(not(empty(parameters('city'))), empty(createArray()))]", True),
        ("[and(empty(parameters('city')), parameters('door'))]", False),
        ("[subscription().subscriptionId]", "s-1"),
        ("[toLower(replace('A.B', '.', '-'))]", "a-b"),
        ("[take('abc', 2)]", "ab"),
        ("[take('abc', 5)]", "abc"),
        ("[equals(take(createArray('a', 'b'), 1), createArray('a'))]", True),
        ("[environment().resourceManager]", "https://management.azure.com/"),
        ("[subscriptionResourceId('Shop/tills', 'one')]", "/subscriptions/s-1/providers/Shop/tills/one"),
        # The hash by another implementation: SHA-1 of the namespace's bytes and "a-b", with version and variant set.
        ("[guid('a', 'b')]", "2d796349-8c7e-55ec-9624-54ece82ed031"),
        ({"a": ["[parameters('city')]", {"b": "[parameters('tills')]"}]}, {"a": ["Seoul", {"b": 3}]}),
    ],
)
def test_values(written: Any, value: Any) -> None:
    assert EVALUATOR.value(written) == value


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("[uniqueString('a')]", "function 'uniqueString' is not known here"),
        ("[split('a', '/')[1]]", "property '1' is not known here"),
        ("[guid(1)]", "function 'guid'"),
        ("[empty(5)]", "function 'empty'"),
        ("[if(true)]", "a template has no value 'True'"),
        ("[parameters('colour')]", "parameter 'colour' is not declared"),
        ("[resourceGroup().tags]", "property 'tags' is not known here"),
        ("[resourceId('Shop/tills')]", "'Shop/tills' takes 1 names, not 0"),
        ("[concat('a'", None),
        ("[concat('a' 'b')]", "',' or '\\)' is missing at character 11"),
        ("[concat('a')) ]", "the end is missing at character 12"),
        ("[concat('a]", "a value is missing at character 8"),
        ("[concat]", "'\\(' is missing at character 7"),
        ("[concat(true)]", "a template has no value 'True'"),
        ("[createObject('a')]", "a key has no value"),
        ("[,]", "a value is missing at character 1"),
        ("[length(3)]", "function 'length'"),
    ],
)
def test_what_cannot_be_worked_out_is_said_by_name(written: str, wrong: str | None) -> None:
    if wrong is None:  # no closing bracket: a plain text for Azure too
        assert EVALUATOR.value(written) == written
        return
    with pytest.raises(ExpressionError, match=wrong):
        EVALUATOR.value(written)


def test_what_is_made_of_an_unknown_value_is_unknown() -> None:
    made = EVALUATOR.value("[concat('https://', parameters('door'), '/x')]")
    assert isinstance(made, Unknown)
    assert made.name == "door"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("[reference(resourceId('Shop/tills', 'one'), '2017', 'full').identity.principalId]", "reference"),
        ("[listCallbackUrl(resourceId('Shop/tills', 'one'), '2017').value]", "listCallbackUrl"),
        ("[concat(reference('a').b, 'c')]", "reference"),
    ],
)
def test_what_only_azure_knows_is_unknown_and_so_is_what_is_made_of_it(written: str, name: str) -> None:
    made = EVALUATOR.value(written)
    assert isinstance(made, AtAzure)
    assert made.name == name


def test_another_cloud_has_another_address() -> None:
    there = Evaluator({}, "s-1", "rg", "https://usgovvirginia.management.usgovcloudapi.net")
    assert there.value("[environment().resourceManager]") == "https://management.usgovcloudapi.net/"


def test_a_piece_of_a_secret_is_secret() -> None:
    for written in ("[substring(parameters('key'), 0, 2)]", "[split(parameters('key'), 's')[0]]"):
        made = EVALUATOR.value(written)
        assert (made, isinstance(made, Secret)) == ("hu", True)


def test_what_a_secret_goes_into_is_secret() -> None:
    made = EVALUATOR.value("[concat('key=', parameters('key'))]")
    assert isinstance(made, Secret)
    assert made == "key=hush"
    assert repr([made]) == "[***]"
    assert not isinstance(EVALUATOR.value("[concat('a', 'b')]"), Secret)
