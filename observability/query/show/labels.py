"""The printers' own words, in both languages."""

from __future__ import annotations

from enum import Enum

from observability.model.text import Text
from observability.model.verdict import Outcome
from observability.query.answers import Status


class State(Enum):
    """What stands on a badge: a verdict, or why there is none. Worst first, in the order of the counts."""

    FAIL = "fail"
    NO_DATA = "no-data"
    UNANSWERED = "unanswered"
    WARN = "warn"
    HAND = "hand"
    PASS = "pass"  # noqa: S105 - a verdict
    INFO = "info"


ICONS = {
    State.FAIL: "✕",
    State.NO_DATA: "?",
    State.UNANSWERED: "⊘",
    State.WARN: "▲",
    State.HAND: "→",
    State.PASS: "✓",
    State.INFO: "i",
}
"""A sign each, so that no badge needs its colour."""

STATES = {
    State.FAIL: Text(ko="실패", en="fail"),
    State.NO_DATA: Text(ko="데이터 없음", en="no data"),
    State.UNANSWERED: Text(ko="응답 없음", en="no answer"),
    State.WARN: Text(ko="경고", en="warn"),
    State.HAND: Text(ko="직접 확인", en="look yourself"),
    State.PASS: Text(ko="통과", en="pass"),
    State.INFO: Text(ko="참고", en="for information"),
}

OUTCOMES = {
    Outcome.FAIL: State.FAIL,
    Outcome.NO_DATA: State.NO_DATA,
    Outcome.WARN: State.WARN,
    Outcome.PASS: State.PASS,
}

STATUSES = {
    Status.COMPLETE: Text(ko="완료", en="complete"),
    Status.PARTIAL: Text(ko="결과의 일부만 왔습니다", en="only a part of the result came"),
    Status.FAILED: Text(ko="답을 받지 못했습니다", en="there was no answer"),
    Status.REFUSED: Text(ko="여기서는 실행할 수 없는 쿼리입니다", en="this query cannot be run here"),
    Status.CANCELLED: Text(ko="끝나기 전에 취소되었습니다", en="cancelled before it ended"),
}

NO_ROWS = Text(ko="결과에 행이 없습니다.", en="The result has no rows.")
SPAN = Text(ko="기간", en="span")
SOURCE = Text(ko="데이터", en="data")
MADE = Text(ko="만든 때", en="made")
QUERIES = Text(ko="쿼리", en="queries")
LOOK_FOR = Text(ko="볼 것", en="look for")
REASON = Text(ko="판정 이유", en="reason")
CAVEAT = Text(ko="주의", en="caveat")
TODO = Text(ko="할 일", en="what to do")
BY_HAND = Text(ko="사람이 확인", en="somebody must look")
VERDICT = Text(ko="판정", en="verdict")
LINE = Text(ko="줄", en="line")
