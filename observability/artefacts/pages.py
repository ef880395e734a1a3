"""What people read: dashboards and runbooks.

grafanalib and jinja2 take a third of a run to import, so nothing but this needs them.
"""

from __future__ import annotations

from collections.abc import Iterator

from observability.artefacts.made import RUNBOOKS_EXAMPLE, Named, alert_names, artefact, encode
from observability.catalog import Catalogue
from observability.design.findings import FINDINGS
from observability.design.operations import ESCALATION, SEVERITIES
from observability.design.telemetry import RESOURCES, WORKSPACE
from observability.model.dashboard import Trace
from observability.model.text import Lang
from observability.output import Artefact
from observability.render import grafana, grafana_provisioning, kubernetes
from observability.render.runbooks import runbooks

GRAFANA_NAMESPACE = "monitoring"


def files(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    yield from _dashboards(catalogue, lang)
    yield from _runbooks(catalogue)


def _dashboards(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    alerts = {alert.id: alert for alert in catalogue.alerts}
    bodies, behind = {}, []
    for dashboard in catalogue.dashboards:
        names: list[Named] = [(f"dashboard:{dashboard.id}", dashboard.source)]
        names += [(f"query:{mark.shows.key}", mark.shows.source) for mark in catalogue.marks]
        for panel in dashboard.panels:
            shown = panel.shows
            if isinstance(shown, Trace):
                continue
            name = getattr(shown, "name", None) or getattr(shown, "key", None) or getattr(shown, "id", "")
            names.append((f"{type(shown).__name__.lower()}:{name}", shown.source))
            names += alert_names(alerts[line] for line in panel.line_of)
            names += [(f"goal:{goal.title.en}", goal.source) for goal in panel.goals]
        made = grafana.dashboard(dashboard, alerts, RESOURCES, lang, marks=catalogue.marks, runbooks=RUNBOOKS_EXAMPLE)
        encoded = encode(made)
        bodies[dashboard.id] = encoded
        behind += names
        yield artefact(f"dashboards/{dashboard.id}.json", "dashboard", encoded, names)
    configmaps = kubernetes.dashboard_configmaps(bodies, GRAFANA_NAMESPACE, grafana_provisioning.FOLDER)
    yield artefact("kubernetes/dashboards.yaml", "ConfigMaps", configmaps, behind)
    sources = [(f"workspace:{WORKSPACE.name}", WORKSPACE.source)]
    for name, body in (
        ("dashboards", grafana_provisioning.dashboards()),
        ("datasources", grafana_provisioning.data_sources()),
    ):
        yield artefact(f"grafana/provisioning/{name}/tripgen.yaml", "Grafana provisioning", body, sources)


def _runbooks(catalogue: Catalogue) -> Iterator[Artefact]:
    pages = runbooks(catalogue.alerts, SEVERITIES, FINDINGS, catalogue.suppressions, ESCALATION, catalogue.packs)
    for alert in catalogue.alerts:
        level = SEVERITIES[int(alert.severity)]
        names = [
            *alert_names([alert]),
            *((f"query:{step.key}", step.source) for step in alert.first_steps),
            (f"severity:{level.number}", level.source),
            ("escalation", ESCALATION.source),
        ]
        yield artefact(f"runbooks/{alert.id}.md", "runbook", pages[alert.id], names)
