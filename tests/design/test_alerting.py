from __future__ import annotations

from datetime import timedelta

from observability.design import alerting
from observability.model.units import percent, restarts, seconds_of


def test_each_alert_line_is_the_documents() -> None:
    lines = {name: (line.limit, line.window) for name, line in vars(alerting).items() if hasattr(line, "limit")}
    assert lines == {
        "AVAILABILITY": (percent(99.9), timedelta(minutes=5)),
        "ERROR_RATE": (percent(1), timedelta(minutes=5)),
        "AI_RESPONSE": (seconds_of(5), timedelta(minutes=2)),
        "POD_RESTARTS": (restarts(5), timedelta(minutes=10)),
        "CPU": (percent(80), timedelta(minutes=10)),
        "MEMORY": (percent(85), timedelta(minutes=5)),
        "DATABASE_CONNECTIONS": (percent(80), timedelta(minutes=5)),
    }
