"""Every deployment template stays inside what Azure Resource Manager takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from observability.artefacts.build import build
from observability.azure import limits
from observability.catalog import load
from observability.output import Artefact

KINDS = {"deployment template", "alert rule"}
TEMPLATES = [made for made in build(load(), "ko") if made.kind in KINDS]


def beyond(template: dict[str, Any], size: int) -> list[str]:
    """Which of the limits a template goes beyond."""
    found = {
        "bytes": (size, limits.TEMPLATE_BYTES),
        "parameters": (len(template["parameters"]), limits.TEMPLATE_PARAMETERS),
        "resources": (len(template["resources"]), limits.TEMPLATE_RESOURCES),
    }
    return [name for name, (value, limit) in found.items() if value > limit]


@pytest.mark.parametrize("made", TEMPLATES, ids=[made.path for made in TEMPLATES])
def test_a_template_is_small_enough(made: Artefact) -> None:
    assert beyond(json.loads(made.body), len(made.body)) == []


def test_the_four_templates_and_each_rule_were_looked_at() -> None:
    paths = {made.path for made in TEMPLATES}
    assert {f"azure/{name}.json" for name in ("access", "alerts", "queries", "workspace")} <= paths
    assert len(paths) > 10


def test_a_template_beyond_a_limit_is_told() -> None:
    large = {"parameters": dict.fromkeys(map(str, range(257))), "resources": [{}] * 801}
    assert beyond(large, 4 * 1024 * 1024 + 1) == ["bytes", "parameters", "resources"]


def test_the_page_about_the_pipeline_names_only_parameters_and_files_that_there_are() -> None:
    page = (Path(__file__).parents[1] / "docs" / "pipeline.md").read_text(encoding="utf-8")
    declared = {name for made in TEMPLATES for name in json.loads(made.body)["parameters"]}
    named = set(re.findall(r"\b[a-z]+[A-Z]\w*(?:Logs|Skip|Id)\b", page))
    assert {"clusterAuditLogs", "edgeAccessLogs", "firewallRuleLogs", "settingsToSkip", "kedaPrincipalId"} <= named
    assert named <= declared
    paths = {made.path for made in build(load(), "ko")}
    assert set(re.findall(r"(?:azure|kubernetes)/[a-z-]+\.(?:json|yaml)", page)) <= paths
