"""Kubernetes objects as YAML text, written by hand: the shape is fixed and every value is checked or quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping

LIMIT = 1024 * 1024
"""Bytes that Kubernetes allows the data of one ConfigMap."""
APPLY_LIMIT = 256 * 1024
"""Bytes that all annotations of an object may have; ``kubectl apply`` keeps a copy of the whole object in one."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
# YAML takes some of these for line ends and refuses others; inside a JSON string each may be written as an escape.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dashboard_configmaps(dashboards: Mapping[str, bytes], namespace: str, folder: str = "") -> str:
    """One ConfigMap a dashboard (uid to JSON), with the label that Grafana's sidecar looks for.

    ``folder`` becomes the annotation that the sidecar can be told to take for the name of Grafana's folder.

    Raises ValueError for a name that Kubernetes would refuse, a body that is no JSON object and one above the limit.
    """
    if not _NAME.fullmatch(namespace):
        raise ValueError(f"'{namespace}' is not a Kubernetes namespace; use a-z, 0-9 and -")
    if folder and not _NAME.fullmatch(folder):
        raise ValueError(f"'{folder}' is not a folder's name here; use a-z, 0-9 and -")
    return "".join(_configmap(uid, body, namespace, folder) for uid, body in dashboards.items())


def _configmap(uid: str, body: bytes, namespace: str, folder: str) -> str:
    if not _NAME.fullmatch(uid):
        raise ValueError(f"dashboard '{uid}' cannot name a ConfigMap; use a-z, 0-9 and -")
    text = _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", body.decode()).strip()
    if not text.startswith("{"):
        raise ValueError(f"dashboard '{uid}' is not a JSON object")
    size = len(text.encode()) + 1
    if size > LIMIT:
        raise ValueError(f"dashboard '{uid}' has {size} bytes, a ConfigMap holds {LIMIT}; split the dashboard")
    annotations = (
        f"""  annotations:
    grafana_folder: "{folder}"
"""
        if folder
        else ""
    )
    lines = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f"""---
apiVersion: v1
kind: ConfigMap
metadata:
  name: dashboard-{uid}
  namespace: "{namespace}"
  labels:
    grafana_dashboard: "1"
{annotations}data:
  {uid}.json: |
{lines}
"""
