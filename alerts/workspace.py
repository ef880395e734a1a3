"""The telemetry pipeline itself: an alert that says when the others are blind."""

from alerts.actions import PAGERDUTY, TEAMS
from kql import triage
from kql import workspace as pack
from observability.design.data import REDIS
from observability.design.telemetry import WORKSPACE
from observability.model.alert import Alert, Category, Example, Series, Severity
from observability.model.signal import Engine
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, minutes, percent
from observability.signals import exporter, workspace

DAILY_CAP_REACHED = Alert(
    id="daily-cap-reached",
    title=Text(ko="로그 일일 한도 도달", en="Daily Cap Reached"),
    source=Section("8.1.1", reading="R18"),
    watches=workspace.CAP_HITS,
    engine=Engine.LOG,
    above=Quantity(0, Unit.COUNT),
    window=minutes(15),
    # The table is a function over others, which Azure does not evaluate every minute.
    every=minutes(5),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="사용자는 느끼지 못하지만 로그 알림이 초기화 시각까지 울리지 못합니다.",
            en="Users do not feel it, but no log alert can fire until the reset hour.",
        ),
        (Section("8.1.1"), Section("10.2.1")),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="작업 영역이 일일 한도에 닿아 수집을 멈췄습니다.",
        en="The workspace hit its daily cap and has stopped taking data.",
    ),
    impact=Text(
        ko="오류율과 가용성 알림이 눈이 멉니다. Prometheus와 메트릭 알림은 그대로입니다.",
        en="The error-rate and availability alerts are blind. Prometheus and metric alerts go on.",
    ),
    because=Text(
        ko="한 번이면 멈춘 것입니다. 한도 자체는 문서의 값이고, 이 알림은 그 사건을 봅니다(R18).",
        en="Once means stopped. The cap is the document's value; this alert looks at the event of it (R18).",
    ),
    # The event is written once, as ingestion stops, and nothing is written when it goes on.
    closed_when=Text(
        ko="한도가 초기화되어 새 로그가 다시 들어오는 것을 본 뒤",
        en="the cap's day is over and new rows come in again",
    ),
    first_steps=(pack.CAP_HITS, pack.VOLUME_BY_TABLE, pack.VOLUME_AGAINST_CAP),
)

# Reading R18: here somebody can still do something.
_NEAR = percent(80)

DAILY_CAP_NEAR = Alert(
    id="daily-cap-near",
    title=Text(ko="로그 일일 한도 임박", en="Daily Cap Near"),
    source=Section("8.1.1", reading="R18"),
    watches=workspace.VOLUME_IN_ALL,
    engine=Engine.LOG,
    above=Quantity(round(_NEAR.to(Unit.RATIO) * WORKSPACE.daily_cap.to(Unit.GIGABYTES), 3), Unit.GIGABYTES),
    # The cap's day begins at an hour that Azure picks: 24 hours to now are never less than what it counts.
    window=days(1),
    every=minutes(30),
    severity=Severity.THREE,
    severity_source=Derived(
        Text(ko="아직 모든 로그가 들어옵니다.", en="All logs still come in."), (Section("8.1.1"), Section("10.2.1"))
    ),
    category=Category.RESOURCE,
    actions=(TEAMS,),
    meaning=Text(
        ko=f"지난 24시간의 과금 수집량이 일일 한도의 {_NEAR}를 넘었습니다.",
        en=f"The billable volume of the last 24 hours is above {_NEAR} of the daily cap.",
    ),
    impact=Text(
        ko="한도에 닿으면 로그가 멈추고 로그 알림이 눈이 멉니다. `tripobs forecast`가 맞는 샘플링을 알려 줍니다.",
        en="At the cap logs stop and log alerts are blind. `tripobs forecast` tells which sampling fits.",
    ),
    because=Text(
        ko="멈추기 전에 샘플링을 낮추거나 한도를 올릴 시간을 줍니다(R18).",
        en="It leaves time to sample less, or to raise the cap, before it stops (R18).",
    ),
    first_steps=(pack.VOLUME_AGAINST_CAP, pack.VOLUME_BY_TABLE, pack.SAMPLING),
)


def _unreadable(limit: float) -> tuple[Example, ...]:
    def read(collector: str, values: str) -> Series:
        return Series(f'{exporter.COLLECTOR_SUCCESS.name}{{collector="{collector}"}}', values)

    return (
        Example(
            "one store cannot be read, another can",
            (read("redis", "1x5 0x10"), read("postgresql", "1x15")),
            at=12,
            fires=({"collector": "redis"},),
        ),
        Example("a failover that takes as long as the document allows", (read("redis", "1x5 0 1x10"),), at=8),
        Example("there is no exporter", (Series('up{job="tripgen-exporter"}', "0x20"),), at=12),
    )


