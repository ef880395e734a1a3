"""The exporter about itself: whether its sources answer and what it holds."""

from observability.model.signal import Instrument, InstrumentKind, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

_OWN_STATE = Derived(
    Text(
        ko="지표를 모으는 쪽이 멈추면 알림이 눈이 멀므로, 자신의 상태도 내보냅니다.",
        en="Alerts go blind when the collecting stops, so the exporter also reports on itself.",
    ),
    (Section("8.1.1"), Section("8.2.2")),
)


def _own(name: str, kind: InstrumentKind, unit: Unit, ko: str, en: str, *labels: str) -> Instrument:
    return Instrument(
        name=f"tripgen_exporter_{name}", kind=kind, unit=unit, help=Text(ko=ko, en=en), source=_OWN_STATE, labels=labels
    )


COLLECTOR_SUCCESS = _own(
    "collector_success",
    InstrumentKind.GAUGE,
    Unit.COUNT,
    "마지막 수집이 성공했으면 1, 아니면 0.",
    "1 if the last round of the collector succeeded, else 0.",
    "collector",
)
COLLECTOR_DURATION = _own(
    "collector_duration_seconds",
    InstrumentKind.GAUGE,
    Unit.SECONDS,
    "마지막 수집에 걸린 시간.",
    "How long the last round of the collector took.",
    "collector",
)
COLLECTOR_LAST_SUCCESS = _own(
    "collector_last_success_timestamp_seconds",
    InstrumentKind.GAUGE,
    Unit.SECONDS,
    "마지막으로 성공한 수집의 시각(Unix 초).",
    "When the collector last succeeded, in Unix seconds.",
    "collector",
)
SERIES = _own("series", InstrumentKind.GAUGE, Unit.COUNT, "내보내는 시계열의 수.", "Series on the page.")
SERIES_FOLDED = _own(
    "series_folded_total",
    InstrumentKind.COUNTER,
    Unit.COUNT,
    "한도를 넘어 other로 합친 라벨 조합의 수.",
    "Label sets folded into 'other' because the page was full.",
)
EVENTS_ACCEPTED = _own(
    "events_accepted_total",
    InstrumentKind.COUNTER,
    Unit.COUNT,
    "받아들인 비즈니스 이벤트, 종류별.",
    "Business events accepted, by kind.",
    "kind",
)
EVENTS_REFUSED = _own(
    "events_refused_total",
    InstrumentKind.COUNTER,
    Unit.COUNT,
    "거절한 비즈니스 이벤트, 이유별.",
    "Business events refused, by reason.",
    "reason",
)
QUEUE_LENGTH = _own(
    "queue_length",
    InstrumentKind.GAUGE,
    Unit.COUNT,
    "받아들이고 아직 세지 않은 이벤트의 수.",
    "Events accepted and not yet counted.",
)
PUSH_SUCCESS = _own(
    "push_success",
    InstrumentKind.GAUGE,
    Unit.COUNT,
    "Azure Monitor가 마지막 전송을 받았으면 1, 아니면 0.",
    "1 if Azure Monitor took the last push, else 0.",
)
PUSH_LAST_SUCCESS = _own(
    "push_last_success_timestamp_seconds",
    InstrumentKind.GAUGE,
    Unit.SECONDS,
    "Azure Monitor가 마지막으로 전송을 받은 시각(Unix 초).",
    "When Azure Monitor last took a push, in Unix seconds.",
)
PUSH_BUFFER = _own(
    "push_buffer_bytes",
    InstrumentKind.GAUGE,
    Unit.BYTES,
    "Azure Monitor가 아직 받지 않아 디스크에 둔 양(바이트).",
    "What Azure Monitor has not taken yet and is kept on disk, in bytes.",
)
BUILD_INFO = _own(
    "build_info",
    InstrumentKind.GAUGE,
    Unit.COUNT,
    "항상 1. 라벨이 버전과 역할입니다.",
    "Always 1; the labels tell version and role.",
    "version",
    "role",
)

STORE_READ = Signal(
    name="exporter_reads_succeeded",
    title=Text(ko="저장소를 읽은 비율", en="Reads of a store that succeeded"),
    unit=Unit.PERCENT,
    help=Text(
        ko="수집기가 저장소(PostgreSQL, Redis, Service Bus)를 읽은 비율.",
        en="Share of the time in which the collector could read its store (PostgreSQL, Redis, Service Bus).",
    ),
    source=_OWN_STATE,
    promql=PromQL(
        expr=f"100 * max by (collector) (avg_over_time({COLLECTOR_SUCCESS.name}[$window]))", by=("collector",)
    ),
)
METRICS_MISSING = Signal(
    name="exporter_missing",
    title=Text(ko="exporter의 메트릭이 없음", en="No metrics of the exporter"),
    unit=Unit.COUNT,
    help=Text(
        ko="공용 exporter의 메트릭이 하나도 없으면 1. 있으면 아무것도 없습니다.",
        en="1 while there is no metric of the shared exporter; nothing while there is.",
    ),
    source=_OWN_STATE,
    promql=PromQL(expr=f'absent({BUILD_INFO.name}{{role="cluster"}})', by=("role",)),
)
