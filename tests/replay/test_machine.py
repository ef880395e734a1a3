"""Azure's alert machine: when it fires, for which one, and when it resolves, as the service documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observability.design.telemetry import RESOURCES
from observability.model.alert import Alert
from observability.model.query import Kql
from observability.model.signal import Engine
from observability.model.units import minutes, number, percent
from observability.render import arm_alerts, durations
from observability.replay import rules
from observability.replay.machine import Event, Kind, Machine
from observability.replay.rules import Dims, Rule
from tests.replay.made import SAID, alert

T0 = datetime(2026, 11, 24, tzinfo=UTC)
ONE: Dims = (("service", "trip-service"),)


def rule(engine: Engine = Engine.LOG, **changes: object) -> Rule:
    return replace(rules.of(alert(engine)), **changes)  # type: ignore[arg-type]


def run(one: Rule, values: Sequence[float | None], dims: Dims = ONE) -> list[Event]:
    """One value an evaluation; None is no data."""
    return Machine(one).run(
        (T0 + one.every * (at + 1), {} if value is None else {dims: (value,)}) for at, value in enumerate(values)
    )


def when(events: Sequence[Event], kind: Kind) -> list[int]:
    """At which evaluations, the first being 1."""
    return [(event.at - T0) // event.rule.every for event in events if event.kind is kind]


def test_a_log_alert_fires_at_the_first_failing_evaluation_and_once() -> None:
    events = run(rule(), [0, 0.5, 3, 3, 3])
    assert when(events, Kind.FIRED) == [3]
    assert events[-1].value == 3
    assert events[-1].dims == ONE


def test_a_value_at_the_limit_does_not_fire() -> None:
    assert run(rule(), [1, 1, 1.0]) == []


def test_a_limit_from_below_fires_under_it() -> None:
    below = replace(alert(Engine.LOG), above=None, below=percent(99.9))
    assert when(run(rules.of(below), [100, 99.9, 99.89]), Kind.FIRED) == [3]


def test_no_data_is_neither_a_value_of_0_nor_a_reason_to_fire() -> None:
    below = replace(alert(Engine.LOG), above=None, below=percent(99.9))
    assert run(rules.of(below), [None] * 30) == []


def test_a_one_minute_rule_resolves_after_ten_clean_minutes() -> None:
    events = run(rule(), [3, *[0] * 9, 3, *[0] * 12])
    assert (when(events, Kind.FIRED), when(events, Kind.RESOLVED)) == ([1], [21])


def test_no_rows_are_clean_for_a_log_alert() -> None:
    assert when(run(rule(), [3, *[None] * 12]), Kind.RESOLVED) == [11]


@pytest.mark.parametrize(
    ("every", "clean"),
    [(minutes(5), 3), (minutes(15), 3), (minutes(30), 2), (timedelta(hours=6), 2), (timedelta(days=1), 1)],
)
def test_slower_rules_resolve_after_so_many_evaluations(every: timedelta, clean: int) -> None:
    slow = rules.of(replace(alert(Engine.LOG), every=every, window=every))
    assert when(run(slow, [3, *[0] * 6]), Kind.RESOLVED) == [1 + clean]


def test_an_alert_that_has_resolved_fires_again() -> None:
    events = run(rule(), [3, *[0] * 10, 3])
    assert (when(events, Kind.FIRED), when(events, Kind.RESOLVED)) == ([1, 12], [11])


def test_two_of_three_periods_have_to_fail() -> None:
    two = rule(periods=3, needed=2)
    machine = Machine(two)
    evaluations: list[tuple[float | None, ...]] = [(3, 0, 0), (0, 3, 0), (3, 0, 3), (3, 3, 0)]
    events = machine.run((T0 + two.every * (at + 1), {ONE: values}) for at, values in enumerate(evaluations))
    assert when(events, Kind.FIRED) == [3]


def test_each_value_of_a_dimension_is_an_alert_of_its_own() -> None:
    other: Dims = (("service", "ai-service"),)
    events = Machine(rule()).run([(T0, {ONE: (3,), other: (0,)}), (T0 + minutes(1), {ONE: (3,), other: (5,)})])
    assert [(event.dims, event.at) for event in events if event.kind is Kind.FIRED] == [
        (ONE, T0),
        (other, T0 + minutes(1)),
    ]


def test_a_stateless_rule_tells_again_once_its_mute_is_over() -> None:
    muted = rule(stateful=False, mute=minutes(5))
    assert when(run(muted, [3] * 12), Kind.FIRED) == [1, 6, 11]
    assert when(run(rule(stateful=False), [3, 3, 0, 3]), Kind.FIRED) == [1, 2, 4]
    assert when(run(muted, [3] * 12), Kind.RESOLVED) == []


def test_a_clean_evaluation_does_not_end_a_mute() -> None:
    half_an_hour = rule(stateful=False, every=minutes(5), mute=minutes(30))
    assert when(run(half_an_hour, [3, 3, 0, 3, 3, 0, 3]), Kind.FIRED) == [1, 7]
    assert when(run(half_an_hour, [3, *[None] * 5, 3]), Kind.FIRED) == [1, 7]


def test_an_alert_that_somebody_closes_is_told_once_a_window_and_never_resolves() -> None:
    whole = Kql(rows="T", summarize="value = count()")
    event = rules.of(alert(Engine.LOG, whole, window=minutes(15), every=minutes(5), closed_when=SAID))
    # Seen by all three evaluations of its window, and told by the first.
    events = run(event, [3, 3, 3, *[0] * 20, 3], ())
    assert (when(events, Kind.FIRED), when(events, Kind.RESOLVED)) == ([1, 24], [])


def test_the_event_of_a_second_value_is_not_muted_by_the_first() -> None:
    split = rules.of(alert(Engine.LOG, window=minutes(60), every=minutes(30), closed_when=SAID))
    other: Dims = (("service", "ai-service"),)
    at = [T0 + minutes(30) * number for number in range(1, 4)]
    events = Machine(split).run(zip(at, [{ONE: (3,)}, {ONE: (3,), other: (3,)}, {other: (3,)}], strict=True))
    assert [(event.dims, event.at) for event in events if event.kind is Kind.FIRED] == [
        (ONE, at[0]), (other, at[1]), (ONE, at[1]), (other, at[2]),
    ]  # fmt: skip


def test_a_metric_alert_resolves_after_three_clean_evaluations_and_not_while_the_metric_is_gone() -> None:
    metric = rule(Engine.METRIC)
    assert when(run(metric, [3, 0, 0, 0]), Kind.RESOLVED) == [4]
    assert when(run(metric, [3, 0, None, None, None, 0, 0]), Kind.RESOLVED) == [7]
    assert when(run(metric, [3, 0, 0, 3, 0, 0]), Kind.RESOLVED) == []


def test_a_prometheus_alert_waits_for_its_pending_period_and_five_minutes_to_resolve() -> None:
    waiting = rule(Engine.PROMETHEUS, pending=minutes(3))
    events = run(waiting, [3, 3, 0, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0])
    assert (when(events, Kind.TRUE), when(events, Kind.FIRED), when(events, Kind.RESOLVED)) == ([1, 4], [7], [13])


values = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0, 1.5, 3.0])), max_size=60)


@settings(max_examples=300, deadline=None)
@given(values, st.sampled_from(list(Engine)))
def test_nothing_fires_without_a_failing_evaluation_nor_resolves_before_its_time(
    given_values: list[float | None], engine: Engine
) -> None:
    one = rule(engine)
    events = run(one, given_values)
    firing = False
    for event in events:
        at = (event.at - T0) // one.every - 1
        if event.kind is Kind.FIRED:
            assert not firing
            value = given_values[at]
            assert value is not None
            assert value > 1
            firing = True
        if event.kind is Kind.RESOLVED:
            assert firing
            clean = {Engine.LOG: 10, Engine.METRIC: 1, Engine.PROMETHEUS: 6}[engine]
            before = given_values[max(0, at - clean + 1) : at + 1]
            assert len(before) == clean
            assert all(value is None or value <= 1 for value in before)
            firing = False


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.one_of(st.none(), st.floats(0, 3))] * 3), max_size=40), st.sampled_from(list(Engine)))
def test_splitting_by_a_dimension_equals_running_each_value_alone(
    rows: list[tuple[float | None, ...]], engine: Engine
) -> None:
    one = rule(engine)
    names: list[Dims] = [(("service", name),) for name in "abc"]
    together = Machine(one).run(
        (
            T0 + one.every * (at + 1),
            {dims: (value,) for dims, value in zip(names, row, strict=True) if value is not None},
        )
        for at, row in enumerate(rows)
    )
    for index, dims in enumerate(names):
        assert [event for event in together if event.dims == dims] == run(one, [row[index] for row in rows], dims)


def test_the_rules_of_the_document_are_read_as_they_are_deployed(own_alerts: tuple[Alert, ...]) -> None:
    found = {one.alert.id: one for one in map(rules.of, own_alerts)}
    errors = found["high-error-rate"]
    assert (errors.window, errors.every, errors.condition.limit, errors.condition.above) == (
        minutes(5), minutes(1), 1.0, True,
    )  # fmt: skip
    assert (found["service-unavailable"].condition.limit, found["service-unavailable"].condition.above) == (99.9, False)
    # 80 % of connections is 0.8 of the signal, which is a ratio.
    assert found["database-connection-pool-exhausted"].condition.limit == 0.8
    assert found["high-cpu-usage"].clean == minutes(15)


def test_every_rule_is_the_one_that_is_deployed(own_alerts: tuple[Alert, ...]) -> None:
    for one in own_alerts:
        rule = rules.of(one)
        resource = arm_alerts.rule(one, RESOURCES, "en")["properties"]
        if one.engine is Engine.PROMETHEUS:
            (deployed,) = resource["rules"]
            sign = ">" if rule.condition.above else "<"
            assert deployed["expression"] == f"{rule.text} {sign} {number(rule.condition.limit)}"
            assert deployed.get("for", "PT0S") == (durations.iso(rule.pending) if rule.pending else "PT0S")
            assert resource["interval"] == durations.iso(rule.every)
            assert isinstance(rule.clean, timedelta)
            assert deployed["resolveConfiguration"] == {
                "autoResolved": rule.stateful, "timeToResolve": durations.iso(rule.clean),
            }  # fmt: skip
            continue
        (criterion,) = resource["criteria"]["allOf"]
        assert (resource["windowSize"], resource["evaluationFrequency"], resource["autoMitigate"]) == (
            durations.iso(rule.window), durations.iso(rule.every), rule.stateful,
        )  # fmt: skip
        assert (criterion["operator"], criterion["threshold"]) == (
            "GreaterThan" if rule.condition.above else "LessThan", rule.condition.limit,
        )  # fmt: skip
        if one.engine is Engine.LOG:
            assert criterion["query"] == rule.text
            assert criterion["failingPeriods"] == {
                "numberOfEvaluationPeriods": rule.periods, "minFailingPeriodsToAlert": rule.needed,
            }  # fmt: skip
            assert resource.get("muteActionsDuration") == (durations.iso(rule.mute) if rule.mute else None)
            # The service refuses both together.
            assert not (rule.stateful and rule.mute)
