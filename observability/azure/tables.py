"""The tables of a Log Analytics workspace: columns and types.

Source: the table reference in Azure Monitor's documentation, state of July and August 2024; ``tables.json`` holds those
of its tables that a system like tripgen may fill.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

SAMPLED = frozenset(
    {
        "AppAvailabilityResults",
        "AppBrowserTimings",
        "AppDependencies",
        "AppEvents",
        "AppExceptions",
        "AppPageViews",
        "AppRequests",
        "AppTraces",
    }
)
"""Tables whose rows stand for ``ItemCount`` originals, because Application Insights samples them.

``AppMetrics`` has a column of that name too, but counts measurements folded into the row, not rows left out.
"""

FUNCTIONS = frozenset({"_LogOperation"})
"""Names that read like tables and are functions over tables: a rule that runs every minute cannot use them."""


OF_THE_WORKSPACE = frozenset({"Operation", "Usage"})
"""What Azure Monitor writes about the workspace itself: free, kept 90 days, there before anything is collected."""


@functools.cache
def load() -> dict[str, dict[str, str]]:
    """Table name to column name to KQL type, read once; not to be changed by the caller."""
    text = Path(__file__).with_name("tables.json").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = json.loads(text)
    return tables
