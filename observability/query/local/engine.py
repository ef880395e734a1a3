"""One KQL text on one DuckDB connection: translated, run, and its answer held against what Azure would return."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from observability.azure import tables
from observability.checks import kql, pipelines
from observability.query.answers import Column, Failure, Table
from observability.query.local import conversions, weights
from observability.query.local.faster import faster
from observability.query.local.tokens import literal_takes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DATA = "data"
"""The code of a failure that cells of the exported files, or a conversion of the query's own, may be the reason of."""

Schema = Mapping[str, Sequence[str]]
# KQL's name for what a column of the result is, where the definition does not say.
_KQL_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "bool",
    "INTEGER": "int",
    "SMALLINT": "int",
    "BIGINT": "long",
    "HUGEINT": "long",
    "UBIGINT": "long",
    "DOUBLE": "real",
    "FLOAT": "real",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "DATE": "datetime",
    "INTERVAL": "timespan",
    "JSON": "dynamic",
}
_FITS = {
    "string": {"string", "guid"},
    "long": {"long", "int"},
    "int": {"int"},
    "real": {"real"},
    "decimal": {"decimal"},
    "datetime": {"datetime"},
    "timespan": {"timespan"},
    "bool": {"bool"},
    "dynamic": {"dynamic"},
}


class Refused(Exception):
    """The text cannot be answered here; ``failure`` says why and what to do."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def tables_of(text: str) -> tuple[str, ...]:
    """Azure's tables that the text reads, sorted."""
    known = tables.load().keys() | tables.FUNCTIONS
    return tuple(sorted(pipelines.read(text, known, tables.SAMPLED).tables & known))


def guard(text: str) -> None:
    """Raises Refused where the local engine would answer otherwise than Azure, or not at all."""
    found = list(kql.portable(text))
    if found:
        wrong, todo = found[0]
        raise Refused(Failure("not-portable", wrong, todo=todo))


def run(con: DuckDBPyConnection, text: str, schema: Schema, now: datetime, columns: Mapping[str, str]) -> Table:
    """The answer of one text.

    ``now`` is what ``now()`` and ``ago()`` mean. ``columns`` are those that Microsoft's language service says it
    returns; empty where nobody said.

    Raises Refused; InterruptException of duckdb when the connection was interrupted.
    """
    import duckdb

    guard(text)
    weights.register()
    conversions.register()
    with refusing():
        try:
            return _run(con, weights.together(text), schema, now, columns)
        except duckdb.Error as error:
            if not weights.is_unequal(error):
                raise
            return _run(con, weights.lengthen(text), schema, now, columns)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Raises Refused for what DuckDB refuses; InterruptException of duckdb as it is."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise Refused(_failed(error)) from error


def _run(con: DuckDBPyConnection, text: str, schema: Schema, now: datetime, columns: Mapping[str, str]) -> Table:
    sql, parameters = translate(text, schema, now)
    found = con.execute(sql, parameters) if parameters else con.execute(sql)
    described = [(column[0], str(column[1])) for column in found.description or ()]
    return _table(described, found.fetchall(), columns)


def translate(text: str, schema: Schema, now: datetime) -> tuple[str, dict[str, Any]]:
    """SQL and its parameters. Raises Refused where the text cannot be translated."""
    import duckdb_kql

    try:
        made = duckdb_kql.to_sql(
            conversions.typed(literal_takes(text), _kinds(schema)),
            schema={name: list(listed) for name, listed in schema.items()},
            query_now=now.astimezone(UTC).replace(tzinfo=None),
            allow_write=False,
        )
    except duckdb_kql.KqlSyntaxError as error:
        line = error.diagnostics[0].span.line if error.diagnostics else None
        raise Refused(Failure("syntax", _first(error), line, "mend the query", ours=True)) from error
    except duckdb_kql.KqlUnsupportedError as error:
        line = error.span.line if error.span else None
        todo = "run it on Azure: --workspace"
        raise Refused(Failure("not-runnable", f"the local engine has no {error.construct}", line, todo)) from error
    except duckdb_kql.KqlError as error:
        raise Refused(Failure("semantic", _first(error), None, "mend the query", ours=True)) from error
    return faster(str(made)), dict(made.parameters)


def _kinds(schema: Schema) -> dict[str, str]:
    """The types of the columns that have one type in all tables of the schema."""
    kinds: dict[str, str] = {}
    for table in schema:
        for column, kind in tables.load().get(table, {}).items():
            kinds[column] = kind if kinds.get(column, kind) == kind else ""
    return kinds


def _failed(error: Exception) -> Failure:
    """DuckDB's own words in ours: which column, which type."""
    words = _first(error)
    kind = type(error).__name__
    if kind in ("BinderException", "CatalogException"):
        return Failure("semantic", words, None, "mend the query", ours=True)
    if kind == "OutOfMemoryException":
        return Failure("memory", words, None, "ask for a shorter span with --since")
    if kind in ("ConversionException", "InvalidInputException", "IOException"):
        return Failure(DATA, words, None, "look at the exported file: a cell does not fit its column")
    return Failure("engine", words, None, "run it on Azure: --workspace")


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]


def _table(described: list[tuple[str, str]], rows: list[tuple[Any, ...]], columns: Mapping[str, str]) -> Table:
    """The rows in the types that Azure would give. Raises Refused where the engine's answer has another shape."""
    kinds = {name: _kind(stored) for name, stored in described}
    if columns:
        _compare(kinds, columns)
        kinds = dict(columns)
    made = tuple(Column(name, kind) for name, kind in kinds.items())
    return Table(made, tuple(cells(row, made) for row in rows))


def cells(row: tuple[Any, ...], columns: Sequence[Column]) -> tuple[Any, ...]:
    """One row in Python's types. Raises Refused for what is no number Azure would return."""
    return tuple(_CELLS.get(column.type, _same)(value) for value, column in zip(row, columns, strict=True))


def _kind(stored: str) -> str:
    if stored.startswith("DECIMAL"):
        return "decimal"
    if stored.endswith("]") or stored.startswith(("STRUCT", "MAP")):
        return "dynamic"
    return _KQL_TYPES.get(stored, "string")


def _compare(found: Mapping[str, str], declared: Mapping[str, str]) -> None:
    if list(found) != list(declared):
        returned, wanted = ", ".join(found), ", ".join(declared)
        raise Refused(Failure("columns", f"the local engine returns {returned} where Azure returns {wanted}"))
    for name, kind in declared.items():
        # An untyped null says nothing of its column, and a whole number fits a column of reals.
        if found[name] not in _FITS.get(kind, {kind}) and (kind, found[name]) not in _HARMLESS:
            wrong = f"column '{name}' is {found[name]} in the local engine and {kind} on Azure"
            raise Refused(Failure("columns", wrong, None, "run it on Azure: --workspace"))


_HARMLESS = {("int", "long"), ("real", "decimal"), ("real", "long"), ("real", "int"), ("guid", "string")}


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        wrong = f"the local engine returned {number}, which Azure's comparisons treat otherwise"
        raise Refused(Failure("not-a-number", wrong, None, "guard the divisor in the query"))
    return number


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _dynamic(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(value: Any) -> str:
    # An outer join leaves null where Kusto has an empty string.
    return "" if value is None else str(value)


def _span(value: Any) -> timedelta | None:
    return value if value is None or isinstance(value, timedelta) else timedelta(seconds=float(value))


def _same(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


_CELLS = {
    "real": _number,
    "decimal": _number,
    "int": _whole,
    "long": _whole,
    "datetime": _moment,
    "dynamic": _dynamic,
    "string": _text,
    "timespan": _span,
}
