"""Telemetry of a system like the document's: what Azure would hold of an ordinary day, and of a bad one."""

from observability.simulate.settings import DEFAULT_END, Settings, WrongSettings
from observability.simulate.write import write

__all__ = ["DEFAULT_END", "Settings", "WrongSettings", "write"]
