"""What a workflow reads out of an alert, and the messages that it makes of it.

No value of an alert is ever part of JSON text or of markup: it is put into a finished tree by the service, into text
runs (Teams) and plain texts (Slack), which know no markup. Slack's three control characters are escaped besides.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from observability.model.alert import Alert
from observability.model.clock import WINDOWS_ZONE
from observability.model.dashboard import Dashboard
from observability.model.text import Lang, Text
from observability.render import wdl
from observability.render.arm import Json, quoted

if TYPE_CHECKING:
    import jinja2

ESSENTIALS = "triggerBody()?['data']?['essentials']"
CONTEXT = "triggerBody()?['data']?['alertContext']"
LABELS = f"{CONTEXT}?['labels']"
ALERT, LINKS, OURS = "outputs('Alert')", "body('Links')", "outputs('Ours')"
GRAFANA = "grafanaBaseUrl"
# Of a budget's alert alone (Microsoft.CostManagement), which has no rule, no severity and no page of its own.
SPENDING = f"{CONTEXT}?['AlertData']"
_BUDGET = f"{SPENDING}?['BudgetName']"
PORTAL = "https://portal.azure.com/#view/Microsoft_Azure_Monitoring_Alerts/AlertDetails.ReactView/alertId/"
COST_PORTAL = "https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis"
# Slack refuses a whole message for one text or address that is longer.
SLACK_HEADER, SLACK_TEXT, LONGEST_URL = 150, 2000, 3000

WORDS = {
    "fired": Text(ko="발생", en="Fired"),
    "resolved": Text(ko="해소", en="Resolved"),
    "severity": Text(ko="심각도", en="Severity"),
    "which": Text(ko="대상", en="Which"),
    "condition": Text(ko="조건", en="Condition"),
    "value": Text(ko="값", en="Value"),
    "limit": Text(ko="기준", en="limit"),
    "since": Text(ko="시작", en="Since"),
    "note": Text(ko="안내", en="Note"),
    "minutes": Text(ko="분 만에 해소되었습니다.", en=" min until it resolved."),
    "acknowledge": Text(
        ko="맡은 사람은 '알림 열기'에서 사용자 응답을 '승인됨'(Acknowledged)으로 바꿔 주세요.",
        en="Whoever takes it: set the user response to 'Acknowledged' behind 'Open alert'.",
    ),
    "causes": Text(ko="함께 울렸으면 원인일 수 있는 알림", en="Likely causes, if they fire too"),
    "budget": Text(ko="예산", en="budget"),
    "expected": Text(ko="예상", en="expected"),
    "spending": Text(
        ko="비용은 하루쯤 늦게 집계됩니다. 무엇이 늘었는지는 Azure의 비용 분석을 리소스 그룹별로 보면 알 수 있습니다.",
        en="Cost is counted about a day late. Azure's cost analysis by resource group shows what has grown.",
    ),
    "unread": Text(ko="형식을 읽지 못한 알림", en="An alert that could not be read"),
    "rule": Text(ko="규칙", en="Rule"),
    "state": Text(ko="상태", en="State"),
    "open": Text(ko="알림 열기", en="Open alert"),
    "runbook": Text(ko="런북", en="Runbook"),
    "query": Text(ko="쿼리 결과", en="Query results"),
    "dashboard": Text(ko="대시보드", en="Dashboard"),
}
# The alert's own page, where it is acknowledged; of a budget, where the cost is seen.
_PAGE = f"if(empty({_BUDGET}),concat({quoted(PORTAL)},uriComponent(string({ESSENTIALS}?['alertId']))),{quoted(COST_PORTAL)})"
_RULE = f"string(coalesce({ESSENTIALS}?['alertRule'],{_BUDGET},'-'))"
_MINUTE_TICKS = 600_000_000
_TEMPLATES = Path(__file__).with_name("templates")


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        # What autoescape is to HTML: whatever stands in braces comes out as one JSON value.
        autoescape=False,  # noqa: S701 JSON, not HTML
        finalize=functools.partial(json.dumps, ensure_ascii=False),
    )


def fill(template: str, **values: object) -> Json:
    """The template's JSON. Values are whole JSON values: a text cannot end the one that it stands in."""
    return json.loads(_environment().get_template(template).render(**values))


def _expression(text: str) -> str:
    return f"@{text}"


