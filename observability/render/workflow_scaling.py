"""How a workflow changes something: the same steps for nodes and for the database (render/workflow_targets.py).

A run looks at the resource, judges, asks where that is switched on, looks and judges again, and writes the change and
its time as tags in ONE request: there is no moment at which one is there without the other (docs/adr/0007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from observability.model.operations import Scaling
from observability.model.text import Lang, Text
from observability.render import durations, wdl
from observability.render.arm import Json, quoted
from observability.render.workflow_messages import ALERT, ESSENTIALS, WORDS, teams, unread

TEAMS_URL, ASK_URL = "teamsWebhookUrl", "askUrl"
AT, FOR = "tripgen-scaled-at", "tripgen-scaled-for"
LONG_AGO = "2000-01-01T00:00:00Z"
LOOK_EVERY = timedelta(seconds=30)

ACT, REJECTED, UNANSWERED = "act", "rejected", "unanswered"
DONE, BROKEN, UNFINISHED = "done", "broken", "unfinished"
BUSY, LARGEST = "busy", "largest"
# Nothing is said of these: the message about the change itself was sent.
QUIET = ("stale", "again", "cooling")
FIRST, AGAIN = "Look", "Look_again"
_STEPS = (FIRST, "Ask", AGAIN, "Change")

# What is said of each end; a target adds its own.
_ENDS = {
    BUSY: Text(
        ko="다른 변경이 진행 중이라 손대지 않았습니다. 끝난 뒤에도 알림이 남아 있으면 직접 늘려 주세요.",
        en="Another change is under way, so nothing was touched. Scale by hand if the alert outlasts it.",
    ),
    LARGEST: Text(
        ko="이미 허용된 가장 큰 크기라 아무것도 하지 않았습니다. 사람이 판단해야 합니다.",
        en="It is already as large as allowed, so nothing was done. Somebody has to decide.",
    ),
    REJECTED: Text(ko="거절되어 아무것도 하지 않았습니다.", en="It was rejected, so nothing was done."),
    UNANSWERED: Text(
        ko="제때 답이 없어 아무것도 하지 않았습니다. 필요하면 직접 늘려 주세요.",
        en="Nobody answered in time, so nothing was done. Scale by hand if it is needed.",
    ),
    BROKEN: Text(
        ko="Azure가 요청을 받아들인 뒤에 변경에 실패했습니다. Azure에서 상태를 확인해 주세요.",
        en="Azure accepted the request, and then the change failed. Look at its state in Azure.",
    ),
    UNFINISHED: Text(
        ko="요청은 받아들여졌지만 아직 끝나지 않았습니다. Azure에서 상태를 확인해 주세요.",
        en="The request was accepted but has not ended yet. Look at its state in Azure.",
    ),
}
_FAILED = Text(ko="실패했습니다", en="failed")
_WHY = {
    "403": Text(ko="워크플로의 관리 ID에 역할이 없습니다.", en="The workflow's identity lacks its role."),
    "409": Text(ko="다른 작업이 진행 중입니다.", en="Another operation is under way."),
    "412": Text(ko="읽은 뒤에 다른 누군가가 바꿨습니다.", en="Somebody changed it after it was read."),
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is changed, and how. Functions take the name of the action that looked at the resource.

    ``plan`` is the size it has and the one it would get, ``judged`` why it is left alone: condition and end, in order;
    ``state`` becomes ``Succeeded`` when the change has ended.
    """

    title: Text
    question: Text
    what: Text
    url: str
    method: str
    tags: Callable[[str], str]
    plan: Callable[[str], Json]
    judged: Callable[[str], tuple[tuple[str, str], ...]]
    body: Json
    headers: Json
    state: str
    ends: dict[str, Text]
    switch: str


def tagged(tags: str) -> str:
    """The resource's tags with the time and the alert of this change."""
    kept = f"coalesce({tags},json('{{}}'))"
    return f"setProperty(setProperty({kept},{quoted(AT)},utcNow()),{quoted(FOR)},{ALERT}['id'])"


def _judge(target: Target, scaling: Scaling, look: str) -> str:
    """What is to be done. An alert's age is judged at first only: people may take their time to answer."""
    cooldown, tags = int(scaling.cooldown.total_seconds()), target.tags(look)
    ready = f"addSeconds(coalesce({tags}?[{quoted(AT)}],{quoted(LONG_AGO)}),{cooldown})"
    cases = [
        (f"equals({tags}?[{quoted(FOR)}],{ALERT}['id'])", "again"),
        (f"less(ticks(utcNow()),ticks({ready}))", "cooling"),
        *target.judged(look),
    ]
    if look != AGAIN:
        # When a cooldown has passed, the alert that began it is this old: none acts twice, whatever the tags say by then.
        expires = f"addSeconds({ESSENTIALS}?['firedDateTime'],{cooldown})"
        cases.insert(0, (f"less(ticks({expires}),ticks(utcNow()))", "stale"))
    return "@" + wdl.chosen(*((condition, quoted(what)) for condition, what in cases), otherwise=quoted(ACT))


