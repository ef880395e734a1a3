"""What watches each system that the document names: the rule is that no cell is empty without a reason."""

from __future__ import annotations

from observability.design.data import REDIS, SERVICE_BUS
from observability.design.platform import NODE_POOLS
from observability.design.services import AI, SERVICES
from observability.model.coverage import By, Row
from observability.model.text import Text

_OF_EVERY_SERVICE = (
    "service-unavailable", "high-error-rate", "error-budget-burning", "error-budget-leaking", "availability-budget-leaking",
)  # fmt: skip
_OF_API = ("api-latency-budget-burning", "api-latency-budget-leaking")
_OF_AI = ("ai-response-time-exceeded", "ai-latency-budget-burning", "ai-latency-budget-leaking", "external-api-failing")
_NODE_ALERTS = ("high-cpu-usage", "high-memory-usage", "node-not-ready")

_COMPUTING = (
    *(
        Row(
            f"{service.key}-service",
            (*_OF_EVERY_SERVICE, *(_OF_AI if service is AI else _OF_API)),
            ("services/error-rate-by-service", "ai/ai-latency" if service is AI else "services/api-latency"),
            ("tripgen-services: Error rate", "tripgen-services: Availability"),
        )
        for service in SERVICES
    ),
    *(
        Row(
            f"{pool.key}-pool",
            _NODE_ALERTS,
            ("aks/node-pool-usage", "aks/node-count"),
            ("tripgen-aks: Node CPU utilisation",),
        )
        for pool in NODE_POOLS
    ),
    *(
        Row(
            f"{service.key}-hpa",
            (),
            ("aks/hpa-at-maximum",),
            ("tripgen-aks: Autoscaler against its ceiling",),
            {
                By.ALERT: Text(
                    ko="상한에 있는 것은 피크의 정상이고, 모자라면 지연과 오류의 알림이 먼저 말합니다.",
                    en="To be at the ceiling is normal at a peak; where it is not enough, latency and errors say so first.",
                )
            },
        )
        for service in SERVICES
    ),
    *(
        Row(
            f"{service.key}-pdb",
            ("pods-below-pdb", "pod-crash-loop"),
            ("aks/pods-against-minimum",),
            ("tripgen-aks: Pods available",),
        )
        for service in SERVICES
    ),
)

_NETWORK = (
    Row(
        "front-door",
        ("origin-unhealthy", "service-unavailable"),
        ("edge/front-door-error-rate",),
        ("tripgen-edge: Health of the origin", "tripgen-edge: Share of 5xx"),
    ),
    Row(
        "gateway",
        ("origin-unhealthy", "service-unavailable"),
        ("edge/gateway-error-rate",),
        ("tripgen-edge: Healthy backends", "tripgen-edge: Responses of the gateway"),
    ),
    Row("waf", ("firewall-blocking",), ("edge/waf-by-rule",), ("tripgen-edge: Managed rules (gateway)",)),
    Row(
        "waf-rate",
        ("firewall-blocking",),
        ("edge/rate-by-address", "edge/geo-and-bot-rules"),
        ("tripgen-edge: What the rate, geography and bot rules did",),
    ),
    Row(
        "waf-geo",
        ("firewall-blocking",),
        ("edge/geo-and-bot-rules",),
        ("tripgen-edge: What the rate, geography and bot rules did",),
    ),
    Row("waf-bot", ("firewall-blocking",), ("edge/geo-and-bot-rules",), ("tripgen-edge: Bot rules (gateway)",)),
    *(
        Row(
            nsg,
            (),
            ("security/denied-flows",),
            ("tripgen-security: Denied by network security groups",),
            {
                By.ALERT: Text(
                    ko="막는 것이 그 일입니다. 막아서는 안 될 것을 막으면 점검과 저장소의 알림이 말합니다.",
                    en="Denying is what it is for. Where it denies too much, the checks and the stores' alert say so.",
                )
            },
        )
        for nsg in ("gateway-nsg", "aks-nsg")
    ),
    Row(
        "network-policy",
        ("data-store-unreadable",),
        ("triage/failing-dependencies",),
        ("tripgen-services: Failing dependencies",),
    ),
    *(
        Row(
            f"private-endpoint-{key}",
            ("data-store-unreadable",),
            ("triage/failing-dependencies",),
            ("tripgen-data: Reads that succeeded",),
        )
        for key in ("postgresql", "redis", "service-bus")
    ),
    Row(
        "private-endpoint-key-vault",
        (),
        ("security/vault-denials",),
        ("tripgen-security: Calls by result",),
        {
            By.ALERT: Text(
                ko="Pod는 비밀을 시작할 때 읽습니다. 읽지 못하면 뜨지 못해 pods-below-pdb가 말합니다.",
                en="Pods read secrets when they start: where they cannot, they do not start, and pods-below-pdb tells.",
            )
        },
    ),
    Row(
        "private-endpoint-storage",
        ("redis-rdb-failing",),
        (),
        ("tripgen-recovery: Errors saving the RDB",),
        {
            By.QUERY: Text(
                ko="백업 저장소의 로그는 StorageBlobLogs에 오지만 문서가 묻는 것이 없습니다.",
                en="Its logs come to StorageBlobLogs, and the document asks nothing of them.",
            )
        },
    ),
    Row(
        "service-mesh",
        ("high-error-rate",),
        ("triage/failing-dependencies",),
        (),
        {
            By.PANEL: Text(
                ko="Istio의 메트릭은 수집하지 않습니다. 서비스 사이의 오류와 지연은 추적이 보여 줍니다.",
                en="Istio's own metrics are not collected. Traces show errors and latency between services.",
            )
        },
    ),
    Row(
        "firewall",
        (),
        ("security/firewall-denials",),
        ("tripgen-security: Denied by the firewall",),
        {
            By.ALERT: Text(
                ko="문서에 기준이 없고, 막은 연결은 매일의 보안 점검에서 봅니다.",
                en="The document has no line for it; what was denied is part of the daily review.",
            )
        },
    ),
)

