"""Azure's platform metrics: units, aggregations, dimensions and grains by resource type.

Source: Microsoft's supported-metrics tables (2024-07, PostgreSQL cross-checked 2025-12). Read at first use.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TypedDict, cast

_FILE = Path(__file__).with_name("platform_metrics.json")


class MetricFacts(TypedDict):
    """``grains`` are ISO 8601 durations, finest first."""

    unit: str
    aggregations: list[str]
    dimensions: list[str]
    grains: list[str]


@cache
def load() -> dict[str, dict[str, MetricFacts]]:
    """Resource type -> metric name -> its facts."""
    return cast(dict[str, dict[str, MetricFacts]], json.loads(_FILE.read_bytes()))
