"""`tripobs demo-data`: where it writes, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from observability.cli.main import main

SMALL = ("demo-data", "--hours", "1", "--tps", "2")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_it_says_how_much_it_wrote_and_where(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    code, out, err = told(capsys, *SMALL, "--out", str(folder))
    assert (code, err) == (0, "")
    assert f" tables ({len(list(folder.glob('*.parquet')))} files) in {folder}, " in out


def test_json_names_the_rows_of_each_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = told(capsys, *SMALL, "--out", str(tmp_path / "demo"), "--json")
    found = json.loads(out)
    assert (code, found["folder"]) == (0, str(tmp_path / "demo"))
    assert found["rows"]["AppRequests"] > 0


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bytes_of = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        told(capsys, *SMALL, "--seed", seed, "--out", str(tmp_path / name))
        bytes_of.append((tmp_path / name / "AppRequests.parquet").read_bytes())
    assert bytes_of[0] == bytes_of[1] != bytes_of[2]


def test_a_folder_with_something_in_it_is_left_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    code, _, err = told(capsys, *SMALL, "--out", str(tmp_path))
    assert (code, err.startswith(f"tripobs: {tmp_path}")) == (2, True)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--hours", "0"), "hours"),
        (("--tps", "-1"), "tps"),
        (("--tps", "nan"), "tps"),
        (("--end", "soon"), "--end 'soon': is not a time; write 2026-11-24T00:00+09:00"),
        (("--end", "2026-11-24T00:00"), "end"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = told(capsys, *SMALL, "--out", str(tmp_path / "demo"), *arguments)
    assert (code, said in err, (tmp_path / "demo").exists()) == (2, True, False)
