"""The daily checks of document section 12.1.1, line for line, from the numbers that the document gives."""

from kql import ai, aks, edge, postgresql, redis, security, service_bus, services, triage, workspace
from observability.design.operations import checklist
from observability.model.checklist import Item
from observability.model.query import Pack
from observability.model.text import Text
from observability.model.units import days

_LIST = checklist("day")
_STATE, _ERRORS, _PERFORMANCE, _SECURITY, _BACKUP = _LIST.items

PACK = Pack(title=_LIST.title, span=days(1))

SERVICES = Item(
    id="service-state",
    title=_STATE.text,
    takes=_STATE.takes,
    source=_LIST.source,
    steps=(
        services.SEEN,
        services.AVAILABILITY_BY_CHECK,
        aks.PODS,
        triage.NODES,
        postgresql.ALIVE,
        edge.UNHEALTHY_BACKENDS,
        workspace.TABLES_SEEN,
        workspace.CAP_HITS,
    ),
)

ERRORS = Item(
    id="error-logs",
    title=_ERRORS.text,
    takes=_ERRORS.takes,
    source=_LIST.source,
    steps=(
        services.ERROR_RATE,
        services.ERROR_PEAKS,
        services.ERROR_LOGS,
        aks.RESTARTS,
        postgresql.REFUSED_CONNECTIONS,
        service_bus.DEAD_LETTERS,
    ),
)

PERFORMANCE = Item(
    id="performance",
    title=_PERFORMANCE.text,
    takes=_PERFORMANCE.takes,
    source=_LIST.source,
    steps=(
        services.API_LATENCY,
        ai.LATENCY,
        aks.NODE_CPU,
        aks.NODE_MEMORY,
        postgresql.CONNECTIONS_USED,
        postgresql.REPLICA_LAG,
        redis.HIT_RATIO,
        redis.SERVER_LOAD,
    ),
)

SECURITY = Item(
    id="security-alerts",
    title=_SECURITY.text,
    takes=_SECURITY.takes,
    source=_LIST.source,
    steps=(
        security.SECURITY_ALERTS,
        security.VAULT_EXPIRED,
        security.VAULT_NEAR_EXPIRY,
        security.GUESSED_ACCOUNTS,
        security.VAULT_DENIALS,
    ),
)

BACKUPS = Item(
    id="backups",
    title=_BACKUP.text,
    takes=_BACKUP.takes,
    source=_LIST.source,
    steps=(
        postgresql.BACKUP_STORAGE,
        postgresql.RECOVERY_POINT,
        redis.RDB_ERRORS,
        redis.AOF_ERRORS,
    ),
    by_hand=Text(
        ko="이 서버의 자동 백업이 언제 성공했는지 로그에 남지 않습니다. 당직이 포털의 Backup and restore에서 가장 이른 복원 시점과 마지막 백업을 봅니다.",
        en="No log says when the server's own backup last succeeded: whoever is on call looks at the earliest restore point and the last backup under Backup and restore in the portal.",
    ),
)
