"""The promise of the project: change one number, regenerate, and exactly what carries it changes."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("observability", "alerts", "kql", "dashboards", "generated")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project whose definitions can be edited."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def tripobs(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "observability", *arguments], cwd=project, capture_output=True, text=True, timeout=120
    )


def edit(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    (project / path).write_text(text.replace(old, new), encoding="utf-8")


def changed_lines(project: Path) -> dict[str, list[str]]:
    """Path -> the lines that are new or gone, stripped, for each file that differs from the committed one."""
    found = {}
    for path in sorted((project / "generated").rglob("*")):
        if path.is_file():
            name = path.relative_to(project / "generated").as_posix()
            before = (ROOT / "generated" / name).read_text(encoding="utf-8").splitlines()
            after = path.read_text(encoding="utf-8").splitlines()
            if before != after:
                found[name] = [
                    re.sub(r"\s+", " ", line)
                    for line in difflib.unified_diff(before, after, lineterm="", n=0)
                    if line[:1] in "+-" and line[:3] not in ("+++", "---")
                ]
    return found


def test_one_threshold_changes_its_rule_its_line_its_runbook_and_the_manifest(copy: Path) -> None:
    edit(copy, "alerts/services.py", "above=percent(1),", "above=percent(2.5),")
    done = tripobs(copy, "generate")
    assert done.returncode == 0, done.stderr
    changed = changed_lines(copy)
    assert sorted(changed) == [
        "alerts/high-error-rate.json",
        "azure/alerts.json",
        # In how few requests a single kept error is above the limit (R32).
        "azure/queries.json",
        "dashboards/tripgen-delivery.json",
        "dashboards/tripgen-services.json",
        "kql/services/error-rate-peaks.kql",
        "kubernetes/dashboards.yaml",
        "manifest.json",
        "runbooks/high-error-rate.md",
    ]
    for path in ("alerts/high-error-rate.json", "azure/alerts.json"):
        thresholds = [line for line in changed[path] if "description" not in line]
        assert thresholds == ['- "threshold": 1,', '+ "threshold": 2.5,'], path
        assert len(changed[path]) == 4
    assert [line for line in changed["runbooks/high-error-rate.md"] if line.startswith("+")] == [
        "+| 조건 · Condition | 오류율 2.5% 초과, 5분 구간 · Error rate above 2.5%, over 5 minutes |"
    ]
    assert set(changed["manifest.json"]) <= {line for line in changed["manifest.json"] if '"sha256"' in line}
    # The panels' line, the axis that makes room for it, and what their description says of it.
    for path in ("dashboards/tripgen-services.json", "dashboards/tripgen-delivery.json"):
        assert all(re.search(r'"value": [\d.]+|"description"|"axisSoftMax"', line) for line in changed[path]), changed[
            path
        ]


def test_a_prometheus_threshold_changes_the_rule_files_too(copy: Path) -> None:
    edit(copy, "alerts/ai.py", "above=seconds_of(5),", "above=seconds_of(8),")
    done = tripobs(copy, "generate")
    assert done.returncode == 0, done.stderr
    assert sorted(changed_lines(copy)) == [
        "alerts/ai-response-time-exceeded.json",
        "azure/alerts.json",
        "dashboards/tripgen-ai.json",
        "dashboards/tripgen-business.json",
        "kubernetes/dashboards.yaml",
        "manifest.json",
        "prometheus/rules.yaml",
        "prometheus/tests.yaml",
        "runbooks/ai-response-time-exceeded.md",
    ]


def test_all_problems_at_once_one_line_each_and_generated_untouched(copy: Path) -> None:
    edit(copy, "alerts/services.py", "above=percent(1),", "above=gigabytes(1),")
    edit(
        copy,
        "alerts/services.py",
        "import Quantity, Unit, minutes, percent",
        "import Quantity, Unit, gigabytes, minutes, percent",
    )
    edit(copy, "alerts/aks.py", "window=minutes(5),", "window=minutes(2),")
    edit(copy, "alerts/ai.py", 'id="ai-response-time-exceeded"', 'id="pod-crash-loop"')
    edit(copy, "alerts/postgresql.py", '    source=Section("8.1.2", reading="R7"),\n', "")
    edit(copy, "kql/triage.py", "        KubeEvents\n", "        KubeEventz\n")
    done = tripobs(copy, "generate")
    assert done.returncode == 1
    assert done.stdout == ""
    lines = [re.sub(r":\d+", "", line) for line in done.stderr.splitlines()]
    for wanted in (
        "alerts/aks.py: alert 'high-memory-usage': metric alerts have no window 'PT2M'; the nearest are 'PT1M' or 'PT5M', "
        "or use engine 'prometheus'",
        "alerts/services.py: alert 'high-error-rate': limit '1 GB' is in gigabytes, signal 'error_rate' in percent; "
        "give the limit in percent",
        "kql/triage.py: query 'triage/pod-events': reads unknown table 'KubeEventz'; "
        "write 'KubeEvents', or add its columns to observability/azure/tables.json",
    ):
        assert wanted in lines, "\n".join(lines)
    assert any(
        re.match(r"alerts/\w+\.py: alert 'pod-crash-loop': the name is already used in alerts/\w+\.py", line)
        for line in lines
    )
    assert any("'database-connection-pool-exhausted': has no source" in line for line in lines)
    assert lines[-1] == "nothing was written"
    assert changed_lines(copy) == {}


def test_a_file_that_does_not_load_is_one_line_among_the_others(copy: Path) -> None:
    edit(copy, "alerts/ai.py", "watches=ai.AI_RESPONSE_TIME,", "watches=ai.AI_RESPONSE_TYME,")
    edit(copy, "alerts/aks.py", "window=minutes(5),", "window=minutes(2),")
    done = tripobs(copy, "generate")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(r"^alerts/ai\.py:\d+: module 'alerts\.ai': .*AI_RESPONSE_TYME", done.stderr, re.MULTILINE)
    assert "metric alerts have no window 'PT2M'" in done.stderr


def test_check_notices_a_changed_number_and_names_the_stale_files(copy: Path) -> None:
    edit(copy, "alerts/services.py", "above=percent(1),", "above=percent(2),")
    done = tripobs(copy, "generate", "--check")
    assert done.returncode == 3
    assert "stale" in done.stdout
    assert "high-error-rate.json" in done.stdout
    assert changed_lines(copy) == {}


def test_an_alert_is_added_in_one_place(copy: Path) -> None:
    """A new Alert value alone makes its rule, its runbook, its query and its entry in the manifest."""
    source = (copy / "alerts/services.py").read_text(encoding="utf-8")
    body = source[source.index("HIGH_ERROR_RATE = Alert(") :]
    body = body.replace("HIGH_ERROR_RATE", "VERY_HIGH_ERROR_RATE").replace(
        '"high-error-rate"', '"very-high-error-rate"'
    )
    body = body.replace("above=percent(1)", "above=percent(20)").replace("높은 오류율", "매우 높은 오류율")
    (copy / "alerts/services.py").write_text(f"{source}\n\n{body}", encoding="utf-8")
    done = tripobs(copy, "generate")
    assert done.returncode == 0, done.stderr
    for path in (
        "alerts/very-high-error-rate.json",
        "runbooks/very-high-error-rate.md",
        "kql/alerts/very-high-error-rate.kql",
    ):
        assert (copy / "generated" / path).is_file()
    paths = [e["path"] for e in json.loads((copy / "generated/manifest.json").read_bytes())["artefacts"]]
    assert "alerts/very-high-error-rate.json" in paths
