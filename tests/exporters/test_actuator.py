"""The actuator collector, with pages as Spring Boot writes them, from the fake and from a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from exporters.collectors.actuator import Actuator, FakeReader, Sample, samples
from exporters.config import ActuatorConfig
from exporters.families import Families, Partial
from exporters.http import BODY_LIMIT, Answer
from observability.model.errors import SourceUnavailable
from observability.signals.postgresql import POOL_CONNECTIONS, POOL_CONNECTIONS_MAX
from observability.signals.services import (
    ACTIVE_CONNECTIONS,
    CLIENT_REQUESTS,
    CLIENT_SECONDS,
    HTTP_REQUESTS,
    HTTP_SECONDS,
    SERVICE_UP,
)

# Spring Boot 3.4, cut down to what is read and a little of what is not.
PAGE = """\
# HELP hikaricp_connections_active Active connections
# TYPE hikaricp_connections_active gauge
hikaricp_connections_active{pool="trips"} 7.0
hikaricp_connections_active{pool="audit"} 1.0
# HELP hikaricp_connections_idle Idle connections
# TYPE hikaricp_connections_idle gauge
hikaricp_connections_idle{pool="trips"} 3.0
hikaricp_connections_idle{pool="audit"} 4.0
# TYPE hikaricp_connections_max gauge
hikaricp_connections_max{pool="trips"} 20.0
hikaricp_connections_max{pool="audit"} 5.0
# TYPE hikaricp_connections_pending gauge
hikaricp_connections_pending{pool="trips"} 0.0
hikaricp_connections_pending{pool="audit"} 2.0
# TYPE hikaricp_connections_acquire_seconds summary
hikaricp_connections_acquire_seconds_count{pool="trips"} 91234
hikaricp_connections_acquire_seconds_sum{pool="trips"} 12.5
# TYPE http_client_requests_seconds summary
http_client_requests_seconds_count{client_name="apis.example.com",error="none",method="GET",outcome="SUCCESS",status="200",uri="/v2/local/search"} 400
# TYPE http_server_requests_active_seconds gaugehistogram
http_server_requests_active_seconds_gcount{exception="none",method="GET",outcome="SUCCESS",status="200",uri="UNKNOWN"} 11
http_server_requests_active_seconds_gcount{exception="none",method="POST",outcome="SUCCESS",status="200",uri="UNKNOWN"} 4
http_server_requests_active_seconds_gcount{exception="none",method="GET",outcome="SUCCESS",status="200",uri="/actuator/prometheus"} 1
# TYPE http_server_requests_seconds summary
http_server_requests_seconds_count{error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/actuator/health"} 5000
http_server_requests_seconds_count{error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/actuator/prometheus"} 2500
http_server_requests_seconds_count{error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/api/v1/trips/{id}"} 1000
http_server_requests_seconds_count{error="none",exception="none",method="POST",outcome="SUCCESS",status="201",uri="/api/v1/trips"} 200
http_server_requests_seconds_count{error="none",exception="none",method="GET",outcome="REDIRECTION",status="304",uri="/api/v1/trips/{id}"} 30
http_server_requests_seconds_count{error="NotFound",exception="NotFound",method="GET",outcome="CLIENT_ERROR",status="404",uri="/**"} 40
http_server_requests_seconds_sum{error="none",exception="none",method="GET",outcome="SUCCESS",status="200",uri="/api/v1/trips/{id}"} 31.25
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.764E9
# TYPE tomcat_connections_current_connections gauge
tomcat_connections_current_connections{name="http-nio-8080"} 160.0
"""
_TRIPS = 'outcome="SUCCESS",status="200",uri="/api/v1/trips/{id}"} '
_CREATED = 'outcome="SUCCESS",status="201",uri="/api/v1/trips"} '
_NOT_FOUND = 'outcome="CLIENT_ERROR",status="404",uri="/**"} '
_STARTED = "process_start_time_seconds "
FAILED = (
    'http_server_requests_seconds_count{error="DataAccessException",exception="DataAccessException",method="GET",'
    'outcome="SERVER_ERROR",status="500",uri="/api/v1/trips/{id}"} '
)

UP = Answer(200, b'{"status":"UP","groups":["liveness","readiness"]}')
DOWN = Answer(503, b'{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"refused"}}}}')
HEALTH, METRICS = "/actuator/health", "/actuator/prometheus"
SERVICE = "trip-service"

TIMERS = (HTTP_SECONDS, CLIENT_REQUESTS, CLIENT_SECONDS)
GAUGES: Families = {
    SERVICE_UP: {(SERVICE,): 1},
    POOL_CONNECTIONS: {(SERVICE, "active"): 8, (SERVICE, "idle"): 7, (SERVICE, "pending"): 2},
    POOL_CONNECTIONS_MAX: {(SERVICE,): 25},
    ACTIVE_CONNECTIONS: {(SERVICE,): 15},
}


def requests(success: float = 0, client_error: float = 0, server_error: float = 0, other: float = 0) -> Families:
    return {
        HTTP_REQUESTS: {
            (SERVICE, "success"): success,
            (SERVICE, "client_error"): client_error,
            (SERVICE, "server_error"): server_error,
            (SERVICE, "other"): other,
        }
    }


def text(page: str) -> Answer:
    return Answer(200, page.encode())


def changed(page: str, values: Mapping[str, object]) -> str:
    """``page`` with the value of the one line that has each key's text."""
    lines = page.split("\n")
    for key, value in values.items():
        (at,) = (number for number, line in enumerate(lines) if key in line and "_sum" not in line)
        lines[at] = f"{lines[at][: lines[at].index(key) + len(key)]}{value}"
    return "\n".join(lines)


def reading(health: Answer | Exception = UP, metrics: Answer | Exception | None = None) -> tuple[Actuator, FakeReader]:
    reader = FakeReader({HEALTH: health, METRICS: text(PAGE) if metrics is None else metrics})
    return Actuator(reader, service=SERVICE, every=15, timeout=5), reader


def collect(collector: Actuator) -> Families | Partial:
    """What a round finds, without the timers that have tests of their own below."""
    found = asyncio.run(collector.collect())
    if isinstance(found, Partial):
        return Partial(without_timers(found.families), found.problems)
    return without_timers(found)


def without_timers(families: Families) -> Families:
    return {one: series for one, series in families.items() if one not in TIMERS}


def timers(collector: Actuator) -> Families:
    found = asyncio.run(collector.collect())
    assert not isinstance(found, Partial)
    return {one: series for one, series in found.items() if one in TIMERS}


# --- a page -----------------------------------------------------------------------------------------


def test_a_page_gives_the_pool_the_requests_and_the_connections_and_the_health_whether_it_is_up() -> None:
    collector, _ = reading()
    # What was counted before the first look is not known to be new, so the totals begin at 0.
    assert collect(collector) == {**GAUGES, **requests()}
    assert (collector.name, collector.every, collector.timeout) == ("actuator", 15, 5)


def test_requests_are_counted_by_outcome_and_those_to_the_actuator_are_not() -> None:
    collector, reader = reading()
    collect(collector)
    reader.answers[METRICS] = text(
        changed(
            PAGE,
            {
                _TRIPS: 1010,
                _CREATED: 203,
                'uri="/actuator/health"} ': 5100,
                'outcome="REDIRECTION",status="304",uri="/api/v1/trips/{id}"} ': 31,
                _NOT_FOUND: 45,
            },
        )
    )
    assert collect(collector) == {**GAUGES, **requests(success=13, client_error=5, other=1)}


def test_a_second_reading_of_the_same_page_changes_nothing() -> None:
    collector, reader = reading()
    collect(collector)
    reader.answers[METRICS] = text(changed(PAGE, {_TRIPS: 1010}))
    assert collect(collector) == collect(collector) == {**GAUGES, **requests(success=10)}


def test_the_first_failures_of_a_service_are_counted_though_their_series_was_not_there_before() -> None:
    collector, reader = reading()
    collect(collector)
    reader.answers[METRICS] = text(PAGE + FAILED + "3\n")
    assert collect(collector) == {**GAUGES, **requests(server_error=3)}


def test_a_restarted_service_goes_on_where_it_was_even_where_it_has_passed_its_old_count() -> None:
    collector, reader = reading()
    collect(collector)
    reader.answers[METRICS] = text(changed(PAGE, {_TRIPS: 1010}))
    collect(collector)
    # Another process: 1,020 reads are all its own, and nobody has asked for anything else yet.
    reader.answers[METRICS] = text(
        changed(PAGE, {_TRIPS: 1020, _CREATED: 0, _NOT_FOUND: 0, 'status="304",uri="/api/v1/trips/{id}"} ': 0}).replace(
            "1.764E9", "1.764000123E9"
        )
    )
    assert collect(collector) == {**GAUGES, **requests(success=1030)}
    assert collect(collector) == {**GAUGES, **requests(success=1030)}


def test_a_restart_that_the_page_does_not_tell_is_seen_by_counts_that_fall() -> None:
    page = "\n".join(line for line in PAGE.split("\n") if _STARTED not in line)
    collector, reader = reading(metrics=text(page))
    collect(collector)
    reader.answers[METRICS] = text(changed(page, {_TRIPS: 20, _CREATED: 5}))
    assert collect(collector) == {**GAUGES, **requests(success=25)}
    reader.answers[METRICS] = text(changed(page, {_TRIPS: 21, _CREATED: 5}))
    assert collect(collector) == {**GAUGES, **requests(success=26)}


def test_a_restarted_service_that_has_had_no_request_yet_keeps_its_totals() -> None:
    collector, reader = reading()
    collect(collector)
    reader.answers[METRICS] = text(changed(PAGE, {_TRIPS: 1010}))
    collect(collector)
    reader.answers[METRICS] = text("process_start_time_seconds 1.765E9\n")
    assert collect(collector) == {SERVICE_UP: {(SERVICE,): 1}, **requests(success=10)}


@pytest.mark.parametrize(
    ("started", "expected"),
    [("1.764E9", 15), ("1.765E9", 10), (None, 10)],
    ids=["the same process", "another service", "not told"],
)
def test_a_collector_that_replaces_another_goes_on_from_its_totals(started: str | None, expected: float) -> None:
    old, reader = reading()
    new, _ = reading()
    new._reader = reader
    collect(old)
    reader.answers[METRICS] = text(changed(PAGE, {_TRIPS: 1010}))
    assert collect(old) == {**GAUGES, **requests(success=10)}

    new.differences = old.differences

    page = "\n".join(line for line in PAGE.split("\n") if started is not None or _STARTED not in line)
    page = page.replace("1.764E9", started or "")
    reader.answers[METRICS] = text(changed(page, {_TRIPS: 1015}))
    assert collect(new) == {**GAUGES, **requests(success=expected)}
    reader.answers[METRICS] = text(changed(page, {_TRIPS: 1016}))
    assert collect(new) == {**GAUGES, **requests(success=expected + 1)}


def test_a_service_without_a_pool_has_no_pool_series() -> None:
    collector, _ = reading(metrics=text("\n".join(line for line in PAGE.split("\n") if "hikari" not in line)))
    assert collect(collector) == {
        SERVICE_UP: {(SERVICE,): 1},
        ACTIVE_CONNECTIONS: {(SERVICE,): 15},
        **requests(),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('http_server_requests_active_seconds_count{uri="UNKNOWN"} 3\ntomcat_connections_current_connections 9\n', 3),
        ('http_server_requests_active_seconds_active_count{uri="UNKNOWN",} 4.0\n', 4),
        (
            'tomcat_connections_current_connections{name="a"} 9\ntomcat_connections_current_connections{name="b"} 1\n',
            10,
        ),
        ('http_server_requests_active_seconds_gcount{uri="/actuator/prometheus"} 1\n', 0),
    ],
    ids=["without a histogram", "micrometer before 1.13", "tomcat only", "nobody but ourselves"],
)
def test_connections_are_requests_in_flight_or_else_tomcat_s_connections(lines: str, expected: float) -> None:
    collector, _ = reading(metrics=text(lines))
    assert collect(collector) == {SERVICE_UP: {(SERVICE,): 1}, ACTIVE_CONNECTIONS: {(SERVICE,): expected}}


def test_a_page_with_none_of_our_meters_leaves_only_what_the_health_says() -> None:
    collector, _ = reading(metrics=text("jvm_threads_live_threads 31.0\n"))
    assert collect(collector) == {SERVICE_UP: {(SERVICE,): 1}}


def test_calls_are_counted_and_timed_by_host_and_outcome_and_answers_are_timed_too() -> None:
    call = 'client_name="%s",error="none",method="GET",outcome="%s",status="200",uri="/v2/%s"} '
    first = call % ("apis.example.com", "SUCCESS", "local/search")
    second = call % ("apis.example.com", "SUCCESS", "local/route")
    failed = call % ("api.example.net", "SERVER_ERROR", "chat")
    page = "".join(
        f"http_client_requests_seconds_count{{{labels}{count}\nhttp_client_requests_seconds_sum{{{labels}{seconds}\n"
        for labels, count, seconds in ((first, 400, 80.0), (second, 10, 2.5), (failed, 3, 9.0))
    )
    answered = 'http_server_requests_seconds_sum{outcome="SUCCESS",uri="/api/v1/trips"} '
    collector, reader = reading(metrics=text(f"{page}{answered}30.0\n"))
    timers(collector)
    changes = {first: (405, 81.0), second: (11, 2.75), failed: (5, 39.0)}
    for labels, (count, seconds) in changes.items():
        page = changed(page, {f"seconds_count{{{labels}": count})
        page = "\n".join(
            f"http_client_requests_seconds_sum{{{labels}{seconds}" if f"seconds_sum{{{labels}" in line else line
            for line in page.split("\n")
        )
    reader.answers[METRICS] = text(f"{page}{answered}31.5\n")

    found = timers(collector)

    assert found[CLIENT_REQUESTS] == {
        (SERVICE, "apis.example.com", "success"): 6,
        (SERVICE, "api.example.net", "server_error"): 2,
    }
    assert found[CLIENT_SECONDS] == {
        (SERVICE, "apis.example.com", "success"): 1.25,
        (SERVICE, "api.example.net", "server_error"): 30.0,
    }
    assert found[HTTP_SECONDS][SERVICE, "success"] == 1.5


def test_a_call_whose_host_is_not_known_is_counted_as_none() -> None:
    line = 'http_client_requests_seconds_count{outcome="UNKNOWN",status="CLIENT_ERROR",uri="none"} '
    collector, reader = reading(metrics=text(f"{line}1\n"))
    timers(collector)
    reader.answers[METRICS] = text(f"{line}4\n")
    assert timers(collector) == {CLIENT_REQUESTS: {(SERVICE, "none", "other"): 3}}


# --- health -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (UP, 1),
        (DOWN, 0),
        (Answer(503, b'{"status":"OUT_OF_SERVICE"}'), 0),
        (Answer(200, b'{"status":"UNKNOWN"}'), 0),
    ],
)
def test_only_up_is_up(answer: Answer, expected: float) -> None:
    collector, _ = reading(answer)
    assert collect(collector) == {**GAUGES, SERVICE_UP: {(SERVICE,): expected}, **requests()}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, b'{"timestamp":"2026-11-23T00:00:00Z","status":404,"error":"Not Found"}'),
        Answer(401, b""),
        Answer(503, b"<html>upstream connect error</html>"),
        Answer(500, b'{"status":"error"}'),
        Answer(200, b"[]"),
        Answer(200, b"\xff\xfe\x00"),
        Answer(200, b"[" * 100_000),
    ],
    ids=["not exposed", "refused", "a proxy", "an error", "a list", "no text", "deep"],
)
def test_an_answer_without_a_status_is_not_taken_for_down(answer: Answer) -> None:
    collector, _ = reading(answer)
    assert collect(collector) == Partial(
        {**{k: v for k, v in GAUGES.items() if k is not SERVICE_UP}, **requests()},
        (f"/actuator/health: answered {answer.status} without a health status",),
    )


