from __future__ import annotations

from datetime import timedelta

from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.model.units import gigabytes


def test_postgresql_is_zone_redundant_on_d8s_v3_with_512_gb() -> None:
    assert (POSTGRESQL.tier, POSTGRESQL.vm.name, POSTGRESQL.storage) == (
        "GeneralPurpose",
        "Standard_D8s_v3",
        gigabytes(512),
    )
    assert POSTGRESQL.ha_mode == "ZoneRedundant"


def test_a_scaled_up_postgresql_runs_on_the_next_size() -> None:
    assert (POSTGRESQL.next_vm.name, POSTGRESQL.next_vm.cpu) == ("Standard_D16s_v3", 16)


def test_postgresql_is_backed_up_each_day_at_02_00_and_kept_35_days() -> None:
    backup = POSTGRESQL.backup
    assert (backup.every, backup.start, backup.retention) == (timedelta(days=1), "02:00:00", timedelta(days=35))
    assert backup.restore_step == timedelta(minutes=5)
    assert (backup.geo_region.name, backup.geo_rpo) == ("koreasouth", timedelta(minutes=15))


def test_two_read_replicas_stand_in_two_regions() -> None:
    assert [(r.key, r.resource.name, r.region.name, r.vm.name) for r in POSTGRESQL.replicas] == [
        ("replica_1", "tripgen-prod-replica-1", "koreasouth", "Standard_D4s_v3"),
        ("replica_2", "tripgen-prod-replica-2", "koreacentral", "Standard_D4s_v3"),
    ]


def test_replicas_lag_less_than_5_minutes() -> None:
    assert POSTGRESQL.replication.lag == timedelta(minutes=5)


def test_postgresql_fails_over_within_30_seconds_and_redis_within_60() -> None:
    assert POSTGRESQL.failover.within == timedelta(seconds=30)
    assert REDIS.failover.within == timedelta(seconds=60)


def test_redis_is_a_premium_p4_of_six_shards_with_one_replica_each() -> None:
    assert (REDIS.tier, REDIS.size, REDIS.memory) == ("Premium", "P4", gigabytes(26))
    assert (REDIS.shards, REDIS.replicas_per_shard) == (6, 1)


def test_redis_is_saved_every_hour_and_kept_7_days() -> None:
    backup = REDIS.backup
    assert (backup.every, backup.retention) == (timedelta(minutes=60), timedelta(days=7))
    assert backup.append_only_sync == "everysec"


def test_the_cache_has_two_levels() -> None:
    assert [(level.key, level.ttl, level.max_entries) for level in REDIS.levels] == [
        ("L1_Application", timedelta(minutes=5), 5000),
        ("L2_Distributed", timedelta(minutes=60), None),
    ]


def test_each_cache_pattern_has_its_key_and_lifetime() -> None:
    assert {pattern.key: (pattern.key_pattern, pattern.ttl) for pattern in REDIS.patterns} == {
        "user_session": ("session:{userId}", timedelta(minutes=30)),
        "location_data": ("location:{lat}:{lng}:{radius}", timedelta(hours=4)),
        "ai_results": ("ai:schedule:{tripId}:{hash}", timedelta(hours=2)),
        "static_content": ("static:{resource}:{version}", timedelta(hours=24)),
    }


def test_service_bus_is_premium_with_4_units_paired_with_korea_south() -> None:
    assert (SERVICE_BUS.resource.name, SERVICE_BUS.tier, SERVICE_BUS.units) == ("sb-tripgen-prod", "Premium", 4)
    assert SERVICE_BUS.geo_region.name == "koreasouth"


def test_there_are_three_queues_and_only_the_ai_queue_states_its_deliveries() -> None:
    queues = {queue.name: queue for queue in SERVICE_BUS.queues}
    assert {name: (q.duplicate_detection, q.sessions, q.max_delivery) for name, q in queues.items()} == {
        "ai_schedule_generation": (True, True, 3),
        "location_search": (False, False, None),
        "notification": (True, False, None),
    }
    assert queues["location_search"].delete_when_idle == timedelta(days=14)


def test_trip_events_has_three_subscriptions() -> None:
    (topic,) = SERVICE_BUS.topics
    assert topic.name == "trip_events"
    assert topic.subscriptions == ("audit_subscription", "monitoring_subscription", "analytics_subscription")


def test_every_queue_and_topic_holds_80_gb() -> None:
    queues = {queue.max_size for queue in SERVICE_BUS.queues}
    topics = {topic.max_size for topic in SERVICE_BUS.topics}
    assert queues == topics == {gigabytes(80)}
