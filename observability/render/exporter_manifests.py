"""What Kubernetes needs to run the exporter: sidecar patches, one Deployment, scraping, network rules, autoscaling.

Objects are plain dicts, facts are arguments. What only the cluster's owner knows stands as ``${NAME}``, so that
`envsubst` fills it in and a forgotten one is seen at once; no secret is among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from observability.model.exporter import PORT
from observability.model.operations import Cache, Database, Messaging
from observability.model.signal import Signal
from observability.model.source import Derived, Section
from observability.model.system import GIB, NetworkPolicy, NodePool, Resources, Service, Subnet
from observability.model.text import Text
from observability.model.units import Unit, number
from observability.render import durations, promql

Object = dict[str, Any]
Table = Mapping[str, str | int | bool]

NAME = "tripgen-exporter"
CONTAINER = "exporter"
PORT_NAME = "exporter"
# The user of the Containerfile. Not 1337, whose traffic Istio lets past its proxy.
USER_ID = 10001
CONFIG_FOLDER = "/etc/tripgen-exporter"
CONFIG_FILE = "exporter.toml"
SECRET_FOLDER = "/var/run/secrets/tripgen-exporter"  # noqa: S105 - where it is, not what it is
SECRET_KEY = "connection-string"  # noqa: S105 - the key's name in the Secret
BUFFER_FOLDER = "/var/lib/tripgen-exporter"
BUFFER_BYTES = 50 * 2**20
# Kubernetes evicts a whole pod whose volume grows past its limit, and a sidecar's pod is the service itself. So the
# exporter's own bound is half of it: the limit is only for an exporter that has lost count.
BUFFER_VOLUME = "100Mi"

PART_OF = {"app.kubernetes.io/part-of": "tripgen"}
CLUSTER_LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "cluster"}
SCRAPED_FROM = "kube-system"
SUBNETS_OF_STORES = ("database", "cache", "private_endpoint")

CLIENT_ID = "${TRIPGEN_EXPORTER_CLIENT_ID}"
OBJECT_ID = "${TRIPGEN_EXPORTER_OBJECT_ID}"
KEDA_CLIENT_ID = "${KEDA_CLIENT_ID}"
QUERY_ENDPOINT = "${PROMETHEUS_QUERY_ENDPOINT}"

INTERVAL = timedelta(seconds=30)
# rate() wants four scrapes in its window to outlive a lost one.
SCALE_WINDOW = 4 * INTERVAL
# Beyond the port that a client asks first, a clustered cache sends it to its nodes, each on a TLS port of this range.
CACHE_NODE_PORTS = (15000, 15999)

RESOURCES = Resources(
    replicas=1,
    cpu_request=0.05,
    cpu_limit=0.5,
    memory_request=GIB // 8,
    memory_limit=GIB // 4,
    source=Derived(
        Text(
            ko="모든 클라이언트를 읽어 들인 프로세스가 73 MiB, 가득 찬 이벤트 큐가 약 25 MiB이므로 128 MiB를 요청하고 "
            "두 배에서 막습니다. 코어 하나가 초당 20,000 이벤트를 받으므로 문서의 1,000 TPS는 코어의 5 %입니다. "
            "밀린 이벤트를 따라잡도록 열 배까지 씁니다.",
            en="The process with every client library loaded takes 73 MiB and a full event queue some 25 MiB, so 128 MiB "
            "are asked for and twice that is the end. One core takes 20,000 events a second, so the document's 1,000 "
            "a second are 5 % of it; ten times that lets a backlog be caught up.",
        ),
        (Section("3.3.1"), Section("13.1.1")),
    ),
)


# Seconds, within Kubernetes' 30 s of grace; the exporter itself ends within five.
OUTLIVES_SERVICE = 24


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """Which image runs where; ``registry`` is a host name."""

    registry: str
    version: str
    namespace: str

    @property
    def image(self) -> str:
        return f"{self.registry}/{NAME}:{self.version}"


def _meta(name: str, namespace: str, labels: Mapping[str, str] = PART_OF, **more: Any) -> Object:
    return {"name": name, "namespace": namespace, "labels": {**labels}, **more}


def _toml(tables: Mapping[str, Table]) -> str:
    """TOML whose texts are written as JSON strings, which TOML reads alike for everything printable."""
    return "\n".join(
        "".join(
            [f"[{name}]\n", *(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())]
        )
        for name, table in tables.items()
    )


def _config(name: str, namespace: str, tables: Mapping[str, Table]) -> Object:
    push: Table = {
        "connection_string_file": f"{SECRET_FOLDER}/{SECRET_KEY}",
        "buffer_dir": BUFFER_FOLDER,
        "buffer_bytes": BUFFER_BYTES,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _meta(name, namespace),
        "data": {CONFIG_FILE: _toml({**tables, "push": push})},
    }


def _cpu(cores: float) -> str:
    return f"{round(cores * 1000)}m"


def _mebibytes(size: int) -> str:
    return f"{size // 2**20}Mi"


def _probe(path: str, period: int, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": PORT_NAME},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _container(exporter: Exporter, probes: Mapping[str, Object]) -> Object:
    return {
        "name": CONTAINER,
        "image": exporter.image,
        "args": ["--config", f"{CONFIG_FOLDER}/{CONFIG_FILE}"],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        **probes,
        "resources": {
            "requests": {"cpu": _cpu(RESOURCES.cpu_request), "memory": _mebibytes(RESOURCES.memory_request)},
            "limits": {"cpu": _cpu(RESOURCES.cpu_limit), "memory": _mebibytes(RESOURCES.memory_limit)},
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            # Whole folders: a file mounted alone (subPath) never sees a changed ConfigMap or a rotated secret.
            {"name": "exporter-config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "exporter-secrets", "mountPath": SECRET_FOLDER, "readOnly": True},
            {"name": "exporter-buffer", "mountPath": BUFFER_FOLDER, "subPath": "buffer"},
            # Libraries expect to write temporary files, and the root is read-only.
            {"name": "exporter-buffer", "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108 - the container's own
        ],
    }


def _volumes(config: str) -> list[Object]:
    return [
        {"name": "exporter-config", "configMap": {"name": config}},
        # Without it there is no push to Azure Monitor, and the page says so; the pod starts all the same.
        {"name": "exporter-secrets", "secret": {"secretName": NAME, "optional": True}},
        {"name": "exporter-buffer", "emptyDir": {"sizeLimit": BUFFER_VOLUME}},
    ]


# --- beside each service ----------------------------------------------------------------------------


def sidecar_patch(service: Service, exporter: Exporter) -> Object:
    """A strategic merge patch of the service's Deployment, which is named as the service is.

    There is no readiness probe: a pod is ready only when each of its containers is, and an exporter that is not must
    never take its service out of traffic (three of three trip pods are wanted at all times, R17). For the same reason
    it is no native sidecar, whose failure to start would keep the service from starting.

    Both containers are told to end at the same moment. The exporter waits first, within the grace period, so that the
    events of requests that are still being answered find somebody and the last counts are scraped.
    """
    probes = {
        "startupProbe": _probe("/healthz", 2, 60),
        "livenessProbe": _probe("/healthz", 10, 3),
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(OUTLIVES_SERVICE)]}}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": service.role, "namespace": service.namespace},
        "spec": {
            "template": {
                "metadata": {
                    "labels": {**PART_OF},
                    # The scrape comes from outside the mesh, in plain HTTP, and strict mTLS would refuse it (R13). The
                    # proxy also hands on what it takes in from a loopback address, so that any pod of the mesh could
                    # post events, which the exporter takes from its own pod alone.
                    "annotations": {"traffic.sidecar.istio.io/excludeInboundPorts": str(PORT)},
                },
                "spec": {
                    "containers": [_container(exporter, probes)],
                    "volumes": _volumes(sidecar_config_name(service)),
                },
            }
        },
    }


def sidecar_config_name(service: Service) -> str:
    return f"exporter-{service.role}"


def sidecar_config(service: Service) -> Object:
    return _config(
        sidecar_config_name(service),
        service.namespace,
        {
            "exporter": {"role": "sidecar", "service": service.role, "port": PORT},
            "actuator": {"url": f"http://127.0.0.1:{service.port}"},
            "events": {"enabled": True},
        },
    )


# --- once, for what all services share --------------------------------------------------------------


def cluster_config(exporter: Exporter, database: Database, cache: Cache, messaging: Messaging) -> Object:
    """The three systems, each signed in to with the pod's identity: there is no password to keep."""
    domain = database.endpoint.host.partition(".")[2]
    hosts = {"primary": database.endpoint.host} | {
        replica.key: f"{replica.resource.name}.{domain}" for replica in database.replicas
    }
    servers: dict[str, Table] = {
        f"postgresql.servers.{role}": {"host": host, "port": database.endpoint.port, "user": NAME, "entra": True}
        for role, host in hosts.items()
    }
    return _config(
        f"{NAME}-cluster",
        exporter.namespace,
        {
            "exporter": {"role": "cluster", "port": PORT},
            **servers,
            "redis": {
                "host": cache.endpoint.host,
                "port": cache.endpoint.port,
                "tls": True,
                "cluster": cache.shards > 1,
                "user": OBJECT_ID,
                "entra": True,
            },
            "service_bus": {"namespace": f"{messaging.resource.name}.servicebus.windows.net"},
        },
    )


