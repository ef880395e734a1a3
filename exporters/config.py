"""The exporter's settings: one TOML file, secrets from files and the environment, every problem found at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

from exporters.store import LIMIT as SERIES_LIMIT
from observability.design import data
from observability.design.platform import APPLICATION_PORT
from observability.design.services import SERVICES
from observability.model.errors import DefinitionError, Problem, SourceUnavailable
from observability.model.exporter import PORT

ENV_PREFIX = "TRIPGEN_"
CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"

ROLES = ("sidecar", "cluster")
SERVER_ROLES = ("primary", *(replica.key for replica in data.POSTGRESQL.replicas))
SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
SERVICE_ROLES = tuple(service.role for service in SERVICES)

_DATABASE_HOSTS = {
    "primary": data.POSTGRESQL.endpoint.host,
    **{
        # The document gives the primary's host; Azure forms a replica's in the same way from its name.
        replica.key: f"{replica.resource.name}.{data.POSTGRESQL.endpoint.host.partition('.')[2]}"
        for replica in data.POSTGRESQL.replicas
    },
}


class Secret:
    """Text that is never shown: ``repr`` and ``str`` are ``***``. From a file it is read anew each time it is used,
    so a rotated secret is taken at the next connection without a reload."""

    __slots__ = ("_file", "_text")

    def __init__(self, text: str = "", *, file: Path | None = None) -> None:
        self._text = text
        self._file = file

    def reveal(self) -> str:
        """The secret itself, without the line end that editors leave in files. Raises SourceUnavailable."""
        if self._file is None:
            return self._text
        try:
            return self._file.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnavailable(f"cannot read the secret's file {self._file}: {type(error).__name__}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._text, self._file) == (other._text, other._file)

    def __hash__(self) -> int:
        return hash((self._text, self._file))

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        # pickle and copy.deepcopy would write the text out.
        raise TypeError("a secret is not copied")


@dataclass(frozen=True, kw_only=True)
class PostgresqlServer:
    """One server. Without ``password`` and ``entra`` it signs in as the server lets it (peer or trust, local only)."""

    role: str
    host: str
    user: str
    port: int = data.POSTGRESQL.endpoint.port
    database: str = "postgres"
    password: Secret | None = None
    entra: bool = False
    sslmode: str = "verify-full"
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class PostgresqlConfig:
    """``every``: connections, lag, transactions; ``slow_every``: sizes and settings, most of what a round costs."""

    servers: tuple[PostgresqlServer, ...]
    every: float = 15.0
    slow_every: float = 300.0
    timeout: float = 5.0


@dataclass(frozen=True, kw_only=True)
class RedisConfig:
    """``user`` is an ACL user; with ``entra`` it is the object id of the identity."""

    host: str = data.REDIS.endpoint.host
    port: int = data.REDIS.endpoint.port
    tls: bool = True
    ca_file: Path | None = None
    user: str | None = None
    password: Secret | None = None
    entra: bool = False
    cluster: bool = True
    every: float = 15.0
    timeout: float = 5.0


@dataclass(frozen=True, kw_only=True)
class ServiceBusConfig:
    """``namespace`` is the fully qualified name."""

    namespace: str = f"{data.SERVICE_BUS.resource.name}.servicebus.windows.net"
    every: float = 30.0
    timeout: float = 20.0


@dataclass(frozen=True, kw_only=True)
class ActuatorConfig:
    """``service`` is the label value, the role name of the service whose pod this is."""

    service: str
    url: str = f"http://127.0.0.1:{APPLICATION_PORT}"
    every: float = 15.0
    timeout: float = 5.0


@dataclass(frozen=True, kw_only=True)
class EventsConfig:
    """``service`` as in ActuatorConfig; ``queue_limit`` events may wait before 429 is answered."""

    service: str
    queue_limit: int = 50_000


@dataclass(frozen=True, kw_only=True)
class PushConfig:
    """``buffer_dir`` holds what Azure has not taken yet, at most ``buffer_bytes``."""

    connection_string: Secret
    every: float = 60.0
    buffer_dir: Path = Path("/var/lib/tripgen-exporter")
    buffer_bytes: int = 50 * 2**20


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything; a part that is None is not run."""

    role: Literal["sidecar", "cluster"]
    service: str | None = None
    # Prometheus scrapes the pod's address, so loopback alone would not do.
    host: str = "0.0.0.0"  # noqa: S104
    port: int = PORT
    series_limit: int = SERIES_LIMIT
    postgresql: PostgresqlConfig | None = None
    redis: RedisConfig | None = None
    service_bus: ServiceBusConfig | None = None
    actuator: ActuatorConfig | None = None
    events: EventsConfig | None = None
    push: PushConfig | None = None


