"""The table of what is generated: artefact, path, the definitions and sections behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from observability import __version__
from observability.azure import limits
from observability.azure import prometheus as scraped
from observability.catalog import Catalogue
from observability.checks import series
from observability.coverage import ROWS
from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.findings import FINDINGS
from observability.design.operations import BUDGET, ESCALATION, HEALTH_CHECK, SEVERITIES
from observability.design.platform import APPLICATION_POOL, DELIVERY, HTTPS_PORT, NETWORK_POLICY, SUBNETS
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from observability.design.services import NAMESPACE, SERVICES
from observability.design.telemetry import (
    APP_INSIGHTS,
    CONTAINER_INSIGHTS,
    RESOURCES,
    RETENTION,
    TRACING_SAMPLING,
    WORKSPACE,
)
from observability.model.alert import Action, Alert
from observability.model.coverage import By
from observability.model.dashboard import Trace
from observability.model.signal import Engine
from observability.model.source import Source, sections_of
from observability.model.text import Lang, Text
from observability.output import MANIFEST, Artefact
from observability.render import (
    apm,
    arm,
    arm_access,
    arm_actions,
    arm_alerts,
    arm_budgets,
    arm_queries,
    arm_workflows,
    arm_workspace,
    cluster_agents,
    exporter_manifests,
    kql,
    prometheus,
    yaml,
)
from observability.render.arm_alerts import file_of
from observability.render.words import section_list
from observability.signals.autoscaling import SCALES

GRAFANA_NAMESPACE = "monitoring"
RUNBOOKS_EXAMPLE = "https://runbooks.example.com"


def encode(value: Any) -> bytes:
    """JSON with two spaces, in the order in which it was built, with a final newline."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def compact(value: Any) -> str:
    return orjson.dumps(value).decode()


def _sections(sources: Iterable[Source | None]) -> tuple[str, ...]:
    found = {section.number for source in sources for section in sections_of(source)}
    return tuple(sorted(found, key=lambda number: [int(part) for part in number.split(".")]))


def _of(path: str, kind: str, body: bytes | str, definitions: Iterable[tuple[str, Source | None]]) -> Artefact:
    named = list(definitions)
    return Artefact(
        path,
        kind,
        body if isinstance(body, bytes) else body.encode(),
        tuple(dict.fromkeys(name for name, _ in named)),
        _sections(source for _, source in named),
    )


def _alert_names(alerts: Iterable[Alert]) -> list[tuple[str, Source | None]]:
    return [(f"alert:{alert.id}", alert.source) for alert in alerts]


def workflow_settings(catalogue: Catalogue) -> arm_workflows.Settings:
    return arm_workflows.Settings(catalogue.alerts, catalogue.dashboards, NODE_SCALING, DATABASE_SCALING, ESCALATION)


Parameters = dict[str, arm.Parameter]


def parameters(catalogue: Catalogue, region: str | None = None) -> Parameters:
    """Every parameter that some template may use, by name; for the document's region or another."""
    listed = [
        *arm_workspace.parameters(WORKSPACE, RETENTION, RESOURCES, region),
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
        yield _of(f"alerts/{alert.id}.json", "alert rule", encode(alone), _alert_names([alert]))
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
        *(budget for group in groups if _is_talk(group) for budget in arm_budgets.budgets(BUDGET, group)),
    ]
    template = arm.template(resources, known, compact, "tripgen: alerts, actions, maintenance, synthetic checks")
    behind = [
        *_alert_names(catalogue.alerts),
        *((f"action:{action.id}", action.source) for action in catalogue.actions),
        ("budget:monthly", BUDGET.source),
        ("scaling:nodes", NODE_SCALING.source),
        ("scaling:database", DATABASE_SCALING.source),
        ("escalation", ESCALATION.source),
        *((f"signal:{signal.name}", signal.source) for signal in recorded),
        *((f"suppression:{rule.id}", rule.source) for rule in catalogue.suppressions),
        *((f"web test:{test.id}", test.source) for test in catalogue.web_tests),
    ]
    yield _of("azure/alerts.json", "deployment template", encode(template), behind)
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
    return _of("azure/parameters.example.json", "parameters file", encode(body), [])


