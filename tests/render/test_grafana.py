"""Grafana's model from small definitions made up for the test."""

from dataclasses import replace
from typing import Any

import pytest

from observability.model.alert import Alert, Category, Severity, Slo
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.errors import DefinitionError
from observability.model.query import Kql, Query
from observability.model.signal import Engine, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.model.units import Quantity, Unit, days, hours, milliseconds, minutes, percent, seconds_of
from observability.render import grafana, grafana_lines
from observability.render.grafana_lines import Line

SECTION = Section("8.1.2")
AZURE = {"type": "grafana-azure-monitor-datasource", "uid": "${ds_azure}"}
PROMETHEUS = {"type": "prometheus", "uid": "${ds_prometheus}"}
RESOURCES = {
    key: ResourceName(key=key, name=name, type=kind, source=SECTION)
    for key, name, kind in (
        ("resource_group", "rg-tripgen-prod", "Microsoft.Resources/resourceGroups"),
        ("workspace", "law-tripgen-prod", "Microsoft.OperationalInsights/workspaces"),
        ("broker", "messages", "Microsoft.ServiceBus/namespaces"),
    )
}
WORKSPACE = (
    "/subscriptions/${subscription}/resourceGroups/${resource_group}"
    "/providers/Microsoft.OperationalInsights/workspaces/${workspace}"
)


def way(title: str, url: str, icon: str) -> dict[str, Any]:
    """A link out of a panel, as Grafana has it."""
    return {
        "asDropdown": False,
        "icon": icon,
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "title": title,
        "tooltip": "",
        "type": "link",
        "url": url,
    }


PORTAL = way("See it in the Azure portal", f"https://portal.azure.com/#resource{WORKSPACE}/logs", "external link")
SLOW = way("Runbook: slow", "${runbooks}/slow.md", "doc")


def words(text: str) -> Text:
    return Text(ko=f"{text} (한)", en=text)


LATENCY = Signal(
    name="latency",
    title=words("Latency"),
    unit=Unit.MILLISECONDS,
    help=words("How long."),
    source=SECTION,
    kql=Kql(
        rows="Rows | where Kind == kind",
        summarize="value = avg(Took)",
        by={"service": "Role"},
        params={"kind": 'a "b"'},
    ),
)
AVAILABLE = Signal(
    name="available",
    title=words("Available"),
    unit=Unit.PERCENT,
    help=words("How much."),
    source=SECTION,
    kql=Kql(rows="Rows", summarize="value = avg(Up)"),
)
DEPTH = Signal(
    name="depth",
    title=words("Depth"),
    unit=Unit.MESSAGES,
    help=words("How many."),
    source=SECTION,
    metric=PlatformMetric(
        resource="broker", metric="Active", aggregation="Maximum", by={"entity": "EntityName"}, only={"State": "on"}
    ),
    promql=PromQL(expr="max by (entity) (max_over_time(depth[$window]))", by=("entity",)),
)
POOL = Signal(
    name="pool",
    title=words("Pool"),
    unit=Unit.RATIO,
    help=words("How full."),
    source=SECTION,
    promql=PromQL(expr="avg(rate(pool[$window]))"),
)


def alert(ident: str, watches: Signal, engine: Engine, **more: Any) -> Alert:
    return Alert(
        id=ident,
        title=words(ident),
        watches=watches,
        engine=engine,
        window=more.pop("window", minutes(5)),
        severity=Severity.TWO,
        category=Category.CRITICAL,
        actions=(),
        meaning=words("m"),
        impact=words("i"),
        because=words("b"),
        first_steps=(),
        source=SECTION,
        **more,
    )


ALERTS = {
    found.id: found
    for found in (
        alert("slow", LATENCY, Engine.LOG, above=seconds_of(2), window=minutes(10)),
        alert("down", AVAILABLE, Engine.LOG, below=percent(99.9)),
        alert("full", POOL, Engine.PROMETHEUS, above=percent(80), window=minutes(2)),
    )
}


def panel(shows: Signal | Query | Slo, **more: Any) -> Panel:
    return Panel(title=words("Title"), shows=shows, **more)


def of(*panels: Panel) -> Dashboard:
    return Dashboard(
        id="tripgen-small",
        title=words("Small"),
        description=words("A small one."),
        rows=(Row(title=words("Row"), panels=panels),),
        source=SECTION,
        last="3h",
        refresh="2m",
    )


