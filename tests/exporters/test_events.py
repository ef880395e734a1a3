"""Business events: the validator against the published schema, what is answered, and that nothing taken is lost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exporters import events as module
from exporters.events import API_LIMIT, BODY_LIMIT, Event, Events, Reason, Refusal, Response, parse
from exporters.families import Families, Histogram
from observability.signals.ai import AI_RESPONSE, EXTERNAL_CALL
from observability.signals.business import LOCATION_SEARCHES, TRIP_GENERATIONS, USER_RATING
from observability.signals.exporter import EVENTS_ACCEPTED, EVENTS_REFUSED, QUEUE_LENGTH

SCHEMA = json.loads((Path(module.__file__).parent / "events.schema.json").read_text(encoding="utf-8"))
PUBLISHED = Draft202012Validator(SCHEMA)
deep = settings(max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200, deadline=None)

STORED = {"event": "trip_generated", "outcome": "stored"}
FINISHED = {"event": "itinerary_finished", "seconds": 2}
RATED = {"event": "rating_given", "rating": 5}
SEARCHED = {"event": "search_finished", "accepted_rank": 3, "refined": False}
CALLED = {"event": "external_call", "api": "openai", "seconds": 0.25, "outcome": "success"}
EVERY_KIND = [STORED, FINISHED, RATED, SEARCHED, CALLED]

KEYS = ("event", "outcome", "seconds", "rating", "accepted_rank", "refined", "api", "user_id")
EDGES: list[Any] = [
    *(
        "stored",
        "failed",
        "success",
        "failure",
        "openai",
        "a" * 64,
        "a" * 65,
        "",
        "a\n",
        "a b",
        "A",
        "a\x00",
        "-a",
        "é",
    ),
    *(event["event"] for event in EVERY_KIND),
    *(0, 1, 2, 5, 6, -1, 1.0, 5.0, 5.5, 0.5, 0.0, -0.0, 86_400, 86_400.5, 1e300, 2**63, -1e-9),
    *(None, True, False, [], [1], {}, {"event": "rating_given"}),
]
VALUES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=70),
    st.from_regex(r"[a-z0-9._-]{0,66}", fullmatch=True),
)


@st.composite
def nearly_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event with up to three keys set, added or taken away."""
    line: dict[str, Any] = dict(draw(st.sampled_from(EVERY_KIND)))
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.one_of(st.sampled_from(sorted(line) or ["event"]), st.sampled_from(KEYS), st.text(max_size=5)))
        if draw(st.booleans()):
            line.pop(key, None)
        else:
            line[key] = draw(VALUES)
    return line


ANY_JSON = st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4), max_leaves=5)


def body_of(*lines: object) -> bytes:
    return b"\n".join(map(orjson.dumps, lines))


def answer(response: Response) -> dict[str, Any]:
    return dict(orjson.loads(response.body))


def counted(events: Events) -> Families:
    return asyncio.run(events.collect())


# --- one line -----------------------------------------------------------------------------------------


@deep
@given(st.one_of(nearly_events(), ANY_JSON))
def test_the_validator_and_the_published_schema_say_the_same(line: object) -> None:
    # A text that UTF-8 cannot carry cannot arrive either.
    try:
        body = orjson.dumps(line)
    except (TypeError, orjson.JSONEncodeError):
        return
    taken, refused = parse(body)
    assert (len(taken), len(refused)) == ((1, 0) if PUBLISHED.is_valid(orjson.loads(body)) else (0, 1))


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: event["event"])
def test_they_say_the_same_of_every_field_at_every_edge(event: dict[str, Any]) -> None:
    lines = [event | {key: value} for key in KEYS for value in EDGES]
    lines += [{key: value for key, value in event.items() if key != left_out} for left_out in event]
    assert [bool(parse(orjson.dumps(line))[0]) for line in lines] == [PUBLISHED.is_valid(line) for line in lines]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert all(PUBLISHED.is_valid(event) for event in EVERY_KIND)


