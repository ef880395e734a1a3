"""Every metric that a generated rule, panel or autoscaler reads is stored: parsed with a real parser, name by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser
import pytest
import yaml

from observability.artefacts.build import build
from observability.azure import prometheus
from observability.catalog import Catalogue, load

CATALOGUE = load()
MADE = {made.path: made.body for made in build(CATALOGUE, "ko")}
KEEP_LISTS = "kubernetes/managed-prometheus.yaml"


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every text below a value, with the key it stands under."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, key)
    else:
        yield key, value


def expressions(made: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Each PromQL text of the files that are deployed, with its file."""
    for path, body in made.items():
        if path.startswith("dashboards/"):
            yield from ((path, text) for key, text in walk(json.loads(body)) if key == "expr")
        elif path == "azure/alerts.json":
            for resource in json.loads(body)["resources"]:
                kind = resource["type"]
                if kind == "Microsoft.AlertsManagement/prometheusRuleGroups":
                    yield from ((path, text) for key, text in walk(resource) if key == "expression")
        elif path == "prometheus/rules.yaml":
            yield from ((path, text) for key, text in walk(yaml.safe_load(body)) if key == "expr")
        elif path == "kubernetes/autoscaling.yaml":
            for item in yaml.safe_load_all(body):
                yield from ((path, text) for key, text in walk(item) if key == "query")


def names(expression: str) -> set[str]:
    """Metric names that a parser sees; Grafana's variables are filled in as Grafana would."""
    filled = re.sub(r"\$(__rate_interval|__interval|__range)\b", "5m", expression)
    return set(_names(promql_parser.parse(filled)))


def _names(node: Any) -> Iterator[str]:
    if type(node).__name__ == "VectorSelector":
        matched = [matcher.value for matcher in node.matchers.matchers if matcher.name == "__name__"]
        yield from [node.name] if node.name else matched
    for branch in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, branch, None)
        if child is not None and type(child).__module__ == type(node).__module__:
            yield from _names(child)
    for argument in getattr(node, "args", None) or []:
        yield from _names(argument)


def listed(settings: bytes) -> set[str]:
    """Our own keep-lists, as the file has them."""
    text: str = yaml.safe_load(settings)["data"]["cluster-metrics"]
    lists = yaml.safe_load(text)["default-targets-metrics-keep-list"]
    return {name for line in lists.splitlines() for name in line.partition("=")[2].strip(' "').split("|") if name}


def kept(catalogue: Catalogue, settings: bytes) -> set[str]:
    """What is stored: the profile, our own lists, what the exporter shows, what rules record."""
    exporter = {name for instrument in catalogue.instruments for name in instrument.series}
    recorded = {signal.record for signal in catalogue.signals if signal.recorded}
    return listed(settings) | exporter | recorded | prometheus.ALWAYS | set().union(*prometheus.PROFILE.values())


def lost(made: Mapping[str, bytes], stored: set[str]) -> set[tuple[str, str]]:
    """File and metric, for each metric that is read and not stored."""
    return {(path, name) for path, text in expressions(made) for name in names(text) - stored}


def unlisted(made: Mapping[str, bytes], settings: bytes) -> set[str]:
    """Metrics of the cluster's targets that are read and stand in none of our lists."""
    read = {name for _, text in expressions(made) for name in names(text)}
    return (read & set().union(*prometheus.TARGETS.values())) - listed(settings)


def test_every_metric_that_is_read_is_stored() -> None:
    assert lost(MADE, kept(CATALOGUE, MADE[KEEP_LISTS])) == set()


def test_rules_panels_and_autoscalers_were_all_looked_at() -> None:
    found = {path.partition("/")[0] for path, _ in expressions(MADE)}
    assert found == {"azure", "dashboards", "kubernetes", "prometheus"}


def test_our_own_lists_alone_name_every_metric_of_the_clusters_targets_that_is_read() -> None:
    """Microsoft may shorten its profile without asking: nothing that is read here hangs on it."""
    assert unlisted(MADE, MADE[KEEP_LISTS]) == set()
    dropped = MADE[KEEP_LISTS].replace(b"kube_node_status_condition|", b"")
    assert unlisted(MADE, dropped) == {"kube_node_status_condition"}


@pytest.mark.parametrize("name", ["kube_pod_status_ready", "container_oom_events_total", "typed_wrong_total"])
def test_a_metric_that_the_profile_drops_and_no_list_names_is_found(name: str) -> None:
    """The proof that the first test can fail."""
    rules = {"prometheus/rules.yaml": f"groups: [{{rules: [{{expr: 'sum(rate({name}[5m])) > 0'}}]}}]".encode()}
    assert lost(rules, kept(CATALOGUE, MADE[KEEP_LISTS])) == {("prometheus/rules.yaml", name)}


def test_a_list_that_names_it_keeps_what_the_profile_drops() -> None:
    rules = {"prometheus/rules.yaml": b"groups: [{rules: [{expr: kube_pod_status_ready == 0}]}]"}
    settings = MADE[KEEP_LISTS].replace(b'kubestate = "', b'kubestate = "kube_pod_status_ready|')
    assert lost(rules, kept(CATALOGUE, settings)) == set()


def test_names_are_found_wherever_they_stand() -> None:
    assert names('sum by (a) (rate(x_total{b="c"}[5m:1m])) / on (a) -y offset 5m > topk(3, {__name__="z"})') == {
        "x_total",
        "y",
        "z",
    }
    assert names("max_over_time(m[$__range]) unless absent(n)") == {"m", "n"}
