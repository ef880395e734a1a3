"""`tripobs scenarios`, `replay` and `site`: what they print, write and refuse, and with which exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from observability import scenarios
from observability.cli.main import main


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(arguments)
    except SystemExit as error:
        code = int(str(error.code))
    out, err = capsys.readouterr()
    return code, out, err


def test_scenarios_are_listed_with_what_has_to_fire(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "scenarios", "--lang", "en")
    assert (code, err) == (0, "")
    assert re.search(
        r"^service-down +A service is down in all zones +service-unavailable, pods-below-pdb$", out, re.MULTILINE
    )
    assert re.search(r"^quiet-week +A week on which nothing happens +quiet$", out, re.MULTILINE)
    assert re.search(r"^lost-probe .* quiet$", out, re.MULTILINE)


def test_one_scenario_says_for_whom_and_by_when(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "scenarios", "sunday-maintenance", "--lang", "en")
    assert code == 0
    assert "2026-11-29 02:30 KST - 2026-11-29 02:50 KST; observability/scenarios/services.py:" in out
    assert "high-error-rate: service=trip-service x1, 4 min; nobody" in out


def test_scenarios_as_json_hold_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "scenarios", "service-down", "--json")
    (one,) = json.loads(out)
    assert one["title"] == {"ko": "서비스 하나가 모든 존에서 중단", "en": "A service is down in all zones"}
    assert one["expects"] == [
        {"alert": "service-unavailable", "which": {"check": "trip"}, "count": 1, "within_seconds": 240.0, "told": None},
        {
            "alert": "pods-below-pdb", "which": {"deployment": "trip-service"}, "count": 1, "within_seconds": 420.0,
            "told": None,
        },
    ]  # fmt: skip


def test_a_replay_tells_the_incident_moment_by_moment(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "replay", "service-down", "--lang", "en")
    assert (code, err) == (0, "")
    lines = [re.sub(r" {2,}", " | ", line.rstrip()) for line in out.splitlines()]
    assert "14:00 | +0 min | begins | - | -" in lines
    assert "14:03 | +3 min | FIRED | service-unavailable | check=trip | 50% < 99.9%; PagerDuty, Teams, SMS" in lines
    assert "14:20 | +20 min | ends | - | -" in lines
    assert "service-unavailable | check=trip | 1 | +3 min | +3 min | 8 min 30 s | 30 min" in lines
    assert "14:05 | +5 min | FIRED | pods-below-pdb | deployment=trip-service | 3 > 0; PagerDuty, Teams" in lines
    assert "alerts by severity 1: 1, severity 2: 1; deliveries: 5, of them calls: 3 (pages: 2), messages: 2" in lines
    assert lines[-1] == "The scenario holds."


def test_a_replay_in_korean(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "replay", "service-down")
    assert code == 0
    assert "시나리오대로입니다." in out
    assert "+3분" in out


def test_another_number_is_compared_and_breaks_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(
        capsys, "replay", "errors-after-deployment", "--set", "high-error-rate.above=10", "--lang", "en"
    )
    assert code == 1
    assert re.search(r"high-error-rate +service=trip-service +2026-11-24 10:02 KST +- +no longer fires", out)
    assert "The scenario does not hold:" in out
    assert "  high-error-rate (service=trip-service) fired 0 times, not 1" in out


def test_a_later_detection_is_said_in_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    change = "high-error-rate.above=5"
    _, out, _ = told(
        capsys, "replay", "errors-after-deployment", "--alert", "high-error-rate", "--set", change, "--lang", "en"
    )
    assert re.search(r"high-error-rate +service=trip-service .* \d min later", out)


def test_a_scenario_whose_alert_was_not_chosen_is_not_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = ("replay", "errors-above-line", "--alert", "cache-hit-ratio-low")
    said = "Not judged: the scenario expects alerts that were not evaluated: high-error-rate."
    code, out, _ = told(capsys, *other, "--lang", "en")
    assert (code, out.splitlines()[-1]) == (0, said)
    code, out, _ = told(capsys, *other)
    assert out.splitlines()[-1] == (
        "판정하지 않았습니다(이 시나리오에서 울려야 하는 알림을 평가하지 않음: high-error-rate)."
    )
    code, out, _ = told(capsys, *other, "--json")
    found = json.loads(out)
    assert (code, found["holds"], found["wrong"], found["left_out"]) == (0, None, [], ["high-error-rate"])
    code, out, _ = told(capsys, *other, "--lang", "en", "--format", "html")
    assert said in out
    assert "The scenario holds." not in out


def test_a_few_alerts_can_refute_a_scenario_and_not_confirm_it(capsys: pytest.CaptureFixture[str]) -> None:
    few = ("replay", "errors-above-line", "--alert", "high-error-rate", "--lang", "en")
    code, out, _ = told(capsys, *few)
    assert (code, out.splitlines()[-1]) == (
        0, "Not judged: the chosen alerts do as the scenario says, the others were not evaluated.",
    )  # fmt: skip
    code, out, _ = told(capsys, *few, "--set", "high-error-rate.above=10")
    assert (code, out.splitlines()[-2:]) == (
        1, ["The scenario does not hold:", "  high-error-rate (service=location-service) fired 0 times, not 1"],
    )  # fmt: skip


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three scenarios in place of all."""
    wanted = ("errors-above-line", "outage-in-maintenance", "lost-probe")
    found = tuple(each for each in scenarios.load() if each.id in wanted)
    monkeypatch.setattr(scenarios, "load", lambda: found)


