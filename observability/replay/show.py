"""A replay as people and programs read it: the timeline as text, and all of it as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from observability.model.alert import Alert
from observability.model.clock import KST
from observability.model.text import Lang
from observability.model.units import Quantity
from observability.query import cells
from observability.query.times import kst
from observability.render import durations
from observability.replay import verdict
from observability.replay.changes import Difference
from observability.replay.machine import Kind
from observability.replay.run import Alarm, Timeline
from observability.simulate.scenario import Scenario

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A replay and what it is held against: the scenario, if it is one; ``wrong`` is what does not hold.

    ``left_out`` names the expected alerts among those that were not chosen, and is None where every alert was evaluated.
    """

    timeline: Timeline
    scenario: Scenario | None = None
    wrong: tuple[str, ...] = ()
    name: str = ""
    changes: tuple[str, ...] = ()
    differences: tuple[Difference, ...] | None = None
    left_out: tuple[str, ...] | None = None

    @property
    def holds(self) -> bool | None:
        """None where nothing says so: without a scenario, and where alerts were left out and the rest is as it should be."""
        if self.scenario is None:
            return None
        return False if self.wrong else True if self.left_out is None else None


def value_of(alert: Alert, value: float | None, lang: Lang) -> str:
    """What was measured, in the alert's unit; three digits that matter, more where it would read as the limit itself."""
    if value is None:
        return "-"
    unit = alert.limit.unit if alert.limit is not None else alert.watches.unit
    measured = Quantity(value, alert.watches.unit).to(unit)
    if abs(measured) >= 1000:
        return Quantity(round(measured), unit).words(lang)
    limit = alert.limit.value if alert.limit is not None else None
    shown = next((each for digits in (3, 4, 5, 6) if (each := float(f"{measured:.{digits}g}")) != limit), measured)
    return Quantity(shown, unit).words(lang)


def limit_of(alert: Alert, lang: Lang) -> str:
    assert alert.limit is not None, "a rule has a limit"
    return f"{'>' if alert.above is not None else '<'} {alert.limit.words(lang)}"


def dims_of(alarm: Alarm) -> str:
    """Which one it is; a service's or a node's name from an export is shown, and does nothing to the terminal."""
    return cells.visible(", ".join(f"{name}={value}" for name, value in alarm.dims)) or "-"


def who(alarm: Alarm, lang: Lang, kind: Kind = Kind.FIRED) -> str:
    """Those who heard of it, and those who did not, with the reason."""
    told = [each for each in alarm.told if each.event.kind is kind]
    heard = ", ".join(each.action.title.get(lang) for each in told if not each.kept_back)
    kept = sorted({each.kept_back for each in told if each.kept_back})
    nobody = "아무도 없음" if lang == "ko" else "nobody"
    return f"{heard or nobody} ({'; '.join(kept)})" if kept else heard or nobody


def over(alarm: Alarm, lang: Lang) -> str:
    """When it resolved, or that somebody has to close it."""
    if not alarm.rule.alert.resolves:
        return _BY_HAND[lang]
    return kst(alarm.resolved_at) if alarm.resolved_at is not None else "-"


_BY_HAND: dict[Lang, str] = {"ko": "직접 닫음", "en": "closed by hand"}

# --- text -------------------------------------------------------------------------------------------------------------


def text(shown: Shown, lang: Lang, table: Callable[[Sequence[str], Sequence[Row]], str]) -> str:
    """The timeline, what each alert took to notice, and whether the scenario holds."""
    ko = lang == "ko"
    timeline, scenario = shown.timeline, shown.scenario
    lines = []
    if scenario is not None:
        lines += [f"{scenario.title.get(lang)} ({scenario.id})", scenario.happens.get(lang)]
    elif shown.name:
        lines.append(shown.name)
    count = f"{timeline.evaluations:,}"
    lines.append(
        f"{kst(timeline.start)} - {kst(timeline.end)}, {'평가' if ko else 'evaluations:'} {count}{'회' if ko else ''}"
    )
    lines += ended(timeline, lang)
    lines += [f"{'바꾼 값' if ko else 'changed'}: {change}" for change in shown.changes]
    if timeline.alarms or scenario is not None:
        lines += ["", table(_HEAD[lang], list(_moments(shown, lang)))]
    if timeline.alarms:
        lines += ["", table(_DETECTED[lang], list(_detected(shown, lang)))]
        lines += ["", _by_severity(timeline, lang)]
    else:
        lines += ["", quiet(timeline, lang)]
    if shown.differences is not None:
        lines += ["", *_differences(shown.differences, lang, table)]
    lines += [f"{'평가하지 못함' if ko else 'not evaluated'}: {each}" for each in unread(timeline)]
    lines += [
        f"{'더 뒤를 보므로 평가하지 않음' if ko else 'looks back further, not evaluated'}: {each}"
        for each in beyond(timeline, lang)
    ]
    if scenario is not None:
        lines += ["", *_holds(shown, lang)]
    return "\n".join(lines)


