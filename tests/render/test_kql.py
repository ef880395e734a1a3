from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.model.alert import Slo
from observability.model.query import Kql, Param, Query
from observability.model.signal import Engine, PromQL, Signal
from observability.model.units import Unit, minutes, percent
from observability.render import kql
from tests.render.orders import WORDS, too_late

FAILED = Kql(
    rows="""
        Orders
        | where City == city
    """,
    summarize="total = count(), bad = countif(Failed)",
    by={"shop": "ShopName", "till": "TillId"},
    result="""
        | where total >= floor
        | extend value = 100.0 * bad / total
    """,
    params={"city": "Seoul", "floor": 10, "never_used": 1},
)
MEAN = Kql(rows="Orders", summarize="value = avg(Price)")
LATE = Signal(name="late_orders", title=WORDS, unit=Unit.PERCENT, help=WORDS, kql=FAILED)
TOO_LATE = too_late(LATE, Engine.LOG, percent(3), minutes(90), params={"floor": 25})


# --- literals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (0, "0"),
        (-5, "-5"),
        (99.9, "99.9"),
        (1.0, "1.0"),
        (1e-7, "1e-07"),
        (timedelta(minutes=90), "90m"),
        (timedelta(days=1), "1d"),
        ("", '""'),
        ("Seoul", '"Seoul"'),
        ("서울 😀", '"서울 😀"'),
        ('say "hi"', r'"say \"hi\""'),
        ("it's", '"it\'s"'),
        ("C:\\till", r'"C:\\till"'),
        ('\\"', r'"\\\""'),
        ("one\r\n\ttwo", r'"one\r\n\ttwo"'),
        ('x"; Secrets | project Key //', r'"x\"; Secrets | project Key //"'),
        ('x\\"; Secrets', r'"x\\\"; Secrets"'),
        ("x\n| union Secrets", r'"x\n| union Secrets"'),
        ("// no comment", '"// no comment"'),
    ],
)
def test_a_value_is_one_literal_of_kql(value: Param, text: str) -> None:
    assert kql.literal(value) == text


@pytest.mark.parametrize("code", [code for code in range(32) if chr(code) not in "\t\n\r"])
def test_a_control_character_without_an_escape_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="holds a control character"):
        kql.literal(f"a{chr(code)}b")


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not a number that KQL can write"):
        kql.literal(value)


def test_a_duration_that_kql_cannot_write_is_refused() -> None:
    with pytest.raises(ValueError, match="not a whole number of seconds above zero"):
        kql.literal(timedelta(0))


def _read(literal: str) -> str:
    """The text that KQL reads from a literal; fails on a quote inside that is not escaped."""
    assert literal[0] == literal[-1] == '"'
    read, rest = "", iter(literal[1:-1])
    for char in rest:
        assert char != '"'
        if char == "\\":
            escaped = next(rest)  # an escape cut off by the closing quote would raise here
            char = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"'}[escaped]
        read += char
    return read


hostile = st.text(st.sampled_from("\\\"\n\r\t';/|{}$[] a") | st.characters(exclude_categories=["Cc", "Zl", "Zp", "Cs"]))


@settings(deadline=None, derandomize=True, max_examples=500)
@given(hostile)
def test_whatever_text_is_given_its_let_line_is_one_line_that_reads_back_as_the_text(text: str) -> None:
    made = kql.query(Query(id="made", title=WORDS, text="print who", params={"who": text}))
    line, rest = made.split("\n")
    assert rest == "print who"
    assert "\r" not in line
    assert line.startswith("let who = ")
    assert line.endswith(";")
    assert _read(line.removeprefix("let who = ").removesuffix(";")) == text


# --- whole queries ------------------------------------------------------------------------------------------


def test_a_query_has_its_parameters_as_let_lines_above_its_text() -> None:
    query = Query(
        id="late",
        title=WORDS,
        text="""
            Orders
            | where City == city and Late > late
              and not(Test)
        """,
        params={"city": 'the "old" town', "late": timedelta(minutes=5), "test": False},
    )
    assert kql.query(query) == (
        'let city = "the \\"old\\" town";\n'
        "let late = 5m;\n"
        "let test = false;\n"
        "Orders\n"
        "| where City == city and Late > late\n"
        "  and not(Test)"
    )


def test_a_query_without_parameters_is_its_text() -> None:
    assert kql.query(Query(id="all", title=WORDS, text="Orders")) == "Orders"


