"""Tables as Parquet files with Azure's columns and types, the same bytes for the same settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from observability import __version__
from observability.azure import tables
from observability.design.telemetry import RESOURCES
from observability.simulate import cluster, edge, requests, security, stores, workspace
from observability.simulate.chance import macros
from observability.simulate.faults import CapReached, Fault
from observability.simulate.settings import Settings
from observability.simulate.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MANIFEST = "demo.json"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_TYPES = {
    "string": "VARCHAR", "guid": "VARCHAR", "bool": "BOOLEAN", "int": "INTEGER", "long": "BIGINT", "real": "DOUBLE",
    "datetime": "TIMESTAMP", "timespan": "INTERVAL", "dynamic": "JSON", "decimal": "DECIMAL(38, 10)",
}  # fmt: skip
Said = Callable[[str, int], None]
"""Told after each table: its name and how many rows it has."""


def write(
    folder: Path,
    settings: Settings,
    faults: Sequence[Fault] = (),
    said: Said = lambda _table, _rows: None,
    only: Collection[str] | None = None,
) -> dict[str, int]:
    """Write every table of Azure's that this project knows, empty ones too, or ``only`` some; returns rows by table.

    The folder appears whole or not at all. Raises FileExistsError where something else lies there.
    """
    import duckdb

    _refuse(folder)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        world = World(settings, faults)
        counts = {}
        # One thread: with two, the order in which groups of rows reach a file is theirs to choose.
        with duckdb.connect(
            ":memory:", config={"threads": 1, "memory_limit": "1500MB", "temp_directory": str(draft / "spill")}
        ) as con:
            con.execute("SET TimeZone = 'UTC'")
            macros(con, settings.seed)
            selects = dict(_selects(con, world))
            for table in tables.load() if only is None else only:
                counts[table] = _table(con, table, selects.get(table, ""), world, draft)
                said(table, counts[table])
        manifest = {
            "from": settings.start.isoformat(), "to": settings.end.isoformat(), "hours": float(settings.hours),
            "seed": settings.seed, "tps": float(settings.tps), "version": __version__, "rows": counts,
        }  # fmt: skip
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(draft / "spill", ignore_errors=True)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return counts


def _refuse(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder}: is a file; name a folder that is not there yet")
    if any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise FileExistsError(f"{folder}: holds files that are not a demo's; name a folder that is not there yet")


def into(con: DuckDBPyConnection, world: World, wanted: Collection[str], schema: str) -> dict[str, tuple[str, ...]]:
    """Make the wanted tables in a schema of the connection, requests condensed; returns their columns.

    A table of which nothing is simulated is there and empty.
    """
    con.execute("SET TimeZone = 'UTC'")
    macros(con, world.settings.seed)
    selects: dict[str, str] = {}
    if any(table.startswith("App") for table in wanted):
        selects.update(_of_requests(con, world, condensed=True))
    for module, names in TABLES.items():
        if names & set(wanted):
            selects.update(module.selects(con, world))
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in wanted:
        body, _ = _body(table, selects.get(table, ""), con, world)
        con.execute(f'CREATE TABLE {schema}."{table}" AS {body}')
    return {table: tuple(tables.load()[table]) for table in wanted}


TABLES = {
    cluster: frozenset(
        {
            "KubePodInventory", "KubeNodeInventory", "Heartbeat", "KubeEvents", "Perf", "InsightsMetrics", "ContainerLogV2",
            "AKSAudit", "AKSAuditAdmin", "AKSControlPlane", "Syslog",
        }
    ),
    stores: frozenset(
        {
            "PGSQLServerLogs", "PGSQLPgStatActivitySessions", "PGSQLQueryStoreRuntime", "AzureMetrics",
            "AZMSOperationalLogs", "AZMSRunTimeAuditLogs", "AZMSDiagnosticErrorLogs", "ACRConnectedClientList",
        }
    ),
    edge: frozenset({"AGWAccessLogs", "AGWFirewallLogs", "AzureDiagnostics", "AZFWNetworkRule", "AZFWApplicationRule"}),
    security: frozenset(
        {
            "SigninLogs", "AADManagedIdentitySignInLogs", "AuditLogs", "AZKVAuditLogs", "AzureActivity",
            "ContainerRegistryRepositoryEvents", "ContainerRegistryLoginEvents",
        }
    ),
    workspace: frozenset({"Usage", "_LogOperation"}),
}  # fmt: skip
"""Which module makes which tables; those of the applications are made from the requests."""


def _selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """The SELECT behind each table that has rows."""
    yield from _of_requests(con, world, condensed=False)
    for module in TABLES:
        yield from module.selects(con, world)


def _of_requests(con: DuckDBPyConnection, world: World, *, condensed: bool) -> Iterator[tuple[str, str]]:
    requests.prepare(con, world, condensed=condensed)
    yield "AppRequests", requests.REQUESTS
    yield "AppDependencies", requests.DEPENDENCIES
    yield "AppExceptions", requests.EXCEPTIONS
    yield "AppTraces", requests.TRACES
    yield "AppAvailabilityResults", requests.checks(con, world)
    yield "AppMetrics", requests.metrics(con, world)


def _table(con: DuckDBPyConnection, table: str, select: str, world: World, folder: Path) -> int:
    file = str(folder / f"{table}.parquet").replace("'", "''")
    body, sorted_by = _body(table, select, con, world)
    con.execute(f"COPY ({body}{sorted_by}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    found = con.execute("SELECT count(*) FROM read_parquet($file)", {"file": file}).fetchone()
    return int(found[0]) if found else 0


def _body(table: str, select: str, con: DuckDBPyConnection, world: World) -> tuple[str, str]:
    """The table's rows with all of Azure's columns, and the order in which they are written."""
    columns = tables.load()[table]
    rows = con.sql(select) if select else None
    given = set(rows.columns) if rows is not None else set()
    if unknown := given - columns.keys():
        raise ValueError(f"table '{table}': Azure has no column {', '.join(sorted(unknown))}")
    chosen = ", ".join(
        f'CAST({_value(table, name, kind, name in given)} AS {_TYPES[kind]}) AS "{name}"'
        for name, kind in columns.items()
    )
    begin, end = _literal(world.settings.start), _literal(world.settings.end)
    if not select:
        return f"SELECT {chosen} WHERE false", ""
    where = f"WHERE TimeGenerated >= {begin} AND TimeGenerated < {end}"
    for gap in world.faults if table not in _UNCAPPED else ():
        if isinstance(gap, CapReached):
            where += f" AND NOT (TimeGenerated >= {_literal(gap.start)} AND TimeGenerated < {_literal(gap.end)})"
    return f"SELECT {chosen} FROM ({select}) {where}", " ORDER BY TimeGenerated"


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


# Tables that the daily cap does not stop: they are free, or tell of the cap itself.
_UNCAPPED = frozenset({"Usage", "_LogOperation", "AzureActivity", "Heartbeat"})
_CONSTANTS = {
    "TenantId": f"'{SUBSCRIPTION}'",
    "SourceSystem": "'Azure'",
    "_IsBillable": "'True'",
    "_SubscriptionId": f"'{SUBSCRIPTION}'",
    "SubscriptionId": f"'{SUBSCRIPTION}'",
    "ClusterName": f"'{RESOURCES['cluster'].name}'",
}


def _value(table: str, name: str, kind: str, given: bool) -> str:
    if given:
        # A string is never null in a workspace.
        return f"coalesce(\"{name}\", '')" if kind == "string" else f'"{name}"'
    if name == "Type":
        return f"'{table}'"
    if kind == "string":
        return _CONSTANTS.get(name, "''")
    return "NULL"
