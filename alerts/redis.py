"""Redis: hits and room."""

from alerts.actions import TEAMS
from kql import redis as pack
from kql import triage
from observability.design import alerting
from observability.design.objectives import CACHE_HIT_MINIMUM
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.signals import redis


def _looked_up(hits: float, misses: float) -> tuple[Series, ...]:
    """Two shards with so many hits and misses a minute each."""
    return tuple(
        Series(f'{name}{{shard="{shard}"}}', f"0+{each:g}x20")
        for shard in (0, 1)
        for name, each in ((redis.HITS.name, hits), (redis.MISSES.name, misses))
    )


def _examples(limit: float) -> tuple[Example, ...]:
    share = round(100 * limit)
    return (
        Example("a little below the line", _looked_up(share - 2, 102 - share), at=15, fires=({},)),
        Example("above the line", _looked_up(share + 5, 95 - share), at=15),
        Example("nobody asks the cache for anything", _looked_up(0, 0), at=15),
        Example("the exporter sees no shard", (Series('up{job="tripgen-exporter"}', "0x20"),), at=15),
    )


CACHE_HITS_LOW = Alert(
    id="cache-hit-ratio-low",
    title=Text(ko="낮은 캐시 히트율", en="Low Cache Hit Ratio"),
    source=CACHE_HIT_MINIMUM.source,
    watches=redis.CACHE_HIT_RATIO,
    engine=Engine.PROMETHEUS,
    below=CACHE_HIT_MINIMUM.value,
    window=minutes(10),
    every=minutes(1),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="데이터베이스가 대신 답하므로 느려질 뿐입니다.", en="The database answers instead: slower, not broken."
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(ko="캐시가 찾는 값을 자주 갖고 있지 않습니다.", en="The cache often does not have what is asked for."),
    impact=Text(
        ko="응답이 느려지고 데이터베이스의 부하가 늘어납니다.",
        en="Answers are slower, and the database has more to do.",
    ),
    because=Text(
        ko="문서의 알림 기준입니다(R20). 배포 뒤 잠시 빈 캐시로 울리지 않도록 길게 봅니다.",
        en="The document's alert line (R20). The window is long enough for a cache that is cold after a release.",
    ),
    first_steps=(
        pack.MISSES_BY_SHARD,
        pack.HITS_BY_SHARD,
        pack.EVICTIONS,
        triage.RECENT_CHANGES,
        triage.SLOW_OPERATIONS,
    ),
    causes=("redis-memory-high",),
    examples=_examples,
)

REDIS_MEMORY_HIGH = Alert(
    id="redis-memory-high",
    title=Text(ko="Redis 메모리 부족", en="Redis Memory High"),
    source=Derived(
        Text(
            ko="문서는 캐시의 기준을 따로 주지 않으므로 자원 알림의 메모리 기준을 댑니다. 바이트가 아니라 비율로 봅니다(R15).",
            en="The document gives the cache no line of its own, so its line for memory is held against it; as a share, "
            "never in bytes (R15).",
        ),
        (Section("8.1.2"), Section("5.2.1", reading="R15")),
    ),
    watches=redis.MEMORY,
    engine=Engine.METRIC,
    above=alerting.MEMORY.limit,
    window=alerting.MEMORY.window,
    every=minutes(1),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(
            ko="아직 키가 밀려나지 않았고 사용자는 느끼지 못합니다.",
            en="No key is evicted yet, and users do not feel it.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(ko="한 샤드의 메모리가 거의 찼습니다.", en="A shard's memory is almost full."),
    impact=Text(
        ko="다 차면 키가 밀려나 히트율이 떨어지고, 세션이 사라지면 사용자가 다시 로그인합니다.",
        en="When it is full keys are evicted: fewer hits, and where sessions go, users sign in again.",
    ),
    because=Text(
        ko="자원 알림의 메모리 값을 Azure가 내는 대로 샤드마다 봅니다.",
        en="The resource alerts' value for memory, read as Azure emits it, a shard at a time.",
    ),
    first_steps=(pack.MEMORY_BY_SHARD, pack.EVICTIONS, triage.FAILING_DEPENDENCIES, triage.RECENT_CHANGES),
)
