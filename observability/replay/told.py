"""Who hears of an alert: action groups, the processing rule of the maintenance window, the limit on text messages.

Source: Microsoft's pages on action groups, their rate limits, and alert processing rules. An alert that fires within a
window that silences it is told to nobody, then or later; its resolution is silenced by the same rule if it falls into a
window too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from observability.model.alert import Action, Channel, Silence, Suppression
from observability.model.clock import KST, WINDOWS_ZONE
from observability.replay.machine import Event, Kind

SMS_EVERY = timedelta(minutes=5)
"""At most one text message to a number in this time; those in between are dropped."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ZONES = {WINDOWS_ZONE: KST, "UTC": UTC}


@dataclass(frozen=True, slots=True)
class Delivery:
    """``action`` is told of ``event``, or not: ``kept_back`` says why."""

    event: Event
    action: Action
    kept_back: str = ""


def deliver(events: Iterable[Event], suppressions: Sequence[Suppression | Silence]) -> list[Delivery]:
    """What the events of all rules, in the order of their times, make their action groups do."""
    deliveries = []
    texted: dict[str, datetime] = {}
    for event in events:
        if event.kind is Kind.TRUE:
            continue
        silent = next((each for each in suppressions if silences(each, event)), None)
        for action in event.rule.alert.actions:
            kept_back = (
                "" if silent is None else f"silenced by {silent.id if isinstance(silent, Suppression) else silent.why}"
            )
            if not kept_back and action.channel is Channel.SMS:
                last = texted.get(action.id)
                if last is not None and event.at - last < SMS_EVERY:
                    kept_back = f"one text message in {SMS_EVERY // timedelta(minutes=1)} minutes"
                else:
                    texted[action.id] = event.at
            deliveries.append(Delivery(event, action, kept_back))
    return deliveries


def rings(action: Action) -> bool:
    """Whether it makes a telephone ring; a team's channel waits until somebody looks."""
    return action.escalates or action.channel is Channel.SMS


def silences(suppression: Suppression | Silence, event: Event) -> bool:
    """Whether the window is open at the event's time, for what it is about. The end is not in it."""
    if isinstance(suppression, Silence):
        return _covers(suppression, event)
    if event.rule.alert.severity not in suppression.severities:
        return False
    zone = _ZONES.get(suppression.time_zone)
    if zone is None:
        raise ValueError(f"suppression '{suppression.id}': time zone '{suppression.time_zone}' is not known here")
    if suppression.end <= suppression.start:
        raise ValueError(
            f"suppression '{suppression.id}': ends at '{suppression.end}', not after '{suppression.start}'; which day's morning "
            "that is, is not known here"
        )
    local = event.at.astimezone(zone)
    if _WEEKDAYS[local.weekday()] != suppression.weekday:
        return False
    return suppression.start <= f"{local:%H:%M:%S}" < suppression.end


def _covers(silence: Silence, event: Event) -> bool:
    """All that is named has to hold, as the conditions of a processing rule do."""
    alert = event.rule.alert
    return (
        silence.begins <= event.at < silence.ends
        and alert.severity in silence.severities
        and (not silence.alerts or alert.id in silence.alerts)
        and (
            not silence.services
            or any(service in str(value) for _, value in event.dims for service in silence.services)
        )
    )
