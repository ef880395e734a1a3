"""What happened, drawn as upright lines on every chart of every dashboard.

Fired alerts are not among them: Grafana takes log queries alone for this, and no table holds Azure's alerts.
"""

from kql import delivery
from observability.model.dashboard import Mark
from observability.model.text import Text

DEPLOYMENTS = Mark(title=Text(ko="배포", en="Deployments"), shows=delivery.DEPLOYMENTS, colour="blue")
NEW_VERSIONS = Mark(title=Text(ko="새 버전", en="New versions"), shows=delivery.NEW_VERSIONS, colour="purple")
