from __future__ import annotations

import pytest

from observability.model.source import Derived, Section, Source, sections_of
from observability.model.text import Text

WHY = Text("문서에 없습니다.", "The document is silent.")


@pytest.mark.parametrize(
    ("source", "sections"),
    [
        (None, ()),
        (Section("1.2"), (Section("1.2"),)),
        (Section("1.2", reading="R5"), (Section("1.2", reading="R5"),)),
        (Derived(WHY), ()),
        (Derived(WHY, (Section("3"), Section("2.1"))), (Section("3"), Section("2.1"))),
    ],
)
def test_the_sections_behind_a_source_are_those_it_names_in_its_order(
    source: Source | None, sections: tuple[Section, ...]
) -> None:
    assert sections_of(source) == sections


def test_a_section_read_in_another_way_is_another_source() -> None:
    assert Section("1.2") != Section("1.2", reading="R5")
    assert Section("1.2", reading="R5") == Section("1.2", "R5")
