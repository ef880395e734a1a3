"""`tripobs scenarios` and `tripobs replay`: would the alert have fired, when, and for whom?"""

from __future__ import annotations

import argparse
import difflib
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from observability.cli import formats, main, terminal
from observability.model.alert import Alert
from observability.model.errors import DefinitionError, SourceUnavailable
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from datetime import datetime

    from observability.catalog import Catalogue
    from observability.query.answers import Span
    from observability.replay.changes import Difference
    from observability.replay.rules import Rule
    from observability.replay.run import Telemetry, Timeline
    from observability.replay.show import Shown
    from observability.simulate.scenario import Scenario


def command(arguments: argparse.Namespace) -> int:
    """Run `scenarios` or `replay` and return the exit code."""
    try:
        return _scenarios(arguments) if arguments.command == "scenarios" else _replay(arguments)
    except WrongArgument as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE
    except DefinitionError as error:
        terminal.problems(error.problems)
        return main.PROBLEMS


def _scenarios(arguments: argparse.Namespace) -> int:
    from observability import scenarios
    from observability.query.times import kst

    known = scenarios.load()
    chosen = [_find(arguments.id, known)] if arguments.id else list(known)
    if arguments.json:
        terminal.show_json([_plain(each) for each in chosen])
        return main.OK
    lang = arguments.lang
    ko = lang == "ko"
    if arguments.id:
        one = chosen[0]
        print(f"{one.title.get(lang)} ({one.id})\n{one.happens.get(lang)}")
        print(f"{kst(one.begins)} - {kst(one.ends)}; {one.place}")
        for expected in one.expects:
            which = ", ".join(f"{name}={value}" for name, value in expected.which.items()) or "-"
            within = expected.within // timedelta(minutes=1)
            who = (
                "" if expected.told is None else f"; {', '.join(expected.told) or ('아무도 없음' if ko else 'nobody')}"
            )
            print(f"  {expected.alert}: {which} x{expected.count}, {within} min{who}")
        if not one.expects:
            print("  모두 조용해야 합니다." if ko else "  everything has to stay quiet")
        return main.OK
    head = ("시나리오", "제목", "울려야 하는 알림") if ko else ("scenario", "title", "alerts that have to fire")
    quiet = "조용함" if ko else "quiet"
    rows = [
        (
            each.id,
            each.title.get(lang),
            ", ".join(dict.fromkeys(expected.alert for expected in each.expects)) or quiet,
        )
        for each in chosen
    ]
    print(terminal.table(head, rows))
    return main.OK


def _plain(scenario: Scenario) -> dict[str, object]:
    return {
        "id": scenario.id,
        "title": {"ko": scenario.title.ko, "en": scenario.title.en},
        "happens": {"ko": scenario.happens.ko, "en": scenario.happens.en},
        "begins": scenario.begins.isoformat(),
        "ends": scenario.ends.isoformat(),
        "definition": str(scenario.place),
        "expects": [
            {
                "alert": each.alert,
                "which": dict(each.which),
                "count": each.count,
                "within_seconds": each.within.total_seconds(),
                "told": None if each.told is None else list(each.told),
            }
            for each in scenario.expects
        ],
    }


def _find(name: str, known: Sequence[Scenario]) -> Scenario:
    for scenario in known:
        if scenario.id == name:
            return scenario
    near = difflib.get_close_matches(name, [each.id for each in known], 1)
    hint = f"; did you mean '{near[0]}'?" if near else "; `tripobs scenarios` lists them"
    raise WrongArgument(f"there is no scenario '{name:.60}'{hint}")


# --- replay -----------------------------------------------------------------------------------------------------------