def test_every_scenario_is_a_line_with_what_fired_and_how_often_somebody_was_called(
    few: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capsys, "replay", "--all", "--lang", "en")
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["scenario", "holds", "alerts", "pages", "calls", "messages", "slowest"],
        ["lost-probe", "yes", "0", "0", "0", "0", "-"],
        ["errors-above-line", "yes", "1", "1", "1", "1", "4", "min"],
        # The page and the text message; that its pods are gone is severity 2, and silent in the window.
        ["outage-in-maintenance", "yes", "2", "1", "2", "1", "5", "min"],
    ]


def test_a_change_shows_what_it_makes_of_every_scenario(few: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "replay", "--all", "--set", "high-error-rate.above=2", "--lang", "en")
    lines = out.splitlines()
    assert code == 1
    assert lines[2].split() == ["errors-above-line", "no", "0", "0", "0", "0", "-", "1", "fewer"]
    assert lines[-1] == "errors-above-line: high-error-rate (service=location-service) fired 0 times, not 1"
    _, out, _ = told(capsys, "replay", "--all", "--set", "high-error-rate.above=2", "--json")
    found = {line["scenario"]: line for line in json.loads(out)}
    assert (found["errors-above-line"]["holds"], found["outage-in-maintenance"]["calls"]) == (False, 2)


