"""Every incident pages as it says, quiet days page nobody, and no alert can be broken without a scenario noticing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from observability import catalog, scenarios
from observability.checks import definitions
from observability.model.alert import Alert
from observability.model.query import Kql
from observability.model.signal import Engine, Signal
from observability.model.units import Quantity
from observability.render import durations
from observability.replay import incident, rules, verdict
from observability.replay.run import Telemetry, Timeline
from observability.simulate.scenario import Expected, Scenario

CATALOGUE = catalog.load()
SCENARIOS = scenarios.load()
BY_ID = {scenario.id: scenario for scenario in SCENARIOS}
ALERTS = {alert.id: alert for alert in CATALOGUE.alerts}
WEEK = "quiet-week"


@cache
def telemetry(id: str) -> Telemetry:
    return incident.telemetry(BY_ID[id], CATALOGUE.alerts)


@cache
def timeline(id: str) -> Timeline:
    return replayed(BY_ID[id], CATALOGUE.alerts)


def replayed(scenario: Scenario, alerts: tuple[Alert, ...]) -> Timeline:
    return incident.play(scenario, alerts, telemetry(scenario.id), CATALOGUE.suppressions)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_scenario_holds(scenario: Scenario) -> None:
    assert verdict.judge(scenario, timeline(scenario.id)) == []


# One incident should be one page; Azure sends one for each service that an alert fires for, and for a cause besides.
SEVERAL_PAGES = {
    "zone-lost": 3,
    "connections-gone": 3,
    "postgresql-failover": 3,
    "postgresql-failover-long": 3,
    "service-down": 2,
    "model-provider-fails": 2,
    "maps-fail": 2,
    "region-lost": 8,
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_an_incident_is_at_most_one_page_but_where_several_services_or_a_cause_page_too(scenario: Scenario) -> None:
    pages = timeline(scenario.id).pages
    assert pages == SEVERAL_PAGES[scenario.id] if scenario.id in SEVERAL_PAGES else pages <= 1


def test_the_week_is_seven_days_long_and_everything_was_evaluated() -> None:
    assert BY_ID[WEEK].lasts == timedelta(days=7)
    found = timeline(WEEK)
    assert found.alarms == ()
    assert found.unread == ()
    assert found.evaluations == sum(timedelta(days=7) // alert.every for alert in CATALOGUE.alerts) > 60_000


def test_a_cause_that_an_alert_names_fires_with_it_in_some_incident() -> None:
    together = [{expected.alert for expected in scenario.expects} for scenario in SCENARIOS]
    named = [(alert.id, cause) for alert in CATALOGUE.alerts for cause in alert.causes]
    assert len(named) >= 8
    assert [pair for pair in named if not any(set(pair) <= fired for fired in together)] == []


def test_every_alert_has_a_scenario_that_fires_it_and_one_in_which_it_stays_quiet() -> None:
    fires = {expected.alert for scenario in SCENARIOS for expected in scenario.expects}
    assert fires == ALERTS.keys()
    for name in ALERTS:
        assert any(name not in {each.alert for each in scenario.expects} for scenario in SCENARIOS)


def test_every_alert_is_noticed_as_soon_as_its_definition_allows(
    record: Callable[[str], None],
) -> None:
    slowest: dict[str, timedelta] = {}
    for scenario in SCENARIOS:
        for alarm in timeline(scenario.id).alarms:
            took = alarm.fired_at - scenario.begins
            slowest[alarm.rule.alert.id] = max(took, slowest.get(alarm.rule.alert.id, timedelta(0)))
    assert slowest.keys() == ALERTS.keys()
    for name, took in sorted(slowest.items()):
        allowed = verdict.longest(rules.of(ALERTS[name]))
        record(f"{name}: noticed within {durations.short(took, 'en')}, allowed {durations.short(allowed, 'en')}")
        assert took <= allowed, name


# --- breaking the definitions -----------------------------------------------------------------------------------------


def mutants(alert: Alert) -> Iterator[tuple[str, Alert]]:
    """Each way to get a definition wrong."""
    assert alert.limit is not None
    for what, factor in (("threshold up tenfold", 10), ("threshold down tenfold", 0.1)):
        # Ten times nothing is nothing: there it is moved.
        value = alert.limit.value * factor if alert.limit.value else (10 if factor > 1 else -1)
        limit = Quantity(value, alert.limit.unit)
        yield what, replace(alert, above=limit) if alert.above is not None else replace(alert, below=limit)
    if (
        alert.watches.promql is not None
        and alert.engine is Engine.PROMETHEUS
        and "$window" not in alert.watches.promql.expr
    ):
        assert alert.pending is not None
        yield "pending period doubled", replace(alert, pending=2 * alert.pending)
    else:
        yield "window doubled", replace(alert, window=2 * alert.window)
    yield "comparison turned", replace(alert, above=alert.below, below=alert.above)
    if (misdirected := _misdirected(alert)) != alert.watches:
        yield "wrong dimension", replace(alert, watches=misdirected)
    if not alert.resolves:
        yield "resolves by itself", replace(alert, closed_when=None)
    yield "told nobody", replace(alert, actions=())
    for name, value in alert.params.items():
        assert isinstance(value, int)
        yield f"{name} is 0", replace(alert, params={**alert.params, name: 0})
        yield f"{name} up a thousandfold", replace(alert, params={**alert.params, name: 1000 * value})


def _misdirected(alert: Alert) -> Signal:
    """The signal, split by nothing where it is split, and by something where it is not."""
    watches = alert.watches
    if alert.engine is Engine.LOG:
        assert isinstance(watches.kql, Kql)
        return replace(watches, kql=replace(watches.kql, by={"table": "Type"}))
    if alert.engine is Engine.METRIC:
        assert watches.metric is not None
        return replace(watches, metric=replace(watches.metric, by={}, only={}))
    assert watches.promql is not None
    expr = watches.promql.expr
    if watches.promql.by:
        wrong = f"max({expr})"
    else:
        wrong = expr.replace("by (le)", "by (le, service)").replace("sum(", "sum by (node, shard) (")
        if wrong == expr:
            wrong = f'label_replace({expr}, "service", "all", "", "")'
    assert wrong != expr
    return replace(watches, promql=replace(watches.promql, expr=wrong))


def noticed(mutant: Alert) -> str | None:
    """What notices it: the checks, or the first scenario that no longer holds."""
    if list(definitions.limit(mutant)):
        return "tripobs check"
    first = sorted(
        (each for each in SCENARIOS if each.lasts < timedelta(days=1)),
        key=lambda each: mutant.id not in {expected.alert for expected in each.expects},
    )
    for scenario in first:
        alone = replace(scenario, expects=tuple(_of(scenario, ALERTS[mutant.id])))
        if verdict.judge(alone, replayed(scenario, (mutant,))):
            return scenario.id
    return None


def _of(scenario: Scenario, original: Alert) -> Iterator[Expected]:
    for expected in scenario.expects:
        if expected.alert == original.id:
            told = tuple(action.id for action in original.actions) if expected.told is None else expected.told
            # Where several fire at once, only the first of them sends a text message.
            several = sum(each.alert == original.id for each in scenario.expects) > 1
            yield replace(expected, told=expected.told if several else told)


# These change nothing that anybody could see: Azure writes the metric only while there are errors, so that the alert fires
# at the first of them and does not resolve, however long its window is. And an event that is told once a window is told
# once in a longer one.
SAME = {(name, "window doubled") for name in ("redis-rdb-failing", "redis-aof-failing", "daily-cap-reached")}


def test_a_definition_that_is_broken_is_noticed(record: Callable[[str], None]) -> None:
    missed, found = [], 0
    for alert in CATALOGUE.alerts:
        for what, mutant in mutants(alert):
            by = noticed(mutant)
            if (alert.id, what) in SAME:
                assert by is None
                continue
            found += by is not None
            if by is None:
                missed.append(f"{alert.id}: {what}")
    record(f"broken definitions noticed: {found} of {found + len(missed)}")
    assert missed == []


def test_a_scenario_whose_alert_is_gone_does_not_hold() -> None:
    scenario = BY_ID["service-down"]
    rest = tuple(alert for alert in CATALOGUE.alerts if alert.id != "service-unavailable")
    assert verdict.judge(scenario, replayed(scenario, rest)) == [
        "service-unavailable (check=trip) fired 0 times, not 1"
    ]


def test_an_alert_that_cannot_be_evaluated_breaks_the_scenario() -> None:
    scenario = BY_ID["service-down"]
    alert = ALERTS["high-memory-usage"]
    assert alert.watches.metric is not None
    others = tuple(ALERTS[expected.alert] for expected in scenario.expects)
    elsewhere = replace(alert.watches.metric, resource="key_vault", metric="nothing")
    odd = replace(alert, watches=replace(alert.watches, metric=elsewhere))
    assert verdict.judge(scenario, replayed(scenario, (odd, *others))) == [
        "alert 'high-memory-usage' could not be evaluated: metric 'nothing' of 'key_vault' is not simulated"
    ]


def test_an_alert_on_a_series_that_nobody_simulates_is_not_taken_for_quiet() -> None:
    alert = ALERTS["replica-lag"]
    assert alert.watches.promql is not None
    odd = replace(
        alert, watches=replace(alert.watches, promql=replace(alert.watches.promql, expr="max by (role) (nothing)"))
    )
    assert replayed(BY_ID["lost-probe"], (odd,)).unread == (("replica-lag", "no samples of nothing"),)


def test_every_scenario_says_where_it_comes_from_in_both_languages() -> None:
    for scenario in SCENARIOS:
        texts = [scenario.title, scenario.happens]
        assert all(text.ko.strip() and text.en.strip() and text.ko != text.en for text in texts), scenario.id
        assert scenario.place.file.startswith("observability/scenarios/")