def _replay(arguments: argparse.Namespace) -> int:
    from observability import catalog

    places = [arguments.scenario, arguments.all or None, arguments.data, arguments.workspace]
    if sum(place is not None for place in places) != 1:
        raise WrongArgument(
            "say what to replay: a SCENARIO (`tripobs scenarios`), --all, --data DIR or --workspace NAME"
        )
    if (arguments.scenario is not None or arguments.all) and (arguments.start or arguments.end):
        raise WrongArgument("--from and --to: a scenario has its own time; give them with --data or --workspace")
    if arguments.all and arguments.format == "html":
        raise WrongArgument("--format html: draws one scenario; `tripobs site` writes pages of all")
    catalogue = catalog.load()
    if catalogue.problems:
        raise DefinitionError(catalogue.problems)
    alerts = _alerts(catalogue.alerts, arguments.alert)
    changed = _alerts(_changed(catalogue, arguments.set), arguments.alert) if arguments.set else None
    formats.refuse(arguments)
    if arguments.all:
        return _all(arguments, catalogue, alerts, changed)
    if arguments.scenario is not None:
        shown = _of_scenario(arguments, catalogue, alerts, changed)
    else:
        shown = _of_history(arguments, catalogue, alerts, changed)
    _write(arguments, shown)
    if shown.wrong:
        return main.PROBLEMS
    return main.OK if shown.timeline.evaluations else main.UNAVAILABLE


def _changed(catalogue: Catalogue, wanted: Sequence[str]) -> tuple[Alert, ...]:
    """The alerts with other numbers, if Azure would take them: what cannot be deployed is not worth a replay."""
    from observability.checks import run as checks
    from observability.replay import changes

    try:
        changed = changes.changed(catalogue.alerts, wanted)
        checks.sound(replace(catalogue, alerts=changed))
    except changes.WrongChange as error:
        raise WrongArgument(f"--set {error}") from None
    except DefinitionError as error:
        reasons = "; ".join(f"{problem.name}: {problem.wrong}; {problem.todo}" for problem in error.problems)
        raise WrongArgument(f"--set {' '.join(wanted):.120}: {reasons}") from None
    return changed


def _all(
    arguments: argparse.Namespace, catalogue: Catalogue, alerts: Sequence[Alert], changed: Sequence[Alert] | None
) -> int:
    """A line for each scenario: whether it holds, what fired, who was called, and what a change makes of it."""
    from observability import scenarios
    from observability.replay import incident, show, verdict

    lines: list[show.Line] = []
    for scenario in scenarios.load():
        terminal.progress(scenario.id)
        held = incident.telemetry(scenario, alerts)
        first = incident.play(scenario, alerts, held, catalogue.suppressions)
        last = first if changed is None else incident.play(scenario, changed, held, catalogue.suppressions)
        left_out = _left_out(catalogue, scenario, alerts)
        wrong = tuple(verdict.judge(scenario, last, left_out or ()))
        lines.append(show.Line(scenario, last, wrong, None if changed is None else _compared(first, last), left_out))
    terminal.progress("")
    if arguments.format == "json":
        import json

        text = json.dumps([show.plain_line(line) for line in lines], ensure_ascii=False, indent=2)
    else:
        text = show.lines(lines, arguments.lang, terminal.table)
    formats.write(arguments, f"{text}\n")
    return main.PROBLEMS if any(line.wrong for line in lines) else main.OK


def _left_out(catalogue: Catalogue, scenario: Scenario, alerts: Sequence[Alert]) -> tuple[str, ...] | None:
    """What a chosen few leave out of the scenario; None where every alert was chosen.

    A few can show that it does not hold, and not that it does: it says of the others too what they must do.
    """
    from observability.replay import verdict

    chosen = {alert.id for alert in alerts}
    return verdict.left_out(scenario, chosen) if len(chosen) < len(catalogue.alerts) else None


def _alerts(alerts: Sequence[Alert], wanted: Sequence[str]) -> tuple[Alert, ...]:
    known = {alert.id: alert for alert in alerts}
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise WrongArgument(
                f"--alert '{name:.60}': there is no such alert"
                + (f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}")
            )
    return tuple(known[name] for name in dict.fromkeys(wanted)) if wanted else tuple(alerts)


def _of_scenario(
    arguments: argparse.Namespace, catalogue: Catalogue, alerts: Sequence[Alert], changed: Sequence[Alert] | None
) -> Shown:
    from observability import scenarios
    from observability.replay import incident, verdict
    from observability.replay.show import Shown

    scenario = _find(arguments.scenario, scenarios.load())
    terminal.progress("simulating")
    held = incident.telemetry(scenario, alerts)

    def play(given: Sequence[Alert]) -> Timeline:
        found = incident.play(
            scenario, given, held, catalogue.suppressions, charted=arguments.format == "html", said=_rule
        )
        terminal.progress("")
        return found

    first = play(alerts)
    left_out = _left_out(catalogue, scenario, alerts)
    if changed is None:
        return Shown(first, scenario, tuple(verdict.judge(scenario, first, left_out or ())), left_out=left_out)
    second = play(changed)
    return Shown(
        second,
        scenario,
        tuple(verdict.judge(scenario, second, left_out or ())),
        changes=tuple(arguments.set),
        differences=_compared(first, second),
        left_out=left_out,
    )


