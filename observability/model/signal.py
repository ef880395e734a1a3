"""What is measured, and on which engines it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from observability.model.place import Definition
from observability.model.query import Kql
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Unit

RECORDED_EVERY = timedelta(minutes=1)
"""How often recording rules are evaluated; a sample of one stands for so long."""


class Engine(Enum):
    """Who evaluates: Azure log search, Azure platform metrics, or managed Prometheus."""

    LOG = "log"
    METRIC = "metric"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, kw_only=True)
class PromQL:
    """A PromQL expression; ``$window`` in a range is replaced by the reader's own window.

    ``by`` names the labels that the result keeps; ``reads`` are the recorded signals in it, which are there only once
    their own rules have been evaluated.
    """

    expr: str
    by: tuple[str, ...] = ()
    reads: tuple[Signal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlatformMetric:
    """A metric that Azure itself emits for ``resource`` (a key of the design's resources).

    ``by`` maps our names to Azure's dimension names; ``only`` keeps one value of a dimension.
    """

    resource: str
    metric: str
    aggregation: str
    by: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)


class InstrumentKind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True)
class Instrument(Definition):
    """A metric family that the exporter emits, under its Prometheus name.

    ``bounds`` are a histogram's upper bounds in its unit, without +Inf. A counter's name ends in ``_total``.
    """

    name: str
    kind: InstrumentKind
    unit: Unit
    help: Text
    source: Source | None = None
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query can use."""
        if self.kind is InstrumentKind.HISTOGRAM:
            return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
        return (self.name,)


@dataclass(frozen=True, kw_only=True)
class Signal(Definition):
    """One thing that is measured, in ``unit``, on one engine or several.

    ``recorded`` makes a Prometheus recording rule over five minutes, the names of document 8.2.2. The rule is named
    as the signal, or ``recorded_as``: two signals with different labels may be one metric of the document.
    """

    name: str
    title: Text
    unit: Unit
    help: Text
    source: Source | None = None
    kql: Kql | None = None
    promql: PromQL | None = None
    metric: PlatformMetric | None = None
    recorded: bool = False
    recorded_as: str = ""

    @property
    def record(self) -> str:
        """The name of the signal's recording rule, if it is recorded."""
        return self.recorded_as or self.name

    @property
    def engines(self) -> tuple[Engine, ...]:
        given = ((Engine.LOG, self.kql), (Engine.METRIC, self.metric), (Engine.PROMETHEUS, self.promql))
        return tuple(engine for engine, how in given if how is not None)

    def by(self, engine: Engine) -> tuple[str, ...]:
        """The names this signal is split by on ``engine``."""
        if engine is Engine.LOG:
            return tuple(self.kql.by) if self.kql else ()
        if engine is Engine.METRIC:
            return tuple(self.metric.by) if self.metric else ()
        return self.promql.by if self.promql else ()


def selector(metric: str, /, *, but: Mapping[str, str] | None = None, **labels: str) -> str:
    """``metric{label="value",other!="value"}`` with the values quoted as PromQL wants them."""
    parts = [f'{name}="{_escape(value)}"' for name, value in sorted(labels.items())]
    parts += [f'{name}!="{_escape(value)}"' for name, value in sorted((but or {}).items())]
    return f"{metric}{{{','.join(parts)}}}" if parts else metric


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
