"""Every panel can be drawn: what it shows exists and fits its kind, and its lines are its own signal's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from observability.azure import resource_graph
from observability.catalog import Catalogue
from observability.checks import definitions, texts
from observability.model.alert import Alert, Slo
from observability.model.dashboard import Dashboard, Kind, Mark, Note, Panel, Trace
from observability.model.errors import Problem
from observability.model.finding import Finding
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, Signal
from observability.model.text import Text

_COLUMNS = 24  # of Grafana's grid
_OF_A_MARK = ("TimeGenerated", "text", "tags")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# Every dashboard that asks Azure has these.
_EVERYWHERE = frozenset({"subscription", "resource_group"})

Wrong = tuple[str, str]


def check(catalogue: Catalogue, sections: Mapping[str, Text], findings: tuple[Finding, ...]) -> Iterator[Problem]:
    """Problems of dashboards, rows, panels, notes and marks."""
    alerts = {alert.id: alert for alert in catalogue.alerts}
    shown = (*catalogue.signals, *catalogue.queries, *catalogue.slos, *catalogue.graph_queries)
    found = {id(each) for each in shown}
    readings = {finding.id for finding in findings}
    for dashboard in catalogue.dashboards:
        if not dashboard.panels:
            yield Problem(str(dashboard.place), "dashboard", dashboard.id, "has no panels", "give rows=(Row(...),)")
        for row in dashboard.rows:
            yield from definitions.empty_texts(str(row.place), "row", row.title.en, {"title": row.title})
        for panel in dashboard.panels:
            for wrong, todo in (*_panel(panel, alerts, found), *_inputs(panel, dashboard)):
                yield Problem(str(panel.place), "panel", panel.title.en, wrong, todo)
            yield from _words(panel, sections, readings)
        for note in dashboard.notes:
            yield from definitions.empty_texts(str(note.place), "note", note.title.en, vars(note))
            for wrong, todo in _width(note):
                yield Problem(str(note.place), "note", note.title.en, wrong, todo)
    for mark in catalogue.marks:
        for wrong, todo in _mark(mark, found):
            yield Problem(str(mark.place), "mark", mark.title.en, wrong, todo)
    for query in catalogue.graph_queries:
        for wrong, todo in _graph(query):
            yield Problem(str(query.place), "graph query", query.id, wrong, todo)


def _width(panel: Panel | Note) -> Iterator[Wrong]:
    if not 1 <= panel.width <= _COLUMNS:
        yield f"is '{panel.width}' columns wide", f"use 1 to {_COLUMNS}"


def _inputs(panel: Panel, dashboard: Dashboard) -> Iterator[Wrong]:
    """A parameter that a text box fills is the query's own, and the box is above this dashboard."""
    known = panel.shows.params if isinstance(panel.shows, Query) else {}
    for param in panel.inputs:
        if param not in known:
            yield f"fills parameter '{param}', which what it shows does not have", "name one of the query's parameters"
    used = [*panel.inputs.values(), *([panel.shows.operation] if isinstance(panel.shows, Trace) else [])]
    for box in used:
        if box not in dashboard.inputs:
            yield f"reads text box '{box.name}', which '{dashboard.id}' does not have", "add it to inputs=(...)"


def _mark(mark: Mark, found: set[int]) -> Iterator[Wrong]:
    if id(mark.shows) not in found:
        yield f"shows query '{mark.shows.id}', which is in no file of kql/", "move it there, so that it is checked too"
    missing = [name for name in _OF_A_MARK if name not in mark.shows.columns]
    if missing:
        yield f"its query has no column {', '.join(repr(name) for name in missing)}", "return when, text and tags"


def _graph(query: GraphQuery) -> Iterator[Wrong]:
    for word in resource_graph.NOT_IN_DIALECT:
        if re.search(rf"\b{word}\b", query.text):
            yield f"uses '{word}', which Resource Graph refuses", "write the value where it is used"
    for name in sorted(set(_VARIABLE.findall(query.text)) - _EVERYWHERE):
        yield f"names variable '{name}', which not every dashboard has", f"use {', '.join(sorted(_EVERYWHERE))}"
    if query.unit is not None and "value" not in query.columns:
        yield "has a unit and no column 'value'", "call the number 'value', or drop the unit"


def _words(panel: Panel, sections: Mapping[str, Text], readings: set[str]) -> Iterator[Problem]:
    where, name = str(panel.place), panel.title.en
    yield from definitions.empty_texts(where, "panel", name, vars(panel))
    for goal in panel.goals:
        yield from definitions.empty_texts(where, "panel", name, {"goal": goal.title})
        yield from definitions.source(where, "panel", name, goal.source, sections, readings)


