"""The one table of burn rates: how fast an error budget may go before somebody is told, on either engine.

After the SRE workbook, chapter 5: an alert looks at a long window, which says that it matters, and at a twelfth of it,
which says that it goes on; it fires when both burn faster than the pair's factor. The factor is the share of the
period's budget that would be gone at the end of the long window, in units of that window's own share of the period.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from observability.design.telemetry import TRACING_SAMPLING
from observability.model.alert import Example, Series, Slo
from observability.model.errors import DefinitionError, Problem
from observability.model.query import Kql
from observability.model.signal import RECORDED_EVERY, PromQL, Signal
from observability.model.text import Text
from observability.model.units import Quantity, Unit, days, hours, minutes, number, percent, span


@dataclass(frozen=True, slots=True)
class Pair:
    """Tell when ``share`` of the budget is gone within ``long``, and it still burns as fast over ``short``."""

    share: Quantity
    long: timedelta
    short: timedelta

    def factor(self, period: timedelta) -> float:
        """The burn rate: how many times as fast as the budget allows. 2 % in an hour of 30 days are 14.4."""
        return round(self.share.to(Unit.RATIO) * (period / self.long), 9)


PAGE = (Pair(percent(2), hours(1), minutes(5)), Pair(percent(5), hours(6), minutes(30)))
TICKET = (Pair(percent(10), days(1), hours(2)), Pair(percent(10), days(3), hours(6)))
# A log alert reads two days back and no further.
TICKET_OF_LOGS = TICKET[:1]

# Below so many failures that somebody saw nobody is told: at night they may be the whole traffic's one client. A counter of
# Prometheus is every event; of requests in the logs a row is kept in so many.
LEAST = 5
LEAST_OF_SAMPLED = round(LEAST / TRACING_SAMPLING.rate.to(Unit.RATIO))


def reachable(slo: Slo, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The pairs that an alert on the objective can look at. Raises DefinitionError where there is none."""
    pairs = tuple(pairs)
    if found := possible(slo, pairs):
        return found
    factors = sorted(pair.factor(slo.period) for pair in pairs)
    if not factors:
        wrong, todo = "is watched over no pair of windows", "give PAGE, TICKET or pairs of your own"
    else:
        listed = ", ".join(f"'{number(factor)}'" for factor in factors)
        wrong = f"objective '{number(slo.objective)}' leaves a budget that cannot burn {listed} times too fast"
        todo = f"give an objective above '{number(round(1 - 1 / factors[0], 6))}', or pairs with lower factors"
    raise DefinitionError([Problem(str(slo.place), "slo", slo.id, wrong, todo)])


