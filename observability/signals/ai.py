"""The ai service: how long an itinerary takes, and the models behind it."""

from observability.model.exporter import FAILURE
from observability.model.signal import Instrument, InstrumentKind, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

AI_RESPONSE = Instrument(
    name="tripgen_ai_response_seconds",
    kind=InstrumentKind.HISTOGRAM,
    unit=Unit.SECONDS,
    help=Text(
        ko="AI 서비스가 요청을 받은 때부터 일정이 완성될 때까지의 시간.",
        en="Time from the ai service accepting a request to the finished itinerary.",
    ),
    source=Section("8.2.2"),
    bounds=(0.5, 1, 2, 3, 5, 8, 13, 30),
)

EXTERNAL_CALL = Instrument(
    name="tripgen_external_call_seconds",
    kind=InstrumentKind.HISTOGRAM,
    unit=Unit.SECONDS,
    help=Text(ko="외부 API 호출 시간.", en="Duration of calls to each external API."),
    source=Section("8.2.2"),
    labels=("api", "outcome"),
    # The document names the metric only; the ai bounds cover the slowest of these calls, and one set of bounds
    # lets the two be laid over each other.
    bounds=AI_RESPONSE.bounds,
)

AI_RESPONSE_TIME = Signal(
    name="ai_response_time",
    title=Text(ko="AI 응답시간 p95", en="AI response time p95"),
    unit=Unit.SECONDS,
    help=Text(
        ko="AI 일정 생성 응답시간의 95 백분위.",
        en="95th percentile of the time the ai service takes for an itinerary.",
    ),
    source=Section("8.2.2", reading="R2"),
    promql=PromQL(expr="histogram_quantile(0.95, sum by (le) (rate(tripgen_ai_response_seconds_bucket[$window])))"),
    recorded=True,
)

AI_RESPONSE_RATE = Signal(
    name="ai_response_rate",
    title=Text(ko="AI 일정 생성량", en="Itineraries a second"),
    unit=Unit.PER_SECOND,
    help=Text(ko="초당 완성된 AI 일정 수.", en="Itineraries that the ai service finished, a second."),
    source=Section("8.2.2"),
    promql=PromQL(expr="sum(rate(tripgen_ai_response_seconds_count[$window]))"),
)

EXTERNAL_API_LATENCY = Signal(
    name="external_api_latency",
    title=Text(ko="외부 API 지연 p95", en="External API latency p95"),
    unit=Unit.SECONDS,
    help=Text(
        ko="외부 API별 호출 시간의 95 백분위.", en="95th percentile of the duration of calls, for each external API."
    ),
    source=Section("8.2.2"),
    promql=PromQL(
        expr="histogram_quantile(0.95, sum by (le, api) (rate(tripgen_external_call_seconds_bucket[$window])))",
        by=("api",),
    ),
    recorded=True,
)

EXTERNAL_API_FAILURES = Signal(
    name="external_api_failure_rate",
    title=Text(ko="외부 API 실패율", en="External API failure rate"),
    unit=Unit.PERCENT,
    help=Text(
        ko="외부 API별 실패한 호출의 비율. 서킷 브레이커가 보는 값입니다.",
        en="Share of calls that failed, for each external API; what the circuit breaker looks at.",
    ),
    source=Derived(
        Text(
            ko="서킷 브레이커의 조건(외부 API 실패율)을 그대로 잽니다.",
            en="Measures the circuit breaker's own trigger.",
        ),
        (Section("12.2.2"),),
    ),
    promql=PromQL(
        expr=(
            f'100 * sum by (api) (rate(tripgen_external_call_seconds_count{{outcome="{FAILURE}"}}[$window]))'
            " / sum by (api) (rate(tripgen_external_call_seconds_count[$window]))"
        ),
        by=("api",),
    ),
)
