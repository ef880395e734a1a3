"""Every KQL text that is generated, with the definition behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from observability.catalog import Catalogue
from observability.model.dashboard import Kind
from observability.model.errors import Problem
from observability.model.place import Definition
from observability.model.query import Kql
from observability.model.signal import Engine, Signal
from observability.render import kql


@dataclass(frozen=True, slots=True)
class Text:
    """A query text as it will be deployed or shown, with the definition behind it."""

    kind: str
    name: str
    definition: Definition
    text: str
    columns: tuple[tuple[str, str], ...] | None = None
    """What it must return: names and KQL types; None where nobody said."""
    verbatim: bool = False
    runnable: bool = True
    every: timedelta | None = None
    """The evaluation frequency, where it is an alert's."""


def texts(catalogue: Catalogue) -> Iterator[Text | Problem]:
    """Each text in the form in which it is generated; a problem for each that cannot be written."""
    for query in catalogue.queries:
        columns = tuple(query.columns.items()) if query.runnable else None
        made = partial(
            Text, "query", query.key, query, columns=columns, verbatim=query.verbatim, runnable=query.runnable
        )
        yield _write(made, partial(kql.query, query))
    for alert in catalogue.alerts:
        if alert.engine is Engine.LOG and alert.watches.kql is not None:
            yield _write(partial(Text, "alert", alert.id, alert, every=alert.every), partial(kql.alert, alert))
    for slo in (each for each in catalogue.slos if each.watches is not None):
        made = partial(Text, "slo", slo.id, slo, columns=tuple(kql.SLO_COLUMNS.items()))
        yield _write(made, partial(kql.slo, slo))
    charted = {
        (id(panel.shows), panel.kind is Kind.TIMESERIES)
        for dashboard in catalogue.dashboards
        for panel in dashboard.panels
        if isinstance(panel.shows, Signal) and (panel.engine or next(iter(panel.shows.engines), None)) is Engine.LOG
    }
    for signal in catalogue.signals:
        if signal.kql is not None:
            yield from _signal(signal, signal.kql, charted)


def graph_texts(catalogue: Catalogue) -> Iterator[Text]:
    """The questions to Azure Resource Graph: another service with tables of its own."""
    for query in catalogue.graph_queries:
        text = kql.graph(query)
        yield Text("graph query", query.id, query, text, columns=tuple(query.columns.items()))


def runbook_texts(catalogue: Catalogue) -> Iterator[Text]:
    """The rules' queries as the pages show them: what a text alone shows wrong is told of the rule's own."""
    for alert in catalogue.alerts:
        if alert.engine is Engine.LOG and alert.watches.kql is not None:
            yield Text("runbook query", alert.id, alert, kql.as_it_fired(alert))


def _signal(signal: Signal, measure: Kql, charted: set[tuple[int, bool]]) -> Iterator[Text | Problem]:
    """As the dashboards show it; where none does, in the form that would fit, so that it is right when one will."""
    over_time, at_once = (id(signal), True) in charted, (id(signal), False) in charted
    made = partial(Text, "signal", signal.name, signal)
    if over_time or (needs_bin(measure) and not at_once):
        yield _write(made, partial(kql.chart, measure, "5m"))
    if at_once or not (needs_bin(measure) or over_time):
        yield _write(made, partial(kql.now, measure))


def needs_bin(measure: Kql) -> bool:
    """Whether the measure divides by the length of the bin, which a single number does not have."""
    pieces = " ".join((measure.rows, measure.summarize, measure.result, *measure.by.values()))
    return re.search(rf"\b{kql.BIN_SIZE}\b", pieces) is not None


def _write(made: Callable[..., Text], text: Callable[[], str]) -> Text | Problem:
    try:
        return made(text=text())
    except ValueError as error:
        empty = made(text="")
        place = str(empty.definition.place)
        return Problem(place, empty.kind, empty.name, f"its KQL cannot be written: {error}", "mend its parameters")