def test_all_scenarios_with_one_alert_say_which_are_not_judged(few: None, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("replay", "--all", "--alert", "high-error-rate")
    code, out, _ = told(capsys, *chosen, "--lang", "en")
    lines = out.splitlines()
    assert code == 0
    assert all("  not judged  " in line for line in lines[1:4])
    assert lines[-1] == "expected, not evaluated: service-unavailable, pods-below-pdb"
    _, out, _ = told(capsys, *chosen, "--json")
    assert [(each["holds"], each["left_out"]) for each in json.loads(out)] == [
        (None, []), (None, []), (None, ["service-unavailable", "pods-below-pdb"]),
    ]  # fmt: skip


def test_json_holds_times_values_and_deliveries(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "replay", "sunday-maintenance", "--json")
    found = json.loads(out)
    one, budget = found["alerts"]
    assert (budget["alert"], budget["unit"], budget["told"][0]["kept_back"]) == (
        "error-budget-burning", "times", "silenced by weekly-maintenance",
    )  # fmt: skip
    assert (found["pages"], found["calls"], found["messages"]) == (0, 0, 0), "the window is silent"
    assert [each["alert"] for each in found["looks_back_further"]] == [
        "error-budget-leaking", "api-latency-budget-leaking", "ai-latency-budget-leaking", "cache-hit-budget-leaking",
        "availability-budget-leaking", "daily-cap-near",
    ]  # fmt: skip
    assert (found["scenario"], found["holds"], found["wrong"]) == ("sunday-maintenance", True, [])
    assert (one["alert"], one["severity"], one["which"], one["unit"]) == (
        "high-error-rate", 2, {"service": "trip-service"}, "percent",
    )  # fmt: skip
    assert one["fired"] == "2026-11-28T17:32:00Z"
    assert one["detected_seconds"] == 120
    assert {"action": "pagerduty", "of": "fired", "kept_back": "silenced by weekly-maintenance"} in one["told"]


def test_an_event_that_is_written_once_does_not_resolve_and_somebody_closes_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ("replay", "daily-cap", "--alert", "daily-cap-reached")
    _, out, _ = told(capsys, *asked, "--lang", "en")
    assert [line for line in out.splitlines() if "FIRED" in line or "resolved" in line] == [
        "21:05  +5 min  FIRED       daily-cap-reached  -      1 > 0; PagerDuty, Teams"
    ]
    assert "30 min   closed by hand" in out
    _, out, _ = told(capsys, *asked, "--lang", "ko")
    assert "직접 닫음" in out
    _, out, _ = told(capsys, *asked, "--json")
    (one,) = json.loads(out)["alerts"]
    assert (one["resolves"], one["resolved"]) == (False, None)
    assert [each["of"] for each in one["told"]] == ["fired", "fired"]
    page = tmp_path / "replay.html"
    told(capsys, *asked, "--format", "html", "--lang", "en", "--out", str(page))
    assert "<td>closed by hand</td>" in page.read_text(encoding="utf-8")


def test_the_page_has_a_chart_and_loads_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "replay.html"
    code, printed, _ = told(capsys, "replay", "node-memory", "--format", "html", "--lang", "en", "--out", str(out))
    assert (code, printed) == (0, "")
    assert not list(tmp_path.glob("tmp*")), "the file appears whole, and nothing is left beside it"
    text = out.read_text(encoding="utf-8")
    assert "deliveries: 6, of them calls: 0 (pages: 0), messages: 6" in text
    assert text.count("<polyline") == 6
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r'\b(?:src|href)="', text)


def test_exported_tables_are_replayed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "demo-data", "--hours", "1", "--tps", "20", "--out", str(tmp_path / "demo"), "--quiet")
    code, out, _ = told(
        capsys, "replay", "--data", str(tmp_path / "demo"), "--lang", "en", "--set", "high-error-rate.floor=2000"
    )
    assert code == 0
    assert re.search(
        r"^not evaluated: high-memory-usage, [a-z, -]+: there are no platform metrics in exported", out, re.M
    )
    code, out, _ = told(
        capsys, "replay", "--data", str(tmp_path / "demo"), "--from", "2026-11-23 23:30 KST", "--to",
        "2026-11-23 23:50 KST", "--alert", "high-error-rate", "--json",
    )  # fmt: skip
    assert (code, json.loads(out)["evaluations"]) == (0, 20)