def quiet(timeline: Timeline, lang: Lang) -> str:
    """What to say where nothing fired."""
    if not timeline.evaluations:
        return "아무것도 평가하지 못했습니다." if lang == "ko" else "Nothing could be evaluated."
    return "울린 알림이 없습니다." if lang == "ko" else "No alert fired."


def ended(timeline: Timeline, lang: Lang) -> list[str]:
    """That the rows end before the end that was asked for, where they do."""
    if timeline.asked is None:
        return []
    last, asked = kst(timeline.end), kst(timeline.asked)
    if lang == "ko":
        return [f"행이 {last}에 끝나므로 그 뒤부터 {asked}까지는 평가하지 않음"]
    return [f"the rows end at {last}: not evaluated from then to {asked}"]


def unread(timeline: Timeline) -> list[str]:
    """The alerts that could not be evaluated, those with one reason together."""
    by_reason: dict[str, list[str]] = {}
    for alert, why in timeline.unread:
        by_reason.setdefault(why, []).append(alert)
    return [f"{', '.join(alerts)}: {cells.visible(why)}" for why, alerts in by_reason.items()]


def beyond(timeline: Timeline, lang: Lang) -> list[str]:
    """The alerts that look back further than there is telemetry, those with one window together."""
    by_window: dict[timedelta, list[str]] = {}
    for alert, window in timeline.beyond:
        by_window.setdefault(window, []).append(alert)
    return [f"{', '.join(alerts)} ({durations.words(window, lang)})" for window, alerts in by_window.items()]


_HEAD: dict[Lang, Row] = {
    "en": ("KST", "after", "what", "alert", "which", "detail"),
    "ko": ("KST", "경과", "일", "알림", "대상", "내용"),
}
_DETECTED: dict[Lang, Row] = {
    "en": ("alert", "which", "severity", "visible", "fired", "allowed", "lasted"),
    "ko": ("알림", "대상", "심각도", "보인 때", "울린 때", "허용", "지속"),
}
_WHAT: dict[Lang, dict[str, str]] = {
    "en": {
        "begins": "begins", "ends": "ends", "visible": "first seen", "true": "rule true", "fired": "FIRED",
        "resolved": "resolved",
    },
    "ko": {
        "begins": "시작", "ends": "끝", "visible": "처음 보임", "true": "조건 참", "fired": "울림", "resolved": "해소",
    },
}  # fmt: skip


def _moments(shown: Shown, lang: Lang) -> Iterator[Row]:
    """Every moment of the incident and of its alerts, in order."""
    scenario = shown.scenario
    found: list[tuple[datetime, int, str, str, str, str]] = []
    if scenario is not None and scenario.expects + scenario.faults(scenario.begins, scenario.ends):
        found.append((scenario.begins, 0, "begins", "", "", ""))
        found.append((scenario.ends, 9, "ends", "", "", ""))
    for alarm in shown.timeline.alarms:
        alert = alarm.rule.alert
        name, which = alert.id, dims_of(alarm)
        if alarm.visible_at is not None:
            found.append((alarm.visible_at, 1, "visible", name, which, ""))
        measured = f"{value_of(alert, alarm.value, lang)} {limit_of(alert, lang)}"
        if alarm.true_at != alarm.fired_at:
            found.append((alarm.true_at, 2, "true", name, which, ""))
        found.append((alarm.fired_at, 3, "fired", name, which, f"{measured}; {who(alarm, lang)}"))
        if alarm.resolved_at is not None:
            found.append((alarm.resolved_at, 4, "resolved", name, which, who(alarm, lang, Kind.RESOLVED)))
    origin = scenario.begins if scenario is not None else shown.timeline.start
    days = shown.timeline.end - shown.timeline.start > timedelta(days=1)
    for at, _, what, name, which, detail in sorted(found):
        local = at.astimezone(KST)
        yield (
            f"{local:%m-%d %H:%M}" if days else f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}",
            _after(at - origin, lang), _WHAT[lang][what], name or "-", which or "-", detail,
        )  # fmt: skip


def _after(length: timedelta, lang: Lang) -> str:
    return f"{'-' if length < timedelta(0) else '+'}{durations.short(length, lang)}"


