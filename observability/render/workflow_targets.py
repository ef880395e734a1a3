"""What the two scaling workflows change: the application node pool, and the primary database server."""

from __future__ import annotations

from observability.model.operations import DatabaseScaling, NodeScaling
from observability.model.text import Lang, Text
from observability.render import wdl
from observability.render.arm import parameter, quoted, resource_id
from observability.render.arm_alerts import name_parameter
from observability.render.workflow_messages import LABELS
from observability.render.workflow_scaling import AGAIN, BUSY, DONE, LARGEST, Target, actions, tagged

POOL_NAME, ASK_NODES, ASK_DATABASE = "applicationPoolName", "askBeforeScalingNodes", "askBeforeScalingDatabase"
AGENT_POOLS, POOLS_API = "Microsoft.ContainerService/managedClusters/agentPools", "2025-05-01"
SERVERS_API = "2024-08-01"
# What the service itself sets and an update must not carry along.
READ_ONLY = ("provisioningState", "currentOrchestratorVersion", "nodeImageVersion", "eTag")


def nodes(scaling: NodeScaling, lang: Lang) -> wdl.Actions:
    """Raises the pool's minimum: the autoscaler would take a mere count back (finding R34)."""
    most = scaling.pool.maximum

    def pool(look: str) -> str:
        return f"body({quoted(look)})?['properties']"

    def size(look: str) -> str:
        return f"max(coalesce({pool(look)}?['count'],0),coalesce({pool(look)}?['minCount'],0))"

    def bound(look: str) -> str:
        return f"min({most},coalesce({pool(look)}?['maxCount'],{most}))"

    changed, to = pool(AGAIN), "variables('plan')['to']"
    counted = f"setProperty({changed},'count',{to})"
    for name in READ_ONLY:
        counted = f"removeProperty({counted},{quoted(name)})"
    raised = f"if(equals({changed}?['enableAutoScaling'],true),setProperty({counted},'minCount',{to}),{counted})"
    tags = tagged(f"{changed}?['tags']")
    target = Target(
        title=Text(ko="애플리케이션 노드", en="Application nodes"),
        question=Text(ko="애플리케이션 노드를 늘릴까요?", en="Add application nodes?"),
        what=Text(ko=f"노드(한도 {most})", en=f"Nodes (at most {most})"),
        url=_azure(AGENT_POOLS, POOLS_API, parameter("clusterName"), parameter(POOL_NAME)),
        method="PUT",
        tags=lambda look: f"{pool(look)}?['tags']",
        plan=lambda look: {"from": f"@{size(look)}", "to": f"@min(add({size(look)},{scaling.step}),{bound(look)})"},
        judged=lambda look: (
            (f"not(equals({pool(look)}?['provisioningState'],'Succeeded'))", BUSY),
            (f"greaterOrEquals({size(look)},{bound(look)})", LARGEST),
        ),
        body={"properties": f"@setProperty({raised},'tags',{tags})"},
        headers={"If-Match": f"@{{coalesce({changed}?['eTag'],'*')}}"},
        state="coalesce(body('Check')?['properties']?['provisioningState'],'')",
        ends={
            DONE: Text(
                ko=f"늘어난 최소 노드 수는 그대로 남습니다. 부하가 지나가면 {scaling.pool.minimum}으로 되돌려 주세요.",
                en=f"The raised minimum stays. Put it back to {scaling.pool.minimum} when the load has passed.",
            ),
        },
        switch=ASK_NODES,
    )
    return actions(target, scaling, lang)


def database(scaling: DatabaseScaling, lang: Lang) -> wdl.Actions:
    """Moves the primary to the next size: a restart (finding R35)."""
    facts = scaling.database
    size, larger = facts.vm.name, facts.next_vm.name

    def sku(look: str) -> str:
        return f"coalesce(body({quoted(look)})?['sku']?['name'],'')"

    checked = "body('Check')?['properties']?['state']"
    grown = f"and(equals(body('Check')?['sku']?['name'],{quoted(larger)}),equals({checked},'Ready'))"
    tags = tagged(f"body({quoted(AGAIN)})?['tags']")
    target = Target(
        title=Text(ko="PostgreSQL 크기", en="PostgreSQL's size"),
        question=Text(
            ko="PostgreSQL 주 서버를 키울까요? 다시 시작됩니다.", en="Scale the primary PostgreSQL up? It will restart."
        ),
        what=Text(ko=f"크기(한도 {larger})", en=f"Size (at most {larger})"),
        url=_azure(facts.resource.type, SERVERS_API, parameter(name_parameter(facts.resource.key))),
        method="PATCH",
        tags=lambda look: f"body({quoted(look)})?['tags']",
        plan=lambda look: {"from": f"@{sku(look)}", "to": larger},
        judged=lambda look: (
            (f"not(equals(coalesce({LABELS}?['role'],'primary'),'primary'))", "replica"),
            (f"not(equals(body({quoted(look)})?['properties']?['state'],'Ready'))", BUSY),
            (f"equals({sku(look)},{quoted(larger)})", LARGEST),
            (f"not(equals({sku(look)},{quoted(size)}))", "other-size"),
        ),
        body={"sku": {"name": larger, "tier": facts.tier}, "tags": f"@{tags}"},
        headers=None,
        state=f"if({grown},'Succeeded',coalesce({checked},''))",
        ends={
            DONE: Text(
                ko="max_connections는 저절로 커지지 않습니다. 서버 매개변수에서 올리고 서버를 한 번 더 다시 시작해야 합니다.",
                en="max_connections does not grow by itself: raise the server parameter, which takes one more restart.",
            ),
            "replica": Text(
                ko="읽기 복제본의 알림이라 주 서버를 건드리지 않았습니다. 복제본은 직접 키워 주세요.",
                en="The alert is a replica's, so the primary was left alone. Scale the replica by hand.",
            ),
            "other-size": Text(
                ko=f"문서의 크기({size})가 아니라서 손대지 않았습니다. 사람이 판단해야 합니다.",
                en=f"It has not the document's size ({size}), so nothing was touched. Somebody has to decide.",
            ),
        },
        switch=ASK_DATABASE,
    )
    return actions(target, scaling, lang)


def _azure(kind: str, version: str, *names: str) -> str:
    """The template's expression of a resource's address in Azure Resource Manager."""
    ident = resource_id(kind, *names)[1:-1]
    return f"[concat(environment().resourceManager, substring({ident}, 1), '?api-version={version}')]"
