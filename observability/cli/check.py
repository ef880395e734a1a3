"""`tripobs check`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from observability.catalog import load
from observability.checks import run
from observability.cli import main, terminal
from observability.model.errors import DefinitionError, SourceUnavailable


def check(arguments: argparse.Namespace) -> int:
    """Run every check and print each problem on a line."""
    try:
        catalogue = run.sound(load(), whole=True)
        done = "definitions, limits, sampling, metrics, coverage"
        if not arguments.fast:
            count = run.deep(catalogue)
            done += f"; {count} KQL texts bound, PromQL parsed, workflows read"
    except DefinitionError as error:
        if arguments.json:
            terminal.show_json({"problems": [asdict(problem) for problem in error.problems]})
        else:
            terminal.problems(error.problems)
        return main.PROBLEMS
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE
    if arguments.json:
        terminal.show_json({"problems": []})
    else:
        print(f"{terminal.colour('no problems', 'green')} ({done})")
    return main.OK