def cluster_objects(
    exporter: Exporter, database: Database, cache: Cache, messaging: Messaging, pool: NodePool
) -> list[Object]:
    """Service account, settings, Deployment and PodDisruptionBudget of the cluster role."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _meta(
            NAME,
            exporter.namespace,
            PART_OF | CLUSTER_LABELS,
            annotations={"azure.workload.identity/client-id": CLIENT_ID},
        ),
        # Nothing here asks the Kubernetes API. The token for Azure is another one, projected by workload identity.
        "automountServiceAccountToken": False,
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _meta(NAME, exporter.namespace, PART_OF | CLUSTER_LABELS),
        "spec": {
            # One pod of one may go. A budget that keeps the only pod would hold up every node drain (R17 is that very
            # mistake), and what it would save is less than a minute of measurements.
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": {**CLUSTER_LABELS}},
        },
    }
    config = cluster_config(exporter, database, cache, messaging)
    return [account, config, _deployment(exporter, config["metadata"]["name"], pool), budget]


def _deployment(exporter: Exporter, config: str, pool: NodePool) -> Object:
    probes = {
        "startupProbe": _probe("/healthz", 1, 30),
        "livenessProbe": _probe("/healthz", 10, 3),
        "readinessProbe": _probe("/readyz", 10, 3),
    }
    labels = {
        **PART_OF,
        **CLUSTER_LABELS,
        "azure.workload.identity/use": "true",
        # It speaks to nobody in the mesh, every connection brings its own TLS, and the scrape comes from outside.
        "sidecar.istio.io/inject": "false",
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(NAME, exporter.namespace, PART_OF | CLUSTER_LABELS),
        "spec": {
            "replicas": RESOURCES.replicas,
            # Never two at once: both would count the same hits and messages, and sums over pods would double.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {**CLUSTER_LABELS}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    # Five seconds are promised for a clean stop; the rest is for the machine.
                    "terminationGracePeriodSeconds": 10,
                    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                    "affinity": _prefer_user_nodes(),
                    "tolerations": [*map(_toleration, pool.taints), *_leave_lost_nodes()],
                    "containers": [_container(exporter, probes)],
                    "volumes": _volumes(config),
                },
            },
        },
    }


def _toleration(taint: str) -> Object:
    """``key=value:Effect`` as a toleration."""
    pair, _, effect = taint.rpartition(":")
    key, _, value = pair.partition("=")
    return {"key": key, "operator": "Equal", "value": value, "effect": effect}


def _leave_lost_nodes() -> list[Object]:
    """Away from a dead node after 30 s instead of 300: while the only pod is gone, alerts on its series are blind.

    A spread over zones would say nothing about a single pod.
    """
    return [
        {
            "key": f"node.kubernetes.io/{state}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": int(INTERVAL.total_seconds()),
        }
        for state in ("not-ready", "unreachable")
    ]


def _prefer_user_nodes() -> Object:
    """The application pool rather than the system pool, by the label AKS gives; not at the price of not running."""
    term = {"matchExpressions": [{"key": "kubernetes.azure.com/mode", "operator": "In", "values": ["user"]}]}
    preferred = [{"weight": 100, "preference": term}]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


# --- scraping and the network -----------------------------------------------------------------------


def pod_monitor(exporter: Exporter) -> Object:
    """Managed Prometheus scrapes every exporter; it reads this group alone, not monitoring.coreos.com."""
    return {
        "apiVersion": "azmonitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": _meta(NAME, exporter.namespace),
        "spec": {
            # The limits of Azure Monitor's pipeline: a series beyond them is dropped there without a word.
            "labelLimit": 63,
            "labelNameLengthLimit": 511,
            "labelValueLengthLimit": 1023,
            "selector": {"matchLabels": {**PART_OF}},
            "podMetricsEndpoints": [
                {
                    "port": PORT_NAME,
                    "path": "/metrics",
                    "interval": durations.prometheus(INTERVAL),
                    "scrapeTimeout": "10s",
                }
            ],
        },
    }


def network_policies(
    exporter: Exporter,
    policy: NetworkPolicy,
    database: Database,
    cache: Cache,
    subnets: Mapping[str, Subnet],
    https_port: int,
) -> list[Object]:
    """The scrape of the services (R13), and everything that the cluster role may do.

    The first selects only pods that the document's own policy isolates already: a policy for others would close
    whatever else they listen on. ``subnets`` has at least the keys SUBNETS_OF_STORES.
    """
    scrape = [{"from": [_namespace(SCRAPED_FROM)], "ports": [_port(PORT)]}]

    def to(*keys: str) -> list[Object]:
        return [{"ipBlock": {"cidr": subnets[key].cidr}} for key in keys]

    # Service Bus is asked over HTTPS, as its management interface is; AMQP (5671) stays closed. Sign-in and Azure
    # Monitor are HTTPS too, on addresses that are not ours, which is why the document opens 443 to all.
    egress = [
        {"to": to("database", "private_endpoint"), "ports": [_port(database.endpoint.port)]},
        {
            "to": to("cache", "private_endpoint"),
            "ports": [_port(cache.endpoint.port), {**_port(CACHE_NODE_PORTS[0]), "endPort": CACHE_NODE_PORTS[1]}],
        },
        {"ports": [_port(https_port)]},
        # An answer that does not fit into one datagram is asked for again over TCP.
        {"ports": [_port(53, "UDP"), _port(53)]},
    ]
    return [
        _policy(f"{NAME}-scrape", exporter, {**dict(policy.pod_labels), **PART_OF}, {"ingress": scrape}),
        _policy(f"{NAME}-cluster", exporter, CLUSTER_LABELS, {"ingress": scrape, "egress": egress}),
    ]


def _policy(name: str, exporter: Exporter, pods: Mapping[str, str], rules: Mapping[str, list[Object]]) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _meta(name, exporter.namespace),
        "spec": {
            "podSelector": {"matchLabels": {**pods}},
            "policyTypes": [direction.capitalize() for direction in rules],
            **rules,
        },
    }


def _namespace(name: str) -> Object:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _port(port: int, protocol: str = "TCP") -> Object:
    return {"protocol": protocol, "port": port}


# --- autoscaling ------------------------------------------------------------------------------------

# KEDA and not a plain HorizontalPodAutoscaler: an HPA reads custom metrics only through an adapter in the cluster, and
# managed Prometheus brings none, while KEDA is an add-on of AKS that asks its query endpoint with a workload identity.
# KEDA makes the HPA itself, CPU and memory included. A second, hand-made HPA on the same Deployment would fight it.
AUTHENTICATION = "managed-prometheus"


def autoscaling(services: Iterable[Service], scales: Mapping[str, Signal], namespace: str) -> list[Object]:
    """One ScaledObject a service; ``scales`` gives the signal behind its custom metric, by the service's key."""
    authentication = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": _meta(AUTHENTICATION, namespace),
        "spec": {"podIdentity": {"provider": "azure-workload", "identityId": KEDA_CLIENT_ID}},
    }
    return [authentication, *(_scaled_object(service, scales[service.key]) for service in services)]


