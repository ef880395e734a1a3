"""History in place of a scenario: exported tables, and sums that a workspace works out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.slo import ERRORS_PAGE
from observability.catalog import Catalogue
from observability.model.alert import Alert
from observability.model.errors import SourceUnavailable
from observability.query.answers import Answer, Failure, Span, Status
from observability.query.local import LocalBackend
from observability.query.service import Handler
from observability.replay import history, rules, run
from observability.simulate import Settings, faults
from observability.simulate.write import write
from tests.query.served import Canned, Clock, client, served

END = datetime(2026, 11, 23, 12, tzinfo=UTC)
BROKE, MENDED = END - timedelta(minutes=90), END - timedelta(minutes=60)
TABLES = ("AppRequests", "AppAvailabilityResults", "Perf")


@pytest.fixture(scope="module")
def own_alerts(own_catalogue: Catalogue) -> tuple[Alert, ...]:
    """Three log alerts on three tables, and some that no exported table can answer."""
    wanted = {
        "service-unavailable", "high-error-rate", "high-cpu-usage", "high-memory-usage", "ai-response-time-exceeded",
        "pod-crash-loop", "database-connection-pool-exhausted",
    }  # fmt: skip
    return tuple(alert for alert in own_catalogue.alerts if alert.id in wanted)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours with an incident of half an hour in them."""
    path = tmp_path_factory.mktemp("history") / "export"
    settings = Settings(hours=3, tps=200, end=END)
    write(path, settings, [faults.Errors(start=BROKE, end=MENDED, role="trip-service", share=0.2)], only=TABLES)
    return path


def fired(timeline: run.Timeline) -> list[tuple[str, str, int]]:
    """Alert, dimension, and minutes from the break to the alert."""
    return [
        (alarm.rule.alert.id, alarm.dims[0][1], (alarm.fired_at - BROKE) // timedelta(minutes=1))
        for alarm in timeline.alarms
    ]


def test_exported_tables_are_replayed_and_what_they_do_not_hold_is_said(
    folder: Path, own_alerts: tuple[Alert, ...]
) -> None:
    telemetry, span = history.exported(folder, own_alerts)
    assert (span.end - span.start, span.end) == (timedelta(hours=3), END)
    found = run.replay(map(rules.of, own_alerts), telemetry, span.start, span.end)
    assert fired(found) == [("high-error-rate", "trip-service", 2)]
    assert {alert for alert, _ in found.unread} == {
        "ai-response-time-exceeded", "pod-crash-loop", "database-connection-pool-exhausted", "high-memory-usage",
    }  # fmt: skip
    assert all("exported tables" in why for _, why in found.unread)


def test_a_rule_that_looks_back_further_than_the_tables_is_named_and_not_evaluated(folder: Path) -> None:
    # Six hours of burn on three hours of rows: on Azure the three before dilute it, and nobody knows what they held.
    telemetry, span = history.exported(folder, [ERRORS_PAGE])
    found = run.replay([rules.of(ERRORS_PAGE)], telemetry, span.start, span.end)
    assert (found.alarms, found.evaluations) == ((), 0)
    assert found.beyond == (("error-budget-burning", timedelta(hours=6)),)


def test_a_rule_is_evaluated_once_its_whole_window_has_rows(folder: Path) -> None:
    hour = replace(ERRORS_PAGE, window=timedelta(hours=1))
    telemetry, span = history.exported(folder, [hour])
    found = run.replay([rules.of(hour)], telemetry, span.start, span.end)
    # Every five minutes of the last two of three hours.
    assert (found.beyond, found.evaluations) == ((), 25)


def test_nothing_is_evaluated_after_the_last_row_and_no_alert_resolves_out_of_nothing(
    tmp_path: Path, own_alerts: tuple[Alert, ...]
) -> None:
    begin = END - timedelta(minutes=20)
    lines = [
        f"{begin + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ},trip-service,10,false,500"
        for second in range(0, 1200, 5)
    ]
    head = "TimeGenerated,AppRoleName,ItemCount,Success,ResultCode"
    (tmp_path / "AppRequests.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    errors = [rules.of(alert) for alert in own_alerts if alert.id == "high-error-rate"]
    telemetry, span = history.exported(tmp_path, own_alerts)
    assert (span.start, span.end) == (begin, END)
    found = run.replay(errors, telemetry, span.start, END + timedelta(hours=12))
    assert (found.end, found.asked) == (END, END + timedelta(hours=12))
    # Fifteen of the twenty minutes lie a window after the first row, and so does the fifth.
    assert found.evaluations == 16
    assert [alarm.resolved_at for alarm in found.alarms] == [None]
    assert run.replay(errors, telemetry, span.start, END).asked is None


def test_an_export_that_says_when_it_ended_is_quiet_until_then(
    folder: Path, tmp_path: Path, own_alerts: tuple[Alert, ...]
) -> None:
    quiet = tmp_path / "quiet"
    quiet.mkdir()
    (quiet / "AppRequests.csv").write_text(
        "TimeGenerated,AppRoleName,ItemCount,Success\n2026-11-23T09:00:30Z,a,1,true\n2026-11-23T10:15:30Z,a,1,true\n",
        encoding="utf-8",
    )
    _, until_the_last_row = history.exported(quiet, own_alerts)
    (quiet / "demo.json").write_bytes((folder / "demo.json").read_bytes())
    _, until_it_says = history.exported(quiet, own_alerts)
    assert until_the_last_row.end == datetime(2026, 11, 23, 10, 16, tzinfo=UTC)
    assert until_it_says.end == END


def test_a_table_that_is_not_there_is_not_evaluated(
    folder: Path, own_alerts: tuple[Alert, ...], tmp_path: Path
) -> None:
    part = tmp_path / "part"
    part.mkdir()
    (part / "AppRequests.parquet").write_bytes((folder / "AppRequests.parquet").read_bytes())
    telemetry, span = history.exported(part, own_alerts)
    found = run.replay(map(rules.of, own_alerts), telemetry, span.start, span.end)
    assert fired(found) == [("high-error-rate", "trip-service", 2)]
    assert "no file for table 'Perf'; export it: az monitor" in dict(found.unread)["high-cpu-usage"]


def test_a_folder_with_none_of_the_tables_says_how_to_export_one(tmp_path: Path, own_alerts: tuple[Alert, ...]) -> None:
    (tmp_path / "KubeEvents.csv").write_text("TimeGenerated\n", encoding="utf-8")
    with pytest.raises(SourceUnavailable, match="no file for table 'AppAvailabilityResults, AppRequests, Perf'"):
        history.exported(tmp_path, own_alerts)


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("Perf.parquet", bytes(range(256)) * 8, "cannot be read: No magic bytes found"),
        ("Perf.csv", b"TimeGenerated,CounterValue\nnotatime,1\n", "a cell does not fit its column: "),
    ],
)
def test_a_damaged_file_is_named_and_a_rule_that_does_not_read_it_goes_on(
    tmp_path: Path, folder: Path, own_alerts: tuple[Alert, ...], name: str, held: bytes, said: str
) -> None:
    (tmp_path / "AppRequests.parquet").write_bytes((folder / "AppRequests.parquet").read_bytes())
    (tmp_path / name).write_bytes(held)
    with pytest.raises(SourceUnavailable) as caught:
        history.exported(tmp_path, own_alerts)
    assert str(caught.value).startswith(f"{tmp_path / name}: {said}")
    assert len(str(caught.value).splitlines()) == 1
    errors = [alert for alert in own_alerts if alert.id == "high-error-rate"]
    telemetry, span = history.exported(tmp_path, errors)
    found = run.replay(map(rules.of, errors), telemetry, span.start, span.end)
    assert fired(found) == [("high-error-rate", "trip-service", 2)]


