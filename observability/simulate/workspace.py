"""The workspace about itself: what was taken in by the hour, and whether anything was refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from observability.design.telemetry import TRACING_SAMPLING, WORKSPACE
from observability.design.volume import WRITTEN
from observability.model.units import Unit
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.load import of_day
from observability.simulate.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Bytes a request of the system, and megabytes an hour whatever the traffic, by table.
_RATE = TRACING_SAMPLING.rate.to(Unit.RATIO)
_SIZES = {each.table: each.of_requests(_RATE) for each in WRITTEN if each.rows}
_FIXED = {each.table: each.hourly / 1e6 for each in WRITTEN if each.hourly}


def selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """Each table and its SELECT."""
    rows = []
    for minute, moment in world.moments():
        if minute % 60 == 0:
            happened = moment.replace(tzinfo=None)
            stopped = bool(world.of(faults.CapReached, moment))
            more = math.prod(fault.factor for fault in world.of(faults.Volume, moment))
            for table, size in _SIZES.items():
                written = world.settings.tps * of_day(moment) * 3600 * size / 1e6 * world.settings.kept
                rows.append((happened, table, 0.0 if stopped else written * more))
            rows += [(happened, table, 0.0 if stopped else megabytes * more) for table, megabytes in _FIXED.items()]
    load(con, "taken", {"happened": "TIMESTAMP", "name": "VARCHAR", "mb": "DOUBLE"}, rows)
    capped = [(fault.start.replace(tzinfo=None),) for fault in world.faults if isinstance(fault, faults.CapReached)]
    load(con, "capped", {"happened": "TIMESTAMP"}, capped)
    yield "Usage", _USAGE
    yield "_LogOperation", _OPERATION


_USAGE = """
SELECT happened AS TimeGenerated, happened AS StartTime, happened + INTERVAL 1 HOUR AS EndTime, name AS DataType, mb AS Quantity, 'MBytes' AS QuantityUnit,
    true AS IsBillable, 'LogManagement' AS Solution FROM taken
"""
_OPERATION = f"""
SELECT happened AS TimeGenerated, 'Ingestion' AS Category, 'Data collection stopped' AS Operation, 'Warning' AS Level,
    'OverQuota: the daily limit of {WORKSPACE.daily_cap} was reached' AS Detail FROM capped
"""
