from __future__ import annotations

from datetime import timedelta

from observability.design.operations import (
    AUTO_RECOVERY,
    BUDGET,
    CHECKLISTS,
    COSTS,
    HEALTH_CHECK,
    MAINTENANCE,
    RECOVERY,
    SEVERITIES,
)
from observability.model.source import Section
from observability.model.units import Quantity, Unit, percent


def usd(value: float) -> Quantity:
    return Quantity(value, Unit.USD)


def test_severities_are_answered_in_15_minutes_1_hour_and_24_hours() -> None:
    assert {number: level.response for number, level in SEVERITIES.items()} == {
        1: timedelta(minutes=15),
        2: timedelta(hours=1),
        3: timedelta(hours=24),
    }


def test_only_severity_1_gives_updates_every_15_minutes() -> None:
    assert {number: level.update_every for number, level in SEVERITIES.items()} == {
        1: timedelta(minutes=15),
        2: None,
        3: None,
    }


def test_a_severity_joins_the_terms_and_the_procedure() -> None:
    level = SEVERITIES[1]
    assert level.meaning.ko == "서비스 완전 중단"
    assert [action.ko for action in level.actions] == ["즉시 복구 조치 실행", "대체 서비스 활성화", "고객 공지 발송"]
    assert "PagerDuty" in level.escalation.ko
    assert (level.source, level.procedure_source) == (
        Section("10.2.1", reading="R21"),
        Section("12.2.1", reading="R21"),
    )
    assert all(len(level.actions) == 3 for level in SEVERITIES.values())


def test_maintenance_is_sunday_night_in_seoul_and_never_hides_severity_1() -> None:
    window = MAINTENANCE
    assert (window.weekday, window.start, window.end) == ("Sunday", "02:00:00", "04:00:00")
    assert window.time_zone == "Korea Standard Time"
    assert (window.notice, window.suppressed_severities) == (timedelta(hours=48), (2, 3))


def test_recovery_takes_30_minutes_and_loses_15_at_most() -> None:
    assert (RECOVERY.rto, RECOVERY.rpo) == (timedelta(minutes=30), timedelta(minutes=15))
    assert (RECOVERY.backup_every, RECOVERY.rollback_for) == (timedelta(hours=1), timedelta(hours=24))
    assert (RECOVERY.primary.name, RECOVERY.standby.name) == ("koreacentral", "koreasouth")


def test_health_is_asked_at_the_actuator() -> None:
    assert HEALTH_CHECK.path == "/actuator/health"


def test_five_mechanisms_heal_by_themselves() -> None:
    assert {m.key: (m.threshold, m.lasting, m.within) for m in AUTO_RECOVERY} == {
        "pod_restart": (Quantity(3, Unit.COUNT), None, timedelta(seconds=30)),
        "node_replacement": (None, timedelta(minutes=5), timedelta(minutes=10)),
        "traffic_routing": (None, None, timedelta(0)),
        "auto_scaling": (None, None, timedelta(minutes=5)),
        "circuit_breaker": (percent(50), None, timedelta(minutes=5)),
    }


def test_checklists_have_the_documents_minutes_item_by_item() -> None:
    taken = {
        checklist.every: [item.takes and item.takes // timedelta(minutes=1) for item in checklist.items]
        for checklist in CHECKLISTS
    }
    assert taken == {
        "day": [5, 10, 10, 5, 5],
        "week": [30, 15, 60, 45, 30],
        "month": [120, 240, 90, 180, 120],
        "quarter": [None, None, None, None],
    }
    assert CHECKLISTS[0].items[1].text.ko == "에러 로그 검토"
    assert CHECKLISTS[2].items[1].text.ko == "재해복구 테스트"
    assert CHECKLISTS[3].items[3].text.ko == "보안 침투 테스트"


def test_costs_are_those_of_section_11_1_1() -> None:
    assert {key: item.monthly for key, item in COSTS.items()} == {
        "aks_nodes": usd(2400),
        "postgresql": usd(900),
        "redis": usd(500),
        "gateway": usd(300),
        "service_bus": usd(300),
        "front_door": usd(200),
        "load_balancer": usd(100),
        "storage": usd(200),
        "network": usd(400),
        "monitoring": usd(200),
    }


def test_the_stated_total_is_kept_though_the_rows_add_up_to_100_dollars_less() -> None:
    assert (BUDGET.stated, BUDGET.optimised) == (usd(5600), usd(4200))
    assert sum(item.monthly.value for item in COSTS.values()) == 5500
