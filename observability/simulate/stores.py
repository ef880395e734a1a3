"""PostgreSQL, Redis and Service Bus: logs, sessions, and what their diagnostic settings write of platform metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from observability.azure import metrics
from observability.design.data import POSTGRESQL, SERVICE_BUS
from observability.design.telemetry import RESOURCES
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.load import of_day
from observability.simulate.world import ENTITIES, World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_GIB = 2.0**30
MAX_CONNECTIONS = 859
"""Of a D8s server, less those Azure keeps for itself: Azure's default, an assumption here."""


def selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """Each table of the stores and its SELECT."""
    load(con, "logged", _LOG_COLUMNS, list(_log_rows(world)))
    yield "PGSQLServerLogs", _LOGS
    load(
        con,
        "session",
        {"happened": "TIMESTAMP", "server": "VARCHAR", "role": "VARCHAR", "many": "INTEGER"},
        list(_sessions(world)),
    )
    yield "PGSQLPgStatActivitySessions", _SESSIONS
    yield "PGSQLQueryStoreRuntime", _QUERIES
    load(con, "metric", _METRIC_COLUMNS, list(_metric_rows(world)))
    yield "AzureMetrics", _METRICS
    yield "AZMSOperationalLogs", _OPERATIONS
    yield "AZMSRunTimeAuditLogs", _AUDIT
    load(con, "bus_error", {"happened": "TIMESTAMP", "entity": "VARCHAR"}, list(_bus_errors(world)))
    yield "AZMSDiagnosticErrorLogs", _BUS_ERRORS
    yield "ACRConnectedClientList", _CLIENTS


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


_LOG_COLUMNS = {
    "happened": "TIMESTAMP",
    "level": "VARCHAR",
    "code": "VARCHAR",
    "message": "VARCHAR",
    "detail": "VARCHAR",
}


def _log_rows(world: World) -> Iterator[tuple[Any, ...]]:
    for minute, moment in world.moments():
        happened = _at(moment)
        yield happened, "LOG", "00000", "checkpoint complete: wrote 812 buffers (0.2%)", ""
        if minute % 360 == 77:
            yield happened, "ERROR", "57014", "canceling statement due to statement timeout", ""
        if world.connections_percent(moment) >= 100:
            for _ in range(20):
                words = "remaining connection slots are reserved for azure replication users"
                yield happened, "FATAL", "53300", words, ""
    for fault in world.faults:
        if isinstance(fault, faults.Cache | faults.Connections) or fault.end <= fault.start:
            continue


_SERVER = POSTGRESQL.resource.name
_LOGS = f"""
SELECT happened + to_seconds(whole(rowid, 1, 60)) AS TimeGenerated, '{_SERVER}' AS LogicalServerName, level AS ErrorLevel,
    code AS SqlErrorCode, message AS Message, detail AS Detail, 'Primary' AS ReplicaRole, 4000 + whole(rowid, 2, 900) AS ProcessId,
    CASE WHEN level = 'LOG' THEN 'checkpointer' ELSE 'client backend' END AS BackendType
FROM logged
"""


def _sessions(world: World) -> Iterator[tuple[Any, ...]]:
    """A snapshot every five minutes: sessions of each service on the primary, and of the readers on the replicas."""
    for minute, moment in world.moments():
        if minute % 5 == 0:
            used = world.connections_percent(moment) / 100 * MAX_CONNECTIONS
            for role, share in (
                ("trip-service", 0.45),
                ("user-service", 0.3),
                ("ai-service", 0.15),
                ("location-service", 0.1),
            ):
                yield _at(moment), _SERVER, role, round(used * share)
            for replica in POSTGRESQL.replicas:
                yield _at(moment), replica.resource.name, "trip-service", round(used * 0.12)


