"""The Service Bus collector, with its fake and with azure-servicebus's own client against a namespace on loopback.

The client speaks HTTPS only and refuses to send a token over anything else, so the namespace below is a TLS server
with a certificate of its own. Nothing is rewritten: the namespace's name is ``127.0.0.1:<port>``, and the one thing
handed in is azure-core's own transport on a session that trusts that certificate.
"""

from __future__ import annotations

import asyncio
import datetime
import importlib
import ipaddress
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exporters.collectors.service_bus import (
    AzureReader,
    FakeReader,
    QueueState,
    ServiceBus,
    SubscriptionState,
    Throttled,
    TopicState,
)
from exporters.credentials import managed_identity
from exporters.families import Partial
from observability.model.errors import SourceUnavailable
from observability.model.signal import Instrument
from observability.signals.service_bus import ENTITY_SIZE, MESSAGES

QUEUES = ("ai_schedule_generation", "location_search", "notification")
SUBSCRIPTIONS = ("audit_subscription", "monitoring_subscription", "analytics_subscription")
TOKEN = "eyJ0eXAi.secret-of-the-pod.sig"  # noqa: S105 - opens nothing

# What both the fake and the namespace below hold.
EVERYTHING: dict[Instrument, dict[tuple[str, ...], float]] = {
    MESSAGES: {
        ("ai_schedule_generation", "", "active"): 12,
        ("ai_schedule_generation", "", "dead_lettered"): 3,
        ("ai_schedule_generation", "", "scheduled"): 1,
        ("location_search", "", "active"): 0,
        ("location_search", "", "dead_lettered"): 0,
        ("location_search", "", "scheduled"): 0,
        ("notification", "", "active"): 7,
        ("notification", "", "dead_lettered"): 0,
        ("notification", "", "scheduled"): 40,
        ("trip_events", "", "scheduled"): 5,
        ("trip_events", "audit_subscription", "active"): 100,
        ("trip_events", "audit_subscription", "dead_lettered"): 2,
        ("trip_events", "monitoring_subscription", "active"): 0,
        ("trip_events", "monitoring_subscription", "dead_lettered"): 0,
        ("trip_events", "analytics_subscription", "active"): 9,
        ("trip_events", "analytics_subscription", "dead_lettered"): 1,
    },
    ENTITY_SIZE: {
        ("ai_schedule_generation",): 4096,
        ("location_search",): 0,
        ("notification",): 81920,
        ("trip_events",): 5_000_000_000,
    },
}


# --- with the fake ----------------------------------------------------------------------------------


def fake() -> FakeReader:
    return FakeReader(
        queues={
            "ai_schedule_generation": QueueState(active=12, dead_lettered=3, scheduled=1, size=4096),
            "location_search": QueueState(active=0, dead_lettered=0, scheduled=0, size=0),
            "notification": QueueState(active=7, dead_lettered=0, scheduled=40, size=81920),
        },
        topics={"trip_events": TopicState(scheduled=5, size=5_000_000_000)},
        subscriptions={
            ("trip_events", "audit_subscription"): SubscriptionState(active=100, dead_lettered=2),
            ("trip_events", "monitoring_subscription"): SubscriptionState(active=0, dead_lettered=0),
            ("trip_events", "analytics_subscription"): SubscriptionState(active=9, dead_lettered=1),
        },
    )


def test_every_queue_topic_and_subscription_of_the_design_is_reported() -> None:
    collector = ServiceBus(fake(), every=30, timeout=20)

    assert asyncio.run(collector.collect()) == EVERYTHING
    assert (collector.name, collector.every, collector.timeout) == ("service_bus", 30, 20)


def test_what_is_missing_is_named_and_absent_and_the_others_are_reported() -> None:
    reader = fake()
    del reader.queues["notification"], reader.subscriptions["trip_events", "audit_subscription"]
    collector = ServiceBus(reader, every=30, timeout=20)

    told = asyncio.run(collector.collect())

    assert isinstance(told, Partial)
    assert told.families == {
        MESSAGES: {
            labels: value
            for labels, value in EVERYTHING[MESSAGES].items()
            if labels[0] != "notification" and labels[1] != "audit_subscription"
        },
        ENTITY_SIZE: {
            labels: value for labels, value in EVERYTHING[ENTITY_SIZE].items() if labels != ("notification",)
        },
    }
    assert told.problems == (
        "queue 'notification': does not exist in the fake",
        "subscription 'trip_events/audit_subscription': does not exist in the fake",
    )


