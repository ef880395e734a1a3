"""KQL on this machine: duckdb-kql over exported files, inside guards that keep its answers Azure's."""

from observability.query.local.backend import LocalBackend, last

__all__ = ["LocalBackend", "last"]
