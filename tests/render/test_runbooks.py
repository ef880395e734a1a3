from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from observability.model.alert import Action, Alert, Category, Channel, Severity, Suppression
from observability.model.checklist import MetricQuery
from observability.model.finding import Finding
from observability.model.operations import Escalation, SeverityLevel
from observability.model.query import Kql, Pack, Query
from observability.model.signal import Engine, PlatformMetric, PromQL, Signal
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit, days, hours, minutes, percent
from observability.render.runbooks import runbooks

WORDS = Text("주문", "Orders")
TWO = SeverityLevel(
    number=2,
    meaning=Text("가게 일부가 닫힘", "Part of the shop is closed"),
    detection=Text("곧", "Soon"),
    response=minutes(45),
    escalation=Text("점장에게", "To the manager"),
    actions=(Text("문을 본다", "Look at the door"), Text("계산대를 본다", "Look at the till")),
    communication=Text("게시판", "Notice board"),
    update_every=None,
    source=Section("9"),
    procedure_source=Section("9.1"),
)
NOBODY = Escalation(levels=(TWO,), at_once=(), reminds_for=hours(5), source=Section("9"))
LATE_ORDERS = Query(
    id="late-orders",
    title=Text("늦은 주문", "Late orders"),
    text="""
        Orders
        | where City == city and Late
    """,
    params={"city": "Seoul"},
    look_for=Text("한 가게만 늦는지 봅니다.", "Whether one shop alone is late."),
)
ALL_ORDERS = Query(id="all-orders", title=Text("모든 주문", "All orders"), text="Orders", span=days(30))
PACKS = (Pack(title=WORDS, span=hours(1)),)
LATE = Signal(
    name="late_share",
    title=Text("늦은 비율", "Late share"),
    unit=Unit.PERCENT,
    help=WORDS,
    source=Section("8", reading="R2"),
    kql=Kql(rows="Orders", summarize="value = 100.0 * countif(Late) / count()", by={"shop": "ShopName"}),
    metric=PlatformMetric(resource="till", metric="LateShare", aggregation="Average"),
    promql=PromQL(expr="max by (shop) (late_share)", by=("shop",)),
)
TOO_LATE = Alert(
    id="too-late",
    title=Text("너무 늦음", "Too Late"),
    watches=LATE,
    engine=Engine.LOG,
    above=percent(3),
    window=minutes(10),
    every=minutes(5),
    severity=Severity.TWO,
    severity_source=Derived(Text("일부만 늦습니다.", "Only some are late."), (Section("9"),)),
    category=Category.CRITICAL,
    actions=(
        Action(
            id="bell",
            title=Text("종", "Bell"),
            channel=Channel.WEBHOOK,
            code="be",
            does=Text("종을 칩니다.", "Rings the bell."),
        ),
        Action(
            id="baker",
            title=Text("Baker", "Baker"),
            channel=Channel.SMS,
            code="ba",
            does=Text("빵집을 부릅니다.", "Calls the baker."),
        ),
    ),
    meaning=Text("주문이 늦습니다.", "Orders are late."),
    impact=Text("손님이 기다립니다.", "Customers wait."),
    because=Text("문서의 값입니다.", "The document's value."),
    first_steps=(LATE_ORDERS, ALL_ORDERS),
    source=Section("7.1", reading="R1"),
)
FINDINGS = tuple(
    Finding(
        id=f"R{number}",
        sections=("7.1",),
        says=Text("말", "Says"),
        trouble=Text(f"문제 {number}.", f"Trouble {number}."),
        done=Text(f"한 일 {number}.", f"Done {number}."),
    )
    for number in (1, 2, 3)
)
HOLIDAY = Suppression(
    id="holiday",
    title=WORDS,
    weekday="Sunday",
    start="02:00:00",
    end="06:30:00",
    time_zone="Korea Standard Time",
    severities=(Severity.TWO,),
)

