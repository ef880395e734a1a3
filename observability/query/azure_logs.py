"""Queries to a Log Analytics workspace, in batches, through Microsoft's own client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from observability.query import azure_errors, wire
from observability.query.answers import Answer, Ask, Failure, Span, Status, Table
from observability.query.azure_client import Access, Connection, attempt, reply
from observability.query.azure_errors import Place
from observability.query.lanes import Again, Closed

if TYPE_CHECKING:
    from azure.monitor.query import LogsQueryError, LogsQueryPartialResult, LogsQueryResult

    Result = LogsQueryResult | LogsQueryPartialResult | LogsQueryError

ROLE = "Log Analytics Reader"


@dataclass(frozen=True, slots=True)
class Target:
    """A workspace's id (its customerId, a GUID), or a resource's whole id, which starts with a slash."""

    id: str

    @property
    def is_resource(self) -> bool:
        return self.id.startswith("/")


@dataclass(slots=True)
class _Item:
    """What the service said to one query, its rows turned into ours already."""

    status: int | None
    headers: object
    error: Any
    table: Table | None = None
    scanned: int | None = None
    unreadable: str = ""


class LogsSender:
    """Sends one batch at a time. ``server_timeout`` in seconds is how long the service may work on each query,
    ``limit`` how long we wait between two bytes of the answer."""

    def __init__(self, access: Access, target: Target, *, server_timeout: int, limit: float) -> None:
        from azure.monitor.query import LogsQueryClient

        self._connection = Connection()
        self._target = target
        self._place = Place(f"workspace '{target.id}'", ROLE)
        self._server_timeout = server_timeout
        self._limit = limit
        options = access.options(access.logs, self._connection)
        self._client = LogsQueryClient(access.credential, endpoint=access.logs, **options)

    def send(self, asks: Sequence[Ask], span: Span) -> list[Answer | Again]:
        """An answer or a refusal for each. Raises Closed where the workspace answers nobody."""
        # The client's batches know workspaces only.
        alone = self._target.is_resource
        replies = [self._one(ask, span) for ask in asks] if alone else self._batch(asks, span)
        failures = [one.failure for one in replies if isinstance(one, Answer) and one.status is Status.FAILED]
        if len(failures) == len(replies) and all(one and one.code in azure_errors.ACCESS for one in failures):
            assert failures[0] is not None
            raise Closed(failures[0])
        return replies

    def cut(self) -> None:
        self._connection.cut()

    def close(self) -> None:
        self._client.close()

    def _batch(self, asks: Sequence[Ask], span: Span) -> list[Answer | Again]:
        from azure.monitor.query import LogsBatchQuery

        queries = [
            LogsBatchQuery(
                self._target.id,
                ask.text,
                timespan=(span.start, span.end),
                server_timeout=self._server_timeout,
                include_statistics=True,
            )
            for ask in asks
        ]
        items: dict[str, _Item] = {}

        def keep(_response: object, parsed: Any, _headers: object) -> dict[str, Any]:
            left = []
            for response in parsed.get("responses") or ():
                body = response.get("body") or {}
                body = json.loads(body) if isinstance(body, str) else body
                items[str(response["id"])] = _item(response.get("status"), response.get("headers"), body)
                left.append({"id": response["id"], "body": {"error": body.get("error")}})
            seen = {one["id"] for one in left}
            left += [{"id": query.id, "body": _NO_RESPONSE} for query in queries if query.id not in seen]
            return {"responses": left}

        results = attempt(lambda: self._client.query_batch(queries, cls=keep, read_timeout=self._limit), self._place)
        if not isinstance(results, list):
            return [results] * len(asks)
        lost = _Item(500, None, _NO_RESPONSE["error"])
        return [
            self._read(ask, result, items.get(query.id, lost))
            for ask, query, result in zip(asks, queries, results, strict=True)
        ]

    def _one(self, ask: Ask, span: Span) -> Answer | Again:
        kept: list[_Item] = []

        def keep(_response: object, parsed: Any, _headers: object) -> dict[str, Any]:
            kept.append(_item(200, None, parsed))
            return {"error": parsed.get("error")}

        result = attempt(
            lambda: self._client.query_resource(
                self._target.id,
                ask.text,
                timespan=(span.start, span.end),
                server_timeout=self._server_timeout,
                include_statistics=True,
                cls=keep,
                read_timeout=self._limit,
            ),
            self._place,
            ask.key,
        )
        return result if isinstance(result, Answer | Again) else self._read(ask, result, kept[0])

    def _read(self, ask: Ask, result: Result, item: _Item) -> Answer | Again:
        """A partial result raises nothing: its status alone tells it from a whole one."""
        from azure.monitor.query import LogsQueryStatus

        if result.status == LogsQueryStatus.FAILURE:
            failure = azure_errors.failure(item.status, item.error, self._place, ask.key)
            return reply(failure, item.status, item.headers)
        if item.unreadable:
            return _failed(
                azure_errors.UNREADABLE,
                f"query '{ask.key}': {item.unreadable}",
                "report it: tripobs reads less than Azure writes",
            )
        if item.table is None:
            return Answer(Status.FAILED, None, azure_errors.failure(item.status, None, self._place, ask.key))
        if ask.columns and (wrong := wire.difference(item.table.columns, ask.columns)):
            failure = Failure("columns", f"query '{ask.key}': {wrong}", None, "mend the query or its columns", True)
            return Answer(Status.FAILED, None, failure, scanned=item.scanned)
        if result.status == LogsQueryStatus.PARTIAL:
            return Answer(Status.PARTIAL, item.table, azure_errors.partial(item.error, ask.key), scanned=item.scanned)
        return Answer(Status.COMPLETE, item.table, scanned=item.scanned)


_NO_RESPONSE = {"error": {"code": "NoResponse", "message": "the batch came back without an answer to this query"}}


def _failed(code: str, wrong: str, todo: str) -> Answer:
    return Answer(Status.FAILED, None, Failure(code, wrong, None, todo))


def _item(status: object, headers: object, body: Mapping[str, Any]) -> _Item:
    """``body``'s rows are read here, before the client makes two objects of each."""
    item = _Item(status if isinstance(status, int) else None, headers, body.get("error"), scanned=_scanned(body))
    tables = body.get("tables") or []
    if tables:
        primary = next((one for one in tables if one.get("name") == "PrimaryResult"), tables[0])
        try:
            item.table = wire.table(primary["columns"], primary.get("rows") or ())
        except (wire.Unreadable, KeyError, TypeError) as error:
            item.unreadable = azure_errors.clean(error)
    return item


def _scanned(body: Mapping[str, Any]) -> int | None:
    found: Any = body.get("statistics")
    for name in ("query", "inputDatasetStatistics", "rows", "scanned"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, int) else None
