"""Every definition says where it comes from, in both languages, and hangs together."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from observability.catalog import Catalogue
from observability.checks.kql_tokens import split, tokens_of, tree
from observability.model.alert import Alert, Slo
from observability.model.errors import Problem
from observability.model.finding import Finding
from observability.model.query import Kql, Param, Query
from observability.model.signal import Engine
from observability.model.source import Derived, Source, sections_of
from observability.model.text import Text
from observability.model.units import Unit, number
from observability.render.kql import AGE, BIN_SIZE, aggregates

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SNAKES = frozenset({"signal", "instrument"})
_IN_A_PACK = frozenset({"query", "item"})
_WORD = re.compile(r"\w+")


def check(catalogue: Catalogue, sections: Mapping[str, Text], findings: tuple[Finding, ...]) -> Iterator[Problem]:
    """Problems of names, sources, texts, parameters and limits."""
    readings = {finding.id for finding in findings}
    for kind, name, definition in catalogue.everything():
        where = str(definition.place)
        # The file is part of a query's key, and not of the name that somebody chose.
        chosen = name.rsplit("/", 1)[-1] if kind in _IN_A_PACK else name
        if not (_SNAKE if kind in _SNAKES else _SLUG).fullmatch(chosen):
            words = "lower case words joined by " + ("_" if kind in _SNAKES else "-")
            yield Problem(where, kind, name, "is not a name of this project", f"use {words}")
        yield from source(where, kind, name, getattr(definition, "source", None), sections, readings)
        yield from empty_texts(where, kind, name, vars(definition))
    known = {
        id(each) for each in (*catalogue.signals, *catalogue.queries, *catalogue.metric_queries, *catalogue.actions)
    }
    for alert in catalogue.alerts:
        yield from source(str(alert.place), "alert severity", alert.id, alert.severity_source, sections, readings)
        for wrong, todo in (*_alert(alert, known), *_params_of(alert), *limit(alert)):
            yield Problem(str(alert.place), "alert", alert.id, wrong, todo)
    for slo in catalogue.slos:
        for wrong, todo in _slo(slo, known):
            yield Problem(str(slo.place), "slo", slo.id, wrong, todo)
    for signal in catalogue.signals:
        for wrong, todo in _measure(signal.kql) if signal.kql else ():
            yield Problem(str(signal.place), "signal", signal.name, wrong, todo)
    for query in catalogue.queries:
        for wrong, todo in _query(query):
            yield Problem(str(query.place), "query", query.key, wrong, todo)
    yield from _packs(catalogue)


def source(
    where: str, kind: str, name: str, given: Source | None, sections: Mapping[str, Text], readings: set[str]
) -> Iterator[Problem]:
    """Problems of where a number comes from."""
    if given is None:
        todo = 'add source=Section("...") or Derived(Text(...), (Section("..."),))'
        yield Problem(where, kind, name, "has no source", todo)
    if isinstance(given, Derived):
        yield from empty_texts(where, kind, name, {"source": given.why})
    for section in sections_of(given):
        if section.number not in sections:
            wrong = f"the document has no section '{section.number}'"
            yield Problem(where, kind, name, wrong, "name the heading's number")
        if section.reading is not None and section.reading not in readings:
            wrong = f"there is no finding '{section.reading}'"
            yield Problem(where, kind, name, wrong, "see `tripobs findings` for those there are")


def empty_texts(where: str, kind: str, name: str, fields: Mapping[str, object]) -> Iterator[Problem]:
    """Problems of texts that are missing in a language."""
    for field, text in fields.items():
        if isinstance(text, Text):
            for lang, words in (("ko", text.ko), ("en", text.en)):
                if not words.strip():
                    yield Problem(where, kind, name, f"{field} is empty in '{lang}'", "say it in both languages")


def _alert(alert: Alert, known: set[int]) -> Iterator[tuple[str, str]]:
    if (alert.above is None) == (alert.below is None):
        yield "needs exactly one limit", "give above=... or below=..."
    if not alert.actions:
        yield "tells nobody", "give actions=(...) from alerts/actions.py"
    for action in dict.fromkeys(alert.actions):
        if alert.actions.count(action) > 1:
            yield f"tells '{action.id}' twice", "name each action once"
        if id(action) not in known:
            yield f"tells '{action.id}', which is in no file of alerts/", "move the action to alerts/actions.py"
    if not alert.first_steps:
        yield "has no first steps", "give first_steps=(...) from the packs under kql/"
    for step in alert.first_steps:
        if isinstance(step, Query) and (not step.runnable or step.verbatim):
            yield f"first step '{step.key}' cannot answer here", "use a query that runs"
        if id(step) not in known:
            yield f"first step '{step.key}' is in no file of kql/", "move the query to a pack under kql/"
    if not alert.resolves and alert.engine is not Engine.LOG:
        wrong = f"says when somebody may close it, and on engine '{alert.engine.value}' every alert resolves by itself"
        yield wrong, "use engine 'log', or drop closed_when"
    if alert.first_steps and all(step.caveat is not None for step in alert.first_steps):
        # The page says the caveats, and still has to hold something that answers whatever is switched on.
        yield "has no first step that surely answers: each has a caveat", "add one without"
    if id(alert.watches) not in known:
        wrong = f"watches signal '{alert.watches.name}', which is in no file of observability/signals/"
        yield wrong, "move it there, so that it is checked too"
    if alert.engine not in alert.watches.engines:
        has = ", ".join(f"'{engine.value}'" for engine in alert.watches.engines) or "none"
        wrong = f"signal '{alert.watches.name}' cannot be read on engine '{alert.engine.value}'"
        yield wrong, f"it can be on {has}"


def causes(catalogue: Catalogue) -> Iterator[Problem]:
    """Alerts that name a cause which is none."""
    ids = [alert.id for alert in catalogue.alerts]
    for alert in catalogue.alerts:
        for wrong, todo in _causes(alert, ids):
            yield Problem(str(alert.place), "alert", alert.id, wrong, todo)


def _causes(alert: Alert, alerts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for cause in dict.fromkeys(alert.causes):
        if cause == alert.id:
            yield "names itself as its cause", "name another alert, or none"
        elif cause not in alerts:
            near = difflib.get_close_matches(cause, alerts, 1)
            todo = f"did you mean '{near[0]}'?" if near else "`tripobs list alert` lists those there are"
            yield f"names cause '{cause}', which is no alert", todo
        elif alert.causes.count(cause) > 1:
            yield f"names cause '{cause}' twice", "name it once"


def _params_of(alert: Alert) -> Iterator[tuple[str, str]]:
    known = alert.watches.kql.params if alert.watches.kql and alert.engine is Engine.LOG else {}
    for name, value in alert.params.items():
        if name not in known:
            allowed = ", ".join(f"'{param}'" for param in known) or "none"
            wrong = f"signal '{alert.watches.name}' has no parameter '{name}' on engine '{alert.engine.value}'"
            yield wrong, f"its parameters are {allowed}"
        elif _sort(value) != _sort(known[name]):
            yield f"parameter '{name}' is a {_sort(value)}", f"the signal's own is a {_sort(known[name])}"
    recent = alert.watches.kql.recent if alert.watches.kql and alert.engine is Engine.LOG else ()
    for window in recent:
        if window >= alert.window:
            yield (
                f"looks at '{window}' inside a window of '{alert.window}'",
                "give the alert the longest window",
            )
    for name in alert.watches.kql.floors if alert.watches.kql and alert.engine is Engine.LOG else ():
        if name not in alert.params:
            yield f"does not say its '{name}', the floor against noise", f'give params={{"{name}": ...}}'


def _sort(value: Param) -> str:
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, (int, float)):
        return "number"
    return "timespan" if isinstance(value, timedelta) else "text"


def limit(alert: Alert) -> Iterator[tuple[str, str]]:
    limit, unit = alert.limit, alert.watches.unit
    if limit is None:
        return
    if limit.unit.dimension != unit.dimension:
        yield (
            f"limit '{limit}' is in {limit.unit.name.lower()}, signal '{alert.watches.name}' in {unit.name.lower()}",
            f"give the limit in {unit.name.lower()}",
        )
        return
    if not math.isfinite(limit.value):
        yield f"limit '{limit.value}' is no number to compare with", "give a finite number"
        return
    passed = _passed(limit.to(unit), unit, alert.above is not None)
    if passed is not None:
        top = f"'{number(unit.highest)}'" if unit.highest is not None else "no upper end"
        runs = f"{alert.watches.name} runs from '{number(unit.lowest)}' to {top}"
        yield f"limit '{limit}' {passed}: {runs}", "choose a limit inside that range"


def _passed(value: float, unit: Unit, above: bool) -> str | None:
    """What is wrong with a limit that no value, or every value, of the unit is beyond."""
    highest = math.inf if unit.highest is None else unit.highest
    if value >= highest if above else value <= unit.lowest:
        return "can never be passed"
    if value < unit.lowest if above else value > highest:
        return "is always passed"
    return None


def _slo(slo: Slo, known: set[int]) -> Iterator[tuple[str, str]]:
    if not 0 < slo.objective < 1:
        yield f"objective '{number(slo.objective)}' leaves no budget to count", "give a share between 0 and 1: 0.999"
    if slo.period <= timedelta():
        yield f"period '{slo.period}' is not a time", "give period=days(...)"
    if slo.watches is None:
        return
    if not slo.watches.runnable or slo.watches.caveat is not None:
        yield f"query '{slo.watches.key}' cannot answer here", "use a query that runs"
    if id(slo.watches) not in known:
        yield f"query '{slo.watches.key}' is in no file of kql/", "move the query to a pack under kql/"


def _measure(measure: Kql) -> Iterator[tuple[str, str]]:
    if BIN_SIZE in measure.params:
        yield f"parameter '{BIN_SIZE}' hides the window's own", "give it another name"
    used = {word for piece in (measure.rows, measure.summarize, measure.result) for word in _WORD.findall(piece)}
    used.update(word for expression in measure.by.values() for word in _WORD.findall(expression))
    yield from _unused(measure.params, used)
    if measure.recent:
        yield from _recent(measure)
    for piece, text in (("summarize", measure.summarize), *(("by", text) for text in measure.by.values())):
        if "//" in text:
            yield f"{piece} holds '//', which may hide what is put behind it", "say it in a Python comment"


def _recent(measure: Kql) -> Iterator[tuple[str, str]]:
    """What keeps a measure from being taken over several windows."""
    if list(measure.recent) != sorted(set(measure.recent)):
        yield "its recent windows do not rise", "sort them and name each once"
    if len(aggregates(measure)) != len(split(tree(tokens_of(measure.summarize)), ",")):
        yield (
            "has recent windows and aggregates that cannot be added up",
            "use name = sum, sumif, count or countif alone",
        )
    if AGE in measure.by:
        yield f"splits by '{AGE}', which tells the windows apart", "give it another name"


def _query(query: Query) -> Iterator[tuple[str, str]]:
    if not query.runnable and query.caveat is None:
        yield "is not runnable and does not say why", "add caveat=Text(...)"
    if query.runnable and not query.columns:
        yield "declares no columns", 'add columns={"name": "type", ...}'
    yield from _unused(query.params, set(_WORD.findall(query.text)))


def _unused(params: Mapping[str, Param], used: set[str]) -> Iterator[tuple[str, str]]:
    for name in params:
        if name not in used:
            yield f"parameter '{name}' is not in its text", "use it there, or drop it"


def _packs(catalogue: Catalogue) -> Iterator[Problem]:
    for pack in catalogue.packs:
        yield from empty_texts(str(pack.place), "pack", pack.place.file, vars(pack))
    packs = {pack.place.file for pack in catalogue.packs}
    inside = (*catalogue.queries, *catalogue.metric_queries, *catalogue.items)
    for file in sorted({each.place.file for each in inside} - packs):
        todo = "add PACK = Pack(title=Text(ko=..., en=...))"
        yield Problem(file, "pack", file, "the file has queries and no PACK", todo)
