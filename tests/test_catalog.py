"""Definitions of made-up packages, found where they stand."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from observability import catalog
from observability.catalog import Catalogue
from observability.model.errors import Problem
from observability.model.place import ROOT
from observability.model.query import Pack, Query
from observability.model.text import Text

IMPORTS = """\
from observability.model.alert import Action, Channel
from observability.model.query import Query
from observability.model.text import Text
WORDS = Text("가", "a")
def action(ident): return Action(id=ident, title=WORDS, channel=Channel.SMS, code="aa", does=WORDS)
def query(ident): return Query(id=ident, title=WORDS, text="Orders")
"""
# The next line of a module that begins with IMPORTS.
FIRST = 7
TODO = "mend the definition at this line"

_NAMES = (f"made_up_{number}" for number in itertools.count())
Load = Callable[..., Catalogue]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an empty package in ``tmp_path`` that can be imported; no other test has the same."""
    name = next(_NAMES)
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield name
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        del sys.modules[module]


@pytest.fixture
def load(package: str, tmp_path: Path) -> Load:
    """Write modules into the package, by name, and load it."""

    def write_and_load(**modules: str) -> Catalogue:
        for name, text in modules.items():
            (tmp_path / package / f"{name}.py").write_text(text, encoding="utf-8")
        return catalog.load((package,), root=tmp_path)

    return write_and_load


# --- finding ------------------------------------------------------------------------------------------------


def test_definitions_are_found_by_where_they_stand_alone_and_in_tuples(load: Load) -> None:
    found = load(
        alpha=IMPORTS + 'ONE = action("one")\nSEVERAL = (action("two"), action("three"))\n',
        beta=IMPORTS + 'LOOK = query("look")\nACTION = action("four")\n',
    )
    assert [action.id for action in found.actions] == ["one", "two", "three", "four"]
    assert [query.key for query in found.queries] == ["beta/look"]
    assert found.problems == ()


def test_a_definition_that_another_module_imports_is_found_once(load: Load, package: str) -> None:
    found = load(
        alpha=IMPORTS + 'ONE = action("one")\n',
        beta=f"from {package}.alpha import ONE\nSAME = ONE\nTWICE = (ONE, ONE)\n",
    )
    assert [action.id for action in found.actions] == ["one"]
    assert found.problems == ()


def test_what_is_no_definition_is_passed_over(load: Load) -> None:
    found = load(alpha=IMPORTS + 'NUMBER = 5\nTEXTS = (WORDS, "b")\nKIND = Action\n')
    assert list(found.everything()) == []
    assert found == Catalogue()


def test_the_order_is_that_of_the_files_and_of_the_lines_in_them(load: Load) -> None:
    one = 'Z = action("{0}-z")\nA = action("{0}-a")\n'
    modules = {name: IMPORTS + one.format(name) for name in ("delta", "alpha", "charlie", "bravo")}
    assert [action.id for action in load(**modules).actions] == [
        "alpha-z",
        "alpha-a",
        "bravo-z",
        "bravo-a",
        "charlie-z",
        "charlie-a",
        "delta-z",
        "delta-a",
    ]


def test_loading_twice_finds_the_same(load: Load) -> None:
    modules = {"alpha": IMPORTS + 'ONE = action("one")\n', "beta": IMPORTS + 'TWO = action("two")\n'}
    assert load(**modules) == load(**modules)


def test_packages_are_loaded_in_the_order_they_are_named_and_a_missing_one_is_empty(
    load: Load, package: str, tmp_path: Path
) -> None:
    load(alpha=IMPORTS + 'ONE = action("one")\n')
    inner = tmp_path / package / "aaa"
    inner.mkdir()
    (inner / "__init__.py").write_text("", encoding="utf-8")
    (inner / "beta.py").write_text(IMPORTS + 'TWO = action("two")\n', encoding="utf-8")
    found = catalog.load((package, f"{package}.aaa", f"{package}.none"), root=tmp_path)
    assert [action.id for action in found.actions] == ["one", "two"]


def test_everything_has_a_kind_and_a_name_of_its_own(load: Load) -> None:
    found = load(alpha=IMPORTS + 'LOOK = query("look")\nONE = action("one")\n')
    assert [(kind, name) for kind, name, _ in found.everything()] == [("query", "alpha/look"), ("action", "one")]


# --- names used twice ---------------------------------------------------------------------------------------


def test_a_name_used_twice_names_both_places(load: Load, package: str, tmp_path: Path) -> None:
    # A helper on line 5 makes the first, one on line 6 the second.
    found = load(alpha=IMPORTS + 'ONE = action("same")\n', beta="\n" + IMPORTS + 'TWO = action("same")\n')
    alpha, beta = (tmp_path / package / name for name in ("alpha.py", "beta.py"))
    assert found.problems == (
        Problem(
            where=f"{beta}:6",
            kind="action",
            name="same",
            wrong=f"the name is already used in {alpha}:5",
            todo="give one of the two another name",
        ),
    )
    assert len(found.actions) == 2


