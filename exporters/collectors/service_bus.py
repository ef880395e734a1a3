"""Service Bus: messages and sizes of the design's queues, topic and subscriptions, from the management endpoint."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from exporters.credentials import managed_identity
from exporters.families import Collector, Families, Labels, Partial
from observability.design.data import SERVICE_BUS
from observability.model.errors import SourceUnavailable
from observability.model.operations import Messaging
from observability.signals.service_bus import ENTITY_SIZE, MESSAGES

if TYPE_CHECKING:  # the Azure libraries cost half a second and are loaded by the first round, off the event loop
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.exceptions import AzureError
    from azure.servicebus.aio.management import ServiceBusAdministrationClient
    from azure.servicebus.management import (
        QueueRuntimeProperties,
        SubscriptionRuntimeProperties,
        TopicRuntimeProperties,
    )

    from exporters.config import ServiceBusConfig

_LOG = logging.getLogger(__name__)
_Told = TypeVar("_Told")
_State = TypeVar("_State")

ACTIVE, DEAD_LETTERED, SCHEDULED = "active", "dead_lettered", "scheduled"

# How long a namespace that asks for patience is left alone at most: a mistaken header must not blind us for a day.
_LONGEST_PAUSE = 300.0
# Retry-After may hold a date instead of seconds; Service Bus sends seconds, so a date is not worth a second clock.
_PAUSE_UNTIL_A_DATE = 60.0


@dataclass(frozen=True, slots=True)
class QueueState:
    """``size`` is in bytes, the others are messages."""

    active: int
    dead_lettered: int
    scheduled: int
    size: int


@dataclass(frozen=True, slots=True)
class TopicState:
    """Scheduled messages wait at the topic: a subscription gets its copy only when they are due."""

    scheduled: int
    size: int


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    active: int
    dead_lettered: int


class EntityUnavailable(SourceUnavailable):
    """One entity is missing or its answer cannot be read; the others can still be asked."""


class Throttled(SourceUnavailable):
    """The namespace asks for a pause of ``seconds``."""

    def __init__(self, reason: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(reason)


class Reader(Protocol):
    """Asks one namespace. All but ``close`` raise EntityUnavailable, Throttled or another SourceUnavailable."""

    async def queue(self, name: str) -> QueueState: ...
    async def topic(self, name: str) -> TopicState: ...
    async def subscription(self, topic: str, name: str) -> SubscriptionState: ...
    async def close(self) -> None:
        """Give connections back; never raises."""


class ServiceBus(Collector):
    """Reports every queue and subscription of the design.

    A round without some of them is partial. It fails only if the namespace refuses, throttles or does not answer, or
    if not one entity could be read.
    """

    name = "service_bus"

    def __init__(
        self,
        reader: Reader,
        *,
        every: float,
        timeout: float,
        messaging: Messaging = SERVICE_BUS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.every = every
        self.timeout = timeout
        self._reader = reader
        self._messaging = messaging
        self._clock = clock
        self._quiet_until = clock()

    @classmethod
    def of(cls, config: ServiceBusConfig) -> ServiceBus:
        """The collector of the configured namespace, signed in as the pod."""
        # A quarter: one slow answer leaves time for the other entities, and a silent namespace is given up with a
        # reason before the scheduler gives up the round without one.
        reader = AzureReader(config.namespace, within=config.timeout / 4)
        return cls(reader, every=config.every, timeout=config.timeout)

    async def collect(self) -> Families | Partial:
        if (left := self._quiet_until - self._clock()) > 0:
            raise SourceUnavailable(f"throttled: the namespace is asked again in {left:.0f} s")
        messages: dict[Labels, float] = {}
        sizes: dict[Labels, float] = {}
        problems: list[str] = []
        # One after the other: one connection and one TLS handshake a round instead of seven, and the namespace's
        # budget for management requests is shared with whoever deploys.
        try:
            for read in self._reads(messages, sizes):
                try:
                    await read
                except EntityUnavailable as problem:
                    problems.append(str(problem))
        except Throttled as throttled:
            self._quiet_until = self._clock() + min(throttled.seconds, _LONGEST_PAUSE)
            raise
        if not messages and problems:
            raise SourceUnavailable("; ".join(problems))
        families: Families = {MESSAGES: messages, ENTITY_SIZE: sizes}
        return Partial(families, tuple(problems)) if problems else families

    async def close(self) -> None:
        await self._reader.close()

    def _reads(self, messages: dict[Labels, float], sizes: dict[Labels, float]) -> Iterator[Awaitable[None]]:
        for queue in self._messaging.queues:
            yield self._queue(queue.name, messages, sizes)
        for topic in self._messaging.topics:
            yield self._topic(topic.name, messages, sizes)
            for subscription in topic.subscriptions:
                yield self._subscription(topic.name, subscription, messages)

    async def _queue(self, name: str, messages: dict[Labels, float], sizes: dict[Labels, float]) -> None:
        state = await self._reader.queue(name)
        messages[name, "", ACTIVE] = state.active
        messages[name, "", DEAD_LETTERED] = state.dead_lettered
        messages[name, "", SCHEDULED] = state.scheduled
        sizes[name,] = state.size

    async def _topic(self, name: str, messages: dict[Labels, float], sizes: dict[Labels, float]) -> None:
        state = await self._reader.topic(name)
        messages[name, "", SCHEDULED] = state.scheduled
        sizes[name,] = state.size

    async def _subscription(self, topic: str, name: str, messages: dict[Labels, float]) -> None:
        state = await self._reader.subscription(topic, name)
        messages[topic, name, ACTIVE] = state.active
        messages[topic, name, DEAD_LETTERED] = state.dead_lettered


# --- the real reader --------------------------------------------------------------------------------


class AzureReader:
    """Reads through azure-servicebus's management client, which is built at the first question.

    ``within`` seconds is the longest wait for one answer, a new token included. ``credential`` and ``transport`` are
    called once, on the event loop; the transport is the client's own unless one is given.
    """

    def __init__(
        self,
        namespace: str,
        credential: Callable[[], AsyncTokenCredential] = managed_identity,
        *,
        within: float = 5.0,
        transport: Callable[[], Any] | None = None,
    ) -> None:
        self._namespace = namespace
        self._credential = credential
        self._within = within
        self._transport = transport
        self._open: tuple[ServiceBusAdministrationClient, AsyncTokenCredential] | None = None

    async def queue(self, name: str) -> QueueState:
        return await self._ask(f"queue '{name}'", lambda it: it.get_queue_runtime_properties(name), _queue)

    async def topic(self, name: str) -> TopicState:
        return await self._ask(f"topic '{name}'", lambda it: it.get_topic_runtime_properties(name), _topic)

    async def subscription(self, topic: str, name: str) -> SubscriptionState:
        return await self._ask(
            f"subscription '{topic}/{name}'",
            lambda it: it.get_subscription_runtime_properties(topic, name),
            _subscription,
        )

    async def close(self) -> None:
        if self._open is None:
            return
        opened, self._open = self._open, None
        for one in opened:
            try:
                await one.close()
            except Exception as error:  # whatever it is, the process is on its way out
                _LOG.info("service bus: closing failed: %s", type(error).__name__)

    async def _ask(
        self,
        what: str,
        question: Callable[[ServiceBusAdministrationClient], Awaitable[_Told]],
        state: Callable[[_Told], _State],
    ) -> _State:
        client = await self._client()
        from azure.core.exceptions import AzureError  # loaded by now

        try:
            async with asyncio.timeout(self._within):
                return state(await question(client))
        except TimeoutError:
            raise SourceUnavailable(f"{self._namespace}: no answer within {self._within:g} s") from None
        except AzureError as error:
            raise _reason(self._namespace, what, error) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            # What the client's own parser raises on well-formed XML with the wrong content.
            raise _unreadable(what) from None

    async def _client(self) -> ServiceBusAdministrationClient:
        if self._open is None:
            try:
                management = await asyncio.to_thread(importlib.import_module, "azure.servicebus.aio.management")
                credential = self._credential()
            except ImportError as error:
                # azure-core loads aiohttp itself and says so only by failing.
                raise SourceUnavailable(f"{error}; install tripgen-observability[exporter]") from None
            client = management.ServiceBusAdministrationClient(
                self._namespace,
                credential,
                # The scheduler's next round is the retry: waiting inside this one would only use up its time.
                retry_total=0,
                transport=self._transport() if self._transport else None,
            )
            self._open = (client, credential)
        return self._open[0]


def _queue(told: QueueRuntimeProperties) -> QueueState:
    return QueueState(
        active=_number(told.active_message_count),
        dead_lettered=_number(told.dead_letter_message_count),
        scheduled=_number(told.scheduled_message_count),
        size=_number(told.size_in_bytes),
    )


def _topic(told: TopicRuntimeProperties) -> TopicState:
    return TopicState(scheduled=_number(told.scheduled_message_count), size=_number(told.size_in_bytes))


def _subscription(told: SubscriptionRuntimeProperties) -> SubscriptionState:
    return SubscriptionState(
        active=_number(told.active_message_count), dead_lettered=_number(told.dead_letter_message_count)
    )


def _number(value: int | None) -> int:
    if value is None:
        raise ValueError("left out")
    return value


def _unreadable(what: str) -> EntityUnavailable:
    return EntityUnavailable(f"{what}: the answer cannot be read")


def _reason(namespace: str, what: str, error: AzureError) -> SourceUnavailable:
    """Why, in our own words: the library's messages quote requests, answers and identities."""
    from azure.core.exceptions import (
        ClientAuthenticationError,
        DecodeError,
        ResourceNotFoundError,
        ServiceRequestError,
        ServiceResponseError,
    )

    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status in (429, 503):
        pause = _pause(getattr(response, "headers", {}))
        return Throttled(f"{namespace}: throttled ({status}), to be asked again in {pause:g} s", pause)
    # Service Bus answers 404 for a subscription that is not there, and 200 with an empty feed for a queue.
    if isinstance(error, ResourceNotFoundError):
        return EntityUnavailable(f"{what}: does not exist in {namespace}")
    if status in (401, 403):
        return SourceUnavailable(f"{namespace}: the identity is refused ({status})")
    if isinstance(error, ClientAuthenticationError):
        return SourceUnavailable(f"{namespace}: the identity gets no token")
    if isinstance(error, DecodeError) and status == 200:
        return _unreadable(what)
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return SourceUnavailable(f"{namespace}: no connection ({type(error).__name__})")
    return SourceUnavailable(f"{namespace}: {what}: " + (f"answered {status}" if status else type(error).__name__))


