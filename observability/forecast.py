"""How much telemetry a load makes, when the daily cap is hit, which sampling fits, and what the rules cost a month."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

from observability.design.objectives import PHASE_1, PHASE_2, PHASE_3
from observability.design.telemetry import TRACING_SAMPLING, WORKSPACE
from observability.design.volume import WRITTEN
from observability.model.alert import Alert
from observability.model.clock import KST
from observability.model.errors import TripobsError
from observability.model.signal import Engine
from observability.model.units import Unit
from observability.render import durations
from observability.render.arm_diagnostics import EDGE_ACCESS_LOGS, LOGS
from observability.simulate.load import of_day

DOCUMENT_LOADS = tuple(phase.throughput.to(Unit.PER_SECOND) for phase in (PHASE_1, PHASE_2, PHASE_3))
"""Requests a second of the document's three phases."""
DAY = 86_400
_GB = 1e9
_STEP = timedelta(minutes=1)
# Any day: traffic has the same shape every day here.
_MIDNIGHT = datetime(2026, 11, 24, tzinfo=KST)


@dataclass(frozen=True, slots=True)
class Volume:
    """A day at ``tps`` requests a second in the mean and ``sampling`` (a ratio): gigabytes by table, the largest first."""

    tps: float
    sampling: float
    tables: Mapping[str, float]
    cap: float
    full_after: timedelta | None
    fits: float | None

    @property
    def total(self) -> float:
        return sum(self.tables.values())


def volume(tps: float, sampling: float | None = None) -> Volume:
    """The volume of a day.

    ``full_after`` is when the cap is hit, counted from midnight in Korea (Azure picks the hour at which the cap's day
    begins); ``fits`` the largest sampling with which it is not, None where no sampling is low enough.
    """
    rate = TRACING_SAMPLING.rate.to(Unit.RATIO) if sampling is None else sampling
    cap = WORKSPACE.daily_cap.to(Unit.GIGABYTES)
    tables = {each.table: (each.of_requests(rate) * tps * DAY + each.hourly * 24) / _GB for each in WRITTEN}
    ordered = dict(sorted(tables.items(), key=lambda item: -item[1]))
    return Volume(tps, rate, ordered, cap, _full_after(tps, rate, cap), _fits(tps, cap))


def percent_that_fits(fits: float) -> str:
    """``4.4``, ``0.59``, ``100``: a ratio in percent for people, never more than it is, so that what is printed fits too."""
    percent = 100 * Decimal(repr(fits))
    last = Decimal(1).scaleb(percent.adjusted() - 1)
    return f"{percent.quantize(last, ROUND_FLOOR).normalize():f}"


def not_estimated() -> list[str]:
    """Tables that the diagnostic settings fill from the start and whose size nobody has a number for."""
    collected = {log.table for logs in LOGS.values() for log in logs if log.switch != EDGE_ACCESS_LOGS}
    return sorted(collected - {each.table for each in WRITTEN})


def _full_after(tps: float, rate: float, cap: float) -> timedelta | None:
    requests = sum(each.of_requests(rate) for each in WRITTEN)
    hourly = sum(each.hourly for each in WRITTEN)
    taken, at = 0.0, timedelta(0)
    while at < timedelta(days=1):
        moment = _MIDNIGHT + at
        taken += (requests * tps * of_day(moment) * 60 + hourly / 60) / _GB
        at += _STEP
        if taken > cap:
            return at
    return None


def _fits(tps: float, cap: float) -> float | None:
    always = (
        sum((0.0 if each.sampled else each.of_requests(1.0)) * tps * DAY + each.hourly * 24 for each in WRITTEN) / _GB
    )
    sampled = sum(each.of_requests(1.0) * tps * DAY for each in WRITTEN if each.sampled) / _GB
    if always >= cap:
        return None
    return min(1.0, (cap - always) / sampled) if sampled else 1.0


# --- prices -----------------------------------------------------------------------------------------------------------


class WrongPrices(TripobsError):
    """A prices file that cannot be used; says which field and what would be taken."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What Azure charges, as somebody read it on ``day``; a month, in ``currency``.

    ``log_rule`` by frequency (PT1M), ``metric_series`` for each series of a metric alert, ``prometheus_rule`` for each
    rule, ``gigabyte`` taken in.
    """

    currency: str
    day: date
    source: str
    log_rule: Mapping[str, float]
    metric_series: float
    prometheus_rule: float
    gigabyte: float


_FIELDS = ("currency", "date", "source", "log_rule", "metric_series", "prometheus_rule", "gigabyte")


def prices(path: Path) -> Prices:
    """Read a prices file. Raises WrongPrices, with all that is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WrongPrices(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise WrongPrices(f"{path}: is no JSON object with {', '.join(_FIELDS)}")
    wrong = [f"'{name}' is missing" for name in _FIELDS if name not in found]
    wrong += [f"'{name:.40}' is not known" for name in found if name not in _FIELDS]
    wrong += [
        f"'{name}' is {found[name]!r:.40}, not a price of 0 or more"
        for name in ("metric_series", "prometheus_rule", "gigabyte")
        if name in found and not _is_price(found[name])
    ]
    wrong += [
        f"'{name}' is not a text" for name in ("currency", "source") if name in found and not _is_text(found[name])
    ]
    rules = found.get("log_rule", {})
    if not isinstance(rules, dict) or not all(_is_price(price) for price in rules.values()):
        wrong.append("'log_rule' is not prices by frequency, such as {\"PT5M\": 1.5}")
    try:
        day = date.fromisoformat(found.get("date", ""))
    except (TypeError, ValueError):
        day = date.min
        if "date" in found:
            wrong.append(f"'date' is {found['date']!r:.40}, not a day such as 2026-11-01")
    if wrong:
        raise WrongPrices(f"{path}: " + "; ".join(wrong))
    return Prices(
        found["currency"],
        day,
        found["source"],
        rules,
        found["metric_series"],
        found["prometheus_rule"],
        found["gigabyte"],
    )


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


@dataclass(frozen=True, slots=True)
class Kind:
    """The rules of one kind and frequency; ``month`` is what they cost together, None where no price is known."""

    engine: Engine
    every: str
    rules: int
    month: float | None


def rules(alerts: Sequence[Alert], known: Prices | None) -> list[Kind]:
    """The rules by kind and frequency. A metric rule is counted as one series: how many it splits into is not known here."""
    counted: dict[tuple[Engine, str], int] = {}
    for alert in alerts:
        key = (alert.engine, durations.iso(alert.every))
        counted[key] = counted.get(key, 0) + 1
    return [
        Kind(engine, every, count, _month(engine, every, count, known))
        for (engine, every), count in sorted(counted.items(), key=lambda item: (item[0][0].value, item[0][1]))
    ]


def _month(engine: Engine, every: str, count: int, known: Prices | None) -> float | None:
    if known is None:
        return None
    if engine is Engine.LOG:
        price = known.log_rule.get(every)
        return None if price is None else price * count
    return (known.metric_series if engine is Engine.METRIC else known.prometheus_rule) * count