def test_each_kind_of_event_becomes_what_is_counted() -> None:
    assert parse(body_of(*EVERY_KIND)) == (
        [
            Event("trip_generated", ("stored",), 1),
            Event("itinerary_finished", (), 2),
            Event("rating_given", (), 5),
            Event("search_finished", ("top3",), 1),
            Event("external_call", ("openai", "success"), 0.25),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ({}, "event", Reason.MISSING_FIELD),
        ({"event": "paid"}, "event", Reason.UNKNOWN_EVENT),
        ({"event": ["trip_generated"]}, "event", Reason.UNKNOWN_EVENT),
        ([STORED], "", Reason.NOT_AN_OBJECT),
        ({"event": "trip_generated"}, "outcome", Reason.MISSING_FIELD),
        (STORED | {"outcome": "Stored"}, "outcome", Reason.NOT_ALLOWED),
        (STORED | {"outcome": None}, "outcome", Reason.WRONG_TYPE),
        (STORED | {"user_id": 7}, "user_id", Reason.UNKNOWN_FIELD),
        (FINISHED | {"seconds": -1}, "seconds", Reason.OUT_OF_RANGE),
        (FINISHED | {"seconds": "2"}, "seconds", Reason.WRONG_TYPE),
        (FINISHED | {"seconds": True}, "seconds", Reason.WRONG_TYPE),
        (FINISHED | {"seconds": 1e300}, "seconds", Reason.OUT_OF_RANGE),
        (RATED | {"rating": 0}, "rating", Reason.OUT_OF_RANGE),
        (RATED | {"rating": 4.5}, "rating", Reason.WRONG_TYPE),
        (SEARCHED | {"accepted_rank": 0}, "accepted_rank", Reason.OUT_OF_RANGE),
        (SEARCHED | {"accepted_rank": "1"}, "accepted_rank", Reason.WRONG_TYPE),
        (SEARCHED | {"refined": 0}, "refined", Reason.WRONG_TYPE),
        (CALLED | {"api": "open\x00ai"}, "api", Reason.NOT_ALLOWED),
        (CALLED | {"api": "openai\n"}, "api", Reason.NOT_ALLOWED),
        (CALLED | {"api": 1}, "api", Reason.WRONG_TYPE),
        (CALLED | {"outcome": "ok"}, "outcome", Reason.NOT_ALLOWED),
    ],
)
def test_a_refusal_names_the_field_and_the_reason(line: object, field: str, reason: Reason) -> None:
    [], [refusal] = parse(body_of(line))
    assert (refusal.line, refusal.field, refusal.reason) == (1, field, reason)


@pytest.mark.parametrize("line", [b"{", b"\xff", b'{"event": NaN}', b"[" * 2_000, b'{"event":"\\ud800"}'])
def test_what_is_no_json_is_refused_as_a_line(line: bytes) -> None:
    assert parse(line) == ([], [Refusal(1, "", Reason.INVALID_JSON, "a line must be one JSON object, in UTF-8")])


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    body = orjson.dumps(STORED) + b"\r\n\r\n  \n{}\n" + orjson.dumps(RATED) + b"\n"
    taken, refused = parse(body)
    assert [event.kind for event in taken] == ["trip_generated", "rating_given"]
    assert [refusal.line for refusal in refused] == [4]


@deep
@given(st.binary(max_size=300))
def test_no_body_breaks_the_parser(body: bytes) -> None:
    taken, refused = parse(body)
    assert len(taken) + len(refused) == sum(1 for line in body.split(b"\n") if line and not line.isspace())


# --- counting -----------------------------------------------------------------------------------------


