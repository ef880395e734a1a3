"""What people read in Teams and Slack: the real definitions, run against a real server, for all three kinds of alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from observability.model.text import LANGS, Lang
from tests.workflows import payloads
from tests.workflows.machine import Run
from tests.workflows.world import SLACK, TEAMS, World, buttons, card, lines, title, world

ACKNOWLEDGE = "맡은 사람은 '알림 열기'에서 사용자 응답을 '승인됨'(Acknowledged)으로 바꿔 주세요."


CAUSES = " 함께 울렸으면 원인일 수 있는 알림: DB 연결 풀 소진, 외부 API 장애."


@pytest.fixture
def here() -> Iterator[World]:
    with world() as made:
        yield made


def told(here: World, payload: Any, name: str = "teams") -> Any:
    run = here.call(name, payload)
    assert run is not None
    assert run.status == "Succeeded", run.results
    return here.cards[-1] if name == "teams" else here.slack[-1]


def test_a_log_alert_in_teams(here: World) -> None:
    message = told(here, payloads.log())
    assert title(message) == "🔴 발생 · 높은 오류율"
    assert lines(message) == {
        "심각도": "2",
        "조건": "오류율 1% 초과, 5분 구간. 한 서비스의 요청 중 5xx로 끝나거나 응답이 없는 비율이 한계를 넘었습니다. 설계서 8.1.2 (R5).",
        "값": "1.63% (기준 1%)",
        "대상": "service=location-service",
        "시작": "2026-11-24 20:05 KST",
        "안내": ACKNOWLEDGE + CAUSES,
    }
    assert [(button["title"], button["url"]) for button in buttons(message)] == [
        ("런북", "https://runbooks.example.com/high-error-rate.md"),
        ("쿼리 결과", payloads.QUERY),
        ("대시보드", "https://grafana.example.com/d/tripgen-services"),
        (
            "알림 열기",
            "https://portal.azure.com/#view/Microsoft_Azure_Monitoring_Alerts/AlertDetails.ReactView/alertId/"
            "%2Fsubscriptions%2F00000000-0000-0000-0000-000000000000%2Fproviders%2FMicrosoft.AlertsManagement%2Falerts%2Flog-1",
        ),
    ]


def test_an_alert_that_others_explain_names_them_while_it_fires_and_no_longer_when_it_has_resolved(here: World) -> None:
    assert lines(told(here, payloads.log()))["안내"].endswith(CAUSES)
    assert CAUSES not in lines(told(here, payloads.resolved(payloads.log())))["안내"]
    assert lines(told(here, payloads.metric()))["안내"] == ACKNOWLEDGE


def test_a_metric_alert_names_each_dimension_and_has_no_query(here: World) -> None:
    message = told(here, payloads.metric())
    assert title(message) == "🟠 발생 · 높은 메모리 사용률"
    found = lines(message)
    assert (found["값"], found["대상"]) == ("91.25% (기준 85%)", "node=aks-application-1, nodepool=application")
    assert [button["title"] for button in buttons(message)] == ["런북", "대시보드", "알림 열기"]


def test_a_prometheus_alert_in_the_unit_of_its_limit_with_the_labels_that_tell_it_apart(here: World) -> None:
    message = told(here, payloads.prometheus())
    found = lines(message)
    assert (found["값"], found["대상"]) == ("83.42% (기준 80%)", "role=primary")
    assert buttons(message)[0]["url"] == "https://runbooks.example.com/database-connection-pool-exhausted.md"


def test_a_value_that_is_no_plain_number_is_shown_as_it_came(here: World) -> None:
    assert lines(told(here, payloads.prometheus(value="12.7m")))["값"] == "12.7m (기준 80%)"


def test_no_value_is_a_dash_and_never_a_zero(here: World) -> None:
    assert lines(told(here, payloads.log(value=None)))["값"] == "-"


@pytest.mark.parametrize(
    ("ident", "value", "threshold", "said"),
    [
        ("high-error-rate", 1.004, "1", "1.004% (limit 1%)"),
        ("high-error-rate", 1.00000000004, "1", "1.00000000004% (limit 1%)"),
        ("high-error-rate", 1.634, "1", "1.63% (limit 1%)"),
        ("high-error-rate", 1.2534, "1.2533", "1.2534% (limit 1.2533%)"),
        ("high-error-rate", 0.0004, "1", "0.0004% (limit 1%)"),
        ("high-error-rate", 0.0004, "0", "0.0004% (limit 0%)"),
        ("high-error-rate", 0.000000000001, "0", "1E-12% (limit 0%)"),
        ("high-error-rate", 0, "1", "0% (limit 1%)"),
        ("high-error-rate", 1, "1", "1% (limit 1%)"),
        ("service-unavailable", 99.896, "99.9", "99.896% (limit 99.9%)"),
        ("cache-hit-ratio-low", 0.797, "0.8", "0.797 (limit 0.8)"),
        ("cache-hit-ratio-low", 0.799999, "0.8", "0.799999 (limit 0.8)"),
    ],
)
def test_a_limit_that_was_passed_is_seen_to_be_passed_and_a_little_is_not_nothing(
    ident: str, value: float, threshold: str, said: str
) -> None:
    payload = payloads.log(ident, value=value)
    payload["data"]["alertContext"]["condition"]["allOf"][0]["threshold"] = threshold
    with world("en") as here:
        assert lines(told(here, payload))["Value"] == said


@pytest.mark.parametrize(
    ("value", "said"),
    [("0.80004", "80.004%"), ("0.8", "80%"), ("0.79996", "79.996%"), ("8.3e-1", "83%"), ("0.9", "90%")],
)
def test_a_ratio_that_is_read_in_percent_is_seen_to_have_passed_its_limit(here: World, value: str, said: str) -> None:
    assert lines(told(here, payloads.prometheus(value=value)))["값"] == f"{said} (기준 80%)"


BUDGETS = [
    (payloads.spending(), "$4,480.12 (예산 $5,600.00)"),
    (payloads.spending(old=True), "$4,480.12 (예산 $5,600.00)"),
    (payloads.spending("$3,999.99", "$5,711.11"), "$3,999.99, 예상 $5,711.11 (예산 $5,600.00)"),
    (payloads.spending("$3,999.99", "$5,711.11", old=True), "$3,999.99, 예상 $5,711.11 (예산 $5,600.00)"),
]


@pytest.mark.parametrize(("payload", "value"), BUDGETS)
def test_a_budget_tells_its_name_and_what_is_spent_of_it(here: World, payload: Any, value: str) -> None:
    message = told(here, payload)
    assert title(message) == "🟠 발생 · budget-tripgen-rg-tripgen-prod-stated"
    assert lines(message) == {
        "심각도": "-",
        "조건": payload["data"]["essentials"]["description"],
        "값": value,
        "대상": "-",
        "시작": "2026-11-24 20:05 KST",
        "안내": "비용은 하루쯤 늦게 집계됩니다. 무엇이 늘었는지는 Azure의 비용 분석을 리소스 그룹별로 보면 알 수 있습니다.",
    }
    ((name, url),) = [(button["title"], button["url"]) for button in buttons(message)]
    assert (name, url) == (
        "알림 열기",
        "https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis",
    )


@pytest.mark.parametrize(("payload", "value"), BUDGETS)
def test_slack_tells_of_a_budget_and_no_other_workflow_fails_on_one(here: World, payload: Any, value: str) -> None:
    slack = told(here, payload, "slack")
    assert slack["text"] == "🟠 발생 · budget-tripgen-rg-tripgen-prod-stated"
    assert f"값: {value}" in [text["text"] for text in find(slack, "plain_text")]
    assert here.call("escalate", payload) is None
    says_that_it_fired = payload["data"]["essentials"]["monitorCondition"] == "Fired"
    for name in ("scale-nodes", "scale-database"):
        run = here.call(name, payload)
        assert (run.status if run else None) == ("Succeeded" if says_that_it_fired else None)


def test_a_budget_whose_rule_is_an_empty_text_has_its_name_for_a_title(here: World) -> None:
    payload = payloads.spending()
    payload["data"]["essentials"]["alertRule"] = ""
    assert title(told(here, payload)) == "🟠 발생 · budget-tripgen-rg-tripgen-prod-stated"


def test_an_alert_that_names_neither_rule_nor_budget_has_its_description_for_a_title(here: World) -> None:
    payload = payloads.spending()
    payload["data"]["alertContext"] = {}
    assert title(told(here, payload)).startswith("🟠 발생 · Your spend for budget")


@pytest.mark.parametrize("make", [payloads.log, payloads.metric, payloads.prometheus])
def test_what_has_resolved_looks_different_and_says_how_long_it_lasted(here: World, make: Any) -> None:
    fired, after = told(here, make()), told(here, payloads.resolved(make()))
    assert title(after).startswith("✅ 해소 · ")
    assert lines(after)["안내"] == "2026-11-24 20:52 KST, 47분 만에 해소되었습니다."
    assert card(fired)["body"][0]["style"] in ("attention", "warning")
    assert card(after)["body"][0]["style"] == "good"


def test_every_alert_of_the_catalogue_has_its_title_in_both_languages() -> None:
    for lang in LANGS:
        with world(lang) as here:
            for ident, alert in payloads.ALERTS.items():
                own = {"alertId": ident, "severity": "2"}
                payload = payloads.log()
                payload["data"]["customProperties"] = own
                payload["data"]["alertContext"]["properties"] = own
                assert title(told(here, payload)).endswith(f" · {alert.title.get(lang)}")


def test_in_english() -> None:
    with world("en") as here:
        message = told(here, payloads.resolved(payloads.log()))
    assert title(message) == "✅ Resolved · High Error Rate"
    assert lines(message)["Value"] == "1.63% (limit 1%)"
    assert lines(message)["Note"] == "2026-11-24 20:52 KST, 47 min until it resolved."
    assert [button["title"] for button in buttons(message)] == ["Runbook", "Query results", "Dashboard", "Open alert"]


def test_an_alert_without_custom_properties_is_known_by_its_labels_or_told_by_its_rule(here: World) -> None:
    known = payloads.prometheus()
    known["data"]["customProperties"] = None
    assert title(told(here, known)) == "🔴 발생 · DB 연결 풀 소진"
    foreign = payloads.log()
    foreign["data"]["customProperties"] = None
    foreign["data"]["alertContext"]["properties"] = None
    message = told(here, foreign)
    assert title(message) == "🔴 발생 · alert-tripgen-high-error-rate"
    assert lines(message)["값"] == "1.63 (기준 1)"
    assert [button["title"] for button in buttons(message)] == ["쿼리 결과", "알림 열기"]


def test_the_least_that_the_schema_lets_through_is_still_told(here: World) -> None:
    payload = payloads.log()
    essentials = payload["data"]["essentials"]
    payload["data"]["essentials"] = {key: essentials[key] for key in ("alertId", "monitorCondition", "firedDateTime")}
    payload["data"]["alertContext"] = {}
    payload["data"].pop("customProperties")
    message = told(here, payload)
    assert lines(message) == {
        "심각도": "-",
        "조건": "-",
        "값": "-",
        "대상": "-",
        "시작": "2026-11-24 20:05 KST",
        "안내": ACKNOWLEDGE,
    }


def test_anything_but_the_common_alert_schema_is_refused(here: World) -> None:
    for payload in ({"schemaId": "AzureMonitorMetricAlert", "data": {}}, {}, {"alert": 1}):
        with pytest.raises(jsonschema.ValidationError):
            here.call("teams", payload)
    assert here.cards == []


@pytest.mark.parametrize(
    "broken",
    [
        {"firedDateTime": "some time ago"},
        {"firedDateTime": "", "alertRule": None},
    ],
)
def test_an_alert_of_a_shape_that_nobody_foresaw_still_reaches_people(here: World, broken: Any) -> None:
    payload = payloads.log()
    payload["data"]["essentials"] |= broken
    for name in ("teams", "slack", "scale-nodes", "scale-database"):
        here.call(name, payload)
    rule = broken.get("alertRule", "alert-tripgen-high-error-rate") or "-"
    assert [title(message) for message in here.cards] == ["형식을 읽지 못한 알림"] * 3
    assert lines(here.cards[0]) == {"규칙": rule, "상태": "Fired"}
    assert buttons(here.cards[0])[0]["url"].endswith("%2Flog-1")
    assert here.slack[0]["text"] == "형식을 읽지 못한 알림"
    assert here.slack[0]["blocks"][1]["text"]["text"] == rule
    assert here.requests == []


# --- hostile values -----------------------------------------------------------------------------------------

HOSTILE = [
    '"},{"type":"Image","url":"https://evil.example/x.png"}',
    "[click](https://evil.example) **now** _x_",
    "<https://evil.example|click> <!channel> <@U1> &amp; *b*",
    "@{triggerBody()} @triggerBody() @@ [concat('a')]",
    "\\u0022 \\n \n\t\u202e\u0000",
    "x" * 9000,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_of_an_alert_is_one_text_run_whatever_it_holds(here: World, value: str) -> None:
    plain = card(told(here, payloads.log()))
    hostile = payloads.log(service=value)
    hostile["data"]["essentials"]["description"] = value
    message = card(told(here, hostile))
    assert lines(here.cards[-1])["대상"] == f"service={value}"[:600]
    assert lines(here.cards[-1])["조건"] == value[:600]
    assert shape(message) == shape(plain)


@pytest.mark.parametrize("value", HOSTILE)
def test_slack_shows_a_hostile_value_word_for_word_in_plain_texts_of_lengths_it_takes(here: World, value: str) -> None:
    payload = payloads.log(service=value)
    payload["data"]["customProperties"] = None
    payload["data"]["alertContext"]["properties"] = None
    payload["data"]["essentials"]["alertRule"] = value
    message = told(here, payload, "slack")
    texts = [*find(message, "plain_text")]
    assert find(message, "mrkdwn") == []
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert max(len(text["text"]) for text in texts) <= 3000
    for text in (*(text["text"] for text in texts), message["text"]):
        assert "<" not in text
        assert ">" not in text
    which = next(text["text"] for text in texts if text["text"].startswith("대상: "))
    back = which.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back == f"대상: service={value}"[: len(back)]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://evil.example", "data:text/html,x", "https://x/" + "y" * 3000]
)
def test_an_address_that_is_not_safe_or_too_long_becomes_no_button(here: World, url: str) -> None:
    payload = payloads.log()
    payload["data"]["customProperties"]["runbook"] = url
    payload["data"]["alertContext"]["condition"]["allOf"][0]["linkToFilteredSearchResultsUI"] = url
    assert [button["title"] for button in buttons(told(here, payload))] == ["대시보드", "알림 열기"]
    assert [item["text"]["text"] for item in told(here, payload, "slack")["blocks"][-1]["elements"]] == [
        "대시보드",
        "알림 열기",
    ]


# --- Slack --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [payloads.log, payloads.metric, payloads.prometheus])
def test_slack_says_what_teams_says(here: World, make: Any) -> None:
    teams, slack = told(here, make()), told(here, make(), "slack")
    assert slack["text"] == title(teams)
    said = [block["text"]["text"] for block in slack["blocks"] if block["type"] == "section"]
    assert said == [f"{label}: {text}" for label, text in lines(teams).items() if label != "안내"]
    assert slack["blocks"][-2]["elements"][0]["text"] == lines(teams)["안내"]
    assert [button["url"] for button in slack["blocks"][-1]["elements"]] == [button["url"] for button in buttons(teams)]


def test_teams_is_told_when_slack_refuses_and_the_run_counts_as_failed(here: World) -> None:
    here.slack_status = 400
    run = here.call("slack", payloads.log())
    assert run is not None
    assert run.status == "Failed"
    assert title(here.cards[-1]) == "Slack에 알리지 못했습니다"
    assert lines(here.cards[-1]) == {"알림": "발생 · 높은 오류율", "이유": "Failed 400"}


def test_a_service_that_is_down_for_a_moment_is_tried_again_and_then_reported(here: World) -> None:
    here.slack_status = 503
    start = here.clock.time
    run = here.call("slack", payloads.log())
    assert run is not None
    assert len(here.slack) == 5
    assert (here.clock.time - start).total_seconds() >= 150
    assert title(here.cards[-1]) == "Slack에 알리지 못했습니다"


def test_a_run_of_teams_that_cannot_be_posted_counts_as_failed(here: World) -> None:
    here.teams_status = 400
    run = here.call("teams", payloads.log())
    assert run is not None
    assert run.status == "Failed"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["teams", "slack"])
def test_no_secret_address_is_in_the_run_history(lang: Lang, name: str) -> None:
    with world(lang) as here:
        run = here.call(name, payloads.log())
    assert isinstance(run, Run)
    history = json.dumps(run.history)
    for secret in (TEAMS, SLACK, "teams-secret", "slack-secret"):
        assert secret not in history


def find(tree: Any, kind: str) -> list[Any]:
    """Every object of the type."""
    if isinstance(tree, dict):
        own = [tree] if tree.get("type") == kind else []
        return own + [found for item in tree.values() for found in find(item, kind)]
    return [found for item in tree for found in find(item, kind)] if isinstance(tree, list) else []


def shape(tree: Any) -> Any:
    """The tree without its texts."""
    if isinstance(tree, dict):
        return {key: shape(item) for key, item in tree.items()}
    return [shape(item) for item in tree] if isinstance(tree, list) else type(tree).__name__
