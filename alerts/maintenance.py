"""When nobody is told: the weekly maintenance window (reading R24)."""

from observability.design.operations import MAINTENANCE
from observability.model.alert import Severity, Suppression
from observability.model.text import Text

WEEKLY = Suppression(
    id="weekly-maintenance",
    title=Text(ko="정기 점검", en="Weekly maintenance"),
    weekday=MAINTENANCE.weekday,
    start=MAINTENANCE.start,
    end=MAINTENANCE.end,
    time_zone=MAINTENANCE.time_zone,
    severities=tuple(Severity(number) for number in MAINTENANCE.suppressed_severities),
    source=MAINTENANCE.source,
)
