"""What watches a system of the document, or why nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from observability.model.fact import Fact
from observability.model.place import Definition
from observability.model.text import Text


class System(Fact):
    """Something that the document names and that can fail. ``key`` is the name of its row."""

    key: str
    title: Text


class By(Enum):
    """The ways in which a system is watched: the columns of the table."""

    ALERT = "alerts"
    QUERY = "queries"
    PANEL = "panels"


@dataclass(frozen=True)
class Row(Definition):
    """What watches one system: ids of alerts, keys of queries (``pack/id``), and panels (``dashboard: title``).

    ``without`` gives the reason for each column that is empty.
    """

    system: str
    alerts: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    without: Mapping[By, Text] = field(default_factory=dict)

    def names(self, by: By) -> tuple[str, ...]:
        """The cell of a column."""
        found: tuple[str, ...] = getattr(self, by.value)
        return found
