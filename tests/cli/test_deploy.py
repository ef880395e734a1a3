"""`tripobs deploy`, `drift`, `remove` and `dashboards push` as their users meet them, on servers of this machine."""

from __future__ import annotations

import argparse
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from observability.cli import cloud as cli_cloud
from observability.cli.main import main
from observability.deploy.arm import Arm
from tests.deploy import grafana_served, shop
from tests.deploy.grafana_served import Served
from tests.deploy.served import GROUP, ROOT, SUBSCRIPTION, Cloud, Pauses, served

PROJECT = Path(__file__).parents[2]
OK, PROBLEMS, USAGE, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 4, 130
Captured = pytest.CaptureFixture[str]
RULE = f"{ROOT}/providers/Microsoft.Insights/scheduledQueryRules/alert-queue"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's generated folder, with nothing about Azure or Grafana in the environment."""
    for name in ("AZURE_SUBSCRIPTION_ID", "TRIPOBS_RESOURCE_GROUP", "GRAFANA_URL", "GRAFANA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return shop.generated(tmp_path / "generated")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with served(Cloud(rewrites=True)) as cloud:
        yield cloud


def where(cloud: Cloud, folder: Path, *, values: bool = True) -> list[str]:
    given = ["--parameters", str(folder / "parameters.json")] if values else []
    place = ["--subscription", SUBSCRIPTION, "--resource-group", GROUP, "--endpoint", cloud.address]
    return [*place, "--generated", str(folder), *given]


# --- deploy --------------------------------------------------------------------------------------------------


def test_the_templates_are_deployed_in_their_order(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    assert main(["deploy", "--yes", *where(cloud, folder)]) == OK
    assert [line.rpartition(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "workspace: Succeeded, 2 resources",
        "alerts: Succeeded, 3 resources",
        "queries: Succeeded, 1 resources",
        "access: Succeeded, 0 resources",
    ]
    assert [line for line in cloud.asked if line.startswith(("PUT", "POST"))] == [
        f"PUT {ROOT.replace('resourceGroups', 'resourcegroups')}/providers/Microsoft.Resources/deployments/tripobs-{name}"
        for name in ("workspace", "alerts", "queries", "access")
    ]


@pytest.mark.parametrize("command", [["deploy", "--yes"], ["drift"], ["remove"]])
def test_the_examples_values_are_told_all_at_once_and_azure_is_not_asked(
    command: list[str], cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    example = ["--parameters", str(folder / "azure" / "parameters.example.json")]
    assert main([*command, *where(cloud, folder, values=False), *example]) == USAGE
    assert capsys.readouterr().err.splitlines() == [
        "tripobs: alerts: parameter 'bellUrl': still holds the example's '<secret>'; write the real value there",
        "tripobs: alerts: parameter 'host': still holds the example's 'door.example.com'; write the real value there",
    ]
    assert cloud.asked == []


def test_one_template_alone_as_json(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    assert main(["deploy", "--yes", "--json", "--template", "queries", *where(cloud, folder)]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["deployed"]["queries"].pop("seconds") >= 0
    assert told == {"deployed": {"queries": {"state": "Succeeded", "resources": 1, "faults": []}}, "left": []}


def test_what_if_deploys_nothing_and_is_plain_off_a_terminal(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.changes["tripobs-alerts"] = _changes()
    assert main(["deploy", "--what-if", *where(cloud, folder)]) == OK
    assert capsys.readouterr().out == (
        "workspace: nothing\n"
        "alerts: 1 Create, 1 Modify, 1 Delete, 1 NoChange, 1 Ignore\n"
        "  + Microsoft.Insights/actionGroups/ag-bell\n"
        "  ~ Microsoft.Insights/scheduledQueryRules/alert-queue\n"
        "      ~ properties.severity: 3 -> 2\n"
        '      + properties.description: "long queue"\n'
        '      - properties.muteActionsDuration: "PT1H"\n'
        "  - Microsoft.Insights/actionGroups/old\n"
        "queries: nothing\n"
        "access: nothing\n"
    )
    assert not [line for line in cloud.asked if line.startswith("PUT")]


def _changes() -> dict[str, Any]:
    delta = [
        {"path": "properties.severity", "propertyChangeType": "Modify", "before": 3, "after": 2},
        {"path": "properties.description", "propertyChangeType": "Create", "after": "long queue"},
        {"path": "properties.muteActionsDuration", "propertyChangeType": "Delete", "before": "PT1H"},
        {"path": "properties.etag", "propertyChangeType": "NoEffect", "after": "x"},
    ]
    groups = f"{ROOT}/providers/Microsoft.Insights/actionGroups"
    changes = [
        {"resourceId": f"{groups}/quiet", "changeType": "NoChange"},
        {"resourceId": f"{groups}/theirs", "changeType": "Ignore"},
        {"resourceId": f"{groups}/old", "changeType": "Delete"},
        {"resourceId": RULE, "changeType": "Modify", "delta": delta},
        {"resourceId": f"{groups}/ag-bell", "changeType": "Create"},
    ]
    return {"status": "Succeeded", "properties": {"changes": changes}}


def test_what_if_as_json(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.changes["tripobs-alerts"] = _changes()
    assert main(["deploy", "--what-if", "--json", "--template", "alerts", *where(cloud, folder)]) == OK
    told = json.loads(capsys.readouterr().out)["alerts"]
    assert told[3]["properties"][0] == {
        "path": "properties.severity",
        "change": "Modify",
        "before": 3,
        "after": 2,
    }
    assert told[4] == {"id": told[4]["id"], "change": "Create", "reason": None, "properties": []}


def test_without_a_terminal_and_without_yes_nothing_happens(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    assert main(["deploy", *where(cloud, folder)]) == USAGE
    assert capsys.readouterr().err == (
        "tripobs: nobody can be asked without a terminal; give --yes to deploy, or --what-if to look first\n"
    )
    assert cloud.asked == []


def test_everything_wrong_is_told_before_anything_is_asked(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    assert main(["deploy", "--yes", *where(cloud, folder, values=False)]) == USAGE
    assert capsys.readouterr().err.splitlines() == [
        "tripobs: alerts: parameter 'bellUrl': has no value and no default; give it one with --parameters FILE",
        "tripobs: alerts: parameter 'host': has no value and no default; give it one with --parameters FILE",
    ]
    assert main(["deploy", "--generated", str(folder)]) == USAGE
    assert capsys.readouterr().err.splitlines() == [
        "tripobs: say which subscription: --subscription ID (or AZURE_SUBSCRIPTION_ID)",
        "tripobs: say which resource group: --resource-group NAME (or TRIPOBS_RESOURCE_GROUP)",
        "tripobs: alerts: parameter 'bellUrl': has no value and no default; give it one with --parameters FILE",
        "tripobs: alerts: parameter 'host': has no value and no default; give it one with --parameters FILE",
        "tripobs: nobody can be asked without a terminal; give --yes to deploy, or --what-if to look first",
    ]
    assert cloud.asked == []


def test_a_failed_template_is_the_last_and_says_all_its_reasons(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.wrong["tripobs-alerts"] = {
        "ag-bell": {"error": {"code": "BadAddress", "message": f"no {shop.BELL}"}},
        "alert-queue": {"error": {"code": "BadQuery", "message": "no column 'till'"}},
    }
    assert main(["deploy", "--yes", *where(cloud, folder)]) == PROBLEMS
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "Microsoft.Insights/actionGroups/ag-bell: BadAddress: no ***",
        "Microsoft.Insights/scheduledQueryRules/alert-queue: BadQuery: no column 'till'",
        "2 refused",
        "tripobs: not begun: queries, access",
    ]
    assert "alerts: Failed, 1 resources" in told.out
    assert shop.BELL not in told.out + told.err


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (401, "InvalidAuthenticationToken", UNAVAILABLE),
        (403, "AuthorizationFailed", UNAVAILABLE),
        (403, "RequestDisallowedByPolicy", PROBLEMS),
        (404, "ResourceGroupNotFound", USAGE),
        (409, "DeploymentActive", PROBLEMS),
    ],
)
def test_how_a_refusal_ends(
    status: int, code: str, exit_code: int, cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    cloud.order("PUT", "tripobs-workspace", status, {"error": {"code": code, "message": "because"}})
    assert main(["deploy", "--yes", *where(cloud, folder)]) == exit_code
    told = capsys.readouterr().err
    assert f"{code}: because" in told
    assert "goes on in Azure" not in told


def test_when_azure_no_longer_answers_the_way_to_look_is_told(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.order("GET", "tripobs-workspace", 200, b"<html>")
    assert main(["deploy", "--yes", *where(cloud, folder)]) == UNAVAILABLE
    told = capsys.readouterr().err
    assert "tripobs: tripobs-workspace: goes on in Azure" in told
    assert f"az deployment group show --resource-group {GROUP} --name tripobs-workspace" in told


def test_when_azure_stops_answering_what_was_deployed_by_then_is_told(
    cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    cloud.order("GET", "tripobs-alerts", 200, b"<html>")
    assert main(["deploy", "--yes", "--json", *where(cloud, folder)]) == UNAVAILABLE
    told = json.loads(capsys.readouterr().out)
    assert (list(told["deployed"]), told["left"]) == (["workspace"], ["alerts", "queries", "access"])


def test_a_name_that_another_deployment_took_does_not_go_on_in_azure(
    cloud: Cloud, folder: Path, capsys: Captured, patient: Pauses
) -> None:
    theirs = {"properties": {"provisioningState": "Running", "correlationId": "tomorrow"}}
    cloud.order("GET", "tripobs-workspace/operations", 200, {"value": []}, times=99)
    cloud.order("GET", "tripobs-workspace", 200, theirs, times=99)
    assert main(["deploy", "--yes", *where(cloud, folder)]) == UNAVAILABLE
    told = capsys.readouterr().err
    assert "another deployment has taken the name 'tripobs-workspace'" in told
    assert "goes on in Azure" not in told


ASLEEP = {"error": {"code": "ResourceNotFound", "message": "Workspace not active, WorkspaceId=w. Operation Id: 'o'"}}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The command's pauses pass at once, and are counted."""
    pauses = Pauses()

    def connect(arguments: argparse.Namespace) -> Arm:
        return Arm(arguments.subscription, arguments.resource_group, endpoint=arguments.endpoint, pause=pauses)

    monkeypatch.setattr(cli_cloud, "connect", connect)
    return pauses


def test_a_workspace_that_takes_no_tables_yet_is_deployed_once_more(
    cloud: Cloud, folder: Path, capsys: Captured, patient: Pauses
) -> None:
    failed = {"provisioningState": "Failed", "correlationId": "today", "error": ASLEEP["error"]}
    cloud.order("GET", "tripobs-workspace/operations", 200, {"value": []})
    cloud.order("GET", "tripobs-workspace", 200, {"properties": failed})
    cloud.orders.reverse()
    assert main(["deploy", "--yes", *where(cloud, folder)]) == OK
    told = capsys.readouterr()
    assert told.err == (
        "tripobs: workspace: Azure has just made the workspace and takes no tables of it yet; it is deployed once more in "
        "60 s\n"
    )
    assert told.out.splitlines()[0] == "workspace: Succeeded, 2 resources, 0 s"
    assert patient.all == [60]


def test_a_workspace_that_takes_no_tables_twice_is_told_with_what_to_do(
    cloud: Cloud, folder: Path, capsys: Captured, patient: Pauses
) -> None:
    cloud.wrong["tripobs-workspace"] = {"law-shop": ASLEEP}
    assert main(["deploy", "--yes", *where(cloud, folder)]) == PROBLEMS
    told = capsys.readouterr().err.splitlines()[1:]
    assert told == [
        "Microsoft.OperationalInsights/workspaces/law-shop: ResourceNotFound: Workspace not active, WorkspaceId=w. "
        "Operation Id: 'o'",
        "1 refused",
        "tripobs: the workspace still takes no tables; deploy again in some minutes",
        "tripobs: not begun: alerts, queries, access",
    ]
    assert len([line for line in cloud.asked if line.startswith("PUT")]) == 2
    assert patient.all == [60]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "observability", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "NO_COLOR": ""}


def test_an_interrupt_leaves_the_deployment_running_and_says_how_to_look_at_it(cloud: Cloud, folder: Path) -> None:
    cloud.running = 10**6
    process = subprocess.Popen(
        _command("deploy", "--yes", *where(cloud, folder)), stderr=subprocess.PIPE, text=True, env=_environment()
    )
    try:
        assert cloud.looked.wait(60)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == INTERRUPTED
    assert told.splitlines() == [
        "tripobs: tripobs-workspace: goes on in Azure",
        f"tripobs: look at it:  az deployment group show --resource-group {GROUP} --name tripobs-workspace "
        "--query properties.provisioningState",
        f"tripobs: stop it:     az deployment group cancel --resource-group {GROUP} --name tripobs-workspace",
        "tripobs: interrupted",
    ]


@pytest.mark.parametrize(("answer", "deployed"), [("n\n", False), ("\n", False), ("\x04", False), ("y\n", True)])
def test_a_terminal_is_shown_the_changes_in_colour_and_asked(
    answer: str, deployed: bool, cloud: Cloud, folder: Path
) -> None:
    cloud.changes["tripobs-alerts"] = _changes()
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        _command("deploy", "--template", "alerts", *where(cloud, folder)),
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    os.close(terminal)
    try:
        seen = _until(keyboard, "[y/N] ")
        os.write(keyboard, answer.encode())
        assert process.wait(60) == OK
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
    assert "\x1b[33m  ~ Microsoft.Insights/scheduledQueryRules/alert-queue\x1b[0m" in seen
    assert f"deploy alerts to {GROUP}? [y/N] " in seen
    assert bool([line for line in cloud.asked if line.startswith("PUT")]) is deployed


def _until(keyboard: int, words: str) -> str:
    seen = ""
    while words not in seen:
        seen += os.read(keyboard, 4096).decode()
    return seen


# --- drift ---------------------------------------------------------------------------------------------------


def test_no_drift_after_deploying(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    capsys.readouterr()
    assert main(["drift", *where(cloud, folder)]) == OK
    assert capsys.readouterr().out == "3 defined, 3 on Azure, no drift\n"


def test_drift_as_a_table_and_as_json(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    rule = cloud.resources[RULE.lower()]["properties"]
    rule["severity"], rule["enabled"] = 4, False
    capsys.readouterr()
    assert main(["drift", *where(cloud, folder, values=False)]) == PROBLEMS
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "WHAT      RESOURCE                                            WHERE                DEFINED  ON AZURE",
        "edited    Microsoft.Insights/scheduledQueryRules/alert-queue  properties.severity  2        4",
        "disabled  Microsoft.Insights/scheduledQueryRules/alert-queue  properties.enabled   true     false",
        "",
        "3 defined, 3 on Azure, 1 edited, 1 disabled",
    ]
    assert told.err == "not compared: 2 values made of parameters that were not given: bellUrl, host\n"
    assert main(["drift", "--json", *where(cloud, folder)]) == PROBLEMS
    assert json.loads(capsys.readouterr().out)["findings"][1] == {
        "kind": "disabled",
        "means": "switched off",
        "id": RULE,
        "path": "properties.enabled",
        "defined": True,
        "live": False,
    }


def test_what_somebody_wrote_on_azure_does_nothing_to_the_terminal(
    cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    rule = cloud.resources[RULE.lower()]["properties"]
    rule["description"] = "late\u2028\u0085\x9b2J\u202e"
    rule["\x1b[2J\nname"] = "x"
    capsys.readouterr()
    assert main(["drift", *where(cloud, folder)]) == PROBLEMS
    lines = capsys.readouterr().out.split("\n")
    assert [line.split()[2:] for line in lines[1:3]] == [
        [r"properties.\x1b[2J\nname", "-", '"x"'],
        ["properties.description", "-", r'"late\u2028\x85\x9b2J\u202e"'],
    ]


def test_an_error_of_azures_does_nothing_to_the_terminal(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.wrong["tripobs-workspace"] = {"law-shop": {"code": "Bad\x1b[2J", "message": "no\u2028\x1b]0;kim\x07"}}
    assert main(["deploy", "--yes", *where(cloud, folder)]) == PROBLEMS
    told = capsys.readouterr().err.split("\n")[0]
    assert told == r"Microsoft.OperationalInsights/workspaces/law-shop: Bad\x1b[2J: no \x1b]0;kim\x07"
    cloud.order("PUT", "tripobs-workspace", 404, {"error": {"code": "ResourceGroupNotFound", "message": "no\x1b[2J"}})
    assert main(["deploy", "--yes", *where(cloud, folder)]) == USAGE
    assert r"no\x1b[2J" in capsys.readouterr().err


def test_a_role_that_somebody_renamed_does_nothing_to_the_terminal(
    cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    (folder / "azure" / "alerts.json").write_text(json.dumps(shop.STAFF))
    main(["deploy", "--yes", *where(cloud, folder)])
    (role,) = (one for one in cloud.resources.values() if one["type"].lower().endswith("/roledefinitions"))
    role["properties"]["roleName"] += "\x1b[2J"
    capsys.readouterr()
    assert main(["remove", *where(cloud, folder)]) == OK
    assert r"bake bread\x1b[2J)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        (
            "--endpoint",
            "https://[",
            "--endpoint 'https://[': is no http or https address as clients read it; name one of",
        ),
        ("--endpoint", "https://me:secret@h", "--endpoint: holds more than an address; name one of"),
        ("--resource-group", "..", "--resource-group '..': is not the name of one, which has letters"),
        ("--resource-group", "rg\x1b[2J", r"--resource-group 'rg\x1b[2J': is not the name of one"),
    ],
)
def test_where_is_told_in_one_line_if_it_is_wrong(
    option: str, value: str, words: str, cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    for command in (["deploy", "--yes"], ["drift"], ["remove", "--yes"]):
        assert main([*command, *where(cloud, folder), option, value]) == USAGE
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"tripobs: {words}")
        assert told.err.count("\n") == 1
    assert cloud.asked == []


def test_what_only_azure_knows_is_counted_by_itself(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    (folder / "azure" / "alerts.json").write_text(json.dumps(shop.STAFF))
    main(["deploy", "--yes", *where(cloud, folder)])
    capsys.readouterr()
    assert main(["drift", *where(cloud, folder, values=False)]) == OK
    told = capsys.readouterr()
    assert told.out == "4 defined, 4 on Azure, no drift\n"
    assert told.err.splitlines() == [
        "not compared: 2 values made of parameters that were not given: bellUrl, host",
        "not compared: 2 values that Azure tells only while deploying: listCallbackUrl(), reference()",
    ]
    assert main(["drift", "--json", *where(cloud, folder)]) == OK
    counted = json.loads(capsys.readouterr().out)
    assert (counted["not_compared"], counted["told_while_deploying"]) == ({}, {"listCallbackUrl": 1, "reference": 1})


def test_a_right_that_may_not_be_taken_away_is_left_and_told(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    (folder / "azure" / "alerts.json").write_text(json.dumps(shop.STAFF))
    main(["deploy", "--yes", *where(cloud, folder)])
    words = "has no 'Microsoft.Authorization/roleAssignments/delete'"
    capsys.readouterr()
    assert main(["remove", *where(cloud, folder)]) == OK
    (role,) = (line for line in capsys.readouterr().out.splitlines() if "roleDefinitions" in line)
    assert role.endswith(f" (tripgen {GROUP}: bake bread)")
    cloud.order("DELETE", "roleAssignments", 403, {"error": {"code": "AuthorizationFailed", "message": words}})
    capsys.readouterr()
    assert main(["remove", "--yes", *where(cloud, folder)]) == PROBLEMS
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "5 deleted, 1 left, 1 kept"
    assert "have the role 'User Access Administrator' given to it" in told.err
    assert main(["remove", "--yes", *where(cloud, folder)]) == OK
    assert capsys.readouterr().out.splitlines()[-1] == "1 deleted, 0 left, 1 kept"


def test_a_list_that_azure_does_not_give_is_not_drift(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    cloud.order("GET", "actionGroups", 200, b"<html>")
    assert main(["drift", *where(cloud, folder)]) == UNAVAILABLE
    told = capsys.readouterr()
    assert told.out == ""
    assert "look for a proxy in between" in told.err


# --- remove --------------------------------------------------------------------------------------------------


def test_removing_is_listed_first_and_done_with_yes(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    capsys.readouterr()
    assert main(["remove", *where(cloud, folder)]) == OK
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "would delete  Microsoft.Insights/scheduledQueryRules/alert-queue",
        "would delete  Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven",
        "would delete  Microsoft.Insights/actionGroups/ag-bell",
        "would delete  Microsoft.OperationalInsights/queryPacks/qp-shop",
        "would delete  Shop/ovens/big/providers/Microsoft.Insights/diagnosticSettings/to-log-analytics",
        "kept          Microsoft.OperationalInsights/workspaces/law-shop: holds every log; --with-data deletes it",
        "5 would be deleted, 1 kept; nothing was touched",
    ]
    assert not [line for line in cloud.asked if line.startswith("DELETE")]
    assert main(["remove", "--yes", *where(cloud, folder)]) == OK
    assert capsys.readouterr().out.splitlines()[-1] == "5 deleted, 0 left, 1 kept"
    assert main(["remove", "--yes", "--with-data", "--json", *where(cloud, folder)]) == OK
    assert [name.rpartition("/")[2] for name in json.loads(capsys.readouterr().out)["deleted"]] == ["law-shop"]
    assert cloud.resources == {}


def test_what_azure_does_not_let_go_is_told_with_what_is_left(cloud: Cloud, folder: Path, capsys: Captured) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    cloud.order("DELETE", "alert-oven", 409, {"error": {"code": "ScopeLocked", "message": "a lock"}})
    capsys.readouterr()
    assert main(["remove", "--yes", *where(cloud, folder)]) == PROBLEMS
    told = capsys.readouterr()
    assert "left          Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven" in told.out.splitlines()
    assert told.out.splitlines()[-1] == "4 deleted, 1 left, 1 kept"
    assert told.err.splitlines()[0] == (
        "Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven: ScopeLocked: a lock"
    )


def test_an_interrupted_removal_says_what_is_left_and_a_second_run_goes_on(
    cloud: Cloud, folder: Path, capsys: Captured
) -> None:
    main(["deploy", "--yes", *where(cloud, folder)])
    cloud.running, cloud.slow, cloud.wait = 10**6, frozenset({"Microsoft.Insights/actionGroups"}), "1"
    cloud.looked.clear()
    process = subprocess.Popen(
        _command("remove", "--yes", *where(cloud, folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    try:
        assert cloud.looked.wait(60)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == INTERRUPTED
    assert out.splitlines() == [
        "deleted       Microsoft.Insights/scheduledQueryRules/alert-queue",
        "deleted       Microsoft.AlertsManagement/prometheusRuleGroups/alert-oven",
        "left          Microsoft.Insights/actionGroups/ag-bell",
        "left          Microsoft.OperationalInsights/queryPacks/qp-shop",
        "left          Shop/ovens/big/providers/Microsoft.Insights/diagnosticSettings/to-log-analytics",
        "kept          Microsoft.OperationalInsights/workspaces/law-shop: holds every log; --with-data deletes it",
        "2 deleted, 3 left, 1 kept",
    ]
    assert told.splitlines()[-1] == "tripobs: interrupted"
    cloud.running, cloud.wait = 0, "0"
    capsys.readouterr()
    assert main(["remove", "--yes", *where(cloud, folder)]) == OK
    # The action group's deletion had been accepted before the interrupt.
    assert capsys.readouterr().out.splitlines()[-1] == "2 deleted, 0 left, 1 kept"


# --- dashboards push -----------------------------------------------------------------------------------------


@pytest.fixture
def grafana() -> Iterator[Served]:
    with grafana_served.served() as grafana:
        yield grafana


def _push(grafana: Served, folder: Path, *more: str) -> int:
    token = folder / "token"
    token.write_text(f"{grafana_served.TOKEN}\n")
    there = ["--url", grafana.address, "--token-file", str(token), "--generated", str(folder)]
    return main(["dashboards", "push", *there, *more])


def test_a_dry_run_saves_nothing_and_a_push_saves_and_a_second_has_nothing_to_do(
    grafana: Served, folder: Path, capsys: Captured
) -> None:
    assert _push(grafana, folder, "--dry-run") == OK
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:]] == [["create", "shop-tills"]]
    assert (grafana.boards, grafana.folders) == ({}, [])
    assert _push(grafana, folder, "--json") == OK
    assert json.loads(capsys.readouterr().out)["saved"] == {"shop-tills": 1}
    assert _push(grafana, folder) == OK
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "unchanged"
    assert grafana.tokens == {f"Bearer {grafana_served.TOKEN}"}


def test_an_edited_dashboard_is_left_alone_until_somebody_says_force(
    grafana: Served, folder: Path, capsys: Captured
) -> None:
    grafana.save({**shop.DASHBOARD, "panels": [{}]}, "mine")
    assert _push(grafana, folder) == PROBLEMS
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "dashboard 'shop-tills': version 1 was saved in Grafana by kim at 2026-11-23T09:00:00Z; look at it there, then "
        "give --force to replace it",
        "1 refused, 0 saved",
    ]
    assert _push(grafana, folder, "--force") == OK
    assert grafana.boards["shop-tills"].body["panels"] == []


def test_a_folder_that_is_asked_for_moves_what_is_unchanged_and_says_so(
    grafana: Served, folder: Path, capsys: Captured
) -> None:
    assert _push(grafana, folder) == OK
    capsys.readouterr()
    assert _push(grafana, folder, "--folder", "Night shift", "--dry-run") == OK
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["update", "(moved)", "shop-tills"]
    assert [one["title"] for one in grafana.folders] == ["tripgen"]
    assert _push(grafana, folder, "--folder", "Night shift", "--json") == OK
    told = json.loads(capsys.readouterr().out)
    assert told["saved"] == {"shop-tills": 2}
    assert (told["plan"][0]["action"], told["plan"][0]["moves"]) == ("update", True)
    assert grafana.boards["shop-tills"].folder == "f1"
    assert _push(grafana, folder, "--folder", "Night shift") == OK
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "unchanged"


@pytest.mark.parametrize("as_json", [False, True])
def test_what_was_saved_before_grafana_stopped_answering_is_told(
    as_json: bool, grafana: Served, folder: Path, capsys: Captured
) -> None:
    (folder / "dashboards" / "shop-ovens.json").write_text(json.dumps({**shop.DASHBOARD, "uid": "shop-ovens"}))
    grafana.order("POST /api/dashboards/db", 200, {"version": 1})
    grafana.order("POST /api/dashboards/db", 500, {"message": "full"})
    assert _push(grafana, folder, *(["--json"] if as_json else [])) == UNAVAILABLE
    told = capsys.readouterr()
    if as_json:
        assert json.loads(told.out)["saved"] == {"shop-ovens": 1}
    else:
        rows = [line.split() for line in told.out.splitlines()[1:]]
        assert [(row[0], row[1], row[-1]) for row in rows] == [
            ("create", "shop-ovens", "1"),
            ("create", "shop-tills", "-"),
        ]
    assert told.err.splitlines() == [
        "tripobs: run the command again to go on; what is saved by then shows there",
        f"tripobs: {grafana.address}: HTTP 500: full; try again later",
    ]


def test_who_saved_a_dashboard_does_nothing_to_the_terminal(grafana: Served, folder: Path, capsys: Captured) -> None:
    grafana.save({**shop.DASHBOARD, "panels": [{}]}, "mine", by="kim\x1b[2J\u2028")
    assert _push(grafana, folder) == PROBLEMS
    assert r"was saved in Grafana by kim\x1b[2J at" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["https://[", "https://grafana.example/나", "https://grafana.example:99999"])
def test_an_address_of_grafana_that_is_none_is_told_in_one_line(
    url: str, grafana: Served, folder: Path, capsys: Captured
) -> None:
    assert _push(grafana, folder, "--url", url) == USAGE
    assert capsys.readouterr().err == (
        f"tripobs: --url '{url}': is no http or https address as clients read it; write https://HOST, and the token in its "
        "own place\n"
    )


def test_where_and_with_what_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert main(["dashboards", "push", "--generated", str(folder)]) == USAGE
    assert capsys.readouterr().err == "tripobs: say which Grafana: --url https://HOST (or GRAFANA_URL)\n"
    monkeypatch.setenv("GRAFANA_URL", "https://grafana.example")
    assert main(["dashboards", "push", "--generated", str(folder)]) == USAGE
    assert capsys.readouterr().err == "tripobs: no token: set GRAFANA_TOKEN, or give --token-file FILE\n"
    assert main(["dashboards", "push", "--generated", str(folder), "--token-file", str(folder / "none")]) == USAGE
    assert capsys.readouterr().err == f"tripobs: --token-file {folder / 'none'}: No such file or directory\n"


def test_a_grafana_that_does_not_accept_the_token_did_not_answer(
    grafana: Served, folder: Path, capsys: Captured
) -> None:
    grafana.order("GET", 401, {"message": "Invalid API key"})
    assert _push(grafana, folder) == UNAVAILABLE
    told = capsys.readouterr().err
    assert told.startswith(f"tripobs: {grafana.address}: HTTP 401: Invalid API key; the token is not accepted")
    assert grafana_served.TOKEN not in told


# --- without a sign-in, without the libraries -----------------------------------------------------------------------------------


def test_nobody_signed_in_is_one_line_and_nothing_is_asked(folder: Path, tmp_path: Path) -> None:
    place = ["--subscription", SUBSCRIPTION, "--resource-group", GROUP, "--generated", str(folder)]
    # Of the chain only the Azure CLI, which is not on this path: it says so without any request.
    environment = {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "PATH": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(_command("drift", *place), env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (UNAVAILABLE, "")
    assert done.stderr == (
        "tripobs: Azure Resource Manager: no sign-in: AzureCliCredential: Azure CLI not found on path; sign in with "
        "'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate\n"
    )


def test_a_missing_library_is_told_with_the_way_to_it(
    cloud: Cloud, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.resource.deployments", None)
    assert main(["drift", *where(cloud, folder)]) == UNAVAILABLE
    assert "is not installed; pip install 'tripgen-observability[deploy]'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["deploy", "drift", "remove", "dashboards push"])
def test_every_option_says_what_it_does(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == OK
    told = capsys.readouterr().out
    assert told.startswith(f"usage: tripobs {command}")
    assert "exit codes: 0 " in told
