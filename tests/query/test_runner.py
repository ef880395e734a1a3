"""Packs and queries are found by name, asked once each, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from observability.catalog import Catalogue, build
from observability.model.checklist import Item
from observability.model.place import Place
from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import percent
from observability.model.verdict import Outcome, Verdict
from observability.query import runner
from observability.query.answers import Answer, Ask, Column, Said, Span, Status, Table
from observability.query.errors import WrongArgument

WORDS = Text(ko="말", en="words")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SPAN = Span(NOW - timedelta(days=1), NOW)
LIMIT = Verdict(column="n", fail_above=percent(5), source=Section("1"))


class Canned:
    """Answers each text with a table of one cell: the number that is the text's last word."""

    name = "canned"

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def ask(self, asks: Sequence[Ask], span: Span, *, said: Said, stop: Event) -> list[Answer]:
        self.asked += asks
        made = []
        for ask in asks:
            table = Table((Column("n", "long"),), ((int(ask.text.split()[-1]),),))
            made.append(Answer(Status.COMPLETE, table))
            said(ask, made[-1])
        return made

    def close(self) -> None: ...


def query(ident: str, number: int, verdict: Verdict | None = None, **given: object) -> Query:
    return Query(
        id=ident, title=WORDS, source=Section("1"), text=f"T {number}", verdict=verdict, columns={"n": "long"}, **given
    )  # type: ignore[arg-type]  # the test's own


def placed(definition: object, file: str) -> object:
    object.__setattr__(definition, "place", Place(file, 1))
    return definition


SMALL, LARGE = query("small", 3, LIMIT), query("large", 9, LIMIT)
PLAIN, TEXT_ONLY = query("plain", 1), query("text-only", 1, runnable=False, caveat=WORDS)
ELSEWHERE = query("small", 4)
ITEMS = (
    Item(id="first", title=WORDS, steps=(SMALL, PLAIN), source=Section("1")),
    Item(id="second", title=WORDS, steps=(SMALL, LARGE), source=Section("1")),
    Item(id="third", title=WORDS, by_hand=WORDS, source=Section("1")),
)
PACK, LIST, EMPTY = Pack(title=WORDS), Pack(title=WORDS), Pack(title=WORDS)
for each in (SMALL, LARGE, PLAIN, TEXT_ONLY, PACK):
    placed(each, "kql/shop.py")
for each in (*ITEMS, LIST):
    placed(each, "kql/every_day.py")
placed(ELSEWHERE, "kql/store.py")
placed(EMPTY, "kql/nothing.py")


@pytest.fixture
def catalogue() -> Catalogue:
    return build(
        {
            "packs": [PACK, LIST, EMPTY],
            "queries": [SMALL, LARGE, PLAIN, TEXT_ONLY, ELSEWHERE],
            "items": list(ITEMS),
        }
    )


def test_a_query_is_found_by_its_key_or_by_its_id_where_one_pack_has_it(catalogue: Catalogue) -> None:
    assert runner.find(catalogue, "shop/small") is SMALL
    assert runner.find(catalogue, "large") is LARGE


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("small", "query 'small': is in several packs; say which: shop/small, store/small"),
        ("larg", "query 'larg': there is none of that name; did you mean shop/large, "),
    ],
)
def test_a_query_that_is_not_found_says_the_nearest_three(catalogue: Catalogue, name: str, said: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        runner.find(catalogue, name)
    assert str(caught.value).startswith(said)
    if "did you mean" in said:
        assert str(caught.value).count("/") == 3


def test_a_pack_that_is_not_found_says_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(WrongArgument, match="pack 'every-dya': there is none of that name; did you mean every-day, "):
        runner.find_pack(catalogue, "every-dya")


def test_a_pack_without_a_checklist_asks_all_of_its_queries_that_run(catalogue: Catalogue) -> None:
    planned = runner.plan(catalogue, PACK)
    assert planned.parts == ((None, (SMALL, LARGE, PLAIN)),)


def test_a_pack_of_nothing_that_runs_says_so(catalogue: Catalogue) -> None:
    with pytest.raises(WrongArgument, match="pack 'nothing': none of its queries can be run; see tripobs kql list"):
        runner.plan(catalogue, EMPTY)


def test_a_checklist_is_asked_item_for_item_each_query_once_and_judged_by_the_worst(catalogue: Catalogue) -> None:
    backend, said = Canned(), list[str]()
    planned = runner.plan(catalogue, LIST)
    report = runner.run(
        planned, backend, SPAN, {}, said=lambda ask, answer: said.append(ask.key), stop=Event(), now=NOW
    )
    assert [ask.key for ask in backend.asked] == ["shop/small", "shop/plain", "shop/large"]
    assert said == ["shop/small", "shop/plain", "shop/large"]
    assert [(part.item.id if part.item else None, part.outcome) for part in report.parts] == [
        ("first", Outcome.PASS),
        ("second", Outcome.FAIL),
        ("third", None),
    ]
    assert (report.pack, report.source, report.span, report.made) == ("every-day", "canned", SPAN, NOW)
    assert report.outcomes == {Outcome.PASS: 2, Outcome.FAIL: 1}


def test_parameters_reach_the_queries_that_have_them() -> None:
    asked = Query(id="q", title=WORDS, source=Section("1"), text="T | where x == name // 7", params={"name": "a"})
    backend = Canned()
    step = runner.run_one(asked, backend, SPAN, {"name": 'b"'}, said=lambda *_: None, stop=Event())
    assert step.text == 'let name = "b\\"";\nT | where x == name // 7'
    assert backend.asked[0].text == step.text
