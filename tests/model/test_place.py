"""Where definitions were written. The texts are run under made-up file names, so that their lines are in sight."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from observability.model.place import ROOT, Place, caller
from observability.model.query import Pack
from observability.model.text import Text


def run(source: str, file: str) -> dict[str, Any]:
    """The names that a module of the project under ``file`` would hold."""
    names: dict[str, Any] = {"Pack": Pack, "Text": Text, "caller": caller, "replace": replace}
    exec(compile(dedent(source), str(ROOT / file), "exec"), names)  # noqa: S102 - the text stands in this file
    return names


def test_the_root_is_the_folder_of_the_project() -> None:
    assert (ROOT / "pyproject.toml").is_file()


def test_a_definition_knows_the_file_below_the_root_and_the_line_of_its_first_word() -> None:
    names = run(
        """\
        # A comment.
        FIRST = Pack(title=Text("하나", "One"))
        SECOND = Pack(
            title=Text(
                "둘",
                "Two",
            ),
        )
        """,
        "alerts/made_up.py",
    )
    assert names["FIRST"].place == Place("alerts/made_up.py", 2)
    assert names["SECOND"].place == Place("alerts/made_up.py", 3)


def test_definitions_made_in_a_loop_all_stand_on_the_line_in_the_loop() -> None:
    names = run(
        """\
        LOOP = []
        for word in ("a", "b"):
            LOOP.append(Pack(title=Text(word, word)))
        LISTED = [
            Pack(title=Text(word, word))
            for word in ("a", "b")
        ]
        GENERATED = tuple(
            Pack(title=Text(word, word)) for word in ("a", "b")
        )
        """,
        "kql/made_up.py",
    )
    assert [pack.place.line for pack in names["LOOP"]] == [3, 3]
    assert [pack.place.line for pack in names["LISTED"]] == [5, 5]
    assert [pack.place.line for pack in names["GENERATED"]] == [9, 9]


def test_a_definition_made_by_a_helper_function_stands_in_the_helper() -> None:
    helper = run(
        """\
        def titled(word):
            return Pack(title=Text(word, word))
        """,
        "kql/helper.py",
    )
    exec(compile("\n\nMADE = titled('a')\n", str(ROOT / "kql/user.py"), "exec"), helper)  # noqa: S102 - as above
    assert helper["MADE"].place == Place("kql/helper.py", 2)


def test_a_definition_made_from_another_stands_where_it_was_made() -> None:
    names = run(
        """\
        FIRST = Pack(title=Text("하나", "One"))

        SECOND = replace(FIRST, title=Text("둘", "Two"))
        """,
        "kql/made_up.py",
    )
    assert names["FIRST"].place == Place("kql/made_up.py", 1)
    assert names["SECOND"].place == Place("kql/made_up.py", 3)


def test_a_file_outside_the_project_keeps_its_whole_path(tmp_path: Path) -> None:
    file = tmp_path / "outside.py"
    file.write_text(
        'from observability.model.query import Pack\nfrom observability.model.text import Text\nONE = Pack(title=Text("", ""))',
        encoding="utf-8",
    )
    assert runpy.run_path(str(file))["ONE"].place == Place(str(file), 3)


def test_the_caller_is_the_line_that_asks() -> None:
    assert run("\n\nHERE = caller()", "alerts/made_up.py")["HERE"] == Place("alerts/made_up.py", 3)


def test_a_place_prints_as_editors_open_it() -> None:
    assert str(Place("alerts/ai.py", 12)) == "alerts/ai.py:12"


def test_two_equal_definitions_stay_equal_wherever_they_stand() -> None:
    one = run('ONE = Pack(title=Text("가", "a"))', "kql/one.py")["ONE"]
    two = run('\nTWO = Pack(title=Text("가", "a"))', "kql/two.py")["TWO"]
    assert one == two
    assert one.place != two.place
