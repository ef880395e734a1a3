from __future__ import annotations

from typing import Any

import pytest

from observability.deploy.expressions import Unknown
from observability.deploy.normal import UNSET, Difference, differences, unknowns

ID = "/subscriptions/s/resourceGroups/rg/providers/Shop/tills/"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"every": "PT1H"}, {"every": "PT60M"}),
        ({"every": "P1D"}, {"every": "PT24H"}),
        ({"id": f"{ID}One"}, {"id": f"{ID}One".lower()}),
        ({"location": "koreacentral"}, {"location": "Korea Central"}),
        ({"Enabled": True}, {"enabled": True}),
        ({"enabled": True}, {}),
        ({"enabled": None}, {}),
        ({}, {"enabled": None}),
        ({}, {"enabled": True, "more": None, "list": [], "text": "", "no": False, "deep": {"deeper": {}}}),
        ({}, {"provisioningState": "Succeeded", "lastUpdatedTime": "now"}),
        ({"scopes": [f"{ID}1"]}, {"scopes": [f"{ID}1"], "targetResourceRegion": "koreacentral"}),
        ({"skipQueryValidation": True}, {}),
        ({"query": "a\nb\n"}, {"query": "a\r\nb"}),
        ({"scopes": [f"{ID}1", f"{ID}2"]}, {"scopes": [f"{ID}2", f"{ID}1".lower()]}),
        ({"d": [{"name": "x", "v": 1}, {"name": "y"}]}, {"d": [{"name": "y"}, {"v": 1, "name": "x"}]}),
        ({"a": [{"actionGroupId": f"{ID}A"}]}, {"a": [{"actionGroupId": f"{ID}a"}]}),
        ({"r": [{"from": "01:00"}, {"from": "02:00"}]}, {"r": [{"from": "02:00"}, {"from": "01:00"}]}),
        ({"address": Unknown("door")}, {"address": "anything"}),
        ({"address": Unknown("door")}, {}),
    ],
)
def test_what_a_service_rewrites_is_no_difference(sent: Any, told: Any) -> None:
    assert list(differences(sent, told)) == []


@pytest.mark.parametrize(
    ("sent", "told", "found"),
    [
        ({"a": 1}, {"a": 2}, Difference("a", 1, 2)),
        ({"a": 0}, {}, Difference("a", 0, UNSET)),
        ({}, {"a": 0}, Difference("a", UNSET, 0)),
        ({"a": 1}, {"a": True}, Difference("a", 1, True)),
        ({"a": True}, {"a": False}, Difference("a", True, False)),
        ({"enabled": False}, {}, Difference("enabled", False, UNSET)),
        ({}, {"Enabled": False}, Difference("Enabled", UNSET, False)),
        ({}, {"deep": {"enabled": False}}, Difference("deep", UNSET, {"enabled": False})),
        ({"a": "x"}, {"a": "X"}, Difference("a", "x", "X")),
        ({"every": "PT1H"}, {"every": "PT1M"}, Difference("every", "PT1H", "PT1M")),
        ({"every": "PT1H"}, {"every": "soon"}, Difference("every", "PT1H", "soon")),
        ({"p": {"q": {"r": 1}}}, {"p": {"q": {"r": 2}}}, Difference("p.q.r", 1, 2)),
        ({}, {"mute": "PT1H"}, Difference("mute", UNSET, "PT1H")),
        ({"l": ["a", "b"]}, {"l": ["a"]}, Difference("l", ["a", "b"], ["a"])),
        ({"l": ["a"]}, {"l": ["a", "a"]}, Difference("l", ["a"], ["a", "a"])),
        ({"d": [{"name": "x"}]}, {"d": []}, Difference("d[x]", {"name": "x"}, UNSET)),
        ({"d": []}, {"d": [{"name": "x"}]}, Difference("d[x]", UNSET, {"name": "x"})),
        ({"d": [{"name": "x", "v": 1}]}, {"d": [{"name": "x", "v": 2}]}, Difference("d[x].v", 1, 2)),
        ({"c": [{"q": "a"}]}, {"c": [{"q": "b"}]}, Difference("c[0].q", "a", "b")),
        ({"a": {"b": 1}}, {"a": 5}, Difference("a", {"b": 1}, 5)),
    ],
)
def test_what_somebody_changed_is_told_with_its_path(sent: Any, told: Any, found: Difference) -> None:
    assert list(differences(sent, told)) == [found]


def test_two_items_of_one_name_are_both_compared() -> None:
    twice = [{"name": "x", "v": 1}, {"name": "x", "v": 2}]
    assert list(differences({"d": twice}, {"d": [*twice, {"name": "x", "v": 3}]})) == [
        Difference("d[x'']", UNSET, {"name": "x", "v": 3})
    ]


def test_what_is_not_compared_is_counted() -> None:
    found = unknowns({"a": [Unknown("door"), 1], "b": {"c": Unknown("key")}})
    assert [one.name for one in found] == ["door", "key"]
