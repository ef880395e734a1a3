from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import observability.design
from observability.design.document import SECTIONS
from observability.design.findings import FINDINGS
from observability.model.fact import Value
from observability.model.finding import Finding
from observability.model.source import Derived, Section, Source, sections_of
from observability.model.system import Fact
from observability.model.text import Text

HEADINGS = """
    1 1.1 1.2 1.3 2 2.1 2.2 3 3.1 3.1.1 3.1.2 3.2 3.2.1 3.3 3.3.1 3.3.2 4 4.1 4.1.1 4.1.2 4.2 4.2.1 4.2.2
    4.3 4.3.1 4.4 5 5.1 5.1.1 5.1.2 5.2 5.2.1 5.2.2 5.3 5.3.1 6 6.1 6.1.1 6.1.2 7 7.1 7.1.1 7.2 7.2.1 7.2.2
    7.3 7.3.1 7.4 7.4.1 8 8.1 8.1.1 8.1.2 8.2 8.2.1 8.2.2 9 10 10.1 10.1.1 10.1.2 10.2 10.2.1 11 11.1 11.1.1
    11.1.2 11.2 11.2.1 12 12.1 12.1.1 12.2 12.2.1 12.2.2 13 13.1 13.1.1 13.1.2 13.1.3 13.2 13.2.1 14
"""


def walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every value reachable from ``value`` through its fields, tuples and dicts, with its path."""
    yield path, value
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from walk(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, Value):
        for name in value._fields:
            yield from walk(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{path}[{key!r}]")


def everything() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for info in pkgutil.iter_modules(observability.design.__path__):
        module = importlib.import_module(f"observability.design.{info.name}")
        for name, value in vars(module).items():
            found += walk(value, f"{info.name}.{name}")
    return found


def unknown(values: list[tuple[str, object]]) -> list[str]:
    """Paths of the citations of a section that the document does not have."""
    return [path for path, value in values if isinstance(value, Section) and value.number not in SECTIONS]


def test_every_heading_of_the_document_has_a_title_in_document_order() -> None:
    assert list(SECTIONS) == HEADINGS.split()
    assert SECTIONS["8.1.2"] == Text("메트릭 및 알림", "Metrics and alerts")
    assert SECTIONS["13.1.1"].ko == "Phase 1 (현재 - 6개월)"


def test_every_citation_names_a_section_that_exists() -> None:
    values = everything()
    assert sum(isinstance(value, Section) for _, value in values) > 100
    assert unknown(values) == []


def test_a_citation_of_a_missing_section_is_caught_wherever_it_hides() -> None:
    hidden = {"deep": (Derived(Text("까닭", "why"), (Section("8.1.2"), Section("8.1.9"))),)}
    assert unknown(list(walk(hidden, "x"))) == ["x['deep'][0].sections[1]"]


def test_every_fact_has_a_source_with_at_least_one_section() -> None:
    facts = [(path, value) for path, value in everything() if isinstance(value, Fact)]
    assert len(facts) > 100
    assert [path for path, fact in facts if not sections_of(fact.source)] == []


def test_a_reading_is_cited_only_in_the_sections_it_is_about() -> None:
    about = {finding.id: finding.sections for finding in FINDINGS}
    wrong = [
        f"{path}: {value}"
        for path, value in everything()
        if isinstance(value, Section)
        and value.reading is not None
        and not any(f"{value.number}.".startswith(f"{number}.") for number in about.get(value.reading, ()))
    ]
    assert wrong == []


def test_no_text_is_empty_in_either_language() -> None:
    texts = [(path, value) for path, value in everything() if isinstance(value, Text)]
    assert [path for path, text in texts if not (text.ko.strip() and text.en.strip())] == []


def test_every_value_can_be_compared_and_hashed() -> None:
    """Frozen all the way down: a list or dict inside a fact would make its hash fail."""
    facts: list[Fact | Finding | Source] = [
        value for _, value in everything() if isinstance(value, Fact | Finding | Section | Derived)
    ]
    assert len({hash(fact) for fact in facts}) > 100
