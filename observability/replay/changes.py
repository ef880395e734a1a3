"""An alert with another number, for one replay: ``high-error-rate.above=2``, ``...window=10m``, ``...floor=500``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from observability.model.alert import Alert
from observability.model.units import Quantity
from observability.replay.run import Alarm, Timeline

_TIMES = ("window", "every", "pending")
# Two alerts further apart than that are about different things.
_SAME = timedelta(hours=2)


class WrongChange(ValueError):
    """A change that cannot be made; its text says which one and what would be taken."""


def changed(alerts: Sequence[Alert], changes: Iterable[str]) -> tuple[Alert, ...]:
    """The alerts with the changes made. Raises WrongChange."""
    found = {alert.id: alert for alert in alerts}
    for change in changes:
        target, equals, value = change.partition("=")
        name, dot, setting = target.rpartition(".")
        if not equals or not dot:
            raise WrongChange(f"'{change:.80}': write ALERT.SETTING=VALUE, such as high-error-rate.above=2")
        if name not in found:
            near = difflib.get_close_matches(name, found, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(sorted(found))}"
            raise WrongChange(f"'{change:.80}': there is no alert '{name:.60}'{hint}")
        found[name] = _one(found[name], setting, value.strip(), change)
    return tuple(found.values())


def _one(alert: Alert, setting: str, value: str, change: str) -> Alert:
    if setting in ("above", "below"):
        if alert.limit is None or getattr(alert, setting) is None:
            has = "above" if alert.above is not None else "below"
            raise WrongChange(f"'{change:.80}': the alert has '{has}', not '{setting}'")
        limit: dict[str, Any] = {setting: Quantity(_number(value, change), alert.limit.unit)}
        return replace(alert, **limit)
    if setting in _TIMES:
        length: dict[str, Any] = {setting: _length(value, change)}
        return replace(alert, **length)
    if setting in alert.params:
        number = _number(value, change)
        given = int(number) if isinstance(alert.params[setting], int) and number.is_integer() else number
        return replace(alert, params={**alert.params, setting: given})
    known = ", ".join(["above" if alert.above is not None else "below", *_TIMES, *alert.params])
    raise WrongChange(f"'{change:.80}': there is no setting '{setting:.40}'; there are {known}")


def _number(value: str, change: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:
        raise WrongChange(f"'{change:.80}': '{value:.40}' is not a number")
    return number


def _length(value: str, change: str) -> timedelta:
    from observability.query import params

    try:
        length = params.duration(value)
    except ValueError as error:
        raise WrongChange(f"'{change:.80}': {error}; write 90s, 5m or 1h") from None
    if length < timedelta(minutes=1) or length % timedelta(minutes=1):
        raise WrongChange(f"'{change:.80}': give whole minutes, one or more")
    return length


@dataclass(frozen=True, slots=True)
class Difference:
    """One alert that fired before the change, after it, or both; ``later`` by how much, where both did."""

    before: Alarm | None
    after: Alarm | None

    @property
    def later(self) -> timedelta | None:
        if self.before is None or self.after is None:
            return None
        return self.after.fired_at - self.before.fired_at


def compared(before: Timeline, after: Timeline) -> list[Difference]:
    """What the change made of it: each alert of either run with its nearest one in the other, if that is near."""
    near = sorted(
        (abs(b.fired_at - a.fired_at), number, other)
        for number, a in enumerate(before.alarms)
        for other, b in enumerate(after.alarms)
        if (a.rule.alert.id, a.dims) == (b.rule.alert.id, b.dims) and abs(b.fired_at - a.fired_at) <= _SAME
    )
    pairs: dict[int, int] = {}
    for _, number, other in near:
        if number not in pairs and other not in pairs.values():
            pairs[number] = other
    found = [
        Difference(alarm, after.alarms[pairs[number]] if number in pairs else None)
        for number, alarm in enumerate(before.alarms)
    ]
    found += [Difference(None, b) for other, b in enumerate(after.alarms) if other not in pairs.values()]
    return sorted(found, key=lambda each: (each.before or each.after).fired_at)  # type: ignore[union-attr]