def _detected(shown: Shown, lang: Lang) -> Iterator[Row]:
    origin = shown.scenario.begins if shown.scenario is not None else None
    for alarm in shown.timeline.alarms:
        lasted = alarm.resolved_at - alarm.fired_at if alarm.resolved_at is not None else None
        still = "계속" if lang == "ko" else "still on"
        still = still if alarm.rule.alert.resolves else _BY_HAND[lang]
        yield (
            alarm.rule.alert.id, dims_of(alarm), str(int(alarm.rule.alert.severity)),
            _after(alarm.visible_at - origin, lang) if alarm.visible_at is not None and origin is not None else "-",
            _after(alarm.fired_at - origin, lang) if origin is not None else kst(alarm.fired_at),
            durations.short(verdict.longest(alarm.rule), lang), durations.short(lasted, lang) if lasted is not None else still,
        )  # fmt: skip


def _by_severity(timeline: Timeline, lang: Lang) -> str:
    counts: dict[int, int] = {}
    for alarm in timeline.alarms:
        counts[int(alarm.rule.alert.severity)] = counts.get(int(alarm.rule.alert.severity), 0) + 1
    if lang == "ko":
        listed = ", ".join(f"심각도 {severity} {count}건" for severity, count in sorted(counts.items()))
        return f"알림: {listed}; {told(timeline, lang)}"
    listed = ", ".join(f"severity {severity}: {count}" for severity, count in sorted(counts.items()))
    return f"alerts by {listed}; {told(timeline, lang)}"


def told(timeline: Timeline, lang: Lang) -> str:
    """How many deliveries of what fired, and of which kinds."""
    pages, calls, messages = timeline.pages, timeline.calls, timeline.messages
    if lang == "ko":
        return f"전달 {calls + messages}건: 호출 {calls}건(PagerDuty {pages}건), 메시지 {messages}건"
    return f"deliveries: {calls + messages}, of them calls: {calls} (pages: {pages}), messages: {messages}"


def _holds(shown: Shown, lang: Lang) -> Iterator[str]:
    scenario = shown.scenario
    assert scenario is not None
    ko = lang == "ko"
    if shown.wrong:
        yield "시나리오와 다릅니다:" if ko else "The scenario does not hold:"
        yield from (f"  {wrong}" for wrong in shown.wrong)
    elif shown.left_out is not None:
        yield not_judged(shown.left_out, lang)
    else:
        yield "시나리오대로입니다." if ko else "The scenario holds."


def not_judged(left_out: Sequence[str], lang: Lang) -> str:
    """Why a few alerts, none of them wrong, do not make a scenario hold."""
    names = ", ".join(left_out)
    if lang == "ko":
        why = (
            f"이 시나리오에서 울려야 하는 알림을 평가하지 않음: {names}"
            if names
            else "고른 알림은 시나리오대로이고, 나머지는 평가하지 않음"
        )
        return f"판정하지 않았습니다({why})."
    if names:
        return f"Not judged: the scenario expects alerts that were not evaluated: {names}."
    return "Not judged: the chosen alerts do as the scenario says, the others were not evaluated."


def _differences(
    found: Sequence[Difference], lang: Lang, table: Callable[[Sequence[str], Sequence[Row]], str]
) -> Iterator[str]:
    ko = lang == "ko"
    if not found:
        yield "바꾸어도 같습니다: 둘 다 울리지 않습니다." if ko else "The change changes nothing: neither fires."
        return
    rows = []
    for each in found:
        alarm = each.before or each.after
        assert alarm is not None
        if each.before is None:
            what = "새로 울림" if ko else "fires only after the change"
        elif each.after is None:
            what = "더는 울리지 않음" if ko else "no longer fires"
        elif not each.later:
            what = "같은 때" if ko else "as before"
        else:
            later = each.later > timedelta(0)
            word = ("늦음" if later else "빠름") if ko else ("later" if later else "sooner")
            what = f"{durations.short(each.later, lang)} {word}"
        rows.append((alarm.rule.alert.id, dims_of(alarm), _at(each.before), _at(each.after), what))
    head = ("알림", "대상", "전", "후", "차이") if ko else ("alert", "which", "before", "after", "difference")
    yield table(head, rows)


def _at(alarm: Alarm | None) -> str:
    return kst(alarm.fired_at) if alarm is not None else "-"


# --- every scenario ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario of many; ``differences`` where a change was tried."""

    scenario: Scenario
    timeline: Timeline
    wrong: tuple[str, ...]
    differences: tuple[Difference, ...] | None = None
    left_out: tuple[str, ...] | None = None

    @property
    def shown(self) -> Shown:
        return Shown(self.timeline, self.scenario, self.wrong, differences=self.differences, left_out=self.left_out)


_HOLDS: dict[Lang, dict[bool | None, str]] = {
    "en": {True: "yes", False: "no", None: "not judged"},
    "ko": {True: "예", False: "아니오", None: "판정 안 함"},
}


