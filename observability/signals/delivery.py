"""How new versions arrive: what serves, whether a rollout is through, and what is pulled from the registry."""

from observability.design.services import TRIP
from observability.model.query import Kql
from observability.model.signal import PlatformMetric, PromQL, Signal, selector
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Unit

_DELIVERY = Section("9")
_UPDATED = selector("kube_deployment_status_replicas_updated", namespace=TRIP.namespace)
_WANTED = selector("kube_deployment_spec_replicas", namespace=TRIP.namespace)

VERSIONS_SERVING = Signal(
    name="versions_serving",
    title=Text(ko="요청을 받는 버전", en="Versions that serve"),
    unit=Unit.COUNT,
    help=Text(
        ko="서비스별로 요청을 받은 서로 다른 버전의 수. 둘이면 배포가 진행 중이거나 전환이 끝나지 않았습니다.",
        en="Different versions that took requests, by service. Two: a deployment is under way, or did not switch over.",
    ),
    source=_DELIVERY,
    kql=Kql(
        rows="""
            AppRequests
            | where isnotempty(AppVersion)
        """,
        summarize="value = dcount(AppVersion)",
        by={"service": "AppRoleName"},
    ),
)

ROLLOUT = Signal(
    name="rollout_progress",
    title=Text(ko="새 버전으로 바뀐 Pod", en="Pods of the newest version"),
    unit=Unit.RATIO,
    help=Text(
        ko="서비스별 최신 버전의 Pod / 원하는 Pod. 1보다 낮은 채로 있으면 배포가 멈춘 것입니다.",
        en="Pods of the newest version / pods wanted, by service. Staying below 1: the deployment is stuck.",
    ),
    source=_DELIVERY,
    promql=PromQL(
        expr=f"max by (deployment) ({_UPDATED}) / max by (deployment) ({_WANTED})",
        by=("deployment",),
    ),
)

PULLS = Signal(
    name="registry_pulls",
    title=Text(ko="이미지 내려받기", en="Image pulls"),
    unit=Unit.COUNT,
    help=Text(ko="레지스트리에서 이미지를 받으려 한 횟수.", en="Attempts to pull an image from the registry."),
    source=_DELIVERY,
    metric=PlatformMetric(resource="registry", metric="TotalPullCount", aggregation="Total"),
)

PULLS_DONE = Signal(
    name="registry_pulls_done",
    title=Text(ko="성공한 이미지 내려받기", en="Image pulls that succeeded"),
    unit=Unit.COUNT,
    help=Text(
        ko="레지스트리에서 이미지를 받은 횟수. 시도보다 적으면 실패한 것이 있습니다.",
        en="Images pulled from the registry. Fewer than the attempts: some failed.",
    ),
    source=_DELIVERY,
    metric=PlatformMetric(resource="registry", metric="SuccessfulPullCount", aggregation="Total"),
)

PUSHES = Signal(
    name="registry_pushes",
    title=Text(ko="이미지 올리기", en="Image pushes"),
    unit=Unit.COUNT,
    help=Text(ko="레지스트리에 이미지를 올린 횟수.", en="Images pushed to the registry."),
    source=_DELIVERY,
    metric=PlatformMetric(resource="registry", metric="SuccessfulPushCount", aggregation="Total"),
)

REGISTRY_STORAGE = Signal(
    name="registry_storage",
    title=Text(ko="레지스트리 스토리지", en="Registry storage"),
    unit=Unit.BYTES,
    help=Text(
        ko="지역별로 레지스트리가 차지한 용량. 지역이 하나뿐이면 지역 복제가 꺼진 것입니다.",
        en="What the registry takes up, by region. One region alone: geo-replication is off.",
    ),
    source=_DELIVERY,
    metric=PlatformMetric(
        resource="registry", metric="StorageUsed", aggregation="Average", by={"region": "Geolocation"}
    ),
)
