from __future__ import annotations

from observability.design.document import SECTIONS
from observability.design.findings import FINDINGS

BY_ID = {finding.id: finding for finding in FINDINGS}


def test_findings_are_numbered_without_gaps() -> None:
    assert [finding.id for finding in FINDINGS] == [f"R{n}" for n in range(1, 39)]


def test_the_first_24_are_agreed_readings_and_the_rest_the_projects_own() -> None:
    assert [finding.id for finding in FINDINGS if finding.origin == "project"] == [f"R{n}" for n in range(25, 39)]


def test_every_finding_is_about_sections_that_exist() -> None:
    assert [f.id for f in FINDINGS if not f.sections or not set(f.sections) <= set(SECTIONS)] == []


def test_findings_stand_in_the_sections_of_the_readings() -> None:
    assert BY_ID["R1"].sections == ("8.1.1", "8.2.2")
    assert BY_ID["R12"].sections == ("4.1.2", "4.3.1", "4.4")
    assert BY_ID["R18"].sections == ("8.1.1", "11.1")
    assert BY_ID["R20"].sections == ("14", "13.2.1")
    assert BY_ID["R25"].sections == ("8.1.2",)


def test_a_finding_names_its_numbers_in_both_languages() -> None:
    expected = {
        "R1": ("done", ("5", "10", "ItemCount")),
        "R2": ("done", ("p95", "[2m]")),
        "R5": ("done", ("5xx", "ItemCount")),
        "R8": ("trouble", ("2026-09-30", "KS142")),
        "R11": ("done", ("2556",)),
        "R12": ("done", ("6380", "TLS", "Cache", "redis")),
        "R15": ("trouble", ("53", "26", "P3")),
        "R18": ("done", ("80",)),
        "R22": ("done", ("Adaptive Card", "Block Kit", "82")),
        "R23": ("done", ("20", "SKU")),
        "R24": ("done", ("Korea Standard Time", "2", "3")),
        "R25": ("done", ("CrashLoopBackOff",)),
        "R26": ("trouble", ("5,500",)),
        "R27": ("says", ("443", "5671", "5672")),
        "R28": ("done", ("replica_1",)),
        "R32": ("trouble", ("1,000", "1")),
        "R30": ("trouble", ("15", "AOF")),
    }
    for id, (part, words) in expected.items():
        text = getattr(BY_ID[id], part)
        assert [word for word in words if word not in text.ko or word not in text.en] == [], id


def test_korean_is_korean_and_english_is_not() -> None:
    def hangul(text: str) -> bool:
        return any("가" <= letter <= "힣" for letter in text)

    texts = [text for f in FINDINGS for text in (f.says, f.trouble, f.done)]
    assert [text for text in texts if not hangul(text.ko) or hangul(text.en)] == []
