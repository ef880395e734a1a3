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
from exporters.event_lines import Event, Reading, Reason, Refusal, names_an_api, read
from exporters.events import API_LIMIT, Events, Response
from exporters.families import Families, Histogram
from exporters.server import BODY_LIMIT
from exporters.store import Store
from observability.signals.ai import AI_RESPONSE, EXTERNAL_CALL
from observability.signals.business import LOCATION_SEARCHES, TRIP_GENERATIONS, USER_RATING
from observability.signals.exporter import EVENTS_ACCEPTED, EVENTS_REFUSED, QUEUE_LENGTH, SERIES_FOLDED

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
        "12345",
        "123456",
        "order-1234567",
        "a1b2c3d4e5f6a7b",
        "a1b2c3d4e5f6a7b8",
        "x-a1b2c3d4e5f6a7b8-x",
        "3f2b8c1e-9d4a-4b6f-8e7c-1a2b3c4d5e6f",
        "u.3f2b8c1e.9d4a.4b6f.8e7c.1a2b3c4d5e6f",
        "api-v2.2024-10-21",
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
    st.from_regex(r"[a-z-]{0,3}([0-9]{4,7}|[0-9a-f]{14,17}|[0-9a-f]{8}([._-]?[0-9a-f]{4}){2,3}[._-]?[0-9a-f]{11,12})"),
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


def parse(body: bytes) -> tuple[list[Event], list[Refusal]]:
    reading = Reading(keep=None)
    for _ in read(body, reading):
        pass
    return reading.events, reading.refusals


def post(events: Events, body: bytes, **headers: str) -> Response:
    return asyncio.run(events.handle({name.replace("_", "-"): value for name, value in headers.items()}, body))


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
        (CALLED | {"api": "3f2b8c1e-9d4a-4b6f-8e7c-1a2b3c4d5e6f"}, "api", Reason.LOOKS_LIKE_ID),
        (CALLED | {"api": "token-a1b2c3d4e5f6a7b8"}, "api", Reason.LOOKS_LIKE_ID),
        (CALLED | {"api": "user-123456"}, "api", Reason.LOOKS_LIKE_ID),
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
    post(events, body_of(CALLED))
    counted(events)
    post(events, body_of(STORED, STORED, STORED | {"outcome": "failed"}, RATED, RATED | {"rating": 2}, CALLED))
    families = counted(events)
    assert families[TRIP_GENERATIONS] == {("stored",): 2.0, ("failed",): 1.0}
    assert families[USER_RATING] == {(): Histogram((0.0, 1.0, 1.0, 1.0, 2.0), 2.0, 7.0)}
    assert families[EXTERNAL_CALL] == {
        ("openai", "success"): Histogram((2.0,) * 8, 2.0, 0.5),
        ("openai", "failure"): Histogram((0.0,) * 8, 0.0, 0.0),
    }
    assert families[EVENTS_ACCEPTED] == {
        ("trip_generated",): 3.0,
        ("itinerary_finished",): 0.0,
        ("rating_given",): 2.0,
        ("search_finished",): 0.0,
        ("external_call",): 2.0,
    }


def test_an_observation_on_a_bound_belongs_to_it_and_one_past_all_bounds_is_counted() -> None:
    events = Events(100)
    post(events, body_of(*(FINISHED | {"seconds": seconds} for seconds in (0.5, 1, 30, 30.25))))
    assert counted(events)[AI_RESPONSE] == {(): Histogram((1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0), 4.0, 61.75)}


def test_only_searches_that_were_taken_or_refined_enter_the_denominator() -> None:
    events = Events(100)
    searches = [(1, False), (3, True), (4, False), (None, True), (None, False)]
    post(events, body_of(*(SEARCHED | {"accepted_rank": rank, "refined": again} for rank, again in searches)))
    families = counted(events)
    assert families[LOCATION_SEARCHES] == {("top3",): 2.0, ("other",): 1.0, ("refined",): 1.0}
    assert families[EVENTS_ACCEPTED]["search_finished",] == 5.0


def test_series_known_beforehand_stand_at_zero_before_the_first_event() -> None:
    families = counted(Events(10))
    assert families[TRIP_GENERATIONS] == {("stored",): 0.0, ("failed",): 0.0}
    assert families[AI_RESPONSE] == {(): Histogram((0.0,) * 8, 0.0, 0.0)}
    assert EXTERNAL_CALL not in families
    assert set(families[EVENTS_REFUSED]) == {(reason.value,) for reason in Reason}


def names(number: int) -> list[str]:
    return [f"api-{one}" for one in range(number)]


