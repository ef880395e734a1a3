"""`tripobs kql`: what there is, what it says; run, pack and serve are in kql_run.py."""

from __future__ import annotations

import argparse
import sys

from observability.catalog import Catalogue, load
from observability.cli import main, terminal
from observability.model.checklist import MetricQuery
from observability.model.errors import SourceUnavailable
from observability.model.query import Query
from observability.query import params, runner
from observability.query.errors import WrongArgument
from observability.render import kql as kql_text
from observability.render.words import words_of


def command(arguments: argparse.Namespace) -> int:
    """Run the subcommand and say plainly what cannot be taken."""
    catalogue = load()
    if catalogue.problems:
        terminal.problems(catalogue.problems)
    try:
        if arguments.kql_command == "list":
            return _list(catalogue, arguments)
        if arguments.kql_command == "show":
            return _show(catalogue, arguments)
        from observability.cli import kql_run

        return kql_run.COMMANDS[arguments.kql_command](catalogue, arguments)
    except WrongArgument as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE


def _list(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    pack = runner.find_pack(catalogue, arguments.pack).id if arguments.pack is not None else None
    listed = [asked for asked in runner.queries(catalogue).values() if pack in (None, asked.pack)]
    if arguments.json:
        terminal.show_json(
            [
                {
                    "id": asked.key,
                    "title": asked.title.get(arguments.lang),
                    "parameters": _literals(asked),
                    "judged": asked.verdict is not None,
                    "runs": _runs(asked),
                }
                for asked in listed
            ]
        )
        return main.OK
    rows = [
        (
            asked.key,
            "verdict" if asked.verdict is not None else "" if _runs(asked) else "text only",
            " ".join(f"{name}={value}" for name, value in _literals(asked).items()),
            asked.title.get(arguments.lang),
        )
        for asked in listed
    ]
    print(terminal.table(("query", "", "parameters", "what"), rows))
    if arguments.pack is None:
        packs = ", ".join(pack.id for pack in catalogue.packs)
        print(f"\n{len(rows)} queries; packs: {packs}")
    return main.OK


def _literals(asked: runner.Asked) -> dict[str, str]:
    """The parameters as they stand in the text."""
    return {name: kql_text.literal(value) for name, value in asked.params.items()} if isinstance(asked, Query) else {}


def _runs(asked: runner.Asked) -> bool:
    return asked.runnable if isinstance(asked, Query) else True


def _show(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    asked = runner.find(catalogue, arguments.id)
    given = params.given([asked] if isinstance(asked, Query) else [], arguments.param)
    text = kql_text.query(asked, given) if isinstance(asked, Query) else ""
    if arguments.json:
        terminal.show_json(
            {
                "id": asked.key,
                "title": asked.title.get(arguments.lang),
                "source": words_of(asked.source).get(arguments.lang),
                "columns": dict(asked.columns),
                "parameters": _literals(asked),
                "look_for": asked.look_for.get(arguments.lang) if asked.look_for else None,
                "text": text or None,
                "metric": asked.metric.metric if isinstance(asked, MetricQuery) else None,
                "place": str(asked.place),
            }
        )
        return main.OK
    notes = [note.get(arguments.lang) for note in (asked.look_for, asked.caveat) if note is not None]
    head = kql_text.header(
        asked.title.get(arguments.lang), words_of(asked.source).get(arguments.lang), str(asked.place), tuple(notes)
    )
    if isinstance(asked, MetricQuery):
        text = f"// platform metric '{asked.metric.metric}' of {asked.metric.resource}, {asked.metric.aggregation}"
    print(f"{head}{text}")
    return main.OK
