"""`tripobs silence`: the window that was asked for, what is refused, and what people are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from observability.cli import main
from observability.cli.silence import silence

# 15:00:40 in Korea.
NOW = datetime(2026, 11, 28, 6, 0, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIPOBS_RESOURCE_GROUP", raising=False)


def run(*arguments: str, now: datetime = NOW) -> int:
    return silence(main.parser().parse_args(["silence", *arguments]), lambda: now)


def schedule(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(*arguments) == 0
    return json.loads(capsys.readouterr().out)["resources"][0]["properties"]["schedule"]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return [line.removeprefix("tripobs: ") for line in err.splitlines()]


TRIP = ("--service", "trip", "--why", "database migration")


def test_two_hours_from_this_minute(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedule(capsys, "--for", "2h", *TRIP) == {
        "effectiveFrom": "2026-11-28T15:00:00",
        "effectiveUntil": "2026-11-28T17:00:00",
        "timeZone": "Korea Standard Time",
    }


def test_until_a_time_and_from_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = schedule(capsys, "--from", "2026-11-28 22:30 KST", "--until", "2026-11-28T18:00Z", *TRIP)
    assert (found["effectiveFrom"], found["effectiveUntil"]) == ("2026-11-28T22:30:00", "2026-11-29T03:00:00")


def test_the_same_arguments_in_the_same_minute_write_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    run("--for", "2h", *TRIP)
    first = capsys.readouterr().out
    run("--for", "2h", *TRIP, now=NOW.replace(second=1))
    assert capsys.readouterr().out == first


def test_for_programs_with_what_it_covers_and_what_still_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--for", "2h", "--service", "ai", "--why", "x", "--json") == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    rules = [rule["name"] for rule in found.pop("template")["resources"]]
    assert found == {
        "rules": rules,
        "from": "2026-11-28T06:00:00Z",
        "until": "2026-11-28T08:00:00Z",
        "severities": [2, 3],
        "services": ["ai-service"],
        "alerts": ["pod-crash-loop", "high-error-rate", "error-budget-burning", "error-budget-leaking"],
        "still_told": [
            "pods-below-pdb",
            "api-latency-budget-burning",
            "api-latency-budget-leaking",
            "availability-budget-leaking",
        ],
        "why": "x",
        "by": None,
    }
    assert err == ""


def test_people_are_told_what_is_silent_how_it_is_deployed_and_that_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "silence.json"
    assert run("--for", "90m", "--alert", "replica-lag", "--why", "x", "--lang", "en", "--out", str(file)) == 0
    (rule,) = json.loads(file.read_text(encoding="utf-8"))["resources"]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"wrote {file}",
        "2026-11-28 15:00 KST - 2026-11-28 16:30 KST",
        "silent: replica-lag",
        "Announced less than 2 days ahead: an emergency maintenance, which needs an approval (10.2.1).",
        "What fires meanwhile and stays is not sent afterwards: run 'tripobs kql pack triage' when it has ended.",
        f"az deployment group create --resource-group rg-tripgen-prod --template-file {file}",
        "It ends by itself. To end it sooner:",
        "az resource delete --resource-group rg-tripgen-prod --resource-type Microsoft.AlertsManagement/actionRules "
        f"--name {rule['name']}",
    ]


def test_the_commands_name_the_group_of_the_environment_as_a_shell_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPOBS_RESOURCE_GROUP", "rg-tripgen(test)")
    file = tmp_path / "of the night.json"
    assert run("--for", "90m", *TRIP, "--out", str(file)) == 0
    said = capsys.readouterr().err.splitlines()
    assert f"az deployment group create --resource-group 'rg-tripgen(test)' --template-file '{file}'" in said
    assert said[-1].startswith("az resource delete --resource-group 'rg-tripgen(test)' --resource-type ")


def test_what_is_announced_48_hours_ahead_needs_no_word_of_approval(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--from", "2026-11-30 15:01 KST", "--for", "2h", *TRIP) == 0
    assert "승인" not in capsys.readouterr().err
    assert run("--from", "2026-11-30 15:00 KST", "--for", "2h", *TRIP) == 0
    assert "승인이 필요합니다" in capsys.readouterr().err


# --- a full outage ------------------------------------------------------------------------------------------


def severities(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run("--for", "1h", "--why", "x", *arguments) == 0
    found: list[str] = json.loads(capsys.readouterr().out)["resources"][0]["properties"]["conditions"][0]["values"]
    return found


def test_severity_1_is_silenced_only_where_it_is_said_with_who_approved_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert severities(capsys, "--service", "trip") == ["Sev2", "Sev3"]
    assert severities(capsys, "--severity", "3") == ["Sev3"]
    assert severities(capsys, "--severity", "1", "--severity", "2", "--by", "Kim") == ["Sev1", "Sev2"]
    assert refused(capsys, "--for", "1h", "--why", "x", "--severity", "1") == [
        "--severity 1: a full outage would tell nobody; name who approved that with --by NAME (10.2.1)"
    ]
    assert refused(capsys, "--for", "1h", "--why", "x", "--alert", "service-unavailable") == [
        "--alert service-unavailable: has severity 1; add --severity 1 and --by NAME, who approved it"
    ]


def test_a_service_whose_alerts_cannot_be_told_apart_never_becomes_a_rule_for_everything(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (line,) = refused(capsys, "--for", "1h", "--severity", "1", "--by", "Kim", *TRIP)
    assert line.startswith("--service trip: nothing in its alert says for which service it fired")
    (line,) = refused(capsys, "--for", "1h", "--alert", "pods-below-pdb", *TRIP)
    assert line.startswith("--alert pods-below-pdb with --service: nothing in its alert")


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ([], "say how long: --for 2h, or --until '2026-11-28 18:00 KST', one of the two"),
        (
            ["--for", "2h", "--until", "2026-11-28 18:00 KST"],
            "say how long: --for 2h, or --until '2026-11-28 18:00 KST', one of the two",
        ),
        (["--for", "soon"], "--for: 'soon' is not a length of time; write 90m, 6h, 1h30m or 7d"),
        (["--for", "30s"], "--for: give at least a minute"),
        (
            ["--for", "24h1m"],
            "--for: 1 day 1 minute is longer than 24 hours, in which even severity 3 is answered (10.2.1); silence "
            "again when it ends",
        ),
        (
            ["--until", "2026-11-28 14:00 KST"],
            "--until: 2026-11-28 14:00 KST is over before it begins, at 2026-11-28 15:00 KST",
        ),
        (
            ["--from", "2026-11-28 14:59 KST", "--for", "2h"],
            "--from: 2026-11-28 14:59 KST is past; what was sent then cannot be taken back",
        ),
        (
            ["--from", "2026-11-28 18:00", "--for", "2h"],
            "--from: '2026-11-28 18:00' has no zone, and a script must not depend on where it runs; write "
            "2026-11-23T09:00+09:00, '2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
        (
            ["--until", "2099-01-01T00:00:00.5+09:00"],
            "--until: 26331 days 9 hours is longer than 24 hours, in which even severity 3 is answered (10.2.1); silence "
            "again when it ends",
        ),
        (
            ["--from", "9999-12-31T14:00Z", "--for", "12h"],
            "--from: '9999-12-31T14:00Z' is out of range; give a time from 2000 to 2100: 2026-11-23T09:00+09:00, "
            "'2026-11-23 09:00 KST' or 2026-11-23T00:00Z",
        ),
    ],
)
def test_a_window_that_cannot_be(capsys: pytest.CaptureFixture[str], window: list[str], said: str) -> None:
    assert refused(capsys, *window, *TRIP) == [said]


def test_a_whole_day_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedule(capsys, "--for", "24h", *TRIP)["effectiveUntil"] == "2026-11-29T15:00:00"


def test_all_mistakes_are_told_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert refused(
        capsys, "--for", "3d", "--service", "tripp", "--alert", "hi-error-rate", "--why", " ", "--by", "a\nb",
        "--out", str(tmp_path),
    ) == [
        "--for: 3 days is longer than 24 hours, in which even severity 3 is answered (10.2.1); silence again when it ends",
        "--service 'tripp': there is no such service; use user, trip, ai, location",
        "--alert 'hi-error-rate': there is no such alert; did you mean 'high-error-rate'?",
        "--by: has line breaks or control characters; give one line",
        "--why: say why nobody is told; whoever finds the rule reads it",
        f"--out {tmp_path}: is a folder; name a file in it",
    ]  # fmt: skip


def test_something_to_silence_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--for", "2h", "--why", "x") == [
        "say what to silence: --service NAME, --alert ID, or --severity N for all alerts of that severity"
    ]


def test_a_reason_that_nobody_reads_to_its_end_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--for", "2h", "--service", "trip", "--why", "x" * 201) == [
        "--why: has 201 characters; give at most 200"
    ]
