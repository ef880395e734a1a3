"""A place where the design document and the world disagree, and what this project does about it."""

from __future__ import annotations

from typing import Any, Literal, Self

from observability.model.fact import Value
from observability.model.place import Place, caller
from observability.model.text import Text


class Finding(Value):
    """``origin`` tells who found it: the agreed readings of the document, or this project while building.

    ``state`` tells how far ``done`` has come: carried out, planned for a later version, or only to be known.
    """

    id: str
    sections: tuple[str, ...]
    says: Text
    trouble: Text
    done: Text
    state: Literal["done", "planned", "noted"] = "done"
    origin: Literal["readings", "project"] = "readings"

    def __new__(cls, **_fields: Any) -> Self:
        # Here and not in __init__, which type checkers take from the fields.
        made = super().__new__(cls)
        made.__dict__["_place"] = caller()
        return made

    @property
    def place(self) -> Place:
        """Where it was written; no field, as it says nothing of the finding."""
        written: Place = self.__dict__["_place"]
        return written
