"""Arguments and exit codes. Commands import what they need when they run, so that --help stays quick."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from observability import PHASE_NUMBERS, PHASE_VARIABLE, __version__

OK, PROBLEMS, USAGE, STALE, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130

_DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of a Ctrl-C that reaches it in the middle of a query, in place of KeyboardInterrupt."""

GROUP_VARIABLE = "TRIPOBS_RESOURCE_GROUP"
"""The environment variable that names the resource group."""

_EPILOG = """\
exit codes: 0 done; 1 problems in the definitions; 2 wrong arguments; 3 generated files are stale;
4 something needed did not answer; 130 interrupted
"""
KINDS = (
    "alert",
    "signal",
    "query",
    "graph-query",
    "item",
    "dashboard",
    "action",
    "slo",
    "instrument",
    "suppression",
    "web-test",
    "finding",
)


def _json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON for programs instead of a table")


def _lang_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=("ko", "en"), default="ko", help="language of titles and texts (default: ko)")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="tripobs",
        description="Alerts, queries and dashboards of tripgen, generated from typed definitions.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"tripobs {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    generate = commands.add_parser(
        "generate",
        help="write generated/ from the definitions",
        description="Write every artefact from the definitions. Nothing is written while the definitions have problems.",
    )
    generate.add_argument(
        "--out", default=None, metavar="DIR", help="where to write (default: generated/ of the project)"
    )
    generate.add_argument("--check", action="store_true", help="write nothing; exit 3 and list what is stale")
    generate.add_argument("--quiet", "-q", action="store_true", help="print nothing but problems")
    generate.add_argument(
        "--phase",
        choices=PHASE_NUMBERS,
        help=f"take the goals of this phase of section 13.1 (default: 1); needs --out. Other commands read {PHASE_VARIABLE}",
    )
    generate.add_argument(
        "--region", metavar="NAME", help="deploy to this Azure region (default: the document's); needs --out"
    )
    _lang_flag(generate)
    _json_flag(generate)

    check = commands.add_parser(
        "check",
        help="check the definitions, every query bound against Azure's tables",
        description="All checks: names and sources, Azure's limits, sampling, can it fire, KQL bound by Microsoft's "
        "language service, PromQL parsed.",
    )
    check.add_argument("--fast", action="store_true", help="only the checks that generate runs too (no Node needed)")
    _json_flag(check)

    listing = commands.add_parser("list", help="what there is", description="List definitions, all or of one kind.")
    listing.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    _lang_flag(listing)
    _json_flag(listing)

    explain = commands.add_parser(
        "explain",
        help="an alert's number, where it comes from and what to do",
        description="Explain one definition: the number, its section and reason, its query and its page.",
    )
    explain.add_argument("id", metavar="ID", help="an id that `tripobs list` shows")
    _lang_flag(explain)
    _json_flag(explain)

    where = commands.add_parser("where", help="file and line of a definition")
    where.add_argument("id", metavar="ID", help="an id that `tripobs list` shows")
    _json_flag(where)

    findings = commands.add_parser(
        "findings", help="where the design document contradicts itself or Azure, and what was done"
    )
    findings.add_argument("id", nargs="?", metavar="ID", help="one finding, e.g. R8")
    _lang_flag(findings)
    _json_flag(findings)

    covered = commands.add_parser(
        "coverage",
        help="what watches each system of the document, and why a cell is empty",
        description="A row for each system that the document names: its alerts, queries and panels, or the reason why there "
        "are none.",
    )
    covered.add_argument("system", nargs="?", metavar="SYSTEM", help="one of them, in full, e.g. redis-aof")
    _lang_flag(covered)
    _json_flag(covered)

    _kql(commands.add_parser("kql", help="run queries and packs on a workspace, or on exported files"))

    demo = commands.add_parser(
        "demo-data",
        help="write a day of telemetry as Azure would hold it",
        description="Write what Azure would hold for the document's system, a Parquet file for each table. The same "
        "arguments make the same bytes.",
    )
    demo.add_argument(
        "--out", required=True, metavar="DIR", help="the folder to make; a demo that lies there is replaced"
    )
    demo.add_argument(
        "--scenario",
        metavar="ID",
        help="with what breaks in this one (`tripobs scenarios`), up to its end and from an hour before",
    )
    demo.add_argument("--hours", type=float, default=None, help="how much time (default: 24, or the scenario's)")
    demo.add_argument("--seed", type=int, default=7, help="another seed, another day (default: 7)")
    demo.add_argument(
        "--tps", type=float, default=20, help="requests a second, a day's mean; a row stands for ten (default: 20)"
    )
    demo.add_argument(
        "--end", metavar="TIME", help="where the time ends (default: 2026-11-24T00:00+09:00, whatever today is)"
    )
    demo.add_argument("--quiet", "-q", action="store_true", help="print nothing but problems")
    _json_flag(demo)

    listed = commands.add_parser(
        "scenarios",
        help="incidents and quiet days that the alerts are tested on",
        description="The scenarios: what breaks, which alerts have to fire for it, by when and for whom.",
    )
    listed.add_argument("id", nargs="?", metavar="SCENARIO", help="one of them, in full")
    _lang_flag(listed)
    _json_flag(listed)
    _replay(commands.add_parser("replay", help="would the alert have fired, when, and for whom"))

    _silence(commands.add_parser("silence", help="write a rule that silences alerts for a while, and ends by itself"))

    forecast = commands.add_parser(
        "forecast",
        help="gigabytes a day, when the daily cap is hit, and what the rules cost",
        description="Estimate the telemetry of a load by table, when the daily cap is hit, which sampling would fit, and, "
        "with a prices file, the cost. Sizes of rows are estimates.",
    )
    forecast.add_argument(
        "--tps",
        type=float,
        action="append",
        metavar="N",
        help="requests a second; may be repeated (default: the phases')",
    )
    forecast.add_argument("--sampling", type=float, metavar="PERCENT", help="another sampling than the document's")
    forecast.add_argument(
        "--prices", metavar="FILE", help="JSON with currency, date, source and prices (docs/forecast.md)"
    )
    _lang_flag(forecast)
    _json_flag(forecast)

    site = commands.add_parser(
        "site",
        help="write the catalogue as static pages",
        description="Write the catalogue: every alert with its number and reason, its query and its chart in the scenario "
        "that fires it. Replays the scenarios, so it takes a minute.",
    )
    site.add_argument("--out", default=None, metavar="DIR", help="where to write (default: generated/site)")
    site.add_argument("--check", action="store_true", help="write nothing; exit 3 and list what is stale")
    site.add_argument("--quiet", "-q", action="store_true", help="print nothing but problems")

    _deploy(commands.add_parser("deploy", help="put the generated templates on Azure, or say what that would change"))

    _drift(commands.add_parser("drift", help="compare the rules on Azure with the definitions"))

    _remove(commands.add_parser("remove", help="take away again what was deployed"))
    _dashboards(commands.add_parser("dashboards", help="put the generated dashboards into Grafana"))

    completion = commands.add_parser("completion", help="print a completion script for your shell")
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="e.g. tripobs completion bash >> ~/.bashrc")
    return top