def test_two_kinds_may_share_a_name() -> None:
    words = Text("가", "a")
    one = Query(id="same", title=words, text="Orders")
    built = catalog.build({"queries": [one], "packs": [Pack(title=words), Pack(title=words)]})
    assert built.problems == ()
    assert built.queries == (one,)


def test_a_name_used_three_times_is_two_problems_with_the_first_place() -> None:
    words = Text("가", "a")
    queries = [Query(id="same", title=words, text=text) for text in ("Orders", "Tills", "Doors")]
    place = queries[0].place
    assert (
        catalog.build({"queries": list(queries)}).problems
        == (
            Problem(
                str(place),
                "query",
                "test-catalog/same",
                f"the name is already used in {place}",
                "give one of the two another name",
            ),
        )
        * 2
    )


# --- modules that do not load -------------------------------------------------------------------------------


def test_a_module_that_does_not_load_is_a_problem_and_the_rest_is_loaded(load: Load, package: str) -> None:
    found = load(
        alpha=IMPORTS + 'ONE = action("one")\n',
        beta=IMPORTS + 'TWO = action("two")\nTHREE = actoin("three")\n',
        gamma=IMPORTS + 'FOUR = action("four")\n',
    )
    assert [action.id for action in found.actions] == ["one", "four"]
    assert found.problems == (
        Problem(f"{package}/beta.py:{FIRST + 1}", "module", f"{package}.beta", "name 'actoin' is not defined", TODO),
    )


def test_all_modules_that_do_not_load_are_told_at_once(load: Load, package: str) -> None:
    found = load(
        alpha="x = (\n",
        beta=IMPORTS + 'ONE = action("one")\n',
        gamma="\nimport nothing_of_this_name\n",
        omega="\n\nraise RuntimeError\n",
    )
    assert [action.id for action in found.actions] == ["one"]
    assert found.problems == (
        Problem(f"{package}/alpha.py:1", "module", f"{package}.alpha", "'(' was never closed (alpha.py, line 1)", TODO),
        Problem(f"{package}/gamma.py:2", "module", f"{package}.gamma", "no module named 'nothing_of_this_name'", TODO),
        Problem(f"{package}/omega.py:3", "module", f"{package}.omega", "RuntimeError", TODO),
    )


def test_a_definition_that_lacks_a_field_is_told_at_its_line(load: Load, package: str) -> None:
    found = load(alpha=IMPORTS + '\nONE = Query(\n    id="one",\n    title=WORDS,\n)\n')
    (problem,) = found.problems
    assert problem.where == f"{package}/alpha.py:{FIRST + 1}"
    assert "missing 1 required keyword-only argument: 'text'" in problem.wrong


def test_what_the_model_refuses_is_told_at_the_line_that_gave_it(tmp_path: Path) -> None:
    """In a project of its own, where the model lies under the same root as the definitions."""
    shutil.copytree(ROOT / "observability" / "model", tmp_path / "observability" / "model")
    for name in ("__init__.py", "catalog.py"):
        shutil.copy(ROOT / "observability" / name, tmp_path / "observability")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tills.py").write_text(
        "from observability.model.units import Unit, percent\n\nLIMIT = percent(1).to(Unit.SECONDS)\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-c", "from observability.catalog import load; print(*load(('shop',)).problems)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (
        "shop/tills.py:3: module 'shop.tills': percent cannot be given in seconds; mend the definition at this line\n",
        "",
    )


def test_a_module_that_imports_a_broken_one_points_at_the_broken_line(load: Load, package: str) -> None:
    found = load(alpha=f"from {package} import zulu\n", zulu="\nTEAM = Missing\n")
    assert [(problem.where, problem.name, problem.wrong) for problem in found.problems] == [
        (f"{package}/zulu.py:2", f"{package}.alpha", "name 'Missing' is not defined"),
        (f"{package}/zulu.py:2", f"{package}.zulu", "name 'Missing' is not defined"),
    ]


def test_a_text_that_is_no_python_inside_a_definition_is_told_at_the_line_that_reads_it(
    load: Load, package: str
) -> None:
    found = load(alpha='import ast\n\nVALUE = ast.literal_eval("1 +")\n')
    (problem,) = found.problems
    assert problem.where == f"{package}/alpha.py:3"
    assert problem.wrong.startswith("invalid syntax")


def test_only_the_first_line_of_a_long_error_is_told(load: Load, package: str) -> None:
    found = load(alpha='raise ValueError("the Till is open\\nand more")\n')
    assert found.problems == (Problem(f"{package}/alpha.py:1", "module", f"{package}.alpha", "the Till is open", TODO),)


def test_a_definition_that_cannot_be_built_is_told_by_its_own_name_and_once(load: Load, package: str) -> None:
    raises = (
        "from observability.model.errors import DefinitionError, Problem\n"
        'raise DefinitionError([Problem("here:1", "slo", "till", "is shut", "open it")])\n'
    )
    found = load(alpha=raises, zulu=f"import {package}.alpha\n")
    assert list(map(str, found.problems)) == ["here:1: slo 'till': is shut; open it"]