PAGE = """\
# 너무 늦음 · Too Late

<!-- Generated from tests/render/test_runbooks.py; change it there and run `make generate`. -->

| | |
|---|---|
| 알림 · Alert | `too-late` (alert-tripgen-too-late) |
| 조건 · Condition | 늦은 비율 3% 초과, 10분 구간 · Late share above 3%, over 10 minutes |
| 심각도 · Severity | 2: 가게 일부가 닫힘 · Part of the shop is closed |
| 대응 시간 · Respond within | 45분 · 45 minutes |
| 평가 · Evaluated | 로그 알림, 5분마다 · log alert, every 5 minutes |
| 알림 대상 · Tells | 종 (Bell), Baker |
| 근거 · Source | 설계서 7.1 (R1) · design document 7.1 (R1) |

## 무슨 뜻인가 · What it means

주문이 늦습니다.

Orders are late.

## 사용자가 느끼는 것 · What users feel

손님이 기다립니다.

Customers wait.

## 먼저 볼 쿼리 · First queries

### 1. 늦은 주문 · Late orders

`generated/kql/test-runbooks/late-orders.kql`

시간 범위: 알림이 울리기 1시간 전부터 지금까지 · Time range: from 1 hour before the alert fired until now

한 가게만 늦는지 봅니다.

Whether one shop alone is late.

```kusto
let city = "Seoul";
Orders
| where City == city and Late
```

### 2. 모든 주문 · All orders

`generated/kql/test-runbooks/all-orders.kql`

시간 범위: 알림이 울리기 30일 전부터 지금까지 · Time range: from 30 days before the alert fired until now

```kusto
Orders
```

## 알림이 본 값 · What the alert saw

첫 줄의 `now()`를 알림이 울린 시각으로 바꿔 실행합니다. 한국 시각이면 `datetime(2026-11-23 03:12) - 9h`처럼 씁니다. 시간 범위는 쿼리 안에 있습니다. 늦게 들어온 행도 세므로 알림의 값과 조금 다를 수 있습니다.
Put the time when the alert fired in place of `now()` in the first line; a time in Korea is written `datetime(2026-11-23 03:12) - 9h`. The time range stands in the query. Rows that came late are counted too, so the value may differ a little from the alert's.

```kusto
let fired_at = now();
Orders
| where TimeGenerated between ((fired_at - 10m) .. fired_at)
| summarize value = 100.0 * countif(Late) / count() by shop = ShopName
| project shop, value
```

## 이 숫자의 이유 · Why this number

문서의 값입니다.

The document's value.

- **R1** 문제 1. 한 일 1.
  <br>Trouble 1. Done 1.

- **R2** 문제 2. 한 일 2.
  <br>Trouble 2. Done 2.

## 심각도와 상향 보고 · Severity and escalation

일부만 늦습니다. (9)
Only some are late. (9)

| | 한국어 | English |
|---|---|---|
| 상향 보고 · Escalation | 점장에게 | To the manager |
| 대응 시간 · Respond within | 45분 | 45 minutes |
| 소통 · Communication | 게시판 | Notice board |
| 아무도 맡지 않으면 · When nobody takes it | 아무도 호출하지 않는 알림이라 다시 알리지 않습니다. 대응 시간은 채널을 보는 사람이 지킵니다. | This alert pages nobody, so it is not told again: whoever reads the channel keeps the response time. |
| 조치 1 · Action 1 | 문을 본다 | Look at the door |
| 조치 2 · Action 2 | 계산대를 본다 | Look at the till |
| 종 | 종을 칩니다. | Rings the bell. |
| Baker | 빵집을 부릅니다. | Calls the baker. |

### 맡기, 알리지 않기 · Take it, silence it

맡은 사람은 '알림 열기'에서 사용자 응답을 '승인됨'(Acknowledged)으로 바꿉니다. `ALERT`는 그 알림의 id입니다.
Whoever takes it sets the user response to 'Acknowledged' behind 'Open alert'. `ALERT` is that alert's id.

```console
az rest --method post --url "https://management.azure.com$ALERT/changestate?api-version=2023-07-12-preview&newState=Acknowledged"
```

승인된 작업 동안에는 이 알림을 잠시 끕니다. 저절로 다시 켜집니다.
During approved work, silence this alert for a while; it comes back by itself.

```console
tripobs silence --for 2h --alert too-late --why "..." --out silence.json
```

정기 점검 중에도 알립니다.

It is sent during maintenance too.
"""


def _page(alert: Alert, *suppressions: Suppression) -> str:
    return runbooks((alert,), {2: TWO}, FINDINGS, suppressions, NOBODY, PACKS)[alert.id]


def test_a_page_says_what_it_means_what_to_run_why_this_number_and_whom_to_call() -> None:
    assert _page(TOO_LATE) == PAGE


def test_every_alert_has_a_page_under_its_id() -> None:
    pages = runbooks((TOO_LATE, replace(TOO_LATE, id="far-too-late")), {2: TWO}, (), (), NOBODY, PACKS)
    assert list(pages) == ["too-late", "far-too-late"]
    assert "| 알림 · Alert | `far-too-late` (alert-tripgen-far-too-late) |" in pages["far-too-late"]


