"""What a load writes, when the cap is hit, which sampling fits, and what the rules cost."""

from __future__ import annotations

import json
import math
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from observability import catalog, forecast
from observability.cli.main import main
from observability.design.volume import WRITTEN
from observability.forecast import WrongPrices
from observability.model.place import ROOT
from observability.model.signal import Engine

FINE = {
    "currency": "USD", "date": "2026-11-01", "source": "a price sheet", "log_rule": {"PT1M": 3.0, "PT5M": 1.5},
    "metric_series": 0.1, "prometheus_rule": 0.2, "gigabyte": 2.5,
}  # fmt: skip


def test_a_day_is_what_requests_write_at_the_sampling_and_what_the_cluster_writes_anyway() -> None:
    found = forecast.volume(1000)
    # 86.4 million requests, a tenth of them kept, 1,100 bytes each.
    assert found.tables["AppRequests"] == pytest.approx(9.504)
    # 1.2 calls a request.
    assert found.tables["AppDependencies"] == pytest.approx(9.3312)
    # Not sampled: two lines a hundred requests, 400 bytes each.
    assert found.tables["ContainerLogV2"] == pytest.approx(0.6912)
    # 9 MB an hour.
    assert found.tables["Perf"] == pytest.approx(0.216)
    assert found.total == pytest.approx(sum(found.tables.values()))
    assert list(found.tables) == sorted(found.tables, key=lambda table: -found.tables[table])


def test_twice_the_load_writes_twice_what_requests_write_and_no_more_of_the_rest() -> None:
    one, two = forecast.volume(1000), forecast.volume(2000)
    assert two.tables["AppRequests"] == pytest.approx(2 * one.tables["AppRequests"])
    assert two.tables["Perf"] == one.tables["Perf"]


def test_the_cap_is_hit_sooner_the_more_there_is_and_never_with_the_sampling_that_fits() -> None:
    times = [forecast.volume(tps).full_after for tps in (1000, 5000, 10000)]
    assert all(time is not None for time in times)
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]
    fits = forecast.volume(1000).fits
    assert fits is not None
    assert forecast.volume(1000, fits * 0.999).full_after is None
    assert forecast.volume(1000, fits * 1.01).full_after is not None
    assert forecast.volume(1000, fits).total == pytest.approx(10)


def test_a_quiet_system_keeps_everything_and_one_whose_logs_alone_are_too_much_has_no_sampling() -> None:
    assert (forecast.volume(1).full_after, forecast.volume(1).fits) == (None, 1.0)
    assert forecast.volume(20_000).fits is None


@pytest.mark.parametrize(
    ("fits", "percent"),
    [(0.06482777, "6.4"), (0.044285799, "4.4"), (0.0011476503, "0.11"), (0.29, "29"), (0.0299999, "2.9"), (1.0, "100")],
)
def test_the_sampling_that_fits_is_never_rounded_up_past_what_fits(fits: float, percent: str) -> None:
    assert forecast.percent_that_fits(fits) == percent


def test_with_the_sampling_that_is_printed_the_cap_is_not_hit() -> None:
    for tps in range(400, 11_000, 100):
        fits = forecast.volume(tps).fits
        assert fits is not None
        again = forecast.volume(tps, float(forecast.percent_that_fits(fits)) / 100)
        assert (again.full_after, again.total <= again.cap) == (None, True)


def test_what_is_collected_without_an_estimate_is_named_and_what_is_off_is_not() -> None:
    found = forecast.not_estimated()
    assert {"AZFWNetworkRule", "PGSQLServerLogs", "AZKVAuditLogs"} <= set(found)
    assert not {"AKSAudit", "AGWAccessLogs"} & set(found)


def test_the_sampled_tables_are_those_of_the_application() -> None:
    assert {each.table for each in WRITTEN if each.sampled} == {
        "AppRequests", "AppDependencies", "AppTraces", "AppExceptions",
    }  # fmt: skip


# --- prices -----------------------------------------------------------------------------------------------------------


def written(folder: Path, **changes: object) -> Path:
    path = folder / "prices.json"
    given = {name: value for name, value in {**FINE, **changes}.items() if value is not None}
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


def test_the_rules_cost_what_the_file_says_by_kind_and_frequency(tmp_path: Path) -> None:
    known = forecast.prices(written(tmp_path))
    assert (known.currency, known.day) == ("USD", date(2026, 11, 1))
    alerts = catalog.load().alerts
    kinds = {(kind.engine, kind.every): kind for kind in forecast.rules(alerts, known)}
    every_minute = sum(a.engine is Engine.LOG and a.every == timedelta(minutes=1) for a in alerts)
    assert kinds[Engine.LOG, "PT1M"].month == pytest.approx(3.0 * every_minute)
    assert sum(kind.rules for kind in kinds.values()) == len(alerts)


