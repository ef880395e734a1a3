"""What `deploy`, `drift` and `remove` share: where on Azure, which templates, and how their errors end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observability.cli import main, terminal
from observability.deploy import templates
from observability.deploy.errors import Fault, Refused
from observability.deploy.templates import Template, Values
from observability.model.errors import SourceUnavailable
from observability.model.place import ROOT
from observability.query.errors import WrongArgument

if TYPE_CHECKING:
    from observability.deploy.arm import Arm

SUBSCRIPTION, GROUP = "AZURE_SUBSCRIPTION_ID", main.GROUP_VARIABLE


def generated(arguments: argparse.Namespace) -> Path:
    """The folder that `make generate` wrote."""
    return Path(arguments.generated) if arguments.generated else ROOT / "generated"


def refuse(arguments: argparse.Namespace, wrong: Iterable[str]) -> None:
    """Raises WrongArgument for all that is ``wrong``, and for a subscription or resource group that nobody named."""
    subscription, group = _place(arguments)
    found = []
    if not subscription:
        found.append(f"say which subscription: --subscription ID (or {SUBSCRIPTION})")
    if not group:
        found.append(f"say which resource group: --resource-group NAME (or {GROUP})")
    if found := [*found, *wrong]:
        raise WrongArgument("\n".join(found))


def _place(arguments: argparse.Namespace) -> tuple[str, str]:
    subscription = arguments.subscription or os.environ.get(SUBSCRIPTION) or ""
    return subscription, arguments.resource_group or os.environ.get(GROUP) or ""


def connect(arguments: argparse.Namespace) -> Arm:
    """The resource group that was named, which `refuse` has seen. Raises WrongArgument, SourceUnavailable."""
    subscription, group = _place(arguments)
    from observability.deploy.arm import Arm
    from observability.query.azure_client import MANAGEMENT

    return Arm(subscription, group, endpoint=arguments.endpoint or MANAGEMENT)


def resources(template: Template, given: Values, arm: Arm) -> list[dict[str, Any]]:
    """What the template makes there. Raises WrongArgument."""
    return templates.resources(template, given, arm.subscription, arm.group, arm.endpoint)


def guarded(run: Callable[[], int]) -> int:
    """The exit code of ``run``, or that of its error, which is printed, all of it."""
    try:
        return run()
    except WrongArgument as error:
        tell(str(error))
        return main.USAGE
    except SourceUnavailable as error:
        tell(str(error))
        return main.UNAVAILABLE
    except Refused as error:
        refused(error.faults)
        return main.PROBLEMS
    finally:
        terminal.progress("")


def tell(words: str) -> None:
    """Lines for whoever reads the error stream, each with the command's name."""
    terminal.progress("")
    for line in words.split("\n"):
        print(f"tripobs: {terminal.seen(line)}", file=sys.stderr)


def refused(found: tuple[Fault, ...]) -> None:
    """Everything that was refused, a line each, and how much it is."""
    terminal.progress("")
    for fault in found:
        line = terminal.seen(f"{short(fault.target)}: {fault.code}: {fault.message}")
        print(terminal.colour(line, "red", sys.stderr), file=sys.stderr)
    print(f"{len(found)} refused", file=sys.stderr)


def short(resource: str) -> str:
    """An id without the subscription and group: ``Microsoft.Insights/actionGroups/ag-tripgen-tm``."""
    marker = "/providers/"
    if not resource.startswith("/") or marker not in resource:
        return resource
    first, _, rest = resource.partition(marker)
    return rest if "resourcegroups/" in first.lower() else resource