def test_where_an_export_ends_before_the_time_that_was_asked_for_it_is_said(
    hostile: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = (
        "replay", "--data", str(hostile), "--alert", "high-error-rate", "--from", "2026-11-24 09:00 KST", "--to",
        "2026-11-24 21:00 KST",
    )  # fmt: skip
    _, out, _ = told(capsys, *asked, "--lang", "en")
    assert out.splitlines()[1:3] == [
        "2026-11-24 09:00 KST - 2026-11-24 09:20 KST, evaluations: 16",
        "the rows end at 2026-11-24 09:20 KST: not evaluated from then to 2026-11-24 21:00 KST",
    ]
    assert "still on" in out
    _, out, _ = told(capsys, *asked, "--lang", "ko")
    assert "행이 2026-11-24 09:20 KST에 끝나므로 그 뒤부터 2026-11-24 21:00 KST까지는 평가하지 않음" in out
    _, out, _ = told(capsys, *asked, "--json")
    found = json.loads(out)
    assert (found["to"], found["asked_to"]) == ("2026-11-24T00:20:00Z", "2026-11-24T12:00:00Z")
    page = tmp_path / "replay.html"
    told(capsys, *asked, "--format", "html", "--lang", "en", "--out", str(page))
    assert "the rows end at 2026-11-24 09:20 KST" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say what to replay: a SCENARIO (`tripobs scenarios`), --all, --data DIR or --workspace NAME"),
        (("--all", "service-down"), "say what to replay"),
        (("--all", "--format", "html"), "`tripobs site` writes pages of all"),
        (("service-down", "--data", "x"), "say what to replay"),
        (("servce-down",), "there is no scenario 'servce-down'; did you mean 'service-down'?"),
        (("service-down", "--from", "2026-11-23T00:00Z"), "a scenario has its own time"),
        (("service-down", "--alert", "high-eror-rate"), "did you mean 'high-error-rate'?"),
        (("service-down", "--set", "high-error-rate.above=x"), "--set 'high-error-rate.above=x': 'x' is not a number"),
        (("service-down", "--out", "/nowhere/at/all.html"), "there is no folder /nowhere/at; make it first"),
        (
            ("service-down", "--set", "service-unavailable.every=7m"),
            "log alerts have no frequency 'PT7M'; the nearest are",
        ),
        (("service-down", "--set", "high-error-rate.above=900"), "error_rate runs from '0' to '100'"),
        (("--workspace", "w"), "--workspace: say from when: --from '2026-11-01 00:00 KST'"),
    ],
)
def test_wrong_arguments_say_what_would_be_right(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = told(capsys, "replay", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_folder_that_is_not_there_is_unavailable(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = told(capsys, "replay", "--data", str(tmp_path / "none"))
    assert code == 4
    assert "there is no such folder" in err


def test_without_the_local_engine_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "duckdb_kql", None)
    code, _, err = told(capsys, "replay", "service-down")
    assert code == 4
    assert "pip install 'tripgen-observability[replay]'" in err


HOSTILE = "svc\x1b[31m\u202e"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """An export in which a service's name would colour the terminal and turn the text around."""
    lines = [
        f'2026-11-24T00:{minute:02}:{second:02}Z,"{HOSTILE}",10,false,500'
        for minute in range(20)
        for second in range(0, 60, 5)
    ]
    head = "TimeGenerated,AppRoleName,ItemCount,Success,ResultCode"
    (tmp_path / "AppRequests.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return tmp_path


def test_a_name_from_an_export_is_shown_and_does_nothing(
    hostile: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, out, _ = told(capsys, "replay", "--data", str(hostile), "--lang", "en")
    assert r"service=svc\x1b[31m\u202e" in out
    page = tmp_path / "replay.html"
    told(capsys, "replay", "--data", str(hostile), "--format", "html", "--out", str(page))
    assert not {"\x1b", "\u202e"} & {*out, *page.read_text(encoding="utf-8")}


def test_a_time_that_the_export_does_not_reach_is_unavailable_and_not_quiet(
    hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = told(
        capsys, "replay", "--data", str(hostile), "--lang", "en", "--from", "2020-01-01 00:00 KST", "--to",
        "2020-01-02 00:00 KST",
    )  # fmt: skip
    assert code == 4
    assert "Nothing could be evaluated." in out
    assert "No alert fired." not in out
