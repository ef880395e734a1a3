"""The pages, as artefacts below one folder: each opens from the disk, loads nothing, and is there in both languages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import orjson
from markupsafe import Markup

from observability import __version__
from observability.catalog import Catalogue
from observability.design.findings import FINDINGS
from observability.design.operations import SEVERITIES
from observability.model.alert import Alert
from observability.model.checklist import MetricQuery
from observability.model.coverage import By
from observability.model.query import Query
from observability.model.signal import Engine
from observability.model.source import sections_of
from observability.model.text import LANGS, Lang
from observability.output import Artefact
from observability.query.show import html
from observability.query.times import kst
from observability.render import durations, kql, promql
from observability.render.words import (
    cited_findings,
    closed_by_hand,
    condition_words,
    platform_metric,
    section_list,
    words_of,
)
from observability.replay import page as replay_page
from observability.replay import show
from observability.replay.charts import HEIGHT, WIDTH, Chart, chart
from observability.simulate.scenario import Scenario
from observability.site import facts, highlight
from observability.site.facts import Measured

_TEMPLATES = Path(__file__).with_name("templates")
PAGES = ("index", "scenarios", "signals", "queries", "dashboards", "coverage", "findings")
OTHER: dict[Lang, Lang] = {"ko": "en", "en": "ko"}


def build(catalogue: Catalogue, scenarios: tuple[Scenario, ...], measured: dict[str, Measured]) -> tuple[Artefact, ...]:
    """All pages, and a manifest last."""
    made = sorted(_pages(catalogue, scenarios, measured), key=lambda artefact: artefact.path)
    listed = [{"path": each.path, "kind": each.kind, "sha256": hashlib.sha256(each.body).hexdigest()} for each in made]
    body = {"generator": f"tripgen-observability {__version__}", "artefacts": listed}
    manifest = Artefact("manifest.json", "manifest", orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n", (), ())
    return (*made, manifest)


def _pages(catalogue: Catalogue, scenarios: tuple[Scenario, ...], measured: dict[str, Measured]) -> Iterator[Artefact]:
    yield _artefact("index.html", _render("start.html.j2", "ko", "", {}))
    for lang in LANGS:
        shared = {
            "catalogue": catalogue,
            "scenarios": scenarios,
            "measured": measured,
            "findings": FINDINGS,
            "coverage": facts.coverage(),
            "systems": sorted({facts.system_of(alert) for alert in catalogue.alerts}),
        }
        for name in PAGES:
            yield _artefact(f"{lang}/{name}.html", _render(f"{name}.html.j2", lang, f"{name}.html", shared))
        for alert in catalogue.alerts:
            mine = {
                **shared,
                "alert": alert,
                "one": measured[alert.id],
                "chart": _chart(alert, measured[alert.id], lang),
            }
            mine["finding_ids"] = cited_findings(alert)
            mine["level"] = SEVERITIES[int(alert.severity)]
            yield _artefact(
                f"{lang}/alert-{alert.id}.html", _render("alert.html.j2", lang, f"alert-{alert.id}.html", mine)
            )


def _artefact(path: str, text: str) -> Artefact:
    return Artefact(path, "page", text.encode(), (), ())


def _chart(alert: Alert, one: Measured, lang: Lang) -> Chart | None:
    played = one.shown
    if played is None:
        return None
    timeline, scenario = played.timeline, played.scenario
    return chart(
        alert, timeline.charts[alert.id], played.alarms, (timeline.start, timeline.end),
        (scenario.begins, scenario.ends), lang,
    )  # fmt: skip


def _query_of(alert: Alert) -> Markup:
    if alert.engine is Engine.LOG:
        return highlight.kql(kql.alert(alert))
    if alert.engine is Engine.PROMETHEUS:
        return highlight.promql(promql.condition(alert))
    metric = alert.watches.metric
    return highlight.promql(platform_metric(metric) if metric else "")


def _asked_of(query: Query | MetricQuery) -> Markup:
    return (
        highlight.kql(kql.query(query)) if isinstance(query, Query) else highlight.promql(platform_metric(query.metric))
    )


def _render(template: str, lang: Lang, path: str, given: dict[str, Any]) -> str:
    text: str = (
        _environment()
        .get_template(template)
        .render(
            lang=lang, ko=lang == "ko", path=path, other=OTHER[lang], style=Markup(_sheet()), script=Markup(_script()),  # noqa: S704 - our own files
            policy=html.policy(_sheet(), _script()), **given,
        )
    )  # fmt: skip
    return text


@cache
def _sheet() -> str:
    extra = (_TEMPLATES / "site.css").read_text(encoding="utf-8")
    drawing = (replay_page.TEMPLATES / "replay.css").read_text(encoding="utf-8")
    return f"{html.style()}\n{drawing}\n{extra}"


@cache
def _script() -> str:
    return (_TEMPLATES / "site.js").read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    made = html.environment(_TEMPLATES, replay_page.TEMPLATES)
    made.globals.update(
        kst=kst, short=durations.short, system_of=facts.system_of, engines_of=facts.engines_of, cost_class=facts.cost_class,
        condition=condition_words, closed_by_hand=closed_by_hand, words_of=words_of, query_of=_query_of, asked_of=_asked_of,
        promql_of=highlight.promql, took=durations.words, who=show.who, over=show.over, dims_of=show.dims_of, value_of=show.value_of,
        limit_of=show.limit_of, section_list=section_list, sections_of=sections_of, columns=tuple(By), WIDTH=WIDTH, HEIGHT=HEIGHT,
    )  # fmt: skip
    return made
