"""One line of business events: what it may hold, and what is counted of it.

The schema is published as events.schema.json; the validator here is written by hand because a general one is some
hundred times slower, and a property test holds the two to the same verdicts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from exporters.families import Labels
from observability.model.exporter import FAILED, FAILURE, STORED, SUCCESS, TOP_THREE

LONGEST_SECONDS: Final = 86_400
# Lines checked, and events counted, between two turns of the event loop: about a millisecond, which is what a scrape
# may wait.
STRIDE: Final = 500
# How a trip generation, a call of an external API and a location search that is counted end.
TRIP_OUTCOMES: Final = (STORED, FAILED)
CALL_OUTCOMES: Final = (SUCCESS, FAILURE)
SEARCH_OUTCOMES: Final = (TOP_THREE, "other", "refined")

_API = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# A user's id, an order's number or a token would be a person's data in a label, and a series for each of them. Names
# of APIs hold none of these; the separators of a UUID are those that a name may have.
_ID = re.compile(
    r"[0-9]{6}|[0-9a-f]{16}|[0-9a-f]{8}[._-][0-9a-f]{4}[._-][0-9a-f]{4}[._-][0-9a-f]{4}[._-][0-9a-f]{12}",
)


class Reason(StrEnum):
    """Why something was refused: the values of a label, so the set is closed."""

    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NOT_ALLOWED = "not_allowed"
    LOOKS_LIKE_ID = "looks_like_id"
    # These refuse a whole body.
    BODY_TOO_LARGE = "body_too_large"
    ENCODED_BODY = "encoded_body"
    BATCH_TOO_LARGE = "batch_too_large"
    QUEUE_FULL = "queue_full"
    STOPPING = "stopping"


class Event(NamedTuple):
    """What is counted of one line: one more for these labels or, in a histogram, an observation of ``value``."""

    kind: str
    labels: Labels
    value: float


class Refusal(NamedTuple):
    """``line`` counts from 1; ``field`` is empty where the line as a whole is wrong."""

    line: int
    field: str
    reason: Reason
    detail: str


# --- checking -----------------------------------------------------------------------------------------


class _Refused(Exception):
    def __init__(self, field: str, reason: Reason, detail: str) -> None:
        self.field = field
        self.reason = reason
        self.detail = detail


def _outcome(line: dict[str, Any], allowed: tuple[str, ...]) -> str:
    outcome = line["outcome"]
    if type(outcome) is not str:
        raise _Refused("outcome", Reason.WRONG_TYPE, f"must be {_either(allowed)}")
    if outcome not in allowed:
        raise _Refused("outcome", Reason.NOT_ALLOWED, f"must be {_either(allowed)}")
    return outcome


def _seconds(line: dict[str, Any]) -> float:
    seconds = line["seconds"]
    # type() and not isinstance(): True is an int for the latter, and no number for JSON.
    if type(seconds) is not float and type(seconds) is not int:
        raise _Refused("seconds", Reason.WRONG_TYPE, "must be a number of seconds")
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise _Refused("seconds", Reason.OUT_OF_RANGE, f"must be from 0 to {LONGEST_SECONDS}")
    return seconds


def _whole(value: object) -> bool:
    """JSON Schema's integer: 5.0 is one."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _trip_generated(line: dict[str, Any]) -> Event:
    return Event("trip_generated", (_outcome(line, TRIP_OUTCOMES),), 1)


def _itinerary_finished(line: dict[str, Any]) -> Event:
    return Event("itinerary_finished", (), _seconds(line))


def _rating_given(line: dict[str, Any]) -> Event:
    rating = line["rating"]
    if not _whole(rating):
        raise _Refused("rating", Reason.WRONG_TYPE, "must be an integer from 1 to 5")
    if not 1 <= rating <= 5:
        raise _Refused("rating", Reason.OUT_OF_RANGE, "must be an integer from 1 to 5")
    return Event("rating_given", (), rating)


def _search_finished(line: dict[str, Any]) -> Event:
    rank, refined = line["accepted_rank"], line["refined"]
    if rank is not None:
        if not _whole(rank):
            raise _Refused("accepted_rank", Reason.WRONG_TYPE, "must be an integer from 1 or null")
        if rank < 1:
            raise _Refused("accepted_rank", Reason.OUT_OF_RANGE, "must be an integer from 1 or null")
    if type(refined) is not bool:
        raise _Refused("refined", Reason.WRONG_TYPE, "must be true or false")
    return Event("search_finished", (_search_outcome(rank, refined),), 1)


