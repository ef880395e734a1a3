"""Platform metrics as metric alerts read them: a number a minute for each combination of dimension values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from observability.design.platform import CLUSTER
from observability.simulate.stores import values_of
from observability.simulate.world import ENTITIES, SHARDS, World

Dimensions = tuple[tuple[str, str], ...]
"""Azure's dimension names and values, sorted."""
_NODES: Mapping[str, int] = {"node_cpu_usage_percentage": 0, "node_memory_working_set_percentage": 1}


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
    found = False
    for _, moment in world.moments():
        for key, name, value in values_of(world, moment):
            if (key, name) == (resource, metric):
                found = True
                yield moment, (), value
    if not found:
        raise KeyError(metric)
