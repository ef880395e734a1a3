"""Azure's windows, frequencies, counts and names: a value outside is an error, never a silent change."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import timedelta

from observability.azure import limits
from observability.catalog import Catalogue
from observability.model.alert import Alert, Channel, Suppression, WebTest
from observability.model.errors import Problem
from observability.model.signal import Engine
from observability.model.system import RetentionClass, Workspace
from observability.model.text import LANGS
from observability.render import arm_actions, arm_alerts, durations, words

_KINDS = {
    Engine.LOG: ("log alerts", limits.LOG_WINDOWS, limits.LOG_FREQUENCIES),
    Engine.METRIC: ("metric alerts", limits.METRIC_WINDOWS, limits.METRIC_FREQUENCIES),
}
_MINUTE = timedelta(minutes=1)
_CODE = re.compile("[a-z]{2}")
_CLOCK = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Wrong = tuple[str, str]


def nearest(value: timedelta, allowed: Sequence[timedelta]) -> str:
    """The allowed values on both sides of ``value``, e.g. ``'PT5M' or 'PT15M'``; at the ends there is one."""
    below = [other for other in allowed if other < value][-1:]
    above = [other for other in allowed if other > value][:1]
    return " or ".join(f"'{durations.iso(other)}'" for other in (*below, *above))


def check(catalogue: Catalogue) -> Iterator[Problem]:
    """Problems of single definitions, then of all of them together."""
    for alert in catalogue.alerts:
        for wrong, todo in _alert(alert):
            yield Problem(str(alert.place), "alert", alert.id, wrong, todo)
    for test in catalogue.web_tests:
        for wrong, todo in _web_test(test):
            yield Problem(str(test.place), "web test", test.id, wrong, todo)
    for rule in catalogue.suppressions:
        for wrong, todo in _suppression(rule):
            yield Problem(str(rule.place), "suppression", rule.id, wrong, todo)
    yield from _together(catalogue)


def check_telemetry(workspace: Workspace, retention: Iterable[RetentionClass], tables: Set[str]) -> Iterator[Problem]:
    """Problems of retentions that the service refuses though the published schema takes them."""
    where, (low, high) = "observability/design/telemetry.py", limits.TABLE_RETENTION_DAYS
    days = workspace.retention / timedelta(days=1)
    if not (low <= days <= high and days.is_integer()):
        wrong = f"Azure has no retention of '{days:g}' d"
        yield Problem(where, "workspace", workspace.name, wrong, f"use {low} to {high} whole days")
    keeps: dict[str, str] = {}
    for kind in retention:
        if not low <= kind.azure_days <= high and kind.azure_days not in limits.TABLE_TOTAL_RETENTION_DAYS:
            wrong = f"Azure has no total retention of '{kind.azure_days}' d"
            steps = ", ".join(map(str, limits.TABLE_TOTAL_RETENTION_DAYS))
            yield Problem(where, "retention", kind.key, wrong, f"use {low} to {high}, or one of {steps}")
        for table in kind.tables:
            if table not in tables:
                wrong = f"keeps unknown table '{table}'"
                yield Problem(where, "retention", kind.key, wrong, "use a table of observability/azure/tables.json")
            elif keeps.setdefault(table, kind.key) != kind.key:
                wrong = f"keeps table '{table}', which '{keeps[table]}' keeps too"
                yield Problem(where, "retention", kind.key, wrong, "name it in one of the two")


def _iso(duration: timedelta) -> str:
    return durations.iso(duration) if _whole(duration) else str(duration)


def _whole(duration: timedelta) -> bool:
    return duration > timedelta() and not duration % timedelta(seconds=1)


def _alert(alert: Alert) -> Iterator[Wrong]:
    yield from _receivers(alert)
    times = [("window", alert.window), ("frequency", alert.every)]
    times += [("pending period", alert.pending)] if alert.pending is not None else []
    broken = [(what, value) for what, value in times if not _whole(value)]
    for what, value in broken:
        yield f"{what} '{value}' is not a whole number of seconds above zero", "use minutes(...)"
    if broken:
        return
    yield from _times(alert)
    if alert.limit is not None and alert.limit.unit.dimension == alert.watches.unit.dimension:
        yield from _sizes(alert)


def _times(alert: Alert) -> Iterator[Wrong]:
    if alert.engine in _KINDS:
        kind, windows, frequencies = _KINDS[alert.engine]
        for what, value, allowed in (("window", alert.window, windows), ("frequency", alert.every, frequencies)):
            if value not in allowed:
                todo = f"the nearest are {nearest(value, allowed)}, or use engine 'prometheus'"
                yield f"{kind} have no {what} '{durations.iso(value)}'", todo
        if alert.pending is not None:
            yield "pending is Prometheus' word", "drop pending or use engine 'prometheus'"
    else:
        low, high = limits.PROMETHEUS_INTERVAL
        if not low <= alert.every <= high or alert.every % _MINUTE:
            todo = f"use whole minutes from '{durations.iso(low)}' to '{durations.iso(high)}'"
            yield f"rule groups have no interval '{durations.iso(alert.every)}'", todo
        if alert.window < _MINUTE:
            yield f"window '{durations.iso(alert.window)}' holds less than two scrapes", "use at least 'PT1M'"
    muted = arm_alerts.mute(alert)
    if muted in limits.LOG_WINDOWS and muted not in limits.LOG_MUTES:
        wrong = f"is muted for its window '{durations.iso(muted)}', as it does not resolve"
        yield wrong, f"Azure mutes for '{durations.iso(limits.LOG_MUTES[0])}' at least: give a longer window"
    if alert.every > alert.window:
        wrong = f"is evaluated every '{durations.iso(alert.every)}' and looks back only '{durations.iso(alert.window)}'"
        yield wrong, "evaluate at least once a window"


def _receivers(alert: Alert) -> Iterator[Wrong]:
    short = arm_actions.short_name(alert.actions)
    if len(short) > limits.ACTION_GROUP_SHORT_NAME:
        wrong = f"its action group's short name '{short}' has {len(short)} characters"
        yield wrong, f"Azure takes {limits.ACTION_GROUP_SHORT_NAME}: name fewer actions"
    for channel in Channel:
        count = sum(action.channel is channel for action in alert.actions)
        if count > limits.ACTION_GROUP_RECEIVERS:
            todo = f"a group takes {limits.ACTION_GROUP_RECEIVERS}"
            yield f"has {count} receivers of kind '{channel.value}'", todo


def _sizes(alert: Alert) -> Iterator[Wrong]:
    for lang in LANGS:
        length = len(words.description(alert, lang))
        if length > limits.RULE_DESCRIPTION:
            yield f"its description in '{lang}' has {length} characters", f"Azure takes {limits.RULE_DESCRIPTION}"
    if alert.engine is not Engine.LOG or alert.watches.kql is None:
        return
    dimensions = len(alert.watches.by(Engine.LOG))
    if dimensions > limits.LOG_DIMENSIONS:
        yield f"splits by {dimensions} columns", f"log alerts take {limits.LOG_DIMENSIONS}"
    try:
        properties = arm_alerts.log_rule(alert, "ko")["properties"]
    except ValueError:
        return  # a parameter that KQL cannot write; checks/kql.py says which
    # The limit is on all properties together: the query, and what receivers get with it.
    size = len(json.dumps(properties, ensure_ascii=False).encode())
    if size > limits.LOG_RULE_BYTES:
        yield f"its rule has {size} bytes", f"Azure takes {limits.LOG_RULE_BYTES}: shorten the query"


def _web_test(test: WebTest) -> Iterator[Wrong]:
    if test.every not in limits.WEB_TEST_FREQUENCIES:
        todo = f"the nearest are {nearest(test.every, limits.WEB_TEST_FREQUENCIES)}"
        yield f"Azure has no frequency '{_iso(test.every)}'", todo
    for location in test.locations:
        if location not in limits.WEB_TEST_LOCATIONS:
            allowed = ", ".join(f"'{name}'" for name in limits.WEB_TEST_LOCATIONS)
            yield f"runs from unknown location '{location}'", f"use {allowed}"
    if not test.locations or len(set(test.locations)) < len(test.locations):
        yield "names no location, or one twice", "name each location once"
    if not test.path.startswith("/"):
        yield f"path '{test.path}' does not begin with '/'", "write it from the root"


def _suppression(rule: Suppression) -> Iterator[Wrong]:
    if not 1 <= len(rule.severities) <= limits.PROCESSING_RULE_VALUES:
        yield f"names {len(rule.severities)} severities", f"1 to {limits.PROCESSING_RULE_VALUES} fit a condition"
    if rule.weekday not in _WEEKDAYS:
        yield f"Azure has no weekday '{rule.weekday}'", f"use {', '.join(map(repr, _WEEKDAYS))}"
    broken = [time for time in (rule.start, rule.end) if not _CLOCK.fullmatch(time)]
    for time in broken:
        yield f"Azure has no time '{time}'", "write it as '02:00:00'"
    if not broken and rule.end <= rule.start:
        # Azure's page shows a daily window that goes on after midnight. Which day's morning a weekly one would silence it
        # does not say.
        yield f"its window ends at '{rule.end}', not after '{rule.start}'", "give each day a window of its own"


def _together(catalogue: Catalogue) -> Iterator[Problem]:
    every_minute = [a for a in catalogue.alerts if a.engine is Engine.LOG and a.every == _MINUTE]
    if len(every_minute) > limits.LOG_MINUTE_RULES:
        last = every_minute[-1]
        wrong = f"is one of {len(every_minute)} log alerts evaluated every minute"
        todo = f"a subscription takes {limits.LOG_MINUTE_RULES}: evaluate some every five minutes"
        yield Problem(str(last.place), "alert", last.id, wrong, todo)
    codes = Counter(action.code for action in catalogue.actions)
    for action in catalogue.actions:
        if codes[action.code] > 1:
            todo = "groups are named after it: choose another"
            yield Problem(str(action.place), "action", action.id, f"code '{action.code}' is used twice", todo)
        if not _CODE.fullmatch(action.code):
            todo = "use two letters: short names have room for no more"
            yield Problem(str(action.place), "action", action.id, f"code '{action.code}' is not a code", todo)
