"""Exports of a few rows, in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from observability.azure import tables
from observability.query.answers import Answer, Ask, Span
from observability.query.local import LocalBackend
from observability.query.local.files import DUCKDB_TYPES, quoted

Rows = Sequence[Mapping[str, Any]]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = Span(NOON - timedelta(days=1), NOON)


def write_parquet(folder: Path, table: str, rows: Rows) -> None:
    """The table as Azure has it, every column; what a row does not name is null."""
    import duckdb

    columns = tables.load()[table]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        listed = ", ".join(f"{quoted(name)} {DUCKDB_TYPES[kind]}" for name, kind in columns.items())
        con.execute(f"CREATE TABLE made ({listed})")
        for row in rows:
            assert row.keys() <= columns.keys(), row.keys() - columns.keys()
            named, marks = ", ".join(quoted(name) for name in row), ", ".join("?" * len(row))
            statement = f"INSERT INTO made ({named}) VALUES ({marks})"
            con.execute(statement, [_cell(value) for value in row.values()])
        con.execute(f"COPY made TO '{folder / table}.parquet'")


def _cell(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Answer]:
    """``answer(text, AppRequests=[...])``: what the local engine says to one KQL text over these rows."""

    def answer(text: str, span: Span = DAY, columns: Mapping[str, str] | None = None, **exported: Rows) -> Answer:
        for table, rows in exported.items():
            write_parquet(tmp_path, table, rows)
        backend = LocalBackend(tmp_path)
        return backend.ask([Ask("q", text, columns=columns or {})], span, said=lambda *_: None, stop=Event())[0]

    return answer
