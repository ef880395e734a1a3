"""What several packs put their queries together from; no query stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from observability.design.platform import NODE_POOLS
from observability.design.services import SERVICES

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TYPES: dict[type, str] = {str: "string", int: "long"}


def table(columns: Iterable[str], rows: Iterable[tuple[str | int, ...]]) -> str:
    """A KQL ``datatable`` of names and whole numbers, which a parameter cannot hold.

    Raises ValueError for a text that is more than a name: nothing has to be escaped here.
    """
    listed = list(rows)
    kinds = [_TYPES[type(cell)] for cell in listed[0]]
    head = ", ".join(f"{name}: {kind}" for name, kind in zip(columns, kinds, strict=True))
    return f"datatable({head}) [{', '.join(_cell(cell) for row in listed for cell in row)}]"


def _cell(value: str | int) -> str:
    if isinstance(value, str) and not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name")
    return f'"{value}"' if isinstance(value, str) else str(value)


# The services as they are called in AppRoleName and as their pods begin, with the document's counts of pods (3.2.1,
# 3.3.1 and 3.3.2). A query that starts here has a row for a service that wrote nothing.
EXPECTED_SERVICES = table(
    ("service", "minimum", "replicas", "most"),
    ((each.role, each.pdb.minimum, each.resources.replicas, each.hpa.maximum) for each in SERVICES),
)
EXPECTED_POOLS = table(("pool", "minimum", "most"), ((pool.key, pool.minimum, pool.maximum) for pool in NODE_POOLS))

# A pod is called after its Deployment, `user-service-7c9d8b6f5-x2x4k`, whatever its labels and colour are.
_ROLES = "|".join(service.role for service in SERVICES)
SERVICE_OF_POD = f'extract("^({_ROLES})-", 1, Name)'
# A call from one service to another: `trip-service:8080`, or the whole name inside the cluster.
CALLS_A_SERVICE = f'Target matches regex "^({_ROLES})([.:]|$)"'
# AKS calls its nodes `aks-<pool>-<number>-vmss<number>`; no table has the pool in a column of its own.
POOL_OF_NODE = 'extract("^aks-([a-z0-9]+)-", 1, Computer)'

# Container Insights has a row for each container. Init containers are among them, and have ended well.
CONTAINER_WORKS = (
    'ContainerStatus == "running" or (ContainerStatus == "terminated" and ContainerStatusReason == "Completed")'
)

# Share of CPU and memory of each node, by the time bin `bin_size`; usage and capacity are counters of their own.
NODE_SHARES = f"""
        Perf
        | where ObjectName == "K8SNode" and CounterName in ("cpuUsageNanoCores", "cpuCapacityNanoCores",
            "memoryWorkingSetBytes", "memoryCapacityBytes")
        | summarize mean = avg(CounterValue) by Computer, CounterName, TimeGenerated = bin(TimeGenerated, bin_size)
        | summarize cpu_used = sumif(mean, CounterName == "cpuUsageNanoCores"),
            cpu = sumif(mean, CounterName == "cpuCapacityNanoCores"),
            memory_used = sumif(mean, CounterName == "memoryWorkingSetBytes"),
            memory = sumif(mean, CounterName == "memoryCapacityBytes"),
            counters = count()
            by TimeGenerated, node = Computer, pool = {POOL_OF_NODE}
        // A bin that lacks one of the four counters would show a node at rest.
        | where counters == 4 and cpu > 0 and memory > 0"""