def _on_azure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--subscription", metavar="ID", help="the subscription's id (default: AZURE_SUBSCRIPTION_ID)")
    parser.add_argument("--resource-group", metavar="NAME", help=f"where everything lies (default: {GROUP_VARIABLE})")
    parser.add_argument(
        "--parameters", metavar="FILE", help="values for the templates, in the form of azure/parameters.example.json"
    )
    parser.add_argument("--generated", metavar="DIR", help="what `make generate` wrote (default: generated/)")
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="another cloud's Azure Resource Manager (default: https://management.azure.com)",
    )
    _json_flag(parser)


def _deploy(parser: argparse.ArgumentParser) -> None:
    """`tripobs deploy ...`."""
    parser.description = (
        "Deploy generated/azure/: the workspace, then the alerts, the query pack and the roles. On a terminal it shows what "
        "would change and asks; elsewhere it needs --yes. Signs in as DefaultAzureCredential does. docs/deploy.md"
    )
    parser.epilog = (
        "exit codes: 0 done; 1 Azure refused something; 2 wrong arguments; 4 Azure did not answer; 130 interrupted, while "
        "the deployment goes on"
    )
    parser.add_argument("--what-if", action="store_true", help="deploy nothing; print what would change")
    parser.add_argument(
        "--template",
        action="append",
        choices=("workspace", "alerts", "queries", "access"),
        help="only this one; may be repeated (default: all four, in this order)",
    )
    parser.add_argument("--yes", "-y", action="store_true", help="ask nothing")
    _on_azure(parser)


