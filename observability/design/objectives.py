"""What the system promises, phase by phase (section 13), and the goals of sections 11 and 14."""

from __future__ import annotations

import math
import os

from observability import PHASE_VARIABLE
from observability.design.operations import BUDGET
from observability.model.operations import Phase, Target
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, milliseconds, minutes, percent, seconds_of

# Only section 14 says which percentile the response times of every phase mean.
RESPONSE_PERCENTILE = Target(
    title=Text(ko="응답시간 목표의 백분위", en="Percentile that response time goals speak of"),
    value=percent(95),
    source=Section("14"),
)

PHASE_1 = Phase(
    number=1,
    focus=Text(ko="안정적인 운영환경 구축", en="A stable production environment"),
    from_month=0,
    to_month=6,
    availability=0.999,
    ai_p95=seconds_of(5),
    api_p95=milliseconds(200),
    error_rate=0.001,
    throughput=Quantity(1_000, Unit.PER_SECOND),
    users=50_000,
    source=Section("13.1.1", reading="R19"),
)
PHASE_2 = Phase(
    number=2,
    focus=Text(ko="성능 최적화 및 확장", en="Faster and larger"),
    from_month=PHASE_1.to_month,
    to_month=12,
    availability=0.9995,
    ai_p95=seconds_of(2),
    api_p95=milliseconds(100),
    error_rate=PHASE_1.error_rate,  # not stated; an objective once reached is not given up
    throughput=Quantity(5_000, Unit.PER_SECOND),
    users=100_000,  # sections 2.1 and 14 already name this figure as the size of the environment
    cost_saving=0.30,
    carried=("error_rate",),
    source=Section("13.1.2"),
)
PHASE_3 = Phase(
    number=3,
    focus=Text(ko="글로벌 확장 및 엔터프라이즈 기능", en="Global reach and enterprise features"),
    from_month=PHASE_2.to_month,
    to_month=18,
    availability=0.9999,
    ai_p95=PHASE_2.ai_p95,  # not stated
    # Stated as the global response time: looser than phase 2, as it crosses regions.
    api_p95=milliseconds(200),
    error_rate=PHASE_2.error_rate,  # not stated
    throughput=Quantity(10_000, Unit.PER_SECOND),
    users=1_000_000,
    cost_saving=None,  # not stated; phase 2's saving is a change once made, not a state to hold
    carried=("ai_p95", "error_rate"),
    source=Section("13.1.3"),
)
PHASES: dict[int, Phase] = {phase.number: phase for phase in (PHASE_1, PHASE_2, PHASE_3)}

DOCUMENT_PHASE = PHASE_1
"""The phase that the rest of the document describes, and that generated/ holds."""
PHASE = PHASES[int(os.environ.get(PHASE_VARIABLE) or DOCUMENT_PHASE.number)]
"""The phase that definitions take their goals from."""
NEXT_PHASE = PHASES.get(PHASE.number + 1, PHASE)
"""What comes after it; the last one where nothing does."""
AVAILABILITY_SOURCE = Section("2.1") if PHASE is DOCUMENT_PHASE else PHASE.source
"""Where the phase's availability stands: only section 2.1 says what the first one's allows."""
# Section 2.1 allows 43 minutes a month: 0.1 % of 30 days.
PERIOD = days(30)


def standstill(availability: float) -> Quantity:
    """How long an availability allows nothing to answer in a period: two digits, rounded down as it is an allowance."""
    allowed = round((1 - availability) * (PERIOD / minutes(1)), 6)
    step = 1 if allowed >= 10 else 10
    return Quantity(math.floor(allowed * step) / step, Unit.MINUTES)


CACHE_HIT_MINIMUM = Target(
    title=Text(ko="캐시 히트율 알림 기준", en="Cache hit ratio, alert line"),
    value=Quantity(0.80, Unit.RATIO),
    source=Section("14", reading="R20"),
)
CACHE_HIT_GOAL = Target(
    title=Text(ko="캐시 히트율 목표", en="Cache hit ratio, goal"),
    value=Quantity(0.95, Unit.RATIO),
    source=Section("13.2.1", reading="R20"),
)
MONTHLY_COST_GOAL = Target(
    title=Text(ko="월간 운영비용 목표(최적화 후)", en="Monthly cost goal after optimisation"),
    value=BUDGET.optimised,
    source=Section("14"),
)
