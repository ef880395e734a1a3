"""The real client of Log Analytics, through our backend, against the local service: answers, refusals, patience."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from observability.model.errors import SourceUnavailable
from observability.query.answers import Answer, Ask, Column, Failure, Status, Table
from observability.query.service import Handler
from tests.query.served import DAY, NOON, TOKEN, Canned, Clock, asked, client, served, table


def test_every_type_comes_back_as_pythons_own_through_the_real_client() -> None:
    row = ("이름 \"<b>'", True, 7, 2**53 + 1, 1.5, NOON, timedelta(days=1, seconds=1), {"a": [1, None]}, None)
    kinds = {
        "s": "string", "b": "bool", "i": "int", "l": "long", "r": "real", "d": "datetime", "t": "timespan",
        "y": "dynamic", "n": "real",
    }  # fmt: skip
    backend = Canned({"Q": table(row, **kinds)})
    with served(backend) as address:
        (found,) = asked(client(address), "Q", columns=kinds)
    assert found.status is Status.COMPLETE, found.failure
    assert found.table is not None
    assert found.table.rows == (row,)
    assert backend.spans == [DAY]


def test_a_batch_answers_in_order_and_one_wrong_query_leaves_the_others_theirs() -> None:
    wrong = Answer(Status.FAILED, None, Failure("SyntaxError", "a recognition error occurred", 3, ours=True))
    with served(Canned({"A": table((1,), n="long"), "B": wrong, "C": table((3,), n="long")})) as address:
        found = asked(client(address), "A", "B", "C")
    assert [answer.table.rows if answer.table else None for answer in found] == [((1,),), None, ((3,),)]
    failure = found[1].failure
    assert failure is not None
    assert (failure.ours, failure.line) == (True, 3)
    assert "pack/1" in failure.message


def test_a_partial_result_is_partial_with_its_rows_though_the_client_raises_nothing() -> None:
    partial = Answer(
        Status.PARTIAL, Table((Column("n", "long"),), ((1,),)), Failure("E_QUERY_RESULT_SET_TOO_LARGE", "cut")
    )
    with served(Canned({"Q": partial})) as address:
        (found,) = asked(client(address), "Q")
    assert found.status is Status.PARTIAL
    assert found.table is not None
    assert found.table.rows == ((1,),)
    assert found.failure is not None


def test_another_set_of_columns_is_said() -> None:
    with served(Canned({"Q": table((1,), n="long")})) as address:
        (found,) = asked(client(address), "Q", columns={"m": "long"})
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert found.failure.code == "columns"


def test_a_throttled_request_is_asked_again_after_the_time_that_azure_names() -> None:
    refused = iter([True, True, False])

    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        if next(refused, False):
            said = {"error": {"code": "TooManyRequests", "message": "slow down"}}
            handler.say(429, said, {"Retry-After": "7"})
            return True
        return False

    clock = Clock()
    with served(Canned({"Q": table((1,), n="long")}), before) as address:
        (found,) = asked(client(address, clock), "Q")
    assert found.status is Status.COMPLETE, found.failure
    assert clock.seconds >= 14


def test_a_service_that_never_stops_throttling_is_given_up_and_said() -> None:
    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        handler.say(429, {"error": {"code": "TooManyRequests", "message": "slow down"}}, {"Retry-After": "1"})
        return True

    with served(Canned({}), before) as address:
        (found,) = asked(client(address, Clock()), "Q")
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert found.failure.ours is False


@pytest.mark.parametrize(("status", "said"), [(401, "az login"), (403, "Log Analytics Reader")])
def test_without_the_right_to_ask_the_way_out_is_said_and_no_token(status: int, said: str) -> None:
    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        handler.say(status, {"error": {"code": "AuthorizationFailed", "message": f"token {TOKEN} refused"}})
        return True

    with served(Canned({}), before) as address, pytest.raises(SourceUnavailable) as caught:
        asked(client(address, Clock()), "Q")
    assert said in str(caught.value)
    assert TOKEN not in repr(client("https://example.invalid"))


def test_a_run_that_is_stopped_cancels_what_has_not_ended() -> None:
    entered, leave, stop = threading.Event(), threading.Event(), threading.Event()

    def before(handler: Handler, body: Mapping[str, Any]) -> bool:
        entered.set()
        leave.wait(10)
        return False

    with served(Canned({"Q": table((1,), n="long")}), before) as address:
        backend = client(address)
        threading.Thread(target=lambda: (entered.wait(10), stop.set())).start()
        (found,) = backend.ask([Ask("pack/0", "Q")], DAY, said=lambda *_: None, stop=stop)
        leave.set()
    assert found.status is Status.CANCELLED


def test_half_a_million_rows_arrive_whole() -> None:
    rows = tuple((number, "서울") for number in range(500_000))
    with served(Canned({"Q": table(*rows, n="long", city="string")})) as address:
        (found,) = asked(client(address), "Q")
    assert found.table is not None
    assert (len(found.table.rows), sum(row[0] for row in found.table.rows)) == (500_000, 124_999_750_000)
    assert found.table.rows[-1] == (499_999, "서울")
