"""The platform below the services: resource names, cluster, network, edge and delivery (sections 3, 4, 9)."""

from __future__ import annotations

from observability.model.source import Derived, Section, Source
from observability.model.system import (
    GIB,
    ApplicationGateway,
    Cluster,
    Delivery,
    Endpoint,
    FrontDoor,
    NetworkPolicy,
    NetworkRule,
    NodePool,
    PrivateEndpoint,
    Region,
    ResourceName,
    Subnet,
    VmSize,
    Waf,
    WafRule,
)
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes

PRIMARY_REGION = Region(name="koreacentral", title=Text(ko="한국 중부", en="Korea Central"), source=Section("10.1.1"))
DR_REGION = Region(name="koreasouth", title=Text(ko="한국 남부", en="Korea South"), source=Section("10.1.1"))
ZONES = ("1", "2", "3")

_UNNAMED = Derived(
    Text(
        ko="문서에 이름이 없으므로 문서에 나온 다른 이름의 형식(종류 약어-tripgen-prod)을 따릅니다.",
        en="The document gives no name; this one follows the pattern of those it does give (kind-tripgen-prod).",
    ),
    (Section("6.1.1"), Section("8.1.1")),
)
_NETWORK = Derived(
    Text(
        ko="문서에 이름이 없습니다. 기능만 적은 것(7.1.1)과 규칙표(4.1.2), 고정 IP(4.2.1)에 종류 약어-tripgen-prod를 붙입니다.",
        en="The document gives no names, only what they do (7.1.1), their rules (4.1.2) and a fixed address (4.2.1); these "
        "follow the pattern kind-tripgen-prod.",
    ),
    (Section("4.1.2"), Section("4.2.1"), Section("4.2.2"), Section("7.1.1")),
)
_BACKUPS = Derived(
    Text(
        ko="문서는 설정 백업을 Azure Blob Storage에 둔다고만 합니다. 스토리지 계정 이름에는 소문자와 숫자만 쓸 수 있습니다.",
        en="The document only says that configuration is backed up to Azure Blob Storage. The name of a storage account has "
        "lower-case letters and digits alone.",
    ),
    (Section("5.3.1"), Section("7.3.1")),
)
_REPLICA = Derived(
    Text(
        ko="문서는 복제본을 replica_1, replica_2로만 부르므로 주 서버 이름에 이어 붙입니다.",
        en="The document only calls them replica_1 and replica_2; the name continues the primary server's.",
    ),
    (Section("4.4"), Section("5.1.2")),
)


def _resource(key: str, name: str, type: str, source: Source) -> tuple[str, ResourceName]:
    return key, ResourceName(key=key, name=name, type=type, source=source)


RESOURCES: dict[str, ResourceName] = dict(
    (
        _resource("resource_group", "rg-tripgen-prod", "Microsoft.Resources/resourceGroups", _UNNAMED),
        _resource("cluster", "aks-tripgen-prod", "Microsoft.ContainerService/managedClusters", _UNNAMED),
        _resource("monitor_workspace", "amw-tripgen-prod", "Microsoft.Monitor/accounts", _UNNAMED),
        _resource("postgresql", "tripgen-prod", "Microsoft.DBforPostgreSQL/flexibleServers", Section("4.4")),
        _resource(
            "postgresql_replica_1", "tripgen-prod-replica-1", "Microsoft.DBforPostgreSQL/flexibleServers", _REPLICA
        ),
        _resource(
            "postgresql_replica_2", "tripgen-prod-replica-2", "Microsoft.DBforPostgreSQL/flexibleServers", _REPLICA
        ),
        _resource("redis", "tripgen-prod", "Microsoft.Cache/redis", Section("4.4")),
        _resource("service_bus", "sb-tripgen-prod", "Microsoft.ServiceBus/namespaces", Section("6.1.1")),
        _resource("gateway", "agw-tripgen-prod", "Microsoft.Network/applicationGateways", _UNNAMED),
        _resource("front_door", "afd-tripgen-prod", "Microsoft.Cdn/profiles", _UNNAMED),
        _resource("key_vault", "kv-tripgen-prod", "Microsoft.KeyVault/vaults", _UNNAMED),
        _resource("registry", "tripgenprod", "Microsoft.ContainerRegistry/registries", Section("9")),
        _resource("storage", "sttripgenprod", "Microsoft.Storage/storageAccounts", _BACKUPS),
        _resource("firewall", "afw-tripgen-prod", "Microsoft.Network/azureFirewalls", _NETWORK),
        _resource("gateway_nsg", "nsg-agw-tripgen-prod", "Microsoft.Network/networkSecurityGroups", _NETWORK),
        _resource("aks_nsg", "nsg-aks-tripgen-prod", "Microsoft.Network/networkSecurityGroups", _NETWORK),
        _resource(
            "gateway_waf_policy",
            "waf-tripgen-prod",
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
            _NETWORK,
        ),
        _resource("gateway_ip", "pip-agw-tripgen-prod", "Microsoft.Network/publicIPAddresses", _NETWORK),
    )
)

