"""A place where the design document and the world disagree, and what this project does about it."""

from __future__ import annotations

from typing import Literal

from observability.model.fact import Value
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
