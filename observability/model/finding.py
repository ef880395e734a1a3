"""A place where the design document and the world disagree, and what this project does about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from observability.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``origin`` tells who found it: the agreed readings of the document, or this project while building."""

    id: str
    sections: tuple[str, ...]
    says: Text
    trouble: Text
    done: Text
    origin: Literal["readings", "project"] = "readings"
