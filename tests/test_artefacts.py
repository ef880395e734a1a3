"""What is written, when, and what is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from observability import __version__, output
from observability.artefacts.build import _manifest, build
from observability.catalog import load
from observability.output import Artefact, Difference
from observability.render import arm
from tests.nested import every

ROOT = Path(__file__).parents[1]
ONE = Artefact("a/one.txt", "text", b"one\n", ("alert:x",), ("8.1.2",))
TWO = Artefact("b/two.txt", "text", b"two\n", (), ())


def manifest(*made: Artefact) -> Artefact:
    return _manifest(list(made), "en")


def files(folder: Path) -> dict[str, bytes]:
    """All but the catalogue's pages, which have a writer and a manifest of their own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and folder / "site" not in path.parents
    }


def test_a_first_run_writes_everything_and_a_second_nothing(tmp_path: Path) -> None:
    made = (ONE, TWO, manifest(ONE, TWO))
    assert output.write(tmp_path, made) == Difference(missing=("a/one.txt", "b/two.txt", "manifest.json"))
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.txt")}
    assert output.write(tmp_path, made) == Difference()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.txt")} == times


def test_what_is_no_longer_made_is_removed_with_its_empty_folder(tmp_path: Path) -> None:
    output.write(tmp_path, (ONE, TWO, manifest(ONE, TWO)))
    assert output.write(tmp_path, (ONE, manifest(ONE))).extra == ("b/two.txt",)
    assert sorted(files(tmp_path)) == ["a/one.txt", "manifest.json"]
    assert not (tmp_path / "b").exists()


def test_a_file_that_we_did_not_write_is_left_alone_and_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.txt").write_text("mine")
    made = (ONE, manifest(ONE))
    output.write(tmp_path, made)
    assert files(tmp_path)["a/mine.txt"] == b"mine"
    assert output.compare(tmp_path, made) == Difference(unknown=("a/mine.txt",))


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output.write(tmp_path, (ONE, manifest(ONE)))

    def interrupted(source: str, target: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(tmp_path, (Artefact("a/one.txt", "text", b"new\n", (), ()),))
    assert files(tmp_path)["a/one.txt"] == b"one\n"
    assert sorted(files(tmp_path)) == ["a/one.txt", "manifest.json"]


def test_a_file_half_written_by_a_killed_run_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".tripobs-77-one.txt").write_bytes(b"o")
    output.write(tmp_path, (ONE, manifest(ONE)))
    assert sorted(files(tmp_path)) == ["a/one.txt", "manifest.json"]


