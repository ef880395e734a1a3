"""The only writer of files: what a folder holds, what it should hold, and the way from one to the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

MANIFEST = "manifest.json"
# A folder inside another's that has its own manifest, and so a writer of its own: the catalogue's pages.
_SITE = "site"
# The name of a file half written by a run that was killed begins so; the next run removes it.
_TEMPORARY = ".tripobs-"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One generated file: ``path`` below the output folder, and the definitions and sections behind it."""

    path: str
    kind: str
    body: bytes
    definitions: tuple[str, ...]
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a folder differs from what it should hold, as paths below it. ``unknown`` files are not ours to remove."""

    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.extra or self.unknown)


def compare(folder: Path, artefacts: Sequence[Artefact]) -> Difference:
    """What writing the artefacts to ``folder`` would change. Reads only."""
    top = os.fspath(folder)
    there = set(_files(top))
    missing = [artefact.path for artefact in artefacts if artefact.path not in there]
    stale = [a.path for a in artefacts if a.path in there and _read(f"{top}/{a.path}") != a.body]
    left = sorted(there.difference(artefact.path for artefact in artefacts))
    ours = _owned(folder) if left else frozenset()
    extra = [path for path in left if path in ours or path.rsplit("/", 1)[-1].startswith(_TEMPORARY)]
    unknown = [path for path in left if path not in extra]
    return Difference(tuple(missing), tuple(stale), tuple(extra), tuple(unknown))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _files(top: str) -> Iterator[str]:
    # Plain strings: a Path for each of a few hundred files takes longer than reading them.
    for where, folders, names in os.walk(top):
        if where == top and os.path.exists(f"{top}/{_SITE}/{MANIFEST}"):
            folders.remove(_SITE)
        below = where[len(top) + 1 :].replace(os.sep, "/")
        for name in names:
            yield f"{below}/{name}" if below else name


def _owned(folder: Path) -> frozenset[str]:
    """Paths that an earlier run wrote, by its manifest: only these are ever removed."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        return frozenset(str(entry["path"]) for entry in manifest["artefacts"])
    except (FileNotFoundError, KeyError, TypeError, orjson.JSONDecodeError):
        return frozenset()


def write(folder: Path, artefacts: Sequence[Artefact], said: Callable[[str, str], None] | None = None) -> Difference:
    """Make ``folder`` hold the artefacts and return what was different; unchanged files are not touched.

    Each file is written beside its place and then moved over it, so an interrupted run leaves the old file or the new
    one. The last artefact, the manifest, is written when all else is done: until then the next run still knows which
    files are ours. ``said`` is told of each change: ("write" or "remove", path). Raises OSError.
    """
    difference = compare(folder, artefacts)
    changed = {*difference.missing, *difference.stale}
    tell = said or (lambda what, path: None)
    made: set[str] = set()
    for artefact in artefacts[:-1]:
        if artefact.path in changed:
            _replace(folder, artefact, made)
            tell("write", artefact.path)
    for path in difference.extra:
        (folder / path).unlink(missing_ok=True)
        tell("remove", path)
        _prune((folder / path).parent, folder)
    for artefact in artefacts[-1:]:
        if artefact.path in changed:
            _replace(folder, artefact, made)
            tell("write", artefact.path)
    return difference


def _replace(folder: Path, artefact: Artefact, made: set[str]) -> None:
    target = f"{os.fspath(folder)}/{artefact.path}"
    where, name = target.rsplit("/", 1)
    if where not in made:
        os.makedirs(where, exist_ok=True)
        made.add(where)
    replace(where, name, artefact.body)


def replace(where: str, name: str, body: bytes) -> None:
    """The file of that name in the folder ``where`` holds ``body``, or is what it was. Raises OSError."""
    temporary = f"{where}/{_TEMPORARY}{os.getpid()}-{name}"
    try:
        with open(temporary, "wb") as file:
            file.write(body)
        os.replace(temporary, f"{where}/{name}")
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _prune(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
