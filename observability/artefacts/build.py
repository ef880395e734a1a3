"""Everything that is generated, with the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from observability import __version__
from observability.artefacts import azure, cluster
from observability.artefacts.made import encode
from observability.catalog import Catalogue
from observability.coverage import ROWS
from observability.model.coverage import By
from observability.model.text import Lang
from observability.output import MANIFEST, Artefact


def build(
    catalogue: Catalogue,
    lang: Lang,
    region: str | None = None,
    drawn: Callable[[], Sequence[Artefact]] | None = None,
) -> tuple[Artefact, ...]:
    """Everything that is generated, sorted by path, with the manifest last; for the document's region or another.

    ``drawn`` brings what ``pages.files`` makes, where somebody makes it already.
    """
    made = [*azure.files(catalogue, lang, region), *cluster.files(catalogue, lang)]
    if drawn is None:
        from observability.artefacts import pages

        made += pages.files(catalogue, lang)
    else:
        made += drawn()
    made.sort(key=lambda artefact: artefact.path)
    return (*made, _manifest(made, lang))


def _manifest(made: list[Artefact], lang: Lang) -> Artefact:
    body = {
        "generator": f"tripgen-observability {__version__}",
        "language": lang,
        "artefacts": [
            {
                "path": artefact.path,
                "kind": artefact.kind,
                "definitions": artefact.definitions,
                "sections": artefact.sections,
                "sha256": hashlib.sha256(artefact.body).hexdigest(),
            }
            for artefact in made
        ],
        "coverage": {
            row.system: {
                **{by.value: row.names(by) for by in By},
                "without": {by.value: why.get(lang) for by, why in row.without.items()},
            }
            for row in ROWS
        },
    }
    return Artefact(MANIFEST, "manifest", encode(body), (), ())
