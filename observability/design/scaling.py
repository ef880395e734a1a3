"""What the two scaling actions of section 8.1.2 may do; the document names them and leaves the rest open (R23)."""

from __future__ import annotations

from observability.design.data import POSTGRESQL
from observability.design.operations import RECOVERY, SEVERITIES
from observability.design.platform import APPLICATION_POOL, ZONES
from observability.model.operations import DatabaseScaling, NodeScaling
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import minutes

_DEGRADED = SEVERITIES[2]

NODE_SCALING = NodeScaling(
    pool=APPLICATION_POOL,
    step=len(ZONES),
    cooldown=minutes(30),
    asks=False,
    answer_within=_DEGRADED.response,
    settles=minutes(20),
    source=Derived(
        Text(
            ko="가용 영역마다 노드 하나를 더해 영역 간 균등 배치를 지킵니다. 노드가 뜨는 데 5분, 알림이 다시 판단하는 데 10분이 "
            "걸리므로 그 두 배를 기다린 뒤에야 다시 늘립니다.",
            en="One more node in each zone keeps them even. A node takes 5 minutes to come and the alert 10 to judge anew: "
            "twice that passes before nodes are added again.",
        ),
        (Section("3.1.2"), Section("3.2.1"), Section("12.2.2"), Section("8.1.2", reading="R23")),
    ),
)

DATABASE_SCALING = DatabaseScaling(
    database=POSTGRESQL,
    cooldown=minutes(60),
    # It restarts the primary (finding R35), and the document wants production changes approved.
    asks=True,
    answer_within=_DEGRADED.response,
    settles=RECOVERY.rto,
    source=Derived(
        Text(
            ko="문서의 SKU 바로 위까지 한 번만 올라갑니다. 다시 시작된 서버가 부하를 되찾은 뒤에 판단하도록 한 시간을 둡니다.",
            en="One step, to the size just above the document's. An hour lets a restarted server take its load again before "
            "anything is judged.",
        ),
        (Section("5.1.1"), Section("10.2.1"), Section("8.1.2", reading="R23")),
    ),
)
