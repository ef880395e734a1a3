"""Every generated Kubernetes object, against the schemas of the cluster that takes it, with nothing unknown in it.

Kubernetes' own kinds: the strict schemas of kubernetes-validate. Custom resources: closed schemas written here after
the definitions in Azure/prometheus-collector (PodMonitor) and kedacore/keda (ScaledObject, TriggerAuthentication).
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

FOLDER = Path(__file__).parents[1] / "generated" / "kubernetes"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml"))
PATCHES = [name for name in FILES if re.fullmatch(r"patches/(user|trip|ai|location)-service\.yaml", name)]
# The document's version (3.1.1), one that is supported today, and the newest that is known (R16).
VERSIONS = ("1.29", "1.34", "1.37")

Object = dict[str, Any]


def objects(name: str) -> list[Object]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


ALL = [(name, item) for name in FILES for item in objects(name)]
IDS = [f"{name}:{item['kind']}/{item['metadata']['name']}" for name, item in ALL]


# --- custom resources -------------------------------------------------------------------------------


def closed(required: str, **properties: Any) -> Object:
    """An object with these properties alone; ``required`` names some, apart by spaces."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
WHOLE = {"type": "integer", "minimum": 0}
FLAG = {"type": "boolean"}
DURATION = {"type": "string", "pattern": r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$", "minLength": 2}
LABEL_NAME = {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}
METADATA = closed("name namespace", name=TEXT, namespace=TEXT, labels=TEXTS, annotations=TEXTS)
SELECTOR = closed(
    "",
    matchLabels=TEXTS,
    matchExpressions={
        "type": "array",
        "items": closed("key operator", key=TEXT, operator=TEXT, values={"type": "array", "items": TEXT}),
    },
)
RELABELING = closed(
    "",
    action={"enum": ["replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep", "keepequal"]},
    modulus=WHOLE,
    regex=TEXT,
    replacement={"type": "string"},
    separator=TEXT,
    sourceLabels={"type": "array", "items": LABEL_NAME},
    targetLabel=TEXT,
)
POD_MONITOR = closed(
    "apiVersion kind metadata spec",
    apiVersion={"const": "azmonitoring.coreos.com/v1"},
    kind={"const": "PodMonitor"},
    metadata=METADATA,
    spec=closed(
        # The definition asks for the last two, Azure Monitor's pipeline for the first three, with these values.
        "labelLimit labelNameLengthLimit labelValueLengthLimit podMetricsEndpoints selector",
        attachMetadata=closed("", node=FLAG),
        jobLabel=TEXT,
        labelLimit={"const": 63},
        labelNameLengthLimit={"const": 511},
        labelValueLengthLimit={"const": 1023},
        namespaceSelector=closed("", any=FLAG, matchNames={"type": "array", "items": TEXT}),
        podMetricsEndpoints={
            "type": "array",
            "minItems": 1,
            "items": closed(
                "port",
                filterRunning=FLAG,
                followRedirects=FLAG,
                honorLabels=FLAG,
                honorTimestamps=FLAG,
                interval=DURATION,
                metricRelabelings={"type": "array", "items": RELABELING},
                path=TEXT,
                port=TEXT,
                relabelings={"type": "array", "items": RELABELING},
                scheme={"enum": ["http", "https"]},
                scrapeTimeout=DURATION,
            ),
        },
        podTargetLabels={"type": "array", "items": TEXT},
        sampleLimit=WHOLE,
        selector=SELECTOR,
        targetLimit=WHOLE,
    ),
)

NUMBER = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
RESOURCE_TRIGGER = closed(
    "type metricType metadata",
    type={"enum": ["cpu", "memory"]},
    name=TEXT,
    metricType={"enum": ["Utilization", "AverageValue"]},
    # Its old place for the metric type, metadata.type, is no longer read.
    metadata=closed("value", value=NUMBER, containerName=TEXT),
)
PROMETHEUS_TRIGGER = closed(
    "type metadata authenticationRef",
    type={"const": "prometheus"},
    name=TEXT,
    metricType={"enum": ["AverageValue", "Value"]},
    useCachedMetrics=FLAG,
    # KEDA reads every value as a text, and the API server takes nothing else.
    metadata=closed(
        "serverAddress query threshold",
        serverAddress=TEXT,
        query=TEXT,
        threshold=NUMBER,
        activationThreshold=NUMBER,
        namespace=TEXT,
        customHeaders=TEXT,
        queryParameters=TEXT,
        ignoreNullValues={"enum": ["true", "false"]},
        unsafeSsl={"enum": ["true", "false"]},
        timeout=TEXT,
    ),
    authenticationRef=closed(
        "name", name=TEXT, kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]}
    ),
)
SCALED_OBJECT = closed(
    "apiVersion kind metadata spec",
    apiVersion={"const": "keda.sh/v1alpha1"},
    kind={"const": "ScaledObject"},
    metadata=METADATA,
    spec=closed(
        "scaleTargetRef triggers",
        scaleTargetRef=closed("name", apiVersion=TEXT, kind=TEXT, name=TEXT, envSourceContainerName=TEXT),
        minReplicaCount=WHOLE,
        maxReplicaCount=WHOLE,
        idleReplicaCount=WHOLE,
        pollingInterval=WHOLE,
        cooldownPeriod=WHOLE,
        initialCooldownPeriod=WHOLE,
        fallback=closed("failureThreshold replicas", failureThreshold=WHOLE, replicas=WHOLE, behavior=TEXT),
        triggers={"type": "array", "minItems": 1, "items": {"oneOf": [RESOURCE_TRIGGER, PROMETHEUS_TRIGGER]}},
    ),
)
TRIGGER_AUTHENTICATION = closed(
    "apiVersion kind metadata spec",
    apiVersion={"const": "keda.sh/v1alpha1"},
    kind={"const": "TriggerAuthentication"},
    metadata=METADATA,
    spec=closed(
        "podIdentity",
        podIdentity=closed(
            "provider",
            provider={"enum": ["azure-workload", "gcp", "aws", "aws-eks", "none"]},
            identityId=TEXT,
            identityTenantId=TEXT,
            identityAuthorityHost=TEXT,
        ),
    ),
)
CUSTOM = {
    ("azmonitoring.coreos.com/v1", "PodMonitor"): POD_MONITOR,
    ("keda.sh/v1alpha1", "ScaledObject"): SCALED_OBJECT,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): TRIGGER_AUTHENTICATION,
}


