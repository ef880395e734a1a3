"""Dashboards into the local Grafana: made, replaced, and left alone where somebody has edited them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from observability.deploy import push
from observability.deploy.grafana import Grafana
from observability.deploy.push import CREATE, REFUSED, UNCHANGED, UPDATE, Plan, Pushed, digest
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument
from tests.deploy import shop
from tests.deploy.grafana_served import TOKEN, Served, served

TILLS: dict[str, Any] = shop.DASHBOARD
NEWER = {**TILLS, "panels": [{"title": "Queue"}]}
EDITED = {**TILLS, "panels": [{"title": "Kim's own"}]}


def planned(grafana: Served, body: dict[str, Any] = NEWER, *, force: bool = False, home: str | None = None) -> Plan:
    return push.plan(Grafana(grafana.address, TOKEN), body, force=force, home=home)


def pushed(grafana: Served, body: dict[str, Any] = NEWER, *, force: bool = False, folder: str = "") -> list[str]:
    client = Grafana(grafana.address, TOKEN)
    home = (client.folder(folder) or "") if folder else None
    plan = push.plan(client, body, force=force, home=home)
    return saved(client, plan, folder or "tripgen").wrong


def saved(client: Grafana, plan: Plan, folder: str = "tripgen") -> Pushed:
    so_far = Pushed()
    push.push(client, [plan], folder, pushed=so_far)
    return so_far


def test_the_hash_is_of_what_is_shown_not_of_what_grafana_counts() -> None:
    assert digest(TILLS) == digest({**TILLS, "id": 9, "version": 3, "uid": "other"})
    assert digest(TILLS) != digest(NEWER)
    assert len(digest(TILLS)) == 12


def test_a_new_dashboard_goes_into_a_new_folder_with_its_hash_as_message() -> None:
    with served() as grafana:
        assert planned(grafana).action == CREATE
        assert pushed(grafana) == []
        board = grafana.boards["shop-tills"]
        assert (board.folder, grafana.folders[0]["title"]) == ("f0", "tripgen")
        assert board.versions[0]["message"] == f"tripobs {digest(NEWER)}"
        assert planned(grafana).action == UNCHANGED


@pytest.mark.parametrize("since_11", [True, False])
def test_what_we_pushed_is_replaced_and_stays_where_somebody_moved_it(since_11: bool) -> None:
    with served() as grafana:
        grafana.since_11 = since_11
        pushed(grafana, TILLS)
        grafana.boards["shop-tills"].folder = "elsewhere"
        assert planned(grafana).action == UPDATE
        assert pushed(grafana) == []
        board = grafana.boards["shop-tills"]
        assert (board.body["panels"], board.body["version"], board.folder) == (NEWER["panels"], 2, "elsewhere")


def test_a_folder_that_was_asked_for_moves_it() -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        assert pushed(grafana, NEWER, folder="Night shift") == []
        assert grafana.boards["shop-tills"].folder == "f1"


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_was_asked_for_moves_what_is_unchanged_too(there: bool) -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        if there:
            Grafana(grafana.address, TOKEN).make_folder("Night shift")
        plan = planned(grafana, TILLS, home="f1" if there else "")
        assert (plan.action, plan.moves) == (UPDATE, True)
        assert pushed(grafana, TILLS, folder="Night shift") == []
        board = grafana.boards["shop-tills"]
        assert (board.folder, board.body["panels"], board.body["version"]) == ("f1", [], 2)
        plan = planned(grafana, TILLS, home="f1")
        assert (plan.action, plan.moves) == (UNCHANGED, False)
        assert planned(grafana, NEWER, home="f1").moves is False


def test_what_is_refused_does_not_move_either() -> None:
    with served() as grafana:
        grafana.save(EDITED, "mine")
        plan = planned(grafana, home="f1")
        assert (plan.action, plan.moves) == (REFUSED, False)


def test_what_was_saved_before_grafana_stopped_answering_is_known() -> None:
    with served() as grafana:
        client = Grafana(grafana.address, TOKEN)
        plans = [push.plan(client, {**TILLS, "uid": uid}, force=False) for uid in ("first", "second")]
        so_far = Pushed()
        grafana.save({**TILLS, "uid": "second"}, "", by="kim")
        grafana.order("POST /api/dashboards/db", 200, {"version": 1})
        grafana.order("POST /api/dashboards/db", 500)
        with pytest.raises(SourceUnavailable, match="HTTP 500"):
            push.push(client, plans, "tripgen", pushed=so_far)
    assert so_far == Pushed({"first": 1}, [])


def test_what_somebody_edited_since_is_left_alone_unless_forced() -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        grafana.save(EDITED, "better colours")
        plan = planned(grafana)
        assert (plan.action, plan.version) == (REFUSED, 2)
        assert plan.why == (
            "version 2 was saved in Grafana by kim at 2026-11-23T09:00:00Z; look at it there, then give --force to replace it"
        )
        assert pushed(grafana) == []
        assert grafana.boards["shop-tills"].body["panels"] == EDITED["panels"]
        assert pushed(grafana, force=True) == []
        assert grafana.boards["shop-tills"].body["panels"] == NEWER["panels"]


def test_a_list_of_versions_that_lags_behind_does_not_hide_an_edit() -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        lagging = grafana.boards["shop-tills"].versions
        grafana.save(EDITED, "better colours")
        grafana.boards["shop-tills"].versions = lagging
        assert planned(grafana).action == REFUSED


def test_an_edit_that_has_our_words_in_its_message_is_still_an_edit() -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        grafana.save(EDITED, f"tripobs {digest(TILLS)} and better colours")
        assert planned(grafana).action == REFUSED


def test_a_dashboard_that_was_imported_as_it_is_needs_no_push_and_is_replaced_by_none() -> None:
    with served() as grafana:
        grafana.save(TILLS, "")
        assert planned(grafana, TILLS).action == UNCHANGED
        assert planned(grafana, NEWER).action == REFUSED


def test_a_dashboard_that_grafana_reads_from_a_file_is_refused_even_with_force() -> None:
    with served() as grafana:
        grafana.save(TILLS, "")
        grafana.boards["shop-tills"].provisioned = True
        plan = planned(grafana, force=True)
        assert plan.action == REFUSED
        assert "from a file or a ConfigMap" in plan.why


@pytest.mark.parametrize("force", [False, True])
def test_a_save_in_the_same_moment_wins(force: bool) -> None:
    with served() as grafana:
        pushed(grafana, TILLS)
        client = Grafana(grafana.address, TOKEN)
        plan = push.plan(client, NEWER, force=force)
        grafana.save(EDITED, "in this moment")
        assert saved(client, plan).wrong == [
            "dashboard 'shop-tills': The dashboard has been changed by someone else; somebody saved it in this moment; "
            "run the command again"
        ]
        assert grafana.boards["shop-tills"].body["panels"] == EDITED["panels"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (412, {"status": "name-exists", "message": "same name"}, "same name; another dashboard has this title"),
        (412, {"status": "plugin-dashboard", "message": "p"}, "p; it belongs to a plugin"),
        (400, {"message": "Cannot save"}, "Cannot save; nothing was saved"),
        (400, None, "no reason was given; nothing was saved"),
    ],
)
def test_what_grafana_refuses_is_told(status: int, body: Any, words: str) -> None:
    with served() as grafana:
        grafana.order("POST /api/dashboards/db", status, body)
        (wrong,) = pushed(grafana)
        assert wrong.startswith(f"dashboard 'shop-tills': {words}")


def test_dashboards_are_read_by_uid_and_a_wrong_one_is_told_with_those_there_are(tmp_path: Path) -> None:
    folder = shop.generated(tmp_path / "generated")
    assert push.read(folder, []) == [TILLS]
    assert push.read(folder, ["shop-tills", "shop-tills"]) == [TILLS]
    with pytest.raises(WrongArgument, match="there is no dashboard 'tills'; there are shop-tills"):
        push.read(folder, ["tills"])
    (folder / "dashboards" / "shop-tills.json").write_text("{")
    with pytest.raises(WrongArgument, match=r"shop-tills\.json: is not JSON"):
        push.read(folder, [])
    with pytest.raises(WrongArgument, match="holds no dashboards; `make generate` writes them"):
        push.read(tmp_path, [])
