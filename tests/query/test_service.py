"""The local Log Analytics as any client of the real one meets it: routes, timespans, errors in Azure's shape."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from observability.query.answers import Answer, Column, Failure, Span, Status, Table
from observability.query.service import LARGEST_BODY, BadRequest, Service, timespan
from tests.query.served import NOON, Canned, served, table

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (None, Span(NOON - DAY, NOON)),
        ("", Span(NOON - DAY, NOON)),
        ("PT1H", Span(NOON - HOUR, NOON)),
        ("P1DT1H", Span(NOON - DAY - HOUR, NOON)),
        ("2026-11-20T00:00:00Z/2026-11-21T00:00:00Z", Span(AT, AT + DAY)),
        ("2026-11-20T09:00:00+09:00/PT1H", Span(AT, AT + HOUR)),
        ("2026-11-20/P1D", Span(AT, AT + DAY)),
        ("PT1H/2026-11-20T00:00:00Z", Span(AT - HOUR, AT)),
    ],
)
def test_a_timespan_in_each_form_that_azure_takes(text: str | None, span: Span) -> None:
    assert timespan(text, NOON) == span


@pytest.mark.parametrize(
    "text",
    [
        "1h",
        "P",
        "PT",
        "yesterday/PT1H",
        "P1Y",
        "PT1H/",
        "P999999999D",
        "/",
        "PT1H/0001-01-01T00:00:00Z",
        "9999-12-31/P1D",
        "9999-12-31T20:00-09:00/P1D",
    ],
)
def test_a_timespan_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        timespan(text, NOON)


def sent(address: str, path: str, body: bytes | None = b"{}", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET" if body is None else "POST", path, body, headers)
    response = connection.getresponse()
    found = response.status, json.loads(response.read())
    connection.close()
    return found


def query(text: object, **more: object) -> bytes:
    return json.dumps({"query": text, **more}).encode()


ROWS = {"tables": [{"name": "PrimaryResult", "columns": [{"name": "n", "type": "long"}], "rows": [[1]]}]}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/workspaces/any/query",
        "/v1/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/r/query",
        "/v1/workspaces/any/query?scope=hierarchy",
    ],
)
def test_a_query_is_answered_at_each_route(path: str) -> None:
    with served(Canned({"Q": table((1,), n="long")})) as address:
        assert sent(address, path, query("Q")) == (200, ROWS)


def test_a_query_in_the_address_is_answered_too() -> None:
    backend = Canned({"Q | take 1": table((1,), n="long")})
    with served(backend) as address:
        path = f"/v1/workspaces/any/query?query={quote('Q | take 1')}&timespan=PT1H"
        assert sent(address, path, None) == (200, ROWS)
    assert backend.spans == [Span(NOON - HOUR, NOON)]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "said"),
    [
        ("/v1/workspaces/any", b"{}", 404, "PathNotFoundError", "there is nothing at /v1/workspaces/any"),
        ("/v1/workspaces/any/query", b"{", 400, "BadArgumentError", "Expecting property name"),
        ("/v1/workspaces/any/query", b"[]", 400, "BadArgumentError", "the body is no object"),
        ("/v1/workspaces/any/query", b"\xff", 400, "BadArgumentError", "decode"),
        ("/v1/workspaces/any/query", b"{}", 400, "BadArgumentError", "there is no query"),
        ("/v1/workspaces/any/query", query(7), 400, "BadArgumentError", "there is no query"),
        ("/v1/workspaces/any/query", query("Q", timespan="soon"), 400, "BadArgumentError", "'soon' is not a timespan"),
        ("/v1/workspaces/any/query", query("Q", timespan=7), 400, "BadArgumentError", "the timespan is no text"),
        ("/v1/$batch", b'{"requests": 7}', 400, "BadArgumentError", "'requests' is no list of requests"),
        ("/v1/$batch", b'{"requests": [{"body": 7}]}', 400, "BadArgumentError", "'requests' is no list of requests"),
    ],
)
def test_what_azure_would_refuse_is_refused_in_its_shape(
    path: str, body: bytes, status: int, code: str, said: str
) -> None:
    with served(Canned({})) as address:
        found, answer = sent(address, path, body)
    assert (found, answer["error"]["code"]) == (status, code)
    assert said in answer["error"]["innererror"]["message"]


@pytest.mark.parametrize("length", [str(LARGEST_BODY + 1), "-1", "many"])
def test_a_body_that_is_too_large_or_lies_about_its_length_is_not_read(length: str) -> None:
    with served(Canned({})) as address:
        status, answer = sent(address, "/v1/workspaces/any/query", b"", **{"Content-Length": length})
    assert (status, answer["error"]["code"]) == (413, "TooLarge")


def test_a_wrong_query_is_told_with_its_line_and_a_source_that_is_late_as_a_timeout() -> None:
    backend = Canned(
        {
            "wrong": Answer(Status.FAILED, None, Failure("SyntaxError", "no such column", 3, ours=True)),
            "late": Answer(Status.FAILED, None, Failure("timeout", "too slow")),
            "part": Answer(Status.PARTIAL, Table((Column("n", "long"),), ((1,),)), Failure("cut", "64 MB")),
        }
    )
    path = "/v1/workspaces/any/query"
    with served(backend) as address:
        wrong, late, part = (sent(address, path, query(text)) for text in ("wrong", "late", "part"))
    assert (wrong[0], wrong[1]["error"]["innererror"]["line"]) == (400, 3)
    assert late[0] == 504
    assert (part[0], part[1]["tables"], part[1]["error"]["code"]) == (200, ROWS["tables"], "PartialError")


def test_a_batch_answers_each_request_under_its_own_id() -> None:
    requests = [{"id": "a", "body": {"query": "Q"}}, {"id": "b", "body": {"query": ""}}, {"id": "c"}]
    with served(Canned({"Q": table((1,), n="long")})) as address:
        status, answer = sent(address, "/v1/$batch", json.dumps({"requests": requests}).encode())
    assert (status, [(each["id"], each["status"]) for each in answer["responses"]]) == (
        200,
        [("a", 200), ("b", 400), ("c", 400)],
    )


def test_it_listens_on_this_machine_alone() -> None:
    with pytest.raises(ValueError, match=r"'0\.0\.0\.0' is not of this machine"):
        Service(Canned({}), now=lambda: NOON, host="0.0.0.0")  # noqa: S104 - what is refused
