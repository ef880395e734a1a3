"""What follows when nobody acknowledges an alert: action groups cannot wait, so a workflow waits and looks.

It tells people whenever it cannot be sure that somebody has taken the alert (docs/adr/0008).
"""

from __future__ import annotations

from observability.model.operations import Escalation, SeverityLevel
from observability.model.text import Lang, Text
from observability.render import durations, wdl
from observability.render.arm import Json, quoted
from observability.render.workflow_messages import ALERT, ESSENTIALS, WORDS, teams, unread
from observability.render.workflow_scaling import TEAMS_URL

ESCALATION_URL, MANAGEMENT_URL, AZURE = "escalationTeamsUrl", "managementPagerDutyUrl", "azure"
# An alert is asked for at the resource that it is about: the identity needs no right on the whole subscription.
ALERTS_API = "2023-07-12-preview"

OPEN, TAKEN, OVER, UNKNOWN = "open", "taken", "over", "unknown"
FIRST, LAST = "first", "last"
_STATE, _LEVEL = "variables('state')", "outputs('Level')"
# Management's channel, or where there is none, the operations channel.
_CHANNEL = f"if(empty({wdl.parameter(ESCALATION_URL)}),{wdl.parameter(TEAMS_URL)},{wdl.parameter(ESCALATION_URL)})"

_TITLES = {
    FIRST: Text(ko="관리팀 호출", en="Management is called"),
    OPEN: Text(ko="아무도 맡지 않은 알림", en="Nobody has taken this alert"),
    UNKNOWN: Text(ko="맡은 사람이 있는지 알 수 없는 알림", en="Nobody knows whether this alert is taken"),
    LAST: Text(ko="아무도 맡지 않은 알림, 마지막 안내", en="Nobody has taken this alert, last message"),
}


def levels(escalation: Escalation) -> list[str]:
    return [f"Sev{level.number}" for level in escalation.levels]


def _level(level: SeverityLevel, escalation: Escalation, lang: Lang) -> Json:
    again = level.update_every
    return {
        "respond": int(level.response.total_seconds()),
        "again": int(again.total_seconds()) if again else 0,
        "at_once": level.number in escalation.at_once,
        "response": wdl.literal(durations.words(level.response, lang)),
        "escalation": wdl.literal(level.escalation.get(lang)),
    }


def _notes(escalation: Escalation, lang: Lang) -> dict[str, str]:
    said = WORDS["acknowledge"].get(lang)
    lasts = durations.words(escalation.reminds_for, lang)
    notes = {
        FIRST: Text(ko="지금 바로 당직자와 함께 대응해 주세요.", en="Respond now, together with whoever is on call."),
        OPEN: Text(
            ko="대응 시간이 지났습니다. 당직자에게 전화하거나 직접 맡아 주세요.",
            en="The response time has passed. Call whoever is on call, or take it yourself.",
        ),
        UNKNOWN: Text(
            ko="알림의 상태를 Azure에서 읽지 못했습니다. '알림 열기'에서 직접 확인해 주세요.",
            en="The alert's state could not be read from Azure. Look yourself behind 'Open alert'.",
        ),
        LAST: Text(
            ko=f"{lasts} 동안 아무도 맡지 않았습니다. 더는 안내하지 않습니다.",
            en=f"Nobody took it in {lasts}. Nothing more is said of it.",
        ),
    }
    return {state: f"{note.get(lang)} {said}" for state, note in notes.items()}


def actions(escalation: Escalation, lang: Lang) -> wdl.Actions:
    """The workflow's actions, to run after ``Buttons``."""
    listed = {f"Sev{level.number}": _level(level, escalation, lang) for level in escalation.levels}
    inside: wdl.Actions = {
        "At_once": wdl.branch(f"{_LEVEL}['at_once']", _called(lang), {}),
        "Watch": _watch(escalation, lang, wdl.after("At_once", when=wdl.ENDED)),
        "Give_up": wdl.branch(
            f"and({_unsure()},not(equals({_LEVEL}['again'],0)))",
            _told("last", f"@{quoted(LAST)}", lang, {}),
            wdl.after("Watch", when=wdl.ENDED),
        ),
        "Heard": wdl.branch(
            "variables('unsaid')",
            {"Mark_failed": wdl.failed("ActionFailed", "A message or a call did not arrive.", {})},
            wdl.after("Give_up", when=wdl.ENDED),
        ),
    }
    titles = {state: wdl.literal(text.get(lang)) for state, text in _TITLES.items()}
    notes = {state: wdl.literal(text) for state, text in _notes(escalation, lang).items()}
    return {
        "Levels": wdl.compose(listed, wdl.after("Buttons")),
        "Level": wdl.compose(f"@outputs('Levels')[{ESSENTIALS}?['severity']]", wdl.after("Levels")),
        "Words": wdl.compose({"titles": titles, "notes": notes}, wdl.after("Level")),
        **wdl.variables(
            wdl.after("Words"),
            state=("string", UNKNOWN),
            pause=("integer", f"@{_LEVEL}['respond']"),
            unsaid=("boolean", False),
        ),
        "Act": {"type": "Scope", "actions": inside, "runAfter": wdl.after("Begin_unsaid")},
        # The alert could not be read, so its severity's times are not known either.
        "Tell_unread": wdl.post(_CHANNEL, unread(lang), wdl.after("Act", when=[wdl.SKIPPED])),
    }