def _looked(target: Target, scaling: Scaling, look: str) -> wdl.Actions:
    """Actions that read the resource, plan a change, and judge it."""
    plan, judge = look.replace("Look", "Plan"), look.replace("Look", "Judge")
    return {
        look: wdl.ask_azure("GET", target.url, {}),
        plan: wdl.set_variable("plan", target.plan(look), wdl.after(look)),
        judge: wdl.set_variable("outcome", _judge(target, scaling, look), wdl.after(plan)),
    }


def actions(target: Target, scaling: Scaling, lang: Lang) -> wdl.Actions:
    """The workflow's actions, to run after ``Buttons``."""
    outcome = "variables('outcome')"
    act = f"equals({outcome},{quoted(ACT)})"
    checks: wdl.Actions = {
        "Check": wdl.ask_azure("GET", target.url, wdl.after("Pause")),
        # A look that fails is no end: the next one tells.
        "State": wdl.set_variable("state", f"@{target.state}", wdl.after("Check", when=wdl.ENDED)),
    }
    worked, broke = (
        "equals(variables('state'),'Succeeded')",
        "contains(createArray('Failed','Canceled'),variables('state'))",
    )
    end = wdl.chosen((worked, quoted(DONE)), (broke, quoted(BROKEN)), otherwise=quoted(UNFINISHED))
    change: wdl.Actions = {
        "Change": wdl.ask_azure(target.method, target.url, {}, target.body, target.headers),
        "Settle": wdl.repeat(f"or({worked},{broke})", checks, LOOK_EVERY, scaling.settles, wdl.after("Change")),
        "Note": wdl.set_variable("outcome", f"@{end}", wdl.after("Settle", when=wdl.ENDED)),
    }
    do: wdl.Actions = {
        **_looked(target, scaling, AGAIN),
        "Go": wdl.branch(act, change, wdl.after("Judge_again")),
    }
    inside: wdl.Actions = {
        **_looked(target, scaling, FIRST),
        "Ask_first": wdl.branch(
            f"and({act},{wdl.parameter(target.switch)})", _ask(target, scaling, lang), wdl.after("Judge")
        ),
        "Do": wdl.branch(act, do, wdl.after("Ask_first")),
        "Say": wdl.branch(
            f"not(contains(createArray({','.join(quoted(name) for name in QUIET)}),{outcome}))",
            {"Tell": wdl.post(wdl.parameter(TEAMS_URL), _told(target, lang), {})},
            wdl.after("Do"),
        ),
    }
    said = _ENDS | target.ends
    return {
        "Words": wdl.compose({key: wdl.literal(text.get(lang)) for key, text in said.items()}, wdl.after("Buttons")),
        **wdl.variables(
            wdl.after("Words"), outcome=("string", ""), state=("string", ""), plan=("object", {"from": "", "to": ""})
        ),
        "Act": {"type": "Scope", "actions": inside, "runAfter": wdl.after("Begin_plan")},
        **_failures(target, lang),
        # The alert could not be read: nothing was done, and that is said.
        "Tell_unread": wdl.post(wdl.parameter(TEAMS_URL), unread(lang), wdl.after("Act", when=[wdl.SKIPPED])),
    }


def _lines(target: Target, lang: Lang, size: str, text: str) -> list[tuple[str, str]]:
    labels = {
        "alert": Text(ko="알림", en="Alert"),
        "which": Text(ko="대상", en="Which"),
        "what": target.what,
        "note": Text(ko="안내", en="Note"),
    }
    severity = WORDS["severity"].get(lang)
    alert = f"@{{{ALERT}['title']}} ({severity} @{{{ALERT}['severity']}})"
    values = {"alert": alert, "which": f"@{ALERT}['which']", "what": size, "note": text}
    return [(labels[name].get(lang), value) for name, value in values.items()]


_BUTTONS = "@body('Buttons')"
_FROM, _TO = "variables('plan')['from']", "variables('plan')['to']"
_ARROW = f"concat(string({_FROM}),' → ',string({_TO}))"


def _told(target: Target, lang: Lang) -> Json:
    """The message about how it ended."""
    outcome = "variables('outcome')"
    done, broken, unfinished = (f"equals({outcome},{quoted(end)})" for end in (DONE, BROKEN, UNFINISHED))
    moved = f"or({done},{broken},{unfinished})"
    end = wdl.chosen(
        (done, quoted(Text(ko="늘렸습니다", en="scaled up").get(lang))),
        (broken, quoted(_FAILED.get(lang))),
        (unfinished, quoted(Text(ko="아직 늘리는 중입니다", en="still scaling up").get(lang))),
        otherwise=quoted(Text(ko="그대로 두었습니다", en="left as it is").get(lang)),
    )
    style = wdl.chosen((done, "'good'"), (broken, "'attention'"), otherwise="'warning'")
    size = f"@if({moved},{_ARROW},string({_FROM}))"
    text = f"@outputs('Words')[{outcome}]"
    title = f"{wdl.literal(target.title.get(lang))}: @{{{end}}}"
    return teams(title, f"@{style}", _lines(target, lang, size, text), _BUTTONS)


