"""Every panel can be drawn: what it shows exists and fits its kind, and its lines are its own signal's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from observability.catalog import Catalogue
from observability.checks import definitions, texts
from observability.model.alert import Alert, Slo
from observability.model.dashboard import Kind, Panel
from observability.model.errors import Problem
from observability.model.finding import Finding
from observability.model.query import Query
from observability.model.signal import Engine, Signal
from observability.model.text import Text

_COLUMNS = 24  # of Grafana's grid

Wrong = tuple[str, str]


def check(catalogue: Catalogue, sections: Mapping[str, Text], findings: tuple[Finding, ...]) -> Iterator[Problem]:
    """Problems of dashboards, rows and panels."""
    alerts = {alert.id: alert for alert in catalogue.alerts}
    found = {id(shown) for shown in (*catalogue.signals, *catalogue.queries, *catalogue.slos)}
    readings = {finding.id for finding in findings}
    for dashboard in catalogue.dashboards:
        if not dashboard.panels:
            yield Problem(str(dashboard.place), "dashboard", dashboard.id, "has no panels", "give rows=(Row(...),)")
        for row in dashboard.rows:
            yield from definitions.empty_texts(str(row.place), "row", row.title.en, {"title": row.title})
        for panel in dashboard.panels:
            for wrong, todo in _panel(panel, alerts, found):
                yield Problem(str(panel.place), "panel", panel.title.en, wrong, todo)
            yield from _words(panel, sections, readings)


def _words(panel: Panel, sections: Mapping[str, Text], readings: set[str]) -> Iterator[Problem]:
    where, name = str(panel.place), panel.title.en
    yield from definitions.empty_texts(where, "panel", name, vars(panel))
    for goal in panel.goals:
        yield from definitions.empty_texts(where, "panel", name, {"goal": goal.title})
        yield from definitions.source(where, "panel", name, goal.source, sections, readings)


def _panel(panel: Panel, alerts: Mapping[str, Alert], found: set[int]) -> Iterator[Wrong]:
    if id(panel.shows) not in found:
        kind, folder = _kind(panel.shows)
        yield f"shows {kind}, which is in no file of {folder}", "move it there, so that it is checked too"
    if not 1 <= panel.width <= _COLUMNS:
        yield f"is '{panel.width}' columns wide", f"use 1 to {_COLUMNS}"
    if isinstance(panel.shows, Signal):
        yield from _signal(panel, panel.shows, alerts)
    else:
        yield from _table(panel, panel.shows)


def _kind(shown: Signal | Query | Slo) -> tuple[str, str]:
    if isinstance(shown, Signal):
        return f"signal '{shown.name}'", "observability/signals/"
    if isinstance(shown, Query):
        return f"query '{shown.id}'", "kql/"
    return f"objective '{shown.id}'", "alerts/"


def _signal(panel: Panel, signal: Signal, alerts: Mapping[str, Alert]) -> Iterator[Wrong]:
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


def _table(panel: Panel, shown: Query | Slo) -> Iterator[Wrong]:
    kinds = (Kind.TABLE,) if isinstance(shown, Query) else (Kind.TABLE, Kind.STAT)
    if panel.kind not in kinds:
        use = " or ".join(f"'{kind.value}'" for kind in kinds)
        yield f"shows {_kind(shown)[0]} as a '{panel.kind.value}'", f"use kind {use}"
    if isinstance(shown, Query) and not shown.runnable:
        yield f"shows query '{shown.key}', which does not run", "show one that does"
    if panel.line_of or panel.goals:
        yield f"draws lines on {_kind(shown)[0]}", "lines belong to signals: drop line_of and goals"
