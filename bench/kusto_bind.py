"""How much longer binding 100 KQL texts takes than binding one: whole node processes, in turn.

usage: python bench/kusto_bind.py [--rounds 9] [--texts 100] [--cold] [--node FILE]
Three commands in turn: one text, all texts, and one text the plain way, which is the published entry point
KustoCode.ParseAndAnalyze with nothing kept ready. Prints medians and the ratio of each round.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from observability.azure import tables
from observability.checks.kusto import Node, bind, find_node

GOAL = 1.8
PLAIN = """
const fs = require('fs'), vm = require('vm');
const { module: dir, schema, text } = JSON.parse(fs.readFileSync(0, 'utf8'));
for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js'])
  vm.runInThisContext(fs.readFileSync(dir + '/' + name, 'utf8'));
const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const tables = Object.entries(schema).map(([name, columns]) => new Symbols.TableSymbol.$ctor4(name,
  Object.entries(columns).map(([column, type]) =>
    new Symbols.ColumnSymbol(column, Symbols.ScalarTypes.GetSymbol(type)))));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', tables));
console.log(KustoCode.ParseAndAnalyze(text, globals).GetDiagnostics().Count);
"""
SHAPES = (
    # error rate of requests
    """
    let floor = {n};
    AppRequests
    | extend failed = Success == false and (ResultCode startswith "5" or ResultCode in ("", "0"))
    | summarize total = sum(ItemCount), bad = sumif(ItemCount, failed) by AppRoleName, bin(TimeGenerated, 5m)
    | where total >= floor
    | project TimeGenerated, service = AppRoleName, value = 100.0 * bad / total
    """,
    # slow requests, weighted
    """
    AppRequests
    | where TimeGenerated > ago({n}m)
    | summarize (p50, p95, p99) = percentilesw(DurationMs, tolong(ItemCount), 50, 95, 99)
        by AppRoleName, OperationName, bin(TimeGenerated, 5m)
    | where p95 > {n}
    """,
    # failing dependencies
    """
    AppDependencies
    | where Success == false and DependencyType in ("HTTP", "SQL", "Redis")
    | extend host = tostring(split(Target, ":")[0])
    | summarize failed = sum(ItemCount), worst = max(DurationMs) by AppRoleName, host, ResultCode
    | top {n} by failed desc
    """,
    # container errors
    """
    ContainerLogV2
    | where PodNamespace == "tripgen" and LogLevel in ("error", "critical")
    | extend message = tostring(LogMessage)
    | where message has "Exception {n}"
    | summarize hits = count() by ContainerName, bin(TimeGenerated, {n}m)
    """,
    # node CPU
    """
    Perf
    | where ObjectName == "K8SNode" and CounterName == "cpuUsageNanoCores"
    | summarize used = avg(CounterValue) by Computer, bin(TimeGenerated, 5m)
    | extend cores = used / 1e9
    | where cores > {n}
    | order by TimeGenerated desc
    """,
    # burn rate over two windows
    """
    let budget = 0.001;
    let burn = (span: timespan) {{
        AppRequests
        | where TimeGenerated > ago(span)
        | summarize bad = sumif(ItemCount, Success == false), total = sum(ItemCount) by AppRoleName
        | project AppRoleName, rate = 1.0 * bad / total / budget
    }};
    burn(1h)
    | join kind=inner (burn({n}m)) on AppRoleName
    | where rate > 14.4 and rate1 > 14.4
    | project service = AppRoleName, slow = rate, fast = rate1
    """,
    # restarts
    """
    KubePodInventory
    | where Namespace == "tripgen" and TimeGenerated > ago({n}m)
    | summarize restarts = max(PodRestartCount) - min(PodRestartCount) by Name, ControllerName
    | where restarts > 0
    """,
    # from a request to its exceptions
    """
    AppRequests
    | where Success == false
    | join kind=leftouter (AppExceptions | project OperationId, ExceptionType, OuterMessage) on OperationId
    | summarize requests = sum(ItemCount), example = take_any(OuterMessage) by OperationName, ExceptionType
    | take {n}
    """,
    # traffic out of the ordinary
    """
    AppRequests
    | make-series total = sum(ItemCount) default = 0 on TimeGenerated from ago({n}d) to now() step 1h by AppRoleName
    | extend (anomalies, score, expected) = series_decompose_anomalies(total, 1.5)
    | mv-expand TimeGenerated to typeof(datetime), anomalies to typeof(long), total to typeof(long)
    | where anomalies != 0
    """,
    # volume by table
    """
    union withsource = source AppTraces, AppExceptions, AppEvents
    | where TimeGenerated between (ago({n}h) .. now())
    | extend sort_of = case(source endswith "Traces", "log", source endswith "Exceptions", "error", "event")
    | summarize rows = sum(ItemCount), bytes = sum(_BilledSize) by sort_of, AppRoleName, bin(TimeGenerated, 1h)
    """,
)


def texts(count: int) -> list[tuple[str, str]]:
    """So many texts, no two alike."""
    return [(f"query-{i}", SHAPES[i % len(SHAPES)].format(n=i + 1)) for i in range(count)]


def seconds(queries: Sequence[tuple[str, str]], node: Node) -> float:
    started = time.perf_counter()
    bindings = bind(queries, tables.load(), node=node)
    took = time.perf_counter() - started
    wrong = [found for each in bindings.values() for found in each.errors]
    if wrong or len(bindings) != len(queries):
        raise SystemExit(f"the texts of this benchmark must bind: {wrong[:3]}")
    return took


def seconds_plain(text: str, node: Node) -> float:
    schema = {"AppRequests": tables.load()["AppRequests"]}
    request = json.dumps({"module": str(node.module), "schema": schema, "text": text})
    started = time.perf_counter()
    done = subprocess.run([node.executable, "-e", PLAIN], input=request, capture_output=True, text=True, check=True)
    took = time.perf_counter() - started
    if done.stdout.strip() != "0":
        raise SystemExit("the text of this benchmark must bind the plain way too")
    return took


def spread(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--cold", action="store_true", help="without V8's code cache")
    parser.add_argument("--node", type=Path, help="another node than the one found")
    options = parser.parse_args()
    node = find_node()
    node = dataclasses.replace(
        node, executable=options.node or node.executable, cache=None if options.cold else node.cache
    )
    one, many = texts(1), texts(options.texts)
    seconds(many, node)  # writes the code cache where there is none
    rounds = [(seconds(one, node), seconds(many, node), seconds_plain(one[0][1], node)) for _ in range(options.rounds)]
    print(f"{options.rounds} rounds, code cache {'off' if options.cold else 'on'}; median (min-max)")
    print(f"  1 text                {spread([a for a, _, _ in rounds], '.3f')} s")
    print(f"  {options.texts} texts             {spread([b for _, b, _ in rounds], '.3f')} s")
    print(f"  1 text, plain way     {spread([c for _, _, c in rounds], '.3f')} s")
    print(f"  {options.texts} texts / 1 text    {spread([b / a for a, b, _ in rounds], '.2f')}, goal at most {GOAL}")
    print(f"  {options.texts} texts / 1 plain   {spread([b / c for _, b, c in rounds], '.2f')}")


if __name__ == "__main__":
    main()
