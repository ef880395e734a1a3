"""Many queries at once: each ends by itself, and a stop keeps what has ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import MappingProxyType

import pytest

from observability.model.checklist import MetricQuery
from observability.model.signal import PlatformMetric
from observability.model.text import Text
from observability.model.units import minutes
from observability.query.answers import Answer, Ask, Status
from observability.query.local import LocalBackend
from tests.query.local.conftest import DAY, NOON, write_parquet

WORDS = Text(ko="말", en="words")
# Counts pairs of pairs for minutes, if nobody stops it.
ENDLESS = (
    "AppRequests | extend k = 1 | join kind=inner (AppRequests | extend k = 1) on k | join kind=inner (AppRequests "
    "| extend k = 1) on k | where Name != Name1 | summarize n = dcount(strcat(Name, Name1, Name2))"
)
NONE: Mapping[str, str] = MappingProxyType({})


def requests(folder: Path, many: int) -> None:
    rows = [{"TimeGenerated": NOON - timedelta(seconds=1 + i), "Name": f"r{i}", "ItemCount": 10} for i in range(many)]
    write_parquet(folder, "AppRequests", rows)


def test_answers_come_in_the_order_of_the_questions_and_each_is_said_once(tmp_path: Path) -> None:
    requests(tmp_path, 10)
    asks = [Ask(f"q{i}", f"AppRequests | take 0 | summarize n = count() + {i}") for i in range(8)]
    asks = [Ask(ask.key, ask.text.replace("take 0", "order by Name asc | take 0")) for ask in asks]
    said: list[str] = []
    backend = LocalBackend(tmp_path)
    answers = backend.ask(asks, DAY, said=lambda ask, answer: said.append(ask.key), stop=Event())
    assert [answer.table.rows if answer.table else answer.failure for answer in answers] == [((i,),) for i in range(8)]
    assert sorted(said) == [ask.key for ask in asks]


def test_one_wrong_query_leaves_the_others_their_answers(tmp_path: Path) -> None:
    requests(tmp_path, 3)
    asks = [Ask("wrong", "AppRequests | where ("), Ask("right", "AppRequests | count"), Ask("absent", "Perf | count")]
    answers = LocalBackend(tmp_path).ask(asks, DAY, said=lambda *_: None, stop=Event())
    assert [answer.status for answer in answers] == [Status.FAILED, Status.COMPLETE, Status.REFUSED]


def test_a_stop_cancels_what_runs_and_what_waits_and_keeps_what_has_ended(tmp_path: Path) -> None:
    requests(tmp_path, 3000)
    stop = Event()

    def said(ask: Ask, answer: Answer) -> None:
        # The quick one has ended: from now on nobody waits for the rest.
        if ask.key == "quick":
            stop.set()

    asks = [Ask("endless", ENDLESS), Ask("quick", "AppRequests | count"), Ask("waits", ENDLESS), Ask("too", ENDLESS)]
    answers = LocalBackend(tmp_path).ask(asks, DAY, said=said, stop=stop)
    assert [answer.status for answer in answers] == [
        Status.CANCELLED,
        Status.COMPLETE,
        Status.CANCELLED,
        Status.CANCELLED,
    ]


def metric(**given: object) -> MetricQuery:
    lag = PlatformMetric(resource="postgresql", metric="cpu_percent", aggregation="Maximum", **given)  # type: ignore[arg-type]  # the test's own
    return MetricQuery(id="lag", title=WORDS, metric=lag, grain=minutes(5), resources=("PG-1", "pg-2"))


def test_a_platform_metric_is_read_from_azuremetrics_a_row_a_resource(tmp_path: Path) -> None:
    points = [("PG-1", 1, 5.0), ("PG-1", 2, 9.0), ("PG-1", 7, 3.0), ("pg-2", 1, 1.0), ("other", 1, 99.0)]
    rows = [
        {"TimeGenerated": NOON - timedelta(minutes=m), "Resource": name, "MetricName": "cpu_percent", "Maximum": value}
        for name, m, value in points
    ]
    write_parquet(tmp_path, "AzureMetrics", rows)
    query = metric()
    found = LocalBackend(tmp_path).ask([Ask("m", metric=query, columns=NONE)], DAY, said=lambda *_: None, stop=Event())
    assert found[0].table is not None
    assert [column.name for column in found[0].table.columns] == list(query.columns)
    # Points of five minutes: 11:50 has 3, 11:55 has 9.
    assert found[0].table.rows == (
        ("pg-1", 3.0, 6.0, 9.0, 9.0, NOON - timedelta(minutes=5)),
        ("pg-2", 1.0, 1.0, 1.0, 1.0, NOON - timedelta(minutes=5)),
    )


def test_a_platform_metric_in_a_file_with_a_wrong_cell_names_the_file(tmp_path: Path) -> None:
    line = "2026-11-23T01:02:03Z,cpu_percent,PG-1,many\n"
    (tmp_path / "AzureMetrics.csv").write_text(f"TimeGenerated,MetricName,Resource,Maximum\n{line}", encoding="utf-8")
    asks = [Ask("m", metric=metric(), columns=NONE)]
    (found,) = LocalBackend(tmp_path).ask(asks, DAY, said=lambda *_: None, stop=Event())
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.message.startswith(f"{tmp_path / 'AzureMetrics.csv'}: a cell does not fit its column: ")


def test_a_platform_metric_with_dimensions_is_refused_because_the_table_keeps_none(tmp_path: Path) -> None:
    write_parquet(tmp_path, "AzureMetrics", [])
    asks = [Ask("m", metric=metric(by={"queue": "EntityName"}))]
    found = LocalBackend(tmp_path).ask(asks, DAY, said=lambda *_: None, stop=Event())[0]
    assert found.status is Status.REFUSED
    assert found.failure is not None
    assert found.failure.words == Text(
        ko="'cpu_percent' 메트릭을 EntityName별로 봐야 하는데, 내보낸 'AzureMetrics'에는 리소스 전체의 값만 있습니다",
        en="the metric 'cpu_percent' is needed for each EntityName, and an exported 'AzureMetrics' holds it only for the whole resource",
    )
    assert found.failure.way_out == Text(
        ko="--local 대신 --workspace 이름으로 Azure에 직접 물어보세요",
        en="ask Azure itself, with --workspace NAME in place of --local",
    )


def test_without_the_engine_installed_the_way_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from observability.model.errors import SourceUnavailable

    monkeypatch.setitem(sys.modules, "duckdb_kql", None)
    with pytest.raises(SourceUnavailable, match=r"pip install 'tripgen-observability\[replay\]'"):
        LocalBackend(tmp_path)
