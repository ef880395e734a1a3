"""The dashboards as Grafana gets them, in both languages: nothing that a viewer would trip over."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from observability import catalog
from observability.artefacts.made import encode
from observability.design.document import SECTIONS
from observability.design.telemetry import RESOURCES
from observability.model.dashboard import Dashboard, Kind, Panel
from observability.model.place import ROOT
from observability.model.query import GraphQuery
from observability.model.signal import Engine, Signal
from observability.model.source import sections_of
from observability.model.text import LANGS, Lang
from observability.render import grafana, kubernetes
from observability.render.grafana_targets import engine_of

CATALOGUE = catalog.load()
ALERTS = {alert.id: alert for alert in CATALOGUE.alerts}
DASHBOARDS = {found.id: found for found in CATALOGUE.dashboards}
RUNBOOKS = "https://runbooks.example.com"
RENDERED: dict[tuple[str, Lang], dict[str, Any]] = {
    (ident, lang): grafana.dashboard(found, ALERTS, RESOURCES, lang, marks=CATALOGUE.marks, runbooks=RUNBOOKS)
    for ident, found in DASHBOARDS.items()
    for lang in LANGS
}

PANEL_KEYS = {
    "id", "type", "title", "description", "links", "gridPos", "datasource", "targets", "interval", "timeFrom",
    "transformations", "fieldConfig", "options",
}  # fmt: skip
DEPRECATED = {
    "workspace", "resource", "intersectTime", "resourceUri", "metricDefinition", "dimension", "dimensionFilter",
    "timeGrainUnit", "resourceGroup",
}  # fmt: skip
BUILT_IN = {"__interval", "__rate_interval", "__value", "__url_time_range", "__field"}
# Neither draws numbers, so neither has a unit or colours.
READ = {"table", "logs", "traces"}


every_dashboard = pytest.mark.parametrize(
    "rendered", [pytest.param(body, id=f"{ident}-{lang}") for (ident, lang), body in RENDERED.items()]
)


def data_panels(rendered: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in rendered["panels"] if panel["type"] not in ("row", "text")]


def coloured(rendered: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in data_panels(rendered) if panel["type"] not in ("logs", "traces")]


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{path}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, f"{path}/*")


def pairs(definition: Dashboard, lang: Lang = "ko") -> Iterator[tuple[Panel, dict[str, Any]]]:
    """Each panel's definition beside what became of it."""
    yield from zip(definition.panels, data_panels(RENDERED[definition.id, lang]), strict=True)


def all_pairs() -> Iterator[tuple[Panel, dict[str, Any]]]:
    for definition in DASHBOARDS.values():
        yield from pairs(definition)


def values(panel: dict[str, Any]) -> list[float]:
    return [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]]


TRACE = "tripgen-trace"


def test_the_dashboards_are_there_and_of_a_size_that_can_be_taken_in() -> None:
    assert set(DASHBOARDS) >= {
        "tripgen-ai",
        "tripgen-aks",
        "tripgen-business",
        "tripgen-cost",
        "tripgen-data",
        "tripgen-delivery",
        "tripgen-edge",
        "tripgen-overview",
        "tripgen-recovery",
        "tripgen-security",
        "tripgen-services",
        TRACE,
        "tripgen-workspace",
    }
    assert all(8 <= len(found.panels) <= 21 for ident, found in DASHBOARDS.items() if ident != TRACE)


def test_each_begins_with_numbers_that_say_whether_it_is_fine() -> None:
    for ident, found in DASHBOARDS.items():
        if ident == TRACE:
            continue  # one operation is neither
        first = found.rows[0]
        assert first.title.en == "Is it fine?"
        assert {panel.kind for panel in first.panels} <= {Kind.STAT, Kind.GAUGE, Kind.TABLE}
        assert first.panels[0].kind is not Kind.TABLE


@every_dashboard
def test_ids_are_unique_and_the_dashboard_has_none(rendered: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in rendered["panels"]]

    assert ids == list(range(1, len(ids) + 1))
    assert "id" not in rendered
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", rendered["uid"])
    assert (rendered["schemaVersion"], rendered["timezone"], rendered["tags"][0]) == (41, "Asia/Seoul", "tripgen")


