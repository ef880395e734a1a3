"""The cluster's pack and the log alert of its nodes, on inventories that are written down here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from alerts.aks import HIGH_CPU_USAGE
from kql import aks, triage
from observability.model.query import Query
from observability.model.verdict import Outcome
from observability.query.answers import Span
from tests.kql.stored import Rows, at

Row = dict[str, Any]
SERVICES = {"user-service": 3, "trip-service": 3, "ai-service": 2, "location-service": 2}
GIGA = 1_000_000_000.0


def container(pod: str, minute: float, **cells: Any) -> Row:
    service = "-".join(pod.split("-")[:2])
    row = {
        "TimeGenerated": at(minute),
        "Namespace": "production",
        "Name": pod,
        "PodUid": f"uid-{pod}",
        "ContainerName": f"uid-{pod}/{service}",
        "PodStatus": "Running",
        "ContainerStatus": "running",
        "ContainerRestartCount": 0,
        "PodCreationTimeStamp": at(-600),
        "Computer": "aks-application-12345678-vmss000000",
    }
    return {**row, **cells}


def inventory(minutes: range, but: Callable[[str, int], Row | None] = lambda pod, minute: {}) -> list[Row]:
    """Every pod of every service each minute; ``but`` gives other cells for one, or None for a pod that is not there."""
    rows = []
    for minute in minutes:
        for service, count in SERVICES.items():
            for number in range(count):
                pod = f"{service}-7c9d8b6f5-{number}"
                cells = but(pod, minute)
                if cells is not None:
                    rows.append(container(pod, minute, **cells))
                    rows.append(container(pod, minute, ContainerName=f"uid-{pod}/istio-proxy"))
    return rows


def node(name: str, minute: float, status: str = "Ready") -> Row:
    return {"TimeGenerated": at(minute), "Computer": name, "Status": status}


def system(number: int) -> str:
    return f"aks-system-11111111-vmss00000{number}"


def application(number: int) -> str:
    return f"aks-application-22222222-vmss0000{number:02d}"


def counters(name: str, minute: float, cpu: float, memory: float = 10.0, only: str = "") -> list[Row]:
    """One minute of a node of 8 cores and 32 GB; ``cpu`` and ``memory`` in percent."""
    values = {
        "cpuUsageNanoCores": 8 * GIGA * cpu / 100,
        "cpuCapacityNanoCores": 8 * GIGA,
        "memoryWorkingSetBytes": 32 * GIGA * memory / 100,
        "memoryCapacityBytes": 32 * GIGA,
    }
    return [
        {
            "TimeGenerated": at(minute),
            "ObjectName": "K8SNode",
            "Computer": name,
            "CounterName": counter,
            "CounterValue": value,
        }
        for counter, value in values.items()
        if only in counter
    ]


def outcomes(query: Query, found: list[Row]) -> list[Outcome]:
    assert query.verdict is not None
    return [query.verdict.of(row[query.verdict.column]) for row in found]


def by(name: str, found: list[Row]) -> dict[str, Row]:
    return {row[name]: row for row in found}


# --- pods -------------------------------------------------------------------------------------------


def test_every_service_with_as_many_pods_as_its_minimum_is_fine(rows: Rows) -> None:
    found = rows(aks.PODS, {"KubePodInventory": inventory(range(10))})
    assert {row["service"]: (row["minimum"], row["replicas"], row["lowest"], row["spare"]) for row in found} == {
        "user-service": (2, 3, 3, 1),
        "trip-service": (3, 3, 3, 0),
        "ai-service": (2, 2, 2, 0),
        "location-service": (2, 2, 2, 0),
    }
    assert set(outcomes(aks.PODS, found)) == {Outcome.PASS}


def test_a_service_without_a_single_pod_is_told_and_not_left_out(rows: Rows) -> None:
    given = inventory(range(10), lambda pod, minute: None if pod.startswith("ai-service") else {})
    found = by("service", rows(aks.PODS, {"KubePodInventory": given}))
    assert (found["ai-service"]["lowest"], found["ai-service"]["spare"]) == (0, -2)
    assert found["ai-service"]["short_minutes"] == 10.0
    assert outcomes(aks.PODS, [found["ai-service"]]) == [Outcome.FAIL]


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (range(5, 9), Outcome.PASS),  # four of the five minutes of a bin
        (range(5, 10), Outcome.FAIL),  # the whole bin
    ],
)
def test_a_pod_that_is_replaced_within_five_minutes_is_not_missing(rows: Rows, gone: range, says: Outcome) -> None:
    given = inventory(
        range(15), lambda pod, minute: None if pod == "trip-service-7c9d8b6f5-0" and minute in gone else {}
    )
    found = by("service", rows(aks.PODS, {"KubePodInventory": given}))
    assert outcomes(aks.PODS, [found["trip-service"]]) == [says]


@pytest.mark.parametrize(
    ("cells", "available"),
    [
        ({"ContainerStatus": "waiting", "ContainerStatusReason": "CrashLoopBackOff"}, 2),
        ({"PodStatus": "Pending"}, 2),
        ({"ContainerStatus": "terminated", "ContainerStatusReason": "Error"}, 2),
        ({"ContainerStatus": "terminated", "ContainerStatusReason": "Completed"}, 3),  # an init container
        ({"Namespace": "staging"}, 3),  # its sidecar is still in the namespace
    ],
)
def test_a_pod_counts_while_all_its_containers_work(rows: Rows, cells: Row, available: int) -> None:
    def change(pod: str, minute: int) -> Row:
        # PodStatus is the pod's, so the sidecar's row has it too; here only one row differs.
        return cells if pod == "trip-service-7c9d8b6f5-0" else {}

    given = inventory(range(5), change)
    if "PodStatus" in cells:
        given = [{**row, **cells} if row["Name"] == "trip-service-7c9d8b6f5-0" else row for row in given]
    found = by("service", rows(aks.PODS, {"KubePodInventory": given}))
    assert found["trip-service"]["lowest"] == available


@pytest.mark.parametrize("query", [aks.PODS, aks.HPA, aks.PENDING, aks.RESTARTS], ids=lambda query: query.id)
def test_without_an_inventory_nothing_is_said_of_pods(rows: Rows, query: Query) -> None:
    outside = inventory(range(-5, 0)) + inventory(range(60, 65))
    assert rows(query, {"KubePodInventory": outside}) == []
    assert query.verdict is not None
    assert query.verdict.empty is Outcome.NO_DATA


@pytest.mark.parametrize(("pods", "room", "says"), [(7, 1, Outcome.PASS), (8, 0, Outcome.WARN), (9, -1, Outcome.WARN)])
def test_a_service_at_its_autoscaler_maximum_has_no_room(rows: Rows, pods: int, room: int, says: Outcome) -> None:
    given = [container(f"ai-service-7c9d8b6f5-{number}", 1) for number in range(pods)]
    given += [container("ai-service-7c9d8b6f5-0", 2)]
    found = by("service", rows(aks.HPA, {"KubePodInventory": given}))
    assert (found["ai-service"]["maximum"], found["ai-service"]["peak"], found["ai-service"]["room"]) == (8, pods, room)
    assert found["ai-service"]["peak_at"] == at(1)
    assert outcomes(aks.HPA, [found["ai-service"]]) == [says]


@pytest.mark.parametrize(("minutes", "says"), [(5, Outcome.PASS), (6, Outcome.FAIL)])
def test_a_pod_may_wait_as_long_as_scaling_takes(rows: Rows, minutes: int, says: Outcome) -> None:
    given = inventory(range(10))
    given += [
        container("trip-service-7c9d8b6f5-9", minute, PodStatus="Pending", PodCreationTimeStamp=at(0))
        for minute in range(minutes + 1)
    ]
    found = by("service", rows(aks.PENDING, {"KubePodInventory": given}))
    assert (found["trip-service"]["pods"], found["trip-service"]["longest_minutes"]) == (1, float(minutes))
    assert found["user-service"]["longest_minutes"] == 0.0
    assert outcomes(aks.PENDING, [found["trip-service"]]) == [says]


# --- restarts ---------------------------------------------------------------------------------------


def restarting(counts: dict[int, int]) -> list[Row]:
    return [
        container("trip-service-7c9d8b6f5-0", minute, ContainerRestartCount=count) for minute, count in counts.items()
    ]


@pytest.mark.parametrize(
    ("counts", "worst", "says"),
    [
        (dict.fromkeys(range(30), 3), 0, Outcome.PASS),  # cumulative, and long ago
        ({minute: 100 + min(minute, 5) for minute in range(30)}, 5, Outcome.PASS),
        ({minute: 100 + min(minute, 6) for minute in range(30)}, 6, Outcome.FAIL),
        # Six in twelve minutes are five in any ten.
        ({minute: minute // 2 for minute in range(13)}, 5, Outcome.PASS),
        # Six across two ten-minute bins are still six in ten minutes.
        ({minute: max(0, min(minute - 6, 6)) for minute in range(30)}, 6, Outcome.FAIL),
    ],
)
def test_restarts_are_the_increase_within_any_ten_minutes(
    rows: Rows, counts: dict[int, int], worst: int, says: Outcome
) -> None:
    found = rows(aks.RESTARTS, {"KubePodInventory": restarting(counts)})
    assert [row["worst_window"] for row in found] == [worst]
    assert found[0]["container"] == "trip-service"
    assert outcomes(aks.RESTARTS, found) == [says]


@pytest.mark.parametrize("missing", [range(30, 31), range(30, 34)])
def test_a_gap_in_the_inventory_does_not_add_up_what_was_long_before(rows: Rows, missing: range) -> None:
    # One restart in seven minutes: eight within the hour, and two in any ten minutes.
    counts = {minute: minute // 7 for minute in range(60) if minute not in missing}
    (found,) = rows(aks.RESTARTS, {"KubePodInventory": restarting(counts)})
    assert (found["restarts"], found["worst_window"]) == (8, 2)


def test_restarts_of_two_pods_are_not_added_up(rows: Rows) -> None:
    one = restarting({minute: min(minute, 4) for minute in range(20)})
    two = [{**row, "Name": "trip-service-7c9d8b6f5-1", "PodUid": "another"} for row in one]
    found = rows(aks.RESTARTS, {"KubePodInventory": one + two})
    assert [row["worst_window"] for row in found] == [4, 4]


# --- nodes ------------------------------------------------------------------------------------------


def test_a_node_is_not_ready_when_five_whole_minutes_say_so(rows: Rows) -> None:
    given = [node(system(0), minute) for minute in range(15)]
    given += [node(system(1), minute, "Unknown" if 5 <= minute < 9 else "Ready") for minute in range(15)]
    given += [
        node(application(0), minute, "Unknown" if 5 <= minute < 10 else "Ready,MemoryPressure") for minute in range(15)
    ]
    found = by("node", rows(triage.NODES, {"KubeNodeInventory": given}))
    assert {name: (row["pool"], row["not_ready_minutes"], row["pressure_minutes"]) for name, row in found.items()} == {
        system(0): ("system", 0.0, 0.0),
        system(1): ("system", 0.0, 0.0),
        application(0): ("application", 5.0, 10.0),
    }
    assert outcomes(triage.NODES, list(found.values())) == [Outcome.FAIL, Outcome.PASS, Outcome.PASS]


@pytest.mark.parametrize(
    ("nodes", "room", "above", "most", "least"),
    [
        (5, 15, -1, Outcome.PASS, Outcome.FAIL),
        (6, 14, 0, Outcome.PASS, Outcome.PASS),
        (19, 1, 13, Outcome.PASS, Outcome.PASS),
        (20, 0, 14, Outcome.FAIL, Outcome.PASS),
    ],
)
def test_nodes_are_held_against_the_limits_of_their_pool(
    rows: Rows, nodes: int, room: int, above: int, most: Outcome, least: Outcome
) -> None:
    given = [node(application(number), 1) for number in range(nodes)]
    given += [node(application(nodes), 1, "Unknown")]
    found = by("pool", rows(aks.NODE_COUNT, {"KubeNodeInventory": given}))
    assert (found["application"]["room"], found["application"]["above_minimum"]) == (room, above)
    assert outcomes(aks.NODE_COUNT, [found["application"]]) == [most]
    assert outcomes(aks.NODE_MINIMUM, [found["application"]]) == [least]
    # A pool of which nothing is left has a row too.
    assert (found["system"]["peak"], found["system"]["above_minimum"]) == (0, -3)


@pytest.mark.parametrize("query", [triage.NODES, aks.NODE_COUNT, aks.NODE_MINIMUM], ids=lambda query: query.id)
def test_without_an_inventory_nothing_is_said_of_nodes(rows: Rows, query: Query) -> None:
    assert rows(query, {"KubeNodeInventory": [node(system(0), -1), node(system(0), 60)]}) == []


@pytest.mark.parametrize(("query", "limit"), [(aks.NODE_CPU, 80.0), (aks.NODE_MEMORY, 85.0)], ids=["cpu", "memory"])
@pytest.mark.parametrize(("more", "says"), [(0.0, Outcome.PASS), (0.5, Outcome.FAIL)])
def test_a_node_at_its_limit_is_still_fine(rows: Rows, query: Query, limit: float, more: float, says: Outcome) -> None:
    used = limit + more
    # As long as each query's own window, so that one bin and no other is the worst.
    window = int(query.params["bin_size"].total_seconds() // 60)
    given = [row for minute in range(window) for row in counters(system(0), minute, cpu=used, memory=used)]
    given += [row for minute in range(window, 2 * window) for row in counters(system(0), minute, cpu=10)]
    found = rows(query, {"Perf": given})
    assert found == [
        {
            "node": system(0),
            "pool": "system",
            "worst_percent": pytest.approx(used),
            "worst_at": at(0),
            "mean_percent": pytest.approx((used + 10) / 2),
        }
    ]
    assert outcomes(query, found) == [says]


@pytest.mark.parametrize("query", [aks.NODE_CPU, aks.NODE_MEMORY], ids=lambda query: query.id)
def test_half_of_the_counters_are_no_node_at_rest(rows: Rows, query: Query) -> None:
    given = counters(system(0), 1, cpu=90, only="Usage") + counters(system(1), 1, cpu=90, only="Capacity")
    assert rows(query, {"Perf": given}) == []


def test_the_rule_of_the_cpu_alert_is_the_mean_of_each_node(rows: Rows) -> None:
    given = [row for minute in range(10) for row in counters(application(0), minute, cpu=75 + minute)]
    given += counters(application(1), 3, cpu=20)
    given += counters(application(0), 10, cpu=100)  # after the window
    given += counters(application(2), 3, cpu=99, only="Usage")
    found = rows(HIGH_CPU_USAGE, {"Perf": given}, Span(at(0), at(10)))
    assert {row["node"]: row["value"] for row in found} == {
        application(0): pytest.approx(79.5),
        application(1): pytest.approx(20.0),
    }


# --- what is listed only ----------------------------------------------------------------------------


def test_a_memory_kill_from_before_the_span_is_not_listed(rows: Rows) -> None:
    def killed(when: datetime) -> Row:
        last = f'{{"lastState":"terminated","reason":"OOMKilled","finishedAt":"{when:%Y-%m-%dT%H:%M:%SZ}"}}'
        return {"ContainerLastStatus": last}

    given = [
        container("ai-service-7c9d8b6f5-0", 0),
        container("ai-service-7c9d8b6f5-0", 30, ContainerRestartCount=1, **killed(at(29))),
        container("ai-service-7c9d8b6f5-1", 0, ContainerRestartCount=4, **killed(at(-300))),
    ]
    found = rows(aks.OOM, {"KubePodInventory": given})
    assert [(row["pod"], row["last_killed"]) for row in found] == [("ai-service-7c9d8b6f5-0", at(29))]


def test_a_container_that_waits_for_its_image_is_listed_once_with_its_reasons(rows: Rows) -> None:
    given = [
        container("trip-service-7c9d8b6f5-9", 1, ContainerStatus="waiting", ContainerStatusReason="ImagePullBackOff"),
        container("trip-service-7c9d8b6f5-9", 2, ContainerStatus="waiting", ContainerStatusReason="ErrImagePull"),
        container("trip-service-7c9d8b6f5-0", 2),
    ]
    found = rows(aks.IMAGE_PULLS, {"KubePodInventory": given})
    assert [(row["pod"], row["reasons"], row["first_seen"], row["last_seen"]) for row in found] == [
        ("trip-service-7c9d8b6f5-9", "ErrImagePull, ImagePullBackOff", at(1), at(2))
    ]
