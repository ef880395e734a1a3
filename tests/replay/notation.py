"""Promtool's notation for the samples of a series, one a minute: ``1x3 0+2x4 stale _x2``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from observability.replay.samples import Samples

_SERIES = re.compile(r"(?P<name>[\w:]+)(?:\{(?P<labels>.*)\})?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_RUN = re.compile(r"(?P<start>-?[\d.]+)(?:(?P<step>[+-][\d.]+))?x(?P<times>\d+)")


def add(samples: Samples, series: str, values: str) -> None:
    match = _SERIES.fullmatch(series)
    assert match is not None, series
    labels = dict(_LABEL.findall(match["labels"] or ""))
    there = [(60.0 * minute, value) for minute, value in enumerate(expanded(values)) if value != "_"]
    samples.add(match["name"], labels, [at for at, _ in there], [None if v == "stale" else float(v) for _, v in there])


def expanded(values: str) -> Iterator[str]:
    for part in values.split():
        if part in ("_", "stale"):
            yield part
        elif part.startswith("_x"):
            yield from ["_"] * int(part[2:])
        elif found := _RUN.fullmatch(part):
            # ``axn`` is a and n more of it.
            for index in range(int(found["times"]) + 1):
                yield repr(float(found["start"]) + index * float(found["step"] or 0))
        else:
            yield part