def connection_string_fault(text: str) -> tuple[str, str] | None:
    """What is wrong with a connection string of Application Insights and what to do, in words that repeat none of it.

    As strict as Microsoft's library, which refuses the same when it is too late to tell anybody."""
    parts = [part.split("=") for part in text.split(";")]
    if any(len(part) != 2 for part in parts):
        return "is not 'name=value' parts with ';' between them", "copy it again from the resource"
    values = {name.lower(): value for name, value in parts}
    if not _INSTRUMENTATION_KEY.fullmatch(values.get("instrumentationkey", "")):
        return "has no 'InstrumentationKey=' with a UUID in lower case", "copy it again from the resource"
    endpoint = values.get("ingestionendpoint")
    # Without one the library takes Azure's global address.
    if endpoint is not None and not _plain_address(endpoint):
        return "has an 'IngestionEndpoint=' that is no address", "copy it again from the resource"
    return None


def _plain_address(url: str) -> bool:
    """Whether ``url`` is an address of HTTP in ASCII with a host and a good port, and without user, query and fragment."""
    from urllib.parse import urlsplit  # for the sections that hold an address

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets that do not close, a port that is no number or too large
        return False
    return (
        _PRINTABLE.fullmatch(url) is not None
        and parts.scheme in ("http", "https")
        and _HOST.fullmatch(host) is not None
        and port != 0
        and "@" not in parts.netloc
        and "?" not in url
        and "#" not in url
    )


# --- reading ----------------------------------------------------------------------------------------

_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}|/[ -~]{1,100}")
_INSTRUMENTATION_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PRINTABLE = re.compile(r"[!-~]+")
# A body is at most 1 MiB and the shortest event some 32 bytes. A queue with less room than one body holds would refuse
# that body for ever, however often it is sent again.
_QUEUE_LIMIT_LEAST = 2**20 // 32
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SECRET_WORDS = ("password", "secret", "token", "connection_string")
_SECTIONS = {
    "exporter": ROLES,
    "postgresql": ("cluster",),
    "redis": ("cluster",),
    "service_bus": ("cluster",),
    "actuator": ("sidecar",),
    "events": ("sidecar",),
    "push": ROLES,
}


