"""A system without a row, a name of nothing and a cell without a reason are each said."""

from __future__ import annotations

import re
from typing import Any

from observability import catalog
from observability.catalog import Catalogue
from observability.checks import coverage
from observability.coverage import ROWS
from observability.design.data import SERVICE_BUS
from observability.design.platform import PRIVATE_ENDPOINTS
from observability.design.services import SERVICES
from observability.design.systems import SYSTEMS
from observability.model.coverage import By, Row, System
from observability.model.source import Section
from observability.model.text import Text

WHY = Text(ko="까닭", en="a reason")
HERE = "tests/checks/test_coverage.py: row 'cache': "
CACHE = System(key="cache", title=WHY, source=Section("5.2.1"))


def said(*rows: Row, systems: tuple[System, ...] = (CACHE,)) -> list[str]:
    problems = coverage.check(Catalogue(), systems, rows)
    return [re.sub(r"^([^ ]+?):\d+: ", r"\1: ", str(problem)) for problem in problems]


def row(**given: Any) -> Row:
    return Row(**{"system": "cache", "without": dict.fromkeys(By, WHY), **given})


def test_a_reason_in_every_empty_cell_is_fine() -> None:
    assert said(row()) == []


def test_a_system_that_the_document_names_needs_a_row() -> None:
    assert said() == [
        "observability/coverage.py: system 'cache': the document names it and it has no row; say what watches it there, or "
        "why nothing does"
    ]


def test_an_empty_cell_needs_a_reason() -> None:
    assert said(row(without={By.ALERT: WHY, By.PANEL: WHY})) == [
        HERE + "has no queries; name some, or give the reason: without={By.QUERY: Text(...)}"
    ]


def test_a_name_of_nothing_and_a_reason_too_many_are_wrong() -> None:
    assert said(row(alerts=("nope",))) == [
        HERE + "names 'nope', and there is none of that name among the alerts; see `tripobs list`",
        HERE + "gives a reason for having no alerts, and has some; drop the reason",
    ]


def test_a_row_of_nothing_and_a_second_row_are_wrong() -> None:
    assert said(row(), row(), row(system="tape"), systems=(CACHE,)) == [
        HERE + "is there twice; make one of them",
        HERE + "is there twice; make one of them",
        HERE.replace("cache", "tape")
        + "the document names no such system; add it to observability/design/systems.py, or "
        "drop the row",
    ]


def test_every_system_that_the_issue_of_the_document_lists_is_there() -> None:
    keys = {system.key for system in SYSTEMS}
    assert {f"{service.key}-{part}" for service in SERVICES for part in ("service", "hpa", "pdb")} <= keys
    assert {f"queue-{queue.name.replace('_', '-')}" for queue in SERVICE_BUS.queues} <= keys
    assert {f"private-endpoint-{each.resource_key.replace('_', '-')}" for each in PRIVATE_ENDPOINTS} <= keys
    assert {
        "system-pool", "application-pool", "front-door", "gateway", "waf", "waf-rate", "waf-geo", "waf-bot", "gateway-nsg",
        "aks-nsg", "network-policy", "service-mesh", "postgresql-primary", "postgresql-replica-1", "postgresql-replica-2",
        "postgresql-backups", "postgresql-pitr", "redis-cluster", *(f"redis-shard-{shard}" for shard in range(6)), "redis-rdb",
        "redis-aof", "cache-l1-application", "cache-l2-distributed", "cache-user-session", "cache-location-data",
        "cache-ai-results", "cache-static-content", "service-bus", "topic-trip-events", "subscription-audit-subscription",
        "subscription-monitoring-subscription", "subscription-analytics-subscription", "service-bus-geo", "firewall", "entra",
        "managed-identity", "key-vault", "rotation-secrets", "rotation-api-keys", "rotation-certificates", "log-analytics",
        "application-insights", "container-insights", "agents", "managed-prometheus", "registry", "argo-cd", "rollback",
        "image-scans", "rto", "rpo", "budget-stated", "budget-optimised",
    } <= keys  # fmt: skip


def test_a_new_queue_would_fail_the_check() -> None:
    more = System(key="queue-new", title=WHY, source=Section("6.1.2"))
    found = list(coverage.check(catalog.load(), (*SYSTEMS, more), ROWS))
    assert [problem.name for problem in found] == ["queue-new"]


def test_every_alert_watches_some_system_of_the_document() -> None:
    named = {alert for each in ROWS for alert in each.alerts}
    assert {alert.id for alert in catalog.load().alerts} - named == set()
