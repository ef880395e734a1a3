"""Samples as the page that `promtool tsdb create-blocks-from openmetrics` reads."""

from __future__ import annotations

from observability.replay.samples import Samples


def page(samples: Samples) -> str:
    lines = []
    for name in sorted(samples.names()):
        lines.append(f"# TYPE {name} unknown")
        for series in samples.of(name):
            told = ",".join(f'{label}="{_escaped(value)}"' for label, value in series.labels)
            head = f"{name}{{{told}}}" if told else name
            lines += [
                f"{head} {value!r} {moment:.3f}"
                for moment, value in zip(series.times, series.values, strict=True)
                if value is not None
            ]
    return "\n".join([*lines, "# EOF", ""])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