def read(alerts: Iterable[Alert], dashboards: Iterable[Dashboard], lang: Lang) -> wdl.Actions:
    """Actions after which ``Alert`` holds the alert in words, ``Links`` its addresses and ``Dimensions`` which one it is.

    Log, metric and Prometheus alerts have their values in different places; what none of them carries (title, unit,
    dashboard) is looked up by the alert's id in what this template was made from.
    """
    said = {key: text.get(lang) for key, text in WORDS.items()}
    ident = _first(*(f"{place}?['alertId']" for place in _PROPERTIES), f"{LABELS}?['alert_id']", "''")
    select = {
        "from": _expression(
            f"coalesce(outputs('Condition')?['dimensions'],{OURS}?['dimensions'],json('[]'))",
        ),
        "select": _expression(
            f"concat(item()?['name'],'=',coalesce(item()?['value'],{LABELS}?[item()?['name']],'?'))",
        ),
    }
    return {
        "Known": wdl.compose(known(alerts, dashboards, lang), {}),
        "Condition": wdl.compose(
            _expression(f"first(coalesce({CONTEXT}?['condition']?['allOf'],json('[]')))"), wdl.after("Known")
        ),
        "Ours": wdl.compose(_expression(f"coalesce(outputs('Known')?[{ident}],json('{{}}'))"), wdl.after("Condition")),
        "Dimensions": {"type": "Select", "inputs": select, "runAfter": wdl.after("Ours")},
        "Value": wdl.compose(
            _expression(f"string(coalesce(outputs('Condition')?['metricValue'],{CONTEXT}?['expressionValue'],''))"),
            wdl.after("Dimensions"),
        ),
        # A Prometheus alert names no threshold, but its expression ends with it (render/promql.py).
        "Limit": wdl.compose(
            _expression(
                f"string(coalesce(outputs('Condition')?['threshold'],last(split(string({CONTEXT}?['expression']),' '))))"
            ),
            wdl.after("Value"),
        ),
        "Readings": _readings(),
        "Alert": wdl.compose({name: _expression(value) for name, value in _words(said).items()}, wdl.after("Readings")),
        "Links": _links(said),
    }


# Where the rule's own properties (render/arm_alerts.py) arrive, by kind of alert.
_PROPERTIES = ("triggerBody()?['data']?['customProperties']", f"{CONTEXT}?['properties']")


def _first(*values: str) -> str:
    return f"coalesce({','.join(values)})"


def known(alerts: Iterable[Alert], dashboards: Iterable[Dashboard], lang: Lang) -> Json:
    """What is said of each alert, by its id."""
    listed = list(alerts)
    shown = _boards(listed, dashboards)
    titles = {alert.id: alert.title.get(lang) for alert in listed}
    return {
        alert.id: wdl.literal(
            _known(alert, shown.get(alert.id, ""), lang) | _explained([titles[each] for each in alert.causes], lang)
        )
        for alert in listed
    }


def _boards(alerts: list[Alert], dashboards: Iterable[Dashboard]) -> dict[str, str]:
    """Where each alert's line is drawn: on the board of its own system, or else on the first that has it."""
    drawn = [(ident, dashboard.id) for dashboard in dashboards for panel in dashboard.panels for ident in panel.line_of]
    homes = {alert.id: f"tripgen-{Path(alert.place.file).stem.replace('_', '-')}" for alert in alerts}
    found: dict[str, str] = {}
    for ident, board in drawn:
        if board == homes.get(ident):
            found[ident] = f"/d/{board}"
        else:
            found.setdefault(ident, f"/d/{board}")
    return found


def _explained(causes: list[str], lang: Lang) -> dict[str, str]:
    """What stands below an alert that others explain."""
    return {"causes": f" {WORDS['causes'].get(lang)}: {', '.join(causes)}."} if causes else {}


def _known(alert: Alert, dashboard: str, lang: Lang) -> dict[str, Json]:
    """Not its limit: that comes with the alert, from the rule as it is deployed."""
    limit = alert.limit
    if limit is None:
        raise ValueError(f"alert '{alert.id}' has no limit")
    # People read the limit's unit; the alert comes in its signal's.
    scale = float(f"{alert.watches.unit.factor / limit.unit.factor:.12g}")
    return {
        "title": alert.title.get(lang),
        "scale": int(scale) if scale.is_integer() else scale,
        "unit": limit.unit.suffix.get(lang),
        "dimensions": [{"name": name} for name in alert.watches.by(alert.engine)],
        "dashboard": dashboard,
    }


_VALUE, _LIMIT = "outputs('Value')", "outputs('Limit')"
# Two digits after the point, and more where two would say something else.
_DIGITS = (2, 3, 4, 5, 6, 10)
_EXACT = _DIGITS[-1]


def _scaled(value: str) -> str:
    """The number in the limit's unit; of what is no plain number (Prometheus may say ``12.7m``) zero, as both sides of
    a condition are evaluated."""
    return f"mul(float(if(isFloat({value}),{value},'0')),coalesce({OURS}?['scale'],1))"


def _rounded(number: str, digits: int) -> str:
    return f"formatNumber({number},'0.{'#' * digits}')"


