"""Deployments on the local server: what one would change, watching it, and every reason why it failed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from observability.deploy import deployments
from observability.deploy.deployments import Change, Edit, Ended, Taken
from observability.deploy.errors import Fault, Refused
from observability.deploy.hide import Hide
from observability.deploy.templates import Template, Values
from observability.model.errors import SourceUnavailable, TripobsError
from observability.query.errors import WrongArgument
from tests.deploy import shop
from tests.deploy.served import ROOT, Cloud, Pauses, connected, served

ALERTS = Template("alerts", shop.TEMPLATES["alerts"])
GIVEN: Values = {name: {"value": value} for name, value in shop.VALUES.items()}
HIDE = Hide([ALERTS], GIVEN)
NAME = "tripobs-alerts"
BELL = f"{ROOT}/providers/Microsoft.Insights/actionGroups/ag-bell"
QUEUE = f"{ROOT}/providers/Microsoft.Insights/scheduledQueryRules/alert-queue"


def what_if(cloud: Cloud, answer: Any) -> tuple[Change, ...]:
    cloud.changes[NAME] = answer
    with served(cloud), connected(cloud) as arm:
        return deployments.what_if(arm, ALERTS, GIVEN, HIDE)


def watched(cloud: Cloud, pauses: Pauses, told: list[str]) -> Ended:
    with served(cloud), connected(cloud, pauses) as arm:
        mark = deployments.start(arm, ALERTS, GIVEN, HIDE)
        return deployments.watch(arm, ALERTS, mark, HIDE, told.append, pauses.now)


# --- what-if -------------------------------------------------------------------------------------------------


def test_what_would_change_with_its_innermost_properties_and_no_secret() -> None:
    receivers = {
        "path": "properties.webhookReceivers",
        "propertyChangeType": "Array",
        "children": [
            {
                "path": "0",
                "propertyChangeType": "Modify",
                "children": [
                    {"path": "serviceUri", "propertyChangeType": "Modify", "before": "https://old/", "after": shop.BELL}
                ],
            }
        ],
    }
    severity = {"path": "properties.severity", "propertyChangeType": "Modify", "before": 3, "after": 2}
    changes = [
        {"resourceId": BELL, "changeType": "Modify", "delta": [receivers]},
        {"resourceId": QUEUE, "changeType": "Modify", "delta": [severity]},
        {"resourceId": f"{ROOT}/x", "changeType": "Unsupported", "unsupportedReason": "cannot tell"},
        {"resourceId": f"{ROOT}/y", "changeType": "NoChange"},
    ]
    cloud = Cloud(running=2)
    found = what_if(cloud, {"status": "Succeeded", "properties": {"changes": changes}})
    assert found == (
        Change(BELL, "Modify", (Edit("properties.webhookReceivers[0].serviceUri", "Modify", "***", "***"),)),
        Change(QUEUE, "Modify", (Edit("properties.severity", "Modify", 3, 2),)),
        Change(f"{ROOT}/x", "Unsupported", reason="cannot tell"),
        Change(f"{ROOT}/y", "NoChange"),
    )
    assert deployments.by_kind(found) == {"Modify": 2, "NoChange": 1, "Unsupported": 1}
    (sent,) = cloud.bodies
    assert sent["properties"]["mode"] == "Incremental"
    assert sent["properties"]["parameters"]["bellUrl"] == {"value": shop.BELL}
    assert sent["properties"]["template"] == json.loads(json.dumps(ALERTS.body))


def test_a_what_if_that_failed_says_why_and_no_secret() -> None:
    error = {"code": "InvalidTemplate", "message": "m", "details": [{"code": "Bad", "message": f"not {shop.BELL}"}]}
    with pytest.raises(Refused) as caught:
        what_if(Cloud(), {"status": "Failed", "error": error})
    assert caught.value.faults == (Fault("alerts", "Bad", "not ***"),)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": "Succeeded"},
        {"properties": {"changes": None}},
        {"properties": {"changes": [5]}},
        {"properties": []},
        [],
        b"<html>",
    ],
)
def test_a_what_if_that_is_none_is_unreadable(answer: Any) -> None:
    with pytest.raises(SourceUnavailable, match="what-if of alerts: the answer is no JSON, or not as the service"):
        what_if(Cloud(), answer)


def test_why_a_change_cannot_be_told_holds_no_secret() -> None:
    one = {"resourceId": BELL, "changeType": "Unsupported", "unsupportedReason": f"cannot read {shop.BELL}"}
    assert what_if(Cloud(), {"properties": {"changes": [one]}}) == (
        Change(BELL, "Unsupported", reason="cannot read ***"),
    )


def test_a_template_that_azure_does_not_take_is_refused_at_once() -> None:
    cloud = Cloud()
    cloud.order("POST", "whatIf", 400, {"error": {"code": "InvalidTemplate", "message": "line 5"}})
    with pytest.raises(Refused, match="what-if of alerts: InvalidTemplate: line 5"):
        what_if(cloud, {})


# --- deploying -----------------------------------------------------------------------------------------------


def test_a_deployment_is_watched_until_it_is_over() -> None:
    cloud, pauses, told = Cloud(running=3), Pauses(), list[str]()
    ended = watched(cloud, pauses, told)
    assert ended == Ended("Succeeded", 15.0, 3)
    assert told == [f"alerts: Running, 3 resources, {seconds} s" for seconds in (0, 5, 10)]
    assert cloud.resources[BELL.lower()]["tags"] == shop.TAGS


def test_the_end_of_the_deployment_before_is_not_taken_for_this_ones() -> None:
    cloud, told = Cloud(), list[str]()
    before = {"properties": {"provisioningState": "Failed", "correlationId": "yesterday"}}
    cloud.order("GET", f"deployments/{NAME}", 200, before)
    assert watched(cloud, Pauses(), told).state == "Succeeded"
    assert told == ["alerts: begins, 3 resources, 0 s"]


def test_a_name_that_another_deployment_has_taken_is_not_watched_for_ever() -> None:
    cloud, pauses, told = Cloud(), Pauses(), list[str]()
    theirs = {"properties": {"provisioningState": "Succeeded", "correlationId": "tomorrow"}}
    cloud.order("GET", f"deployments/{NAME}", 200, theirs, times=10**6)
    cloud.order("GET", f"deployments/{NAME}/operations", 200, {"value": []}, times=10**6)
    cloud.orders.reverse()
    with pytest.raises(Taken, match=r"deployment of alerts: another deployment has taken the name 'tripobs-alerts'"):
        watched(cloud, pauses, told)
    assert (sum(pauses.all), len(told)) == (60, 12)


@pytest.mark.parametrize("answer", [b"<html>", b"", [], {"properties": None}])
def test_a_beginning_without_a_mark_is_watched_all_the_same(answer: Any) -> None:
    cloud = Cloud()
    with served(cloud), connected(cloud) as arm:
        deployments.start(arm, ALERTS, GIVEN, HIDE)
        cloud.order("PUT", NAME, 201, answer)
        mark = deployments.start(arm, ALERTS, GIVEN, HIDE)
        assert mark == ""
        assert deployments.watch(arm, ALERTS, mark, HIDE, lambda _: None, Pauses().now).well


def test_every_failed_resource_says_why() -> None:
    reasons = {
        "ag-bell": {"error": {"code": "BadAddress", "message": f"cannot use {shop.BELL}"}},
        "alert-queue": {"status": "Failed", "error": {"code": "Outer", "message": "o", "details": [
            {"code": "BadQuery", "message": "no column 'till'"}, {"code": "BadName", "message": "too long"}
        ]}},
        "alert-oven": "Gateway says no",
    }  # fmt: skip
    ended = watched(Cloud(wrong={NAME: reasons}), Pauses(), [])
    assert (ended.state, ended.well, ended.resources) == ("Failed", False, 0)
    oven = f"{ROOT}/providers/Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven"
    assert ended.faults == (
        Fault(BELL, "BadAddress", "cannot use ***"),
        Fault(QUEUE, "BadQuery", "no column 'till'"),
        Fault(QUEUE, "BadName", "too long"),
        Fault(oven, "BadRequest", "Gateway says no"),
    )


def test_a_deployment_that_failed_without_a_failed_resource_says_its_own_reason() -> None:
    cloud = Cloud()
    cloud.order("GET", f"deployments/{NAME}", 200, {
        "properties": {"provisioningState": "Canceled", "error": {"code": "Canceled", "message": "by somebody"}}
    })  # fmt: skip
    assert watched(cloud, Pauses(), []) == Ended("Canceled", 0.0, 3, (Fault("alerts", "Canceled", "by somebody"),))


def test_a_second_deployment_of_the_same_template_is_refused() -> None:
    cloud = Cloud()
    cloud.order("PUT", NAME, 409, {"error": {"code": "DeploymentActive", "message": "still running"}})
    with pytest.raises(Refused, match="deployment of alerts: DeploymentActive: still running"):
        watched(cloud, Pauses(), [])


ENDING = {
    400: "InvalidTemplate",
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceGroupNotFound",
}
BUSY = {408: "RequestTimeout", 429: "TooManyRequests", 500: "InternalServerError"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        *((asked, *each) for asked in ("PUT", "POST", "GET") for each in ENDING.items()),
        *(("GET", *each) for each in BUSY.items()),
    ],
)
def test_no_refusal_of_azures_holds_a_secret(asked: str, status: int, code: str) -> None:
    cloud = Cloud()
    words = f"{'.' * 390} cannot read {shop.BELL}, '{json.dumps(shop.BELL)}' or {quote(shop.BELL, safe='')}"
    cloud.order(asked, NAME, status, {"error": {"code": code, "message": f"bad {shop.BELL}", "details": [
        {"code": code, "message": words}, {"code": code, "message": f"bad {shop.BELL}", "target": shop.BELL}
    ]}}, times=99)  # fmt: skip
    with pytest.raises(TripobsError) as caught:
        what_if(cloud, {}) if asked == "POST" else watched(cloud, Pauses(), [])
    assert "bad ***" in str(caught.value)
    assert "bell.example" not in str(caught.value)


def test_a_secret_where_a_long_text_is_cut_is_hidden_whole() -> None:
    reasons = {"ag-bell": {"error": {"code": "BadAddress", "message": f"{'.' * 390} {shop.BELL}"}}}
    (fault,) = watched(Cloud(wrong={NAME: reasons}), Pauses(), []).faults
    assert fault.message == f"{'.' * 390} ***"


ASLEEP = Fault(f"{ROOT}/tables/T", "ResourceNotFound", "Workspace not active, WorkspaceId=w. Operation Id: 'o'")


@pytest.mark.parametrize(
    ("faults", "early"),
    [
        ((), False),
        ((ASLEEP,), True),
        ((ASLEEP, replace(ASLEEP, target=f"{ROOT}/tables/U")), True),
        ((ASLEEP, Fault(BELL, "BadAddress", "no")), False),
        ((replace(ASLEEP, message="the table is not there"),), False),
        ((replace(ASLEEP, code="BadRequest"),), False),
    ],
)
def test_what_fails_for_a_workspace_just_made_alone_is_known(faults: tuple[Fault, ...], early: bool) -> None:
    assert deployments.too_early(Ended("Failed", 0, 0, faults)) is early


def test_busy_in_between_is_waited_out() -> None:
    cloud, pauses = Cloud(), Pauses()
    cloud.order("PUT", NAME, 503, None, Retry_After="3")
    cloud.order("GET", f"deployments/{NAME}", 429, None, Retry_After="11")
    assert watched(cloud, pauses, []).well
    assert pauses.all == [3, 11]


@pytest.mark.parametrize("answer", [b"", b"<html>", {}, {"properties": {}}, []])
def test_an_answer_about_a_deployment_that_is_none_is_unreadable(answer: Any) -> None:
    cloud = Cloud()
    cloud.order("GET", f"deployments/{NAME}", 200, answer)
    with pytest.raises(SourceUnavailable, match="deployment of alerts: the answer is no JSON, or not as the service"):
        watched(cloud, Pauses(), [])


@pytest.mark.parametrize("answer", [b"<html>", b"", [], {"value": 5}, {"value": [{"properties": None}, {}]}])
def test_a_list_of_operations_that_is_none_is_unreadable_or_empty(answer: Any) -> None:
    cloud = Cloud()
    cloud.order("GET", f"deployments/{NAME}/operations", 200, answer)
    if isinstance(answer, dict) and answer["value"] != 5:
        assert watched(cloud, Pauses(), []) == Ended("Succeeded", 0.0, 0)
        return
    with pytest.raises(SourceUnavailable, match="deployment of alerts: the answer is no JSON, or not as the service"):
        watched(cloud, Pauses(), [])


def test_a_resource_group_that_is_not_there_is_a_wrong_argument() -> None:
    cloud = Cloud()
    cloud.order("PUT", NAME, 404, {"error": {"code": "ResourceGroupNotFound", "message": "no group 'rg-shop'"}})
    with pytest.raises(WrongArgument, match="no group 'rg-shop'; check --subscription and --resource-group"):
        watched(cloud, Pauses(), [])
