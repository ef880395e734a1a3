"""Section 8 of the design document, read from its own text, against what stands in generated/.

Nothing here looks at the definitions: a number that was changed in Python and not in the document fails.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
GENERATED = HERE.parents[1] / "generated"
DOCUMENT = (HERE / "section_8.md").read_text(encoding="utf-8")
OPERATIONS = (HERE / "section_10_2_1.md").read_text(encoding="utf-8")

# The document's names of the alerts and the files that carry them.
RULES = {
    "Service Unavailable": "service-unavailable",
    "High Error Rate": "high-error-rate",
    "AI Response Time Exceeded": "ai-response-time-exceeded",
    "Pod Crash Loop": "pod-crash-loop",
    "High CPU Usage": "high-cpu-usage",
    "High Memory Usage": "high-memory-usage",
    "Database Connection Pool Exhausted": "database-connection-pool-exhausted",
}
RECEIVERS = {
    "PagerDuty": "pagerduty",
    "Teams": "teams",
    "Teams notification": "teams",
    "SMS": "sms",
    "Slack": "slack",
    "Auto-scale": "auto-scale",
    "Auto-scale trigger": "auto-scale-trigger",
    "Scale database": "scale-database",
}


def block(heading: str, text: str = DOCUMENT) -> Any:
    """The YAML block under a heading of the document."""
    part = text.split(heading, 1)[1]
    match = re.search(r"```yaml\n(.*?)```", part, re.DOTALL)
    assert match is not None, heading
    return yaml.safe_load(match[1])


def load(path: str) -> Any:
    return json.loads((GENERATED / path).read_text(encoding="utf-8"))


def documented_alerts() -> list[dict[str, str]]:
    config = block("#### 8.1.2")["alerting_configuration"]
    return [{**alert, "list": kind} for kind, alerts in config.items() for alert in alerts]


ALERTS = documented_alerts()
by_name = pytest.mark.parametrize("alert", ALERTS, ids=[alert["name"] for alert in ALERTS])


def duration(text: str) -> str:
    """'5분' -> 'PT5M'."""
    number, unit = re.fullmatch(r"(\d+)(분|초)", text).groups()  # type: ignore[union-attr]
    return f"PT{number}{'M' if unit == '분' else 'S'}"


def limit_and_window(alert: dict[str, str]) -> tuple[str, float, str, str]:
    """(operator, number, unit, ISO window) as the document writes them."""
    match = re.fullmatch(r"\w+ ([<>]) ([\d.]+)(%|초)?(?: in (\d+분))?", alert["metric"])
    assert match is not None, alert["metric"]
    operator, number, unit, window = match.groups()
    return operator, float(number), unit or "", duration(window or alert["window"])


def rule(alert: dict[str, str]) -> dict[str, Any]:
    """The rule of the alert, from its own file."""
    (resource,) = load(f"alerts/{RULES[alert['name']]}.json")["resources"]
    assert isinstance(resource, dict)
    return resource


def read_rule(resource: dict[str, Any]) -> tuple[str, float, str, bool]:
    """(operator, threshold, ISO window, whether shares are counted in percent), from any of the three kinds of rule."""
    properties = resource["properties"]
    if resource["type"].endswith("prometheusRuleGroups"):
        (only,) = properties["rules"]
        expression, operator, number = re.fullmatch(r"(.*) ([<>]) ([\d.]+)", only["expression"]).groups()  # type: ignore[union-attr]
        (window,) = set(re.findall(r"\[(\w+)(?::\w+)?\]", expression))
        assert "for" not in only
        return operator, float(number), f"PT{window.upper()}", False
    (criterion,) = properties["criteria"]["allOf"]
    operator = {"GreaterThan": ">", "LessThan": "<"}[criterion["operator"]]
    return operator, float(criterion["threshold"]), properties["windowSize"], True


def test_the_document_names_seven_alerts_and_each_has_a_rule() -> None:
    assert [alert["name"] for alert in ALERTS] == list(RULES)
    assert {path.stem for path in (GENERATED / "alerts").glob("*.json")} >= set(RULES.values())


@by_name
def test_the_rule_has_the_documents_threshold_and_window(alert: dict[str, str]) -> None:
    operator, number, unit, window = limit_and_window(alert)
    found_operator, threshold, found_window, in_percent = read_rule(rule(alert))
    if unit == "%" and not in_percent:
        number /= 100
    assert (found_operator, threshold, found_window) == (operator, pytest.approx(number, rel=1e-12), window)


@by_name
def test_the_rule_tells_whom_the_document_names(alert: dict[str, str]) -> None:
    wanted = sorted(RECEIVERS[name] for name in alert["action"].split(" + "))
    reference = re.search(r"'(ag-[a-z-]+)'", json.dumps(rule(alert)["properties"]))
    assert reference is not None
    groups = {
        r["name"]: r["properties"] for r in load("azure/alerts.json")["resources"] if r["type"].endswith("actionGroups")
    }
    receivers = [
        item["name"] for kind, items in groups[reference[1]].items() if kind.endswith("Receivers") for item in items
    ]
    # Whoever is paged has to acknowledge, and what follows when nobody does is ours (finding R37).
    assert receivers.count("escalate") == receivers.count("pagerduty")
    assert sorted(name for name in receivers if name != "escalate") == wanted


def test_availability_needs_two_failed_checks_and_errors_a_hundred_requests() -> None:
    """Readings R4 and R5: without these a lost probe, or one request of a quiet night, would page."""
    for name, line in (("service-unavailable", "let min_failed = 2;"), ("high-error-rate", "let floor = 100;")):
        (resource,) = load(f"alerts/{name}.json")["resources"]
        query = resource["properties"]["criteria"]["allOf"][0]["query"]
        assert query.splitlines()[0] == line
        assert f">= {line.split()[1]}" in query


@by_name
def test_the_rule_carries_the_documents_list_and_a_severity_of_10_2_1(alert: dict[str, str]) -> None:
    text = json.dumps(rule(alert))
    category = alert["list"].removesuffix("_alerts")
    assert f'"category": "{category}"' in text
    severities = block("#### 10.2.1", OPERATIONS)["operational_procedures"]["incident_response"]
    severity = re.search(r'"severity": (\d)', text)
    assert severity is not None
    assert f"severity_{severity[1]}" in severities


def test_only_the_full_outage_is_severity_one() -> None:
    found = {alert["name"]: re.search(r'"severity": (\d)', json.dumps(rule(alert)))[1] for alert in ALERTS}  # type: ignore[index]
    assert found == {
        "Service Unavailable": "1",
        "High Error Rate": "2",
        "AI Response Time Exceeded": "2",
        "Pod Crash Loop": "2",
        "High CPU Usage": "3",
        "High Memory Usage": "3",
        "Database Connection Pool Exhausted": "2",
    }


def test_all_three_engines_are_used() -> None:
    kinds = {rule(alert)["type"].rsplit("/", 1)[1] for alert in ALERTS}
    assert kinds == {"scheduledQueryRules", "metricAlerts", "prometheusRuleGroups"}


def test_the_same_rules_stand_in_the_whole_template() -> None:
    whole = {r["name"]: r for r in load("azure/alerts.json")["resources"]}
    for alert in ALERTS:
        alone = rule(alert)
        assert {key: value for key, value in whole[alone["name"]].items() if key != "dependsOn"} == alone


CALLED = re.compile(
    r"\[listCallbackUrl\(resourceId\('Microsoft.Logic/workflows/triggers', '(la-tripgen-[a-z-]+)', 'alert'\), '2017-07-01'\)\.value\]"
)


def test_every_combination_of_actions_has_one_group_and_no_address_is_in_it() -> None:
    template = load("azure/alerts.json")
    workflows = {r["name"] for r in template["resources"] if r["type"] == "Microsoft.Logic/workflows"}
    groups = [r for r in template["resources"] if r["type"].endswith("actionGroups")]
    assert len(groups) == len({alert["action"] for alert in ALERTS}) == 7
    for group in groups:
        for kind, items in group["properties"].items():
            for receiver in items if kind.endswith("Receivers") else ():
                if kind == "logicAppReceivers":
                    called = CALLED.fullmatch(receiver["callbackUrl"])
                    assert called is not None, receiver
                    assert called[1] in workflows
                    continue
                address = receiver.get("serviceUri") or receiver["phoneNumber"]
                name = re.fullmatch(r"\[parameters\('(\w+)'\)\]", address)
                assert name is not None, address
                assert template["parameters"][name[1]]["type"] == "secureString"
                assert "defaultValue" not in template["parameters"][name[1]]


def test_text_messages_go_to_korea() -> None:
    text = (GENERATED / "azure/alerts.json").read_text(encoding="utf-8")
    assert '"countryCode": "82"' in text


def test_the_workspace_has_the_documents_name_retention_and_cap() -> None:
    config = block("#### 8.1.1")["azure_monitor_configuration"]["log_analytics_workspace"]
    template = load("azure/workspace.json")
    workspace = next(r for r in template["resources"] if r["type"] == "Microsoft.OperationalInsights/workspaces")
    assert config == {"name": "law-tripgen-prod", "retention": "90일", "daily_cap": "10GB", "location": "Korea Central"}
    assert template["parameters"]["workspaceName"]["defaultValue"] == config["name"]
    assert f"{workspace['properties']['retentionInDays']}일" == config["retention"]
    assert f"{workspace['properties']['workspaceCapping']['dailyQuotaGb']}GB" == config["daily_cap"]
    assert template["parameters"]["location"]["defaultValue"] == config["location"].lower().replace(" ", "")


def test_application_insights_has_the_documents_name_and_ingestion_sampling() -> None:
    config = block("#### 8.1.1")["azure_monitor_configuration"]["application_insights"]
    template = load("azure/workspace.json")
    name = "[parameters('appInsightsName')]"
    component = next(
        r for r in template["resources"] if r["type"] == "Microsoft.Insights/components" and r["name"] == name
    )
    assert template["parameters"]["appInsightsName"]["defaultValue"] == config["name"]
    assert component["properties"]["SamplingPercentage"] == config["sampling_percentage"] == 5
    assert config["workspace_based"] is True
    assert "WorkspaceResourceId" in component["properties"]


def test_every_agent_keeps_the_documents_share_of_traces() -> None:
    rate = block("#### 8.2.2")["apm_configuration"]["distributed_tracing"]["sampling_rate"]
    assert rate == "10%"
    files = sorted((GENERATED / "apm").glob("*/applicationinsights.json"))
    assert [file.parent.name for file in files] == ["ai-service", "location-service", "trip-service", "user-service"]
    for file in files:
        assert f"{json.loads(file.read_text(encoding='utf-8'))['sampling']['percentage']:g}%" == rate
    environment = (GENERATED / "apm/python/otel.env").read_text(encoding="utf-8")
    assert re.search(r"^OTEL_TRACES_SAMPLER=microsoft\.fixed_percentage$", environment, re.MULTILINE)
    assert re.search(r"^OTEL_TRACES_SAMPLER_ARG=0\.1$", environment, re.MULTILINE)


def test_each_class_of_logs_is_kept_as_long_as_the_document_says() -> None:
    config = block("#### 8.2.1")["logging_configuration"]["log_retention"]
    assert config == {
        "application_logs": "90일",
        "system_logs": "180일",
        "security_logs": "365일",
        "audit_logs": "2555일",
    }
    tables = {
        re.search(r"'/(\w+)'", r["name"])[1]: r["properties"]["totalRetentionInDays"]  # type: ignore[index]
        for r in load("azure/workspace.json")["resources"]
        if r["type"].endswith("/tables")
    }
    assert tables["AppRequests"] == 90
    assert tables["KubeEvents"] == 180
    assert tables["SigninLogs"] == 365
    assert tables["Syslog"] == 365
    # Azure's next value above 2555 (reading R11).
    assert tables["AKSAudit"] == 2556
    assert set(tables.values()) == {90, 180, 365, 2556}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("error-analysis", "error_analysis"),
        ("performance-analysis", "performance_analysis"),
        ("security-analysis", "security_analysis"),
    ],
)
def test_the_documents_queries_stand_word_for_word_beside_one_that_works(name: str, key: str) -> None:
    wanted = block("#### 8.2.1")["logging_configuration"]["log_analytics_queries"][key]
    text = (GENERATED / f"kql/document/{name}-document.kql").read_text(encoding="utf-8")
    assert (
        "".join(line for line in text.splitlines(keepends=True) if not line.startswith("//")).rstrip()
        == wanted.rstrip()
    )


def test_the_query_that_does_not_bind_is_in_no_query_pack() -> None:
    queries = [r for r in load("azure/queries.json")["resources"] if r["type"].endswith("queryPacks/queries")]
    assert queries
    for table in ("ContainerLog", "SecurityEvent"):
        assert not [q for q in queries if re.search(rf"\b{table}\b", q["properties"]["body"])]
    assert not [q for q in queries if "% Processor Time" in q["properties"]["body"]]


def test_the_documents_metric_names_are_recording_rules() -> None:
    config = block("#### 8.2.2")["apm_configuration"]["custom_metrics"]
    rules = yaml.safe_load((GENERATED / "prometheus/rules.yaml").read_text(encoding="utf-8"))
    recorded = [rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule]
    # The rates behind the objectives are recorded too, under names of their own.
    named = [name for name in recorded if not name.startswith("slo_")]
    assert sorted(named) == sorted(config["business_metrics"] + config["technical_metrics"])


def test_maintenance_silences_severities_two_and_three_only() -> None:
    window = block("#### 10.2.1", OPERATIONS)["operational_procedures"]["maintenance_windows"]["scheduled"]
    assert window == "매주 일요일 02:00-04:00 KST"
    (processing,) = [r for r in load("azure/alerts.json")["resources"] if r["type"].endswith("actionRules")]
    assert processing["properties"]["conditions"] == [
        {"field": "Severity", "operator": "Equals", "values": ["Sev2", "Sev3"]}
    ]
    assert processing["properties"]["schedule"] == {
        "timeZone": "Korea Standard Time",
        "recurrences": [
            {"recurrenceType": "Weekly", "daysOfWeek": ["Sunday"], "startTime": "02:00:00", "endTime": "04:00:00"}
        ],
    }


def test_container_insights_collects_stdout_and_stderr() -> None:
    config = block("#### 8.1.1")["azure_monitor_configuration"]["container_insights"]
    assert config["log_collection"] == "stdout, stderr"
    text = (GENERATED / "azure/workspace.json").read_text(encoding="utf-8")
    assert "Microsoft-ContainerLogV2" in text or "Microsoft-ContainerInsights-Group-Default" in text
