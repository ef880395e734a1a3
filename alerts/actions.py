"""Who and what an alert tells (document 8.1.2). Addresses are deployment parameters, never values here."""

from observability.model.alert import Action, Channel, Workflow
from observability.model.source import Section
from observability.model.text import Text

PAGERDUTY = Action(
    id="pagerduty",
    title=Text(ko="PagerDuty", en="PagerDuty"),
    channel=Channel.WEBHOOK,
    code="pd",
    escalates=True,
    does=Text(ko="당직자를 호출합니다.", en="Pages whoever is on call."),
    source=Section("8.1.2", reading="R22"),
)

SMS = Action(
    id="sms",
    title=Text(ko="SMS", en="SMS"),
    channel=Channel.SMS,
    code="sm",
    does=Text(ko="당직 전화번호로 문자를 보냅니다.", en="Sends a text message to the on-call number."),
    source=Section("8.1.2", reading="R22"),
)

TEAMS = Action(
    id="teams",
    title=Text(ko="Teams", en="Teams"),
    channel=Channel.LOGIC_APP,
    workflow=Workflow.TEAMS,
    code="tm",
    does=Text(ko="Teams 운영 채널에 알립니다.", en="Posts to the operations channel in Teams."),
    source=Section("8.1.2", reading="R22"),
)

SLACK = Action(
    id="slack",
    title=Text(ko="Slack", en="Slack"),
    channel=Channel.LOGIC_APP,
    workflow=Workflow.SLACK,
    code="sl",
    does=Text(ko="Slack 운영 채널에 알립니다.", en="Posts to the operations channel in Slack."),
    source=Section("8.1.2", reading="R22"),
)

AUTO_SCALE = Action(
    id="auto-scale",
    title=Text(ko="자동 확장", en="Auto-scale"),
    channel=Channel.LOGIC_APP,
    workflow=Workflow.SCALE_NODES,
    code="as",
    does=Text(
        ko="죽는 Pod가 다른 노드에서 뜰 수 있게 애플리케이션 노드 풀을 늘리는 워크플로를 부릅니다.",
        en="Calls the workflow that adds application nodes, so that crashing pods can start elsewhere.",
    ),
    source=Section("8.1.2", reading="R23"),
)

AUTO_SCALE_TRIGGER = Action(
    id="auto-scale-trigger",
    title=Text(ko="자동 확장 트리거", en="Auto-scale trigger"),
    channel=Channel.LOGIC_APP,
    workflow=Workflow.SCALE_NODES,
    code="at",
    does=Text(
        ko="노드 풀을 문서의 범위 안에서 늘리는 워크플로를 부릅니다.",
        en="Calls the workflow that scales the node pool out within the document's bounds.",
    ),
    source=Section("8.1.2", reading="R23"),
)

SCALE_DATABASE = Action(
    id="scale-database",
    title=Text(ko="데이터베이스 확장", en="Scale database"),
    channel=Channel.LOGIC_APP,
    workflow=Workflow.SCALE_DATABASE,
    code="sd",
    does=Text(
        ko="PostgreSQL을 다음 SKU로 올리는 워크플로를 부릅니다.",
        en="Calls the workflow that moves PostgreSQL to the next SKU.",
    ),
    source=Section("8.1.2", reading="R23"),
)
