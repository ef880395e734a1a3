"""The two groups of checks on the project's own definitions, and on made-up ones that break them."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from observability.azure import tables
from observability.catalog import Catalogue, load
from observability.checks import kusto, run
from observability.checks.texts import Text as KqlText
from observability.checks.texts import graph_texts, runbook_texts, texts
from observability.design.findings import FINDINGS
from observability.model.errors import DefinitionError, Problem, SourceUnavailable
from observability.model.query import Pack, Query
from observability.model.signal import PromQL, Signal
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

WORDS = Text(ko="말", en="words")
SOURCE = Section("8.1.2")
HERE = "tests/checks/test_run.py"
QUERY = f"{HERE}: query 'test-run/q': "
PACK = Pack(title=WORDS)


def query(**given: Any) -> Query:
    fields = {"id": "q", "title": WORDS, "text": "Perf | project Computer", "source": SOURCE}
    return Query(**{**fields, "columns": {"Computer": "string"}, **given})


def said(error: DefinitionError) -> list[str]:
    """The problems as people read them, without the line of this file."""
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in error.problems]


def shallow(**fields: Any) -> list[str]:
    try:
        run.sound(Catalogue(**{"packs": (PACK,), **fields}))
    except DefinitionError as error:
        return said(error)
    return []


def deeply(**fields: Any) -> list[str]:
    try:
        run.deep(Catalogue(**{"packs": (PACK,), **fields}))
    except DefinitionError as error:
        return said(error)
    return []


# --- the project's own definitions ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Catalogue:
    return load()


def test_the_project_s_own_definitions_have_no_problems(own: Catalogue) -> None:
    assert run.sound(own, whole=True) is own


def test_the_project_s_own_texts_bind_and_parse(own: Catalogue) -> None:
    assert run.deep(own) == len([*texts(own), *graph_texts(own), *runbook_texts(own)])


def test_the_document_s_query_is_the_one_that_does_not_bind(own: Catalogue) -> None:
    written = {f"{text.kind} {text.name}": text for text in texts(own) if isinstance(text, KqlText)}
    bindings = kusto.bind([(name, text.text) for name, text in written.items()], tables.load())
    failed = {name: [error.code for error in found.errors] for name, found in bindings.items() if found.errors}
    assert failed == {"query document/error-analysis-document": ["KS142"]}
    assert [name for name, text in written.items() if not text.runnable] == list(failed)
    assert "R8" in {finding.id for finding in FINDINGS}


# --- without leaving the process ------------------------------------------------------------------------------


def test_sound_definitions_are_handed_back() -> None:
    catalogue = Catalogue(queries=(query(),), packs=(PACK,))
    assert run.sound(catalogue) is catalogue


def test_problems_of_every_check_come_together_sorted_and_once() -> None:
    broken = query(text="AppRequests | summarize count() | take 5", source=Section("99"))
    nowhere = Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS, source=SOURCE)
    loading = Problem(
        "kql/new.py:1", "module", "kql.new", "name 'x' is not defined", "mend the definition at this line"
    )
    assert shallow(queries=(broken,), signals=(nowhere,), problems=(loading, loading)) == [
        "kql/new.py: module 'kql.new': name 'x' is not defined; mend the definition at this line",
        QUERY + "'count' counts stored rows of sampled table 'AppRequests'; weigh them: sum(ItemCount)",
        QUERY + "takes rows of no particular order; put `order by` in front of `take`",
        QUERY + "the document has no section '99'; name the heading's number",
        f"{HERE}: signal 's': can be read on no engine; give kql=, promql= or metric=",
    ]


# --- with the language service and the parser -----------------------------------------------------------------


def test_a_query_that_binds_is_fine() -> None:
    assert deeply(queries=(query(),)) == []


def test_a_query_that_returns_other_columns_than_declared_is_wrong() -> None:
    assert deeply(queries=(query(columns={"Computer": "string", "n": "long"}),)) == [
        QUERY + "returns 'Computer:string'; declares 'Computer:string, n:long': make them the same"
    ]
    assert deeply(queries=(query(columns={"Computer": "long"}),)) == [
        QUERY + "returns 'Computer:string'; declares 'Computer:long': make them the same"
    ]


def test_a_query_said_not_to_run_that_binds_is_wrong() -> None:
    assert deeply(queries=(query(runnable=False, caveat=WORDS),)) == [
        QUERY + "binds, though it says it cannot run; drop runnable=False"
    ]
    assert deeply(queries=(query(text="Perf | project Nope", runnable=False, caveat=WORDS),)) == []


def test_a_name_that_is_not_there_is_wrong_where_it_stands() -> None:
    assert deeply(queries=(query(text="Perf\n| project Nope"),)) == [
        QUERY + "KS142 at line 2, column 11: The name 'Nope' does not refer to any known column, table, variable or "
        "function.; mend the query"
    ]


def test_rows_counted_behind_a_function_over_tables_are_found_here() -> None:
    text = "let f = (T:(ItemCount:int)) { T | summarize n = count() }; f(AppRequests)"
    assert shallow(queries=(query(text=text, columns={"n": "long"}),)) == []
    assert deeply(queries=(query(text=text, columns={"n": "long"}),)) == [
        QUERY + "'count' counts stored rows of a sampled table; weigh with ItemCount"
    ]


def test_measurements_folded_into_a_row_are_no_sampled_rows() -> None:
    text = "AppMetrics | summarize mean = avg(Sum)"
    assert deeply(queries=(query(text=text, columns={"mean": "real"}),)) == []


def test_promql_is_parsed_too() -> None:
    broken = Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS, source=SOURCE, promql=PromQL(expr="rate(up)"))
    assert deeply(signals=(broken,)) == [
        f"{HERE}: signal 's': its PromQL does not parse: expected type matrix in call to function 'rate', got vector; "
        "mend promql="
    ]


def test_without_the_parser_what_the_other_program_found_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "promql_parser", None)
    up = Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS, source=SOURCE, promql=PromQL(expr="up"))
    with pytest.raises(SourceUnavailable, match="promql-parser"):
        deeply(signals=(up,), queries=(query(),))
    assert len(deeply(signals=(up,), queries=(query(columns={}),))) == 1


def test_without_node_what_the_parser_found_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise SourceUnavailable("no node")

    monkeypatch.setattr(kusto, "bind", missing)
    with pytest.raises(SourceUnavailable, match="no node"):
        deeply(queries=(query(),))
    broken = Signal(name="s", title=WORDS, unit=Unit.COUNT, help=WORDS, source=SOURCE, promql=PromQL(expr="rate("))
    assert len(deeply(signals=(broken,), queries=(query(),))) == 1


# --- cheap enough for every run -------------------------------------------------------------------------------


def test_sound_starts_no_process_and_needs_no_parser(own: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setitem(sys.modules, "promql_parser", None)
    assert run.sound(own) is own


def test_the_work_grows_with_the_number_of_definitions_and_no_faster(own: Catalogue) -> None:
    def calls(times: int) -> int:
        # The same definitions again and again: no name is used up, and each is read anew.
        many = replace(own, queries=own.queries * times, signals=own.signals * times, alerts=own.alerts * times)
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            with suppress(DefinitionError):  # too many rules a minute, series emitted twice
                run.sound(many)
        finally:
            sys.setprofile(None)
        return counted

    once = calls(1)
    assert calls(5) < 5 * once
