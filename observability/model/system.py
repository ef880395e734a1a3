"""What the design document can say about the system: frozen facts, each citing its section.

Sizes are bytes, processors are cores, durations are timedelta. A ratio is 0 to 1 and a float; every other
measured number is a Quantity, which knows its unit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from observability.model.fact import Fact, Value
from observability.model.text import Text
from observability.model.units import Quantity

GIB = 2**30


# --- names and places -------------------------------------------------------------------------------


class ResourceName(Fact):
    """An Azure resource: ``key`` is how this project calls it, ``type`` is Azure's resource type."""

    key: str
    name: str
    type: str


class Region(Fact):
    """``name`` as Azure's API spells it."""

    name: str
    title: Text


class Endpoint(Fact):
    host: str
    port: int
    title: Text


# --- services ---------------------------------------------------------------------------------------


class ServiceAddress(Fact):
    """``role`` is the Kubernetes service's name and so the role name in Application Insights."""

    role: str
    namespace: str
    port: int
    purpose: Text

    @property
    def dns(self) -> str:
        return f"{self.role}.{self.namespace}.svc.cluster.local"


class Resources(Fact):
    replicas: int
    cpu_request: float
    cpu_limit: float
    memory_request: int
    memory_limit: int


class ScalingMetric(Value):
    """The autoscaler adds pods while ``name`` is above ``above``, per pod."""

    name: str
    above: Quantity


class Autoscaling(Fact):
    """Pod counts, and the shares of the requested CPU and memory the autoscaler aims at."""

    minimum: int
    maximum: int
    cpu: Quantity
    memory: Quantity
    custom: ScalingMetric


class DisruptionBudget(Fact):
    minimum: int
    reason: Text


class Service(Value):
    """One application service; its facts stand in four sections, so each part cites its own."""

    key: str
    title: Text
    address: ServiceAddress
    resources: Resources
    hpa: Autoscaling
    pdb: DisruptionBudget

    @property
    def role(self) -> str:
        return self.address.role

    @property
    def namespace(self) -> str:
        return self.address.namespace

    @property
    def port(self) -> int:
        return self.address.port

    @property
    def dns(self) -> str:
        return self.address.dns

    @property
    def pdb_minimum(self) -> int:
        return self.pdb.minimum


# --- cluster, network, edge -------------------------------------------------------------------------


class VmSize(Fact):
    name: str
    cpu: int
    memory: int


class Cluster(Fact):
    resource: ResourceName
    kubernetes_version: str
    tier: str
    network_plugin: str
    private: bool


class NodePool(Fact):
    """``minimum`` is the number of nodes it starts with, too."""

    key: str
    title: Text
    vm: VmSize
    minimum: int
    maximum: int
    zones: tuple[str, ...]
    taints: tuple[str, ...] = ()


class Subnet(Fact):
    """Its size is a whole number of octets, so that ``prefix`` can stand for it in a query."""

    key: str
    title: Text
    cidr: str

    @property
    def prefix(self) -> str:
        """How every address inside begins, and no other: "10.1.2." for 10.1.2.0/24."""
        address, _, bits = self.cidr.partition("/")
        return "".join(f"{octet}." for octet in address.split(".")[: int(bits) // 8])


class NetworkRule(Fact):
    """What may pass, either way; ``ports`` are text because ranges are allowed ("65200-65535")."""

    name: str
    direction: Literal["in", "out"]
    peer: str
    ports: tuple[str, ...]
    protocol: Literal["TCP", "UDP"] = "TCP"


class NetworkPolicy(Fact):
    name: str
    pod_labels: tuple[tuple[str, str], ...]
    rules: tuple[NetworkRule, ...]


class PrivateEndpoint(Fact):
    resource_key: str
    dns_zone: str
    subnet: Subnet


class FrontDoor(Fact):
    """An origin is left out after ``failures`` failed probes in a row."""

    resource: ResourceName
    failures: int


class ApplicationGateway(Fact):
    resource: ResourceName
    sku: str
    capacity: int
    zones: tuple[str, ...]
    listener_port: int
    path: str
    backend_pool: str


class WafRule(Value):
    """A custom rule; ``limit`` is what it compares with, ``every`` the time it counts over."""

    name: str
    action: Literal["Block", "Challenge"]
    limit: Quantity | None = None
    every: timedelta | None = None
    countries: tuple[str, ...] = ()


class Waf(Fact):
    rule_set: str
    mode: str
    custom_rules: tuple[WafRule, ...]
    managed_rules: tuple[str, ...]


class Delivery(Fact):
    """How a release goes out, and how long a failed one may stand before it is taken back."""

    registry: ResourceName
    registry_host: str
    continuous_integration: str
    continuous_delivery: str
    strategy: str
    rollback_within: timedelta


# --- telemetry --------------------------------------------------------------------------------------


class Workspace(Fact):
    name: str
    retention: timedelta
    daily_cap: Quantity
    location: str


class AppInsights(Fact):
    """``sampling``: the share kept at ingestion, of what no agent has sampled before."""

    key: str
    name: str
    sampling: Quantity


class Sampling(Fact):
    """``rate``: the share of traces an agent sends."""

    rate: Quantity


class RetentionClass(Fact):
    """Log tables kept equally long: ``period`` as the document says, ``azure_days`` as Azure takes it.

    ``plan`` is what their rows cost and who may ask for them: no log alert reads a Basic table.
    """

    key: str
    title: Text
    period: timedelta
    azure_days: int
    tables: tuple[str, ...]
    plan: Literal["Analytics", "Basic"] = "Analytics"


class ContainerInsights(Fact):
    streams: tuple[str, ...]
    metrics: tuple[str, ...]


class CustomMetrics(Fact):
    business: tuple[str, ...]
    technical: tuple[str, ...]
