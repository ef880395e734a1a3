"""Definitions made up for these tests."""

from __future__ import annotations

from observability.model.alert import Action, Alert, Category, Channel, Severity
from observability.model.query import Kql
from observability.model.signal import Engine, PlatformMetric, PromQL, Signal
from observability.model.text import Text
from observability.model.units import Unit, minutes, percent

SAID = Text(ko="말", en="words")
PAGER = Action(id="pager", title=Text(ko="호출기", en="Pager"), channel=Channel.WEBHOOK, code="pg", does=SAID)
SMS = Action(id="sms", title=Text(ko="문자", en="SMS"), channel=Channel.SMS, code="sm", does=SAID)
ERRORS = Kql(
    rows="AppRequests | extend failed = Success == false",
    summarize="total = sum(ItemCount), bad = sumif(ItemCount, failed)",
    by={"service": "AppRoleName"},
    result="| where total >= floor | extend value = 100.0 * bad / total",
    params={"floor": 1},
)


def alert(engine: Engine = Engine.LOG, kql: Kql = ERRORS, promql: str = "x", **changes: object) -> Alert:
    signal = Signal(
        name="s", title=SAID, unit=Unit.PERCENT, help=SAID, kql=kql,
        promql=PromQL(expr=promql), metric=PlatformMetric(resource="cluster", metric="m", aggregation="Average"),
    )  # fmt: skip
    given: dict[str, object] = {
        "id": "a", "title": SAID, "watches": signal, "engine": engine, "window": minutes(5), "above": percent(1),
        "severity": Severity.TWO, "category": Category.CRITICAL, "actions": (PAGER,), "meaning": SAID, "impact": SAID,
        "because": SAID, "first_steps": (),
    }  # fmt: skip
    return Alert(**{**given, **changes})  # type: ignore[arg-type]
