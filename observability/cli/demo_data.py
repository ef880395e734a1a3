"""`tripobs demo-data`: what Azure would hold for the document's system, as Parquet files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from observability import scenarios
from observability.cli import main, terminal
from observability.model.errors import SourceUnavailable
from observability.simulate.faults import Fault
from observability.simulate.settings import DEFAULT_END, Settings, WrongSettings

_DAY = 24.0
# Of a scenario: what was before it, to compare with.
_BEFORE = timedelta(hours=1)


def demo_data(arguments: argparse.Namespace) -> int:
    """Write the demo's tables into a folder."""
    played = None
    if arguments.scenario is not None:
        known = {scenario.id: scenario for scenario in scenarios.load()}
        if arguments.scenario not in known:
            print(
                f"tripobs: there is no scenario '{arguments.scenario}'; `tripobs scenarios` lists them", file=sys.stderr
            )
            return main.USAGE
        played = known[arguments.scenario]
    try:
        if arguments.end:
            end = datetime.fromisoformat(arguments.end)
        else:
            end = played.ends if played is not None else DEFAULT_END
        hours = arguments.hours
        if hours is None:
            hours = _DAY if played is None else (played.lasts + _BEFORE) / timedelta(hours=1)
        settings = Settings(hours=hours, seed=arguments.seed, tps=arguments.tps, end=end)
    except WrongSettings as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except ValueError:
        print(f"tripobs: --end '{arguments.end}': is not a time; write 2026-11-24T00:00+09:00", file=sys.stderr)
        return main.USAGE
    began = time.monotonic()
    try:
        faults = played.faults(played.begins, played.ends) if played is not None else ()
        counts = make(Path(arguments.out), settings, faults, quiet=arguments.quiet or arguments.json)
    except FileExistsError as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except SourceUnavailable as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.UNAVAILABLE
    if arguments.json:
        terminal.show_json({"folder": arguments.out, "rows": counts})
    elif not arguments.quiet:
        filled = sum(1 for rows in counts.values() if rows)
        took = time.monotonic() - began
        print(
            f"{sum(counts.values()):,} rows in {filled} tables ({len(counts)} files) in {arguments.out}, {took:.1f} s"
        )
    return main.OK


def make(folder: Path, settings: Settings, faults: Sequence[Fault] = (), *, quiet: bool) -> dict[str, int]:
    """Write the tables, and say on a terminal which one is next. Raises FileExistsError, SourceUnavailable."""
    from observability.simulate.write import write

    def said(table: str, rows: int) -> None:
        if not quiet:
            terminal.progress(f"{table}: {rows:,} rows")

    try:
        return write(folder, settings, faults, said=said)
    except ImportError as error:
        raise SourceUnavailable(
            f"the simulator needs {error.name}; pip install 'tripgen-observability[replay]'"
        ) from error
    finally:
        if not quiet:
            terminal.progress("")
