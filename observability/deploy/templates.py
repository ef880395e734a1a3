"""Generated templates with the parameters somebody gives them, and what Azure is going to hold after a deployment."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observability.deploy.expressions import Evaluator, ExpressionError, Secret, Unknown
from observability.query.azure_client import MANAGEMENT
from observability.query.errors import WrongArgument
from observability.render.arm import NESTED_TYPE

ORDER = ("workspace", "alerts", "queries", "access")
"""Of deployment: the alerts' scopes are the first template's resources, and so are those of the roles. These come last, as
they take a right that whoever deploys the rest may not have, and nothing needs them to be deployed."""

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "bool": bool,
    "int": int,
    "array": list,
    "object": dict,
}
_PLACEHOLDER = re.compile(r"<[^<>]*>")
Values = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Template:
    """One file of generated/azure/."""

    name: str
    body: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        declared: Mapping[str, Mapping[str, Any]] = self.body["parameters"]
        return declared

    @property
    def secrets(self) -> frozenset[str]:
        """Parameters whose values nobody may see."""
        return frozenset(name for name, one in self.parameters.items() if one["type"].lower().startswith("secure"))

    @property
    def secret_properties(self) -> frozenset[str]:
        """Names of the properties that hold a secret, in small letters; of one called ``value``, with the name above."""
        return frozenset(_secret_properties(self.body["resources"], self.secrets))


def _secret_properties(part: Any, secrets: frozenset[str], above: str = "") -> Iterator[str]:
    # A workflow's callback address holds its signature.
    sources = [*(f"parameters('{one}')" for one in secrets), "listCallbackUrl("]
    items = part.items() if isinstance(part, Mapping) else (("", item) for item in part)
    for name, item in items:
        if isinstance(item, Mapping | list):
            yield from _secret_properties(item, secrets, name)
        elif isinstance(item, str) and item.startswith("[") and any(source in item for source in sources):
            yield (f"{above}.{name}" if name == "value" else name).lower()


def load(folder: Path, names: Iterable[str] = ORDER) -> list[Template]:
    """The templates of ``folder`` in the order of deployment. Raises WrongArgument."""
    wanted = set(names)
    found = []
    for name in (one for one in ORDER if one in wanted):
        path = folder / "azure" / f"{name}.json"
        found.append(Template(name, _object(path, "resources", "`make generate` writes the templates")))
    return found


def _object(path: Path, key: str, todo: str) -> Mapping[str, Any]:
    try:
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise WrongArgument(f"{path}: {error.strerror}; {todo}") from None
    except ValueError as error:
        raise WrongArgument(f"{path}: is not JSON: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get(key), list if key == "resources" else dict):
        raise WrongArgument(f"{path}: has no '{key}' as Azure writes them")
    return body


def values(path: Path | None) -> Values:
    """What a parameters file gives, by name: ``{"value": ...}``, or ``{"reference": ...}`` to a Key Vault."""
    if path is None:
        return {}
    given: Values = _object(path, "parameters", "name a file like azure/parameters.example.json")["parameters"]
    wrong = [
        f"{path}: parameter '{name}': has neither a value nor a reference"
        for name, entry in given.items()
        if not isinstance(entry, Mapping) or not {"value", "reference"} & set(entry)
    ]
    if wrong:
        raise WrongArgument("\n".join(wrong))
    return given


def examples(folder: Path) -> Values:
    """What stands in the example of a parameters file, which somebody has to replace: it has what no default would do for.

    Raises WrongArgument.
    """
    path = folder / "azure" / "parameters.example.json"
    found: Values = _object(path, "parameters", "`make generate` writes the example")["parameters"]
    return found


def problems(
    templates: Iterable[Template],
    given: Values,
    known: Iterable[Template],
    examples: Values,
    *,
    whole: bool = True,
) -> list[str]:
    """Everything wrong with the parameters of these templates. ``known`` are all the templates a file may be for.

    ``examples`` are no values, by parameter. ``whole``: every parameter without a default needs a value.
    """
    found = []
    declared = {name for template in known for name in template.parameters}
    for name in sorted(set(given) - declared):
        near = difflib.get_close_matches(name, declared, 1)
        meant = f"; did you mean '{near[0]}'" if near else "; take it out"
        found.append(f"parameter '{name}': no template has it{meant}")
    for template in templates:
        for name, one in template.parameters.items():
            if name not in given and not whole:
                continue
            if wrong := _wrong(one, given.get(name), examples.get(name, {}).get("value")):
                found.append(f"{template.name}: parameter '{name}': {wrong}")
    return found


def _wrong(declared: Mapping[str, Any], entry: Mapping[str, Any] | None, example: Any) -> str:
    """What is wrong with one value; its words never hold the value, which may be a secret."""
    if entry is None:
        return "" if "defaultValue" in declared else "has no value and no default; give it one with --parameters FILE"
    if "reference" in entry:
        return ""
    value, kind = entry["value"], declared["type"]
    right = isinstance(value, _TYPES[kind.lower()]) and (kind.lower() != "int" or not isinstance(value, bool))
    if not right:
        return f"is no {kind}"
    if isinstance(value, str) and (_PLACEHOLDER.fullmatch(value) or _same(value, example)):
        return f"still holds the example's '{value}'; write the real value there"
    return ""


def _same(value: str, example: Any) -> bool:
    """Whether it is the example's address: those know no case, and a final slash makes no other of them."""
    return isinstance(example, str) and value.strip().rstrip("/").lower() == example.rstrip("/").lower()