@every_dashboard
def test_no_two_panels_share_a_cell_of_the_24_columns(rendered: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in rendered["panels"]:
        pos = panel["gridPos"]
        assert pos["x"] >= 0 and pos["x"] + pos["w"] <= 24
        cells = {(x, y) for x in range(pos["x"], pos["x"] + pos["w"]) for y in range(pos["y"], pos["y"] + pos["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@every_dashboard
def test_every_panel_has_a_title_a_description_a_unit_a_data_source_and_targets(rendered: dict[str, Any]) -> None:
    for panel in data_panels(rendered):
        assert set(panel) <= PANEL_KEYS
        assert panel["title"] and panel["description"]
        if panel["type"] not in READ:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert target["datasource"] in (
                {"type": "grafana-azure-monitor-datasource", "uid": "${ds_azure}"},
                {"type": "prometheus", "uid": "${ds_prometheus}"},
            )


@every_dashboard
def test_only_the_colour_below_all_others_is_null(rendered: dict[str, Any]) -> None:
    nulls = {path for path, value in walk(rendered) if value is None}

    assert nulls <= {"/panels/*/fieldConfig/defaults/thresholds/steps/*/value"}
    for panel in coloured(rendered):
        first, *rest = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert first["value"] is None
        assert [step["value"] for step in rest] == sorted(set(values(panel)))


@every_dashboard
def test_no_azure_query_uses_a_key_that_the_data_source_has_deprecated(rendered: dict[str, Any]) -> None:
    for panel in data_panels(rendered):
        for target in panel["targets"]:
            for part in ("azureMonitor", "azureLogAnalytics"):
                if part in target:
                    assert not DEPRECATED & set(target[part])
                    assert target[part]["resources"]


@every_dashboard
def test_every_variable_that_is_named_is_defined_before_it_is_needed_and_none_is_idle(rendered: dict[str, Any]) -> None:
    def named(value: Any) -> set[str]:
        texts = [text for _, text in walk(value) if isinstance(text, str)]
        return {a or b for text in texts for a, b in re.findall(r"\$\{(\w+)\}|\$(\w+)", text)} - BUILT_IN

    defined: list[str] = []
    for variable in rendered["templating"]["list"]:
        assert named([variable["query"], variable.get("datasource")]) <= set(defined)
        defined.append(variable["name"])
    links = [text for path, text in walk(rendered) if path.endswith("/url")]
    used = named([[panel["targets"] for panel in data_panels(rendered)], rendered["annotations"], links])
    # `${name:queryparam}` in a link hands a choice on.
    used |= {name for link in links for name in re.findall(r"\$\{(\w+):queryparam\}", link)}
    assert used <= set(defined)
    assert set(defined) - used <= {"subscription", "resource_group"}


@every_dashboard
def test_no_target_names_a_resource_of_its_own(rendered: dict[str, Any]) -> None:
    names = {resource.name for resource in RESOURCES.values()}
    for panel in data_panels(rendered):
        for path, text in walk(panel["targets"]):
            if isinstance(text, str):
                assert not any(re.search(rf"\b{re.escape(name)}\b", text) for name in names), path
                assert not re.search(r"subscriptions/[0-9a-f-]{8}", text)


def test_logs_metrics_and_prometheus_are_all_asked() -> None:
    assert {engine_of(panel) for panel, _ in all_pairs()} == set(Engine)


def test_alerts_have_their_line_on_a_chart_of_what_they_watch() -> None:
    lined = {
        ident
        for panel, body in all_pairs()
        if panel.kind is Kind.TIMESERIES
        for ident in panel.line_of
        if panel.shows is ALERTS[ident].watches
        and any(step["color"] == "red" for step in body["fieldConfig"]["defaults"]["thresholds"]["steps"])
    }

    # Counts below a minimum that differs by service, and events: neither is a line on a chart.
    # A burn of several windows on logs has no chart either: its panels show the shares that burn, against their goals.
    burns = {
        "availability-budget-leaking", "api-latency-budget-burning", "api-latency-budget-leaking", "error-budget-burning",
    }  # fmt: skip
    # What is there only while it is missing is no line either, and a day against the cap is a gauge.
    others = {"pods-below-pdb", "daily-cap-reached", "secret-near-expiry", "metrics-missing", "daily-cap-near"}
    assert ALERTS.keys() - lined == {*others, *burns}


def test_every_alert_line_stands_at_the_alerts_limit_and_the_text_says_so() -> None:
    for panel, body in all_pairs():
        for ident in panel.line_of:
            alert = ALERTS[ident]
            assert isinstance(panel.shows, Signal) and alert.limit is not None
            limit = alert.limit.to(panel.shows.unit)
            assert limit in values(body)
            steps = body["fieldConfig"]["defaults"]["thresholds"]["steps"]
            at = next(i for i, step in enumerate(steps) if step["value"] == limit)
            red = steps[at] if alert.above is not None else steps[at - 1]
            assert red["color"] == "red", ident
            assert f"({ident}, {alert.place.file}, 설계서 " in body["description"]


def test_every_goal_stands_at_its_number_and_cites_a_section_that_exists() -> None:
    goals = [(goal, panel, body) for panel, body in all_pairs() for goal in panel.goals]

    assert len(goals) > 15
    for goal, panel, body in goals:
        assert isinstance(panel.shows, Signal | GraphQuery)
        if panel.kind is Kind.TIMESERIES:
            assert isinstance(panel.shows, Signal)
            assert goal.value.to(panel.shows.unit) in values(body)
        assert goal.title.ko in body["description"]
        sections = sections_of(goal.source)
        assert sections and all(section.number in SECTIONS for section in sections)


def test_both_goals_of_the_cache_are_on_its_chart() -> None:
    chart = next(
        body for panel, body in all_pairs() if panel.title.en == "Cache hit ratio" and panel.kind is Kind.TIMESERIES
    )

    assert values(chart) == [0.8, 0.95]


def test_an_objective_is_judged_over_its_whole_period() -> None:
    ranges = {
        body["timeFrom"]
        for panel, body in all_pairs()
        if not isinstance(panel.shows, Signal) and "objective" in str(body["targets"])
    }

    assert ranges == {"30d"}


def test_both_languages_ask_the_same_and_say_it_in_their_own_words() -> None:
    for ident, definition in DASHBOARDS.items():
        korean, english = RENDERED[ident, "ko"], RENDERED[ident, "en"]
        assert (korean["title"], english["title"]) == (definition.title.ko, definition.title.en)
        for ko, en in zip(data_panels(korean), data_panels(english), strict=True):
            assert ko["gridPos"] == en["gridPos"]
            assert re.search("[가-힣]", ko["description"]), ko["title"]
            assert not re.search("[가-힣]", en["description"] + en["title"] + str(en["targets"])), en["title"]
            for part in ("azureLogAnalytics", "azureResourceGraph", "azureTraces", "expr"):
                assert ko["targets"][0].get(part) == en["targets"][0].get(part)


@every_dashboard
def test_every_line_of_a_row_of_panels_is_filled_to_its_24_columns(rendered: dict[str, Any]) -> None:
    lines: dict[int, int] = {}
    for panel in rendered["panels"]:
        lines[panel["gridPos"]["y"]] = lines.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]
    assert set(lines.values()) == {24}


@every_dashboard
def test_panels_of_a_line_are_as_high_as_each_other_and_high_enough_to_be_read(rendered: dict[str, Any]) -> None:
    heights: dict[int, set[int]] = {}
    for panel in data_panels(rendered):
        heights.setdefault(panel["gridPos"]["y"], set()).add(panel["gridPos"]["h"])
        assert panel["gridPos"]["h"] >= (6 if panel["type"] == "timeseries" else 5), panel["title"]
    assert all(len(found) == 1 for found in heights.values())


@every_dashboard
def test_deployments_and_new_versions_are_drawn_over_every_dashboard(rendered: dict[str, Any]) -> None:
    found = rendered["annotations"]["list"]

    assert [mark["target"]["queryType"] for mark in found] == ["Azure Log Analytics"] * 2
    assert {mark["datasource"]["uid"] for mark in found} == {"${ds_azure}"}
    for mark, table in zip(found, ("AKSAudit", "AppRequests"), strict=True):
        assert table in mark["target"]["azureLogAnalytics"]["query"]


def test_every_red_line_leads_to_its_runbook() -> None:
    for panel, body in all_pairs():
        links = [link["url"] for link in body["fieldConfig"]["defaults"].get("links", [])] if panel.line_of else []
        assert [url for url in links if "${runbooks}" in url] == [
            f"${{runbooks}}/{ident}.md" for ident in panel.line_of
        ]


def test_the_address_of_the_runbooks_is_a_text_box_that_begins_with_an_example() -> None:
    for (ident, _), rendered in RENDERED.items():
        boxes = [v for v in rendered["templating"]["list"] if v["name"] == "runbooks"]
        assert bool(boxes) == any(panel.line_of for panel in DASHBOARDS[ident].panels)
        assert all(box["type"] == "textbox" and box["query"] == RUNBOOKS for box in boxes)


def test_the_links_to_a_trace_fill_the_text_box_that_the_trace_dashboard_has() -> None:
    linked = {
        name
        for rendered in RENDERED.values()
        for path, text in walk(rendered)
        if path.endswith("/url") and "/d/tripgen-trace" in text
        for name in re.findall(r"var-(\w+)=", text)
    }

    assert linked == {box.name for box in DASHBOARDS[TRACE].inputs} == {"operationId"}
    # Without any id the data source would draw all spans there are.
    assert all(box.at_first for box in DASHBOARDS[TRACE].inputs)
    leading = {ident for (ident, _), rendered in RENDERED.items() if "/d/tripgen-trace" in str(rendered)}
    assert leading >= {TRACE, "tripgen-services"}


def test_every_link_to_a_dashboard_leads_to_one_that_there_is() -> None:
    for rendered in RENDERED.values():
        for path, text in walk(rendered):
            if path.endswith("/url"):
                assert all(uid in DASHBOARDS for uid in re.findall(r"/d/([\w-]+)", text)), text


def test_the_front_page_is_large_coloured_and_without_jargon() -> None:
    front = RENDERED["tripgen-overview", "en"]
    numbers = [panel for panel in data_panels(front) if panel["type"] in ("stat", "gauge")]

    judged = [panel for panel in numbers if len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1]
    assert len(judged) >= 7
    painted = [panel for panel in judged if panel["type"] == "stat"]
    assert all(panel["options"]["colorMode"] == "background" for panel in painted)
    words = " ".join(panel["title"] for panel in data_panels(front))
    assert not re.search(r"\b(p95|p99|SLO|SLI|SLA|5xx|HPA|latency|ingestion|API)\b", words, re.IGNORECASE)


def test_the_front_page_says_no_number_where_nothing_was_measured() -> None:
    """A sum over no rows is 0, and 0 requests without an error would look like a good day."""
    for panel in DASHBOARDS["tripgen-overview"].panels:
        if panel.kind is Kind.STAT and isinstance(panel.shows, Signal) and panel.shows.kql is not None:
            assert re.search(r"\| where (total|checks) > 0", panel.shows.kql.result), panel.shows.name


def test_no_dashboard_is_too_large_for_a_configmap_or_for_kubectl_apply() -> None:
    bodies = {ident: encode(RENDERED[ident, "ko"]) for ident in DASHBOARDS}

    for configmap in yaml.safe_load_all(kubernetes.dashboard_configmaps(bodies, "monitoring", "tripgen")):
        (text,) = configmap["data"].values()
        assert len(text.encode()) <= kubernetes.LIMIT
        # `kubectl apply` keeps the whole object as JSON in an annotation, in ASCII.
        assert len(json.dumps(configmap)) <= kubernetes.APPLY_LIMIT, configmap["metadata"]["name"]


def test_the_page_about_the_dashboards_lists_each_of_them_once() -> None:
    page = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(tripgen-[a-z]+)` \|", page, re.MULTILINE)) == sorted(DASHBOARDS)
