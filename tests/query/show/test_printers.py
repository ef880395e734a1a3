"""A report on paper: every format shows a hostile cell as text, nothing unanswered as empty, and numbers as they came."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from observability.model.checklist import Item
from observability.model.query import Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import percent
from observability.model.verdict import Verdict
from observability.query.answers import Answer, Column, Failure, Span, Status, Table
from observability.query.report import Part, Report, Step
from observability.query.show import csv as as_csv
from observability.query.show import html, markdown, text
from observability.query.show import json as as_json
from observability.query.verdicts import judge

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> | `x` [a](javascript:b) "q" \x1b[31m \u202e'
COLUMNS = (
    Column("service", "string"),
    Column("share", "real"),
    Column("TimeGenerated", "datetime"),
    Column("took", "timespan"),
    Column("more", "dynamic"),
)
LIMIT = Verdict(column="share", source=Section("8.1.2"), fail_above=percent(5))


def step(*rows: tuple[object, ...], failure: Failure | None = None, key: str = "errors") -> Step:
    query = Query(id=key, title=Text(ko="오류", en="Errors"), text="AppRequests", verdict=LIMIT)
    status = Status.FAILED if failure is not None else Status.COMPLETE
    answer = Answer(status, None if failure is not None else Table(COLUMNS, rows), failure)
    return Step(query, "AppRequests", answer, judge(query, answer))


def row(service: str = "trip", share: object = 1.5) -> tuple[object, ...]:
    return (service, share, NOON, timedelta(minutes=5), {"k": [1, None]})


def report(*steps: Step, item: Item | None = None) -> Report:
    title = Text(ko="아침 점검", en="Morning check")
    return Report("daily", title, Span(NOON, NOON + timedelta(hours=1)), "demo", NOON, (Part(item, steps),))


BY_HAND = Item(
    id="look",
    title=Text(ko="직접 보기", en="Look yourself"),
    source=Section("12.1.1"),
    by_hand=Text(ko="사람이 봅니다", en="somebody looks"),
)
PRINTERS: dict[str, Callable[[Report], str]] = {
    "csv": as_csv.report,
    "html": html.report,
    "json": as_json.report,
    "markdown": markdown.report,
    "text": text.report,
}


@pytest.mark.parametrize("form", PRINTERS)
def test_a_query_without_an_answer_says_why_and_is_never_an_empty_table(form: str) -> None:
    shown = PRINTERS[form](report(step(failure=Failure("Timeout", "the server took too long"))))
    assert "the server took too long" in shown


@pytest.mark.parametrize("form", PRINTERS)
def test_what_nobody_can_ask_is_there_with_who_must_look(form: str) -> None:
    assert "사람이 봅니다" in PRINTERS[form](report(item=BY_HAND))


@pytest.mark.parametrize("form", ["csv", "html", "markdown", "text"])
def test_the_other_language_is_english_throughout(form: str) -> None:
    found = report(step(row()), item=None)
    shown = PRINTERS[form](found), PRINTERS[form](found)
    assert shown[0] == shown[1], "the same report has the same bytes"
    english = {"csv": as_csv.report, "html": html.report, "markdown": markdown.report, "text": text.report}[form]
    body = english(found, lang="en")
    body = re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL)
    assert re.findall("[가-힣]+", body) == []


def test_json_loses_nothing_and_has_no_number_that_is_none() -> None:
    shown = json.loads(as_json.report(report(step(row(HOSTILE), row(share=math.inf)))))
    found = shown["parts"][0]["steps"][0]
    assert found["rows"][0] == [HOSTILE, 1.5, "2026-11-23T03:00:00Z", "00:05:00", {"k": [1, None]}]
    assert found["rows"][1][1] is None
    assert (shown["version"], shown["outcome"], found["judged"]["rows"][0]) == (1, "fail", "pass")


def test_csv_of_one_query_is_its_columns_and_rows_and_no_formula() -> None:
    lines = list(csv.reader(io.StringIO(as_csv.step(step(row("=1+1"), row("-2"), row("a,\r\nb"), row(share=None))))))
    assert lines[0] == ["service", "share", "TimeGenerated", "took", "more"]
    assert [line[0] for line in lines[1:]] == ["'=1+1", "-2", "a,\r\nb", "trip"]
    assert lines[1][1:] == ["1.5", "2026-11-23T03:00:00Z", "00:05:00", '{"k":[1,null]}']
    assert lines[4][1] == ""


def test_csv_of_a_pack_has_one_line_for_each_cell() -> None:
    lines = list(csv.reader(io.StringIO(as_csv.report(report(step(row(), row("ai", 9.0))), lang="en"))))
    assert len(lines) == 1 + 2 * len(COLUMNS)
    service = [line for line in lines if line[8] == "service"]
    assert [(line[2], line[4], line[6], line[7], line[9]) for line in service] == [
        ("test-printers/errors", "fail", "1", "pass", "trip"),
        ("test-printers/errors", "fail", "2", "fail", "ai"),
    ]


def test_markdown_shows_a_hostile_cell_as_text_in_its_own_cell() -> None:
    shown = markdown.report(report(step(row(HOSTILE, 9.0))))
    line = next(line for line in shown.splitlines() if "script" in line and "00:05:00" in line)
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\| \\`x\\` \\[a\\](javascript:b)" in line
    assert len(re.findall(r"(?<!\\)\|", line)) == len(COLUMNS) + 2, "and no cell more: the verdict has its own"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_has_no_script_and_fetches_nothing_whatever_the_cells_hold() -> None:
    shown = html.report(report(step(row(HOSTILE, 9.0))))
    seen = _Tags()
    seen.feed(shown)
    assert "script" not in seen.tags
    assert [link for link in seen.links if not link.startswith(("#", "data:"))] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert 'content="default-src &#39;none&#39;; style-src &#39;sha256-' in shown


def test_a_terminal_gets_no_control_character_from_a_cell_and_no_line_wider_than_it() -> None:
    shown = text.report(report(step(row(HOSTILE, 9.0))), columns=80)
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f\u202e]", shown) == []
    assert "\\x1b[31m" in text.report(report(step(row("\x1b[31mred", 9.0))))
    wide = [line for line in shown.splitlines() if text.width(line) > 80]
    assert wide == []


def test_colours_are_for_a_terminal_alone() -> None:
    found = report(step(row(share=9.0)))
    assert "\x1b[" not in text.report(found)
    assert "\x1b[31m" in text.report(found, colours=True)


def test_what_failed_stands_above_what_is_fine() -> None:
    fine, wrong = step(row(), key="fine"), step(row(share=9.0), key="wrong")
    shown = text.report(report(fine, wrong), lang="en")
    head = shown.splitlines()[: shown.splitlines().index("")]
    assert "fail 1" in head[-1]
    assert head[-1].index("fail 1") < head[-1].index("pass 1")


def _fields(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for item in value.values() for name in _fields(item)}
    return {name for item in value for name in _fields(item)} if isinstance(value, list) else set()


def test_every_field_of_the_json_is_documented() -> None:
    documented = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    written = report(step(row(), row("ai", 9.0)), step(failure=Failure("Timeout", "late")), item=BY_HAND)
    answer = json.loads(as_json.report(written))
    for part in answer["parts"]:
        for one in part["steps"]:
            one["rows"], one["query"]["params"] = [], {}
    # Outcomes and languages are values that happen to stand as names; a column's two fields are told in words.
    told = {"pass", "warn", "fail", "no data", "ko", "en", "name", "type"}
    assert {name for name in _fields(answer) - told if f"`{name}`" not in documented.replace("query.", "")} == set()
