"""The command line as its users meet it: right, wrong, piped, from another folder."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from observability.cli.main import main

ROOT = Path(__file__).parents[2]


def tripobs(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "observability", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def test_help_names_every_command_and_the_exit_codes() -> None:
    done = tripobs("--help")
    assert done.returncode == 0
    for word in (
        "generate",
        "check",
        "list",
        "explain",
        "where",
        "findings",
        "deploy",
        "drift",
        "remove",
        "dashboards",
        "completion",
        "3 generated files are stale",
    ):
        assert word in done.stdout


def test_no_command_is_a_usage_error() -> None:
    done = tripobs()
    assert done.returncode == 2
    assert "COMMAND" in done.stderr


@pytest.mark.parametrize("command", ["generate", "check", "list", "explain", "where", "findings", "completion"])
def test_each_command_explains_itself(command: str) -> None:
    done = tripobs(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: tripobs {command}")


def test_where_prints_the_file_and_line_of_the_definition() -> None:
    done = tripobs("where", "high-error-rate")
    file, line = done.stdout.strip().split(":")
    assert file == "alerts/services.py"
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 1] == "HIGH_ERROR_RATE = Alert("


@pytest.mark.parametrize("ident", ["R5", "r5"])
def test_where_knows_findings_as_list_shows_them(ident: str) -> None:
    done = json.loads(tripobs("where", ident, "--json").stdout)
    assert (done["kind"], done["id"], done["file"]) == ("finding", "R5", "observability/design/findings.py")
    lines = (ROOT / done["file"]).read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines[done["line"] - 1 :][:2]] == ["Finding(", 'id="R5",']
    listed = {row["id"]: row["place"] for row in json.loads(tripobs("list", "finding", "--json").stdout)}
    assert listed["R5"] == f"{done['file']}:{done['line']}"


def test_where_works_from_an_empty_folder_and_by_a_querys_short_name(tmp_path: Path) -> None:
    done = tripobs("where", "errors-by-operation", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["file"] == "kql/triage.py"


def test_a_mistyped_id_gets_the_nearest_names() -> None:
    done = tripobs("explain", "hihg-error-rate")
    assert done.returncode == 2
    assert done.stderr.startswith("tripobs: there is no 'hihg-error-rate'; did you mean high-error-rate")
    assert done.stdout == ""


def test_explain_gives_the_number_its_section_reason_query_and_page() -> None:
    told = json.loads(tripobs("explain", "high-error-rate", "--json", "--lang", "en").stdout)
    assert told["limit"] == "1%"
    assert told["condition"] == "Error rate above 1%, over 5 minutes"
    assert told["source"] == ["8.1.2 Metrics and alerts (R5)"]
    assert told["severity"] == 2
    assert told["tells"] == ["pagerduty", "teams"]
    assert told["query"].startswith("let floor = 100;\nAppRequests\n")
    assert told["page"] == "generated/runbooks/high-error-rate.md"
    assert list(told["findings"]) == ["R5", "R19", "R32"]
    assert (ROOT / told["page"]).is_file()


@pytest.mark.parametrize(
    "ident", ["error_rate", "triage/slow-operations", "tripgen-services", "teams", "slo-availability"]
)
def test_explain_knows_every_kind(ident: str) -> None:
    done = tripobs("explain", ident)
    assert done.returncode == 0, done.stderr
    assert ident in done.stdout


def test_list_of_alerts_as_a_table_and_as_json() -> None:
    table = tripobs("list", "alert").stdout.splitlines()
    assert table[0].split() == ["KIND", "ID", "SECTION", "WHAT"]
    assert len(table) == 1 + len(list((ROOT / "generated" / "alerts").glob("*.json")))
    rows = json.loads(tripobs("list", "alert", "--json").stdout)
    assert {row["id"] for row in rows} == {line.split()[1] for line in table[1:]}


def test_an_unknown_kind_names_those_there_are() -> None:
    done = tripobs("list", "alarms")
    assert done.returncode == 2
    assert "alert" in done.stderr


def test_findings_all_and_one() -> None:
    rows = json.loads(tripobs("findings", "--json").stdout)
    assert [row["id"] for row in rows][:24] == [f"R{number}" for number in range(1, 25)]
    assert tripobs("findings", "r8").stdout.startswith("R8  8.2.1")
    assert tripobs("findings", "R99").returncode == 2


def test_no_colours_off_a_terminal() -> None:
    assert "\x1b[" not in tripobs("list").stdout


def test_a_closed_pipe_is_not_an_error() -> None:
    command = f"'{sys.executable}' -m observability list | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == ["KIND", "ID", "SECTION", "WHAT"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_in_a_line() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m observability forecast > /dev/full"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, "tripobs: No space left on device\n")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script_for_the_shell(shell: str) -> None:
    done = tripobs("completion", shell)
    assert done.returncode == 0
    assert "generate" in done.stdout


def test_bash_accepts_the_completion_script(tmp_path: Path) -> None:
    (tmp_path / "tripobs.bash").write_text(tripobs("completion", "bash").stdout)
    assert subprocess.run(["bash", "-n", str(tmp_path / "tripobs.bash")], timeout=30).returncode == 0


def test_generate_in_a_longer_process_leaves_its_collecting_of_garbage_as_it_was(tmp_path: Path) -> None:
    for collects in (True, False):
        (gc.enable if collects else gc.disable)()
        try:
            assert main(["generate", "--quiet", "--out", str(tmp_path)]) == 0
            assert gc.isenabled() is collects
        finally:
            gc.enable()


def test_generate_into_a_new_folder_says_what_it_wrote(tmp_path: Path) -> None:
    done = tripobs("generate", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "write manifest.json" in done.stdout
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert tripobs("generate", "--out", "out", "--check", cwd=tmp_path).returncode == 0


def test_generate_onto_a_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = tripobs("generate", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "tripobs: out: is not a folder; name another with --out\n"
    assert (tmp_path / "out").read_text() == "mine"


def test_the_committed_files_are_up_to_date() -> None:
    done = tripobs("generate", "--check")
    assert done.returncode == 0, done.stdout


def test_generate_imports_no_azure_and_no_duckdb_library() -> None:
    code = (
        "import sys\n"
        "from observability.cli.main import main\n"
        "main(['generate', '--check', '--quiet'])\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'azure', 'duckdb', 'duckdb_kql', 'opentelemetry', "
        "'prometheus_client', 'psycopg', 'redis', 'yaml', 'promql_parser', 'shtab', 'click', 'requests'}))\n"
        "print(sorted(n for n in sys.modules if n.startswith('observability.deploy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-2:] == ["[]", "[]"], done.stderr


def test_help_imports_neither_definitions_nor_renderers() -> None:
    code = (
        "import sys\n"
        "from observability.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(n for n in sys.modules if n.startswith(('observability', 'alerts', 'kql', 'grafanalib', 'jinja2'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "['observability', 'observability.cli', 'observability.cli.main']"