def drawn(definition: Panel, lang: Lang = "en") -> dict[str, Any]:
    found: dict[str, Any] = grafana.dashboard(of(definition), ALERTS, RESOURCES, lang)["panels"][1]
    return found


def steps(definition: Panel) -> list[tuple[float | None, str]]:
    return [(s["value"], s["color"]) for s in drawn(definition)["fieldConfig"]["defaults"]["thresholds"]["steps"]]


def goal(value: Quantity, bound: Bound = Bound.BELOW) -> Goal:
    return Goal(title=words("Goal"), value=value, bound=bound, source=Section("14"))


def test_a_dashboard_is_todays_model_without_an_id() -> None:
    assert grafana.dashboard(of(), ALERTS, RESOURCES, "ko") == {
        "uid": "tripgen-small",
        "title": "Small (한)",
        "description": "A small one. (한)",
        "tags": ["tripgen", "small"],
        "timezone": "Asia/Seoul",
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "2m",
        "schemaVersion": 41,
        "links": [
            {
                "asDropdown": False,
                "icon": "dashboard",
                "includeVars": True,
                "keepTime": True,
                "tags": [],
                "targetBlank": False,
                "title": "한눈에 보기",
                "tooltip": "",
                "type": "link",
                "url": "/d/tripgen-overview",
            },
            {
                "asDropdown": True,
                "icon": "external link",
                "includeVars": True,
                "keepTime": True,
                "tags": ["tripgen"],
                "targetBlank": False,
                "title": "다른 대시보드",
                "tooltip": "",
                "type": "dashboards",
                "url": "",
            },
        ],
        "annotations": {"list": []},
        "templating": {"list": []},
        "panels": [
            {
                "id": 1,
                "type": "row",
                "title": "Row (한)",
                "gridPos": {"h": 1, "w": 24, "x": 0, "y": 0},
                "collapsed": False,
                "panels": [],
            }
        ],
    }


