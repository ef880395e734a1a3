"""What an ordinary day asks of the services. The document gives the goals; these shapes are this project's assumption,
chosen so that a normal day keeps every goal of phase 1 with some room.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from observability.design.data import POSTGRESQL, REDIS, SERVICE_BUS
from observability.design.services import AI, LOCATION, TRIP, USER
from observability.model.clock import KST


@dataclass(frozen=True, slots=True)
class Call:
    """A dependency: ``share`` of the operation's requests make it, and it takes ``median_ms``."""

    type: str
    target: str
    name: str
    share: float
    median_ms: float


@dataclass(frozen=True, slots=True)
class Operation:
    """``share`` is of all requests. Durations are lognormal; ``errors`` end in 5xx, ``refusals`` in 4xx."""

    role: str
    name: str
    share: float
    median_ms: float
    calls: tuple[Call, ...] = ()
    spread: float = 0.5
    errors: float = 0.0002
    refusals: float = 0.012

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.name.partition(" ")[2]


MODEL_HOST = "api.openai.com"
"""The document names the provider by its secret alone (openai_api_key, section 7.4.1)."""
MAPS_HOST = "maps.example.com"
"""Some external API of the location service; the document names none (external_api_keys, section 7.4.1)."""


def _sql(name: str, share: float, median_ms: float) -> Call:
    return Call("SQL", f"{POSTGRESQL.endpoint.host} | tripgen", name, share, median_ms)


def _redis(name: str, share: float) -> Call:
    return Call("Redis", f"{REDIS.endpoint.host}:{REDIS.endpoint.port}", name, share, 1.2)


def _send(queue: str, share: float) -> Call:
    return Call(
        "Queue Message | Azure Service Bus", f"{SERVICE_BUS.resource.name}/{queue}", f"Send {queue}", share, 6.0
    )


_QUEUES = [queue.name for queue in SERVICE_BUS.queues]
OPERATIONS: tuple[Operation, ...] = (
    Operation(USER.role, "GET /api/users/me", 0.18, 14, (_redis("GET session", 0.9), _sql("SELECT users", 0.1, 4))),
    Operation(USER.role, "POST /api/users/login", 0.07, 48, (_sql("SELECT users", 1.0, 5), _redis("SET session", 1.0))),
    Operation(USER.role, "POST /api/users/refresh", 0.05, 18, (_redis("GET session", 1.0),)),
    Operation(TRIP.role, "GET /api/trips/{id}", 0.20, 32, (_redis("GET trip", 0.9), _sql("SELECT trips", 0.3, 8))),
    Operation(TRIP.role, "GET /api/trips", 0.09, 46, (_sql("SELECT trips", 1.0, 11),)),
    Operation(
        TRIP.role, "POST /api/trips", 0.04, 62, (_sql("INSERT trips", 1.0, 9), _send(_QUEUES[0], 0.6)), refusals=0.03
    ),
    Operation(TRIP.role, "PUT /api/trips/{id}", 0.02, 55, (_sql("UPDATE trips", 1.0, 10),)),
    Operation(
        AI.role,
        "POST /api/ai/schedules",
        0.02,
        2000,
        (Call("HTTP", MODEL_HOST, "POST /v1/chat/completions", 1.0, 1500), _sql("INSERT schedules", 1.0, 9)),
        spread=0.4,
    ),
    Operation(AI.role, "GET /api/ai/schedules/{id}", 0.03, 24, (_redis("GET schedule", 1.0),)),
    Operation(
        LOCATION.role,
        "GET /api/locations/search",
        0.20,
        52,
        (_redis("GET location", 0.95), Call("HTTP", MAPS_HOST, "GET /search", 0.15, 90)),
    ),
    Operation(LOCATION.role, "GET /api/locations/{id}", 0.10, 16, (_redis("GET location", 1.0),)),
)
ROLES = tuple(dict.fromkeys(operation.role for operation in OPERATIONS))

# Requests by the hour of a day in Korea, as shares of the mean: asleep, lunch, evening.
_HOURS = (
    *(0.55, 0.38, 0.28, 0.23, 0.22, 0.30, 0.48, 0.75, 0.95, 1.05, 1.15, 1.25),
    *(1.45, 1.35, 1.20, 1.18, 1.20, 1.25, 1.35, 1.55, 1.75, 1.80, 1.50, 0.95),
)
_MEAN = sum(_HOURS) / len(_HOURS)


def of_day(moment: datetime) -> float:
    """Traffic at that moment as a share of the day's mean, smooth from hour to hour."""
    local = moment.astimezone(KST)
    at = local.hour + local.minute / 60
    before, part = int(at), at - int(at)
    part = (1 - math.cos(math.pi * part)) / 2
    return (_HOURS[before] * (1 - part) + _HOURS[(before + 1) % 24] * part) / _MEAN
