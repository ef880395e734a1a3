"""Panels as grafanalib objects; ``extraJson`` carries what Grafana has learnt since grafanalib's last release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from observability.model.alert import Alert, Slo
from observability.model.dashboard import Kind, Note, Panel
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, Signal
from observability.model.system import ResourceName
from observability.model.text import Lang
from observability.model.units import Unit, minutes
from observability.render import durations, grafana_links, grafana_words, kql
from observability.render.grafana_lines import Step, axis, bands, drawn, lines
from observability.render.grafana_model import core
from observability.render.grafana_targets import data_source, engine_of, lines_of, target
from observability.render.promql import RECORDED_OVER

Json = dict[str, Any]

UNITS: dict[Unit, str] = {
    Unit.PERCENT: "percent",
    Unit.RATIO: "percentunit",
    Unit.SECONDS: "s",
    Unit.MILLISECONDS: "ms",
    Unit.MINUTES: "m",
    Unit.HOURS: "h",
    Unit.DAYS: "d",
    Unit.BYTES: "decbytes",
    Unit.MEGABYTES: "decmbytes",
    Unit.GIGABYTES: "decgbytes",
    Unit.COUNT: "short",
    Unit.RESTARTS: "short",
    Unit.MESSAGES: "short",
    Unit.CONNECTIONS: "short",
    Unit.PER_SECOND: "reqps",
    Unit.PER_MINUTE: "reqpm",
    Unit.SCORE: "short",
    Unit.USD: "currencyUSD",
}
# The endings of column names that say what the column counts.
_COLUMN_UNITS = {
    "_ms": "ms",
    "_percent": "percent",
    "_mib": "mbytes",
    "gigabytes": "decgbytes",
    # A day of Korea, which the query has moved to midnight UTC; the time of day would be nonsense.
    "day": "time:YYYY-MM-DD",
}
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
_BUDGET = "budget_left_percent"
# No share of the budget is "the" bad one, so the colour runs from none left to all left.
_BUDGET_COLOUR = {"mode": "continuous-RdYlGr"}


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
        return _table(definition, {**common, "links": ways}, lang)
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


def unit_of(panel: Panel, signal: Signal | GraphQuery) -> str:
    if signal.unit is None or isinstance(signal, GraphQuery):
        return UNITS[signal.unit or Unit.COUNT]
    unit = panel.unit or signal.unit
    if (unit.dimension, unit.factor) != (signal.unit.dimension, signal.unit.factor):
        raise ValueError(
            f"panel '{panel.title.en}': signal '{signal.name}' comes in {signal.unit.name.lower()} and cannot be "
            f"labelled {unit.name.lower()}"
        )
    return UNITS[unit]


def _thresholds(steps: Iterable[Step]) -> list[core.Threshold]:
    """grafanalib writes the first value, the one below all others, as the text "null"; grafana.py mends it."""
    return [
        core.Threshold(colour, index, 0.0 if value is None else float(value))
        for index, (value, colour) in enumerate(steps)
    ]


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
        lineWidth=2,
        fillOpacity=10,
        stacking={"group": "A", "mode": "none"},
        legendDisplayMode="table" if split else "list",
        legendCalcs=["lastNotNull", "max"] if split else [],
        tooltipMode="multi",
        tooltipSort="desc",
        thresholds=_thresholds(drawn(marks)),
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
        thresholds=_thresholds(bands(marks)),
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
        thresholds=_thresholds(bands(marks)),
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
        color=_BUDGET_COLOUR,
        graphMode="none",
        reduceCalc="lastNotNull",
        noValue=None,
        decimals=1,
        thresholds=_thresholds(bands(())),
        transformations=[{"id": "filterFieldsByName", "options": {"include": {"names": ["service", _BUDGET]}}}],
        extraJson={
            "fieldConfig": {"defaults": {"min": 0, "max": 100}},
            "options": _stat_options(panel),
        },
        **common,
    )


def _table(panel: Panel, common: Json, lang: Lang) -> core.Table:
    if isinstance(panel.shows, Slo):
        unit, overrides = "", [_override(name, **_slo_column(name, lang)) for name in kql.SLO_COLUMNS]
    elif isinstance(panel.shows, Query | GraphQuery):
        unit, overrides = UNITS[panel.unit] if panel.unit else "", list(_column_units(panel.shows.columns))
        if grafana_links.OPERATION_COLUMN in panel.shows.columns:
            overrides.append(_override(grafana_links.OPERATION_COLUMN, **grafana_links.to_trace(lang)))
    else:
        assert isinstance(panel.shows, Signal)  # an operation is a trace
        unit, overrides = unit_of(panel, panel.shows), []
    return core.Table(
        unit=unit,
        overrides=overrides,
        thresholds=_thresholds(bands(())),
        extraJson={
            "fieldConfig": {
                "defaults": {"color": {"mode": "thresholds"}, "custom": {"inspect": True}},
            },
            "options": {"frameIndex": 0, "cellHeight": "sm"},
        },
        **common,
    )


def _override(column: str, **properties: Any) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def _column_units(columns: Iterable[str]) -> Iterable[Json]:
    for column in columns:
        unit = next((unit for ending, unit in _COLUMN_UNITS.items() if column.endswith(ending)), None)
        if unit is not None:
            yield _override(column, unit=unit)


def _slo_column(name: str, lang: Lang) -> Json:
    properties: Json = {"displayName": grafana_words.SLO_COLUMNS[name].get(lang)}
    if name == _BUDGET:
        properties |= {"unit": "percent", "decimals": 1, "min": 0, "max": 100, "color": _BUDGET_COLOUR}
        properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    elif name.endswith("_percent"):
        # Objectives differ in the second and third digit after the point: 99.9 and 99.95 %.
        properties |= {"unit": "percent", "decimals": 3}
    return properties
