"""Burn rates follow from the period, and the phases change the objectives and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts import burn_rate, slo
from alerts.burn_rate import PAGE, TICKET, Pair, possible
from observability.model.errors import DefinitionError
from observability.model.units import days
from observability.signals import slo as signals

ROOT = Path(__file__).parents[1]


def test_factors_are_the_share_of_the_budget_over_the_share_of_the_period() -> None:
    # The SRE workbook's table for 30 days: 2 % in an hour, 5 % in six, 10 % in a day, 10 % in three.
    assert [pair.factor(days(30)) for pair in (*PAGE, *TICKET)] == [14.4, 6.0, 3.0, 1.0]
    assert [pair.factor(days(28)) for pair in (*PAGE, *TICKET)] == [13.44, 5.6, 2.8, pytest.approx(28 / 30)]


def test_the_short_window_is_a_twelfth_of_the_long_one() -> None:
    assert all(pair.short == pair.long / 12 for pair in (*PAGE, *TICKET))


def test_a_budget_of_a_fifth_cannot_burn_fourteen_times_as_fast() -> None:
    assert [pair.long for pair in possible(slo.CACHE, (*PAGE, *TICKET))] == [timedelta(days=1), timedelta(days=3)]
    assert possible(slo.ERRORS, (*PAGE, *TICKET)) == (*PAGE, *TICKET)


def unreachable(objective: float, *pairs: Pair) -> list[str]:
    """What each of the three that need a pair says of one objective."""
    loose = replace(slo.ERRORS, objective=objective)
    said = []
    for built in (
        lambda: burn_rate.on_logs(loose, signals.REQUESTS_FAILED, pairs),
        lambda: burn_rate.on_prometheus(loose, signals.REQUESTS_BAD_RATE, signals.REQUESTS_RATE, pairs),
        lambda: burn_rate.examples(loose, signals.REQUESTS_BAD_RATE, signals.REQUESTS_RATE, pairs),
    ):
        with pytest.raises(DefinitionError) as refused:
            built()
        said.append(re.sub(r":\d+: ", ": ", str(refused.value)))
    return said


def test_an_objective_that_no_pair_can_reach_is_named_with_a_way_out() -> None:
    assert unreachable(0.8, *PAGE) == [
        "tests/test_burn_rates.py: slo 'slo-errors': objective '0.8' leaves a budget that cannot burn '6', '14.4' times too fast; "
        "give an objective above '0.833333', or pairs with lower factors"
    ] * 3  # fmt: skip
    assert unreachable(0.999) == [
        "tests/test_burn_rates.py: slo 'slo-errors': is watched over no pair of windows; give PAGE, TICKET or pairs of your own"
    ] * 3  # fmt: skip


def test_the_log_query_takes_the_slower_of_two_windows_and_the_worse_of_two_pairs() -> None:
    measure = burn_rate.on_logs(slo.ERRORS, signals.REQUESTS_FAILED, PAGE).kql
    assert measure is not None
    assert measure.result.strip().splitlines() == [
        "| where bad >= min_failed",
        "| extend value = max_of(",
        "    min_of(todouble(bad_1h) / max_of(total_1h, 1), todouble(bad_5m) / max_of(total_5m, 1)) / (budget * factor_1h),",
        "    min_of(todouble(bad) / max_of(total, 1), todouble(bad_30m) / max_of(total_30m, 1)) / (budget * factor_6h)",
        ")",
    ]
    assert measure.params == {"budget": 0.001, "factor_1h": 14.4, "factor_6h": 6.0, "min_failed": 1}


def test_the_prometheus_rule_divides_by_the_budget_times_the_factor() -> None:
    made = burn_rate.on_prometheus(slo.ITINERARIES, signals.ITINERARIES_LATE_RATE, signals.ITINERARIES_RATE, TICKET[1:])
    assert made.promql is not None
    long, short = (
        f"(sum_over_time(slo_itineraries_late_rate[{window}]) / sum_over_time(slo_itineraries_rate[{window}]))"
        for window in ("$window", "6h")
    )
    assert made.promql.expr == (
        f"(({long} <= {short} or {short}) / 0.05 and 60 * sum_over_time(slo_itineraries_late_rate[$window]) >= 5)"
    )


def test_another_period_changes_every_number_that_follows_from_it() -> None:
    quarter = replace(slo.ERRORS, period=days(90))
    made = burn_rate.on_logs(quarter, signals.REQUESTS_FAILED, PAGE).kql
    assert made is not None
    assert (made.params["factor_1h"], made.params["factor_6h"]) == (43.2, 18.0)


# --- phases -----------------------------------------------------------------------------------------------------------


def generated(folder: Path, *arguments: str) -> dict[str, str]:
    """Every file of an environment, by path."""
    subprocess.run(
        [sys.executable, "-c", "import sys; from observability.cli.main import main; sys.exit(main(sys.argv[1:]))",
         "generate", "--quiet", "--out", str(folder), *arguments],
        cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def by_phase(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, str]]:
    return {phase: generated(tmp_path_factory.mktemp(f"phase-{phase}"), "--phase", str(phase)) for phase in (1, 2, 3)}


def lets(text: str) -> dict[str, str]:
    return dict(re.findall(r"^let (\w+) = (.+);$", text, re.MULTILINE))


def test_phase_one_is_what_is_committed(by_phase: dict[int, dict[str, str]]) -> None:
    committed = (ROOT / "generated/kql/alerts/error-budget-burning.kql").read_text(encoding="utf-8")
    assert by_phase[1]["kql/alerts/error-budget-burning.kql"] == committed


def test_each_phase_has_the_numbers_of_section_13(by_phase: dict[int, dict[str, str]]) -> None:
    # Availability 99.9, 99.95 and 99.99 %; API 200, 100 and 200 ms; AI 5, 2 and 2 s; errors stay at 0.1 %.
    availability = {
        phase: lets(files["kql/slo/availability-budget.kql"])["objective_percent"] for phase, files in by_phase.items()
    }
    assert availability == {1: "99.9", 2: "99.95", 3: "99.99"}
    api = {
        phase: lets(files["kql/alerts/api-latency-budget-burning.kql"])["limit_ms"] for phase, files in by_phase.items()
    }
    assert api == {1: "200", 2: "100", 3: "200"}
    ai = {
        phase: re.findall(r'ai_response_seconds_bucket\{le=~\\"(\d+)\(', files["prometheus/rules.yaml"])
        for phase, files in by_phase.items()
    }
    assert ai == {1: ["5"], 2: ["2"], 3: ["2"]}
    throughput = {
        phase: lets(files["kql/services/throughput.kql"])["goal_per_second"] for phase, files in by_phase.items()
    }
    assert throughput == {1: "1000.0", 2: "5000.0", 3: "10000.0"}
    errors = {phase: lets(files["kql/alerts/error-budget-burning.kql"])["budget"] for phase, files in by_phase.items()}
    assert errors == {1: "0.001", 2: "0.001", 3: "0.001"}


def test_texts_for_people_speak_of_their_own_phase(by_phase: dict[int, dict[str, str]]) -> None:
    promises = {1: ("99.9%", "43", "5초", "0.2초(200 ms)"), 2: ("99.95%", "21", "2초", "0.1초(100 ms)"),
                3: ("99.99%", "4.3", "2초", "0.2초(200 ms)")}  # fmt: skip
    for phase, (available, minutes, ai, api) in promises.items():
        files = by_phase[phase]
        assert f"예산은 30일에 {minutes}분의 중단입니다." in files["kql/slo/availability-budget.kql"]
        overview = files["dashboards/tripgen-overview.json"]
        assert f"약속은 {available}입니다." in overview
        assert f"{available}는 한 달에 {minutes}분까지 멈춰도 된다는 뜻입니다." in overview
        assert f"목표는 {ai} 안입니다." in overview
        assert f"목표는 {api} 안입니다." in overview


def test_the_next_phases_goal_is_drawn_where_it_is_another(by_phase: dict[int, dict[str, str]]) -> None:
    # 5 s and then 2 s; 2 s in both of the later phases.
    drawn = {
        phase: files["dashboards/tripgen-ai.json"].count("단계 AI 응답시간 목표") for phase, files in by_phase.items()
    }
    assert drawn[1] > 0
    assert (drawn[2], drawn[3]) == (0, 0)


def test_a_number_of_another_phase_cites_its_own_section(by_phase: dict[int, dict[str, str]]) -> None:
    cited = {
        phase: files["kql/slo/availability-budget.kql"].splitlines()[1].rpartition(" ")[2]
        for phase, files in by_phase.items()
    }
    assert cited == {1: "2.1", 2: "13.1.2", 3: "13.1.3"}


def test_a_phase_changes_objectives_and_leaves_the_alerts_of_section_8(by_phase: dict[int, dict[str, str]]) -> None:
    for phase in (2, 3):
        changed = {path for path, text in by_phase[phase].items() if by_phase[1].get(path) != text}
        rules = {path.removeprefix("alerts/").removesuffix(".json") for path in changed if path.startswith("alerts/")}
        assert by_phase[phase].keys() == by_phase[1].keys()
        assert {rule for rule in rules if "budget" not in rule} <= {"high-error-rate"}
        assert "availability-budget-leaking" in rules
        assert not any(path.startswith(("apm/", "kubernetes/patches")) for path in changed)


def test_one_lost_probe_is_enough_for_99_99_percent_so_a_floor_appears(by_phase: dict[int, dict[str, str]]) -> None:
    floors = {
        phase: lets(files["kql/alerts/availability-budget-leaking.kql"]).get("min_failed")
        for phase, files in by_phase.items()
    }
    assert floors == {1: None, 2: None, 3: "2"}


def test_another_region_is_the_default_of_every_template(tmp_path: Path) -> None:
    files = generated(tmp_path / "out", "--region", "koreasouth")
    for name in ("alerts", "workspace"):
        assert json.loads(files[f"azure/{name}.json"])["parameters"]["location"]["defaultValue"] == "koreasouth"


OTHER_PHASE = "TRIPOBS_PHASE is '3'; name a folder with --out: generated/ holds the environment of the document"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--phase", "2"), {}, "name a folder with --out: generated/ holds the environment of the document"),
        (("--region", "japaneast"), {}, "name a folder with --out: generated/ holds the environment of the document"),
        (
            ("--phase", "2", "--check"),
            {},
            "name a folder with --out: generated/ holds the environment of the document",
        ),
        ((), {"TRIPOBS_PHASE": "3"}, OTHER_PHASE),
        (("--check",), {"TRIPOBS_PHASE": "3"}, OTHER_PHASE),
        (
            ("--region", "Korea South", "--out", "x"),
            {},
            "'Korea South' is no region as Azure spells it; e.g. koreacentral, southeastasia",
        ),
        ((), {"TRIPOBS_PHASE": "9"}, "TRIPOBS_PHASE is '9'; use one of 1, 2, 3"),
    ],
)
def test_a_phase_or_region_that_cannot_be_is_said_and_nothing_is_written(
    arguments: tuple[str, ...], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "observability", "generate", *arguments],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tripobs: {said}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_the_catalogue_of_another_phase_is_refused_without_a_folder_of_its_own(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "observability", "site", *arguments],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT), "TRIPOBS_PHASE": "3"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tripobs: {OTHER_PHASE}\n")
