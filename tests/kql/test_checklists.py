"""The regular checks of document 12.1.1: every line has its item, and each runs something or says who looks."""

from __future__ import annotations

import pytest

from kql import daily, monthly, quarterly, weekly
from observability.catalog import load
from observability.model.checklist import Item

# Written from the document's own list.
DOCUMENT = {
    "daily": [
        ("모든 서비스 상태 확인", 5),
        ("에러 로그 검토", 10),
        ("성능 메트릭 확인", 10),
        ("보안 알림 검토", 5),
        ("백업 상태 확인", 5),
    ],
    "weekly": [
        ("용량 계획 검토", 30),
        ("백업 상태 확인", 15),
        ("보안 패치 적용", 60),
        ("성능 최적화 검토", 45),
        ("비용 분석", 30),
    ],
    "monthly": [
        ("비용 분석 및 최적화", 120),
        ("재해복구 테스트", 240),
        ("용량 계획 업데이트", 90),
        ("보안 감사", 180),
        ("아키텍처 리뷰", 120),
    ],
    "quarterly": [
        ("전체 시스템 성능 리뷰", None),
        ("기술 부채 평가 및 해결 계획", None),
        ("확장성 테스트", None),
        ("보안 침투 테스트", None),
    ],
}


@pytest.mark.parametrize("pack", DOCUMENT)
def test_every_line_of_the_document_is_an_item_in_its_order(pack: str) -> None:
    items = [item for item in load().items if item.pack == pack]
    found = [(item.title.ko, item.takes.total_seconds() / 60 if item.takes else None) for item in items]
    assert found == DOCUMENT[pack]


@pytest.mark.parametrize("item", load().items, ids=lambda item: item.key)
def test_every_item_is_judged_by_a_query_or_says_who_must_look(item: Item) -> None:
    assert item.by_hand is not None or any(step.verdict is not None for step in item.steps)


def test_a_pack_looks_back_as_far_as_its_rhythm() -> None:
    assert [each.PACK.span.days for each in (daily, weekly, monthly, quarterly)] == [1, 7, 30, 90]
