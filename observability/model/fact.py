"""The base of the document's facts: frozen values with named fields.

A dataclass compiles five methods for each class; for the sixty kinds of fact that is a tenth of a whole
`tripobs generate`. Here the methods stand once, and type checkers still see dataclasses.
"""

from __future__ import annotations

from inspect import get_annotations
from typing import Any, ClassVar, dataclass_transform

from observability.model.source import Source


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=True)
class Value:
    """A frozen value: the annotations of its class are its fields, given by name, with the class's defaults.

    Raises: TypeError for a field that is missing or unknown, AttributeError on assignment.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = tuple(name for name in get_annotations(cls) if name not in cls._fields)
        cls._fields = (*cls._fields, *own)

    def __init__(self, **values: Any) -> None:
        kind = type(self)
        for name in kind._fields:
            if name not in values and not hasattr(kind, name):
                raise TypeError(f"{kind.__name__} needs '{name}'")
        if unknown := values.keys() - set(kind._fields):
            raise TypeError(f"{kind.__name__} has no field {', '.join(repr(name) for name in sorted(unknown))}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: '{name}' cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: '{name}' cannot be deleted")

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self._values(), strict=True))
        return f"{type(self).__name__}({fields})"


class Fact(Value):
    """Base of everything taken from the document; without a source it cannot be built."""

    source: Source