def _ask(target: Target, scaling: Scaling, lang: Lang) -> wdl.Actions:
    """Ask in Teams and wait. The card's button opens a page that changes nothing: link scanners open such links too."""
    within = durations.words(scaling.answer_within, lang)
    text = Text(
        ko=f"{within} 안에 답이 없으면 아무것도 하지 않습니다.", en=f"Without an answer in {within} nothing is done."
    )
    answer = Text(ko="승인 또는 거절", en="Approve or reject")
    url = f"@{{{wdl.own_parameter(ASK_URL)}}}&to=@{{uriComponent(listCallbackUrl())}}"
    buttons = [{"type": "Action.OpenUrl", "title": answer.get(lang), "url": url}]
    card = teams(target.question.get(lang), "warning", _lines(target, lang, f"@{_ARROW}", text.get(lang)), buttons)
    ask = wdl.secured(
        {
            "type": "HttpWebhook",
            "inputs": {
                "subscribe": {
                    "method": "POST",
                    "uri": f"@{{{wdl.parameter(TEAMS_URL)}}}",
                    "headers": {"Content-Type": "application/json; charset=utf-8"},
                    "body": card,
                },
                "unsubscribe": {},
            },
            "limit": {"timeout": durations.iso(scaling.answer_within)},
            "runAfter": {},
        },
        "inputs",
        "outputs",
    )
    # One path for an answer and for none: a skipped end of a branch would make the whole branch count as timed out.
    answer_of = "actions('Ask')?['outputs']?['body']?['answer']"
    answered = wdl.chosen(
        (f"equals(actions('Ask')?['status'],{quoted(wdl.LATE)})", quoted(UNANSWERED)),
        (f"equals({answer_of},'approve')", quoted(ACT)),
        otherwise=quoted(REJECTED),
    )
    heard = wdl.set_variable("outcome", f"@{answered}", wdl.after("Ask", when=[wdl.OK, wdl.LATE]))
    return {"Ask": ask, "Answer": heard}


def _failures(target: Target, lang: Lang) -> wdl.Actions:
    """The branch of an error: what failed, what the service said, and that people have to look."""
    attempts = [
        {
            "step": step,
            "status": f"@coalesce(actions('{step}')?['status'],'')",
            "code": f"@string(coalesce(actions('{step}')?['outputs']?['statusCode'],''))",
            # What Teams said to a question is as secret as its address.
            "said": "" if step == "Ask" else f"@take(string(coalesce(actions('{step}')?['outputs']?['body'],'')),300)",
        }
        for step in _STEPS
    ]
    failing = f"contains(createArray({quoted(wdl.FAILED)},{quoted(wdl.LATE)}),item()['status'])"
    last = "last(body('Failed_steps'))"
    label = Text(ko="실패한 단계", en="Failed step")
    reason = Text(ko="이유", en="Reason")
    note = Text(
        ko="자동 조치가 끝나지 않았습니다. 직접 확인하고 필요하면 손으로 늘려 주세요.",
        en="The automatic action did not end well. Look yourself, and scale by hand if it is needed.",
    )
    lines = [
        *_lines(target, lang, f"@{_ARROW}", note.get(lang)),
        (label.get(lang), f"@{{{last}?['step']}} @{{{last}?['code']}}"),
        (reason.get(lang), f"@{{coalesce(outputs('Reasons')?[coalesce({last}?['code'],'')],'')}} @{{{last}?['said']}}"),
    ]
    return {
        "Reasons": wdl.compose(
            {code: text.get(lang) for code, text in _WHY.items()}, wdl.after("Act", when=[wdl.FAILED, wdl.LATE])
        ),
        "Steps": wdl.compose(attempts, wdl.after("Reasons")),
        "Failed_steps": {
            "type": "Query",
            "inputs": {"from": "@outputs('Steps')", "where": f"@{failing}"},
            "runAfter": wdl.after("Steps"),
        },
        "Tell_failure": wdl.post(
            wdl.parameter(TEAMS_URL),
            teams(f"{target.title.get(lang)}: {_FAILED.get(lang)}", "attention", lines, _BUTTONS),
            wdl.after("Failed_steps"),
        ),
        "Mark_failed": wdl.failed(
            "ActionFailed", f"@{{{last}?['step']}} @{{{last}?['code']}}", wdl.after("Tell_failure", when=wdl.ENDED)
        ),
    }
