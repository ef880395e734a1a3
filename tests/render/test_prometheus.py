from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine, PromQL, Signal
from observability.model.source import Section
from observability.model.text import Lang, Text
from observability.model.units import Quantity, Unit, minutes
from observability.render import prometheus

WORDS = Text("주문", "Orders")
MISSING = "promtool (Debian's package 'prometheus') is not installed: made-up Prometheus rules were not run"
OPEN = Signal(
    name="open_orders",
    title=Text("열린 주문", "Open orders"),
    unit=Unit.COUNT,
    help=WORDS,
    promql=PromQL(expr='max by (shop) (max_over_time(orders{state="open"}[$window]))', by=("shop",)),
)
DONE = Signal(name="done_orders", title=WORDS, unit=Unit.COUNT, help=WORDS, promql=PromQL(expr="rate(done[$window])"))


def _examples(limit: float) -> tuple[Example, ...]:
    return (
        Example(
            "one more than allowed",
            (
                Series('orders{shop="north",state="open"}', f"{limit + 1:g}x20"),
                Series('orders{shop="south",state="open"}', f"{limit:g}x20"),
            ),
            at=15,
            fires=({"shop": "north"},),
        ),
        Example("no shop is open", (), at=15),
    )


PILED_UP = Alert(
    id="orders-piled-up",
    title=Text("주문 밀림", "Orders piled up"),
    watches=OPEN,
    engine=Engine.PROMETHEUS,
    above=Quantity(7, Unit.COUNT),
    window=minutes(5),
    every=minutes(1),
    pending=minutes(3),
    severity=Severity.THREE,
    category=Category.CRITICAL,
    actions=(),
    meaning=Text("주문이 밀립니다.", "Orders pile up."),
    impact=WORDS,
    because=WORDS,
    first_steps=(),
    source=Section("7.1"),
    examples=_examples,
)

RULES = r"""groups:
  - name: "alert-tripgen-orders-piled-up"
    interval: 1m
    rules:
      - alert: OrdersPiledUp
        expr: "max by (shop) (max_over_time(orders{state=\"open\"}[5m])) > 7"
        for: 3m
        labels:
          alert_id: "orders-piled-up"
          category: "critical"
          severity: "3"
        annotations:
          summary: "주문 밀림: shop={{ $labels.shop }}"
          description: "열린 주문 7 초과, 5분 구간. 주문이 밀립니다. 설계서 7.1."
          runbook_url: "runbooks/orders-piled-up.md"
  - name: "record-tripgen"
    interval: 1m
    rules:
      - record: open_orders
        expr: "max by (shop) (max_over_time(orders{state=\"open\"}[5m]))"
      - record: done_orders
        expr: "rate(done[5m])"
"""

TESTS = r"""rule_files:
  - rules.yaml
evaluation_interval: 1m
tests:
  - name: "orders-piled-up: one more than allowed"
    interval: 1m
    input_series:
      - series: "orders{shop=\"north\",state=\"open\"}"
        values: "8x20"
      - series: "orders{shop=\"south\",state=\"open\"}"
        values: "7x20"
    alert_rule_test:
      - eval_time: 15m
        alertname: OrdersPiledUp
        exp_alerts:
            - exp_labels:
                alert_id: "orders-piled-up"
                category: "critical"
                severity: "3"
                shop: "north"
              exp_annotations:
                summary: "주문 밀림: shop=north"
                description: "열린 주문 7 초과, 5분 구간. 주문이 밀립니다. 설계서 7.1."
                runbook_url: "runbooks/orders-piled-up.md"
  - name: "orders-piled-up: no shop is open"
    interval: 1m
    input_series:
    alert_rule_test:
      - eval_time: 15m
        alertname: OrdersPiledUp
        exp_alerts: []
"""


def test_the_rules_of_an_alert_and_of_two_recorded_signals() -> None:
    assert prometheus.rules((PILED_UP,), (OPEN, DONE), "ko") == RULES


def test_the_tests_of_an_alert_that_fires_and_stays_quiet() -> None:
    assert prometheus.tests((PILED_UP,), "ko") == TESTS


def test_the_rules_read_back_are_what_was_said() -> None:
    assert yaml.safe_load(prometheus.rules((PILED_UP,), (DONE,), "en")) == {
        "groups": [
            {
                "name": "alert-tripgen-orders-piled-up",
                "interval": "1m",
                "rules": [
                    {
                        "alert": "OrdersPiledUp",
                        "expr": 'max by (shop) (max_over_time(orders{state="open"}[5m])) > 7',
                        "for": "3m",
                        "labels": {"alert_id": "orders-piled-up", "category": "critical", "severity": "3"},
                        "annotations": {
                            "summary": "Orders piled up: shop={{ $labels.shop }}",
                            "description": "Open orders above 7, over 5 minutes. Orders pile up. Design document 7.1.",
                            "runbook_url": "runbooks/orders-piled-up.md",
                        },
                    }
                ],
            },
            {
                "name": "record-tripgen",
                "interval": "1m",
                "rules": [{"record": "done_orders", "expr": "rate(done[5m])"}],
            },
        ]
    }


