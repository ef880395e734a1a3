"""What duckdb-kql writes, in forms of the same meaning that DuckDB has a faster way for."""

from __future__ import annotations

import functools
import re

from observability.checks import kql

# What bin() of a literal becomes, and the function that DuckDB has for it; the same where the size divides a day.
_BIN = re.compile(
    r"to_timestamp\(floor\(epoch\((?P<time>\"(?:[^\"]|\"\")+\")\) / epoch\(INTERVAL '(?P<size>[^']+)'\)\)"
    r" \* epoch\(INTERVAL '(?P=size)'\)\) AT TIME ZONE 'UTC'"
)
_EPOCH = "TIMESTAMP '1970-01-01'"
# A pattern of a literal in which nothing has to be escaped: with ESCAPE, DuckDB matches character by character.
_LIKE = re.compile(
    r"(?P<how>I?LIKE) (?P<front>'%' \|\| )?"
    r"replace\(replace\(replace\('(?P<text>(?:[^'\\%_]|'')*)', '\\', '\\\\'\), '%', '\\%'\), '_', '\\_'\)"
    r"(?P<back> \|\| '%')? ESCAPE '\\'"
)


def faster(sql: str) -> str:
    return _LIKE.sub(_pattern, _BIN.sub(_bucket, sql))


def _bucket(match: re.Match[str]) -> str:
    size = match["size"]
    if not _divides_a_day(size):
        return match[0]
    return f"time_bucket(INTERVAL '{size}', {match['time']}, {_EPOCH})"


@functools.cache
def _divides_a_day(size: str) -> bool:
    # Spelled as KQL spells it: 5m, 1h, 1d.
    return not list(kql.bin_size(size))


def _pattern(match: re.Match[str]) -> str:
    text = match["text"]
    # Without letters there is no case to fold.
    how = "LIKE" if text.isascii() and text.lower() == text.upper() else match["how"]
    return f"{how} '{'%' if match['front'] else ''}{text}{'%' if match['back'] else ''}'"
