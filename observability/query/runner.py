"""Packs and queries: found by name, asked of a backend, judged."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from observability.catalog import Catalogue
from observability.model.checklist import Item, MetricQuery
from observability.model.query import Pack, Param, Query
from observability.query.answers import Answer, Ask, Backend, Said, Span
from observability.query.errors import WrongArgument
from observability.query.report import Part, Report, Step
from observability.query.verdicts import judge
from observability.render import kql

Asked = Query | MetricQuery
_NEAREST = 3


def queries(catalogue: Catalogue) -> dict[str, Asked]:
    """Everything that can be asked, by ``pack/id``."""
    every: tuple[Asked, ...] = (*catalogue.queries, *catalogue.metric_queries)
    return {asked.key: asked for asked in every}


def find(catalogue: Catalogue, name: str) -> Asked:
    """The query of that key, or of that id where one pack alone has it. Raises WrongArgument with the nearest names."""
    known = queries(catalogue)
    if name in known:
        return known[name]
    named = [asked for asked in known.values() if asked.id == name]
    if len(named) == 1:
        return named[0]
    if named:
        raise WrongArgument(f"query '{name}': is in several packs; say which: {', '.join(each.key for each in named)}")
    raise WrongArgument(f"query '{name:.60}': there is none of that name; {nearest(name, known)}")


def find_pack(catalogue: Catalogue, name: str) -> Pack:
    """Raises WrongArgument with the nearest names."""
    known = {pack.id: pack for pack in catalogue.packs}
    if name not in known:
        raise WrongArgument(f"pack '{name:.60}': there is none of that name; {nearest(name, known)}")
    return known[name]


def items_of(catalogue: Catalogue, pack: Pack) -> list[Item]:
    """The items of a checklist; empty where the pack is none."""
    return [item for item in catalogue.items if item.pack == pack.id]


def of_pack(catalogue: Catalogue, pack: Pack) -> tuple[Asked, ...]:
    """What a pack holds: its own queries, texts that cannot be run too; of a checklist, what its items run, each once."""
    if items := items_of(catalogue, pack):
        return tuple({step.key: step for item in items for step in item.steps}.values())
    return tuple(asked for asked in queries(catalogue).values() if asked.pack == pack.id)


def nearest(name: str, known: Mapping[str, object]) -> str:
    """What to say instead of ``name``: the three names of ``known`` (ids, or keys with a pack in front) next to it."""
    short = {key.rpartition("/")[2]: key for key in known}
    pool = [*known, *short]
    close = difflib.get_close_matches(name, pool, n=_NEAREST * 2, cutoff=0.0)
    named = list(dict.fromkeys(short.get(each, each) for each in close))[:_NEAREST]
    return f"did you mean {', '.join(named)}?"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pack will ask: its checklist's items with their steps, or all of its queries."""

    pack: Pack
    parts: tuple[tuple[Item | None, tuple[Asked, ...]], ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Each query once, though several items lean on it."""
        return tuple({step.key: step for _, steps in self.parts for step in steps}.values())


def plan(catalogue: Catalogue, pack: Pack) -> Plan:
    """The plan of a pack. Raises WrongArgument where nothing of it can be run."""
    if items := items_of(catalogue, pack):
        return Plan(pack, tuple((item, item.steps) for item in items))
    inside = tuple(asked for asked in of_pack(catalogue, pack) if not (isinstance(asked, Query) and not asked.runnable))
    if not inside:
        raise WrongArgument(f"pack '{pack.id}': none of its queries can be run; see tripobs kql list")
    return Plan(pack, ((None, inside),))


def ask_of(asked: Asked, given: Mapping[str, Param]) -> Ask:
    """The query with its parameters bound."""
    if isinstance(asked, MetricQuery):
        return Ask(asked.key, metric=asked, columns=asked.columns)
    return Ask(asked.key, kql.query(asked, given), columns=asked.columns)


def run(
    planned: Plan,
    backend: Backend,
    span: Span,
    given: Mapping[str, Param],
    *,
    said: Said,
    stop: Event,
    now: datetime,
) -> Report:
    """Ask all of a pack at once and judge what came back. Raises SourceUnavailable."""
    asks = [ask_of(asked, given) for asked in planned.asked]
    answers = dict(zip((ask.key for ask in asks), backend.ask(asks, span, said=said, stop=stop), strict=True))
    texts = {ask.key: ask.text for ask in asks}
    parts = tuple(
        Part(item, tuple(_step(step, texts[step.key], answers[step.key]) for step in steps))
        for item, steps in planned.parts
    )
    return Report(planned.pack.id, planned.pack.title, span, backend.name, now, parts)


def run_one(asked: Asked, backend: Backend, span: Span, given: Mapping[str, Param], *, said: Said, stop: Event) -> Step:
    """Ask one query. Raises SourceUnavailable."""
    ask = ask_of(asked, given)
    return _step(asked, ask.text, backend.ask([ask], span, said=said, stop=stop)[0])


def _step(asked: Asked, text: str, answer: Answer) -> Step:
    return Step(asked, text, answer, judge(asked, answer))
