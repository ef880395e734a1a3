"""Facts behave as frozen dataclasses do."""

from __future__ import annotations

import pytest

from observability.model.fact import Fact, Value
from observability.model.source import Section


class Pool(Fact):
    name: str
    maximum: int
    zones: tuple[str, ...] = ("1",)


class SpotPool(Pool):
    price: float


POOL = Pool(name="app", maximum=20, source=Section("3.1.2"))


def test_fields_are_given_by_name_and_have_defaults() -> None:
    assert (POOL.name, POOL.maximum, POOL.zones, POOL.source) == ("app", 20, ("1",), Section("3.1.2"))


def test_a_subclass_adds_its_fields_to_those_of_its_base() -> None:
    assert SpotPool._fields == ("source", "name", "maximum", "zones", "price")
    assert SpotPool(name="spot", maximum=3, price=0.1, source=Section("3.1.2")).zones == ("1",)


def test_a_fact_without_a_source_cannot_be_built() -> None:
    with pytest.raises(TypeError, match=r"^Pool needs 'source'$"):
        Pool(name="app", maximum=20)  # type: ignore[call-arg]


def test_a_misspelt_field_is_named() -> None:
    with pytest.raises(TypeError, match=r"^Pool has no field 'zone'$"):
        Pool(name="app", maximum=20, zone="1", source=Section("3.1.2"))  # type: ignore[call-arg]


def test_nothing_can_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError, match=r"Pool is frozen: 'maximum' cannot be set"):
        POOL.maximum = 21  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Pool is frozen: 'maximum' cannot be deleted"):
        del POOL.maximum


def test_equal_values_are_equal_and_hash_alike_and_kinds_differ() -> None:
    assert Pool(name="app", maximum=20, source=Section("3.1.2")) == POOL
    assert hash(Pool(name="app", maximum=20, source=Section("3.1.2"))) == hash(POOL)
    assert Pool(name="app", maximum=21, source=Section("3.1.2")) != POOL

    class Other(Value):
        name: str

    assert Other(name="app") != POOL


def test_it_shows_itself_with_its_fields() -> None:
    assert repr(POOL) == "Pool(source=Section(number='3.1.2', reading=None), name='app', maximum=20, zones=('1',))"