# Azure's "GB" of machine memory are binary: a D8s_v3 has 32 GiB.
D4S_V3 = VmSize(name="Standard_D4s_v3", cpu=4, memory=16 * GIB, source=Section("3.1.2"))
D8S_V3 = VmSize(name="Standard_D8s_v3", cpu=8, memory=32 * GIB, source=Section("3.1.2"))
D16S_V3 = VmSize(
    name="Standard_D16s_v3",
    cpu=16,
    memory=64 * GIB,
    source=Derived(
        Text(
            ko="문서의 D8s_v3 바로 위 크기로, 데이터베이스 확장이 한 번에 올라갈 수 있는 한계입니다.",
            en="The size just above the document's D8s_v3: as far as one database scale-up may go.",
        ),
        (Section("5.1.1"), Section("8.1.2", reading="R23")),
    ),
)

CLUSTER = Cluster(
    resource=RESOURCES["cluster"],
    kubernetes_version="1.29",
    tier="Standard",
    network_plugin="Azure CNI",
    private=True,
    source=Section("3.1.1", reading="R16"),
)
SYSTEM_POOL = NodePool(
    key="system",
    title=Text(ko="시스템 노드 풀", en="System node pool"),
    vm=D4S_V3,
    minimum=3,
    maximum=5,
    zones=ZONES,
    source=Section("3.1.2"),
)
APPLICATION_POOL = NodePool(
    key="application",
    title=Text(ko="애플리케이션 노드 풀", en="Application node pool"),
    vm=D8S_V3,
    minimum=6,
    maximum=20,
    zones=ZONES,
    taints=("application-workload=true:NoSchedule",),
    source=Section("3.1.2"),
)
NODE_POOLS = (SYSTEM_POOL, APPLICATION_POOL)

# --- network ----------------------------------------------------------------------------------------

APPLICATION_PORT = 8080
HTTPS_PORT = 443

_SUBNETS = Section("4.1.1")
AKS_SUBNET = Subnet(key="aks", title=Text(ko="AKS 서브넷", en="AKS subnet"), cidr="10.1.1.0/24", source=_SUBNETS)
DATABASE_SUBNET = Subnet(
    key="database", title=Text(ko="데이터베이스 서브넷", en="Database subnet"), cidr="10.1.2.0/24", source=_SUBNETS
)
CACHE_SUBNET = Subnet(key="cache", title=Text(ko="캐시 서브넷", en="Cache subnet"), cidr="10.1.3.0/24", source=_SUBNETS)
PRIVATE_ENDPOINT_SUBNET = Subnet(
    key="private_endpoint",
    title=Text(ko="프라이빗 엔드포인트 서브넷", en="Private endpoint subnet"),
    cidr="10.1.4.0/24",
    source=_SUBNETS,
)
VNET = Subnet(
    key="vnet", title=Text(ko="가상 네트워크 전체", en="Whole virtual network"), cidr="10.1.0.0/16", source=_SUBNETS
)
SUBNETS = (AKS_SUBNET, DATABASE_SUBNET, CACHE_SUBNET, PRIVATE_ENDPOINT_SUBNET)

ENDPOINTS: dict[str, Endpoint] = {
    "postgresql": Endpoint(
        host=f"{RESOURCES['postgresql'].name}.postgres.database.azure.com",
        port=5432,
        title=Text(ko="관리형 데이터베이스", en="Managed database"),
        source=Section("4.4"),
    ),
    "redis": Endpoint(
        host=f"{RESOURCES['redis'].name}.redis.cache.windows.net",
        port=6380,
        title=Text(ko="관리형 캐시 서버", en="Managed cache server"),
        source=Section("4.4", reading="R12"),
    ),
}
_DATABASE_PORT = str(ENDPOINTS["postgresql"].port)
# The rules let 6379 through while the managed cache listens on ENDPOINTS["redis"].port: finding R12.
_CACHE_PORT_IN_RULES = "6379"

