"""All checks in their two groups: those every run can afford, and those that need other programs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from observability.azure import resource_graph, tables
from observability.catalog import Catalogue
from observability.checks import azure, checklists, coverage, definitions, firing, kql, panels, shapes, workflows
from observability.checks.texts import Text, graph_texts, runbook_texts, texts
from observability.coverage import ROWS
from observability.design.document import SECTIONS
from observability.design.findings import FINDINGS
from observability.design.operations import ESCALATION
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from observability.design.systems import SYSTEMS
from observability.design.telemetry import RESOURCES, RETENTION, WORKSPACE
from observability.model.errors import DefinitionError, Problem, SourceUnavailable

if TYPE_CHECKING:
    from observability.checks.kusto import Binding


def sound(catalogue: Catalogue, *, whole: bool = False) -> Catalogue:
    """The catalogue, checked without leaving the process. Raises DefinitionError with every problem.

    A ``whole`` one is all that this project has: it has to cover the document's systems.
    """
    # What has the wrong shape is told and left out, so that the other checks can take the rest at its word.
    shaped, found = shapes.check(catalogue)
    if not found and not catalogue.problems:
        # Where something was left out, whoever names it would be told that it is not there.
        found = [*definitions.causes(shaped), *(coverage.check(shaped, SYSTEMS, ROWS) if whole else ())]
    found += [
        *catalogue.problems,
        *definitions.check(shaped, SECTIONS, FINDINGS),
        *panels.check(shaped, SECTIONS, FINDINGS),
        *checklists.check(shaped, SECTIONS, FINDINGS, RESOURCES),
        *azure.check(shaped),
        *azure.check_telemetry(WORKSPACE, RETENTION, tables.load().keys()),
        *kql.check(shaped, RETENTION),
        *firing.check(shaped, RESOURCES),
    ]
    if found:
        raise DefinitionError(found)
    return catalogue


def deep(catalogue: Catalogue) -> int:
    """How many KQL texts were bound. Raises DefinitionError, or SourceUnavailable without Node or a parser.

    The workflows' expressions are read here too: they are the renderer's own, and no definition changes them. Where one of
    the two programs is missing, what the other found is still told: it is wrong all the same.
    """
    from observability.checks import promql

    written = [text for text in texts(catalogue) if isinstance(text, Text)]
    written += (*graph_texts(catalogue), *runbook_texts(catalogue))
    found: list[Problem] = list(workflows.check(catalogue, NODE_SCALING, DATABASE_SCALING, ESCALATION))
    missing: list[SourceUnavailable] = []
    for find in (partial(bound, written), partial(promql.check, catalogue)):
        try:
            found += find()
        except SourceUnavailable as error:
            missing.append(error)
    if found:
        raise DefinitionError(found)
    if missing:
        raise missing[0]
    return len(written)


def bound(written: list[Text]) -> Iterator[Problem]:
    """Problems that Microsoft's language service finds: names, types, and the columns that come back."""
    from observability.checks import kusto

    schema = {**tables.load(), **resource_graph.TABLES}
    bindings = kusto.bind([(str(index), text.text) for index, text in enumerate(written)], schema)
    for index, text in enumerate(written):
        yield from _bound(text, bindings[str(index)])


def _bound(text: Text, binding: Binding) -> Iterator[Problem]:
    def wrong(what: str, todo: str) -> Problem:
        return Problem(str(text.definition.place), text.kind, text.name, what, todo)

    if not text.runnable:
        if not binding.errors:
            yield wrong("binds, though it says it cannot run", "drop runnable=False")
        return
    for error in binding.errors:
        message = " ".join(error.message.split())
        yield wrong(f"{error.code} at line {error.line}, column {error.column}: {message}", "mend the query")
    if not binding.errors:
        yield from kql.check_columns(text, binding.columns)
    # The service knows the weight by its name alone, and AppMetrics has a column of that name that is none.
    if not text.verbatim and not tables.SAMPLED.isdisjoint(binding.tables):
        for name in dict.fromkeys(call.name for call in binding.unweighted):
            yield wrong(f"'{name}' counts stored rows of a sampled table", "weigh with ItemCount")
