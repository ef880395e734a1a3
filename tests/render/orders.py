"""An alert on late orders, made up for the tests of both query languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from observability.model.alert import Alert, Category, Severity
from observability.model.signal import Engine, Signal
from observability.model.text import Text
from observability.model.units import Quantity

WORDS = Text("주문", "Orders")


def too_late(watches: Signal, engine: Engine, above: Quantity, window: timedelta, **more: Any) -> Alert:
    """Severity 2, told to nobody."""
    return Alert(
        id="too-late",
        title=WORDS,
        watches=watches,
        engine=engine,
        above=above,
        window=window,
        severity=Severity.TWO,
        category=Category.CRITICAL,
        actions=(),
        meaning=WORDS,
        impact=WORDS,
        because=WORDS,
        first_steps=(),
        **more,
    )