def test_a_frequency_without_a_price_is_not_free(tmp_path: Path) -> None:
    known = forecast.prices(written(tmp_path, log_rule={"PT15M": 1}))
    kinds = {(kind.engine, kind.every): kind for kind in forecast.rules(catalog.load().alerts, known)}
    assert kinds[Engine.LOG, "PT1M"].month is None


def test_the_example_of_the_docs_filled_with_prices_leaves_no_rule_without_one(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"```json\n(.*?)```", (ROOT / "docs" / "forecast.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "prices.json").write_text(example.replace(": 0", ": 1.5"), encoding="utf-8")
    known = forecast.prices(tmp_path / "prices.json")
    alerts = catalog.load().alerts
    assert [kind for kind in forecast.rules(alerts, known) if kind.month is None] == []
    # Nor one that no rule runs at.
    assert set(known.log_rule) == {kind.every for kind in forecast.rules(alerts, known) if kind.engine is Engine.LOG}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gigabyte": None}, "'gigabyte' is missing"),
        ({"gigabyte": -1}, "'gigabyte' is -1, not a price of 0 or more"),
        ({"gigabyte": True}, "'gigabyte' is True, not a price"),
        ({"metric_series": "0.1"}, "'metric_series' is '0.1', not a price"),
        ({"date": "yesterday"}, "'date' is 'yesterday', not a day such as 2026-11-01"),
        ({"source": " "}, "'source' is not a text"),
        ({"log_rule": [1]}, "'log_rule' is not prices by frequency"),
        ({"colour": 1}, "'colour' is not known"),
    ],
)
def test_a_wrong_prices_file_says_which_field(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(WrongPrices) as raised:
        forecast.prices(written(tmp_path, **changes))
    assert said in str(raised.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongPrices) as raised:
        forecast.prices(written(tmp_path, gigabyte=None, date=1))
    assert "'gigabyte' is missing; 'date' is 1, not a day" in str(raised.value)


def test_what_is_no_json_is_said(tmp_path: Path) -> None:
    for text in ("{", "[" * 100_000, '{"gigabyte": ' + "9" * 5_000 + "}"):
        (tmp_path / "prices.json").write_text(text, encoding="utf-8")
        with pytest.raises(WrongPrices, match="cannot be read as JSON"):
            forecast.prices(tmp_path / "prices.json")
    (tmp_path / "prices.json").write_text("[]", encoding="utf-8")
    with pytest.raises(WrongPrices, match="is no JSON object with currency, date"):
        forecast.prices(tmp_path / "prices.json")


# --- the command ------------------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["forecast", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_table_has_a_column_for_each_load(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = told(capsys, "--lang", "en", "--prices", str(written(tmp_path)))
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines[0] == "GB a day 1,000 TPS 5,000 TPS 10,000 TPS"
    assert "AppRequests 9.50 47.52 95.04" in lines
    assert "10 GB cap is hit 14 h 45 min 6 h 49 min 3 h 42 min" in lines
    assert "sampling that fits 4.4 % 0.59 % 0.11 %" in lines
    assert any(line.startswith("Not estimated: ACREntraAuthenticationAuditLog, ") for line in lines)
    # Nothing is taken in above the cap: 30 days of 10 GB at 2.5.
    assert "ingestion a month 750 USD 750 USD 750 USD" in lines
    assert lines[-1] == "prices: a price sheet, 2026-11-01"


def test_json_holds_seconds_and_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "--tps", "1000", "--sampling", "5", "--json")
    found = json.loads(out)
    (one,) = found["volumes"]
    assert (one["tps"], one["sampling"], one["cap"]) == (1000.0, 0.05, 10.0)
    assert math.isclose(one["gigabytes"]["AppRequests"], 4.752)
    assert found["prices"] is None
    assert {rule["month"] for rule in found["rules"]} == {None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tps", "0"), "--tps '0': give more than 0"),
        (("--tps", "nan"), "--tps 'nan': give more than 0"),
        (("--sampling", "200"), "--sampling '200': give percent"),
        (("--prices", "/nowhere.json"), "--prices /nowhere.json: cannot be read as JSON"),
    ],
)
def test_wrong_arguments_say_what_would_be_right(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err
