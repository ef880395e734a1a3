"""Alerting and observability of tripgen, generated from typed definitions."""

__version__ = "0.1.0"
