"""Incidents, and days on which nothing happens: what the alerts have to make of them."""

from __future__ import annotations

import importlib
from pathlib import Path

from observability.simulate.scenario import Scenario


def load() -> tuple[Scenario, ...]:
    """Every scenario, in the order of its file. Raises ValueError for an id that is used twice."""
    found: dict[str, Scenario] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(f"{__name__}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, Scenario) and found.setdefault(value.id, value) is not value:
                raise ValueError(f"{value.place}: scenario '{value.id}': the id is used in {found[value.id].place} too")
    return tuple(found.values())
