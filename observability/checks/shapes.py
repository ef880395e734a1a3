"""Every field of a definition holds what its type says: Python itself does not look when the value is built."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from observability.catalog import Catalogue
from observability.model.errors import Problem
from observability.model.place import Definition
from observability.model.text import Text
from observability.model.units import Quantity

# How a value of the type is written, for those that people get wrong.
_WRITTEN: dict[Any, str] = {
    timedelta: "minutes(5)",
    Quantity: "percent(1)",
    Text: 'Text(ko="...", en="...")',
    str: '"..."',
}


def check(catalogue: Catalogue) -> tuple[Catalogue, list[Problem]]:
    """The definitions whose fields can be trusted, and the problems of the others."""
    found: list[Problem] = []
    broken: set[int] = set()
    for kind, name, definition in catalogue.everything():
        wrong = list(_wrong(kind, name, definition))
        for part in _parts(definition):
            wrong += _wrong(type(part).__name__.lower(), name, part)
        if wrong:
            broken.add(id(definition))
            found += wrong
    if not broken:
        return catalogue, found
    kept = {
        field.name: tuple(item for item in getattr(catalogue, field.name) if id(item) not in broken)
        for field in dataclasses.fields(catalogue)
    }
    return Catalogue(**kept), found


def _parts(definition: Definition) -> Iterator[Definition]:
    """A dashboard's rows and panels."""
    rows = getattr(definition, "rows", ())
    for row in rows if isinstance(rows, tuple) else ():
        if isinstance(row, Definition):
            yield row
        panels = getattr(row, "panels", ())
        yield from (panel for panel in panels if isinstance(panel, Definition)) if isinstance(panels, tuple) else ()


def _wrong(kind: str, name: str, definition: Definition) -> Iterator[Problem]:
    for field, hint in _hints(type(definition)).items():
        value = getattr(definition, field)
        if not _fits(value, hint):
            todo = f"give {_words(hint)}"
            yield Problem(str(definition.place), kind, str(name), f"{field} is {value!r:.60}", todo)


_known: dict[type, Mapping[str, Any]] = {}


def _hints(kind: type[Definition]) -> Mapping[str, Any]:
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}
    return _known[kind]


_Fits = Callable[[object], bool]
_tests: dict[Any, _Fits] = {}


def _fits(value: object, hint: Any) -> bool:
    if hint not in _tests:
        _tests[hint] = _test(hint)
    return _tests[hint](value)


def _test(hint: Any) -> _Fits:
    """What a value of this type passes: each type is taken apart once, and there are thousands of values."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any or hint is object:
        return lambda _value: True
    if origin in (Union, types.UnionType):
        each = [_test(one) for one in arguments]
        return lambda value: any(one(value) for one in each)
    if origin is tuple:
        of_item = _test(arguments[0])
        return lambda value: isinstance(value, tuple) and all(map(of_item, value))
    if origin is not None and issubclass(origin, Mapping):
        of_value = _test(arguments[1])
        return lambda value: isinstance(value, Mapping) and all(map(of_value, value.values()))
    if origin is Callable:
        return callable
    if hint is None or hint is type(None):
        return lambda value: value is None
    if hint is float:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)


def _words(hint: Any) -> str:
    arguments = [one for one in get_args(hint) if one is not type(None)]
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(one) for one in arguments))
    if get_origin(hint) is tuple:
        return f"a tuple of {_words(arguments[0])}"
    if hint in _WRITTEN:
        return f"{hint.__name__}, such as {_WRITTEN[hint]}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"one of {', '.join(f'{hint.__name__}.{member.name}' for member in hint)}"
    return getattr(hint, "__name__", str(hint))
