"""Key Vault and Defender: what expired, what is near its end, what should have been renewed, counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.key_vault import NEAR_EXPIRY
from kql import security
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from tests.kql.conftest import Answer
from tests.kql.stored import NOON, Rows

VAULT = "https://kv-tripgen-prod.vault.azure.net"
YEAR = Span(NOON - timedelta(days=370), NOON)
Row = dict[str, Any]


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


def call(operation: str, what: str, at: datetime = NOON, status: int = 200) -> Row:
    return {"TimeGenerated": at, "OperationName": operation, "Id": f"{VAULT}/{what}", "HttpStatusCode": status}


def announced(operation: str, name: str, at: datetime = NOON) -> Row:
    """As the vault writes it: the object stands in the event alone, whose version may be another each time."""
    event = {"subject": name, "data": {"Id": f"{VAULT}/secrets/{name}/{at:%M}", "ObjectName": name}}
    return {
        "TimeGenerated": at, "OperationName": operation, "Id": "", "HttpStatusCode": 200,
        "Properties": {"eventGridEventProperties": event},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "operation", "column"),
    [
        (security.VAULT_EXPIRED, "SecretExpiredEventGridNotification", "expired"),
        (security.VAULT_NEAR_EXPIRY, "CertificateNearExpiryEventGridNotification", "due"),
    ],
)
def test_what_ends_is_counted_once_however_often_the_vault_says_so(
    rows: Rows, query: Query, operation: str, column: str
) -> None:
    given = [
        call("SecretGet", "secrets/db-password/1"),
        announced(operation, "db-password", NOON + timedelta(minutes=1)),
        announced(operation, "db-password", NOON + timedelta(minutes=2)),
        announced(operation, "openai-api-key", NOON + timedelta(minutes=3)),
    ]
    (found,) = rows(query, {"AZKVAuditLogs": given})
    assert (found["calls"], found[column]) == (4, 2)
    assert found["example"] in ("db-password", "openai-api-key")
    assert outcomes(query, [found]) != [Outcome.PASS]


def test_each_object_near_its_end_is_an_alert_of_its_own(answer: Answer) -> None:
    operation = "SecretNearExpiryEventGridNotification"
    given = [
        announced(operation, "db-password"),
        announced(operation, "openai-api-key"),
        call("SecretGet", "secrets/a/1"),
    ]
    found = answer(NEAR_EXPIRY, {"AZKVAuditLogs": given})
    assert sorted(found.rows) == [("db-password", 1), ("openai-api-key", 1)]


VAULT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-tripgen-prod"


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ({"Properties": {"eventGridEventProperties": {"data": {"ObjectName": "a"}, "subject": "b"}}, "Id": "c"}, "a"),
        ({"Properties": {"eventGridEventProperties": {"data": {"ObjectName": ""}, "subject": "b"}}, "Id": "c"}, "b"),
        ({"Properties": {"eventGridEventProperties": {"subject": "b"}}, "Id": "c"}, "b"),
        ({"Properties": {"other": 1}, "Id": "c"}, "c"),
        ({"Id": "c"}, "c"),
        ({"Id": ""}, VAULT_ID),
        ({}, VAULT_ID),
    ],
)
def test_an_announcement_is_never_without_an_object(answer: Answer, cells: Row, names: str) -> None:
    row = {
        "TimeGenerated": NOON,
        "OperationName": "KeyNearExpiryEventGridNotification",
        "_ResourceId": VAULT_ID,
        **cells,
    }
    assert list(answer(NEAR_EXPIRY, {"AZKVAuditLogs": [row]}).rows) == [(names, 1)]


@pytest.mark.parametrize("query", [security.VAULT_EXPIRED, security.VAULT_NEAR_EXPIRY])
def test_a_vault_that_is_used_and_says_nothing_of_an_end_passes(rows: Rows, query: Query) -> None:
    found = rows(query, {"AZKVAuditLogs": [call("SecretGet", "secrets/a/1")]})
    assert outcomes(query, found) == [Outcome.PASS]


@pytest.mark.parametrize("query", [security.VAULT_EXPIRED, security.VAULT_NEAR_EXPIRY])
def test_a_vault_that_logs_nothing_proves_nothing(rows: Rows, query: Query) -> None:
    assert rows(query, {"AZKVAuditLogs": []}) == []
    assert query.verdict is not None
    assert query.verdict.empty is Outcome.NO_DATA


@pytest.mark.parametrize(
    ("operation", "what", "days", "limit"),
    [
        ("SecretSet", "secrets/db-password/1", 45, 90),
        ("SecretSet", "secrets/openai-api-key/1", 45, 180),
        ("SecretSet", "secrets/external-api-keys/1", 45, 180),
        ("CertificateImport", "certificates/www/1", 45, 365),
        ("KeyRotate", "keys/disk/1", 45, 90),
    ],
)
def test_each_kind_is_held_against_its_own_rotation(
    rows: Rows, operation: str, what: str, days: int, limit: int
) -> None:
    given = [call(operation, what, NOON - timedelta(days=days))]
    (found,) = rows(security.RENEWAL_AGE, {"AZKVAuditLogs": given}, YEAR)
    kind, name, _ = what.split("/")
    assert (found["object_kind"], found["name"], found["limit_days"]) == (kind, name, limit)
    assert found["age_days"] == pytest.approx(days)
    assert found["used_percent"] == pytest.approx(100 * days / limit)


def test_the_last_renewal_counts_and_one_that_was_refused_does_not(rows: Rows) -> None:
    given = [
        call("SecretSet", "secrets/db-password/1", NOON - timedelta(days=100)),
        call("SecretSet", "secrets/db-password/2", NOON - timedelta(days=95)),
        call("SecretSet", "secrets/db-password/3", NOON - timedelta(days=1), status=403),
    ]
    found = rows(security.RENEWAL_AGE, {"AZKVAuditLogs": given}, YEAR)
    assert [row["age_days"] for row in found] == [pytest.approx(95.0)]
    assert outcomes(security.RENEWAL_AGE, found) == [Outcome.FAIL]


def alert(ident: str, severity: str, status: str, minute: int) -> Row:
    return {
        "TimeGenerated": NOON + timedelta(minutes=minute),
        "SystemAlertId": ident,
        "AlertName": f"alert {ident}",
        "AlertSeverity": severity,
        "Status": status,
    }


def test_an_alert_is_what_its_last_row_says(rows: Rows) -> None:
    given = [
        alert("a", "High", "New", 1),
        alert("a", "High", "Resolved", 2),
        alert("b", "Medium", "New", 3),
        alert("c", "High", "InProgress", 4),
    ]
    (found,) = rows(security.SECURITY_ALERTS, {"SecurityAlert": given})
    assert (found["alerts"], found["high"], found["medium"]) == (3, 1, 1)
    assert found["last_seen"] == NOON + timedelta(minutes=4)
    assert outcomes(security.SECURITY_ALERTS, [found]) == [Outcome.FAIL]
