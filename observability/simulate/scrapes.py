"""What Prometheus would have scraped: the series that the rules read, from the same world as the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import NamedTuple

from observability import __version__
from observability.design.data import POSTGRESQL
from observability.design.services import AI, NAMESPACE
from observability.model.exporter import FAILURE, SUCCESS
from observability.signals import ai, exporter, postgresql, redis, services
from observability.simulate.cluster import name_of
from observability.simulate.faults import DatabaseDown, ExternalFailure, Unscraped
from observability.simulate.load import OPERATIONS, ROLES, of_day
from observability.simulate.settings import ITEM_COUNT
from observability.simulate.stores import MAX_CONNECTIONS
from observability.simulate.world import SHARDS, World

EVERY = timedelta(seconds=30)
"""How often Azure's agent scrapes where nothing else is said."""
RESTARTS = "kube_pod_container_status_restarts_total"
AVAILABLE = "kube_deployment_status_replicas_available"
READY = "kube_node_status_condition"
_BELL = NormalDist()
_ITINERARY = next(each for each in OPERATIONS if each.role == AI.role and each.name.startswith("POST"))
# Of the connections in use: what stands in state active in the sessions of the tables.
_ACTIVE = 0.12


class Scraped(NamedTuple):
    """A series: name, labels, Unix seconds, and values; None where it is gone from then on."""

    name: str
    labels: dict[str, str]
    times: list[float]
    values: list[float | None]


def scraped(world: World) -> Iterator[Scraped]:
    """All series of the world's time."""
    moments = []
    at = world.settings.start
    while at < world.settings.end:
        moments.append(at)
        at += EVERY
    seconds = [moment.timestamp() for moment in moments]
    yield from _answered(world, moments, seconds)
    yield from _itineraries(world, moments, seconds)
    yield from _restarts(world, moments, seconds)
    yield from _connections(world, moments, seconds)
    yield from _cluster(world, moments, seconds)
    yield from _stores(world, moments, seconds)
    yield from _calls(world, moments, seconds)
    yield from _exporter(world, moments, seconds)