class _Problems:
    """Collects what is wrong with one file."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.found: list[Problem] = []

    def add(self, key: str, wrong: str, todo: str, kind: str = "key") -> None:
        # One problem, one line: keys and values may hold anything.
        parts = ("".join(c if c.isprintable() else "?" for c in part) for part in (key, wrong, todo))
        self.found.append(Problem(self._where, kind, *parts))


class _Table:
    """A table of the file. Every key that is asked for is known; ``close`` reports the others."""

    def __init__(self, name: str, raw: Mapping[str, Any], problems: _Problems, environ: Mapping[str, str]) -> None:
        self._name = name
        self._raw = raw
        self._known: list[str] = []
        self.problems = problems
        self.environ = environ

    def key(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._raw.get(key)

    def has(self, key: str) -> bool:
        return key in self._raw

    def text(self, key: str, default: str | None = None, allowed: Sequence[str] = ()) -> str:
        """A text that is not empty. Without a default it is required."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.problems.add(self.key(key), "is missing", f"give {_choice(allowed) or 'a text'}")
        elif not isinstance(value, str) or not value.strip():
            self.problems.add(self.key(key), f"is {_kind(value)}", f"give {_choice(allowed) or 'a text'}")
        elif allowed and value not in allowed:
            self.problems.add(self.key(key), f"'{_short(value)}' is not known", f"give {_choice(allowed, value)}")
        else:
            return value
        return default or ""

    def optional(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else cast(None, self._take(key))

    def host(self, key: str, default: str | None = None) -> str:
        value = self.text(key, default)
        if value and not _HOST.fullmatch(value):
            # Not repeated: what is no host may be an address with a password in it.
            self.problems.add(self.key(key), "is not a host name", "give a name or an address alone")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problems.add(self.key(key), f"is {_kind(value)}", "give true or false")
        return default

    def number(self, key: str, default: float, lowest: float, highest: float) -> float:
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.add(self.key(key), f"is {_kind(value)}", "give a number")
        elif not lowest <= value <= highest:
            self.problems.add(
                self.key(key),
                f"'{_short(str(value))}' is out of range",
                f"give a number from '{lowest:g}' to '{highest:g}'",
            )
        else:
            return value
        return default

    def whole(self, key: str, default: int, lowest: int, highest: int) -> int:
        value = self.number(key, default, lowest, highest)
        if value != int(value):
            self.problems.add(self.key(key), f"'{value}' is not whole", "give a whole number")
        return int(value)

    def clock(self, default: float, key: str = "every") -> float:
        return self.number(key, default, 0.1, 86_400)

    def clocks(self, every: float, timeout: float) -> dict[str, float]:
        """``every`` and ``timeout``; a round is over before the next one is due."""
        every = self.clock(every)
        timeout_given = self.has("timeout")
        limit = self.number("timeout", min(timeout, every), 0.05, 3_600)
        if timeout_given and limit > every:
            self.problems.add(
                self.key("timeout"), f"'{limit:g}' is longer than every '{every:g}'", f"give at most '{every:g}'"
            )
        return {"every": every, "timeout": limit}

    def path(self, key: str, default: Path | None = None) -> Path | None:
        if not self.has(key):
            self._take(key)
            return default
        value = self.text(key)
        if value and (not value.startswith("/") or "\0" in value):
            # Not repeated: a password may have been written where its file belongs.
            self.problems.add(self.key(key), "is not an absolute path", "give a path that starts with '/'")
            return default
        return Path(value) if value else default

    def file(self, key: str, *, now: bool = True) -> Path | None:
        """A file; one that can be read now, unless it may come later."""
        path = self.path(key)
        if path is not None and now:
            self.readable(self.key(key), path)
        return path

    def readable(self, name: str, path: Path, kind: str = "key") -> None:
        try:
            empty = not path.read_bytes().strip()
        except OSError as error:
            self.problems.add(
                name, f"'{path}' cannot be read ({type(error).__name__})", "give a file that this user may read", kind
            )
        else:
            if empty:
                self.problems.add(name, f"'{path}' is empty", "write the value into it", kind)

    def secret(self, key: str, *variables: str, now: bool = True) -> Secret | None:
        """From ``<key>_file``, else from the first of ``variables`` that is set, as it is or as ``<variable>_FILE``.
        Without ``now`` its file may come later."""
        file = self.file(f"{key}_file", now=now)
        if file is not None:
            for name in variables[:1]:
                if name in self.environ or f"{name}_FILE" in self.environ:
                    self.problems.add(
                        self.key(f"{key}_file"), f"is given and so is '{name}' in the environment", "give one of them"
                    )
            return Secret(file=file)
        for name in variables:
            plain, at = self.environ.get(name), self.environ.get(f"{name}_FILE")
            if plain and at:
                self.problems.add(name, f"is given and so is '{name}_FILE'", "give one of them", "variable")
            if at and now:
                self.readable(f"{name}_FILE", Path(at), "variable")
            if at:
                return Secret(file=Path(at))
            if plain:
                return Secret(plain)
        return None

    def close(self) -> None:
        for key in self._raw:
            if key in self._known:
                continue
            if f"{key}_file" in self._known or any(key == word for word in _SECRET_WORDS):
                named = f"{key}_file" if f"{key}_file" in self._known else "a file"
                self.problems.add(
                    self.key(key), "is a secret in a file that is not", f"use '{named}' or the environment"
                )
            else:
                self.problems.add(self.key(key), "is not known", _nearest(key, self._known))


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The settings of ``path``. Raises DefinitionError with every problem; no message holds a secret."""
    problems = _Problems(str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.add(path.name, f"cannot be read ({type(error).__name__})", "give a file that exists", "file")
        raise DefinitionError(problems.found) from None
    except (ValueError, RecursionError) as error:
        why = _not_toml(error)
        problems.add(path.name, f"is not TOML: {why[:1].lower()}{why[1:]}", "mend it", "file")
        raise DefinitionError(problems.found) from None
    config = _read(raw, problems, environ)
    if problems.found:
        raise DefinitionError(problems.found)
    return config


def _read(raw: Mapping[str, Any], problems: _Problems, environ: Mapping[str, str]) -> Config:
    for name in raw.keys() - _SECTIONS.keys():
        problems.add(name, "is not known", _nearest(name, list(_SECTIONS)), "section")
    tables: dict[str, _Table] = {}
    for name in _SECTIONS:
        value = raw.get(name)
        if isinstance(value, Mapping):
            tables[name] = _Table(name, value, problems, environ)
        elif value is not None:
            problems.add(name, f"is {_kind(value)}", f"make it a table, '[{name}]'", "section")

    own = tables.get("exporter")
    if own is None:
        problems.add("exporter", "is missing", f"add it with role = {_choice(ROLES)}", "section")
        own = _Table("exporter", {"role": "cluster"}, problems, environ)
    role = own.text("role", allowed=ROLES)
    if role:
        for name in tables:
            if role not in _SECTIONS[name]:
                problems.add(
                    name, f"does not belong to role '{role}'", f"move it to {_choice(_SECTIONS[name])}", "section"
                )
    service = own.text("service", allowed=SERVICE_ROLES) if role == "sidecar" else own.optional("service")
    if service is not None and role == "cluster":
        problems.add("exporter.service", "is given for role 'cluster', which serves no single service", "remove it")
    config = Config(
        role=cast(Literal["sidecar", "cluster"], role or "cluster"),
        service=service,
        host=own.host("host", Config.host),
        port=own.whole("port", PORT, 0, 65_535),
        series_limit=own.whole("series_limit", SERIES_LIMIT, 50, 100_000),
        postgresql=_postgresql(tables["postgresql"]) if "postgresql" in tables else None,
        redis=_redis(tables["redis"]) if "redis" in tables else None,
        service_bus=_service_bus(tables["service_bus"]) if "service_bus" in tables else None,
        actuator=_actuator(tables["actuator"], service) if "actuator" in tables else None,
        events=_events(tables["events"], service) if "events" in tables else None,
        push=_push(tables["push"]) if "push" in tables else None,
    )
    for table in tables.values():
        table.close()
    return config


def _postgresql(table: _Table) -> PostgresqlConfig:
    clocks = table.clocks(PostgresqlConfig.every, PostgresqlConfig.timeout)
    slow = table.clock(PostgresqlConfig.slow_every, "slow_every")
    raw = table._take("servers")
    if not isinstance(raw, Mapping) or not raw:
        table.problems.add("postgresql.servers", "is missing", "add a table such as '[postgresql.servers.primary]'")
        raw = {}
    servers = []
    for role, value in raw.items():
        name = f"postgresql.servers.{role}"
        if role not in SERVER_ROLES:
            table.problems.add(name, "is not a server of the design", f"give {_choice(SERVER_ROLES, role)}")
        elif not isinstance(value, Mapping):
            table.problems.add(name, f"is {_kind(value)}", f"make it a table, '[{name}]'")
        else:
            servers.append(_server(role, _Table(name, value, table.problems, table.environ)))
    return PostgresqlConfig(servers=tuple(servers), slow_every=slow, **clocks)


def _server(role: str, table: _Table) -> PostgresqlServer:
    host = table.host("host", _DATABASE_HOSTS[role])
    entra, password = _sign_in(
        table, host, f"{ENV_PREFIX}POSTGRESQL_{role.upper()}_PASSWORD", f"{ENV_PREFIX}POSTGRESQL_PASSWORD"
    )
    server = PostgresqlServer(
        role=role,
        host=host,
        port=table.whole("port", PostgresqlServer.port, 1, 65_535),
        database=table.text("database", PostgresqlServer.database),
        user=table.text("user"),
        password=password,
        entra=entra,
        sslmode=table.text("sslmode", PostgresqlServer.sslmode, SSL_MODES),
        ca_file=table.file("ca_file"),
    )
    table.close()
    return server


def _sign_in(table: _Table, host: str, *variables: str) -> tuple[bool, Secret | None]:
    """Whether to use Entra, and the password: one of the two, or neither for a server on this host."""
    entra = table.flag("entra", False)
    password = table.secret("password", *variables)
    if entra and password is not None:
        table.problems.add(table.key("entra"), "is true and a password is given", "give one of them")
    if not entra and password is None and host not in _LOCAL and not host.startswith("/"):
        table.problems.add(
            table.key("password_file"), "is missing", f"give it, '{variables[0]}' in the environment, or entra = true"
        )
    return entra, password


def _redis(table: _Table) -> RedisConfig:
    host = table.host("host", RedisConfig.host)
    entra, password = _sign_in(table, host, f"{ENV_PREFIX}REDIS_PASSWORD")
    user = table.optional("user")
    if entra and user is None:
        table.problems.add("redis.user", "is missing", "give the object id of the identity that signs in with Entra")
    return RedisConfig(
        host=host,
        port=table.whole("port", RedisConfig.port, 1, 65_535),
        tls=table.flag("tls", RedisConfig.tls),
        ca_file=table.file("ca_file"),
        user=user,
        password=password,
        entra=entra,
        cluster=table.flag("cluster", RedisConfig.cluster),
        **table.clocks(RedisConfig.every, RedisConfig.timeout),
    )


def _service_bus(table: _Table) -> ServiceBusConfig:
    return ServiceBusConfig(
        namespace=table.host("namespace", ServiceBusConfig.namespace),
        **table.clocks(ServiceBusConfig.every, ServiceBusConfig.timeout),
    )


def _actuator(table: _Table, service: str | None) -> ActuatorConfig:
    url = table.text("url", ActuatorConfig.url)
    if not _plain_address(url):
        table.problems.add(
            "actuator.url",
            "is not a plain address",
            "give one such as 'http://127.0.0.1:8080', in ASCII, without user or query",
        )
    return ActuatorConfig(
        service=service or "", url=url.rstrip("/"), **table.clocks(ActuatorConfig.every, ActuatorConfig.timeout)
    )


def _events(table: _Table, service: str | None) -> EventsConfig | None:
    limit = table.whole("queue_limit", EventsConfig.queue_limit, 1, 10_000_000)
    if limit < _QUEUE_LIMIT_LEAST:
        table.problems.add(
            "events.queue_limit",
            f"'{limit}' has no room for one body of 1 MiB of the shortest events",
            f"give at least '{_QUEUE_LIMIT_LEAST}'",
        )
    return EventsConfig(service=service or "", queue_limit=limit) if table.flag("enabled", True) else None


def _push(table: _Table) -> PushConfig | None:
    enabled = table.flag("enabled", True)
    every = table.clock(PushConfig.every)
    folder = table.path("buffer_dir", PushConfig.buffer_dir)
    size = table.whole("buffer_bytes", PushConfig.buffer_bytes, 2**16, 10 * 2**30)
    # Its file may come later: a pod must not wait for a secret of Azure Monitor, which only the push needs.
    secret = table.secret("connection_string", CONNECTION_STRING, now=False)
    if not enabled:
        return None
    if secret is None:
        table.problems.add(
            "push.connection_string_file", "is missing", f"give it or '{CONNECTION_STRING}' in the environment"
        )
    else:
        _check_shape(table, secret)
    assert folder is not None
    return PushConfig(connection_string=secret or Secret(), every=every, buffer_dir=folder, buffer_bytes=size)


def _check_shape(table: _Table, secret: Secret) -> None:
    try:
        text = secret.reveal()
    except SourceUnavailable:
        return
    fault = connection_string_fault(text) if text.strip() else None
    if fault is not None and table.has("connection_string_file"):
        table.problems.add("push.connection_string_file", *fault)
    elif fault is not None:
        name = CONNECTION_STRING if table.environ.get(CONNECTION_STRING) else f"{CONNECTION_STRING}_FILE"
        table.problems.add(name, *fault, "variable")


# --- words ------------------------------------------------------------------------------------------


def _not_toml(error: Exception) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    # Both are the reader's own limits.
    return "it is nested too deep" if isinstance(error, RecursionError) else "a number has too many digits"


def _kind(value: object) -> str:
    """What was written instead, in TOML's words and without its content."""
    kinds: dict[type, str] = {bool: "a boolean", str: "a text", list: "an array", dict: "a table"}
    if isinstance(value, str) and not value.strip():
        return "empty"
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "a number or a date")


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:40]}..."


def _choice(allowed: Sequence[str], near: str | None = None) -> str:
    quoted = " or ".join(f"'{one}'" for one in allowed)
    if near is not None and (hit := _match(near, allowed)):
        return f"{quoted}; did you mean '{hit}'?"
    return quoted


def _nearest(name: str, known: Sequence[str]) -> str:
    hit = _match(name, known)
    return f"did you mean '{hit}'?" if hit else f"remove it; known: {', '.join(repr(one) for one in known)}"


def _match(name: str, known: Sequence[str]) -> str | None:
    import difflib  # only where something is wrong

    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def shown(value: object) -> object:
    """``value`` as plain JSON values for people, each secret as ``***``."""
    if isinstance(value, Secret | Path):
        return str(value)
    if is_dataclass(value):
        return {field.name: shown(getattr(value, field.name)) for field in fields(value)}
    return [shown(one) for one in value] if isinstance(value, tuple) else value
