"""Platform metrics as metric alerts read them: a number a minute for each combination of dimension values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from observability.design.platform import CLUSTER, RATE_RULE
from observability.design.services import SERVICES
from observability.simulate import faults
from observability.simulate.stores import values_of
from observability.simulate.world import ENTITIES, SHARDS, World

Dimensions = tuple[tuple[str, str], ...]
"""Azure's dimension names and values, sorted."""
_NODES: Mapping[str, int] = {"node_cpu_usage_percentage": 0, "node_memory_working_set_percentage": 1}

_RATE_LIMIT = RATE_RULE.limit.value if RATE_RULE.limit is not None else 0


def measured(world: World, resource: str, metric: str) -> Iterator[tuple[datetime, Dimensions, float]]:
    """Each minute's numbers of a metric of one of the design's resources. Raises KeyError where it is not simulated."""
    if resource == CLUSTER.resource.key:
        which = _NODES[metric]
        for _, moment in world.moments():
            for node in world.nodes:
                pair = (("node", node.name), ("nodepool", node.pool.key))
                yield moment, pair, 100 * world.node_load(node, moment)[which]
        return
    if (resource, metric) == ("redis", "usedmemorypercentage"):
        for _, moment in world.moments():
            _, memory, up = world.cache(moment)
            if up:
                yield from ((moment, (("ShardId", str(shard)),), 100 * memory) for shard in SHARDS)
        return
    if (resource, metric) == ("service_bus", "DeadletteredMessages"):
        for _, moment in world.moments():
            dead: dict[str, int] = {}
            for name in ENTITIES:
                entity = name.partition("/")[0]
                dead[entity] = dead.get(entity, 0) + world.messages(name, moment)[1]
            yield from ((moment, (("EntityName", entity),), float(many)) for entity, many in dead.items())
        return
    if (resource, metric) == ("redis", "errors"):
        for _, moment in world.moments():
            kinds = {fault.kind for fault in world.of(faults.NotSaved, moment)}
            yield from ((moment, (("ErrorType", kind),), 1.0) for kind in sorted(kinds))
        return
    if (resource, metric) == ("front_door", "OriginHealthPercentage"):
        for _, moment in world.moments():
            # One gateway stands before all services: it answers probes while any of them does.
            up = len(SERVICES) > len(world.of(faults.Stopped, moment))
            yield moment, (), 100.0 if up else 0.0
        return
    if (resource, metric) == ("front_door", "WebApplicationFirewallRequestCount"):
        for _, moment in world.moments():
            over = sum(max(0, fault.per_minute - _RATE_LIMIT) for fault in world.of(faults.Attack, moment))
            # Somebody always looks for an old weakness, and many requests add to a score and pass.
            yield moment, (("Action", "Block"),), 3.0 + over
            yield moment, (("Action", "Log"),), 2_000.0
        return
    found = False
    for _, moment in world.moments():
        for key, name, value in values_of(world, moment):
            if (key, name) == (resource, metric):
                found = True
                yield moment, (), value
    if not found:
        raise KeyError(metric)