def _drift(parser: argparse.ArgumentParser) -> None:
    """`tripobs drift ...`."""
    parser.description = (
        "Compare the rules, action groups, workflows, maintenance windows, synthetic checks, budgets and roles on Azure "
        "with generated/azure/alerts.json and access.json: what is missing, extra, edited by hand, switched off, tells "
        "nobody, or watches something that is gone. Reads only. What is made of a parameter without a value is not compared."
    )
    parser.epilog = "exit codes: 0 no drift; 1 drift; 2 wrong arguments; 4 Azure did not answer; 130 interrupted"
    _on_azure(parser)


def _remove(parser: argparse.ArgumentParser) -> None:
    """`tripobs remove ...`."""
    parser.description = (
        "List what deploying has put into the resource group: everything with the tag managed-by, the diagnostic settings, "
        "the cluster's associations, roles, and the budgets that count it. With --yes it is deleted, rules first. Workspaces, "
        "Application Insights and Azure Monitor workspaces hold data and are kept."
    )
    parser.epilog = (
        "exit codes: 0 done; 1 Azure refused something; 2 wrong arguments; 4 Azure did not answer; 130 interrupted, and a "
        "second run goes on"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="delete what the list shows")
    parser.add_argument("--with-data", action="store_true", help="what holds data goes too")
    _on_azure(parser)


def _dashboards(parser: argparse.ArgumentParser) -> None:
    """`tripobs dashboards ...`."""
    parser.description = "The generated dashboards and a Grafana."
    commands = parser.add_subparsers(dest="dashboards_command", metavar="COMMAND", required=True)
    push = commands.add_parser("push", help="save the generated dashboards in a Grafana")
    push.description = (
        "Save generated/dashboards/ through Grafana's HTTP API. A dashboard that somebody has edited in Grafana since the "
        "last push is not replaced, and none is saved then. The token comes from GRAFANA_TOKEN or a file."
    )
    push.epilog = "exit codes: 0 done; 1 edited in Grafana, or refused; 2 wrong arguments; 4 Grafana did not answer; 130 interrupted"
    push.add_argument("uid", nargs="*", metavar="UID", help="only these, as `tripobs list dashboard` shows them")
    push.add_argument("--url", metavar="URL", help="Grafana's address, https (default: GRAFANA_URL)")
    push.add_argument("--token-file", metavar="FILE", help="a file with the token (default: GRAFANA_TOKEN)")
    push.add_argument(
        "--folder",
        metavar="TITLE",
        help="move them all to this folder, made if missing (default: new ones to 'tripgen', others stay where they are)",
    )
    push.add_argument("--force", action="store_true", help="replace what was edited in Grafana")
    push.add_argument("--dry-run", action="store_true", help="save nothing; print what would be done")
    push.add_argument("--generated", metavar="DIR", help="what `make generate` wrote (default: generated/)")
    _json_flag(push)