def test_events_are_counted_in_their_instruments() -> None:
    events = Events(100)
    events.accept({}, body_of(STORED, STORED, STORED | {"outcome": "failed"}, RATED, RATED | {"rating": 2}, CALLED))
    families = counted(events)
    assert families[TRIP_GENERATIONS] == {("stored",): 2.0, ("failed",): 1.0}
    assert families[USER_RATING] == {(): Histogram((0.0, 1.0, 1.0, 1.0, 2.0), 2.0, 7.0)}
    assert families[EXTERNAL_CALL] == {("openai", "success"): Histogram((1.0,) * 8, 1.0, 0.25)}
    assert families[EVENTS_ACCEPTED] == {
        ("trip_generated",): 3.0,
        ("itinerary_finished",): 0.0,
        ("rating_given",): 2.0,
        ("search_finished",): 0.0,
        ("external_call",): 1.0,
    }


def test_an_observation_on_a_bound_belongs_to_it_and_one_past_all_bounds_is_counted() -> None:
    events = Events(100)
    events.accept({}, body_of(*(FINISHED | {"seconds": seconds} for seconds in (0.5, 1, 30, 30.25))))
    assert counted(events)[AI_RESPONSE] == {(): Histogram((1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0), 4.0, 61.75)}


def test_only_searches_that_were_taken_or_refined_enter_the_denominator() -> None:
    events = Events(100)
    searches = [(1, False), (3, True), (4, False), (None, True), (None, False)]
    events.accept({}, body_of(*(SEARCHED | {"accepted_rank": rank, "refined": again} for rank, again in searches)))
    families = counted(events)
    assert families[LOCATION_SEARCHES] == {("top3",): 2.0, ("other",): 1.0, ("refined",): 1.0}
    assert families[EVENTS_ACCEPTED]["search_finished",] == 5.0


def test_series_known_beforehand_stand_at_zero_before_the_first_event() -> None:
    families = counted(Events(10))
    assert families[TRIP_GENERATIONS] == {("stored",): 0.0, ("failed",): 0.0}
    assert families[AI_RESPONSE] == {(): Histogram((0.0,) * 8, 0.0, 0.0)}
    assert EXTERNAL_CALL not in families
    assert set(families[EVENTS_REFUSED]) == {(reason.value,) for reason in Reason}


def test_api_names_are_bounded_in_memory() -> None:
    events = Events(10_000)
    events.accept({}, body_of(*(CALLED | {"api": f"api-{number}"} for number in range(API_LIMIT + 7))))
    series = counted(events)[EXTERNAL_CALL]
    assert len(series) == API_LIMIT + 1
    assert series["other", "success"] == Histogram((7.0,) * 8, 7.0, 1.75)


@deep
@given(st.lists(st.lists(nearly_events(), max_size=30), max_size=5))
def test_what_was_answered_is_what_is_counted(bodies: list[list[dict[str, Any]]]) -> None:
    events = Events(40)
    accepted = refused = 0
    for lines in bodies:
        try:
            body = body_of(*lines)
        except (TypeError, orjson.JSONEncodeError):
            continue
        response = events.accept({}, body)
        accepted += answer(response)["accepted"]
        refused += answer(response).get("refused_count", 0)
        assert response.status in (202, 400, 429)
    families = events.drain()
    assert sum(map(float, families[EVENTS_ACCEPTED].values())) == accepted  # type: ignore[arg-type]
    by_reason = {reason: value for (reason,), value in families[EVENTS_REFUSED].items() if reason != "queue_full"}
    assert sum(map(float, by_reason.values())) == refused  # type: ignore[arg-type]


# --- answers ------------------------------------------------------------------------------------------


def test_good_lines_are_taken() -> None:
    response = Events(10).accept({}, body_of(STORED, RATED))
    assert (response.status, answer(response)) == (202, {"accepted": 2, "refused": [], "refused_count": 0})


def test_bad_lines_are_named_and_the_good_ones_kept() -> None:
    events = Events(10)
    response = events.accept({}, body_of(STORED, RATED | {"rating": 6}, RATED))
    assert (response.status, answer(response)) == (
        400,
        {
            "accepted": 2,
            "refused": [
                {"line": 2, "field": "rating", "reason": "out_of_range", "detail": "must be an integer from 1 to 5"}
            ],
            "refused_count": 1,
        },
    )
    families = counted(events)
    assert families[EVENTS_REFUSED]["out_of_range",] == 1.0
    assert families[TRIP_GENERATIONS]["stored",] == 1.0


