"""`tripobs dashboards push`: the generated dashboards into Grafana."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from observability.cli import cloud, main, terminal
from observability.deploy import push as pushing
from observability.deploy.grafana import Grafana
from observability.deploy.push import CREATE, REFUSED, UPDATE, Plan
from observability.query.errors import WrongArgument

URL, TOKEN, FOLDER = "GRAFANA_URL", "GRAFANA_TOKEN", "tripgen"


def dashboards(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    return cloud.guarded(lambda: _push(arguments))


def _push(arguments: argparse.Namespace) -> int:
    bodies = pushing.read(cloud.generated(arguments), arguments.uid)
    url = arguments.url or os.environ.get(URL)
    if not url:
        raise WrongArgument(f"say which Grafana: --url https://HOST (or {URL})")
    grafana = Grafana(url, _token(arguments.token_file))
    plans = []
    for body in bodies:
        terminal.progress(f"looking at {body['uid']}")
        plans.append(pushing.plan(grafana, body, force=arguments.force))
    terminal.progress("")
    wrong = [f"dashboard '{one.uid}': {one.why}" for one in plans if one.action == REFUSED]
    saved: dict[str, int] = {}
    if not arguments.dry_run and not wrong:
        wrong = pushing.push(
            grafana, plans, arguments.folder or FOLDER, move=bool(arguments.folder), said=saved.__setitem__
        )
    if arguments.json:
        terminal.show_json({"saved": saved, "plan": [_plain(one) for one in plans], "problems": wrong})
    else:
        _print(plans, saved)
    if wrong:
        for line in wrong:
            print(terminal.colour(line, "red", sys.stderr), file=sys.stderr)
        print(f"{len(wrong)} refused, {len(saved)} saved", file=sys.stderr)
    return main.PROBLEMS if wrong else main.OK


def _token(file: str | None) -> str:
    """The token, from its file or the environment; never from the command line, which everybody on a machine sees."""
    if file is not None:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongArgument(f"--token-file {file}: {getattr(error, 'strerror', None) or 'holds no text'}") from None
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise WrongArgument(f"no token: set {TOKEN}, or give --token-file FILE")
    return token


def _plain(one: Plan) -> dict[str, object]:
    return {"uid": one.uid, "action": one.action, "hash": pushing.digest(one.body), "version": one.version}


def _print(plans: list[Plan], saved: dict[str, int]) -> None:
    colours = {CREATE: "green", UPDATE: "yellow", REFUSED: "red"}
    rows = [
        (
            one.action,
            one.uid,
            pushing.digest(one.body),
            "-" if one.version is None else str(one.version),
            str(saved[one.uid]) if one.uid in saved else "-",
        )
        for one in plans
    ]
    lines = terminal.table(("WHAT", "DASHBOARD", "HASH", "WAS", "IS"), rows).splitlines()
    print(lines[0])
    for one, line in zip(plans, lines[1:], strict=True):
        print(terminal.colour(line, colours[one.action]) if one.action in colours else line)
