"""The cluster: inventories, counters, events and logs of its containers, as Container Insights and the audit log write
them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from observability.design.platform import CLUSTER, SYSTEM_POOL
from observability.design.services import NAMESPACE
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.world import Pod, World, service_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NANO = 1_000_000_000
_CLUSTER_ID = (
    f"/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{CLUSTER.resource.name}"
)


def selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """Each table of the cluster and its SELECT."""
    load(con, "pods", _POD_COLUMNS, list(_pod_rows(world)))
    yield "KubePodInventory", _PODS
    load(con, "nodes", _NODE_COLUMNS, list(_node_rows(world)))
    yield "KubeNodeInventory", _NODES
    yield (
        "Heartbeat",
        "SELECT happened AS TimeGenerated, name AS Computer, 'Direct Agent' AS Category, 'Linux' AS OSType FROM nodes",
    )
    load(con, "events", _EVENT_COLUMNS, list(_events(world)))
    yield "KubeEvents", _EVENTS
    yield "Perf", _PERF
    yield "InsightsMetrics", _INSIGHTS
    yield "ContainerLogV2", _LOGS
    load(con, "changes", _CHANGE_COLUMNS, list(_changes(world)))
    yield "AKSAudit", _AUDIT
    yield "AKSAuditAdmin", f"SELECT * FROM ({_AUDIT}) WHERE Verb NOT IN ('get', 'list', 'watch')"
    yield "AKSControlPlane", _CONTROL
    yield "Syslog", _SYSLOG


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


_POD_COLUMNS = {
    "happened": "TIMESTAMP", "name": "VARCHAR", "role": "VARCHAR", "node": "VARCHAR", "uid": "VARCHAR", "ip": "VARCHAR",
    "why": "VARCHAR", "restarts": "INTEGER", "cpu_limit": "DOUBLE", "memory_limit": "DOUBLE", "cpu": "DOUBLE",
    "memory": "DOUBLE", "version": "VARCHAR", "born": "TIMESTAMP", "namespace": "VARCHAR", "kind": "VARCHAR",
}  # fmt: skip


def _pod_rows(world: World) -> Iterator[tuple[Any, ...]]:
    for _, moment in world.moments():
        for pod in world.pods:
            limits = service_of(pod.role).resources
            node = next(each for each in world.nodes if each.name == pod.node)
            cpu, memory = world.node_load(node, moment)
            name, born = name_of(world, pod, moment)
            yield (
                _at(moment), name, pod.role, pod.node, pod.uid, pod.address, world.broken(pod, moment),
                world.restarts(pod, moment), limits.cpu_limit, float(limits.memory_limit), cpu * 0.9, memory * 0.95,
                world.version(pod.role, moment), _at(born), NAMESPACE, "ReplicaSet",
            )  # fmt: skip
        for index, node in enumerate(each for each in world.nodes if each.pool is SYSTEM_POOL):
            yield (
                _at(moment), f"coredns-5d4b8c7f9-{index}kx2p", "coredns", node.name, f"c{index:07x}", node.address, "", 0,
                1.0, 2.0**30, 0.05, 0.2, "1.11", _at(_BORN), "kube-system", "ReplicaSet",
            )  # fmt: skip


_BORN = datetime(2026, 11, 1)


def name_of(world: World, pod: Pod, moment: datetime) -> tuple[str, datetime]:
    """The pod's name and birth: a rolling update replaces the pods of its service one after the other."""
    same = [each for each in world.pods if each.role == pod.role]
    name, born = pod.name, _BORN
    for fault in world.faults:
        if isinstance(fault, faults.Deployment) and fault.role == pod.role:
            when = fault.start + (fault.end - fault.start) * same.index(pod) / len(same)
            if moment >= when:
                name, born = pod.name.replace("-7d9f8b6c5d-", "-6b7c9d8f5e-"), when
    return name, born


_PODS = f"""
SELECT happened AS TimeGenerated, '{_CLUSTER_ID}' AS ClusterId, node AS Computer, uid || '/' || role AS ContainerName,
    md5(uid) AS ContainerID, restarts AS ContainerRestartCount, restarts AS PodRestartCount,
    CASE WHEN why = '' THEN 'running' WHEN why = 'CrashLoopBackOff' THEN 'waiting' ELSE 'terminated' END AS ContainerStatus,
    CASE WHEN why IN ('', 'NodeLost') THEN '' WHEN why = 'Stopped' THEN 'Error' ELSE why END AS ContainerStatusReason,
    CASE WHEN restarts > 0 THEN '{{"lastState":"terminated","reason":"Error","startedAt":"","finishedAt":"' ||
        strftime(happened, '%Y-%m-%dT%H:%M:%SZ') || '"}}' ELSE '' END AS ContainerLastStatus,
    kind AS ControllerKind, regexp_replace(name, '-[^-]+$', '') AS ControllerName, name AS Name, namespace AS Namespace,
    born AS PodCreationTimeStamp, born AS PodStartTime, born AS ContainerStartTime, born AS ContainerCreationTimeStamp,
    ip AS PodIp, uid AS PodUid, role AS ServiceName,
    '[{{"app":"' || role || '","tier":"application","version":"' || version || '"}}]' AS PodLabel,
    CASE WHEN why = '' THEN 'Running' WHEN why = 'NodeLost' THEN 'Unknown' WHEN why = 'Stopped' THEN 'Failed'
        ELSE 'CrashLoopBackOff' END AS PodStatus
FROM pods
"""
_NODE_COLUMNS = {
    "happened": "TIMESTAMP", "name": "VARCHAR", "pool": "VARCHAR", "zone": "VARCHAR", "ready": "BOOLEAN", "cpu": "DOUBLE",
    "memory": "DOUBLE", "cores": "INTEGER", "bytes": "DOUBLE",
}  # fmt: skip