def check(item: Object, version: str) -> None:
    custom = CUSTOM.get((item["apiVersion"], item["kind"]))
    if custom is not None:
        jsonschema.Draft202012Validator(custom).validate(item)
    else:
        kubernetes_validate.validate(item, version, strict=True)


# --- patches ----------------------------------------------------------------------------------------


def service_deployment(name: str, namespace: str) -> Object:
    """A service's Deployment as somebody else wrote it: one container, a label, a volume, an annotation."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, "tier": "application"}, "annotations": {"team": "x"}},
                "spec": {
                    "containers": [{"name": name, "image": f"registry.example/{name}:1"}],
                    "volumes": [{"name": "cache", "emptyDir": {}}],
                },
            },
        },
    }


def patched(base: Any, patch: Any) -> Any:
    """What `kubectl patch` makes of them: objects merged, containers and volumes by name, other lists replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        merged = {**base, **{key: patched(base.get(key), value) for key, value in patch.items()}}
        return {key: value for key, value in merged.items() if value is not None}
    if isinstance(base, list) and isinstance(patch, list) and all("name" in item for item in base + patch):
        new = {item["name"]: item for item in patch}
        kept = [patched(item, new.pop(item["name"], {})) for item in base]
        return [*kept, *new.values()]
    return patch


def deployed(name: str, item: Object) -> Object:
    """The object that the API server sees: for a patch, the service's Deployment with the patch on it."""
    if name in PATCHES:
        meta = item["metadata"]
        return patched(service_deployment(meta["name"], meta["namespace"]), item)  # type: ignore[no-any-return]
    return item


# --- tests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "item"), ALL, ids=IDS)
def test_every_object_is_valid_and_has_nothing_unknown(name: str, item: Object, version: str) -> None:
    check(deployed(name, item), version)


