"""`tripobs drift`: the rules on Azure against the definitions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from observability.cli import cloud, main, terminal
from observability.deploy import drift as live
from observability.deploy import templates
from observability.deploy.drift import Drift, Finding, Kind
from observability.deploy.hide import Hide
from observability.deploy.normal import UNSET

_COLOURS = {Kind.EXTRA: "yellow", Kind.EDITED: "yellow"}


def drift(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    return cloud.guarded(lambda: _drift(arguments))


def _drift(arguments: argparse.Namespace) -> int:
    folder = cloud.generated(arguments)
    known = templates.load(folder)
    compared = [one for one in known if one.name in live.COMPARED]
    given = templates.values(Path(arguments.parameters) if arguments.parameters else None)
    # Without a file everything made of an address is left out; a value that is given has to be right.
    cloud.refuse(arguments, templates.problems(compared, given, known, templates.examples(folder), whole=False))
    arm = cloud.connect(arguments)
    try:
        defined = [one for each in compared for one in cloud.resources(each, given, arm)]
        made = {one["type"] for each in known for one in each.body["resources"]}
        found = live.compare(arm, defined, Hide(known, given), terminal.progress, made=made)
    finally:
        arm.close()
    terminal.progress("")
    if arguments.json:
        terminal.show_json(_plain(found))
    else:
        _print(found)
    return main.PROBLEMS if found.findings else main.OK


def _print(found: Drift) -> None:
    if found.findings:
        rows = [
            (one.kind.value, cloud.short(one.id), one.path or "-", _value(one.expected), _value(one.live))
            for one in found.findings
        ]
        head, *lines = terminal.lines(("WHAT", "RESOURCE", "WHERE", "DEFINED", "ON AZURE"), rows)
        print(head)
        for one, line in zip(found.findings, lines, strict=True):
            print(terminal.colour(line, _COLOURS.get(one.kind, "red")))
        print()
    print(f"{found.defined} defined, {found.live} on Azure, {_counts(found)}")
    if found.unknown:
        names = ", ".join(found.unknown)
        number = sum(found.unknown.values())
        print(f"not compared: {number} values made of parameters that were not given: {names}", file=sys.stderr)
    if found.at_azure:
        names = ", ".join(f"{name}()" for name in found.at_azure)
        number = sum(found.at_azure.values())
        print(f"not compared: {number} values that Azure tells only while deploying: {names}", file=sys.stderr)


def _counts(found: Drift) -> str:
    numbers = {kind: sum(1 for one in found.findings if one.kind is kind) for kind in Kind}
    return ", ".join(f"{number} {kind.value}" for kind, number in numbers.items() if number) or "no drift"


def _value(value: Any) -> str:
    from observability.cli.deploy import shown

    if value is UNSET:
        return "-"
    return cloud.short(value) if isinstance(value, str) and value.startswith("/") else shown(value)


def _plain(found: Drift) -> dict[str, Any]:
    return {
        "defined": found.defined,
        "live": found.live,
        "findings": [_finding(one) for one in found.findings],
        "not_compared": dict(found.unknown),
        "told_while_deploying": dict(found.at_azure),
    }


def _finding(one: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": one.kind.value, "means": live.MEANING[one.kind], "id": one.id}
    if one.path:
        plain["path"] = one.path
    for name, value in (("defined", one.expected), ("live", one.live)):
        if value is not UNSET:
            plain[name] = value
    return plain
