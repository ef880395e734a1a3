"""What the exporter, those who send events to it and those who read its series agree on."""

from __future__ import annotations

from typing import Final

PORT: Final = 9464
"""The one that OpenTelemetry's own Prometheus exporters listen on, so operators know it; the document names none."""
EVENTS_PATH: Final = "/v1/events"

STORED: Final = "stored"
FAILED: Final = "failed"
"""How a trip generation ends: with an itinerary that is stored, or without."""

SUCCESS: Final = "success"
FAILURE: Final = "failure"
"""How a call of an external API ends."""

TOP_THREE: Final = "top3"
"""A location search of which one of the first three results was taken."""
