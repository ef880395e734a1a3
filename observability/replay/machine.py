"""Azure's alert machine: values at each evaluation become alerts that fire and resolve.

One machine is one rule; it keeps a state for each combination of dimension values. Source: Microsoft's pages
on log search alert rules, metric alert rules and Prometheus rule groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from observability.model.signal import Engine
from observability.replay.rules import Dims, Rule

Values = Mapping[Dims, Sequence[float | None]]
"""At one evaluation: for each combination of dimensions its value in each period, the newest first; None is no data."""


class Kind(Enum):
    TRUE = "true"
    FIRED = "fired"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one alert. ``value`` is what was measured then, None where nothing was."""

    at: datetime
    kind: Kind
    rule: Rule
    dims: Dims
    value: float | None = None


@dataclass(slots=True)
class _State:
    true_since: datetime | None = None
    fired: bool = False
    clean_since: datetime | None = None
    clean_times: int = 0
    last_told: datetime | None = None


@dataclass
class Machine:
    """Evaluates one rule; ``step`` is called for each evaluation, in order."""

    rule: Rule
    _states: dict[Dims, _State] = field(default_factory=dict)

    def step(self, at: datetime, values: Values) -> list[Event]:
        """What one evaluation changes."""
        events: list[Event] = []
        for dims in sorted({*self._states, *values}):
            periods = values.get(dims, ())
            state = self._states.setdefault(dims, _State())
            bad = self._bad(periods)
            value = next((each for each in periods if each is not None), None)
            events += self._true(state, at, dims, value) if bad else self._clean(state, at, dims, value, bool(periods))
            if not bad and not state.fired and state.true_since is None and not self._muted(state, at):
                # Nothing to remember: a rule split by pods meets new ones for ever.
                del self._states[dims]
        return events

    def run(self, evaluations: Iterable[tuple[datetime, Values]]) -> list[Event]:
        """All evaluations, in the order of their times."""
        return [event for at, values in evaluations for event in self.step(at, values)]

    @property
    def firing(self) -> frozenset[Dims]:
        return frozenset(dims for dims, state in self._states.items() if state.fired)

    def _bad(self, periods: Sequence[float | None]) -> bool:
        failing = sum(value is not None and self.rule.condition.holds(value) for value in periods)
        return failing >= self.rule.needed

    def _muted(self, state: _State, at: datetime) -> bool:
        """Whether its mute goes on, which a clean evaluation does not end."""
        return self.rule.mute is not None and state.last_told is not None and at - state.last_told < self.rule.mute

    def _true(self, state: _State, at: datetime, dims: Dims, value: float | None) -> list[Event]:
        events: list[Event] = []
        state.clean_since, state.clean_times = None, 0
        if state.true_since is None:
            state.true_since = at
            events.append(Event(at, Kind.TRUE, self.rule, dims, value))
        if self.rule.stateful:
            due = not state.fired and at - state.true_since >= self.rule.pending
        else:
            # Stateless: each failing evaluation is an alert of its own, but for those that are muted.
            due = not self._muted(state, at)
        if due:
            state.fired, state.last_told = self.rule.stateful, at
            events.append(Event(at, Kind.FIRED, self.rule, dims, value))
        return events

    def _clean(self, state: _State, at: datetime, dims: Dims, value: float | None, seen: bool) -> list[Event]:
        if not state.fired:
            state.true_since = None
            return []
        if self.rule.alert.engine is Engine.METRIC and not seen:
            # A metric that is not there was not evaluated: neither bad nor clean.
            return []
        state.clean_since = state.clean_since or at
        state.clean_times += 1
        clean = self.rule.clean
        done = (
            state.clean_times >= clean if isinstance(clean, int) else at - state.clean_since >= clean - _step(self.rule)
        )
        if not done:
            return []
        self._states[dims] = _State()
        state.fired, state.true_since = False, None
        return [Event(at, Kind.RESOLVED, self.rule, dims, value)]


def _step(rule: Rule) -> timedelta:
    """The first clean evaluation already speaks for the time since the one before; Prometheus counts from it."""
    return timedelta(0) if rule.alert.engine is Engine.PROMETHEUS else rule.every
