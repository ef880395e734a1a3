"""Results in the format that was asked for, to the terminal or to a file."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TypedDict

from observability.cli import terminal
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument
from observability.query.report import Report, Step
from observability.query.show import csv, json, markdown, text

_WIDTH = 120


class _Screen(TypedDict):
    columns: int
    colours: bool


def refuse(arguments: argparse.Namespace) -> None:
    """Raises WrongArgument, before anything is asked, for what could not be written when it has been."""
    if arguments.out is None:
        if arguments.format == "html" and sys.stdout.isatty():
            raise WrongArgument("--format html: is a file for a browser; name it with --out report.html")
        return
    path = Path(arguments.out)
    if path.is_dir():
        raise WrongArgument(f"--out {path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise WrongArgument(
            f"--out {path}: is no file that can be replaced; leave it out and redirect the output there"
        )
    if not path.parent.is_dir():
        raise WrongArgument(f"--out {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise WrongArgument(f"--out {path}: nothing can be written to {path.parent}; name a folder of your own")


def report(arguments: argparse.Namespace, found: Report) -> str:
    """A pack's report."""
    if arguments.format == "table":
        return text.report(found, lang=arguments.lang, **_screen(arguments))
    if arguments.format == "json":
        return json.report(found)
    if arguments.format == "csv":
        return csv.report(found, lang=arguments.lang)
    if arguments.format == "markdown":
        return markdown.report(found, lang=arguments.lang)
    return _html(found, arguments)


def step(arguments: argparse.Namespace, one: Step, alone: Report) -> str:
    """One query's result; ``alone`` is a report of it and nothing else, for the page.

    Raises SourceUnavailable for a CSV of a query without an answer.
    """
    if arguments.format == "table":
        return text.step(one, lang=arguments.lang, **_screen(arguments))
    if arguments.format == "json":
        return json.step(one)
    if arguments.format == "csv":
        try:
            return csv.step(one)
        except ValueError as error:  # no answer has no rows, and an empty file would look like an answer
            raise SourceUnavailable(str(error)) from None
    if arguments.format == "markdown":
        return markdown.step(one, lang=arguments.lang)
    return _html(alone, arguments)


def _html(found: Report, arguments: argparse.Namespace) -> str:
    from observability.query.show import html  # brings Jinja2, which no other format needs

    return html.report(found, lang=arguments.lang)


def _screen(arguments: argparse.Namespace) -> _Screen:
    """How wide, and in which ink; a file and a pipe get no ink."""
    ink = arguments.out is None and terminal.inked(sys.stdout)
    return {"columns": shutil.get_terminal_size((_WIDTH, 24)).columns, "colours": ink}


def write(arguments: argparse.Namespace, body: str) -> None:
    """To the file that was named, whole or not at all, or to the output. Raises OSError, with the file's name."""
    if arguments.out is None:
        sys.stdout.write(body)
        return
    from observability import output

    path = Path(arguments.out)
    try:
        # Half of a character, which a cell may hold, is escaped as it is on the terminal.
        output.replace(str(path.parent), path.name, body.encode(errors="backslashreplace"))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    print(f"wrote {path}", file=sys.stderr)
