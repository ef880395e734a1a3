"""`tripobs site`: the catalogue as static pages, with what each alert did in its scenarios."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from observability.cli import main, terminal
from observability.cli.generate import elsewhere
from observability.model.errors import DefinitionError, SourceUnavailable
from observability.model.place import ROOT

FOLDER = ROOT / "generated" / "site"


def site(arguments: argparse.Namespace) -> int:
    """Write the pages, or say which are stale."""
    if refused := elsewhere(arguments.out):
        print(f"tripobs: {refused}", file=sys.stderr)
        return main.USAGE
    from observability import catalog, output, scenarios
    from observability.site import facts, pages

    try:
        catalogue = catalog.load()
        if catalogue.problems:
            raise DefinitionError(catalogue.problems)
        known = scenarios.load()
        artefacts = pages.build(catalogue, known, facts.measured(catalogue, known, terminal.progress))
    except DefinitionError as error:
        terminal.problems(error.problems)
        return main.PROBLEMS
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE
    finally:
        terminal.progress("")
    folder = Path(arguments.out) if arguments.out else FOLDER
    if arguments.check:
        difference = output.compare(folder, artefacts)
        for kind in ("missing", "stale", "extra", "unknown"):
            for path in getattr(difference, kind):
                print(f"{kind} {path}")
        if difference:
            print("run `tripobs site` and commit what it writes", file=sys.stderr)
        return main.STALE if difference else main.OK
    folder.mkdir(parents=True, exist_ok=True)
    difference = output.write(folder, artefacts)
    if not arguments.quiet:
        size = sum(len(artefact.body) for artefact in artefacts)
        changed = len(difference.missing) + len(difference.stale)
        print(f"{len(artefacts)} files, {size:,} bytes in {folder}: {changed} written, {len(difference.extra)} removed")
    return main.OK
