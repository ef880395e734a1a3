"""Parameters that people give on the command line, in the type that the definition's default has.

A value ends up as one literal of a ``let`` line (render/kql.py) and reaches the text in no other way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from observability.model.query import Param, Query
from observability.query.errors import WrongArgument
from observability.render import durations, kql

LONGEST_TEXT = 4096
_LONGEST_TIME = timedelta(days=3650)
_PARTS = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_ISO = re.compile(r"P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?")
_WHOLE = re.compile(r"[+-]?\d{1,19}")


def duration(text: str) -> timedelta:
    """``90s``, ``5m``, ``1h30m``, ``7d``, ``PT5M``. Raises ValueError for anything else, and for nothing at all."""
    match = _PARTS.fullmatch(text.strip()) or _ISO.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()):
        raise ValueError(f"'{text:.60}' is not a length of time")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    found = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < found <= _LONGEST_TIME:
        raise ValueError(f"'{text:.60}' is not between 1s and {_LONGEST_TIME.days}d")
    return found


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"'{text:.60}' is neither true nor false")
    return text.lower() == "true"


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"'{text:.60}' is not a whole number")
    return int(text)


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise ValueError(f"'{text:.60}' is not a number") from None
    if not math.isfinite(found):
        raise ValueError(f"'{text:.60}' is not a number that can be compared with")
    return found


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"it has {len(text):,} characters, and {LONGEST_TEXT:,} is the most")
    return text


# Looked through in this order: a truth value is a number to Python.
_READERS: tuple[tuple[type, Callable[[str], Param], str, str], ...] = (
    (timedelta, duration, "a length of time", "5m"),
    (bool, _truth, "true or false", "true"),
    (int, _whole, "a whole number", "100"),
    (float, _number, "a number", "0.5"),
    (str, _text, "a text", "production"),
)


def parse(name: str, default: Param, text: str) -> Param:
    """The value in the type of ``default``. Raises WrongArgument with what the parameter wants, and an example."""
    read, wants, example = next(found[1:] for found in _READERS if isinstance(default, found[0]))
    try:
        value = read(text)
        kql.literal(value)
    except ValueError as error:
        shown = _shown(default) or example
        raise WrongArgument(f"parameter '{name}': {error}; it wants {wants}, such as {name}={shown}") from None
    return value


def _shown(value: Param) -> str:
    if isinstance(value, timedelta):
        return durations.kql(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def given(queries: Iterable[Query], pairs: Iterable[str]) -> dict[str, Param]:
    """``name=value`` pairs as values, each for the queries that have a parameter of that name.

    Raises WrongArgument for what is no pair, a name that none of them has or that is given twice, and a wrong value.
    """
    known: dict[str, Param] = {}
    for query in queries:
        for name, default in query.params.items():
            known.setdefault(name, default)
    values: dict[str, Param] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise WrongArgument(f"--param '{pair:.60}': is not name=value; write --param bin_size=5m")
        if name not in known:
            raise WrongArgument(f"--param '{name:.60}': there is no such parameter; {_listed(known)}")
        if name in values:
            raise WrongArgument(f"--param '{name}': is given twice; give it once")
        values[name] = parse(name, known[name], text)
    return values


def _listed(known: Mapping[str, Param]) -> str:
    if not known:
        return "what you run takes none"
    return "there are " + ", ".join(f"{name}={_shown(value)}" for name, value in sorted(known.items()))
