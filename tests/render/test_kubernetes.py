"""Dashboards as ConfigMaps: text that any YAML reader takes for the same JSON."""

import json

import pytest
import yaml

from observability.render.kubernetes import LIMIT, dashboard_configmaps


def test_each_dashboard_becomes_one_labelled_configmap_with_its_json_as_a_block() -> None:
    bodies = {"tripgen-ai": b'{\n  "uid": "tripgen-ai"\n}\n', "tripgen-aks": b'{"uid":"tripgen-aks"}'}

    assert (
        dashboard_configmaps(bodies, "monitoring")
        == """---
apiVersion: v1
kind: ConfigMap
metadata:
  name: dashboard-tripgen-ai
  namespace: "monitoring"
  labels:
    grafana_dashboard: "1"
data:
  tripgen-ai.json: |
    {
      "uid": "tripgen-ai"
    }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: dashboard-tripgen-aks
  namespace: "monitoring"
  labels:
    grafana_dashboard: "1"
data:
  tripgen-aks.json: |
    {"uid":"tripgen-aks"}
"""
    )


def test_a_folder_is_an_annotation_that_the_sidecar_can_be_told_to_read() -> None:
    (configmap,) = yaml.safe_load_all(dashboard_configmaps({"x": b"{}"}, "monitoring", "tripgen"))

    assert configmap["metadata"]["annotations"] == {"grafana_folder": "tripgen"}
    with pytest.raises(ValueError, match="'a \"b' is not a folder's name here"):
        dashboard_configmaps({"x": b"{}"}, "monitoring", 'a "b')


def test_no_dashboards_give_no_text() -> None:
    assert dashboard_configmaps({}, "monitoring") == ""


@pytest.mark.parametrize(
    "text",
    [
        "한국어 · 99.9 % 미만",
        "quotes ' and \" and \\ and # and : and {{ }} and ---",
        "line one\nline two\ttab",
        "YAML's own line ends: \u0085 \u2028 \u2029",
        "not printable: \u007f \u009f \ufeff \ufffe \uffff",
        "outside the first plane: 🚦",
    ],
)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    wanted = {"title": text, "panels": [{"description": text}]}

    for indent in (None, 2):
        body = json.dumps(wanted, ensure_ascii=False, indent=indent).encode()
        (configmap,) = yaml.safe_load_all(dashboard_configmaps({"x": body}, "monitoring"))
        assert json.loads(configmap["data"]["x.json"]) == wanted


def test_a_namespace_that_looks_like_a_number_stays_a_name() -> None:
    (configmap,) = yaml.safe_load_all(dashboard_configmaps({"x": b"{}"}, "123"))

    assert configmap["metadata"] == {"name": "dashboard-x", "namespace": "123", "labels": {"grafana_dashboard": "1"}}


def test_a_dashboard_above_a_mebibyte_is_refused() -> None:
    fits = b'{"a":"' + b"x" * (LIMIT - 9) + b'"}'

    assert dashboard_configmaps({"x": fits}, "monitoring")
    with pytest.raises(ValueError, match="dashboard 'x' has 1048577 bytes, a ConfigMap holds 1048576; split"):
        dashboard_configmaps({"x": fits.replace(b'"}', b'x"}')}, "monitoring")


@pytest.mark.parametrize("uid", ["Tripgen", "a_b", "-a", "a-", "", "a/b"])
def test_a_uid_that_kubernetes_would_refuse_as_a_name_is_refused(uid: str) -> None:
    with pytest.raises(ValueError, match="cannot name a ConfigMap; use a-z, 0-9 and -"):
        dashboard_configmaps({uid: b"{}"}, "monitoring")


def test_a_namespace_that_kubernetes_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="'a b' is not a Kubernetes namespace"):
        dashboard_configmaps({"x": b"{}"}, "a b")


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="dashboard 'x' is not a JSON object"):
        dashboard_configmaps({"x": b"[]"}, "monitoring")
