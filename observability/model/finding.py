"""A place where the design document and the world disagree, and what this project does about it."""

from __future__ import annotations

from typing import Literal

from observability.model.fact import Value
from observability.model.text import Text


class Finding(Value):
    """``origin`` tells who found it: the agreed readings of the document, or this project while building."""

    id: str
    sections: tuple[str, ...]
    says: Text
    trouble: Text
    done: Text
    origin: Literal["readings", "project"] = "readings"