def _scaled_object(service: Service, signal: Signal) -> Object:
    custom = service.hpa.custom
    if custom.name != signal.name:
        raise ValueError(f"service '{service.key}' scales on '{custom.name}', not on '{signal.name}'; mend SCALES")
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": _meta(service.role, service.namespace),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.role},
            "minReplicaCount": service.hpa.minimum,
            "maxReplicaCount": service.hpa.maximum,
            # No oftener than the numbers change.
            "pollingInterval": int(INTERVAL.total_seconds()),
            "triggers": [
                _resource("cpu", service, service.hpa.cpu.to(Unit.PERCENT)),
                _resource("memory", service, service.hpa.memory.to(Unit.PERCENT)),
                {
                    "type": "prometheus",
                    "name": custom.name,
                    # The query is a total and the document's number is for one pod: KEDA divides by the pods.
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": QUERY_ENDPOINT,
                        "query": promql.over(signal, durations.prometheus(SCALE_WINDOW)),
                        "threshold": number(custom.above.value),
                        # By default a series that is gone counts as 0 and pods are taken away; as an error it leaves
                        # them, and CPU and memory may still add some. A fallback count would do the same harm later.
                        "ignoreNullValues": "false",
                    },
                    "authenticationRef": {"name": AUTHENTICATION},
                },
            ],
        },
    }


