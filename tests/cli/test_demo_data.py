"""`tripobs demo-data`: where it writes, what it says, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
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
        (
            ("--end", "0001-01-01T00:00+09:00"),
            "end '0001-01-01 00:00:00+09:00': is out of range; give a time from 2000",
        ),
        (
            ("--end", "9999-12-31T23:59+00:00"),
            "end '9999-12-31 23:59:00+00:00': is out of range; give a time from 2000",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = told(capsys, *SMALL, "--out", str(tmp_path / "demo"), *arguments)
    assert (code, said in err, (tmp_path / "demo").exists()) == (2, True, False)


def test_a_scenario_is_in_the_tables_up_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "incident"
    assert main(["demo-data", "--scenario", "errors-after-deployment", "--out", str(out), "--quiet"]) == 0
    # It begins at 10:00 in Korea and lasts a quarter of an hour; an hour before it is there to compare with.
    found = (
        duckdb.connect()
        .execute(
            "SELECT min(TimeGenerated), max(TimeGenerated), 100.0 * sum(ItemCount) FILTER (WHERE NOT Success AND ResultCode LIKE '5%' "
            "AND TimeGenerated >= TIMESTAMP '2026-11-24 01:00:00') / sum(ItemCount) FILTER (WHERE TimeGenerated >= "
            f"TIMESTAMP '2026-11-24 01:00:00') FROM '{out}/AppRequests.parquet' WHERE AppRoleName = 'trip-service'"
        )
        .fetchone()
    )
    assert found is not None
    first, last, percent = found
    assert (f"{first:%H:%M}", f"{last:%H:%M}") == ("00:00", "01:14")
    assert percent == pytest.approx(8, abs=1.5)


def test_an_unknown_scenario_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo-data", "--scenario", "nope", "--out", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err == "tripobs: there is no scenario 'nope'; `tripobs scenarios` lists them\n"
