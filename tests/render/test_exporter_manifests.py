"""The exporter in the cluster: what is deployed, who may reach it, what scales on it."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters import config
from observability import __version__
from observability.catalog import load
from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.platform import (
    APPLICATION_POOL,
    HTTPS_PORT,
    NETWORK_POLICY,
    SUBNETS,
)
from observability.design.services import SERVICES
from observability.model.errors import DefinitionError
from observability.model.exporter import PORT
from observability.model.fact import Value
from observability.model.signal import PromQL, Signal
from observability.model.source import Section
from observability.model.system import (
    Autoscaling,
    DisruptionBudget,
    NetworkPolicy,
    Resources,
    ScalingMetric,
    Service,
    ServiceAddress,
    Subnet,
)
from observability.model.text import Text
from observability.model.units import Quantity, Unit, percent
from observability.render import exporter_manifests as make
from observability.render import promql
from observability.signals.autoscaling import SCALES

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "generated" / "kubernetes"
SECTION = Section("3.3.2")
WORDS = Text(ko="가", en="a")
EXPORTER = make.Exporter(registry="registry.example", version="9.9.9", namespace="shop")

Object = dict[str, Any]


def service(key: str = "cart", metric: str = "orders") -> Service:
    return Service(
        key=key,
        title=WORDS,
        address=ServiceAddress(role=f"{key}-service", namespace="shop", port=81, purpose=WORDS, source=SECTION),
        resources=Resources(replicas=1, cpu_request=1, cpu_limit=1, memory_request=1, memory_limit=1, source=SECTION),
        hpa=Autoscaling(
            minimum=1,
            maximum=4,
            cpu=percent(55),
            memory=percent(66.5),
            custom=ScalingMetric(name=metric, above=Quantity(7, Unit.PER_SECOND)),
            source=SECTION,
        ),
        pdb=DisruptionBudget(minimum=1, reason=WORDS, source=SECTION),
    )


def signal(name: str = "orders") -> Signal:
    return Signal(
        name=name,
        title=WORDS,
        unit=Unit.PER_SECOND,
        help=WORDS,
        source=SECTION,
        promql=PromQL(expr='sum(rate(orders_total{shop="x"}[$window]))'),
    )


def generated(name: str) -> list[Object]:
    return list(yaml.safe_load_all((GENERATED / name).read_text(encoding="utf-8")))


def of_kind(kind: str) -> list[Object]:
    return [
        item
        for path in sorted(GENERATED.rglob("*.yaml"))
        for item in generated(path.relative_to(GENERATED).as_posix())
        if item["kind"] == kind
    ]


def pods() -> list[Object]:
    """The pod templates that hold an exporter."""
    return [item["spec"]["template"] for item in of_kind("Deployment")]


def container(template: Object) -> Object:
    containers: list[Object] = template["spec"]["containers"]
    (found,) = (item for item in containers if item["name"] == make.CONTAINER)
    return found


# --- the container ----------------------------------------------------------------------------------


def test_the_image_is_the_registrys_with_the_projects_version() -> None:
    assert EXPORTER.image == "registry.example/tripgen-exporter:9.9.9"
    assert {container(pod)["image"] for pod in pods()} == {f"tripgenprod.azurecr.io/tripgen-exporter:{__version__}"}


@pytest.mark.parametrize("pod", pods())
def test_every_exporter_runs_without_rights_and_writes_only_to_its_buffer(pod: Object) -> None:
    found = container(pod)

    assert found["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    writable = {mount["mountPath"]: mount["name"] for mount in found["volumeMounts"] if not mount.get("readOnly")}
    assert writable == dict.fromkeys(("/var/lib/tripgen-exporter", "/tmp"), "exporter-buffer")  # noqa: S108
    assert [volume["emptyDir"] for volume in pod["spec"]["volumes"] if "emptyDir" in volume] == [{"sizeLimit": "100Mi"}]
    # A host's namespaces and folders are never asked for.
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod["spec"])
    assert not [volume for volume in pod["spec"]["volumes"] if "hostPath" in volume]


@pytest.mark.parametrize("pod", pods())
def test_every_exporter_listens_on_the_port_that_is_named_probed_and_configured(pod: Object) -> None:
    found = container(pod)

    assert found["ports"] == [{"name": "exporter", "containerPort": PORT, "protocol": "TCP"}]
    probes = [value["httpGet"] for key, value in found.items() if key.endswith("Probe")]
    assert {probe["port"] for probe in probes} == {"exporter"}
    assert {probe["path"] for probe in probes} <= {"/healthz", "/readyz"}


@pytest.mark.parametrize("pod", pods())
def test_asked_for_is_what_the_exporter_uses_and_the_limit_is_above_it(pod: Object) -> None:
    assert container(pod)["resources"] == {
        "requests": {"cpu": "50m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "256Mi"},
    }


def test_no_exporter_takes_more_than_an_eighth_of_what_its_service_asks_for() -> None:
    for found in SERVICES:
        assert make.RESOURCES.cpu_request <= found.resources.cpu_request / 8
        assert make.RESOURCES.memory_request <= found.resources.memory_request / 8


def test_a_full_buffer_stays_far_below_the_size_at_which_the_pod_is_evicted() -> None:
    assert make.BUFFER_VOLUME == "100Mi"
    assert 2 * make.BUFFER_BYTES <= 100 * 2**20
    assert Path(make.BUFFER_FOLDER) == config.PushConfig.buffer_dir


@pytest.mark.parametrize("pod", pods())
def test_secrets_are_files_of_a_secret_and_no_value_stands_in_a_manifest(pod: Object) -> None:
    secrets = [volume["secret"] for volume in pod["spec"]["volumes"] if "secret" in volume]

    assert secrets == [{"secretName": "tripgen-exporter", "optional": True}]
    assert "env" not in container(pod)
    assert not of_kind("Secret")


@pytest.mark.parametrize("pod", pods())
def test_what_is_mounted_is_there(pod: Object) -> None:
    configmaps = {item["metadata"]["name"]: item["data"] for item in of_kind("ConfigMap")}
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container(pod)["volumeMounts"]}

    assert set(mounts) == set(volumes)
    data = configmaps[volumes["exporter-config"]["configMap"]["name"]]
    assert container(pod)["args"] == ["--config", f"{mounts['exporter-config']}/{next(iter(data))}"]
    assert tomllib.loads(data["exporter.toml"])["push"]["connection_string_file"].startswith(mounts["exporter-secrets"])
    # A file mounted alone would never show a change.
    assert [mount["name"] for mount in container(pod)["volumeMounts"] if "subPath" in mount] == ["exporter-buffer"] * 2


# --- sidecars ---------------------------------------------------------------------------------------


def test_a_sidecar_patch_names_the_services_deployment_and_keeps_the_mesh_off_the_scrape() -> None:
    patch = make.sidecar_patch(service(), EXPORTER)

    assert patch["metadata"] == {"name": "cart-service", "namespace": "shop"}
    assert patch["spec"]["template"]["metadata"] == {
        "labels": {"app.kubernetes.io/part-of": "tripgen"},
        "annotations": {"traffic.sidecar.istio.io/excludeInboundPorts": "9464"},
    }
    assert [item["name"] for item in patch["spec"]["template"]["spec"]["containers"]] == ["exporter"]


def test_an_exporter_that_is_not_ready_does_not_take_its_service_out_of_traffic() -> None:
    found = container(make.sidecar_patch(service(), EXPORTER)["spec"]["template"])

    assert "readinessProbe" not in found
    assert found["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert found["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_a_sidecar_is_told_its_service_and_where_that_listens() -> None:
    settings = tomllib.loads(make.sidecar_config(service())["data"]["exporter.toml"])

    assert settings == {
        "exporter": {"role": "sidecar", "service": "cart-service", "port": 9464},
        "actuator": {"url": "http://127.0.0.1:81"},
        "events": {"enabled": True},
        "push": {
            "connection_string_file": "/var/run/secrets/tripgen-exporter/connection-string",
            "buffer_dir": "/var/lib/tripgen-exporter",
            "buffer_bytes": 52428800,
        },
    }


def test_every_service_has_its_patch_and_its_settings() -> None:
    roles = {"user-service", "trip-service", "ai-service", "location-service"}

    patched = {path.stem for path in GENERATED.glob("patches/*.yaml")}
    assert patched == roles
    assert {item["metadata"]["name"] for item in generated("exporter-config.yaml")} == {
        f"exporter-{role}" for role in roles
    }


def loaded(data: Object, folder: Path) -> config.Config:
    """The settings as the exporter itself reads them; the secret's file is where the test can write it."""
    secret = folder / "connection-string"
    secret.write_text("InstrumentationKey=00000000-0000-0000-0000-000000000000")
    file = folder / "exporter.toml"
    file.write_text(data["exporter.toml"].replace(f"{make.SECRET_FOLDER}/{make.SECRET_KEY}", str(secret)))
    return config.load(file, {})