_STORES = (
    Row(
        "postgresql-primary",
        ("database-connection-pool-exhausted", "data-store-unreadable"),
        ("postgresql/server-errors", "postgresql/connections-used"),
        ("tripgen-data: Connections in use by server",),
    ),
    *(
        Row(
            f"postgresql-replica-{number}",
            ("replica-lag",),
            ("postgresql/replica-lag", "postgresql/recovery-point"),
            ("tripgen-data: Replication lag",),
        )
        for number in (1, 2)
    ),
    Row(
        "postgresql-backups",
        (),
        ("postgresql/vault-backups", "postgresql/backup-storage"),
        ("tripgen-recovery: Backup storage",),
        {
            By.ALERT: Text(
                ko="마지막 백업의 시각은 어떤 메트릭과 로그에도 없습니다. 매일의 점검이 포털에서 봅니다.",
                en="No metric and no log tells when the last backup was made. The daily check looks in the portal.",
            )
        },
    ),
    Row(
        "postgresql-pitr",
        ("replica-lag",),
        ("postgresql/recovery-point",),
        ("tripgen-recovery: A disaster now would lose",),
    ),
    Row(
        "redis-cluster",
        ("cache-hit-ratio-low", "data-store-unreadable", "cache-hit-budget-leaking"),
        ("redis/hit-ratio", "redis/errors"),
        ("tripgen-data: Cache hit ratio",),
    ),
    *(
        Row(
            f"redis-shard-{shard}",
            ("redis-memory-high",),
            ("redis/memory-by-shard", "redis/server-load-by-shard"),
            ("tripgen-data: Memory by shard",),
        )
        for shard in range(REDIS.shards)
    ),
    Row("redis-rdb", ("redis-rdb-failing",), ("redis/rdb-errors",), ("tripgen-recovery: Errors saving the RDB",)),
    Row("redis-aof", ("redis-aof-failing",), ("redis/aof-errors",), ("tripgen-recovery: Errors writing the AOF",)),
    Row(
        "cache-l1-application",
        (),
        (),
        (),
        dict.fromkeys(
            By,
            Text(
                ko="Pod 안의 캐시(Caffeine)는 서비스가 그 메트릭을 켜야 보입니다. 문서는 요구하지 않습니다.",
                en="The cache inside a pod (Caffeine) is seen only once a service exposes its metrics, which the document does "
                "not ask for.",
            ),
        ),
    ),
    Row(
        "cache-l2-distributed",
        ("cache-hit-ratio-low",),
        ("redis/hit-ratio-over-time",),
        ("tripgen-data: Cache hit ratio",),
    ),
    *(
        Row(
            f"cache-{pattern.key.replace('_', '-')}",
            ("cache-hit-ratio-low",),
            ("redis/hit-ratio",),
            ("tripgen-data: Evicted keys",),
        )
        for pattern in REDIS.patterns
    ),
)

_MESSAGES = (
    Row(
        "service-bus",
        ("service-bus-dead-letters", "data-store-unreadable"),
        ("service-bus/errors", "service-bus/throttled-requests"),
        ("tripgen-data: Throttled requests",),
    ),
    *(
        Row(
            name,
            ("service-bus-dead-letters",),
            ("service-bus/queue-depth", "service-bus/dead-letters"),
            ("tripgen-data: Messages by queue and subscription",),
        )
        for name in (
            *(f"queue-{queue.name.replace('_', '-')}" for queue in SERVICE_BUS.queues),
            *(f"topic-{topic.name.replace('_', '-')}" for topic in SERVICE_BUS.topics),
            *(f"subscription-{name.replace('_', '-')}" for topic in SERVICE_BUS.topics for name in topic.subscriptions),
        )
    ),
    Row(
        "service-bus-geo",
        (),
        ("service-bus/operational-changes",),
        ("tripgen-recovery: Geo-replication lag",),
        {
            By.ALERT: Text(
                ko="Geo-DR 별칭은 설정만 복제하므로 지연이 없습니다. 전환은 사람이 합니다.",
                en="A geo-DR alias copies settings alone and has no lag. People do the switching.",
            )
        },
    ),
)

