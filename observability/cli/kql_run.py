"""`tripobs kql run`, `pack`, `serve`: ask, print, and say by the exit code how it went."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from observability.catalog import Catalogue
from observability.cli import backends, formats, main, terminal
from observability.model.checklist import reach
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query import params, runner, times
from observability.query.answers import Span
from observability.query.errors import WrongArgument
from observability.query.report import Part, Report, Step


def _run(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    asked = runner.find(catalogue, arguments.id)
    if isinstance(asked, Query) and not asked.runnable:
        why = asked.caveat.get(arguments.lang) if asked.caveat else ""
        raise WrongArgument(f"query '{asked.key}': cannot be run. {why}".rstrip())
    given = params.given([asked] if isinstance(asked, Query) else [], arguments.param)
    formats.refuse(arguments)
    with backends.chosen(arguments) as (backend, now), _interruptible() as stop:
        span = _span(arguments, now, reach(asked, catalogue.packs))
        step = runner.run_one(asked, backend, span, given, said=lambda ask, answer: None, stop=stop)
        alone = Report(asked.pack, asked.title, span, backend.name, datetime.now(UTC), (Part(None, (step,)),))
        formats.write(arguments, formats.step(arguments, step, alone))
        if stop.is_set():
            return main.INTERRUPTED
    return _code([step])


def _pack(catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    from observability.query.progress import Progress

    pack = runner.find_pack(catalogue, arguments.id)
    planned = runner.plan(catalogue, pack)
    given = params.given([asked for asked in planned.asked if isinstance(asked, Query)], arguments.param)
    formats.refuse(arguments)
    with backends.chosen(arguments) as (backend, now), _interruptible() as stop:
        span = _span(arguments, now, pack.span)
        progress = Progress(len(planned.asked), sys.stderr, verbose=arguments.verbose)
        report = runner.run(planned, backend, span, given, said=progress.said, stop=stop, now=datetime.now(UTC))
        progress.close()
        formats.write(arguments, formats.report(arguments, report))
        _summary(report, stop.is_set())
        if stop.is_set():
            return main.INTERRUPTED
    return _code(report.steps)


def _span(arguments: argparse.Namespace, now: datetime, default: timedelta) -> Span:
    return times.span(
        arguments.since, arguments.start, arguments.end, now=now, default=default, attended=sys.stdin.isatty()
    )


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


def _code(steps: Iterable[Step]) -> int:
    steps = list(steps)
    outcomes = [step.judged.outcome for step in steps if step.judged is not None]
    if Outcome.FAIL in outcomes:
        return main.PROBLEMS
    if Outcome.NO_DATA in outcomes or not all(step.answered for step in steps):
        return main.UNAVAILABLE
    return main.OK


def _summary(report: Report, interrupted: bool) -> None:
    """The last line, on the error stream: it is for whoever waits, not for the file."""
    counted = Counter(_end(step) for step in report.steps)
    colours = {Outcome.PASS: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red", Outcome.NO_DATA: "yellow"}
    said = [
        terminal.colour(f"{counted[each]} {each.value}", colours[each], sys.stderr) for each in Outcome if counted[each]
    ]
    said += [f"{counted[each]} {each}" for each in (_SILENT, _UNJUDGED) if counted[each]]
    by_hand = sum(1 for part in report.parts if part.item is not None and part.item.by_hand is not None)
    look = f"; {by_hand} item{'s' if by_hand > 1 else ''} for somebody to look at" if by_hand else ""
    state = "interrupted; " if interrupted else ""
    print(f"{report.pack}: {state}{len(report.steps)} queries: {', '.join(said)}{look}", file=sys.stderr)


_SILENT, _UNJUDGED = "not answered", "without a verdict"


def _end(step: Step) -> Outcome | str:
    """The one heading that a query is counted under: what nobody answered is no data too, and is not counted twice."""
    if not step.answered:
        return _SILENT
    return step.judged.outcome if step.judged is not None else _UNJUDGED


def _serve(_catalogue: Catalogue, arguments: argparse.Namespace) -> int:
    """Answer the Log Analytics query API from a folder until somebody stops it."""
    from observability.query.local import LocalBackend
    from observability.query.service import Service

    if arguments.local is None:
        raise WrongArgument(f"say what to answer from: --local DIR of exports, or --local {backends.DEMO}")
    backend = LocalBackend(backends.local_folder(arguments.local))
    end = backend.end()
    try:
        service = Service(backend, now=lambda: end, port=arguments.port)
    except (OSError, OverflowError) as error:
        raise WrongArgument(f"--port {arguments.port}: {error}; name another, or 0 for any") from None
    before = signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=service.shutdown).start())
    try:
        # From the first word on: whoever reads the address may press Ctrl-C at once.
        with contextlib.suppress(KeyboardInterrupt):
            print(f"{service.address}/v1, now is {times.kst(end)}; Ctrl-C ends it")
            print(
                f"""try: curl -s {service.address}/v1/workspaces/any/query -H 'Content-Type: application/json' \\
  -d '{{"query": "AppRequests | count", "timespan": "PT6H"}}'""",
                flush=True,
            )
            service.serve_forever(poll_interval=0.2)
    finally:
        service.stopping.set()
        service.server_close()
        signal.signal(signal.SIGTERM, before)
    return main.OK


COMMANDS = {"run": _run, "pack": _pack, "serve": _serve}
