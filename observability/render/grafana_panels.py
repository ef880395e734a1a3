"""Panels as grafanalib objects; ``extraJson`` carries what Grafana has learnt since grafanalib's last release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from observability.model.alert import Alert, Slo
from observability.model.dashboard import Kind, Note, Panel
from observability.model.query import GraphQuery
from observability.model.signal import Engine, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang
from observability.model.units import Unit, minutes
from observability.render import durations, grafana_links, grafana_words
from observability.render.grafana_lines import axis, bands, drawn, lines
from observability.render.grafana_model import core
from observability.render.grafana_tables import BUDGET, BUDGET_COLOUR, table
from observability.render.grafana_targets import data_source, engine_of, lines_of, target
from observability.render.grafana_units import UNITS, thresholds, unit_of
from observability.render.promql import RECORDED_OVER

Json = dict[str, Any]

_LOG_LINES = {
    "showTime": True,
    "showLabels": False,
    "showCommonLabels": False,
    "wrapLogMessage": True,
    "prettifyLogMessage": False,
    "enableLogDetails": True,
    "dedupStrategy": "none",
    "sortOrder": "Ascending",
}


def panel(
    definition: Panel,
    ident: int,
    place: core.GridPos,
    alerts: Mapping[str, Alert],
    resources: Mapping[str, ResourceName],
    lang: Lang,
) -> Any:
    drawing = lines_of(definition, alerts)
    common = {
        "id": ident,
        "title": definition.title.get(lang),
        "description": grafana_words.description(definition, drawing, lang),
        "dataSource": data_source(engine_of(definition)),
        "targets": [target(definition, alerts, resources, lang)],
        "gridPos": place,
        "interval": _step(definition, drawing),
        "timeFrom": _last(definition),
        "maxDataPoints": None,
    }
    ways = grafana_links.of_panel(definition, drawing, resources, lang)
    if definition.kind in (Kind.LOGS, Kind.TRACE):
        return _reading(definition, common)
    if definition.kind is Kind.TABLE:
        return table(definition, {**common, "links": ways}, lang)
    if isinstance(definition.shows, Slo):
        return _budget(definition, common)
    if isinstance(definition.shows, GraphQuery):
        return _stat(definition, definition.shows, drawing, common, ways)
    assert isinstance(definition.shows, Signal)  # a query is a table: target() has seen to it
    if definition.kind is Kind.TIMESERIES:
        return _timeseries(definition, definition.shows, drawing, common, lang, ways)
    return (_stat if definition.kind is Kind.STAT else _gauge)(definition, definition.shows, drawing, common, ways)


def note(definition: Note, ident: int, place: core.GridPos, lang: Lang) -> Json:
    """Text beside the panels; grafanalib's own text panel carries keys that a text does not have."""
    return {
        "id": ident,
        "type": "text",
        "title": definition.title.get(lang),
        "gridPos": place,
        "options": {"mode": "markdown", "content": definition.text.get(lang)},
    }


def _reading(panel: Panel, common: Json) -> Json:
    """Lines of a log, or one operation's spans: kinds that grafanalib draws as they were or not at all."""
    options = _LOG_LINES if panel.kind is Kind.LOGS else {}
    kept = {key: value for key, value in common.items() if value is not None}
    source = kept.pop("dataSource")
    return {**kept, "type": panel.kind.value, "datasource": source, "options": dict(options)}


def _step(panel: Panel, drawing: tuple[Alert, ...]) -> str | None:
    """The least time between two points.

    A Prometheus expression carries the alert's window itself; elsewhere the bin is the window, and a shorter bin
    would be held against a limit that was never meant for it.
    """
    if panel.step is not None:
        return durations.prometheus(panel.step)
    if panel.kind is Kind.TIMESERIES:
        windows: list[timedelta] = [alert.window for alert in drawing if alert.engine is not Engine.PROMETHEUS]
        return durations.prometheus(max([minutes(1), *windows]))
    # $__rate_interval of a single number then spans what the recording rules span.
    return durations.prometheus(RECORDED_OVER) if engine_of(panel) is Engine.PROMETHEUS else None


def _last(panel: Panel) -> str | None:
    """An objective is judged over its own period."""
    if panel.last is None and isinstance(panel.shows, Slo):
        return durations.prometheus(panel.shows.period)
    return panel.last