def test_a_namespace_without_one_of_our_entities_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match=r"^queue 'ai_schedule_generation': does not exist in the fake; queue "):
        asyncio.run(ServiceBus(FakeReader(), every=30, timeout=20).collect())


def test_a_throttled_namespace_is_left_alone_as_long_as_it_asks() -> None:
    reader = fake()
    notification = reader.queues["notification"]
    reader.queues["notification"] = Throttled("throttled", 90)
    now = 1000.0
    collector = ServiceBus(reader, every=30, timeout=20, clock=lambda: now)

    with pytest.raises(Throttled):
        asyncio.run(collector.collect())
    reader.queues["notification"] = notification
    asked = len(reader.asked)
    now += 89
    with pytest.raises(SourceUnavailable, match="asked again in 1 s"):
        asyncio.run(collector.collect())
    assert len(reader.asked) == asked
    now += 1
    assert asyncio.run(collector.collect()) == EVERYTHING


def test_no_header_silences_the_collector_for_longer_than_five_minutes() -> None:
    reader = fake()
    notification = reader.queues["notification"]
    reader.queues["notification"] = Throttled("throttled", 86400)
    now = 0.0
    collector = ServiceBus(reader, every=30, timeout=20, clock=lambda: now)
    with pytest.raises(Throttled):
        asyncio.run(collector.collect())

    reader.queues["notification"] = notification
    now = 300.0

    assert asyncio.run(collector.collect()) == EVERYTHING


def test_the_pod_s_identity_is_the_default_credential() -> None:
    async def main() -> None:
        from azure.identity.aio import DefaultAzureCredential

        credential = managed_identity()
        assert isinstance(credential, DefaultAzureCredential)
        await credential.close()

    asyncio.run(main())


def test_closing_closes_the_reader_and_a_reader_that_never_asked_closes_quietly() -> None:
    reader = fake()
    asyncio.run(ServiceBus(reader, every=30, timeout=20).close())
    assert reader.closed
    asyncio.run(ServiceBus(AzureReader("127.0.0.1:9"), every=30, timeout=20).close())


