from __future__ import annotations

from datetime import timedelta

from observability.design.scaling import DATABASE_SCALING, NODE_SCALING


def test_nodes_are_added_one_a_zone_within_the_documents_bounds() -> None:
    assert (NODE_SCALING.step, len(NODE_SCALING.pool.zones)) == (3, 3)
    assert (NODE_SCALING.pool.minimum, NODE_SCALING.pool.maximum) == (6, 20)


def test_the_database_moves_from_the_documents_size_to_the_next() -> None:
    database = DATABASE_SCALING.database
    assert (database.vm.name, database.next_vm.name) == ("Standard_D8s_v3", "Standard_D16s_v3")


def test_what_restarts_is_asked_about_and_what_stops_nothing_is_not() -> None:
    assert (DATABASE_SCALING.asks, NODE_SCALING.asks) == (True, False)


def test_an_answer_is_waited_for_as_long_as_people_may_take_to_respond() -> None:
    assert NODE_SCALING.answer_within == DATABASE_SCALING.answer_within == timedelta(hours=1)
    assert (NODE_SCALING.cooldown, DATABASE_SCALING.cooldown) == (timedelta(minutes=30), timedelta(hours=1))