def test_a_cell_that_does_not_fit_is_the_reason_why_its_rule_was_not_evaluated(
    tmp_path: Path, own_alerts: tuple[Alert, ...]
) -> None:
    lines = "".join(f"2026-11-23T0{hour}:00:00Z,False,500,trip-service,ten\n" for hour in range(8))
    (tmp_path / "AppRequests.csv").write_text(
        f"TimeGenerated,Success,ResultCode,AppRoleName,ItemCount\n{lines}", encoding="utf-8"
    )
    errors = [alert for alert in own_alerts if alert.id == "high-error-rate"]
    telemetry, span = history.exported(tmp_path, errors)
    found = run.replay(map(rules.of, errors), telemetry, span.start, span.end)
    ((_, reason),) = found.unread
    assert reason.startswith(f"{tmp_path / 'AppRequests.csv'}: a cell does not fit its column: ")
    assert found.evaluations == 0


def workspace(
    address: str,
    own_alerts: tuple[Alert, ...],
    start: datetime = END - timedelta(hours=3),
    clock: Clock | None = None,
) -> tuple[run.Timeline, list[str]]:
    said: list[str] = []
    backend = client(address, clock)
    try:
        logs = history.Workspace(run.connect(), backend, said.append, threading.Event())
        logs.prepare(map(rules.of, own_alerts), start, END)
        return run.replay(map(rules.of, own_alerts), run.Telemetry(logs), start, END), said
    finally:
        backend.close()


