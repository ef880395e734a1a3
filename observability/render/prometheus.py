"""rules.yaml and tests.yaml for promtool, from the same alerts as the Azure rule groups.

The YAML is written by hand: the shapes are few and fixed, and a general writer takes fifty times as long. Every
text is written as a JSON string, which is a YAML double-quoted scalar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from observability.model.alert import Alert, Example
from observability.model.signal import RECORDED_EVERY, Signal
from observability.model.text import Lang
from observability.render import durations, promql
from observability.render.arm_alerts import annotations_of, labels_of, prometheus_name

# What JSON leaves as it is and YAML takes for a line end or refuses to read.
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


def _quote(value: str) -> str:
    return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _map(indent: str, name: str, values: Mapping[str, str]) -> list[str]:
    return [f"{indent}{name}:", *(f"{indent}  {key}: {_quote(value)}" for key, value in values.items())]


def _said(alert: Alert, lang: Lang) -> dict[str, str]:
    return {**annotations_of(alert, lang), "runbook_url": f"runbooks/{alert.id}.md"}


def rules(alerts: tuple[Alert, ...], recorded: tuple[Signal, ...], lang: Lang) -> str:
    """A rule file: one group an alert, as in Azure, and one group of recording rules."""
    lines = ["groups:"]
    for alert in alerts:
        lines += [
            f"  - name: {_quote(f'alert-tripgen-{alert.id}')}",
            f"    interval: {durations.prometheus(alert.every)}",
            "    rules:",
            f"      - alert: {prometheus_name(alert)}",
            f"        expr: {_quote(promql.condition(alert))}",
        ]
        if alert.pending is not None:
            lines.append(f"        for: {durations.prometheus(alert.pending)}")
        lines += _map("        ", "labels", labels_of(alert)) + _map("        ", "annotations", _said(alert, lang))
    if recorded:
        lines += ['  - name: "record-tripgen"', f"    interval: {durations.prometheus(RECORDED_EVERY)}", "    rules:"]
    for name, expr in promql.recorded(recorded).items():
        lines += [f"      - record: {name}", f"        expr: {_quote(expr)}"]
    return "\n".join(lines) + "\n"


def _expected(alert: Alert, found: Mapping[str, str], lang: Lang) -> list[str]:
    said = {
        name: _LABEL.sub(lambda match: found.get(match[1], ""), words) for name, words in _said(alert, lang).items()
    }
    first, *rest = [
        *_map("              ", "exp_labels", {**labels_of(alert), **found}),
        *_map("              ", "exp_annotations", said),
    ]
    return [f"            - {first.strip()}", *rest]


def _test(alert: Alert, example: Example, lang: Lang) -> list[str]:
    lines = [
        f"  - name: {_quote(f'{alert.id}: {example.name}')}",
        "    interval: 1m",
        "    input_series:",
    ]
    for series in example.series:
        lines += [f"      - series: {_quote(series.series)}", f"        values: {_quote(series.values)}"]
    lines += [
        "    alert_rule_test:",
        f"      - eval_time: {example.at}m",
        f"        alertname: {prometheus_name(alert)}",
        f"        exp_alerts:{'' if example.fires else ' []'}",
    ]
    for found in example.fires:
        lines += _expected(alert, found, lang)
    return lines


def tests(alerts: tuple[Alert, ...], lang: Lang) -> str:
    """A promtool test file: each alert's examples, those that fire and those that stay quiet."""
    lines = ["rule_files:", "  - rules.yaml", "evaluation_interval: 1m", "tests:"]
    for alert in alerts:
        for example in alert.examples(promql.limit(alert)) if alert.examples else ():
            lines += _test(alert, example, lang)
    return "\n".join(lines) + "\n"