def _panel(panel: Panel, alerts: Mapping[str, Alert], found: set[int]) -> Iterator[Wrong]:
    yield from _width(panel)
    if isinstance(panel.shows, Trace):
        if panel.kind is not Kind.TRACE:
            yield f"shows an operation as a '{panel.kind.value}'", f"use kind '{Kind.TRACE.value}'"
        return
    if id(panel.shows) not in found:
        kind, folder = _kind(panel.shows)
        yield f"shows {kind}, which is in no file of {folder}", "move it there, so that it is checked too"
    if isinstance(panel.shows, Signal):
        yield from _signal(panel, panel.shows, alerts)
    else:
        yield from _table(panel, panel.shows)


def _kind(shown: Signal | Query | Slo | GraphQuery) -> tuple[str, str]:
    if isinstance(shown, Signal):
        return f"signal '{shown.name}'", "observability/signals/"
    if isinstance(shown, Query):
        return f"query '{shown.id}'", "kql/"
    if isinstance(shown, GraphQuery):
        return f"graph query '{shown.id}'", "kql/"
    return f"objective '{shown.id}'", "alerts/"


def _signal(panel: Panel, signal: Signal, alerts: Mapping[str, Alert]) -> Iterator[Wrong]:
    if panel.stacked and panel.kind is not Kind.TIMESERIES:
        yield f"is stacked as a '{panel.kind.value}'", "show it as a timeseries, or drop stacked"
    if panel.kind in (Kind.LOGS, Kind.TRACE):
        yield f"shows signal '{signal.name}' as '{panel.kind.value}'", "show its numbers"
    for ident in panel.line_of:
        alert = alerts.get(ident)
        if alert is None:
            there_are = ", ".join(f"'{other}'" for other in sorted(alerts)) or "none"
            yield f"draws the line of unknown alert '{ident}'", f"there are {there_are}"
        elif alert.watches is not signal:
            yield (
                f"draws the line of '{ident}', which watches '{alert.watches.name}'",
                f"show that signal, or drop the line from '{signal.name}'",
            )
    for goal in panel.goals:
        if goal.value.unit.dimension != signal.unit.dimension:
            yield (
                f"goal '{goal.value}' is in {goal.value.unit.name.lower()}, signal '{signal.name}' in "
                f"{signal.unit.name.lower()}",
                f"give the goal in {signal.unit.name.lower()}",
            )
    unit = panel.unit or signal.unit
    if (unit.dimension, unit.factor) != (signal.unit.dimension, signal.unit.factor):
        yield (
            f"labels '{signal.name}' as {unit.name.lower()}, which comes in {signal.unit.name.lower()}",
            "drop unit=...",
        )
    engine = panel.engine or next(iter(signal.engines), None)
    if engine not in signal.engines:
        # A signal without any engine is a problem of its own (checks/firing.py).
        if engine is not None:
            yield f"'{signal.name}' cannot be read on '{engine.value}'", "drop engine=..."
    elif engine is Engine.METRIC and panel.kind is Kind.TABLE:
        yield "shows a platform metric as a table", "show it as a timeseries"
    elif engine is Engine.LOG and panel.kind is not Kind.TIMESERIES and signal.kql and texts.needs_bin(signal.kql):
        yield f"shows '{signal.name}', which needs a time bin, as a '{panel.kind.value}'", "show it as a timeseries"


def _kinds(shown: Query | Slo | GraphQuery) -> tuple[Kind, ...]:
    if isinstance(shown, Query):
        return (Kind.TABLE, Kind.LOGS)
    if isinstance(shown, GraphQuery) and shown.unit is None:
        return (Kind.TABLE,)
    return (Kind.TABLE, Kind.STAT)


def _table(panel: Panel, shown: Query | Slo | GraphQuery) -> Iterator[Wrong]:
    kinds = _kinds(shown)
    if panel.kind not in kinds:
        use = " or ".join(f"'{kind.value}'" for kind in kinds)
        yield f"shows {_kind(shown)[0]} as a '{panel.kind.value}'", f"use kind {use}"
    if isinstance(shown, Query) and not shown.runnable:
        yield f"shows query '{shown.key}', which does not run", "show one that does"
    counted = isinstance(shown, GraphQuery) and panel.kind is Kind.STAT
    if panel.line_of or (panel.goals and not counted):
        yield f"draws lines on {_kind(shown)[0]}", "lines belong to signals: drop line_of and goals"
