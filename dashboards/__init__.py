"""Grafana dashboards, one file each: what people look at, before and while something is wrong."""
