"""A day of telemetry as Azure would hold it: its columns, its weights, its rhythm, the same bytes again."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from observability.azure import tables
from observability.query.local.files import DUCKDB_TYPES
from observability.simulate import DEFAULT_END, Settings, WrongSettings, faults, write

HOUR = Settings(hours=1, tps=20)
START = HOUR.start


def rows(folder: Path, table: str, select: str, where: str = "true") -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        text = f"SELECT {select} FROM read_parquet($file) WHERE {where}"
        return con.execute(text, {"file": str(folder / f"{table}.parquet")}).fetchall()


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "hour"
    write(folder, HOUR)
    return folder


@pytest.mark.parametrize("table", sorted(tables.load()))
def test_every_table_has_azures_columns_in_azures_types(hour: Path, table: str) -> None:
    with duckdb.connect() as con:
        described = con.execute(
            "DESCRIBE SELECT * FROM read_parquet($f)", {"f": str(hour / f"{table}.parquet")}
        ).fetchall()
    assert {row[0]: row[1] for row in described} == {
        name: DUCKDB_TYPES[kind] for name, kind in tables.load()[table].items()
    }


def test_weights_give_back_the_rate_of_the_system(tmp_path: Path) -> None:
    write(tmp_path / "day", Settings(hours=24, tps=5))
    ((stored, total, kinds),) = rows(
        tmp_path / "day", "AppRequests", "count(*), sum(ItemCount), count(DISTINCT ItemCount)"
    )
    assert (total, kinds) == (stored * 10, 1)
    assert total / 86400 == pytest.approx(5, rel=0.02)


def test_nights_in_korea_are_quiet_and_evenings_are_not(tmp_path: Path) -> None:
    write(tmp_path / "day", Settings(hours=24, tps=5))
    by_hour = dict(
        rows(
            tmp_path / "day",
            "AppRequests",
            "hour(TimeGenerated + INTERVAL 9 HOUR), count(*)",
            "true GROUP BY 1",
        )
    )
    assert by_hour[4] < 0.4 * by_hour[10] < 0.4 * by_hour[20]


def test_the_documents_replicas_run(hour: Path) -> None:
    found = rows(hour, "KubePodInventory", "ServiceName, count(DISTINCT Name)", "Namespace = 'production' GROUP BY 1")
    assert dict(found) == {"user-service": 3, "trip-service": 3, "ai-service": 2, "location-service": 2}


def test_an_ordinary_hour_is_well_inside_the_documents_limits(hour: Path) -> None:
    failed = "sum(ItemCount) FILTER (WHERE NOT Success AND (ResultCode LIKE '5%' OR ResultCode IN ('', '0')))"
    for service, share in rows(
        hour, "AppRequests", f"AppRoleName, coalesce({failed}, 0) / sum(ItemCount)", "true GROUP BY 1"
    ):
        assert share < 0.01, service
    ((p95,),) = rows(hour, "AppRequests", "quantile_disc(DurationMs, 0.95)", "AppRoleName <> 'ai-service'")
    assert p95 < 200
    ((p95,),) = rows(hour, "AppRequests", "quantile_disc(DurationMs, 0.95)", "AppRoleName = 'ai-service'")
    assert p95 < 5000
    assert rows(hour, "AppAvailabilityResults", "count(*)", "NOT Success") == [(0,)]


def test_the_same_settings_make_the_same_bytes_in_another_process(tmp_path: Path, hour: Path) -> None:
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-c", "import sys; from observability.cli.main import main; sys.exit(main(sys.argv[1:]))",
         "demo-data", "--hours", "1", "--out", str(again), "--quiet"],
        check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert _digests(again) == _digests(hour)


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_another_seed_is_another_hour(tmp_path: Path, hour: Path) -> None:
    write(tmp_path / "other", Settings(hours=1, tps=20, seed=8))
    assert _digests(tmp_path / "other")["AppRequests.parquet"] != _digests(hour)["AppRequests.parquet"]


def during(**given: Any) -> dict[str, Any]:
    return {"start": START + timedelta(minutes=20), "end": START + timedelta(minutes=40), **given}


@pytest.fixture
def broken(tmp_path: Path) -> Any:
    def broken(*wrong: faults.Fault) -> Path:
        write(tmp_path / "broken", HOUR, wrong)
        return tmp_path / "broken"

    return broken


IN = f"TimeGenerated >= TIMESTAMP '{START + timedelta(minutes=20):%Y-%m-%d %H:%M}' AND TimeGenerated < TIMESTAMP '{START + timedelta(minutes=40):%Y-%m-%d %H:%M}'"


def test_errors_of_one_service_leave_the_others_as_they_were(broken: Any, hour: Path) -> None:
    folder = broken(faults.Errors(role="trip-service", share=0.3, **during()))
    ((share,),) = rows(
        folder,
        "AppRequests",
        "avg((ResultCode >= '500' OR ResultCode = '0')::INT)",
        f"AppRoleName = 'trip-service' AND {IN}",
    )
    assert share == pytest.approx(0.3, abs=0.05)
    others = "AppRoleName <> 'trip-service'"
    assert rows(folder, "AppRequests", "*", others) == rows(hour, "AppRequests", "*", others)


def test_a_stopped_service_has_no_rows_and_fails_its_checks_from_everywhere(broken: Any) -> None:
    folder = broken(faults.Stopped(role="ai-service", **during()))
    assert rows(folder, "AppRequests", "count(*)", f"AppRoleName = 'ai-service' AND {IN}") == [(0,)]
    failed = rows(
        folder,
        "AppAvailabilityResults",
        "Name, count(DISTINCT Location), bool_or(Success)",
        f"{IN} AND NOT Success GROUP BY 1",
    )
    assert failed == [("ai", 5, False)]


def test_a_slow_service_is_never_faster_than_its_floor(broken: Any) -> None:
    folder = broken(faults.Slow(role="ai-service", floor_ms=6000, operation="POST /api/ai/schedules", **during()))
    ((fastest,),) = rows(folder, "AppRequests", "min(DurationMs)", f"Name = 'POST /api/ai/schedules' AND {IN}")
    assert fastest >= 6000


def test_a_crash_loop_only_ever_counts_up(broken: Any) -> None:
    folder = broken(faults.CrashLoop(role="trip-service", **during()))
    counts = [
        row[0]
        for row in rows(
            folder,
            "KubePodInventory",
            "max(ContainerRestartCount)",
            "ServiceName = 'trip-service' GROUP BY TimeGenerated ORDER BY TimeGenerated",
        )
    ]
    assert counts == sorted(counts)
    assert counts[-1] >= 3


def test_a_lost_node_is_not_ready_and_writes_no_counters(broken: Any) -> None:
    folder = broken(faults.NodesLost(pool="application", count=2, **during()))
    assert len(rows(folder, "KubeNodeInventory", "DISTINCT Computer", f"Status <> 'Ready' AND {IN}")) == 2
    assert len(rows(folder, "Perf", "DISTINCT Computer", f"ObjectName = 'K8SNode' AND {IN}")) == 7


def test_an_address_over_the_limit_is_blocked_for_what_is_over_it(broken: Any) -> None:
    folder = broken(faults.Attack(address="198.51.100.7", per_minute=1500, **during()))
    ((blocked,),) = rows(folder, "AGWFirewallLogs", "count(*)", "ClientIp = '198.51.100.7'")
    assert blocked == 20 * 500


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hours": 0}, "hours '0': give a minute (0.017) to 744, a month"),
        ({"tps": 1e6}, "tps '1e+06': give 0.1 to 20,000 requests a second"),
        ({"seed": -1}, "seed '-1': give 0 to 2147483647"),
        ({"end": datetime(2026, 1, 1)}, "end '2026-01-01 00:00:00': has no zone; write 2026-11-24T00:00+09:00"),
    ],
)
def test_settings_that_cannot_be_simulated_say_what_can(given: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        Settings(**given)
    assert str(caught.value) == said


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="holds files that are not a demo's"):
        write(tmp_path, HOUR)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_end_is_a_midnight_in_korea_whatever_today_is() -> None:
    assert datetime(2026, 11, 23, 15, tzinfo=UTC) == DEFAULT_END