def _silence(parser: argparse.ArgumentParser) -> None:
    """`tripobs silence ...`."""
    parser.description = (
        "Write an alert processing rule for an ad-hoc window: what fires in it tells nobody. Severities 2 and 3 unless "
        "another is said: a full outage still pages. Nothing is sent to Azure."
    )
    parser.epilog = "example: tripobs silence --for 2h --service trip --why 'database migration' --out silence.json"
    parser.add_argument("--for", dest="length", metavar="2h", help="how long, at most 24h")
    parser.add_argument("--until", metavar="TIME", help="or until when, with a zone: '2026-11-28 18:00 KST'")
    parser.add_argument("--from", dest="start", metavar="TIME", help="from when (default: now)")
    parser.add_argument(
        "--service", action="append", default=[], metavar="NAME", help="only about this service; may be repeated"
    )
    parser.add_argument("--alert", action="append", default=[], metavar="ID", help="only this alert; may be repeated")
    parser.add_argument(
        "--severity",
        action="append",
        type=int,
        choices=(1, 2, 3),
        help="only this severity; 1 needs --by; may be repeated",
    )
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason, which stands on the rule")
    parser.add_argument("--by", default="", metavar="NAME", help="who approved it")
    parser.add_argument("--out", metavar="FILE", help="write there instead of printing")
    # Only JSON is written, so a terminal is as good as a file.
    parser.set_defaults(format="json")
    _lang_flag(parser)
    _json_flag(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    """`tripobs replay ...`."""
    parser.description = (
        "Evaluate the alert rules as Azure does, on a simulated incident or on real history: what fired, for which "
        "service, when, and who was told."
    )
    parser.epilog = (
        "exit codes: 0 replayed, and a scenario holds or, with --alert, is not judged; 1 the scenario does not hold; 2 wrong "
        "arguments; 4 a source did not answer; 130 interrupted"
    )
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="an id that `tripobs scenarios` shows")
    parser.add_argument(
        "--all", action="store_true", help="replay every scenario: a line each, with --set what changes"
    )
    parser.add_argument("--data", metavar="DIR", help="replay exported tables instead; 'demo' makes some")
    parser.add_argument(
        "--workspace", metavar="NAME", help="replay a workspace's history where it lies: only sums by minute come here"
    )
    parser.add_argument("--subscription", metavar="ID", help="where to look the workspace's name up")
    parser.add_argument("--timeout", metavar="3m", help="how long Azure may work on one query (default: 3m, most: 10m)")
    parser.add_argument("--from", dest="start", metavar="TIME", help="begin, with a zone: '2026-11-23 09:00 KST'")
    parser.add_argument("--to", dest="end", metavar="TIME", help="end, with a zone")
    parser.add_argument("--alert", action="append", default=[], metavar="ID", help="only this alert; may be repeated")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="ID.SETTING=VALUE",
        help="compare with another number: high-error-rate.above=2, .window=10m, .every=5m, .floor=500",
    )
    parser.add_argument("--format", choices=("table", "json", "html"), default="table", help="default: table")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("--out", metavar="FILE", help="write there instead of printing")
    parser.set_defaults(local=None)
    _lang_flag(parser)


def _kql(parser: argparse.ArgumentParser) -> None:
    """`tripobs kql ...`."""
    parser.description = "Queries and packs: what there is, what they say, and what they answer."
    parser.epilog = (
        "exit codes of run and pack: 0 all is well; 1 a check failed; 2 wrong arguments; 4 a source did not answer, or "
        "had no data; 130 interrupted"
    )
    commands = parser.add_subparsers(dest="kql_command", metavar="COMMAND", required=True)

    listing = commands.add_parser("list", help="the queries, all or of one pack")
    listing.add_argument("pack", nargs="?", metavar="PACK")
    _lang_flag(listing)
    _json_flag(listing)

    show = commands.add_parser("show", help="a query as it would be run")
    show.add_argument("id", metavar="ID", help="PACK/QUERY, or the query alone where one pack has it")
    show.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
    _lang_flag(show)
    _json_flag(show)

    for name, what in (("run", "run one query"), ("pack", "run a pack and judge it")):
        one = commands.add_parser(name, help=what, epilog=parser.epilog)
        one.add_argument("id", metavar="ID" if name == "run" else "PACK")
        _where_from(one)
        one.add_argument("--since", metavar="6h", help="how far back from --to, or from now")
        one.add_argument("--from", dest="start", metavar="TIME", help="begin, with a zone: '2026-11-23 09:00 KST'")
        one.add_argument("--to", dest="end", metavar="TIME", help="end, with a zone (default: now)")
        one.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
        one.add_argument(
            "--format",
            choices=("table", "json", "csv", "markdown", "html"),
            default="table",
            help="how to print (default: table)",
        )
        one.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
        one.add_argument("--out", metavar="FILE", help="write there instead of printing")
        one.add_argument("--verbose", "-v", action="store_true", help="a line for each query, without a terminal too")
        _lang_flag(one)

    export = commands.add_parser("export", help="write queries for another reader of KQL")
    export.description = (
        "Write queries for another reader. csl: a script for Kusto Explorer. workbook-json: an Azure Workbook, a tab "
        "for each pack; paste it into the advanced editor of a workbook opened from the workspace. sentinel: a "
        "deployment template of hunting queries for Microsoft Sentinel."
    )
    export.add_argument("names", nargs="*", metavar="NAME", help="packs and PACK/QUERY ids (default: every pack)")
    export.add_argument("--format", choices=("csl", "workbook-json", "sentinel"), required=True)
    export.add_argument("--out", metavar="FILE", help="write there instead of printing")
    _lang_flag(export)

    serve = commands.add_parser("serve", help="answer the Log Analytics query API on this machine, from a folder")
    serve.add_argument("--local", metavar="DIR", help="a folder of exported tables; 'demo' makes one")
    serve.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (default: any that is free)")


