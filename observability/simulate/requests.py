"""Application Insights: requests, what they call, how they fail, checks from outside, the document's metrics."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import datetime
from statistics import NormalDist
from typing import TYPE_CHECKING

from observability.azure.limits import WEB_TEST_LOCATIONS
from observability.design.services import AI
from observability.design.telemetry import APP_INSIGHTS, CUSTOM_METRICS
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.load import OPERATIONS
from observability.simulate.settings import ITEM_COUNT
from observability.simulate.world import ENTITIES, World, service_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CITIES = ("Seoul", "Busan", "Incheon", "Daegu", "Daejeon", "Gwangju", "Suwon", "Jeju")


STRATA = 20
"""Rows that stand for all successful ones of an operation in a minute where requests are condensed."""


def prepare(con: DuckDBPyConnection, world: World, *, condensed: bool = False) -> None:
    """Tables ``plan`` (rows of each operation in each minute), ``operation``, ``call``, ``pod`` and ``city``.

    ``condensed`` makes the same traffic in few rows: of each operation and minute, the failed ones, and STRATA rows whose
    weights add up to the rest and whose durations are spread as the rest's would be. Sums, shares and weighted
    percentiles stay what they are; a week at the document's load fits into memory.
    """
    load(
        con,
        "plan",
        {
            "minute": "INTEGER", "op": "INTEGER", "rows": "DOUBLE", "errors": "DOUBLE", "factor": "DOUBLE",
            "floor_ms": "DOUBLE", "version": "VARCHAR",
        },
        [(m.minute, m.operation, m.rows, m.errors, m.factor, m.floor_ms, m.version) for m in world.requests()],
    )  # fmt: skip
    load(
        con,
        "operation",
        {
            "op": "INTEGER", "role": "VARCHAR", "name": "VARCHAR", "path": "VARCHAR", "median": "DOUBLE",
            "spread": "DOUBLE", "refusals": "DOUBLE", "pods": "INTEGER",
        },
        [
            (i, o.role, o.name, o.path, o.median_ms, o.spread, o.refusals, service_of(o.role).resources.replicas)
            for i, o in enumerate(OPERATIONS)
        ],
    )  # fmt: skip
    calls = [(i, salt, call) for i, o in enumerate(OPERATIONS) for salt, call in enumerate(o.calls)]
    load(
        con,
        "call",
        {
            "op": "INTEGER", "salt": "INTEGER", "type": "VARCHAR", "target": "VARCHAR", "name": "VARCHAR",
            "share": "DOUBLE", "median": "DOUBLE",
        },
        [(i, salt, c.type, c.target, c.name, c.share, c.median_ms) for i, salt, c in calls],
    )  # fmt: skip
    seen: dict[str, int] = {}
    pods = []
    for pod in world.pods:
        pods.append((pod.role, seen.setdefault(pod.role, 0), pod.name))
        seen[pod.role] += 1
    load(con, "pod", {"role": "VARCHAR", "number": "INTEGER", "name": "VARCHAR"}, pods)
    load(con, "city", {"number": "INTEGER", "name": "VARCHAR"}, list(enumerate(_CITIES)))
    outages = [
        (fault.host, minute, fault.share)
        for minute, moment in world.moments()
        for fault in world.of(faults.ExternalFailure, moment)
    ]
    outages += [
        (target, minute, 1.0)
        for minute, moment in world.moments()
        if world.of(faults.DatabaseDown, moment)
        for target in sorted({c.target for _, _, c in calls if c.type == "SQL"})
    ]
    load(con, "outage", {"target": "VARCHAR", "minute": "INTEGER", "share": "DOUBLE"}, outages)
    start = {"start": world.settings.start.replace(tzinfo=None)}
    if condensed:
        columns = {"minute": "INTEGER", "op": "INTEGER", "kept": "INTEGER", "broken": "INTEGER"}
        load(con, "drawn", columns, list(_drawn(world)))
        bell = NormalDist()
        strata = [(parts, n, bell.inv_cdf((n + 0.5) / parts)) for parts in range(1, STRATA + 1) for n in range(parts)]
        load(con, "stratum", {"parts": "INTEGER", "n": "INTEGER", "z": "DOUBLE"}, strata)
        con.execute(_CONDENSED, start)
    else:
        con.execute(_REQUESTS, start)


def _drawn(world: World) -> Iterator[tuple[int, int, int, int]]:
    """How many rows an operation has in a minute, and how many of them failed: as chance would have it."""
    chance = random.Random(world.settings.seed)  # noqa: S311 - made-up traffic, not a secret
    for plan in world.requests():
        kept = int(plan.rows + chance.random())
        yield plan.minute, plan.operation, kept, _binomial(chance, kept, plan.errors)


def _binomial(chance: random.Random, times: int, share: float) -> int:
    if times * share < 20:
        # Few: count them one by one, by the gaps between them.
        if share <= 0.0:
            return 0
        hits, at = 0, 0
        while share < 1.0:
            at += int(math.log(1.0 - chance.random()) / math.log(1.0 - share)) + 1
            if at > times:
                return hits
            hits += 1
        return times
    drawn = round(chance.gauss(times * share, math.sqrt(times * share * (1 - share))))
    return min(times, max(0, drawn))


# One row a stored request. Its number depends on its minute and operation alone, so a fault that adds rows elsewhere
# changes nothing here.
_REQUESTS = f"""
CREATE TABLE request AS
WITH counted AS (
    SELECT *, (minute * 64 + op)::UBIGINT AS cell, floor(rows + u(minute * 64 + op, 63))::INTEGER AS many FROM plan
), numbered AS (
    SELECT * EXCLUDE (rows, many), cell * 1048576 + unnest(range(many))::UBIGINT AS i FROM counted
)
SELECT i, op, version, minute, {ITEM_COUNT} AS items,
    $start::TIMESTAMP + to_minutes(minute) + to_microseconds((u(i, 0) * 60000000)::BIGINT) AS happened,
    u(i, 1) < errors AS failed, u(i, 2) < refusals AS refused,
    greatest(floor_ms * (1 + 0.2 * u(i, 5)),
        median * factor * exp(spread * normal(i, 3)) * CASE WHEN u(i, 6) < 0.004 THEN 4 ELSE 1 END) AS took,
    whole(i, 7, pods) AS pod_number
