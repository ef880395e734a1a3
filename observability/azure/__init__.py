"""Azure's own facts: limits, tables, metrics. Standard library only."""
