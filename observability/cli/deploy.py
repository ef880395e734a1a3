"""`tripobs deploy`: what it would change, the question, the deployment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observability.cli import cloud, main, terminal
from observability.deploy import deployments, templates
from observability.deploy.deployments import Change, Ended, Taken
from observability.deploy.errors import Fault, Refused
from observability.deploy.hide import Hide
from observability.deploy.templates import Template, Values

if TYPE_CHECKING:
    from observability.deploy.arm import Arm

_SIGNS = {
    "Create": ("+", "green"),
    "Modify": ("~", "yellow"),
    "Delete": ("-", "red"),
    "Deploy": ("!", "yellow"),
    "NoChange": ("=", "dim"),
    "NoEffect": ("=", "dim"),
    "Ignore": ("*", "dim"),
    "Unsupported": ("x", "yellow"),
}
_LONGEST = 60


def deploy(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    return cloud.guarded(lambda: _deploy(arguments))


def _deploy(arguments: argparse.Namespace) -> int:
    folder = cloud.generated(arguments)
    known = templates.load(folder)
    chosen = [one for one in known if not arguments.template or one.name in arguments.template]
    given = templates.values(Path(arguments.parameters) if arguments.parameters else None)
    wrong = templates.problems(chosen, given, known, templates.examples(folder))
    asks = not arguments.what_if and not arguments.yes
    if asks and (arguments.json or not (sys.stdin.isatty() and sys.stdout.isatty())):
        wrong.append("nobody can be asked without a terminal; give --yes to deploy, or --what-if to look first")
    cloud.refuse(arguments, wrong)
    hide = Hide(known, given)
    arm = cloud.connect(arguments)
    try:
        if arguments.what_if:
            _look(arm, chosen, given, hide, arguments.json)
            return main.OK
        if asks:
            _look(arm, chosen, given, hide, False)
            if not _agreed(f"deploy {', '.join(one.name for one in chosen)} to {arm.group}? [y/N] "):
                print("nothing was deployed", file=sys.stderr)
                return main.OK
        return _go(arm, chosen, given, hide, arguments)
    finally:
        arm.close()


def _agreed(question: str) -> bool:
    # input() would ask on the error stream, which may lead elsewhere.
    print(question, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _look(arm: Arm, chosen: list[Template], given: Values, hide: Hide, as_json: bool) -> None:
    """Print what deploying would change. Every template is looked at before anything refused is told."""
    seen: dict[str, tuple[Change, ...]] = {}
    wrong: list[Fault] = []
    for template in chosen:
        terminal.progress(f"what-if of {template.name}: Azure is comparing")
        try:
            seen[template.name] = deployments.what_if(arm, template, given, hide)
        except Refused as error:
            wrong += error.faults
    terminal.progress("")
    if as_json:
        terminal.show_json({name: [_plain(change) for change in changes] for name, changes in seen.items()})
    else:
        for name, changes in seen.items():
            print("\n".join(_lines(name, changes)))
    if wrong:
        raise Refused(wrong)


def _plain(change: Change) -> dict[str, Any]:
    edits = [{"path": e.path, "change": e.kind, "before": e.before, "after": e.after} for e in change.edits]
    return {"id": change.id, "change": change.kind, "reason": change.reason or None, "properties": edits}


def _lines(name: str, changes: tuple[Change, ...]) -> Iterator[str]:
    counts = ", ".join(f"{number} {kind}" for kind, number in deployments.by_kind(changes).items())
    yield terminal.colour(terminal.seen(f"{name}: {counts or 'nothing'}"), "bold")
    for kind in deployments.by_kind(changes):
        sign, colour = _SIGNS.get(kind, ("?", "yellow"))
        for change in changes:
            if change.kind != kind:
                continue
            # What stays as it is stands in the count above.
            if kind in ("NoChange", "NoEffect", "Ignore"):
                continue
            yield terminal.colour(f"  {sign} {terminal.seen(cloud.short(change.id))}", colour)
            if change.reason:
                yield f"      {terminal.seen(change.reason)}"
            for edit in change.edits:
                if edit.kind != "NoEffect":
                    own, ink = _SIGNS.get(edit.kind, ("~", "yellow"))
                    yield terminal.colour(f"      {own} {terminal.seen(f'{edit.path}: {_values(edit)}')}", ink)


def _values(edit: deployments.Edit) -> str:
    if edit.kind == "Create":
        return shown(edit.after)
    if edit.kind == "Delete":
        return shown(edit.before)
    return f"{shown(edit.before)} -> {shown(edit.after)}"


def shown(value: Any) -> str:
    """A value in a line of a table."""
    import json

    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."


def _go(arm: Arm, chosen: list[Template], given: Values, hide: Hide, arguments: argparse.Namespace) -> int:
    """Deploy one template after the other; the first that fails is the last."""
    ended: dict[str, Ended] = {}
    early = False
    try:
        for template in chosen:
            one = _one(arm, template, given, hide)
            if deployments.too_early(one):
                cloud.tell(
                    f"{template.name}: Azure has just made the workspace and takes no tables of it yet; it is deployed once "
                    f"more in {deployments.WAKES:.0f} s"
                )
                arm.pause(deployments.WAKES)
                one = _one(arm, template, given, hide)
            ended[template.name] = one
            if not arguments.json:
                line = f"{template.name}: {one.state}, {one.resources} resources, {one.seconds:.0f} s"
                print(terminal.seen(line), flush=True)
            if not one.well:
                early = deployments.too_early(one)
                break
    finally:
        # Interrupted, or Azure no longer answers: what was deployed is deployed all the same.
        left = [template.name for template in chosen if template.name not in ended]
        if arguments.json:
            terminal.show_json({"deployed": {name: _ended(one) for name, one in ended.items()}, "left": left})
    wrong = tuple(fault for one in ended.values() for fault in one.faults)
    if wrong:
        cloud.refused(wrong)
    if early:
        cloud.tell("the workspace still takes no tables; deploy again in some minutes")
    if left:
        cloud.tell(f"not begun: {', '.join(left)}")
    return main.OK if all(one.well for one in ended.values()) else main.PROBLEMS


def _one(arm: Arm, template: Template, given: Values, hide: Hide) -> Ended:
    """Deploy one template and wait for its end."""
    begun = False
    try:
        terminal.progress(f"{template.name}: begins")
        mark = deployments.start(arm, template, given, hide)
        begun = True
        return deployments.watch(arm, template, mark, hide, terminal.progress)
    except Refused as error:
        return Ended("Refused", 0, 0, error.faults)
    except Taken:
        raise
    except BaseException as error:
        if begun or isinstance(error, KeyboardInterrupt):
            _goes_on(arm, template, "goes on in Azure" if begun else "may have begun, and goes on in Azure then")
        raise
    finally:
        terminal.progress("")


def _ended(one: Ended) -> dict[str, Any]:
    wrong = [{"target": fault.target, "code": fault.code, "message": fault.message} for fault in one.faults]
    return {"state": one.state, "seconds": round(one.seconds, 1), "resources": one.resources, "faults": wrong}


def _goes_on(arm: Arm, template: Template, words: str) -> None:
    name = deployments.deployment_name(template)
    cloud.tell(
        f"{name}: {words}\n"
        f"look at it:  az deployment group show --resource-group {arm.group} --name {name} "
        "--query properties.provisioningState\n"
        f"stop it:     az deployment group cancel --resource-group {arm.group} --name {name}"
    )
