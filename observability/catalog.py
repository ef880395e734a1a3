"""Every definition of the project, found by where it stands: nothing is registered in a second place."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from observability.model.alert import Action, Alert, Slo, Suppression, WebTest
from observability.model.checklist import Item, MetricQuery
from observability.model.dashboard import Dashboard, Mark
from observability.model.errors import DefinitionError, Problem
from observability.model.place import ROOT, Definition
from observability.model.query import GraphQuery, Pack, Query
from observability.model.signal import Instrument, Signal

_MODEL = ROOT / "observability" / "model"
PACKAGES = ("observability.signals", "kql", "alerts", "dashboards")


@dataclass(frozen=True)
class Catalogue:
    """All definitions by kind, in the order of their files. ``problems`` are those met while loading."""

    signals: tuple[Signal, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    packs: tuple[Pack, ...] = ()
    queries: tuple[Query, ...] = ()
    graph_queries: tuple[GraphQuery, ...] = ()
    metric_queries: tuple[MetricQuery, ...] = ()
    items: tuple[Item, ...] = ()
    actions: tuple[Action, ...] = ()
    alerts: tuple[Alert, ...] = ()
    slos: tuple[Slo, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    web_tests: tuple[WebTest, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    marks: tuple[Mark, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    def everything(self) -> Iterator[tuple[str, str, Definition]]:
        """(kind, name, definition) of all that has a name of its own."""
        for signal in self.signals:
            yield "signal", signal.name, signal
        for instrument in self.instruments:
            yield "instrument", instrument.name, instrument
        for query in self.queries:
            yield "query", query.key, query
        # People name both alike when they run one.
        for metric_query in self.metric_queries:
            yield "query", metric_query.key, metric_query
        for item in self.items:
            yield "item", item.key, item
        for kind, listed in (
            ("action", self.actions),
            ("alert", self.alerts),
            ("slo", self.slos),
            ("suppression", self.suppressions),
            ("web test", self.web_tests),
            ("dashboard", self.dashboards),
            ("graph query", self.graph_queries),
        ):
            for definition in listed:
                yield kind, definition.id, definition


_FIELDS: dict[type[Definition], str] = {
    Signal: "signals",
    Instrument: "instruments",
    Pack: "packs",
    Query: "queries",
    GraphQuery: "graph_queries",
    MetricQuery: "metric_queries",
    Item: "items",
    Action: "actions",
    Alert: "alerts",
    Slo: "slos",
    Suppression: "suppressions",
    WebTest: "web_tests",
    Dashboard: "dashboards",
    Mark: "marks",
}


def _modules(root: Path, package: str) -> list[str]:
    folder = root.joinpath(*package.split("."))
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _values(module: object) -> Iterator[Definition]:
    for value in vars(module).values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Definition):
                yield item


def _broken(root: Path, package: str, stem: str, error: Exception) -> Problem:
    """The problem behind a module that does not load, at the deepest line of a definition.

    The model's own lines are passed over: they only refuse what a definition gave them.
    """
    lines: list[tuple[Path, int | None]] = [
        (Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        lines.append((Path(error.filename), error.lineno))
    where = f"{package.replace('.', '/')}/{stem}.py"
    for file, line in lines:
        if file.is_relative_to(root) and not file.is_relative_to(_MODEL):
            where = f"{file.relative_to(root)}:{line}"
    # Only the first letter in lower case: the rest holds names, which people search for as they are written.
    said = str(error)[:1].lower() + str(error)[1:] or type(error).__name__
    return Problem(where, "module", f"{package}.{stem}", said.splitlines()[0], "mend the definition at this line")


def load(packages: Iterable[str] = PACKAGES, root: Path = ROOT) -> Catalogue:
    """Import every module of the packages, which lie in ``root``, and collect the definitions in them.

    A module that does not load becomes a problem and the rest is still loaded, so that all problems are seen at once.
    """
    found: dict[str, list[Definition]] = {name: [] for name in _FIELDS.values()}
    seen: set[int] = set()
    problems: list[Problem] = []
    for package in packages:
        for stem in _modules(root, package):
            try:
                module = importlib.import_module(f"{package}.{stem}")
            except DefinitionError as error:
                # It names the definition itself; each module that imports the broken one meets it again.
                problems += [each for each in error.problems if each not in problems]
                continue
            except Exception as error:  # any failure of a definitions file is the same to whoever mends it
                problems.append(_broken(root, package, stem, error))
                continue
            for value in _values(module):
                if id(value) not in seen and type(value) in _FIELDS:
                    seen.add(id(value))
                    found[_FIELDS[type(value)]].append(value)
    return build(found, problems)


def build(found: dict[str, list[Definition]], problems: Iterable[Problem] = ()) -> Catalogue:
    """A catalogue of these definitions; a name used twice is a problem that names both places."""
    fields = {name: tuple(values) for name, values in found.items()}
    catalogue = Catalogue(**fields)  # type: ignore[arg-type]  # each list holds the type its name says
    return Catalogue(**fields, problems=(*problems, *_repeated(catalogue)))  # type: ignore[arg-type]  # as above


def _repeated(catalogue: Catalogue) -> Iterator[Problem]:
    first: dict[tuple[str, str], Definition] = {}
    for kind, name, definition in catalogue.everything():
        other = first.setdefault((kind, name), definition)
        if other is not definition:
            yield Problem(
                str(definition.place),
                kind,
                name,
                f"the name is already used in {other.place}",
                "give one of the two another name",
            )
