from __future__ import annotations

import pytest

from observability.design.services import AI, LOCATION, SERVICES, TRIP, USER
from observability.model.source import Section
from observability.model.system import Service
from observability.model.units import Quantity, Unit, percent

MIB = 1024 * 1024


def test_there_are_four_services_in_the_order_of_the_document() -> None:
    assert SERVICES == (USER, TRIP, AI, LOCATION)
    assert [service.key for service in SERVICES] == ["user", "trip", "ai", "location"]


@pytest.mark.parametrize(
    ("service", "role", "dns"),
    [
        (USER, "user-service", "user-service.production.svc.cluster.local"),
        (TRIP, "trip-service", "trip-service.production.svc.cluster.local"),
        (AI, "ai-service", "ai-service.production.svc.cluster.local"),
        (LOCATION, "location-service", "location-service.production.svc.cluster.local"),
    ],
)
def test_each_service_is_found_by_its_kubernetes_name_on_port_8080(service: Service, role: str, dns: str) -> None:
    assert (service.role, service.namespace, service.dns, service.port) == (role, "production", dns, 8080)


@pytest.mark.parametrize(
    ("service", "cpu", "memory_mib", "replicas"),
    [
        (USER, (0.5, 2.0), (1024, 2048), 3),
        (TRIP, (1.0, 4.0), (2048, 4096), 3),
        (AI, (2.0, 8.0), (4096, 8192), 2),
        (LOCATION, (0.5, 2.0), (1024, 2048), 2),
    ],
)
def test_requests_limits_and_replicas_are_those_of_section_3_3_1(
    service: Service, cpu: tuple[float, float], memory_mib: tuple[int, int], replicas: int
) -> None:
    resources = service.resources
    assert (resources.cpu_request, resources.cpu_limit) == cpu
    assert (resources.memory_request, resources.memory_limit) == (memory_mib[0] * MIB, memory_mib[1] * MIB)
    assert resources.replicas == replicas


def test_user_service_scales_from_3_to_10_pods_on_requests_per_second() -> None:
    assert (USER.hpa.minimum, USER.hpa.maximum) == (3, 10)
    assert (USER.hpa.cpu, USER.hpa.memory) == (percent(70), percent(80))
    assert (USER.hpa.custom.name, USER.hpa.custom.above) == ("requests_per_second", Quantity(100, Unit.PER_SECOND))


def test_trip_service_scales_from_3_to_15_pods_on_active_connections() -> None:
    assert (TRIP.hpa.minimum, TRIP.hpa.maximum) == (3, 15)
    assert (TRIP.hpa.cpu, TRIP.hpa.memory) == (percent(70), percent(80))
    assert (TRIP.hpa.custom.name, TRIP.hpa.custom.above) == ("active_connections", Quantity(50, Unit.CONNECTIONS))


def test_ai_service_scales_from_2_to_8_pods_on_queue_length() -> None:
    assert (AI.hpa.minimum, AI.hpa.maximum) == (2, 8)
    assert (AI.hpa.cpu, AI.hpa.memory) == (percent(80), percent(85))
    assert (AI.hpa.custom.name, AI.hpa.custom.above) == ("queue_length", Quantity(10, Unit.MESSAGES))


def test_location_service_scales_from_2_to_10_pods_on_search_requests() -> None:
    assert (LOCATION.hpa.minimum, LOCATION.hpa.maximum) == (2, 10)
    assert (LOCATION.hpa.cpu, LOCATION.hpa.memory) == (percent(70), percent(80))
    assert (LOCATION.hpa.custom.name, LOCATION.hpa.custom.above) == ("search_requests", Quantity(200, Unit.COUNT))


def test_only_the_user_service_has_a_pod_to_spare_above_its_disruption_budget() -> None:
    assert {s.key: (s.pdb_minimum, s.pdb.source) for s in SERVICES} == {
        "user": (2, Section("3.2.1")),
        "trip": (3, Section("3.2.1", reading="R17")),
        "ai": (2, Section("3.2.1", reading="R17")),
        "location": (2, Section("3.2.1", reading="R17")),
    }


def test_each_part_of_a_service_cites_its_own_section() -> None:
    for service in SERVICES:
        assert service.address.source == Section("4.4")
        assert service.resources.source == Section("3.3.1")
        assert service.hpa.source == Section("3.3.2")
