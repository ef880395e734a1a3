"""The span that somebody asks for, in Korean time or UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from observability.model.clock import EARLIEST, KST, LATEST
from observability.query import params
from observability.query.answers import Span
from observability.query.errors import WrongArgument

_NAMED = re.compile(r"(?P<time>.*?)\s*(?P<zone>KST|UTC)", re.IGNORECASE)
_ZONES = {"KST": KST, "UTC": UTC}
_EXAMPLE = "2026-11-23T09:00+09:00, '2026-11-23 09:00 KST' or 2026-11-23T00:00Z"


def span(
    since: str | None, start: str | None, end: str | None, *, now: datetime, default: timedelta, attended: bool
) -> Span:
    """The span of ``--since``, ``--from`` and ``--to``; ``default`` long up to ``now`` where none is given.

    ``attended``: somebody sits at a terminal, where a time without a zone is read as Korean. A script has to say.

    Raises WrongArgument.
    """
    if since is not None and start is not None:
        raise WrongArgument("--since and --from: both say where to begin; give one of them")
    to = moment("--to", end, attended) if end is not None else now
    if start is not None:
        begin = moment("--from", start, attended)
    else:
        begin = to - (length("--since", since) if since is not None else default)
    if begin >= to:
        said = "--from" if start is not None else "--since"
        raise WrongArgument(
            f"{said}: {kst(begin)} is not before {'--to' if end is not None else 'now'}, {kst(to)}; turn them around"
        )
    return Span(begin, to)


def length(flag: str, text: str) -> timedelta:
    """``2h``, ``1h30m``. Raises WrongArgument."""
    try:
        return params.duration(text)
    except ValueError as error:
        raise WrongArgument(f"{flag}: {error}; write 90m, 6h, 1h30m or 7d") from None


def moment(flag: str, text: str, attended: bool) -> datetime:
    """A time with its zone, in UTC. Raises WrongArgument."""
    if text.strip().lower() == "now":
        raise WrongArgument(f"{flag}: leave it out to mean now")
    named = _NAMED.fullmatch(text.strip())
    try:
        found = datetime.fromisoformat(named["time"] if named else text.strip())
    except ValueError:
        raise WrongArgument(f"{flag}: '{text:.60}' is not a time; write {_EXAMPLE}") from None
    if named:
        if found.tzinfo is not None:
            raise WrongArgument(f"{flag}: '{text:.60}' has two zones; give one: {_EXAMPLE}")
        found = found.replace(tzinfo=_ZONES[named["zone"].upper()])
    if found.tzinfo is None:
        if not attended:
            raise WrongArgument(
                f"{flag}: '{text:.60}' has no zone, and a script must not depend on where it runs; write {_EXAMPLE}"
            )
        found = found.replace(tzinfo=KST)
    if not EARLIEST <= found <= LATEST:
        raise WrongArgument(
            f"{flag}: '{text:.60}' is out of range; give a time from {EARLIEST.year} to {LATEST.year}: {_EXAMPLE}"
        )
    return found.astimezone(UTC)


def kst(moment: datetime) -> str:
    """``2026-11-23 09:00 KST``: for people."""
    return f"{moment.astimezone(KST):%Y-%m-%d %H:%M} KST"
