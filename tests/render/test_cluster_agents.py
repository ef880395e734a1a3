from __future__ import annotations

import tomllib
from datetime import timedelta

from observability.azure import prometheus
from observability.design.telemetry import CONTAINER_INSIGHTS
from observability.render import cluster_agents, yaml

EVERY = timedelta(seconds=30)


def as_the_agent_reads(text: str) -> dict[str, dict[str, str]]:
    """Line by line: a name before ``: |-`` begins a section, and whatever has a ``=`` belongs to the last one."""
    sections: dict[str, dict[str, str]] = {}
    current = ""
    for line in map(str.strip, text.splitlines()):
        if line.endswith(": |-"):
            current = line.removesuffix(": |-")
            sections[current] = {}
        elif current and "=" in line:
            key, _, value = line.partition("=")
            sections[current][key.strip()] = value.strip()
    return sections


def test_the_containers_two_streams_are_collected_outside_of_the_systems_namespaces() -> None:
    made = cluster_agents.container_logs(("stdout", "stderr"), ("kube-system", "azure-arc"))
    assert (made["metadata"]["namespace"], made["metadata"]["name"]) == ("kube-system", "container-azm-ms-agentconfig")
    assert made["data"]["schema-version"] == "v1"
    assert tomllib.loads(made["data"]["log-data-collection-settings"]) == {
        "log_collection_settings": {
            "stdout": {"enabled": True, "exclude_namespaces": ["kube-system", "azure-arc"]},
            "stderr": {"enabled": True, "exclude_namespaces": ["kube-system", "azure-arc"]},
            "env_var": {"enabled": False},
            "enrich_container_logs": {"enabled": False},
            "collect_all_kube_events": {"enabled": False},
            "schema": {"containerlog_schema_version": "v2"},
            "metadata_collection": {"enabled": False},
            "enable_multiline_logs": {"enabled": False},
        }
    }


def test_a_target_keeps_the_given_metrics_beside_the_minimal_profile() -> None:
    made = cluster_agents.cluster_metrics({"kubestate": ("kube_a", "kube_b"), "kubelet": ()}, EVERY)
    assert made["metadata"] == {"name": "ama-metrics-settings-configmap", "namespace": "kube-system"}
    assert made["data"] == {
        "schema-version": "v2",
        "config-version": "tripgen",
        "cluster-metrics": """\
default-targets-scrape-enabled: |-
  kubestate = true
  kubelet = true
default-targets-metrics-keep-list: |-
  kubestate = "kube_a|kube_b"
  kubelet = ""
minimal-ingestion-profile: |-
  enabled = true
default-targets-scrape-interval-settings: |-
  kubestate = "30s"
  kubelet = "30s\"""",
    }


def test_the_agent_finds_the_sections_it_looks_for() -> None:
    made = cluster_agents.cluster_metrics({"kubestate": ("kube_a",)}, EVERY)
    assert as_the_agent_reads(made["data"]["cluster-metrics"]) == {
        "default-targets-scrape-enabled": {"kubestate": "true"},
        "default-targets-metrics-keep-list": {"kubestate": '"kube_a"'},
        "minimal-ingestion-profile": {"enabled": "true"},
        "default-targets-scrape-interval-settings": {"kubestate": '"30s"'},
    }


def test_settings_are_blocks_in_the_file_as_people_read_them() -> None:
    text = yaml.documents([cluster_agents.cluster_metrics({"kubelet": ()}, EVERY)], cluster_agents.METRICS_HEADER)
    assert "  cluster-metrics: |-\n    default-targets-scrape-enabled: |-\n      kubelet = true\n" in text


def test_a_metric_is_kept_by_the_target_that_shows_it_and_by_no_other() -> None:
    assert prometheus.keep_lists(
        ["kube_pod_status_ready", "up", "node_load5", "tripgen_made_up", "cache_hit_ratio"]
    ) == {
        "cadvisor": (),
        "kubelet": (),
        "kubestate": ("kube_pod_status_ready",),
        "nodeexporter": ("node_load5",),
    }


def test_no_metric_is_said_to_come_from_two_targets_or_to_be_kept_and_dropped() -> None:
    listed = [name for metrics in prometheus.TARGETS.values() for name in metrics]
    assert len(listed) == len(set(listed))
    for target, dropped in prometheus.BEYOND.items():
        assert not dropped & prometheus.PROFILE[target]


def test_the_four_kinds_of_measurement_of_the_document_are_kept() -> None:
    assert set(CONTAINER_INSIGHTS.metrics) == set(prometheus.KINDS)
    lists = prometheus.keep_lists(name for names in prometheus.KINDS.values() for name in names)
    for kind, names in prometheus.KINDS.items():
        assert set(names) <= {*lists["cadvisor"], *lists["nodeexporter"]}, kind
