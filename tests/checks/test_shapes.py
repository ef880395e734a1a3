"""Fields that hold something else than their type says are told, and nothing after them fails for it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from observability.catalog import Catalogue, load
from observability.checks import run, shapes
from observability.model.alert import Alert
from observability.model.errors import DefinitionError
from observability.model.units import Quantity, Unit, seconds_of

REAL = load()
ALERT = next(alert for alert in REAL.alerts if alert.id == "high-error-rate")


def with_alert(ident: str, **fields: Any) -> Catalogue:
    """The project's catalogue with one alert changed."""
    alerts = tuple(dataclasses.replace(a, **fields) if a.id == ident else a for a in REAL.alerts)
    return dataclasses.replace(REAL, alerts=alerts)


def wrong(catalogue: Catalogue) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        run.sound(catalogue)
    return [str(problem).split(": ", 1)[1] for problem in caught.value.problems if "draws the line" not in str(problem)]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("window", "5m", "window is '5m'; give timedelta, such as minutes(5)"),
        ("above", 1, "above is 1; give Quantity, such as percent(1)"),
        ("severity", 0, "severity is 0; give one of Severity.ONE, Severity.TWO, Severity.THREE"),
        ("title", "High", 'title is \'High\'; give Text, such as Text(ko="...", en="...")'),
        ("id", 7, 'id is 7; give str, such as "..."'),
        ("actions", "teams", "actions is 'teams'; give a tuple of Action"),
        ("first_steps", ("x",), "first_steps is ('x',); give a tuple of Query or MetricQuery"),
        ("engine", "log", "engine is 'log'; give one of Engine.LOG, Engine.METRIC, Engine.PROMETHEUS"),
    ],
)
def test_a_field_of_another_type_is_one_line(field: str, value: object, message: str) -> None:
    changed = with_alert("high-error-rate", **{field: value})
    name = value if field == "id" else "high-error-rate"
    assert wrong(changed) == [f"alert '{name}': {message}"]


def test_the_other_definitions_are_still_checked() -> None:
    broken = with_alert("high-error-rate", window="5m")
    alerts = tuple(dataclasses.replace(a, above=None) if a.id == "high-memory-usage" else a for a in broken.alerts)
    assert sorted(wrong(dataclasses.replace(broken, alerts=alerts))) == [
        "alert 'high-error-rate': window is '5m'; give timedelta, such as minutes(5)",
        "alert 'high-memory-usage': needs exactly one limit; give above=... or below=...",
    ]


def test_the_projects_own_definitions_have_the_right_shape() -> None:
    catalogue, found = shapes.check(REAL)
    assert found == []
    assert catalogue is REAL


def test_a_panel_is_looked_at_too() -> None:
    board = REAL.dashboards[0]
    row = board.rows[0]
    panel = dataclasses.replace(row.panels[0], width="wide")  # type: ignore[arg-type]
    changed = dataclasses.replace(board, rows=(dataclasses.replace(row, panels=(panel,)),))
    _, found = shapes.check(dataclasses.replace(REAL, dashboards=(changed,)))
    assert [str(problem).split(": ", 1)[1] for problem in found] == [f"panel '{board.id}': width is 'wide'; give int"]


@pytest.mark.parametrize("name", ["service-unavailable", "high-error-rate"])
def test_an_alert_has_to_say_its_floor_against_noise(name: str) -> None:
    parameter = "min_failed" if name == "service-unavailable" else "floor"
    assert wrong(with_alert(name, params={})) == [
        f"alert '{name}': does not say its '{parameter}', the floor against noise; give params={{\"{parameter}\": ...}}"
    ]


@pytest.mark.parametrize("limit", [30, 40])
def test_a_limit_that_the_histogram_cannot_reach_is_told(limit: int) -> None:
    ident = "ai-response-time-exceeded"
    assert wrong(with_alert(ident, above=seconds_of(limit))) == [
        f"alert '{ident}': limit '{limit} s' can never be passed: a quantile ends at "
        "'tripgen_ai_response_seconds_bucket's largest bound '30'; choose a lower limit, or give the instrument a "
        "higher bound",
    ]


def test_examples_that_cannot_be_built_are_one_line() -> None:
    def broken(limit: float) -> tuple[()]:
        raise ValueError("no bound above the limit")

    ident = "ai-response-time-exceeded"
    assert wrong(with_alert(ident, examples=broken)) == [
        f"alert '{ident}': its examples cannot be built for limit '5 s': no bound above the limit; "
        "mend the function behind examples="
    ]


def test_examples_must_show_both_firing_and_quiet() -> None:
    alert: Alert = next(a for a in REAL.alerts if a.id == "pod-crash-loop")
    assert alert.examples is not None
    quiet = tuple(example for example in alert.examples(5) if not example.fires)
    assert wrong(with_alert("pod-crash-loop", examples=lambda limit: quiet)) == [
        "alert 'pod-crash-loop': has no example that fires; add one to examples="
    ]


def test_a_quantity_is_not_compared_across_dimensions() -> None:
    assert wrong(with_alert("high-error-rate", above=Quantity(1, Unit.GIGABYTES))) == [
        "alert 'high-error-rate': limit '1 GB' is in gigabytes, signal 'error_rate' in percent; give the limit in percent"
    ]
