from __future__ import annotations

from dataclasses import replace

import pytest

from observability.model.query import Kql
from observability.model.signal import Engine, PromQL, Signal
from observability.model.units import Quantity, Unit, hours, minutes, percent, seconds_of
from observability.render import promql
from tests.render.orders import WORDS, too_late

LATE = Signal(
    name="late_share",
    title=WORDS,
    unit=Unit.RATIO,
    help=WORDS,
    promql=PromQL(expr="rate(late_total[$window]) / rate(orders_total[$window])"),
)
TOO_LATE = too_late(LATE, Engine.PROMETHEUS, percent(0.1), minutes(90))


@pytest.mark.parametrize("window", ["5m", "$__rate_interval"])
def test_a_signal_is_read_over_the_readers_window_in_every_range(window: str) -> None:
    assert promql.over(LATE, window) == f"rate(late_total[{window}]) / rate(orders_total[{window}])"


def test_an_expression_without_a_range_is_read_as_it_is() -> None:
    assert promql.over(replace(LATE, promql=PromQL(expr="orders_open")), "5m") == "orders_open"


def test_a_signal_without_promql_cannot_be_read() -> None:
    logs = replace(LATE, promql=None, kql=Kql(rows="Orders", summarize="value = count()"))
    with pytest.raises(ValueError, match=r"^signal 'late_share' has no PromQL$"):
        promql.over(logs, "5m")
    with pytest.raises(ValueError, match=r"^signal 'late_share' has no PromQL$"):
        promql.condition(replace(TOO_LATE, watches=logs))


def test_a_limit_is_counted_in_the_unit_of_the_signal() -> None:
    assert promql.limit(TOO_LATE) == 0.001
    assert promql.limit(replace(TOO_LATE, above=None, below=percent(99.9))) == 0.999


def test_a_limit_of_zero_is_a_limit() -> None:
    assert promql.limit(replace(TOO_LATE, above=Quantity(0, Unit.RATIO))) == 0


def test_an_alert_without_a_limit_has_none_to_count() -> None:
    with pytest.raises(ValueError, match=r"^alert 'too-late' has no limit$"):
        promql.limit(replace(TOO_LATE, above=None))


def test_a_limit_of_another_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^seconds cannot be given in ratio$"):
        promql.limit(replace(TOO_LATE, above=seconds_of(1)))


def test_a_condition_is_true_above_the_limit() -> None:
    assert promql.condition(TOO_LATE) == "rate(late_total[1h30m]) / rate(orders_total[1h30m]) > 0.001"


def test_a_condition_is_true_below_the_limit() -> None:
    below = replace(TOO_LATE, above=None, below=Quantity(1, Unit.RATIO), window=hours(1))
    assert promql.condition(below) == "rate(late_total[1h]) / rate(orders_total[1h]) < 1"
