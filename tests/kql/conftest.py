"""Queries answered by the local engine on rows that a test writes down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import pytest

from observability.azure import tables
from observability.model.alert import Alert
from observability.model.query import Param, Query
from observability.query.answers import Ask, Span, Status, Table
from observability.query.local.backend import LocalBackend
from observability.query.local.files import DUCKDB_TYPES
from observability.render import kql
from tests.kql.stored import NOON

HOUR = Span(NOON, NOON + timedelta(hours=1))

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


class Answer(Protocol):
    def __call__(
        self, asked: Query | Alert, rows: Rows, span: Span = HOUR, params: Mapping[str, Param] | None = None
    ) -> Table: ...


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """What the query, or the alert's rule, returns on these rows; columns that are not given are null."""

    def answered(
        asked: Query | Alert, rows: Rows, span: Span = HOUR, params: Mapping[str, Param] | None = None
    ) -> Table:
        for table, given in rows.items():
            _write(tmp_path / f"{table}.parquet", table, given)
        ask = _ask(asked, params or {})
        (found,) = LocalBackend(tmp_path).ask([ask], span, said=lambda *_: None, stop=Event())
        assert found.status is Status.COMPLETE, found.failure
        assert found.table is not None
        return found.table

    return answered


def _ask(asked: Query | Alert, params: Mapping[str, Param]) -> Ask:
    if isinstance(asked, Alert):
        return Ask(key=asked.id, text=kql.alert(asked))
    assert set(params) <= set(asked.params), "the query has no such parameter"
    let = {name: kql.literal(value) for name, value in {**asked.params, **params}.items()}
    text = "".join(f"let {name} = {value};\n" for name, value in let.items()) + asked.text
    return Ask(key=asked.key, text=text, columns=asked.columns)


def _write(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    import duckdb

    kinds = tables.load()[table]
    unknown = {name for row in rows for name in row} - kinds.keys()
    assert not unknown, f"{table} has no {unknown}"
    columns = ", ".join(f'"{name}" {DUCKDB_TYPES[kind]}' for name, kind in kinds.items())
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({columns})")
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            con.execute(f"INSERT INTO t ({names}) VALUES ({marks})", [_cell(value) for value in row.values()])
        con.execute(f"COPY t TO '{path}' (FORMAT parquet)")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return json.dumps(value) if isinstance(value, dict | list) else value


@pytest.fixture
def rows(answer: Answer) -> Callable[..., list[dict[str, Any]]]:
    """As `answer`, with each row as a dict."""

    def answered(*arguments: Any, **named: Any) -> list[dict[str, Any]]:
        table = answer(*arguments, **named)
        names = [column.name for column in table.columns]
        return [dict(zip(names, row, strict=True)) for row in table.rows]

    return answered
