from __future__ import annotations

import json
from typing import Any

import pytest

from kql import document, triage
from observability.model.query import Query
from observability.model.source import Derived, Section
from observability.model.text import Lang, Text
from observability.model.units import minutes
from observability.render import arm
from observability.render.arm_queries import PackEntry, from_query, parameters, query, query_name, query_pack

SLOW = PackEntry(
    key="shop/slow",
    title=Text("느린 주문", "Slow orders"),
    body="let floor = 5;\nAppRequests\n| where DurationMs > floor",
    description=Text("한 매장만인지 봅니다.", "One shop, or all."),
    tags={"pack": ("shop",), "section": ("1.2",)},
)
DENIED = PackEntry(
    key="shop/denied",
    title=Text("거부", "Denied"),
    body="AKSAudit | join PGSQLServerLogs on TimeGenerated",
    description=Text("", ""),
)


def test_a_query_is_deployed_under_a_lasting_name_with_its_titles_in_both_languages() -> None:
    assert query(SLOW, "ko") == {
        "type": "Microsoft.OperationalInsights/queryPacks/queries",
        "apiVersion": "2025-07-01",
        "name": "[concat(parameters('queryPackName'), '/f063ceff-d848-57f9-8c5e-59a9db08ef17')]",
        "dependsOn": ["[resourceId('Microsoft.OperationalInsights/queryPacks', parameters('queryPackName'))]"],
        "properties": {
            "displayName": "느린 주문",
            "description": "한 매장만인지 봅니다.",
            "body": "let floor = 5;\nAppRequests\n| where DurationMs > floor",
            "related": {
                "categories": ["applications"],
                "resourceTypes": ["microsoft.operationalinsights/workspaces", "microsoft.insights/components"],
            },
            "tags": {
                "labels": ["tripgen"],
                "language": ["ko", "en"],
                "pack": ["shop"],
                "section": ["1.2"],
                "service": ["services"],
                "title-en": ["Slow orders"],
                "title-ko": ["느린 주문"],
            },
        },
    }


def test_the_pack_stands_before_its_queries() -> None:
    pack, *queries = query_pack([SLOW, DENIED], "en")
    assert pack == {
        "type": "Microsoft.OperationalInsights/queryPacks",
        "apiVersion": "2025-07-01",
        "name": "[parameters('queryPackName')]",
        "location": "[parameters('location')]",
        "properties": {},
    }
    assert [item["properties"]["displayName"] for item in queries] == ["Slow orders", "Denied"]


def test_a_query_on_two_systems_is_found_beside_both() -> None:
    assert query(DENIED, "en")["properties"]["related"] == {
        "categories": ["container", "databases"],
        "resourceTypes": [
            "microsoft.operationalinsights/workspaces",
            "microsoft.containerservice/managedclusters",
            "microsoft.dbforpostgresql/flexibleservers",
        ],
    }


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ("ContainerRegistryLoginEvents", "container"),
        ("AuditLogs", "audit"),
        ("SigninLogs", "security"),
        ("_LogOperation", "monitor"),
        ("Heartbeat", "monitor"),
    ],
)
def test_the_category_follows_from_the_table(body: str, category: str) -> None:
    entry = PackEntry("a/b", Text("가", "a"), body, Text("", ""))
    assert query(entry, "en")["properties"]["related"]["categories"] == [category]


def test_a_text_in_brackets_is_not_an_expression() -> None:
    entry = PackEntry("a/b", Text("[가]", "[1] a"), "['AppRequests']", Text("", ""))
    properties: dict[str, Any] = query(entry, "en")["properties"]
    assert (properties["displayName"], properties["body"]) == ("[1] a", "[['AppRequests']")
    assert properties["tags"]["title-ko"] == ["[[가]"]


def test_the_name_depends_on_the_key_alone() -> None:
    assert query_name("shop/slow") == "f063ceff-d848-57f9-8c5e-59a9db08ef17"
    assert query_name("shop/denied") != query_name("shop/slow")


@pytest.mark.parametrize(
    ("second", "lang", "wrong"),
    [
        (PackEntry("shop/slow", Text("다른", "Other"), "", Text("", "")), "en", "key used twice: 'shop/slow'"),
        (PackEntry("shop/other", Text("느린 주문", "Other"), "", Text("", "")), "ko", "title used twice: '느린 주문'"),
    ],
)
def test_a_key_or_title_used_twice_is_refused(second: PackEntry, lang: Lang, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        query_pack([SLOW, second], lang)


def test_an_empty_pack_is_still_a_pack() -> None:
    assert [item["type"] for item in query_pack([], "en")] == ["Microsoft.OperationalInsights/queryPacks"]


def test_an_entry_says_what_to_look_for_what_to_mind_and_where_it_comes_from() -> None:
    definition = Query(
        id="late",
        title=Text("늦은 주문", "Late orders"),
        text="""
            AppRequests
            | where TimeGenerated > ago(span)
        """,
        params={"span": minutes(5)},
        source=Derived(Text("이유", "why"), (Section("1.2", reading="R3"), Section("4"))),
        look_for=Text("창고를 봅니다.", "Look at the store."),
        caveat=Text("느립니다.", "It is slow."),
    )
    assert from_query(definition) == PackEntry(
        key="test-arm-queries/late",
        title=Text("늦은 주문", "Late orders"),
        body="let span = 5m;\nAppRequests\n| where TimeGenerated > ago(span)",
        description=Text(
            ko="창고를 봅니다. 느립니다. 설계서 1.2 (R3), 4.",
            en="Look at the store. It is slow. Design document 1.2 (R3), 4.",
        ),
        tags={"pack": ("test-arm-queries",), "section": ("1.2", "4")},
    )


def test_a_query_is_tagged_with_the_severities_of_the_alerts_that_begin_with_it_and_the_services_it_reads() -> None:
    entry = from_query(triage.DATABASE_REFUSALS, [2, 1, 2])
    assert entry.tags["severity"] == ("Sev1", "Sev2")
    assert query(entry, "en")["properties"]["tags"]["service"] == ["postgresql"]
    assert query(DENIED, "en")["properties"]["tags"]["service"] == ["aks", "postgresql"]


def test_a_query_that_cannot_run_never_gets_into_the_pack() -> None:
    with pytest.raises(ValueError, match="query 'document/error-analysis-document' cannot run"):
        from_query(document.ERROR_ANALYSIS)


def test_queries_of_the_project_make_a_template() -> None:
    entries = [from_query(item) for item in (document.ERRORS, triage.SLOW_OPERATIONS, triage.DATABASE_REFUSALS)]
    declared = {
        item.name: item for item in [*parameters(), arm.Parameter("location", "Region.", default="koreacentral")]
    }
    template = arm.template(query_pack(entries, "ko"), declared, json.dumps, "Queries.")
    assert {name: body["defaultValue"] for name, body in template["parameters"].items()} == {
        "location": "koreacentral",
        "queryPackName": "qp-tripgen",
    }
    assert [item["properties"]["tags"]["pack"] for item in template["resources"][1:]] == [
        ["document"],
        ["triage"],
        ["triage"],
    ]
