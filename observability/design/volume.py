"""How many bytes of telemetry the system writes. The document gives the sampling and the cap, and no size of a row: the
sizes and the rows a request makes are this project's assumption, to be replaced by what `Usage` says of the real one.
"""

from __future__ import annotations

from observability.model.fact import Fact
from observability.model.source import Derived, Section
from observability.model.text import Text

_ESTIMATED = Derived(
    Text(
        ko="문서에는 행의 크기가 없어 추정값을 씁니다. 실제 값은 작업 영역의 Usage 테이블에 있습니다.",
        en="The document gives no size of a row, so these are estimates; the workspace's Usage table has the real ones.",
    ),
    (Section("8.1.1", reading="R18"), Section("13.1.1")),
)


class Written(Fact):
    """What a table takes in: ``size`` bytes a row, ``rows`` a request before sampling, ``hourly`` bytes in any case."""

    table: str
    size: int = 0
    rows: float = 0.0
    sampled: bool = False
    hourly: float = 0.0

    def of_requests(self, sampling: float) -> float:
        """Bytes a request of the system, at this sampling rate (a ratio)."""
        return self.size * self.rows * (sampling if self.sampled else 1.0)


WRITTEN: tuple[Written, ...] = (
    Written(table="AppRequests", source=_ESTIMATED, size=1100, rows=1.0, sampled=True),
    Written(table="AppDependencies", source=_ESTIMATED, size=900, rows=1.2, sampled=True),
    Written(table="AppTraces", source=_ESTIMATED, size=600, rows=0.02, sampled=True),
    Written(table="AppExceptions", source=_ESTIMATED, size=2500, rows=0.001, sampled=True),
    Written(table="ContainerLogV2", source=_ESTIMATED, size=400, rows=0.02),
    Written(table="AppAvailabilityResults", source=_ESTIMATED, hourly=0.4e6),
    Written(table="KubeNodeInventory", source=_ESTIMATED, hourly=2.0e6),
    Written(table="Perf", source=_ESTIMATED, hourly=9.0e6),
    Written(table="KubePodInventory", source=_ESTIMATED, hourly=6.0e6),
    Written(table="InsightsMetrics", source=_ESTIMATED, hourly=4.0e6),
    Written(table="AKSAudit", source=_ESTIMATED, hourly=14.0e6),
    Written(table="AzureMetrics", source=_ESTIMATED, hourly=2.0e6),
    Written(table="AppMetrics", source=_ESTIMATED, hourly=0.6e6),
)
