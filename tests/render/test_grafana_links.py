"""Ways out of panels, events over charts, and panels that are read rather than drawn."""

from dataclasses import replace
from typing import Any

import pytest

from observability.model.dashboard import Bound, Dashboard, Goal, Input, Kind, Mark, Note, Panel, Row, Trace
from observability.model.errors import DefinitionError
from observability.model.query import GraphQuery, Kql, Query
from observability.model.signal import PlatformMetric, Signal
from observability.model.source import Section
from observability.model.system import ResourceName
from observability.model.text import Lang, Text
from observability.model.units import Quantity, Unit
from observability.render import grafana

SECTION = Section("8.2.2")
AZURE = {"type": "grafana-azure-monitor-datasource", "uid": "${ds_azure}"}
RESOURCES = {
    key: ResourceName(key=key, name=f"{key}-tripgen", type=kind, source=SECTION)
    for key, kind in (
        ("resource_group", "Microsoft.Resources/resourceGroups"),
        ("workspace", "Microsoft.OperationalInsights/workspaces"),
        ("cache", "Microsoft.Cache/redis"),
        ("component", "Microsoft.Insights/components"),
    )
}
GROUP = "/subscriptions/${subscription}/resourceGroups/${resource_group}/providers"


def words(text: str) -> Text:
    return Text(ko=f"{text} (한)", en=text)


LOAD = Signal(
    name="load",
    title=words("Load"),
    unit=Unit.PERCENT,
    help=words("How much."),
    source=SECTION,
    metric=PlatformMetric(resource="cache", metric="serverLoad", aggregation="Maximum"),
)
ROWS = Signal(
    name="rows",
    title=words("Rows"),
    unit=Unit.COUNT,
    help=words("How many."),
    source=SECTION,
    kql=Kql(rows="Rows", summarize="value = max(n)"),
)
STEPS = Query(
    id="steps",
    title=words("Steps"),
    text="Rows | where Id == wanted",
    params={"wanted": ""},
    columns={"operation_id": "string", "duration_ms": "real"},
)
CHANGES = Query(
    id="changes",
    title=words("Changes"),
    text="Rows | take most",
    params={"most": 9},
    columns={"TimeGenerated": "datetime", "text": "string", "tags": "string"},
)
MARK = Mark(title=words("Changes"), shows=CHANGES, colour="blue")
BOX = Input(name="wanted_id", title=words("Id"))


def board(*panels: Panel | Note, ident: str = "tripgen-small", inputs: tuple[Input, ...] = ()) -> Dashboard:
    row = Row(title=words("Row"), panels=panels)
    return Dashboard(
        id=ident, title=words("Small"), description=words("A small one."), rows=(row,), source=SECTION, inputs=inputs
    )


def made(definition: Dashboard, lang: Lang = "en", **more: Any) -> dict[str, Any]:
    return grafana.dashboard(definition, {}, RESOURCES, lang, **more)


def only(definition: Dashboard, lang: Lang = "en") -> dict[str, Any]:
    found: dict[str, Any] = made(definition, lang)["panels"][1]
    return found


def urls(panel: dict[str, Any]) -> list[str]:
    links = panel.get("links", []) + panel.get("fieldConfig", {}).get("defaults", {}).get("links", [])
    return [link["url"] for link in links]


def test_a_platform_metric_leads_to_its_resource_and_a_log_to_the_workspace() -> None:
    portal = "https://portal.azure.com/#resource"

    assert urls(only(board(Panel(title=words("T"), shows=LOAD)))) == [
        f"{portal}{GROUP}/Microsoft.Cache/redis/${{cache}}/metrics"
    ]
    for shown in (ROWS, STEPS):
        assert urls(only(board(Panel(title=words("T"), shows=shown, kind=Kind.TABLE)))) == [
            f"{portal}{GROUP}/Microsoft.OperationalInsights/workspaces/${{workspace}}/logs"
        ]


def test_the_front_page_has_all_dashboards_in_a_row_and_the_others_a_way_back_to_it() -> None:
    front = made(board(ident="tripgen-overview"))["links"]
    other = made(board())["links"]

    assert [(link["type"], link["asDropdown"], link["tags"]) for link in front] == [("dashboards", False, ["tripgen"])]
    assert [(link["title"], link["url"], link["asDropdown"]) for link in other] == [
        ("Overview", "/d/tripgen-overview", False),
        ("Other dashboards", "", True),
    ]
    assert all(link["keepTime"] and link["includeVars"] for link in front + other)


def test_the_cells_of_an_operation_id_lead_to_its_trace_with_what_is_chosen_and_the_time() -> None:
    shown = only(board(Panel(title=words("T"), shows=STEPS, kind=Kind.TABLE)))
    (found,) = [o for o in shown["fieldConfig"]["overrides"] if o["matcher"]["options"] == "operation_id"]

    assert found["properties"] == [
        {
            "id": "links",
            "value": [
                {
                    "title": "See the trace of this operation",
                    "url": "/d/tripgen-trace?var-operationId=${__value.raw}&${ds_azure:queryparam}"
                    "&${subscription:queryparam}&${resource_group:queryparam}&${__url_time_range}",
                    "targetBlank": True,
                }
            ],
        }
    ]


