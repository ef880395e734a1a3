"""Telemetry for a service in Python: traces, logs and business measurements to Azure Monitor, set up in one call.

    telemetry = configure("ai-service")
    with telemetry.incoming(request.headers), telemetry.span("build itinerary", days=3):
        ...
    telemetry.shutdown()

The document's sampling (10 % of the traces) is set here, with the sampler that fills ItemCount: without it each row
that is kept would count for one request instead of ten, and every rate in the queries would be a tenth of the truth.
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from opentelemetry import baggage, metrics, propagate, trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, attach, detach
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from exporters.event_lines import names_an_api
from exporters.push import phone_home_off
from observability.design.telemetry import TRACING_SAMPLING
from observability.model.errors import DefinitionError, Problem
from observability.model.exporter import FAILURE, SUCCESS
from observability.model.signal import Signal
from observability.model.units import Unit
from observability.signals.ai import AI_RESPONSE, AI_RESPONSE_TIME, EXTERNAL_API_LATENCY, EXTERNAL_CALL
from observability.signals.business import (
    LOCATION_SEARCH_ACCURACY,
    TRIP_GENERATION_SUCCESS_RATE,
    USER_RATING,
    USER_SATISFACTION_SCORE,
)

_log = logging.getLogger(__name__)

CONNECTION_STRING: Final = "APPLICATIONINSIGHTS_CONNECTION_STRING"
CORRELATION_KEY: Final = "correlation_id"
CORRELATION_HEADER: Final = "X-Correlation-Id"
_SCOPE: Final = "tripgen"
# What comes from outside goes into log lines and headers, so it is an id or it is not used.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


# --- correlation id -----------------------------------------------------------------------------------


def correlation_id(context: Context | None = None) -> str | None:
    """The id of what is being worked on, if there is one."""
    value = baggage.get_baggage(CORRELATION_KEY, context)
    return value if isinstance(value, str) else None


def _with_id(context: Context | None, given: str | None = None) -> Context:
    """``context`` with a correlation id: the one given, else the one it has, else a new one."""
    for candidate in (given, correlation_id(context)):
        if candidate is not None and _ID.fullmatch(candidate):
            return baggage.set_baggage(CORRELATION_KEY, candidate, context)
    return baggage.set_baggage(CORRELATION_KEY, uuid.uuid4().hex, context)


class CorrelationPropagator(TextMapPropagator):
    """Reads and writes X-Correlation-Id. As a propagator it is called by every instrumentation of a server or a
    client, so no framework needs a middleware of ours. It comes after the one for baggage."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        # A plain dict is asked by its exact keys; servers keep them in lower case or as they were sent.
        for key in (CORRELATION_HEADER.lower(), CORRELATION_HEADER):
            for value in getter.get(carrier, key) or ():
                return _with_id(context, value)
        return _with_id(context)

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        value = correlation_id(context)
        if value is not None:
            setter.set(carrier, CORRELATION_HEADER, value)

    @property
    def fields(self) -> set[str]:
        return {CORRELATION_HEADER}


class CorrelationSpans(SpanProcessor):
    """Puts the correlation id on each span that starts."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        value = correlation_id(parent_context)
        if value is not None:
            span.set_attribute(CORRELATION_KEY, value)

    def on_end(self, span: ReadableSpan) -> None:
        pass


class CorrelationFilter(logging.Filter):
    """Gives each log record a ``correlation_id``, empty where there is none, and lets it pass.

    It belongs on handlers: a logger's filter does not see the records of the loggers below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = correlation_id() or ""
        return True