def _resource(kind: str, service: Service, target: float) -> Object:
    # Of the service's own container: requests of the exporter and of Istio's proxy would dilute the share. The
    # document names only the service, and Deployment and container take its name.
    return {
        "type": kind,
        "metricType": "Utilization",
        "metadata": {"value": number(target), "containerName": service.role},
    }


# --- what stands above each file --------------------------------------------------------------------


def sidecar_header(service: Service, path: str) -> str:
    return f"""\
The exporter beside {service.role}: a strategic merge patch of its Deployment.
kubectl patch deployment {service.role} -n {service.namespace} --patch-file {path}
Never `kubectl apply` or `kubectl delete` this file: it is a part of the service's own Deployment.
It adds to that Deployment's annotations; a port list that is there already has to be joined by hand.
It needs the ConfigMap of exporter-config.yaml and the Secret '{NAME}', whose key '{SECRET_KEY}'
is Application Insights' connection string; Key Vault's CSI driver or External Secrets puts it there."""


CONFIG_HEADER = "Settings of the exporters beside the services. A change is taken without a restart."
CLUSTER_HEADER = f"""\
The exporter of what all services share: PostgreSQL, Redis, Service Bus. It runs once.
{CLIENT_ID} and {OBJECT_ID} are those of its managed identity:
envsubst < exporter-cluster.yaml | kubectl apply -f -
It needs the Secret '{NAME}' of the sidecars. The identity is PostgreSQL's user of that name, with
pg_monitor; it may run INFO and CLUSTER on the cache. azure/access.json lets it see the Service Bus queues."""
MONITORING_HEADER = """\
Scraping by Azure Monitor managed service for Prometheus, and what the network must let through.
The cluster exporter reaches databases in the document's subnets alone. A replica in another region needs a private
endpoint there, or its own subnet in the list below: without it, its lag is unknown and data-store-unreadable fires."""


def autoscaling_header(workspace: str) -> str:
    return f"""\
KEDA's add-on scales the services by CPU, memory and one metric of the exporter each. It makes the
HorizontalPodAutoscaler itself: remove a hand-made one for the same Deployment first, KEDA refuses to share.
CPU and memory are those of the container that is named as its service is: change containerName if it is not.
{KEDA_CLIENT_ID} is KEDA's identity, which needs the role Monitoring Data Reader on {workspace}
(azure/access.json gives it);
az monitor account show -g RESOURCE_GROUP -n {workspace} --query metrics.prometheusQueryEndpoint -o tsv
prints {QUERY_ENDPOINT}. Then: envsubst < autoscaling.yaml | kubectl apply -f -"""
