"""Every resource of a template, those of nested deployments in the place of these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from observability.render.arm import NESTED_TYPE


def every(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in template["resources"]:
        if resource["type"] == NESTED_TYPE:
            yield from every(resource["properties"]["template"])
        else:
            yield resource