_NSG = Section("4.1.2")
GATEWAY_NSG = (
    NetworkRule(name="HTTPS", direction="in", peer="Internet", ports=(str(HTTPS_PORT),), source=_NSG),
    NetworkRule(name="HTTP", direction="in", peer="Internet", ports=("80",), source=_NSG),
    NetworkRule(name="HealthProbe", direction="in", peer="GatewayManager", ports=("65200-65535",), source=_NSG),
)
AKS_NSG = (
    NetworkRule(
        name="AppGateway", direction="in", peer="ApplicationGatewaySubnet", ports=("80", str(HTTPS_PORT)), source=_NSG
    ),
    NetworkRule(name="Database", direction="out", peer="DatabaseSubnet", ports=(_DATABASE_PORT,), source=_NSG),
    NetworkRule(
        name="Cache",
        direction="out",
        peer="CacheSubnet",
        ports=(_CACHE_PORT_IN_RULES,),
        source=Section("4.1.2", reading="R12"),
    ),
    NetworkRule(name="ServiceBus", direction="out", peer="ServiceBus", ports=("5671", "5672"), source=_NSG),
)

_POLICY = Section("4.3.1")
NETWORK_POLICY = NetworkPolicy(
    name="production-network-policy",
    pod_labels=(("tier", "application"),),
    rules=(
        NetworkRule(
            name="ingress-controller",
            direction="in",
            peer="kube-system",
            ports=(str(APPLICATION_PORT),),
            source=Section("4.3.1", reading="R13"),
        ),
        NetworkRule(name="service-mesh", direction="in", peer="istio-system", ports=("15001", "15006"), source=_POLICY),
        NetworkRule(name="database", direction="out", peer="app: postgresql", ports=(_DATABASE_PORT,), source=_POLICY),
        NetworkRule(
            name="cache",
            direction="out",
            peer="app: redis",
            ports=(_CACHE_PORT_IN_RULES,),
            source=Section("4.3.1", reading="R12"),
        ),
        NetworkRule(name="external", direction="out", peer="any", ports=(str(HTTPS_PORT),), source=_POLICY),
        NetworkRule(name="dns", direction="out", peer="any", ports=("53",), protocol="UDP", source=_POLICY),
    ),
    source=_POLICY,
)

PRIVATE_ENDPOINTS = tuple(
    PrivateEndpoint(
        resource_key=key,
        dns_zone=f"privatelink.{zone}",
        subnet=PRIVATE_ENDPOINT_SUBNET,
        source=Section("7.3.1"),
    )
    for key, zone in (
        ("postgresql", "postgres.database.azure.com"),
        ("redis", "redis.cache.windows.net"),
        ("service_bus", "servicebus.windows.net"),
        ("key_vault", "vaultcore.azure.net"),
        ("storage", "blob.core.windows.net"),
    )
)

# --- edge -------------------------------------------------------------------------------------------

FRONT_DOOR = FrontDoor(resource=RESOURCES["front_door"], failures=3, source=Section("10.1.2"))
GATEWAY = ApplicationGateway(
    resource=RESOURCES["gateway"],
    sku="Standard_v2",
    capacity=3,
    zones=ZONES,
    listener_port=HTTPS_PORT,
    path="/api/*",
    backend_pool="aks-backend",
    source=Section("4.2.1", reading="R14"),
)
# Per client address.
RATE_RULE = WafRule(name="RateLimiting", action="Block", limit=Quantity(1000, Unit.COUNT), every=minutes(1))
GEO_RULE = WafRule(name="GeoBlocking", action="Block", countries=())
BOT_RULE = WafRule(name="BotProtection", action="Challenge", limit=Quantity(50, Unit.COUNT))
WAF = Waf(
    rule_set="OWASP CRS 3.2",
    mode="Prevention",
    custom_rules=(RATE_RULE, GEO_RULE, BOT_RULE),
    managed_rules=("OWASP Top 10", "Known CVEs", "Bad Reputation IPs", "Microsoft Bot Manager"),
    source=Section("4.2.2", reading="R14"),
)

# --- delivery ---------------------------------------------------------------------------------------

DELIVERY = Delivery(
    registry=RESOURCES["registry"],
    registry_host=f"{RESOURCES['registry'].name}.azurecr.io",
    continuous_integration="GitHub Actions",
    continuous_delivery="Argo CD",
    strategy="Blue-Green",
    rollback_within=minutes(3),
    source=Section("9"),
)