def _unsure() -> str:
    return f"contains(createArray({quoted(OPEN)},{quoted(UNKNOWN)}),{_STATE})"


def _called(lang: Lang) -> wdl.Actions:
    """Management hears of it at once: in its channel, and by telephone where it has a PagerDuty service of its own."""
    call = wdl.post(wdl.parameter(MANAGEMENT_URL), "@triggerBody()", {})
    return {
        **_told("first", f"@{quoted(FIRST)}", lang, {}),
        "Call": wdl.branch(
            f"not(empty({wdl.parameter(MANAGEMENT_URL)}))",
            {
                "Call_management": call,
                "Not_called": wdl.set_variable(
                    "unsaid", True, wdl.after("Call_management", when=[wdl.FAILED, wdl.LATE])
                ),
            },
            {},
        ),
    }


def _told(key: str, which: str, lang: Lang, run_after: Json) -> wdl.Actions:
    """A message to the channel; when that refuses, to the operations channel. What fails does not end the watch."""
    tell, instead, lost = f"Tell_{key}", f"Tell_operations_{key}", f"Lost_{key}"
    body = _message(which, lang)
    return {
        tell: wdl.post(_CHANNEL, body, run_after),
        instead: wdl.post(wdl.parameter(TEAMS_URL), body, wdl.after(tell, when=[wdl.FAILED, wdl.LATE])),
        lost: wdl.set_variable("unsaid", True, wdl.after(instead, when=[wdl.FAILED, wdl.LATE])),
    }


def _message(which: str, lang: Lang) -> Json:
    """``which`` is an expression for the title and the note."""
    state = which[1:]
    labels = {
        "escalation": Text(ko="상향 보고", en="Escalation"),
        "within": Text(ko="대응 시간", en="Respond within"),
    }
    severity = WORDS["severity"].get(lang)
    lines = [
        (severity, f"@{ALERT}['severity']"),
        (labels["escalation"].get(lang), f"@{_LEVEL}['escalation']"),
        (labels["within"].get(lang), f"@{_LEVEL}['response']"),
        *((WORDS[name].get(lang), f"@{ALERT}['{name}']") for name in ("condition", "value", "which", "since")),
        (WORDS["note"].get(lang), f"@outputs('Words')['notes'][{state}]"),
    ]
    title = f"📣 @{{outputs('Words')['titles'][{state}]}} · @{{{ALERT}['title']}}"
    return teams(title, "attention", lines, "@body('Buttons')")


def _watch(escalation: Escalation, lang: Lang, run_after: Json) -> wdl.Action:
    """Waits, looks, and says what it saw, until somebody has taken the alert or it is over."""
    seen = "body('Look')?['properties']?['essentials']"
    state = wdl.chosen(
        (f"equals({seen}?['monitorCondition'],'Resolved')", quoted(OVER)),
        (f"contains(createArray('Acknowledged','Closed'),coalesce({seen}?['alertState'],''))", quoted(TAKEN)),
        (f"equals({seen}?['alertState'],'New')", quoted(OPEN)),
        otherwise=quoted(UNKNOWN),
    )
    steps: wdl.Actions = {
        "Pause": {
            "type": "Wait",
            "inputs": {"interval": {"count": "@variables('pause')", "unit": "Second"}},
            "runAfter": {},
        },
        "Forget": wdl.set_variable("state", UNKNOWN, wdl.after("Pause")),
        "Look": wdl.ask_azure("GET", _address(), wdl.after("Forget")),
        "Read": wdl.set_variable("state", f"@{state}", wdl.after("Look")),
        "Say": wdl.branch(
            _unsure(),
            _told("again", f"@{_STATE}", lang, {}),
            wdl.after("Read", when=[wdl.OK, wdl.FAILED, wdl.SKIPPED]),
        ),
        "Next": wdl.set_variable("pause", f"@{_LEVEL}['again']", wdl.after("Say", when=wdl.ENDED)),
    }
    reminders = [int(escalation.reminds_for / level.update_every) for level in escalation.levels if level.update_every]
    longest = escalation.reminds_for + max(level.response for level in escalation.levels)
    return {
        "type": "Until",
        "expression": f"@or(not({_unsure()}),equals({_LEVEL}['again'],0))",
        "limit": {"count": max(reminders, default=1), "timeout": durations.iso(longest)},
        "actions": steps,
        "runAfter": run_after,
    }


def _address() -> str:
    """Where the alert is read: at the first resource that it is about, or at its subscription where it names none."""
    ident = f"string({ESSENTIALS}?['alertId'])"
    targets = f"coalesce({ESSENTIALS}?['alertTargetIDs'],json('[]'))"
    scope = f"coalesce(first({targets}),first(split({ident},'/providers/')))"
    return (
        f"@{{{wdl.own_parameter(AZURE)}}}@{{substring({scope},1)}}/providers/Microsoft.AlertsManagement/alerts/"
        f"@{{uriComponent({ALERT}['id'])}}?api-version={ALERTS_API}"
    )
