"""Where the design document cannot be taken literally, and what is done instead.

R1 to R24 are the agreed readings of the document; later numbers were found while building on it.
"""

from __future__ import annotations

from observability.model.clock import WINDOWS_ZONE
from observability.model.finding import Finding
from observability.model.text import Text

FINDINGS: tuple[Finding, ...] = (
    Finding(
        id="R1",
        sections=("8.1.1", "8.2.2"),
        says=Text(
            ko="Application Insights 수집 샘플링은 5%, 분산 추적 샘플링은 10%입니다.",
            en="Application Insights samples 5 % at ingestion, distributed tracing samples 10 %.",
        ),
        trouble=Text(
            ko="에이전트가 이미 샘플링한 텔레메트리에는 Azure가 수집 샘플링을 다시 적용하지 않습니다.",
            en="What an agent has sampled already is not sampled again by Azure at ingestion.",
        ),
        done=Text(
            ko="구성 요소에는 5%, 모든 에이전트에는 10%를 설정하므로 요청과 종속성은 10%가 남습니다. "
            "샘플링되는 테이블을 읽는 쿼리는 모두 ItemCount로 행에 가중치를 줍니다.",
            en="The component gets 5 %, every agent 10 %, so a tenth of requests and dependencies remains. "
            "Queries on sampled tables count each row as ItemCount items.",
        ),
    ),
    Finding(
        id="R2",
        sections=("8.1.2",),
        says=Text(ko="AI 응답시간 알림의 창은 2분입니다.", en="The AI response time alert looks at 2 minutes."),
        trouble=Text(
            ko="Azure의 로그 알림과 메트릭 알림에는 2분 창이 없습니다.",
            en="Neither log alerts nor metric alerts in Azure offer a 2-minute window.",
        ),
        done=Text(
            ko="Prometheus 규칙으로 만들어 [2m] 구간의 p95를 1분마다 평가합니다.",
            en="It becomes a Prometheus rule that takes the p95 over [2m] once a minute.",
        ),
    ),
    Finding(
        id="R3",
        sections=("8.1.2",),
        says=Text(ko="CPU 80% 초과 알림의 창은 10분입니다.", en="The alert on CPU above 80 % looks at 10 minutes."),
        trouble=Text(
            ko="10분 창은 로그 알림에만 있고 메트릭 알림에는 없습니다.",
            en="A 10-minute window exists for log alerts but not for metric alerts.",
        ),
        done=Text(
            ko="PT10M 로그 알림이나 Prometheus 규칙을 씁니다. 창의 길이를 말없이 바꾸지 않습니다.",
            en="A log alert over PT10M or a Prometheus rule is used; the window is not changed on the quiet.",
        ),
    ),
    Finding(
        id="R4",
        sections=("8.1.2",),
        says=Text(
            ko="5분 동안 가용성이 99.9% 아래로 내려가면 알립니다.",
            en="Alert when availability falls under 99.9 % within 5 minutes.",
        ),
        trouble=Text(
            ko="사용자 트래픽에 적용하면 1% 오류율 알림보다 엄격해지고, 프로브 한 번만 실패해도 기준을 어깁니다.",
            en="Applied to user traffic it would be tighter than the 1 % error alert, and one lost probe breaks it.",
        ),
        done=Text(
            ko="가용성은 공개 엔드포인트마다 다섯 지점에서 실행하는 합성 점검의 성공 비율로 정의하고, "
            "구간 안에서 하한 이상 실패해야 알립니다.",
            en="Availability is the share of synthetic checks that pass, from five locations for each public "
            "endpoint; fewer failures than the floor raise nothing.",
        ),
    ),
    Finding(
        id="R5",
        sections=("8.1.2",),
        says=Text(ko="오류율이 1%를 넘으면 알립니다.", en="Alert when the error rate passes 1 %."),
        trouble=Text(
            ko="Application Insights는 4xx 응답도 실패한 요청으로 셉니다.",
            en="Application Insights marks requests answered with 4xx as failed, too.",
        ),
        done=Text(
            ko="5xx로 끝났거나 응답이 없는 요청만 오류로 보고, 서비스별로 ItemCount를 가중해 계산합니다. "
            "구간 안의 요청이 하한보다 적으면 판단하지 않습니다.",
            en="Only requests that ended in 5xx or got no answer are errors, weighed with ItemCount for each "
            "service; windows with fewer requests than the floor are not judged.",
        ),
    ),
    Finding(
        id="R6",
        sections=("8.1.2",),
        says=Text(ko="10분에 재시작이 5회를 넘으면 알립니다.", en="Alert on more than 5 restarts in 10 minutes."),
        trouble=Text(
            ko="재시작 횟수는 누적 값이라 스냅숏을 더하면 실제보다 커집니다.",
            en="Restart counts only ever grow, so adding up snapshots gives far too many.",
        ),
        done=Text(
            ko="컨테이너별 카운터의 증가분을 쓰고, 스냅숏을 합산하지 않습니다.",
            en="The counter's increase is taken for each container; snapshots are never summed.",
        ),
    ),
    Finding(
        id="R7",
        sections=("8.1.2",),
        says=Text(
            ko="데이터베이스 연결이 80%를 넘는 상태를 5분 창으로 봅니다.",
            en="Database connections above 80 %, seen over 5 minutes.",
        ),
        trouble=Text(
            ko="Azure의 max_connections 메트릭은 30분 단위로만 나옵니다.",
            en="Azure delivers its max_connections metric only every 30 minutes.",
        ),
        done=Text(
            ko="exporter가 사용 중인 연결과 최대 연결을 함께 측정하고 Prometheus 규칙이 둘을 나눕니다.",
            en="The exporter reads connections in use and their maximum; a Prometheus rule divides one by the other.",
        ),
    ),
    Finding(
        id="R8",
        sections=("8.2.1",),
        says=Text(
            ko="오류 분석 쿼리가 ContainerLog 테이블을 ContainerName으로 집계합니다.",
            en="The error analysis query groups ContainerLog by ContainerName.",
        ),
        trouble=Text(
            ko="이 테이블은 2026-09-30에 폐기되었고 ContainerName 열은 원래 없어 쿼리가 해석되지 않습니다(KS142).",
            en="That table was retired on 2026-09-30 and never had such a column, so the query does not bind (KS142).",
        ),
        done=Text(
            ko="원문은 document 팩에 그대로 보존하고 실행 불가와 그 이유를 적어 배포하지 않습니다. "
            "실행할 쿼리는 ContainerLogV2를 읽습니다.",
            en="The original text stays in the pack `document`, marked as not runnable and why, and is never "
            "deployed; the query to run reads ContainerLogV2.",
        ),
    ),
    Finding(
        id="R9",
        sections=("8.2.1",),
        says=Text(
            ko='성능 분석 쿼리가 Perf의 "% Processor Time" 카운터를 읽습니다.',
            en='The performance query reads the counter "% Processor Time" from Perf.',
        ),
        trouble=Text(
            ko="Linux AKS 노드는 그 카운터를 기록하지 않습니다.",
            en="Linux nodes of AKS write no rows under that counter.",
        ),
        done=Text(
            ko="원문은 보존하고, 실행할 쿼리는 K8SNode 카운터를 씁니다.",
            en="The original is kept; the query to run uses the K8SNode counters.",
        ),
    ),
    Finding(
        id="R10",
        sections=("8.2.1",),
        says=Text(
            ko="보안 분석 쿼리가 SecurityEvent의 4625, 4648, 4719를 셉니다.",
            en="The security query counts events 4625, 4648 and 4719 in SecurityEvent.",
        ),
        trouble=Text(
            ko="이 이벤트는 Windows에서만 생기는데 노드는 Linux입니다.",
            en="Those events come from Windows alone, and the nodes run Linux.",
        ),
        done=Text(
            ko="원문은 보존하고, 같은 물음에는 AKSAudit, Syslog, SigninLogs 쿼리가 답합니다.",
            en="The original is kept; queries on AKSAudit, Syslog and SigninLogs answer what it asks.",
        ),
    ),
    Finding(
        id="R11",
        sections=("8.2.1",),
        says=Text(ko="감사 로그는 2555일 보존합니다.", en="Audit logs are kept for 2555 days."),
        trouble=Text(
            ko="Azure가 받는 7년 보존 값은 2556일입니다.",
            en="The value Azure accepts for seven years is 2556.",
        ),
        done=Text(
            ko="한 단계 위 값인 2556일로 설정합니다.",
            en="2556 is set, the nearest accepted value that is not shorter.",
        ),
    ),
    Finding(
        id="R12",
        state="noted",
        sections=("4.1.2", "4.3.1", "4.4"),
        says=Text(
            ko="네트워크 규칙은 Redis에 6379를, 서비스 디스커버리는 6380을 적습니다.",
            en="The network rules give Redis port 6379, service discovery gives 6380.",
        ),
        trouble=Text(
            ko="관리형 캐시는 6380에서 TLS로 통신하므로 규칙대로면 연결이 막힙니다.",
            en="The managed cache speaks TLS on 6380, which the rules as written would block.",
        ),
        done=Text(
            ko="exporter는 6380과 TLS를 씁니다. AKS NSG의 Cache 규칙과 Network Policy의 redis egress 규칙은 "
            "고쳐야 합니다.",
            en="The exporter uses 6380 with TLS. To be mended: the rule Cache of the AKS NSG and the egress rule "
            "to redis of the network policy.",
        ),
    ),
    Finding(
        id="R13",
        sections=("4.3.1",),
        says=Text(ko="인그레스는 TCP 8080만 허용합니다.", en="Pods accept only TCP 8080 from kube-system."),
        trouble=Text(
            ko="Prometheus가 exporter 포트에 닿지 못해 메트릭을 수집할 수 없습니다.",
            en="Prometheus cannot reach the exporter's port, so nothing is scraped.",
        ),
        done=Text(
            ko="추가 NetworkPolicy가 exporter 포트를 kube-system에만 열고, istio 주석이 수집 경로의 mTLS를 제외합니다.",
            en="One more NetworkPolicy opens the exporter's port to kube-system alone, and istio annotations "
            "exempt the scrape from mTLS.",
        ),
    ),
    Finding(
        id="R14",
        sections=("4.2.1", "4.2.2"),
        says=Text(
            ko="Standard_v2 Application Gateway에 WAF를 구성합니다.",
            en="A WAF is configured on an Application Gateway of SKU Standard_v2.",
        ),
        trouble=Text(ko="WAF는 WAF_v2 SKU에서만 동작합니다.", en="The WAF works only on the SKU WAF_v2."),
        done=Text(
            ko="SKU를 바꿔야 한다고 알립니다. WAF 쿼리와 패널은 그대로 만듭니다.",
            en="The SKU is reported as needing a change; WAF queries and panels are made all the same.",
        ),
    ),
    Finding(
        id="R15",
        state="noted",
        sections=("5.2.1",),
        says=Text(ko="Redis Premium P4의 용량은 26GB입니다.", en="Redis Premium P4 holds 26 GB."),
        trouble=Text(ko="P4는 53GB이고 26GB는 P3입니다.", en="P4 holds 53 GB; 26 GB is a P3."),
        done=Text(
            ko="알림은 바이트가 아니라 백분율만 쓰므로 어느 쪽이든 맞습니다.",
            en="Alerts speak in percent, never in bytes, so they hold for either size.",
        ),
    ),
    Finding(
        id="R16",
        state="noted",
        sections=("3.1.1",),
        says=Text(ko="Kubernetes 버전은 1.29입니다.", en="The cluster runs Kubernetes 1.29."),
        trouble=Text(ko="1.29는 지원이 끝났습니다.", en="Support for 1.29 has ended."),
        done=Text(
            ko="만들어지는 것은 버전에 기대지 않으며, 업그레이드가 필요하다고 알립니다.",
            en="Nothing that is generated leans on the version; the need to upgrade is reported.",
        ),
    ),
    Finding(
        id="R17",
        sections=("3.2.1", "3.3"),
        says=Text(
            ko="PDB 최소 Pod가 여행은 3개 중 3개, AI와 위치는 2개 중 2개입니다.",
            en="Disruption budgets ask for 3 of 3 trip pods and 2 of 2 ai and location pods.",
        ),
        trouble=Text(
            ko="여유 Pod가 없어 노드를 비울 때 어떤 Pod도 내보낼 수 없습니다.",
            en="No pod is to spare, so draining a node can evict none of them.",
        ),
        done=Text(
            ko="가용 Pod가 PDB 최소 아래인 상태가 5분 이어질 때 알려, 배포 중에는 호출하지 않습니다.",
            en="The alert on pods below the budget waits 5 minutes, so that a rollout pages nobody.",
        ),
    ),
    Finding(
        id="R18",
        sections=("8.1.1", "11.1"),
        says=Text(
            ko="일일 수집 상한은 10GB, 모니터링 예산은 월 200달러입니다.",
            en="Ingestion is capped at 10 GB a day, monitoring may cost 200 USD a month.",
        ),
        trouble=Text(
            ko="상한에 닿으면 수집이 멈춰 알림이 보지 못하며, 1,000 TPS의 로그는 상한을 넘을 수 있습니다.",
            en="At the cap ingestion stops and alerts see nothing; 1,000 TPS may well write more than that.",
        ),
        done=Text(
            ko="상한의 80%와 도달 시점에 알리고, 용량 예측이 샘플링 비율로 충분한지 보여 줍니다.",
            en="Alerts come at 80 % of the cap and on reaching it; the volume forecast shows whether the "
            "sampling is enough.",
        ),
    ),
    Finding(
        id="R19",
        sections=("13.1.1", "8.1.2"),
        says=Text(
            ko="오류율은 목표가 0.1% 미만, 알림이 1% 초과입니다.",
            en="The goal is an error rate under 0.1 %, the alert stands at 1 %.",
        ),
        trouble=Text(ko="같은 지표에 숫자가 둘입니다.", en="One measure has two numbers."),
        done=Text(ko="0.1%는 목표(SLO), 1%는 알림으로 씁니다.", en="0.1 % is the objective (SLO), 1 % the alert."),
    ),
    Finding(
        id="R20",
        sections=("14", "13.2.1"),
        says=Text(ko="캐시 히트율은 80% 이상, 또는 95%입니다.", en="A cache hit ratio of at least 80 %, or of 95 %."),
        trouble=Text(
            ko="두 절이 서로 다른 값을 적습니다.", en="Two sections give different values for the same ratio."
        ),
        done=Text(
            ko="80% 미만은 알림 기준, 95%는 패널의 목표선입니다.",
            en="Under 80 % alerts; 95 % is drawn on the panel as the goal.",
        ),
    ),
    Finding(
        id="R21",
        sections=("10.2.1", "12.2.1"),
        says=Text(ko="심각도는 1, 2, 3입니다.", en="Severities run from 1 to 3."),
        trouble=Text(ko="Azure의 심각도는 0부터 4까지입니다.", en="Azure's run from 0 to 4."),
        done=Text(
            ko="번호를 그대로 옮겨 심각도 N은 Sev N이 되고, Sev 0과 4는 쓰지 않습니다.",
            en="Numbers stay: severity N is Sev N, while Sev 0 and Sev 4 remain unused.",
        ),
    ),
    Finding(
        id="R22",
        sections=("8.1.2",),
        says=Text(ko="알림을 Teams와 Slack으로 보냅니다.", en="Alerts go to Teams and Slack."),
        trouble=Text(
            ko="작업 그룹은 두 곳에 직접 게시할 수 없습니다.",
            en="An action group cannot post to either by itself.",
        ),
        done=Text(
            ko="Logic App 워크플로가 공통 알림 스키마를 Teams의 Adaptive Card와 Slack의 Block Kit으로 바꿉니다. "
            "PagerDuty는 Azure 웹훅, SMS는 국가 번호 82로 직접 보냅니다.",
            en="A Logic App workflow turns the common alert schema into an Adaptive Card for Teams and Block Kit "
            "for Slack; PagerDuty is called by its Azure webhook, SMS directly with country code 82.",
        ),
    ),
    Finding(
        id="R23",
        sections=("8.1.2",),
        says=Text(
            ko="알림의 조치로 자동 확장과 데이터베이스 확장을 적습니다.",
            en="Some alerts name automatic scaling or scaling the database as their action.",
        ),
        trouble=Text(ko="알림은 스스로 아무것도 확장하지 못합니다.", en="An alert has no power to scale anything."),
        done=Text(
            ko="관리 ID를 쓰는 Logic App이 확장합니다. 노드 20개와 한 단계 위 PostgreSQL SKU가 한계이며, "
            "대기 시간을 두고, 승인을 먼저 받는 매개변수도 있습니다.",
            en="Logic Apps with a managed identity do it, as far as 20 nodes and the next PostgreSQL SKU, with a "
            "cooldown and a parameter that asks for approval first.",
        ),
    ),
    Finding(
        id="R24",
        sections=("10.2.1",),
        says=Text(
            ko="정기 점검은 매주 일요일 02:00-04:00 KST입니다.",
            en="Planned maintenance is on Sundays from 02:00 to 04:00 KST.",
        ),
        trouble=Text(
            ko="점검 중 모든 알림을 끄면 그 사이의 완전 중단을 놓칩니다.",
            en="Silencing everything in that time would hide a full outage.",
        ),
        done=Text(
            ko=f'알림 처리 규칙(시간대 "{WINDOWS_ZONE}")이 심각도 2와 3만 억제하므로 완전 중단은 그대로 호출합니다.',
            en=f'An alert processing rule in the zone "{WINDOWS_ZONE}" holds back severities 2 and 3 only, so '
            "a full outage still pages.",
        ),
    ),
    Finding(
        id="R25",
        origin="project",
        sections=("8.1.2",),
        says=Text(ko="10분에 재시작이 5회를 넘으면 알립니다.", en="More than 5 restarts in 10 minutes raise an alert."),
        trouble=Text(
            ko="kubelet의 재시작 대기는 10초에서 두 배씩 300초까지 늘어납니다. 컨테이너 하나는 처음 10분에 많아야 "
            "여섯 번쯤, 그 뒤로는 10분에 두 번만 재시작하므로, 알림은 뜨자마자 죽는 루프의 초반에만 울리거나 "
            "아예 울리지 않습니다.",
            en="The kubelet waits 10 s before a restart, doubling to 300 s. One container restarts about six times "
            "at most in its first ten minutes and twice in any ten after that, so the alert fires at the start "
            "of a loop that crashes at once, or never.",
        ),
        done=Text(
            ko="기준과 구간은 문서대로 둡니다. 런북의 첫 쿼리가 CrashLoopBackOff로 대기 중인 컨테이너도 "
            "함께 보여 줍니다.",
            en="Threshold and window stay as documented; the runbook's first query also lists containers that "
            "wait in CrashLoopBackOff.",
        ),
    ),
    Finding(
        id="R26",
        state="noted",
        origin="project",
        sections=("11.1.1", "14"),
        says=Text(ko="월간 비용의 총합은 5,600 USD입니다.", en="The monthly costs add up to 5,600 USD."),
        trouble=Text(ko="표의 항목을 더하면 5,500 USD입니다.", en="The table's own rows add up to 5,500 USD."),
        done=Text(
            ko="예산은 문서가 적은 총합으로 두고, 항목의 합과 다르다는 것을 테스트가 보여 줍니다.",
            en="The budget is the total as stated; a test shows how far the rows are from it.",
        ),
    ),
    Finding(
        id="R27",
        state="noted",
        origin="project",
        sections=("4.1.2", "4.3.1"),
        says=Text(
            ko="Pod의 Egress는 PostgreSQL과 Redis의 Pod, 외부 443, DNS만 허용합니다. NSG는 Service Bus의 5671, 5672도 "
            "허용합니다.",
            en="Pods may reach pods of PostgreSQL and Redis, 443 outside and DNS. The NSG also allows Service Bus on 5671 "
            "and 5672.",
        ),
        trouble=Text(
            ko="PostgreSQL과 Redis는 관리형이라 그런 Pod가 없고, Service Bus의 포트는 Pod 정책에 없습니다. 정책이 글자 "
            "그대로 적용되면 셋 다 끊깁니다.",
            en="PostgreSQL and Redis are managed, so no such pods exist, and the pods' policy lacks Service Bus' ports. "
            "Applied to the letter, all three are cut off.",
        ),
        done=Text(
            ko="고칠 규칙을 알립니다. 만들어지는 것은 이 정책에 기대지 않습니다.",
            en="The rules to mend are named; nothing that is generated leans on them.",
        ),
    ),
    Finding(
        id="R28",
        state="noted",
        origin="project",
        sections=("5.1.2", "10.1.1"),
        says=Text(
            ko="replica_2의 용도는 재해복구, Korea South에 있는 replica_1의 용도는 읽기 분산입니다.",
            en="replica_2 is for disaster recovery, replica_1 in Korea South for reads.",
        ),
        trouble=Text(
            ko="replica_2는 주 서버와 같은 리전에 있어 리전 장애 때 함께 사라집니다.",
            en="replica_2 stands in the primary's own region and is lost with it.",
        ),
        done=Text(
            ko="두 복제본의 지연을 똑같이 봅니다. 리전 장애에 쓸 수 있는 것은 replica_1입니다.",
            en="The lag of both is watched alike; replica_1 is the one that survives the loss of a region.",
        ),
    ),
    Finding(
        id="R29",
        state="noted",
        origin="project",
        sections=("7.4.1",),
        says=Text(
            ko="비밀의 이름에 밑줄이 있습니다(openai_api_key 등).",
            en="Secrets have names with underscores (openai_api_key).",
        ),
        trouble=Text(
            ko="Key Vault의 이름에는 글자, 숫자, 하이픈만 쓸 수 있습니다.",
            en="Names in Key Vault may hold letters, digits and hyphens only.",
        ),
        done=Text(
            ko="비밀의 이름을 조건으로 쓰는 쿼리는 하이픈으로 적습니다.",
            en="A query that looks for a secret by name writes it with hyphens.",
        ),
    ),
    Finding(
        id="R30",
        state="noted",
        origin="project",
        sections=("5.3.1", "10.1.1"),
        says=Text(
            ko="RPO는 15분이고 Redis와 백업의 주기는 매시간입니다.",
            en="The RPO is 15 minutes; Redis and backups are hourly.",
        ),
        trouble=Text(
            ko="한 시간마다 하는 백업만으로는 15분의 RPO를 지킬 수 없습니다. AOF는 리전을 건너지 않습니다.",
            en="An hourly backup alone cannot keep an RPO of 15 minutes, and AOF does not leave the region.",
        ),
        done=Text(
            ko="PostgreSQL만 RPO로 봅니다. 캐시는 다시 채울 수 있는 것으로 봅니다.",
            en="Only PostgreSQL is held to the RPO; the cache is taken as something that can be filled again.",
        ),
    ),
    Finding(
        id="R31",
        state="noted",
        origin="project",
        sections=("2.1", "13.1.1", "14"),
        says=Text(
            ko="동시 사용자는 1단계에서 5만, 환경 요약에서 10만입니다.",
            en="Concurrent users are 50,000 in phase 1 and 100,000 in the summary.",
        ),
        trouble=Text(ko="같은 시점에 숫자가 둘입니다.", en="Two numbers for the same time."),
        done=Text(
            ko="각 단계의 값은 로드맵의 것을 씁니다. 어떤 알림도 사용자 수에 기대지 않습니다.",
            en="Each phase has the road map's number; no alert depends on the number of users.",
        ),
    ),
    Finding(
        id="R32",
        state="noted",
        origin="project",
        sections=("8.1.2", "8.2.2"),
        says=Text(
            ko="오류율이 1%를 넘으면 알리고, 추적은 10%만 남깁니다.",
            en="An error rate above 1 % raises an alert, and 10 % of traces are kept.",
        ),
        trouble=Text(
            ko="남은 오류 한 건이 열 건을 대신합니다. 구간 안의 요청이 1,000건보다 적으면 남은 오류 하나만으로 1%를 넘습니다.",
            en="One error that is kept stands for ten. With fewer than 1,000 requests in the window, a single kept error is "
            "above 1 %.",
        ),
        done=Text(
            ko="기준과 하한은 R5대로 둡니다. 요청이 적은 밤의 호출은 오류 한 건일 수 있으므로 런북의 첫 쿼리에서 남은 "
            "오류의 수(kept)를 먼저 봅니다.",
            en="Threshold and floor stay as R5 has them. A page on a quiet night may be one error: the runbook's first query "
            "shows how many were kept.",
        ),
    ),
    Finding(
        id="R33",
        state="noted",
        origin="project",
        sections=("8.1.2", "8.2.2"),
        says=Text(
            ko="AI 응답시간이 2분 동안 5초를 넘으면 알립니다.",
            en="An AI response time above 5 s over 2 minutes raises an alert.",
        ),
        trouble=Text(
            ko="요청이 적으면 느린 일정 하나만으로 95 백분위가 한계를 넘습니다. R5와 달리 하한이 없습니다.",
            en="With few requests one slow itinerary puts the 95th percentile above the limit. Unlike in R5 there is no "
            "floor.",
        ),
        done=Text(
            ko="기준은 문서대로 둡니다. 이 알림은 호출이 아니라 채팅에 오며, 패널의 초당 일정 수로 몇 건이었는지 봅니다.",
            en="The threshold stays as documented. It goes to chat, not to a pager; the panel beside it shows how many "
            "itineraries there were.",
        ),
    ),
    Finding(
        id="R34",
        state="noted",
        origin="project",
        sections=("3.1.2", "8.1.2"),
        says=Text(
            ko="애플리케이션 노드 풀은 자동 스케일링되고(6~20), 알림의 조치로 한 번 더 늘립니다.",
            en="The application pool scales by itself (6 to 20), and an alert's action adds nodes as well.",
        ),
        trouble=Text(
            ko="자동 스케일러가 켜져 있으면 노드 수만 바꾼 것은 곧 되돌려집니다.",
            en="With the autoscaler on, a mere change of the node count is soon taken back.",
        ),
        done=Text(
            ko="워크플로는 최소 노드 수를 함께 올립니다. 저절로 내려가지 않으므로 부하가 지나가면 사람이 6으로 되돌립니다"
            "(docs/actions.md).",
            en="The workflow raises the minimum too. It does not come down by itself: somebody puts it back to 6 when the "
            "load has passed (docs/actions.md).",
        ),
    ),
    Finding(
        id="R35",
        state="noted",
        origin="project",
        sections=("5.1.1", "5.1.2", "8.1.2"),
        says=Text(
            ko="연결이 80%를 넘으면 데이터베이스를 키웁니다.",
            en="When 80 % of the connections are in use, the database is scaled up.",
        ),
        trouble=Text(
            ko="크기를 바꾸면 서버가 다시 시작되어 모든 연결이 끊깁니다. 게다가 max_connections는 서버를 만들 때 정해지고 크기를 "
            "따라가지 않으므로, 키우는 것만으로는 연결이 늘지 않습니다.",
            en="A new size restarts the server and drops every connection. And max_connections is set when a server is made and "
            "does not follow its size: scaling alone brings no connection more.",
        ),
        done=Text(
            ko="먼저 승인을 받고, 주 서버를 한 단계만 키우며, 끝나면 max_connections를 올리라고 알립니다. 복제본의 알림으로는 주 "
            "서버를 건드리지 않습니다.",
            en="It asks first, moves the primary one size, and then says that max_connections has to be raised. A replica's alert "
            "does not touch the primary.",
        ),
    ),
    Finding(
        id="R36",
        state="noted",
        origin="project",
        sections=("8.1.2", "10.2.1"),
        says=Text(
            ko="알림이 자동으로 확장하고, 운영 변경은 승인을 받습니다.",
            en="Alerts scale automatically, and changes of production are approved.",
        ),
        trouble=Text(ko="두 문장이 서로 다릅니다.", en="The two disagree."),
        done=Text(
            ko="노드는 묻지 않고 늘립니다. 서비스를 멈추지 않기 때문입니다. 데이터베이스는 다시 시작되므로 먼저 묻습니다. 둘 다 "
            "배포 매개변수로 바꿉니다.",
            en="Nodes are added without a question, as nothing stops for it; the database, which restarts, is asked about first. "
            "Both are deployment parameters.",
        ),
    ),
    Finding(
        id="R37",
        state="noted",
        origin="project",
        sections=("10.2.1", "12.2.1", "8.1.2"),
        says=Text(
            ko="심각도 1은 15분 이내에 대응하고 관리팀을 즉시 호출하며, 심각도 2는 한 시간 이내에 업무시간 내 대응팀이 대응합니다.",
            en="Severity 1 is answered within 15 minutes and management is called at once; severity 2 within an hour, by the "
            "response team in working hours.",
        ),
        trouble=Text(
            ko="아무도 응답하지 않으면 어떻게 하는지는 문서에 없고, Azure의 작업 그룹은 확인을 기다리지 못합니다. 심각도 2의 한 시간과 "
            "업무시간은 밤에는 함께 지킬 수 없습니다.",
            en="What follows when nobody answers is not said, and action groups of Azure cannot wait for an acknowledgement. At "
            "night, severity 2's hour and its working hours cannot both be kept.",
        ),
        done=Text(
            ko="PagerDuty를 부르는 알림은 워크플로도 부릅니다. 심각도 1은 울리자마자 관리팀에 알리고, 아무도 맡지 않으면 15분마다 되풀이합니다. "
            "심각도 2는 한 시간 뒤에 한 번, 밤에도 채널에만 알립니다. 심각도 3은 정기 미팅의 몫입니다(docs/adr/0008).",
            en="Alerts that page call a workflow too. Severity 1 is told to management as it fires, and again every 15 minutes "
            "while nobody has taken it. Severity 2 is told once after an hour, at night too, in the channel alone. Severity 3 "
            "is left to the regular meeting (docs/adr/0008).",
        ),
    ),
    Finding(
        id="R38",
        origin="project",
        sections=("8.1.1", "8.1.2"),
        says=Text(
            ko="Application Insights는 수집할 때 5%만 남기고, 가용성은 합성 점검으로 잽니다(R1, R4).",
            en="Application Insights keeps 5 % at ingestion, and availability is measured by synthetic checks (R1, R4).",
        ),
        trouble=Text(
            ko="에이전트가 먼저 샘플링한 요청에는 5%가 적용되지 않지만, 점검 결과는 아무도 먼저 샘플링하지 않습니다. 5분에 다섯 번인 "
            "점검에서 다섯 번에 네 번은 한 행도 남지 않고, 남은 한 행은 스무 번을 대신하여 두 번 실패의 기준을 혼자 넘습니다.",
            en="The 5 % pass by requests, which an agent has sampled before; nobody has sampled the results of checks. Of five "
            "checks in five minutes not one row would be kept four times out of five, and one that is kept stands for "
            "twenty and is two failed checks by itself.",
        ),
        done=Text(
            ko="점검은 아무것도 버리지 않는 전용 Application Insights로 보냅니다. 행은 같은 작업 영역의 같은 테이블에 옵니다.",
            en="The checks report to an Application Insights of their own, which keeps everything. Its rows arrive in the same "
            "table of the same workspace.",
        ),
    ),
)
