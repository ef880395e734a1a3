"""`tripobs demo-data`: what Azure would hold for the document's system, as Parquet files."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

from observability.cli import main, terminal
from observability.model.errors import SourceUnavailable
from observability.simulate.settings import DEFAULT_END, Settings, WrongSettings


def demo_data(arguments: argparse.Namespace) -> int:
    """Write the demo's tables into a folder."""
    try:
        end = datetime.fromisoformat(arguments.end) if arguments.end else DEFAULT_END
        settings = Settings(hours=arguments.hours, seed=arguments.seed, tps=arguments.tps, end=end)
    except WrongSettings as error:
        print(f"tripobs: {error}", file=sys.stderr)
        return main.USAGE
    except ValueError:
        print(f"tripobs: --end '{arguments.end}': is not a time; write 2026-11-24T00:00+09:00", file=sys.stderr)
        return main.USAGE
    began = time.monotonic()
    try:
        counts = make(Path(arguments.out), settings, quiet=arguments.quiet or arguments.json)
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


def make(folder: Path, settings: Settings, *, quiet: bool) -> dict[str, int]:
    """Write the tables, and say on a terminal which one is next. Raises FileExistsError, SourceUnavailable."""
    from observability.simulate.write import write

    def said(table: str, rows: int) -> None:
        if not quiet:
            terminal.progress(f"{table}: {rows:,} rows")

    try:
        return write(folder, settings, said=said)
    except ImportError as error:
        raise SourceUnavailable(
            f"the simulator needs {error.name}; pip install 'tripgen-observability[replay]'"
        ) from error
    finally:
        if not quiet:
            terminal.progress("")
