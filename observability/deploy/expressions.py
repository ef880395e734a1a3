"""The values of a template's expressions, as Azure would work them out: the functions our templates use, and no other.

A parameter whose value nobody gave is unknown, and so is what only Azure knows, and what is made of either. A secret stays
one: whatever text it goes into is a secret too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid5

from observability.checks.expressions import Call, Index, Node, Unreadable, of_template
from observability.deploy.client import resource_manager
from observability.model.errors import TripobsError
from observability.query.azure_client import MANAGEMENT

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
        self._place = (subscription, group, endpoint)
        self._subscription = f"/subscriptions/{subscription}"
        self._group = {"id": f"{self._subscription}/resourceGroups/{group}", "name": group}
        self._functions: Mapping[str, Callable[..., Any]] = {
            "parameters": self._parameter,
            "resourcegroup": lambda: self._group,
            "environment": lambda: {"resourceManager": resource_manager(endpoint)},
            "subscription": lambda: {"id": self._subscription, "subscriptionId": subscription},
            "resourceid": lambda kind, *names: _id(self._group["id"], kind, *names),
            "subscriptionresourceid": lambda kind, *names: _id(self._subscription, kind, *names),
            "guid": lambda *parts: str(uuid5(_GUID_NAMESPACE, "-".join(parts))),
            "reference": lambda *_: AtAzure("reference"),
            "listcallbackurl": lambda *_: AtAzure("listCallbackUrl"),
            "concat": _concat,
            "replace": lambda text, old, new: text.replace(old, new),
            "take": lambda items, count: items[:count],
            "tolower": lambda text: text.lower(),
            "split": lambda text, at: text.split(at),
            "createarray": lambda *items: list(items),
            "createobject": _object,
            "union": _union,
            "if": lambda _condition, _yes, _no: None,  # read before its branches are
            "equals": lambda one, other: one == other,
            "and": lambda *each: all(each),
            "not": lambda value: not value,
            "empty": lambda value: value is None or len(value) == 0,
            "contains": lambda where, what: what in where,
            "substring": lambda text, start, length=None: text[start:][:length],
            "min": min,
            "length": len,
        }

    def inside(self, parameters: Mapping[str, Any]) -> Evaluator:
        """Of a nested deployment, which knows its own parameters and no others."""
        return Evaluator(parameters, *self._place)

    def value(self, written: Any) -> Any:
        """A part of a template with every expression in it worked out."""
        if isinstance(written, Mapping):
            return {key: self.value(item) for key, item in written.items()}
        if isinstance(written, list):
            return [self.value(item) for item in written]
        if not isinstance(written, str) or not (written.startswith("[") and written.endswith("]")):
            return written
        if written.startswith("[["):
            return written[1:]
        try:
            node = of_template(written)
            return written if node is None else self._of(node)
        except Unreadable as error:
            raise ExpressionError(f"'{written}': {error}") from None

    def _of(self, node: Node) -> Any:
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Index):
            of, key = self._of(node.of), self._of(node.key)
            if isinstance(of, Unknown):
                return of
            try:
                return of[key]
            except (TypeError, LookupError):
                raise ExpressionError(f"property '{key}' is not known here") from None
        if not isinstance(node.value, str | int) or isinstance(node.value, bool):
            raise ExpressionError(f"a template has no value '{node.value}'")
        return node.value

    def _call(self, node: Call) -> Any:
        name = node.name.lower()
        function = self._functions.get(name)
        if function is None:
            raise ExpressionError(f"function '{node.name}' is not known here")
        if name == "if" and len(node.arguments) == 3:
            # The branch that is not taken may be unknown.
            condition = self._of(node.arguments[0])
            return condition if isinstance(condition, Unknown) else self._of(node.arguments[1 if condition else 2])
        arguments = [self._of(argument) for argument in node.arguments]
        if name == "and" and any(argument is False for argument in arguments):
            return False  # one that is false decides, whatever is unknown of the others
        for argument in arguments:
            if isinstance(argument, Unknown):
                return argument
        try:
            value = function(*arguments)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise ExpressionError(f"function '{node.name}': {error}") from error
        return _secret(value) if any(isinstance(argument, Secret) for argument in arguments) else value

    def _parameter(self, name: str) -> Any:
        if name not in self._parameters:
            raise ExpressionError(f"parameter '{name}' is not declared")
        return self._parameters[name]


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
