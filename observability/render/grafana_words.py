"""What dashboards say: descriptions, with the meaning of every line and its number taken from the definition."""

from __future__ import annotations

from observability.model.alert import Alert, Slo
from observability.model.dashboard import Bound, Goal, Panel, Trace
from observability.model.query import GraphQuery, Query
from observability.model.source import Source, sections_of
from observability.model.text import Lang, Text
from observability.model.units import Quantity, Unit, percent
from observability.render import durations
from observability.render.words import section_list

SLO_COLUMNS: dict[str, Text] = {
    "service": Text(ko="서비스", en="Service"),
    "sli_percent": Text(ko="달성률", en="Achieved"),
    "objective_percent": Text(ko="목표", en="Objective"),
    "budget_left_percent": Text(ko="남은 오류 예산", en="Error budget left"),
    "good": Text(ko="충족", en="Good"),
    "total": Text(ko="전체", en="Total"),
}
_ALERT = Text(ko="알림선", en="Alert line")
_GOAL = {
    Bound.BELOW: Text(ko="미만이어야 함", en="to stay below"),
    Bound.ABOVE: Text(ko="이상이어야 함", en="to reach"),
    Bound.AROUND: Text(ko="기준", en="to compare with"),
}
_FIRES = {"ko": ("초과", "미만"), "en": ("above", "below")}


def description(panel: Panel, drawing: tuple[Alert, ...], lang: Lang) -> str:
    """The panel's own words or its signal's, what keeps a query from answering, then a line for each line drawn."""
    parts = [(panel.description or _meaning(panel)).get(lang)]
    if isinstance(panel.shows, Query) and panel.shows.caveat is not None:
        parts.append(panel.shows.caveat.get(lang))  # why it may be empty, which otherwise looks like good news
    if isinstance(panel.shows, Slo):
        parts.append(_objective(panel.shows, lang))
    parts += [_limit(alert, lang) for alert in drawing]
    parts += [_goal(goal, lang) for goal in panel.goals]
    return "\n\n".join(parts)


def _meaning(panel: Panel) -> Text:
    shown = panel.shows
    if isinstance(shown, Query | GraphQuery):
        return shown.look_for or shown.title
    if isinstance(shown, Trace):
        return Text(
            ko="한 작업의 요청과 호출을 시간순으로 펼친 것. 작업 ID는 위의 글상자에 적습니다. 샘플링으로 빠진 작업은 나오지 않습니다.",
            en="The requests and calls of one operation along time. Its id goes into the text box above. An operation that "
            "sampling left out is not there.",
        )
    if isinstance(shown, Slo):
        return Text(
            ko="서비스별 달성률과 남은 오류 예산. 예산이 0% 아래면 목표를 지키지 못한 것입니다.",
            en="What each service achieved, and the error budget left. Below 0 % the objective is missed.",
        )
    return shown.help


def _cited(source: Source | None, lang: Lang) -> list[str]:
    sections = sections_of(source)
    if not sections:
        return []
    return [f"{'설계서' if lang == 'ko' else 'design document'} {section_list(sections)}"]


def _limit(alert: Alert, lang: Lang) -> str:
    """``알림선: 1% 초과, 5분 구간 (high-error-rate, alerts/services.py, 설계서 8.1.2)``."""
    limit = _shown(alert.limit, lang) if alert.limit is not None else ""
    side = _FIRES[lang][0 if alert.above is not None else 1]
    window = durations.words(alert.window, lang)
    rule = f"{limit} {side}, {window} 구간" if lang == "ko" else f"{side} {limit}, over {window}"
    # The panel has no floor: it may cross the line where the alert stays quiet, and says so.
    floors = alert.watches.kql.floors if alert.watches.kql is not None else ()
    rule += "".join(f", {name} >= {alert.params[name]}" for name in floors if name in alert.params)
    origin = ", ".join([alert.id, alert.place.file, *_cited(alert.source, lang)])
    return f"{_ALERT.get(lang)}: {rule} ({origin})"


def _goal(goal: Goal, lang: Lang) -> str:
    value, words = _shown(goal.value, lang), _GOAL[goal.bound].get(lang)
    rule = f"{value} {words}" if lang == "ko" else f"{words} {value}"
    origin = ", ".join(_cited(goal.source, lang))
    return f"{goal.title.get(lang)}: {rule}" + (f" ({origin})" if origin else "")


def _shown(value: Quantity, lang: Lang) -> str:
    """The quantity as people say it: ratios in percent."""
    if value.unit is Unit.RATIO:
        value = percent(value.to(Unit.PERCENT))
    return value.words(lang)


def _objective(slo: Slo, lang: Lang) -> str:
    share, period = f"{100 * slo.objective:.12g}%", durations.words(slo.period, lang)
    rule = f"목표: {period} 동안 {share} 이상" if lang == "ko" else f"Objective: {share} over {period}"
    origin = ", ".join([slo.id, slo.place.file, *_cited(slo.source, lang)])
    return f"{rule} ({origin})"