def test_a_service_that_is_down_is_reported_even_if_its_metrics_are_gone() -> None:
    collector, reader = reading(DOWN, SourceUnavailable("no complete answer within 2 s"))

    assert collect(collector) == Partial(
        {SERVICE_UP: {(SERVICE,): 0}}, ("/actuator/prometheus: no complete answer within 2 s",)
    )
    reader.answers = {HEALTH: UP, METRICS: text(PAGE)}
    assert collect(collector) == {**GAUGES, **requests()}


@pytest.mark.parametrize(
    "failure",
    [
        Answer(404, b""),
        Answer(503, b""),
        SourceUnavailable("127.0.0.1:8080/actuator/prometheus: ConnectionRefusedError"),
    ],
    ids=["404", "503", "no connection"],
)
def test_a_page_that_fails_has_one_name_whatever_the_reason_is(failure: Answer | Exception) -> None:
    collector, _ = reading(metrics=failure)
    told = collect(collector)
    assert isinstance(told, Partial)
    assert [problem.split(": ")[0] for problem in told.problems] == [METRICS]
    assert [problem.count(METRICS) for problem in told.problems] == [1]


def test_a_service_that_says_nothing_at_all_is_unavailable_and_not_0() -> None:
    collector, _ = reading(SourceUnavailable("health: refused"), SourceUnavailable("metrics: refused"))
    with pytest.raises(SourceUnavailable, match=r"^health: refused; metrics: refused$"):
        collect(collector)


