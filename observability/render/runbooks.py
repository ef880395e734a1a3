"""One page an alert, in Korean and English: what it means, what to run first, why this number, whom to call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import jinja2

from observability.model.alert import Alert, Suppression
from observability.model.clock import KST, WINDOWS_ZONE
from observability.model.finding import Finding
from observability.model.operations import Escalation, SeverityLevel
from observability.model.query import Query
from observability.model.signal import Engine
from observability.model.text import Text
from observability.render import durations, kql, promql
from observability.render.arm_alerts import rule_name
from observability.render.words import cited_findings, closed_by_hand, condition_words, words_of
from observability.render.workflow_escalation import ALERTS_API

_ENGINES = {
    Engine.LOG: Text(ko="로그 알림", en="log alert"),
    Engine.METRIC: Text(ko="메트릭 알림", en="metric alert"),
    Engine.PROMETHEUS: Text(ko="Prometheus 규칙", en="Prometheus rule"),
}
_DAYS = {
    "Monday": "월요일",
    "Tuesday": "화요일",
    "Wednesday": "수요일",
    "Thursday": "목요일",
    "Friday": "금요일",
    "Saturday": "토요일",
    "Sunday": "일요일",
}
# Azure names zones as Windows does; people here say KST.
_ZONES = {WINDOWS_ZONE: KST.tzname(None)}


@dataclass(frozen=True, slots=True)
class _Step:
    title: Text
    key: str
    look_for: Text | None
    text: str


@dataclass(frozen=True, slots=True)
class _Measured:
    language: str
    text: str
    from_now: bool = False


@dataclass(frozen=True, slots=True)
class _Silenced:
    when: Text


_TEMPLATES = Path(__file__).with_name("templates")


def _compiled() -> jinja2.BytecodeCache | None:
    """Compiled templates beside compiled Python; none where the folder cannot be written."""
    folder = _TEMPLATES / "__pycache__"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


def _environment() -> jinja2.Environment:
    # Markdown, not HTML, and every value comes from the project's own definitions.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        bytecode_cache=_compiled(),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment


def _cell(text: str) -> str:
    """The text inside one cell of a Markdown table, which a bar would end."""
    return text.replace("|", "\\|").replace("\n", " ")


def _measured(alert: Alert) -> _Measured | None:
    if alert.engine is Engine.LOG:
        measure = alert.watches.kql
        return _Measured("kusto", kql.alert(alert), measure is not None and kql.looks_from_now(measure))
    if alert.engine is Engine.PROMETHEUS:
        return _Measured("promql", promql.condition(alert))
    metric = alert.watches.metric
    return _Measured("text", f"{metric.resource}: {metric.aggregation}({metric.metric})") if metric else None


def _step(query: Query) -> _Step:
    return _Step(query.title, query.key, query.look_for, kql.query(query))


def _silenced(alert: Alert, suppressions: tuple[Suppression, ...]) -> _Silenced | None:
    for rule in suppressions:
        if alert.severity in rule.severities:
            span = f"{rule.start[:5]}-{rule.end[:5]} {_ZONES.get(rule.time_zone, rule.time_zone)}"
            return _Silenced(Text(ko=f"{_DAYS[rule.weekday]} {span}", en=f"{rule.weekday} {span}"))
    return None


def runbooks(
    alerts: tuple[Alert, ...],
    severities: dict[int, SeverityLevel],
    findings: tuple[Finding, ...],
    suppressions: tuple[Suppression, ...],
    escalation: Escalation,
) -> dict[str, str]:
    """Alert id -> Markdown page."""
    template = _environment().get_template("runbook.md.j2")
    titles = {alert.id: alert.title for alert in alerts}
    return {
        alert.id: _page(template, alert, titles, severities, findings, suppressions, escalation) for alert in alerts
    }


def _unanswered(alert: Alert, level: SeverityLevel, escalation: Escalation) -> Text:
    """What follows by itself when nobody acknowledges the alert, or who has to see to it where nothing does."""
    if level not in escalation.levels:
        return Text(
            ko=f"기계가 다시 알리지 않습니다. {level.escalation.ko}.",
            en=f"No machine tells again. {level.escalation.en}.",
        )
    if not any(action.escalates for action in alert.actions):
        return Text(
            ko="아무도 호출하지 않는 알림이라 다시 알리지 않습니다. 대응 시간은 채널을 보는 사람이 지킵니다.",
            en="This alert pages nobody, so it is not told again: whoever reads the channel keeps the response time.",
        )
    response = _duration(level.response)
    once = level.number in escalation.at_once
    first = (
        Text(ko="울리자마자 관리팀에 알립니다. ", en="Management is told as it fires. ") if once else Text(ko="", en="")
    )
    if level.update_every is None:
        again = Text(ko="한 번 다시 알립니다", en="it is told once more")
    else:
        every, most = _duration(level.update_every), _duration(escalation.reminds_for)
        again = Text(
            ko=f"다시 알리고 {every.ko}마다 되풀이합니다(최대 {most.ko})",
            en=f"it is told again, and every {every.en} after that (for {most.en} at most)",
        )
    return Text(
        ko=f"{first.ko}{response.ko}이 지나도 맡은 사람이 없으면 {again.ko} (`la-tripgen-escalate`).",
        en=f"{first.en}When nobody has taken it after {response.en}, {again.en} (`la-tripgen-escalate`).",
    )


def _silence(alert: Alert, escalation: Escalation) -> str:
    severity = int(alert.severity)
    approved = f" --severity {severity} --by NAME" if severity in escalation.at_once else ""
    return f'tripobs silence --for 2h --alert {alert.id}{approved} --why "..." --out silence.json'


def _page(
    template: jinja2.Template,
    alert: Alert,
    titles: dict[str, Text],
    severities: dict[int, SeverityLevel],
    findings: tuple[Finding, ...],
    suppressions: tuple[Suppression, ...],
    escalation: Escalation,
) -> str:
    level = severities[int(alert.severity)]
    cited = cited_findings(alert)
    return template.render(
        alert=alert,
        rule=rule_name(alert),
        condition=Text(ko=condition_words(alert, "ko"), en=condition_words(alert, "en")),
        severity=level,
        response=_duration(level.response),
        engine=_ENGINES[alert.engine],
        every=_duration(alert.every),
        window=_duration(alert.window),
        updates=_duration(level.update_every) if level.update_every else None,
        source=words_of(alert.source),
        steps=[_step(query) for query in alert.first_steps],
        measured=_measured(alert),
        findings=[finding for finding in findings if finding.id in cited],
        why_severity=words_of(alert.severity_source),
        silenced=_silenced(alert, suppressions),
        causes=[(ident, titles[ident]) for ident in alert.causes],
        unanswered=_unanswered(alert, level, escalation),
        alerts_api=ALERTS_API,
        silence=_silence(alert, escalation),
        by_hand=Text(ko=closed_by_hand(alert, "ko"), en=closed_by_hand(alert, "en")),
        paged=[action.title for action in alert.actions if action.escalates],
    )


def _duration(value: timedelta) -> Text:
    return Text(ko=durations.words(value, "ko"), en=durations.words(value, "en"))
