"""`tripobs coverage`: the whole table, one system, and a name that is none."""

from __future__ import annotations

import json

import pytest

from observability.cli.main import main
from observability.cli.terminal import width
from observability.design.systems import SYSTEMS


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["coverage", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_every_system_has_a_line_and_every_empty_cell_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--lang", "en")
    head, *lines, last = out.splitlines()
    named = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert (code, err, named) == (0, "", [system.key for system in SYSTEMS])
    assert head.split() == ["id", "system", "alerts", "queries", "panels"]
    geo = next(index for index, line in enumerate(lines) if line.startswith("service-bus-geo "))
    assert lines[geo].split()[1:] == ["Service", "Bus", "geo-DR", "-", "1", "1"]
    assert lines[geo + 1] == "    A geo-DR alias copies settings alone and has no lag. People do the switching."
    assert last.endswith("cells are empty for a reason, none without")


def test_one_system_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "image-scans", "--lang", "en")
    assert out.splitlines()[0].endswith(" (image-scans)")
    reason = "  - Results of Trivy and Snyk stay in the pipeline and come to no table."
    assert code == 0
    assert out.splitlines()[3:9] == ["alerts:", reason, "queries:", reason, "panels:", reason]


def test_json_has_the_names_and_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "redis-aof", "--json")
    assert json.loads(out) == [
        {
            "system": "redis-aof",
            "title": {"ko": "Redis AOF", "en": "Redis AOF"},
            "sections": ["5.3.1"],
            "alerts": ["redis-aof-failing"],
            "queries": ["redis/aof-errors"],
            "panels": ["tripgen-recovery: Errors writing the AOF"],
            "without": {},
        }
    ]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_table_fits_into_100_columns(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    _, out, _ = told(capsys, "--lang", lang)
    assert max(width(line) for line in out.splitlines()) <= 100


def test_one_system_in_korean_has_its_title_section_and_the_panels_as_the_dashboard_shows_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = told(capsys, "redis-aof")
    lines = out.splitlines()
    assert lines[:2] == ["Redis AOF (redis-aof)", "설계서 5.3.1"]
    assert lines[3:9] == ["알림:", "  redis-aof-failing", "쿼리:", "  redis/aof-errors", "패널:",
                          "  tripgen-recovery: AOF 저장 오류"]  # fmt: skip


def test_a_mistyped_system_gets_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "redis-ao")
    assert (code, err.partition("?")[0].split(", ")[0]) == (
        2, "tripobs: there is no system 'redis-ao'; did you mean redis-aof",
    )  # fmt: skip


def test_an_unknown_system_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "tape") == (2, "", "tripobs: there is no system 'tape'; `tripobs coverage` lists them\n")
