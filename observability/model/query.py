"""KQL as data: whole queries that people run, and measures that alerts and panels share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from observability.model.place import Definition
from observability.model.source import Source
from observability.model.text import Text
from observability.model.units import Unit
from observability.model.verdict import Verdict

Param = timedelta | bool | int | float | str
"""A query parameter; render/kql.py writes it as one ``let`` literal and never splices it into the text."""


def pack_of(definition: Definition) -> str:
    """A pack's id, from the name of the file that the definition stands in."""
    return definition.place.file.rsplit("/", 1)[-1].removesuffix(".py").replace("_", "-")


@dataclass(frozen=True, kw_only=True)
class Pack(Definition):
    """The queries of one file under kql/; its id is the file's name with ``-`` for ``_``.

    ``span`` is how far back it looks where nobody says.
    """

    title: Text
    span: timedelta = timedelta(days=1)

    @property
    def id(self) -> str:
        return pack_of(self)


@dataclass(frozen=True, kw_only=True)
class Query(Definition):
    """A whole query, ready to run.

    ``columns`` are what it returns, name to KQL type, in order. ``verdict`` judges each row of them. ``span`` is how far
    back it has to look, where that is not how far its pack does. ``caveat`` says when the text answers nothing here, and
    ``runnable`` is False where Azure would refuse it: such a query is kept as a document, never deployed.
    """

    id: str
    title: Text
    text: str
    source: Source | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Param] = field(default_factory=dict)
    look_for: Text | None = None
    verdict: Verdict | None = None
    span: timedelta | None = None
    caveat: Text | None = None
    runnable: bool = True
    verbatim: bool = False

    @property
    def pack(self) -> str:
        return pack_of(self)

    @property
    def key(self) -> str:
        return f"{self.pack}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class GraphQuery(Definition):
    """A question to Azure Resource Graph, which knows how resources are set up and which alerts are open, now.

    Its dialect has no ``let``, so there are no parameters; ``${...}`` in the text is filled by the dashboard. ``unit``
    is that of the one number ``value``, where the answer is one.
    """

    id: str
    title: Text
    text: str
    source: Source | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    look_for: Text | None = None
    unit: Unit | None = None


@dataclass(frozen=True, kw_only=True)
class Kql:
    """A measure over log rows, in the pieces that a window and a chart put together differently.

    ``rows`` names one table and filters it; ``summarize`` lists the aggregates; ``by`` maps the columns it is
    split by to their expressions; ``result`` turns the aggregates into one numeric column ``value``.

    An alert takes the whole window as one bin, without a time column: Azure evaluates at any minute, and
    ``bin()`` would cut the window into two partial bins with half the rows each. A chart adds the time bin.

    ``floors`` names the parameters that keep noise from paging: a chart takes their defaults, an alert has to set them.

    ``recent`` are shorter windows that end with the whole one: each aggregate is there for each of them too, with the
    window behind its name (``bad_5m``), which needs aggregates that can be added up. Such a measure has no chart.
    """

    rows: str
    summarize: str
    by: Mapping[str, str] = field(default_factory=dict)
    result: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    floors: tuple[str, ...] = ()
    recent: tuple[timedelta, ...] = ()