def _workspace(known: Parameters) -> Artefact:
    resources = arm_workspace.workspace_resources(WORKSPACE, APP_INSIGHTS, RETENTION, RESOURCES)
    template = arm.template(resources, known, compact, "tripgen: workspace, Application Insights, collection")
    behind: list[tuple[str, Source | None]] = [
        (f"workspace:{WORKSPACE.name}", WORKSPACE.source),
        (f"application insights:{APP_INSIGHTS.name}", APP_INSIGHTS.source),
        *((f"retention:{kind.key}", kind.source) for kind in RETENTION),
    ]
    return _of("azure/workspace.json", "deployment template", encode(template), behind)


def _access(known: Parameters) -> Artefact:
    template = arm.template(arm_access.access_resources(), known, compact, "tripgen: who may read")
    behind: list[tuple[str, Source | None]] = [
        (f"access:{name}", RESOURCES[name].source) for name in ("monitor_workspace", "service_bus")
    ]
    return _of("azure/access.json", "deployment template", encode(template), behind)


def _kql(catalogue: Catalogue, known: Parameters, lang: Lang) -> Iterator[Artefact]:
    """Every query as a file, and those that run as a query pack."""
    entries = []
    paged: dict[str, list[int]] = {}
    for alert in catalogue.alerts:
        for step in alert.first_steps:
            paged.setdefault(step.key, []).append(int(alert.severity))
    for query in catalogue.queries:
        body = kql.query(query)
        notes = [text for text in (query.look_for, query.caveat) if text is not None]
        yield _kql_file(query.key, query.title, query.source, query.place.file, body, notes, f"query:{query.key}")
        # The document's own texts answer nothing here (R8 to R10): in the pack somebody would take that for an answer.
        if query.runnable and not query.verbatim:
            entries.append(arm_queries.from_query(query, paged.get(query.key, ())))
    for alert in catalogue.alerts:
        if alert.engine is Engine.LOG:
            key, body = f"alerts/{alert.id}", kql.alert(alert)
            yield _kql_file(
                key, alert.title, alert.source, alert.place.file, body, [alert.meaning], f"alert:{alert.id}"
            )
            tags = {
                "pack": ("alerts",),
                "severity": (f"Sev{int(alert.severity)}",),
                "section": _sections([alert.source]),
            }
            entries.append(arm_queries.PackEntry(key, alert.title, body, alert.meaning, tags))
    template = arm.template(arm_queries.query_pack(entries, lang), known, compact, "tripgen: query pack")
    behind = [
        (f"query:{query.key}", query.source) for query in catalogue.queries if query.runnable and not query.verbatim
    ]
    behind += _alert_names(alert for alert in catalogue.alerts if alert.engine is Engine.LOG)
    yield _of("azure/queries.json", "deployment template", encode(template), behind)


def _kql_file(
    key: str, title: Text, source: Source | None, place: str, body: str, notes: list[Text], name: str
) -> Artefact:
    head = kql.header(
        f"{title.ko} · {title.en}",
        f"설계서 · design document {section_list(sections_of(source))}",
        place,
        tuple(line for text in notes for line in (text.ko, text.en)),
    )
    return _of(f"kql/{key}.kql", "query", f"{head}{body}\n", [(name, source)])


