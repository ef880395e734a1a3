"""Where an address leads, for those that a token goes to: none is taken that two clients could read differently."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from observability.query.errors import WrongArgument
from observability.query.service import LOOPBACK

_AUTHORITY = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?=[/?#]|\Z)", re.IGNORECASE
)
"""No user and no backslash: for urllib a host ends at the last '@', for urllib3 at the first backslash."""

_ACTS = re.compile(r"[\x00-\x1f\x7f\\]")
"""Some clients drop control characters, and some take a backslash for a slash."""

_USUAL = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Place:
    """The server that an address is of; ``base`` is the address up to there, as it was written."""

    scheme: str
    host: str
    port: int
    base: str = field(compare=False)

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        return self.host in LOOPBACK

    @property
    def usual(self) -> bool:
        """Whether it is on the port that its scheme is served on."""
        return self.port == _USUAL[self.scheme]


def place(address: str) -> Place | None:
    """Whom a request to this address goes to, None where that is not beyond doubt."""
    match = _AUTHORITY.match(address)
    if match is None or _ACTS.search(address):
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"] or _USUAL[scheme])
    host = match["host"].lower().strip("[]")
    return Place(scheme, host, port, match.group()) if 0 < port <= _HIGHEST_PORT else None


def of_option(option: str, address: str, todo: str) -> Place:
    """Where the address that was given for ``option`` leads. ``todo`` says what to write instead.

    Raises WrongArgument. Its words hold no user, password or query: those are secrets.
    """
    if any(mark in address for mark in "@?#"):
        raise WrongArgument(f"{option}: holds more than an address; {todo}")
    found = place(address)
    if found is None or not address.isascii() or " " in address:
        raise WrongArgument(f"{option} '{address}': is no http or https address as clients read it; {todo}")
    return found
