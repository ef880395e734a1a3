"""A replay as one HTML file: the timeline, a chart of each alert that fired, nothing loaded from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from observability.model.text import Lang
from observability.query.show import html
from observability.query.times import kst
from observability.replay import show
from observability.replay.charts import HEIGHT, WIDTH, Chart, chart
from observability.replay.show import Shown

TEMPLATES = Path(__file__).with_name("templates")


def page(shown: Shown, lang: Lang) -> str:
    """The whole page."""
    sheet = f"{html.style()}\n{_extra()}"
    text: str = _template().render(
        lang=lang,
        ko=lang == "ko",
        shown=shown,
        scenario=shown.scenario,
        timeline=shown.timeline,
        charts=charts(shown, lang),
        style=Markup(sheet),  # noqa: S704 - our own files
        policy=html.policy(sheet),
    )
    return text


def charts(shown: Shown, lang: Lang) -> list[tuple[str, str, Chart]]:
    """Id, title and chart of each alert that fired."""
    made = []
    timeline, scenario = shown.timeline, shown.scenario
    for alert_id, series in timeline.charts.items():
        alarms = [alarm for alarm in timeline.alarms if alarm.rule.alert.id == alert_id]
        alert = alarms[0].rule.alert
        fault = (scenario.begins, scenario.ends) if scenario is not None else None
        drawn = chart(alert, series, alarms, (timeline.start, timeline.end), fault, lang)
        made.append((alert_id, alert.title.get(lang), drawn))
    return made


@cache
def _extra() -> str:
    return (TEMPLATES / "replay.css").read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    made = html.environment(TEMPLATES)
    made.globals.update(
        kst=kst,
        ended=show.ended,
        unread=show.unread,
        beyond=show.beyond,
        quiet=show.quiet,
        not_judged=show.not_judged,
        told=show.told,
        dims_of=show.dims_of,
        who=show.who,
        over=show.over,
        value_of=show.value_of,
        limit_of=show.limit_of,
        WIDTH=WIDTH,
        HEIGHT=HEIGHT,
    )
    return made.get_template("replay.html.j2")