FROM numbered JOIN operation USING (op)
"""
# A row stands for `part` kept ones; the weights of a cell add up to what its kept rows weigh.
_CONDENSED = f"""
CREATE TABLE request AS
WITH cell AS (
    SELECT *, (minute * 64 + op)::UBIGINT AS cell, kept - broken AS rest FROM drawn JOIN plan USING (minute, op)
), numbered AS (
    SELECT *, unnest(range(least(rest, {STRATA}))) AS n, false AS failed FROM cell
    UNION ALL
    SELECT *, unnest(range(least(broken, {STRATA}))) AS n, true FROM cell
), weighed AS (
    SELECT *, CASE WHEN failed THEN broken ELSE rest END AS many, least(many, {STRATA}) AS parts,
        cell * 1048576 + n::UBIGINT + CASE WHEN failed THEN 524288 ELSE 0 END AS i FROM numbered
)
SELECT i, op, version, minute, {ITEM_COUNT} * (many * (n + 1) // parts - many * n // parts) AS items,
    $start::TIMESTAMP + to_minutes(minute) + to_microseconds((u(i, 0) * 60000000)::BIGINT) AS happened,
    failed, NOT failed AND (n + u(cell, 62)) / parts < refusals AS refused,
    greatest(floor_ms * (0.8 + 0.4 * (n + 0.5) / parts), median * factor * exp(spread * z)) AS took,
    whole(i, 7, pods) AS pod_number
FROM weighed JOIN operation USING (op) JOIN stratum USING (parts, n)
"""
_CODE = """CASE WHEN failed THEN CASE WHEN u(i, 8) < 0.8 THEN '500' WHEN u(i, 8) < 0.95 THEN '503' ELSE '0' END
        WHEN refused THEN CASE WHEN u(i, 8) < 0.6 THEN '404' ELSE '401' END ELSE '200' END"""
_COMMON = f"""
    happened AS TimeGenerated, hex(i, 10) || hex(i, 11) AS OperationId, operation.role AS AppRoleName, pod.name AS AppRoleInstance,
    version AS AppVersion, items AS ItemCount, operation.name AS OperationName,
    'java:3.7.1' AS SDKVersion, '{APP_INSIGHTS.name}' AS ResourceGUID
"""
_FROM = "FROM request JOIN operation USING (op) JOIN pod ON pod.role = operation.role AND pod.number = pod_number"

REQUESTS = f"""
SELECT {_COMMON}, hex(i, 10) AS Id, operation.name AS Name, 'https://www.example.com' || path AS Url,
    {_CODE} AS ResultCode, NOT failed AND NOT refused AS Success, round(took, 3) AS DurationMs,
    'u' || whole(i, 12, 40000) AS UserId, 's' || whole(i, 12, 90000) AS SessionId, city.name AS ClientCity,
    'Korea, Republic of' AS ClientCountryOrRegion, '0.0.0.0' AS ClientIP, 'PC' AS ClientType
{_FROM} JOIN city ON city.number = whole(i, 13, {len(_CITIES)})
"""
# A call's own chance: an outage of its target, or the first call of a request that failed because of it.
DEPENDENCIES = f"""
WITH made AS (
    SELECT request.*, salt, type, target, call.name AS call_name, median AS call_median,
        u(i, 40 + salt) < coalesce(outage.share, 0) OR (failed AND salt = 0 AND u(i, 44) < 0.3) AS broke
    FROM request JOIN call USING (op)
    LEFT JOIN outage USING (target, minute)
    WHERE u(i, 50 + salt) < call.share
)
SELECT {_COMMON}, hex(i, 20 + salt) AS Id, hex(i, 10) AS ParentId,
    type AS DependencyType, target AS Target, call_name AS Name, call_name AS Data,
    round(least(took * 0.97, call_median * exp(0.45 * normal(i, 30 + 2 * salt))
        * CASE WHEN type = 'HTTP' THEN greatest(1, took / operation.median) ELSE 1 END), 3) AS DurationMs,
    NOT broke AS Success, CASE WHEN broke THEN '503' WHEN type = 'HTTP' THEN '200' ELSE '' END AS ResultCode
FROM made JOIN operation USING (op) JOIN pod ON pod.role = operation.role AND pod.number = pod_number
"""
EXCEPTIONS = f"""
SELECT {_COMMON}, hex(i, 10) AS ParentId, CASE WHEN u(i, 9) < 0.7 THEN 'java.sql.SQLTransientConnectionException'
    ELSE 'java.net.SocketTimeoutException' END AS ExceptionType, ExceptionType AS ProblemId, ExceptionType AS OuterType,
    'the call did not end in time' AS OuterMessage, 'the call did not end in time' AS InnermostMessage,
    3 AS SeverityLevel
{_FROM} WHERE failed
"""
TRACES = f"""
SELECT {_COMMON}, hex(i, 10) AS ParentId, CASE WHEN failed THEN 'request failed: ' || operation.name
    ELSE 'cache miss: ' || operation.name END AS Message, CASE WHEN failed THEN 3 ELSE 1 END AS SeverityLevel
{_FROM} WHERE failed OR u(i, 14) < 0.02
"""


def checks(con: DuckDBPyConnection, world: World) -> str:
    """AppAvailabilityResults: each service from each location every five minutes, each at an offset of its own."""
    rows = []
    lost: set[faults.ChecksFail] = set()
    for minute, moment in world.moments():
        for number, role in enumerate(dict.fromkeys(operation.role for operation in OPERATIONS)):
            for place, (location, title) in enumerate(sorted(WEB_TEST_LOCATIONS.items())):
                if (minute + number + place) % 5 == 0:
                    down = any(stop.role == role for stop in world.of(faults.Stopped, moment))
                    for fault in world.of(faults.ChecksFail, moment):
                        if fault.role == role and location in fault.locations and not (fault.once and fault in lost):
                            lost.add(fault)
                            down = True
                    offset = 3 + 7 * place + number
                    rows.append((world.settings.at(minute).replace(tzinfo=None), offset, role, title, not down))
    columns = {"began": "TIMESTAMP", "seconds": "INTEGER", "role": "VARCHAR", "place": "VARCHAR", "passed": "BOOLEAN"}
    load(con, "checked", columns, rows)
    return """
    SELECT began + to_seconds(seconds) AS TimeGenerated, replace(role, '-service', '') AS Name, place AS Location,
        passed AS Success, CASE WHEN passed THEN 'Passed' ELSE 'HTTP status code 503' END AS Message, 1 AS ItemCount,
        120 + 80 * u(rowid, 1) AS DurationMs, hex(rowid, 2) AS Id, hex(rowid, 3) || hex(rowid, 4) AS OperationId
    FROM checked
    """


def metrics(con: DuckDBPyConnection, world: World) -> str:
    """AppMetrics: the document's eight, each minute, as the exporter pushes them: Sum over ItemCount measurements."""
    rows: list[tuple[object, ...]] = []
    names = (*CUSTOM_METRICS.business, *CUSTOM_METRICS.technical)
    assert len(names) == 8, names
    for minute, moment in world.moments():
        happened = world.settings.at(minute).replace(tzinfo=None)
        hits, _, up = world.cache(moment)
        lookups = max(1, round(world.settings.tps * 20))
        stopped = any(stop.role == AI.role for stop in world.of(faults.Stopped, moment))
        if up:
            rows.append((happened, "cache_hit_ratio", "{}", lookups, hits * lookups, hits, hits))
        used = world.connections_percent(moment) / 100
        for server in ("primary", "replica_1", "replica_2"):
            share = used if server == "primary" else used / 2
            rows.append(
                (happened, "database_connection_pool", f'{{"role":"{server}","kind":"server"}}', 1, share, share, share)
            )
        made = max(1, round(world.settings.tps * 0.02 * 60))
        if not stopped:
            mean = 2.2
            rows += [
                (happened, "trip_generation_success_rate", "{}", made, made * 0.992, 0.0, 1.0),
                (happened, "ai_response_time", "{}", made, made * mean, 0.9, mean * 3),
                (happened, "user_satisfaction_score", "{}", max(1, made // 5), max(1, made // 5) * 4.3, 2.0, 5.0),
            ]
        rows.append((happened, "location_search_accuracy", "{}", made, made * 0.81, 0.0, 1.0))
        rows.append((happened, "external_api_latency", '{"api":"maps"}', made, made * 0.11, 0.03, 0.8))
        rows += _depths(world, moment, happened)
    columns = {
        "happened": "TIMESTAMP", "name": "VARCHAR", "labels": "VARCHAR", "many": "INTEGER", "total": "DOUBLE", "low": "DOUBLE",
        "high": "DOUBLE",
    }  # fmt: skip
    load(con, "measured", columns, rows)
    return """
    SELECT happened AS TimeGenerated, name AS Name, labels::JSON AS Properties, many AS ItemCount, total AS Sum, low AS Min,
        high AS Max, 'tripgen-exporter' AS AppRoleName
    FROM measured
    """


def _depths(world: World, moment: datetime, happened: datetime) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name in ENTITIES:
        entity, _, subscription = name.partition("/")
        active, dead = world.messages(name, moment)
        for state, many in (("active", active), ("dead_lettered", dead)):
            labels = json.dumps({"entity": entity, "subscription": subscription, "state": state})
            rows.append((happened, "message_queue_depth", labels, 1, float(many), float(many), float(many)))
    return rows
