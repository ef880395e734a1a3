"""Cells as the Log Analytics API writes them in JSON, and as answers.Table holds them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from observability.query.answers import Column, Table

_TIMESPAN = re.compile(r"(-?)(?:(\d{1,8})\.)?(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,7}))?")
_TICKS = 10  # to a microsecond: Azure counts in 100 ns
_NUMBERS = {"int", "long", "real", "decimal"}
_TEXTS = {"string", "guid"}


class Unreadable(ValueError):
    """A cell is not what its column says; the message names column, row (from 1) and what came."""


# --- reading ----------------------------------------------------------------------------------------


def table(columns: Sequence[Mapping[str, str]], rows: Iterable[Sequence[Any]]) -> Table:
    """The table that the API's ``columns`` and ``rows`` describe. Raises Unreadable."""
    made = tuple(Column(str(column["name"]), str(column["type"]).lower()) for column in columns)
    readers = [_READ.get(column.type, _same) for column in made]
    done: list[tuple[Any, ...]] = []
    for row in rows:
        try:
            done.append(tuple([None if raw is None else read(raw) for read, raw in zip(readers, row, strict=True)]))
        except (ValueError, TypeError, OverflowError):
            raise Unreadable(_which(made, readers, row, len(done) + 1)) from None
    return Table(made, tuple(done))


def cell(kind: str, raw: Any) -> Any:
    """One cell of a column of type ``kind``. Raises ValueError, TypeError or OverflowError where it is no such value."""
    return None if raw is None else _READ.get(kind, _same)(raw)


def _which(columns: Sequence[Column], readers: Sequence[Callable[[Any], Any]], row: Any, number: int) -> str:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != len(columns):
        return f"row {number} does not have {len(columns)} cells"
    for column, read, raw in zip(columns, readers, row, strict=True):
        try:
            if raw is not None:
                read(raw)
        except (ValueError, TypeError, OverflowError):
            return f"column '{column.name}', row {number}: {str(raw)[:40]!r} is no {column.type}"
    return f"row {number}"


def _same(raw: Any) -> Any:
    return raw


def _bool(raw: Any) -> bool:
    if isinstance(raw, str):
        return {"true": True, "false": False, "1": True, "0": False}[raw.lower()] if raw.lower() in _BOOLS else _no(raw)
    return bool(raw) if raw in (0, 1) else _no(raw)


_BOOLS = {"true", "false", "1", "0"}


def _no(raw: Any) -> Any:
    raise ValueError(raw)


def _int(raw: Any) -> int:
    return raw if type(raw) is int else int(raw) if isinstance(raw, str) or float(raw).is_integer() else _no(raw)


def _float(raw: Any) -> float | None:
    # JSON has no NaN and no Infinity: Azure sends them as text.
    value = float(raw)
    return value if math.isfinite(value) else None


def _datetime(raw: str) -> datetime:
    value = datetime.fromisoformat(raw)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def timespan(raw: str) -> timedelta:
    """``[-][d.]hh:mm:ss[.fffffff]``; what is finer than a microsecond is cut off. Raises ValueError."""
    match = _TIMESPAN.fullmatch(raw)
    if match is None:
        raise ValueError(raw)
    sign, days, hours, minutes, seconds, fraction = match.groups(default="0")
    micros = int(fraction.ljust(7, "0")) // _TICKS
    value = timedelta(int(days), int(seconds), micros, 0, int(minutes), int(hours))
    return -value if sign == "-" else value


def _dynamic(raw: Any) -> Any:
    """What the JSON text holds; a text that is no JSON is itself, and an empty one is nothing."""
    if not isinstance(raw, str):
        return raw
    if not raw:
        return None
    try:
        return json.loads(raw, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return raw


_READ: dict[str, Callable[[Any], Any]] = {
    "bool": _bool,
    "int": _int,
    "long": _int,
    "real": _float,
    "decimal": _float,
    "datetime": _datetime,
    "timespan": timespan,
    "dynamic": _dynamic,
    "string": str,
    "guid": str,
}


def difference(found: Sequence[Column], declared: Mapping[str, str]) -> str:
    """What the columns that came have other than those that were declared; empty where they agree."""
    kinds = {column.name: column.type for column in found}
    words = []
    if missing := [name for name in declared if name not in kinds]:
        words.append("missing " + ", ".join(map(repr, missing)))
    if extra := [name for name in kinds if name not in declared]:
        words.append("not declared " + ", ".join(map(repr, extra)))
    for name, kind in declared.items():
        came = kinds.get(name, kind)
        if came != kind and not any({came, kind} <= alike for alike in (_NUMBERS, _TEXTS)):
            words.append(f"'{name}' is {came}, declared {kind}")
    return "; ".join(words)


# --- writing ----------------------------------------------------------------------------------------


def written(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """``rows`` as the elements of a JSON array, without its brackets."""
    makers = [_WRITE.get(column.type) for column in columns]
    if any(makers):
        rows = [
            [raw if make is None or raw is None else make(raw) for make, raw in zip(makers, row, strict=True)]
            for row in rows
        ]
    try:
        return orjson.dumps(rows, option=orjson.OPT_UTC_Z)[1:-1]
    except orjson.JSONEncodeError:
        # Half a surrogate pair, or a number over 64 bits: rare, and the slow encoder takes both.
        return json.dumps(rows, default=_iso).encode()[1:-1]


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    raise TypeError(type(value).__name__)


def timespan_text(value: timedelta) -> str:
    """``[-][d.]hh:mm:ss[.fffffff]``, as .NET prints it and so Azure."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds * _TICKS:07}" if value.microseconds else ""
    return f"{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}"


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WRITE: dict[str, Callable[[Any], Any]] = {"timespan": timespan_text, "dynamic": _json, "datetime": _utc}
