"""The objectives: what is left of each budget, how fast it burns, and what burns it."""

from alerts import slo as objectives
from alerts.burn_rate import budget
from kql.slo import PERIOD
from observability.model.alert import Slo
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Panel, Row
from observability.model.signal import Engine, Signal
from observability.model.source import Section, Source
from observability.model.text import Text
from observability.model.units import Quantity, Unit, hours, percent, span
from observability.signals import slo

_MONTH = span(PERIOD)


def _allowed(objective: Slo) -> Goal:
    """The share of bad events that uses a month's budget up in exactly a month."""
    assert objective.source is not None  # checked for every definition
    return Goal(
        title=Text(ko="허용 비율", en="Allowed share"),
        value=percent(Quantity(budget(objective), Unit.RATIO).to(Unit.PERCENT)),
        bound=Bound.BELOW,
        source=objective.source,
    )


def _used_up(source: Source) -> Goal:
    return Goal(title=Text(ko="예산 없음", en="Nothing left"), value=percent(0), bound=Bound.ABOVE, source=source)


def _left(signal: Signal, kind: Kind) -> Panel:
    assert signal.source is not None  # checked for every definition
    goals = (_used_up(signal.source),)
    if kind is Kind.STAT:
        return Panel(title=signal.title, shows=signal, kind=kind, goals=goals, width=8, height=5)
    return Panel(title=signal.title, shows=signal, goals=goals, last=_MONTH, step=hours(6), width=8)


def _bad(signal: Signal, objective: Slo, engine: Engine, width: int) -> Panel:
    return Panel(title=signal.title, shows=signal, engine=engine, goals=(_allowed(objective),), width=width)


DASHBOARD = Dashboard(
    id="tripgen-slo",
    title=Text(ko="tripgen · 목표와 오류 예산", en="tripgen · Objectives and error budgets"),
    description=Text(
        ko="한 달의 목표마다 남은 오류 예산, 줄어드는 속도, 그 원인. 예산 정책은 각 알림의 런북에 있습니다.",
        en="For each objective of a month: the error budget left, how fast it burns, and on what. The budget policy is in the "
        "runbook of each alert.",
    ),
    source=Section("13.1.1"),
    # What is asked of thirty days need not be asked every minute.
    refresh="15m",
    last="24h",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=tuple(_left(signal, Kind.STAT) for signal in objectives.BUDGETS),
        ),
        Row(
            title=Text(ko=f"남은 예산 ({_MONTH})", en=f"Budget left ({_MONTH})"),
            panels=tuple(
                Panel(title=each.title, shows=each, kind=Kind.TABLE, width=8, height=6)
                for each in (objectives.AVAILABILITY, objectives.ERRORS, objectives.API_LATENCY)
            ),
        ),
        Row(
            title=Text(ko="소진 속도", en="How fast it burns"),
            panels=tuple(
                Panel(title=burn.title, shows=burn, line_of=(alert.id,), width=12)
                for burn, alert in (
                    (objectives.ERRORS_SLOW, objectives.ERRORS_TICKET),
                    (objectives.CACHE_SLOW, objectives.CACHE_TICKET),
                    (objectives.ITINERARIES_FAST, objectives.ITINERARIES_PAGE),
                    (objectives.ITINERARIES_SLOW, objectives.ITINERARIES_TICKET),
                )
            ),
        ),
        Row(
            title=Text(ko="무엇이 예산을 쓰는가", en="What uses the budget"),
            panels=(
                _bad(slo.CHECKS_FAILED, objectives.AVAILABILITY, Engine.LOG, 8),
                _bad(slo.REQUESTS_FAILED, objectives.ERRORS, Engine.LOG, 8),
                _bad(slo.API_REQUESTS_LATE, objectives.API_LATENCY, Engine.LOG, 8),
                _bad(slo.ITINERARIES_LATE, objectives.ITINERARIES, Engine.PROMETHEUS, 12),
                _bad(slo.CACHE_MISSED, objectives.CACHE, Engine.PROMETHEUS, 12),
            ),
        ),
        Row(
            title=Text(ko="지난 한 달", en="Over the month"),
            panels=tuple(_left(signal, Kind.TIMESERIES) for signal in objectives.BUDGETS),
        ),
    ),
)
