"""What the objectives count: the share of events that were bad, and on Prometheus the rates behind it, recorded.

A rate is recorded each minute, so that the days which a slow burn looks back on are one sample a minute and not every
scrape of every pod.
"""

from observability.design.objectives import PHASE
from observability.design.services import AI
from observability.model.query import Kql
from observability.model.signal import PromQL, Signal
from observability.model.source import Section, Source
from observability.model.text import Text
from observability.model.units import Unit, number
from observability.signals.ai import AI_RESPONSE
from observability.signals.redis import HITS, MISSES
from observability.signals.services import FAILED, HTTP_REQUESTS

_ERRORS = Section("13.1.1", reading="R19")
_LATENCY = Section("14")
_CACHE = Section("14", reading="R20")
_AI_SECONDS = PHASE.ai_p95.to(Unit.SECONDS)
if _AI_SECONDS not in AI_RESPONSE.bounds:
    raise ValueError(
        f"{AI_RESPONSE.name} has no bound at {_AI_SECONDS:g} s, the objective; add it to observability/signals/ai.py"
    )


_SERVICE = {"service": "AppRoleName"}


def _share(rows: str, bad: str, by: dict[str, str], **params: float | str) -> Kql:
    """Bad events among all; ``bad`` is a predicate on a row."""
    return Kql(
        rows=rows,
        summarize=f"total = sum(ItemCount), bad = sumif(ItemCount, {bad})",
        by=by,
        result="| extend value = 100.0 * bad / total",
        params=params,
    )


def _recorded(name: str, title: Text, source: Source, expr: str, *by: str) -> Signal:
    return Signal(
        name=name,
        title=title,
        unit=Unit.PER_SECOND,
        help=title,
        source=source,
        promql=PromQL(expr=expr, by=by),
        recorded=True,
    )


REQUESTS_BAD_RATE = _recorded(
    "slo_requests_bad_rate",
    Text(ko="5xx로 끝난 요청, 초당", en="Requests that ended in 5xx, a second"),
    _ERRORS,
    f'sum by (service) (rate({HTTP_REQUESTS.name}{{outcome="server_error"}}[$window]))',
    "service",
)
REQUESTS_RATE = _recorded(
    "slo_requests_rate",
    Text(ko="모든 요청, 초당", en="All requests, a second"),
    _ERRORS,
    f"sum by (service) (rate({HTTP_REQUESTS.name}[$window]))",
    "service",
)
ITINERARIES_LATE_RATE = _recorded(
    "slo_itineraries_late_rate",
    Text(ko="목표보다 늦게 완성된 일정, 초당", en="Itineraries later than the objective, a second"),
    _LATENCY,
    f"sum(rate({AI_RESPONSE.name}_count[$window]))"
    # OpenMetrics writes a bound as 5.0, the older text format as 5.
    f' - sum(rate({AI_RESPONSE.name}_bucket{{le=~"{number(_AI_SECONDS)}([.]0)?"}}[$window]))',
)
ITINERARIES_RATE = _recorded(
    "slo_itineraries_rate",
    Text(ko="모든 일정, 초당", en="All itineraries, a second"),
    _LATENCY,
    f"sum(rate({AI_RESPONSE.name}_count[$window]))",
)
CACHE_MISSES_RATE = _recorded(
    "slo_cache_misses_rate",
    Text(ko="캐시 실패, 초당", en="Cache misses, a second"),
    _CACHE,
    f"sum(rate({MISSES.name}[$window]))",
)
CACHE_LOOKUPS_RATE = _recorded(
    "slo_cache_lookups_rate",
    Text(ko="모든 캐시 조회, 초당", en="All cache look-ups, a second"),
    _CACHE,
    f"sum(rate({HITS.name}[$window])) + sum(rate({MISSES.name}[$window]))",
)

CHECKS_FAILED = Signal(
    name="slo_checks_failed",
    title=Text(ko="실패한 점검의 비율", en="Share of checks that failed"),
    unit=Unit.PERCENT,
    help=Text(
        ko="공개 엔드포인트별 합성 점검 중 실패한 비율.", en="Share of each public endpoint's checks that failed."
    ),
    source=Section("2.1", reading="R4"),
    kql=_share("AppAvailabilityResults", "Success == false", {"check": "Name"}),
)
REQUESTS_FAILED = Signal(
    name="slo_requests_failed",
    title=Text(ko="실패한 요청의 비율", en="Share of requests that failed"),
    unit=Unit.PERCENT,
    help=Text(
        ko="5xx로 끝났거나 응답이 없는 요청의 비율.", en="Share of requests that ended in 5xx or without an answer."
    ),
    source=_ERRORS,
    kql=_share(f"AppRequests\n| extend failed = {FAILED}", "failed", _SERVICE),
    promql=PromQL(
        expr=f"100 * sum_over_time({REQUESTS_BAD_RATE.name}[$window]) / sum_over_time({REQUESTS_RATE.name}[$window])",
        by=("service",),
        reads=(REQUESTS_BAD_RATE, REQUESTS_RATE),
    ),
)
API_REQUESTS_LATE = Signal(
    name="slo_api_requests_late",
    title=Text(ko="늦은 API 요청의 비율", en="Share of API requests that were late"),
    unit=Unit.PERCENT,
    help=Text(
        ko="목표보다 오래 걸린 API 요청의 비율.", en="Share of API requests that took longer than the objective."
    ),
    source=_LATENCY,
    kql=_share(
        "AppRequests\n| where AppRoleName != ai_role",
        "DurationMs > limit_ms",
        _SERVICE,
        ai_role=AI.role,
        limit_ms=PHASE.api_p95.to(Unit.MILLISECONDS),
    ),
)
ITINERARIES_LATE = Signal(
    name="slo_itineraries_late",
    title=Text(ko="늦은 일정의 비율", en="Share of itineraries that were late"),
    unit=Unit.PERCENT,
    help=Text(ko="목표보다 오래 걸린 AI 일정의 비율.", en="Share of itineraries that took longer than the objective."),
    source=_LATENCY,
    promql=PromQL(
        expr=f"100 * sum_over_time({ITINERARIES_LATE_RATE.name}[$window]) / sum_over_time({ITINERARIES_RATE.name}[$window])",
        reads=(ITINERARIES_LATE_RATE, ITINERARIES_RATE),
    ),
)
CACHE_MISSED = Signal(
    name="slo_cache_missed",
    title=Text(ko="캐시에 없던 조회의 비율", en="Share of look-ups that the cache missed"),
    unit=Unit.PERCENT,
    help=Text(ko="여섯 샤드를 합친 캐시 실패의 비율.", en="Share of misses, the six shards taken together."),
    source=_CACHE,
    promql=PromQL(
        expr=f"100 * sum_over_time({CACHE_MISSES_RATE.name}[$window]) / sum_over_time({CACHE_LOOKUPS_RATE.name}[$window])",
        reads=(CACHE_MISSES_RATE, CACHE_LOOKUPS_RATE),
    ),
)
