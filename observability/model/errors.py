"""What can go wrong, as values and as exceptions.

TripobsError
  DefinitionError     people can mend it: a list of problems, all found at once
  SourceUnavailable   a source did not answer: try again later
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with one definition.

    Printed as ``<where>: <kind> '<name>': <what is wrong>; <what to do>``, lower case, one line.
    """

    where: str
    kind: str
    name: str
    wrong: str
    todo: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind} '{self.name}': {self.wrong}; {self.todo}"


class TripobsError(Exception):
    """Base of the errors this project raises on purpose."""


class DefinitionError(TripobsError):
    """Definitions that people can mend; carries every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class SourceUnavailable(TripobsError):
    """Something outside did not answer; nothing is known to be wrong with the definitions."""