@pytest.mark.parametrize("found", SERVICES, ids=lambda found: found.key)
def test_the_exporter_takes_the_settings_of_each_sidecar(found: Service, tmp_path: Path) -> None:
    (item,) = (
        item
        for item in generated("exporter-config.yaml")
        if item["metadata"]["name"] == make.sidecar_config_name(found)
    )
    settings = loaded(item["data"], tmp_path)

    assert (settings.role, settings.service, settings.port) == ("sidecar", found.role, 9464)
    assert settings.actuator == config.ActuatorConfig(service=found.role, url="http://127.0.0.1:8080")
    assert settings.events == config.EventsConfig(service=found.role)
    assert settings.push is not None
    assert (settings.postgresql, settings.redis, settings.service_bus) == (None, None, None)


# --- the cluster role -------------------------------------------------------------------------------


def test_the_exporter_takes_the_settings_of_the_cluster_role_with_the_documents_hosts(tmp_path: Path) -> None:
    (item,) = (item for item in generated("exporter-cluster.yaml") if item["kind"] == "ConfigMap")
    settings = loaded(item["data"], tmp_path)

    assert settings.role == "cluster"
    assert settings.postgresql is not None
    assert [(server.role, server.host, server.port, server.sslmode) for server in settings.postgresql.servers] == [
        ("primary", "tripgen-prod.postgres.database.azure.com", 5432, "verify-full"),
        ("replica_1", "tripgen-prod-replica-1.postgres.database.azure.com", 5432, "verify-full"),
        ("replica_2", "tripgen-prod-replica-2.postgres.database.azure.com", 5432, "verify-full"),
    ]
    assert all(server.entra and server.password is None for server in settings.postgresql.servers)
    assert settings.redis is not None
    # Document 4.4, not the 6379 of its network rules (R12).
    assert (settings.redis.host, settings.redis.port) == ("tripgen-prod.redis.cache.windows.net", 6380)
    assert (settings.redis.tls, settings.redis.cluster, settings.redis.entra) == (True, True, True)
    assert settings.service_bus is not None
    assert settings.service_bus.namespace == "sb-tripgen-prod.servicebus.windows.net"
    assert (settings.actuator, settings.events) == (None, None)


