"""The page for whoever is on call says what the workflows do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from observability.design.operations import ESCALATION, SEVERITIES
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from observability.render.workflow_escalation import ALERTS_API
from tests.workflows.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "actions.md").read_text(encoding="utf-8")


def test_every_workflow_is_on_the_page() -> None:
    for name in World().workflows:
        assert f"`la-tripgen-{name}`" in PAGE


def test_its_numbers_are_those_of_the_design() -> None:
    nodes, database = NODE_SCALING, DATABASE_SCALING.database
    every = int(nodes.cooldown.total_seconds() // 60)
    assert f"{nodes.step} application nodes more, at most {nodes.pool.maximum}, at most every {every} minutes" in PAGE
    assert f"`{database.resource.name}` from {database.vm.name} to {database.next_vm.name}" in PAGE
    assert f"--min-count {nodes.pool.minimum} --max-count {nodes.pool.maximum}" in PAGE
    assert "One hour to answer" in PAGE
    assert nodes.answer_within == DATABASE_SCALING.answer_within == timedelta(hours=1)
    assert "Off for nodes, on for the database." in PAGE
    assert (nodes.asks, DATABASE_SCALING.asks) == (False, True)


def test_its_times_of_escalation_are_those_of_the_design() -> None:
    one, two = SEVERITIES[1], SEVERITIES[2]
    assert one.update_every is not None
    every, most = one.update_every // timedelta(minutes=1), ESCALATION.reminds_for // timedelta(hours=1)
    assert f"again every {every} minutes while nobody has taken the alert, at most {most} hours" in PAGE
    assert f"severity 2: once, after {two.response // timedelta(hours=1)} hour" in PAGE
    assert f"changestate?api-version={ALERTS_API}&newState=Acknowledged" in PAGE
