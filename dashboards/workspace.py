"""The telemetry pipeline itself: volume against the cap, sampling in effect, delay, failures."""

from kql import workspace as queries
from observability.design.telemetry import TRACING_SAMPLING, WORKSPACE
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours
from observability.signals import workspace

CAP = Goal(
    title=Text(ko="일일 수집 한도", en="Daily cap"),
    value=WORKSPACE.daily_cap,
    bound=Bound.BELOW,
    source=WORKSPACE.source,
)
SAMPLING_RATE = Goal(
    title=Text(ko="에이전트에 설정한 샘플링 비율", en="Sampling rate set in the agents"),
    value=TRACING_SAMPLING.rate,
    bound=Bound.AROUND,
    source=TRACING_SAMPLING.source,
)
NO_QUERY_FAILS = Goal(
    title=Text(ko="실패한 조회 없음", en="No failed query"),
    value=Quantity(1, Unit.COUNT),
    bound=Bound.BELOW,
    source=Derived(
        Text(
            ko="알림의 조회가 계속 실패하면 Azure가 그 알림을 끕니다.",
            en="Azure turns off an alert whose query keeps failing.",
        ),
        (Section("8.1.1"),),
    ),
)

DASHBOARD = Dashboard(
    id="tripgen-workspace",
    title=Text(ko="tripgen · 텔레메트리 파이프라인", en="tripgen · Telemetry pipeline"),
    description=Text(
        ko="수집량과 일일 한도, 실제 샘플링 비율, 수집 지연, 실패한 조회. 여기가 멈추면 로그 알림은 눈이 멉니다.",
        en="Volume against the daily cap, sampling in effect, ingestion delay and failed queries. When this stops, log "
        "alerts are blind.",
    ),
    source=Section("8.1.1"),
    last="24h",
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="지난 24시간 수집량", en="Volume of the last 24 hours"),
                    shows=workspace.VOLUME_IN_ALL,
                    kind=Kind.GAUGE,
                    line_of=("daily-cap-near",),
                    goals=(CAP,),
                    last="24h",
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="실제 샘플링 비율", en="Sampling in effect"),
                    shows=workspace.SAMPLING,
                    kind=Kind.STAT,
                    goals=(SAMPLING_RATE,),
                    last="1h",
                    width=6,
                    height=6,
                ),
                Panel(
                    title=Text(ko="실패한 조회", en="Failed queries"),
                    shows=workspace.QUERY_FAILURES,
                    kind=Kind.STAT,
                    goals=(NO_QUERY_FAILS,),
                    last="1h",
                    width=4,
                    height=6,
                ),
                Panel(
                    title=Text(ko="한도와 수집 문제", en="Cap and ingestion events"),
                    shows=queries.CAP_EVENTS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=8,
                    height=6,
                ),
            ),
        ),
        Row(
            title=Text(ko="수집량", en="Volume"),
            panels=(
                Panel(
                    title=Text(ko="테이블별 수집량", en="Volume by table"),
                    shows=workspace.VOLUME,
                    description=Text(
                        ko="테이블별 과금 수집량. 사용량은 한 시간마다 기록되므로 점 하나가 적어도 한 시간입니다.",
                        en="Billable data by table. Usage is written once an hour, so a point is an hour or more.",
                    ),
                    step=hours(1),
                    width=12,
                ),
                Panel(
                    title=Text(ko="하루와 테이블별 수집량", en="Volume by day and table"),
                    shows=queries.VOLUME_BY_TABLE,
                    kind=Kind.TABLE,
                    last="7d",
                    width=12,
                ),
            ),
        ),
        Row(
            title=Text(ko="샘플링", en="Sampling"),
            panels=(
                Panel(
                    title=Text(ko="서비스별 실제 샘플링 비율", en="Sampling in effect by service"),
                    shows=workspace.SAMPLING,
                    goals=(SAMPLING_RATE,),
                    step=hours(1),
                    width=12,
                ),
                Panel(
                    title=Text(ko="저장된 요청과 대표하는 요청", en="Requests stored, and those they stand for"),
                    shows=queries.SAMPLING_BY_SERVICE,
                    kind=Kind.TABLE,
                    width=12,
                ),
            ),
        ),
        Row(
            title=Text(ko="지연과 실패", en="Delay and failures"),
            panels=(
                Panel(title=Text(ko="수집 지연", en="Ingestion delay"), shows=workspace.INGESTION_DELAY, width=12),
                Panel(
                    title=Text(ko="실패한 조회", en="Failed queries"),
                    shows=workspace.QUERY_FAILURES,
                    goals=(NO_QUERY_FAILS,),
                    width=12,
                ),
            ),
        ),
    ),
)