def test_a_log_timeseries_bins_by_the_interval_and_names_its_series_by_label() -> None:
    assert drawn(panel(LATENCY, line_of=("slow",), goals=(goal(milliseconds(200)),))) == {
        "id": 2,
        "type": "timeseries",
        "title": "Title",
        "description": "How long.\n\nAlert line: above 2 s, over 10 minutes (slow, tests/render/test_grafana.py, "
        "design document 8.1.2)\n\nGoal: to stay below 200 ms (design document 14)",
        "gridPos": {"h": 8, "w": 8, "x": 0, "y": 1},
        "datasource": AZURE,
        "targets": [
            {
                "refId": "A",
                "datasource": AZURE,
                "queryType": "Azure Log Analytics",
                "azureLogAnalytics": {
                    "query": "let bin_size = $__interval;\n"
                    'let kind = "a \\"b\\"";\n'
                    "Rows | where Kind == kind\n"
                    "| summarize value = avg(Took) by service = Role, TimeGenerated = bin(TimeGenerated, bin_size)\n"
                    "| project TimeGenerated, service, value\n"
                    "| order by TimeGenerated asc, service asc",
                    "resources": [WORKSPACE],
                    "resultFormat": "time_series",
                    "dashboardTime": True,
                    "timeColumn": "TimeGenerated",
                    "basicLogsQuery": False,
                },
            }
        ],
        "interval": "10m",
        "fieldConfig": {
            "defaults": {
                "displayName": "${__field.labels.service}",
                "unit": "ms",
                "color": {"mode": "palette-classic"},
                "thresholds": {
                    "mode": "absolute",
                    "steps": [
                        {"value": None, "color": "transparent"},
                        {"value": 200, "color": "green"},
                        {"value": 2000, "color": "red"},
                    ],
                },
                "links": [SLOW, PORTAL],
                "custom": {
                    "drawStyle": "line",
                    "lineInterpolation": "linear",
                    "lineWidth": 2,
                    "fillOpacity": 10,
                    "gradientMode": "none",
                    "spanNulls": False,
                    "showPoints": "auto",
                    "pointSize": 5,
                    "stacking": {"group": "A", "mode": "none"},
                    "scaleDistribution": {"type": "linear"},
                    "barAlignment": 0,
                    "axisPlacement": "auto",
                    "axisLabel": "",
                    "axisSoftMin": 0,
                    "axisSoftMax": 2500,
                    "hideFrom": {"tooltip": False, "viz": False, "legend": False},
                    "thresholdsStyle": {"mode": "dashed"},
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["lastNotNull", "max"],
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def test_a_log_stat_shows_one_number_for_each_row_of_the_whole_range() -> None:
    shown = drawn(panel(LATENCY, kind=Kind.STAT, line_of=("slow",), last="15m"))

    assert shown["targets"][0]["azureLogAnalytics"] == {
        "query": 'let kind = "a \\"b\\"";\n'
        "Rows | where Kind == kind\n"
        "| summarize value = avg(Took) by service = Role\n"
        "| project service, value",
        "resources": [WORKSPACE],
        "resultFormat": "table",
        "dashboardTime": True,
        "timeColumn": "TimeGenerated",
        "basicLogsQuery": False,
    }
    assert (shown["timeFrom"], "interval" in shown) == ("15m", False)
    assert shown["fieldConfig"] == {
        "defaults": {
            "unit": "ms",
            "color": {"mode": "thresholds"},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": None, "color": "green"}, {"value": 2000, "color": "red"}],
            },
            "links": [SLOW, PORTAL],
        },
        "overrides": [],
    }
    assert shown["options"] == {
        "textMode": "auto",
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": True},
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }


def test_a_platform_metric_names_its_resource_by_variable_and_its_series_by_dimension() -> None:
    assert drawn(panel(DEPTH))["targets"] == [
        {
            "refId": "A",
            "datasource": AZURE,
            "queryType": "Azure Monitor",
            "subscription": "${subscription}",
            "azureMonitor": {
                "resources": [
                    {
                        "subscription": "${subscription}",
                        "resourceGroup": "${resource_group}",
                        "resourceName": "${broker}",
                        "metricNamespace": "microsoft.servicebus/namespaces",
                    }
                ],
                "metricNamespace": "microsoft.servicebus/namespaces",
                "metricName": "Active",
                "aggregation": "Maximum",
                "timeGrain": "auto",
                "dimensionFilters": [
                    {"dimension": "EntityName", "operator": "eq", "filters": []},
                    {"dimension": "State", "operator": "eq", "filters": ["on"]},
                ],
                "alias": "{{ EntityName }}",
                "top": "100",
            },
        }
    ]


def test_a_platform_metric_without_a_split_is_named_by_its_signal() -> None:
    whole = replace(DEPTH, metric=PlatformMetric(resource="broker", metric="Active", aggregation="Total"))

    query = drawn(panel(whole), "ko")["targets"][0]["azureMonitor"]

    assert (query["alias"], query["dimensionFilters"], "top" in query) == ("Depth (한)", [], False)


def test_the_panels_engine_wins_over_the_signals_first() -> None:
    assert drawn(panel(DEPTH, engine=Engine.PROMETHEUS))["targets"] == [
        {
            "refId": "A",
            "datasource": PROMETHEUS,
            "expr": "max by (entity) (max_over_time(depth[$__rate_interval]))",
            "legendFormat": "{{entity}}",
            "format": "time_series",
            "instant": False,
            "range": True,
            "editorMode": "code",
        }
    ]


def test_a_prometheus_stat_asks_once_over_the_span_of_the_recording_rules() -> None:
    shown = drawn(panel(POOL, kind=Kind.STAT))

    assert shown["interval"] == "5m"
    assert shown["targets"] == [
        {
            "refId": "A",
            "datasource": PROMETHEUS,
            "expr": "avg(rate(pool[$__rate_interval]))",
            "legendFormat": "Pool",
            "format": "time_series",
            "instant": True,
            "range": False,
            "editorMode": "code",
        }
    ]
    assert shown["options"]["reduceOptions"] == {"calcs": ["lastNotNull"], "fields": "", "values": False}


def test_beside_an_alerts_line_prometheus_evaluates_the_alerts_own_window() -> None:
    assert drawn(panel(POOL, line_of=("full",)))["targets"][0]["expr"] == "avg(rate(pool[2m]))"


def test_a_step_is_the_least_time_between_points() -> None:
    assert drawn(panel(LATENCY))["interval"] == "1m"
    assert drawn(panel(LATENCY, step=hours(1)))["interval"] == "1h"


def test_a_prometheus_table_asks_for_a_table() -> None:
    target = drawn(panel(POOL, kind=Kind.TABLE))["targets"][0]

    assert (target["format"], target["instant"], target["range"]) == ("table", True, False)


def test_a_gauge_runs_from_nothing_to_beyond_its_goal() -> None:
    shown = drawn(panel(LATENCY, kind=Kind.GAUGE, goals=(goal(seconds_of(1)),)))

    assert shown["fieldConfig"] == {
        "defaults": {
            "unit": "ms",
            "min": 0,
            "max": 1250,
            "color": {"mode": "thresholds"},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"value": None, "color": "green"}, {"value": 1000, "color": "orange"}],
            },
            "links": [PORTAL],
        },
        "overrides": [],
    }
    assert shown["options"] == {
        "reduceOptions": {"values": True, "calcs": ["lastNotNull"], "fields": ""},
        "showThresholdLabels": True,
        "showThresholdMarkers": True,
        "sizing": "auto",
        "minVizWidth": 75,
        "minVizHeight": 75,
        "orientation": "auto",
    }