def test_the_azure_libraries_are_loaded_by_the_first_question_only() -> None:
    program = (
        "import sys\n"
        "from exporters.collectors.service_bus import ServiceBus\n"
        "from exporters.config import ServiceBusConfig\n"
        "collector = ServiceBus.of(ServiceBusConfig(every=60, timeout=8))\n"
        "print(collector.name, collector.every, collector.timeout)\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('azure', 'aiohttp', 'msrest')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "service_bus 60 8\n[]\n"


# --- the namespace on loopback ----------------------------------------------------------------------

_NOBODY = '<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Publicly Listed Services</title></feed>'


def entry(kind: str, name: str, size: int | None, active: int, dead: int, scheduled: int) -> str:
    """An ATOM entry as the service writes it, with the counts in a namespace of their own."""
    counts = "".join(
        f"<d2p1:{element}>{count}</d2p1:{element}>"
        for element, count in (
            ("ActiveMessageCount", active),
            ("DeadLetterMessageCount", dead),
            ("ScheduledMessageCount", scheduled),
            ("TransferMessageCount", 0),
            ("TransferDeadLetterMessageCount", 0),
        )
    )
    return (
        f'<entry xmlns="http://www.w3.org/2005/Atom"><title type="text">{name}</title>'
        '<published>2026-11-01T00:00:00Z</published><updated>2026-11-02T00:00:00Z</updated><content type="application/xml">'
        f'<{kind} xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"'
        ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        + (f"<SizeInBytes>{size}</SizeInBytes>" if size is not None else "")
        + f"<MessageCount>{active + dead + scheduled}</MessageCount><Status>Active</Status>"
        '<CountDetails xmlns:d2p1="http://schemas.microsoft.com/netservices/2011/06/servicebus">'
        f"{counts}</CountDetails></{kind}></content></entry>"
    )


ENTRIES = {
    "/ai_schedule_generation": entry("QueueDescription", "ai_schedule_generation", 4096, 12, 3, 1),
    "/location_search": entry("QueueDescription", "location_search", 0, 0, 0, 0),
    "/notification": entry("QueueDescription", "notification", 81920, 7, 0, 40),
    "/trip_events": entry("TopicDescription", "trip_events", 5_000_000_000, 0, 0, 5),
    "/trip_events/subscriptions/audit_subscription": entry(
        "SubscriptionDescription", "audit_subscription", None, 100, 2, 0
    ),
    "/trip_events/subscriptions/monitoring_subscription": entry(
        "SubscriptionDescription", "monitoring_subscription", None, 0, 0, 0
    ),
    "/trip_events/subscriptions/analytics_subscription": entry(
        "SubscriptionDescription", "analytics_subscription", None, 9, 1, 0
    ),
}
ATOM = "application/atom+xml;type=entry;charset=utf-8"


@dataclass
class Reply:
    status: int = 200
    body: str = ""
    content_type: str = ATOM
    headers: tuple[str, ...] = ()


def problem(status: int, detail: str, *headers: str) -> Reply:
    """An error as the service writes it; it quotes the request, which is why ours never quote it."""
    return Reply(
        status,
        f"<Error><Code>{status}</Code><Detail>{detail}</Detail></Error>",
        "application/xml; charset=utf-8",
        headers,
    )


@dataclass
class Namespace:
    """Answers the management protocol on loopback. A path in ``special`` is answered by it instead."""

    special: dict[str, Reply] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    queries: set[str] = field(default_factory=set)
    connections: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    answering: bool = True
    address: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *headers = head.decode().split("\r\n")
                method, target, _ = line.split(" ")
                path, _, query = target.partition("?")
                self.requests.append(f"{method} {path}")
                self.queries.add(query)
                self.tokens |= {one.partition(": ")[2] for one in headers if one.lower().startswith("authorization:")}
                if not self.answering:
                    self.silent.set()
                    await reader.read()
                    return
                writer.write(self.answer(path))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    def answer(self, path: str) -> bytes:
        if path in self.special:
            reply = self.special[path]
        elif path in ENTRIES:
            reply = Reply(body=ENTRIES[path])
        elif "/subscriptions/" in path:
            reply = problem(404, "Entity not found. TrackingId:1")
        else:
            reply = Reply(body=_NOBODY)
        body = reply.body.encode()
        extra = "".join(f"{header}\r\n" for header in reply.headers)
        return (
            f"HTTP/1.1 {reply.status} Whatever\r\nContent-Type: {reply.content_type}\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class PodIdentity:
    """A managed identity that signs in without asking anybody."""

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.refused: Exception | None = None
        self.closed = False

    async def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **_: Any
    ) -> AccessToken:
        self.scopes += scopes
        if self.refused is not None:
            raise self.refused
        return AccessToken(TOKEN, 2**33)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> PodIdentity:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    # The client cannot be imported without it: one clear error here instead of another reason in each test.
    importlib.import_module("aiohttp")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = tmp_path_factory.mktemp("tls") / "namespace.pem"
    path.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


Scenario = Callable[[Namespace, ServiceBus, PodIdentity], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(certificate: Path) -> Play:
    """Runs a scenario with a namespace that listens and a collector with the real client."""

    def run(scenario: Scenario, *, namespace: Namespace | None = None, within: float = 5.0) -> None:
        async def main() -> None:
            async with _listening(namespace or Namespace(), certificate) as open_namespace:
                identity = PodIdentity()
                reader = AzureReader(
                    open_namespace.address, lambda: identity, within=within, transport=lambda: _transport(certificate)
                )
                collector = ServiceBus(reader, every=30, timeout=20)
                try:
                    await scenario(open_namespace, collector, identity)
                finally:
                    await collector.close()
                assert identity.closed

        asyncio.run(main())

    return run


@asynccontextmanager
async def _listening(namespace: Namespace, certificate: Path) -> AsyncIterator[Namespace]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(namespace.serve, "127.0.0.1", 0, ssl=tls)
    try:
        namespace.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield namespace
    finally:
        server.close()


def _transport(certificate: Path) -> object:
    """azure-core's own transport. Its ``connection_verify`` would do, but makes a TLS context, and with it a
    connection, for every request, which a namespace with a public certificate does not see."""
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport

    trust = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=certificate))
    return AioHttpTransport(session=aiohttp.ClientSession(connector=trust, auto_decompress=False))


