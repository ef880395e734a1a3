"""The Azure backend: a Log Analytics workspace for queries, the metrics service for platform metrics."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from threading import Event

from observability.design.platform import PRIMARY_REGION
from observability.design.telemetry import RESOURCES
from observability.model.errors import SourceUnavailable
from observability.model.system import ResourceName
from observability.query import azure_errors
from observability.query.answers import Answer, Ask, Said, Span
from observability.query.azure_client import Access
from observability.query.azure_logs import LogsSender, Target
from observability.query.azure_metrics import Estate, MetricsSender
from observability.query.azure_workspaces import resolve, subscription_of
from observability.query.lanes import Patience, Run, Source

# Azure runs five queries of one user at once and lets the rest wait. Two batches, so that one slow query holds up at
# most two others.
_WORKSPACE_LANES = (3, 2)
# A resource is asked one query at a time: the client batches for workspaces only.
_RESOURCE_LANES = (1, 1, 1, 1, 1)
_METRIC_LANES = (1, 1)
SERVER_TIMEOUT = timedelta(minutes=3)
LONGEST_SERVER_TIMEOUT = timedelta(minutes=10)
# The way there and back, and the turn in Azure's own queue.
_GRACE = 60.0


class AzureBackend:
    """Asks a workspace, given by its name, its GUID or a resource id.

    A name is looked up in ``subscription`` (AZURE_SUBSCRIPTION_ID where None) at the first query. Platform metrics are
    those of ``resources`` in ``resource_group`` and ``region``. ``server_timeout`` is what Azure may take for one
    query. ``clock`` counts seconds and ``wait(stop, seconds)`` waits; tests pass their own.

    Raises: SourceUnavailable where the client libraries are missing; ValueError for a timeout that Azure refuses.
    """

    def __init__(
        self,
        workspace: str,
        *,
        subscription: str | None = None,
        resource_group: str = RESOURCES["resource_group"].name,
        region: str = PRIMARY_REGION.name,
        resources: Mapping[str, ResourceName] = RESOURCES,
        server_timeout: timedelta = SERVER_TIMEOUT,
        access: Access | None = None,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[Event, float], object] = Event.wait,
    ) -> None:
        if not timedelta(seconds=1) <= server_timeout <= LONGEST_SERVER_TIMEOUT:
            raise ValueError("Azure takes timeouts from 1 s to 10 min")
        self._workspace = workspace.strip()
        said = subscription or subscription_of(self._workspace) or os.environ.get("AZURE_SUBSCRIPTION_ID", "")
        self._estate = Estate(said, resource_group, region, resources)
        self._server_timeout = server_timeout
        self._access = access or Access()
        self._patience = patience or Patience()
        self._clock, self._wait = clock, wait
        limit = server_timeout.total_seconds() + _GRACE
        self._metrics = Source(
            lambda ask: ask.metric is not None,
            lambda: MetricsSender(self._access, self._estate, limit=limit),
            _METRIC_LANES,
            limit,
        )
        self._logs: Source | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._workspace!r})"

    @property
    def name(self) -> str:
        return f"Azure, workspace {self._workspace}"

    def ask(self, asks: Sequence[Ask], span: Span, *, said: Said, stop: Event) -> list[Answer]:
        """An answer for each ask, in their order; ``said`` is called in the thread that calls this.

        Raises: SourceUnavailable where nothing was answered because nobody would be (sign-in, rights, workspace);
        WrongArgument for a workspace that cannot be looked up.
        """
        sources = [self._metrics]
        if any(ask.metric is None for ask in asks):
            sources.append(self._workspace_source())
        # Not told before it is known whether it concerns single queries or all of them.
        refused: list[tuple[Ask, Answer]] = []

        def hear(ask: Ask, answer: Answer) -> None:
            if answer.failure is not None and answer.failure.code in azure_errors.ACCESS:
                refused.append((ask, answer))
            else:
                said(ask, answer)

        answers = Run(
            asks, span, sources, said=hear, stop=stop, patience=self._patience, clock=self._clock, wait=self._wait
        ).answers()
        if asks and len(refused) == len(asks):
            failure = refused[0][1].failure
            assert failure is not None
            raise SourceUnavailable(azure_errors.told(failure.message, failure.todo))
        for ask, answer in refused:
            said(ask, answer)
        return answers

    def close(self) -> None:
        """Close connections and what was made to sign in."""
        self._metrics.close()
        if self._logs is not None:
            self._logs.close()
        self._access.close()

    def _workspace_source(self) -> Source:
        if self._logs is None:
            target = resolve(self._access, self._workspace, self._estate.subscription)
            seconds = math.ceil(self._server_timeout.total_seconds())
            limit = seconds + _GRACE
            lanes = _RESOURCE_LANES if target.is_resource else _WORKSPACE_LANES
            self._logs = Source(lambda ask: ask.metric is None, self._sender_to(target, seconds, limit), lanes, limit)
        return self._logs

    def _sender_to(self, target: Target, seconds: int, limit: float) -> Callable[[], LogsSender]:
        return lambda: LogsSender(self._access, target, server_timeout=seconds, limit=limit)


def connect(
    workspace: str, *, subscription: str | None = None, server_timeout: timedelta = SERVER_TIMEOUT
) -> AzureBackend:
    """The backend of a workspace, signed in as whoever runs this. Raises SourceUnavailable, ValueError."""
    return AzureBackend(workspace, subscription=subscription, server_timeout=server_timeout)