_SESSIONS = """
SELECT happened + INTERVAL 30 SECOND AS TimeGenerated, happened AS CollectionTime, server AS LogicalServerName, role AS ApplicationName,
    1000 + rowid * 7 % 7000 + n AS ProcessId, 'client backend' AS BackendType,
    CASE WHEN u(rowid * 1000 + n, 1) < 0.12 THEN 'active' ELSE 'idle' END AS State, 'tripgen' AS DatabaseName,
    happened - INTERVAL 2 HOUR AS BackendStartTime, happened - to_seconds(1 + whole(rowid * 1000 + n, 2, 300)) AS QueryStartTime,
    CASE WHEN State = 'active' THEN happened - to_seconds(whole(rowid * 1000 + n, 3, 4)) END AS TransactionStartTime,
    CASE WHEN server = '{server}' THEN 'Primary' ELSE 'AsyncReplica' END AS ReplicaRole
FROM (SELECT rowid, *, unnest(range(many)) AS n FROM (SELECT rowid, * FROM session))
""".replace("{server}", _SERVER)
_QUERIES = """
SELECT happened AS TimeGenerated, happened AS EndTime, 'q' || n AS QueryId, 'select' AS QueryType, false AS IsSystemQuery,
    40 + whole(n, 1, 4000) AS Calls, 2.0 + 11 * u(n, 2) AS MeanExecDurationMs, 40.0 + 300 * u(n, 3) AS MaxExecDurationMs,
    (40 + whole(n, 1, 4000)) * (2.0 + 11 * u(n, 2)) AS TotalExecDurationMs
FROM (SELECT DISTINCT happened FROM logged WHERE minute(happened) % 15 = 0), (SELECT unnest(range(12)) AS n)
"""
_METRIC_COLUMNS = {
    "happened": "TIMESTAMP",
    "resource": "VARCHAR",
    "type": "VARCHAR",
    "name": "VARCHAR",
    "value": "DOUBLE",
    "unit": "VARCHAR",
}


def _metric_rows(world: World) -> Iterator[tuple[Any, ...]]:
    for _, moment in world.moments():
        for key, name, value in values_of(world, moment):
            resource = RESOURCES[key]
            yield _at(moment), resource.name, resource.type, name, value, metrics.load()[resource.type][name]["unit"]


def values_of(world: World, moment: datetime) -> Iterator[tuple[str, str, float]]:
    day, used = of_day(moment), world.connections_percent(moment)
    hits, memory, up = world.cache(moment)
    yield from (("postgresql", name, value) for name, value in {
        "cpu_percent": 14 + 16 * day, "memory_percent": 52 + 4 * day, "storage_percent": 37.0, "is_db_alive": 0.0 if world.of(faults.DatabaseDown, moment) else 1.0,
        "active_connections": used / 100 * MAX_CONNECTIONS, "max_connections": float(MAX_CONNECTIONS),
        "connections_failed": 25.0 if used >= 100 else 0.0, "backup_storage_used": 610 * _GIB,
        "maximum_used_transactionIDs": 2.1e8, "longest_transaction_time_sec": 2 + day, "deadlocks": 0.0,
        "physical_replication_delay_in_bytes": 1e5 * max(world.lag_seconds(r.key, moment) for r in POSTGRESQL.replicas),
    }.items())  # fmt: skip
    for replica in POSTGRESQL.replicas:
        key = f"postgresql_{replica.key}"
        yield key, "physical_replication_delay_in_seconds", world.lag_seconds(replica.key, moment)
        yield key, "cpu_percent", 11 + 9 * day
        yield key, "is_db_alive", 1.0
        yield key, "storage_percent", 37.0
    if up:
        lookups = world.settings.tps * 60
        yield from (("redis", name, value) for name, value in {
            "usedmemorypercentage": 100 * memory, "serverLoad": 9 + 11 * day, "connectedclients": 64 + 30 * day,
            "evictedkeys": 0.0, "cachehits": hits * lookups, "cachemisses": (1 - hits) * lookups, "errors": 0.0,
            "operationsPerSecond": lookups / 60,
        }.items())  # fmt: skip
    totals = [world.messages(entity, moment) for entity in ENTITIES]
    yield from (("service_bus", name, value) for name, value in {
        "ActiveMessages": float(sum(active for active, _ in totals)), "ThrottledRequests": 0.0, "ServerErrors": 0.0,
        "DeadletteredMessages": float(sum(dead for _, dead in totals)), "UserErrors": 0.0, "Size": 0.4 * _GIB,
        "NamespaceCpuUsage": 6 + 5 * day, "NamespaceMemoryUsage": 21.0,
    }.items())  # fmt: skip
    yield from (("gateway", name, value) for name, value in {
        "HealthyHostCount": 10.0, "UnhealthyHostCount": 0.0, "CapacityUnits": 4 + 9 * day,
        "ApplicationGatewayTotalTime": 70 + 25 * day, "TotalRequests": world.settings.tps * 60 * day,
        "FailedRequests": world.settings.tps * 60 * day * 0.0003,
    }.items())  # fmt: skip
    yield from (("front_door", name, value) for name, value in {
        "TotalLatency": 95 + 20 * day, "OriginLatency": 80 + 20 * day, "OriginHealthPercentage": 100.0,
        "RequestCount": world.settings.tps * 60 * day,
    }.items())  # fmt: skip
    yield "key_vault", "Availability", 100.0
    yield "key_vault", "SaturationShoebox", 2.0


