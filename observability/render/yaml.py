"""Plain values as YAML text in block style: same value, same bytes, and any reader of YAML 1.1 or 1.2 gets it back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

# Texts that look the same with and without quotes in every version of YAML. All others are written as JSON strings:
# a shorter rule than the list of what YAML 1.1 takes for a number, a date or a boolean.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# YAML takes some of these for line ends and refuses others; as \u escapes all are allowed.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_IN_BLOCK = re.compile("[\x00-\x08\x0b-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
KEY_LIMIT = 1024
"""Characters of a key on one line, quotes included; YAML readers look no further for the colon."""


def dump(value: Any) -> str:
    """``value`` (dict, list, str, int, bool, None, nested at will) as one YAML document without its ``---``.

    Raises: TypeError for any other type and for a key that is no str, ValueError for a text that is no Unicode or a
    key above KEY_LIMIT.
    """
    return "\n".join(_lines(value)) + "\n"


def documents(objects: Iterable[Any], header: str = "") -> str:
    """Several documents in one file; ``header`` becomes a comment above the first."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    return comment + "---\n".join(map(dump, objects))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            name = _key(key)
            if isinstance(item, dict | list) and item:
                yield f"{name}:"
                yield from _deeper(_lines(item))
            else:
                first, *rest = _scalar(item)
                yield f"{name}: {first}"
                yield from rest
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item)
            yield f"- {first}"
            # The lines of a text's block are one level in already; those of a dict or a list are not.
            yield from _deeper(rest) if isinstance(item, dict | list) else rest
    else:
        yield from _scalar(value)


def _deeper(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else line for line in lines)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a YAML key is a text here, not {type(key).__name__}")
    text = _quoted(key)
    if len(text) > KEY_LIMIT:
        raise ValueError(f"a key of {len(text)} characters is too long for YAML; give at most {KEY_LIMIT}")
    return text


def _scalar(value: Any) -> list[str]:
    """The value's first line, and for a block the lines below it, two spaces in."""
    if value is None:
        return ["null"]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, str):
        return _block(value) if _fits_block(value) else [_quoted(value)]
    if isinstance(value, dict | list):
        return ["[]" if isinstance(value, list) else "{}"]
    raise TypeError(f"{type(value).__name__} has no place in a YAML document; use dict, list, str, int, bool or None")


def _fits_block(text: str) -> bool:
    """Whether ``text`` has several lines that a literal block keeps as they are, whoever reads it."""
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and bool(lines[0])
        and lines[0][0] not in " \t"  # would ask for an indentation indicator
        and bool(lines[-1])  # more line ends than one would ask for another chomping
        and all(not line or not line.isspace() for line in lines)
        and not _UNSAFE.search(text)
        and not _NOT_IN_BLOCK.search(text)
        and not _SURROGATE.search(text)
    )


def _block(text: str) -> list[str]:
    body = text.removesuffix("\n").split("\n")
    return ["|" if text.endswith("\n") else "|-", *(f"  {line}" if line else "" for line in body)]


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _SURROGATE.search(text):
        raise ValueError("half of a surrogate pair is no text; give whole characters")
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
