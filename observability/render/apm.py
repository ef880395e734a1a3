"""Settings of the agents inside the services: the Java agent's file, and the environment of Python services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from observability.model.system import Service
from observability.model.units import Quantity, Unit, number


def _percentage(rate: Quantity) -> float:
    """The rate in percent. Raises ValueError unless it is 100/N.

    A kept row stands for N originals and says so in ItemCount, a whole number: at any other rate every count in the
    workspace would be off.
    """
    value = rate.to(Unit.PERCENT)
    if not 0 < value <= 100 or abs(100 / value - round(100 / value)) > 1e-6:
        raise ValueError(f"sampling rate '{rate}' is not 100/N percent; use one such as '50', '25', '20', '10', '5'")
    return int(value) if float(value).is_integer() else value


def _around(health_path: str) -> str:
    """A regular expression for the health check and its neighbours: ``/actuator/health`` -> ``.*/actuator/.*``.

    Anything may stand in front, as the synthetic checks come through the gateway with the service's public path.
    The neighbours (readiness, Prometheus scrapes) are asked as often, and all of it would pass for traffic: enough of
    it to reach the floor of requests an error alert waits for. A path of one segment stands for itself.
    """
    if not health_path.startswith("/"):
        raise ValueError(f"health path '{health_path}' does not start with '/'")
    parent = health_path.rpartition("/")[0]
    return f".*{re.escape(parent)}/.*" if parent else f".*{re.escape(health_path)}"


def java_agent(service: Service, rate: Quantity, health_path: str) -> dict[str, Any]:
    """applicationinsights.json of one service.

    The connection string is filled in by the agent from the pod's environment. A request that is sampled out takes its
    dependencies and log lines with it. Only what is known when a request begins can decide: failed ones cannot be kept
    apart, so error rates lean on ItemCount.
    """
    return {
        "connectionString": "${APPLICATIONINSIGHTS_CONNECTION_STRING}",
        "role": {"name": service.role},
        "customDimensions": {"namespace": service.namespace},
        "sampling": {
            "percentage": _percentage(rate),
            "overrides": [
                {
                    "telemetryType": "request",
                    "attributes": [{"key": "url.path", "value": _around(health_path), "matchType": "regexp"}],
                    "percentage": 0,
                }
            ],
        },
    }


def python_environment(services: Iterable[Service], rate: Quantity, health_path: str) -> str:
    """otel.env for every Python service: plain NAME=VALUE lines, which Docker, Kubernetes and a shell all read."""
    _percentage(rate)
    roles = ", ".join(service.role for service in services)
    return f"""\
# Telemetry of Python services: environment for azure-monitor-opentelemetry.
# APPLICATIONINSIGHTS_CONNECTION_STRING is a secret and comes from the service's own environment.

# Each service sets its own OTEL_SERVICE_NAME, the role name in Application Insights. One of: {roles}.

# {rate} of the traces (design document 8.2.2): the Java agents' rate, or shared traces would have holes.
# This sampler writes into ItemCount how many originals a row stands for. The plain trace_id_ratio leaves it at 1, and
# every count would come out too low.
OTEL_TRACES_SAMPLER=microsoft.fixed_percentage
OTEL_TRACES_SAMPLER_ARG={number(rate.to(Unit.RATIO))}

# The correlation id travels in W3C headers, the form the Java agents write.
OTEL_PROPAGATORS=tracecontext,baggage

# Probes and scrapes are no traffic.
OTEL_PYTHON_EXCLUDED_URLS={_around(health_path)}
"""
