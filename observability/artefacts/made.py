"""One generated file: how it is written down, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from observability.model.alert import Alert
from observability.model.source import Source, sections_of
from observability.output import Artefact

RUNBOOKS_EXAMPLE = "https://runbooks.example.com"
Named = tuple[str, Source | None]
"""A definition and where its numbers come from."""


def encode(value: Any) -> bytes:
    """JSON with two spaces, in the order in which it was built, with a final newline."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def compact(value: Any) -> str:
    return orjson.dumps(value).decode()


def sections(sources: Iterable[Source | None]) -> tuple[str, ...]:
    found = {section.number for source in sources for section in sections_of(source)}
    return tuple(sorted(found, key=lambda number: [int(part) for part in number.split(".")]))


def artefact(path: str, kind: str, body: bytes | str, definitions: Iterable[Named]) -> Artefact:
    named = list(definitions)
    return Artefact(
        path,
        kind,
        body if isinstance(body, bytes) else body.encode(),
        tuple(dict.fromkeys(name for name, _ in named)),
        sections(source for _, source in named),
    )


def alert_names(alerts: Iterable[Alert]) -> list[Named]:
    return [(f"alert:{alert.id}", alert.source) for alert in alerts]
