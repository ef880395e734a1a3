"""PostgreSQL: connections left."""

from alerts.actions import PAGERDUTY, SCALE_DATABASE, TEAMS
from kql import postgresql as pack
from kql import triage
from observability.design.data import POSTGRESQL
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes, percent, seconds_of
from observability.signals import postgresql


def _server(role: str, *, used: float, most: float = 1000) -> tuple[Series, ...]:
    """A server with ``used`` of ``most`` connections, a quarter of them idle."""
    return (
        Series(f'tripgen_postgresql_connections{{role="{role}",state="active"}}', f"{used * 0.75:g}x20"),
        Series(f'tripgen_postgresql_connections{{role="{role}",state="idle"}}', f"{used * 0.25:g}x20"),
        Series(f'tripgen_postgresql_connections_max{{role="{role}"}}', f"{most:g}x20"),
    )


def _examples(limit: float) -> tuple[Example, ...]:
    return (
        Example(
            "one server is just above the limit, another is not",
            _server("primary", used=1000 * limit + 8) + _server("replica_1", used=100),
            at=10,
            fires=({"role": "primary"},),
        ),
        Example("exactly at the limit", _server("primary", used=1000 * limit), at=10),
        Example(
            "the exporter's pod is replaced at half the limit",
            (
                Series(
                    'tripgen_postgresql_connections{role="primary",state="active",pod="a"}', f"{500 * limit:g}x10 stale"
                ),
                Series(
                    'tripgen_postgresql_connections{role="primary",state="active",pod="b"}', f"_x10 {500 * limit:g}x10"
                ),
                Series('tripgen_postgresql_connections_max{role="primary"}', "1000x20"),
            ),
            at=12,
        ),
        Example(
            "one state takes over from another at half the limit",
            (
                Series('tripgen_postgresql_connections{role="primary",state="active"}', f"{500 * limit:g}x10 stale"),
                Series('tripgen_postgresql_connections{role="primary",state="idle"}', f"_x10 {500 * limit:g}x10"),
                Series('tripgen_postgresql_connections_max{role="primary"}', "1000x20"),
            ),
            at=12,
        ),
        Example(
            "a spike of one minute",
            (
                Series('tripgen_postgresql_connections{role="primary",state="active"}', f"100x8 {1000:g} 100x10"),
                Series('tripgen_postgresql_connections_max{role="primary"}', "1000x20"),
            ),
            at=10,
        ),
        Example("the exporter sees no server", (Series('up{job="tripgen-exporter"}', "0x20"),), at=10),
    )


DATABASE_CONNECTION_POOL_EXHAUSTED = Alert(
    id="database-connection-pool-exhausted",
    title=Text(ko="DB 연결 풀 소진", en="Database Connection Pool Exhausted"),
    source=Section("8.1.2", reading="R7"),
    watches=postgresql.DATABASE_CONNECTION_POOL,
    engine=Engine.PROMETHEUS,
    above=percent(80),
    window=minutes(5),
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="남은 연결이 없으면 모든 서비스의 요청이 실패하기 시작합니다.",
            en="With no connection left, requests of every service begin to fail.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.RESOURCE,
    actions=(SCALE_DATABASE, TEAMS),
    meaning=Text(
        ko="PostgreSQL 서버의 연결 중 사용 중인 비율이 한계를 넘었습니다.",
        en="The share of a PostgreSQL server's connections in use is above the limit.",
    ),
    impact=Text(
        ko="곧 새 연결이 거절되어 요청이 실패합니다.", en="Soon new connections will be refused, and requests fail."
    ),
    because=Text(
        ko="문서의 값입니다. Azure의 max_connections 메트릭은 30분 단위라 쓸 수 없어서, exporter가 사용 중인 연결과 최대 연결을 잽니다.",
        en="The document's value. Azure's max_connections metric comes only every 30 minutes, so the exporter measures both "
        "the connections in use and those allowed.",
    ),
    first_steps=(triage.DATABASE_SESSIONS, triage.DATABASE_REFUSALS, triage.SLOW_OPERATIONS),
    examples=_examples,
)


def _lagging(limit: float) -> tuple[Example, ...]:
    def lag(role: str, seconds: float) -> Series:
        return Series(f'tripgen_postgresql_replication_lag_seconds{{role="{role}"}}', f"2x5 {seconds:g}x15")

    return (
        Example(
            "one replica is behind, the other is not",
            (lag("replica_1", limit + 60), lag("replica_2", 1)),
            at=12,
            fires=({"role": "replica_1"},),
        ),
        Example("exactly as far behind as allowed", (lag("replica_1", limit),), at=12),
        Example("the exporter sees no replica", (Series('up{job="tripgen-exporter"}', "0x20"),), at=12),
    )


REPLICA_LAGS = Alert(
    id="replica-lag",
    title=Text(ko="복제 지연", en="Replication Lag"),
    source=POSTGRESQL.replication.source,
    watches=postgresql.REPLICA_LAG,
    engine=Engine.PROMETHEUS,
    above=seconds_of(POSTGRESQL.replication.lag.total_seconds()),
    window=minutes(1),
    every=minutes(1),
    pending=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="복구 목표 시점(RPO)이 위태롭고, 읽기가 낡은 값을 돌려줍니다.",
            en="The recovery point is at risk, and reads return old values.",
        ),
        (Section("10.1.1"), Section("10.2.1")),
    ),
    category=Category.RESOURCE,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="복제본이 문서가 허용하는 것보다 뒤처졌습니다.", en="A replica is further behind than the document allows."
    ),
    impact=Text(
        ko="복제본에서 읽는 사용자가 낡은 여행 일정을 봅니다. 지금 주 서버를 잃으면 그만큼의 데이터도 잃습니다.",
        en="Users who are served from the replica see old trips. If the primary were lost now, so much data would be too.",
    ),
    because=Text(
        ko="문서의 복제 지연 허용치입니다. 한 번의 재연결로 울리지 않도록 한 번 더 평가합니다.",
        en="The document's limit. It is evaluated once more, so that a reconnect does not page.",
    ),
    first_steps=(pack.REPLICA_LAG, pack.REPLICA_LAG_BYTES, triage.DATABASE_SESSIONS, triage.SLOW_OPERATIONS),
    examples=_lagging,
)