async def failure(collector: ServiceBus) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        await collector.collect()
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_the_real_client_reads_every_entity_on_one_connection(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, identity: PodIdentity) -> None:
        assert await collector.collect() == EVERYTHING
        assert await collector.collect() == EVERYTHING
        assert namespace.requests == [f"GET {path}" for path in ENTRIES] * 2
        assert [query.partition("&")[0] for query in namespace.queries] == ["enrich=false"]
        assert namespace.tokens == {f"Bearer {TOKEN}"}
        assert identity.scopes == ["https://servicebus.azure.net//.default"]
        assert namespace.connections == 1

    play(scenario)


def test_a_missing_queue_topic_and_subscription_are_named(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        told = await collector.collect()
        assert isinstance(told, Partial)
        assert told.problems == (
            f"queue 'location_search': does not exist in {namespace.address}",
            f"topic 'trip_events': does not exist in {namespace.address}",
            f"subscription 'trip_events/audit_subscription': does not exist in {namespace.address}",
        )
        assert told.families == {
            MESSAGES: {
                labels: value
                for labels, value in EVERYTHING[MESSAGES].items()
                if labels[0] != "location_search"
                and labels[:2] not in (("trip_events", ""), ("trip_events", "audit_subscription"))
            },
            ENTITY_SIZE: {("ai_schedule_generation",): 4096, ("notification",): 81920},
        }

    gone = problem(404, "SubCode=40400. Not Found. TrackingId:1")
    play(
        scenario,
        namespace=Namespace(
            {
                "/location_search": Reply(body=_NOBODY),
                "/trip_events": Reply(body=_NOBODY),
                "/trip_events/subscriptions/audit_subscription": gone,
            }
        ),
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_identity_is_a_reason_without_the_token(play: Play, status: int) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        assert await failure(collector) == f"{namespace.address}: the identity is refused ({status})"
        assert namespace.requests == ["GET /ai_schedule_generation"]

    refused = problem(status, f"Manage,EntityRead claims required. Bearer {TOKEN}")
    play(scenario, namespace=Namespace({"/ai_schedule_generation": refused}))


def test_an_identity_without_a_token_is_a_reason_without_the_library_s_words(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, identity: PodIdentity) -> None:
        identity.refused = ClientAuthenticationError(f"tenant 1234 refused {TOKEN}")
        assert await failure(collector) == f"{namespace.address}: the identity gets no token"
        assert namespace.requests == []

    play(scenario)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (problem(429, "SubCode=50009. Busy.", "Retry-After: 10"), "throttled (429), to be asked again in 10 s"),
        (problem(503, "ServerBusy", "Retry-After: 3"), "throttled (503), to be asked again in 3 s"),
        (problem(429, "SubCode=50009. Busy."), "throttled (429), to be asked again in 0 s"),
        (
            problem(429, "Busy", "Retry-After: Wed, 25 Nov 2026 07:28:00 GMT"),
            "throttled (429), to be asked again in 60 s",
        ),
        (Reply(429, "busy", "text/plain", ("Retry-After: 10",)), "throttled (429), to be asked again in 10 s"),
        (Reply(429, "<busy", ATOM, ("Retry-After: 10",)), "throttled (429), to be asked again in 10 s"),
    ],
    ids=["429", "busy", "no header", "a date", "plain text", "broken XML"],
)
def test_throttling_is_a_reason_and_is_not_retried_in_the_same_round(play: Play, reply: Reply, reason: str) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        assert await failure(collector) == f"{namespace.address}: {reason}"
        assert namespace.requests == ["GET /ai_schedule_generation", "GET /location_search"]

    play(scenario, namespace=Namespace({"/location_search": reply}))