def test_a_window_is_one_row_for_each_place_and_declares_what_it_uses() -> None:
    assert kql.window(FAILED, timedelta(minutes=5)) == (
        'let city = "Seoul";\n'
        "let floor = 10;\n"
        "Orders\n"
        "| where City == city\n"
        "| summarize total = count(), bad = countif(Failed) by shop = ShopName, till = TillId\n"
        "| where total >= floor\n"
        "| extend value = 100.0 * bad / total\n"
        "| project shop, till, value"
    )


def test_a_window_knows_its_length_where_the_measure_asks_for_it() -> None:
    per_second = replace(MEAN, result="| extend value = value / (bin_size / 1s)")
    assert kql.window(per_second, timedelta(minutes=5)) == (
        "let bin_size = 5m;\n"
        "Orders\n"
        "| summarize value = avg(Price)\n"
        "| extend value = value / (bin_size / 1s)\n"
        "| project value"
    )


def test_a_chart_is_one_row_for_each_bin_and_place_in_the_order_of_time() -> None:
    assert kql.chart(FAILED, "$__interval") == (
        "let bin_size = $__interval;\n"
        'let city = "Seoul";\n'
        "let floor = 10;\n"
        "Orders\n"
        "| where City == city\n"
        "| summarize total = count(), bad = countif(Failed) "
        "by shop = ShopName, till = TillId, TimeGenerated = bin(TimeGenerated, bin_size)\n"
        "| where total >= floor\n"
        "| extend value = 100.0 * bad / total\n"
        "| project TimeGenerated, shop, till, value\n"
        "| order by TimeGenerated asc, shop asc, till asc"
    )


def test_a_chart_of_a_measure_that_is_not_split_has_the_time_alone() -> None:
    assert kql.chart(MEAN, "1h") == (
        "let bin_size = 1h;\n"
        "Orders\n"
        "| summarize value = avg(Price) by TimeGenerated = bin(TimeGenerated, bin_size)\n"
        "| project TimeGenerated, value\n"
        "| order by TimeGenerated asc"
    )


def test_now_is_the_measure_over_all_rows_the_reader_looks_at() -> None:
    assert kql.now(MEAN) == "Orders\n| summarize value = avg(Price)\n| project value"
    assert kql.now(FAILED) == kql.window(FAILED, timedelta(minutes=5))


def test_an_alert_reads_its_own_window_with_its_own_parameters() -> None:
    assert kql.alert(TOO_LATE) == (
        'let city = "Seoul";\n'
        "let floor = 25;\n"
        "Orders\n"
        "| where City == city\n"
        "| summarize total = count(), bad = countif(Failed) by shop = ShopName, till = TillId\n"
        "| where total >= floor\n"
        "| extend value = 100.0 * bad / total\n"
        "| project shop, till, value"
    )


def test_people_run_a_rule_as_of_the_time_it_fired_whenever_they_do() -> None:
    assert kql.as_it_fired(TOO_LATE) == (
        "let fired_at = now();\n"
        'let city = "Seoul";\n'
        "let floor = 25;\n"
        "Orders\n"
        "| where TimeGenerated between ((fired_at - 90m) .. fired_at)\n"
        "| where City == city\n"
        "| summarize total = count(), bad = countif(Failed) by shop = ShopName, till = TillId\n"
        "| where total >= floor\n"
        "| extend value = 100.0 * bad / total\n"
        "| project shop, till, value"
    )


def test_windows_inside_a_rule_end_when_it_fired_too() -> None:
    several = replace(TOO_LATE, watches=replace(TOO_LATE.watches, kql=SEVERAL), window=timedelta(hours=6), params={})
    assert "ago(" in kql.alert(several)
    assert kql.as_it_fired(several).splitlines()[:6] == [
        "let fired_at = now();",
        "T",
        "| where TimeGenerated between ((fired_at - 6h) .. fired_at)",
        "| summarize total = sum(n), bad = sumif(n, f == 1)",
        "    by service = S,",
        "    age = case(TimeGenerated >= fired_at - 5m, 1, TimeGenerated >= fired_at - 1h, 2, 3)",
    ]


def test_a_rule_that_cuts_its_rows_itself_cuts_them_once() -> None:
    cutting = replace(SEVERAL, rows="T\n| where TimeGenerated >= ago(6h)\n| where f == 1")
    several = replace(TOO_LATE, watches=replace(TOO_LATE.watches, kql=cutting), window=timedelta(hours=6), params={})
    assert kql.as_it_fired(several).splitlines()[1:4] == [
        "T",
        "| where TimeGenerated between ((fired_at - 6h) .. fired_at)",
        "| where f == 1",
    ]


