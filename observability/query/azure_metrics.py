"""Platform metrics of Azure's resources, folded to one row a resource and dimension value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from observability.model.checklist import MetricQuery
from observability.model.system import ResourceName
from observability.query import azure_errors
from observability.query.answers import Answer, Ask, Column, Failure, Span, Status, Table
from observability.query.azure_client import METRICS_AUDIENCE, Access, Connection, attempt
from observability.query.azure_errors import Place
from observability.query.lanes import Again

if TYPE_CHECKING:
    from azure.monitor.querymetrics import MetricsClient, MetricsQueryResult, TimeSeriesElement

ROLE = "Monitoring Reader"
# Resource types that live in no region: their metrics are asked for under this name.
_GLOBAL_TYPES = frozenset({"microsoft.cdn/profiles"})
_GLOBAL = "global"
# What the service takes in one request, and how many series it is asked for; it returns 10 where nobody says.
RESOURCES_AT_ONCE = 50
SERIES = 1000


@dataclass(frozen=True, slots=True)
class Estate:
    """Where the design's resources are in Azure. ``subscription`` is empty where nobody said."""

    subscription: str
    resource_group: str
    region: str
    resources: Mapping[str, ResourceName]

    def ids(self, query: MetricQuery) -> list[str]:
        """The Azure resource ids that the query is about."""
        found = self.resources[query.metric.resource]
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return [f"{group}/providers/{found.type}/{name}" for name in query.resources or (found.name,)]

    def region_of(self, query: MetricQuery) -> str:
        kind = self.resources[query.metric.resource].type
        return _GLOBAL if kind.lower() in _GLOBAL_TYPES else self.region


class MetricsSender:
    """Sends one query at a time; a client for each region that is asked."""

    def __init__(self, access: Access, estate: Estate, *, limit: float) -> None:
        self._access = access
        self._estate = estate
        self._limit = limit
        self._connection = Connection()
        self._clients: dict[str, MetricsClient] = {}
        self._place = Place(f"metrics of subscription '{estate.subscription}'", ROLE)

    def send(self, asks: Sequence[Ask], span: Span) -> list[Answer | Again]:
        """An answer or a refusal for each. Raises Closed where the subscription answers nobody."""
        return [self._one(ask, ask.metric, span) for ask in asks if ask.metric is not None]

    def cut(self) -> None:
        self._connection.cut()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _client(self, region: str) -> MetricsClient:
        if region not in self._clients:
            from azure.monitor.querymetrics import MetricsClient

            options = self._access.options(METRICS_AUDIENCE, self._connection)
            address = self._access.metrics(region)
            self._clients[region] = MetricsClient(address, self._access.credential, **options)
        return self._clients[region]

    def _one(self, ask: Ask, query: MetricQuery, span: Span) -> Answer | Again:
        if not self._estate.subscription:
            todo = "pass --subscription or set AZURE_SUBSCRIPTION_ID"
            wrong = f"metric '{ask.key}': no subscription is known"
            return Answer(Status.FAILED, None, Failure("no-subscription", wrong, None, todo))
        ids = self._estate.ids(query)
        found: list[MetricsQueryResult] = []
        for first in range(0, len(ids), RESOURCES_AT_ONCE):
            some = ids[first : first + RESOURCES_AT_ONCE]
            got = attempt(lambda some=some: self._ask(query, some, span), self._place, ask.key)  # type: ignore[misc]
            if not isinstance(got, list):
                return got
            found += got
        return folded(ask, query, ids, found)

    def _ask(self, query: MetricQuery, ids: Sequence[str], span: Span) -> list[MetricsQueryResult]:
        metric = query.metric
        try:
            return self._client(self._estate.region_of(query)).query_resources(
                resource_ids=ids,
                metric_namespace=self._estate.resources[metric.resource].type,
                metric_names=[metric.metric],
                timespan=(span.start, span.end),
                granularity=query.grain,
                aggregations=[metric.aggregation],
                filter=dimensions(metric.by, metric.only),
                max_results=SERIES if metric.by or metric.only else None,
                read_timeout=self._limit,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the answer is not as the service documents it") from error


def dimensions(by: Mapping[str, str], only: Mapping[str, str]) -> str | None:
    """The API's filter that splits by some dimensions and keeps one value of others; None where there are none."""
    parts = [f"{_quoted(name)} eq '*'" for name in by.values() if name not in only]
    parts += [f"{_quoted(name)} eq '{_quoted(value)}'" for name, value in only.items()]
    return " and ".join(parts) or None


def _quoted(text: str) -> str:
    # The service wants brackets escaped twice, and quotes doubled.
    return text.replace("'", "''").replace("(", "%2528").replace(")", "%2529")


def folded(ask: Ask, query: MetricQuery, ids: Sequence[str], found: Sequence[MetricsQueryResult]) -> Answer:
    """One row for each resource and dimension value; a resource that said nothing has a row without values.

    Points without a value are no points. PARTIAL where the service returned as many series as it was asked for, and so
    may have more.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {resource.lower(): [] for resource in ids}
    most = 0
    for result in found:
        for metric in result.metrics:
            resource = next((one for one in rows if str(metric.id).lower().startswith(f"{one}/")), None)
            if resource is None:
                wrong = (
                    f"metric '{ask.key}': an answer about '{azure_errors.clean(metric.id)}', which was not asked for"
                )
                return Answer(Status.FAILED, None, Failure(azure_errors.UNREADABLE, wrong, None, "report it"))
            most = max(most, len(metric.timeseries))
            rows[resource] += [_row(ask, query, resource, series) for series in metric.timeseries]
    kinds = ask.columns or query.columns
    none = (None,) * (len(query.columns) - 1)
    whole = [row for resource, got in rows.items() for row in (got or [(_name(resource), *none)])]
    whole.sort(key=lambda row: [str(cell) for cell in row[: 1 + len(query.metric.by)]])
    table = Table(tuple(Column(name, kind) for name, kind in kinds.items()), tuple(whole))
    if most >= SERIES:
        wrong = f"metric '{ask.key}': {most} series came, and there may be more"
        return Answer(Status.PARTIAL, table, Failure("PartialError", wrong, None, "take them for a part only"))
    return Answer(Status.COMPLETE, table)


def _name(resource: str) -> str:
    return resource.rsplit("/", 1)[-1]


def _row(ask: Ask, query: MetricQuery, resource: str, series: TimeSeriesElement) -> tuple[Any, ...]:
    by_name = {name.lower(): value for name, value in series.metadata_values.items()}
    field = query.metric.aggregation.lower()
    points = [
        (point.timestamp, float(value)) for point in series.data if (value := getattr(point, field, None)) is not None
    ]
    head = (_name(resource), *(by_name.get(name.lower()) for name in query.metric.by.values()))
    if not points:
        return (*head, None, None, None, None, None)
    values = [value for _, value in points]
    at, latest = max(points)
    return (*head, min(values), sum(values) / len(values), max(values), latest, _utc(at))


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