def _of_history(
    arguments: argparse.Namespace, catalogue: Catalogue, alerts: Sequence[Alert], changed: Sequence[Alert] | None
) -> Shown:
    from observability.replay.show import Shown

    if arguments.data is not None:
        telemetry, span, name = _exported(arguments, alerts)
        first = _run(arguments, catalogue, alerts, telemetry, span.start, span.end)
        second = _run(arguments, catalogue, changed, telemetry, span.start, span.end) if changed else None
    else:
        first, second, name = _workspace(arguments, catalogue, alerts, changed)
    if second is None:
        return Shown(first, name=name)
    return Shown(second, name=name, changes=tuple(arguments.set), differences=_compared(first, second))


def _exported(arguments: argparse.Namespace, alerts: Sequence[Alert]) -> tuple[Telemetry, Span, str]:
    from observability.cli.backends import local_folder
    from observability.query import times
    from observability.query.answers import Span
    from observability.replay import history

    folder = local_folder(arguments.data)
    telemetry, span = history.exported(folder, alerts)
    if arguments.start is not None or arguments.end is not None:
        asked = times.span(
            None, arguments.start, arguments.end, now=span.end, default=span.end - span.start,
            attended=sys.stdin.isatty(),
        )  # fmt: skip
        span = Span(_whole(asked.start), _whole(asked.end))
    return telemetry, span, str(arguments.data)


def _workspace(
    arguments: argparse.Namespace, catalogue: Catalogue, alerts: Sequence[Alert], changed: Sequence[Alert] | None
) -> tuple[Timeline, Timeline | None, str]:
    from observability.cli import backends
    from observability.query import times
    from observability.replay import history, rules, run
    from observability.replay.run import Telemetry

    if arguments.start is None:
        raise WrongArgument("--workspace: say from when: --from '2026-11-01 00:00 KST' (and --to, if not up to now)")
    with backends.chosen(arguments) as (backend, now):
        asked = times.span(
            None, arguments.start, arguments.end, now=now, default=timedelta(days=1), attended=sys.stdin.isatty()
        )
        start, end = _whole(asked.start), _whole(asked.end)
        logs = history.Workspace(run.connect(), backend, terminal.progress, threading.Event())
        logs.prepare([rules.of(alert) for alert in (*alerts, *(changed or ()))], start, end)
        first = _run(arguments, catalogue, alerts, Telemetry(logs), start, end)
        second = _run(arguments, catalogue, changed, Telemetry(logs), start, end) if changed else None
        return first, second, backend.name


def _whole(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _run(
    arguments: argparse.Namespace,
    catalogue: Catalogue,
    alerts: Sequence[Alert],
    telemetry: Telemetry,
    start: datetime,
    end: datetime,
) -> Timeline:
    from observability.replay import rules, run

    found = run.replay(
        [rules.of(alert) for alert in alerts],
        telemetry,
        start,
        end,
        catalogue.suppressions,
        charted=arguments.format == "html",
        said=_rule,
    )
    terminal.progress("")
    return found


def _compared(first: Timeline, second: Timeline) -> tuple[Difference, ...]:
    from observability.replay import changes

    return tuple(changes.compared(first, second))


def _rule(rule: Rule) -> None:
    terminal.progress(rule.alert.id)


def _write(arguments: argparse.Namespace, shown: Shown) -> None:
    from observability.replay import show

    if arguments.format == "json":
        import json

        text = json.dumps(show.plain(shown), ensure_ascii=False, indent=2)
    elif arguments.format == "html":
        from observability.replay import page

        text = page.page(shown, arguments.lang)
    else:
        text = show.text(shown, arguments.lang, terminal.table)
    formats.write(arguments, f"{text}\n")
