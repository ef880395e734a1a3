"""What the whole run says at its end: which tests had nothing to run on, and why."""

from __future__ import annotations

import shutil

import pytest

LEFT_OUT: list[str] = []
MEASURED: list[str] = []


@pytest.fixture(scope="session")
def promtool() -> str | None:
    """The path of promtool, or None; a test that gets None says what it leaves out with `leave_out`."""
    return shutil.which("promtool")


@pytest.fixture
def leave_out() -> object:
    """Call with a sentence: it is printed at the end of the run."""
    return LEFT_OUT.append


@pytest.fixture
def record() -> object:
    """Call with a sentence about what was measured: it is printed at the end of the run."""
    return MEASURED.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for sentence in sorted(set(LEFT_OUT)):
        terminalreporter.write_line(f"left out: {sentence}", yellow=True)
    for sentence in MEASURED:
        terminalreporter.write_line(sentence)
