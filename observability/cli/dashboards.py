"""`tripobs dashboards push`: the generated dashboards into Grafana."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from observability.cli import cloud, main, terminal
from observability.deploy import push as pushing
from observability.deploy.grafana import Grafana
from observability.deploy.push import CREATE, REFUSED, UPDATE, Plan, Pushed
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
    folder, home = arguments.folder or FOLDER, None
    if arguments.folder:
        terminal.progress(f"looking for the folder '{folder}'")
        home = grafana.folder(folder) or ""
    plans = []
    for body in bodies:
        terminal.progress(f"looking at {body['uid']}")
        plans.append(pushing.plan(grafana, body, force=arguments.force, home=home))
    terminal.progress("")
    pushed = Pushed(wrong=[f"dashboard '{one.uid}': {one.why}" for one in plans if one.action == REFUSED])
    try:
        if not arguments.dry_run and not pushed.wrong:
            pushing.push(grafana, plans, folder, pushed=pushed)
    except BaseException:
        # Interrupted, or Grafana no longer answers: what was saved stays saved, and a second run goes on.
        _end(plans, pushed, arguments)
        cloud.tell("run the command again to go on; what is saved by then shows there")
        raise
    _end(plans, pushed, arguments)
    return main.PROBLEMS if pushed.wrong else main.OK


def _end(plans: list[Plan], pushed: Pushed, arguments: argparse.Namespace) -> None:
    if arguments.json:
        plain = [_plain(one) for one in plans]
        terminal.show_json({"saved": pushed.saved, "plan": plain, "problems": pushed.wrong})
    else:
        _print(plans, pushed.saved)
    if pushed.wrong:
        for line in pushed.wrong:
            print(terminal.colour(terminal.seen(line), "red", sys.stderr), file=sys.stderr)
        print(f"{len(pushed.wrong)} refused, {len(pushed.saved)} saved", file=sys.stderr)


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
    digest = pushing.digest(one.body)
    return {"uid": one.uid, "action": one.action, "moves": one.moves, "hash": digest, "version": one.version}


def _print(plans: list[Plan], saved: dict[str, int]) -> None:
    colours = {CREATE: "green", UPDATE: "yellow", REFUSED: "red"}
    rows = [
        (
            f"{one.action} (moved)" if one.moves else one.action,
            one.uid,
            pushing.digest(one.body),
            "-" if one.version is None else str(one.version),
            str(saved[one.uid]) if one.uid in saved else "-",
        )
        for one in plans
    ]
    head, *lines = terminal.lines(("WHAT", "DASHBOARD", "HASH", "WAS", "IS"), rows)
    print(head)
    for one, line in zip(plans, lines, strict=True):
        print(terminal.colour(line, colours[one.action]) if one.action in colours else line)
