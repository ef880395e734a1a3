"""The grammar that workflows and templates share."""

from __future__ import annotations

import pytest

from observability.checks.expressions import Call, Constant, Index, Unreadable, calls, of_template, parse, parts

ITEM = Call("item", ())


def test_calls_indexes_texts_and_numbers() -> None:
    assert parse("concat('it''s', item()?['a'][0].b, -1.5, null)") == Call(
        "concat",
        (
            Constant("it's"),
            Index(Index(Index(ITEM, Constant("a"), True), Constant(0), False), Constant("b"), False),
            Constant(-1.5),
            Constant(None),
        ),
    )


def test_a_text_of_a_workflow_is_literal_an_expression_or_pieces_of_both() -> None:
    assert parts("a plain text, with an e@mail") == "a plain text, with an e@mail"
    assert parts("@item()") == ITEM
    assert parts("at @{item()} and @{ item() }.") == ("at ", ITEM, " and ", ITEM, ".")
    assert parts("@{item()}") == ("", ITEM, "")


def test_a_doubled_sign_begins_no_expression() -> None:
    assert parts("@@item()") == "@item()"
    assert parts("say @@{item()}") == "say @{item()}"


def test_a_brace_inside_of_a_quoted_text_ends_nothing() -> None:
    assert parts("@{json('{}')}!") == ("", Call("json", (Constant("{}"),)), "!")


def test_a_text_in_brackets_is_a_templates_expression_unless_its_bracket_is_doubled() -> None:
    assert of_template("[concat('a')]") == Call("concat", (Constant("a"),))
    assert of_template("[[concat('a')]") is None
    assert of_template("[a](b)") is None


def test_every_call_is_found_outermost_first() -> None:
    assert [call.name for call in calls(parse("if(not(a()?[b()]), c(), 1)"))] == ["if", "not", "a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@concat('a'", "',' or ')' is missing at character 11, before ''"),
        ("@concat('a' 'b')", "',' or ')' is missing at character 11, before ' 'b')'"),
        ("@item()?['a'", "']' is missing at character 12, before ''"),
        ("@item() item()", "the end is missing at character 7, before ' item()'"),
        ("@item", "'(' is missing at character 5, before ''"),
        ("@concat(,)", "a value is missing at character 8, before ',)'"),
        ("@item().", "a name is missing at character 8, before ''"),
        ("a @{item() b", "'}' is missing at character 11, before ' b'"),
    ],
)
def test_what_is_no_expression_says_where_it_stops_being_one(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as error:
        parts(text)
    assert str(error.value) == said