def test_a_query_is_a_table_whose_columns_get_the_units_in_their_names() -> None:
    query = Query(
        id="slowest",
        title=words("Slowest"),
        text="Rows\n| take most",
        params={"most": 5},
        columns={
            "service": "string",
            "p95_ms": "real",
            "kept_percent": "real",
            "gigabytes": "real",
            "day": "datetime",
            "budget_usd": "real",
            "served_minutes": "real",
            "longest_seconds": "long",
        },
        look_for=words("Look here."),
    )

    shown = drawn(panel(query, kind=Kind.TABLE, last="7d"), "ko")

    assert shown["description"] == "Look here. (한)"
    assert shown["timeFrom"] == "7d"
    assert shown["targets"][0]["azureLogAnalytics"]["query"] == "let most = 5;\nRows\n| take most"
    assert shown["targets"][0]["azureLogAnalytics"]["resultFormat"] == "table"
    assert shown["fieldConfig"] == {
        "defaults": {
            "color": {"mode": "thresholds"},
            "thresholds": {"mode": "absolute", "steps": [{"value": None, "color": "text"}]},
            "custom": {"align": "auto", "inspect": True, "filterable": False},
        },
        "overrides": [
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}
            for name, unit in (
                ("p95_ms", "ms"),
                ("kept_percent", "percent"),
                ("gigabytes", "decgbytes"),
                ("day", "time:YYYY-MM-DD"),
                ("budget_usd", "currencyUSD"),
                ("served_minutes", "m"),
                ("longest_seconds", "s"),
            )
        ],
    }
    assert shown["options"] == {"showHeader": True, "sortBy": [], "frameIndex": 0, "cellHeight": "sm"}


EVENTS = Query(id="events", title=words("Events"), text="Rows | summarize good = 1, total = 2 by service = Role")
OBJECTIVE = Slo(
    id="slo-small",
    title=words("Small"),
    objective=0.9995,
    period=days(30),
    good=words("Small"),
    watches=EVENTS,
    source=Section("2.1"),
)


