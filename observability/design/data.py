"""The data stores and the message broker (sections 5, 6 and the data parts of 10.1)."""

from __future__ import annotations

from observability.design.operations import RECOVERY
from observability.design.platform import (
    D4S_V3,
    D8S_V3,
    D16S_V3,
    DR_REGION,
    ENDPOINTS,
    PRIMARY_REGION,
    RESOURCES,
)
from observability.model.operations import (
    Cache,
    CacheBackup,
    CacheLevel,
    CachePattern,
    Database,
    DatabaseBackup,
    Failover,
    Messaging,
    Queue,
    Replica,
    Replication,
    Topic,
)
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import days, gigabytes, hours, minutes, seconds

POSTGRESQL = Database(
    resource=RESOURCES["postgresql"],
    endpoint=ENDPOINTS["postgresql"],
    tier="GeneralPurpose",
    vm=D8S_V3,
    next_vm=D16S_V3,
    storage=gigabytes(512),
    ha_mode="ZoneRedundant",
    backup=DatabaseBackup(
        every=days(1),
        start="02:00:00",
        retention=days(35),
        restore_step=minutes(5),
        geo_region=DR_REGION,
        geo_rpo=RECOVERY.rpo,
        source=Section("5.3.1"),
    ),
    replicas=(
        Replica(
            key="replica_1",
            resource=RESOURCES["postgresql_replica_1"],
            region=DR_REGION,
            vm=D4S_V3,
            purpose=Text(ko="읽기 부하 분산", en="Spread the read load"),
            source=Section("5.1.2"),
        ),
        Replica(
            key="replica_2",
            resource=RESOURCES["postgresql_replica_2"],
            region=PRIMARY_REGION,
            vm=D4S_V3,
            purpose=Text(ko="재해복구 및 읽기 분산", en="Disaster recovery and spreading reads"),
            source=Section("5.1.2"),
        ),
    ),
    replication=Replication(lag=minutes(5), source=Section("10.1.1")),
    failover=Failover(within=seconds(30), source=Section("10.1.2")),
    source=Section("5.1.1"),
)

_STRATEGY = Section("5.2.2")
REDIS = Cache(
    resource=RESOURCES["redis"],
    endpoint=ENDPOINTS["redis"],
    tier="Premium",
    size="P4",
    memory=gigabytes(26),
    shards=6,
    replicas_per_shard=1,
    backup=CacheBackup(every=hours(1), retention=days(7), append_only_sync="everysec", source=Section("5.3.1")),
    failover=Failover(within=seconds(60), source=Section("10.1.2")),
    levels=(
        CacheLevel(key="L1_Application", engine="Caffeine", ttl=minutes(5), max_entries=5000, source=_STRATEGY),
        CacheLevel(key="L2_Distributed", engine="Azure Cache for Redis", ttl=minutes(60), source=_STRATEGY),
    ),
    patterns=(
        CachePattern(key="user_session", key_pattern="session:{userId}", ttl=minutes(30), source=_STRATEGY),
        CachePattern(key="location_data", key_pattern="location:{lat}:{lng}:{radius}", ttl=hours(4), source=_STRATEGY),
        CachePattern(key="ai_results", key_pattern="ai:schedule:{tripId}:{hash}", ttl=hours(2), source=_STRATEGY),
        CachePattern(key="static_content", key_pattern="static:{resource}:{version}", ttl=hours(24), source=_STRATEGY),
    ),
    source=Section("5.2.1", reading="R15"),
)

_ENTITIES = Section("6.1.2")
_MAX_SIZE = gigabytes(80)
SERVICE_BUS = Messaging(
    resource=RESOURCES["service_bus"],
    tier="Premium",
    units=4,
    geo_region=DR_REGION,
    queues=(
        Queue(
            name="ai_schedule_generation",
            max_size=_MAX_SIZE,
            duplicate_detection=True,
            sessions=True,
            max_delivery=3,
            source=_ENTITIES,
        ),
        Queue(
            name="location_search",
            max_size=_MAX_SIZE,
            duplicate_detection=False,
            delete_when_idle=days(14),
            source=_ENTITIES,
        ),
        Queue(name="notification", max_size=_MAX_SIZE, duplicate_detection=True, source=_ENTITIES),
    ),
    topics=(
        Topic(
            name="trip_events",
            max_size=_MAX_SIZE,
            duplicate_detection=True,
            subscriptions=("audit_subscription", "monitoring_subscription", "analytics_subscription"),
            source=_ENTITIES,
        ),
    ),
    source=Section("6.1.1"),
)