def test_an_alert_on_a_signal_without_kql_has_no_query() -> None:
    bare = Signal(name="orders_open", title=WORDS, unit=Unit.COUNT, help=WORDS, promql=PromQL(expr="orders_open"))
    with pytest.raises(ValueError, match=r"^signal 'orders_open' has no KQL$"):
        kql.alert(replace(TOO_LATE, watches=bare))
    with pytest.raises(ValueError, match=r"^signal 'orders_open' has no KQL$"):
        kql.as_it_fired(replace(TOO_LATE, watches=bare))


def test_an_objective_adds_where_it_stands_and_what_is_left_of_its_budget() -> None:
    objective = Slo(
        id="slo-orders",
        title=WORDS,
        objective=0.995,
        period=timedelta(days=30),
        good=WORDS,
        watches=Query(
            id="good-orders",
            title=WORDS,
            text="""
                Orders
                | where City == city
                | summarize good = countif(not(Failed)), total = count() by service = ShopName
            """,
            params={"city": "Seoul"},
        ),
    )
    assert kql.slo(objective) == (
        'let city = "Seoul";\n'
        "let objective = 0.995;\n"
        "Orders\n"
        "| where City == city\n"
        "| summarize good = countif(not(Failed)), total = count() by service = ShopName\n"
        "| where total > 0\n"
        "| extend sli_percent = 100.0 * good / total, objective_percent = 100.0 * objective,\n"
        "    budget_left_percent = 100.0 * (1.0 - (1.0 - todouble(good) / total) / (1.0 - objective))\n"
        "| project service, sli_percent, objective_percent, budget_left_percent, good, total\n"
        "| order by budget_left_percent asc, service asc"
    )
    assert list(kql.SLO_COLUMNS) == [
        "service",
        "sli_percent",
        "objective_percent",
        "budget_left_percent",
        "good",
        "total",
    ]


# --- headers ------------------------------------------------------------------------------------------------


def test_a_header_is_a_comment_of_title_source_place_and_notes() -> None:
    assert kql.header("늦은 주문", "8.1", "alerts/orders.py", ("Run it twice.", "Then again.")) == (
        "// 늦은 주문\n// 8.1\n// alerts/orders.py\n// Run it twice.\n// Then again.\n"
    )


def test_every_line_of_a_header_is_a_comment_whatever_the_texts_hold() -> None:
    assert kql.header("one\nSecrets", "two\r\nSecrets", "three\rSecrets", ("four\n\nSecrets",)) == (
        "// one\n// Secrets\n// two\n// Secrets\n// three\n// Secrets\n// four\n// \n// Secrets\n"
    )


SEVERAL = Kql(
    rows="T",
    summarize="total = sum(n), bad = sumif(n, f == 1)",
    by={"service": "S"},
    result="| extend value = todouble(bad_5m) / total",
    recent=(timedelta(minutes=5), timedelta(hours=1)),
)


def test_a_measure_of_several_windows_sums_by_age() -> None:
    assert kql.window(SEVERAL, timedelta(hours=6)).splitlines() == [
        "T",
        # Azure gives a query that says ago() two days of rows, whatever the rule's window.
        "| where TimeGenerated >= ago(6h)",
        "| summarize total = sum(n), bad = sumif(n, f == 1)",
        "    by service = S,",
        "    age = case(TimeGenerated >= ago(5m), 1, TimeGenerated >= ago(1h), 2, 3)",
        "| summarize total_5m = sumif(total, age <= 1),",
        "    bad_5m = sumif(bad, age <= 1),",
        "    total_1h = sumif(total, age <= 2),",
        "    bad_1h = sumif(bad, age <= 2),",
        "    total = sum(total),",
        "    bad = sum(bad)",
        "    by service",
        "| extend value = todouble(bad_5m) / total",
        "| project service, value",
    ]


def test_a_measure_that_says_ago_itself_is_cut_to_its_window_too() -> None:
    young = Kql(rows="T\n| extend young = TimeGenerated >= ago(5m)", summarize="value = countif(young)")
    assert kql.window(young, timedelta(minutes=30)).splitlines() == [
        "T",
        "| extend young = TimeGenerated >= ago(5m)",
        "| where TimeGenerated >= ago(30m)",
        "| summarize value = countif(young)",
        "| project value",
    ]


def test_a_measure_of_several_windows_has_no_chart() -> None:
    with pytest.raises(ValueError, match="has no chart"):
        kql.chart(SEVERAL, "5m")
