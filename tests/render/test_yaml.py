"""The YAML writer against PyYAML: what is written is read back as it was, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from observability.render import yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
# Letters that mean something in YAML, far oftener than chance would have them.
TRICKY = st.text(st.sampled_from(list(":#-?!&*|>%@`'\"{}[], \n\t\r\\~=<.0123yn\x85\u2028\ufeff한")))
SCALARS = st.none() | st.booleans() | st.integers() | TEXTS | TRICKY
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | TRICKY, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=1000, deadline=None)
@given(VALUES)
@example({"": {"": [[], {}, [[""]]]}})
@example("a\n\nb\n")
@example("a\nb")
@example("a\n \nb")
@example(" a\nb")
@example("a\nb\n\n")
@example("a\n---\n...\n# no comment\n%TAG")
@example([["a\nb"], {"c": "d\ne\n"}, [{"f": ["g\nh"]}]])
@example(["=", "<<", "1_000", "0x1", "1:30", "2026-11-23", ".inf", "-", "~", "null", "Yes", "OFF", "y"])
def test_pyyaml_reads_back_what_was_written(value: Any) -> None:
    text = yaml.dump(value)

    assert pyyaml.safe_load(text) == value
    assert type(pyyaml.safe_load(text)) is type(value)
    assert text.endswith("\n")
    assert text.encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(TEXTS, SCALARS, min_size=1, max_size=3), min_size=1, max_size=4), TRICKY)
def test_several_documents_stay_apart_and_a_header_is_no_content(objects: list[Any], header: str) -> None:
    assert list(pyyaml.safe_load_all(yaml.documents(objects, header))) == objects


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_no_line_ends_in_a_space_unless_the_text_itself_has_it(value: Any) -> None:
    lines = [line for line in yaml.dump(value).split("\n") if line.endswith(" ")]

    if lines:
        assert any(" \n" in text or text.endswith(" ") for text in _texts(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def test_what_a_manifest_looks_like() -> None:
    value = {
        "metadata": {"name": "x", "labels": {"app.kubernetes.io/part-of": "tripgen", "on": "true"}},
        "ports": [{"port": 9464, "path": "/metrics"}, {"port": "30s"}],
        "args": ["--config", "plain"],
        "none": None,
        "yes": True,
        "empty": {},
        "nothing": [],
        "toml": '[a]\nb = "한국어"\n\n[c]\n',
        "cut": ["one\ntwo"],
    }

    assert (
        yaml.dump(value)
        == """\
metadata:
  name: x
  labels:
    app.kubernetes.io/part-of: tripgen
    "on": "true"
ports:
  - port: 9464
    path: /metrics
  - port: "30s"
args:
  - "--config"
  - plain
none: null
"yes": true
empty: {}
nothing: []
toml: |
  [a]
  b = "한국어"

  [c]
cut:
  - |-
    one
    two
"""
    )


def test_a_header_stands_above_the_first_document_and_dashes_between() -> None:
    assert yaml.documents([{"a": 1}, {"b": 2}], "one\n\ntwo") == "# one\n#\n# two\na: 1\n---\nb: 2\n"


def test_the_same_object_in_two_places_is_written_twice() -> None:
    shared = {"a": 1}

    assert yaml.dump([shared, shared]) == "- a: 1\n- a: 1\n"


@pytest.mark.parametrize("value", [1.5, (1, 2), {1}, b"x", object()])
def test_a_type_that_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=f"{type(value).__name__} has no place in a YAML document; use dict, list"):
        yaml.dump({"x": [value]})


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="a YAML key is a text here, not int"):
        yaml.dump({1: "x"})


def test_a_key_is_refused_where_readers_would_lose_its_colon() -> None:
    longest = "k" * yaml.KEY_LIMIT

    assert pyyaml.safe_load(yaml.dump({longest: 1})) == {longest: 1}
    with pytest.raises(ValueError, match="a key of 1025 characters is too long for YAML; give at most 1024"):
        yaml.dump({f"{longest}k": 1})


@pytest.mark.parametrize("text", ["\ud800", "a\n\udfff\n"])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        yaml.dump(text)
