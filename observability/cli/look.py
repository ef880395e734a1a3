"""`tripobs list`, `explain`, `where`, `findings`: what there is and where it comes from."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from observability.catalog import Catalogue, load
from observability.cli import main, terminal
from observability.design.document import SECTIONS
from observability.design.findings import FINDINGS
from observability.model.alert import Alert
from observability.model.finding import Finding
from observability.model.place import Definition
from observability.model.query import GraphQuery, Query
from observability.model.signal import Engine, Signal
from observability.model.source import Derived, Source, sections_of
from observability.model.text import Lang, Text
from observability.render import durations, kql, promql
from observability.render.words import cited_findings, closed_by_hand, condition_words, platform_metric, section_list


def _title(definition: Definition, lang: Lang) -> str:
    for field in ("title", "help"):
        text = getattr(definition, field, None)
        if isinstance(text, Text):
            return text.get(lang)
    return ""


def _detail(definition: Definition, lang: Lang) -> str:
    if isinstance(definition, Alert):
        return f"{condition_words(definition, lang)} (Sev{int(definition.severity)}, {definition.engine.value})"
    if isinstance(definition, Signal):
        return f"{_title(definition, lang)} [{', '.join(engine.value for engine in definition.engines)}]"
    return _title(definition, lang)


def _loaded() -> Catalogue:
    """The catalogue; modules that do not load are said on the error stream and the rest is shown."""
    catalogue = load()
    if catalogue.problems:
        terminal.problems(catalogue.problems)
    return catalogue


def listing(arguments: argparse.Namespace) -> int:
    """List definitions with their place."""
    lang: Lang = arguments.lang
    catalogue = _loaded()
    rows = [
        {
            "kind": kind.replace(" ", "-"),
            "id": name,
            "what": _detail(definition, lang),
            "section": section_list(sections_of(getattr(definition, "source", None))),
            "place": str(definition.place),
        }
        for kind, name, definition in catalogue.everything()
    ]
    rows += [
        {
            "kind": "finding",
            "id": f.id,
            "what": f.says.get(lang),
            "section": ", ".join(f.sections),
            "place": str(f.place),
        }
        for f in FINDINGS
    ]
    if arguments.kind:
        rows = [row for row in rows if row["kind"] == arguments.kind]
    elif not arguments.json:
        rows = [row for row in rows if row["kind"] not in ("finding", "instrument")]
    if arguments.json:
        terminal.show_json(rows)
    else:
        print(
            terminal.table(
                ("KIND", "ID", "SECTION", "WHAT"), ((r["kind"], r["id"], r["section"], r["what"]) for r in rows)
            )
        )
    return main.PROBLEMS if catalogue.problems else main.OK


def _find(catalogue: Catalogue, wanted: str) -> tuple[str, str, Definition] | None:
    exact = [found for found in catalogue.everything() if found[1] == wanted]
    if exact:
        return exact[0]
    last = [found for found in catalogue.everything() if found[1].rsplit("/", 1)[-1] == wanted]
    return last[0] if last else None


def _finding_named(wanted: str) -> Finding | None:
    return next((finding for finding in FINDINGS if finding.id == wanted.upper()), None)


def _unknown(catalogue: Catalogue, wanted: str) -> int:
    names = [name for _, name, _ in catalogue.everything()] + [finding.id for finding in FINDINGS]
    close = difflib.get_close_matches(wanted, names, 3, 0.4)
    way = f"did you mean {', '.join(close)}?" if close else "see `tripobs list`"
    print(f"tripobs: there is no '{wanted}'; {way}", file=sys.stderr)
    return main.USAGE


def where(arguments: argparse.Namespace) -> int:
    """Print file:line of a definition or a finding."""
    if (finding := _finding_named(arguments.id)) is not None:
        kind, name, place = "finding", finding.id, finding.place
    else:
        catalogue = _loaded()
        found = _find(catalogue, arguments.id)
        if found is None:
            return _unknown(catalogue, arguments.id)
        kind, name, place = found[0], found[1], found[2].place
    if arguments.json:
        terminal.show_json({"kind": kind, "id": name, "file": place.file, "line": place.line})
    else:
        print(place)
    return main.OK


def _source_lines(source: Source | None, lang: Lang) -> Iterator[str]:
    if isinstance(source, Derived):
        yield source.why.get(lang)
    for section in sections_of(source):
        title = SECTIONS.get(section.number)
        yield f"{section.number} {title.get(lang) if title else ''}" + (
            f" ({section.reading})" if section.reading else ""
        )


def _explained(kind: str, name: str, definition: Definition, lang: Lang) -> dict[str, Any]:
    source = getattr(definition, "source", None)
    out: dict[str, Any] = {
        "kind": kind,
        "id": name,
        "title": _title(definition, lang),
        "place": str(definition.place),
        "source": list(_source_lines(source, lang)),
    }
    cited = {section.reading for section in sections_of(source)}
    if isinstance(definition, Alert):
        out |= _alert(definition, lang)
        cited |= cited_findings(definition)
    elif isinstance(definition, Signal):
        out["unit"] = definition.unit.name.lower()
        out["help"] = definition.help.get(lang)
        out["query"] = _measured(definition)
    elif isinstance(definition, Query):
        out["columns"] = dict(definition.columns)
        out["query"] = kql.query(definition)
        out["page"] = f"generated/kql/{definition.key}.kql"
        if definition.caveat:
            out["caveat"] = definition.caveat.get(lang)
    elif isinstance(definition, GraphQuery):
        out["columns"] = dict(definition.columns)
        out["query"] = kql.graph(definition)
    out["findings"] = {f.id: f"{f.trouble.get(lang)} {f.done.get(lang)}" for f in FINDINGS if f.id in cited}
    return out


def _measured(signal: Signal) -> str:
    parts = []
    if signal.kql is not None:
        parts.append(kql.chart(signal.kql, "5m"))
    if signal.promql is not None:
        parts.append(promql.over(signal, "5m"))
    if signal.metric is not None:
        parts.append(platform_metric(signal.metric))
    return "\n\n".join(parts)


def _alert(alert: Alert, lang: Lang) -> dict[str, Any]:
    if alert.engine is Engine.LOG:
        query = kql.alert(alert)
    elif alert.engine is Engine.PROMETHEUS:
        query = promql.condition(alert)
    else:
        query = _measured(alert.watches)
    return {
        "condition": condition_words(alert, lang),
        "limit": str(alert.limit),
        "window": durations.iso(alert.window),
        "every": durations.iso(alert.every),
        "engine": alert.engine.value,
        "severity": int(alert.severity),
        "tells": [action.id for action in alert.actions],
        "meaning": alert.meaning.get(lang),
        "because": alert.because.get(lang),
        "severity_because": list(_source_lines(alert.severity_source, lang)),
        "query": query,
        "first_steps": [step.key for step in alert.first_steps],
        "causes": list(alert.causes),
        "closed_by_hand": closed_by_hand(alert, lang),
        "page": f"generated/runbooks/{alert.id}.md",
    }


def explain(arguments: argparse.Namespace) -> int:
    """Explain one definition."""
    if _finding_named(arguments.id) is not None:
        return findings(arguments)
    catalogue = _loaded()
    found = _find(catalogue, arguments.id)
    if found is None:
        return _unknown(catalogue, arguments.id)
    told = _explained(*found, arguments.lang)
    if arguments.json:
        terminal.show_json(told)
        return main.OK
    for name, value in told.items():
        if not value and value != 0:
            continue
        lines = _lines(value)
        if len(lines) == 1:
            print(f"{terminal.colour(f'{name:<17}', 'bold')}{lines[0]}")
        else:
            print(terminal.colour(name, "bold"))
            print("\n".join(f"  {line}" for line in lines))
    return main.OK


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {item}" for key, item in value.items()]
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value).splitlines()


def findings(arguments: argparse.Namespace) -> int:
    """Print the findings, all or one."""
    lang: Lang = arguments.lang
    chosen = [f for f in FINDINGS if not arguments.id or f.id == arguments.id.upper()]
    if not chosen:
        print(
            f"tripobs: there is no finding '{arguments.id}'; there are {FINDINGS[0].id} to {FINDINGS[-1].id}",
            file=sys.stderr,
        )
        return main.USAGE
    if arguments.json:
        terminal.show_json([_finding(finding, lang) for finding in chosen])
        return main.OK
    words = ("문서", "문제", "조치") if lang == "ko" else ("document", "trouble", "done")
    states = {"done": ("완료", "done"), "planned": ("예정", "planned"), "noted": ("참고", "noted")}
    for finding in chosen:
        state = states[finding.state][0 if lang == "ko" else 1]
        print(terminal.colour(f"{finding.id}  {', '.join(finding.sections)}  [{state}]", "bold"))
        for word, text in zip(words, (finding.says, finding.trouble, finding.done), strict=True):
            print(f"  {word}: {text.get(lang)}")
    return main.OK


def _finding(finding: Finding, lang: Lang) -> dict[str, Any]:
    return {
        "id": finding.id,
        "origin": finding.origin,
        "state": finding.state,
        "sections": list(finding.sections),
        "says": finding.says.get(lang),
        "trouble": finding.trouble.get(lang),
        "done": finding.done.get(lang),
    }


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": listing,
    "explain": explain,
    "where": where,
    "findings": findings,
}
