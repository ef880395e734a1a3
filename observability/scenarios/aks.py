"""Containers that crash, nodes that run out or go away."""

from observability.design.platform import APPLICATION_POOL, SYSTEM_POOL
from observability.design.services import AI, TRIP, USER
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.scenario import Expected, Scenario, kst

CRASH_LOOP = Scenario(
    id="crash-loop",
    title=Text(ko="시작하자마자 죽는 컨테이너", en="A container that dies as soon as it starts"),
    happens=Text(
        ko="user 서비스의 한 컨테이너가 뜨자마자 죽습니다. kubelet은 10초부터 두 배씩 기다립니다.",
        en="One container of the user service dies at once; kubelet waits 10 s and then twice as long each time.",
    ),
    source=Section("8.1.2", reading="R6"),
    begins=kst("2026-11-24 09:00"),
    lasts=minutes(10),
    faults=lambda begin, end: (faults.CrashLoop(start=begin, end=end, role=USER.role, restarts=6),),
    expects=(
        Expected(
            alert="pod-crash-loop", which={"container": USER.role}, count=1, within=minutes(7), resolved=minutes(6),
        ),
    ),
)  # fmt: skip

SLOW_CRASH_LOOP = Scenario(
    id="slow-crash-loop",
    title=Text(ko="30초 만에 죽는 컨테이너", en="A container that dies after 30 s"),
    happens=Text(
        ko="10분에 다섯 번까지만 다시 시작합니다. 문서의 기준(5회 초과)에 닿지 않습니다.",
        en="It restarts five times in ten minutes and no more: not above the document's five.",
    ),
    source=Section("8.1.2", reading="R6"),
    begins=kst("2026-11-24 09:00"),
    lasts=minutes(60),
    faults=lambda begin, end: (faults.CrashLoop(start=begin, end=end, role=TRIP.role, restarts=2),),
    expects=(
        Expected(
            alert="pods-below-pdb", which={"deployment": TRIP.role}, count=1, within=minutes(7), resolved=minutes(6)
        ),
    ),
)

NODE_CPU = Scenario(
    id="node-cpu",
    title=Text(ko="애플리케이션 노드의 CPU 92%", en="Application nodes at 92 % CPU"),
    happens=Text(ko="노드 풀 전체가 40분 동안 바쁩니다.", en="The whole pool is busy for 40 minutes."),
    source=Section("8.1.2", reading="R3"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(40),
    faults=lambda begin, end: (faults.PoolLoad(start=begin, end=end, pool=APPLICATION_POOL.key, cpu_percent=92),),
    expects=(
        Expected(alert="high-cpu-usage", count=APPLICATION_POOL.minimum, within=minutes(15), resolved=minutes(20)),
    ),
)

NODE_MEMORY = Scenario(
    id="node-memory",
    title=Text(ko="애플리케이션 노드의 메모리 93%", en="Application nodes at 93 % memory"),
    happens=Text(ko="노드 풀 전체의 메모리가 거의 찹니다.", en="Memory of the whole pool is almost full."),
    source=Section("8.1.2"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (
        faults.PoolLoad(start=begin, end=end, pool=APPLICATION_POOL.key, memory_percent=93),
    ),
    expects=(
        Expected(
            alert="high-memory-usage", which={"nodepool": APPLICATION_POOL.key}, count=APPLICATION_POOL.minimum,
            within=minutes(7), resolved=minutes(6),
        ),
    ),
)  # fmt: skip

SYSTEM_NODES = Scenario(
    id="system-nodes",
    title=Text(ko="시스템 노드의 CPU와 메모리", en="CPU and memory of the system nodes"),
    happens=Text(ko="시스템 노드 풀의 CPU와 메모리가 함께 찹니다.", en="Both run out in the system pool."),
    source=Section("8.1.2", reading="R3"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(40),
    faults=lambda begin, end: (
        faults.PoolLoad(start=begin, end=end, pool=SYSTEM_POOL.key, cpu_percent=95, memory_percent=95),
    ),
    expects=(
        Expected(alert="high-cpu-usage", count=SYSTEM_POOL.minimum, within=minutes(15), resolved=minutes(20)),
        Expected(
            alert="high-memory-usage", which={"nodepool": SYSTEM_POOL.key}, count=SYSTEM_POOL.minimum,
            within=minutes(7), resolved=minutes(6),
        ),
    ),
)  # fmt: skip

BUSY_NODES = Scenario(
    id="busy-nodes",
    title=Text(ko="기준에 못 미치는 노드", en="Nodes below the lines"),
    happens=Text(
        ko="CPU 72%, 메모리 78%로 두 시간 갑니다. 기준(80%, 85%) 아래입니다.",
        en="72 % CPU and 78 % memory for two hours, below the lines of 80 and 85 %.",
    ),
    source=Section("8.1.2", reading="R3"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(120),
    faults=lambda begin, end: (
        faults.PoolLoad(start=begin, end=end, pool=APPLICATION_POOL.key, cpu_percent=72, memory_percent=78),
    ),
)

ZONE_LOST = Scenario(
    id="zone-lost",
    title=Text(ko="한 존의 노드가 사라짐", en="The nodes of one zone are gone"),
    happens=Text(
        ko="애플리케이션 노드 둘이 사라지고 남은 Pod가 요청을 받습니다.",
        en="Two application nodes are gone; the other pods take the requests.",
    ),
    source=Section("10.1.1"),
    begins=kst("2026-11-24 12:00"),
    lasts=minutes(30),
    faults=lambda begin, end: (
        faults.NodesLost(start=begin, end=end, pool=APPLICATION_POOL.key, count=20, zone=APPLICATION_POOL.zones[0]),
    ),
    expects=(
        Expected(alert="node-not-ready", by=(), count=1, within=minutes(7), resolved=minutes(6)),
        Expected(alert="pods-below-pdb", by=("deployment",), count=3, within=minutes(7), resolved=minutes(6)),
    ),
)

NODE_NOT_READY = Scenario(
    id="node-not-ready",
    title=Text(ko="노드 하나가 5분 넘게 NotReady", en="A node is not ready for more than 5 minutes"),
    happens=Text(
        ko="문서는 5분 뒤 새 노드를 만듭니다(12.2.2).", en="The document has it replaced after 5 minutes (12.2.2)."
    ),
    source=Section("12.2.2"),
    begins=kst("2026-11-24 12:00"),
    lasts=minutes(15),
    faults=lambda begin, end: (faults.NodesLost(start=begin, end=end, pool=APPLICATION_POOL.key),),
    expects=(
        Expected(alert="node-not-ready", by=(), count=1, within=minutes(7), resolved=minutes(6)),
        # Two of two may never be missing one (R17), and one of them stood on that node.
        Expected(
            alert="pods-below-pdb", which={"deployment": AI.role}, count=1, within=minutes(7), resolved=minutes(6)
        ),
    ),
)
