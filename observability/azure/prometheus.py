"""Metrics that managed Prometheus keeps on AKS without further settings (minimal ingestion profile, 2025-08-25).

Only the families that watching this system can need are listed: a rule on a metric that is not kept never fires,
so a name missing here is looked up in Microsoft's list and then added.
"""

from __future__ import annotations

KEPT: frozenset[str] = frozenset(
    {
        "up",
        # cadvisor
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
        "container_spec_cpu_period",
        "container_spec_cpu_quota",
        # kube-state-metrics
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
        "kube_pod_container_status_restarts_total",
        "kube_pod_container_status_waiting_reason",
        "kube_pod_info",
        "kube_pod_owner",
        "kube_pod_status_phase",
        "kube_replicaset_owner",
        "kube_resourcequota",
        # kubelet
        "kubelet_running_pods",
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
        # node-exporter
        "node_cpu_seconds_total",
        "node_disk_io_time_seconds_total",
        "node_filesystem_avail_bytes",
        "node_filesystem_readonly",
        "node_filesystem_size_bytes",
        "node_load5",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
        "node_network_receive_bytes_total",
        "node_network_transmit_bytes_total",
    }
)
