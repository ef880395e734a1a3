"""The project's own alerts, loaded once."""

from __future__ import annotations

import pytest

from observability import catalog
from observability.catalog import Catalogue
from observability.model.alert import Alert


@pytest.fixture(scope="session")
def own_catalogue() -> Catalogue:
    return catalog.load()


@pytest.fixture(scope="session")
def own_alerts(own_catalogue: Catalogue) -> tuple[Alert, ...]:
    return own_catalogue.alerts