def _pause(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header; none means the next round is soon enough."""
    told = headers.get("Retry-After", "0").strip()
    return float(told) if told.isascii() and told.isdigit() else _PAUSE_UNTIL_A_DATE


# --- the fake ---------------------------------------------------------------------------------------


@dataclass
class FakeReader:
    """Answers from dictionaries; an exception in them is raised, a name that is not in them does not exist."""

    queues: dict[str, QueueState | SourceUnavailable] = field(default_factory=dict)
    topics: dict[str, TopicState | SourceUnavailable] = field(default_factory=dict)
    subscriptions: dict[tuple[str, str], SubscriptionState | SourceUnavailable] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def queue(self, name: str) -> QueueState:
        return self._told(f"queue '{name}'", self.queues.get(name))

    async def topic(self, name: str) -> TopicState:
        return self._told(f"topic '{name}'", self.topics.get(name))

    async def subscription(self, topic: str, name: str) -> SubscriptionState:
        return self._told(f"subscription '{topic}/{name}'", self.subscriptions.get((topic, name)))

    async def close(self) -> None:
        self.closed = True

    def _told(self, what: str, answer: _State | SourceUnavailable | None) -> _State:
        self.asked.append(what)
        if answer is None:
            raise EntityUnavailable(f"{what}: does not exist in the fake")
        if isinstance(answer, SourceUnavailable):
            raise answer
        return answer
