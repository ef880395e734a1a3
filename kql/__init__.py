"""Query packs, one file each: what people run against the logs."""
