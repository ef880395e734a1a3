from __future__ import annotations

from datetime import timedelta

from observability.design.telemetry import (
    APP_INSIGHTS,
    CONTAINER_INSIGHTS,
    CUSTOM_METRICS,
    RETENTION,
    TRACING_SAMPLING,
    WORKSPACE,
)
from observability.model.source import Section
from observability.model.units import gigabytes, percent


def test_the_workspace_keeps_90_days_and_takes_10_gb_a_day_in_korea_central() -> None:
    assert (WORKSPACE.name, WORKSPACE.location) == ("law-tripgen-prod", "koreacentral")
    assert (WORKSPACE.retention, WORKSPACE.daily_cap) == (timedelta(days=90), gigabytes(10))


def test_ingestion_samples_5_percent_and_agents_10_percent() -> None:
    assert (APP_INSIGHTS.name, APP_INSIGHTS.sampling) == ("appi-tripgen-prod", percent(5))
    assert TRACING_SAMPLING.rate == percent(10)
    assert TRACING_SAMPLING.source == Section("8.2.2", reading="R1")


def test_the_four_classes_are_kept_as_long_as_section_8_2_1_says_with_audit_one_day_up() -> None:
    assert {c.key: (c.period.days, c.azure_days) for c in RETENTION} == {
        "application": (90, 90),
        "system": (180, 180),
        "security": (365, 365),
        "audit": (2555, 2556),
    }


def test_each_log_table_is_in_exactly_one_class() -> None:
    tables = [table for c in RETENTION for table in c.tables]
    assert sorted(tables) == sorted(set(tables))


def test_tables_stand_in_the_class_their_rows_belong_to() -> None:
    home = {table: c.key for c in RETENTION for table in c.tables}
    expected = {
        "application": "AppRequests AppDependencies AppExceptions AppAvailabilityResults AppTraces ContainerLogV2",
        "system": "KubeEvents KubePodInventory Perf InsightsMetrics AKSControlPlane PGSQLServerLogs "
        "AGWAccessLogs AZMSOperationalLogs",
        "security": "AGWFirewallLogs SigninLogs AZKVAuditLogs AZFWIdpsSignature AzureDiagnostics",
        "audit": "AKSAudit AKSAuditAdmin AuditLogs AzureActivity",
    }
    for key, tables in expected.items():
        assert {home.get(table) for table in tables.split()} == {key}


def test_tables_that_receive_nothing_are_in_no_class() -> None:
    assert not {"ContainerLog", "SecurityEvent"} & {table for c in RETENTION for table in c.tables}


def test_containers_send_both_streams_and_four_metrics() -> None:
    assert CONTAINER_INSIGHTS.streams == ("stdout", "stderr")
    assert CONTAINER_INSIGHTS.metrics == ("cpu", "memory", "network", "disk")


def test_custom_metrics_are_the_eight_names_of_section_8_2_2() -> None:
    assert CUSTOM_METRICS.business == (
        "trip_generation_success_rate",
        "user_satisfaction_score",
        "ai_response_time",
        "location_search_accuracy",
    )
    assert CUSTOM_METRICS.technical == (
        "database_connection_pool",
        "cache_hit_ratio",
        "message_queue_depth",
        "external_api_latency",
    )
