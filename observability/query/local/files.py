"""Exported tables of a folder as views of a DuckDB connection, with the columns and types that Azure gives them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from observability.azure import tables
from observability.model.clock import LATEST
from observability.model.errors import SourceUnavailable
from observability.query.answers import Span
from observability.query.cells import visible

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Log Analytics' own exports (JSON lines, CSV of the portal) and what other tools write; the first that is there.
_ENDINGS = (".parquet", ".csv", ".csv.gz", ".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "guid": "VARCHAR",
    "bool": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "decimal": "DECIMAL(38, 10)",
    "datetime": "TIMESTAMP",
    "timespan": "INTERVAL",
    "dynamic": "JSON",
}
TIME = "TimeGenerated"
# The portal heads a column of its CSV with the zone that it was shown in.
_PORTAL_TIME = " [UTC]"
_PORTAL_FORMAT = "%-m/%-d/%Y, %-I:%M:%S.%f %p"
_DEMO = "demo.json"


class Unreadable(SourceUnavailable):
    """A file of a table that is not what its name says, or holds what does not fit: which one, why, and the way out."""

    def __init__(self, wrong: str, todo: str) -> None:
        super().__init__(f"{wrong}; {todo}")
        self.wrong, self.todo = wrong, todo


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of exports. ``files`` are those of each table that is known; ``seen`` every name that was looked at."""

    path: Path
    files: Mapping[str, tuple[Path, ...]]
    seen: tuple[str, ...]
    end: datetime | None = None
    """The instant at which the export ends, where it says so; otherwise the newest row tells."""

    def missing(self, table: str) -> str:
        """What to say of a table that is not there."""
        if not self.seen:
            found = "the folder is empty"
        else:
            names = ", ".join(self.seen[:12])
            found = f"found {names}{f' and {len(self.seen) - 12} more' if len(self.seen) > 12 else ''}"
        return f"no file for table '{table}' in {self.path}; {found}"

    @staticmethod
    def how_to_export(table: str) -> str:
        return (
            f"export it: az monitor log-analytics query -w WORKSPACE --analytics-query '{table}' -t P1D -o json > "
            f"{table}.json"
        )


def scan(path: Path) -> Folder:
    """What lies in the folder. Raises SourceUnavailable where there is no such folder, or nothing of ours in it."""
    path = path.resolve()
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "there is no such folder"
        raise SourceUnavailable(f"{path}: {what}; name a folder of exported tables, or make one with tripobs demo-data")
    known = tables.load().keys()
    files: dict[str, tuple[Path, ...]] = {}
    for table, found in _by_table(path, known):
        files.setdefault(table, found)
    seen = tuple(sorted(each.name for each in path.iterdir() if not each.name.startswith(".")))
    return Folder(path, files, seen, _end(path / _DEMO))


def _by_table(path: Path, known: Iterable[str]) -> Iterator[tuple[str, tuple[Path, ...]]]:
    for table in known:
        for ending in _ENDINGS:
            if (file := path / f"{table}{ending}").is_file():
                yield table, (file,)
            inside = path / table
            if inside.is_dir() and (several := tuple(sorted(inside.rglob(f"*{ending}")))):
                yield table, several


