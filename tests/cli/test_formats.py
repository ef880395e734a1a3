"""A result in the file that was named: whole or not at all, and as private as its owner's other files."""

from __future__ import annotations

import argparse
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from observability.cli import formats
from observability.query.errors import WrongArgument


def asked(file: Path) -> argparse.Namespace:
    return argparse.Namespace(out=str(file), format="csv")


@contextmanager
def masked(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644)])
def test_the_file_is_as_private_as_its_owner_has_it(tmp_path: Path, mask: int, mode: int) -> None:
    with masked(mask):
        formats.write(asked(tmp_path / "report.csv"), "a,b\n")
    assert stat.S_IMODE((tmp_path / "report.csv").stat().st_mode) == mode


def test_half_of_a_character_is_escaped_as_on_the_terminal(tmp_path: Path) -> None:
    formats.write(asked(tmp_path / "report.csv"), "name\n\ud800é\r\n")
    assert (tmp_path / "report.csv").read_bytes() == b"name\n\\ud800\xc3\xa9\r\n"


def test_what_does_not_fit_leaves_the_old_file_and_no_draft_and_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    file.write_text("of yesterday", encoding="utf-8")
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large") as caught:
        formats.write(asked(file), "x" * 100_000)
    assert caught.value.filename == str(file)
    assert [(each.name, each.read_text(encoding="utf-8")) for each in tmp_path.iterdir()] == [
        ("report.csv", "of yesterday")
    ]


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(WrongArgument, match=f"--out {pipe}: is no file that can be replaced"):
        formats.refuse(asked(pipe))
