"""What a replay costs: a day of 8.64 million sampled requests through the log rules, beside one query an evaluation and
beside hand-written SQL.

usage: python bench/replay.py [--data DIR] [--rounds 5] [--naive-rounds 1]
The day is demo data at 1,000 requests a second, sampled to 100, in Parquet (some 300 MB; --data DIR keeps it). Each case is
a process of its own, its peak memory that process's; cases of one table take turns, and ratios are taken round by round:
median (lowest-highest). Seconds are from opening the files to the last value, without the start of Python and imports.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from observability import catalog
from observability.model.alert import Alert
from observability.model.units import minutes, percent
from observability.query.answers import Span
from observability.replay import history, incident, rules, run, windows
from observability.replay.machine import Values
from observability.replay.run import Telemetry
from observability.simulate import settings as simulated
from observability.simulate.settings import Settings
from observability.simulate.write import write

TPS, HOURS = 1_000, 24
DAY = timedelta(days=1)
END = simulated.DEFAULT_END
SPAN = Span(END - DAY, END)
FAILED = "(NOT Success AND (ResultCode LIKE '5%' OR ResultCode IN ('', '0')))"
# The error-rate rule as one would write it by hand who wants its windows at once and knows of no delay.
BY_HAND = f"""
WITH minute AS (
    SELECT AppRoleName AS service, time_bucket(INTERVAL 1 MINUTE, TimeGenerated) AS t, sum(ItemCount) AS total,
        coalesce(sum(ItemCount) FILTER {FAILED}, 0) AS bad
    FROM read_parquet($file) GROUP BY ALL
), slid AS (
    SELECT service, t + INTERVAL 1 MINUTE AS evaluated, sum(total) OVER w AS total, sum(bad) OVER w AS bad FROM minute
    WINDOW w AS (PARTITION BY service ORDER BY t RANGE BETWEEN INTERVAL 4 MINUTE PRECEDING AND CURRENT ROW)
)
SELECT evaluated, service, 100.0 * bad / total FROM slid WHERE total >= 100 ORDER BY ALL
"""


def alert_of(name: str) -> Alert:
    return next(alert for alert in catalog.load().alerts if alert.id == name)


def digest(values: dict[object, Values]) -> str:
    """One text for all values, so that two ways can be told to agree."""
    lines = sorted(
        f"{at} {dims} {[None if v is None else f'{v:.9g}' for v in p]}"
        for at, d in values.items()
        for dims, p in d.items()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def held(data: Path, late: bool = True) -> Telemetry:
    telemetry, _ = history.exported(data, catalog.load().alerts, SPAN)
    telemetry.logs.late = late
    return telemetry


# --- cases ------------------------------------------------------------------------------------------


def one_rule(data: Path) -> tuple[int, str]:
    """The error-rate rule, all windows at once."""
    rule = rules.of(alert_of("high-error-rate"))
    found = held(data).logs.values(rule, SPAN.start, SPAN.end)
    return DAY // rule.every, digest(found)


def naive(data: Path) -> tuple[int, str]:
    """The same rule, its query translated and run at each evaluation."""
    rule = rules.of(alert_of("high-error-rate"))
    found = windows.naive(held(data).logs, rule, SPAN.start, SPAN.end)
    return DAY // rule.every, digest(found)


def by_hand(data: Path) -> tuple[int, str]:
    """The floor: one SQL statement of the error-rate rule."""
    con = run.connect()
    rows = con.execute(BY_HAND, {"file": str(data / "AppRequests.parquet")}).fetchall()
    return DAY // minutes(1), str(len(rows))


def twenty(data: Path) -> tuple[int, str]:
    """Twenty rules on the error-rate signal: other windows, frequencies and limits."""
    logs = held(data).logs
    alert = alert_of("high-error-rate")
    count = 0
    for number in range(20):
        window = minutes((1, 5, 10, 15, 30)[number % 5])
        other = replace(alert, window=window, above=percent(1 + number // 5), every=minutes(1))
        logs.values(rules.of(other), SPAN.start, SPAN.end)
        count += DAY // other.every
    return count, ""


def whole_day(data: Path) -> tuple[int, str]:
    """Every rule at its own frequency: log rules on the files, the others on the same simulated day."""
    from observability.simulate.world import World

    telemetry = held(data)
    telemetry.world = World(Settings(hours=HOURS, tps=TPS, end=END))
    known = catalog.load()
    every = [rules.of(alert) for alert in known.alerts]
    timeline = run.replay(every, telemetry, SPAN.start, SPAN.end, known.suppressions)
    return timeline.evaluations, f"{len(timeline.alarms)} alarms, {len(timeline.unread)} not evaluated"


def days(number: int) -> Callable[[Path], tuple[int, str]]:
    def case(_data: Path) -> tuple[int, str]:
        """Every rule on so many simulated days, simulating included."""
        from observability import scenarios
        from observability.simulate.scenario import Scenario

        known = catalog.load()
        week: Scenario = next(each for each in scenarios.load() if each.id == "quiet-week")
        part = replace(week, lasts=DAY * number)
        timeline = incident.play(part, known.alerts, incident.telemetry(part, known.alerts), known.suppressions)
        return timeline.evaluations, f"{len(timeline.alarms)} alarms"

    return case


CASES: dict[str, Callable[[Path], tuple[int, str]]] = {
    "one rule": one_rule, "naive": naive, "by hand": by_hand, "twenty rules": twenty, "whole day": whole_day,
    "one simulated day": days(1), "seven simulated days": days(7),
}  # fmt: skip


def alone(case: str, data: Path) -> dict[str, object]:
    """A case in a process of its own."""
    command = [sys.executable, __file__, "--case", case, "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"case '{case}' ended with {process.returncode}")
    found: dict[str, object] = json.loads(said)
    found["mib"] = used.ru_maxrss / 1024
    return found


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def made(data: Path) -> Path:
    if not (data / "demo.json").is_file():
        print(f"writing a day at {TPS:,} requests a second", file=sys.stderr, flush=True)
        read = sorted({table for alert in catalog.load().alerts for table in run.tables_of(alert)})
        write(data, Settings(hours=HOURS, tps=TPS, end=END), only=read)
    return data


def measure(data: Path, rounds: int, naive_rounds: int) -> None:
    times: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}
    counts: dict[str, int] = {}
    told: dict[str, set[str]] = {}
    for number in range(rounds):
        for case in CASES:
            if case == "naive" and number >= naive_rounds:
                continue
            found = alone(case, data)
            times.setdefault(case, []).append(float(str(found["seconds"])))
            peaks[case] = max(peaks.get(case, 0.0), float(str(found["mib"])))
            counts[case] = int(str(found["evaluations"]))
            told.setdefault(case, set()).add(str(found["told"]))
    print(f"a day of 8.64 million sampled requests, {rounds} rounds (naive: {naive_rounds}), each case a process")
    print(f"  {'case':<24}{'seconds':<22}{'evaluations':>12}{'a second':>10}{'peak MiB':>10}  aim")
    aims = {
        "one rule": "<= 1 s, digest as the naive run", "twenty rules": "<= 2 s", "whole day": "< 45 s, < 2,048 MiB",
    }  # fmt: skip
    for case, took in times.items():
        rate = counts[case] / statistics.median(took)
        print(
            f"  {case:<24}{spread(took):<22}{counts[case]:>12,}{rate:>10,.0f}{peaks[case]:>10.0f}  {aims.get(case, '')}"
        )

    def ratio(first: str, second: str) -> str:
        return spread([a / b for a, b in zip(times[first], times[second], strict=False)])

    def fine(first: str, second: str) -> str:
        values = [a / b for a, b in zip(times[first], times[second], strict=False)]
        return f"{statistics.median(values):.4f} ({min(values):.4f}-{max(values):.4f})"

    print(f"  one rule / naive: {fine('one rule', 'naive')}, aim <= 1/30 = 0.0333")
    print(f"  one rule / by hand: {ratio('one rule', 'by hand')}")
    print(
        f"  seven simulated days / one: {ratio('seven simulated days', 'one simulated day')} in time, "
        f"{peaks['seven simulated days'] / peaks['one simulated day']:.2f} in peak memory, aim <= 7"
    )
    same = told["one rule"] == told["naive"] and len(told["naive"]) == 1
    print(
        f"  digest of the values, at once and naive: {'the same' if same else 'DIFFERENT'} {sorted(told['one rule'] | told['naive'])}"
    )
    print(f"  whole day: {', '.join(sorted(told['whole day']))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="DIR", help="where the day lies, or is put (default: a temporary folder)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--naive-rounds", type=int, default=1)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        catalog.load()
        import duckdb
        import duckdb_kql
        import promql_parser

        assert duckdb and duckdb_kql and promql_parser
        begun = time.perf_counter()
        evaluations, said = CASES[arguments.case](Path(arguments.data))
        print(json.dumps({"seconds": time.perf_counter() - begun, "evaluations": evaluations, "told": said}))
        return
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
        measure(made(Path(arguments.data or folder) / "day"), arguments.rounds, arguments.naive_rounds)


if __name__ == "__main__":
    main()