def _dashboards(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    # grafanalib alone takes a third of a run to import, so only this function needs it.
    from observability.render import grafana, grafana_provisioning, kubernetes

    alerts = {alert.id: alert for alert in catalogue.alerts}
    bodies, behind = {}, []
    for dashboard in catalogue.dashboards:
        names: list[tuple[str, Source | None]] = [(f"dashboard:{dashboard.id}", dashboard.source)]
        names += [(f"query:{mark.shows.key}", mark.shows.source) for mark in catalogue.marks]
        for panel in dashboard.panels:
            shown = panel.shows
            if isinstance(shown, Trace):
                continue
            name = getattr(shown, "name", None) or getattr(shown, "key", None) or getattr(shown, "id", "")
            names.append((f"{type(shown).__name__.lower()}:{name}", shown.source))
            names += _alert_names(alerts[line] for line in panel.line_of)
            names += [(f"goal:{goal.title.en}", goal.source) for goal in panel.goals]
        made = grafana.dashboard(dashboard, alerts, RESOURCES, lang, marks=catalogue.marks, runbooks=RUNBOOKS_EXAMPLE)
        encoded = encode(made)
        bodies[dashboard.id] = encoded
        behind += names
        yield _of(f"dashboards/{dashboard.id}.json", "dashboard", encoded, names)
    configmaps = kubernetes.dashboard_configmaps(bodies, GRAFANA_NAMESPACE, grafana_provisioning.FOLDER)
    yield _of("kubernetes/dashboards.yaml", "ConfigMaps", configmaps, behind)
    sources = [(f"workspace:{WORKSPACE.name}", WORKSPACE.source)]
    for name, body in (
        ("dashboards", grafana_provisioning.dashboards()),
        ("datasources", grafana_provisioning.data_sources()),
    ):
        yield _of(f"grafana/provisioning/{name}/tripgen.yaml", "Grafana provisioning", body, sources)


def _prometheus(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    alerts = tuple(alert for alert in catalogue.alerts if alert.engine is Engine.PROMETHEUS)
    recorded = tuple(signal for signal in catalogue.signals if signal.recorded)
    behind = [*_alert_names(alerts), *((f"signal:{signal.name}", signal.source) for signal in recorded)]
    yield _of("prometheus/rules.yaml", "Prometheus rules", prometheus.rules(alerts, recorded, lang), behind)
    yield _of("prometheus/tests.yaml", "promtool tests", prometheus.tests(alerts, lang), _alert_names(alerts))


def _apm() -> Iterator[Artefact]:
    rate: list[tuple[str, Source | None]] = [("sampling:tracing", TRACING_SAMPLING.source)]
    for service in SERVICES:
        settings = apm.java_agent(service, TRACING_SAMPLING.rate, HEALTH_CHECK.path)
        names = [*rate, (f"service:{service.key}", service.address.source)]
        yield _of(f"apm/{service.role}/applicationinsights.json", "agent settings", encode(settings), names)
    environment = apm.python_environment(SERVICES, TRACING_SAMPLING.rate, HEALTH_CHECK.path)
    yield _of("apm/python/otel.env", "agent settings", environment, rate)


def _exporter() -> Iterator[Artefact]:
    """The exporter's Kubernetes objects, and the scaling that reads its metrics."""
    make = exporter_manifests
    exporter = make.Exporter(registry=DELIVERY.registry_host, version=__version__, namespace=NAMESPACE)
    own: list[tuple[str, Source | None]] = [
        (f"registry:{DELIVERY.registry.name}", DELIVERY.source),
        ("exporter:resources", make.RESOURCES.source),
    ]
    scrape = next(rule for rule in NETWORK_POLICY.rules if rule.peer == make.SCRAPED_FROM)
    network = [(f"network rule:{scrape.name}", scrape.source)]
    named = [(f"service:{service.key}", service.address.source) for service in SERVICES]
    for service, name in zip(SERVICES, named, strict=True):
        path = f"kubernetes/patches/{service.role}.yaml"
        header = make.sidecar_header(service, path.rpartition("/")[2])
        patch = yaml.documents([make.sidecar_patch(service, exporter)], header)
        yield _of(path, "patch", patch, [name, *own, *network])
    settings = yaml.documents(map(make.sidecar_config, SERVICES), make.CONFIG_HEADER)
    yield _of("kubernetes/exporter-config.yaml", "ConfigMaps", settings, named)

    stores: list[tuple[str, Source | None]] = [
        ("database:postgresql", POSTGRESQL.endpoint.source),
        *((f"replica:{replica.key}", replica.source) for replica in POSTGRESQL.replicas),
        ("cache:redis", REDIS.endpoint.source),
        ("messaging:service_bus", SERVICE_BUS.source),
    ]
    pool = [(f"node pool:{APPLICATION_POOL.key}", APPLICATION_POOL.source)]
    objects = make.cluster_objects(exporter, POSTGRESQL, REDIS, SERVICE_BUS, APPLICATION_POOL)
    cluster = yaml.documents(objects, make.CLUSTER_HEADER)
    yield _of("kubernetes/exporter-cluster.yaml", "Deployment", cluster, [*stores, *own, *pool])

    subnets = {subnet.key: subnet for subnet in SUBNETS}
    policies = make.network_policies(exporter, NETWORK_POLICY, POSTGRESQL, REDIS, subnets, HTTPS_PORT)
    monitoring = yaml.documents([make.pod_monitor(exporter), *policies], make.MONITORING_HEADER)
    used = [(f"subnet:{subnet.key}", subnet.source) for subnet in SUBNETS if subnet.key in make.SUBNETS_OF_STORES]
    yield _of(
        "kubernetes/exporter-monitoring.yaml", "PodMonitor and network policies", monitoring, [*network, *stores, *used]
    )

    scaled = make.autoscaling(SERVICES, SCALES, NAMESPACE)
    scaling = yaml.documents(scaled, make.autoscaling_header(RESOURCES["monitor_workspace"].name))
    behind = [
        *((f"autoscaling:{service.key}", service.hpa.source) for service in SERVICES),
        *((f"signal:{signal.name}", signal.source) for signal in SCALES.values()),
    ]
    yield _of("kubernetes/autoscaling.yaml", "autoscaling", scaling, behind)


def _agents(catalogue: Catalogue) -> Iterator[Artefact]:
    """Settings of the agents in the cluster."""
    wanted: list[tuple[str, Source | None]] = [("container insights", CONTAINER_INSIGHTS.source)]
    logs = cluster_agents.container_logs(CONTAINER_INSIGHTS.streams, arm_workspace.SYSTEM_NAMESPACES)
    settings = yaml.documents([logs], cluster_agents.LOGS_HEADER)
    yield _of("kubernetes/container-insights.yaml", "agent settings", settings, wanted)

    # Rules, panels and scalers are all written from signals, so what signals read is what they need.
    reading = [signal for signal in catalogue.signals if signal.promql is not None]
    names = {name for kind in CONTAINER_INSIGHTS.metrics for name in scraped.KINDS[kind]}
    names |= {name for signal in reading if signal.promql for name in series.read(signal.promql.expr).names}
    metrics = cluster_agents.cluster_metrics(scraped.keep_lists(names), exporter_manifests.INTERVAL)
    kept = yaml.documents([metrics], cluster_agents.METRICS_HEADER)
    behind = [*wanted, *((f"signal:{signal.name}", signal.source) for signal in reading)]
    yield _of("kubernetes/managed-prometheus.yaml", "agent settings", kept, behind)


def _runbooks(catalogue: Catalogue) -> Iterator[Artefact]:
    from observability.render.runbooks import runbooks

    pages = runbooks(catalogue.alerts, SEVERITIES, FINDINGS, catalogue.suppressions, ESCALATION)
    for alert in catalogue.alerts:
        level = SEVERITIES[int(alert.severity)]
        names = [
            *_alert_names([alert]),
            *((f"query:{step.key}", step.source) for step in alert.first_steps),
            (f"severity:{level.number}", level.source),
            ("escalation", ESCALATION.source),
        ]
        yield _of(f"runbooks/{alert.id}.md", "runbook", pages[alert.id], names)


def boards(catalogue: Catalogue, lang: Lang) -> tuple[Artefact, ...]:
    """The dashboards in their forms: half of the work, and nothing else needs its library."""
    return tuple(_dashboards(catalogue, lang))


def build(
    catalogue: Catalogue,
    lang: Lang,
    region: str | None = None,
    drawn: Callable[[], tuple[Artefact, ...]] | None = None,
) -> tuple[Artefact, ...]:
    """Everything that is generated, sorted by path, with the manifest last; for the document's region or another.

    ``drawn`` brings the ``boards`` where somebody makes them already.
    """
    known = parameters(catalogue, region)
    made = sorted(
        (
            *_alerts(catalogue, known, lang),
            _workspace(known),
            _access(known),
            *_kql(catalogue, known, lang),
            *_prometheus(catalogue, lang),
            *_apm(),
            *_exporter(),
            *_agents(catalogue),
            *_runbooks(catalogue),
            *(drawn() if drawn is not None else boards(catalogue, lang)),
        ),
        key=lambda artefact: artefact.path,
    )
    return (*made, _manifest(made, lang))


def _manifest(made: list[Artefact], lang: Lang) -> Artefact:
    body = {
        "generator": f"tripgen-observability {__version__}",
        "language": lang,
        "artefacts": [
            {
                "path": artefact.path,
                "kind": artefact.kind,
                "definitions": artefact.definitions,
                "sections": artefact.sections,
                "sha256": hashlib.sha256(artefact.body).hexdigest(),
            }
            for artefact in made
        ],
        "coverage": {
            row.system: {
                **{by.value: row.names(by) for by in By},
                "without": {by.value: why.get(lang) for by, why in row.without.items()},
            }
            for row in ROWS
        },
    }
    return Artefact(MANIFEST, "manifest", encode(body), (), ())