def lines(found: Sequence[Line], lang: Lang, table: Callable[[Sequence[str], Sequence[Row]], str]) -> str:
    """A line each, and what does not hold below."""
    ko = lang == "ko"
    changed = any(line.differences is not None for line in found)
    head = (
        ("시나리오", "판정", "알림", "PagerDuty", "호출", "메시지", "가장 늦은 감지")
        if ko
        else ("scenario", "holds", "alerts", "pages", "calls", "messages", "slowest")
    )
    rows = []
    for line in found:
        took = [alarm.fired_at - line.scenario.begins for alarm in line.timeline.alarms]
        row = (
            line.scenario.id, _HOLDS[lang][line.shown.holds], str(len(line.timeline.alarms)), str(line.timeline.pages), str(line.timeline.calls),
            str(line.timeline.messages),
            durations.short(max(took), lang) if took else "-",
        )  # fmt: skip
        rows.append((*row, _changed(line.differences or (), lang)) if changed else row)
    text = table((*head, "바뀐 것" if ko else "what changes") if changed else head, rows)
    below = [f"{line.scenario.id}: {wrong}" for line in found for wrong in line.wrong]
    if missed := list(dict.fromkeys(name for line in found for name in line.left_out or ())):
        below.append(f"{'평가하지 않은, 울려야 하는 알림' if ko else 'expected, not evaluated'}: {', '.join(missed)}")
    return "\n".join([text, *([""] if below else []), *below])


def _changed(found: Sequence[Difference], lang: Lang) -> str:
    ko = lang == "ko"
    counts = {
        "새로 울림" if ko else "more": sum(each.before is None for each in found),
        "안 울림" if ko else "fewer": sum(each.after is None for each in found),
        "늦음" if ko else "later": sum(each.later is not None and each.later > timedelta(0) for each in found),
        "빠름" if ko else "sooner": sum(each.later is not None and each.later < timedelta(0) for each in found),
    }
    return ", ".join(f"{number} {words}" for words, number in counts.items() if number) or "-"


def plain_line(line: Line) -> dict[str, Any]:
    """One scenario of many for programs."""
    return plain(line.shown)


# --- JSON -------------------------------------------------------------------------------------------------------------


def plain(shown: Shown) -> dict[str, Any]:
    """All of it for programs; times in UTC, lengths in seconds, values in the signal's own unit."""
    timeline, scenario = shown.timeline, shown.scenario
    origin = scenario.begins if scenario is not None else None
    return {
        "scenario": scenario.id if scenario is not None else None,
        "from": _utc(timeline.start),
        "to": _utc(timeline.end),
        "asked_to": _utc(timeline.asked or timeline.end),
        "begins": _utc(scenario.begins) if scenario is not None else None,
        "ends": _utc(scenario.ends) if scenario is not None else None,
        "evaluations": timeline.evaluations,
        "changes": list(shown.changes),
        "holds": shown.holds,
        "wrong": list(shown.wrong),
        "left_out": list(shown.left_out or ()),
        "pages": timeline.pages,
        "calls": timeline.calls,
        "messages": timeline.messages,
        "alerts": [_alarm(alarm, origin) for alarm in timeline.alarms],
        "not_evaluated": [{"alert": alert, "why": why} for alert, why in timeline.unread],
        "looks_back_further": [
            {"alert": alert, "seconds": window.total_seconds()} for alert, window in timeline.beyond
        ],
        "differences": None
        if shown.differences is None
        else [
            {
                "alert": alarm.rule.alert.id,
                "which": dict(alarm.dims),
                "before": _utc(each.before.fired_at) if each.before else None,
                "after": _utc(each.after.fired_at) if each.after else None,
            }
            for each in shown.differences
            if (alarm := each.before or each.after) is not None
        ],
    }


def _alarm(alarm: Alarm, origin: datetime | None) -> dict[str, Any]:
    alert = alarm.rule.alert
    return {
        "alert": alert.id,
        "severity": int(alert.severity),
        "which": dict(alarm.dims),
        "value": alarm.value,
        "unit": alert.watches.unit.name.lower(),
        "visible": _utc(alarm.visible_at) if alarm.visible_at is not None else None,
        "true": _utc(alarm.true_at),
        "fired": _utc(alarm.fired_at),
        "resolved": _utc(alarm.resolved_at) if alarm.resolved_at is not None else None,
        "resolves": alert.resolves,
        "detected_seconds": (alarm.fired_at - origin).total_seconds() if origin is not None else None,
        "allowed_seconds": verdict.longest(alarm.rule).total_seconds(),
        "told": [
            {"action": each.action.id, "of": each.event.kind.value, "kept_back": each.kept_back or None}
            for each in alarm.told
        ],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
