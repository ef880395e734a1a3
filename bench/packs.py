"""What the packs cost on a day of the document's largest load, and the heaviest queries against hand-written SQL.

usage: python bench/packs.py [--data DIR] [--rounds 5]
The day is demo data at 1,000 requests a second, sampled to 100: 8.64 million requests (about 1.1 GB, two or three
minutes to write; --data DIR keeps it for the next time). A pack is measured as a whole process with the user's command.
A heavy query and its SQL take turns, each from opening the engine to the last row as Python values; the ratio is the
median of the rounds' ratios, with the lowest and the highest; ours has read the files' footers before. The SQL is what one would write by hand who knows that
all rows of this day weigh the same; ours finds out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from observability import catalog
from observability.model.query import Query
from observability.query import runner
from observability.query.answers import Span, Status
from observability.query.local import LocalBackend
from observability.query.local import backend as local

TPS, HOURS = 1_000, 24
FIVE = 5
FAILED = "(NOT Success AND (ResultCode LIKE '5%' OR ResultCode IN ('', '0')))"
# $SPAN is the span's condition.
BY_HAND = {
    "services/dependencies": """SELECT AppRoleName, DependencyType, Target, sum(ItemCount) AS calls,
        sum(ItemCount) FILTER (NOT Success) AS failures, 100.0 * failures / calls,
        quantile_disc(DurationMs, [0.5, 0.95]), sum(DurationMs * ItemCount) / 1000 AS busy
        FROM 'AppDependencies.parquet' WHERE $SPAN GROUP BY ALL ORDER BY busy DESC""",
    "services/operations": f"""SELECT AppRoleName, OperationName, sum(ItemCount) AS total,
        sum(ItemCount) FILTER {FAILED} AS errors, 100.0 * errors / total, quantile_disc(DurationMs, [0.5, 0.95, 0.99]),
        sum(DurationMs * ItemCount) / 1000
        FROM 'AppRequests.parquet' WHERE $SPAN GROUP BY ALL ORDER BY total DESC""",
    "services/api-latency": """SELECT AppRoleName, sum(ItemCount) AS total,
        quantile_disc(DurationMs, [0.5, 0.95, 0.99]) AS p, 100.0 * sum(ItemCount) FILTER (DurationMs > 200) / total
        FROM 'AppRequests.parquet' WHERE $SPAN AND AppRoleName <> 'ai-service' GROUP BY ALL ORDER BY p[2] DESC""",
    "services/traffic-by-service": f"""SELECT time_bucket(INTERVAL '1 hour', TimeGenerated) AS t, AppRoleName,
        sum(ItemCount) AS total, total / 3600, sum(ItemCount) FILTER {FAILED},
        sum(ItemCount) FILTER (ResultCode LIKE '4%'), quantile_disc(DurationMs, 0.95)
        FROM 'AppRequests.parquet' WHERE $SPAN GROUP BY ALL ORDER BY t DESC""",
    "edge/front-door-traffic": """SELECT time_bucket(INTERVAL '5 minutes', TimeGenerated) AS t, hostName_s, count(*),
        count(*) FILTER (httpStatusCode_s::INT >= 500), count(*) FILTER (httpStatusCode_s::INT BETWEEN 400 AND 499),
        quantile_disc(timeTaken_s::DOUBLE, 0.95)
        FROM 'AzureDiagnostics.parquet' WHERE $SPAN AND Category = 'FrontDoorAccessLog' GROUP BY ALL ORDER BY t DESC""",
    "edge/gateway-traffic": """SELECT time_bucket(INTERVAL '5 minutes', TimeGenerated) AS t, Host, BackendPoolName,
        count(*), count(*) FILTER (HttpStatus >= 500), count(*) FILTER (HttpStatus BETWEEN 400 AND 499),
        quantile_disc(TimeTaken, 0.95), quantile_disc(ServerResponseLatency, 0.95)
        FROM 'AGWAccessLogs.parquet' WHERE $SPAN GROUP BY ALL ORDER BY t DESC""",
    "ai/ai-failures-by-reason": f"""WITH broken AS (
            SELECT OperationId, max(DurationMs) AS ms, arg_max(Target, DurationMs) AS target,
                arg_max(DependencyType, DurationMs) AS kind, arg_max(ResultCode, DurationMs) AS code
            FROM 'AppDependencies.parquet' WHERE $SPAN AND AppRoleName = 'ai-service' AND NOT Success GROUP BY ALL)
        SELECT CASE WHEN target IS NULL THEN 'the service itself' WHEN code = '429' THEN 'provider quota'
                WHEN kind ILIKE 'HTTP%' AND (code IN ('', '0', '408', '504') OR ms >= 5000) THEN 'provider timeout'
                WHEN kind ILIKE 'HTTP%' THEN 'provider error'
                WHEN kind ILIKE '%SQL%' OR kind ILIKE '%postgresql%' THEN 'database'
                WHEN kind ILIKE '%redis%' THEN 'cache' WHEN kind ILIKE '%bus%' THEN 'queue'
                ELSE 'other dependency' END AS reason,
            target, code, ResultCode, sum(ItemCount) AS failures, min(TimeGenerated), max(TimeGenerated)
        FROM 'AppRequests.parquet' LEFT JOIN broken USING (OperationId)
        WHERE $SPAN AND AppRoleName = 'ai-service' AND NOT contains(OperationName, '/actuator/health')
            AND NOT contains(Url, '/actuator/health') AND {FAILED} GROUP BY ALL ORDER BY failures DESC""",
}


def made(data: Path) -> Path:
    """The day, written once."""
    if not (data / "demo.json").is_file():
        command = [_tripobs(), "demo-data", "--hours", str(HOURS), "--tps", str(TPS), "--out", str(data)]
        subprocess.run(command, check=True)
    return data


def _tripobs() -> str:
    return str(Path(sys.executable).with_name("tripobs"))


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


# --- packs ------------------------------------------------------------------------------------------


def whole(command: Sequence[str], out: Path) -> tuple[float, float, float, int]:
    """Seconds, processor seconds, peak MiB and the exit code of a process."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=out.open("wb")) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begun
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode


def packs(data: Path, rows: dict[str, int], rounds: int, folder: Path) -> None:
    known = catalog.load()
    print(f"packs, whole processes, {rounds} rounds: tripobs kql pack ID --local DIR --format json")
    print(f"  {'pack':<14}{'queries':>8}  {'seconds':<20}{'CPU s':>7}{'peak MiB':>10}{'million rows/s':>16}  exit")
    for pack in known.packs:
        planned = runner.plan(known, pack)
        read = sum(rows.get(table, 0) for asked in planned.asked for table in local.tables_of(runner.ask_of(asked, {})))
        command = [_tripobs(), "kql", "pack", pack.id, "--local", str(data), "--format", "json"]
        runs = [whole([*command, "--out", str(folder / "out.json")], folder / "err") for _ in range(rounds)]
        took = [run[0] for run in runs]
        aim = "  aim: < 20 s, < 2,048 MiB" if pack.id == "daily" else ""
        print(
            f"  {pack.id:<14}{len(planned.asked):>8}  {spread(took):<20}{statistics.median(run[1] for run in runs):>7.2f}"
            f"{max(run[2] for run in runs):>10.0f}{read / statistics.median(took) / 1e6:>16.1f}  {runs[0][3]}{aim}",
            flush=True,
        )


# --- the heaviest queries ---------------------------------------------------------------------------


def ours(backend: LocalBackend, asked: runner.Asked, span: Span) -> float:
    begun = time.perf_counter()
    answer = backend.ask([runner.ask_of(asked, {})], span, said=lambda _ask, _answer: None, stop=threading.Event())[0]
    took = time.perf_counter() - begun
    return took if answer.status is Status.COMPLETE else 0.0


def by_hand(data: Path, sql: str, span: Span) -> float:
    begun = time.perf_counter()
    with duckdb.connect(config={"memory_limit": local.MEMORY, "preserve_insertion_order": False}) as con:
        limits = (f"TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}'" for at in (span.start, span.end))
        con.execute("SET file_search_path = '" + str(data).replace("'", "''") + "'")
        con.execute(sql.replace("$SPAN", "TimeGenerated >= {} AND TimeGenerated < {}".format(*limits))).fetchall()
    return time.perf_counter() - begun


def heaviest(data: Path, rounds: int) -> None:
    known, backend = catalog.load(), LocalBackend(data)
    end, lengths = backend.end(), {pack.id: pack.span for pack in known.packs}
    every = {
        key: (asked, Span(end - lengths[asked.pack], end))
        for key, asked in runner.queries(known).items()
        if isinstance(asked, Query) and asked.runnable
    }
    cost = {key: min(ours(backend, asked, span) for _ in range(2)) for key, (asked, span) in every.items()}
    heavy = sorted(cost, key=lambda key: -cost[key])[:FIVE]
    print(f"the {FIVE} heaviest of {len(every)} queries, {rounds} rounds in turn: ask() against SQL by hand, seconds")
    for key in heavy:
        if key not in BY_HAND:
            print(f"  {key:<30}{cost[key]:.2f}   no SQL by hand is written for it")
            continue
        asked, span = every[key]
        pairs = [(ours(backend, asked, span), by_hand(data, BY_HAND[key], span)) for _ in range(rounds)]
        ratios = [one / two for one, two in pairs]
        one, two = ([pair[side] for pair in pairs] for side in (0, 1))
        print(f"  {key:<30}{spread(one):<20}{spread(two):<20}x {spread(ratios):<20} aim: <= 1.5", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, help="where the day lies, or is written to and kept")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="tripobs-bench-") as name:
        data = made(chosen.data or Path(name) / "day")
        files = LocalBackend(data).folder.files
        with duckdb.connect() as con:
            counted = "SELECT sum(num_rows) FROM parquet_file_metadata($files)"
            rows = {
                table: int((con.execute(counted, {"files": [str(file) for file in paths]}).fetchone() or (0,))[0])
                for table, paths in files.items()
            }
        print(f"{sum(rows.values()):,} rows, {rows['AppRequests']:,} of them requests")
        packs(data, rows, chosen.rounds, Path(name))
        heaviest(data, chosen.rounds)


if __name__ == "__main__":
    main()
