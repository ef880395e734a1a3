from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

from observability.design.platform import (
    AKS_NSG,
    AKS_SUBNET,
    APPLICATION_POOL,
    CLUSTER,
    DELIVERY,
    DR_REGION,
    ENDPOINTS,
    FRONT_DOOR,
    GATEWAY,
    GATEWAY_NSG,
    NETWORK_POLICY,
    PRIMARY_REGION,
    PRIVATE_ENDPOINTS,
    RESOURCES,
    SUBNETS,
    SYSTEM_POOL,
    VNET,
    WAF,
)
from observability.model.source import Derived
from observability.model.system import NetworkRule
from observability.model.units import Quantity, Unit

GIB = 1024 * 1024 * 1024


def ports(rules: tuple[NetworkRule, ...]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    return {rule.name: (rule.direction, rule.peer, rule.ports) for rule in rules}


def test_every_resource_has_its_name_and_azure_type() -> None:
    assert {key: (resource.name, resource.type) for key, resource in RESOURCES.items()} == {
        "resource_group": ("rg-tripgen-prod", "Microsoft.Resources/resourceGroups"),
        "cluster": ("aks-tripgen-prod", "Microsoft.ContainerService/managedClusters"),
        "monitor_workspace": ("amw-tripgen-prod", "Microsoft.Monitor/accounts"),
        "postgresql": ("tripgen-prod", "Microsoft.DBforPostgreSQL/flexibleServers"),
        "postgresql_replica_1": ("tripgen-prod-replica-1", "Microsoft.DBforPostgreSQL/flexibleServers"),
        "postgresql_replica_2": ("tripgen-prod-replica-2", "Microsoft.DBforPostgreSQL/flexibleServers"),
        "redis": ("tripgen-prod", "Microsoft.Cache/redis"),
        "service_bus": ("sb-tripgen-prod", "Microsoft.ServiceBus/namespaces"),
        "gateway": ("agw-tripgen-prod", "Microsoft.Network/applicationGateways"),
        "front_door": ("afd-tripgen-prod", "Microsoft.Cdn/profiles"),
        "key_vault": ("kv-tripgen-prod", "Microsoft.KeyVault/vaults"),
        "registry": ("tripgenprod", "Microsoft.ContainerRegistry/registries"),
        "storage": ("sttripgenprod", "Microsoft.Storage/storageAccounts"),
        "firewall": ("afw-tripgen-prod", "Microsoft.Network/azureFirewalls"),
        "gateway_nsg": ("nsg-agw-tripgen-prod", "Microsoft.Network/networkSecurityGroups"),
        "aks_nsg": ("nsg-aks-tripgen-prod", "Microsoft.Network/networkSecurityGroups"),
        "gateway_waf_policy": (
            "waf-tripgen-prod",
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        ),
        "gateway_ip": ("pip-agw-tripgen-prod", "Microsoft.Network/publicIPAddresses"),
    }
    assert all(key == resource.key for key, resource in RESOURCES.items())


def test_names_the_document_does_not_give_say_so() -> None:
    given = {key for key, resource in RESOURCES.items() if not isinstance(resource.source, Derived)}
    assert given == {"postgresql", "redis", "service_bus", "registry"}


def test_the_cluster_is_private_and_runs_1_29() -> None:
    assert (CLUSTER.kubernetes_version, CLUSTER.tier, CLUSTER.private) == ("1.29", "Standard", True)


def test_the_system_pool_has_3_to_5_nodes_of_4_cores_and_16_gib() -> None:
    assert (SYSTEM_POOL.minimum, SYSTEM_POOL.maximum) == (3, 5)
    assert (SYSTEM_POOL.vm.name, SYSTEM_POOL.vm.cpu, SYSTEM_POOL.vm.memory) == ("Standard_D4s_v3", 4, 16 * GIB)
    assert (SYSTEM_POOL.zones, SYSTEM_POOL.taints) == (("1", "2", "3"), ())


def test_the_application_pool_has_6_to_20_tainted_nodes_of_8_cores_and_32_gib() -> None:
    pool = APPLICATION_POOL
    assert (pool.minimum, pool.maximum) == (6, 20)
    assert (pool.vm.name, pool.vm.cpu, pool.vm.memory) == ("Standard_D8s_v3", 8, 32 * GIB)
    assert (pool.zones, pool.taints) == (("1", "2", "3"), ("application-workload=true:NoSchedule",))


def test_the_network_is_cut_into_four_subnets() -> None:
    assert VNET.cidr == "10.1.0.0/16"
    assert {subnet.key: subnet.cidr for subnet in SUBNETS} == {
        "aks": "10.1.1.0/24",
        "database": "10.1.2.0/24",
        "cache": "10.1.3.0/24",
        "private_endpoint": "10.1.4.0/24",
    }


def test_the_security_groups_let_through_what_section_4_1_2_lists() -> None:
    assert ports(GATEWAY_NSG) == {
        "HTTPS": ("in", "Internet", ("443",)),
        "HTTP": ("in", "Internet", ("80",)),
        "HealthProbe": ("in", "GatewayManager", ("65200-65535",)),
    }
    assert ports(AKS_NSG) == {
        "AppGateway": ("in", "ApplicationGatewaySubnet", ("80", "443")),
        "Database": ("out", "DatabaseSubnet", ("5432",)),
        "Cache": ("out", "CacheSubnet", ("6379",)),
        "ServiceBus": ("out", "ServiceBus", ("5671", "5672")),
    }


def test_the_network_policy_lets_application_pods_be_reached_on_8080_only_from_kube_system() -> None:
    assert NETWORK_POLICY.name == "production-network-policy"
    assert NETWORK_POLICY.pod_labels == (("tier", "application"),)
    assert ports(NETWORK_POLICY.rules) == {
        "ingress-controller": ("in", "kube-system", ("8080",)),
        "service-mesh": ("in", "istio-system", ("15001", "15006")),
        "database": ("out", "app: postgresql", ("5432",)),
        "cache": ("out", "app: redis", ("6379",)),
        "external": ("out", "any", ("443",)),
        "dns": ("out", "any", ("53",)),
    }
    assert {rule.name for rule in NETWORK_POLICY.rules if rule.protocol == "UDP"} == {"dns"}


def test_managed_stores_are_reached_by_their_azure_names() -> None:
    assert {key: (endpoint.host, endpoint.port) for key, endpoint in ENDPOINTS.items()} == {
        "postgresql": ("tripgen-prod.postgres.database.azure.com", 5432),
        "redis": ("tripgen-prod.redis.cache.windows.net", 6380),
    }


def test_five_systems_have_a_private_endpoint() -> None:
    assert {endpoint.resource_key: endpoint.dns_zone for endpoint in PRIVATE_ENDPOINTS} == {
        "postgresql": "privatelink.postgres.database.azure.com",
        "redis": "privatelink.redis.cache.windows.net",
        "service_bus": "privatelink.servicebus.windows.net",
        "key_vault": "privatelink.vaultcore.azure.net",
        "storage": "privatelink.blob.core.windows.net",
    }
    assert {endpoint.subnet.cidr for endpoint in PRIVATE_ENDPOINTS} == {"10.1.4.0/24"}


def test_front_door_leaves_an_origin_after_three_failures() -> None:
    assert (FRONT_DOOR.resource.name, FRONT_DOOR.failures) == ("afd-tripgen-prod", 3)


def test_the_gateway_routes_api_paths_with_three_instances() -> None:
    assert (GATEWAY.sku, GATEWAY.capacity, GATEWAY.zones) == ("Standard_v2", 3, ("1", "2", "3"))
    assert (GATEWAY.listener_port, GATEWAY.path, GATEWAY.backend_pool) == (443, "/api/*", "aks-backend")


def test_the_waf_blocks_1000_requests_a_minute_and_challenges_bots_at_a_score_of_50() -> None:
    rate, geo, bot = WAF.custom_rules
    assert (rate.name, rate.action, rate.every) == ("RateLimiting", "Block", timedelta(minutes=1))
    assert rate.limit == Quantity(1000, Unit.COUNT)
    assert (geo.name, geo.action, geo.countries) == ("GeoBlocking", "Block", ())
    assert (bot.name, bot.action, bot.limit) == ("BotProtection", "Challenge", Quantity(50, Unit.COUNT))
    assert (WAF.rule_set, WAF.mode, len(WAF.managed_rules)) == ("OWASP CRS 3.2", "Prevention", 4)


def test_a_failed_release_is_rolled_back_within_3_minutes() -> None:
    assert DELIVERY.rollback_within == timedelta(minutes=3)
    assert DELIVERY.registry_host == "tripgenprod.azurecr.io"
    assert DELIVERY.strategy == "Blue-Green"


def test_the_regions_are_korea_central_and_korea_south() -> None:
    assert (PRIMARY_REGION.name, DR_REGION.name) == ("koreacentral", "koreasouth")


def test_the_prefix_of_a_subnet_begins_every_address_inside_and_no_other() -> None:
    assert (VNET.prefix, AKS_SUBNET.prefix) == ("10.1.", "10.1.1.")
    for subnet in (VNET, *SUBNETS):
        inside = ip_network(subnet.cidr)
        assert str(inside[0]).startswith(subnet.prefix) and str(inside[-1]).startswith(subnet.prefix)
        assert not str(inside[-1] + 1).startswith(subnet.prefix)
