"""What managed Prometheus scrapes on AKS without a setting of ours, and what of it it keeps.

PROFILE is the minimal ingestion profile, from the regular expressions in Azure/prometheus-collector (settings of the
add-on, July 2026), which is what the agent does; Microsoft's page differs here and there. Only the families that
watching this system can need are listed, so a name missing here is looked up in that list and then added. Windows, DNS
and proxy targets are off by default and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PROFILE: Mapping[str, frozenset[str]] = {
    "cadvisor": frozenset(
        {
            "container_cpu_cfs_periods_total",
            "container_cpu_cfs_throttled_periods_total",
            "container_cpu_usage_seconds_total",
            "container_fs_reads_bytes_total",
            "container_fs_writes_bytes_total",
            "container_memory_rss",
            "container_memory_working_set_bytes",
            "container_network_receive_bytes_total",
            "container_network_receive_packets_dropped_total",
            "container_network_transmit_bytes_total",
            "container_network_transmit_packets_dropped_total",
            "container_spec_cpu_period",
            "container_spec_cpu_quota",
            "container_start_time_seconds",
        }
    ),
    "kubelet": frozenset(
        {
            "kubelet_running_pods",
            "kubelet_volume_stats_available_bytes",
            "kubelet_volume_stats_capacity_bytes",
            "kubelet_volume_stats_used_bytes",
        }
    ),
    "kubestate": frozenset(
        {
            "kube_daemonset_status_desired_number_scheduled",
            "kube_daemonset_status_number_ready",
            "kube_deployment_spec_replicas",
            "kube_deployment_status_replicas_available",
            "kube_deployment_status_replicas_ready",
            "kube_deployment_status_replicas_updated",
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "kube_horizontalpodautoscaler_spec_min_replicas",
            "kube_horizontalpodautoscaler_status_current_replicas",
            "kube_horizontalpodautoscaler_status_desired_replicas",
            "kube_job_failed",
            "kube_node_info",
            "kube_node_spec_taint",
            "kube_node_status_allocatable",
            "kube_node_status_capacity",
            "kube_node_status_condition",
            "kube_pod_container_info",
            "kube_pod_container_resource_limits",
            "kube_pod_container_resource_requests",
            "kube_pod_container_status_last_terminated_reason",
            "kube_pod_container_status_ready",
            "kube_pod_container_status_restarts_total",
            "kube_pod_container_status_waiting_reason",
            "kube_pod_info",
            "kube_pod_owner",
            "kube_pod_status_phase",
            "kube_replicaset_owner",
            "kube_resourcequota",
        }
    ),
    "nodeexporter": frozenset(
        {
            "node_cpu_seconds_total",
            "node_disk_io_time_seconds_total",
            "node_disk_read_bytes_total",
            "node_disk_written_bytes_total",
            "node_filesystem_avail_bytes",
            "node_filesystem_readonly",
            "node_filesystem_size_bytes",
            "node_load5",
            "node_memory_MemAvailable_bytes",
            "node_memory_MemTotal_bytes",
            "node_network_receive_bytes_total",
            "node_network_transmit_bytes_total",
        }
    ),
}
"""Target, as the add-on's settings call it -> metrics that it keeps by default."""

BEYOND: Mapping[str, frozenset[str]] = {
    "cadvisor": frozenset(
        {
            "container_cpu_cfs_throttled_seconds_total",
            "container_memory_usage_bytes",
            "container_oom_events_total",
        }
    ),
    "kubestate": frozenset(
        {
            "kube_deployment_status_condition",
            "kube_deployment_status_replicas_unavailable",
            "kube_horizontalpodautoscaler_status_condition",
            "kube_job_status_failed",
            "kube_persistentvolumeclaim_status_phase",
            "kube_pod_status_ready",
            "kube_poddisruptionbudget_status_current_healthy",
            "kube_poddisruptionbudget_status_desired_healthy",
            "kube_poddisruptionbudget_status_pod_disruptions_allowed",
        }
    ),
}
"""What the targets show and the profile drops: kept as soon as a definition reads it, by our own keep-list."""

# Kept from every target, whatever its list says.
ALWAYS = frozenset({"up"})

TARGETS: Mapping[str, frozenset[str]] = {
    target: metrics | BEYOND.get(target, frozenset()) for target, metrics in PROFILE.items()
}
OFFERED: frozenset[str] = ALWAYS.union(*TARGETS.values())

# The four kinds of measurement that document 8.1.1 wants of Container Insights, by node and by container.
KINDS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("container_cpu_usage_seconds_total", "node_cpu_seconds_total"),
    "memory": (
        "container_memory_working_set_bytes",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
    ),
    "network": (
        "container_network_receive_bytes_total",
        "container_network_transmit_bytes_total",
        "node_network_receive_bytes_total",
        "node_network_transmit_bytes_total",
    ),
    "disk": (
        "container_fs_reads_bytes_total",
        "container_fs_writes_bytes_total",
        "node_filesystem_avail_bytes",
        "node_filesystem_size_bytes",
    ),
}


def keep_lists(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which of ``names`` each target has to keep; those of the exporter and of recording rules are nobody's here."""
    wanted = set(names)
    return {target: tuple(sorted(wanted & metrics)) for target, metrics in TARGETS.items()}
