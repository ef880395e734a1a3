"""Who is told when nobody takes an alert: the real definition, run against a real server that is Azure and the channels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from observability.design.operations import ESCALATION, SEVERITIES
from observability.model.text import LANGS
from observability.model.units import hours, minutes
from tests.workflows import payloads
from tests.workflows.machine import Machine, Run
from tests.workflows.world import ESCALATION as ESCALATION_CHANNEL
from tests.workflows.world import MANAGEMENT, TEAMS, World, buttons, lines, title, world


@pytest.fixture
def here() -> Iterator[World]:
    with world() as made:
        yield made


def outage() -> Any:
    return payloads.log("service-unavailable", 1, check="trip")


def run(here: World, payload: Any) -> Run:
    made = here.call("escalate", payload)
    assert made is not None
    return made


def told(here: World) -> list[tuple[float, str]]:
    """Minutes since the alert fired, and the title, of everything in management's channel."""
    return [(at, title(message).split(" · ")[0].removeprefix("📣 ")) for at, message in here.escalated]


def test_the_times_of_these_tests_are_the_documents() -> None:
    assert (SEVERITIES[1].response, SEVERITIES[1].update_every) == (minutes(15), minutes(15))
    assert (SEVERITIES[2].response, SEVERITIES[2].update_every) == (hours(1), None)
    assert ESCALATION.reminds_for == hours(8)


# --- severity 1 ---------------------------------------------------------------------------------------------


def test_management_is_called_at_once_for_severity_1_and_hears_no_more_when_somebody_takes_it_in_time(
    here: World,
) -> None:
    here.alert = lambda at: ("Acknowledged" if at >= 10 else "New", "Fired")
    assert run(here, outage()).status == "Succeeded"
    assert told(here) == [(0, "관리팀 호출")]
    assert here.called == [(0, outage())]
    assert here.cards == []


def test_severity_1_that_nobody_takes_is_told_again_every_15_minutes_until_somebody_does(here: World) -> None:
    here.alert = lambda at: ("Acknowledged" if at >= 50 else "New", "Fired")
    run(here, outage())
    nobody = "아무도 맡지 않은 알림"
    assert told(here) == [(0, "관리팀 호출"), (15, nobody), (30, nobody), (45, nobody)]
    assert [at for at, _ in here.called] == [0]


@pytest.mark.parametrize("limits_fail", [False, True])
def test_it_gives_up_after_eight_hours_and_says_so(
    here: World, monkeypatch: pytest.MonkeyPatch, limits_fail: bool
) -> None:
    monkeypatch.setattr(Machine, "limits_fail", limits_fail)
    assert run(here, outage()).status == "Succeeded"
    assert len(here.escalated) == 1 + 32 + 1
    assert told(here)[-2:] == [(480, "아무도 맡지 않은 알림"), (480, "아무도 맡지 않은 알림, 마지막 안내")]
    assert lines(here.escalated[-1][1])["안내"].startswith("8시간 동안 아무도 맡지 않았습니다.")


def test_without_a_pagerduty_service_of_management_only_its_channel_is_told() -> None:
    with world(managementPagerDutyUrl="") as here:
        here.alert = lambda at: ("Acknowledged", "Fired")
        assert run(here, outage()).status == "Succeeded"
        assert told(here) == [(0, "관리팀 호출")]


# --- severity 2 ---------------------------------------------------------------------------------------------


def test_severity_2_is_told_once_when_an_hour_has_passed_and_calls_nobody(here: World) -> None:
    run(here, payloads.log())
    ((at, message),) = here.escalated
    assert (at, title(message)) == (60, "📣 아무도 맡지 않은 알림 · 높은 오류율")
    assert lines(message) == {
        "심각도": "2",
        "상향 보고": "업무시간 내 대응팀",
        "대응 시간": "1시간",
        "조건": "오류율 1% 초과, 5분 구간. 한 서비스의 요청 중 5xx로 끝나거나 응답이 없는 비율이 한계를 넘었습니다. 설계서 8.1.2 (R5).",
        "값": "1.63% (기준 1%)",
        "대상": "service=location-service",
        "시작": "2026-11-24 20:05 KST",
        "안내": "대응 시간이 지났습니다. 당직자에게 전화하거나 직접 맡아 주세요. "
        "맡은 사람은 '알림 열기'에서 사용자 응답을 '승인됨'(Acknowledged)으로 바꿔 주세요.",
    }
    assert [button["title"] for button in buttons(message)] == ["런북", "쿼리 결과", "대시보드", "알림 열기"]
    assert here.called == []


@pytest.mark.parametrize(
    ("state", "condition"),
    [("Acknowledged", "Fired"), ("Closed", "Fired"), ("New", "Resolved"), ("Acknowledged", "Resolved")],
)
def test_what_is_taken_closed_or_over_is_told_to_nobody(here: World, state: str, condition: str) -> None:
    here.alert = lambda _at: (state, condition)
    made = run(here, payloads.log())
    assert made.status == "Succeeded"
    assert (here.escalated, here.cards, here.called) == ([], [], [])
    assert here.minutes() == 60


