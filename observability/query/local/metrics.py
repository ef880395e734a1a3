"""Platform metrics from a workspace's AzureMetrics, where a diagnostic setting has written them."""

from __future__ import annotations

from typing import Any

from observability.design.telemetry import RESOURCES
from observability.model.checklist import MetricQuery
from observability.model.signal import PlatformMetric
from observability.query.answers import Column, Failure, Table
from observability.query.local.engine import Refused, refusing
from observability.query.local.engine import cells as converted

TABLE = "AzureMetrics"
# Azure's name for an aggregation, and the column of AzureMetrics that holds it.
_COLUMNS = {"Average": "Average", "Maximum": "Maximum", "Minimum": "Minimum", "Total": "Total", "Count": "Count"}
_OF_GRAIN = {"Average": "avg", "Maximum": "max", "Minimum": "min", "Total": "sum", "Count": "sum"}


def _split(metric: PlatformMetric) -> Failure:
    """Why a metric with dimensions is not read here."""
    wanted = ", ".join(dict.fromkeys((*metric.by.values(), *metric.only)))
    return Failure(
        "not-runnable",
        f"the metric '{metric.metric}' is needed for each {wanted}, and an exported '{TABLE}' holds it only for the whole resource",
        todo="ask Azure itself, with --workspace NAME in place of --local",
        ko=f"'{metric.metric}' 메트릭을 {wanted}별로 봐야 하는데, 내보낸 '{TABLE}'에는 리소스 전체의 값만 있습니다",
        todo_ko="--local 대신 --workspace 이름으로 Azure에 직접 물어보세요",
    )


def run(cursor: Any, query: MetricQuery) -> Table:
    """One row a resource. Raises Refused for a metric with dimensions: AzureMetrics does not keep them."""
    metric = query.metric
    if metric.by or metric.only:
        raise Refused(_split(metric))
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
