"""What can go wrong, as data: each fault changes its own telemetry and what physically follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """From ``start``, included, to ``end``, excluded; whole minutes count."""

    start: datetime
    end: datetime

    def active(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Errors(Fault):
    """``share`` of a service's requests end in 5xx; of one ``operation`` where it is named, of ``version`` since then."""

    role: str
    share: float
    operation: str | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow(Fault):
    """A service answers ``factor`` times as slowly, and never under ``floor_ms``."""

    role: str
    factor: float = 1.0
    floor_ms: float = 0.0
    operation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped(Fault):
    """A service answers nobody: no requests, and its checks fail from everywhere."""

    role: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecksFail(Fault):
    """Synthetic checks of a service fail from these locations (Azure's ids), whatever the service does; once where
    ``once``."""

    role: str
    locations: tuple[str, ...]
    once: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic(Fault):
    """All requests, or those to one service, times ``factor``."""

    factor: float
    role: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CrashLoop(Fault):
    """One pod's container of a service ends and is started again, ``restarts`` times a minute at first, then backing
    off."""

    role: str
    restarts: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class NodesLost(Fault):
    """So many nodes of a pool, or of one zone of it, are not ready; their pods are not available."""

    pool: str
    count: int = 1
    zone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolLoad(Fault):
    """CPU and memory of every node of a pool, in percent of what it has."""

    pool: str
    cpu_percent: float | None = None
    memory_percent: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections(Fault):
    """PostgreSQL's connections in percent of its maximum; at 100 it refuses, and services that need it fail."""

    percent: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseDown(Fault):
    """The primary answers nobody, as in a failover: what needs it fails, and the exporter cannot read it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaLag(Fault):
    """A replica (the design's key) is so many seconds behind."""

    replica: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache(Fault):
    """Redis answers with this share of hits, at this memory; ``down``: it answers nobody."""

    hits: float | None = None
    memory_percent: float | None = None
    down: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog(Fault):
    """Messages that wait in a queue or subscription, and that were dead-lettered."""

    entity: str
    waiting: int = 0
    dead: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Attack(Fault):
    """One address sends so many requests a minute; the firewall blocks what is over the document's limit."""

    address: str
    per_minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalFailure(Fault):
    """``share`` of the calls to an external host fail, and so do the requests that need it."""

    host: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment(Fault):
    """A rolling update of a service to ``version``: pods are replaced one after the other between start and end."""

    role: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NearExpiry(Fault):
    """Key Vault announces at the beginning that one of its objects, by its path, expires soon."""

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CapReached(Fault):
    """The workspace's daily cap is hit: no billable rows until the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSaved(Fault):
    """Redis cannot save: ``kind`` is RDB or AOF."""

    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInsFail(Fault):
    """So many sign-ins of an account fail each minute."""

    account: str
    per_minute: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unscraped(Fault):
    """Nobody reads the shared exporter: no metric of it is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume(Fault):
    """The workspace takes in ``factor`` times as much."""

    factor: float
