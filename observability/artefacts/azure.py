"""What Azure is given: templates, rules, queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observability.artefacts.made import RUNBOOKS_EXAMPLE, Named, alert_names, artefact, compact, encode, sections
from observability.azure import limits
from observability.catalog import Catalogue
from observability.design.operations import BUDGET, ESCALATION
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from observability.design.telemetry import APP_INSIGHTS, CHECKS_INSIGHTS, RESOURCES, RETENTION, WORKSPACE
from observability.model.alert import Action
from observability.model.checklist import reach
from observability.model.signal import Engine
from observability.model.source import Source, sections_of
from observability.model.text import Lang, Text
from observability.output import Artefact
from observability.render import (
    arm,
    arm_access,
    arm_actions,
    arm_alerts,
    arm_budgets,
    arm_queries,
    arm_workflows,
    arm_workspace,
    kql,
)
from observability.render.arm_alerts import file_of
from observability.render.words import looks_back, section_list

Parameters = dict[str, arm.Parameter]


def files(catalogue: Catalogue, lang: Lang, region: str | None) -> Iterator[Artefact]:
    """For the document's region or another."""
    known = parameters(catalogue, region)
    yield from _alerts(catalogue, known, lang)
    yield _workspace(known)
    yield _access(known)
    yield from _kql(catalogue, known, lang)


def workflow_settings(catalogue: Catalogue) -> arm_workflows.Settings:
    return arm_workflows.Settings(catalogue.alerts, catalogue.dashboards, NODE_SCALING, DATABASE_SCALING, ESCALATION)


def parameters(catalogue: Catalogue, region: str | None = None) -> Parameters:
    """Every parameter that some template may use, by name; for the document's region or another."""
    listed = [
        *arm_workspace.parameters(WORKSPACE, RESOURCES, region),
        *arm_access.parameters(),
        *arm_queries.parameters(),
        *arm_actions.parameters(catalogue.actions),
        *arm_workflows.parameters(workflow_settings(catalogue)),
        *arm_actions.web_test_parameters(catalogue.web_tests),
        *arm_budgets.parameters(BUDGET),
        arm.Parameter(
            "publicHost", "Public host name that users and the synthetic checks reach.", example="www.example.com"
        ),
        arm.Parameter(
            "runbookBaseUrl",
            "Where the runbooks can be read: the folder's address, without a final slash. Every alert carries it.",
            example=RUNBOOKS_EXAMPLE,
        ),
    ]
    return {parameter.name: parameter for parameter in listed}


def _alerts(catalogue: Catalogue, known: Parameters, lang: Lang) -> Iterator[Artefact]:
    """azure/alerts.json, each rule alone, and the example of a parameters file."""
    rules = {alert.id: arm_alerts.rule(alert, RESOURCES, lang) for alert in catalogue.alerts}
    for alert in catalogue.alerts:
        words = f"{alert.title.get(lang)} ({file_of(alert.place)})"
        alone = arm.template([rules[alert.id]], known, compact, words)
        yield artefact(f"alerts/{alert.id}.json", "alert rule", encode(alone), alert_names([alert]))
    groups = arm_actions.groups(catalogue.alerts)
    recorded = tuple(signal for signal in catalogue.signals if signal.recorded)
    workflows = arm_workflows.used(action for group in groups for action in group)
    resources = [
        *arm_workflows.resources(workflows, workflow_settings(catalogue), lang),
        *(arm_actions.group(actions) for actions in groups),
        *(
            {
                **rules[alert.id],
                "dependsOn": [arm.resource_id(arm_actions.GROUP_TYPE, arm_actions.group_name(alert.actions))],
            }
            for alert in catalogue.alerts
        ),
        *arm_alerts.recording_rules(recorded, limits.PROMETHEUS_RULES_PER_GROUP),
        *(arm_actions.suppression(rule, lang) for rule in catalogue.suppressions),
        *(arm_actions.web_test(test, lang) for test in catalogue.web_tests),
        *(arm_budgets.budgets(BUDGET, group) for group in groups if _is_talk(group)),
    ]
    template = arm.template(resources, known, compact, "tripgen: alerts, actions, maintenance, synthetic checks")
    behind = [
        *alert_names(catalogue.alerts),
        *((f"action:{action.id}", action.source) for action in catalogue.actions),
        ("budget:monthly", BUDGET.source),
        ("scaling:nodes", NODE_SCALING.source),
        ("scaling:database", DATABASE_SCALING.source),
        ("escalation", ESCALATION.source),
        *((f"signal:{signal.name}", signal.source) for signal in recorded),
        *((f"suppression:{rule.id}", rule.source) for rule in catalogue.suppressions),
        *((f"web test:{test.id}", test.source) for test in catalogue.web_tests),
    ]
    yield artefact("azure/alerts.json", "deployment template", encode(template), behind)
    yield _parameters_file(template, known)