def _answered(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """Requests that each service answered, well and with an error."""
    planned: dict[str, dict[int, tuple[float, float]]] = {role: {} for role in ROLES}
    for minute in world.requests():
        of_role = planned[OPERATIONS[minute.operation].role]
        fine, failed = of_role.get(minute.minute, (0.0, 0.0))
        count = minute.rows * ITEM_COUNT
        of_role[minute.minute] = (fine + count * (1 - minute.errors), failed + count * minute.errors)
    for role, minutes in planned.items():
        columns: dict[str, list[float | None]] = {"success": [], "server_error": []}
        fine = failed = 0.0
        for moment in moments:
            columns["success"].append(fine)
            columns["server_error"].append(failed)
            more, worse = minutes.get(int((moment - world.settings.start) / timedelta(minutes=1)), (0.0, 0.0))
            part = EVERY / timedelta(minutes=1)
            fine, failed = fine + more * part, failed + worse * part
        for outcome, values in columns.items():
            yield Scraped(services.HTTP_REQUESTS.name, {"service": role, "outcome": outcome}, seconds, values)


def _itineraries(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """The histogram of finished itineraries: as many as are asked for, as slow as the minute's state makes them."""
    bounds = (*ai.AI_RESPONSE.bounds, math.inf)
    totals = [0.0] * len(bounds)
    columns: list[list[float | None]] = [[] for _ in bounds]
    by_minute = {minute.minute: minute for minute in world.requests() if OPERATIONS[minute.operation] is _ITINERARY}
    shares: dict[tuple[float, float], list[float]] = {}
    for moment in moments:
        # What a scrape shows has happened before it.
        for column, total in zip(columns, totals, strict=True):
            column.append(total)
        plan = by_minute.get(int((moment - world.settings.start) / timedelta(minutes=1)))
        if plan is not None:
            state = (round(plan.factor, 6), plan.floor_ms)
            if state not in shares:
                shares[state] = [_done_in(bound, *state) for bound in bounds]
            done = plan.rows * ITEM_COUNT * (1 - plan.errors) * (EVERY / timedelta(minutes=1))
            totals = [total + done * share for total, share in zip(totals, shares[state], strict=True)]
    for bound, column in zip(bounds, columns, strict=True):
        le = "+Inf" if bound == math.inf else f"{bound:g}"
        yield Scraped(f"{ai.AI_RESPONSE.name}_bucket", {"le": le, "service": AI.role}, seconds, column)
    yield Scraped(f"{ai.AI_RESPONSE.name}_count", {"service": AI.role}, seconds, columns[-1])


def _done_in(bound: float, factor: float, floor_ms: float) -> float:
    """The share of itineraries that take at most ``bound`` seconds; the tables' durations have the same shape."""
    if bound == math.inf:
        return 1.0
    usual = _BELL.cdf(math.log(bound * 1000 / (_ITINERARY.median_ms * factor)) / _ITINERARY.spread)
    if floor_ms <= 0:
        return usual
    above = min(1.0, max(0.0, (bound * 1000 / floor_ms - 0.8) / 0.4))
    return usual * above


def _restarts(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """The restart count of each pod's container; a pod that a deployment replaces is a new series."""
    for pod in world.pods:
        found: dict[str, Scraped] = {}
        before = ""
        for moment, second in zip(moments, seconds, strict=True):
            name, _ = name_of(world, pod, moment)
            if name != before:
                if before:
                    found[before].times.append(second)
                    found[before].values.append(None)
                labels = {"namespace": NAMESPACE, "pod": name, "container": pod.role}
                found[name] = Scraped(RESTARTS, labels, [], [])
                before = name
            found[name].times.append(second)
            found[name].values.append(float(world.restarts(pod, moment)))
        yield from found.values()


def _connections(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    used = [
        None if world.of(DatabaseDown, moment) else world.connections_percent(moment) / 100 * MAX_CONNECTIONS
        for moment in moments
    ]
    roles = {"primary": 1.0, **{replica.key: 0.5 for replica in POSTGRESQL.replicas}}
    for role, share in roles.items():
        for state, part in (("active", _ACTIVE), ("idle", 1 - _ACTIVE)):
            values = [None if each is None else each * share * part for each in used]
            yield Scraped(postgresql.CONNECTIONS.name, {"role": role, "state": state}, seconds, values)
        most = [None if each is None else float(MAX_CONNECTIONS) for each in used]
        yield Scraped(postgresql.CONNECTIONS_MAX.name, {"role": role}, seconds, most)


def _cluster(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """Pods available of each deployment, and the Ready condition of each node."""
    for role in ROLES:
        pods = [pod for pod in world.pods if pod.role == role]
        available: list[float | None] = [
            float(sum(not world.broken(pod, moment) for pod in pods)) for moment in moments
        ]
        yield Scraped(AVAILABLE, {"namespace": NAMESPACE, "deployment": role}, seconds, available)
    lost = [world.lost(moment) for moment in moments]
    for node in world.nodes:
        gone: list[float | None] = [float(node.name in names) for names in lost]
        labels = {"node": node.name, "condition": "Ready"}
        yield Scraped(READY, {**labels, "status": "unknown"}, seconds, gone)
        yield Scraped(READY, {**labels, "status": "false"}, seconds, [0.0] * len(seconds))


def _stores(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """How far each replica is behind, and what each shard found; a cache that is down is not read."""
    for replica in POSTGRESQL.replicas:
        lag: list[float | None] = [
            None if world.of(DatabaseDown, moment) else world.lag_seconds(replica.key, moment) for moment in moments
        ]
        yield Scraped(postgresql.REPLICATION_LAG.name, {"role": replica.key}, seconds, lag)
    for shard in SHARDS:
        found: dict[str, list[float | None]] = {redis.HITS.name: [], redis.MISSES.name: []}
        hits = misses = 0.0
        for moment in moments:
            share, _, up = world.cache(moment)
            looked_up = world.settings.tps * of_day(moment) * EVERY.total_seconds() / len(SHARDS)
            found[redis.HITS.name].append(hits if up else None)
            found[redis.MISSES.name].append(misses if up else None)
            hits, misses = hits + share * looked_up, misses + (1 - share) * looked_up
        for name, values in found.items():
            yield Scraped(name, {"shard": str(shard)}, seconds, values)


def _calls(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """Calls to each external API and how they ended."""
    hosts = sorted({call.target for each in OPERATIONS for call in each.calls if call.type == "HTTP"})
    rate = dict.fromkeys(hosts, 0.0)
    for each in OPERATIONS:
        for call in each.calls:
            if call.type == "HTTP":
                rate[call.target] += each.share * call.share
    for host in hosts:
        ended: dict[str, list[float | None]] = {SUCCESS: [], FAILURE: []}
        totals = {SUCCESS: 0.0, FAILURE: 0.0}
        for moment in moments:
            for outcome, values in ended.items():
                values.append(totals[outcome])
            calls = world.settings.tps * of_day(moment) * EVERY.total_seconds() * rate[host]
            # One call in two hundred fails on any day.
            spared = 0.995
            for outage in world.of(ExternalFailure, moment):
                spared *= 1 - outage.share if outage.host == host else 1.0
            totals[SUCCESS] += calls * spared
            totals[FAILURE] += calls * (1 - spared)
        for outcome, values in ended.items():
            yield Scraped(f"{ai.EXTERNAL_CALL.name}_count", {"api": host, "outcome": outcome}, seconds, values)


def _exporter(world: World, moments: list[datetime], seconds: list[float]) -> Iterator[Scraped]:
    """The shared exporter about itself: which stores it can read."""
    up: dict[str, list[bool]] = {
        "postgresql": [not world.of(DatabaseDown, moment) for moment in moments],
        "redis": [world.cache(moment)[2] for moment in moments],
        "service_bus": [True] * len(moments),
    }
    seen = [not world.of(Unscraped, moment) for moment in moments]
    there: list[float | None] = [1.0 if each else None for each in seen]
    yield Scraped(exporter.BUILD_INFO.name, {"role": "cluster", "version": __version__}, seconds, there)
    for collector, read in up.items():
        values = [float(answers) if each else None for answers, each in zip(read, seen, strict=True)]
        yield Scraped(exporter.COLLECTOR_SUCCESS.name, {"collector": collector}, seconds, values)
