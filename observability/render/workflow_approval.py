"""Two small workflows behind the button of a question: a page that changes nothing, and the answer itself.

A Teams webhook takes cards whose buttons open addresses and do nothing else. A link that approves at once would be
approved by the first scanner that opens it, so the button opens a page, and the page's links answer.
"""

from __future__ import annotations

from html import escape

from observability.model.text import Lang, Text
from observability.render import wdl
from observability.render.arm import Json, quoted

TRIGGER = "open"
ANSWER_URL = "answerUrl"
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # The page's own address holds the way back to the waiting run.
    "Referrer-Policy": "no-referrer",
}
# Where waiting runs are called back. Whoever has the link must not be able to send requests elsewhere with it.
CALLBACK_HOSTS = ".logic.azure.com"
_TO = "coalesce(triggerOutputs()?['queries']?['to'],'')"
_ANSWER = "coalesce(triggerOutputs()?['queries']?['answer'],'')"
_PAGE = (
    '<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title><body style="font:1.2em sans-serif;margin:2em"><h1>{title}</h1>{body}</body></html>'
)


def opened() -> wdl.Action:
    """A request of a browser; the address it came by is kept out of the run history."""
    trigger: wdl.Action = {"type": "Request", "kind": "Http", "inputs": {"method": "GET", "schema": {}}}
    return wdl.secured(trigger, "outputs")


def _page(lang: Lang, title: Text, body: str) -> str:
    return _PAGE.format(lang=lang, title=escape(title.get(lang)), body=body)


def _response(status: int, body: str, run_after: Json) -> wdl.Action:
    inputs = {"statusCode": status, "headers": HEADERS, "body": body}
    return wdl.secured({"type": "Response", "kind": "Http", "inputs": inputs, "runAfter": run_after}, "inputs")


def page(lang: Lang) -> wdl.Actions:
    """The page with the two answers. The callback is encoded again, so that it ends no attribute."""
    url = f"@{{replace({wdl.own_parameter(ANSWER_URL)},'&','&amp;')}}&amp;answer=%s&amp;to=@{{uriComponent({_TO})}}"
    link = '<p><a href="{url}">{words}</a></p>'
    read = Text(
        ko="무엇을 바꾸는지는 Teams의 카드에 있습니다.", en="What would be changed stands on the card in Teams."
    )
    approve, reject = Text(ko="승인", en="Approve"), Text(ko="거절", en="Reject")
    body = (
        f"<p>{escape(read.get(lang))}</p>"
        + link.format(url=url % "approve", words=approve.get(lang))
        + link.format(url=url % "reject", words=reject.get(lang))
    )
    return {"Page": _response(200, _page(lang, Text(ko="승인할까요?", en="Approve?"), body), {})}


def answer(lang: Lang) -> wdl.Actions:
    """Calls the waiting run back with the answer, and says whether it was still waiting."""
    safe = f"if(startsWith({_TO},'https://'),{_TO},'https://none')"
    allowed = (
        f"and(startsWith({_TO},'https://'),not(contains({_TO},'\\')),endsWith(uriHost({safe}),{quoted(CALLBACK_HOSTS)}),"
        f"contains(createArray('approve','reject'),{_ANSWER}))"
    )
    heard = Text(ko="답을 전했습니다.", en="Your answer was passed on.")
    late = Text(ko="이미 답했거나 기다리는 시간이 지났습니다.", en="It was answered already, or nobody waits any more.")
    wrong = Text(ko="올바른 주소가 아닙니다.", en="This is no valid address.")
    call = wdl.post(_TO, {"answer": f"@{{{_ANSWER}}}"}, {})
    said = Text(ko="창을 닫아도 됩니다.", en="You may close this window.")
    closing = f"<p>{escape(said.get(lang))}</p>"
    return {
        "Allowed": wdl.branch(
            allowed,
            {
                "Call_back": call,
                "Heard": _response(200, _page(lang, heard, closing), wdl.after("Call_back")),
                "Too_late": _response(
                    410, _page(lang, late, closing), wdl.after("Call_back", when=[wdl.FAILED, wdl.LATE])
                ),
            },
            {},
            {"Wrong": _response(400, _page(lang, wrong, closing), {})},
        )
    }