def test_api_names_past_the_limit_become_other_with_their_outcome_and_are_counted_as_folded_once() -> None:
    events = Events(10_000)
    calls = [CALLED | {"api": name} for name in names(API_LIMIT + 7)]
    failed = CALLED | {"api": f"api-{API_LIMIT}", "outcome": "failure"}
    for _ in range(2):
        post(events, body_of(*calls, failed))
        families = events.drain()
    series = families[EXTERNAL_CALL]
    assert len(series) == 2 * (API_LIMIT + 1)
    assert series["other", "success"] == Histogram((14.0,) * 8, 14.0, 3.5)
    assert series["other", "failure"] == Histogram((2.0,) * 8, 2.0, 0.5)
    assert families[SERIES_FOLDED] == {(): 8.0}


def test_what_the_events_folded_is_on_the_page() -> None:
    events, store = Events(10_000), Store()
    post(events, body_of(*(CALLED | {"api": name} for name in names(API_LIMIT + 7))))
    for _ in range(2):
        store.put("events", counted(events))
    assert store.families()[SERIES_FOLDED] == {(): 7.0}


def test_an_api_that_calls_itself_other_is_none_that_was_folded() -> None:
    events = Events(10_000)
    post(events, body_of(CALLED | {"api": "other"}, *(CALLED | {"api": name} for name in names(API_LIMIT))))
    families = events.drain()
    assert len(families[EXTERNAL_CALL]) == 2 * (API_LIMIT + 1)
    assert families[SERIES_FOLDED] == {(): 0.0}


def test_folding_without_end_is_bounded_in_memory_and_goes_on_counting() -> None:
    events = Events(10_000)
    post(events, body_of(*(CALLED | {"api": name} for name in names(API_LIMIT + 2_500))))
    assert events.drain()[SERIES_FOLDED] == {(): 2_500.0}
    assert len(events._totals._folds_known) <= 1_000


def test_an_api_appears_with_both_outcomes_at_zero_and_its_first_failure_is_an_increase() -> None:
    events = Events(100)
    post(events, body_of(CALLED | {"outcome": "failure"}))
    nothing, one = Histogram((0.0,) * 8, 0.0, 0.0), Histogram((1.0,) * 8, 1.0, 0.25)
    assert counted(events)[EXTERNAL_CALL] == {("openai", "success"): nothing, ("openai", "failure"): nothing}
    assert counted(events)[EXTERNAL_CALL] == {("openai", "success"): nothing, ("openai", "failure"): one}


def test_a_call_to_a_new_api_just_before_the_end_is_told() -> None:
    events = Events(100)
    post(events, body_of(CALLED))
    events.stop()
    assert events.drain()[EXTERNAL_CALL]["openai", "success"] == Histogram((1.0,) * 8, 1.0, 0.25)


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
        response = post(events, body)
        accepted += answer(response)["accepted"]
        refused += answer(response).get("refused_count", 0)
        assert response.status in (202, 400, 429)
    families = events.drain()
    assert sum(map(float, families[EVENTS_ACCEPTED].values())) == accepted  # type: ignore[arg-type]
    by_reason = {
        reason: value
        for (reason,), value in families[EVENTS_REFUSED].items()
        if reason not in ("queue_full", "batch_too_large")
    }
    assert sum(map(float, by_reason.values())) == refused  # type: ignore[arg-type]


# --- answers ------------------------------------------------------------------------------------------


def test_good_lines_are_taken() -> None:
    response = post(Events(10), body_of(STORED, RATED))
    assert (response.status, answer(response)) == (202, {"accepted": 2, "refused": [], "refused_count": 0})


def test_bad_lines_are_named_and_the_good_ones_kept() -> None:
    events = Events(10)
    response = post(events, body_of(STORED, RATED | {"rating": 6}, RATED))
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
    response = post(Events(10), b"x\n" * 50)
    assert response.status == 400
    assert len(answer(response)["refused"]) == 20
    assert answer(response)["refused_count"] == 50


def test_a_body_over_one_mebibyte_is_refused_whole_and_one_just_under_is_read() -> None:
    events = Events(10)
    assert post(events, b" " * (BODY_LIMIT + 1)).status == 413
    assert post(events, orjson.dumps(STORED) + b" " * (BODY_LIMIT - 200)).status == 202
    assert counted(events)[EVENTS_REFUSED]["body_too_large",] == 1.0


def test_a_body_that_the_server_did_not_read_is_answered_and_counted() -> None:
    events = Events(10)
    response = events.too_large()
    assert (response.status, response.headers["content-type"]) == (413, "application/json")
    assert answer(response) == {"accepted": 0, "refused": [], "reason": "body_too_large", "limit": BODY_LIMIT}
    assert counted(events)[EVENTS_REFUSED]["body_too_large",] == 1.0


def test_a_batch_that_can_never_fit_is_told_so_with_the_most_that_can() -> None:
    events = Events(3)
    response = post(events, body_of(*[RATED] * 4))
    assert response.status == 413
    assert "retry-after" not in response.headers
    assert answer(response) == {"accepted": 0, "refused": [], "reason": "batch_too_large", "queue_limit": 3}
    families = counted(events)
    assert families[EVENTS_REFUSED]["batch_too_large",] == 4.0
    assert families[EVENTS_ACCEPTED]["rating_given",] == 0.0
    assert post(events, body_of(*[RATED] * 3)).status == 202


