from __future__ import annotations

import json
from typing import Any

import pytest

from observability.deploy.errors import Fault, NotAllowed, NotFound, Refused, faults, refusal
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument


def test_only_the_innermost_reasons_are_told_each_with_its_target() -> None:
    error = {
        "error": {
            "code": "DeploymentFailed",
            "message": "At least one operation failed.",
            "details": [
                {"code": "BadQuery", "message": "no such column", "target": "/subscriptions/s/rule"},
                {"code": "Outer", "message": "see below", "details": [{"code": "Inner", "message": "too long"}]},
                {"code": "NoName", "message": "missing", "target": "name"},
            ],
        }
    }
    assert faults(error, "alerts") == (
        Fault("/subscriptions/s/rule", "BadQuery", "no such column"),
        Fault("alerts", "Inner", "too long"),
        Fault("alerts (name)", "NoName", "missing"),
    )


def test_an_error_as_text_inside_a_message_is_read() -> None:
    inner = json.dumps({"error": {"code": "NoSuchTable", "message": "'Tills' is not there"}})
    assert faults({"code": "BadRequest", "message": inner}, "rule") == (
        Fault("rule", "NoSuchTable", "'Tills' is not there"),
    )


def test_the_same_reason_twice_is_told_once() -> None:
    twice = {"code": "C", "message": "m"}
    assert faults({"code": "O", "message": "o", "details": [twice, twice]}, "t") == (Fault("t", "C", "m"),)


@pytest.mark.parametrize("error", [None, "text", [], {}, {"error": {}}, {"error": {"details": [None]}}])
def test_an_error_that_says_nothing_is_still_one(error: Any) -> None:
    assert faults(error, "alerts") == (Fault("alerts", "Unknown", "no reason was given"),)


def test_an_error_inside_itself_without_end_ends() -> None:
    deep: dict[str, Any] = {"code": "bottom"}
    for _ in range(50):
        deep = {"code": "outer", "innererror": deep}
    assert faults(deep, "t")[0].code == "outer"


def test_what_looks_like_a_secret_is_not_told() -> None:
    assert faults({"code": "C", "message": "address https://x/?sig=abc123 is refused"}, "t")[0].message == (
        "address https://x/?*** is refused"
    )


def test_a_secret_is_taken_out_before_a_long_text_is_cut() -> None:
    secret = "sesame-" * 20
    error = {"code": "C", "message": f"{'.' * 380} {secret} {secret}", "target": secret}
    (fault,) = faults(error, "t", lambda words: words.replace(secret, "***"))
    assert fault == Fault("t (***)", "C", f"{'.' * 380} *** ***")


def _error(code: str, message: str = "because") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, _error("InvalidAuthenticationToken"), SourceUnavailable, "does not accept the sign-in: .*az login"),
        (403, _error("AuthorizationFailed"), NotAllowed, "may not do that: .*role 'Contributor'"),
        (
            403,
            _error("AuthorizationFailed", "does not have 'Microsoft.Authorization/roleAssignments/write'"),
            NotAllowed,
            "role 'User Access Administrator'",
        ),
        (403, _error("RequestDisallowedByPolicy"), Refused, "RequestDisallowedByPolicy: because"),
        (403, None, NotAllowed, "may not do that"),
        (404, _error("ResourceGroupNotFound"), WrongArgument, "check --subscription and --resource-group"),
        (404, _error("ResourceNotFound"), NotFound, "ResourceNotFound"),
        (409, _error("DeploymentActive"), Refused, "DeploymentActive"),
        (429, _error("TooMany"), SourceUnavailable, "too many requests"),
        (500, None, SourceUnavailable, "HTTP 500.*try again later"),
        (503, _error("Busy"), SourceUnavailable, "HTTP 503"),
        (400, _error("InvalidTemplate"), Refused, "InvalidTemplate"),
    ],
)
def test_what_a_status_means(status: int, body: Any, kind: type[Exception], words: str) -> None:
    error = refusal(status, body, "list of ovens")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
