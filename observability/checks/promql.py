"""PromQL that parses, with a real parser (promql-parser)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from observability.catalog import Catalogue
from observability.model.alert import Alert
from observability.model.errors import Problem, SourceUnavailable
from observability.model.signal import Engine
from observability.render import promql

_RANGES = ("MatrixSelector", "SubqueryExpr", "StringLiteral")


def _wrong(expr: str) -> str | None:
    """What is wrong with an expression, in one line."""
    try:
        import promql_parser
    except ImportError as error:
        raise SourceUnavailable("promql: PyPI package 'promql-parser': not installed; run `make setup`") from error
    try:
        parsed = promql_parser.parse(expr)
    except ValueError as error:
        return "does not parse: " + " ".join(str(error).split())
    return "has no single value a series" if type(parsed).__name__ in _RANGES else None


def check(catalogue: Catalogue) -> Iterator[Problem]:
    """Expressions that do not parse, with ranges as the rules and panels set them."""
    for signal in catalogue.signals:
        if signal.promql is not None and (wrong := _wrong(promql.over(signal, "5m"))):
            yield Problem(str(signal.place), "signal", signal.name, f"its PromQL {wrong}", "mend promql=")
    for alert in catalogue.alerts:
        if _ready(alert) and (wrong := _wrong(promql.condition(alert))):
            yield Problem(str(alert.place), "alert", alert.id, f"its PromQL {wrong}", "mend the signal")


def _ready(alert: Alert) -> bool:
    """Whether the condition can be written; where not, checks/definitions.py and checks/azure.py say so."""
    limit = alert.limit
    return (
        alert.engine is Engine.PROMETHEUS
        and alert.watches.promql is not None
        and limit is not None
        and limit.unit.dimension == alert.watches.unit.dimension
        and alert.window > timedelta()
        and not alert.window % timedelta(seconds=1)
    )
