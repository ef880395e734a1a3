"""What the cluster and the services are given: Prometheus rules, settings of agents, the exporter's objects."""

from __future__ import annotations

from collections.abc import Iterator

from observability import __version__
from observability.artefacts.made import Named, alert_names, artefact, encode
from observability.azure import prometheus as scraped
from observability.catalog import Catalogue
from observability.checks import series
from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.operations import HEALTH_CHECK
from observability.design.platform import APPLICATION_POOL, DELIVERY, HTTPS_PORT, NETWORK_POLICY, SUBNETS
from observability.design.services import NAMESPACE, SERVICES
from observability.design.telemetry import CONTAINER_INSIGHTS, RESOURCES, TRACING_SAMPLING
from observability.model.signal import Engine
from observability.model.text import Lang
from observability.output import Artefact
from observability.render import apm, arm_workspace, cluster_agents, exporter_manifests, prometheus, yaml
from observability.signals.autoscaling import SCALES


def files(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    yield from _prometheus(catalogue, lang)
    yield from _apm()
    yield from _exporter()
    yield from _agents(catalogue)


def _prometheus(catalogue: Catalogue, lang: Lang) -> Iterator[Artefact]:
    alerts = tuple(alert for alert in catalogue.alerts if alert.engine is Engine.PROMETHEUS)
    recorded = tuple(signal for signal in catalogue.signals if signal.recorded)
    behind = [*alert_names(alerts), *((f"signal:{signal.name}", signal.source) for signal in recorded)]
    yield artefact("prometheus/rules.yaml", "Prometheus rules", prometheus.rules(alerts, recorded, lang), behind)
    yield artefact("prometheus/tests.yaml", "promtool tests", prometheus.tests(alerts, lang), alert_names(alerts))


def _apm() -> Iterator[Artefact]:
    rate: list[Named] = [("sampling:tracing", TRACING_SAMPLING.source)]
    for service in SERVICES:
        settings = apm.java_agent(service, TRACING_SAMPLING.rate, HEALTH_CHECK.path)
        names = [*rate, (f"service:{service.key}", service.address.source)]
        yield artefact(f"apm/{service.role}/applicationinsights.json", "agent settings", encode(settings), names)
    environment = apm.python_environment(SERVICES, TRACING_SAMPLING.rate, HEALTH_CHECK.path)
    yield artefact("apm/python/otel.env", "agent settings", environment, rate)


def _exporter() -> Iterator[Artefact]:
    """The exporter's Kubernetes objects, and the scaling that reads its metrics."""
    make = exporter_manifests
    exporter = make.Exporter(registry=DELIVERY.registry_host, version=__version__, namespace=NAMESPACE)
    own: list[Named] = [
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
        yield artefact(path, "patch", patch, [name, *own, *network])
    settings = yaml.documents(map(make.sidecar_config, SERVICES), make.CONFIG_HEADER)
    yield artefact("kubernetes/exporter-config.yaml", "ConfigMaps", settings, named)

    stores: list[Named] = [
        ("database:postgresql", POSTGRESQL.endpoint.source),
        *((f"replica:{replica.key}", replica.source) for replica in POSTGRESQL.replicas),
        ("cache:redis", REDIS.endpoint.source),
        ("messaging:service_bus", SERVICE_BUS.source),
    ]
    pool = [(f"node pool:{APPLICATION_POOL.key}", APPLICATION_POOL.source)]
    objects = make.cluster_objects(exporter, POSTGRESQL, REDIS, SERVICE_BUS, APPLICATION_POOL)
    cluster = yaml.documents(objects, make.CLUSTER_HEADER)
    yield artefact("kubernetes/exporter-cluster.yaml", "Deployment", cluster, [*stores, *own, *pool])

    subnets = {subnet.key: subnet for subnet in SUBNETS}
    policies = make.network_policies(exporter, NETWORK_POLICY, POSTGRESQL, REDIS, subnets, HTTPS_PORT)
    monitoring = yaml.documents([make.pod_monitor(exporter), *policies], make.MONITORING_HEADER)
    used = [(f"subnet:{subnet.key}", subnet.source) for subnet in SUBNETS if subnet.key in make.SUBNETS_OF_STORES]
    yield artefact(
        "kubernetes/exporter-monitoring.yaml", "PodMonitor and network policies", monitoring, [*network, *stores, *used]
    )

    scaled = make.autoscaling(SERVICES, SCALES, NAMESPACE)
    scaling = yaml.documents(scaled, make.autoscaling_header(RESOURCES["monitor_workspace"].name))
    behind = [
        *((f"autoscaling:{service.key}", service.hpa.source) for service in SERVICES),
        *((f"signal:{signal.name}", signal.source) for signal in SCALES.values()),
    ]
    yield artefact("kubernetes/autoscaling.yaml", "autoscaling", scaling, behind)


def _agents(catalogue: Catalogue) -> Iterator[Artefact]:
    """Settings of the agents in the cluster."""
    wanted: list[Named] = [("container insights", CONTAINER_INSIGHTS.source)]
    logs = cluster_agents.container_logs(CONTAINER_INSIGHTS.streams, arm_workspace.SYSTEM_NAMESPACES)
    settings = yaml.documents([logs], cluster_agents.LOGS_HEADER)
    yield artefact("kubernetes/container-insights.yaml", "agent settings", settings, wanted)

    # Rules, panels and scalers are all written from signals, so what signals read is what they need.
    reading = [signal for signal in catalogue.signals if signal.promql is not None]
    names = {name for kind in CONTAINER_INSIGHTS.metrics for name in scraped.KINDS[kind]}
    names |= {name for signal in reading if signal.promql for name in series.read(signal.promql.expr).names}
    metrics = cluster_agents.cluster_metrics(scraped.keep_lists(names), exporter_manifests.INTERVAL)
    kept = yaml.documents([metrics], cluster_agents.METRICS_HEADER)
    behind = [*wanted, *((f"signal:{signal.name}", signal.source) for signal in reading)]
    yield artefact("kubernetes/managed-prometheus.yaml", "agent settings", kept, behind)