def _node_rows(world: World) -> Iterator[tuple[Any, ...]]:
    for _, moment in world.moments():
        lost = world.lost(moment)
        for node in world.nodes:
            cpu, memory = world.node_load(node, moment)
            ready = node.name not in lost
            yield (
                _at(moment), node.name, node.pool.key, node.zone, ready, cpu, memory, node.pool.vm.cpu,
                float(node.pool.vm.memory),
            )  # fmt: skip


_NODES = f"""
SELECT happened AS TimeGenerated, name AS Computer, '{_CLUSTER_ID}' AS ClusterId, 'v{CLUSTER.kubernetes_version}.9' AS KubeletVersion,
    CASE WHEN ready THEN 'Ready' ELSE 'Unknown' END AS Status, 'Ubuntu 22.04' AS OperatingSystem,
    TIMESTAMP '2026-11-01' AS CreationTimeStamp, TIMESTAMP '2026-11-01' AS LastTransitionTimeReady,
    '[{{"agentpool":"' || pool || '","topology.kubernetes.io/zone":"koreacentral-' || zone || '"}}]' AS Labels
FROM nodes
"""
_EVENT_COLUMNS = {
    "happened": "TIMESTAMP", "kind": "VARCHAR", "name": "VARCHAR", "node": "VARCHAR", "type": "VARCHAR", "reason": "VARCHAR",
    "message": "VARCHAR",
}  # fmt: skip


def _events(world: World) -> Iterator[tuple[Any, ...]]:
    for minute, moment in world.moments():
        happened = _at(moment) + timedelta(seconds=20)
        for pod in world.pods:
            why = world.broken(pod, moment)
            if why == "CrashLoopBackOff":
                yield (
                    happened,
                    "Pod",
                    pod.name,
                    pod.node,
                    "Warning",
                    "BackOff",
                    f"Back-off restarting failed container {pod.role}",
                )
        for name in sorted(world.lost(moment)):
            yield happened, "Node", name, name, "Warning", "NodeNotReady", f"Node {name} status is now: NodeNotReady"
        if minute % 480 == 137:
            pod = world.pods[minute % len(world.pods)]
            yield happened, "Pod", pod.name, pod.node, "Warning", "Unhealthy", "Readiness probe failed: timeout"
    for fault in world.faults:
        if isinstance(fault, faults.Deployment):
            yield _at(fault.start), "Deployment", fault.role, "", "Normal", "ScalingReplicaSet", "Scaled up replica set"


