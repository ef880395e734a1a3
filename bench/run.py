"""What generating costs, as multiples of `python -c pass` in paired runs.

usage: python bench/run.py [--rounds 11] [--no-kusto]
Commands take turns, so that a change of the machine's speed falls on all alike; each figure is the median of the
per-round ratios, with the lowest and the highest. Each run writes to a folder of its own that is empty before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from observability import PHASE_NUMBERS  # noqa: E402

HERE = Path(__file__).parent
SCALES = (1, 10, 100)
FLEETS = (5, 10, 25, 50)
REGIONS = (
    "koreacentral", "koreasouth", "japaneast", "japanwest", "eastasia", "southeastasia", "australiaeast", "centralindia",
    "southindia", "westeurope", "northeurope", "uksouth", "francecentral", "eastus", "eastus2", "westus2", "centralus",
)  # fmt: skip


# Modules are compiled, as they are for whoever has run a command once.
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(command: Sequence[str], folder: Path) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    start = time.perf_counter()
    # No timeout: waiting with one polls in steps of up to 50 ms, which is more than some of these take.
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=_ENVIRON)
    return time.perf_counter() - start


def spread(values: Sequence[float], form: Callable[[float], str]) -> str:
    return f"{form(statistics.median(values)):>8}  ({form(min(values))}-{form(max(values))})"


def whole_processes(rounds: int, folder: Path) -> None:
    """generate, list, --help and --check against an interpreter that does nothing."""
    tripobs = str(Path(sys.executable).with_name("tripobs"))
    fresh = folder / "out"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "tripobs --help": [tripobs, "--help"],
        "tripobs list": [tripobs, "list"],
        "tripobs generate": [tripobs, "generate", "--out", str(fresh), "--quiet"],
        "tripobs generate --check": [tripobs, "generate", "--check", "--quiet"],
    }
    seen: dict[str, list[float]] = {name: [] for name in commands}
    size = 0
    for turn in range(rounds + 1):
        for name, command in commands.items():
            took = timed(command, fresh)
            if turn:  # the first round warms the file cache
                seen[name].append(took)
            if name == "tripobs generate":
                size = sum(path.stat().st_size for path in fresh.rglob("*") if path.is_file())
    base = seen["python -c pass"]
    print(f"whole processes, {rounds} rounds in turn")
    for name, values in seen.items():
        ratios = [value / one for value, one in zip(values, base, strict=True)]
        print(
            f"  {name:<26}{spread([v * 1000 for v in values], lambda v: f'{v:.0f} ms'):<30}x{spread(ratios, lambda v: f'{v:.1f}')}"
        )
    rate = [size / 1e6 / value for value in seen["tripobs generate"]]
    print(f"  generate writes {size:,} bytes: {spread(rate, lambda v: f'{v:.2f}')} MB/s")


def growth(rounds: int, folder: Path) -> None:
    """Check, build and write for 1, 10 and 100 times as many definitions."""
    print(f"growth, {rounds} rounds in turn (without start-up; per definition)")
    seen: dict[int, list[dict[str, float]]] = {scale: [] for scale in SCALES}
    for _ in range(rounds):
        for scale in SCALES:
            fresh = folder / "scaled"
            shutil.rmtree(fresh, ignore_errors=True)
            done = subprocess.run(
                [sys.executable, str(HERE / "scale.py"), str(scale), str(fresh)],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
                timeout=600,
            )
            seen[scale].append(json.loads(done.stdout))
    for scale, runs in seen.items():
        first = runs[0]
        spent = [run["check_s"] + run["build_s"] + run["write_s"] for run in runs]
        each = [value / first["definitions"] * 1e6 for value in spent]
        rate = [first["bytes"] / 1e6 / value for value in spent]
        print(
            f"  x{scale:<4} {first['definitions']:>6} definitions {first['files']:>6} files {first['bytes'] / 1e6:>8.2f} MB"
            f" {spread(spent, lambda v: f'{v:.3f} s')} {spread(each, lambda v: f'{v:.0f} us')} {spread(rate, lambda v: f'{v:.1f}')} MB/s"
        )


def fleet(rounds: int, folder: Path) -> None:
    """Environments one after the other, each a process: regions by phases, in folders of their own."""
    tripobs = str(Path(sys.executable).with_name("tripobs"))
    environments = [(region, phase) for phase in PHASE_NUMBERS for region in REGIONS][: max(FLEETS)]
    seen: dict[int, list[float]] = {count: [] for count in FLEETS}
    for _ in range(rounds):
        for count in FLEETS:
            fresh = folder / "fleet"
            shutil.rmtree(fresh, ignore_errors=True)
            start = time.perf_counter()
            for region, phase in environments[:count]:
                out = str(fresh / f"{region}-{phase}")
                subprocess.run(
                    [tripobs, "generate", "--quiet", "--region", region, "--phase", phase, "--out", out],
                    cwd=ROOT, check=True, env=_ENVIRON,
                )  # fmt: skip
            seen[count].append(time.perf_counter() - start)
    print(f"a fleet of regions x phases, {rounds} rounds in turn")
    for count, spent in seen.items():
        each = [value / count * 1000 for value in spent]
        print(
            f"  {count:>4} environments {spread(spent, lambda v: f'{v:.1f} s')} {spread(each, lambda v: f'{v:.0f} ms')} each"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=11)
    arguments.add_argument("--no-kusto", action="store_true", help="leave out binding with the language service")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="tripobs-bench-") as name:
        whole_processes(chosen.rounds, Path(name))
        growth(3, Path(name))
        fleet(3, Path(name))
    if not chosen.no_kusto:
        sys.stdout.flush()
        subprocess.run([sys.executable, str(HERE / "kusto_bind.py")], cwd=ROOT, check=True, timeout=600)


if __name__ == "__main__":
    main()