def for_template(template: Template, given: Values) -> dict[str, Any]:
    """The values that this template takes of those a file gives: Azure refuses one that is not declared."""
    return {name: dict(given[name]) for name in template.parameters if name in given}


def resources(
    template: Template, given: Values, subscription: str, group: str, endpoint: str = MANAGEMENT
) -> list[dict[str, Any]]:
    """The template's resources as they will be, each with its ``id``; those whose condition is false left out.

    A parameter without a value or default, or with a reference to a Key Vault, is Unknown. Raises WrongArgument.
    """
    known: dict[str, Any] = {}
    for name, declared in template.parameters.items():
        entry = given.get(name, {})
        value = entry.get("value", declared.get("defaultValue"))
        if value is None or "reference" in entry:
            known[name] = Unknown(name)
        else:
            known[name] = Secret(value) if name in template.secrets else value
    found = []
    for resource, evaluator, place in _all(template, Evaluator(known, subscription, group, endpoint), subscription):
        one = {**_worked_out(template, resource, evaluator), **place}
        if one.get("condition") is not False:
            found.append({"id": _id(one, subscription, group), **one})
    return found


def _all(
    template: Template, evaluator: Evaluator, subscription: str
) -> Iterator[tuple[Mapping[str, Any], Evaluator, Mapping[str, Any]]]:
    """Each resource with what works its expressions out, and its scope where that is not the resource group.

    A nested deployment, which is one at the subscription here, stands for what it deploys.
    """
    for resource in template.body["resources"]:
        if resource["type"] != NESTED_TYPE:
            yield resource, evaluator, {}
            continue
        body = resource["properties"]
        outside = {**resource, "properties": {"parameters": body["parameters"]}}
        deployment = _worked_out(template, outside, evaluator)
        if deployment.get("condition") is not False:
            given = {name: entry["value"] for name, entry in deployment["properties"]["parameters"].items()}
            for nested in body["template"]["resources"]:
                yield nested, evaluator.inside(given), {"scope": f"/subscriptions/{subscription}"}


def _worked_out(template: Template, resource: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Any]:
    """The resource with its values. Raises WrongArgument."""
    try:
        one: dict[str, Any] = evaluator.value({key: item for key, item in resource.items() if key != "dependsOn"})
    except ExpressionError as error:
        raise WrongArgument(f"{template.name}: resource '{resource['name']}': {error}") from error
    for key in ("name", "scope", "condition"):
        if isinstance(one.get(key), Unknown):
            raise WrongArgument(f"{template.name}: resource '{resource['name']}': its {key} is not known")
    return one


def _id(resource: Mapping[str, Any], subscription: str, group: str) -> str:
    provider, *types = resource["type"].split("/")
    names = resource["name"].split("/")
    below = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=True))
    parent = resource.get("scope") or f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{parent}/providers/{provider}/{below}"
