"""The pages of the real alerts begin with what the alert is about, and say what a reader at night has to know."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from alerts import slo
from observability.catalog import load
from observability.design.objectives import PHASE
from observability.design.operations import ESCALATION, SEVERITIES
from observability.model.alert import Alert
from observability.model.checklist import MetricQuery
from observability.model.query import Query
from observability.model.signal import Engine
from observability.render.runbooks import runbooks

CATALOGUE = load()
ALERTS = {alert.id: alert for alert in CATALOGUE.alerts}
PAGES = runbooks(CATALOGUE.alerts, SEVERITIES, (), (), ESCALATION, CATALOGUE.packs)
BUDGETS = [alert for alert in CATALOGUE.alerts if alert.condition is not None]

# What a Prometheus rule reads is in no table: the query that shows the same thing from the logs or from Azure's metrics.
OF_PROMETHEUS = {
    "ai-latency-budget-burning": "triage/ai-dependencies",
    "ai-latency-budget-leaking": "triage/ai-dependencies",
    "ai-response-time-exceeded": "triage/ai-dependencies",
    "cache-hit-budget-leaking": "redis/misses-by-shard",
    "cache-hit-ratio-low": "redis/misses-by-shard",
    "data-store-unreadable": "triage/failing-dependencies",
    "database-connection-pool-exhausted": "triage/database-sessions",
    "error-budget-leaking": "slo/error-budget",
    "external-api-failing": "triage/failing-dependencies",
    "metrics-missing": "triage/broken-pods",
    "node-not-ready": "triage/nodes-ready",
    "pod-crash-loop": "triage/restarting-containers",
    "pods-below-pdb": "triage/broken-pods",
    "replica-lag": "postgresql/replica-lag",
}


def _ids(alert: Alert) -> str:
    return alert.id


@pytest.mark.parametrize("alert", [each for each in ALERTS.values() if each.engine is Engine.LOG], ids=_ids)
def test_the_first_query_of_a_log_alert_reads_the_table_that_the_alert_reads(alert: Alert) -> None:
    first = alert.first_steps[0]
    assert alert.watches.kql is not None
    assert isinstance(first, Query)
    (table,) = re.findall(r"^\w+", alert.watches.kql.rows.strip())
    assert re.search(rf"\b{table}\b", first.text)


@pytest.mark.parametrize("alert", [each for each in ALERTS.values() if each.engine is Engine.METRIC], ids=_ids)
def test_the_first_query_of_a_metric_alert_reads_that_metric(alert: Alert) -> None:
    first = alert.first_steps[0]
    if alert.id == "high-memory-usage":
        # The nodes' memory is in the logs too, beside their CPU and node by node.
        assert first.key == "triage/node-pressure"
        return
    assert isinstance(first, MetricQuery)
    assert alert.watches.metric is not None
    assert (first.metric.resource, first.metric.metric) == (alert.watches.metric.resource, alert.watches.metric.metric)


def test_the_first_query_of_a_prometheus_rule_shows_the_same_thing() -> None:
    found = {alert.id: alert.first_steps[0].key for alert in ALERTS.values() if alert.engine is Engine.PROMETHEUS}
    assert found == OF_PROMETHEUS


@dataclass(frozen=True)
class _Promise:
    share: str
    korean: str
    english: str


def _promises() -> dict[str, _Promise]:
    """What the page of each budget has to say of its objective in the chosen phase."""
    api, ai = PHASE.api_p95, PHASE.ai_p95
    late = _Promise("95%", f"{api.words('ko')} 안에 끝난 API 요청", f"API requests that end within {api.words('en')}")
    itinerary = _Promise("95%", f"{ai.words('ko')} 안에 완성된 AI 일정", f"that are finished within {ai.words('en')}")
    errors = _Promise(
        f"{100 - 100 * PHASE.error_rate:g}%",
        "5xx가 아닌 응답을 받은 요청",
        "requests that get an answer other than 5xx",
    )
    return {
        "error-budget-burning": errors,
        "error-budget-leaking": errors,
        "api-latency-budget-burning": late,
        "api-latency-budget-leaking": late,
        "ai-latency-budget-burning": itinerary,
        "ai-latency-budget-leaking": itinerary,
        "cache-hit-budget-leaking": _Promise(
            "80%", "캐시에서 값을 찾은 조회", "lookups that the cache has the value of"
        ),
        "availability-budget-leaking": _Promise(
            f"{100 * PHASE.availability:g}%", "성공한 합성 점검", "synthetic checks that succeed"
        ),
    }


def test_every_budget_page_states_its_objective() -> None:
    promises = _promises()
    assert sorted(alert.id for alert in BUDGETS) == sorted(promises)
    for ident, promise in promises.items():
        assert f"{promise.korean}의 비율 {promise.share}이고" in PAGES[ident]
        assert f"The objective is {promise.share} over 30 days: " in PAGES[ident]
        assert promise.english in PAGES[ident]


def test_a_budget_page_states_the_burn_rates_that_fire_and_what_the_value_is() -> None:
    page = PAGES[slo.ERRORS_PAGE.id]
    (condition,) = (line for line in page.splitlines() if line.startswith("| 조건 · Condition |"))
    assert condition == (
        "| 조건 · Condition | 오류 없는 요청: 오류 예산의 소진 속도가 1시간과 5분 모두 14.4배 초과, 또는 6시간과 30분 모두 6배 초과(값으로는 1배 "
        "초과). 6시간에 실패가 50건 이상일 때만 · Requests without error: error budget burn above 14.4x over both 1 hour and 5 "
        "minutes, or above 6x over both 6 hours and 30 minutes (a value above 1x); only with 50 bad events or more in 6 hours |"
    )
    assert "1.3x means that both windows of a pair burn at 1.3 times its factor or more." in page


@pytest.mark.parametrize("alert", ALERTS.values(), ids=_ids)
def test_no_page_speaks_of_an_option_of_the_command_line_above_a_query_of_the_portal(alert: Alert) -> None:
    queries = PAGES[alert.id].split("## 먼저 볼 쿼리")[1].split("## 이 숫자의 이유")[0]
    assert "--since" not in queries
    assert "3일으로" not in queries


@pytest.mark.parametrize(
    ("alert", "query", "back"),
    [
        ("daily-cap-near", "workspace/volume-against-cap", "2 days"),
        ("error-budget-leaking", "slo/error-budget", "30 days"),
        ("availability-budget-leaking", "triage/failed-checks", "24 hours"),
        ("high-error-rate", "triage/errors-by-operation", "1 hour"),
    ],
)
def test_a_query_is_given_the_time_range_that_it_needs(alert: str, query: str, back: str) -> None:
    after = PAGES[alert].split(f"`generated/kql/{query}.kql`")[1]
    assert after.splitlines()[2].endswith(f"Time range: from {back} before the alert fired until now")
