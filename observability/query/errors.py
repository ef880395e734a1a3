"""What somebody typed wrong, told with the way out."""

from __future__ import annotations

from observability.model.errors import TripobsError


class WrongArgument(TripobsError):
    """An argument that cannot be taken: what is wrong with it, then what would be taken."""