def test_the_settings_are_really_read(tmp_path: Path) -> None:
    """The proof that the two tests above can fail."""
    (item,) = (item for item in generated("exporter-cluster.yaml") if item["kind"] == "ConfigMap")
    item["data"]["exporter.toml"] += "\n[actuator]\nurll = 1\n"

    with pytest.raises(DefinitionError, match="actuator"):
        loaded(item["data"], tmp_path)


def cluster() -> dict[str, Object]:
    objects = make.cluster_objects(EXPORTER, POSTGRESQL, REDIS, SERVICE_BUS, APPLICATION_POOL)
    return {item["kind"]: item for item in objects}


def test_the_cluster_role_runs_once_and_never_twice_at_a_time() -> None:
    spec = cluster()["Deployment"]["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["template"]["metadata"]["labels"].items() >= spec["selector"]["matchLabels"].items()


def test_its_budget_lets_a_node_be_drained() -> None:
    """R17: a budget as large as the number of pods holds up every drain."""
    found = cluster()

    assert found["PodDisruptionBudget"]["spec"] == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": found["Deployment"]["spec"]["selector"],
    }


def test_its_identity_is_its_own_and_kubernetes_api_is_none_of_its_business() -> None:
    found = cluster()
    account, pod = found["ServiceAccount"], found["Deployment"]["spec"]["template"]

    assert account["metadata"]["annotations"] == {"azure.workload.identity/client-id": "${TRIPGEN_EXPORTER_CLIENT_ID}"}
    assert account["automountServiceAccountToken"] is False
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"] == "tripgen-exporter"
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert pod["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"


def test_it_tolerates_the_application_pool_and_leaves_a_lost_node_soon() -> None:
    spec = cluster()["Deployment"]["spec"]["template"]["spec"]

    # Document 3.1.2: application-workload=true:NoSchedule.
    assert spec["tolerations"] == [
        {"key": "application-workload", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {
            "key": "node.kubernetes.io/not-ready",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 30,
        },
        {
            "key": "node.kubernetes.io/unreachable",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 30,
        },
    ]
    # Exits within five seconds.
    assert spec["terminationGracePeriodSeconds"] > 5


# --- scraping and the network -----------------------------------------------------------------------


def matches(selector: Object, labels: Object) -> bool:
    return bool(labels.items() >= selector["matchLabels"].items())


def test_the_monitor_finds_every_exporter_by_the_ports_name() -> None:
    (monitor,) = of_kind("PodMonitor")

    assert monitor["apiVersion"] == "azmonitoring.coreos.com/v1"
    assert monitor["spec"]["podMetricsEndpoints"] == [
        {"port": "exporter", "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
    ]
    assert len(pods()) == 5
    for pod in pods():
        assert matches(monitor["spec"]["selector"], pod["metadata"]["labels"])
        assert "exporter" in [port["name"] for port in container(pod)["ports"]]
    assert {item["metadata"]["namespace"] for item in of_kind("Deployment")} == {monitor["metadata"]["namespace"]}


def test_no_label_of_a_family_is_one_that_the_scrape_sets_itself() -> None:
    """Prometheus would rename it to exported_..., and every query on it would find nothing."""
    own = {"job", "instance", "namespace", "pod", "container", "endpoint", "cluster"}

    for instrument in load().instruments:
        if instrument.name.startswith("tripgen_"):
            assert not own & set(instrument.labels), instrument.name


def policies() -> dict[str, Object]:
    subnets = {subnet.key: subnet for subnet in SUBNETS}
    made = make.network_policies(EXPORTER, NETWORK_POLICY, POSTGRESQL, REDIS, subnets, HTTPS_PORT)
    return {item["metadata"]["name"]: item["spec"] for item in made}


FROM_KUBE_SYSTEM = [
    {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": [{"protocol": "TCP", "port": 9464}],
    }
]


def test_the_exporters_port_is_open_to_kube_system_alone() -> None:
    for spec in policies().values():
        assert spec["ingress"] == FROM_KUBE_SYSTEM
        assert "Ingress" in spec["policyTypes"]


def test_the_scrapes_policy_takes_nothing_from_a_service() -> None:
    """It selects only pods that the document's policy (tier: application) isolates already, and adds to that."""
    scrape = policies()["tripgen-exporter-scrape"]

    assert scrape["podSelector"] == {"matchLabels": {"tier": "application", "app.kubernetes.io/part-of": "tripgen"}}
    assert scrape["policyTypes"] == ["Ingress"]
    assert "egress" not in scrape


def test_the_cluster_role_reaches_its_three_systems_and_no_more() -> None:
    found = policies()["tripgen-exporter-cluster"]

    assert found["podSelector"]["matchLabels"] == cluster()["Deployment"]["spec"]["selector"]["matchLabels"]
    assert found["policyTypes"] == ["Ingress", "Egress"]
    # Subnets of document 4.1.1: 10.1.2.0/24 database, 10.1.3.0/24 cache, 10.1.4.0/24 private endpoints.
    assert found["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "10.1.2.0/24"}}, {"ipBlock": {"cidr": "10.1.4.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 5432}],
        },
        {
            "to": [{"ipBlock": {"cidr": "10.1.3.0/24"}}, {"ipBlock": {"cidr": "10.1.4.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 6380}, {"protocol": "TCP", "port": 15000, "endPort": 15999}],
        },
        {"ports": [{"protocol": "TCP", "port": 443}]},
        {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
    ]


def test_every_block_of_addresses_is_inside_the_documents_network() -> None:
    network = ipaddress.ip_network("10.1.0.0/16")

    for rule in policies()["tripgen-exporter-cluster"]["egress"]:
        for peer in rule.get("to", ()):
            block = ipaddress.ip_network(peer["ipBlock"]["cidr"])
            assert isinstance(block, ipaddress.IPv4Network)
            assert block.subnet_of(network)  # type: ignore[arg-type]


def test_the_policy_follows_the_facts_it_is_handed() -> None:
    policy = NetworkPolicy(name="x", pod_labels=(("layer", "app"),), rules=(), source=SECTION)
    subnets = {
        key: Subnet(key=key, title=WORDS, cidr=f"192.0.2.{place}/32", source=SECTION)
        for place, key in enumerate(make.SUBNETS_OF_STORES)
    }
    scrape, own = make.network_policies(EXPORTER, policy, POSTGRESQL, REDIS, subnets, 8443)

    assert scrape["metadata"]["namespace"] == "shop"
    assert scrape["spec"]["podSelector"]["matchLabels"]["layer"] == "app"
    blocks = [[peer["ipBlock"]["cidr"] for peer in rule["to"]] for rule in own["spec"]["egress"] if "to" in rule]
    assert blocks == [["192.0.2.0/32", "192.0.2.2/32"], ["192.0.2.1/32", "192.0.2.2/32"]]
    assert {"ports": [{"protocol": "TCP", "port": 8443}]} in own["spec"]["egress"]


# --- autoscaling ------------------------------------------------------------------------------------


def test_a_scaled_object_has_the_services_bounds_and_its_three_metrics() -> None:
    _, scaled = make.autoscaling([service()], {"cart": signal()}, "shop")

    assert scaled["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart-service"},
        "minReplicaCount": 1,
        "maxReplicaCount": 4,
        "pollingInterval": 30,
        "triggers": [
            {
                "type": "cpu",
                "metricType": "Utilization",
                "metadata": {"value": "55", "containerName": "cart-service"},
            },
            {
                "type": "memory",
                "metricType": "Utilization",
                "metadata": {"value": "66.5", "containerName": "cart-service"},
            },
            {
                "type": "prometheus",
                "name": "orders",
                "metricType": "AverageValue",
                "metadata": {
                    "serverAddress": "${PROMETHEUS_QUERY_ENDPOINT}",
                    "query": 'sum(rate(orders_total{shop="x"}[2m]))',
                    "threshold": "7",
                    "ignoreNullValues": "false",
                },
                "authenticationRef": {"name": "managed-prometheus"},
            },
        ],
    }


def test_a_signal_that_is_not_the_services_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="service 'cart' scales on 'orders', not on 'visits'; mend SCALES"):
        make.autoscaling([service()], {"cart": signal("visits")}, "shop")


# Document 3.3.2, word for word: minimum, maximum, CPU, memory, custom metric and its number.
DOCUMENT = {
    "user-service": (3, 10, "70", "80", "requests_per_second", "100"),
    "trip-service": (3, 15, "70", "80", "active_connections", "50"),
    "ai-service": (2, 8, "80", "85", "queue_length", "10"),
    "location-service": (2, 10, "70", "80", "search_requests", "200"),
}


def test_the_generated_scaling_is_the_documents() -> None:
    found = {}
    for item in of_kind("ScaledObject"):
        spec = item["spec"]
        cpu, memory, custom = spec["triggers"]
        found[spec["scaleTargetRef"]["name"]] = (
            spec["minReplicaCount"],
            spec["maxReplicaCount"],
            cpu["metadata"]["value"],
            memory["metadata"]["value"],
            custom["name"],
            custom["metadata"]["threshold"],
        )
        assert (cpu["type"], memory["type"], custom["type"]) == ("cpu", "memory", "prometheus")

    assert found == DOCUMENT


def test_each_deployment_is_scaled_by_one_object_and_no_other_autoscaler_is_made() -> None:
    targets = [item["spec"]["scaleTargetRef"]["name"] for item in of_kind("ScaledObject")]

    assert sorted(targets) == sorted(DOCUMENT)
    assert not of_kind("HorizontalPodAutoscaler")
    assert "replicas" not in str(
        [item["spec"] for item in of_kind("Deployment") if item["metadata"]["name"] in targets]
    )


def test_each_scaled_object_signs_in_with_an_authentication_that_is_there() -> None:
    (authentication,) = of_kind("TriggerAuthentication")

    assert authentication["spec"] == {"podIdentity": {"provider": "azure-workload", "identityId": "${KEDA_CLIENT_ID}"}}
    for item in of_kind("ScaledObject"):
        assert item["spec"]["triggers"][2]["authenticationRef"] == {"name": authentication["metadata"]["name"]}
        assert item["metadata"]["namespace"] == authentication["metadata"]["namespace"]


def test_the_queries_are_the_signals_and_read_only_what_an_exporter_emits() -> None:
    emitted = {name for instrument in load().instruments for name in instrument.series}
    queries = {
        item["metadata"]["name"]: item["spec"]["triggers"][2]["metadata"]["query"] for item in of_kind("ScaledObject")
    }

    for found in SERVICES:
        query = queries[found.role]
        assert query == promql.over(SCALES[found.key], "2m")
        assert set(re.findall(r"\btripgen_\w+", query)) <= emitted
        assert "$" not in query


def test_scaling_looks_back_over_four_scrapes() -> None:
    assert make.SCALE_WINDOW == 4 * make.INTERVAL


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*sorted(GENERATED.glob("exporter-*.yaml")), GENERATED / "autoscaling.yaml"])
def test_whatever_is_to_be_filled_in_is_told_at_the_top_of_the_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    body = text.removeprefix(header)

    assert header
    assert all(len(line) <= 120 for line in header.splitlines())
    assert set(re.findall(r"\$\{?\w+\}?", body)) == set(re.findall(r"\$\{\w+\}", header))