# --- the text ---------------------------------------------------------------------------------------


def test_labels_are_unescaped_and_may_hold_anything() -> None:
    page = (
        'a{x="back\\\\slash \\"quoted\\" new\\nline"} 1\n'
        'a{x="}, y=\\"2\\" {",y="한글 \u2028 \u0085"} 2 1732320000000\n'
        'a{x="trailing comma",} 3\n'
        'a { x = "spaces" , y = "too" } 4 # {trace_id="1"} 0.5\n'
        "a{} 5\n"
        "a 6e3\n"
        "a\t7\n"
    )
    assert list(samples(page, ("a",))) == [
        Sample("a", {"x": 'back\\slash "quoted" new\nline'}, 1),
        Sample("a", {"x": '}, y="2" {', "y": "한글 \u2028 \u0085"}, 2),
        Sample("a", {"x": "trailing comma"}, 3),
        Sample("a", {"x": "spaces", "y": "too"}, 4),
        Sample("a", {}, 5),
        Sample("a", {}, 6000),
        Sample("a", {}, 7),
    ]


def test_lines_that_cannot_be_read_and_values_that_are_no_counts_are_passed_over() -> None:
    page = "\n".join(
        [
            "# a 1",
            "a",
            "a{",
            'a{x="unterminated} 1',
            'a{x="1" y="2"} 1',
            "a{x=1} 1",
            'a{x="1"}',
            "a NaN",
            "a +Inf",
            "a -1",
            "a one",
            "ab 1",
            "a{" + '"' * 50_000,
            "a{" + 'x="1",' * 20_000,
            "a 1\r",
        ]
    )
    assert list(samples(page, ("a",))) == [Sample("a", {}, 1)]


