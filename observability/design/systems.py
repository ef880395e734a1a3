"""Every system that the document names, from its facts: what is added there needs a row of coverage."""

from __future__ import annotations

from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.operations import BUDGET, RECOVERY
from observability.design.platform import (
    BOT_RULE,
    DELIVERY,
    FRONT_DOOR,
    GATEWAY,
    GEO_RULE,
    NETWORK_POLICY,
    NODE_POOLS,
    PRIVATE_ENDPOINTS,
    RATE_RULE,
    RESOURCES,
    WAF,
)
from observability.design.security import ENTRA, IDENTITY, KEY_VAULT, ROTATION
from observability.design.services import SERVICES
from observability.design.telemetry import APP_INSIGHTS, CONTAINER_INSIGHTS, WORKSPACE
from observability.model.coverage import System
from observability.model.source import Section, Source
from observability.model.text import Text


def _system(key: str, ko: str, en: str, source: Source) -> System:
    return System(key=key.replace("_", "-").lower(), title=Text(ko=ko, en=en), source=source)


SYSTEMS: tuple[System, ...] = (
    # --- computing
    *(_system(f"{each.key}-service", each.title.ko, each.title.en, each.address.source) for each in SERVICES),
    *(_system(f"{each.key}-pool", f"{each.key} 노드 풀", f"{each.key} node pool", each.source) for each in NODE_POOLS),
    *(_system(f"{each.key}-hpa", f"{each.key}의 HPA", f"HPA of {each.key}", each.hpa.source) for each in SERVICES),
    *(_system(f"{each.key}-pdb", f"{each.key}의 PDB", f"PDB of {each.key}", Section("3.2.1")) for each in SERVICES),
    # --- network
    _system("front-door", "Front Door와 CDN", "Front Door and CDN", FRONT_DOOR.source),
    _system("gateway", "Application Gateway", "Application Gateway", GATEWAY.source),
    _system("waf", "WAF 관리형 규칙", "WAF, managed rules", WAF.source),
    *(
        _system(f"waf-{key}", f"WAF {rule.name} 규칙", f"WAF rule {rule.name}", WAF.source)
        for key, rule in (("rate", RATE_RULE), ("geo", GEO_RULE), ("bot", BOT_RULE))
    ),
    *(
        _system(
            key,
            f"네트워크 보안 그룹 {RESOURCES[key].name}",
            f"Network security group {RESOURCES[key].name}",
            Section("4.1.2"),
        )
        for key in ("gateway_nsg", "aks_nsg")
    ),
    _system("network-policy", NETWORK_POLICY.name, NETWORK_POLICY.name, NETWORK_POLICY.source),
    *(
        _system(
            f"private-endpoint-{each.resource_key}",
            f"프라이빗 엔드포인트 {each.resource_key}",
            f"Private endpoint {each.resource_key}",
            each.source,
        )
        for each in PRIVATE_ENDPOINTS
    ),
    _system("service-mesh", "서비스 메시(Istio)", "Service mesh (Istio)", Section("4.4")),
    _system("firewall", "Azure Firewall", "Azure Firewall", Section("7.1.1")),
    # --- data
    _system("postgresql-primary", "PostgreSQL 주 서버", "PostgreSQL primary", POSTGRESQL.endpoint.source),
    *(
        _system(
            f"postgresql-{each.key}",
            f"복제본 {each.key} ({each.region.title.ko})",
            f"{each.key} ({each.region.title.en})",
            each.source,
        )
        for each in POSTGRESQL.replicas
    ),
    _system("postgresql-backups", "PostgreSQL 백업", "PostgreSQL backups", POSTGRESQL.backup.source),
    _system("postgresql-pitr", "PostgreSQL 시점 복구", "PostgreSQL point-in-time restore", POSTGRESQL.backup.source),
    _system("redis-cluster", "Redis 클러스터", "Redis cluster", REDIS.endpoint.source),
    *(
        _system(f"redis-shard-{each}", f"Redis 샤드 {each}", f"Redis shard {each}", REDIS.source)
        for each in range(REDIS.shards)
    ),
    _system("redis-rdb", "Redis RDB 백업", "Redis RDB backups", REDIS.backup.source),
    _system("redis-aof", "Redis AOF", "Redis AOF", REDIS.backup.source),
    *(_system(f"cache-{each.key}", f"캐시 {each.key}", f"Cache {each.key}", each.source) for each in REDIS.levels),
    *(_system(f"cache-{each.key}", f"캐시 {each.key}", f"Cached {each.key}", each.source) for each in REDIS.patterns),
    # --- messages
    _system("service-bus", "Service Bus 네임스페이스", "Service Bus namespace", SERVICE_BUS.source),
    *(
        _system(f"queue-{each.name}", f"큐 {each.name}", f"Queue {each.name}", each.source)
        for each in SERVICE_BUS.queues
    ),
    *(
        _system(f"topic-{each.name}", f"토픽 {each.name}", f"Topic {each.name}", each.source)
        for each in SERVICE_BUS.topics
    ),
    *(
        _system(f"subscription-{name}", f"구독 {name}", f"Subscription {name}", topic.source)
        for topic in SERVICE_BUS.topics
        for name in topic.subscriptions
    ),
    _system("service-bus-geo", "Service Bus Geo-DR", "Service Bus geo-DR", SERVICE_BUS.source),
    # --- identity and secrets
    _system("entra", "Entra ID 로그인", "Entra ID sign-ins", ENTRA.source),
    _system("managed-identity", "관리 ID", "Managed identities", IDENTITY.source),
    _system("key-vault", "Key Vault", "Key Vault", KEY_VAULT.source),
    *(
        _system(f"rotation-{key}", f"{rule.title.ko} 교체", f"Rotation of {rule.title.en}", rule.source)
        for key, rule in ROTATION.items()
    ),
    # --- telemetry
    _system("log-analytics", f"Log Analytics {WORKSPACE.name}", f"Log Analytics {WORKSPACE.name}", WORKSPACE.source),
    _system("application-insights", APP_INSIGHTS.name, APP_INSIGHTS.name, APP_INSIGHTS.source),
    _system("container-insights", "Container Insights", "Container Insights", CONTAINER_INSIGHTS.source),
    _system("agents", "Azure Monitor 에이전트", "Azure Monitor agents", Section("8.1.1")),
    _system("managed-prometheus", "관리형 Prometheus", "Managed Prometheus", Section("8.1.1")),
    # --- delivery
    _system("registry", "Container Registry", "Container Registry", DELIVERY.source),
    _system("argo-cd", "Argo CD 배포", "Argo CD deployments", DELIVERY.source),
    _system("rollback", "자동 롤백", "Automatic rollback", DELIVERY.source),
    _system("image-scans", "이미지 검사(Trivy, Snyk)", "Image scans (Trivy, Snyk)", DELIVERY.source),
    # --- recovery and cost
    _system("rto", "복구 목표 시간", "Recovery time objective", RECOVERY.source),
    _system("rpo", "복구 목표 시점", "Recovery point objective", RECOVERY.source),
    _system("budget-stated", f"월 예산 {BUDGET.stated}", f"Monthly budget of {BUDGET.stated}", BUDGET.source),
    _system(
        "budget-optimised",
        f"최적화한 월 예산 {BUDGET.optimised}",
        f"Monthly budget of {BUDGET.optimised}",
        BUDGET.source,
    ),
)
