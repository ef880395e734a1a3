"""The values of a template's expressions, as Azure would work them out: the functions our templates use, and no other.

A parameter whose value nobody gave is unknown, and so is what only Azure knows, and what is made of either. A secret stays
one: whatever text it goes into is a secret too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid5

from observability.deploy.client import resource_manager
from observability.model.errors import TripobsError
from observability.query.azure_client import MANAGEMENT

_TOKENS = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[(),.\[\]]))")

_GUID_NAMESPACE = UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
"""Of guid(): a version 5 UUID (RFC 4122, 4.3) of its arguments joined by '-', as Microsoft describes it under the string
functions of Bicep, and as others rebuild it to meet names that templates have made."""


class ExpressionError(TripobsError):
    """An expression that cannot be worked out here."""


class Secret(str):
    """A text that nobody may see."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


class Unknown:
    """What was made of a parameter without a value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"(parameter '{self.name}' without a value)"


class AtAzure(Unknown):
    """What a function reads from Azure while deploying; may be a secret."""

    def __repr__(self) -> str:
        return f"(told to {self.name}() while deploying)"


class Evaluator:
    """Works expressions out with these parameters, in one resource group. Raises ExpressionError.

    ``endpoint`` is where Azure Resource Manager answers; it tells which cloud this is.
    """

    def __init__(
        self, parameters: Mapping[str, Any], subscription: str, group: str, endpoint: str = MANAGEMENT
    ) -> None:
        self._parameters = parameters
        self._subscription = f"/subscriptions/{subscription}"
        self._group = {"id": f"{self._subscription}/resourceGroups/{group}", "name": group}
        self._functions: Mapping[str, Callable[..., Any]] = {
            "parameters": self._parameter,
            "resourcegroup": lambda: self._group,
            "environment": lambda: {"resourceManager": resource_manager(endpoint)},
            "resourceid": lambda kind, *names: _id(self._group["id"], kind, *names),
            "subscriptionresourceid": lambda kind, *names: _id(self._subscription, kind, *names),
            "guid": lambda *parts: str(uuid5(_GUID_NAMESPACE, "-".join(parts))),
            "reference": lambda *_: AtAzure("reference"),
            "listcallbackurl": lambda *_: AtAzure("listCallbackUrl"),
            "concat": _concat,
            "split": lambda text, at: text.split(at),
            "createarray": lambda *items: list(items),
            "createobject": _object,
            "union": _union,
            "if": lambda condition, yes, no: yes if condition else no,
            "and": lambda *each: all(each),
            "not": lambda value: not value,
            "empty": lambda value: value is None or len(value) == 0,
            "contains": lambda where, what: what in where,
            "substring": lambda text, start, length=None: text[start:][:length],
            "min": min,
            "length": len,
        }

    def value(self, written: Any) -> Any:
        """A part of a template with every expression in it worked out."""
        if isinstance(written, Mapping):
            return {key: self.value(item) for key, item in written.items()}
        if isinstance(written, list):
            return [self.value(item) for item in written]
        if not isinstance(written, str) or not (written.startswith("[") and written.endswith("]")):
            return written
        return written[1:] if written.startswith("[[") else _Reader(written, self._call).whole()

    def _call(self, name: str, arguments: list[Any]) -> Any:
        function = self._functions.get(name.lower())
        if function is None:
            raise ExpressionError(f"function '{name}' is not known here")
        if (short := _SHORT.get(name.lower())) is not None:
            arguments = short(arguments)
        for argument in arguments:
            if isinstance(argument, Unknown):
                return argument
        try:
            value = function(*arguments)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise ExpressionError(f"function '{name}': {error}") from error
        return _secret(value) if any(isinstance(argument, Secret) for argument in arguments) else value

    def _parameter(self, name: str) -> Any:
        if name not in self._parameters:
            raise ExpressionError(f"parameter '{name}' is not declared")
        return self._parameters[name]


def _if(arguments: list[Any]) -> list[Any]:
    """The branch that is not taken may be unknown."""
    if len(arguments) != 3 or isinstance(arguments[0], Unknown):
        return arguments
    condition, yes, no = arguments
    return [condition, yes, None] if condition else [condition, None, no]


def _and(arguments: list[Any]) -> list[Any]:
    """One that is false decides, whatever is unknown of the others."""
    return [False] if any(argument is False for argument in arguments) else arguments


_SHORT: Mapping[str, Callable[[list[Any]], list[Any]]] = {"if": _if, "and": _and}


def _secret(value: Any) -> Any:
    """What was made of a secret, as one."""
    if isinstance(value, str):
        return Secret(value)
    return [_secret(item) for item in value] if isinstance(value, list) else value


def _id(above: str, kind: str, *names: str) -> str:
    provider, *types = kind.split("/")
    if not types or len(types) != len(names):
        raise ValueError(f"'{kind}' takes {len(types)} names, not {len(names)}")
    below = "/".join(f"{type_}/{name}" for type_, name in zip(types, names, strict=True))
    return f"{above}/providers/{provider}/{below}"


def _concat(*parts: Any) -> Any:
    if parts and isinstance(parts[0], list):
        return [item for part in parts for item in part]
    return "".join(str(part) if isinstance(part, str) else _as_text(part) for part in parts)


def _as_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"'{value}' is no text")
    return str(value)


def _object(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise ValueError("a key has no value")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _union(*objects: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for one in objects for key, value in one.items()}


class _Reader:
    """Reads one expression: calls, texts in quotes, whole numbers, ``.property`` and ``[0]`` behind a call."""

    def __init__(self, written: str, call: Callable[[str, list[Any]], Any]) -> None:
        self._written, self._call, self._next = written, call, 0
        self._tokens: list[tuple[str, str]] = []
        body, place = written[1:-1].rstrip(), 0
        while place < len(body):
            match = _TOKENS.match(body, place)
            if match is None:
                raise ExpressionError(f"'{written}': nothing that is known here begins at '{body[place:][:20]}'")
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            place = match.end()

    def whole(self) -> Any:
        value = self._value()
        if self._next != len(self._tokens):
            raise ExpressionError(f"'{self._written}': '{self._tokens[self._next][1]}' is one too many")
        return value

    def _take(self, sign: str = "") -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise ExpressionError(f"'{self._written}': ends too early")
        kind, text = self._tokens[self._next]
        if sign and text != sign:
            raise ExpressionError(f"'{self._written}': '{text}' where '{sign}' belongs")
        self._next += 1
        return kind, text

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _value(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind != "name":
            raise ExpressionError(f"'{self._written}': '{text}' begins no value")
        self._take("(")
        arguments: list[Any] = []
        while self._peek() != ")":
            if arguments:
                self._take(",")
            arguments.append(self._value())
        self._take(")")
        value = self._call(text, arguments)
        while self._peek() in (".", "["):
            value = self._within(value, self._take()[1])
        return value

    def _within(self, value: Any, sign: str) -> Any:
        kind, name = self._take()
        place: Any = name
        if sign == "[":
            self._take("]")
            place = int(name) if kind == "number" else name
        if isinstance(value, Unknown):
            return value
        try:
            return value[place]
        except (TypeError, LookupError):
            raise ExpressionError(f"'{self._written}': property '{name}' is not known here") from None
