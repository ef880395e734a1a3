"""What a result says about its limits: which row decided, and that no data is never taken for fine."""

from __future__ import annotations

import pytest

from observability.model.query import Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import percent
from observability.model.verdict import Outcome, Verdict
from observability.query.answers import Answer, Column, Failure, Status, Table
from observability.query.verdicts import judge

LIMIT = Verdict(column="share", source=Section("8.1.2"), fail_above=percent(5), warn_above=percent(2))
COLUMNS = (Column("service", "string"), Column("share", "real"))


def query(verdict: Verdict | None) -> Query:
    return Query(id="errors", title=Text(ko="오류", en="Errors"), text="AppRequests", verdict=verdict)


def answer(*rows: tuple[object, ...], status: Status = Status.COMPLETE, failure: Failure | None = None) -> Answer:
    return Answer(status, Table(COLUMNS, rows), failure)


def test_a_query_without_a_verdict_is_not_judged() -> None:
    assert judge(query(None), answer(("trip", 99.0))) is None


def test_the_worst_row_decides_and_the_reason_names_it_its_value_and_its_limit() -> None:
    found = judge(query(LIMIT), answer(("trip", 1.0), ("ai", 7.5), ("user", 6.0), ("location", 3.0)))
    assert found is not None
    assert found.outcome is Outcome.FAIL
    assert found.rows == (Outcome.PASS, Outcome.FAIL, Outcome.FAIL, Outcome.WARN)
    assert found.reason.en == "service=ai: share 7.5%, above the limit 5% (design document 8.1.2) (2 of 4 rows)"
    assert found.reason.ko == "service=ai: share 7.5%, 한도 5% 초과 (설계서 8.1.2) (4행 중 2행)"


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (5.0, Outcome.WARN),  # a limit itself is still fine
        (5.000001, Outcome.FAIL),
        (2.0, Outcome.PASS),
        (None, Outcome.NO_DATA),
        (float("nan"), Outcome.NO_DATA),
        ("6", Outcome.NO_DATA),
        (True, Outcome.NO_DATA),
    ],
)
def test_one_value_against_its_limits(value: object, outcome: Outcome) -> None:
    found = judge(query(LIMIT), answer(("trip", value)))
    assert found is not None
    assert found.outcome is outcome


def test_a_value_below_its_floor_fails() -> None:
    floor = Verdict(column="share", source=Section("2.1"), fail_below=percent(99.9))
    found = judge(query(floor), answer(("trip", 99.95), ("ai", 99.0)))
    assert found is not None
    assert found.reason.en == "service=ai: share 99%, below the limit 99.9% (design document 2.1) (1 of 2 rows)"


def test_a_row_that_fails_outweighs_one_without_a_value() -> None:
    found = judge(query(LIMIT), answer(("trip", None), ("ai", 7.5)))
    assert found is not None
    assert found.outcome is Outcome.FAIL


def test_a_row_without_a_value_outweighs_one_that_is_fine() -> None:
    found = judge(query(LIMIT), answer(("trip", None), ("ai", 1.0)))
    assert found is not None
    assert (found.outcome, found.reason.en) == (
        Outcome.NO_DATA,
        "service=trip: share has no value (1 of 2 rows)",
    )


def test_no_rows_are_no_data_unless_the_verdict_says_why_they_are_fine() -> None:
    found = judge(query(LIMIT), answer())
    assert found is not None
    assert (found.outcome, found.reason.en) == (Outcome.NO_DATA, "the result has no rows")
    why = Text(ko="위반이 있을 때만 행이 있습니다", en="a row is there only when something is wrong")
    fine = Verdict(
        column="share",
        source=Section("8.1.2"),
        fail_above=percent(5),
        empty=Outcome.PASS,
        empty_because=why,
    )
    found = judge(query(fine), answer())
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.PASS, why)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.FAILED, "there was no answer: timed out"),
        (Status.REFUSED, "it cannot be run here: timed out"),
        (Status.CANCELLED, "it was cancelled before it ended: timed out"),
    ],
)
def test_what_was_not_answered_is_no_data_with_the_reason(status: Status, said: str) -> None:
    found = judge(query(LIMIT), Answer(status, None, Failure("Timeout", "timed out")))
    assert found is not None
    assert (found.outcome, found.reason.en) == (Outcome.NO_DATA, said)


def test_a_part_of_a_result_can_say_that_something_is_wrong_but_not_that_all_is_well() -> None:
    cut = Failure("Partial", "64 MB")
    fine = judge(query(LIMIT), answer(("trip", 1.0), status=Status.PARTIAL, failure=cut))
    wrong = judge(query(LIMIT), answer(("trip", 9.0), status=Status.PARTIAL, failure=cut))
    assert fine is not None
    assert wrong is not None
    assert (fine.outcome, wrong.outcome) == (Outcome.NO_DATA, Outcome.FAIL)
    assert fine.reason.en.startswith("only a part of the result came (64 MB); nothing is wrong in it: ")
    assert wrong.reason.en.endswith("; only a part came (64 MB)")


def test_a_result_without_the_judged_column_is_no_data_and_says_what_is_there() -> None:
    found = judge(query(LIMIT), Answer(Status.COMPLETE, Table((Column("other", "real"),), ((1.0,),))))
    assert found is not None
    assert (found.outcome, found.reason.en) == (
        Outcome.NO_DATA,
        "the result has no column 'share' to judge by: other",
    )