def test_a_page_of_an_alert_that_maintenance_silences_says_when_and_what_to_do_afterwards() -> None:
    start = PAGE.index("정기 점검 중에도")
    assert _page(TOO_LATE, HOLIDAY) == PAGE[:start] + (
        "정기 점검(일요일 02:00-06:30 KST) 동안에는 알리지 않습니다. 그동안 시작되어 계속되는 알림은 점검이 끝나도 "
        "다시 보내지 않으므로, 점검 뒤에 이 쿼리들을 한 번 돌려 봅니다.\n"
        "\n"
        "Nobody is told during weekly maintenance (Sunday 02:00-06:30 KST). An alert that starts there and stays is "
        "not sent again afterwards: run these queries once when maintenance ends.\n"
    )


def test_a_suppression_of_other_severities_silences_nothing() -> None:
    assert _page(TOO_LATE, replace(HOLIDAY, severities=(Severity.THREE,))) == PAGE


@pytest.mark.parametrize(
    ("engine", "evaluated", "saw"),
    [
        (
            Engine.METRIC,
            "메트릭 알림, 5분마다 · metric alert, every 5 minutes",
            "리소스의 '메트릭'에서 시간 범위의 끝을 알림이 울린 시각으로, 시간 세분성을 10분으로 둡니다. 더 굵게 두면 값이 옅어집니다.\n"
            "Under 'Metrics' of the resource, end the time range when the alert fired and set the time granularity to "
            "10 minutes; a coarser one dilutes the value.\n\n```text\ntill: Average(LateShare)\n```",
        ),
        (
            Engine.PROMETHEUS,
            "Prometheus 규칙, 5분마다 · Prometheus rule, every 5 minutes",
            "Grafana의 Explore에서 시간 범위의 끝을 알림이 울린 시각으로, 유형을 Instant로 두고 계산합니다. 식은 그 순간만 봅니다.\n"
            "In Grafana's Explore, end the time range when the alert fired and evaluate it as 'Instant'. It looks at that "
            "moment alone.\n\n```promql\nmax by (shop) (late_share) > 3\n```",
        ),
    ],
)
def test_a_page_shows_what_the_alert_saw_in_the_language_of_its_engine(
    engine: Engine, evaluated: str, saw: str
) -> None:
    page = _page(replace(TOO_LATE, engine=engine))
    assert f"| 평가 · Evaluated | {evaluated} |\n" in page
    assert f"## 알림이 본 값 · What the alert saw\n\n{saw}\n\n## 이 숫자의 이유" in page


def test_a_window_inside_the_expression_needs_no_time_range() -> None:
    ranged = replace(LATE, promql=PromQL(expr="max by (shop) (max_over_time(late_share[$window]))", by=("shop",)))
    page = _page(replace(TOO_LATE, watches=ranged, engine=Engine.PROMETHEUS, window=days(3), pending=minutes(5)))
    assert (
        "거슬러 보는 구간은 식 안에 있으므로 시간 범위의 길이는 값을 바꾸지 않습니다. 5분 동안 계속 참이어야 울립니다.\n"
        "In Grafana's Explore, end the time range when the alert fired and evaluate it as 'Instant'. How far it looks back "
        "stands inside it: the length of the time range changes nothing. It fires once it has been true for 5 minutes.\n"
    ) in page
    assert "(max_over_time(late_share[3d])) > 3\n```" in page


def test_the_first_queries_reach_back_over_all_that_the_alert_looked_at() -> None:
    page = _page(replace(TOO_LATE, window=hours(6)))
    assert (
        "late-orders.kql`\n\n시간 범위: 알림이 울리기 6시간 전부터 지금까지 · Time range: from 6 hours before" in page
    )
    assert "all-orders.kql`\n\n시간 범위: 알림이 울리기 30일 전부터 지금까지 · Time range: from 30 days before" in page


def test_a_platform_metric_is_a_first_query_too_and_says_what_it_cannot_tell() -> None:
    assert LATE.metric is not None
    metric = MetricQuery(
        id="late-tills", title=WORDS, metric=LATE.metric, grain=minutes(5), caveat=Text("낮만", "By day only")
    )
    assert (
        "### 1. 주문 · Orders\n\n`tripobs kql run test-runbooks/late-tills`, 또는 리소스의 '메트릭' · or 'Metrics' of the resource\n\n"
        "시간 범위: 알림이 울리기 1시간 전부터 지금까지 · Time range: from 1 hour before the alert fired until now\n\n"
        "낮만\n\nBy day only\n\n```text\ntill: Average(LateShare)\n```\n"
    ) in _page(replace(TOO_LATE, first_steps=(metric,)))


def test_a_page_below_a_limit_says_so() -> None:
    page = _page(replace(TOO_LATE, above=None, below=percent(99.9)))
    assert "| 조건 · Condition | 늦은 비율 99.9% 미만, 10분 구간 · Late share below 99.9%, over 10 minutes |\n" in page


