from __future__ import annotations

import re

import pytest

from observability.design.operations import HEALTH_CHECK
from observability.design.services import SERVICES
from observability.design.telemetry import TRACING_SAMPLING
from observability.model.source import Section
from observability.model.system import (
    Autoscaling,
    DisruptionBudget,
    Resources,
    ScalingMetric,
    Service,
    ServiceAddress,
)
from observability.model.text import Text
from observability.model.units import Quantity, Unit, percent
from observability.render.apm import java_agent, python_environment


def _service(role: str) -> Service:
    return Service(
        key="shop",
        title=Text("상점", "Shop"),
        address=ServiceAddress(
            role=role, namespace="market", port=1, purpose=Text("판매", "Sells"), source=Section("1")
        ),
        resources=Resources(
            replicas=1, cpu_request=1, cpu_limit=1, memory_request=1, memory_limit=1, source=Section("1")
        ),
        hpa=Autoscaling(
            minimum=1,
            maximum=2,
            cpu=percent(70),
            memory=percent(80),
            custom=ScalingMetric(name="orders", above=Quantity(1, Unit.COUNT)),
            source=Section("1"),
        ),
        pdb=DisruptionBudget(minimum=1, reason=Text("하나", "One"), source=Section("1")),
    )


SHOP = _service("shop-service")
STOCK = _service("stock-service")


def test_the_java_agent_keeps_the_rate_and_no_request_for_the_health_check_or_its_neighbours() -> None:
    assert java_agent(SHOP, percent(25), "/actuator/health") == {
        "connectionString": "${APPLICATIONINSIGHTS_CONNECTION_STRING}",
        "role": {"name": "shop-service"},
        "customDimensions": {"namespace": "market"},
        "sampling": {
            "percentage": 25,
            "overrides": [
                {
                    "telemetryType": "request",
                    "attributes": [{"key": "url.path", "value": ".*/actuator/.*", "matchType": "regexp"}],
                    "percentage": 0,
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("health_path", "dropped", "kept"),
    [
        (
            "/actuator/health",
            ["/actuator/health", "/actuator/health/liveness", "/actuator/prometheus", "/api/trip/actuator/health"],
            ["/api/v1/trips", "/actuator", "/api/actuators/health"],
        ),
        ("/ops.v1/health", ["/ops.v1/health"], ["/opsxv1/health"]),
        ("/healthz", ["/healthz", "/api/healthz"], ["/", "/healthz-reports"]),
    ],
)
def test_the_pattern_fits_the_checks_and_no_traffic(health_path: str, dropped: list[str], kept: list[str]) -> None:
    override = java_agent(SHOP, percent(10), health_path)["sampling"]["overrides"][0]
    pattern = re.compile(override["attributes"][0]["value"])
    assert [path for path in dropped + kept if pattern.fullmatch(path)] == dropped


@pytest.mark.parametrize("rate", [percent(30), percent(0), percent(7), Quantity(0.15, Unit.RATIO)])
def test_a_rate_that_no_whole_item_count_can_stand_for_is_refused(rate: Quantity) -> None:
    with pytest.raises(ValueError, match=r"is not 100/N percent; use one such as '50'"):
        java_agent(SHOP, rate, "/actuator/health")
    with pytest.raises(ValueError, match="is not 100/N percent"):
        python_environment([SHOP], rate, "/actuator/health")


@pytest.mark.parametrize(
    ("rate", "percentage"),
    [(percent(100), 100), (percent(50), 50), (Quantity(0.2, Unit.RATIO), 20), (percent(12.5), 12.5)],
)
def test_one_in_n_is_taken_in_either_unit(rate: Quantity, percentage: float) -> None:
    assert java_agent(SHOP, rate, "/actuator/health")["sampling"]["percentage"] == percentage


def test_a_health_path_is_a_path() -> None:
    with pytest.raises(ValueError, match="health path 'actuator/health' does not start with '/'"):
        java_agent(SHOP, percent(10), "actuator/health")


def test_python_services_sample_alike_and_say_where_the_rate_comes_from() -> None:
    text = python_environment([SHOP, STOCK], percent(20), "/actuator/health")
    assert text == (
        "# Telemetry of Python services: environment for azure-monitor-opentelemetry.\n"
        "# APPLICATIONINSIGHTS_CONNECTION_STRING is a secret and comes from the service's own environment.\n"
        "\n"
        "# Each service sets its own OTEL_SERVICE_NAME, the role name in Application Insights. One of: shop-service, stock-service.\n"
        "\n"
        "# 20% of the traces (design document 8.2.2): the Java agents' rate, or shared traces would have holes.\n"
        "# This sampler writes into ItemCount how many originals a row stands for. The plain trace_id_ratio leaves it"
        " at 1, and\n"
        "# every count would come out too low.\n"
        "OTEL_TRACES_SAMPLER=microsoft.fixed_percentage\n"
        "OTEL_TRACES_SAMPLER_ARG=0.2\n"
        "\n"
        "# The correlation id travels in W3C headers, the form the Java agents write.\n"
        "OTEL_PROPAGATORS=tracecontext,baggage\n"
        "\n"
        "# Probes and scrapes are no traffic.\n"
        "OTEL_PYTHON_EXCLUDED_URLS=.*/actuator/.*\n"
    )


def test_every_service_of_the_design_samples_10_percent() -> None:
    found = {
        service.key: (settings["role"]["name"], settings["sampling"]["percentage"])
        for service in SERVICES
        for settings in [java_agent(service, TRACING_SAMPLING.rate, HEALTH_CHECK.path)]
    }
    assert found == {
        "user": ("user-service", 10),
        "trip": ("trip-service", 10),
        "ai": ("ai-service", 10),
        "location": ("location-service", 10),
    }
    lines = python_environment(SERVICES, TRACING_SAMPLING.rate, HEALTH_CHECK.path).splitlines()
    assert "OTEL_TRACES_SAMPLER_ARG=0.1" in lines
    assert any(line.startswith("# 10% of the traces (design document 8.2.2):") for line in lines)
