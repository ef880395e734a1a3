"""Where in the project a definition was written."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MODEL = str(Path(__file__).resolve().parent)
# Where generated __init__ methods and dataclasses.replace() run.
_DATACLASSES = ("<string>", dataclass.__code__.co_filename)
_PREFIX = f"{ROOT}/"


@dataclass(frozen=True, slots=True)
class Place:
    """A file, relative to the project's root with forward slashes, and a line counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller() -> Place:
    """The line that is building a model value: the first frame that is not the model's own.

    Reading the frame, not the file, keeps this exact for definitions made in a loop or by a function
    and costs microseconds.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(_MODEL) or frame.f_code.co_filename in _DATACLASSES
    ):
        frame = frame.f_back
    return Place(frame.f_code.co_filename.removeprefix(_PREFIX), frame.f_lineno)


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Base of everything the catalogue finds; remembers where it was written."""

    place: Place = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", caller())
