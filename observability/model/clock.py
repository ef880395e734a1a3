"""The clock of the people on call, as Python, Grafana and Azure name it. Korea has no summer time."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Final

KST: Final = timezone(timedelta(hours=9), "KST")
IANA_ZONE: Final = "Asia/Seoul"
WINDOWS_ZONE: Final = "Korea Standard Time"
"""Azure takes the names of Windows."""
