"""Streams that are closed, and Ctrl-C in the middle of a query: an exit code and a line, never a stack trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from observability.cli import main as cli
from observability.simulate import Settings, write

ROOT = Path(__file__).parents[2]
OK, USAGE, INTERRUPTED = 0, 2, 130
ALL_CLOSED = "0<&- >&-"
ALONE = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams") / "hour"
    write(folder, Settings(hours=1, tps=5), only=("AppRequests", "AppExceptions", "AppTraces"))
    return folder


def redirected(streams: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command with its streams as a shell leaves them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "observability", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env=ALONE,
    )


@pytest.mark.parametrize(
    "command",
    [
        "list alert",
        "explain high-error-rate",
        "findings",
        "coverage",
        "kql list",
        "kql export triage --format csl",
        "scenarios",
        "forecast",
        "check --fast",
        "silence --for 1h --service trip --why moving",
        "--help",
    ],
)
def test_without_input_and_output_a_command_does_its_work_and_ends_as_ever(command: str, tmp_path: Path) -> None:
    done = redirected(ALL_CLOSED, *command.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (OK, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["kql run triage/since-when --local", "replay --alert high-error-rate --data"])
def test_without_input_and_output_a_folder_is_read_all_the_same(command: str, hour: Path) -> None:
    done = redirected(ALL_CLOSED, *command.split(), str(hour))
    assert (done.returncode, done.stdout, done.stderr) == (OK, "", "")


def test_without_input_and_output_a_pack_still_counts_on_the_error_stream(hour: Path) -> None:
    done = redirected(ALL_CLOSED, "kql", "pack", "trace", "--local", str(hour))
    assert done.stderr.startswith("trace: ")
    assert "Traceback" not in done.stderr


def test_without_input_a_time_needs_its_zone_as_without_a_terminal(hour: Path) -> None:
    done = redirected(
        "0<&-", "kql", "run", "triage/since-when", "--local", str(hour), "--from", "2026-11-23 23:10", "--lang", "en"
    )
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith("tripobs: --from: '2026-11-23 23:10' has no zone")


def test_without_input_nobody_can_be_asked_before_a_deployment() -> None:
    done = redirected("0<&-", "deploy", "--template", "queries", "--resource-group", "rg", "--subscription", "s")
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "nobody can be asked without a terminal" in done.stderr


def test_without_an_error_stream_what_goes_there_does_not_come_out_with_the_answer(tmp_path: Path) -> None:
    done = redirected("2>&-", "silence", "--for", "1h", "--service", "trip", "--why", "moving", cwd=tmp_path)
    assert done.returncode == OK
    assert done.stdout.startswith("{")
    assert done.stdout.endswith("}\n")


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------

ENDLESS = """
import sys
import duckdb
from observability.cli import main

def endless(_arguments):
    # One thread, so that it is the main one that works and hears of signals.
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("COPY (SELECT * FROM range(1000000000000)) TO '/dev/stdout' (FORMAT csv)")
    return 0

main.run = endless
sys.exit(main.main(["findings"]))
"""


def test_a_ctrl_c_in_the_middle_of_duckdbs_work_is_an_interruption_like_any_other() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], cwd=ROOT, env=ALONE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        # The query itself writes: from its first byte on it is running.
        assert process.stdout.read(1) == b"r"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (INTERRUPTED, b"tripobs: interrupted\n")


def test_what_duckdb_makes_of_ctrl_c_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_arguments: object) -> int:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(cli, "run", stopped)
    assert cli.main(["findings"]) == INTERRUPTED
    assert capsys.readouterr() == ("", "tripobs: interrupted\n")


def test_another_error_of_a_program_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_arguments: object) -> int:
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(cli, "run", broken)
    with pytest.raises(RuntimeError, match="dictionary changed"):
        cli.main(["findings"])