def test_twenty_refusals_are_shown_and_all_counted() -> None:
    response = Events(10).accept({}, b"x\n" * 50)
    assert response.status == 400
    assert len(answer(response)["refused"]) == 20
    assert answer(response)["refused_count"] == 50


def test_a_body_over_one_mebibyte_is_refused_whole_and_one_just_under_is_read() -> None:
    events = Events(10)
    assert events.accept({}, b" " * (BODY_LIMIT + 1)).status == 413
    assert events.accept({}, orjson.dumps(STORED) + b" " * (BODY_LIMIT - 200)).status == 202
    assert counted(events)[EVENTS_REFUSED]["body_too_large",] == 1.0


def test_a_compressed_body_is_refused_as_such() -> None:
    assert Events(10).accept({"Content-Encoding": "gzip"}, b"\x1f\x8b").status == 415


def test_a_full_queue_answers_429_and_takes_nothing_of_the_body() -> None:
    events = Events(3)
    assert events.accept({}, body_of(STORED, STORED)).status == 202
    response = events.accept({}, body_of(RATED, RATED))
    assert (response.status, response.headers["retry-after"]) == (429, "1")
    assert answer(response) == {"accepted": 0, "refused": [], "reason": "queue_full", "queue_limit": 3}
    families = counted(events)
    assert families[USER_RATING] == {(): Histogram((0.0,) * 5, 0.0, 0.0)}
    assert families[EVENTS_REFUSED]["queue_full",] == 2.0
    assert families[QUEUE_LENGTH] == {(): 0.0}
    assert events.accept({}, body_of(RATED, RATED)).status == 202


def test_a_queue_that_is_full_already_is_not_read_for() -> None:
    events = Events(1)
    events.accept({}, body_of(STORED))
    assert events.accept({}, b"x\n\nx").status == 429
    assert counted(events)[EVENTS_REFUSED]["queue_full",] == 2.0


def test_after_stop_nothing_is_taken_and_what_was_taken_is_counted() -> None:
    events = Events(10_000)
    events.accept({}, body_of(*[STORED] * 2_000))
    events.stop()
    response = events.accept({}, body_of(STORED))
    assert (response.status, answer(response)["reason"]) == (503, "stopping")
    assert events.drain()[TRIP_GENERATIONS]["stored",] == 2_000.0


def test_a_round_that_is_cancelled_loses_nothing_and_counts_nothing_twice() -> None:
    events = Events(10_000)
    events.accept({}, body_of(*[STORED] * 5_000))

    async def cut_short() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await events.collect()

    asyncio.run(cut_short())
    assert counted(events)[TRIP_GENERATIONS]["stored",] == 5_000.0


def test_a_large_body_lets_others_on_the_loop_have_their_turn() -> None:
    events = Events(100_000)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> Response:
        task = asyncio.create_task(other())
        response = await events.handle({}, body_of(*[RATED] * 20_000))
        task.cancel()
        return response

    assert asyncio.run(both()).status == 202
    assert turns >= 30


def test_stopping_while_a_body_is_read_takes_none_of_it() -> None:
    events = Events(100_000)

    async def both() -> Response:
        task = asyncio.create_task(events.handle({}, body_of(*[RATED] * 5_000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        events.stop()
        return await task

    assert asyncio.run(both()).status == 503
    assert events.drain()[EVENTS_ACCEPTED]["rating_given",] == 0.0


def test_twenty_thousand_events_a_second_on_one_core() -> None:
    events = Events(50_000)
    body = body_of(*EVERY_KIND * 100)
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(10):
            assert events.accept({}, body).status == 202
        events.drain()
        best = min(best, time.process_time() - start)
    assert 5_000 / best >= 20_000


def test_importing_the_events_brings_no_azure_library() -> None:
    found = "[name for name in sys.modules if name.startswith(('azure', 'opentelemetry'))]"
    program = f"import sys, exporters.events, exporters.client; print({found})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