@pytest.mark.parametrize("garbage", ["", "<html>Whitelabel Error Page</html>", '{"a": 1}', "# HELP only\n", "\0\0\0"])
def test_what_is_not_a_page_of_metrics_is_a_problem(garbage: str) -> None:
    collector, _ = reading(metrics=text(garbage))
    assert collect(collector) == Partial(
        {SERVICE_UP: {(SERVICE,): 1}}, ("/actuator/prometheus: the answer is not Prometheus text",)
    )


def test_a_pool_that_is_gone_is_left_out_of_the_sum() -> None:
    lines = 'hikaricp_connections_max{pool="trips"} 20.0\nhikaricp_connections_max{pool="old"} NaN\n'
    collector, _ = reading(metrics=text(lines))
    assert collect(collector) == {SERVICE_UP: {(SERVICE,): 1}, POOL_CONNECTIONS_MAX: {(SERVICE,): 20}}


# --- a server on loopback ---------------------------------------------------------------------------


@dataclass
class Service:
    """Answers each path with exact bytes and hangs up; a path that is not in ``answers`` is never answered."""

    answers: dict[str, bytes]
    requests: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            accept = next(line for line in head.split("\r\n") if line.startswith("Accept:"))
            self.requests.append(f"{path} {accept}")
            if path in self.answers:
                writer.write(self.answers[path])
                await writer.drain()
            else:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(service: Service, timeout: float = 5.0) -> AsyncIterator[Actuator]:
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    collector = Actuator.of(ActuatorConfig(service=SERVICE, url=url, timeout=timeout))
    try:
        yield collector
    finally:
        await collector.close()
        server.close()


