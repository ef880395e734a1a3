"""Delivery: what was deployed, what was taken back and how fast, and whether images arrive (document 9)."""

from dashboards.services import ERRORS, NO_POD_MISSING
from kql import aks as cluster_queries
from kql import delivery as queries
from kql import triage
from observability.design.platform import DELIVERY
from observability.model.dashboard import Bound, Dashboard, Goal, Kind, Note, Panel, Row
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, number
from observability.signals import aks, delivery, services

ALL_NEW = Goal(
    title=Text(ko="모두 최신 버전", en="All of the newest version"),
    value=Quantity(1, Unit.RATIO),
    bound=Bound.ABOVE,
    source=Section("9"),
)
# Blue-green switches over at once: two versions together are a deployment under way.
ONE_VERSION = Goal(
    title=Text(ko="한 버전만 요청을 받음", en="One version serves"),
    value=Quantity(2, Unit.COUNT),
    bound=Bound.BELOW,
    source=DELIVERY.source,
)
_MINUTES = number(DELIVERY.rollback_within.total_seconds() / 60)

DASHBOARD = Dashboard(
    id="tripgen-delivery",
    title=Text(ko="tripgen · 배포", en="tripgen · Delivery"),
    description=Text(
        ko=f"배포와 새 버전, {_MINUTES}분 안에 되돌려야 하는 롤백, 이미지와 레지스트리. 배포가 오류를 가져왔는지 여기서 봅니다.",
        en=f"Deployments and new versions, rollbacks that have to be done within {_MINUTES} minutes, images and the registry. "
        "Shows whether a deployment brought errors along.",
    ),
    source=Section("9"),
    last="24h",
    refresh="5m",
    rows=(
        Row(
            title=Text(ko="지금 괜찮은가", en="Is it fine?"),
            panels=(
                Panel(
                    title=Text(ko="요청을 받는 버전 수", en="Versions that serve"),
                    shows=delivery.VERSIONS_SERVING,
                    kind=Kind.STAT,
                    goals=(ONE_VERSION,),
                    last="15m",
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="최신 버전으로 바뀐 Pod", en="Pods of the newest version"),
                    shows=delivery.ROLLOUT,
                    kind=Kind.STAT,
                    goals=(ALL_NEW,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="모자란 Pod", en="Pods missing"),
                    shows=aks.PODS_MISSING,
                    kind=Kind.STAT,
                    goals=(NO_POD_MISSING,),
                    width=6,
                    height=5,
                ),
                Panel(
                    title=Text(ko="시작하지 못한 컨테이너", en="Containers that do not start"),
                    shows=aks.PODS_WAITING,
                    kind=Kind.STAT,
                    width=6,
                    height=5,
                ),
            ),
        ),
        Row(
            title=Text(ko="배포가 무엇을 바꾸었나", en="What the deployment changed"),
            panels=(
                Panel(
                    title=Text(ko="오류율", en="Error rate"),
                    shows=services.ERROR_RATE,
                    line_of=("high-error-rate",),
                    goals=(ERRORS,),
                    width=8,
                ),
                Panel(
                    title=Text(ko="요청을 받는 버전 수", en="Versions that serve"),
                    shows=delivery.VERSIONS_SERVING,
                    goals=(ONE_VERSION,),
                    step=minutes(5),
                    width=8,
                ),
                Panel(
                    title=Text(ko="최신 버전으로 바뀐 Pod", en="Pods of the newest version"),
                    shows=delivery.ROLLOUT,
                    goals=(ALL_NEW,),
                    width=8,
                ),
                Panel(
                    title=Text(ko="버전별 첫 요청과 오류율", en="First request and errors of each version"),
                    shows=triage.NEW_VERSIONS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=16,
                    height=7,
                ),
                Panel(
                    title=Text(ko="서비스별 롤백에 걸린 시간", en="Time to roll back, by service"),
                    shows=queries.ROLLBACK_TIME,
                    kind=Kind.TABLE,
                    last="7d",
                    width=8,
                    height=7,
                ),
            ),
        ),
        Row(
            title=Text(ko="배포와 롤백", en="Deployments and rollbacks"),
            panels=(
                Panel(
                    title=Text(ko="되돌린 버전", en="Versions taken back"),
                    shows=queries.ROLLBACKS,
                    kind=Kind.TABLE,
                    last="7d",
                    width=12,
                ),
                Panel(
                    title=Text(ko="누가 무엇을 바꾸었나", en="Who changed what"),
                    shows=triage.RECENT_CHANGES,
                    kind=Kind.TABLE,
                    width=12,
                ),
                Panel(title=Text(ko="새 Pod", en="New pods"), shows=triage.NEW_PODS, kind=Kind.TABLE, width=8),
                Panel(
                    title=Text(ko="Azure 리소스의 변경", en="Changes to Azure resources"),
                    shows=triage.AZURE_CHANGES,
                    kind=Kind.TABLE,
                    width=8,
                ),
                Note(
                    title=Text(ko="여기서 볼 수 없는 것", en="What is not seen here"),
                    text=Text(
                        ko="**Argo CD의 동기화와 건강 상태**(argocd_app_info, argocd_app_sync_total)는 관리형 Prometheus가 수집하지 "
                        "않습니다. 보려면 argocd-metrics(8082)에 PodMonitor를 두어야 합니다. 그때까지 배포는 클러스터의 감사 로그와 요청에 적힌 "
                        f"버전으로 압니다.\n\n**롤백 {_MINUTES}분**은 되돌린 버전이 요청을 받은 시간으로 잽니다. 헬스체크만 실패하고 요청을 받지 못한 "
                        "버전은 표에 나오지 않습니다.\n\n**GitHub Actions의 실행**은 GitHub에만 있습니다.",
                        en="**Argo CD's syncs and health** (argocd_app_info, argocd_app_sync_total) are not scraped by managed "
                        "Prometheus: that takes a PodMonitor on argocd-metrics (8082). Until then deployments are known from the "
                        f"cluster's audit log and from the version in each request.\n\n**Rollbacks within {_MINUTES} minutes** are "
                        "measured by how long the version that was taken back served. One that failed its health checks and "
                        "never took a request is not in the table.\n\n**Runs of GitHub Actions** are at GitHub alone.",
                    ),
                ),
            ),
        ),
        Row(
            title=Text(ko="이미지와 레지스트리", en="Images and the registry"),
            panels=(
                Panel(title=Text(ko="이미지 내려받기", en="Image pulls"), shows=delivery.PULLS, width=6),
                Panel(
                    title=Text(ko="성공한 이미지 내려받기", en="Image pulls that succeeded"),
                    shows=delivery.PULLS_DONE,
                    width=6,
                ),
                Panel(title=Text(ko="이미지 올리기", en="Image pushes"), shows=delivery.PUSHES, width=6),
                Panel(
                    title=Text(ko="지역별 스토리지", en="Storage by region"),
                    shows=delivery.REGISTRY_STORAGE,
                    step=minutes(60),
                    width=6,
                ),
                Panel(
                    title=Text(ko="올라간 이미지", en="Images pushed"),
                    shows=triage.IMAGES_PUSHED,
                    kind=Kind.TABLE,
                    last="7d",
                    width=12,
                ),
                Panel(
                    title=Text(ko="받지 못한 이미지", en="Images that could not be pulled"),
                    shows=cluster_queries.IMAGE_PULLS,
                    kind=Kind.TABLE,
                    width=12,
                ),
            ),
        ),
    ),
)
