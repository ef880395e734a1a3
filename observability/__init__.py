"""Alerting and observability of tripgen, generated from typed definitions."""

__version__ = "0.1.0"
PHASE_VARIABLE = "TRIPOBS_PHASE"
"""The environment variable that names the phase of section 13.1 whose goals hold; read once, with the definitions."""
PHASE_NUMBERS = ("1", "2", "3")