class _NotAboutSending(logging.Filter):
    """Keeps what the sending libraries say about themselves out of what they send: with Azure away each record
    would make the next one."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.name.startswith(("azure.", "opentelemetry.", "urllib3."))


# --- business measurements ----------------------------------------------------------------------------


class Business:
    """The document's business measurements (8.2.2) as OpenTelemetry instruments under its names.

    A rate is measured as 1 or 0 each time: Azure keeps sum and count, so its average is the rate. A service that
    tells the exporter beside it (exporters.client) needs none of this; the exporter sends the same names.
    """

    def __init__(self, meter: Meter) -> None:
        def histogram(signal: Signal, unit: str, bounds: tuple[float, ...]) -> Histogram:
            return meter.create_histogram(
                signal.name, unit, signal.help.en, explicit_bucket_boundaries_advisory=list(bounds)
            )

        self._trips = histogram(TRIP_GENERATION_SUCCESS_RATE, "1", (0, 1))
        self._responses = histogram(AI_RESPONSE_TIME, "s", AI_RESPONSE.bounds)
        self._ratings = histogram(USER_SATISFACTION_SCORE, "1", USER_RATING.bounds)
        self._searches = histogram(LOCATION_SEARCH_ACCURACY, "1", (0, 1))
        self._calls = histogram(EXTERNAL_API_LATENCY, "s", EXTERNAL_CALL.bounds)

    def trip_generated(self, stored: bool = True) -> None:
        self._trips.record(int(stored))

    def itinerary_finished(self, seconds: float) -> None:
        self._responses.record(seconds)

    def rating_given(self, rating: int) -> None:
        """A rating that is none is left out: it would move the mean of all."""
        if 1 <= rating <= 5:
            self._ratings.record(rating)

    def search_finished(self, accepted_rank: int | None = None, refined: bool = False) -> None:
        """A search that was left with neither does not count."""
        if accepted_rank is not None:
            self._searches.record(int(accepted_rank <= 3))
        elif refined:
            self._searches.record(0)

    def external_call(self, api: str, seconds: float, ok: bool = True) -> None:
        """An ``api`` that the exporter would refuse is counted as 'other': an id would leave the service with it."""
        labels = (api if names_an_api(api) else "other", SUCCESS if ok else FAILURE)
        self._calls.record(seconds, dict(zip(EXTERNAL_CALL.labels, labels, strict=True)))


# --- the whole ----------------------------------------------------------------------------------------


class Telemetry:
    """What ``configure`` set up. ``local`` is True where nothing leaves the process."""

    def __init__(self, service: str, *, local: bool) -> None:
        self.service = service
        self.local = local
        self.tracer = trace.get_tracer(_SCOPE)
        self.business = Business(metrics.get_meter(_SCOPE))
        self.log_filter = CorrelationFilter()
        self._open = True
        for handler in logging.getLogger().handlers:
            handler.addFilter(self.log_filter)

    @contextmanager
    def span(self, name: str, **attributes: AttributeValue) -> Iterator[trace.Span]:
        """A span around the block, with a correlation id; an exception is recorded on it and goes on."""
        token = attach(_with_id(None))
        try:
            with self.tracer.start_as_current_span(name, attributes=attributes) as span:
                yield span
        finally:
            detach(token)

    @contextmanager
    def incoming(self, headers: Mapping[str, str]) -> Iterator[str]:
        """The block works on the request with these headers: its trace goes on, and the correlation id is the
        caller's or a new one. For servers that no instrumentation knows."""
        context = propagate.extract({name.lower(): value for name, value in headers.items()})
        token = attach(context)
        try:
            yield correlation_id(context) or ""
        finally:
            detach(token)

    def headers(self) -> dict[str, str]:
        """What a call to another service carries. For clients that no instrumentation knows."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return carrier

    def shutdown(self) -> None:
        """Send what is left and stop; a second call does nothing. Never raises."""
        if not self._open:
            return
        self._open = False
        for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), get_logger_provider()):
            try:
                getattr(provider, "shutdown", lambda: None)()
            except Exception as error:  # the service ends; what could not be sent does not keep it
                _log.warning("telemetry: shutting down: %s", type(error).__name__)
        for handler in logging.getLogger().handlers:
            handler.removeFilter(self.log_filter)


_configured: Telemetry | None = None


def configure(service: str, connection_string: str | None = None, *, buffer_dir: Path | None = None) -> Telemetry:
    """Everything set up for ``service``, its role name in Azure. Call it once, before the frameworks are imported.

    Without a connection string, here or in the environment, spans and measurements stay in the process and one log
    line says so. ``buffer_dir`` keeps what Azure does not take; the default is below the temporary directory.
    A second call returns what the first one made. Raises DefinitionError for a connection string that is none.
    """
    global _configured
    if _configured is not None:
        _log.warning("telemetry: already configured for %s", _configured.service)
        return _configured
    phone_home_off()
    connection_string = connection_string or os.environ.get(CONNECTION_STRING) or None
    propagate.set_global_textmap(
        # The id comes last: what it finds in the baggage it checks.
        CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator(), CorrelationPropagator()])
    )
    resource = Resource({SERVICE_NAME: service})
    if connection_string is None:
        _local(resource)
        _log.warning("telemetry: no connection string for %s: nothing leaves this process", service)
    else:
        _azure(resource, connection_string, buffer_dir)
    _configured = Telemetry(service, local=connection_string is None)
    return _configured


def _local(resource: Resource) -> None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=resource)
    provider.add_span_processor(CorrelationSpans())
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(resource=resource))


def _azure(resource: Resource, connection_string: str, buffer_dir: Path | None) -> None:
    _document_sampling()
    # At level INFO it writes a line for each request that is sent.
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    from azure.monitor.opentelemetry import configure_azure_monitor

    storage = {} if buffer_dir is None else {"storage_directory": str(buffer_dir)}
    before = set(logging.getLogger().handlers)
    try:
        configure_azure_monitor(
            connection_string=connection_string,
            resource=resource,
            sampling_ratio=TRACING_SAMPLING.rate.to(Unit.RATIO),
            span_processors=[CorrelationSpans()],
            # A second way out of the cluster, polled each second, to an address of its own.
            enable_live_metrics=False,
            # CPU and memory come from Container Insights (8.1.1); sent twice they would eat the daily cap twice.
            enable_performance_counters=False,
            # The buffer on disk is the retry; the library's own sleeps in the sending thread, also while shutting down.
            retry_total=0,
            read_timeout=10,
            **storage,
        )
    except ValueError:
        # Not the library's text, nor the cause: a connection string is a secret.
        problem = Problem("telemetry", "variable", CONNECTION_STRING, "is not a connection string", "copy it again")
        raise DefinitionError([problem]) from None
    for handler in set(logging.getLogger().handlers) - before:
        handler.addFilter(_NotAboutSending())


def _document_sampling() -> None:
    """The library prefers the environment to its arguments, so the document's rate is written there."""
    wanted = {
        "OTEL_TRACES_SAMPLER": "microsoft.fixed_percentage",
        "OTEL_TRACES_SAMPLER_ARG": str(TRACING_SAMPLING.rate.to(Unit.RATIO)),
    }
    for name, value in wanted.items():
        found = os.environ.get(name, value)
        if found != value:
            _log.warning("telemetry: %s is '%s', the document's sampling is used", name, found)
        os.environ[name] = value
