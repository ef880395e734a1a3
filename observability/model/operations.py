"""What the design document can say about running the system: secrets, stores, goals, procedures."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from observability.model.fact import Fact, Value
from observability.model.source import Source
from observability.model.system import Endpoint, NodePool, Region, ResourceName, VmSize
from observability.model.text import Text
from observability.model.units import Quantity

# --- security ---------------------------------------------------------------------------------------


class RotationRule(Fact):
    """Each of ``names`` in the vault is renewed before it is ``every`` old."""

    key: str
    title: Text
    every: timedelta
    names: tuple[str, ...]


class KeyVault(Fact):
    resource: ResourceName
    tier: str
    private_only: bool
    secrets: tuple[str, ...]
    certificates: tuple[str, ...]


class ManagedIdentity(Fact):
    """``permissions``: what may be done, by the key of the resource it is done to."""

    name: str
    permissions: tuple[tuple[str, tuple[str, ...]], ...]


class Directory(Fact):
    tenant: str
    application: str
    app_roles: tuple[str, ...]


class ServiceAccount(Fact):
    name: str
    cluster_role: str


# --- data stores ------------------------------------------------------------------------------------


class Failover(Fact):
    """A standby takes over by itself ``within`` this time."""

    within: timedelta


class DatabaseBackup(Fact):
    """``start`` is KST; ``restore_step`` is how finely a point in time can be chosen."""

    every: timedelta
    start: str
    retention: timedelta
    restore_step: timedelta
    geo_region: Region
    geo_rpo: timedelta


class Replica(Fact):
    key: str
    resource: ResourceName
    region: Region
    vm: VmSize
    purpose: Text


class Replication(Fact):
    """A replica is healthy while it lags less than ``lag``."""

    lag: timedelta


class Database(Fact):
    resource: ResourceName
    endpoint: Endpoint
    tier: str
    vm: VmSize
    next_vm: VmSize
    storage: Quantity
    ha_mode: str
    backup: DatabaseBackup
    replicas: tuple[Replica, ...]
    replication: Replication
    failover: Failover


class CacheBackup(Fact):
    every: timedelta
    retention: timedelta
    append_only_sync: str


class CacheLevel(Fact):
    key: str
    engine: str
    ttl: timedelta
    max_entries: int | None = None


class CachePattern(Fact):
    key: str
    key_pattern: str
    ttl: timedelta


class Cache(Fact):
    resource: ResourceName
    endpoint: Endpoint
    tier: str
    size: str
    memory: Quantity
    shards: int
    replicas_per_shard: int
    backup: CacheBackup
    failover: Failover
    levels: tuple[CacheLevel, ...]
    patterns: tuple[CachePattern, ...]


class Queue(Fact):
    """``max_delivery`` and ``delete_when_idle`` are None where the document leaves Azure's default."""

    name: str
    max_size: Quantity
    duplicate_detection: bool
    sessions: bool = False
    max_delivery: int | None = None
    delete_when_idle: timedelta | None = None


class Topic(Fact):
    name: str
    max_size: Quantity
    duplicate_detection: bool
    subscriptions: tuple[str, ...]


class Messaging(Fact):
    resource: ResourceName
    tier: str
    units: int
    geo_region: Region
    queues: tuple[Queue, ...]
    topics: tuple[Topic, ...]


# --- goals ------------------------------------------------------------------------------------------


class Target(Fact):
    title: Text
    value: Quantity


class Phase(Fact):
    """One step of the road map. ``carried`` names the fields that this phase leaves as they were before.

    Shape: availability, error_rate and cost_saving are ratios; throughput is transactions a second.
    """

    number: int
    focus: Text
    from_month: int
    to_month: int
    availability: float
    ai_p95: Quantity
    api_p95: Quantity
    error_rate: float
    throughput: Quantity
    users: int
    cost_saving: float | None = None
    carried: tuple[str, ...] = ()


# --- people and procedures --------------------------------------------------------------------------


class SeverityLevel(Value):
    """How one severity is handled: ``source`` gives the terms, ``procedure_source`` the steps."""

    number: int
    meaning: Text
    detection: Text
    response: timedelta
    escalation: Text
    actions: tuple[Text, ...]
    communication: Text
    update_every: timedelta | None
    source: Source
    procedure_source: Source


class Escalation(Fact):
    """What follows by itself when nobody acknowledges an alert of one of ``levels`` within its response time.

    Alerts of the severities in ``at_once`` are told to management as they fire. A level with an update interval is told
    again at each, for ``reminds_for`` at most; one without is told once.
    """

    levels: tuple[SeverityLevel, ...]
    at_once: tuple[int, ...]
    reminds_for: timedelta


class MaintenanceWindow(Fact):
    """Weekly; ``start`` and ``end`` are local times of the named zone, in both systems' spelling of it."""

    weekday: str
    start: str
    end: str
    time_zone: str
    notice: timedelta
    suppressed_severities: tuple[int, ...]


class RecoveryGoal(Fact):
    rto: timedelta
    rpo: timedelta
    backup_every: timedelta
    rollback_for: timedelta
    primary: Region
    standby: Region


class HealthCheck(Fact):
    path: str


class AutoRecovery(Fact):
    """Something that heals itself: after ``threshold``, or ``lasting`` this long; done ``within``."""

    key: str
    trigger: Text
    action: Text
    within: timedelta
    threshold: Quantity | None = None
    lasting: timedelta | None = None


class ChecklistItem(Value):
    text: Text
    takes: timedelta | None


class Checklist(Fact):
    every: Literal["day", "week", "month", "quarter"]
    title: Text
    items: tuple[ChecklistItem, ...]


class CostItem(Fact):
    """``monthly`` is the document's estimate in US dollars."""

    key: str
    title: Text
    monthly: Quantity
    saving: Text


class Budget(Fact):
    """``stated`` is the total before optimisation, ``optimised`` the goal."""

    stated: Quantity
    optimised: Quantity


class AlertLine(Fact):
    """The document's own line for one alert; what really pages stands in ``alerts/`` and may be tuned there."""

    limit: Quantity
    window: timedelta


class Scaling(Fact):
    """How far apart two changes are at least, whether somebody is asked first, and how long an answer is waited for.

    ``settles`` is how long a change may take before people are told that it has not ended.
    """

    cooldown: timedelta
    asks: bool
    answer_within: timedelta
    settles: timedelta


class NodeScaling(Scaling):
    """One action adds ``step`` nodes to ``pool``, never past its maximum."""

    pool: NodePool
    step: int


class DatabaseScaling(Scaling):
    """One action moves ``database`` from its size to the next one, and no further."""

    database: Database
