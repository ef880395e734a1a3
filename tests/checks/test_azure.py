"""Azure's windows, counts and names, on made-up definitions at and beyond each limit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from observability.azure import limits
from observability.catalog import Catalogue
from observability.checks import azure
from observability.model.alert import Action, Alert, Category, Channel, Severity, Suppression, WebTest
from observability.model.errors import Problem
from observability.model.query import Kql
from observability.model.signal import Engine, PlatformMetric, PromQL, Signal
from observability.model.source import Section
from observability.model.system import RetentionClass, Workspace
from observability.model.text import Text
from observability.model.units import Unit, days, gigabytes, hours, milliseconds, minutes, percent, seconds

WORDS = Text(ko="말", en="words")
SOURCE = Section("1")
HERE = "tests/checks/test_azure.py"
ALERT = f"{HERE}: alert 'a': "
TELEMETRY = "observability/design/telemetry.py: "


def said(problems: Iterable[Problem]) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


def signal(by: int = 0, rows: str = "T", **given: Any) -> Signal:
    columns = {f"c{number}": f"C{number}" for number in range(by)}
    return Signal(
        **{
            "name": "s",
            "title": WORDS,
            "unit": Unit.PERCENT,
            "help": WORDS,
            "kql": Kql(rows=rows, summarize="value = max(x)", by=columns),
            "promql": PromQL(expr="up"),
            "metric": PlatformMetric(resource="cluster", metric="cpu", aggregation="Average"),
            **given,
        }
    )


def alert(watches: Signal | None = None, **given: Any) -> Alert:
    return Alert(
        **{
            "id": "a",
            "title": WORDS,
            "watches": watches or signal(),
            "engine": Engine.LOG,
            "above": percent(1),
            "window": minutes(5),
            "every": minutes(5),
            "severity": Severity.TWO,
            "category": Category.CRITICAL,
            "actions": (),
            "meaning": WORDS,
            "impact": WORDS,
            "because": WORDS,
            "first_steps": (),
            "source": SOURCE,
            **given,
        }
    )


def wrongs(**given: Any) -> list[str]:
    return said(azure.check(Catalogue(alerts=(alert(**given),))))


# --- windows and frequencies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "window", "kind", "nearest"),
    [
        (Engine.LOG, minutes(2), "log alerts have no window 'PT2M'", "'PT1M' or 'PT5M'"),
        (Engine.LOG, minutes(90), "log alerts have no window 'PT1H30M'", "'PT1H' or 'PT2H'"),
        (Engine.LOG, seconds(30), "log alerts have no window 'PT30S'", "'PT1M'"),
        (Engine.LOG, days(3), "log alerts have no window 'P3D'", "'P2D'"),
        (Engine.LOG, hours(12), "log alerts have no window 'PT12H'", "'PT6H' or 'P1D'"),
        (Engine.METRIC, minutes(2), "metric alerts have no window 'PT2M'", "'PT1M' or 'PT5M'"),
        (Engine.METRIC, minutes(10), "metric alerts have no window 'PT10M'", "'PT5M' or 'PT15M'"),
        (Engine.METRIC, days(2), "metric alerts have no window 'P2D'", "'P1D'"),
    ],
)
def test_a_window_azure_does_not_have_is_wrong(engine: Engine, window: timedelta, kind: str, nearest: str) -> None:
    assert wrongs(engine=engine, window=window, every=minutes(1))[:1] == [
        f"{ALERT}{kind}; the nearest are {nearest}, or use engine 'prometheus'"
    ]


@pytest.mark.parametrize("window", limits.LOG_WINDOWS)
def test_every_window_of_log_alerts_is_fine(window: timedelta) -> None:
    assert wrongs(window=window, every=minutes(1)) == []


@pytest.mark.parametrize("window", limits.METRIC_WINDOWS)
def test_every_window_of_metric_alerts_is_fine(window: timedelta) -> None:
    assert wrongs(engine=Engine.METRIC, window=window, every=minutes(1)) == []


def test_a_frequency_azure_does_not_have_is_wrong() -> None:
    assert wrongs(window=minutes(10), every=minutes(2)) == [
        f"{ALERT}log alerts have no frequency 'PT2M'; the nearest are 'PT1M' or 'PT5M', or use engine 'prometheus'"
    ]
    assert wrongs(window=days(2), every=days(2)) == [
        f"{ALERT}log alerts have no frequency 'P2D'; the nearest are 'P1D', or use engine 'prometheus'"
    ]
    assert wrongs(engine=Engine.METRIC, window=minutes(15), every=minutes(10)) == [
        f"{ALERT}metric alerts have no frequency 'PT10M'; the nearest are 'PT5M' or 'PT15M', or use engine 'prometheus'"
    ]


def test_both_ends_of_a_list_have_one_neighbour() -> None:
    allowed = (minutes(5), minutes(15))
    assert azure.nearest(minutes(1), allowed) == "'PT5M'"
    assert azure.nearest(minutes(10), allowed) == "'PT5M' or 'PT15M'"
    assert azure.nearest(minutes(20), allowed) == "'PT15M'"
    assert azure.nearest(timedelta(), allowed) == "'PT5M'"


def test_no_rows_fall_between_two_evaluations() -> None:
    wrong = "is evaluated every 'PT15M' and looks back only 'PT5M'; evaluate at least once a window"
    for engine in Engine:
        assert wrongs(engine=engine, window=minutes(5), every=minutes(15)) == [ALERT + wrong]
        assert wrongs(engine=engine, window=minutes(15), every=minutes(15)) == []


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize(
    ("field", "what"), [("window", "window"), ("every", "frequency"), ("pending", "pending period")]
)
@pytest.mark.parametrize("value", [seconds(90.5), timedelta(), minutes(-5)])
def test_a_time_that_cannot_be_written_is_a_problem_and_no_crash(
    engine: Engine, field: str, what: str, value: timedelta
) -> None:
    assert wrongs(engine=engine, **{field: value}) == [
        f"{ALERT}{what} '{value}' is not a whole number of seconds above zero; use minutes(...)"
    ]


def test_prometheus_takes_any_window_but_not_any_interval() -> None:
    assert wrongs(engine=Engine.PROMETHEUS, window=minutes(2), every=minutes(1), pending=minutes(3)) == []
    assert wrongs(engine=Engine.PROMETHEUS, window=seconds(90), every=minutes(1)) == []
    todo = "use whole minutes from 'PT1M' to 'PT15M'"
    for every, shown in ((seconds(30), "PT30S"), (seconds(90), "PT1M30S"), (minutes(16), "PT16M")):
        assert wrongs(engine=Engine.PROMETHEUS, window=hours(1), every=every) == [
            f"{ALERT}rule groups have no interval '{shown}'; {todo}"
        ]
    assert wrongs(engine=Engine.PROMETHEUS, window=hours(1), every=minutes(15)) == []


def test_a_window_of_less_than_two_scrapes_sees_no_rate() -> None:
    assert wrongs(engine=Engine.PROMETHEUS, window=seconds(59), every=minutes(1)) == [
        f"{ALERT}window 'PT59S' holds less than two scrapes; use at least 'PT1M'",
        f"{ALERT}is evaluated every 'PT1M' and looks back only 'PT59S'; evaluate at least once a window",
    ]


def test_actions_are_muted_for_five_minutes_at_least() -> None:
    minute = {"window": minutes(1), "every": minutes(1), "closed_when": WORDS}
    assert wrongs(**minute) == [
        f"{ALERT}is muted for its window 'PT1M', as it does not resolve; "
        "Azure mutes for 'PT5M' at least: give a longer window"
    ]
    assert wrongs(watches=signal(by=1), **minute) == []
    assert wrongs(closed_when=WORDS) == []


@pytest.mark.parametrize("engine", [Engine.LOG, Engine.METRIC])
def test_pending_is_for_prometheus(engine: Engine) -> None:
    assert wrongs(engine=engine, pending=minutes(5)) == [
        f"{ALERT}pending is Prometheus' word; drop pending or use engine 'prometheus'"
    ]


def test_a_log_alert_below_a_limit_without_any_dimension_is_fine() -> None:
    assert wrongs(above=None, below=percent(99)) == []


# --- sizes ----------------------------------------------------------------------------------------------------


def test_a_rule_over_64_kilobytes_is_wrong() -> None:
    size = len("T | where a == ''")
    (wrong,) = wrongs(watches=signal(rows=f"T | where a == '{'x' * (64 * 1024 - size)}'"))
    assert re.fullmatch(
        re.escape(ALERT) + r"its rule has 6[5-9]\d{3} bytes; Azure takes 65536: shorten the query", wrong
    )
    assert wrongs(watches=signal(rows=f"T | where a == '{'x' * (60 * 1024)}'")) == []


def test_letters_of_several_bytes_count_as_several() -> None:
    assert len(wrongs(watches=signal(rows=f"T | where a == '{'가' * (22 * 1024)}'"))) == 1


def test_a_log_alert_splits_by_six_columns() -> None:
    assert wrongs(watches=signal(by=6)) == []
    assert wrongs(watches=signal(by=7)) == [f"{ALERT}splits by 7 columns; log alerts take 6"]


def test_a_description_has_an_end() -> None:
    (wrong,) = wrongs(meaning=Text(ko="말", en="x" * 4090))
    assert re.fullmatch(re.escape(ALERT) + r"its description in 'en' has 41\d\d characters; Azure takes 4096", wrong)


def test_a_parameter_that_kql_cannot_write_is_left_to_its_own_check() -> None:
    assert wrongs(watches=signal(rows="T | where x > floor"), params={"floor": float("nan")}) == []


@pytest.mark.parametrize("limit", [{"above": None}, {"above": milliseconds(1)}])
def test_a_limit_that_does_not_fit_is_left_to_its_own_check(limit: dict[str, Any]) -> None:
    assert wrongs(**limit) == []


# --- actions --------------------------------------------------------------------------------------------------


def action(code: str, channel: Channel = Channel.LOGIC_APP) -> Action:
    return Action(id=f"to-{code}", title=WORDS, channel=channel, code=code, does=WORDS, source=SOURCE)


def test_a_short_name_has_twelve_characters() -> None:
    four = tuple(action(code) for code in ("aa", "bb", "cc", "dd"))
    assert wrongs(actions=four[:3]) == []
    assert wrongs(actions=four) == [
        f"{ALERT}its action group's short name 'tg-aa-bb-cc-dd' has 14 characters; Azure takes 12: name fewer actions"
    ]


def test_a_group_has_ten_receivers_of_a_kind() -> None:
    eleven = tuple(action(f"a{letter}", Channel.SMS) for letter in "abcdefghijk")
    assert f"{ALERT}has 11 receivers of kind 'sms'; a group takes 10" in wrongs(actions=eleven)
    assert not any("receivers" in line for line in wrongs(actions=eleven[:10]))


def test_an_action_code_is_two_letters_used_once() -> None:
    def of(*codes: str) -> list[str]:
        return said(azure.check(Catalogue(actions=tuple(action(code) for code in codes))))

    assert of("aa", "bb") == []
    twice = f"{HERE}: action 'to-aa': code 'aa' is used twice; groups are named after it: choose another"
    assert of("aa", "bb", "aa") == [twice, twice]
    for code in ("a", "abc", "A1", "a-"):
        assert of(code) == [
            f"{HERE}: action 'to-{code}': code '{code}' is not a code; "
            "use two letters: short names have room for no more"
        ]


# --- all together ---------------------------------------------------------------------------------------------


def test_a_subscription_takes_a_hundred_log_rules_a_minute() -> None:
    def of(count: int, **given: Any) -> list[str]:
        return said(azure.check(Catalogue(alerts=tuple(alert(id=f"a{i}", **given) for i in range(count)))))

    assert of(100, every=minutes(1)) == []
    assert of(101, every=minutes(1)) == [
        f"{HERE}: alert 'a100': is one of 101 log alerts evaluated every minute; "
        "a subscription takes 100: evaluate some every five minutes"
    ]
    assert of(101, every=minutes(5)) == []
    assert of(101, every=minutes(1), engine=Engine.PROMETHEUS) == []


def test_several_problems_are_all_reported_at_once() -> None:
    assert wrongs(window=minutes(2), every=minutes(3), pending=minutes(1), watches=signal(by=7)) == [
        f"{ALERT}log alerts have no window 'PT2M'; the nearest are 'PT1M' or 'PT5M', or use engine 'prometheus'",
        f"{ALERT}log alerts have no frequency 'PT3M'; the nearest are 'PT1M' or 'PT5M', or use engine 'prometheus'",
        f"{ALERT}pending is Prometheus' word; drop pending or use engine 'prometheus'",
        f"{ALERT}is evaluated every 'PT3M' and looks back only 'PT2M'; evaluate at least once a window",
        f"{ALERT}splits by 7 columns; log alerts take 6",
    ]


# --- web tests, maintenance, retention ------------------------------------------------------------------------


def web_test(**given: Any) -> list[str]:
    fields = {
        "id": "w", "title": WORDS, "service": "trip", "path": "/health", "every": minutes(5),
        "locations": ("apac-jp-kaw-edge",), "source": SOURCE,
    }  # fmt: skip
    return said(azure.check(Catalogue(web_tests=(WebTest(**{**fields, **given}),))))


def test_a_web_test_runs_as_azure_can() -> None:
    name = f"{HERE}: web test 'w': "
    assert web_test() == []
    assert web_test(every=minutes(15)) == []
    assert web_test(every=minutes(7)) == [name + "Azure has no frequency 'PT7M'; the nearest are 'PT5M' or 'PT10M'"]
    assert web_test(every=timedelta()) == [name + "Azure has no frequency '0:00:00'; the nearest are 'PT5M'"]
    assert web_test(path="health") == [name + "path 'health' does not begin with '/'; write it from the root"]
    assert web_test(locations=("apac-jp-kaw-edge", "apac-jp-kaw-edge")) == [
        name + "names no location, or one twice; name each location once"
    ]
    assert web_test(locations=("mars",)) == [
        name + "runs from unknown location 'mars'; use 'apac-jp-kaw-edge', 'apac-hk-hkn-azr', 'apac-sg-sin-azr', "
        "'emea-au-syd-edge', 'us-ca-sjc-azr'"
    ]


def maintenance(**given: Any) -> list[str]:
    fields = {
        "id": "m", "title": WORDS, "weekday": "Sunday", "start": "02:00:00", "end": "04:00:00",
        "time_zone": "Korea Standard Time", "severities": (Severity.TWO,), "source": SOURCE,
    }  # fmt: skip
    return said(azure.check(Catalogue(suppressions=(Suppression(**{**fields, **given}),))))


def test_a_maintenance_window_is_one_azure_understands() -> None:
    name = f"{HERE}: suppression 'm': "
    assert maintenance() == []
    assert maintenance(severities=()) == [name + "names 0 severities; 1 to 5 fit a condition"]
    assert maintenance(severities=(Severity.TWO,) * 6) == [name + "names 6 severities; 1 to 5 fit a condition"]
    assert maintenance(weekday="Sun") == [
        name + "Azure has no weekday 'Sun'; use 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', "
        "'Sunday'"
    ]
    assert maintenance(start="2:00", end="24:00:00") == [
        name + "Azure has no time '2:00'; write it as '02:00:00'",
        name + "Azure has no time '24:00:00'; write it as '02:00:00'",
    ]
    for start, end in (("23:00:00", "03:00:00"), ("02:00:00", "02:00:00")):
        assert maintenance(start=start, end=end) == [
            f"{name}its window ends at '{end}', not after '{start}'; give each day a window of its own"
        ]


def workspace(retention: timedelta = days(90)) -> Workspace:  # noqa: B008  a timedelta is a value
    return Workspace(name="law", retention=retention, daily_cap=gigabytes(10), location="koreacentral", source=SOURCE)


def kept(azure_days: int, *tables: str, key: str = "audit") -> RetentionClass:
    return RetentionClass(
        key=key, title=WORDS, period=days(azure_days), azure_days=azure_days, tables=tables, source=SOURCE
    )


def retained(*classes: RetentionClass) -> list[str]:
    return said(azure.check_telemetry(workspace(), classes, {"A", "B"}))


STEPS = "use 4 to 730, or one of 1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383"


@pytest.mark.parametrize("azure_days", [3, 731, 2555, 5000])
def test_a_total_retention_azure_refuses_is_wrong(azure_days: int) -> None:
    assert retained(kept(azure_days)) == [
        f"{TELEMETRY}retention 'audit': Azure has no total retention of '{azure_days}' d; {STEPS}"
    ]


@pytest.mark.parametrize("azure_days", [4, 90, 730, 1095, 2556])
def test_a_total_retention_azure_takes_is_fine(azure_days: int) -> None:
    assert retained(kept(azure_days, "A")) == []


def test_a_table_is_kept_once_and_exists() -> None:
    assert retained(kept(90, "A", "B", key="one"), kept(90, "A", "C", key="two")) == [
        f"{TELEMETRY}retention 'two': keeps table 'A', which 'one' keeps too; name it in one of the two",
        f"{TELEMETRY}retention 'two': keeps unknown table 'C'; use a table of observability/azure/tables.json",
    ]


@pytest.mark.parametrize(("retention", "shown"), [(days(3), "3"), (days(731), "731"), (days(30.5), "30.5")])
def test_a_workspace_keeps_whole_days_within_azure_s_range(retention: timedelta, shown: str) -> None:
    assert said(azure.check_telemetry(workspace(retention), (), set())) == [
        f"{TELEMETRY}workspace 'law': Azure has no retention of '{shown}' d; use 4 to 730 whole days"
    ]
    for good in (days(4), days(730)):
        assert said(azure.check_telemetry(workspace(good), (), set())) == []
