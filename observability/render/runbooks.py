"""One page an alert, in Korean and English: what it means, what to run first, why this number, whom to call."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import jinja2

from observability.model.alert import Alert, Suppression
from observability.model.checklist import MetricQuery, reach
from observability.model.clock import KST, WINDOWS_ZONE
from observability.model.finding import Finding
from observability.model.operations import Escalation, SeverityLevel
from observability.model.query import Pack, Query
from observability.model.signal import Engine
from observability.model.text import Text
from observability.render import durations, kql, promql
from observability.render.arm_alerts import rule_name
from observability.render.words import (
    cited_findings,
    closed_by_hand,
    condition_words,
    platform_metric,
    toward,
    words_of,
)
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
    where: str
    time_range: Text
    notes: tuple[Text, ...]
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class _Measured:
    how: Text
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class _Silenced:
    when: Text


_KST_AHEAD = durations.kql(KST.utcoffset(None))
_AS_IT_FIRED = Text(
    ko=f"첫 줄의 `now()`를 알림이 울린 시각으로 바꿔 실행합니다. 한국 시각이면 `datetime(2026-11-23 03:12) - {_KST_AHEAD}`처럼 씁니다. "
    "시간 범위는 쿼리 안에 있습니다. 늦게 들어온 행도 세므로 알림의 값과 조금 다를 수 있습니다.",
    en="Put the time when the alert fired in place of `now()` in the first line; a time in Korea is written "
    f"`datetime(2026-11-23 03:12) - {_KST_AHEAD}`. The time range stands in the query. Rows that came late are counted too, so the "
    "value may differ a little from the alert's.",
)
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
        return _Measured(_AS_IT_FIRED, "kusto", kql.as_it_fired(alert))
    if alert.engine is Engine.PROMETHEUS:
        return _evaluated(alert, promql.condition(alert))
    window, metric = _duration(alert.window), alert.watches.metric
    how = Text(
        ko=f"리소스의 '메트릭'에서 시간 범위의 끝을 알림이 울린 시각으로, 시간 세분성을 {toward(window.ko)} 둡니다. "
        "더 굵게 두면 값이 옅어집니다.",
        en="Under 'Metrics' of the resource, end the time range when the alert fired and set the time granularity to "
        f"{window.en}; a coarser one dilutes the value.",
    )
    return _Measured(how, "text", platform_metric(metric)) if metric else None


def _evaluated(alert: Alert, expression: str) -> _Measured:
    """A Prometheus rule's expression has its windows inside: what is chosen is the moment."""
    ko = "Grafana의 Explore에서 시간 범위의 끝을 알림이 울린 시각으로, 유형을 Instant로 두고 계산합니다. "
    en = "In Grafana's Explore, end the time range when the alert fired and evaluate it as 'Instant'. "
    if "[" in expression:
        ko += "거슬러 보는 구간은 식 안에 있으므로 시간 범위의 길이는 값을 바꾸지 않습니다."
        en += "How far it looks back stands inside it: the length of the time range changes nothing."
    else:
        ko += "식은 그 순간만 봅니다."
        en += "It looks at that moment alone."
    if alert.pending is not None:
        pending = _duration(alert.pending)
        ko += f" {pending.ko} 동안 계속 참이어야 울립니다."
        en += f" It fires once it has been true for {pending.en}."
    return _Measured(Text(ko=ko, en=en), "promql", expression)


def _step(asked: Query | MetricQuery, alert: Alert, packs: tuple[Pack, ...]) -> _Step:
    """The time range reaches back as far as the query needs, and over all that the alert looked at."""
    back = _duration(max(reach(asked, packs), alert.window))
    time_range = Text(
        ko=f"시간 범위: 알림이 울리기 {back.ko} 전부터 지금까지",
        en=f"Time range: from {back.en} before the alert fired until now",
    )
    notes = tuple(note for note in (asked.look_for, asked.caveat) if note is not None)
    if isinstance(asked, Query):
        return _Step(asked.title, f"`generated/kql/{asked.key}.kql`", time_range, notes, "kusto", kql.query(asked))
    where = f"`tripobs kql run {asked.key}`, 또는 리소스의 '메트릭' · or 'Metrics' of the resource"
    return _Step(asked.title, where, time_range, notes, "text", platform_metric(asked.metric))


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
    packs: tuple[Pack, ...],
) -> dict[str, str]:
    """Alert id -> Markdown page."""
    template = _environment().get_template("runbook.md.j2")
    titles = {alert.id: alert.title for alert in alerts}
    return {
        alert.id: _page(template, alert, titles, severities, findings, suppressions, escalation, packs)
        for alert in alerts
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
    packs: tuple[Pack, ...],
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
        updates=_duration(level.update_every) if level.update_every else None,
        source=words_of(alert.source),
        steps=[_step(asked, alert, packs) for asked in alert.first_steps],
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