_METRICS = """
SELECT happened AS TimeGenerated, upper(resource) AS Resource, upper(split_part(type, '/', 1)) AS ResourceProvider, name AS MetricName,
    unit AS UnitName, 'PT1M' AS TimeGrain, value * (1 + 0.01 * noisy * normal(rowid, 1)) AS Average,
    Average * (1 - 0.02 * noisy) AS Minimum, Average * (1 + 0.02 * noisy) AS Maximum, Average AS Total, 1.0 AS "Count",
    '/subscriptions/0/resourcegroups/rg-tripgen-prod/providers/' || lower(type) || '/' || lower(resource) AS _ResourceId
FROM (SELECT rowid, *, CASE WHEN name IN ('is_db_alive', 'OriginHealthPercentage', 'Availability', 'max_connections',
    'HealthyHostCount') THEN 0 ELSE 1 END AS noisy FROM (SELECT rowid, * FROM metric))
"""
_NAMESPACE = SERVICE_BUS.resource.name
_OPERATIONS = """
SELECT happened AS TimeGenerated, 'ServiceBus' AS Provider, 'Create Namespace Authorization Rule' AS EventName,
    'Succeeded' AS Status, 'pipeline@tripgen.example' AS Caller, hex(rowid, 1) AS ActivityId
FROM logged WHERE false
"""
_AUDIT = f"""
SELECT happened AS TimeGenerated, 'ServiceBus' AS Provider, 'AMQP' AS Protocol, 'AAD' AS AuthType, 'id-' || role AS AuthKey,
    'ConnectionOpen.Authorization' AS ActivityName, 'Success' AS Status, 'Private' AS NetworkType, '10.1.1.9' AS ClientIp,
    12 AS "Count", json_object('namespace', '{_NAMESPACE}') AS Properties, hex(rowid, 1) AS ActivityId
FROM (SELECT rowid, * FROM session) WHERE server = '{_SERVER}'
"""


def _bus_errors(world: World) -> Iterator[tuple[Any, ...]]:
    for minute, moment in world.moments():
        if minute % 600 == 250:
            yield _at(moment), ENTITIES[0]


_BUS_ERRORS = f"""
SELECT happened AS TimeGenerated, 'ServiceBus' AS Provider, 'SendMessage' AS ActivityName, 'ClientError' AS OperationResult,
    'QuotaExceeded' AS ErrorMessage, 1 AS ErrorCount, entity AS EntityName, 'Queue' AS EntityType, '{_NAMESPACE}' AS NamespaceName
FROM bus_error
"""
_CLIENTS = f"""
SELECT happened AS TimeGenerated, '{RESOURCES["redis"].name}' AS CacheName, '10.1.1.' || (100 + n) AS ClientIp, 6 AS ClientCount,
    'koreacentral' AS Location, n AS RoleInstance FROM (SELECT DISTINCT happened FROM session), (SELECT unnest(range(10)) AS n)
"""