def test_an_alert_that_need_not_stay_true_has_no_pending_period() -> None:
    (group,) = yaml.safe_load(prometheus.rules((replace(PILED_UP, pending=None),), (), "en"))["groups"]
    assert list(group["rules"][0]) == ["alert", "expr", "labels", "annotations"]


def test_an_alert_without_examples_has_no_tests() -> None:
    assert prometheus.tests((replace(PILED_UP, examples=None),), "ko") == (
        "rule_files:\n  - rules.yaml\nevaluation_interval: 1m\ntests:\n"
    )


def test_examples_are_built_from_the_limit_in_the_unit_of_the_signal() -> None:
    asked: list[float] = []

    def remember(limit: float) -> tuple[Example, ...]:
        asked.append(limit)
        return ()

    milliseconds = replace(OPEN, unit=Unit.MILLISECONDS)
    alert = replace(PILED_UP, watches=milliseconds, above=Quantity(0.3, Unit.SECONDS), examples=remember)
    prometheus.tests((alert,), "ko")
    assert asked == [300]


def _expected(alert: Alert, lang: Lang) -> list[dict[str, Any]]:
    (test,) = yaml.safe_load(prometheus.tests((alert,), lang))["tests"]
    found: list[dict[str, Any]] = test["alert_rule_test"][0]["exp_alerts"]
    return found


def test_each_label_in_an_expected_annotation_has_its_value_and_a_missing_one_is_empty() -> None:
    split = replace(OPEN, promql=PromQL(expr="orders", by=("shop", "till")))
    both: tuple[dict[str, str], ...] = ({"shop": "north", "till": "1"}, {"shop": 'the "old" one'})
    alert = replace(PILED_UP, watches=split, examples=lambda limit: (Example("two", (), at=1, fires=both),))
    assert [found["exp_annotations"]["summary"] for found in _expected(alert, "en")] == [
        "Orders piled up: shop=north, till=1",
        'Orders piled up: shop=the "old" one, till=',
    ]
    assert [found["exp_labels"] for found in _expected(alert, "en")] == [
        {"alert_id": "orders-piled-up", "category": "critical", "severity": "3", "shop": "north", "till": "1"},
        {"alert_id": "orders-piled-up", "category": "critical", "severity": "3", "shop": 'the "old" one'},
    ]


def test_an_alert_without_labels_of_its_own_can_be_expected() -> None:
    whole = replace(OPEN, promql=PromQL(expr="sum(orders)"))
    alert = replace(PILED_UP, watches=whole, examples=lambda limit: (Example("all", (), at=1, fires=({},)),))
    (found,) = _expected(alert, "ko")
    assert found["exp_labels"] == {"alert_id": "orders-piled-up", "category": "critical", "severity": "3"}
    assert found["exp_annotations"]["summary"] == "주문 밀림"


HOSTILE = """그는 "밀렸다"고 했다: it's #1 \\ - [x] {y} & *z | %w @v\t\n\x7f\x85\u2028\u2029\ufeff yes"""


def test_quotes_and_every_script_are_read_back_as_they_were_written() -> None:
    alert = replace(PILED_UP, title=Text(HOSTILE, HOSTILE))
    (group,) = yaml.safe_load(prometheus.rules((alert,), (), "ko"))["groups"]
    assert group["rules"][0]["annotations"]["summary"] == f"{HOSTILE}: shop={{{{ $labels.shop }}}}"


@settings(deadline=None, derandomize=True)
@given(
    st.text(st.sampled_from("\"'\\:#\n\x7f\x85\u2028\ufeff 가") | st.characters(exclude_categories=["Cs"]), min_size=1)
)
def test_whatever_the_text_its_yaml_reads_back_as_the_text(text: str) -> None:
    alert = replace(PILED_UP, meaning=Text(text, text), watches=replace(OPEN, promql=PromQL(expr=text)))
    (group,) = yaml.safe_load(prometheus.rules((alert,), (), "en"))["groups"]
    (rule,) = group["rules"]
    assert rule["expr"] == f"{text.replace('$window', '5m')} > 7"
    assert rule["annotations"]["description"] == f"Open orders above 7, over 5 minutes. {text} Design document 7.1."


@pytest.mark.parametrize("title", [Text("주문 밀림", "Orders piled up"), Text(HOSTILE, HOSTILE)])
def test_promtool_accepts_the_rules_and_sees_the_alert_fire_and_stay_quiet(
    title: Text, promtool: str | None, leave_out: Callable[[str], None], tmp_path: Path
) -> None:
    if promtool is None:
        leave_out(MISSING)
        return
    alert = replace(PILED_UP, title=title)
    (tmp_path / "rules.yaml").write_text(prometheus.rules((alert,), (OPEN, DONE), "ko"), encoding="utf-8")
    (tmp_path / "tests.yaml").write_text(prometheus.tests((alert,), "ko"), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
