"""KQL opinions on made-up queries: what each rule says, and what it leaves alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import pytest

from observability.azure import tables
from observability.catalog import Catalogue
from observability.checks import kql, pipelines
from observability.checks.texts import Text, texts
from observability.design.telemetry import RETENTION
from observability.model.alert import Alert, Category, Severity, Slo
from observability.model.dashboard import Dashboard, Kind, Panel, Row
from observability.model.errors import Problem
from observability.model.place import ROOT
from observability.model.query import Kql, Param, Query
from observability.model.signal import Engine, PromQL, Signal
from observability.model.source import Section
from observability.model.system import RetentionClass
from observability.model.text import Text as Words
from observability.model.units import Unit, minutes, percent

if TYPE_CHECKING:
    from _typeshed import TraceFunction

WORDS = Words(ko="말", en="words")
FIVE = minutes(5)
QUERY = "tests/checks/test_kql.py: query 'test-kql/q': "
ALERT = "tests/checks/test_kql.py: alert 'a': "
SIGNAL = "tests/checks/test_kql.py: signal 's': "


def said(problems: Iterable[Problem]) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


def query(
    text: str, params: Mapping[str, Param] | None = None, *, verbatim: bool = False, runnable: bool = True
) -> Query:
    return Query(id="q", title=WORDS, text=text, params=params or {}, verbatim=verbatim, runnable=runnable)


def check(catalogue: Catalogue, retention: Iterable[RetentionClass] = RETENTION) -> Iterable[Problem]:
    return kql.check(catalogue, retention)


def wrongs(text: str, params: Mapping[str, Param] | None = None) -> list[str]:
    return said(check(Catalogue(queries=(query(text, params),))))


def signal(
    rows: str = "AppRequests",
    summarize: str = "value = sum(ItemCount)",
    by: Mapping[str, str] | None = None,
    result: str = "",
    params: Mapping[str, Param] | None = None,
) -> Signal:
    measure = Kql(rows=rows, summarize=summarize, by=by or {}, result=result, params=params or {})
    return Signal(name="s", title=WORDS, unit=Unit.PERCENT, help=WORDS, kql=measure)


def alert(watches: Signal, *, every: timedelta = FIVE, window: timedelta = FIVE) -> Alert:
    return Alert(
        id="a",
        title=WORDS,
        watches=watches,
        engine=Engine.LOG,
        above=percent(1),
        window=window,
        every=every,
        severity=Severity.TWO,
        category=Category.CRITICAL,
        actions=(),
        meaning=WORDS,
        impact=WORDS,
        because=WORDS,
        first_steps=(),
    )


def rule(rows: str, every: timedelta = FIVE, **pieces: str) -> list[str]:
    """What is said of an alert over these rows."""
    return said(check(Catalogue(alerts=(alert(signal(rows, **pieces), every=every),))))


# --- tables ---------------------------------------------------------------------------------------------------


def test_an_unknown_table_is_named_with_the_nearest_there_is() -> None:
    assert wrongs("AppRequest | where Success") == [
        QUERY + "reads unknown table 'AppRequest'; write 'AppRequests', or add its columns to "
        "observability/azure/tables.json"
    ]


def test_an_unknown_table_like_no_other_is_named_alone() -> None:
    assert wrongs("Zzz | take 0 | order by x asc")[:1] == [
        QUERY + "reads unknown table 'Zzz'; add its columns to observability/azure/tables.json"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Nope",
        "Nope | where x",
        "let t = Nope | where x; t | where y",
        "Perf | join kind=inner (Nope) on Computer",
        "Perf | join kind=inner (Nope | where x) on Computer",
        "Perf | join kind=inner Nope on Computer",
        "Perf | lookup kind=leftouter (Nope) on Computer",
        "union Perf, Nope",
        "search in (Nope) 'x'",
        "find in (Perf, Nope) where true",
        "union withsource=t kind=outer Perf, (Nope | where x)",
        "Perf | union (Nope)",
        "Perf | where Computer in ((Nope | project Computer))",
        "print x = toscalar(Nope | summarize max(y))",
        "let f = () { Nope | where x }; f()",
        "let t = materialize(Nope | where x); t",
        "['Nope'] | where x",
        'table("Nope") | where x',
        'workspace("w").Nope | where x',
        "(Nope | where x) | where y",
        "let a = 1; let b = 'x;y|z'; Nope | where x == b",
    ],
)
def test_a_table_is_found_wherever_a_pipeline_begins(text: str) -> None:
    assert wrongs(text) == [QUERY + "reads unknown table 'Nope'; add its columns to observability/azure/tables.json"]


@pytest.mark.parametrize(
    "text",
    [
        "Perf",
        "search 'x'",
        "// Nope | where x\nPerf | where Computer == 'Nope | where x'",
        'Perf | where Computer == "a\\" | join (Nope)" and true',
        'Perf | where Computer == @"c:\\" | extend x = 1',
        "let flag = true; let n = 5; let t = Perf; t | where flag",
        "let f = (T:(Computer:string)) { T | where Computer == 'a' }; Perf | invoke f()",
        "let f = (x:long, y:string = 'Nope') { x + 1 }; Perf | extend z = f(1)",
        "Perf | as rows | where true | union rows",
        "print x = 1 | where x == 1",
        "range x from 1 to 3 step 1 | where x > 1",
        "datatable(a:int, b:string)[1, 'Nope'] | where a > 1",
        "_LogOperation | where true",
        "Perf | where CounterName in (CounterPath)",
        "union App*",
        "let t = datatable(a:int)[1]; Perf | join kind=inner (t) on $left.a == $right.a",
    ],
)
def test_names_that_are_not_tables_are_left_alone(text: str) -> None:
    assert wrongs(text) == []


def test_a_query_kept_as_a_document_may_read_a_table_that_never_was() -> None:
    kept = query("Nope | where x", verbatim=True, runnable=False)
    assert said(check(Catalogue(queries=(kept,)))) == []


def test_a_query_that_runs_word_for_word_still_has_to_read_a_table() -> None:
    kept = query("Nope | summarize count() by x", verbatim=True)
    assert said(check(Catalogue(queries=(kept,)))) == [
        QUERY + "reads unknown table 'Nope'; add its columns to observability/azure/tables.json"
    ]


# --- sampling -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["count()", "countif(Success)", "avg(DurationMs)", "avgif(DurationMs, Success)", "stdev(DurationMs)"]
)
def test_counting_stored_rows_of_a_sampled_table_is_wrong(name: str) -> None:
    function = name.split("(")[0]
    assert wrongs(f"AppRequests | summarize n = {name} by AppRoleName") == [
        QUERY + f"'{function}' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)"
    ]


def test_a_percentile_of_stored_rows_is_wrong() -> None:
    assert wrongs("AppRequests | summarize p = percentile(DurationMs, 95)") == [
        QUERY + "'percentile' counts stored rows of sampled table 'AppRequests'; weigh them: "
        "percentilew(column, tolong(ItemCount), n)"
    ]


COUNTED = QUERY + "'count' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)"


@pytest.mark.parametrize(
    "text",
    [
        "AppRequests | count",
        "AppRequests | where Success | count",
        "AppRequests | count as n",
        "AppRequests\n| summarize\n    n = 1 + count()\n    by AppRoleName",
        "let t = AppRequests | where Success; t | summarize count()",
        "let t = AppRequests; t | summarize count()",
        "let t = materialize(AppRequests | where Success); t | summarize count()",
        "let f = () { AppRequests | where Success }; f() | summarize count()",
        "let f = () { AppRequests | summarize count() }; f()",
        "Perf | join kind=inner (AppRequests | summarize count() by OperationId) on $left.Computer == $right.OperationId",
        "Perf | join kind=leftouter (AppRequests) on $left.Computer == $right.OperationId | summarize count()",
        "AppRequests | join kind=inner (AppExceptions | summarize sum(ItemCount) by OperationId) on OperationId | summarize count()",
        "union (Perf | summarize sum(CounterValue)), (AppRequests | summarize count())",
        "union Perf, AppRequests | summarize count()",
        "Perf | union AppRequests | summarize count()",
        "print x = toscalar(AppRequests | summarize count())",
        "Perf | where Computer in ((AppRequests | summarize n = count() by OperationId | project OperationId))",
        "AppRequests | project OperationId | summarize count()",
        "AppRequests | mv-expand to typeof(string) x = Properties | summarize count()",
        "AppRequests | mv-apply x = Properties on (summarize max(x)) | summarize count()",
        "AppRequests | partition by AppRoleName (summarize count())",
        "AppRequests | fork (summarize count()) (where Success)",
        "AppRequests | as rows | where false | union rows | summarize count()",
        "AppRequests | join kind=leftsemi (Perf) on $left.OperationId == $right.Computer | summarize count()",
        "AppRequests // | summarize sum(ItemCount)\n| summarize count()",
        "AppRequests | summarize count(), n = count()",
        "(AppRequests) | summarize count()",
        "AppRequests | summarize arg_max(TimeGenerated, *) by OperationId | summarize count()",
        "AppRequests | distinct * | count",
        "search in (AppRequests) 'x' | summarize count()",
    ],
)
def test_rows_are_counted_wherever_they_flow(text: str) -> None:
    assert wrongs(text) == [COUNTED]


def test_a_union_over_names_takes_the_sampled_tables_in() -> None:
    assert wrongs("union AppReq*, Perf | summarize count()") == [COUNTED]


def test_a_sum_of_something_else_than_the_weight_adds_up_stored_rows() -> None:
    assert wrongs("AppRequests | summarize total_ms = sum(DurationMs)") == [
        QUERY + "'sum' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)"
    ]


def test_every_aggregate_is_named_once() -> None:
    text = "AppRequests | summarize count(), avg(DurationMs), m = count(); AppTraces | summarize count()"
    assert wrongs(text) == [
        COUNTED,
        QUERY + "'avg' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)",
        QUERY + "'count' counts stored rows of sampled table 'AppTraces'; weigh them: sum(ItemCount)",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "AppRequests | summarize sum(ItemCount), sumif(ItemCount, Success == false) by AppRoleName",
        "AppRequests | summarize sum(DurationMs * ItemCount) / sum(ItemCount), sumif(DurationMs * ItemCount, Success)",
        "AppRequests | summarize percentilew(DurationMs, tolong(ItemCount), 95), max(DurationMs), dcount(UserId)",
        "AppRequests | extend weight = tolong(ItemCount) | summarize sum(weight), percentilew(DurationMs, weight, 95)",
        "AppRequests | project-rename weight = ItemCount | summarize sum(weight)",
        "AppRequests | summarize stored = sum(1), total = sum(ItemCount)",
        "AppRequests | summarize n = sum(ItemCount) by AppRoleName | summarize avg(n), count()",
        "AppRequests | summarize n = sum(ItemCount) by AppRoleName | count",
        "AppRequests | distinct UserId | count",
        "AppRequests | summarize arg_max(TimeGenerated, Name) by OperationId | summarize count()",
        "AppRequests | distinct UserId | summarize count()",
        "AppRequests // | summarize count()\n| where Name == '| summarize count()'",
        "let t = AppRequests | summarize n = sum(ItemCount) by OperationId; t | summarize count()",
        "AppMetrics | summarize avg(Sum), count()",
        "Perf | summarize avg(CounterValue), count() by Computer",
        "Perf | join kind=leftsemi (AppRequests) on $left.Computer == $right.OperationId | summarize count()",
        "AppRequests | mv-apply x = Properties on (summarize count())",
        "AppRequests | extend count = 1 | where count > 0",
        "let count = 5; Perf | where CounterValue > count",
    ],
)
def test_weighed_grouped_and_unsampled_rows_are_counted_rightly(text: str) -> None:
    assert wrongs(text) == []


def test_a_measure_is_put_together_before_it_is_read() -> None:
    assert rule("AppRequests\n| where Success", summarize="value = count()") == [
        ALERT + "'count' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)"
    ]


def test_a_document_kept_word_for_word_keeps_its_counts() -> None:
    kept = query("AppRequests | summarize count() by Name | take 5", verbatim=True)
    assert said(check(Catalogue(queries=(kept,)))) == []


# --- alike on Azure and locally -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "what", "todo"),
    [
        ("make-series n = max(CounterValue) on TimeGenerated step 5m", "make-series", "use range, a left outer join and coalesce"),
        ("extend x = series_fir(CounterValue, 1)", "series_fir()", "compute a z-score with toscalar"),
        ("serialize | extend x = prev(CounterValue)", "prev()", "join a shifted bin"),
        ("serialize | extend x = next(CounterValue)", "next()", "join a shifted bin"),
        ("serialize | extend x = row_cumsum(CounterValue)", "row_cumsum()", "sum over a join"),
        ("extend x = bin_at(CounterValue, 1, 0)", "bin_at()", "use bin of a size that divides a day"),
        ("summarize hll(Computer)", "hll()", "use dcount"),
        ("summarize percentiles(CounterValue, 50, 95)", "percentiles()", "use one percentile or percentilew a column"),
        ("extend x = range(1, 5)", "range()", "use the range operator"),
        ("extend x = datetime_diff('week', now(), TimeGenerated)", "datetime_diff by week", "divide the days by 7"),
        ("where Computer == h'secret'", "an h'...' string", "write a plain one"),
    ],
)  # fmt: skip
def test_what_runs_otherwise_locally_is_named_with_what_to_write(stage: str, what: str, todo: str) -> None:
    assert wrongs(f"Perf | {stage}") == [QUERY + f"uses {what}, which does not run alike on Azure and locally; {todo}"]


def test_a_pivot_is_not_portable_and_neither_is_its_operator() -> None:
    assert wrongs("AKSAudit | evaluate bag_unpack(User)") == [
        QUERY + "uses bag_unpack(), which does not run alike on Azure and locally; extend the properties you need",
        QUERY + "uses evaluate, which does not run alike on Azure and locally; use countif columns for a pivot",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Perf | extend evaluate = 1, prev = 2, range_of = 3 | where evaluate > prev",
        "Perf | where Computer == 'make-series' // | evaluate pivot(x)",
        "range x from 1 to 5 step 1",
        "Perf | extend x = datetime_diff('day', now(), TimeGenerated)",
    ],
)
def test_columns_and_strings_with_such_names_are_portable(text: str) -> None:
    assert wrongs(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Perf | join (Heartbeat) on Computer",
        "Perf | join Heartbeat on Computer",
        "Perf | join\n  (Heartbeat | where true) on Computer",
        "Perf | join hint.strategy=shuffle (Heartbeat) on Computer",
    ],
)
def test_a_join_says_its_kind(text: str) -> None:
    assert wrongs(text) == [
        QUERY + "joins without kind, and the default drops repeated rows; say kind=inner or another"
    ]


@pytest.mark.parametrize(
    "options", ["kind=inner", "kind = leftouter hint.strategy=shuffle", "hint.remote=left kind=inner"]
)
def test_a_join_with_its_kind_is_fine(options: str) -> None:
    assert wrongs(f"Perf | join {options} (Heartbeat) on Computer") == []


@pytest.mark.parametrize("by", ["TimeGenerated", "TimeGenerated desc, Computer", "strcat(Computer, 'a asc')"])
def test_a_sort_says_its_direction_for_every_column(by: str) -> None:
    assert wrongs(f"Perf | order by {by}") == [QUERY + "sorts without saying asc or desc; say it for every column"]


@pytest.mark.parametrize(
    "text",
    [
        "Perf | order by TimeGenerated desc, Computer asc",
        "Perf | sort by TimeGenerated\n  desc,\n  Computer asc nulls last",
        "Perf | order by strcat(Computer, InstanceName) asc",
        "Perf | join kind=inner (Heartbeat | order by Computer asc) on Computer",
        "Perf | order by Computer asc // by name",
    ],
)
def test_a_sort_with_its_directions_is_fine(text: str) -> None:
    assert wrongs(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Perf | take 10",
        "Perf | limit 10",
        "Perf | order by Computer asc | summarize max(CounterValue) by Computer | take 10",
        "Perf | where Computer in ((Heartbeat | take 5 | project Computer)) | order by Computer asc | take 10",
        "let some = Perf | take 5; some | order by Computer asc",
    ],
)
def test_a_take_without_order_takes_any_rows(text: str) -> None:
    assert wrongs(text) == [QUERY + "takes rows of no particular order; put `order by` in front of `take`"]


@pytest.mark.parametrize(
    "text",
    [
        "Perf | order by Computer asc | take 10",
        "Perf | order by Computer asc | where CounterValue > 1 | project Computer | take 10",
        "Perf | top 10 by CounterValue desc | take 5",
        "Perf | top 10 by CounterValue desc",
        "Perf | extend take = 1, limit = 2 | where take < limit",
    ],
)
def test_a_take_behind_an_order_takes_the_first(text: str) -> None:
    assert wrongs(text) == []


@pytest.mark.parametrize(
    ("size", "params", "what"),
    [
        ("7m", {}, "bins by '7m', which does not divide a day"),
        ("2d", {}, "bins by '2d', which does not divide a day"),
        ("7d", {}, "bins by '7d', which does not divide a day"),
        ("7min", {}, "bins by '7min', which does not divide a day"),
        ("timespan(7m)", {}, "bins by '7m', which does not divide a day"),
        ("size", {"size": timedelta(minutes=7)}, "bins by '7m', which does not divide a day"),
    ],
)
def test_a_bin_divides_a_day(size: str, params: Mapping[str, Param], what: str) -> None:
    assert wrongs(f"Perf | summarize max(CounterValue) by bin(TimeGenerated + 9h, {size})", params) == [
        QUERY + f"{what}; use a size that does"
    ]


@pytest.mark.parametrize("size", ["100ms", "0m", "0.5s", "999millis"])
def test_a_bin_is_a_second_or_more(size: str) -> None:
    assert wrongs(f"Perf | summarize max(CounterValue) by bin(TimeGenerated, {size})") == [
        QUERY + f"bins by '{size}', which is shorter than a second; use '1s' or more"
    ]


@pytest.mark.parametrize("size", ["1s", "90s", "1.5h", "5m", "45m", "1d", "5min", "100", "0.1", "size", "2 * size"])
def test_other_bins_are_fine(size: str) -> None:
    assert wrongs(f"Perf | summarize max(CounterValue) by bin(TimeGenerated, {size})", {"size": minutes(5)}) == []


def test_an_expansion_says_its_type() -> None:
    assert wrongs("AKSAudit | mv-expand SourceIps") == [
        QUERY + "expands without saying the type; add `to typeof(...)` to mv-expand"
    ]
    assert wrongs("AKSAudit | mv-expand SourceIps to typeof(string)") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Perf | where $__timeFilter(TimeGenerated)", "$__timeFilter"),
        ("Perf | where Computer == '$node'", "$node"),
        ('Perf | where Computer =~ "${Node}"', "${Node}"),
    ],
)
def test_a_variable_that_no_dashboard_defines_is_wrong(text: str, name: str) -> None:
    assert wrongs(text) == [QUERY + f"names variable '{name}', which no dashboard defines; make it a parameter"]


@pytest.mark.parametrize(
    "text",
    [
        "Perf | join kind=inner (Heartbeat) on $left.Computer == $right.Computer",
        "Perf | where Computer matches regex '^a.*$' or Computer == '$Default' or Computer == 'costs $5'",
    ],
)
def test_a_dollar_may_be_something_else(text: str) -> None:
    assert wrongs(text) == []


# --- what an alert rule may not -------------------------------------------------------------------------------


def may_not(word: str) -> str:
    return ALERT + f"uses '{word}', which an alert rule may not; write the query without it"


@pytest.mark.parametrize("word", ["pivot", "narrow", "bag_unpack"])
def test_no_rule_uses_a_plugin_that_changes_columns(word: str) -> None:
    assert may_not(word) in rule(f"Perf | evaluate {word}(CounterValue)")


@pytest.mark.parametrize("word", ["take", "limit"])
def test_no_rule_takes_some_rows_only(word: str) -> None:
    assert rule(f"Perf | order by Computer asc | {word} 5") == [may_not(word)]


def test_no_rule_searches() -> None:
    assert rule("search 'x'") == [may_not("search")]
    assert rule("Perf | search 'x'") == [may_not("search")]


def test_no_rule_unions_every_table_like_a_name() -> None:
    assert rule("union Container*") == [
        ALERT + "unions every table like 'Container*', which an alert rule may not; name the tables it needs"
    ]


def test_ago_takes_a_literal_in_a_rule() -> None:
    wrong = [ALERT + "'ago' of something else than a literal, which an alert rule may not; write it as ago(5m)"]
    assert rule("Perf | where TimeGenerated > ago(bin_size)") == wrong
    assert rule("Perf | where TimeGenerated > ago(2 * 5m)") == wrong
    assert rule("Perf | where TimeGenerated > ago(10m) and TimeGenerated < ago(timespan(1m))") == []


def test_a_query_for_people_may_do_all_that() -> None:
    assert wrongs("Perf | where TimeGenerated > ago(size) | order by Computer asc | take 5", {"size": minutes(5)}) == []


@pytest.mark.parametrize(
    "rows",
    ["Perf | extend limit = 1, take = 2, search = 3 | where limit < take", "Perf | where Computer == '| take 5'"],
)
def test_columns_and_strings_may_have_forbidden_names(rows: str) -> None:
    assert rule(rows, minutes(1)) == []


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ("union Perf, Heartbeat", "union"),
        ("Perf | union Heartbeat", "union"),
        ("Perf | where ingestion_time() > datetime(2026-01-01)", "ingestion_time"),
        ("adx('c/d').T | where true", "adx"),
    ],
)
def test_a_rule_run_every_minute_may_less(rows: str, word: str) -> None:
    wrong = ALERT + f"uses '{word}', which a rule run every minute may not; evaluate it every five minutes"
    assert wrong in rule(rows, minutes(1))
    assert wrong not in rule(rows, minutes(5))


def test_a_function_over_tables_is_not_run_every_minute() -> None:
    assert rule("_LogOperation | where Level == 'Error'", minutes(1)) == [
        ALERT + "reads function '_LogOperation', which a rule run every minute may not; evaluate it every five minutes"
    ]
    assert rule("_LogOperation | where Level == 'Error'", minutes(5)) == []


def test_the_window_is_the_bin_of_an_alert() -> None:
    watched = signal("Perf", by={"hour": "bin(TimeGenerated, bin_size)"})
    assert said(check(Catalogue(alerts=(alert(watched, window=timedelta(hours=5)),)))) == [
        ALERT + "bins by '5h', which does not divide a day; use a size that does"
    ]


# --- which texts ----------------------------------------------------------------------------------------------


def names(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(text.kind, text.text.splitlines()[-1]) for text in texts(catalogue) if isinstance(text, Text)]


def board(*panels: Panel) -> Dashboard:
    return Dashboard(id="d", title=WORDS, description=WORDS, rows=(Row(title=WORDS, panels=panels),))


def test_a_signal_is_read_as_its_panels_show_it() -> None:
    shown = signal(by={"service": "AppRoleName"})
    over_time = Panel(title=WORDS, shows=shown)
    at_once = Panel(title=WORDS, shows=shown, kind=Kind.STAT)
    assert names(Catalogue(signals=(shown,), dashboards=(board(over_time, at_once, over_time),))) == [
        ("signal", "| order by TimeGenerated asc, service asc"),
        ("signal", "| project service, value"),
    ]


def test_a_signal_that_no_panel_shows_is_read_all_the_same() -> None:
    assert names(Catalogue(signals=(signal(),))) == [("signal", "| project value")]
    in_bins = signal(summarize="total = sum(ItemCount)", result="| extend value = total / (bin_size / 1s)")
    assert names(Catalogue(signals=(in_bins,))) == [("signal", "| order by TimeGenerated asc")]
    assert said(check(Catalogue(signals=(signal("Nope"),)))) == [
        SIGNAL + "reads unknown table 'Nope'; add its columns to observability/azure/tables.json"
    ]


def test_a_panel_of_a_signal_that_no_engine_reads_has_no_text() -> None:
    blind = Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS)
    elsewhere = Signal(name="t", title=WORDS, unit=Unit.COUNT, help=WORDS, promql=PromQL(expr="up"))
    shown = board(Panel(title=WORDS, shows=blind), Panel(title=WORDS, shows=elsewhere))
    assert names(Catalogue(signals=(blind, elsewhere), dashboards=(shown,))) == []


def test_an_objective_returns_its_budget() -> None:
    slo = Slo(
        id="o", title=WORDS, objective=0.99, period=timedelta(days=30), good=WORDS, watches=query("Nope | where x")
    )
    (text,) = texts(Catalogue(slos=(slo,)))
    assert isinstance(text, Text)
    assert text.columns is not None
    assert [name for name, _ in text.columns] == [
        "service", "sli_percent", "objective_percent", "budget_left_percent", "good", "total",
    ]  # fmt: skip
    assert said(check(Catalogue(slos=(slo,)))) == [
        "tests/checks/test_kql.py: slo 'o': reads unknown table 'Nope'; add its columns to "
        "observability/azure/tables.json"
    ]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("a\x00b", r"'a\x00b' holds a control character"),
        (float("nan"), "nan is not a number that KQL can write"),
        (
            timedelta(milliseconds=1),
            "datetime.timedelta(microseconds=1000) is not a whole number of seconds above zero",
        ),
    ],
)
def test_a_parameter_that_cannot_be_written_is_a_problem_and_no_crash(value: Param, what: str) -> None:
    broken = query("Perf | where Computer == p", {"p": value})
    assert said(check(Catalogue(queries=(broken,)))) == [
        QUERY + f"its KQL cannot be written: {what}; mend its parameters"
    ]
    assert [text for text in texts(Catalogue(queries=(broken,))) if isinstance(text, Text)] == []


# --- what comes back ------------------------------------------------------------------------------------------


def returned(kind: str, declared: tuple[tuple[str, str], ...] | None, *columns: tuple[str, str]) -> list[str]:
    text = Text(kind, "n", query("Perf"), "Perf", declared)
    return [line.split(": ", 2)[2] for line in said(kql.check_columns(text, columns))]


def test_a_query_returns_what_it_declares() -> None:
    declared = (("a", "long"), ("b", "string"))
    assert returned("query", declared, *declared) == []
    assert returned("query", declared, ("b", "string"), ("a", "long")) == [
        "returns 'b:string, a:long'; declares 'a:long, b:string': make them the same"
    ]


def test_a_measure_returns_a_number() -> None:
    assert returned("signal", None, ("value", "real")) == []
    assert returned("signal", None, ("value", "string")) == [
        "its column 'value' is 'string'; make it a number in `result`"
    ]
    assert returned("alert", None, ("total", "real")) == ["its column 'value' is 'None'; make it a number in `result`"]


def test_an_alert_splits_by_texts_and_numbers() -> None:
    assert returned("alert", None, ("service", "string"), ("code", "int"), ("value", "real")) == []
    assert returned("alert", None, ("at", "datetime"), ("value", "real")) == [
        "splits by 'at' of type 'datetime'; log alerts split by texts and numbers"
    ]


def test_nothing_is_said_of_a_text_that_did_not_bind() -> None:
    text = Text("query", "n", query("Perf"), "Perf", (("a", "long"),))
    assert list(kql.check_columns(text, None)) == []


# --- at any size ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "|",
        "| count",
        "let x",
        "let x =",
        "let x = ;",
        "(",
        ")",
        "((((",
        "))) | (",
        "summarize",
        "a | | b",
        "'",
        '"',
        "bin(",
        "search in",
        "find in ()",
        "union",
        "join",
    ],
)
def test_a_broken_text_breaks_no_check(text: str) -> None:
    wrongs(text)
    wrongs(f"Perf | {text}")
    wrongs(f"Perf | join {text} | union {text} | order by {text} | summarize {text} | as {text}")


def test_deep_brackets_do_not_exhaust_the_stack() -> None:
    assert wrongs("Perf | where " + "(" * 20_000 + "true" + ")" * 20_000) == []


def test_reading_is_work_in_proportion_to_the_text() -> None:
    known = tables.load().keys()

    def lines_run(stages: int) -> int:
        text = "AppRequests" + "\n| extend a = iff(x > 1, strcat('|', \"(\", y), z) // | count" * stages
        count = 0

        def traced(frame: FrameType, _event: str, _argument: Any) -> TraceFunction | None:
            nonlocal count
            # Whatever else runs meanwhile, as when garbage is collected, is not the reader's.
            if not frame.f_code.co_filename.startswith(str(ROOT / "observability" / "checks")):
                return None
            count += 1
            return traced

        before = sys.gettrace()
        sys.settrace(traced)
        try:
            pipelines.read(text, known, tables.SAMPLED)
        finally:
            sys.settrace(before)
        return count

    # Each further stage is as much work as the one before; for a quadratic reader it would grow.
    lines_run(1)  # what is worked out once a process
    first, second, third = (lines_run(stages) for stages in (100, 200, 300))
    assert first > 1000
    assert third - second == second - first


def kept(plan: Literal["Analytics", "Basic"], *names: str) -> RetentionClass:
    return RetentionClass(
        key="k", title=WORDS, period=timedelta(days=90), azure_days=90, tables=names, plan=plan, source=Section("8.2.1")
    )


def test_a_table_that_no_class_of_retention_keeps_is_told() -> None:
    read = Catalogue(queries=(query("Syslog | count"),))
    assert said(check(read, [kept("Analytics", "AppRequests")])) == [
        QUERY + "reads table 'Syslog', which no retention class keeps; name it in observability/design/telemetry.py"
    ]
    assert said(check(read, [kept("Analytics", "Syslog")])) == []


def test_what_azure_writes_about_the_workspace_needs_no_retention_of_ours() -> None:
    for name in ("Operation", "Usage", "_LogOperation"):
        assert said(check(Catalogue(queries=(query(f"{name} | count"),)), [])) == []


def test_an_alert_on_a_basic_table_would_never_see_a_row() -> None:
    logins = signal("Syslog", "value = count()")
    watched = Catalogue(alerts=(alert(logins),))
    assert said(check(watched, [kept("Basic", "Syslog")])) == [
        ALERT + "reads table 'Syslog', which is on the Basic plan; keep it on the Analytics plan"
    ]
    assert said(check(watched, [kept("Analytics", "Syslog")])) == []
    # A query that a person runs may.
    assert said(check(Catalogue(queries=(query("Syslog | count"),)), [kept("Basic", "Syslog")])) == []
