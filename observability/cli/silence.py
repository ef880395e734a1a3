"""`tripobs silence`: a template that silences alerts for an ad-hoc window, and ends by itself."""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from observability.cli import formats, main, terminal
from observability.model.errors import DefinitionError
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from observability.catalog import Catalogue
    from observability.model.alert import Alert, Silence
    from observability.model.text import Lang

_LONGEST_TEXT = 200
# Why an alert cannot be silenced for one service alone.
_UNNAMED = "nothing in its alert says for which service it fired, or its query names them all"


@dataclass(frozen=True, slots=True)
class _Asked:
    """``still`` are alerts that fire for one service too and go on telling, as Azure cannot tell which."""

    silence: Silence
    covered: tuple[Alert, ...]
    still: tuple[Alert, ...]


def silence(arguments: argparse.Namespace, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Write the template, and say what it silences and how it is deployed."""
    from observability import catalog
    from observability.artefacts.made import compact, encode
    from observability.render import arm, arm_silence

    catalogue = catalog.load()
    if catalogue.problems:
        terminal.problems(DefinitionError(catalogue.problems).problems)
        return main.PROBLEMS
    wrong: list[str] = []
    found = _asked(arguments, catalogue, clock(), wrong)
    try:
        formats.refuse(arguments)
    except WrongArgument as error:
        wrong.append(str(error))
    if wrong or found is None:
        print("\n".join(f"tripobs: {each}" for each in wrong), file=sys.stderr)
        return main.USAGE
    rules = arm_silence.rules(found.silence)
    template = arm.template(rules, {}, compact, f"tripgen: {found.silence.why}")
    names = [rule["name"] for rule in rules]
    if arguments.json:
        template = {**_plain(found, names), "template": template}
    formats.write(arguments, encode(template).decode())
    if not arguments.json:
        print("\n".join(_notes(found, names, arguments.out, clock(), arguments.lang)), file=sys.stderr)
    return main.OK


# --- what was asked for -----------------------------------------------------------------------------------------------


def _asked(arguments: argparse.Namespace, catalogue: Catalogue, now: datetime, wrong: list[str]) -> _Asked | None:
    """Everything that is wrong with the arguments is added to ``wrong``."""
    from observability.design.operations import MAINTENANCE
    from observability.design.telemetry import RESOURCES
    from observability.model.alert import Severity, Silence
    from observability.model.clock import KST, WINDOWS_ZONE
    from observability.render import arm_silence

    window = _window(arguments, now, wrong)
    severities = tuple(
        sorted(Severity(number) for number in set(arguments.severity or MAINTENANCE.suppressed_severities))
    )
    services = _services(arguments.service, wrong)
    named = _alerts(arguments.alert, catalogue.alerts, severities, wrong)
    why, by = (_words(flag, text, wrong) for flag, text in (("--why", arguments.why), ("--by", arguments.by)))
    if not why:
        wrong.append("--why: say why nobody is told; whoever finds the rule reads it")
    if Severity.ONE in severities and not by:
        wrong.append("--severity 1: a full outage would tell nobody; name who approved that with --by NAME (10.2.1)")
    if not (arguments.service or arguments.alert or arguments.severity):
        wrong.append("say what to silence: --service NAME, --alert ID, or --severity N for all alerts of that severity")
    about = [alert for alert in catalogue.alerts if alert.severity in severities]
    still: list[Alert] = []
    if services:
        chosen = named or [alert for alert in about if arm_silence.of_a_service(alert)]
        apart = [alert for alert in chosen if arm_silence.tells_apart(alert, services, RESOURCES)]
        still = [alert for alert in chosen if alert not in apart]
        if named:
            wrong.extend(
                f"--alert {alert.id} with --service: {_UNNAMED}; leave --service out to silence it for all"
                for alert in still
            )
        elif not apart:
            wrong.append(
                f"--service {_listed(arguments.service)}: {_UNNAMED}, for severity {_listed(str(int(s)) for s in severities)}; "
                "name the alerts with --alert ID, which silences them for all services"
            )
        named = apart
    if wrong or window is None:
        return None
    made = Silence(
        begins=window[0].astimezone(KST), ends=window[1].astimezone(KST), time_zone=WINDOWS_ZONE,
        severities=severities, why=why, by=by, alerts=tuple(alert.id for alert in named), services=services,
    )  # fmt: skip
    return _Asked(made, tuple(arm_silence.covered(made, catalogue.alerts)), tuple(still))


def _window(arguments: argparse.Namespace, now: datetime, wrong: list[str]) -> tuple[datetime, datetime] | None:
    """From when to when. An alert is silent no longer than the document's slowest answer takes (severity 3)."""
    from observability.design.operations import SEVERITIES
    from observability.query import times
    from observability.render import durations

    longest = max(level.response for level in SEVERITIES.values())
    attended = sys.stdin.isatty()
    this_minute = now.replace(second=0, microsecond=0)
    try:
        begins = (
            times.moment("--from", arguments.start, attended).replace(microsecond=0) if arguments.start else this_minute
        )
        if begins < this_minute:
            raise WrongArgument(f"--from: {times.kst(begins)} is past; what was sent then cannot be taken back")
        if (arguments.length is None) == (arguments.until is None):
            raise WrongArgument("say how long: --for 2h, or --until '2026-11-28 18:00 KST', one of the two")
        if arguments.until is not None:
            # The rule knows no part of a second.
            ends = times.moment("--until", arguments.until, attended).replace(microsecond=0)
        else:
            lasts = times.length("--for", arguments.length)
            if lasts < timedelta(minutes=1):
                raise WrongArgument("--for: give at least a minute")
            ends = begins + lasts
        if ends <= begins or ends <= now:
            raise WrongArgument(f"--until: {times.kst(ends)} is over before it begins, at {times.kst(begins)}")
        if ends - begins > longest:
            raise WrongArgument(
                f"--{'for' if arguments.until is None else 'until'}: {durations.words(ends - begins, 'en')} is longer than "
                f"{durations.words(longest, 'en')}, in which even severity 3 is answered (10.2.1); silence again when it ends"
            )
    except WrongArgument as error:
        wrong.append(str(error))
        return None
    return begins, ends


def _services(wanted: Sequence[str], wrong: list[str]) -> tuple[str, ...]:
    """Roles, as alerts name them; people may say the short name."""
    from observability.design.services import SERVICES

    known = {name: service.role for service in SERVICES for name in (service.key, service.role)}
    for name in wanted:
        if name not in known:
            wrong.append(f"--service '{name:.60}': there is no such service; use {_listed(s.key for s in SERVICES)}")
    return tuple(dict.fromkeys(known[name] for name in wanted if name in known))


def _alerts(wanted: Sequence[str], alerts: Sequence[Alert], severities: Sequence[int], wrong: list[str]) -> list[Alert]:
    known = {alert.id: alert for alert in alerts}
    found = []
    for name in dict.fromkeys(wanted):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{near[0]}'?" if near else "`tripobs list alert` lists them"
            wrong.append(f"--alert '{name:.60}': there is no such alert; {hint}")
        elif known[name].severity not in severities:
            severity = int(known[name].severity)
            approved = " and --by NAME, who approved it" if severity == 1 else ""
            wrong.append(f"--alert {name}: has severity {severity}; add --severity {severity}{approved}")
        else:
            found.append(known[name])
    return found


def _words(flag: str, text: str, wrong: list[str]) -> str:
    """One line that people read in the portal."""
    words = text.strip()
    if len(words) > _LONGEST_TEXT:
        wrong.append(f"{flag}: has {len(words)} characters; give at most {_LONGEST_TEXT}")
    if not words.isprintable():
        wrong.append(f"{flag}: has line breaks or control characters; give one line")
    return words


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


# --- what is said -----------------------------------------------------------------------------------------------------


def _plain(found: _Asked, names: Sequence[str]) -> dict[str, object]:
    made = found.silence
    return {
        "rules": list(names),
        "from": _utc(made.begins),
        "until": _utc(made.ends),
        "severities": [int(severity) for severity in made.severities],
        "services": list(made.services),
        "alerts": [alert.id for alert in found.covered],
        "still_told": [alert.id for alert in found.still],
        "why": made.why,
        "by": made.by or None,
    }


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _notes(found: _Asked, names: Sequence[str], out: str | None, now: datetime, lang: Lang) -> Iterator[str]:
    """For whoever deploys it."""
    from observability.design.operations import MAINTENANCE
    from observability.design.platform import RESOURCES
    from observability.query.times import kst
    from observability.render import durations
    from observability.render.arm_actions import PROCESSING_RULE_TYPE

    made, ko = found.silence, lang == "ko"
    notice = durations.words(MAINTENANCE.notice, lang)
    covered = _listed(alert.id for alert in found.covered) or "-"
    services = f" ({_listed(made.services)})" if made.services else ""
    yield f"{kst(made.begins)} - {kst(made.ends)}"
    yield f"{'알리지 않음' if ko else 'silent'}: {covered}{services}"
    if found.still:
        still = _listed(alert.id for alert in found.still)
        yield (
            f"계속 알림(Azure가 서비스를 구분하지 못함): {still}"
            if ko
            else f"still told, as Azure cannot tell the service: {still}"
        )
    if made.begins - now < MAINTENANCE.notice:
        yield (
            f"{notice} 전에 공지하지 않은 점검이므로 승인이 필요합니다(10.2.1)."
            if ko
            else f"Announced less than {notice} ahead: an emergency maintenance, which needs an approval (10.2.1)."
        )
    yield (
        "그동안 울려서 계속되는 알림은 끝난 뒤에도 다시 보내지 않습니다. 끝나면 'tripobs kql pack triage'로 확인해 주세요."
        if ko
        else "What fires meanwhile and stays is not sent afterwards: run 'tripobs kql pack triage' when it has ended."
    )
    group = f"--resource-group {shlex.quote(os.environ.get(main.GROUP_VARIABLE) or RESOURCES['resource_group'].name)}"
    yield f"az deployment group create {group} --template-file {shlex.quote(out) if out else 'FILE'}"
    yield "저절로 끝납니다. 미리 끝내려면:" if ko else "It ends by itself. To end it sooner:"
    for name in names:
        yield f"az resource delete {group} --resource-type {PROCESSING_RULE_TYPE} --name {name}"