def test_an_objective_is_a_table_over_its_own_period_coloured_by_the_budget_left() -> None:
    shown = drawn(panel(OBJECTIVE, kind=Kind.TABLE), "ko")

    assert shown["timeFrom"] == "30d"
    assert shown["description"] == (
        "서비스별 달성률과 남은 오류 예산. 예산이 0% 아래면 목표를 지키지 못한 것입니다.\n\n"
        "목표: 30일 동안 99.95% 이상 (slo-small, tests/render/test_grafana.py, 설계서 2.1)"
    )
    assert shown["targets"][0]["azureLogAnalytics"]["query"].startswith("let objective = 0.9995;\nRows | summarize")
    assert {
        override["matcher"]["options"]: {p["id"]: p["value"] for p in override["properties"]}
        for override in shown["fieldConfig"]["overrides"]
    } == {
        "service": {"displayName": "서비스"},
        "sli_percent": {"displayName": "달성률", "unit": "percent", "decimals": 3},
        "objective_percent": {"displayName": "목표", "unit": "percent", "decimals": 3},
        "budget_left_percent": {
            "displayName": "남은 오류 예산",
            "unit": "percent",
            "decimals": 1,
            "min": 0,
            "max": 100,
            "color": {"mode": "continuous-RdYlGr"},
            "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        },
        "good": {"displayName": "충족"},
        "total": {"displayName": "전체"},
    }


def test_an_objective_as_a_stat_shows_the_budget_left_for_each_service() -> None:
    shown = drawn(panel(OBJECTIVE, kind=Kind.STAT))

    assert shown["timeFrom"] == "30d"
    assert shown["transformations"] == [
        {"id": "filterFieldsByName", "options": {"include": {"names": ["service", "budget_left_percent"]}}}
    ]
    assert shown["fieldConfig"]["defaults"] == {
        "unit": "percent",
        "decimals": 1,
        "min": 0,
        "max": 100,
        "color": {"mode": "continuous-RdYlGr"},
        "thresholds": {"mode": "absolute", "steps": [{"value": None, "color": "text"}]},
    }
    assert shown["options"]["reduceOptions"]["values"] is True


def test_where_an_alert_fires_below_its_limit_the_red_is_below_and_the_axis_is_near() -> None:
    shown = drawn(panel(AVAILABLE, line_of=("down",)), "ko")

    assert shown["description"] == (
        "How much. (한)\n\n알림선: 99.9% 미만, 5분 구간 (down, tests/render/test_grafana.py, 설계서 8.1.2)"
    )
    defaults = shown["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"] == [{"value": None, "color": "red"}, {"value": 99.9, "color": "transparent"}]
    assert defaults["displayName"] == "Available (한)"
    assert defaults["decimals"] == 2
    assert (defaults["custom"]["axisSoftMin"], defaults["custom"]["axisSoftMax"]) == (99.8, 100)
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed+area"}
    assert steps(panel(AVAILABLE, kind=Kind.STAT, line_of=("down",))) == [(None, "red"), (99.9, "green")]


def test_a_limit_in_percent_stands_as_a_ratio_on_a_ratios_axis() -> None:
    shown = drawn(panel(POOL, line_of=("full",)))

    assert steps(panel(POOL, line_of=("full",))) == [(None, "transparent"), (0.8, "red")]
    assert shown["fieldConfig"]["defaults"]["unit"] == "percentunit"
    assert "Alert line: above 80%, over 2 minutes" in shown["description"]


def test_goals_are_green_looser_ones_orange_and_settings_blue() -> None:
    floors = (goal(percent(80), Bound.ABOVE), goal(percent(95), Bound.ABOVE))

    assert steps(panel(POOL, goals=floors)) == [(None, "transparent"), (0.8, "orange"), (0.95, "green")]
    assert steps(panel(POOL, goals=(goal(percent(10), Bound.AROUND),))) == [(None, "transparent"), (0.1, "blue")]
    assert steps(panel(POOL, kind=Kind.STAT, goals=floors)) == [(None, "orange"), (0.8, "yellow"), (0.95, "green")]
    assert steps(panel(POOL, kind=Kind.STAT, goals=(goal(percent(10), Bound.AROUND),))) == [(None, "text")]


def test_an_alert_hides_a_goal_of_the_same_value() -> None:
    same = (goal(percent(80)), goal(percent(50)))

    assert steps(panel(POOL, line_of=("full",), goals=same)) == [(None, "transparent"), (0.5, "green"), (0.8, "red")]
    assert steps(panel(POOL, kind=Kind.STAT, line_of=("full",), goals=same)) == [
        (None, "green"),
        (0.5, "yellow"),
        (0.8, "red"),
    ]


def test_a_panel_without_lines_judges_nothing() -> None:
    assert steps(panel(POOL)) == [(None, "transparent")]
    assert drawn(panel(POOL))["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "off"}
    assert steps(panel(POOL, kind=Kind.STAT)) == [(None, "text")]


@pytest.mark.parametrize(
    ("unit", "marks", "expected"),
    [
        (Unit.COUNT, [], (0.0, None, None)),
        (Unit.COUNT, [Line(4, Bound.BELOW, False)], (0.0, 5.0, None)),
        (Unit.PERCENT, [], (0.0, 100.0, None)),
        (Unit.PERCENT, [Line(80, Bound.BELOW, True)], (0.0, 100.0, None)),
        (Unit.PERCENT, [Line(1, Bound.BELOW, True)], (0.0, 1.25, None)),
        (Unit.PERCENT, [Line(95, Bound.ABOVE, False)], (0.0, 100.0, None)),
        (Unit.PERCENT, [Line(99.95, Bound.ABOVE, True)], (99.9, 100.0, 2)),
        (Unit.RATIO, [Line(0.999, Bound.ABOVE, True)], (0.998, 1.0, 2)),
        (Unit.SCORE, [], (1.0, 5.0, None)),
    ],
)
def test_every_line_is_in_view_and_a_share_never_squeezed(
    unit: Unit, marks: list[Line], expected: tuple[float, float | None, int | None]
) -> None:
    assert grafana_lines.axis(unit, marks) == expected


def test_panels_fill_the_columns_from_the_left_and_take_a_new_line_where_they_are_full() -> None:
    row = Row(title=words("R"), panels=(panel(POOL, width=16, height=5), panel(POOL, width=8), panel(POOL, width=12)))
    two = Dashboard(id="x", title=words("X"), description=words("X"), rows=(row, row))

    assert [(p["id"], *p["gridPos"].values()) for p in grafana.dashboard(two, ALERTS, RESOURCES, "en")["panels"]] == [
        (1, 1, 24, 0, 0),
        (2, 5, 16, 0, 1),
        (3, 8, 8, 16, 1),
        (4, 8, 12, 0, 9),
        (5, 1, 24, 0, 17),
        (6, 5, 16, 0, 18),
        (7, 8, 8, 16, 18),
        (8, 8, 12, 0, 26),
    ]


def test_a_count_of_a_platform_metric_is_added_up_over_the_range_and_a_level_is_the_last_one() -> None:
    def counted(aggregation: str) -> list[str]:
        signal = replace(DEPTH, metric=PlatformMetric(resource="broker", metric="Active", aggregation=aggregation))
        found: list[str] = drawn(panel(signal, kind=Kind.STAT))["options"]["reduceOptions"]["calcs"]
        return found

    assert [counted(name) for name in ("Total", "Count", "Maximum", "Average")] == [
        ["sum"],
        ["sum"],
        ["lastNotNull"],
        ["lastNotNull"],
    ]


def test_a_big_number_fills_its_panel_with_the_colour_of_its_goal() -> None:
    assert drawn(panel(LATENCY, kind=Kind.STAT, big=True))["options"]["colorMode"] == "background"
    assert drawn(panel(LATENCY, kind=Kind.STAT))["options"]["colorMode"] == "value"


def test_stacked_bars_are_held_against_the_line_together() -> None:
    custom = drawn(panel(LATENCY, stacked=True, goals=(goal(seconds_of(1)),)))["fieldConfig"]["defaults"]["custom"]

    assert (custom["drawStyle"], custom["stacking"]) == ("bars", {"group": "A", "mode": "normal"})
    assert custom["thresholdsStyle"] == {"mode": "dashed"}


def test_a_query_that_may_be_empty_says_why_under_its_panel() -> None:
    query = Query(
        id="off", title=words("Off"), text="Rows", columns={"x": "long"}, look_for=words("Look."), caveat=words("Off.")
    )

    assert drawn(panel(query, kind=Kind.TABLE), "ko")["description"] == "Look. (한)\n\nOff. (한)"


def test_only_the_variables_that_targets_name_are_defined_each_after_those_it_needs() -> None:
    def names(*panels: Panel) -> list[str]:
        return [v["name"] for v in grafana.dashboard(of(*panels), ALERTS, RESOURCES, "en")["templating"]["list"]]

    assert names(panel(POOL)) == ["ds_prometheus"]
    assert names(panel(LATENCY)) == ["ds_azure", "subscription", "resource_group", "workspace"]
    # The runbook's address is asked for where a panel leads to one.
    assert names(panel(POOL, line_of=("full",))) == ["ds_prometheus", "runbooks"]
    assert names(panel(DEPTH), panel(POOL), panel(LATENCY), panel(DEPTH)) == [
        "ds_azure",
        "ds_prometheus",
        "subscription",
        "resource_group",
        "broker",
        "workspace",
    ]


def test_variables_are_choices_among_what_azure_has() -> None:
    choice = {"refresh": 1, "sort": 1, "hide": 0, "multi": False, "includeAll": False, "options": []}

    assert grafana.dashboard(of(panel(DEPTH)), ALERTS, RESOURCES, "ko")["templating"]["list"] == [
        {
            "name": "ds_azure",
            "label": "Azure Monitor 데이터 원본",
            "type": "datasource",
            "query": "grafana-azure-monitor-datasource",
            **choice,
        },
        {
            "name": "subscription",
            "label": "구독",
            "type": "query",
            "datasource": AZURE,
            "query": {"refId": "A", "queryType": "Azure Subscriptions"},
            **choice,
        },
        {
            "name": "resource_group",
            "label": "리소스 그룹",
            "type": "query",
            "datasource": AZURE,
            "query": {"refId": "A", "queryType": "Azure Resource Groups", "subscription": "${subscription}"},
            "regex": "/tripgen/",
            "current": {"selected": True, "text": "rg-tripgen-prod", "value": "rg-tripgen-prod"},
            **choice,
        },
        {
            "name": "broker",
            "label": "broker",
            "type": "query",
            "datasource": AZURE,
            "query": {
                "refId": "A",
                "queryType": "Azure Resource Names",
                "subscription": "${subscription}",
                "resourceGroup": "${resource_group}",
                "namespace": "microsoft.servicebus/namespaces",
            },
            "current": {"selected": True, "text": "messages", "value": "messages"},
            **choice,
        },
    ]


def test_a_counted_thing_has_its_counting_word_in_korean_and_its_singular_in_english() -> None:
    one = panel(DEPTH, goals=(goal(Quantity(1, Unit.MESSAGES)),))
    derived = replace(one.goals[0], source=Derived(words("why")))

    assert drawn(one, "ko")["description"].endswith("Goal (한): 1건 미만이어야 함 (설계서 14)")
    assert drawn(one, "en")["description"].endswith("Goal: to stay below 1 message (design document 14)")
    assert drawn(panel(DEPTH, goals=(derived,)))["description"].endswith("Goal: to stay below 1 message")


def test_every_unit_of_the_model_has_one_of_grafanas() -> None:
    from observability.render.grafana_units import UNITS

    assert set(UNITS) == set(Unit)


def test_the_same_definition_gives_the_same_dashboard_each_time() -> None:
    small = of(panel(LATENCY, line_of=("slow",)), panel(DEPTH), panel(POOL, kind=Kind.GAUGE))

    assert grafana.dashboard(small, ALERTS, RESOURCES, "ko") == grafana.dashboard(small, ALERTS, RESOURCES, "ko")


def test_the_line_of_an_unknown_alert_names_the_panels_file_and_the_known_ones() -> None:
    with pytest.raises(DefinitionError) as caught:
        drawn(panel(POOL, line_of=("fulll",)))

    (problem,) = caught.value.problems
    assert problem.where.startswith("tests/render/test_grafana.py:")
    assert str(problem).endswith(
        "panel 'Title': draws the line of unknown alert 'fulll'; there are 'down', 'full', 'slow'"
    )


def test_an_unknown_resource_names_the_known_ones() -> None:
    lost = replace(DEPTH, metric=PlatformMetric(resource="brok", metric="Active", aggregation="Total"))

    with pytest.raises(
        DefinitionError, match="reads unknown resource 'brok'; there are 'broker', 'resource_group', 'w"
    ):
        drawn(panel(lost))


def test_an_engine_that_the_signal_cannot_be_read_on_is_refused() -> None:
    with pytest.raises(DefinitionError, match="signal 'pool' cannot be read on 'log'"):
        drawn(panel(POOL, engine=Engine.LOG))


def test_a_measure_by_the_length_of_a_bin_is_refused_where_there_are_no_bins() -> None:
    rate = replace(
        LATENCY,
        name="rate",
        kql=Kql(rows="Rows", summarize="n = count()", result="| extend value = n / (bin_size / 1s)"),
    )

    assert "bin_size" in drawn(panel(rate))["targets"][0]["azureLogAnalytics"]["query"]
    with pytest.raises(ValueError, match="signal 'rate' divides by the length of a time bin"):
        drawn(panel(rate, kind=Kind.STAT))


@pytest.mark.parametrize(
    ("unfit", "words_of_the_error"),
    [
        (panel(EVENTS), "query 'test-grafana/events' can only be shown as a table"),
        (panel(replace(EVENTS, runnable=False), kind=Kind.TABLE), "does not run"),
        (panel(OBJECTIVE), "objective 'slo-small' can be shown as a table or a stat"),
        (panel(DEPTH, kind=Kind.TABLE), "platform metrics are always a time series"),
        (panel(LATENCY, unit=Unit.SECONDS), "signal 'latency' comes in milliseconds and cannot be labelled seconds"),
        (panel(POOL, goals=(goal(seconds_of(1)),)), "seconds cannot be given in ratio"),
    ],
)
def test_a_panel_that_cannot_be_drawn_says_why(unfit: Panel, words_of_the_error: str) -> None:
    with pytest.raises(ValueError, match=words_of_the_error):
        drawn(unfit)