def test_a_compressed_body_is_refused_as_such() -> None:
    assert post(Events(10), b"\x1f\x8b", content_encoding="gzip").status == 415


def test_a_full_queue_answers_429_and_takes_nothing_of_the_body() -> None:
    events = Events(3)
    assert post(events, body_of(STORED, STORED)).status == 202
    response = post(events, body_of(RATED, RATED))
    assert (response.status, response.headers["retry-after"]) == (429, "1")
    assert answer(response) == {"accepted": 0, "refused": [], "reason": "queue_full", "queue_limit": 3}
    families = counted(events)
    assert families[USER_RATING] == {(): Histogram((0.0,) * 5, 0.0, 0.0)}
    assert families[EVENTS_REFUSED]["queue_full",] == 2.0
    assert families[QUEUE_LENGTH] == {(): 0.0}
    assert post(events, body_of(RATED, RATED)).status == 202


def test_a_queue_that_is_full_already_is_not_read_for() -> None:
    events = Events(1)
    post(events, body_of(STORED))
    assert post(events, b"x\n\nx").status == 429
    assert counted(events)[EVENTS_REFUSED]["queue_full",] == 2.0


def test_after_stop_nothing_is_taken_and_what_was_taken_is_counted() -> None:
    events = Events(10_000)
    post(events, body_of(*[STORED] * 2_000))
    events.stop()
    response = post(events, body_of(STORED))
    assert (response.status, answer(response)["reason"]) == (503, "stopping")
    assert events.drain()[TRIP_GENERATIONS]["stored",] == 2_000.0


def test_a_round_that_is_cancelled_loses_nothing_and_counts_nothing_twice() -> None:
    events = Events(10_000)
    post(events, body_of(*[STORED] * 5_000))

    async def cut_short() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await events.collect()

    asyncio.run(cut_short())
    assert counted(events)[TRIP_GENERATIONS]["stored",] == 5_000.0


def test_a_round_ends_and_tells_what_it_counted_while_events_keep_coming() -> None:
    events = Events(1_000_000)
    posted = 0

    async def flood() -> None:
        nonlocal posted
        while True:
            response = await events.handle({}, body_of(*[STORED] * 100))
            posted += answer(response)["accepted"]
            await asyncio.sleep(0)

    async def both() -> list[Families]:
        task = asyncio.create_task(flood())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            rounds = [await events.collect() for _ in range(20)]
        task.cancel()
        return rounds

    stored = [families[TRIP_GENERATIONS]["stored",] for families in asyncio.run(both())]
    assert stored == sorted(stored)
    assert stored[-1] > stored[0] > 0
    assert events.drain()[TRIP_GENERATIONS]["stored",] == posted


def test_a_round_that_has_too_much_to_count_leaves_the_rest_for_the_next_ones() -> None:
    events = Events(100_000)
    events.timeout = 0.0
    post(events, body_of(*[STORED] * 5_000))
    families = counted(events)
    assert 0 < families[TRIP_GENERATIONS]["stored",] < 5_000  # type: ignore[operator]
    assert families[QUEUE_LENGTH] == {(): 5_000 - families[TRIP_GENERATIONS]["stored",]}  # type: ignore[operator]
    assert events.drain()[TRIP_GENERATIONS]["stored",] == 5_000.0


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

    async def ten() -> None:
        for _ in range(10):
            assert (await events.handle({}, body)).status == 202

    for _ in range(5):
        start = time.process_time()
        asyncio.run(ten())
        events.drain()
        best = min(best, time.process_time() - start)
    assert 5_000 / best >= 20_000


def test_importing_the_events_brings_no_azure_library() -> None:
    found = "[name for name in sys.modules if name.startswith(('azure', 'opentelemetry'))]"
    program = f"import sys, exporters.events, exporters.client; print({found})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_telemetry_counts_an_api_that_looks_like_an_id_as_other() -> None:
    from exporters.telemetry import Business

    class Meter:
        def __init__(self) -> None:
            self.recorded: list[Any] = []

        def create_histogram(self, *_: Any, **__: Any) -> Meter:
            return self

        def record(self, _: float, labels: Any) -> None:
            self.recorded.append(labels)

    meter = Meter()
    business = Business(meter)  # type: ignore[arg-type]
    for api in ("openai", "user-123456", "Bearer x"):
        assert names_an_api(api) is (api == "openai")
        business.external_call(api, 0.5, ok=False)
    assert [labels["api"] for labels in meter.recorded] == ["openai", "other", "other"]
    assert {labels["outcome"] for labels in meter.recorded} == {"failure"}
