from __future__ import annotations

from observability import PHASE_NUMBERS
from observability.design.objectives import (
    CACHE_HIT_GOAL,
    CACHE_HIT_MINIMUM,
    MONTHLY_COST_GOAL,
    PHASE_1,
    PHASE_2,
    PHASE_3,
    PHASES,
    RESPONSE_PERCENTILE,
    standstill,
)
from observability.model.units import Quantity, Unit, milliseconds, percent, seconds_of


def per_second(value: float) -> Quantity:
    return Quantity(value, Unit.PER_SECOND)


def test_phases_are_found_by_number_and_follow_each_other() -> None:
    assert PHASES == {1: PHASE_1, 2: PHASE_2, 3: PHASE_3}
    assert [(phase.from_month, phase.to_month) for phase in PHASES.values()] == [(0, 6), (6, 12), (12, 18)]


def test_phase_1_promises_99_9_percent_5_seconds_200_ms_and_1000_tps() -> None:
    assert (PHASE_1.availability, PHASE_1.error_rate) == (0.999, 0.001)
    assert (PHASE_1.ai_p95, PHASE_1.api_p95) == (seconds_of(5), milliseconds(200))
    assert (PHASE_1.throughput, PHASE_1.users, PHASE_1.cost_saving) == (per_second(1000), 50_000, None)
    assert PHASE_1.carried == ()


def test_phase_2_promises_99_95_percent_2_seconds_100_ms_and_5000_tps() -> None:
    assert PHASE_2.availability == 0.9995
    assert (PHASE_2.ai_p95, PHASE_2.api_p95) == (seconds_of(2), milliseconds(100))
    assert (PHASE_2.throughput, PHASE_2.users, PHASE_2.cost_saving) == (per_second(5000), 100_000, 0.30)


def test_phase_3_promises_99_99_percent_200_ms_worldwide_and_10000_tps() -> None:
    assert PHASE_3.availability == 0.9999
    assert PHASE_3.api_p95 == milliseconds(200)
    assert (PHASE_3.throughput, PHASE_3.users, PHASE_3.cost_saving) == (per_second(10_000), 1_000_000, None)


def test_what_a_phase_does_not_state_stays_as_it_was_and_is_named() -> None:
    assert (PHASE_2.carried, PHASE_3.carried) == (("error_rate",), ("ai_p95", "error_rate"))
    assert PHASE_2.error_rate == PHASE_3.error_rate == 0.001
    assert PHASE_3.ai_p95 == seconds_of(2)


def test_response_times_are_95th_percentiles() -> None:
    assert RESPONSE_PERCENTILE.value == percent(95)


def test_cache_hit_ratio_alerts_under_80_percent_and_aims_at_95() -> None:
    assert CACHE_HIT_MINIMUM.value.to(Unit.PERCENT) == 80
    assert CACHE_HIT_GOAL.value.to(Unit.PERCENT) == 95


def test_the_month_should_cost_4200_dollars() -> None:
    assert MONTHLY_COST_GOAL.value == Quantity(4200, Unit.USD)


def test_a_month_may_stand_still_for_43_21_and_4_3_minutes() -> None:
    # 43.2, 21.6 and 4.32: an allowance is rounded down.
    assert [str(standstill(phase.availability)) for phase in PHASES.values()] == ["43 min", "21 min", "4.3 min"]


def test_the_command_line_offers_the_phases_there_are() -> None:
    assert tuple(map(str, PHASES)) == PHASE_NUMBERS
