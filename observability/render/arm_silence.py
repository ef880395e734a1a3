"""An ad-hoc window in which nobody is told, as alert processing rules.

A processing rule sees texts of one alert. Rules are found by ``AlertRuleName``, which holds the rule's name whatever the
engine (a Prometheus alert's begins with its group's, which is the same here). Services are found by ``AlertContext``, whose
text holds the labels that an alert fired for, but the query too: an alert whose query names the service would be
silenced for every service, so it counts as one that cannot be told apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence

from observability.azure import limits
from observability.model.alert import Alert, Silence
from observability.model.system import ResourceName
from observability.model.text import LANGS
from observability.render import arm_alerts
from observability.render.arm import Json, Resource
from observability.render.arm_actions import of_severities, processing_rule

# Labels whose values are a service's name, or begin with it.
_NAMING = frozenset({"service", "deployment", "pod", "container"})
# Its value is the service's short name, which is part of other words ("trip" of "tripgen").
_SHORT = "check"
_TIME = "%Y-%m-%dT%H:%M:%S"


def of_a_service(alert: Alert) -> bool:
    """Whether it fires for one service at a time."""
    return not (_NAMING | {_SHORT}).isdisjoint(alert.watches.by(alert.engine))


def tells_apart(alert: Alert, services: Collection[str], resources: Mapping[str, ResourceName]) -> bool:
    """Whether the text of a fired alert says which of its services it is about, and no other alert's does."""
    if _NAMING.isdisjoint(alert.watches.by(alert.engine)):
        return False
    always = "".join(json.dumps(arm_alerts.rule(alert, dict(resources), lang)) for lang in LANGS)
    return not any(service in always for service in services)


def covered(silence: Silence, alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts that Azure will take the rules for; by name it takes every rule whose name begins with one of them."""
    names = [f"{arm_alerts.RULE_PREFIX}{ident}" for ident in silence.alerts]
    return [
        alert
        for alert in alerts
        if alert.severity in silence.severities
        and (not names or any(name in arm_alerts.rule_name(alert) for name in names))
    ]


def rules(silence: Silence) -> list[Resource]:
    """One rule, or as many as it takes: a condition has five values."""
    size = limits.PROCESSING_RULE_VALUES
    parts = [silence.alerts[at : at + size] for at in range(0, len(silence.alerts), size)] or [()]
    schedule = {
        "effectiveFrom": silence.begins.strftime(_TIME),
        "effectiveUntil": silence.ends.strftime(_TIME),
        "timeZone": silence.time_zone,
    }
    words = f"{silence.why} ({silence.by})" if silence.by else silence.why
    name = f"silence-{_digest(silence, schedule)}"
    return [
        processing_rule(
            name if len(parts) == 1 else f"{name}-{number}", words, _conditions(silence, alerts), dict(schedule)
        )
        for number, alerts in enumerate(parts, 1)
    ]


def _conditions(silence: Silence, alerts: Sequence[str]) -> list[Json]:
    found = [of_severities(silence.severities)]
    if alerts:
        names = [f"{arm_alerts.RULE_PREFIX}{ident}" for ident in alerts]
        found.append({"field": "AlertRuleName", "operator": "Contains", "values": names})
    if silence.services:
        found.append({"field": "AlertContext", "operator": "Contains", "values": list(silence.services)})
    return found


def _digest(silence: Silence, schedule: Json) -> str:
    """The same window twice is the same rule; another one never overwrites it."""
    said = [
        schedule,
        sorted(map(int, silence.severities)),
        silence.alerts,
        silence.services,
        silence.why,
        silence.by,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:10]
