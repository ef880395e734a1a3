"""Chance as SQL: numbers that follow from the seed, a row's number and a salt, whatever the threads do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def macros(con: DuckDBPyConnection, seed: int) -> None:
    """``u(i, s)``: uniform in (0, 1); ``normal(i, s)``; ``whole(i, s, n)``: 0 to n - 1; ``hex(i, s)``: 16 digits.

    ``i`` numbers the row, ``s`` (0 to 63) tells one draw of a row from the others.
    """
    con.execute(f"CREATE MACRO bits(i, s) AS hash((i::UBIGINT << 6) + (s)::UBIGINT + {seed * 2**20 % 2**63}::UBIGINT)")
    con.execute("CREATE MACRO u(i, s) AS ((bits(i, s) >> 11) + 1) / 9007199254740994.0")
    con.execute("CREATE MACRO normal(i, s) AS sqrt(-2 * ln(u(i, s))) * cos(2 * pi() * u(i, (s) + 1))")
    con.execute("CREATE MACRO whole(i, s, n) AS floor(u(i, s) * (n))::INTEGER")
    con.execute("CREATE MACRO hex(i, s) AS format('{:016x}', bits(i, s))")


def load(con: DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """A table of these rows; whole columns are handed over, which is quick for some hundred thousand rows."""
    values = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    chosen = ", ".join(
        f"unnest(${index}::{kind}[]) AS {column}" for index, (column, kind) in enumerate(columns.items(), 1)
    )
    con.execute(f"CREATE TABLE {name} AS SELECT {chosen}", [list(column) for column in values])
