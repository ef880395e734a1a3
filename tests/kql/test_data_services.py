"""PostgreSQL, Redis and Service Bus: queries that a verdict depends on, on rows whose answer can be counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kql import postgresql, redis, service_bus
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from tests.kql.stored import NOON, Rows

ONE = NOON + timedelta(hours=1)
Row = dict[str, Any]


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


def measure(name: str, total: float, count: int, minute: int = 0, **properties: str) -> Row:
    return {
        "TimeGenerated": NOON + timedelta(minutes=minute),
        "Name": name,
        "Sum": total,
        "ItemCount": count,
        "Properties": properties,
    }


# --- PostgreSQL -------------------------------------------------------------------------------------


def line(code: str, minute: int = 0, server: str = "psql-tripgen-prod") -> Row:
    return {"TimeGenerated": NOON + timedelta(minutes=minute), "SqlErrorCode": code, "LogicalServerName": server}


def test_refused_connections_are_told_by_their_code(rows: Rows) -> None:
    given = [line("53300", 1), line("53300", 2), line("28P01", 3), line("28000"), line("57P03", 4), line("00000", 9)]
    found = rows(postgresql.REFUSED_CONNECTIONS, {"PGSQLServerLogs": [*given, line("00000", server="replica")]})
    assert [list(row.values()) for row in found] == [
        ["psql-tripgen-prod", 6, 2, 1, 1, 1, NOON + timedelta(minutes=4)],
        ["replica", 1, 0, 0, 0, 0, None],
    ]
    assert outcomes(postgresql.REFUSED_CONNECTIONS, found) == [Outcome.FAIL, Outcome.PASS]


def test_a_slow_query_is_weighed_by_its_calls(rows: Rows) -> None:
    def run(query: int, calls: int, total: float, slowest: float, system: bool = False) -> Row:
        return {
            "TimeGenerated": NOON,
            "_ResourceId": "/subscriptions/s/providers/x/psql-tripgen-prod",
            "DatabaseId": 5,
            "QueryId": str(query),
            "QueryType": "select",
            "Calls": calls,
            "TotalExecDurationMs": total,
            "MaxExecDurationMs": slowest,
            "IsSystemQuery": system,
        }

    given = [run(1, 90, 900.0, 50.0), run(1, 10, 1100.0, 800.0), run(2, 1, 500.0, 500.0), run(3, 9, 9e9, 9e9, True)]
    found = rows(postgresql.SLOW_QUERIES, {"PGSQLQueryStoreRuntime": given})
    seen = [(row["server"], row["query_id"], row["calls"], row["mean_ms"], row["slowest_ms"]) for row in found]
    assert seen == [("psql-tripgen-prod", "1", 100, 20.0, 800.0), ("psql-tripgen-prod", "2", 1, 500.0, 500.0)]


def test_connections_are_held_against_the_limit_over_the_alerts_own_window(rows: Rows) -> None:
    name = "database_connection_pool"
    given = [measure(name, share, 1, minute, role="primary") for minute, share in enumerate((0.99, 0.5, 0.5, 0.5, 0.5))]
    given += [measure(name, 0.9, 1, minute, role="primary") for minute in range(5, 10)]
    given += [measure(name, 0.1, 1, 0, role="replica"), measure(name, 9.9, 1, 0, service="trip-service")]
    found = rows(postgresql.CONNECTIONS_USED, {"AppMetrics": given})
    assert [row["role"] for row in found] == ["primary", "replica"]
    assert found[0]["worst_percent"] == pytest.approx(90.0)
    assert found[0]["mean_percent"] == pytest.approx(100 * (0.598 + 0.9) / 2)
    assert outcomes(postgresql.CONNECTIONS_USED, found) == [Outcome.FAIL, Outcome.PASS]


def test_a_backup_job_is_what_its_last_row_says_and_the_last_success_has_an_age(rows: Rows) -> None:
    def job(ident: str, status: str, started: datetime, written: datetime) -> Row:
        return {
            "TimeGenerated": written,
            "JobOperation": "Backup",
            "DatasourceType": "Microsoft.DBforPostgreSQL/flexibleServers",
            "DatasourceFriendlyName": "psql-tripgen-prod",
            "JobUniqueId": ident,
            "JobStatus": status,
            "JobStartDateTime": started,
            "JobFailureCode": "",
        }

    night = NOON - timedelta(hours=18)
    given = [
        job("a", "InProgress", night, night),
        job("a", "Completed", night, night + timedelta(minutes=20)),
        job("b", "Failed", night + timedelta(hours=4), night + timedelta(hours=4)),
    ]
    found = rows(postgresql.VAULT_BACKUPS, {"AddonAzureBackupJobs": given}, Span(NOON - timedelta(days=2), NOON))
    assert [(row["jobs"], row["failed"], row["last_success"]) for row in found] == [(2, 1, night)]
    assert found[0]["hours_since"] == pytest.approx(18.0)


# --- Redis ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "says"), [(950, Outcome.PASS), (800, Outcome.WARN), (799, Outcome.FAIL)])
def test_the_hit_ratio_weighs_each_hour_by_its_lookups(rows: Rows, hits: int, says: Outcome) -> None:
    # 99 % of the few lookups at night say little beside the many of the day.
    given = [measure("cache_hit_ratio", 99.0, 100, 1), measure("cache_hit_ratio", hits - 99.0, 900, 30)]
    (found,) = rows(redis.HIT_RATIO, {"AppMetrics": given})
    assert (found["hits"], found["lookups"]) == (hits, 1000)
    assert found["hit_percent"] == pytest.approx(hits / 10)
    assert outcomes(redis.HIT_RATIO, [found]) == [says]


def test_a_cache_that_nobody_asked_has_no_ratio(rows: Rows) -> None:
    assert rows(redis.HIT_RATIO, {"AppMetrics": [measure("cache_hit_ratio", 0.0, 0)]}) == []


def test_a_client_outside_the_virtual_network_is_seen(rows: Rows) -> None:
    def client(address: str, minute: int, private_link: str = "", cache: str = "redis-tripgen-prod") -> Row:
        at = NOON + timedelta(minutes=minute)
        return {"TimeGenerated": at, "CacheName": cache, "ClientIp": address, "PrivateLinkIpv6": private_link}

    given = [client("10.1.2.3", 1), client("10.1.2.3", 2), client("203.0.113.9", 3), client("fd00::1", 4, "fd00::1")]
    found = rows(redis.CLIENTS_FROM_OUTSIDE, {"ACRConnectedClientList": [*given, client("10.1.9.9", 5, cache="x")]})
    assert [(row["cache"], row["addresses"], row["outside"], row["last_outside"]) for row in found] == [
        ("redis-tripgen-prod", 3, 1, NOON + timedelta(minutes=3)),
        ("x", 1, 0, None),
    ]
    assert outcomes(redis.CLIENTS_FROM_OUTSIDE, found) == [Outcome.FAIL, Outcome.PASS]


# --- Service Bus ------------------------------------------------------------------------------------


def test_dead_letters_are_those_of_the_last_minute_with_the_least_and_the_most(rows: Rows) -> None:
    def depth(
        messages: float, minute: int, state: str = "dead_lettered", entity: str = "ai-schedule-generation"
    ) -> Row:
        return measure("message_queue_depth", messages, 1, minute, entity=entity, subscription="", state=state)

    given = [depth(3, 1), depth(7, 2), depth(5, 3), depth(900, 3, "active"), depth(0, 1, entity="location-search")]
    found = rows(service_bus.DEAD_LETTERS, {"AppMetrics": given})
    assert [(row["entity"], row["dead_letters"], row["least"], row["most"]) for row in found] == [
        ("ai-schedule-generation", 5.0, 3.0, 7.0),
        ("location-search", 0.0, 0.0, 0.0),
    ]
    assert outcomes(service_bus.DEAD_LETTERS, found)[1] is Outcome.PASS
    assert outcomes(service_bus.DEAD_LETTERS, found)[0] is not Outcome.PASS


def test_a_call_from_the_public_network_fails_and_private_ones_pass(rows: Rows) -> None:
    def called(network: str, count: int, minute: int = 0, auth: str = "AAD", status: str = "Success") -> Row:
        return {
            "TimeGenerated": NOON + timedelta(minutes=minute),
            "Provider": "ServiceBus",
            "NetworkType": network,
            "AuthType": auth,
            "Status": status,
            "Count": count,
        }

    private = called("PrivateEndpoint", 900)
    given = [private, called("Public", 2, 5, status="Failure"), called("public", 1, 4, auth="SAS")]
    (found,) = rows(service_bus.PUBLIC_ACCESS, {"AZMSRunTimeAuditLogs": given})
    assert list(found.values())[:4] == [903, 3, 1, 2]
    assert outcomes(service_bus.PUBLIC_ACCESS, [found]) == [Outcome.FAIL]
    assert outcomes(
        service_bus.PUBLIC_ACCESS, rows(service_bus.PUBLIC_ACCESS, {"AZMSRunTimeAuditLogs": [private]})
    ) == [Outcome.PASS]