_IDENTITY = (
    Row("entra", ("sign-ins-failing",), ("security/guessed-accounts",), ("tripgen-security: Failed sign-ins",)),
    Row(
        "managed-identity",
        ("data-store-unreadable",),
        ("security/identity-failures",),
        (),
        {
            By.PANEL: Text(
                ko="실패는 드물어 표로 볼 일이 없습니다. 쿼리가 하루치를 보여 줍니다.",
                en="Failures are too rare for a panel; the query shows a day of them.",
            )
        },
    ),
    Row(
        "key-vault",
        ("secret-near-expiry",),
        ("security/vault-denials",),
        ("tripgen-security: Refused by Key Vault",),
    ),
    *(
        Row(
            f"rotation-{kind}",
            ("secret-near-expiry",),
            ("security/renewal-age", "security/vault-near-expiry"),
            ("tripgen-security: Age against rotation",),
        )
        for kind in ("secrets", "api-keys", "certificates")
    ),
)

_TELEMETRY = (
    Row(
        "log-analytics",
        ("daily-cap-near", "daily-cap-reached"),
        ("workspace/volume-against-cap",),
        ("tripgen-workspace: Volume of the last 24 hours",),
    ),
    Row(
        "application-insights",
        ("daily-cap-reached",),
        ("workspace/sampling-by-service", "workspace/silent-tables"),
        ("tripgen-workspace: Sampling in effect",),
    ),
    Row(
        "container-insights",
        ("daily-cap-reached",),
        ("workspace/silent-tables", "cost/log-lines-by-container"),
        ("tripgen-cost: Containers that write most logs",),
    ),
    Row(
        "agents",
        ("metrics-missing",),
        ("workspace/silent-tables", "workspace/collection-errors"),
        ("tripgen-workspace: Ingestion delay",),
    ),
    Row(
        "managed-prometheus",
        ("metrics-missing",),
        (),
        ("tripgen-data: Reads that succeeded",),
        {
            By.QUERY: Text(
                ko="메트릭은 로그가 아니므로 KQL이 읽지 못합니다. 규칙과 패널은 PromQL로 읽습니다.",
                en="Metrics are no logs, and KQL does not read them; rules and panels do, in PromQL.",
            )
        },
    ),
)

_DELIVERY = (
    Row(
        "registry",
        (),
        ("aks/image-pull-failures", "security/image-pushes"),
        ("tripgen-delivery: Image pulls that succeeded",),
        {
            By.ALERT: Text(
                ko="이미지를 못 받으면 Pod가 뜨지 못해 pods-below-pdb가 말합니다.",
                en="Where an image cannot be pulled the pod does not start, and pods-below-pdb tells.",
            )
        },
    ),
    Row(
        "argo-cd",
        ("high-error-rate", "pods-below-pdb"),
        ("delivery/deployments", "delivery/new-versions"),
        ("tripgen-delivery: Pods of the newest version",),
    ),
    Row(
        "rollback",
        ("high-error-rate", "pod-crash-loop"),
        ("delivery/rollback-time",),
        ("tripgen-delivery: Time to roll back, by service",),
    ),
    Row(
        "image-scans",
        (),
        (),
        (),
        dict.fromkeys(
            By,
            Text(
                ko="Trivy와 Snyk의 결과는 파이프라인에만 있고 어떤 표에도 오지 않습니다.",
                en="Results of Trivy and Snyk stay in the pipeline and come to no table.",
            ),
        ),
    ),
)

_RECOVERY_AND_COST = (
    Row(
        "rto",
        ("service-unavailable",),
        ("services/availability-by-check",),
        ("tripgen-recovery: Since a visit last got through",),
    ),
    Row("rpo", ("replica-lag",), ("postgresql/recovery-point",), ("tripgen-recovery: A disaster now would lose",)),
    *(
        Row(
            f"budget-{which}",
            (),
            ("cost/volume-month-total", "cost/requests-per-node"),
            ("tripgen-cost: The month at the document's prices",),
            {
                By.ALERT: Text(
                    ko="쓴 돈은 Cost Management에만 있어 규칙이 읽지 못합니다. alerts.json의 Azure 예산이 AKS 노드의 리소스 그룹까지 "
                    "합쳐 다 쓰기 전과 뒤에 Teams에 알립니다.",
                    en="Money spent is in Cost Management alone, which no rule reads. Azure's own budgets of alerts.json count "
                    "the resource group of AKS' nodes too, and tell Teams before and when it is spent.",
                )
            },
        )
        for which in ("stated", "optimised")
    ),
)

ROWS: tuple[Row, ...] = (
    *_COMPUTING,
    *_NETWORK,
    *_STORES,
    *_MESSAGES,
    *_IDENTITY,
    *_TELEMETRY,
    *_DELIVERY,
    *_RECOVERY_AND_COST,
)