def _where_from(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--local", metavar="DIR", help="a folder of exported tables; 'demo' makes one")
    parser.add_argument(
        "--workspace", metavar="NAME", help="a workspace's name, id or resource id (default: TRIPOBS_WORKSPACE)"
    )
    parser.add_argument("--subscription", metavar="ID", help="where to look the workspace's name up")
    parser.add_argument("--timeout", metavar="3m", help="how long Azure may work on one query (default: 3m, most: 10m)")


def run(arguments: argparse.Namespace) -> int:
    """Run one parsed command and return its exit code."""
    if arguments.command == "completion":
        import shtab

        print(shtab.complete(parser(), shell=arguments.shell))
        return OK
    if arguments.command == "generate":
        # One short run that keeps nearly all it makes: collecting garbage in between only costs time.
        gc.disable()
        from observability.cli.generate import generate

        return generate(arguments)
    if arguments.command == "check":
        from observability.cli.check import check

        return check(arguments)
    if arguments.command == "demo-data":
        from observability.cli.demo_data import demo_data

        return demo_data(arguments)
    if arguments.command in ("scenarios", "replay"):
        from observability.cli import replay

        return replay.command(arguments)
    if arguments.command == "silence":
        from observability.cli.silence import silence

        return silence(arguments)
    if arguments.command == "forecast":
        from observability.cli.forecast import forecast

        return forecast(arguments)
    if arguments.command == "coverage":
        from observability.cli.coverage import coverage

        return coverage(arguments)
    if arguments.command == "site":
        from observability.cli.site import site

        return site(arguments)
    if arguments.command == "deploy":
        from observability.cli.deploy import deploy

        return deploy(arguments)
    if arguments.command == "drift":
        from observability.cli.drift import drift

        return drift(arguments)
    if arguments.command == "remove":
        from observability.cli.remove import remove

        return remove(arguments)
    if arguments.command == "dashboards":
        from observability.cli.dashboards import dashboards

        return dashboards(arguments)
    if arguments.command == "kql":
        from observability.cli import kql

        return kql.command(arguments)
    from observability.cli import look

    return look.COMMANDS[arguments.command](arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console command."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        # Korean on a terminal that cannot show it is escaped, not a stack trace.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    if (phase := getattr(arguments, "phase", None)) is not None:
        os.environ[PHASE_VARIABLE] = phase
    elif os.environ.get(PHASE_VARIABLE, "1") not in PHASE_NUMBERS:
        wrong = os.environ[PHASE_VARIABLE]
        print(f"tripobs: {PHASE_VARIABLE} is '{wrong}'; use one of {', '.join(PHASE_NUMBERS)}", file=sys.stderr)
        return USAGE
    collects = gc.isenabled()
    try:
        code = run(arguments)
        # A full disk is told here, and not by the interpreter when it ends.
        print(end="", flush=True)
        return code
    except KeyboardInterrupt:
        return _interrupted()
    except RuntimeError as error:
        if str(error) != _DUCKDB_INTERRUPTED:
            raise
        return _interrupted()
    except BrokenPipeError:
        # Somebody closed the pipe (`tripobs list | head`): nothing is wrong, and nobody reads the rest.
        _leave_unwritten()
        return OK
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        print(f"tripobs: {named}{error.strerror or error}", file=sys.stderr)
        try:
            print(end="", flush=True)
        except OSError:
            _leave_unwritten()
        return UNAVAILABLE
    finally:
        if argv is None:
            # The command's own process ends here, and looking through all that it made once more would only take time.
            gc.freeze()
        elif collects:
            gc.enable()


def _open_closed() -> None:
    """A stream that whoever started this has closed (``0<&-``, ``>&-``) has nothing to read, or leads nowhere.

    Python has None in its place, which cannot even be asked whether it is a terminal.
    """
    # In this order each gets the number that its stream would have, and no file of ours gets it later.
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - it is open as long as the process is
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _interrupted() -> int:
    print("tripobs: interrupted", file=sys.stderr)
    return INTERRUPTED


def _leave_unwritten() -> None:
    """What the output did not take goes nowhere, so that the interpreter does not try again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
