"""The weekly checks of document section 12.1.1, line for line."""

from kql import ai, aks, cost, postgresql, redis, service_bus, services, workspace
from observability.design.operations import checklist
from observability.model.checklist import Item
from observability.model.query import Pack
from observability.model.text import Text
from observability.model.units import days

_LIST = checklist("week")
_CAPACITY, _BACKUP, _PATCHES, _TUNING, _COST = _LIST.items

PACK = Pack(title=_LIST.title, span=days(7))

CAPACITY = Item(
    id="capacity",
    title=_CAPACITY.text,
    takes=_CAPACITY.takes,
    source=_LIST.source,
    steps=(
        aks.NODE_COUNT,
        aks.HPA,
        aks.NODE_DISK,
        postgresql.STORAGE,
        redis.MEMORY,
        service_bus.SIZE,
        services.THROUGHPUT,
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
        ko="플랫폼 담당이 포털에서 복원 시점을 확인하고, 한 번은 시험 복원을 합니다.",
        en="The platform engineer checks the restore points in the portal, and tries one restore.",
    ),
)

PATCHES = Item(
    id="security-patches",
    title=_PATCHES.text,
    takes=_PATCHES.takes,
    source=_LIST.source,
    by_hand=Text(
        ko="어떤 로그에도 남지 않습니다. 플랫폼 담당이 az aks get-upgrades, 노드 이미지 버전, Defender for Cloud의 권장 사항을 보고 적용합니다.",
        en="No data source answers this: the platform engineer looks at az aks get-upgrades, the node image's version and Defender for Cloud's recommendations, and applies them.",
    ),
)

TUNING = Item(
    id="performance-tuning",
    title=_TUNING.text,
    takes=_TUNING.takes,
    source=_LIST.source,
    steps=(
        services.API_LATENCY,
        ai.LATENCY,
        ai.PROVIDERS,
        postgresql.SLOW_QUERIES,
        postgresql.CPU,
        redis.HIT_RATIO,
        services.SLOWEST,
    ),
)

COST = Item(
    id="cost",
    title=_COST.text,
    takes=_COST.takes,
    source=_LIST.source,
    steps=(
        cost.VOLUME_TOTAL,
        workspace.VOLUME_AGAINST_CAP,
        workspace.SAMPLING,
    ),
    by_hand=Text(
        ko="달러 금액은 작업 영역에 없습니다. 비용 담당이 Cost Management에서 예산과 견줍니다.",
        en="The workspace holds no dollars: whoever owns the budget compares it in Cost Management.",
    ),
)
