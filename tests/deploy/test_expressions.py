from __future__ import annotations

from typing import Any

import pytest

from observability.deploy.expressions import Evaluator, ExpressionError, Secret, Unknown

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
        ({"a": ["[parameters('city')]", {"b": "[parameters('tills')]"}]}, {"a": ["Seoul", {"b": 3}]}),
    ],
)
def test_values(written: Any, value: Any) -> None:
    assert EVALUATOR.value(written) == value


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("[uniqueString('a')]", "function 'uniqueString' is not known here"),
        ("[reference('a').b]", "function 'reference' is not known here"),
        ("[parameters('colour')]", "parameter 'colour' is not declared"),
        ("[resourceGroup().tags]", "property 'tags' is not known here"),
        ("[resourceId('Shop/tills')]", "'Shop/tills' takes 1 names, not 0"),
        ("[concat('a'", None),
        ("[concat('a' 'b')]", "where ',' belongs"),
        ("[concat('a')) ]", "is one too many"),
        ("[concat('a]", "nothing that is known here begins"),
        ("[concat]", "ends too early"),
        ("[concat(true)]", "ends too early|where '\\(' belongs"),
        ("[createObject('a')]", "a key has no value"),
        ("[,]", "begins no value"),
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


def test_what_a_secret_goes_into_is_secret() -> None:
    made = EVALUATOR.value("[concat('key=', parameters('key'))]")
    assert isinstance(made, Secret)
    assert made == "key=hush"
    assert repr([made]) == "[***]"
    assert not isinstance(EVALUATOR.value("[concat('a', 'b')]"), Secret)
