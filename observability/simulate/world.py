"""The state of everything at each minute: the ordinary day, changed by faults. Plain Python, no rows yet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.platform import APPLICATION_POOL, NODE_POOLS
from observability.design.services import SERVICES
from observability.model.system import NodePool, Service
from observability.simulate import faults as kinds
from observability.simulate.load import OPERATIONS, Operation, of_day
from observability.simulate.settings import ITEM_COUNT, Settings

F = TypeVar("F", bound=kinds.Fault)
VERSION = "2.4.1"


@dataclass(frozen=True, slots=True)
class Minute:
    """One operation in one minute. ``rows`` are stored rows and need not be whole; durations in milliseconds."""

    minute: int
    operation: int
    rows: float
    errors: float
    factor: float
    floor_ms: float
    version: str


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod: its own name, node and address; ``container`` is the service's role."""

    number: int
    name: str
    role: str
    node: str
    uid: str
    address: str


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    pool: NodePool
    zone: str
    address: str


class World:
    """``settings`` and the faults of the time; everything else follows."""

    def __init__(self, settings: Settings, faults: Sequence[kinds.Fault] = ()) -> None:
        self.settings = settings
        # Tables hold UTC, whatever zone a fault was given in.
        self.faults = tuple(
            replace(fault, start=fault.start.astimezone(UTC), end=fault.end.astimezone(UTC)) for fault in faults
        )
        self.nodes = tuple(_nodes())
        self.pods = tuple(_pods([node for node in self.nodes if node.pool is APPLICATION_POOL]))

    def of(self, kind: type[F], moment: datetime) -> list[F]:
        """The faults of that kind at that moment."""
        return [fault for fault in self.faults if isinstance(fault, kind) and fault.active(moment)]

    def moments(self) -> Iterable[tuple[int, datetime]]:
        return ((minute, self.settings.at(minute)) for minute in range(self.settings.minutes))

    # --- requests ---------------------------------------------------------------------------------------------------

    def requests(self) -> list[Minute]:
        """Each operation in each minute."""
        made = []
        for minute, moment in self.moments():
            base = self.settings.tps * 60 / ITEM_COUNT * of_day(moment)
            for index, operation in enumerate(OPERATIONS):
                state = self.operation(operation, moment)
                if state is not None:
                    traffic, errors, factor, floor = state
                    rows = base * operation.share * traffic
                    version = self.version(operation.role, moment)
                    made.append(Minute(minute, index, rows, errors, factor, floor, version))
        return made

    def operation(self, operation: Operation, moment: datetime) -> tuple[float, float, float, float] | None:
        """Traffic, share of errors, factor and floor of the duration; None where nobody answers."""
        if any(stop.role == operation.role for stop in self.of(kinds.Stopped, moment)):
            return None
        traffic = math.prod(
            fault.factor for fault in self.of(kinds.Traffic, moment) if fault.role in (None, operation.role)
        )
        slow = [
            fault
            for fault in self.of(kinds.Slow, moment)
            if fault.role == operation.role and fault.operation in (None, operation.name)
        ]
        # Ten times the traffic makes an autoscaled service slower, not ten times slower.
        factor = math.prod(fault.factor for fault in slow) * max(1.0, traffic) ** 0.1
        floor = max((fault.floor_ms for fault in slow), default=0.0)
        spared = 1.0 - operation.errors
        for share in self._failing(operation, moment):
            spared *= 1.0 - share
        return traffic, 1.0 - spared, factor, floor

    def _failing(self, operation: Operation, moment: datetime) -> Iterable[float]:
        for fault in self.of(kinds.Errors, moment):
            if fault.role == operation.role and fault.operation in (None, operation.name):
                yield fault.share
        for outage in self.of(kinds.ExternalFailure, moment):
            yield from (outage.share * call.share for call in operation.calls if call.target == outage.host)
        if self.of(kinds.DatabaseDown, moment):
            yield from (call.share for call in operation.calls if call.type == "SQL")
        if any(fault.percent >= 100 for fault in self.of(kinds.Connections, moment)):
            yield from (0.6 * call.share for call in operation.calls if call.type == "SQL")

    def version(self, role: str, moment: datetime) -> str:
        """The version that answers: the last one deployed."""
        deployed = [
            (fault.start, fault.version)
            for fault in self.faults
            if isinstance(fault, kinds.Deployment | kinds.Errors)
            and fault.role == role
            and fault.version
            and fault.start <= moment
        ]
        return max(deployed)[1] if deployed else VERSION

    # --- cluster ----------------------------------------------------------------------------------------------------

    def lost(self, moment: datetime) -> set[str]:
        """Names of nodes that are not ready."""
        gone: set[str] = set()
        for fault in self.of(kinds.NodesLost, moment):
            mine = [node for node in self.nodes if node.pool.key == fault.pool and fault.zone in (None, node.zone)]
            gone.update(node.name for node in mine[: fault.count])
        return gone

    def broken(self, pod: Pod, moment: datetime) -> str:
        """Why the pod does not work at that moment; empty where it does."""
        if pod.node in self.lost(moment):
            return "NodeLost"
        first = next(each for each in self.pods if each.role == pod.role)
        if pod is first and any(fault.role == pod.role for fault in self.of(kinds.CrashLoop, moment)):
            return "CrashLoopBackOff"
        return "Stopped" if any(fault.role == pod.role for fault in self.of(kinds.Stopped, moment)) else ""

    def restarts(self, pod: Pod, moment: datetime) -> int:
        """The container's restart count, which only grows: kubelet waits 10 s, then twice as long, up to 5 minutes."""
        count = 0
        first = next(each for each in self.pods if each.role == pod.role)
        for fault in self.faults:
            if isinstance(fault, kinds.CrashLoop) and fault.role == pod.role and pod is first:
                at, wait = fault.start, 60 / fault.restarts
                while at <= min(moment, fault.end - timedelta(seconds=1)):
                    count += 1
                    at += timedelta(seconds=wait)
                    wait = min(wait * 2, 300.0)
        return count

    def node_load(self, node: Node, moment: datetime) -> tuple[float, float]:
        """Shares of CPU and memory in use."""
        cpu = 0.12 if node.pool is not APPLICATION_POOL else 0.14 + 0.20 * of_day(moment)
        memory = 0.38 if node.pool is not APPLICATION_POOL else 0.46 + 0.04 * of_day(moment)
        for traffic in self.of(kinds.Traffic, moment):
            # Pods are added at 70 %, and nodes for them.
            cpu = min(0.72, cpu * max(1.0, traffic.factor) ** 0.25)
        for fault in self.of(kinds.PoolLoad, moment):
            if fault.pool == node.pool.key:
                cpu = cpu if fault.cpu_percent is None else fault.cpu_percent / 100
                memory = memory if fault.memory_percent is None else fault.memory_percent / 100
        return cpu, memory

    # --- stores -----------------------------------------------------------------------------------------------------

    def connections_percent(self, moment: datetime) -> float:
        return max([18 + 14 * of_day(moment), *(fault.percent for fault in self.of(kinds.Connections, moment))])

    def lag_seconds(self, replica: str, moment: datetime) -> float:
        usual = 1.5 if replica == POSTGRESQL.replicas[0].key else 0.4
        return max(
            [usual * (0.5 + of_day(moment))]
            + [fault.seconds for fault in self.of(kinds.ReplicaLag, moment) if fault.replica == replica]
        )

    def cache(self, moment: datetime) -> tuple[float, float, bool]:
        """Share of hits, share of memory, and whether it answers."""
        hits, memory, up = 0.955 + 0.01 * math.sin(moment.minute / 10), 0.48 + 0.06 * of_day(moment), True
        for fault in self.of(kinds.Cache, moment):
            hits = hits if fault.hits is None else fault.hits
            memory = memory if fault.memory_percent is None else fault.memory_percent / 100
            up = up and not fault.down
        return hits, memory, up

    def messages(self, entity: str, moment: datetime) -> tuple[int, int]:
        """Active and dead-lettered messages."""
        active, dead = round(2 + 4 * of_day(moment)), 0
        for fault in self.of(kinds.Backlog, moment):
            if fault.entity == entity:
                active, dead = max(active, fault.waiting), max(dead, fault.dead)
        return active, dead


ENTITIES = (
    *(queue.name for queue in SERVICE_BUS.queues),
    *(f"{topic.name}/{name}" for topic in SERVICE_BUS.topics for name in topic.subscriptions),
)
SHARDS = tuple(range(REDIS.shards))


def service_of(role: str) -> Service:
    return next(service for service in SERVICES if service.role == role)


def _nodes() -> Iterable[Node]:
    number = 0
    for pool in NODE_POOLS:
        for index in range(pool.minimum):
            number += 1
            name = f"aks-{pool.key}-26110{len(pool.key)}-vmss{index:06d}"
            yield Node(name, pool, pool.zones[index % len(pool.zones)], f"10.1.1.{number + 3}")


def _pods(nodes: Sequence[Node]) -> Iterable[Pod]:
    number = 0
    for service in SERVICES:
        for index in range(service.resources.replicas):
            uid = f"{number:08x}-7d9f-4b6c-8e21-0000000000{index:02x}"
            name = f"{service.role}-7d9f8b6c5d-{'bcdfghjklmnpqrstvwxz'[number % 20]}{index}x2k"
            yield Pod(number, name, service.role, nodes[number % len(nodes)].name, uid, f"10.1.1.{100 + number}")
            number += 1