def _timeseries(
    panel: Panel, signal: Signal, drawing: tuple[Alert, ...], common: Json, lang: Lang, ways: list[Json]
) -> core.TimeSeries:
    engine = engine_of(panel)
    marks = lines(panel, signal.unit, drawing)
    split = signal.by(engine)
    low, high, decimals = axis(signal.unit, marks)
    defaults: Json = {"custom": {"axisSoftMin": low, "axisSoftMax": high}, "decimals": decimals, "links": ways}
    if engine is Engine.LOG:
        # Log columns come back as "value trip-service" otherwise; the other data sources name their series.
        defaults["displayName"] = " ".join(f"${{__field.labels.{name}}}" for name in split) or signal.title.get(lang)
    return core.TimeSeries(
        unit=unit_of(panel, signal),
        drawStyle="bars" if panel.stacked else "line",
        lineWidth=1 if panel.stacked else 2,
        fillOpacity=70 if panel.stacked else 10,
        stacking={"group": "A", "mode": "normal" if panel.stacked else "none"},
        legendDisplayMode="table" if split else "list",
        legendCalcs=["lastNotNull", "max"] if split else [],
        tooltipMode="multi",
        tooltipSort="desc",
        thresholds=thresholds(drawn(marks)),
        # An area is only tinted where every line is an alert's: between a goal and a limit nothing is red yet.
        thresholdsStyleMode=("dashed+area" if all(m.alert for m in marks) else "dashed") if marks else "off",
        extraJson={"fieldConfig": {"defaults": defaults}, "options": {"legend": {"showLegend": True}}},
        **common,
    )


def _calculation(panel: Panel) -> str:
    """Counts of a platform metric come one a time bin, and the number is that of the whole range; others are levels."""
    metric = panel.shows.metric if isinstance(panel.shows, Signal) else None
    counted = metric is not None and engine_of(panel) is Engine.METRIC and metric.aggregation in ("Total", "Count")
    return "sum" if counted else "lastNotNull"


def _numbers(panel: Panel) -> Json:
    """Log queries return one row a value, the others one series a value."""
    return {"values": engine_of(panel) is Engine.LOG, "calcs": [_calculation(panel)], "fields": ""}


def _stat_options(panel: Panel) -> Json:
    return {
        "reduceOptions": _numbers(panel),
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }


def _stat(
    panel: Panel, signal: Signal | GraphQuery, drawing: tuple[Alert, ...], common: Json, ways: list[Json]
) -> core.Stat:
    engine, unit = engine_of(panel), signal.unit or Unit.COUNT
    marks = lines(panel, unit, drawing)
    return core.Stat(
        format=unit_of(panel, signal),
        color={"mode": "thresholds"},
        colorMode="background" if panel.big else "value",
        # Only platform metrics come as a series here; a single number has no history to draw.
        graphMode="area" if engine is Engine.METRIC else "none",
        reduceCalc=_calculation(panel),
        noValue=None,
        decimals=axis(unit, marks)[2],
        thresholds=thresholds(bands(marks)),
        extraJson={"fieldConfig": {"defaults": {"links": ways}}, "options": _stat_options(panel)},
        **common,
    )


def _gauge(panel: Panel, signal: Signal, drawing: tuple[Alert, ...], common: Json, ways: list[Json]) -> core.GaugePanel:
    marks = lines(panel, signal.unit, drawing)
    low, high, decimals = axis(signal.unit, marks)
    return core.GaugePanel(
        format=unit_of(panel, signal),
        min=low,
        max=high,
        decimals=decimals,
        thresholds=thresholds(bands(marks)),
        extraJson={
            "fieldConfig": {"defaults": {"color": {"mode": "thresholds"}, "links": ways}, "overrides": []},
            "options": {
                "reduceOptions": _numbers(panel),
                "showThresholdLabels": True,
                "showThresholdMarkers": True,
                "sizing": "auto",
                "minVizWidth": 75,
                "minVizHeight": 75,
                "orientation": "auto",
            },
        },
        **common,
    )


def _budget(panel: Panel, common: Json) -> core.Stat:
    """The error budget left, one number a service."""
    return core.Stat(
        format=UNITS[Unit.PERCENT],
        color=BUDGET_COLOUR,
        graphMode="none",
        reduceCalc="lastNotNull",
        noValue=None,
        decimals=1,
        thresholds=thresholds(bands(())),
        transformations=[{"id": "filterFieldsByName", "options": {"include": {"names": ["service", BUDGET]}}}],
        extraJson={
            "fieldConfig": {"defaults": {"min": 0, "max": 100}},
            "options": _stat_options(panel),
        },
        **common,
    )