def test_a_text_box_fills_the_parameter_of_a_query() -> None:
    panel = Panel(title=words("T"), shows=STEPS, kind=Kind.TABLE, inputs={"wanted": BOX})
    shown = made(board(panel, inputs=(BOX,)), "ko")

    assert shown["panels"][1]["targets"][0]["azureLogAnalytics"]["query"] == (
        'let wanted = "${wanted_id}";\nRows | where Id == wanted'
    )
    box = shown["templating"]["list"][-1]
    assert (box["name"], box["label"], box["type"], box["query"]) == ("wanted_id", "Id (한)", "textbox", "")


def test_an_operation_is_a_trace_of_the_component_by_the_id_in_its_box() -> None:
    panel = Panel(title=words("T"), shows=Trace(resource="component", operation=BOX), kind=Kind.TRACE, width=24)
    shown = made(board(panel, inputs=(BOX,)))

    assert shown["panels"][1]["type"] == "traces"
    assert shown["panels"][1]["targets"] == [
        {
            "refId": "A",
            "datasource": AZURE,
            "queryType": "Azure Traces",
            "azureTraces": {
                "resources": [f"{GROUP}/Microsoft.Insights/components/${{component}}"],
                "resultFormat": "trace",
                "operationId": "${wanted_id}",
                "traceTypes": [],
                "filters": [],
            },
        }
    ]
    assert "component" in [variable["name"] for variable in shown["templating"]["list"]]


def test_log_lines_are_asked_for_as_logs() -> None:
    shown = only(board(Panel(title=words("T"), shows=STEPS, kind=Kind.LOGS)))

    assert (shown["type"], shown["targets"][0]["azureLogAnalytics"]["resultFormat"]) == ("logs", "logs")
    assert shown["options"]["sortOrder"] == "Ascending"


def test_a_question_to_resource_graph_goes_to_the_subscription_that_is_chosen() -> None:
    query = GraphQuery(
        id="open", title=words("Open"), text="resources | summarize value = count()", columns={"value": "long"},
        unit=Unit.COUNT, source=SECTION,
    )  # fmt: skip
    none = Goal(title=words("None"), value=Quantity(1, Unit.COUNT), bound=Bound.BELOW, source=SECTION)
    shown = only(board(Panel(title=words("T"), shows=query, kind=Kind.STAT, goals=(none,))))

    assert shown["targets"] == [
        {
            "refId": "A",
            "datasource": AZURE,
            "queryType": "Azure Resource Graph",
            "subscriptions": ["${subscription}"],
            "azureResourceGraph": {"query": "resources | summarize value = count()", "resultFormat": "table"},
        }
    ]
    steps = shown["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], step["color"]) for step in steps] == [(None, "green"), (1, "orange")]
    assert shown["options"]["reduceOptions"]["values"] is True


def test_a_note_is_text_in_the_language_asked_for() -> None:
    note = Note(title=words("Not here"), text=words("**Look** elsewhere."), width=12, height=4)

    assert only(board(note), "ko") == {
        "id": 2,
        "type": "text",
        "title": "Not here (한)",
        "gridPos": {"h": 4, "w": 12, "x": 0, "y": 1},
        "options": {"mode": "markdown", "content": "**Look** elsewhere. (한)"},
    }


def test_events_are_drawn_over_every_dashboard_which_then_knows_the_workspace() -> None:
    shown = made(board(), marks=(MARK,))

    assert shown["annotations"]["list"] == [
        {
            "name": "Changes",
            "datasource": AZURE,
            "enable": True,
            "hide": False,
            "iconColor": "blue",
            "target": {
                "refId": "A",
                "datasource": AZURE,
                "queryType": "Azure Log Analytics",
                "azureLogAnalytics": {
                    "query": "let most = 9;\nRows | take most",
                    "resources": [f"{GROUP}/Microsoft.OperationalInsights/workspaces/${{workspace}}"],
                    "resultFormat": "table",
                    "dashboardTime": True,
                    "timeColumn": "TimeGenerated",
                    "basicLogsQuery": False,
                },
            },
        }
    ]
    names = [variable["name"] for variable in shown["templating"]["list"]]
    assert names == ["ds_azure", "subscription", "resource_group", "workspace"]


def test_events_from_an_unknown_workspace_name_the_mark_s_file() -> None:
    lost = {key: value for key, value in RESOURCES.items() if key != "workspace"}

    with pytest.raises(DefinitionError) as caught:
        grafana.dashboard(board(), {}, lost, "en", marks=(replace(MARK, colour="red"),))
    assert "mark 'Changes': reads unknown resource 'workspace'" in str(caught.value.problems[0])
