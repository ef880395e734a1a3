"""Whether what fired is what a scenario says has to fire."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from observability.model.signal import Engine
from observability.render import durations
from observability.replay import delays
from observability.replay.machine import Kind
from observability.replay.rules import Rule
from observability.replay.run import Alarm, Timeline, tables_of
from observability.replay.told import Delivery
from observability.simulate.scenario import Expected, Scenario
from observability.simulate.scrapes import EVERY


def judge(scenario: Scenario, timeline: Timeline, left_out: Collection[str] = ()) -> list[str]:
    """What is not as the scenario says; empty where it holds, as far as anything but ``left_out`` goes."""
    wrong = [f"alert '{alert}' could not be evaluated: {why}" for alert, why in timeline.unread]
    expected_here = [expected for expected in scenario.expects if expected.alert not in left_out]
    expects = {expected.alert for expected in expected_here}
    wrong += [
        f"alert '{alert}' looks back {_short(window)}, and there is history of {_short(scenario.history)}"
        for alert, window in timeline.beyond
        if alert in expects
    ]
    left = list(timeline.alarms)
    for expected in expected_here:
        mine = [alarm for alarm in left if _is(alarm, expected)]
        left = [alarm for alarm in left if alarm not in mine]
        wrong += _against(scenario, expected, mine)
    for alarm in left:
        wrong.append(f"{named(alarm)} fired {told_after(alarm.fired_at - scenario.begins)} and nothing expects it")
    return wrong


def left_out(scenario: Scenario, evaluated: Collection[str]) -> tuple[str, ...]:
    """The alerts that the scenario expects and that nobody evaluated."""
    return tuple(dict.fromkeys(each.alert for each in scenario.expects if each.alert not in evaluated))


def _is(alarm: Alarm, expected: Expected) -> bool:
    dims = dict(alarm.dims)
    return alarm.rule.alert.id == expected.alert and all(dims.get(k) == v for k, v in expected.which.items())


def _against(scenario: Scenario, expected: Expected, found: list[Alarm]) -> Iterator[str]:
    which = ", ".join(f"{name}={value}" for name, value in expected.which.items())
    name = f"{expected.alert}{f' ({which})' if which else ''}"
    if len(found) != expected.count:
        yield f"{name} fired {len(found)} times, not {expected.count}"
    for alarm in found:
        took = alarm.fired_at - scenario.begins
        if not timedelta(0) <= took <= expected.within:
            yield f"{named(alarm)} fired {told_after(took)}, not within {_short(expected.within)}"
        labels = tuple(name for name, _ in alarm.dims)
        if expected.by is not None and labels != expected.by:
            yield f"{named(alarm)} is split by {', '.join(labels) or 'nothing'}, not {', '.join(expected.by) or 'nothing'}"
        if expected.resolved is not None:
            if alarm.resolved_at is None:
                yield f"{named(alarm)} did not resolve"
            elif alarm.resolved_at - scenario.ends > expected.resolved:
                yield f"{named(alarm)} resolved {_from_end(alarm.resolved_at - scenario.ends)}, not {_from_end(expected.resolved)}"
        if expected.stays and alarm.resolved_at is not None:
            yield f"{named(alarm)} resolved {_from_end(alarm.resolved_at - scenario.ends)}, and has to stay until somebody closes it"
        wanted = expected.told
        if wanted is None:
            # Of several at once only the first sends a text message; the others may leave it out.
            texts = {each.action.id for each in alarm.told if _unsent_text(each)}
            wanted = tuple(action.id for action in alarm.rule.alert.actions if action.id not in texts)
        if set(alarm.actions) != set(wanted):
            yield f"{named(alarm)} told {', '.join(alarm.actions) or 'nobody'}, not {', '.join(wanted) or 'nobody'}"


def _unsent_text(delivery: Delivery) -> bool:
    return delivery.event.kind is Kind.FIRED and delivery.kept_back.startswith("one text")


def named(alarm: Alarm) -> str:
    dims = ", ".join(f"{name}={value}" for name, value in alarm.dims)
    return f"{alarm.rule.alert.id}{f' ({dims})' if dims else ''}"


def _short(length: timedelta) -> str:
    return durations.short(length, "en")


def _from_end(length: timedelta) -> str:
    return f"{_short(length)} {'before' if length < timedelta(0) else 'after'} the end"


def told_after(length: timedelta) -> str:
    return f"{_short(length)} {'before it began' if length < timedelta(0) else 'after it began'}"


def longest(rule: Rule) -> timedelta:
    """By when a rule has to have noticed what is bad enough: window, evaluations, pending period and what is late."""
    if rule.alert.engine is Engine.LOG:
        late = max((delays.of(table).high for table in tables_of(rule.alert)), default=timedelta(0))
    else:
        late = delays.METRIC if rule.alert.engine is Engine.METRIC else EVERY
    return rule.window * rule.periods + rule.every + rule.pending + late
