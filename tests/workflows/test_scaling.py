"""What changes and what does not: bounds, cooldown, repeated and resolved alerts, errors, for nodes and the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from observability.design.data import POSTGRESQL
from observability.design.platform import APPLICATION_POOL
from observability.design.scaling import DATABASE_SCALING, NODE_SCALING
from tests.workflows import payloads
from tests.workflows.machine import Machine, Run
from tests.workflows.world import TEAMS, World, lines, pool, server, title, world

NODES, DATABASE = "scale-nodes", "scale-database"
LARGER = POSTGRESQL.next_vm.name


@pytest.fixture
def here() -> Iterator[World]:
    with world(askBeforeScalingDatabase=False) as made:
        yield made


def ran(here: World, name: str, payload: Any) -> Run:
    run = here.call(name, payload)
    assert run is not None
    return run


def changes(here: World) -> list[Any]:
    """Bodies of every request that would change something."""
    return [body for method, _, body in here.requests if method != "GET"]


def size(here: World) -> tuple[int, int]:
    return here.pool["properties"]["count"], here.pool["properties"]["minCount"]


# --- nodes --------------------------------------------------------------------------------------------------


def test_a_fired_alert_adds_a_node_in_each_zone_by_raising_the_minimum_too(here: World) -> None:
    run = ran(here, NODES, payloads.crash_loop())
    assert run.status == "Succeeded"
    assert size(here) == (9, 9)
    assert title(here.cards[-1]) == "애플리케이션 노드: 늘렸습니다"
    assert lines(here.cards[-1]) == {
        "알림": "Pod 반복 재시작 (심각도 2)",
        "대상": "namespace=production, pod=trip-1, container=trip-service",
        "노드(한도 20)": "6 → 9",
        "안내": "늘어난 최소 노드 수는 그대로 남습니다. 부하가 지나가면 6으로 되돌려 주세요.",
    }


def test_the_update_carries_the_whole_pool_but_what_azure_sets_itself(here: World) -> None:
    before = here.pool["properties"]
    ran(here, NODES, payloads.crash_loop())
    (body,) = changes(here)
    tags = {"team": "trip", "tripgen-scaled-at": payloads.FIRED[:-2] + "0Z", "tripgen-scaled-for": "prom-1"}
    own = {"provisioningState", "currentOrchestratorVersion", "nodeImageVersion", "eTag"}
    assert body == {
        "properties": {
            **{key: value for key, value in before.items() if key not in own},
            "count": 9,
            "minCount": 9,
            "tags": tags,
        }
    }


@pytest.mark.parametrize(
    ("count", "minimum", "after"),
    [
        (6, 6, 9),
        # The autoscaler went ahead: a minimum below what runs would change nothing.
        (11, 6, 14),
        (6, 9, 12),
        (17, 6, 20),
        (18, 6, 20),
        (19, 19, 20),
    ],
)
def test_it_adds_to_what_runs_and_stops_at_the_documents_twenty(
    here: World, count: int, minimum: int, after: int
) -> None:
    here.pool = pool(count, minimum)
    ran(here, NODES, payloads.crash_loop())
    assert size(here) == (after, after)


@pytest.mark.parametrize(
    ("count", "minimum", "most"), [(20, 6, 20), (6, 20, 20), (20, 20, 100), (25, 6, 100), (8, 6, 8)]
)
def test_nothing_grows_past_the_document_or_the_pools_own_maximum(
    here: World, count: int, minimum: int, most: int
) -> None:
    here.pool = pool(count, minimum, maxCount=most)
    run = ran(here, NODES, payloads.crash_loop())
    assert changes(here) == []
    assert run.status == "Succeeded"
    assert title(here.cards[-1]) == "애플리케이션 노드: 그대로 두었습니다"
    assert lines(here.cards[-1])["안내"].startswith("이미 허용된 가장 큰 크기")


def test_a_pool_without_an_autoscaler_gets_its_count_and_no_minimum(here: World) -> None:
    here.pool = pool(6, 0, enableAutoScaling=False, minCount=None, maxCount=None)
    ran(here, NODES, payloads.crash_loop())
    assert here.pool["properties"]["count"] == 9
    assert "minCount" not in here.pool["properties"]


@pytest.mark.parametrize("state", ["Scaling", "Updating", "Upgrading", "Failed"])
def test_a_pool_that_somebody_is_changing_is_left_alone(here: World, state: str) -> None:
    here.pool = pool(provisioningState=state)
    ran(here, NODES, payloads.crash_loop())
    assert changes(here) == []
    assert lines(here.cards[-1])["안내"].startswith("다른 변경이 진행 중")


def test_the_bounds_and_the_step_are_the_documents() -> None:
    assert (APPLICATION_POOL.minimum, APPLICATION_POOL.maximum, NODE_SCALING.step) == (6, 20, 3)


# --- repeated, resolved, old --------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "make"), [(NODES, payloads.crash_loop), (DATABASE, payloads.prometheus)])
def test_what_has_resolved_starts_no_run(here: World, name: str, make: Any) -> None:
    assert here.call(name, payloads.resolved(make())) is None
    assert here.requests == []
    assert here.cards == []


def test_the_same_alert_twice_acts_once_and_says_so_once(here: World) -> None:
    for _ in range(2):
        assert ran(here, NODES, payloads.crash_loop()).status == "Succeeded"
    assert len(changes(here)) == len(here.cards) == 1


def test_another_alert_within_the_cooldown_does_nothing(here: World) -> None:
    ran(here, NODES, payloads.crash_loop())
    here.clock.wait(NODE_SCALING.cooldown.total_seconds() - 100)
    ran(here, NODES, payloads.another(payloads.crash_loop(), "b", here.clock.now()))
    assert len(changes(here)) == len(here.cards) == 1


def test_another_alert_after_the_cooldown_acts_again_and_a_third_waits_again(here: World) -> None:
    ran(here, NODES, payloads.crash_loop())
    for ident in ("b", "c"):
        here.clock.wait(NODE_SCALING.cooldown.total_seconds() if ident == "b" else 0)
        ran(here, NODES, payloads.another(payloads.crash_loop(), ident, here.clock.now()))
    assert size(here) == (12, 12)
    assert here.pool["properties"]["tags"]["tripgen-scaled-for"] == "b"


def test_an_alert_delivered_again_after_its_cooldown_is_too_old_whoever_acted_since(here: World) -> None:
    """The tags remember one alert; age takes care of all before it."""
    first = payloads.crash_loop()
    ran(here, NODES, first)
    here.clock.wait(NODE_SCALING.cooldown.total_seconds())
    ran(here, NODES, payloads.another(first, "b", here.clock.now()))
    here.clock.wait(NODE_SCALING.cooldown.total_seconds())
    ran(here, NODES, first)
    assert len(changes(here)) == 2


def test_whoever_ends_a_cooldown_early_lets_other_alerts_act_and_not_the_same_one(here: World) -> None:
    ran(here, NODES, payloads.crash_loop())
    del here.pool["properties"]["tags"]["tripgen-scaled-at"]
    ran(here, NODES, payloads.crash_loop())
    assert size(here) == (9, 9)
    ran(here, NODES, payloads.another(payloads.crash_loop(), "b"))
    assert size(here) == (12, 12)


def test_an_old_alert_is_silent_even_about_a_pool_that_is_full(here: World) -> None:
    here.pool = pool(20, 20)
    here.clock.wait(NODE_SCALING.cooldown.total_seconds() + 1)
    ran(here, NODES, payloads.crash_loop())
    assert here.cards == []


def test_the_cooldown_is_read_from_the_pool_so_that_a_workflow_made_anew_still_keeps_it(here: World) -> None:
    with world() as other:
        here.pool = pool(tags={"tripgen-scaled-at": other.clock.now(), "tripgen-scaled-for": "by-another"})
    ran(here, NODES, payloads.crash_loop())
    assert changes(here) == []


def test_a_time_on_the_pool_that_is_none_changes_nothing_and_people_are_told(here: World) -> None:
    here.pool = pool(tags={"tripgen-scaled-at": "yesterday"})
    assert ran(here, NODES, payloads.crash_loop()).status == "Failed"
    assert changes(here) == []
    assert title(here.cards[-1]) == "애플리케이션 노드: 실패했습니다"


@pytest.mark.parametrize("name", [NODES, DATABASE])
def test_one_run_at_a_time(here: World, name: str) -> None:
    (trigger,) = here.workflows[name]["definition"]["triggers"].values()
    assert trigger["runtimeConfiguration"]["concurrency"]["runs"] == 1


# --- the database -------------------------------------------------------------------------------------------


def test_the_database_moves_to_the_next_size_and_no_further(here: World) -> None:
    run = ran(here, DATABASE, payloads.prometheus())
    assert run.status == "Succeeded"
    assert here.server["sku"] == {"name": "Standard_D16s_v3", "tier": "GeneralPurpose"}
    assert title(here.cards[-1]) == "PostgreSQL 크기: 늘렸습니다"
    assert lines(here.cards[-1])["크기(한도 Standard_D16s_v3)"] == "Standard_D8s_v3 → Standard_D16s_v3"
    assert "max_connections" in lines(here.cards[-1])["안내"]
    here.clock.wait(DATABASE_SCALING.cooldown.total_seconds())
    ran(here, DATABASE, payloads.another(payloads.prometheus(), "later", here.clock.now()))
    assert len(changes(here)) == 1
    assert lines(here.cards[-1])["안내"].startswith("이미 허용된 가장 큰 크기")


def test_the_database_keeps_its_other_tags_and_gets_nothing_but_size_and_tags(here: World) -> None:
    ran(here, DATABASE, payloads.prometheus())
    assert changes(here) == [
        {
            "sku": {"name": LARGER, "tier": "GeneralPurpose"},
            "tags": {"team": "trip", "tripgen-scaled-at": payloads.FIRED[:-2] + "0Z", "tripgen-scaled-for": "prom-1"},
        }
    ]


@pytest.mark.parametrize("found", ["Standard_D32s_v3", "Standard_D4s_v3", "Standard_D8ds_v5", "Standard_B2s"])
def test_a_size_that_is_not_the_documents_is_left_to_people(here: World, found: str) -> None:
    here.server = server(found)
    ran(here, DATABASE, payloads.prometheus())
    assert changes(here) == []
    assert "문서의 크기(Standard_D8s_v3)가 아니라서" in lines(here.cards[-1])["안내"]


def test_a_replicas_alert_does_not_restart_the_primary(here: World) -> None:
    ran(here, DATABASE, payloads.prometheus(role="replica_1"))
    assert changes(here) == []
    assert "읽기 복제본의 알림" in lines(here.cards[-1])["안내"]


@pytest.mark.parametrize("state", ["Updating", "Stopped", "Disabled"])
def test_a_server_that_is_not_ready_is_left_alone(here: World, state: str) -> None:
    here.server = server(state=state)
    ran(here, DATABASE, payloads.prometheus())
    assert changes(here) == []


def test_the_database_cools_down_too(here: World) -> None:
    ran(here, DATABASE, payloads.prometheus())
    here.server["sku"]["name"] = POSTGRESQL.vm.name
    ran(here, DATABASE, payloads.another(payloads.prometheus(), "b", here.clock.now()))
    assert len(changes(here)) == 1


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "make", "title_of", "method"),
    [
        (NODES, payloads.crash_loop, "애플리케이션 노드", "PUT"),
        (DATABASE, payloads.prometheus, "PostgreSQL 크기", "PATCH"),
    ],
)
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "워크플로의 관리 ID에 역할이 없습니다."),
        (409, "다른 작업이 진행 중입니다."),
        (400, ""),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_the_run_counts_as_failed(
    here: World, name: str, make: Any, title_of: str, method: str, status: int, reason: str
) -> None:
    here.faults[method] = [(status, {"error": {"code": "Refused", "message": "no [link](https://evil.example)"}})]
    run = ran(here, name, make())
    assert run.status == "Failed"
    assert len(changes(here)) == 1, "what is refused is not tried again"
    assert title(here.cards[-1]) == f"{title_of}: 실패했습니다"
    found = lines(here.cards[-1])
    assert found["실패한 단계"] == f"Change {status}"
    assert found["이유"] == f'{reason} {{"error":{{"code":"Refused","message":"no [link](https://evil.example)"}}}}'
    assert found["안내"].startswith("자동 조치가 끝나지 않았습니다.")


def test_a_missing_role_shows_at_the_first_look(here: World) -> None:
    here.faults["GET"] = [(403, {"error": {"code": "AuthorizationFailed"}})]
    assert ran(here, NODES, payloads.crash_loop()).status == "Failed"
    assert lines(here.cards[-1])["실패한 단계"] == "Look 403"
    assert changes(here) == []


def test_an_error_that_passes_is_tried_again(here: World) -> None:
    here.faults = {"GET": [(500, "<html>oops</html>")], "PUT": [(503, "")]}
    assert ran(here, NODES, payloads.crash_loop()).status == "Succeeded"
    assert size(here) == (9, 9)


def test_an_error_that_stays_is_told_whatever_azure_answers(here: World) -> None:
    here.faults["PUT"] = [(500, "<html>oops</html>")] * 5
    assert ran(here, NODES, payloads.crash_loop()).status == "Failed"
    assert lines(here.cards[-1])["이유"].strip() == "<html>oops</html>"
    assert size(here) == (6, 6)
    ran(here, NODES, payloads.another(payloads.crash_loop(), "b"))
    assert size(here) == (9, 9), "what did not act does not cool down"


def test_a_pool_that_changed_between_look_and_update_is_not_overwritten(here: World) -> None:
    looks: list[str] = []
    answer = here.answer

    def changed(method: str, path: str, headers: Any, body: Any) -> Any:
        looks.append(method)
        if method == "PUT":
            here.pool["properties"]["eTag"] = "etag-of-somebody-else"
        return answer(method, path, headers, body)

    here.answer = changed  # type: ignore[method-assign]
    assert ran(here, NODES, payloads.crash_loop()).status == "Failed"
    assert lines(here.cards[-1])["실패한 단계"] == "Change 412"
    assert lines(here.cards[-1])["이유"].startswith("읽은 뒤에 다른 누군가가 바꿨습니다.")
    assert size(here) == (6, 6)


@pytest.mark.parametrize("limits_fail", [False, True])
@pytest.mark.parametrize(("name", "make"), [(NODES, payloads.crash_loop), (DATABASE, payloads.prometheus)])
def test_a_change_that_does_not_end_in_time_is_told_as_such(
    here: World, name: str, make: Any, limits_fail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "limits_fail", limits_fail)
    here.never_settles = True
    assert ran(here, name, make()).status == "Succeeded"
    assert title(here.cards[-1]).endswith(": 아직 늘리는 중입니다")
    assert lines(here.cards[-1])["안내"].startswith("요청은 받아들여졌지만 아직 끝나지 않았습니다.")
    assert card_style(here) == "warning"


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_change_that_azure_accepts_and_then_fails_is_told_at_once(here: World, state: str) -> None:
    here.pool_ends_as = state
    start = here.clock.time
    assert ran(here, NODES, payloads.crash_loop()).status == "Succeeded"
    assert title(here.cards[-1]) == "애플리케이션 노드: 실패했습니다"
    assert lines(here.cards[-1])["안내"].startswith("Azure가 요청을 받아들인 뒤에 변경에 실패했습니다.")
    assert card_style(here) == "attention"
    assert (here.clock.time - start).total_seconds() == 90


def test_a_look_that_fails_while_it_settles_is_no_failure(here: World) -> None:
    answer = here.answer
    gets = 0

    def broken_once(method: str, path: str, headers: Any, body: Any) -> Any:
        nonlocal gets
        gets += method == "GET"
        return (404, {}, {}) if gets == 3 and method == "GET" else answer(method, path, headers, body)

    here.answer = broken_once  # type: ignore[method-assign]
    assert ran(here, NODES, payloads.crash_loop()).status == "Succeeded"
    assert title(here.cards[-1]) == "애플리케이션 노드: 늘렸습니다"


@pytest.mark.parametrize("fault", [None, 409])
def test_no_secret_address_and_no_token_is_in_the_run_history(here: World, fault: int | None) -> None:
    here.faults["PUT"] = [(fault, {})] if fault else []
    history = json.dumps(ran(here, NODES, payloads.crash_loop()).history)
    for secret in (TEAMS, "teams-secret", "of-la-tripgen", "Bearer"):
        assert secret not in history


def test_in_english() -> None:
    with world("en", askBeforeScalingDatabase=False) as here:
        ran(here, DATABASE, payloads.prometheus())
        assert title(here.cards[-1]) == "PostgreSQL's size: scaled up"
        assert list(lines(here.cards[-1])) == ["Alert", "Which", "Size (at most Standard_D16s_v3)", "Note"]


def card_style(here: World) -> str:
    return here.cards[-1]["attachments"][0]["content"]["body"][0]["style"]  # type: ignore[no-any-return]