_EVENTS = f"""
SELECT happened AS TimeGenerated, happened AS FirstSeen, happened AS LastSeen, 1.0 AS "Count", kind AS ObjectKind, name AS Name,
    '{NAMESPACE}' AS Namespace, node AS Computer, type AS KubeEventType, reason AS Reason, message AS Message
FROM events
"""
# Counters of nodes and containers, each with a little noise: load, capacity, and limits.
_PERF = f"""
WITH node_counters AS (
    SELECT happened, name, unnest([
        {{'n': 'cpuUsageNanoCores', 'v': cpu * cores * {_NANO} * (1 + 0.05 * normal(rowid, 1))}},
        {{'n': 'cpuCapacityNanoCores', 'v': cores * {_NANO}.0}},
        {{'n': 'memoryWorkingSetBytes', 'v': memory * bytes * (1 + 0.01 * normal(rowid, 3))}},
        {{'n': 'memoryRssBytes', 'v': memory * bytes * 0.9}},
        {{'n': 'memoryCapacityBytes', 'v': bytes}}]) AS c
    FROM nodes WHERE ready
), container_counters AS (
    SELECT happened, node, uid, role, unnest([
        {{'n': 'cpuUsageNanoCores', 'v': cpu * cpu_limit * 0.8 * {_NANO} * (1 + 0.05 * normal(rowid, 5))}},
        {{'n': 'cpuLimitNanoCores', 'v': cpu_limit * {_NANO}}},
        {{'n': 'memoryWorkingSetBytes', 'v': memory * memory_limit * (1 + 0.01 * normal(rowid, 7))}},
        {{'n': 'memoryLimitBytes', 'v': memory_limit}}]) AS c
    FROM pods WHERE why = ''
)
SELECT happened AS TimeGenerated, name AS Computer, 'K8SNode' AS ObjectName, c.n AS CounterName, c.v AS CounterValue,
    '{_CLUSTER_ID}/' || name AS InstanceName FROM node_counters
UNION ALL
SELECT happened, node, 'K8SContainer', c.n, c.v, '{_CLUSTER_ID}/' || uid || '/' || role FROM container_counters
"""
_INSIGHTS = f"""
SELECT happened AS TimeGenerated, name AS Computer, 'container.azm.ms/disk' AS Namespace, 'used_percent' AS Name,
    41 + 2 * u(rowid, 9) AS Val, '{{"device":"/dev/sda1","hostName":"' || name || '"}}' AS Tags,
    'container.azm.ms/telegraf' AS Origin FROM nodes
UNION ALL
SELECT happened, any_value(node), 'container.azm.ms/kubestate', 'kube_deployment_status_replicas_ready', count(*) FILTER (WHERE why = ''),
    '{{"deployment":"' || role || '","k8sNamespace":"{NAMESPACE}"}}', 'container.azm.ms/telegraf'
FROM pods WHERE namespace = '{NAMESPACE}' GROUP BY happened, role
"""
# A line for one request in fifty, and for each that failed.
_LOGS = f"""
SELECT happened AS TimeGenerated, node AS Computer, md5(uid) AS ContainerId, operation.role AS ContainerName,
    pods.name AS PodName, '{NAMESPACE}' AS PodNamespace, CASE WHEN failed THEN 'stderr' ELSE 'stdout' END AS LogSource,
    CASE WHEN failed THEN 'error' WHEN refused THEN 'warning' ELSE 'info' END AS LogLevel,
    to_json(CASE WHEN failed THEN 'ERROR request failed trace=' || hex(i, 10) ELSE 'INFO request served' END) AS LogMessage
FROM request JOIN operation USING (op)
JOIN (SELECT role, row_number() OVER (PARTITION BY role ORDER BY name) - 1 AS number, name, node, uid
      FROM (SELECT DISTINCT role, name, node, uid FROM pods)) AS pods
    ON pods.role = operation.role AND pods.number = pod_number
WHERE failed OR u(i, 15) < 0.02
"""
_CHANGE_COLUMNS = {
    "happened": "TIMESTAMP", "who": "VARCHAR", "verb": "VARCHAR", "resource": "VARCHAR", "part": "VARCHAR", "name": "VARCHAR",
    "space": "VARCHAR", "code": "INTEGER",
}  # fmt: skip
_ARGO = "system:serviceaccount:argocd:argocd-application-controller"


def _changes(world: World) -> Iterator[tuple[Any, ...]]:
    controller = "system:serviceaccount:kube-system:deployment-controller"
    for minute, moment in world.moments():
        if minute % 10 == 3:
            yield _at(moment), controller, "update", "deployments", "status", "trip-service", NAMESPACE, 200
        if minute % 30 == 5:
            yield _at(moment), _ARGO, "get", "deployments", "", "user-service", NAMESPACE, 200
        if minute % 720 == 411:
            yield _at(moment), "developer@tripgen.example", "get", "secrets", "", "ai-service-secrets", NAMESPACE, 403
    for fault in world.faults:
        if isinstance(fault, faults.Deployment) or (isinstance(fault, faults.Errors) and fault.version):
            yield _at(fault.start), _ARGO, "patch", "deployments", "", fault.role, NAMESPACE, 200


_AUDIT = """
SELECT happened AS TimeGenerated, verb AS Verb, 'Metadata' AS Level, 'ResponseComplete' AS Stage, hex(rowid, 1) AS AuditId,
    json_object('username', who) AS "User", json_object('resource', resource, 'subresource', part, 'namespace', space,
        'name', name) AS ObjectRef, json_object('code', code) AS ResponseStatus, '["10.1.1.4"]'::JSON AS SourceIps,
    '/apis/apps/v1/namespaces/' || space || '/' || resource || '/' || name AS RequestUri
FROM changes
"""
_CONTROL = """
SELECT happened AS TimeGenerated, 'cluster-autoscaler' AS Category, 'INFO' AS Level, 'No unschedulable pods' AS Message,
    'cluster-autoscaler-0' AS PodName FROM nodes WHERE name = (SELECT min(name) FROM nodes) AND minute(happened) % 10 = 0
"""
_SYSLOG = """
SELECT happened + INTERVAL 11 SECOND AS TimeGenerated, name AS Computer, 'daemon' AS Facility, 'info' AS SeverityLevel,
    'systemd' AS ProcessName, 'Started Session of user root.' AS SyslogMessage, name AS HostName
FROM nodes WHERE minute(happened) % 15 = 0
"""