STORE_UNREADABLE = Alert(
    id="data-store-unreadable",
    title=Text(ko="저장소가 답하지 않음", en="Data Store Does Not Answer"),
    source=Derived(
        Text(
            ko=f"문서의 장애조치는 길어야 {REDIS.failover.within.total_seconds():.0f}초입니다. 그보다 오래 답하지 않으면 스스로 낫지 않은 것입니다.",
            en=f"A failover takes {REDIS.failover.within.total_seconds():.0f} s at most. What stays away longer has not healed by itself.",
        ),
        (Section("10.1.2"),),
    ),
    watches=exporter.STORE_READ,
    engine=Engine.PROMETHEUS,
    # A failover is a third of the window, so half of it is longer than any that ends by itself.
    below=percent(50),
    window=3 * REDIS.failover.within,
    every=minutes(1),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="요청의 일부가 느리거나 실패합니다. 전체 중단은 service-unavailable이 호출합니다.",
            en="Some requests are slow or fail; service-unavailable calls for a full outage.",
        ),
        (Section("10.2.1"),),
    ),
    category=Category.CRITICAL,
    actions=(TEAMS,),
    meaning=Text(
        ko="exporter가 PostgreSQL, Redis 또는 Service Bus를 읽지 못합니다.",
        en="The exporter cannot read PostgreSQL, Redis or Service Bus.",
    ),
    impact=Text(
        ko="저장소가 멈췄거나 네트워크, 비밀번호, 인증서가 바뀌었습니다. 이 저장소의 다른 메트릭 알림은 눈이 멉니다.",
        en="The store is down, or a network rule, password or certificate changed. Its other metric alerts are blind.",
    ),
    because=Text(
        ko="장애조치가 끝날 시간은 기다립니다. 사용자의 오류는 high-error-rate가 호출하므로 Teams에만 알립니다.",
        en="It waits as long as a failover takes. high-error-rate calls for users' errors, so only Teams is told.",
    ),
    first_steps=(triage.FAILING_DEPENDENCIES, triage.DATABASE_REFUSALS, triage.RECENT_CHANGES),
    examples=_unreadable,
)


def _missing(limit: float) -> tuple[Example, ...]:
    there = Series(f'{exporter.BUILD_INFO.name}{{role="cluster",version="1"}}', "1x20")
    gone = Series(there.series, "1x5 stale")
    return (
        Example("the exporter is gone", (gone,), at=15, fires=({"role": "cluster"},)),
        Example("the exporter is there", (there,), at=15),
    )


METRICS_MISSING = Alert(
    id="metrics-missing",
    title=Text(ko="메트릭이 들어오지 않음", en="Metrics Missing"),
    source=Derived(
        Text(
            ko="Prometheus 수집이 켜져 있어야 한다는 문서의 전제입니다. 공용 exporter가 보이지 않으면 그것을 읽는 알림이 모두 조용합니다.",
            en="The document has Prometheus collection enabled. While the shared exporter is not seen, every alert on it is quiet.",
        ),
        (Section("8.1.1"), Section("8.2.2")),
    ),
    watches=exporter.METRICS_MISSING,
    engine=Engine.PROMETHEUS,
    above=Quantity(0, Unit.COUNT),
    window=minutes(1),
    every=minutes(1),
    pending=minutes(5),
    severity=Severity.TWO,
    severity_source=Derived(
        Text(
            ko="사용자는 느끼지 못하지만 알림의 일부가 눈이 멉니다.",
            en="Users do not feel it, but some alerts are blind.",
        ),
        (Section("8.1.1"), Section("10.2.1")),
    ),
    category=Category.CRITICAL,
    actions=(PAGERDUTY, TEAMS),
    meaning=Text(
        ko="공용 exporter의 메트릭이 Azure Monitor에 없습니다.",
        en="There is no metric of the shared exporter in Azure Monitor.",
    ),
    impact=Text(
        ko="데이터베이스, 캐시, 큐의 알림과 자동 확장이 멈춥니다.",
        en="Alerts on databases, cache and queues stop, and so does the autoscaling.",
    ),
    because=Text(
        ko="Pod가 옮겨 다니는 몇 분은 기다립니다. 값이 없으면 다른 알림은 조용할 뿐이므로 따로 봅니다.",
        en="A pod that moves is given five minutes. Other alerts are only quiet when there is no value, so this one looks.",
    ),
    first_steps=(triage.BROKEN_PODS, triage.POD_EVENTS, triage.RECENT_CHANGES),
    examples=_missing,
)