def _end(manifest: Path) -> datetime | None:
    """When the demo data ends; it says so itself, because its newest row is a little older."""
    try:
        return datetime.fromisoformat(json.loads(manifest.read_text(encoding="utf-8"))["to"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def newest(con: DuckDBPyConnection, folder: Folder) -> datetime:
    """Just after the newest row of the folder. Raises SourceUnavailable where no table has one.

    A table that cannot be read says nothing here, while there are others: whoever asks for it is told.
    """
    import duckdb

    latest, broken = [], []
    for table, files in folder.files.items():
        if TIME in tables.load()[table]:
            try:
                found = con.execute(_NEWEST.format(time=_time(con, files), rows=_reader(files))).fetchone()
            except duckdb.Error as error:
                broken.append(blamed(con, table, files, error))
                continue
            latest += [found[0]] if found and found[0] is not None else []
    if not latest:
        if broken:
            raise broken[0]
        raise SourceUnavailable(f"{folder.path}: none of its tables has a row; export some, or use tripobs demo-data")
    end: datetime = max(latest)
    return end.replace(tzinfo=UTC, microsecond=0) + _SECOND


_SECOND = timedelta(seconds=1)
# A row of 9999 is a mistake, or says "never": the others tell when the export ends.
_NEWEST = f"SELECT max({{time}}) FILTER (WHERE {{time}} < TIMESTAMP '{LATEST:%Y-%m-%d}') FROM {{rows}}"  # noqa: S608


def _time(con: DuckDBPyConnection, files: tuple[Path, ...]) -> str:
    found = _columns(con, files)
    name = next((each for each in found if each.removesuffix(_PORTAL_TIME) == TIME), None)
    return _cast(name, found[name], "datetime") if name is not None else "NULL::TIMESTAMP"


@dataclass(frozen=True, slots=True)
class View:
    """``absent`` are columns of Azure's table that the file does not have: they are empty in the view."""

    columns: tuple[str, ...]
    absent: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the files of a table hold: each column of Azure's with its name and type there; ``full`` have no null."""

    found: Mapping[str, tuple[str, str]]
    full: frozenset[str]


class Shapes:
    """The shapes that were read, each until one of its files changes: a day's footers take as long as a small query."""

    def __init__(self) -> None:
        self._read: dict[tuple[Path, ...], tuple[tuple[tuple[int, int], ...], Shape]] = {}

    def of(self, con: DuckDBPyConnection, files: tuple[Path, ...]) -> Shape:
        stamps = tuple((stat.st_mtime_ns, stat.st_size) for stat in (file.stat() for file in files))
        known = self._read.get(files)
        if known is None or known[0] != stamps:
            found = {name.removesuffix(_PORTAL_TIME): (name, kind) for name, kind in _columns(con, files).items()}
            known = self._read[files] = (stamps, Shape(found, _without_nulls(con, files)))
        return known[1]


def make_views(
    con: DuckDBPyConnection, folder: Folder, wanted: Iterable[str], span: Span | None, shapes: Shapes | None = None
) -> dict[str, View]:
    """A view for each wanted table that is there, cut to the span where there is one.

    Every column of Azure's table is there, in Azure's type. A string is never null, as in Kusto. Raises Unreadable.
    """
    import duckdb

    shapes = shapes or Shapes()
    views = {}
    for table in wanted:
        if table in folder.files:
            columns, files = tables.load()[table], folder.files[table]
            try:
                shape = shapes.of(con, files)
            except duckdb.Error as error:
                raise blamed(con, table, files, error) from error
            con.execute(f"CREATE OR REPLACE VIEW {quoted(table)} AS {_select(files, columns, shape, span)}")
            views[table] = View(tuple(columns), frozenset(columns.keys() - shape.found.keys()))
    return views


def unreadable(con: DuckDBPyConnection, table: str, files: tuple[Path, ...]) -> Unreadable | None:
    """The first of a table's files that cannot be read as Azure's table, after all of it was tried; None where each can."""
    import duckdb

    for file in files:
        try:
            select = _select((file,), tables.load()[table], Shapes().of(con, (file,)), None)
            con.execute(f"SELECT count(COLUMNS(*)) FROM ({select})").fetchall()  # noqa: S608 - our own text
        except duckdb.Error as error:
            return _unreadable(table, file, error)
    return None


def blamed(con: DuckDBPyConnection, table: str, files: tuple[Path, ...], error: Exception) -> Unreadable:
    """``error``, which a table's files gave together, with the one that did."""
    return unreadable(con, table, files) or _unreadable(table, files[0].parent, error)


def _unreadable(table: str, file: Path, error: Exception) -> Unreadable:
    import duckdb

    # DuckDB begins with the kind of its error, and goes on with hints for who wrote the SQL.
    words = _KIND.sub("", str(error).strip().partition("\n")[0]).rstrip(" .")[:300]
    fits = isinstance(error, duckdb.ConversionException)
    return Unreadable(
        f"{file}: {'a cell does not fit its column' if fits else 'cannot be read'}: {visible(words)}",
        "mend it, or export the table again" if fits else Folder.how_to_export(table),
    )


_KIND = re.compile(r"^[A-Z][A-Za-z-]*(?: [A-Z][A-Za-z]*)* Error: ")


def _select(files: tuple[Path, ...], columns: Mapping[str, str], shape: Shape, span: Span | None) -> str:
    chosen = []
    for column, kind in columns.items():
        name, stored = shape.found.get(column, ("", ""))
        if not name:
            value = "''" if kind == "string" else f"NULL::{DUCKDB_TYPES[kind]}"
        else:
            value = _cast(name, stored, kind)
            if kind == "string" and column not in shape.full:
                value = f"coalesce({value}, '')"
        chosen.append(f"{value} AS {quoted(column)}")
    where = ""
    if span is not None and TIME in columns:
        start, end = (f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'" for moment in (span.start, span.end))
        time = _cast(*shape.found[TIME], "datetime") if TIME in shape.found else "NULL::TIMESTAMP"
        where = f" WHERE {time} >= {start} AND {time} < {end}"
    return f"SELECT {', '.join(chosen)} FROM {_reader(files)}{where}"  # noqa: S608


def _columns(con: DuckDBPyConnection, files: tuple[Path, ...]) -> dict[str, str]:
    described = con.execute(f"DESCRIBE SELECT * FROM {_reader(files)}").fetchall()  # noqa: S608
    return {row[0]: row[1] for row in described}


def _without_nulls(con: DuckDBPyConnection, files: tuple[Path, ...]) -> frozenset[str]:
    """Columns of Parquet files that hold no null: wrapping them would only keep filters from reaching the file."""
    if files[0].suffix != ".parquet":
        return frozenset()
    rows = con.execute(
        "SELECT path_in_schema FROM parquet_metadata($files) GROUP BY path_in_schema "
        "HAVING bool_and(stats_null_count IS NOT NULL) AND sum(stats_null_count) = 0",
        {"files": [str(file) for file in files]},
    ).fetchall()
    return frozenset(row[0] for row in rows)


def _reader(files: tuple[Path, ...]) -> str:
    listed = "[" + ", ".join(f"'{str(file).replace(chr(39), chr(39) * 2)}'" for file in files) + "]"
    if files[0].suffix == ".parquet":
        return f"read_parquet({listed}, union_by_name = true)" if len(files) > 1 else f"read_parquet({listed})"
    if ".csv" in files[0].suffixes:
        # Everything as text: the columns' types are known, and a guess from the first rows would be a second opinion.
        return f"read_csv({listed}, header = true, all_varchar = true, union_by_name = true)"
    return f"read_json({listed}, union_by_name = true, maximum_object_size = 67108864)"


def _cast(name: str, stored: str, kind: str) -> str:
    """The stored column in the type that KQL gives it; text that does not fit is an error, not a null."""
    column, wanted = quoted(name), DUCKDB_TYPES[kind]
    if stored == wanted or (kind == "decimal" and stored.startswith("DECIMAL")):
        return column
    # The Azure CLI writes every cell as text, and a null as the word that Python has for it.
    text = f"nullif(nullif({column}, ''), 'None')"
    if kind == "datetime" and stored == "VARCHAR":
        portal = f"try_strptime({text}, '{_PORTAL_FORMAT}')"
        return f"coalesce({portal}, CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
    if kind == "datetime" and stored == "TIMESTAMP WITH TIME ZONE":
        return f"{column} AT TIME ZONE 'UTC'"
    if kind == "dynamic":
        if stored != "VARCHAR":
            return f"to_json({column})"
        # Log Analytics exports a dynamic as text; what is no JSON is a plain string of that dynamic.
        return f"CASE WHEN json_valid({column}) THEN {column}::JSON ELSE to_json({text}) END"
    if kind in ("string", "guid"):
        return f"CAST({column} AS VARCHAR)"
    return f"CAST({text} AS {wanted})" if stored == "VARCHAR" else f"CAST({column} AS {wanted})"


def quoted(name: str) -> str:
    """An identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'
