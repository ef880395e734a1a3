"""Values from the command line reach a query as one literal of the type its default has, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.checks.kql_tokens import tokens_of
from observability.model.query import Param, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.query import params
from observability.query.errors import WrongArgument
from observability.render import kql

WORDS = Text(ko="말", en="words")


def query(**defaults: Param) -> Query:
    return Query(id="q", title=WORDS, source=Section("1"), text="T | where x == name", params=defaults)


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (timedelta(minutes=5), "90s", timedelta(seconds=90)),
        (timedelta(minutes=5), "1h30m", timedelta(minutes=90)),
        (timedelta(minutes=5), "7d", timedelta(days=7)),
        (timedelta(minutes=5), "PT5M", timedelta(minutes=5)),
        (timedelta(minutes=5), "p1dt6h", timedelta(hours=30)),
        (True, "FALSE", False),
        (100, "-5", -5),
        (100, "9223372036854775807", 9223372036854775807),
        (0.5, "1e3", 1000.0),
        (0.5, "2", 2.0),
        ("production", "", ""),
        ("production", "a b'c", "a b'c"),
    ],
)
def test_a_value_is_read_in_the_type_of_the_default(default: Param, text: str, value: Param) -> None:
    found = params.parse("p", default, text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("default", "text", "said"),
    [
        (timedelta(minutes=5), "five", "'five' is not a length of time; it wants a length of time, such as p=5m"),
        (timedelta(minutes=5), "", "'' is not a length of time; it wants a length of time, such as p=5m"),
        (timedelta(hours=1), "0s", "'0s' is not between 1s and 3650d; it wants a length of time, such as p=1h"),
        (timedelta(hours=1), "1.5h", "'1.5h' is not a length of time; it wants a length of time, such as p=1h"),
        (False, "1", "'1' is neither true nor false; it wants true or false, such as p=false"),
        (100, "1.5", "'1.5' is not a whole number; it wants a whole number, such as p=100"),
        (100, "9223372036854775808", "9223372036854775808 does not fit a long; it wants a whole number, such as p=100"),
        (0.5, "nan", "'nan' is not a number that can be compared with; it wants a number, such as p=0.5"),
        (0.5, "x", "'x' is not a number; it wants a number, such as p=0.5"),
        ("a", "x\0y", "'x\\x00y' holds a control character; it wants a text, such as p=a"),
        ("a", "x\u2028y", "'x\\u2028y' holds a control character; it wants a text, such as p=a"),
        ("a", "y" * 4097, "it has 4,097 characters, and 4,096 is the most; it wants a text, such as p=a"),
    ],
)
def test_a_value_of_another_type_says_what_is_wanted_with_an_example(default: Param, text: str, said: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        params.parse("p", default, text)
    assert str(caught.value) == f"parameter 'p': {said}"


def test_each_query_gets_the_values_it_has_a_parameter_for() -> None:
    listed = [query(name="a"), query(most=10)]
    assert params.given(listed, ["name=x=y", "most=3"]) == {"name": "x=y", "most": 3}


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["name"], "--param 'name': is not name=value; write --param bin_size=5m"),
        (["nam=x"], "--param 'nam': there is no such parameter; there are bin_size=5m, name=a"),
        (["name=x", "name=y"], "--param 'name': is given twice; give it once"),
    ],
)
def test_a_pair_that_cannot_be_taken_says_what_there_is(pairs: list[str], said: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        params.given([query(name="a", bin_size=timedelta(minutes=5))], pairs)
    assert str(caught.value) == said


def test_a_query_without_parameters_says_so() -> None:
    with pytest.raises(WrongArgument, match="there is no such parameter; what you run takes none"):
        params.given([query()], ["name=x"])


HOSTILE = st.text(max_size=200) | st.sampled_from(
    [
        '"; AppRequests | take 1; let y = "',
        "'; drop table T; //",
        '\\"',
        "\\",
        '"',
        "```",
        'x" | union AppRequests //',
        'h"',
        '@"',
        "\n| take 1",
    ]
)


@settings(deadline=None, max_examples=500)
@given(HOSTILE)
def test_whatever_somebody_types_reaches_the_text_as_one_literal_or_not_at_all(typed: str) -> None:
    asked = query(name="a")
    try:
        value = params.parse("name", "a", typed)
    except WrongArgument:
        return
    text = kql.query(asked, {"name": value})
    assert text.endswith(";\nT | where x == name")
    # let, name, =, the literal, ;
    tokens = tokens_of(text.removesuffix("T | where x == name"))
    assert [tokens[0], tokens[1], tokens[2], tokens[4:]] == ["let", "name", "=", [";"]]
    assert _meant(tokens[3]) == typed


def _meant(literal: str) -> str:
    """What KQL reads from a string literal in double quotes."""
    escapes = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t"}
    inside, read = iter(literal[1:-1]), []
    for char in inside:
        read.append(escapes[next(inside)] if char == "\\" else char)
    return "".join(read)