def test_there_is_something_to_check() -> None:
    assert len(PATCHES) == 4
    # A command on the folder itself must never reach a service's own Deployment, which a patch is a part of.
    made = [item for path in FOLDER.glob("*.yaml") for item in objects(path.name)]
    deployments = {item["metadata"]["name"] for item in made if item["kind"] == "Deployment"}
    assert deployments == {"tripgen-exporter"}
    assert {"dashboards.yaml", "exporter-cluster.yaml", "exporter-monitoring.yaml", "autoscaling.yaml"} <= set(FILES)
    assert {item["kind"] for _, item in ALL} == {
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PodMonitor",
        "ScaledObject",
        "ServiceAccount",
        "TriggerAuthentication",
    }


@pytest.mark.parametrize(
    ("name", "kind", "path", "value"),
    [
        ("patches/user-service.yaml", "Deployment", "spec.template.spec.containers.1.port", 9464),
        ("patches/user-service.yaml", "Deployment", "spec.template.spec.containers.1.securityContext.privilege", True),
        ("patches/user-service.yaml", "Deployment", "spec.template.spec.volumes.1.configMap.nam", "x"),
        ("exporter-cluster.yaml", "Deployment", "spec.replicas", "1"),
        ("exporter-cluster.yaml", "Deployment", "spec.template.spec.tolerations.0.tolerationSeconds", "30"),
        ("exporter-cluster.yaml", "PodDisruptionBudget", "spec.maxUnavailabel", 1),
        ("exporter-cluster.yaml", "ServiceAccount", "automountServiceAccountToken", "false"),
        ("exporter-monitoring.yaml", "NetworkPolicy", "spec.ingress.0.ports.0.nodePort", 9464),
        ("exporter-monitoring.yaml", "PodMonitor", "spec.podMetricsEndpoints.0.interval", "30"),
        ("exporter-monitoring.yaml", "PodMonitor", "spec.labelLimit", 64),
        ("exporter-monitoring.yaml", "PodMonitor", "spec.podMetricsEndpoints.0.portName", "exporter"),
        ("autoscaling.yaml", "ScaledObject", "spec.minReplicas", 3),
        ("autoscaling.yaml", "ScaledObject", "spec.triggers.0.metadata.value", 70),
        ("autoscaling.yaml", "ScaledObject", "spec.triggers.0.metadata.type", "Utilization"),
        ("autoscaling.yaml", "ScaledObject", "spec.triggers.2.metadata.metricName", "x"),
        ("autoscaling.yaml", "TriggerAuthentication", "spec.podIdentity.provider", "azure"),
    ],
)
def test_the_schemas_refuse_a_wrong_field_or_type_deep_inside(name: str, kind: str, path: str, value: object) -> None:
    """The proof that the checks above can fail."""
    found = next(item for item in objects(name) if item["kind"] == kind)
    broken = copy.deepcopy(deployed(name, found))
    *parents, last = path.split(".")
    place: Any = broken
    for step in parents:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value

    with pytest.raises(jsonschema.ValidationError):
        check(broken, VERSIONS[0])


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_adds_one_container_and_leaves_the_service_as_it_was(name: str) -> None:
    (patch,) = objects(name)
    before = service_deployment(patch["metadata"]["name"], "production")
    after = patched(before, patch)
    was, now = before["spec"]["template"], after["spec"]["template"]

    assert now["spec"]["containers"][0] == was["spec"]["containers"][0]
    assert [container["name"] for container in now["spec"]["containers"]] == [patch["metadata"]["name"], "exporter"]
    assert now["spec"]["volumes"][0] == was["spec"]["volumes"][0]
    assert now["metadata"]["labels"].items() > was["metadata"]["labels"].items()
    assert now["metadata"]["annotations"].items() > was["metadata"]["annotations"].items()
    assert after["spec"]["selector"] == before["spec"]["selector"]
    assert set(patch["spec"]) == {"template"}  # replicas are the autoscaler's


@pytest.mark.parametrize(("name", "item"), ALL, ids=IDS)
def test_names_and_labels_are_what_the_api_server_takes(name: str, item: Object) -> None:
    """Rules that the schemas do not hold."""
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", item["metadata"]["name"])
    for place in (item, item.get("spec", {}).get("template", {})):
        for key, value in place.get("metadata", {}).get("labels", {}).items():
            assert re.fullmatch(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", key), key
            assert re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", value), value


def test_no_two_objects_have_the_same_name() -> None:
    names = [
        (item["apiVersion"], item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
        for _, item in ALL
    ]

    assert len(names) == len(set(names))
