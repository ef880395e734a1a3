"""The query pack as ARM resources: every runnable query, in Log Analytics' query list under its title."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from observability.azure.tables import FUNCTIONS, load
from observability.model.query import Query
from observability.model.source import sections_of
from observability.model.text import LANGS, Lang, Text
from observability.render import kql
from observability.render.arm import Parameter, Resource, parameter, resource_id, text
from observability.render.words import section_list

PACK_TYPE = "Microsoft.OperationalInsights/queryPacks"
_NAME = "queryPackName"
_VERSION = "2025-07-01"
# Azure wants a GUID as a query's name. Made from the query's key it stays the same, so a changed query is updated and
# not added a second time.
_NAMESPACE = uuid.UUID("3cdce562-e391-43c8-bbac-08d54aee0268")

_WORKSPACE = "microsoft.operationalinsights/workspaces"
# (how a table's name begins, category, resource type), the first that fits. Categories are those Azure knows.
_TOPICS = (
    ("ContainerRegistry", "container", "microsoft.containerregistry/registries"),
    ("Container", "container", "microsoft.containerservice/managedclusters"),
    ("Kube", "container", "microsoft.containerservice/managedclusters"),
    ("AKS", "container", "microsoft.containerservice/managedclusters"),
    ("InsightsMetrics", "container", "microsoft.containerservice/managedclusters"),
    ("Perf", "container", "microsoft.containerservice/managedclusters"),
    ("Syslog", "security", "microsoft.containerservice/managedclusters"),
    ("App", "applications", "microsoft.insights/components"),
    ("PGSQL", "databases", "microsoft.dbforpostgresql/flexibleservers"),
    ("ACR", "databases", "microsoft.cache/redis"),
    ("AZMS", "resources", "microsoft.servicebus/namespaces"),
    ("AZKV", "security", "microsoft.keyvault/vaults"),
    ("AZFW", "network", "microsoft.network/azurefirewalls"),
    ("AGW", "network", "microsoft.network/applicationgateways"),
    ("AzureDiagnostics", "network", "microsoft.cdn/profiles"),
    ("AzureActivity", "audit", _WORKSPACE),
    ("AuditLogs", "audit", _WORKSPACE),
    ("LAQueryLogs", "audit", _WORKSPACE),
    ("AAD", "security", _WORKSPACE),
    ("Signin", "security", _WORKSPACE),
    ("Security", "security", _WORKSPACE),
)
# What a query is filed under, by the type of resource whose tables it reads.
_SERVICES = {
    "microsoft.insights/components": "services",
    "microsoft.containerservice/managedclusters": "aks",
    "microsoft.dbforpostgresql/flexibleservers": "postgresql",
    "microsoft.cache/redis": "redis",
    "microsoft.servicebus/namespaces": "service-bus",
    "microsoft.keyvault/vaults": "key-vault",
    "microsoft.network/azurefirewalls": "edge",
    "microsoft.network/applicationgateways": "edge",
    "microsoft.cdn/profiles": "edge",
    "microsoft.containerregistry/registries": "delivery",
    _WORKSPACE: "workspace",
}


@dataclass(frozen=True, slots=True)
class PackEntry:
    """One query of the pack. ``key`` is unique and lasting ("triage/slow-operations"); ``tags`` sort and filter."""

    key: str
    title: Text
    body: str
    description: Text
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parameters() -> list[Parameter]:
    return [Parameter(_NAME, "Name of the query pack.", default="qp-tripgen")]


def from_query(query: Query, severities: Iterable[int] = (), back: Text | None = None) -> PackEntry:
    """The query with how far it looks ``back``, what to look for, its caveat and its sections.

    ``severities`` are those of the alerts that begin with it.

    Raises ValueError where it cannot run.
    """
    if not query.runnable:
        raise ValueError(f"query '{query.key}' cannot run; keep it out of the pack")
    sections = sections_of(query.source)
    tags: dict[str, tuple[str, ...]] = {"pack": (query.pack,)}
    if sections:
        tags["section"] = tuple(dict.fromkeys(section.number for section in sections))
    if pages := tuple(f"Sev{number}" for number in sorted(set(severities))):
        tags["severity"] = pages
    said = {
        lang: [words.get(lang) for words in (back, query.look_for, query.caveat) if words is not None] for lang in LANGS
    }
    if sections:
        said["ko"].append(f"설계서 {section_list(sections)}.")
        said["en"].append(f"Design document {section_list(sections)}.")
    description = Text(ko=" ".join(said["ko"]), en=" ".join(said["en"]))
    return PackEntry(query.key, query.title, kql.query(query), description, tags)


def query_name(key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, key))


def _topic(table: str) -> tuple[str, str]:
    """The category and the resource type of one table; what no other resource writes is the workspace's own."""
    fits = ((category, kind) for start, category, kind in _TOPICS if table.startswith(start))
    return next(fits, ("monitor", _WORKSPACE))


def _topics(body: str) -> list[tuple[str, str]]:
    return [_topic(word) for word in re.findall(r"\w+", body) if word in load() or word in FUNCTIONS]


def _related(topics: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Where Log Analytics offers the query: beside its workspace, and beside the resources whose tables it reads."""
    # Azure takes ten of each at most.
    return {
        "categories": list(dict.fromkeys(category for category, _ in topics))[:10],
        "resourceTypes": list(dict.fromkeys([_WORKSPACE, *(kind for _, kind in topics)]))[:10],
    }


def _tags(entry: PackEntry, topics: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    tags = {
        **entry.tags,
        **{f"title-{lang}": (entry.title.get(lang),) for lang in LANGS},
        "labels": ("tripgen",),
        "language": LANGS,
    }
    if services := tuple(dict.fromkeys(_SERVICES[kind] for _, kind in topics)):
        tags["service"] = services
    return {name: [text(value) for value in values] for name, values in sorted(tags.items())}


def query(entry: PackEntry, lang: Lang) -> Resource:
    topics = _topics(entry.body)
    return {
        "type": f"{PACK_TYPE}/queries",
        "apiVersion": _VERSION,
        "name": f"[concat(parameters('{_NAME}'), '/{query_name(entry.key)}')]",
        "dependsOn": [resource_id(PACK_TYPE, parameter(_NAME))],
        "properties": {
            "displayName": text(entry.title.get(lang)),
            "description": text(entry.description.get(lang)),
            "body": text(entry.body),
            "related": _related(topics),
            "tags": _tags(entry, topics),
        },
    }


def query_pack(entries: Iterable[PackEntry], lang: Lang) -> list[Resource]:
    """The pack and its queries. Raises ValueError where two share a key, or a title, which Azure wants unique too."""
    listed = list(entries)
    for what, values in (("key", [e.key for e in listed]), ("title", [e.title.get(lang) for e in listed])):
        twice = sorted(value for value, times in Counter(values).items() if times > 1)
        if twice:
            raise ValueError(f"query pack: {what} used twice: {', '.join(map(repr, twice))}")
    pack: Resource = {
        "type": PACK_TYPE,
        "apiVersion": _VERSION,
        "name": parameter(_NAME),
        "location": parameter("location"),
        "properties": {},
    }
    return [pack, *(query(entry, lang) for entry in listed)]
