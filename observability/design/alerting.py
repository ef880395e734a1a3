"""The lines that the document draws in section 8.1.2: what the regular checks hold a day, a week or a month against."""

from __future__ import annotations

from observability.model.operations import AlertLine
from observability.model.source import Section
from observability.model.units import minutes, percent, restarts, seconds_of

_LINES = Section("8.1.2")
AVAILABILITY = AlertLine(limit=percent(99.9), window=minutes(5), source=Section("8.1.2", reading="R4"))
ERROR_RATE = AlertLine(limit=percent(1), window=minutes(5), source=Section("8.1.2", reading="R5"))
AI_RESPONSE = AlertLine(limit=seconds_of(5), window=minutes(2), source=Section("8.1.2", reading="R2"))
POD_RESTARTS = AlertLine(limit=restarts(5), window=minutes(10), source=Section("8.1.2", reading="R6"))
CPU = AlertLine(limit=percent(80), window=minutes(10), source=Section("8.1.2", reading="R3"))
MEMORY = AlertLine(limit=percent(85), window=minutes(5), source=_LINES)
DATABASE_CONNECTIONS = AlertLine(limit=percent(80), window=minutes(5), source=Section("8.1.2", reading="R7"))
