"""The regular checks of the document, and the platform metrics that some of them read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from observability.model.place import Definition
from observability.model.query import Pack, Query, pack_of
from observability.model.signal import PlatformMetric
from observability.model.source import Source
from observability.model.text import Text
from observability.model.verdict import Verdict

METRIC_COLUMNS = {"minimum": "real", "average": "real", "maximum": "real", "latest": "real", "latest_at": "datetime"}


@dataclass(frozen=True, kw_only=True)
class MetricQuery(Definition):
    """A platform metric over the span that is asked for, read from Azure's metrics service and not from a table.

    Shape: one row for each resource and each value of the metric's dimensions: ``resource``, the names of
    ``metric.by``, then METRIC_COLUMNS over the points of one ``grain`` each; a point is the metric's ``aggregation``.
    Units: Azure's for the metric. ``resources`` are names where the metric's resource is several (replicas).
    """

    id: str
    title: Text
    metric: PlatformMetric
    grain: timedelta
    resources: tuple[str, ...] = ()
    source: Source | None = None
    look_for: Text | None = None
    verdict: Verdict | None = None
    caveat: Text | None = None

    @property
    def pack(self) -> str:
        return pack_of(self)

    @property
    def key(self) -> str:
        return f"{self.pack}/{self.id}"

    @property
    def columns(self) -> Mapping[str, str]:
        return {"resource": "string", **dict.fromkeys(self.metric.by, "string"), **METRIC_COLUMNS}


def reach(asked: Query | MetricQuery, packs: Iterable[Pack]) -> timedelta:
    """How far back it looks where nobody says. Raises StopIteration where ``packs`` lack its own."""
    if isinstance(asked, Query) and asked.span is not None:
        return asked.span
    return next(pack.span for pack in packs if pack.id == asked.pack)


@dataclass(frozen=True, kw_only=True)
class Item(Definition):
    """One line of the document's checklist: what is run for it, or who has to look.

    ``title`` is the document's own line, ``takes`` the time it gives. ``steps`` are run in order and judged by their
    verdicts. ``by_hand`` says what no data source answers, and who must look where.
    """

    id: str
    title: Text
    steps: tuple[Query | MetricQuery, ...] = ()
    by_hand: Text | None = None
    takes: timedelta | None = None
    source: Source | None = None

    @property
    def pack(self) -> str:
        return pack_of(self)

    @property
    def key(self) -> str:
        return f"{self.pack}/{self.id}"
