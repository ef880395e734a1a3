"""How late a row is there to be read, by table: what Azure publishes of its ingestion, as a range for each kind of source.

A row's own delay follows from its time, so the same data are always as late. Figures: Azure Monitor's page on data
ingestion time (2026-02-27) and the Application Insights FAQ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Delay:
    """From ``low`` to ``high``, both included, each as likely."""

    low: timedelta
    high: timedelta

    def minute(self, column: str) -> str:
        """The first minute, counted from 1970, at which a row with its time in ``column`` can be read: SQL of DuckDB.

        Whole numbers throughout: with intervals a day's rows take twice as long.
        """
        low, spread = (_microseconds(part) for part in (self.low, self.high - self.low))
        late = f"{low} + (hash(epoch_us({column})) % {spread + 1})::BIGINT" if spread else f"{low}"
        return f"((epoch_us({column}) + {late} - 1) // {MINUTE} + 1)"


MINUTE = 60_000_000


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


NONE = Delay(timedelta(0), timedelta(0))
# "Usually less than 5 minutes" is what nearly all rows keep, not what they take: half of it is this project's reading.
APP = Delay(timedelta(seconds=30), timedelta(seconds=150))
AGENT = Delay(timedelta(seconds=30), timedelta(minutes=2))
RESOURCE_LOG = Delay(timedelta(minutes=3), timedelta(minutes=10))
ACTIVITY_LOG = Delay(timedelta(minutes=3), timedelta(minutes=20))
# Platform metrics are there within a minute, and three minutes later in the logs.
METRIC = timedelta(minutes=1)
METRIC_IN_LOGS = Delay(timedelta(minutes=3), timedelta(minutes=4))

_AGENT_TABLES = frozenset(
    {
        "Perf", "InsightsMetrics", "ContainerLogV2", "ContainerInventory", "KubeEvents", "KubeNodeInventory",
        "KubePodInventory", "KubePVInventory", "KubeServices", "Heartbeat", "Syslog",
    }
)  # fmt: skip


def of(table: str) -> Delay:
    """The delay of a table's rows."""
    if table.startswith("App"):
        return APP
    if table in _AGENT_TABLES:
        return AGENT
    if table == "AzureActivity":
        return ACTIVITY_LOG
    return METRIC_IN_LOGS if table == "AzureMetrics" else RESOURCE_LOG
