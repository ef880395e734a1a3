"""Folders as people have them: what the portal, the Azure CLI and a continuous export write."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import duckdb
import pytest

from observability.model.errors import SourceUnavailable
from observability.query.answers import Answer, Ask, Span, Status
from observability.query.local import LocalBackend, last
from tests.query.local.conftest import DAY, NOON, write_parquet

AT = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)
TEXT = "AppRequests | project TimeGenerated, Name, Success, ItemCount, DurationMs, code = tostring(Properties.code)"
ROW = (AT, "GET /trips", True, 10, 12.5, "E7")


def asked(folder: Path, text: str = TEXT, span: Span = DAY) -> Answer:
    return LocalBackend(folder).ask([Ask("q", text)], span, said=lambda *_: None, stop=Event())[0]


def test_a_csv_of_the_portal_is_read_with_its_own_times(tmp_path: Path) -> None:
    head = '"TimeGenerated [UTC]",Name,Success,ItemCount,DurationMs,Properties\n'
    line = '"11/23/2026, 1:02:03.456 AM","GET /trips",true,10,12.5,"{""code"":""E7""}"\n'
    (tmp_path / "AppRequests.csv").write_text(head + line, encoding="utf-8")
    found = asked(tmp_path)
    assert found.table is not None
    assert found.table.rows == (ROW,)


def test_json_lines_of_a_continuous_export_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "AppRequests" / "y=2026" / "m=11"
    folder.mkdir(parents=True)
    row = {
        "TimeGenerated": "2026-11-23T01:02:03.456Z",
        "Name": "GET /trips",
        "Success": True,
        "ItemCount": 10,
        "DurationMs": 12.5,
        "Properties": {"code": "E7"},
    }
    (folder / "PT05M.json").write_text(json.dumps(row) + "\n", encoding="utf-8")
    found = asked(tmp_path)
    assert found.table is not None
    assert found.table.rows == (ROW,)


def test_an_answer_of_the_azure_cli_is_read_though_every_cell_is_text(tmp_path: Path) -> None:
    row = {
        "TableName": "PrimaryResult",
        "TimeGenerated": "2026-11-23T01:02:03.456Z",
        "Name": "GET /trips",
        "Success": "True",
        "ItemCount": "10",
        "DurationMs": "12.5",
        "Properties": '{"code":"E7"}',
    }
    listed = [row, {**row, "DurationMs": "None", "Name": "later"}]
    (tmp_path / "AppRequests.json").write_text(json.dumps(listed), encoding="utf-8")
    found = asked(tmp_path, TEXT + " | order by Name asc")
    assert found.table is not None
    assert found.table.rows == (ROW, (AT, "later", True, 10, None, "E7"))


def test_a_folder_without_the_table_says_which_one_what_was_seen_and_how_to_export_it(tmp_path: Path) -> None:
    write_parquet(tmp_path, "AppTraces", [])
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    found = asked(tmp_path)
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.message == f"no file for table 'AppRequests' in {tmp_path}; found AppTraces.parquet, notes.txt"
    assert found.failure.todo == (
        "export it: az monitor log-analytics query -w WORKSPACE --analytics-query 'AppRequests' -t P1D -o json > "
        "AppRequests.json"
    )


def test_a_column_that_the_file_lacks_is_said_and_not_read_as_empty(tmp_path: Path) -> None:
    line = '2026-11-23T01:02:03Z,"GET /trips"\n'
    (tmp_path / "AppRequests.csv").write_text("TimeGenerated,Name\n" + line, encoding="utf-8")
    found = asked(tmp_path, "AppRequests | summarize total = sum(ItemCount) by Name")
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.message == "the file of table 'AppRequests' has no column 'ItemCount', which the query reads"
    found = asked(tmp_path, "AppRequests | project Name")
    assert found.table is not None
    assert found.table.rows == (("GET /trips",),)


def test_a_cell_that_does_not_fit_its_column_is_an_error_and_not_a_null(tmp_path: Path) -> None:
    (tmp_path / "AppRequests.csv").write_text("TimeGenerated,ItemCount\n2026-11-23T01:02:03Z,ten\n", encoding="utf-8")
    found = asked(tmp_path, "AppRequests | project ItemCount")
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.message.startswith(f"{tmp_path / 'AppRequests.csv'}: a cell does not fit its column: ")
    assert "'ten'" in found.failure.message
    assert found.failure.todo == "mend it, or export the table again"


BINARY = bytes(range(256)) * 8
DAMAGED = {
    "AppTraces.parquet": ("cannot be read: No magic bytes found", BINARY),
    "AppTraces.json": ("cannot be read: Malformed JSON", BINARY),
    "AppTraces.csv.gz": ("cannot be read: Input is not a GZIP stream", BINARY),
    "AppTraces.csv": (
        "a cell does not fit its column: ",
        b"TimeGenerated,Message\n2026-11-23T01:02:03Z,a\nnotatime,b\n",
    ),
}


@pytest.mark.parametrize(("name", "said", "held"), [(name, *of) for name, of in DAMAGED.items()])
def test_a_damaged_file_is_named_where_it_is_read_and_nowhere_else(
    tmp_path: Path, name: str, said: str, held: bytes
) -> None:
    write_parquet(tmp_path, "AppRequests", [{"TimeGenerated": NOON - timedelta(hours=1), "Name": "a"}])
    (tmp_path / name).write_bytes(held)
    backend = LocalBackend(tmp_path)
    # The other table still says when the export ends.
    assert backend.end() == NOON - timedelta(hours=1) + timedelta(seconds=1)
    asks = [Ask("traces", "AppTraces | count"), Ask("requests", "AppRequests | count")]
    traces, requests = backend.ask(asks, DAY, said=lambda *_: None, stop=Event())
    assert traces.status is Status.REFUSED
    assert traces.failure is not None
    assert traces.failure.message.startswith(f"{tmp_path / name}: {said}")
    assert "\n" not in traces.failure.message
    assert requests.table is not None
    assert requests.table.rows == ((1,),)


@pytest.mark.parametrize(("name", "said", "held"), [(name, *of) for name, of in DAMAGED.items()])
def test_a_folder_whose_only_file_is_damaged_has_no_now(tmp_path: Path, name: str, said: str, held: bytes) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(SourceUnavailable) as caught:
        LocalBackend(tmp_path).end()
    assert str(caught.value).startswith(f"{tmp_path / name}: {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_of_a_tables_many_files_the_damaged_one_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "AppRequests"
    folder.mkdir()
    for hour in range(3):
        (folder / f"{hour}.csv").write_text("TimeGenerated,ItemCount\n2026-11-23T01:02:03Z,10\n", encoding="utf-8")
    (folder / "1.csv").write_text("TimeGenerated,ItemCount\n2026-11-23T01:02:03Z,ten\n", encoding="utf-8")
    found = asked(tmp_path, "AppRequests | project ItemCount")
    assert found.failure is not None
    assert found.failure.message.startswith(f"{folder / '1.csv'}: a cell does not fit its column: ")


@pytest.mark.parametrize(("name", "said"), [("none", "there is no such folder"), ("file", "is a file, not a folder")])
def test_what_is_no_folder_is_told_with_the_way_out(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SourceUnavailable) as caught:
        LocalBackend(tmp_path / name)
    todo = "name a folder of exported tables, or make one with tripobs demo-data"
    assert str(caught.value) == f"{tmp_path / name}: {said}; {todo}"


def test_now_is_just_after_the_newest_row_or_what_the_export_says(tmp_path: Path) -> None:
    write_parquet(tmp_path, "AppRequests", [{"TimeGenerated": NOON - timedelta(hours=1)}])
    write_parquet(tmp_path, "AppTraces", [{"TimeGenerated": NOON - timedelta(hours=2)}])
    late = NOON - timedelta(hours=1) + timedelta(seconds=1)
    assert last(LocalBackend(tmp_path), timedelta(hours=6)) == Span(late - timedelta(hours=6), late)
    (tmp_path / "demo.json").write_text(json.dumps({"to": NOON.isoformat()}), encoding="utf-8")
    assert LocalBackend(tmp_path).end() == NOON


def test_a_row_that_says_never_is_not_taken_for_the_newest(tmp_path: Path) -> None:
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    write_parquet(tmp_path, "AppRequests", [{"TimeGenerated": NOON}, {"TimeGenerated": never}])
    assert LocalBackend(tmp_path).end() == NOON + timedelta(seconds=1)


def test_a_folder_of_empty_tables_has_no_now(tmp_path: Path) -> None:
    write_parquet(tmp_path, "AppRequests", [])
    with pytest.raises(SourceUnavailable, match="none of its tables has a row"):
        LocalBackend(tmp_path).end()


def test_a_query_reaches_no_file_outside_of_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.parquet"
    folder = tmp_path / "export"
    folder.mkdir()
    write_parquet(folder, "AppRequests", [])
    (folder / "AppRequests.parquet").rename(outside)
    write_parquet(folder, "AppRequests", [])
    backend = LocalBackend(folder)
    with backend._open() as con, pytest.raises(duckdb.PermissionException):
        con.execute("SELECT * FROM read_parquet($file)", {"file": str(outside)})


def test_a_file_that_is_written_anew_is_looked_at_anew(tmp_path: Path) -> None:
    file, text = tmp_path / "AppRequests.csv", "AppRequests | project Name"
    file.write_text("TimeGenerated,Name\n2026-11-23T01:02:03Z,old\n", encoding="utf-8")
    backend = LocalBackend(tmp_path)
    names = []
    for content in (None, "Name,Url,TimeGenerated\nnew,/trips,2026-11-23T01:02:03Z\n"):
        if content is not None:
            file.write_text(content, encoding="utf-8")
        answer = backend.ask([Ask("q", text)], DAY, said=lambda *_: None, stop=Event())[0]
        assert answer.table is not None, answer.failure
        names.append(answer.table.rows)
    assert names == [(("old",),), (("new",),)]
