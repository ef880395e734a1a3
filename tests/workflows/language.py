"""The functions that the workflows call, as the service documents them: every argument is evaluated first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from observability.checks.expressions import Call, Constant, Index, Node, of_template, parts

Scope = Mapping[str, Callable[..., Any]]
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class Invalid(Exception):
    """What the service calls InvalidTemplate: the action fails."""


def when(text: str) -> datetime:
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", text)
    if found is None:
        raise Invalid(f"'{text}' is no time")
    fraction = timedelta(microseconds=int((found[2] or ".0")[1:7].ljust(6, "0")))
    return datetime.strptime(found[1] + "+0000", "%Y-%m-%dT%H:%M:%S%z") + fraction


def written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float):
        return repr(value).replace("e", "E")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{value!r} is no text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{value!r} is no truth value")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{value!r} is no number")
    return value


def _and(*values: Any) -> bool:
    truths = [_truth(value) for value in values]
    return False not in truths


def _or(*values: Any) -> bool:
    truths = [_truth(value) for value in values]
    return True in truths


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _first(values: Any) -> Any:
    return values[0] if values else None


def _last(values: Any) -> Any:
    return values[-1] if values else None


def _contains(where: Any, what: Any) -> bool:
    return what in where


def _div(one: Any, other: Any) -> Any:
    return one // other if isinstance(one, int) and isinstance(other, int) else one / other


def _format_number(value: Any, pattern: str) -> str:
    found = re.fullmatch(r"0\.(#+)", pattern)
    if found is None:
        raise Invalid(f"no such pattern here: {pattern}")
    places = Decimal(1).scaleb(-len(found[1]))
    rounded = Decimal(repr(_number(value))).quantize(places, ROUND_HALF_UP, Context(prec=400))
    return f"{rounded:f}".rstrip("0").rstrip(".")


def _float(text: Any) -> float:
    if not _is_float(text):
        raise Invalid(f"'{text}' is no number")
    return float(text)


def _is_float(text: Any) -> bool:
    return _FLOAT.fullmatch(_text(text)) is not None


def _convert(time: str, from_zone: str, to_zone: str, pattern: str) -> str:
    if (from_zone, to_zone, pattern) != ("UTC", "Korea Standard Time", "yyyy-MM-dd HH:mm"):
        raise Invalid(f"no such conversion here: {from_zone}, {to_zone}, {pattern}")
    return when(_text(time)).astimezone(ZoneInfo("Asia/Seoul")).strftime("%Y-%m-%d %H:%M")


def _uri_host(text: str) -> str:
    host = urlsplit(_text(text)).hostname
    if host is None:
        raise Invalid(f"'{text}' is no address")
    return host


def _substring(text: Any, start: int) -> str:
    if start > len(_text(text)):
        raise Invalid(f"'{text}' has no character {start}")
    return text[start:]


def _set(value: Any, name: str, new: Any) -> Any:
    if not isinstance(value, dict):
        raise Invalid(f"{value!r} has no properties")
    return {**value, name: new}


def _remove(value: Any, name: str) -> Any:
    return {key: item for key, item in value.items() if key != name}


def _ticks(time: Any) -> int:
    passed = when(_text(time)) - _EPOCH
    return (passed.days * 86_400_000_000 + passed.seconds * 1_000_000 + passed.microseconds) * 10


def _json(text: str) -> Any:
    return json.loads(_text(text))


PURE: Scope = {
    "add": lambda one, other: _number(one) + _number(other),
    "addSeconds": lambda time, count: written(when(_text(time)) + timedelta(seconds=count)),
    "and": _and,
    "coalesce": _coalesce,
    "concat": lambda *values: "".join(map(text_of, values)),
    "contains": _contains,
    "convertTimeZone": _convert,
    "createArray": lambda *values: list(values),
    "div": _div,
    "empty": lambda value: not value,
    "endsWith": lambda text, end: _text(text).lower().endswith(end.lower()),
    "equals": lambda one, other: type(one) is type(other) and one == other,
    "first": _first,
    "float": _float,
    "formatNumber": _format_number,
    "greater": lambda one, other: _number(one) > _number(other),
    "greaterOrEquals": lambda one, other: _number(one) >= _number(other),
    "if": lambda condition, yes, no: yes if _truth(condition) else no,
    "isFloat": _is_float,
    "join": lambda values, between: between.join(map(text_of, values)),
    "json": _json,
    "last": _last,
    "length": len,
    "less": lambda one, other: _number(one) < _number(other),
    "lessOrEquals": lambda one, other: _number(one) <= _number(other),
    "max": lambda *values: max(map(_number, values)),
    "min": lambda *values: min(map(_number, values)),
    "mul": lambda one, other: _number(one) * _number(other),
    "not": lambda value: not _truth(value),
    "or": _or,
    "removeProperty": _remove,
    "replace": lambda text, old, new: _text(text).replace(old, new),
    "setProperty": _set,
    "split": lambda text, at: _text(text).split(at),
    "startsWith": lambda text, start: _text(text).lower().startswith(start.lower()),
    "string": text_of,
    "substring": _substring,
    "sub": lambda one, other: _number(one) - _number(other),
    "take": lambda values, count: values[:count],
    "ticks": _ticks,
    "uriComponent": lambda text: quote(_text(text), safe=""),
    "uriHost": _uri_host,
}


def value_of(node: Node, scope: Scope) -> Any:
    """The expression's value. Raises Invalid."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Call):
        values = [value_of(argument, scope) for argument in node.arguments]
        return scope[node.name](*values)
    return _indexed(value_of(node.of, scope), value_of(node.key, scope), node)


def _indexed(of: Any, key: Any, node: Index) -> Any:
    if of is None and node.safe:
        return None
    if isinstance(of, dict) and isinstance(key, str):
        if key not in of and not node.safe:
            raise Invalid(f"there is no property '{key}'")
        return of.get(key)
    if isinstance(of, list) and isinstance(key, int):
        return of[key]
    if isinstance(of, dict) and key is None and node.safe:
        return None
    raise Invalid(f"{of!r} has no property {key!r}")


def resolved(value: Any, scope: Scope) -> Any:
    """A tree with its expressions evaluated."""
    if isinstance(value, dict):
        return {key: resolved(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, scope) for item in value]
    if not isinstance(value, str):
        return value
    found = parts(value)
    if isinstance(found, str):
        return found
    if not isinstance(found, tuple):
        return value_of(found, scope)
    return "".join(piece if isinstance(piece, str) else text_of(value_of(piece, scope)) for piece in found)


def deployed(value: Any, scope: Scope) -> Any:
    """A tree with the template's expressions evaluated, as Azure does when it deploys."""
    if isinstance(value, dict):
        return {key: deployed(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [deployed(item, scope) for item in value]
    if isinstance(value, str):
        node = of_template(value)
        if node is not None:
            return value_of(node, scope)
        return value[1:] if value.startswith("[[") else value
    return value