def collected(service: Service, timeout: float = 5.0) -> tuple[Families, tuple[str, ...]]:
    async def main() -> tuple[Families, tuple[str, ...]]:
        async with running(service, timeout) as collector:
            told = await collector.collect()
            families, problems = (told.families, told.problems) if isinstance(told, Partial) else (told, ())
            return without_timers(families), problems

    return asyncio.run(main())


def plain(answer: Answer) -> bytes:
    return b"HTTP/1.1 %d \r\nContent-Length: %d\r\n\r\n%s" % (answer.status, len(answer.body), answer.body)


def chunked(body: bytes, size: int = 700) -> bytes:
    """As Tomcat sends what it writes as it goes; the chunks cut lines where they like."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return (
        b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        + b"0\r\n\r\n"
    )


def test_a_real_connection_gives_the_same_as_the_fake() -> None:
    service = Service({HEALTH: plain(UP), METRICS: chunked(PAGE.encode())})
    assert collected(service) == ({**GAUGES, **requests()}, ())
    assert service.requests == [
        "/actuator/health Accept: application/json",
        "/actuator/prometheus Accept: text/plain;version=0.0.4",
    ]


def test_a_slow_page_of_metrics_does_not_hold_back_the_health() -> None:
    assert collected(Service({HEALTH: plain(DOWN)}), timeout=0.2) == (
        {SERVICE_UP: {(SERVICE,): 0}},
        ("/actuator/prometheus: no complete answer within 0.09 s",),
    )


def test_a_slow_health_check_leaves_its_series_absent() -> None:
    assert collected(Service({METRICS: chunked(PAGE.encode())}), timeout=2.0) == (
        {**{k: v for k, v in GAUGES.items() if k is not SERVICE_UP}, **requests()},
        ("/actuator/health: no complete answer within 0.9 s",),
    )


def test_a_page_that_is_cut_is_not_read_in_part() -> None:
    whole = chunked(PAGE.encode())
    assert collected(Service({HEALTH: plain(UP), METRICS: whole[: len(whole) // 2]})) == (
        {SERVICE_UP: {(SERVICE,): 1}},
        ("/actuator/prometheus: the connection was cut before the answer was complete",),
    )


def test_a_page_beyond_the_limit_is_not_read() -> None:
    huge = b"HTTP/1.1 200 \r\n\r\n" + b"x 1\n" * (BODY_LIMIT // 4 + 1)
    assert collected(Service({HEALTH: plain(UP), METRICS: huge})) == (
        {SERVICE_UP: {(SERVICE,): 1}},
        ("/actuator/prometheus: the body is over 8388608 bytes",),
    )


def test_an_error_in_place_of_the_metrics_is_a_problem() -> None:
    assert collected(Service({HEALTH: plain(UP), METRICS: plain(Answer(401, b"sign in"))})) == (
        {SERVICE_UP: {(SERVICE,): 1}},
        ("/actuator/prometheus: answered 401",),
    )


def test_a_service_that_is_not_there_is_unavailable() -> None:
    async def main() -> None:
        async with running(Service({})) as collector:
            pass
        with pytest.raises(
            SourceUnavailable,
            match=r"^127\.0\.0\.1:\d+/actuator/health: ConnectionRefusedError; "
            r"127\.0\.0\.1:\d+/actuator/prometheus: ConnectionRefusedError$",
        ):
            await collector.collect()

    asyncio.run(main())
