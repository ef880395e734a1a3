"""Settings: what a file says, with the design's defaults, and every mistake in it at once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exporters.config import (
    ActuatorConfig,
    Config,
    EventsConfig,
    PostgresqlConfig,
    PostgresqlServer,
    PushConfig,
    RedisConfig,
    Secret,
    ServiceBusConfig,
    load,
    shown,
)
from observability.model.errors import DefinitionError, SourceUnavailable
from observability.model.exporter import PORT

Write = Callable[..., Path]
KEY = "InstrumentationKey=00000000-0000-0000-0000-000000000000"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "exporter.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(DefinitionError) as raised:
        load(path, environ or {})
    return [str(problem).removeprefix(f"{path}: ") for problem in raised.value.problems]


def test_the_smallest_cluster_takes_everything_from_the_design(write: Write) -> None:
    path = write(
        """
        [exporter]
        role = "cluster"
        [postgresql.servers.primary]
        user = "exporter"
        entra = true
        [postgresql.servers.replica_2]
        user = "exporter"
        entra = true
        [redis]
        user = "11111111-2222"
        entra = true
        [service_bus]
        """
    )
    assert load(path, {}) == Config(
        role="cluster",
        port=PORT,
        postgresql=PostgresqlConfig(
            servers=(
                PostgresqlServer(
                    role="primary", host="tripgen-prod.postgres.database.azure.com", user="exporter", entra=True
                ),
                PostgresqlServer(
                    role="replica_2",
                    host="tripgen-prod-replica-2.postgres.database.azure.com",
                    user="exporter",
                    entra=True,
                ),
            )
        ),
        redis=RedisConfig(
            host="tripgen-prod.redis.cache.windows.net", port=6380, tls=True, user="11111111-2222", entra=True
        ),
        service_bus=ServiceBusConfig(namespace="sb-tripgen-prod.servicebus.windows.net"),
    )


def test_a_sidecar_with_everything_said(write: Write, tmp_path: Path) -> None:
    (tmp_path / "connection").write_text(f"{KEY}\n")
    path = write(
        f"""
        [exporter]
        role = "sidecar"
        service = "trip-service"
        host = "127.0.0.1"
        port = 9999
        series_limit = 200
        [actuator]
        url = "http://127.0.0.1:8081/"
        every = 5
        timeout = 2.5
        [events]
        queue_limit = 40000
        [push]
        connection_string_file = "{tmp_path}/connection"
        every = 30
        buffer_dir = "/var/lib/x"
        buffer_bytes = 1000000
        """
    )
    config = load(path, {})
    assert config == Config(
        role="sidecar",
        service="trip-service",
        host="127.0.0.1",
        port=9999,
        series_limit=200,
        actuator=ActuatorConfig(service="trip-service", url="http://127.0.0.1:8081", every=5, timeout=2.5),
        events=EventsConfig(service="trip-service", queue_limit=40_000),
        push=PushConfig(
            connection_string=Secret(file=tmp_path / "connection"),
            every=30,
            buffer_dir=Path("/var/lib/x"),
            buffer_bytes=1_000_000,
        ),
    )
    assert config.push is not None
    assert config.push.connection_string.reveal() == KEY


def test_every_problem_is_told_at_once_with_what_to_do(write: Write) -> None:
    path = write(
        """
        [exporter]
        role = "sidecart"
        prot = 1
        port = 70000
        [postgresql]
        every = "often"
        [postgresql.servers.primry]
        user = "x"
        [postgresql.servers.replica_1]
        host = "127.0.0.1"
        sslmode = "verify"
        password = "hunter2"
        [redis]
        host = "localhost"
        port = true
        every = 5
        timeout = 6
        [servicebus]
        """
    )
    assert problems(path) == [
        "key 'exporter.port': '70000' is out of range; give a number from '0' to '65535'",
        "key 'exporter.prot': is not known; did you mean 'port'?",
        "key 'exporter.role': 'sidecart' is not known; give 'sidecar' or 'cluster'; did you mean 'sidecar'?",
        "key 'postgresql.every': is a text; give a number",
        "key 'postgresql.servers.primry': is not a server of the design; "
        "give 'primary' or 'replica_1' or 'replica_2'; did you mean 'primary'?",
        "key 'postgresql.servers.replica_1.password': is a secret in a file that is not; "
        "use 'password_file' or the environment",
        "key 'postgresql.servers.replica_1.sslmode': 'verify' is not known; give 'disable' or 'prefer' or 'require' or "
        "'verify-ca' or 'verify-full'; did you mean 'verify-ca'?",
        "key 'postgresql.servers.replica_1.user': is missing; give a text",
        "key 'redis.port': is a boolean; give a number",
        "key 'redis.timeout': '6' is longer than every '5'; give at most '5'",
        "section 'servicebus': is not known; did you mean 'service_bus'?",
    ]


def test_no_problem_repeats_what_may_be_a_secret(write: Write) -> None:
    path = write(
        """
        [exporter]
        role = "sidecar"
        service = "trip-service"
        [actuator]
        url = "http://admin:hunter2@127.0.0.1:8080"
        [push]
        connection_string = "hunter2"
        connection_string_file = "hunter2"
        """
    )
    told = problems(path)
    assert len(told) == 4
    assert "hunter2" not in "\n".join(told)
    path = write(
        '[exporter]\nrole = "cluster"\n[redis]\nhost = "u:hunter2@h"\npassword_file = "hunter2"\ntoken = "hunter2"'
    )
    told = problems(path)
    assert [line.split(":")[0] for line in told] == [
        "key 'redis.host'", "key 'redis.password_file'", "key 'redis.password_file'", "key 'redis.token'",
    ]  # fmt: skip
    assert "hunter2" not in "\n".join(told)


def test_a_file_that_is_missing_or_not_toml_is_one_problem(write: Write, tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == [
        "file 'none.toml': cannot be read (FileNotFoundError); give a file that exists"
    ]
    assert problems(write("[exporter\n")) == [
        "file 'exporter.toml': is not TOML: expected ']' at the end of a table declaration (at line 1, column 10); mend it"
    ]
    assert problems(write("")) == ["section 'exporter': is missing; add it with role = 'sidecar' or 'cluster'"]
    assert problems(write("exporter = 1")) == [
        "section 'exporter': is a number or a date; make it a table, '[exporter]'",
        "section 'exporter': is missing; add it with role = 'sidecar' or 'cluster'",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("port = " + "9" * 5_000, "file 'exporter.toml': is not TOML: a number has too many digits; mend it"),
        ("port = " + "[" * 5_000 + "]" * 5_000, "file 'exporter.toml': is not TOML: it is nested too deep; mend it"),
        (
            "port = " + "9" * 400,
            f"key 'exporter.port': '{'9' * 40}...' is out of range; give a number from '0' to '65535'",
        ),
        ("port = nan", "key 'exporter.port': 'nan' is out of range; give a number from '0' to '65535'"),
        ("port = -inf", "key 'exporter.port': '-inf' is out of range; give a number from '0' to '65535'"),
        (
            '[push]\nconnection_string_file = "/a\\u0000b"',
            "key 'push.connection_string_file': is not an absolute path; give a path that starts with '/'",
        ),
    ],
)
def test_what_no_program_could_hold_is_a_problem_like_any_other(write: Write, line: str, said: str) -> None:
    assert said in problems(write(f'[exporter]\nrole = "cluster"\n{line}\n'))


def test_a_section_of_the_other_role_is_a_problem(write: Write) -> None:
    path = write('[exporter]\nrole = "sidecar"\nservice = "ai-service"\n[redis]\nhost = "localhost"')
    assert problems(path) == ["section 'redis': does not belong to role 'sidecar'; move it to 'cluster'"]
    path = write('[exporter]\nrole = "cluster"\nservice = "ai-service"\n[events]')
    assert problems(path) == [
        "key 'exporter.service': is given for role 'cluster', which serves no single service; remove it",
        "section 'events': does not belong to role 'cluster'; move it to 'sidecar'",
    ]


def test_a_sidecar_names_a_service_of_the_design(write: Write) -> None:
    path = write('[exporter]\nrole = "sidecar"\nservice = "trips-service"')
    assert problems(path) == [
        "key 'exporter.service': 'trips-service' is not known; give 'user-service' or 'trip-service' or 'ai-service' or "
        "'location-service'; did you mean 'trip-service'?"
    ]
    assert problems(write('[exporter]\nrole = "sidecar"'))[0].startswith("key 'exporter.service': is missing; give")


def test_what_is_not_enabled_is_not_run(write: Write) -> None:
    path = write(
        '[exporter]\nrole = "sidecar"\nservice = "ai-service"\n[events]\nenabled = false\n[push]\nenabled = false'
    )
    config = load(path, {})
    assert (config.events, config.push, config.actuator) == (None, None, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:abc", "http://127.0.0.1:0", "http://127.0.0.1/한글",
        "http://127.0.0.1/a b", "http://:8080", "http://a/?x=hunter2", "http://a/?", "http://a/#x", "ftp://a", "127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_no_request_can_go_to_is_a_problem(write: Write, url: str) -> None:
    path = write(f'[exporter]\nrole = "sidecar"\nservice = "ai-service"\n[actuator]\nurl = "{url}"')
    assert problems(path) == [
        "key 'actuator.url': is not a plain address; "
        "give one such as 'http://127.0.0.1:8080', in ASCII, without user or query"
    ]


@pytest.mark.parametrize("url", ["http://[::1]:8080", "https://localhost", "http://127.0.0.1:8080/manage"])
def test_an_address_with_a_port_a_path_or_brackets_is_good(write: Write, url: str) -> None:
    path = write(f'[exporter]\nrole = "sidecar"\nservice = "ai-service"\n[actuator]\nurl = "{url}"')
    assert load(path, {}).actuator == ActuatorConfig(service="ai-service", url=url)


def test_the_queue_has_room_for_one_whole_body(write: Write) -> None:
    sidecar = '[exporter]\nrole = "sidecar"\nservice = "ai-service"\n[events]\nqueue_limit = '
    assert problems(write(f"{sidecar}1000")) == [
        "key 'events.queue_limit': '1000' has no room for one body of 1 MiB of the shortest events; "
        "give at least '32768'"
    ]
    limit = 32_768
    assert load(write(f"{sidecar}{limit}"), {}).events == EventsConfig(service="ai-service", queue_limit=limit)
    shortest = b'{"event":"rating_given","rating":5}\n'
    assert 2**20 // len(shortest) < limit


# --- the connection string ----------------------------------------------------------------------------

PUSH = '[exporter]\nrole = "cluster"\n[push]\n'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("hunter2", "is not 'name=value' parts with ';' between them"),
        (f"{KEY};", "is not 'name=value' parts with ';' between them"),
        ("InstrumentationKey=hunter2", "has no 'InstrumentationKey=' with a UUID in lower case"),
        ("IngestionEndpoint=https://hunter2/", "has no 'InstrumentationKey=' with a UUID in lower case"),
        (f"{KEY};IngestionEndpoint=hunter2", "has an 'IngestionEndpoint=' that is no address"),
        (f"{KEY};IngestionEndpoint=https://hunter2:99999/", "has an 'IngestionEndpoint=' that is no address"),
    ],
)
def test_a_connection_string_of_another_shape_is_a_problem_that_does_not_repeat_it(
    write: Write, tmp_path: Path, text: str, wrong: str
) -> None:
    told = f"{wrong}; copy it again from the resource"
    file = tmp_path / "connection"
    file.write_text(f"{text}\n")
    name = "APPLICATIONINSIGHTS_CONNECTION_STRING"
    assert problems(write(f'{PUSH}connection_string_file = "{file}"')) == [f"key 'push.connection_string_file': {told}"]
    assert problems(write(PUSH), {name: text}) == [f"variable '{name}': {told}"]
    assert problems(write(PUSH), {f"{name}_FILE": str(file)}) == [f"variable '{name}_FILE': {told}"]


def test_a_connection_string_of_the_portal_is_taken(write: Write) -> None:
    text = f"{KEY};IngestionEndpoint=https://koreacentral-0.in.applicationinsights.azure.com/;ApplicationId=x"
    push = load(write(PUSH), {"APPLICATIONINSIGHTS_CONNECTION_STRING": text}).push
    assert push is not None
    assert push.connection_string.reveal() == text


def test_the_file_of_a_connection_string_may_come_later(write: Write, tmp_path: Path) -> None:
    file = tmp_path / "connection"
    for content in (None, "\n"):
        if content is not None:
            file.write_text(content)
        push = load(write(f'{PUSH}connection_string_file = "{file}"'), {}).push
        assert push == PushConfig(connection_string=Secret(file=file))
        name = "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE"
        assert load(write(PUSH), {name: str(file)}).push == push
    assert problems(write(PUSH)) == [
        "key 'push.connection_string_file': is missing; "
        "give it or 'APPLICATIONINSIGHTS_CONNECTION_STRING' in the environment"
    ]


# --- secrets ----------------------------------------------------------------------------------------

REMOTE = '[exporter]\nrole = "cluster"\n[postgresql.servers.primary]\nhost = "db.example"\nuser = "x"\n'
REDIS = '[exporter]\nrole = "cluster"\n[redis]\nhost = "cache.example"\n'


def password(config: Config) -> str | None:
    assert config.postgresql is not None
    secret = config.postgresql.servers[0].password
    return None if secret is None else secret.reveal()


def test_a_password_comes_from_the_environment_or_a_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from file\n")
    path = write(REMOTE)
    assert password(load(path, {"TRIPGEN_POSTGRESQL_PASSWORD": "for all"})) == "for all"
    one = {"TRIPGEN_POSTGRESQL_PASSWORD": "for all", "TRIPGEN_POSTGRESQL_PRIMARY_PASSWORD": "for one"}
    assert password(load(path, one)) == "for one"
    assert password(load(path, {"TRIPGEN_POSTGRESQL_PRIMARY_PASSWORD_FILE": f"{tmp_path}/password"})) == "from file"
    assert password(load(write(f'{REMOTE}password_file = "{tmp_path}/password"'), {})) == "from file"


def test_a_secret_in_a_file_is_read_anew_each_time(write: Write, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    config = load(write(f'{REMOTE}password_file = "{file}"'), {})
    assert password(config) == "old"
    file.write_text("new\n")
    assert password(config) == "new"
    file.unlink()
    with pytest.raises(SourceUnavailable, match="FileNotFoundError"):
        password(config)


def test_a_server_elsewhere_needs_one_way_to_sign_in(write: Write, tmp_path: Path) -> None:
    assert problems(write(REMOTE)) == [
        "key 'postgresql.servers.primary.password_file': is missing; "
        "give it, 'TRIPGEN_POSTGRESQL_PRIMARY_PASSWORD' in the environment, or entra = true"
    ]
    assert problems(write(f"{REMOTE}entra = true"), {"TRIPGEN_POSTGRESQL_PASSWORD": "x"}) == [
        "key 'postgresql.servers.primary.entra': is true and a password is given; give one of them"
    ]
    assert problems(write(f'{REDIS}password_file = "{tmp_path}/none"')) == [
        f"key 'redis.password_file': '{tmp_path}/none' cannot be read (FileNotFoundError); "
        "give a file that this user may read"
    ]
    (tmp_path / "empty").write_text("\n")
    assert problems(write(REDIS), {"TRIPGEN_REDIS_PASSWORD_FILE": f"{tmp_path}/empty"}) == [
        f"variable 'TRIPGEN_REDIS_PASSWORD_FILE': '{tmp_path}/empty' is empty; write the value into it"
    ]
    assert problems(write(f"{REDIS}entra = true")) == [
        "key 'redis.user': is missing; give the object id of the identity that signs in with Entra"
    ]


def test_a_secret_given_twice_is_a_problem(write: Write, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("x")
    assert problems(write(f'{REDIS}password_file = "{tmp_path}/p"'), {"TRIPGEN_REDIS_PASSWORD": "y"}) == [
        "key 'redis.password_file': is given and so is 'TRIPGEN_REDIS_PASSWORD' in the environment; give one of them"
    ]
    both = {"TRIPGEN_REDIS_PASSWORD": "y", "TRIPGEN_REDIS_PASSWORD_FILE": f"{tmp_path}/p"}
    assert problems(write(REDIS), both) == [
        "variable 'TRIPGEN_REDIS_PASSWORD': is given and so is 'TRIPGEN_REDIS_PASSWORD_FILE'; give one of them"
    ]


def test_a_secret_is_never_shown_and_never_copied(write: Write) -> None:
    config = load(write(REMOTE), {"TRIPGEN_POSTGRESQL_PASSWORD": "hunter2"})
    for text in (repr(config), str(config), f"{config.postgresql}", json.dumps(shown(config))):
        assert "hunter2" not in text
        assert "***" in text
    with pytest.raises(TypeError):
        copy.deepcopy(Secret("hunter2"))


def test_the_same_secret_is_equal_and_another_is_not() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret(file=Path("/a")) != Secret("/a")


def test_all_settings_can_be_shown_as_json(write: Write) -> None:
    config = load(write(REMOTE), {"TRIPGEN_POSTGRESQL_PASSWORD": "hunter2"})
    told = json.loads(json.dumps(shown(config)))
    assert told["postgresql"]["servers"][0] == {
        "role": "primary", "host": "db.example", "user": "x", "port": 5432, "database": "postgres", "password": "***",
        "entra": False, "sslmode": "verify-full", "ca_file": None,
    }  # fmt: skip
    assert told["redis"] is None
