"""Made-up expressions under the real parser, and without it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import timedelta

import pytest

from observability.catalog import Catalogue
from observability.checks import promql
from observability.model.alert import Alert, Category, Severity
from observability.model.errors import Problem, SourceUnavailable
from observability.model.signal import Engine, PromQL, Signal
from observability.model.text import Text
from observability.model.units import Quantity, Unit, milliseconds, minutes

WORDS = Text(ko="말", en="words")
HERE = "tests/checks/test_promql.py"
SIGNAL = f"{HERE}: signal 's': "
TWO = minutes(2)
FIVE = Quantity(5, Unit.COUNT)


def said(problems: Iterable[Problem]) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


def signal(expr: str) -> Signal:
    return Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS, promql=PromQL(expr=expr))


def wrongs(expr: str) -> list[str]:
    return said(promql.check(Catalogue(signals=(signal(expr),))))


def of_alert(expr: str, limit: Quantity = FIVE, window: timedelta = TWO) -> list[str]:
    one = Alert(
        id="a",
        title=WORDS,
        watches=signal(expr),
        engine=Engine.PROMETHEUS,
        above=limit,
        window=window,
        severity=Severity.TWO,
        category=Category.CRITICAL,
        actions=(),
        meaning=WORDS,
        impact=WORDS,
        because=WORDS,
        first_steps=(),
    )
    return said(promql.check(Catalogue(alerts=(one,))))


@pytest.mark.parametrize(
    "expr",
    [
        "up",
        "sum by (job) (rate(x_total[$window]))",
        "max_over_time(rate(x_total[$window])[1h:30s])",
        'x{a=~"x{2}"} offset 5m > 1e5',
        "job:x:rate5m / on (job) group_left y",
    ],
)
def test_promql_that_parses_is_fine(expr: str) -> None:
    assert wrongs(expr) == []
    assert of_alert(expr) == []


def test_promql_that_does_not_parse_is_wrong_in_one_line() -> None:
    assert wrongs("sum by (job (rate(x_total[$window]))") == [
        SIGNAL + "its PromQL does not parse: unclosed left parenthesis; mend promql="
    ]
    assert wrongs("rate(x_total)") == [
        SIGNAL + "its PromQL does not parse: expected type matrix in call to function 'rate', got vector; mend promql="
    ]


@pytest.mark.parametrize("expr", ["x_total[$window]", "x_total[$window:30s]", '"text"'])
def test_promql_that_gives_no_single_value_is_wrong(expr: str) -> None:
    assert wrongs(expr) == [SIGNAL + "its PromQL has no single value a series; mend promql="]


def test_an_alert_s_condition_is_parsed_with_its_own_window() -> None:
    assert of_alert("rate(x_total[$window])[$window]") == [
        f"{HERE}: alert 'a': its PromQL does not parse: ranges only allowed for vector selectors; mend the signal"
    ]


@pytest.mark.parametrize("window", [timedelta(seconds=90.5), timedelta(), timedelta(seconds=-60)])
def test_a_window_that_cannot_be_written_is_left_to_its_own_check(window: timedelta) -> None:
    assert of_alert("rate(x_total[$window])", window=window) == []


def test_a_limit_that_does_not_fit_is_left_to_its_own_check() -> None:
    assert of_alert("up", milliseconds(5)) == []


def test_without_the_parser_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "promql_parser", None)
    with pytest.raises(SourceUnavailable) as raised:
        wrongs("up")
    assert str(raised.value) == "promql: PyPI package 'promql-parser': not installed; run `make setup`"


def test_without_promql_the_parser_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "promql_parser", None)
    assert said(promql.check(Catalogue())) == []
