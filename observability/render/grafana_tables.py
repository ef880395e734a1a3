"""Tables: a query's rows with the units that their columns' names say, and an objective's with its budget."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from observability.model.alert import Slo
from observability.model.dashboard import Panel
from observability.model.query import GraphQuery, Query
from observability.model.signal import Signal
from observability.model.text import Lang
from observability.render import grafana_links, grafana_words, kql
from observability.render.grafana_lines import bands
from observability.render.grafana_model import core
from observability.render.grafana_units import UNITS, thresholds, unit_of

Json = dict[str, Any]

BUDGET = "budget_left_percent"
# No share of the budget is "the" bad one, so the colour runs from none left to all left.
BUDGET_COLOUR = {"mode": "continuous-RdYlGr"}
# The endings of column names that say what the column counts.
_COLUMN_UNITS = {
    "_ms": "ms",
    "_percent": "percent",
    "_mib": "mbytes",
    "_s": "s",
    "_seconds": "s",
    "_minutes": "m",
    "_usd": "currencyUSD",
    "gigabytes": "decgbytes",
    # A day of Korea, which the query has moved to midnight UTC; the time of day would be nonsense.
    "day": "time:YYYY-MM-DD",
}


def table(panel: Panel, common: Json, lang: Lang) -> core.Table:
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
        thresholds=thresholds(bands(())),
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
    if name == BUDGET:
        properties |= {"unit": "percent", "decimals": 1, "min": 0, "max": 100, "color": BUDGET_COLOUR}
        properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    elif name.endswith("_percent"):
        # Objectives differ in the second and third digit after the point: 99.9 and 99.95 %.
        properties |= {"unit": "percent", "decimals": 3}
    return properties