def test_a_workspace_works_the_sums_out_and_the_alerts_are_those_of_its_rows(
    folder: Path, own_alerts: tuple[Alert, ...]
) -> None:
    log_alerts = tuple(alert for alert in own_alerts if alert.watches.kql is not None and run.tables_of(alert))
    with served(LocalBackend(folder)) as address:
        found, said = workspace(address, log_alerts)
    # A minute later at most: arrival is the middle of the table's delays for all rows.
    ((name, service, minute),) = fired(found)
    assert (name, service) == ("high-error-rate", "trip-service")
    assert 1 <= minute <= 3
    assert found.unread == ()
    # The cpu rule looks back as far as the others, so all three go in one batch.
    assert said == ["3 measures: 2026-11-23"]


def test_each_day_is_one_batch(folder: Path, own_alerts: tuple[Alert, ...]) -> None:
    bodies: list[int] = []

    def count(_handler: Any, body: Mapping[str, Any]) -> bool:
        bodies.append(len(body.get("requests", ())))
        return False

    with served(LocalBackend(folder), count) as address:
        _, said = workspace(address, own_alerts, END - timedelta(hours=30))
    assert said == ["3 measures: 2026-11-22", "3 measures: 2026-11-23"]
    assert bodies == [3, 3]


def test_only_sums_come_from_the_workspace(folder: Path, own_alerts: tuple[Alert, ...]) -> None:
    asked: list[str] = []

    class Listening:
        name = "listening"

        def __init__(self) -> None:
            self._inner = LocalBackend(folder)

        def ask(self, asks: Any, span: Span, **rest: Any) -> list[Answer]:
            asked.extend(ask.text for ask in asks)
            return self._inner.ask(asks, span, **rest)

        def close(self) -> None: ...

    logs = history.Workspace(run.connect(), Listening(), lambda _said: None, threading.Event())
    logs.prepare(map(rules.of, own_alerts), END - timedelta(hours=3), END)
    assert len(asked) == 3
    assert all("| summarize " in text and "tripobs_bin = bin(TimeGenerated, 1m)" in text for text in asked)


def test_what_the_workspace_refuses_is_said_of_the_rule_and_fires_nothing(own_alerts: tuple[Alert, ...]) -> None:
    errors = next(alert for alert in own_alerts if alert.id == "high-error-rate")

    class Refusing(Canned):
        def ask(self, asks: Any, span: Span, **rest: Any) -> list[Answer]:
            return [Answer(Status.FAILED, None, Failure("throttled", "too many requests, five times")) for _ in asks]

    logs = history.Workspace(run.connect(), Refusing({}), lambda _said: None, threading.Event())
    logs.prepare([rules.of(errors)], END - timedelta(hours=1), END)
    found = run.replay([rules.of(errors)], run.Telemetry(logs), END - timedelta(hours=1), END)
    assert found.alarms == ()
    assert found.unread == (("high-error-rate", "too many requests, five times"),)


def test_a_burn_of_several_windows_is_the_same_from_a_workspace_s_sums(folder: Path) -> None:
    hour = replace(ERRORS_PAGE, window=timedelta(hours=1))
    telemetry, span = history.exported(folder, [hour])
    rows = run.replay([rules.of(hour)], telemetry, span.start, span.end)
    with served(LocalBackend(folder)) as address:
        sums, _ = workspace(address, (hour,), span.start + timedelta(hours=1))
    assert [each[0] for each in fired(rows)] == [each[0] for each in fired(sums)] == ["error-budget-burning"]
    # A fifth of the requests fails: minutes of arrival and one evaluation apart at most.
    assert abs(fired(rows)[0][2] - fired(sums)[0][2]) <= 5


def test_a_workspace_that_throttles_is_waited_for_as_long_as_it_asks(
    folder: Path, own_alerts: tuple[Alert, ...]
) -> None:
    refused = iter([True, True])

    def before(handler: Handler, _body: Mapping[str, Any]) -> bool:
        if next(refused, False):
            handler.say(429, {"error": {"code": "TooManyRequests", "message": "slow down"}}, {"Retry-After": "7"})
            return True
        return False

    clock = Clock()
    with served(LocalBackend(folder), before) as address:
        found, _ = workspace(address, own_alerts, clock=clock)
    assert clock.seconds >= 14
    assert [name for name, *_ in fired(found)] == ["high-error-rate"]


def test_a_time_without_a_row_is_not_quiet(folder: Path, own_alerts: tuple[Alert, ...]) -> None:
    telemetry, _ = history.exported(folder, own_alerts)
    before = END - timedelta(days=30)
    found = run.replay(map(rules.of, own_alerts), telemetry, before, before + timedelta(hours=1))
    assert found.evaluations == 0
    assert "table 'AppRequests' has no row from 2026-10-24 21:00 KST to 2026-10-24 22:00 KST" in {
        why for _, why in found.unread
    }