def test_a_run_stopped_before_its_end_leaves_enough_for_the_next_to_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is written last: what is no longer made is still known as ours after an interruption."""
    output.write(tmp_path, (ONE, TWO, manifest(ONE, TWO)))
    new = Artefact("c/new.txt", "text", b"new", (), ())

    def stop(what: str, path: str) -> None:
        if path == "b/two.txt":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        output.write(tmp_path, (ONE, new, manifest(ONE, new)), stop)
    output.write(tmp_path, (ONE, new, manifest(ONE, new)))
    assert sorted(files(tmp_path)) == ["a/one.txt", "c/new.txt", "manifest.json"]


def test_the_manifest_names_each_artefact_with_what_is_behind_it() -> None:
    body = json.loads(manifest(ONE).body)
    assert body.pop("coverage")["redis-aof"] == {
        "alerts": ["redis-aof-failing"],
        "queries": ["redis/aof-errors"],
        "panels": ["tripgen-recovery: Errors writing the AOF"],
        "without": {},
    }
    assert body == {
        "generator": f"tripgen-observability {__version__}",
        "language": "en",
        "artefacts": [
            {
                "path": "a/one.txt",
                "kind": "text",
                "definitions": ["alert:x"],
                "sections": ["8.1.2"],
                "sha256": hashlib.sha256(b"one\n").hexdigest(),
            }
        ],
    }


@pytest.mark.parametrize("after", [1, 7, 30, 64])
def test_a_killed_run_leaves_each_file_old_or_new_and_the_next_run_finishes(after: int, tmp_path: Path) -> None:
    """A run is killed for good as soon as it has said that it wrote so many files."""
    subprocess.run(
        [sys.executable, "-m", "observability", "generate", "--out", str(tmp_path), "--lang", "en", "--quiet"],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    old, new = files(tmp_path), files(ROOT / "generated")
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "observability", "generate", "--out", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        for _ in range(after):
            if not run.stdout.readline().startswith("write "):
                break
        run.kill()
    for path, body in files(tmp_path).items():
        if not path.rsplit("/", 1)[-1].startswith(".tripobs-"):
            assert body in (old.get(path), new.get(path)), path
    subprocess.run(
        [sys.executable, "-m", "observability", "generate", "--out", str(tmp_path), "--quiet"],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    assert files(tmp_path) == new


def test_a_broken_manifest_removes_nothing(tmp_path: Path) -> None:
    output.write(tmp_path, (ONE, TWO, manifest(ONE, TWO)))
    (tmp_path / "manifest.json").write_text("{")
    output.write(tmp_path, (ONE, manifest(ONE)))
    assert sorted(files(tmp_path)) == ["a/one.txt", "b/two.txt", "manifest.json"]


def test_the_real_manifest_covers_every_generated_file_and_its_hash() -> None:
    folder = ROOT / "generated"
    entries = {entry["path"]: entry for entry in json.loads((folder / "manifest.json").read_bytes())["artefacts"]}
    found = files(folder)
    assert sorted(entries) == sorted(set(found) - {"manifest.json"})
    for path, entry in entries.items():
        assert hashlib.sha256(found[path]).hexdigest() == entry["sha256"], path
        if path != "azure/parameters.example.json":
            assert entry["definitions"], path
            assert entry["sections"], path


def test_both_languages_make_the_same_files() -> None:
    catalogue = load()
    korean, english = (build(catalogue, lang) for lang in ("ko", "en"))
    assert [artefact.path for artefact in korean] == [artefact.path for artefact in english]
    texts = {artefact.path: artefact.body.decode() for artefact in english}
    assert '"displayName": "High Error Rate"' in texts["azure/alerts.json"]
    assert '"title": "서비스' not in texts["dashboards/tripgen-services.json"]


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_same_bytes_whatever_the_hash_seed_place_and_locale(seed: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C",
        "TZ": "America/New_York",
    }
    subprocess.run(
        [sys.executable, "-m", "observability", "generate", "--out", str(tmp_path), "--quiet"],
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=120,
    )
    assert files(tmp_path) == files(ROOT / "generated")


def test_nothing_generated_looks_like_a_secret_or_a_place_on_this_machine() -> None:
    for path, body in files(ROOT / "generated").items():
        text = body.decode()
        for sign in ("AccountKey=", "SharedAccessKey=", "InstrumentationKey=", "hooks.slack.com", str(ROOT)):
            assert sign not in text, (path, sign)


def test_every_resource_of_every_template_is_tagged_or_of_a_type_without_tags() -> None:
    seen = set()
    for made in build(load(), "en"):
        if made.kind not in ("deployment template", "alert rule"):
            continue
        for resource in every(json.loads(made.body)):
            name, value = arm.TAG
            if resource["type"] in arm.UNTAGGABLE:
                assert "tags" not in resource, (made.path, resource["name"])
            elif isinstance(resource["tags"], str):
                assert resource["tags"].endswith(f"createObject('{name}', '{value}'))]"), (made.path, resource["name"])
            else:
                assert resource["tags"][name] == value, (made.path, resource["name"])
            seen.add(resource["type"])
    assert len(seen) >= 16


def test_every_type_without_tags_says_why() -> None:
    assert all(reason for reason in arm.UNTAGGABLE.values())