def _is_talk(actions: tuple[Action, ...]) -> bool:
    """Whether a group tells the operations channel and nobody else: money wakes nobody."""
    return tuple(action.id for action in actions) == ("teams",)


def _parameters_file(template: dict[str, Any], known: dict[str, arm.Parameter]) -> Artefact:
    """What azure/alerts.json cannot do without: the other templates have a default for everything."""
    needed = [known[name] for name in template["parameters"] if known[name].default is None]
    body = {
        "$schema": arm.PARAMETERS_SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {parameter.name: {"value": parameter.example} for parameter in needed},
    }
    return artefact("azure/parameters.example.json", "parameters file", encode(body), [])


def _workspace(known: Parameters) -> Artefact:
    resources = arm_workspace.workspace_resources(WORKSPACE, (APP_INSIGHTS, CHECKS_INSIGHTS), RETENTION, RESOURCES)
    template = arm.template(resources, known, compact, "tripgen: workspace, Application Insights, collection")
    behind: list[Named] = [
        (f"workspace:{WORKSPACE.name}", WORKSPACE.source),
        *((f"application insights:{each.name}", each.source) for each in (APP_INSIGHTS, CHECKS_INSIGHTS)),
        *((f"retention:{kind.key}", kind.source) for kind in RETENTION),
    ]
    return artefact("azure/workspace.json", "deployment template", encode(template), behind)


def _access(known: Parameters) -> Artefact:
    template = arm.template(arm_access.access_resources(), known, compact, "tripgen: who may read")
    behind: list[Named] = [(f"access:{name}", RESOURCES[name].source) for name in ("monitor_workspace", "service_bus")]
    return artefact("azure/access.json", "deployment template", encode(template), behind)


def _kql(catalogue: Catalogue, known: Parameters, lang: Lang) -> Iterator[Artefact]:
    """Every query as a file, and those that run as a query pack."""
    entries = []
    paged: dict[str, list[int]] = {}
    for alert in catalogue.alerts:
        for step in alert.first_steps:
            paged.setdefault(step.key, []).append(int(alert.severity))
    for query in catalogue.queries:
        body = kql.query(query)
        back = looks_back(reach(query, catalogue.packs))
        notes = [text for text in (back, query.look_for, query.caveat) if text is not None]
        yield _kql_file(query.key, query.title, query.source, query.place.file, body, notes, f"query:{query.key}")
        # The document's own texts answer nothing here (R8 to R10): in the pack somebody would take that for an answer.
        if query.runnable and not query.verbatim:
            entries.append(arm_queries.from_query(query, paged.get(query.key, ()), back))
    for alert in catalogue.alerts:
        if alert.engine is Engine.LOG:
            key, body = f"alerts/{alert.id}", kql.alert(alert)
            yield _kql_file(
                key, alert.title, alert.source, alert.place.file, body, [alert.meaning], f"alert:{alert.id}"
            )
            tags = {
                "pack": ("alerts",),
                "severity": (f"Sev{int(alert.severity)}",),
                "section": sections([alert.source]),
            }
            entries.append(arm_queries.PackEntry(key, alert.title, body, alert.meaning, tags))
    template = arm.template(arm_queries.query_pack(entries, lang), known, compact, "tripgen: query pack")
    behind = [
        (f"query:{query.key}", query.source) for query in catalogue.queries if query.runnable and not query.verbatim
    ]
    behind += alert_names(alert for alert in catalogue.alerts if alert.engine is Engine.LOG)
    yield artefact("azure/queries.json", "deployment template", encode(template), behind)


def _kql_file(
    key: str, title: Text, source: Source | None, place: str, body: str, notes: list[Text], name: str
) -> Artefact:
    head = kql.header(
        f"{title.ko} · {title.en}",
        f"설계서 · design document {section_list(sections_of(source))}",
        place,
        tuple(line for text in notes for line in (text.ko, text.en)),
    )
    return artefact(f"kql/{key}.kql", "query", f"{head}{body}\n", [(name, source)])
