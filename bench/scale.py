"""Generate from N times as many definitions as the project has, in one process.

usage: python bench/scale.py N FOLDER
Prints one JSON line: seconds of check, build and write, files and bytes.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from observability import output
from observability.artefacts.build import build
from observability.catalog import Catalogue, load
from observability.checks import run
from observability.model.query import Pack
from observability.model.text import Text


def _titled(text: Text, copy: int) -> Text:
    return Text(ko=f"{text.ko} {copy}", en=f"{text.en} {copy}")


def times(catalogue: Catalogue, count: int) -> Catalogue:
    """The catalogue with each alert, query and dashboard ``count`` times, under other names."""
    alerts, queries, dashboards = list(catalogue.alerts), list(catalogue.queries), list(catalogue.dashboards)
    packs = [*catalogue.packs, Pack(title=Text(ko="규모", en="Scale"))]
    for copy in range(1, count):
        # Azure takes only a hundred log rules that are evaluated every minute.
        alerts += [
            dataclasses.replace(
                alert,
                id=f"{alert.id}-{copy}",
                title=_titled(alert.title, copy),
                every=timedelta(minutes=5),
                window=alert.window,
            )
            if alert.window >= timedelta(minutes=5)
            else dataclasses.replace(alert, id=f"{alert.id}-{copy}", title=_titled(alert.title, copy))
            for alert in catalogue.alerts
        ]
        queries += [
            dataclasses.replace(query, id=f"{query.pack}-{query.id}-{copy}", title=_titled(query.title, copy))
            for query in catalogue.queries
        ]
        dashboards += [
            dataclasses.replace(board, id=f"{board.id}-{copy}", title=_titled(board.title, copy))
            for board in catalogue.dashboards
        ]
    return dataclasses.replace(
        catalogue, alerts=tuple(alerts), queries=tuple(queries), dashboards=tuple(dashboards), packs=tuple(packs)
    )


def main(count: int, folder: Path) -> None:
    catalogue = times(load(), count)
    start = time.perf_counter()
    run.sound(catalogue)
    checked = time.perf_counter()
    made = build(catalogue, "ko")
    built = time.perf_counter()
    output.write(folder, made)
    written = time.perf_counter()
    print(
        json.dumps(
            {
                "definitions": sum(1 for _ in catalogue.everything()),
                "files": len(made),
                "bytes": sum(len(artefact.body) for artefact in made),
                "check_s": round(checked - start, 4),
                "build_s": round(built - checked, 4),
                "write_s": round(written - built, 4),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
