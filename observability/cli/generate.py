"""`tripobs generate`."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from observability import PHASE_VARIABLE
from observability.beside import beside
from observability.catalog import Catalogue, load
from observability.cli import main, terminal
from observability.design.objectives import DOCUMENT_PHASE, PHASE
from observability.model.errors import DefinitionError
from observability.model.place import ROOT
from observability.model.text import Lang

if TYPE_CHECKING:
    from observability.output import Artefact

_REGION = re.compile("[a-z]+[a-z0-9]*")


def generate(arguments: argparse.Namespace) -> int:
    """Write generated/, or with --check say what is stale."""
    folder = Path(arguments.out) if arguments.out else ROOT / "generated"
    if refused := _refused(arguments):
        print(f"tripobs: {refused}", file=sys.stderr)
        return main.USAGE
    catalogue = load()
    # Half of the work is done in a process beside this one, from here on: so each imports what its own half needs.
    with beside(partial(_draw, catalogue, arguments.lang)) as drawn:
        from observability import output
        from observability.artefacts.build import build
        from observability.checks import run

        try:
            catalogue = run.sound(catalogue, whole=True)
        except DefinitionError as error:
            if arguments.json:
                terminal.show_json({"problems": [asdict(problem) for problem in error.problems]})
            else:
                terminal.problems(error.problems)
                print("nothing was written", file=sys.stderr)
            return main.PROBLEMS
        made = build(catalogue, arguments.lang, arguments.region, drawn)
    if arguments.check:
        return _check(folder, made, arguments)
    if folder.exists() and not folder.is_dir():
        print(f"tripobs: {folder}: is not a folder; name another with --out", file=sys.stderr)
        return main.USAGE

    def said(what: str, path: str) -> None:
        if not arguments.quiet and not arguments.json:
            print(f"{what} {path}")

    difference = output.write(folder, made, said)
    size = sum(len(artefact.body) for artefact in made)
    written = len(difference.missing) + len(difference.stale)
    if arguments.json:
        terminal.show_json(
            {
                "folder": str(folder),
                "files": len(made),
                "bytes": size,
                "written": [*difference.missing, *difference.stale],
                "removed": list(difference.extra),
                "unknown": list(difference.unknown),
            }
        )
    elif not arguments.quiet:
        print(f"{len(made)} files, {size:,} bytes in {folder}: {written} written, {len(difference.extra)} removed")
        for path in difference.unknown:
            print(f"left alone: {folder / path} (not one of ours)")
    return main.OK


def _draw(catalogue: Catalogue, lang: Lang) -> tuple[Artefact, ...]:
    from observability.artefacts import pages

    return tuple(pages.files(catalogue, lang))


def _refused(arguments: argparse.Namespace) -> str | None:
    """Why these arguments do not go together."""
    if arguments.phase is not None and PHASE.number != int(arguments.phase):
        return f"phase {PHASE.number} is loaded already; a process has one phase"
    if arguments.region is not None and not _REGION.fullmatch(arguments.region):
        return f"'{arguments.region}' is no region as Azure spells it; e.g. koreacentral, southeastasia"
    return elsewhere(arguments.out, asked=arguments.phase is not None or arguments.region is not None)


def elsewhere(out: str | None, *, asked: bool = False) -> str | None:
    """Why ``generated/`` is not the folder for this environment: another one was ``asked`` for, or is in the variable."""
    if out or not (asked or PHASE is not DOCUMENT_PHASE):
        return None
    cause = "" if asked else f"{PHASE_VARIABLE} is '{PHASE.number}'; "
    return f"{cause}name a folder with --out: generated/ holds the environment of the document"


def _check(folder: Path, made: tuple[Artefact, ...], arguments: argparse.Namespace) -> int:
    from observability import output

    difference = output.compare(folder, made)
    if arguments.json:
        terminal.show_json(asdict(difference))
    elif difference:
        for what, paths in (
            ("missing", difference.missing),
            ("stale", difference.stale),
            ("extra", difference.extra),
            ("not ours", difference.unknown),
        ):
            for path in paths:
                print(f"{what} {folder / path}")
        if difference.missing or difference.stale or difference.extra:
            print("run `make generate` and commit what it changes", file=sys.stderr)
        if difference.unknown:
            print("remove what is not ours, or move it elsewhere", file=sys.stderr)
    elif not arguments.quiet:
        print(f"{len(made)} files are up to date")
    return main.STALE if difference else main.OK
