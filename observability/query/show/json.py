"""A report as JSON for programs; the shape is documented in docs/reports.md and counts its versions.

Nothing is lost: numbers as they came, times as ISO 8601 in UTC, timespans as KQL prints them, every row.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from observability.model.checklist import MetricQuery
from observability.model.query import Query
from observability.model.source import Derived, Source, sections_of
from observability.model.text import Text
from observability.model.units import Quantity
from observability.model.verdict import Outcome, Verdict
from observability.query import cells
from observability.query.answers import Answer
from observability.query.report import Part, Report, Step, worst
from observability.query.show import summary

VERSION = 1
_HALF = re.compile("[\ud800-\udfff]")


def report(found: Report) -> str:
    """The whole report."""
    lines = summary.lines(found)
    return _written(
        {
            "version": VERSION,
            "kind": "report",
            "pack": found.pack,
            "title": _text(found.title),
            "span": {"start": cells.utc(found.span.start), "end": cells.utc(found.span.end)},
            "source": found.source,
            "made": cells.utc(found.made),
            "outcome": _outcome(worst(line.outcome for line in lines if line.outcome is not None)),
            "outcomes": {outcome.value: found.outcomes[outcome] for outcome in Outcome},
            "unanswered": [step.query.key for step in found.unanswered],
            "parts": [_part(part) for part in found.parts],
        }
    )


def step(one: Step) -> str:
    """One query's result."""
    return _written({"version": VERSION, "kind": "result", **_step(one)})


def _written(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, indent=1, allow_nan=False)
    # Half a character has no UTF-8; inside a JSON string its escape is the same text.
    return _HALF.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _plain(value: Any) -> Any:
    """What JSON can hold: infinity and NaN, which Azure writes as texts, have no number in JSON and become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return cells.utc(value)
    if isinstance(value, timedelta):
        return cells.timespan(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _text(words: Text | None) -> dict[str, str] | None:
    return {"ko": words.ko, "en": words.en} if words is not None else None


def _outcome(outcome: Outcome | None) -> str | None:
    return outcome.value if outcome is not None else None


def _part(part: Part) -> dict[str, Any]:
    item = part.item
    return {
        "item": None
        if item is None
        else {
            "key": item.key,
            "title": _text(item.title),
            "by_hand": _text(item.by_hand),
            "takes_minutes": item.takes / timedelta(minutes=1) if item.takes is not None else None,
            "source": _source(item.source),
        },
        "outcome": _outcome(part.outcome),
        "steps": [_step(one) for one in part.steps],
    }


def _step(one: Step) -> dict[str, Any]:
    return {
        "query": _query(one.query, one.text),
        "judged": None
        if one.judged is None
        else {
            "outcome": one.judged.outcome.value,
            "reason": _text(one.judged.reason),
            "rows": [outcome.value for outcome in one.judged.rows],
        },
        **_answer(one.answer),
    }


def _query(query: Query | MetricQuery, text: str) -> dict[str, Any]:
    common = {
        "key": query.key,
        "title": _text(query.title),
        "look_for": _text(query.look_for),
        "caveat": _text(query.caveat),
        "source": _source(query.source),
        "defined": str(query.place),
        "verdict": _verdict(query.verdict) if query.verdict is not None else None,
    }
    if isinstance(query, Query):
        return {"kind": "log", **common, "text": text, "params": dict(query.params)}
    metric = query.metric
    asked = {
        "resource": metric.resource,
        "name": metric.metric,
        "aggregation": metric.aggregation,
        "by": dict(metric.by),
        "only": dict(metric.only),
        "grain": query.grain,
        "resources": list(query.resources),
    }
    return {"kind": "metric", **common, "metric": asked}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "column": verdict.column,
        "fail_above": _quantity(verdict.fail_above),
        "warn_above": _quantity(verdict.warn_above),
        "fail_below": _quantity(verdict.fail_below),
        "warn_below": _quantity(verdict.warn_below),
        "empty": verdict.empty.value,
        "empty_because": _text(verdict.empty_because),
        "source": _source(verdict.source),
    }


def _quantity(limit: Quantity | None) -> dict[str, Any] | None:
    return {"value": limit.value, "unit": limit.unit.name.lower()} if limit is not None else None


def _source(source: Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    return {
        "sections": [{"number": section.number, "reading": section.reading} for section in sections_of(source)],
        "derived": _text(source.why) if isinstance(source, Derived) else None,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    failure, table = answer.failure, answer.table
    return {
        "status": answer.status.value,
        "failure": None
        if failure is None
        else {
            "code": failure.code,
            "message": failure.message,
            "line": failure.line,
            "todo": failure.todo,
            "ours": failure.ours,
        },
        "seconds": answer.seconds,
        "scanned": answer.scanned,
        "columns": None if table is None else [{"name": column.name, "type": column.type} for column in table.columns],
        "rows": None if table is None else table.rows,
    }