def _readings() -> wdl.Action:
    """The value in ever more digits, without those that would read as the limit, or as on its other side, or as nothing."""
    value, limit, text = _scaled(_VALUE), _scaled(_LIMIT), "item()"
    texts = [*(_rounded(value, digits) for digits in _DIGITS), f"string({value})"]
    equal = f"not(or(greater({value},{limit}),less({value},{limit})))"
    tells = ",".join(
        [
            f"not(equals({text},{_rounded(limit, _EXACT)}))",
            *(f"equals({side}(float({text}),{limit}),{side}({value},{limit}))" for side in ("greater", "less")),
        ]
    )
    nothing = f"and(contains(createArray('0','-0'),{text}),or(greater({value},0),less({value},0)))"
    kept = f"and(not({nothing}),or(not(isFloat({_LIMIT})),{equal},and({tells})))"
    return {
        "type": "Query",
        "inputs": {"from": _expression(f"createArray({','.join(texts)})"), "where": _expression(kept)},
        "runAfter": wdl.after("Limit"),
    }


def _with_unit(number: str) -> str:
    return f"concat({number},coalesce({OURS}?['unit'],''))"


def _measured(said: dict[str, str]) -> str:
    """The value and its limit."""
    opening = quoted(" (" + said["limit"] + " ")
    limit = _with_unit(_rounded(_scaled(_LIMIT), _EXACT))
    limited = f"if(isFloat({_LIMIT}),concat({opening},{limit},')'),'')"
    reading = _with_unit(_first("first(body('Readings'))", f"string({_scaled(_VALUE)})"))
    return f"concat(if(isFloat({_VALUE}),{reading},{_VALUE}),{limited})"


def _spent(said: dict[str, str]) -> str:
    """What is spent of a budget, what Azure expects of the month where it says so, and the budget: as Azure writes amounts."""
    spent, expected, budget = (
        f"string(coalesce({SPENDING}?['{name}'],''))"
        for name in ("SpentAmount", "ForecastedTotalForPeriod", "BudgetThreshold")
    )
    forecast, opening = quoted(f", {said['expected']} "), quoted(f" ({said['budget']} ")
    return (
        f"concat({spent},if(empty({expected}),'',concat({forecast},{expected})),"
        f"if(empty({budget}),'',concat({opening},{budget},')')))"
    )


def _kst(time: str) -> str:
    return f"concat(convertTimeZone({time},'UTC',{quoted(WINDOWS_ZONE)},'yyyy-MM-dd HH:mm'),' KST')"


def _words(said: dict[str, str]) -> dict[str, str]:
    """Name -> expression of everything that a message says of an alert."""
    resolved = f"equals({ESSENTIALS}?['monitorCondition'],'Resolved')"
    severity = f"string(coalesce({ESSENTIALS}?['severity'],''))"
    ended = f"coalesce({ESSENTIALS}?['resolvedDateTime'],utcNow())"
    lasted = f"div(sub(ticks({ended}),ticks({ESSENTIALS}?['firedDateTime'])),{_MINUTE_TICKS})"
    fired, over = quoted(said["fired"]), quoted(said["resolved"])
    serious = f"contains(createArray('Sev0','Sev1','Sev2'),{severity})"
    rule = f"{ESSENTIALS}?['alertRule']"
    named = f"if(empty({rule}),null,{rule})"
    title = _first(f"{OURS}?['title']", named, _BUDGET, f"{ESSENTIALS}?['description']", "'-'")
    condition = _first(f"{CONTEXT}?['annotations']?['description']", f"{ESSENTIALS}?['description']", "'-'")
    causes = f"coalesce({OURS}?['causes'],'')"
    value = f"if(empty({_VALUE}),'-',take({_measured(said)},200))"
    money = f"empty({SPENDING}?['SpentAmount'])"
    note = f"if(empty({_BUDGET}),concat({quoted(said['acknowledge'])},{causes}),{quoted(said['spending'])})"
    minutes = quoted(said["minutes"])
    return {
        "id": f"last(split(string({ESSENTIALS}?['alertId']),'/'))",
        "title": f"take(string({title}),120)",
        "state": f"if({resolved},{over},{fired})",
        "icon": f"if({resolved},'✅',if({serious},'🔴','🟠'))",
        "style": f"if({resolved},'good',if({serious},'attention','warning'))",
        "severity": f"if(empty({severity}),'-',replace({severity},'Sev',''))",
        "which": "if(empty(body('Dimensions')),'-',take(join(body('Dimensions'),', '),600))",
        "condition": f"take(string({condition}),600)",
        "value": f"if({money},{value},take({_spent(said)},200))",
        "since": _kst(f"{ESSENTIALS}?['firedDateTime']"),
        "note": f"if({resolved},concat({_kst(ended)},', ',string({lasted}),{minutes}),{note})",
    }


