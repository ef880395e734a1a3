"""The objectives of phase 1 as SLOs over a month."""

from kql import slo
from observability.design.objectives import PHASE_1, RESPONSE_PERCENTILE
from observability.model.alert import Slo
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit, days

# Section 2.1 allows 43 minutes a month: 0.1 % of 30 days.
PERIOD = days(30)
# "95%ile within" is an objective of 95 % of requests in time.
P95 = RESPONSE_PERCENTILE.value.to(Unit.RATIO)

AVAILABILITY = Slo(
    id="slo-availability",
    title=Text(ko="가용성", en="Availability"),
    objective=PHASE_1.availability,
    period=PERIOD,
    watches=slo.CHECKS,
    source=Section("2.1"),
)

ERRORS = Slo(
    id="slo-errors",
    title=Text(ko="오류 없는 요청", en="Requests without error"),
    objective=round(1 - PHASE_1.error_rate, 12),
    period=PERIOD,
    watches=slo.REQUESTS,
    source=Section("13.1.1", reading="R19"),
)

API_LATENCY = Slo(
    id="slo-api-latency",
    title=Text(ko="제때 끝난 API 요청", en="API requests in time"),
    objective=P95,
    period=PERIOD,
    watches=slo.FAST_REQUESTS,
    source=Section("14"),
)

AI_LATENCY = Slo(
    id="slo-ai-latency",
    title=Text(ko="제때 끝난 AI 서비스 HTTP 요청", en="HTTP requests of the ai service in time"),
    objective=P95,
    period=PERIOD,
    watches=slo.FAST_ITINERARIES,
    source=Section("14"),
)
