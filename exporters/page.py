"""The text that Prometheus reads: classic and OpenMetrics, from series whose label text is kept.

A value changes at every round, a label set hardly ever; so label text is made once (``Form.prefixes``) and an encoding
only formats numbers between kept texts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from math import isfinite, isnan

from exporters.families import Families, Histogram, Labels, Value
from observability.model.signal import Instrument, InstrumentKind

CLASSIC = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# Long enough for any name of the system; the rest would be somebody's data in a label.
LABEL_LENGTH = 128
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


def number(value: float) -> str:
    """``value`` as Prometheus writes it: 1, 0.5, 1e+16, +Inf, -Inf, NaN."""
    if isfinite(value):
        return repr(value).removesuffix(".0")
    return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"


def clean(labels: Labels) -> Labels:
    """The same label values, each of bounded length and without control characters or halves of characters."""
    text = "".join(labels)
    if len(text) <= LABEL_LENGTH and text.isprintable():
        return labels
    return tuple(
        value if value.isprintable() else "".join(c if c.isprintable() else "?" for c in value)
        for value in (value[:LABEL_LENGTH] for value in labels)
    )


def rows(prefixes: Sequence[str], values: Sequence[float]) -> str:
    """The lines of ``prefixes`` with their numbers; each begins with a line feed and none ends with one."""
    if not isfinite(sum(values)):  # rare, so the common case pays one addition for each number
        return "".join(f"{prefix}{number(value)}" for prefix, value in zip(prefixes, values, strict=True))
    flat = [""] * (2 * len(prefixes))
    flat[::2] = prefixes
    flat[1::2] = map(repr, values)
    # repr says 1.0 where Prometheus says 1. Label values hold no line feed, so this meets ends of numbers only.
    return "".join(flat).replace(".0\n", "\n").removesuffix(".0")


class Form:
    """How an instrument's series are written."""

    __slots__ = ("_lines", "classic", "instrument", "kind", "labels", "name", "openmetrics", "weight")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.name = name = instrument.name
        self.kind = instrument.kind
        self.labels = len(instrument.labels)
        self._lines = tuple(_lines(instrument))
        # Series on the page for each label set.
        self.weight = len(self._lines)
        text = instrument.help.en.translate(_HELP_ESCAPES)
        self.classic = f"\n# HELP {name} {text}\n# TYPE {name} {self.kind.value}"
        # OpenMetrics names a counter's family without the suffix of its samples, and escapes quotes in help too.
        family = name.removesuffix("_total") if self.kind is InstrumentKind.COUNTER else name
        text = text.replace('"', r"\"")
        self.openmetrics = f"\n# HELP {family} {text}\n# TYPE {family} {self.kind.value}"

    def prefixes(self, sets: Iterable[Labels]) -> list[str]:
        """The text before the number of each series of the cleaned label sets."""
        lines = self._lines
        if len(lines) == 1:
            line = lines[0]
            return [line % _escaped(labels) for labels in sets]
        return [line % escaped for labels in sets for escaped in (_escaped(labels),) for line in lines]

    def flat(self, values: Iterable[Value]) -> list[float]:
        """One number for each series. Raises ValueError or TypeError for what the instrument cannot hold."""
        if self.kind is not InstrumentKind.HISTOGRAM:
            numbers = list(map(float, values))  # type: ignore[arg-type]  # float() refuses a histogram
        else:
            numbers = []
            bounds = len(self.instrument.bounds)
            for one in values:
                if not isinstance(one, Histogram) or len(one.buckets) != bounds:
                    raise ValueError(f"not a histogram of {bounds} bounds")
                numbers += map(float, (*one.buckets, one.count, one.total, one.count))
            return numbers
        if self.kind is InstrumentKind.COUNTER and numbers and (min(numbers) < 0 or isnan(sum(numbers))):
            raise ValueError("a counter below 0 or not a number")
        return numbers

    def head(self, openmetrics: bool) -> str:
        return self.openmetrics if openmetrics else self.classic


def _lines(instrument: Instrument) -> Iterable[str]:
    """The lines of a label set, to be filled with ``%``; each begins with a line feed and ends before its number."""
    name = instrument.name
    pairs = ",".join(f'{label}="%s"' for label in instrument.labels)
    braces = f"{{{pairs}}}" if pairs else ""
    if instrument.kind is not InstrumentKind.HISTOGRAM:
        yield f"\n{name}{braces} "
        return
    comma = "," if pairs else ""
    for bound in instrument.bounds:
        # 1.0, not 1: OpenMetrics wants the canonical float, and both texts must name the same series.
        yield f'\n{name}_bucket{{{pairs}{comma}le="{float(bound)!r}"}} '
    yield f'\n{name}_bucket{{{pairs}{comma}le="+Inf"}} '
    yield f"\n{name}_sum{braces} "
    yield f"\n{name}_count{braces} "


def _escaped(labels: Labels) -> Labels:
    text = "".join(labels)
    if '"' in text or "\\" in text:
        return tuple(value.translate(_ESCAPES) for value in labels)
    return labels


class Page:
    """One state of all series, encoded in the form that is asked for: made once each, then kept."""

    __slots__ = ("_made", "_parts", "series")

    def __init__(self, parts: Sequence[tuple[Form, str]], series: int) -> None:
        self._parts = parts
        self._made: dict[tuple[bool, bool], bytes] = {}
        self.series = series

    def body(self, openmetrics: bool, gzipped: bool) -> bytes:
        body = self._made.get((openmetrics, gzipped))
        if body is None:
            if gzipped:
                # Level 1: a tenth of level 9's time for a quarter more bytes; 31 asks zlib for a gzip frame.
                squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
                body = squeeze.compress(self.body(openmetrics, False)) + squeeze.flush()
            else:
                text = "".join([part for form, lines in self._parts for part in (form.head(openmetrics), lines)])
                # Every head begins with a line feed: the first one goes, and the last line gets its own.
                end = "\n# EOF\n" if openmetrics else "\n"
                body = f"{text}{end}".lstrip("\n").encode()
            self._made[openmetrics, gzipped] = body
        return body

    @property
    def classic(self) -> bytes:
        return self.body(False, False)

    @property
    def openmetrics(self) -> bytes:
        return self.body(True, False)


def encode(families: Families) -> Page:
    """A page of ``families`` alone, every text made anew."""
    parts, series = [], 0
    for instrument, sets in sorted(families.items(), key=lambda item: item[0].name):
        form = Form(instrument)
        if sets:
            parts.append((form, rows(form.prefixes(map(clean, sets)), form.flat(sets.values()))))
            series += form.weight * len(sets)
    return Page(parts, series)
