"""`tripobs kql`: list, show, run, pack, serve, export."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observability.catalog import Catalogue, load
from observability.cli import main, terminal
from observability.model.checklist import MetricQuery
from observability.model.errors import SourceUnavailable
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query import params, runner, times
from observability.query.errors import WrongArgument
from observability.render import kql as kql_text
from observability.render.words import words_of

if TYPE_CHECKING:
    from observability.query.answers import Backend, Span
    from observability.query.report import Report, Step

DEMO = "demo"
WORKSPACE = "TRIPOBS_WORKSPACE"
_DEMO_HOURS, _DEMO_SEED = 24, 7


def command(arguments: argparse.Namespace) -> int:
    """Run the subcommand and say plainly what cannot be taken."""
    try:
        return _COMMANDS[arguments.kql_command](_catalogue(), arguments)
    except WrongArgument as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE


def _catalogue() -> Catalogue:
    catalogue = load()
    if catalogue.problems:
        terminal.problems(catalogue.problems)
    return catalogue


# --- list and show -------------------------------------------------------------------------------------------------


def _list(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    rows = [
        {
            "id": asked.key,
            "title": asked.title.get(arguments.lang),
            "parameters": {name: kql_text.literal(value) for name, value in getattr(asked, "params", {}).items()},
            "judged": asked.verdict is not None,
            "runs": not isinstance(asked, Query) or asked.runnable,
        }
        for asked in runner.queries(catalogue).values()
        if arguments.pack is None or asked.pack == runner.find_pack(catalogue, arguments.pack).id
    ]
    if arguments.json:
        terminal.show_json(rows)
        return main.OK
    shown = [
        (
            row["id"],
            "verdict" if row["judged"] else "" if row["runs"] else "text only",
            " ".join(f"{name}={value}" for name, value in row["parameters"].items()),
            row["title"],
        )
        for row in rows
    ]
    print(terminal.table(("query", "", "parameters", "what"), shown))
    if arguments.pack is None:
        packs = ", ".join(pack.id for pack in catalogue.packs)
        print(f"\n{len(rows)} queries; packs: {packs}")
    return main.OK


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
                "parameters": {name: kql_text.literal(value) for name, value in getattr(asked, "params", {}).items()},
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


# --- run and pack --------------------------------------------------------------------------------------------------


def _run(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    asked = runner.find(catalogue, arguments.id)
    if isinstance(asked, Query) and not asked.runnable:
        why = asked.caveat.get(arguments.lang) if asked.caveat else ""
        raise WrongArgument(f"query '{asked.key}': cannot be run. {why}".rstrip())
    given = params.given([asked] if isinstance(asked, Query) else [], arguments.param)
    _refuse_terminal(arguments)
    span_of = next(pack for pack in catalogue.packs if pack.id == asked.pack).span
    with _backend(arguments) as (backend, now), _interruptible() as stop:
        span = _span(arguments, now, span_of)
        step = runner.run_one(asked, backend, span, given, said=lambda ask, answer: None, stop=stop)
        _write(arguments, _printed_step(arguments, step, span, backend.name))
        if stop.is_set():
            return main.INTERRUPTED
    return _code([step])


def _pack(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    from observability.query.progress import Progress

    pack = runner.find_pack(catalogue, arguments.id)
    planned = runner.plan(catalogue, pack)
    given = params.given([asked for asked in planned.asked if isinstance(asked, Query)], arguments.param)
    _refuse_terminal(arguments)
    with _backend(arguments) as (backend, now), _interruptible() as stop:
        span = _span(arguments, now, pack.span)
        progress = Progress(len(planned.asked), sys.stderr, verbose=arguments.verbose)
        report = runner.run(planned, backend, span, given, said=progress.said, stop=stop, now=datetime.now(UTC))
        progress.close()
        _write(arguments, _printed_report(arguments, report))
        _summary(report, stop.is_set())
        if stop.is_set():
            return main.INTERRUPTED
    return _code(report.steps)


def _span(arguments: argparse.Namespace, now: datetime, default: timedelta) -> Span:
    return times.span(
        arguments.since, arguments.start, arguments.end, now=now, default=default, attended=sys.stdin.isatty()
    )


def _refuse_terminal(arguments: argparse.Namespace) -> None:
    if arguments.format == "html" and arguments.out is None and sys.stdout.isatty():
        raise WrongArgument("--format html: is a file for a browser; name it with --out report.html")


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that what has ended is kept; the second one ends the program."""
    stop = threading.Event()

    def interrupt(_number: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _code(steps: Any) -> int:
    outcomes = [step.judged.outcome for step in steps if step.judged is not None]
    if Outcome.FAIL in outcomes:
        return main.PROBLEMS
    if Outcome.NO_DATA in outcomes or not all(step.answered for step in steps):
        return main.UNAVAILABLE
    return main.OK


def _summary(report: Report, interrupted: bool) -> None:
    """The last line, on the error stream: it is for whoever waits, not for the file."""
    outcomes = report.outcomes
    colours = {Outcome.PASS: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red", Outcome.NO_DATA: "yellow"}
    said = [
        terminal.colour(f"{outcomes[each]} {each.value}", colours[each], sys.stderr)
        for each in Outcome
        if outcomes[each]
    ]
    if report.unanswered:
        said.append(f"{len(report.unanswered)} not answered")
    by_hand = sum(1 for part in report.parts if part.item is not None and part.item.by_hand is not None)
    if by_hand:
        said.append(f"{by_hand} for somebody to look at")
    state = "interrupted; " if interrupted else ""
    print(f"{report.pack}: {state}{len(report.steps)} queries: {', '.join(said) or 'all answered'}", file=sys.stderr)


# --- where the answers come from -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _backend(arguments: argparse.Namespace) -> Iterator[tuple[Backend, datetime]]:
    """The backend that was asked for, and what "now" means there."""
    workspace = arguments.workspace or os.environ.get(WORKSPACE)
    if arguments.local is None and workspace is None:
        raise WrongArgument(
            f"say where the answers are: --workspace NAME (or {WORKSPACE}), --local DIR of exports, or --local {DEMO}"
        )
    if arguments.local is not None:
        if arguments.workspace is not None:
            raise WrongArgument("--local and --workspace: are two places; give one of them")
        from observability.query.local import LocalBackend

        folder, name = (_demo(arguments), "demo") if arguments.local == DEMO else (Path(arguments.local), "")
        local = LocalBackend(folder, name=name)
        yield local, local.end()
        return
    from observability.query.azure import connect

    backend = connect(workspace, subscription=arguments.subscription)
    try:
        yield backend, datetime.now(UTC)
    finally:
        backend.close()


def _demo(arguments: argparse.Namespace) -> Path:
    """The demo's telemetry, made the first time it is asked for and kept."""
    from observability import __version__
    from observability.cli.demo_data import make

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tripobs" / f"demo-{__version__}-{_DEMO_HOURS}h-{_DEMO_SEED}"
    make(folder, hours=_DEMO_HOURS, seed=_DEMO_SEED, quiet=not sys.stderr.isatty())
    return folder


# --- output --------------------------------------------------------------------------------------------------------


def _printed_report(arguments: argparse.Namespace, report: Report) -> str:
    raise NotImplementedError


def _printed_step(arguments: argparse.Namespace, step: Step, span: Span, source: str) -> str:
    raise NotImplementedError


def _write(arguments: argparse.Namespace, text: str) -> None:
    """To the file that was named, whole or not at all, or to the output."""
    if arguments.out is None:
        sys.stdout.write(text)
        return
    path = Path(arguments.out)
    if path.is_dir():
        raise WrongArgument(f"--out {path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise WrongArgument(f"--out {path}: there is no folder {path.parent}; make it first")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, newline="", delete=False) as draft:
        draft.write(text)
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(path)
    print(f"wrote {path}", file=sys.stderr)


_COMMANDS = {"list": _list, "show": _show, "run": _run, "pack": _pack}
