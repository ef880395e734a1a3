"""Platform metrics from a workspace's AzureMetrics, where a diagnostic setting has written them."""

from __future__ import annotations

from typing import Any

from observability.design.telemetry import RESOURCES
from observability.model.checklist import MetricQuery
from observability.query.answers import Column, Failure, Table
from observability.query.local.engine import Refused, refusing
from observability.query.local.engine import cells as converted

TABLE = "AzureMetrics"
# Azure's name for an aggregation, and the column of AzureMetrics that holds it.
_COLUMNS = {"Average": "Average", "Maximum": "Maximum", "Minimum": "Minimum", "Total": "Total", "Count": "Count"}
_OF_GRAIN = {"Average": "avg", "Maximum": "max", "Minimum": "min", "Total": "sum", "Count": "sum"}


def run(cursor: Any, query: MetricQuery) -> Table:
    """One row a resource. Raises Refused for a metric with dimensions: AzureMetrics does not keep them."""
    metric = query.metric
    if metric.by or metric.only:
        wrong = f"'{TABLE}' keeps no dimensions, and '{metric.metric}' is asked for by some"
        raise Refused(Failure("not-runnable", wrong, None, "run it on Azure: --workspace"))
    names = [name.upper() for name in (query.resources or (RESOURCES[metric.resource].name,))]
    fold = _OF_GRAIN[metric.aggregation]
    text = f"""
        WITH points AS (
            SELECT upper(Resource) AS resource, time_bucket(to_seconds($grain), TimeGenerated, TIMESTAMP '1970-01-01') AS began,
                {fold}("{_COLUMNS[metric.aggregation]}") AS value
            FROM {TABLE}
            WHERE MetricName = $metric AND list_contains($names, upper(Resource))
            GROUP BY ALL
        )
        SELECT lower(resource), min(value), avg(value), max(value), arg_max(value, began), max(began)
        FROM points WHERE value IS NOT NULL GROUP BY resource ORDER BY resource
        """  # noqa: S608 - the names come from the two tables above
    given = {"grain": query.grain.total_seconds(), "metric": metric.metric, "names": names}
    with refusing():
        rows = cursor.execute(text, given).fetchall()
    columns = tuple(Column(name, kind) for name, kind in query.columns.items())
    return Table(columns, tuple(converted(row, columns) for row in rows))
