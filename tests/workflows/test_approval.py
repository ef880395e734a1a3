"""Questions before a change: who answers what, when nobody does, and what a stranger can do with a link."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.workflows import payloads
from tests.workflows.world import LOGIC, World, buttons, lines, pool, title, world

NODES, DATABASE = "scale-nodes", "scale-database"


@pytest.fixture
def here() -> Iterator[World]:
    with world(askBeforeScalingNodes=True) as made:
        yield made


def changes(here: World) -> list[Any]:
    return [body for method, _, body in here.requests if method != "GET"]


def test_the_database_asks_unless_told_otherwise_and_nodes_do_not() -> None:
    with world() as here:
        here.call(NODES, payloads.crash_loop())
        here.call(DATABASE, payloads.prometheus())
        assert title(here.cards[1]) == "PostgreSQL 주 서버를 키울까요? 다시 시작됩니다."
        assert [method for method, _, _ in here.requests if method != "GET"] == ["PUT"]


def test_the_question_says_what_would_change_and_has_one_button(here: World) -> None:
    here.call(NODES, payloads.crash_loop())
    question = here.cards[0]
    assert title(question) == "애플리케이션 노드를 늘릴까요?"
    assert lines(question)["노드(한도 20)"] == "6 → 9"
    assert lines(question)["안내"] == "1시간 안에 답이 없으면 아무것도 하지 않습니다."
    assert [button["title"] for button in buttons(question)] == ["승인 또는 거절"]


def test_an_approval_acts(here: World) -> None:
    here.people = "approve"
    here.call(NODES, payloads.crash_loop())
    assert len(changes(here)) == 1
    assert title(here.cards[-1]) == "애플리케이션 노드: 늘렸습니다"
    assert (here.said.status, "답을 전했습니다." in here.said.body) == (200, True)


def test_a_rejection_does_not(here: World) -> None:
    here.people = "reject"
    run = here.call(NODES, payloads.crash_loop())
    assert run is not None
    assert run.status == "Succeeded"
    assert changes(here) == []
    assert lines(here.cards[-1])["안내"] == "거절되어 아무것도 하지 않았습니다."


def test_without_an_answer_nothing_is_done_and_that_is_said(here: World) -> None:
    run = here.call(NODES, payloads.crash_loop())
    assert run is not None
    assert run.status == "Succeeded"
    assert changes(here) == []
    assert lines(here.cards[-1])["안내"].startswith("제때 답이 없어 아무것도 하지 않았습니다.")


@pytest.mark.parametrize("body", [None, {}, {"answer": "yes"}, {"answer": None}, {"other": "approve"}])
def test_anything_but_an_approval_is_none(here: World, body: Any) -> None:
    here.waits = lambda callback: {} if body is None else body  # type: ignore[method-assign]
    here.call(NODES, payloads.crash_loop())
    assert changes(here) == []


def test_nobody_is_asked_about_what_would_not_be_done(here: World) -> None:
    here.pool = pool(20, 6)
    here.call(NODES, payloads.crash_loop())
    assert [title(message) for message in here.cards] == ["애플리케이션 노드: 그대로 두었습니다"]


def test_what_changed_while_people_thought_is_looked_at_again(here: World) -> None:
    here.people = "approve"

    def filled() -> None:
        here.pool = pool(20, 6)

    here.meanwhile = filled
    here.call(NODES, payloads.crash_loop())
    assert changes(here) == []
    assert lines(here.cards[-1])["안내"].startswith("이미 허용된 가장 큰 크기")


def test_an_approval_may_come_later_than_an_alert_may_wait(here: World) -> None:
    here.people = "approve"
    here.meanwhile = lambda: here.clock.wait(3000)
    here.call(NODES, payloads.crash_loop())
    assert len(changes(here)) == 1


def test_an_alert_that_waited_behind_an_unanswered_question_is_too_old_to_ask_again(here: World) -> None:
    here.call(NODES, payloads.crash_loop())
    here.people = "approve"
    here.call(NODES, payloads.another(payloads.crash_loop(), "b"))
    assert changes(here) == []
    assert len(here.cards) == 2


def test_a_question_that_cannot_be_asked_is_no_approval(here: World) -> None:
    here.teams_status = 400
    run = here.call(NODES, payloads.crash_loop())
    assert run is not None
    assert run.status == "Failed"
    assert changes(here) == []


def test_the_page_changes_nothing_when_it_is_opened_a_hundred_times(here: World) -> None:
    def scanners() -> None:
        for _ in range(100):
            assert here.send("GET", buttons(here.cards[-1])[0]["url"], {}, None).status == 200

    here.meanwhile = scanners
    here.call(NODES, payloads.crash_loop())
    assert here.callbacks == {}
    assert changes(here) == []


def test_an_answer_after_the_first_is_told_that_nobody_waits(here: World) -> None:
    here.people = "approve"
    here.call(NODES, payloads.crash_loop())
    (callback,) = here.callbacks
    again = here.send("GET", answer_url(to=callback, answer="reject"), {}, None)
    assert (again.status, "이미 답했거나" in again.body) == (410, True)
    assert here.callbacks == {callback: {"answer": "approve"}}


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "https://evil.example/#.logic.azure.com",
        "https://evil.example?.logic.azure.com",
        "https://prod-07.koreacentral.logic.azure.com@evil.example/",
        "https://evil.example\\.logic.azure.com/",
        "http://prod-07.koreacentral.logic.azure.com/runs/1",
        "",
    ],
)
def test_a_link_cannot_be_bent_to_send_requests_elsewhere(here: World, to: str) -> None:
    answer = here.send("GET", answer_url(to=to, answer="approve"), {}, None)
    assert answer.status in (400, 502)
    assert here.callbacks == {}


@pytest.mark.parametrize("answer", ["", "yes", '"><script>alert(1)</script>'])
def test_an_answer_that_is_none_is_refused(here: World, answer: str) -> None:
    refused = here.send("GET", answer_url(to=f"{LOGIC}/runs/1", answer=answer), {}, None)
    assert refused.status == 400
    assert here.callbacks == {}
    assert "<script" not in refused.body


def test_what_a_stranger_writes_into_the_pages_address_stays_inside_its_links(here: World) -> None:
    to = '"><script>alert(1)</script>'
    page = here.send("GET", url_of("ask", to=to), {}, None)
    assert page.status == 200
    assert "<script" not in page.body
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_no_address_that_answers_is_in_the_run_history(here: World) -> None:
    here.people = "approve"
    run = here.call(NODES, payloads.crash_loop())
    assert run is not None
    for secret in ("waiting-run", "of-la-tripgen", "teams-secret"):
        assert secret not in json.dumps(run.history)


def url_of(name: str, **queries: str) -> str:
    asked = "&".join(f"{key}={quote(value, safe='')}" for key, value in queries.items())
    return f"{LOGIC}/workflows/la-tripgen-{name}/triggers/open/paths/invoke?sig=of-la-tripgen-{name}&{asked}"


def answer_url(**queries: str) -> str:
    return url_of("answer", **queries)
