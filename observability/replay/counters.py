"""What Prometheus makes of counters and histograms: growth carried to the ends of a range, quantiles between bounds."""

from __future__ import annotations

import math

from observability.replay.samples import Labels


def increase(times: list[float], values: list[float], start: float, end: float, length: float | None) -> float | None:
    """What a counter gained between two moments, carried on to them as Prometheus does; None under two samples.

    A second's share of it where ``length``, the seconds between them, is given.
    """
    if len(values) < 2:
        return None
    gained = values[-1] - values[0]
    before = values[0]
    for value in values:
        if value < before:
            gained += before
        before = value
    sampled = times[-1] - times[0]
    between = sampled / (len(times) - 1)
    to_start, to_end = times[0] - start, end - times[-1]
    if gained > 0 and values[0] >= 0:
        # A counter is not carried back to where it would be negative.
        to_start = min(to_start, sampled * (values[0] / gained))
    limit = between * 1.1
    whole = sampled
    whole += to_start if to_start < limit else between / 2
    whole += to_end if to_end < limit else between / 2
    # In this order, as Prometheus rounds: a floor() around it would show the difference.
    factor = whole / sampled
    return gained * (factor if length is None else factor / length)


def quantiles(quantile: float, buckets: dict[Labels, float]) -> dict[Labels, float]:
    """The quantile of each histogram; two ways to write one bound are one bucket."""
    groups: dict[Labels, dict[float, float]] = {}
    for labels, value in buckets.items():
        bound = dict(labels).get("le")
        if bound is not None:
            rest = tuple(pair for pair in labels if pair[0] != "le")
            found = groups.setdefault(rest, {})
            found[float(bound)] = found.get(float(bound), 0.0) + value
    return {labels: _quantile(quantile, sorted(found.items())) for labels, found in groups.items()}


def _quantile(quantile: float, buckets: list[tuple[float, float]]) -> float:
    if not buckets or buckets[-1][0] != math.inf or len(buckets) < 2 or math.isnan(quantile):
        return math.nan
    if quantile < 0 or quantile > 1:
        return -math.inf if quantile < 0 else math.inf
    highest, counts = 0.0, []
    for _, count in buckets:
        highest = max(highest, count)
        counts.append(highest)
    total = counts[-1]
    if total == 0 or math.isnan(total):
        return math.nan
    rank = quantile * total
    at = next(index for index, count in enumerate(counts) if count >= rank)
    if at == len(buckets) - 1:
        return buckets[-2][0]
    upper = buckets[at][0]
    if at == 0 and upper <= 0:
        return upper
    lower, below = (buckets[at - 1][0], counts[at - 1]) if at else (0.0, 0.0)
    inside = counts[at] - below
    # The quantile 0 where the first bucket is empty: Prometheus divides 0 by 0.
    return lower + (upper - lower) * ((rank - below) / inside) if inside else math.nan