def test_the_facts_that_the_renderer_derives_give_their_reasons() -> None:
    assert isinstance(make.RESOURCES, Value)
    assert {section.number for section in make.RESOURCES.source.sections} == {"3.3.1", "13.1.1"}  # type: ignore[union-attr]


# --- the image --------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, rest in lines]


def final_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(place for place, (word, _) in enumerate(found) if word == "FROM") :]


def test_the_image_runs_as_the_user_that_the_manifests_ask_for_and_by_number() -> None:
    user = [rest for word, rest in final_stage() if word == "USER"]

    assert user == [f"{make.USER_ID}:{make.USER_ID}"]
    # Istio's proxy lets the traffic of its own user pass.
    assert make.USER_ID != 1337


def test_the_image_starts_what_the_manifests_pass_arguments_to() -> None:
    stage = dict(final_stage())

    assert stage["ENTRYPOINT"] == '["tripgen-exporter"]'
    assert stage["CMD"] == '["--config", "/etc/tripgen-exporter/exporter.toml"]'
    assert stage["EXPOSE"] == str(PORT)
    assert "HEALTHCHECK" not in stage


def test_the_final_image_has_only_the_environment_that_was_built_and_no_installer() -> None:
    copied = [rest for word, rest in final_stage() if word == "COPY"]
    runs = " ".join(rest for word, rest in final_stage() if word == "RUN")

    assert copied == ["--from=build /opt/exporter /opt/exporter"]
    assert "pip uninstall" in runs
    assert "pip install" not in runs
    assert "apt-get" not in runs


def test_the_build_copies_every_package_of_the_project_and_files_that_exist() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = instructions()[: -len(final_stage())]
    copied = {name for word, rest in build if word == "COPY" for name in rest.split()[:-1]}

    assert all((ROOT / name).exists() for name in copied)
    assert copied >= set(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert "tests" not in copied
    assert any("--constraint constraints.txt '.[exporter]'" in rest for word, rest in build if word == "RUN")
