"""Nothing that is printed holds a secret: neither a value somebody gave, nor one that Azure sends back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from observability.deploy.expressions import Unknown
from observability.deploy.templates import Template, Values

HIDDEN = "***"
_SHORTEST = 4


class Hide:
    """Hides the values of secret parameters, and whatever a property holds that one of them goes into."""

    def __init__(self, templates: Iterable[Template], given: Values) -> None:
        listed = list(templates)
        self._properties = frozenset(name for template in listed for name in template.secret_properties)
        secret = {name for template in listed for name in template.secrets}
        values = (entry.get("value") for name, entry in given.items() if name in secret)
        # A value of a letter or two would make a riddle of every message.
        long = [value for value in values if isinstance(value, str) and len(value) >= _SHORTEST]
        self._values = sorted({form for value in long for form in _forms(value)}, key=len, reverse=True)

    def text(self, words: str) -> str:
        """The words without any secret value. Give the whole text: of half a value nothing is found."""
        for value in self._values:
            words = words.replace(value, HIDDEN)
        return words

    def value(self, value: Any, path: str = "") -> Any:
        """The value with every secret in it hidden. ``path`` leads to it: ``properties.receivers[0].serviceUri``."""
        names = path.lower().split(".")
        if value is not None and not self._properties.isdisjoint((names[-1], ".".join(names[-2:]))):
            return HIDDEN
        if isinstance(value, Mapping):
            return {key: self.value(item, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, Unknown):
            return repr(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _forms(value: str) -> tuple[str, ...]:
    """How a value stands in texts: as it is, inside JSON, inside an address."""
    return value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")