def possible(slo: Slo, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Those that can be reached: a budget of a fifth cannot burn ten times as fast, even if all events are bad."""
    return tuple(pair for pair in pairs if pair.factor(slo.period) * budget(slo) < 1)


def budget(slo: Slo) -> float:
    """The share of events that may be bad: 0.001 of an objective of 0.999."""
    return round(1 - slo.objective, 12)


def _name(slo: Slo, pairs: tuple[Pair, ...], engine: str) -> str:
    windows = "_".join(span(pair.long) for pair in pairs)
    return f"{slo.id.replace('-', '_')}_burn_{windows}_{engine}"


def _signal(slo: Slo, pairs: tuple[Pair, ...], engine: str, kql: Kql | None, promql: PromQL | None) -> Signal:
    ko = ", ".join(f"{span(pair.long)} {number(pair.factor(slo.period))}배" for pair in pairs)
    en = ", ".join(f"{number(pair.factor(slo.period))}x over {span(pair.long)}" for pair in pairs)
    return Signal(
        name=_name(slo, pairs, engine),
        title=Text(ko=f"{slo.title.ko}: 예산 소진 속도", en=f"{slo.title.en}: budget burn"),
        unit=Unit.TIMES,
        help=Text(
            ko=f"오류 예산이 줄어드는 속도를 허용 속도({ko})로 나눈 값. 긴 구간과 짧은 구간 중 느린 쪽입니다.",
            en=f"How fast the error budget burns, of what is allowed ({en}); the slower of a long and a short window.",
        ),
        source=slo.source,
        kql=kql,
        promql=promql,
    )


def on_logs(slo: Slo, share: Signal, pairs: tuple[Pair, ...], *, floor: bool = True) -> Signal:
    """The burn on log rows: 1 is as fast as allowed; with a ``floor`` of bad events that the alert sets.

    Raises ValueError where the share cannot be read there.
    """
    if share.kql is None:
        raise ValueError(f"signal '{share.name}' has no KQL")
    pairs = reachable(slo, pairs)
    whole = max(pair.long for pair in pairs)
    recent = sorted({window for pair in pairs for window in (pair.long, pair.short)} - {whole})

    def bad_share(window: timedelta) -> str:
        end = "" if window == whole else f"_{span(window)}"
        # No event in the short window is no bad one: it burns nothing now.
        return f"todouble(bad{end}) / max_of(total{end}, 1)"

    burns = [
        f"min_of({bad_share(pair.long)}, {bad_share(pair.short)}) / (budget * factor_{span(pair.long)})"
        for pair in pairs
    ]
    listed = ",\n    ".join(burns)
    value = burns[0] if len(burns) == 1 else f"max_of(\n    {listed}\n)"
    factors = {f"factor_{span(pair.long)}": pair.factor(slo.period) for pair in pairs}
    measure = replace(
        share.kql,
        result=f"{'| where bad >= min_failed' if floor else ''}\n| extend value = {value}\n",
        params={**share.kql.params, "budget": budget(slo), **factors, **({"min_failed": 1} if floor else {})},
        floors=("min_failed",) if floor else (),
        recent=tuple(recent),
    )
    return _signal(slo, pairs, "log", measure, None)


def on_prometheus(slo: Slo, bad: Signal, total: Signal, pairs: tuple[Pair, ...]) -> Signal:
    """The burn from recorded rates: 1 is as fast as allowed; nothing where too few events were bad."""
    pairs = reachable(slo, pairs)
    by = bad.promql.by if bad.promql is not None else ()
    whole = max(pair.long for pair in pairs)

    def range_of(window: timedelta) -> str:
        return "$window" if window == whole else span(window)

    def burn(pair: Pair) -> str:
        long, short = (
            f"(sum_over_time({bad.record}[{window}]) / sum_over_time({total.record}[{window}]))"
            for window in (range_of(pair.long), range_of(pair.short))
        )
        return f"({long} <= {short} or {short}) / {number(round(budget(slo) * pair.factor(slo.period), 12))}"

    expr = burn(pairs[0])
    if len(pairs) > 1:
        labelled = " or ".join(f'label_replace({burn(pair)}, "pair", "{span(pair.long)}", "", "")' for pair in pairs)
        expr = f"max without (pair) ({labelled})"
    # A sample stands for the rate over the minute until the next.
    events = f"{number(RECORDED_EVERY.total_seconds())} * sum_over_time({bad.record}[$window])"
    promql = PromQL(expr=f"({expr} and {events} >= {LEAST})", by=by, reads=(bad, total))
    return _signal(slo, pairs, "prometheus", None, promql)


def budget_left(slo: Slo, bad: Signal, total: Signal) -> Signal:
    """How much of the period's budget is left, in percent, from recorded rates; below 0 the objective is broken."""
    spent = f"sum_over_time({bad.record}[{span(slo.period)}]) / sum_over_time({total.record}[{span(slo.period)}])"
    by = bad.promql.by if bad.promql is not None else ()
    return Signal(
        name=f"{slo.id.replace('-', '_')}_budget_left",
        title=Text(ko=f"남은 오류 예산: {slo.title.ko}", en=f"Error budget left: {slo.title.en}"),
        unit=Unit.PERCENT,
        help=Text(
            ko=f"최근 {span(slo.period)}의 오류 예산 중 남은 비율. 0 아래면 목표를 어긴 것입니다.",
            en=f"How much of the error budget of the last {span(slo.period)} is left. Below 0 the objective is broken.",
        ),
        source=slo.source,
        promql=PromQL(expr=f"100 * (1 - {spent} / {number(budget(slo))})", by=by, reads=(bad, total)),
    )


def examples(slo: Slo, bad: Signal, total: Signal, pairs: tuple[Pair, ...], labels: str = "") -> tuple[Example, ...]:
    """Proofs for promtool: a burn at the slowest pair's limit and half more fires, one at half of it does not."""
    pairs = reachable(slo, pairs)
    slow = max(pairs, key=lambda pair: pair.long)
    reached = budget(slo) * slow.factor(slo.period)
    at = int(slow.short / minutes(1))
    found = dict(pair.split("=") for pair in labels.split(",") if pair)
    where = "{" + ",".join(f'{name}="{value}"' for name, value in found.items()) + "}" if found else ""

    def series(share: float) -> tuple[Series, ...]:
        return (
            Series(f"{bad.record}{where}", f"{number(round(100 * share, 9))}x{at}"),
            Series(f"{total.record}{where}", f"100x{at}"),
        )

    stopped = (
        Series(f"{bad.record}{where}", f"{number(round(100 * 1.5 * reached, 9))}x{at} 0x{2 * at}"),
        Series(f"{total.record}{where}", f"100x{3 * at}"),
    )
    return (
        Example("the budget burns half as fast again as allowed", series(1.5 * reached), at=at, fires=(found,)),
        Example("the budget burns half as fast as allowed", series(0.5 * reached), at=at),
        Example("it burned too fast, and has stopped since", stopped, at=3 * at),
        Example("nothing is asked for", (Series(f"{total.record}{where}", f"0x{at}"),), at=at),
    )
