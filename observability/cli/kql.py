"""`tripobs kql`: what there is, what it says, written for other readers too; run, pack and serve are in kql_run.py."""

from __future__ import annotations

import argparse
import sys

from observability.catalog import Catalogue, load
from observability.cli import main, terminal
from observability.model.checklist import MetricQuery
from observability.model.errors import SourceUnavailable
from observability.model.query import Pack, Query
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
        if arguments.kql_command == "export":
            return _export(catalogue, arguments)
        from observability.cli import kql_run

        return kql_run.COMMANDS[arguments.kql_command](catalogue, arguments)
    except WrongArgument as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE


def _list(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    pack = runner.find_pack(catalogue, arguments.pack) if arguments.pack is not None else None
    listed = runner.of_pack(catalogue, pack) if pack is not None else tuple(runner.queries(catalogue).values())
    if arguments.json:
        within = {each.id: {asked.key for asked in runner.of_pack(catalogue, each)} for each in catalogue.packs}
        terminal.show_json(
            [
                {
                    "id": asked.key,
                    "title": asked.title.get(arguments.lang),
                    "packs": [name for name, keys in within.items() if asked.key in keys],
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
    if pack is None:
        print(f"\n{len(rows)} queries; packs: {', '.join(each.id for each in catalogue.packs)}")
        lists = [each for each in catalogue.packs if runner.items_of(catalogue, each)]
        counted = ", ".join(f"{each.id} ({len(runner.of_pack(catalogue, each))} queries)" for each in lists)
        print(f"of these, checklists, which run the others' queries: {counted}")
    elif items := runner.items_of(catalogue, pack):
        by_hand = ", ".join(item.id for item in items if item.by_hand is not None)
        print(
            f"\n{len(rows)} queries for {len(items)} items"
            + (f"; somebody has to look at {by_hand}" if by_hand else "")
        )
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


def _export(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    """Write what was named for another reader; what no reader of KQL could run is said on the error stream."""
    from observability.artefacts.made import compact, encode
    from observability.cli import formats
    from observability.render import exports

    formats.refuse(arguments)
    packs, asked = _named(catalogue, arguments.names)
    # The document's own texts answer nothing here: elsewhere they would be taken for an answer.
    queries = [each for each in asked if isinstance(each, Query) and each.runnable and not each.verbatim]
    metrics = sum(1 for each in asked if isinstance(each, MetricQuery))
    texts = [each.key for each in asked if isinstance(each, Query) and each not in queries]
    if metrics or texts:
        left = f"{metrics} platform metrics" + (f"; texts that answer nothing: {', '.join(texts)}" if texts else "")
        print(f"left out: {left}", file=sys.stderr)
    if not queries:
        raise WrongArgument("nothing is left to export; see tripobs kql list")
    if arguments.format == "csl":
        body = exports.csl(queries, arguments.lang)
    elif arguments.format == "sentinel":
        body = encode(exports.sentinel(queries, arguments.lang, compact)).decode()
    else:
        body = encode(exports.workbook(packs, queries, arguments.lang)).decode()
    formats.write(arguments, body)
    return main.OK


def _named(catalogue: Catalogue, names: list[str]) -> tuple[list[Pack], list[runner.Asked]]:
    """The packs, and the queries of them or alone, each once and in the order of the packs."""
    known = runner.queries(catalogue)
    whole = {pack.id: pack for pack in catalogue.packs}
    if not names:
        return list(catalogue.packs), list(known.values())
    keys: set[str] = set()
    for name in names:
        if name in whole:
            keys |= {each.key for each in runner.of_pack(catalogue, whole[name])}
        elif "/" in name or any(each.id == name for each in known.values()):
            keys.add(runner.find(catalogue, name).key)
        else:
            near = runner.nearest(name, {**whole, **known})
            raise WrongArgument(f"'{name:.60}': there is no pack and no query of that name; {near}")
    return list(catalogue.packs), [each for key, each in known.items() if key in keys]
