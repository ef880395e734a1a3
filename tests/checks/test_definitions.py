"""Names, sources, texts, parameters and limits of made-up definitions; and the panels that show them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from observability.catalog import Catalogue, build
from observability.checks import definitions, panels
from observability.model.alert import Action, Alert, Category, Channel, Severity, Slo
from observability.model.dashboard import Bound, Dashboard, Goal, Input, Kind, Mark, Note, Panel, Row, Trace
from observability.model.errors import Problem
from observability.model.finding import Finding
from observability.model.query import GraphQuery, Kql, Pack, Param, Query
from observability.model.signal import Engine, Instrument, InstrumentKind, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, milliseconds, minutes, percent, seconds_of

WORDS = Text(ko="말", en="words")
SOURCE = Section("1")
SECTIONS = {"1": WORDS, "8.1.2": WORDS}
FINDINGS = (Finding(id="R1", sections=("1",), says=WORDS, trouble=WORDS, done=WORDS),)
HERE = "tests/checks/test_definitions.py"
ALERT = f"{HERE}: alert 'a': "
PANEL = f"{HERE}: panel 'words': "


def said(problems: Iterable[Problem]) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


PACK = Pack(title=WORDS)
TEAMS = Action(id="teams", title=WORDS, channel=Channel.LOGIC_APP, code="tm", does=WORDS, source=SOURCE)


def query(**given: Any) -> Query:
    return Query(**{"id": "q", "title": WORDS, "text": "T", "source": SOURCE, "columns": {"x": "long"}, **given})


STEP = query()


def signal(unit: Unit = Unit.PERCENT, **given: Any) -> Signal:
    how = {"kql": Kql(rows="T", summarize="value = max(x)")} if not given.keys() & {"kql", "promql", "metric"} else {}
    return Signal(**{"name": "s", "title": WORDS, "unit": unit, "help": WORDS, "source": SOURCE, **how, **given})


def alert(watches: Signal, **given: Any) -> Alert:
    limit = {} if given.keys() & {"above", "below"} else {"above": Quantity(1, watches.unit)}
    return Alert(
        **{
            "id": "a",
            "title": WORDS,
            "watches": watches,
            "engine": Engine.LOG,
            "window": minutes(5),
            "severity": Severity.TWO,
            "category": Category.CRITICAL,
            "actions": (TEAMS,),
            "meaning": WORDS,
            "impact": WORDS,
            "because": WORDS,
            "first_steps": (STEP,),
            "source": SOURCE,
            "severity_source": SOURCE,
            **limit,
            **given,
        }
    )


def of_alert(watches: Signal, **given: Any) -> list[str]:
    """What is said of one alert when everything around it is sound."""
    return wrongs(alerts=(alert(watches, **given),), signals=(watches,), queries=(STEP,), actions=(TEAMS,))


def wrongs(**fields: Any) -> list[str]:
    catalogue = Catalogue(**{"packs": (PACK,), **fields})
    return said(definitions.check(catalogue, SECTIONS, FINDINGS))


def test_sound_definitions_have_no_problems() -> None:
    assert of_alert(signal()) == []


# --- names and sources ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["High-Error", "high_error", "-a", "a-", "a--b", "1a", "services/a", ""])
def test_an_alert_s_name_is_lower_case_words(name: str) -> None:
    assert of_alert(signal(), id=name) == [
        f"{HERE}: alert '{name}': is not a name of this project; use lower case words joined by -"
    ]


@pytest.mark.parametrize("name", ["Error_rate", "error-rate", "a__b", "1a"])
def test_a_signal_s_name_is_one_that_prometheus_takes(name: str) -> None:
    assert wrongs(signals=(signal(name=name),)) == [
        f"{HERE}: signal '{name}': is not a name of this project; use lower case words joined by _"
    ]


@pytest.mark.parametrize("name", ["a", "high-error-rate", "p95-latency", "a1-2b"])
def test_a_good_name_is_fine(name: str) -> None:
    assert of_alert(signal(name=name.replace("-", "_")), id=name) == []


def test_a_name_used_twice_names_both_places() -> None:
    one, two = signal(), signal()
    (problem,) = build({"signals": [one, two]}).problems
    assert str(problem) == (
        f"{two.place}: signal 's': the name is already used in {one.place}; give one of the two another name"
    )


def test_a_threshold_without_source_is_wrong() -> None:
    todo = 'add source=Section("...") or Derived(Text(...), (Section("..."),))'
    assert of_alert(signal(), source=None) == [f"{ALERT}has no source; {todo}"]
    assert of_alert(signal(), severity_source=None) == [f"{HERE}: alert severity 'a': has no source; {todo}"]


def test_a_section_that_does_not_exist_is_wrong() -> None:
    assert of_alert(signal(), source=Section("8.1.9")) == [
        f"{ALERT}the document has no section '8.1.9'; name the heading's number"
    ]
    assert of_alert(signal(), source=Derived(WORDS, (Section("1"), Section("8")))) == [
        f"{ALERT}the document has no section '8'; name the heading's number"
    ]


def test_a_reading_that_does_not_exist_is_wrong() -> None:
    assert of_alert(signal(), source=Section("1", reading="R99")) == [
        f"{ALERT}there is no finding 'R99'; see `tripobs findings` for those there are"
    ]
    assert of_alert(signal(), source=Section("1", reading="R1")) == []


def test_every_text_says_something_in_both_languages() -> None:
    todo = "say it in both languages"
    assert of_alert(signal(), impact=Text(ko=" ", en="users wait")) == [f"{ALERT}impact is empty in 'ko'; {todo}"]
    assert of_alert(signal(), source=Derived(Text(ko="이유", en=""))) == [f"{ALERT}source is empty in 'en'; {todo}"]
    assert wrongs(packs=(Pack(title=Text(ko="", en="x")),)) == [
        f"{HERE}: pack '{HERE}': title is empty in 'ko'; {todo}"
    ]


def test_a_file_of_queries_says_what_they_are_for() -> None:
    assert wrongs(queries=(STEP,), packs=()) == [
        f"{HERE}: pack '{HERE}': the file has queries and no PACK; add PACK = Pack(title=Text(ko=..., en=...))"
    ]


# --- alerts ---------------------------------------------------------------------------------------------------


def test_an_alert_has_one_limit() -> None:
    wrong = f"{ALERT}needs exactly one limit; give above=... or below=..."
    assert of_alert(signal(), above=None) == [wrong]
    assert of_alert(signal(), above=percent(5), below=percent(1)) == [wrong]


def test_a_limit_in_another_unit_is_wrong() -> None:
    assert of_alert(signal(Unit.PERCENT), above=milliseconds(500)) == [
        f"{ALERT}limit '500 ms' is in milliseconds, signal 's' in percent; give the limit in percent"
    ]


@pytest.mark.parametrize(
    ("unit", "limit", "what"),
    [
        (Unit.PERCENT, {"above": percent(100)}, "'100%' can never be passed: s runs from '0' to '100'"),
        (Unit.PERCENT, {"above": percent(250)}, "'250%' can never be passed: s runs from '0' to '100'"),
        (Unit.PERCENT, {"below": percent(0)}, "'0%' can never be passed: s runs from '0' to '100'"),
        (Unit.RATIO, {"above": Quantity(1, Unit.RATIO)}, "'1' can never be passed: s runs from '0' to '1'"),
        (Unit.RATIO, {"above": percent(100)}, "'100%' can never be passed: s runs from '0' to '1'"),
        (Unit.SCORE, {"below": Quantity(1, Unit.SCORE)}, "'1' can never be passed: s runs from '1' to '5'"),
        (Unit.SECONDS, {"below": seconds_of(-1)}, "'-1 s' can never be passed: s runs from '0' to no upper end"),
        (Unit.PERCENT, {"above": percent(-1)}, "'-1%' is always passed: s runs from '0' to '100'"),
        (Unit.PERCENT, {"below": percent(101)}, "'101%' is always passed: s runs from '0' to '100'"),
        (Unit.SCORE, {"above": Quantity(0, Unit.SCORE)}, "'0' is always passed: s runs from '1' to '5'"),
    ],
)
def test_a_limit_outside_the_unit_s_range_is_wrong(unit: Unit, limit: Mapping[str, Quantity], what: str) -> None:
    assert of_alert(signal(unit), **limit) == [f"{ALERT}limit {what}; choose a limit inside that range"]


@pytest.mark.parametrize(
    ("unit", "limit"),
    [
        (Unit.PERCENT, {"above": percent(99.9)}),
        (Unit.PERCENT, {"above": percent(0)}),
        (Unit.PERCENT, {"below": percent(100)}),
        (Unit.PERCENT, {"below": Quantity(0.999, Unit.RATIO)}),
        (Unit.RATIO, {"above": percent(80)}),
        (Unit.SCORE, {"below": Quantity(1.5, Unit.SCORE)}),
        (Unit.SECONDS, {"above": milliseconds(500)}),
        (Unit.SECONDS, {"above": seconds_of(1e9)}),
        (Unit.COUNT, {"above": Quantity(0, Unit.COUNT)}),
    ],
)
def test_a_limit_at_the_edge_that_can_be_passed_is_fine(unit: Unit, limit: Mapping[str, Quantity]) -> None:
    assert of_alert(signal(unit), **limit) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_limit_is_a_number(value: float) -> None:
    assert of_alert(signal(Unit.SECONDS), above=seconds_of(value)) == [
        f"{ALERT}limit '{value}' is no number to compare with; give a finite number"
    ]


def test_an_alert_tells_somebody_and_nobody_twice() -> None:
    assert of_alert(signal(), actions=()) == [f"{ALERT}tells nobody; give actions=(...) from alerts/actions.py"]
    assert of_alert(signal(), actions=(TEAMS, TEAMS)) == [f"{ALERT}tells 'teams' twice; name each action once"]


def test_an_alert_leans_only_on_what_is_checked_itself() -> None:
    hidden = Action(id="pager", title=WORDS, channel=Channel.WEBHOOK, code="pg", does=WORDS)
    watched, step = signal(name="hidden"), query(id="hidden")
    one = alert(watched, actions=(hidden,), first_steps=(step,))
    assert wrongs(alerts=(one,)) == [
        f"{ALERT}tells 'pager', which is in no file of alerts/; move the action to alerts/actions.py",
        f"{ALERT}first step 'test-definitions/hidden' is in no file of kql/; move the query to a pack under kql/",
        f"{ALERT}watches signal 'hidden', which is in no file of observability/signals/; "
        "move it there, so that it is checked too",
    ]


def test_a_first_step_runs() -> None:
    wrong = f"{ALERT}first step 'test-definitions/old' cannot answer here; use a query that runs"
    sure = query(id="sure")
    for step in (query(id="old", verbatim=True), query(id="old", caveat=WORDS, runnable=False)):
        watched = signal()
        one = alert(watched, first_steps=(step, sure))
        assert wrongs(alerts=(one,), signals=(watched,), queries=(step, sure), actions=(TEAMS,)) == [wrong]


def test_one_of_the_first_steps_answers_whatever_is_switched_on() -> None:
    wrong = f"{ALERT}has no first step that surely answers: each has a caveat; add one without"
    sure, unsure = query(id="sure"), query(id="unsure", caveat=WORDS)
    for steps, expected in (((unsure,), [wrong]), ((unsure, sure), [])):
        watched = signal()
        one = alert(watched, first_steps=steps)
        assert wrongs(alerts=(one,), signals=(watched,), queries=(sure, unsure), actions=(TEAMS,)) == expected


def test_an_alert_without_first_steps_leaves_people_alone() -> None:
    assert of_alert(signal(), first_steps=()) == [
        f"{ALERT}has no first steps; give first_steps=(...) from the packs under kql/"
    ]


def test_causes_are_other_alerts_each_named_once() -> None:
    watched = signal()
    one, other = alert(watched), alert(watched, id="pump-broken")

    def told(*causes: str) -> list[str]:
        alerts = (replace(one, causes=causes), other)
        return said(definitions.causes(Catalogue(alerts=alerts)))

    assert told("pump-broken") == []
    assert told("a") == [f"{ALERT}names itself as its cause; name another alert, or none"]
    assert told("pump-brokn") == [f"{ALERT}names cause 'pump-brokn', which is no alert; did you mean 'pump-broken'?"]
    assert told("xyz") == [f"{ALERT}names cause 'xyz', which is no alert; `tripobs list alert` lists those there are"]
    assert told("pump-broken", "pump-broken") == [f"{ALERT}names cause 'pump-broken' twice; name it once"]


def test_an_alert_is_read_where_its_signal_is() -> None:
    assert of_alert(signal(), engine=Engine.PROMETHEUS) == [
        f"{ALERT}signal 's' cannot be read on engine 'prometheus'; it can be on 'log'"
    ]
    nowhere = Signal(name="s", title=WORDS, unit=Unit.PERCENT, help=WORDS, source=SOURCE)
    assert of_alert(nowhere) == [f"{ALERT}signal 's' cannot be read on engine 'log'; it can be on none"]


@pytest.mark.parametrize("engine", [Engine.METRIC, Engine.PROMETHEUS])
def test_only_a_log_alert_can_wait_for_somebody_to_close_it(engine: Engine) -> None:
    metric = PlatformMetric(resource="cluster", metric="cpu", aggregation="Average")
    every = signal(kql=Kql(rows="T", summarize="value = max(x)"), promql=PromQL(expr="up"), metric=metric)
    assert of_alert(every, closed_when=WORDS) == []
    assert of_alert(every, closed_when=WORDS, engine=engine) == [
        f"{ALERT}says when somebody may close it, and on engine '{engine.value}' every alert resolves by itself; "
        "use engine 'log', or drop closed_when"
    ]


# --- parameters -----------------------------------------------------------------------------------------------

FLOORED = Kql(rows="T", summarize="total = max(x)", result="| where total >= floor", params={"floor": 1})


def test_an_alert_sets_parameters_that_the_query_has() -> None:
    assert of_alert(signal(kql=FLOORED), params={"floor": 100}) == []
    assert of_alert(signal(kql=FLOORED), params={"flor": 100}) == [
        f"{ALERT}signal 's' has no parameter 'flor' on engine 'log'; its parameters are 'floor'"
    ]
    assert of_alert(signal(), params={"floor": 100}) == [
        f"{ALERT}signal 's' has no parameter 'floor' on engine 'log'; its parameters are none"
    ]


def test_parameters_of_the_log_query_mean_nothing_to_another_engine() -> None:
    both = signal(kql=FLOORED, promql=PromQL(expr="up"))
    assert of_alert(both, engine=Engine.PROMETHEUS, params={"floor": 100}) == [
        f"{ALERT}signal 's' has no parameter 'floor' on engine 'prometheus'; its parameters are none"
    ]


@pytest.mark.parametrize(("value", "sort"), [("100", "text"), (True, "truth value"), (minutes(1), "timespan")])
def test_a_parameter_keeps_its_sort(value: Param, sort: str) -> None:
    assert of_alert(signal(kql=FLOORED), params={"floor": value}) == [
        f"{ALERT}parameter 'floor' is a {sort}; the signal's own is a number"
    ]
    assert of_alert(signal(kql=FLOORED), params={"floor": 99.5}) == []


def test_a_parameter_is_used() -> None:
    unused = Kql(rows="T", summarize="value = max(x)", params={"floor": 1})
    wrong = "parameter 'floor' is not in its text; use it there, or drop it"
    assert wrongs(signals=(signal(kql=unused),)) == [f"{HERE}: signal 's': {wrong}"]
    lost = query(text="T | where floors > 1", params={"floor": 1})
    assert wrongs(queries=(lost,)) == [f"{HERE}: query 'test-definitions/q': {wrong}"]
    assert wrongs(queries=(query(text="T | where x > floor", params={"floor": 1}),)) == []


def test_the_window_s_parameter_cannot_be_set() -> None:
    own = Kql(rows="T", summarize="value = max(x) / (bin_size / 1s)", params={"bin_size": minutes(1)})
    assert wrongs(signals=(signal(kql=own),)) == [
        f"{HERE}: signal 's': parameter 'bin_size' hides the window's own; give it another name"
    ]


def test_a_comment_in_a_piece_would_hide_the_next_one() -> None:
    pieces = Kql(rows="T", summarize="value = max(x) // the worst", by={"service": "Name // theirs"})
    todo = "which may hide what is put behind it; say it in a Python comment"
    assert wrongs(signals=(signal(kql=pieces),)) == [
        f"{HERE}: signal 's': summarize holds '//', {todo}",
        f"{HERE}: signal 's': by holds '//', {todo}",
    ]


# --- queries and objectives -----------------------------------------------------------------------------------


def test_a_query_says_what_it_returns_or_why_it_does_not() -> None:
    name = f"{HERE}: query 'test-definitions/q': "
    assert wrongs(queries=(query(columns={}),)) == [name + 'declares no columns; add columns={"name": "type", ...}']
    assert wrongs(queries=(query(columns={}, runnable=False),)) == [
        name + "is not runnable and does not say why; add caveat=Text(...)"
    ]
    assert wrongs(queries=(query(columns={}, runnable=False, caveat=WORDS),)) == []


def slo(**given: Any) -> Slo:
    fields = {
        "id": "o",
        "title": WORDS,
        "objective": 0.999,
        "period": days(30),
        "good": WORDS,
        "watches": STEP,
        "source": SOURCE,
    }
    return Slo(**{**fields, **given})


@pytest.mark.parametrize("objective", [0, 1, 99.9, -0.5, math.nan])
def test_an_objective_leaves_a_budget(objective: float) -> None:
    shown = {0: "0", 1: "1", 99.9: "99.9", -0.5: "-0.5"}.get(objective, "nan")
    assert wrongs(slos=(slo(objective=objective),), queries=(STEP,)) == [
        f"{HERE}: slo 'o': objective '{shown}' leaves no budget to count; give a share between 0 and 1: 0.999"
    ]


def test_an_objective_counts_over_a_time_with_a_query_that_runs() -> None:
    assert wrongs(slos=(slo(),), queries=(STEP,)) == []
    assert wrongs(slos=(slo(period=timedelta()),), queries=(STEP,)) == [
        f"{HERE}: slo 'o': period '0:00:00' is not a time; give period=days(...)"
    ]
    old = query(id="old", caveat=WORDS)
    assert wrongs(slos=(slo(watches=old),)) == [
        f"{HERE}: slo 'o': query 'test-definitions/old' cannot answer here; use a query that runs",
        f"{HERE}: slo 'o': query 'test-definitions/old' is in no file of kql/; move the query to a pack under kql/",
    ]


def test_several_problems_are_all_reported_at_once() -> None:
    counter = Instrument(name="Trips", kind=InstrumentKind.COUNTER, unit=Unit.COUNT, help=Text(ko="수", en=""))
    watched = signal(Unit.PERCENT, name="errorRate")
    one = alert(watched, id="A", above=milliseconds(5), actions=(), first_steps=(), source=Section("9"))
    assert wrongs(alerts=(one,), signals=(watched,), instruments=(counter,)) == [
        f"{HERE}: signal 'errorRate': is not a name of this project; use lower case words joined by _",
        f"{HERE}: instrument 'Trips': is not a name of this project; use lower case words joined by _",
        f"{HERE}: instrument 'Trips': has no source; "
        'add source=Section("...") or Derived(Text(...), (Section("..."),))',
        f"{HERE}: instrument 'Trips': help is empty in 'en'; say it in both languages",
        f"{HERE}: alert 'A': is not a name of this project; use lower case words joined by -",
        f"{HERE}: alert 'A': the document has no section '9'; name the heading's number",
        f"{HERE}: alert 'A': tells nobody; give actions=(...) from alerts/actions.py",
        f"{HERE}: alert 'A': has no first steps; give first_steps=(...) from the packs under kql/",
        f"{HERE}: alert 'A': limit '5 ms' is in milliseconds, signal 'errorRate' in percent; give the limit in percent",
    ]


# --- panels ---------------------------------------------------------------------------------------------------

METRIC = PlatformMetric(resource="cluster", metric="cpu", aggregation="Average")
WATCHED = signal(Unit.SECONDS, promql=PromQL(expr="up"), metric=METRIC, kql=Kql(rows="T", summarize="value = max(x)"))
OTHER = signal(Unit.SECONDS, name="other")
OBJECTIVE = slo()
DRAWN = (alert(WATCHED), alert(OTHER, id="b"))


def of_panel(**given: Any) -> list[str]:
    return of_board(Row(title=WORDS, panels=(Panel(**{"title": WORDS, "shows": WATCHED, **given}),)))


def of_board(*rows: Row) -> list[str]:
    board = Dashboard(id="d", title=WORDS, description=WORDS, rows=rows, source=SOURCE, inputs=(BOX,))
    catalogue = Catalogue(
        dashboards=(board,),
        alerts=DRAWN,
        signals=(WATCHED, OTHER, IN_BINS),
        queries=(STEP, DOCUMENT, ASKING),
        slos=(OBJECTIVE,),
        graph_queries=(COUNTED, LISTED),
    )
    return said(panels.check(catalogue, SECTIONS, FINDINGS))


IN_BINS = signal(Unit.PER_SECOND, name="rate", kql=Kql(rows="T", summarize="value = max(x) / (bin_size / 1s)"))
DOCUMENT = query(id="old", runnable=False, caveat=WORDS)
GOAL = Goal(title=WORDS, value=seconds_of(3), bound=Bound.BELOW, source=SOURCE)
ONE = Quantity(1, Unit.COUNT)
BOX = Input(name="id", title=WORDS)
ASKING = query(id="asking", text="T | where x == wanted", params={"wanted": 1})


def graph(text: str = "resources | summarize value = count()", **more: Any) -> GraphQuery:
    return GraphQuery(id=more.pop("id", "g"), title=WORDS, text=text, columns={"value": "long"}, source=SOURCE, **more)


COUNTED = graph(id="open", unit=Unit.COUNT)
LISTED = graph(id="list")


def of_more(**listed: tuple[Any, ...]) -> list[str]:
    return said(panels.check(Catalogue(**listed), SECTIONS, FINDINGS))


def test_a_note_has_words_in_both_languages_and_fits_the_columns() -> None:
    row = Row(
        title=WORDS,
        panels=(
            Panel(title=WORDS, shows=WATCHED),
            Note(title=WORDS, text=Text(ko="글", en=""), width=25),
        ),
    )
    assert of_board(row) == [
        f"{HERE}: note 'words': text is empty in 'en'; say it in both languages",
        f"{HERE}: note 'words': is '25' columns wide; use 1 to 24",
    ]


def test_a_mark_shows_a_query_of_the_packs_that_says_when_and_what() -> None:
    assert of_more(marks=(Mark(title=WORDS, shows=STEP, colour="blue"),)) == [
        f"{HERE}: mark 'words': shows query 'q', which is in no file of kql/; move it there, so that it is checked too",
        f"{HERE}: mark 'words': its query has no column 'TimeGenerated', 'text', 'tags'; return when, text and tags",
    ]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (graph("let x = 1; resources"), "uses 'let', which Resource Graph refuses; write the value where it is used"),
        (
            graph('resources | where name == "${workspace}"'),
            "names variable 'workspace', which not every dashboard has; use resource_group, subscription",
        ),
        (
            GraphQuery(id="g", title=WORDS, text="resources", columns={"n": "long"}, source=SOURCE, unit=Unit.COUNT),
            "has a unit and no column 'value'; call the number 'value', or drop the unit",
        ),
    ],
)
def test_a_question_that_resource_graph_or_a_dashboard_cannot_answer_is_wrong(given: GraphQuery, wrong: str) -> None:
    assert of_more(graph_queries=(given,)) == [f"{HERE}: graph query 'g': {wrong}"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"line_of": ("a",), "goals": (GOAL,)},
        {"engine": Engine.PROMETHEUS, "kind": Kind.TABLE},
        {"engine": Engine.METRIC, "kind": Kind.GAUGE, "width": 24},
        {"engine": Engine.LOG, "kind": Kind.STAT, "width": 1},
        {"shows": STEP, "kind": Kind.TABLE},
        {"shows": STEP, "kind": Kind.LOGS},
        {"shows": ASKING, "kind": Kind.TABLE, "inputs": {"wanted": BOX}},
        {
            "shows": COUNTED,
            "kind": Kind.STAT,
            "goals": (Goal(title=WORDS, value=ONE, bound=Bound.BELOW, source=SOURCE),),
        },
        {"shows": LISTED, "kind": Kind.TABLE},
        {"shows": Trace(resource="app_insights", operation=BOX), "kind": Kind.TRACE},
        {"shows": OBJECTIVE, "kind": Kind.STAT},
        {"shows": IN_BINS},
    ],
)
def test_a_panel_that_can_be_drawn_is_fine(given: Mapping[str, Any]) -> None:
    assert of_panel(**given) == []


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"line_of": ("c",)}, "draws the line of unknown alert 'c'; there are 'a', 'b'"),
        (
            {"line_of": ("a", "b")},
            "draws the line of 'b', which watches 'other'; show that signal, or drop the line from 's'",
        ),
        (
            {"shows": STEP, "kind": Kind.TABLE, "line_of": ("a",)},
            "draws lines on query 'q'; lines belong to signals: drop line_of and goals",
        ),
        (
            {"goals": (Goal(title=WORDS, value=percent(80), bound=Bound.BELOW, source=SOURCE),)},
            "goal '80%' is in percent, signal 's' in seconds; give the goal in seconds",
        ),
        (
            {"goals": (Goal(title=WORDS, value=seconds_of(3), bound=Bound.BELOW, source=Section("7")),)},
            "the document has no section '7'; name the heading's number",
        ),
        (
            {"goals": (Goal(title=Text(ko="", en="x"), value=seconds_of(3), bound=Bound.BELOW, source=SOURCE),)},
            "goal is empty in 'ko'; say it in both languages",
        ),
        ({"unit": Unit.MILLISECONDS}, "labels 's' as milliseconds, which comes in seconds; drop unit=..."),
        ({"shows": OTHER, "engine": Engine.METRIC}, "'other' cannot be read on 'metric'; drop engine=..."),
        (
            {"engine": Engine.METRIC, "kind": Kind.TABLE},
            "shows a platform metric as a table; show it as a timeseries",
        ),
        (
            {"shows": IN_BINS, "kind": Kind.STAT},
            "shows 'rate', which needs a time bin, as a 'stat'; show it as a timeseries",
        ),
        ({"shows": STEP, "kind": Kind.STAT}, "shows query 'q' as a 'stat'; use kind 'table' or 'logs'"),
        ({"kind": Kind.STAT, "stacked": True}, "is stacked as a 'stat'; show it as a timeseries, or drop stacked"),
        ({"kind": Kind.LOGS}, "shows signal 's' as 'logs'; show its numbers"),
        (
            {"shows": STEP, "kind": Kind.TABLE, "inputs": {"x": BOX}},
            "fills parameter 'x', which what it shows does not have; name one of the query's parameters",
        ),
        (
            {"shows": ASKING, "kind": Kind.TABLE, "inputs": {"wanted": Input(name="other", title=WORDS)}},
            "reads text box 'other', which 'd' does not have; add it to inputs=(...)",
        ),
        ({"shows": COUNTED, "kind": Kind.GAUGE}, "shows graph query 'open' as a 'gauge'; use kind 'table' or 'stat'"),
        ({"shows": LISTED, "kind": Kind.STAT}, "shows graph query 'list' as a 'stat'; use kind 'table'"),
        (
            {"shows": Trace(resource="app_insights", operation=BOX)},
            "shows an operation as a 'timeseries'; use kind 'traces'",
        ),
        ({"shows": OBJECTIVE}, "shows objective 'o' as a 'timeseries'; use kind 'table' or 'stat'"),
        (
            {"shows": DOCUMENT, "kind": Kind.TABLE},
            "shows query 'test-definitions/old', which does not run; show one that does",
        ),
        (
            {"shows": signal(name="hidden")},
            "shows signal 'hidden', which is in no file of observability/signals/; "
            "move it there, so that it is checked too",
        ),
        ({"width": 25}, "is '25' columns wide; use 1 to 24"),
        ({"width": 0}, "is '0' columns wide; use 1 to 24"),
        ({"description": Text(ko="설명", en="")}, "description is empty in 'en'; say it in both languages"),
    ],
)
def test_a_panel_that_cannot_be_drawn_is_wrong(given: Mapping[str, Any], wrong: str) -> None:
    assert of_panel(**given) == [PANEL + wrong]


def test_a_board_has_panels_and_titles() -> None:
    assert of_board() == [f"{HERE}: dashboard 'd': has no panels; give rows=(Row(...),)"]
    row = Row(title=Text(ko="", en="row"), panels=(Panel(title=WORDS, shows=WATCHED),))
    assert of_board(row) == [f"{HERE}: row 'row': title is empty in 'ko'; say it in both languages"]


def test_a_panel_of_a_signal_that_no_engine_reads_is_left_to_the_signal_s_own_check() -> None:
    blind = Signal(name="blind", title=WORDS, unit=Unit.COUNT, help=WORDS, source=SOURCE)
    board = Dashboard(
        id="d",
        title=WORDS,
        description=WORDS,
        rows=(Row(title=WORDS, panels=(Panel(title=WORDS, shows=blind),)),),
        source=SOURCE,
    )
    assert said(panels.check(Catalogue(dashboards=(board,), signals=(blind,)), SECTIONS, FINDINGS)) == []


def test_a_measure_of_several_windows_adds_up() -> None:
    fine = Kql(rows="T", summarize="a = sum(x), b = sumif(x, f(x, 1))", recent=(minutes(5), minutes(30)))
    mean = Kql(rows="T", summarize="a = sum(x), b = avg(x)", by={"age": "y"}, recent=(minutes(30), minutes(5)))
    where = f"{HERE}: signal 's': "

    assert wrongs(signals=(signal(kql=fine),)) == []
    assert wrongs(signals=(signal(kql=mean),)) == [
        where + "its recent windows do not rise; sort them and name each once",
        where
        + "has recent windows and aggregates that cannot be added up; use name = sum, sumif, count or countif alone",
        where + "splits by 'age', which tells the windows apart; give it another name",
    ]


def test_an_alert_s_window_is_longer_than_those_inside_it() -> None:
    several = signal(kql=Kql(rows="T", summarize="value = sum(x)", recent=(minutes(5), minutes(30))))

    assert of_alert(several, window=minutes(60)) == []
    assert of_alert(several, window=minutes(30)) == [
        ALERT + "looks at '0:30:00' inside a window of '0:30:00'; give the alert the longest window"
    ]
