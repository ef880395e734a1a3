from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.model import units
from observability.model.units import Quantity, Unit, gigabytes, milliseconds, number, percent, restarts, seconds_of


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        (percent(0.1), Unit.RATIO, 0.001),
        (percent(99.9), Unit.RATIO, 0.999),
        (percent(7), Unit.RATIO, 0.07),
        (Quantity(0.07, Unit.RATIO), Unit.PERCENT, 7.0),
        (Quantity(0.29, Unit.RATIO), Unit.PERCENT, 29.0),
        (milliseconds(1), Unit.SECONDS, 0.001),
        (seconds_of(5), Unit.MILLISECONDS, 5000.0),
        (seconds_of(0.3), Unit.MILLISECONDS, 300.0),
        (gigabytes(2.5), Unit.BYTES, 2_500_000_000.0),
        (gigabytes(1.1), Unit.MEGABYTES, 1100.0),
        (Quantity(3, Unit.MEGABYTES), Unit.GIGABYTES, 0.003),
    ],
)
def test_a_quantity_in_another_unit_of_its_dimension_is_exact(quantity: Quantity, unit: Unit, expected: float) -> None:
    assert quantity.to(unit) == expected


def test_a_quantity_in_its_own_unit_is_not_touched() -> None:
    third = 1 / 3
    assert percent(third).to(Unit.PERCENT) == third


@settings(deadline=None, derandomize=True)
@given(st.integers(min_value=0, max_value=100_000))
def test_every_percentage_of_three_decimals_is_the_ratio_that_people_would_write(thousandths: int) -> None:
    assert percent(thousandths / 1000).to(Unit.RATIO) == float(Decimal(thousandths) / 100_000)


@settings(deadline=None, derandomize=True)
@given(st.integers(min_value=-(10**9), max_value=10**9), st.sampled_from(Unit), st.sampled_from(Unit))
def test_a_quantity_survives_the_way_to_another_unit_and_back(value: int, unit: Unit, other: Unit) -> None:
    if unit.dimension == other.dimension:
        back = Quantity(Quantity(value, unit).to(other), other).to(unit)
        # An hour is no decimal fraction of a day: there twelve digits are kept, and the thirteenth is lost.
        decimal = {unit, other}.isdisjoint({Unit.MINUTES, Unit.HOURS, Unit.DAYS, Unit.PER_MINUTE})
        assert back == (value if decimal else pytest.approx(value, rel=1e-11))


@pytest.mark.parametrize(
    ("quantity", "unit", "words"),
    [
        (percent(1), Unit.SECONDS, "percent cannot be given in seconds"),
        (seconds_of(1), Unit.COUNT, "seconds cannot be given in count"),
        (restarts(5), Unit.COUNT, "restarts cannot be given in count"),
        (Quantity(1, Unit.MESSAGES), Unit.CONNECTIONS, "messages cannot be given in connections"),
    ],
)
def test_a_quantity_cannot_be_given_in_a_unit_of_another_dimension(quantity: Quantity, unit: Unit, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        quantity.to(unit)


def test_every_unit_says_its_quantities_in_both_languages() -> None:
    assert {unit: (Quantity(2, unit).words("ko"), Quantity(2, unit).words("en")) for unit in Unit} == {
        Unit.PERCENT: ("2%", "2%"),
        Unit.RATIO: ("2", "2"),
        Unit.SECONDS: ("2초", "2 s"),
        Unit.MILLISECONDS: ("2 ms", "2 ms"),
        Unit.MINUTES: ("2분", "2 min"),
        Unit.HOURS: ("2시간", "2 h"),
        Unit.DAYS: ("2일", "2 days"),
        Unit.BYTES: ("2 B", "2 B"),
        Unit.MEGABYTES: ("2 MB", "2 MB"),
        Unit.GIGABYTES: ("2 GB", "2 GB"),
        Unit.COUNT: ("2", "2"),
        Unit.RESTARTS: ("2회", "2 restarts"),
        Unit.MESSAGES: ("2건", "2 messages"),
        Unit.CONNECTIONS: ("2개", "2 connections"),
        Unit.PER_SECOND: ("2/s", "2/s"),
        Unit.PER_MINUTE: ("2/분", "2/min"),
        Unit.SCORE: ("2점", "2"),
        Unit.TIMES: ("2배", "2x"),
        Unit.USD: ("2 USD", "2 USD"),
    }


def test_a_quantity_prints_as_in_english() -> None:
    assert str(seconds_of(0.5)) == "0.5 s"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (-3, "-3"),
        (-0.0, "0"),
        (99.9, "99.9"),
        (0.001, "0.001"),
        (100_000_000_000.0, "100000000000"),
        (1e15, "1000000000000000.0"),
        (1e-7, "1e-07"),
    ],
)
def test_a_number_is_written_as_short_as_it_can_be(value: float, text: str) -> None:
    assert number(value) == text


def test_the_words_for_durations_are_timedeltas() -> None:
    assert (units.seconds(90), units.minutes(5), units.hours(2), units.days(30)) == (
        timedelta(seconds=90),
        timedelta(seconds=300),
        timedelta(seconds=7200),
        timedelta(days=30),
    )
