"""The monthly checks of document section 12.1.1, line for line."""

from kql import aks, cost, edge, postgresql, security, services, slo
from observability.design.operations import checklist
from observability.model.checklist import Item
from observability.model.query import Pack
from observability.model.text import Text
from observability.model.units import days

_LIST = checklist("month")
_COST, _RECOVERY, _CAPACITY, _AUDIT, _ARCHITECTURE = _LIST.items

PACK = Pack(title=_LIST.title, span=days(30))

COST = Item(
    id="cost-optimisation",
    title=_COST.text,
    takes=_COST.takes,
    source=_LIST.source,
    steps=(
        cost.VOLUME_TOTAL,
        cost.VOLUME_MONTH,
        cost.REQUESTS_PER_NODE,
    ),
    by_hand=Text(
        ko="달러 금액은 작업 영역에 없습니다. 비용 담당이 Cost Management에서 예산과 견주고 줄일 것을 정합니다.",
        en="The workspace holds no dollars: whoever owns the budget compares it in Cost Management and decides what to save.",
    ),
)

RECOVERY = Item(
    id="disaster-recovery-test",
    title=_RECOVERY.text,
    takes=_RECOVERY.takes,
    source=_LIST.source,
    steps=(
        postgresql.RECOVERY_POINT,
        postgresql.REPLICA_LAG,
    ),
    by_hand=Text(
        ko="시험은 사람이 합니다. 플랫폼 담당이 복구를 실제로 해 보고 걸린 시간과 잃은 데이터를 RTO와 RPO에 견줍니다.",
        en="People make the test: the platform engineer recovers for real, and holds the time and the lost data against RTO and RPO.",
    ),
)

CAPACITY = Item(
    id="capacity-plan",
    title=_CAPACITY.text,
    takes=_CAPACITY.takes,
    source=_LIST.source,
    steps=(
        aks.NODE_COUNT,
        aks.HPA,
        postgresql.STORAGE,
        services.THROUGHPUT,
    ),
)

AUDIT = Item(
    id="security-audit",
    title=_AUDIT.text,
    takes=_AUDIT.takes,
    source=_LIST.source,
    steps=(
        security.VAULT_EXPIRED,
        security.VAULT_NEAR_EXPIRY,
        security.SECURITY_ALERTS,
        security.DIRECTORY_CHANGES,
        security.SECRETS_READ,
        edge.RATE_BY_ADDRESS,
    ),
    by_hand=Text(
        ko="보안 담당이 권한 목록과 위 결과를 견주고, renewal-age를 --since 370d로 실행합니다.",
        en="The security owner holds these against the list of rights, and runs renewal-age with --since 370d.",
    ),
)

ARCHITECTURE = Item(
    id="architecture-review",
    title=_ARCHITECTURE.text,
    takes=_ARCHITECTURE.takes,
    source=_LIST.source,
    steps=(
        slo.AVAILABILITY_BUDGET,
        slo.ERROR_BUDGET,
        slo.LATENCY_BUDGET,
    ),
    by_hand=Text(
        ko="아키텍트가 남은 오류 예산과 tripobs findings의 목록으로 검토합니다.",
        en="The architect reviews it, with the error budget that is left and the list of tripobs findings.",
    ),
)
