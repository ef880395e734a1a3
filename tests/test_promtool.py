"""The generated Prometheus rules, through the real promtool."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

GENERATED = Path(__file__).parents[1] / "generated" / "prometheus"
MISSING = "promtool (Debian's package 'prometheus') is not installed: the Prometheus rules were not run"


def run(promtool: str, *arguments: str, cwd: Path = GENERATED) -> str:
    done = subprocess.run([promtool, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_accepts_the_rules(promtool: str | None, leave_out: Callable[[str], None]) -> None:
    if promtool is None:
        leave_out(MISSING)
        return
    assert re.search(r"SUCCESS: \d+ rules found", run(promtool, "check", "rules", "rules.yaml"))


def test_every_alert_fires_and_stays_quiet_as_its_examples_say(
    promtool: str | None, leave_out: Callable[[str], None]
) -> None:
    if promtool is None:
        leave_out(MISSING)
        return
    assert "SUCCESS" in run(promtool, "test", "rules", "tests.yaml")


def test_a_wrong_expectation_fails(promtool: str | None, leave_out: Callable[[str], None], tmp_path: Path) -> None:
    """The proof that the proofs can fail: a quiet example that is made to expect an alert is noticed."""
    if promtool is None:
        leave_out(MISSING)
        return
    (tmp_path / "rules.yaml").write_bytes((GENERATED / "rules.yaml").read_bytes())
    tests = (GENERATED / "tests.yaml").read_text(encoding="utf-8")
    (tmp_path / "tests.yaml").write_text(re.sub(r"eval_time: \d+m", "eval_time: 0m", tests), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode != 0


@pytest.mark.parametrize("kind", ["fires", "stays quiet"])
def test_every_prometheus_alert_has_an_example_that_fires_and_one_that_stays_quiet(kind: str) -> None:
    rules = yaml.safe_load((GENERATED / "rules.yaml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    tests = yaml.safe_load((GENERATED / "tests.yaml").read_text(encoding="utf-8"))["tests"]
    shown = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if bool(case["exp_alerts"]) is (kind == "fires")
    }
    assert shown == alerts
