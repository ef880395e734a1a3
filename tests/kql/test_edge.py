"""Front Door, gateway, WAF: who was let through how often, and where the errors come from, counted by hand."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from kql import edge
from observability.model.query import Query
from observability.model.verdict import Outcome
from tests.kql.stored import NOON, Rows

Row = dict[str, Any]


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


def front_door(status: str, *, address: str = "1.2.3.4", second: float = 0, error: str = "NoError", **more: Any) -> Row:
    return {
        "TimeGenerated": NOON + timedelta(seconds=second),
        "Category": "FrontDoorAccessLog",
        "hostName_s": "www.tripgen.com",
        "originName_s": "gateway",
        "httpStatusCode_s": status,
        "clientIp_s": address,
        "errorInfo_s": error,
        **more,
    }


def gateway(status: int, server: int | None, second: int = 0) -> Row:
    return {
        "TimeGenerated": NOON + timedelta(seconds=second),
        "Host": "www.tripgen.com",
        "BackendPoolName": "aks",
        "HttpStatus": status,
        "ServerStatus": server,
    }


# --- errors -----------------------------------------------------------------------------------------


def test_the_error_rate_at_front_door_is_what_plain_counting_gives(rows: Rows) -> None:
    dice = random.Random(7)
    given = [front_door(dice.choice(["200", "200", "404", "502", "503"]), second=second) for second in range(500)]
    given.append({**front_door("500"), "Category": "FrontDoorWebApplicationFirewallLog"})
    errors = [row for row in given[:-1] if int(row["httpStatusCode_s"]) >= 500]
    (found,) = rows(edge.FRONT_DOOR_ERRORS, {"AzureDiagnostics": given})
    assert (found["host"], found["requests"], found["errors"]) == ("www.tripgen.com", 500, len(errors))
    assert found["error_percent"] == pytest.approx(100 * len(errors) / 500)
    assert found["last_error"] == errors[-1]["TimeGenerated"]


def test_a_host_without_an_error_passes_and_has_no_last_one(rows: Rows) -> None:
    found = rows(edge.FRONT_DOOR_ERRORS, {"AzureDiagnostics": [front_door("200"), front_door("499")]})
    assert [(row["error_percent"], row["last_error"]) for row in found] == [(0.0, None)]
    assert outcomes(edge.FRONT_DOOR_ERRORS, found) == [Outcome.PASS]


def test_the_gateways_own_errors_are_told_from_the_backends(rows: Rows) -> None:
    given = [gateway(200, 200), gateway(502, None, 1), gateway(502, None, 2), gateway(500, 500, 3), gateway(404, 404)]
    (found,) = rows(edge.GATEWAY_ERRORS, {"AGWAccessLogs": given})
    assert (found["requests"], found["errors"], found["from_backend"]) == (5, 3, 1)
    assert found["error_percent"] == pytest.approx(60.0)
    assert found["last_error"] == NOON + timedelta(seconds=3)


# --- the rule of 1,000 requests a minute and address -------------------------------------------------


@pytest.mark.parametrize(("passed", "says"), [(1000, Outcome.PASS), (1001, Outcome.FAIL)])
def test_the_rule_lets_1000_requests_a_minute_through_from_one_address_and_no_more(
    rows: Rows, passed: int, says: Outcome
) -> None:
    given = [front_door("200", second=number % 60) for number in range(passed)]
    given += [front_door("429", second=number % 60) for number in range(700)]  # what the rule refused
    given += [front_door("200", second=60 + number % 60) for number in range(400)]  # the minute after
    given += [front_door("200", address="5.6.7.8") for _ in range(30)]
    found = rows(edge.RATE_BY_ADDRESS, {"AzureDiagnostics": given})
    assert [(row["address"], row["most_passed"], row["of_requests"]) for row in found] == [
        ("1.2.3.4", passed, passed + 700),
        ("5.6.7.8", 30, 30),
    ]
    assert (found[0]["at"], found[0]["all_requests"], found[0]["minutes_seen"]) == (NOON, passed + 1100, 2)
    assert outcomes(edge.RATE_BY_ADDRESS, found)[0] is says


def test_the_busiest_minute_of_each_address_is_what_plain_counting_gives(rows: Rows) -> None:
    dice = random.Random(11)
    given = [
        front_door(dice.choice(["200", "403"]), address=f"10.0.0.{dice.randrange(5)}", second=dice.randrange(600))
        for _ in range(2000)
    ]
    passed: Counter[tuple[str, datetime]] = Counter()
    for row in given:
        if row["httpStatusCode_s"] == "200":
            passed[row["clientIp_s"], row["TimeGenerated"].replace(second=0)] += 1
    most = {address: max(count for (of, _), count in passed.items() if of == address) for address, _ in passed}
    found = rows(edge.RATE_BY_ADDRESS, {"AzureDiagnostics": given})
    assert {row["address"]: row["most_passed"] for row in found} == most


# --- TLS --------------------------------------------------------------------------------------------


def test_tls_and_certificate_errors_are_counted_with_their_reason(rows: Rows) -> None:
    given = [
        front_door("200"),
        front_door("502", error="SSLHandshakeError", second=5),
        front_door("502", error="OriginTimeout"),
        front_door("502", error="CertificateExpired", second=9),
    ]
    (found,) = rows(edge.TLS_ERRORS, {"AzureDiagnostics": given})
    assert (found["requests"], found["tls_errors"], found["last_seen"]) == (4, 2, NOON + timedelta(seconds=9))
    assert found["reason"] in ("SSLHandshakeError", "CertificateExpired")
    assert outcomes(edge.TLS_ERRORS, [found]) != [Outcome.PASS]


def test_an_origin_without_a_tls_error_passes(rows: Rows) -> None:
    found = rows(edge.TLS_ERRORS, {"AzureDiagnostics": [front_door("200")]})
    assert outcomes(edge.TLS_ERRORS, found) == [Outcome.PASS]
