"""What is measured, one file a system: names, units and how each engine reads it."""
