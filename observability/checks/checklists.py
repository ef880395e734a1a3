"""Verdicts judge a column that is there; every line of the checklist runs something or says who looks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from observability.catalog import Catalogue
from observability.checks import definitions, firing
from observability.model.checklist import Item, MetricQuery
from observability.model.errors import Problem
from observability.model.finding import Finding
from observability.model.query import Query
from observability.model.system import ResourceName
from observability.model.text import Text
from observability.model.verdict import Outcome, Verdict

_NUMBERS = frozenset({"int", "long", "real", "decimal"})


def check(
    catalogue: Catalogue,
    sections: Mapping[str, Text],
    findings: tuple[Finding, ...],
    resources: Mapping[str, ResourceName],
) -> Iterator[Problem]:
    """Problems of verdicts, of platform metrics that are asked for, and of checklist items."""
    readings = {finding.id for finding in findings}
    every: tuple[Query | MetricQuery, ...] = (*catalogue.queries, *catalogue.metric_queries)
    for asked in every:
        where, verdict = str(asked.place), asked.verdict
        if verdict is not None:
            yield from definitions.source(where, "verdict", asked.key, verdict.source, sections, readings)
            for wrong, todo in _verdict(verdict, asked.columns):
                yield Problem(where, "verdict", asked.key, wrong, todo)
    for metric in catalogue.metric_queries:
        for wrong, todo in _metric(metric, resources):
            yield Problem(str(metric.place), "query", metric.key, wrong, todo)
    known = {id(asked) for asked in every}
    for item in catalogue.items:
        for wrong, todo in _item(item, known):
            yield Problem(str(item.place), "item", item.key, wrong, todo)


def _verdict(verdict: Verdict, columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    kind = columns.get(verdict.column)
    if kind not in _NUMBERS:
        found = f"of type '{kind}'" if kind else "not among its columns"
        yield f"judges '{verdict.column}', which is {found}", "name a column of numbers"
    limits = verdict.limits
    if not limits:
        yield "has no limit", "give fail_above=, warn_above=, fail_below= or warn_below="
    units = sorted({limit.unit.name.lower() for limit in limits})
    if len(units) > 1:
        yield f"has limits in {' and '.join(units)}", "give them in the column's unit"
    elif any(not math.isfinite(limit.value) for limit in limits):
        yield "has a limit that is no number to compare with", "give finite numbers"
    else:
        for early, late, sense in (
            (verdict.warn_above, verdict.fail_above, 1),
            (verdict.warn_below, verdict.fail_below, -1),
        ):
            if early is not None and late is not None and (late.value - early.value) * sense <= 0:
                yield f"warns at '{early}', when it has failed at '{late}' already", "let it warn before it fails"
    if (verdict.empty is Outcome.NO_DATA) != (verdict.empty_because is None):
        yield "does not say why an empty result is an answer", "give empty= and empty_because= together"


def _metric(metric: MetricQuery, resources: Mapping[str, ResourceName]) -> Iterator[tuple[str, str]]:
    yield from firing.platform(metric.metric, resources)
    grain = firing.finest(metric.metric, resources)
    if grain is not None and metric.grain < grain:
        yield f"grain '{metric.grain}' is finer than the metric's '{grain}'", "ask for what Azure keeps"


def _item(item: Item, known: set[int]) -> Iterator[tuple[str, str]]:
    for step in item.steps:
        if id(step) not in known:
            yield f"step '{step.key}' is in no file of kql/", "move it to a pack under kql/"
        if isinstance(step, Query) and not step.runnable:
            yield f"step '{step.key}' cannot run", "use a query that runs"
    if not any(step.verdict is not None for step in item.steps) and item.by_hand is None:
        yield "is judged by nothing", "give a step with a verdict, or by_hand= for whoever must look"