def test_it_is_read_at_the_resource_that_the_alert_is_about(here: World) -> None:
    run(here, payloads.log())
    ((method, path, _),) = here.requests
    assert method == "GET"
    assert path == (
        f"{payloads.GROUP.lower()}/microsoft.operationalinsights/workspaces/law-tripgen-prod"
        "/providers/Microsoft.AlertsManagement/alerts/log-1"
    )


def test_an_alert_that_names_no_resource_is_read_at_its_subscription(here: World) -> None:
    payload = payloads.log()
    del payload["data"]["essentials"]["alertTargetIDs"]
    run(here, payload)
    assert [path for _, path, _ in here.requests] == [
        f"{payloads.SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/log-1"
    ]


# --- what cannot be known -----------------------------------------------------------------------------------

UNKNOWN = "맡은 사람이 있는지 알 수 없는 알림"


@pytest.mark.parametrize(
    "answers",
    [
        [(403, {"error": {"code": "AuthorizationFailed"}})],
        [(404, {"error": {"code": "AlertNotFound"}})],
        [(503, "")] * 5,
        [(200, {})],
        [(200, "not even JSON")],
        [(200, {"properties": {"essentials": {"alertState": "Something else", "monitorCondition": "Fired"}}})],
    ],
    ids=["forbidden", "not found", "down", "empty", "text", "a new state"],
)
def test_a_state_that_cannot_be_read_is_told_as_such_and_never_taken_for_taken(here: World, answers: Any) -> None:
    here.faults["GET"] = answers
    run(here, payloads.log())
    assert [words for _, words in told(here)] == [UNKNOWN]


def test_severity_1_is_read_again_after_a_failure_and_quiet_when_somebody_has_it(here: World) -> None:
    here.faults["GET"] = [(403, {})]
    here.alert = lambda at: ("Acknowledged", "Fired")
    run(here, outage())
    assert told(here) == [(0, "관리팀 호출"), (15, UNKNOWN)]


def test_an_alert_of_a_shape_that_nobody_foresaw_is_told_at_once(here: World) -> None:
    payload = payloads.log()
    payload["data"]["essentials"]["firedDateTime"] = "some time ago"
    run(here, payload)
    assert told(here) == [(0, "형식을 읽지 못한 알림")]


# --- channels -----------------------------------------------------------------------------------------------


def test_without_a_channel_of_its_own_the_operations_channel_is_told() -> None:
    with world(escalationTeamsUrl="") as here:
        run(here, payloads.log())
        assert [title(message) for message in here.cards] == ["📣 아무도 맡지 않은 알림 · 높은 오류율"]


def test_when_the_channel_refuses_the_operations_channel_is_told(here: World) -> None:
    here.escalation_status = 410
    assert run(here, payloads.log()).status == "Succeeded"
    assert [title(message) for message in here.cards] == ["📣 아무도 맡지 않은 알림 · 높은 오류율"]


def test_a_call_that_fails_stops_nothing_and_the_run_counts_as_failed(here: World) -> None:
    here.management_status = 400
    here.alert = lambda at: ("Acknowledged" if at >= 20 else "New", "Fired")
    assert run(here, outage()).status == "Failed"
    assert told(here) == [(0, "관리팀 호출"), (15, "아무도 맡지 않은 알림")]


def test_channels_that_both_refuse_stop_no_watch_and_the_run_counts_as_failed(here: World) -> None:
    here.escalation_status = here.teams_status = 400
    here.alert = lambda at: ("Acknowledged" if at >= 40 else "New", "Fired")
    assert run(here, outage()).status == "Failed"
    assert [at for at, _ in here.escalated] == [0, 15, 30]


# --- what starts no run -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [payloads.resolved(payloads.log()), payloads.metric(), payloads.log(severity=3), payloads.log(severity=4)],
)
def test_what_has_resolved_or_escalates_in_a_meeting_starts_no_run(here: World, payload: Any) -> None:
    assert here.call("escalate", payload) is None
    assert (here.escalated, here.called, here.requests) == ([], [], [])


@pytest.mark.parametrize("lang", LANGS)
def test_no_secret_address_is_in_the_run_history(lang: Any) -> None:
    with world(lang) as here:
        here.alert = lambda at: ("Acknowledged" if at >= 20 else "New", "Fired")
        made = run(here, outage())
    history = json.dumps(made.history)
    for secret in (TEAMS, ESCALATION_CHANNEL, MANAGEMENT, "escalation-secret", "management-secret"):
        assert secret not in history


def test_in_english() -> None:
    with world("en") as here:
        run(here, payloads.in_english(payloads.log()))
    ((_, message),) = here.escalated
    assert title(message) == "📣 Nobody has taken this alert · High Error Rate"
    assert lines(message)["Escalation"] == "Response team, in working hours"
    assert lines(message)["Respond within"] == "1 hour"
