"""What holds for every query of the packs: it runs here, and nothing at all is never taken for fine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kql import ai, aks, cost, delivery, document, services, slo, trace, triage, workspace
from observability.azure import tables
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.local import engine
from tests.kql.stored import NOON

QUERIES = [
    value
    for module in (ai, aks, cost, delivery, document, services, slo, trace, triage, workspace)
    for value in vars(module).values()
    if isinstance(value, Query) and value.runnable and not value.verbatim
]
every = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.key)
# Cells that make a row pass most filters; what a column is not named here for is filled by its type.
CELLS: dict[str, Any] = {
    "AppRoleName": "ai-service",
    "Namespace": "production",
    "PodNamespace": "production",
    "Name": "ai-service-7c9d8b6f5-0",
    "ContainerName": "uid/ai-service",
    "Computer": "aks-application-12345678-vmss000000",
    "Success": False,
    "ResultCode": "500",
    "LogLevel": "error",
    "PodStatus": "Pending",
    "ContainerStatus": "waiting",
    "Status": "Unknown",
    "IsBillable": True,
    "Category": "Ingestion",
    "Detail": "OverQuota",
    "Level": "Error",
    "DependencyType": "HTTP",
    "Target": "api.openai.com",
    "Measurements": {"timeSinceEnqueued": 1500},
}
BY_TYPE: dict[str, Any] = {
    "string": "x",
    "bool": True,
    "int": 10,
    "long": 10,
    "real": 10.0,
    "datetime": NOON + timedelta(minutes=3),
    "dynamic": {"resource": "deployments", "code": 200},
}


def read_by(query: Query) -> tuple[str, ...]:
    return engine.tables_of(query.text)


def row(table: str, **cells: Any) -> dict[str, Any]:
    kinds = tables.load()[table]
    # SigninLogs' Status is a dynamic, and not the name of a state.
    named = {
        name: value
        for name, value in CELLS.items()
        if name in kinds and (kinds[name] == "dynamic") == isinstance(value, dict)
    }
    return {**{name: BY_TYPE[kind] for name, kind in kinds.items()}, **named, **cells}


@every
def test_a_query_on_empty_tables_answers_with_its_columns(answer: Callable[..., Any], query: Query) -> None:
    found = answer(query, {table: [] for table in read_by(query)})
    assert {column.name: column.type for column in found.columns} == dict(query.columns)
    assert found.rows == ()
    if query.verdict is not None and query.verdict.empty is not Outcome.NO_DATA:
        assert query is workspace.CAP_HITS, "only this table has rows only when something is wrong"


@every
def test_a_query_on_rows_of_every_table_it_reads_runs_here(answer: Callable[..., Any], query: Query) -> None:
    given = {
        table: [
            row(table, TimeGenerated=NOON + timedelta(minutes=minute), ItemCount=weight)
            if "ItemCount" in tables.load()[table]
            else row(table, TimeGenerated=NOON + timedelta(minutes=minute))
            for minute, weight in ((1, 1), (2, 10), (50, 10))
        ]
        for table in read_by(query)
    }
    found = answer(query, given)
    assert {column.name: column.type for column in found.columns} == dict(query.columns)
