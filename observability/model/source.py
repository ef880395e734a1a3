"""Where a number comes from: a section of the design document, or a stated derivation from some."""

from __future__ import annotations

from dataclasses import dataclass

from observability.model.text import Text


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the design document, e.g. ``Section("8.1.2")``.

    ``reading`` names the finding (``"R5"``) that decides how the section is read, where one does.
    """

    number: str
    reading: str | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that the document does not give, with the reason for it and the sections it leans on."""

    why: Text
    sections: tuple[Section, ...] = ()


Source = Section | Derived


def sections_of(source: Source | None) -> tuple[Section, ...]:
    """Every document section behind ``source``; empty where it is missing."""
    if source is None:
        return ()
    return (source,) if isinstance(source, Section) else source.sections