def test_the_pause_that_the_namespace_asked_for_is_kept(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        await failure(collector)
        assert await failure(collector) == "throttled: the namespace is asked again in 100 s"
        assert namespace.requests == ["GET /ai_schedule_generation"]

    busy = problem(429, "Busy", "Retry-After: 100")
    play(scenario, namespace=Namespace({"/ai_schedule_generation": busy}))


_EMPTY = '<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml">{}</content></entry>'
_DESCRIPTION = '<QueueDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect">{}</QueueDescription>'


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body="<entry><content>"),
        Reply(body=""),
        Reply(body="<html><body>maintenance</body></html>", content_type="text/html"),
        Reply(body=_EMPTY.format("")),
        Reply(body=_EMPTY.format(_DESCRIPTION.format("<SizeInBytes>1</SizeInBytes>"))),
        Reply(body=ENTRIES["/notification"].replace(">40<", ">forty<")),
        Reply(body=ENTRIES["/notification"].replace("d2p1:ActiveMessageCount", "d2p1:Other")),
        Reply(body=ENTRIES["/notification"].replace("81920", "")),
    ],
    ids=["cut", "empty", "html", "no content", "no counts", "no number", "a count left out", "an empty size"],
)
def test_an_answer_that_cannot_be_read_costs_its_own_entity_only(play: Play, reply: Reply) -> None:
    async def scenario(_: Namespace, collector: ServiceBus, __: PodIdentity) -> None:
        told = await collector.collect()
        assert isinstance(told, Partial)
        assert told.problems == ("queue 'notification': the answer cannot be read",)
        assert told.families == {
            MESSAGES: {k: v for k, v in EVERYTHING[MESSAGES].items() if k[0] != "notification"},
            ENTITY_SIZE: {k: v for k, v in EVERYTHING[ENTITY_SIZE].items() if k != ("notification",)},
        }

    play(scenario, namespace=Namespace({"/notification": reply}))


@pytest.mark.parametrize(
    "reply", [problem(500, f"TrackingId:1 {TOKEN}"), Reply(500, "<cut")], ids=["XML", "broken XML"]
)
def test_another_error_of_the_namespace_is_a_reason_with_the_entity(play: Play, reply: Reply) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        assert await failure(collector) == f"{namespace.address}: queue 'location_search': answered 500"

    play(scenario, namespace=Namespace({"/location_search": reply}))


def test_a_namespace_that_falls_silent_is_given_up_in_time_and_read_again_later(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        assert await collector.collect() == EVERYTHING
        namespace.answering = False
        assert await failure(collector) == f"{namespace.address}: no answer within 0.5 s"
        namespace.answering = True
        assert await collector.collect() == EVERYTHING

    play(scenario, within=0.5)


def test_a_round_that_is_cancelled_leaves_the_next_one_whole(play: Play) -> None:
    async def scenario(namespace: Namespace, collector: ServiceBus, _: PodIdentity) -> None:
        namespace.answering = False
        round_ = asyncio.create_task(collector.collect())
        asked = asyncio.create_task(namespace.silent.wait())
        await asyncio.wait({round_, asked}, return_when=asyncio.FIRST_COMPLETED)
        assert asked.done(), round_
        round_.cancel()
        with pytest.raises(asyncio.CancelledError):
            await round_
        namespace.answering = True
        assert await collector.collect() == EVERYTHING

    play(scenario)


def test_a_namespace_that_is_not_there_is_a_reason(play: Play, certificate: Path) -> None:
    async def main() -> None:
        async with _listening(Namespace(), certificate) as namespace:
            address = namespace.address
        reader = AzureReader(address, PodIdentity, transport=lambda: _transport(certificate))
        collector = ServiceBus(reader, every=30, timeout=20)
        assert await failure(collector) == f"{address}: no connection (ServiceRequestError)"
        await collector.close()

    asyncio.run(main())


def test_a_namespace_with_a_certificate_that_nobody_vouches_for_gets_no_token(certificate: Path) -> None:
    async def main() -> None:
        async with _listening(Namespace(), certificate) as namespace:
            reader = AzureReader(namespace.address, PodIdentity)
            collector = ServiceBus(reader, every=30, timeout=20)
            assert await failure(collector) == f"{namespace.address}: no connection (ServiceRequestError)"
            assert namespace.tokens == set()
            await collector.close()

    asyncio.run(main())


def test_without_the_libraries_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.servicebus.aio.management", None)
    collector = ServiceBus(AzureReader("127.0.0.1:9", PodIdentity), every=30, timeout=20)
    with pytest.raises(SourceUnavailable, match=r"install tripgen-observability\[exporter\]$"):
        asyncio.run(collector.collect())
