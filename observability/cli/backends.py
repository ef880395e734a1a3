"""Where answers come from: a workspace on Azure, a folder of exports, or the demo."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from observability.query import params
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from observability.query.answers import Backend

DEMO = "demo"
WORKSPACE = "TRIPOBS_WORKSPACE"


@contextlib.contextmanager
def chosen(arguments: argparse.Namespace) -> Iterator[tuple[Backend, datetime]]:
    """The backend that was asked for, and what "now" means there. Raises WrongArgument, SourceUnavailable."""
    workspace: str = arguments.workspace or os.environ.get(WORKSPACE) or ""
    if arguments.local is None and not workspace:
        raise WrongArgument(
            f"say where the answers are: --workspace NAME (or {WORKSPACE}), --local DIR of exports, or --local {DEMO}"
        )
    if arguments.local is not None:
        if arguments.workspace is not None:
            raise WrongArgument("--local and --workspace: are two places; give one of them")
        from observability.query.local import LocalBackend

        backend = LocalBackend(local_folder(arguments.local), name=DEMO if arguments.local == DEMO else "")
        yield backend, backend.end()
        return
    from observability.query.azure import SERVER_TIMEOUT, connect

    try:
        timeout = params.duration(arguments.timeout) if arguments.timeout is not None else SERVER_TIMEOUT
        azure = connect(workspace, subscription=arguments.subscription, server_timeout=timeout)
    except ValueError as error:
        raise WrongArgument(f"--timeout: {error}; write 30s, 3m or 10m") from None
    try:
        yield azure, datetime.now(UTC)
    finally:
        azure.close()


def local_folder(name: str) -> Path:
    """The folder of that name; the demo's telemetry is made the first time it is asked for, and kept."""
    if name != DEMO:
        return Path(name)
    from observability import __version__
    from observability.cli.demo_data import make
    from observability.simulate.settings import Settings

    settings = Settings()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tripobs" / f"demo-{__version__}-{settings.hours:g}h-{settings.seed}"
    if not (folder / "demo.json").is_file():
        make(folder, settings, quiet=False)
    return folder
