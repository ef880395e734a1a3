"""The clock of the people on call, as Python, Grafana and Azure name it. Korea has no summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

KST: Final = timezone(timedelta(hours=9), "KST")
IANA_ZONE: Final = "Asia/Seoul"
WINDOWS_ZONE: Final = "Korea Standard Time"
"""Azure takes the names of Windows."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Between them lie the times of a system that runs. Others are mistakes, or stand for "never", and next to the calendar's
own ends no time zone and no length of time can be reckoned with."""
