"""Recovery: what a failover of the cache would lose."""

from alerts.actions import TEAMS
from kql import redis as pack
from kql import triage
from observability.model.alert import Alert, Category, Severity
from observability.model.checklist import MetricQuery
from observability.model.signal import Engine, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.signals import recovery


def _not_saved(id: str, what: Text, watches: Signal, errors: MetricQuery, impact: Text) -> Alert:
    return Alert(
        id=id,
        title=Text(ko=f"Redis {what.ko} 실패", en=f"Redis {what.en} Fails"),
        source=Derived(
            Text(
                ko="문서는 RDB 백업과 AOF를 켭니다. 오류 하나면 그때부터 지켜지지 않는 것입니다.",
                en="The document has RDB backups and AOF on. One error, and from then on it does not hold.",
            ),
            (Section("5.3.1"), Section("10.1.1")),
        ),
        watches=watches,
        engine=Engine.METRIC,
        above=Quantity(0, Unit.COUNT),
        window=minutes(15),
        every=minutes(5),
        severity=Severity.THREE,
        severity_source=Derived(
            Text(
                ko="지금은 아무도 느끼지 못하고, 캐시의 값은 데이터베이스에도 있습니다.",
                en="Nobody feels it now, and what is in the cache is in the database too.",
            ),
            (Section("10.2.1"),),
        ),
        category=Category.RESOURCE,
        actions=(TEAMS,),
        meaning=Text(ko=f"Redis가 {what.ko}에 실패하고 있습니다.", en=f"{what.en} fails in Redis."),
        impact=impact,
        because=Text(
            ko="Azure는 오류가 있을 때만 이 메트릭을 씁니다. 하나면 충분합니다. 오류가 그치면 값도 없어 스스로 해제되지 않으므로, 고친 뒤 사람이 닫습니다.",
            en="Azure writes this metric only when there are errors: one is enough. When they stop there is no value either, so it does not resolve by itself: close it once it is mended.",
        ),
        first_steps=(errors, pack.ERRORS, triage.AZURE_CHANGES, triage.FAILING_DEPENDENCIES),
    )


RDB_FAILING = _not_saved(
    "redis-rdb-failing",
    Text(ko="RDB 저장", en="Saving the RDB"),
    recovery.RDB_ERRORS,
    pack.RDB_ERRORS,
    Text(
        ko="지금 장애가 나면 마지막으로 저장된 시각 이후의 캐시를 잃고 세션이 끊깁니다.",
        en="A failure now loses all of the cache since the last save, and signs users out.",
    ),
)
AOF_FAILING = _not_saved(
    "redis-aof-failing",
    Text(ko="AOF 기록", en="Writing the AOF"),
    recovery.AOF_ERRORS,
    pack.AOF_ERRORS,
    Text(
        ko="지금 장애가 나면 1초가 아니라 마지막 RDB 이후를 잃습니다.",
        en="A failure now loses not a second but everything since the last RDB.",
    ),
)
