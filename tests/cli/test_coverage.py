"""`tripobs coverage`: the whole table, one system, and a name that is none."""

from __future__ import annotations

import json

import pytest

from observability.cli.main import main
from observability.design.systems import SYSTEMS


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["coverage", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_every_system_has_a_line_and_every_empty_cell_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--lang", "en")
    head, *lines, last = out.splitlines()
    assert (code, err, len(lines)) == (0, "", len(SYSTEMS))
    assert head.split()[:4] == ["system", "section", "alerts", "queries"]
    geo = next(line for line in lines if line.startswith("Service Bus geo-DR"))
    assert geo.split()[3:7] == ["6.1.1", "-", "1", "1"]
    assert geo.endswith("A geo-DR alias copies settings alone and has no lag. People do the switching.")
    assert last.endswith("cells are empty for a reason, none without")


def test_one_system_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "image-scans", "--lang", "en")
    reason = "  - Results of Trivy and Snyk stay in the pipeline and come to no table."
    assert code == 0
    assert out.splitlines()[2:8] == ["alerts:", reason, "queries:", reason, "panels:", reason]


def test_json_has_the_names_and_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "redis-aof", "--json")
    assert json.loads(out) == [
        {
            "system": "redis-aof",
            "alerts": ["redis-aof-failing"],
            "queries": ["redis/aof-errors"],
            "panels": ["tripgen-recovery: Errors writing the AOF"],
            "without": {},
        }
    ]


def test_an_unknown_system_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "tape") == (2, "", "tripobs: there is no system 'tape'; `tripobs coverage` lists them\n")