def test_a_value_that_the_document_does_not_give_says_why() -> None:
    derived = Derived(Text("까닭이 있습니다.", "There is a reason."), (Section("7.1"), Section("8")))
    page = _page(replace(TOO_LATE, source=derived))
    assert "| 근거 · Source | 까닭이 있습니다. (7.1, 8) · There is a reason. (7.1, 8) |\n" in page


def test_texts_are_not_escaped_as_html() -> None:
    page = _page(replace(TOO_LATE, meaning=Text('5 < 7 & "8" {{ 9 }}', "5 < 7 & 'eight'")))
    assert "\n5 < 7 & \"8\" {{ 9 }}\n\n5 < 7 & 'eight'\n" in page


# --- escalation and causes ----------------------------------------------------------------------------------

BELL, BAKER = TOO_LATE.actions
CALLING = replace(TOO_LATE, actions=(replace(BELL, escalates=True), BAKER))


def _escalation(**changed: Any) -> Escalation:
    return Escalation(**vars(NOBODY) | changed)


def _unanswered(alert: Alert, level: SeverityLevel, escalation: Escalation) -> str:
    page = runbooks((alert,), {2: level}, (), (), escalation, PACKS)[alert.id]
    (line,) = (line for line in page.splitlines() if line.startswith("| 아무도 맡지 않으면"))
    return line.removeprefix("| 아무도 맡지 않으면 · When nobody takes it | ")


def test_what_follows_by_itself_when_nobody_answers_and_when() -> None:
    assert _unanswered(CALLING, TWO, NOBODY) == (
        "45분이 지나도 맡은 사람이 없으면 한 번 다시 알립니다 (`la-tripgen-escalate`). | "
        "When nobody has taken it after 45 minutes, it is told once more (`la-tripgen-escalate`). |"
    )


def test_a_severity_of_management_is_told_at_once_and_at_each_update() -> None:
    urgent = SeverityLevel(**vars(TWO) | {"update_every": minutes(20)})
    assert _unanswered(CALLING, urgent, _escalation(levels=(urgent,), at_once=(2,))) == (
        "울리자마자 관리팀에 알립니다. 45분이 지나도 맡은 사람이 없으면 다시 알리고 20분마다 되풀이합니다(최대 5시간) "
        "(`la-tripgen-escalate`). | Management is told as it fires. When nobody has taken it after 45 minutes, it is told "
        "again, and every 20 minutes after that (for 5 hours at most) (`la-tripgen-escalate`). |"
    )


def test_a_severity_that_no_machine_escalates_says_who_does() -> None:
    assert _unanswered(CALLING, TWO, _escalation(levels=())) == (
        "기계가 다시 알리지 않습니다. 점장에게. | No machine tells again. To the manager. |"
    )


def test_a_severity_that_management_hears_of_at_once_is_silenced_only_with_an_approval() -> None:
    page = runbooks((TOO_LATE,), {2: TWO}, (), (), _escalation(at_once=(2,)), PACKS)["too-late"]
    assert 'tripobs silence --for 2h --alert too-late --severity 2 --by NAME --why "..." --out silence.json\n' in page


def test_a_page_of_an_alert_that_does_not_resolve_says_when_and_where_to_close_it() -> None:
    closed = replace(CALLING, closed_when=Text("가게가 비는 것을 본 뒤", "the shop is empty"))
    page = runbooks((closed,), {2: TWO}, (), (), NOBODY, PACKS)[closed.id]
    assert (
        "저절로 해소되지 않으므로 가게가 비는 것을 본 뒤 직접 닫습니다. 받은 곳에도 '해소'가 가지 않습니다: 종의 인시던트도 "
        "함께 닫습니다.\nIt does not resolve by itself: close it once the shop is empty. No 'Resolved' reaches those it told: "
        'close the incident of Bell too.\n\n```console\naz rest --method post --url "https://management.azure.com$ALERT/'
    ) in page
    assert "newState=Closed" in page
    assert "newState=Closed" not in PAGE


def test_a_page_links_to_the_pages_of_likely_causes() -> None:
    cause = replace(TOO_LATE, id="oven-cold", title=Text("식은 오븐", "Oven Cold"))
    page = runbooks((replace(TOO_LATE, causes=("oven-cold",)), cause), {2: TWO}, (), (), NOBODY, PACKS)["too-late"]
    assert (
        "Customers wait.\n\n## 원인일 수 있는 알림 · Likely causes\n\n이 알림도 울렸으면 그 페이지부터 봅니다.\n"
        "If one of these fires too, begin with its page.\n\n- [식은 오븐 · Oven Cold](oven-cold.md)\n\n## 먼저 볼 쿼리"
    ) in page