def _links(said: dict[str, str]) -> wdl.Action:
    """Only addresses that a browser opens safely and Slack takes; a rule that is not ours may carry anything."""
    runbook = _first(
        *(f"{place}?['runbook']" for place in _PROPERTIES), f"{CONTEXT}?['annotations']?['runbook_url']", "''"
    )
    board = f"{OURS}?['dashboard']"
    listed = {
        "runbook": runbook,
        "query": "coalesce(outputs('Condition')?['linkToFilteredSearchResultsUI'],'')",
        "dashboard": f"if(empty({board}),'',concat({wdl.parameter(GRAFANA)},{board}))",
        "open": _PAGE,
    }
    safe = f"and(startsWith(item()['url'],'https://'),lessOrEquals(length(item()['url']),{LONGEST_URL}))"
    return {
        "type": "Query",
        "inputs": {
            "from": [{"title": said[name], "url": _expression(f"string({url})")} for name, url in listed.items()],
            "where": _expression(safe),
        },
        "runAfter": wdl.after("Alert"),
    }


def _slack(text: str, most: int) -> str:
    """The text as Slack shows it word for word: no mention, no link, no command."""
    escaped = f"replace(replace(replace(string({text}),'&','&amp;'),'<','&lt;'),'>','&gt;')"
    return f"take({escaped},{most})"


def teams_alert(lang: Lang) -> tuple[wdl.Actions, Json]:
    """Actions to run after ``Links``, and the body of the message to Teams."""
    said = {key: text.get(lang) for key, text in WORDS.items()}
    buttons = {
        "type": "Select",
        "inputs": {
            "from": _expression(LINKS),
            "select": {"type": "Action.OpenUrl", "title": "@item()['title']", "url": "@item()['url']"},
        },
        "runAfter": wdl.after("Links"),
    }
    body = teams(
        f"@{{{ALERT}['icon']}} @{{{ALERT}['state']}} · @{{{ALERT}['title']}}",
        _expression(f"{ALERT}['style']"),
        [
            (wdl.literal(said[name]), _expression(f"{ALERT}['{name}']"))
            for name in ("severity", "condition", "value", "which", "since", "note")
        ],
        "@body('Buttons')",
    )
    return {"Buttons": buttons}, body


def slack_alert(lang: Lang) -> tuple[wdl.Actions, Json]:
    """Actions to run after ``Links``, and the body of the message to Slack."""
    said = {key: text.get(lang) for key, text in WORDS.items()}
    buttons = {
        "type": "Select",
        "inputs": {
            "from": _expression(LINKS),
            "select": {
                "type": "button",
                "text": {"type": "plain_text", "text": "@item()['title']", "emoji": False},
                "url": "@item()['url']",
            },
        },
        "runAfter": wdl.after("Links"),
    }
    title = f"concat({ALERT}['icon'],' ',{ALERT}['state'],' · ',{ALERT}['title'])"
    body = fill(
        "slack.json.j2",
        title=_expression(_slack(title, SLACK_HEADER)),
        lines=[
            wdl.literal(said[name]) + ": @{" + _slack(f"{ALERT}['{name}']", SLACK_TEXT - 50) + "}"
            for name in ("severity", "condition", "value", "which", "since")
        ],
        note=_expression(_slack(f"{ALERT}['note']", SLACK_TEXT)),
        buttons="@body('Buttons')",
    )
    return {"Buttons": buttons}, body


def teams(title: str, style: str, lines: list[tuple[str, str]], buttons: Json) -> Json:
    """A message to Teams: a coloured title, lines with their labels, buttons. Each text may be an expression."""
    return fill("teams.json.j2", title=title, style=style, lines=lines, buttons=buttons)


def unread(lang: Lang) -> Json:
    """The message to Teams about an alert of a shape that nobody foresaw: its rule, and the way to it."""
    said = {key: text.get(lang) for key, text in WORDS.items()}
    lines = [
        (said["rule"], f"@take({_RULE},200)"),
        (said["state"], _expression(f"string(coalesce({ESSENTIALS}?['monitorCondition'],'-'))")),
    ]
    button = {"type": "Action.OpenUrl", "title": said["open"], "url": _expression(_PAGE)}
    return teams(said["unread"], "attention", lines, [button])


def slack_unread(lang: Lang) -> Json:
    """The same to Slack."""
    title = WORDS["unread"].get(lang)
    page = {"type": "plain_text", "text": WORDS["open"].get(lang), "emoji": False}
    return fill(
        "slack.json.j2",
        title=title,
        lines=[_expression(_slack(_RULE, SLACK_TEXT))],
        note=WORDS["acknowledge"].get(lang),
        buttons=[{"type": "button", "text": page, "url": _expression(_PAGE)}],
    )