def _search_outcome(rank: float | None, refined: bool) -> str:
    """A result that was taken decides, also when the user searched again before."""
    top, other, again = SEARCH_OUTCOMES
    if rank is not None:
        return top if rank <= 3 else other
    return again if refined else NOT_COUNTED


def _external_call(line: dict[str, Any]) -> Event:
    api = line["api"]
    if type(api) is not str:
        raise _Refused("api", Reason.WRONG_TYPE, "must be a short name")
    if not _API.fullmatch(api):
        raise _Refused("api", Reason.NOT_ALLOWED, "must be 1 to 64 of a-z, 0-9, '.', '_', '-'")
    if _ID.search(api):
        raise _Refused(
            "api", Reason.LOOKS_LIKE_ID, "must be a fixed name: no UUID, no 6 digits or 16 hex digits in a row"
        )
    return Event("external_call", (api, _outcome(line, CALL_OUTCOMES)), _seconds(line))


def names_an_api(api: str) -> bool:
    """Whether ``api`` may be a label: a short fixed name that does not look like an id."""
    return _API.fullmatch(api) is not None and _ID.search(api) is None


# A search that was left with neither: not a label value, it must not enter the denominator.
NOT_COUNTED: Final = "none"

# For each event: the keys it has and its checks.
KINDS: Final[dict[str, tuple[frozenset[str], Callable[[dict[str, Any]], Event]]]] = {
    "trip_generated": (frozenset({"event", "outcome"}), _trip_generated),
    "itinerary_finished": (frozenset({"event", "seconds"}), _itinerary_finished),
    "rating_given": (frozenset({"event", "rating"}), _rating_given),
    "search_finished": (frozenset({"event", "accepted_rank", "refined"}), _search_finished),
    "external_call": (frozenset({"event", "api", "seconds", "outcome"}), _external_call),
}


def check(line: object) -> Event:
    """The event of one decoded line. Raises what ``read`` turns into a Refusal."""
    if type(line) is not dict:
        raise _Refused("", Reason.NOT_AN_OBJECT, "a line must be one JSON object")
    kind = line.get("event")
    known = KINDS.get(kind) if type(kind) is str else None
    if known is None:
        if "event" not in line:
            raise _Refused("event", Reason.MISSING_FIELD, f"must be {_either(KINDS)}")
        raise _Refused("event", Reason.UNKNOWN_EVENT, f"must be {_either(KINDS)}")
    keys, event_of = known
    if line.keys() != keys:
        _keys_differ(line, keys)
    return event_of(line)


def _keys_differ(line: dict[str, Any], keys: frozenset[str]) -> None:
    for key in sorted(keys - line.keys()):
        raise _Refused(key, Reason.MISSING_FIELD, f"{line['event']} needs it")
    for key in sorted(line.keys() - keys):
        # The name comes from outside and goes back to where it came from, in a length that fits a log line.
        raise _Refused(key[:64], Reason.UNKNOWN_FIELD, f"{line['event']} has {_either(sorted(keys))}")


def _either(names: Iterable[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


@dataclass(slots=True)
class Reading:
    """What a body turned out to hold. Of the refusals the first ``keep`` are kept, or all; counted are all."""

    keep: int | None
    events: list[Event] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: Counter[Reason] = field(default_factory=Counter)

    def refuse(self, number: int, where: str, reason: Reason, detail: str) -> None:
        self.refused[reason] += 1
        if self.keep is None or len(self.refusals) < self.keep:
            self.refusals.append(Refusal(number, where, reason, detail))


def read(body: bytes, reading: Reading) -> Generator[None]:
    """Fills ``reading`` in the order of the lines, passing over empty ones; yields now and then, so that a caller on an event loop can let others have a turn."""
    loads, add = orjson.loads, reading.events.append
    for number, line in enumerate(body.split(b"\n"), 1):
        try:
            add(check(loads(line)))
        except _Refused as refused:
            reading.refuse(number, refused.field, refused.reason, refused.detail)
        except orjson.JSONDecodeError:
            if line and not line.isspace():
                reading.refuse(number, "", Reason.INVALID_JSON, "a line must be one JSON object, in UTF-8")
        if number % STRIDE == 0:
            yield
