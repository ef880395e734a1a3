"""Synthetic checks of the public endpoints, from five locations (reading R4)."""

from observability.azure.limits import WEB_TEST_LOCATIONS
from observability.design.services import SERVICES
from observability.model.alert import WebTest
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes

_PATH = Derived(
    Text(
        ko="문서는 상태 점검(/actuator/health)과 /api/* 경로만 말하고 공개 경로는 말하지 않습니다. 배포 때 바꿀 수 있습니다.",
        en="The document names the health check (/actuator/health) and the route /api/*, not the public path. It can be "
        "set when deploying.",
    ),
    (Section("4.2.1"), Section("10.1.2"), Section("8.1.2", reading="R4")),
)

# Five locations every five minutes: five checks in each window of the availability alert.
EVERY = minutes(5)

CHECKS = tuple(
    WebTest(
        id=f"check-{service.key}",
        title=Text(ko=f"{service.title.ko} 합성 점검", en=f"Synthetic check of the {service.key} service"),
        service=service.key,
        path=f"/api/{service.key}/actuator/health",
        every=EVERY,
        locations=tuple(WEB_TEST_LOCATIONS),
        source=_PATH,
    )
    for service in SERVICES
)
