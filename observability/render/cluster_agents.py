"""Settings of the two agents that Azure's monitoring add-ons run in the cluster, as the ConfigMaps they look for.

Both read one ConfigMap of a fixed name in kube-system and restart when it changes. A setting that is left out keeps the
agent's default; what is written here is what an alert, a panel or a secret hangs on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from observability.render import durations

Object = dict[str, Any]

NAMESPACE = "kube-system"
LOGS, METRICS = "container-azm-ms-agentconfig", "ama-metrics-settings-configmap"
# Ten characters, of which the agents tell in their own logs.
_OURS = "tripgen"

_ALONE = """\
The agent reads this one ConfigMap alone: where the cluster has one of this name, join the two by hand.
kubectl apply -f {file}, or for the defaults again: kubectl delete -f {file}"""
LOGS_HEADER = f"""\
What Container Insights collects from containers. Which tables it fills stands in azure/workspace.json.
{_ALONE.format(file="container-insights.yaml")}
Mistakes are rows of KubeMonAgentEvents."""
METRICS_HEADER = f"""\
What managed Prometheus keeps of the cluster's own metrics: all that a rule, a panel or an autoscaler here reads.
{_ALONE.format(file="managed-prometheus.yaml")}"""


def container_logs(streams: Sequence[str], excluded: Sequence[str]) -> Object:
    """The ``streams`` of every container outside of the ``excluded`` namespaces, in ContainerLogV2."""
    tables: dict[str, Mapping[str, object]] = {
        # The collection rule's list of namespaces does not hold for ContainerLogV2: only this one does.
        **{stream: {"enabled": True, "exclude_namespaces": list(excluded)} for stream in streams},
        # Environment variables may be secrets, and the default is to store them.
        "env_var": {"enabled": False},
        # A name and an image for each row of the old ContainerLog; ContainerLogV2 has columns for both.
        "enrich_container_logs": {"enabled": False},
        # Normal events are every pull and start of every pod.
        "collect_all_kube_events": {"enabled": False},
        "schema": {"containerlog_schema_version": "v2"},
        # Labels and annotations of the pod on every row, for a query that nobody has written.
        "metadata_collection": {"enabled": False},
        # Applications log JSON (8.2.1): a stack trace is one line already.
        "enable_multiline_logs": {"enabled": False},
    }
    return _configmap(
        LOGS,
        {
            # Not the tables' version: of this ConfigMap's form there is no other.
            "schema-version": "v1",
            "config-version": _OURS,
            "log-data-collection-settings": _toml(tables, "log_collection_settings"),
        },
    )


def cluster_metrics(keep: Mapping[str, Iterable[str]], every: timedelta) -> Object:
    """What each target keeps beside the minimal ingestion profile, scraped ``every`` so often.

    The lists name what the profile has too: it is Microsoft's to change, and a metric that falls out of it would take
    an alert along without a word. Targets that are not named (DNS, proxies, Windows) stay off, as they are by default.
    """
    interval = durations.prometheus(every)
    sections = {
        "default-targets-scrape-enabled": dict.fromkeys(keep, "true"),
        "default-targets-metrics-keep-list": {target: json.dumps("|".join(names)) for target, names in keep.items()},
        "minimal-ingestion-profile": {"enabled": "true"},
        "default-targets-scrape-interval-settings": {target: json.dumps(interval) for target in keep},
    }
    # YAML within YAML, and always as blocks: the agent looks for `|-` behind a name.
    lines = [
        line
        for name, settings in sections.items()
        for line in (f"{name}: |-", *(f"  {key} = {value}" for key, value in settings.items()))
    ]
    return _configmap(METRICS, {"schema-version": "v2", "config-version": _OURS, "cluster-metrics": "\n".join(lines)})


def _configmap(name: str, data: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": dict(data),
    }


def _toml(tables: Mapping[str, Mapping[str, object]], parent: str) -> str:
    """Tables below ``parent``; texts, flags and lists of texts are written in TOML as they are in JSON."""
    lines = [f"[{parent}]"]
    for name, table in tables.items():
        lines += [f"[{parent}.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines)
