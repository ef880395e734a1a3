"""`tripobs remove`: the list of what is ours on Azure, and with --yes its end."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observability.cli import cloud, main, terminal
from observability.deploy import remove as removing
from observability.deploy import templates
from observability.deploy.remove import Item, Removal

if TYPE_CHECKING:
    from observability.deploy.arm import Arm


def remove(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    return cloud.guarded(lambda: _remove(arguments))


def _remove(arguments: argparse.Namespace) -> int:
    folder = cloud.generated(arguments)
    known = templates.load(folder)
    given = templates.values(Path(arguments.parameters) if arguments.parameters else None)
    cloud.refuse(arguments, templates.problems(known, given, known, templates.examples(folder), whole=False))
    arm = cloud.connect(arguments)
    try:
        defined = [one for each in known for one in cloud.resources(each, given, arm)]
        goes, kept = removing.plan(arm, defined, with_data=arguments.with_data, said=terminal.progress)
        terminal.progress("")
        return _delete(arm, goes, kept, arguments) if arguments.yes else _list(goes, kept, arguments)
    finally:
        arm.close()


def _list(goes: list[Item], kept: list[Item], arguments: argparse.Namespace) -> int:
    if arguments.json:
        terminal.show_json({"would_delete": [item.id for item in goes], "kept": _kept(kept)})
        return main.OK
    for item in goes:
        print(f"would delete  {_named(item)}")
    _print_kept(kept)
    print(f"{len(goes)} would be deleted, {len(kept)} kept; nothing was touched")
    if goes:
        print("read the list, then give --yes", file=sys.stderr)
    return main.OK


def _named(item: Item) -> str:
    return terminal.seen(f"{cloud.short(item.id)} ({item.called})" if item.called else cloud.short(item.id))


def _print_kept(kept: list[Item]) -> None:
    for item in kept:
        print(terminal.colour(f"kept          {_named(item)}: {item.why}; --with-data deletes it", "dim"))


def _kept(kept: list[Item]) -> list[dict[str, str]]:
    return [{"id": item.id, "why": item.why} for item in kept]


def _delete(arm: Arm, goes: list[Item], kept: list[Item], arguments: argparse.Namespace) -> int:
    removal = Removal(list(goes))
    told = 0
    try:
        for removal in removing.remove(arm, goes, _said):
            if not arguments.json and len(removal.deleted) > told:
                told = len(removal.deleted)
                terminal.progress("")
                print(f"deleted       {_named(removal.deleted[-1])}", flush=True)
    except BaseException:
        # Interrupted, or Azure no longer answers: what is left is the same, and a second run goes on with it.
        _end(removal, kept, arguments)
        cloud.tell("run the command again to go on; what may be half deleted shows there")
        raise
    _end(removal, kept, arguments)
    if removal.faults:
        cloud.refused(tuple(removal.faults))
    return main.PROBLEMS if removal.faults else main.OK


def _said(removal: Removal, item: Item) -> None:
    terminal.progress(f"{len(removal.deleted)} deleted, {len(removal.left)} left: {cloud.short(item.id)}")


def _end(removal: Removal, kept: list[Item], arguments: argparse.Namespace) -> None:
    terminal.progress("")
    if arguments.json:
        plain: dict[str, Any] = {
            "deleted": [item.id for item in removal.deleted],
            "already_gone": [item.id for item in removal.gone],
            "left": [item.id for item in removal.left],
            "kept": _kept(kept),
            "faults": [{"target": one.target, "code": one.code, "message": one.message} for one in removal.faults],
        }
        terminal.show_json(plain)
        return
    for item in removal.left:
        print(f"left          {_named(item)}")
    _print_kept(kept)
    gone = f", {len(removal.gone)} already gone" if removal.gone else ""
    print(f"{len(removal.deleted)} deleted{gone}, {len(removal.left)} left, {len(kept)} kept")
