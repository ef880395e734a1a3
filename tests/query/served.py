"""The local service with canned answers and faults, and our Azure backend pointed at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.pipeline.policies import SansIOHTTPPolicy

from observability.query.answers import Answer, Ask, Column, Said, Span, Status, Table
from observability.query.azure import AzureBackend
from observability.query.azure_client import Access
from observability.query.service import Handler, Service

GUID = "11111111-2222-3333-4444-555555555555"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = Span(NOON - timedelta(days=1), NOON)
TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 - of this test alone


class Canned:
    """Answers by the text of the query; counts how many run at once."""

    name = "canned"

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.spans: list[Span] = []

    def ask(self, asks: Sequence[Ask], span: Span, *, said: Said, stop: threading.Event) -> list[Answer]:
        self.spans.append(span)
        return [self._answers[ask.text] for ask in asks]

    def close(self) -> None: ...


class SignIn(SansIOHTTPPolicy[Any, Any]):
    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {TOKEN}"


class Clock:
    """Seconds that pass only where somebody waits for them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wait(self, stop: threading.Event, seconds: float) -> None:
        self.seconds += seconds


@contextmanager
def served(backend: Any, before: Callable[[Handler, Mapping[str, Any]], bool] | None = None) -> Iterator[str]:
    class Faulty(Handler):
        def before(self, body: Mapping[str, Any]) -> bool:
            return before(self, body) if before else False

    service = Service(backend, now=lambda: NOON, handler=Faulty)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service.address
    finally:
        service.shutdown()
        thread.join(10)
        service.server_close()


def client(address: str, clock: Clock | None = None) -> AzureBackend:
    access = Access(logs=f"{address}/v1", management=address, metrics=address, authentication_policy=SignIn())
    if clock is None:
        return AzureBackend(GUID, access=access)
    return AzureBackend(GUID, access=access, clock=clock.now, wait=clock.wait)


def asked(backend: AzureBackend, *texts: str, columns: Mapping[str, str] | None = None) -> list[Answer]:
    asks = [Ask(f"pack/{number}", text, columns=columns or {}) for number, text in enumerate(texts)]
    return backend.ask(asks, DAY, said=lambda *_: None, stop=threading.Event())


def table(*rows: tuple[Any, ...], **columns: str) -> Answer:
    return Answer(Status.COMPLETE, Table(tuple(Column(*each) for each in columns.items()), rows))
